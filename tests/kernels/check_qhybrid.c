// qhybrid: codes of rows are within half a step of the values, scales as the definition in qhybrid.h; narrow weights.
// qround: the fixed-point product against exact arithmetic, rounding against the C library.
#include "kernels/qhybrid.h"

#include <math.h>
#include <string.h>

#include "kernels/checker.h"
#include "kernels/qeltwise.h"
#include "kernels/qround.h"

static void check_rows(checker *c) {
  enum { COUNT = 37 };
  float *in = check_buffer(c, COUNT * 4, CHECK_END), scale;
  int8_t *out = check_buffer(c, COUNT, CHECK_END);
  int32_t zp;
  const float lo = check_random_f32(c, -5, 1), hi = lo + check_random_f32(c, 0, 5);
  check_fill_f32(c, in, COUNT, lo, hi);
  mote_qrow_symmetric(in, out, COUNT, &scale);
  for (size_t i = 0; i < COUNT; i++)
    check_case(c, fabs(out[i] * (double)scale - in[i]) <= 0.5001 * scale, "mote_qrow_symmetric", "element %zu", i);
  mote_qrow_asymmetric(in, out, COUNT, &scale, &zp);
  for (size_t i = 0; i < COUNT; i++)
    check_case(c, fabs((out[i] - zp) * (double)scale - in[i]) <= 1.01 * scale, "mote_qrow_asymmetric", "element %zu",
               i);
  for (size_t i = 0; i < COUNT; i++)
    in[i] = 0;
  mote_qrow_symmetric(in, out, COUNT, &scale);
  check_case(c, scale == 1 && out[COUNT - 1] == 0, "mote_qrow_symmetric", "zeros");
  mote_qrow_asymmetric(in, out, COUNT, &scale, &zp);
  check_case(c, scale == 1 && zp == 0 && out[COUNT - 1] == 0, "mote_qrow_asymmetric", "zeros");
  check_sprinkle_f32(c, in, COUNT, 3);
  mote_qrow_symmetric(in, out, COUNT, &scale);
  mote_qrow_asymmetric(in, out, COUNT, &scale, &zp);
}

static void check_dot(checker *c) {
  const size_t count = check_random_below(c, 70);
  int8_t *a = check_buffer(c, count, CHECK_END);
  int16_t *b = check_buffer(c, 2 * count, CHECK_END);
  int64_t want = 0;
  for (size_t i = 0; i < count; i++) {
    a[i] = (int8_t)((int)check_random_below(c, 256) - 128);
    b[i] = (int16_t)((int)check_random_below(c, 511) - 255);
    want += a[i] * b[i];
  }
  check_case(c, mote_qdot(a, b, count) == want, "mote_qdot", "%zu products", count);
}

// Every element-wise row gives the bits of the portable functions.
static void check_vector_rows(checker *c) {
  enum { MOST = 70 };
  const size_t count = 1 + check_random_below(c, MOST);
  float *in = check_buffer(c, count * 4, CHECK_END), scale[2];
  int8_t *out = check_buffer(c, count, CHECK_END), *expect = check_buffer(c, count, CHECK_END);
  int32_t zp[2];
  check_fill_f32(c, in, count, check_random_f32(c, -9, 1), 1);
  if (check_random_below(c, 4) == 0)
    check_sprinkle_f32(c, in, count, 9);
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    const mote_qeltwise_row *row = mote_qeltwise_rows[r];
    if (!check_can_run(c, row->needs))
      continue;
    mote_qrow_symmetric(in, expect, count, &scale[0]);
    row->row_symmetric(in, out, count, &scale[1]);
    check_case(c, memcmp(out, expect, count) == 0 && check_diff_f32(scale, scale + 1, 1) == 1, row->name,
               "symmetric row of %zu", count);
    mote_qrow_asymmetric(in, expect, count, &scale[0], &zp[0]);
    row->row_asymmetric(in, out, count, &scale[1], &zp[1]);
    check_case(c, memcmp(out, expect, count) == 0 && check_diff_f32(scale, scale + 1, 1) == 1 && zp[0] == zp[1],
               row->name, "asymmetric row of %zu", count);
  }
}

static void check_unpack(checker *c) {
  uint8_t *in = check_buffer(c, 3, CHECK_END);
  int8_t *out = check_buffer(c, 11, CHECK_END);
  in[0] = 0x8f;
  in[1] = 0x70;
  in[2] = 0xe4;
  mote_qunpack4(in, out, 5);
  check_case(c, out[0] == -1 && out[1] == -8 && out[2] == 0 && out[3] == 7 && out[4] == 4, "mote_qunpack4",
             "low nibble first");
  mote_qunpack2(in, out, 11);
  check_case(c, out[0] == -1 && out[2] == 0 && out[3] == -2 && out[8] == 0 && out[9] == 1 && out[10] == -2,
             "mote_qunpack2", "low bits first");
}

// The two-step product is within a unit of the exact one.
static void check_fixed(checker *c) {
  const double scale = exp2(check_random_f32(c, -20, 3));
  const int32_t x = (int32_t)check_random(c) >> 6;
  const mote_qfix fix = mote_qfix_from(scale);
  const double exact = x * scale;
  if (fabs(exact) < 2147483000.0 && fabs(x * exp2(fix.shift > 0 ? fix.shift : 0)) < 2147483000.0)
    check_case(c, fabs(mote_qfix_mul(x, fix) - exact) <= 1.01 + fabs(exact) * 0x1p-30, "mote_qfix_mul", "%d * %g", x,
               scale);
  const int64_t wide = (int64_t)x * 4096;
  if (fabs((double)wide * scale) < 1e9)
    check_case(c,
               fabs(mote_qfix_mul64(wide, fix) - (double)wide * scale) <= 0.51 + fabs((double)wide * scale) * 0x1p-14,
               "mote_qfix_mul64", "%lld * %g", (long long)wide, scale);
}

static void check_rounding(checker *c) {
  const float f = check_random_below(c, 2) ? (float)((int)check_random_below(c, 2000) - 1000) * 0.25f
                                           : check_random_f32(c, -70000, 70000);
  check_case(c, mote_qround_even(f) == (int32_t)nearbyint((double)f), "mote_qround_even", "%g", (double)f);
  check_case(c, mote_qround_away(f) == (int32_t)round((double)f), "mote_qround_away", "%g", (double)f);
}

static void test(checker *c) {
  for (int i = 0; i < 3000; i++) {
    check_reset(c);
    check_rows(c);
    check_reset(c);
    check_vector_rows(c);
    check_dot(c);
    check_fixed(c);
    check_rounding(c);
  }
  check_reset(c);
  check_unpack(c);
}

const check_family check_family_qhybrid = {"qhybrid", test, NULL};
