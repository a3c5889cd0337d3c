// Worker threads behind one parallel region at a time. Knows nothing of what runs in it.
// Waiting spins first, because the next region or barrier is usually microseconds away, then gives the core away.
// Tests: tests/unit/test_pool.c
#include "base/pool.h"

#include <stdatomic.h>

#include "base/fail.h"
#include "base/prim/threads.h"

enum {
  SPINS = 64,        // 1.5 to 3 microseconds: on cores of their own the others arrive within it
  IDLE_YIELDS = 200, // of an idle worker, about 80 microseconds on a free core, before it sleeps
  THREADS_MAX = 1024,
};

typedef struct worker {
  mote_pool *pool;
  uint32_t index;
  bool started;
  mote_thread thread;
} worker;

// Fields that different workers write stand on lines of their own.
struct mote_pool {
  const mote_allocator *al;
  mote_threads host;
  bool has_host;
  uint32_t threads;
  worker *workers; // [threads], the first is the caller and has no thread
  mote_region_fn *fn;
  void *arg;
  mote_mutex region_lock; // held by the caller of the running region
  mote_mutex sleep_lock;
  mote_cond wake;

  _Alignas(MOTE_ALIGN) atomic_uint epoch; // counts regions; a change starts the workers
  atomic_bool stop;
  uint32_t sleepers;                        // under sleep_lock
  _Alignas(MOTE_ALIGN) atomic_uint running; // workers that have not finished the region
  _Alignas(MOTE_ALIGN) atomic_uint arrived; // at the barrier
  _Alignas(MOTE_ALIGN) atomic_uint phase;   // counts barriers
  _Alignas(MOTE_ALIGN) atomic_llong tile;
};

// Giving the core away soon costs little where every thread has one, and everything depends on it where threads share.
static void relax(uint32_t *turn) {
  if (++*turn < SPINS)
    MOTE_RELAX();
  else
    mote_thread_yield();
}

// Returns the epoch of a region that began, or of the stop.
static unsigned wait_region(mote_pool *p, unsigned seen) {
  for (uint32_t turn = 0; turn < SPINS + IDLE_YIELDS; relax(&turn)) {
    unsigned now = atomic_load_explicit(&p->epoch, memory_order_acquire);
    if (now != seen)
      return now;
  }
  mote_mutex_lock(&p->sleep_lock);
  p->sleepers++;
  unsigned now;
  while ((now = atomic_load_explicit(&p->epoch, memory_order_acquire)) == seen)
    mote_cond_wait(&p->wake, &p->sleep_lock);
  p->sleepers--;
  mote_mutex_unlock(&p->sleep_lock);
  return now;
}

static void worker_main(void *arg) {
  worker *w = arg;
  mote_pool *p = w->pool;
  for (unsigned seen = 0;;) {
    seen = wait_region(p, seen);
    if (atomic_load_explicit(&p->stop, memory_order_acquire))
      return;
    p->fn(p->arg, w->index, p->threads);
    atomic_fetch_sub_explicit(&p->running, 1, memory_order_release);
  }
}

// The epoch changes under the lock that sleepers hold while they look at it: no wake-up is lost.
static void start_workers(mote_pool *p) {
  mote_mutex_lock(&p->sleep_lock);
  atomic_fetch_add_explicit(&p->epoch, 1, memory_order_release);
  bool wake = p->sleepers > 0;
  mote_mutex_unlock(&p->sleep_lock);
  if (wake)
    mote_cond_wake_all(&p->wake);
}

static mote_status start_threads(mote_pool *p, mote_error *err) {
  p->workers = MOTE_NEW_ARRAY(p->al, worker, p->threads);
  if (!p->workers)
    return mote_fail_nomem(err);
  for (uint32_t i = 1; i < p->threads; i++) {
    worker *w = &p->workers[i];
    w->pool = p;
    w->index = i;
    w->started = mote_thread_start(&w->thread, worker_main, w);
    if (!w->started)
      return mote_fail(err, MOTE_ERR_IO, "the system refuses thread %u of %u", i + 1, p->threads);
  }
  return MOTE_OK;
}

static bool init_locks(mote_pool *p) {
  if (!mote_mutex_init(&p->region_lock))
    return false;
  if (mote_mutex_init(&p->sleep_lock)) {
    if (mote_cond_init(&p->wake))
      return true;
    mote_mutex_destroy(&p->sleep_lock);
  }
  mote_mutex_destroy(&p->region_lock);
  return false;
}

mote_status mote_pool_create(const mote_allocator *al, uint32_t threads, const mote_threads *host, mote_pool **out,
                             mote_error *err) {
  if (threads < 1 || threads > THREADS_MAX)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "%u threads asked for, 1 to %d are possible", threads, (int)THREADS_MAX);
  mote_pool *p = MOTE_NEW(al, mote_pool);
  if (!p)
    return mote_fail_nomem(err);
  p->al = al;
  p->threads = threads;
  p->has_host = host != NULL && threads > 1;
  if (host)
    p->host = *host;
  if (!init_locks(p)) {
    mote_free(al, p);
    return mote_fail(err, MOTE_ERR_IO, "the system refuses a lock");
  }
  mote_status status = threads > 1 && !host ? start_threads(p, err) : MOTE_OK;
  if (status != MOTE_OK) {
    mote_pool_destroy(p);
    return status;
  }
  *out = p;
  return MOTE_OK;
}

void mote_pool_destroy(mote_pool *pool) {
  if (!pool)
    return;
  if (pool->workers) {
    atomic_store_explicit(&pool->stop, true, memory_order_release);
    start_workers(pool);
    for (uint32_t i = 1; i < pool->threads; i++)
      if (pool->workers[i].started)
        mote_thread_join(&pool->workers[i].thread);
  }
  mote_free(pool->al, pool->workers);
  mote_cond_destroy(&pool->wake);
  mote_mutex_destroy(&pool->sleep_lock);
  mote_mutex_destroy(&pool->region_lock);
  mote_free(pool->al, pool);
}

uint32_t mote_pool_threads(const mote_pool *pool) { return pool->threads; }

static void host_worker(void *arg, uint32_t index) {
  mote_pool *p = arg;
  p->fn(p->arg, index, p->threads);
}

static void run_on_own_threads(mote_pool *p) {
  atomic_store_explicit(&p->running, p->threads - 1, memory_order_relaxed);
  start_workers(p);
  p->fn(p->arg, 0, p->threads);
  for (uint32_t turn = 0; atomic_load_explicit(&p->running, memory_order_acquire) != 0;)
    relax(&turn);
}

void mote_pool_region(mote_pool *pool, mote_region_fn *fn, void *arg) {
  mote_mutex_lock(&pool->region_lock);
  pool->fn = fn;
  pool->arg = arg;
  atomic_store_explicit(&pool->tile, 0, memory_order_relaxed);
  if (pool->threads == 1)
    fn(arg, 0, 1);
  else if (pool->has_host)
    pool->host.parallel(pool->host.ctx, host_worker, pool, pool->threads);
  else
    run_on_own_threads(pool);
  mote_mutex_unlock(&pool->region_lock);
}

// The last to arrive resets the counters, then lets the others go by changing the phase, which each read before it
// arrived. A thread that runs ahead to the next barrier counts in the fresh counter.
void mote_pool_barrier(mote_pool *pool) {
  if (pool->threads == 1) {
    atomic_store_explicit(&pool->tile, 0, memory_order_relaxed);
    return;
  }
  unsigned phase = atomic_load_explicit(&pool->phase, memory_order_acquire);
  if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1 == pool->threads) {
    atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->tile, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->phase, phase + 1, memory_order_seq_cst);
    return;
  }
  for (uint32_t turn = 0; atomic_load_explicit(&pool->phase, memory_order_seq_cst) == phase;)
    relax(&turn);
}

int64_t mote_pool_next_tile(mote_pool *pool) {
  if (pool->threads > 1)
    return atomic_fetch_add_explicit(&pool->tile, 1, memory_order_relaxed);
  int64_t tile = atomic_load_explicit(&pool->tile, memory_order_relaxed);
  atomic_store_explicit(&pool->tile, tile + 1, memory_order_relaxed);
  return tile;
}
