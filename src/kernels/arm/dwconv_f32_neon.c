// NEON row of the float32 depthwise convolution. Knows no graph. Tests: tests/kernels/check_dwconv_f32.c
#include "kernels/tmpl/vf_neon.h"

#include "kernels/tmpl/dwconv_f32_body.h"
