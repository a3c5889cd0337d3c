// Portable row of the float32 pooling. Knows no graph. Tests: tests/kernels/check_pool_f32.c
#include "kernels/tmpl/vf_c.h"

#include "kernels/tmpl/pool_f32_body.h"
