// Random codes for the checks of quantised convolution: types, ranges, biases and scales.
#ifndef MOTE_TESTS_KERNELS_CHECK_CODES_H
#define MOTE_TESTS_KERNELS_CHECK_CODES_H

#include "kernels/checker.h"
#include "kernels/qframe.h"

int check_between(checker *c, int lo, int hi); // both included

// Codes of MOTE_I8 or MOTE_U8: number i at p, and any.
int32_t check_code(mote_dtype type, const void *p, ptrdiff_t i);
int32_t check_code_random(checker *c, mote_dtype type);

// Everything but `rest`.
void check_codes_random(checker *c, mote_qcodes *q);

// What a convolution of `n` output channels adds and multiplies by; biases may be absent.
typedef struct check_scales {
  const int32_t *bias;
  const float *float_bias;
  const double *scale;
  uint32_t scale_count; // 1 or n
} check_scales;
check_scales check_scales_random(checker *c, ptrdiff_t n, check_place place);

#endif
