// A model of tests/models behind a context, model and session, with inputs made up from its ports: dims that are open
// become `open`, contents follow a fixed pattern. Fails the test when anything of that fails.
#ifndef MOTE_TESTS_MODEL_CASE_H
#define MOTE_TESTS_MODEL_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"

#define MODEL_CASE_PORTS 4

typedef struct model_case {
  mote_context *context;
  mote_model *model;
  mote_session *session;
  mote_view in[MODEL_CASE_PORTS], out[MODEL_CASE_PORTS];
  size_t n_in, n_out;
  mote_error error;
} model_case;

static inline void model_case_ok(const model_case *m, mote_status status) {
  if (status != MOTE_OK)
    print_message("%s: %s\n", mote_status_name(status), mote_error_message(&m->error));
  assert_int_equal(status, MOTE_OK);
}

static inline void model_case_open(model_case *m, const char *name, const mote_allocator *al,
                                   const mote_session_options *options) {
  char path[512];
  mote_context_options c;
  memset(m, 0, sizeof *m);
  mote_error_init(&m->error);
  mote_context_options_init(&c);
  c.allocator = al;
  snprintf(path, sizeof path, "%s/tests/models/%s", MOTE_SOURCE_DIR, name);
  model_case_ok(m, mote_context_create(&c, &m->context, &m->error));
  model_case_ok(m, mote_model_open(m->context, path, &m->model, &m->error));
  model_case_ok(m, mote_session_create(m->model, options, &m->session, &m->error));
}

// Numbers that stay small whatever the type: -1 .. 1 as floats, 0 .. 3 as integers.
static inline void model_case_fill(mote_view *v, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (v->dtype == MOTE_F32)
      ((float *)v->data)[i] = (float)((int)(i * 37 % 41) - 20) / 20;
    else
      ((unsigned char *)v->data)[i * mote_dtype_bits(v->dtype) / 8] = (unsigned char)(i % 4);
}

static inline void model_case_inputs(model_case *m, const char *method, int64_t open) {
  size_t index;
  assert_true(mote_model_find_method(m->model, method, &index));
  m->n_in = mote_model_input_count(m->model, index);
  m->n_out = mote_model_output_count(m->model, index);
  assert_true(m->n_in <= MODEL_CASE_PORTS && m->n_out <= MODEL_CASE_PORTS);
  for (size_t i = 0; i < m->n_in; i++) {
    mote_port port;
    mote_port_init(&port);
    assert_true(mote_model_input(m->model, index, i, &port));
    mote_view *v = &m->in[i];
    free(v->data);
    mote_view_init(v);
    v->dtype = port.dtype;
    v->rank = port.rank;
    size_t count = 1;
    for (int32_t d = 0; d < v->rank; d++)
      count *= (size_t)(v->dim[d] = port.dim[d] < 0 ? open : port.dim[d]);
    v->bytes = count * mote_dtype_bits(v->dtype) / 8;
    v->data = calloc(v->bytes + 1, 1);
    assert_non_null(v->data);
    model_case_fill(v, count);
  }
}

static inline mote_status model_case_run(model_case *m, const char *method) {
  for (size_t i = 0; i < m->n_out; i++)
    mote_view_init(&m->out[i]);
  return mote_session_invoke(m->session, method, m->in, m->n_in, m->out, m->n_out, &m->error);
}

static inline mote_stats model_case_stats(const model_case *m) {
  mote_stats stats;
  mote_session_stats(m->session, &stats);
  return stats;
}

static inline void model_case_close(model_case *m) {
  for (size_t i = 0; i < MODEL_CASE_PORTS; i++)
    free(m->in[i].data);
  mote_session_destroy(m->session);
  mote_model_destroy(m->model);
  mote_context_destroy(m->context);
}

#endif
