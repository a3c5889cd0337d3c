// Tiling and the row table of the float32 softmax. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/softmax_f32.h"

#include "kernels/row_tiles.h"
#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_softmax_f32 symbol;
#include "kernels/list/softmax_f32.def"
#undef MOTE_ROW
static const mote_softmax_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/softmax_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_softmax_f32)

size_t mote_softmax_f32_tiles(size_t rows, size_t cols) { return mote_row_tiles(rows, cols); }
