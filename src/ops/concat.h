// Joining tensors along an axis, old or new, and repeating them. Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_CONCAT_H
#define MOTE_OPS_CONCAT_H

#include "ops/opkit.h"

typedef struct mote_concat_attr {
  int64_t axis;
  mote_act_attr act;
  mote_out_quant quant;
} mote_concat_attr;

extern const mote_op mote_op_concat, mote_op_stack;
extern const mote_op mote_op_tile; // inputs: x, multiples

#endif
