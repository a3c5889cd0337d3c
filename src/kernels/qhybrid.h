// Helpers of hybrid operators (float activations, integer weights): quantising a row at run time, unpacking narrow
// weights. The product itself is qconv.h with an F32 output, image_zp and image_scale. Portable C; the rows of
// qeltwise.h have faster forms of the first two. Tests:
// tests/kernels/check_qhybrid.c
#ifndef MOTE_KERNELS_QHYBRID_H
#define MOTE_KERNELS_QHYBRID_H

#include "base/compiler.h"

// q = round half away(x * 127 / largest |x|), scale = largest / 127; a row of zeros has scale 1. Rows with NaN or
// infinities give some codes in -127..127.
void mote_qrow_symmetric(const float *in, int8_t *out, size_t count, float *scale);

// -128..127 over [min(0, x), max(0, x)] with the zero point moved to the nearest code: x = (q - zp) * scale.
void mote_qrow_asymmetric(const float *in, int8_t *out, size_t count, float *scale, int32_t *zp);

// Sum of products; beyond 32 bits it wraps.
int32_t mote_qdot(const int8_t *a, const int16_t *b, size_t count);

// The parts that vector rows share: from the smallest and largest value (both taken with 0) to the scale, the zero
// point and the factor that makes codes. False: all codes are 0.
bool mote_qrow_symmetric_range(float least, float most, float *scale, float *inverse);
bool mote_qrow_asymmetric_range(float least, float most, float *scale, int32_t *zp, float *inverse);

// Signed 4-bit codes, low nibble first, and signed 2-bit codes, low bits first, to bytes; `in` has (count*bits + 7) / 8
// bytes.
void mote_qunpack4(const void *in, int8_t *out, size_t count);
void mote_qunpack2(const void *in, int8_t *out, size_t count);

#endif
