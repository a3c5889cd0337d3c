// Measures what multiply-adds one core does: twelve independent chains. A file per instruction set includes its
// vf_<isa>.h, then this. Knows no family.
#include "kernels/check_peak.h"

enum { CHAINS = 12 };

double CHECK_PEAK_NAME(size_t rounds, float *sink) {
  vf sum[CHAINS];
  const vf a = vf_set1(0.999f), b = vf_set1(0.001f);
  MOTE_UNROLL
  for (size_t i = 0; i < CHAINS; i++)
    sum[i] = vf_set1((float)i);
  for (size_t r = 0; r < rounds; r++)
    MOTE_UNROLL
  for (size_t i = 0; i < CHAINS; i++)
    sum[i] = vf_fma(sum[i], a, b);
  MOTE_UNROLL
  for (size_t i = 1; i < CHAINS; i++)
    sum[0] = vf_add(sum[0], sum[i]);
  float out[VF_W];
  vf_store(out, sum[0]);
  *sink = out[0];
  return 2.0 * (double)rounds * CHAINS * VF_W;
}
