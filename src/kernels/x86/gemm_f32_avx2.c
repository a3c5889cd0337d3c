// AVX2 row of the float32 matrix product: 6 rows by 16 columns, 12 of the 16 registers hold sums. Knows no graph.
// Tests: tests/kernels/check_gemm_f32.c
#include "kernels/tmpl/vf_avx2.h"

#define GEMM_MR 6
#define GEMM_NV 2
#define GEMM_NV_TAIL 1
#define GEMM_NAME mote_f32_gemm_6x16__avx2
#include "kernels/tmpl/gemm_f32_body.h"
