// PyTorch's normalisations: over the last dims (layer, root mean square), over groups of channels, over the batch.
// Tests: tests/unit/test_ops_aten.c
#include "kernels/norm_f32.h"
#include "ops/aten_math.h"
#include "ops/batch_norm.h"
#include "ops/binary.h"
#include "ops/reduce.h"
#include "ops/shape.h"
#include "ops/unary.h"

// A row of the norm: `cols` elements that share a mean. Weights go by the element in the row, or by channel: row r of
// `groups` groups has channels from (r % groups)*per_group, `area` elements each.
typedef struct norm_attr {
  int64_t lead;   // leading dims that count rows; 0 with groups
  int64_t groups; // > 0: dims 0 and 1 are batch and channels
  double eps;
  bool rms;
} norm_attr;

typedef struct norm_geo {
  int64_t rows, cols, groups, area;
} norm_geo;

static norm_geo norm_geometry(const norm_attr *a, const mote_tensor *x) {
  norm_geo g = {0, 0, a->groups, 1};
  int64_t total = mote_tensor_numel(x);
  g.rows = a->groups > 0 ? x->dim[0] * a->groups : mote_dims_product(x, 0, (int32_t)a->lead);
  g.cols = g.rows > 0 ? total / g.rows : 0;
  g.area = a->groups > 0 ? mote_dims_product(x, 2, x->rank) : 1;
  return g;
}

// inputs: x, weight (optional), bias (optional); outputs: y, or y, mean and 1/deviation of the rows
static mote_status norm_infer(mote_opctx *c) {
  const norm_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  if (!mote_dtype_is_float(x->dtype))
    return mote_bad_dtype(c, 0);
  if (a->groups > 0 ? x->rank < 2 || x->dim[1] % a->groups != 0 : a->lead < 0 || a->lead > x->rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "Expected number of channels in input to be divisible by num_groups");
  for (int32_t i = 1; i < c->n_in; i++)
    if (mote_has(c, i) &&
        mote_tensor_numel(c->in[i]) != (a->groups > 0 ? x->dim[1] : mote_dims_product(x, (int32_t)a->lead, x->rank)))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "Expected weight and bias to be of the normalized shape");
  mote_out_as(c, 0, 0);
  int64_t dim[MOTE_MAX_RANK], pair[2] = {x->dim[0], a->groups};
  for (int32_t i = 0; i < x->rank; i++)
    dim[i] = i < a->lead ? x->dim[i] : 1;
  for (int32_t j = 1; j < c->n_out; j++)
    mote_out(c, j, x->dtype, a->groups > 0 ? 2 : x->rank, a->groups > 0 ? pair : dim);
  return MOTE_OK;
}

static void norm_row(const mote_opctx *c, const norm_geo *g, int64_t r) {
  const norm_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int64_t base = r * g->cols, first = a->groups > 0 ? r % g->groups * (g->cols / MOTE_MAX(g->area, 1)) : 0;
  double mean = 0, var = 0;
  for (int64_t i = 0; i < g->cols && !a->rms; i++)
    mean += mote_load_f64(x->data, x->dtype, base + i);
  mean /= (double)g->cols;
  mean = a->rms ? 0 : mean;
  for (int64_t i = 0; i < g->cols; i++) {
    double d = mote_load_f64(x->data, x->dtype, base + i) - mean;
    var += d * d;
  }
  double inv = 1 / sqrt(var / (double)g->cols + a->eps);
  for (int64_t i = 0; i < g->cols; i++) {
    int64_t at = a->groups > 0 ? first + i / g->area : i;
    double v = (mote_load_f64(x->data, x->dtype, base + i) - mean) * inv;
    v = mote_has(c, 1) ? v * mote_load_f64(c->in[1]->data, c->in[1]->dtype, at) : v;
    v = mote_has(c, 2) ? v + mote_load_f64(c->in[2]->data, c->in[2]->dtype, at) : v;
    mote_store_f64(o->data, o->dtype, base + i, v);
  }
  if (c->n_out > 1) {
    mote_store_f64(c->out[1]->data, c->out[1]->dtype, r, mean);
    mote_store_f64(c->out[2]->data, c->out[2]->dtype, r, inv);
  }
}
static mote_status norm_eval(mote_opctx *c) {
  norm_geo g = norm_geometry(c->attr, c->in[0]);
  for (int64_t r = 0; r < g.rows; r++)
    norm_row(c, &g, r);
  return MOTE_OK;
}

typedef struct norm_state {
  const mote_norm_f32 *row;
  mote_norm_f32_args args;
} norm_state;
static mote_status norm_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const norm_state *s = state;
  mote_norm_f32_args a = s->args;
  a.x = c->in[0]->data;
  a.y = c->out[0]->data;
  a.gamma = mote_has(c, 1) ? c->in[1]->data : NULL;
  a.beta = mote_has(c, 2) ? c->in[2]->data : NULL;
  s->row->run(&a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}
// Rows of groups: the kernel's, then each channel takes its weight and bias.
static mote_status groups_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const norm_state *s = state;
  norm_geo g = norm_geometry(c->attr, c->in[0]);
  int64_t channels = g.cols / g.area;
  for (int64_t r = t0; r < t1; r++) {
    mote_norm_f32_args a = s->args;
    a.x = (const float *)c->in[0]->data + r * g.cols;
    a.y = (float *)c->out[0]->data + r * g.cols;
    s->row->run(&a, 0, 1);
    for (int64_t k = 0; k < channels && (mote_has(c, 1) || mote_has(c, 2)); k++) {
      int64_t at = r % g.groups * channels + k;
      float f = mote_has(c, 1) ? ((const float *)c->in[1]->data)[at] : 1;
      float t = mote_has(c, 2) ? ((const float *)c->in[2]->data)[at] : 0, *y = a.y + k * g.area;
      for (int64_t i = 0; i < g.area; i++)
        y[i] = y[i] * f + t;
    }
  }
  return MOTE_OK;
}
static mote_status rows_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const norm_geo *g = state;
  for (int64_t r = t0; r < t1; r++)
    norm_row(c, g, r);
  return MOTE_OK;
}
static mote_status norm_prepare(mote_opctx *c) {
  const norm_attr *a = c->attr;
  norm_geo g = norm_geometry(a, c->in[0]);
  bool plain = c->in[0]->dtype == MOTE_F32, grouped = a->groups > 0;
  for (int32_t i = 1; i < c->n_in; i++)
    plain = plain && (!mote_has(c, i) || c->in[i]->dtype == MOTE_F32);
  if (g.rows == 0 || g.cols == 0)
    return MOTE_OK;
  if (!plain)
    return mote_add_step(c, rows_run, &g, sizeof g, g.rows, 0, "reference", NULL);
  norm_state s = {mote_norm_f32_select(c->env->cpu),
                  {.rms = a->rms,
                   .eps = (float)a->eps,
                   .rows = grouped ? 1 : (size_t)g.rows,
                   .cols = (size_t)g.cols,
                   .x_row = g.cols,
                   .y_row = g.cols}};
  return mote_add_step(c, grouped ? groups_run : norm_run, &s, sizeof s,
                       grouped ? g.rows : (int64_t)mote_norm_f32_tiles(s.args.rows, s.args.cols), 0, s.row->name,
                       s.row->isa);
}

static const mote_attr_field norm_fields[] = {
    MOTE_ATTR(norm_attr, lead, MOTE_ATTR_INT, 0), MOTE_ATTR(norm_attr, groups, MOTE_ATTR_INT, 0),
    MOTE_ATTR_POWER(norm_attr, eps, MOTE_ATTR_FLOAT, 1, -5), MOTE_ATTR(norm_attr, rms, MOTE_ATTR_BOOL, 0)};
static const mote_op norm_op = {"norm", MOTE_RULES(.min_in = 1, .max_in = 3, .n_out = 1, .attr_size = sizeof(norm_attr),
                                                   MOTE_FIELDS(norm_fields), .infer = norm_infer,
                                                   .prepare = norm_prepare, .eval = norm_eval)};
static const mote_op norm_stats_op = {"norm_stats",
                                      MOTE_RULES(.min_in = 1, .max_in = 3, .n_out = 3, .attr_size = sizeof(norm_attr),
                                                 MOTE_FIELDS(norm_fields), .infer = norm_infer, .eval = norm_eval)};

// ------------------------------------------------------------------------------------------------ lowerings

static double eps_of(mote_dtype d) {
  return d == MOTE_F64    ? 2.220446049250313e-16
         : d == MOTE_F16  ? 9.765625e-4
         : d == MOTE_BF16 ? 7.8125e-3
                          : 1.1920928955078125e-7;
}

static mote_status emit_norm(mote_lowering *l, const norm_attr *a, const mote_op *op) {
  mote_vid in[3] = {l->args[0].ref, mote_low_tensor(l, "weight"), mote_low_tensor(l, "bias")}, out[3] = {-1, -1, -1};
  MOTE_TRY(l->emit(l, op, a, in, 3, out, op->rules->n_out));
  for (int32_t j = 0; j < op->rules->n_out; j++)
    mote_low_give(l, out[j]);
  return l->st;
}

static mote_status layer(mote_lowering *l, const mote_op *op, bool rms) {
  const mote_tensor *x = mote_low_desc(l, l->args[0].ref);
  const mote_arg *shape = mote_lower_arg(l, "normalized_shape");
  norm_attr a = {.rms = rms};
  int32_t n = shape != NULL && shape->kind == MOTE_ARG_INTS ? shape->count : 0;
  bool fits = n > 0 && n <= x->rank;
  for (int32_t i = 0; fits && i < n; i++)
    fits = x->dim[x->rank - n + i] == shape->ints.at[i];
  if (!fits) {
    char text[160];
    mote_tensor_text(x, text, sizeof text);
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "Given normalized_shape of %d dims, expected input with shape [*, ...], but got input of size%s",
                     n, strchr(text, '['));
  }
  a.lead = x->rank - n;
  a.eps = mote_lower_float(l, "eps", rms ? eps_of(x->dtype) : 1e-5);
  return emit_norm(l, &a, op);
}
static mote_status lower_layer(mote_lowering *l) { return layer(l, &norm_op, false); }
static mote_status lower_native_layer(mote_lowering *l) { return layer(l, &norm_stats_op, false); }
static mote_status lower_rms(mote_lowering *l) { return layer(l, &norm_op, true); }

static mote_status groups(mote_lowering *l, const mote_op *op, const char *count) {
  const mote_tensor *x = mote_low_desc(l, l->args[0].ref);
  norm_attr a = {.groups = mote_lower_int(l, count, 1), .eps = mote_lower_float(l, "eps", 1e-5)};
  if (a.groups < 1 || x->rank < 2 || x->dim[1] % a.groups != 0)
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "Expected number of channels in input to be divisible by num_groups, but got input of rank %d and "
                     "num_groups=%lld",
                     x->rank, (long long)a.groups);
  return emit_norm(l, &a, op);
}
static mote_status lower_group(mote_lowering *l) { return groups(l, &norm_op, "num_groups"); }
static mote_status lower_native_group(mote_lowering *l) { return groups(l, &norm_stats_op, "group"); }

// running = (1 - momentum) running + momentum value
static void follow(mote_low *l, mote_vid running, mote_vid value, double momentum) {
  mote_dtype d = mote_low_desc(l, value)->dtype;
  mote_vid kept = mote_low_2(l, &mote_op_mul, mote_low_cast(l, running, d), mote_low_num(l, 1 - momentum, d));
  mote_vid sum = mote_low_2(l, &mote_op_add, kept, mote_low_2(l, &mote_op_mul, value, mote_low_num(l, momentum, d)));
  l->written[l->n_written].to = running;
  l->written[l->n_written++].value = sum;
}

// Training: the running statistics follow those over all dims but 1, or those of each instance (`each`), averaged.
static void track(mote_low *l, mote_vid x, bool each) {
  mote_vid mean = mote_low_tensor(l, "running_mean"), var = mote_low_tensor(l, "running_var");
  const mote_tensor *t = mote_low_desc(l, x);
  double momentum = mote_lower_float(l, "momentum", 0.1), count = 1;
  int64_t axes[MOTE_MAX_RANK], first = 0, channels[1] = {t->dim[1]};
  int32_t n = 0;
  if (mean < 0 || var < 0 || l->st != MOTE_OK || mote_tensor_numel(t) == 0)
    return;
  for (int32_t i = each ? 2 : 0; i < t->rank; i++)
    if (i != 1) {
      axes[n++] = i;
      count *= (double)t->dim[i];
    }
  x = mote_low_cast(l, x, t->dtype == MOTE_F64 ? MOTE_F64 : MOTE_F32);
  mote_dtype d = mote_low_desc(l, x)->dtype;
  mote_vid m = mote_low_reduce(l, &mote_op_reduce_mean, x, axes, n, true), e = mote_low_2(l, &mote_op_sub, x, m);
  mote_vid v = mote_low_reduce(l, &mote_op_reduce_mean, mote_low_1(l, &mote_op_square, e), axes, n, true);
  v = mote_low_2(l, &mote_op_mul, v, mote_low_num(l, count / (count - 1), d));
  m = mote_low_reduce(l, &mote_op_reduce_mean, m, &first, 1, true);
  v = mote_low_reduce(l, &mote_op_reduce_mean, v, &first, 1, true);
  follow(l, mean, mote_low_reshape(l, m, 1, channels), momentum);
  follow(l, var, mote_low_reshape(l, v, 1, channels), momentum);
}

static mote_status batch(mote_lowering *l, bool training) {
  mote_batch_norm_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_batch_norm, &a);
  a.eps = mote_lower_float(l, "eps", 1e-5);
  a.training = training;
  mote_vid in[5] = {l->args[0].ref, mote_low_tensor(l, "weight"), mote_low_tensor(l, "bias"),
                    mote_low_tensor(l, "running_mean"), mote_low_tensor(l, "running_var")};
  const mote_tensor *x = mote_low_desc(l, in[0]);
  if (!training && (in[3] < 0 || in[4] < 0))
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "running_mean and running_var must be defined in evaluation mode");
  if (x->rank == 1 && x->dim[0] == 0) // nothing to normalise
    return mote_low_done(l, mote_low_1(l, &mote_op_identity, in[0]));
  mote_low_give(l, mote_low_emit(l, &mote_op_batch_norm, &a, in, 5));
  if (training)
    track(l, in[0], false);
  return l->st;
}
static mote_status lower_batch(mote_lowering *l) { return batch(l, mote_lower_bool(l, "training", false)); }

static mote_status lower_instance(mote_lowering *l) {
  const mote_tensor *x = mote_low_desc(l, l->args[0].ref);
  norm_attr a = {.groups = x->rank > 1 ? x->dim[1] : 1, .eps = mote_lower_float(l, "eps", 1e-5)};
  if (!mote_lower_bool(l, "use_input_stats", true))
    return batch(l, false);
  if (x->rank < 2 || a.groups < 1)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "instance_norm expects at least two dims");
  track(l, l->args[0].ref, true);
  return emit_norm(l, &a, &norm_op);
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("layer_norm", lower_layer),
    MOTE_TORCH_LOWER("native_layer_norm", lower_native_layer),
    MOTE_TORCH_LOWER("rms_norm", lower_rms),
    MOTE_TORCH_LOWER("group_norm", lower_group),
    MOTE_TORCH_LOWER("native_group_norm", lower_native_group),
    MOTE_TORCH_LOWER("batch_norm", lower_batch),
    MOTE_TORCH_LOWER("instance_norm", lower_instance),
};
const mote_op_family mote_family_aten_norm = {MOTE_ROWS(torch, rows)};
