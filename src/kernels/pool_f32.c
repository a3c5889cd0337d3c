// Tiling and the row table of float32 pooling. Knows no graph. Tests: tests/kernels/check_pool_f32.c
#include "kernels/pool_f32.h"

#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_pool_f32 symbol;
#include "kernels/list/pool_f32.def"
#undef MOTE_ROW
static const mote_pool_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/pool_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_pool_f32)

size_t mote_pool_f32_tiles(const mote_pool_f32_args *args) {
  const size_t chunks = (args->channels + MOTE_POOL_F32_CHUNK - 1) / MOTE_POOL_F32_CHUNK;
  return args->out.n * args->out.h * chunks;
}
