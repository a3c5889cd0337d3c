// qtable: every code of every table against arithmetic in double.
#include "kernels/qtable.h"

#include <math.h>

#include "kernels/checker.h"

static double logistic(double x, const void *ctx) {
  (void)ctx;
  return 1 / (1 + exp(-x));
}

static void check_tables(checker *c) {
  const mote_qrange in8 = {0.05, -10, -128, 127}, out8 = {1.0 / 256, -128, -128, 127};
  uint8_t table[256];
  mote_qtable_fill(table, MOTE_I8, in8, out8, logistic, NULL);
  for (int q = -128; q < 128; q++) {
    const int want = (int)fmin(round(logistic((q + 10) * 0.05, NULL) * 256) - 128, 127);
    check_case(c, (int8_t)table[(uint8_t)q] == want, "mote_qtable_fill", "code %d", q);
  }
  const mote_qrange in16 = {8.0 / 32768, 0, -32768, 32767}, out16 = {1.0 / 32768, 0, -32768, 32767};
  int16_t table16[MOTE_QTABLE16];
  mote_qtable16_fill(table16, in16, out16, true, logistic, NULL);
  for (int q = -32768; q < 32768; q++) {
    const int16_t in = (int16_t)q;
    int16_t out;
    mote_qtable16_lookup(table16, &in, &out, 1);
    const double want = fmin(logistic(q * in16.scale, NULL) * 32768, 32767);
    check_case(c, fabs(out - want) <= 2.5, "mote_qtable16_lookup", "code %d gives %d, expected %f", q, out, want);
  }
}

static void check_sigmoid(checker *c, double scale, bool is_tanh) {
  mote_qsigmoid16 t;
  mote_qsigmoid16_fill(&t, scale, is_tanh);
  for (int q = -32768; q < 32768; q++) {
    const int16_t in = (int16_t)q;
    int16_t out;
    mote_qsigmoid16_run(&t, &in, &out, 1);
    const double want = (is_tanh ? tanh(q * scale) : logistic(q * scale, NULL)) * 32768;
    check_case(c, fabs(out - want) <= 8, "mote_qsigmoid16_run", "tanh %d scale %g code %d gives %d, expected %f",
               is_tanh, scale, q, out, want);
  }
}

static void check_softmax(checker *c) {
  const double scale = 1e-4;
  const size_t depth = 1 + check_random_below(c, 100);
  int16_t *in = check_buffer(c, depth * 2, CHECK_END), *out = check_buffer(c, depth * 2, CHECK_END);
  mote_qsoftmax16_table t;
  double sum = 0;
  check_fill_bytes(c, in, depth * 2);
  mote_qsoftmax16_fill(&t, scale);
  mote_qsoftmax16(&t, in, out, depth, 0, 1);
  for (size_t i = 0; i < depth; i++)
    sum += exp(in[i] * scale);
  for (size_t i = 0; i < depth; i++) {
    const double want = fmin(exp(in[i] * scale) / sum * 32768, 32767);
    check_case(c, fabs(out[i] - want) <= 8, "mote_qsoftmax16", "element %zu of %zu is %d, expected %f", i, depth,
               out[i], want);
  }
}

static void test(checker *c) {
  check_tables(c);
  check_sigmoid(c, 0x1p-12, false);
  check_sigmoid(c, 0.0003, false);
  check_sigmoid(c, 0x1p-12, true);
  check_sigmoid(c, 0.0001, true);
  for (int i = 0; i < 100; i++) {
    check_reset(c);
    check_softmax(c);
  }
}

const check_family check_family_qtable = {"qtable", test, NULL};
