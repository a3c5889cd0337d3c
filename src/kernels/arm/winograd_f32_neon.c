// NEON row of the Winograd convolution. Knows no graph. Tests: tests/kernels/check_winograd_f32.c
#include "kernels/tmpl/vf_neon.h"

#define WINOGRAD_GEMM mote_f32_gemm_6x16__neon
#include "kernels/tmpl/winograd_f32_body.h"
