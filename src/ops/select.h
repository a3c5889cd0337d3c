// Choosing between values, and finding where something holds. Tests: tests/models/torch/positions
#ifndef MOTE_OPS_SELECT_H
#define MOTE_OPS_SELECT_H

#include "core/op.h"

// inputs: condition, x, y; all broadcast
extern const mote_op mote_op_where;
// input: condition; coordinates of what is true, [n, rank]
extern const mote_op mote_op_nonzero;
// input: shape, value
extern const mote_op mote_op_fill;
// inputs: start, limit, step
extern const mote_op mote_op_range;
extern const mote_op mote_op_zeros_like, mote_op_one_hot, mote_op_topk, mote_op_unique;

#endif
