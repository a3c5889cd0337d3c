// Builtin operators on dicts. Tests: tests/script/test_vm.c
#include "script/vm.h"

static mote_status key_error(mote_vm *vm, mote_val key) {
  mote_text t;
  mote_text_init(&t, vm->al);
  mote_status s = mote_vm_str(vm, key, &t);
  if (s == MOTE_OK)
    s = mote_vm_raise(vm, "KeyError", "%s", t.at ? t.at : "");
  mote_text_destroy(&t);
  return s;
}

static mote_status d_len(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  *out = mote_val_int((int64_t)a[0].u.dict->count);
  return MOTE_OK;
}

static mote_status d_getitem(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  const mote_val *v = mote_dict_find(a[0].u.dict, a[1]);
  if (!v)
    return key_error(vm, a[1]);
  *out = mote_val_retain(*v);
  return MOTE_OK;
}

static mote_status d_get(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  const mote_val *v = mote_dict_find(a[0].u.dict, a[1]);
  *out = v ? mote_val_retain(*v) : n > 2 ? mote_val_retain(a[2]) : mote_val_none();
  return MOTE_OK;
}

static mote_status d_set(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  mote_vm_touch(vm, a[0].u.dict->born);
  return mote_dict_put(a[0].u.dict, a[1], a[2], vm->err);
}

static mote_status d_setdefault(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  if (!mote_dict_find(a[0].u.dict, a[1]))
    MOTE_TRY(mote_dict_put(a[0].u.dict, a[1], a[2], vm->err));
  mote_vm_touch(vm, a[0].u.dict->born);
  *out = mote_val_retain(*mote_dict_find(a[0].u.dict, a[1]));
  return MOTE_OK;
}

static mote_status d_contains(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  *out = mote_val_bool(mote_dict_find(a[0].u.dict, a[1]) != NULL);
  return MOTE_OK;
}

static mote_status d_delete(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  mote_vm_touch(vm, a[0].u.dict->born);
  return mote_dict_delete(a[0].u.dict, a[1]) ? MOTE_OK : key_error(vm, a[1]);
}

static mote_status d_pop(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  const mote_val *v = mote_dict_find(a[0].u.dict, a[1]);
  if (!v && n < 3)
    return key_error(vm, a[1]);
  *out = mote_val_retain(v ? *v : a[2]);
  mote_vm_touch(vm, a[0].u.dict->born);
  mote_dict_delete(a[0].u.dict, a[1]);
  return MOTE_OK;
}

static mote_status pair_of(mote_vm *vm, const mote_dict_entry *e, mote_val *out) {
  MOTE_TRY(mote_tuple_new(vm->al, 2, out, vm->err));
  out->u.tuple->at[0] = mote_val_retain(e->key);
  out->u.tuple->at[1] = mote_val_retain(e->value);
  return MOTE_OK;
}

static mote_status d_popitem(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  mote_dict_entry *last = NULL;
  size_t at = 0;
  for (mote_dict_entry *e; (e = mote_dict_next(a[0].u.dict, &at));)
    last = e;
  if (!last)
    return mote_vm_raise(vm, "KeyError", "popitem(): dictionary is empty");
  MOTE_TRY(pair_of(vm, last, out));
  mote_vm_touch(vm, a[0].u.dict->born);
  mote_dict_delete(a[0].u.dict, out->u.tuple->at[0]);
  return MOTE_OK;
}

static mote_status d_clear(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  mote_dict_clear(a[0].u.dict);
  mote_vm_touch(vm, a[0].u.dict->born);
  return MOTE_OK;
}

static mote_status update(mote_vm *vm, mote_dict *to, const mote_dict *from) {
  size_t at = 0;
  for (mote_dict_entry *e; to != from && (e = mote_dict_next(from, &at));)
    MOTE_TRY(mote_dict_put(to, e->key, e->value, vm->err));
  return MOTE_OK;
}

static mote_status d_update(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  MOTE_WANT(vm, a[1], MOTE_TAG_DICT);
  mote_vm_touch(vm, a[0].u.dict->born);
  return update(vm, a[0].u.dict, a[1].u.dict);
}

static mote_status d_copy(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  MOTE_TRY(mote_dict_new(vm->al, out, vm->err));
  out->u.dict->type = a[0].u.dict->type;
  mote_status s = update(vm, out->u.dict, a[0].u.dict);
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

static mote_status put_pair(mote_vm *vm, mote_dict *dict, mote_val pair) {
  if (pair.tag != MOTE_TAG_TUPLE || pair.u.tuple->len != 2)
    return mote_vm_fail_type(vm, "pairs", pair);
  return mote_dict_put(dict, pair.u.tuple->at[0], pair.u.tuple->at[1], vm->err);
}

static mote_status d_new(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)a;
  return mote_dict_new(vm->al, out, vm->err);
}

static mote_status d_from_pairs(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_TRY(mote_dict_new(vm->al, out, vm->err));
  mote_status s = MOTE_OK;
  for (size_t i = 0; s == MOTE_OK && i < a[0].u.list->len; i++)
    s = put_pair(vm, out->u.dict, a[0].u.list->at[i]);
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

enum { WANT_KEYS, WANT_VALUES, WANT_ITEMS };

static mote_status list_of(mote_vm *vm, const mote_val *a, int want, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_DICT);
  mote_val v;
  MOTE_TRY(mote_list_new(vm->al, a[0].u.dict->count, &v, vm->err));
  size_t at = 0;
  for (mote_dict_entry *e; (e = mote_dict_next(a[0].u.dict, &at));) {
    mote_val item;
    mote_status s = MOTE_OK;
    if (want == WANT_ITEMS)
      s = pair_of(vm, e, &item);
    else
      item = mote_val_retain(want == WANT_KEYS ? e->key : e->value);
    if (s == MOTE_OK)
      s = mote_list_push(v.u.list, item, vm->err);
    if (s != MOTE_OK) {
      mote_val_release(v);
      return s;
    }
  }
  *out = v;
  return MOTE_OK;
}
static mote_status d_keys(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, list_of(vm, a, WANT_KEYS, out);
}
static mote_status d_values(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, list_of(vm, a, WANT_VALUES, out);
}
static mote_status d_items(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, list_of(vm, a, WANT_ITEMS, out);
}

const mote_builtin mote_builtin_dict[] = {
    {"len.Dict_str .Dict_int .Dict_bool .Dict_float .Dict_complex .Dict_Tensor", d_len},
    {"__getitem__.=", d_getitem},
    {"Delete.=", d_delete},
    {"copy.=", d_copy},
    {"dict.=", d_copy},
    {"pop.= .Dict_default_str .Dict_default_int .Dict_default_bool .Dict_default_float .Dict_default_complex "
     ".Dict_default_Tensor",
     d_pop},
    {"_set_item.str .int .bool .float .complex .Tensor", d_set},
    {"setdefault.=", d_setdefault},
    {"__contains__.=", d_contains},
    {"popitem.=", d_popitem},
    {"clear.=", d_clear},
    {"update.=", d_update},
    {"dict.=", d_from_pairs},
    {"keys.=", d_keys},
    {"values.=", d_values},
    {"items.=", d_items},
    {"get.= .default_str .default_int .default_bool .default_float .default_complex .default_Tensor", d_get},
    {"dict", d_new},
    {NULL, NULL},
};
