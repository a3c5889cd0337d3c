// Values and static types: isinstance, and giving types to containers that come from outside.
// Tests: tests/script/test_vm.c
#include "script/vm.h"

enum { DEPTH_MAX = 64 };

// Asking counts its work, and machines of several threads ask: the count is this question's own. Every class is defined
// by now.
static bool is_subtype(const mote_type *sub, const mote_type *super) {
  if (sub == super)
    return true;
  mote_types own = {.work = 0};
  return mote_type_is_subtype(&own, sub, super);
}

static bool is_a(mote_vm *vm, mote_val v, const mote_type *t, int depth);

static bool all_are(mote_vm *vm, const mote_val *at, size_t n, const mote_type *t, int depth) {
  for (size_t i = 0; i < n; i++)
    if (!is_a(vm, at[i], t, depth))
      return false;
  return true;
}

static bool list_is_a(mote_vm *vm, const mote_list *list, const mote_type *t, int depth) {
  if (list->type)
    return is_subtype(list->type, t);
  return all_are(vm, list->at, list->len, t->args[0], depth);
}

static bool dict_is_a(mote_vm *vm, const mote_dict *dict, const mote_type *t, int depth) {
  if (dict->type)
    return is_subtype(dict->type, t);
  size_t at = 0;
  for (mote_dict_entry *e; (e = mote_dict_next(dict, &at));)
    if (!is_a(vm, e->key, t->args[0], depth) || !is_a(vm, e->value, t->args[1], depth))
      return false;
  return true;
}

static bool tuple_is_a(mote_vm *vm, const mote_tuple *tuple, const mote_type *t, int depth) {
  if (t->cls && tuple->type)
    return is_subtype(tuple->type, t);
  if (tuple->len != t->n_args || t->cls)
    return false;
  for (size_t i = 0; i < tuple->len; i++)
    if (!is_a(vm, tuple->at[i], t->args[i], depth))
      return false;
  return true;
}

static bool class_is_a(mote_val v, const mote_type *t) {
  if (v.tag == MOTE_TAG_ENUM)
    return v.u.en->cls == t->cls;
  if (v.tag == MOTE_TAG_NATIVE)
    return v.u.native->cls == t->cls;
  if (v.tag != MOTE_TAG_OBJECT)
    return false;
  const mote_class *cls = v.u.object->cls;
  return cls == t->cls || (cls->type && is_subtype(cls->type, t));
}

static bool any_of(mote_vm *vm, mote_val v, const mote_type *t, int depth) {
  for (uint32_t i = 0; i < t->n_args; i++)
    if (is_a(vm, v, t->args[i], depth))
      return true;
  return t->kind == MOTE_TYPE_OPTIONAL && v.tag == MOTE_TAG_NONE;
}

static bool is_a(mote_vm *vm, mote_val v, const mote_type *t, int depth) {
  if (depth > DEPTH_MAX)
    return false;
  switch (t->kind) {
  case MOTE_TYPE_ANY:
    return true;
  case MOTE_TYPE_NONE:
    return v.tag == MOTE_TAG_NONE;
  case MOTE_TYPE_TENSOR:
    return v.tag == MOTE_TAG_TENSOR;
  case MOTE_TYPE_BOOL:
    return v.tag == MOTE_TAG_BOOL;
  case MOTE_TYPE_INT:
    return v.tag == MOTE_TAG_INT;
  case MOTE_TYPE_FLOAT:
    return v.tag == MOTE_TAG_FLOAT;
  case MOTE_TYPE_COMPLEX:
    return v.tag == MOTE_TAG_COMPLEX;
  case MOTE_TYPE_NUMBER:
    return v.tag == MOTE_TAG_INT || v.tag == MOTE_TAG_FLOAT || v.tag == MOTE_TAG_COMPLEX;
  case MOTE_TYPE_STR:
    return v.tag == MOTE_TAG_STR;
  case MOTE_TYPE_DEVICE:
    return v.tag == MOTE_TAG_DEVICE;
  case MOTE_TYPE_ANY_LIST:
    return v.tag == MOTE_TAG_LIST;
  case MOTE_TYPE_ANY_TUPLE:
    return v.tag == MOTE_TAG_TUPLE;
  case MOTE_TYPE_ANY_CLASS:
    return v.tag == MOTE_TAG_OBJECT;
  case MOTE_TYPE_ANY_ENUM:
    return v.tag == MOTE_TAG_ENUM;
  case MOTE_TYPE_LIST:
    return v.tag == MOTE_TAG_LIST && list_is_a(vm, v.u.list, t, depth + 1);
  case MOTE_TYPE_DICT:
    return v.tag == MOTE_TAG_DICT && dict_is_a(vm, v.u.dict, t, depth + 1);
  case MOTE_TYPE_TUPLE:
    return v.tag == MOTE_TAG_TUPLE && tuple_is_a(vm, v.u.tuple, t, depth + 1);
  case MOTE_TYPE_OPTIONAL:
  case MOTE_TYPE_UNION:
    return any_of(vm, v, t, depth + 1);
  case MOTE_TYPE_FUTURE:
  case MOTE_TYPE_AWAIT:
    return v.tag == MOTE_TAG_FUTURE;
  case MOTE_TYPE_CLASS:
    return class_is_a(v, t);
  default:
    return false;
  }
}

bool mote_val_is_a(mote_vm *vm, mote_val v, const mote_type *type) { return is_a(vm, v, type, 0); }

static void stamp(mote_vm *vm, mote_val v, const mote_type *t, int depth) {
  if (depth > DEPTH_MAX)
    return;
  if (t && (t->kind == MOTE_TYPE_OPTIONAL))
    t = t->args[0];
  bool list = t && t->kind == MOTE_TYPE_LIST, dict = t && t->kind == MOTE_TYPE_DICT;
  bool tuple = t && t->kind == MOTE_TYPE_TUPLE;
  if (v.tag == MOTE_TAG_LIST) {
    v.u.list->type = list ? t : NULL;
    for (size_t i = 0; i < v.u.list->len; i++)
      stamp(vm, v.u.list->at[i], list ? t->args[0] : NULL, depth + 1);
  } else if (v.tag == MOTE_TAG_TUPLE) {
    v.u.tuple->type = tuple && t->n_args == v.u.tuple->len ? t : NULL;
    for (size_t i = 0; i < v.u.tuple->len; i++)
      stamp(vm, v.u.tuple->at[i], v.u.tuple->type ? t->args[i] : NULL, depth + 1);
  } else if (v.tag == MOTE_TAG_DICT) {
    size_t at = 0;
    v.u.dict->type = dict ? t : NULL;
    for (mote_dict_entry *e; (e = mote_dict_next(v.u.dict, &at));)
      stamp(vm, e->value, dict ? t->args[1] : NULL, depth + 1);
  }
}

void mote_val_stamp(mote_vm *vm, mote_val v, const mote_type *type) { stamp(vm, v, type, 0); }
