// Tensor values: making them and their windows on storages. Tests: tests/script/test_value.c
#include "core/value/value.h"

#include <string.h>

// The quantisation arrays of `t` in one storage: scales, then zero points.
static mote_status keep_quant(const mote_allocator *al, mote_handle *h, mote_error *err) {
  const mote_quant *q = &h->t.quant;
  if (q->count <= 1 || (!q->scales && !q->zero_points))
    return MOTE_OK;
  size_t n = (size_t)q->count, bytes;
  if (!mote_mul_size(n, sizeof(double) + sizeof(int32_t), &bytes))
    return mote_fail_nomem(err);
  h->quant_mem = mote_storage_create(al, bytes, true);
  if (!h->quant_mem)
    return mote_fail_nomem(err);
  double *scales = h->quant_mem->data;
  int32_t *zero = (int32_t *)(void *)(scales + n);
  if (q->scales) {
    memcpy(scales, q->scales, n * sizeof *scales);
    h->t.quant.scales = scales;
  }
  if (q->zero_points) {
    memcpy(zero, q->zero_points, n * sizeof *zero);
    h->t.quant.zero_points = zero;
  }
  return MOTE_OK;
}

mote_status mote_handle_new(const mote_allocator *al, const mote_tensor *t, mote_storage *storage, int64_t offset,
                            mote_val *out, mote_error *err) {
  mote_handle *h = MOTE_NEW(al, mote_handle);
  if (!h)
    return mote_fail_nomem(err);
  h->cell.refs = 1;
  h->cell.tag = MOTE_TAG_TENSOR;
  h->cell.al = al;
  h->t = *t;
  h->t.data = NULL;
  h->offset = offset;
  mote_status s = keep_quant(al, h, err);
  if (s != MOTE_OK) {
    mote_free(al, h);
    return s;
  }
  h->storage = mote_storage_retain(storage);
  *out = mote_val_cell(&h->cell);
  return MOTE_OK;
}

mote_status mote_handle_alloc(const mote_allocator *al, const mote_tensor *t, bool zero, mote_val *out,
                              mote_error *err) {
  mote_tensor dense = *t;
  size_t bytes;
  mote_tensor_set_dense(&dense);
  if (!mote_tensor_bytes(&dense, &bytes))
    return mote_fail(err, MOTE_ERR_SHAPE, "tensor is too large");
  mote_storage *storage = mote_storage_create(al, bytes, zero || t->dtype == MOTE_STRING);
  if (!storage)
    return mote_fail_nomem(err);
  mote_status s = mote_handle_new(al, &dense, storage, 0, out, err);
  mote_storage_release(storage);
  return s;
}

bool mote_handle_fits(const mote_tensor *t, int64_t offset, size_t bytes) {
  size_t size = mote_dtype_size(t->dtype), dense;
  if (!size)
    return mote_tensor_bytes(t, &dense) && offset == 0 && dense <= bytes;
  int64_t lo = offset, hi = offset;
  for (int32_t i = 0; i < t->rank; i++) {
    if (t->dim[i] < 0)
      return false;
    if (t->dim[i] == 0)
      return offset >= 0;
    int64_t steps = t->dim[i] - 1, stride = t->stride[i], span;
    if (stride == INT64_MIN || !mote_mul_count(steps, stride < 0 ? -stride : stride, &span))
      return false;
    if (!mote_add_i64(stride < 0 ? lo : hi, stride < 0 ? -span : span, stride < 0 ? &lo : &hi))
      return false;
  }
  return lo >= 0 && (uint64_t)hi < bytes / size;
}

void mote_handle_view(const mote_handle *h, mote_tensor *out) {
  *out = h->t;
  size_t size = mote_dtype_size(h->t.dtype);
  out->data = h->storage->data ? (char *)h->storage->data + h->offset * (int64_t)size : NULL;
}
