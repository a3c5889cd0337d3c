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

enum { BLOCK = 2 * LANES, COLS = BLOCK * MOTE_QCOLS_WORDS * 4, PAIR = BLOCK * 4, MOST_ROWS = 5 };

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

MOTE_SMALL static void pack_channel(const mote_qdwconv_weights *w, size_t channel, size_t place, char *block) {
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

// Where the input rows of a kernel lie: their column 0, and bytes from a column to the next.
typedef struct rows {
  const char *at[MOST_ROWS];
  ptrdiff_t steps[MOST_ROWS];
} rows;

// One output row of one block of channels.
typedef struct lane {
  const mote_qdwconv_args *a;
  uint32_t n;
  rows image, end, padding; // columns from 0 on; those from `safe` on, copied; BLOCK codes of padding with a step of 0
  int64_t safe;             // columns from 0 on where BLOCK codes may be read: all, or less in a last block
  const char *block;
  char *out; // pixel 0, first channel
  size_t channels;
  bool u8, plain;
  vi zp;
  requant q;
} lane;

// BLOCK codes less the zero point. Those past the channels of a last block are anything: they are not stored.
MOTE_INLINE vi words(const lane *l, const char *p) { return SUB_W(l->u8 ? WORDS_U8(p) : WORDS_I8(p), l->zp); }

MOTE_INLINE void interleave(vi top, vi bottom, vi t[2]) {
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

MOTE_INLINE vi scaled(vf sum, const float *scale, vf hi) { return ROUND(MIN(MUL(sum, LOAD_F(scale)), hi)); }

MOTE_INLINE void store(const lane *l, vi x, vi y, uint32_t ox) {
  ptrdiff_t at = (ptrdiff_t)ox * l->a->out_x;
  if (!l->plain) {
    int32_t permuted[BLOCK];
    SAVE(permuted, x);
    SAVE(permuted + LANES, y);
    store_general(l, permuted, l->out + at * (ptrdiff_t)mote_qtype_size(l->a->out_type));
    return;
  }
  const mote_qcols c = mote_qcols_at(l->block, BLOCK);
  vf f = TO_F(x), g = TO_F(y);
  if (MOTE_UNLIKELY(l->a->rest)) {
    f = ADD(f, LOAD_F(c.float_bias));
    g = ADD(g, LOAD_F(c.float_bias + LANES));
  }
  x = scaled(f, c.scale, l->q.hi);
  y = scaled(g, c.scale + LANES, l->q.hi);
  if (l->channels == BLOCK) {
    PACKED(x, y, &l->q, l->out + at);
    return;
  }
  char some[BLOCK];
  PACKED(x, y, &l->q, some);
  memcpy(l->out + at, some, l->channels);
}

// k columns at stride s, each interleaved once. acc[j] is the output j places after the one that is finished next, so
// column c of the step adds to it with kernel column k - s + c - j*s. Here: its rows 2*g and 2*g+1.
MOTE_INLINE void slide_pair(const lane *l, const rows *r, int64_t x, int64_t g, bool second, int64_t c, int64_t k,
                            int64_t s, vi acc[][2]) {
  const int64_t live = (k + s - 1) / s, pairs = (k + 1) / 2;
  vi t[2];
  interleave(words(l, r->at[2 * g] + x * r->steps[2 * g]),
             second ? words(l, r->at[2 * g + 1] + x * r->steps[2 * g + 1]) : ZERO, t);
#pragma GCC unroll 5
  for (int64_t j = 0; j < live; j++)
    if (k - s + c - j * s >= 0)
      add(l->block + COLS + ((k - s + c - j * s) * pairs + g) * PAIR, t, acc[j]);
}

MOTE_INLINE void slide(const lane *l, int64_t k, int64_t s) {
  enum { MOST = 5 };
  const int64_t live = (k + s - 1) / s, pairs = (k + 1) / 2;
  const int64_t start = k - s - l->a->pad_left, safe = l->safe, ow = l->a->ow;
  const int32_t *bias = mote_qcols_at(l->block, BLOCK).bias;
  vi acc[MOST][2];
#pragma GCC unroll 5
  for (int64_t j = 0; j < live; j++) {
    acc[j][0] = LOAD(bias);
    acc[j][1] = LOAD(bias + LANES);
  }
  for (int64_t ox = 1 - live; ox < ow; ox++) {
#pragma GCC unroll 2
    for (int64_t c = 0; c < s; c++) {
      int64_t x = ox * s + start + c;
      const rows *r = &l->image;
      if (MOTE_UNLIKELY((uint64_t)x >= (uint64_t)safe)) {
        r = x < 0 || x >= l->a->iw ? &l->padding : &l->end;
        x -= safe;
      }
#pragma GCC unroll 3
      for (int64_t g = 0; g < pairs; g++)
        slide_pair(l, r, x, g, 2 * g + 1 < k, c, k, s, acc);
    }
    if (ox >= 0)
      store(l, acc[0][0], acc[0][1], (uint32_t)ox);
#pragma GCC unroll 5
    for (int64_t j = 0; j + 1 < live; j++) {
      acc[j][0] = acc[j + 1][0];
      acc[j][1] = acc[j + 1][1];
    }
    acc[live - 1][0] = LOAD(bias);
    acc[live - 1][1] = LOAD(bias + LANES);
  }
}

static MOTE_NOINLINE void slide_3x3s1(const lane *l) { slide(l, 3, 1); }
static MOTE_NOINLINE void slide_3x3s2(const lane *l) { slide(l, 3, 2); }
static MOTE_NOINLINE void slide_5x5s1(const lane *l) { slide(l, 5, 1); }
static MOTE_NOINLINE void slide_5x5s2(const lane *l) { slide(l, 5, 2); }

enum { END = 2 * BLOCK }; // bytes of a row from column `safe` on are fewer

// The lane's rows, from input row y on. `end`: copies of row ends.
static void set_rows(lane *l, int64_t y, size_t channel, char end[][END]) {
  const mote_qdwconv_args *a = l->a;
  const char *image = (const char *)a->in + l->n * a->in_n + (ptrdiff_t)channel;
  for (uint32_t i = 0; i < a->kh; i++, y += a->dh) {
    const bool inside = y >= 0 && y < a->ih;
    l->image.at[i] = inside ? image + y * a->in_y : l->padding.at[0];
    l->image.steps[i] = inside ? a->in_x : 0;
    if (l->safe == a->iw)
      continue;
    l->end.at[i] = inside ? end[i] : l->padding.at[0];
    l->end.steps[i] = l->image.steps[i];
    if (inside)
      memcpy(end[i], l->image.at[i] + l->safe * a->in_x, (size_t)((a->iw - l->safe - 1) * a->in_x) + l->channels);
  }
}

// Codes of one tap, of BLOCK channels; `some` has room for those of a last block.
static const char *any_codes(const lane *l, size_t channel, int64_t y, int64_t x, char some[BLOCK]) {
  const mote_qdwconv_args *a = l->a;
  if (y < 0 || y >= a->ih || x < 0 || x >= a->iw)
    return l->padding.at[0];
  const char *p = (const char *)a->in + l->n * a->in_n + y * a->in_y + x * a->in_x + (ptrdiff_t)channel;
  return l->channels == BLOCK ? p : memcpy(some, p, l->channels);
}

static MOTE_NOINLINE void any_kernel(const lane *l, uint32_t oy, size_t channel) {
  const mote_qdwconv_args *a = l->a;
  const int32_t *bias = mote_qcols_at(l->block, BLOCK).bias;
  char some[BLOCK] = {0};
  for (uint32_t ox = 0; ox < a->ow; ox++) {
    vi acc[2] = {LOAD(bias), LOAD(bias + LANES)};
    const char *w = l->block + COLS;
    for (uint32_t kx = 0; kx < a->kw; kx++) {
      const int64_t x = (int64_t)ox * a->sw - a->pad_left + (int64_t)kx * a->dw;
      for (uint32_t ky = 0; ky < a->kh; ky += 2, w += PAIR) {
        const int64_t y = (int64_t)oy * a->sh - a->pad_top + (int64_t)ky * a->dh;
        const vi top = words(l, any_codes(l, channel, y, x, some));
        vi t[2];
        interleave(top, ky + 1 < a->kh ? words(l, any_codes(l, channel, y + a->dh, x, some)) : ZERO, t);
        add(w, t, acc);
      }
    }
    store(l, acc[0], acc[1], ox);
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

// Columns whose BLOCK codes end inside the row: a block of fewer channels reads on into the pixels behind it. 0 where
// something else may lie between the pixels.
static int64_t safe_columns(const mote_qdwconv_args *a, size_t channels) {
  const int64_t pixels = (int64_t)((BLOCK - channels + a->channels - 1) / a->channels);
  if (channels == BLOCK)
    return a->iw;
  return a->in_x == (ptrdiff_t)a->channels && pixels < a->iw ? a->iw - pixels : 0;
}

static void run_row(const mote_qdwconv_args *a, const char *packed, uint32_t n, uint32_t oy) {
  char pad[BLOCK], end[MOST_ROWS][END];
  int32_t zp = a->image_zp ? a->image_zp[n] : a->in_zp;
  requant q = REQUANT(a);
  lane l = {.a = a, .n = n, .u8 = a->in_type == MOTE_U8, .zp = SET_W(zp), .q = q, .block = packed};
  l.plain = (a->out_type == MOTE_I8 || a->out_type == MOTE_U8) && a->round == MOTE_QROUND_EVEN;
  memset(pad, (uint8_t)zp, sizeof pad);
  for (size_t i = 0; i < MOST_ROWS; i++)
    l.padding.at[i] = pad;
  row_function usual = usual_kernel(a);
  for (size_t first = 0; first < a->channels; first += BLOCK, l.block += block_size(a->kh, a->kw)) {
    l.channels = MOTE_MIN(a->channels - first, (size_t)BLOCK);
    l.safe = safe_columns(a, l.channels);
    ptrdiff_t at = n * a->out_n + oy * a->out_y + (ptrdiff_t)first;
    l.out = (char *)a->out + at * (ptrdiff_t)mote_qtype_size(a->out_type);
    if (usual && l.safe > 0) {
      set_rows(&l, (int64_t)oy * a->sh - a->pad_top, first, end);
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
