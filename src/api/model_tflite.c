// TensorFlow Lite models behind the public interface: ports from graphs, calls straight into the engine.
// Tests: tests/unit/test_api.c
#include <string.h>

#include "api/api_impl.h"
#include "base/fail.h"
#include "formats/tflite/tflite_model.h"

typedef struct tflite_session {
  mote_session *session;
  const mote_tflite_model *model;
} tflite_session;

static const mote_tflite_method *method_at(const void *impl, size_t i) {
  return &((const mote_tflite_model *)impl)->methods[i];
}
static const mote_graph *graph_of(const mote_tflite_model *m, size_t method) {
  return m->graphs[m->methods[method].graph];
}

static size_t method_count(const void *impl) { return ((const mote_tflite_model *)impl)->n_methods; }
static const char *method_name(const void *impl, size_t method) { return method_at(impl, method)->name; }
static size_t port_count(const void *impl, size_t method, bool output) {
  return output ? method_at(impl, method)->n_out : method_at(impl, method)->n_in;
}

static bool port(const void *impl, size_t method, bool output, size_t index, mote_port *p) {
  const mote_tflite_method *m = method_at(impl, method);
  const mote_graph *g = graph_of(impl, method);
  const mote_tflite_port *row = output ? &m->out[index] : &m->in[index];
  const mote_gvalue *v = &g->values.at[output ? g->outputs.at[row->index] : g->inputs.at[row->index]];
  p->name = row->name;
  p->kind = MOTE_KIND_TENSOR;
  p->dtype = v->t.dtype;
  p->rank = v->t.rank;
  memcpy(p->dim, v->t.dim, sizeof p->dim);
  p->quant = v->t.quant;
  return true;
}

static const char *metadata(const void *impl, size_t index, const void **data, size_t *size) {
  const mote_tflite_model *m = impl;
  if (index >= m->n_metadata)
    return NULL;
  *data = m->metadata[index].bytes.data;
  *size = m->metadata[index].bytes.size;
  return m->metadata[index].name;
}

static void describe_node(const mote_graph *g, const mote_node *node, mote_text *text) {
  mote_text_fmt(text, "  %4d %-28s", node->origin, node->source != NULL ? node->source : node->op->name);
  for (int32_t j = 0; j < node->n_out; j++) {
    char shape[200];
    mote_tensor_text(&g->values.at[node->out[j]].t, shape, sizeof shape);
    mote_text_fmt(text, " %s", shape);
  }
  mote_text_str(text, "\n");
}

static mote_status describe(void *impl, mote_text *text, mote_error *err) {
  const mote_tflite_model *m = impl;
  (void)err;
  for (int32_t i = 0; i < m->n_graphs; i++) {
    const mote_graph *g = m->graphs[i];
    mote_text_fmt(text, "subgraph %d %s: %zu operators\n", i, g->name != NULL ? g->name : "", g->nodes.len);
    for (size_t n = 0; n < g->nodes.len; n++)
      describe_node(g, &g->nodes.at[n], text);
  }
  return MOTE_OK;
}

static void destroy(void *impl) { mote_tflite_destroy(impl); }

static mote_status session(mote_session *s, void **state, mote_error *err) {
  tflite_session *t = MOTE_NEW(&s->model->context->al, tflite_session);
  if (t == NULL)
    return mote_fail_nomem(err);
  t->session = s;
  t->model = s->model->impl;
  *state = t;
  return MOTE_OK;
}

static void session_destroy(void *state) {
  tflite_session *t = state;
  mote_free(&t->session->model->context->al, t);
}

// Inputs come in the method's order; the graph may want another.
static mote_status arrange(const tflite_session *t, size_t method, const mote_tensor *in, size_t n_in,
                           mote_tensor *args, mote_error *err) {
  const mote_tflite_method *m = &t->model->methods[method];
  const mote_graph *g = graph_of(t->model, method);
  if (n_in != m->n_in)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "method '%s' takes %zu inputs, got %zu", m->name, m->n_in, n_in);
  for (size_t i = 0; i < n_in; i++) {
    const mote_gvalue *v = &g->values.at[g->inputs.at[m->in[i].index]];
    char got[160], want[160];
    mote_tensor_text(&in[i], got, sizeof got);
    mote_tensor_text(&v->t, want, sizeof want);
    if (in[i].dtype != v->t.dtype)
      return mote_fail(err, MOTE_ERR_TYPE, "input %zu '%s' is %s, the model takes %s", i, m->in[i].name, got, want);
    if ((v->flags & MOTE_VALUE_SHAPED) && v->t.rank != in[i].rank)
      return mote_fail(err, MOTE_ERR_SHAPE, "input %zu '%s' is %s, the model takes %s", i, m->in[i].name, got, want);
    args[m->in[i].index] = in[i];
    args[m->in[i].index].quant = v->t.quant;
  }
  return MOTE_OK;
}

static mote_status invoke(void *state, size_t method, const mote_tensor *in, size_t n_in, mote_engine_out *out,
                          size_t n_out, mote_error *err) {
  tflite_session *t = state;
  const mote_tflite_method *m = &t->model->methods[method];
  const mote_graph *g = graph_of(t->model, method);
  const mote_allocator *al = &t->session->model->context->al;
  mote_tensor few[32];
  mote_engine_out few_out[32];
  if (n_out > m->n_out)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "method '%s' gives %zu outputs, asked for %zu", m->name, m->n_out, n_out);
  size_t outs = g->outputs.len;
  mote_tensor *args = n_in <= 32 ? few : MOTE_NEW_ARRAY(al, mote_tensor, n_in);
  mote_engine_out *results = outs <= 32 ? few_out : MOTE_NEW_ARRAY(al, mote_engine_out, outs);
  mote_status status = args == NULL || results == NULL ? mote_fail_nomem(err) : MOTE_OK;
  if (status == MOTE_OK)
    status = arrange(t, method, in, n_in, args, err);
  if (status == MOTE_OK) {
    memset(results, 0, outs * sizeof *results);
    for (size_t i = 0; i < n_out; i++)
      results[m->out[i].index].storage = out[i].storage;
    status = mote_engine_run(t->session->engine, g, (uint64_t)(uintptr_t)g, args, n_in, results, outs, err);
  }
  for (size_t i = 0; status == MOTE_OK && i < n_out; i++) {
    const mote_engine_out *result = &results[m->out[i].index];
    out[i].t = result->t;
    if (out[i].storage != result->storage) // a result under two names
      *out[i].storage = mote_storage_retain(*result->storage);
  }
  if (args != few)
    mote_free(al, args);
  if (results != few_out)
    mote_free(al, results);
  return status;
}

static mote_status prepare(void *state, size_t method, const mote_tensor *in, size_t n_in, mote_error *err) {
  tflite_session *t = state;
  const mote_graph *g = graph_of(t->model, method);
  mote_tensor args[32];
  if (n_in > 32)
    return mote_fail(err, MOTE_ERR_LIMIT, "more than 32 inputs");
  MOTE_TRY(arrange(t, method, in, n_in, args, err));
  return mote_engine_prepare(t->session->engine, g, (uint64_t)(uintptr_t)g, args, n_in, err);
}

// ------------------------------------------------------------------------------------------------ values

// String tensors refer to bytes of the model or of inputs: the result gets bytes of its own.
static mote_status own_strings(const mote_allocator *al, const mote_tensor *t, mote_storage **storage,
                               mote_error *err) {
  int64_t n = mote_tensor_numel(t);
  mote_storage *own;
  MOTE_TRY(mote_strings_new(al, n, &own, err));
  const mote_strref *from = t->data;
  mote_status status = MOTE_OK;
  for (int64_t i = 0; i < n && status == MOTE_OK; i++)
    status = mote_strings_put(own, i, from[i].at, from[i].len, err);
  mote_storage_release(status == MOTE_OK ? *storage : own);
  if (status == MOTE_OK)
    *storage = own;
  return status;
}

static mote_status wrap_result(const mote_allocator *al, mote_engine_out *out, mote_storage **storage, mote_val *v,
                               mote_error *err) {
  if (out->t.dtype == MOTE_STRING)
    MOTE_TRY(own_strings(al, &out->t, storage, err));
  mote_tensor t = out->t;
  t.data = NULL;
  return mote_handle_new(al, &t, *storage, 0, v, err);
}

static mote_status read_inputs(const mote_val *in, size_t count, mote_tensor *t, mote_error *err) {
  for (size_t i = 0; i < count; i++) {
    if (in[i].tag != MOTE_TAG_TENSOR)
      return mote_fail(err, MOTE_ERR_TYPE, "input %zu is a %s, the model takes a tensor", i, mote_tag_name(in[i].tag));
    mote_handle_view(in[i].u.tensor, &t[i]);
  }
  return MOTE_OK;
}

static mote_status results_to_value(const mote_allocator *al, mote_engine_out *out, mote_storage **storages, size_t n,
                                    mote_val *result, mote_error *err) {
  if (n == 1)
    return wrap_result(al, &out[0], &storages[0], result, err);
  mote_val tuple;
  MOTE_TRY(mote_tuple_new(al, n, &tuple, err));
  mote_status status = MOTE_OK;
  for (size_t i = 0; i < n && status == MOTE_OK; i++)
    status = wrap_result(al, &out[i], &storages[i], &tuple.u.tuple->at[i], err);
  if (status != MOTE_OK)
    mote_val_release(tuple);
  else
    *result = tuple;
  return status;
}

static mote_status call(void *state, size_t method, const mote_val *in, size_t count, mote_val *result,
                        mote_error *err) {
  tflite_session *t = state;
  const mote_allocator *al = &t->session->model->context->al;
  size_t n_out = t->model->methods[method].n_out;
  mote_tensor *args = MOTE_NEW_ARRAY(al, mote_tensor, count + 1);
  mote_engine_out *out = MOTE_NEW_ARRAY(al, mote_engine_out, n_out + 1);
  mote_storage **storages = MOTE_NEW_ARRAY(al, mote_storage *, n_out + 1);
  mote_status status = args == NULL || out == NULL || storages == NULL ? mote_fail_nomem(err) : MOTE_OK;
  for (size_t i = 0; status == MOTE_OK && i < n_out; i++)
    out[i].storage = &storages[i];
  if (status == MOTE_OK)
    status = read_inputs(in, count, args, err);
  if (status == MOTE_OK)
    status = invoke(t, method, args, count, out, n_out, err);
  if (status == MOTE_OK)
    status = results_to_value(al, out, storages, n_out, result, err);
  for (size_t i = 0; storages != NULL && i < n_out; i++)
    mote_storage_release(storages[i]);
  mote_free(al, args);
  mote_free(al, out);
  mote_free(al, storages);
  return status;
}

const mote_backend mote_tflite_backend = {
    .method_count = method_count,
    .method_name = method_name,
    .port_count = port_count,
    .port = port,
    .metadata = metadata,
    .describe = describe,
    .destroy = destroy,
    .session = session,
    .session_destroy = session_destroy,
    .call = call,
    .invoke = invoke,
    .prepare = prepare,
};

mote_status mote_tflite_open(mote_model *model, mote_span bytes, mote_error *err) {
  mote_tflite_model *impl;
  MOTE_TRY(mote_tflite_parse(&model->context->al, bytes, model->context->memory_limit, &impl, err));
  model->impl = impl;
  model->backend = &mote_tflite_backend;
  model->format = MOTE_FORMAT_TFLITE;
  return MOTE_OK;
}
