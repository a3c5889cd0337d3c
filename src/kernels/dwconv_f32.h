// float32 NHWC depthwise convolution: output channel c*multiplier + m filters input channel c. Bias and clamp are
// fused. Order of arithmetic: bias, then taps row by row, by fused multiply-add; padding counts as 0*weight. All rows
// give the same bits. Knows no graph. Tests: tests/kernels/check_dwconv_f32.c
#ifndef MOTE_KERNELS_DWCONV_F32_H
#define MOTE_KERNELS_DWCONV_F32_H

#include "base/cpu.h"
#include "kernels/nhwc.h"

typedef struct mote_dwconv_f32_args {
  mote_slide slide;
  size_t channels, multiplier; // input channels; outputs have channels*multiplier
  mote_f32_in in;
  mote_f32_out out; // n, h, w: the outputs to compute; must not overlap `in`
  const void *packed;
  float lo, hi;
} mote_dwconv_f32_args;

typedef struct mote_dwconv_f32 {
  const char *name, *isa;
  uint32_t features;
  uint32_t block; // channels packed together
  void (*run)(const mote_dwconv_f32_args *args, size_t t0, size_t t1);
} mote_dwconv_f32;

const mote_dwconv_f32 *mote_dwconv_f32_select(const mote_cpu *cpu);
const mote_dwconv_f32 *const *mote_dwconv_f32_rows(size_t *count);

// Bytes of the packed weights of `channels*multiplier` output channels; 0 when that overflows size_t.
size_t mote_dwconv_f32_packed_size(const mote_dwconv_f32 *row, size_t kh, size_t kw, size_t channels,
                                   size_t multiplier);
// Weight of output channel o, tap (i, j) is w[i*i_stride + j*j_stride + o*o_stride]. `bias` has channels*multiplier
// floats or is NULL. `packed`: 64-byte aligned.
void mote_dwconv_f32_pack(const mote_dwconv_f32 *row, size_t kh, size_t kw, size_t channels, size_t multiplier,
                          const float *w, ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t o_stride, const float *bias,
                          void *packed);

// A tile is BAND output rows by about CHUNK input channels of one image; tile t = (n*bands + band)*chunks + chunk.
// Chunk k starts at channel k*CHUNK; the last one takes the rest, half a CHUNK to one and a half, so that none is
// narrow.
enum { MOTE_DWCONV_F32_BAND = 2, MOTE_DWCONV_F32_CHUNK = 256 };

// Tiles of the output window, from the shapes alone; independent of each other.
size_t mote_dwconv_f32_tiles(const mote_dwconv_f32_args *args);

#endif
