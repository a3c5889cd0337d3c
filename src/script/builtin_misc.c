// Builtin operators of the language itself: printing, identity, casts, futures, modes of the process that a mobile
// runtime does not have. Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <string.h>

static mote_status p_print(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)out;
  mote_text t;
  mote_status s = MOTE_OK;
  vm->wrote = true;
  if (!vm->log)
    return MOTE_OK;
  mote_text_init(&t, vm->al);
  for (uint32_t i = 0; s == MOTE_OK && i < n; i++) {
    if (i)
      mote_text_str(&t, " ");
    s = mote_vm_str(vm, a[i], &t);
  }
  if (s == MOTE_OK)
    vm->log(vm->log_ctx, t.at ? t.at : "");
  mote_text_destroy(&t);
  return s;
}

static mote_status p_warn(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_STR);
  vm->wrote = true;
  if (vm->log)
    vm->log(vm->log_ctx, a[0].u.str->at);
  return MOTE_OK;
}

static mote_status p_raise(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_STR);
  const char *name = n > 1 && a[1].tag == MOTE_TAG_STR ? a[1].u.str->at : NULL;
  const char *dot = name ? strrchr(name, '.') : NULL;
  return mote_vm_raise(vm, dot ? dot + 1 : name, "%s", a[0].u.str->at);
}

static mote_status p_same(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status p_unwrap(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  if (a[0].tag == MOTE_TAG_NONE)
    return mote_vm_raise(vm, "AssertionError", "Unwrapping null optional");
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status p_is(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  *out = mote_val_bool(mote_val_same(a[0], a[1]));
  return MOTE_OK;
}
static mote_status p_isnot(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  *out = mote_val_bool(!mote_val_same(a[0], a[1]));
  return MOTE_OK;
}

static mote_status p_none(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n, (void)a;
  *out = mote_val_none();
  return MOTE_OK;
}

static mote_status p_if(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  *out = mote_val_retain(a[0].u.i ? a[1] : a[2]);
  return MOTE_OK;
}

// Pushes the items of a tuple: as many as the code expects.
static mote_status p_tuple_unpack(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_TUPLE);
  const mote_tuple *t = a[0].u.tuple;
  if ((size_t)vm->n_results != t->len || t->len > MOTE_MAX_RESULTS)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "tuple of %zu where %d values are expected", t->len, vm->n_results);
  for (size_t i = 0; i < t->len; i++)
    out[i] = mote_val_retain(t->at[i]);
  return MOTE_OK;
}

static mote_status p_tuple_index(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_TUPLE);
  MOTE_WANT_INT(vm, a[1]);
  int64_t len = (int64_t)a[0].u.tuple->len, i = a[1].u.i;
  if (i < -len || i >= len)
    return mote_vm_raise(vm, "IndexError", "Tuple index out of range");
  *out = mote_val_retain(a[0].u.tuple->at[i < 0 ? i + len : i]);
  return MOTE_OK;
}

static mote_status p_enum_name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_ENUM);
  *out = mote_val_retain(a[0].u.en->name);
  return MOTE_OK;
}
static mote_status p_enum_value(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_ENUM);
  *out = mote_val_retain(a[0].u.en->value);
  return MOTE_OK;
}

// An entry of a ModuleList, Sequential (by number) or ModuleDict (by name): the attribute at that place among the
// modules.
static mote_status p_container(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_OBJECT);
  const mote_class *cls = a[0].u.object->cls;
  int64_t want = mote_is_int(a[1]) ? a[1].u.i : -1, modules = 0, at = 0;
  for (uint32_t i = 0; i < cls->n_attrs; i++)
    modules += i < a[0].u.object->n_slots && a[0].u.object->slots[i].tag == MOTE_TAG_OBJECT;
  if (mote_is_int(a[1]) && (want < -modules || want >= modules))
    return mote_vm_raise(vm, "IndexError", "list index out of range");
  want = want < 0 ? want + modules : want;
  for (uint32_t i = 0; i < cls->n_attrs && i < a[0].u.object->n_slots; i++) {
    mote_val v = a[0].u.object->slots[i];
    bool hit = a[1].tag == MOTE_TAG_STR ? strcmp(cls->attrs[i].name, a[1].u.str->at) == 0
                                        : v.tag == MOTE_TAG_OBJECT && at == want;
    at += v.tag == MOTE_TAG_OBJECT;
    if (hit) {
      *out = mote_val_retain(v);
      return MOTE_OK;
    }
  }
  return mote_vm_raise(vm, "KeyError", "%s", a[1].tag == MOTE_TAG_STR ? a[1].u.str->at : "?");
}

static mote_status p_wait(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_FUTURE);
  *out = mote_val_retain(a[0].u.future->value);
  return MOTE_OK;
}

static mote_status p_nowait(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(mote_future_new(vm->al, out, vm->err));
  out->u.future->done = true;
  out->u.future->value = mote_val_retain(a[0]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ ranges

static mote_status p_range_length(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  for (int i = 0; i < 3; i++)
    MOTE_WANT_INT(vm, a[i]);
  int64_t lo = a[0].u.i, hi = a[1].u.i, step = a[2].u.i;
  if (step == 0)
    return mote_vm_raise(vm, "ValueError", "range() arg 3 must not be zero");
  uint64_t span = step > 0 ? (hi > lo ? (uint64_t)hi - (uint64_t)lo : 0) : (lo > hi ? (uint64_t)lo - (uint64_t)hi : 0);
  uint64_t by = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  *out = mote_val_int(span ? (int64_t)((span - 1) / by + 1) : 0);
  return MOTE_OK;
}

static mote_status p_derive_index(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  for (int i = 0; i < 3; i++)
    MOTE_WANT_INT(vm, a[i]);
  *out = mote_val_int((int64_t)((uint64_t)a[1].u.i + (uint64_t)a[0].u.i * (uint64_t)a[2].u.i));
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ modes and devices

static mote_status p_false(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n, (void)a;
  *out = mote_val_bool(false);
  return MOTE_OK;
}
static mote_status p_true(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n, (void)a;
  *out = mote_val_bool(true);
  return MOTE_OK;
}

static mote_status p_grad_enabled(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)a;
  *out = mote_val_bool(!vm->no_grad);
  return MOTE_OK;
}
static mote_status p_set_grad(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT_INT(vm, a[0]);
  vm->no_grad = a[0].u.i == 0;
  return MOTE_OK;
}

static mote_status p_device(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_STR);
  *out = mote_val_device(strcmp(a[0].u.str->at, "meta") == 0 ? 1 : 0);
  return MOTE_OK;
}
static mote_status p_device_type(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  bool meta = a[0].tag == MOTE_TAG_DEVICE && a[0].u.i == 1;
  return mote_str_new(vm->al, meta ? "meta" : "cpu", meta ? 4 : 3, out, vm->err);
}

static mote_status p_hash(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  *out = mote_val_int((int64_t)(mote_val_hash(a[0]) >> 1));
  return MOTE_OK;
}

static mote_status p_seed(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val v = a[n - 1];
  MOTE_WANT_INT(vm, v);
  for (int i = 0; i < 4; i++)
    vm->random[i] = mote_hash_u64((uint64_t)v.u.i, (uint64_t)i + 1);
  vm->wrote = true;
  if (vm->n_results)
    *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

const mote_builtin mote_builtin_misc[] = {
    {"prim::Print", p_print},
    {"warn", p_warn},
    {"prim::RaiseException", p_raise},
    {"prim::unchecked_cast Size", p_same},
    {"prim::unchecked_unwrap_optional _unwrap_optional", p_unwrap},
    {"__is__", p_is},
    {"__isnot__", p_isnot},
    {"prim::Uninitialized prim::index", p_none},
    {"prim::IfThenElse", p_if},
    {"prim::TupleUnpack", p_tuple_unpack},
    {"prim::TupleIndex", p_tuple_index},
    {"prim::EnumName", p_enum_name},
    {"prim::EnumValue.int .float .str", p_enum_value},
    {"prim::ModuleContainerIndex.list .dict", p_container},
    {"wait prim::awaitable_wait", p_wait},
    {"prim::awaitable_nowait", p_nowait},
    {"__range_length", p_range_length},
    {"__derive_index", p_derive_index},
    {"is_grad_enabled", p_grad_enabled},
    {"set_grad_enabled", p_set_grad},
    {"is_scripting", p_true},
    {"is_autocast_enabled is_autocast_cpu_enabled has_torch_function", p_false},
    {"device .with_index", p_device},
    {"prim::type", p_device_type},
    {"hash.generic prim::id", p_hash},
    {"manual_seed .generator", p_seed},
    {NULL, NULL},
};
