// Portable row of the float32 depthwise convolution: the oracle.
// Knows no graph. Tests: tests/kernels/check_dwconv_f32.c
#include "kernels/dwconv_f32_any.h"

static void run(const mote_dwconv_f32_args *args, size_t t0, size_t t1) {
  for (size_t t = t0; t < t1; t++) {
    const mote_dw_tile tile = mote_dw_tile_at(args, t);
    mote_dw_any(args, 1, &tile);
  }
}

const mote_dwconv_f32 mote_f32_dwconv_c1__c = {.name = "mote_f32_dwconv_c1__c", .isa = "c", .block = 1, .run = run};
