// A caller's thread pool as mote_threads wants it: a thread for each index but the first, which the caller runs. `ctx`
// is an int that counts its regions, or NULL. Used from any thread, so what must hold aborts instead of asserting.
#ifndef MOTE_TESTS_CALLER_POOL_H
#define MOTE_TESTS_CALLER_POOL_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum { CALLER_POOL_MAX = 8 };

typedef struct caller_part {
  void (*fn)(void *arg, uint32_t index);
  void *arg;
  uint32_t index;
} caller_part;

static void *caller_pool_part(void *arg) {
  caller_part *part = arg;
  part->fn(part->arg, part->index);
  return NULL;
}

static void caller_pool(void *ctx, void (*fn)(void *arg, uint32_t index), void *arg, uint32_t n) {
  pthread_t threads[CALLER_POOL_MAX];
  caller_part parts[CALLER_POOL_MAX];
  if (n > CALLER_POOL_MAX)
    abort();
  if (ctx != NULL)
    ++*(int *)ctx;
  for (uint32_t i = 1; i < n; i++) {
    parts[i] = (caller_part){fn, arg, i};
    if (pthread_create(&threads[i], NULL, caller_pool_part, &parts[i]) != 0)
      abort();
  }
  fn(arg, 0);
  for (uint32_t i = 1; i < n; i++)
    pthread_join(threads[i], NULL);
}

#endif
