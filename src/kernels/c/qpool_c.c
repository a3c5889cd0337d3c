// Portable pooling and means of quantised images: the oracle (contract: qpool.h). Tests: tests/kernels/check_qpool.c
#include "kernels/qpool.h"

#include "kernels/qcols.h"

enum { BLOCK = 32 };

// The window of an output cell, cut to the image: taps [y0, y1) x [x0, x1).
typedef struct window {
  int64_t top, left;
  uint32_t y0, y1, x0, x1;
} window;

static void cut(int64_t start, uint32_t step, uint32_t taps, uint32_t size, uint32_t *first, uint32_t *last) {
  int64_t lo = start < 0 ? (-start + step - 1) / step : 0;
  int64_t hi = start >= (int64_t)size ? 0 : ((int64_t)size - start + step - 1) / step;
  *first = (uint32_t)MOTE_MIN(lo, (int64_t)taps);
  *last = (uint32_t)MOTE_MIN(MOTE_MAX(hi, (int64_t)*first), (int64_t)taps);
}

static window window_of(const mote_qpool_args *a, uint32_t oy, uint32_t ox) {
  window w = {(int64_t)oy * a->sh - a->pad_top, (int64_t)ox * a->sw - a->pad_left, 0, 0, 0, 0};
  cut(w.top, a->dh, a->kh, a->ih, &w.y0, &w.y1);
  cut(w.left, a->dw, a->kw, a->iw, &w.x0, &w.x1);
  return w;
}

static int32_t load(mote_dtype type, const char *p, size_t i) {
  if (type == MOTE_I8)
    return ((const int8_t *)p)[i];
  return type == MOTE_U8 ? (int32_t)((const uint8_t *)p)[i] : (int32_t)((const int16_t *)p)[i];
}

static void store(const mote_qpool_args *a, char *out, size_t i, int32_t q) {
  q = MOTE_MAX(MOTE_MIN(q, a->hi), a->lo);
  if (a->type == MOTE_I16)
    ((int16_t *)out)[i] = (int16_t)q;
  else
    out[i] = (char)(uint8_t)q;
}

// Folds the window's cells into acc[0..count): maximum, or wrapping sum.
static void fold(const mote_qpool_args *a, const window *w, const char *image, size_t first, size_t count, bool max,
                 int32_t *acc) {
  ptrdiff_t size = (ptrdiff_t)mote_qtype_size(a->type);
  for (uint32_t y = w->y0; y < w->y1; y++)
    for (uint32_t x = w->x0; x < w->x1; x++) {
      const char *cell =
          image + ((w->top + (int64_t)y * a->dh) * a->in_y + (w->left + (int64_t)x * a->dw) * a->in_x) * size;
      for (size_t j = 0; j < count; j++) {
        int32_t v = load(a->type, cell, first + j);
        acc[j] = !max ? (int32_t)((uint32_t)acc[j] + (uint32_t)v) : v > acc[j] ? v : acc[j];
      }
    }
}

static void pool_cell(const mote_qpool_args *a, const window *w, const char *image, bool max, char *out) {
  int32_t cells = (int32_t)((w->y1 - w->y0) * (w->x1 - w->x0)), acc[BLOCK];
  for (size_t first = 0; first < a->channels; first += BLOCK) {
    size_t count = MOTE_MIN(a->channels - first, (size_t)BLOCK);
    for (size_t j = 0; j < count; j++)
      acc[j] = max ? INT32_MIN : 0;
    fold(a, w, image, first, count, max, acc);
    for (size_t j = 0; j < count; j++) {
      int32_t v = acc[j];
      if (!max && cells > 0)
        v = (v >= 0 ? v + cells / 2 : v - cells / 2) / cells;
      store(a, out, first + j, v);
    }
  }
}

static void pool(const mote_qpool_args *a, bool max, uint32_t t0, uint32_t t1) {
  ptrdiff_t size = (ptrdiff_t)mote_qtype_size(a->type);
  for (uint32_t t = t0; t < t1; t++) {
    uint32_t n = t / a->oh, oy = t % a->oh;
    const char *image = (const char *)a->in + n * a->in_n * size;
    for (uint32_t ox = 0; ox < a->ow; ox++) {
      window w = window_of(a, oy, ox);
      pool_cell(a, &w, image, max, (char *)a->out + (n * a->out_n + oy * a->out_y + ox * a->out_x) * size);
    }
  }
}

static void max_pool(const mote_qpool_args *a, uint32_t t0, uint32_t t1) { pool(a, true, t0, t1); }

static void average_pool(const mote_qpool_args *a, uint32_t t0, uint32_t t1) { pool(a, false, t0, t1); }

static void mean_slice(const mote_qmean_args *a, const char *in, char *out) {
  size_t size = mote_qtype_size(a->type);
  for (size_t first = 0; first < a->inner; first += BLOCK) {
    size_t count = MOTE_MIN(a->inner - first, (size_t)BLOCK);
    int32_t acc[BLOCK] = {0};
    for (size_t r = 0; r < a->reduce; r++)
      for (size_t j = 0; j < count; j++)
        acc[j] += load(a->type, in + r * a->inner * size, first + j);
    for (size_t j = 0; j < count; j++) {
      int32_t sum = acc[j] - (int32_t)a->reduce * a->in_zp;
      int32_t q = mote_qrequant(sum, a->scale, a->round, a->out_zp, a->lo, a->hi);
      if (a->type == MOTE_I16)
        ((int16_t *)out)[first + j] = (int16_t)q;
      else
        out[first + j] = (char)(uint8_t)q;
    }
  }
}

static void mean(const mote_qmean_args *a, size_t t0, size_t t1) {
  size_t size = mote_qtype_size(a->type);
  for (size_t t = t0; t < t1; t++)
    mean_slice(a, (const char *)a->in + t * a->reduce * a->inner * size, (char *)a->out + t * a->inner * size);
}

const mote_qpool_row mote_q_pool__c = {"mote_q_pool__c", 0, max_pool, average_pool, mean};
