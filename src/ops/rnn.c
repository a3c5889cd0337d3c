// Recurrent cells over a sequence: LSTM with all of TensorFlow Lite's options, plain RNN, SVDF. Computed in float32;
// codes are turned into real numbers first and the state is rounded to its codes after every step. Weights of bytes
// beside float activations ("hybrid") multiply codes: each row of activations is quantised. Must not know files.
// Tests: tests/models/tflite/{hybrid_cells,lstm_codes}
#include "kernels/qhybrid.h"
#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ real operands

// Scratch is handed out front to back; the size function walks the same list.
typedef struct floats {
  float *at;
  size_t used;
} floats;

static float *take(floats *f, int64_t n) {
  float *p = f->at != NULL ? f->at + f->used : NULL;
  f->used += ((size_t)n + 15) & ~(size_t)15;
  return p;
}

// Weights of bytes beside float activations. Their codes are signed and have no zero point, whatever the file says: old
// files call them uint8.
static bool is_coded(const mote_opctx *c, int32_t i) {
  return c->in[0]->dtype == MOTE_F32 && i >= 0 && mote_has(c, i) && c->in[i]->quant.count == 1 &&
         (c->in[i]->dtype == MOTE_I8 || c->in[i]->dtype == MOTE_U8);
}

// The input as float32, in place when it is that already; NULL when absent.
static const float *real_of(const mote_opctx *c, int32_t i, floats *f) {
  if (i < 0 || !mote_has(c, i))
    return NULL;
  mote_tensor t = *c->in[i];
  if (t.dtype == MOTE_F32)
    return t.data;
  float *p = take(f, mote_tensor_numel(&t));
  if (is_coded(c, i))
    t.dtype = MOTE_I8, t.quant.zero_point = 0;
  if (p != NULL)
    mote_to_float(&t, p);
  return p;
}

static float act(int64_t kind, float x) {
  switch (kind) {
  case MOTE_ACT_RELU:
    return x > 0 ? x : 0;
  case MOTE_ACT_RELU_N1:
    return x < -1 ? -1 : x > 1 ? 1 : x;
  case MOTE_ACT_RELU6:
    return x < 0 ? 0 : x > 6 ? 6 : x;
  case MOTE_ACT_TANH:
    return tanhf(x);
  default:
    return x;
  }
}
static float sigmoid(float x) { return 1 / (1 + expf(-x)); }
static float clip(float x, double limit) {
  return limit <= 0 ? x : x > (float)limit ? (float)limit : x < -(float)limit ? -(float)limit : x;
}
static float dot(const float *a, const float *b, int64_t n) {
  float s[8] = {0}; // in registers: cells spend their time here
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    MOTE_UNROLL
    for (int k = 0; k < 8; k++)
      s[k] += a[i + k] * b[i + k];
  }
  for (int k = 0; i < n; i++, k++)
    s[k] += a[i] * b[i];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// Weights: rows of numbers, or of codes where `real` is NULL. t is NULL: there are none.
typedef struct matrix {
  const mote_tensor *t;
  const float *real;
} matrix;

// True when rows of codes may be wanted.
static bool matrix_of(const mote_opctx *c, int32_t i, floats *f, matrix *m) {
  m->t = i >= 0 && mote_has(c, i) ? c->in[i] : NULL;
  m->real = m->t == NULL || is_coded(c, i) ? NULL : real_of(c, i, f);
  return m->t != NULL && m->real == NULL;
}

// A row of activations; codes, less their zero point, where a matrix of codes wants them.
typedef struct vector {
  const float *real;
  int8_t *bytes;
  int16_t *codes;
  float scale;
} vector;

static void vector_of(vector *v, int64_t n, bool coded, floats *f) {
  v->bytes = coded ? (int8_t *)take(f, (n + 3) / 4) : NULL;
  v->codes = coded ? (int16_t *)take(f, (n + 1) / 2) : NULL;
}
static void look_at(vector *v, const float *x, int64_t n, bool asymmetric) {
  int32_t zero = 0;
  v->real = x;
  if (v->codes == NULL)
    return;
  if (asymmetric)
    mote_qrow_asymmetric(x, v->bytes, (size_t)n, &v->scale, &zero);
  else
    mote_qrow_symmetric(x, v->bytes, (size_t)n, &v->scale);
  for (int64_t i = 0; i < n; i++)
    v->codes[i] = (int16_t)(v->bytes[i] - zero);
}

static float product(const matrix *m, int64_t row, const vector *x) {
  int64_t n = m->t->dim[1];
  if (m->real != NULL)
    return dot(m->real + row * n, x->real, n);
  return (float)mote_qdot((const int8_t *)m->t->data + row * n, x->codes, (size_t)n) *
         ((float)m->t->quant.scale * x->scale);
}

// What is kept between steps, rounded as its tensor is.
static void settle(const mote_tensor *t, float *x, int64_t n) {
  int32_t lo, hi;
  if (t->dtype == MOTE_F32 || t->quant.count == 0)
    return;
  mote_code_range(t->dtype, &lo, &hi);
  for (int64_t i = 0; i < n; i++)
    x[i] = (float)((mote_quantise(x[i], t->quant.scale, t->quant.zero_point, lo, hi) - t->quant.zero_point) *
                   t->quant.scale);
}
static void put(const mote_tensor *t, int64_t i, float v) {
  int32_t lo, hi;
  if (mote_dtype_is_float(t->dtype)) {
    mote_store_f64(t->data, t->dtype, i, v);
    return;
  }
  mote_code_range(t->dtype, &lo, &hi);
  mote_store_i64(t->data, t->dtype, i, mote_quantise(v, t->quant.scale, t->quant.zero_point, lo, hi));
}

// [T, B, n] or [B, T, n], or [B, n] for one step.
typedef struct sequence {
  int64_t time, batch, n, t_stride, b_stride;
} sequence;
static sequence sequence_of(const mote_tensor *t, bool time_major) {
  if (t->rank == 2)
    return (sequence){1, t->dim[0], t->dim[1], 0, t->dim[1]};
  if (time_major)
    return (sequence){t->dim[0], t->dim[1], t->dim[2], t->dim[1] * t->dim[2], t->dim[2]};
  return (sequence){t->dim[1], t->dim[0], t->dim[2], t->dim[2], t->dim[1] * t->dim[2]};
}

static mote_status want_shape(const mote_opctx *c, int32_t i, int32_t rank, int64_t d0, int64_t d1, bool optional) {
  if (!mote_has(c, i))
    return optional ? MOTE_OK : mote_op_fail(c, MOTE_ERR_FORMAT, "input %d is missing", i);
  const mote_tensor *t = c->in[i];
  if (t->rank != rank || t->dim[0] != d0 || (rank == 2 && t->dim[1] != d1))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d does not fit the others", i);
  if (mote_dtype_is_float(t->dtype) || t->quant.count > 0 || t->dtype == MOTE_I32)
    return MOTE_OK;
  return mote_bad_dtype(c, i);
}

// Five operands of codes.
static mote_status want_codes(const mote_opctx *c, const uint8_t type[5]) {
  for (int32_t i = 0; i < 5; i++)
    if (mote_has(c, i) && (c->in[i]->dtype != type[i] || !(c->in[i]->quant.scale > 0)))
      return mote_bad_dtype(c, i);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ LSTM

// Where a cell's operands stand among the inputs; -1: it has none of these.
typedef struct lstm_map {
  int32_t weights, norm, h, c, aux, aux_weights;
} lstm_map;

typedef struct rnn_attr {
  int64_t activation;
  double cell_clip, proj_clip;
  bool time_major, merge, asymmetric;
  int64_t kernel, rank;
} rnn_attr;

typedef struct lstm {
  matrix w[4], r[4], aux[4], proj;
  const float *peep[3], *bias[4], *proj_bias, *norm[4];
  int64_t n_in, n_cell, n_out, n_aux;
  float *gate[4], *cell, *h, *hidden;
  vector in, last, side, out; // input, output before, auxiliary input, output before the projection
  const mote_tensor *ht, *ct;
} lstm;

static mote_status lstm_check(const mote_opctx *c, const lstm_map *m, const sequence *x, int64_t *n_out) {
  MOTE_TRY(mote_want_rank(c, m->weights + 3, 2, 2));
  MOTE_TRY(mote_want_rank(c, m->weights + 7, 2, 2));
  int64_t cells = c->in[m->weights + 3]->dim[0], out = c->in[m->weights + 7]->dim[1];
  for (int32_t k = 0; k < 4; k++) {
    MOTE_TRY(want_shape(c, m->weights + k, 2, cells, x->n, k == 0));
    MOTE_TRY(want_shape(c, m->weights + 4 + k, 2, cells, out, k == 0));
    MOTE_TRY(want_shape(c, m->weights + 11 + k, 1, cells, 0, k == 0));
    if (m->norm >= 0)
      MOTE_TRY(want_shape(c, m->norm + k, 1, cells, 0, true));
    if (m->aux >= 0 && mote_has(c, m->aux))
      MOTE_TRY(want_shape(c, m->aux_weights + k, 2, cells, c->in[m->aux]->dim[c->in[m->aux]->rank - 1], true));
  }
  for (int32_t k = 0; k < 3; k++)
    MOTE_TRY(want_shape(c, m->weights + 8 + k, 1, cells, 0, true));
  if (mote_has(c, m->weights) != mote_has(c, m->weights + 4) || mote_has(c, m->weights) != mote_has(c, m->weights + 11))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "the input gate is incomplete");
  MOTE_TRY(want_shape(c, m->weights + 15, 2, out, cells, true));
  MOTE_TRY(want_shape(c, m->weights + 16, 1, out, 0, true));
  if (!mote_has(c, m->weights + 15) && out != cells)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld cells give %lld outputs without a projection", (long long)cells,
                        (long long)out);
  if (!mote_has(c, m->h) || !mote_has(c, m->c) || mote_tensor_numel(c->in[m->h]) != x->batch * out ||
      mote_tensor_numel(c->in[m->c]) != x->batch * cells)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the state does not fit");
  *n_out = out;
  return MOTE_OK;
}

// Operands and working memory; run once with f->at NULL to measure.
static void lstm_setup(const mote_opctx *c, const lstm_map *m, int64_t batch, lstm *l, floats *f) {
  memset(l, 0, sizeof *l);
  l->n_cell = c->in[m->weights + 3]->dim[0];
  l->n_out = c->in[m->weights + 7]->dim[1];
  l->n_in = c->in[m->weights + 3]->dim[1];
  bool aux = m->aux >= 0 && mote_has(c, m->aux), in = false, last = false, side = false;
  l->n_aux = aux ? c->in[m->aux]->dim[c->in[m->aux]->rank - 1] : 0;
  for (int32_t k = 0; k < 4; k++) {
    in |= matrix_of(c, m->weights + k, f, &l->w[k]);
    last |= matrix_of(c, m->weights + 4 + k, f, &l->r[k]);
    side |= matrix_of(c, aux ? m->aux_weights + k : -1, f, &l->aux[k]);
    l->bias[k] = real_of(c, m->weights + 11 + k, f);
    l->norm[k] = m->norm >= 0 ? real_of(c, m->norm + k, f) : NULL;
    l->gate[k] = take(f, l->n_cell);
  }
  for (int32_t k = 0; k < 3; k++)
    l->peep[k] = real_of(c, m->weights + 8 + k, f);
  vector_of(&l->out, l->n_cell, matrix_of(c, m->weights + 15, f, &l->proj), f);
  l->proj_bias = real_of(c, m->weights + 16, f);
  l->ht = c->in[m->h];
  l->ct = c->in[m->c];
  l->cell = take(f, batch * l->n_cell);
  l->h = take(f, batch * l->n_out);
  l->hidden = take(f, l->n_cell);
  vector_of(&l->in, l->n_in, in, f);
  vector_of(&l->last, l->n_out, last, f);
  vector_of(&l->side, l->n_aux, side, f);
  if (f->at != NULL) {
    mote_to_float(l->ht, l->h);
    mote_to_float(l->ct, l->cell);
  }
}

static void normalise(float *g, const float *coef, const float *bias, int64_t n) {
  double mean = 0, square = 0;
  for (int64_t i = 0; i < n; i++) {
    mean += g[i];
    square += (double)g[i] * g[i];
  }
  mean /= (double)n;
  double inv = 1 / sqrt(square / (double)n - mean * mean + 1e-8);
  for (int64_t i = 0; i < n; i++)
    g[i] = (float)((g[i] - mean) * inv) * coef[i] + bias[i];
}

// Gate k before its function; `peep` looks at the cell.
static void gate_sum(const lstm *l, int k, const float *cell, const float *peep) {
  for (int64_t i = 0; i < l->n_cell; i++) {
    float s = l->norm[k] == NULL && l->bias[k] != NULL ? l->bias[k][i] : 0;
    s += product(&l->w[k], i, &l->in);
    if (l->aux[k].t != NULL)
      s += product(&l->aux[k], i, &l->side);
    s += product(&l->r[k], i, &l->last);
    l->gate[k][i] = s + (peep != NULL ? peep[i] * cell[i] : 0);
  }
  if (l->norm[k] != NULL)
    normalise(l->gate[k], l->norm[k], l->bias[k], l->n_cell);
}

static void lstm_step(const rnn_attr *a, lstm *l, const float *x, const float *aux, float *h, float *cell) {
  int64_t n = l->n_cell;
  bool input = l->w[0].t != NULL;
  look_at(&l->in, x, l->n_in, a->asymmetric);
  look_at(&l->side, aux, l->n_aux, a->asymmetric);
  look_at(&l->last, h, l->n_out, a->asymmetric);
  if (input)
    gate_sum(l, 0, cell, l->peep[0]);
  gate_sum(l, 1, cell, l->peep[1]);
  gate_sum(l, 2, cell, NULL);
  for (int64_t i = 0; i < n; i++) {
    float f = sigmoid(l->gate[1][i]), in = input ? sigmoid(l->gate[0][i]) : 1 - f;
    cell[i] = clip(f * cell[i] + in * act(a->activation, l->gate[2][i]), a->cell_clip);
  }
  settle(l->ct, cell, n);
  gate_sum(l, 3, cell, l->peep[2]);
  for (int64_t i = 0; i < n; i++)
    l->hidden[i] = sigmoid(l->gate[3][i]) * act(a->activation, cell[i]);
  look_at(&l->out, l->hidden, n, a->asymmetric);
  for (int64_t o = 0; o < l->n_out; o++)
    h[o] = l->proj.t == NULL
               ? l->hidden[o]
               : clip((l->proj_bias != NULL ? l->proj_bias[o] : 0) + product(&l->proj, o, &l->out), a->proj_clip);
  settle(l->ht, h, l->n_out);
}

// One direction over the sequence; its results stand at `column` of the output's last dim.
static void lstm_run(mote_opctx *c, const lstm_map *m, bool backward, floats *f, const mote_tensor *out,
                     int64_t column) {
  const rnn_attr *a = c->attr;
  sequence x = sequence_of(c->in[0], a->time_major), y = sequence_of(out, a->time_major);
  lstm l;
  lstm_setup(c, m, x.batch, &l, f);
  const float *in = real_of(c, 0, f), *aux = m->aux >= 0 ? real_of(c, m->aux, f) : NULL;
  sequence ax = aux != NULL ? sequence_of(c->in[m->aux], a->time_major) : x;
  for (int64_t s = 0; s < x.time; s++)
    for (int64_t b = 0; b < x.batch; b++) {
      int64_t t = backward ? x.time - 1 - s : s;
      float *h = l.h + b * l.n_out;
      lstm_step(a, &l, in + t * x.t_stride + b * x.b_stride,
                aux != NULL ? aux + t * ax.t_stride + b * ax.b_stride : NULL, h, l.cell + b * l.n_cell);
      for (int64_t o = 0; o < l.n_out; o++)
        put(out, t * y.t_stride + b * y.b_stride + column + o, h[o]);
    }
  for (int64_t i = 0; i < x.batch * l.n_out; i++)
    put(l.ht, i, l.h[i]);
  for (int64_t i = 0; i < x.batch * l.n_cell; i++)
    put(l.ct, i, l.cell[i]);
}
static size_t lstm_bytes(const mote_opctx *c, const lstm_map *m) {
  floats f = {0};
  lstm l;
  lstm_setup(c, m, sequence_of(c->in[0], ((const rnn_attr *)c->attr)->time_major).batch, &l, &f);
  real_of(c, 0, &f);
  if (m->aux >= 0)
    real_of(c, m->aux, &f);
  return (f.used + 16) * sizeof(float);
}

static const lstm_map lstm_one = {1, 20, 18, 19, -1, -1};

static mote_status rnn_input(const mote_opctx *c) {
  MOTE_TRY(mote_want_rank(c, 0, 2, 3));
  if (!mote_dtype_is_float(c->in[0]->dtype) && !mote_is_quant(c->in[0]))
    return mote_bad_dtype(c, 0);
  if (c->in[0]->rank == 3 && mote_tensor_numel(c->in[0]) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "an empty sequence");
  return MOTE_OK;
}
static void rnn_out(const mote_opctx *c, int32_t j, int64_t n) {
  int64_t dim[3];
  memcpy(dim, c->in[0]->dim, sizeof dim);
  dim[c->in[0]->rank - 1] = n;
  mote_out(c, j, c->in[0]->dtype, c->in[0]->rank, dim);
}

static mote_status lstm_infer(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  int64_t n_out;
  MOTE_TRY(rnn_input(c));
  if (c->n_in < 20)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "%d inputs, 20 or 24 are needed", c->n_in);
  sequence x = sequence_of(c->in[0], a->time_major);
  MOTE_TRY(lstm_check(c, &lstm_one, &x, &n_out));
  rnn_out(c, 0, n_out);
  return MOTE_OK;
}
static mote_status lstm_eval(mote_opctx *c) {
  floats f = {c->scratch, 0};
  lstm_run(c, &lstm_one, false, &f, c->out[0], 0);
  return MOTE_OK;
}
static size_t lstm_scratch(const mote_opctx *c) { return lstm_bytes(c, &lstm_one); }

#define RNN_FIELDS                                                                                                     \
  MOTE_ATTR(rnn_attr, activation, MOTE_ATTR_INT, 0), MOTE_ATTR(rnn_attr, cell_clip, MOTE_ATTR_FLOAT, 0),               \
      MOTE_ATTR(rnn_attr, proj_clip, MOTE_ATTR_FLOAT, 0), MOTE_ATTR(rnn_attr, time_major, MOTE_ATTR_BOOL, 0),          \
      MOTE_ATTR(rnn_attr, merge, MOTE_ATTR_BOOL, 0), MOTE_ATTR(rnn_attr, asymmetric, MOTE_ATTR_BOOL, 0),               \
      MOTE_ATTR(rnn_attr, kernel, MOTE_ATTR_INT, 0), MOTE_ATTR(rnn_attr, rank, MOTE_ATTR_INT, 1)
static const mote_attr_field rnn_fields[] = {RNN_FIELDS};
#define RNN_OP(ident, text, min, max, outs, infer_, eval_, scratch_)                                                   \
  static const mote_op ident = {text,                                                                                  \
                                MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_NO_FOLD, .min_in = min, .max_in = max,    \
                                           .n_out = outs, .attr_size = sizeof(rnn_attr), MOTE_FIELDS(rnn_fields),      \
                                           .infer = infer_, .eval = eval_, .more = MOTE_MORE(.scratch = scratch_))}
RNN_OP(op_lstm, "lstm", 1, 24, 1, lstm_infer, lstm_eval, lstm_scratch);

// Two directions; with `merge` the backward one's results follow the forward one's in each step.
static const lstm_map bidi[2] = {{1, -1, 35, 36, 39, 40}, {18, -1, 37, 38, 39, 44}};
static mote_status bilstm_infer(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  int64_t n_out[2];
  MOTE_TRY(rnn_input(c));
  MOTE_TRY(mote_want_rank(c, 0, 3, 3));
  if (c->n_in < 39)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "%d inputs, 39 or more are needed", c->n_in);
  sequence x = sequence_of(c->in[0], a->time_major);
  if (mote_has(c, 39) &&
      (c->in[39]->rank != 3 || c->in[39]->dim[0] != c->in[0]->dim[0] || c->in[39]->dim[1] != c->in[0]->dim[1]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the auxiliary input is of another length");
  for (int k = 0; k < 2; k++)
    MOTE_TRY(lstm_check(c, &bidi[k], &x, &n_out[k]));
  rnn_out(c, 0, a->merge ? n_out[0] + n_out[1] : n_out[0]);
  if (!a->merge && c->n_out > 1)
    rnn_out(c, 1, n_out[1]);
  else if (!a->merge)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "one output, two are needed");
  return MOTE_OK;
}
static mote_status bilstm_eval(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  for (int k = 0; k < 2; k++) {
    floats f = {c->scratch, 0};
    int64_t first = c->in[bidi[0].weights + 7]->dim[1];
    lstm_run(c, &bidi[k], k == 1, &f, c->out[a->merge ? 0 : k], a->merge && k == 1 ? first : 0);
  }
  return MOTE_OK;
}
static size_t bilstm_scratch(const mote_opctx *c) { return MOTE_MAX(lstm_bytes(c, &bidi[0]), lstm_bytes(c, &bidi[1])); }
static const mote_op op_bilstm = {"bidirectional_lstm",
                                  MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_NO_FOLD | MOTE_OP_LIST_OUT, .min_in = 1,
                                             .max_in = 48, .attr_size = sizeof(rnn_attr), MOTE_FIELDS(rnn_fields),
                                             .infer = bilstm_infer, .eval = bilstm_eval,
                                             .more = MOTE_MORE(.scratch = bilstm_scratch))};

// The older cell: inputs x, h, weights [4*cells, n_in + cells] with gates input, new, forget, output, bias, c. Outputs:
// h, c, and two of working memory.
static mote_status basic_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_rank(c, 0, 2, 2));
  MOTE_TRY(mote_want_rank(c, 1, 2, 2));
  int64_t batch = c->in[0]->dim[0], n = c->in[0]->dim[1], cells = c->in[1]->dim[1], joined[2] = {batch, n + cells},
          gates[2] = {batch, 4 * cells};
  MOTE_TRY(want_shape(c, 1, 2, batch, cells, false));
  MOTE_TRY(want_shape(c, 2, 2, 4 * cells, n + cells, false));
  MOTE_TRY(want_shape(c, 3, 1, 4 * cells, 0, false));
  MOTE_TRY(want_shape(c, 4, 2, batch, cells, false));
  if (c->in[0]->dtype != MOTE_F32) {
    MOTE_TRY(want_codes(c, (const uint8_t[]){MOTE_U8, MOTE_U8, MOTE_U8, MOTE_I32, MOTE_I16}));
    if (!(c->in[4]->quant.scale >= 0x1p-15 && c->in[4]->quant.scale <= 1))
      return mote_op_fail(c, MOTE_ERR_FORMAT, "a state of scale %g", c->in[4]->quant.scale);
  } else {
    MOTE_TRY(mote_want_same(c, 0, 1));
    MOTE_TRY(mote_want_same(c, 0, 4));
  }
  mote_out(c, 0, c->in[0]->dtype, 2, c->in[1]->dim);
  mote_out(c, 1, c->in[4]->dtype, 2, c->in[4]->dim);
  mote_out(c, 2, c->in[0]->dtype, 2, joined);
  mote_out(c, 3, c->in[4]->dtype, 2, gates);
  return MOTE_OK;
}

// exp(a) of a <= 0 with so many integer bits, in 15 fraction bits: a Taylor series around -1/8 for the rest of a
// quarter, times a power for each bit above. This and the two functions below have the steps and roundings of
// gemmlowp's fixed-point functions, which define the cell on codes.
static int32_t cell_exp(int32_t a, int bits) {
  static const int16_t power[] = {25520, 19875, 12055, 4435, 600, 11}; // exp(-2^k), k from -2 on
  int32_t quarter = 1 << (13 - bits), rest = (a & (quarter - 1)) - quarter, x = mote_q16_shift(rest, bits) + (1 << 12);
  int32_t x2 = mote_q16_mul(x, x), x3 = mote_q16_mul(x2, x), x4 = mote_q16_mul(x2, x2);
  int32_t more = mote_q16_mul(mote_q16_shift(x4, -2) + x3, 10923) + x2;                // 1/3
  int32_t r = mote_q16_fit(28918 + mote_q16_mul(28918, x + mote_q16_shift(more, -1))); // exp(-1/8)
  for (int k = 0; k < bits + 2; k++)
    if ((rest - a) & quarter << k)
      r = mote_q16_mul(r, power[k]);
  return a == 0 ? INT16_MAX : r;
}
// 2 / (1 + a) for 15 fraction bits of a, with 13: three steps of Newton's from 48/17 - 32/17 of the divisor.
static int32_t cell_quotient(int32_t a) {
  int32_t half = (a + INT16_MAX + 1) / 2, x = 23130 + mote_q16_mul(half, -15420);
  for (int i = 0; i < 3; i++)
    x += mote_q16_shift(mote_q16_mul(x, (1 << 13) - mote_q16_mul(half, x)), 2);
  return x;
}
// Of 12 fraction bits.
static int32_t cell_sigmoid(int32_t a) {
  int32_t r = mote_q16_shift(cell_quotient(cell_exp(a > 0 ? -a : a, 3)), 1);
  return a == 0 ? 1 << 14 : a > 0 ? r : INT16_MAX - r;
}
static int32_t cell_tanh(int32_t a) {
  int32_t r = mote_q16_shift(cell_quotient(cell_exp(a > 0 ? -a : a, 4)) - (1 << 13), 2);
  return a == 0 ? 0 : a > 0 ? r : -r;
}

// The gates' sums of one row of input and output codes, in units of 1/4096.
static void basic_gates(const mote_opctx *c, const uint8_t *joined, int64_t wide, int16_t *gates) {
  mote_qfix fix = mote_qfix_from(4096.0 * (double)(float)c->in[3]->quant.scale);
  const uint8_t *w = c->in[2]->data;
  for (int64_t k = 0; k < c->in[2]->dim[0]; k++) {
    uint32_t sum = ((const uint32_t *)c->in[3]->data)[k];
    for (int64_t i = 0; i < wide; i++)
      sum += (uint32_t)((joined[i] - 128) * (w[k * wide + i] - c->in[2]->quant.zero_point));
    int32_t high = mote_qfix_high((int32_t)sum, fix), right = fix.shift > 0 ? 0 : -fix.shift; // halves are taken up
    gates[k] = (int16_t)mote_q16_fit((high + (((int64_t)1 << right) >> 1)) >> right);
  }
}

// Inputs and results in units of 1/128 around 128.
static mote_status basic_codes(const mote_opctx *c) {
  int bits = (int)round(15 + log2(c->in[4]->quant.scale)); // of the state's integers
  int64_t cells = c->in[1]->dim[1], n = c->in[0]->dim[1], wide = n + cells;
  uint8_t *joined = c->out[2]->data;
  int16_t *gates = c->out[3]->data;
  for (int64_t b = 0; b < c->in[0]->dim[0]; b++, gates += 4 * cells, joined += wide) {
    memcpy(joined, (const uint8_t *)c->in[0]->data + b * n, (size_t)n);
    memcpy(joined + n, (const uint8_t *)c->in[1]->data + b * cells, (size_t)cells);
    basic_gates(c, joined, wide, gates);
    for (int64_t i = 0; i < cells; i++) {
      int32_t fresh = mote_q16_mul(cell_sigmoid(gates[i]), cell_tanh(gates[cells + i]));
      int32_t kept = mote_q16_mul(cell_sigmoid(gates[2 * cells + i]), ((const int16_t *)c->in[4]->data)[b * cells + i]);
      int32_t cell = mote_q16_fit(mote_q16_shift(fresh, -bits) + kept);
      int32_t y = mote_q16_mul(cell_sigmoid(gates[3 * cells + i]), cell_tanh(mote_q16_shift(cell, bits - 3)));
      ((int16_t *)c->out[1]->data)[b * cells + i] = (int16_t)cell;
      ((uint8_t *)c->out[0]->data)[b * cells + i] = (uint8_t)(128 + MOTE_MIN(mote_q16_shift(y, -8), 127));
    }
  }
  return MOTE_OK;
}
static mote_status basic_eval(mote_opctx *c) {
  if (c->in[0]->dtype != MOTE_F32)
    return basic_codes(c);
  int64_t batch = c->in[0]->dim[0], n = c->in[0]->dim[1], cells = c->in[1]->dim[1], wide = n + cells;
  floats f = {c->scratch, 0};
  const float *w = real_of(c, 2, &f), *bias = real_of(c, 3, &f), *cell = c->in[4]->data;
  float *joined = c->out[2]->data, *gates = c->out[3]->data;
  for (int64_t b = 0; b < batch; b++, gates += 4 * cells, joined += wide) {
    memcpy(joined, (const float *)c->in[0]->data + b * n, (size_t)n * sizeof *joined);
    memcpy(joined + n, (const float *)c->in[1]->data + b * cells, (size_t)cells * sizeof *joined);
    for (int64_t k = 0; k < 4 * cells; k++)
      gates[k] = dot(w + k * wide, joined, wide) + bias[k];
    for (int64_t i = 0; i < cells; i++) {
      const float *g = gates + i;
      float v = sigmoid(g[2 * cells]) * cell[b * cells + i] + sigmoid(g[0]) * tanhf(g[cells]);
      ((float *)c->out[1]->data)[b * cells + i] = v;
      ((float *)c->out[0]->data)[b * cells + i] = sigmoid(g[3 * cells]) * tanhf(v);
    }
  }
  return MOTE_OK;
}
static size_t basic_scratch(const mote_opctx *c) {
  floats f = {0};
  for (int32_t i = 2; i < 4; i++)
    real_of(c, i, &f);
  return (f.used + 16) * sizeof(float);
}
RNN_OP(op_basic_lstm, "basic_lstm", 5, 5, 4, basic_infer, basic_eval, basic_scratch);

// ------------------------------------------------------------------------------------------------ RNN

typedef struct rnn_map {
  int32_t w, r, bias, h, aux, aux_w;
} rnn_map;
static const rnn_map rnn_one = {1, 2, 3, 4, -1, -1};
static const rnn_map rnn_two[2] = {{1, 2, 3, 4, 9, 10}, {5, 6, 7, 8, 9, 11}};

static mote_status rnn_check(const mote_opctx *c, const rnn_map *m) {
  sequence x = sequence_of(c->in[0], ((const rnn_attr *)c->attr)->time_major);
  MOTE_TRY(mote_want_rank(c, m->w, 2, 2));
  int64_t units = c->in[m->w]->dim[0];
  MOTE_TRY(want_shape(c, m->w, 2, units, x.n, false));
  MOTE_TRY(want_shape(c, m->r, 2, units, units, false));
  MOTE_TRY(want_shape(c, m->bias, 1, units, 0, false));
  if (!mote_has(c, m->h) || mote_tensor_numel(c->in[m->h]) != x.batch * units || c->in[m->h]->dtype != MOTE_F32)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the state does not fit");
  if (m->aux >= 0 && mote_has(c, m->aux) && mote_has(c, m->aux_w))
    return want_shape(c, m->aux_w, 2, units, c->in[m->aux]->dim[c->in[m->aux]->rank - 1], false);
  return MOTE_OK;
}
// Operands and working memory of one direction; run once with f->at NULL to measure.
typedef struct rnn {
  matrix w, r, aux;
  vector in, last, side;
  int64_t n_in, n_side, units;
  const float *x, *bias, *side_x;
  float *fresh;
} rnn;
static void rnn_setup(const mote_opctx *c, const rnn_map *m, floats *f, rnn *r) {
  bool aux = m->aux >= 0 && mote_has(c, m->aux) && mote_has(c, m->aux_w);
  r->units = c->in[m->w]->dim[0];
  r->n_in = c->in[m->w]->dim[1];
  r->n_side = aux ? c->in[m->aux_w]->dim[1] : 0;
  vector_of(&r->in, r->n_in, matrix_of(c, m->w, f, &r->w), f);
  vector_of(&r->last, r->units, matrix_of(c, m->r, f, &r->r), f);
  vector_of(&r->side, r->n_side, matrix_of(c, aux ? m->aux_w : -1, f, &r->aux), f);
  r->x = real_of(c, 0, f);
  r->bias = real_of(c, m->bias, f);
  r->side_x = real_of(c, aux ? m->aux : -1, f);
  r->fresh = take(f, r->units);
}
// One step: the new state is left in `fresh`.
static void rnn_step(const rnn_attr *a, rnn *r, const float *x, const float *side, const float *h) {
  look_at(&r->in, x, r->n_in, a->asymmetric);
  look_at(&r->last, h, r->units, a->asymmetric);
  look_at(&r->side, side, r->n_side, a->asymmetric);
  for (int64_t u = 0; u < r->units; u++) {
    float v = r->bias[u] + product(&r->w, u, &r->in);
    if (r->aux.t != NULL)
      v += product(&r->aux, u, &r->side);
    r->fresh[u] = act(a->activation, v + product(&r->r, u, &r->last));
  }
}
static void rnn_run(mote_opctx *c, const rnn_map *m, bool backward, const mote_tensor *out, int64_t column) {
  const rnn_attr *a = c->attr;
  floats f = {c->scratch, 0};
  sequence x = sequence_of(c->in[0], a->time_major), y = sequence_of(out, a->time_major);
  rnn r;
  rnn_setup(c, m, &f, &r);
  sequence ax = r.side_x != NULL ? sequence_of(c->in[m->aux], a->time_major) : x;
  float *state = c->in[m->h]->data;
  int64_t units = r.units;
  for (int64_t s = 0; s < x.time; s++)
    for (int64_t b = 0; b < x.batch; b++) {
      int64_t t = backward ? x.time - 1 - s : s;
      const float *side = r.side_x != NULL ? r.side_x + t * ax.t_stride + b * ax.b_stride : NULL;
      rnn_step(a, &r, r.x + t * x.t_stride + b * x.b_stride, side, state + b * units);
      memcpy(state + b * units, r.fresh, (size_t)units * sizeof *state);
      for (int64_t u = 0; u < units; u++)
        put(out, t * y.t_stride + b * y.b_stride + column + u, r.fresh[u]);
    }
}
static size_t rnn_bytes(const mote_opctx *c, const rnn_map *m) {
  floats f = {0};
  rnn r;
  rnn_setup(c, m, &f, &r);
  return (f.used + 16) * sizeof(float);
}
static size_t rnn_scratch(const mote_opctx *c) { return rnn_bytes(c, &rnn_one); }
static mote_status rnn_infer(mote_opctx *c) {
  MOTE_TRY(rnn_input(c));
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(rnn_check(c, &rnn_one));
  rnn_out(c, 0, c->in[1]->dim[0]);
  return MOTE_OK;
}
static mote_status rnn_eval(mote_opctx *c) {
  rnn_run(c, &rnn_one, false, c->out[0], 0);
  return MOTE_OK;
}
RNN_OP(op_rnn, "rnn", 5, 5, 1, rnn_infer, rnn_eval, rnn_scratch);

static mote_status birnn_infer(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  MOTE_TRY(rnn_input(c));
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  if (c->n_in < 9 || (!a->merge && c->n_out < 2))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "%d inputs, %d outputs", c->n_in, c->n_out);
  if (mote_has(c, 9) && (c->in[9]->rank != c->in[0]->rank || c->in[9]->dim[0] != c->in[0]->dim[0] ||
                         c->in[9]->dim[1] != c->in[0]->dim[1]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the auxiliary input is of another length");
  MOTE_TRY(rnn_check(c, &rnn_two[0]));
  MOTE_TRY(rnn_check(c, &rnn_two[1]));
  int64_t fw = c->in[1]->dim[0], bw = c->in[5]->dim[0];
  rnn_out(c, 0, a->merge ? fw + bw : fw);
  if (!a->merge)
    rnn_out(c, 1, bw);
  return MOTE_OK;
}
static mote_status birnn_eval(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  rnn_run(c, &rnn_two[0], false, c->out[0], 0);
  rnn_run(c, &rnn_two[1], true, c->out[a->merge ? 0 : 1], a->merge ? c->in[1]->dim[0] : 0);
  return MOTE_OK;
}
static size_t birnn_scratch(const mote_opctx *c) {
  return MOTE_MAX(rnn_bytes(c, &rnn_two[0]), rnn_bytes(c, &rnn_two[1]));
}
static const mote_op op_birnn = {"bidirectional_rnn",
                                 MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_NO_FOLD | MOTE_OP_LIST_OUT, .min_in = 1,
                                            .max_in = 12, .attr_size = sizeof(rnn_attr), MOTE_FIELDS(rnn_fields),
                                            .infer = birnn_infer, .eval = birnn_eval,
                                            .more = MOTE_MORE(.scratch = birnn_scratch))};

// ------------------------------------------------------------------------------------------------ SVDF

// Inputs: x [B, n], feature weights [F, n], time weights [F, M], bias [U], state [B, F*M]; F = U * rank.
static mote_status svdf_infer(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  MOTE_TRY(mote_want_rank(c, 0, 2, 2));
  MOTE_TRY(mote_want_rank(c, 1, 2, 2));
  MOTE_TRY(mote_want_rank(c, 2, 2, 2));
  int64_t batch = c->in[0]->dim[0], filters = c->in[1]->dim[0], memory = c->in[2]->dim[1];
  if (a->rank < 1 || filters % a->rank != 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld filters of rank %lld", (long long)filters, (long long)a->rank);
  MOTE_TRY(want_shape(c, 1, 2, filters, c->in[0]->dim[1], false));
  MOTE_TRY(want_shape(c, 2, 2, filters, memory, false));
  MOTE_TRY(want_shape(c, 3, 1, filters / a->rank, 0, true));
  MOTE_TRY(want_shape(c, 4, 2, batch, filters * memory, false));
  if (memory < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "no memory");
  if (c->in[0]->dtype != MOTE_F32) // integer SVDF has its range from the type only
    MOTE_TRY(want_codes(c, (const uint8_t[]){MOTE_I8, MOTE_I8, MOTE_I16, MOTE_I32, MOTE_I16}));
  else
    MOTE_TRY(mote_want_dtype(c, 4, MOTE_F32));
  int64_t dim[2] = {batch, filters / a->rank};
  mote_out(c, 0, c->in[0]->dtype, 2, dim);
  return MOTE_OK;
}
// On codes in integers, the state of 16 bits. First each filter's line moves on by one and takes up its sum.
static void svdf_keep(const mote_opctx *c, mote_qfix keep) {
  int64_t n = c->in[0]->dim[1], filters = c->in[1]->dim[0], memory = c->in[2]->dim[1];
  int16_t *line = c->in[4]->data;
  for (int64_t i = 0; i < c->in[0]->dim[0] * filters; i++, line += memory) {
    uint32_t sum = 0;
    for (int64_t k = 0; k < n; k++)
      sum += (uint32_t)((((const int8_t *)c->in[0]->data)[i / filters * n + k] - c->in[0]->quant.zero_point) *
                        ((const int8_t *)c->in[1]->data)[i % filters * n + k]);
    memmove(line, line + 1, (size_t)(memory - 1) * sizeof *line);
    line[memory - 1] = (int16_t)mote_q16_fit(mote_qfix_times((int32_t)sum, keep));
  }
}
static mote_status svdf_codes(const mote_opctx *c) {
  float scale[5];
  for (int32_t i = 0; i < 5; i++)
    scale[i] = (float)(i == 3 ? c->out[0] : c->in[i])->quant.scale;
  svdf_keep(c, mote_qfix_from((double)(scale[0] * scale[1] / scale[4])));
  mote_qfix give = mote_qfix_from((double)(scale[4] * scale[2] / scale[3]));
  int64_t units = c->out[0]->dim[1], rows = ((const rnn_attr *)c->attr)->rank * c->in[2]->dim[1];
  const int16_t *state = c->in[4]->data;
  for (int64_t i = 0; i < c->in[0]->dim[0] * units; i++) {
    int64_t unit = i % units;
    uint32_t sum = mote_has(c, 3) ? ((const uint32_t *)c->in[3]->data)[unit] : 0;
    for (int64_t k = 0; k < rows; k++)
      sum += (uint32_t)(((const int16_t *)c->in[2]->data)[unit * rows + k] * state[i * rows + k]);
    ((int8_t *)c->out[0]->data)[i] =
        (int8_t)mote_qfix_code((int32_t)sum, give, c->out[0]->quant.zero_point, INT8_MIN, INT8_MAX);
  }
  return MOTE_OK;
}
static mote_status svdf_eval(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  if (c->in[0]->dtype != MOTE_F32)
    return svdf_codes(c);
  floats f = {c->scratch, 0};
  int64_t batch = c->in[0]->dim[0], n = c->in[0]->dim[1], filters = c->in[1]->dim[0], memory = c->in[2]->dim[1],
          units = filters / a->rank, rows = a->rank * memory;
  const float *x = c->in[0]->data, *time = real_of(c, 2, &f), *bias = real_of(c, 3, &f);
  float *s = c->in[4]->data, *out = c->out[0]->data;
  matrix w;
  vector in;
  vector_of(&in, n, matrix_of(c, 1, &f, &w), &f);
  for (int64_t i = 0; i < batch * filters; i++) {
    if (i % filters == 0)
      look_at(&in, x + i / filters * n, n, a->asymmetric);
    memmove(s + i * memory, s + i * memory + 1, (size_t)(memory - 1) * sizeof *s);
    s[(i + 1) * memory - 1] = product(&w, i % filters, &in);
  }
  for (int64_t i = 0; i < batch * units; i++) {
    const float *weight = time + i % units * rows, *line = s + i * rows;
    float v = bias != NULL ? bias[i % units] : 0;
    for (int64_t k = 0; k < rows; k += memory)
      v += dot(weight + k, line + k, memory);
    out[i] = act(a->activation, v);
  }
  return MOTE_OK;
}
static size_t svdf_scratch(const mote_opctx *c) {
  floats f = {0};
  vector v;
  for (int32_t i = 1; i < 4; i++)
    real_of(c, i, &f);
  vector_of(&v, c->in[0]->dim[1], true, &f);
  return (f.used + 16) * sizeof(float);
}
RNN_OP(op_svdf, "svdf", 3, 5, 1, svdf_infer, svdf_eval, svdf_scratch);

// ------------------------------------------------------------------------------------------------ rows of files

// LSTM has two forms: 20 or 24 inputs, or the older 5.
static mote_status lower_lstm(mote_lowering *l) {
  rnn_attr attr = {.activation = mote_lower_int(l, "activation", 0),
                   .cell_clip = mote_lower_float(l, "cell_clip", 0),
                   .proj_clip = mote_lower_float(l, "proj_clip", 0),
                   .time_major = true,
                   .asymmetric = mote_lower_bool(l, "asymmetric", false)};
  mote_vid in[24];
  bool basic = mote_lower_int(l, "kernel", 0) == 1;
  int32_t n = 0;
  while (n < l->n_args && n < 24 && l->args[n].name == NULL) {
    in[n] = l->args[n].kind == MOTE_ARG_TENSOR ? l->args[n].ref : -1;
    n++;
  }
  if (basic && n == 5) {
    l->n_out = 4;
    return l->emit(l, &op_basic_lstm, &attr, in, n, l->result, 4);
  }
  if (n < 20)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "%d inputs", n);
  return mote_lower_emit1(l, &op_lstm, &attr, in, n, &l->result[l->n_out++]);
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_LOWER(16, 4, "LSTM activation:i8 cell_clip:f32 proj_clip:f32 kernel:i8 asymmetric:bool", op_lstm,
                      lower_lstm),
    MOTE_TFLITE_OP(24, 3, "RNN activation:i8 asymmetric:bool", op_rnn),
    MOTE_TFLITE_OP(27, 4, "SVDF rank:i32 activation:i8 asymmetric:bool", op_svdf),
    MOTE_TFLITE_OP(35, 3, "UNIDIRECTIONAL_SEQUENCE_RNN time_major:bool activation:i8 asymmetric:bool", op_rnn),
    MOTE_TFLITE_OP(
        44, 4, "UNIDIRECTIONAL_SEQUENCE_LSTM activation:i8 cell_clip:f32 proj_clip:f32 time_major:bool asymmetric:bool",
        op_lstm),
    MOTE_TFLITE_OP(46, 3, "BIDIRECTIONAL_SEQUENCE_RNN time_major:bool activation:i8 merge:bool asymmetric:bool",
                   op_birnn),
    MOTE_TFLITE_OP(52, 3,
                   "BIDIRECTIONAL_SEQUENCE_LSTM activation:i8 cell_clip:f32 proj_clip:f32 merge:bool time_major:bool=1 "
                   "asymmetric:bool",
                   op_bilstm),
};
const mote_op_family mote_family_rnn = {MOTE_ROWS(tflite, tflite_rows)};
