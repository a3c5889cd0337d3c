// Quantised element-wise work, sixteen codes at a time (contract: qeltwise.h). Tests: tests/kernels/check_qeltwise.c
#include <immintrin.h>

#include "base/compiler.h"

#define LANES 16
#define vf __m512
#define vi __m512i
#define LOAD_I8(p) _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(p)))
#define LOAD_U8(p) _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(p)))
#define LOAD_I16(p) _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(p)))
#define LOAD_F32(p) _mm512_loadu_ps(p)
#define STORE_I8(p, v) _mm_storeu_si128((__m128i *)(p), _mm512_cvtepi32_epi8(v))
#define STORE_U8(p, v) _mm_storeu_si128((__m128i *)(p), _mm512_cvtepi32_epi8(v))
#define STORE_I16(p, v) _mm256_storeu_si256((__m256i *)(p), _mm512_cvtepi32_epi16(v))
#define STORE_F32(p, v) _mm512_storeu_ps(p, v)
#define SET_I(x) _mm512_set1_epi32(x)
#define SET_F(x) _mm512_set1_ps(x)
#define SUB_I(a, b) _mm512_sub_epi32(a, b)
#define ADD_I(a, b) _mm512_add_epi32(a, b)
#define MUL_I(a, b) _mm512_mullo_epi32(a, b)
#define SHIFT_I(v, n) _mm512_sra_epi32(v, _mm_cvtsi32_si128(n))
#define MIN_I(a, b) _mm512_min_epi32(a, b)
#define MAX_I(a, b) _mm512_max_epi32(a, b)
#define TO_F(v) _mm512_cvtepi32_ps(v)
#define ADD(a, b) _mm512_add_ps(a, b)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define DIV(a, b) _mm512_div_ps(a, b)
#define MIN(a, b) _mm512_min_ps(a, b)
#define MAX(a, b) _mm512_max_ps(a, b)
#define AND_F(a, b) _mm512_and_ps(a, b)
#define OR_F(a, b) _mm512_or_ps(a, b)
#define ROUND(v) _mm512_cvtps_epi32(v)
#define TRUNCATE(v) _mm512_cvttps_epi32(v)

#define ROW_NAME mote_q_eltwise_16__avx512
#define ROW_TEXT "mote_q_eltwise_16__avx512"
#define ROW_NEEDS MOTE_CPU_AVX512
#include "kernels/tmpl/qeltwise_body.h"
