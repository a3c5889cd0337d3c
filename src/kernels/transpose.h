// Transposes blocks of a matrix: to[c*to_row + r] = from[r*from_row + c] for r < rows, c < cols, strides in elements.
// The element type does not matter, only its size. Callers split the work by passing sub-blocks. Any alignment of the
// element. Knows no graph. Tests: tests/kernels/check_half.c
#ifndef MOTE_KERNELS_TRANSPOSE_H
#define MOTE_KERNELS_TRANSPOSE_H

#include "base/cpu.h"

typedef struct mote_transpose {
  const char *name, *isa;
  uint32_t features;
  void (*b4)(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row);
  void (*b2)(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row);
  void (*b1)(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row);
} mote_transpose;

const mote_transpose *mote_transpose_select(const mote_cpu *cpu);
const mote_transpose *const *mote_transpose_rows(size_t *count);

#endif
