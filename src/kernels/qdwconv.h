// Quantised depthwise convolution: output channel c is input channel c / multiplier filtered by its own kh x kw kernel.
// Arithmetic, windows and padding as in qconv.h. Every row gives the same bits. Rows: list/qdwconv.def.
// Tests: tests/kernels/check_qdwconv.c
#ifndef MOTE_KERNELS_QDWCONV_H
#define MOTE_KERNELS_QDWCONV_H

#include "base/cpu.h"
#include "kernels/qframe.h"

// Element (c, y, x) is at w[c*w_c + y*w_y + x*w_x], c over the channels * multiplier output channels.
typedef struct mote_qdwconv_weights {
  uint32_t channels, multiplier, kh, kw; // input channels; none is 0
  mote_dtype type;                       // MOTE_I8 or MOTE_U8
  const void *w;
  ptrdiff_t w_c, w_y, w_x;
  int32_t zp;
  const int32_t *bias;     // an output channel, or NULL
  const float *float_bias; // as in qconv.h
  const double *scale;     // as in qconv.h
  uint32_t scale_count;    // 1 or channels*multiplier
} mote_qdwconv_weights;

typedef struct mote_qdwconv_args {
  MOTE_QWINDOW;
  MOTE_QCODES;
  uint32_t channels, multiplier;
  const void *in;
  void *out;
  const int32_t *image_zp;
  const float *image_scale;
} mote_qdwconv_args;

typedef struct mote_qdwconv_row {
  const char *name;
  uint32_t needs;
  size_t (*packed_size)(const mote_qdwconv_weights *w); // 0: overflow
  void (*pack)(const mote_qdwconv_weights *w, void *packed);
  uint32_t (*tiles)(const mote_qdwconv_args *a);
  void (*run)(const mote_qdwconv_args *a, const void *packed, uint32_t t0, uint32_t t1);
} mote_qdwconv_row;

extern const mote_qdwconv_row *const mote_qdwconv_rows[];
extern const size_t mote_qdwconv_row_count;
const mote_qdwconv_row *mote_qdwconv_select(const mote_cpu *cpu);

#endif
