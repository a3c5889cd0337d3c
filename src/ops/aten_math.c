// The loop over the functions of aten_math.h, for floats, integers and (powers) complex numbers, the choice by a
// condition, and the rows. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_math.h"
#include "ops/shape.h"

#include "ops/aten_complex.h"

#define X(name, id, operands, truth, value)                                                                            \
  static double fn_##name(double x, double y, double z, const mote_aten_math_attr *p) {                                \
    (void)x, (void)y, (void)z, (void)p;                                                                                \
    return value;                                                                                                      \
  }
MOTE_ATEN_FUNCTIONS(X)
#undef X

#define X(name, id, operands, truth, value) fn_##name,
static double (*const functions[])(double, double, double, const mote_aten_math_attr *) = {MOTE_ATEN_FUNCTIONS(X)};
#undef X
#define X(name, id, operands, truth, value) truth,
static const bool is_truth[] = {MOTE_ATEN_FUNCTIONS(X)};
#undef X

// ------------------------------------------------------------------------------------------------ integers

static int64_t gcd(int64_t a, int64_t b) {
  while (b != 0) {
    int64_t r = b == -1 ? 0 : a % b;
    a = b;
    b = r;
  }
  return a < 0 ? (int64_t)(0 - (uint64_t)a) : a;
}
static int64_t power(int64_t x, int64_t y) {
  if (y < 0)
    return x == 1 ? 1 : x == -1 ? (y % 2 != 0 ? -1 : 1) : 0;
  uint64_t r = 1, b = (uint64_t)x;
  for (; y > 0; y >>= 1, b *= b)
    r = y & 1 ? r * b : r;
  return (int64_t)r;
}

// False: the divisor is 0.
static bool whole(int64_t fn, int64_t bits, int64_t x, int64_t y, int64_t *out) {
  bool divides = fn == MOTE_ATEN_FLOOR_DIVIDE || fn == MOTE_ATEN_REMAINDER || fn == MOTE_ATEN_FMOD;
  if (divides && y == 0)
    return false;
  int64_t q = divides && y != -1 ? x / y : (int64_t)(0 - (uint64_t)x), r = divides && y != -1 ? x % y : 0;
  bool down = r != 0 && (r < 0) != (y < 0);
  switch (fn) {
  case MOTE_ATEN_FLOOR_DIVIDE:
    *out = q - down;
    return true;
  case MOTE_ATEN_REMAINDER:
    *out = down ? r + y : r;
    return true;
  case MOTE_ATEN_FMOD:
    *out = r;
    return true;
  case MOTE_ATEN_POW:
    *out = power(x, y);
    return true;
  case MOTE_ATEN_GCD:
    *out = gcd(x, y);
    return true;
  case MOTE_ATEN_LCM: {
    int64_t g = gcd(x, y), v = g == 0 ? 0 : (int64_t)((uint64_t)(x / g) * (uint64_t)y);
    *out = v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
    return true;
  }
  case MOTE_ATEN_SHL:
    *out = y < 0 || y >= bits ? 0 : (int64_t)((uint64_t)x << y);
    return true;
  case MOTE_ATEN_SHR:
    *out = x >> (y < 0 || y >= bits ? bits - 1 : y);
    return true;
  default:
    return false;
  }
}
static bool on_integers(int64_t fn) {
  return (fn >= MOTE_ATEN_FLOOR_DIVIDE && fn <= MOTE_ATEN_SHR) || fn == MOTE_ATEN_GCD || fn == MOTE_ATEN_LCM;
}

static mote_status whole_line(const mote_opctx *c, int64_t fn, int64_t n, char *const p[], const ptrdiff_t s[]) {
  mote_dtype d = c->in[0]->dtype;
  int64_t v, bits = (int64_t)mote_dtype_bits(d);
  for (int64_t i = 0; i < n; i++) {
    if (!whole(fn, bits, mote_load_i64(p[1] + i * s[1], d, 0), mote_load_i64(p[2] + i * s[2], d, 0), &v))
      return mote_fail(c->err, MOTE_ERR_DATA, "ZeroDivisionError");
    mote_store_i64(p[0] + i * s[0], c->out[0]->dtype, 0, v);
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ the operators

static mote_status math_infer(mote_opctx *c) {
  const mote_aten_math_attr *a = c->attr;
  int32_t rank = c->in[0]->rank;
  int64_t dim[MOTE_MAX_RANK];
  if (a->fn < 0 || a->fn >= MOTE_ATEN_COUNT || c->n_in < c->op->rules->min_in)
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "function %lld", (long long)a->fn);
  memcpy(dim, c->in[0]->dim, sizeof dim);
  for (int32_t i = 1; i < c->op->rules->min_in; i++) {
    mote_tensor wide = {.rank = rank};
    memcpy(wide.dim, dim, sizeof dim);
    MOTE_TRY(mote_want_same(c, 0, i));
    if (!mote_broadcast_shape(&wide, c->in[i], &rank, dim))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "The size of the operands must match or be 1");
  }
  mote_dtype d = c->in[0]->dtype;
  bool complex = mote_dtype_is_complex(d) && a->fn == MOTE_ATEN_POW;
  if (mote_dtype_size(d) == 0 || d == MOTE_STRING || (mote_dtype_is_complex(d) && !complex))
    return mote_op_fail(c, MOTE_ERR_TYPE, "\"%s\" not implemented for '%s'", c->op->name, mote_aten_type_name(d));
  mote_out(c, 0, is_truth[a->fn] ? MOTE_BOOL : d, rank, dim);
  return MOTE_OK;
}

typedef struct line_state {
  mote_aten_math_attr attr;
  mote_status *status;
} line_state;

static void complex_line(const mote_opctx *c, int64_t n, char *const p[], const ptrdiff_t s[]) {
  mote_dtype d = c->in[0]->dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
  for (int64_t i = 0; i < n; i++) {
    const char *x = p[1] + i * s[1], *y = p[2] + i * s[2];
    double re = mote_load_f64(x, d, 0), im = mote_load_f64(x, d, 1);
    mote_complex_pow(&re, &im, mote_load_f64(y, d, 0), mote_load_f64(y, d, 1));
    mote_store_f64(p[0] + i * s[0], d, 0, re);
    mote_store_f64(p[0] + i * s[0], d, 1, im);
  }
}

static void math_line(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const line_state *l = state;
  int64_t fn = l->attr.fn;
  int operands = c->op->rules->min_in;
  mote_dtype d = c->in[0]->dtype;
  if (on_integers(fn) && mote_aten_is_integral(d)) {
    mote_status st = whole_line(c, fn, n, p, s);
    *l->status = st != MOTE_OK ? st : *l->status;
    return;
  }
  if (mote_dtype_is_complex(d)) {
    complex_line(c, n, p, s);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    double v[3] = {0, 0, 0};
    for (int k = 0; k < operands; k++)
      v[k] = mote_load_f64(p[k + 1] + i * s[k + 1], d, 0);
    mote_store_f64(p[0] + i * s[0], c->out[0]->dtype, 0, functions[fn](v[0], v[1], v[2], &l->attr));
  }
}

static mote_status math_eval(mote_opctx *c) {
  mote_status st = MOTE_OK;
  line_state s = {*(const mote_aten_math_attr *)c->attr, &st};
  s.attr.dtype = (int32_t)c->in[0]->dtype;
  mote_walk_plan plan = {math_line, c->op->rules->min_in, "math", NULL};
  MOTE_TRY(mote_walk_eval(c, &plan, &s));
  return st;
}

static const mote_attr_field math_fields[] = {
    MOTE_ATTR(mote_aten_math_attr, fn, MOTE_ATTR_INT, 0), MOTE_ATTR(mote_aten_math_attr, a, MOTE_ATTR_FLOAT, 0),
    MOTE_ATTR(mote_aten_math_attr, b, MOTE_ATTR_FLOAT, 0), MOTE_ATTR(mote_aten_math_attr, c, MOTE_ATTR_FLOAT, 0)};
#define RULES(operands)                                                                                                \
  {                                                                                                                    \
    .flags = MOTE_OP_STRIDED_IN, .min_in = operands, .max_in = operands, .n_out = 1,                                   \
    .attr_size = sizeof(mote_aten_math_attr), MOTE_FIELDS(math_fields), .infer = math_infer, .eval = math_eval         \
  }
static const mote_op_rules math_rules[] = {RULES(1), RULES(2), RULES(3)}; // by number of operands, less 1
#define X(name, id, operands, truth, value)                                                                            \
  const mote_op mote_op_aten_##name = {"aten_" #name, &math_rules[operands - 1], MOTE_ATEN_##id};
MOTE_ATEN_FUNCTIONS(X)
#undef X

// ------------------------------------------------------------------------------------------------ choice

static mote_status where_infer(mote_opctx *c) {
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_want_same(c, 1, 2));
  if ((c->in[0]->dtype != MOTE_BOOL && c->in[0]->dtype != MOTE_U8) || mote_dtype_size(c->in[1]->dtype) == 0)
    return mote_bad_dtype(c, 0);
  if (!mote_broadcast_shape(c->in[0], c->in[1], &rank, dim))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the condition does not broadcast with the values");
  mote_tensor wide = {.rank = rank};
  memcpy(wide.dim, dim, sizeof dim);
  if (!mote_broadcast_shape(&wide, c->in[2], &rank, dim))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the values do not broadcast together");
  mote_out(c, 0, c->in[1]->dtype, rank, dim);
  return MOTE_OK;
}
static void where_line(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  (void)state;
  size_t size = mote_dtype_size(c->in[1]->dtype);
  for (int64_t i = 0; i < n; i++)
    memcpy(p[0] + i * s[0], *(const uint8_t *)(p[1] + i * s[1]) != 0 ? p[2] + i * s[2] : p[3] + i * s[3], size);
}
static mote_status where_eval(mote_opctx *c) {
  mote_walk_plan plan = {where_line, 3, "where", NULL};
  return mote_walk_eval(c, &plan, NULL);
}
const mote_op mote_op_aten_where = {"aten_where", MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 3, .max_in = 3,
                                                             .n_out = 1, .infer = where_infer, .eval = where_eval)};

// ------------------------------------------------------------------------------------------------ lowerings with
// parameters

static mote_status with(mote_lowering *l, double a, double b, double c) {
  mote_aten_math_attr at;
  memset(&at, 0, sizeof at);
  mote_attr_defaults(l->op, &at);
  at.a = a;
  at.b = b;
  at.c = c;
  for (int32_t i = 0; i < l->n_args; i++)
    if (l->args[i].kind == MOTE_ARG_TENSOR)
      return mote_low_done(l, mote_low_emit(l, l->op, &at, &l->args[i].ref, 1));
  return mote_fail(l->err, MOTE_ERR_TYPE, "%s needs a tensor", l->op->name);
}
static mote_status lower_celu(mote_lowering *l) { return with(l, mote_lower_float(l, "alpha", 1), 0, 0); }
static mote_status lower_shrink(mote_lowering *l) { return with(l, mote_lower_float(l, "lambd", 0.5), 0, 0); }
static mote_status lower_softshrink(mote_lowering *l) {
  double lambda = mote_lower_float(l, "lambd", 0.5);
  if (lambda < 0)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "lambda must be greater or equal to 0, but found to be %g.", lambda);
  return with(l, lambda, 0, 0);
}
static mote_status lower_threshold(mote_lowering *l) {
  return with(l, mote_lower_float(l, "threshold", 0), mote_lower_float(l, "value", 0), 0);
}
static mote_status lower_logit(mote_lowering *l) { return with(l, mote_lower_float(l, "eps", -1), 0, 0); }
static mote_status lower_polygamma(mote_lowering *l) {
  int64_t n = mote_lower_int(l, "n", 0);
  if (n < 0)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "polygamma(n, x) does not support negative n.");
  return with(l, (double)n, 0, 0);
}
static mote_status lower_mvlgamma(mote_lowering *l) { return with(l, (double)mote_lower_int(l, "p", 1), 0, 0); }
static mote_status lower_round(mote_lowering *l) { return with(l, (double)mote_lower_int(l, "decimals", 0), 0, 0); }

static double largest(mote_dtype d) {
  return d == MOTE_F16    ? 65504
         : d == MOTE_BF16 ? 3.3895313892515355e38
         : d == MOTE_F32  ? 3.4028234663852886e38
                          : 1.7976931348623157e308;
}
static mote_status lower_nan_to_num(mote_lowering *l) {
  mote_dtype d = mote_low_desc(l, l->args[0].ref)->dtype;
  if (mote_aten_is_integral(d))
    return mote_low_done(l, mote_low_1(l, &mote_op_identity, l->args[0].ref));
  return with(l, mote_lower_float(l, "nan", 0), mote_lower_float(l, "posinf", largest(d)),
              mote_lower_float(l, "neginf", -largest(d)));
}
// log_sigmoid and an unused buffer
static mote_status lower_log_sigmoid2(mote_lowering *l) {
  mote_low_give(l, mote_low_1(l, &mote_op_aten_log_sigmoid, l->args[0].ref));
  mote_low_give(l, mote_low_1(l, &mote_op_aten_log_sigmoid, l->args[0].ref));
  return l->st;
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_UNARY("acos arccos | float 0", mote_op_aten_acos),
    MOTE_TORCH_UNARY("asin arcsin | float 0", mote_op_aten_asin),
    MOTE_TORCH_UNARY("atan arctan | float 0", mote_op_aten_atan),
    MOTE_TORCH_UNARY("acosh arccosh | float 0", mote_op_aten_acosh),
    MOTE_TORCH_UNARY("asinh arcsinh | float 0", mote_op_aten_asinh),
    MOTE_TORCH_UNARY("atanh arctanh | float 0", mote_op_aten_atanh),
    MOTE_TORCH_UNARY("cosh | float 0", mote_op_aten_cosh),
    MOTE_TORCH_UNARY("sinh | float 0", mote_op_aten_sinh),
    MOTE_TORCH_UNARY("tan | float 0", mote_op_aten_tan),
    MOTE_TORCH_UNARY("log2 | float 0", mote_op_aten_log2),
    MOTE_TORCH_UNARY("log10 | float 0", mote_op_aten_log10),
    MOTE_TORCH_UNARY("exp2 special_exp2 | float 0", mote_op_aten_exp2),
    MOTE_TORCH_UNARY("erfc special_erfc | float 0", mote_op_aten_erfc),
    MOTE_TORCH_UNARY("erfinv special_erfinv | float 0", mote_op_aten_erfinv),
    MOTE_TORCH_UNARY("special_erfcx | float 0", mote_op_aten_erfcx),
    MOTE_TORCH_UNARY("lgamma special_gammaln | float 0", mote_op_aten_lgamma),
    MOTE_TORCH_UNARY("digamma special_digamma special_psi | float 0", mote_op_aten_digamma),
    MOTE_TORCH_UNARY("i0 special_i0 special_modified_bessel_i0 | float 0", mote_op_aten_i0),
    MOTE_TORCH_UNARY("special_i0e | float 0", mote_op_aten_i0e),
    MOTE_TORCH_UNARY("special_i1 special_modified_bessel_i1 | float 0", mote_op_aten_i1),
    MOTE_TORCH_UNARY("special_i1e | float 0", mote_op_aten_i1e),
    MOTE_TORCH_UNARY("special_modified_bessel_k0 | float 0", mote_op_aten_k0),
    MOTE_TORCH_UNARY("special_modified_bessel_k1 | float 0", mote_op_aten_k1),
    MOTE_TORCH_UNARY("special_scaled_modified_bessel_k0 | float 0", mote_op_aten_k0e),
    MOTE_TORCH_UNARY("special_scaled_modified_bessel_k1 | float 0", mote_op_aten_k1e),
    MOTE_TORCH_UNARY("special_bessel_j0 | float 0", mote_op_aten_bessel_j0),
    MOTE_TORCH_UNARY("special_bessel_j1 | float 0", mote_op_aten_bessel_j1),
    MOTE_TORCH_UNARY("special_bessel_y0 | float 0", mote_op_aten_bessel_y0),
    MOTE_TORCH_UNARY("special_bessel_y1 | float 0", mote_op_aten_bessel_y1),
    MOTE_TORCH_UNARY("special_spherical_bessel_j0 | float 0", mote_op_aten_spherical_j0),
    MOTE_TORCH_OP("special_airy_ai | float 0", mote_op_aten_airy_ai),
    MOTE_TORCH_UNARY("special_ndtr | float 0", mote_op_aten_ndtr),
    MOTE_TORCH_UNARY("special_log_ndtr | float 0", mote_op_aten_log_ndtr),
    MOTE_TORCH_UNARY("special_ndtri | float 0", mote_op_aten_ndtri),
    MOTE_TORCH_UNARY("special_entr | float 0", mote_op_aten_entr),
    MOTE_TORCH_UNARY("sinc special_sinc | float 0", mote_op_aten_sinc),
    MOTE_TORCH_UNARY("deg2rad | float 0", mote_op_aten_deg2rad),
    MOTE_TORCH_UNARY("rad2deg | float 0", mote_op_aten_rad2deg),
    MOTE_TORCH_UNARY("frac", mote_op_aten_frac),
    MOTE_TORCH_UNARY("angle | float 0", mote_op_aten_angle),
    MOTE_TORCH_UNARY("selu", mote_op_aten_selu),
    MOTE_TORCH_UNARY("mish", mote_op_aten_mish),
    MOTE_TORCH_UNARY("log_sigmoid", mote_op_aten_log_sigmoid),
    MOTE_TORCH_UNARY("isnan", mote_op_aten_isnan),
    MOTE_TORCH_UNARY("isinf", mote_op_aten_isinf),
    MOTE_TORCH_UNARY("isfinite", mote_op_aten_isfinite),
    MOTE_TORCH_UNARY("isposinf", mote_op_aten_isposinf),
    MOTE_TORCH_UNARY("isneginf", mote_op_aten_isneginf),
    MOTE_TORCH_UNARY("isreal", mote_op_aten_isreal),
    MOTE_TORCH_UNARY("signbit", mote_op_aten_signbit),
    MOTE_TORCH_LOWER("log_sigmoid_forward", lower_log_sigmoid2),
    MOTE_TORCH_HOW("celu", mote_op_aten_celu, lower_celu),
    MOTE_TORCH_HOW("hardshrink", mote_op_aten_hardshrink, lower_shrink),
    MOTE_TORCH_HOW("softshrink", mote_op_aten_softshrink, lower_softshrink),
    MOTE_TORCH_HOW("threshold", mote_op_aten_threshold, lower_threshold),
    MOTE_TORCH_HOW("logit special_logit | float 0", mote_op_aten_logit, lower_logit),
    MOTE_TORCH_HOW("polygamma special_polygamma | float - 0", mote_op_aten_polygamma, lower_polygamma),
    MOTE_TORCH_HOW("mvlgamma special_multigammaln | float 0", mote_op_aten_mvlgamma, lower_mvlgamma),
    MOTE_TORCH_HOW("round.decimals", mote_op_aten_round_decimals, lower_round),
    MOTE_TORCH_HOW("nan_to_num", mote_op_aten_nan_to_num, lower_nan_to_num),
    MOTE_TORCH_OP("logaddexp | float 0 1", mote_op_aten_logaddexp),
    MOTE_TORCH_OP("logaddexp2 | float 0 1", mote_op_aten_logaddexp2),
    MOTE_TORCH_OP("xlogy.Tensor .Scalar_Self .Scalar_Other special_xlogy .self_scalar .other_scalar | float 0 1",
                  mote_op_aten_xlogy),
    MOTE_TORCH_OP("special_xlog1py .self_scalar .other_scalar | float 0 1", mote_op_aten_xlog1py),
    MOTE_TORCH_OP("special_zeta .self_scalar .other_scalar | float 0 1", mote_op_aten_zeta),
    MOTE_TORCH_OP("hypot | promote 0 1", mote_op_aten_hypot),
    MOTE_TORCH_OP("nextafter | promote 0 1", mote_op_aten_nextafter),
    MOTE_TORCH_OP("copysign.Tensor .Scalar | float 0 1", mote_op_aten_copysign),
    MOTE_TORCH_OP("fmax | promote 0 1", mote_op_aten_fmax),
    MOTE_TORCH_OP("fmin | promote 0 1", mote_op_aten_fmin),
    MOTE_TORCH_OP("heaviside | promote 0 1", mote_op_aten_heaviside),
    MOTE_TORCH_OP("ldexp.Tensor | float 0 1", mote_op_aten_ldexp),
    MOTE_TORCH_OP("gcd | promote 0 1", mote_op_aten_gcd),
    MOTE_TORCH_OP("lcm | promote 0 1", mote_op_aten_lcm),
    MOTE_TORCH_OP("igamma special_gammainc | float 0 1", mote_op_aten_igamma),
    MOTE_TORCH_OP("igammac special_gammaincc | float 0 1", mote_op_aten_igammac),
    MOTE_TORCH_OP("special_chebyshev_polynomial_t .x_scalar .n_scalar | float 0 1", mote_op_aten_chebyshev_t),
    MOTE_TORCH_OP("special_chebyshev_polynomial_u .x_scalar .n_scalar | float 0 1", mote_op_aten_chebyshev_u),
    MOTE_TORCH_OP("special_chebyshev_polynomial_v .x_scalar .n_scalar | float 0 1", mote_op_aten_chebyshev_v),
    MOTE_TORCH_OP("special_chebyshev_polynomial_w .x_scalar .n_scalar | float 0 1", mote_op_aten_chebyshev_w),
    MOTE_TORCH_OP("special_shifted_chebyshev_polynomial_t .x_scalar .n_scalar | float 0 1", mote_op_aten_shifted_t),
    MOTE_TORCH_OP("special_shifted_chebyshev_polynomial_u .x_scalar .n_scalar | float 0 1", mote_op_aten_shifted_u),
    MOTE_TORCH_OP("special_shifted_chebyshev_polynomial_v .x_scalar .n_scalar | float 0 1", mote_op_aten_shifted_v),
    MOTE_TORCH_OP("special_shifted_chebyshev_polynomial_w .x_scalar .n_scalar | float 0 1", mote_op_aten_shifted_w),
    MOTE_TORCH_OP("special_hermite_polynomial_h .x_scalar .n_scalar | float 0 1", mote_op_aten_hermite_h),
    MOTE_TORCH_OP("special_hermite_polynomial_he .x_scalar .n_scalar | float 0 1", mote_op_aten_hermite_he),
    MOTE_TORCH_OP("special_laguerre_polynomial_l .x_scalar .n_scalar | float 0 1", mote_op_aten_laguerre),
    MOTE_TORCH_OP("special_legendre_polynomial_p .x_scalar .n_scalar | float 0 1", mote_op_aten_legendre),
};
const mote_op_family mote_family_aten_math = {MOTE_ROWS(torch, rows)};
