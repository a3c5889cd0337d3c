// Quantised convolution and matrix product: 8-bit activations, 8-bit weights, 32-bit sums. A fully connected layer is a
// convolution of 1x1 images, n of them; a matrix product is a 1x1 convolution.
//   sum[p][o] = bias[o] + SUM (in - in_zp) * (w - w_zp)     (32 bits, wrapping; outside the image in = in_zp)
//   code out  = clamp(round(((float)sum + float_bias[o]) * scale[o]) + out_zp, lo, hi)   (see qround.h; FIXED uses the
//               exact scale and no float_bias)
//   I32 out   = sum
//   F32 out   = clamp((float)sum * (scale[o] * image_scale) + float_bias[o], flo, fhi)
// Every row gives the same bits. Work is cut into tiles by shape alone. Knows no graph, allocates nothing, touches no
// byte outside its spans. Rows: list/qconv.def. Tests: tests/kernels/check_qconv.c
#ifndef MOTE_KERNELS_QCONV_H
#define MOTE_KERNELS_QCONV_H

#include "base/cpu.h"
#include "kernels/qframe.h"

// Weights as they stand in the model. Element (g, o, y, x, i) is at w[(g*oc + o)*w_o + y*w_y + x*w_x + i*w_i].
typedef struct mote_qconv_weights {
  uint32_t groups, oc, ic, kh, kw; // oc and ic are those of one group; none is 0
  mote_dtype type;                 // MOTE_I8 or MOTE_U8
  const void *w;
  ptrdiff_t w_o, w_y, w_x, w_i; // in elements (bytes)
  int32_t zp;                   // within the range of the type
  const int32_t *bias;          // groups*oc values, or NULL
  // Added after scaling when the output is F32; to codes before it, in units of the sum (what is left of a bias that
  // does not fit whole ones). Or NULL.
  const float *float_bias;
  // in scale * weight scale / out scale for codes; what turns the sum into a real number for F32. Finite, >= 0.
  const double *scale;
  uint32_t scale_count; // 1 or groups*oc
} mote_qconv_weights;

typedef struct mote_qconv_args {
  MOTE_QWINDOW;
  MOTE_QCODES;
  uint32_t groups, oc, ic;
  const void *in;           // pixel (0, 0) of the window, channel 0 of group 0; channels are adjacent
  void *out;                // out_x >= groups*oc
  const int32_t *image_zp;  // one an image instead of in_zp, or NULL
  const float *image_scale; // one an image, or NULL for 1; F32 only
  void *scratch;            // scratch_size bytes, 64-byte aligned, one a worker; may be NULL when that is 0
} mote_qconv_args;

typedef struct mote_qconv_row {
  const char *name;
  uint32_t needs; // bits of mote_cpu.features
  // Bytes of the packed weights (64-byte aligned), 0 when the size overflows.
  size_t (*packed_size)(const mote_qconv_weights *w);
  void (*pack)(const mote_qconv_weights *w, void *packed);
  size_t (*scratch_size)(const mote_qconv_args *a);
  uint32_t (*tiles)(const mote_qconv_args *a);
  // Computes tiles t0 <= t < t1; tiles write disjoint outputs.
  void (*run)(const mote_qconv_args *a, const void *packed, uint32_t t0, uint32_t t1);
} mote_qconv_row;

extern const mote_qconv_row *const mote_qconv_rows[]; // best first; the last is portable C
extern const size_t mote_qconv_row_count;
const mote_qconv_row *mote_qconv_select(const mote_cpu *cpu);

#endif
