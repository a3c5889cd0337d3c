// Convolutions of PyTorch, for numbers and for codes. Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_CONV_H
#define MOTE_OPS_ATEN_CONV_H

#include "ops/aten_ref.h"

typedef struct mote_aten_conv {
  int64_t n;                                                     // spatial dims, 1 to 3
  int64_t stride[3], dilation[3], before[3], after[3], extra[3]; // before, after: padding; extra: of transposed ones
  int64_t groups;
  bool transposed, relu;
  mote_out_quant quant; // scale not 0: codes are convolved and given
} mote_aten_conv;

// x without its batch gets one for the time. The caller has checked what PyTorch has messages for.
mote_vid mote_aten_convolve(mote_low *w, mote_vid x, mote_vid f, mote_vid bias, const mote_aten_conv *a);

#endif
