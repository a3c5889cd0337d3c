// AVX-512 row of the Winograd convolution. Knows no graph. Tests: tests/kernels/check_winograd_f32.c
#include "kernels/tmpl/vf_avx512.h"

#define WINOGRAD_GEMM mote_f32_gemm_14x32__avx512
#include "kernels/tmpl/winograd_f32_body.h"
