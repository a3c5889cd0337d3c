// qpool: every row of pooling and means bit for bit against plain loops; softmax and resizing against plain arithmetic.
// Rows: src/kernels/list/qpool.def
#include "kernels/qpool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/check_codes.h"

static size_t size_of(mote_dtype type) { return type == MOTE_I16 ? 2 : 1; }

static int32_t code(mote_dtype type, const void *p, ptrdiff_t i) {
  return type == MOTE_I8   ? (int32_t)((const int8_t *)p)[i]
         : type == MOTE_U8 ? (int32_t)((const uint8_t *)p)[i]
                           : (int32_t)((const int16_t *)p)[i];
}

static void put_code(mote_dtype type, void *p, ptrdiff_t i, int32_t q) {
  if (type == MOTE_I16)
    ((int16_t *)p)[i] = (int16_t)q;
  else
    ((uint8_t *)p)[i] = (uint8_t)q;
}

static int32_t lowest(mote_dtype type) { return type == MOTE_I8 ? -128 : type == MOTE_U8 ? 0 : -32768; }
static int32_t highest(mote_dtype type) { return type == MOTE_I8 ? 127 : type == MOTE_U8 ? 255 : 32767; }

typedef struct pool_case {
  mote_qpool_args a;
  const mote_qpool_row *row;
  bool max;
  size_t out_bytes;
  void *expect;
} pool_case;

static pool_case random_pool(checker *c) {
  pool_case q = {.max = check_between(c, 0, 1)};
  mote_qpool_args *a = &q.a;
  const check_place place = (check_place)check_between(c, 0, 2);
  a->type = (mote_dtype)check_between(c, MOTE_I8, MOTE_I16);
  a->n = (uint32_t)check_between(c, 1, 2);
  a->ih = (uint32_t)check_between(c, 1, 10);
  a->iw = (uint32_t)check_between(c, 1, 10);
  a->oh = (uint32_t)check_between(c, 1, 6);
  a->ow = (uint32_t)check_between(c, 1, 6);
  a->channels = (uint32_t)check_between(c, 1, 70);
  a->kh = (uint32_t)check_between(c, 1, 4);
  a->kw = (uint32_t)check_between(c, 1, 4);
  a->sh = (uint32_t)check_between(c, 1, 3);
  a->sw = (uint32_t)check_between(c, 1, 3);
  a->dh = q.max ? (uint32_t)check_between(c, 1, 2) : 1;
  a->dw = q.max ? (uint32_t)check_between(c, 1, 2) : 1;
  a->pad_top = check_between(c, -1, 2);
  a->pad_left = check_between(c, -1, 2);
  a->in_x = (ptrdiff_t)a->channels + check_between(c, 0, 3);
  a->in_y = a->in_x * a->iw;
  a->in_n = a->in_y * a->ih;
  a->out_x = (ptrdiff_t)a->channels + check_between(c, 0, 3);
  a->out_y = a->out_x * a->ow;
  a->out_n = a->out_y * a->oh;
  a->lo = check_between(c, 0, 1) ? lowest(a->type) : check_between(c, lowest(a->type), 0);
  a->hi = check_between(c, 0, 1) ? highest(a->type) : check_between(c, 1, highest(a->type));
  const size_t in_size = (size_t)(a->in_n * a->n - a->in_x + (ptrdiff_t)a->channels) * size_of(a->type);
  q.out_bytes = (size_t)(a->out_n * a->n - a->out_x + (ptrdiff_t)a->channels) * size_of(a->type);
  void *in = check_buffer(c, in_size, place);
  check_fill_bytes(c, in, in_size);
  a->in = in;
  a->out = check_buffer(c, q.out_bytes, place);
  q.expect = check_buffer(c, q.out_bytes, CHECK_ALIGNED);
  return q;
}

static int32_t pooled(const pool_case *q, uint32_t n, uint32_t oy, uint32_t ox, uint32_t channel) {
  const mote_qpool_args *a = &q->a;
  int64_t sum = 0, cells = 0, most = INT32_MIN;
  for (uint32_t y = 0; y < a->kh; y++)
    for (uint32_t x = 0; x < a->kw; x++) {
      const int64_t iy = (int64_t)oy * a->sh - a->pad_top + (int64_t)y * a->dh;
      const int64_t ix = (int64_t)ox * a->sw - a->pad_left + (int64_t)x * a->dw;
      if (iy < 0 || iy >= a->ih || ix < 0 || ix >= a->iw)
        continue;
      const int32_t v = code(a->type, a->in, n * a->in_n + iy * a->in_y + ix * a->in_x + (ptrdiff_t)channel);
      sum += v;
      cells++;
      most = v > most ? v : most;
    }
  const int64_t q64 = q->max ? most : cells ? (int64_t)round((double)sum / (double)cells) : 0;
  return (int32_t)(q64 > a->hi ? a->hi : q64 < a->lo ? a->lo : q64);
}

// Backwards, tile by tile.
static void run_pool(void *arg) {
  pool_case *q = arg;
  for (uint32_t t = q->a.n * q->a.oh; t-- > 0;)
    (q->max ? q->row->max : q->row->average)(&q->a, t, t + 1);
}

static void check_pool(checker *c) {
  pool_case q = random_pool(c);
  const mote_qpool_args *a = &q.a;
  for (uint32_t n = 0; n < a->n; n++)
    for (uint32_t y = 0; y < a->oh; y++)
      for (uint32_t x = 0; x < a->ow; x++)
        for (uint32_t k = 0; k < a->channels; k++)
          put_code(a->type, q.expect, n * a->out_n + y * a->out_y + x * a->out_x + (ptrdiff_t)k,
                   pooled(&q, n, y, x, k));
  for (size_t r = 0; r < mote_qpool_row_count; r++) {
    q.row = mote_qpool_rows[r];
    if (!check_can_run(c, q.row->needs))
      continue;
    check_poison(a->out, q.out_bytes);
    if (check_guarded_call(c, q.row->name, run_pool, &q))
      check_case(c, memcmp(a->out, q.expect, q.out_bytes) == 0, q.row->name,
                 "%s type %d %ux%u to %ux%u, %u channels, kernel %ux%u stride %u,%u pad %d,%d",
                 q.max ? "max" : "average", a->type, a->ih, a->iw, a->oh, a->ow, a->channels, a->kh, a->kw, a->sh,
                 a->sw, a->pad_top, a->pad_left);
  }
}

typedef struct mean_run {
  const mote_qpool_row *row;
  mote_qmean_args a;
} mean_run;

static void run_mean(void *arg) {
  mean_run *r = arg;
  r->row->mean(&r->a, 0, r->a.outer);
}

static bool mean_right(const mote_qmean_args *a, size_t outer, size_t inner) {
  int32_t sum = 0;
  for (size_t i = 0; i < a->reduce; i++)
    sum += code(a->type, a->in, (ptrdiff_t)((outer * a->reduce + i) * a->inner + inner)) - a->in_zp;
  const float f = (float)sum * a->scale;
  const double q = (a->round == MOTE_QROUND_EVEN ? nearbyint((double)f) : round((double)f)) + a->out_zp;
  return code(a->type, a->out, (ptrdiff_t)(outer * a->inner + inner)) == (int32_t)fmax(fmin(q, a->hi), a->lo);
}

static void check_mean(checker *c) {
  mean_run run = {0};
  mote_qmean_args *a = &run.a;
  const check_place place = (check_place)check_between(c, 0, 2);
  a->type = (mote_dtype)check_between(c, MOTE_I8, MOTE_I16);
  a->outer = (size_t)check_between(c, 1, 3);
  a->reduce = (size_t)check_between(c, 1, 60);
  a->inner = (size_t)check_between(c, 1, 70);
  const size_t in_size = a->outer * a->reduce * a->inner * size_of(a->type);
  const size_t out_size = a->outer * a->inner * size_of(a->type);
  void *in = check_buffer(c, in_size, place);
  check_fill_bytes(c, in, in_size);
  a->in = in;
  a->out = check_buffer(c, out_size, place);
  a->lo = lowest(a->type);
  a->hi = highest(a->type);
  a->in_zp = a->type == MOTE_I16 ? 0 : check_between(c, a->lo, a->hi);
  a->out_zp = a->type == MOTE_I16 ? 0 : check_between(c, a->lo, a->hi);
  a->scale = check_between(c, 0, 1) ? 1.0f / (float)a->reduce : 0.5f;
  a->round = check_between(c, 0, 1) ? MOTE_QROUND_EVEN : MOTE_QROUND_AWAY;
  for (size_t r = 0; r < mote_qpool_row_count; r++) {
    run.row = mote_qpool_rows[r];
    if (!check_can_run(c, run.row->needs))
      continue;
    check_poison(a->out, out_size);
    if (!check_guarded_call(c, run.row->name, run_mean, &run))
      continue;
    size_t bad = 0;
    while (bad < a->outer * a->inner && mean_right(a, bad / a->inner, bad % a->inner))
      bad++;
    check_case(c, bad == a->outer * a->inner, run.row->name, "mean type %d [%zu][%zu][%zu]: element %zu", a->type,
               a->outer, a->reduce, a->inner, bad);
  }
}

// Within a step of arithmetic in double.
static void check_softmax(checker *c) {
  const size_t depth = (size_t)check_between(c, 1, 200);
  const mote_dtype type = check_between(c, 0, 1) ? MOTE_I8 : MOTE_U8;
  void *in = check_buffer(c, depth, CHECK_END), *out = check_buffer(c, depth, CHECK_END);
  mote_qsoftmax_table table;
  check_fill_bytes(c, in, depth);
  mote_qsoftmax_table_fill(&table, 0.07);
  mote_qsoftmax8(&table, type, in, out, depth, 1.0f / 256, lowest(type), 0, 1);
  double sum = 0;
  for (size_t i = 0; i < depth; i++)
    sum += exp(code(type, in, (ptrdiff_t)i) * 0.07);
  for (size_t i = 0; i < depth; i++) {
    const double want = fmin(exp(code(type, in, (ptrdiff_t)i) * 0.07) / sum * 256 + lowest(type), highest(type));
    check_case(c, fabs(code(type, out, (ptrdiff_t)i) - want) <= 0.51, "mote_qsoftmax8", "element %zu of %zu", i, depth);
  }
}

// Coordinates with 10 bits move a code by less than size/512 of the largest difference.
static void check_resize(checker *c) {
  const mote_dtype type = (mote_dtype)check_between(c, MOTE_I8, MOTE_I16);
  mote_qresize_args a = {.type = type, .n = 1};
  a.ih = (uint32_t)check_between(c, 1, 6);
  a.iw = (uint32_t)check_between(c, 1, 6);
  a.oh = (uint32_t)check_between(c, 1, 12);
  a.ow = (uint32_t)check_between(c, 1, 12);
  a.channels = (uint32_t)check_between(c, 1, 5);
  a.half_pixel_centers = check_between(c, 0, 1);
  a.align_corners = !a.half_pixel_centers && check_between(c, 0, 1);
  a.in_x = a.out_x = (ptrdiff_t)a.channels;
  a.in_y = a.in_x * a.iw;
  a.out_y = a.out_x * a.ow;
  const size_t in_size = (size_t)a.in_y * a.ih * size_of(type), out_size = (size_t)a.out_y * a.oh * size_of(type);
  void *in = check_buffer(c, in_size, CHECK_END);
  check_fill_bytes(c, in, in_size);
  a.in = in;
  a.out = check_buffer(c, out_size, CHECK_END);
  mote_qresize_bilinear(&a, 0, a.oh);
  const double range = type == MOTE_I16 ? 65535 : 255;
  for (uint32_t oy = 0; oy < a.oh; oy++)
    for (uint32_t ox = 0; ox < a.ow; ox++) {
      const double sy = a.align_corners && a.oh > 1 ? (a.ih - 1.0) / (a.oh - 1.0) : (double)a.ih / a.oh;
      const double sx = a.align_corners && a.ow > 1 ? (a.iw - 1.0) / (a.ow - 1.0) : (double)a.iw / a.ow;
      const double shift = a.half_pixel_centers ? 0.5 : 0;
      const double y = fmin(fmax((oy + shift) * sy - shift, 0), a.ih - 1.0),
                   x = fmin(fmax((ox + shift) * sx - shift, 0), a.iw - 1.0);
      const ptrdiff_t y0 = (ptrdiff_t)y, x0 = (ptrdiff_t)x, y1 = y0 + 1 < (ptrdiff_t)a.ih ? y0 + 1 : y0,
                      x1 = x0 + 1 < (ptrdiff_t)a.iw ? x0 + 1 : x0;
      const double v00 = code(type, in, y0 * a.in_y + x0 * a.in_x), v01 = code(type, in, y0 * a.in_y + x1 * a.in_x);
      const double v10 = code(type, in, y1 * a.in_y + x0 * a.in_x), v11 = code(type, in, y1 * a.in_y + x1 * a.in_x);
      const double want = (v00 * (1 - x + (double)x0) + v01 * (x - (double)x0)) * (1 - y + (double)y0) +
                          (v10 * (1 - x + (double)x0) + v11 * (x - (double)x0)) * (y - (double)y0);
      check_case(c, fabs(code(type, a.out, oy * a.out_y + ox * a.out_x) - want) <= 0.51 + range * 24 / 1024,
                 "mote_qresize_bilinear", "type %d %ux%u to %ux%u at %u,%u", type, a.ih, a.iw, a.oh, a.ow, oy, ox);
    }
}

static void test(checker *c) {
  for (int i = 0; i < 2000; i++) {
    check_reset(c);
    check_pool(c);
    check_reset(c);
    check_mean(c);
  }
  for (int i = 0; i < 200; i++) {
    check_reset(c);
    check_softmax(c);
    check_resize(c);
  }
}

static void bench(checker *c) {
  for (size_t r = 0; r < mote_qpool_row_count; r++) {
    mean_run run = {mote_qpool_rows[r], {MOTE_I8, 1, 49, 1280, NULL, NULL, 3, 4, -128, 127, 0.02f, MOTE_QROUND_AWAY}};
    if (!check_can_run(c, run.row->needs))
      continue;
    check_reset(c);
    run.a.in = check_buffer(c, 49 * 1280, CHECK_ALIGNED);
    run.a.out = check_buffer(c, 1280, CHECK_ALIGNED);
    check_report(c, run.row->name, "mean i8 7x7x1280", check_time(c, run_mean, &run), 49 * 1280, "G/s", 0);
    pool_case q = {{MOTE_I8, 1, 112,  112, 56,       56, 64,   3, 3,       2,  2,    1,  1,
                    1,       1, NULL, 0,   112 * 64, 64, NULL, 0, 56 * 64, 64, -128, 127},
                   run.row,
                   true,
                   0,
                   NULL};
    q.a.in = check_buffer(c, 112 * 112 * 64, CHECK_ALIGNED);
    q.a.out = check_buffer(c, 56 * 56 * 64, CHECK_ALIGNED);
    check_report(c, run.row->name, "max i8 112x112x64 k3 s2", check_time(c, run_pool, &q), 56 * 56 * 64, "G/s", 0);
    q.max = false;
    check_report(c, run.row->name, "average i8 112x112x64 k3 s2", check_time(c, run_pool, &q), 56 * 56 * 64, "G/s", 0);
  }
}

const check_family check_family_qpool = {"qpool", test, bench};
