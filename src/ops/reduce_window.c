// Reductions over windows that slide along every dimension. Tests: the TensorFlow Lite operator cases
#include "ops/opkit.h"

enum { WINDOW_ADD = 1, WINDOW_MUL, WINDOW_MIN, WINDOW_MAX, WINDOW_ALL, WINDOW_ANY }; // the schema's numbers

typedef struct window_attr {
  int64_t kind;
} window_attr;

typedef struct window {
  mote_ints size, stride, dilation;
} window;

// Inputs: x, start value, window sizes, strides, dilations.
static mote_status window_of(const mote_opctx *c, window *w) {
  MOTE_TRY(mote_ints_of(c, 2, &w->size));
  MOTE_TRY(mote_ints_of(c, 3, &w->stride));
  MOTE_TRY(mote_ints_of(c, 4, &w->dilation));
  int32_t rank = c->in[0]->rank;
  if (w->size.count != rank || w->stride.count != rank || w->dilation.count != rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "a window of %d dimensions over rank %d", w->size.count, rank);
  for (int32_t i = 0; i < rank; i++)
    if (w->size.at[i] < 1 || w->stride.at[i] < 1 || w->dilation.at[i] < 1 || w->size.at[i] > INT32_MAX ||
        w->stride.at[i] > INT32_MAX || w->dilation.at[i] > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_DATA, "window %lld, stride %lld, dilation %lld", (long long)w->size.at[i],
                          (long long)w->stride.at[i], (long long)w->dilation.at[i]);
  return MOTE_OK;
}

static mote_status window_infer(mote_opctx *c) {
  const window_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  window w;
  int64_t dim[MOTE_MAX_RANK];
  bool logical = a->kind == WINDOW_ALL || a->kind == WINDOW_ANY;
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (a->kind < WINDOW_ADD || a->kind > WINDOW_ANY || mote_tensor_numel(c->in[1]) != 1)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "function %lld", (long long)a->kind);
  if (logical ? x->dtype != MOTE_BOOL
              : !mote_dtype_is_float(x->dtype) && !(mote_dtype_is_int(x->dtype) && mote_dtype_size(x->dtype) > 0))
    return mote_bad_dtype(c, 0);
  for (int32_t i = 2; i < 5; i++)
    if (mote_needs(c, i))
      return MOTE_OK;
  MOTE_TRY(window_of(c, &w));
  for (int32_t i = 0; i < x->rank; i++) {
    int64_t reach = (w.size.at[i] - 1) * w.dilation.at[i] + 1;
    dim[i] = x->dim[i] < reach ? 0 : (x->dim[i] - reach) / w.stride.at[i] + 1;
  }
  mote_out(c, 0, x->dtype, x->rank, dim);
  return MOTE_OK;
}

static double combine_real(int64_t kind, double a, double b) {
  return kind == WINDOW_ADD ? a + b : kind == WINDOW_MUL ? a * b : kind == WINDOW_MIN ? (b < a ? b : a) : b > a ? b : a;
}
static int64_t combine_int(int64_t kind, int64_t a, int64_t b) {
  switch (kind) {
  case WINDOW_ADD:
    return (int64_t)((uint64_t)a + (uint64_t)b);
  case WINDOW_MUL:
    return (int64_t)((uint64_t)a * (uint64_t)b);
  case WINDOW_MIN:
    return MOTE_MIN(a, b);
  case WINDOW_MAX:
    return MOTE_MAX(a, b);
  case WINDOW_ALL:
    return a && b;
  default:
    return a || b;
  }
}

static mote_status window_eval(mote_opctx *c) {
  const window_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *out = c->out[0];
  mote_dtype d = x->dtype;
  bool real = mote_dtype_is_float(d);
  window w;
  MOTE_TRY(window_of(c, &w));
  int64_t n = mote_tensor_numel(out), cells = n > 0;
  for (int32_t i = 0; i < x->rank; i++)
    cells *= cells > 0 ? w.size.at[i] : 1; // at most the input's elements, since the window fits
  for (int64_t o = 0; o < n; o++) {
    double acc = real ? mote_load_f64(c->in[1]->data, d, 0) : 0;
    int64_t iacc = real ? 0 : mote_load_i64(c->in[1]->data, d, 0);
    for (int64_t k = 0; k < cells; k++) {
      int64_t left = o, cell = k, at = 0;
      for (int32_t i = x->rank - 1; i >= 0; i--) {
        at += (left % out->dim[i] * w.stride.at[i] + cell % w.size.at[i] * w.dilation.at[i]) * x->stride[i];
        left /= out->dim[i];
        cell /= w.size.at[i];
      }
      if (real)
        acc = combine_real(a->kind, acc, mote_load_f64(x->data, d, at));
      else
        iacc = combine_int(a->kind, iacc, mote_load_i64(x->data, d, at));
    }
    if (real)
      mote_store_f64(out->data, d, o, acc);
    else
      mote_store_i64(out->data, d, o, iacc);
  }
  return MOTE_OK;
}
static const mote_attr_field window_fields[] = {MOTE_ATTR(window_attr, kind, MOTE_ATTR_INT, 0)};
static const mote_op op_reduce_window = {
    "reduce_window", MOTE_RULES(.min_in = 5, .max_in = 5, .n_out = 1, .attr_size = sizeof(window_attr),
                                MOTE_FIELDS(window_fields), .infer = window_infer, .eval = window_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(205, 1, "REDUCE_WINDOW kind:i32", op_reduce_window),
};
const mote_op_family mote_family_reduce_window = {MOTE_ROWS(tflite, tflite_rows)};
