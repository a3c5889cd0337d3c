// The vector type of the kernel templates for AVX2 and FMA: 8 lanes. See vf_c.h for the meaning.
// Knows no family. Tests: all of tests/kernels
#ifndef MOTE_KERNELS_VF_AVX2_H
#define MOTE_KERNELS_VF_AVX2_H

#include <immintrin.h>

#include "base/compiler.h"

#define VF_UNROLL MOTE_UNROLL
#define VM_FUNCTION MOTE_INLINE
#define VF_ISA "avx2"
#define VF_FEATURES MOTE_CPU_AVX2
#define VF_NAME(stem) mote_f32_##stem##8__avx2
enum { VF_W = 8 };
typedef __m256 vf;
typedef __m256 vm;
typedef __m256i vi;

// All ones in the first n lanes.
MOTE_INLINE __m256i vf_first(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
MOTE_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
MOTE_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
MOTE_INLINE void vf_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
MOTE_INLINE vf vf_load_n(const float *p, size_t n) { return _mm256_maskload_ps(p, vf_first(n)); }
MOTE_INLINE void vf_store_n(float *p, vf a, size_t n) { _mm256_maskstore_ps(p, vf_first(n), a); }
MOTE_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
MOTE_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
MOTE_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
MOTE_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
MOTE_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
MOTE_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
MOTE_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
MOTE_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
MOTE_INLINE vf vf_floor(vf a) { return _mm256_floor_ps(a); }
MOTE_INLINE vf vf_ceil(vf a) { return _mm256_ceil_ps(a); }
MOTE_INLINE vf vf_trunc(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
MOTE_INLINE vf vf_rint(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
MOTE_INLINE vm vf_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
MOTE_INLINE vm vf_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
MOTE_INLINE vm vf_nan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
MOTE_INLINE vf vf_sel(vm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }
MOTE_INLINE vi vf_bits(vf a) { return _mm256_castps_si256(a); }
MOTE_INLINE vf vi_float_of_bits(vi a) { return _mm256_castsi256_ps(a); }
MOTE_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
MOTE_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
MOTE_INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
MOTE_INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
MOTE_INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
MOTE_INLINE vi vi_shl23(vi a) { return _mm256_slli_epi32(a, 23); }
MOTE_INLINE vi vi_sar23(vi a) { return _mm256_srai_epi32(a, 23); }
MOTE_INLINE vi vi_sar1(vi a) { return _mm256_srai_epi32(a, 1); }
MOTE_INLINE vf vi_to_float(vi a) { return _mm256_cvtepi32_ps(a); }
MOTE_INLINE vi vf_to_int(vf a) { return _mm256_cvttps_epi32(a); }

#endif
