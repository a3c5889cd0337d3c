// AVX-512 row of the float32 softmax. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/tmpl/vf_avx512.h"

#include "kernels/tmpl/softmax_f32_body.h"
