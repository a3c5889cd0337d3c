// From a range of a graph's nodes and the tensors alive before it to a working graph with every shape known: runs the
// shape rules, evaluates what is constant, and stops at the first node that only running can answer for.
// Tests: tests/unit/test_engine.c
#include <string.h>

#include "base/prim.h"
#include "engine/engine_impl.h"
#include "passes/pass.h"

// Folded results up to this size stay in the plan; larger ones are kept once per model.
#define SMALL_CONST 4096
// Larger results are not worth the memory unless they replace a constant of their own size class (weights).
#define FOLD_LIMIT ((size_t)256 << 20)

typedef struct builder {
  mote_engine *e;
  const mote_graph *src;
  const mote_live *live;
  mote_plan *plan;
  mote_graph *g;
  mote_vid *map; // source value -> working value, -1
  mote_error *err;
  bool fold;
  MOTE_VEC(mote_plan_port) inputs;
} builder;

static mote_status add_live_input(builder *b, mote_vid source, mote_vid *out) {
  const mote_tensor *t = &b->live->t[source];
  mote_tensor copy = *t;
  copy.data = NULL;
  uint32_t state = b->src->values.at[source].flags & MOTE_VALUE_STATE;
  MOTE_TRY(mote_graph_value(b->g, &copy, MOTE_VALUE_INPUT | state, b->src->values.at[source].name, out, b->err));
  MOTE_TRY(MOTE_VEC_PUSH(b->e->al, &b->g->inputs, *out, b->err));
  return MOTE_VEC_PUSH(b->e->al, &b->inputs, ((mote_plan_port){source, *out}), b->err);
}

static mote_status map_value(builder *b, mote_vid source, mote_vid *out) {
  if (source < 0 || b->map[source] >= 0) {
    *out = source < 0 ? -1 : b->map[source];
    return MOTE_OK;
  }
  const mote_gvalue *v = &b->src->values.at[source];
  if (v->flags & MOTE_VALUE_CONST)
    MOTE_TRY(mote_graph_const(b->g, &v->t, v->storage, v->key, v->name, out, b->err));
  else if (b->live->known[source])
    MOTE_TRY(add_live_input(b, source, out));
  else
    return mote_fail(b->err, MOTE_ERR_INTERNAL, "value %d is used before it is computed", source);
  b->map[source] = *out;
  return MOTE_OK;
}

// The node's call seen by its shape rule. Arrays live in the plan's arena: a node has few operands.
static mote_status make_call(builder *b, const mote_node *node, const mote_vid *in, const mote_vid *out,
                             mote_opctx *c) {
  mote_operands o;
  if (!mote_call_init(b->e, &b->g->arena, node, b->err, c, &o))
    return mote_fail_nomem(b->err);
  for (int32_t i = 0; i < node->n_in; i++) {
    o.in[i] = in[i] < 0 ? NULL : &b->g->values.at[in[i]].t;
    o.is_const[i] = in[i] >= 0 && (b->g->values.at[in[i]].flags & MOTE_VALUE_CONST);
  }
  for (int32_t j = 0; j < node->n_out; j++)
    o.out[j] = &b->g->values.at[out[j]].t;
  return MOTE_OK;
}

// Shows the shape rule the contents of a live input and notes that the plan depends on them. False when they are
// unknown.
static bool reveal(builder *b, const mote_node *node, mote_opctx *c, mote_status *status) {
  mote_vid source = node->in[c->need];
  const mote_tensor *live = source >= 0 && b->live->known[source] ? &b->live->t[source] : NULL;
  size_t bytes;
  if (live == NULL || live->data == NULL || c->in[c->need]->data != NULL || !mote_tensor_is_dense(live) ||
      !mote_tensor_bytes(live, &bytes))
    return false;
  void *held = mote_arena_alloc(&b->g->arena, bytes + 1);
  if (held == NULL) {
    *status = mote_fail_nomem(b->err);
    return false;
  }
  memcpy(held, live->data, bytes);
  mote_plan_dep dep = {source, held, bytes};
  *status = MOTE_VEC_PUSH(b->e->al, &b->plan->deps, dep, b->err);
  c->in[c->need]->data = live->data;
  return *status == MOTE_OK;
}

static mote_status infer_revealing(builder *b, const mote_node *node, mote_opctx *c) {
  mote_status status = mote_infer_checked(b->e, c);
  while (status == MOTE_OK && c->outcome == MOTE_NEEDS_VALUE && reveal(b, node, c, &status)) {
    status = mote_infer_checked(b->e, c);
  }
  for (int32_t i = 0; i < c->n_in; i++)
    if (c->in[i] != NULL && !c->in_const[i])
      c->in[i]->data = NULL;
  return status;
}

static bool foldable(const builder *b, const mote_opctx *c) {
  uint32_t never = MOTE_OP_EFFECT | MOTE_OP_RANDOM | MOTE_OP_CONTROL | MOTE_OP_NO_FOLD;
  if (!b->fold || (c->op->rules->flags & never) || c->op->rules->eval == NULL || c->n_out == 0)
    return false;
  if (!(c->op->rules->flags & MOTE_OP_SHAPE_ONLY))
    for (int32_t i = 0; i < c->n_in; i++)
      if (c->in[i] != NULL && !c->in_const[i])
        return false;
  size_t bytes;
  for (int32_t j = 0; j < c->n_out; j++)
    if (!mote_tensor_bytes(c->out[j], &bytes) || bytes > FOLD_LIMIT)
      return false;
  return true;
}

static uint64_t fold_identity(const builder *b, const mote_node *node, const mote_vid *in, const mote_opctx *c) {
  uint64_t h = mote_hash(node->attr, node->op->rules->attr_size, (uint64_t)(uintptr_t)node->op);
  for (int32_t i = 0; i < node->n_in; i++)
    h = mote_hash_u64(in[i] < 0 || !c->in_const[i] ? 3 : mote_const_identity(&b->g->values.at[in[i]]), h);
  for (int32_t i = 0; i < node->n_in; i++)
    if (c->in[i] != NULL)
      h = mote_hash(c->in[i]->dim, (size_t)c->in[i]->rank * sizeof(int64_t), h);
  return h != 0 ? h : 1;
}

typedef struct fold_job {
  builder *b;
  mote_opctx *c;
} fold_job;

static mote_status fold_into(void *dst, void *arg) {
  fold_job *job = arg;
  job->c->out[0]->data = dst;
  return mote_eval_known(job->b->e, job->c);
}

// One large output: kept once per model.
static mote_status fold_shared(builder *b, mote_opctx *c, size_t bytes, uint64_t identity, mote_vid out) {
  fold_job job = {b, c};
  mote_weights_key key = {identity, (uint64_t)(uintptr_t)c->op, 0xF01D};
  const mote_packed *kept;
  uint64_t ns = 0;
  mote_status status =
      mote_weights_get(b->e->weights, key, bytes, c->out[0], NULL, fold_into, &job, &kept, &ns, b->err);
  b->e->pack_ns += ns;
  if (status != MOTE_OK)
    return status;
  c->out[0]->data = kept->t.data;
  b->g->values.at[out].storage = mote_storage_retain(kept->bytes);
  return MOTE_OK;
}

static mote_status fold_small(builder *b, mote_opctx *c) {
  for (int32_t j = 0; j < c->n_out; j++) {
    size_t bytes;
    if (!mote_tensor_bytes(c->out[j], &bytes))
      return MOTE_ERR_LIMIT;
    c->out[j]->data = mote_arena_alloc(&b->g->arena, bytes + MOTE_ALIGN);
    if (c->out[j]->data == NULL)
      return mote_fail_nomem(b->err);
  }
  return mote_eval_known(b->e, c);
}

// A window on a constant is a constant; nothing is copied.
static bool fold_view(mote_opctx *c) {
  int64_t offset = 0;
  if (!(c->op->rules->flags & MOTE_OP_VIEW) || c->in[0]->data == NULL || !mote_op_view(c, &offset)) {
    mote_tensor_set_dense(c->out[0]); // a view that fails half-way has set strides
    return false;
  }
  c->out[0]->data = (char *)c->in[0]->data + offset * (int64_t)mote_dtype_size(c->in[0]->dtype);
  return true;
}

// Evaluates the node now. A failure of the evaluation is not reported: the node stays and fails when it runs.
static bool fold_node(builder *b, const mote_node *node, const mote_vid *in, const mote_vid *out, mote_opctx *c) {
  size_t bytes = 0;
  uint64_t identity = fold_identity(b, node, in, c);
  mote_error *err = b->err;
  mote_status status = MOTE_OK;
  b->err = c->err = NULL;
  if (fold_view(c)) {
    if (b->g->values.at[in[0]].storage != NULL)
      b->g->values.at[out[0]].storage = mote_storage_retain(b->g->values.at[in[0]].storage);
  } else if (c->n_out == 1 && mote_tensor_bytes(c->out[0], &bytes) && bytes > SMALL_CONST) {
    status = fold_shared(b, c, bytes, identity, out[0]);
  } else {
    status = fold_small(b, c);
  }
  b->err = c->err = err;
  for (int32_t j = 0; j < c->n_out; j++) {
    mote_gvalue *v = &b->g->values.at[out[j]];
    if (status != MOTE_OK) {
      v->t.data = NULL;
      continue;
    }
    v->flags |= MOTE_VALUE_CONST;
    v->key = mote_hash_u64((uint64_t)j, identity);
  }
  return status == MOTE_OK;
}

static mote_status name_failure(builder *b, const mote_node *node, mote_status status) {
  mote_fail_node(b->err, node->origin);
  if (node->origin >= 0)
    mote_fail_place(b->err, "node %d %s", node->origin, node->source != NULL ? node->source : node->op->name);
  else
    mote_fail_place(b->err, "%s", node->source != NULL ? node->source : node->op->name);
  return status;
}

// Adds one node. *stop when it (and all after it) must wait for a run.
static mote_status add_node(builder *b, const mote_node *node, bool *stop) {
  mote_vid in[64], out[64];
  mote_vid *ins = node->n_in <= 64 ? in : MOTE_ARENA_ARRAY(&b->g->arena, mote_vid, node->n_in);
  mote_vid *outs = node->n_out <= 64 ? out : MOTE_ARENA_ARRAY(&b->g->arena, mote_vid, node->n_out);
  if (ins == NULL || outs == NULL)
    return mote_fail_nomem(b->err);
  if (node->op->rules->flags & MOTE_OP_CONTROL) {
    *stop = true;
    return MOTE_OK;
  }
  for (int32_t i = 0; i < node->n_in; i++)
    MOTE_TRY(map_value(b, node->in[i], &ins[i]));
  for (int32_t j = 0; j < node->n_out; j++) {
    const mote_gvalue *v = &b->src->values.at[node->out[j]];
    mote_tensor t = v->t;
    t.data = NULL;
    MOTE_TRY(mote_graph_value(b->g, &t, 0, v->name, &outs[j], b->err));
  }
  mote_opctx c;
  MOTE_TRY(make_call(b, node, ins, outs, &c));
  mote_status status = infer_revealing(b, node, &c);
  if (status != MOTE_OK)
    return name_failure(b, node, status);
  if (c.outcome != MOTE_KNOWN) {
    *stop = true;
    return MOTE_OK;
  }
  for (int32_t j = 0; j < node->n_out; j++)
    b->map[node->out[j]] = outs[j];
  if (foldable(b, &c) && fold_node(b, node, ins, outs, &c))
    return MOTE_OK;
  return mote_graph_node(b->g, node->op, node->attr, ins, node->n_in, outs, node->n_out, node->origin, node->source,
                         b->err);
}

// Marks source values that nodes from `end` on, or the graph's outputs, need.
static void mark_needed(const builder *b, int32_t end, bool *needed) {
  for (size_t n = (size_t)end; n < b->src->nodes.len; n++)
    for (int32_t i = 0; i < b->src->nodes.at[n].n_in; i++)
      if (b->src->nodes.at[n].in[i] >= 0)
        needed[b->src->nodes.at[n].in[i]] = true;
  for (size_t i = 0; i < b->src->outputs.len; i++)
    needed[b->src->outputs.at[i]] = true;
}

static mote_status collect_outputs(builder *b) {
  mote_plan *plan = b->plan;
  bool *needed = MOTE_ARENA_ARRAY(&b->g->arena, bool, b->src->values.len + 1);
  MOTE_VEC(mote_plan_port) ports = {0};
  mote_status status = MOTE_OK;
  if (needed == NULL)
    return mote_fail_nomem(b->err);
  mark_needed(b, plan->end_node, needed);
  for (size_t s = 0; s < b->src->values.len && status == MOTE_OK; s++) {
    int32_t producer = b->src->values.at[s].producer;
    if (!needed[s] || producer < plan->first_node || producer >= plan->end_node || b->map[s] < 0)
      continue;
    b->g->values.at[b->map[s]].flags |= MOTE_VALUE_OUTPUT;
    status = MOTE_VEC_PUSH(b->e->al, &ports, ((mote_plan_port){(mote_vid)s, b->map[s]}), b->err);
    if (status == MOTE_OK)
      status = MOTE_VEC_PUSH(b->e->al, &b->g->outputs, b->map[s], b->err);
  }
  plan->outputs = ports.at;
  plan->n_outputs = (int32_t)ports.len;
  return status;
}

static mote_status pass_constant(mote_pass_ctx *ctx, uint64_t key, const void *maker, const mote_tensor *t,
                                 mote_pass_fill *fill, void *arg, mote_vid *out) {
  mote_engine *e = ctx->planner;
  const mote_packed *kept;
  size_t bytes;
  if (!mote_tensor_bytes(t, &bytes))
    return mote_fail(ctx->err, MOTE_ERR_LIMIT, "a folded constant is too large");
  mote_weights_key k = {key, (uint64_t)(uintptr_t)maker, 0xFA55};
  MOTE_TRY(mote_weights_get(e->weights, k, bytes, t, NULL, fill, arg, &kept, &e->pack_ns, ctx->err));
  mote_tensor made = kept->t;
  return mote_graph_const(ctx->g, &made, kept->bytes, mote_hash_u64(key, (uint64_t)(uintptr_t)maker), NULL, out,
                          ctx->err);
}

static mote_status build(builder *b, int32_t first) {
  mote_plan *plan = b->plan;
  bool stop = false;
  plan->first_node = plan->end_node = first;
  for (size_t n = (size_t)first; n < b->src->nodes.len && !stop; n++) {
    MOTE_TRY(add_node(b, &b->src->nodes.at[n], &stop));
    if (!stop)
      plan->end_node = (int32_t)n + 1;
  }
  MOTE_TRY(collect_outputs(b));
  plan->inputs = b->inputs.at;
  plan->n_inputs = (int32_t)b->inputs.len;
  b->inputs.at = NULL;
  if (plan->end_node == first)
    return MOTE_OK;
  mote_pass_ctx passes = {.env = &b->e->env,
                          .g = b->g,
                          .no_passes = b->e->no_passes,
                          .constant = pass_constant,
                          .planner = b->e,
                          .err = b->err};
  MOTE_TRY(mote_passes_run(&passes));
  MOTE_TRY(mote_plan_emit(b->e, plan, b->src, b->err));
  return mote_plan_place(b->e, plan, b->err);
}

mote_status mote_plan_build(mote_engine *e, const mote_graph *src, int32_t first, const mote_live *live,
                            mote_plan **out, mote_error *err) {
  mote_plan *plan = MOTE_NEW(e->al, mote_plan);
  mote_vid *map = MOTE_NEW_ARRAY(e->al, mote_vid, src->values.len + 1);
  builder b = {.e = e, .src = src, .live = live, .plan = plan, .map = map, .err = err};
  mote_status status;
  if (plan == NULL || map == NULL) {
    mote_free(e->al, plan);
    mote_free(e->al, map);
    return mote_fail_nomem(err);
  }
  b.g = &plan->graph;
  mote_graph_init(b.g, e->al);
  b.g->siblings = src->siblings;
  b.g->n_siblings = src->n_siblings;
  b.fold = mote_pass_enabled(e->no_passes, "fold-constants");
  memset(map, 0xff, src->values.len * sizeof *map);
  status = build(&b, first);
  MOTE_VEC_FREE(e->al, &b.inputs);
  mote_free(e->al, map);
  if (status != MOTE_OK) {
    mote_plan_destroy(e, plan);
    return status;
  }
  *out = plan;
  return MOTE_OK;
}

void mote_plan_destroy(mote_engine *e, mote_plan *plan) {
  if (plan == NULL)
    return;
  MOTE_VEC_FREE(e->al, &plan->steps);
  MOTE_VEC_FREE(e->al, &plan->deps);
  mote_free(e->al, plan->values);
  mote_free(e->al, plan->inputs);
  mote_free(e->al, plan->outputs);
  mote_free(e->al, plan->out_block);
  mote_graph_destroy(&plan->graph);
  mote_free(e->al, plan);
}
