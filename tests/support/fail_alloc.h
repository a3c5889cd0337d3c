// An allocator for tests: counts what is alive, knows the peak, checks sizes given back, and can fail the Nth request.
// Thread safe. Use: run the work with fail_at = 1, 2, 3, ... until it succeeds; after each, live_blocks must be 0.
//
//   fail_alloc fa;
//   fail_alloc_init(&fa);
//   FAIL_ALLOC_EACH(&fa) {                                  // body runs with every single allocation failing once
//     mote_status status = work(&fa.allocator, ...);
//     fail_alloc_check(&fa, status);                        // OK, or NOMEM because of the planned failure; no leak
//   }
#ifndef MOTE_TESTS_FAIL_ALLOC_H
#define MOTE_TESTS_FAIL_ALLOC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mote/mote.h"

typedef struct fail_alloc {
  mote_allocator allocator; // hand &fa.allocator to the code under test
  atomic_long live_blocks, live_bytes, peak_bytes;
  atomic_long requests; // since the last fail_alloc_restart
  long fail_at;         // this request (from 1) returns NULL; 0: none
  atomic_bool failed;   // it did
  bool finished;        // a run met no failure
} fail_alloc;

static inline void *fail_alloc_get(void *ctx, size_t size, size_t align) {
  fail_alloc *fa = ctx;
  if (atomic_fetch_add(&fa->requests, 1) + 1 == fa->fail_at) {
    atomic_store(&fa->failed, true);
    return NULL;
  }
  void *p = NULL;
  if (posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1) != 0)
    return NULL;
  memset(p, 0xA5, size); // code that relies on fresh memory being zero shows
  atomic_fetch_add(&fa->live_blocks, 1);
  long now = atomic_fetch_add(&fa->live_bytes, (long)size) + (long)size, peak = atomic_load(&fa->peak_bytes);
  while (now > peak && !atomic_compare_exchange_weak(&fa->peak_bytes, &peak, now)) {
  }
  return p;
}

static inline void fail_alloc_put(void *ctx, void *ptr, size_t size) {
  fail_alloc *fa = ctx;
  atomic_fetch_sub(&fa->live_blocks, 1);
  atomic_fetch_sub(&fa->live_bytes, (long)size);
  memset(ptr, 0x5A, size); // the size given back must be the size asked for
  free(ptr);
}

static inline void fail_alloc_init(fail_alloc *fa) {
  memset(fa, 0, sizeof(*fa));
  fa->allocator = (mote_allocator){fa, fail_alloc_get, fail_alloc_put};
}

static inline void fail_alloc_restart(fail_alloc *fa, long fail_at) {
  atomic_store(&fa->requests, 0);
  atomic_store(&fa->failed, false);
  fa->fail_at = fail_at;
}

static inline void fail_alloc_no_leak(fail_alloc *fa) {
  assert_int_equal(atomic_load(&fa->live_blocks), 0);
  assert_int_equal(atomic_load(&fa->live_bytes), 0);
}

// After one run: a success needs no failed request unless the code could do without; a failure must be the planned one.
static inline void fail_alloc_check(fail_alloc *fa, mote_status status) {
  bool failed = atomic_load(&fa->failed);
  if (status != MOTE_OK) {
    assert_true(failed);
    assert_int_equal(status, MOTE_ERR_NOMEM);
  }
  fail_alloc_no_leak(fa);
  fa->finished = !failed;
}

#define FAIL_ALLOC_EACH(fa)                                                                                            \
  for ((fa)->finished = false, fail_alloc_restart((fa), 1); !(fa)->finished;                                           \
       fail_alloc_restart((fa), (fa)->fail_at + 1))

#endif
