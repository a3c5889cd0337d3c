// Padding and rearranging blocks of space. Tests: tests/models/tflite/decoder_*
#ifndef MOTE_OPS_PAD_H
#define MOTE_OPS_PAD_H

#include "core/op.h"

enum { MOTE_PAD_REFLECT = 0, MOTE_PAD_SYMMETRIC = 1 };

// inputs: x, pads [rank, 2], value (optional; else 0, or the zero point of codes)
extern const mote_op mote_op_pad;
// inputs: x, pads
extern const mote_op mote_op_mirror_pad;
extern const mote_op mote_op_space_to_depth, mote_op_depth_to_space, mote_op_space_to_batch, mote_op_batch_to_space;

#endif
