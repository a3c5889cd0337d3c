// Sums and extrema over a row in 16 lanes whatever the vector width, so that every instruction set adds in the same
// order. Knows no family. Tests: tests/kernels/check_rows_f32.c
#ifndef MOTE_KERNELS_LANES_H
#define MOTE_KERNELS_LANES_H

#include <math.h>
#include <string.h>

enum { LANES = 16, LANE_VECTORS = LANES / VF_W };

typedef struct lanes {
  vf v[LANE_VECTORS];
} lanes;

MOTE_INLINE lanes lanes_set1(float x) {
  lanes a;
  VF_UNROLL
  for (size_t i = 0; i < LANE_VECTORS; i++)
    a.v[i] = vf_set1(x);
  return a;
}

MOTE_INLINE lanes lanes_load(const float *p) {
  lanes a;
  VF_UNROLL
  for (size_t i = 0; i < LANE_VECTORS; i++)
    a.v[i] = vf_load(p + i * VF_W);
  return a;
}

MOTE_INLINE void lanes_store(float *p, lanes a) {
  VF_UNROLL
  for (size_t i = 0; i < LANE_VECTORS; i++)
    vf_store(p + i * VF_W, a.v[i]);
}

static MOTE_NOINLINE const float *lanes_copy(float part[LANES], const float *p, size_t n, float fill) {
  for (size_t i = 0; i < LANES; i++)
    part[i] = fill;
  return memcpy(part, p, n * sizeof(float));
}

// `left` elements, at most 16 of them, `fill` behind them.
MOTE_INLINE lanes lanes_load_some(const float *p, size_t left, float fill) {
  float part[LANES];
  if (MOTE_LIKELY(left >= LANES))
    return lanes_load(p);
  return lanes_load(lanes_copy(part, p, left, fill));
}

MOTE_INLINE void lanes_store_some(float *p, lanes a, size_t left) {
  float part[LANES];
  if (MOTE_LIKELY(left >= LANES)) {
    lanes_store(p, a);
    return;
  }
  lanes_store(part, a);
  memcpy(p, part, left * sizeof(float));
}

// Lane l with lane l + 8, then + 4, + 2, + 1.
MOTE_INLINE float lanes_sum(lanes a) {
  float part[LANES];
  lanes_store(part, a);
  for (size_t half = LANES / 2; half != 0; half /= 2)
    for (size_t i = 0; i < half; i++)
      part[i] += part[i + half];
  return part[0];
}

MOTE_INLINE vf vf_max_nan(vf best, vf x) { return vf_sel(vf_nan(best), best, vf_max(best, x)); }
MOTE_INLINE vf vf_min_nan(vf best, vf x) { return vf_sel(vf_nan(best), best, vf_min(best, x)); }

MOTE_INLINE float lanes_max(lanes a) {
  float part[LANES];
  lanes_store(part, a);
  for (size_t i = 1; i < LANES; i++)
    part[0] = part[0] != part[0] || part[0] > part[i] ? part[0] : part[i];
  return part[0];
}

#endif
