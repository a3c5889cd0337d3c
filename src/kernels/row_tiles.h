// How families that work row by row are cut into tiles: whole rows, about 8192 elements of them.
// Knows no family. Tests: tests/kernels/check_rows_f32.c
#ifndef MOTE_KERNELS_ROW_TILES_H
#define MOTE_KERNELS_ROW_TILES_H

#include "base/compiler.h"

// Rows a tile.
static inline size_t mote_row_tile(size_t cols) { return cols == 0 || cols > 8192 ? 1 : 8192 / cols; }
static inline size_t mote_row_tiles(size_t rows, size_t cols) {
  return rows / mote_row_tile(cols) + (rows % mote_row_tile(cols) != 0);
}

#endif
