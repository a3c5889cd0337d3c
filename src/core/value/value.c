// Cells of values: making, freeing, lists, equality. Dicts are in dict.c, tensors in handle.c.
// Knows no program. Tests: tests/script/test_value.c
#include "core/value/value.h"

#include <string.h>

#include "base/map.h"

// ------------------------------------------------------------------------------------------------ making

static void *cell_new(const mote_allocator *al, size_t size, uint8_t tag, mote_error *err) {
  mote_cell *cell = mote_alloc_zero(al, size);
  if (!cell) {
    mote_fail_nomem(err);
    return NULL;
  }
  cell->refs = 1;
  cell->tag = tag;
  cell->al = al;
  return cell;
}

mote_status mote_complex_new(const mote_allocator *al, double re, double im, mote_val *out, mote_error *err) {
  mote_complex *c = cell_new(al, sizeof *c, MOTE_TAG_COMPLEX, err);
  if (!c)
    return MOTE_ERR_NOMEM;
  c->re = re;
  c->im = im;
  *out = mote_val_cell(&c->cell);
  return MOTE_OK;
}

mote_status mote_str_alloc(const mote_allocator *al, size_t len, mote_val *out, mote_error *err) {
  size_t size;
  if (!mote_add_size(sizeof(mote_str) + 1, len, &size))
    return mote_fail_nomem(err);
  mote_str *s = mote_alloc(al, size);
  if (!s)
    return mote_fail_nomem(err);
  s->cell.refs = 1;
  s->cell.tag = MOTE_TAG_STR;
  s->cell.al = al;
  s->cell.next = NULL;
  s->len = len;
  s->at[len] = '\0';
  *out = mote_val_cell(&s->cell);
  return MOTE_OK;
}

mote_status mote_str_new(const mote_allocator *al, const char *text, size_t len, mote_val *out, mote_error *err) {
  MOTE_TRY(mote_str_alloc(al, len, out, err));
  if (len)
    memcpy(out->u.str->at, text, len);
  return MOTE_OK;
}

mote_status mote_list_new(const mote_allocator *al, size_t cap, mote_val *out, mote_error *err) {
  mote_list *list = cell_new(al, sizeof *list, MOTE_TAG_LIST, err);
  if (!list)
    return MOTE_ERR_NOMEM;
  if (cap && !(list->at = MOTE_NEW_ARRAY(al, mote_val, cap))) {
    mote_free(al, list);
    return mote_fail_nomem(err);
  }
  list->cap = cap;
  *out = mote_val_cell(&list->cell);
  return MOTE_OK;
}

mote_status mote_tuple_new(const mote_allocator *al, size_t len, mote_val *out, mote_error *err) {
  size_t bytes;
  if (!mote_mul_size(len, sizeof(mote_val), &bytes) || !mote_add_size(bytes, sizeof(mote_tuple), &bytes))
    return mote_fail_nomem(err);
  mote_tuple *tuple = cell_new(al, bytes, MOTE_TAG_TUPLE, err);
  if (!tuple)
    return MOTE_ERR_NOMEM;
  tuple->len = len;
  *out = mote_val_cell(&tuple->cell);
  return MOTE_OK;
}

mote_status mote_object_new(const mote_allocator *al, mote_objects *home, const void *cls, uint32_t n_slots,
                            mote_val *out, mote_error *err) {
  size_t bytes;
  if (!mote_mul_size(n_slots, sizeof(mote_val), &bytes) || !mote_add_size(bytes, sizeof(mote_object), &bytes))
    return mote_fail_nomem(err);
  mote_object *object = cell_new(al, bytes, MOTE_TAG_OBJECT, err);
  if (!object)
    return MOTE_ERR_NOMEM;
  object->cls = cls;
  object->n_slots = n_slots;
  object->home = home;
  if (home) {
    object->next_object = home->first;
    if (home->first)
      home->first->prev_object = object;
    home->first = object;
  }
  *out = mote_val_cell(&object->cell);
  return MOTE_OK;
}

mote_status mote_future_new(const mote_allocator *al, mote_val *out, mote_error *err) {
  mote_future *future = cell_new(al, sizeof *future, MOTE_TAG_FUTURE, err);
  if (!future)
    return MOTE_ERR_NOMEM;
  *out = mote_val_cell(&future->cell);
  return MOTE_OK;
}

mote_status mote_enum_new(const mote_allocator *al, const void *cls, uint32_t member, mote_val name, mote_val value,
                          mote_val *out, mote_error *err) {
  mote_enum *en = cell_new(al, sizeof *en, MOTE_TAG_ENUM, err);
  if (!en)
    return MOTE_ERR_NOMEM;
  en->cls = cls;
  en->member = member;
  en->name = mote_val_retain(name);
  en->value = mote_val_retain(value);
  *out = mote_val_cell(&en->cell);
  return MOTE_OK;
}

mote_status mote_native_new(const mote_allocator *al, const char *kind, mote_val state, mote_val *out,
                            mote_error *err) {
  mote_native *native = cell_new(al, sizeof *native, MOTE_TAG_NATIVE, err);
  if (!native)
    return MOTE_ERR_NOMEM;
  native->kind = kind;
  native->state = mote_val_retain(state);
  *out = mote_val_cell(&native->cell);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ freeing

// Gives up one reference; a cell that nobody holds any more joins the chain.
static void drop(mote_val v, mote_cell **chain) {
  if (!mote_tag_has_cell(v.tag) || --v.u.cell->refs != 0)
    return;
  v.u.cell->next = *chain;
  *chain = v.u.cell;
}

static void drop_all(mote_val *at, size_t n, mote_cell **chain) {
  for (size_t i = 0; i < n; i++)
    drop(at[i], chain);
}

static void free_tuple(mote_tuple *tuple, mote_cell **chain) {
  drop_all(tuple->at, tuple->len, chain);
  drop(tuple->class_name, chain);
  if (tuple->names)
    drop(mote_val_cell(&tuple->names->cell), chain);
}

static void free_dict(mote_dict *dict, mote_cell **chain) {
  for (size_t i = 0; i < dict->used; i++) {
    if (!dict->entries[i].live)
      continue;
    drop(dict->entries[i].key, chain);
    drop(dict->entries[i].value, chain);
  }
  mote_free(dict->cell.al, dict->entries);
  mote_free(dict->cell.al, dict->slots);
}

static void free_object(mote_object *object, mote_cell **chain) {
  drop_all(object->slots, object->n_slots, chain);
  if (!object->home)
    return;
  if (object->prev_object)
    object->prev_object->next_object = object->next_object;
  else
    object->home->first = object->next_object;
  if (object->next_object)
    object->next_object->prev_object = object->prev_object;
}

static void free_contents(mote_val v, mote_cell **chain) {
  switch (v.tag) {
  case MOTE_TAG_TENSOR:
    mote_storage_release(v.u.tensor->storage);
    mote_storage_release(v.u.tensor->quant_mem);
    break;
  case MOTE_TAG_LIST:
    drop_all(v.u.list->at, v.u.list->len, chain);
    mote_free(v.u.cell->al, v.u.list->at);
    break;
  case MOTE_TAG_TUPLE:
    free_tuple(v.u.tuple, chain);
    break;
  case MOTE_TAG_DICT:
    free_dict(v.u.dict, chain);
    break;
  case MOTE_TAG_OBJECT:
    free_object(v.u.object, chain);
    break;
  case MOTE_TAG_FUTURE:
    drop(v.u.future->value, chain);
    drop(v.u.future->args, chain);
    break;
  case MOTE_TAG_ENUM:
    drop(v.u.en->name, chain);
    drop(v.u.en->value, chain);
    break;
  case MOTE_TAG_NATIVE:
    drop(v.u.native->state, chain);
    break;
  default:
    break;
  }
}

void mote_cell_free(mote_cell *cell) {
  mote_cell *chain = cell;
  cell->next = NULL;
  while (chain) {
    mote_cell *one = chain;
    chain = one->next;
    free_contents(mote_val_cell(one), &chain);
    mote_free(one->al, one);
  }
}

void mote_val_release(mote_val v) {
  if (mote_tag_has_cell(v.tag) && --v.u.cell->refs == 0)
    mote_cell_free(v.u.cell);
}

void mote_objects_clear(mote_objects *home) {
  // Objects are kept alive while their slots go, else a neighbour in the list could vanish under us.
  for (mote_object *o = home->first; o; o = o->next_object)
    o->cell.refs++;
  for (mote_object *o = home->first; o; o = o->next_object)
    for (uint32_t i = 0; i < o->n_slots; i++)
      mote_val_clear(&o->slots[i]);
  while (home->first) {
    mote_object *o = home->first;
    home->first = o->next_object;
    if (home->first)
      home->first->prev_object = NULL;
    o->home = NULL;
    o->next_object = NULL;
    mote_val_release(mote_val_cell(&o->cell));
  }
}

// ------------------------------------------------------------------------------------------------ lists

mote_status mote_list_push(mote_list *list, mote_val v, mote_error *err) {
  if (list->len == list->cap) {
    mote_status s =
        mote_vec_reserve(list->cell.al, (void **)&list->at, &list->cap, list->len, 1, sizeof *list->at, err);
    if (s != MOTE_OK) {
      mote_val_release(v);
      return s;
    }
  }
  list->at[list->len++] = v;
  return MOTE_OK;
}

mote_status mote_list_insert(mote_list *list, size_t at, mote_val v, mote_error *err) {
  assert(at <= list->len);
  MOTE_TRY(mote_list_push(list, v, err));
  memmove(list->at + at + 1, list->at + at, (list->len - 1 - at) * sizeof *list->at);
  list->at[at] = v;
  return MOTE_OK;
}

void mote_list_remove(mote_list *list, size_t at, size_t count) {
  assert(at <= list->len && count <= list->len - at);
  if (!count)
    return;
  for (size_t i = 0; i < count; i++)
    mote_val_clear(&list->at[at + i]);
  memmove(list->at + at, list->at + at + count, (list->len - at - count) * sizeof *list->at);
  list->len -= count;
}

// ------------------------------------------------------------------------------------------------ comparing

#define EQUAL_DEPTH 128

static bool equal(mote_val a, mote_val b, int depth);

static bool number_parts(mote_val v, double *re, double *im) {
  *im = 0;
  switch (v.tag) {
  case MOTE_TAG_BOOL:
  case MOTE_TAG_INT:
    *re = (double)v.u.i;
    return true;
  case MOTE_TAG_FLOAT:
    *re = v.u.f;
    return true;
  case MOTE_TAG_COMPLEX:
    *re = v.u.complex->re;
    *im = v.u.complex->im;
    return true;
  default:
    return false;
  }
}

static bool equal_items(const mote_val *a, const mote_val *b, size_t n, int depth) {
  for (size_t i = 0; i < n; i++)
    if (!equal(a[i], b[i], depth))
      return false;
  return true;
}

static bool equal_dict(const mote_dict *a, const mote_dict *b, int depth) {
  if (a->count != b->count)
    return false;
  size_t at = 0;
  for (mote_dict_entry *e; (e = mote_dict_next(a, &at));) {
    const mote_val *other = mote_dict_find(b, e->key);
    if (!other || !equal(e->value, *other, depth))
      return false;
  }
  return true;
}

static bool equal_cells(mote_val a, mote_val b, int depth) {
  switch (a.tag) {
  case MOTE_TAG_STR:
    return a.u.str->len == b.u.str->len && memcmp(a.u.str->at, b.u.str->at, a.u.str->len) == 0;
  case MOTE_TAG_LIST:
    return a.u.list->len == b.u.list->len && equal_items(a.u.list->at, b.u.list->at, a.u.list->len, depth);
  case MOTE_TAG_TUPLE:
    return a.u.tuple->len == b.u.tuple->len && equal_items(a.u.tuple->at, b.u.tuple->at, a.u.tuple->len, depth);
  case MOTE_TAG_DICT:
    return equal_dict(a.u.dict, b.u.dict, depth);
  case MOTE_TAG_ENUM:
    return a.u.en->cls == b.u.en->cls && a.u.en->member == b.u.en->member;
  default:
    return a.u.cell == b.u.cell;
  }
}

static bool equal(mote_val a, mote_val b, int depth) {
  double ar, ai, br, bi;
  if (depth == 0)
    return false;
  if ((a.tag == MOTE_TAG_INT || a.tag == MOTE_TAG_BOOL) && (b.tag == MOTE_TAG_INT || b.tag == MOTE_TAG_BOOL))
    return a.u.i == b.u.i;
  if (number_parts(a, &ar, &ai) && number_parts(b, &br, &bi))
    return ar == br && ai == bi;
  if (a.tag != b.tag)
    return false;
  if (a.tag == MOTE_TAG_NONE)
    return true;
  if (a.tag == MOTE_TAG_DEVICE)
    return a.u.i == b.u.i;
  return equal_cells(a, b, depth - 1);
}

bool mote_val_equal(mote_val a, mote_val b) { return equal(a, b, EQUAL_DEPTH); }

bool mote_val_same(mote_val a, mote_val b) {
  if (a.tag != b.tag)
    return false;
  if (a.tag == MOTE_TAG_NONE)
    return true;
  if (a.tag == MOTE_TAG_FLOAT)
    return a.u.f == b.u.f;
  if (a.tag == MOTE_TAG_STR || a.tag == MOTE_TAG_ENUM)
    return mote_val_equal(a, b);
  return mote_tag_has_cell(a.tag) ? a.u.cell == b.u.cell : a.u.i == b.u.i;
}

static uint64_t hash_f64(double f) {
  uint64_t bits;
  if (f == (double)(int64_t)0)
    return mote_hash_u64(0, 1);
  if (f >= -9e18 && f <= 9e18 && f == (double)(int64_t)f)
    return mote_hash_u64((uint64_t)(int64_t)f, 1);
  memcpy(&bits, &f, sizeof bits);
  return mote_hash_u64(bits, 2);
}

static uint64_t hash_value(mote_val v, int depth) {
  uint64_t h = 3;
  switch (v.tag) {
  case MOTE_TAG_BOOL:
  case MOTE_TAG_INT:
    return mote_hash_u64((uint64_t)v.u.i, 1);
  case MOTE_TAG_FLOAT:
    return hash_f64(v.u.f);
  case MOTE_TAG_COMPLEX:
    return v.u.complex->im == 0 ? hash_f64(v.u.complex->re)
                                : hash_f64(v.u.complex->re) ^ hash_f64(v.u.complex->im) * 31;
  case MOTE_TAG_STR:
    return mote_hash(v.u.str->at, v.u.str->len, 0);
  case MOTE_TAG_TUPLE:
    for (size_t i = 0; depth && i < v.u.tuple->len; i++)
      h = mote_hash_u64(hash_value(v.u.tuple->at[i], depth - 1), h);
    return h;
  case MOTE_TAG_ENUM:
    return mote_hash_u64(v.u.en->member, (uint64_t)(uintptr_t)v.u.en->cls);
  case MOTE_TAG_NONE:
    return 4;
  case MOTE_TAG_DEVICE:
    return mote_hash_u64((uint64_t)v.u.i, 5);
  default:
    return mote_hash_u64((uint64_t)(uintptr_t)v.u.cell, 6);
  }
}

uint64_t mote_val_hash(mote_val v) { return hash_value(v, EQUAL_DEPTH); }

const char *mote_tag_name(uint8_t tag) {
  static const char *const names[MOTE_TAG_COUNT] = {"NoneType", "bool",      "int",    "float", "complex", "str",
                                                    "Tensor",   "List",      "Tuple",  "Dict",  "Object",  "Future",
                                                    "Enum",     "Generator", "Object", "Device"};
  return tag < MOTE_TAG_COUNT ? names[tag] : "?";
}
