// Fuzz target: opens the input as a TorchScript file and calls its methods with small tensors and numbers, within small
// limits of memory and instructions. Whatever the bytes are, the outcome is a status.
#include <stdlib.h>
#include <string.h>

#include "mote/mote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PORTS = 8, MAX_METHODS = 4, STEPS = 100000 };

static mote_value *make_value(mote_context *context, const mote_port *port) {
  mote_value *v = NULL;
  mote_view view;
  if (port->kind == MOTE_KIND_TENSOR) {
    mote_view_init(&view);
    view.dtype = MOTE_F32;
    view.rank = 2;
    view.dim[0] = 2;
    view.dim[1] = 3;
    if (mote_value_tensor(context, &view, false, &v, NULL) != MOTE_OK)
      return NULL;
  } else if (port->kind == MOTE_KIND_STRING) {
    if (mote_value_string(context, "ab", 2, &v, NULL) != MOTE_OK)
      return NULL;
  } else if (mote_value_int(context, 3, &v, NULL) != MOTE_OK) {
    return NULL;
  }
  return v;
}

static void call_method(mote_context *context, mote_session *session, const mote_model *model, size_t method) {
  mote_value *in[MAX_PORTS] = {NULL}, *result = NULL;
  size_t n = mote_model_input_count(model, method);
  mote_error error;
  mote_error_init(&error);
  for (size_t i = 0; i < n && i < MAX_PORTS; i++) {
    mote_port port;
    mote_port_init(&port);
    if (mote_model_input(model, method, i, &port))
      in[i] = make_value(context, &port);
  }
  mote_status status = n > MAX_PORTS
                           ? MOTE_ERR_LIMIT
                           : mote_session_call(session, mote_model_method_name(model, method), in, n, &result, &error);
  if (status == MOTE_OK)
    mote_value_release(result);
  else if (n <= MAX_PORTS && strlen(mote_error_message(&error)) == 0)
    abort(); // a refusal says why
  for (size_t i = 0; i < MAX_PORTS; i++)
    mote_value_release(in[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mote_context_options options;
  mote_context_options_init(&options);
  options.memory_limit = 64u << 20;
  options.step_limit = STEPS;
  mote_context *context = NULL;
  mote_model *model = NULL;
  mote_session *session = NULL;
  if (mote_context_create(&options, &context, NULL) != MOTE_OK)
    return 0;
  if (mote_model_from_memory(context, data, size, "input", &model, NULL) == MOTE_OK &&
      mote_session_create(model, NULL, &session, NULL) == MOTE_OK)
    for (size_t m = 0; m < mote_model_method_count(model) && m < MAX_METHODS; m++)
      call_method(context, session, model, m);
  mote_session_destroy(session);
  mote_model_destroy(model);
  mote_context_destroy(context);
  return 0;
}
