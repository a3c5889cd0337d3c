// AVX2 operations for qconv_words_body.h and qdwconv_words_body.h. Private to the rows that include it.
#ifndef MOTE_KERNELS_QWORDS_AVX2_H
#define MOTE_KERNELS_QWORDS_AVX2_H

#include <immintrin.h>

#include "mote/mote.h"

#define LANES 8
#define vi __m256i
#define vf __m256
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define SAVE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define SET_I(x) _mm256_set1_epi32(x)
#define SET_F(x) _mm256_set1_ps(x)
#define ADD_I(a, b) _mm256_add_epi32(a, b)
#define MADD(a, b) _mm256_madd_epi16(a, b)
#define TO_F(v) _mm256_cvtepi32_ps(v)
#define LOAD_F(p) _mm256_loadu_ps(p)
#define ADD(a, b) _mm256_add_ps(a, b)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define MIN(a, b) _mm256_min_ps(a, b)
#define ROUND(v) _mm256_cvtps_epi32(v)
#define SET_W(x) _mm256_set1_epi16((short)(x))
#define SUB_W(a, b) _mm256_sub_epi16(a, b)
#define WORDS_I8(p) _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p)))
#define WORDS_U8(p) _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(p)))
#define ZERO _mm256_setzero_si256()

typedef struct requant {
  __m256 hi;      // hi - zp
  __m256i zp, lo; // 16 bits
} requant;

#define REQUANT(a)                                                                                                     \
  { SET_F((float)((a)->hi - (a)->out_zp)), _mm256_set1_epi16((short)(a)->out_zp), _mm256_set1_epi16((short)(a)->lo) }

// 16 words, in any order of their quarters, to bytes. What was below -2^31 is INT_MIN by now and saturates. After the
// clamp the low byte is the code, signed or not.
MOTE_INLINE void bytes_of(__m256i words, const requant *q, char *out) {
  words = _mm256_max_epi16(_mm256_adds_epi16(words, q->zp), q->lo);
  words = _mm256_and_si256(words, _mm256_set1_epi16(0xff));
  __m128i x = _mm256_castsi256_si128(words), y = _mm256_extracti128_si256(words, 1);
  _mm_storeu_si128((__m128i *)out, _mm_packus_epi16(x, y));
}

#endif
