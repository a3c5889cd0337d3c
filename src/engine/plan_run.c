// Running a plan: binds memory, then walks the steps, in one parallel region with barriers between steps that share
// work. Tests: tests/unit/test_engine.c
#include <string.h>

#include "base/prim.h"
#include "engine/engine_impl.h"

typedef struct plan_run {
  mote_engine *e;
  mote_plan *plan;
  char *scratch;     // of worker 0; others follow at scratch_bytes
  atomic_int failed; // 1 + worker whose error counts
  mote_status status;
} plan_run;

#define MAP_FROM ((size_t)256 << 10) // smaller arenas gain nothing from pages of their own

void mote_engine_free_arena(mote_engine *e) {
  if (e->arena_mapped)
    mote_prim_unmap(e->arena, e->arena_size);
  else
    mote_free(e->al, e->arena);
  e->arena = NULL;
  e->arena_size = 0;
}

static mote_status reserve_arena(mote_engine *e, const mote_plan *plan, mote_error *err) {
  size_t scratch, size;
  if (!mote_mul_size(plan->scratch_bytes, e->env.threads, &scratch) ||
      !mote_add_size(plan->arena_bytes, scratch, &size) || size > e->memory_limit)
    return mote_fail(err, MOTE_ERR_LIMIT, "the plan's memory exceeds the limit of %zu bytes", e->memory_limit);
  if (size <= e->arena_size)
    return MOTE_OK;
  mote_engine_free_arena(e);
  e->arena_mapped = mote_prim_is_default(e->al) && size >= MAP_FROM;
  e->arena = e->arena_mapped ? mote_prim_map(size) : mote_alloc(e->al, size);
  e->arena_size = e->arena != NULL ? size : 0;
  return e->arena != NULL ? MOTE_OK : mote_fail_nomem(err);
}

static void bind(mote_engine *e, mote_plan *plan, void *const *in, void *const *out) {
  for (int32_t i = 0; i < plan->n_values; i++) {
    mote_plan_value *v = &plan->values[i];
    if (v->place == MOTE_PLACE_ARENA)
      v->t.data = e->arena != NULL ? (char *)e->arena + v->offset : NULL; // no arena: nothing but empty tensors
    else if (v->place == MOTE_PLACE_INPUT)
      v->t.data = in[v->index];
    else if (v->place == MOTE_PLACE_OUT)
      v->t.data = out[v->index];
  }
  for (int32_t i = 0; i < plan->n_values; i++) {
    mote_plan_value *v = &plan->values[i];
    if (v->place == MOTE_PLACE_ALIAS)
      v->t.data = (char *)plan->values[v->base].t.data + v->base_offset;
  }
}

static void fail_from(plan_run *r, uint32_t worker, mote_status status) {
  int expected = 0;
  if (atomic_compare_exchange_strong(&r->failed, &expected, (int)worker + 1))
    r->status = status;
}

static void run_tiles(plan_run *r, const mote_plan_step *step, uint32_t worker, bool shared) {
  mote_opctx c = *step->ctx;
  c.scratch = r->scratch == NULL ? NULL : r->scratch + worker * r->plan->scratch_bytes;
  c.err = &r->e->worker_errors[worker];
  mote_status status = MOTE_OK;
  if (!shared) {
    status = step->run(&c, step->state, 0, step->tiles);
  } else {
    int64_t t;
    while (status == MOTE_OK && (t = mote_pool_next_tile(r->e->pool)) < step->tiles)
      status = step->run(&c, step->state, t, t + 1);
  }
  if (status != MOTE_OK)
    fail_from(r, worker, status);
}

static void note_time(mote_plan_step *step, uint64_t *start) {
  uint64_t now = mote_prim_time_ns();
  step->ns += now - *start;
  step->calls++;
  *start = now;
}

static bool must_stop(plan_run *r, uint32_t worker) {
  if (worker == 0 && atomic_load_explicit(&r->e->cancelled, memory_order_relaxed))
    fail_from(r, worker, MOTE_ERR_CANCELLED);
  return atomic_load(&r->failed) != 0;
}

static void run_alone(plan_run *r) {
  uint64_t start = r->e->profile ? mote_prim_time_ns() : 0;
  for (size_t s = 0; s < r->plan->steps.len && !must_stop(r, 0); s++) {
    mote_plan_step *step = &r->plan->steps.at[s];
    run_tiles(r, step, 0, false);
    if (r->e->profile)
      note_time(step, &start);
  }
}

// Every worker walks the same steps. A barrier stands wherever one of two neighbouring steps is shared; a step with
// one tile is worker 0's.
static void run_region(void *arg, uint32_t worker, uint32_t workers) {
  plan_run *r = arg;
  (void)workers;
  uint64_t start = r->e->profile ? mote_prim_time_ns() : 0;
  for (size_t s = 0; s < r->plan->steps.len; s++) {
    mote_plan_step *step = &r->plan->steps.at[s];
    bool shared = step->tiles > 1, next_shared = s + 1 < r->plan->steps.len && r->plan->steps.at[s + 1].tiles > 1;
    if (atomic_load(&r->failed) == 0 && (shared || worker == 0))
      run_tiles(r, step, worker, shared);
    if (worker == 0)
      must_stop(r, 0);
    if (shared || next_shared)
      mote_pool_barrier(r->e->pool);
    if (r->e->profile && worker == 0)
      note_time(step, &start);
  }
}

static mote_status finish(plan_run *r, mote_error *err) {
  int failed = atomic_load(&r->failed);
  if (failed == 0)
    return MOTE_OK;
  const mote_error *from = &r->e->worker_errors[failed - 1];
  if (from->status != MOTE_OK)
    mote_fail(err, r->status, "%s", mote_error_message(from));
  else if (r->status == MOTE_ERR_CANCELLED)
    mote_fail(err, r->status, "the run was cancelled");
  else
    mote_fail(err, r->status, "a step failed with %s", mote_status_name(r->status));
  for (uint32_t i = 0; i < r->e->env.threads; i++)
    mote_error_init(&r->e->worker_errors[i]);
  return r->status;
}

mote_status mote_plan_run(mote_engine *e, mote_plan *plan, void *const *in, void *const *out, mote_error *err) {
  MOTE_TRY(reserve_arena(e, plan, err));
  bind(e, plan, in, out);
  plan_run r = {.e = e, .plan = plan, .scratch = e->arena == NULL ? NULL : (char *)e->arena + plan->arena_bytes};
  atomic_init(&r.failed, 0);
  uint64_t start = mote_prim_time_ns();
  if (plan->parallel && e->env.threads > 1)
    mote_pool_region(e->pool, run_region, &r);
  else
    run_alone(&r);
  e->run_ns += mote_prim_time_ns() - start;
  return finish(&r, err);
}
