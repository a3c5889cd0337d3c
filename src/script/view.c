// See view.h.
#include "script/view.h"

#include <string.h>

#include "ops/shape.h"

mote_status mote_vm_ints(mote_vm *vm, mote_val v, int64_t *out, int32_t cap, int32_t *n) {
  if (mote_is_int(v)) {
    *n = 1;
    out[0] = v.u.i;
    return MOTE_OK;
  }
  MOTE_WANT(vm, v, MOTE_TAG_LIST);
  if (v.u.list->len > (size_t)cap)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "%zu dimensions; %d is the most", v.u.list->len, cap);
  *n = (int32_t)v.u.list->len;
  for (int32_t i = 0; i < *n; i++) {
    mote_val item = v.u.list->at[i];
    if (item.tag == MOTE_TAG_TENSOR) { // sizes of a traced program may be 0-dim tensors
      MOTE_TRY(mote_vm_item(vm, item.u.tensor, &item));
      if (!mote_is_int(item))
        return mote_val_release(item), mote_vm_fail_type(vm, "int", item);
    }
    MOTE_WANT_INT(vm, item);
    out[i] = item.u.i;
  }
  return MOTE_OK;
}

mote_status mote_vm_axis(mote_vm *vm, mote_val v, int32_t rank, int32_t *out) {
  MOTE_WANT_INT(vm, v);
  if (!mote_axis_normalise(v.u.i, rank, out)) {
    int32_t r = rank ? rank : 1;
    return mote_vm_raise(vm, "IndexError", "Dimension out of range (expected to be in range of [%d, %d], but got %lld)",
                         -r, r - 1, (long long)v.u.i);
  }
  return MOTE_OK;
}

// Runs of old dims that are contiguous among themselves are cut anew; strides of a run follow its innermost one.
bool mote_view_strides(const mote_tensor *t, int32_t rank, const int64_t *dim, int64_t *stride) {
  if (mote_tensor_numel(t) == 0 || t->rank == 0) {
    mote_tensor d;
    mote_tensor_init(&d, t->dtype, rank, dim);
    memcpy(stride, d.stride, sizeof d.stride);
    return true;
  }
  int32_t view = rank - 1;
  int64_t base = t->stride[t->rank - 1], numel = 1, seen = 1;
  for (int32_t i = t->rank - 1; i >= 0; i--) {
    numel *= t->dim[i];
    if (i > 0 && (t->dim[i - 1] == 1 || t->stride[i - 1] == numel * base))
      continue;
    while (view >= 0 && (seen < numel || dim[view] == 1)) {
      stride[view] = seen * base;
      seen *= dim[view--];
    }
    if (seen != numel)
      return false;
    if (i > 0) {
      base = t->stride[i - 1];
      numel = seen = 1;
    }
  }
  return view == -1;
}

mote_status mote_view_infer_dims(mote_vm *vm, const mote_tensor *t, const mote_val *list, mote_tensor *out) {
  int64_t numel = mote_tensor_numel(t), known = 1;
  int32_t hole = -1;
  bool fits = true;
  MOTE_TRY(mote_vm_ints(vm, *list, out->dim, MOTE_MAX_RANK, &out->rank));
  for (int32_t i = 0; i < out->rank; i++) {
    if (out->dim[i] == -1 && hole < 0)
      hole = i;
    else
      fits = fits && mote_mul_count(known, out->dim[i], &known);
  }
  if (hole >= 0) {
    fits = fits && known > 0 && numel % known == 0;
    out->dim[hole] = fits ? numel / known : 0;
    known = numel;
  }
  if (!fits || known != numel) {
    char shape[96];
    mote_tensor_text(t, shape, sizeof shape);
    return mote_vm_raise(vm, "RuntimeError", "shape is invalid for input of size %lld (%s)", (long long)numel, shape);
  }
  return MOTE_OK;
}

// Records the view `out`, which goes when that fails.
static mote_status note(mote_vm *vm, mote_handle *h, const mote_op *op, const void *attr, mote_val *out) {
  if (!vm->rec || !mote_is_lazy(h))
    return MOTE_OK;
  mote_status st = mote_recorder_view(vm->rec, h, op, attr, out->u.tensor, vm->err);
  if (st != MOTE_OK) {
    mote_val_release(*out);
    *out = mote_val_none();
  }
  return st;
}

mote_status mote_view_reshape(mote_vm *vm, mote_handle *h, int32_t rank, const int64_t *dim, bool copy, mote_val *out) {
  mote_tensor t = h->t;
  mote_reshape_attr attr = {{rank, {0}}};
  mote_val dense;
  t.rank = rank;
  memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
  memcpy(attr.shape.at, dim, (size_t)rank * sizeof *dim);
  if (mote_view_strides(&h->t, rank, dim, t.stride)) {
    MOTE_TRY(mote_tensor_window(vm, h, &t, h->offset, out));
    return note(vm, h, &mote_op_reshape, &attr, out);
  }
  if (!copy)
    return mote_vm_raise(
        vm, "RuntimeError",
        "view size is not compatible with input tensor's size and stride (at least one dimension spans "
        "across two contiguous subspaces). Use .reshape(...) instead.");
  MOTE_TRY(mote_tensor_clone(vm, h, &dense));
  mote_status s = mote_view_reshape(vm, dense.u.tensor, rank, dim, false, out);
  mote_val_release(dense);
  return s;
}

mote_status mote_view_permute(mote_vm *vm, mote_handle *h, const int32_t *perm, mote_val *out) {
  mote_tensor t = h->t;
  mote_permute_attr attr = {{h->t.rank, {0}}};
  for (int32_t i = 0; i < t.rank; i++) {
    t.dim[i] = h->t.dim[perm[i]];
    t.stride[i] = h->t.stride[perm[i]];
    attr.perm.at[i] = perm[i];
  }
  MOTE_TRY(mote_tensor_window(vm, h, &t, h->offset, out));
  return note(vm, h, &mote_op_permute, &attr, out);
}

mote_status mote_view_slice(mote_vm *vm, mote_handle *h, int32_t axis, int64_t start, int64_t len, int64_t step,
                            mote_val *out) {
  mote_tensor t = h->t;
  t.dim[axis] = len;
  t.stride[axis] = h->t.stride[axis] * step;
  return mote_tensor_window(vm, h, &t, h->offset + (mote_tensor_numel(&t) ? start * h->t.stride[axis] : 0), out);
}

mote_status mote_view_select(mote_vm *vm, mote_handle *h, int32_t axis, int64_t index, mote_val *out) {
  mote_tensor t = h->t;
  int64_t n = h->t.dim[axis], at = index < 0 ? index + n : index;
  if (at < 0 || at >= n) {
    char sizes[128];
    size_t len = 0;
    for (int32_t i = 0; i < h->t.rank; i++)
      len += (size_t)mote_snprint(sizes + len, sizeof sizes - len, "%s%lld", i ? ", " : "", (long long)h->t.dim[i]);
    return mote_vm_raise(vm, "IndexError", "select(): index %lld out of range for tensor of size [%s] at dimension %d",
                         (long long)index, sizes, axis);
  }
  for (int32_t i = axis; i + 1 < t.rank; i++) {
    t.dim[i] = h->t.dim[i + 1];
    t.stride[i] = h->t.stride[i + 1];
  }
  t.rank--;
  return mote_tensor_window(vm, h, &t, h->offset + at * h->t.stride[axis], out);
}
