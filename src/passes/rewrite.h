// Editing a working graph: who uses a value, taking a node out, putting the graph back in order.
// Tests: tests/unit/test_passes.c
#ifndef MOTE_PASSES_REWRITE_H
#define MOTE_PASSES_REWRITE_H

#include "passes/pass.h"

// uses[v]: inputs of nodes that read value v, and 1 more when it is an output of the graph. In the graph's arena.
mote_status mote_rewrite_uses(mote_pass_ctx *ctx, int32_t **uses);
// The node that computes input `i` of `node`, when that is its only use; -1 otherwise.
int32_t mote_rewrite_sole_producer(const mote_graph *g, const int32_t *uses, const mote_node *node, int32_t i);
bool mote_rewrite_is_const(const mote_graph *g, mote_vid v);
const mote_tensor *mote_rewrite_tensor(const mote_graph *g, mote_vid v); // NULL for -1
// Marks the node as gone; mote_rewrite_compact drops it.
void mote_rewrite_kill(mote_node *node);
MOTE_INLINE bool mote_rewrite_gone(const mote_node *node) { return node->op == NULL; }
// Removes dead nodes and renumbers producers.
void mote_rewrite_compact(mote_graph *g);
// Node `at` becomes what node `from` computes, with `at`'s output; `from` is marked as gone.
void mote_rewrite_move(mote_graph *g, int32_t from, int32_t at);
// Own, changeable attributes and input list of `n` entries (-1 beyond the present ones) for a node.
mote_status mote_rewrite_own(mote_pass_ctx *ctx, mote_node *node, int32_t n);

#endif
