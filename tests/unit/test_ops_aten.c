// Tests of PyTorch's own operators through the engine: special functions, recurrent scan, quantising, rows. Expected
// numbers: torch 2.13.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/prim.h"
#include "engine/engine.h"
#include "ops/aten_math.h"
#include "ops/aten_quant.h"
#include "ops/aten_rnn.h"

static void close_to(double got, double want, double rel) {
  assert_true(fabs(got - want) <= rel * (1e-300 + fabs(want)));
}

static void special_functions(void **state) {
  (void)state;
  close_to(mote_special_bessel(0.5, 0, false), 0.938469807240813, 1e-14);
  close_to(mote_special_bessel(26.572050000000008, 1, false), 0.0959033616473612, 1e-12);
  close_to(mote_special_bessel(0.5, 0, true), -0.444518733506707, 1e-13);
  close_to(mote_special_bessel(1.35, 1, true), -0.513480084634991, 1e-13);
  close_to(mote_special_erfinv(0.9), 1.1630871536766743, 1e-14);
  close_to(mote_special_airy(4.9), 0.00013599211701506735, 1e-8);
  close_to(mote_special_digamma(1), -0.5772156649015329, 1e-13);
  close_to(mote_special_zeta(2, 1), 1.6449340668482264, 1e-14);
  assert_true(isnan(mote_special_digamma(-2)));
  assert_true(mote_special_floor_divide(-7, 2) == -4);
  assert_true(mote_special_remainder(-7, 2) == 1);
  assert_true(mote_special_polynomial('p', 0.5, 2) == -0.125);
}

typedef struct fixture {
  mote_engine *e;
  mote_weights *w;
  mote_cpu cpu;
  mote_error error;
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
  mote_engine_destroy(f->e);
  mote_weights_destroy(f->w);
}
static mote_tensor tensor(mote_dtype dtype, int32_t rank, const int64_t *dim, const void *data) {
  mote_tensor t;
  mote_tensor_init(&t, dtype, rank, dim);
  t.data = (void *)(uintptr_t)data;
  return t;
}

static void codes_round_halves_to_even(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[1] = {5}, n = 1;
  float x[5] = {0.5f, 1.5f, -2.5f, 1000, -1000};
  mote_codes_attr a = {1, 10, -1, MOTE_QU8, false};
  mote_tensor in = tensor(MOTE_F32, 1, d, x), out;
  const mote_tensor *ins[1] = {&in};
  mote_storage *s = NULL;
  int32_t n_out = (int32_t)n;
  const uint8_t want[5] = {10, 12, 8, 255, 0};
  assert_int_equal(mote_engine_eval(f.e, &mote_op_codes, &a, ins, NULL, 1, &out, &s, &n_out, &f.error), MOTE_OK);
  assert_memory_equal(out.data, want, sizeof want);
  assert_true(out.quant.scale == 1 && out.quant.zero_point == 10);
  mote_storage_release(s);
  a.scale = 0;
  assert_int_equal(mote_engine_eval(f.e, &mote_op_codes, &a, ins, NULL, 1, &out, &s, &n_out, &f.error),
                   MOTE_ERR_ARGUMENT);
  finish(&f);
}

// One hidden value, weights 0: the gates are the input's part alone.
static void gru_step(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t dx[3] = {1, 1, 3}, dh[2] = {1, 1}, dw[2] = {3, 1};
  float x[3] = {0, 0, 1}, h[1] = {0.5f}, w[3] = {0, 0, 0};
  mote_rnn_attr a = {.kind = MOTE_RNN_GRU};
  mote_tensor tx = tensor(MOTE_F32, 3, dx, x), th = tensor(MOTE_F32, 2, dh, h), tw = tensor(MOTE_F32, 2, dw, w), out[3];
  const mote_tensor *ins[4] = {&tx, &th, NULL, &tw};
  mote_storage *s[3] = {NULL};
  int32_t n_out = 3;
  assert_int_equal(mote_engine_eval(f.e, &mote_op_rnn_scan, &a, ins, NULL, 4, out, s, &n_out, &f.error), MOTE_OK);
  close_to(*(const float *)out[0].data, 0.25 + 0.5 * tanh(1), 1e-6); // keep half, half of tanh(1)
  for (int i = 0; i < 3; i++)
    mote_storage_release(s[i]);
  tw.dim[0] = 2;
  assert_int_equal(mote_engine_eval(f.e, &mote_op_rnn_scan, &a, ins, NULL, 4, out, s, &n_out, &f.error),
                   MOTE_ERR_SHAPE);
  finish(&f);
}

static void integer_division_by_zero_fails(void **state) {
  (void)state;
  fixture f;
  begin(&f);
  int64_t d[1] = {2};
  int64_t x[2] = {7, -7}, y[2] = {2, 2}, zero[2] = {1, 0};
  mote_tensor tx = tensor(MOTE_I64, 1, d, x), ty = tensor(MOTE_I64, 1, d, y), out;
  const mote_tensor *ins[2] = {&tx, &ty};
  mote_aten_math_attr a;
  mote_storage *s = NULL;
  int32_t n_out = 1;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_aten_floor_divide, &a);
  assert_int_equal(mote_engine_eval(f.e, &mote_op_aten_floor_divide, &a, ins, NULL, 2, &out, &s, &n_out, &f.error),
                   MOTE_OK);
  assert_int_equal(((const int64_t *)out.data)[1], -4);
  mote_storage_release(s);
  ty.data = zero;
  assert_int_equal(mote_engine_eval(f.e, &mote_op_aten_floor_divide, &a, ins, NULL, 2, &out, &s, &n_out, &f.error),
                   MOTE_ERR_DATA);
  finish(&f);
}

static void overloads_are_listed(void **state) {
  (void)state;
  static const char *const want[][2] = {{"max", "other"}, {"maximum", ""}, {"maximum", "x"}, {"quantized::max", ""}};
  const char *at = "&max.other maximum .x quantized::max | promote 0 1";
  mote_overload o = {NULL, NULL, 0, 0};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    assert_true(mote_overload_next(&at, &o));
    assert_true(o.name_len == strlen(want[i][0]) && memcmp(o.name, want[i][0], o.name_len) == 0);
    assert_true(o.overload_len == strlen(want[i][1]) && memcmp(o.overload, want[i][1], o.overload_len) == 0);
  }
  assert_false(mote_overload_next(&at, &o));
  assert_non_null(mote_torch_row_find("softmax.int"));
  assert_null(mote_torch_row_find("softmax.in"));
  assert_null(mote_torch_row_find("softma"));
}

static void rows_name_operators(void **state) {
  (void)state;
  for (const mote_op_family *const *f = mote_op_families(); *f != NULL; f++)
    for (size_t k = 0; k < (*f)->n_torch; k++) {
      const mote_torch_row *r = &(*f)->torch[k];
      const char *at = r->text, *bar = strchr(at, '|'), *constants = bar != NULL ? strchr(bar + 1, '|') : NULL;
      size_t overloads = 0;
      for (mote_overload o = {NULL, NULL, 0, 0}; mote_overload_next(&at, &o); overloads++)
        assert_true(o.name_len > 0);
      assert_true(overloads > 0 && at[strspn(at, " ")] == (bar != NULL ? '|' : 0));
      mote_torch_how how = mote_torch_row_how(r);
      assert_true(how.op != NULL || how.lower != NULL);
      uint8_t attr[2048];
      if (how.op == NULL || how.op->rules->attr_size > sizeof attr)
        continue;
      mote_attr_defaults(how.op, attr);
      assert_int_equal(mote_attr_fixed(how.op, attr, constants != NULL ? constants + 2 : NULL, NULL), MOTE_OK);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(special_functions),
      cmocka_unit_test(codes_round_halves_to_even),
      cmocka_unit_test(gru_step),
      cmocka_unit_test(integer_division_by_zero_fails),
      cmocka_unit_test(overloads_are_listed),
      cmocka_unit_test(rows_name_operators),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
