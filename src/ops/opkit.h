// What operator files share: setting outputs, reading small constants, quantisation arithmetic, walking elements in
// tiles. Knows no particular operator. Tests: through every operator, tests/unit/test_ops_*.c
#ifndef MOTE_OPS_OPKIT_H
#define MOTE_OPS_OPKIT_H

#include <math.h>
#include <string.h>

#include "core/op.h"
#include "kernels/qround.h"
#include "ops/ops.h"

// ------------------------------------------------------------------------------------------------ activations

// Fused activations. The first six have the numbers of TensorFlow Lite's enum; CLAMP uses the attributes' own bounds.
typedef enum mote_act {
  MOTE_ACT_NONE = 0,
  MOTE_ACT_RELU = 1,
  MOTE_ACT_RELU_N1 = 2,
  MOTE_ACT_RELU6 = 3,
  MOTE_ACT_TANH = 4,
  MOTE_ACT_SIGN = 5,
  MOTE_ACT_CLAMP = 100, // no number that a file could hold
} mote_act;

// The activation members that fusing operators carry, in this order.
typedef struct mote_act_attr {
  int64_t activation; // mote_act
  double act_lo, act_hi;
} mote_act_attr;
#define MOTE_ACT_FIELDS(type, member)                                                                                  \
  {"activation", (uint16_t)offsetof(type, member.activation), MOTE_ATTR_INT, 0, 0},                                    \
      {"act_lo", (uint16_t)offsetof(type, member.act_lo), MOTE_ATTR_FLOAT, 0, 0}, {                                    \
    "act_hi", (uint16_t)offsetof(type, member.act_hi), MOTE_ATTR_FLOAT, 0, 0                                           \
  }

// MOTE_ERR_UNSUPPORTED unless the activation is a clamp.
mote_status mote_act_check(const mote_opctx *c, const mote_act_attr *a);
void mote_act_range(const mote_act_attr *a, float *lo, float *hi);
// The same in codes of a quantised output.
void mote_act_codes(const mote_act_attr *a, const mote_tensor *out, int32_t *lo, int32_t *hi);

// Quantisation of output 0 where a program gives it as numbers of the call (PyTorch); scale 0: the file declared it.
typedef struct mote_out_quant {
  double scale;
  int64_t zero;
} mote_out_quant;
#define MOTE_OUT_QUANT_FIELDS(type, member)                                                                            \
  {"out_scale", (uint16_t)offsetof(type, member.scale), MOTE_ATTR_FLOAT, 0, 0}, {                                      \
    "out_zero", (uint16_t)offsetof(type, member.zero), MOTE_ATTR_INT, 0, 0                                             \
  }
// infer: declares it for an output of `dtype`'s codes. MOTE_ERR_ARGUMENT when the numbers cannot be.
mote_status mote_out_declare(const mote_opctx *c, const mote_out_quant *q, mote_dtype dtype);

// ------------------------------------------------------------------------------------------------ shape rules

// Sets dtype and dims of output j; keeps the quantisation that the file declared for it.
void mote_out(const mote_opctx *c, int32_t j, mote_dtype dtype, int32_t rank, const int64_t *dim);
// Shape and dtype of input i.
void mote_out_as(const mote_opctx *c, int32_t j, int32_t i);
// The same, and the quantisation of input i where the file declared none.
void mote_out_pass(const mote_opctx *c, int32_t j, int32_t i);

// True when the data of input i is not known yet: sets the outcome; the caller returns MOTE_OK.
bool mote_needs(mote_opctx *c, int32_t i);
// All integers of a small 1-D (or scalar) int tensor.
mote_status mote_ints_of(const mote_opctx *c, int32_t i, mote_ints *out);
// First element as integer or number; the tensor must have one element at least.
mote_status mote_int_of(const mote_opctx *c, int32_t i, int64_t *out);
mote_status mote_axis_of(const mote_opctx *c, int64_t axis, int32_t rank, int32_t *out);
mote_status mote_want_rank(const mote_opctx *c, int32_t i, int32_t lo, int32_t hi);
mote_status mote_want_dtype(const mote_opctx *c, int32_t i, mote_dtype dtype);
// Inputs i and j have the same dtype.
mote_status mote_want_same(const mote_opctx *c, int32_t i, int32_t j);
mote_status mote_want_int(const mote_opctx *c, int32_t i); // i32 or i64
mote_status mote_bad_dtype(const mote_opctx *c, int32_t i);

MOTE_INLINE bool mote_has(const mote_opctx *c, int32_t i) { return i < c->n_in && c->in[i] != NULL; }
MOTE_INLINE bool mote_is_const(const mote_opctx *c, int32_t i) {
  return mote_has(c, i) && c->in_const != NULL && c->in_const[i];
}
MOTE_INLINE int64_t mote_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
// Product of dims [from, to).
int64_t mote_dims_product(const mote_tensor *t, int32_t from, int32_t to);

// ------------------------------------------------------------------------------------------------ quantised values

// 8- or 16-bit codes with a scale, int32 too when it declares one.
bool mote_is_quant(const mote_tensor *t);
MOTE_INLINE mote_dtype mote_code_type(mote_dtype d) {
  return d == MOTE_QI8 ? MOTE_I8 : d == MOTE_QU8 ? MOTE_U8 : d == MOTE_QI32 ? MOTE_I32 : d;
}
// Range of codes: of the dtype; false when it is no integer of up to 32 bits.
bool mote_code_range(mote_dtype dtype, int32_t *lo, int32_t *hi);
MOTE_INLINE double mote_scale_at(const mote_quant *q, int64_t channel) {
  return q->scales != NULL && q->count > 1 ? q->scales[channel] : q->scale;
}
MOTE_INLINE int32_t mote_zero_at(const mote_quant *q, int64_t channel) {
  return q->zero_points != NULL && q->count > 1 ? q->zero_points[channel] : q->zero_point;
}
// Nearest code of a real number, halves away from zero.
MOTE_INLINE int32_t mote_quantise(double real, double scale, int32_t zero, int32_t lo, int32_t hi) {
  double q = round(real / scale) + zero;
  return q >= hi ? hi : q > lo ? (int32_t)q : lo;
}
// The table of a function on 8-bit codes, indexed by the code's byte.
typedef double mote_real_fn(double x, const void *arg);
void mote_lut8(const mote_tensor *in, const mote_tensor *out, mote_real_fn *fn, const void *arg, uint8_t table[256]);

// A dense float copy of `t` (any numeric dtype, int4 and int2 too), dequantised when it has a scale. `out` has numel
// floats.
void mote_to_float(const mote_tensor *t, float *out);
// Element `i` of a dense tensor as code, int4 and int2 included.
int64_t mote_code_at(const mote_tensor *t, int64_t i);
// Codes of a dense int2/int4/int8 tensor, one a byte.
void mote_to_i8(const mote_tensor *t, int8_t *out);

// ------------------------------------------------------------------------------------------------ walking elements

#define MOTE_WALK_MAX MOTE_ITER_OPERANDS
// n elements of a row: operand k stands at p[k], its elements s[k] bytes apart.
typedef void mote_row_fn(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]);

// Operands of a walk over shape (rank, dim): strides in elements of each, which may be 0 where it is broadcast.
typedef struct mote_walk {
  mote_iter it;
  int32_t n;
  int64_t segment, segments; // elements and count of pieces a row
  int64_t rows_tile;         // rows a tile (when segments is 1)
  size_t size[MOTE_WALK_MAX];
  int8_t from[MOTE_WALK_MAX]; // operand: >= 0 input index, -1 - j output j
  mote_row_fn *fn;
  const void *state;
} mote_walk;

// Operands: out[0] first, then `in` inputs 0.. broadcast to its shape. False when shapes do not fit.
bool mote_walk_init(mote_walk *w, const mote_opctx *c, int32_t in, mote_row_fn *fn, const void *state);
int64_t mote_walk_tiles(const mote_walk *w);
void mote_walk_run(const mote_walk *w, const mote_opctx *c, int64_t t0, int64_t t1);
// What an element-wise operator needs: its row function and `state_size` bytes of state.
typedef struct mote_walk_plan {
  mote_row_fn *fn;
  int32_t in; // inputs that take part
  const char *kernel, *isa;
} mote_walk_plan;
// prepare: one step that walks; the state is copied into the plan.
mote_status mote_walk_prepare(mote_opctx *c, const mote_walk_plan *plan, const void *state, size_t size);
// eval: the same at once.
mote_status mote_walk_eval(mote_opctx *c, const mote_walk_plan *plan, const void *state);
// prepare: one step that walks.
mote_status mote_walk_step(mote_opctx *c, int32_t in, mote_row_fn *fn, const void *state, const char *kernel);

// eval of a view operator whose input can have any strides: copies what `view` looks at.
mote_status mote_view_eval(mote_opctx *c);
mote_layout mote_layout_any(const mote_opctx *c, int32_t operand);
// A dense input as bytes: same element order in and out.
void mote_copy_flat(const mote_opctx *c, int32_t i, int32_t j);

// prepare: a copy that lives as long as the plan; NULL when memory is short.
void *mote_keep(mote_opctx *c, const void *state, size_t size);
// prepare: a step on `state` copied into the plan.
mote_status mote_add_step(mote_opctx *c, mote_step_fn *run, const void *state, size_t size, int64_t tiles,
                          size_t scratch, const char *kernel, const char *isa);

#endif
