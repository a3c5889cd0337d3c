// AVX-512 row of the float32 element-wise functions. Knows no graph. Tests: tests/kernels/check_eltwise_f32.c
#include "kernels/tmpl/vf_avx512.h"

#include "kernels/tmpl/eltwise_f32_body.h"
