// Tests of the .tflite reader: files cut short and with bytes changed are refused or run, never more; names and
// messages.
#include "support/fail_alloc.h"

#include <stdio.h>

#include "base/prim.h"
#include "formats/tflite/tflite_model.h"

static const char *const seeds[] = {"conv2d_f32_0", "conv2d_i8_0", "densify_csr_float32", "equal_string",
                                    "concat_f32_const_empty"};

static mote_file seed(const char *name) {
  char path[512];
  mote_file file;
  snprintf(path, sizeof path, "%s/fuzz/corpus/tflite/%s.tflite", MOTE_SOURCE_DIR, name);
  assert_int_equal(mote_file_open(mote_prim_allocator(), path, &file, NULL), MOTE_OK);
  return file;
}

static mote_status parse(const void *data, size_t size, mote_error *error) {
  mote_tflite_model *model = NULL;
  mote_error_init(error);
  mote_status status = mote_tflite_parse(mote_prim_allocator(), (mote_span){data, size}, 1u << 24, &model, error);
  mote_tflite_destroy(model);
  return status;
}

static void whole_files_open(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
    mote_file f = seed(seeds[i]);
    mote_error error;
    assert_true(mote_tflite_is(f.bytes));
    assert_int_equal(parse(f.bytes.data, f.bytes.size, &error), MOTE_OK);
    mote_file_close(&f);
  }
}

// A buffer of exactly the cut's size, so that a sanitizer sees a read past it.
static void every_cut_is_refused_or_fine(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
    mote_file f = seed(seeds[i]);
    for (size_t n = 0; n < f.bytes.size; n++) {
      uint8_t *copy = malloc(n + (n == 0));
      mote_error error;
      memcpy(copy, f.bytes.data, n);
      if (parse(copy, n, &error) != MOTE_OK)
        assert_true(strlen(mote_error_message(&error)) > 0);
      free(copy);
    }
    mote_file_close(&f);
  }
}

static void every_changed_byte_is_refused_or_fine(void **state) {
  (void)state;
  static const uint8_t values[] = {0x00, 0x7f, 0x80, 0xff};
  for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
    mote_file f = seed(seeds[i]);
    uint8_t *copy = malloc(f.bytes.size);
    memcpy(copy, f.bytes.data, f.bytes.size);
    for (size_t k = 0; k < f.bytes.size; k++)
      for (size_t v = 0; v < sizeof values; v++) {
        mote_error error;
        copy[k] = values[v];
        if (parse(copy, f.bytes.size, &error) != MOTE_OK)
          assert_true(strlen(mote_error_message(&error)) > 0);
        copy[k] = f.bytes.data[k];
      }
    free(copy);
    mote_file_close(&f);
  }
}

static void short_memory_is_an_error(void **state) {
  (void)state;
  mote_file f = seed("conv2d_i8_0");
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_tflite_model *model = NULL;
    mote_status status = mote_tflite_parse(&fa.allocator, f.bytes, 0, &model, NULL);
    mote_tflite_destroy(model);
    fail_alloc_check(&fa, status);
  }
  mote_file_close(&f);
}

static void other_files_are_named(void **state) {
  (void)state;
  mote_error error;
  assert_int_equal(parse("PK\3\4, no model at all", 20, &error), MOTE_ERR_FORMAT);
  assert_non_null(strstr(mote_error_message(&error), "TFL3"));
  assert_int_equal(parse("", 0, &error), MOTE_ERR_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_files_open),
      cmocka_unit_test(every_cut_is_refused_or_fine),
      cmocka_unit_test(every_changed_byte_is_refused_or_fine),
      cmocka_unit_test(short_memory_is_an_error),
      cmocka_unit_test(other_files_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
