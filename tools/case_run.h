// Runs the calls of a case on one session. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_CASE_RUN_H
#define MOTE_TOOLS_CASE_RUN_H

#include "case_file.h"

typedef struct case_env {
  mote_context *context;
  mote_model *model;
  mote_session *session;
} case_env;

// Tensors inside values, in order: lists and tuples by item, dicts by value. The list holds a reference to each, so
// that they stay when the container changes.
typedef struct leaf_list {
  mote_value **items;
  size_t count, room;
} leaf_list;
bool leaves_add(leaf_list *list, mote_value *value, int depth);
void leaves_free(leaf_list *list);
// Storage without elements is nobody's: whether it is shared means nothing.
bool tensor_empty(const mote_value *tensor);

typedef struct call_run {
  mote_value **inputs; // as the call left them
  leaf_list *leaves;   // the tensors that were in each input when the call began
  mote_value **before; // inputs as they were
  size_t input_count;
  mote_status status;
  note why;             // when status is not MOTE_OK
  mote_value *result;   // NULL when the call failed
  mote_value **outputs; // borrowed from the result, in the order of the case
  size_t output_count;
  bool tuple; // the method returned a plain tuple
} call_run;

// Runs the prelude's calls. False when an input cannot be read or a call fails.
bool case_prelude(const case_env *env, const case_file *c, note *why);
// Runs one call, `repeat` times. False when its inputs cannot be read; a call that fails is told by out->status.
// Release with call_end either way.
bool call_start(const case_env *env, const case_file *c, const case_call *call, call_run *out, note *why);
void call_end(call_run *run);

// A failure that PyTorch would raise as an exception, as against one of the file, of memory or of a bound.
bool call_raised(const case_env *env, mote_status status);

// The tensors that went in and those that came out.
bool leaves_of_call(const call_run *run, leaf_list *ins, leaf_list *outs);

// True when the call wrote into a tensor of input `index`. Lists and dicts do not count: the goldens come from Python,
// where a method gets copies of them.
bool input_changed(const call_run *run, size_t index);

#endif
