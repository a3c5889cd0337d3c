// Insertion-ordered hash map with linear probing. Keys may come from a hostile file, so each map hashes with its own
// random seed: colliding names cannot be prepared. Tests: tests/unit/test_base.c
#include "base/map.h"

#include <string.h>

#include "base/prim.h"

uint64_t mote_hash(const void *data, size_t len, uint64_t seed) {
  const unsigned char *p = data;
  uint64_t h = mote_hash_u64(len, seed ^ 0xA0761D6478BD642Fu);
  for (; len >= 8; p += 8, len -= 8)
    h = mote_hash_u64(mote_load_u64(p), h);
  uint64_t rest = 0;
  for (size_t i = 0; i < len; i++)
    rest |= (uint64_t)p[i] << (8 * i);
  h = mote_hash_u64(rest, h);
  return h ^ h >> 29;
}

void mote_map_init(mote_map *map, const mote_allocator *al) {
  *map = (mote_map){.al = al, .seed = mote_prim_random_seed()};
}

void mote_map_destroy(mote_map *map) {
  if (!map || !map->al)
    return;
  mote_free(map->al, map->entries);
  mote_free(map->al, map->slots);
  map->entries = NULL;
  map->slots = NULL;
  map->count = map->entry_cap = map->slot_cap = 0;
}

// Slot that holds the key, or the free slot where it belongs. slot_cap is a power of two and never full.
static size_t slot_of(const mote_map *map, const void *key, size_t len, uint64_t hash) {
  size_t mask = map->slot_cap - 1, i = (size_t)hash & mask;
  for (; map->slots[i]; i = (i + 1) & mask) {
    const mote_map_entry *e = &map->entries[map->slots[i] - 1];
    if (e->hash == hash && e->len == len && (len == 0 || memcmp(e->key, key, len) == 0))
      break;
  }
  return i;
}

mote_map_entry *mote_map_find(const mote_map *map, const void *key, size_t len) {
  if (!map->slot_cap)
    return NULL;
  size_t i = slot_of(map, key, len, mote_hash(key, len, map->seed));
  return map->slots[i] ? &map->entries[map->slots[i] - 1] : NULL;
}

mote_map_entry *mote_map_find_str(const mote_map *map, const char *key) { return mote_map_find(map, key, strlen(key)); }

static bool grow(mote_map *map) {
  size_t cap = map->slot_cap ? map->slot_cap * 2 : 16;
  if (cap > UINT32_MAX / 2)
    return false;
  uint32_t *slots = MOTE_NEW_ARRAY(map->al, uint32_t, cap);
  size_t entry_cap = cap / 4 * 3; // at most three quarters full: probes stay short
  mote_map_entry *entries = slots ? mote_realloc(map->al, map->entries, entry_cap * sizeof(*entries)) : NULL;
  if (!entries) {
    mote_free(map->al, slots);
    return false;
  }
  mote_free(map->al, map->slots);
  map->entries = entries;
  map->entry_cap = entry_cap;
  map->slots = slots;
  map->slot_cap = cap;
  for (size_t e = 0; e < map->count; e++) {
    size_t i = (size_t)entries[e].hash & (cap - 1);
    while (slots[i])
      i = (i + 1) & (cap - 1);
    slots[i] = (uint32_t)e + 1;
  }
  return true;
}

mote_map_entry *mote_map_put(mote_map *map, const void *key, size_t len) {
  uint64_t hash = mote_hash(key, len, map->seed);
  size_t i = 0;
  if (map->slot_cap) {
    i = slot_of(map, key, len, hash);
    if (map->slots[i])
      return &map->entries[map->slots[i] - 1];
  }
  if (map->count == map->entry_cap) {
    if (!grow(map))
      return NULL;
    i = slot_of(map, key, len, hash);
  }
  mote_map_entry *e = &map->entries[map->count++];
  *e = (mote_map_entry){.key = key, .len = len, .hash = hash};
  map->slots[i] = (uint32_t)map->count;
  return e;
}
