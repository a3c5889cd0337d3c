// The recorder: tensor operators of a running program become nodes of a growing graph; data that is needed makes the
// graph run as a plan. Also the memory of whole calls. Tests: tests/script/test_record.c
#ifndef MOTE_SCRIPT_RECORD_H
#define MOTE_SCRIPT_RECORD_H

#include "script/vm.h"

typedef struct mote_recorder mote_recorder;

mote_status mote_recorder_create(mote_vm *vm, mote_recorder **out, mote_error *err) MOTE_MUST_USE;
// Throws away what is recorded: storages that were not computed yet stay empty.
void mote_recorder_forget(mote_recorder *r); // NULL is fine
void mote_recorder_destroy(mote_recorder *r);

// Runs a function from the host: from memory when it can, else in the machine; results are complete.
mote_status mote_recorder_call(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result,
                               mote_error *err) MOTE_MUST_USE;

// Appends an operator when it can be recorded (shapes known before running); *done tells.
mote_status mote_recorder_emit(mote_recorder *r, const mote_op *op, const void *attr, mote_handle *const *in,
                               int32_t n_in, mote_val *out, int32_t *n_out, bool *done, mote_error *err) MOTE_MUST_USE;
// `view` was made from the lazy tensor `h` by `op`: the graph may see that operator instead of a window on the base.
mote_status mote_recorder_view(mote_recorder *r, mote_handle *h, const mote_op *op, const void *attr, mote_handle *view,
                               mote_error *err) MOTE_MUST_USE;
// Records an in-place write when it covers a whole storage that the graph may replace; *done tells.
mote_status mote_recorder_write(mote_recorder *r, mote_handle *dst, mote_handle *src, bool *done) MOTE_MUST_USE;
// Everything recorded so far is computed.
mote_status mote_recorder_flush(mote_recorder *r, mote_error *err) MOTE_MUST_USE;
// True when a storage's data is still to be computed.
MOTE_INLINE bool mote_is_lazy(const mote_handle *h) { return h->storage->lazy != NULL; }
// Before the data of `s` is overwritten outside the graph: what is recorded reads it still.
mote_status mote_recorder_before_write(mote_recorder *r, mote_storage *s, mote_error *err) MOTE_MUST_USE;

#endif
