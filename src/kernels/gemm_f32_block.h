// How a product is cut into tiles: shared by gemm_f32.c and conv_f32.c, from the shape and the row alone.
// Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#ifndef MOTE_KERNELS_GEMM_F32_BLOCK_H
#define MOTE_KERNELS_GEMM_F32_BLOCK_H

#include "kernels/gemm_f32.h"

// Tile t covers rows [t % m_tiles * m, +m) and columns [t / m_tiles * n, +n): neighbours share their part of B.
typedef struct mote_gemm_f32_blocking {
  size_t m, n; // multiples of the row's mr and nr
  size_t m_tiles, n_tiles;
} mote_gemm_f32_blocking;

mote_gemm_f32_blocking mote_gemm_f32_block(const mote_gemm_f32 *row, size_t m, size_t n, size_t k);

#endif
