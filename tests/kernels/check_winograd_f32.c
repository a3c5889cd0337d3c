// winograd_f32: the portable row against a convolution in double, within what its roundings allow; every
// other row against the portable one bit for bit. Rows: src/kernels/list/winograd_f32.def
#include "kernels/winograd_f32.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/check_window.h"
#include "kernels/checker.h"

typedef struct wino_data {
  const mote_winograd_f32 *row;
  mote_conv_f32_args args;
  float *weights, *bias;
  size_t out_size;
  void *scratch;
} wino_data;

static void run_all(void *arg) {
  wino_data *d = arg;
  for (size_t t = mote_winograd_f32_tiles(&d->args); t-- > 0;)
    mote_winograd_f32_run(d->row, &d->args, d->scratch, t, t + 1);
}

static wino_data make_data(checker *c, const check_window *w, size_t ci, size_t co, bool bias) {
  wino_data d = {.args = {.shape = {3, 3, ci, co, 1}, .slide = w->slide, .lo = -INFINITY, .hi = INFINITY}};
  d.args.in = check_window_in(c, w, ci);
  d.args.out = check_window_out(c, w, co);
  d.out_size = check_window_out_size(w, co);
  d.weights = check_buffer(c, 9 * ci * co * sizeof(float), w->place);
  check_fill_f32(c, d.weights, 9 * ci * co, -1, 1);
  d.bias = bias ? check_buffer(c, co * sizeof(float), w->place) : NULL;
  if (bias)
    check_fill_f32(c, d.bias, co, -1, 1);
  d.args.residual =
      (mote_f32_in){.n_stride = d.args.out.n_stride, .h_stride = d.args.out.h_stride, .w_stride = d.args.out.w_stride};
  d.scratch = check_buffer(c, mote_winograd_f32_scratch_size(&d.args.shape), CHECK_ALIGNED);
  return d;
}

// Weights are stored o, i, j, c.
static void pack(checker *c, wino_data *d, const mote_winograd_f32 *row) {
  const ptrdiff_t ci = (ptrdiff_t)d->args.shape.ci;
  void *packed = check_buffer(c, mote_winograd_f32_packed_size(row, &d->args.shape), CHECK_ALIGNED);
  mote_winograd_f32_pack(row, &d->args.shape, d->weights, 9 * ci, 3 * ci, ci, 1, d->bias, packed);
  d->row = row;
  d->args.packed = packed;
}

// How far the roundings may carry. With inputs and weights below 1, plane (x, y) of a product holds terms of at most
// p[x]*p[y], where p = (row sums of |B^T|) * (row sums of |G|) = 2.5, 5, 5, 1.75, 1.75, 10; an output sums them by
// |A^T|, whose worst row (0 1 1 8 8 1) gives 48: 48*48 for each of ci channels. ci sums and some 24 steps of the
// transforms round, each by half a unit, 2^-24; they do not all fall the same way, so both counts enter by their roots.
static double allowance(size_t ci) { return 0x1p-24 * 48 * 48 * sqrt((double)ci * (double)(ci + 24)); }

static bool matches(const wino_data *d, const float *y, size_t *at) {
  const mote_f32_out *out = &d->args.out;
  const size_t ci = d->args.shape.ci, co = d->args.shape.co;
  for (size_t k = 0; k < out->n * out->h * out->w * co; k++) {
    const size_t o = k % co, x = k / co % out->w, row = k / co / out->w % out->h, n = k / co / out->w / out->h;
    double sum = d->bias != NULL ? d->bias[o] : 0;
    for (size_t tap = 0; tap < 9; tap++) {
      const float *pixel = check_window_pixel(&d->args.in, &d->args.slide, n, row, x, tap / 3, tap % 3);
      for (size_t c = 0; c < ci && pixel != NULL; c++)
        sum += (double)pixel[c] * (double)d->weights[(o * 9 + tap) * ci + c];
    }
    *at = n * (size_t)out->n_stride + row * (size_t)out->h_stride + x * (size_t)out->w_stride + o;
    if (d->args.residual.data != NULL)
      sum += (double)d->args.residual.data[*at];
    sum = fmin(fmax(sum, d->args.lo), d->args.hi);
    if (!(fabs(y[*at] - sum) <= allowance(ci)))
      return false;
  }
  return true;
}

static void check_one(checker *c, size_t k) {
  check_reset(c);
  check_window w = check_window_random(c, 3);
  const uint32_t r = check_random(c);
  w.slide.kh = w.slide.kw = 3;
  w.slide.stride_h = w.slide.stride_w = w.slide.dilation_h = w.slide.dilation_w = 1;
  const size_t ci = 16 * (1 + check_random_below(c, 3)), co = 16 * (1 + check_random_below(c, k % 20 == 0 ? 12 : 3));
  wino_data d = make_data(c, &w, ci, co, r & 1);
  if (r & 2) {
    d.args.lo = -0.5f;
    d.args.hi = 2.0f;
  }
  float *residual = check_buffer(c, d.out_size * sizeof(float), w.place);
  check_fill_f32(c, residual, d.out_size, -1, 1);
  d.args.residual.data = r & 4 ? residual : NULL;
  size_t count, at = 0;
  const mote_winograd_f32 *const *rows = mote_winograd_f32_rows(&count);
  float *portable = check_buffer(c, d.out_size * sizeof(float), w.place), *own = d.args.out.data;
  d.args.out.data = portable;
  pack(c, &d, rows[count - 1]);
  if (!check_guarded_call(c, rows[count - 1]->name, run_all, &d))
    return;
  const bool ok = matches(&d, portable, &at);
  check_case(c, ok, rows[count - 1]->name, "%zux%zu %zu->%zu: element %zu is %g", w.out_h, w.out_w, ci, co, at,
             portable[at]);
  for (size_t i = 0; i + 1 < count; i++) {
    if (!check_can_run(c, rows[i]->features))
      continue;
    check_poison(own, d.out_size * sizeof(float));
    d.args.out.data = own;
    pack(c, &d, rows[i]);
    if (!check_guarded_call(c, rows[i]->name, run_all, &d))
      continue;
    const size_t bad = check_diff_f32(own, portable, d.out_size);
    check_case(c, bad == d.out_size, rows[i]->name, "%zux%zu %zu->%zu: element %zu of %zu differs", w.out_h, w.out_w,
               ci, co, bad, d.out_size);
  }
}

static void test(checker *c) {
  for (size_t k = 0; k < 120; k++)
    check_one(c, k);
}

static void run_forward(void *arg) {
  wino_data *d = arg;
  mote_winograd_f32_run(d->row, &d->args, d->scratch, 0, mote_winograd_f32_tiles(&d->args));
}

static void bench(checker *c) {
  static const size_t shapes[][2] = {{56, 64}, {28, 128}, {14, 256}, {7, 512}}; // ResNet18's
  size_t count;
  const mote_winograd_f32 *const *rows = mote_winograd_f32_rows(&count);
  for (size_t i = 0; i < count; i++) {
    if (!check_can_run(c, rows[i]->features) || rows[i]->features == 0)
      continue;
    const double peak = check_peak_f32(c, rows[i]->features);
    for (size_t s = 0; s < MOTE_COUNT(shapes); s++) {
      const size_t *v = shapes[s];
      check_reset(c);
      const check_window w = {{3, 3, 1, 1, 1, 1, 1, 1}, 1, v[0], v[0], v[0], v[0], .place = CHECK_ALIGNED};
      wino_data d = make_data(c, &w, v[1], v[1], true);
      pack(c, &d, rows[i]);
      char shape[64];
      snprintf(shape, sizeof shape, "%zux%zu k3 s1 %zu->%zu", v[0], v[0], v[1], v[1]);
      check_report(c, rows[i]->name, shape, check_time(c, run_forward, &d),
                   2.0 * 9 * (double)(v[0] * v[0]) * (double)(v[1] * v[1]), "GFLOP/s", peak);
    }
  }
}

const check_family check_family_winograd_f32 = {"winograd_f32", test, bench};
