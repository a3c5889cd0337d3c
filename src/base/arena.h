// Bump arena: many small objects that live and die together (syntax trees, graphs, plans' descriptions).
// Not thread safe. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_ARENA_H
#define MOTE_BASE_ARENA_H

#include "base/alloc.h"

typedef struct mote_arena_block mote_arena_block;
typedef struct mote_arena {
  const mote_allocator *al;
  mote_arena_block *head;
  size_t used, limit; // bytes handed out, and the most that may be (0: no bound)
  bool limited;       // a request failed because of the limit, not for lack of memory
} mote_arena;

void mote_arena_init(mote_arena *arena, const mote_allocator *al, size_t limit);
// Zeroed, 16-byte aligned, valid until destroy. NULL when memory is short, the limit is passed or size overflows.
void *mote_arena_alloc(mote_arena *arena, size_t size);
void *mote_arena_array(mote_arena *arena, size_t count, size_t size);
char *mote_arena_str(mote_arena *arena, const char *text, size_t len); // copies and adds NUL
void mote_arena_destroy(mote_arena *arena);

#define MOTE_ARENA_NEW(arena, type) ((type *)mote_arena_alloc((arena), sizeof(type)))
#define MOTE_ARENA_ARRAY(arena, type, n) ((type *)mote_arena_array((arena), (size_t)(n), sizeof(type)))

#endif
