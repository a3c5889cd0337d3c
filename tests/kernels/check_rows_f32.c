// softmax_f32, norm_f32, resize_f32: every row against the portable one bit for bit, and the portable one
// against plain loops in double. Rows: src/kernels/list/{softmax,norm,resize}_f32.def
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/check_window.h"
#include "kernels/checker.h"
#include "kernels/norm_f32.h"
#include "kernels/resize_f32.h"
#include "kernels/softmax_f32.h"

// One row of any of the three families: its name, and a call over all tiles, last first.
typedef struct rows_run {
  const char *name;
  uint32_t features;
  void (*call)(const struct rows_run *run);
  const void *row; // of the family's type
  void *args;
} rows_run;

static void run_rows(void *arg) {
  const rows_run *run = arg;
  run->call(run);
}

#define ROWS_CALL(family, tiles_of)                                                                                    \
  static void call_##family(const rows_run *run) {                                                                     \
    const mote_##family##_f32_args *args = run->args;                                                                  \
    for (size_t t = tiles_of; t-- > 0;)                                                                                \
      ((const mote_##family##_f32 *)run->row)->run(args, t, t + 1);                                                    \
  }
ROWS_CALL(softmax, mote_softmax_f32_tiles(args->rows, args->cols))
ROWS_CALL(norm, mote_norm_f32_tiles(args->rows, args->cols))
ROWS_CALL(resize, mote_resize_f32_tiles(args))

// Runs all rows of a family on `args`, whose output is `*out` (`size` floats); the last row is the portable one and
// runs first. `expect` in double with a bound for each element, NaN to skip one.
typedef struct rows_case {
  float **out;
  size_t size;
  check_place place;
  const double *expect, *bound;
} rows_case;

static bool matches(checker *c, const char *name, const float *y, const rows_case *k) {
  for (size_t i = 0; i < k->size; i++) {
    const bool nan = k->expect[i] != k->expect[i];
    // What lies beyond the floats rounds to infinity: the log of a softmax over -FLT_MAX and FLT_MAX does.
    const bool beyond = fabs(k->expect[i]) > FLT_MAX && y[i] == copysign(HUGE_VAL, k->expect[i]);
    const bool same = nan ? y[i] != y[i] : beyond || y[i] == k->expect[i] || fabs(y[i] - k->expect[i]) <= k->bound[i];
    if (!same) {
      check_case(c, false, name, "element %zu of %zu is %g, exactly %g", i, k->size, y[i], k->expect[i]);
      return false;
    }
  }
  check_case(c, true, name, "%zu", k->size);
  return true;
}

static void check_rows(checker *c, const rows_run *runs, size_t count, const rows_case *k) {
  float *portable = check_buffer(c, k->size * sizeof(float), CHECK_ALIGNED);
  *k->out = portable;
  runs[count - 1].call(&runs[count - 1]);
  matches(c, runs[count - 1].name, portable, k);
  for (size_t i = 0; i + 1 < count; i++) {
    if (!check_can_run(c, runs[i].features))
      continue;
    *k->out = check_buffer(c, k->size * sizeof(float), k->place);
    if (!check_guarded_call(c, runs[i].name, run_rows, (void *)&runs[i]))
      continue;
    const size_t bad = check_diff_f32(*k->out, portable, k->size);
    check_case(c, bad == k->size, runs[i].name, "element %zu of %zu is %a, portable %a", bad, k->size,
               bad < k->size ? (*k->out)[bad] : 0.0, bad < k->size ? portable[bad] : 0.0);
  }
}

// The same with the output over the input: x is copied there first.
static void check_in_place(checker *c, const rows_run *runs, size_t count, const float **x, float **y, size_t size) {
  const float *source = *x;
  float *expected = check_buffer(c, size * sizeof(float), CHECK_ALIGNED);
  *y = expected;
  runs[count - 1].call(&runs[count - 1]);
  for (size_t i = 0; i < count; i++) {
    if (!check_can_run(c, runs[i].features))
      continue;
    float *both = check_buffer(c, size * sizeof(float), CHECK_END);
    *x = *y = memcpy(both, source, size * sizeof(float));
    if (check_guarded_call(c, runs[i].name, run_rows, (void *)&runs[i]))
      check_case(c, check_diff_f32(both, expected, size) == size, runs[i].name, "in place, %zu elements", size);
  }
  *x = source;
}

enum { ROWS_MAX = 8, SIZE_MAX_CASE = 20000 };

#define ROWS_LIST(family)                                                                                              \
  rows_run runs[ROWS_MAX];                                                                                             \
  size_t count;                                                                                                        \
  const mote_##family##_f32 *const *table = mote_##family##_f32_rows(&count);                                          \
  for (size_t i = 0; i < count; i++)                                                                                   \
    runs[i] = (rows_run){table[i]->name, table[i]->features, call_##family, table[i], &args};

static double expect[SIZE_MAX_CASE], bound[SIZE_MAX_CASE];

static float *random_input(checker *c, size_t n, check_place place, bool specials, float range) {
  float *x = check_buffer(c, n * sizeof(float), place);
  check_fill_f32(c, x, n, -range, range);
  if (specials)
    check_sprinkle_f32(c, x, n, 40);
  return x;
}

// ---- softmax

static void expect_softmax(const mote_softmax_f32_args *args, const float *x, double *y, double *limit) {
  double top = -INFINITY, sum = 0;
  bool nan = false;
  for (size_t i = 0; i < args->cols; i++) {
    top = fmax(top, args->beta * (double)x[i]);
    nan |= x[i] != x[i];
  }
  for (size_t i = 0; i < args->cols; i++)
    sum += exp(args->beta * (double)x[i] - top);
  for (size_t i = 0; i < args->cols; i++) {
    const double z = args->beta * (double)x[i] - top, value = args->log ? z - log(sum) : exp(z) / sum;
    y[i] = nan || isinf(top) ? NAN : value;
    // The argument's rounding is amplified by its size; each of cols additions rounds once; exp and log a few units.
    const double units = 8 + fabs(z) + (double)args->cols / 16;
    limit[i] = 0x1p-23 * (args->log ? units + fabs(value) : units * value) + 0x1p-149;
  }
}

static void test_softmax(checker *c) {
  for (size_t k = 0; k < 300; k++) {
    check_reset(c);
    const uint32_t r = check_random(c);
    mote_softmax_f32_args args = {.log = r & 1, .beta = r & 2 ? 1.0f : (float)(r >> 2 & 7) - 3.5f};
    args.rows = 1 + check_random_below(c, 9);
    args.cols = k % 40 == 0 ? 2000 : 1 + check_random_below(c, 70);
    args.x_row = args.y_row = (ptrdiff_t)args.cols;
    args.x = random_input(c, args.rows * args.cols, (check_place)(k % 3), k % 5 == 0 && (r & 2), 10);
    for (size_t i = 0; i < args.rows; i++)
      expect_softmax(&args, args.x + i * args.cols, expect + i * args.cols, bound + i * args.cols);
    ROWS_LIST(softmax)
    const rows_case one = {&args.y, args.rows * args.cols, (check_place)((k + 1) % 3), expect, bound};
    check_rows(c, runs, count, &one);
    check_in_place(c, runs, count, &args.x, &args.y, args.rows * args.cols);
  }
}

static void bench_softmax(checker *c) {
  check_reset(c);
  mote_softmax_f32_args args = {.beta = 1.0f, .rows = 128, .cols = 128, .x_row = 128, .y_row = 128};
  args.x = random_input(c, 128 * 128, CHECK_ALIGNED, false, 10);
  args.y = check_buffer(c, 128 * 128 * sizeof(float), CHECK_ALIGNED);
  ROWS_LIST(softmax)
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, runs[i].features))
      check_report(c, runs[i].name, "128x128", check_time(c, run_rows, &runs[i]), 128 * 128, "Gelem/s", 0);
}

const check_family check_family_softmax_f32 = {"softmax_f32", test_softmax, bench_softmax};

// ---- normalisation

static void expect_norm(const mote_norm_f32_args *args, const float *x, double *y, double *limit) {
  double mean = 0, variance = 0, largest = 0;
  for (size_t i = 0; i < args->cols && !args->rms; i++)
    mean += (double)x[i] / (double)args->cols;
  for (size_t i = 0; i < args->cols; i++) {
    variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)args->cols;
    largest = fmax(largest, fabs((double)x[i]));
  }
  const double scale = 1 / sqrt(variance + (double)args->eps);
  for (size_t i = 0; i < args->cols; i++) {
    const double gamma = args->gamma != NULL ? args->gamma[i] : 1, beta = args->beta != NULL ? args->beta[i] : 0;
    y[i] = ((double)x[i] - mean) * scale * gamma + beta;
    // The mean is off by some units of the largest element, which the scale magnifies.
    limit[i] = 0x1p-23 * (8 + (double)args->cols / 16) * (largest * scale * fabs(gamma) + fabs(beta));
  }
}

static void test_norm(checker *c) {
  for (size_t k = 0; k < 300; k++) {
    check_reset(c);
    const uint32_t r = check_random(c);
    mote_norm_f32_args args = {.rms = r & 1, .eps = 1e-5f};
    args.rows = 1 + check_random_below(c, 9);
    args.cols = k % 40 == 0 ? 2000 : 2 + check_random_below(c, 70);
    args.x_row = args.y_row = (ptrdiff_t)args.cols;
    args.x = random_input(c, args.rows * args.cols, (check_place)(k % 3), false, 3);
    args.gamma = r & 2 ? random_input(c, args.cols, (check_place)(k % 3), false, 2) : NULL;
    args.beta = r & 4 ? random_input(c, args.cols, (check_place)(k % 3), false, 2) : NULL;
    for (size_t i = 0; i < args.rows; i++)
      expect_norm(&args, args.x + i * args.cols, expect + i * args.cols, bound + i * args.cols);
    ROWS_LIST(norm)
    const rows_case one = {&args.y, args.rows * args.cols, (check_place)((k + 1) % 3), expect, bound};
    check_rows(c, runs, count, &one);
    check_in_place(c, runs, count, &args.x, &args.y, args.rows * args.cols);
  }
}

static void bench_norm(checker *c) {
  check_reset(c);
  mote_norm_f32_args args = {.eps = 1e-5f, .rows = 128, .cols = 256, .x_row = 256, .y_row = 256};
  args.x = random_input(c, 128 * 256, CHECK_ALIGNED, false, 10);
  args.gamma = args.beta = random_input(c, 256, CHECK_ALIGNED, false, 1);
  args.y = check_buffer(c, 128 * 256 * sizeof(float), CHECK_ALIGNED);
  ROWS_LIST(norm)
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, runs[i].features))
      check_report(c, runs[i].name, "128x256", check_time(c, run_rows, &runs[i]), 128 * 256, "Gelem/s", 0);
}

const check_family check_family_norm_f32 = {"norm_f32", test_norm, bench_norm};

// ---- resize

static void expect_resize(const mote_resize_f32_args *args, size_t at, double *y, double *limit) {
  const size_t ch = at % args->channels, x = at / args->channels % args->out.w,
               row = at / args->channels / args->out.w % args->out.h,
               n = at / args->channels / args->out.w / args->out.h;
  const mote_resize_place *py = &args->y[row], *px = &args->x[x];
  double sum = 0;
  for (int i = 0; i < (args->nearest ? 1 : 4); i++) {
    const float *p = args->in.data + (ptrdiff_t)n * args->in.n_stride +
                     (ptrdiff_t)(i & 2 ? py->hi : py->lo) * args->in.h_stride +
                     (ptrdiff_t)(i & 1 ? px->hi : px->lo) * args->in.w_stride;
    const double weight = (i & 2 ? py->u : 1 - (double)py->u) * (i & 1 ? px->u : 1 - (double)px->u);
    sum += (args->nearest ? 1 : weight) * (double)p[ch];
  }
  *y = sum;
  *limit = args->nearest ? 0 : 6 * 0x1p-24; // inputs are below 1; a product and a sum, twice
}

static void fill_places(checker *c, mote_resize_place *p, size_t n, size_t size) {
  for (size_t i = 0; i < n; i++) {
    p[i].lo = (uint32_t)check_random_below(c, size);
    p[i].hi = (uint32_t)MOTE_MIN(p[i].lo + 1, size - 1);
    p[i].u = check_random_f32(c, 0, 1);
  }
}

static void test_resize(checker *c) {
  for (size_t k = 0; k < 200; k++) {
    check_reset(c);
    check_window w = check_window_random(c, 1);
    w.w_gap = w.h_gap = 0; // outputs are compared as one dense block
    const size_t channels = 1 + check_random_below(c, 40);
    mote_resize_place y[16], x[16];
    mote_resize_f32_args args = {.nearest = k % 3 == 0, .channels = channels, .y = y, .x = x};
    args.in = check_window_in(c, &w, channels);
    args.out = check_window_out(c, &w, channels);
    fill_places(c, y, w.out_h, w.in_h);
    fill_places(c, x, w.out_w, w.in_w);
    const size_t size = check_window_out_size(&w, channels);
    for (size_t i = 0; i < size; i++)
      expect_resize(&args, i, &expect[i], &bound[i]);
    ROWS_LIST(resize)
    const rows_case one = {&args.out.data, size, (check_place)(k % 3), expect, bound};
    check_rows(c, runs, count, &one);
  }
}

const check_family check_family_resize_f32 = {"resize_f32", test_resize, NULL};
