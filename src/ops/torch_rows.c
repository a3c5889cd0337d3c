// PyTorch's basic operators mapped onto the shared ones: arithmetic, comparison, activations, matrix products,
// convolution, pooling, softmax, joining. Pure mapping: no arithmetic here. Tests: tests/script/test_vm.c
#include <string.h>

#include "core/graph/lower.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/ops.h"
#include "ops/pool.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/select.h"
#include "ops/shape.h"
#include "ops/softmax.h"
#include "ops/unary.h"

static mote_status give(mote_lowering *l, mote_vid v) {
  l->result[l->n_out++] = v;
  return MOTE_OK;
}

static mote_vid ref_of(const mote_lowering *l, const char *name) {
  const mote_arg *a = mote_lower_arg(l, name);
  return a && a->kind == MOTE_ARG_TENSOR ? a->ref : -1;
}

static mote_status emit2(mote_lowering *l, const mote_op *op, mote_vid a, mote_vid b, mote_vid *out) {
  mote_binary_attr attr;
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(op, &attr);
  mote_vid in[2] = {a, b};
  return mote_lower_emit1(l, op, &attr, in, 2, out);
}

// ------------------------------------------------------------------------------------------------ a + alpha * b

static mote_status scaled(mote_lowering *l, const mote_op *op, mote_vid x, mote_vid y) {
  const mote_arg *alpha = mote_lower_arg(l, "alpha");
  mote_vid scale, out;
  if (alpha && alpha->kind == MOTE_ARG_SCALAR && !(alpha->scalar.f == 1 && alpha->scalar.im == 0)) {
    MOTE_TRY(mote_lower_scalar(l, &alpha->scalar, l->desc(l, y)->dtype, &scale));
    MOTE_TRY(emit2(l, &mote_op_mul, y, scale, &y));
  }
  MOTE_TRY(emit2(l, op, x, y, &out));
  return give(l, out);
}

static mote_status lower_add(mote_lowering *l) {
  bool logic = l->desc(l, ref_of(l, "self"))->dtype == MOTE_BOOL;
  return scaled(l, logic ? &mote_op_logical_or : &mote_op_add, ref_of(l, "self"), ref_of(l, "other"));
}
static mote_status lower_sub(mote_lowering *l) {
  return scaled(l, &mote_op_sub, ref_of(l, "self"), ref_of(l, "other"));
}
static mote_status lower_rsub(mote_lowering *l) {
  return scaled(l, &mote_op_sub, ref_of(l, "other"), ref_of(l, "self"));
}
static mote_status lower_mul(mote_lowering *l) {
  mote_vid out, x = ref_of(l, "self"), y = ref_of(l, "other");
  bool logic = l->desc(l, x)->dtype == MOTE_BOOL;
  MOTE_TRY(emit2(l, logic ? &mote_op_logical_and : &mote_op_mul, x, y, &out));
  return give(l, out);
}

// ------------------------------------------------------------------------------------------------ matrix products

static mote_status lower_linear(mote_lowering *l) {
  mote_linear_attr attr;
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(&mote_op_linear, &attr);
  attr.keep_dims = true;
  mote_vid in[3] = {ref_of(l, "input"), ref_of(l, "weight"), ref_of(l, "bias")}, out;
  MOTE_TRY(mote_lower_emit1(l, &mote_op_linear, &attr, in, in[2] < 0 ? 2 : 3, &out));
  return give(l, out);
}

static mote_status product(mote_lowering *l, mote_vid a, mote_vid b, mote_vid *out) {
  mote_matmul_attr attr = {false, false};
  mote_vid in[2] = {a, b};
  return mote_lower_emit1(l, &mote_op_batch_matmul, &attr, in, 2, out);
}

static mote_status lower_mm(mote_lowering *l) {
  const mote_tensor *a = l->desc(l, l->args[0].ref), *b = l->desc(l, l->args[1].ref);
  mote_vid out;
  if (a->rank != 2 || b->rank != 2)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "self must be a matrix");
  if (a->dim[1] != b->dim[0])
    return mote_fail(l->err, MOTE_ERR_SHAPE, "mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                     (long long)a->dim[0], (long long)a->dim[1], (long long)b->dim[0], (long long)b->dim[1]);
  MOTE_TRY(product(l, l->args[0].ref, l->args[1].ref, &out));
  return give(l, out);
}

static mote_status lower_bmm(mote_lowering *l) {
  mote_vid out;
  MOTE_TRY(product(l, l->args[0].ref, l->args[1].ref, &out));
  return give(l, out);
}

static mote_status reshape(mote_lowering *l, mote_vid v, int32_t rank, const int64_t *dim, mote_vid *out) {
  mote_reshape_attr attr = {{rank, {0}}};
  memcpy(attr.shape.at, dim, (size_t)rank * sizeof *dim);
  return mote_lower_emit1(l, &mote_op_reshape, &attr, &v, 1, out);
}

// Vectors become matrices; afterwards their dims go again.
static mote_status lower_matmul(mote_lowering *l) {
  mote_vid a = l->args[0].ref, b = l->args[1].ref, out;
  const mote_tensor *x = l->desc(l, a), *y = l->desc(l, b);
  bool row = x->rank == 1, column = y->rank == 1;
  if (x->rank == 0 || y->rank == 0)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "both arguments to matmul need to be at least 1D");
  int64_t kx = x->dim[x->rank - 1], ky = y->dim[column ? 0 : y->rank - 2];
  if (kx != ky && x->rank == 2 && y->rank == 2)
    return lower_mm(l);
  if (kx != ky)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "size mismatch, got %lld and %lld", (long long)kx, (long long)ky);
  if (row)
    MOTE_TRY(reshape(l, a, 2, (int64_t[]){1, kx}, &a));
  if (column)
    MOTE_TRY(reshape(l, b, 2, (int64_t[]){ky, 1}, &b));
  MOTE_TRY(product(l, a, b, &out));
  if (row || column) {
    const mote_tensor *t = l->desc(l, out);
    int64_t dim[MOTE_MAX_RANK];
    int32_t rank = 0;
    for (int32_t i = 0; i < t->rank; i++)
      if (!(row && i == t->rank - 2) && !(column && i == t->rank - 1))
        dim[rank++] = t->dim[i];
    MOTE_TRY(reshape(l, out, rank, dim, &out));
  }
  return give(l, out);
}

// beta * self + alpha * (a @ b)
static mote_status lower_addmm(mote_lowering *l) {
  const mote_arg *alpha = mote_lower_arg(l, "alpha"), *beta = mote_lower_arg(l, "beta");
  mote_vid p, s = l->args[0].ref, scale;
  MOTE_TRY(product(l, l->args[1].ref, l->args[2].ref, &p));
  mote_dtype dtype = l->desc(l, p)->dtype;
  if (alpha && alpha->kind == MOTE_ARG_SCALAR && alpha->scalar.f != 1) {
    MOTE_TRY(mote_lower_scalar(l, &alpha->scalar, dtype, &scale));
    MOTE_TRY(emit2(l, &mote_op_mul, p, scale, &p));
  }
  if (beta && beta->kind == MOTE_ARG_SCALAR && beta->scalar.f == 0)
    return give(l, p);
  if (beta && beta->kind == MOTE_ARG_SCALAR && beta->scalar.f != 1) {
    MOTE_TRY(mote_lower_scalar(l, &beta->scalar, dtype, &scale));
    MOTE_TRY(emit2(l, &mote_op_mul, s, scale, &s));
  }
  MOTE_TRY(emit2(l, &mote_op_add, s, p, &p));
  return give(l, p);
}

// ------------------------------------------------------------------------------------------------ convolution, pooling

static int64_t int_at(const mote_lowering *l, const char *name, int32_t i, int64_t def) {
  const mote_arg *a = mote_lower_arg(l, name);
  if (!a || a->kind == MOTE_ARG_NONE)
    return def;
  if (a->kind == MOTE_ARG_SCALAR)
    return a->scalar.i;
  if (a->kind != MOTE_ARG_INTS || a->count == 0)
    return def;
  return a->ints.at[a->count == 1 ? 0 : MOTE_MIN(i, a->count - 1)];
}

static mote_status lower_conv2d(mote_lowering *l) {
  bool transposed = mote_lower_bool(l, "transposed", false);
  mote_vid in[3] = {ref_of(l, "input"), ref_of(l, "weight"), ref_of(l, "bias")}, out;
  const mote_tensor *x = l->desc(l, in[0]), *w = l->desc(l, in[1]);
  mote_conv_attr attr;
  if (transposed || x->rank != w->rank || x->rank != 4)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "convolution of rank %d%s", x->rank,
                     transposed ? ", transposed" : "");
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(&mote_op_conv2d, &attr);
  attr.stride_h = int_at(l, "stride", 0, 1);
  attr.stride_w = int_at(l, "stride", 1, 1);
  attr.dilation_h = int_at(l, "dilation", 0, 1);
  attr.dilation_w = int_at(l, "dilation", 1, 1);
  attr.pad_mode = MOTE_PAD_EXPLICIT;
  attr.pad_top = attr.pad_bottom = int_at(l, "padding", 0, 0);
  attr.pad_left = attr.pad_right = int_at(l, "padding", 1, 0);
  attr.groups = mote_lower_int(l, "groups", 1);
  attr.data_format = MOTE_NCHW;
  attr.weight_format = MOTE_WEIGHT_OIHW;
  MOTE_TRY(mote_lower_emit1(l, &mote_op_conv2d, &attr, in, in[2] < 0 ? 2 : 3, &out));
  return give(l, out);
}

static mote_status lower_pool(mote_lowering *l, const mote_op *op) {
  mote_pool_attr attr;
  mote_vid in = l->args[0].ref, out;
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(op, &attr);
  attr.kernel_h = int_at(l, "kernel_size", 0, 1);
  attr.kernel_w = int_at(l, "kernel_size", 1, 1);
  attr.stride_h = int_at(l, "stride", 0, attr.kernel_h);
  attr.stride_w = int_at(l, "stride", 1, attr.kernel_w);
  attr.dilation_h = int_at(l, "dilation", 0, 1);
  attr.dilation_w = int_at(l, "dilation", 1, 1);
  attr.pad_mode = MOTE_PAD_EXPLICIT;
  attr.pad_top = attr.pad_bottom = int_at(l, "padding", 0, 0);
  attr.pad_left = attr.pad_right = int_at(l, "padding", 1, 0);
  attr.ceil_mode = mote_lower_bool(l, "ceil_mode", false);
  attr.count_pad = mote_lower_bool(l, "count_include_pad", true);
  attr.divisor = mote_lower_int(l, "divisor_override", 0);
  attr.data_format = MOTE_NCHW;
  if (l->desc(l, in)->rank != 4)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "pooling of rank %d", l->desc(l, in)->rank);
  MOTE_TRY(mote_lower_emit1(l, op, &attr, &in, 1, &out));
  return give(l, out);
}
static mote_status lower_max_pool(mote_lowering *l) { return lower_pool(l, &mote_op_max_pool2d); }
static mote_status lower_avg_pool(mote_lowering *l) { return lower_pool(l, &mote_op_avg_pool2d); }

static mote_status reduce(mote_lowering *l, const mote_op *op, mote_vid in, const mote_ints *axes, bool keep) {
  mote_reduce_attr attr;
  mote_vid out;
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(op, &attr);
  attr.axes = *axes;
  attr.keep_dims = keep;
  MOTE_TRY(mote_lower_emit1(l, op, &attr, &in, 1, &out));
  return give(l, out);
}

static mote_status lower_adaptive_avg(mote_lowering *l) {
  const mote_tensor *x = l->desc(l, l->args[0].ref);
  mote_ints axes = {2, {x->rank - 2, x->rank - 1}};
  if (x->rank < 3 || int_at(l, "output_size", 0, 0) != 1 || int_at(l, "output_size", 1, 0) != 1)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "adaptive pooling to more than one element");
  return reduce(l, &mote_op_reduce_mean, l->args[0].ref, &axes, true);
}

// ------------------------------------------------------------------------------------------------ reductions, joining

static mote_status lower_reduce(mote_lowering *l, const mote_op *op, bool widen) {
  const mote_arg *dim = mote_lower_arg(l, "dim");
  mote_vid in = l->args[0].ref;
  mote_dtype t = l->desc(l, in)->dtype, want = (mote_dtype)mote_lower_int(l, "dtype", MOTE_NONE);
  if (want == MOTE_NONE && widen && (t == MOTE_BOOL || mote_dtype_is_int(t)))
    want = MOTE_I64;
  if (want != MOTE_NONE && want != t) {

    mote_dtype_attr attr = {(int32_t)want};
    MOTE_TRY(mote_lower_emit1(l, &mote_op_cast, &attr, &in, 1, &in));
  }
  mote_ints axes = {l->desc(l, in)->rank, {0}};
  for (int32_t i = 0; i < axes.count; i++)
    axes.at[i] = i;
  if (dim && dim->kind == MOTE_ARG_INTS && dim->count > 0)
    axes = dim->ints;
  else if (dim && dim->kind == MOTE_ARG_SCALAR)
    axes = (mote_ints){1, {dim->scalar.i}};
  return reduce(l, op, in, &axes, mote_lower_bool(l, "keepdim", false));
}
static mote_status lower_sum(mote_lowering *l) { return lower_reduce(l, &mote_op_reduce_sum, true); }
static mote_status lower_mean(mote_lowering *l) { return lower_reduce(l, &mote_op_reduce_mean, false); }
static mote_status lower_all(mote_lowering *l) { return lower_reduce(l, &mote_op_reduce_all, false); }
static mote_status lower_any(mote_lowering *l) { return lower_reduce(l, &mote_op_reduce_any, false); }

static mote_status lower_join(mote_lowering *l, const mote_op *op) {
  mote_concat_attr attr;
  mote_vid in[64], out;
  const mote_arg *list = &l->args[0];
  if (list->kind != MOTE_ARG_TENSORS || list->count == 0 || list->count > 64)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "expected a non-empty list of up to 64 Tensors");
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(op, &attr);
  attr.axis = mote_lower_int(l, "dim", 0);
  for (int32_t i = 0; i < list->count; i++)
    in[i] = list->refs[i];
  MOTE_TRY(mote_lower_emit1(l, op, &attr, in, list->count, &out));
  return give(l, out);
}
static mote_status lower_cat(mote_lowering *l) { return lower_join(l, &mote_op_concat); }

static mote_status lower_stack(mote_lowering *l) {
  mote_concat_attr attr;
  const mote_arg *list = &l->args[0];
  mote_vid in[64], out;
  if (list->kind != MOTE_ARG_TENSORS || list->count == 0 || list->count > 64)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "stack expects a non-empty list of up to 64 Tensors");
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(&mote_op_concat, &attr);
  const mote_tensor *first = l->desc(l, list->refs[0]);
  int32_t axis, rank = first->rank + 1;
  int64_t dim[MOTE_MAX_RANK];
  if (rank > MOTE_MAX_RANK || !mote_axis_normalise(mote_lower_int(l, "dim", 0), rank, &axis))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "stack: dimension out of range");
  for (int32_t i = 0; i < rank; i++)
    dim[i] = i == axis ? 1 : first->dim[i - (i > axis)];
  mote_tensor shape = *first;
  for (int32_t i = 0; i < list->count; i++) {
    if (!mote_tensor_same_shape(l->desc(l, list->refs[i]), &shape))
      return mote_fail(l->err, MOTE_ERR_SHAPE, "stack expects each tensor to be equal size");
    MOTE_TRY(reshape(l, list->refs[i], rank, dim, &in[i]));
  }
  attr.axis = axis;
  MOTE_TRY(mote_lower_emit1(l, &mote_op_concat, &attr, in, list->count, &out));
  return give(l, out);
}

static mote_status lower_same(mote_lowering *l) { return give(l, l->args[0].ref); }

// ------------------------------------------------------------------------------------------------ rows

#define P MOTE_TORCH_PROMOTE
#define PI (MOTE_TORCH_PROMOTE | MOTE_TORCH_PROMOTE_INT)

static const mote_torch_row torch_rows[] = {
    {"aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", &mote_op_add, "0 1 -", NULL, P,
     lower_add},
    {"aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", &mote_op_add, "0 1 -", NULL, P,
     lower_add},
    {"aten::sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", &mote_op_sub, "0 1 -", NULL, P,
     lower_sub},
    {"aten::sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", &mote_op_sub, "0 1 -", NULL, P,
     lower_sub},
    {"aten::rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", &mote_op_sub, "0 1 -", NULL, P,
     lower_rsub},
    {"aten::rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", &mote_op_sub, "0 1 -", NULL, P,
     lower_rsub},
    {"aten::mul.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_mul, "0 1", NULL, P, lower_mul},
    {"aten::mul.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_mul, "0 1", NULL, P, lower_mul},
    {"aten::div.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_div, "0 1", NULL, PI, NULL},
    {"aten::div.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_div, "0 1", NULL, PI, NULL},
    {"aten::floor_divide(Tensor self, Tensor other) -> Tensor", &mote_op_floor_div, "0 1", NULL, P, NULL},
    {"aten::floor_divide.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_floor_div, "0 1", NULL, P, NULL},
    {"aten::remainder.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_floor_mod, "0 1", NULL, P, NULL},
    {"aten::remainder.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_floor_mod, "0 1", NULL, P, NULL},
    {"aten::pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor", &mote_op_pow, "0 1", NULL, P, NULL},
    {"aten::pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor", &mote_op_pow, "0 1", NULL, P, NULL},
    {"aten::maximum(Tensor self, Tensor other) -> Tensor", &mote_op_maximum, "0 1", NULL, P, NULL},
    {"aten::minimum(Tensor self, Tensor other) -> Tensor", &mote_op_minimum, "0 1", NULL, P, NULL},
    {"aten::eq.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_equal, "0 1", NULL, P, NULL},
    {"aten::eq.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_equal, "0 1", NULL, P, NULL},
    {"aten::ne.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_not_equal, "0 1", NULL, P, NULL},
    {"aten::ne.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_not_equal, "0 1", NULL, P, NULL},
    {"aten::lt.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_less, "0 1", NULL, P, NULL},
    {"aten::lt.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_less, "0 1", NULL, P, NULL},
    {"aten::le.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_less_equal, "0 1", NULL, P, NULL},
    {"aten::le.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_less_equal, "0 1", NULL, P, NULL},
    {"aten::gt.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_greater, "0 1", NULL, P, NULL},
    {"aten::gt.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_greater, "0 1", NULL, P, NULL},
    {"aten::ge.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_greater_equal, "0 1", NULL, P, NULL},
    {"aten::ge.Scalar(Tensor self, Scalar other) -> Tensor", &mote_op_greater_equal, "0 1", NULL, P, NULL},
    {"aten::bitwise_and.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_bit_and, "0 1", NULL, P, NULL},
    {"aten::bitwise_or.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_bit_or, "0 1", NULL, P, NULL},
    {"aten::bitwise_xor.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_bit_xor, "0 1", NULL, P, NULL},
    {"aten::__and__.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_bit_and, "0 1", NULL, P, NULL},
    {"aten::__or__.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_bit_or, "0 1", NULL, P, NULL},
    {"aten::__xor__.Tensor(Tensor self, Tensor other) -> Tensor", &mote_op_bit_xor, "0 1", NULL, P, NULL},
    {"aten::relu(Tensor self) -> Tensor", &mote_op_relu, "0", NULL, 0, NULL},
    {"aten::relu6(Tensor self) -> Tensor", &mote_op_relu6, "0", NULL, 0, NULL},
    {"aten::sigmoid(Tensor self) -> Tensor", &mote_op_sigmoid, "0", NULL, PI, NULL},
    {"aten::tanh(Tensor self) -> Tensor", &mote_op_tanh, "0", NULL, PI, NULL},
    {"aten::exp(Tensor self) -> Tensor", &mote_op_exp, "0", NULL, PI, NULL},
    {"aten::expm1(Tensor self) -> Tensor", &mote_op_expm1, "0", NULL, PI, NULL},
    {"aten::log(Tensor self) -> Tensor", &mote_op_log, "0", NULL, PI, NULL},
    {"aten::log1p(Tensor self) -> Tensor", &mote_op_log1p, "0", NULL, PI, NULL},
    {"aten::sin(Tensor self) -> Tensor", &mote_op_sin, "0", NULL, PI, NULL},
    {"aten::cos(Tensor self) -> Tensor", &mote_op_cos, "0", NULL, PI, NULL},
    {"aten::sqrt(Tensor self) -> Tensor", &mote_op_sqrt, "0", NULL, PI, NULL},
    {"aten::rsqrt(Tensor self) -> Tensor", &mote_op_rsqrt, "0", NULL, PI, NULL},
    {"aten::erf(Tensor self) -> Tensor", &mote_op_erf, "0", NULL, PI, NULL},
    {"aten::neg(Tensor self) -> Tensor", &mote_op_neg, "0", NULL, 0, NULL},
    {"aten::abs(Tensor self) -> Tensor", &mote_op_abs, "0", NULL, 0, NULL},
    {"aten::floor(Tensor self) -> Tensor", &mote_op_floor, "0", NULL, 0, NULL},
    {"aten::ceil(Tensor self) -> Tensor", &mote_op_ceil, "0", NULL, 0, NULL},
    {"aten::silu(Tensor self) -> Tensor", &mote_op_silu, "0", NULL, 0, NULL},
    {"aten::hardswish(Tensor self) -> Tensor", &mote_op_hardswish, "0", NULL, 0, NULL},
    {"aten::hardsigmoid(Tensor self) -> Tensor", &mote_op_hardsigmoid, "0", NULL, 0, NULL},
    {"aten::hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor", &mote_op_clamp, "0 a b", NULL, 0,
     NULL},
    {"aten::clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor", &mote_op_clamp, "0 a b", NULL, 0, NULL},
    {"aten::clamp_min(Tensor self, Scalar min) -> Tensor", &mote_op_clamp, "0 a", NULL, 0, NULL},
    {"aten::leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor", &mote_op_leaky_relu, "0 a", NULL, 0, NULL},
    {"aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", &mote_op_linear, NULL, NULL, 0,
     lower_linear},
    {"aten::mm(Tensor self, Tensor mat2) -> Tensor", &mote_op_batch_matmul, NULL, NULL, 0, lower_mm},
    {"aten::bmm(Tensor self, Tensor mat2) -> Tensor", &mote_op_batch_matmul, NULL, NULL, 0, lower_bmm},
    {"aten::matmul(Tensor self, Tensor other) -> Tensor", &mote_op_batch_matmul, NULL, NULL, 0, lower_matmul},
    {"aten::addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor",
     &mote_op_batch_matmul, NULL, NULL, 0, lower_addmm},
    {"aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, SymInt[2] padding=0, SymInt[2] "
     "dilation=1, SymInt groups=1) -> Tensor",
     &mote_op_conv2d, NULL, NULL, 0, lower_conv2d},
    {"aten::_convolution(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride)", &mote_op_conv2d, NULL, NULL, 0,
     lower_conv2d},
    {"aten::_convolution.deprecated(Tensor input)", &mote_op_conv2d, NULL, NULL, 0, lower_conv2d},
    {"aten::convolution(Tensor input)", &mote_op_conv2d, NULL, NULL, 0, lower_conv2d},
    {"aten::max_pool2d(Tensor self)", &mote_op_max_pool2d, NULL, NULL, 0, lower_max_pool},
    {"aten::avg_pool2d(Tensor self)", &mote_op_avg_pool2d, NULL, NULL, 0, lower_avg_pool},
    {"aten::adaptive_avg_pool2d(Tensor self, SymInt[2] output_size) -> Tensor", &mote_op_reduce_mean, NULL, NULL, 0,
     lower_adaptive_avg},
    {"aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor", &mote_op_reduce_sum, NULL, NULL, 0, lower_sum},
    {"aten::sum.dim_IntList(Tensor self)", &mote_op_reduce_sum, NULL, NULL, 0, lower_sum},
    {"aten::mean(Tensor self, *, ScalarType? dtype=None) -> Tensor", &mote_op_reduce_mean, NULL, NULL, 0, lower_mean},
    {"aten::mean.dim(Tensor self)", &mote_op_reduce_mean, NULL, NULL, 0, lower_mean},
    {"aten::all(Tensor self) -> Tensor", &mote_op_reduce_all, NULL, NULL, 0, lower_all},
    {"aten::any(Tensor self) -> Tensor", &mote_op_reduce_any, NULL, NULL, 0, lower_any},
    {"aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", &mote_op_softmax, "0 axis -", NULL, 0,
     NULL},
    {"aten::log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", &mote_op_log_softmax, "0 axis -",
     NULL, 0, NULL},
    {"aten::cat(Tensor[] tensors, int dim=0) -> Tensor", &mote_op_concat, "*0 axis", NULL, P, lower_cat},
    {"aten::stack(Tensor[] tensors, int dim=0) -> Tensor", &mote_op_concat, "*0 axis", NULL, P, lower_stack},
    {"aten::embedding(Tensor weight, Tensor indices)", &mote_op_gather, "0 1 - - -", NULL, 0, NULL},
    {"aten::index_select(Tensor self, int dim, Tensor index) -> Tensor", &mote_op_gather, "0 axis 1", NULL, 0, NULL},
    {"aten::where.self(Tensor condition, Tensor self, Tensor other) -> Tensor", &mote_op_where, "0 1 2", NULL, 0, NULL},
    {"aten::dropout(Tensor input, float p, bool train) -> Tensor", &mote_op_identity, NULL, NULL, 0, lower_same},
    {.schema = NULL},
};
const mote_op_family mote_family_torch_rows = {"torch_rows", NULL, torch_rows};
