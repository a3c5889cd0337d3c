// NEON row of the float32 matrix product: 6 rows by 16 columns, 24 of the 32 registers hold sums. Knows no graph.
// Tests: tests/kernels/check_gemm_f32.c
#include "kernels/tmpl/vf_neon.h"

#define GEMM_MR 6
#define GEMM_NV 4
#define GEMM_NV_TAIL 2
#define GEMM_NAME mote_f32_gemm_6x16__neon
#include "kernels/tmpl/gemm_f32_body.h"
