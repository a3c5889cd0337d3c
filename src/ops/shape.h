// Operators that change a tensor's shape and not its elements. Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_SHAPE_H
#define MOTE_OPS_SHAPE_H

#include "core/op.h"

typedef struct mote_reshape_attr {
  mote_ints shape; // new shape, or the axes to squeeze; absent: input 1 (reshape), all of size 1 (squeeze)
} mote_reshape_attr;
typedef struct mote_axis_attr {
  int64_t axis;
} mote_axis_attr;
typedef struct mote_permute_attr {
  mote_ints perm;
} mote_permute_attr;
typedef struct mote_dtype_attr {
  int32_t dtype;
} mote_dtype_attr;

extern const mote_op mote_op_reshape, mote_op_squeeze, mote_op_expand_dims, mote_op_permute, mote_op_broadcast_to,
    mote_op_identity, mote_op_bitcast, mote_op_shape, mote_op_rank, mote_op_broadcast_args;

#endif
