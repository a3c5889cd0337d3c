// Tables of unary functions on codes (contract: qtable.h). Tests: tests/kernels/check_qtable.c
#include "kernels/qtable.h"

#include <math.h>

// Not finite counts as the nearer end; NaN as the zero point.
static int32_t code_of(double q, const mote_qrange *r) {
  q += r->zp;
  return q != q ? r->zp : q < r->lo ? r->lo : q > r->hi ? r->hi : (int32_t)q;
}

MOTE_SMALL void mote_qtable_fill(uint8_t table[256], mote_dtype in_type, mote_qrange in, mote_qrange out,
                                 mote_qfunction f, const void *ctx) {
  for (int i = 0; i < 256; i++) {
    int code = in_type == MOTE_U8 || i < 128 ? i : i - 256;
    table[i] = (uint8_t)code_of(round(f((code - in.zp) * in.scale, ctx) / out.scale), &out);
  }
}

// What a float holds of x, where floats are wanted: one operation at a time, this is their arithmetic.
static double as(bool single, double x) { return single ? (double)(float)x : x; }

typedef struct table16 {
  double first, step, unit;
  bool single;
  mote_qfunction f;
  const void *ctx;
} table16;
// The function at `half` half steps, in units of the result.
static double value16(const table16 *t, int half) {
  double x = as(t->single, t->first + as(t->single, half / 2 * t->step));
  if (half % 2 != 0)
    x = as(t->single, x + t->step / 2);
  return as(t->single, as(t->single, t->f(x, t->ctx)) * t->unit);
}

MOTE_SMALL void mote_qtable16_fill(int16_t table[MOTE_QTABLE16], mote_qrange in, mote_qrange out, bool single,
                                   mote_qfunction f, const void *ctx) {
  double first = as(single, (INT16_MIN - in.zp) * in.scale), last = as(single, (INT16_MAX - in.zp) * in.scale);
  double range = as(single, as(single, out.scale * INT16_MAX) - out.scale * INT16_MIN);
  table16 t = {first, as(single, last - first) / 512, as(single, 65536 / range), single, f, ctx};
  out.zp = 0;
  for (int i = 0; i < 512; i++) {
    double at = round(value16(&t, 2 * i)), next = value16(&t, 2 * i + 2);
    double error = round(as(single, next + at) / 2) - round(value16(&t, 2 * i + 1));
    table[i] = (int16_t)code_of(at - round(error / 2), &out);
  }
  t.first = last;
  table[512] = (int16_t)code_of(round(value16(&t, 0)), &out);
}

static int16_t lookup16(const int16_t table[MOTE_QTABLE16], int32_t code) {
  int32_t at = code + 32768;
  int32_t base = table[at >> 7], slope = table[(at >> 7) + 1] - base;
  return (int16_t)(base + ((slope * (at & 127) + 64) >> 7));
}

void mote_qtable16_lookup(const int16_t table[MOTE_QTABLE16], const int16_t *in, int16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++)
    out[i] = lookup16(table, in[i]);
}

// Value i/24 of the logistic function in units of 2^-16, plus half of what a chord of that length misses at its middle:
// (1/24)^2 / 8 times the second derivative, which is negative here.
static double sigmoid_node(int i) {
  double v = 1.0 / (1.0 + exp(-i / 24.0)), curvature = v * (1 - v) * (1 - 2 * v);
  return 65536.0 * (v - curvature / (24.0 * 24.0 * 8.0) / 2);
}

// Inputs are brought to units of 1/(3 * 4096). A scale of 2^-12 or 2^-11 takes no rounding for that.
MOTE_SMALL void mote_qsigmoid16_fill(mote_qsigmoid16 *t, double in_scale, bool tanh) {
  for (int i = 0; i < 256; i++) {
    double v = round(sigmoid_node(i));
    t->table[i] = (uint16_t)(v > 65535 ? 65535 : v);
  }
  double multiplier = in_scale * 4096.0 * 3.0;
  t->shift = 0;
  t->tanh = tanh;
  while (in_scale != 0x1p-12 && in_scale != 0x1p-11 && multiplier <= 32767.0 / 2 && t->shift <= 30) {
    t->shift++;
    multiplier *= 2;
  }
  t->multiplier = multiplier < 65536 ? (int32_t)multiplier : 65536;
}

// Both tables' values have 16 fraction bits, the interpolation adds `bits`.
static uint32_t interpolated(const mote_qsigmoid16 *t, uint32_t x, int bits) {
  uint32_t i = x >> bits, a, b;
  if (i >= 255)
    return bits == 9 ? 0x7fffu << 10 : 0xffffu << 8;
  a = t->table[i];
  b = t->table[i + 1];
  return (a << bits) + (x & ((1u << bits) - 1)) * (b - a);
}

static int16_t logistic16(const mote_qsigmoid16 *t, int32_t x) {
  uint32_t v = interpolated(t, (uint32_t)(x < 0 ? -x : x), 9);
  v = x >= 0 ? v + (1 << 9) : (1 << 25) - v + (1 << 9) - 1;
  return (int16_t)(v >> 10);
}

static int16_t tanh16(const mote_qsigmoid16 *t, int32_t x) {
  int32_t v = (int32_t)interpolated(t, (uint32_t)(x < 0 ? -x : x), 8);
  v = x >= 0 ? v - (1 << 23) + (1 << 7) : -v + (1 << 23) + (1 << 7) - 1;
  return (int16_t)(v >> 8);
}

void mote_qsigmoid16_run(const mote_qsigmoid16 *t, const int16_t *in, int16_t *out, size_t count) {
  int64_t half = t->shift > 0 ? (int64_t)1 << (t->shift - 1) : 0;
  for (size_t i = 0; i < count; i++) {
    int64_t x = ((int64_t)in[i] * t->multiplier + half) >> t->shift;
    out[i] = t->tanh ? tanh16(t, (int32_t)x) : logistic16(t, (int32_t)x);
  }
}

static double exp_of(double x, const void *ctx) {
  (void)ctx;
  return exp(x);
}

static double reciprocal_of(double x, const void *ctx) {
  (void)ctx;
  return 1 / (1 + x);
}

// exp over [-10, 0], 1/(1 + x) over [0, 1], both in units of 2/65535.
MOTE_SMALL void mote_qsoftmax16_fill(mote_qsoftmax16_table *t, double scale_beta) {
  mote_qrange exp_in = {10.0 / 65535, INT16_MAX, 0, 0}, one_in = {1.0 / 65535, INT16_MIN, 0, 0};
  mote_qrange out = {2.0 / 65535, 0, INT16_MIN, INT16_MAX};
  mote_qtable16_fill(t->exp, exp_in, out, false, exp_of, NULL);
  mote_qtable16_fill(t->reciprocal, one_in, out, false, reciprocal_of, NULL);
  t->scale = mote_qfix_from(scale_beta / (10.0 / 65535));
}

// exp of a code less the largest one, 15 fraction bits.
static int32_t exp16(const mote_qsoftmax16_table *t, int32_t difference) {
  return lookup16(t->exp, mote_q16_fit((int64_t)mote_qfix_mul(difference, t->scale) + INT16_MAX));
}

// The sum is at least 2^15, of the largest code; `bits` are those below its leading one.
static void softmax16_row(const mote_qsoftmax16_table *t, const int16_t *in, int16_t *out, size_t depth) {
  int32_t most = INT16_MIN, sum = 0, bits = 0;
  for (size_t i = 0; i < depth; i++)
    most = MOTE_MAX(most, in[i]);
  for (size_t i = 0; i < depth; i++)
    sum += exp16(t, in[i] - most);
  while (sum >> bits > 1)
    bits++;
  int64_t shifted = (((int64_t)sum << (30 - bits)) + (1 << 13)) >> 14; // 16 fraction bits
  int32_t reciprocal = lookup16(t->reciprocal, mote_q16_fit(shifted - (1 << 16) - (1 << 15)));
  for (size_t i = 0; i < depth; i++) {
    int64_t product = (int64_t)exp16(t, in[i] - most) * reciprocal;
    int64_t p = bits ? (product + ((int64_t)1 << (bits - 1))) >> bits : product;
    out[i] = (int16_t)MOTE_MAX(MOTE_MIN(p, (int64_t)INT16_MAX), (int64_t)0);
  }
}

void mote_qsoftmax16(const mote_qsoftmax16_table *t, const int16_t *in, int16_t *out, size_t depth, size_t r0,
                     size_t r1) {
  for (size_t r = r0; r < r1; r++)
    softmax16_row(t, in + r * depth, out + r * depth, depth);
}
