// The vector type of the kernel templates for AVX-512: 16 lanes. See vf_c.h for the meaning.
// Knows no family. Tests: all of tests/kernels
#ifndef MOTE_KERNELS_VF_AVX512_H
#define MOTE_KERNELS_VF_AVX512_H

#include <immintrin.h>

#include "base/compiler.h"

#define VF_UNROLL MOTE_UNROLL
#define VM_FUNCTION MOTE_INLINE
#define VF_ISA "avx512"
#define VF_FEATURES (MOTE_CPU_AVX2 | MOTE_CPU_AVX512)
#define VF_NAME(stem) mote_f32_##stem##16__avx512
enum { VF_W = 16 };
typedef __m512 vf;
typedef __mmask16 vm;
typedef __m512i vi;

MOTE_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
MOTE_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
MOTE_INLINE void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
MOTE_INLINE vf vf_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
MOTE_INLINE void vf_store_n(float *p, vf a, size_t n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), a); }
MOTE_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
MOTE_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
MOTE_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
MOTE_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
MOTE_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
MOTE_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
MOTE_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
MOTE_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
MOTE_INLINE vf vf_floor(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
MOTE_INLINE vf vf_ceil(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
MOTE_INLINE vf vf_trunc(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
MOTE_INLINE vf vf_rint(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
MOTE_INLINE vm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
MOTE_INLINE vm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
MOTE_INLINE vm vf_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
MOTE_INLINE vf vf_sel(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }
MOTE_INLINE vi vf_bits(vf a) { return _mm512_castps_si512(a); }
MOTE_INLINE vf vi_float_of_bits(vi a) { return _mm512_castsi512_ps(a); }
MOTE_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
MOTE_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
MOTE_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
MOTE_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
MOTE_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
MOTE_INLINE vi vi_shl23(vi a) { return _mm512_slli_epi32(a, 23); }
MOTE_INLINE vi vi_sar23(vi a) { return _mm512_srai_epi32(a, 23); }
MOTE_INLINE vi vi_sar1(vi a) { return _mm512_srai_epi32(a, 1); }
MOTE_INLINE vf vi_to_float(vi a) { return _mm512_cvtepi32_ps(a); }
MOTE_INLINE vi vf_to_int(vf a) { return _mm512_cvttps_epi32(a); }

#endif
