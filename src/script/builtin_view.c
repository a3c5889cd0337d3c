// Builtin operators that give views of tensors. Tests: tests/script/test_vm.c
#include <string.h>

#include "ops/ops.h"
#include "script/view.h"

#define TENSOR(i)                                                                                                      \
  MOTE_WANT(vm, a[i], MOTE_TAG_TENSOR);                                                                                \
  (void)n
#define H (a[0].u.tensor)

static mote_status reshape(mote_vm *vm, mote_val *a, bool copy, mote_val *out) {
  mote_tensor t;
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  MOTE_TRY(mote_view_infer_dims(vm, &H->t, &a[1], &t));
  return mote_view_reshape(vm, H, t.rank, t.dim, copy, out);
}
static mote_status v_view(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, reshape(vm, a, false, out);
}
static mote_status v_reshape(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, reshape(vm, a, true, out);
}

static mote_status v_view_as(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  TENSOR(1);
  const mote_tensor *t = &a[1].u.tensor->t;
  if (mote_tensor_numel(t) != mote_tensor_numel(&H->t))
    return mote_vm_raise(vm, "RuntimeError", "shape is invalid for input of size %lld",
                         (long long)mote_tensor_numel(&H->t));
  return mote_view_reshape(vm, H, t->rank, t->dim, strcmp(vm->ref->name, "aten::reshape_as") == 0, out);
}

static mote_status v_permute(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t perm[MOTE_MAX_RANK];
  int32_t order[MOTE_MAX_RANK], count, seen = 0;
  TENSOR(0);
  MOTE_TRY(mote_vm_ints(vm, a[1], perm, MOTE_MAX_RANK, &count));
  if (count != H->t.rank)
    return mote_vm_raise(vm, "RuntimeError", "permute: %d dims for a tensor of rank %d", count, H->t.rank);
  for (int32_t i = 0; i < count; i++) {
    MOTE_TRY(mote_vm_axis(vm, mote_val_int(perm[i]), count, &order[i]));
    seen |= 1 << order[i];
  }
  if (seen != (1 << count) - 1)
    return mote_vm_raise(vm, "RuntimeError", "permute(): duplicate dims are not allowed.");
  return mote_view_permute(vm, H, order, out);
}

static mote_status swap_dims(mote_vm *vm, mote_handle *h, int32_t x, int32_t y, mote_val *out) {
  int32_t order[MOTE_MAX_RANK];
  for (int32_t i = 0; i < h->t.rank; i++)
    order[i] = i == x ? y : i == y ? x : i;
  return mote_view_permute(vm, h, order, out);
}

static mote_status v_transpose(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t x, y;
  TENSOR(0);
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &x));
  MOTE_TRY(mote_vm_axis(vm, a[2], H->t.rank, &y));
  return swap_dims(vm, H, x, y, out);
}

static mote_status v_t(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  if (H->t.rank > 2)
    return mote_vm_raise(vm, "RuntimeError", "t() expects a tensor with <= 2 dimensions, but self is %dD", H->t.rank);
  return swap_dims(vm, H, 0, H->t.rank - 1, out);
}

static mote_status v_mT(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  if (H->t.rank < 2)
    return mote_vm_raise(vm, "RuntimeError",
                         "tensor.mT is only supported on matrices or batches of matrices. Got %d-D tensor.", H->t.rank);
  return swap_dims(vm, H, H->t.rank - 2, H->t.rank - 1, out);
}

static mote_status v_numpy_T(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t order[MOTE_MAX_RANK];
  TENSOR(0);
  for (int32_t i = 0; i < H->t.rank; i++)
    order[i] = H->t.rank - 1 - i;
  return mote_view_permute(vm, H, order, out);
}

static mote_status v_select(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  TENSOR(0);
  MOTE_WANT_INT(vm, a[2]);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "IndexError", "select() cannot be applied to a 0-dim tensor.");
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  return mote_view_select(vm, H, axis, a[2].u.i, out);
}

static mote_status v_slice(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  TENSOR(0);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "RuntimeError", "slice() cannot be applied to a 0-dim tensor.");
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  int64_t dim = H->t.dim[axis], start = mote_is_int(a[2]) ? a[2].u.i : 0,
          end = mote_is_int(a[3]) ? a[3].u.i : INT64_MAX;
  int64_t step = mote_is_int(a[4]) ? a[4].u.i : 1;
  if (step <= 0)
    return mote_vm_raise(vm, "RuntimeError", "slice step must be positive");
  start = start < 0 ? MOTE_MAX(start + dim, 0) : MOTE_MIN(start, dim);
  end = end < 0 ? MOTE_MAX(end + dim, 0) : MOTE_MIN(end, dim);
  end = MOTE_MAX(end, start);
  return mote_view_slice(vm, H, axis, start, end > start ? (end - start - 1) / step + 1 : 0,
                         end > start ? MOTE_MIN(step, dim) : 1, out);
}

static mote_status narrow(mote_vm *vm, mote_handle *h, int32_t axis, int64_t start, int64_t len, mote_val *out) {
  int64_t dim = h->t.dim[axis];
  start = start < 0 ? start + dim : start;
  if (len < 0 || start < 0 || start > dim || len > dim - start)
    return mote_vm_raise(vm, "RuntimeError", "start (%lld) + length (%lld) exceeds dimension size (%lld).",
                         (long long)start, (long long)len, (long long)dim);
  return mote_view_slice(vm, h, axis, start, len, 1, out);
}

static mote_status v_narrow(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  mote_val start = a[2];
  TENSOR(0);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "RuntimeError", "narrow() cannot be applied to a 0-dim tensor.");
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  if (start.tag == MOTE_TAG_TENSOR)
    MOTE_TRY(mote_vm_item(vm, start.u.tensor, &start));
  MOTE_WANT_INT(vm, start);
  MOTE_WANT_INT(vm, a[3]);
  return narrow(vm, H, axis, start.u.i, a[3].u.i, out);
}

static mote_status v_expand(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_tensor t;
  TENSOR(0);
  t = H->t;
  if (a[1].tag == MOTE_TAG_TENSOR) {
    t.rank = a[1].u.tensor->t.rank;
    memcpy(t.dim, a[1].u.tensor->t.dim, sizeof t.dim);
  } else {
    MOTE_TRY(mote_vm_ints(vm, a[1], t.dim, MOTE_MAX_RANK, &t.rank));
  }
  int32_t lead = t.rank - H->t.rank;
  bool good = lead >= 0;
  for (int32_t i = 0; good && i < t.rank; i++) {
    int64_t old = i < lead ? 1 : H->t.dim[i - lead];
    if (t.dim[i] == -1 && i >= lead)
      t.dim[i] = old;
    good = t.dim[i] >= 0 && (old == t.dim[i] || old == 1);
    t.stride[i] = i < lead || (old == 1 && t.dim[i] != 1) ? 0 : H->t.stride[i - lead];
  }
  if (!good) {
    char shape[96];
    mote_tensor_text(&H->t, shape, sizeof shape);
    return mote_vm_raise(vm, "RuntimeError", "%s cannot be expanded to the wanted sizes (%d given)", shape, t.rank);
  }
  return mote_tensor_window(vm, H, &t, H->offset, out);
}

static mote_status squeeze_mask(mote_vm *vm, mote_handle *h, uint32_t mask, mote_val *out) {
  int64_t dim[MOTE_MAX_RANK];
  int32_t rank = 0;
  for (int32_t i = 0; i < h->t.rank; i++)
    if (!(mask >> i & 1) || h->t.dim[i] != 1)
      dim[rank++] = h->t.dim[i];
  return mote_view_reshape(vm, h, rank, dim, true, out);
}

static mote_status v_squeeze(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  uint32_t mask = UINT32_MAX;
  TENSOR(0);
  if (n > 1) {
    int64_t axes[MOTE_MAX_RANK];
    int32_t count, axis;
    MOTE_TRY(mote_vm_ints(vm, a[1], axes, MOTE_MAX_RANK, &count));
    mask = 0;
    for (int32_t i = 0; i < count; i++) {
      MOTE_TRY(mote_vm_axis(vm, mote_val_int(axes[i]), H->t.rank, &axis));
      mask |= 1u << axis;
    }
  }
  return squeeze_mask(vm, H, mask, out);
}

static mote_status v_unsqueeze(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t dim[MOTE_MAX_RANK + 1];
  int32_t axis;
  TENSOR(0);
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank + 1, &axis));
  if (H->t.rank == MOTE_MAX_RANK)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "tensor of rank %d; %d is the most", MOTE_MAX_RANK + 1,
                     MOTE_MAX_RANK);
  for (int32_t i = 0; i <= H->t.rank; i++)
    dim[i] = i == axis ? 1 : H->t.dim[i - (i > axis)];
  return mote_view_reshape(vm, H, H->t.rank + 1, dim, true, out);
}

static mote_status v_flatten(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t dim[MOTE_MAX_RANK] = {1};
  int32_t from = 0, to, rank = 0;
  TENSOR(0);
  to = H->t.rank - 1;
  if (n > 2) {
    MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &from));
    MOTE_TRY(mote_vm_axis(vm, a[2], H->t.rank, &to));
  }
  if (from > to && H->t.rank)
    return mote_vm_raise(vm, "RuntimeError", "flatten() has invalid args: start_dim cannot come after end_dim");
  for (int32_t i = 0; i < H->t.rank; i++) {
    if (i > from && i <= to)
      dim[rank - 1] *= H->t.dim[i];
    else
      dim[rank++] = H->t.dim[i];
  }
  return mote_view_reshape(vm, H, H->t.rank ? rank : 1, dim, true, out);
}

static mote_status v_as_strided(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_tensor t;
  int32_t count;
  TENSOR(0);
  t = H->t;
  MOTE_TRY(mote_vm_ints(vm, a[1], t.dim, MOTE_MAX_RANK, &t.rank));
  MOTE_TRY(mote_vm_ints(vm, a[2], t.stride, MOTE_MAX_RANK, &count));
  if (count != t.rank)
    return mote_vm_raise(vm, "RuntimeError", "mismatch in length of strides and shape");
  for (int32_t i = 0; i < count; i++)
    if (t.dim[i] < 0 || t.stride[i] < 0)
      return mote_vm_raise(vm, "RuntimeError", "as_strided: negative sizes or strides are not supported");
  MOTE_TRY(mote_vm_force(vm, H));
  return mote_tensor_window(vm, H, &t, mote_is_int(a[3]) ? a[3].u.i : H->offset, out);
}

static mote_status v_diagonal(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t x, y, rank = 0;
  mote_tensor t;
  TENSOR(0);
  t = H->t;
  MOTE_WANT_INT(vm, a[1]);
  MOTE_TRY(mote_vm_axis(vm, a[2], H->t.rank, &x));
  MOTE_TRY(mote_vm_axis(vm, a[3], H->t.rank, &y));
  if (x == y)
    return mote_vm_raise(vm, "RuntimeError", "diagonal dimensions cannot be identical %d, %d", x, y);
  int64_t k = a[1].u.i, rows = t.dim[x], cols = t.dim[y];
  k = MOTE_MAX(MOTE_MIN(k, cols), -rows);
  int64_t len = k >= 0 ? MOTE_MIN(rows, cols - k) : MOTE_MIN(rows + k, cols);
  int64_t shift = k >= 0 ? k * t.stride[y] : -k * t.stride[x], step = t.stride[x] + t.stride[y];
  len = MOTE_MAX(len, 0);
  for (int32_t i = 0; i < H->t.rank; i++) {
    if (i == x || i == y)
      continue;
    t.dim[rank] = H->t.dim[i];
    t.stride[rank++] = H->t.stride[i];
  }
  t.dim[rank] = len;
  t.stride[rank++] = step;
  t.rank = rank;
  return mote_tensor_window(vm, H, &t, H->offset + (len ? shift : 0), out);
}

static mote_status v_unfold(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  mote_tensor t;
  TENSOR(0);
  t = H->t;
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  MOTE_WANT_INT(vm, a[2]);
  MOTE_WANT_INT(vm, a[3]);
  int64_t size = a[2].u.i, step = a[3].u.i, dim = t.rank ? t.dim[axis] : 1, stride = t.rank ? t.stride[axis] : 1;
  if (size < 0 || step <= 0 || size > dim || t.rank >= MOTE_MAX_RANK)
    return mote_vm_raise(vm, "RuntimeError", "maximum size for tensor at dimension %d is %lld but size is %lld", axis,
                         (long long)dim, (long long)size);
  if (t.rank) {
    t.dim[axis] = (dim - size) / step + 1;
    t.stride[axis] = stride * step;
  }
  t.dim[t.rank] = size;
  t.stride[t.rank++] = stride;
  return mote_tensor_window(vm, H, &t, H->offset, out);
}

static mote_status v_same(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status v_detach(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  MOTE_TRY(mote_tensor_window(vm, H, &H->t, H->offset, out));
  out->u.tensor->requires_grad = false;
  out->u.tensor->epoch = H->epoch;
  out->u.tensor->version = H->version;
  out->u.tensor->vid = H->vid;
  return MOTE_OK;
}

static mote_status v_contiguous(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  bool last = n > 1 && mote_is_int(a[1]) && a[1].u.i == 2;
  if (last ? mote_tensor_is_channels_last(&H->t) : mote_tensor_is_dense(&H->t)) {
    *out = mote_val_retain(a[0]);
    return MOTE_OK;
  }
  return mote_tensor_clone(vm, H, out);
}

// ------------------------------------------------------------------------------------------------ lists of views

static mote_status push(mote_vm *vm, mote_val list, mote_status s, mote_val v) {
  if (s == MOTE_OK)
    s = mote_list_push(list.u.list, v, vm->err);
  if (s != MOTE_OK)
    mote_val_release(list);
  return s;
}

static mote_status v_unbind(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  mote_val list, v = mote_val_none();
  TENSOR(0);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "RuntimeError", "Dimension specified as 0 but tensor has no dimensions");
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  MOTE_TRY(mote_list_new(vm->al, 0, &list, vm->err));
  for (int64_t i = 0; i < H->t.dim[axis]; i++) {
    mote_status s = mote_view_select(vm, H, axis, i, &v);
    MOTE_TRY(push(vm, list, s, v));
  }
  *out = list;
  return MOTE_OK;
}

// Parts of `size` along an axis, the last one shorter; one empty part for an empty dimension.
static mote_status parts_of(mote_vm *vm, mote_handle *h, int32_t axis, int64_t size, mote_val *out) {
  mote_val list, v = mote_val_none();
  int64_t dim = h->t.dim[axis];
  MOTE_TRY(mote_list_new(vm->al, 0, &list, vm->err));
  int64_t at = 0;
  do {
    mote_status s = mote_view_slice(vm, h, axis, at, MOTE_MIN(size, dim - at), 1, &v);
    MOTE_TRY(push(vm, list, s, v));
    at += size;
  } while (at < dim && size > 0);
  *out = list;
  return MOTE_OK;
}

static mote_status sized_parts(mote_vm *vm, mote_handle *h, int32_t axis, mote_val sizes, mote_val *out) {
  mote_val list, v = mote_val_none();
  int64_t at = 0;
  MOTE_WANT(vm, sizes, MOTE_TAG_LIST);
  MOTE_TRY(mote_list_new(vm->al, 0, &list, vm->err));
  for (size_t i = 0; i < sizes.u.list->len; i++) {
    mote_val size = sizes.u.list->at[i];
    mote_status s = mote_is_int(size) && at <= h->t.dim[axis] ? narrow(vm, h, axis, at, size.u.i, &v)
                                                              : mote_vm_fail_type(vm, "int", size);
    MOTE_TRY(push(vm, list, s, v));
    at += size.u.i;
  }
  *out = list;
  if (at == h->t.dim[axis])
    return MOTE_OK;
  mote_val_clear(out);
  return mote_vm_raise(
      vm, "RuntimeError",
      "split_with_sizes expects split_sizes to sum exactly to %lld (input tensor's size at dimension %d)",
      (long long)h->t.dim[axis], axis);
}

static mote_status v_split(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  TENSOR(0);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "RuntimeError", "split expects at least a 1-dimensional tensor");
  MOTE_TRY(mote_vm_axis(vm, a[2], H->t.rank, &axis));
  if (a[1].tag == MOTE_TAG_LIST)
    return sized_parts(vm, H, axis, a[1], out);
  MOTE_WANT_INT(vm, a[1]);
  if (a[1].u.i < 0 || (a[1].u.i == 0 && H->t.dim[axis] != 0))
    return mote_vm_raise(vm, "RuntimeError", "split expects split_size be non-negative, but got split_size=%lld",
                         (long long)a[1].u.i);
  return parts_of(vm, H, axis, a[1].u.i, out);
}

static mote_status v_chunk(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  TENSOR(0);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "RuntimeError", "chunk expects at least a 1-dimensional tensor");
  MOTE_TRY(mote_vm_axis(vm, a[2], H->t.rank, &axis));
  MOTE_WANT_INT(vm, a[1]);
  if (a[1].u.i <= 0)
    return mote_vm_raise(vm, "RuntimeError", "chunk expects `chunks` to be greater than 0, got: %lld",
                         (long long)a[1].u.i);
  int64_t dim = H->t.dim[axis], size = (dim + a[1].u.i - 1) / a[1].u.i;
  return parts_of(vm, H, axis, size, out);
}

// ------------------------------------------------------------------------------------------------ in place

// The handle itself takes another window.
static mote_status become(mote_val *a, mote_val v, mote_val *out) {
  mote_handle *h = a[0].u.tensor, *w = v.u.tensor;
  if (w != h) {
    mote_storage *old = h->storage;
    h->t = w->t;
    h->offset = w->offset;
    h->storage = mote_storage_retain(w->storage);
    h->epoch = w->epoch;
    h->version = w->version;
    h->vid = w->vid;
    mote_storage_release(old);
  }
  mote_val_release(v);
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status in_place(mote_vm *vm, uint32_t n, mote_val *a, mote_builtin_fn *fn, mote_val *out) {
  mote_val v;
  MOTE_TRY(fn(vm, n, a, &v));
  vm->wrote = true;
  return become(a, v, out);
}

#define IN_PLACE(name, fn)                                                                                             \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) { return in_place(vm, n, a, fn, out); }
IN_PLACE(v_squeeze_, v_squeeze)
IN_PLACE(v_unsqueeze_, v_unsqueeze)
IN_PLACE(v_t_, v_t)
IN_PLACE(v_transpose_, v_transpose)

static mote_status v_detach_(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  H->requires_grad = false;
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ copies of views

static mote_status own_copy(mote_vm *vm, mote_val *slot) {
  mote_val v;
  if (slot->tag != MOTE_TAG_TENSOR)
    return MOTE_OK;
  MOTE_TRY(mote_tensor_clone(vm, slot->u.tensor, &v));
  mote_val_set(slot, v);
  return MOTE_OK;
}

static const mote_builtin *view_named(const char *name, size_t len) {
  for (const mote_builtin *view = mote_builtin_view; view->text; view++) {
    const char *at = view->text;
    for (mote_overload o = {NULL, NULL, 0, 0}; mote_overload_next(&at, &o);)
      if (o.name_len == len && memcmp(o.name, name, len) == 0)
        return view;
  }
  return NULL;
}

// "aten::transpose_copy" works as "aten::transpose" of the same overload.
static mote_status copy_of(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  const mote_op_ref *ref = vm->ref;
  const mote_builtin *view = view_named(ref->name + strlen("aten::"), strlen(ref->name) - strlen("aten::_copy"));
  if (!view)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "operator %s is not supported", ref->name);
  MOTE_TRY(view->fn(vm, n, a, out));
  mote_status s = own_copy(vm, out);
  for (size_t i = 0; s == MOTE_OK && out->tag == MOTE_TAG_LIST && i < out->u.list->len; i++)
    s = own_copy(vm, &out->u.list->at[i]);
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

const mote_builtin mote_builtin_view[] = {
    {"view", v_view},
    {"reshape _unsafe_view _reshape_alias", v_reshape},
    {"view_as reshape_as", v_view_as},
    {"permute", v_permute},
    {"transpose.int swapaxes swapdims", v_transpose},
    {"t", v_t},
    {"mT", v_mT},
    {"numpy_T", v_numpy_T},
    {"select.int", v_select},
    {"slice.Tensor", v_slice},
    {"narrow .Tensor", v_narrow},
    {"expand broadcast_to expand_as", v_expand},
    {"squeeze .dim .dims", v_squeeze},
    {"unsqueeze", v_unsqueeze},
    {"flatten.using_ints ravel", v_flatten},
    {"as_strided", v_as_strided},
    {"diagonal linalg_diagonal", v_diagonal},
    {"unfold", v_unfold},
    {"alias detach prim::data", v_detach},
    {"contiguous", v_contiguous},
    {"cpu resolve_conj resolve_neg positive", v_same},
    {"unbind.int", v_unbind},
    {"split.Tensor .sizes split_with_sizes unsafe_split.Tensor", v_split},
    {"chunk unsafe_chunk", v_chunk},
    {"squeeze_ .dim .dims", v_squeeze_},
    {"unsqueeze_", v_unsqueeze_},
    {"t_", v_t_},
    {"transpose_ swapaxes_ swapdims_", v_transpose_},
    {"detach_", v_detach_},
    {"transpose_copy.int permute_copy t_copy view_copy _reshape_alias_copy expand_copy narrow_copy "
     "select_copy.int slice_copy.Tensor squeeze_copy .dim .dims unsqueeze_copy diagonal_copy "
     "as_strided_copy unfold_copy alias_copy detach_copy unbind_copy.int split_copy.Tensor "
     "split_with_sizes_copy",
     copy_of},
    {NULL, NULL},
};
