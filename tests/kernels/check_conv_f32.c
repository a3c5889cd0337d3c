// conv_f32: every row against plain loops of fused multiply-adds in the stated order, bit for bit, over kernels,
// strides, dilations, pads, groups and windows. Rows: src/kernels/list/conv_f32.def
#include "kernels/conv_f32.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/check_window.h"
#include "kernels/checker.h"

typedef struct conv_case {
  check_window w;
  size_t ci, co, groups;
  bool ohwi, bias, clamp, specials;
  int residual; // 0: none, 1: own, 2: in place
} conv_case;

typedef struct conv_data {
  mote_conv_f32_args args;
  const mote_conv_f32 *row;
  float *weights, *bias, *expect;
  ptrdiff_t o_stride, i_stride, j_stride, c_stride;
  size_t out_size;
} conv_data;

static void pack_weights(checker *c, const conv_case *g, conv_data *d) {
  const mote_conv_f32_shape *shape = &d->args.shape;
  const size_t cig = g->ci / g->groups, count = g->co * cig * shape->kh * shape->kw;
  d->weights = check_buffer(c, count * sizeof(float), g->w.place);
  check_fill_f32(c, d->weights, count, -1, 1);
  d->bias = g->bias ? check_buffer(c, g->co * sizeof(float), g->w.place) : NULL;
  if (g->bias)
    check_fill_f32(c, d->bias, g->co, -1, 1);
  if (g->specials)
    check_sprinkle_f32(c, d->weights, count, 200);
  d->o_stride = (ptrdiff_t)(cig * shape->kh * shape->kw);
  d->c_stride = g->ohwi ? 1 : (ptrdiff_t)(shape->kh * shape->kw);
  d->j_stride = g->ohwi ? (ptrdiff_t)cig : 1;
  d->i_stride = d->j_stride * (ptrdiff_t)shape->kw;
  void *packed = check_buffer(c, mote_conv_f32_packed_size(d->row, shape), CHECK_ALIGNED);
  mote_conv_f32_pack(d->row, shape, d->weights, d->o_stride, d->i_stride, d->j_stride, d->c_stride, d->bias, packed);
  d->args.packed = packed;
}

static conv_data make_data(checker *c, const mote_conv_f32 *row, const conv_case *g) {
  conv_data d = {.row = row};
  d.args.shape = (mote_conv_f32_shape){g->w.slide.kh, g->w.slide.kw, g->ci, g->co, g->groups};
  d.args.slide = g->w.slide;
  d.args.in = check_window_in(c, &g->w, g->ci);
  if (g->specials)
    check_sprinkle_f32(c, (float *)d.args.in.data, check_window_in_size(&g->w, g->ci), 200);
  d.args.out = check_window_out(c, &g->w, g->co);
  d.out_size = check_window_out_size(&g->w, g->co);
  const mote_f32_out *o = &d.args.out;
  if (g->residual == 1) {
    float *residual = check_buffer(c, d.out_size * sizeof(float), g->w.place);
    check_fill_f32(c, residual, d.out_size, -1, 1);
    d.args.residual.data = residual;
  } else if (g->residual == 2) {
    check_fill_f32(c, o->data, d.out_size, -1, 1);
    d.args.residual.data = o->data;
  }
  d.args.residual.n_stride = o->n_stride;
  d.args.residual.h_stride = o->h_stride;
  d.args.residual.w_stride = o->w_stride;
  d.args.lo = g->clamp ? 0.0f : -INFINITY;
  d.args.hi = g->clamp ? 6.0f : INFINITY;
  pack_weights(c, g, &d);
  d.expect = check_buffer(c, d.out_size * sizeof(float), CHECK_ALIGNED);
  memcpy(d.expect, o->data, d.out_size * sizeof(float));
  return d;
}

static float one_output(const conv_case *g, const conv_data *d, size_t n, size_t y, size_t x, size_t o) {
  const mote_slide *s = &g->w.slide;
  const size_t cig = g->ci / g->groups, first = o / (g->co / g->groups) * cig;
  float sum = d->bias != NULL ? d->bias[o] : 0.0f;
  for (size_t i = 0; i < s->kh; i++)
    for (size_t j = 0; j < s->kw; j++) {
      const float *pixel = check_window_pixel(&d->args.in, s, n, y, x, i, j);
      for (size_t c = 0; c < cig; c++)
        sum = fmaf(pixel != NULL ? pixel[first + c] : 0.0f,
                   d->weights[(ptrdiff_t)o * d->o_stride + (ptrdiff_t)i * d->i_stride + (ptrdiff_t)j * d->j_stride +
                              (ptrdiff_t)c * d->c_stride],
                   sum);
    }
  return sum;
}

static void reference(const conv_case *g, conv_data *d) {
  const mote_f32_out *out = &d->args.out;
  for (size_t n = 0; n < out->n; n++)
    for (size_t y = 0; y < out->h; y++)
      for (size_t x = 0; x < out->w; x++)
        for (size_t o = 0; o < g->co; o++) {
          const ptrdiff_t at =
              (ptrdiff_t)n * out->n_stride + (ptrdiff_t)y * out->h_stride + (ptrdiff_t)x * out->w_stride + (ptrdiff_t)o;
          float v = one_output(g, d, n, y, x, o);
          if (d->args.residual.data != NULL)
            v += d->args.residual.data[at];
          v = v < d->args.lo ? d->args.lo : v;
          d->expect[at] = v > d->args.hi ? d->args.hi : v;
        }
}

static void run_all(void *arg) {
  conv_data *d = arg;
  for (size_t t = mote_conv_f32_tiles(d->row, &d->args); t-- > 0;)
    mote_conv_f32_run(d->row, &d->args, t, t + 1);
}

static void check_one(checker *c, const mote_conv_f32 *row, const conv_case *g) {
  check_reset(c);
  conv_data d = make_data(c, row, g);
  reference(g, &d);
  if (!check_guarded_call(c, row->name, run_all, &d))
    return;
  const size_t bad = check_diff_f32(d.args.out.data, d.expect, d.out_size);
  const mote_slide *s = &g->w.slide;
  check_case(
      c, bad == d.out_size, row->name,
      "in %zux%zux%zux%zu out %zux%zux%zu kernel %zux%zu stride %zu,%zu dilation %zu,%zu groups %zu: element %zu "
      "is %g, expected %g",
      d.args.in.n, d.args.in.h, d.args.in.w, g->ci, d.args.out.h, d.args.out.w, g->co, s->kh, s->kw, s->stride_h,
      s->stride_w, s->dilation_h, s->dilation_w, g->groups, bad, bad < d.out_size ? d.args.out.data[bad] : 0.0,
      bad < d.out_size ? d.expect[bad] : 0.0);
}

static conv_case random_case(checker *c) {
  conv_case g = {.w = check_window_random(c, 5)};
  const uint32_t r = check_random(c);
  static const size_t channels[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 24, 31, 33};
  g.groups = (r & 3) == 0 ? 2 + (r >> 2 & 1) : 1;
  g.ci = g.groups * channels[check_random_below(c, MOTE_COUNT(channels))];
  g.co = g.groups * (1 + check_random_below(c, 70));
  g.ohwi = r >> 3 & 1;
  g.bias = r >> 4 & 1;
  g.clamp = r >> 5 & 1;
  g.residual = (int)((r >> 6) % 3);
  g.specials = (r >> 10 & 7) == 0;
  return g;
}

static void check_row(checker *c, const mote_conv_f32 *row) {
  for (size_t i = 0; i < 400; i++) {
    const conv_case g = random_case(c);
    check_one(c, row, &g);
  }
  // First layers of three channels; a kernel of more taps than one call takes; pointwise.
  static const conv_case more[] = {
      {.w = {{3, 3, 2, 2, 1, 1, 1, 1}, 1, 17, 19, 9, 10}, .ci = 3, .co = 32, .groups = 1, .clamp = true, .ohwi = true},
      {.w = {{7, 7, 2, 2, 1, 1, 3, 3}, 2, 23, 21, 12, 11}, .ci = 3, .co = 64, .groups = 1, .bias = true},
      {.w = {{9, 8, 1, 1, 1, 1, 4, 4}, 1, 13, 12, 13, 13}, .ci = 17, .co = 35, .groups = 1, .residual = 2},
      {.w = {{11, 13, 2, 1, 1, 2, 5, 9}, 1, 12, 14, 6, 8},
       .ci = 4,
       .co = 40,
       .groups = 2,
       .residual = 1,
       .clamp = true},
      {.w = {{1, 1, 1, 1, 1, 1, 0, 0}, 2, 9, 7, 9, 7}, .ci = 61, .co = 67, .groups = 1, .bias = true, .residual = 2}};
  for (size_t i = 0; i < MOTE_COUNT(more); i++)
    check_one(c, row, &more[i]);
}

static void test(checker *c) {
  size_t count;
  const mote_conv_f32 *const *rows = mote_conv_f32_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, rows[i]->features))
      check_row(c, rows[i]);
}

static void run_forward(void *arg) {
  conv_data *d = arg;
  mote_conv_f32_run(d->row, &d->args, 0, mote_conv_f32_tiles(d->row, &d->args));
}

static void bench(checker *c) {
  // Layers of ResNet18 and MobileNetV2 at 224: output side, kernel, stride, input and output channels.
  static const size_t shapes[][5] = {{112, 7, 2, 3, 64},   {56, 3, 1, 64, 64},   {28, 3, 2, 64, 128},
                                     {28, 1, 2, 64, 128},  {28, 3, 1, 128, 128}, {14, 3, 2, 128, 256},
                                     {14, 3, 1, 256, 256}, {7, 3, 2, 256, 512},  {7, 3, 1, 512, 512},
                                     {112, 3, 2, 3, 32},   {56, 1, 1, 96, 24},   {14, 1, 1, 384, 64}};
  size_t count;
  const mote_conv_f32 *const *rows = mote_conv_f32_rows(&count);
  for (size_t i = 0; i < count; i++) {
    if (!check_can_run(c, rows[i]->features) || rows[i]->features == 0)
      continue;
    const double peak = check_peak_f32(c, rows[i]->features);
    for (size_t s = 0; s < MOTE_COUNT(shapes); s++) {
      const size_t *v = shapes[s], pad = v[1] / 2;
      check_reset(c);
      const conv_case g = {.w = {{v[1], v[1], v[2], v[2], 1, 1, (ptrdiff_t)pad, (ptrdiff_t)pad},
                                 1,
                                 v[0] * v[2],
                                 v[0] * v[2],
                                 v[0],
                                 v[0],
                                 .place = CHECK_ALIGNED},
                           .ci = v[3],
                           .co = v[4],
                           .groups = 1,
                           .bias = true,
                           .clamp = true,
                           .ohwi = true};
      conv_data d = make_data(c, rows[i], &g);
      char shape[64];
      snprintf(shape, sizeof shape, "%zux%zu k%zu s%zu %zu->%zu", v[0], v[0], v[1], v[2], v[3], v[4]);
      check_report(c, rows[i]->name, shape, check_time(c, run_forward, &d),
                   2.0 * (double)(v[0] * v[0] * v[1] * v[1]) * (double)(v[3] * v[4]), "GFLOP/s", peak);
    }
  }
}

const check_family check_family_conv_f32 = {"conv_f32", test, bench};
