// Opening, planning and running own models while each of their allocations fails once: every failure is a clean
// MOTE_ERR_NOMEM or done without, nothing leaks, and the run without a failure succeeds.
#include <stdio.h>

#include "support/fail_alloc.h"

typedef struct input {
  mote_dtype dtype; // MOTE_NONE: the integer `value`
  int32_t rank;
  int64_t dim[4];
  int64_t value;
} input;

typedef struct target {
  const char *model;
  size_t n;
  input in[2];
} target;

static const target targets[] = {
    {"tflite/cnn_any_batch/model.tflite", 1, {{MOTE_F32, 4, {2, 17, 15, 3}}}},
    {"tflite/cnn_float16/model.tflite", 1, {{MOTE_F32, 4, {1, 17, 15, 3}}}},
    {"tflite/cnn_int8/model.tflite", 1, {{MOTE_I8, 4, {1, 17, 15, 3}}}},
    {"tflite/cnn_int16x8/model.tflite", 1, {{MOTE_I16, 4, {1, 17, 15, 3}}}},
    {"tflite/mlp_dynamic/model.tflite", 1, {{MOTE_F32, 2, {3, 20}}}},
    {"tflite/decoder_float32/model.tflite", 1, {{MOTE_F32, 4, {1, 8, 7, 4}}}},
    {"tflite/while_loop/model.tflite", 2, {{MOTE_F32, 1, {3}}, {MOTE_F32, 1, {3}}}},
    {"tflite/variable/model.tflite", 1, {{MOTE_F32, 1, {3}}}},
    {"torch/cnn_traced/model.pt", 1, {{MOTE_F32, 4, {1, 3, 17, 15}}}},
    {"torch/cnn_quantised/model.pt", 1, {{MOTE_F32, 4, {1, 3, 12, 12}}}},
    {"torch/cnn_lite/model.ptl", 1, {{MOTE_F32, 4, {1, 3, 17, 15}}}},
    {"torch/mlp_traced/model.pt", 1, {{MOTE_F32, 2, {3, 12}}}},
    {"torch/greedy_decode/model.pt", 2, {{MOTE_F32, 2, {1, 8}}, {MOTE_NONE, 0, {0}, 3}}},
};

static mote_status make_input(mote_context *context, const input *in, mote_value **out, mote_error *error) {
  if (in->dtype == MOTE_NONE)
    return mote_value_int(context, in->value, out, error);
  mote_view view;
  mote_view_init(&view);
  view.dtype = in->dtype;
  view.rank = in->rank;
  memcpy(view.dim, in->dim, sizeof in->dim);
  return mote_value_tensor(context, &view, false, out, error);
}

static mote_status call_twice(mote_session *session, mote_value **in, size_t n, mote_error *error) {
  mote_status status = MOTE_OK;
  for (int k = 0; k < 2 && status == MOTE_OK; k++) {
    mote_value *result = NULL;
    status = mote_session_call(session, NULL, in, n, &result, error);
    mote_value_release(result);
  }
  return status;
}

static mote_status work(const mote_allocator *allocator, const target *t, mote_error *error) {
  char path[512];
  mote_context_options options;
  mote_context *context = NULL;
  mote_model *model = NULL;
  mote_session *session = NULL;
  mote_value *in[2] = {NULL, NULL};
  snprintf(path, sizeof path, "%s/tests/models/%s", MOTE_SOURCE_DIR, t->model);
  mote_context_options_init(&options);
  options.allocator = allocator;
  mote_status status = mote_context_create(&options, &context, error);
  if (status == MOTE_OK)
    status = mote_model_open(context, path, &model, error);
  if (status == MOTE_OK)
    status = mote_session_create(model, NULL, &session, error);
  for (size_t i = 0; i < t->n && status == MOTE_OK; i++)
    status = make_input(context, &t->in[i], &in[i], error);
  if (status == MOTE_OK)
    status = call_twice(session, in, t->n, error);
  for (size_t i = 0; i < 2; i++)
    mote_value_release(in[i]);
  mote_session_destroy(session);
  mote_model_destroy(model);
  mote_context_destroy(context);
  return status;
}

static void check(fail_alloc *fa, const target *t, long fail_at) {
  mote_error error;
  mote_error_init(&error);
  fail_alloc_restart(fa, fail_at);
  mote_status status = work(&fa->allocator, t, &error);
  if (status != MOTE_OK && status != MOTE_ERR_NOMEM)
    print_message("%s, request %ld: %s\n", t->model, fail_at, mote_error_message(&error));
  fail_alloc_check(fa, status);
}

// A run that makes at most MOST requests has each of them fail; of a longer one every k-th fails, the same ones each
// time, from the first to the last, so that the whole suite stays under a minute with sanitizers.
#define MOST 700

static void every_allocation_may_fail(void **state) {
  const target *t = *state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  check(&fa, t, 0);
  long requests = atomic_load(&fa.requests), step = requests / MOST + 1;
  for (long k = 1; k <= requests; k += step)
    check(&fa, t, k);
  if (step > 1)
    print_message("%s: every %ld. of %ld requests\n", t->model, step, requests);
}

int main(void) {
  struct CMUnitTest tests[sizeof targets / sizeof targets[0]];
  size_t n = 0;
  for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
#ifndef MOTE_WITH_TORCH
    if (strncmp(targets[i].model, "torch/", 6) == 0)
      continue;
#endif
#ifndef MOTE_WITH_TFLITE
    if (strncmp(targets[i].model, "tflite/", 7) == 0)
      continue;
#endif
    tests[n++] = (struct CMUnitTest){targets[i].model, every_allocation_may_fail, NULL, NULL, (void *)&targets[i]};
  }
  return _cmocka_run_group_tests("oom", tests, n, NULL, NULL);
}
