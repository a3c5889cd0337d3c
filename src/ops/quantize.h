// Changing the element type: quantise, dequantise, requantise, cast. Tests: tests/unit/test_ops_basic.c
#ifndef MOTE_OPS_QUANTIZE_H
#define MOTE_OPS_QUANTIZE_H

#include "ops/opkit.h"

typedef struct mote_cast_attr {
  int32_t dtype; // MOTE_NONE: what the output declares
} mote_cast_attr;

typedef struct mote_dequantize_attr {
  bool steps; // in units of the scale: codes less the zero point
} mote_dequantize_attr;

// real or codes -> codes of the output's declared type and scale
extern const mote_op mote_op_quantize;
// codes (or float16) -> float32
extern const mote_op mote_op_dequantize;
extern const mote_op mote_op_cast;

#endif
