// What the files of src/api share: the structs behind the public handles. Nothing outside src/api includes this.
#ifndef MOTE_API_IMPL_H
#define MOTE_API_IMPL_H

#include <stdatomic.h>

#include "base/cpu.h"
#include "base/prim.h"
#include "base/text.h"
#include "core/value/value.h"
#include "engine/engine.h"

struct mote_context {
  mote_allocator al;
  mote_cpu cpu;
  char cpu_text[160];
  void (*log)(void *log_ctx, const char *line);
  void *log_ctx;
  size_t memory_limit;
  uint64_t step_limit;
};

// A reference to a value for the outside. Boxes of a container's items belong to the container's box.
struct mote_value {
  mote_context *context;
  mote_model *model; // whose file the value may lie in, kept alive; NULL: none
  mote_val v;
  uint32_t refs;
  mote_value **items; // boxes given out for items, [n_items]; NULL where none was asked for
  size_t n_items;
};

// What a kind of model file implements. `impl` is its model, `state` its session.
typedef struct mote_backend {
  size_t (*method_count)(const void *impl);
  const char *(*method_name)(const void *impl, size_t method);
  const char *default_method; // NULL: method 0
  size_t (*port_count)(const void *impl, size_t method, bool output);
  bool (*port)(const void *impl, size_t method, bool output, size_t index, mote_port *port);
  const char *(*missing)(const void *impl, size_t index);
  const char *(*metadata)(const void *impl, size_t index, const void **data, size_t *size);
  mote_status (*describe)(void *impl, struct mote_text *text, mote_error *err);
  void (*destroy)(void *impl);
  mote_status (*session)(mote_session *session, void **state, mote_error *err);
  void (*session_destroy)(void *state);
  // `result` gets one reference.
  mote_status (*call)(void *state, size_t method, const mote_val *in, size_t count, mote_val *result, mote_error *err);
  // Tensors to tensors; may be NULL: `call` is used.
  mote_status (*invoke)(void *state, size_t method, const mote_tensor *in, size_t n_in, mote_engine_out *out,
                        size_t n_out, mote_error *err);
  mote_status (*prepare)(void *state, size_t method, const mote_tensor *in, size_t n_in, mote_error *err);
  mote_status (*reset)(void *state, mote_error *err);
  void (*cancel)(void *state);                    // beside the engine's; from any thread; may be NULL
  uint64_t (*vm_instructions)(const void *state); // of the last call; may be NULL
} mote_backend;

struct mote_model {
  mote_context *context;
  atomic_uint refs; // the caller's and one a session
  const mote_backend *backend;
  void *impl;
  mote_format format;
  mote_file file;
  char *name;
  mote_weights *weights;
};

struct mote_session {
  mote_meter *meter; // of what its engine and programs hold
  mote_model *model;
  mote_engine *engine;
  void *state;
  mote_session_options options;
  char **no_passes; // copies, NULL terminated
  mote_value *kept; // result of the last invoke that went through values
};

mote_status mote_value_box(mote_context *context, mote_val v, mote_value **out, mote_error *err); // takes v's reference
// `box` came out of a call, or holds what did: its model stays as long. One model is enough for a container.
void mote_value_keep(mote_value *box, mote_model *model);
void mote_error_begin(mote_error *err); // forgets what an earlier call left
// View <-> tensor; checks struct_size, dtype, rank, dims, and that strides stay inside `bytes`.
mote_status mote_view_to_tensor(const mote_view *view, bool need_data, mote_tensor *out, mote_error *err);
void mote_tensor_to_view(const mote_tensor *t, size_t bytes, mote_view *view);

// A string tensor's memory: references and the bytes they point to live and die together.
mote_status mote_strings_new(const mote_allocator *al, int64_t count, mote_storage **out, mote_error *err);
mote_status mote_strings_put(mote_storage *s, int64_t index, const char *text, size_t len, mote_error *err);

extern const mote_backend mote_tflite_backend;
extern const mote_backend mote_torch_backend;
// Opens the file of `model` (already mapped) with each kind.
mote_status mote_tflite_open(mote_model *model, mote_span bytes, mote_error *err);
mote_status mote_torch_open(mote_model *model, mote_span bytes, mote_error *err);

#endif
