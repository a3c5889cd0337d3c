// Functions of one variable, element by element. One attribute struct serves all of them; passes make relu, clamp and
// the like with these. Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_UNARY_H
#define MOTE_OPS_UNARY_H

#include "kernels/eltwise_f32.h"
#include "ops/opkit.h"

// Functions that have no float32 kernel, numbered after those that have.
enum {
  MOTE_UNARY_SIN = MOTE_UNARY_COUNT,
  MOTE_UNARY_COS,
  MOTE_UNARY_NOT, // bool: logical, integers: bitwise
  MOTE_UNARY_LAST
};

typedef struct mote_unary_attr {
  int64_t kind;     // mote_unary_op or one of the above
  double a, b;      // see mote_unary_op
  bool approximate; // gelu: by tanh
  mote_out_quant quant;
} mote_unary_attr;

extern const mote_op mote_op_clamp, mote_op_relu, mote_op_relu6, mote_op_sigmoid, mote_op_tanh, mote_op_exp,
    mote_op_log, mote_op_sqrt, mote_op_rsqrt, mote_op_neg, mote_op_abs, mote_op_square, mote_op_floor, mote_op_ceil,
    mote_op_round, mote_op_sign, mote_op_hardswish, mote_op_elu, mote_op_leaky_relu, mote_op_gelu, mote_op_sin,
    mote_op_cos, mote_op_not, mote_op_affine, mote_op_trunc, mote_op_reciprocal, mote_op_expm1, mote_op_log1p,
    mote_op_erf, mote_op_silu, mote_op_hardsigmoid, mote_op_softplus;

// The function itself in float64, for tables and other types.
double mote_unary_real(int64_t kind, double a, double b, double x);

#endif
