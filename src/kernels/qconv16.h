// Convolution of 16-bit activations (zero point 0) with 8-bit weights (zero point 0) and 64-bit sums, full and
// depthwise.
//   out = clamp(round((double)(bias + SUM in * w) * scale), lo, hi), halves away from zero; FIXED: see qround.h
// Layout, windows and packing as in qconv.h. Portable C only. Tests: tests/kernels/check_qconv16.c
#ifndef MOTE_KERNELS_QCONV16_H
#define MOTE_KERNELS_QCONV16_H

#include "kernels/qframe.h"

// For a depthwise filter groups = channels, ic = 1, oc = multiplier.
typedef struct mote_qconv16_weights {
  uint32_t groups, oc, ic, kh, kw;
  const int8_t *w; // element (g, o, y, x, i) at (g*oc + o)*w_o + y*w_y + x*w_x + i*w_i
  ptrdiff_t w_o, w_y, w_x, w_i;
  const int64_t *bias;  // groups*oc values, or NULL
  const double *scale;  // in scale * weight scale / out scale
  uint32_t scale_count; // 1 or groups*oc
} mote_qconv16_weights;

typedef struct mote_qconv16_args {
  MOTE_QWINDOW;
  uint32_t groups, oc, ic;
  const int16_t *in;
  int16_t *out;
  int32_t lo, hi;
  mote_qround round; // AWAY or FIXED
  bool sum32;        // the model's bias has 32 bits: FIXED takes the 32-bit product of the wrapped sum
} mote_qconv16_args;

size_t mote_qconv16_packed_size(const mote_qconv16_weights *w); // 0: overflow
void mote_qconv16_pack(const mote_qconv16_weights *w, void *packed);
uint32_t mote_qconv16_tiles(const mote_qconv16_args *a);
void mote_qconv16_run(const mote_qconv16_args *a, const void *packed, uint32_t t0, uint32_t t1);

#endif
