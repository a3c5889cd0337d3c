// Tests of base/pool: every worker runs once a region, barriers hold, tiles are handed out once and in order, callers
// are serialised, a host's pool works, creation fails cleanly.
#include <pthread.h>
#include <time.h>

#include "support/caller_pool.h"
#include "support/fail_alloc.h"

#include "base/pool.h"
#include "base/prim.h"

enum { WORKERS_MAX = 8, TILES = 1000 };

static mote_pool *make_pool(uint32_t threads, const mote_threads *host) {
  mote_pool *pool = NULL;
  assert_int_equal(mote_pool_create(mote_prim_allocator(), threads, host, &pool, NULL), MOTE_OK);
  assert_int_equal(mote_pool_threads(pool), threads);
  return pool;
}

typedef struct visit {
  atomic_int seen[WORKERS_MAX];
  atomic_int workers;
} visit;

static void visit_once(void *arg, uint32_t worker, uint32_t workers) {
  visit *v = arg;
  atomic_fetch_add(&v->seen[worker], 1);
  atomic_store(&v->workers, (int)workers);
}

static void every_worker_once(void **state) {
  (void)state;
  for (uint32_t n = 1; n <= WORKERS_MAX; n++) {
    mote_pool *pool = make_pool(n, NULL);
    visit v = {0};
    for (int round = 1; round <= 200; round++) {
      mote_pool_region(pool, visit_once, &v);
      for (uint32_t i = 0; i < WORKERS_MAX; i++)
        assert_int_equal(v.seen[i], i < n ? round : 0);
    }
    assert_int_equal(v.workers, n);
    mote_pool_destroy(pool);
  }
  mote_pool_destroy(NULL);
}

// Workers that went to sleep between regions wake up.
static void sleepers_wake(void **state) {
  (void)state;
  mote_pool *pool = make_pool(4, NULL);
  visit v = {0};
  for (int round = 0; round < 5; round++) {
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    mote_pool_region(pool, visit_once, &v);
  }
  for (int i = 0; i < 4; i++)
    assert_int_equal(v.seen[i], 5);
  mote_pool_destroy(pool);
}

typedef struct steps {
  mote_pool *pool;
  int32_t count[20][TILES]; // how often each tile of each step ran
  int32_t value[TILES];     // plain memory: the barrier must publish it
  atomic_int wrong;
} steps;

// Each step adds what its neighbour held after the step before: any missing barrier shows as a wrong sum.
static void run_steps(void *arg, uint32_t worker, uint32_t workers) {
  steps *s = arg;
  (void)worker;
  (void)workers;
  for (int step = 0; step < 20; step++) {
    int64_t last = -1;
    for (int64_t t; (t = mote_pool_next_tile(s->pool)) < TILES; last = t) {
      s->count[step][t]++;
      if (t <= last)
        atomic_fetch_add(&s->wrong, 1);
      if (step % 2 == 0)
        s->value[t] += 1;
      else if (s->value[(t + 1) % TILES] != step / 2 + 1)
        atomic_fetch_add(&s->wrong, 1);
    }
    mote_pool_barrier(s->pool);
  }
}

static void barriers_and_tiles(void **state) {
  (void)state;
  static steps s;
  for (uint32_t n = 1; n <= WORKERS_MAX; n += n == 1 ? 1 : 3) {
    for (int round = 0; round < 10; round++) {
      memset(&s, 0, sizeof(s));
      s.pool = make_pool(n, NULL);
      mote_pool_region(s.pool, run_steps, &s);
      mote_pool_destroy(s.pool);
      assert_int_equal(s.wrong, 0);
      for (int step = 0; step < 20; step++)
        for (int t = 0; t < TILES; t++)
          assert_int_equal(s.count[step][t], 1);
    }
  }
}

// A region begins with tile 0 even when the one before left without a barrier.
static void first_tile(void *arg, uint32_t worker, uint32_t workers) {
  mote_pool *pool = arg;
  (void)worker;
  (void)workers;
  assert_int_equal(mote_pool_next_tile(pool), 0);
  assert_int_equal(mote_pool_next_tile(pool), 1);
}

static void region_resets_tiles(void **state) {
  (void)state;
  mote_pool *pool = make_pool(1, NULL);
  mote_pool_region(pool, first_tile, pool);
  mote_pool_region(pool, first_tile, pool);
  mote_pool_destroy(pool);
}

typedef struct caller {
  mote_pool *pool;
  atomic_int *inside;
  int overlaps;
} caller;

static void exclusive(void *arg, uint32_t worker, uint32_t workers) {
  caller *c = arg;
  (void)workers;
  if (worker == 0 && atomic_fetch_add(c->inside, 1) != 0)
    c->overlaps++;
  mote_pool_barrier(c->pool);
  if (worker == 0)
    atomic_fetch_sub(c->inside, 1);
}

static void *call_often(void *arg) {
  caller *c = arg;
  for (int i = 0; i < 300; i++)
    mote_pool_region(c->pool, exclusive, c);
  return NULL;
}

static void callers_are_serialised(void **state) {
  (void)state;
  mote_pool *pool = make_pool(2, NULL);
  atomic_int inside = 0;
  caller callers[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    callers[i] = (caller){pool, &inside, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
  }
  for (int i = 0; i < 3; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(callers[i].overlaps, 0);
  }
  mote_pool_destroy(pool);
}

static void host_runs_regions(void **state) {
  (void)state;
  static steps s;
  int calls = 0;
  mote_threads host = {&calls, caller_pool};
  s.pool = make_pool(3, &host);
  mote_pool_region(s.pool, run_steps, &s);
  assert_int_equal(s.wrong, 0);
  assert_int_equal(calls, 1);
  for (int t = 0; t < TILES; t++)
    assert_int_equal(s.count[19][t], 1);
  mote_pool_destroy(s.pool);
  mote_pool *single = make_pool(1, &host);
  visit v = {0};
  mote_pool_region(single, visit_once, &v);
  assert_int_equal(v.seen[0], 1);
  assert_int_equal(calls, 1); // one thread needs no host
  mote_pool_destroy(single);
}

static void creation_fails_cleanly(void **state) {
  (void)state;
  mote_pool *pool = NULL;
  mote_error e;
  mote_error_init(&e);
  assert_int_equal(mote_pool_create(mote_prim_allocator(), 0, NULL, &pool, &e), MOTE_ERR_ARGUMENT);
  mote_error_init(&e);
  assert_int_equal(mote_pool_create(mote_prim_allocator(), 100000, NULL, &pool, &e), MOTE_ERR_ARGUMENT);
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error_init(&e);
    pool = NULL;
    mote_status status = mote_pool_create(&fa.allocator, 3, NULL, &pool, &e);
    mote_pool_destroy(pool);
    fail_alloc_check(&fa, status);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_worker_once),      cmocka_unit_test(sleepers_wake),
      cmocka_unit_test(barriers_and_tiles),     cmocka_unit_test(region_resets_tiles),
      cmocka_unit_test(callers_are_serialised), cmocka_unit_test(host_runs_regions),
      cmocka_unit_test(creation_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
