// float32 matrix product C = clamp(A*B + bias + residual, lo, hi) with B packed beforehand.
//
// Order of arithmetic: every output starts from its bias and adds a*b by fused multiply-add for k = 0, 1, 2, ...; then
// the residual; then max(lo), min(hi), which keep a NaN. All rows give the same bits. Sizes are validated by the
// caller: the product of what is passed must describe memory that exists. Knows no graph. Tests:
// tests/kernels/check_gemm_f32.c
#ifndef MOTE_KERNELS_GEMM_F32_H
#define MOTE_KERNELS_GEMM_F32_H

#include "base/cpu.h"

// One strip of the product: `rows` rows of A against all columns [n0, n1) of the packed matrix. For the drivers in
// gemm_f32.c and conv_f32.c only. A row of A is `taps` runs of `k` contiguous floats, the run of tap t and row i at
// a[t*rows + i]; at most MOTE_GEMM_F32_TAPS_MAX taps.
typedef struct mote_gemm_f32_strip {
  size_t rows;
  const float *const *a;
  size_t taps, k;
  // Depth of the packed matrix and where this call starts in it. A call that starts past 0 takes the sums from
  // `partial`, one that ends before k_total leaves them there (mr x nr floats, one panel a call); else it is not read.
  size_t k_total, k_first;
  float *partial;
  const float *packed;          // of the whole matrix
  size_t n, n0, n1;             // n0 is a multiple of the row's nr; n1 too, or n
  float *const *c;              // [rows], column 0
  const float *const *residual; // [rows] or NULL; may be c itself
  float lo, hi;
} mote_gemm_f32_strip;

typedef struct mote_gemm_f32 {
  const char *name, *isa;
  uint32_t features; // MOTE_CPU_ bits that must be present
  uint32_t mr, nr;   // largest rows of a strip; columns of a packed panel
  uint32_t nr_tail;  // a last panel of at most this many columns is packed this wide
  void (*strip)(const mote_gemm_f32_strip *strip);
} mote_gemm_f32;

#define MOTE_GEMM_F32_MR_MAX 16
#define MOTE_GEMM_F32_NR_MAX 64
#define MOTE_GEMM_F32_TAPS_MAX 64

// Best row for this CPU; never NULL.
const mote_gemm_f32 *mote_gemm_f32_select(const mote_cpu *cpu);
// All rows built in, best first.
const mote_gemm_f32 *const *mote_gemm_f32_rows(size_t *count);

// Bytes that a packed K x N matrix takes; 0 when that overflows size_t.
size_t mote_gemm_f32_packed_size(const mote_gemm_f32 *row, size_t n, size_t k);
// Panels that mote_gemm_f32_pack splits into.
size_t mote_gemm_f32_pack_tiles(const mote_gemm_f32 *row, size_t n);
// Packs panels [t0, t1): B(k, n) is b[k*k_stride + n*n_stride]. `bias` has n floats or is NULL (zeros). `packed` is
// aligned to 64 bytes. Different panels touch different bytes.
void mote_gemm_f32_pack(const mote_gemm_f32 *row, size_t n, size_t k, const float *b, ptrdiff_t k_stride,
                        ptrdiff_t n_stride, const float *bias, void *packed, size_t t0, size_t t1);

// Any float pointer needs 4-byte alignment only. C must not overlap A; the residual may be C itself.
// A whose k is not contiguous: transpose it (transpose.h) first.
typedef struct mote_gemm_f32_args {
  size_t m, n, k;
  const float *a;
  ptrdiff_t a_stride; // elements between rows of A; elements of a row are contiguous
  const void *packed;
  float *c;
  ptrdiff_t c_stride;
  const float *residual; // NULL: none
  ptrdiff_t residual_stride;
  float lo, hi; // -INFINITY, INFINITY: no clamp
} mote_gemm_f32_args;

// Number of tiles, from the shape alone. Tiles are independent and may run in any order on any thread.
size_t mote_gemm_f32_tiles(const mote_gemm_f32 *row, size_t m, size_t n, size_t k);
void mote_gemm_f32_run(const mote_gemm_f32 *row, const mote_gemm_f32_args *args, size_t t0, size_t t1);

#endif
