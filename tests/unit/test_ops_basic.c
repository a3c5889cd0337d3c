// Tests of element-wise operators, shape rules and refusals, called one at a time through the engine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/prim.h"
#include "engine/engine.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/quantize.h"
#include "ops/shape.h"
#include "ops/slice.h"
#include "ops/unary.h"

typedef struct fixture {
  mote_engine *e;
  mote_weights *w;
  mote_cpu cpu;
  mote_error error;
  mote_tensor out;
  mote_storage *storage;
} fixture;

static void begin(fixture *f) {
  memset(f, 0, sizeof *f);
  mote_error_init(&f->error);
  mote_cpu_detect(&f->cpu);
  assert_int_equal(mote_weights_create(mote_prim_allocator(), &f->w, &f->error), MOTE_OK);
  mote_engine_config config = {
      .al = mote_prim_allocator(), .cpu = &f->cpu, .weights = f->w, .threads = 1, .memory_limit = 1u << 24};
  assert_int_equal(mote_engine_create(&config, &f->e, &f->error), MOTE_OK);
}

static void finish(fixture *f) {
  mote_storage_release(f->storage);
  mote_engine_destroy(f->e);
  mote_weights_destroy(f->w);
}

static mote_tensor tensor(mote_dtype dtype, int32_t rank, const int64_t *dim, const void *data) {
  mote_tensor t;
  mote_tensor_init(&t, dtype, rank, dim);
  t.data = (void *)(uintptr_t)data;
  return t;
}

// Runs `op` with its defaults (or `attr`) on up to three inputs; the first output is kept in the fixture.
static mote_status run(fixture *f, const mote_op *op, const void *attr, const mote_tensor *a, const mote_tensor *b,
                       const mote_tensor *c) {
  const mote_tensor *in[3] = {a, b, c};
  uint8_t defaults[512];
  assert_true(op->rules->attr_size <= sizeof defaults);
  mote_attr_defaults(op, defaults);
  int32_t n_out = 1, n_in = c != NULL ? 3 : b != NULL ? 2 : 1;
  mote_storage_release(f->storage);
  f->storage = NULL;
  mote_error_init(&f->error);
  return mote_engine_eval(f->e, op, attr != NULL ? attr : defaults, in, NULL, n_in, &f->out, &f->storage, &n_out,
                          &f->error);
}

static void adds_with_broadcasting(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t da[2] = {2, 3}, db[1] = {3};
  float a[6] = {1, 2, 3, 4, 5, 6}, b[3] = {10, 20, 30};
  mote_tensor x = tensor(MOTE_F32, 2, da, a), y = tensor(MOTE_F32, 1, db, b);
  assert_int_equal(run(&f, &mote_op_add, NULL, &x, &y, NULL), MOTE_OK);
  assert_int_equal(f.out.rank, 2);
  for (int i = 0; i < 6; i++)
    assert_true(((float *)f.out.data)[i] == a[i] + b[i % 3]);
  finish(&f);
}

static void refuses_shapes_that_differ(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t da[1] = {2}, db[1] = {3};
  float a[3] = {0};
  mote_tensor x = tensor(MOTE_F32, 1, da, a), y = tensor(MOTE_F32, 1, db, a);
  assert_int_equal(run(&f, &mote_op_mul, NULL, &x, &y, NULL), MOTE_ERR_SHAPE);
  assert_non_null(strstr(mote_error_message(&f.error), "float32[2]"));
  finish(&f);
}

static void integers_wrap_and_division_by_zero_fails(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[1] = {2};
  int32_t a[2] = {INT32_MAX, -7}, b[2] = {1, 2}, zero[2] = {1, 0};
  mote_tensor x = tensor(MOTE_I32, 1, d, a), y = tensor(MOTE_I32, 1, d, b), z = tensor(MOTE_I32, 1, d, zero);
  assert_int_equal(run(&f, &mote_op_add, NULL, &x, &y, NULL), MOTE_OK);
  assert_int_equal(((int32_t *)f.out.data)[0], INT32_MIN);
  assert_int_equal(run(&f, &mote_op_floor_div, NULL, &x, &y, NULL), MOTE_OK);
  assert_int_equal(((int32_t *)f.out.data)[1], -4);
  assert_int_equal(run(&f, &mote_op_floor_mod, NULL, &x, &y, NULL), MOTE_OK);
  assert_int_equal(((int32_t *)f.out.data)[1], 1);
  assert_int_equal(run(&f, &mote_op_div, NULL, &x, &z, NULL), MOTE_ERR_DATA);
  finish(&f);
}

static void functions_of_one_variable(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[1] = {3};
  float a[3] = {-1, 0.5f, 9};
  mote_tensor x = tensor(MOTE_F32, 1, d, a);
  assert_int_equal(run(&f, &mote_op_relu6, NULL, &x, NULL, NULL), MOTE_OK);
  float *y = f.out.data;
  assert_true(y[0] == 0 && y[1] == 0.5f && y[2] == 6);
  assert_int_equal(run(&f, &mote_op_tanh, NULL, &x, NULL, NULL), MOTE_OK);
  assert_true(fabsf(((float *)f.out.data)[1] - tanhf(0.5f)) < 1e-6f);
  mote_tensor s = tensor(MOTE_STRING, 1, d, a);
  assert_int_equal(run(&f, &mote_op_tanh, NULL, &s, NULL, NULL), MOTE_ERR_TYPE);
  finish(&f);
}

static void slices_check_their_bounds(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[2] = {3, 4}, two[1] = {2};
  int32_t a[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, begin_at[2] = {1, 1}, size[2] = {2, -1}, far[2] = {2, 0};
  mote_tensor x = tensor(MOTE_I32, 2, d, a), b = tensor(MOTE_I32, 1, two, begin_at), s = tensor(MOTE_I32, 1, two, size),
              o = tensor(MOTE_I32, 1, two, far);
  assert_int_equal(run(&f, &mote_op_slice, NULL, &x, &b, &s), MOTE_OK);
  const int32_t want[6] = {5, 6, 7, 9, 10, 11};
  assert_memory_equal(f.out.data, want, sizeof want);
  assert_int_equal(run(&f, &mote_op_slice, NULL, &x, &o, &s), MOTE_ERR_DATA);
  finish(&f);
}

static void gathers_only_what_exists(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[1] = {3}, n[1] = {2};
  float a[3] = {10, 20, 30};
  int64_t good[2] = {2, 0}, bad[2] = {0, 3}, worse[2] = {-1, 0};
  mote_tensor x = tensor(MOTE_F32, 1, d, a), g = tensor(MOTE_I64, 1, n, good), h = tensor(MOTE_I64, 1, n, bad),
              k = tensor(MOTE_I64, 1, n, worse);
  assert_int_equal(run(&f, &mote_op_gather, NULL, &x, &g, NULL), MOTE_OK);
  assert_true(((float *)f.out.data)[0] == 30);
  assert_int_equal(run(&f, &mote_op_gather, NULL, &x, &h, NULL), MOTE_ERR_DATA);
  assert_int_equal(run(&f, &mote_op_gather, NULL, &x, &k, NULL), MOTE_ERR_DATA);
  finish(&f);
}

static void reshapes(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[2] = {2, 3};
  float a[6] = {1, 2, 3, 4, 5, 6};
  mote_tensor x = tensor(MOTE_F32, 2, d, a);
  mote_reshape_attr good = {{2, {3, -1}}}, bad = {{2, {4, -1}}}, twice = {{2, {-1, -1}}};
  assert_int_equal(run(&f, &mote_op_reshape, &good, &x, NULL, NULL), MOTE_OK);
  assert_int_equal(f.out.dim[1], 2);
  assert_memory_equal(f.out.data, a, sizeof a);
  assert_int_equal(run(&f, &mote_op_reshape, &bad, &x, NULL, NULL), MOTE_ERR_SHAPE);
  assert_int_equal(run(&f, &mote_op_reshape, &twice, &x, NULL, NULL), MOTE_ERR_SHAPE);
  finish(&f);
}

static void casts_saturate_where_c_has_no_answer(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[1] = {2};
  float a[2] = {NAN, -3.7f};
  mote_tensor x = tensor(MOTE_F32, 1, d, a);
  mote_cast_attr attr = {MOTE_I32};
  assert_int_equal(run(&f, &mote_op_cast, &attr, &x, NULL, NULL), MOTE_OK);
  assert_int_equal(((int32_t *)f.out.data)[0], 0);
  assert_int_equal(((int32_t *)f.out.data)[1], -3);
  finish(&f);
}

static void joins(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t da[2] = {1, 2}, db[2] = {2, 2}, dc[2] = {1, 3};
  int32_t a[2] = {1, 2}, b[4] = {3, 4, 5, 6};
  mote_tensor x = tensor(MOTE_I32, 2, da, a), y = tensor(MOTE_I32, 2, db, b), z = tensor(MOTE_I32, 2, dc, b);
  assert_int_equal(run(&f, &mote_op_concat, NULL, &x, &y, NULL), MOTE_OK);
  const int32_t want[6] = {1, 2, 3, 4, 5, 6};
  assert_memory_equal(f.out.data, want, sizeof want);
  assert_int_equal(run(&f, &mote_op_concat, NULL, &x, &z, NULL), MOTE_ERR_SHAPE);
  finish(&f);
}

// The word of a row's options up to its colon.
static bool name_of(const char *word, char name[24]) {
  size_t len = strcspn(word, ": =");
  memcpy(name, word, len < 23 ? len : 23);
  name[len < 23 ? len : 23] = 0;
  return word[len] == ':';
}

// No two rows name the same operator of a file, and every row has one.
static void rows_are_unique(void **state) {
  (void)state;
  for (const mote_op_family *const *f = mote_op_families(); *f != NULL; f++)
    for (size_t k = 0; k < (*f)->n_tflite; k++) {
      const mote_tflite_row *r = &(*f)->tflite[k];
      const mote_tflite_lowered *lowered = mote_tflite_row_lowered(r);
      const mote_op *op = lowered != NULL ? lowered->op : r->op;
      char custom[64] = {0};
      assert_non_null(op);
      memcpy(custom, r->text, strcspn(r->text, " "));
      assert_ptr_equal(mote_tflite_row_find(r->builtin, custom), r);
      uint8_t attr[1024];
      assert_true(op->rules->attr_size <= sizeof attr);
      mote_attr_defaults(op, attr);
      const char *at = r->text + strcspn(r->text, " ");
      at += *at == ' ';
      for (char name[24]; *at != 0 && (name_of(at, name) || *at == '-');) {
        size_t len = strcspn(at, " ");
        if (strcspn(at, ":") >= len && *at != '-')
          break; // constants follow
        assert_true(*at == '-' || lowered != NULL || mote_attr_find(op, name) != NULL);
        at += len + (at[len] == ' ');
      }
      assert_int_equal(mote_attr_fixed(op, attr, at, NULL), MOTE_OK);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adds_with_broadcasting),
      cmocka_unit_test(refuses_shapes_that_differ),
      cmocka_unit_test(integers_wrap_and_division_by_zero_fails),
      cmocka_unit_test(functions_of_one_variable),
      cmocka_unit_test(slices_check_their_bounds),
      cmocka_unit_test(gathers_only_what_exists),
      cmocka_unit_test(reshapes),
      cmocka_unit_test(casts_saturate_where_c_has_no_answer),
      cmocka_unit_test(joins),
      cmocka_unit_test(rows_are_unique),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
