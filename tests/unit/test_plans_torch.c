// What recording promises: a traced network is one plan and then runs without the machine, a decoder's loop is a few
// plans whatever it decodes, and memory is known once the plan is made.
#include "support/fail_alloc.h"
#include "support/model_case.h"

static mote_value *tensor(model_case *m, mote_dtype dtype, int32_t rank, const int64_t *dim) {
  mote_value *v = NULL;
  mote_view view;
  mote_view_init(&view);
  view.dtype = dtype;
  view.rank = rank;
  memcpy(view.dim, dim, (size_t)rank * sizeof *dim);
  model_case_ok(m, mote_value_tensor(m->context, &view, false, &v, &m->error));
  assert_true(mote_value_view(v, &view));
  for (size_t i = 0; i < view.bytes / 4; i++)
    if (dtype == MOTE_F32)
      ((float *)view.data)[i] = (float)((int)(i * 37 % 41) - 20) / 20;
  return v;
}

static void a_traced_network_is_one_plan(void **state) {
  (void)state;
  model_case m;
  float first[5] = {0};
  model_case_open(&m, "torch/resnet_traced/model.pt", NULL, NULL);
  mote_value *x = tensor(&m, MOTE_F32, 4, (int64_t[]){1, 3, 29, 26});
  for (int i = 0; i < 4; i++) {
    mote_value *y = NULL;
    mote_view out;
    model_case_ok(&m, mote_session_call(m.session, NULL, &x, 1, &y, &m.error));
    assert_true(mote_value_view(y, &out) && out.bytes == sizeof first);
    if (i == 0)
      memcpy(first, out.data, sizeof first);
    assert_memory_equal(out.data, first, sizeof first);
    mote_value_release(y);
    assert_int_equal(model_case_stats(&m).plans, 1);
    assert_int_equal(model_case_stats(&m).plan_hits, i);
    assert_true((model_case_stats(&m).vm_instructions > 0) == (i == 0));
  }
  mote_value_release(x);
  model_case_close(&m);
}

// What a session notes of a value means nothing to another one, whether both live or one took the other's place.
static void a_value_goes_to_several_sessions(void **state) {
  (void)state;
  model_case m;
  float first[5];
  mote_view out;
  mote_session *second = NULL;
  model_case_open(&m, "torch/resnet_traced/model.pt", NULL, NULL);
  mote_value *x = tensor(&m, MOTE_F32, 4, (int64_t[]){1, 3, 29, 26}), *y = NULL;
  for (int i = 0; i < 4; i++) {
    bool own = i % 2 == 0;
    if (!own)
      model_case_ok(&m, mote_session_create(m.model, NULL, &second, &m.error));
    model_case_ok(&m, mote_session_call(own ? m.session : second, NULL, &x, 1, &y, &m.error));
    assert_true(mote_value_view(y, &out) && out.bytes == sizeof first);
    if (i == 0)
      memcpy(first, out.data, sizeof first);
    assert_memory_equal(out.data, first, sizeof first);
    mote_value_release(y);
    if (!own)
      mote_session_destroy(second);
  }
  mote_value_release(x);
  model_case_close(&m);
}

static void decode(model_case *m, int64_t first_token) {
  mote_value *in[2] = {tensor(m, MOTE_I64, 2, (int64_t[]){1, 9})}, *out = NULL;
  mote_view source;
  assert_true(mote_value_view(in[0], &source));
  for (int i = 0; i < 9; i++)
    ((int64_t *)source.data)[i] = (first_token + i) % 13;
  model_case_ok(m, mote_value_int(m->context, 24, &in[1], &m->error));
  model_case_ok(m, mote_session_call(m->session, NULL, in, 2, &out, &m->error));
  assert_int_equal(mote_value_count(mote_value_item(out, 0)), 24);
  mote_value_release(out);
  mote_value_release(in[0]);
  mote_value_release(in[1]);
}

static void a_greedy_decode_is_a_few_plans(void **state) {
  (void)state;
  model_case m;
  model_case_open(&m, "torch/attention_decode/model.pt", NULL, NULL);
  decode(&m, 1);
  mote_stats once = model_case_stats(&m);
  assert_true(once.plans <= 3 && once.plan_hits >= 24 - once.plans);
  decode(&m, 5); // other contents, the same plans
  assert_int_equal(model_case_stats(&m).plans, once.plans);
  model_case_close(&m);
}

// Once the plan is made, calls take no more than the figure says: beyond it there are the result and a call's own
// tables, far less than the arena.
#define CALL_TABLES 8192

static void memory_is_known_once_planned(void **state) {
  (void)state;
  fail_alloc fa;
  model_case m;
  fail_alloc_init(&fa);
  model_case_open(&m, "torch/resnet_traced/model.pt", &fa.allocator, NULL);
  mote_value *x = tensor(&m, MOTE_F32, 4, (int64_t[]){1, 3, 29, 26}), *y = NULL;
  model_case_ok(&m, mote_session_call(m.session, NULL, &x, 1, &y, &m.error));
  size_t arena = model_case_stats(&m).arena_bytes;
  mote_value_release(y);
  assert_true(arena > CALL_TABLES);
  for (int i = 0; i < 3; i++) {
    long before = atomic_load(&fa.live_bytes);
    atomic_store(&fa.peak_bytes, before);
    model_case_ok(&m, mote_session_call(m.session, NULL, &x, 1, &y, &m.error));
    mote_value_release(y);
    assert_true(atomic_load(&fa.peak_bytes) - before <= CALL_TABLES);
    assert_int_equal(atomic_load(&fa.live_bytes), before);
    assert_int_equal(model_case_stats(&m).arena_bytes, arena);
  }
  mote_value_release(x);
  model_case_close(&m);
  fail_alloc_no_leak(&fa);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_traced_network_is_one_plan),
      cmocka_unit_test(a_value_goes_to_several_sessions),
      cmocka_unit_test(a_greedy_decode_is_a_few_plans),
      cmocka_unit_test(memory_is_known_once_planned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
