// NEON row of the float32 convolution: the shared driver over the NEON strips. Knows no graph.
// Tests: tests/kernels/check_conv_f32.c
#include "kernels/conv_f32.h"

extern const mote_gemm_f32 mote_f32_gemm_6x16__neon;
const mote_conv_f32 mote_f32_conv_6x16__neon = {
    .name = "mote_f32_conv_6x16__neon", .isa = "neon", .features = MOTE_CPU_NEON, .gemm = &mote_f32_gemm_6x16__neon};
