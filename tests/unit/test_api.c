// What the public functions say to wrong arguments, and values as a caller sees them.
#include "support/model_case.h"

static mote_context *context;
static mote_error error;

static int setup(void **state) {
  (void)state;
  mote_error_init(&error);
  return mote_context_create(NULL, &context, &error);
}
static int teardown(void **state) {
  (void)state;
  mote_context_destroy(context);
  return 0;
}

static void options_are_checked(void **state) {
  (void)state;
  mote_context_options options;
  mote_context *out = NULL;
  mote_context_options_init(&options);
  options.struct_size--;
  assert_int_equal(mote_context_create(&options, &out, &error), MOTE_ERR_ARGUMENT);
  mote_context_options_init(&options);
  options.cpu_cap = "abacus";
  assert_int_equal(mote_context_create(&options, &out, &error), MOTE_ERR_ARGUMENT);
  assert_non_null(strstr(mote_error_message(&error), "abacus"));
  assert_int_equal(mote_context_create(&options, &out, NULL), MOTE_ERR_ARGUMENT);
  assert_null(out);
  options.cpu_cap = "c";
  assert_int_equal(mote_context_create(&options, &out, &error), MOTE_OK);
  assert_string_equal(mote_error_message(&error), ""); // a call that succeeds forgets what was
  mote_context_destroy(out);
}

static void destroy_takes_null(void **state) {
  (void)state;
  mote_context_destroy(NULL);
  mote_model_destroy(NULL);
  mote_session_destroy(NULL);
  mote_value_release(NULL);
}

static void names_are_static(void **state) {
  (void)state;
  assert_string_equal(mote_version(), "0.1.0");
  assert_string_equal(mote_status_name(MOTE_ERR_SHAPE), "MOTE_ERR_SHAPE");
  assert_non_null(mote_status_name((mote_status)99));
  assert_string_equal(mote_dtype_name(MOTE_F32), "float32");
  assert_int_equal(mote_dtype_bits(MOTE_I4), 4);
  assert_int_equal(mote_dtype_bits(MOTE_STRING), 0);
  assert_non_null(mote_pass_name(0));
  assert_null(mote_pass_name(1000));
}

static void views_stay_inside_their_memory(void **state) {
  (void)state;
  float memory[6] = {1, 2, 3, 4, 5, 6};
  mote_value *value = NULL;
  mote_view view;
  mote_view_init(&view);
  view.dtype = MOTE_F32;
  view.rank = 2;
  view.dim[0] = 2;
  view.dim[1] = 3;
  view.data = memory;
  view.bytes = sizeof memory - 1;
  assert_int_equal(mote_value_tensor(context, &view, true, &value, &error), MOTE_ERR_ARGUMENT);
  view.bytes = sizeof memory;
  view.stride[0] = 4;
  view.stride[1] = 1;
  assert_int_equal(mote_value_tensor(context, &view, true, &value, &error), MOTE_ERR_ARGUMENT);
  view.stride[0] = -3;
  assert_int_equal(mote_value_tensor(context, &view, true, &value, &error), MOTE_ERR_SHAPE);
  view.stride[0] = INT64_MAX;
  assert_int_equal(mote_value_tensor(context, &view, true, &value, &error), MOTE_ERR_SHAPE);
  view.stride[0] = 1;
  view.stride[1] = 2;
  mote_view bad = view;
  bad.rank = MOTE_MAX_RANK + 1;
  assert_int_equal(mote_value_tensor(context, &bad, true, &value, &error), MOTE_ERR_ARGUMENT);
  bad = view;
  bad.dtype = MOTE_DTYPE_COUNT;
  assert_int_equal(mote_value_tensor(context, &bad, true, &value, &error), MOTE_ERR_ARGUMENT);
  bad = view;
  bad.struct_size = 8;
  assert_int_equal(mote_value_tensor(context, &bad, true, &value, &error), MOTE_ERR_ARGUMENT);
  bad = view;
  bad.quant.count = 3; // and no scales
  bad.quant.axis = 1;
  assert_int_equal(mote_value_tensor(context, &bad, true, &value, &error), MOTE_ERR_ARGUMENT);
  bad = view;
  bad.dim[0] = -1;
  assert_int_equal(mote_value_tensor(context, &bad, true, &value, &error), MOTE_ERR_SHAPE);
  assert_null(value);
  assert_int_equal(mote_value_tensor(context, &view, false, &value, &error), MOTE_OK);
  mote_view copy;
  assert_true(mote_value_view(value, &copy));
  assert_true(copy.data != memory && copy.stride[0] == 3 && ((float *)copy.data)[1] == 3);
  mote_value_release(value);
}

static void strings_of_a_tensor(void **state) {
  (void)state;
  mote_value *value, *number;
  mote_view view;
  size_t len;
  mote_view_init(&view);
  view.dtype = MOTE_STRING;
  view.rank = 1;
  view.dim[0] = 2;
  assert_int_equal(mote_value_tensor(context, &view, false, &value, &error), MOTE_OK);
  assert_int_equal(mote_value_set_string(value, 1, "a\0b", 3, &error), MOTE_OK);
  assert_int_equal(mote_value_set_string(value, 2, "x", 1, &error), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_value_set_string(value, -1, "x", 1, &error), MOTE_ERR_ARGUMENT);
  assert_memory_equal(mote_value_get_string(value, 1, &len), "a\0b", 3);
  assert_int_equal(len, 3);
  assert_string_equal(mote_value_get_string(value, 0, &len), "");
  assert_null(mote_value_get_string(value, 2, &len));
  mote_value_release(value);
  assert_int_equal(mote_value_int(context, 7, &number, &error), MOTE_OK);
  assert_int_equal(mote_value_set_string(number, 0, "x", 1, &error), MOTE_ERR_ARGUMENT);
  assert_null(mote_value_get_string(number, 0, NULL));
  assert_false(mote_value_view(number, &view));
  mote_value_release(number);
}

static void nested_values(void **state) {
  (void)state;
  mote_value *list, *dict, *key, *number, *tuple;
  assert_int_equal(mote_value_list(context, &list, &error), MOTE_OK);
  assert_int_equal(mote_value_dict(context, &dict, &error), MOTE_OK);
  assert_int_equal(mote_value_string(context, "k", 1, &key, &error), MOTE_OK);
  assert_int_equal(mote_value_int(context, 42, &number, &error), MOTE_OK);
  assert_int_equal(mote_value_put(dict, key, number, &error), MOTE_OK);
  assert_int_equal(mote_value_append(list, dict, &error), MOTE_OK);
  assert_int_equal(mote_value_append(dict, list, &error), MOTE_ERR_TYPE);
  assert_int_equal(mote_value_put(list, key, number, &error), MOTE_ERR_TYPE);
  assert_int_equal(mote_value_append(list, NULL, &error), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_value_put(dict, NULL, number, &error), MOTE_ERR_ARGUMENT);
  mote_value *items[2] = {list, NULL};
  assert_int_equal(mote_value_tuple(context, items, 2, &tuple, &error), MOTE_ERR_ARGUMENT);
  items[1] = number;
  assert_int_equal(mote_value_tuple(context, items, 2, &tuple, &error), MOTE_OK);
  mote_value_release(list);
  mote_value_release(dict);
  mote_value_release(key);
  mote_value_release(number);
  mote_value *inner = mote_value_item(mote_value_item(tuple, 0), 0);
  assert_int_equal(mote_value_kind(inner), MOTE_KIND_DICT);
  assert_int_equal(mote_value_as_int(mote_value_item(inner, 0)), 42);
  assert_string_equal(mote_value_as_string(mote_value_item_key(inner, 0), NULL), "k");
  assert_null(mote_value_item(tuple, 2));
  assert_null(mote_value_item_key(tuple, 0));
  assert_null(mote_value_field(tuple, 0));
  mote_value_release(tuple);
}

static void files_that_are_none(void **state) {
  (void)state;
  mote_model *model = NULL;
  assert_int_equal(mote_model_open(context, "/no/such/file", &model, &error), MOTE_ERR_IO);
  assert_int_equal(mote_model_open(context, NULL, &model, &error), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_model_from_memory(context, NULL, 0, "empty", &model, &error), MOTE_ERR_FORMAT);
  assert_int_equal(mote_model_from_memory(context, NULL, 9, NULL, &model, &error), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_model_from_memory(context, "no model at all", 15, "text", &model, &error), MOTE_ERR_FORMAT);
  assert_ptr_equal(strstr(mote_error_message(&error), "text"), mote_error_message(&error));
  assert_null(model);
}

#ifdef MOTE_WITH_TFLITE
static void calls_are_checked(void **state) {
  (void)state;
  model_case m;
  model_case_open(&m, "tflite/cnn_any_batch/model.tflite", NULL, NULL);
  model_case_inputs(&m, NULL, 1);
  mote_error *e = &m.error;
  mote_session_options options;
  mote_session *session = NULL;
  const char *unknown[] = {"no-such-pass", NULL};
  mote_session_options_init(&options);
  options.no_passes = unknown;
  assert_int_equal(mote_session_create(m.model, &options, &session, e), MOTE_ERR_ARGUMENT);
  mote_session_options_init(&options);
  options.struct_size = 1;
  assert_int_equal(mote_session_create(m.model, &options, &session, e), MOTE_ERR_ARGUMENT);
  mote_session_options_init(&options);
  options.threads = 100000;
  assert_int_equal(mote_session_create(m.model, &options, &session, e), MOTE_ERR_ARGUMENT);
  assert_int_equal(model_case_run(&m, "no such method"), MOTE_ERR_ARGUMENT);
  assert_non_null(mote_error_item(e, 0)); // the methods that there are
  assert_null(mote_error_item(e, 1000));
  assert_int_equal(mote_session_invoke(m.session, NULL, m.in, 0, m.out, m.n_out, e), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_session_invoke(m.session, NULL, m.in, m.n_in, m.out, 33, e), MOTE_ERR_LIMIT);
  m.out[0].struct_size = 0;
  assert_int_equal(mote_session_invoke(m.session, NULL, m.in, m.n_in, m.out, 1, e), MOTE_ERR_ARGUMENT);
  mote_view in = m.in[0];
  m.in[0].dtype = MOTE_I32;
  assert_int_equal(model_case_run(&m, NULL), MOTE_ERR_TYPE);
  m.in[0] = in;
  m.in[0].rank--;
  assert_int_equal(model_case_run(&m, NULL), MOTE_ERR_SHAPE);
  m.in[0] = in;
  m.in[0].bytes--;
  assert_int_equal(model_case_run(&m, NULL), MOTE_ERR_ARGUMENT);
  m.in[0] = in;
  mote_value *nothing = NULL, *result = NULL;
  assert_int_equal(mote_session_call(m.session, NULL, &nothing, 1, &result, e), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_value_none(m.context, &nothing, e), MOTE_OK);
  assert_int_equal(mote_session_call(m.session, NULL, &nothing, 1, &result, e), MOTE_ERR_TYPE);
  mote_value_release(nothing);
  float small;
  mote_view_init(&m.out[0]);
  m.out[0].data = &small;
  m.out[0].bytes = sizeof small;
  assert_int_equal(mote_session_invoke(m.session, NULL, m.in, m.n_in, m.out, 1, e), MOTE_ERR_ARGUMENT);
  model_case_ok(&m, model_case_run(&m, NULL)); // none of that spoiled the session
  mote_port port;
  mote_port_init(&port);
  assert_false(mote_model_input(m.model, 0, 99, &port));
  assert_false(mote_model_output(m.model, 99, 0, &port));
  port.struct_size = 1;
  assert_false(mote_model_input(m.model, 0, 0, &port));
  model_case_close(&m);
}
#endif

#ifdef MOTE_WITH_TORCH
// A program's result may be one of its weights, which lie in the mapped file: it stays readable, by itself or inside a
// container, after session and model are gone.
static void results_outlive_their_model(void **state) {
  (void)state;
  model_case m;
  mote_value *row, *result, *list;
  mote_view view;
  model_case_open(&m, "torch/own_weights/model.pt", NULL, NULL);
  model_case_ok(&m, mote_value_int(m.context, 2, &row, &m.error));
  model_case_ok(&m, mote_session_call(m.session, NULL, &row, 1, &result, &m.error));
  model_case_ok(&m, mote_value_list(m.context, &list, &m.error));
  mote_value *table = mote_value_retain(mote_value_item(result, 0));
  model_case_ok(&m, mote_value_append(list, mote_value_item(mote_value_item(result, 1), 0), &m.error));
  mote_session_destroy(m.session);
  mote_model_destroy(m.model);
  assert_int_equal(mote_value_kind(result), MOTE_KIND_TUPLE);
  mote_value_release(result);
  assert_true(mote_value_view(table, &view));
  assert_true(view.dim[0] == 3 && view.dim[1] == 1000 && ((float *)view.data)[2999] == 2999);
  mote_value_release(table);
  assert_true(mote_value_view(mote_value_item(list, 0), &view));
  assert_true(view.rank == 1 && ((float *)view.data)[0] == 4000);
  mote_value_release(list);
  mote_value_release(row);
  mote_context_destroy(m.context);
}

// Every kind of value goes in and comes out by a method's name; what does not fit is told with both types.
static void programs_take_and_give_values(void **state) {
  (void)state;
  model_case m;
  mote_value *n, *word, *out = NULL;
  model_case_open(&m, "torch/language/model.pt", NULL, NULL);
  model_case_ok(&m, mote_value_int(m.context, 27, &n, &m.error));
  model_case_ok(&m, mote_value_string(m.context, "many", 4, &word, &m.error));
  model_case_ok(&m, mote_session_call(m.session, "collatz", &n, 1, &out, &m.error));
  assert_true(mote_value_kind(out) == MOTE_KIND_INT && mote_value_as_int(out) == 111);
  mote_value_release(out);
  out = NULL;
  assert_int_equal(mote_session_call(m.session, "collatz", &word, 1, &out, &m.error), MOTE_ERR_TYPE);
  assert_non_null(strstr(mote_error_message(&m.error), "argument n takes int, got str"));
  assert_int_equal(mote_session_call(m.session, "collatz", NULL, 0, &out, &m.error), MOTE_ERR_ARGUMENT);
  mote_value *two[2] = {n, n};
  assert_int_equal(mote_session_call(m.session, "collatz", two, 2, &out, &m.error), MOTE_ERR_ARGUMENT);
  assert_int_equal(mote_session_call(m.session, "nothing", &n, 1, &out, &m.error), MOTE_ERR_ARGUMENT);
  assert_non_null(mote_error_item(&m.error, 3)); // the four methods that there are
  mote_value *zero;
  model_case_ok(&m, mote_value_int(m.context, 0, &zero, &m.error));
  assert_int_equal(mote_session_call(m.session, "collatz", &zero, 1, &out, &m.error), MOTE_ERR_RAISED);
  assert_non_null(strstr(mote_error_message(&m.error), "n must be positive"));
  assert_non_null(mote_error_item(&m.error, 0)); // where in the source
  assert_null(out);
  mote_value_release(zero);
  mote_value_release(word);
  mote_value_release(n);
  model_case_close(&m);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(destroy_takes_null),
      cmocka_unit_test(names_are_static),
      cmocka_unit_test(views_stay_inside_their_memory),
      cmocka_unit_test(strings_of_a_tensor),
      cmocka_unit_test(nested_values),
      cmocka_unit_test(files_that_are_none),
#ifdef MOTE_WITH_TFLITE
      cmocka_unit_test(calls_are_checked),
#endif
#ifdef MOTE_WITH_TORCH
      cmocka_unit_test(results_outlive_their_model),
      cmocka_unit_test(programs_take_and_give_values),
#endif
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
