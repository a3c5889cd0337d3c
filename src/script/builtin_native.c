// Builtin operators on packed parameters: making them, taking them apart, asking for their settings.
// Tests: tests/models/torch/{cnn_quantised,layers_fbgemm,line_quantised,speech_*}
#include "script/packed.h"
#include "script/script_tensor.h"

#include <string.h>

#define QUANTIZED "__torch__.torch.classes.quantized."

// Parameters of XNNPACK's operators: what was given is kept, kernels pack weights when a plan is made.
static mote_status keep_all(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val state;
  MOTE_TRY(mote_tuple_new(vm->al, n, &state, vm->err));
  for (uint32_t i = 0; i < n; i++)
    state.u.tuple->at[i] = mote_val_retain(a[i]);
  const char *kind = mote_vm_intern(vm, vm->ref->name);
  mote_status s = kind ? mote_native_new(vm->al, kind, state, out, vm->err) : mote_fail_nomem(vm->err);
  mote_val_release(state);
  return s;
}

// A new object that carries the program's class.
static mote_status make(mote_vm *vm, const char *name, const mote_val *tensors, int32_t n, const mote_ints *ints,
                        mote_val *out) {
  MOTE_TRY(mote_packed_new(vm->al, name, tensors, n, ints, out, vm->err));
  out->u.native->cls = mote_types_find_class(&vm->program->types, name);
  return MOTE_OK;
}

static mote_status parts_of(mote_vm *vm, mote_val v, mote_val tensors[MOTE_PACKED_TENSORS], int32_t want,
                            mote_ints *ints) {
  int32_t n;
  MOTE_WANT(vm, v, MOTE_TAG_NATIVE);
  if (!mote_packed_parts(v.u.native, tensors, &n, ints) || n != want)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "%s() cannot work on %s", vm->ref ? vm->ref->name : "", v.u.native->kind);
  return MOTE_OK;
}

static mote_status want_weight(mote_vm *vm, mote_val v) {
  MOTE_WANT(vm, v, MOTE_TAG_TENSOR);
  if (!mote_dtype_is_quantized(v.u.tensor->t.dtype) || v.u.tensor->t.quant.count < 1)
    return mote_vm_raise(vm, "RuntimeError", "%s: the weight is not quantised", vm->ref ? vm->ref->name : "");
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ linear

static mote_status linear_prepack(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val parts[2] = {a[0], n > 1 ? a[1] : mote_val_none()};
  mote_ints ints = {1, {0}};
  MOTE_TRY(want_weight(vm, a[0]));
  return make(vm, QUANTIZED "LinearPackedParamsBase", parts, 2, &ints, out);
}

static float through_half(float v) {
  float limit = 65504.0f;
  return mote_f16_to_f32(mote_f32_to_f16(v < -limit ? -limit : v > limit ? limit : v));
}

// The weight rounded to float16; the same tensor when it is that already, so that a constant stays one.
static mote_status rounded(mote_vm *vm, mote_val weight, mote_val *out) {
  mote_tensor t;
  MOTE_WANT(vm, weight, MOTE_TAG_TENSOR);
  MOTE_TRY(mote_vm_force(vm, weight.u.tensor));
  if (weight.u.tensor->t.dtype != MOTE_F32)
    return mote_tensor_cast(vm, weight.u.tensor, MOTE_F32, out);
  mote_handle_view(weight.u.tensor, &t);
  int64_t n = mote_tensor_numel(&t), i = 0;
  const float *v = t.data;
  while (mote_tensor_is_dense(&t) && i < n && through_half(v[i]) == v[i])
    i++;
  if (i == n) {
    *out = mote_val_retain(weight);
    return MOTE_OK;
  }
  MOTE_TRY(mote_tensor_clone(vm, weight.u.tensor, out));
  MOTE_TRY(mote_vm_force(vm, out->u.tensor));
  mote_handle_view(out->u.tensor, &t);
  for (i = 0; i < n; i++)
    ((float *)t.data)[i] = through_half(((const float *)t.data)[i]);
  return MOTE_OK;
}

static mote_status linear_prepack_fp16(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val parts[2] = {mote_val_none(), n > 1 ? a[1] : mote_val_none()};
  mote_ints ints = {1, {1}};
  MOTE_TRY(rounded(vm, a[0], &parts[0]));
  mote_status s = make(vm, QUANTIZED "LinearPackedParamsBase", parts, 2, &ints, out);
  mote_val_release(parts[0]);
  return s;
}

static mote_status unpack2(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val parts[MOTE_PACKED_TENSORS];
  mote_ints ints;
  (void)n;
  MOTE_TRY(parts_of(vm, a[0], parts, 2, &ints));
  out[0] = mote_val_retain(parts[0]);
  out[1] = mote_val_retain(parts[1]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ convolution

// Appends `dims` numbers of list `v`; one number stands for all.
static mote_status append(mote_vm *vm, mote_ints *to, int64_t dims, mote_val v) {
  MOTE_WANT(vm, v, MOTE_TAG_LIST);
  size_t len = v.u.list->len;
  if (len != (size_t)dims && len != 1)
    return mote_vm_raise(vm, "RuntimeError", "%s: %zu numbers for %d dimensions", vm->ref->name, len, (int)dims);
  for (int64_t i = 0; i < dims; i++) {
    mote_val item = v.u.list->at[len == 1 ? 0 : i];
    MOTE_WANT_INT(vm, item);
    to->at[to->count++] = item.u.i;
  }
  return MOTE_OK;
}

// weight, bias, stride, padding, (output padding,) dilation, groups
static mote_status conv_prepack(mote_vm *vm, mote_val *a, int64_t dims, bool transposed, mote_val *out) {
  mote_ints ints = {1, {dims}};
  int k = transposed ? 1 : 0;
  MOTE_TRY(want_weight(vm, a[0]));
  MOTE_TRY(append(vm, &ints, dims, a[2]));
  MOTE_TRY(append(vm, &ints, dims, a[3]));
  MOTE_TRY(append(vm, &ints, dims, a[4 + k]));
  if (transposed) {
    MOTE_TRY(append(vm, &ints, dims, a[4]));
  } else {
    ints.count += (int32_t)dims;
  }
  MOTE_WANT_INT(vm, a[5 + k]);
  ints.at[ints.count++] = a[5 + k].u.i;
  ints.at[ints.count++] = transposed;
  return make(vm, dims == 3 ? QUANTIZED "Conv3dPackedParamsBase" : QUANTIZED "Conv2dPackedParamsBase", a, 2, &ints,
              out);
}
#define CONV(name, dims, transposed)                                                                                   \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    (void)n;                                                                                                           \
    return conv_prepack(vm, a, dims, transposed, out);                                                                 \
  }
CONV(conv1d_prepack, 1, false)
CONV(conv2d_prepack, 2, false)
CONV(conv3d_prepack, 3, false)
CONV(trans1d_prepack, 1, true)
CONV(trans2d_prepack, 2, true)
CONV(trans3d_prepack, 3, true)

// Setting number `which` of each dimension: 0 strides, 1 paddings, 2 dilations, 3 output paddings.
static mote_status conv_list(mote_vm *vm, mote_val *a, int which, mote_val *out) {
  mote_val parts[MOTE_PACKED_TENSORS];
  mote_ints ints;
  MOTE_TRY(parts_of(vm, a[0], parts, 2, &ints));
  int64_t dims = ints.at[0];
  if (ints.count != 3 + 4 * dims)
    return mote_vm_fail_type(vm, "parameters of a convolution", a[0]);
  MOTE_TRY(mote_list_new(vm->al, (size_t)dims, out, vm->err));
  for (int64_t i = 0; i < dims; i++)
    MOTE_TRY(mote_list_push(out->u.list, mote_val_int(ints.at[1 + which * dims + i]), vm->err));
  return MOTE_OK;
}
static mote_status conv_stride(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, conv_list(vm, a, 0, out);
}
static mote_status conv_padding(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, conv_list(vm, a, 1, out);
}
static mote_status conv_dilation(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, conv_list(vm, a, 2, out);
}
static mote_status conv_out_pad(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, conv_list(vm, a, 3, out);
}

static mote_status conv_number(mote_vm *vm, mote_val *a, int from_end, mote_val *out) {
  mote_val parts[MOTE_PACKED_TENSORS];
  mote_ints ints;
  MOTE_TRY(parts_of(vm, a[0], parts, 2, &ints));
  if (ints.count != 3 + 4 * ints.at[0])
    return mote_vm_fail_type(vm, "parameters of a convolution", a[0]);
  *out = mote_val_int(ints.at[ints.count - from_end]);
  return MOTE_OK;
}
static mote_status conv_groups(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, conv_number(vm, a, 2, out);
}
static mote_status conv_transposed(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, conv_number(vm, a, 1, out);
}

// ------------------------------------------------------------------------------------------------ embeddings, cells

static mote_status embedding_prepack(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_ints ints = {1, {8}};
  (void)n;
  MOTE_TRY(want_weight(vm, a[0]));
  return make(vm, QUANTIZED "EmbeddingPackedParamsBase", a, 1, &ints, out);
}
static mote_status embedding_unpack(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val parts[MOTE_PACKED_TENSORS];
  mote_ints ints;
  (void)n;
  MOTE_TRY(parts_of(vm, a[0], parts, 1, &ints));
  *out = mote_val_retain(parts[0]);
  return MOTE_OK;
}

static mote_status cell_of(mote_vm *vm, mote_val ih, mote_val hh, int64_t kind, int64_t reduce_range, mote_val *out) {
  mote_val x[MOTE_PACKED_TENSORS], h[MOTE_PACKED_TENSORS];
  mote_ints unused, ints = {2, {kind, reduce_range}};
  MOTE_TRY(parts_of(vm, ih, x, 2, &unused));
  MOTE_TRY(parts_of(vm, hh, h, 2, &unused));
  mote_val parts[4] = {x[0], x[1], h[0], h[1]};
  return make(vm, "__torch__.torch.classes.rnn.CellParamsBase", parts, 4, &ints, out);
}
static mote_status cell_dynamic(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return cell_of(vm, a[0], a[1], MOTE_CELL_DYNAMIC, n > 4 && mote_is_int(a[4]) ? a[4].u.i : 0, out);
}
static mote_status cell_fp16(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  return cell_of(vm, a[0], a[1], MOTE_CELL_FP16, 0, out);
}

const mote_builtin mote_builtin_native[] = {
    {"quantized::linear_prepack", linear_prepack},
    {"quantized::linear_prepack_fp16", linear_prepack_fp16},
    {"quantized::linear_unpack quantized::linear_unpack_fp16 quantized::conv1d_unpack "
     "quantized::conv2d_unpack quantized::conv3d_unpack quantized::conv_unpack "
     "quantized::conv_transpose1d_unpack quantized::conv_transpose2d_unpack "
     "quantized::conv_transpose3d_unpack",
     unpack2},
    {"quantized::conv1d_prepack", conv1d_prepack},
    {"quantized::conv2d_prepack", conv2d_prepack},
    {"quantized::conv3d_prepack", conv3d_prepack},
    {"quantized::conv_transpose1d_prepack", trans1d_prepack},
    {"quantized::conv_transpose2d_prepack", trans2d_prepack},
    {"quantized::conv_transpose3d_prepack", trans3d_prepack},
    {"quantized::conv2d_stride quantized::conv3d_stride quantized::conv_transpose2d_stride "
     "quantized::conv_transpose3d_stride",
     conv_stride},
    {"quantized::conv2d_padding quantized::conv3d_padding quantized::conv_transpose2d_padding "
     "quantized::conv_transpose3d_padding",
     conv_padding},
    {"quantized::conv2d_dilation quantized::conv3d_dilation quantized::conv_transpose2d_dilation "
     "quantized::conv_transpose3d_dilation",
     conv_dilation},
    {"quantized::conv2d_output_padding quantized::conv3d_output_padding "
     "quantized::conv_transpose2d_output_padding quantized::conv_transpose3d_output_padding",
     conv_out_pad},
    {"quantized::conv2d_groups quantized::conv3d_groups quantized::conv_transpose2d_groups "
     "quantized::conv_transpose3d_groups",
     conv_groups},
    {"quantized::conv2d_transpose quantized::conv3d_transpose quantized::conv_transpose2d_transpose "
     "quantized::conv_transpose3d_transpose",
     conv_transposed},
    {"quantized::embedding_bag_prepack", embedding_prepack},
    {"quantized::embedding_bag_unpack", embedding_unpack},
    {"quantized::make_quantized_cell_params_dynamic", cell_dynamic},
    {"quantized::make_quantized_cell_params_fp16", cell_fp16},
    {"prepacked::conv2d_clamp_prepack prepacked::conv2d_transpose_clamp_prepack "
     "prepacked::linear_clamp_prepack",
     keep_all},
    {NULL, NULL},
};
