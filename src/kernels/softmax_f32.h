// float32 softmax and log-softmax over the contiguous inner axis. Order of arithmetic: the sum of exponentials runs in
// 16 lanes (element i in lane i mod 16), folded by halves; all rows give the same bits. A row that holds NaN, or only
// -INFINITY, gives NaN. In place is fine. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#ifndef MOTE_KERNELS_SOFTMAX_F32_H
#define MOTE_KERNELS_SOFTMAX_F32_H

#include "base/cpu.h"

typedef struct mote_softmax_f32_args {
  bool log;   // x - max - log(sum exp(x - max)) instead of exp(x - max)/sum
  float beta; // x is scaled by beta first
  size_t rows, cols;
  const float *x;
  ptrdiff_t x_row; // elements between rows
  float *y;
  ptrdiff_t y_row;
} mote_softmax_f32_args;

typedef struct mote_softmax_f32 {
  const char *name, *isa;
  uint32_t features;
  void (*run)(const mote_softmax_f32_args *args, size_t t0, size_t t1);
} mote_softmax_f32;

const mote_softmax_f32 *mote_softmax_f32_select(const mote_cpu *cpu);
const mote_softmax_f32 *const *mote_softmax_f32_rows(size_t *count);
size_t mote_softmax_f32_tiles(size_t rows, size_t cols);

#endif
