// Thread pool: one region of N workers at a time, with barriers inside. Workers spin briefly, then sleep.
// A caller's own pool can stand behind it (mote_threads). Tests: tests/unit/test_pool.c
#ifndef MOTE_BASE_POOL_H
#define MOTE_BASE_POOL_H

#include "base/alloc.h"

typedef struct mote_pool mote_pool;
typedef void mote_region_fn(void *arg, uint32_t worker, uint32_t workers);

// `threads` >= 1 counts the caller. `host` may be NULL (own threads) else it supplies the parallelism.
mote_status mote_pool_create(const mote_allocator *al, uint32_t threads, const mote_threads *host, mote_pool **out,
                             mote_error *err) MOTE_MUST_USE;
void mote_pool_destroy(mote_pool *pool);
uint32_t mote_pool_threads(const mote_pool *pool);

// Runs fn on every worker (the caller is worker 0) and returns when all have. Regions of one pool are serialised: a
// second caller waits. Must not be nested.
void mote_pool_region(mote_pool *pool, mote_region_fn *fn, void *arg);

// Inside a region: returns when all workers have come here. A full memory barrier.
void mote_pool_barrier(mote_pool *pool);

// Inside a region: the next tile index of the current step, or a number >= tiles when none is left. The counter is
// reset by the next barrier. Tiles are handed out in order, so the split of work never depends on thread count.
int64_t mote_pool_next_tile(mote_pool *pool);

#endif
