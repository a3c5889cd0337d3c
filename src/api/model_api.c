// Public functions of models: opening, methods, ports. Tests: tests/unit/test_api.c
#include <string.h>

#include "api/api_impl.h"
#include "base/fail.h"
#include "engine/engine.h"
#ifdef MOTE_WITH_TFLITE
#include "formats/tflite/tflite_model.h"
#endif

static mote_status open_bytes(mote_model *m, mote_span bytes, mote_error *err) {
#ifdef MOTE_WITH_TFLITE
  if (mote_tflite_is(bytes))
    return mote_tflite_open(m, bytes, err);
#endif
#ifdef MOTE_WITH_TORCH
  if (bytes.size >= 4 &&
      (memcmp(bytes.data, "PK", 2) == 0 || (bytes.size >= 8 && memcmp(bytes.data + 4, "PTMF", 4) == 0)))
    return mote_torch_open(m, bytes, err);
#endif
  if (bytes.size == 0)
    return mote_fail(err, MOTE_ERR_FORMAT, "the file is empty");
  return mote_fail(err, MOTE_ERR_FORMAT,
                   "neither a TensorFlow Lite file (identifier TFL3 at byte 4) nor a TorchScript archive (zip)");
}

static void model_free(mote_model *m) {
  const mote_allocator *al = &m->context->al;
  if (m->impl != NULL)
    m->backend->destroy(m->impl);
  mote_weights_destroy(m->weights);
  mote_file_close(&m->file);
  mote_free(al, m->name);
  mote_free(al, m);
}

static mote_status model_new(mote_context *context, const char *name, mote_model **out, mote_error *err) {
  mote_model *m = MOTE_NEW(&context->al, mote_model);
  if (m == NULL)
    return mote_fail_nomem(err);
  m->context = context;
  atomic_init(&m->refs, 1);
  m->name = mote_strdup(&context->al, name, strlen(name));
  mote_status status = m->name == NULL ? mote_fail_nomem(err) : mote_weights_create(&context->al, &m->weights, err);
  if (status != MOTE_OK) {
    mote_free(&context->al, m->name);
    mote_free(&context->al, m);
    return status;
  }
  *out = m;
  return MOTE_OK;
}

static mote_status finish_open(mote_model *m, mote_status status, mote_model **out, mote_error *err) {
  if (status == MOTE_OK) {
    *out = m;
    return MOTE_OK;
  }
  mote_fail_place(err, "%s", m->name);
  model_free(m);
  return status;
}

mote_status mote_model_open(mote_context *context, const char *path, mote_model **out, mote_error *error) {
  mote_model *m;
  mote_error_begin(error);
  if (context == NULL || path == NULL)
    return mote_fail(error, MOTE_ERR_ARGUMENT, "mote_model_open needs a context and a path");
  MOTE_TRY(model_new(context, path, &m, error));
  mote_status status = mote_file_open(&context->al, path, &m->file, error);
  if (status != MOTE_OK) { // the message begins with the path
    model_free(m);
    return status;
  }
  if (m->file.impl == NULL)
    mote_weights_set_file(m->weights, m->file.bytes);
  return finish_open(m, open_bytes(m, m->file.bytes, error), out, error);
}

mote_status mote_model_from_memory(mote_context *context, const void *data, size_t size, const char *name,
                                   mote_model **out, mote_error *error) {
  mote_model *m;
  mote_error_begin(error);
  if (context == NULL || (data == NULL && size > 0))
    return mote_fail(error, MOTE_ERR_ARGUMENT, "mote_model_from_memory needs a context and bytes");
  MOTE_TRY(model_new(context, name != NULL ? name : "model", &m, error));
  return finish_open(m, open_bytes(m, (mote_span){data, size}, error), out, error);
}

void mote_model_destroy(mote_model *model) {
  if (model != NULL && atomic_fetch_sub(&model->refs, 1) == 1)
    model_free(model);
}

mote_format mote_model_format(const mote_model *model) { return model->format; }

size_t mote_model_method_count(const mote_model *m) { return m->backend->method_count(m->impl); }
const char *mote_model_method_name(const mote_model *m, size_t method) {
  return method < mote_model_method_count(m) ? m->backend->method_name(m->impl, method) : NULL;
}

bool mote_model_find_method(const mote_model *m, const char *name, size_t *out) {
  size_t n = mote_model_method_count(m);
  if (name == NULL && m->backend->default_method == NULL && n > 0) {
    *out = 0;
    return true;
  }
  const char *wanted = name != NULL ? name : m->backend->default_method;
  for (size_t i = 0; wanted != NULL && i < n; i++)
    if (strcmp(m->backend->method_name(m->impl, i), wanted) == 0) {
      *out = i;
      return true;
    }
  return false;
}

void mote_port_init(mote_port *port) {
  memset(port, 0, sizeof *port);
  port->struct_size = sizeof *port;
  port->rank = -1;
  port->quant.axis = -1;
}

static size_t port_count(const mote_model *m, size_t method, bool output) {
  return method < mote_model_method_count(m) ? m->backend->port_count(m->impl, method, output) : 0;
}
size_t mote_model_input_count(const mote_model *m, size_t method) { return port_count(m, method, false); }
size_t mote_model_output_count(const mote_model *m, size_t method) { return port_count(m, method, true); }

static bool get_port(const mote_model *m, size_t method, bool output, size_t index, mote_port *port) {
  if (port->struct_size != sizeof *port || index >= port_count(m, method, output))
    return false;
  mote_port_init(port);
  return m->backend->port(m->impl, method, output, index, port);
}
bool mote_model_input(const mote_model *m, size_t method, size_t index, mote_port *port) {
  return get_port(m, method, false, index, port);
}
bool mote_model_output(const mote_model *m, size_t method, size_t index, mote_port *port) {
  return get_port(m, method, true, index, port);
}

const char *mote_model_missing(const mote_model *m, size_t index) {
  return m->backend->missing != NULL ? m->backend->missing(m->impl, index) : NULL;
}

const char *mote_model_metadata(const mote_model *m, size_t index, const void **data, size_t *size) {
  return m->backend->metadata != NULL ? m->backend->metadata(m->impl, index, data, size) : NULL;
}

mote_status mote_model_describe(mote_model *m, mote_value **out_text, mote_error *error) {
  mote_error_begin(error);
  mote_text text;
  mote_text_init(&text, &m->context->al);
  mote_status status = m->backend->describe(m->impl, &text, error);
  if (status == MOTE_OK && text.failed)
    status = mote_fail_nomem(error);
  if (status == MOTE_OK)
    status = mote_value_string(m->context, text.len > 0 ? text.at : "", text.len, out_text, error);
  mote_text_destroy(&text);
  return status;
}
