// How a product is cut into tiles and its matrix packed: shared by gemm_f32.c and conv_f32.c, from the shape and the
// row alone. Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#ifndef MOTE_KERNELS_GEMM_F32_BLOCK_H
#define MOTE_KERNELS_GEMM_F32_BLOCK_H

#include "kernels/gemm_f32.h"

// Tile t covers rows [t % m_tiles * m, +m) and columns [t / m_tiles * n, +n): neighbours share their part of B.
typedef struct mote_gemm_f32_blocking {
  size_t m, n; // multiples of the row's mr and nr
  size_t m_tiles, n_tiles;
} mote_gemm_f32_blocking;

mote_gemm_f32_blocking mote_gemm_f32_block(const mote_gemm_f32 *row, size_t m, size_t n, size_t k);

// `k` rows of a panel of `width` columns, of which `cols` exist, the others zero: to[p*width + j] = b[p*k_stride +
// j*n_stride].
void mote_gemm_f32_pack_rows(const mote_gemm_f32 *row, float *to, size_t width, size_t cols, size_t k, const float *b,
                             ptrdiff_t k_stride, ptrdiff_t n_stride);

#endif
