// Bump arena over blocks that double up to a bound. Tests: tests/unit/test_base.c
#include "base/arena.h"

#include <string.h>

#include "base/checked.h"

struct mote_arena_block {
  mote_arena_block *next;
  size_t used, size; // of `bytes`
  _Alignas(16) unsigned char bytes[];
};

enum { FIRST_BLOCK = 4096, LAST_BLOCK = 256 * 1024 };

void mote_arena_init(mote_arena *arena, const mote_allocator *al, size_t limit) {
  *arena = (mote_arena){.al = al, .limit = limit};
}

static mote_arena_block *block_new(mote_arena *arena, size_t size) {
  size_t total;
  if (!mote_add_size(size, sizeof(mote_arena_block), &total))
    return NULL;
  mote_arena_block *b = mote_alloc(arena->al, total);
  if (!b)
    return NULL;
  b->next = NULL;
  b->used = 0;
  b->size = size;
  return b;
}

// A block with room for `size`. A request larger than the next block would be gets its own block behind the head, so
// that the head's rest stays in use.
static mote_arena_block *block_for(mote_arena *arena, size_t size) {
  mote_arena_block *head = arena->head;
  if (head && head->size - head->used >= size)
    return head;
  size_t next = head ? MOTE_MIN(MOTE_MAX(head->size, (size_t)FIRST_BLOCK / 2) * 2, (size_t)LAST_BLOCK) : FIRST_BLOCK;
  mote_arena_block *b = block_new(arena, MOTE_MAX(size, next));
  if (!b)
    return NULL;
  if (head && size > next / 2) {
    b->next = head->next;
    head->next = b;
  } else {
    b->next = head;
    arena->head = b;
  }
  return b;
}

void *mote_arena_alloc(mote_arena *arena, size_t size) {
  size_t padded, used;
  if (!mote_add_size(MOTE_MAX(size, (size_t)1), 15, &padded))
    return NULL;
  padded &= ~(size_t)15;
  if (!mote_add_size(arena->used, padded, &used))
    return NULL;
  if (arena->limit && used > arena->limit) {
    arena->limited = true;
    return NULL;
  }
  mote_arena_block *b = block_for(arena, padded);
  if (!b)
    return NULL;
  void *p = b->bytes + b->used;
  b->used += padded;
  arena->used = used;
  return memset(p, 0, padded);
}

void *mote_arena_array(mote_arena *arena, size_t count, size_t size) {
  size_t total;
  return mote_mul_size(count, size, &total) ? mote_arena_alloc(arena, total) : NULL;
}

char *mote_arena_str(mote_arena *arena, const char *text, size_t len) {
  size_t total;
  if (!mote_add_size(len, 1, &total))
    return NULL;
  char *copy = mote_arena_alloc(arena, total);
  if (copy && len)
    memcpy(copy, text, len);
  return copy;
}

void mote_arena_destroy(mote_arena *arena) {
  if (!arena)
    return;
  for (mote_arena_block *b = arena->head; b;) {
    mote_arena_block *next = b->next;
    mote_free(arena->al, b);
    b = next;
  }
  arena->head = NULL;
  arena->used = 0;
}
