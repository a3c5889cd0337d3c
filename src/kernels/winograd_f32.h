// float32 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3): 36 small matrix products in place of 144
// multiplications a pixel block, a quarter of the arithmetic. The sums are formed in another order than conv_f32's and
// pass through the transforms' constants, so the result differs from it by some tens of units in the last place of the
// largest terms: not for strict mode. All rows give the same bits as each other. Source: Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks", 2015, interpolation points 0, 1, -1, 2, -2. Knows no graph. Tests:
// tests/kernels/check_winograd_f32.c
#ifndef MOTE_KERNELS_WINOGRAD_F32_H
#define MOTE_KERNELS_WINOGRAD_F32_H

#include "kernels/conv_f32.h"

// The transforms, a vector of channels at a time; for the driver in winograd_f32.c only.
typedef struct mote_winograd_f32_output {
  const float *m; // product (xy) of this block, channel 0, at m[xy*plane]
  size_t plane;
  const float *bias;
  float *const *out;            // [16] pixels of the block, NULL: outside the output
  const float *const *residual; // [16] or NULL
  size_t c0, c1;                // channels, multiples of 16
  float lo, hi;
} mote_winograd_f32_output;

typedef struct mote_winograd_f32 {
  const char *name, *isa;
  uint32_t features;
  const mote_gemm_f32 *gemm;
  // 36 input pixels of `channels` channels to v[xy*plane + c].
  void (*input)(const float *const *pixels, size_t channels, float *v, size_t plane);
  void (*output)(const mote_winograd_f32_output *args);
} mote_winograd_f32;

const mote_winograd_f32 *mote_winograd_f32_select(const mote_cpu *cpu);
const mote_winograd_f32 *const *mote_winograd_f32_rows(size_t *count);

// Whether the convolution can be computed this way (3x3, stride and dilation 1, one group, channels multiples of 16)
// and whether it pays: enough blocks of 4x4 outputs to share the weights, which grow fourfold.
bool mote_winograd_f32_fits(const mote_conv_f32_args *args);

// As conv_f32's, for `packed` of this family. Bytes, 0 on overflow; 64-byte aligned.
size_t mote_winograd_f32_packed_size(const mote_winograd_f32 *row, const mote_conv_f32_shape *shape);
void mote_winograd_f32_pack(const mote_winograd_f32 *row, const mote_conv_f32_shape *shape, const float *w,
                            ptrdiff_t o_stride, ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t c_stride,
                            const float *bias, void *packed);

// Bytes of scratch that each thread brings to `run`, 64-byte aligned; from the shape alone.
size_t mote_winograd_f32_scratch_size(const mote_conv_f32_shape *shape);
size_t mote_winograd_f32_tiles(const mote_conv_f32_args *args);
// `args->packed` from mote_winograd_f32_pack; the rest as for conv_f32.
void mote_winograd_f32_run(const mote_winograd_f32 *row, const mote_conv_f32_args *args, void *scratch, size_t t0,
                           size_t t1);

#endif
