// Random codes, see check_codes.h.
#include "kernels/check_codes.h"

#include <math.h>

int check_between(checker *c, int lo, int hi) { return lo + (int)check_random_below(c, (size_t)(hi - lo + 1)); }

int32_t check_code(mote_dtype type, const void *p, ptrdiff_t i) {
  return type == MOTE_U8 ? (int32_t)((const uint8_t *)p)[i] : (int32_t)((const int8_t *)p)[i];
}

int32_t check_code_random(checker *c, mote_dtype type) {
  return check_between(c, 0, 255) - (type == MOTE_U8 ? 0 : 128);
}

void check_codes_random(checker *c, mote_qcodes *q) {
  static const mote_dtype types[] = {MOTE_I8, MOTE_I8, MOTE_U8, MOTE_U8, MOTE_I16, MOTE_I32, MOTE_F32};
  q->in_type = check_between(c, 0, 1) ? MOTE_I8 : MOTE_U8;
  q->out_type = types[check_between(c, 0, 6)];
  const int32_t base = q->out_type == MOTE_I8 ? -128 : 0;
  q->in_zp = check_code_random(c, q->in_type);
  q->out_zp = base + check_between(c, 0, 255);
  q->lo = base + (check_between(c, 0, 1) ? 0 : check_between(c, 0, 100));
  q->hi = base + (check_between(c, 0, 1) ? 255 : check_between(c, 110, 255));
  q->round = check_between(c, 0, 2) ? MOTE_QROUND_EVEN : (mote_qround)check_between(c, 1, 2);
  q->flo = check_between(c, 0, 1) ? -INFINITY : -3.0f;
  q->fhi = check_between(c, 0, 1) ? INFINITY : 5.0f;
}

check_scales check_scales_random(checker *c, ptrdiff_t n, check_place place) {
  int32_t *bias = check_buffer(c, (size_t)n * 4, place);
  float *float_bias = check_buffer(c, (size_t)n * 4, place);
  double *scale = check_buffer(c, (size_t)n * 8, place);
  for (ptrdiff_t i = 0; i < n; i++) {
    bias[i] = check_between(c, -20000, 20000);
    float_bias[i] = (float)check_between(c, -100, 100) * 0.37f;
    scale[i] = check_between(c, 0, 20) ? (check_between(c, 1, 1000) + 0.37) * 1e-5 : check_between(c, 0, 1) ? 1e4 : 0.5;
  }
  check_scales s = {.scale = scale};
  s.bias = check_between(c, 0, 3) ? bias : NULL;
  s.float_bias = check_between(c, 0, 1) ? float_bias : NULL;
  s.scale_count = check_between(c, 0, 1) ? 1 : (uint32_t)n;
  return s;
}
