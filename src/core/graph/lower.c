// Helpers of lowering callbacks. Knows no file format. Tests: tests/unit/test_graph.c
#include "core/graph/lower.h"

#include <string.h>

const mote_arg *mote_lower_arg(const mote_lowering *l, const char *name) {
  for (int32_t i = 0; i < l->n_args; i++)
    if (l->args[i].name != NULL && strcmp(l->args[i].name, name) == 0)
      return &l->args[i];
  return NULL;
}

static const mote_scalar *scalar_arg(const mote_lowering *l, const char *name) {
  const mote_arg *a = mote_lower_arg(l, name);
  return a != NULL && a->kind == MOTE_ARG_SCALAR ? &a->scalar : NULL;
}

int64_t mote_lower_int(const mote_lowering *l, const char *name, int64_t def) {
  const mote_scalar *s = scalar_arg(l, name);
  return s == NULL ? def : s->i;
}

double mote_lower_float(const mote_lowering *l, const char *name, double def) {
  const mote_scalar *s = scalar_arg(l, name);
  return s == NULL ? def : s->f;
}

bool mote_lower_bool(const mote_lowering *l, const char *name, bool def) { return mote_lower_int(l, name, def) != 0; }

mote_status mote_lower_scalar(mote_lowering *l, const mote_scalar *v, mote_dtype dtype, mote_vid *out) {
  double buffer[2] = {0, 0};
  mote_tensor t;
  mote_tensor_init(&t, dtype, 0, NULL);
  t.data = buffer;
  if (v->kind == 'i' || v->kind == 'b')
    mote_store_i64(buffer, dtype, 0, v->i);
  else
    mote_store_f64(buffer, dtype, 0, v->f);
  if (dtype == MOTE_C128)
    buffer[1] = v->im;
  else if (dtype == MOTE_C64)
    ((float *)buffer)[1] = (float)v->im;
  return l->constant(l, &t, out);
}

mote_status mote_lower_emit1(mote_lowering *l, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                             mote_vid *out) {
  return l->emit(l, op, attr, in, n_in, out, 1);
}
