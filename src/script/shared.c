// See shared.h.
#include "script/shared.h"

#include <string.h>

static void release_base(void *owner) { mote_storage_release(owner); }

mote_storage *mote_shared_storage(const mote_allocator *al, mote_storage *base) {
  mote_storage *s = mote_storage_wrap(al, base->data, base->bytes, release_base, base);
  if (s)
    mote_storage_retain(base);
  return s;
}

mote_storage *mote_shared_base(const mote_storage *s) {
  return s->on_release == release_base && !s->owned ? s->owner : NULL;
}

mote_status mote_shared_make_private(mote_storage *s, mote_error *err) {
  mote_storage *base = mote_shared_base(s);
  if (!base)
    return MOTE_OK;
  void *data = mote_alloc(s->al, s->bytes);
  if (!data)
    return mote_fail_nomem(err);
  memcpy(data, base->data, s->bytes);
  s->data = data;
  s->owned = true;
  s->on_release = NULL;
  s->owner = NULL;
  mote_storage_release(base);
  return MOTE_OK;
}
