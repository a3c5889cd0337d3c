// Body of the Winograd rows' transforms; a file per instruction set includes its vf_<isa>.h, defines WINOGRAD_GEMM (the
// matrix row it multiplies with), then this. Channels are multiples of 16, so there are no tails.
// Knows no graph. Tests: tests/kernels/check_winograd_f32.c
#include "kernels/winograd_f32.h"

// B^T d for the points 0, 1, -1, 2, -2, infinity.
MOTE_INLINE void input_line(vf t[6], const vf d[6]) {
  const vf two = vf_set1(2.0f), four = vf_set1(-4.0f), five = vf_set1(-5.0f), plus_four = vf_set1(4.0f);
  const vf even = vf_fma(four, d[2], d[4]), odd = vf_fma(four, d[1], d[3]);
  const vf even2 = vf_sub(d[4], d[2]), odd2 = vf_mul(two, vf_sub(d[3], d[1]));
  t[0] = vf_fma(plus_four, d[0], vf_fma(five, d[2], d[4]));
  t[1] = vf_add(even, odd);
  t[2] = vf_sub(even, odd);
  t[3] = vf_add(even2, odd2);
  t[4] = vf_sub(even2, odd2);
  t[5] = vf_fma(plus_four, d[1], vf_fma(five, d[3], d[5]));
}

static void input(const float *const *pixels, size_t channels, float *v, size_t plane) {
  for (size_t c = 0; c < channels; c += VF_W) {
    vf half[6][6]; // [column][row]: too many for registers, so the loops over lines are not unrolled
    for (size_t x = 0; x < 6; x++) {
      vf d[6];
      VF_UNROLL
      for (size_t y = 0; y < 6; y++)
        d[y] = vf_load(pixels[y * 6 + x] + c);
      input_line(half[x], d);
    }
    for (size_t y = 0; y < 6; y++) {
      vf d[6], t[6];
      VF_UNROLL
      for (size_t x = 0; x < 6; x++)
        d[x] = half[x][y];
      input_line(t, d);
      VF_UNROLL
      for (size_t x = 0; x < 6; x++)
        vf_store(v + (y * 6 + x) * plane + c, t[x]);
    }
  }
}

// A^T m
MOTE_INLINE void output_line(vf o[4], const vf m[6]) {
  const vf sum = vf_add(m[1], m[2]), diff = vf_sub(m[1], m[2]), sum2 = vf_add(m[3], m[4]), diff2 = vf_sub(m[3], m[4]);
  o[0] = vf_add(vf_add(m[0], sum), sum2);
  o[1] = vf_fma(vf_set1(2.0f), diff2, diff);
  o[2] = vf_fma(vf_set1(4.0f), sum2, sum);
  o[3] = vf_add(vf_fma(vf_set1(8.0f), diff2, diff), m[5]);
}

static void output(const mote_winograd_f32_output *args) {
  const vf lo = vf_set1(args->lo), hi = vf_set1(args->hi);
  for (size_t c = args->c0; c < args->c1; c += VF_W) {
    vf half[6][4]; // [column][row]
    const vf bias = vf_load(args->bias + c);
    for (size_t x = 0; x < 6; x++) {
      vf m[6];
      VF_UNROLL
      for (size_t y = 0; y < 6; y++)
        m[y] = vf_load(args->m + (y * 6 + x) * args->plane + c);
      output_line(half[x], m);
    }
    for (size_t y = 0; y < 4; y++) {
      vf m[6], o[4];
      VF_UNROLL
      for (size_t x = 0; x < 6; x++)
        m[x] = half[x][y];
      output_line(o, m);
      VF_UNROLL
      for (size_t x = 0; x < 4; x++) {
        float *to = args->out[y * 4 + x];
        if (to == NULL)
          continue;
        vf value = vf_add(o[x], bias);
        if (args->residual != NULL)
          value = vf_add(value, vf_load(args->residual[y * 4 + x] + c));
        vf_store(to + c, vf_min(hi, vf_max(lo, value)));
      }
    }
  }
}

#define WINOGRAD_TEXT2(x) #x
#define WINOGRAD_TEXT(x) WINOGRAD_TEXT2(x)
extern const mote_gemm_f32 WINOGRAD_GEMM;
const mote_winograd_f32 VF_NAME(winograd_4x4_c) = {.name = WINOGRAD_TEXT(VF_NAME(winograd_4x4_c)),
                                                   .isa = VF_ISA,
                                                   .features = VF_FEATURES,
                                                   .gemm = &WINOGRAD_GEMM,
                                                   .input = input,
                                                   .output = output};
