// Body of the float32 element-wise rows; a file per instruction set includes its vf_<isa>.h, then this. Tails go
// through a vector on the stack. Knows no graph. Tests: tests/kernels/check_eltwise_f32.c
#include <string.h>

#include "kernels/eltwise_f32.h"
#include "kernels/tmpl/vmath.h"

#define ONE vf_set1(1.0f)
#define ZERO vf_set1(0.0f)

MOTE_INLINE vf hard_gate(vf x) { // clamp(x + 3, 0, 6)
  return vf_min(vf_set1(6.0f), vf_max(ZERO, vf_add(x, vf_set1(3.0f))));
}

// Functions that share an elementary one also share its code: they branch on the operation in the loop, which costs
// less than a copy of the polynomial for each.

// exp, and x*sigmoid(u); tanh's GELU is x/2*(1 + tanh u) = x*sigmoid(2u).
MOTE_INLINE vf value_by_exp(mote_unary_op op, vf x) {
  vf u = x;
  if (op == MOTE_UNARY_GELU_TANH) {
    const vf cubic = vf_fma(vf_mul(vf_mul(x, x), x), vf_set1(0.044715f), x);
    u = vf_mul(cubic, vf_set1(1.5957691f)); // 2*sqrt(2/pi)
  }
  const vf e = vm_exp(op == MOTE_UNARY_EXP ? x : vm_neg(vm_abs(u)));
  if (op == MOTE_UNARY_EXP)
    return e;
  const vf gate = vm_sigmoid_of_exp(u, e);
  return op == MOTE_UNARY_SIGMOID ? gate : vf_mul(x, gate);
}

MOTE_INLINE vf value_by_expm1(mote_unary_op op, vf x, vf a, vf b) {
  const vf t = vm_expm1(op == MOTE_UNARY_TANH ? vf_mul(vm_abs(x), vf_set1(-2.0f)) : x);
  if (op == MOTE_UNARY_TANH)
    return vm_tanh_of_expm1(x, t);
  return op == MOTE_UNARY_EXPM1 ? t : vf_sel(vf_lt(ZERO, x), vf_mul(x, b), vf_mul(vf_mul(a, b), t));
}

// Softplus: log(1 + exp y)/a, y = a*x, is (max(y, 0) + log(1 + exp(-|y|)))/a.
MOTE_INLINE vf value_by_log(mote_unary_op op, vf x, vf a, vf b) {
  const vf y = vf_mul(a, x);
  vf in = x;
  if (op == MOTE_UNARY_SOFTPLUS)
    in = vm_exp(vm_neg(vm_abs(y)));
  const vf u = op == MOTE_UNARY_LOG ? x : vf_add(in, ONE), log = vm_log(u);
  if (op == MOTE_UNARY_LOG)
    return log;
  const vf log1p = vm_log1p_of_log(in, u, log);
  if (op == MOTE_UNARY_LOG1P)
    return log1p;
  return vf_sel(vf_lt(b, y), x, vf_div(vf_add(vf_max(ZERO, y), log1p), a));
}

MOTE_INLINE vf value_by_erf(mote_unary_op op, vf x) {
  const vf e = vm_erf(op == MOTE_UNARY_GELU ? vf_mul(x, vf_set1(0x1.6a09e6p-1f)) : x);
  return op == MOTE_UNARY_GELU ? vf_mul(vf_mul(x, vf_set1(0.5f)), vf_add(ONE, e)) : e;
}

// The others; `op` is a constant where this is inlined.
MOTE_INLINE vf unary_value(mote_unary_op op, vf x, vf a, vf b) {
  switch (op) {
  case MOTE_UNARY_CLAMP:
    return vf_min(b, vf_max(a, x));
  case MOTE_UNARY_NEG:
    return vm_neg(x);
  case MOTE_UNARY_ABS:
    return vm_abs(x);
  case MOTE_UNARY_SQUARE:
    return vf_mul(x, x);
  case MOTE_UNARY_SQRT:
    return vf_sqrt(x);
  case MOTE_UNARY_RSQRT:
    return vf_div(ONE, vf_sqrt(x));
  case MOTE_UNARY_RECIPROCAL:
    return vf_div(ONE, x);
  case MOTE_UNARY_FLOOR:
    return vf_floor(x);
  case MOTE_UNARY_CEIL:
    return vf_ceil(x);
  case MOTE_UNARY_ROUND:
    return vf_rint(x);
  case MOTE_UNARY_TRUNC:
    return vf_trunc(x);
  case MOTE_UNARY_SIGN:
    return vf_sel(vf_lt(ZERO, x), ONE, vf_sel(vf_lt(x, ZERO), vf_set1(-1.0f), x));
  case MOTE_UNARY_AFFINE:
    return vf_add(vf_mul(x, a), b);
  case MOTE_UNARY_HARDSWISH:
    return vf_mul(x, vf_mul(hard_gate(x), vf_set1(1.0f / 6.0f)));
  case MOTE_UNARY_HARDSIGMOID:
    return vf_mul(hard_gate(x), vf_set1(1.0f / 6.0f));
  case MOTE_UNARY_LEAKY_RELU:
    return vf_sel(vf_lt(x, ZERO), vf_mul(a, x), x);
  default:
    return x;
  }
}

// `n` is a multiple of VF_W. One loop an operation, each with the operation inlined, or a loop for a few.
static void unary_span(mote_unary_op op, size_t n, const float *x, float *y, float pa, float pb) {
  const vf a = vf_set1(pa), b = vf_set1(pb);
#define MOTE_UNARY_LOOP(value)                                                                                         \
  for (size_t i = 0; i < n; i += VF_W)                                                                                 \
    vf_store(y + i, value);                                                                                            \
  break
#define MOTE_UNARY_CASE(op)                                                                                            \
  case op:                                                                                                             \
    MOTE_UNARY_LOOP(unary_value(op, vf_load(x + i), a, b));
  switch (op) {
    MOTE_UNARY_CASE(MOTE_UNARY_CLAMP)
    MOTE_UNARY_CASE(MOTE_UNARY_NEG)
    MOTE_UNARY_CASE(MOTE_UNARY_ABS)
    MOTE_UNARY_CASE(MOTE_UNARY_SQUARE)
    MOTE_UNARY_CASE(MOTE_UNARY_SQRT)
    MOTE_UNARY_CASE(MOTE_UNARY_RSQRT)
    MOTE_UNARY_CASE(MOTE_UNARY_RECIPROCAL)
    MOTE_UNARY_CASE(MOTE_UNARY_FLOOR)
    MOTE_UNARY_CASE(MOTE_UNARY_CEIL)
    MOTE_UNARY_CASE(MOTE_UNARY_ROUND)
    MOTE_UNARY_CASE(MOTE_UNARY_TRUNC)
    MOTE_UNARY_CASE(MOTE_UNARY_SIGN)
    MOTE_UNARY_CASE(MOTE_UNARY_AFFINE)
    MOTE_UNARY_CASE(MOTE_UNARY_HARDSWISH)
    MOTE_UNARY_CASE(MOTE_UNARY_HARDSIGMOID)
    MOTE_UNARY_CASE(MOTE_UNARY_LEAKY_RELU)
  case MOTE_UNARY_EXP:
  case MOTE_UNARY_SIGMOID:
  case MOTE_UNARY_SILU:
  case MOTE_UNARY_GELU_TANH:
    MOTE_UNARY_LOOP(value_by_exp(op, vf_load(x + i)));
  case MOTE_UNARY_EXPM1:
  case MOTE_UNARY_TANH:
  case MOTE_UNARY_ELU:
    MOTE_UNARY_LOOP(value_by_expm1(op, vf_load(x + i), a, b));
  case MOTE_UNARY_LOG:
  case MOTE_UNARY_LOG1P:
  case MOTE_UNARY_SOFTPLUS:
    MOTE_UNARY_LOOP(value_by_log(op, vf_load(x + i), a, b));
  case MOTE_UNARY_ERF:
  case MOTE_UNARY_GELU:
    MOTE_UNARY_LOOP(value_by_erf(op, vf_load(x + i)));
  case MOTE_UNARY_COUNT:
    break;
  }
#undef MOTE_UNARY_CASE
#undef MOTE_UNARY_LOOP
}

static void unary(const mote_unary_f32_args *args, size_t t0, size_t t1) {
  const size_t first = t0 * MOTE_ELTWISE_F32_TILE, end = MOTE_MIN(t1 * MOTE_ELTWISE_F32_TILE, args->n);
  if (first >= end)
    return;
  const size_t n = end - first, whole = n / VF_W * VF_W, rest = n - whole;
  const float *x = args->x + first;
  float *y = args->y + first;
  float tail[VF_W] = {0};
  if (rest != 0)
    memcpy(tail, x + whole, rest * sizeof(float));
  unary_span(args->op, whole, x, y, args->a, args->b);
  if (rest != 0) {
    unary_span(args->op, VF_W, tail, tail, args->a, args->b);
    memcpy(y + whole, tail, rest * sizeof(float));
  }
}

MOTE_INLINE vf keep_nan(vf x, vf y, vf value) { return vf_sel(vf_nan(x), x, vf_sel(vf_nan(y), y, value)); }

MOTE_INLINE vf binary_value(mote_binary_op op, vf x, vf y, vf a) {
  switch (op) {
  case MOTE_BINARY_ADD:
    return vf_add(x, y);
  case MOTE_BINARY_SUB:
    return vf_sub(x, y);
  case MOTE_BINARY_MUL:
    return vf_mul(x, y);
  case MOTE_BINARY_DIV:
    return vf_div(x, y);
  case MOTE_BINARY_MIN:
    return keep_nan(x, y, vf_min(x, y));
  case MOTE_BINARY_MAX:
    return keep_nan(x, y, vf_max(x, y));
  case MOTE_BINARY_SQUARED_DIFFERENCE: {
    const vf d = vf_sub(x, y);
    return vf_mul(d, d);
  }
  case MOTE_BINARY_PRELU:
    return vf_sel(vf_lt(x, ZERO), vf_mul(x, y), x);
  case MOTE_BINARY_ADD_SCALED:
    return vf_add(x, vf_mul(a, y));
  case MOTE_BINARY_COUNT:
    break;
  }
  return x;
}

typedef struct binary_row {
  size_t n; // multiple of VF_W
  const float *x, *y;
  bool x_one, y_one; // one value for the row
  float *out;
  float a, lo, hi;
} binary_row;

MOTE_INLINE void binary_loop(mote_binary_op op, const binary_row *r) {
  const vf a = vf_set1(r->a), lo = vf_set1(r->lo), hi = vf_set1(r->hi);
  const vf x_one = vf_set1(*r->x), y_one = vf_set1(*r->y);
  for (size_t i = 0; i < r->n; i += VF_W) {
    const vf x = r->x_one ? x_one : vf_load(r->x + i), y = r->y_one ? y_one : vf_load(r->y + i);
    vf_store(r->out + i, vf_min(hi, vf_max(lo, binary_value(op, x, y, a))));
  }
}

static void binary_span(mote_binary_op op, const binary_row *r) {
#define MOTE_BINARY_CASE(op)                                                                                           \
  case op:                                                                                                             \
    binary_loop(op, r);                                                                                                \
    break;
  switch (op) {
    MOTE_BINARY_CASE(MOTE_BINARY_ADD)
    MOTE_BINARY_CASE(MOTE_BINARY_SUB)
    MOTE_BINARY_CASE(MOTE_BINARY_MUL)
    MOTE_BINARY_CASE(MOTE_BINARY_DIV)
    MOTE_BINARY_CASE(MOTE_BINARY_MIN)
    MOTE_BINARY_CASE(MOTE_BINARY_MAX)
    MOTE_BINARY_CASE(MOTE_BINARY_SQUARED_DIFFERENCE)
    MOTE_BINARY_CASE(MOTE_BINARY_PRELU)
    MOTE_BINARY_CASE(MOTE_BINARY_ADD_SCALED)
  case MOTE_BINARY_COUNT:
    break;
  }
#undef MOTE_BINARY_CASE
}

// Copies the last elements of an operand, or its one value, into `tail`.
static const float *binary_tail(float *tail, const float *from, bool one, size_t whole, size_t rest) {
  if (one)
    return from;
  memset(tail, 0, VF_W * sizeof(float));
  memcpy(tail, from + whole, rest * sizeof(float));
  return tail;
}

static void binary_columns(const mote_binary_f32_args *args, size_t row, size_t c0, size_t n) {
  binary_row r = {.x_one = args->x_col == 0, .y_one = args->y_col == 0, .a = args->a, .lo = args->lo, .hi = args->hi};
  const size_t whole = n / VF_W * VF_W, rest = n - whole;
  float x_tail[VF_W], y_tail[VF_W];
  r.x = args->x + (ptrdiff_t)row * args->x_row + (r.x_one ? 0 : c0);
  r.y = args->y + (ptrdiff_t)row * args->y_row + (r.y_one ? 0 : c0);
  r.out = args->out + (ptrdiff_t)row * args->out_row + c0;
  r.n = whole;
  float *end = r.out + whole;
  // The tail is read before the row is written: a row may be in place over its own one value.
  const float *x_rest = rest != 0 ? binary_tail(x_tail, r.x, r.x_one, whole, rest) : NULL;
  const float *y_rest = rest != 0 ? binary_tail(y_tail, r.y, r.y_one, whole, rest) : NULL;
  float x_one = *r.x, y_one = *r.y;
  if (whole != 0)
    binary_span(args->op, &r);
  if (rest != 0) {
    r.x = r.x_one ? &x_one : x_rest;
    r.y = r.y_one ? &y_one : y_rest;
    r.out = x_tail;
    r.n = VF_W;
    binary_span(args->op, &r);
    memcpy(end, x_tail, rest * sizeof(float));
  }
}

static void binary(const mote_binary_f32_args *args, size_t t0, size_t t1) {
  const ptrdiff_t cols = (ptrdiff_t)args->cols;
  if (args->cols > MOTE_ELTWISE_F32_TILE) {
    const size_t pieces = mote_unary_f32_tiles(args->cols);
    for (size_t t = t0; t < t1; t++) {
      const size_t c0 = t % pieces * MOTE_ELTWISE_F32_TILE;
      binary_columns(args, t / pieces, c0, MOTE_MIN(args->cols - c0, MOTE_ELTWISE_F32_TILE));
    }
    return;
  }
  if (args->cols == 0)
    return;
  const size_t height = MOTE_ELTWISE_F32_TILE / args->cols;
  const size_t r0 = t0 * height, r1 = MOTE_MIN(t1 * height, args->rows);
  const bool x_flat = args->x_col == 1 ? args->x_row == cols : args->x_row == 0;
  const bool y_flat = args->y_col == 1 ? args->y_row == cols : args->y_row == 0;
  if (r0 < r1 && x_flat && y_flat && args->out_row == cols) { // rows follow each other in all three: one long row
    mote_binary_f32_args flat = *args;
    flat.x += (ptrdiff_t)r0 * args->x_row;
    flat.y += (ptrdiff_t)r0 * args->y_row;
    flat.out += (ptrdiff_t)r0 * args->out_row;
    binary_columns(&flat, 0, 0, (r1 - r0) * args->cols);
    return;
  }
  for (size_t r = r0; r < r1; r++)
    binary_columns(args, r, 0, args->cols);
}

#define ELTWISE_TEXT2(x) #x
#define ELTWISE_TEXT(x) ELTWISE_TEXT2(x)
const mote_eltwise_f32 VF_NAME(eltwise_) = {
    .name = ELTWISE_TEXT(VF_NAME(eltwise_)), .isa = VF_ISA, .features = VF_FEATURES, .unary = unary, .binary = binary};
