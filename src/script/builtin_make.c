// Builtin operators that make tensors from numbers and lists. Tests: tests/script/test_vm.c
#include <math.h>
#include <string.h>

#include "script/view.h"

static mote_val named(const mote_vm *vm, uint32_t n, const mote_val *a, const char *name) {
  const mote_schema *s = vm->ref->schema;
  for (uint32_t i = 0; s && i < s->n_args && i < n; i++)
    if (strcmp(s->args[i].name, name) == 0)
      return a[i];
  return mote_val_none();
}

static mote_status want_dtype(mote_vm *vm, uint32_t n, const mote_val *a, mote_dtype def, mote_dtype *out) {
  mote_val v = named(vm, n, a, "dtype");
  *out = mote_is_int(v) ? mote_dtype_of_torch(v.u.i) : def;
  return *out != MOTE_NONE ? MOTE_OK : mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "dtype number %lld", (long long)v.u.i);
}

static mote_status alloc(mote_vm *vm, mote_tensor *t, bool zero, mote_val *out) {
  size_t bytes;
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dim[i] < 0)
      return mote_vm_raise(vm, "RuntimeError", "Trying to create tensor with negative dimension %lld",
                           (long long)t->dim[i]);
  mote_tensor_set_dense(t);
  memset(&t->quant, 0, sizeof t->quant);
  if (!mote_tensor_bytes(t, &bytes) || bytes > vm->memory_limit)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "tensor does not fit the memory limit of %zu bytes", vm->memory_limit);
  return mote_handle_alloc(vm->al, t, zero, out, vm->err);
}

static mote_status fill(mote_vm *vm, mote_handle *h, mote_val value) {
  mote_val v;
  mote_tensor src, dst;
  MOTE_TRY(mote_vm_number_tensor(vm, value, h->t.dtype, &v));
  mote_handle_view(v.u.tensor, &src);
  mote_handle_view(h, &dst);
  mote_status s = mote_elements_convert(&src, &dst, vm->err);
  mote_val_release(v);
  return s;
}

static mote_status filled(mote_vm *vm, mote_tensor *t, mote_val value, mote_val *out) {
  bool zero = mote_is_number(value) && mote_num(value) == 0;
  MOTE_TRY(alloc(vm, t, zero, out));
  mote_status s = zero ? MOTE_OK : fill(vm, out->u.tensor, value);
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

// ------------------------------------------------------------------------------------------------ by size

static mote_status by_size(mote_vm *vm, uint32_t n, const mote_val *a, mote_val size, mote_dtype def, mote_val value,
                           mote_val *out) {
  mote_tensor t;
  memset(&t, 0, sizeof t);
  MOTE_TRY(mote_vm_ints(vm, size, t.dim, MOTE_MAX_RANK, &t.rank));
  MOTE_TRY(want_dtype(vm, n, a, def, &t.dtype));
  return filled(vm, &t, value, out);
}

static mote_status m_zeros(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return by_size(vm, n, a, a[0], MOTE_F32, mote_val_int(0), out);
}
static mote_status m_ones(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return by_size(vm, n, a, a[0], MOTE_F32, mote_val_int(1), out);
}
static mote_status m_full(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return by_size(vm, n, a, a[0], mote_number_dtype(a[1]), a[1], out);
}

static mote_status like(mote_vm *vm, uint32_t n, const mote_val *a, mote_val value, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  mote_tensor t = a[0].u.tensor->t;
  MOTE_TRY(want_dtype(vm, n, a, t.dtype, &t.dtype));
  return filled(vm, &t, value, out);
}
static mote_status m_zeros_like(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return like(vm, n, a, mote_val_int(0), out);
}
static mote_status m_ones_like(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return like(vm, n, a, mote_val_int(1), out);
}
static mote_status m_full_like(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return like(vm, n, a, a[1], out);
}

static mote_status m_new_zeros(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  return by_size(vm, n, a, a[1], a[0].u.tensor->t.dtype, mote_val_int(0), out);
}
static mote_status m_new_ones(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  return by_size(vm, n, a, a[1], a[0].u.tensor->t.dtype, mote_val_int(1), out);
}
static mote_status m_new_full(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  return by_size(vm, n, a, a[1], a[0].u.tensor->t.dtype, a[2], out);
}

static mote_status m_empty_strided(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return by_size(vm, n, a, a[0], MOTE_F32, mote_val_int(0), out);
}

static mote_status m_scalar_tensor(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_tensor t;
  memset(&t, 0, sizeof t);
  MOTE_TRY(want_dtype(vm, n, a, MOTE_F32, &t.dtype));
  return filled(vm, &t, a[0], out);
}

// ------------------------------------------------------------------------------------------------ ranges

static mote_status range_dtype(mote_vm *vm, uint32_t n, const mote_val *a, uint32_t numbers, mote_dtype *out) {
  mote_dtype def = MOTE_I64;
  for (uint32_t i = 0; i < numbers; i++)
    if (a[i].tag == MOTE_TAG_FLOAT)
      def = MOTE_F32;
  return want_dtype(vm, n, a, def, out);
}

static mote_status make_range(mote_vm *vm, mote_dtype dtype, mote_val start, mote_val end, mote_val step,
                              mote_val *out) {
  mote_tensor t;
  bool ints = mote_is_int(start) && mote_is_int(end) && mote_is_int(step);
  MOTE_WANT_NUM(vm, start);
  MOTE_WANT_NUM(vm, end);
  MOTE_WANT_NUM(vm, step);
  double x = mote_num(start), y = mote_num(end), s = mote_num(step), count = ceil((y - x) / s);
  if (s == 0)
    return mote_vm_raise(vm, "RuntimeError", "step must be nonzero");
  if ((s > 0 && y < x) || (s < 0 && y > x))
    return mote_vm_raise(vm, "RuntimeError", "upper bound and lower bound inconsistent with step sign");
  if (!(count >= 0 && count < 1e15))
    return mote_vm_raise(vm, "RuntimeError", "invalid size, possible overflow");
  int64_t n = (int64_t)count;
  mote_tensor_init(&t, dtype, 1, &n);
  MOTE_TRY(alloc(vm, &t, false, out));
  void *data = out->u.tensor->storage->data;
  for (int64_t i = 0; i < n; i++) {
    if (ints || !mote_dtype_is_float(dtype))
      mote_store_i64(data, dtype, i,
                     (int64_t)((uint64_t)(ints ? start.u.i : (int64_t)x) +
                               (uint64_t)i * (uint64_t)(ints ? step.u.i : (int64_t)s)));
    else
      mote_store_f64(data, dtype, i, x + (double)i * s);
  }
  return MOTE_OK;
}

static mote_status m_arange(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  const char *overload = vm->ref->overload;
  uint32_t numbers = overload[0] == '\0' ? 1 : strcmp(overload, "start") == 0 ? 2 : 3;
  mote_dtype dtype;
  MOTE_TRY(range_dtype(vm, n, a, numbers, &dtype));
  mote_val zero = mote_val_int(0), one = mote_val_int(1);
  return make_range(vm, dtype, numbers == 1 ? zero : a[0], numbers == 1 ? a[0] : a[1], numbers == 3 ? a[2] : one, out);
}

// ------------------------------------------------------------------------------------------------ from lists

static mote_status list_shape(mote_vm *vm, mote_val v, mote_tensor *t, mote_promotion *p) {
  t->rank = 0;
  while (v.tag == MOTE_TAG_LIST) {
    if (t->rank == MOTE_MAX_RANK)
      return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "list nested deeper than %d", MOTE_MAX_RANK);
    t->dim[t->rank++] = (int64_t)v.u.list->len;
    if (v.u.list->len == 0) {
      // an empty list: its static type tells the element
      const mote_type *type = v.u.list->type;
      while (type && type->kind == MOTE_TYPE_LIST)
        type = type->args[0];
      p->dims = type && type->kind == MOTE_TYPE_INT    ? MOTE_I64
                : type && type->kind == MOTE_TYPE_BOOL ? MOTE_BOOL
                                                       : MOTE_F32;
      return MOTE_OK;
    }
    v = v.u.list->at[0];
  }
  if (v.tag == MOTE_TAG_TENSOR)
    p->dims = v.u.tensor->t.dtype;
  else
    mote_promotion_add(p, v);
  return MOTE_OK;
}

static mote_status put_list(mote_vm *vm, mote_val v, const mote_tensor *t, int32_t dim, int64_t *at) {
  if (dim < t->rank) {
    MOTE_WANT(vm, v, MOTE_TAG_LIST);
    if ((int64_t)v.u.list->len != t->dim[dim])
      return mote_vm_raise(vm, "ValueError", "expected sequence of length %lld at dim %d (got %zu)",
                           (long long)t->dim[dim], dim, v.u.list->len);
    for (size_t i = 0; i < v.u.list->len; i++)
      MOTE_TRY(put_list(vm, v.u.list->at[i], t, dim + 1, at));
    return MOTE_OK;
  }
  mote_val item = mote_val_none(), one;
  mote_tensor src, dst = *t;
  if (v.tag == MOTE_TAG_TENSOR) {
    MOTE_TRY(mote_vm_item(vm, v.u.tensor, &item));
    v = item;
  }
  mote_status s = mote_vm_number_tensor(vm, v, t->dtype, &one);
  mote_val_release(item);
  MOTE_TRY(s);
  mote_handle_view(one.u.tensor, &src);
  dst.rank = 0;
  dst.data = (char *)t->data + (size_t)*at * mote_dtype_size(t->dtype);
  ++*at;
  s = mote_elements_convert(&src, &dst, vm->err);
  mote_val_release(one);
  return s;
}

static mote_status m_tensor(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_tensor t;
  mote_promotion p = {MOTE_NONE, MOTE_NONE, MOTE_NONE};
  memset(&t, 0, sizeof t);
  if (a[0].tag == MOTE_TAG_TENSOR) {
    MOTE_TRY(want_dtype(vm, n, a, a[0].u.tensor->t.dtype, &t.dtype));
    if (strcmp(vm->ref->name, "aten::as_tensor") == 0)
      return mote_tensor_cast(vm, a[0].u.tensor, t.dtype, out);
    if (t.dtype == a[0].u.tensor->t.dtype)
      return mote_tensor_clone(vm, a[0].u.tensor, out);
    return mote_tensor_cast(vm, a[0].u.tensor, t.dtype, out);
  }
  MOTE_TRY(list_shape(vm, a[0], &t, &p));
  MOTE_TRY(want_dtype(vm, n, a, mote_promotion_result(&p), &t.dtype));
  MOTE_TRY(alloc(vm, &t, true, out));
  mote_tensor view;
  int64_t at = 0;
  mote_handle_view(out->u.tensor, &view);
  mote_status s = mote_tensor_numel(&view) ? put_list(vm, a[0], &view, 0, &at) : MOTE_OK;
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

// ------------------------------------------------------------------------------------------------ random numbers

static uint64_t next_random(mote_vm *vm) { // xoshiro256**
  uint64_t *s = vm->random, r = s[1] * 5, t = s[1] << 17;
  r = (r << 7 | r >> 57) * 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = s[3] << 45 | s[3] >> 19;
  return r;
}
static double uniform(mote_vm *vm) { return (double)(next_random(vm) >> 40) * 0x1p-24; }
static double normal(mote_vm *vm) {
  double u = 1 - uniform(vm);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * uniform(vm));
}

static mote_status randomise(mote_vm *vm, mote_val v, double (*draw)(mote_vm *)) {
  mote_handle *h = v.u.tensor;
  vm->wrote = true; // a call with chance in it is never answered from memory
  for (int64_t i = 0; i < mote_tensor_numel(&h->t); i++)
    mote_store_f64(h->storage->data, h->t.dtype, i, draw(vm));
  return MOTE_OK;
}

static mote_status m_rand(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_TRY(by_size(vm, n, a, a[0], MOTE_F32, mote_val_int(0), out));
  return randomise(vm, *out, uniform);
}
static mote_status m_randn(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_TRY(by_size(vm, n, a, a[0], MOTE_F32, mote_val_int(0), out));
  return randomise(vm, *out, normal);
}
static mote_status m_rand_like(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_TRY(like(vm, n, a, mote_val_int(0), out));
  return randomise(vm, *out, uniform);
}
static mote_status m_randn_like(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_TRY(like(vm, n, a, mote_val_int(0), out));
  return randomise(vm, *out, normal);
}

static mote_status randint(mote_vm *vm, uint32_t n, const mote_val *a, int64_t lo, int64_t hi, mote_val size,
                           mote_val *out) {
  if (hi <= lo)
    return mote_vm_raise(vm, "RuntimeError", "random_ expects 'from' to be less than 'to'");
  MOTE_TRY(by_size(vm, n, a, size, MOTE_I64, mote_val_int(0), out));
  mote_handle *h = out->u.tensor;
  vm->wrote = true;
  for (int64_t i = 0; i < mote_tensor_numel(&h->t); i++)
    mote_store_i64(h->storage->data, h->t.dtype, i, lo + (int64_t)(next_random(vm) % (uint64_t)(hi - lo)));
  return MOTE_OK;
}
static mote_status m_randint(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT_INT(vm, a[0]);
  return randint(vm, n, a, 0, a[0].u.i, a[1], out);
}
static mote_status m_randint_low(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  return randint(vm, n, a, a[0].u.i, a[1].u.i, a[2], out);
}

static mote_status m_randperm(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_dtype dtype;
  MOTE_TRY(want_dtype(vm, n, a, MOTE_I64, &dtype));
  MOTE_TRY(make_range(vm, dtype, mote_val_int(0), a[0], mote_val_int(1), out));
  void *data = out->u.tensor->storage->data;
  vm->wrote = true;
  for (int64_t i = out->u.tensor->t.dim[0] - 1; i > 0; i--) {
    int64_t j = (int64_t)(next_random(vm) % (uint64_t)(i + 1)), t = mote_load_i64(data, dtype, i);
    mote_store_i64(data, dtype, i, mote_load_i64(data, dtype, j));
    mote_store_i64(data, dtype, j, t);
  }
  return MOTE_OK;
}

const mote_builtin mote_builtin_make[] = {
    {"zeros empty.memory_format", m_zeros},
    {"ones", m_ones},
    {"full", m_full},
    {"zeros_like empty_like", m_zeros_like},
    {"ones_like", m_ones_like},
    {"full_like", m_full_like},
    {"new_zeros new_empty", m_new_zeros},
    {"new_ones", m_new_ones},
    {"new_full", m_new_full},
    {"empty_strided", m_empty_strided},
    {"scalar_tensor", m_scalar_tensor},
    {"arange .start .start_step", m_arange},
    {"tensor .int .float .bool .complex as_tensor .int .float .bool .complex .list", m_tensor},
    {"rand", m_rand},
    {"randn", m_randn},
    {"rand_like", m_rand_like},
    {"randn_like", m_randn_like},
    {"randint", m_randint},
    {"randint.low", m_randint_low},
    {"randperm", m_randperm},
    {NULL, NULL},
};
