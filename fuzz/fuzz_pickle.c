// Fuzz target: reads the input as a pickle and walks the tree it gives, holding the reader to what its header promises:
// bounded depth, bounded walk, dense ids, finished text.
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/prim.h"
#include "wire/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DEPTH = 50, MAX_TREE = 100000 };

static void check(bool fine) {
  if (!fine)
    abort();
}

static uint64_t walk(const mote_pickle_value *v, uint32_t count, int depth);

static uint64_t walk_items(const mote_pickle_items *items, uint32_t count, int depth) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < items->count; i++)
    n += walk(items->at[i], count, depth);
  return n;
}

// Returns the values met.
static uint64_t walk(const mote_pickle_value *v, uint32_t count, int depth) {
  check(v && v->id < count && depth < MAX_DEPTH && strlen(mote_pickle_kind_name(v)) > 0);
  switch (v->kind) {
  case MOTE_PICKLE_STR:
  case MOTE_PICKLE_BYTES:
  case MOTE_PICKLE_BIGINT:
    check(v->as.text.data[v->as.text.len] == '\0');
    return 1;
  case MOTE_PICKLE_TUPLE:
  case MOTE_PICKLE_LIST:
  case MOTE_PICKLE_DICT:
    return 1 + walk_items(&v->as.items, count, depth + 1);
  case MOTE_PICKLE_GLOBAL:
    check(strlen(v->as.global.module) && strlen(v->as.global.name));
    return 1;
  case MOTE_PICKLE_REDUCE:
  case MOTE_PICKLE_OBJECT: {
    uint64_t n = 1 + walk(v->as.call.callable, count, depth + 1) + walk(v->as.call.args, count, depth + 1);
    if (v->as.call.state)
      n += walk(v->as.call.state, count, depth + 1);
    return n + walk_items(&v->as.call.items, count, depth + 1);
  }
  case MOTE_PICKLE_PERSID:
    return 1 + walk(v->as.ref, count, depth + 1);
  default:
    return 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mote_arena arena;
  mote_pickle p;
  mote_pickle_options options = {.max_depth = MAX_DEPTH, .max_tree = MAX_TREE};
  mote_error err;
  mote_error_init(&err);
  mote_arena_init(&arena, mote_prim_allocator(), 1 << 22);
  if (mote_pickle_read((mote_span){data, size}, &arena, &options, &p, &err) == MOTE_OK) {
    uint64_t met = walk(p.root, p.count, 0);
    check(met == p.root->tree && met <= MAX_TREE);
  } else {
    check(err.status != MOTE_OK && err.status != MOTE_ERR_INTERNAL);
  }
  mote_arena_destroy(&arena);
  return 0;
}
