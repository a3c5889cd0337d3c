// Bilinear resizing of codes on integers (contract: qpool.h). Tests: tests/kernels/check_qpool.c
#include "kernels/qpool.h"

#include <math.h>

// A coordinate with 10 fraction bits and the two cells it lies between.
typedef struct coordinate {
  int32_t value, low, high;
} coordinate;

static int32_t axis_scale(const mote_qresize_args *a, uint32_t in, uint32_t out) {
  if (a->align_corners && out > 1)
    return (int32_t)(((1 << 10) * (int64_t)(in - 1) + (out - 1) / 2) / (out - 1));
  return (int32_t)(((1 << 10) * (int64_t)in + out / 2) / out);
}

static coordinate coordinate_of(const mote_qresize_args *a, uint32_t i, int32_t scale, uint32_t size) {
  int64_t value = (int64_t)i * scale;
  if (a->half_pixel_centers)
    value += scale / 2 - (1 << 9);
  coordinate c = {(int32_t)value, (int32_t)MOTE_MAX(value / (1 << 10), (int64_t)0), 0};
  c.low = MOTE_MIN(c.low, (int32_t)size - 1);
  c.high = (int32_t)MOTE_MIN((value + (1 << 10) - 1) / (1 << 10), (int64_t)size - 1);
  c.high = MOTE_MAX(c.high, 0);
  return c;
}

static int64_t cell(mote_dtype type, const void *in, ptrdiff_t i) {
  return type == MOTE_I8 ? (int64_t)((const int8_t *)in)[i] : (int64_t)((const int16_t *)in)[i];
}

// Weights have 20 fraction bits together.
static void resize_pixel(const mote_qresize_args *a, ptrdiff_t image, coordinate y, coordinate x, ptrdiff_t out) {
  int64_t dy = y.value - (1 << 10) * (int64_t)y.low, dx = x.value - (1 << 10) * (int64_t)x.low;
  for (uint32_t c = 0; c < a->channels; c++) {
    ptrdiff_t top = image + y.low * a->in_y + c, bottom = image + y.high * a->in_y + c;
    int64_t sum = cell(a->type, a->in, top + x.low * a->in_x) * ((1 << 10) - dy) * ((1 << 10) - dx);
    sum += cell(a->type, a->in, bottom + x.low * a->in_x) * dy * ((1 << 10) - dx);
    sum += cell(a->type, a->in, top + x.high * a->in_x) * ((1 << 10) - dy) * dx;
    sum += cell(a->type, a->in, bottom + x.high * a->in_x) * dy * dx;
    int64_t q = (sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20);
    if (a->type == MOTE_I16)
      ((int16_t *)a->out)[out + c] = (int16_t)q;
    else
      ((uint8_t *)a->out)[out + c] = (uint8_t)q;
  }
}

// A float32 coordinate: the lower cell, the one above it, and how far from the lower.
typedef struct real_coordinate {
  ptrdiff_t low, high;
  float above;
} real_coordinate;

static real_coordinate real_coordinate_of(const mote_qresize_args *a, uint32_t i, uint32_t in, uint32_t out) {
  float scale = a->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
  float value = a->half_pixel_centers ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
  float low = floorf(value), high = ceilf(value);
  real_coordinate c = {(ptrdiff_t)(low > 0 ? low : 0), (ptrdiff_t)(high < (float)(in - 1) ? high : (float)(in - 1)), 0};
  c.low = MOTE_MIN(c.low, (ptrdiff_t)in - 1);
  c.high = MOTE_MAX(c.high, 0);
  c.above = value - (float)c.low;
  return c;
}

static void resize_pixel_u8(const mote_qresize_args *a, ptrdiff_t image, real_coordinate y, real_coordinate x,
                            ptrdiff_t out) {
  const uint8_t *in = (const uint8_t *)a->in + image;
  for (uint32_t c = 0; c < a->channels; c++) {
    const uint8_t *top = in + y.low * a->in_y + c, *bottom = in + y.high * a->in_y + c;
    float sum = (float)top[x.low * a->in_x] * (1 - y.above) * (1 - x.above);
    sum += (float)bottom[x.low * a->in_x] * y.above * (1 - x.above);
    sum += (float)top[x.high * a->in_x] * (1 - y.above) * x.above;
    sum += (float)bottom[x.high * a->in_x] * y.above * x.above;
    ((uint8_t *)a->out)[out + c] = (uint8_t)(sum + 0.5f);
  }
}

static void resize_row_u8(const mote_qresize_args *a, uint32_t n, uint32_t oy) {
  real_coordinate y = real_coordinate_of(a, oy, a->ih, a->oh);
  for (uint32_t ox = 0; ox < a->ow; ox++)
    resize_pixel_u8(a, n * a->in_n, y, real_coordinate_of(a, ox, a->iw, a->ow),
                    n * a->out_n + oy * a->out_y + ox * a->out_x);
}

void mote_qresize_bilinear(const mote_qresize_args *a, uint32_t t0, uint32_t t1) {
  int32_t scale_y = axis_scale(a, a->ih, a->oh), scale_x = axis_scale(a, a->iw, a->ow);
  for (uint32_t t = t0; t < t1; t++) {
    uint32_t n = t / a->oh, oy = t % a->oh;
    coordinate y = coordinate_of(a, oy, scale_y, a->ih);
    if (a->type == MOTE_U8) {
      resize_row_u8(a, n, oy);
      continue;
    }
    for (uint32_t ox = 0; ox < a->ow; ox++)
      resize_pixel(a, n * a->in_n, y, coordinate_of(a, ox, scale_x, a->iw),
                   n * a->out_n + oy * a->out_y + ox * a->out_x);
  }
}
