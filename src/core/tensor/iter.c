// Walking several tensors of one shape row by row, and strided copies built on it. Tests: tests/unit/test_tensor.c
#include <string.h>

#include "core/tensor/tensor.h"

// Does dim b continue dim a (a outside b) for every operand?
static bool can_merge(const mote_iter *it, int32_t a, int32_t b) {
  for (int32_t k = 0; k < it->operands; k++)
    if (it->stride[k][a] != it->stride[k][b] * it->dim[b])
      return false;
  return true;
}

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

// Operand 0 decides; where it is broadcast (stride 0) the next operand does.
static bool outside(const mote_iter *it, int32_t a, int32_t b) {
  for (int32_t k = 0; k < it->operands; k++) {
    int64_t sa = magnitude(it->stride[k][a]), sb = magnitude(it->stride[k][b]);
    if (sa != sb && sa != 0 && sb != 0)
      return sa > sb;
  }
  return a < b;
}

static void swap_dims(mote_iter *it, int32_t a, int32_t b) {
  int64_t d = it->dim[a];
  it->dim[a] = it->dim[b];
  it->dim[b] = d;
  for (int32_t k = 0; k < it->operands; k++) {
    int64_t s = it->stride[k][a];
    it->stride[k][a] = it->stride[k][b];
    it->stride[k][b] = s;
  }
}

static void merge_dims(mote_iter *it) {
  int32_t n = 0;
  for (int32_t i = 0; i < it->rank; i++) {
    if (n > 0 && can_merge(it, n - 1, i)) {
      it->dim[n - 1] *= it->dim[i];
      for (int32_t k = 0; k < it->operands; k++)
        it->stride[k][n - 1] = it->stride[k][i];
      continue;
    }
    it->dim[n] = it->dim[i];
    for (int32_t k = 0; k < it->operands; k++)
      it->stride[k][n] = it->stride[k][i];
    n++;
  }
  it->rank = n;
}

void mote_iter_init(mote_iter *it, int32_t rank, const int64_t *dim, int32_t operands, const int64_t *const strides[]) {
  memset(it, 0, sizeof *it);
  it->operands = operands;
  for (int32_t i = 0; i < rank; i++) {
    if (dim[i] == 1)
      continue;
    it->dim[it->rank] = dim[i];
    for (int32_t k = 0; k < operands; k++)
      it->stride[k][it->rank] = strides[k][i];
    it->rank++;
  }
  for (int32_t i = 1; i < it->rank; i++) // insertion sort: at most eight dims, usually in order already
    for (int32_t j = i; j > 0 && outside(it, j, j - 1); j--)
      swap_dims(it, j, j - 1);
  merge_dims(it);
  it->inner = 1;
  if (it->rank > 0) {
    it->rank--;
    it->inner = it->dim[it->rank];
    for (int32_t k = 0; k < operands; k++)
      it->inner_stride[k] = it->stride[k][it->rank];
  }
  it->rows = 1;
  for (int32_t i = 0; i < it->rank; i++)
    it->rows *= it->dim[i];
}

void mote_iter_row(const mote_iter *it, int64_t row, int64_t offset[MOTE_ITER_OPERANDS]) {
  for (int32_t k = 0; k < it->operands; k++)
    offset[k] = 0;
  for (int32_t i = it->rank - 1; i >= 0; i--) {
    int64_t index = row % it->dim[i];
    row /= it->dim[i];
    for (int32_t k = 0; k < it->operands; k++)
      offset[k] += index * it->stride[k][i];
  }
}

#define COPY_ROW(type)                                                                                                 \
  do {                                                                                                                 \
    const type *s = (const type *)src;                                                                                 \
    type *d = (type *)dst;                                                                                             \
    for (int64_t i = 0; i < n; i++)                                                                                    \
      d[i * ds] = s[i * ss];                                                                                           \
  } while (0)

static void copy_row(const void *src, int64_t ss, void *dst, int64_t ds, int64_t n, size_t size) {
  typedef struct pair {
    uint64_t a, b;
  } pair;
  if (ss == 1 && ds == 1) {
    memcpy(dst, src, (size_t)n * size);
    return;
  }
  switch (size) {
  case 1:
    COPY_ROW(uint8_t);
    break;
  case 2:
    COPY_ROW(uint16_t);
    break;
  case 4:
    COPY_ROW(uint32_t);
    break;
  case 8:
    COPY_ROW(uint64_t);
    break;
  default:
    COPY_ROW(pair);
  }
}

// A short innermost row costs more than the strided walk along a longer dimension.
static void prefer_long_rows(mote_iter *it) {
  int32_t last = it->rank - 1;
  if (last < 0 || it->inner >= 16 || it->dim[last] <= it->inner)
    return;
  int64_t inner = it->inner;
  it->inner = it->dim[last];
  it->dim[last] = inner;
  it->rows = it->rows / it->inner * inner;
  for (int32_t k = 0; k < it->operands; k++) {
    int64_t stride = it->inner_stride[k];
    it->inner_stride[k] = it->stride[k][last];
    it->stride[k][last] = stride;
  }
}

void mote_tensor_copy(const mote_tensor *src, const mote_tensor *dst) {
  size_t size = mote_dtype_size(dst->dtype), bytes;
  if (size == 0) { // sub-byte tensors are always dense
    if (mote_tensor_bytes(dst, &bytes) && bytes > 0)
      memcpy(dst->data, src->data, bytes);
    return;
  }
  if (mote_tensor_numel(dst) == 0)
    return;
  const int64_t *strides[2] = {dst->stride, src->stride};
  mote_iter it;
  mote_iter_init(&it, dst->rank, dst->dim, 2, strides);
  prefer_long_rows(&it);
  for (int64_t r = 0; r < it.rows; r++) {
    int64_t offset[MOTE_ITER_OPERANDS];
    mote_iter_row(&it, r, offset);
    copy_row((const char *)src->data + offset[1] * (int64_t)size, it.inner_stride[1],
             (char *)dst->data + offset[0] * (int64_t)size, it.inner_stride[0], it.inner, size);
  }
}
