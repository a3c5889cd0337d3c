// Recurrent layers and cells: the products with the input are one matrix product for all steps; one operator runs the
// recurrence, in float64 where that is the type and else in float32. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_rnn.h"

static const int64_t gates_of[] = {4, 3, 1, 1};

typedef struct rnn_geo {
  int64_t time, batch, hidden, out, gates;
  bool packed;
} rnn_geo;

static rnn_geo geometry(const mote_opctx *c) {
  const mote_rnn_attr *a = c->attr;
  rnn_geo g = {.gates = gates_of[a->kind], .packed = mote_has(c, 5)};
  g.time = g.packed ? c->in[5]->dim[0] : c->in[0]->dim[0];
  g.batch = c->in[1]->dim[0];
  g.out = c->in[1]->dim[1];
  g.hidden = c->in[3]->dim[0] / g.gates;
  return g;
}

// Input i is absent or a matrix of these sizes.
static bool is_matrix(const mote_opctx *c, int32_t i, int64_t rows, int64_t columns) {
  const mote_tensor *t = mote_has(c, i) ? c->in[i] : NULL;
  return t == NULL || (t->rank == 2 && t->dim[0] == rows && t->dim[1] == columns);
}
static mote_status rnn_infer(mote_opctx *c) {
  const mote_rnn_attr *a = c->attr;
  if (a->kind < MOTE_RNN_LSTM || a->kind > MOTE_RNN_RELU || !mote_has(c, 3))
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "kind %lld", (long long)a->kind);
  int32_t rank = mote_has(c, 5) ? 2 : 3; // of the input: rows of packed sequences, or time and batch
  bool lstm = a->kind == MOTE_RNN_LSTM;
  MOTE_TRY(mote_want_rank(c, 0, rank, rank));
  MOTE_TRY(mote_want_rank(c, 1, 2, 2));
  MOTE_TRY(mote_want_rank(c, 3, 2, 2));
  for (int32_t i = 0; i < c->n_in; i++)
    if (mote_has(c, i) &&
        (i == 5 ? c->in[i]->rank != 1 || c->in[i]->dtype != MOTE_I64 : !mote_dtype_is_float(c->in[i]->dtype)))
      return mote_bad_dtype(c, i);
  rnn_geo g = geometry(c);
  const mote_tensor *x = c->in[0];
  int64_t wide = g.gates * g.hidden;
  bool fits = x->dim[rank - 1] == wide && is_matrix(c, 3, wide, g.out) && (rank == 2 || x->dim[1] == g.batch) &&
              (mote_has(c, 6) || g.out == g.hidden) && is_matrix(c, 6, g.out, g.hidden) &&
              (!mote_has(c, 4) || mote_tensor_numel(c->in[4]) == wide) &&
              (!lstm || (mote_has(c, 2) && is_matrix(c, 2, g.batch, g.hidden)));
  if (!fits)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "Expected hidden size (%lld, %lld), weights of %lld and a bias that fit",
                        (long long)g.batch, (long long)g.out, (long long)wide);
  int64_t y[3] = {x->dim[0], rank == 2 ? g.out : g.batch, g.out}, h[2] = {g.batch, g.out},
          state[2] = {g.batch, lstm ? g.hidden : 0};
  mote_out(c, 0, x->dtype, rank, y);
  mote_out(c, 1, x->dtype, 2, h);
  mote_out(c, 2, x->dtype, 2, state);
  return MOTE_OK;
}

// float64 stays what it is; everything else is computed in float32.
static mote_dtype real_type(const mote_opctx *c) { return c->in[0]->dtype == MOTE_F64 ? MOTE_F64 : MOTE_F32; }

static size_t rnn_scratch(const mote_opctx *c) {
  rnn_geo g = geometry(c);
  size_t n = (size_t)(g.batch * (2 * g.out + g.hidden) + 2 * g.gates * g.hidden + g.hidden + 16 * 16);
  for (int32_t i = 0; i < c->n_in; i++)
    n += mote_has(c, i) ? (size_t)mote_tensor_numel(c->in[i]) + 16 : 0;
  return n * mote_dtype_size(real_type(c));
}

typedef struct scan {
  rnn_geo g;
  mote_dtype type; // of all these
  const void *x, *w, *b, *p;
  void *h, *cell, *gate, *fresh, *seen;
} scan;

#define KIND static
#define REAL float
#define NAME(x) x##_f32
#define EXP expf
#define TANH tanhf
#include "ops/aten_rnn_body.h"
#undef KIND
#undef REAL
#undef NAME
#undef EXP
#undef TANH
#define KIND MOTE_SMALL static
#define REAL double
#define NAME(x) x##_f64
#define EXP exp
#define TANH tanh
#include "ops/aten_rnn_body.h"

typedef struct reals {
  char *base;
  mote_dtype type;
} reals;
static void *take(reals *f, int64_t n) {
  char *p = f->base;
  f->base += (size_t)((n + 15) & ~(int64_t)15) * mote_dtype_size(f->type);
  return p;
}
static void copy_reals(const mote_tensor *t, mote_dtype type, void *out) {
  if (type == MOTE_F32)
    mote_to_float(t, out);
  else
    for (int64_t i = 0; i < mote_tensor_numel(t); i++)
      ((double *)out)[i] = mote_load_f64(t->data, t->dtype, i);
}
static const void *reals_of(const mote_opctx *c, int32_t i, reals *f) {
  if (!mote_has(c, i))
    return NULL;
  if (c->in[i]->dtype == f->type)
    return c->in[i]->data;
  void *p = take(f, mote_tensor_numel(c->in[i]));
  copy_reals(c->in[i], f->type, p);
  return p;
}

static mote_status scan_steps(const mote_opctx *c, const scan *s) {
  bool back = ((const mote_rnn_attr *)c->attr)->reverse;
  const int64_t *sizes = s->g.packed ? c->in[5]->data : NULL;
  int64_t row = 0, rows = c->in[0]->dim[0];
  for (int64_t t = 0; sizes != NULL && t < s->g.time; t++) {
    if (sizes[t] < 1 || sizes[t] > s->g.batch || sizes[t] > rows - row)
      return mote_op_fail(c, MOTE_ERR_DATA, "batch size %lld of step %lld", (long long)sizes[t], (long long)t);
    row += sizes[t];
  }
  row = back ? row : 0;
  for (int64_t k = 0; k < s->g.time; k++) {
    int64_t t = back ? s->g.time - 1 - k : k, n = sizes != NULL ? sizes[t] : s->g.batch;
    row -= back ? n : 0;
    if (s->seen != s->h) {
      memcpy(s->seen, s->h, (size_t)(n * s->g.out) * sizeof(float)); // quantised layers take float32
      mote_aten_round8(s->seen, n * s->g.out, ((const mote_rnn_attr *)c->attr)->reduce_range);
    }
    for (int64_t b = 0; b < n; b++)
      (s->type == MOTE_F64 ? scan_row_f64 : scan_row_f32)(c, s, b, sizes != NULL ? row + b : t * n + b);
    row += back ? 0 : n;
  }
  return MOTE_OK;
}

static void give_state(const mote_opctx *c, int32_t j, const void *from, mote_dtype type, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    mote_store_f64(c->out[j]->data, c->out[j]->dtype, i, mote_load_f64(from, type, i));
}
static mote_status rnn_eval(mote_opctx *c) {
  const mote_rnn_attr *a = c->attr;
  reals f = {c->scratch, real_type(c)};
  scan s = {.g = geometry(c), .type = f.type};
  int64_t n = s.g.batch * s.g.out, cells = a->kind == MOTE_RNN_LSTM ? s.g.batch * s.g.hidden : 0;
  s.h = take(&f, n);
  s.cell = take(&f, s.g.batch * s.g.hidden);
  s.gate = take(&f, s.g.gates * s.g.hidden);
  s.fresh = take(&f, s.g.hidden);
  s.seen = a->round8 && f.type == MOTE_F32 ? take(&f, n) : s.h;
  copy_reals(c->in[1], f.type, s.h);
  if (cells > 0)
    copy_reals(c->in[2], f.type, s.cell);
  s.x = reals_of(c, 0, &f);
  s.w = reals_of(c, 3, &f);
  s.b = reals_of(c, 4, &f);
  s.p = reals_of(c, 6, &f);
  MOTE_TRY(scan_steps(c, &s));
  give_state(c, 1, s.h, f.type, n);
  give_state(c, 2, s.cell, f.type, cells);
  return MOTE_OK;
}

static const mote_attr_field rnn_fields[] = {MOTE_ATTR(mote_rnn_attr, kind, MOTE_ATTR_INT, 0),
                                             MOTE_ATTR(mote_rnn_attr, reverse, MOTE_ATTR_BOOL, 0)};
// the cell state (2) is the LSTM's alone; infer asks for the weights (3)
const mote_op mote_op_rnn_scan = {"rnn_scan", MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 7,
                                                         .n_out = 3, .attr_size = sizeof(mote_rnn_attr),
                                                         MOTE_FIELDS(rnn_fields), .infer = rnn_infer, .eval = rnn_eval,
                                                         .more = MOTE_MORE(.scratch = rnn_scratch))};

// ------------------------------------------------------------------------------------------------ layers

// One cell over all steps; out: y, last h, last c.
static void run_cell(mote_low *w, int64_t kind, bool back, mote_vid x, mote_vid h, mote_vid c,
                     const mote_rnn_weights *p, mote_vid sizes, mote_vid out[3]) {
  mote_rnn_attr a = {kind, back, p->round8, p->reduce_range};
  x = mote_aten_linear(w, p->round8 ? mote_aten_rounded(w, x, p->reduce_range) : x, p->ih, p->b_ih);
  mote_vid in[7] = {x, h, c, p->hh, p->b_hh, sizes, p->project};
  out[0] = out[1] = out[2] = -1;
  if (w->st == MOTE_OK)
    w->st = w->emit(w, &mote_op_rnn_scan, &a, in, 7, out, 3);
}

// The hidden states of a call: h, and for an LSTM c.
static void states_of(mote_low *w, int64_t kind, mote_vid out[2]) {
  const mote_arg *hx = mote_lower_arg(w, "hx");
  bool list = hx != NULL && hx->kind == MOTE_ARG_TENSORS;
  out[0] = hx == NULL ? -1 : list ? (hx->count > 0 ? hx->refs[0] : -1) : hx->ref;
  out[1] = kind == MOTE_RNN_LSTM && list && hx->count == 2 ? hx->refs[1] : -1;
  if (out[0] < 0 || (kind == MOTE_RNN_LSTM && out[1] < 0))
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "lstm expects two hidden states");
}

static mote_vid state_at(mote_low *w, mote_vid all, int64_t i) {
  const mote_tensor *t = mote_low_desc(w, all);
  if (all < 0)
    return -1;
  int64_t dim[2] = {t->rank == 3 ? t->dim[1] : 1, t->rank > 0 ? t->dim[t->rank - 1] : 0};
  if (t->rank < 2 || i >= t->dim[0])
    return mote_low_fail(w, MOTE_ERR_SHAPE, "Expected hidden size for %lld layers", (long long)i + 1);
  return mote_low_reshape(w, mote_low_narrow(w, all, 0, i, 1), 2, dim);
}

static mote_rnn_weights weights_at(mote_low *w, const mote_arg *params, int64_t i, int64_t cells) {
  mote_rnn_weights p = {-1, -1, -1, -1, -1, false, false};
  bool biases = mote_lower_bool(w, "has_biases", true);
  int64_t per = params->count / cells, plain = biases ? 4 : 2;
  const mote_vid *at = params->refs + i * per;
  if (per != plain && per != plain + 1) {
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "got an incorrect number of RNN parameters");
    return p;
  }
  p.ih = at[0];
  p.hh = at[1];
  p.b_ih = biases ? at[2] : -1;
  p.b_hh = biases ? at[3] : -1;
  p.project = per > plain ? at[plain] : -1;
  return p;
}

mote_status mote_aten_rnn_layers(mote_lowering *l, int64_t kind, mote_rnn_weights_fn *weights_of) {
  enum { MOST = 24 };
  const mote_arg *params = mote_lower_arg(l, "params");
  int64_t dirs = mote_lower_bool(l, "bidirectional", false) ? 2 : 1, count = mote_lower_int(l, "num_layers", 1);
  mote_vid x = l->args[0].ref, sizes = mote_low_tensor(l, "batch_sizes"), last[2][MOST], state[2], ys[2], out[3];
  bool single = sizes < 0 && mote_low_desc(l, x)->rank == 2;
  bool swapped = mote_lower_bool(l, "batch_first", false) && !single;
  if (params == NULL || params->kind != MOTE_ARG_TENSORS)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "recurrent layer without parameters");
  if (count < 1 || count > MOST / dirs)
    return mote_fail(l->err, MOTE_ERR_LIMIT, "%lld recurrent layers", (long long)count);
  if (mote_lower_bool(l, "train", false) && mote_lower_float(l, "dropout", 0) > 0)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "dropout in training");
  states_of(l, kind, state);
  x = single ? mote_low_unsqueeze(l, x, 1) : swapped ? mote_low_swap(l, x, 0, 1) : x;
  for (int64_t n = 0; n < count * dirs; n++) {
    bool back = n % dirs != 0;
    mote_rnn_weights p = weights_of(l, params, n, count * dirs);
    run_cell(l, kind, back, x, state_at(l, state[0], n), state_at(l, state[1], n), &p, sizes, out);
    ys[back] = out[0];
    for (int i = 0; i < 2; i++)
      last[i][n] = mote_low_unsqueeze(l, out[1 + i], 0);
    if (dirs == 1 || back)
      x = dirs == 1 ? ys[0] : mote_low_concat(l, ys, 2, mote_low_desc(l, ys[0])->rank - 1);
  }
  x = swapped ? mote_low_swap(l, x, 0, 1) : x;
  for (int i = 0; i < (kind == MOTE_RNN_LSTM ? 3 : 2); i++) {
    x = i > 0 ? mote_low_concat(l, last[i - 1], (int32_t)(count * dirs), 0) : x;
    mote_low_give(l, single ? mote_low_squeeze(l, x, 1) : x);
  }
  return l->st;
}
static mote_status lower_lstm(mote_lowering *l) { return mote_aten_rnn_layers(l, MOTE_RNN_LSTM, weights_at); }
static mote_status lower_gru(mote_lowering *l) { return mote_aten_rnn_layers(l, MOTE_RNN_GRU, weights_at); }
static mote_status lower_tanh(mote_lowering *l) { return mote_aten_rnn_layers(l, MOTE_RNN_TANH, weights_at); }
static mote_status lower_relu(mote_lowering *l) { return mote_aten_rnn_layers(l, MOTE_RNN_RELU, weights_at); }

mote_status mote_aten_rnn_cell(mote_lowering *l, int64_t kind, const mote_rnn_weights *p) {
  mote_vid x = l->args[0].ref, s[2], out[3];
  bool single = mote_low_desc(l, x)->rank == 1;
  int n = kind == MOTE_RNN_LSTM ? 2 : 1;
  states_of(l, kind, s);
  x = single ? mote_low_unsqueeze(l, x, 0) : x;
  for (int i = 0; i < n && single; i++)
    s[i] = mote_low_unsqueeze(l, s[i], 0);
  run_cell(l, kind, false, mote_low_unsqueeze(l, x, 0), s[0], s[1], p, -1, out);
  for (int i = 0; i < n; i++)
    mote_low_give(l, single ? mote_low_squeeze(l, out[1 + i], 0) : out[1 + i]);
  return l->st;
}
static mote_status cell(mote_lowering *l, int64_t kind) {
  mote_rnn_weights p = {mote_low_tensor(l, "w_ih"),
                        mote_low_tensor(l, "w_hh"),
                        mote_low_tensor(l, "b_ih"),
                        mote_low_tensor(l, "b_hh"),
                        -1,
                        false,
                        false};
  return mote_aten_rnn_cell(l, kind, &p);
}
static mote_status lower_lstm_cell(mote_lowering *l) { return cell(l, MOTE_RNN_LSTM); }
static mote_status lower_gru_cell(mote_lowering *l) { return cell(l, MOTE_RNN_GRU); }
static mote_status lower_tanh_cell(mote_lowering *l) { return cell(l, MOTE_RNN_TANH); }
static mote_status lower_relu_cell(mote_lowering *l) { return cell(l, MOTE_RNN_RELU); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("lstm.input .data", lower_lstm),     MOTE_TORCH_LOWER("gru.input .data", lower_gru),
    MOTE_TORCH_LOWER("rnn_tanh.input .data", lower_tanh), MOTE_TORCH_LOWER("rnn_relu.input .data", lower_relu),
    MOTE_TORCH_LOWER("lstm_cell", lower_lstm_cell),       MOTE_TORCH_LOWER("gru_cell", lower_gru_cell),
    MOTE_TORCH_LOWER("rnn_tanh_cell", lower_tanh_cell),   MOTE_TORCH_LOWER("rnn_relu_cell", lower_relu_cell),
};
const mote_op_family mote_family_aten_rnn = {MOTE_ROWS(torch, rows)};
