// AVX2 (F16C) row of the 16-bit float conversions, eight at a time. Knows no graph. Tests: tests/kernels/check_half.c
#include <immintrin.h>

#include "kernels/half.h"
#include "kernels/half_bits.h"

static void f16_to_f32(const uint16_t *x, float *y, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
  for (; i < n; i++)
    y[i] = mote_half_to_float(x[i]);
}

static void f32_to_f16(const float *x, uint16_t *y, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; i++)
    y[i] = mote_half_of_float(x[i]);
}

static void bf16_to_f32(const uint16_t *x, float *y, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i u = _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(x + i))), 16);
    const __m256 v = _mm256_castsi256_ps(u), quiet = _mm256_castsi256_ps(_mm256_set1_epi32(0x400000));
    _mm256_storeu_ps(y + i, _mm256_or_ps(v, _mm256_and_ps(_mm256_cmp_ps(v, v, _CMP_UNORD_Q), quiet)));
  }
  for (; i < n; i++)
    y[i] = mote_bf16_to_float(x[i]);
}

static void f32_to_bf16(const float *x, uint16_t *y, size_t n) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_loadu_ps(x + i);
    const __m256i u = _mm256_castps_si256(v), upper = _mm256_srli_epi32(u, 16);
    const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
    const __m256i even = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(u, _mm256_set1_epi32(0x7fff)), odd), 16);
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
    const __m256i wide = _mm256_blendv_epi8(even, quiet, nan);
    // packus works within halves: bring the two quarters that matter together.
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(wide, wide), 0x08);
    _mm_storeu_si128((__m128i *)(y + i), _mm256_castsi256_si128(packed));
  }
  for (; i < n; i++)
    y[i] = mote_bf16_of_float(x[i]);
}

const mote_half mote_f16_f32_half_8__avx2 = {.name = "mote_f16_f32_half_8__avx2",
                                             .isa = "avx2",
                                             .features = MOTE_CPU_AVX2,
                                             .f16_to_f32 = f16_to_f32,
                                             .f32_to_f16 = f32_to_f16,
                                             .bf16_to_f32 = bf16_to_f32,
                                             .f32_to_bf16 = f32_to_bf16};
