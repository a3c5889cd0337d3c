// Rounding and clamping of quantised results: one definition that every row of every integer family repeats bit for
// bit. Knows no buffers. Tests: tests/kernels/check_qhybrid.c
#ifndef MOTE_KERNELS_QROUND_H
#define MOTE_KERNELS_QROUND_H

#include "base/compiler.h"

// How acc * scale becomes an integer.
typedef enum mote_qround {
  MOTE_QROUND_EVEN = 0,  // float32 product, halves to even: the default, and PyTorch's
  MOTE_QROUND_AWAY = 1,  // float32 product, halves away from zero: TensorFlow Lite's QUANTIZE and element-wise
  MOTE_QROUND_FIXED = 2, // 31-bit fixed point with two roundings: TensorFlow Lite's reference (strict mode)
} mote_qround;

// scale = mult * 2^(shift - 31) with mult in [2^30, 2^31), or 0.
typedef struct mote_qfix {
  int32_t mult;
  int32_t shift; // -31 .. 30
} mote_qfix;

// Any scale; too small gives 0, too large saturates.
mote_qfix mote_qfix_from(double scale);

// Clamps to [lo, hi] with the behaviour of the x86 min and max instructions: NaN gives hi.
MOTE_INLINE float mote_qclampf(float f, float lo, float hi) {
  f = f < hi ? f : hi;
  return f > lo ? f : lo;
}

// |f| <= 2^22. Adding 1.5 * 2^23 leaves no fraction bits, so the addition itself rounds to even (needs float
// arithmetic in float: FLT_EVAL_METHOD 0).
MOTE_INLINE int32_t mote_qround_even(float f) { return (int32_t)((f + 12582912.0f) - 12582912.0f); }

// |f| < 2^31. f - trunc(f) is exact, which (int)(f + 0.5f) is not.
MOTE_INLINE int32_t mote_qround_away(float f) {
  int32_t t = (int32_t)f;
  float rest = f - (float)t;
  return t + (rest >= 0.5f) - (rest <= -0.5f);
}

// TensorFlow Lite's two-step product: high half of the doubled product, rounded, then a shift right by what is left of
// the scale's shift, rounded.
MOTE_INLINE int32_t mote_qfix_high(int32_t x, mote_qfix fix) {
  int32_t shifted = (int32_t)((uint32_t)x << (fix.shift > 0 ? fix.shift : 0));
  int64_t product = (int64_t)shifted * fix.mult;
  return (int32_t)((product + (product >= 0 ? (1 << 30) : 1 - (1 << 30))) / ((int64_t)1 << 31));
}
MOTE_INLINE int32_t mote_qfix_mul(int32_t x, mote_qfix fix) {
  int right = fix.shift > 0 ? 0 : -fix.shift;
  int32_t high = mote_qfix_high(x, fix), mask = (int32_t)(((int64_t)1 << right) - 1);
  int32_t rest = high & mask, threshold = (mask >> 1) + (high < 0);
  return (int32_t)((int64_t)high >> right) + (rest > threshold);
}
// The 16-bit operators' product of a 64-bit sum: the multiplier keeps 15 bits, one rounding. Exact for
// |x| < 2^47; a larger sum, which only a made-up bias gives, wraps.
MOTE_INLINE int32_t mote_qfix_mul64(int64_t x, mote_qfix fix) {
  int64_t mult = fix.mult < 0x7fff0000 ? (fix.mult + (1 << 15)) >> 16 : 0x7fff;
  int total = 15 - fix.shift;
  if (total <= 0)
    return (int32_t)(uint32_t)((uint64_t)x * (uint64_t)mult << -total);
  return (int32_t)((int64_t)((uint64_t)x * (uint64_t)mult + ((uint64_t)1 << (total - 1))) >> total);
}

// 16-bit fixed point with saturation, in 32-bit variables. Product of numbers in [-1, 1), rounded as in mote_qfix_mul;
// x * 2^n, halves away from 0 where n is negative.
MOTE_INLINE int32_t mote_q16_fit(int64_t x) {
  return (int32_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
}
MOTE_INLINE int32_t mote_q16_mul(int32_t a, int32_t b) {
  int32_t p = a * b;
  return mote_q16_fit((p + (p < 0 ? 1 - (1 << 14) : 1 << 14)) / (1 << 15));
}
MOTE_INLINE int32_t mote_q16_shift(int32_t x, int n) {
  if (n >= 0)
    return mote_q16_fit(x * ((int64_t)1 << (n < 30 ? n : 30)));
  int32_t d = 1 << (n > -30 ? -n : 30);
  return (x + (x < 0 ? -(d / 2) : d / 2)) / d;
}

// clamp(round(acc * scale) + zp, lo, hi). The bounds are integers, so clamping before rounding is the same; lo - zp and
// hi - zp must lie within +-2^22.
MOTE_INLINE int32_t mote_qrequant(int32_t acc, float scale, mote_qround round, int32_t zp, int32_t lo, int32_t hi) {
  float f = mote_qclampf((float)acc * scale, (float)(lo - zp), (float)(hi - zp));
  return (round == MOTE_QROUND_AWAY ? mote_qround_away(f) : mote_qround_even(f)) + zp;
}

MOTE_INLINE int32_t mote_qrequant_fixed(int32_t acc, mote_qfix fix, int32_t zp, int32_t lo, int32_t hi) {
  int64_t q = (int64_t)mote_qfix_mul(acc, fix) + zp;
  return (int32_t)(q < lo ? lo : q > hi ? hi : q);
}

// mote_qfix_mul and mote_qrequant_fixed as functions, for code that is built small.
int32_t mote_qfix_times(int32_t x, mote_qfix fix);
int32_t mote_qfix_code(int32_t x, mote_qfix fix, int32_t zp, int32_t lo, int32_t hi);

// A value already divided by its scale, of any size.
MOTE_INLINE int32_t mote_qround_value(float f, mote_qround round, int32_t zp, int32_t lo, int32_t hi) {
  f = mote_qclampf(f, (float)(lo - zp), (float)(hi - zp));
  return (round == MOTE_QROUND_EVEN ? mote_qround_even(f) : mote_qround_away(f)) + zp;
}

#endif
