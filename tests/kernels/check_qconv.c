// qconv: every row bit for bit against a plain loop over the definition in qconv.h. Rows: src/kernels/list/qconv.def
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/check_codes.h"
#include "kernels/qconv.h"

typedef struct qconv_case {
  mote_qconv_weights w;
  mote_qconv_args a;
  size_t out_bytes;
  uint8_t *expect;
} qconv_case;

// Weights o, y, x, i adjacent in that order, or i, x, y, o.
static void random_weights(checker *c, mote_qconv_weights *w, check_place place) {
  w->groups = check_between(c, 0, 5) ? 1 : (uint32_t)check_between(c, 2, 3);
  w->oc = (uint32_t)(check_between(c, 0, 2) ? check_between(c, 1, 100) : check_between(c, 1, 20));
  w->ic = (uint32_t)(check_between(c, 0, 1) ? 4 * check_between(c, 1, 12) : check_between(c, 1, 40));
  bool point = check_between(c, 0, 1);
  w->kh = point ? 1 : (uint32_t)check_between(c, 1, 4);
  w->kw = point ? 1 : (uint32_t)check_between(c, 1, 4);
  w->type = check_between(c, 0, 1) ? MOTE_I8 : MOTE_U8;
  const ptrdiff_t oc = (ptrdiff_t)w->groups * w->oc, ic = w->ic, kh = w->kh, kw = w->kw;
  const bool last = check_between(c, 0, 1);
  w->w_i = last ? 1 : kw * kh * oc;
  w->w_x = last ? ic : kh * oc;
  w->w_y = last ? kw * ic : oc;
  w->w_o = last ? kh * kw * ic : 1;
  uint8_t *codes = check_buffer(c, (size_t)(oc * kh * kw * ic), place);
  check_fill_bytes(c, codes, (size_t)(oc * kh * kw * ic));
  w->w = codes;
  w->zp = w->type == MOTE_I8 && check_between(c, 0, 2) ? 0 : check_code_random(c, w->type);
  const check_scales s = check_scales_random(c, oc, place);
  w->bias = s.bias;
  w->float_bias = s.float_bias;
  w->scale = s.scale;
  w->scale_count = s.scale_count;
}

static void random_geometry(checker *c, mote_qconv_args *a) {
  const bool usual = a->kh == 1 && a->kw == 1 && check_between(c, 0, 3);
  a->n = (uint32_t)check_between(c, 1, 3);
  a->ih = (uint32_t)check_between(c, 1, 14);
  a->iw = (uint32_t)check_between(c, 1, 14);
  if (check_between(c, 0, 4) == 0) { // fully connected
    a->ih = a->iw = 1;
    a->n = (uint32_t)check_between(c, 1, 40);
  }
  a->sh = check_between(c, 0, 2) ? 1 : (uint32_t)check_between(c, 1, 3);
  a->sw = check_between(c, 0, 2) ? a->sh : 1;
  a->dh = check_between(c, 0, 3) ? 1 : 2;
  a->dw = check_between(c, 0, 3) ? 1 : 2;
  a->pad_top = usual ? 0 : check_between(c, -1, 2);
  a->pad_left = usual ? 0 : check_between(c, -1, 2);
  const bool same = check_between(c, 0, 1);
  a->oh = same ? a->ih : (uint32_t)check_between(c, 1, 8);
  a->ow = same ? a->iw : (uint32_t)check_between(c, 1, 8);
}

static qconv_case random_case(checker *c) {
  qconv_case q = {0};
  const check_place place = (check_place)check_between(c, 0, 2);
  random_weights(c, &q.w, place);
  mote_qconv_args *a = &q.a;
  a->groups = q.w.groups;
  a->oc = q.w.oc;
  a->ic = q.w.ic;
  a->kh = q.w.kh;
  a->kw = q.w.kw;
  random_geometry(c, a);
  check_codes_random(c, &a->codes);
  a->rest = q.w.float_bias != NULL;
  const ptrdiff_t channels = (ptrdiff_t)a->groups * a->ic, columns = (ptrdiff_t)a->groups * a->oc;
  a->in_x = channels + (check_between(c, 0, 2) ? 0 : check_between(c, 0, 5));
  a->in_y = a->in_x * a->iw + (check_between(c, 0, 2) ? 0 : check_between(c, 0, 5));
  a->in_n = a->in_y * a->ih;
  a->out_x = columns + (check_between(c, 0, 2) ? 0 : 3);
  a->out_y = a->out_x * a->ow + (check_between(c, 0, 2) ? 0 : 7);
  a->out_n = a->out_y * a->oh;
  const size_t in_bytes = (size_t)(a->in_n * (a->n - 1) + a->in_y * (a->ih - 1) + a->in_x * (a->iw - 1) + channels);
  void *in = check_buffer(c, in_bytes, place);
  check_fill_bytes(c, in, in_bytes);
  a->in = in;
  if (check_between(c, 0, 2) == 0) {
    int32_t *zps = check_buffer(c, a->n * 4, place);
    float *scales = check_buffer(c, a->n * 4, place);
    for (uint32_t i = 0; i < a->n; i++) {
      zps[i] = check_code_random(c, a->in_type);
      scales[i] = (float)check_between(c, 1, 9) * 0.1f;
    }
    a->image_zp = zps;
    a->image_scale = scales;
  }
  const size_t out_size = a->out_type == MOTE_I32 || a->out_type == MOTE_F32 ? 4 : a->out_type == MOTE_I16 ? 2 : 1;
  const ptrdiff_t outs = a->out_n * (a->n - 1) + a->out_y * (a->oh - 1) + a->out_x * (a->ow - 1) + columns;
  q.out_bytes = (size_t)outs * out_size;
  a->out = check_buffer(c, q.out_bytes, place);
  q.expect = check_buffer(c, q.out_bytes, CHECK_ALIGNED);
  return q;
}

// Sum of one output, wrapping to 32 bits.
static int32_t sum_of(const qconv_case *q, uint32_t n, uint32_t oy, uint32_t ox, uint32_t g, uint32_t o) {
  const mote_qconv_args *a = &q->a;
  const mote_qconv_weights *w = &q->w;
  const uint32_t channel = g * a->oc + o;
  const int32_t zp = a->image_zp ? a->image_zp[n] : a->in_zp;
  int64_t sum = w->bias ? w->bias[channel] : 0;
  for (uint32_t y = 0; y < a->kh; y++)
    for (uint32_t x = 0; x < a->kw; x++) {
      const int64_t iy = (int64_t)oy * a->sh - a->pad_top + (int64_t)y * a->dh;
      const int64_t ix = (int64_t)ox * a->sw - a->pad_left + (int64_t)x * a->dw;
      if (iy < 0 || iy >= a->ih || ix < 0 || ix >= a->iw)
        continue;
      for (uint32_t i = 0; i < a->ic; i++) {
        const ptrdiff_t at = (ptrdiff_t)n * a->in_n + iy * a->in_y + ix * a->in_x + (ptrdiff_t)(g * a->ic + i);
        const ptrdiff_t wt = (ptrdiff_t)channel * w->w_o + y * w->w_y + x * w->w_x + i * w->w_i;
        sum += (int64_t)(check_code(a->in_type, a->in, at) - zp) * (check_code(w->type, w->w, wt) - w->zp);
      }
    }
  return (int32_t)(uint32_t)(uint64_t)sum;
}

static void put_expected(const qconv_case *q, uint32_t n, ptrdiff_t at, uint32_t channel, int32_t sum) {
  const mote_qconv_args *a = &q->a;
  const double scale = q->w.scale[q->w.scale_count == 1 ? 0 : channel];
  if (a->out_type == MOTE_I32) {
    memcpy(q->expect + at * 4, &sum, 4);
  } else if (a->out_type == MOTE_F32) {
    const float factor = (float)scale * (a->image_scale ? a->image_scale[n] : 1.0f);
    const float product = (float)sum * factor;
    const float f = fmaxf(fminf(product + (q->w.float_bias ? q->w.float_bias[channel] : 0.0f), a->fhi), a->flo);
    memcpy(q->expect + at * 4, &f, 4);
  } else {
    const float f = ((float)sum + (q->w.float_bias ? q->w.float_bias[channel] : 0.0f)) * (float)scale;
    double r = a->round == MOTE_QROUND_EVEN ? nearbyint((double)f) : round((double)f);
    if (a->round == MOTE_QROUND_FIXED)
      r = mote_qfix_mul(sum, mote_qfix_from(scale));
    const int32_t code_out = (int32_t)fmax(fmin(r + a->out_zp, a->hi), a->lo);
    if (a->out_type == MOTE_I16)
      ((int16_t *)q->expect)[at] = (int16_t)code_out;
    else
      q->expect[at] = (uint8_t)code_out;
  }
}

static void expected(const qconv_case *q) {
  const mote_qconv_args *a = &q->a;
  for (uint32_t n = 0; n < a->n; n++)
    for (uint32_t y = 0; y < a->oh; y++)
      for (uint32_t x = 0; x < a->ow; x++)
        for (uint32_t g = 0; g < a->groups; g++)
          for (uint32_t o = 0; o < a->oc; o++) {
            const ptrdiff_t at = n * a->out_n + y * a->out_y + x * a->out_x + (ptrdiff_t)(g * a->oc + o);
            put_expected(q, n, at, g * a->oc + o, sum_of(q, n, y, x, g, o));
          }
}

typedef struct qconv_run {
  const mote_qconv_row *row;
  const mote_qconv_weights *w;
  mote_qconv_args *a;
  void *packed;
} qconv_run;

static void pack_and_run_backwards(void *arg) {
  qconv_run *r = arg;
  r->row->pack(r->w, r->packed);
  for (uint32_t t = r->row->tiles(r->a); t-- > 0;)
    r->row->run(r->a, r->packed, t, t + 1);
}

static void check_rows(checker *c, const qconv_case *made) {
  qconv_case q = *made;
  expected(&q);
  const mote_qconv_args *a = &q.a;
  for (size_t i = 0; i < mote_qconv_row_count; i++) {
    const mote_qconv_row *row = mote_qconv_rows[i];
    if (!check_can_run(c, row->needs))
      continue;
    check_poison(a->out, q.out_bytes);
    q.a.scratch = check_buffer(c, row->scratch_size(a), CHECK_ALIGNED);
    qconv_run run = {row, &q.w, &q.a, check_buffer(c, row->packed_size(&q.w), CHECK_ALIGNED)};
    if (check_guarded_call(c, row->name, pack_and_run_backwards, &run))
      check_case(c, memcmp(a->out, q.expect, q.out_bytes) == 0, row->name,
                 "groups=%u oc=%u ic=%u k=%ux%u n=%u %ux%u to %ux%u stride %u,%u dilation %u,%u types %d %d round %d",
                 a->groups, a->oc, a->ic, a->kh, a->kw, a->n, a->ih, a->iw, a->oh, a->ow, a->sh, a->sw, a->dh, a->dw,
                 a->in_type, a->out_type, a->round);
  }
}

static void test(checker *c) {
  for (int i = 0; i < 1500; i++) {
    check_reset(c);
    const qconv_case q = random_case(c);
    check_rows(c, &q);
  }
}

static void run_forward(void *arg) {
  qconv_run *r = arg;
  r->row->run(r->a, r->packed, 0, r->row->tiles(r->a));
}

// Side, input channels, output channels, kernel, stride.
static void bench_shape(checker *c, const mote_qconv_row *row, const uint32_t s[5]) {
  check_reset(c);
  const uint32_t out = s[0], in = out * s[4], k = s[3];
  const size_t weights = (size_t)s[1] * s[2] * k * k, inputs = (size_t)in * in * s[1];
  double scale = 1e-4;
  mote_qconv_weights w = {.groups = 1,
                          .oc = s[2],
                          .ic = s[1],
                          .kh = k,
                          .kw = k,
                          .type = MOTE_I8,
                          .w_i = 1,
                          .w_x = (ptrdiff_t)s[1],
                          .w_y = (ptrdiff_t)(s[1] * k),
                          .w_o = (ptrdiff_t)(s[1] * k * k),
                          .scale = &scale,
                          .scale_count = 1};
  void *codes = check_buffer(c, weights, CHECK_ALIGNED), *input = check_buffer(c, inputs, CHECK_ALIGNED);
  check_fill_bytes(c, codes, weights);
  check_fill_bytes(c, input, inputs);
  w.w = codes;
  mote_qconv_args a = {.n = 1,
                       .ih = in,
                       .iw = in,
                       .oh = out,
                       .ow = out,
                       .groups = 1,
                       .oc = s[2],
                       .ic = s[1],
                       .kh = k,
                       .kw = k,
                       .sh = s[4],
                       .sw = s[4],
                       .dh = 1,
                       .dw = 1,
                       .pad_top = (int32_t)(k / 2),
                       .pad_left = (int32_t)(k / 2),
                       .in_type = MOTE_I8,
                       .out_type = MOTE_I8,
                       .in = input,
                       .in_y = (ptrdiff_t)(in * s[1]),
                       .in_x = (ptrdiff_t)s[1],
                       .out_y = (ptrdiff_t)(out * s[2]),
                       .out_x = (ptrdiff_t)s[2],
                       .lo = -128,
                       .hi = 127};
  a.out = check_buffer(c, (size_t)out * out * s[2], CHECK_ALIGNED);
  a.scratch = check_buffer(c, row->scratch_size(&a), CHECK_ALIGNED);
  qconv_run run = {row, &w, &a, check_buffer(c, row->packed_size(&w), CHECK_ALIGNED)};
  row->pack(&w, run.packed);
  char shape[64];
  snprintf(shape, sizeof shape, "%ux%u %u->%u k%u s%u", out, out, s[1], s[2], k, s[4]);
  check_report(c, row->name, shape, check_time(c, run_forward, &run), 2.0 * out * out * (double)weights, "GOP/s", 0);
}

static void bench(checker *c) {
  // The dense layers of MobileNetV2 at 224, then of ResNet18.
  static const uint32_t shapes[][5] = {
      {112, 3, 32, 3, 2},    {112, 32, 16, 1, 1}, {112, 16, 96, 1, 1},  {56, 96, 24, 1, 1},   {56, 24, 144, 1, 1},
      {56, 144, 24, 1, 1},   {28, 144, 32, 1, 1}, {28, 32, 192, 1, 1},  {28, 192, 32, 1, 1},  {14, 192, 64, 1, 1},
      {14, 64, 384, 1, 1},   {14, 384, 64, 1, 1}, {14, 384, 96, 1, 1},  {14, 96, 576, 1, 1},  {14, 576, 96, 1, 1},
      {7, 576, 160, 1, 1},   {7, 160, 960, 1, 1}, {7, 960, 160, 1, 1},  {7, 960, 320, 1, 1},  {7, 320, 1280, 1, 1},
      {1, 1280, 1000, 1, 1}, {56, 64, 64, 3, 1},  {28, 128, 128, 3, 1}, {14, 256, 256, 3, 1}, {7, 512, 512, 3, 1}};
  for (size_t i = 0; i < mote_qconv_row_count; i++)
    if (check_can_run(c, mote_qconv_rows[i]->needs) && mote_qconv_rows[i]->needs != 0)
      for (size_t s = 0; s < MOTE_COUNT(shapes); s++)
        bench_shape(c, mote_qconv_rows[i], shapes[s]);
}

const check_family check_family_qconv = {"qconv", test, bench};
