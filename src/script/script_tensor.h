// Tensor work of the machine: emitting operators (at once or into the recording), writing into tensors, conversions.
// Tests: tests/script/test_vm.c, tests/script/test_record.c
#ifndef MOTE_SCRIPT_SCRIPT_TENSOR_H
#define MOTE_SCRIPT_SCRIPT_TENSOR_H

#include "script/record.h"

#define MOTE_EMIT_MAX 64 // operands of one operator

// Computes one operator on handles (NULL: absent input). out[0..*n_out): one reference each; *n_out is the capacity on
// entry. `eager`: never recorded.
mote_status mote_tensor_emit(mote_vm *vm, const mote_op *op, const void *attr, mote_handle *const *in, int32_t n_in,
                             bool eager, mote_val *out, int32_t *n_out) MOTE_MUST_USE;
// Elements of `src` (broadcast, converted) into the memory of `dst`; both may be lazy.
mote_status mote_tensor_write(mote_vm *vm, mote_handle *dst, mote_handle *src) MOTE_MUST_USE;
// An out= tensor takes the result's shape (and memory for it) when its own differs.
mote_status mote_tensor_resize(mote_vm *vm, mote_handle *dst, const mote_handle *src) MOTE_MUST_USE;
// A tensor of another dtype; the same one (retained) when nothing changes.
mote_status mote_tensor_cast(mote_vm *vm, mote_handle *h, mote_dtype dtype, mote_val *out) MOTE_MUST_USE;
// A dense copy; `dtype` MOTE_NONE keeps the type.
mote_status mote_tensor_clone(mote_vm *vm, mote_handle *h, mote_val *out) MOTE_MUST_USE;
// Before elements of a storage are written by hand: flush what reads it, own memory, new version.
mote_status mote_tensor_own(mote_vm *vm, mote_handle *h) MOTE_MUST_USE;
// Converts and copies elements; shapes are equal after broadcasting src to dst.
mote_status mote_elements_convert(const mote_tensor *src, const mote_tensor *dst, mote_error *err) MOTE_MUST_USE;
// A new window on the storage of `h`: dims and strides of `t`, offset in elements from the storage's start. `op`/`attr`
// may name the operator that makes the window from `h` (for recording), else it is made from the base.
mote_status mote_tensor_window(mote_vm *vm, mote_handle *h, const mote_tensor *t, int64_t offset,
                               mote_val *out) MOTE_MUST_USE;

// promote.c
mote_dtype mote_promote_types(mote_dtype a, mote_dtype b);
typedef struct mote_promotion { // PyTorch's result_type: tensors with dims, then 0-dim tensors, then numbers
  mote_dtype dims, zero, number;
} mote_promotion;
void mote_promotion_add(mote_promotion *p, mote_val v);
mote_dtype mote_promotion_result(const mote_promotion *p);
bool mote_dtype_can_cast(mote_dtype from, mote_dtype to);
const char *mote_torch_dtype_name(mote_dtype dtype); // "Float", "Long", ...
mote_dtype mote_number_dtype(mote_val v);

// A string that lives as long as the machine.
const char *mote_vm_intern(mote_vm *vm, const char *text);

#endif
