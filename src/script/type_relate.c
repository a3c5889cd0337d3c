// Relations between types: subtype and least common supertype, by PyTorch's rules.
// Knows no source and no bytecode. Tests: tests/script/test_types.c
#include "script/bytecode.h"
#include "script/types.h"

#include <string.h>

#include "base/fail.h"

// A class that cannot be defined (missing from the file) counts as related to nothing; using it fails elsewhere.
static void define(mote_types *types, const mote_type *type) {
  if (type->kind == MOTE_TYPE_CLASS && type->cls->kind == MOTE_CLASS_UNKNOWN)
    types->short_of_memory |= mote_class_define(types, type->cls, NULL) == MOTE_ERR_NOMEM;
}

static bool implements(const mote_class *cls, const mote_class *iface) {
  if (cls->kind == MOTE_CLASS_ENUM || cls->kind == MOTE_CLASS_OPAQUE)
    return false;
  for (uint32_t i = 0; i < iface->n_methods; i++) {
    const char *name = strrchr(iface->methods[i]->name, '.') + 1;
    const mote_function *method = mote_class_method(cls, name);
    if (method == NULL || method->n_params != iface->methods[i]->n_params)
      return false;
  }
  return true;
}

static bool class_is_subtype(mote_types *types, const mote_type *sub, const mote_type *super) {
  define(types, sub);
  define(types, super);
  if (sub == super)
    return true;
  if (sub->kind != MOTE_TYPE_CLASS || super->kind != MOTE_TYPE_CLASS)
    return false;
  return super->cls->kind == MOTE_CLASS_INTERFACE && implements(sub->cls, super->cls);
}

static bool items_are_subtypes(mote_types *types, const mote_type *sub, const mote_type *super) {
  if (sub->n_args != super->n_args)
    return false;
  for (uint32_t i = 0; i < sub->n_args; i++)
    if (!mote_type_is_subtype(types, sub->args[i], super->args[i]))
      return false;
  return true;
}

static bool is_member(mote_types *types, const mote_type *sub, const mote_type *super) {
  for (uint32_t i = 0; i < super->n_args; i++)
    if (mote_type_is_subtype(types, sub, super->args[i]))
      return true;
  return super->kind == MOTE_TYPE_OPTIONAL && sub->kind == MOTE_TYPE_NONE;
}

static bool all_members(mote_types *types, const mote_type *sub, const mote_type *super) {
  for (uint32_t i = 0; i < sub->n_args; i++)
    if (!mote_type_is_subtype(types, sub->args[i], super))
      return false;
  return sub->kind != MOTE_TYPE_OPTIONAL || mote_type_is_subtype(types, types->basic[MOTE_TYPE_NONE], super);
}

static bool is_number(const mote_type *t) {
  return t->kind == MOTE_TYPE_INT || t->kind == MOTE_TYPE_FLOAT || t->kind == MOTE_TYPE_COMPLEX;
}

// Types are shared graphs, so a few lines of hostile source can ask for 2^n comparisons. No real program comes near.
#define MAX_WORK 20000000u

bool mote_type_is_subtype(mote_types *types, const mote_type *sub, const mote_type *super) {
  if (sub == super || super->kind == MOTE_TYPE_ANY || super->kind == MOTE_TYPE_UNKNOWN ||
      sub->kind == MOTE_TYPE_UNKNOWN)
    return true;
  if (types->work > MAX_WORK)
    return false;
  types->work++;
  define(types, sub); // a class may turn out to be a named tuple
  define(types, super);
  if (sub->kind == MOTE_TYPE_UNION || sub->kind == MOTE_TYPE_OPTIONAL)
    return all_members(types, sub, super);
  if (super->kind == MOTE_TYPE_UNION || super->kind == MOTE_TYPE_OPTIONAL)
    return is_member(types, sub, super);
  switch (super->kind) {
  case MOTE_TYPE_NUMBER:
    return is_number(sub);
  case MOTE_TYPE_ANY_LIST:
    return sub->kind == MOTE_TYPE_LIST;
  case MOTE_TYPE_ANY_TUPLE:
    return sub->kind == MOTE_TYPE_TUPLE;
  case MOTE_TYPE_ANY_CLASS:
    return sub->kind == MOTE_TYPE_CLASS && sub->cls->kind != MOTE_CLASS_ENUM;
  case MOTE_TYPE_ANY_ENUM:
    return sub->kind == MOTE_TYPE_CLASS && sub->cls->kind == MOTE_CLASS_ENUM;
  case MOTE_TYPE_TUPLE: // a named tuple fits a plain tuple, never the other way round
    return sub->kind == MOTE_TYPE_TUPLE && super->cls == NULL && items_are_subtypes(types, sub, super);
  case MOTE_TYPE_FUTURE:
  case MOTE_TYPE_AWAIT:
  case MOTE_TYPE_RREF:
    return sub->kind == super->kind && items_are_subtypes(types, sub, super);
  case MOTE_TYPE_CLASS:
    return class_is_subtype(types, sub, super);
  default:
    return false;
  }
}

static const mote_type *unify_tuples(mote_types *types, const mote_type *a, const mote_type *b) {
  if (a->n_args != b->n_args || (a->cls && b->cls)) // two named tuples may hold themselves: the walk would not end
    return NULL;
  const mote_type **items = MOTE_ARENA_ARRAY(types->arena, const mote_type *, a->n_args + 1);
  types->short_of_memory |= items == NULL;
  if (items == NULL)
    return NULL;
  for (uint32_t i = 0; i < a->n_args; i++)
    if ((items[i] = mote_type_unify(types, a->args[i], b->args[i])) == NULL)
      return NULL;
  return mote_type_make(types, MOTE_TYPE_TUPLE, items, a->n_args);
}

const mote_type *mote_type_unify(mote_types *types, const mote_type *a, const mote_type *b) {
  if (types->work++ > MAX_WORK)
    return NULL;
  if (a->kind == MOTE_TYPE_UNKNOWN)
    return b;
  if (mote_type_is_subtype(types, a, b))
    return b;
  if (mote_type_is_subtype(types, b, a))
    return a;
  if (a->kind == MOTE_TYPE_NONE || b->kind == MOTE_TYPE_NONE)
    return mote_type_optional(types, a->kind == MOTE_TYPE_NONE ? b : a);
  if (a->kind == MOTE_TYPE_OPTIONAL || b->kind == MOTE_TYPE_OPTIONAL) {
    const mote_type *item = mote_type_unify(types, mote_type_unwrap(a), mote_type_unwrap(b));
    return item ? mote_type_optional(types, item) : NULL;
  }
  if (a->kind == MOTE_TYPE_TUPLE && b->kind == MOTE_TYPE_TUPLE)
    return unify_tuples(types, a, b);
  if (a->kind == MOTE_TYPE_FUTURE && b->kind == MOTE_TYPE_FUTURE) {
    const mote_type *item = mote_type_unify(types, a->args[0], b->args[0]);
    return item ? mote_type_make(types, MOTE_TYPE_FUTURE, &item, 1) : NULL;
  }
  return NULL;
}
