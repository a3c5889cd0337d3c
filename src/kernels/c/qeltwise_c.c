// Portable quantised element-wise work: the oracle (contract: qeltwise.h), and the tables of unary functions.
// Tests: tests/kernels/check_qeltwise.c
#include "kernels/qeltwise.h"

#include <math.h>

static int32_t load(mote_dtype type, const void *p, size_t i) {
  switch (type) {
  case MOTE_I8:
    return ((const int8_t *)p)[i];
  case MOTE_U8:
    return ((const uint8_t *)p)[i];
  case MOTE_I16:
    return ((const int16_t *)p)[i];
  default:
    return ((const int32_t *)p)[i];
  }
}

static void store(mote_dtype type, void *p, size_t i, int32_t q) {
  if (type == MOTE_I8 || type == MOTE_U8)
    ((uint8_t *)p)[i] = (uint8_t)q;
  else if (type == MOTE_I16)
    ((int16_t *)p)[i] = (int16_t)q;
  else
    ((int32_t *)p)[i] = q;
}

static float real_of(const mote_qbinary *p, float a, float b) {
  float x = a * p->a_scale, y = b * p->b_scale;
  switch (p->op) {
  case MOTE_QADD:
    return x + y;
  case MOTE_QMUL:
    return (a * b) * p->a_scale;
  case MOTE_QDIV:
    return a == 0.0f ? 0.0f : (a / b) * p->a_scale;
  case MOTE_QSQDIFF:
    return (x - y) * (x - y);
  case MOTE_QMAX:
    return x > y ? x : y;
  case MOTE_QMIN:
    return x < y ? x : y;
  default:
    return a >= 0.0f ? x : (a * b) * p->b_scale;
  }
}

static void binary(const mote_qbinary *p, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                   size_t count) {
  for (size_t i = 0; i < count; i++) {
    float x = (float)(load(p->type, a, i * a_step) - p->a_zp), y = (float)(load(p->type, b, i * b_step) - p->b_zp);
    store(p->type, out, i, mote_qround_value(real_of(p, x, y), p->round, p->out_zp, p->lo, p->hi));
  }
}

static void lookup(const uint8_t table[256], const void *in, void *out, size_t count) {
  const uint8_t *from = in;
  uint8_t *to = out;
  for (size_t i = 0; i < count; i++)
    to[i] = table[from[i]];
}

// The difference in 64 bits: a 32-bit code less its zero point may not fit.
static float code_value(const mote_qconvert *p, const void *in, size_t i) {
  return (float)((int64_t)load(p->from, in, i) - p->in_zp) * p->scale;
}

static void to_float(const mote_qconvert *p, const void *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i++)
    out[i] = code_value(p, in, i);
}

// I32 results saturate: 2^31 - 128 is the largest float below 2^31.
static int32_t to_code(const mote_qconvert *p, float f) {
  if (p->to == MOTE_I32) {
    double d = (p->round == MOTE_QROUND_EVEN ? rint((double)f) : round((double)f)) + p->out_zp;
    return d < INT32_MIN ? INT32_MIN : d > INT32_MAX ? INT32_MAX : d == d ? (int32_t)d : INT32_MAX;
  }
  return mote_qround_value(f, p->round, p->out_zp, p->lo, p->hi);
}

static void convert(const mote_qconvert *p, const void *in, void *out, size_t count) {
  if (p->to == MOTE_F32) {
    to_float(p, in, out, count);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    float f = p->from != MOTE_F32 ? code_value(p, in, i)
              : p->divide         ? ((const float *)in)[i] / p->scale
                                  : ((const float *)in)[i] * p->scale;
    store(p->to, out, i, to_code(p, f));
  }
}

const mote_qeltwise_row mote_q_eltwise__c = {"mote_q_eltwise__c", 0, binary, lookup, convert};

// Not finite counts as the nearer end; NaN as the zero point.
static int32_t code_of(double x, const mote_qrange *r) {
  double q = round(x / r->scale) + r->zp;
  return q != q ? r->zp : q < r->lo ? r->lo : q > r->hi ? r->hi : (int32_t)q;
}

void mote_qtable_fill(uint8_t table[256], mote_dtype in_type, mote_qrange in, mote_qrange out, mote_qfunction f,
                      const void *ctx) {
  for (int i = 0; i < 256; i++) {
    int code = in_type == MOTE_U8 || i < 128 ? i : i - 256;
    table[i] = (uint8_t)code_of(f((code - in.zp) * in.scale, ctx), &out);
  }
}

void mote_qtable16_fill(int16_t table[MOTE_QTABLE16], mote_qrange in, mote_qrange out, mote_qfunction f,
                        const void *ctx) {
  double first = (INT16_MIN - (double)in.zp) * in.scale, step = 128.0 * in.scale;
  for (int i = 0; i < 512; i++) {
    double x = first + i * step;
    double at = f(x, ctx) / out.scale, middle = f(x + step / 2, ctx) / out.scale, next = f(x + step, ctx) / out.scale;
    // Half of what the chord misses at its middle goes into the left end.
    double error = round((round(at) + round(next)) / 2) - round(middle);
    table[i] = (int16_t)code_of((round(at) - round(error / 2)) * out.scale, &out);
  }
  table[512] = (int16_t)code_of(f(first + 512 * step, ctx), &out);
}

void mote_qtable16_lookup(const int16_t table[MOTE_QTABLE16], const int16_t *in, int16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int32_t at = in[i] + 32768;
    int32_t base = table[at >> 7], slope = table[(at >> 7) + 1] - base;
    out[i] = (int16_t)(base + ((slope * (at & 127) + 64) >> 7));
  }
}
