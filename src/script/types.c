// Interning of types and the table of classes. Equal types are made once, so comparing pointers compares types.
// Knows neither source nor bytecode. Tests: tests/script/test_types.c
#include "script/types.h"

#include <string.h>

#include "base/fail.h"

#define OPAQUE_PREFIX "__torch__.torch.classes."

mote_status mote_types_init(mote_types *types, mote_arena *arena, mote_error *err) {
  memset(types, 0, sizeof *types);
  types->arena = arena;
  mote_map_init(&types->interned, arena->al);
  mote_map_init(&types->classes, arena->al);
  for (int kind = 0; kind < MOTE_TYPE_VAR; kind++) {
    types->basic[kind] = mote_type_make(types, (mote_type_kind)kind, NULL, 0);
    if (types->basic[kind] == NULL)
      return mote_fail_nomem(err);
  }
  return MOTE_OK;
}

void mote_types_destroy(mote_types *types) {
  mote_map_destroy(&types->interned);
  mote_map_destroy(&types->classes);
}

// The key of a type is its kind, its payload pointer and its arguments: arguments are interned, so pointers do.
static const mote_type *intern_new(mote_types *types, const mote_type *want, const void *payload, size_t payload_len) {
  size_t args_len = want->n_args * sizeof(mote_type *);
  size_t len = sizeof(uint32_t) * 2 + payload_len + args_len;
  uint8_t small[128], *key = len <= sizeof small ? small : mote_arena_alloc(types->arena, len);
  if (key == NULL)
    return NULL;
  uint32_t head[2] = {(uint32_t)want->kind, (uint32_t)payload_len};
  memcpy(key, head, sizeof head);
  if (payload_len)
    memcpy(key + sizeof head, payload, payload_len);
  if (args_len)
    memcpy(key + sizeof head + payload_len, want->args, args_len);
  mote_map_entry *found = mote_map_find(&types->interned, key, len);
  if (found != NULL)
    return found->value.ptr;

  mote_type *type = MOTE_ARENA_NEW(types->arena, mote_type);
  const mote_type **args = MOTE_ARENA_ARRAY(types->arena, const mote_type *, want->n_args ? want->n_args : 1);
  uint8_t *stored = mote_arena_alloc(types->arena, len);
  if (type == NULL || args == NULL || stored == NULL)
    return NULL;
  *type = *want;
  if (args_len)
    memcpy(args, want->args, args_len);
  type->args = args;
  type->has_var = want->kind == MOTE_TYPE_VAR;
  for (uint32_t i = 0; i < type->n_args; i++)
    type->has_var |= args[i]->has_var;
  memcpy(stored, key, len);
  mote_map_entry *entry = mote_map_put(&types->interned, stored, len);
  if (entry == NULL)
    return NULL;
  entry->value.ptr = type;
  return type;
}

static const mote_type *intern(mote_types *types, const mote_type *want, const void *payload, size_t payload_len) {
  const mote_type *type = intern_new(types, want, payload, payload_len);
  types->short_of_memory |= type == NULL;
  return type;
}

const mote_type *mote_type_make(mote_types *types, mote_type_kind kind, const mote_type *const *args, uint32_t n) {
  uint32_t depth = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (args[i] == NULL)
      return NULL;
    depth = MOTE_MAX(depth, args[i]->depth);
  }
  if (depth >= MOTE_MAX_TYPE_DEPTH)
    return types->basic[MOTE_TYPE_ANY];
  mote_type want = {.kind = kind, .n_args = n, .args = args, .depth = (uint16_t)(depth + 1)};
  return intern(types, &want, NULL, 0);
}

const mote_type *mote_type_list(mote_types *types, const mote_type *item) {
  return mote_type_make(types, MOTE_TYPE_LIST, &item, 1);
}

const mote_type *mote_type_dict(mote_types *types, const mote_type *key, const mote_type *value) {
  const mote_type *args[2] = {key, value};
  return mote_type_make(types, MOTE_TYPE_DICT, args, 2);
}

const mote_type *mote_type_var(mote_types *types, const char *name) {
  mote_type want = {.kind = MOTE_TYPE_VAR};
  want.name = mote_arena_str(types->arena, name, strlen(name));
  return want.name ? intern(types, &want, name, strlen(name)) : NULL;
}

static bool holds_none(const mote_type *type) {
  if (type->kind == MOTE_TYPE_NONE || type->kind == MOTE_TYPE_OPTIONAL || type->kind == MOTE_TYPE_ANY)
    return true;
  if (type->kind == MOTE_TYPE_UNION)
    for (uint32_t i = 0; i < type->n_args; i++)
      if (type->args[i]->kind == MOTE_TYPE_NONE)
        return true;
  return false;
}

const mote_type *mote_type_optional(mote_types *types, const mote_type *item) {
  if (item == NULL || item->kind == MOTE_TYPE_UNKNOWN || holds_none(item))
    return item;
  if (item->kind == MOTE_TYPE_UNION) {
    const mote_type *both[2] = {item, mote_type_basic(types, MOTE_TYPE_NONE)};
    return mote_type_union(types, both, 2);
  }
  return mote_type_make(types, MOTE_TYPE_OPTIONAL, &item, 1);
}

static void add_member(const mote_type **members, uint32_t *n, const mote_type *type) {
  uint32_t i = 0;
  while (i < *n && members[i] < type)
    i++;
  if (i < *n && members[i] == type)
    return;
  memmove(members + i + 1, members + i, (*n - i) * sizeof *members);
  members[i] = type;
  *n += 1;
}

const mote_type *mote_type_union(mote_types *types, const mote_type *const *args, uint32_t n) {
  size_t cap = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (args[i] == NULL)
      return NULL;
    cap += args[i]->n_args + 2;
  }
  const mote_type **members = MOTE_ARENA_ARRAY(types->arena, const mote_type *, cap + 1);
  types->short_of_memory |= members == NULL;
  if (members == NULL)
    return NULL;
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++) {
    const mote_type *t = args[i];
    if (t->kind == MOTE_TYPE_ANY || t->kind == MOTE_TYPE_UNKNOWN)
      return t;
    if (t->kind == MOTE_TYPE_UNION || t->kind == MOTE_TYPE_OPTIONAL)
      for (uint32_t k = 0; k < t->n_args; k++)
        add_member(members, &count, t->args[k]);
    else
      add_member(members, &count, t);
    if (t->kind == MOTE_TYPE_OPTIONAL)
      add_member(members, &count, types->basic[MOTE_TYPE_NONE]);
  }
  if (count == 1)
    return members[0];
  if (count == 2 && (members[0]->kind == MOTE_TYPE_NONE || members[1]->kind == MOTE_TYPE_NONE))
    return mote_type_optional(types, members[members[0]->kind == MOTE_TYPE_NONE]);
  return mote_type_make(types, MOTE_TYPE_UNION, members, count);
}

mote_class *mote_types_class(mote_types *types, const char *name, size_t len) {
  mote_map_entry *entry = mote_map_find(&types->classes, name, len);
  if (entry != NULL)
    return entry->value.ptr;
  mote_class *cls = MOTE_ARENA_NEW(types->arena, mote_class);
  char *own = mote_arena_str(types->arena, name, len);
  if (cls == NULL || own == NULL || (entry = mote_map_put(&types->classes, own, len)) == NULL)
    return NULL;
  cls->name = own;
  size_t prefix = sizeof OPAQUE_PREFIX - 1;
  cls->kind = len > prefix && memcmp(name, OPAQUE_PREFIX, prefix) == 0 ? MOTE_CLASS_OPAQUE : MOTE_CLASS_UNKNOWN;
  mote_type want = {.kind = MOTE_TYPE_CLASS, .cls = cls};
  cls->type = intern(types, &want, &cls, sizeof cls);
  entry->value.ptr = cls;
  return cls->type != NULL ? cls : NULL;
}

mote_class *mote_types_find_class(const mote_types *types, const char *name) {
  mote_map_entry *entry = mote_map_find_str(&types->classes, name);
  return entry ? entry->value.ptr : NULL;
}

mote_status mote_class_define(mote_types *types, mote_class *cls, mote_error *err) {
  if (cls->kind != MOTE_CLASS_UNKNOWN)
    return MOTE_OK;
  if (types->define == NULL)
    return mote_fail(err, MOTE_ERR_FORMAT, "class %s is not defined", cls->name);
  return types->define(types->define_ctx, cls, err);
}

mote_status mote_class_become_tuple(mote_types *types, mote_class *cls, mote_error *err) {
  const mote_type **args = MOTE_ARENA_ARRAY(types->arena, const mote_type *, cls->n_attrs ? cls->n_attrs : 1);
  if (args == NULL)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < cls->n_attrs; i++)
    args[i] = cls->attrs[i].type; // depth stays 0: a walk enters it only beside a plain tuple, whose depth bounds both
  mote_type *type = (mote_type *)(uintptr_t)cls->type;
  type->kind = MOTE_TYPE_TUPLE;
  type->n_args = cls->n_attrs;
  type->args = args;
  cls->kind = MOTE_CLASS_NAMEDTUPLE;
  return MOTE_OK;
}

const mote_attr *mote_class_attr(const mote_class *cls, const char *name, uint32_t *slot) {
  for (uint32_t i = 0; i < cls->n_attrs; i++)
    if (strcmp(cls->attrs[i].name, name) == 0) {
      if (slot != NULL)
        *slot = i;
      return &cls->attrs[i];
    }
  return NULL;
}

const mote_attr *mote_class_const(const mote_class *cls, const char *name) {
  for (uint32_t i = 0; i < cls->n_consts; i++)
    if (strcmp(cls->consts[i].name, name) == 0)
      return &cls->consts[i];
  return NULL;
}

const mote_type *mote_type_unwrap(const mote_type *type) {
  return type->kind == MOTE_TYPE_OPTIONAL ? type->args[0] : type;
}
