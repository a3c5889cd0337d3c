// Builtin operators that ask about tensors, convert and copy them. Tests: tests/script/test_vm.c
#include <math.h>
#include <string.h>

#include "script/view.h"

#define TENSOR(i)                                                                                                      \
  MOTE_WANT(vm, a[i], MOTE_TAG_TENSOR);                                                                                \
  (void)n
#define H (a[0].u.tensor)

static mote_status int_list(mote_vm *vm, const int64_t *at, int32_t count, mote_val *out) {
  MOTE_TRY(mote_list_new(vm->al, (size_t)count, out, vm->err));
  out->u.list->len = (size_t)count;
  for (int32_t i = 0; i < count; i++)
    out->u.list->at[i] = mote_val_int(at[i]);
  return MOTE_OK;
}

// The argument of that name; None when the schema has none.
static mote_val named(const mote_vm *vm, uint32_t n, const mote_val *a, const char *name) {
  const mote_schema *s = vm->ref->schema;
  for (uint32_t i = 0; s && i < s->n_args && i < n; i++)
    if (strcmp(s->args[i].name, name) == 0)
      return a[i];
  return mote_val_none();
}

// ------------------------------------------------------------------------------------------------ shape

static mote_status t_size(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  TENSOR(0);
  if (n < 2)
    return int_list(vm, H->t.dim, H->t.rank, out);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "IndexError", "Dimension specified as %lld but tensor has no dimensions",
                         (long long)a[1].u.i);
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  *out = mote_val_int(H->t.dim[axis]);
  return MOTE_OK;
}

static mote_status t_stride(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int32_t axis;
  TENSOR(0);
  if (n < 2)
    return int_list(vm, H->t.stride, H->t.rank, out);
  MOTE_TRY(mote_vm_axis(vm, a[1], H->t.rank, &axis));
  *out = mote_val_int(H->t.rank ? H->t.stride[axis] : 1);
  return MOTE_OK;
}

static mote_status t_len(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  if (H->t.rank == 0)
    return mote_vm_raise(vm, "TypeError", "len() of a 0-d tensor");
  *out = mote_val_int(H->t.dim[0]);
  return MOTE_OK;
}

#define FACT(name, make)                                                                                               \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    TENSOR(0);                                                                                                         \
    const mote_handle *h = H;                                                                                          \
    *out = make;                                                                                                       \
    (void)h;                                                                                                           \
    return MOTE_OK;                                                                                                    \
  }
FACT(t_dim, mote_val_int(h->t.rank))
FACT(t_numel, mote_val_int(mote_tensor_numel(&h->t)))
FACT(t_offset, mote_val_int(h->offset))
FACT(t_element_size, mote_val_int((int64_t)mote_dtype_size(h->t.dtype)))
FACT(t_nbytes, mote_val_int((int64_t)mote_dtype_size(h->t.dtype) * mote_tensor_numel(&h->t)))
FACT(t_device, mote_val_device(h->is_meta ? 1 : 0))
FACT(t_dtype, mote_val_int(mote_dtype_to_torch(h->t.dtype)))
FACT(t_layout, mote_val_int(0))
FACT(t_is_float, mote_val_bool(mote_dtype_is_float(h->t.dtype)))
FACT(t_is_complex, mote_val_bool(mote_dtype_is_complex(h->t.dtype)))
FACT(t_is_signed, mote_val_bool(h->t.dtype != MOTE_BOOL && h->t.dtype != MOTE_U8 && h->t.dtype != MOTE_U16 &&
                                h->t.dtype != MOTE_U32 && h->t.dtype != MOTE_U64))
FACT(t_is_quantized, mote_val_bool(mote_dtype_is_quantized(h->t.dtype)))
FACT(t_requires_grad, mote_val_bool(h->requires_grad))
FACT(t_is_meta, mote_val_bool(h->is_meta))
FACT(t_false, mote_val_bool(false))
FACT(t_true, mote_val_bool(true))
FACT(t_none, mote_val_none())

static mote_status t_is_contiguous(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  bool last = n > 1 && mote_is_int(a[1]) && a[1].u.i == 2;
  *out = mote_val_bool(last ? mote_tensor_is_channels_last(&H->t) : mote_tensor_is_dense(&H->t));
  return MOTE_OK;
}

static mote_status t_is_same_size(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  TENSOR(1);
  *out = mote_val_bool(mote_tensor_same_shape(&H->t, &a[1].u.tensor->t));
  return MOTE_OK;
}

static mote_status t_is_set_to(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  TENSOR(1);
  const mote_handle *o = a[1].u.tensor;
  *out = mote_val_bool(H->storage == o->storage && H->offset == o->offset && mote_tensor_same_shape(&H->t, &o->t) &&
                       mote_tensor_same_strides(&H->t, &o->t));
  return MOTE_OK;
}

static mote_status t_requires_grad_(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  H->requires_grad = n < 2 || a[1].u.i != 0;
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ numbers

static mote_status t_item(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  return mote_vm_item(vm, H, out);
}

static mote_status number(mote_vm *vm, const mote_val *a, mote_val *out) {
  mote_val v;
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  MOTE_TRY(mote_vm_item(vm, H, &v));
  if (v.tag == MOTE_TAG_COMPLEX) {
    double re = v.u.complex->re;
    mote_val_release(v);
    v = mote_val_float(re);
  }
  *out = v;
  return MOTE_OK;
}

static mote_status t_int(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(number(vm, a, out));
  if (out->tag == MOTE_TAG_FLOAT) {
    double f = out->u.f;
    if (!(f >= -9223372036854775808.0 && f < 9223372036854775808.0))
      return mote_vm_raise(vm, "RuntimeError", "value cannot be converted to type int64_t without overflow");
    *out = mote_val_int((int64_t)f);
  } else {
    *out = mote_val_int(out->u.i);
  }
  return MOTE_OK;
}
static mote_status t_float(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(number(vm, a, out));
  *out = mote_val_float(mote_num(*out));
  return MOTE_OK;
}
static mote_status t_bool(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  int64_t count = mote_tensor_numel(&H->t);
  if (count != 1)
    return mote_vm_raise(vm, "RuntimeError", "Boolean value of Tensor with %s value%s is ambiguous",
                         count ? "more than one" : "no", count ? "" : "s");
  MOTE_TRY(number(vm, a, out));
  *out = mote_val_bool(mote_num(*out) != 0);
  return MOTE_OK;
}

static mote_status t_from_number(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  return mote_vm_number_tensor(vm, a[0], MOTE_NONE, out);
}

// tensor, rank, element kind; or the annotation is only known from the program's types
static mote_status t_tolist(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  int64_t rank = n > 1 && mote_is_int(a[1]) ? a[1].u.i : H->t.rank, kind = n > 2 && mote_is_int(a[2]) ? a[2].u.i : -1;
  return mote_vm_tolist(vm, H, rank, kind, out);
}

// ------------------------------------------------------------------------------------------------ copies

static mote_status t_to(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  mote_val dtype = named(vm, n, a, "dtype"), copy = named(vm, n, a, "copy"), other = named(vm, n, a, "other");
  mote_val format = named(vm, n, a, "memory_format");
  bool own = mote_is_int(format) && format.u.i >= 2 && H->t.rank == format.u.i + 2; // channels last: tensors are not
  mote_dtype to = H->t.dtype;
  if (other.tag == MOTE_TAG_TENSOR)
    to = other.u.tensor->t.dtype;
  else if (mote_is_int(dtype))
    to = mote_dtype_of_torch(dtype.u.i);
  if (to == MOTE_NONE)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "dtype number %lld", (long long)dtype.u.i);
  if (to == H->t.dtype && (own || (copy.tag == MOTE_TAG_BOOL && copy.u.i)))
    return mote_tensor_clone(vm, H, out);
  MOTE_TRY(mote_tensor_cast(vm, H, to, out));
  return MOTE_OK;
}

static mote_status t_type_as(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  TENSOR(1);
  return mote_tensor_cast(vm, H, a[1].u.tensor->t.dtype, out);
}

#define CAST(name, dtype)                                                                                              \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    TENSOR(0);                                                                                                         \
    return mote_tensor_cast(vm, H, dtype, out);                                                                        \
  }
CAST(t_cast_long, MOTE_I64)
CAST(t_cast_float, MOTE_F32)
CAST(t_cast_int, MOTE_I32)
CAST(t_cast_double, MOTE_F64)
CAST(t_cast_byte, MOTE_U8)
CAST(t_cast_half, MOTE_F16)

static mote_status t_clone(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  return mote_tensor_clone(vm, H, out);
}

static mote_status t_copy_(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  mote_val src = a[1], made = mote_val_none();
  if (src.tag != MOTE_TAG_TENSOR) {
    MOTE_TRY(mote_vm_number_tensor(vm, src, H->t.dtype, &made));
    src = made;
  }
  mote_status s = mote_tensor_write(vm, H, src.u.tensor);
  mote_val_release(made);
  *out = s == MOTE_OK ? mote_val_retain(a[0]) : mote_val_none();
  return s;
}

static mote_status t_fill_(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  TENSOR(0);
  mote_val v;
  if (n > 1 && a[1].tag == MOTE_TAG_TENSOR)
    return t_copy_(vm, n, a, out);
  MOTE_TRY(mote_vm_number_tensor(vm, n > 1 ? a[1] : mote_val_int(0), H->t.dtype, &v));
  mote_status s = mote_tensor_write(vm, H, v.u.tensor);
  mote_val_release(v);
  *out = s == MOTE_OK ? mote_val_retain(a[0]) : mote_val_none();
  return s;
}

// ------------------------------------------------------------------------------------------------ types and shapes of
// several

static mote_status t_promote_types(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  *out = mote_val_int(
      mote_dtype_to_torch(mote_promote_types(mote_dtype_of_torch(a[0].u.i), mote_dtype_of_torch(a[1].u.i))));
  return MOTE_OK;
}

static mote_status t_can_cast(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  *out = mote_val_bool(mote_dtype_can_cast(mote_dtype_of_torch(a[0].u.i), mote_dtype_of_torch(a[1].u.i)));
  return MOTE_OK;
}

static mote_status t_result_type(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_promotion p = {MOTE_NONE, MOTE_NONE, MOTE_NONE};
  (void)vm;
  for (uint32_t i = 0; i < n; i++)
    mote_promotion_add(&p, a[i]);
  *out = mote_val_int(mote_dtype_to_torch(mote_promotion_result(&p)));
  return MOTE_OK;
}

static mote_status merge_shape(mote_vm *vm, mote_tensor *all, const mote_tensor *one) {
  mote_tensor merged;
  if (!mote_broadcast_shape(all, one, &merged.rank, merged.dim))
    return mote_vm_raise(vm, "RuntimeError", "Shape mismatch: objects cannot be broadcast to a single shape");
  all->rank = merged.rank;
  memcpy(all->dim, merged.dim, sizeof all->dim);
  return MOTE_OK;
}

static mote_status t_broadcast_shapes(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_tensor all, one;
  mote_tensor_init(&all, MOTE_F32, 0, NULL);
  mote_tensor_init(&one, MOTE_F32, 0, NULL);
  for (uint32_t i = 0; i < n; i++) {
    MOTE_TRY(mote_vm_ints(vm, a[i], one.dim, MOTE_MAX_RANK, &one.rank));
    MOTE_TRY(merge_shape(vm, &all, &one));
  }
  return int_list(vm, all.dim, all.rank, out);
}

// ------------------------------------------------------------------------------------------------ quantisation facts

static mote_status want_quant(mote_vm *vm, const mote_val *a) {
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  return H->t.quant.count ? MOTE_OK : mote_vm_raise(vm, "RuntimeError", "the tensor is not quantised");
}
static mote_status q_scale(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(want_quant(vm, a));
  *out = mote_val_float(H->t.quant.scale);
  return MOTE_OK;
}
static mote_status q_zero_point(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(want_quant(vm, a));
  *out = mote_val_int(H->t.quant.zero_point);
  return MOTE_OK;
}
static mote_status q_axis(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(want_quant(vm, a));
  *out = mote_val_int(H->t.quant.axis);
  return MOTE_OK;
}
static mote_status q_array(mote_vm *vm, const mote_val *a, bool scales, mote_val *out) {
  mote_tensor t;
  const mote_quant *q = &H->t.quant;
  MOTE_TRY(want_quant(vm, a));
  int64_t count = q->count;
  mote_tensor_init(&t, scales ? MOTE_F64 : MOTE_I64, 1, &count);
  MOTE_TRY(mote_handle_alloc(vm->al, &t, true, out, vm->err));
  for (int64_t i = 0; i < count; i++) {
    if (scales)
      mote_store_f64(out->u.tensor->storage->data, MOTE_F64, i, q->scales ? q->scales[i] : q->scale);
    else
      mote_store_i64(out->u.tensor->storage->data, MOTE_I64, i, q->zero_points ? q->zero_points[i] : q->zero_point);
  }
  return MOTE_OK;
}
static mote_status q_scales(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, q_array(vm, a, true, out);
}
static mote_status q_zeros(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, q_array(vm, a, false, out);
}

// The codes of a quantised tensor as plain integers.
static mote_status q_int_repr(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(want_quant(vm, a));
  MOTE_TRY(mote_tensor_clone(vm, H, out));
  mote_handle *h = out->u.tensor;
  MOTE_TRY(mote_vm_force(vm, h));
  h->t.dtype = h->t.dtype == MOTE_QI8 ? MOTE_I8 : h->t.dtype == MOTE_QU8 ? MOTE_U8 : MOTE_I32;
  memset(&h->t.quant, 0, sizeof h->t.quant);
  h->epoch = 0;
  return MOTE_OK;
}

const mote_builtin mote_builtin_tensor[] = {
    {"size .int prim::shape", t_size},
    {"stride .int", t_stride},
    {"dim ndimension", t_dim},
    {"numel", t_numel},
    {"len.Tensor", t_len},
    {"storage_offset", t_offset},
    {"element_size prim::itemsize", t_element_size},
    {"prim::nbytes", t_nbytes},
    {"prim::device", t_device},
    {"prim::dtype", t_dtype},
    {"prim::layout", t_layout},
    {"is_floating_point", t_is_float},
    {"is_complex", t_is_complex},
    {"is_signed", t_is_signed},
    {"is_contiguous .memory_format", t_is_contiguous},
    {"is_same_size", t_is_same_size},
    {"is_set_to", t_is_set_to},
    {"prim::is_quantized", t_is_quantized},
    {"prim::requires_grad", t_requires_grad},
    {"prim::is_meta", t_is_meta},
    {"prim::is_cpu is_inference is_leaf", t_true},
    {"prim::is_cuda prim::is_sparse prim::is_mkldnn prim::is_nested prim::is_xla prim::is_xpu "
     "prim::is_ipu prim::is_maia prim::is_mtia is_conj is_neg",
     t_false},
    {"prim::grad prim::name", t_none},
    {"requires_grad_", t_requires_grad_},
    {"item ScalarImplicit", t_item},
    {"Int.Tensor IntImplicit", t_int},
    {"Float.Tensor FloatImplicit", t_float},
    {"Bool.Tensor is_nonzero", t_bool},
    {"prim::NumToTensor.Scalar .bool", t_from_number},
    {"prim::tolist", t_tolist},
    {"to.device .dtype .other .dtype_layout .prim_Device .prim_dtype .prim_other", t_to},
    {"type_as", t_type_as},
    {"_cast_Long", t_cast_long},
    {"_cast_Float", t_cast_float},
    {"_cast_Int", t_cast_int},
    {"_cast_Double", t_cast_double},
    {"_cast_Byte", t_cast_byte},
    {"_cast_Half", t_cast_half},
    {"clone", t_clone},
    {"copy_ .Tensor .int .float", t_copy_},
    {"fill_.Scalar .Tensor zero_", t_fill_},
    {"promote_types", t_promote_types},
    {"can_cast", t_can_cast},
    {"result_type.Tensor .Scalar .Scalar_Tensor .Scalar_Scalar", t_result_type},
    {"broadcast_shapes _infer_size", t_broadcast_shapes},
    {"q_scale", q_scale},
    {"q_zero_point", q_zero_point},
    {"q_per_channel_axis", q_axis},
    {"q_per_channel_scales", q_scales},
    {"q_per_channel_zero_points", q_zeros},
    {"int_repr", q_int_repr},
    {NULL, NULL},
};
