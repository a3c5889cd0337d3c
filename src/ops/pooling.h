// Pooling over windows of images. Tests: tests/models/{tflite/cnn_*,torch/averages}
#ifndef MOTE_OPS_POOLING_H
#define MOTE_OPS_POOLING_H

#include "ops/conv.h"

enum { MOTE_POOL_KIND_MAX, MOTE_POOL_KIND_AVERAGE, MOTE_POOL_L2 };

typedef struct mote_pool_attr {
  int64_t kind;
  int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int64_t pad_mode, pad_top, pad_left, pad_bottom, pad_right;
  int64_t divisor; // > 0: divides averages by it
  int64_t data_format;
  bool ceil_mode; // EXPLICIT pads: a last partial window counts
  bool count_pad; // averages count the padding
  mote_act_attr act;
} mote_pool_attr;

extern const mote_op mote_op_max_pool2d, mote_op_avg_pool2d, mote_op_l2_pool2d;

#endif
