// PyTorch's element-wise operators on the operators of unary.c, binary.c and aten_math.c: activations, arithmetic,
// comparison, choice. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_complex.h"
#include "ops/aten_math.h"
#include "ops/binary.h"
#include "ops/shape.h"
#include "ops/unary.h"

// ------------------------------------------------------------------------------------------------ arithmetic

static mote_dtype both_type(mote_low *w, mote_vid a) { return mote_low_desc(w, a)->dtype; }

static mote_vid operand(mote_low *w, const char *name, mote_dtype like) {
  const mote_arg *a = mote_lower_arg(w, name);
  if (a != NULL && a->kind == MOTE_ARG_SCALAR)
    return mote_low_scalar(w, &a->scalar, like);
  return mote_low_tensor(w, name);
}

// x + alpha*y; sub: x - alpha*y. Sums of bools are `or`.
static mote_vid add_scaled(mote_low *w, mote_vid x, mote_vid y, bool sub) {
  const mote_arg *alpha = mote_lower_arg(w, "alpha");
  mote_dtype d = both_type(w, x);
  bool one = alpha == NULL || alpha->kind != MOTE_ARG_SCALAR || alpha->scalar.f == 1;
  if (d == MOTE_BOOL && sub)
    return mote_low_fail(w, MOTE_ERR_TYPE,
                         "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
                         "`logical_xor()` operator instead.");
  if (!one && mote_aten_is_integral(d) && alpha->scalar.kind == 'f')
    return mote_low_fail(w, MOTE_ERR_TYPE,
                         "For integral input tensors, argument alpha must not be a floating point number.");
  if (d == MOTE_BOOL)
    return mote_low_2(w, &mote_op_bit_or, x, y);
  if (one)
    return mote_low_2(w, sub ? &mote_op_sub : &mote_op_add, x, y);
  if (mote_dtype_is_complex(d)) {
    mote_vid scaled = mote_low_2(w, &mote_op_mul, y, mote_low_scalar(w, &alpha->scalar, d));
    return mote_low_2(w, sub ? &mote_op_sub : &mote_op_add, x, scaled);
  }
  mote_binary_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_add_scaled, &a);
  a.alpha = sub ? -alpha->scalar.f : alpha->scalar.f;
  mote_vid in[2] = {x, y};
  return mote_low_emit(w, &mote_op_add_scaled, &a, in, 2);
}

static mote_status lower_add(mote_lowering *l) {
  return mote_low_done(l, add_scaled(l, l->args[0].ref, l->args[1].ref, false));
}
static mote_status lower_sub(mote_lowering *l) {
  return mote_low_done(l, add_scaled(l, l->args[0].ref, l->args[1].ref, true));
}
static mote_status lower_rsub(mote_lowering *l) {
  return mote_low_done(l, add_scaled(l, l->args[1].ref, l->args[0].ref, true));
}
static mote_status lower_mul(mote_lowering *l) {
  mote_vid x = l->args[0].ref, y = l->args[1].ref;
  return mote_low_done(l, mote_low_2(l, both_type(l, x) == MOTE_BOOL ? &mote_op_bit_and : &mote_op_mul, x, y));
}

// The operands have their common type already; without a mode integers become floats.
static mote_status lower_div_mode(mote_lowering *l) {
  const char *mode = mote_low_str(l, "rounding_mode", NULL);
  mote_vid x = l->args[0].ref, y = l->args[1].ref;
  mote_dtype d = both_type(l, x);
  if (mode != NULL && strcmp(mode, "floor") == 0)
    return mote_low_done(l, mote_low_2(l, &mote_op_aten_floor_divide, x, y));
  if (mode != NULL && strcmp(mode, "trunc") == 0) {
    mote_vid q = mote_low_2(l, &mote_op_div, x, y);
    return mote_low_done(l, mote_aten_is_integral(d) ? q : mote_low_1(l, &mote_op_trunc, q));
  }
  if (mode != NULL)
    mote_low_fail(l, MOTE_ERR_ARGUMENT,
                  "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '%s'", mode);
  if (mote_aten_is_integral(d)) {
    x = mote_low_cast(l, x, MOTE_F32);
    y = mote_low_cast(l, y, MOTE_F32);
  }
  return mote_low_done(l, mote_low_2(l, &mote_op_div, x, y));
}

// self + value*t1*t2 and self + value*t1/t2
// start + weight*(end - start), from the nearer end.
static mote_status lower_lerp(mote_lowering *l) {
  mote_vid a = l->args[0].ref, b = l->args[1].ref, t = operand(l, "weight", both_type(l, a));
  return mote_low_done(l, mote_low_3(l, &mote_op_aten_lerp, a, b, t));
}

static mote_status lower_pow(mote_lowering *l) {
  const mote_arg *e = &l->args[1];
  mote_vid x = l->args[0].ref;
  mote_dtype d = both_type(l, x);
  if (e->kind == MOTE_ARG_SCALAR && mote_dtype_is_float(d)) {
    const mote_op *op = e->scalar.f == 2      ? &mote_op_square
                        : e->scalar.f == 0.5  ? &mote_op_sqrt
                        : e->scalar.f == -0.5 ? &mote_op_rsqrt
                        : e->scalar.f == -1   ? &mote_op_reciprocal
                                              : NULL;
    if (op != NULL)
      return mote_low_done(l, mote_low_1(l, op, x));
  }
  if (e->kind == MOTE_ARG_SCALAR) {
    mote_dtype to = e->scalar.kind == 'f' && mote_aten_is_integral(d)    ? MOTE_F32
                    : e->scalar.kind == 'c' && !mote_dtype_is_complex(d) ? (d == MOTE_F64 ? MOTE_C128 : MOTE_C64)
                    : d == MOTE_BOOL                                     ? MOTE_I64
                                                                         : d;
    if (mote_dtype_is_int(to) && e->scalar.i < 0)
      mote_low_fail(l, MOTE_ERR_ARGUMENT, "Integers to negative integer powers are not allowed.");
    x = mote_low_cast(l, x, to);
    return mote_low_done(l, mote_low_2(l, &mote_op_aten_pow, x, mote_low_scalar(l, &e->scalar, to)));
  }
  return mote_low_done(l, mote_low_2(l, &mote_op_aten_pow, x, e->ref));
}

// ------------------------------------------------------------------------------------------------ activations

static mote_status with_ab(mote_lowering *l, const mote_op *op, double a, double b) {
  mote_unary_attr at;
  memset(&at, 0, sizeof at);
  mote_attr_defaults(op, &at);
  at.a = a;
  at.b = b;
  return mote_low_done(l, mote_low_emit(l, op, &at, &l->args[0].ref, 1));
}
static mote_status lower_hardtanh(mote_lowering *l) {
  return with_ab(l, &mote_op_clamp, mote_lower_float(l, "min_val", -1), mote_lower_float(l, "max_val", 1));
}
static mote_status lower_elu(mote_lowering *l) {
  double scale = mote_lower_float(l, "scale", 1), input = mote_lower_float(l, "input_scale", 1);
  if (input == 1)
    return with_ab(l, &mote_op_elu, mote_lower_float(l, "alpha", 1), scale);
  mote_aten_math_attr a = {.fn = MOTE_ATEN_ELU3, .a = mote_lower_float(l, "alpha", 1), .b = scale, .c = input};
  return mote_low_done(l, mote_low_emit(l, &mote_op_aten_elu3, &a, &l->args[0].ref, 1));
}
static mote_status lower_leaky(mote_lowering *l) {
  return with_ab(l, &mote_op_leaky_relu, mote_lower_float(l, "negative_slope", 0.01), 0);
}
// Evaluation: the mean of the two slopes.
static mote_status lower_softplus(mote_lowering *l) {
  return with_ab(l, &mote_op_softplus, mote_lower_float(l, "beta", 1), mote_lower_float(l, "threshold", 20));
}
static mote_status lower_gelu(mote_lowering *l) {
  const char *mode = mote_low_str(l, "approximate", "none");
  return mote_low_done(
      l, mote_low_set(l, &mote_op_gelu, strcmp(mode, "tanh") == 0 ? "approximate=1" : "approximate=0", l->args[0].ref));
}
static mote_status lower_relu(mote_lowering *l) {
  if (both_type(l, l->args[0].ref) == MOTE_BOOL)
    mote_low_fail(l, MOTE_ERR_TYPE, "Boolean inputs not supported for relu");
  return mote_low_done(l, mote_low_1(l, &mote_op_relu, l->args[0].ref));
}
// A weight of one value, or one a channel (dim 1).
static mote_status lower_prelu(mote_lowering *l) {
  mote_vid x = l->args[0].ref, slope = l->args[1].ref;
  const mote_tensor *t = mote_low_desc(l, x), *s = mote_low_desc(l, slope);
  int64_t n = mote_tensor_numel(s), dim[MOTE_MAX_RANK];
  if (n != 1 && (t->rank < 1 || n != t->dim[t->rank > 1 ? 1 : 0]))
    mote_low_fail(l, MOTE_ERR_SHAPE,
                  "Mismatch of parameter numbers and input channel size. Found parameter numbers = %lld and channel "
                  "size = %lld.",
                  (long long)n, (long long)(t->rank > 1 ? t->dim[1] : 1));
  for (int32_t i = 0; i < t->rank; i++)
    dim[i] = i == 1 || t->rank == 1 ? n : 1;
  return mote_low_done(l, mote_low_2(l, &mote_op_prelu, x, mote_low_reshape(l, slope, t->rank, dim)));
}
static mote_status lower_identity(mote_lowering *l) {
  l->result[0] = l->args[0].ref;
  l->n_out = 1;
  return MOTE_OK;
}
static mote_status lower_dropout(mote_lowering *l) {
  double p = mote_lower_float(l, "p", 0.5);
  mote_vid x = l->args[0].ref;
  if (mote_lower_bool(l, "train", false) && p == 1) // nothing is left
    return mote_low_done(l, mote_low_2(l, &mote_op_mul, x, mote_low_num(l, 0, mote_low_desc(l, x)->dtype)));
  if (mote_lower_bool(l, "train", false) && p > 0)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "dropout in training");
  return lower_identity(l);
}

// ------------------------------------------------------------------------------------------------ clamps

static mote_vid bound(mote_low *w, const char *name, mote_dtype d) {
  const mote_arg *a = mote_lower_arg(w, name);
  if (a == NULL || a->kind == MOTE_ARG_NONE)
    return -1;
  return a->kind == MOTE_ARG_SCALAR ? mote_low_scalar(w, &a->scalar, d) : mote_low_cast(w, a->ref, d);
}
static mote_dtype bounded_type(mote_low *w, const char *name, mote_dtype d) {
  const mote_arg *a = mote_lower_arg(w, name);
  if (a == NULL || a->kind == MOTE_ARG_NONE)
    return d;
  if (a->kind == MOTE_ARG_SCALAR)
    return a->scalar.kind == 'f' && mote_aten_is_integral(d) ? MOTE_F32
           : d == MOTE_BOOL && a->scalar.kind == 'i'         ? MOTE_I64
                                                             : d;
  mote_tensor t = {.dtype = d, .rank = 1};
  return mote_aten_result(&t, mote_low_desc(w, a->ref));
}

static mote_status clamp_names(mote_lowering *l, const char *lo_name, const char *hi_name) {
  mote_vid x = l->args[0].ref;
  mote_dtype d = both_type(l, x);
  const mote_arg *lo = mote_lower_arg(l, lo_name), *hi = mote_lower_arg(l, hi_name);
  bool numbers = (lo == NULL || lo->kind != MOTE_ARG_TENSOR) && (hi == NULL || hi->kind != MOTE_ARG_TENSOR);
  if (!mote_low_given(l, lo_name) && !mote_low_given(l, hi_name))
    mote_low_fail(l, MOTE_ERR_ARGUMENT, "torch.clamp: At least one of 'min' or 'max' must not be None");
  if (numbers && (mote_dtype_is_float(d) || mote_dtype_is_quantized(d)) &&
      mote_lower_float(l, lo_name, 0) <= mote_lower_float(l, hi_name, HUGE_VAL))
    return with_ab(l, &mote_op_clamp, mote_lower_float(l, lo_name, -HUGE_VAL), mote_lower_float(l, hi_name, HUGE_VAL));
  d = bounded_type(l, hi_name, bounded_type(l, lo_name, d));
  x = mote_low_cast(l, x, d);
  mote_vid a = bound(l, lo_name, d), b = bound(l, hi_name, d);
  if (a >= 0)
    x = mote_low_2(l, &mote_op_maximum, x, a);
  if (b >= 0)
    x = mote_low_2(l, &mote_op_minimum, x, b);
  return mote_low_done(l, x);
}
static mote_status lower_clamp(mote_lowering *l) { return clamp_names(l, "min", "max"); }

// ------------------------------------------------------------------------------------------------ choice

static mote_vid choice(mote_low *w, const mote_arg *a, mote_dtype d) {
  return a->kind == MOTE_ARG_SCALAR ? mote_low_scalar(w, &a->scalar, d) : mote_low_cast(w, a->ref, d);
}
static mote_tensor as_operand(mote_low *w, const mote_arg *a) {
  if (a->kind == MOTE_ARG_TENSOR)
    return *mote_low_desc(w, a->ref);
  mote_tensor t = {.dtype = a->scalar.kind == 'f'   ? MOTE_F32
                            : a->scalar.kind == 'b' ? MOTE_BOOL
                            : a->scalar.kind == 'c' ? MOTE_C64
                                                    : MOTE_I64};
  return t;
}
static mote_status lower_where(mote_lowering *l) {
  mote_tensor a = as_operand(l, &l->args[1]), b = as_operand(l, &l->args[2]);
  mote_dtype d = mote_aten_result(&a, &b), cd = both_type(l, l->args[0].ref);
  if (l->args[1].kind != l->args[2].kind) { // a number gives way even to a 0-dim tensor
    const mote_tensor *t = l->args[1].kind == MOTE_ARG_TENSOR ? &a : &b, *s = t == &a ? &b : &a;
    mote_tensor ranked = *t;
    ranked.rank = 1;
    d = mote_aten_result(&ranked, s);
  }
  if (cd != MOTE_BOOL && cd != MOTE_U8)
    mote_low_fail(l, MOTE_ERR_TYPE, "where expected condition to be a boolean tensor, but got a tensor with dtype %s",
                  mote_aten_type_name(cd));
  mote_vid cond = l->args[0].ref;
  return mote_low_done(l,
                       mote_low_3(l, &mote_op_aten_where, cond, choice(l, &l->args[1], d), choice(l, &l->args[2], d)));
}
static mote_status lower_masked_fill(mote_lowering *l) {
  mote_vid x = l->args[0].ref, mask = l->args[1].ref;
  mote_dtype d = both_type(l, x), md = both_type(l, mask);
  if (md != MOTE_BOOL)
    mote_low_fail(l, MOTE_ERR_TYPE, "masked_fill_ only supports boolean masks, but got mask with dtype %s",
                  mote_aten_type_name(md));
  if (l->args[2].kind == MOTE_ARG_TENSOR && mote_low_desc(l, l->args[2].ref)->rank > 0)
    mote_low_fail(l, MOTE_ERR_SHAPE,
                  "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with %d dimension(s).",
                  mote_low_desc(l, l->args[2].ref)->rank);
  if (l->args[2].kind == MOTE_ARG_SCALAR && l->args[2].scalar.kind == 'f' && mote_aten_is_integral(d))
    mote_low_fail(l, MOTE_ERR_TYPE, "value cannot be converted to type int64_t without overflow");
  return mote_low_done(l, mote_low_3(l, &mote_op_aten_where, mask, choice(l, &l->args[2], d), x));
}

// ------------------------------------------------------------------------------------------------ logic

static mote_vid truth(mote_low *w, mote_vid v) {
  mote_dtype d = both_type(w, v);
  return d == MOTE_BOOL ? v : mote_low_2(w, &mote_op_not_equal, v, mote_low_num(w, 0, d));
}
static mote_status lower_logical(mote_lowering *l, const mote_op *op) {
  return mote_low_done(l, mote_low_2(l, op, truth(l, l->args[0].ref), truth(l, l->args[1].ref)));
}
static mote_status lower_land(mote_lowering *l) { return lower_logical(l, &mote_op_logical_and); }
static mote_status lower_lor(mote_lowering *l) { return lower_logical(l, &mote_op_logical_or); }
static mote_status lower_lxor(mote_lowering *l) { return lower_logical(l, &mote_op_bit_xor); }
static mote_status lower_lnot(mote_lowering *l) {
  return mote_low_done(l, mote_low_1(l, &mote_op_not, truth(l, l->args[0].ref)));
}
static mote_status lower_floor_kind(mote_lowering *l) { // integers stay as they are
  mote_vid x = l->args[0].ref;
  return mote_low_done(l, mote_aten_is_integral(both_type(l, x)) ? mote_low_1(l, &mote_op_identity, x)
                                                                 : mote_low_1(l, l->op, x));
}
static mote_status lower_abs(mote_lowering *l) {
  mote_dtype d = both_type(l, l->args[0].ref);
  if (d == MOTE_BOOL)
    return lower_identity(l);
  if (mote_dtype_is_complex(d))
    return mote_aten_lower_unary(l);
  return mote_low_done(l, mote_low_1(l, &mote_op_abs, l->args[0].ref));
}
static mote_status lower_neg(mote_lowering *l) {
  mote_dtype d = both_type(l, l->args[0].ref);
  if (d == MOTE_BOOL)
    mote_low_fail(l, MOTE_ERR_TYPE,
                  "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, "
                  "use the `~` or `logical_not()` operator instead.");
  if (mote_dtype_is_complex(d))
    return mote_low_done(l, mote_low_2(l, &mote_op_sub, mote_low_num(l, 0, d), l->args[0].ref));
  return mote_low_done(l, mote_low_1(l, &mote_op_neg, l->args[0].ref));
}
static mote_status lower_square(mote_lowering *l) {
  mote_vid x = l->args[0].ref;
  mote_dtype d = both_type(l, x);
  if (d == MOTE_BOOL)
    x = mote_low_cast(l, x, MOTE_I64);
  return mote_low_done(l, mote_dtype_is_complex(d) ? mote_low_2(l, &mote_op_mul, x, x)
                                                   : mote_low_1(l, &mote_op_square, x));
}
static mote_status lower_reciprocal(mote_lowering *l) {
  mote_vid x = l->args[0].ref;
  mote_dtype d = both_type(l, x);
  if (mote_dtype_is_complex(d))
    return mote_low_done(l, mote_low_2(l, &mote_op_div, mote_low_num(l, 1, d), x));
  return mote_low_done(l, mote_low_1(l, &mote_op_reciprocal, x));
}
static mote_status lower_sign(mote_lowering *l) {
  mote_dtype d = both_type(l, l->args[0].ref);
  if (d == MOTE_BOOL)
    return lower_identity(l);
  return mote_dtype_is_complex(d) ? mote_aten_lower_unary(l)
                                  : mote_low_done(l, mote_low_1(l, &mote_op_sign, l->args[0].ref));
}
static mote_status lower_maxmin(mote_lowering *l) {
  if (mote_dtype_is_complex(both_type(l, l->args[0].ref)))
    mote_low_fail(l, MOTE_ERR_TYPE, "%s not implemented for complex tensors.", l->op->name);
  return mote_low_done(l, mote_low_2(l, l->op, l->args[0].ref, l->args[1].ref));
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("add.Tensor .Scalar | promote 0 1 -", lower_add),
    MOTE_TORCH_LOWER("sub.Tensor .Scalar subtract.Tensor .Scalar | promote 0 1 -", lower_sub),
    MOTE_TORCH_LOWER("rsub.Tensor .Scalar | promote 0 1 -", lower_rsub),
    MOTE_TORCH_LOWER("mul.Tensor .Scalar multiply.Tensor .Scalar | promote 0 1 -", lower_mul),
    MOTE_TORCH_LOWER("add | promote 0 1", lower_add),
    MOTE_TORCH_LOWER("mul | promote 0 1", lower_mul),
    MOTE_TORCH_LOWER("sub | promote 0 1", lower_sub),
    MOTE_TORCH_OP("div.Tensor .Scalar divide.Tensor .Scalar true_divide.Tensor .Scalar | float 0 1", mote_op_div),
    MOTE_TORCH_LOWER("div.Tensor_mode .Scalar_mode divide.Tensor_mode .Scalar_mode | promote 0 1 -", lower_div_mode),
    MOTE_TORCH_OP("floor_divide .Scalar | promote 0 1", mote_op_aten_floor_divide),
    MOTE_TORCH_OP("remainder.Tensor .Scalar .Scalar_Tensor | promote 0 1", mote_op_aten_remainder),
    MOTE_TORCH_OP("fmod.Tensor .Scalar | promote 0 1", mote_op_aten_fmod),
    MOTE_TORCH_LOWER("lerp.Scalar | promote 0 1 -", lower_lerp),
    MOTE_TORCH_LOWER("lerp.Tensor | promote 0 1 2", lower_lerp),
    MOTE_TORCH_LOWER("pow.Tensor_Scalar", lower_pow),
    MOTE_TORCH_OP("pow.Tensor_Tensor .Scalar | promote 0 1", mote_op_aten_pow),
    MOTE_TORCH_OP("atan2 arctan2 | float 0 1", mote_op_atan2),
    MOTE_TORCH_HOW("maximum max.other | promote 0 1", mote_op_maximum, lower_maxmin),
    MOTE_TORCH_HOW("minimum min.other | promote 0 1", mote_op_minimum, lower_maxmin),
    MOTE_TORCH_OP("eq.Tensor .Scalar | promote 0 1", mote_op_equal),
    MOTE_TORCH_OP("ne.Tensor .Scalar not_equal.Tensor .Scalar | promote 0 1", mote_op_not_equal),
    MOTE_TORCH_OP("lt.Tensor .Scalar less.Tensor .Scalar | promote 0 1", mote_op_less),
    MOTE_TORCH_OP("le.Tensor .Scalar less_equal.Tensor .Scalar | promote 0 1", mote_op_less_equal),
    MOTE_TORCH_OP("gt.Tensor .Scalar greater.Tensor .Scalar | promote 0 1", mote_op_greater),
    MOTE_TORCH_OP("ge.Tensor .Scalar greater_equal.Tensor .Scalar | promote 0 1", mote_op_greater_equal),
    MOTE_TORCH_OP("bitwise_and.Tensor .Scalar .Scalar_Tensor __and__.Tensor .Scalar __iand__.Tensor .Scalar | promote "
                  "0 1",
                  mote_op_bit_and),
    MOTE_TORCH_OP("bitwise_or.Tensor .Scalar .Scalar_Tensor __or__.Tensor .Scalar __ior__.Tensor .Scalar | promote 0 1",
                  mote_op_bit_or),
    MOTE_TORCH_OP("bitwise_xor.Tensor .Scalar .Scalar_Tensor __xor__.Tensor .Scalar __ixor__.Tensor .Scalar | promote "
                  "0 1",
                  mote_op_bit_xor),
    MOTE_TORCH_OP("bitwise_left_shift.Tensor .Scalar .Tensor_Scalar .Scalar_Tensor __lshift__.Tensor .Scalar | promote "
                  "0 1",
                  mote_op_aten_shl),
    MOTE_TORCH_OP("bitwise_right_shift.Tensor .Scalar .Tensor_Scalar .Scalar_Tensor __rshift__.Tensor .Scalar | "
                  "promote 0 1",
                  mote_op_aten_shr),
    MOTE_TORCH_OP("bitwise_not | 0", mote_op_not),
    MOTE_TORCH_LOWER("logical_and", lower_land),
    MOTE_TORCH_LOWER("logical_or", lower_lor),
    MOTE_TORCH_LOWER("logical_xor", lower_lxor),
    MOTE_TORCH_LOWER("logical_not", lower_lnot),
    MOTE_TORCH_LOWER("relu", lower_relu),
    MOTE_TORCH_UNARY("relu6", mote_op_relu6),
    MOTE_TORCH_UNARY("sigmoid special_expit | float 0", mote_op_sigmoid),
    MOTE_TORCH_UNARY("tanh | float 0", mote_op_tanh),
    MOTE_TORCH_UNARY("exp | float 0", mote_op_exp),
    MOTE_TORCH_UNARY("expm1 special_expm1 | float 0", mote_op_expm1),
    MOTE_TORCH_UNARY("log | float 0", mote_op_log),
    MOTE_TORCH_UNARY("log1p special_log1p | float 0", mote_op_log1p),
    MOTE_TORCH_UNARY("erf special_erf | float 0", mote_op_erf),
    MOTE_TORCH_UNARY("sqrt | float 0", mote_op_sqrt),
    MOTE_TORCH_UNARY("rsqrt | float 0", mote_op_rsqrt),
    MOTE_TORCH_UNARY("sin | float 0", mote_op_sin),
    MOTE_TORCH_UNARY("cos | float 0", mote_op_cos),
    MOTE_TORCH_UNARY("silu", mote_op_silu),
    MOTE_TORCH_UNARY("hardswish", mote_op_hardswish),
    MOTE_TORCH_UNARY("hardsigmoid", mote_op_hardsigmoid),
    MOTE_TORCH_LOWER("reciprocal | float 0", lower_reciprocal),
    MOTE_TORCH_LOWER("neg negative", lower_neg),
    MOTE_TORCH_HOW("abs absolute", mote_op_abs, lower_abs),
    MOTE_TORCH_LOWER("square", lower_square),
    MOTE_TORCH_HOW("sign sgn", mote_op_sign, lower_sign),
    MOTE_TORCH_HOW("floor", mote_op_floor, lower_floor_kind),
    MOTE_TORCH_HOW("ceil", mote_op_ceil, lower_floor_kind),
    MOTE_TORCH_HOW("round special_round", mote_op_round, lower_floor_kind),
    MOTE_TORCH_HOW("trunc fix", mote_op_trunc, lower_floor_kind),
    MOTE_TORCH_LOWER("hardtanh", lower_hardtanh),
    MOTE_TORCH_LOWER("elu", lower_elu),
    MOTE_TORCH_LOWER("leaky_relu", lower_leaky),
    MOTE_TORCH_LOWER("softplus", lower_softplus),
    MOTE_TORCH_LOWER("gelu", lower_gelu),
    MOTE_TORCH_LOWER("prelu _prelu_kernel", lower_prelu),
    MOTE_TORCH_LOWER("dropout feature_dropout alpha_dropout feature_alpha_dropout", lower_dropout),
    MOTE_TORCH_LOWER("clamp .Tensor clip .Tensor clamp_min .Tensor clamp_max .Tensor", lower_clamp),
    MOTE_TORCH_LOWER("where.self .ScalarSelf .ScalarOther .Scalar", lower_where),
    MOTE_TORCH_LOWER("masked_fill.Scalar .Tensor", lower_masked_fill),
};
const mote_op_family mote_family_aten_pointwise = {MOTE_ROWS(torch, rows)};
