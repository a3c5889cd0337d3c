// Windows on tensors: slices, parts, single indices, reversal. Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_SLICE_H
#define MOTE_OPS_SLICE_H

#include "core/op.h"

typedef struct mote_strided_slice_attr { // TensorFlow's masks, a bit per entry of begin/end/strides
  int64_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask;
  bool offset; // `end` counts from `begin`
} mote_strided_slice_attr;

typedef struct mote_part_attr { // part `index` of `count` along `axis`
  int64_t axis, index, count;
} mote_part_attr;

// inputs: x, begin, size (size -1: to the end)
extern const mote_op mote_op_slice;
// inputs: x, begin, end, strides
extern const mote_op mote_op_strided_slice;
// x, axis (optional): one of `count` equal parts
extern const mote_op mote_op_part;
// x, sizes, axis: the part that sizes[index] describes
extern const mote_op mote_op_part_sized;
// x[..., index, ...] along axis; the dim goes
extern const mote_op mote_op_select_index;
// x, axes
extern const mote_op mote_op_reverse;
// x, update, starts
extern const mote_op mote_op_update_slice;

#endif
