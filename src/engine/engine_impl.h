// The engine's inside: what its files share. Nothing outside src/engine includes this.
#ifndef MOTE_ENGINE_IMPL_H
#define MOTE_ENGINE_IMPL_H

#include <stdatomic.h>

#include "base/map.h"
#include "core/plan/plan.h"
#include "engine/engine.h"
#include "engine/weights.h"

#define MOTE_CALL_DEPTH 64      // nested subgraph calls
#define MOTE_PLAN_CACHE_MAX 256 // plans a session keeps; the least recently used goes

typedef struct mote_engine_var {
  int64_t id;
  mote_variable var;
  struct mote_engine_var *next;
} mote_engine_var;

typedef struct mote_engine_state { // a variable tensor of a .tflite graph
  const mote_graph *graph;
  mote_vid value;
  void *data;
  size_t bytes;
  struct mote_engine_state *next;
} mote_engine_state;

struct mote_engine {
  const mote_allocator *al;
  mote_weights *weights;
  mote_pool *pool;
  const char *const *no_passes;
  bool profile;
  size_t memory_limit;
  atomic_bool cancelled;
  mote_plan *plans; // most recently used first
  size_t n_plans;
  uint64_t tick;
  void *arena; // activations of the plan that runs, then scratch of each worker
  size_t arena_size;
  bool arena_mapped;             // from mote_prim_map
  MOTE_VEC(mote_storage *) held; // results that the caller reads until the next run: those of a run in segments
  mote_engine_var *vars;
  mote_engine_state *states;
  int32_t depth;
  mote_error *worker_errors; // one a thread
  uint64_t plan_ns, pack_ns, run_ns, plans_made, plan_hits;
  mote_env env;
  mote_cpu cpu;
  struct {
    void *block;
    size_t size;
  } tables[MOTE_CALL_DEPTH]; // value tables of the runs in progress, kept from run to run
};

// Live tensors on entry of a range of nodes: `t[source value]`; data NULL while the value is not known.
typedef struct mote_live {
  const mote_tensor *t; // [graph->values.len]
  const bool *known;    // which entries are set
} mote_live;

// engine_dynamic.c: zeroed tables for a run of a graph with n values at the current depth: n tensors, n storages, n
// flags.
void *mote_run_tables(mote_engine *e, size_t n);

// plan_build.c: plans nodes [first, ...) of `src` as far as shapes can be known. plan->end_node tells how far; equal to
// `first` when the first node must run dynamically.
mote_status mote_plan_build(mote_engine *e, const mote_graph *src, int32_t first, const mote_live *live,
                            mote_plan **out, mote_error *err) MOTE_MUST_USE;
void mote_plan_destroy(mote_engine *e, mote_plan *plan);

// plan_emit.c: memory formats, kernels, packing: working graph -> values and steps.
mote_status mote_plan_emit(mote_engine *e, mote_plan *plan, const mote_graph *src, mote_error *err) MOTE_MUST_USE;
// plan_memory.c: lifetimes, reuse in place, offsets.
mote_status mote_plan_place(mote_engine *e, mote_plan *plan, mote_error *err) MOTE_MUST_USE;
// plan_run.c: `in[i]`, `out[i]` are the data pointers of the plan's ports.
mote_status mote_plan_run(mote_engine *e, mote_plan *plan, void *const *in, void *const *out,
                          mote_error *err) MOTE_MUST_USE;

void mote_engine_free_arena(mote_engine *e);

// plan_infer.c: a node's call, but for its operands, whose arrays it makes in the arena. False when memory is short.
typedef struct mote_operands {
  mote_tensor **in, **out;
  bool *is_const; // of the inputs
} mote_operands;
bool mote_call_init(mote_engine *e, mote_arena *arena, const mote_node *node, mote_error *err, mote_opctx *c,
                    mote_operands *o) MOTE_MUST_USE;
// Calls the shape rule and checks what it says. Outputs: dense strides, sizes within the limit.
mote_status mote_infer_checked(mote_engine *e, mote_opctx *c) MOTE_MUST_USE;
// Evaluates a node whose inputs are all known into out->data (dense, allocated by the caller).
mote_status mote_eval_known(mote_engine *e, mote_opctx *c) MOTE_MUST_USE;

// engine.c: drops all plans of a key.
void mote_engine_forget(mote_engine *e, uint64_t key);

// engine_dynamic.c: one node whose outputs only running tells. out[j].data belongs to storage[j].
mote_status mote_run_dynamic(mote_engine *e, const mote_graph *g, const mote_node *node, const mote_tensor *const *in,
                             mote_tensor *out, mote_storage **storage, mote_error *err) MOTE_MUST_USE;

// A subgraph's result: alive until the subgraph runs again or the node is done, so that a loop's do not pile up.
typedef struct mote_kept {
  mote_storage *storage;
  int32_t graph;
} mote_kept;

// What c->node points to while a dynamic node runs.
typedef struct mote_dynamic {
  mote_engine *e;
  const mote_graph *graph;
  mote_storage **storage;
  mote_tensor *out;
  int32_t n_out;
  MOTE_VEC(mote_kept) kept; // results of subgraph calls
} mote_dynamic;

// What c->planner points to during prepare.
typedef struct mote_preparing {
  mote_engine *e;
  mote_plan *plan;
  const mote_opctx *ctx; // the context that the steps will get
  const mote_node *node;
  const mote_gvalue *const *in_values; // for keys; NULL where absent
} mote_preparing;

#endif
