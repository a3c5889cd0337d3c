// Quantised element-wise loops over the vector operations of one instruction set. The includer defines, before
// including:
//   LANES, vf, vi             elements a vector; float and int32 vectors
//   LOAD_I8(p) LOAD_U8(p) LOAD_I16(p) LOAD_F32(p)      LANES codes widened to int32, or floats
//   STORE_I8(p, v) STORE_U8(p, v) STORE_I16(p, v) STORE_F32(p, v)   v within the range of the type
//   SET_I SET_F SUB_I ADD_I MUL_I SHIFT_I MIN_I MAX_I TO_F ADD MUL DIV MIN MAX AND_F OR_F ROUND TRUNCATE   the rest;
//   ROUND is to even ROW_NAME, ROW_TEXT, ROW_NEEDS
// Types, operation and rounding are looked at for each vector: that costs a few predicted branches, and a loop for each
// combination cost four times the code. What has no loop here, and tails of less than LANES, go to the portable row,
// which gives the same bits. Tests: tests/kernels/check_qeltwise.c
#include <string.h>

#include "kernels/qcols.h"
#include "kernels/qeltwise.h"
#include "kernels/qhybrid.h"

extern const mote_qeltwise_row mote_q_eltwise__c;

MOTE_INLINE vi load_codes(mote_dtype type, const void *p, size_t i) {
  if (type == MOTE_I8)
    return LOAD_I8((const int8_t *)p + i);
  if (type == MOTE_U8)
    return LOAD_U8((const uint8_t *)p + i);
  return LOAD_I16((const int16_t *)p + i);
}

MOTE_INLINE void store_codes(mote_dtype type, void *p, size_t i, vi v) {
  if (type == MOTE_I8)
    STORE_I8((int8_t *)p + i, v);
  else if (type == MOTE_U8)
    STORE_U8((uint8_t *)p + i, v);
  else
    STORE_I16((int16_t *)p + i, v);
}

typedef struct finish {
  vf lo, hi; // less the zero point
  vi zp;
} finish;

MOTE_INLINE finish finish_of(int32_t zp, int32_t lo, int32_t hi) {
  finish f = {SET_F((float)(lo - zp)), SET_F((float)(hi - zp)), SET_I(zp)};
  return f;
}

// |f| <= 2^22 after the clamp, where truncating f +- the float below one half is rounding half away from zero.
MOTE_INLINE vi finished(vf f, bool even, const finish *e) {
  f = MAX(MIN(f, e->hi), e->lo);
  vi q = even ? ROUND(f) : TRUNCATE(ADD(f, OR_F(AND_F(f, SET_F(-0.0f)), SET_F(0.49999997f))));
  return ADD_I(q, e->zp);
}

MOTE_INLINE vf operand(mote_dtype type, const void *p, size_t step, size_t i, vi zp, vf fixed) {
  return step == 0 ? fixed : TO_F(SUB_I(load_codes(type, p, i), zp));
}

static int32_t code_at(mote_dtype type, const void *p) {
  return type == MOTE_I8   ? (int32_t) * (const int8_t *)p
         : type == MOTE_U8 ? (int32_t) * (const uint8_t *)p
                           : (int32_t) * (const int16_t *)p;
}

// Returns how many elements it did.
static MOTE_NOINLINE size_t binary_loop(const mote_qbinary *p, const void *a, size_t a_step, const void *b,
                                        size_t b_step, void *out, size_t count) {
  const mote_dtype type = p->type;
  const bool product = p->op == MOTE_QMUL, even = p->round == MOTE_QROUND_EVEN;
  finish e = finish_of(p->out_zp, p->lo, p->hi);
  vi a_zp = SET_I(p->a_zp), b_zp = SET_I(p->b_zp);
  vf a_scale = SET_F(p->a_scale), b_scale = SET_F(p->b_scale);
  vf a_fixed = SET_F((float)(code_at(type, a) - p->a_zp)), b_fixed = SET_F((float)(code_at(type, b) - p->b_zp));
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vf x = operand(type, a, a_step, i, a_zp, a_fixed), y = operand(type, b, b_step, i, b_zp, b_fixed);
    vf f = product ? MUL(MUL(x, y), a_scale) : ADD(MUL(x, a_scale), MUL(y, b_scale));
    store_codes(type, out, i, finished(f, even, &e));
  }
  return i;
}

// Zero points go into the start; that wraps at most on the way.
MOTE_INLINE size_t sum_loop(const mote_qbinary *p, mote_dtype type, const void *a, size_t a_step, const void *b,
                            size_t b_step, void *out, size_t count) {
  int32_t shift = p->out_fix.shift, am = p->a_fix.mult, bm = p->b_fix.mult;
  // |a_zp| + |b_zp| + both codes <= 4 * 255, times 2^21: 64 bits, of which the low half counts.
  int64_t start = ((int64_t)1 << (shift - 1)) - (int64_t)p->a_zp * am - (int64_t)p->b_zp * bm;
  start += (a_step == 0 ? (int64_t)code_at(type, a) * am : 0) + (b_step == 0 ? (int64_t)code_at(type, b) * bm : 0);
  vi first = SET_I((int32_t)(uint32_t)(uint64_t)start), a_mult = SET_I(am), b_mult = SET_I(bm), zp = SET_I(p->out_zp),
     lo = SET_I(p->lo), hi = SET_I(p->hi);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vi q = first;
    if (a_step != 0)
      q = ADD_I(q, MUL_I(load_codes(type, a, i), a_mult));
    if (b_step != 0)
      q = ADD_I(q, MUL_I(load_codes(type, b, i), b_mult));
    store_codes(type, out, i, MAX_I(MIN_I(ADD_I(SHIFT_I(q, shift), zp), hi), lo));
  }
  return i;
}

static void binary(const mote_qbinary *p, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                   size_t count) {
  size_t size = mote_qtype_size(p->type), done = 0;
  if (p->op == MOTE_QADD_INT && count >= LANES)
    done = p->type == MOTE_I8 ? sum_loop(p, MOTE_I8, a, a_step, b, b_step, out, count)
                              : sum_loop(p, MOTE_U8, a, a_step, b, b_step, out, count);
  if ((p->op == MOTE_QADD || p->op == MOTE_QMUL) && count >= LANES)
    done = binary_loop(p, a, a_step, b, b_step, out, count);
  if (done < count)
    mote_q_eltwise__c.binary(p, (const char *)a + done * a_step * size, a_step, (const char *)b + done * b_step * size,
                             b_step, (char *)out + done * size, count - done);
}

MOTE_INLINE vf source(const mote_qconvert *p, const void *in, size_t i, vi zp, vf scale) {
  if (p->from != MOTE_F32)
    return MUL(TO_F(SUB_I(load_codes(p->from, in, i), zp)), scale);
  vf x = LOAD_F32((const float *)in + i);
  return p->divide ? DIV(x, scale) : MUL(x, scale);
}

MOTE_INLINE size_t to_floats(const mote_qconvert *p, mote_dtype from, const void *in, float *out, size_t count) {
  vi zp = SET_I(p->in_zp);
  vf scale = SET_F(p->scale);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    STORE_F32(out + i, MUL(TO_F(SUB_I(load_codes(from, in, i), zp)), scale));
  return i;
}

static size_t to_codes(const mote_qconvert *given, const void *in, void *out, size_t count) {
  const mote_qconvert copy = *given, *p = &copy; // which no store into `out` changes
  finish e = finish_of(p->out_zp, p->lo, p->hi);
  vi zp = SET_I(p->in_zp);
  vf scale = SET_F(p->scale);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    store_codes(p->to, out, i, finished(source(p, in, i, zp, scale), p->round == MOTE_QROUND_EVEN, &e));
  return i;
}

static void convert(const mote_qconvert *p, const void *in, void *out, size_t count) {
  size_t done = 0;
  if (p->from == MOTE_I32 || p->to == MOTE_I32)
    done = 0;
  else if (p->to != MOTE_F32)
    done = to_codes(p, in, out, count);
  else if (p->from == MOTE_I8)
    done = to_floats(p, MOTE_I8, in, out, count);
  else if (p->from == MOTE_U8)
    done = to_floats(p, MOTE_U8, in, out, count);
  else if (p->from == MOTE_I16)
    done = to_floats(p, MOTE_I16, in, out, count);
  if (done < count)
    mote_q_eltwise__c.convert(p, (const char *)in + done * mote_qtype_size(p->from),
                              (char *)out + done * mote_qtype_size(p->to), count - done);
}

static void lookup(const uint8_t table[256], const void *in, void *out, size_t count) {
  mote_q_eltwise__c.lookup(table, in, out, count);
}

// Smallest and largest of the row and of 0; NaN is passed over, for MIN and MAX then give their second operand.
static void range_of(const float *in, size_t count, float *least, float *most) {
  float lanes[LANES];
  vf lo = SET_F(0.0f), hi = SET_F(0.0f);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    lo = MIN(LOAD_F32(in + i), lo);
    hi = MAX(LOAD_F32(in + i), hi);
  }
  *least = *most = 0.0f;
  STORE_F32(lanes, lo);
  for (size_t j = 0; j < LANES; j++)
    *least = lanes[j] < *least ? lanes[j] : *least;
  STORE_F32(lanes, hi);
  for (size_t j = 0; j < LANES; j++)
    *most = lanes[j] > *most ? lanes[j] : *most;
  for (; i < count; i++) {
    *least = in[i] < *least ? in[i] : *least;
    *most = in[i] > *most ? in[i] : *most;
  }
}

// round half away(zp + in * inverse), within lo..127.
static void codes_of(const float *in, int8_t *out, size_t count, float zp, float inverse, int32_t lo) {
  finish e = finish_of(0, lo, 127);
  vf start = SET_F(zp), factor = SET_F(inverse);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    STORE_I8(out + i, finished(ADD(start, MUL(LOAD_F32(in + i), factor)), false, &e));
  for (; i < count; i++)
    out[i] = (int8_t)mote_qround_value(zp + in[i] * inverse, MOTE_QROUND_AWAY, 0, lo, 127);
}

static void row_symmetric(const float *in, int8_t *out, size_t count, float *scale) {
  float least, most, inverse;
  range_of(in, count, &least, &most);
  if (mote_qrow_symmetric_range(least, most, scale, &inverse))
    codes_of(in, out, count, 0.0f, inverse, -127);
  else
    memset(out, 0, count);
}

static void row_asymmetric(const float *in, int8_t *out, size_t count, float *scale, int32_t *zp) {
  float least, most, inverse;
  range_of(in, count, &least, &most);
  if (mote_qrow_asymmetric_range(least, most, scale, zp, &inverse))
    codes_of(in, out, count, (float)*zp, inverse, -128);
  else
    memset(out, 0, count);
}

const mote_qeltwise_row ROW_NAME = {ROW_TEXT, ROW_NEEDS, binary, lookup, convert, row_symmetric, row_asymmetric};
