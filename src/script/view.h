// Views: new dims and strides on the same storage, with PyTorch's strides. Tests: tests/script/test_vm.c
#ifndef MOTE_SCRIPT_VIEW_H
#define MOTE_SCRIPT_VIEW_H

#include "script/script_tensor.h"

// Strides of `t` seen as (rank, dim); false when elements would have to move.
bool mote_view_strides(const mote_tensor *t, int32_t rank, const int64_t *dim, int64_t *stride);
// Fills in a -1; MOTE_ERR_RAISED when the count of elements differs.
mote_status mote_view_infer_dims(mote_vm *vm, const mote_tensor *t, const mote_val *list,
                                 mote_tensor *out) MOTE_MUST_USE;
mote_status mote_vm_ints(mote_vm *vm, mote_val v, int64_t *out, int32_t cap,
                         int32_t *n) MOTE_MUST_USE; // a list or one int
mote_status mote_vm_axis(mote_vm *vm, mote_val v, int32_t rank, int32_t *out) MOTE_MUST_USE;
// h seen with other dims: a view when it can be, else (with `copy`) a dense copy.
mote_status mote_view_reshape(mote_vm *vm, mote_handle *h, int32_t rank, const int64_t *dim, bool copy,
                              mote_val *out) MOTE_MUST_USE;
mote_status mote_view_permute(mote_vm *vm, mote_handle *h, const int32_t *perm, mote_val *out) MOTE_MUST_USE;
mote_status mote_view_slice(mote_vm *vm, mote_handle *h, int32_t axis, int64_t start, int64_t len, int64_t step,
                            mote_val *out) MOTE_MUST_USE;
mote_status mote_view_select(mote_vm *vm, mote_handle *h, int32_t axis, int64_t index, mote_val *out) MOTE_MUST_USE;

#endif
