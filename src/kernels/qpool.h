// Pooling, means, softmax and resizing of quantised NHWC images. Exact integer arithmetic or one float32 rescale, so
// every row gives the same bits. Rows: list/qpool.def. Tests: tests/kernels/check_qpool.c
#ifndef MOTE_KERNELS_QPOOL_H
#define MOTE_KERNELS_QPOOL_H

#include "base/cpu.h"
#include "kernels/qround.h"
#include "mote/mote.h"

// The same code scale on both sides; codes are I8, U8 or I16. Cells outside the image do not take part.
typedef struct mote_qpool_args {
  mote_dtype type;
  uint32_t n, ih, iw, oh, ow, channels;
  uint32_t kh, kw, sh, sw, dh, dw; // dilations are 1 for averages
  int32_t pad_top, pad_left;
  const void *in;
  ptrdiff_t in_n, in_y, in_x; // elements
  void *out;
  ptrdiff_t out_n, out_y, out_x;
  int32_t lo, hi;
} mote_qpool_args;

// Means over the middle of [outer][reduce][inner], adjacent: the global average of an NHWC image is outer n, reduce
// h*w, inner channels. out = clamp(round((float)(SUM in - reduce*in_zp) * scale) + out_zp), scale = in/(out*reduce) for
// a mean and in/out for a sum. reduce <= 2^22 for I8 and U8, 2^15 for I16.
typedef struct mote_qmean_args {
  mote_dtype type;
  size_t outer, reduce, inner;
  const void *in;
  void *out;
  int32_t in_zp, out_zp, lo, hi;
  float scale;
  mote_qround round; // EVEN or AWAY
} mote_qmean_args;

typedef struct mote_qpool_row {
  const char *name;
  uint32_t needs;
  // Tiles of the two pools are the n*oh output rows; of the mean the `outer` slices.
  void (*max)(const mote_qpool_args *a, uint32_t t0, uint32_t t1);
  // Sum over the cells inside the image divided by their number, halves away from zero.
  void (*average)(const mote_qpool_args *a, uint32_t t0, uint32_t t1);
  void (*mean)(const mote_qmean_args *a, size_t t0, size_t t1);
} mote_qpool_row;

extern const mote_qpool_row *const mote_qpool_rows[];
extern const size_t mote_qpool_row_count;
const mote_qpool_row *mote_qpool_select(const mote_cpu *cpu);

// Softmax over adjacent codes. exp((code - largest) * scale * beta) comes from a table, the sum is in float32 in order,
// the result is round half away(e / (sum * out_scale)) + out_zp; the usual 1/256 and -128 (I8), 0 (U8).
typedef struct mote_qsoftmax_table {
  float e[256]; // e[d] for code = largest - d
} mote_qsoftmax_table;
void mote_qsoftmax_table_fill(mote_qsoftmax_table *t, double scale_beta);
// I8 or U8 (input and output of the same type); rows [r0, r1) of `depth` codes.
void mote_qsoftmax8(const mote_qsoftmax_table *t, mote_dtype type, const void *in, void *out, size_t depth,
                    float out_scale, int32_t out_zp, size_t r0, size_t r1);
// 16 bits: see qtable.h.

// Bilinear resizing as TensorFlow Lite does it. I8 and I16: coordinates with 10 fraction bits, exact weights, result
// rounded half away from zero. U8: float32 coordinates and weights, halves up. Tiles are the n*oh output rows.
typedef struct mote_qresize_args {
  mote_dtype type;
  uint32_t n, ih, iw, oh, ow, channels;
  bool align_corners, half_pixel_centers;
  const void *in;
  ptrdiff_t in_n, in_y, in_x; // elements
  void *out;
  ptrdiff_t out_n, out_y, out_x;
} mote_qresize_args;
void mote_qresize_bilinear(const mote_qresize_args *a, uint32_t t0, uint32_t t1);

#endif
