// A clamp (relu, relu6, hardtanh) after a convolution, a linear layer or an element-wise sum becomes part of it: one
// pass over the result less. Codes only when the clamp keeps their scale, in operators that clamp codes by their
// output's scale. Tests: tests/unit/test_passes.c
#include <math.h>

#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/unary.h"
#include "passes/rewrite.h"

// The activation members of an operator that can clamp its result; NULL when it cannot.
static mote_act_attr *activation_of(mote_node *node) {
  if (node->op == &mote_op_conv2d)
    return &((mote_conv_attr *)node->attr)->act;
  if (node->op == &mote_op_linear)
    return &((mote_linear_attr *)node->attr)->act;
  if (node->op == &mote_op_add || node->op == &mote_op_sub || node->op == &mote_op_mul)
    return &((mote_binary_attr *)node->attr)->act;
  return NULL;
}

static bool is_clamp(const mote_node *node) {
  return (node->op == &mote_op_clamp || node->op == &mote_op_relu || node->op == &mote_op_relu6) &&
         ((const mote_unary_attr *)node->attr)->kind == MOTE_UNARY_CLAMP;
}

// float32, or codes of one scale before and after a product.
static bool same_numbers(const mote_graph *g, const mote_node *clamp, const mote_node *producer) {
  const mote_tensor *in = &g->values.at[clamp->in[0]].t, *out = &g->values.at[clamp->out[0]].t;
  if (out->dtype == MOTE_F32)
    return in->dtype == MOTE_F32;
  bool product = producer->op == &mote_op_conv2d || producer->op == &mote_op_linear;
  return product && in->dtype == out->dtype && mote_is_quant(out) && in->quant.count == 1 && out->quant.count == 1 &&
         in->quant.scale == out->quant.scale && in->quant.zero_point == out->quant.zero_point;
}

static mote_status fuse(mote_pass_ctx *ctx, int32_t producer, int32_t clamp) {
  const mote_unary_attr *u = ctx->g->nodes.at[clamp].attr;
  MOTE_TRY(mote_rewrite_own(ctx, &ctx->g->nodes.at[producer], ctx->g->nodes.at[producer].n_in));
  mote_act_attr *act = activation_of(&ctx->g->nodes.at[producer]);
  *act = (mote_act_attr){.activation = MOTE_ACT_CLAMP, .act_lo = u->a, .act_hi = u->b};
  mote_rewrite_move(ctx->g, producer, clamp);
  return MOTE_OK;
}

static mote_status run(mote_pass_ctx *ctx) {
  mote_graph *g = ctx->g;
  int32_t *uses;
  MOTE_TRY(mote_rewrite_uses(ctx, &uses));
  for (size_t k = 0; k < g->nodes.len; k++) {
    mote_node *node = &g->nodes.at[k];
    if (mote_rewrite_gone(node) || !is_clamp(node))
      continue;
    int32_t p = mote_rewrite_sole_producer(g, uses, node, 0);
    if (p >= 0 && !same_numbers(g, node, &g->nodes.at[p]))
      continue;
    mote_act_attr *act = p < 0 ? NULL : activation_of(&g->nodes.at[p]);
    if (act != NULL && act->activation == MOTE_ACT_NONE)
      MOTE_TRY(fuse(ctx, p, (int32_t)k));
  }
  mote_rewrite_compact(g);
  return MOTE_OK;
}

const mote_pass mote_pass_fuse_activation = {"fuse-activation", run};
