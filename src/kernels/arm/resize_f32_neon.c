// NEON row of the float32 resize. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/tmpl/vf_neon.h"

#include "kernels/tmpl/resize_f32_body.h"
