// Body of the float32 matrix product's rows: strips of GEMM_MR rows by panels of GEMM_NV vectors, the sums in
// registers. A file per instruction set includes its vf_<isa>.h, defines GEMM_MR (at most 16), GEMM_NV (vectors a
// panel), GEMM_NV_TAIL (a narrow last panel), GEMM_NAME, then includes this.
//
// One step of k loads a panel's vectors once and broadcasts one element of each row of A: GEMM_NV + rows loads for
// GEMM_NV*rows multiply-adds. Four steps a turn, because the row pointers outnumber the registers of x86.
// Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#include <string.h>

#include "kernels/gemm_f32.h"

enum { GEMM_AHEAD = 4096 }; // bytes: some 400 cycles of work at 14 rows

MOTE_INLINE void gemm_steps(vf sum[][GEMM_NV], const float *const *a, size_t k, const float *w, size_t steps,
                            size_t rows, size_t nv) {
  MOTE_UNROLL
  for (size_t u = 0; u < steps; u++, w += nv * VF_W) {
    vf b[GEMM_NV];
    // Weights come from far away the first time; the hardware's own streams stop at each page of 4 KiB.
    for (size_t line = 0; rows > 2 && line < nv * VF_W; line += 16)
      MOTE_PREFETCH((const char *)(w + line) + GEMM_AHEAD);
    MOTE_UNROLL
    for (size_t v = 0; v < nv; v++)
      b[v] = vf_load(w + v * VF_W);
    MOTE_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const vf x = vf_set1(a[i][k + u]);
      MOTE_UNROLL
      for (size_t v = 0; v < nv; v++)
        sum[i][v] = vf_fma(x, b[v], sum[i][v]);
      MOTE_KEEP(x);
    }
    MOTE_UNROLL
    for (size_t v = 0; v < nv; v++)
      MOTE_KEEP(b[v]);
  }
}

// A panel of which not all columns exist, or the columns of which end in mid vector.
static void gemm_store_part(float *c, const float *sum, size_t cols) {
  for (size_t at = 0; at < cols; at += VF_W) {
    const size_t count = MOTE_MIN(cols - at, (size_t)VF_W);
    const vf v = vf_load(sum + at);
    if (count == VF_W)
      vf_store(c + at, v);
    else
      vf_store_n(c + at, v, count);
  }
}

// Rows [i0, i0+rows) of the strip.
MOTE_INLINE void gemm_store(const mote_gemm_f32_strip *s, vf sum[][GEMM_NV], size_t n0, size_t cols, size_t i0,
                            size_t rows, size_t nv) {
  const vf lo = vf_set1(s->lo), hi = vf_set1(s->hi);
  float part[GEMM_NV * VF_W] = {0};
  const bool whole = cols == nv * VF_W;
  if (s->residual != NULL) {
    MOTE_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const float *from = s->residual[i0 + i] + n0;
      if (!whole)
        from = memcpy(part, from, cols * sizeof(float));
      MOTE_UNROLL
      for (size_t v = 0; v < nv; v++)
        sum[i][v] = vf_add(sum[i][v], vf_load(from + v * VF_W));
    }
  }
  MOTE_UNROLL
  for (size_t i = 0; i < rows; i++) {
    float *to = whole ? s->c[i0 + i] + n0 : part;
    MOTE_UNROLL
    for (size_t v = 0; v < nv; v++)
      vf_store(to + v * VF_W, vf_min(hi, vf_max(lo, sum[i][v])));
    if (!whole)
      gemm_store_part(s->c[i0 + i] + n0, part, cols);
  }
}

// `rows` and `nv` are constants where this is inlined.
MOTE_INLINE void gemm_panel(const mote_gemm_f32_strip *s, const float *panel, size_t n0, size_t cols, size_t i0,
                            size_t rows, size_t nv) {
  vf sum[GEMM_MR][GEMM_NV];
  const size_t width = nv * VF_W;
  const bool first = s->k_first == 0;
  const float *start = first ? panel : s->partial + i0 * GEMM_NV * VF_W;
  MOTE_UNROLL
  for (size_t i = 0; i < rows; i++)
    MOTE_UNROLL
  for (size_t v = 0; v < nv; v++)
    sum[i][v] = vf_load(start + (first ? 0 : i * GEMM_NV * VF_W) + v * VF_W);
  const float *w = panel + width * (1 + s->k_first);
  const float *const *taps = s->a + i0;
  for (size_t t = 0; t < s->taps; t++, taps += s->rows) {
    const float *a[GEMM_MR];
    MOTE_UNROLL
    for (size_t i = 0; i < rows; i++)
      a[i] = taps[i];
    size_t k = 0;
    for (; k + 4 <= s->k; k += 4, w += 4 * width)
      gemm_steps(sum, a, k, w, 4, rows, nv);
    for (; k < s->k; k++, w += width)
      gemm_steps(sum, a, k, w, 1, rows, nv);
  }
  if (s->k_first + s->taps * s->k == s->k_total)
    gemm_store(s, sum, n0, cols, i0, rows, nv);
  else
    MOTE_UNROLL
  for (size_t i = 0; i < rows; i++)
    MOTE_UNROLL
  for (size_t v = 0; v < nv; v++)
    vf_store(s->partial + ((i0 + i) * GEMM_NV + v) * VF_W, sum[i][v]);
}

MOTE_INLINE void gemm_rows(const mote_gemm_f32_strip *s, size_t i0, size_t rows) {
  const size_t nr = GEMM_NV * VF_W, depth = s->k_total + 1;
  for (size_t n0 = s->n0; n0 < s->n1; n0 += nr) {
    const float *panel = s->packed + n0 * depth;
    if (s->n - n0 <= GEMM_NV_TAIL * VF_W)
      gemm_panel(s, panel, n0, s->n1 - n0, i0, rows, GEMM_NV_TAIL);
    else
      gemm_panel(s, panel, n0, MOTE_MIN(s->n1 - n0, nr), i0, rows, GEMM_NV);
  }
}

// One row against four full panels at once: a single row has too few sums in flight for the latency of the unit, and
// four streams of weights reach the memory's speed.
static size_t gemm_one_row(const mote_gemm_f32_strip *s) {
  const size_t nr = GEMM_NV * VF_W, depth = s->k_total + 1;
  size_t n0 = s->n0;
  for (; n0 + 4 * nr <= s->n1; n0 += 4 * nr) {
    vf sum[4][GEMM_NV];
    const float *panel = s->packed + n0 * depth;
    MOTE_UNROLL
    for (size_t p = 0; p < 4; p++)
      MOTE_UNROLL
    for (size_t v = 0; v < GEMM_NV; v++)
      sum[p][v] = vf_load(panel + p * nr * depth + v * VF_W);
    size_t at = nr;
    for (size_t t = 0; t < s->taps; t++)
      for (size_t k = 0; k < s->k; k++, at += nr) {
        const vf x = vf_set1(s->a[t][k]);
        MOTE_UNROLL
        for (size_t p = 0; p < 4; p++)
          MOTE_UNROLL
        for (size_t v = 0; v < GEMM_NV; v++)
          sum[p][v] = vf_fma(x, vf_load(panel + p * nr * depth + at + v * VF_W), sum[p][v]);
      }
    MOTE_UNROLL
    for (size_t p = 0; p < 4; p++)
      gemm_store(s, &sum[p], n0 + p * nr, nr, 0, 1, GEMM_NV);
  }
  return n0;
}

// Few heights exist, to keep the code small; other heights are taken apart.
static void strip(const mote_gemm_f32_strip *s) {
  if (s->rows == 1 && s->k_first == 0 && s->taps * s->k == s->k_total) {
    mote_gemm_f32_strip rest = *s;
    rest.n0 = gemm_one_row(s);
    gemm_rows(&rest, 0, 1);
    return;
  }
  size_t i = 0;
  for (; i + GEMM_MR <= s->rows; i += GEMM_MR)
    gemm_rows(s, i, GEMM_MR);
#if GEMM_MR == 14
  for (; i + 7 <= s->rows; i += 7)
    gemm_rows(s, i, 7);
#endif
  for (; i + 4 <= s->rows; i += 4)
    gemm_rows(s, i, 4);
  for (; i + 2 <= s->rows; i += 2)
    gemm_rows(s, i, 2);
  for (; i < s->rows; i++)
    gemm_rows(s, i, 1);
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
