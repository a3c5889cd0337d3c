// Convolution of 16-bit activations (contract: qconv16.h): eight output columns of all groups side by side, so that a
// depthwise filter is as dense as a full one. Tests: tests/kernels/check_qconv16.c
#include "kernels/qconv16.h"

#include <string.h>

#include "base/checked.h"

enum {
  WIDTH = 8,
  FLUSH = 256, // products of 16 and 8 bits are below 2^22 in size, so 256 fit 32 bits
};

typedef struct panel {
  int64_t bias[WIDTH];
  double scale[WIDTH];
  mote_qfix fix[WIDTH];
} panel;

static bool depthwise(uint32_t oc, uint32_t ic, uint32_t groups) { return ic == 1 && oc == 1 && groups > 1; }

// A depthwise filter is packed as panels of eight groups, any other as panels of eight outputs of one group.
static size_t panel_count(uint32_t groups, uint32_t oc, uint32_t ic) {
  if (depthwise(oc, ic, groups))
    return ((size_t)groups + WIDTH - 1) / WIDTH;
  return (size_t)groups * (((size_t)oc + WIDTH - 1) / WIDTH);
}

static size_t panel_size(uint32_t ic, uint32_t kh, uint32_t kw) {
  size_t taps;
  if (!mote_mul_size(ic, kh, &taps) || !mote_mul_size(taps, kw, &taps) ||
      !mote_mul_size(taps, WIDTH * sizeof(int16_t), &taps) || !mote_add_size(taps, sizeof(panel), &taps))
    return 0;
  return taps;
}

size_t mote_qconv16_packed_size(const mote_qconv16_weights *w) {
  size_t size = panel_size(w->ic, w->kh, w->kw);
  if (size == 0 || !mote_mul_size(size, panel_count(w->groups, w->oc, w->ic), &size))
    return 0;
  return size;
}

MOTE_SMALL static void pack_panel(const mote_qconv16_weights *w, size_t channel, size_t count, panel *p) {
  memset(p, 0, sizeof *p);
  int16_t *out = (int16_t *)(p + 1);
  for (size_t j = 0; j < count; j++) {
    p->bias[j] = w->bias ? w->bias[channel + j] : 0;
    p->scale[j] = w->scale[w->scale_count == 1 ? 0 : channel + j];
    p->fix[j] = mote_qfix_from(p->scale[j]);
  }
  for (uint32_t y = 0; y < w->kh; y++)
    for (uint32_t x = 0; x < w->kw; x++)
      for (uint32_t i = 0; i < w->ic; i++, out += WIDTH)
        for (size_t j = 0; j < WIDTH; j++)
          out[j] = j < count ? w->w[(ptrdiff_t)(channel + j) * w->w_o + y * w->w_y + x * w->w_x + i * w->w_i] : 0;
}

// The channels of panel `i`, and its first input channel.
typedef struct columns {
  size_t channel, count, in;
} columns;

static MOTE_NOINLINE columns columns_of(uint32_t groups, uint32_t oc, uint32_t ic, size_t i) {
  columns c;
  if (depthwise(oc, ic, groups)) {
    c.channel = c.in = i * WIDTH;
    c.count = MOTE_MIN((size_t)groups - c.channel, (size_t)WIDTH);
  } else {
    size_t per_group = ((size_t)oc + WIDTH - 1) / WIDTH, o = i % per_group * WIDTH;
    c.channel = i / per_group * oc + o;
    c.in = i / per_group * ic;
    c.count = MOTE_MIN(oc - o, (size_t)WIDTH);
  }
  return c;
}

void mote_qconv16_pack(const mote_qconv16_weights *w, void *packed) {
  size_t size = panel_size(w->ic, w->kh, w->kw), panels = panel_count(w->groups, w->oc, w->ic);
  for (size_t i = 0; i < panels; i++) {
    columns c = columns_of(w->groups, w->oc, w->ic, i);
    pack_panel(w, c.channel, c.count, (panel *)((char *)packed + i * size));
  }
}

uint32_t mote_qconv16_tiles(const mote_qconv16_args *a) { return a->n * a->oh; }

static void flush(int64_t sum[WIDTH], int32_t part[WIDTH]) {
  for (size_t j = 0; j < WIDTH; j++) {
    sum[j] += part[j];
    part[j] = 0;
  }
}

static MOTE_NOINLINE void add_dense(const int16_t *in, uint32_t ic, const int16_t *w, int64_t sum[WIDTH]) {
  int32_t part[WIDTH] = {0};
  for (uint32_t i = 0; i < ic; i++, w += WIDTH) {
    int32_t v = in[i];
    for (size_t j = 0; j < WIDTH; j++)
      part[j] += v * w[j];
    if (i % FLUSH == FLUSH - 1)
      flush(sum, part);
  }
  flush(sum, part);
}

static void add_depthwise(const int16_t *in, size_t count, const int16_t *w, int64_t sum[WIDTH]) {
  for (size_t j = 0; j < count; j++)
    sum[j] += (int32_t)in[j] * w[j];
}

static MOTE_NOINLINE int16_t finish(const mote_qconv16_args *a, const panel *p, size_t j, int64_t sum) {
  if (a->round == MOTE_QROUND_FIXED) {
    int32_t q = a->sum32 ? mote_qfix_mul((int32_t)(uint32_t)(uint64_t)sum, p->fix[j]) : mote_qfix_mul64(sum, p->fix[j]);
    return (int16_t)MOTE_MAX(MOTE_MIN(q, a->hi), a->lo);
  }
  double f = (double)sum * p->scale[j];
  f = f < a->hi ? f : a->hi;
  f = f > a->lo ? f : a->lo;
  return (int16_t)(f < 0 ? f - 0.5 : f + 0.5); // exact: |f| is far below 2^52
}

typedef struct place {
  uint32_t n, oy, ox;
} place;

static void sum_panel(const mote_qconv16_args *a, place p, const columns *c, const int16_t *w, int64_t sum[WIDTH]) {
  bool dw = depthwise(a->oc, a->ic, a->groups);
  for (uint32_t ky = 0; ky < a->kh; ky++)
    for (uint32_t kx = 0; kx < a->kw; kx++, w += (size_t)a->ic * WIDTH) {
      int64_t y = (int64_t)p.oy * a->sh - a->pad_top + (int64_t)ky * a->dh;
      int64_t x = (int64_t)p.ox * a->sw - a->pad_left + (int64_t)kx * a->dw;
      if (y < 0 || y >= a->ih || x < 0 || x >= a->iw)
        continue;
      const int16_t *in = a->in + p.n * a->in_n + y * a->in_y + x * a->in_x + (ptrdiff_t)c->in;
      if (dw)
        add_depthwise(in, c->count, w, sum);
      else
        add_dense(in, a->ic, w, sum);
    }
}

static void run_row(const mote_qconv16_args *a, const void *packed, place p) {
  size_t size = panel_size(a->ic, a->kh, a->kw), panels = panel_count(a->groups, a->oc, a->ic);
  for (size_t i = 0; i < panels; i++) {
    const panel *at = (const panel *)((const char *)packed + i * size);
    columns c = columns_of(a->groups, a->oc, a->ic, i);
    for (p.ox = 0; p.ox < a->ow; p.ox++) {
      int64_t sum[WIDTH];
      memcpy(sum, at->bias, sizeof sum);
      sum_panel(a, p, &c, (const int16_t *)(at + 1), sum);
      int16_t *out = a->out + p.n * a->out_n + p.oy * a->out_y + p.ox * a->out_x + (ptrdiff_t)c.channel;
      for (size_t j = 0; j < c.count; j++)
        out[j] = finish(a, at, j, sum[j]);
    }
  }
}

void mote_qconv16_run(const mote_qconv16_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  for (uint32_t t = t0; t < t1; t++) {
    place p = {t / a->oh, t % a->oh, 0};
    run_row(a, packed, p);
  }
}
