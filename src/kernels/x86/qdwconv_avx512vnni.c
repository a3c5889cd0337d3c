// Quantised depthwise convolution with vpdpbusd, 64 channels at a time (contract: qdwconv.h).
//
// A column of up to four input rows is interleaved so that each 32-bit lane holds the four taps of one channel; one
// vpdpbusd then does four taps of 16 channels. For the usual kernels a column is interleaved once and added to every
// output it belongs to. Interleaving leaves channels in the order
//   vector v, 128-bit lane l, dword i  <->  channel 16*l + 4*v + i
// which the saturating packs of the store undo; the column blocks are packed in that order too. A last block of at most
// 32 channels is packed twice side by side: 3x3 kernels then compute two outputs at a time, half a row apart.
// Tests: tests/kernels/check_qdwconv.c
#include <immintrin.h>
#include <string.h>

#include "base/checked.h"
#include "kernels/qcols.h"
#include "kernels/qdwconv.h"

extern const mote_qdwconv_row mote_q8_dwconv_1x16__c;

enum { BLOCK = 64, HALF = 32, COLS = BLOCK * MOTE_QCOLS_WORDS * 4, HEAD = 64, ROWS = 4 };

// Packed: HEAD bytes (first the signed zero point), then a block of 64 channels after the other: its columns, then
// kw * row_groups * 256 bytes of weights.
static size_t row_groups(uint32_t kh) { return ((size_t)kh + ROWS - 1) / ROWS; }

static size_t block_size(uint32_t kh, uint32_t kw) { return COLS + row_groups(kh) * kw * BLOCK * ROWS; }

static size_t channel_at(size_t place) { return place / 4 % 4 * 16 + place / 16 * 4 + place % 4; }

static size_t packed_size(const mote_qdwconv_weights *w) {
  size_t taps, size;
  if (w->multiplier != 1)
    return mote_q8_dwconv_1x16__c.packed_size(w);
  if (!mote_mul_size(row_groups(w->kh), w->kw, &taps) || !mote_mul_size(taps, BLOCK * ROWS, &taps) ||
      !mote_add_size(taps, COLS, &taps) || !mote_mul_size(taps, ((size_t)w->channels + BLOCK - 1) / BLOCK, &size) ||
      !mote_add_size(size, HEAD, &size))
    return 0;
  return size;
}

static int32_t signed_code(const mote_qdwconv_weights *w, ptrdiff_t at) {
  return w->type == MOTE_U8 ? (int32_t)((const uint8_t *)w->w)[at] - 128 : (int32_t)((const int8_t *)w->w)[at];
}

MOTE_SMALL static void pack_channel(const mote_qdwconv_weights *w, size_t channel, size_t place, int32_t zp,
                                    char *block) {
  mote_qcols cols = mote_qcols_at(block, BLOCK), one = mote_qcols_at(cols.bias + place, BLOCK);
  mote_qcols_source src = {w->bias, w->float_bias, w->scale, w->scale_count};
  int32_t column[MOTE_QCOLS_WORDS];
  mote_qcols_fill(mote_qcols_at(column, 1), 1, 1, &src, channel);
  for (uint32_t x = 0; x < w->kw; x++)
    for (uint32_t y = 0; y < w->kh; y++) {
      int32_t code = signed_code(w, (ptrdiff_t)channel * w->w_c + y * w->w_y + x * w->w_x);
      size_t group = x * row_groups(w->kh) + y / ROWS;
      block[COLS + group * BLOCK * ROWS + place * ROWS + y % ROWS] = (char)code;
      column[1] += code - zp;
    }
  for (size_t i = 0; i < MOTE_QCOLS_WORDS; i++)
    one.bias[i * BLOCK] = column[i];
}

static void pack(const mote_qdwconv_weights *w, void *packed) {
  if (w->multiplier != 1) {
    mote_q8_dwconv_1x16__c.pack(w, packed);
    return;
  }
  int32_t zp = w->type == MOTE_U8 ? w->zp - 128 : w->zp;
  memset(packed, 0, packed_size(w));
  memcpy(packed, &zp, sizeof zp);
  char *block = (char *)packed + HEAD;
  for (size_t first = 0; first < w->channels; first += BLOCK, block += block_size(w->kh, w->kw))
    for (size_t place = 0; place < BLOCK; place++) {
      size_t channel = channel_at(place), left = w->channels - first;
      if (left <= HALF)
        channel %= HALF;
      if (channel < left)
        pack_channel(w, first + channel, place, zp, block);
    }
}

static uint32_t tiles(const mote_qdwconv_args *a) { return a->n * a->oh; }

// Where the input rows of a kernel lie: their column 0, and bytes from a column to the next.
typedef struct rows {
  const uint8_t *at[2 * ROWS];
  ptrdiff_t steps[2 * ROWS];
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
  __mmask64 mask;
  int32_t zero, w_zp;
  __m512i flip;
} lane;

MOTE_INLINE void interleave(const __m512i r[ROWS], __m512i t[4]) {
  __m512i a0 = _mm512_unpacklo_epi8(r[0], r[1]), a1 = _mm512_unpackhi_epi8(r[0], r[1]);
  __m512i b0 = _mm512_unpacklo_epi8(r[2], r[3]), b1 = _mm512_unpackhi_epi8(r[2], r[3]);
  t[0] = _mm512_unpacklo_epi16(a0, b0);
  t[1] = _mm512_unpackhi_epi16(a0, b0);
  t[2] = _mm512_unpacklo_epi16(a1, b1);
  t[3] = _mm512_unpackhi_epi16(a1, b1);
}

// The interleaved taps of `used` rows, row `first` and below, in column x. Taps past them meet zero weights, codes past
// the channels of a last block are not stored.
MOTE_INLINE void column(const lane *l, size_t first, size_t used, int64_t x, __m512i t[4]) {
  const rows *from = &l->image;
  if (MOTE_UNLIKELY((uint64_t)x >= (uint64_t)l->safe)) {
    from = x < 0 || x >= l->a->iw ? &l->padding : &l->end;
    x -= l->safe;
  }
  __m512i r[ROWS];
#pragma GCC unroll 4
  for (size_t i = 0; i < ROWS; i++)
    r[i] = i >= used ? _mm512_setzero_si512()
                     : _mm512_xor_si512(_mm512_loadu_si512(from->at[first + i] + x * from->steps[first + i]), l->flip);
  interleave(r, t);
}

// The same of at most 32 channels, the second half `apart` columns further.
MOTE_INLINE void column_twice(const lane *l, size_t used, int64_t x, int64_t apart, __m512i t[4]) {
  const rows *from = x >= 0 && x < l->a->iw ? &l->image : &l->padding;
  const rows *from2 = x + apart >= 0 && x + apart < l->a->iw ? &l->image : &l->padding;
  const __mmask32 mask = (__mmask32)l->mask;
  __m512i r[ROWS];
#pragma GCC unroll 4
  for (size_t i = 0; i < ROWS; i++) {
    if (i >= used) {
      r[i] = _mm512_setzero_si512();
      continue;
    }
    __m256i low = _mm256_maskz_loadu_epi8(mask, from->at[i] + x * from->steps[i]);
    __m256i high = _mm256_maskz_loadu_epi8(mask, from2->at[i] + (x + apart) * from2->steps[i]);
    r[i] = _mm512_xor_si512(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1), l->flip);
  }
  interleave(r, t);
}

// Copies of accumulators go one by one: a call of memcpy on them would tie them to memory.
MOTE_INLINE void copy4(__m512i to[4], const __m512i from[4]) {
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; v++)
    to[v] = from[v];
}

MOTE_INLINE void add(const char *w, const __m512i t[4], __m512i acc[4]) {
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; v++)
    acc[v] = _mm512_dpbusd_epi32(acc[v], t[v], _mm512_loadu_si512(w + v * 64));
}

MOTE_INLINE void start(const lane *l, __m512i acc[4]) {
  mote_qcols c = mote_qcols_at(l->block, BLOCK);
  __m512i zero = _mm512_set1_epi32(l->zero);
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; v++)
    acc[v] = _mm512_sub_epi32(_mm512_loadu_si512(c.bias + v * 16),
                              _mm512_mullo_epi32(_mm512_loadu_si512(c.wsum + v * 16), zero));
}

static MOTE_NOINLINE void store_general(const lane *l, const int32_t permuted[BLOCK], char *out) {
  const mote_qdwconv_args *a = l->a;
  mote_qstore store = {a->out_type, a->round, a->out_zp, a->lo, a->hi, a->flo, a->fhi};
  const int32_t *from = (const int32_t *)l->block;
  int32_t words[BLOCK * MOTE_QCOLS_WORDS], sum[BLOCK];
  for (size_t place = 0; place < BLOCK; place++) {
    size_t channel = channel_at(place);
    sum[channel] = permuted[place];
    for (size_t i = 0; i < MOTE_QCOLS_WORDS; i++)
      words[i * BLOCK + channel] = from[i * BLOCK + place];
  }
  mote_qcols cols = mote_qcols_at(words, BLOCK);
  mote_qstore_run(&store, &cols, 0, sum, l->channels, a->image_scale ? a->image_scale[l->n] : 1.0f, out);
}

MOTE_INLINE __m512i scaled(__m512i sum, const mote_qcols *c, size_t j, __m512 hi) {
  __m512 f = _mm512_add_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(c->float_bias + j));
  return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(f, _mm512_loadu_ps(c->scale + j)), hi));
}

MOTE_INLINE bool plain(const mote_qdwconv_args *a) {
  return (a->out_type == MOTE_I8 || a->out_type == MOTE_U8) && a->round == MOTE_QROUND_EVEN;
}

// What lies below -2^31 becomes INT_MIN; all packs saturate, so that clamping comes last.
MOTE_INLINE __m512i codes(const lane *l, const __m512i acc[4]) {
  const mote_qdwconv_args *a = l->a;
  const mote_qcols c = mote_qcols_at(l->block, BLOCK);
  __m512 hi = _mm512_set1_ps((float)(a->hi - a->out_zp));
  __m512i zp = _mm512_set1_epi16((short)a->out_zp), lo = _mm512_set1_epi16((short)a->lo);
  __m512i x = _mm512_packs_epi32(scaled(acc[0], &c, 0, hi), scaled(acc[1], &c, 16, hi));
  __m512i y = _mm512_packs_epi32(scaled(acc[2], &c, 32, hi), scaled(acc[3], &c, 48, hi));
  x = _mm512_max_epi16(_mm512_adds_epi16(x, zp), lo);
  y = _mm512_max_epi16(_mm512_adds_epi16(y, zp), lo);
  return a->out_type == MOTE_U8 ? _mm512_packus_epi16(x, y) : _mm512_packs_epi16(x, y);
}

// `second`: where the second half goes, or NULL.
MOTE_INLINE void store_plain(const lane *l, const __m512i acc[4], bool twice, char *out, char *second) {
  __m512i q = codes(l, acc);
  if (!twice && l->channels == BLOCK)
    _mm512_storeu_si512(out, q);
  else
    _mm512_mask_storeu_epi8(out, l->mask, q);
  if (twice && second)
    _mm256_mask_storeu_epi8(second, (__mmask32)l->mask, _mm512_extracti64x4_epi64(q, 1));
}

static MOTE_NOINLINE void store_other(const lane *l, const int32_t permuted[BLOCK], char *out, char *second) {
  store_general(l, permuted, out);
  if (!second)
    return;
  int32_t moved[BLOCK]; // lanes 2 and 3 of each vector to lanes 0 and 1
  for (size_t v = 0; v < 4; v++)
    memcpy(moved + v * 16, permuted + v * 16 + 8, 8 * sizeof(int32_t));
  store_general(l, moved, second);
}

// Output ox, and if `twice` the one `apart` further if the row has it.
MOTE_INLINE void store(const lane *l, const __m512i acc[4], bool twice, uint32_t ox, uint32_t apart) {
  ptrdiff_t size = (ptrdiff_t)mote_qtype_size(l->a->out_type), step = l->a->out_x * size;
  char *out = l->out + (ptrdiff_t)ox * step;
  char *second = twice && ox + apart < l->a->ow ? out + (ptrdiff_t)apart * step : NULL;
  if (plain(l->a)) {
    store_plain(l, acc, twice, out, second);
    return;
  }
  int32_t permuted[BLOCK];
#pragma GCC unroll 4
  for (size_t v = 0; v < 4; v++)
    _mm512_storeu_si512(permuted + v * 16, acc[v]);
  store_other(l, permuted, out, second);
}

// kw columns at stride s, each interleaved once. acc[j] is the output j places after the one that is finished next, so
// column c of the step adds to it with kernel column kw - s + c - j*s.
MOTE_INLINE void slide(const lane *l, size_t kh, int64_t kw, int64_t s, bool twice) {
  const size_t groups = (kh + ROWS - 1) / ROWS;
  enum { MOST = 5 };
  const mote_qdwconv_args *a = l->a;
  const int64_t live = (kw + s - 1) / s;
  const uint32_t apart = twice ? (a->ow + 1) / 2 : 0, count = twice ? apart : a->ow;
  __m512i acc[MOST][4], first[4];
  start(l, first);
#pragma GCC unroll 5
  for (int64_t j = 0; j < live; j++)
    copy4(acc[j], first);
  for (int64_t ox = 1 - live; ox < (int64_t)count; ox++) {
#pragma GCC unroll 2
    for (int64_t c = 0; c < s; c++)
#pragma GCC unroll 2
      for (size_t g = 0; g < groups; g++) {
        __m512i t[4];
        const int64_t x = ox * s - a->pad_left + kw - s + c;
        if (twice)
          column_twice(l, kh, x, apart * s, t);
        else
          column(l, g * ROWS, MOTE_MIN(kh - g * ROWS, (size_t)ROWS), x, t);
#pragma GCC unroll 5
        for (int64_t j = 0; j < live; j++)
          if (kw - s + c - j * s >= 0)
            add(l->block + COLS + ((size_t)(kw - s + c - j * s) * groups + g) * BLOCK * ROWS, t, acc[j]);
      }
    if (ox >= 0)
      store(l, acc[0], twice, (uint32_t)ox, apart);
#pragma GCC unroll 5
    for (int64_t j = 0; j + 1 < live; j++)
      copy4(acc[j], acc[j + 1]);
    copy4(acc[live - 1], first);
  }
}

#define SLIDE(name, k, s, twice)                                                                                       \
  static MOTE_NOINLINE void name(const lane *l) { slide(l, k, k, s, twice); }
SLIDE(slide_3x3s1, 3, 1, false)
SLIDE(slide_3x3s2, 3, 2, false)
SLIDE(slide_5x5s1, 5, 1, false)
SLIDE(slide_5x5s2, 5, 2, false)
SLIDE(twice_3x3s1, 3, 1, true)
SLIDE(twice_3x3s2, 3, 2, true)

static void set_rows(lane *l, uint32_t oy, uint32_t ky0, size_t channel, size_t count) {
  const mote_qdwconv_args *a = l->a;
  const uint8_t *image = (const uint8_t *)a->in + l->n * a->in_n + (ptrdiff_t)channel;
  for (size_t i = 0; i < count; i++) {
    int64_t y = (int64_t)oy * a->sh - a->pad_top + (int64_t)(ky0 + i) * a->dh;
    bool inside = ky0 + i < a->kh && y >= 0 && y < a->ih;
    l->image.at[i] = inside ? image + y * a->in_y : l->padding.at[0];
    l->image.steps[i] = inside ? a->in_x : 0;
  }
}

enum { END = 2 * BLOCK }; // bytes of a row from column `safe` on are fewer

static void copy_ends(lane *l, uint8_t end[][END]) {
  const mote_qdwconv_args *a = l->a;
  l->end = l->image;
  for (uint32_t i = 0; i < a->kh; i++)
    if (l->image.steps[i] != 0)
      l->end.at[i] =
          memcpy(end[i], l->image.at[i] + l->safe * a->in_x, (size_t)((a->iw - l->safe - 1) * a->in_x) + l->channels);
}

// Columns whose BLOCK codes end inside the row: a block of fewer channels reads on into the pixels behind it. 0 where
// something else may lie between the pixels.
static int64_t safe_columns(const mote_qdwconv_args *a, size_t channels) {
  const int64_t pixels = (int64_t)((BLOCK - channels + a->channels - 1) / a->channels);
  if (channels == BLOCK)
    return a->iw;
  return a->in_x == (ptrdiff_t)a->channels && pixels < a->iw ? a->iw - pixels : 0;
}

// Any kernel, and weights whose zero point is not 0: those need the sum of the inputs of each output as well. Rows past
// the kernel meet zero weights, but must not be counted there: `ones` leaves them out.
static MOTE_NOINLINE void any_kernel(lane *l, uint32_t oy, size_t channel) {
  const mote_qdwconv_args *a = l->a;
  size_t groups = row_groups(a->kh);
  __m512i first[4];
  start(l, first);
  for (uint32_t ox = 0; ox < a->ow; ox++) {
    __m512i acc[4],
        inputs[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    copy4(acc, first);
    for (size_t g = 0; g < groups; g++) {
      set_rows(l, oy, (uint32_t)(g * ROWS), channel, ROWS);
      uint32_t used = MOTE_MIN(a->kh - (uint32_t)(g * ROWS), (uint32_t)ROWS);
      __m512i ones = _mm512_set1_epi32(0x01010101 >> (8 * (ROWS - used)));
      for (uint32_t kx = 0; kx < a->kw; kx++) {
        const int64_t x = (int64_t)ox * a->sw - a->pad_left + (int64_t)kx * a->dw;
        const rows *from = x >= 0 && x < a->iw ? &l->image : &l->padding;
        __m512i t[4], r[ROWS];
        for (size_t i = 0; i < ROWS; i++)
          r[i] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(l->mask, from->at[i] + x * from->steps[i]), l->flip);
        interleave(r, t);
        add(l->block + COLS + (kx * groups + g) * BLOCK * ROWS, t, acc);
        for (size_t v = 0; v < 4; v++)
          inputs[v] = _mm512_dpbusd_epi32(inputs[v], t[v], ones);
      }
    }
    for (size_t v = 0; v < 4; v++)
      acc[v] = _mm512_sub_epi32(acc[v], _mm512_mullo_epi32(inputs[v], _mm512_set1_epi32(l->w_zp)));
    store(l, acc, false, ox, 0);
  }
}

typedef void (*row_function)(const lane *l);

static row_function usual_kernel(const lane *l) {
  const mote_qdwconv_args *a = l->a;
  const bool twice = a->kw == 3 && l->channels <= HALF;
  if (l->w_zp != 0 || a->dw != 1 || a->kh != a->kw || (a->sw != 1 && a->sw != 2) || (l->safe == 0 && !twice))
    return NULL;
  if (twice)
    return a->sw == 1 ? twice_3x3s1 : twice_3x3s2;
  if (a->kw == 3)
    return a->sw == 1 ? slide_3x3s1 : slide_3x3s2;
  if (a->kw == 5)
    return a->sw == 1 ? slide_5x5s1 : slide_5x5s2;
  return NULL;
}

static void run_row(const mote_qdwconv_args *a, const char *packed, uint32_t n, uint32_t oy) {
  uint8_t pad[BLOCK], end[2 * ROWS][END];
  lane l = {.a = a, .n = n, .flip = _mm512_set1_epi8(a->in_type == MOTE_I8 ? (char)0x80 : 0)};
  int32_t zp = a->image_zp ? a->image_zp[n] : a->in_zp;
  memset(pad, (uint8_t)zp, sizeof pad);
  for (size_t i = 0; i < 2 * ROWS; i++)
    l.padding.at[i] = pad;
  memcpy(&l.w_zp, packed, sizeof l.w_zp);
  l.zero = zp + (a->in_type == MOTE_I8 ? 128 : 0);
  l.block = packed + HEAD;
  for (size_t first = 0; first < a->channels; first += BLOCK, l.block += block_size(a->kh, a->kw)) {
    l.channels = MOTE_MIN(a->channels - first, (size_t)BLOCK);
    l.safe = safe_columns(a, l.channels);
    l.mask = l.channels == BLOCK ? ~(__mmask64)0 : ((__mmask64)1 << l.channels) - 1;
    ptrdiff_t at = n * a->out_n + oy * a->out_y + (ptrdiff_t)first;
    l.out = (char *)a->out + at * (ptrdiff_t)mote_qtype_size(a->out_type);
    const row_function usual = usual_kernel(&l);
    if (usual) {
      set_rows(&l, oy, 0, first, a->kh);
      if (l.safe > 0 && l.safe < a->iw)
        copy_ends(&l, end);
      usual(&l);
    } else {
      any_kernel(&l, oy, first);
    }
  }
}

static void run(const mote_qdwconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  if (a->multiplier != 1) {
    mote_q8_dwconv_1x16__c.run(a, packed, t0, t1);
    return;
  }
  for (uint32_t t = t0; t < t1; t++)
    run_row(a, packed, t / a->oh, t % a->oh);
}

const mote_qdwconv_row mote_q8_dwconv_1x64__avx512vnni = {
    "mote_q8_dwconv_1x64__avx512vnni", MOTE_CPU_AVX512 | MOTE_CPU_AVX512VNNI, packed_size, pack, tiles, run};
