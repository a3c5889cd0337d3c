// What the convolution rows share: the per-column block of packed weights (bias, scales) and the general store of a run
// of 32-bit sums in any output type. Private to the quantised kernels. Tests: tests/kernels/check_qconv.c
#ifndef MOTE_KERNELS_QCOLS_H
#define MOTE_KERNELS_QCOLS_H

#include "kernels/qround.h"
#include "mote/mote.h"

enum { MOTE_QCOLS_WORDS = 6 }; // 32-bit words a column takes in a packed block

// Views of the block of `width` columns at `p`: six arrays one after the other.
typedef struct mote_qcols {
  int32_t *bias, *wsum; // wsum: sum of the column's weights less their zero point
  float *scale, *float_bias;
  int32_t *mult, *shift; // scale again, for MOTE_QROUND_FIXED
} mote_qcols;

MOTE_INLINE mote_qcols mote_qcols_at(const void *p, size_t width) {
  int32_t *w = (int32_t *)(uintptr_t)p;
  mote_qcols c = {w, w + width, (float *)(w + 2 * width), (float *)(w + 3 * width), w + 4 * width, w + 5 * width};
  return c;
}

// What the model says of the columns; the arrays are indexed by output channel.
typedef struct mote_qcols_source {
  const int32_t *bias;
  const float *float_bias;
  const double *scale;
  uint32_t scale_count;
} mote_qcols_source;

// Fills columns 0..count-1 from channels first.. of the source and zeroes the rest; wsum is left at 0.
void mote_qcols_fill(mote_qcols c, size_t width, size_t count, const mote_qcols_source *src, size_t first);

typedef struct mote_qstore {
  mote_dtype type; // I8, U8, I16, I32, F32
  mote_qround round;
  int32_t zp, lo, hi;
  float flo, fhi;
} mote_qstore;

// Stores `count` finished sums (bias and zero points already in) of columns first.. of `c` to `out`.
void mote_qstore_run(const mote_qstore *s, const mote_qcols *c, size_t first, const int32_t *sum, size_t count,
                     float image_scale, void *out);

MOTE_INLINE size_t mote_qtype_size(mote_dtype t) { return t == MOTE_I8 || t == MOTE_U8 ? 1 : t == MOTE_I16 ? 2 : 4; }

#endif
