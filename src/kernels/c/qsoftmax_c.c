// Softmax of codes (contract: qpool.h). Tests: tests/kernels/check_qpool.c
#include <math.h>

#include "kernels/qpool.h"

void mote_qsoftmax_table_fill(mote_qsoftmax_table *t, double scale_beta) {
  for (int d = 0; d < 256; d++)
    t->e[d] = (float)exp(-d * scale_beta);
}

// Signed codes become unsigned by flipping the top bit, which keeps order and differences.
static void softmax8_row(const mote_qsoftmax_table *t, uint8_t flip, const uint8_t *in, uint8_t *out, size_t depth,
                         float out_scale, int32_t out_zp) {
  uint8_t most = 0;
  for (size_t i = 0; i < depth; i++)
    most = MOTE_MAX(most, (uint8_t)(in[i] ^ flip));
  float sum = 0.0f;
  for (size_t i = 0; i < depth; i++)
    sum += t->e[most - (uint8_t)(in[i] ^ flip)];
  float scale = 1.0f / (sum * out_scale);
  int32_t lo = flip ? -128 : 0;
  for (size_t i = 0; i < depth; i++)
    out[i] = (uint8_t)mote_qround_value(t->e[most - (uint8_t)(in[i] ^ flip)] * scale, MOTE_QROUND_AWAY, out_zp, lo,
                                        lo + 255);
}

void mote_qsoftmax8(const mote_qsoftmax_table *t, mote_dtype type, const void *in, void *out, size_t depth,
                    float out_scale, int32_t out_zp, size_t r0, size_t r1) {
  for (size_t r = r0; r < r1; r++)
    softmax8_row(t, type == MOTE_I8 ? 0x80 : 0, (const uint8_t *)in + r * depth, (uint8_t *)out + r * depth, depth,
                 out_scale, out_zp);
}
