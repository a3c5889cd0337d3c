// Portable row of the float32 convolution: the shared driver over the portable strip.
// Knows no graph. Tests: tests/kernels/check_conv_f32.c
#include "kernels/conv_f32.h"

extern const mote_gemm_f32 mote_f32_gemm_4x8__c;
const mote_conv_f32 mote_f32_conv_4x8__c = {.name = "mote_f32_conv_4x8__c", .isa = "c", .gemm = &mote_f32_gemm_4x8__c};
