// Portable strip of the float32 matrix product: the oracle that the other rows match bit for bit.
// Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#include <math.h>

#include "kernels/gemm_f32.h"

enum { NR = 8 };

static void accumulate(float sum[NR], const mote_gemm_f32_strip *s, size_t i, const float *w) {
  for (size_t t = 0; t < s->taps; t++) {
    const float *a = s->a[t * s->rows + i];
    for (size_t k = 0; k < s->k; k++, w += NR)
      for (size_t j = 0; j < NR; j++)
        sum[j] = fmaf(a[k], w[j], sum[j]);
  }
}

static void finish(const float sum[NR], const mote_gemm_f32_strip *s, size_t i, size_t n0) {
  for (size_t j = 0; j < NR && n0 + j < s->n1; j++) {
    float v = sum[j];
    if (s->residual != NULL)
      v += s->residual[i][n0 + j];
    v = v < s->lo ? s->lo : v;
    v = v > s->hi ? s->hi : v;
    s->c[i][n0 + j] = v;
  }
}

static void strip(const mote_gemm_f32_strip *s) {
  for (size_t n0 = s->n0; n0 < s->n1; n0 += NR) {
    const float *panel = s->packed + n0 * (s->k_total + 1);
    for (size_t i = 0; i < s->rows; i++) {
      float sum[NR];
      for (size_t j = 0; j < NR; j++)
        sum[j] = s->k_first == 0 ? panel[j] : s->partial[i * NR + j];
      accumulate(sum, s, i, panel + NR * (1 + s->k_first));
      if (s->k_first + s->taps * s->k == s->k_total)
        finish(sum, s, i, n0);
      else
        for (size_t j = 0; j < NR; j++)
          s->partial[i * NR + j] = sum[j];
    }
  }
}

const mote_gemm_f32 mote_f32_gemm_4x8__c = {
    .name = "mote_f32_gemm_4x8__c", .isa = "c", .mr = 4, .nr = NR, .nr_tail = NR, .strip = strip};
