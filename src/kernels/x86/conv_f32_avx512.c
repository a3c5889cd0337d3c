// AVX-512 row of the float32 convolution: the shared driver over the AVX-512 strips. Knows no graph.
// Tests: tests/kernels/check_conv_f32.c
#include "kernels/conv_f32.h"

extern const mote_gemm_f32 mote_f32_gemm_14x32__avx512;
const mote_conv_f32 mote_f32_conv_14x32__avx512 = {.name = "mote_f32_conv_14x32__avx512",
                                                   .isa = "avx512",
                                                   .features = MOTE_CPU_AVX2 | MOTE_CPU_AVX512,
                                                   .gemm = &mote_f32_gemm_14x32__avx512};
