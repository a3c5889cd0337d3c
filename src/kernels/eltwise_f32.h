// float32 element-wise functions. Elementary functions are polynomials in fused multiply-adds, the same on every row,
// so all rows give the same bits; errors are bounded in the checker (a few units in the last place). In place is fine:
// the output may be an input exactly, not shifted. Knows no graph. Tests: tests/kernels/check_eltwise_f32.c
#ifndef MOTE_KERNELS_ELTWISE_F32_H
#define MOTE_KERNELS_ELTWISE_F32_H

#include "base/cpu.h"

// y = f(x); a, b are parameters.
typedef enum mote_unary_op {
  MOTE_UNARY_CLAMP, // min(max(x, a), b), NaN stays; relu: a = 0, b = INFINITY
  MOTE_UNARY_NEG,
  MOTE_UNARY_ABS,
  MOTE_UNARY_SQUARE,
  MOTE_UNARY_SQRT,
  MOTE_UNARY_RSQRT, // 1/sqrt(x)
  MOTE_UNARY_RECIPROCAL,
  MOTE_UNARY_FLOOR,
  MOTE_UNARY_CEIL,
  MOTE_UNARY_ROUND, // half to even
  MOTE_UNARY_TRUNC,
  MOTE_UNARY_SIGN,   // -1, 0, 1; NaN gives NaN
  MOTE_UNARY_AFFINE, // x*a + b, two roundings
  MOTE_UNARY_EXP,
  MOTE_UNARY_EXPM1,
  MOTE_UNARY_LOG,
  MOTE_UNARY_LOG1P,
  MOTE_UNARY_SIGMOID,
  MOTE_UNARY_TANH,
  MOTE_UNARY_ERF,
  MOTE_UNARY_SILU,        // x*sigmoid(x)
  MOTE_UNARY_GELU,        // x/2*(1 + erf(x/sqrt 2))
  MOTE_UNARY_GELU_TANH,   // x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715 x^3)))
  MOTE_UNARY_HARDSWISH,   // x*clamp(x + 3, 0, 6)/6
  MOTE_UNARY_HARDSIGMOID, // clamp(x + 3, 0, 6)/6
  MOTE_UNARY_ELU,         // x > 0 ? x*b : a*b*expm1(x); b: the scale (1, or selu's)
  MOTE_UNARY_LEAKY_RELU,  // x >= 0 ? x : a*x
  MOTE_UNARY_SOFTPLUS,    // log(1 + exp(a*x))/a, x where a*x > b
  MOTE_UNARY_COUNT
} mote_unary_op;

typedef enum mote_binary_op {
  MOTE_BINARY_ADD,
  MOTE_BINARY_SUB,
  MOTE_BINARY_MUL,
  MOTE_BINARY_DIV,
  MOTE_BINARY_MIN, // NaN if either is
  MOTE_BINARY_MAX,
  MOTE_BINARY_SQUARED_DIFFERENCE,
  MOTE_BINARY_PRELU,      // x >= 0 ? x : x*y
  MOTE_BINARY_ADD_SCALED, // x + a*y, two roundings (torch add and sub with alpha)
  MOTE_BINARY_COUNT
} mote_binary_op;

typedef struct mote_unary_f32_args {
  mote_unary_op op;
  float a, b;
  size_t n;
  const float *x;
  float *y;
} mote_unary_f32_args;

// out[r][c] = clamp(op(x[r][c], y[r][c]), lo, hi). Inner strides are 0 (one value for the row) or 1; row strides are
// any number of elements, 0 to repeat a row.
typedef struct mote_binary_f32_args {
  mote_binary_op op;
  float a;
  size_t rows, cols;
  const float *x, *y;
  ptrdiff_t x_row, y_row, out_row;
  uint32_t x_col, y_col; // 0 or 1
  float *out;
  float lo, hi;
} mote_binary_f32_args;

typedef struct mote_eltwise_f32 {
  const char *name, *isa;
  uint32_t features;
  void (*unary)(const mote_unary_f32_args *args, size_t t0, size_t t1);
  void (*binary)(const mote_binary_f32_args *args, size_t t0, size_t t1);
} mote_eltwise_f32;

const mote_eltwise_f32 *mote_eltwise_f32_select(const mote_cpu *cpu);
const mote_eltwise_f32 *const *mote_eltwise_f32_rows(size_t *count);

// A unary tile is TILE elements; a binary tile is as many whole rows as fit, or a piece of TILE columns of one row.
enum { MOTE_ELTWISE_F32_TILE = 8192 };
size_t mote_unary_f32_tiles(size_t n);
size_t mote_binary_f32_tiles(size_t rows, size_t cols);

#endif
