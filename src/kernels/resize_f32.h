// float32 NHWC resize: nearest and bilinear, one output row a tile. Where a pixel comes from (half pixel centres,
// aligned corners, ...) is the caller's: it passes a table for each axis. Arithmetic: (a*(1-u) + b*u) along x for both
// source rows, then the same along y, each product rounded. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#ifndef MOTE_KERNELS_RESIZE_F32_H
#define MOTE_KERNELS_RESIZE_F32_H

#include "base/cpu.h"
#include "kernels/nhwc.h"

// Output k of the axis lies between source lo and hi, the fraction u of the way. Both are inside the input.
typedef struct mote_resize_place {
  uint32_t lo, hi;
  float u;
} mote_resize_place;

typedef struct mote_resize_f32_args {
  bool nearest; // takes lo only
  size_t channels;
  mote_f32_in in;
  mote_f32_out out;               // must not overlap `in`
  const mote_resize_place *y, *x; // [out.h], [out.w]
} mote_resize_f32_args;

typedef struct mote_resize_f32 {
  const char *name, *isa;
  uint32_t features;
  void (*run)(const mote_resize_f32_args *args, size_t t0, size_t t1);
} mote_resize_f32;

const mote_resize_f32 *mote_resize_f32_select(const mote_cpu *cpu);
const mote_resize_f32 *const *mote_resize_f32_rows(size_t *count);
size_t mote_resize_f32_tiles(const mote_resize_f32_args *args); // out.n * out.h

#endif
