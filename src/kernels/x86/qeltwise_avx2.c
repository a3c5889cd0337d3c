// Quantised element-wise work, eight codes at a time (contract: qeltwise.h). Tests: tests/kernels/check_qeltwise.c
#include <immintrin.h>

#include "base/compiler.h"

#define LANES 8
#define vf __m256
#define vi __m256i
#define LOAD_I8(p) _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(p)))
#define LOAD_U8(p) _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p)))
#define LOAD_I16(p) _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(p)))
#define LOAD_F32(p) _mm256_loadu_ps(p)
#define STORE_I8(p, v) store_i8(p, v)
#define STORE_U8(p, v) store_u8(p, v)
#define STORE_I16(p, v) _mm_storeu_si128((__m128i *)(p), words_of(v))
#define STORE_F32(p, v) _mm256_storeu_ps(p, v)
#define SET_I(x) _mm256_set1_epi32(x)
#define SET_F(x) _mm256_set1_ps(x)
#define SUB_I(a, b) _mm256_sub_epi32(a, b)
#define ADD_I(a, b) _mm256_add_epi32(a, b)
#define MUL_I(a, b) _mm256_mullo_epi32(a, b)
#define SHIFT_I(v, n) _mm256_sra_epi32(v, _mm_cvtsi32_si128(n))
#define MIN_I(a, b) _mm256_min_epi32(a, b)
#define MAX_I(a, b) _mm256_max_epi32(a, b)
#define TO_F(v) _mm256_cvtepi32_ps(v)
#define ADD(a, b) _mm256_add_ps(a, b)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define DIV(a, b) _mm256_div_ps(a, b)
#define MIN(a, b) _mm256_min_ps(a, b)
#define MAX(a, b) _mm256_max_ps(a, b)
#define AND_F(a, b) _mm256_and_ps(a, b)
#define OR_F(a, b) _mm256_or_ps(a, b)
#define ROUND(v) _mm256_cvtps_epi32(v)
#define TRUNCATE(v) _mm256_cvttps_epi32(v)

MOTE_INLINE __m128i words_of(__m256i v) {
  return _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

MOTE_INLINE void store_i8(void *p, __m256i v) {
  __m128i w = words_of(v);
  _mm_storel_epi64((__m128i *)p, _mm_packs_epi16(w, w));
}

MOTE_INLINE void store_u8(void *p, __m256i v) {
  __m128i w = words_of(v);
  _mm_storel_epi64((__m128i *)p, _mm_packus_epi16(w, w));
}

#define ROW_NAME mote_q_eltwise_8__avx2
#define ROW_TEXT "mote_q_eltwise_8__avx2"
#define ROW_NEEDS MOTE_CPU_AVX2
#include "kernels/tmpl/qeltwise_body.h"
