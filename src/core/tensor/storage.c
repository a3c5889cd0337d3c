// Storage: reference-counted memory behind tensors. Tests: tests/unit/test_tensor.c
#include <string.h>

#include "core/tensor/tensor.h"

mote_storage *mote_storage_create(const mote_allocator *al, size_t bytes, bool zero) {
  mote_storage *s = MOTE_NEW(al, mote_storage);
  if (s == NULL)
    return NULL;
  s->data = zero ? mote_alloc_zero(al, bytes) : mote_alloc(al, bytes);
  if (s->data == NULL) {
    mote_free(al, s);
    return NULL;
  }
  s->al = al;
  s->bytes = bytes;
  s->owned = true;
  atomic_init(&s->refs, 1);
  return s;
}

mote_storage *mote_storage_wrap(const mote_allocator *al, void *data, size_t bytes, void (*on_release)(void *),
                                void *owner) {
  mote_storage *s = MOTE_NEW(al, mote_storage);
  if (s == NULL)
    return NULL;
  s->al = al;
  s->data = data;
  s->bytes = bytes;
  s->on_release = on_release;
  s->owner = owner;
  atomic_init(&s->refs, 1);
  return s;
}

mote_storage *mote_storage_retain(mote_storage *s) {
  atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
  return s;
}

void mote_storage_release(mote_storage *s) {
  if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
    return;
  if (s->owned)
    mote_free(s->al, s->data);
  if (s->on_release != NULL)
    s->on_release(s->owner);
  mote_free(s->al, s);
}
