// See rewrite.h.
#include "passes/rewrite.h"

#include <string.h>

mote_status mote_rewrite_uses(mote_pass_ctx *ctx, int32_t **uses) {
  mote_graph *g = ctx->g;
  int32_t *n = MOTE_ARENA_ARRAY(&g->arena, int32_t, g->values.len + 1);
  if (n == NULL)
    return mote_fail_nomem(ctx->err);
  for (size_t k = 0; k < g->nodes.len; k++)
    for (int32_t i = 0; i < g->nodes.at[k].n_in; i++)
      if (g->nodes.at[k].in[i] >= 0)
        n[g->nodes.at[k].in[i]]++;
  for (size_t k = 0; k < g->outputs.len; k++)
    n[g->outputs.at[k]]++;
  *uses = n;
  return MOTE_OK;
}

int32_t mote_rewrite_sole_producer(const mote_graph *g, const int32_t *uses, const mote_node *node, int32_t i) {
  if (i >= node->n_in || node->in[i] < 0 || uses[node->in[i]] != 1)
    return -1;
  int32_t p = g->values.at[node->in[i]].producer;
  return p >= 0 && !mote_rewrite_gone(&g->nodes.at[p]) ? p : -1;
}

bool mote_rewrite_is_const(const mote_graph *g, mote_vid v) {
  return v >= 0 && (g->values.at[v].flags & MOTE_VALUE_CONST);
}

const mote_tensor *mote_rewrite_tensor(const mote_graph *g, mote_vid v) { return v < 0 ? NULL : &g->values.at[v].t; }

void mote_rewrite_kill(mote_node *node) {
  node->op = NULL;
  node->n_in = node->n_out = 0;
}

void mote_rewrite_compact(mote_graph *g) {
  size_t kept = 0;
  for (size_t k = 0; k < g->nodes.len; k++) {
    if (mote_rewrite_gone(&g->nodes.at[k]))
      continue;
    g->nodes.at[kept] = g->nodes.at[k];
    for (int32_t j = 0; j < g->nodes.at[kept].n_out; j++)
      g->values.at[g->nodes.at[kept].out[j]].producer = (int32_t)kept;
    kept++;
  }
  g->nodes.len = kept;
}

void mote_rewrite_move(mote_graph *g, int32_t from, int32_t at) {
  mote_node *a = &g->nodes.at[at], *f = &g->nodes.at[from];
  mote_vid *out = a->out;
  int32_t n_out = a->n_out;
  *a = *f;
  a->out = out;
  a->n_out = n_out;
  mote_rewrite_kill(f);
}

mote_status mote_rewrite_own(mote_pass_ctx *ctx, mote_node *node, int32_t n) {
  mote_arena *arena = &ctx->g->arena;
  void *attr = mote_arena_alloc(arena, node->op->rules->attr_size + 1u);
  mote_vid *in = MOTE_ARENA_ARRAY(arena, mote_vid, n + 1);
  if (attr == NULL || in == NULL)
    return mote_fail_nomem(ctx->err);
  memcpy(attr, node->attr, node->op->rules->attr_size);
  for (int32_t i = 0; i < n; i++)
    in[i] = i < node->n_in ? node->in[i] : -1;
  node->attr = attr;
  node->in = in;
  node->n_in = MOTE_MAX(n, node->n_in);
  return MOTE_OK;
}
