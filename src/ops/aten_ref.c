// See aten_ref.h. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"

mote_status mote_ref_infer(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  for (int32_t i = 0; i < c->n_in; i++)
    if (mote_has(c, i) && mote_dtype_size(c->in[i]->dtype) == 0)
      return mote_bad_dtype(c, i);
  for (int32_t j = 0; j < c->n_out; j++) {
    const mote_ref_out *o = &a->out[j];
    int64_t count = 1;
    if (o->rank < 0) {
      c->out[j]->dtype = (mote_dtype)o->dtype;
      c->outcome = MOTE_AFTER_RUN;
      continue;
    }
    if (o->rank > MOTE_MAX_RANK)
      return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d, the most is %d", o->rank, MOTE_MAX_RANK);
    for (int32_t k = 0; k < o->rank; k++)
      if (o->dim[k] < 0 || !mote_mul_count(count, o->dim[k], &count))
        return mote_op_fail(c, MOTE_ERR_SHAPE, "Trying to create tensor with negative dimension %lld",
                            (long long)o->dim[k]);
    mote_out(c, j, (mote_dtype)o->dtype, o->rank, o->dim);
    if (mote_dtype_is_quantized((mote_dtype)o->dtype) && c->n_in > 0 && c->in[0]->dtype == c->out[j]->dtype)
      c->out[j]->quant = c->in[0]->quant;
  }
  return MOTE_OK;
}

mote_ref_attr mote_ref_attr_of(int64_t kind) {
  mote_ref_attr a;
  memset(&a, 0, sizeof a);
  a.kind = kind;
  return a;
}
void mote_ref_shape(mote_ref_attr *a, int32_t j, mote_dtype dtype, int32_t rank, const int64_t *dim) {
  a->out[j].dtype = (int32_t)dtype;
  a->out[j].rank = rank; // the shape rule refuses one that is too high
  for (int32_t i = 0; i < MOTE_MIN(rank, MOTE_MAX_RANK); i++)
    a->out[j].dim[i] = dim[i];
}
void mote_ref_like(mote_ref_attr *a, int32_t j, mote_dtype dtype, const mote_tensor *t) {
  mote_ref_shape(a, j, dtype, t->rank, t->dim);
}
mote_vid mote_ref_emit(mote_low *w, const mote_op *op, const mote_ref_attr *a, const mote_vid *in, int32_t n,
                       mote_vid *out) {
  mote_vid v[MOTE_REF_OUTS] = {-1, -1, -1};
  if (w->st == MOTE_OK)
    w->st = w->emit(w, op, a, in, n, v, op->rules->n_out);
  for (int32_t j = 0; out != NULL && j < op->rules->n_out; j++)
    out[j] = w->st == MOTE_OK ? v[j] : -1;
  return w->st == MOTE_OK ? v[0] : -1;
}

mote_ref_axis mote_ref_axis_of(const mote_tensor *t, int64_t axis) {
  mote_ref_axis x = {1, 1, 1};
  for (int32_t i = 0; i < t->rank; i++)
    *(i < axis ? &x.outer : i == axis ? &x.n : &x.inner) *= t->dim[i];
  return x;
}

mote_dtype mote_real_part(mote_dtype d) { return d == MOTE_C64 ? MOTE_F32 : d == MOTE_C128 ? MOTE_F64 : d; }
mote_dtype mote_complex_of(mote_dtype d) { return d == MOTE_F64 || d == MOTE_C128 ? MOTE_C128 : MOTE_C64; }

mote_z mote_ref_get(const mote_tensor *t, int64_t i) {
  if (!mote_dtype_is_complex(t->dtype))
    return (mote_z){mote_load_f64(t->data, t->dtype, i), 0};
  mote_dtype p = mote_real_part(t->dtype);
  return (mote_z){mote_load_f64(t->data, p, 2 * i), mote_load_f64(t->data, p, 2 * i + 1)};
}
void mote_ref_put(const mote_tensor *t, int64_t i, mote_z v) {
  mote_dtype p = mote_real_part(t->dtype);
  if (p == t->dtype) {
    mote_store_f64(t->data, p, i, v.re);
    return;
  }
  mote_store_f64(t->data, p, 2 * i, v.re);
  mote_store_f64(t->data, p, 2 * i + 1, v.im);
}
mote_z mote_z_div(mote_z a, mote_z b) {
  if (a.im == 0 && b.im == 0)
    return (mote_z){a.re / b.re, 0};
  double d = b.re * b.re + b.im * b.im;
  return (mote_z){(a.re * b.re + a.im * b.im) / d, (a.im * b.re - a.re * b.im) / d};
}

void mote_ref_add(const mote_tensor *o, int64_t at, const mote_tensor *s, int64_t from) {
  if (mote_dtype_is_int(o->dtype)) {
    uint64_t v = (uint64_t)mote_load_i64(o->data, o->dtype, at) + (uint64_t)mote_load_i64(s->data, s->dtype, from);
    mote_store_i64(o->data, o->dtype, at, (int64_t)v);
    return;
  }
  mote_z v = mote_z_add(mote_ref_get(o, at), mote_ref_get(s, from));
  mote_ref_put(o, at, o->dtype == MOTE_BOOL ? mote_z_real(v.re != 0) : v);
}

int mote_ref_compare(const mote_tensor *a, int64_t i, const mote_tensor *b, int64_t j) {
  if (a->dtype == MOTE_I64 && b->dtype == MOTE_I64) {
    int64_t x = ((const int64_t *)a->data)[i], y = ((const int64_t *)b->data)[j];
    return (x > y) - (x < y);
  }
  double x = mote_ref_real(a, i), y = mote_ref_real(b, j);
  if (x != x || y != y)
    return (x != x) - (y != y);
  return (x > y) - (x < y);
}

void *mote_ref_alloc(const mote_opctx *c, int64_t n, size_t size) {
  size_t total = (size_t)n * size;
  if (n < 0 || (uint64_t)n > SIZE_MAX / 2 / size || total > c->env->memory_limit)
    return NULL;
  void *p = mote_alloc(c->env->al, total + 1);
  if (p != NULL)
    memset(p, 0, total + 1);
  return p;
}
void mote_ref_free(const mote_opctx *c, void *p) { mote_free(c->env->al, p); }
