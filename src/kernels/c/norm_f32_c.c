// Portable row of the float32 normalisation. Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/tmpl/vf_c.h"

#include "kernels/tmpl/norm_f32_body.h"
