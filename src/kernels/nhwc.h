// Windows of float32 NHWC tensors, as the convolution, depthwise, pooling and resize kernels take them.
// Knows no tensor, no graph. Checked through every family that uses it: tests/kernels.
#ifndef MOTE_KERNELS_NHWC_H
#define MOTE_KERNELS_NHWC_H

#include "base/compiler.h"

// Element (n, y, x, c) is at data[n*n_stride + y*h_stride + x*w_stride + c]. Strides count elements and may exceed the
// dense ones (a channel slice, a tile of a larger image). data needs the alignment of float only.
typedef struct mote_f32_in {
  const float *data;
  size_t n, h, w;
  ptrdiff_t n_stride, h_stride, w_stride;
} mote_f32_in;

typedef struct mote_f32_out {
  float *data;
  size_t n, h, w;
  ptrdiff_t n_stride, h_stride, w_stride;
} mote_f32_out;

// How a kernel slides. Tap (i, j) of output (y, x) reads input row y*stride_h - pad_top + i*dilation_h and column
// x*stride_w - pad_left + j*dilation_w of the window; rows and columns outside [0, h) x [0, w) are padding. To compute
// a tile of a larger output, add the tile's place to the pads: pad_top = pad - y0*stride_h + (first input row of the
// window); the result may be negative.
typedef struct mote_slide {
  size_t kh, kw;
  size_t stride_h, stride_w, dilation_h, dilation_w;
  ptrdiff_t pad_top, pad_left;
} mote_slide;

#endif
