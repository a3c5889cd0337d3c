// Elements of tensors for the machine: reading numbers, lists of them, converting, copying, writing.
// Tests: tests/script/test_vm.c
#include "script/script_tensor.h"

#include <string.h>

#include "ops/copy.h"
#include "ops/quantize.h"
#include "script/shared.h"

mote_status mote_vm_force(mote_vm *vm, mote_handle *h) {
  if (mote_is_lazy(h)) {
    vm->decided = true;
    MOTE_TRY(mote_recorder_flush(vm->rec, vm->err));
  }
  if (!h->storage->data && h->storage->bytes)
    return mote_fail(vm->err, MOTE_ERR_INTERNAL, "tensor has no data");
  return MOTE_OK;
}

mote_status mote_vm_element(mote_vm *vm, const mote_tensor *t, int64_t offset, mote_val *out) {
  if (mote_dtype_is_complex(t->dtype)) {
    const char *at = (const char *)t->data + offset * (int64_t)mote_dtype_size(t->dtype);
    mote_dtype part = t->dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
    return mote_complex_new(vm->al, mote_load_f64(at, part, 0), mote_load_f64(at, part, 1), out, vm->err);
  }
  if (t->dtype == MOTE_BOOL)
    *out = mote_val_bool(mote_load_i64(t->data, t->dtype, offset) != 0);
  else if (mote_dtype_is_quantized(t->dtype) && t->quant.count)
    *out = mote_val_float(t->quant.scale * (double)(mote_load_i64(t->data, t->dtype, offset) - t->quant.zero_point));
  else if (mote_dtype_is_float(t->dtype))
    *out = mote_val_float(mote_load_f64(t->data, t->dtype, offset));
  else
    *out = mote_val_int(mote_load_i64(t->data, t->dtype, offset));
  return MOTE_OK;
}

mote_status mote_vm_item(mote_vm *vm, mote_handle *h, mote_val *out) {
  mote_tensor t;
  int64_t n = mote_tensor_numel(&h->t);
  if (n != 1)
    return mote_vm_raise(vm, "RuntimeError", "a Tensor with %lld elements cannot be converted to Scalar", (long long)n);
  MOTE_TRY(mote_vm_force(vm, h));
  vm->decided = true;
  mote_handle_view(h, &t);
  return mote_vm_element(vm, &t, 0, out);
}

// ------------------------------------------------------------------------------------------------ lists

static mote_status list_dim(mote_vm *vm, const mote_tensor *t, int32_t dim, int64_t offset, int64_t kind,
                            mote_val *out) {
  mote_val v, item;
  if (dim == t->rank) {
    MOTE_TRY(mote_vm_element(vm, t, offset, &v));
    if (kind == 1 && mote_is_int(v))
      v = mote_val_float((double)v.u.i);
    *out = v;
    return MOTE_OK;
  }
  if ((uint64_t)t->dim[dim] > vm->memory_limit / sizeof(mote_val))
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "list of %lld items", (long long)t->dim[dim]);
  MOTE_TRY(mote_list_new(vm->al, (size_t)t->dim[dim], &v, vm->err));
  for (int64_t i = 0; i < t->dim[dim]; i++) {
    mote_status s = list_dim(vm, t, dim + 1, offset + i * t->stride[dim], kind, &item);
    if (s == MOTE_OK)
      s = mote_list_push(v.u.list, item, vm->err);
    if (s != MOTE_OK)
      return mote_val_release(v), s;
  }
  *out = v;
  return MOTE_OK;
}

mote_status mote_vm_tolist(mote_vm *vm, mote_handle *h, int64_t rank, int64_t kind, mote_val *out) {
  mote_tensor t;
  if (rank != h->t.rank)
    return mote_vm_raise(vm, "RuntimeError",
                         "Output annotation list dimension and runtime tensor dimension must match for tolist()");
  MOTE_TRY(mote_vm_force(vm, h));
  vm->decided = true;
  mote_handle_view(h, &t);
  return list_dim(vm, &t, 0, 0, kind, out);
}

// ------------------------------------------------------------------------------------------------ numbers

static void store_number(void *data, mote_dtype dtype, mote_val v) {
  if (mote_dtype_is_complex(dtype)) {
    mote_dtype part = dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
    mote_store_f64(data, part, 0, v.tag == MOTE_TAG_COMPLEX ? v.u.complex->re : mote_num(v));
    mote_store_f64(data, part, 1, v.tag == MOTE_TAG_COMPLEX ? v.u.complex->im : 0);
  } else if (v.tag == MOTE_TAG_COMPLEX) {
    mote_store_f64(data, dtype, 0, v.u.complex->re);
  } else if (v.tag == MOTE_TAG_FLOAT) {
    mote_store_f64(data, dtype, 0, v.u.f);
  } else {
    mote_store_i64(data, dtype, 0, v.u.i);
  }
}

mote_status mote_vm_number_tensor(mote_vm *vm, mote_val number, mote_dtype dtype, mote_val *out) {
  mote_tensor t;
  if (!mote_is_number(number) && number.tag != MOTE_TAG_COMPLEX)
    return mote_vm_fail_type(vm, "a number", number);
  if (dtype == MOTE_NONE) // a number keeps its whole precision
    dtype = number.tag == MOTE_TAG_FLOAT     ? MOTE_F64
            : number.tag == MOTE_TAG_COMPLEX ? MOTE_C128
                                             : mote_number_dtype(number);
  mote_tensor_init(&t, dtype, 0, NULL);
  MOTE_TRY(mote_handle_alloc(vm->al, &t, true, out, vm->err));
  store_number(out->u.tensor->storage->data, dtype, number);
  out->u.tensor->is_number = true;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ converting

static void convert_row(const mote_tensor *src, int64_t so, int64_t ss, const mote_tensor *dst, int64_t doff,
                        int64_t ds, int64_t n) {
  bool from_complex = mote_dtype_is_complex(src->dtype), to_complex = mote_dtype_is_complex(dst->dtype);
  mote_dtype sp = src->dtype == MOTE_C64 ? MOTE_F32 : src->dtype == MOTE_C128 ? MOTE_F64 : src->dtype;
  mote_dtype dp = dst->dtype == MOTE_C64 ? MOTE_F32 : dst->dtype == MOTE_C128 ? MOTE_F64 : dst->dtype;
  bool real = mote_dtype_is_float(sp) || mote_dtype_is_float(dp);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = (so + i * ss) * (from_complex ? 2 : 1), to = (doff + i * ds) * (to_complex ? 2 : 1);
    if (dp == MOTE_BOOL && mote_dtype_is_float(sp))
      mote_store_i64(dst->data, dp, to, mote_load_f64(src->data, sp, at) != 0);
    else if (real)
      mote_store_f64(dst->data, dp, to, mote_load_f64(src->data, sp, at));
    else
      mote_store_i64(dst->data, dp, to, mote_load_i64(src->data, sp, at));
    if (to_complex)
      mote_store_f64(dst->data, dp, to + 1, from_complex ? mote_load_f64(src->data, sp, at + 1) : 0);
  }
}

mote_status mote_elements_convert(const mote_tensor *src, const mote_tensor *dst, mote_error *err) {
  int64_t strides[MOTE_MAX_RANK], offset[MOTE_ITER_OPERANDS];
  char a[96], b[96];
  if (!mote_broadcast_strides(src, dst->rank, dst->dim, strides)) {
    mote_tensor_text(src, a, sizeof a);
    mote_tensor_text(dst, b, sizeof b);
    return mote_fail(err, MOTE_ERR_SHAPE, "%s does not broadcast to %s", a, b);
  }
  if (mote_tensor_numel(dst) == 0)
    return MOTE_OK;
  mote_tensor wide = *dst;
  memcpy(wide.stride, strides, sizeof strides);
  wide.data = src->data;
  wide.dtype = src->dtype;
  if (src->dtype == dst->dtype) {
    mote_tensor_copy(&wide, dst);
    return MOTE_OK;
  }
  mote_iter it;
  const int64_t *const both[] = {dst->stride, strides};
  mote_iter_init(&it, dst->rank, dst->dim, 2, both);
  for (int64_t row = 0; row < it.rows; row++) {
    mote_iter_row(&it, row, offset);
    convert_row(&wide, offset[1], it.inner_stride[1], dst, offset[0], it.inner_stride[0], it.inner);
  }
  return MOTE_OK;
}

// Numbers and small constants are converted here and now, whatever the mode.
static bool at_hand(const mote_handle *h) {
  return !mote_is_lazy(h) && (h->is_number || h->is_literal) && mote_tensor_numel(&h->t) <= 64;
}

static mote_status cast_now(mote_vm *vm, mote_handle *h, mote_dtype dtype, mote_val *out) {
  mote_tensor src, dst, t = h->t;
  MOTE_TRY(mote_vm_force(vm, h));
  if (!at_hand(h))
    vm->decided = true; // the result holds data that this call saw
  t.dtype = dtype;
  if (dtype != h->t.dtype)
    memset(&t.quant, 0, sizeof t.quant);
  MOTE_TRY(mote_handle_alloc(vm->al, &t, false, out, vm->err));
  mote_handle_view(h, &src);
  mote_handle_view(out->u.tensor, &dst);
  mote_status s = mote_elements_convert(&src, &dst, vm->err);
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

mote_status mote_tensor_cast(mote_vm *vm, mote_handle *h, mote_dtype dtype, mote_val *out) {
  int32_t n_out = 1;
  if (h->t.dtype == dtype) {
    mote_val v = mote_val_cell(&h->cell);
    *out = mote_val_retain(v);
    return MOTE_OK;
  }
  if (at_hand(h) || !vm->engine || mote_dtype_is_quantized(h->t.dtype)) {
    MOTE_TRY(cast_now(vm, h, dtype, out));
    out->u.tensor->is_number = h->is_number;
    out->u.tensor->is_literal = h->is_literal;
    return MOTE_OK;
  }
  mote_cast_attr attr = {(int32_t)dtype};
  return mote_tensor_emit(vm, &mote_op_cast, &attr, &h, 1, false, out, &n_out);
}

mote_status mote_tensor_clone(mote_vm *vm, mote_handle *h, mote_val *out) {
  int32_t n_out = 1;
  if (!vm->engine || at_hand(h) || mote_dtype_is_quantized(h->t.dtype)) {
    MOTE_TRY(cast_now(vm, h, h->t.dtype, out));
    return MOTE_OK;
  }
  return mote_tensor_emit(vm, &mote_op_copy, NULL, &h, 1, false, out, &n_out);
}

// ------------------------------------------------------------------------------------------------ writing

mote_status mote_tensor_own(mote_vm *vm, mote_handle *h) {
  MOTE_TRY(mote_vm_force(vm, h));
  if (vm->rec)
    MOTE_TRY(mote_recorder_before_write(vm->rec, h->storage, vm->err));
  MOTE_TRY(mote_shared_make_private(h->storage, vm->err));
  h->storage->version++;
  vm->wrote = true;
  return MOTE_OK;
}

mote_status mote_tensor_write(mote_vm *vm, mote_handle *dst, mote_handle *src) {
  mote_tensor s, d;
  bool done = false;
  mote_val same = mote_val_none();
  if (vm->rec) {
    MOTE_TRY(mote_recorder_write(vm->rec, dst, src, &done));
    if (done)
      return MOTE_OK;
  }
  MOTE_TRY(mote_vm_force(vm, src));
  if (src->storage == dst->storage && src != dst) // windows on one storage may overlap
    MOTE_TRY(cast_now(vm, src, src->t.dtype, &same));
  mote_status st = mote_tensor_own(vm, dst);
  if (st == MOTE_OK) {
    mote_handle_view(same.tag == MOTE_TAG_TENSOR ? same.u.tensor : src, &s);
    mote_handle_view(dst, &d);
    st = mote_elements_convert(&s, &d, vm->err);
  }
  mote_val_release(same);
  return st;
}

mote_status mote_tensor_window(mote_vm *vm, mote_handle *h, const mote_tensor *t, int64_t offset, mote_val *out) {
  mote_tensor w = *t;
  w.dtype = h->t.dtype;
  w.quant = h->t.quant;
  if (!mote_is_lazy(h) && !mote_handle_fits(&w, offset, h->storage->bytes))
    return mote_vm_raise(vm, "RuntimeError", "view reaches outside the storage of %zu bytes", h->storage->bytes);
  MOTE_TRY(mote_handle_new(vm->al, &w, h->storage, offset, out, vm->err));
  out->u.tensor->requires_grad = h->requires_grad;
  out->u.tensor->is_meta = h->is_meta;
  return MOTE_OK;
}

const char *mote_vm_intern(mote_vm *vm, const char *text) {
  size_t len = strlen(text);
  mote_map_entry *e = mote_map_find(&vm->interned, text, len);
  if (e)
    return e->key;
  char *copy = mote_strdup(vm->al, text, len);
  if (!copy || !mote_map_put(&vm->interned, copy, len)) {
    mote_free(vm->al, copy);
    return NULL;
  }
  return copy;
}
