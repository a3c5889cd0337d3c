// Depthwise convolution of any multiplier, one output at a time: the portable row, and the path that the others take
// for a multiplier above 1. Static on purpose: each file compiles its own for its instruction set. Knows no graph.
// Tests: tests/kernels/check_dwconv_f32.c
#ifndef MOTE_KERNELS_DWCONV_F32_ANY_H
#define MOTE_KERNELS_DWCONV_F32_ANY_H

#include <math.h>

#include "kernels/dwconv_f32.h"

typedef struct mote_dw_tile {
  size_t n, y0, y1, c0, c1; // image, output rows, input channels
} mote_dw_tile;

static inline size_t mote_dw_chunks(size_t channels) {
  return MOTE_MAX((channels + MOTE_DWCONV_F32_CHUNK / 2) / MOTE_DWCONV_F32_CHUNK, (size_t)1);
}

// First output channel of the packed block that begins at `o`, a multiple of `block`: o itself, but the last block is
// moved back to end with the channels when it can be, so that it is whole.
static inline size_t mote_dw_first(size_t outputs, size_t block, size_t o) {
  return outputs >= block && o + block > outputs ? outputs - block : o;
}

static inline mote_dw_tile mote_dw_tile_at(const mote_dwconv_f32_args *args, size_t t) {
  const size_t bands = (args->out.h + MOTE_DWCONV_F32_BAND - 1) / MOTE_DWCONV_F32_BAND;
  const size_t chunks = mote_dw_chunks(args->channels);
  mote_dw_tile tile;
  tile.c0 = t % chunks * MOTE_DWCONV_F32_CHUNK;
  tile.c1 = t % chunks + 1 == chunks ? args->channels : tile.c0 + MOTE_DWCONV_F32_CHUNK;
  tile.y0 = t / chunks % bands * MOTE_DWCONV_F32_BAND;
  tile.y1 = MOTE_MIN(tile.y0 + MOTE_DWCONV_F32_BAND, args->out.h);
  tile.n = t / chunks / bands;
  return tile;
}

static inline float mote_dw_one(const mote_dwconv_f32_args *args, size_t block, const float *image, size_t y, size_t x,
                                size_t c, size_t o) {
  const mote_slide *s = &args->slide;
  const size_t begin = o / block * block, first = mote_dw_first(args->channels * args->multiplier, block, begin);
  const float *w = (const float *)args->packed + begin * (s->kh * s->kw + 1) + (o - first);
  float sum = *w;
  for (size_t i = 0; i < s->kh; i++) {
    const ptrdiff_t iy = (ptrdiff_t)(y * s->stride_h + i * s->dilation_h) - s->pad_top;
    for (size_t j = 0; j < s->kw; j++) {
      const ptrdiff_t ix = (ptrdiff_t)(x * s->stride_w + j * s->dilation_w) - s->pad_left;
      const bool inside = (size_t)iy < args->in.h && (size_t)ix < args->in.w;
      w += block;
      sum = fmaf(inside ? image[iy * args->in.h_stride + ix * args->in.w_stride + (ptrdiff_t)c] : 0.0f, *w, sum);
    }
  }
  sum = sum < args->lo ? args->lo : sum;
  return sum > args->hi ? args->hi : sum;
}

MOTE_UNUSED MOTE_SMALL static void mote_dw_any(const mote_dwconv_f32_args *args, size_t block,
                                               const mote_dw_tile *tile) {
  const float *image = args->in.data + (ptrdiff_t)tile->n * args->in.n_stride;
  for (size_t y = tile->y0; y < tile->y1; y++)
    for (size_t x = 0; x < args->out.w; x++) {
      float *out = args->out.data + (ptrdiff_t)tile->n * args->out.n_stride + (ptrdiff_t)y * args->out.h_stride +
                   (ptrdiff_t)x * args->out.w_stride;
      for (size_t c = tile->c0; c < tile->c1; c++)
        for (size_t o = c * args->multiplier; o < (c + 1) * args->multiplier; o++)
          out[o] = mote_dw_one(args, block, image, y, x, c, o);
    }
}

#endif
