// PyTorch's products of matrices and softmax: all of them come down to linear, batch_matmul and, for complex numbers, a
// product and a sum. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_math.h"
#include "ops/binary.h"
#include "ops/matmul.h"
#include "ops/softmax.h"

// ------------------------------------------------------------------------------------------------ softmax

static mote_status lower_softmax(mote_lowering *l) {
  mote_vid x = l->args[0].ref;
  x = mote_low_cast(l, x, mote_low_dtype(l, mote_low_desc(l, x)->dtype));
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t rank = t->rank;
  int64_t one = 1;
  mote_softmax_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(l->op, &a);
  a.axis = mote_low_axis(l, mote_lower_int(l, "dim", -1), rank);
  a.beta = 1;
  if (!mote_dtype_is_float(t->dtype))
    mote_low_fail(l, MOTE_ERR_TYPE, "\"softmax_lastdim_kernel_impl\" not implemented for '%s'",
                  mote_aten_type_name(t->dtype));
  x = rank == 0 ? mote_low_reshape(l, x, 1, &one) : x;
  x = mote_low_emit(l, l->op, &a, &x, 1);
  return mote_low_done(l, rank == 0 ? mote_low_reshape(l, x, 0, &one) : x);
}

// ------------------------------------------------------------------------------------------------ products

static mote_vid bmm(mote_low *w, mote_vid a, mote_vid b) {
  const mote_tensor *x = mote_low_desc(w, a), *y = mote_low_desc(w, b);
  mote_dtype d = x->dtype;
  if (w->st == MOTE_OK && x->dtype != y->dtype)
    return mote_low_fail(w, MOTE_ERR_TYPE, "expected m1 and m2 to have the same dtype, but got: %s != %s",
                         mote_aten_type_name(x->dtype), mote_aten_type_name(y->dtype));
  if (!mote_dtype_is_complex(d) && d != MOTE_BOOL)
    return mote_low_2(w, &mote_op_batch_matmul, a, b);
  int64_t axis = MOTE_MAX(x->rank, y->rank) - 1; // [.., m, k, 1] * [.., 1, k, n]
  a = mote_low_unsqueeze(w, a, x->rank);
  b = mote_low_unsqueeze(w, b, y->rank - 2);
  return mote_aten_sum(w, mote_low_2(w, &mote_op_mul, a, b), &axis, 1, false);
}

static mote_vid mismatch(mote_low *w, const mote_tensor *x, const mote_tensor *y) {
  return mote_low_fail(w, MOTE_ERR_SHAPE, "mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                       (long long)(x->rank > 1 ? mote_dims_product(x, 0, x->rank - 1) : 1),
                       (long long)x->dim[x->rank - 1], (long long)(y->rank > 1 ? y->dim[y->rank - 2] : y->dim[0]),
                       (long long)(y->rank > 1 ? y->dim[y->rank - 1] : 1));
}

mote_vid mote_aten_matmul(mote_low *w, mote_vid a, mote_vid b) {
  const mote_tensor *x = mote_low_desc(w, a), *y = mote_low_desc(w, b);
  bool row = x->rank == 1, column = y->rank == 1;
  if (w->st == MOTE_OK && (x->rank == 0 || y->rank == 0))
    return mote_low_fail(w, MOTE_ERR_SHAPE, "both arguments to matmul need to be at least 1D, but they are %dD and %dD",
                         x->rank, y->rank);
  if (w->st == MOTE_OK && x->dim[x->rank - 1] != y->dim[column ? 0 : y->rank - 2]) {
    if (row && column)
      return mote_low_fail(w, MOTE_ERR_SHAPE,
                           "inconsistent tensor size, expected tensor [%lld] and src [%lld] to have the same number of "
                           "elements, but got %lld and %lld elements respectively",
                           (long long)x->dim[0], (long long)y->dim[0], (long long)x->dim[0], (long long)y->dim[0]);
    return mismatch(w, x, y);
  }
  a = row ? mote_low_unsqueeze(w, a, 0) : a;
  b = column ? mote_low_unsqueeze(w, b, 1) : b;
  mote_vid v = bmm(w, a, b);
  int32_t rank = mote_low_desc(w, v)->rank;
  v = column ? mote_low_squeeze(w, v, rank - 1) : v;
  return row ? mote_low_squeeze(w, v, column ? rank - 2 : rank - 2) : v;
}

mote_vid mote_aten_linear(mote_low *w, mote_vid x, mote_vid weight, mote_vid bias) {
  const mote_tensor *t = mote_low_desc(w, x), *f = mote_low_desc(w, weight);
  mote_linear_attr a;
  memset(&a, 0, sizeof a);
  a.keep_dims = true;
  bool plain = mote_dtype_is_float(t->dtype) && f->rank == 2 && t->rank > 0 && mote_tensor_numel(f) > 0 &&
               mote_tensor_numel(t) > 0;
  if (w->st == MOTE_OK && t->rank > 0 && f->rank > 0 && t->dim[t->rank - 1] != f->dim[f->rank - 1])
    return mote_low_fail(w, MOTE_ERR_SHAPE, "mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                         (long long)mote_dims_product(t, 0, t->rank - 1), (long long)t->dim[t->rank - 1],
                         (long long)f->dim[f->rank - 1], (long long)f->dim[0]);
  if (w->st == MOTE_OK && t->dtype != f->dtype)
    return mote_low_fail(w, MOTE_ERR_TYPE, "mat1 and mat2 must have the same dtype, but got %s and %s",
                         mote_aten_type_name(t->dtype), mote_aten_type_name(f->dtype));
  if (plain && (bias < 0 || mote_low_desc(w, bias)->rank == 1)) {
    mote_vid in[3] = {x, weight, bias};
    return mote_low_emit(w, &mote_op_linear, &a, in, bias >= 0 ? 3 : 2);
  }
  mote_vid v = mote_aten_matmul(w, x, f->rank == 2 ? mote_low_swap(w, weight, 0, 1) : weight);
  return bias >= 0 ? mote_low_2(w, &mote_op_add, v, bias) : v;
}

static mote_status lower_linear(mote_lowering *l) {
  return mote_low_done(l, mote_aten_linear(l, l->args[0].ref, l->args[1].ref, mote_low_tensor(l, "bias")));
}
static mote_status lower_matmul(mote_lowering *l) {
  return mote_low_done(l, mote_aten_matmul(l, l->args[0].ref, l->args[1].ref));
}
static const mote_torch_row rows[] = {
    MOTE_TORCH_HOW("softmax.int _softmax special_softmax", mote_op_softmax, lower_softmax),
    MOTE_TORCH_HOW("log_softmax.int _log_softmax special_log_softmax", mote_op_log_softmax, lower_softmax),
    MOTE_TORCH_LOWER("linear", lower_linear),
    MOTE_TORCH_LOWER("matmul linalg_matmul", lower_matmul),
};
const mote_op_family mote_family_aten_matmul = {MOTE_ROWS(torch, rows)};
