// Pooling and means of 8-bit images, 16 channels at a time (contract: qpool.h). 16-bit images and the last channels go
// to the portable row. Tests: tests/kernels/check_qpool.c
#include <immintrin.h>

#include "kernels/qpool.h"

extern const mote_qpool_row mote_q_pool__c;

enum { LANES = 16 };

// 16 sums of 32 bits.
typedef struct sums {
  __m256i a, b;
} sums;

MOTE_INLINE __m128i load(const void *p) { return _mm_loadu_si128((const __m128i *)p); }

MOTE_INLINE void add_codes(sums *s, bool u8, const char *p) {
  __m128i codes = load(p), high = _mm_srli_si128(codes, 8);
  s->a = _mm256_add_epi32(s->a, u8 ? _mm256_cvtepu8_epi32(codes) : _mm256_cvtepi8_epi32(codes));
  s->b = _mm256_add_epi32(s->b, u8 ? _mm256_cvtepu8_epi32(high) : _mm256_cvtepi8_epi32(high));
}

// 16 codes within the range of their type.
MOTE_INLINE void store_codes(char *out, bool u8, __m256i a, __m256i b) {
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
  __m128i x = _mm256_castsi256_si128(words), y = _mm256_extracti128_si256(words, 1);
  _mm_storeu_si128((__m128i *)out, u8 ? _mm_packus_epi16(x, y) : _mm_packs_epi16(x, y));
}

MOTE_INLINE __m256i clamp(__m256i v, int32_t lo, int32_t hi) {
  return _mm256_max_epi32(_mm256_min_epi32(v, _mm256_set1_epi32(hi)), _mm256_set1_epi32(lo));
}

// Cells of a window along one axis that lie inside the image: taps [first, last).
typedef struct taps {
  uint32_t first, last;
} taps;

static taps inside(int64_t start, uint32_t step, uint32_t count, uint32_t size) {
  taps t = {0, count};
  while (t.first < count && start + (int64_t)t.first * step < 0)
    t.first++;
  while (t.last > t.first && start + (int64_t)(t.last - 1) * step >= (int64_t)size)
    t.last--;
  return t;
}

typedef struct window {
  const mote_qpool_args *a;
  ptrdiff_t origin; // element of the window's first cell; may lie outside the image
  taps y, x;
} window;

MOTE_INLINE const char *cell(const window *w, uint32_t y, uint32_t x) {
  return (const char *)w->a->in +
         (w->origin + (ptrdiff_t)y * w->a->dh * w->a->in_y + (ptrdiff_t)x * w->a->dw * w->a->in_x);
}

MOTE_INLINE void max_window(const window *w, size_t channel, char *out) {
  const mote_qpool_args *a = w->a;
  bool u8 = a->type == MOTE_U8;
  __m128i most = u8 ? _mm_setzero_si128() : _mm_set1_epi8(-128);
  for (uint32_t y = w->y.first; y < w->y.last; y++)
    for (uint32_t x = w->x.first; x < w->x.last; x++) {
      __m128i codes = load(cell(w, y, x) + channel);
      most = u8 ? _mm_max_epu8(most, codes) : _mm_max_epi8(most, codes);
    }
  __m128i lo = _mm_set1_epi8((char)a->lo), hi = _mm_set1_epi8((char)a->hi);
  most = u8 ? _mm_max_epu8(_mm_min_epu8(most, hi), lo) : _mm_max_epi8(_mm_min_epi8(most, hi), lo);
  _mm_storeu_si128((__m128i *)(out + channel), most);
}

// Truncating (sum +- cells/2) / cells in float is exact while 256 * cells < 2^23: the nearest that a quotient comes to
// the next integer is 1/cells, more than half a unit in its last place.
MOTE_INLINE __m256i divided(__m256i sum, int32_t cells) {
  __m256i half = _mm256_set1_epi32(cells / 2);
  sum = _mm256_add_epi32(sum, _mm256_sign_epi32(half, _mm256_or_si256(sum, _mm256_set1_epi32(1))));
  return _mm256_cvttps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps((float)cells)));
}

MOTE_INLINE void average_window(const window *w, int32_t cells, size_t channel, char *out) {
  const mote_qpool_args *a = w->a;
  bool u8 = a->type == MOTE_U8;
  sums s = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (uint32_t y = w->y.first; y < w->y.last; y++)
    for (uint32_t x = w->x.first; x < w->x.last; x++)
      add_codes(&s, u8, cell(w, y, x) + channel);
  if (cells > 0) {
    s.a = divided(s.a, cells);
    s.b = divided(s.b, cells);
  }
  store_codes(out + channel, u8, clamp(s.a, a->lo, a->hi), clamp(s.b, a->lo, a->hi));
}

static void pool_pixel(const mote_qpool_args *a, bool max, uint32_t n, uint32_t oy, uint32_t ox, size_t channels) {
  int64_t top = (int64_t)oy * a->sh - a->pad_top, left = (int64_t)ox * a->sw - a->pad_left;
  window w = {a, 0, inside(top, a->dh, a->kh, a->ih), inside(left, a->dw, a->kw, a->iw)};
  w.origin = n * a->in_n + top * a->in_y + left * a->in_x;
  int32_t cells = (int32_t)((w.y.last - w.y.first) * (w.x.last - w.x.first));
  char *out = (char *)a->out + n * a->out_n + oy * a->out_y + ox * a->out_x;
  for (size_t channel = 0; channel < channels; channel += LANES)
    if (max)
      max_window(&w, channel, out);
    else
      average_window(&w, cells, channel, out);
}

static void pool(const mote_qpool_args *a, bool max, uint32_t t0, uint32_t t1) {
  size_t channels = a->channels / LANES * LANES;
  if (a->type == MOTE_I16 || (uint64_t)a->kh * a->kw >= 1 << 15)
    channels = 0;
  for (uint32_t t = t0; channels && t < t1; t++)
    for (uint32_t ox = 0; ox < a->ow; ox++)
      pool_pixel(a, max, t / a->oh, t % a->oh, ox, channels);
  mote_qpool_args rest = *a;
  ptrdiff_t bytes = (ptrdiff_t)channels; // 0 for 16-bit codes
  rest.channels -= (uint32_t)channels;
  rest.in = (const char *)a->in + bytes;
  rest.out = (char *)a->out + bytes;
  if (rest.channels && max)
    mote_q_pool__c.max(&rest, t0, t1);
  else if (rest.channels)
    mote_q_pool__c.average(&rest, t0, t1);
}

static void max_pool(const mote_qpool_args *a, uint32_t t0, uint32_t t1) { pool(a, true, t0, t1); }

static void average_pool(const mote_qpool_args *a, uint32_t t0, uint32_t t1) { pool(a, false, t0, t1); }

// Rounds as mote_qround_even and mote_qround_away do: |f| <= 2^22 after the clamp, where truncating f +- the float
// below one half is rounding half away from zero.
MOTE_INLINE __m256i requantised(const mote_qmean_args *a, __m256i sum) {
  __m256 f = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(a->scale));
  f = _mm256_min_ps(f, _mm256_set1_ps((float)(a->hi - a->out_zp)));
  f = _mm256_max_ps(f, _mm256_set1_ps((float)(a->lo - a->out_zp)));
  __m256 half = _mm256_or_ps(_mm256_and_ps(f, _mm256_set1_ps(-0.0f)), _mm256_set1_ps(0.49999997f));
  __m256i q = a->round == MOTE_QROUND_AWAY ? _mm256_cvttps_epi32(_mm256_add_ps(f, half)) : _mm256_cvtps_epi32(f);
  return _mm256_add_epi32(q, _mm256_set1_epi32(a->out_zp));
}

static void mean_block(const mote_qmean_args *a, const char *in, char *out) {
  bool u8 = a->type == MOTE_U8;
  __m256i start = _mm256_set1_epi32(-(int32_t)a->reduce * a->in_zp);
  sums s = {start, start};
  for (size_t r = 0; r < a->reduce; r++)
    add_codes(&s, u8, in + r * a->inner);
  store_codes(out, u8, requantised(a, s.a), requantised(a, s.b));
}

static void mean_tail(const mote_qmean_args *a, const char *in, char *out, size_t count) {
  for (size_t j = 0; j < count; j++) {
    int32_t sum = -(int32_t)a->reduce * a->in_zp;
    for (size_t r = 0; r < a->reduce; r++) {
      char code = in[r * a->inner + j];
      sum += a->type == MOTE_U8 ? (int32_t)(uint8_t)code : (int32_t)(int8_t)code;
    }
    out[j] = (char)(uint8_t)mote_qrequant(sum, a->scale, a->round, a->out_zp, a->lo, a->hi);
  }
}

static void mean(const mote_qmean_args *a, size_t t0, size_t t1) {
  if (a->type == MOTE_I16) {
    mote_q_pool__c.mean(a, t0, t1);
    return;
  }
  size_t blocks = a->inner / LANES * LANES;
  for (size_t t = t0; t < t1; t++) {
    const char *in = (const char *)a->in + t * a->reduce * a->inner;
    char *out = (char *)a->out + t * a->inner;
    for (size_t j = 0; j < blocks; j += LANES)
      mean_block(a, in + j, out + j);
    mean_tail(a, in + blocks, out + blocks, a->inner - blocks);
  }
}

const mote_qpool_row mote_q_pool_16__avx2 = {"mote_q_pool_16__avx2", MOTE_CPU_AVX2, max_pool, average_pool, mean};
