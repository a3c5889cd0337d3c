// PyTorch's quantised tensors: the operator that makes codes of numbers, for rows and for plain operators on codes.
// Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_QUANT_H
#define MOTE_OPS_ATEN_QUANT_H

#include "ops/aten_kit.h"

typedef struct mote_codes_attr {
  double scale;
  int64_t zero, axis; // not -1: scales (float64) and zero points (int32) are inputs 1 and 2, of channels or (-2) of all
  int32_t dtype;
  bool steps; // the numbers are in units of the scale
  bool raw;   // halves go to the even code, else to the even number above the zero point
} mote_codes_attr;

extern const mote_op mote_op_codes; // numbers -> codes, halves to even

mote_vid mote_low_codes(mote_low *w, mote_vid x, double scale, int64_t zero, mote_dtype dtype);
mote_vid mote_low_real(mote_low *w, mote_vid x); // float32 of codes or of other floats
// The result `y` as codes with the scale and zero point that the call gives, or those of its first operand.
mote_status mote_low_give_codes(mote_low *w, mote_vid y, bool relu);
// First result of the lowering of another row of PyTorch: "softmax.int".
mote_vid mote_low_row(mote_low *w, const char *overload, const mote_arg *args, int32_t n);

#endif
