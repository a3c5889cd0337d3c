// Builtin operators on packed parameters: objects that only operators look into. Packing here keeps what was given; kernels
// pack weights when a plan is made. Lowerings receive such an object as a list of its tensors, integers and floats in
// order. Tests: tests/script/test_vm.c
#include "script/tensor.h"

static mote_status n_pack(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val state;
  MOTE_TRY(mote_tuple_new(vm->al, n, &state, vm->err));
  for (uint32_t i = 0; i < n; i++)
    state.u.tuple->at[i] = mote_val_retain(a[i]);
  const char *kind = mote_vm_intern(vm, vm->ref->name);
  mote_status s = kind ? mote_native_new(vm->al, kind, state, out, vm->err) : mote_fail_nomem(vm->err);
  mote_val_release(state);
  return s;
}

static bool find_tensors(mote_val v, mote_val *found, int *count, int depth) {
  if (v.tag == MOTE_TAG_TENSOR && *count < 2)
    found[(*count)++] = v;
  if (depth > 8)
    return false;
  for (size_t i = 0; v.tag == MOTE_TAG_TUPLE && i < v.u.tuple->len; i++)
    find_tensors(v.u.tuple->at[i], found, count, depth + 1);
  for (size_t i = 0; v.tag == MOTE_TAG_LIST && i < v.u.list->len; i++)
    find_tensors(v.u.list->at[i], found, count, depth + 1);
  return *count > 0;
}

// Weight and bias (or None).
static mote_status n_unpack(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val found[2] = {mote_val_none(), mote_val_none()};
  int count = 0;
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_NATIVE);
  if (!find_tensors(a[0].u.native->state, found, &count, 0))
    return mote_fail(vm->err, MOTE_ERR_TYPE, "packed parameters without a weight");
  out[0] = mote_val_retain(found[0]);
  if (vm->n_results > 1)
    out[1] = mote_val_retain(found[1]);
  return MOTE_OK;
}

const mote_builtin mote_builtin_native[] = {{"quantized::conv1d_prepack", "-", n_pack},
                                            {"quantized::conv2d_prepack", "-", n_pack},
                                            {"quantized::conv3d_prepack", "-", n_pack},
                                            {"quantized::conv_transpose1d_prepack", "-", n_pack},
                                            {"quantized::conv_transpose2d_prepack", "-", n_pack},
                                            {"quantized::conv_transpose3d_prepack", "-", n_pack},
                                            {"quantized::linear_prepack", "-", n_pack},
                                            {"quantized::linear_prepack_fp16", "-", n_pack},
                                            {"quantized::conv1d_unpack", "-", n_unpack},
                                            {"quantized::conv2d_unpack", "-", n_unpack},
                                            {"quantized::conv3d_unpack", "-", n_unpack},
                                            {"quantized::linear_unpack", "-", n_unpack},
                                            {"quantized::linear_unpack_fp16", "-", n_unpack},
                                            {"prepacked::conv2d_clamp_prepack", "-", n_pack},
                                            {"prepacked::conv2d_transpose_clamp_prepack", "-", n_pack},
                                            {"prepacked::linear_clamp_prepack", "-", n_pack},
                                            {NULL, NULL, NULL}};
