// qeltwise: every row bit for bit against plain arithmetic in double where that is exact, else in float in the order
// that qeltwise.h gives. Rows: src/kernels/list/qeltwise.def
#include "kernels/qeltwise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/check_codes.h"

static size_t size_of(mote_dtype type) { return type == MOTE_I8 || type == MOTE_U8 ? 1 : type == MOTE_I16 ? 2 : 4; }

static int32_t code(mote_dtype type, const void *p, size_t i) {
  return type == MOTE_I8    ? (int32_t)((const int8_t *)p)[i]
         : type == MOTE_U8  ? (int32_t)((const uint8_t *)p)[i]
         : type == MOTE_I16 ? (int32_t)((const int16_t *)p)[i]
                            : ((const int32_t *)p)[i];
}

static int32_t lowest(mote_dtype type) { return type == MOTE_I8 ? -128 : type == MOTE_U8 ? 0 : -32768; }
static int32_t highest(mote_dtype type) { return type == MOTE_I8 ? 127 : type == MOTE_U8 ? 255 : 32767; }

// NaN gives hi, as mote_qclampf says.
static int32_t rounded(float f, mote_qround round_to, int32_t zp, int32_t lo, int32_t hi) {
  if (f != f)
    return hi;
  const double q = (round_to == MOTE_QROUND_EVEN ? nearbyint((double)f) : round((double)f)) + zp;
  return (int32_t)fmax(fmin(q, hi), lo);
}

static float real_of(const mote_qbinary *p, float a, float b) {
  const float x = a * p->a_scale, y = b * p->b_scale, d = x - y, ab = a * b;
  switch (p->op) {
  case MOTE_QADD:
    return x + y;
  case MOTE_QMUL:
    return ab * p->a_scale;
  case MOTE_QDIV:
    return a == 0 ? 0 : (a / b) * p->a_scale;
  case MOTE_QSQDIFF:
    return d * d;
  case MOTE_QMAX:
    return fmaxf(x, y);
  case MOTE_QMIN:
    return fminf(x, y);
  default:
    return a >= 0 ? x : ab * p->b_scale;
  }
}

typedef struct binary_run {
  const mote_qeltwise_row *row;
  mote_qbinary p;
  const void *a, *b;
  size_t a_step, b_step, count;
  void *out;
} binary_run;

static void run_binary(void *arg) {
  binary_run *r = arg;
  r->row->binary(&r->p, r->a, r->a_step, r->b, r->b_step, r->out, r->count);
}

static mote_qbinary random_binary(checker *c) {
  mote_qbinary p = {.op = (mote_qbinary_op)check_between(c, 0, MOTE_QPRELU),
                    .type = (mote_dtype)check_between(c, MOTE_I8, MOTE_I16)};
  if (check_between(c, 0, 1))
    p.op = (mote_qbinary_op)check_between(c, MOTE_QADD, MOTE_QMUL);
  const int32_t lo = lowest(p.type), hi = highest(p.type);
  if (p.type != MOTE_I16) {
    p.a_zp = check_between(c, lo, hi);
    p.b_zp = check_between(c, lo, hi);
    p.out_zp = check_between(c, lo, hi);
  }
  p.lo = check_between(c, 0, 1) ? lo : check_between(c, lo, 0);
  p.hi = check_between(c, 0, 1) ? hi : check_between(c, 1, hi);
  // Powers of two make ties.
  p.a_scale = check_between(c, 0, 1) ? 0.5f : check_random_f32(c, 0.001f, 2);
  p.b_scale = check_between(c, 0, 1) ? 0.25f : check_random_f32(c, -2, 2);
  p.round = check_between(c, 0, 1) ? MOTE_QROUND_EVEN : MOTE_QROUND_AWAY;
  return p;
}

static void check_binary(checker *c) {
  const mote_qbinary p = random_binary(c);
  const size_t size = size_of(p.type), count = (size_t)check_between(c, 1, 70);
  const size_t a_step = (size_t)check_between(c, 0, 3) ? 1 : 0, b_step = (size_t)check_between(c, 0, 3) ? 1 : 0;
  const check_place place = (check_place)check_between(c, 0, 2);
  char *a = check_buffer(c, size * (a_step ? count : 1), place),
       *b = check_buffer(c, size * (b_step ? count : 1), place);
  check_fill_bytes(c, a, size * (a_step ? count : 1));
  check_fill_bytes(c, b, size * (b_step ? count : 1));
  char *out = check_buffer(c, size * count, place);
  int32_t expect[70];
  for (size_t i = 0; i < count; i++) {
    const float x = (float)(code(p.type, a, i * a_step) - p.a_zp), y = (float)(code(p.type, b, i * b_step) - p.b_zp);
    expect[i] = rounded(real_of(&p, x, y), p.round, p.out_zp, p.lo, p.hi);
  }
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    const mote_qeltwise_row *row = mote_qeltwise_rows[r];
    const bool in_place = a_step == 1 && check_between(c, 0, 2) == 0;
    if (!check_can_run(c, row->needs))
      continue;
    check_poison(out, size * count);
    if (in_place)
      memcpy(out, a, size * count);
    binary_run run = {row, p, in_place ? out : a, b, a_step, b_step, count, out};
    if (!check_guarded_call(c, row->name, run_binary, &run))
      continue;
    size_t bad = 0;
    while (bad < count && code(p.type, out, bad) == expect[bad])
      bad++;
    check_case(c, bad == count, row->name, "binary op %d type %d count %zu: element %zu is %d, expected %d", p.op,
               p.type, count, bad, bad < count ? code(p.type, out, bad) : 0, bad < count ? expect[bad] : 0);
  }
}

typedef struct convert_run {
  const mote_qeltwise_row *row;
  mote_qconvert p;
  const void *in;
  void *out;
  size_t count;
} convert_run;

static void run_convert(void *arg) {
  convert_run *r = arg;
  r->row->convert(&r->p, r->in, r->out, r->count);
}

static mote_qconvert random_convert(checker *c) {
  static const mote_dtype types[] = {MOTE_I8, MOTE_U8, MOTE_I16, MOTE_F32, MOTE_I32};
  mote_qconvert p = {.from = types[check_between(c, 0, 4)], .to = types[check_between(c, 0, 3)]};
  if (p.from == MOTE_F32 && p.to == MOTE_F32)
    p.to = MOTE_I8;
  if (p.from == MOTE_I8 || p.from == MOTE_U8)
    p.in_zp = check_between(c, lowest(p.from), highest(p.from));
  if (p.to != MOTE_F32) {
    p.lo = lowest(p.to);
    p.hi = highest(p.to);
    p.out_zp = p.to == MOTE_I16 ? 0 : check_between(c, p.lo, p.hi);
  }
  p.scale = check_between(c, 0, 1) ? 0.5f : check_random_f32(c, 0.001f, 2);
  p.divide = check_between(c, 0, 1);
  p.round = check_between(c, 0, 1) ? MOTE_QROUND_EVEN : MOTE_QROUND_AWAY;
  return p;
}

static void fill_source(checker *c, mote_dtype type, void *in, size_t count) {
  check_fill_bytes(c, in, count * size_of(type));
  if (type == MOTE_F32) {
    check_fill_f32(c, in, count, -200, 200);
    check_sprinkle_f32(c, in, count, 9);
    for (size_t i = 0; i < count; i += 3)
      ((float *)in)[i] = (float)check_between(c, -300, 300) * 0.25f; // ties
  }
}

static bool same_result(const mote_qconvert *p, const void *in, const void *out, size_t i) {
  float f;
  if (p->from == MOTE_F32) {
    const float x = ((const float *)in)[i];
    f = p->divide ? x / p->scale : x * p->scale;
  } else {
    f = (float)((int64_t)code(p->from, in, i) - p->in_zp) * p->scale;
  }
  if (p->to == MOTE_F32)
    return memcmp((const float *)out + i, &f, 4) == 0;
  return code(p->to, out, i) == rounded(f, p->round, p->out_zp, p->lo, p->hi);
}

static void check_convert(checker *c) {
  const mote_qconvert p = random_convert(c);
  const size_t count = (size_t)check_between(c, 1, 70);
  const check_place place = (check_place)check_between(c, 0, 2);
  void *in = check_buffer(c, count * size_of(p.from), place), *out = check_buffer(c, count * size_of(p.to), place);
  fill_source(c, p.from, in, count);
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    const mote_qeltwise_row *row = mote_qeltwise_rows[r];
    if (!check_can_run(c, row->needs))
      continue;
    check_poison(out, count * size_of(p.to));
    convert_run run = {row, p, in, out, count};
    if (!check_guarded_call(c, row->name, run_convert, &run))
      continue;
    size_t bad = 0;
    while (bad < count && same_result(&p, in, out, bad))
      bad++;
    check_case(c, bad == count, row->name, "convert %d to %d, count %zu: element %zu", p.from, p.to, count, bad);
  }
}

static void check_lookup(checker *c) {
  const size_t count = (size_t)check_between(c, 1, 300);
  uint8_t *in = check_buffer(c, count, CHECK_END), *out = check_buffer(c, count, CHECK_END), table[256];
  check_fill_bytes(c, in, count);
  check_fill_bytes(c, table, sizeof table);
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    if (!check_can_run(c, mote_qeltwise_rows[r]->needs))
      continue;
    mote_qeltwise_rows[r]->lookup(table, in, out, count);
    size_t bad = 0;
    while (bad < count && out[bad] == table[in[bad]])
      bad++;
    check_case(c, bad == count, mote_qeltwise_rows[r]->name, "lookup: element %zu of %zu", bad, count);
  }
}

// FIXED stays within a step or two of real arithmetic, and all rows agree.
static void check_fixed(checker *c) {
  static const mote_qbinary_op ops[] = {MOTE_QADD, MOTE_QMUL, MOTE_QSQDIFF, MOTE_QPRELU};
  enum { COUNT = 40 };
  const float sa = check_random_f32(c, 0.2f, 1), sb = check_random_f32(c, 0.2f, 1), so = check_random_f32(c, 1, 2);
  mote_qbinary p = {.op = ops[check_between(c, 0, 3)],
                    .type = MOTE_I8,
                    .a_zp = check_between(c, -128, 127),
                    .b_zp = 3,
                    .out_zp = -5,
                    .lo = -128,
                    .hi = 127,
                    .round = MOTE_QROUND_FIXED};
  const double t = 2 * fmax(sa, sb);
  p.left_shift = p.op == MOTE_QSQDIFF ? 7 : 20;
  p.a_scale = p.op == MOTE_QMUL ? sa * sb / so : p.op == MOTE_QSQDIFF ? sa / sqrtf(so) : sa / so;
  p.b_scale = p.op == MOTE_QPRELU ? sa * sb / so : p.op == MOTE_QSQDIFF ? sb / sqrtf(so) : sb / so;
  p.a_fix = mote_qfix_from(p.op == MOTE_QPRELU ? sa / (double)so : sa / t);
  p.b_fix = mote_qfix_from(sb / t);
  p.out_fix = mote_qfix_from(p.op == MOTE_QADD      ? t / ((1 << 20) * (double)so)
                             : p.op == MOTE_QSQDIFF ? t * t / ((1 << 14) * (double)so)
                                                    : (double)sa * sb / so);
  int8_t *a = check_buffer(c, COUNT, CHECK_END), *b = check_buffer(c, COUNT, CHECK_END),
         *out = check_buffer(c, COUNT, CHECK_END);
  check_fill_bytes(c, a, COUNT);
  check_fill_bytes(c, b, COUNT);
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    if (!check_can_run(c, mote_qeltwise_rows[r]->needs))
      continue;
    mote_qeltwise_rows[r]->binary(&p, a, 1, b, 1, out, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
      const int32_t want =
          rounded(real_of(&p, (float)(a[i] - p.a_zp), (float)(b[i] - p.b_zp)), MOTE_QROUND_AWAY, p.out_zp, p.lo, p.hi);
      const int slack = p.op == MOTE_QSQDIFF ? 3 : 1;
      check_case(c, abs(out[i] - want) <= slack, mote_qeltwise_rows[r]->name, "fixed op %d: %d, real arithmetic %d",
                 p.op, out[i], want);
    }
  }
}

// Sums in integers: the plain quotient, halves up.
static void check_add_int(checker *c) {
  mote_qbinary p = random_binary(c);
  p.op = MOTE_QADD_INT;
  p.type = check_between(c, 0, 1) ? MOTE_I8 : MOTE_U8;
  p.a_zp = check_between(c, lowest(p.type), highest(p.type)),
  p.b_zp = check_between(c, lowest(p.type), highest(p.type));
  p.out_zp = check_between(c, lowest(p.type), highest(p.type));
  p.lo = lowest(p.type), p.hi = highest(p.type);
  p.a_fix.mult = check_between(c, 1 << 20, (1 << 21) - 1),
  p.b_fix.mult = check_between(c, -(1 << 21) + 1, (1 << 21) - 1);
  p.out_fix.shift = check_between(c, 12, 30);
  const size_t count = (size_t)check_between(c, 1, 70);
  const size_t a_step = (size_t)check_between(c, 0, 3) ? 1 : 0, b_step = (size_t)check_between(c, 0, 3) ? 1 : 0;
  char *a = check_buffer(c, a_step ? count : 1, CHECK_END), *b = check_buffer(c, b_step ? count : 1, CHECK_END);
  char *out = check_buffer(c, count, CHECK_END);
  check_fill_bytes(c, a, a_step ? count : 1);
  check_fill_bytes(c, b, b_step ? count : 1);
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    const mote_qeltwise_row *row = mote_qeltwise_rows[r];
    if (!check_can_run(c, row->needs))
      continue;
    check_poison(out, count);
    binary_run run = {row, p, a, b, a_step, b_step, count, out};
    if (!check_guarded_call(c, row->name, run_binary, &run))
      continue;
    for (size_t i = 0; i < count; i++) {
      const double x = code(p.type, a, i * a_step) - p.a_zp, y = code(p.type, b, i * b_step) - p.b_zp;
      const double q = floor(ldexp(x * p.a_fix.mult + y * p.b_fix.mult, -p.out_fix.shift) + 0.5) + p.out_zp;
      const int32_t want = (int32_t)fmax(fmin(q, p.hi), p.lo);
      check_case(c, code(p.type, out, i) == want, row->name, "integer sum of %zu: element %zu is %d, expected %d",
                 count, i, code(p.type, out, i), want);
    }
  }
}

static void test(checker *c) {
  for (int i = 0; i < 6000; i++) {
    check_reset(c);
    check_binary(c);
    check_reset(c);
    check_convert(c);
    check_reset(c);
    if (i % 8 == 0)
      check_fixed(c);
    check_reset(c);
    if (i % 4 == 0)
      check_add_int(c);
  }
  check_reset(c);
  check_lookup(c);
}

static void bench(checker *c) {
  enum { COUNT = 56 * 56 * 24 };
  for (size_t r = 0; r < mote_qeltwise_row_count; r++) {
    const mote_qeltwise_row *row = mote_qeltwise_rows[r];
    if (!check_can_run(c, row->needs))
      continue;
    check_reset(c);
    char *a = check_buffer(c, COUNT, CHECK_ALIGNED), *b = check_buffer(c, COUNT, CHECK_ALIGNED);
    char *out = check_buffer(c, COUNT, CHECK_ALIGNED);
    float *f = check_buffer(c, COUNT * 4, CHECK_ALIGNED);
    check_fill_f32(c, f, COUNT, -1, 1);
    binary_run add = {row, {MOTE_QADD, MOTE_I8, 1, 2, 3, -128, 127, 0.7f, 0.4f, MOTE_QROUND_AWAY}, a, b, 1, 1, COUNT,
                      out};
    check_report(c, row->name, "add i8 56x56x24", check_time(c, run_binary, &add), COUNT, "G/s", 0);
    add.p.op = MOTE_QADD_INT;
    add.p.a_fix.mult = 1500000, add.p.b_fix.mult = 800000, add.p.out_fix.shift = 21;
    check_report(c, row->name, "integer add i8 56x56x24", check_time(c, run_binary, &add), COUNT, "G/s", 0);
    convert_run q = {row, {MOTE_F32, MOTE_I8, 0, 3, -128, 127, 0.01f, true, MOTE_QROUND_AWAY}, f, out, COUNT};
    check_report(c, row->name, "f32 to i8 56x56x24", check_time(c, run_convert, &q), COUNT, "G/s", 0);
    convert_run d = {row, {MOTE_I8, MOTE_F32, 3, 0, 0, 0, 0.01f, false, MOTE_QROUND_EVEN}, a, f, COUNT};
    check_report(c, row->name, "i8 to f32 56x56x24", check_time(c, run_convert, &d), COUNT, "G/s", 0);
  }
}

const check_family check_family_qeltwise = {"qeltwise", test, bench};
