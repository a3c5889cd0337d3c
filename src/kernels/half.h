// Bulk conversion between float32 and the 16-bit floats, round to nearest even, NaN stays a quiet NaN with its upper
// payload. Knows no graph. Tests: tests/kernels/check_half.c
#ifndef MOTE_KERNELS_HALF_H
#define MOTE_KERNELS_HALF_H

#include "base/cpu.h"

typedef struct mote_half {
  const char *name, *isa;
  uint32_t features;
  void (*f16_to_f32)(const uint16_t *x, float *y, size_t n);
  void (*f32_to_f16)(const float *x, uint16_t *y, size_t n);
  void (*bf16_to_f32)(const uint16_t *x, float *y, size_t n);
  void (*f32_to_bf16)(const float *x, uint16_t *y, size_t n);
} mote_half;

const mote_half *mote_half_select(const mote_cpu *cpu);
const mote_half *const *mote_half_rows(size_t *count);

#endif
