// float32 layer and root-mean-square normalisation over the contiguous inner axis, two passes over a row. Sums run in
// 16 lanes (element i in lane i mod 16), folded by halves; all rows give the same bits. In place is fine. Knows no
// graph. Tests: tests/kernels/check_rows_f32.c
#ifndef MOTE_KERNELS_NORM_F32_H
#define MOTE_KERNELS_NORM_F32_H

#include "base/cpu.h"

typedef struct mote_norm_f32_args {
  bool rms; // y = x/sqrt(mean(x^2) + eps)*gamma instead of y = (x - mean)/sqrt(variance + eps)*gamma + beta
  float eps;
  size_t rows, cols;
  const float *x;
  ptrdiff_t x_row;           // elements between rows
  const float *gamma, *beta; // [cols] or NULL: 1 and 0
  float *y;
  ptrdiff_t y_row;
} mote_norm_f32_args;

typedef struct mote_norm_f32 {
  const char *name, *isa;
  uint32_t features;
  void (*run)(const mote_norm_f32_args *args, size_t t0, size_t t1);
} mote_norm_f32;

const mote_norm_f32 *mote_norm_f32_select(const mote_cpu *cpu);
const mote_norm_f32 *const *mote_norm_f32_rows(size_t *count);
size_t mote_norm_f32_tiles(size_t rows, size_t cols);

#endif
