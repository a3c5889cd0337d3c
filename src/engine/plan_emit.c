// From the working graph to steps: decides each value's memory format, inserts copies where formats differ, resolves
// views, and lets operators choose kernels and pack weights. Tests: tests/unit/test_engine.c
#include <string.h>

#include "base/prim.h"
#include "engine/engine_impl.h"
#include "ops/copy.h"
#include "passes/pass.h"

typedef struct emitter {
  mote_engine *e;
  mote_plan *plan;
  mote_graph *g;
  const mote_graph *src;
  int32_t capacity;
  bool free_layout; // the pass "layout" is on: element-wise operators keep the format they are given
  // A value's copy in another format, made once: [2 * value + (1: channels-last)], 0 none
  mote_vid *copies;
  mote_error *err;
} emitter;

static mote_plan_value *value_at(const emitter *m, mote_vid v) { return &m->plan->values[v]; }

static mote_status new_value(emitter *m, const mote_tensor *t, mote_vid *out) {
  if (m->plan->n_values >= m->capacity)
    return mote_fail(m->err, MOTE_ERR_INTERNAL, "more copies than operands");
  mote_plan_value *v = value_at(m, m->plan->n_values);
  memset(v, 0, sizeof *v);
  v->t = *t;
  v->t.data = NULL;
  v->place = MOTE_PLACE_ARENA;
  *out = m->plan->n_values++;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ contexts and steps

static mote_status run_eval(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state;
  (void)t0;
  (void)t1;
  mote_opctx call = *c;
  return call.op->rules->eval(&call);
}

static mote_opctx *make_context(emitter *m, const mote_node *node, const mote_vid *in, const mote_vid *out) {
  mote_arena *arena = &m->g->arena;
  mote_opctx *c = MOTE_ARENA_NEW(arena, mote_opctx);
  mote_operands o;
  if (c == NULL || !mote_call_init(m->e, arena, node, m->err, c, &o))
    return NULL;
  for (int32_t i = 0; i < node->n_in; i++) {
    o.in[i] = in[i] < 0 ? NULL : &value_at(m, in[i])->t;
    o.is_const[i] = in[i] >= 0 && value_at(m, in[i])->place == MOTE_PLACE_CONST;
  }
  for (int32_t j = 0; j < node->n_out; j++)
    o.out[j] = &value_at(m, out[j])->t;
  return c;
}

static mote_status add_eval_step(mote_opctx *c) {
  mote_step_desc step = {.run = run_eval, .tiles = 1, .kernel = "reference"};
  step.scratch = mote_op_scratch(c);
  return mote_step_add(c, &step);
}

// Steps of one node whose operands' formats are decided.
static mote_status add_steps(emitter *m, const mote_node *node, const mote_vid *in, const mote_vid *out) {
  mote_opctx *c = make_context(m, node, in, out);
  if (c == NULL)
    return mote_fail_nomem(m->err);
  const mote_gvalue **keys = MOTE_ARENA_ARRAY(&m->g->arena, const mote_gvalue *, node->n_in + 1);
  if (keys == NULL)
    return mote_fail_nomem(m->err);
  for (int32_t i = 0; i < node->n_in; i++)
    keys[i] = in[i] >= 0 && in[i] < (mote_vid)m->g->values.len ? &m->g->values.at[in[i]] : NULL;
  mote_preparing p = {.e = m->e, .plan = m->plan, .ctx = c, .node = node, .in_values = keys};
  size_t before = m->plan->steps.len;
  c->planner = &p;
  mote_status status = c->op->rules->prepare != NULL ? c->op->rules->prepare(c) : MOTE_OK;
  if (status == MOTE_OK && m->plan->steps.len == before)
    status =
        c->op->rules->eval != NULL ? add_eval_step(c) : mote_op_fail(c, MOTE_ERR_INTERNAL, "operator has no kernel");
  c->planner = NULL;
  c->err = NULL;
  return status;
}

mote_status mote_step_add(mote_opctx *c, const mote_step_desc *step) {
  mote_preparing *p = c->planner;
  mote_plan_step s = {.run = step->run,
                      .state = step->state,
                      .tiles = step->tiles > 0 ? step->tiles : 1,
                      .scratch = (step->scratch + MOTE_ALIGN - 1) & ~(size_t)(MOTE_ALIGN - 1),
                      .ctx = p->ctx,
                      .op = c->op->name,
                      .name = p->node->source,
                      .kernel = step->kernel,
                      .isa = step->isa != NULL ? step->isa : "c"};
  if (step->scratch > p->e->memory_limit)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "scratch of %zu bytes exceeds the memory limit", step->scratch);
  p->plan->parallel |= s.tiles > 1;
  p->plan->scratch_bytes = MOTE_MAX(p->plan->scratch_bytes, s.scratch);
  return MOTE_VEC_PUSH(p->e->al, &p->plan->steps, s, c->err);
}

void *mote_prepare_alloc(mote_opctx *c, size_t size) {
  mote_preparing *p = c->planner;
  return mote_arena_alloc(&p->plan->graph.arena, size);
}

uint64_t mote_const_key(const mote_opctx *c, int32_t i) {
  const mote_preparing *p = c->planner;
  if (i >= c->n_in || c->in[i] == NULL)
    return 0;
  const mote_gvalue *v = p->in_values[i];
  return v != NULL ? mote_const_identity(v) : (uint64_t)(uintptr_t)c->in[i]->data;
}

typedef struct pack_job {
  mote_pack_fn *pack;
  const mote_opctx *c;
  const void *arg;
} pack_job;

static mote_status pack_into(void *dst, void *arg) {
  pack_job *job = arg;
  return job->pack(dst, job->c, job->arg);
}

mote_status mote_prepare_pack(mote_opctx *c, int32_t i, const void *row, uint64_t salt, size_t size, mote_pack_fn *pack,
                              const void *arg, const void **out) {
  mote_preparing *p = c->planner;
  if (c->in_const == NULL || !c->in_const[i])
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "packing of input %d, which is no constant", i);
  const mote_tensor *t = c->in[i];
  uint64_t window = mote_hash(t->dim, (size_t)t->rank * sizeof(int64_t), (uint64_t)t->dtype);
  window = mote_hash(t->stride, (size_t)t->rank * sizeof(int64_t), window);
  mote_weights_key key = {mote_const_key(c, i), (uint64_t)(uintptr_t)row, mote_hash_u64(salt, window)};
  pack_job job = {pack, c, arg};
  const mote_packed *packed;
  mote_storage *source = p->in_values[i] != NULL ? p->in_values[i]->storage : NULL;
  uint64_t before = p->e->pack_ns;
  size_t bytes;
  MOTE_TRY(mote_weights_get(p->e->weights, key, size, NULL, source, pack_into, &job, &packed, &p->e->pack_ns, c->err));
  if (p->e->pack_ns != before && mote_tensor_is_dense(t) && mote_tensor_bytes(t, &bytes)) {
    uint64_t start = mote_prim_time_ns();
    mote_weights_read(p->e->weights, t->data, bytes);
    p->e->pack_ns += mote_prim_time_ns() - start;
  }
  *out = packed->bytes->data;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ memory formats

static bool has_format(const mote_tensor *t, mote_layout want) {
  return want == MOTE_LAYOUT_CHANNELS_LAST ? mote_tensor_is_channels_last(t) : mote_tensor_is_dense(t);
}

static void set_format(mote_tensor *t, mote_layout want) {
  if (want == MOTE_LAYOUT_CHANNELS_LAST)
    mote_tensor_set_channels_last(t);
  else
    mote_tensor_set_dense(t);
}

typedef struct copy_job {
  const mote_tensor *src;
  mote_tensor dst;
} copy_job;

static mote_status copy_into(void *dst, void *arg) {
  copy_job *job = arg;
  job->dst.data = dst;
  mote_tensor_copy(job->src, &job->dst);
  return MOTE_OK;
}

// A constant in another format: made once per model.
static mote_status copy_const(emitter *m, mote_vid from, mote_plan_value *to) {
  const mote_plan_value *v = value_at(m, from);
  const mote_gvalue *gv = from < (mote_vid)m->g->values.len ? &m->g->values.at[from] : NULL;
  copy_job job = {&v->t, to->t};
  size_t bytes;
  if (!mote_tensor_bytes(&to->t, &bytes))
    return mote_fail(m->err, MOTE_ERR_LIMIT, "constant is too large");
  uint64_t strides = mote_hash(to->t.stride, (size_t)to->t.rank * sizeof(int64_t), 5);
  strides = mote_hash(v->t.dim, (size_t)v->t.rank * sizeof(int64_t), strides);
  strides = mote_hash(v->t.stride, (size_t)v->t.rank * sizeof(int64_t), strides);
  mote_weights_key key = {gv != NULL ? mote_const_identity(gv) : (uint64_t)(uintptr_t)v->t.data, strides, 0xC0B1};
  const mote_packed *kept;
  MOTE_TRY(mote_weights_get(m->e->weights, key, bytes, &to->t, gv != NULL ? gv->storage : NULL, copy_into, &job, &kept,
                            &m->e->pack_ns, m->err));
  to->t.data = kept->t.data;
  to->place = MOTE_PLACE_CONST;
  return MOTE_OK;
}

static mote_status add_copy(emitter *m, mote_vid from, mote_vid to, const char *why) {
  mote_node node = {.op = &mote_op_copy, .n_in = 1, .n_out = 1, .origin = -1, .source = why};
  return add_steps(m, &node, &from, &to);
}

// The value in the format wanted; a copy is made once and reused.
static mote_status in_format(emitter *m, mote_vid v, mote_layout want, mote_vid *out) {
  *out = v;
  if (has_format(&value_at(m, v)->t, want))
    return MOTE_OK;
  mote_vid *slot = v < (mote_vid)m->g->values.len ? &m->copies[2 * v + (want == MOTE_LAYOUT_CHANNELS_LAST)] : NULL;
  if (slot != NULL && *slot > 0) {
    *out = *slot;
    return MOTE_OK;
  }
  mote_tensor t = value_at(m, v)->t;
  set_format(&t, want);
  MOTE_TRY(new_value(m, &t, out));
  if (slot != NULL)
    *slot = *out;
  if (value_at(m, v)->place == MOTE_PLACE_CONST)
    return copy_const(m, v, value_at(m, *out));
  return add_copy(m, v, *out, "layout");
}

static mote_layout wanted(const mote_opctx *c, int32_t operand) {
  return mote_op_layout(c, operand, c->op->rules->flags & MOTE_OP_ELEMENTWISE ? MOTE_LAYOUT_SAME : MOTE_LAYOUT_DENSE);
}

// Element-wise operators follow the first full-size operand that is channels-last and not dense too.
static mote_layout common_format(const emitter *m, const mote_opctx *c, const mote_vid *in) {
  if (!m->free_layout)
    return MOTE_LAYOUT_DENSE;
  for (int32_t i = 0; i < c->n_in; i++) {
    if (in[i] < 0 || value_at(m, in[i])->place == MOTE_PLACE_CONST)
      continue;
    const mote_tensor *t = &value_at(m, in[i])->t;
    if (mote_tensor_same_shape(t, c->out[0]) && !mote_tensor_is_dense(t) && mote_tensor_is_channels_last(t))
      return MOTE_LAYOUT_CHANNELS_LAST;
  }
  return MOTE_LAYOUT_DENSE;
}

static mote_status format_inputs(emitter *m, const mote_opctx *c, mote_layout common, mote_vid *in) {
  for (int32_t i = 0; i < c->n_in; i++) {
    if (in[i] < 0)
      continue;
    mote_layout want = wanted(c, i);
    const mote_tensor *t = &value_at(m, in[i])->t;
    if (want == MOTE_LAYOUT_SAME) {
      // Operands that are broadcast are small: any strides will do.
      if (c->n_out == 0 || !mote_tensor_same_shape(t, c->out[0]))
        continue;
      want = common;
    }
    if (want == MOTE_LAYOUT_ANY || (want == MOTE_LAYOUT_DENSE && (c->op->rules->flags & MOTE_OP_STRIDED_IN)))
      continue;
    MOTE_TRY(in_format(m, in[i], want, &in[i]));
  }
  return MOTE_OK;
}

static void format_outputs(emitter *m, const mote_opctx *c, mote_layout common, const mote_vid *out) {
  for (int32_t j = 0; j < c->n_out; j++) {
    mote_layout want = wanted(c, -1 - j);
    if (want == MOTE_LAYOUT_SAME)
      want = common;
    set_format(&value_at(m, out[j])->t, want == MOTE_LAYOUT_CHANNELS_LAST ? want : MOTE_LAYOUT_DENSE);
  }
}

// ------------------------------------------------------------------------------------------------ views

// Makes `to` a window `offset` elements into `from`.
static void alias(emitter *m, mote_vid from, mote_vid to, int64_t offset) {
  mote_plan_value *f = value_at(m, from), *t = value_at(m, to);
  int64_t bytes = offset * (int64_t)mote_dtype_size(f->t.dtype);
  if (f->place == MOTE_PLACE_CONST) {
    t->place = MOTE_PLACE_CONST;
    t->t.data = (char *)f->t.data + bytes;
    return;
  }
  t->base = f->place == MOTE_PLACE_ALIAS ? f->base : from;
  t->base_offset = (f->place == MOTE_PLACE_ALIAS ? f->base_offset : 0) + bytes;
  t->place = MOTE_PLACE_ALIAS;
}

static bool try_view(emitter *m, const mote_node *node, mote_opctx *c, mote_vid in) {
  int64_t offset = 0;
  c->in[0]->data = value_at(m, in)->t.data;
  if (!mote_op_view(c, &offset))
    return false;
  alias(m, in, node->out[0], offset);
  return true;
}

static mote_status emit_view(emitter *m, const mote_node *node, bool *done) {
  mote_vid in[MOTE_MAX_RANK] = {0};
  *done = false;
  if (!(node->op->rules->flags & MOTE_OP_VIEW) || node->n_in > MOTE_MAX_RANK)
    return MOTE_OK;
  memcpy(in, node->in, (size_t)node->n_in * sizeof *in);
  mote_opctx *c = make_context(m, node, in, node->out);
  if (c == NULL)
    return mote_fail_nomem(m->err);
  if (try_view(m, node, c, in[0])) {
    *done = true;
    return MOTE_OK;
  }
  if (has_format(&value_at(m, in[0])->t, MOTE_LAYOUT_DENSE))
    return MOTE_OK;
  MOTE_TRY(in_format(m, in[0], MOTE_LAYOUT_DENSE, &in[0]));
  c = make_context(m, node, in, node->out);
  if (c == NULL)
    return mote_fail_nomem(m->err);
  *done = try_view(m, node, c, in[0]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ nodes

static mote_status emit_node(emitter *m, const mote_node *node) {
  bool done = false;
  MOTE_TRY(emit_view(m, node, &done));
  if (done)
    return MOTE_OK;
  if (node->op->rules->flags & MOTE_OP_IDENTITY) {
    mote_tensor t = value_at(m, node->in[0])->t;
    t.quant = value_at(m, node->out[0])->t.quant;
    value_at(m, node->out[0])->t = t;
    alias(m, node->in[0], node->out[0], 0);
    return MOTE_OK;
  }
  mote_vid small[32];
  mote_vid *in = node->n_in <= 32 ? small : MOTE_ARENA_ARRAY(&m->g->arena, mote_vid, node->n_in);
  if (in == NULL)
    return mote_fail_nomem(m->err);
  memcpy(in, node->in, (size_t)node->n_in * sizeof *in);
  mote_opctx *c = make_context(m, node, in, node->out);
  if (c == NULL)
    return mote_fail_nomem(m->err);
  mote_layout common = common_format(m, c, in);
  MOTE_TRY(format_inputs(m, c, common, in));
  format_outputs(m, c, common, node->out);
  mote_status status = add_steps(m, node, in, node->out);
  if (status != MOTE_OK) {
    mote_fail_node(m->err, node->origin);
    mote_fail_place(m->err, "%s", node->source != NULL ? node->source : node->op->name);
  }
  return status;
}

static void *state_data(emitter *m, mote_vid source) {
  for (mote_engine_state *s = m->e->states; s != NULL; s = s->next)
    if (s->graph == m->src && s->value == source)
      return s->data;
  const mote_gvalue *v = &m->src->values.at[source];
  mote_engine_state *s = MOTE_NEW(m->e->al, mote_engine_state);
  size_t bytes;
  if (s == NULL || !mote_tensor_bytes(&v->t, &bytes) || (s->data = mote_alloc_zero(m->e->al, bytes)) == NULL) {
    mote_free(m->e->al, s);
    return NULL;
  }
  s->graph = m->src;
  s->value = source;
  s->bytes = bytes;
  s->next = m->e->states;
  m->e->states = s;
  return s->data;
}

static mote_status place_border(emitter *m) {
  mote_plan *plan = m->plan;
  for (int32_t i = 0; i < plan->n_inputs; i++) {
    mote_plan_value *v = value_at(m, plan->inputs[i].value);
    if (m->g->values.at[plan->inputs[i].value].flags & MOTE_VALUE_STATE) {
      v->place = MOTE_PLACE_STATE;
      v->t.data = state_data(m, plan->inputs[i].source);
      if (v->t.data == NULL)
        return mote_fail_nomem(m->err);
    } else {
      v->place = MOTE_PLACE_INPUT;
      v->index = i;
    }
  }
  return MOTE_OK;
}

// An output takes over its value's memory when that is a dense buffer of the plan's own; else it gets a copy.
static mote_status place_output(emitter *m, int32_t index) {
  mote_vid v = m->plan->outputs[index].value;
  mote_plan_value *value = value_at(m, v);
  mote_vid root = value->place == MOTE_PLACE_ALIAS ? value->base : v;
  mote_plan_value *r = value_at(m, root);
  size_t a = 0, b = 0;
  bool whole = mote_tensor_bytes(&value->t, &a) && mote_tensor_bytes(&r->t, &b) && a == b &&
               (root == v || value->base_offset == 0);
  if (r->place == MOTE_PLACE_ARENA && whole && mote_tensor_is_dense(&value->t)) {
    r->place = MOTE_PLACE_OUT;
    r->index = index;
    return MOTE_OK;
  }
  mote_tensor t = value->t;
  mote_tensor_set_dense(&t);
  mote_vid copy;
  MOTE_TRY(new_value(m, &t, &copy));
  value_at(m, copy)->place = MOTE_PLACE_OUT;
  value_at(m, copy)->index = index;
  m->plan->outputs[index].value = copy;
  return add_copy(m, v, copy, "output");
}

static mote_status emit(emitter *m) {
  for (int32_t i = 0; i < m->plan->n_values; i++) {
    const mote_gvalue *v = &m->g->values.at[i];
    value_at(m, i)->t = v->t;
    value_at(m, i)->place = v->flags & MOTE_VALUE_CONST ? MOTE_PLACE_CONST : MOTE_PLACE_ARENA;
  }
  MOTE_TRY(place_border(m));
  for (size_t n = 0; n < m->g->nodes.len; n++)
    MOTE_TRY(emit_node(m, &m->g->nodes.at[n]));
  for (int32_t i = 0; i < m->plan->n_outputs; i++)
    MOTE_TRY(place_output(m, i));
  return MOTE_OK;
}

mote_status mote_plan_emit(mote_engine *e, mote_plan *plan, const mote_graph *src, mote_error *err) {
  mote_graph *g = &plan->graph;
  emitter m = {.e = e, .plan = plan, .g = g, .src = src, .err = err};
  size_t operands = 0;
  for (size_t n = 0; n < g->nodes.len; n++)
    operands += (size_t)g->nodes.at[n].n_in + 1;
  m.capacity = (int32_t)(g->values.len + operands + (size_t)plan->n_outputs + 1);
  m.free_layout = mote_pass_enabled(e->no_passes, "layout");
  plan->values = MOTE_NEW_ARRAY(e->al, mote_plan_value, m.capacity);
  m.copies = MOTE_NEW_ARRAY(e->al, mote_vid, 2 * g->values.len + 2);
  plan->n_values = (int32_t)g->values.len;
  mote_status status = plan->values == NULL || m.copies == NULL ? mote_fail_nomem(err) : emit(&m);
  mote_free(e->al, m.copies);
  return status;
}
