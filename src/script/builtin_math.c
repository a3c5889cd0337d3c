// Builtin functions of Python's math module. Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <math.h>

#define PI 3.14159265358979323846

typedef double real_fn(double);

static mote_status unary(mote_vm *vm, const mote_val *a, real_fn *fn, mote_val *out) {
  MOTE_WANT_NUM(vm, a[0]);
  *out = mote_val_float(fn(mote_num(a[0])));
  return MOTE_OK;
}

static double to_degrees(double x) { return x * (180.0 / PI); }
static double to_radians(double x) { return x * (PI / 180.0); }
static double gamma_of(double x) { return tgamma(x); }

#define UNARY(name)                                                                                                    \
  static mote_status m_##name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                   \
    return (void)n, unary(vm, a, name, out);                                                                           \
  }
UNARY(sin)
UNARY(cos)
UNARY(tan)
UNARY(asin)
UNARY(acos)
UNARY(atan)
UNARY(sinh)
UNARY(cosh)
UNARY(tanh)
UNARY(asinh)
UNARY(acosh)
UNARY(atanh)
UNARY(exp)
UNARY(expm1)
UNARY(log1p)
UNARY(log10)
UNARY(sqrt)
UNARY(fabs)
UNARY(erf)
UNARY(erfc)
UNARY(lgamma)
UNARY(gamma_of)
UNARY(to_degrees)
UNARY(to_radians)
UNARY(rint)

static mote_status m_log(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  if (n < 2)
    return unary(vm, a, log, out);
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_NUM(vm, a[1]);
  *out = mote_val_float(log(mote_num(a[0])) / log(mote_num(a[1])));
  return MOTE_OK;
}

static mote_status to_int(mote_vm *vm, const mote_val *a, real_fn *fn, mote_val *out) {
  MOTE_WANT_NUM(vm, a[0]);
  double f = fn(mote_num(a[0]));
  if (!(f >= -9223372036854775808.0 && f < 9223372036854775808.0))
    return mote_vm_raise(vm, "RuntimeError", "cannot convert float %g to integer", f);
  *out = mote_val_int((int64_t)f);
  return MOTE_OK;
}
static mote_status m_floor(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, to_int(vm, a, floor, out);
}
static mote_status m_ceil(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, to_int(vm, a, ceil, out);
}

static mote_status binary(mote_vm *vm, const mote_val *a, double (*fn)(double, double), mote_val *out) {
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_NUM(vm, a[1]);
  *out = mote_val_float(fn(mote_num(a[0]), mote_num(a[1])));
  return MOTE_OK;
}

#define BINARY(name)                                                                                                   \
  static mote_status m_##name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                   \
    return (void)n, binary(vm, a, name, out);                                                                          \
  }
BINARY(atan2)
BINARY(copysign)
BINARY(fmod)
BINARY(remainder)

static mote_status m_ldexp(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  int64_t e = a[1].u.i;
  *out = mote_val_float(ldexp(mote_num(a[0]), (int)(e > 10000 ? 10000 : e < -10000 ? -10000 : e)));
  return MOTE_OK;
}

static mote_status m_frexp(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  int e = 0;
  MOTE_WANT_NUM(vm, a[0]);
  out[0] = mote_val_float(frexp(mote_num(a[0]), &e));
  out[1] = mote_val_int(e);
  return MOTE_OK;
}

static mote_status m_modf(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  double whole;
  MOTE_WANT_NUM(vm, a[0]);
  out[0] = mote_val_float(modf(mote_num(a[0]), &whole));
  out[1] = mote_val_float(whole);
  return MOTE_OK;
}

static mote_status m_gcd(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  uint64_t x = a[0].u.i < 0 ? 0 - (uint64_t)a[0].u.i : (uint64_t)a[0].u.i;
  uint64_t y = a[1].u.i < 0 ? 0 - (uint64_t)a[1].u.i : (uint64_t)a[1].u.i;
  while (y) {
    uint64_t r = x % y;
    x = y;
    y = r;
  }
  *out = mote_val_int((int64_t)x);
  return MOTE_OK;
}

static mote_status m_factorial(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  if (a[0].u.i < 0)
    return mote_vm_raise(vm, "ValueError", "factorial() not defined for negative values");
  uint64_t r = 1;
  for (int64_t i = 2; i <= a[0].u.i && r != 0; i++)
    r *= (uint64_t)i;
  *out = mote_val_int((int64_t)r);
  return MOTE_OK;
}

static mote_status m_angle(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  if (a[0].tag == MOTE_TAG_COMPLEX) {
    *out = mote_val_float(atan2(a[0].u.complex->im, a[0].u.complex->re));
    return MOTE_OK;
  }
  MOTE_WANT_NUM(vm, a[0]);
  *out = mote_val_float(mote_num(a[0]) < 0 ? PI : 0);
  return MOTE_OK;
}

const mote_builtin mote_builtin_math[] = {
    {"sin.int .float .Scalar", m_sin},
    {"cos.=", m_cos},
    {"tan.=", m_tan},
    {"asin.=", m_asin},
    {"acos.=", m_acos},
    {"atan.=", m_atan},
    {"sinh.=", m_sinh},
    {"cosh.=", m_cosh},
    {"tanh.=", m_tanh},
    {"asinh.=", m_asinh},
    {"acosh.=", m_acosh},
    {"atanh.=", m_atanh},
    {"exp.=", m_exp},
    {"expm1.=", m_expm1},
    {"log1p.=", m_log1p},
    {"log10.=", m_log10},
    {"sqrt.=", m_sqrt},
    {"fabs.=", m_fabs},
    {"erf.=", m_erf},
    {"erfc.=", m_erfc},
    {"lgamma.=", m_lgamma},
    {"gamma.=", m_gamma_of},
    {"degrees.=", m_to_degrees},
    {"radians.=", m_to_radians},
    {"round.=", m_rint},
    {"floor.=", m_floor},
    {"ceil.=", m_ceil},
    {"log.= .int_int .float_float .int_float .float_int .Scalar_Scalar", m_log},
    {"atan2.int .float .int_float .float_int .Scalar_Scalar", m_atan2},
    {"copysign .int .float .int_float .float_int .Scalar_Scalar", m_copysign},
    {"fmod.=", m_fmod},
    {"mathremainder.=", m_remainder},
    {"ldexp", m_ldexp},
    {"frexp", m_frexp},
    {"modf", m_modf},
    {"gcd.int", m_gcd},
    {"factorial.int", m_factorial},
    {"angle.int .float .complex .Scalar", m_angle},
    {NULL, NULL},
};
