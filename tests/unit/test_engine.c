// Plans, memory, threads, state and cancelling, seen through sessions on the models of tests/models/tflite.
#include <pthread.h>
#include <time.h>

#include "support/caller_pool.h"
#include "support/fail_alloc.h"
#include "support/model_case.h"

#ifdef MOTE_WITH_TFLITE

static const char *const networks[] = {"tflite/cnn_any_batch/model.tflite", "tflite/cnn_float16/model.tflite",
                                       "tflite/cnn_int8/model.tflite", "tflite/cnn_int16x8/model.tflite",
                                       "tflite/decoder_float32/model.tflite"};
#define NETWORKS (sizeof networks / sizeof networks[0])

static void same_shapes_find_their_plan(void **state) {
  (void)state;
  model_case m;
  model_case_open(&m, networks[0], NULL, NULL);
  static const int64_t batches[] = {2, 2, 3, 2, 3};
  static const uint64_t plans[] = {1, 1, 2, 2, 2}, hits[] = {0, 1, 1, 2, 3};
  for (size_t i = 0; i < 5; i++) {
    model_case_inputs(&m, NULL, batches[i]);
    model_case_ok(&m, model_case_run(&m, NULL));
    assert_int_equal(m.out[0].dim[0], batches[i]);
    assert_int_equal(model_case_stats(&m).plans, plans[i]);
    assert_int_equal(model_case_stats(&m).plan_hits, hits[i]);
  }
  model_case_close(&m);
}

static void each_batch_computes_the_same(void **state) {
  (void)state;
  model_case one, many;
  model_case_open(&one, networks[0], NULL, NULL);
  model_case_open(&many, networks[0], NULL, NULL);
  model_case_inputs(&one, NULL, 1);
  model_case_inputs(&many, NULL, 3);
  for (size_t k = 0; k < 3; k++) // three times the same picture
    memcpy((char *)many.in[0].data + k * one.in[0].bytes, one.in[0].data, one.in[0].bytes);
  model_case_ok(&one, model_case_run(&one, NULL));
  model_case_ok(&many, model_case_run(&many, NULL));
  for (size_t k = 0; k < 3; k++)
    assert_memory_equal((char *)many.out[0].data + k * one.out[0].bytes, one.out[0].data, one.out[0].bytes);
  model_case_close(&one);
  model_case_close(&many);
}

static void a_static_plan_allocates_nothing(void **state) {
  (void)state;
  for (size_t n = 0; n < NETWORKS; n++) {
    fail_alloc fa;
    model_case m;
    fail_alloc_init(&fa);
    model_case_open(&m, networks[n], &fa.allocator, NULL);
    model_case_inputs(&m, NULL, 2);
    model_case_ok(&m, model_case_run(&m, NULL));
    fail_alloc_restart(&fa, 0);
    model_case_ok(&m, model_case_run(&m, NULL));
    assert_int_equal(atomic_load(&fa.requests), 0);
    model_case_close(&m);
    fail_alloc_no_leak(&fa);
  }
}

// The figure after prepare is exact: the first run takes that much and not a byte more, with any number of threads.
// Each of its two blocks, arena and outputs, has its size in front.
static void memory_is_known_before_running(void **state) {
  (void)state;
  for (size_t n = 0; n < 3 * NETWORKS; n++) {
    fail_alloc fa;
    model_case m;
    mote_session_options options;
    mote_session_options_init(&options);
    options.threads = 1 + (uint32_t)(n / NETWORKS);
    fail_alloc_init(&fa);
    model_case_open(&m, networks[n % NETWORKS], &fa.allocator, &options);
    model_case_inputs(&m, NULL, 2);
    model_case_ok(&m, mote_session_prepare(m.session, NULL, m.in, m.n_in, &m.error));
    mote_stats prepared = model_case_stats(&m);
    long before = atomic_load(&fa.live_bytes);
    atomic_store(&fa.peak_bytes, before);
    fail_alloc_restart(&fa, 0);
    model_case_ok(&m, model_case_run(&m, NULL));
    long grown = atomic_load(&fa.live_bytes) - before, most = atomic_load(&fa.peak_bytes) - before;
    assert_int_equal(model_case_stats(&m).plans, 1);
    assert_int_equal(model_case_stats(&m).arena_bytes, prepared.arena_bytes);
    assert_int_equal(model_case_stats(&m).weights_bytes, prepared.weights_bytes);
    assert_true(atomic_load(&fa.requests) <= 2);
    assert_int_equal(grown, (long)prepared.arena_bytes + 64 * atomic_load(&fa.requests));
    assert_int_equal(most, grown);
    model_case_close(&m);
    fail_alloc_no_leak(&fa);
  }
}

// ------------------------------------------------------------------------------------------------ threads

static void threads_do_not_change_a_bit(void **state) {
  (void)state;
  int host_used = 0;
  mote_threads host = {&host_used, caller_pool};
  for (size_t n = 0; n < NETWORKS; n++) {
    char *first = NULL;
    for (uint32_t threads = 1; threads <= 4; threads++) {
      mote_session_options options;
      mote_session_options_init(&options);
      options.threads = threads < 4 ? threads : 3;
      options.pool = threads < 4 ? NULL : &host;
      model_case m;
      model_case_open(&m, networks[n], NULL, &options);
      model_case_inputs(&m, NULL, 2);
      model_case_ok(&m, model_case_run(&m, NULL));
      if (first == NULL) {
        first = malloc(m.out[0].bytes);
        assert_non_null(first);
        memcpy(first, m.out[0].data, m.out[0].bytes);
      }
      assert_memory_equal(first, m.out[0].data, m.out[0].bytes);
      model_case_close(&m);
    }
    free(first);
  }
  assert_true(host_used > 0);
}

static void *run_often(void *arg) {
  model_case *m = arg;
  for (int i = 0; i < 10; i++)
    if (model_case_run(m, NULL) != MOTE_OK)
      return m;
  return NULL;
}

static void sessions_share_packed_weights(void **state) {
  (void)state;
  model_case a, b;
  model_case_open(&a, networks[0], NULL, NULL);
  model_case_inputs(&a, NULL, 2);
  model_case_ok(&a, model_case_run(&a, NULL));
  size_t alone = model_case_stats(&a).weights_bytes;
  assert_true(alone > 0);
  b = a;
  memset(b.in, 0, sizeof b.in);
  model_case_ok(&b, mote_session_create(a.model, NULL, &b.session, &b.error));
  model_case_inputs(&b, NULL, 2);
  pthread_t other;
  assert_int_equal(pthread_create(&other, NULL, run_often, &b), 0);
  assert_null(run_often(&a));
  void *failed;
  pthread_join(other, &failed);
  assert_null(failed);
  assert_memory_equal(a.out[0].data, b.out[0].data, a.out[0].bytes);
  assert_int_equal(model_case_stats(&b).weights_bytes, alone);
  for (size_t i = 0; i < b.n_in; i++)
    free(b.in[i].data);
  mote_session_destroy(b.session);
  model_case_close(&a);
}

// ------------------------------------------------------------------------------------------------ control flow, state

// Results of a run in segments have no place in one plan; they stay readable until the next call all the same.
static void results_of_segments_stay(void **state) {
  (void)state;
  model_case m;
  model_case_open(&m, "tflite/if_then/model.tflite", NULL, NULL);
  size_t methods = mote_model_method_count(m.model);
  for (size_t k = 0; k < methods; k++) {
    const char *method = mote_model_method_name(m.model, k);
    model_case_inputs(&m, method, 2);
    for (int times = 0; times < 2; times++) {
      model_case_ok(&m, model_case_run(&m, method));
      float sum = 0;
      for (size_t i = 0; i < m.n_out; i++)
        for (size_t b = 0; b < m.out[i].bytes; b++)
          sum += ((const unsigned char *)m.out[i].data)[b];
      assert_true(sum >= 0);
    }
  }
  model_case_close(&m);
}

static void variables_last_until_reset(void **state) {
  (void)state;
  model_case m;
  float first[8], again[8];
  model_case_open(&m, "tflite/variable/model.tflite", NULL, NULL);
  model_case_inputs(&m, NULL, 2);
  model_case_ok(&m, model_case_run(&m, NULL));
  assert_true(m.out[0].bytes <= sizeof first);
  memcpy(first, m.out[0].data, m.out[0].bytes);
  model_case_ok(&m, model_case_run(&m, NULL));
  assert_memory_not_equal(first, m.out[0].data, m.out[0].bytes);
  model_case_ok(&m, mote_session_reset(m.session, &m.error));
  model_case_ok(&m, model_case_run(&m, NULL));
  memcpy(again, m.out[0].data, m.out[0].bytes);
  assert_memory_equal(first, again, m.out[0].bytes);
  model_case_close(&m);
}

typedef struct canceller {
  mote_session *session;
  atomic_bool done;
} canceller;

static void *cancel_until_done(void *arg) {
  canceller *c = arg;
  struct timespec pause = {0, 1000000};
  while (!atomic_load(&c->done)) {
    mote_session_cancel(c->session);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

static void another_thread_cancels(void **state) {
  (void)state;
  model_case m;
  model_case_open(&m, networks[0], NULL, NULL);
  model_case_inputs(&m, NULL, 64);
  canceller c = {.session = m.session};
  atomic_init(&c.done, false);
  pthread_t other;
  assert_int_equal(pthread_create(&other, NULL, cancel_until_done, &c), 0);
  mote_status status = MOTE_OK;
  for (int i = 0; i < 2000 && status == MOTE_OK; i++)
    status = model_case_run(&m, NULL);
  atomic_store(&c.done, true);
  pthread_join(other, NULL);
  assert_int_equal(status, MOTE_ERR_CANCELLED);
  model_case_ok(&m, model_case_run(&m, NULL)); // and the session lives on
  model_case_close(&m);
}

// ------------------------------------------------------------------------------------------------ passes

// Leaving passes out changes the steps, not what they compute: the last bits of sums alone.
static void passes_keep_the_result(void **state) {
  (void)state;
  for (size_t n = 0; n < NETWORKS; n++) {
    model_case with;
    model_case_open(&with, networks[n], NULL, NULL);
    model_case_inputs(&with, NULL, 2);
    model_case_ok(&with, model_case_run(&with, NULL));
    for (size_t p = 0; mote_pass_name(p) != NULL; p++) {
      const char *names[] = {mote_pass_name(p), NULL};
      mote_session_options options;
      mote_session_options_init(&options);
      options.no_passes = names;
      model_case without;
      model_case_open(&without, networks[n], NULL, &options);
      model_case_inputs(&without, NULL, 2);
      model_case_ok(&without, model_case_run(&without, NULL));
      assert_int_equal(with.out[0].bytes, without.out[0].bytes);
      if (with.out[0].dtype == MOTE_F32)
        for (size_t i = 0; i < with.out[0].bytes / sizeof(float); i++)
          assert_float_equal(((float *)with.out[0].data)[i], ((float *)without.out[0].data)[i], 1e-4f);
      else
        assert_memory_equal(with.out[0].data, without.out[0].data, with.out[0].bytes);
      model_case_close(&without);
    }
    model_case_close(&with);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_shapes_find_their_plan),     cmocka_unit_test(each_batch_computes_the_same),
      cmocka_unit_test(a_static_plan_allocates_nothing), cmocka_unit_test(memory_is_known_before_running),
      cmocka_unit_test(threads_do_not_change_a_bit),     cmocka_unit_test(sessions_share_packed_weights),
      cmocka_unit_test(results_of_segments_stay),        cmocka_unit_test(variables_last_until_reset),
      cmocka_unit_test(another_thread_cancels),          cmocka_unit_test(passes_keep_the_result),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) { return 0; }
#endif
