// Filling a mote_error: the first failure wins, nothing is allocated.
// Knows only the public error struct. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_FAIL_H
#define MOTE_BASE_FAIL_H

#include "base/compiler.h"
#include "mote/mote.h"

// Records `status` with a formatted message in `err` (may be NULL) unless it already holds a failure.
// Returns `status`, so that callers can write `return mote_fail(err, ...)`.
mote_status mote_fail(mote_error *err, mote_status status, const char *fmt, ...) MOTE_PRINTF(3, 4);

// Out of memory; needs no formatting.
mote_status mote_fail_nomem(mote_error *err);

// Adds where it happened. Called by outer layers while the failure travels up; each call puts its text in front of
// what inner layers said ("model.tflite: node 3 CONV_2D: ..."). No effect if `err` is NULL or holds no failure.
void mote_fail_place(mote_error *err, const char *fmt, ...) MOTE_PRINTF(2, 3);

// Byte offset in the file, or node number in the graph, of the failure; set once.
void mote_fail_offset(mote_error *err, uint64_t offset);
void mote_fail_node(mote_error *err, int32_t node);

// Appends one line to the list that comes with the error (missing operators, traceback frames). Silently stops when
// the buffer is full.
void mote_fail_item(mote_error *err, const char *fmt, ...) MOTE_PRINTF(2, 3);

// Takes back all items.
void mote_fail_drop_items(mote_error *err);

// Forgets the failure: used where a script catches an exception or a fallback is tried.
void mote_fail_clear(mote_error *err);

#endif
