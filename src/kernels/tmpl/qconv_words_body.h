// Quantised convolution on 16-bit inputs and weights (pairs of them multiplied and added exactly), over the vector
// operations of one instruction set. The includer defines, before including:
//   LANES, vi, vf          32-bit lanes a vector, its integer and float types; a panel is two vectors wide
//   MOST_ROWS, HEIGHTS, TILES, NAMES   rows of a tile, and the lists 1, .. and TILE(1) .. and tile_1, ..
//   LOAD SAVE SET_I SET_F ADD_I MADD TO_F LOAD_F ADD MUL MIN ROUND ZERO
//   SET_W SUB_W WORDS_I8(p) WORDS_U8(p)   16-bit lanes, 2*LANES a vector
//   requant, REQUANT(a)    constants of a store, from the arguments
//   BYTES(x, y, q, out)    2*LANES rounded integers to bytes in order: saturate, add zp, clamp from below, store
//   ROW_NAME, ROW_TEXT, ROW_NEEDS
// Contract: qconv_frame.h. Tests: tests/kernels/check_qconv.c
#include <string.h>

#include "kernels/qconv_frame.h"

enum { WIDTH = 2 * LANES, BLOCK = WIDTH * MOTE_QCOLS_WORDS * 4 };

typedef struct tile {
  const mote_qconv_strip *s;
  const char *a, *panel;
  size_t row, column; // within the strip
} tile;

MOTE_INLINE vi scaled(vf sum, vf scale, vf hi) { return ROUND(MIN(MUL(sum, scale), hi)); }

MOTE_INLINE void store_row(const tile *t, vi x, vi y, const requant *q, char *out) {
  const mote_qcols c = mote_qcols_at(t->panel, WIDTH);
  vf f = TO_F(x), g = TO_F(y);
  if (MOTE_UNLIKELY(t->s->args->rest)) {
    f = ADD(f, LOAD_F(c.float_bias));
    g = ADD(g, LOAD_F(c.float_bias + LANES));
  }
  x = scaled(f, LOAD_F(c.scale), q->hi);
  y = scaled(g, LOAD_F(c.scale + LANES), q->hi);
  BYTES(x, y, q, out);
}

// Rows whose columns do not all exist, or that are no plain bytes; the sums lack the bias.
static MOTE_NOINLINE void store_rest(const tile *t, size_t mr, int32_t sum[][WIDTH]) {
  const size_t columns = MOTE_MIN(t->s->columns - t->column, (size_t)WIDTH);
  const int32_t *bias = mote_qcols_at(t->panel, WIDTH).bias;
  const requant q = REQUANT(t->s->args);
  char some[WIDTH];
  for (size_t r = 0; r < mr; r++) {
    if (!mote_qconv_plain(t->s->args)) {
      mote_qconv_finish(t->s, t->panel, WIDTH, true, t->row + r, t->column, 0, sum[r], columns);
      continue;
    }
    store_row(t, ADD_I(LOAD(sum[r]), LOAD(bias)), ADD_I(LOAD(sum[r] + LANES), LOAD(bias + LANES)), &q, some);
    memcpy(t->s->out[t->row + r] + t->column, some, columns);
  }
}

MOTE_INLINE void run_tile(const tile *t, size_t mr) {
  const mote_qconv_strip *s = t->s;
  vi acc[MOST_ROWS][2];
#pragma GCC unroll 12
  for (size_t r = 0; r < mr; r++)
    acc[r][0] = acc[r][1] = ZERO;
  const char *a = t->a, *w = t->panel + BLOCK;
  for (size_t k = 0; k < s->steps; k++, a += 4, w += WIDTH * 4) {
    vi w0 = LOAD(w), w1 = LOAD(w + LANES * 4);
#pragma GCC unroll 12
    for (size_t r = 0; r < mr; r++) {
      int32_t two;
      memcpy(&two, a + (ptrdiff_t)r * s->a_stride, 4);
      vi u = SET_I(two);
      acc[r][0] = ADD_I(acc[r][0], MADD(u, w0));
      acc[r][1] = ADD_I(acc[r][1], MADD(u, w1));
    }
  }
  if (!mote_qconv_plain(s->args) || s->columns - t->column < WIDTH) {
    int32_t sum[MOST_ROWS][WIDTH];
#pragma GCC unroll 12
    for (size_t r = 0; r < mr; r++) {
      SAVE(sum[r], acc[r][0]);
      SAVE(sum[r] + LANES, acc[r][1]);
    }
    store_rest(t, mr, sum);
    return;
  }
  const int32_t *bias = mote_qcols_at(t->panel, WIDTH).bias;
  const vi b0 = LOAD(bias), b1 = LOAD(bias + LANES);
  const requant q = REQUANT(s->args);
#pragma GCC unroll 12
  for (size_t r = 0; r < mr; r++)
    store_row(t, ADD_I(acc[r][0], b0), ADD_I(acc[r][1], b1), &q, s->out[t->row + r] + t->column);
}

#define TILE(mr)                                                                                                       \
  static MOTE_NOINLINE void tile_##mr(const tile *t) { run_tile(t, mr); }
TILES
typedef void (*tile_function)(const tile *t);
static const uint8_t heights[] = {HEIGHTS};
static const tile_function tile_of[] = {NAMES};

// Panel by panel, all rows of the strip.
static void strip(const mote_qconv_strip *s) {
  const char *panel = s->panels;
  for (size_t column = 0; column < s->columns; column += WIDTH, panel += s->panel_size) {
    tile t = {s, NULL, panel, 0, column};
    for (size_t done = 0; done < s->rows;) {
      mote_qconv_step step = mote_qconv_next(heights, MOTE_COUNT(heights), s->rows, done);
      t.row = step.row;
      t.a = s->a + (ptrdiff_t)t.row * s->a_stride;
      tile_of[step.height](&t);
      done = step.next;
    }
  }
}

static void widen(mote_dtype type, int32_t zp, const void *from, int16_t *to, size_t count) {
  const int8_t *codes = from;
  vi zps = SET_W(zp);
  size_t i = 0;
  for (; i + WIDTH <= count; i += WIDTH)
    SAVE(to + i, SUB_W(type == MOTE_U8 ? WORDS_U8(codes + i) : WORDS_I8(codes + i), zps));
  for (; i < count; i++)
    to[i] = (int16_t)((type == MOTE_U8 ? (int32_t)(uint8_t)codes[i] : (int32_t)codes[i]) - zp);
}

static const mote_qconv_isa isa = {WIDTH, MOTE_QCONV_WORDS, strip, widen};

static size_t packed_size(const mote_qconv_weights *w) { return mote_qconv_frame_packed_size(&isa, w); }
static void pack(const mote_qconv_weights *w, void *packed) { mote_qconv_frame_pack(&isa, w, packed); }
static size_t scratch_size(const mote_qconv_args *a) { return mote_qconv_frame_scratch(&isa, a); }
static uint32_t tiles(const mote_qconv_args *a) { return mote_qconv_frame_tiles(&isa, a); }
static void run(const mote_qconv_args *a, const void *packed, uint32_t t0, uint32_t t1) {
  mote_qconv_frame_run(&isa, a, packed, t0, t1);
}

const mote_qconv_row ROW_NAME = {ROW_TEXT, ROW_NEEDS, packed_size, pack, scratch_size, tiles, run};
