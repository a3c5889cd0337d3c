// The shared column blocks and stores of quantised convolution, and the scale's fixed-point form (contracts:
// qcols.h, qround.h). Tests: tests/kernels/check_qconv.c
#include "kernels/qcols.h"

#include <math.h>
#include <string.h>

mote_qfix mote_qfix_from(double scale) {
  mote_qfix none = {0, 0}, most = {INT32_MAX, 30};
  int exponent;
  if (!(scale > 0))
    return none;
  if (scale >= 0x1p30) // infinity, too
    return most;
  double fraction = frexp(scale, &exponent);
  int64_t mult = (int64_t)round(fraction * 2147483648.0);
  if (mult == (int64_t)1 << 31) {
    mult /= 2;
    exponent++;
  }
  if (exponent < -31)
    return none;
  if (exponent > 30)
    return most;
  mote_qfix fix = {(int32_t)mult, exponent};
  return fix;
}

int32_t mote_qfix_times(int32_t x, mote_qfix fix) { return mote_qfix_mul(x, fix); }

int32_t mote_qfix_code(int32_t x, mote_qfix fix, int32_t zp, int32_t lo, int32_t hi) {
  int64_t q = (int64_t)mote_qfix_times(x, fix) + zp;
  return (int32_t)(q < lo ? lo : q > hi ? hi : q);
}

void mote_qcols_fill(mote_qcols c, size_t width, size_t count, const mote_qcols_source *src, size_t first) {
  memset(c.bias, 0, width * MOTE_QCOLS_WORDS * sizeof(int32_t));
  for (size_t j = 0; j < count; j++) {
    double scale = src->scale[src->scale_count == 1 ? 0 : first + j];
    mote_qfix fix = mote_qfix_from(scale);
    c.bias[j] = src->bias ? src->bias[first + j] : 0;
    c.scale[j] = (float)scale;
    c.float_bias[j] = src->float_bias ? src->float_bias[first + j] : 0.0f;
    c.mult[j] = fix.mult;
    c.shift[j] = fix.shift;
  }
}

static int32_t to_code(const mote_qstore *s, const mote_qcols *c, size_t j, int32_t sum) {
  if (s->round == MOTE_QROUND_FIXED) {
    mote_qfix fix = {c->mult[j], c->shift[j]};
    return mote_qrequant_fixed(sum, fix, s->zp, s->lo, s->hi);
  }
  return mote_qround_value(((float)sum + c->float_bias[j]) * c->scale[j], s->round, s->zp, s->lo, s->hi);
}

void mote_qstore_run(const mote_qstore *s, const mote_qcols *c, size_t first, const int32_t *sum, size_t count,
                     float image_scale, void *out) {
  switch (s->type) {
  case MOTE_I8:
  case MOTE_U8: // the low byte is the code in both
    for (size_t j = 0; j < count; j++)
      ((uint8_t *)out)[j] = (uint8_t)to_code(s, c, first + j, sum[j]);
    break;
  case MOTE_I16:
    for (size_t j = 0; j < count; j++)
      ((int16_t *)out)[j] = (int16_t)to_code(s, c, first + j, sum[j]);
    break;
  case MOTE_I32:
    memcpy(out, sum, count * sizeof *sum);
    break;
  default:
    for (size_t j = 0; j < count; j++) {
      float f = (float)sum[j] * (c->scale[first + j] * image_scale) + c->float_bias[first + j];
      ((float *)out)[j] = mote_qclampf(f, s->flo, s->fhi);
    }
  }
}
