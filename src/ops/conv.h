// Convolutions: plain, grouped, depthwise and transposed, over 2 and 3 spatial dims; float, 8-bit, 16-bit and hybrid.
// One operator serves both memory orders of the logical shape. Tests: tests/models/tflite/cnn_*
#ifndef MOTE_OPS_CONV_H
#define MOTE_OPS_CONV_H

#include "ops/opkit.h"

typedef enum mote_pad_mode {
  MOTE_PAD_SAME = 0,       // output = ceil(input / stride), the odd pad at the end (TensorFlow)
  MOTE_PAD_VALID = 1,      // none
  MOTE_PAD_EXPLICIT = 100, // no number that a file could hold
} mote_pad_mode;

typedef enum mote_data_format { MOTE_NCHW = 0, MOTE_NHWC = 1 } mote_data_format;
typedef enum mote_weight_format {
  MOTE_WEIGHT_OIHW = 0, // I: channels of one group. Transposed: IOHW
  MOTE_WEIGHT_OHWI = 1,
  MOTE_WEIGHT_1HWC = 2, // depthwise: C = input channels * multiplier
} mote_weight_format;

typedef struct mote_conv_attr {
  int64_t stride_d, stride_h, stride_w, dilation_d, dilation_h, dilation_w;
  int64_t pad_mode;                                                      // mote_pad_mode
  int64_t pad_top, pad_left, pad_bottom, pad_right, pad_front, pad_back; // EXPLICIT
  int64_t groups; // 0: input channels / the filter's (1HWC: depthwise)
  int64_t data_format, weight_format;
  mote_act_attr act;
  mote_out_quant quant;
} mote_conv_attr;

// inputs: x, weight, bias (optional), residual (optional, float32 only: added before the activation)
extern const mote_op mote_op_conv2d;
// inputs: x, weight, bias (optional), output shape (optional; NHWC sizes)
extern const mote_op mote_op_conv_transpose2d;

// What a convolution comes down to, whatever the memory order.
typedef struct mote_conv_geo {
  int64_t n, ih, iw, ic, oh, ow, oc; // channels of all groups
  int64_t kh, kw, groups, wic;       // wic: input channels of a group
  int64_t sh, sw, dh, dw, pad_top, pad_left, pad_bottom, pad_right;
  int64_t in_n, in_h, in_w, out_n, out_h, out_w; // strides in elements, 0 before memory is laid out
  int64_t w_o, w_h, w_w, w_i;                    // of the weights; w_o over all output channels
  bool depthwise;                                // every group has one input channel
} mote_conv_geo;
// Checks and fills; transposed: the filter's roles are swapped and oh, ow are not set.
mote_status mote_conv_geometry(const mote_opctx *c, bool transposed, mote_conv_geo *g);
// Output size and pads of one axis by pad mode; *before is set for SAME.
mote_status mote_conv_extent(const mote_opctx *c, int64_t mode, int64_t in, int64_t kernel, int64_t stride,
                             int64_t dilation, int64_t *before, int64_t after, int64_t *out);
// Output scale per channel of a quantised product: in * weight / out. NULL when memory is short.
double *mote_product_scales(mote_opctx *c, const mote_tensor *in, const mote_tensor *weight, const mote_tensor *out,
                            uint32_t *count);
// Quantised operands agree: types, scales, bias. out must be set.
mote_status mote_product_check(const mote_opctx *c, int64_t channels, int32_t channel_axis);
// A bias value in units of input scale * weight scale: integers are that already, float32 (PyTorch) is rounded to it.
int64_t mote_bias_code(const mote_opctx *c, int32_t i, int64_t channel);

// prepare: one step that multiplies codes by constant weights; a linear layer is a 1x1 filter over a row of pixels.
// `round16`: of 16-bit codes.
mote_status mote_product_prepare(mote_opctx *c, const mote_conv_geo *g, const mote_act_attr *act, mote_qround round16);
// Reference path: a sum of products becomes element `at` of the output (scale, bias, residual, clamp).
void mote_product_store(const mote_opctx *c, const mote_act_attr *act, double sum, int64_t channel, int64_t at);

#endif
