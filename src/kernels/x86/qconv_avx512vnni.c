// Quantised convolution with vpdpbusd: tiles of up to 12 rows by 1 or 2 panels of 16 columns (contract: qconv_frame.h).
// Tests: tests/kernels/check_qconv.c
#include <immintrin.h>
#include <string.h>

#include "kernels/qconv_frame.h"

enum { WIDTH = 16, MOST_ROWS = 12, MOST_PANELS = 2, BLOCK = WIDTH * MOTE_QCOLS_WORDS * 4 };

// One tile: `a` is its first row, `panel` its first panel.
typedef struct tile {
  const mote_qconv_strip *s;
  const uint8_t *a;
  const char *panel;
  size_t row, column; // within the strip
  const int32_t *row_sum;
} tile;

typedef struct requant {
  __m512 hi;      // hi - zp, in float
  __m512i zp, lo; // 16 bits
} requant;

// What a panel's sums become floats with.
typedef struct column {
  __m512 bias, scale;
} column;

// 16 sums to rounded integers. What is below -2^31 becomes INT_MIN, which the packing saturates.
MOTE_INLINE __m512i scaled(__m512i sum, column c, const requant *q) {
  __m512 f = _mm512_mul_ps(_mm512_add_ps(_mm512_cvtepi32_ps(sum), c.bias), c.scale);
  return _mm512_cvtps_epi32(_mm512_min_ps(f, q->hi));
}

MOTE_INLINE __m512i offset(__m512i words, const requant *q) {
  return _mm512_max_epi16(_mm512_adds_epi16(words, q->zp), q->lo);
}

// vpackssdw works within 128-bit lanes: afterwards dwords alternate between the two panels.
MOTE_INLINE __m256i bytes_of_two(__m512i a, __m512i b, const requant *q) {
  __m256i v = _mm512_cvtepi16_epi8(offset(_mm512_packs_epi32(a, b), q));
  return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}

MOTE_INLINE __m256i bytes_of_one(__m512i a, const requant *q) {
  __m512i words = _mm512_castsi256_si512(_mm512_cvtsepi32_epi16(a));
  return _mm512_cvtepi16_epi8(offset(words, q));
}

// One row of plain 8-bit outputs: the sums already hold bias and zero point. `mask`: the columns that exist; all of
// them are stored without it, since the masked store is slow on some processors.
MOTE_INLINE void store_row(const __m512i acc[], const column c[], size_t nv, const requant *q, char *out,
                           const uint32_t *mask) {
  if (nv == 2) {
    __m256i bytes = bytes_of_two(scaled(acc[0], c[0], q), scaled(acc[1], c[1], q), q);
    if (mask == NULL)
      _mm256_storeu_si256((__m256i *)out, bytes);
    else
      _mm256_mask_storeu_epi8(out, (__mmask32)*mask, bytes);
  } else {
    __m128i bytes = _mm256_castsi256_si128(bytes_of_one(scaled(acc[0], c[0], q), q));
    if (mask == NULL)
      _mm_storeu_si128((__m128i *)out, bytes);
    else
      _mm_mask_storeu_epi8(out, (__mmask16)*mask, bytes);
  }
}

MOTE_INLINE requant requant_of(const mote_qconv_args *a) {
  requant q = {_mm512_set1_ps((float)(a->hi - a->out_zp)), _mm512_set1_epi16((short)a->out_zp),
               _mm512_set1_epi16((short)a->lo)};
  return q;
}

MOTE_INLINE column column_of(const tile *t, size_t v) {
  const mote_qcols c = mote_qcols_at(t->panel + v * t->s->panel_size, WIDTH);
  return (column){_mm512_loadu_ps(c.float_bias), _mm512_loadu_ps(c.scale)};
}

// Plain rows whose columns do not all exist, or whose weights have a zero point.
static MOTE_NOINLINE void store_plain(const tile *t, size_t mr, size_t nv, const int32_t *dot) {
  const requant q = requant_of(t->s->args);
  const uint32_t mask = (uint32_t)(((uint64_t)1 << MOTE_MIN(t->s->columns - t->column, nv * WIDTH)) - 1);
  for (size_t r = 0; r < mr; r++) {
    const uint32_t row_sum = t->row_sum ? (uint32_t)t->row_sum[r] : 0;
    const __m512i fix = _mm512_set1_epi32((int32_t)(row_sum * (uint32_t)t->s->w_zp));
    __m512i acc[MOST_PANELS];
    column c[MOST_PANELS];
    for (size_t v = 0; v < nv; v++, dot += WIDTH) {
      acc[v] = _mm512_sub_epi32(_mm512_loadu_si512(dot), fix);
      c[v] = column_of(t, v);
    }
    store_row(acc, c, nv, &q, t->s->out[t->row + r] + t->column, &mask);
  }
}

static MOTE_NOINLINE void store_general(const tile *t, size_t mr, size_t nv, const int32_t *dot) {
  size_t columns = MOTE_MIN(t->s->columns - t->column, nv * WIDTH);
  for (size_t r = 0; r < mr; r++)
    for (size_t c = 0; c < columns; c += WIDTH)
      mote_qconv_finish(t->s, t->panel + c / WIDTH * t->s->panel_size, WIDTH, false, t->row + r, t->column + c,
                        t->row_sum ? t->row_sum[r] : 0, dot + r * nv * WIDTH + c, MOTE_MIN(columns - c, (size_t)WIDTH));
}

// Float outputs; images may have their own zero points and scales. Same order of arithmetic as mote_qstore_run.
static MOTE_NOINLINE void store_floats(const tile *t, size_t mr, size_t nv, const int32_t *dot) {
  const mote_qconv_args *a = t->s->args;
  size_t columns = MOTE_MIN(t->s->columns - t->column, nv * WIDTH);
  __m512 lo = _mm512_set1_ps(a->flo), hi = _mm512_set1_ps(a->fhi);
  for (size_t r = 0; r < mr; r++) {
    size_t image = (t->s->first_row + t->row + r) / ((size_t)a->oh * a->ow);
    int32_t fix = t->row_sum ? (int32_t)((uint32_t)t->row_sum[r] * (uint32_t)t->s->w_zp) : 0;
    __m512i zero = _mm512_set1_epi32((a->image_zp ? a->image_zp[image] : a->in_zp) + t->s->shift);
    __m512 factor = _mm512_set1_ps(a->image_scale ? a->image_scale[image] : 1.0f);
    for (size_t j = 0; j < columns; j += WIDTH) {
      mote_qcols c = mote_qcols_at(t->panel + j / WIDTH * t->s->panel_size, WIDTH);
      __mmask16 mask = columns - j >= WIDTH ? 0xffff : (__mmask16)((1u << (columns - j)) - 1);
      __m512i sum = _mm512_add_epi32(_mm512_loadu_si512(dot + r * nv * WIDTH + j), _mm512_loadu_si512(c.bias));
      sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(_mm512_loadu_si512(c.wsum), zero));
      __m512 f = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, _mm512_set1_epi32(fix)));
      f = _mm512_mul_ps(f, _mm512_mul_ps(_mm512_loadu_ps(c.scale), factor));
      f = _mm512_add_ps(f, _mm512_loadu_ps(c.float_bias));
      f = _mm512_max_ps(_mm512_min_ps(f, hi), lo);
      _mm512_mask_storeu_ps((float *)t->s->out[t->row + r] + t->column + j, mask, f);
    }
  }
}

MOTE_INLINE void run_tile(const tile *t, size_t mr, size_t nv) {
  const mote_qconv_strip *s = t->s;
  __m512i acc[MOST_ROWS][MOST_PANELS];
  bool plain = mote_qconv_plain(s->args);
  __m512i zero = _mm512_set1_epi32(s->args->in_zp + s->shift), flip = _mm512_set1_epi8((char)s->flip);
  const char *w = t->panel + BLOCK;
#pragma GCC unroll 2
  for (size_t v = 0; v < nv; v++) {
    mote_qcols c = mote_qcols_at(t->panel + v * s->panel_size, WIDTH);
    __m512i start = _mm512_sub_epi32(_mm512_loadu_si512(c.bias), _mm512_mullo_epi32(_mm512_loadu_si512(c.wsum), zero));
#pragma GCC unroll 12
    for (size_t r = 0; r < mr; r++)
      acc[r][v] = plain ? start : _mm512_setzero_si512();
  }
  const uint8_t *a = t->a;
  for (size_t k = 0; k < s->steps; k++, a += 4, w += 64) {
    __m512i b[MOST_PANELS];
#pragma GCC unroll 2
    for (size_t v = 0; v < nv; v++)
      b[v] = _mm512_loadu_si512(w + v * s->panel_size);
#pragma GCC unroll 12
    for (size_t r = 0; r < mr; r++) {
      int32_t four;
      memcpy(&four, a + (ptrdiff_t)r * s->a_stride, 4);
      __m512i u = _mm512_xor_si512(_mm512_set1_epi32(four), flip);
#pragma GCC unroll 2
      for (size_t v = 0; v < nv; v++)
        acc[r][v] = _mm512_dpbusd_epi32(acc[r][v], u, b[v]);
    }
  }
  if (plain && t->row_sum == NULL && s->columns - t->column >= nv * WIDTH) {
    const requant q = requant_of(s->args);
    column c[MOST_PANELS];
#pragma GCC unroll 2
    for (size_t v = 0; v < nv; v++)
      c[v] = column_of(t, v);
#pragma GCC unroll 12
    for (size_t r = 0; r < mr; r++)
      store_row(acc[r], c, nv, &q, s->out[t->row + r] + t->column, NULL);
    return;
  }
  int32_t dot[MOST_ROWS * MOST_PANELS * WIDTH];
#pragma GCC unroll 12
  for (size_t r = 0; r < mr; r++)
#pragma GCC unroll 2
    for (size_t v = 0; v < nv; v++)
      _mm512_storeu_si512(dot + (r * nv + v) * WIDTH, acc[r][v]);
  if (plain)
    store_plain(t, mr, nv, dot);
  else if (s->args->out_type == MOTE_F32)
    store_floats(t, mr, nv, dot);
  else
    store_general(t, mr, nv, dot);
}

typedef void (*tile_function)(const tile *t);

#define TILE(mr, nv)                                                                                                   \
  static MOTE_NOINLINE void tile_##mr##x##nv(const tile *t) { run_tile(t, mr, nv); }
#define TILES(nv) TILE(1, nv) TILE(4, nv) TILE(12, nv)
TILES(1)
TILES(2)
#define NAMES(nv)                                                                                                      \
  { tile_1x##nv, tile_4x##nv, tile_12x##nv }
enum { HEIGHTS = 3 };
static const uint8_t heights[HEIGHTS] = {1, 4, 12};
static const tile_function tiles_of[MOST_PANELS][HEIGHTS] = {NAMES(1), NAMES(2)};

// Sum of the unsigned codes of each row.
static void sum_rows(const mote_qconv_strip *s, int32_t *sums) {
  __m512i flip = _mm512_set1_epi8((char)s->flip), ones = _mm512_set1_epi8(1);
  size_t bytes = s->steps * 4;
  for (size_t r = 0; r < s->rows; r++) {
    const char *a = s->a + (ptrdiff_t)r * s->a_stride;
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < bytes; i += 64) {
      __mmask64 mask = bytes - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (bytes - i)) - 1;
      __m512i u = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, a + i), flip);
      sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_mov_epi8(mask, u), ones);
    }
    sums[r] = _mm512_reduce_add_epi32(sum);
  }
}

// All rows of the strip times `nv` panels.
static void run_panels(const mote_qconv_strip *s, size_t first, size_t nv, const int32_t *sums) {
  tile t = {s, NULL, s->panels + first * s->panel_size, 0, first * WIDTH, NULL};
  for (size_t done = 0; done < s->rows;) {
    mote_qconv_step step = mote_qconv_next(heights, HEIGHTS, s->rows, done);
    t.row = step.row;
    t.a = (const uint8_t *)s->a + (ptrdiff_t)t.row * s->a_stride;
    t.row_sum = sums ? sums + t.row : NULL;
    tiles_of[nv - 1][step.height](&t);
    done = step.next;
  }
}

static void strip(const mote_qconv_strip *s) {
  int32_t sums[MOTE_QCONV_ROWS];
  if (s->w_zp != 0)
    sum_rows(s, sums);
  size_t panels = (s->columns + WIDTH - 1) / WIDTH;
  for (size_t first = 0; first < panels; first += MOST_PANELS)
    run_panels(s, first, MOTE_MIN(panels - first, (size_t)MOST_PANELS), s->w_zp != 0 ? sums : NULL);
}

static const mote_qconv_isa isa = {WIDTH, MOTE_QCONV_UNSIGNED, strip, NULL};

static size_t packed_size(const mote_qconv_weights *w) { return mote_qconv_frame_packed_size(&isa, w); }
static void pack(const mote_qconv_weights *w, void *packed) { mote_qconv_frame_pack(&isa, w, packed); }
static size_t scratch_size(const mote_qconv_args *a) { return mote_qconv_frame_scratch(&isa, a); }
static uint32_t tiles(const mote_qconv_args *a) { return mote_qconv_frame_tiles(&isa, a); }
static void run(const mote_qconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  mote_qconv_frame_run(&isa, a, packed, t0, t1);
}

const mote_qconv_row mote_q8_conv_12x32__avx512vnni = {"mote_q8_conv_12x32__avx512vnni",
                                                       MOTE_CPU_AVX512 | MOTE_CPU_AVX512VNNI,
                                                       packed_size,
                                                       pack,
                                                       scratch_size,
                                                       tiles,
                                                       run};
