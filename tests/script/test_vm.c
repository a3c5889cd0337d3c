// Limits of a running program: memory, instructions; and that all memory comes back.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"

#define MODEL MOTE_SOURCE_DIR "/tests/models/torch/hungry/model.pt"

static size_t live;

static void *count_alloc(void *ctx, size_t size, size_t align) {
  (void)ctx;
  live += size;
  return aligned_alloc(align, (size + align - 1) / align * align);
}
static void count_free(void *ctx, void *p, size_t size) {
  (void)ctx;
  live -= size;
  free(p);
}

// Calls a method with a number, within 32 MiB and 10,000 instructions.
static mote_status call(const char *method, int64_t n) {
  const mote_allocator al = {NULL, count_alloc, count_free};
  mote_context_options options;
  mote_context *context;
  mote_model *model;
  mote_session *session;
  mote_value *in, *out = NULL;
  mote_error error;
  mote_error_init(&error);
  mote_context_options_init(&options);
  options.allocator = &al;
  options.memory_limit = 32u << 20;
  options.step_limit = 10000;
  assert_int_equal(mote_context_create(&options, &context, &error), MOTE_OK);
  if (mote_model_open(context, MODEL, &model, &error) != MOTE_OK)
    fail_msg("%s", mote_error_message(&error));
  assert_int_equal(mote_session_create(model, NULL, &session, &error), MOTE_OK);
  assert_int_equal(mote_value_int(context, n, &in, &error), MOTE_OK);
  mote_status status = mote_session_call(session, method, &in, 1, &out, &error);
  if (status != MOTE_OK)
    assert_true(mote_error_message(&error)[0] != 0);
  mote_value_release(in);
  mote_session_destroy(session);
  if (status == MOTE_OK) // a result may outlive its session
    mote_value_release(out);
  mote_model_destroy(model);
  mote_context_destroy(context);
  assert_int_equal(live, 0);
  return status;
}

static void memory_is_bounded(void **state) {
  (void)state;
  assert_int_equal(call("text", 10), MOTE_OK);
  assert_int_equal(call("text", 100), MOTE_ERR_LIMIT);
  assert_int_equal(call("items", 10), MOTE_OK);
  assert_int_equal(call("items", 100), MOTE_ERR_LIMIT);
  assert_int_equal(call("tensors", 2), MOTE_OK);
  assert_int_equal(call("tensors", 100), MOTE_ERR_LIMIT);
}

static void instructions_are_bounded(void **state) {
  (void)state;
  assert_int_equal(call("forever", 0), MOTE_OK);
  assert_int_equal(call("forever", 1), MOTE_ERR_LIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(memory_is_bounded), cmocka_unit_test(instructions_are_bounded)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
