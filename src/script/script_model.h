// A TorchScript file and its sessions, as the public interface uses them. Implemented in src/formats/torch, because the
// container decides what a program is made of. A model is constant and shared by threads; a session belongs to one.
// Tests: tests/models/torch, tests/unit/test_plans_torch.c
#ifndef MOTE_SCRIPT_SCRIPT_MODEL_H
#define MOTE_SCRIPT_SCRIPT_MODEL_H

#include "base/span.h"
#include "base/text.h"
#include "core/value/value.h"
#include "engine/engine.h"

typedef struct mote_script_model mote_script_model;
typedef struct mote_script_session mote_script_session;

// ------------------------------------------------------------------------------------------------ model

// `bytes` stay with the caller until destroy; `name` is copied and used in messages. memory_limit 0: 4 GiB.
mote_status mote_script_open(const mote_allocator *al, mote_span bytes, const char *name, size_t memory_limit,
                             mote_script_model **out, mote_error *err) MOTE_MUST_USE;
void mote_script_destroy(mote_script_model *model); // after all its sessions; NULL is fine
mote_format mote_script_format(const mote_script_model *model);

size_t mote_script_method_count(const mote_script_model *model);
const char *mote_script_method_name(const mote_script_model *model, size_t method);
// Parameters without self, and the result.
size_t mote_script_input_count(const mote_script_model *model, size_t method);
bool mote_script_input(const mote_script_model *model, size_t method, size_t index, mote_port *port);
bool mote_script_output(const mote_script_model *model, size_t method, mote_port *port);
const char *mote_script_missing(const mote_script_model *model, size_t index); // NULL past the end
// Records under extra/, NULL past the end.
const char *mote_script_metadata(const mote_script_model *model, size_t index, const void **data, size_t *size);
mote_status mote_script_describe(const mote_script_model *model, mote_text *out, mote_error *err) MOTE_MUST_USE;

// ------------------------------------------------------------------------------------------------ session

typedef struct mote_script_config {
  const mote_allocator *al;
  mote_engine *engine; // not owned; one thread at a time, this session's own
  mote_record record;
  void (*log)(void *ctx, const char *line); // print and warnings; NULL: silent
  void *log_ctx;
  uint64_t step_limit; // 0: 2^40
  size_t memory_limit; // 0: 4 GiB
} mote_script_config;

mote_status mote_script_session_create(mote_script_model *model, const mote_script_config *config,
                                       mote_script_session **out, mote_error *err) MOTE_MUST_USE;
void mote_script_session_destroy(mote_script_session *session); // before its engine; NULL is fine
// Attributes as the file holds them.
mote_status mote_script_session_reset(mote_script_session *session, mote_error *err) MOTE_MUST_USE;
void mote_script_session_cancel(mote_script_session *session); // from any thread
// Calls a method with values for its parameters (retained while it runs); *result gets one reference.
mote_status mote_script_call(mote_script_session *session, size_t method, const mote_val *args, size_t n,
                             mote_val *result, mote_error *err) MOTE_MUST_USE;
uint64_t mote_script_instructions(const mote_script_session *session); // of the last call

#endif
