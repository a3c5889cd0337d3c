// Storages of a model seen by a session: shared, read-only, until the session writes to one, which then gets memory of
// its own. Tests: tests/script/test_value.c
#ifndef MOTE_SCRIPT_SHARED_H
#define MOTE_SCRIPT_SHARED_H

#include "core/tensor/tensor.h"

// A session's view of a model's storage (retained); NULL when memory is short.
mote_storage *mote_shared_storage(const mote_allocator *al, mote_storage *base);
// The model's storage behind it while it was not written; NULL otherwise.
mote_storage *mote_shared_base(const mote_storage *s);
// Before a write: copies shared bytes into memory of the session's own.
mote_status mote_shared_make_private(mote_storage *s, mote_error *err) MOTE_MUST_USE;

#endif
