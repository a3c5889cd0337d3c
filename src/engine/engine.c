// The engine's life, its plan cache, and running a graph as one plan or as segments between nodes whose shapes only
// running tells. Tests: tests/unit/test_engine.c
#include <string.h>

#include "base/prim.h"
#include "engine/engine_impl.h"
#include "passes/pass.h"

mote_status mote_engine_create(const mote_engine_config *config, mote_engine **out, mote_error *err) {
  const mote_allocator *al = config->al;
  mote_engine *e = MOTE_NEW(al, mote_engine);
  if (e == NULL)
    return mote_fail_nomem(err);
  e->al = al;
  e->cpu = *config->cpu;
  e->weights = config->weights;
  e->no_passes = config->no_passes;
  e->profile = config->profile;
  e->memory_limit = config->memory_limit != 0 ? config->memory_limit : (size_t)4 << 30;
  atomic_init(&e->cancelled, false);
  uint32_t threads = config->threads > 0 ? config->threads : 1;
  e->env = (mote_env){.al = al,
                      .cpu = &e->cpu,
                      .precision = config->precision,
                      .threads = threads,
                      .memory_limit = e->memory_limit,
                      .engine = e};
  e->worker_errors = MOTE_NEW_ARRAY(al, mote_error, threads);
  mote_status status = e->worker_errors == NULL ? mote_fail_nomem(err) : MOTE_OK;
  for (uint32_t i = 0; status == MOTE_OK && i < threads; i++)
    mote_error_init(&e->worker_errors[i]);
  if (status == MOTE_OK)
    status = mote_pool_create(al, threads, config->host_pool, &e->pool, err);
  if (status != MOTE_OK) {
    mote_engine_destroy(e);
    return status;
  }
  *out = e;
  return MOTE_OK;
}

void mote_engine_reset_state(mote_engine *e) {
  for (mote_engine_var *v = e->vars, *next; v != NULL; v = next) {
    next = v->next;
    mote_free(e->al, v->var.data);
    mote_free(e->al, v);
  }
  e->vars = NULL;
  for (mote_engine_state *s = e->states; s != NULL; s = s->next)
    memset(s->data, 0, s->bytes); // plans keep pointing at it
}

static void release_held(mote_engine *e) {
  for (size_t i = 0; i < e->held.len; i++)
    mote_storage_release(e->held.at[i]);
  e->held.len = 0;
}

void mote_engine_destroy(mote_engine *e) {
  if (e == NULL)
    return;
  release_held(e);
  MOTE_VEC_FREE(e->al, &e->held);
  for (mote_plan *p = e->plans, *next; p != NULL; p = next) {
    next = p->next;
    mote_plan_destroy(e, p);
  }
  mote_engine_reset_state(e);
  for (mote_engine_state *s = e->states, *next; s != NULL; s = next) {
    next = s->next;
    mote_free(e->al, s->data);
    mote_free(e->al, s);
  }
  mote_pool_destroy(e->pool);
  for (int32_t i = 0; i < MOTE_CALL_DEPTH; i++)
    mote_free(e->al, e->tables[i].block);
  mote_engine_free_arena(e);
  mote_free(e->al, e->worker_errors);
  mote_free(e->al, e);
}

void mote_engine_cancel(mote_engine *e) { atomic_store(&e->cancelled, true); }

// ------------------------------------------------------------------------------------------------ plan cache

static uint64_t hash_tensor(const mote_tensor *t, uint64_t h) {
  h = mote_hash_u64((uint64_t)t->dtype * 16 + (uint64_t)t->rank, h);
  h = mote_hash(t->dim, (size_t)t->rank * sizeof(int64_t), h);
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dim[i] != 1)
      h = mote_hash_u64((uint64_t)t->stride[i], h);
  if (t->quant.count > 0) {
    h = mote_hash(&t->quant.scale, sizeof t->quant.scale, h);
    h = mote_hash_u64((uint64_t)(uint32_t)t->quant.zero_point, h);
  }
  return h;
}

static bool deps_hold(const mote_plan *p, const mote_live *live) {
  for (size_t i = 0; i < p->deps.len; i++) {
    mote_vid v = p->deps.at[i].source;
    size_t bytes;
    if (live->t[v].data == NULL || !mote_tensor_is_dense(&live->t[v]) || !mote_tensor_bytes(&live->t[v], &bytes) ||
        bytes != p->deps.at[i].size || memcmp(live->t[v].data, p->deps.at[i].bytes, bytes) != 0)
      return false;
  }
  return true;
}

// A hash alone could be made to collide by a file that chooses its shapes, and a plan writes where its shapes say.
static bool inputs_fit(const mote_plan *p, const mote_live *live) {
  for (int32_t i = 0; i < p->n_inputs; i++) {
    const mote_tensor *t = &live->t[p->inputs[i].source], *planned = &p->graph.values.at[p->inputs[i].value].t;
    if (t->dtype != planned->dtype || !mote_tensor_same_shape(t, planned) || !mote_tensor_same_strides(t, planned))
      return false;
  }
  return true;
}

// The inputs of a plan are what its range of nodes reads, so each candidate is held against its own inputs.
static uint64_t live_hash(const mote_plan *p, const mote_live *live) {
  uint64_t h = 11;
  for (int32_t i = 0; i < p->n_inputs; i++)
    h = hash_tensor(&live->t[p->inputs[i].source], h);
  return h;
}

static mote_plan *find_plan(mote_engine *e, uint64_t key, int32_t first, const mote_live *live) {
  mote_plan **link = &e->plans;
  for (mote_plan *p = e->plans; p != NULL; link = &p->next, p = p->next) {
    if (p->key != key || p->first_node != first || p->shape_hash != live_hash(p, live) || !inputs_fit(p, live) ||
        !deps_hold(p, live))
      continue;
    *link = p->next; // to the front
    p->next = e->plans;
    e->plans = p;
    return p;
  }
  return NULL;
}

static void evict(mote_engine *e) {
  while (e->n_plans > MOTE_PLAN_CACHE_MAX) {
    mote_plan **link = &e->plans;
    while ((*link)->next != NULL)
      link = &(*link)->next;
    mote_plan *last = *link;
    *link = NULL;
    mote_plan_destroy(e, last);
    e->n_plans--;
  }
}

void mote_engine_forget(mote_engine *e, uint64_t key) {
  for (mote_plan **link = &e->plans, *p; (p = *link) != NULL;) {
    if (p->key != key) {
      link = &p->next;
      continue;
    }
    *link = p->next;
    mote_plan_destroy(e, p);
    e->n_plans--;
    e->plans_made--; // plans of single operators are no plans in the statistics
  }
}

static mote_status get_plan(mote_engine *e, const mote_graph *g, uint64_t key, int32_t first, const mote_live *live,
                            mote_plan **out, mote_error *err) {
  mote_plan *p = find_plan(e, key, first, live);
  if (p != NULL) {
    e->plan_hits++;
    *out = p;
    return MOTE_OK;
  }
  uint64_t start = mote_prim_time_ns(), packed = e->pack_ns;
  MOTE_TRY(mote_plan_build(e, g, first, live, &p, err));
  e->plan_ns += mote_prim_time_ns() - start - (e->pack_ns - packed);
  e->plans_made++;
  p->key = key;
  p->shape_hash = live_hash(p, live);
  p->next = e->plans;
  e->plans = p;
  e->n_plans++;
  evict(e);
  *out = p;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ running a graph

typedef struct graph_run {
  mote_engine *e;
  const mote_graph *g;
  uint64_t key;
  mote_live live;
  mote_tensor *t;     // [values]
  bool *known;        // [values]
  mote_storage **own; // [values] results of segments
  mote_engine_out *out;
  size_t n_out;
  bool keep; // the caller takes storages of outputs
  mote_error *err;
} graph_run;

static mote_status start_run(graph_run *r, const mote_tensor *in, size_t n_in) {
  const mote_graph *g = r->g;
  if (n_in != g->inputs.len)
    return mote_fail(r->err, MOTE_ERR_ARGUMENT, "the graph takes %zu inputs, got %zu", g->inputs.len, n_in);
  if (r->out != NULL && r->n_out != g->outputs.len)
    return mote_fail(r->err, MOTE_ERR_ARGUMENT, "the graph gives %zu outputs, asked for %zu", g->outputs.len, r->n_out);
  for (size_t v = 0; v < g->values.len; v++)
    if (g->values.at[v].flags & (MOTE_VALUE_CONST | MOTE_VALUE_STATE)) {
      r->t[v] = g->values.at[v].t;
      r->known[v] = true;
    }
  for (size_t i = 0; i < n_in; i++) {
    mote_vid v = g->inputs.at[i];
    if (g->values.at[v].flags & MOTE_VALUE_CONST) // a constant among the inputs keeps its value
      continue;
    r->t[v] = in[i];
    r->known[v] = true;
  }
  return MOTE_OK;
}

static bool is_graph_output(const mote_graph *g, mote_vid v) {
  for (size_t i = 0; i < g->outputs.len; i++)
    if (g->outputs.at[i] == v)
      return true;
  return false;
}

// What a plan's outputs take inside the plan.
static mote_status count_out_block(mote_plan *p, mote_error *err) {
  size_t total = 0, bytes;
  for (int32_t i = 0; i < p->n_outputs; i++) {
    if (!mote_tensor_bytes(&p->values[p->outputs[i].value].t, &bytes))
      return mote_fail(err, MOTE_ERR_LIMIT, "output %d is too large", i);
    total += (bytes + MOTE_ALIGN) & ~(size_t)(MOTE_ALIGN - 1);
  }
  p->out_bytes = total;
  return MOTE_OK;
}

// Memory for a plan's outputs inside the plan: the caller reads them until the next run.
static mote_status reserve_out_block(mote_engine *e, mote_plan *p, mote_error *err) {
  if (p->out_block != NULL)
    return MOTE_OK;
  MOTE_TRY(count_out_block(p, err));
  p->out_block = mote_alloc(e->al, p->out_bytes > 0 ? p->out_bytes : 1);
  return p->out_block != NULL ? MOTE_OK : mote_fail_nomem(err);
}

static bool is_whole(const mote_plan *p, const mote_graph *g) {
  return p->first_node == 0 && p->end_node == (int32_t)g->nodes.len;
}

static mote_status output_memory(graph_run *r, mote_plan *p, int32_t i, size_t *at, void **data) {
  mote_vid source = p->outputs[i].source;
  size_t bytes = 0;
  if (!mote_tensor_bytes(&p->values[p->outputs[i].value].t, &bytes))
    return mote_fail(r->err, MOTE_ERR_LIMIT, "output %d is too large", i);
  if (!r->keep && is_whole(p, r->g) && is_graph_output(r->g, source)) {
    MOTE_TRY(reserve_out_block(r->e, p, r->err));
    *data = (char *)p->out_block + *at;
    *at += (bytes + MOTE_ALIGN) & ~(size_t)(MOTE_ALIGN - 1);
    return MOTE_OK;
  }
  mote_storage_release(r->own[source]);
  r->own[source] = mote_storage_create(r->e->al, bytes, false);
  if (r->own[source] == NULL)
    return mote_fail_nomem(r->err);
  *data = r->own[source]->data;
  return MOTE_OK;
}

#define FEW_PORTS 64

static mote_status run_segment(graph_run *r, mote_plan *p) {
  void *few[2 * FEW_PORTS];
  size_t ports = (size_t)p->n_inputs + (size_t)p->n_outputs;
  void **in = ports <= 2 * FEW_PORTS ? few : MOTE_NEW_ARRAY(r->e->al, void *, ports);
  if (in == NULL)
    return mote_fail_nomem(r->err);
  void **out = in + p->n_inputs;
  mote_status status = MOTE_OK;
  size_t at = 0;
  for (int32_t i = 0; i < p->n_inputs; i++)
    in[i] = r->t[p->inputs[i].source].data;
  for (int32_t i = 0; i < p->n_outputs && status == MOTE_OK; i++)
    status = output_memory(r, p, i, &at, &out[i]);
  if (status == MOTE_OK)
    status = mote_plan_run(r->e, p, in, out, r->err);
  for (int32_t i = 0; i < p->n_outputs && status == MOTE_OK; i++) {
    mote_vid source = p->outputs[i].source;
    r->t[source] = p->values[p->outputs[i].value].t;
    r->t[source].data = out[i];
    r->known[source] = true;
  }
  if (in != few)
    mote_free(r->e->al, in);
  return status;
}

static mote_status run_one_dynamic(graph_run *r, int32_t n) {
  const mote_node *node = &r->g->nodes.at[n];
  const mote_tensor *in[64] = {NULL};
  mote_tensor out[64];
  mote_storage *storage[64] = {NULL};
  if (node->n_in > 64 || node->n_out > 64)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "node %d %s has more than 64 operands", n, node->op->name);
  for (int32_t i = 0; i < node->n_in; i++)
    if (node->in[i] >= 0)
      in[i] = &r->t[node->in[i]];
  for (int32_t j = 0; j < node->n_out; j++) {
    out[j] = r->g->values.at[node->out[j]].t;
    out[j].data = NULL;
  }
  mote_status status = mote_run_dynamic(r->e, r->g, node, in, out, storage, r->err);
  if (status != MOTE_OK) {
    mote_fail_node(r->err, node->origin);
    mote_fail_place(r->err, "node %d %s", node->origin, node->source != NULL ? node->source : node->op->name);
    return status;
  }
  for (int32_t j = 0; j < node->n_out; j++) {
    mote_storage_release(r->own[node->out[j]]);
    r->own[node->out[j]] = storage[j];
    r->t[node->out[j]] = out[j];
    r->known[node->out[j]] = true;
  }
  return MOTE_OK;
}

static mote_status run_segments(graph_run *r) {
  for (int32_t n = 0; n < (int32_t)r->g->nodes.len;) {
    mote_plan *p;
    MOTE_TRY(get_plan(r->e, r->g, r->key, n, &r->live, &p, r->err));
    if (p->end_node > n) {
      n = p->end_node;
      MOTE_TRY(run_segment(r, p));
    } else {
      MOTE_TRY(run_one_dynamic(r, n));
      n++;
    }
    if (atomic_load_explicit(&r->e->cancelled, memory_order_relaxed))
      return mote_fail(r->err, MOTE_ERR_CANCELLED, "the run was cancelled");
  }
  return MOTE_OK;
}

// Hands out one output: a result's storage moves or is shared, anything else (input, constant, repeated) is copied.
static mote_status give_output(graph_run *r, size_t i) {
  mote_vid v = r->g->outputs.at[i];
  mote_engine_out *out = &r->out[i];
  out->t = r->t[v];
  if (out->storage == NULL)
    return MOTE_OK;
  if (r->own[v] != NULL) {
    *out->storage = r->own[v];
    bool again = false;
    for (size_t k = i + 1; k < r->n_out; k++)
      again |= r->g->outputs.at[k] == v;
    if (!again) {
      r->own[v] = NULL;
      return MOTE_OK;
    }
  }
  size_t bytes;
  mote_tensor_set_dense(&out->t);
  if (!mote_tensor_bytes(&out->t, &bytes) || (*out->storage = mote_storage_create(r->e->al, bytes, false)) == NULL)
    return mote_fail_nomem(r->err);
  out->t.data = (*out->storage)->data;
  mote_tensor_copy(&r->t[v], &out->t);
  return MOTE_OK;
}

static mote_status give_outputs(graph_run *r) {
  mote_status status = MOTE_OK;
  for (size_t i = 0; i < r->n_out; i++)
    if (r->out[i].storage != NULL)
      *r->out[i].storage = NULL;
  for (size_t i = 0; i < r->n_out && status == MOTE_OK; i++)
    status = give_output(r, i);
  for (size_t i = 0; status != MOTE_OK && i < r->n_out; i++)
    if (r->out[i].storage != NULL) {
      mote_storage_release(*r->out[i].storage);
      *r->out[i].storage = NULL;
    }
  return status;
}

// Results of segments have no place in a plan: the engine keeps those that the caller only looks at.
static mote_status hold_outputs(graph_run *r) {
  for (size_t i = 0; i < r->n_out && !r->keep; i++) {
    mote_storage **own = &r->own[r->g->outputs.at[i]];
    if (*own == NULL)
      continue;
    MOTE_TRY(MOTE_VEC_PUSH(r->e->al, &r->e->held, *own, r->err));
    *own = NULL;
  }
  return MOTE_OK;
}

static mote_status take_tables(graph_run *r, size_t n) {
  void *block = mote_run_tables(r->e, n);
  if (block == NULL)
    return mote_fail_nomem(r->err);
  r->t = block;
  r->own = (mote_storage **)(void *)(r->t + n);
  r->known = (bool *)(r->own + n);
  r->live = (mote_live){r->t, r->known};
  return MOTE_OK;
}

mote_status mote_engine_run(mote_engine *e, const mote_graph *g, uint64_t key, const mote_tensor *in, size_t n_in,
                            mote_engine_out *out, size_t n_out, mote_error *err) {
  size_t n = g->values.len + 1;
  graph_run r = {.e = e, .g = g, .key = key, .out = out, .n_out = n_out, .err = err};
  for (size_t i = 0; i < n_out; i++)
    r.keep |= out[i].storage != NULL;
  if (e->depth >= MOTE_CALL_DEPTH)
    return mote_fail(err, MOTE_ERR_LIMIT, "subgraph calls nest deeper than %d", MOTE_CALL_DEPTH);
  if (e->depth == 0) {
    atomic_store(&e->cancelled, false);
    release_held(e);
  }
  MOTE_TRY(take_tables(&r, n));
  e->depth++;
  mote_status status = start_run(&r, in, n_in);
  if (status == MOTE_OK)
    status = run_segments(&r);
  if (status == MOTE_OK)
    status = give_outputs(&r);
  if (status == MOTE_OK)
    status = hold_outputs(&r);
  e->depth--;
  for (size_t i = 0; i < n; i++)
    mote_storage_release(r.own[i]);
  return status;
}

mote_status mote_engine_prepare(mote_engine *e, const mote_graph *g, uint64_t key, const mote_tensor *in, size_t n_in,
                                mote_error *err) {
  graph_run r = {.e = e, .g = g, .key = key, .err = err};
  mote_plan *p = NULL;
  MOTE_TRY(take_tables(&r, g->values.len + 1));
  MOTE_TRY(start_run(&r, in, n_in));
  for (size_t i = 0; i < n_in; i++)
    if (!(g->values.at[g->inputs.at[i]].flags & MOTE_VALUE_CONST))
      r.t[g->inputs.at[i]].data = NULL;
  if (g->nodes.len > 0)
    MOTE_TRY(get_plan(e, g, key, 0, &r.live, &p, err));
  return p != NULL && is_whole(p, g) ? count_out_block(p, err) : MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ numbers

void mote_engine_stats(const mote_engine *e, mote_stats *stats) {
  stats->plan_ns += e->plan_ns;
  stats->pack_ns += e->pack_ns;
  stats->run_ns += e->run_ns;
  stats->plans += e->plans_made;
  stats->plan_hits += e->plan_hits;
  stats->weights_bytes += mote_weights_bytes(e->weights);
  size_t arena = e->arena_size, outs = 0; // held already, or what the largest plan will ask for
  for (const mote_plan *p = e->plans; p != NULL; p = p->next) {
    arena = MOTE_MAX(arena, p->arena_bytes + p->scratch_bytes * e->env.threads);
    outs += p->out_bytes;
  }
  stats->arena_bytes += arena + outs;
}

bool mote_engine_profile(const mote_engine *e, size_t index, mote_profile_row *row) {
  for (const mote_plan *p = e->plans; p != NULL; p = p->next)
    for (size_t s = 0; s < p->steps.len; s++) {
      const mote_plan_step *step = &p->steps.at[s];
      if (step->calls == 0 || index-- > 0)
        continue;
      row->op = step->op;
      row->name = step->name;
      row->kernel = step->kernel;
      row->isa = step->isa;
      row->ns = step->ns;
      row->calls = step->calls;
      return true;
    }
  return false;
}

const char *mote_engine_pass_name(size_t index) { return index < mote_pass_count() ? mote_pass_at(index)->name : NULL; }
