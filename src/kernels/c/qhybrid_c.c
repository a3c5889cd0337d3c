// Run-time quantisation of rows and unpacking of narrow weights (contract: qhybrid.h). Tests:
// tests/kernels/check_qhybrid.c
#include "kernels/qhybrid.h"

#include <string.h>

#include "kernels/qround.h"

// Smallest and largest of the row and of 0; NaN is passed over.
static void range_of(const float *in, size_t count, float *least, float *most) {
  *least = *most = 0.0f;
  for (size_t i = 0; i < count; i++) {
    *least = in[i] < *least ? in[i] : *least;
    *most = in[i] > *most ? in[i] : *most;
  }
}

bool mote_qrow_symmetric_range(float least, float most, float *scale, float *inverse) {
  float largest = -least > most ? -least : most;
  *scale = largest == 0.0f ? 1.0f : largest / 127.0f;
  *inverse = 127.0f / largest;
  return largest != 0.0f;
}

void mote_qrow_symmetric(const float *in, int8_t *out, size_t count, float *scale) {
  float least, most, inverse;
  range_of(in, count, &least, &most);
  if (!mote_qrow_symmetric_range(least, most, scale, &inverse)) {
    memset(out, 0, count);
    return;
  }
  for (size_t i = 0; i < count; i++)
    out[i] = (int8_t)mote_qround_value(in[i] * inverse, MOTE_QROUND_AWAY, 0, -127, 127);
}

// Whichever end of the range is hit more exactly decides the zero point.
static int32_t zero_point(double least, double most, double scale) {
  double from_least = -128 - least / scale, from_most = 127 - most / scale;
  double error_least = 128 - least / scale, error_most = 127 + most / scale;
  double zp = error_least < error_most ? from_least : from_most;
  if (!(zp > -128)) // NaN too: a row with infinities
    return -128;
  return zp >= 127 ? 127 : mote_qround_away((float)zp);
}

bool mote_qrow_asymmetric_range(float least, float most, float *scale, int32_t *zp, float *inverse) {
  *scale = 1.0f;
  *inverse = 1.0f;
  *zp = 0;
  if (least == most)
    return false;
  double step = ((double)most - least) / 255.0;
  *scale = (float)step;
  *zp = zero_point(least, most, step);
  *inverse = 1.0f / *scale;
  return true;
}

void mote_qrow_asymmetric(const float *in, int8_t *out, size_t count, float *scale, int32_t *zp) {
  float least, most, inverse;
  range_of(in, count, &least, &most);
  if (!mote_qrow_asymmetric_range(least, most, scale, zp, &inverse)) {
    memset(out, 0, count);
    return;
  }
  for (size_t i = 0; i < count; i++)
    out[i] = (int8_t)mote_qround_value((float)*zp + in[i] * inverse, MOTE_QROUND_AWAY, 0, -128, 127);
}

void mote_qunpack4(const void *in, int8_t *out, size_t count) {
  const uint8_t *p = in;
  for (size_t i = 0; i < count; i++) {
    int code = (p[i / 2] >> (i % 2 * 4)) & 15;
    out[i] = (int8_t)(code < 8 ? code : code - 16);
  }
}

void mote_qunpack2(const void *in, int8_t *out, size_t count) {
  const uint8_t *p = in;
  for (size_t i = 0; i < count; i++) {
    int code = (p[i / 4] >> (i % 4 * 2)) & 3;
    out[i] = (int8_t)(code < 2 ? code : code - 4);
  }
}
