// Drops nodes whose results nobody reads. Effects and checks on data stay. Tests: tests/unit/test_passes.c
#include "passes/rewrite.h"

static bool needed(const mote_node *node, const int32_t *uses) {
  if (node->op->rules->flags & (MOTE_OP_EFFECT | MOTE_OP_CHECKS_DATA | MOTE_OP_CONTROL))
    return true;
  for (int32_t j = 0; j < node->n_out; j++)
    if (uses[node->out[j]] > 0)
      return true;
  return node->n_out == 0;
}

static mote_status run(mote_pass_ctx *ctx) {
  mote_graph *g = ctx->g;
  int32_t *uses;
  MOTE_TRY(mote_rewrite_uses(ctx, &uses));
  for (size_t k = g->nodes.len; k-- > 0;) { // users come after, so one walk backwards suffices
    mote_node *node = &g->nodes.at[k];
    if (needed(node, uses))
      continue;
    for (int32_t i = 0; i < node->n_in; i++)
      if (node->in[i] >= 0)
        uses[node->in[i]]--;
    mote_rewrite_kill(node);
  }
  mote_rewrite_compact(g);
  return MOTE_OK;
}

const mote_pass mote_pass_remove_dead = {"remove-dead", run};
