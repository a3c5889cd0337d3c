// The vector type of the kernel templates, one lane wide: portable C. Each vf_<isa>.h gives the same names; a template
// is compiled once for each. Semantics that differ from the obvious: vf_max(a, b) is a > b ? a : b and vf_min(a, b) is
// a < b ? a : b (the second operand when either is NaN, or both are zero); vf_fma rounds once.
// Knows no family. Tests: all of tests/kernels
#ifndef MOTE_KERNELS_VF_C_H
#define MOTE_KERNELS_VF_C_H

#include <math.h>
#include <string.h>

#include "base/compiler.h"

#define VF_UNROLL // in front of a loop over vectors that should lie in registers; here they are too many
#define VM_FUNCTION static MOTE_NOINLINE MOTE_UNUSED // how vmath.h defines what is large; nobody waits for this row
#define VF_ISA "c"
#define VF_FEATURES 0
#define VF_NAME(stem) mote_f32_##stem##1__c
enum { VF_W = 1 };
typedef float vf;
typedef bool vm;    // one truth a lane
typedef int32_t vi; // one integer a lane

MOTE_INLINE vf vf_set1(float x) { return x; }
MOTE_INLINE vf vf_load(const float *p) { return *p; }
MOTE_INLINE void vf_store(float *p, vf a) { *p = a; }
// The first n lanes, 0 < n < VF_W, zeros behind; touches no byte past them. Never called at one lane.
MOTE_INLINE vf vf_load_n(const float *p, size_t n) {
  (void)n;
  return *p;
}
MOTE_INLINE void vf_store_n(float *p, vf a, size_t n) {
  (void)n;
  *p = a;
}
MOTE_INLINE vf vf_add(vf a, vf b) { return a + b; }
MOTE_INLINE vf vf_sub(vf a, vf b) { return a - b; }
MOTE_INLINE vf vf_mul(vf a, vf b) { return a * b; }
MOTE_INLINE vf vf_div(vf a, vf b) { return a / b; }
MOTE_INLINE vf vf_fma(vf a, vf b, vf c) { return fmaf(a, b, c); }
MOTE_INLINE vf vf_sqrt(vf a) { return sqrtf(a); }
MOTE_INLINE vf vf_max(vf a, vf b) { return a > b ? a : b; }
MOTE_INLINE vf vf_min(vf a, vf b) { return a < b ? a : b; }
MOTE_INLINE vf vf_floor(vf a) { return floorf(a); }
MOTE_INLINE vf vf_ceil(vf a) { return ceilf(a); }
MOTE_INLINE vf vf_trunc(vf a) { return truncf(a); }
MOTE_INLINE vf vf_rint(vf a) { return rintf(a); }
MOTE_INLINE vm vf_lt(vf a, vf b) { return a < b; }
MOTE_INLINE vm vf_eq(vf a, vf b) { return a == b; }
MOTE_INLINE vm vf_nan(vf a) { return a != a; }
MOTE_INLINE vf vf_sel(vm m, vf a, vf b) { return m ? a : b; } // m ? a : b
MOTE_INLINE vi vf_bits(vf a) {
  int32_t i;
  memcpy(&i, &a, sizeof i);
  return i;
}
MOTE_INLINE vf vi_float_of_bits(vi a) {
  float f;
  memcpy(&f, &a, sizeof f);
  return f;
}
MOTE_INLINE vi vi_set1(int32_t x) { return x; }
MOTE_INLINE vi vi_add(vi a, vi b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
MOTE_INLINE vi vi_sub(vi a, vi b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
MOTE_INLINE vi vi_and(vi a, vi b) { return a & b; }
MOTE_INLINE vi vi_or(vi a, vi b) { return a | b; }
MOTE_INLINE vi vi_shl23(vi a) { return (int32_t)((uint32_t)a << 23); }
MOTE_INLINE vi vi_sar23(vi a) { return a >> 23; }
MOTE_INLINE vi vi_sar1(vi a) { return a >> 1; }
MOTE_INLINE vf vi_to_float(vi a) { return (float)a; }
// Lanes hold integers below 2^31 in magnitude, or NaN (any result).
MOTE_INLINE vi vf_to_int(vf a) { return a == a ? (int32_t)a : 0; }

#endif
