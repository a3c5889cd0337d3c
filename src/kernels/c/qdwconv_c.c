// Portable quantised depthwise convolution: the oracle (contract: qdwconv.h). Weights are kept in 16 bits less their
// zero point, tap by tap, all channels of a tap side by side. Tests: tests/kernels/check_qdwconv.c
#include "kernels/qdwconv.h"

#include <string.h>

#include "base/checked.h"
#include "kernels/qcols.h"

enum { BLOCK = 16 };

static size_t packed_size(const mote_qdwconv_weights *w) {
  size_t columns, taps, a, b;
  if (!mote_mul_size(w->channels, w->multiplier, &columns) || !mote_mul_size(w->kh, w->kw, &taps) ||
      !mote_mul_size(columns, MOTE_QCOLS_WORDS * sizeof(int32_t), &a) || !mote_mul_size(columns, taps, &b) ||
      !mote_mul_size(b, sizeof(int16_t), &b) || !mote_add_size(a, b, &a))
    return 0;
  return a;
}

static int32_t weight_at(const mote_qdwconv_weights *w, ptrdiff_t at) {
  return (w->type == MOTE_U8 ? (int32_t)((const uint8_t *)w->w)[at] : (int32_t)((const int8_t *)w->w)[at]) - w->zp;
}

static void pack(const mote_qdwconv_weights *w, void *packed) {
  size_t columns = (size_t)w->channels * w->multiplier;
  mote_qcols_source src = {w->bias, w->float_bias, w->scale, w->scale_count};
  mote_qcols_fill(mote_qcols_at(packed, columns), columns, columns, &src, 0);
  int16_t *out = (int16_t *)((char *)packed + columns * MOTE_QCOLS_WORDS * sizeof(int32_t));
  for (uint32_t y = 0; y < w->kh; y++)
    for (uint32_t x = 0; x < w->kw; x++)
      for (size_t c = 0; c < columns; c++)
        *out++ = (int16_t)weight_at(w, (ptrdiff_t)c * w->w_c + y * w->w_y + x * w->w_x);
}

static uint32_t tiles(const mote_qdwconv_args *a) { return a->n * a->oh; }

// Adds a tap to `count` sums that start at output channel `first`.
static void add_tap(const mote_qdwconv_args *a, const void *in, int32_t zp, const int16_t *w, size_t first,
                    size_t count, uint32_t *sum) {
  for (size_t j = 0; j < count; j++) {
    size_t c = a->multiplier == 1 ? first + j : (first + j) / a->multiplier;
    int32_t v = a->in_type == MOTE_U8 ? (int32_t)((const uint8_t *)in)[c] : (int32_t)((const int8_t *)in)[c];
    sum[j] += (uint32_t)((v - zp) * w[first + j]);
  }
}

typedef struct place {
  uint32_t n, oy, ox;
} place;

static void sum_block(const mote_qdwconv_args *a, place p, const int16_t *w, size_t first, size_t count,
                      uint32_t *sum) {
  int32_t zp = a->image_zp ? a->image_zp[p.n] : a->in_zp;
  size_t columns = (size_t)a->channels * a->multiplier;
  for (uint32_t ky = 0; ky < a->kh; ky++)
    for (uint32_t kx = 0; kx < a->kw; kx++, w += columns) {
      int64_t y = (int64_t)p.oy * a->sh - a->pad_top + (int64_t)ky * a->dh;
      int64_t x = (int64_t)p.ox * a->sw - a->pad_left + (int64_t)kx * a->dw;
      if (y < 0 || y >= a->ih || x < 0 || x >= a->iw)
        continue;
      const char *in = (const char *)a->in + p.n * a->in_n + y * a->in_y + x * a->in_x;
      add_tap(a, in, zp, w, first, count, sum);
    }
}

static void run_pixel(const mote_qdwconv_args *a, const mote_qstore *store, place p, const void *packed) {
  size_t columns = (size_t)a->channels * a->multiplier, size = mote_qtype_size(a->out_type);
  mote_qcols cols = mote_qcols_at(packed, columns);
  const int16_t *w = (const int16_t *)((const char *)packed + columns * MOTE_QCOLS_WORDS * sizeof(int32_t));
  char *out = (char *)a->out + (p.n * a->out_n + p.oy * a->out_y + p.ox * a->out_x) * (ptrdiff_t)size;
  float image_scale = a->image_scale ? a->image_scale[p.n] : 1.0f;
  for (size_t first = 0; first < columns; first += BLOCK) {
    int32_t sum[BLOCK];
    size_t count = MOTE_MIN(columns - first, (size_t)BLOCK);
    memcpy(sum, cols.bias + first, count * sizeof *sum);
    sum_block(a, p, w, first, count, (uint32_t *)sum);
    mote_qstore_run(store, &cols, first, sum, count, image_scale, out + first * size);
  }
}

static void run(const mote_qdwconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  mote_qstore store = {a->out_type, a->round, a->out_zp, a->lo, a->hi, a->flo, a->fhi};
  for (uint32_t t = t0; t < t1; t++)
    for (uint32_t x = 0; x < a->ow; x++) {
      place p = {t / a->oh, t % a->oh, x};
      run_pixel(a, &store, p, packed);
    }
}

const mote_qdwconv_row mote_q8_dwconv_1x16__c = {"mote_q8_dwconv_1x16__c", 0, packed_size, pack, tiles, run};
