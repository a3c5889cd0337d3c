// Fuzz target: opens the input as a .tflite, plans its methods and runs them on zeros, all within small limits.
// Whatever the bytes are, the outcome is a status.
#include <stdlib.h>
#include <string.h>

#include "mote/mote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PORTS = 16, MAX_ELEMENTS = 4096, MAX_METHODS = 4 };

// The port's own shape with open dimensions at 2; false when it is no small plain tensor.
static bool make_input(const mote_port *port, mote_view *view, void *memory) {
  int64_t n = 1;
  mote_view_init(view);
  view->dtype = port->dtype;
  view->rank = port->rank;
  for (int32_t i = 0; i < port->rank; i++) {
    view->dim[i] = port->dim[i] < 0 ? 2 : port->dim[i];
    if (view->dim[i] > MAX_ELEMENTS || (n *= view->dim[i]) > MAX_ELEMENTS)
      return false;
  }
  for (int32_t i = port->rank - 1, stride = 1; i >= 0; i--) {
    view->stride[i] = stride;
    stride *= (int32_t)(view->dim[i] > 0 ? view->dim[i] : 1);
  }
  view->data = memory;
  view->bytes = ((size_t)n * mote_dtype_bits(port->dtype) + 7) / 8;
  return port->rank >= 0 && mote_dtype_bits(port->dtype) > 0;
}

static void run_method(mote_session *session, const mote_model *model, size_t method, void *memory) {
  mote_view in[MAX_PORTS], out[MAX_PORTS];
  size_t n_in = mote_model_input_count(model, method), n_out = mote_model_output_count(model, method);
  if (n_in > MAX_PORTS || n_out > MAX_PORTS)
    return;
  for (size_t i = 0; i < n_in; i++) {
    mote_port port;
    mote_port_init(&port);
    if (!mote_model_input(model, method, i, &port) || !make_input(&port, &in[i], memory))
      return;
  }
  for (size_t i = 0; i < n_out; i++)
    mote_view_init(&out[i]);
  mote_error error;
  mote_error_init(&error);
  if (mote_session_invoke(session, mote_model_method_name(model, method), in, n_in, out, n_out, &error) != MOTE_OK &&
      strlen(mote_error_message(&error)) == 0)
    abort(); // a refusal says why
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mote_context_options options;
  mote_context_options_init(&options);
  options.memory_limit = 64u << 20;
  mote_context *context = NULL;
  mote_model *model = NULL;
  mote_session *session = NULL;
  mote_error error;
  mote_error_init(&error);
  void *memory = calloc(MAX_ELEMENTS, 16);
  if (memory != NULL && mote_context_create(&options, &context, &error) == MOTE_OK &&
      mote_model_from_memory(context, data, size, "fuzz.tflite", &model, &error) == MOTE_OK &&
      mote_session_create(model, NULL, &session, &error) == MOTE_OK && mote_model_method_count(model) <= MAX_METHODS)
    for (size_t i = 0; i < mote_model_method_count(model); i++)
      run_method(session, model, i, memory);
  mote_session_destroy(session);
  mote_model_destroy(model);
  mote_context_destroy(context);
  free(memory);
  return 0;
}
