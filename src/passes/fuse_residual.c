// A sum with a convolution's result is done by the convolution as it stores: the sum's other operand becomes its
// residual input and the sum's activation its own. float32, same shapes. Tests: tests/unit/test_passes.c
#include "ops/binary.h"
#include "ops/conv.h"
#include "passes/rewrite.h"

static bool takes_residual(const mote_graph *g, const mote_node *conv, const mote_node *add, int32_t operand) {
  if (conv->op != &mote_op_conv2d || (conv->n_in > 3 && conv->in[3] >= 0))
    return false;
  const mote_conv_attr *a = conv->attr;
  const mote_tensor *out = &g->values.at[add->out[0]].t, *other = mote_rewrite_tensor(g, add->in[1 - operand]);
  const mote_tensor *mine = &g->values.at[conv->out[0]].t, *w = mote_rewrite_tensor(g, conv->in[1]);
  bool depthwise = a->weight_format == MOTE_WEIGHT_1HWC || (a->groups > 1 && a->groups == out->dim[1]);
  return a->act.activation == MOTE_ACT_NONE && !depthwise && out->dtype == MOTE_F32 && other->dtype == MOTE_F32 &&
         w->dtype == MOTE_F32 && mote_rewrite_is_const(g, conv->in[1]) && mote_tensor_same_shape(other, out) &&
         mote_tensor_same_shape(mine, out) && add->in[0] != add->in[1];
}

static mote_status fuse(mote_pass_ctx *ctx, int32_t conv, int32_t add, int32_t operand) {
  mote_node *c = &ctx->g->nodes.at[conv];
  const mote_node *sum = &ctx->g->nodes.at[add];
  MOTE_TRY(mote_rewrite_own(ctx, c, 4));
  c->in[3] = sum->in[1 - operand];
  ((mote_conv_attr *)c->attr)->act = ((const mote_binary_attr *)sum->attr)->act;
  mote_rewrite_move(ctx->g, conv, add);
  return MOTE_OK;
}

static mote_status run(mote_pass_ctx *ctx) {
  mote_graph *g = ctx->g;
  int32_t *uses;
  MOTE_TRY(mote_rewrite_uses(ctx, &uses));
  for (size_t k = 0; k < g->nodes.len; k++) {
    mote_node *node = &g->nodes.at[k];
    if (mote_rewrite_gone(node) || node->op != &mote_op_add ||
        ((const mote_binary_attr *)node->attr)->act.activation == MOTE_ACT_TANH)
      continue;
    for (int32_t operand = 0; operand < 2; operand++) {
      int32_t p = mote_rewrite_sole_producer(g, uses, node, operand);
      if (p < 0 || !takes_residual(g, &g->nodes.at[p], node, operand))
        continue;
      MOTE_TRY(fuse(ctx, p, (int32_t)k, operand));
      break;
    }
  }
  mote_rewrite_compact(g);
  return MOTE_OK;
}

const mote_pass mote_pass_fuse_residual = {"fuse-residual", run};
