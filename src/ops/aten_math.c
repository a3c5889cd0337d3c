// The loop over the functions of aten_math.h, for floats, integers and (powers) complex numbers, the choice by a
// condition, and the rows. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_math.h"

#include "ops/aten_complex.h"
#include "ops/concat.h"

enum { P = MOTE_TORCH_PROMOTE, F = MOTE_TORCH_PROMOTE_INT };

#define X(name, id, operands, truth, value)                                                                            \
  static double fn_##name(double x, double y, double z, const mote_aten_math_attr *p) {                                \
    (void)x, (void)y, (void)z, (void)p;                                                                                \
    return value;                                                                                                      \
  }
MOTE_ATEN_FUNCTIONS(X)
#undef X

#define X(name, id, operands, truth, value) {fn_##name, operands, truth},
static const struct {
  double (*fn)(double, double, double, const mote_aten_math_attr *);
  int8_t operands;
  bool truth;
} functions[] = {MOTE_ATEN_FUNCTIONS(X)};
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
  if (a->fn < 0 || a->fn >= MOTE_ATEN_COUNT || c->n_in < functions[a->fn].operands)
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "function %lld", (long long)a->fn);
  memcpy(dim, c->in[0]->dim, sizeof dim);
  for (int32_t i = 1; i < functions[a->fn].operands; i++) {
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
  mote_out(c, 0, functions[a->fn].truth ? MOTE_BOOL : d, rank, dim);
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
  int operands = functions[fn].operands;
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
    mote_store_f64(p[0] + i * s[0], c->out[0]->dtype, 0, functions[fn].fn(v[0], v[1], v[2], &l->attr));
  }
}

static mote_status math_eval(mote_opctx *c) {
  mote_status st = MOTE_OK;
  line_state s = {*(const mote_aten_math_attr *)c->attr, &st};
  s.attr.dtype = (int32_t)c->in[0]->dtype;
  mote_walk_plan plan = {math_line, functions[s.attr.fn].operands, "math", NULL};
  MOTE_TRY(mote_walk_eval(c, &plan, &s));
  return st;
}

#define X(name_, id, operands, truth, value)                                                                           \
  static const mote_attr_field name_##_fields[] = {MOTE_ATTR(mote_aten_math_attr, fn, MOTE_ATTR_INT, MOTE_ATEN_##id),  \
                                                   MOTE_ATTR(mote_aten_math_attr, a, MOTE_ATTR_FLOAT, 0),              \
                                                   MOTE_ATTR(mote_aten_math_attr, b, MOTE_ATTR_FLOAT, 0),              \
                                                   MOTE_ATTR(mote_aten_math_attr, c, MOTE_ATTR_FLOAT, 0),              \
                                                   {NULL}};                                                            \
  const mote_op mote_op_aten_##name_ = {.name = "aten_" #name_,                                                        \
                                        .flags = MOTE_OP_STRIDED_IN,                                                   \
                                        .min_in = operands,                                                            \
                                        .max_in = operands,                                                            \
                                        .n_out = 1,                                                                    \
                                        .attr_size = sizeof(mote_aten_math_attr),                                      \
                                        .fields = name_##_fields,                                                      \
                                        .infer = math_infer,                                                           \
                                        .eval = math_eval};
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
const mote_op mote_op_aten_where = {.name = "aten_where",
                                    .flags = MOTE_OP_STRIDED_IN,
                                    .min_in = 3,
                                    .max_in = 3,
                                    .n_out = 1,
                                    .infer = where_infer,
                                    .eval = where_eval};

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
    return l->result[l->n_out++] = l->args[0].ref, MOTE_OK;
  return with(l, mote_lower_float(l, "nan", 0), mote_lower_float(l, "posinf", largest(d)),
              mote_lower_float(l, "neginf", -largest(d)));
}
// log_sigmoid and an unused buffer
static mote_status lower_log_sigmoid2(mote_lowering *l) {
  mote_low_give(l, mote_low_1(l, &mote_op_aten_log_sigmoid, l->args[0].ref));
  mote_low_give(l, mote_low_1(l, &mote_op_aten_log_sigmoid, l->args[0].ref));
  return l->st;
}

#define UN(name, op, flags)                                                                                            \
  { "aten::" name "(self)", &mote_op_aten_##op, "0", NULL, flags, mote_aten_lower_unary }
#define LOW(name, op, flags, fn)                                                                                       \
  { "aten::" name, &mote_op_aten_##op, "0", NULL, flags, fn }
#define TWO(name, op, flags)                                                                                           \
  { "aten::" name "(self, other)", &mote_op_aten_##op, "0 1", NULL, flags }
// With a number for one of the operands.
#define MIXED(name, op, a, b)                                                                                          \
  TWO(name, op, F), {"aten::" name "." a "(self, other)", &mote_op_aten_##op, "0 1", NULL, F}, {                       \
    "aten::" name "." b "(self, other)", &mote_op_aten_##op, "0 1", NULL, F                                            \
  }
#define POLYNOMIAL(name, op) MIXED("special_" name, op, "x_scalar", "n_scalar")

static const mote_torch_row rows[] = {
    UN("acos", acos, F),
    UN("arccos", acos, F),
    UN("asin", asin, F),
    UN("arcsin", asin, F),
    UN("atan", atan, F),
    UN("arctan", atan, F),
    UN("acosh", acosh, F),
    UN("arccosh", acosh, F),
    UN("asinh", asinh, F),
    UN("arcsinh", asinh, F),
    UN("atanh", atanh, F),
    UN("arctanh", atanh, F),
    UN("cosh", cosh, F),
    UN("sinh", sinh, F),
    UN("tan", tan, F),
    UN("log2", log2, F),
    UN("log10", log10, F),
    UN("exp2", exp2, F),
    UN("special_exp2", exp2, F),
    UN("erfc", erfc, F),
    UN("special_erfc", erfc, F),
    UN("erfinv", erfinv, F),
    UN("special_erfinv", erfinv, F),
    UN("special_erfcx", erfcx, F),
    UN("lgamma", lgamma, F),
    UN("special_gammaln", lgamma, F),
    UN("digamma", digamma, F),
    UN("special_digamma", digamma, F),
    UN("special_psi", digamma, F),
    UN("i0", i0, F),
    UN("special_i0", i0, F),
    UN("special_i0e", i0e, F),
    UN("special_i1", i1, F),
    UN("special_i1e", i1e, F),
    UN("special_modified_bessel_i0", i0, F),
    UN("special_modified_bessel_i1", i1, F),
    UN("special_modified_bessel_k0", k0, F),
    UN("special_modified_bessel_k1", k1, F),
    UN("special_scaled_modified_bessel_k0", k0e, F),
    UN("special_scaled_modified_bessel_k1", k1e, F),
    UN("special_bessel_j0", bessel_j0, F),
    UN("special_bessel_j1", bessel_j1, F),
    UN("special_bessel_y0", bessel_y0, F),
    UN("special_bessel_y1", bessel_y1, F),
    UN("special_spherical_bessel_j0", spherical_j0, F),
    {"aten::special_airy_ai(x)", &mote_op_aten_airy_ai, "0", NULL, F},
    UN("special_ndtr", ndtr, F),
    UN("special_log_ndtr", log_ndtr, F),
    UN("special_ndtri", ndtri, F),
    UN("special_entr", entr, F),
    UN("sinc", sinc, F),
    UN("special_sinc", sinc, F),
    UN("deg2rad", deg2rad, F),
    UN("rad2deg", rad2deg, F),
    UN("frac", frac, 0),
    UN("angle", angle, F),
    UN("selu", selu, 0),
    UN("mish", mish, 0),
    UN("log_sigmoid", log_sigmoid, 0),
    UN("isnan", isnan, 0),
    UN("isinf", isinf, 0),
    UN("isfinite", isfinite, 0),
    UN("isposinf", isposinf, 0),
    UN("isneginf", isneginf, 0),
    UN("isreal", isreal, 0),
    UN("signbit", signbit, 0),
    LOW("log_sigmoid_forward(self)", log_sigmoid, 0, lower_log_sigmoid2),
    LOW("celu(self, alpha)", celu, 0, lower_celu),
    LOW("hardshrink(self, lambd)", hardshrink, 0, lower_shrink),
    LOW("softshrink(self, lambd)", softshrink, 0, lower_softshrink),
    LOW("threshold(self, threshold, value)", threshold, 0, lower_threshold),
    LOW("logit(self, eps)", logit, F, lower_logit),
    LOW("special_logit(self, eps)", logit, F, lower_logit),
    {"aten::polygamma(n, self)", &mote_op_aten_polygamma, "- 0", NULL, F, lower_polygamma},
    {"aten::polygamma_(self, n)", &mote_op_aten_polygamma, "0 -", NULL, F, lower_polygamma},
    {"aten::special_polygamma(n, self)", &mote_op_aten_polygamma, "- 0", NULL, F, lower_polygamma},
    LOW("mvlgamma(self, p)", mvlgamma, F, lower_mvlgamma),
    LOW("special_multigammaln(self, p)", mvlgamma, F, lower_mvlgamma),
    LOW("round.decimals(self, decimals)", round_decimals, 0, lower_round),
    LOW("nan_to_num(self, nan, posinf, neginf)", nan_to_num, 0, lower_nan_to_num),
    TWO("logaddexp", logaddexp, F),
    TWO("logaddexp2", logaddexp2, F),
    {"aten::xlogy.Tensor(self, other)", &mote_op_aten_xlogy, "0 1", NULL, F},
    {"aten::xlogy.Scalar_Self(self, other)", &mote_op_aten_xlogy, "0 1", NULL, F},
    {"aten::xlogy.Scalar_Other(self, other)", &mote_op_aten_xlogy, "0 1", NULL, F},
    MIXED("special_xlogy", xlogy, "self_scalar", "other_scalar"),
    MIXED("special_xlog1py", xlog1py, "self_scalar", "other_scalar"),
    MIXED("special_zeta", zeta, "self_scalar", "other_scalar"),
    TWO("hypot", hypot, P),
    TWO("nextafter", nextafter, P),
    {"aten::copysign.Tensor(self, other)", &mote_op_aten_copysign, "0 1", NULL, F},
    {"aten::copysign.Scalar(self, other)", &mote_op_aten_copysign, "0 1", NULL, F},
    TWO("fmax", fmax, P),
    TWO("fmin", fmin, P),
    TWO("heaviside", heaviside, P),
    {"aten::ldexp.Tensor(self, other)", &mote_op_aten_ldexp, "0 1", NULL, F},
    TWO("gcd", gcd, P),
    TWO("lcm", lcm, P),
    TWO("igamma", igamma, F),
    TWO("igammac", igammac, F),
    TWO("special_gammainc", igamma, F),
    TWO("special_gammaincc", igammac, F),
    POLYNOMIAL("chebyshev_polynomial_t", chebyshev_t),
    POLYNOMIAL("chebyshev_polynomial_u", chebyshev_u),
    POLYNOMIAL("chebyshev_polynomial_v", chebyshev_v),
    POLYNOMIAL("chebyshev_polynomial_w", chebyshev_w),
    POLYNOMIAL("shifted_chebyshev_polynomial_t", shifted_t),
    POLYNOMIAL("shifted_chebyshev_polynomial_u", shifted_u),
    POLYNOMIAL("shifted_chebyshev_polynomial_v", shifted_v),
    POLYNOMIAL("shifted_chebyshev_polynomial_w", shifted_w),
    POLYNOMIAL("hermite_polynomial_h", hermite_h),
    POLYNOMIAL("hermite_polynomial_he", hermite_he),
    POLYNOMIAL("laguerre_polynomial_l", laguerre),
    POLYNOMIAL("legendre_polynomial_p", legendre),
    {NULL},
};
const mote_op_family mote_family_aten_math = {"aten_math", NULL, rows};
