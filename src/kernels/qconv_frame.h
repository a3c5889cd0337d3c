// The part of quantised convolution that every vector row shares: packing in panels, cutting work into tiles, gathering
// the input rows of a tile. A row adds only its strip: some rows times some panels. Private to the qconv rows; the
// contract is qconv.h. Tests: tests/kernels/check_qconv.c
#ifndef MOTE_KERNELS_QCONV_FRAME_H
#define MOTE_KERNELS_QCONV_FRAME_H

#include "kernels/qcols.h"
#include "kernels/qconv.h"

// Most rows of a strip.
enum { MOTE_QCONV_ROWS = 192 };

// A strip's output: sums of input times weight for `rows` x `columns`. Inputs are bytes or, for rows that ask for
// words, 16-bit input less its zero point.
//
// Bytes: with u = input ^ flip (a signed or unsigned code, as the row multiplies it), s = the packed weight, d = w_zp:
//   sum = bias + SUM u*s - zero * wsum - d * SUM u,   zero = in_zp + shift, wsum = SUM (s - d)
// Words: sum = bias + SUM a*s.
typedef struct mote_qconv_strip {
  const mote_qconv_args *args;
  const char *a; // row r starts at a + r*a_stride; `steps` groups of bytes (4) or words (2) are readable
  ptrdiff_t a_stride;
  size_t rows, steps;
  uint8_t flip;  // 0x80 where the model's codes have the other signedness, else 0
  int32_t shift; // what flipping adds to a code: 128, -128 or 0
  int32_t w_zp;
  const char *panels; // each: the column block of `width` columns, then steps * width groups
  size_t panel_size, columns;
  char *const *out; // of each row: where column 0 goes
  size_t first_row; // of the whole product, for the arrays by image
} mote_qconv_strip;

// How a row takes its inputs: unsigned or signed bytes in groups of 4, or 16-bit words (and weights) in groups of 2.
typedef enum mote_qconv_input { MOTE_QCONV_UNSIGNED, MOTE_QCONV_SIGNED, MOTE_QCONV_WORDS } mote_qconv_input;

typedef struct mote_qconv_isa {
  uint32_t width; // columns of a panel
  mote_qconv_input input;
  void (*strip)(const mote_qconv_strip *s);
  // Words only: to[i] = from[i] - zp, over I8 or U8 codes.
  void (*widen)(mote_dtype type, int32_t zp, const void *from, int16_t *to, size_t count);
} mote_qconv_isa;

size_t mote_qconv_frame_packed_size(const mote_qconv_isa *isa, const mote_qconv_weights *w);
void mote_qconv_frame_pack(const mote_qconv_isa *isa, const mote_qconv_weights *w, void *packed);
size_t mote_qconv_frame_scratch(const mote_qconv_isa *isa, const mote_qconv_args *a);
uint32_t mote_qconv_frame_tiles(const mote_qconv_isa *isa, const mote_qconv_args *a);
void mote_qconv_frame_run(const mote_qconv_isa *isa, const mote_qconv_args *a, const void *packed, uint32_t t0,
                          uint32_t t1);

// Tiles come in few heights, to keep the code small. The last tile of a strip may go over rows that are done already
// (the same values are stored again) when that takes fewer tiles.
typedef struct mote_qconv_step {
  size_t row, height, next; // first row of the tile, index of its height, rows done after it
} mote_qconv_step;

// `heights`: `count` of them, rising from 1.
MOTE_INLINE mote_qconv_step mote_qconv_next(const uint8_t *heights, size_t count, size_t rows, size_t done) {
  size_t left = rows - done, h = 0;
  while (h + 1 < count && heights[h] < left && heights[h + 1] <= rows)
    h++;
  mote_qconv_step step = {done, h, MOTE_MIN(done + heights[h], rows)};
  step.row = step.next - heights[h];
  return step;
}

// For stores that a row has no fast path of: `dot` holds SUM u*s (or SUM a*s) of `count` columns from `first` on, of
// strip row `row` whose inputs add up to `row_sum` (read only when w_zp is not 0). Stores them.
void mote_qconv_finish(const mote_qconv_strip *s, const char *panel, uint32_t width, bool words, size_t row,
                       size_t first, int32_t row_sum, const int32_t *dot, size_t count);

// Whether the store is a plain float requantisation to bytes with halves to even and one zero point for all rows.
MOTE_INLINE bool mote_qconv_plain(const mote_qconv_args *a) {
  return (a->out_type == MOTE_I8 || a->out_type == MOTE_U8) && a->round == MOTE_QROUND_EVEN && a->image_zp == NULL;
}

#endif
