// qdwconv: every row bit for bit against a plain loop over the definition in qdwconv.h. Rows:
// src/kernels/list/qdwconv.def
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/check_codes.h"
#include "kernels/qdwconv.h"

typedef struct qdwconv_case {
  mote_qdwconv_weights w;
  mote_qdwconv_args a;
  size_t out_bytes;
  uint8_t *expect;
} qdwconv_case;

static void random_weights(checker *c, mote_qdwconv_weights *w, check_place place) {
  const int usual = check_between(c, 0, 2);
  w->channels = (uint32_t)(check_between(c, 0, 1) ? check_between(c, 1, 200) : check_between(c, 1, 40));
  w->multiplier = check_between(c, 0, 5) ? 1 : (uint32_t)check_between(c, 2, 4);
  w->kh = (uint32_t)(usual == 0 ? 3 : usual == 1 ? 5 : check_between(c, 1, 6));
  w->kw = (uint32_t)(usual == 0 ? 3 : usual == 1 ? 5 : check_between(c, 1, 6));
  w->type = check_between(c, 0, 1) ? MOTE_I8 : MOTE_U8;
  const ptrdiff_t columns = (ptrdiff_t)w->channels * w->multiplier, kh = w->kh, kw = w->kw;
  const bool last = check_between(c, 0, 1);
  w->w_c = last ? 1 : kh * kw;
  w->w_x = last ? columns : 1;
  w->w_y = last ? columns * kw : kw;
  uint8_t *codes = check_buffer(c, (size_t)(columns * kh * kw), place);
  check_fill_bytes(c, codes, (size_t)(columns * kh * kw));
  w->w = codes;
  w->zp = w->type == MOTE_I8       ? (check_between(c, 0, 3) ? 0 : check_code_random(c, w->type))
          : check_between(c, 0, 1) ? 128
                                   : check_between(c, 0, 255);
  const check_scales s = check_scales_random(c, columns, place);
  w->bias = s.bias;
  w->float_bias = s.float_bias;
  w->scale = s.scale;
  w->scale_count = s.scale_count;
}

static void random_geometry(checker *c, mote_qdwconv_args *a) {
  a->n = (uint32_t)check_between(c, 1, 2);
  a->ih = (uint32_t)check_between(c, 1, 12);
  a->iw = (uint32_t)check_between(c, 1, 12);
  a->sh = (uint32_t)check_between(c, 1, 2);
  a->sw = check_between(c, 0, 4) ? a->sh : (uint32_t)check_between(c, 1, 3);
  a->dh = check_between(c, 0, 3) ? 1 : 2;
  a->dw = check_between(c, 0, 3) ? 1 : 2;
  a->pad_top = check_between(c, -1, 2);
  a->pad_left = check_between(c, -1, 2);
  const bool same = check_between(c, 0, 1);
  a->oh = same ? a->ih : (uint32_t)check_between(c, 1, 8);
  a->ow = same ? a->iw : (uint32_t)check_between(c, 1, 8);
}

static qdwconv_case random_case(checker *c) {
  qdwconv_case q = {0};
  const check_place place = (check_place)check_between(c, 0, 2);
  random_weights(c, &q.w, place);
  mote_qdwconv_args *a = &q.a;
  a->channels = q.w.channels;
  a->multiplier = q.w.multiplier;
  a->kh = q.w.kh;
  a->kw = q.w.kw;
  random_geometry(c, a);
  check_codes_random(c, &a->codes);
  a->rest = q.w.float_bias != NULL;
  const ptrdiff_t channels = (ptrdiff_t)a->channels, columns = channels * a->multiplier;
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

static int32_t sum_of(const qdwconv_case *q, uint32_t n, uint32_t oy, uint32_t ox, uint32_t channel) {
  const mote_qdwconv_args *a = &q->a;
  const mote_qdwconv_weights *w = &q->w;
  const int32_t zp = a->image_zp ? a->image_zp[n] : a->in_zp;
  int64_t sum = w->bias ? w->bias[channel] : 0;
  for (uint32_t y = 0; y < a->kh; y++)
    for (uint32_t x = 0; x < a->kw; x++) {
      const int64_t iy = (int64_t)oy * a->sh - a->pad_top + (int64_t)y * a->dh;
      const int64_t ix = (int64_t)ox * a->sw - a->pad_left + (int64_t)x * a->dw;
      if (iy < 0 || iy >= a->ih || ix < 0 || ix >= a->iw)
        continue;
      const ptrdiff_t at = n * a->in_n + iy * a->in_y + ix * a->in_x + (ptrdiff_t)(channel / a->multiplier);
      const ptrdiff_t wt = (ptrdiff_t)channel * w->w_c + y * w->w_y + x * w->w_x;
      sum += (int64_t)(check_code(a->in_type, a->in, at) - zp) * (check_code(w->type, w->w, wt) - w->zp);
    }
  return (int32_t)sum;
}

static void put_expected(const qdwconv_case *q, uint32_t n, ptrdiff_t at, uint32_t channel, int32_t sum) {
  const mote_qdwconv_args *a = &q->a;
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

static void expected(const qdwconv_case *q) {
  const mote_qdwconv_args *a = &q->a;
  for (uint32_t n = 0; n < a->n; n++)
    for (uint32_t y = 0; y < a->oh; y++)
      for (uint32_t x = 0; x < a->ow; x++)
        for (uint32_t channel = 0; channel < a->channels * a->multiplier; channel++)
          put_expected(q, n, n * a->out_n + y * a->out_y + x * a->out_x + (ptrdiff_t)channel, channel,
                       sum_of(q, n, y, x, channel));
}

typedef struct qdwconv_run {
  const mote_qdwconv_row *row;
  const mote_qdwconv_weights *w;
  const mote_qdwconv_args *a;
  void *packed;
} qdwconv_run;

static void pack_and_run_backwards(void *arg) {
  qdwconv_run *r = arg;
  r->row->pack(r->w, r->packed);
  for (uint32_t t = r->row->tiles(r->a); t-- > 0;)
    r->row->run(r->a, r->packed, t, t + 1);
}

static void check_rows(checker *c, const qdwconv_case *q) {
  const mote_qdwconv_args *a = &q->a;
  expected(q);
  for (size_t i = 0; i < mote_qdwconv_row_count; i++) {
    const mote_qdwconv_row *row = mote_qdwconv_rows[i];
    if (!check_can_run(c, row->needs))
      continue;
    check_poison(a->out, q->out_bytes);
    qdwconv_run run = {row, &q->w, a, check_buffer(c, row->packed_size(&q->w), CHECK_ALIGNED)};
    if (check_guarded_call(c, row->name, pack_and_run_backwards, &run))
      check_case(c, memcmp(a->out, q->expect, q->out_bytes) == 0, row->name,
                 "channels=%u*%u k=%ux%u n=%u %ux%u to %ux%u stride %u,%u dilation %u,%u types %d %d round %d w_zp %d",
                 a->channels, a->multiplier, a->kh, a->kw, a->n, a->ih, a->iw, a->oh, a->ow, a->sh, a->sw, a->dh, a->dw,
                 a->in_type, a->out_type, a->round, q->w.zp);
  }
}

static void test(checker *c) {
  for (int i = 0; i < 1500; i++) {
    check_reset(c);
    const qdwconv_case q = random_case(c);
    check_rows(c, &q);
  }
}

static void run_forward(void *arg) {
  qdwconv_run *r = arg;
  r->row->run(r->a, r->packed, 0, r->row->tiles(r->a));
}

// Input side, channels, kernel, stride.
static void bench_shape(checker *c, const mote_qdwconv_row *row, const uint32_t s[4]) {
  check_reset(c);
  const uint32_t in = s[0], channels = s[1], k = s[2], out = in / s[3];
  double scale = 1e-3;
  mote_qdwconv_weights w = {.channels = channels,
                            .multiplier = 1,
                            .kh = k,
                            .kw = k,
                            .type = MOTE_I8,
                            .w_c = 1,
                            .w_x = (ptrdiff_t)channels,
                            .w_y = (ptrdiff_t)(channels * k),
                            .scale = &scale,
                            .scale_count = 1};
  void *codes = check_buffer(c, (size_t)channels * k * k, CHECK_ALIGNED);
  void *input = check_buffer(c, (size_t)channels * in * in, CHECK_ALIGNED);
  check_fill_bytes(c, codes, (size_t)channels * k * k);
  check_fill_bytes(c, input, (size_t)channels * in * in);
  w.w = codes;
  mote_qdwconv_args a = {.n = 1,
                         .ih = in,
                         .iw = in,
                         .oh = out,
                         .ow = out,
                         .channels = channels,
                         .multiplier = 1,
                         .kh = k,
                         .kw = k,
                         .sh = s[3],
                         .sw = s[3],
                         .dh = 1,
                         .dw = 1,
                         .pad_top = (int32_t)(k / 2),
                         .pad_left = (int32_t)(k / 2),
                         .in_type = MOTE_I8,
                         .out_type = MOTE_I8,
                         .in = input,
                         .in_y = (ptrdiff_t)(in * channels),
                         .in_x = (ptrdiff_t)channels,
                         .out_y = (ptrdiff_t)(out * channels),
                         .out_x = (ptrdiff_t)channels,
                         .lo = -128,
                         .hi = 127};
  a.out = check_buffer(c, (size_t)out * out * channels, CHECK_ALIGNED);
  qdwconv_run run = {row, &w, &a, check_buffer(c, row->packed_size(&w), CHECK_ALIGNED)};
  row->pack(&w, run.packed);
  char shape[64];
  snprintf(shape, sizeof shape, "%ux%u %u k%u s%u", in, in, channels, k, s[3]);
  check_report(c, row->name, shape, check_time(c, run_forward, &run), 2.0 * out * out * channels * k * k, "GOP/s", 0);
}

static void bench(checker *c) {
  // MobileNetV2 at 224, then the 5x5 layers of MobileNetV3.
  static const uint32_t shapes[][4] = {{112, 32, 3, 1}, {112, 96, 3, 2}, {56, 144, 3, 1}, {56, 144, 3, 2},
                                       {28, 192, 3, 1}, {28, 192, 3, 2}, {14, 384, 3, 1}, {14, 576, 3, 1},
                                       {14, 576, 3, 2}, {7, 960, 3, 1},  {56, 72, 5, 2},  {28, 120, 5, 1},
                                       {14, 480, 5, 1}};
  for (size_t i = 0; i < mote_qdwconv_row_count; i++)
    if (check_can_run(c, mote_qdwconv_rows[i]->needs) && mote_qdwconv_rows[i]->needs != 0)
      for (size_t s = 0; s < MOTE_COUNT(shapes); s++)
        bench_shape(c, mote_qdwconv_rows[i], shapes[s]);
}

const check_family check_family_qdwconv = {"qdwconv", test, bench};
