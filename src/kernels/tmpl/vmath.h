// Elementary functions on the template vector type: polynomials in fused multiply-adds, so that every instruction set
// gives the same bits. NaN stays NaN, infinities and zeros give the limits. The constants come from
// tests/kernels/fit_vmath.py, which prints their error too. Knows no family. Tests: tests/kernels/check_eltwise_f32.c
#ifndef MOTE_KERNELS_VMATH_H
#define MOTE_KERNELS_VMATH_H

#include <math.h>

MOTE_INLINE vf vm_abs(vf x) { return vi_float_of_bits(vi_and(vf_bits(x), vi_set1(0x7fffffff))); }
MOTE_INLINE vf vm_neg(vf x) { return vf_sub(vf_set1(-0.0f), x); }
// Magnitude of `x` (its sign bit clear) with the sign of `sign`.
MOTE_INLINE vf vm_with_sign(vf x, vf sign) {
  return vi_float_of_bits(vi_or(vf_bits(x), vi_and(vf_bits(sign), vi_set1(INT32_MIN))));
}
// 2^n for n in [-126, 127].
MOTE_INLINE vf vm_pow2(vi n) { return vi_float_of_bits(vi_shl23(vi_add(n, vi_set1(127)))); }

// x = n*ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts, the first short enough that n times it is exact.
MOTE_INLINE vf vm_reduce_exp(vf x, vi *n) {
  const vf whole = vf_rint(vf_mul(x, vf_set1(0x1.715476p+0f)));
  vf r = vf_fma(whole, vf_set1(-0x1.63p-1f), x);
  r = vf_fma(whole, vf_set1(0x1.bd0106p-13f), r);
  *n = vf_to_int(whole);
  return r;
}

VM_FUNCTION vf vm_exp(vf x) {
  vi n;
  // Past these the result is 0 or infinity; between them n fits in two factors, which reach the denormals.
  const vf r = vm_reduce_exp(vf_min(vf_set1(89.0f), vf_max(vf_set1(-104.0f), x)), &n);
  vf q = vf_set1(0x1.6d7ee8p-10f);
  q = vf_fma(q, r, vf_set1(0x1.123b18p-7f));
  q = vf_fma(q, r, vf_set1(0x1.5554bcp-5f));
  q = vf_fma(q, r, vf_set1(0x1.55549p-3f));
  q = vf_fma(q, r, vf_set1(0.5f));
  q = vf_fma(q, r, vf_set1(1.0f));
  q = vf_fma(q, r, vf_set1(1.0f));
  const vi half = vi_sar1(n);
  return vf_mul(vf_mul(q, vm_pow2(half)), vm_pow2(vi_sub(n, half)));
}

VM_FUNCTION vf vm_expm1(vf x) {
  vi n;
  const vf r = vm_reduce_exp(vf_min(vf_set1(89.0f), vf_max(vf_set1(-40.0f), x)), &n);
  vf q = vf_set1(0x1.a242f6p-13f);
  q = vf_fma(q, r, vf_set1(0x1.6d3cecp-10f));
  q = vf_fma(q, r, vf_set1(0x1.111004p-7f));
  q = vf_fma(q, r, vf_set1(0x1.5554f6p-5f));
  q = vf_fma(q, r, vf_set1(0x1.555556p-3f));
  q = vf_fma(q, r, vf_set1(0.5f));
  const vf p = vf_fma(vf_mul(r, r), q, r);
  // 2^n p + (2^n - 1), halved on the way since 2^128 is no float.
  const vf t = vm_pow2(vi_sub(n, vi_set1(1)));
  const vf half = vf_fma(t, p, vf_sub(t, vf_set1(0.5f)));
  return vf_sel(vf_eq(x, vf_set1(0.0f)), x, vf_add(half, half));
}

VM_FUNCTION vf vm_log(vf x) {
  const vm denormal = vf_lt(x, vf_set1(0x1p-126f));
  const vi bits = vf_bits(vf_sel(denormal, vf_mul(x, vf_set1(0x1p23f)), x));
  // Mantissa in [sqrt(1/2), sqrt 2): 0x3f3504f3 is sqrt(1/2).
  const vi e = vi_sar23(vi_sub(bits, vi_set1(0x3f3504f3)));
  const vf f = vf_sub(vi_float_of_bits(vi_sub(bits, vi_shl23(e))), vf_set1(1.0f));
  const vf ef = vf_add(vi_to_float(e), vf_sel(denormal, vf_set1(-23.0f), vf_set1(0.0f)));
  vf p = vf_set1(0x1.1b4374p-4f);
  p = vf_fma(p, f, vf_set1(-0x1.e2e482p-4f));
  p = vf_fma(p, f, vf_set1(0x1.e64d7p-4f));
  p = vf_fma(p, f, vf_set1(-0x1.fb43dep-4f));
  p = vf_fma(p, f, vf_set1(0x1.233306p-3f));
  p = vf_fma(p, f, vf_set1(-0x1.5562ep-3f));
  p = vf_fma(p, f, vf_set1(0x1.99a542p-3f));
  p = vf_fma(p, f, vf_set1(-0x1.ffffeep-3f));
  p = vf_fma(p, f, vf_set1(0x1.555546p-2f));
  const vf f2 = vf_mul(f, f);
  vf r = vf_mul(vf_mul(f, f2), p);
  r = vf_fma(ef, vf_set1(-0x1.bd0106p-13f), r);
  r = vf_fma(vf_set1(-0.5f), f2, r);
  r = vf_add(r, f);
  r = vf_fma(ef, vf_set1(0x1.63p-1f), r);
  r = vf_sel(vf_eq(x, vf_set1(0.0f)), vf_set1(-INFINITY), r);
  r = vf_sel(vf_lt(x, vf_set1(0.0f)), vf_set1(NAN), r);
  return vf_sel(vf_lt(x, vf_set1(INFINITY)), r, x); // infinity and NaN
}

// log(1+x) from the logarithm of the rounded sum u, corrected by what rounding lost.
MOTE_INLINE vf vm_log1p_of_log(vf x, vf u, vf log) {
  const vf lost = vf_div(vf_sub(x, vf_sub(u, vf_set1(1.0f))), u);
  const vf edge = vf_sel(vf_eq(u, vf_set1(0.0f)), vf_set1(-INFINITY), vf_add(log, lost));
  const vf big = vf_sel(vf_lt(x, vf_set1(INFINITY)), edge, x);
  return vf_sel(vf_eq(x, vf_set1(0.0f)), x, big);
}

// 1/(1 + exp(-x)) from z = exp(-|x|), which cannot overflow.
MOTE_INLINE vf vm_sigmoid_of_exp(vf x, vf z) {
  const vf top = vf_sel(vf_lt(x, vf_set1(0.0f)), z, vf_set1(1.0f));
  return vf_div(top, vf_add(vf_set1(1.0f), z));
}

// tanh |x| = -t/(2+t), t = expm1(-2|x|): no cancellation anywhere.
MOTE_INLINE vf vm_tanh_of_expm1(vf x, vf t) { return vm_with_sign(vm_abs(vf_div(t, vf_add(vf_set1(2.0f), t))), x); }

VM_FUNCTION vf vm_erf(vf x) {
  const vf a = vf_min(vf_set1(4.0f), vm_abs(x)); // erfc(4) is below half a unit of 1
  const vf s = vf_mul(a, a);
  vf p = vf_set1(-0x1.398912p-11f);
  p = vf_fma(p, s, vf_set1(0x1.4723dep-8f));
  p = vf_fma(p, s, vf_set1(-0x1.b689b6p-6f));
  p = vf_fma(p, s, vf_set1(0x1.ce1a88p-4f));
  p = vf_fma(p, s, vf_set1(-0x1.8126e8p-2f));
  p = vf_fma(p, s, vf_set1(0x1.06eba6p-3f));
  const vf near = vf_fma(a, p, a);
  vf q = vf_set1(0x1.2f4426p-19f);
  q = vf_fma(q, a, vf_set1(-0x1.2e962ap-15f));
  q = vf_fma(q, a, vf_set1(0x1.dfeaa4p-13f));
  q = vf_fma(q, a, vf_set1(-0x1.21ab6cp-11f));
  q = vf_fma(q, a, vf_set1(-0x1.c372eep-10f));
  q = vf_fma(q, a, vf_set1(0x1.5aa5ccp-6f));
  q = vf_fma(q, a, vf_set1(-0x1.aa6394p-4f));
  q = vf_fma(q, a, vf_set1(-0x1.45b22ap-1f));
  q = vf_fma(q, a, vf_set1(-0x1.20e2bep+0f));
  const vf far = vf_sub(vf_set1(1.0f), vm_exp(vf_mul(a, q)));
  return vm_with_sign(vf_sel(vf_lt(a, vf_set1(0.925f)), near, far), x);
}

#endif
