// Functions of two variables with broadcasting: float, integer, bool, complex, string and quantised.
// Tests: tests/unit/test_ops_basic.c
#include "ops/binary.h"

#include "kernels/qeltwise.h"

typedef struct binary_state {
  mote_binary_attr attr;
  mote_dtype dtype; // of the operands
  const mote_eltwise_f32 *f32;
  const mote_qeltwise_row *q;
  mote_qbinary qb;
  float lo, hi;
  double a_scale, b_scale; // comparison of quantised operands
  int32_t a_zp, b_zp;
  mote_qfix fix[3]; // 16-bit sums: both operands to a common scale, and from there to the output's
} binary_state;

// ------------------------------------------------------------------------------------------------ meaning

static double floor_mod_real(double x, double y) {
  double m = fmod(x, y);
  return m != 0 && (m < 0) != (y < 0) ? m + y : m;
}

static double binary_real(const mote_binary_attr *a, double x, double y) {
  switch (a->kind) {
  case MOTE_BINARY_ADD:
    return x + y;
  case MOTE_BINARY_SUB:
    return x - y;
  case MOTE_BINARY_MUL:
    return x * y;
  case MOTE_BINARY_DIV:
    return x / y;
  case MOTE_BINARY_MIN:
    return x != x ? x : y != y ? y : x < y ? x : y;
  case MOTE_BINARY_MAX:
    return x != x ? x : y != y ? y : x > y ? x : y;
  case MOTE_BINARY_SQUARED_DIFFERENCE:
    return (x - y) * (x - y);
  case MOTE_BINARY_PRELU:
    return x >= 0 ? x : x * y;
  case MOTE_BINARY_ADD_SCALED:
    return x + a->alpha * y;
  case MOTE_BINARY_POW:
    return pow(x, y);
  case MOTE_BINARY_FLOOR_DIV:
    return floor(x / y);
  case MOTE_BINARY_FLOOR_MOD:
    return floor_mod_real(x, y);
  case MOTE_BINARY_ATAN2:
    return atan2(x, y);
  default:
    return 0;
  }
}

static int64_t pow_int(int64_t x, int64_t y) {
  if (y < 0)
    return x == 1 ? 1 : x == -1 ? (y % 2 != 0 ? -1 : 1) : 0;
  uint64_t r = 1, b = (uint64_t)x;
  for (; y > 0; y >>= 1, b *= b)
    if (y & 1)
      r *= b;
  return (int64_t)r;
}

// The divisor is not 0: nonzero_run saw to that.
static int64_t div_int(int64_t kind, int64_t x, int64_t y) {
  if (y == -1)
    return kind == MOTE_BINARY_FLOOR_MOD ? 0 : (int64_t)(0 - (uint64_t)x);
  int64_t q = x / y, m = x % y;
  bool down = m != 0 && (m < 0) != (y < 0);
  return kind == MOTE_BINARY_DIV ? q : kind == MOTE_BINARY_FLOOR_DIV ? q - down : down ? m + y : m;
}

static int64_t binary_int(const binary_state *s, int64_t x, int64_t y) {
  int64_t bits = (int64_t)mote_dtype_bits(s->dtype);
  switch (s->attr.kind) {
  case MOTE_BINARY_ADD:
    return (int64_t)((uint64_t)x + (uint64_t)y);
  case MOTE_BINARY_ADD_SCALED:
    return (int64_t)((uint64_t)x + (uint64_t)(int64_t)s->attr.alpha * (uint64_t)y);
  case MOTE_BINARY_SUB:
    return (int64_t)((uint64_t)x - (uint64_t)y);
  case MOTE_BINARY_MUL:
    return (int64_t)((uint64_t)x * (uint64_t)y);
  case MOTE_BINARY_DIV:
  case MOTE_BINARY_FLOOR_DIV:
  case MOTE_BINARY_FLOOR_MOD:
    return div_int(s->attr.kind, x, y);
  case MOTE_BINARY_MIN:
    return x < y ? x : y;
  case MOTE_BINARY_MAX:
    return x > y ? x : y;
  case MOTE_BINARY_SQUARED_DIFFERENCE:
    return (int64_t)(((uint64_t)x - (uint64_t)y) * ((uint64_t)x - (uint64_t)y));
  case MOTE_BINARY_PRELU:
    return x >= 0 ? x : (int64_t)((uint64_t)x * (uint64_t)y);
  case MOTE_BINARY_POW:
    return pow_int(x, y);
  case MOTE_BINARY_AND:
    return x & y;
  case MOTE_BINARY_OR:
    return x | y;
  case MOTE_BINARY_XOR:
    return x ^ y;
  case MOTE_BINARY_SHL:
    return y < 0 || y >= bits ? 0 : (int64_t)((uint64_t)x << y);
  case MOTE_BINARY_SHR:
    return x >> (y < 0 ? 0 : y >= bits ? bits - 1 : y);
  default:
    return 0;
  }
}

static bool compare(int64_t kind, bool lt, bool eq, bool gt) {
  switch (kind) {
  case MOTE_BINARY_EQ:
    return eq;
  case MOTE_BINARY_NE:
    return !eq;
  case MOTE_BINARY_LT:
    return lt;
  case MOTE_BINARY_LE:
    return lt || eq;
  case MOTE_BINARY_GT:
    return gt;
  default:
    return gt || eq;
  }
}
static bool is_compare(int64_t kind) { return kind >= MOTE_BINARY_EQ && kind <= MOTE_BINARY_GE; }
static bool is_logical(int64_t kind) { return kind == MOTE_BINARY_LOGICAL_AND || kind == MOTE_BINARY_LOGICAL_OR; }
static bool is_bits(int64_t kind) { return kind >= MOTE_BINARY_AND && kind <= MOTE_BINARY_SHR; }

// ------------------------------------------------------------------------------------------------ rows

static void row_real(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  for (int64_t i = 0; i < n; i++) {
    double v =
        binary_real(&b->attr, mote_load_f64(p[1] + i * s[1], b->dtype, 0), mote_load_f64(p[2] + i * s[2], b->dtype, 0));
    v = v < (double)b->lo ? (double)b->lo : v > (double)b->hi ? (double)b->hi : v;
    mote_store_f64(p[0] + i * s[0], b->dtype, 0, v);
  }
}

static void row_f32(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  if (s[0] != 4 || (s[1] != 4 && s[1] != 0) || (s[2] != 4 && s[2] != 0)) {
    row_real(c, state, n, p, s);
    return;
  }
  mote_binary_f32_args args = {.op = (mote_binary_op)b->attr.kind,
                               .a = (float)b->attr.alpha,
                               .rows = 1,
                               .cols = (size_t)n,
                               .x = (const float *)p[1],
                               .y = (const float *)p[2],
                               .out = (float *)p[0],
                               .x_col = s[1] != 0,
                               .y_col = s[2] != 0,
                               .lo = b->lo,
                               .hi = b->hi};
  b->f32->binary(&args, 0, mote_binary_f32_tiles(1, (size_t)n));
}

static void row_int(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  int64_t lo = b->lo > -INFINITY ? (int64_t)b->lo : INT64_MIN, hi = b->hi < INFINITY ? (int64_t)b->hi : INT64_MAX;
  for (int64_t i = 0; i < n; i++) {
    int64_t v = binary_int(b, mote_load_i64(p[1] + i * s[1], b->dtype, 0), mote_load_i64(p[2] + i * s[2], b->dtype, 0));
    mote_store_i64(p[0] + i * s[0], b->dtype, 0, v < lo ? lo : v > hi ? hi : v);
  }
}

// The integers that shapes and indices are made of, without the detour over 64 bits.
static void row_i32(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  int64_t kind = b->attr.kind;
  if (kind != MOTE_BINARY_ADD && kind != MOTE_BINARY_SUB && kind != MOTE_BINARY_MUL) {
    row_int(c, state, n, p, s);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    uint32_t x = *(const uint32_t *)(p[1] + i * s[1]), y = *(const uint32_t *)(p[2] + i * s[2]);
    int32_t v = (int32_t)(kind == MOTE_BINARY_ADD ? x + y : kind == MOTE_BINARY_SUB ? x - y : x * y);
    *(int32_t *)(p[0] + i * s[0]) = (float)v < b->lo ? (int32_t)b->lo : (float)v > b->hi ? (int32_t)b->hi : v;
  }
}

static void row_complex(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  mote_dtype half = b->dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
  for (int64_t i = 0; i < n; i++) {
    const char *x = p[1] + i * s[1], *y = p[2] + i * s[2];
    double xr = mote_load_f64(x, half, 0), xi = mote_load_f64(x, half, 1);
    double yr = mote_load_f64(y, half, 0), yi = mote_load_f64(y, half, 1), r, m;
    switch (b->attr.kind) {
    case MOTE_BINARY_ADD:
      r = xr + yr, m = xi + yi;
      break;
    case MOTE_BINARY_SUB:
      r = xr - yr, m = xi - yi;
      break;
    case MOTE_BINARY_MUL:
      r = xr * yr - xi * yi, m = xr * yi + xi * yr;
      break;
    default: {
      double d = yr * yr + yi * yi;
      r = (xr * yr + xi * yi) / d, m = (xi * yr - xr * yi) / d;
    }
    }
    mote_store_f64(p[0] + i * s[0], half, 0, r);
    mote_store_f64(p[0] + i * s[0], half, 1, m);
  }
}

static void row_compare(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  bool real = mote_dtype_is_float(b->dtype), pairs = mote_dtype_is_complex(b->dtype);
  mote_dtype half = b->dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
  for (int64_t i = 0; i < n; i++) {
    const char *x = p[1] + i * s[1], *y = p[2] + i * s[2];
    bool r;
    if (pairs) {
      r = mote_load_f64(x, half, 0) == mote_load_f64(y, half, 0) &&
          mote_load_f64(x, half, 1) == mote_load_f64(y, half, 1);
      r = compare(b->attr.kind, false, r, false);
    } else if (real) {
      double u = mote_load_f64(x, b->dtype, 0), v = mote_load_f64(y, b->dtype, 0);
      r = compare(b->attr.kind, u<v, u == v, u> v);
    } else {
      int64_t u = mote_load_i64(x, b->dtype, 0), v = mote_load_i64(y, b->dtype, 0);
      r = compare(b->attr.kind, u<v, u == v, u> v);
    }
    *(uint8_t *)(p[0] + i * s[0]) = r;
  }
}

static void row_compare_codes(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  for (int64_t i = 0; i < n; i++) {
    double u = (double)(mote_load_i64(p[1] + i * s[1], b->dtype, 0) - b->a_zp) * b->a_scale;
    double v = (double)(mote_load_i64(p[2] + i * s[2], b->dtype, 0) - b->b_zp) * b->b_scale;
    *(uint8_t *)(p[0] + i * s[0]) = compare(b->attr.kind, u<v, u == v, u> v);
  }
}

static void row_compare_strings(const mote_opctx *c, const void *state, int64_t n, char *const p[],
                                const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  for (int64_t i = 0; i < n; i++) {
    const mote_strref *x = (const void *)(p[1] + i * s[1]), *y = (const void *)(p[2] + i * s[2]);
    bool eq = x->len == y->len && (x->len == 0 || memcmp(x->at, y->at, x->len) == 0);
    *(uint8_t *)(p[0] + i * s[0]) = compare(b->attr.kind, false, eq, false);
  }
}

static void row_logical(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  for (int64_t i = 0; i < n; i++) {
    bool x = *(const uint8_t *)(p[1] + i * s[1]) != 0, y = *(const uint8_t *)(p[2] + i * s[2]) != 0;
    *(uint8_t *)(p[0] + i * s[0]) = b->attr.kind == MOTE_BINARY_LOGICAL_AND ? x && y : x || y;
  }
}

static void row_quant(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  ptrdiff_t size = b->dtype == MOTE_I16 ? 2 : 1;
  if (s[0] == size && (s[1] == size || s[1] == 0) && (s[2] == size || s[2] == 0)) {
    b->q->binary(&b->qb, p[1], s[1] != 0, p[2], s[2] != 0, p[0], (size_t)n);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    b->q->binary(&b->qb, p[1] + i * s[1], 0, p[2] + i * s[2], 0, p[0] + i * s[0], 1);
}

// 16-bit sums in fixed point: operands are shifted up by 15 bits, scaled below one half, added, scaled to the output.
static void row_sum16(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const binary_state *b = state;
  (void)c;
  bool minus = b->attr.kind == MOTE_BINARY_SUB;
  for (int64_t i = 0; i < n; i++) {
    int32_t x = mote_qfix_times((*(const int16_t *)(p[1] + i * s[1]) - b->qb.a_zp) * 32768, b->fix[0]);
    int32_t y = mote_qfix_times((*(const int16_t *)(p[2] + i * s[2]) - b->qb.b_zp) * 32768, b->fix[1]);
    int32_t v = mote_qfix_times(minus ? x - y : x + y, b->fix[2]) + b->qb.out_zp;
    *(int16_t *)(p[0] + i * s[0]) = (int16_t)(v < b->qb.lo ? b->qb.lo : v > b->qb.hi ? b->qb.hi : v);
  }
}

// ------------------------------------------------------------------------------------------------ operator

static bool runs_on_codes(const mote_opctx *c, int64_t kind) {
  return mote_is_quant(c->in[0]) && mote_is_quant(c->in[1]) && mote_is_quant(c->out[0]) && kind <= MOTE_BINARY_PRELU;
}

static bool type_fits(const mote_tensor *t, int64_t kind) {
  mote_dtype d = t->dtype;
  if (is_logical(kind))
    return d == MOTE_BOOL;
  if (d == MOTE_BOOL)
    return is_compare(kind) || (kind >= MOTE_BINARY_AND && kind <= MOTE_BINARY_XOR) || kind == MOTE_BINARY_MIN ||
           kind == MOTE_BINARY_MAX;
  if (d == MOTE_STRING)
    return kind == MOTE_BINARY_EQ || kind == MOTE_BINARY_NE;
  if (mote_dtype_is_complex(d))
    return kind <= MOTE_BINARY_DIV || kind == MOTE_BINARY_EQ || kind == MOTE_BINARY_NE;
  if (mote_dtype_is_float(d))
    return !is_bits(kind);
  return (mote_dtype_is_int(d) && mote_dtype_size(d) > 0 && kind != MOTE_BINARY_ATAN2) || mote_dtype_is_quantized(d);
}

static mote_status binary_infer(mote_opctx *c) {
  const mote_binary_attr *a = c->attr;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (!type_fits(c->in[0], a->kind))
    return mote_bad_dtype(c, 0);
  MOTE_TRY(mote_act_check(c, &a->act));
  if (!mote_broadcast_shape(c->in[0], c->in[1], &rank, dim)) {
    char x[160], y[160];
    mote_tensor_text(c->in[0], x, sizeof x);
    mote_tensor_text(c->in[1], y, sizeof y);
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%s and %s cannot be broadcast together", x, y);
  }
  mote_out(c, 0, is_compare(a->kind) || is_logical(a->kind) ? MOTE_BOOL : c->in[0]->dtype, rank, dim);
  MOTE_TRY(mote_out_declare(c, &a->quant, c->in[0]->dtype));
  if (!runs_on_codes(c, a->kind))
    return MOTE_OK;
  for (int i = 0; i < 3; i++) {
    const mote_quant *q = i < 2 ? &c->in[i]->quant : &c->out[0]->quant;
    if (q->count > 1)
      return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "per-channel operand");
    if (!(q->scale > 0))
      return mote_op_fail(c, MOTE_ERR_FORMAT, "a scale is 0");
  }
  return MOTE_OK;
}

// What TensorFlow Lite's reference alone runs: its shifts and its roundings.
static void reference_setup(mote_qbinary *q, double x, double y, double o) {
  double twice = 2 * MOTE_MAX(x, y);
  q->round = MOTE_QROUND_FIXED;
  q->left_shift = 7;
  if (q->op == MOTE_QPRELU) {
    q->a_fix = mote_qfix_from(x / o), q->out_fix = mote_qfix_from(x * y / o);
    return;
  }
  q->a_fix = mote_qfix_from(x / twice), q->b_fix = mote_qfix_from(y / twice);
  q->out_fix = mote_qfix_from(twice * twice / ((1 << 14) * o));
}

// The integer kernel's function and scales, see qeltwise.h.
static void quant_scales(mote_qbinary *q, int64_t kind, double x, double y, double o) {
  q->a_scale = (float)(x / o);
  q->b_scale = (float)(y / o);
  switch (kind) {
  case MOTE_BINARY_ADD:
    q->op = MOTE_QADD;
    break;
  case MOTE_BINARY_SUB:
    q->op = MOTE_QADD, q->b_scale = -q->b_scale;
    break;
  case MOTE_BINARY_MUL:
    q->op = MOTE_QMUL, q->a_scale = (float)(x * y / o);
    break;
  case MOTE_BINARY_DIV:
    q->op = MOTE_QDIV, q->a_scale = (float)(x / (y * o));
    break;
  case MOTE_BINARY_MIN:
    q->op = MOTE_QMIN;
    break;
  case MOTE_BINARY_MAX:
    q->op = MOTE_QMAX;
    break;
  case MOTE_BINARY_SQUARED_DIFFERENCE:
    q->op = MOTE_QSQDIFF, q->a_scale = (float)(x / sqrt(o)), q->b_scale = (float)(y / sqrt(o));
    break;
  default:
    q->op = MOTE_QPRELU, q->b_scale = (float)(x * y / o);
    break;
  }
}
static void quant_setup(const mote_opctx *c, binary_state *b) {
  double x = c->in[0]->quant.scale, y = c->in[1]->quant.scale, o = c->out[0]->quant.scale;
  mote_qbinary *q = &b->qb;
  q->type = b->dtype;
  q->a_zp = c->in[0]->quant.zero_point;
  q->b_zp = c->in[1]->quant.zero_point;
  q->out_zp = c->out[0]->quant.zero_point;
  q->round = b->attr.quant.scale > 0 ? MOTE_QROUND_EVEN : MOTE_QROUND_AWAY;
  mote_act_codes(&b->attr.act, c->out[0], &q->lo, &q->hi);
  quant_scales(q, b->attr.kind, x, y, o);
  if ((q->op == MOTE_QSQDIFF || q->op == MOTE_QPRELU) && q->type != MOTE_I16)
    reference_setup(q, x, y, o);
}

// Sums of bytes in integers: both multipliers over one power of two, the larger of 21 bits, and one rounding. The
// files' own runtimes do so, and ties fall where theirs do. A ratio too far from 1 for that stays in float.
static void sum_setup(const mote_opctx *c, binary_state *b) {
  mote_qbinary *q = &b->qb;
  double x = c->in[0]->quant.scale, y = c->in[1]->quant.scale, o = c->out[0]->quant.scale;
  double sign = b->attr.kind == MOTE_BINARY_SUB ? -1 : 1, twice = 2 * MOTE_MAX(x, y);
  if (c->env->precision == MOTE_PRECISION_STRICT) {
    q->round = MOTE_QROUND_FIXED;
    q->left_shift = 20;
    q->a_fix = mote_qfix_from(x / twice), q->b_fix = mote_qfix_from(y / twice);
    q->out_fix = mote_qfix_from(twice / ((1 << 20) * o));
    return;
  }
  int exponent;
  float ra = (float)x / (float)o, rb = (float)y / (float)o; // the quotient is a float in those runtimes
  (void)frexpf(MOTE_MAX(ra, rb), &exponent);                // the larger lies in [2^(exponent - 1), 2^exponent)
  int32_t shift = 21 - exponent;
  if (shift < 12 || shift > 30)
    return;
  q->op = MOTE_QADD_INT;
  q->a_fix.mult = (int32_t)rint(ldexp((double)ra, shift));
  q->b_fix.mult = (int32_t)(sign * rint(ldexp((double)rb, shift)));
  q->out_fix.shift = shift;
}

// Scales that are powers of 2, or are but for a thousandth in their logarithms, without zero points: by shifts.
static void sum16_setup(const mote_opctx *c, binary_state *b) {
  double scale[3], power[3], twice;
  bool shifts = b->attr.shifts;
  for (int i = 0; i < 3; i++) {
    const mote_quant *q = i < 2 ? &c->in[i]->quant : &c->out[0]->quant;
    double e = log2(q->scale), near = round(e);
    scale[i] = q->scale, power[i] = exp2(near);
    shifts = shifts && q->zero_point == 0 && fabs(e - near) < 1e-3;
  }
  shifts = shifts && MOTE_MAX(power[0], power[1]) <= power[2];
  const double *s = shifts ? power : scale;
  twice = shifts ? 32768 * s[2] : 2 * MOTE_MAX(s[0], s[1]);
  for (int i = 0; i < 2; i++)
    b->fix[i] = mote_qfix_from(s[i] / twice);
  b->fix[2] = mote_qfix_from(twice / (32768 * s[2]));
}

static mote_walk_plan binary_setup(const mote_opctx *c, binary_state *b) {
  memset(b, 0, sizeof *b);
  b->attr = *(const mote_binary_attr *)c->attr;
  b->dtype = mote_code_type(c->in[0]->dtype);
  b->f32 = mote_eltwise_f32_select(c->env->cpu);
  b->q = mote_qeltwise_select(c->env->cpu);
  mote_act_range(&b->attr.act, &b->lo, &b->hi);
  mote_walk_plan w = {row_int, 2, "binary", NULL};
  int64_t kind = b->attr.kind;
  if (is_compare(kind)) {
    const mote_quant *x = &c->in[0]->quant, *y = &c->in[1]->quant;
    b->a_scale = x->scale, b->b_scale = y->scale, b->a_zp = x->zero_point, b->b_zp = y->zero_point;
    bool codes = mote_is_quant(c->in[0]) && mote_is_quant(c->in[1]);
    w.fn = b->dtype == MOTE_STRING ? row_compare_strings : codes ? row_compare_codes : row_compare;
  } else if (is_logical(kind)) {
    w.fn = row_logical;
  } else if (runs_on_codes(c, kind)) {
    quant_setup(c, b);
    bool sum = kind == MOTE_BINARY_ADD || kind == MOTE_BINARY_SUB;
    if (sum && b->dtype != MOTE_I16 && b->attr.quant.scale == 0)
      sum_setup(c, b);
    w = (mote_walk_plan){row_quant, 2, b->q->name, NULL};
    if (b->dtype == MOTE_I16 && sum && b->qb.a_zp == 0 && b->qb.b_zp == 0) {
      sum16_setup(c, b);
      w.fn = row_sum16;
    }
  } else if (mote_dtype_is_complex(b->dtype)) {
    w.fn = row_complex;
  } else if (b->dtype == MOTE_F32 && kind < MOTE_BINARY_COUNT) {
    w = (mote_walk_plan){row_f32, 2, b->f32->name, b->f32->isa};
  } else if (mote_dtype_is_float(b->dtype)) {
    w.fn = row_real;
  } else if (b->dtype == MOTE_I32 || b->dtype == MOTE_U32) {
    w.fn = b->dtype == MOTE_I32 ? row_i32 : row_int;
  }
  return w;
}

static bool divides_ints(const mote_opctx *c) {
  int64_t kind = ((const mote_binary_attr *)c->attr)->kind;
  bool div = kind == MOTE_BINARY_DIV || kind == MOTE_BINARY_FLOOR_DIV || kind == MOTE_BINARY_FLOOR_MOD;
  return div && mote_dtype_is_int(c->in[1]->dtype) && !runs_on_codes(c, kind);
}

// Integer division has no answer for a divisor of 0.
static mote_status nonzero_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state, (void)t0, (void)t1;
  mote_tensor t = *c->in[1];
  mote_iter it;
  const int64_t *strides[1] = {t.stride};
  mote_iter_init(&it, t.rank, t.dim, 1, strides);
  for (int64_t r = 0; r < it.rows; r++) {
    int64_t offset[MOTE_ITER_OPERANDS];
    mote_iter_row(&it, r, offset);
    for (int64_t i = 0; i < it.inner; i++)
      if (mote_load_i64(t.data, t.dtype, offset[0] + i * it.inner_stride[0]) == 0)
        return mote_op_fail(c, MOTE_ERR_DATA, "division by zero");
  }
  return MOTE_OK;
}

static mote_status binary_prepare(mote_opctx *c) {
  binary_state b;
  if (divides_ints(c))
    MOTE_TRY(mote_add_step(c, nonzero_run, NULL, 0, 1, 0, "check", NULL));
  mote_walk_plan w = binary_setup(c, &b);
  return mote_walk_prepare(c, &w, &b, sizeof b);
}

static mote_status binary_eval(mote_opctx *c) {
  binary_state b;
  if (divides_ints(c))
    MOTE_TRY(nonzero_run(c, NULL, 0, 1));
  mote_walk_plan w = binary_setup(c, &b);
  return mote_walk_eval(c, &w, &b);
}

static const mote_attr_field fields[] = {
    MOTE_ATTR(mote_binary_attr, kind, MOTE_ATTR_INT, 0), MOTE_ATTR(mote_binary_attr, alpha, MOTE_ATTR_FLOAT, 1),
    MOTE_ACT_FIELDS(mote_binary_attr, act), MOTE_OUT_QUANT_FIELDS(mote_binary_attr, quant),
    MOTE_ATTR(mote_binary_attr, shifts, MOTE_ATTR_BOOL, 0)};
#define RULES(name, more_flags)                                                                                        \
  static const mote_op_rules name = {.flags = MOTE_OP_ELEMENTWISE | MOTE_OP_STRIDED_IN | MOTE_OP_STRIDED_OUT |         \
                                              (more_flags),                                                            \
                                     .min_in = 2,                                                                      \
                                     .max_in = 2,                                                                      \
                                     .n_out = 1,                                                                       \
                                     .attr_size = sizeof(mote_binary_attr),                                            \
                                     MOTE_FIELDS(fields),                                                              \
                                     .infer = binary_infer,                                                            \
                                     .prepare = binary_prepare,                                                        \
                                     .eval = binary_eval}
RULES(rules, 0);
RULES(division_rules, MOTE_OP_CHECKS_DATA);
#define BINARY(ident, rules, kind) const mote_op mote_op_##ident = {#ident, &rules, kind}

BINARY(add, rules, MOTE_BINARY_ADD);
BINARY(add_scaled, rules, MOTE_BINARY_ADD_SCALED);
BINARY(sub, rules, MOTE_BINARY_SUB);
BINARY(mul, rules, MOTE_BINARY_MUL);
BINARY(div, division_rules, MOTE_BINARY_DIV);
BINARY(minimum, rules, MOTE_BINARY_MIN);
BINARY(maximum, rules, MOTE_BINARY_MAX);
BINARY(squared_difference, rules, MOTE_BINARY_SQUARED_DIFFERENCE);
BINARY(prelu, rules, MOTE_BINARY_PRELU);
BINARY(pow, rules, MOTE_BINARY_POW);
BINARY(floor_div, division_rules, MOTE_BINARY_FLOOR_DIV);
BINARY(floor_mod, division_rules, MOTE_BINARY_FLOOR_MOD);
BINARY(atan2, rules, MOTE_BINARY_ATAN2);
BINARY(equal, rules, MOTE_BINARY_EQ);
BINARY(not_equal, rules, MOTE_BINARY_NE);
BINARY(less, rules, MOTE_BINARY_LT);
BINARY(less_equal, rules, MOTE_BINARY_LE);
BINARY(greater, rules, MOTE_BINARY_GT);
BINARY(greater_equal, rules, MOTE_BINARY_GE);
BINARY(logical_and, rules, MOTE_BINARY_LOGICAL_AND);
BINARY(logical_or, rules, MOTE_BINARY_LOGICAL_OR);
BINARY(bit_and, rules, MOTE_BINARY_AND);
BINARY(bit_or, rules, MOTE_BINARY_OR);
BINARY(bit_xor, rules, MOTE_BINARY_XOR);
BINARY(shift_left, rules, MOTE_BINARY_SHL);
BINARY(shift_right, rules, MOTE_BINARY_SHR);

// ------------------------------------------------------------------------------------------------ rows of files

// Sum of any number of tensors of one shape.
static mote_status lower_add_n(mote_lowering *l) {
  mote_binary_attr attr;
  mote_attr_defaults(&mote_op_add, &attr);
  if (l->n_args < 1 || l->args[0].kind != MOTE_ARG_TENSOR)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "no input");
  mote_vid sum = l->args[0].ref;
  for (int32_t i = 1; i < l->n_args && l->args[i].kind == MOTE_ARG_TENSOR; i++) {
    mote_vid in[2] = {sum, l->args[i].ref};
    MOTE_TRY(mote_lower_emit1(l, &mote_op_add, &attr, in, 2, &sum));
  }
  l->result[l->n_out++] = sum;
  return MOTE_OK;
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(0, 5, "ADD activation:i8 shifts:bool=1", mote_op_add),
    MOTE_TFLITE_OP(18, 7, "MUL activation:i8", mote_op_mul),
    MOTE_TFLITE_OP(41, 5, "SUB activation:i8 shifts:bool=1", mote_op_sub),
    MOTE_TFLITE_OP(42, 3, "DIV activation:i8", mote_op_div),
    MOTE_TFLITE_OP(54, 1, "PRELU", mote_op_prelu),
    MOTE_TFLITE_OP(55, 4, "MAXIMUM", mote_op_maximum),
    MOTE_TFLITE_OP(57, 4, "MINIMUM", mote_op_minimum),
    MOTE_TFLITE_OP(58, 3, "LESS", mote_op_less),
    MOTE_TFLITE_OP(61, 3, "GREATER", mote_op_greater),
    MOTE_TFLITE_OP(62, 3, "GREATER_EQUAL", mote_op_greater_equal),
    MOTE_TFLITE_OP(63, 3, "LESS_EQUAL", mote_op_less_equal),
    MOTE_TFLITE_OP(71, 4, "EQUAL", mote_op_equal),
    MOTE_TFLITE_OP(72, 3, "NOT_EQUAL", mote_op_not_equal),
    MOTE_TFLITE_OP(78, 1, "POW", mote_op_pow),
    MOTE_TFLITE_OP(84, 1, "LOGICAL_OR", mote_op_logical_or),
    MOTE_TFLITE_OP(86, 1, "LOGICAL_AND", mote_op_logical_and),
    MOTE_TFLITE_OP(90, 4, "FLOOR_DIV", mote_op_floor_div),
    MOTE_TFLITE_OP(95, 3, "FLOOR_MOD", mote_op_floor_mod),
    MOTE_TFLITE_OP(99, 2, "SQUARED_DIFFERENCE", mote_op_squared_difference),
    MOTE_TFLITE_LOWER(106, 1, "ADD_N", mote_op_add, lower_add_n),
    MOTE_TFLITE_OP(156, 1, "ATAN2", mote_op_atan2),
    MOTE_TFLITE_OP(160, 1, "BITWISE_XOR", mote_op_bit_xor),
    MOTE_TFLITE_OP(161, 1, "RIGHT_SHIFT", mote_op_shift_right),
    MOTE_TFLITE_OP(163, 1, "STABLEHLO_ADD", mote_op_add),
    MOTE_TFLITE_OP(165, 1, "STABLEHLO_MULTIPLY", mote_op_mul),
    MOTE_TFLITE_OP(166, 1, "STABLEHLO_MAXIMUM", mote_op_maximum),
    MOTE_TFLITE_OP(176, 1, "STABLEHLO_AND", mote_op_bit_and),
    MOTE_TFLITE_OP(181, 1, "STABLEHLO_MINIMUM", mote_op_minimum),
    MOTE_TFLITE_OP(207, 1, "STABLEHLO_SHIFT_LEFT", mote_op_shift_left),
};
const mote_op_family mote_family_binary = {MOTE_ROWS(tflite, tflite_rows)};
