// Normalisations over one axis: softmax, its logarithm, L2, and across channels. Tests:
// tests/models/tflite/{cnn_*,rounded_codes}
#ifndef MOTE_OPS_SOFTMAX_H
#define MOTE_OPS_SOFTMAX_H

#include "core/op.h"

typedef struct mote_softmax_attr {
  int64_t axis;
  double beta; // scales the input
} mote_softmax_attr;

extern const mote_op mote_op_softmax, mote_op_log_softmax;

#endif
