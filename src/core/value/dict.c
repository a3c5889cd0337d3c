// Dicts of values: insertion ordered, open addressing, deletion leaves holes that growth closes.
// Tests: tests/script/test_value.c
#include "core/value/value.h"

#include <string.h>

mote_status mote_dict_new(const mote_allocator *al, mote_val *out, mote_error *err) {
  mote_dict *dict = MOTE_NEW(al, mote_dict);
  if (!dict)
    return mote_fail_nomem(err);
  dict->cell.refs = 1;
  dict->cell.tag = MOTE_TAG_DICT;
  dict->cell.al = al;
  *out = mote_val_cell(&dict->cell);
  return MOTE_OK;
}

// Slot of the key, or the free slot where it would go.
static size_t find_slot(const mote_dict *dict, mote_val key, uint64_t hash) {
  size_t mask = dict->slot_cap - 1, s = (size_t)hash & mask;
  for (; dict->slots[s]; s = (s + 1) & mask) {
    const mote_dict_entry *e = &dict->entries[dict->slots[s] - 1];
    if (e->live && e->hash == hash && mote_val_equal(e->key, key))
      break;
  }
  return s;
}

static mote_dict_entry *find(const mote_dict *dict, mote_val key, uint64_t hash) {
  if (!dict->slot_cap)
    return NULL;
  size_t s = find_slot(dict, key, hash);
  return dict->slots[s] ? &dict->entries[dict->slots[s] - 1] : NULL;
}

mote_val *mote_dict_find(const mote_dict *dict, mote_val key) {
  mote_dict_entry *e = find(dict, key, mote_val_hash(key));
  return e ? &e->value : NULL;
}

// Makes room for one more entry: new tables of twice the live count, without holes.
static mote_status grow(mote_dict *dict, mote_error *err) {
  size_t cap = 8;
  while (cap < dict->count * 2 + 2)
    cap *= 2;
  if (cap > UINT32_MAX / 2)
    return mote_fail(err, MOTE_ERR_LIMIT, "dict of more than %u entries", UINT32_MAX / 4);
  mote_dict_entry *entries = MOTE_NEW_ARRAY(dict->cell.al, mote_dict_entry, cap);
  uint32_t *slots = MOTE_NEW_ARRAY(dict->cell.al, uint32_t, cap * 2);
  if (!entries || !slots) {
    mote_free(dict->cell.al, entries);
    mote_free(dict->cell.al, slots);
    return mote_fail_nomem(err);
  }
  size_t n = 0;
  for (size_t i = 0; i < dict->used; i++) {
    if (!dict->entries[i].live)
      continue;
    size_t s = (size_t)dict->entries[i].hash & (cap * 2 - 1);
    while (slots[s])
      s = (s + 1) & (cap * 2 - 1);
    entries[n] = dict->entries[i];
    slots[s] = (uint32_t)++n;
  }
  mote_free(dict->cell.al, dict->entries);
  mote_free(dict->cell.al, dict->slots);
  dict->entries = entries;
  dict->slots = slots;
  dict->used = n;
  dict->entry_cap = cap;
  dict->slot_cap = cap * 2;
  return MOTE_OK;
}

mote_status mote_dict_put(mote_dict *dict, mote_val key, mote_val value, mote_error *err) {
  uint64_t hash = mote_val_hash(key);
  mote_dict_entry *e = find(dict, key, hash);
  if (e) {
    mote_val_set(&e->value, mote_val_retain(value));
    return MOTE_OK;
  }
  if (dict->used == dict->entry_cap)
    MOTE_TRY(grow(dict, err));
  size_t s = find_slot(dict, key, hash);
  e = &dict->entries[dict->used];
  e->key = mote_val_retain(key);
  e->value = mote_val_retain(value);
  e->hash = hash;
  e->live = true;
  dict->slots[s] = (uint32_t)++dict->used;
  dict->count++;
  return MOTE_OK;
}

bool mote_dict_delete(mote_dict *dict, mote_val key) {
  mote_dict_entry *e = find(dict, key, mote_val_hash(key));
  if (!e)
    return false;
  mote_val k = e->key, v = e->value;
  e->live = false;
  dict->count--;
  mote_val_release(k);
  mote_val_release(v);
  return true;
}

void mote_dict_clear(mote_dict *dict) {
  mote_dict_entry *entries = dict->entries;
  size_t used = dict->used;
  mote_free(dict->cell.al, dict->slots);
  dict->slots = NULL;
  dict->entries = NULL;
  dict->count = dict->used = dict->entry_cap = dict->slot_cap = 0;
  for (size_t i = 0; i < used; i++) {
    if (!entries[i].live)
      continue;
    mote_val_release(entries[i].key);
    mote_val_release(entries[i].value);
  }
  mote_free(dict->cell.al, entries);
}

mote_dict_entry *mote_dict_next(const mote_dict *dict, size_t *at) {
  while (*at < dict->used) {
    mote_dict_entry *e = &dict->entries[(*at)++];
    if (e->live)
      return e;
  }
  return NULL;
}
