// dwconv_f32: every row against plain loops of fused multiply-adds in the stated order, bit for bit, over kernels,
// strides, dilations, pads, multipliers and windows. Rows: src/kernels/list/dwconv_f32.def
#include "kernels/dwconv_f32.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/check_window.h"
#include "kernels/checker.h"

typedef struct dw_case {
  check_window w;
  size_t channels, multiplier;
  bool bias, clamp, specials;
} dw_case;

typedef struct dw_data {
  const mote_dwconv_f32 *row;
  mote_dwconv_f32_args args;
  float *weights, *bias, *expect;
  size_t out_size;
} dw_data;

static dw_data make_data(checker *c, const mote_dwconv_f32 *row, const dw_case *g) {
  dw_data d = {.row = row, .args = {.slide = g->w.slide, .channels = g->channels, .multiplier = g->multiplier}};
  const mote_slide *s = &g->w.slide;
  const size_t outputs = g->channels * g->multiplier, count = s->kh * s->kw * outputs;
  d.args.in = check_window_in(c, &g->w, g->channels);
  if (g->specials)
    check_sprinkle_f32(c, (float *)d.args.in.data, check_window_in_size(&g->w, g->channels), 60);
  d.args.out = check_window_out(c, &g->w, outputs);
  d.out_size = check_window_out_size(&g->w, outputs);
  d.args.lo = g->clamp ? -0.5f : -INFINITY;
  d.args.hi = g->clamp ? 1.0f : INFINITY;
  d.weights = check_buffer(c, count * sizeof(float), g->w.place);
  check_fill_f32(c, d.weights, count, -1, 1);
  d.bias = g->bias ? check_buffer(c, outputs * sizeof(float), g->w.place) : NULL;
  if (g->bias)
    check_fill_f32(c, d.bias, outputs, -1, 1);
  void *packed =
      check_buffer(c, mote_dwconv_f32_packed_size(row, s->kh, s->kw, g->channels, g->multiplier), CHECK_ALIGNED);
  mote_dwconv_f32_pack(row, s->kh, s->kw, g->channels, g->multiplier, d.weights, (ptrdiff_t)(s->kw * outputs),
                       (ptrdiff_t)outputs, 1, d.bias, packed);
  d.args.packed = packed;
  d.expect = check_buffer(c, d.out_size * sizeof(float), CHECK_ALIGNED);
  return d;
}

static void reference(const dw_case *g, dw_data *d) {
  const mote_f32_out *out = &d->args.out;
  const mote_slide *s = &g->w.slide;
  const size_t outputs = g->channels * g->multiplier;
  for (size_t at = 0; at < out->n * out->h * out->w * outputs; at++) {
    const size_t o = at % outputs, x = at / outputs % out->w, y = at / outputs / out->w % out->h,
                 n = at / outputs / out->w / out->h;
    float sum = d->bias != NULL ? d->bias[o] : 0.0f;
    for (size_t i = 0; i < s->kh; i++)
      for (size_t j = 0; j < s->kw; j++) {
        const float *pixel = check_window_pixel(&d->args.in, s, n, y, x, i, j);
        sum = fmaf(pixel != NULL ? pixel[o / g->multiplier] : 0.0f, d->weights[(i * s->kw + j) * outputs + o], sum);
      }
    sum = sum < d->args.lo ? d->args.lo : sum;
    d->expect[(ptrdiff_t)n * out->n_stride + (ptrdiff_t)y * out->h_stride + (ptrdiff_t)x * out->w_stride +
              (ptrdiff_t)o] = sum > d->args.hi ? d->args.hi : sum;
  }
}

static void run_all(void *arg) {
  dw_data *d = arg;
  for (size_t t = mote_dwconv_f32_tiles(&d->args); t-- > 0;)
    d->row->run(&d->args, t, t + 1);
}

static void check_one(checker *c, const mote_dwconv_f32 *row, const dw_case *g) {
  check_reset(c);
  dw_data d = make_data(c, row, g);
  reference(g, &d);
  if (!check_guarded_call(c, row->name, run_all, &d))
    return;
  const size_t bad = check_diff_f32(d.args.out.data, d.expect, d.out_size);
  const mote_slide *s = &g->w.slide;
  check_case(c, bad == d.out_size, row->name,
             "in %zux%zux%zu*%zu out %zux%zu kernel %zux%zu stride %zu,%zu dilation %zu,%zu: element %zu is %g, "
             "expected %g",
             d.args.in.h, d.args.in.w, g->channels, g->multiplier, d.args.out.h, d.args.out.w, s->kh, s->kw,
             s->stride_h, s->stride_w, s->dilation_h, s->dilation_w, bad, bad < d.out_size ? d.args.out.data[bad] : 0.0,
             bad < d.out_size ? d.expect[bad] : 0.0);
}

static void check_row(checker *c, const mote_dwconv_f32 *row) {
  for (size_t i = 0; i < 600; i++) {
    dw_case g = {.w = check_window_random(c, 5)};
    mote_slide *s = &g.w.slide;
    const uint32_t r = check_random(c);
    if (r % 3 != 0) { // the shapes with code of their own
      s->kh = s->kw = r % 2 == 0 ? 3 : 5;
      s->stride_h = s->stride_w = 1 + (r >> 3 & 1);
      s->dilation_h = s->dilation_w = 1;
    }
    g.channels = 1 + check_random_below(c, i % 20 == 0 ? 600 : 50);
    g.multiplier = (r >> 4) % 8 == 0 ? 2 + (r >> 7 & 1) : 1;
    g.bias = r >> 8 & 1;
    g.clamp = r >> 9 & 1;
    g.specials = (r >> 10 & 7) == 0;
    check_one(c, row, &g);
  }
  static const dw_case more[] = {{.w = {{12, 11, 1, 2, 1, 1, 5, 5}, 1, 14, 13, 9, 8}, .channels = 21, .multiplier = 1},
                                 {.w = {{7, 7, 1, 1, 1, 1, 3, 3}, 1, 9, 9, 9, 9}, .channels = 37, .multiplier = 1}};
  for (size_t i = 0; i < MOTE_COUNT(more); i++)
    check_one(c, row, &more[i]);
}

static void test(checker *c) {
  size_t count;
  const mote_dwconv_f32 *const *rows = mote_dwconv_f32_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, rows[i]->features))
      check_row(c, rows[i]);
}

static void run_forward(void *arg) {
  dw_data *d = arg;
  d->row->run(&d->args, 0, mote_dwconv_f32_tiles(&d->args));
}

static void bench(checker *c) {
  // MobileNetV2 at 224, then kernels of 5 of MobileNetV3: output side, kernel, stride, channels.
  static const size_t shapes[][4] = {{112, 3, 1, 32}, {56, 3, 2, 96},  {56, 3, 1, 144}, {28, 3, 2, 144},
                                     {28, 3, 1, 192}, {14, 3, 2, 192}, {14, 3, 1, 384}, {14, 3, 1, 576},
                                     {7, 3, 2, 576},  {7, 3, 1, 960},  {28, 5, 2, 72},  {28, 5, 1, 120},
                                     {7, 5, 2, 672},  {7, 5, 1, 960},  {14, 7, 1, 384}};
  size_t count;
  const mote_dwconv_f32 *const *rows = mote_dwconv_f32_rows(&count);
  for (size_t i = 0; i < count; i++) {
    if (!check_can_run(c, rows[i]->features) || rows[i]->features == 0)
      continue;
    const double peak = check_peak_f32(c, rows[i]->features);
    for (size_t s = 0; s < MOTE_COUNT(shapes); s++) {
      const size_t *v = shapes[s];
      const ptrdiff_t pad = (ptrdiff_t)(v[1] / 2);
      check_reset(c);
      const dw_case g = {.w = {{v[1], v[1], v[2], v[2], 1, 1, pad, pad},
                               1,
                               v[0] * v[2],
                               v[0] * v[2],
                               v[0],
                               v[0],
                               .place = CHECK_ALIGNED},
                         .channels = v[3],
                         .multiplier = 1,
                         .bias = true,
                         .clamp = true};
      dw_data d = make_data(c, rows[i], &g);
      char shape[64];
      snprintf(shape, sizeof shape, "%zux%zu k%zu s%zu c%zu", v[0], v[0], v[1], v[2], v[3]);
      check_report(c, rows[i]->name, shape, check_time(c, run_forward, &d),
                   2.0 * (double)(v[0] * v[0] * v[1] * v[1] * v[3]), "GFLOP/s", peak);
    }
  }
}

const check_family check_family_dwconv_f32 = {"dwconv_f32", test, bench};
