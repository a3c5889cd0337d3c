// Recurrent cells over a sequence: LSTM with all of TensorFlow Lite's options, plain RNN, SVDF. Computed in float32;
// codes are turned into real numbers first and the state is rounded to its codes after every step. Must not know files.
// Tests: tests/unit/test_ops_rnn.c
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

// The input as float32, in place when it is that already; NULL when absent.
static const float *real_of(const mote_opctx *c, int32_t i, floats *f) {
  if (i < 0 || !mote_has(c, i))
    return NULL;
  const mote_tensor *t = c->in[i];
  if (t->dtype == MOTE_F32)
    return t->data;
  float *p = take(f, mote_tensor_numel(t));
  if (p != NULL)
    mote_to_float(t, p);
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

// ------------------------------------------------------------------------------------------------ LSTM

// Where a cell's operands stand among the inputs; -1: it has none of these.
typedef struct lstm_map {
  int32_t weights, norm, h, c, aux, aux_weights;
} lstm_map;

typedef struct rnn_attr {
  int64_t activation;
  double cell_clip, proj_clip;
  bool time_major, merge;
  int64_t kernel, rank;
} rnn_attr;

typedef struct lstm {
  const float *w[4], *r[4], *peep[3], *bias[4], *proj, *proj_bias, *norm[4], *aux[4];
  int64_t n_in, n_cell, n_out, n_aux;
  float *gate[4], *cell, *h, *hidden;
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
  bool aux = m->aux >= 0 && mote_has(c, m->aux);
  l->n_aux = aux ? c->in[m->aux]->dim[c->in[m->aux]->rank - 1] : 0;
  for (int32_t k = 0; k < 4; k++) {
    l->w[k] = real_of(c, m->weights + k, f);
    l->r[k] = real_of(c, m->weights + 4 + k, f);
    l->bias[k] = real_of(c, m->weights + 11 + k, f);
    l->norm[k] = m->norm >= 0 ? real_of(c, m->norm + k, f) : NULL;
    l->aux[k] = aux ? real_of(c, m->aux_weights + k, f) : NULL;
    l->gate[k] = take(f, l->n_cell);
  }
  for (int32_t k = 0; k < 3; k++)
    l->peep[k] = real_of(c, m->weights + 8 + k, f);
  l->proj = real_of(c, m->weights + 15, f);
  l->proj_bias = real_of(c, m->weights + 16, f);
  l->ht = c->in[m->h];
  l->ct = c->in[m->c];
  l->cell = take(f, batch * l->n_cell);
  l->h = take(f, batch * l->n_out);
  l->hidden = take(f, l->n_cell);
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
static void gate_sum(const lstm *l, int k, const float *x, const float *aux, const float *h, const float *cell,
                     const float *peep) {
  for (int64_t i = 0; i < l->n_cell; i++) {
    float s = l->norm[k] == NULL && l->bias[k] != NULL ? l->bias[k][i] : 0;
    s += dot(l->w[k] + i * l->n_in, x, l->n_in) + dot(l->r[k] + i * l->n_out, h, l->n_out);
    if (aux != NULL && l->aux[k] != NULL)
      s += dot(l->aux[k] + i * l->n_aux, aux, l->n_aux);
    l->gate[k][i] = s + (peep != NULL ? peep[i] * cell[i] : 0);
  }
  if (l->norm[k] != NULL)
    normalise(l->gate[k], l->norm[k], l->bias[k], l->n_cell);
}

static void lstm_step(const rnn_attr *a, const lstm *l, const float *x, const float *aux, float *h, float *cell) {
  int64_t n = l->n_cell;
  bool input = l->w[0] != NULL;
  if (input)
    gate_sum(l, 0, x, aux, h, cell, l->peep[0]);
  gate_sum(l, 1, x, aux, h, cell, l->peep[1]);
  gate_sum(l, 2, x, aux, h, cell, NULL);
  for (int64_t i = 0; i < n; i++) {
    float f = sigmoid(l->gate[1][i]), in = input ? sigmoid(l->gate[0][i]) : 1 - f;
    cell[i] = clip(f * cell[i] + in * act(a->activation, l->gate[2][i]), a->cell_clip);
  }
  settle(l->ct, cell, n);
  gate_sum(l, 3, x, aux, h, cell, l->peep[2]);
  for (int64_t i = 0; i < n; i++)
    l->hidden[i] = sigmoid(l->gate[3][i]) * act(a->activation, cell[i]);
  for (int64_t o = 0; o < l->n_out; o++)
    h[o] = l->proj == NULL
               ? l->hidden[o]
               : clip(dot(l->proj + o * n, l->hidden, n) + (l->proj_bias != NULL ? l->proj_bias[o] : 0), a->proj_clip);
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
      MOTE_ATTR(rnn_attr, merge, MOTE_ATTR_BOOL, 0), MOTE_ATTR(rnn_attr, kernel, MOTE_ATTR_INT, 0),                    \
      MOTE_ATTR(rnn_attr, rank, MOTE_ATTR_INT, 1)
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
  mote_out(c, 0, c->in[0]->dtype, 2, c->in[1]->dim);
  mote_out(c, 1, c->in[4]->dtype, 2, c->in[4]->dim);
  mote_out(c, 2, c->in[0]->dtype, 2, joined);
  mote_out(c, 3, c->in[4]->dtype, 2, gates);
  return MOTE_OK;
}
static mote_status basic_eval(mote_opctx *c) {
  floats f = {c->scratch, 0};
  int64_t batch = c->in[0]->dim[0], n = c->in[0]->dim[1], cells = c->in[1]->dim[1], wide = n + cells;
  const float *x = real_of(c, 0, &f), *h = real_of(c, 1, &f), *w = real_of(c, 2, &f), *bias = real_of(c, 3, &f),
              *cell = real_of(c, 4, &f);
  for (int64_t b = 0; b < batch; b++)
    for (int64_t i = 0; i < cells; i++) {
      float g[4];
      for (int k = 0; k < 4; k++) {
        const float *row = w + (k * cells + i) * wide;
        g[k] = dot(row, x + b * n, n) + dot(row + n, h + b * cells, cells) + bias[k * cells + i];
        put(c->out[3], b * 4 * cells + k * cells + i, c->out[3]->dtype == MOTE_F32 ? g[k] : 0);
      }
      float v = sigmoid(g[2]) * cell[b * cells + i] + sigmoid(g[0]) * tanhf(g[1]);
      put(c->out[1], b * cells + i, v);
      put(c->out[0], b * cells + i, sigmoid(g[3]) * tanhf(v));
    }
  for (int64_t b = 0; b < batch; b++)
    for (int64_t i = 0; i < wide; i++)
      put(c->out[2], b * wide + i, i < n ? x[b * n + i] : h[b * cells + i - n]);
  return MOTE_OK;
}
static size_t basic_scratch(const mote_opctx *c) {
  floats f = {0};
  for (int32_t i = 0; i < 5; i++)
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
static void rnn_run(mote_opctx *c, const rnn_map *m, bool backward, const mote_tensor *out, int64_t column) {
  const rnn_attr *a = c->attr;
  floats f = {c->scratch, 0};
  sequence x = sequence_of(c->in[0], a->time_major), y = sequence_of(out, a->time_major);
  const float *in = real_of(c, 0, &f), *w = real_of(c, m->w, &f), *r = real_of(c, m->r, &f),
              *bias = real_of(c, m->bias, &f);
  bool has_aux = m->aux >= 0 && mote_has(c, m->aux) && mote_has(c, m->aux_w);
  const float *aux = has_aux ? real_of(c, m->aux, &f) : NULL, *aux_w = has_aux ? real_of(c, m->aux_w, &f) : NULL;
  sequence ax = has_aux ? sequence_of(c->in[m->aux], a->time_major) : x;
  int64_t units = c->in[m->w]->dim[0];
  float *fresh = take(&f, units), *state = c->in[m->h]->data;
  for (int64_t s = 0; s < x.time; s++)
    for (int64_t b = 0; b < x.batch; b++) {
      int64_t t = backward ? x.time - 1 - s : s;
      float *h = state + b * units;
      for (int64_t u = 0; u < units; u++) {
        float v = bias[u] + dot(w + u * x.n, in + t * x.t_stride + b * x.b_stride, x.n) + dot(r + u * units, h, units);
        fresh[u] = act(a->activation,
                       v + (aux != NULL ? dot(aux_w + u * ax.n, aux + t * ax.t_stride + b * ax.b_stride, ax.n) : 0));
      }
      memcpy(h, fresh, (size_t)units * sizeof *h);
      for (int64_t u = 0; u < units; u++)
        put(out, t * y.t_stride + b * y.b_stride + column + u, fresh[u]);
    }
}
static size_t rnn_scratch(const mote_opctx *c) {
  floats f = {0};
  for (int32_t i = 0; i < c->n_in; i++)
    real_of(c, i, &f);
  for (int32_t i = 1; i < MOTE_MIN(c->n_in, 6); i += 4)
    take(&f, mote_has(c, i) ? c->in[i]->dim[0] : 0);
  return (f.used + 16) * sizeof(float);
}
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
static const mote_op op_birnn = {"bidirectional_rnn",
                                 MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_NO_FOLD | MOTE_OP_LIST_OUT, .min_in = 1,
                                            .max_in = 12, .attr_size = sizeof(rnn_attr), MOTE_FIELDS(rnn_fields),
                                            .infer = birnn_infer, .eval = birnn_eval,
                                            .more = MOTE_MORE(.scratch = rnn_scratch))};

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
  int64_t dim[2] = {batch, filters / a->rank};
  mote_out(c, 0, c->in[0]->dtype, 2, dim);
  return MOTE_OK;
}
static mote_status svdf_eval(mote_opctx *c) {
  const rnn_attr *a = c->attr;
  const mote_tensor *state = c->in[4];
  floats f = {c->scratch, 0};
  int64_t batch = c->in[0]->dim[0], n = c->in[0]->dim[1], filters = c->in[1]->dim[0], memory = c->in[2]->dim[1],
          units = filters / a->rank;
  const float *x = real_of(c, 0, &f), *w = real_of(c, 1, &f), *time = real_of(c, 2, &f), *bias = real_of(c, 3, &f);
  float *s = take(&f, batch * filters * memory);
  mote_to_float(state, s);
  for (int64_t i = 0; i < batch * filters; i++) {
    memmove(s + i * memory, s + i * memory + 1, (size_t)(memory - 1) * sizeof *s);
    s[(i + 1) * memory - 1] = dot(w + i % filters * n, x + i / filters * n, n);
  }
  settle(state, s, batch * filters * memory);
  for (int64_t i = 0; i < batch * filters * memory; i++)
    put(state, i, s[i]);
  for (int64_t i = 0; i < batch * units; i++) {
    float v = bias != NULL ? bias[i % units] : 0;
    for (int64_t k = 0; k < a->rank; k++) {
      int64_t filter = i % units * a->rank + k;
      v += dot(time + filter * memory, s + (i / units * filters + filter) * memory, memory);
    }
    put(c->out[0], i,
        mote_is_quant(c->out[0]) ? v : act(a->activation, v)); // integer SVDF has its range from the type only
  }
  return MOTE_OK;
}
static size_t svdf_scratch(const mote_opctx *c) {
  floats f = {0};
  for (int32_t i = 0; i < 5; i++)
    real_of(c, i, &f);
  take(&f, mote_tensor_numel(c->in[4]));
  return (f.used + 16) * sizeof(float);
}
RNN_OP(op_svdf, "svdf", 3, 5, 1, svdf_infer, svdf_eval, svdf_scratch);

// ------------------------------------------------------------------------------------------------ rows of files

// LSTM has two forms: 20 or 24 inputs, or the older 5.
static mote_status lower_lstm(mote_lowering *l) {
  rnn_attr attr = {.activation = mote_lower_int(l, "activation", 0),
                   .cell_clip = mote_lower_float(l, "cell_clip", 0),
                   .proj_clip = mote_lower_float(l, "proj_clip", 0),
                   .time_major = true};
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
    {16, 4, "LSTM", &op_lstm, "activation:i8 cell_clip:f32 proj_clip:f32 kernel:i8", lower_lstm},
    {24, 3, "RNN", &op_rnn, "activation:i8"},
    {27, 4, "SVDF", &op_svdf, "rank:i32 activation:i8"},
    {35, 3, "UNIDIRECTIONAL_SEQUENCE_RNN", &op_rnn, "time_major:bool activation:i8"},
    {44, 4, "UNIDIRECTIONAL_SEQUENCE_LSTM", &op_lstm, "activation:i8 cell_clip:f32 proj_clip:f32 time_major:bool"},
    {46, 3, "BIDIRECTIONAL_SEQUENCE_RNN", &op_birnn, "time_major:bool activation:i8 merge:bool"},
    {52, 3, "BIDIRECTIONAL_SEQUENCE_LSTM", &op_bilstm,
     "activation:i8 cell_clip:f32 proj_clip:f32 merge:bool time_major:bool=1"},
};
const mote_op_family mote_family_rnn = {MOTE_ROWS(tflite, tflite_rows)};
