// float32 reduction of the middle axis of [outer, count, inner]; inner 1 reduces rows, else columns. Order of
// arithmetic: columns take their elements in order; rows run in 16 lanes (element i in lane i mod 16), folded by
// halves. All rows of the table give the same bits. Minimum and maximum keep a NaN. Knows no graph. Tests:
// tests/kernels/check_rows_f32.c
#ifndef MOTE_KERNELS_REDUCE_F32_H
#define MOTE_KERNELS_REDUCE_F32_H

#include "base/cpu.h"

typedef enum mote_reduce_kind {
  MOTE_REDUCE_SUM,
  MOTE_REDUCE_MEAN,
  MOTE_REDUCE_MAX, // of nothing: -INFINITY
  MOTE_REDUCE_MIN, // of nothing: INFINITY
  MOTE_REDUCE_PROD,
  MOTE_REDUCE_SUM_SQUARES,
  MOTE_REDUCE_COUNT
} mote_reduce_kind;

typedef struct mote_reduce_f32_args {
  mote_reduce_kind kind;
  size_t outer, count, inner;
  const float *x; // element (o, k, i) at x[o*outer_stride + k*count_stride + i]; count_stride must be 1 when inner is 1
  ptrdiff_t outer_stride, count_stride;
  float *y; // [outer, inner], dense; must not overlap x
} mote_reduce_f32_args;

typedef struct mote_reduce_f32 {
  const char *name, *isa;
  uint32_t features;
  void (*run)(const mote_reduce_f32_args *args, size_t t0, size_t t1);
} mote_reduce_f32;

const mote_reduce_f32 *mote_reduce_f32_select(const mote_cpu *cpu);
const mote_reduce_f32 *const *mote_reduce_f32_rows(size_t *count);

// A tile is CHUNK columns of one outer index, or as many rows as hold about 8192 elements.
enum { MOTE_REDUCE_F32_CHUNK = 256 };
size_t mote_reduce_f32_tiles(const mote_reduce_f32_args *args);

#endif
