// Reductions over axes, positions of extremes, running sums. Tests: tests/models/tflite/{cnn_*,if_*,rounded_int8}
#ifndef MOTE_OPS_REDUCE_H
#define MOTE_OPS_REDUCE_H

#include "core/op.h"

enum {
  MOTE_REDUCE_SUM,
  MOTE_REDUCE_MEAN,
  MOTE_REDUCE_PROD,
  MOTE_REDUCE_MAX,
  MOTE_REDUCE_MIN,
  MOTE_REDUCE_ANY,
  MOTE_REDUCE_ALL
};

typedef struct mote_reduce_attr {
  int64_t kind;
  mote_ints axes; // absent: input 1, or all
  bool keep_dims;
} mote_reduce_attr;

typedef struct mote_arg_attr {
  int64_t axis; // when there is no input 1
  int32_t dtype;
  bool min, keep_dims;
} mote_arg_attr;

extern const mote_op mote_op_reduce_sum, mote_op_reduce_mean, mote_op_reduce_prod, mote_op_reduce_max,
    mote_op_reduce_min, mote_op_reduce_any, mote_op_reduce_all, mote_op_argmax, mote_op_argmin, mote_op_cumsum;

#endif
