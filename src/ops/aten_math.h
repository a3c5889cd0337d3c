// Functions of one to three numbers that have no kernel of their own: one loop for all, in float64.
// Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_MATH_H
#define MOTE_OPS_ATEN_MATH_H

#include "ops/aten_kit.h"

// name, operands, result is bool, value: x, y, z are the operands, p->a, p->b, p->c parameters, p->dtype their type.
#define MOTE_ATEN_FUNCTIONS(X)                                                                                         \
  X(acos, ACOS, 1, 0, acos(x))                                                                                         \
  X(asin, ASIN, 1, 0, asin(x))                                                                                         \
  X(atan, ATAN, 1, 0, atan(x))                                                                                         \
  X(acosh, ACOSH, 1, 0, acosh(x))                                                                                      \
  X(asinh, ASINH, 1, 0, asinh(x))                                                                                      \
  X(atanh, ATANH, 1, 0, atanh(x))                                                                                      \
  X(cosh, COSH, 1, 0, cosh(x))                                                                                         \
  X(sinh, SINH, 1, 0, sinh(x))                                                                                         \
  X(tan, TAN, 1, 0, tan(x))                                                                                            \
  X(log2, LOG2, 1, 0, log2(x))                                                                                         \
  X(log10, LOG10, 1, 0, log10(x))                                                                                      \
  X(exp2, EXP2, 1, 0, exp2(x))                                                                                         \
  X(erfc, ERFC, 1, 0, erfc(x))                                                                                         \
  X(erfinv, ERFINV, 1, 0, mote_special_erfinv(x))                                                                      \
  X(erfcx, ERFCX, 1, 0, mote_special_erfcx(x))                                                                         \
  X(lgamma, LGAMMA, 1, 0, mote_special_lgamma(x))                                                                      \
  X(digamma, DIGAMMA, 1, 0, mote_special_digamma(x))                                                                   \
  X(polygamma, POLYGAMMA, 1, 0, mote_special_polygamma((int)p->a, x))                                                  \
  X(mvlgamma, MVLGAMMA, 1, 0, mote_special_mvlgamma(x, (int)p->a))                                                     \
  X(i0, I0, 1, 0, mote_special_in(x, 0, false))                                                                        \
  X(i0e, I0E, 1, 0, mote_special_in(x, 0, true))                                                                       \
  X(i1, I1, 1, 0, mote_special_in(x, 1, false))                                                                        \
  X(i1e, I1E, 1, 0, mote_special_in(x, 1, true))                                                                       \
  X(k0, K0, 1, 0, mote_special_kn(x, 0, false))                                                                        \
  X(k0e, K0E, 1, 0, mote_special_kn(x, 0, true))                                                                       \
  X(k1, K1, 1, 0, mote_special_kn(x, 1, false))                                                                        \
  X(k1e, K1E, 1, 0, mote_special_kn(x, 1, true))                                                                       \
  X(bessel_j0, BESSEL_J0, 1, 0, mote_special_bessel(x, 0, false))                                                      \
  X(bessel_j1, BESSEL_J1, 1, 0, mote_special_bessel(x, 1, false))                                                      \
  X(bessel_y0, BESSEL_Y0, 1, 0, mote_special_bessel(x, 0, true))                                                       \
  X(bessel_y1, BESSEL_Y1, 1, 0, mote_special_bessel(x, 1, true))                                                       \
  X(spherical_j0, SPHERICAL_J0, 1, 0, x == 0 ? 1 : isinf(x) ? 0 : sin(x) / x)                                          \
  X(airy_ai, AIRY_AI, 1, 0, mote_special_airy(x))                                                                      \
  X(ndtr, NDTR, 1, 0, 0.5 * erfc(-x * 0.7071067811865476))                                                             \
  X(log_ndtr, LOG_NDTR, 1, 0, mote_special_log_ndtr(x))                                                                \
  X(ndtri, NDTRI, 1, 0, mote_special_erfinv(2 * x - 1) * 1.4142135623730951)                                           \
  X(sinc, SINC, 1, 0, x == 0 ? 1 : sin(3.141592653589793 * x) / (3.141592653589793 * x))                               \
  X(deg2rad, DEG2RAD, 1, 0, x * 0.017453292519943295)                                                                  \
  X(rad2deg, RAD2DEG, 1, 0, x * 57.29577951308232)                                                                     \
  X(frac, FRAC, 1, 0, x - trunc(x))                                                                                    \
  X(angle, ANGLE, 1, 0, x != x ? x : x < 0 ? 3.141592653589793 : 0)                                                    \
  X(selu, SELU, 1, 0, x > 0 ? x * 1.0507009873554805 : 1.0507009873554805 * 1.6732632423543772 * expm1(x))             \
  X(celu, CELU, 1, 0, x > 0 ? x : p->a * expm1(x / p->a))                                                              \
  X(elu3, ELU3, 1, 0, x > 0 ? x * p->b : p->a * p->b * expm1(x * p->c))                                                \
  X(mish, MISH, 1, 0, x *tanh(x > 20 ? x : log1p(exp(x))))                                                             \
  X(hardshrink, HARDSHRINK, 1, 0, x >= -p->a && x <= p->a ? 0 : x)                                                     \
  X(softshrink, SOFTSHRINK, 1, 0, x > p->a ? x - p->a : x < -p->a ? x + p->a : x != x ? x : 0)                         \
  X(tanhshrink, TANHSHRINK, 1, 0, x - tanh(x))                                                                         \
  X(threshold, THRESHOLD, 1, 0, x <= p->a ? p->b : x)                                                                  \
  X(log_sigmoid, LOG_SIGMOID, 1, 0, (x < 0 ? x : 0) - log1p(exp(-fabs(x))))                                            \
  X(logit, LOGIT, 1, 0, mote_special_logit(x, p->a))                                                                   \
  X(entr, ENTR, 1, 0, x != x ? x : x > 0 ? -x * log(x) : x == 0 ? 0 : -HUGE_VAL)                                       \
  X(nan_to_num, NAN_TO_NUM, 1, 0, x != x ? p->a : x == HUGE_VAL ? p->b : x == -HUGE_VAL ? p->c : x)                    \
  X(round_decimals, ROUND_DECIMALS, 1, 0, mote_special_round(x, (int)p->a))                                            \
  X(isnan, ISNAN, 1, 1, x != x)                                                                                        \
  X(isinf, ISINF, 1, 1, isinf(x))                                                                                      \
  X(isfinite, ISFINITE, 1, 1, isfinite(x))                                                                             \
  X(isposinf, ISPOSINF, 1, 1, x == HUGE_VAL)                                                                           \
  X(isneginf, ISNEGINF, 1, 1, x == -HUGE_VAL)                                                                          \
  X(isreal, ISREAL, 1, 1, x == x || x != x)                                                                            \
  X(signbit, SIGNBIT, 1, 1, signbit(x) != 0)                                                                           \
  X(floor_divide, FLOOR_DIVIDE, 2, 0, mote_special_floor_divide(x, y))                                                 \
  X(remainder, REMAINDER, 2, 0, mote_special_remainder(x, y))                                                          \
  X(fmod, FMOD, 2, 0, fmod(x, y))                                                                                      \
  X(pow, POW, 2, 0, pow(x, y))                                                                                         \
  X(shl, SHL, 2, 0, x *exp2(y))                                                                                        \
  X(shr, SHR, 2, 0, floor(x / exp2(y)))                                                                                \
  X(logaddexp, LOGADDEXP, 2, 0, mote_special_logaddexp(x, y))                                                          \
  X(logaddexp2, LOGADDEXP2, 2, 0,                                                                                      \
    mote_special_logaddexp(x * 0.6931471805599453, y * 0.6931471805599453) * 1.4426950408889634)                       \
  X(xlogy, XLOGY, 2, 0, y != y ? y : x == 0 ? 0 : x * log(y))                                                          \
  X(xlog1py, XLOG1PY, 2, 0, y != y ? y : x == 0 ? 0 : x * log1p(y))                                                    \
  X(hypot, HYPOT, 2, 0, hypot(x, y))                                                                                   \
  X(nextafter, NEXTAFTER, 2, 0, mote_special_nextafter(p->dtype, x, y))                                                \
  X(copysign, COPYSIGN, 2, 0, copysign(x, y))                                                                          \
  X(fmax, FMAX, 2, 0, fmax(x, y))                                                                                      \
  X(fmin, FMIN, 2, 0, fmin(x, y))                                                                                      \
  X(heaviside, HEAVISIDE, 2, 0, x != x ? x : x == 0 ? y : x > 0)                                                       \
  X(ldexp, LDEXP, 2, 0, x *exp2(y))                                                                                    \
  X(gcd, GCD, 2, 0, 0)                                                                                                 \
  X(lcm, LCM, 2, 0, 0)                                                                                                 \
  X(igamma, IGAMMA, 2, 0, mote_special_igamma(x, y, false))                                                            \
  X(igammac, IGAMMAC, 2, 0, mote_special_igamma(x, y, true))                                                           \
  X(zeta, ZETA, 2, 0, mote_special_zeta(x, y))                                                                         \
  X(chebyshev_t, CHEBYSHEV_T, 2, 0, mote_special_polynomial('t', x, y))                                                \
  X(chebyshev_u, CHEBYSHEV_U, 2, 0, mote_special_polynomial('u', x, y))                                                \
  X(chebyshev_v, CHEBYSHEV_V, 2, 0, mote_special_polynomial('v', x, y))                                                \
  X(chebyshev_w, CHEBYSHEV_W, 2, 0, mote_special_polynomial('w', x, y))                                                \
  X(shifted_t, SHIFTED_T, 2, 0, mote_special_polynomial('t', 2 * x - 1, y))                                            \
  X(shifted_u, SHIFTED_U, 2, 0, mote_special_polynomial('u', 2 * x - 1, y))                                            \
  X(shifted_v, SHIFTED_V, 2, 0, mote_special_polynomial('v', 2 * x - 1, y))                                            \
  X(shifted_w, SHIFTED_W, 2, 0, mote_special_polynomial('w', 2 * x - 1, y))                                            \
  X(hermite_h, HERMITE_H, 2, 0, mote_special_polynomial('h', x, y))                                                    \
  X(hermite_he, HERMITE_HE, 2, 0, mote_special_polynomial('e', x, y))                                                  \
  X(laguerre, LAGUERRE, 2, 0, mote_special_polynomial('l', x, y))                                                      \
  X(legendre, LEGENDRE, 2, 0, mote_special_polynomial('p', x, y))                                                      \
  X(lerp, LERP, 3, 0, fabs(z) < 0.5 ? x + z * (y - x) : y - (y - x) * (1 - z))

#define X(name, id, operands, truth, value) MOTE_ATEN_##id,
enum { MOTE_ATEN_FUNCTIONS(X) MOTE_ATEN_COUNT };
#undef X

typedef struct mote_aten_math_attr {
  int64_t fn;
  double a, b, c;
  int32_t dtype; // set by the operator
} mote_aten_math_attr;

#define X(name, id, operands, truth, value) extern const mote_op mote_op_aten_##name;
MOTE_ATEN_FUNCTIONS(X)
#undef X
// condition, x, y: elements of any type
extern const mote_op mote_op_aten_where;

// aten_special.c
double mote_special_erfinv(double x);
double mote_special_erfcx(double x);
double mote_special_lgamma(double x);
double mote_special_digamma(double x);
double mote_special_polygamma(int n, double x);
double mote_special_mvlgamma(double x, int p);
double mote_special_zeta(double x, double q);
double mote_special_in(double x, int order, bool scaled);
double mote_special_kn(double x, int order, bool scaled);
double mote_special_bessel(double x, int order, bool second);
double mote_special_airy(double x);
double mote_special_log_ndtr(double x);
double mote_special_logit(double x, double eps);
double mote_special_round(double x, int decimals);
double mote_special_floor_divide(double x, double y);
double mote_special_remainder(double x, double y);
double mote_special_logaddexp(double x, double y);
double mote_special_nextafter(int32_t dtype, double x, double y);
double mote_special_igamma(double a, double x, bool upper);
double mote_special_polynomial(char kind, double x, double n);

#endif
