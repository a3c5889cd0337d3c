// Packed parameters of quantised layers: objects that hold weights, biases and settings, made by prepack operators or
// read from a file. Here is the one form that operators see. Tests:
// tests/models/torch/{cnn_quantised,layers_fbgemm,line_quantised,speech_*}
#ifndef MOTE_SCRIPT_PACKED_H
#define MOTE_SCRIPT_PACKED_H

#include "core/op.h"
#include "core/value/value.h"

// The state of a mote_native: a tuple of tensors (or None), then one list of integers:
//   linear     weight, bias                 [fp16]
//   conv       weight, bias                 [spatial dims, strides, paddings, dilations, output paddings, groups,
//   transposed] embedding  weight                       [bits] cell       w_ih, b_ih, w_hh, b_hh       [mote_cell_kind,
//   reduce_range]
typedef enum mote_cell_kind { MOTE_CELL_INT8, MOTE_CELL_DYNAMIC, MOTE_CELL_FP16 } mote_cell_kind;

#define MOTE_PACKED_TENSORS 4

// Makes an object of class `name` (lives as long as the program); tensors and numbers are retained or copied.
mote_status mote_packed_new(const mote_allocator *al, const char *name, const mote_val *tensors, int32_t n,
                            const mote_ints *ints, mote_val *out, mote_error *err) MOTE_MUST_USE;
// The same from the state that a file holds, any of PyTorch's versions of it. `qnnpack` is set when the state shows
// who packed it: QNNPACK, which quantises activations to 8 bits whatever reduce_range says, or fbgemm.
mote_status mote_packed_from_state(const mote_allocator *al, const char *name, mote_val state, bool *qnnpack,
                                   mote_val *out, mote_error *err) MOTE_MUST_USE;
// Tensors (borrowed; None where absent) and numbers of an object; false when it is none of the kinds above.
bool mote_packed_parts(const mote_native *p, mote_val tensors[MOTE_PACKED_TENSORS], int32_t *n, mote_ints *ints);

#endif
