// Conversions of one number between float32 and the 16-bit floats, in integers: the portable rows and the tails of
// others. Static on purpose: each file compiles its own for its instruction set. Tests: tests/kernels/check_half.c
#ifndef MOTE_KERNELS_HALF_BITS_H
#define MOTE_KERNELS_HALF_BITS_H

#include <string.h>

#include "base/compiler.h"

static inline uint32_t mote_bits_of(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static inline float mote_float_of(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}

// binary16: 1 sign, 5 exponent (bias 15), 10 mantissa bits.
static inline float mote_half_to_float(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff;
  if (exponent == 31) // infinity; NaN becomes quiet
    return mote_float_of(sign | 0x7f800000 | mantissa << 13 | (mantissa != 0 ? 0x400000 : 0));
  if (exponent == 0) // zero and denormals: mantissa * 2^-24, exact
    return mote_float_of(sign | mote_bits_of((float)mantissa * 0x1p-24f));
  return mote_float_of(sign | (exponent + 112) << 23 | mantissa << 13);
}

static inline uint16_t mote_half_of_float(float x) {
  const uint32_t u = mote_bits_of(x), magnitude = u & 0x7fffffff;
  const uint16_t sign = (uint16_t)(u >> 16 & 0x8000);
  if (magnitude > 0x7f800000)
    return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x47800000) // 65536 and up, infinity
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // below 2^-14: adding 1/2 leaves the result's bits, rounded to even, at the bottom
    const uint32_t sum = mote_bits_of(mote_float_of(magnitude) + 0.5f);
    return (uint16_t)(sign | (sum - 0x3f000000));
  }
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1); // may carry into the exponent, up to infinity
  return (uint16_t)(sign | ((rounded >> 13) - (112u << 10)));
}

// bfloat16: the upper half of a float32.
static inline float mote_bf16_to_float(uint16_t h) {
  const uint32_t u = (uint32_t)h << 16;
  return mote_float_of((u & 0x7fffffff) > 0x7f800000 ? u | 0x400000 : u);
}

static inline uint16_t mote_bf16_of_float(float x) {
  const uint32_t u = mote_bits_of(x);
  if ((u & 0x7fffffff) > 0x7f800000)
    return (uint16_t)(u >> 16 | 0x40);
  return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

#endif
