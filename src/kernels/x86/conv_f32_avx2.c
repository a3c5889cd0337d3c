// AVX2 row of the float32 convolution: the shared driver over the AVX2 strips. Knows no graph.
// Tests: tests/kernels/check_conv_f32.c
#include "kernels/conv_f32.h"

extern const mote_gemm_f32 mote_f32_gemm_6x16__avx2;
const mote_conv_f32 mote_f32_conv_6x16__avx2 = {
    .name = "mote_f32_conv_6x16__avx2", .isa = "avx2", .features = MOTE_CPU_AVX2, .gemm = &mote_f32_gemm_6x16__avx2};
