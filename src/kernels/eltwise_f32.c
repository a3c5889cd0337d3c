// Tiling and the row table of the float32 element-wise functions.
// Knows no graph. Tests: tests/kernels/check_eltwise_f32.c
#include "kernels/eltwise_f32.h"

#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_eltwise_f32 symbol;
#include "kernels/list/eltwise_f32.def"
#undef MOTE_ROW
static const mote_eltwise_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/eltwise_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_eltwise_f32)

size_t mote_unary_f32_tiles(size_t n) { return n / MOTE_ELTWISE_F32_TILE + (n % MOTE_ELTWISE_F32_TILE != 0); }

size_t mote_binary_f32_tiles(size_t rows, size_t cols) {
  if (rows == 0 || cols == 0)
    return 0;
  if (cols > MOTE_ELTWISE_F32_TILE)
    return rows * mote_unary_f32_tiles(cols);
  const size_t height = MOTE_ELTWISE_F32_TILE / cols;
  return (rows + height - 1) / height;
}
