// Quantised element-wise work on runs of adjacent elements; broadcasting is the caller's loop over runs, with steps of
// 0 or 1. Every row gives the same bits. `out` may be the same span as an operand of step 1 and the same element size.
// Rows: list/qeltwise.def. Tests: tests/kernels/check_qeltwise.c
#ifndef MOTE_KERNELS_QELTWISE_H
#define MOTE_KERNELS_QELTWISE_H

#include "base/cpu.h"
#include "kernels/qround.h"
#include "mote/mote.h"

// All of it in float32, in this order, with a and b already less their zero points (exact):
typedef enum mote_qbinary_op {
  MOTE_QADD = 0,    // a * a_scale + b * b_scale; subtraction is a negative b_scale
  MOTE_QMUL = 1,    // (a * b) * a_scale
  MOTE_QDIV = 2,    // (a / b) * a_scale; x / 0 saturates, 0 / 0 gives the zero point
  MOTE_QSQDIFF = 3, // d * d with d = a * a_scale - b * b_scale
  MOTE_QMAX = 4,    // the larger of a * a_scale and b * b_scale
  MOTE_QMIN = 5,
  MOTE_QPRELU = 6, // a >= 0 ? a * a_scale : (a * b) * b_scale
  // In integers, 8 bits only: (a * a_fix.mult + b * b_fix.mult + half) >> s, s = out_fix.shift in 1..30 and half =
  // 2^(s - 1). Multipliers are within +-2^21, so a sum of 9-bit differences stays below 2^30.
  MOTE_QADD_INT = 7,
} mote_qbinary_op;

// Scales hold everything: for ADD, MAX, MIN in/out; for MUL a*b/out; for DIV a/(b*out); for SQDIFF in/sqrt(out); for
// PRELU a_scale = in/out and b_scale = in*alpha/out. Rounding is EVEN or AWAY (FIXED counts as AWAY).
typedef struct mote_qbinary {
  mote_qbinary_op op;
  mote_dtype type; // I8, U8 or I16, both operands and result
  int32_t a_zp, b_zp, out_zp, lo, hi;
  float a_scale, b_scale;
  mote_qround round;
  mote_qfix a_fix, b_fix, out_fix; // FIXED and ADD_INT only
  int32_t left_shift;
} mote_qbinary;

// One operand of a conversion. I8, U8, I16, I32 are codes with a zero point; F32 is itself.
typedef struct mote_qconvert {
  mote_dtype from, to;
  int32_t in_zp, out_zp, lo, hi; // lo and hi for 8- and 16-bit results
  // Codes to codes: (code - in_zp) * scale. Codes to F32: the same. F32 to codes: value * scale, or value / scale.
  float scale;
  bool divide;
  mote_qround round;
} mote_qconvert;

typedef struct mote_qeltwise_row {
  const char *name;
  uint32_t needs;
  // a_step and b_step are 0 or 1 elements.
  void (*binary)(const mote_qbinary *p, const void *a, size_t a_step, const void *b, size_t b_step, void *out,
                 size_t count);
  // out[i] = table[in[i]] on bytes; signed codes index by their bits.
  void (*lookup)(const uint8_t table[256], const void *in, void *out, size_t count);
  void (*convert)(const mote_qconvert *p, const void *in, void *out, size_t count);
  // As mote_qrow_symmetric and mote_qrow_asymmetric of qhybrid.h.
  void (*row_symmetric)(const float *in, int8_t *out, size_t count, float *scale);
  void (*row_asymmetric)(const float *in, int8_t *out, size_t count, float *scale, int32_t *zp);
} mote_qeltwise_row;

extern const mote_qeltwise_row *const mote_qeltwise_rows[];
extern const size_t mote_qeltwise_row_count;
const mote_qeltwise_row *mote_qeltwise_select(const mote_cpu *cpu);

#endif
