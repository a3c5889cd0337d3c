// Functions of two variables with broadcasting: arithmetic, comparison, logic. One attribute struct serves all of them.
// Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_BINARY_H
#define MOTE_OPS_BINARY_H

#include "kernels/eltwise_f32.h"
#include "ops/opkit.h"

// Functions that have no float32 kernel, numbered after those that have.
enum {
  MOTE_BINARY_POW = MOTE_BINARY_COUNT,
  MOTE_BINARY_FLOOR_DIV,
  MOTE_BINARY_FLOOR_MOD, // sign of the divisor
  MOTE_BINARY_ATAN2,
  MOTE_BINARY_EQ,
  MOTE_BINARY_NE,
  MOTE_BINARY_LT,
  MOTE_BINARY_LE,
  MOTE_BINARY_GT,
  MOTE_BINARY_GE,
  MOTE_BINARY_LOGICAL_AND, // bool
  MOTE_BINARY_LOGICAL_OR,
  MOTE_BINARY_AND, // bits; bool too
  MOTE_BINARY_OR,
  MOTE_BINARY_XOR,
  MOTE_BINARY_SHL, // amounts outside the width give 0
  MOTE_BINARY_SHR, // amounts are clamped to the width - 1
  MOTE_BINARY_LAST
};

typedef struct mote_binary_attr {
  int64_t kind;
  double alpha; // MOTE_BINARY_ADD_SCALED
  mote_act_attr act;
  mote_out_quant quant;
  bool shifts; // 16-bit sums whose scales are powers of 2: operands are shifted and rounded one by one
} mote_binary_attr;

extern const mote_op mote_op_add, mote_op_sub, mote_op_mul, mote_op_div, mote_op_minimum, mote_op_maximum,
    mote_op_squared_difference, mote_op_prelu, mote_op_add_scaled, mote_op_pow, mote_op_floor_div, mote_op_floor_mod,
    mote_op_atan2, mote_op_equal, mote_op_not_equal, mote_op_less, mote_op_less_equal, mote_op_greater,
    mote_op_greater_equal, mote_op_logical_and, mote_op_logical_or, mote_op_bit_and, mote_op_bit_or, mote_op_bit_xor,
    mote_op_shift_left, mote_op_shift_right;

#endif
