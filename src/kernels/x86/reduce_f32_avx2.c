// AVX2 row of the float32 reduction. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/tmpl/vf_avx2.h"

#include "kernels/tmpl/reduce_f32_body.h"
