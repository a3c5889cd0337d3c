// Quantised convolution with sdot: tiles of up to 4 rows by 16 columns (contract: qconv_frame.h).
// Tests: tests/kernels/check_qconv.c
#include <arm_neon.h>
#include <string.h>

#include "kernels/qconv_frame.h"

enum { WIDTH = 16, QUADS = 4, MOST_ROWS = 4, BLOCK = WIDTH * MOTE_QCOLS_WORDS * 4 };

typedef struct tile {
  const mote_qconv_strip *s;
  const int8_t *a; // first row
  const char *panel;
  size_t row, column; // within the strip
  const int32_t *row_sum;
} tile;

MOTE_INLINE int32x4_t rounded(const int32_t *sum, const mote_qcols *c, size_t j, float32x4_t hi) {
  float32x4_t f = vaddq_f32(vcvtq_f32_s32(vld1q_s32(sum + j)), vld1q_f32(c->float_bias + j));
  return vcvtnq_s32_f32(vminq_f32(vmulq_f32(f, vld1q_f32(c->scale + j)), hi));
}

// Eight rounded integers to words less than the zero point's offset. All narrowing saturates, so clamping comes last.
MOTE_INLINE int16x8_t words_of(int32x4_t a, int32x4_t b, int16x8_t zp, int16x8_t lo) {
  return vmaxq_s16(vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), zp), lo);
}

static MOTE_NOINLINE void store_plain(const tile *t, size_t r, const int32_t sum[WIDTH]) {
  const mote_qconv_args *a = t->s->args;
  const mote_qcols c = mote_qcols_at(t->panel, WIDTH);
  float32x4_t hi = vdupq_n_f32((float)(a->hi - a->out_zp));
  int16x8_t zp = vdupq_n_s16((int16_t)a->out_zp), lo = vdupq_n_s16((int16_t)a->lo);
  int32x4_t q[QUADS];
  for (size_t v = 0; v < QUADS; v++)
    q[v] = rounded(sum, &c, 4 * v, hi);
  int16x8_t x = words_of(q[0], q[1], zp, lo), y = words_of(q[2], q[3], zp, lo);
  uint8x16_t codes = a->out_type == MOTE_U8 ? vcombine_u8(vqmovun_s16(x), vqmovun_s16(y))
                                            : vreinterpretq_u8_s8(vcombine_s8(vqmovn_s16(x), vqmovn_s16(y)));
  char *out = t->s->out[t->row + r] + t->column;
  size_t columns = t->s->columns - t->column;
  if (columns >= WIDTH) {
    vst1q_u8((uint8_t *)out, codes);
    return;
  }
  uint8_t some[WIDTH];
  vst1q_u8(some, codes);
  memcpy(out, some, columns);
}

// Adds four steps of one row: lane i of `u` times group i of the panel.
#define ADD_LANE(i)                                                                                                    \
  do {                                                                                                                 \
    int8x16_t w0 = vld1q_s8(w + (i)*64), w1 = vld1q_s8(w + (i)*64 + 16);                                               \
    int8x16_t w2 = vld1q_s8(w + (i)*64 + 32), w3 = vld1q_s8(w + (i)*64 + 48);                                          \
    _Pragma("GCC unroll 4") for (size_t r = 0; r < mr; r++) {                                                          \
      acc[r][0] = vdotq_laneq_s32(acc[r][0], w0, u[r], i);                                                             \
      acc[r][1] = vdotq_laneq_s32(acc[r][1], w1, u[r], i);                                                             \
      acc[r][2] = vdotq_laneq_s32(acc[r][2], w2, u[r], i);                                                             \
      acc[r][3] = vdotq_laneq_s32(acc[r][3], w3, u[r], i);                                                             \
    }                                                                                                                  \
  } while (0)

MOTE_INLINE void sum_tile(const tile *t, size_t mr, int32x4_t acc[MOST_ROWS][QUADS]) {
  const mote_qconv_strip *s = t->s;
  const int8_t *a = t->a, *w = (const int8_t *)t->panel + BLOCK;
  int8x16_t flip = vreinterpretq_s8_u8(vdupq_n_u8(s->flip)), u[MOST_ROWS];
  size_t k = 0;
  for (; k + 4 <= s->steps; k += 4, a += 16, w += 4 * 64) {
#pragma GCC unroll 4
    for (size_t r = 0; r < mr; r++)
      u[r] = veorq_s8(vld1q_s8(a + (ptrdiff_t)r * s->a_stride), flip);
    ADD_LANE(0);
    ADD_LANE(1);
    ADD_LANE(2);
    ADD_LANE(3);
  }
  for (; k < s->steps; k++, a += 4, w += 64) {
#pragma GCC unroll 4
    for (size_t r = 0; r < mr; r++) {
      int32_t four;
      memcpy(&four, a + (ptrdiff_t)r * s->a_stride, 4);
      u[r] = veorq_s8(vreinterpretq_s8_s32(vdupq_n_s32(four)), flip);
    }
    ADD_LANE(0);
  }
}

MOTE_INLINE void run_tile(const tile *t, size_t mr) {
  const mote_qconv_strip *s = t->s;
  int32x4_t acc[MOST_ROWS][QUADS];
  bool plain = mote_qconv_plain(s->args);
  mote_qcols c = mote_qcols_at(t->panel, WIDTH);
  int32x4_t zero = vdupq_n_s32(s->args->in_zp + s->shift);
#pragma GCC unroll 4
  for (size_t v = 0; v < QUADS; v++) {
    int32x4_t start = vmlsq_s32(vld1q_s32(c.bias + 4 * v), vld1q_s32(c.wsum + 4 * v), zero);
#pragma GCC unroll 4
    for (size_t r = 0; r < mr; r++)
      acc[r][v] = plain ? start : vdupq_n_s32(0);
  }
  sum_tile(t, mr, acc);
#pragma GCC unroll 4
  for (size_t r = 0; r < mr; r++) {
    int32_t sum[WIDTH], row_sum = t->row_sum ? t->row_sum[r] : 0;
    int32x4_t fix = vdupq_n_s32(plain ? (int32_t)((uint32_t)row_sum * (uint32_t)s->w_zp) : 0);
#pragma GCC unroll 4
    for (size_t v = 0; v < QUADS; v++)
      vst1q_s32(sum + 4 * v, vsubq_s32(acc[r][v], fix));
    if (plain)
      store_plain(t, r, sum);
    else
      mote_qconv_finish(s, t->panel, WIDTH, false, t->row + r, t->column, row_sum, sum,
                        MOTE_MIN(s->columns - t->column, (size_t)WIDTH));
  }
}

static MOTE_NOINLINE void tile_1(const tile *t) { run_tile(t, 1); }
static MOTE_NOINLINE void tile_2(const tile *t) { run_tile(t, 2); }
static MOTE_NOINLINE void tile_4(const tile *t) { run_tile(t, 4); }
typedef void (*tile_function)(const tile *t);
static const uint8_t heights[] = {1, 2, 4};
static const tile_function tile_of[] = {tile_1, tile_2, tile_4};

// Sum of the signed codes of each row.
static void sum_rows(const mote_qconv_strip *s, int32_t *sums) {
  for (size_t r = 0; r < s->rows; r++) {
    const char *a = s->a + (ptrdiff_t)r * s->a_stride;
    sums[r] = 0;
    for (size_t i = 0; i < s->steps * 4; i++)
      sums[r] += (int8_t)((uint8_t)a[i] ^ s->flip);
  }
}

static void strip(const mote_qconv_strip *s) {
  int32_t sums[MOTE_QCONV_ROWS];
  if (s->w_zp != 0)
    sum_rows(s, sums);
  const char *panel = s->panels;
  for (size_t column = 0; column < s->columns; column += WIDTH, panel += s->panel_size) {
    tile t = {s, NULL, panel, 0, column, NULL};
    for (size_t done = 0; done < s->rows;) {
      mote_qconv_step step = mote_qconv_next(heights, MOTE_COUNT(heights), s->rows, done);
      t.row = step.row;
      t.a = (const int8_t *)s->a + (ptrdiff_t)t.row * s->a_stride;
      t.row_sum = s->w_zp != 0 ? sums + t.row : NULL;
      tile_of[step.height](&t);
      done = step.next;
    }
  }
}

static const mote_qconv_isa isa = {WIDTH, MOTE_QCONV_SIGNED, strip, NULL};

static size_t packed_size(const mote_qconv_weights *w) { return mote_qconv_frame_packed_size(&isa, w); }
static void pack(const mote_qconv_weights *w, void *packed) { mote_qconv_frame_pack(&isa, w, packed); }
static size_t scratch_size(const mote_qconv_args *a) { return mote_qconv_frame_scratch(&isa, a); }
static uint32_t tiles(const mote_qconv_args *a) { return mote_qconv_frame_tiles(&isa, a); }
static void run(const mote_qconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  mote_qconv_frame_run(&isa, a, packed, t0, t1);
}

const mote_qconv_row mote_q8_conv_4x16__dotprod = {
    "mote_q8_conv_4x16__dotprod", MOTE_CPU_NEON | MOTE_CPU_DOTPROD, packed_size, pack, scratch_size, tiles, run};
