// Tiling and the row table of the float32 resize. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/resize_f32.h"

#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_resize_f32 symbol;
#include "kernels/list/resize_f32.def"
#undef MOTE_ROW
static const mote_resize_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/resize_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_resize_f32)

size_t mote_resize_f32_tiles(const mote_resize_f32_args *args) { return args->out.n * args->out.h; }
