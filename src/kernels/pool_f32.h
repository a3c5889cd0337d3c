// float32 NHWC pooling. Maximum keeps a NaN of the window. Average sums the window's elements row by row, divides once.
// All rows give the same bits. Knows no graph. Tests: tests/kernels/check_pool_f32.c
#ifndef MOTE_KERNELS_POOL_F32_H
#define MOTE_KERNELS_POOL_F32_H

#include "base/cpu.h"
#include "kernels/nhwc.h"

typedef enum mote_pool_kind {
  MOTE_POOL_MAX,
  MOTE_POOL_AVERAGE,        // divides by the elements of the window that are no padding
  MOTE_POOL_AVERAGE_PADDED, // counts padding too, up to pad_bottom and pad_right past the input (count_include_pad)
  MOTE_POOL_AVERAGE_FIXED,  // divides by `divisor`
  MOTE_POOL_SUM
} mote_pool_kind;

// A window of padding only gives -INFINITY (maximum), 0 (the others), before the clamp. Global pooling: kh = in.h,
// kw = in.w, one output pixel.
typedef struct mote_pool_f32_args {
  mote_pool_kind kind;
  mote_slide slide;
  size_t channels;
  mote_f32_in in;
  mote_f32_out out;                // n, h, w: the outputs to compute; must not overlap `in`
  ptrdiff_t pad_bottom, pad_right; // MOTE_POOL_AVERAGE_PADDED only
  float divisor;                   // MOTE_POOL_AVERAGE_FIXED only
  float lo, hi;
} mote_pool_f32_args;

typedef struct mote_pool_f32 {
  const char *name, *isa;
  uint32_t features;
  void (*run)(const mote_pool_f32_args *args, size_t t0, size_t t1);
} mote_pool_f32;

const mote_pool_f32 *mote_pool_f32_select(const mote_cpu *cpu);
const mote_pool_f32 *const *mote_pool_f32_rows(size_t *count);

// A tile is one output row by CHUNK channels of one image; tile t = (n*out.h + y)*chunks + chunk.
enum { MOTE_POOL_F32_CHUNK = 256 };
size_t mote_pool_f32_tiles(const mote_pool_f32_args *args);

#endif
