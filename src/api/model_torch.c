// TorchScript models behind the public interface: a thin layer over script/script_model.h. Tests: tests/unit/test_api.c
#include <string.h>

#include "api/api_impl.h"
#include "base/fail.h"
#include "script/script_model.h"

typedef struct torch_session {
  mote_session *owner;
  mote_script_session *script;
} torch_session;

static size_t method_count(const void *impl) { return mote_script_method_count(impl); }
static const char *method_name(const void *impl, size_t method) { return mote_script_method_name(impl, method); }
static size_t port_count(const void *impl, size_t method, bool output) {
  return output ? 1 : mote_script_input_count(impl, method);
}
static bool port(const void *impl, size_t method, bool output, size_t index, mote_port *p) {
  return output ? mote_script_output(impl, method, p) : mote_script_input(impl, method, index, p);
}
static const char *missing(const void *impl, size_t index) { return mote_script_missing(impl, index); }
static const char *metadata(const void *impl, size_t index, const void **data, size_t *size) {
  return mote_script_metadata(impl, index, data, size);
}
static mote_status describe(void *impl, mote_text *text, mote_error *err) {
  return mote_script_describe(impl, text, err);
}
static void destroy(void *impl) { mote_script_destroy(impl); }

static mote_status session(mote_session *s, void **state, mote_error *err) {
  const mote_context *c = s->model->context;
  torch_session *t = MOTE_NEW(&c->al, torch_session);
  if (t == NULL)
    return mote_fail_nomem(err);
  mote_script_config config = {.al = mote_meter_allocator(s->meter),
                               .engine = s->engine,
                               .record = s->options.record,
                               .log = c->log,
                               .log_ctx = c->log_ctx,
                               .step_limit = c->step_limit,
                               .memory_limit = c->memory_limit};
  t->owner = s;
  mote_status status = mote_script_session_create(s->model->impl, &config, &t->script, err);
  if (status != MOTE_OK) {
    mote_free(&c->al, t);
    return status;
  }
  *state = t;
  return MOTE_OK;
}

static void session_destroy(void *state) {
  torch_session *t = state;
  mote_script_session_destroy(t->script);
  mote_free(&t->owner->model->context->al, t);
}

static mote_status call(void *state, size_t method, const mote_val *in, size_t count, mote_val *result,
                        mote_error *err) {
  return mote_script_call(((torch_session *)state)->script, method, in, count, result, err);
}

// A program has no plan before it ran; its parameters are checked when it is called.
static mote_status prepare(void *state, size_t method, const mote_tensor *in, size_t n_in, mote_error *err) {
  const torch_session *t = state;
  (void)in;
  if (n_in > mote_script_input_count(t->owner->model->impl, method))
    return mote_fail(err, MOTE_ERR_ARGUMENT, "the method takes %zu inputs, got %zu",
                     mote_script_input_count(t->owner->model->impl, method), n_in);
  return MOTE_OK;
}

static mote_status reset(void *state, mote_error *err) {
  return mote_script_session_reset(((torch_session *)state)->script, err);
}

static void cancel(void *state) { mote_script_session_cancel(((torch_session *)state)->script); }

static uint64_t vm_instructions(const void *state) {
  return mote_script_instructions(((const torch_session *)state)->script);
}

const mote_backend mote_torch_backend = {
    .method_count = method_count,
    .method_name = method_name,
    .default_method = "forward",
    .port_count = port_count,
    .port = port,
    .missing = missing,
    .metadata = metadata,
    .describe = describe,
    .destroy = destroy,
    .session = session,
    .session_destroy = session_destroy,
    .call = call,
    .prepare = prepare,
    .reset = reset,
    .cancel = cancel,
    .vm_instructions = vm_instructions,
};

mote_status mote_torch_open(mote_model *model, mote_span bytes, mote_error *err) {
  mote_script_model *impl;
  const mote_context *c = model->context;
  MOTE_TRY(mote_script_open(&c->al, bytes, model->name, c->memory_limit, &impl, err));
  model->impl = impl;
  model->backend = &mote_torch_backend;
  model->format = mote_script_format(impl);
  return MOTE_OK;
}
