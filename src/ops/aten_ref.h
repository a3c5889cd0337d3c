// Operators whose result shapes the lowering decides: it writes them into the attributes, so that one shape rule serves
// all, and numbers of any type are read and written one by one. For what is rare or small; nothing here is fast.
// Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_REF_H
#define MOTE_OPS_ATEN_REF_H

#include "ops/aten_kit.h"

enum { MOTE_REF_OUTS = 3, MOTE_REF_PARAMS = 12 };
typedef struct mote_ref_out {
  int32_t dtype;
  int32_t rank; // -1: only running tells
  int64_t dim[MOTE_MAX_RANK];
} mote_ref_out;
typedef struct mote_ref_attr {
  int64_t kind;
  int64_t n[MOTE_REF_PARAMS];
  double f[4];
  mote_ref_out out[MOTE_REF_OUTS];
} mote_ref_attr;

mote_status mote_ref_infer(mote_opctx *c);
#define MOTE_REF_OP(ident, text, least, most, outs, flag, fn)                                                          \
  static const mote_op ident = {text,                                                                                  \
                                MOTE_RULES(.flags = flag, .min_in = least, .max_in = most, .n_out = outs,              \
                                           .attr_size = sizeof(mote_ref_attr), .infer = mote_ref_infer, .eval = fn)}

// Zeroed attributes of a kind.
mote_ref_attr mote_ref_attr_of(int64_t kind);
void mote_ref_shape(mote_ref_attr *a, int32_t j, mote_dtype dtype, int32_t rank, const int64_t *dim);
void mote_ref_like(mote_ref_attr *a, int32_t j, mote_dtype dtype, const mote_tensor *t);
// Emits and returns result 0; all results go to `out` when it is given.
mote_vid mote_ref_emit(mote_low *w, const mote_op *op, const mote_ref_attr *a, const mote_vid *in, int32_t n,
                       mote_vid *out);

// A dense tensor as `outer` x `n` x `inner` around an axis; a scalar is 1 x 1 x 1.
typedef struct mote_ref_axis {
  int64_t outer, n, inner;
} mote_ref_axis;
mote_ref_axis mote_ref_axis_of(const mote_tensor *t, int64_t axis);

typedef struct mote_z { // a number, real or complex
  double re, im;
} mote_z;
mote_z mote_ref_get(const mote_tensor *t, int64_t i);
void mote_ref_put(const mote_tensor *t, int64_t i, mote_z v);
MOTE_INLINE double mote_ref_real(const mote_tensor *t, int64_t i) { return mote_load_f64(t->data, t->dtype, i); }
MOTE_INLINE mote_z mote_z_add(mote_z a, mote_z b) { return (mote_z){a.re + b.re, a.im + b.im}; }
MOTE_INLINE mote_z mote_z_sub(mote_z a, mote_z b) { return (mote_z){a.re - b.re, a.im - b.im}; }
MOTE_INLINE mote_z mote_z_mul(mote_z a, mote_z b) {
  if (a.im == 0 && b.im == 0)
    return (mote_z){a.re * b.re, 0};
  return (mote_z){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
MOTE_INLINE mote_z mote_z_conj(mote_z a) { return (mote_z){a.re, -a.im}; }
mote_z mote_z_div(mote_z a, mote_z b);
MOTE_INLINE double mote_z_abs(mote_z a) { return a.im == 0 ? fabs(a.re) : hypot(a.re, a.im); }
MOTE_INLINE mote_z mote_z_real(double v) { return (mote_z){v, 0}; }
// o[at] += s[from], of one type.
void mote_ref_add(const mote_tensor *o, int64_t at, const mote_tensor *s, int64_t from);
// Order of two elements as sorting sees it: NaN is largest. -1, 0, 1.
int mote_ref_compare(const mote_tensor *a, int64_t i, const mote_tensor *b, int64_t j);
// Memory of an eval, freed with mote_ref_free; NULL when short (n is checked).
void *mote_ref_alloc(const mote_opctx *c, int64_t n, size_t size);
void mote_ref_free(const mote_opctx *c, void *p);
MOTE_INLINE char *mote_ref_at(const mote_tensor *t, int64_t i) {
  return (char *)t->data + (size_t)i * mote_dtype_size(t->dtype);
}

mote_dtype mote_real_part(mote_dtype d); // float32 of complex64, ...
mote_dtype mote_complex_of(mote_dtype d);

#endif
