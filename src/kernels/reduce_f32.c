// Tiling and the row table of the float32 reduction. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/reduce_f32.h"

#include "kernels/row_tiles.h"
#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_reduce_f32 symbol;
#include "kernels/list/reduce_f32.def"
#undef MOTE_ROW
static const mote_reduce_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/reduce_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_reduce_f32)

size_t mote_reduce_f32_tiles(const mote_reduce_f32_args *args) {
  if (args->inner == 1)
    return mote_row_tiles(args->outer, args->count);
  return args->outer * ((args->inner + MOTE_REDUCE_F32_CHUNK - 1) / MOTE_REDUCE_F32_CHUNK);
}
