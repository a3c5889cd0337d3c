// Packing, tiling and the row table of the float32 matrix product; the arithmetic is in the rows' strips.
// Knows no graph. Tests: tests/kernels/check_gemm_f32.c
#include "kernels/gemm_f32.h"

#include <string.h>

#include "base/checked.h"
#include "kernels/gemm_f32_block.h"
#include "kernels/rows.h"
#include "kernels/transpose.h"

#define MOTE_ROW(symbol) extern const mote_gemm_f32 symbol;
#include "kernels/list/gemm_f32.def"
#undef MOTE_ROW
static const mote_gemm_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/gemm_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_gemm_f32)

// Columns that the panel starting at column n0 is packed for.
static size_t panel_width(const mote_gemm_f32 *row, size_t n, size_t n0) {
  return n - n0 <= row->nr_tail ? row->nr_tail : row->nr;
}

size_t mote_gemm_f32_packed_size(const mote_gemm_f32 *row, size_t n, size_t k) {
  size_t floats, bytes;
  if (n == 0)
    return sizeof(float);
  const size_t last = (n - 1) / row->nr * row->nr;
  const size_t columns = last + panel_width(row, n, last);
  if (columns < n || k == SIZE_MAX || !mote_mul_size(columns, k + 1, &floats) ||
      !mote_mul_size(floats, sizeof(float), &bytes))
    return 0;
  return bytes;
}

size_t mote_gemm_f32_pack_tiles(const mote_gemm_f32 *row, size_t n) { return (n + row->nr - 1) / row->nr; }

// The transposes that the row's CPU has.
static const mote_transpose *transpose_of(const mote_gemm_f32 *row) {
  mote_cpu cpu = {.features = row->features};
  if (cpu.features & MOTE_CPU_AVX512)
    cpu.features |= MOTE_CPU_AVX2;
  return mote_transpose_select(&cpu);
}

// Squares of 16x16, so that a cache line of the source gives its 16 elements while it is there.
static void pack_transposed(float *to, size_t width, size_t cols, size_t k, const float *b, ptrdiff_t k_stride,
                            ptrdiff_t n_stride) {
  enum { SQUARE = 16 };
  for (size_t j0 = 0; j0 < cols; j0 += SQUARE)
    for (size_t p0 = 0; p0 < k; p0 += SQUARE) {
      const size_t j1 = MOTE_MIN(j0 + SQUARE, cols), p1 = MOTE_MIN(p0 + SQUARE, k);
      for (size_t j = j0; j < j1; j++) {
        const float *from = b + (ptrdiff_t)j * n_stride;
        for (size_t p = p0; p < p1; p++)
          to[p * width + j] = from[(ptrdiff_t)p * k_stride];
      }
    }
}

void mote_gemm_f32_pack_rows(const mote_gemm_f32 *row, float *to, size_t width, size_t cols, size_t k, const float *b,
                             ptrdiff_t k_stride, ptrdiff_t n_stride) {
  if (n_stride == 1)
    for (size_t p = 0; p < k; p++)
      memcpy(to + p * width, b + (ptrdiff_t)p * k_stride, cols * sizeof(float));
  else if (k_stride == 1)
    transpose_of(row)->b4(cols, k, b, n_stride, to, (ptrdiff_t)width);
  else
    pack_transposed(to, width, cols, k, b, k_stride, n_stride);
  for (size_t p = 0; p < k && cols < width; p++)
    memset(to + p * width + cols, 0, (width - cols) * sizeof(float));
}

// A panel: a row of biases, then the rows of B.
static void pack_panel(const mote_gemm_f32 *row, float *to, size_t width, size_t cols, size_t k, const float *b,
                       ptrdiff_t k_stride, ptrdiff_t n_stride, const float *bias) {
  for (size_t j = 0; j < width; j++)
    to[j] = bias != NULL && j < cols ? bias[j] : 0.0f;
  mote_gemm_f32_pack_rows(row, to + width, width, cols, k, b, k_stride, n_stride);
}

void mote_gemm_f32_pack(const mote_gemm_f32 *row, size_t n, size_t k, const float *b, ptrdiff_t k_stride,
                        ptrdiff_t n_stride, const float *bias, void *packed, size_t t0, size_t t1) {
  for (size_t t = t0; t < t1; t++) {
    const size_t n0 = t * row->nr;
    float *to = (float *)packed + n0 * (k + 1);
    pack_panel(row, to, panel_width(row, n, n0), MOTE_MIN(n - n0, row->nr), k, b + (ptrdiff_t)n0 * n_stride, k_stride,
               n_stride, bias != NULL ? bias + n0 : NULL);
  }
}

mote_gemm_f32_blocking mote_gemm_f32_block(const mote_gemm_f32 *row, size_t m, size_t n, size_t k) {
  // Multiply-adds worth handing to a thread: some microseconds, far above what a tile costs to fetch.
  const size_t work = (size_t)1 << 19;
  // Floats of B that stay in a second-level cache (256 KiB) while the rows of A pass by.
  const size_t cached = (size_t)1 << 16;
  const size_t depth = k + 1;
  const size_t panels = (n + row->nr - 1) / row->nr;
  mote_gemm_f32_blocking block;
  size_t in_block = MOTE_MAX(cached / depth / row->nr, 1);
  if (m <= row->mr) // B passes by once, at the memory's speed: smaller work, but four panels for the form of one row
    in_block = MOTE_MAX(work / 4 / depth / row->nr / MOTE_MAX(m, 1), m == 1 ? 4 : 1);
  in_block = MOTE_MIN(in_block, MOTE_MAX(panels, 1));
  block.n = in_block * row->nr;
  const size_t strip = depth * row->mr * block.n;
  block.m = row->mr * MOTE_MIN(MOTE_MAX(work / strip, 1), 64);
  block.m_tiles = (m + block.m - 1) / block.m;
  block.n_tiles = (panels + in_block - 1) / in_block;
  return block;
}

size_t mote_gemm_f32_tiles(const mote_gemm_f32 *row, size_t m, size_t n, size_t k) {
  const mote_gemm_f32_blocking block = mote_gemm_f32_block(row, m, n, k);
  return block.m_tiles * block.n_tiles;
}

void mote_gemm_f32_run(const mote_gemm_f32 *row, const mote_gemm_f32_args *args, size_t t0, size_t t1) {
  const mote_gemm_f32_blocking block = mote_gemm_f32_block(row, args->m, args->n, args->k);
  const float *a[MOTE_GEMM_F32_MR_MAX], *residual[MOTE_GEMM_F32_MR_MAX];
  float *c[MOTE_GEMM_F32_MR_MAX];
  mote_gemm_f32_strip strip = {.a = a,
                               .taps = 1,
                               .k = args->k,
                               .k_total = args->k,
                               .packed = args->packed,
                               .n = args->n,
                               .c = c,
                               .residual = args->residual != NULL ? residual : NULL,
                               .lo = args->lo,
                               .hi = args->hi};
  for (size_t t = t0; t < t1; t++) {
    const size_t m0 = t % block.m_tiles * block.m, m1 = MOTE_MIN(m0 + block.m, args->m);
    strip.n0 = t / block.m_tiles * block.n;
    strip.n1 = MOTE_MIN(strip.n0 + block.n, args->n);
    for (size_t m = m0; m < m1; m += row->mr) {
      strip.rows = MOTE_MIN(row->mr, m1 - m);
      for (size_t i = 0; i < strip.rows; i++) {
        a[i] = args->a + (ptrdiff_t)(m + i) * args->a_stride;
        c[i] = args->c + (ptrdiff_t)(m + i) * args->c_stride;
        if (args->residual != NULL)
          residual[i] = args->residual + (ptrdiff_t)(m + i) * args->residual_stride;
      }
      row->strip(&strip);
    }
  }
}
