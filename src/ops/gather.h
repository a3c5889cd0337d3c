// Reading and writing at indices that are data. Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_GATHER_H
#define MOTE_OPS_GATHER_H

#include "core/op.h"

typedef struct mote_gather_attr {
  int64_t axis, batch_dims;
} mote_gather_attr;

// inputs: x, indices. Rows along axis, the first batch_dims dims go together.
extern const mote_op mote_op_gather;
// inputs: x, indices [..., depth]
extern const mote_op mote_op_gather_nd;
// inputs: indices, updates, shape; duplicates add up
extern const mote_op mote_op_scatter_nd;
// inputs: table, ids; quantised tables give float32
extern const mote_op mote_op_embedding;

#endif
