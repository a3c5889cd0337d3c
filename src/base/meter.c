// An allocator with a limit, over another. Knows only sizes. Tests: tests/script/test_vm.c
#include <stdatomic.h>

#include "base/alloc.h"

struct mote_meter {
  mote_allocator al; // what users hold
  mote_allocator inner;
  size_t limit;
  atomic_size_t used; // bytes of blocks, and 1 while it is open
  atomic_bool refused;
};

static void let_go(mote_meter *m, size_t size) {
  if (atomic_fetch_sub(&m->used, size) != size)
    return;
  mote_allocator inner = m->inner;
  mote_free(&inner, m);
}

static void *meter_alloc(void *ctx, size_t size, size_t align) {
  mote_meter *m = ctx;
  size_t used = atomic_load_explicit(&m->used, memory_order_relaxed);
  do {
    if (size > m->limit || used > m->limit - size) {
      atomic_store(&m->refused, true);
      return NULL;
    }
  } while (!atomic_compare_exchange_weak(&m->used, &used, used + size));
  void *p = m->inner.alloc(m->inner.ctx, size, align);
  if (!p)
    atomic_fetch_sub(&m->used, size); // never the last: whoever allocates holds it open
  return p;
}

static void meter_free(void *ctx, void *ptr, size_t size) {
  mote_meter *m = ctx;
  m->inner.free(m->inner.ctx, ptr, size);
  let_go(m, size);
}

mote_meter *mote_meter_open(const mote_allocator *inner, size_t limit) {
  mote_meter *m = MOTE_NEW(inner, mote_meter);
  if (!m)
    return NULL;
  m->al = (mote_allocator){m, meter_alloc, meter_free};
  m->inner = *inner;
  m->limit = limit;
  atomic_store(&m->used, 1);
  return m;
}

void mote_meter_close(mote_meter *meter) {
  if (meter)
    let_go(meter, 1);
}

const mote_allocator *mote_meter_allocator(mote_meter *meter) { return &meter->al; }
bool mote_meter_refused(mote_meter *meter) { return atomic_exchange(&meter->refused, false); }
const mote_allocator *mote_meter_inner(const mote_allocator *al) {
  return al->alloc == meter_alloc ? &((const mote_meter *)al->ctx)->inner : al;
}
