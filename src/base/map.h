// Hash map from byte strings to pointers or numbers; open addressing, keys are borrowed (the caller keeps them
// alive). Iterates in insertion order. Not thread safe. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_MAP_H
#define MOTE_BASE_MAP_H

#include "base/alloc.h"

typedef struct mote_map_entry {
  const void *key;
  size_t len;
  uint64_t hash;
  union {
    void *ptr;
    int64_t num;
  } value;
} mote_map_entry;

typedef struct mote_map {
  const mote_allocator *al;
  mote_map_entry *entries; // insertion order, [0, count)
  uint32_t *slots;         // entry index + 1; 0 = free
  size_t count, entry_cap, slot_cap;
  uint64_t seed; // random, so that a file cannot prepare colliding keys
} mote_map;

void mote_map_init(mote_map *map, const mote_allocator *al);
void mote_map_destroy(mote_map *map);
mote_map_entry *mote_map_find(const mote_map *map, const void *key, size_t len);
// Finds or adds (value zeroed); NULL when memory is short. The pointer is valid until the next put.
mote_map_entry *mote_map_put(mote_map *map, const void *key, size_t len);
mote_map_entry *mote_map_find_str(const mote_map *map, const char *key);

// 64-bit mixing hash of bytes; chain with `seed`. Stable within a process run only.
uint64_t mote_hash(const void *data, size_t len, uint64_t seed);
MOTE_INLINE uint64_t mote_hash_u64(uint64_t x, uint64_t seed) {
  x = (x ^ seed) * 0x9E3779B97F4A7C15u;
  x ^= x >> 32;
  return x * 0xD6E8FEB86659FD93u;
}

#endif
