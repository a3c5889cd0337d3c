// Resizing images. Tests: tests/models/{tflite/decoder_*,torch/edges}
#ifndef MOTE_OPS_RESIZE_H
#define MOTE_OPS_RESIZE_H

#include "ops/conv.h"

typedef struct mote_resize_attr {
  bool align_corners, half_pixel;
  bool bilinear;
  int64_t data_format;
  mote_ints size; // [h, w] when there is no input 1
} mote_resize_attr;

extern const mote_op mote_op_resize_bilinear, mote_op_resize_nearest;

#endif
