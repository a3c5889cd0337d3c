// Portable row of the block transposes, in squares of 16 so that both sides stay in the cache.
// Knows no graph. Tests: tests/kernels/check_half.c
#include "kernels/transpose.h"

enum { SQUARE = 16 };

#define MOTE_TRANSPOSE(name, type)                                                                                     \
  static void name(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row) {       \
    const type *x = from;                                                                                              \
    type *y = to;                                                                                                      \
    for (size_t r0 = 0; r0 < rows; r0 += SQUARE)                                                                       \
      for (size_t c0 = 0; c0 < cols; c0 += SQUARE)                                                                     \
        for (size_t c = c0; c < MOTE_MIN(c0 + SQUARE, cols); c++)                                                      \
          for (size_t r = r0; r < MOTE_MIN(r0 + SQUARE, rows); r++)                                                    \
            y[(ptrdiff_t)c * to_row + (ptrdiff_t)r] = x[(ptrdiff_t)r * from_row + (ptrdiff_t)c];                       \
  }
MOTE_TRANSPOSE(b4, uint32_t)
MOTE_TRANSPOSE(b2, uint16_t)
MOTE_TRANSPOSE(b1, uint8_t)

const mote_transpose mote_any_transpose_16x16__c = {
    .name = "mote_any_transpose_16x16__c", .isa = "c", .b4 = b4, .b2 = b2, .b1 = b1};
