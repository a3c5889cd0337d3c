// half: every 16-bit pattern and many 32-bit ones against the definition; transpose: every element against its place.
// Rows: src/kernels/list/half.def, transpose.def
#include "kernels/half.h"

#include <math.h>
#include <string.h>

#include "kernels/checker.h"
#include "kernels/transpose.h"

enum { PATTERNS = 65536 };

// The value by the definition of the format: sign, exponent bits, mantissa bits.
static float decode(uint16_t h, int exponent_bits) {
  const int mantissa_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = h >> mantissa_bits & ((1 << exponent_bits) - 1), mantissa = h & ((1 << mantissa_bits) - 1);
  const float sign = h & 0x8000 ? -1.0f : 1.0f;
  if (exponent == (1 << exponent_bits) - 1)
    return mantissa != 0 ? NAN : sign * INFINITY;
  if (exponent == 0)
    return sign * ldexpf((float)mantissa, 1 - bias - mantissa_bits);
  return sign * ldexpf((float)(mantissa + (1 << mantissa_bits)), exponent - bias - mantissa_bits);
}

typedef struct half_run {
  void (*widen)(const uint16_t *x, float *y, size_t n);
  void (*narrow)(const float *x, uint16_t *y, size_t n);
  const uint16_t *x16;
  uint16_t *y16;
  const float *x32;
  float *y32;
  size_t n;
} half_run;

static void run_widen(void *arg) {
  half_run *r = arg;
  r->widen(r->x16, r->y32, r->n);
}

static void run_narrow(void *arg) {
  half_run *r = arg;
  r->narrow(r->x32, r->y16, r->n);
}

// Is `h` the nearest 16-bit number to x, the even one of two?
static bool is_nearest(float x, uint16_t h, int exponent_bits) {
  if (x != x)
    return decode(h, exponent_bits) != decode(h, exponent_bits);
  if ((h & 0x8000) != (signbit(x) ? 0x8000 : 0))
    return false;
  // Infinity stands where the next number would be: 2^(bias+1).
  const double limit = ldexp(1, 1 << (exponent_bits - 1)), magnitude = fabs((double)x);
  const uint16_t m = h & 0x7fff;
  const double here = isinf(decode(m, exponent_bits)) ? limit : (double)decode(m, exponent_bits);
  const double below = m == 0 ? -1 : (double)decode((uint16_t)(m - 1), exponent_bits);
  const double next = isinf(decode(m, exponent_bits)) ? INFINITY : (double)decode((uint16_t)(m + 1), exponent_bits);
  const double above = isinf(next) && here < limit ? limit : next;
  const double d = fabs(magnitude - here);
  const bool odd = m & 1;
  if (isinf(x))
    return here == limit;
  if (here == limit && magnitude >= limit)
    return true;
  return (odd ? d < magnitude - below : d <= magnitude - below) &&
         (odd ? d < above - magnitude : d <= above - magnitude);
}

static void check_format(checker *c, const char *name, half_run run, int exponent_bits) {
  check_reset(c);
  uint16_t *all = check_buffer(c, PATTERNS * sizeof(uint16_t), CHECK_ALIGNED);
  float *wide = check_buffer(c, PATTERNS * sizeof(float), CHECK_END);
  for (size_t i = 0; i < PATTERNS; i++)
    all[i] = (uint16_t)i;
  run.x16 = all;
  run.y32 = wide;
  run.n = PATTERNS;
  run_widen(&run);
  size_t bad = 0;
  for (size_t i = 0; i < PATTERNS; i++) {
    const float expect = decode((uint16_t)i, exponent_bits);
    bad += check_diff_f32(&wide[i], &expect, 1) == 0;
  }
  check_case(c, bad == 0, name, "exponent of %d bits: %zu of 65536 widened wrongly", exponent_bits, bad);
  const size_t n = 200000;
  float *x = check_buffer(c, n * sizeof(float), CHECK_ALIGNED);
  uint16_t *y = check_buffer(c, n * sizeof(uint16_t), CHECK_END);
  check_fill_bytes(c, x, n * sizeof(float));
  for (size_t i = 0; i < n; i += 2) { // close to representable numbers and to the middle between two
    uint32_t bits;
    memcpy(&bits, &wide[check_random_below(c, PATTERNS)], sizeof bits);
    bits = (i & 2 ? bits : bits + (exponent_bits == 8 ? 0x8000 : 0x1000)) + (uint32_t)check_random_below(c, 3) - 1;
    memcpy(&x[i], &bits, sizeof bits);
  }
  run.x32 = x;
  run.y16 = y;
  run.n = n;
  run_narrow(&run);
  bad = 0;
  for (size_t i = 0; i < n; i++)
    bad += !is_nearest(x[i], y[i], exponent_bits);
  check_case(c, bad == 0, name, "exponent of %d bits: %zu of %zu narrowed wrongly", exponent_bits, bad, n);
  for (size_t k = 0; k < 40; k++) { // tails, guards
    check_reset(c);
    run.x16 = check_buffer(c, k * 2, CHECK_END);
    run.y32 = check_buffer(c, k * 4, CHECK_END);
    run.x32 = run.y32;
    run.y16 = check_buffer(c, k * 2, CHECK_START);
    run.n = k;
    check_fill_bytes(c, (void *)run.x16, k * 2);
    if (check_guarded_call(c, name, run_widen, &run) && check_guarded_call(c, name, run_narrow, &run)) {
      size_t wrong = 0;
      for (size_t i = 0; i < k; i++)
        wrong +=
            !is_nearest(run.y32[i], run.y16[i], exponent_bits) || !is_nearest(run.y32[i], run.x16[i], exponent_bits);
      check_case(c, wrong == 0, name, "n=%zu: %zu wrong", k, wrong);
    }
  }
}

static void test_half(checker *c) {
  size_t count;
  const mote_half *const *rows = mote_half_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, rows[i]->features)) {
      check_format(c, rows[i]->name, (half_run){.widen = rows[i]->f16_to_f32, .narrow = rows[i]->f32_to_f16}, 5);
      check_format(c, rows[i]->name, (half_run){.widen = rows[i]->bf16_to_f32, .narrow = rows[i]->f32_to_bf16}, 8);
    }
}

static void bench_half(checker *c) {
  size_t count;
  const mote_half *const *rows = mote_half_rows(&count);
  const size_t n = 16384;
  check_reset(c);
  uint16_t *h = check_buffer(c, n * 2, CHECK_ALIGNED);
  float *f = check_buffer(c, n * 4, CHECK_ALIGNED);
  check_fill_f32(c, f, n, -1, 1);
  for (size_t i = 0; i < count && check_can_run(c, rows[i]->features); i++) {
    half_run run = {rows[i]->f16_to_f32, rows[i]->f32_to_f16, h, h, f, f, n};
    check_report(c, rows[i]->name, "f32 to f16", check_time(c, run_narrow, &run), (double)n, "Gelem/s", 0);
    check_report(c, rows[i]->name, "f16 to f32", check_time(c, run_widen, &run), (double)n, "Gelem/s", 0);
  }
}

const check_family check_family_half = {"half", test_half, bench_half};

typedef struct transpose_run {
  void (*fn)(size_t rows, size_t cols, const void *from, ptrdiff_t from_row, void *to, ptrdiff_t to_row);
  size_t rows, cols, size;
  ptrdiff_t from_row, to_row;
  unsigned char *from, *to;
} transpose_run;

static void run_transpose(void *arg) {
  transpose_run *r = arg;
  r->fn(r->rows, r->cols, r->from, r->from_row, r->to, r->to_row);
}

static void check_transpose(checker *c, const char *name, transpose_run r, check_place place) {
  check_reset(c);
  const size_t from_bytes = ((r.rows - 1) * (size_t)r.from_row + r.cols) * r.size;
  const size_t to_bytes = ((r.cols - 1) * (size_t)r.to_row + r.rows) * r.size;
  r.from = check_buffer(c, from_bytes, place);
  r.to = check_buffer(c, to_bytes, place);
  check_fill_bytes(c, r.from, from_bytes);
  if (!check_guarded_call(c, name, run_transpose, &r))
    return;
  bool ok = true;
  for (size_t col = 0; col < r.cols; col++) {
    unsigned char *line = r.to + col * (size_t)r.to_row * r.size;
    for (size_t row = 0; row < r.rows; row++)
      ok &= memcmp(line + row * r.size, r.from + (row * (size_t)r.from_row + col) * r.size, r.size) == 0;
    if (col + 1 < r.cols)
      ok &= check_is_poison(line + r.rows * r.size, ((size_t)r.to_row - r.rows) * r.size);
  }
  check_case(c, ok, name, "%zux%zu of %zu bytes", r.rows, r.cols, r.size);
}

static void test_transpose(checker *c) {
  size_t count;
  const mote_transpose *const *rows = mote_transpose_rows(&count);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < 600 && check_can_run(c, rows[i]->features); k++) {
      transpose_run r = {.rows = 1 + check_random_below(c, 40), .cols = 1 + check_random_below(c, 40)};
      r.size = (size_t)1 << k % 3;
      r.fn = r.size == 4 ? rows[i]->b4 : r.size == 2 ? rows[i]->b2 : rows[i]->b1;
      r.from_row = (ptrdiff_t)(r.cols + check_random_below(c, 4));
      r.to_row = (ptrdiff_t)(r.rows + check_random_below(c, 4));
      check_transpose(c, rows[i]->name, r, (check_place)(k % 2));
    }
}

static void bench_transpose(checker *c) {
  size_t count;
  const mote_transpose *const *rows = mote_transpose_rows(&count);
  for (size_t i = 0; i < count && check_can_run(c, rows[i]->features); i++) {
    check_reset(c);
    transpose_run r = {rows[i]->b4,
                       256,
                       192,
                       4,
                       192,
                       256,
                       check_buffer(c, 256 * 192 * 4, CHECK_ALIGNED),
                       check_buffer(c, 256 * 192 * 4, CHECK_ALIGNED)};
    check_report(c, rows[i]->name, "256x192 of 4 bytes", check_time(c, run_transpose, &r), 2.0 * 256 * 192 * 4, "GB/s",
                 0);
    r.fn = rows[i]->b1;
    check_report(c, rows[i]->name, "256x192 of 1 byte", check_time(c, run_transpose, &r), 2.0 * 256 * 192, "GB/s", 0);
  }
}

const check_family check_family_transpose = {"transpose", test_transpose, bench_transpose};
