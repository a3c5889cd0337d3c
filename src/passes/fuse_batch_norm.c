// Batch normalisation after a convolution with constant weights scales those weights: w' = w * f, b' = b * f + t with
// f = weight / sqrt(variance + eps), t = bias - mean * f. Computed in float64 once per model. Tests:
// tests/unit/test_passes.c
#include "base/map.h"
#include "ops/batch_norm.h"
#include "ops/conv.h"
#include "passes/rewrite.h"

typedef struct job {
  const mote_graph *g;
  const mote_node *conv, *norm;
  int32_t channel_dim; // of the filter
} job;

static mote_opctx norm_call(const job *j, mote_tensor **in) {
  for (int32_t i = 0; i < j->norm->n_in; i++)
    in[i] = j->norm->in[i] < 0 ? NULL : &j->g->values.at[j->norm->in[i]].t;
  mote_opctx c = {.op = j->norm->op, .attr = j->norm->attr, .n_in = j->norm->n_in, .in = in};
  return c;
}

static void affine(const job *j, const mote_opctx *c, int64_t i, double *factor, double *term) {
  const mote_tensor *mean = c->in[3], *variance = c->in[4];
  (void)j;
  mote_batch_norm_affine(c, mote_load_f64(mean->data, mean->dtype, i * mean->stride[0]),
                         mote_load_f64(variance->data, variance->dtype, i * variance->stride[0]), i, factor, term);
}

static mote_status fill_weights(void *dst, void *arg) {
  const job *j = arg;
  mote_tensor *in[5];
  mote_opctx c = norm_call(j, in);
  const mote_tensor *w = mote_rewrite_tensor(j->g, j->conv->in[1]);
  int64_t inner = mote_dims_product(w, j->channel_dim + 1, w->rank), n = w->dim[j->channel_dim];
  int64_t outer = mote_dims_product(w, 0, j->channel_dim);
  for (int64_t i = 0; i < n; i++) {
    double factor, term;
    affine(j, &c, i, &factor, &term);
    for (int64_t o = 0; o < outer; o++)
      for (int64_t k = 0; k < inner; k++) {
        int64_t at = (o * n + i) * inner + k;
        ((float *)dst)[at] = (float)(((const float *)w->data)[at] * factor);
      }
  }
  return MOTE_OK;
}

static mote_status fill_bias(void *dst, void *arg) {
  const job *j = arg;
  mote_tensor *in[5];
  mote_opctx c = norm_call(j, in);
  const mote_tensor *b = j->conv->n_in > 2 ? mote_rewrite_tensor(j->g, j->conv->in[2]) : NULL;
  int64_t n = c.in[3]->dim[0];
  for (int64_t i = 0; i < n; i++) {
    double factor, term;
    affine(j, &c, i, &factor, &term);
    ((float *)dst)[i] = (float)((b != NULL ? ((const float *)b->data)[i * b->stride[0]] * factor : 0) + term);
  }
  return MOTE_OK;
}

static bool all_const(const mote_graph *g, const mote_node *node, int32_t from) {
  for (int32_t i = from; i < node->n_in; i++)
    if (node->in[i] >= 0 && !mote_rewrite_is_const(g, node->in[i]))
      return false;
  return true;
}

static bool fits(const mote_graph *g, const mote_node *conv, const mote_node *norm) {
  if (conv->op != &mote_op_conv2d || conv->n_in > 3 || ((const mote_batch_norm_attr *)norm->attr)->training)
    return false;
  const mote_conv_attr *a = conv->attr;
  const mote_tensor *w = mote_rewrite_tensor(g, conv->in[1]);
  return a->data_format == MOTE_NCHW && a->act.activation == MOTE_ACT_NONE && w->dtype == MOTE_F32 &&
         mote_tensor_is_dense(w) && norm->n_in == 5 && all_const(g, conv, 1) && all_const(g, norm, 1);
}

static uint64_t identity(const mote_graph *g, const mote_node *conv, const mote_node *norm) {
  uint64_t h = mote_hash(norm->attr, norm->op->rules->attr_size, 17);
  for (int32_t i = 1; i < conv->n_in; i++)
    h = mote_hash_u64(conv->in[i] < 0 ? 1 : mote_const_identity(&g->values.at[conv->in[i]]), h);
  for (int32_t i = 1; i < norm->n_in; i++)
    h = mote_hash_u64(norm->in[i] < 0 ? 1 : mote_const_identity(&g->values.at[norm->in[i]]), h);
  return h;
}

static mote_status fuse(mote_pass_ctx *ctx, int32_t conv, int32_t norm) {
  mote_graph *g = ctx->g;
  mote_node *c = &g->nodes.at[conv];
  job j = {g, c, &g->nodes.at[norm], 0};
  j.channel_dim = ((const mote_conv_attr *)c->attr)->weight_format == MOTE_WEIGHT_1HWC ? 3 : 0;
  mote_tensor w = *mote_rewrite_tensor(g, c->in[1]), b;
  uint64_t key = identity(g, c, &g->nodes.at[norm]);
  mote_tensor_init(&b, MOTE_F32, 1, &w.dim[j.channel_dim]);
  mote_vid weights, bias;
  w.data = NULL;
  MOTE_TRY(ctx->constant(ctx, key, &mote_op_conv2d, &w, fill_weights, &j, &weights));
  MOTE_TRY(ctx->constant(ctx, key, &mote_op_batch_norm, &b, fill_bias, &j, &bias));
  MOTE_TRY(mote_rewrite_own(ctx, c, 3));
  c->in[1] = weights;
  c->in[2] = bias;
  mote_rewrite_move(g, conv, norm);
  return MOTE_OK;
}

static mote_status run(mote_pass_ctx *ctx) {
  mote_graph *g = ctx->g;
  int32_t *uses;
  MOTE_TRY(mote_rewrite_uses(ctx, &uses));
  for (size_t k = 0; k < g->nodes.len; k++) {
    mote_node *node = &g->nodes.at[k];
    if (mote_rewrite_gone(node) || node->op != &mote_op_batch_norm)
      continue;
    int32_t p = mote_rewrite_sole_producer(g, uses, node, 0);
    if (p >= 0 && fits(g, &g->nodes.at[p], node))
      MOTE_TRY(fuse(ctx, p, (int32_t)k));
  }
  mote_rewrite_compact(g);
  return MOTE_OK;
}

const mote_pass mote_pass_fuse_batch_norm = {"fuse-batch-norm", run};
