// Every function of mote.h that may allocate, one by one, while each of its allocations fails once: it says
// MOTE_ERR_NOMEM and why, its objects stay usable, the same call then succeeds, and nothing leaks. Whole runs of models
// are in test_oom.c.
#include <stdio.h>

#include "support/fail_alloc.h"

typedef struct fixture {
  fail_alloc fa;
  mote_context *context;
  mote_model *model;
  mote_session *session;
  mote_value *a, *b; // what the call works on
  mote_value *out;   // what it made
  void *file;
  size_t file_size;
  mote_error error;
} fixture;

typedef struct call {
  const char *name;
  const char *model;              // NULL: none is opened
  void (*setup)(fixture *f);      // NULL: nothing; no allocation fails
  mote_status (*run)(fixture *f); // the call alone
} call;

static void ok(const fixture *f, mote_status status) {
  if (status != MOTE_OK)
    print_message("%s: %s\n", mote_status_name(status), mote_error_message(&f->error));
  assert_int_equal(status, MOTE_OK);
}

// Functions that give a pointer give NULL when memory is short.
static mote_status given(const void *p) { return p != NULL ? MOTE_OK : MOTE_ERR_NOMEM; }

// ------------------------------------------------------------------------------------------------ values

static mote_status make_none(fixture *f) { return mote_value_none(f->context, &f->out, &f->error); }
static mote_status make_bool(fixture *f) { return mote_value_bool(f->context, true, &f->out, &f->error); }
static mote_status make_int(fixture *f) { return mote_value_int(f->context, 7, &f->out, &f->error); }
static mote_status make_float(fixture *f) { return mote_value_float(f->context, 0.5, &f->out, &f->error); }
static mote_status make_complex(fixture *f) { return mote_value_complex(f->context, 1, 2, &f->out, &f->error); }
static mote_status make_string(fixture *f) { return mote_value_string(f->context, "text", 4, &f->out, &f->error); }
static mote_status make_list(fixture *f) { return mote_value_list(f->context, &f->out, &f->error); }
static mote_status make_dict(fixture *f) { return mote_value_dict(f->context, &f->out, &f->error); }

static void two_values(fixture *f) {
  ok(f, mote_value_string(f->context, "key", 3, &f->a, &f->error));
  ok(f, mote_value_int(f->context, 7, &f->b, &f->error));
}
static mote_status make_tuple(fixture *f) {
  mote_value *items[2] = {f->a, f->b};
  return mote_value_tuple(f->context, items, 2, &f->out, &f->error);
}

static void a_list(fixture *f) {
  ok(f, mote_value_list(f->context, &f->a, &f->error));
  ok(f, mote_value_int(f->context, 7, &f->b, &f->error));
}
static mote_status append(fixture *f) { // until the list has grown twice
  for (int i = 0; i < 20; i++) {
    size_t before = mote_value_count(f->a);
    mote_status status = mote_value_append(f->a, f->b, &f->error);
    assert_int_equal(mote_value_count(f->a), before + (status == MOTE_OK));
    if (status != MOTE_OK)
      return status;
  }
  return MOTE_OK;
}

static void a_dict(fixture *f) {
  ok(f, mote_value_dict(f->context, &f->a, &f->error));
  ok(f, mote_value_string(f->context, "x", 1, &f->b, &f->error));
}
static mote_status put(fixture *f) {
  for (int i = 0; i < 20; i++) {
    mote_value *key;
    long fail_at = f->fa.fail_at;
    f->fa.fail_at = 0; // the key is not what is tried
    long requests = atomic_load(&f->fa.requests);
    ok(f, mote_value_int(f->context, i, &key, NULL));
    atomic_store(&f->fa.requests, requests);
    f->fa.fail_at = fail_at;
    mote_status status = mote_value_put(f->a, key, f->b, &f->error);
    mote_value_release(key);
    if (status != MOTE_OK)
      return status;
  }
  assert_int_equal(mote_value_count(f->a), 20);
  return MOTE_OK;
}

static void a_filled_dict(fixture *f) {
  a_dict(f);
  ok(f, put(f));
}
static mote_status look_at_items(fixture *f) {
  for (size_t i = 0; i < 20; i++)
    if (mote_value_item(f->a, i) == NULL || mote_value_item_key(f->a, i) == NULL)
      return MOTE_ERR_NOMEM;
  assert_int_equal(mote_value_as_int(mote_value_item_key(f->a, 19)), 19);
  return MOTE_OK;
}

static mote_view vector(mote_dtype dtype, void *data, size_t bytes) {
  mote_view view;
  mote_view_init(&view);
  view.dtype = dtype;
  view.rank = 1;
  view.dim[0] = 3;
  view.data = data;
  view.bytes = bytes;
  return view;
}

static float three[3] = {1, 2, 3};

static mote_status make_tensor(fixture *f) {
  mote_view view = vector(MOTE_F32, NULL, 0);
  return mote_value_tensor(f->context, &view, false, &f->out, &f->error);
}
static mote_status copy_tensor(fixture *f) {
  mote_view view = vector(MOTE_F32, three, sizeof three);
  return mote_value_tensor(f->context, &view, false, &f->out, &f->error);
}
static mote_status borrow_tensor(fixture *f) {
  mote_view view = vector(MOTE_F32, three, sizeof three);
  return mote_value_tensor(f->context, &view, true, &f->out, &f->error);
}
static mote_status quantised_tensor(fixture *f) {
  static const double scales[3] = {1, 2, 3};
  mote_view view = vector(MOTE_QI8, NULL, 0);
  view.quant = (mote_quant){.scale = 1, .count = 3, .axis = 0, .scales = scales};
  return mote_value_tensor(f->context, &view, false, &f->out, &f->error);
}
static mote_status string_tensor(fixture *f) {
  mote_view view = vector(MOTE_STRING, NULL, 0);
  return mote_value_tensor(f->context, &view, false, &f->out, &f->error);
}

static void a_string_tensor(fixture *f) {
  ok(f, string_tensor(f));
  f->a = f->out;
  f->out = NULL;
}
static mote_status set_strings(fixture *f) {
  static char text[3000];
  memset(text, 'x', sizeof text);
  for (int64_t i = 0; i < 9; i++) {
    mote_status status = mote_value_set_string(f->a, i % 3, text, sizeof text, &f->error);
    if (status != MOTE_OK)
      return status;
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ context, model

static mote_status create_context(fixture *f) {
  mote_context *another = NULL;
  mote_context_options options;
  mote_context_options_init(&options);
  options.allocator = &f->fa.allocator;
  mote_status status = mote_context_create(&options, &another, &f->error);
  assert_true((status == MOTE_OK) == (another != NULL));
  mote_context_destroy(another);
  return status;
}

static void model_path(char *out, size_t size, const char *name) {
  snprintf(out, size, "%s/tests/models/%s", MOTE_SOURCE_DIR, name);
}

static mote_status open_model(fixture *f, const char *name) {
  char path[512];
  mote_model *model = NULL;
  model_path(path, sizeof path, name);
  mote_status status = mote_model_open(f->context, path, &model, &f->error);
  assert_true((status == MOTE_OK) == (model != NULL));
  mote_model_destroy(model);
  return status;
}

static void read_file(fixture *f, const char *name) {
  char path[512];
  model_path(path, sizeof path, name);
  FILE *in = fopen(path, "rb");
  assert_non_null(in);
  f->file = malloc(1 << 20);
  assert_non_null(f->file);
  f->file_size = fread(f->file, 1, 1 << 20, in);
  fclose(in);
}
static mote_status model_from_memory(fixture *f) {
  mote_model *model = NULL;
  mote_status status = mote_model_from_memory(f->context, f->file, f->file_size, "name", &model, &f->error);
  mote_model_destroy(model);
  return status;
}

static mote_status describe(fixture *f) { return mote_model_describe(f->model, &f->out, &f->error); }

// What only looks at a model needs no memory.
static mote_status look_at_model(fixture *f) {
  const void *data;
  size_t size, method;
  mote_port port;
  mote_port_init(&port);
  assert_true(mote_model_find_method(f->model, NULL, &method));
  assert_false(mote_model_find_method(f->model, "nothing of that name", &method));
  for (size_t m = 0; m < mote_model_method_count(f->model); m++) {
    assert_non_null(mote_model_method_name(f->model, m));
    for (size_t i = 0; i < mote_model_input_count(f->model, m); i++)
      assert_true(mote_model_input(f->model, m, i, &port));
    for (size_t i = 0; i < mote_model_output_count(f->model, m); i++)
      assert_true(mote_model_output(f->model, m, i, &port));
  }
  mote_model_metadata(f->model, 0, &data, &size);
  mote_model_missing(f->model, 0);
  assert_int_equal(atomic_load(&f->fa.requests), 0);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ sessions

static mote_status create_session(fixture *f) {
  const char *const without[] = {"layout", "fuse-pad", NULL};
  mote_session *another = NULL;
  mote_session_options options;
  mote_session_options_init(&options);
  options.threads = 3;
  options.no_passes = without;
  options.profile = true;
  mote_status status = mote_session_create(f->model, &options, &another, &f->error);
  assert_true((status == MOTE_OK) == (another != NULL));
  mote_session_destroy(another);
  return status;
}

static mote_value *floats(fixture *f, int32_t rank, const int64_t *dim) {
  mote_value *v = NULL;
  mote_view view;
  mote_view_init(&view);
  view.dtype = MOTE_F32;
  view.rank = rank;
  memcpy(view.dim, dim, (size_t)rank * sizeof *dim);
  ok(f, mote_value_tensor(f->context, &view, false, &v, &f->error));
  return v;
}
static void three_floats(fixture *f) { f->a = floats(f, 1, (int64_t[]){3}); }
static void twelve_floats(fixture *f) { f->a = floats(f, 2, (int64_t[]){3, 4}); }
static void mlp_floats(fixture *f) { f->a = floats(f, 2, (int64_t[]){3, 12}); }

static mote_status call_method(fixture *f, const char *method, mote_value *const *in, size_t n) {
  return mote_session_call(f->session, method, in, n, &f->out, &f->error);
}
static mote_status call_default(fixture *f) { return call_method(f, NULL, &f->a, 1); }
static mote_status call_count(fixture *f) { return call_method(f, "count", &f->a, 1); }
static mote_status call_views(fixture *f) { return call_method(f, "views", &f->a, 1); }
static mote_status call_again(fixture *f) {
  mote_value_release(f->out);
  f->out = NULL;
  return call_default(f);
}

static void planned(fixture *f) {
  mlp_floats(f);
  ok(f, call_default(f));
}

// forward(x: Tensor, names: List[str], options: Dict[str, float]) -> Tuple[Dict[str, Tensor], str]
static void language_inputs(fixture *f) {
  mote_value *x = floats(f, 1, (int64_t[]){4}), *names, *options, *name, *half;
  ok(f, mote_value_list(f->context, &names, &f->error));
  ok(f, mote_value_dict(f->context, &options, &f->error));
  ok(f, mote_value_float(f->context, 0.5, &half, &f->error));
  for (int i = 0; i < 3; i++) {
    ok(f, mote_value_string(f->context, &"abc"[i], 1, &name, &f -> error));
    ok(f, mote_value_append(names, name, &f->error));
    ok(f, mote_value_put(options, name, half, &f->error));
    mote_value_release(name);
  }
  mote_value *all[3] = {x, names, options};
  ok(f, mote_value_tuple(f->context, all, 3, &f->a, &f->error));
  mote_value_release(x);
  mote_value_release(names);
  mote_value_release(options);
  mote_value_release(half);
  for (size_t i = 0; i < 3; i++)
    assert_non_null(mote_value_item(f->a, i));
}
static mote_status call_language(fixture *f) {
  mote_value *in[3] = {mote_value_item(f->a, 0), mote_value_item(f->a, 1), mote_value_item(f->a, 2)};
  return call_method(f, "forward", in, 3);
}
static void language_result(fixture *f) {
  language_inputs(f);
  ok(f, call_language(f));
}
static mote_status look_at_result(fixture *f) {
  mote_value *found = mote_value_item(f->out, 0), *text = mote_value_item(f->out, 1);
  if (found == NULL || text == NULL)
    return MOTE_ERR_NOMEM;
  assert_int_equal(mote_value_kind(found), MOTE_KIND_DICT);
  assert_int_equal(mote_value_count(found), 3);
  assert_string_equal(mote_value_as_string(text, NULL), "a:4,b:4,c:4");
  return given(mote_value_item(found, 2));
}

static void an_int(fixture *f) { ok(f, mote_value_int(f->context, 27, &f->a, &f->error)); }
static mote_status call_collatz(fixture *f) {
  mote_status status = call_method(f, "collatz", &f->a, 1);
  if (status == MOTE_OK)
    assert_int_equal(mote_value_as_int(f->out), 111);
  return status;
}

static mote_status prepare(fixture *f) {
  mote_view view;
  assert_true(mote_value_view(f->a, &view));
  return mote_session_prepare(f->session, NULL, &view, 1, &f->error);
}
static mote_status invoke(fixture *f) {
  mote_view in, out;
  assert_true(mote_value_view(f->a, &in));
  mote_view_init(&out);
  return mote_session_invoke(f->session, NULL, &in, 1, &out, 1, &f->error);
}
static void prepared(fixture *f) {
  f->a = floats(f, 4, (int64_t[]){1, 17, 15, 3});
  ok(f, prepare(f));
}
static void invoked(fixture *f) {
  prepared(f);
  ok(f, invoke(f));
  mote_value_release(f->a);
  f->a = floats(f, 4, (int64_t[]){3, 17, 15, 3});
}
static void a_picture(fixture *f) { f->a = floats(f, 4, (int64_t[]){2, 17, 15, 3}); }

static void counted(fixture *f) {
  three_floats(f);
  ok(f, call_count(f));
}
static mote_status reset(fixture *f) { return mote_session_reset(f->session, &f->error); }
static void variable_changed(fixture *f) {
  three_floats(f);
  ok(f, call_default(f));
}

static void profiled(fixture *f) {
  mote_session_options options;
  mote_session_options_init(&options);
  options.profile = true;
  mote_session_destroy(f->session);
  ok(f, mote_session_create(f->model, &options, &f->session, &f->error));
  planned(f);
}
static mote_status look_at_session(fixture *f) {
  mote_stats stats;
  mote_profile_row row;
  mote_session_stats(f->session, &stats);
  size_t rows = 0;
  while (mote_session_profile(f->session, rows, &row))
    rows++;
  mote_session_cancel(f->session);
  assert_true(rows > 0 && stats.plans == 1);
  assert_int_equal(atomic_load(&f->fa.requests), 0);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ the list

#define GRAPH "tflite/cnn_any_batch/model.tflite"
#define VARIABLE "tflite/variable/model.tflite"
#define PROGRAM "torch/language/model.pt"
#define TRACED "torch/mlp_traced/model.pt"
#define LITE "torch/cnn_lite/model.ptl"

static void graph_file(fixture *f) { read_file(f, GRAPH); }
static void program_file(fixture *f) { read_file(f, PROGRAM); }
static void lite_file(fixture *f) { read_file(f, LITE); }
static mote_status open_graph(fixture *f) { return open_model(f, GRAPH); }
static mote_status open_program(fixture *f) { return open_model(f, PROGRAM); }

static const call calls[] = {
    {"value_none", NULL, NULL, make_none},
    {"value_bool", NULL, NULL, make_bool},
    {"value_int", NULL, NULL, make_int},
    {"value_float", NULL, NULL, make_float},
    {"value_complex", NULL, NULL, make_complex},
    {"value_string", NULL, NULL, make_string},
    {"value_list", NULL, NULL, make_list},
    {"value_dict", NULL, NULL, make_dict},
    {"value_tuple", NULL, two_values, make_tuple},
    {"value_append", NULL, a_list, append},
    {"value_put", NULL, a_dict, put},
    {"value_item, value_item_key", NULL, a_filled_dict, look_at_items},
    {"value_tensor, zeroed", NULL, NULL, make_tensor},
    {"value_tensor, copied", NULL, NULL, copy_tensor},
    {"value_tensor, borrowed", NULL, NULL, borrow_tensor},
    {"value_tensor, quantised", NULL, NULL, quantised_tensor},
    {"value_tensor, strings", NULL, NULL, string_tensor},
    {"value_set_string", NULL, a_string_tensor, set_strings},
    {"context_create", NULL, NULL, create_context},
#ifdef MOTE_WITH_TFLITE
    {"model_open, graph", NULL, NULL, open_graph},
    {"model_from_memory, graph", NULL, graph_file, model_from_memory},
    {"model_describe, graph", GRAPH, NULL, describe},
    {"looking at a graph", GRAPH, NULL, look_at_model},
    {"session_create, graph", GRAPH, NULL, create_session},
    {"session_call, graph", GRAPH, a_picture, call_default},
    {"session_prepare, graph", GRAPH, a_picture, prepare},
    {"session_invoke, graph", GRAPH, a_picture, invoke},
    {"session_invoke, prepared", GRAPH, prepared, invoke},
    {"session_invoke, another shape", GRAPH, invoked, invoke},
    {"session_reset, graph", VARIABLE, variable_changed, reset},
#endif
#ifdef MOTE_WITH_TORCH
    {"model_open, program", NULL, NULL, open_program},
    {"model_from_memory, program", NULL, program_file, model_from_memory},
    {"model_from_memory, lite", NULL, lite_file, model_from_memory},
    {"model_describe, program", PROGRAM, NULL, describe},
    {"model_describe, lite", LITE, NULL, describe},
    {"looking at a program", PROGRAM, NULL, look_at_model},
    {"session_create, program", PROGRAM, NULL, create_session},
    {"session_create, lite", LITE, NULL, create_session},
    {"session_call, values", PROGRAM, language_inputs, call_language},
    {"session_call, numbers", PROGRAM, an_int, call_collatz},
    {"session_call, attributes", PROGRAM, three_floats, call_count},
    {"session_call, views", PROGRAM, twelve_floats, call_views},
    {"session_call, traced", TRACED, mlp_floats, call_default},
    {"session_call, again", TRACED, planned, call_again},
    {"session_prepare, program", TRACED, mlp_floats, prepare},
    {"session_invoke, program", TRACED, mlp_floats, invoke},
    {"session_reset, program", PROGRAM, counted, reset},
    {"value_item of a result", PROGRAM, language_result, look_at_result},
    {"session_stats, session_profile, session_cancel", TRACED, profiled, look_at_session},
#endif
};

static void begin(fixture *f, const call *c) {
  char path[512];
  mote_context_options options;
  memset(f, 0, sizeof *f);
  fail_alloc_init(&f->fa);
  mote_error_init(&f->error);
  mote_context_options_init(&options);
  options.allocator = &f->fa.allocator;
  ok(f, mote_context_create(&options, &f->context, &f->error));
  if (c->model != NULL) {
    model_path(path, sizeof path, c->model);
    ok(f, mote_model_open(f->context, path, &f->model, &f->error));
    ok(f, mote_session_create(f->model, NULL, &f->session, &f->error));
  }
  if (c->setup != NULL)
    c->setup(f);
}

static void end(fixture *f) {
  mote_value_release(f->a);
  mote_value_release(f->b);
  mote_value_release(f->out);
  mote_session_destroy(f->session);
  mote_model_destroy(f->model);
  mote_context_destroy(f->context);
  free(f->file);
  fail_alloc_no_leak(&f->fa);
}

// True when a request failed, so that the next one is to be tried.
static bool fails_at(const call *c, long fail_at) {
  fixture f;
  begin(&f, c);
  fail_alloc_restart(&f.fa, fail_at);
  mote_status status = c->run(&f);
  bool failed = atomic_load(&f.fa.failed);
  fail_alloc_restart(&f.fa, 0);
  if (status != MOTE_OK) {
    if (status != MOTE_ERR_NOMEM || !failed)
      print_message("%s, request %ld: %s\n", c->name, fail_at, mote_error_message(&f.error));
    assert_true(failed);
    assert_int_equal(status, MOTE_ERR_NOMEM);
    assert_true(f.error.status == MOTE_OK || mote_error_message(&f.error)[0] != 0);
    ok(&f, c->run(&f));
  }
  end(&f);
  return failed;
}

static void each_allocation_may_fail(void **state) {
  for (long n = 1; fails_at(*state, n); n++)
    ;
}

int main(void) {
  enum { COUNT = sizeof calls / sizeof calls[0] };
  struct CMUnitTest tests[COUNT];
  for (size_t i = 0; i < COUNT; i++)
    tests[i] = (struct CMUnitTest){calls[i].name, each_allocation_may_fail, NULL, NULL, (void *)(uintptr_t)&calls[i]};
  return _cmocka_run_group_tests("oom of public calls", tests, COUNT, NULL, NULL);
}
