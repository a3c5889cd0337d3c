// The vector type of the kernel templates for NEON: 4 lanes. See vf_c.h for the meaning.
// Knows no family. Tests: all of tests/kernels
#ifndef MOTE_KERNELS_VF_NEON_H
#define MOTE_KERNELS_VF_NEON_H

#include <arm_neon.h>

#include "base/compiler.h"

#define VF_UNROLL MOTE_UNROLL
#define VM_FUNCTION MOTE_INLINE
#define VF_ISA "neon"
#define VF_FEATURES MOTE_CPU_NEON
#define VF_NAME(stem) mote_f32_##stem##4__neon
enum { VF_W = 4 };
typedef float32x4_t vf;
typedef uint32x4_t vm;
typedef int32x4_t vi;

MOTE_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
MOTE_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
MOTE_INLINE void vf_store(float *p, vf a) { vst1q_f32(p, a); }
MOTE_INLINE vf vf_load_n(const float *p, size_t n) {
  vf a = vdupq_n_f32(0.0f);
  a = vld1q_lane_f32(p, a, 0);
  if (n > 1)
    a = vld1q_lane_f32(p + 1, a, 1);
  if (n > 2)
    a = vld1q_lane_f32(p + 2, a, 2);
  return a;
}
MOTE_INLINE void vf_store_n(float *p, vf a, size_t n) {
  vst1q_lane_f32(p, a, 0);
  if (n > 1)
    vst1q_lane_f32(p + 1, a, 1);
  if (n > 2)
    vst1q_lane_f32(p + 2, a, 2);
}
MOTE_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
MOTE_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
MOTE_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
MOTE_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
MOTE_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
MOTE_INLINE vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
// Not vmaxq: its treatment of NaN and of zeros of both signs differs from the other rows.
MOTE_INLINE vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
MOTE_INLINE vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
MOTE_INLINE vf vf_floor(vf a) { return vrndmq_f32(a); }
MOTE_INLINE vf vf_ceil(vf a) { return vrndpq_f32(a); }
MOTE_INLINE vf vf_trunc(vf a) { return vrndq_f32(a); }
MOTE_INLINE vf vf_rint(vf a) { return vrndnq_f32(a); }
MOTE_INLINE vm vf_lt(vf a, vf b) { return vcltq_f32(a, b); }
MOTE_INLINE vm vf_eq(vf a, vf b) { return vceqq_f32(a, b); }
MOTE_INLINE vm vf_nan(vf a) { return vmvnq_u32(vceqq_f32(a, a)); }
MOTE_INLINE vf vf_sel(vm m, vf a, vf b) { return vbslq_f32(m, a, b); }
MOTE_INLINE vi vf_bits(vf a) { return vreinterpretq_s32_f32(a); }
MOTE_INLINE vf vi_float_of_bits(vi a) { return vreinterpretq_f32_s32(a); }
MOTE_INLINE vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
MOTE_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
MOTE_INLINE vi vi_sub(vi a, vi b) { return vsubq_s32(a, b); }
MOTE_INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
MOTE_INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
MOTE_INLINE vi vi_shl23(vi a) { return vshlq_n_s32(a, 23); }
MOTE_INLINE vi vi_sar23(vi a) { return vshrq_n_s32(a, 23); }
MOTE_INLINE vi vi_sar1(vi a) { return vshrq_n_s32(a, 1); }
MOTE_INLINE vf vi_to_float(vi a) { return vcvtq_f32_s32(a); }
MOTE_INLINE vi vf_to_int(vf a) { return vcvtq_s32_f32(a); }

#endif
