// Windows given by sizes, strides and an offset on a dense tensor, as a recorded program's views and partial writes
// need them. Tests: tests/script/test_record.c
#ifndef MOTE_OPS_WINDOW_H
#define MOTE_OPS_WINDOW_H

#include "core/op.h"

typedef struct mote_window_attr {
  mote_ints size, stride; // in elements of the dense input
  int64_t offset;
} mote_window_attr;

// base -> the window
extern const mote_op mote_op_as_strided;
// base, new elements of the window -> base with them; the window meets no element twice
extern const mote_op mote_op_window_write;

#endif
