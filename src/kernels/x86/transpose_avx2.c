// AVX2 row of the block transposes: squares of 8x8 four-byte and 16x16 one-byte elements in registers, the rest and the
// two-byte elements one by one. Knows no graph. Tests: tests/kernels/check_half.c
#include <immintrin.h>

#include "kernels/transpose.h"

#define MOTE_TRANSPOSE_PART(name, type)                                                                                \
  static void name(size_t r0, size_t r1, size_t c0, size_t c1, const type *x, ptrdiff_t x_row, type *y,                \
                   ptrdiff_t y_row) {                                                                                  \
    for (size_t c = c0; c < c1; c++)                                                                                   \
      for (size_t r = r0; r < r1; r++)                                                                                 \
        y[(ptrdiff_t)c * y_row + (ptrdiff_t)r] = x[(ptrdiff_t)r * x_row + (ptrdiff_t)c];                               \
  }
MOTE_TRANSPOSE_PART(part4, uint32_t)
MOTE_TRANSPOSE_PART(part2, uint16_t)
MOTE_TRANSPOSE_PART(part1, uint8_t)

static void square8(const uint32_t *x, ptrdiff_t x_row, uint32_t *y, ptrdiff_t y_row) {
  __m256 a[8], b[8];
  MOTE_UNROLL
  for (ptrdiff_t i = 0; i < 8; i++)
    a[i] = _mm256_loadu_ps((const float *)(x + i * x_row));
  MOTE_UNROLL
  for (size_t i = 0; i < 8; i += 2) { // pairs of elements
    b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
  }
  MOTE_UNROLL
  for (size_t i = 0; i < 8; i += 4) { // fours
    a[i] = _mm256_shuffle_ps(b[i], b[i + 2], 0x44);
    a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], 0xee);
    a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0x44);
    a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], 0xee);
  }
  MOTE_UNROLL
  for (ptrdiff_t i = 0; i < 4; i++) { // halves
    _mm256_storeu_ps((float *)(y + i * y_row), _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
    _mm256_storeu_ps((float *)(y + (i + 4) * y_row), _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
  }
}

static void b4(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row) {
  const uint32_t *x = from;
  uint32_t *y = to;
  const size_t r8 = rows / 8 * 8, c8 = cols / 8 * 8;
  for (size_t r = 0; r < r8; r += 8)
    for (size_t c = 0; c < c8; c += 8)
      square8(x + (ptrdiff_t)r * from_row + c, from_row, y + (ptrdiff_t)c * to_row + r, to_row);
  part4(r8, rows, 0, c8, x, from_row, y, to_row);
  part4(0, rows, c8, cols, x, from_row, y, to_row);
}

static void b2(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row) {
  for (size_t r = 0; r < rows; r += 16)
    part2(r, MOTE_MIN(r + 16, rows), 0, cols, from, from_row, to, to_row);
}

// Interleaving rows i and i + 8 four times turns 16 rows into 16 columns.
static void square16(const uint8_t *x, ptrdiff_t x_row, uint8_t *y, ptrdiff_t y_row) {
  __m128i a[16], b[16];
  MOTE_UNROLL
  for (ptrdiff_t i = 0; i < 16; i++)
    a[i] = _mm_loadu_si128((const __m128i *)(x + i * x_row));
  MOTE_UNROLL
  for (size_t round = 0; round < 4; round++) {
    MOTE_UNROLL
    for (size_t i = 0; i < 8; i++) {
      b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
      b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + 8]);
    }
    MOTE_UNROLL
    for (size_t i = 0; i < 16; i++)
      a[i] = b[i];
  }
  MOTE_UNROLL
  for (ptrdiff_t i = 0; i < 16; i++)
    _mm_storeu_si128((__m128i *)(y + i * y_row), a[i]);
}

static void b1(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row) {
  const uint8_t *x = from;
  uint8_t *y = to;
  const size_t r16 = rows / 16 * 16, c16 = cols / 16 * 16;
  for (size_t r = 0; r < r16; r += 16)
    for (size_t c = 0; c < c16; c += 16)
      square16(x + (ptrdiff_t)r * from_row + c, from_row, y + (ptrdiff_t)c * to_row + r, to_row);
  part1(r16, rows, 0, c16, x, from_row, y, to_row);
  part1(0, rows, c16, cols, x, from_row, y, to_row);
}

const mote_transpose mote_any_transpose_8x8__avx2 = {
    .name = "mote_any_transpose_8x8__avx2", .isa = "avx2", .features = MOTE_CPU_AVX2, .b4 = b4, .b2 = b2, .b1 = b1};
