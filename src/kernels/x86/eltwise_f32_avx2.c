// AVX2 row of the float32 element-wise functions. Knows no graph. Tests: tests/kernels/check_eltwise_f32.c
#include "kernels/tmpl/vf_avx2.h"

#include "kernels/tmpl/eltwise_f32_body.h"
