// AVX2 row of the float32 depthwise convolution. Knows no graph. Tests: tests/kernels/check_dwconv_f32.c
#include "kernels/tmpl/vf_avx2.h"

#include "kernels/tmpl/dwconv_f32_body.h"
