// float32 NHWC convolution as an indirect matrix product: no im2col buffer, the kernel reads input pixels in place and
// zeros for padding. Bias, residual addition and clamp are fused. Order of arithmetic: bias, then taps row by row, in a
// tap channels ascending, each by fused multiply-add; padding counts as 0*weight. All rows give the same bits. Knows no
// graph. Tests: tests/kernels/check_conv_f32.c
#ifndef MOTE_KERNELS_CONV_F32_H
#define MOTE_KERNELS_CONV_F32_H

#include "kernels/gemm_f32.h"
#include "kernels/nhwc.h"

typedef struct mote_conv_f32 {
  const char *name, *isa;
  uint32_t features;
  const mote_gemm_f32 *gemm; // whose strips and packing it uses
} mote_conv_f32;

const mote_conv_f32 *mote_conv_f32_select(const mote_cpu *cpu);
const mote_conv_f32 *const *mote_conv_f32_rows(size_t *count);

// What packing needs to know. ci and co count the channels of all groups; both are multiples of groups.
typedef struct mote_conv_f32_shape {
  size_t kh, kw, ci, co, groups;
} mote_conv_f32_shape;

// Bytes of the packed weights; 0 when that overflows size_t.
size_t mote_conv_f32_packed_size(const mote_conv_f32 *row, const mote_conv_f32_shape *shape);
// Weight of output channel o (of all groups), tap (i, j), input channel c within the group is
// w[o*o_stride + i*i_stride + j*j_stride + c*c_stride]. `bias` has co floats or is NULL. `packed`: 64-byte aligned.
void mote_conv_f32_pack(const mote_conv_f32 *row, const mote_conv_f32_shape *shape, const float *w, ptrdiff_t o_stride,
                        ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t c_stride, const float *bias, void *packed);

typedef struct mote_conv_f32_args {
  mote_conv_f32_shape shape;
  mote_slide slide;     // kh, kw as in shape
  mote_f32_in in;       // ci channels a pixel
  mote_f32_out out;     // co channels a pixel; n, h, w: the outputs to compute; must not overlap `in`
  mote_f32_in residual; // data NULL: none; may be `out` itself; n, h, w are not read
  const void *packed;
  float lo, hi;
} mote_conv_f32_args;

// Tiles of the output window, from the shapes alone; independent of each other.
size_t mote_conv_f32_tiles(const mote_conv_f32 *row, const mote_conv_f32_args *args);
void mote_conv_f32_run(const mote_conv_f32 *row, const mote_conv_f32_args *args, size_t t0, size_t t1);

#endif
