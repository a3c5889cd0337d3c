// gemm_f32: every row against a plain product in double and, bit for bit, against a chain of fused multiply-adds in the
// order of k. Also where faults are planted. Rows: src/kernels/list/gemm_f32.def
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/checker.h"
#include "kernels/gemm_f32.h"

typedef struct gemm_case {
  size_t m, n, k;
  size_t a_gap, c_gap; // elements between rows beyond the dense stride
  bool b_transposed, bias;
  int residual; // 0: none, 1: own buffer, 2: in place
  bool clamp, specials;
  check_place place;
} gemm_case;

// ---- planted faults

static const mote_gemm_f32 *plant_target;
static int plant_fault;
static float plant_kept;

static void plant_reversed(const mote_gemm_f32_strip *s) {
  for (size_t n = s->n0; n < s->n1; n++) {
    const size_t nr = plant_target->nr, first = n / nr * nr, left = s->n - first;
    const size_t width = left <= plant_target->nr_tail ? plant_target->nr_tail : nr;
    const float *w = s->packed + first * (s->k_total + 1) + n - first;
    for (size_t i = 0; i < s->rows; i++) {
      float sum = w[0];
      for (size_t k = s->k; k-- > 0;)
        sum = fmaf(s->a[i][k], w[(k + 1) * width], sum);
      s->c[i][n] = fminf(fmaxf(sum + (s->residual != NULL ? s->residual[i][n] : 0.0f), s->lo), s->hi);
    }
  }
}

static void plant_strip(const mote_gemm_f32_strip *strip) {
  mote_gemm_f32_strip s = *strip;
  const float *rows[MOTE_GEMM_F32_MR_MAX];
  float *outs[MOTE_GEMM_F32_MR_MAX];
  const size_t last = s.rows - 1;
  const float kept = s.c[last][s.n1 - 1];
  switch (plant_fault) {
  case 1: // off by one in the tail: the last column is not written
    plant_target->strip(&s);
    s.c[last][s.n1 - 1] = kept;
    return;
  case 2: // wrong stride: the last row of A is the one before
    memcpy(rows, s.a, s.rows * sizeof *rows);
    rows[last] = s.a[last > 0 ? last - 1 : 0];
    s.a = rows;
    plant_target->strip(&s);
    return;
  case 3: { // a missed lane
    const float lane = s.c[0][s.n0 + (s.n1 - s.n0 > 3 ? 3 : 0)];
    plant_target->strip(&s);
    s.c[0][s.n0 + (s.n1 - s.n0 > 3 ? 3 : 0)] = lane;
    return;
  }
  case 4: // a neighbour behind the row is written
    plant_target->strip(&s);
    s.c[last][s.n1] = 0.0f;
    return;
  case 5: // the bias is that of the next column
    plant_target->strip(&s);
    s.c[0][s.n0] += s.packed[s.n0 * (s.k_total + 1) + 1] - s.packed[s.n0 * (s.k_total + 1)] + 0.5f;
    return;
  case 6: // the upper bound is forgotten
    s.hi = INFINITY;
    plant_target->strip(&s);
    return;
  case 7:
    plant_reversed(&s);
    return;
  case 8: { // a whole vector is read where few elements are left
    const volatile float *past = s.a[last] + s.k + 15;
    plant_kept = *past;
    plant_target->strip(&s);
    return;
  }
  case 9: // the output is taken to be aligned
    for (size_t i = 0; i < s.rows; i++)
      outs[i] = (float *)((uintptr_t)s.c[i] & ~(uintptr_t)63);
    s.c = outs;
    plant_target->strip(&s);
    return;
  default: // a sum of the last call is left in an accumulator
    plant_target->strip(&s);
    s.c[0][s.n0] += plant_kept;
    plant_kept = 0.25f;
  }
}

static mote_gemm_f32 plant_in(const mote_gemm_f32 *row, int fault) {
  mote_gemm_f32 broken = *row;
  plant_target = row;
  plant_fault = fault;
  broken.strip = plant_strip;
  return broken;
}

// ---- checking

typedef struct gemm_run {
  const mote_gemm_f32 *row;
  mote_gemm_f32_args args;
} gemm_run;

// Tiles last to first: their order must not matter.
static void run_all(void *arg) {
  gemm_run *run = arg;
  for (size_t t = mote_gemm_f32_tiles(run->row, run->args.m, run->args.n, run->args.k); t-- > 0;)
    mote_gemm_f32_run(run->row, &run->args, t, t + 1);
}

typedef struct gemm_data {
  float *a, *b, *bias, *c, *residual, *expect;
  void *packed;
  ptrdiff_t a_stride, c_stride, bk, bn;
} gemm_data;

static gemm_data make_data(checker *c, const mote_gemm_f32 *row, const gemm_case *g) {
  gemm_data d = {.a_stride = (ptrdiff_t)(g->k + g->a_gap), .c_stride = (ptrdiff_t)(g->n + g->c_gap)};
  d.bk = g->b_transposed ? 1 : (ptrdiff_t)g->n;
  d.bn = g->b_transposed ? (ptrdiff_t)g->k : 1;
  const size_t a_size = g->m * (g->k + g->a_gap) - g->a_gap, c_size = g->m * (g->n + g->c_gap) - g->c_gap;
  d.a = check_buffer(c, a_size * sizeof(float), g->place);
  d.b = check_buffer(c, g->k * g->n * sizeof(float), g->place);
  d.bias = g->bias ? check_buffer(c, g->n * sizeof(float), g->place) : NULL;
  d.c = check_buffer(c, c_size * sizeof(float), g->place);
  d.expect = check_buffer(c, c_size * sizeof(float), CHECK_ALIGNED);
  d.residual = g->residual == 1 ? check_buffer(c, c_size * sizeof(float), g->place) : NULL;
  check_fill_f32(c, d.a, a_size, -1, 1);
  check_fill_f32(c, d.b, g->k * g->n, -1, 1);
  if (d.bias != NULL)
    check_fill_f32(c, d.bias, g->n, -1, 1);
  if (d.residual != NULL)
    check_fill_f32(c, d.residual, c_size, -1, 1);
  if (g->specials) {
    check_sprinkle_f32(c, d.a, a_size, 2 * g->k + 5);
    check_sprinkle_f32(c, d.b, g->k * g->n, 2 * g->k + 5);
  }
  if (g->residual == 2) {
    d.residual = d.c;
    for (size_t i = 0; i < g->m; i++)
      check_fill_f32(c, d.c + (ptrdiff_t)i * d.c_stride, g->n, -1, 1);
  }
  d.packed = check_buffer(c, mote_gemm_f32_packed_size(row, g->n, g->k), CHECK_ALIGNED);
  mote_gemm_f32_pack(row, g->n, g->k, d.b, d.bk, d.bn, d.bias, d.packed, 0, mote_gemm_f32_pack_tiles(row, g->n));
  memcpy(d.expect, d.c, c_size * sizeof(float));
  return d;
}

// Fills `expect`; returns the largest distance of it from the product in double, over the bound that k roundings allow.
static double reference(const gemm_case *g, const gemm_data *d, float lo, float hi) {
  double worst = 0;
  for (size_t i = 0; i < g->m; i++)
    for (size_t j = 0; j < g->n; j++) {
      float sum = d->bias != NULL ? d->bias[j] : 0.0f;
      double exact = sum, magnitude = fabs(exact);
      for (size_t k = 0; k < g->k; k++) {
        const float a = d->a[(ptrdiff_t)i * d->a_stride + (ptrdiff_t)k];
        const float b = d->b[(ptrdiff_t)k * d->bk + (ptrdiff_t)j * d->bn];
        sum = fmaf(a, b, sum);
        exact += (double)a * b;
        magnitude += fabs((double)a * b);
      }
      // k+1 roundings, each of at most half a unit (2^-24) of a partial sum, or of the smallest denormal (2^-150).
      const double bound = (double)(g->k + 1) * (0x1p-24 * magnitude + 0x1p-150);
      if (isfinite(sum))
        worst = fmax(worst, fabs(sum - exact) / bound);
      float *out = &d->expect[(ptrdiff_t)i * d->c_stride + (ptrdiff_t)j];
      if (d->residual != NULL)
        sum += d->residual[(ptrdiff_t)i * d->c_stride + (ptrdiff_t)j];
      sum = sum < lo ? lo : sum;
      *out = sum > hi ? hi : sum;
    }
  return worst;
}

static void check_one(checker *c, const mote_gemm_f32 *row, const gemm_case *g) {
  check_reset(c);
  gemm_data d = make_data(c, row, g);
  gemm_run run = {row, {g->m, g->n, g->k, d.a, d.a_stride, d.packed, d.c, d.c_stride, d.residual, d.c_stride, 0, 0}};
  run.args.lo = g->clamp ? -0.25f : -INFINITY;
  run.args.hi = g->clamp ? 0.5f : INFINITY;
  const double worst = reference(g, &d, run.args.lo, run.args.hi);
  if (!check_guarded_call(c, row->name, run_all, &run))
    return;
  const size_t size = g->m * (g->n + g->c_gap) - g->c_gap;
  const size_t bad = check_diff_f32(d.c, d.expect, size);
  check_case(c, bad == size && worst <= 1.0, row->name, "m=%zu n=%zu k=%zu place=%d: element %zu is %g, expected %g",
             g->m, g->n, g->k, (int)g->place, bad, bad < size ? d.c[bad] : 0.0, bad < size ? d.expect[bad] : 0.0);
}

static void check_row(checker *c, const mote_gemm_f32 *row) {
  static const size_t primes[] = {37, 53, 67, 101};
  for (size_t m = 1; m <= 2 * row->mr + 1; m++)
    for (size_t n = 1; n <= 2 * row->nr + 1; n += m % 3 == 1 ? 1 : 5) {
      const uint32_t r = check_random(c);
      const gemm_case g = {.m = m,
                           .n = n,
                           .k = 1 + check_random_below(c, 21),
                           .a_gap = r >> 1 & 3,
                           .c_gap = r >> 3 & 3,
                           .b_transposed = r >> 5 & 1,
                           .bias = r >> 6 & 1,
                           .residual = (int)((r >> 7) % 3),
                           .clamp = r >> 12 & 1,
                           .specials = (r >> 13 & 3) == 0,
                           .place = (check_place)((r >> 16) % 3)};
      check_one(c, row, &g);
    }
  for (size_t i = 0; i < 64; i++) {
    const gemm_case g = {.m = primes[i & 3],
                         .n = primes[i >> 2 & 3],
                         .k = primes[i >> 4 & 3] * 3,
                         .a_gap = i & 1,
                         .c_gap = i >> 1 & 1,
                         .bias = true,
                         .residual = (int)(i % 3),
                         .clamp = i & 1,
                         .place = (check_place)(i % 3)};
    check_one(c, row, &g);
  }
  static const gemm_case more[] = {{.m = 1, .n = 1000, .k = 257, .bias = true},
                                   {.m = 1, .n = 259, .k = 1280},
                                   {.m = 2, .n = 300, .k = 64},
                                   {.m = 300, .n = 1, .k = 5},
                                   {.m = 3, .n = 5, .k = 0},
                                   {.m = 19, .n = 700, .k = 300, .b_transposed = true}};
  for (size_t i = 0; i < MOTE_COUNT(more); i++)
    check_one(c, row, &more[i]);
}

static void test(checker *c) {
  size_t count;
  const mote_gemm_f32 *const *rows = mote_gemm_f32_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, rows[i]->features)) {
      const mote_gemm_f32 broken = plant_in(rows[i], check_plant(c));
      check_row(c, check_plant(c) != 0 ? &broken : rows[i]);
    }
}

// ---- timing

static void run_forward(void *arg) {
  gemm_run *run = arg;
  mote_gemm_f32_run(run->row, &run->args, 0, mote_gemm_f32_tiles(run->row, run->args.m, run->args.n, run->args.k));
}

static void bench(checker *c) {
  // The pointwise layers of MobileNetV2 at 224 and its classifier, a transformer block of 128 tokens, a square.
  static const size_t shapes[][3] = {
      {12544, 16, 32}, {12544, 96, 16},  {3136, 24, 96}, {3136, 144, 24}, {784, 32, 144},  {784, 192, 32},
      {196, 64, 192},  {196, 384, 64},   {196, 64, 384}, {196, 96, 384},  {196, 576, 96},  {49, 160, 576},
      {49, 960, 160},  {49, 160, 960},   {49, 320, 960}, {49, 1280, 320}, {1, 1000, 1280}, {1, 4096, 4096},
      {128, 256, 256}, {128, 1024, 256}, {512, 512, 512}};
  size_t count;
  const mote_gemm_f32 *const *rows = mote_gemm_f32_rows(&count);
  for (size_t i = 0; i < count; i++) {
    if (!check_can_run(c, rows[i]->features) || rows[i]->features == 0)
      continue;
    const double peak = check_peak_f32(c, rows[i]->features);
    for (size_t s = 0; s < MOTE_COUNT(shapes); s++) {
      check_reset(c);
      const gemm_case g = {
          .m = shapes[s][0], .n = shapes[s][1], .k = shapes[s][2], .bias = true, .place = CHECK_ALIGNED};
      gemm_data d = make_data(c, rows[i], &g);
      gemm_run run = {rows[i], {g.m, g.n, g.k, d.a, d.a_stride, d.packed, d.c, d.c_stride, NULL, 0, 0.0f, 6.0f}};
      char shape[64];
      snprintf(shape, sizeof shape, "%zux%zux%zu", g.m, g.n, g.k);
      check_report(c, rows[i]->name, shape, check_time(c, run_forward, &run),
                   2.0 * (double)g.m * (double)g.n * (double)g.k, "GFLOP/s", peak);
    }
  }
}

const check_family check_family_gemm_f32 = {"gemm_f32", test, bench};
