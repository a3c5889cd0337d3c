// Body of the float32 matrix product's rows: strips of GEMM_MR rows by panels of GEMM_NV vectors, the sums in
// registers. A file per instruction set includes its vf_<isa>.h, defines GEMM_MR (at most 16), GEMM_NV (vectors a
// panel), GEMM_NV_TAIL (a narrow last panel), GEMM_NAME, then includes this.
//
// One step of k loads a panel's vectors once and broadcasts one element of each row of A: GEMM_NV + rows loads for
// GEMM_NV*rows multiply-adds. Two steps a turn where there are many rows, because their
// pointers may outnumber the registers of x86.
// Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#include "kernels/gemm_f32.h"

enum { GEMM_AHEAD = 4096 }; // bytes: some 400 cycles of work at 14 rows

MOTE_INLINE void gemm_steps(vf sum[][GEMM_NV], const float *const *a, size_t k, const float *w, size_t steps,
                            size_t rows, size_t nv) {
  VF_UNROLL
  for (size_t u = 0; u < steps; u++, w += nv * VF_W) {
    vf b[GEMM_NV];
    // Weights come from far away the first time; the hardware's own streams stop at each page of 4 KiB.
    for (size_t line = 0; rows > 2 && line < nv * VF_W; line += 16)
      MOTE_PREFETCH((const char *)(w + line) + GEMM_AHEAD);
    VF_UNROLL
    for (size_t v = 0; v < nv; v++)
      b[v] = vf_load(w + v * VF_W);
    VF_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const vf x = vf_set1(a[i][k + u]);
      VF_UNROLL
      for (size_t v = 0; v < nv; v++)
        sum[i][v] = vf_fma(x, b[v], sum[i][v]);
      MOTE_KEEP(x);
    }
    VF_UNROLL
    for (size_t v = 0; v < nv; v++)
      MOTE_KEEP(b[v]);
  }
}

// A panel all of whose columns exist, rows [i0, i0+rows). All of the residual is read before anything is written: it
// may be C itself, and rows may be the same row.
MOTE_INLINE void gemm_store(const mote_gemm_f32_strip *s, vf sum[][GEMM_NV], size_t n0, size_t i0, size_t rows,
                            size_t nv) {
  const vf lo = vf_set1(s->lo), hi = vf_set1(s->hi);
  if (s->residual != NULL) {
    VF_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const float *from = s->residual[i0 + i] + n0;
      VF_UNROLL
      for (size_t v = 0; v < nv; v++)
        sum[i][v] = vf_add(sum[i][v], vf_load(from + v * VF_W));
    }
  }
  VF_UNROLL
  for (size_t i = 0; i < rows; i++) {
    float *to = s->c[i0 + i] + n0;
    VF_UNROLL
    for (size_t v = 0; v < nv; v++)
      vf_store(to + v * VF_W, vf_min(hi, vf_max(lo, sum[i][v])));
  }
}

// The same of a panel of which `cols` columns exist, the sums in memory.
static MOTE_NOINLINE void gemm_store_part(const mote_gemm_f32_strip *s, float sum[][GEMM_NV * VF_W], size_t n0,
                                          size_t cols, size_t i0, size_t rows) {
  for (size_t i = 0; s->residual != NULL && i < rows; i++)
    for (size_t j = 0; j < cols; j++)
      sum[i][j] += s->residual[i0 + i][n0 + j];
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < cols; j += VF_W) {
      const vf v = vf_min(vf_set1(s->hi), vf_max(vf_set1(s->lo), vf_load(sum[i] + j)));
      float *to = s->c[i0 + i] + n0 + j;
      if (cols - j >= VF_W)
        vf_store(to, v);
      else
        vf_store_n(to, v, cols - j);
    }
}

// Rows [i0, i0+rows) and the panel that starts at column n0. `rows` and `nv` are constants where this is inlined.
MOTE_INLINE void gemm_panel(const mote_gemm_f32_strip *s, size_t n0, size_t i0, size_t rows, size_t nv) {
  vf sum[GEMM_MR][GEMM_NV];
  float part[GEMM_MR][GEMM_NV * VF_W];
  const size_t width = nv * VF_W, cols = MOTE_MIN(s->n1 - n0, width);
  const float *panel = s->packed + n0 * (s->k_total + 1);
  const bool first = s->k_first == 0, last = s->k_first + s->taps * s->k == s->k_total;
  const float *start = first ? panel : s->partial + i0 * GEMM_NV * VF_W;
  VF_UNROLL
  for (size_t i = 0; i < rows; i++)
    VF_UNROLL
  for (size_t v = 0; v < nv; v++)
    sum[i][v] = vf_load(start + (first ? 0 : i * GEMM_NV * VF_W) + v * VF_W);
  const float *w = panel + width * (1 + s->k_first);
  const float *const *taps = s->a + i0;
  for (size_t t = 0; t < s->taps; t++, taps += s->rows) {
    const float *a[GEMM_MR];
    VF_UNROLL
    for (size_t i = 0; i < rows; i++)
      a[i] = taps[i];
    size_t k = 0;
    for (; rows > 4 && k + 2 <= s->k; k += 2, w += 2 * width)
      gemm_steps(sum, a, k, w, 2, rows, nv);
    for (; k < s->k; k++, w += width)
      gemm_steps(sum, a, k, w, 1, rows, nv);
  }
  if (last && cols == width) {
    gemm_store(s, sum, n0, i0, rows, nv);
    return;
  }
  float *to = last ? part[0] : s->partial + i0 * GEMM_NV * VF_W;
  VF_UNROLL
  for (size_t i = 0; i < rows; i++)
    VF_UNROLL
  for (size_t v = 0; v < nv; v++)
    vf_store(to + (i * GEMM_NV + v) * VF_W, sum[i][v]);
  if (last)
    gemm_store_part(s, part, n0, cols, i0, rows);
}

// Few heights exist, to keep the code small: a tile of more rows than are left does the last one several times.
#define GEMM_TILE(name, rows, nv)                                                                                      \
  static MOTE_NOINLINE void name(const mote_gemm_f32_strip *s, size_t n0, size_t i0) {                                 \
    gemm_panel(s, n0, i0, rows, nv);                                                                                   \
  }
GEMM_TILE(gemm_most, GEMM_MR, GEMM_NV)
GEMM_TILE(gemm_four, 4, GEMM_NV)
GEMM_TILE(gemm_one, 1, GEMM_NV)
GEMM_TILE(gemm_four_narrow, 4, GEMM_NV_TAIL)
GEMM_TILE(gemm_one_narrow, 1, GEMM_NV_TAIL)
#if GEMM_MR == 14
GEMM_TILE(gemm_seven, 7, GEMM_NV)
GEMM_TILE(gemm_seven_narrow, 7, GEMM_NV_TAIL)
static void gemm_most_narrow(const mote_gemm_f32_strip *s, size_t n0, size_t i0) {
  gemm_seven_narrow(s, n0, i0);
  gemm_seven_narrow(s, n0, i0 + 7);
}
#else
GEMM_TILE(gemm_most_narrow, GEMM_MR, GEMM_NV_TAIL)
#endif

typedef struct gemm_height {
  size_t rows;
  void (*panel)(const mote_gemm_f32_strip *s, size_t n0, size_t i0);
  void (*narrow)(const mote_gemm_f32_strip *s, size_t n0, size_t i0);
} gemm_height;

static gemm_height gemm_height_for(size_t left) {
#if GEMM_MR == 14
  if (left > 11)
    return (gemm_height){GEMM_MR, gemm_most, gemm_most_narrow};
  if (left > 4)
    return (gemm_height){7, gemm_seven, gemm_seven_narrow};
  if (left > 1)
    return (gemm_height){4, gemm_four, gemm_four_narrow};
#else
  if (left > 4)
    return (gemm_height){GEMM_MR, gemm_most, gemm_most_narrow};
  if (left > 1)
    return (gemm_height){4, gemm_four, gemm_four_narrow};
#endif
  return (gemm_height){1, gemm_one, gemm_one_narrow};
}

// Rows from i0 on, as many as `height` has; all panels from column n0 on.
static void gemm_rows(const mote_gemm_f32_strip *s, size_t n0, size_t i0, const gemm_height *height) {
  for (; n0 < s->n1; n0 += GEMM_NV * VF_W)
    (s->n - n0 <= GEMM_NV_TAIL * VF_W ? height->narrow : height->panel)(s, n0, i0);
}

// The same for the last `count` rows, which are fewer: the last of them stands in for those that are missing.
static MOTE_NOINLINE void gemm_last_rows(const mote_gemm_f32_strip *s, size_t n0, size_t i0, size_t count,
                                         const gemm_height *height) {
  const float *a[MOTE_GEMM_F32_TAPS_MAX * GEMM_MR], *residual[GEMM_MR];
  float *c[GEMM_MR];
  mote_gemm_f32_strip full = *s;
  full.rows = height->rows;
  full.a = a;
  full.c = c;
  full.residual = s->residual != NULL ? residual : NULL;
  for (size_t i = 0; i < full.rows; i++) {
    const size_t at = i0 + MOTE_MIN(i, count - 1);
    c[i] = s->c[at];
    if (s->residual != NULL)
      residual[i] = s->residual[at];
    for (size_t t = 0; t < s->taps; t++)
      a[t * full.rows + i] = s->a[t * s->rows + at];
  }
  if (s->partial != NULL)
    full.partial += i0 * GEMM_NV * VF_W;
  gemm_rows(&full, n0, 0, height);
}

// One row against four full panels at once: a single row has too few sums in flight for the latency of the unit, and
// four streams of weights reach the memory's speed.
static size_t gemm_one_row(const mote_gemm_f32_strip *s) {
  const size_t nr = GEMM_NV * VF_W, depth = s->k_total + 1;
  size_t n0 = s->n0;
  for (; n0 + 4 * nr <= s->n1; n0 += 4 * nr) {
    vf sum[4][GEMM_NV];
    const float *panel = s->packed + n0 * depth;
    VF_UNROLL
    for (size_t p = 0; p < 4; p++)
      VF_UNROLL
    for (size_t v = 0; v < GEMM_NV; v++)
      sum[p][v] = vf_load(panel + p * nr * depth + v * VF_W);
    size_t at = nr;
    for (size_t t = 0; t < s->taps; t++)
      for (size_t k = 0; k < s->k; k++, at += nr) {
        const vf x = vf_set1(s->a[t][k]);
        VF_UNROLL
        for (size_t p = 0; p < 4; p++)
          VF_UNROLL
        for (size_t v = 0; v < GEMM_NV; v++)
          sum[p][v] = vf_fma(x, vf_load(panel + p * nr * depth + at + v * VF_W), sum[p][v]);
      }
    VF_UNROLL
    for (size_t p = 0; p < 4; p++)
      gemm_store(s, &sum[p], n0 + p * nr, 0, 1, GEMM_NV);
  }
  return n0;
}

static void strip(const mote_gemm_f32_strip *s) {
  size_t n0 = s->n0;
  if (s->rows == 1 && s->k_first == 0 && s->taps * s->k == s->k_total)
    n0 = gemm_one_row(s);
  for (size_t i = 0; i < s->rows;) {
    const size_t left = s->rows - i;
    const gemm_height height = gemm_height_for(left);
    if (left < height.rows)
      gemm_last_rows(s, n0, i, left, &height);
    else
      gemm_rows(s, n0, i, &height);
    i += height.rows;
  }
}

#define GEMM_TEXT2(x) #x
#define GEMM_TEXT(x) GEMM_TEXT2(x)
const mote_gemm_f32 GEMM_NAME = {.name = GEMM_TEXT(GEMM_NAME),
                                 .isa = VF_ISA,
                                 .features = VF_FEATURES,
                                 .mr = GEMM_MR,
                                 .nr = GEMM_NV * VF_W,
                                 .nr_tail = GEMM_NV_TAIL * VF_W,
                                 .strip = strip};
