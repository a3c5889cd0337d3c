// Quantised depthwise convolution on 16-bit inputs and weights, 2*LANES channels at a time, over the vector operations
// of one instruction set (those of qconv_words_body.h). Beside them the includer defines:
//   UNPACK_LO UNPACK_HI    of 16-bit lanes, within each 128 bits
//   PACKED(x, y, q, out)   as BYTES, for sums in the order that unpacking leaves
//   FALLBACK               row for multipliers other than 1
//
// Two input rows of a column are interleaved so that each 32-bit lane holds two taps of one channel. Unpacking leaves
// channels in the order  vector v, 128-bit lane l, dword i  <->  channel 8*l + 4*v + i, which the packs undo; column
// blocks are packed in that order. Inputs and weights are taken less their zero points, so padding is 0. Contract:
// qdwconv.h. Tests: tests/kernels/check_qdwconv.c
#include <string.h>

#include "base/checked.h"
#include "kernels/qcols.h"
#include "kernels/qdwconv.h"

extern const mote_qdwconv_row FALLBACK;

enum { BLOCK = 2 * LANES, COLS = BLOCK * MOTE_QCOLS_WORDS * 4, PAIR = BLOCK * 4, MOST_PAIRS = 3 };

// A block of channels: its columns, then kw * row_pairs * PAIR bytes of weights.
static size_t row_pairs(uint32_t kh) { return ((size_t)kh + 1) / 2; }

static size_t block_size(uint32_t kh, uint32_t kw) { return COLS + row_pairs(kh) * kw * PAIR; }

static size_t channel_at(size_t place) { return place / 4 % (LANES / 4) * 8 + place / LANES * 4 + place % 4; }

static size_t packed_size(const mote_qdwconv_weights *w) {
  size_t taps, size;
  if (w->multiplier != 1)
    return FALLBACK.packed_size(w);
  if (!mote_mul_size(row_pairs(w->kh), w->kw, &taps) || !mote_mul_size(taps, PAIR, &taps) ||
      !mote_add_size(taps, COLS, &taps) || !mote_mul_size(taps, ((size_t)w->channels + BLOCK - 1) / BLOCK, &size))
    return 0;
  return size;
}

static void pack_channel(const mote_qdwconv_weights *w, size_t channel, size_t place, char *block) {
  mote_qcols_source src = {w->bias, w->float_bias, w->scale, w->scale_count};
  int32_t column[MOTE_QCOLS_WORDS];
  mote_qcols_fill(mote_qcols_at(column, 1), 1, 1, &src, channel);
  for (size_t i = 0; i < MOTE_QCOLS_WORDS; i++)
    ((int32_t *)block)[i * BLOCK + place] = column[i];
  int16_t *out = (int16_t *)(block + COLS);
  for (uint32_t x = 0; x < w->kw; x++)
    for (uint32_t y = 0; y < w->kh; y++) {
      ptrdiff_t at = (ptrdiff_t)channel * w->w_c + y * w->w_y + x * w->w_x;
      int32_t code = w->type == MOTE_U8 ? (int32_t)((const uint8_t *)w->w)[at] : (int32_t)((const int8_t *)w->w)[at];
      out[(x * row_pairs(w->kh) + y / 2) * BLOCK * 2 + place * 2 + y % 2] = (int16_t)(code - w->zp);
    }
}

static void pack(const mote_qdwconv_weights *w, void *packed) {
  if (w->multiplier != 1) {
    FALLBACK.pack(w, packed);
    return;
  }
  memset(packed, 0, packed_size(w));
  char *block = packed;
  for (size_t first = 0; first < w->channels; first += BLOCK, block += block_size(w->kh, w->kw))
    for (size_t place = 0; place < BLOCK; place++)
      if (first + channel_at(place) < w->channels)
        pack_channel(w, first + channel_at(place), place, block);
}

static uint32_t tiles(const mote_qdwconv_args *a) { return a->n * a->oh; }

// One output row of one block of channels.
typedef struct lane {
  const mote_qdwconv_args *a;
  uint32_t n;
  const char *rows[2 * MOST_PAIRS]; // input rows at column 0, or the padding with a step of 0
  ptrdiff_t steps[2 * MOST_PAIRS];  // bytes from a column to the next
  const char *pad;                  // BLOCK codes of padding
  const char *block;
  char *out; // pixel 0, first channel
  size_t channels;
  bool u8, plain;
  vi zp;
  requant q;
} lane;

// BLOCK codes less the zero point. A last block of fewer channels is copied first: nothing past it may be read.
MOTE_INLINE vi words(const lane *l, const char *p, bool full) {
  char some[BLOCK];
  if (!full) {
    memset(some, 0, sizeof some);
    memcpy(some, p, l->channels);
    p = some;
  }
  return SUB_W(l->u8 ? WORDS_U8(p) : WORDS_I8(p), l->zp);
}

// Interleaves rows `first` and first+1 (or zeros where the kernel has no second row) in one column.
MOTE_INLINE void column(const lane *l, size_t first, bool second, int64_t x, bool full, vi t[2]) {
  bool inside = x >= 0 && x < l->a->iw;
  const char *p = inside ? l->rows[first] + x * l->steps[first] : l->pad;
  vi top = words(l, p, full), bottom = ZERO;
  if (second)
    bottom = words(l, inside ? l->rows[first + 1] + x * l->steps[first + 1] : l->pad, full);
  t[0] = UNPACK_LO(top, bottom);
  t[1] = UNPACK_HI(top, bottom);
}

MOTE_INLINE void add(const char *w, const vi t[2], vi acc[2]) {
  acc[0] = ADD_I(acc[0], MADD(t[0], LOAD(w)));
  acc[1] = ADD_I(acc[1], MADD(t[1], LOAD(w + LANES * 4)));
}

static MOTE_NOINLINE void store_general(const lane *l, const int32_t permuted[BLOCK], char *out) {
  const mote_qdwconv_args *a = l->a;
  mote_qstore store = {a->out_type, a->round, a->out_zp, a->lo, a->hi, a->flo, a->fhi};
  const int32_t *from = (const int32_t *)l->block;
  int32_t block[BLOCK * MOTE_QCOLS_WORDS], sum[BLOCK];
  for (size_t place = 0; place < BLOCK; place++) {
    size_t channel = channel_at(place);
    sum[channel] = permuted[place];
    for (size_t i = 0; i < MOTE_QCOLS_WORDS; i++)
      block[i * BLOCK + channel] = from[i * BLOCK + place];
  }
  mote_qcols cols = mote_qcols_at(block, BLOCK);
  mote_qstore_run(&store, &cols, 0, sum, l->channels, a->image_scale ? a->image_scale[l->n] : 1.0f, out);
}

MOTE_INLINE vi scaled(vi sum, const float *scale, vf hi) { return ROUND(MIN(MUL(TO_F(sum), LOAD_F(scale)), hi)); }

MOTE_INLINE void store(const lane *l, vi x, vi y, bool full, uint32_t ox) {
  ptrdiff_t at = (ptrdiff_t)ox * l->a->out_x;
  if (!l->plain) {
    int32_t permuted[BLOCK];
    SAVE(permuted, x);
    SAVE(permuted + LANES, y);
    store_general(l, permuted, l->out + at * (ptrdiff_t)mote_qtype_size(l->a->out_type));
    return;
  }
  const float *scale = mote_qcols_at(l->block, BLOCK).scale;
  x = scaled(x, scale, l->q.hi);
  y = scaled(y, scale + LANES, l->q.hi);
  if (full) {
    PACKED(x, y, &l->q, l->out + at);
    return;
  }
  char some[BLOCK];
  PACKED(x, y, &l->q, some);
  memcpy(l->out + at, some, l->channels);
}

// kw columns at stride s, each interleaved once. acc[j] is the output j places after the one that is finished next, so
// column c of the step adds to it with kernel column kw - s + c - j*s.
MOTE_INLINE void slide(const lane *l, size_t kh, int64_t kw, int64_t s, bool full) {
  enum { MOST = 5 };
  const mote_qdwconv_args *a = l->a;
  const size_t pairs = (kh + 1) / 2;
  const int64_t live = (kw + s - 1) / s;
  const int32_t *bias = mote_qcols_at(l->block, BLOCK).bias;
  vi acc[MOST][2];
#pragma GCC unroll 5
  for (int64_t j = 0; j < live; j++) {
    acc[j][0] = LOAD(bias);
    acc[j][1] = LOAD(bias + LANES);
  }
  for (int64_t ox = 1 - live; ox < (int64_t)a->ow; ox++) {
#pragma GCC unroll 2
    for (int64_t c = 0; c < s; c++)
#pragma GCC unroll 3
      for (size_t g = 0; g < pairs; g++) {
        vi t[2];
        column(l, 2 * g, 2 * g + 1 < kh, ox * s - a->pad_left + kw - s + c, full, t);
#pragma GCC unroll 5
        for (int64_t j = 0; j < live; j++)
          if (kw - s + c - j * s >= 0)
            add(l->block + COLS + ((size_t)(kw - s + c - j * s) * pairs + g) * PAIR, t, acc[j]);
      }
    if (ox >= 0)
      store(l, acc[0][0], acc[0][1], full, (uint32_t)ox);
#pragma GCC unroll 5
    for (int64_t j = 0; j + 1 < live; j++) {
      acc[j][0] = acc[j + 1][0];
      acc[j][1] = acc[j + 1][1];
    }
    acc[live - 1][0] = LOAD(bias);
    acc[live - 1][1] = LOAD(bias + LANES);
  }
}

#define SLIDE(name, k, s)                                                                                              \
  static MOTE_NOINLINE void name(const lane *l) {                                                                      \
    if (l->channels == BLOCK)                                                                                          \
      slide(l, k, k, s, true);                                                                                         \
    else                                                                                                               \
      slide(l, k, k, s, false);                                                                                        \
  }
SLIDE(slide_3x3s1, 3, 1)
SLIDE(slide_3x3s2, 3, 2)
SLIDE(slide_5x5s1, 5, 1)
SLIDE(slide_5x5s2, 5, 2)

static void set_rows(lane *l, uint32_t oy, uint32_t ky0, size_t channel, size_t count) {
  const mote_qdwconv_args *a = l->a;
  const char *image = (const char *)a->in + l->n * a->in_n + (ptrdiff_t)channel;
  for (size_t i = 0; i < count; i++) {
    int64_t y = (int64_t)oy * a->sh - a->pad_top + (int64_t)(ky0 + i) * a->dh;
    bool inside = ky0 + i < a->kh && y >= 0 && y < a->ih;
    l->rows[i] = inside ? image + y * a->in_y : l->pad;
    l->steps[i] = inside ? a->in_x : 0;
  }
}

static MOTE_NOINLINE void any_kernel(lane *l, uint32_t oy, size_t channel) {
  const mote_qdwconv_args *a = l->a;
  const int32_t *bias = mote_qcols_at(l->block, BLOCK).bias;
  bool full = l->channels == BLOCK;
  for (uint32_t ox = 0; ox < a->ow; ox++) {
    vi acc[2] = {LOAD(bias), LOAD(bias + LANES)};
    for (size_t g = 0; g < row_pairs(a->kh); g++) {
      set_rows(l, oy, (uint32_t)(g * 2), channel, 2);
      for (uint32_t kx = 0; kx < a->kw; kx++) {
        vi t[2];
        column(l, 0, true, (int64_t)ox * a->sw - a->pad_left + (int64_t)kx * a->dw, full, t);
        add(l->block + COLS + (kx * row_pairs(a->kh) + g) * PAIR, t, acc);
      }
    }
    store(l, acc[0], acc[1], full, ox);
  }
}

typedef void (*row_function)(const lane *l);

static row_function usual_kernel(const mote_qdwconv_args *a) {
  if (a->dw != 1 || a->kh != a->kw)
    return NULL;
  if (a->kw == 3)
    return a->sw == 1 ? slide_3x3s1 : a->sw == 2 ? slide_3x3s2 : NULL;
  if (a->kw == 5)
    return a->sw == 1 ? slide_5x5s1 : a->sw == 2 ? slide_5x5s2 : NULL;
  return NULL;
}

static void run_row(const mote_qdwconv_args *a, const char *packed, uint32_t n, uint32_t oy) {
  char pad[BLOCK];
  int32_t zp = a->image_zp ? a->image_zp[n] : a->in_zp;
  requant q = REQUANT(a);
  lane l = {.a = a, .n = n, .pad = pad, .u8 = a->in_type == MOTE_U8, .zp = SET_W(zp), .q = q, .block = packed};
  l.plain = (a->out_type == MOTE_I8 || a->out_type == MOTE_U8) && a->round == MOTE_QROUND_EVEN;
  memset(pad, (uint8_t)zp, sizeof pad);
  row_function usual = usual_kernel(a);
  for (size_t first = 0; first < a->channels; first += BLOCK, l.block += block_size(a->kh, a->kw)) {
    l.channels = MOTE_MIN(a->channels - first, (size_t)BLOCK);
    ptrdiff_t at = n * a->out_n + oy * a->out_y + (ptrdiff_t)first;
    l.out = (char *)a->out + at * (ptrdiff_t)mote_qtype_size(a->out_type);
    if (usual) {
      set_rows(&l, oy, 0, first, 2 * MOST_PAIRS);
      usual(&l);
    } else {
      any_kernel(&l, oy, first);
    }
  }
}

static void run(const mote_qdwconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  if (a->multiplier != 1) {
    FALLBACK.run(a, packed, t0, t1);
    return;
  }
  for (uint32_t t = t0; t < t1; t++)
    run_row(a, packed, t / a->oh, t % a->oh);
}

const mote_qdwconv_row ROW_NAME = {ROW_TEXT, ROW_NEEDS, packed_size, pack, tiles, run};
