// Lifetimes of a plan's values over its steps, reuse of an input's buffer by an element-wise output, and the arena's
// layout. Tests: tests/unit/test_engine.c
#include <string.h>

#include "core/plan/arena_layout.h"
#include "engine/engine_impl.h"

static mote_vid id_of(const mote_plan *plan, const mote_tensor *t) {
  return (mote_vid)((const mote_plan_value *)(const void *)((const char *)t - offsetof(mote_plan_value, t)) -
                    plan->values);
}

static mote_vid root_of(const mote_plan *plan, mote_vid v) {
  return plan->values[v].place == MOTE_PLACE_ALIAS ? plan->values[v].base : v;
}

static void touch(mote_plan *plan, const mote_tensor *t, int32_t step) {
  mote_plan_value *v = &plan->values[root_of(plan, id_of(plan, t))];
  v->first = MOTE_MIN(v->first, step);
  v->last = MOTE_MAX(v->last, step);
}

static void lifetimes(mote_plan *plan) {
  for (int32_t i = 0; i < plan->n_values; i++) {
    plan->values[i].first = INT32_MAX;
    plan->values[i].last = -1;
  }
  for (size_t s = 0; s < plan->steps.len; s++) {
    const mote_opctx *c = plan->steps.at[s].ctx;
    for (int32_t i = 0; i < c->n_in; i++)
      if (c->in[i] != NULL)
        touch(plan, c->in[i], (int32_t)s);
    for (int32_t j = 0; j < c->n_out; j++)
      touch(plan, c->out[j], (int32_t)s);
  }
}

static bool can_take_over(const mote_plan *plan, const mote_tensor *in, const mote_plan_value *out, int32_t step) {
  const mote_plan_value *v = &plan->values[id_of(plan, in)];
  return v->place == MOTE_PLACE_ARENA && v->last == step &&
         mote_dtype_size(in->dtype) == mote_dtype_size(out->t.dtype) && mote_dtype_size(in->dtype) > 0 &&
         mote_tensor_same_shape(in, &out->t) && mote_tensor_same_strides(in, &out->t) && mote_tensor_is_packed(in);
}

// Another input is a different window on the buffer of input i: what is written over one element may be read later as
// another.
static bool is_read_otherwise(const mote_plan *plan, const mote_opctx *c, int32_t i) {
  mote_vid root = root_of(plan, id_of(plan, c->in[i]));
  for (int32_t k = 0; k < c->n_in; k++)
    if (c->in[k] != NULL && c->in[k] != c->in[i] && root_of(plan, id_of(plan, c->in[k])) == root)
      return true;
  return false;
}

// The output lives on in the input's buffer.
static void merge(mote_plan *plan, mote_vid from, mote_vid to) {
  mote_plan_value *f = &plan->values[from], *t = &plan->values[to];
  f->last = MOTE_MAX(f->last, t->last);
  for (int32_t i = 0; i < plan->n_values; i++)
    if (plan->values[i].place == MOTE_PLACE_ALIAS && plan->values[i].base == to)
      plan->values[i].base = from;
  t->place = MOTE_PLACE_ALIAS;
  t->base = from;
  t->base_offset = 0;
}

static void reuse_in_place(mote_plan *plan) {
  for (size_t s = 0; s < plan->steps.len; s++) {
    const mote_opctx *c = plan->steps.at[s].ctx;
    bool alone =
        (s == 0 || plan->steps.at[s - 1].ctx != c) && (s + 1 == plan->steps.len || plan->steps.at[s + 1].ctx != c);
    bool last_only = (c->op->rules->flags & MOTE_OP_TAKES_LAST) && c->n_in == 4;
    if ((!(c->op->rules->flags & MOTE_OP_ELEMENTWISE) && !last_only) || c->n_out != 1 || !alone)
      continue;
    mote_vid out = id_of(plan, c->out[0]);
    if (plan->values[out].place != MOTE_PLACE_ARENA || plan->values[out].first != (int32_t)s)
      continue;
    for (int32_t i = last_only ? 3 : 0; i < c->n_in; i++)
      if (c->in[i] != NULL && !(last_only && c->in[0] == c->in[3]) &&
          can_take_over(plan, c->in[i], &plan->values[out], (int32_t)s) && !is_read_otherwise(plan, c, i)) {
        merge(plan, id_of(plan, c->in[i]), out);
        break;
      }
  }
}

mote_status mote_plan_place(mote_engine *e, mote_plan *plan, mote_error *err) {
  lifetimes(plan);
  reuse_in_place(plan);
  mote_lifetime *items = MOTE_NEW_ARRAY(e->al, mote_lifetime, plan->n_values + 1);
  if (items == NULL)
    return mote_fail_nomem(err);
  mote_status status = MOTE_OK;
  for (int32_t i = 0; i < plan->n_values && status == MOTE_OK; i++) {
    mote_plan_value *v = &plan->values[i];
    bool unused =
        v->last < 0 && v->place != MOTE_PLACE_OUT; // belongs to another part of the graph: its shape may be open
    if (unused)
      v->bytes = 0;
    else if (!mote_tensor_bytes(&v->t, &v->bytes))
      status = mote_fail(err, MOTE_ERR_LIMIT, "a value of the plan is too large");
    bool placed = v->place == MOTE_PLACE_ARENA && v->last >= 0;
    items[i] = (mote_lifetime){.bytes = placed ? MOTE_MAX(v->bytes, 1) : 0, .first = v->first, .last = v->last};
  }
  if (status == MOTE_OK)
    status = mote_arena_layout(e->al, items, plan->n_values, &plan->arena_bytes, err);
  for (int32_t i = 0; i < plan->n_values; i++)
    plan->values[i].offset = items[i].offset;
  plan->arena_bytes = (plan->arena_bytes + MOTE_ALIGN - 1) & ~(size_t)(MOTE_ALIGN - 1);
  mote_free(e->al, items);
  if (status == MOTE_OK && plan->arena_bytes > e->memory_limit)
    status = mote_fail(err, MOTE_ERR_LIMIT, "the plan needs %zu bytes, more than the memory limit of %zu",
                       plan->arena_bytes, e->memory_limit);
  return status;
}
