// Nodes that only running can answer for (data-dependent shapes, control flow, state), and single operators run
// eagerly. Tests: tests/unit/test_engine.c
#include <string.h>

#include "engine/engine_impl.h"

void *mote_run_tables(mote_engine *e, size_t n) {
  size_t size = n * (sizeof(mote_tensor) + sizeof(mote_storage *) + sizeof(bool));
  if (e->tables[e->depth].size < size) {
    mote_free(e->al, e->tables[e->depth].block);
    e->tables[e->depth].block = mote_alloc(e->al, size);
    e->tables[e->depth].size = e->tables[e->depth].block != NULL ? size : 0;
  }
  if (e->tables[e->depth].block != NULL)
    memset(e->tables[e->depth].block, 0, size);
  return e->tables[e->depth].block;
}

mote_status mote_op_output(mote_opctx *c, int32_t j) {
  mote_dynamic *d = c->node;
  mote_tensor *t = c->out[j];
  size_t bytes;
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dim[i] < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "output %d would have dimension %lld", j, (long long)t->dim[i]);
  if (!mote_tensor_bytes(t, &bytes) || bytes > d->e->memory_limit)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "output %d exceeds the memory limit", j);
  mote_tensor_set_dense(t);
  mote_storage_release(d->storage[j]);
  d->storage[j] = mote_storage_create(d->e->al, bytes, false);
  if (d->storage[j] == NULL)
    return mote_fail_nomem(c->err);
  t->data = d->storage[j]->data;
  return MOTE_OK;
}

static mote_status keep_result(mote_dynamic *d, int32_t graph, mote_storage *s, mote_error *err) {
  mote_kept k = {s, graph};
  mote_status status = MOTE_VEC_PUSH(d->e->al, &d->kept, k, err);
  if (status != MOTE_OK)
    mote_storage_release(s);
  return status;
}

// Lets go of what earlier runs of `graph` gave.
static void drop_results(mote_dynamic *d, int32_t graph) {
  size_t n = 0;
  for (size_t i = 0; i < d->kept.len; i++)
    if (d->kept.at[i].graph == graph)
      mote_storage_release(d->kept.at[i].storage);
    else
      d->kept.at[n++] = d->kept.at[i];
  d->kept.len = n;
}

mote_status mote_op_call(mote_opctx *c, int32_t graph, const mote_tensor *const *in, int32_t n_in, mote_tensor *out,
                         int32_t n_out) {
  mote_dynamic *d = c->node;
  if (graph < 0 || graph >= d->graph->n_siblings)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "subgraph %d of %d", graph, d->graph->n_siblings);
  const mote_graph *g = d->graph->siblings[graph];
  drop_results(d, graph);
  mote_tensor *args = MOTE_NEW_ARRAY(d->e->al, mote_tensor, n_in + 1);
  mote_engine_out *results = MOTE_NEW_ARRAY(d->e->al, mote_engine_out, n_out + 1);
  mote_storage **storages = MOTE_NEW_ARRAY(d->e->al, mote_storage *, n_out + 1);
  mote_status status = args == NULL || results == NULL || storages == NULL ? mote_fail_nomem(c->err) : MOTE_OK;
  for (int32_t i = 0; status == MOTE_OK && i < n_in; i++)
    args[i] = *in[i];
  for (int32_t j = 0; status == MOTE_OK && j < n_out; j++)
    results[j].storage = &storages[j];
  if (status == MOTE_OK)
    status = mote_engine_run(d->e, g, (uint64_t)(uintptr_t)g, args, (size_t)n_in, results, (size_t)n_out, c->err);
  for (int32_t j = 0; status == MOTE_OK && j < n_out; j++)
    out[j] = results[j].t;
  for (int32_t j = 0; storages != NULL && j < n_out; j++)
    if (storages[j] != NULL) {
      mote_status kept = keep_result(d, graph, storages[j], c->err);
      status = status == MOTE_OK ? kept : status;
    }
  mote_free(d->e->al, args);
  mote_free(d->e->al, results);
  mote_free(d->e->al, storages);
  return status;
}

mote_variable *mote_op_variable(mote_opctx *c, int64_t id) {
  mote_engine *e = c->env->engine;
  for (mote_engine_var *v = e->vars; v != NULL; v = v->next)
    if (v->id == id)
      return &v->var;
  mote_engine_var *v = MOTE_NEW(e->al, mote_engine_var);
  if (v == NULL)
    return NULL;
  v->id = id;
  v->next = e->vars;
  e->vars = v;
  return &v->var;
}

static mote_status eval_dynamic(mote_dynamic *d, mote_opctx *c) {
  MOTE_TRY(mote_infer_checked(d->e, c));
  if (c->outcome == MOTE_NEEDS_VALUE)
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "input %d has no value at run time", c->need);
  if (c->outcome == MOTE_KNOWN)
    for (int32_t j = 0; j < c->n_out; j++)
      MOTE_TRY(mote_op_output(c, j));
  return mote_eval_known(d->e, c);
}

// Freed in reverse of how long they must live: results of calls only after outputs were made (they are copies).
static void end_dynamic(mote_dynamic *d) {
  for (size_t i = 0; i < d->kept.len; i++)
    mote_storage_release(d->kept.at[i].storage);
  MOTE_VEC_FREE(d->e->al, &d->kept);
}

mote_status mote_run_dynamic(mote_engine *e, const mote_graph *g, const mote_node *node, const mote_tensor *const *in,
                             mote_tensor *out, mote_storage **storage, mote_error *err) {
  mote_tensor *ins[64], *outs[64];
  mote_tensor copies[64];
  mote_dynamic d = {.e = e, .graph = g, .storage = storage, .out = out, .n_out = node->n_out};
  for (int32_t i = 0; i < node->n_in; i++) {
    if (in[i] != NULL)
      copies[i] = *in[i];
    ins[i] = in[i] != NULL ? &copies[i] : NULL;
  }
  for (int32_t j = 0; j < node->n_out; j++)
    outs[j] = &out[j];
  mote_opctx c = {.op = node->op,
                  .attr = node->attr,
                  .n_in = node->n_in,
                  .n_out = node->n_out,
                  .in = ins,
                  .out = outs,
                  .env = &e->env,
                  .err = err,
                  .node = &d};
  mote_status status =
      node->op->rules->eval == NULL ? mote_op_fail(&c, MOTE_ERR_INTERNAL, "no reference path") : eval_dynamic(&d, &c);
  for (int32_t j = 0; status == MOTE_OK && j < node->n_out; j++)
    if (storage[j] == NULL)
      status = mote_op_fail(&c, MOTE_ERR_INTERNAL, "output %d was not made", j);
  end_dynamic(&d);
  for (int32_t j = 0; status != MOTE_OK && j < node->n_out; j++) {
    mote_storage_release(storage[j]);
    storage[j] = NULL;
  }
  return status;
}

// ------------------------------------------------------------------------------------------------ eager operators

#define EAGER_MAX 256 // operands of one eager call

mote_status mote_engine_infer(mote_engine *e, const mote_op *op, const void *attr, const mote_tensor *const *in,
                              int32_t n_in, mote_tensor *out, int32_t *n_out, mote_outcome *outcome, mote_error *err) {
  mote_tensor *outs[EAGER_MAX], *ins[EAGER_MAX], copies[EAGER_MAX];
  if (n_in > EAGER_MAX || *n_out > EAGER_MAX)
    return mote_fail(err, MOTE_ERR_LIMIT, "%s: more than %d operands", op->name, EAGER_MAX);
  for (int32_t i = 0; i < n_in; i++) {
    if (in[i] != NULL)
      copies[i] = *in[i];
    ins[i] = in[i] != NULL ? &copies[i] : NULL;
  }
  for (int32_t j = 0; j < *n_out; j++)
    outs[j] = &out[j];
  mote_opctx c = {.op = op, .attr = attr, .n_in = n_in, .n_out = *n_out, .in = ins, .out = outs, .err = err};
  MOTE_TRY(mote_infer_checked(e, &c));
  *outcome = c.outcome;
  *n_out = c.n_out;
  return MOTE_OK;
}

typedef struct eager {
  mote_graph g;
  mote_vid in[EAGER_MAX], out[EAGER_MAX];
  mote_tensor args[EAGER_MAX];
  mote_engine_out results[EAGER_MAX];
  int32_t n_args;
} eager;

static mote_status eager_graph(eager *x, const mote_op *op, const void *attr, const mote_tensor *const *in,
                               mote_storage *const *const_storage, int32_t n_in, const mote_tensor *out, int32_t n_out,
                               mote_error *err) {
  for (int32_t i = 0; i < n_in; i++) {
    x->in[i] = -1;
    if (in[i] == NULL)
      continue;
    if (const_storage != NULL && const_storage[i] != NULL) {
      MOTE_TRY(mote_graph_const(&x->g, in[i], const_storage[i], 0, NULL, &x->in[i], err));
      continue;
    }
    MOTE_TRY(mote_graph_value(&x->g, in[i], MOTE_VALUE_INPUT, NULL, &x->in[i], err));
    MOTE_TRY(MOTE_VEC_PUSH(x->g.arena.al, &x->g.inputs, x->in[i], err));
    x->args[x->n_args++] = *in[i];
  }
  for (int32_t j = 0; j < n_out; j++) {
    MOTE_TRY(mote_graph_value(&x->g, &out[j], MOTE_VALUE_OUTPUT, NULL, &x->out[j], err));
    MOTE_TRY(MOTE_VEC_PUSH(x->g.arena.al, &x->g.outputs, x->out[j], err));
  }
  return mote_graph_node(&x->g, op, attr, x->in, n_in, x->out, n_out, -1, op->name, err);
}

static mote_status eager_run(mote_engine *e, eager *x, mote_tensor *out, mote_storage **storage, int32_t n_out,
                             mote_error *err) {
  for (int32_t j = 0; j < n_out; j++)
    x->results[j].storage = &storage[j];
  // Key 0 marks plans of single operators, which are dropped at once.
  MOTE_TRY(mote_engine_run(e, &x->g, 0, x->args, (size_t)x->n_args, x->results, (size_t)n_out, err));
  for (int32_t j = 0; j < n_out; j++) {
    mote_quant q = out[j].quant; // its arrays are the inputs' or the attributes', the plan's would be gone
    out[j] = x->results[j].t;
    if (q.count > 1)
      out[j].quant = q;
  }
  return MOTE_OK;
}

mote_status mote_engine_eval(mote_engine *e, const mote_op *op, const void *attr, const mote_tensor *const *in,
                             mote_storage *const *const_storage, int32_t n_in, mote_tensor *out,
                             mote_storage **out_storage, int32_t *n_out, mote_error *err) {
  mote_outcome outcome;
  if (n_in > EAGER_MAX || *n_out > EAGER_MAX)
    return mote_fail(err, MOTE_ERR_LIMIT, "%s: more than %d operands", op->name, EAGER_MAX);
  memset(out, 0, (size_t)*n_out * sizeof *out);
  MOTE_TRY(mote_engine_infer(e, op, attr, in, n_in, out, n_out, &outcome, err));
  for (int32_t j = 0; j < *n_out; j++)
    out_storage[j] = NULL;
  eager *x = MOTE_NEW(e->al, eager);
  if (x == NULL)
    return mote_fail_nomem(err);
  mote_graph_init(&x->g, e->al);
  mote_status status = eager_graph(x, op, attr, in, const_storage, n_in, out, *n_out, err);
  if (status == MOTE_OK)
    status = eager_run(e, x, out, out_storage, *n_out, err);
  mote_engine_forget(e, 0);
  mote_graph_destroy(&x->g);
  mote_free(e->al, x);
  return status;
}
