// Portable quantised element-wise work: the oracle (contract: qeltwise.h).
// Tests: tests/kernels/check_qeltwise.c
#include "kernels/qeltwise.h"

#include <math.h>

#include "kernels/qhybrid.h"

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

static int32_t minus_shifted(const mote_qbinary *p, int32_t a, int32_t b) {
  return mote_qfix_mul(a * (1 << p->left_shift), p->a_fix) - mote_qfix_mul(b * (1 << p->left_shift), p->b_fix);
}

// TensorFlow Lite's reference arithmetic, up to the zero point.
static int32_t fixed_of(const mote_qbinary *p, int32_t a, int32_t b) {
  int32_t d;
  switch (p->op) {
  case MOTE_QADD:
    d = mote_qfix_mul(b * (1 << p->left_shift), p->b_fix);
    d = mote_qfix_mul(a * (1 << p->left_shift), p->a_fix) + (p->b_scale < 0 ? -d : d);
    return mote_qfix_mul(d, p->out_fix);
  case MOTE_QSQDIFF:
    d = minus_shifted(p, a, b);
    return mote_qfix_mul((int32_t)((uint32_t)d * (uint32_t)d), p->out_fix);
  case MOTE_QPRELU:
    return a >= 0 ? mote_qfix_mul(a, p->a_fix) : mote_qfix_mul(a * b, p->out_fix);
  default:
    return mote_qfix_mul(a * b, p->out_fix);
  }
}

static bool fixed(const mote_qbinary *p) {
  return p->round == MOTE_QROUND_FIXED &&
         (p->op == MOTE_QADD || p->op == MOTE_QMUL || p->op == MOTE_QSQDIFF || p->op == MOTE_QPRELU);
}

static void fixed_binary(const mote_qbinary *p, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                         size_t count) {
  for (size_t i = 0; i < count; i++) {
    int64_t q = fixed_of(p, load(p->type, a, i * a_step) - p->a_zp, load(p->type, b, i * b_step) - p->b_zp);
    q += p->out_zp;
    store(p->type, out, i, (int32_t)(q < p->lo ? p->lo : q > p->hi ? p->hi : q));
  }
}

static void add_int(const mote_qbinary *p, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                    size_t count) {
  for (size_t i = 0; i < count; i++) {
    int32_t x = load(p->type, a, i * a_step) - p->a_zp, y = load(p->type, b, i * b_step) - p->b_zp;
    int32_t q = x * p->a_fix.mult + y * p->b_fix.mult + (1 << (p->out_fix.shift - 1));
    q = (q >> p->out_fix.shift) + p->out_zp;
    store(p->type, out, i, q < p->lo ? p->lo : q > p->hi ? p->hi : q);
  }
}

static void binary(const mote_qbinary *p, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                   size_t count) {
  if (p->op == MOTE_QADD_INT) {
    add_int(p, a, a_step, b, b_step, out, count);
    return;
  }
  if (fixed(p)) {
    fixed_binary(p, a, a_step, b, b_step, out, count);
    return;
  }
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

const mote_qeltwise_row mote_q_eltwise__c = {"mote_q_eltwise__c", 0, binary, lookup, convert, mote_qrow_symmetric,
                                             mote_qrow_asymmetric};
