// AVX-512 row of the float32 matrix product: 14 rows by 32 columns, 28 of the 32 registers hold sums. Knows no graph.
// Tests: tests/kernels/check_gemm_f32.c
#include "kernels/tmpl/vf_avx512.h"

#define GEMM_MR 14
#define GEMM_NV 2
#define GEMM_NV_TAIL 1
#define GEMM_NAME mote_f32_gemm_14x32__avx512
#include "kernels/tmpl/gemm_f32_body.h"
