// What the rows of PyTorch's operators share: building small graphs in lowering callbacks with one sticky status, and
// reading arguments. Knows no particular operator. Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_KIT_H
#define MOTE_OPS_ATEN_KIT_H

#include "core/graph/lower.h"
#include "ops/opkit.h"

// A lowering under way: after the first failure, kept in `st`, every call returns -1 and does nothing.
typedef mote_lowering mote_low;

// Tensor argument by name; -1 when it is None or missing.
mote_vid mote_low_tensor(mote_low *w, const char *name);
// Never NULL: an empty tensor after a failure.
const mote_tensor *mote_low_desc(mote_low *w, mote_vid v);
// First failure wins; returns -1.
mote_vid mote_low_fail(mote_low *w, mote_status s, const char *fmt, ...) MOTE_PRINTF(3, 4);
mote_vid mote_low_emit(mote_low *w, const mote_op *op, const void *attr, const mote_vid *in, int32_t n);
// With the operator's default attributes.
mote_vid mote_low_1(mote_low *w, const mote_op *op, mote_vid a);
mote_vid mote_low_2(mote_low *w, const mote_op *op, mote_vid a, mote_vid b);
mote_vid mote_low_3(mote_low *w, const mote_op *op, mote_vid a, mote_vid b, mote_vid c);
// Attributes set from text as in a row: mote_low_set(w, op, "axis=1", a).
mote_vid mote_low_set(mote_low *w, const mote_op *op, const char *fixed, mote_vid a);
// A number as a scalar tensor of `dtype`.
mote_vid mote_low_num(mote_low *w, double v, mote_dtype dtype);
mote_vid mote_low_scalar(mote_low *w, const mote_scalar *v, mote_dtype dtype);
mote_vid mote_low_cast(mote_low *w, mote_vid v, mote_dtype dtype);
mote_vid mote_low_reshape(mote_low *w, mote_vid v, int32_t rank, const int64_t *dim);
mote_vid mote_low_unsqueeze(mote_low *w, mote_vid v, int64_t axis);
mote_vid mote_low_squeeze(mote_low *w, mote_vid v, int64_t axis);
mote_vid mote_low_permute(mote_low *w, mote_vid v, const int32_t *perm);
mote_vid mote_low_swap(mote_low *w, mote_vid v, int32_t a, int32_t b);
mote_vid mote_low_expand(mote_low *w, mote_vid v, int32_t rank, const int64_t *dim);
// x[..., from:from+len, ...]
mote_vid mote_low_narrow(mote_low *w, mote_vid v, int32_t axis, int64_t from, int64_t len);
mote_vid mote_low_concat(mote_low *w, const mote_vid *v, int32_t n, int32_t axis);
// Over the listed axes (n = 0: all).
mote_vid mote_low_reduce(mote_low *w, const mote_op *op, mote_vid v, const int64_t *axes, int32_t n, bool keep);
// Result number l->n_out.
void mote_low_give(mote_low *w, mote_vid v);
// One result and the status.
mote_status mote_low_done(mote_low *w, mote_vid v);

// What other row files give: sums of any type (aten_reduce.c), matrix products with PyTorch's broadcasting and x W^T +
// b (aten_matmul.c).
mote_vid mote_aten_sum(mote_low *w, mote_vid v, const int64_t *axes, int32_t n, bool keep);
mote_vid mote_aten_matmul(mote_low *w, mote_vid a, mote_vid b);
mote_vid mote_aten_linear(mote_low *w, mote_vid x, mote_vid weight, mote_vid bias);

// Axis argument in range, PyTorch's message else.
int32_t mote_low_axis(mote_low *w, int64_t axis, int32_t rank);
int32_t mote_low_axis_arg(mote_low *w, const char *name, int64_t def, int32_t rank);
// Item k of an int list argument of `n` items, or of one that stands for all; `def` when absent.
int64_t mote_low_at(const mote_lowering *l, const char *name, int32_t n, int32_t k, int64_t def);
bool mote_low_given(const mote_lowering *l, const char *name); // present and not None
const char *mote_low_str(const mote_lowering *l, const char *name, const char *def);
mote_dtype mote_low_dtype(const mote_lowering *l, mote_dtype def); // argument "dtype"

// PyTorch's promotion of two dtypes.
mote_dtype mote_aten_promote(mote_dtype a, mote_dtype b);
// Result type of an operator on two tensors: 0-dim tensors give way to others of the same category.
mote_dtype mote_aten_result(const mote_tensor *a, const mote_tensor *b);
// The type sums are made in: integers and bool become int64.
MOTE_INLINE mote_dtype mote_aten_sum_type(mote_dtype d) {
  return d == MOTE_BOOL || mote_dtype_is_int(d) ? MOTE_I64 : d;
}
MOTE_INLINE bool mote_aten_is_integral(mote_dtype d) { return d == MOTE_BOOL || mote_dtype_is_int(d); }
const char *mote_aten_type_name(mote_dtype d); // "Float", "Long", ... as messages write them

#endif
