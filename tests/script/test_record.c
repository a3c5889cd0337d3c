// The recorder: the same results in every mode, one plan for a traced net, and no machine at all on its second call.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"

#define MODEL MOTE_SOURCE_DIR "/tests/models/torch/cnn_traced/model.pt"

typedef struct fixture {
  mote_context *context;
  mote_model *model;
  mote_session *session;
} fixture;

static void open_model(fixture *f, mote_record record) {
  mote_session_options options;
  mote_error error;
  mote_error_init(&error);
  mote_session_options_init(&options);
  options.record = record;
  assert_int_equal(mote_context_create(NULL, &f->context, NULL), MOTE_OK);
  if (mote_model_open(f->context, MODEL, &f->model, &error) != MOTE_OK)
    fail_msg("%s", mote_error_message(&error));
  assert_int_equal(mote_session_create(f->model, &options, &f->session, &error), MOTE_OK);
}

static void close_model(fixture *f) {
  mote_session_destroy(f->session);
  mote_model_destroy(f->model);
  mote_context_destroy(f->context);
}

// Rows and columns as the model's own case has them: 1 x 3 x 17 x n.
static mote_value *call(fixture *f, float seed, int64_t n) {
  mote_view view;
  mote_value *in, *out;
  mote_error error;
  mote_error_init(&error);
  mote_view_init(&view);
  view.dtype = MOTE_F32;
  view.rank = 4;
  view.dim[0] = 1;
  view.dim[1] = 3;
  view.dim[2] = 17;
  view.dim[3] = n;
  assert_int_equal(mote_value_tensor(f->context, &view, false, &in, NULL), MOTE_OK);
  assert_true(mote_value_view(in, &view));
  for (int64_t i = 0; i < 3 * 17 * n; i++)
    ((float *)view.data)[i] = seed * (float)(i % 17) - 1;
  if (mote_session_call(f->session, NULL, &in, 1, &out, &error) != MOTE_OK)
    fail_msg("%s", mote_error_message(&error));
  mote_value_release(in);
  return out;
}

static float first_of(mote_value *v) {
  mote_view view;
  mote_view_init(&view);
  assert_true(mote_value_view(v, &view));
  return *(const float *)view.data;
}

static void a_second_call_skips_the_machine(void **state) {
  (void)state;
  fixture f;
  mote_stats stats;
  open_model(&f, MOTE_RECORD_ON);
  mote_value *a = call(&f, 0.25f, 15), *b = call(&f, 0.5f, 15), *c = call(&f, 0.25f, 15);
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  mote_session_stats(f.session, &stats);
  assert_int_equal(stats.plans, 1);
  assert_int_equal(stats.vm_instructions, 0);
  assert_true(first_of(a) == first_of(c));
  assert_true(first_of(a) != first_of(b)); // results of earlier calls keep their memory
  mote_value_release(a);
  mote_value_release(b);
  mote_value_release(c);
  close_model(&f);
}

static void all_modes_agree(void **state) {
  (void)state;
  float first[3];
  for (int mode = 0; mode < 3; mode++) {
    fixture f;
    open_model(&f, (mote_record)mode);
    mote_value *v = call(&f, 0.125f, 15);
    first[mode] = first_of(v);
    mote_value_release(v);
    close_model(&f);
  }
  assert_true(first[0] - first[1] < 1e-5f && first[1] - first[0] < 1e-5f);
  assert_true(first[0] - first[2] < 1e-5f && first[2] - first[0] < 1e-5f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_second_call_skips_the_machine),
                                     cmocka_unit_test(all_modes_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
