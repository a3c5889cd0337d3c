// AVX-512 operations for qconv_words_body.h and qdwconv_words_body.h. Private to the rows that include it.
#ifndef MOTE_KERNELS_QWORDS_AVX512_H
#define MOTE_KERNELS_QWORDS_AVX512_H

#include <immintrin.h>

#include "mote/mote.h"

#define LANES 16
#define vi __m512i
#define vf __m512
#define LOAD(p) _mm512_loadu_si512(p)
#define SAVE(p, v) _mm512_storeu_si512(p, v)
#define SET_I(x) _mm512_set1_epi32(x)
#define SET_F(x) _mm512_set1_ps(x)
#define ADD_I(a, b) _mm512_add_epi32(a, b)
#define MADD(a, b) _mm512_madd_epi16(a, b)
#define TO_F(v) _mm512_cvtepi32_ps(v)
#define LOAD_F(p) _mm512_loadu_ps(p)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define MIN(a, b) _mm512_min_ps(a, b)
#define ROUND(v) _mm512_cvtps_epi32(v)
#define SET_W(x) _mm512_set1_epi16((short)(x))
#define SUB_W(a, b) _mm512_sub_epi16(a, b)
#define WORDS_I8(p) _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(p)))
#define WORDS_U8(p) _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(p)))
#define ZERO _mm512_setzero_si512()

typedef struct requant {
  __m512 hi;      // hi - zp
  __m512i zp, lo; // 16 bits
} requant;

#define REQUANT(a)                                                                                                     \
  { SET_F((float)((a)->hi - (a)->out_zp)), _mm512_set1_epi16((short)(a)->out_zp), _mm512_set1_epi16((short)(a)->lo) }

// 32 words to bytes: after both clamps the low byte is the code. What was below -2^31 is INT_MIN and saturates.
MOTE_INLINE void bytes_of(__m512i words, const requant *q, char *out) {
  words = _mm512_max_epi16(_mm512_adds_epi16(words, q->zp), q->lo);
  _mm256_storeu_si256((__m256i *)out, _mm512_cvtepi16_epi8(words));
}

#endif
