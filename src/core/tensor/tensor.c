// Shapes, strides and broadcasting of tensors. Knows no element arithmetic. Tests: tests/unit/test_tensor.c
#include "core/tensor/tensor.h"

#include <string.h>

#include "base/text.h"

int64_t mote_tensor_numel(const mote_tensor *t) {
  int64_t n = 1;
  for (int32_t i = 0; i < t->rank; i++)
    n *= t->dim[i];
  return n;
}

bool mote_tensor_bytes(const mote_tensor *t, size_t *out) {
  int64_t n = 1;
  bool zero = false;
  for (int32_t i = 0; i < t->rank; i++) {
    if (t->dim[i] < 0)
      return false;
    zero |= t->dim[i] == 0;
    if (t->dim[i] != 0 && !mote_mul_count(n, t->dim[i], &n))
      return false;
  }
  if (zero)
    n = 0;
  uint32_t bits = mote_dtype_bits(t->dtype);
  if (bits != 0 && bits < 8) {
    *out = ((size_t)n * bits + 7) / 8;
    return true;
  }
  // Half of the address space is the most that offsets in int64 can reach.
  return mote_mul_size((size_t)n, mote_dtype_size(t->dtype), out) && *out <= SIZE_MAX / 2;
}

void mote_tensor_set_dense(mote_tensor *t) {
  int64_t s = 1;
  for (int32_t i = t->rank - 1; i >= 0; i--) {
    t->stride[i] = s; // may wrap where another dimension is 0: such strides are never used
    s = (int64_t)((uint64_t)s * (uint64_t)(t->dim[i] > 0 ? t->dim[i] : 1));
  }
}

bool mote_tensor_is_dense(const mote_tensor *t) {
  int64_t s = 1;
  for (int32_t i = t->rank - 1; i >= 0; i--) {
    if (t->dim[i] == 0)
      return true;
    if (t->dim[i] != 1 && t->stride[i] != s)
      return false;
    s *= t->dim[i];
  }
  return true;
}

// Order of dims from slowest to fastest: 0, 2.., 1.
static int32_t channels_last_dim(int32_t rank, int32_t k) { return k == 0 ? 0 : k == rank - 1 ? 1 : k + 1; }

void mote_tensor_set_channels_last(mote_tensor *t) {
  if (t->rank < 3) {
    mote_tensor_set_dense(t);
    return;
  }
  int64_t s = 1;
  for (int32_t k = t->rank - 1; k >= 0; k--) {
    int32_t i = channels_last_dim(t->rank, k);
    t->stride[i] = s;
    s *= t->dim[i] > 0 ? t->dim[i] : 1;
  }
}

bool mote_tensor_is_channels_last(const mote_tensor *t) {
  if (t->rank < 3)
    return mote_tensor_is_dense(t);
  int64_t s = 1;
  for (int32_t k = t->rank - 1; k >= 0; k--) {
    int32_t i = channels_last_dim(t->rank, k);
    if (t->dim[i] == 0)
      return true;
    if (t->dim[i] != 1 && t->stride[i] != s)
      return false;
    s *= t->dim[i];
  }
  return true;
}

bool mote_tensor_is_packed(const mote_tensor *t) {
  int64_t expect = 1;
  bool used[MOTE_MAX_RANK] = {false};
  for (int32_t n = 0; n < t->rank; n++) {
    int32_t found = -1;
    for (int32_t i = 0; i < t->rank && found < 0; i++)
      if (!used[i] && (t->dim[i] == 1 || t->stride[i] == expect))
        found = i;
    if (found < 0)
      return mote_tensor_numel(t) == 0;
    used[found] = true;
    expect *= t->dim[found];
  }
  return true;
}

bool mote_tensor_same_shape(const mote_tensor *a, const mote_tensor *b) {
  return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

bool mote_tensor_same_strides(const mote_tensor *a, const mote_tensor *b) {
  if (a->rank != b->rank)
    return false;
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dim[i] != 1 && a->stride[i] != b->stride[i])
      return false;
  return true;
}

void mote_tensor_init(mote_tensor *t, mote_dtype dtype, int32_t rank, const int64_t *dim) {
  memset(t, 0, sizeof *t);
  t->dtype = dtype;
  t->rank = rank;
  for (int32_t i = 0; i < rank; i++)
    t->dim[i] = dim[i];
  t->quant.axis = -1;
  mote_tensor_set_dense(t);
}

void mote_tensor_text(const mote_tensor *t, char *out, size_t cap) {
  int n = mote_snprint(out, cap, "%s[", mote_dtype_name(t->dtype));
  for (int32_t i = 0; i < t->rank && (size_t)n < cap; i++)
    n += mote_snprint(out + n, cap - (size_t)n, i ? ", %lld" : "%lld", (long long)t->dim[i]);
  if ((size_t)n < cap)
    mote_snprint(out + n, cap - (size_t)n, "]");
}

bool mote_axis_normalise(int64_t axis, int32_t rank, int32_t *out) {
  int64_t r = rank > 0 ? rank : 1;
  if (axis < -r || axis >= r)
    return false;
  *out = (int32_t)(axis < 0 ? axis + r : axis);
  return true;
}

bool mote_broadcast_strides(const mote_tensor *t, int32_t rank, const int64_t *dim, int64_t *stride) {
  if (t->rank > rank)
    return false;
  int32_t lead = rank - t->rank;
  for (int32_t i = 0; i < rank; i++) {
    if (i < lead || (t->dim[i - lead] == 1 && dim[i] != 1)) {
      stride[i] = 0;
      continue;
    }
    if (t->dim[i - lead] != dim[i])
      return false;
    stride[i] = t->stride[i - lead];
  }
  return true;
}

bool mote_broadcast_shape(const mote_tensor *a, const mote_tensor *b, int32_t *rank, int64_t *dim) {
  int32_t r = MOTE_MAX(a->rank, b->rank);
  for (int32_t i = 0; i < r; i++) {
    int64_t da = i < r - a->rank ? 1 : a->dim[i - (r - a->rank)];
    int64_t db = i < r - b->rank ? 1 : b->dim[i - (r - b->rank)];
    if (da != db && da != 1 && db != 1)
      return false;
    dim[i] = da == 1 ? db : da;
  }
  *rank = r;
  return true;
}
