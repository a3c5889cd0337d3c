// Functions of one variable, element by element: float, integer, bool and quantised. Tests: tests/unit/test_ops_basic.c
#include "ops/unary.h"

#include "kernels/qeltwise.h"
#include "kernels/qtable.h"
#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ meaning

static double gelu_tanh(double x) {
  return 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); // sqrt(2/pi)
}
static double clamp_real(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

double mote_unary_real(int64_t kind, double a, double b, double x) {
  switch (kind) {
  case MOTE_UNARY_CLAMP:
    return clamp_real(x, a, b);
  case MOTE_UNARY_NEG:
    return -x;
  case MOTE_UNARY_ABS:
    return fabs(x);
  case MOTE_UNARY_SQUARE:
    return x * x;
  case MOTE_UNARY_SQRT:
    return sqrt(x);
  case MOTE_UNARY_RSQRT:
    return 1 / sqrt(x);
  case MOTE_UNARY_RECIPROCAL:
    return 1 / x;
  case MOTE_UNARY_FLOOR:
    return floor(x);
  case MOTE_UNARY_CEIL:
    return ceil(x);
  case MOTE_UNARY_ROUND:
    return rint(x);
  case MOTE_UNARY_TRUNC:
    return trunc(x);
  case MOTE_UNARY_SIGN:
    return x > 0 ? 1 : x < 0 ? -1 : x;
  case MOTE_UNARY_AFFINE:
    return x * a + b;
  case MOTE_UNARY_EXP:
    return exp(x);
  case MOTE_UNARY_EXPM1:
    return expm1(x);
  case MOTE_UNARY_LOG:
    return log(x);
  case MOTE_UNARY_LOG1P:
    return log1p(x);
  case MOTE_UNARY_SIGMOID:
    return 1 / (1 + exp(-x));
  case MOTE_UNARY_TANH:
    return tanh(x);
  case MOTE_UNARY_ERF:
    return erf(x);
  case MOTE_UNARY_SILU:
    return x / (1 + exp(-x));
  case MOTE_UNARY_GELU:
    return 0.5 * x * (1 + erf(x * 0.7071067811865476)); // 1/sqrt(2)
  case MOTE_UNARY_GELU_TANH:
    return gelu_tanh(x);
  case MOTE_UNARY_HARDSWISH:
    return x * clamp_real(x + 3, 0, 6) / 6;
  case MOTE_UNARY_HARDSIGMOID:
    return clamp_real(x + 3, 0, 6) / 6;
  case MOTE_UNARY_ELU:
    return x > 0 ? x * b : a * b * expm1(x);
  case MOTE_UNARY_LEAKY_RELU:
    return x >= 0 ? x : a * x;
  case MOTE_UNARY_SOFTPLUS:
    return a * x > b ? x : log1p(exp(a * x)) / a;
  case MOTE_UNARY_SIN:
    return sin(x);
  case MOTE_UNARY_COS:
    return cos(x);
  default:
    return x;
  }
}

static int64_t unary_int(const mote_unary_attr *a, int64_t x) {
  switch (a->kind) {
  case MOTE_UNARY_CLAMP:
    return x < a->a ? (int64_t)a->a : x > a->b ? (int64_t)a->b : x;
  case MOTE_UNARY_NEG:
    return (int64_t)(0 - (uint64_t)x);
  case MOTE_UNARY_ABS:
    return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
  case MOTE_UNARY_SQUARE:
    return (int64_t)((uint64_t)x * (uint64_t)x);
  case MOTE_UNARY_SIGN:
    return (x > 0) - (x < 0);
  case MOTE_UNARY_NOT:
    return ~x;
  default:
    return x;
  }
}

static bool kind_takes_int(int64_t kind) {
  switch (kind) {
  case MOTE_UNARY_CLAMP:
  case MOTE_UNARY_NEG:
  case MOTE_UNARY_ABS:
  case MOTE_UNARY_SQUARE:
  case MOTE_UNARY_SIGN:
  case MOTE_UNARY_NOT:
  case MOTE_UNARY_FLOOR:
  case MOTE_UNARY_CEIL:
  case MOTE_UNARY_ROUND:
  case MOTE_UNARY_TRUNC:
    return true;
  default:
    return false;
  }
}

// ------------------------------------------------------------------------------------------------ rows

typedef struct unary_state {
  mote_unary_attr attr;
  const mote_eltwise_f32 *f32;
  const mote_qeltwise_row *q;
  uint8_t table[256];
  int16_t table16[MOTE_QTABLE16];
  mote_qsigmoid16 sigmoid16;
  bool is_sigmoid;
  mote_qfix fix[2]; // of functions of two slopes: above and below 0
  int32_t lo, hi;
} unary_state;

static void row_f32(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  (void)c;
  const unary_state *u = state;
  mote_unary_f32_args args = {(mote_unary_op)u->attr.kind, (float)u->attr.a, (float)u->attr.b, (size_t)n,
                              (const float *)p[1],         (float *)p[0]};
  if (s[0] == 4 && s[1] == 4) {
    u->f32->unary(&args, 0, mote_unary_f32_tiles((size_t)n));
    return;
  }
  float buffer[256];
  for (int64_t i = 0; i < n; i += args.n) {
    args.n = (size_t)MOTE_MIN(n - i, 256);
    args.x = args.y = buffer;
    for (size_t k = 0; k < args.n; k++)
      buffer[k] = *(const float *)(p[1] + (i + (int64_t)k) * s[1]);
    u->f32->unary(&args, 0, mote_unary_f32_tiles(args.n));
    for (size_t k = 0; k < args.n; k++)
      *(float *)(p[0] + (i + (int64_t)k) * s[0]) = buffer[k];
  }
}

static void row_real(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const unary_state *u = state;
  mote_dtype d = c->in[0]->dtype;
  for (int64_t i = 0; i < n; i++)
    mote_store_f64(p[0] + i * s[0], d, 0,
                   mote_unary_real(u->attr.kind, u->attr.a, u->attr.b, mote_load_f64(p[1] + i * s[1], d, 0)));
}

static void row_int(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const unary_state *u = state;
  mote_dtype d = c->in[0]->dtype;
  for (int64_t i = 0; i < n; i++)
    mote_store_i64(p[0] + i * s[0], d, 0, unary_int(&u->attr, mote_load_i64(p[1] + i * s[1], d, 0)));
}

static void row_bool_not(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  (void)c, (void)state;
  for (int64_t i = 0; i < n; i++)
    *(uint8_t *)(p[0] + i * s[0]) = *(const uint8_t *)(p[1] + i * s[1]) == 0;
}

static void row_lut8(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  (void)c;
  const unary_state *u = state;
  if (s[0] == 1 && s[1] == 1) {
    u->q->lookup(u->table, p[1], p[0], (size_t)n);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    *(uint8_t *)(p[0] + i * s[0]) = u->table[*(const uint8_t *)(p[1] + i * s[1])];
}

// Square roots of codes are floats that are cut off, not rounded, where the files come from.
static double cut_root(double x, double scale) {
  return x < 0 ? 0 : (double)floorf(sqrtf((float)x) / (float)scale) * scale;
}

static void row_q16(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const unary_state *u = state;
  const mote_quant *qi = &c->in[0]->quant, *qo = &c->out[0]->quant;
  for (int64_t i = 0; i < n; i++) {
    double x = qi->scale * (*(const int16_t *)(p[1] + i * s[1]) - qi->zero_point);
    double y = u->attr.kind == MOTE_UNARY_SQRT ? cut_root(x, qo->scale)
                                               : mote_unary_real(u->attr.kind, u->attr.a, u->attr.b, x);
    *(int16_t *)(p[0] + i * s[0]) = (int16_t)mote_quantise(y, qo->scale, qo->zero_point, -32768, 32767);
  }
}

// A table of 512 steps, as every runtime uses for this function; or the logistic function's.
static void row_lut16(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const unary_state *u = state;
  (void)c;
  int64_t many = s[0] == 2 && s[1] == 2 ? n : 1;
  for (int64_t i = 0; i < n; i += many) {
    const int16_t *in = (const int16_t *)(p[1] + i * s[1]);
    int16_t *out = (int16_t *)(p[0] + i * s[0]);
    if (u->is_sigmoid)
      mote_qsigmoid16_run(&u->sigmoid16, in, out, (size_t)many);
    else
      mote_qtable16_lookup(u->table16, in, out, (size_t)many);
  }
}

// Functions of two slopes in fixed point: clamps, leaky relu, abs. False: it is no such function.
static bool slopes_setup(const mote_opctx *c, unary_state *u) {
  int64_t kind = u->attr.kind;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  if (mote_dtype_is_quantized(in->dtype) ||
      (kind != MOTE_UNARY_CLAMP && kind != MOTE_UNARY_ABS && (kind != MOTE_UNARY_LEAKY_RELU || !(u->attr.a >= 0))))
    return false;
  float from = (float)in->quant.scale, to = (float)out->quant.scale;
  u->fix[0] = mote_qfix_from((double)(from / to));
  u->fix[1] = kind == MOTE_UNARY_LEAKY_RELU ? mote_qfix_from((double)(from * (float)u->attr.a / to)) : u->fix[0];
  mote_code_range(out->dtype, &u->lo, &u->hi);
  if (kind == MOTE_UNARY_CLAMP) {
    int32_t lo = u->lo;
    u->lo = mote_quantise(u->attr.a, out->quant.scale, out->quant.zero_point, lo, u->hi);
    u->hi = mote_quantise(u->attr.b, out->quant.scale, out->quant.zero_point, lo, u->hi);
  }
  return true;
}
static int32_t on_slope(const mote_opctx *c, const unary_state *u, int32_t code) {
  int32_t x = code - c->in[0]->quant.zero_point, y = u->attr.kind == MOTE_UNARY_ABS && x < 0 ? -x : x;
  return mote_qfix_code(y, u->fix[x < 0], c->out[0]->quant.zero_point, u->lo, u->hi);
}
static void row_slopes16(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  for (int64_t i = 0; i < n; i++)
    *(int16_t *)(p[0] + i * s[0]) = (int16_t)on_slope(c, state, *(const int16_t *)(p[1] + i * s[1]));
}

// ------------------------------------------------------------------------------------------------ operator

static mote_unary_attr unary_attr(const mote_opctx *c) {
  mote_unary_attr a = *(const mote_unary_attr *)c->attr;
  if (a.kind == MOTE_UNARY_GELU && a.approximate)
    a.kind = MOTE_UNARY_GELU_TANH;
  return a;
}

static mote_status unary_infer(mote_opctx *c) {
  mote_unary_attr a = unary_attr(c);
  const mote_tensor *in = c->in[0];
  mote_dtype d = in->dtype;
  bool is_not = a.kind == MOTE_UNARY_NOT;
  if (a.kind < 0 || a.kind >= MOTE_UNARY_LAST)
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "function %lld", (long long)a.kind);
  bool ok = mote_dtype_is_float(d) ? !is_not
            : d == MOTE_BOOL
                ? is_not
                : mote_is_quant(in) || (mote_dtype_size(d) > 0 && mote_dtype_is_int(d) && kind_takes_int(a.kind));
  if (!ok)
    return mote_bad_dtype(c, 0);
  if (mote_is_quant(in) && in->quant.count > 1)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "per-channel input");
  MOTE_TRY(mote_out_declare(c, &a.quant, d));
  mote_out_pass(c, 0, 0);
  if (mote_is_quant(in) && (!(c->out[0]->quant.scale > 0) || !(in->quant.scale > 0)))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "a scale is 0");
  return MOTE_OK;
}

static double lut_real(double x, const void *arg) {
  const mote_unary_attr *a = arg;
  return mote_unary_real(a->kind, a->a, a->b, x);
}

static double lut_root(double x, const void *arg) {
  return cut_root(x, ((const mote_opctx *)arg)->out[0]->quant.scale);
}
// Logarithms and reciprocal roots have none at 0 and below: b stands for it.
static double lut_above(double x, const void *arg) {
  const mote_unary_attr *a = arg;
  return x > 0 ? lut_real(x, arg) : a->b;
}

// A multiplier's upper half, rounded.
static int32_t upper16(mote_qfix f) { return mote_q16_fit(((int64_t)f.mult + (1 << 15)) >> 16); }

// Hard swish in 16 bits, as the files' own runtimes compute it: the code with 7 more bits, once in units of the output
// and once as a share of 3 in 15 bits, which becomes a factor in [0, 1]. `x` is a code's value.
static double lut_swish(double x, const void *arg) {
  const mote_opctx *c = arg;
  float unit = (float)c->in[0]->quant.scale / 128, out_unit = (float)c->out[0]->quant.scale;
  mote_qfix to_out = mote_qfix_from((double)(unit / out_unit)),
            to_share = mote_qfix_from((double)(unit / (3.0f / 32768)));
  if (to_out.shift > 0) // codes of the output finer than that
    return mote_unary_real(MOTE_UNARY_HARDSWISH, 0, 0, x);
  int32_t fine = (int32_t)round(x / c->in[0]->quant.scale) * 128, share = fine, last = to_share.shift > 0;
  if (last) // its last bit may saturate, the others may not matter then
    share = mote_q16_shift(share, to_share.shift - 1);
  share = mote_q16_shift(mote_q16_mul(share, upper16(to_share)), last ? 1 : to_share.shift);
  int32_t y = ((share + (1 << 15)) >> 1) * mote_q16_mul(fine, upper16(to_out)) / (1 << 15);
  return mote_q16_shift(y, to_out.shift) * c->out[0]->quant.scale;
}

static mote_walk_plan setup16(const mote_opctx *c, unary_state *u) {
  const mote_quant *in = &c->in[0]->quant, *out = &c->out[0]->quant;
  mote_walk_plan w = {row_q16, 1, "unary", NULL};
  bool above = u->attr.kind == MOTE_UNARY_LOG || u->attr.kind == MOTE_UNARY_RSQRT;
  if (above)
    u->attr.b = (u->attr.kind == MOTE_UNARY_LOG ? INT16_MIN : INT16_MAX) * out->scale;
  if (above || u->attr.kind == MOTE_UNARY_EXP) {
    mote_qrange from = {in->scale, in->zero_point, INT16_MIN, INT16_MAX},
                to = {out->scale, out->zero_point, INT16_MIN, INT16_MAX};
    mote_qtable16_fill(u->table16, from, to, true, above ? lut_above : lut_real, &u->attr);
    w.fn = row_lut16;
  } else if (slopes_setup(c, u)) {
    w.fn = row_slopes16;
  } else if ((u->attr.kind == MOTE_UNARY_SIGMOID || u->attr.kind == MOTE_UNARY_TANH) && in->zero_point == 0 &&
             out->zero_point == 0 && out->scale == 0x1p-15) {
    mote_qsigmoid16_fill(&u->sigmoid16, in->scale, u->attr.kind == MOTE_UNARY_TANH);
    u->is_sigmoid = true;
    w.fn = row_lut16;
  }
  return w;
}

static mote_walk_plan unary_setup(const mote_opctx *c, unary_state *u) {
  memset(u, 0, sizeof *u);
  u->attr = unary_attr(c);
  u->f32 = mote_eltwise_f32_select(c->env->cpu);
  u->q = mote_qeltwise_select(c->env->cpu);
  const mote_tensor *in = c->in[0];
  mote_dtype d = mote_code_type(in->dtype);
  mote_walk_plan w = {row_real, 1, "unary", NULL};
  if (mote_is_quant(in) && d != MOTE_I16) {
    bool sloped = slopes_setup(c, u), root = u->attr.kind == MOTE_UNARY_SQRT,
         own = mote_dtype_is_quantized(in->dtype); // PyTorch's
    for (int b = 0; sloped && b < 256; b++)
      u->table[b] = (uint8_t)on_slope(c, u, d == MOTE_I8 ? (int8_t)b : b);
    if (!own && (root || u->attr.kind == MOTE_UNARY_HARDSWISH))
      mote_lut8(in, c->out[0], root ? lut_root : lut_swish, c, u->table);
    else if (!sloped)
      mote_lut8(in, c->out[0], lut_real, &u->attr, u->table);
    w = (mote_walk_plan){row_lut8, 1, u->q->name, NULL};
  } else if (mote_is_quant(in)) {
    w = setup16(c, u);
  } else if (d == MOTE_BOOL) {
    w.fn = row_bool_not;
  } else if (!mote_dtype_is_float(d)) {
    w.fn = row_int;
  } else if (d == MOTE_F32 && u->attr.kind < MOTE_UNARY_COUNT) {
    w = (mote_walk_plan){row_f32, 1, u->f32->name, u->f32->isa};
  }
  return w;
}

static mote_status unary_prepare(mote_opctx *c) {
  unary_state u;
  mote_walk_plan w = unary_setup(c, &u);
  return mote_walk_prepare(c, &w, &u, sizeof u);
}

static mote_status unary_eval(mote_opctx *c) {
  unary_state u;
  mote_walk_plan w = unary_setup(c, &u);
  return mote_walk_eval(c, &w, &u);
}

// The defaults of a and b are the second and third number, times a power of ten.
#define RULES(ident, a_, a_power, b_, b_power)                                                                         \
  static const mote_attr_field ident##_fields[] = {MOTE_ATTR(mote_unary_attr, kind, MOTE_ATTR_INT, 0),                 \
                                                   MOTE_ATTR_POWER(mote_unary_attr, a, MOTE_ATTR_FLOAT, a_, a_power),  \
                                                   MOTE_ATTR_POWER(mote_unary_attr, b, MOTE_ATTR_FLOAT, b_, b_power),  \
                                                   MOTE_ATTR(mote_unary_attr, approximate, MOTE_ATTR_BOOL, 0),         \
                                                   MOTE_OUT_QUANT_FIELDS(mote_unary_attr, quant)};                     \
  static const mote_op_rules ident##_rules = {.flags = MOTE_OP_ELEMENTWISE | MOTE_OP_STRIDED_IN | MOTE_OP_STRIDED_OUT, \
                                              .min_in = 1,                                                             \
                                              .max_in = 1,                                                             \
                                              .n_out = 1,                                                              \
                                              .attr_size = sizeof(mote_unary_attr),                                    \
                                              MOTE_FIELDS(ident##_fields),                                             \
                                              .infer = unary_infer,                                                    \
                                              .prepare = unary_prepare,                                                \
                                              .eval = unary_eval}
#define UNARY(ident, kind) const mote_op mote_op_##ident = {#ident, &plain_rules, kind}
#define UNARY_RULES(ident, kind, a, a_power, b, b_power)                                                               \
  RULES(ident, a, a_power, b, b_power);                                                                                \
  const mote_op mote_op_##ident = {#ident, &ident##_rules, kind}

RULES(plain, 0, 0, 0, 0);
UNARY_RULES(clamp, MOTE_UNARY_CLAMP, -1, MOTE_ATTR_INFINITE, 1, MOTE_ATTR_INFINITE);
UNARY_RULES(relu, MOTE_UNARY_CLAMP, 0, 0, 1, MOTE_ATTR_INFINITE);
UNARY_RULES(relu6, MOTE_UNARY_CLAMP, 0, 0, 6, 0);
UNARY(sigmoid, MOTE_UNARY_SIGMOID);
UNARY(tanh, MOTE_UNARY_TANH);
UNARY(exp, MOTE_UNARY_EXP);
UNARY(expm1, MOTE_UNARY_EXPM1);
UNARY(log, MOTE_UNARY_LOG);
UNARY(log1p, MOTE_UNARY_LOG1P);
UNARY(erf, MOTE_UNARY_ERF);
UNARY(sqrt, MOTE_UNARY_SQRT);
UNARY(rsqrt, MOTE_UNARY_RSQRT);
UNARY(reciprocal, MOTE_UNARY_RECIPROCAL);
UNARY(neg, MOTE_UNARY_NEG);
UNARY(abs, MOTE_UNARY_ABS);
UNARY(square, MOTE_UNARY_SQUARE);
UNARY(floor, MOTE_UNARY_FLOOR);
UNARY(ceil, MOTE_UNARY_CEIL);
UNARY(round, MOTE_UNARY_ROUND);
UNARY(trunc, MOTE_UNARY_TRUNC);
UNARY(sign, MOTE_UNARY_SIGN);
UNARY_RULES(affine, MOTE_UNARY_AFFINE, 1, 0, 0, 0);
UNARY(silu, MOTE_UNARY_SILU);
UNARY(hardswish, MOTE_UNARY_HARDSWISH);
UNARY(hardsigmoid, MOTE_UNARY_HARDSIGMOID);
UNARY_RULES(softplus, MOTE_UNARY_SOFTPLUS, 1, 0, 20, 0);
UNARY_RULES(elu, MOTE_UNARY_ELU, 1, 0, 1, 0);
UNARY_RULES(leaky_relu, MOTE_UNARY_LEAKY_RELU, 1, -2, 0, 0);
UNARY(gelu, MOTE_UNARY_GELU);
UNARY(sin, MOTE_UNARY_SIN);
UNARY(cos, MOTE_UNARY_COS);
UNARY(not, MOTE_UNARY_NOT);

// ------------------------------------------------------------------------------------------------ rows of files

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(8, 1, "FLOOR", mote_op_floor),
    MOTE_TFLITE_OP(14, 3, "LOGISTIC", mote_op_sigmoid),
    MOTE_TFLITE_OP(19, 3, "RELU", mote_op_relu),
    MOTE_TFLITE_OP(20, 2, "RELU_N1_TO_1 a=-1 b=1", mote_op_clamp),
    MOTE_TFLITE_OP(21, 3, "RELU6", mote_op_relu6),
    MOTE_TFLITE_OP(28, 3, "TANH", mote_op_tanh),
    MOTE_TFLITE_OP(47, 2, "EXP", mote_op_exp),
    MOTE_TFLITE_OP(59, 2, "NEG", mote_op_neg),
    MOTE_TFLITE_OP(66, 1, "SIN", mote_op_sin),
    MOTE_TFLITE_OP(73, 2, "LOG", mote_op_log),
    MOTE_TFLITE_OP(75, 2, "SQRT", mote_op_sqrt),
    MOTE_TFLITE_OP(76, 3, "RSQRT", mote_op_rsqrt),
    MOTE_TFLITE_OP(87, 1, "LOGICAL_NOT", mote_op_not),
    MOTE_TFLITE_OP(92, 1, "SQUARE", mote_op_square),
    MOTE_TFLITE_OP(98, 2, "LEAKY_RELU a:f32", mote_op_leaky_relu),
    MOTE_TFLITE_OP(101, 5, "ABS", mote_op_abs),
    MOTE_TFLITE_OP(104, 1, "CEIL", mote_op_ceil),
    MOTE_TFLITE_OP(108, 1, "COS", mote_op_cos),
    MOTE_TFLITE_OP(111, 1, "ELU", mote_op_elu),
    MOTE_TFLITE_OP(116, 1, "ROUND", mote_op_round),
    MOTE_TFLITE_OP(117, 1, "HARD_SWISH", mote_op_hardswish),
    MOTE_TFLITE_OP(150, 2, "GELU approximate:bool", mote_op_gelu),
    MOTE_TFLITE_OP(152, 1, "RELU_0_TO_1 a=0 b=1", mote_op_clamp),
    MOTE_TFLITE_OP(158, 2, "SIGN", mote_op_sign),
};
const mote_op_family mote_family_unary = {MOTE_ROWS(tflite, tflite_rows)};
