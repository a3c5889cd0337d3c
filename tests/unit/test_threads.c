// Many threads over one model: sessions made, called and destroyed side by side share its packed weights and give the
// same bits, with threads of their own and with the caller's, while others look at the model or cancel. Run under
// ThreadSanitizer as well (scripts/test).
#include <pthread.h>
#include <stdatomic.h>

#include "support/caller_pool.h"
#include "support/fail_alloc.h"
#include "support/model_case.h"

enum { WORKERS = 4, ROUNDS = 6, RESULT_MAX = 8192 };

typedef struct shared {
  mote_context *context;
  mote_model *model;
  size_t input_bytes, result_bytes;
  mote_view in[2];
  size_t n_in;
  unsigned char result[RESULT_MAX];
} shared;

typedef struct worker {
  shared *s;
  uint32_t index;
  const char *failed;
  char message[200];
} worker;

// ------------------------------------------------------------------------------------------------ workers

static bool call(worker *w, mote_session *session) {
  shared *s = w->s;
  mote_value *in[2] = {NULL, NULL}, *out = NULL;
  mote_error error;
  mote_view view;
  mote_error_init(&error);
  mote_status status = MOTE_OK;
  for (size_t i = 0; i < s->n_in && status == MOTE_OK; i++)
    status = mote_value_tensor(s->context, &s->in[i], true, &in[i], &error);
  if (status == MOTE_OK)
    status = mote_session_call(session, NULL, in, s->n_in, &out, &error);
  if (status != MOTE_OK) {
    snprintf(w->message, sizeof w->message, "%s", mote_error_message(&error));
    w->failed = "a call";
  } else if (!mote_value_view(out, &view) || view.bytes < s->result_bytes ||
             memcmp(view.data, s->result, s->result_bytes) != 0) {
    w->failed = "the bits of a result";
  }
  mote_value_release(out);
  for (size_t i = 0; i < s->n_in; i++)
    mote_value_release(in[i]);
  return w->failed == NULL;
}

static void *work(void *arg) {
  worker *w = arg;
  static const uint32_t threads[] = {1, 2, 3, 7};
  static const mote_threads pool = {NULL, caller_pool};
  for (uint32_t round = 0; round < ROUNDS && w->failed == NULL; round++) {
    mote_session_options options;
    mote_session *session;
    mote_session_options_init(&options);
    options.threads = threads[(w->index + round) % 4];
    options.pool = (w->index + round) % 3 == 0 ? &pool : NULL;
    options.profile = round % 2;
    if (mote_session_create(w->s->model, &options, &session, NULL) != MOTE_OK) {
      w->failed = "a session";
      break;
    }
    for (int k = 0; k < 3 && call(w, session); k++)
      ;
    mote_session_destroy(session);
  }
  return NULL;
}

// Looks at everything of the model that a session does not own.
static void *look(void *arg) {
  worker *w = arg;
  const mote_model *m = w->s->model;
  for (int i = 0; i < 200; i++) {
    mote_port port;
    size_t method;
    mote_port_init(&port);
    if (!mote_model_find_method(m, NULL, &method) || !mote_model_input(m, method, 0, &port) ||
        mote_model_method_name(m, method) == NULL || mote_context_cpu(w->s->context) == NULL)
      w->failed = "looking at the model";
    mote_model_missing(m, 0);
  }
  return NULL;
}

static void open_shared(shared *s, const mote_allocator *al, const char *name, size_t n_in) {
  model_case m;
  model_case_open(&m, name, al, NULL);
  memset(s, 0, sizeof *s);
  s->context = m.context;
  s->model = m.model;
  s->n_in = n_in;
  mote_session_destroy(m.session);
}

static void give_input(shared *s, size_t i, int32_t rank, const int64_t *dim) {
  mote_view *v = &s->in[i];
  size_t count = 1;
  mote_view_init(v);
  v->dtype = MOTE_F32;
  v->rank = rank;
  for (int32_t d = 0; d < rank; d++)
    count *= (size_t)(v->dim[d] = dim[d]);
  v->bytes = count * sizeof(float);
  v->data = malloc(v->bytes);
  assert_non_null(v->data);
  model_case_fill(v, count);
}

// What one thread alone computes.
static void first_result(shared *s) {
  mote_session *session;
  mote_value *in[2] = {NULL, NULL}, *out = NULL;
  mote_view view;
  assert_int_equal(mote_session_create(s->model, NULL, &session, NULL), MOTE_OK);
  for (size_t i = 0; i < s->n_in; i++)
    assert_int_equal(mote_value_tensor(s->context, &s->in[i], true, &in[i], NULL), MOTE_OK);
  assert_int_equal(mote_session_call(session, NULL, in, s->n_in, &out, NULL), MOTE_OK);
  assert_true(mote_value_view(out, &view) && view.bytes <= RESULT_MAX && view.bytes > 0);
  s->result_bytes = view.bytes;
  memcpy(s->result, view.data, view.bytes);
  mote_value_release(out);
  for (size_t i = 0; i < s->n_in; i++)
    mote_value_release(in[i]);
  mote_session_destroy(session);
}

static void close_shared(shared *s) {
  for (size_t i = 0; i < s->n_in; i++)
    free(s->in[i].data);
  mote_model_destroy(s->model);
  mote_context_destroy(s->context);
}

static void all_at_once(shared *s) {
  pthread_t threads[WORKERS + 1];
  worker workers[WORKERS + 1];
  memset(workers, 0, sizeof workers);
  for (uint32_t i = 0; i <= WORKERS; i++) {
    workers[i].s = s;
    workers[i].index = i;
    assert_int_equal(pthread_create(&threads[i], NULL, i < WORKERS ? work : look, &workers[i]), 0);
  }
  for (uint32_t i = 0; i <= WORKERS; i++)
    pthread_join(threads[i], NULL);
  for (uint32_t i = 0; i <= WORKERS; i++)
    if (workers[i].failed != NULL)
      fail_msg("worker %u: %s: %s", i, workers[i].failed, workers[i].message);
}

typedef struct network {
  const char *model;
  size_t n_in;
  int32_t rank[2];
  int64_t dim[2][4];
  bool fresh; // nothing was packed before the threads start
} network;

static void threads_share_a_model(void **state) {
  const network *n = *state;
  fail_alloc fa;
  shared s;
  fail_alloc_init(&fa);
  open_shared(&s, &fa.allocator, n->model, n->n_in);
  for (size_t i = 0; i < n->n_in; i++)
    give_input(&s, i, n->rank[i], n->dim[i]);
  first_result(&s);
  shared again = s;
  if (n->fresh) { // the same file opened anew, so that the threads pack its weights side by side
    open_shared(&again, &fa.allocator, n->model, n->n_in);
    mote_model_destroy(s.model);
    mote_context_destroy(s.context);
    memcpy(again.in, s.in, sizeof s.in);
    memcpy(again.result, s.result, sizeof s.result);
    again.result_bytes = s.result_bytes;
  }
  all_at_once(&again);
  close_shared(&again);
  fail_alloc_no_leak(&fa);
}

// ------------------------------------------------------------------------------------------------ cancelling

typedef struct canceller {
  mote_session *session;
  atomic_bool done;
} canceller;

static void *cancel_until_done(void *arg) {
  canceller *c = arg;
  while (!atomic_load(&c->done))
    mote_session_cancel(c->session);
  return NULL;
}

// A loop of a program stops, wherever it is, and the session lives on.
static void a_program_is_cancelled(void **state) {
  (void)state;
#ifdef MOTE_WITH_TORCH
  model_case m;
  canceller c;
  pthread_t other;
  mote_value *n, *out = NULL;
  model_case_open(&m, "torch/language/model.pt", NULL, NULL);
  model_case_ok(&m, mote_value_int(m.context, 837799, &n, &m.error)); // 524 steps
  c.session = m.session;
  atomic_init(&c.done, false);
  assert_int_equal(pthread_create(&other, NULL, cancel_until_done, &c), 0);
  mote_status status = MOTE_OK;
  for (int i = 0; i < 20000 && status == MOTE_OK; i++) {
    status = mote_session_call(m.session, "collatz", &n, 1, &out, &m.error);
    if (status == MOTE_OK)
      mote_value_release(out);
  }
  atomic_store(&c.done, true);
  pthread_join(other, NULL);
  assert_int_equal(status, MOTE_ERR_CANCELLED);
  assert_non_null(strstr(mote_error_message(&m.error), "cancelled"));
  model_case_ok(&m, mote_session_call(m.session, "collatz", &n, 1, &out, &m.error));
  assert_int_equal(mote_value_as_int(out), 524);
  mote_value_release(out);
  mote_value_release(n);
  model_case_close(&m);
#endif
}

// Making sessions again and again takes nothing from the model that stays taken.
static void sessions_leave_nothing_behind(void **state) {
  (void)state;
#ifdef MOTE_WITH_TORCH
  fail_alloc fa;
  model_case m;
  fail_alloc_init(&fa);
  model_case_open(&m, "torch/cnn_quantised/model.pt", &fa.allocator, NULL);
  long before = 0;
  for (int i = 0; i < 300; i++) {
    mote_session *session;
    model_case_ok(&m, mote_session_create(m.model, NULL, &session, &m.error));
    mote_session_destroy(session);
    if (i == 0)
      before = atomic_load(&fa.live_bytes);
  }
  assert_int_equal(atomic_load(&fa.live_bytes), before);
  model_case_close(&m);
  fail_alloc_no_leak(&fa);
#endif
}

#ifdef MOTE_WITH_TORCH
static void *make_and_fail(void *arg) {
  worker *w = arg;
  for (int i = 0; i < 20 && w->failed == NULL; i++) {
    mote_session *session = NULL;
    mote_value *zero = NULL, *out = NULL;
    mote_error error;
    mote_error_init(&error);
    if (mote_session_create(w->s->model, NULL, &session, &error) != MOTE_OK ||
        mote_value_int(w->s->context, 0, &zero, &error) != MOTE_OK ||
        mote_session_call(session, "collatz", &zero, 1, &out, &error) != MOTE_ERR_RAISED ||
        mote_error_item(&error, 0) == NULL)
      w->failed = "raising";
    mote_value_release(zero);
    mote_session_destroy(session);
  }
  return NULL;
}
#endif

// Tracebacks are read from the file while other threads do the same.
static void threads_raise_side_by_side(void **state) {
  (void)state;
#ifdef MOTE_WITH_TORCH
  shared s;
  pthread_t threads[WORKERS];
  worker workers[WORKERS];
  memset(workers, 0, sizeof workers);
  open_shared(&s, NULL, "torch/language/model.pt", 0);
  for (uint32_t i = 0; i < WORKERS; i++) {
    workers[i].s = &s;
    assert_int_equal(pthread_create(&threads[i], NULL, make_and_fail, &workers[i]), 0);
  }
  for (uint32_t i = 0; i < WORKERS; i++)
    pthread_join(threads[i], NULL);
  for (uint32_t i = 0; i < WORKERS; i++)
    assert_null(workers[i].failed);
  close_shared(&s);
#endif
}

int main(void) {
  static const network networks[] = {
#ifdef MOTE_WITH_TFLITE
      {"tflite/cnn_any_batch/model.tflite", 1, {4}, {{4, 17, 15, 3}}, true},
      {"tflite/cnn_float16/model.tflite", 1, {4}, {{1, 17, 15, 3}}, false},
      {"tflite/mlp_dynamic/model.tflite", 1, {2}, {{3, 20}}, true},
#endif
#ifdef MOTE_WITH_TORCH
      {"torch/resnet_traced/model.pt", 1, {4}, {{1, 3, 29, 26}}, true},
      {"torch/cnn_quantised/model.pt", 1, {4}, {{1, 3, 12, 12}}, true},
      {"torch/cnn_lite/model.ptl", 1, {4}, {{1, 3, 17, 15}}, false},
#endif
  };
  enum { COUNT = sizeof networks / sizeof networks[0] };
  struct CMUnitTest tests[COUNT + 3];
  for (size_t i = 0; i < COUNT; i++)
    tests[i] =
        (struct CMUnitTest){networks[i].model, threads_share_a_model, NULL, NULL, (void *)(uintptr_t)&networks[i]};
  tests[COUNT] = (struct CMUnitTest)cmocka_unit_test(a_program_is_cancelled);
  tests[COUNT + 1] = (struct CMUnitTest)cmocka_unit_test(sessions_leave_nothing_behind);
  tests[COUNT + 2] = (struct CMUnitTest)cmocka_unit_test(threads_raise_side_by_side);
  return _cmocka_run_group_tests("threads", tests, COUNT + 3, NULL, NULL);
}
