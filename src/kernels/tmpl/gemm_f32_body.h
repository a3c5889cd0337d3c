// Body of the float32 matrix product's rows: strips of GEMM_MR rows by panels of GEMM_NV vectors, the sums in
// registers. A file per instruction set includes its vf_<isa>.h, defines GEMM_MR (at most 16), GEMM_NV (vectors a
// panel), GEMM_NV_TAIL (a narrow last panel), GEMM_NAME, then includes this.
//
// One step of k loads a panel's vectors once and broadcasts one element of each row of A: GEMM_NV + rows loads for
// GEMM_NV*rows multiply-adds. Four steps a turn, because the row pointers outnumber the registers of x86.
// Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#include "kernels/gemm_f32.h"

MOTE_INLINE void gemm_steps(vf sum[][GEMM_NV], const float *const *a, size_t k, const float *w, size_t steps,
                            size_t rows, size_t nv) {
  MOTE_UNROLL
  for (size_t u = 0; u < steps; u++, w += nv * VF_W) {
    vf b[GEMM_NV];
    MOTE_UNROLL
    for (size_t v = 0; v < nv; v++)
      b[v] = vf_load(w + v * VF_W);
    MOTE_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const vf x = vf_set1(a[i][k + u]);
      MOTE_UNROLL
      for (size_t v = 0; v < nv; v++)
        sum[i][v] = vf_fma(x, b[v], sum[i][v]);
    }
  }
}

MOTE_INLINE vf gemm_finish(const mote_gemm_f32_strip *s, vf sum, const float *residual, vf lo, vf hi, size_t count) {
  if (s->residual != NULL)
    sum = vf_add(sum, count == VF_W ? vf_load(residual) : vf_load_n(residual, count));
  return vf_min(hi, vf_max(lo, sum));
}

MOTE_INLINE void gemm_store(const mote_gemm_f32_strip *s, vf sum[][GEMM_NV], size_t n0, size_t cols, size_t rows,
                            size_t nv) {
  const vf lo = vf_set1(s->lo), hi = vf_set1(s->hi);
  MOTE_UNROLL
  for (size_t i = 0; i < rows; i++) {
    float *c = s->c[i] + n0;
    const float *residual = s->residual != NULL ? s->residual[i] + n0 : NULL;
    MOTE_UNROLL
    for (size_t v = 0; v < nv; v++) {
      const size_t at = v * VF_W;
      if (cols >= at + VF_W)
        vf_store(c + at, gemm_finish(s, sum[i][v], residual + at, lo, hi, VF_W));
      else if (cols > at)
        vf_store_n(c + at, gemm_finish(s, sum[i][v], residual + at, lo, hi, cols - at), cols - at);
    }
  }
}

// `rows` and `nv` are constants where this is inlined.
MOTE_INLINE void gemm_panel(const mote_gemm_f32_strip *s, const float *panel, size_t n0, size_t cols, size_t rows,
                            size_t nv) {
  vf sum[GEMM_MR][GEMM_NV];
  const size_t width = nv * VF_W;
  const bool first = s->k_first == 0;
  const float *start = first ? panel : s->partial;
  MOTE_UNROLL
  for (size_t i = 0; i < rows; i++)
    MOTE_UNROLL
  for (size_t v = 0; v < nv; v++)
    sum[i][v] = vf_load(start + (first ? 0 : i * GEMM_NV * VF_W) + v * VF_W);
  const float *w = panel + width * (1 + s->k_first);
  const float *const *taps = s->a;
  for (size_t t = 0; t < s->taps; t++, taps += rows) {
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
    gemm_store(s, sum, n0, cols, rows, nv);
  else
    MOTE_UNROLL
  for (size_t i = 0; i < rows; i++)
    MOTE_UNROLL
  for (size_t v = 0; v < nv; v++)
    vf_store(s->partial + (i * GEMM_NV + v) * VF_W, sum[i][v]);
}

MOTE_INLINE void gemm_rows(const mote_gemm_f32_strip *s, size_t rows) {
  const size_t nr = GEMM_NV * VF_W, depth = s->k_total + 1;
  size_t n0 = s->n0;
  for (; n0 + nr <= s->n1; n0 += nr)
    gemm_panel(s, s->packed + n0 * depth, n0, nr, rows, GEMM_NV);
  if (n0 == s->n1)
    return;
  if (s->n - n0 <= GEMM_NV_TAIL * VF_W)
    gemm_panel(s, s->packed + n0 * depth, n0, s->n1 - n0, rows, GEMM_NV_TAIL);
  else
    gemm_panel(s, s->packed + n0 * depth, n0, s->n1 - n0, rows, GEMM_NV);
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
      gemm_store(s, &sum[p], n0 + p * nr, nr, 1, GEMM_NV);
  }
  return n0;
}

static void strip(const mote_gemm_f32_strip *s) {
#define GEMM_ROWS_CASE(rows)                                                                                           \
  case rows:                                                                                                           \
    gemm_rows(s, rows);                                                                                                \
    break;
  switch (s->rows) {
  case 1: {
    mote_gemm_f32_strip rest = *s;
    if (s->k_first == 0 && s->taps * s->k == s->k_total)
      rest.n0 = gemm_one_row(s);
    gemm_rows(&rest, 1);
    break;
  }
    GEMM_ROWS_CASE(2)
    GEMM_ROWS_CASE(3)
    GEMM_ROWS_CASE(4)
    GEMM_ROWS_CASE(5)
    GEMM_ROWS_CASE(6)
#if GEMM_MR > 6
    GEMM_ROWS_CASE(7)
    GEMM_ROWS_CASE(8)
#endif
#if GEMM_MR > 8
    GEMM_ROWS_CASE(9)
    GEMM_ROWS_CASE(10)
    GEMM_ROWS_CASE(11)
    GEMM_ROWS_CASE(12)
    GEMM_ROWS_CASE(13)
    GEMM_ROWS_CASE(14)
#endif
  default:
    assert(!"strip of more rows than the row declares");
    break;
  }
#undef GEMM_ROWS_CASE
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
