// pool_f32: every row against plain loops, bit for bit, over kinds, kernels, strides, dilations, pads and windows; NaN
// and infinities included. Rows: src/kernels/list/pool_f32.def
#include "kernels/pool_f32.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/check_window.h"
#include "kernels/checker.h"

typedef struct pool_data {
  const mote_pool_f32 *row;
  mote_pool_f32_args args;
  float *expect;
  size_t out_size;
} pool_data;

// Elements that count_include_pad counts along one axis: taps before the end of the padded input.
static size_t padded_taps(ptrdiff_t start, size_t taps, size_t dilation, ptrdiff_t end) {
  size_t count = 0;
  for (size_t k = 0; k < taps; k++)
    count += start + (ptrdiff_t)(k * dilation) < end;
  return count;
}

static float divisor(const mote_pool_f32_args *args, size_t y, size_t x, size_t inside) {
  const mote_slide *s = &args->slide;
  if (args->kind == MOTE_POOL_AVERAGE)
    return (float)inside;
  if (args->kind == MOTE_POOL_AVERAGE_FIXED)
    return args->divisor;
  const size_t rows = padded_taps((ptrdiff_t)(y * s->stride_h) - s->pad_top, s->kh, s->dilation_h,
                                  (ptrdiff_t)args->in.h + args->pad_bottom);
  const size_t cols = padded_taps((ptrdiff_t)(x * s->stride_w) - s->pad_left, s->kw, s->dilation_w,
                                  (ptrdiff_t)args->in.w + args->pad_right);
  return (float)(rows * cols);
}

static float one_output(const mote_pool_f32_args *args, size_t n, size_t y, size_t x, size_t c) {
  const bool maximum = args->kind == MOTE_POOL_MAX;
  float v = maximum ? -INFINITY : 0.0f;
  size_t inside = 0;
  for (size_t i = 0; i < args->slide.kh; i++)
    for (size_t j = 0; j < args->slide.kw; j++) {
      const float *pixel = check_window_pixel(&args->in, &args->slide, n, y, x, i, j);
      if (pixel == NULL)
        continue;
      inside++;
      if (!maximum)
        v += pixel[c];
      else if (v == v && !(v > pixel[c]))
        v = pixel[c];
    }
  if (!maximum && args->kind != MOTE_POOL_SUM && inside != 0)
    v /= divisor(args, y, x, inside);
  v = v < args->lo ? args->lo : v;
  return v > args->hi ? args->hi : v;
}

static void reference(pool_data *d) {
  const mote_f32_out *out = &d->args.out;
  for (size_t n = 0; n < out->n; n++)
    for (size_t y = 0; y < out->h; y++)
      for (size_t x = 0; x < out->w; x++)
        for (size_t c = 0; c < d->args.channels; c++)
          d->expect[(ptrdiff_t)n * out->n_stride + (ptrdiff_t)y * out->h_stride + (ptrdiff_t)x * out->w_stride +
                    (ptrdiff_t)c] = one_output(&d->args, n, y, x, c);
}

static void run_all(void *arg) {
  pool_data *d = arg;
  for (size_t t = mote_pool_f32_tiles(&d->args); t-- > 0;)
    d->row->run(&d->args, t, t + 1);
}

static pool_data make_data(checker *c, const mote_pool_f32 *row, const check_window *w, size_t channels) {
  pool_data d = {.row = row, .args = {.slide = w->slide, .channels = channels, .lo = -INFINITY, .hi = INFINITY}};
  d.args.in = check_window_in(c, w, channels);
  d.args.out = check_window_out(c, w, channels);
  d.out_size = check_window_out_size(w, channels);
  d.expect = check_buffer(c, d.out_size * sizeof(float), CHECK_ALIGNED);
  return d;
}

static void check_row(checker *c, const mote_pool_f32 *row) {
  for (size_t i = 0; i < 500; i++) {
    check_reset(c);
    const check_window w = check_window_random(c, 5);
    const uint32_t r = check_random(c);
    const size_t channels = 1 + check_random_below(c, i % 25 == 0 ? 600 : 50);
    pool_data d = make_data(c, row, &w, channels);
    d.args.kind = (mote_pool_kind)(i % 5);
    d.args.divisor = (float)(1 + r % 9);
    d.args.pad_bottom = (ptrdiff_t)(r >> 4 & 3);
    d.args.pad_right = (ptrdiff_t)(r >> 6 & 3);
    if (r >> 8 & 1) {
      d.args.lo = -0.1f;
      d.args.hi = 0.2f;
    }
    if (r >> 9 & 1)
      check_sprinkle_f32(c, (float *)d.args.in.data, check_window_in_size(&w, channels), 30);
    reference(&d);
    if (!check_guarded_call(c, row->name, run_all, &d))
      continue;
    const size_t bad = check_diff_f32(d.args.out.data, d.expect, d.out_size);
    check_case(c, bad == d.out_size, row->name,
               "kind %zu in %zux%zu out %zux%zu kernel %zux%zu: element %zu is %g, not %g", i % 5, w.in_h, w.in_w,
               w.out_h, w.out_w, w.slide.kh, w.slide.kw, bad, bad < d.out_size ? d.args.out.data[bad] : 0.0,
               bad < d.out_size ? d.expect[bad] : 0.0);
  }
}

static void test(checker *c) {
  size_t count;
  const mote_pool_f32 *const *rows = mote_pool_f32_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, rows[i]->features))
      check_row(c, rows[i]);
}

static void run_forward(void *arg) {
  pool_data *d = arg;
  d->row->run(&d->args, 0, mote_pool_f32_tiles(&d->args));
}

static void bench(checker *c) {
  // ResNet18's maximum, an Inception average, MobileNetV2's global average: output side, kernel, stride, pad, channels.
  static const size_t shapes[][6] = {
      {56, 3, 2, 1, 64, MOTE_POOL_MAX}, {35, 3, 1, 1, 288, MOTE_POOL_AVERAGE}, {1, 7, 1, 0, 1280, MOTE_POOL_AVERAGE}};
  size_t count;
  const mote_pool_f32 *const *rows = mote_pool_f32_rows(&count);
  for (size_t i = 0; i < count; i++)
    for (size_t s = 0; s < MOTE_COUNT(shapes) && check_can_run(c, rows[i]->features); s++) {
      const size_t *v = shapes[s], side = (v[0] - 1) * v[2] + v[1] - 2 * v[3];
      const ptrdiff_t pad = (ptrdiff_t)v[3];
      check_reset(c);
      const check_window w = {
          {v[1], v[1], v[2], v[2], 1, 1, pad, pad}, 1, side, side, v[0], v[0], .place = CHECK_ALIGNED};
      pool_data d = make_data(c, rows[i], &w, v[4]);
      d.args.kind = (mote_pool_kind)v[5];
      char shape[64];
      snprintf(shape, sizeof shape, "%s %zux%zu k%zu s%zu c%zu", v[5] == MOTE_POOL_MAX ? "max" : "average", v[0], v[0],
               v[1], v[2], v[4]);
      check_report(c, rows[i]->name, shape, check_time(c, run_forward, &d),
                   (double)(check_window_in_size(&w, v[4]) + d.out_size) * sizeof(float), "GB/s", 0);
    }
}

const check_family check_family_pool_f32 = {"pool_f32", test, bench};
