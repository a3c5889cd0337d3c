// Body of the float32 resize rows; a file per instruction set includes its vf_<isa>.h, then this.
// Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include <string.h>

#include "kernels/resize_f32.h"

typedef struct resize_pixel {
  const float *p[2][2]; // [source row][source column]
  float u, v;           // fractions along x and y
} resize_pixel;

MOTE_INLINE vf resize_vector(const resize_pixel *s, size_t c, size_t count) {
  const vf u = vf_set1(s->u), rest_u = vf_set1(1.0f - s->u), v = vf_set1(s->v), rest_v = vf_set1(1.0f - s->v);
  vf line[2];
  VF_UNROLL
  for (size_t i = 0; i < 2; i++) {
    const vf a = count == VF_W ? vf_load(s->p[i][0] + c) : vf_load_n(s->p[i][0] + c, count);
    const vf b = count == VF_W ? vf_load(s->p[i][1] + c) : vf_load_n(s->p[i][1] + c, count);
    line[i] = vf_add(vf_mul(a, rest_u), vf_mul(b, u));
  }
  return vf_add(vf_mul(line[0], rest_v), vf_mul(line[1], v));
}

static void resize_mix(const resize_pixel *s, float *out, size_t channels) {
  size_t c = 0;
  for (; c + VF_W <= channels; c += VF_W)
    vf_store(out + c, resize_vector(s, c, VF_W));
  if (c < channels)
    vf_store_n(out + c, resize_vector(s, c, channels - c), channels - c);
}

static void run(const mote_resize_f32_args *args, size_t t0, size_t t1) {
  for (size_t t = t0; t < t1; t++) {
    const size_t n = t / args->out.h, y = t % args->out.h;
    const float *image = args->in.data + (ptrdiff_t)n * args->in.n_stride;
    float *out = args->out.data + (ptrdiff_t)n * args->out.n_stride + (ptrdiff_t)y * args->out.h_stride;
    const float *lines[2] = {image + (ptrdiff_t)args->y[y].lo * args->in.h_stride,
                             image + (ptrdiff_t)args->y[y].hi * args->in.h_stride};
    for (size_t x = 0; x < args->out.w; x++, out += args->out.w_stride) {
      const ptrdiff_t lo = (ptrdiff_t)args->x[x].lo * args->in.w_stride;
      const ptrdiff_t hi = (ptrdiff_t)args->x[x].hi * args->in.w_stride;
      if (args->nearest) {
        memcpy(out, lines[0] + lo, args->channels * sizeof(float));
        continue;
      }
      const resize_pixel pixel = {
          {{lines[0] + lo, lines[0] + hi}, {lines[1] + lo, lines[1] + hi}}, args->x[x].u, args->y[y].u};
      resize_mix(&pixel, out, args->channels);
    }
  }
}

#define RESIZE_TEXT2(x) #x
#define RESIZE_TEXT(x) RESIZE_TEXT2(x)
const mote_resize_f32 VF_NAME(resize_c) = {
    .name = RESIZE_TEXT(VF_NAME(resize_c)), .isa = VF_ISA, .features = VF_FEATURES, .run = run};
