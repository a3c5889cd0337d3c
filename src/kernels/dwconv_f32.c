// Packing, tiling and the row table of the float32 depthwise convolution.
// Knows no graph. Tests: tests/kernels/check_dwconv_f32.c
#include "kernels/dwconv_f32.h"

#include <string.h>

#include "base/checked.h"
#include "kernels/dwconv_f32_any.h"
#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_dwconv_f32 symbol;
#include "kernels/list/dwconv_f32.def"
#undef MOTE_ROW
static const mote_dwconv_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/dwconv_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_dwconv_f32)

// Layout: for each block of output channels its biases, then its weights tap by tap; at the end a pixel of zeros, as
// many as input channels, that padding points at.
size_t mote_dwconv_f32_packed_size(const mote_dwconv_f32 *row, size_t kh, size_t kw, size_t channels,
                                   size_t multiplier) {
  size_t taps, outputs, floats, bytes;
  if (!mote_mul_size(kh, kw, &taps) || !mote_mul_size(channels, multiplier, &outputs) ||
      !mote_add_size(outputs, row->block - 1, &outputs) || taps == SIZE_MAX)
    return 0;
  outputs = outputs / row->block * row->block;
  if (!mote_mul_size(outputs, taps + 1, &floats) || !mote_add_size(floats, channels, &floats) ||
      !mote_mul_size(floats, sizeof(float), &bytes))
    return 0;
  return bytes;
}

MOTE_SMALL void mote_dwconv_f32_pack(const mote_dwconv_f32 *row, size_t kh, size_t kw, size_t channels,
                                     size_t multiplier, const float *w, ptrdiff_t i_stride, ptrdiff_t j_stride,
                                     ptrdiff_t o_stride, const float *bias, void *packed) {
  const size_t outputs = channels * multiplier;
  float *to = packed;
  for (size_t block = 0; block < outputs; block += row->block) {
    const size_t o0 = mote_dw_first(outputs, row->block, block);
    const size_t count = MOTE_MIN(row->block, outputs - o0);
    for (size_t o = 0; o < row->block; o++)
      *to++ = bias != NULL && o < count ? bias[o0 + o] : 0.0f;
    for (size_t i = 0; i < kh; i++)
      for (size_t j = 0; j < kw; j++)
        for (size_t o = 0; o < row->block; o++)
          *to++ =
              o < count ? w[(ptrdiff_t)i * i_stride + (ptrdiff_t)j * j_stride + (ptrdiff_t)(o0 + o) * o_stride] : 0.0f;
  }
  memset(to, 0, channels * sizeof(float));
}

size_t mote_dwconv_f32_tiles(const mote_dwconv_f32_args *args) {
  const size_t bands = (args->out.h + MOTE_DWCONV_F32_BAND - 1) / MOTE_DWCONV_F32_BAND;
  return args->out.n * bands * mote_dw_chunks(args->channels);
}
