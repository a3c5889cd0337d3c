// Normalisations over one axis: softmax, its logarithm, L2, and across channels. Tests:
// tests/models/tflite/{cnn_*,rounded_codes}
#include "ops/softmax.h"

#include "kernels/qpool.h"
#include "kernels/qtable.h"
#include "kernels/softmax_f32.h"
#include "ops/opkit.h"

// Lines along an axis: line i starts at base(i), its n elements are `inner` apart.
typedef struct lines {
  int64_t n, inner, count;
} lines;

static mote_status lines_of(const mote_opctx *c, int64_t axis, lines *l) {
  const mote_tensor *in = c->in[0];
  int32_t at;
  MOTE_TRY(mote_axis_of(c, axis, in->rank, &at));
  l->n = in->rank > 0 ? in->dim[at] : 1;
  l->inner = mote_dims_product(in, at + 1, in->rank);
  l->count = l->n > 0 ? mote_tensor_numel(in) / l->n : 0;
  return MOTE_OK;
}
static int64_t line_base(const lines *l, int64_t i) { return i / l->inner * l->n * l->inner + i % l->inner; }

static double real_at(const mote_tensor *t, int64_t i) {
  if (mote_dtype_is_float(t->dtype))
    return mote_load_f64(t->data, t->dtype, i);
  return t->quant.scale * (double)(mote_load_i64(t->data, mote_code_type(t->dtype), i) - t->quant.zero_point);
}
static void real_put(const mote_tensor *t, int64_t i, double v) {
  int32_t lo, hi;
  if (mote_dtype_is_float(t->dtype)) {
    mote_store_f64(t->data, t->dtype, i, v);
    return;
  }
  mote_code_range(t->dtype, &lo, &hi);
  mote_store_i64(t->data, mote_code_type(t->dtype), i, mote_quantise(v, t->quant.scale, t->quant.zero_point, lo, hi));
}

// Float, or codes with a scale on both sides.
static mote_status real_infer(mote_opctx *c) {
  const mote_tensor *in = c->in[0];
  if (!mote_dtype_is_float(in->dtype) && !mote_is_quant(in))
    return mote_bad_dtype(c, 0);
  mote_out(c, 0, mote_is_quant(in) && mote_is_quant(c->out[0]) ? c->out[0]->dtype : in->dtype, in->rank, in->dim);
  if (mote_is_quant(in) && c->out[0]->quant.count == 0)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "the output needs quantisation parameters");
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ softmax

static mote_status softmax_infer(mote_opctx *c) {
  const mote_softmax_attr *a = c->attr;
  lines l;
  MOTE_TRY(lines_of(c, a->axis, &l));
  return real_infer(c);
}

static void softmax_line(const mote_opctx *c, const lines *l, int64_t i, bool log_of) {
  const mote_softmax_attr *a = c->attr;
  int64_t base = line_base(l, i);
  double top = -HUGE_VAL, sum = 0;
  for (int64_t k = 0; k < l->n; k++)
    top = fmax(top, real_at(c->in[0], base + k * l->inner));
  for (int64_t k = 0; k < l->n; k++)
    sum += exp((real_at(c->in[0], base + k * l->inner) - top) * a->beta);
  double log_sum = log(sum);
  for (int64_t k = 0; k < l->n; k++) {
    double x = (real_at(c->in[0], base + k * l->inner) - top) * a->beta;
    real_put(c->out[0], base + k * l->inner, log_of ? x - log_sum : exp(x) / sum);
  }
}
static mote_status softmax_eval(mote_opctx *c) {
  lines l;
  MOTE_TRY(lines_of(c, ((const mote_softmax_attr *)c->attr)->axis, &l));
  for (int64_t i = 0; i < l.count; i++)
    softmax_line(c, &l, i, c->op == &mote_op_log_softmax);
  return MOTE_OK;
}

typedef struct softmax_state {
  lines l;
  float beta;
  int64_t rows_tile;
  const mote_softmax_f32 *f32;
  mote_softmax_f32_args args;
  mote_qsoftmax_table table;
  const mote_qsoftmax16_table *table16;
} softmax_state;

static mote_status softmax_f32(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const softmax_state *s = state;
  mote_softmax_f32_args a = s->args;
  a.x = c->in[0]->data;
  a.y = c->out[0]->data;
  s->f32->run(&a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}
static mote_status softmax_q8(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const softmax_state *s = state;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  int64_t end = MOTE_MIN(t1 * s->rows_tile, s->l.count);
  mote_qsoftmax8(&s->table, mote_code_type(in->dtype), in->data, out->data, (size_t)s->l.n, (float)out->quant.scale,
                 out->quant.zero_point, (size_t)(t0 * s->rows_tile), (size_t)end);
  return MOTE_OK;
}

static mote_status softmax_q16(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const softmax_state *s = state;
  int64_t end = MOTE_MIN(t1 * s->rows_tile, s->l.count);
  mote_qsoftmax16(s->table16, c->in[0]->data, c->out[0]->data, (size_t)s->l.n, (size_t)(t0 * s->rows_tile),
                  (size_t)end);
  return MOTE_OK;
}

static mote_status softmax_prepare(mote_opctx *c) {
  const mote_softmax_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  mote_dtype d = mote_code_type(in->dtype);
  softmax_state s = {.beta = (float)a->beta};
  MOTE_TRY(lines_of(c, a->axis, &s.l));
  bool wide = d == MOTE_I16 && c->out[0]->dtype == MOTE_I16 && c->op == &mote_op_softmax;
  bool narrow = c->op == &mote_op_softmax && (d == MOTE_I8 || d == MOTE_U8) && in->dtype == c->out[0]->dtype;
  if (s.l.inner != 1 || s.l.count == 0 || s.l.n == 0 || (d != MOTE_F32 && !narrow && !wide))
    return MOTE_OK;
  s.rows_tile = MOTE_MAX((int64_t)1, 4096 / s.l.n);
  int64_t tiles = mote_ceil_div(s.l.count, s.rows_tile);
  if (d == MOTE_F32) {
    s.f32 = mote_softmax_f32_select(c->env->cpu);
    s.args = (mote_softmax_f32_args){.log = c->op == &mote_op_log_softmax,
                                     .beta = s.beta,
                                     .rows = (size_t)s.l.count,
                                     .cols = (size_t)s.l.n,
                                     .x_row = s.l.n,
                                     .y_row = s.l.n};
    return mote_add_step(c, softmax_f32, &s, sizeof s, (int64_t)mote_softmax_f32_tiles(s.args.rows, s.args.cols), 0,
                         s.f32->name, s.f32->isa);
  }
  if (wide) {
    mote_qsoftmax16_table *t = mote_prepare_alloc(c, sizeof *t);
    if (t == NULL)
      return mote_fail_nomem(c->err);
    mote_qsoftmax16_fill(t, in->quant.scale * a->beta);
    s.table16 = t;
    return mote_add_step(c, softmax_q16, &s, sizeof s, tiles, 0, "q16_softmax", NULL);
  }
  mote_qsoftmax_table_fill(&s.table, in->quant.scale * a->beta);
  return mote_add_step(c, softmax_q8, &s, sizeof s, tiles, 0, "q8_softmax", NULL);
}
static const mote_attr_field softmax_fields[] = {MOTE_ATTR(mote_softmax_attr, axis, MOTE_ATTR_INT, -1),
                                                 MOTE_ATTR(mote_softmax_attr, beta, MOTE_ATTR_FLOAT, 1)};
const mote_op mote_op_softmax = {"softmax",
                                 MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1,
                                            .attr_size = sizeof(mote_softmax_attr), MOTE_FIELDS(softmax_fields),
                                            .infer = softmax_infer, .prepare = softmax_prepare, .eval = softmax_eval)};
const mote_op mote_op_log_softmax = {"log_softmax", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1,
                                                               .attr_size = sizeof(mote_softmax_attr),
                                                               MOTE_FIELDS(softmax_fields), .infer = softmax_infer,
                                                               .prepare = softmax_prepare, .eval = softmax_eval)};

// ------------------------------------------------------------------------------------------------ L2, across channels

static mote_status l2_infer(mote_opctx *c) {
  if (c->in[0]->rank < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "a scalar");
  return real_infer(c);
}
// Unsigned bytes in units of 1/128 are scaled as the files' own runtimes do it: with 7 more bits, by a reciprocal root
// that keeps half the bits of the sum, rounding twice.
static void l2_u8(const mote_opctx *c, int64_t base, int64_t n) {
  const uint8_t *in = (const uint8_t *)c->in[0]->data + base;
  uint8_t *out = (uint8_t *)c->out[0]->data + base;
  int32_t zero = c->in[0]->quant.zero_point;
  int64_t sum = 0;
  for (int64_t k = 0; k < n; k++)
    sum += (in[k] - zero) * (in[k] - zero);
  int bits = sum > 1 ? MOTE_MAX(12 - (30 - ilogb((double)sum)) / 2, 0) : 0;
  double root = sum > 1 ? ldexp(1 / sqrt((double)sum), 31 + bits) : INT32_MAX;
  for (int64_t k = 0; k < n; k++)
    out[k] = (uint8_t)mote_qfix_code(128 * (in[k] - zero), (mote_qfix){(int32_t)root, -bits}, 128, 0, 255);
}
static mote_status l2_eval(mote_opctx *c) {
  lines l;
  MOTE_TRY(lines_of(c, -1, &l));
  bool u8 = c->in[0]->dtype == MOTE_U8 && c->out[0]->dtype == MOTE_U8 && c->out[0]->quant.scale == 0x1p-7;
  for (int64_t i = 0; i < l.count; i++) {
    if (u8) {
      l2_u8(c, i * l.n, l.n);
      continue;
    }
    double sum = 0;
    for (int64_t k = 0; k < l.n; k++)
      sum += real_at(c->in[0], i * l.n + k) * real_at(c->in[0], i * l.n + k);
    double norm = fmax(sqrt(sum), 1e-6);
    for (int64_t k = 0; k < l.n; k++)
      real_put(c->out[0], i * l.n + k, real_at(c->in[0], i * l.n + k) / norm);
  }
  return MOTE_OK;
}
static const mote_op mote_op_l2_normalize = {
    "l2_normalize", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .infer = l2_infer, .eval = l2_eval)};

typedef struct lrn_attr {
  int64_t radius;
  double bias, alpha, beta;
} lrn_attr;
static mote_status lrn_infer(mote_opctx *c) {
  const lrn_attr *a = c->attr;
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_rank(c, 0, 1, MOTE_MAX_RANK));
  if (a->radius < 0 || a->radius > 65536)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "radius %lld", (long long)a->radius);
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}
static mote_status lrn_eval(mote_opctx *c) {
  const lrn_attr *a = c->attr;
  lines l;
  MOTE_TRY(lines_of(c, -1, &l));
  for (int64_t i = 0; i < l.count; i++)
    for (int64_t k = 0; k < l.n; k++) {
      double sum = 0;
      for (int64_t j = MOTE_MAX(k - a->radius, 0); j <= MOTE_MIN(k + a->radius, l.n - 1); j++)
        sum += real_at(c->in[0], i * l.n + j) * real_at(c->in[0], i * l.n + j);
      real_put(c->out[0], i * l.n + k, real_at(c->in[0], i * l.n + k) * pow(a->bias + a->alpha * sum, -a->beta));
    }
  return MOTE_OK;
}
static const mote_attr_field lrn_fields[] = {
    MOTE_ATTR(lrn_attr, radius, MOTE_ATTR_INT, 0), MOTE_ATTR(lrn_attr, bias, MOTE_ATTR_FLOAT, 0),
    MOTE_ATTR(lrn_attr, alpha, MOTE_ATTR_FLOAT, 0), MOTE_ATTR(lrn_attr, beta, MOTE_ATTR_FLOAT, 0)};
static const mote_op mote_op_lrn = {"local_response_norm",
                                    MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(lrn_attr),
                                               MOTE_FIELDS(lrn_fields), .infer = lrn_infer, .eval = lrn_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(11, 2, "L2_NORMALIZATION", mote_op_l2_normalize),
    MOTE_TFLITE_OP(13, 1, "LOCAL_RESPONSE_NORMALIZATION radius:i32 bias:f32 alpha:f32 beta:f32", mote_op_lrn),
    MOTE_TFLITE_OP(25, 3, "SOFTMAX beta:f32", mote_op_softmax),
    MOTE_TFLITE_OP(50, 2, "LOG_SOFTMAX", mote_op_log_softmax),
};
const mote_op_family mote_family_softmax = {MOTE_ROWS(tflite, tflite_rows)};
