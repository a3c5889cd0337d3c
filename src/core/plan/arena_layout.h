// Places buffers with lifetimes into one block of memory: greedy by size, lowest offset that overlaps no buffer alive
// at the same time. Knows only sizes and times. Tests: tests/unit/test_arena_layout.c
#ifndef MOTE_CORE_ARENA_LAYOUT_H
#define MOTE_CORE_ARENA_LAYOUT_H

#include "base/arena.h"

typedef struct mote_lifetime {
  size_t bytes;        // 0: needs no place
  int32_t first, last; // steps, both included
  size_t offset;       // out: multiple of MOTE_ALIGN
} mote_lifetime;

// Sets the offsets and the total. MOTE_ERR_NOMEM, or MOTE_ERR_LIMIT when the total overflows.
mote_status mote_arena_layout(const mote_allocator *al, mote_lifetime *items, int32_t count, size_t *total,
                              mote_error *err) MOTE_MUST_USE;
// True when two buffers alive at the same time overlap: a bug, checked in debug builds and by the fuzzer.
bool mote_arena_overlaps(const mote_lifetime *items, int32_t count);

#endif
