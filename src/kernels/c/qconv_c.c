// Portable quantised convolution: the oracle of the family, and the row of processors without one of their own
// (contract: qconv.h). Weights are kept in 16 bits less their zero point, eight output channels side by side.
// Tests: tests/kernels/check_qconv.c
#include "kernels/qconv.h"

#include <string.h>

#include "base/checked.h"
#include "kernels/qcols.h"

enum { WIDTH = 8, TILE_PANELS = 16 };

static size_t panel_count(uint32_t oc) { return ((size_t)oc + WIDTH - 1) / WIDTH; }

// A panel: its column block, then taps * WIDTH weights of 16 bits. 0 when the size overflows.
static size_t panel_size(uint32_t ic, uint32_t kh, uint32_t kw) {
  size_t taps;
  if (!mote_mul_size(ic, kh, &taps) || !mote_mul_size(taps, kw, &taps) ||
      !mote_mul_size(taps, WIDTH * sizeof(int16_t), &taps) ||
      !mote_add_size(taps, WIDTH * MOTE_QCOLS_WORDS * sizeof(int32_t), &taps))
    return 0;
  return taps;
}

static size_t packed_size(const mote_qconv_weights *w) {
  size_t size = panel_size(w->ic, w->kh, w->kw), panels;
  if (size == 0 || !mote_mul_size(panel_count(w->oc), w->groups, &panels) || !mote_mul_size(size, panels, &size))
    return 0;
  return size;
}

static int32_t weight_at(const mote_qconv_weights *w, ptrdiff_t at) {
  return (w->type == MOTE_U8 ? (int32_t)((const uint8_t *)w->w)[at] : (int32_t)((const int8_t *)w->w)[at]) - w->zp;
}

static void pack_panel(const mote_qconv_weights *w, size_t channel, size_t count, char *panel) {
  mote_qcols_source src = {w->bias, w->float_bias, w->scale, w->scale_count};
  mote_qcols_fill(mote_qcols_at(panel, WIDTH), WIDTH, count, &src, channel);
  int16_t *out = (int16_t *)(panel + WIDTH * MOTE_QCOLS_WORDS * sizeof(int32_t));
  for (uint32_t y = 0; y < w->kh; y++)
    for (uint32_t x = 0; x < w->kw; x++)
      for (uint32_t i = 0; i < w->ic; i++, out += WIDTH)
        for (size_t j = 0; j < WIDTH; j++) {
          ptrdiff_t at = (ptrdiff_t)(channel + j) * w->w_o + y * w->w_y + x * w->w_x + i * w->w_i;
          out[j] = j < count ? (int16_t)weight_at(w, at) : 0;
        }
}

static void pack(const mote_qconv_weights *w, void *packed) {
  size_t size = panel_size(w->ic, w->kh, w->kw);
  char *panel = packed;
  for (uint32_t g = 0; g < w->groups; g++)
    for (uint32_t o = 0; o < w->oc; o += WIDTH, panel += size)
      pack_panel(w, (size_t)g * w->oc + o, MOTE_MIN(w->oc - o, (uint32_t)WIDTH), panel);
}

static size_t scratch_size(const mote_qconv_args *a) {
  (void)a;
  return 0;
}

// A tile is a run of TILE_PANELS panels of one group in one output row.
static uint32_t panel_blocks(const mote_qconv_args *a) {
  return (uint32_t)((panel_count(a->oc) + TILE_PANELS - 1) / TILE_PANELS);
}

static uint32_t tiles(const mote_qconv_args *a) { return a->n * a->oh * a->groups * panel_blocks(a); }

// Adds one input pixel of a group. Unsigned arithmetic, so that sums wrap.
static void add_pixel(const mote_qconv_args *a, const void *in, int32_t zp, const int16_t *w, uint32_t sum[WIDTH]) {
  for (uint32_t i = 0; i < a->ic; i++, w += WIDTH) {
    int32_t v = (a->in_type == MOTE_U8 ? (int32_t)((const uint8_t *)in)[i] : (int32_t)((const int8_t *)in)[i]) - zp;
    for (size_t j = 0; j < WIDTH; j++)
      sum[j] += (uint32_t)(v * w[j]);
  }
}

typedef struct place {
  uint32_t n, g, oy, ox;
} place;

static void sum_pixel(const mote_qconv_args *a, place p, const int16_t *w, uint32_t sum[WIDTH]) {
  int32_t zp = a->image_zp ? a->image_zp[p.n] : a->in_zp;
  for (uint32_t ky = 0; ky < a->kh; ky++)
    for (uint32_t kx = 0; kx < a->kw; kx++, w += (size_t)a->ic * WIDTH) {
      int64_t y = (int64_t)p.oy * a->sh - a->pad_top + (int64_t)ky * a->dh;
      int64_t x = (int64_t)p.ox * a->sw - a->pad_left + (int64_t)kx * a->dw;
      if (y < 0 || y >= a->ih || x < 0 || x >= a->iw)
        continue;
      const char *in = (const char *)a->in + p.n * a->in_n + y * a->in_y + x * a->in_x + (size_t)p.g * a->ic;
      add_pixel(a, in, zp, w, sum);
    }
}

static void run_panel(const mote_qconv_args *a, place p, uint32_t o, const char *panel) {
  mote_qstore store = {a->out_type, a->round, a->out_zp, a->lo, a->hi, a->flo, a->fhi};
  mote_qcols cols = mote_qcols_at(panel, WIDTH);
  size_t size = mote_qtype_size(a->out_type), count = MOTE_MIN(a->oc - o, (uint32_t)WIDTH);
  float image_scale = a->image_scale ? a->image_scale[p.n] : 1.0f;
  for (p.ox = 0; p.ox < a->ow; p.ox++) {
    int32_t sum[WIDTH];
    memcpy(sum, cols.bias, sizeof sum);
    sum_pixel(a, p, (const int16_t *)(panel + WIDTH * MOTE_QCOLS_WORDS * sizeof(int32_t)), (uint32_t *)sum);
    ptrdiff_t at = p.n * a->out_n + p.oy * a->out_y + p.ox * a->out_x + (ptrdiff_t)((size_t)p.g * a->oc + o);
    mote_qstore_run(&store, &cols, 0, sum, count, image_scale, (char *)a->out + at * (ptrdiff_t)size);
  }
}

static void run(const mote_qconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  uint32_t blocks = panel_blocks(a);
  size_t size = panel_size(a->ic, a->kh, a->kw), panels = panel_count(a->oc);
  for (uint32_t t = t0; t < t1; t++) {
    uint32_t block = t % blocks, rest = t / blocks;
    place p = {rest / a->groups / a->oh, rest % a->groups, rest / a->groups % a->oh, 0};
    size_t last = MOTE_MIN(panels, ((size_t)block + 1) * TILE_PANELS);
    for (size_t i = (size_t)block * TILE_PANELS; i < last; i++)
      run_panel(a, p, (uint32_t)(i * WIDTH), (const char *)packed + (p.g * panels + i) * size);
  }
}

const mote_qconv_row mote_q8_conv_1x8__c = {"mote_q8_conv_1x8__c", 0, packed_size, pack, scratch_size, tiles, run};
