// The copy operator: same shape and dtype, any strides to any strides. Planner and recorder insert it.
#ifndef MOTE_OPS_COPY_H
#define MOTE_OPS_COPY_H

#include "core/op.h"

extern const mote_op mote_op_copy;

#endif
