// Tables of unary functions on codes, and 16-bit functions that are defined through tables. Portable C.
// Knows no graph. Tests: tests/kernels/check_qtable.c
#ifndef MOTE_KERNELS_QTABLE_H
#define MOTE_KERNELS_QTABLE_H

#include "kernels/qround.h"
#include "mote/mote.h"

// Real function of one variable, as a plan-time callback.
typedef double (*mote_qfunction)(double x, const void *ctx);

typedef struct mote_qrange {
  double scale;
  int32_t zp, lo, hi;
} mote_qrange;

// table[code] = round half away(f((code - in.zp) * in.scale) / out.scale) + out.zp, for all codes of I8 or U8.
void mote_qtable_fill(uint8_t table[256], mote_dtype in_type, mote_qrange in, mote_qrange out, mote_qfunction f,
                      const void *ctx);

enum { MOTE_QTABLE16 = 513 };
// 16-bit codes: 512 steps with linear interpolation, corrected by half the error at the middle of each, as TensorFlow
// Lite makes them: the steps divide the range of 65535 codes, results are in units of out.scale * 65535 / 65536.
// `single`: in floats.
void mote_qtable16_fill(int16_t table[MOTE_QTABLE16], mote_qrange in, mote_qrange out, bool single, mote_qfunction f,
                        const void *ctx);
void mote_qtable16_lookup(const int16_t table[MOTE_QTABLE16], const int16_t *in, int16_t *out, size_t count);

// Logistic and tanh of 16-bit codes, result in units of 2^-15: 256 values of the logistic function, 1/24 apart, with
// linear interpolation.
typedef struct mote_qsigmoid16 {
  uint16_t table[256];
  int32_t multiplier, shift;
  bool tanh;
} mote_qsigmoid16;
void mote_qsigmoid16_fill(mote_qsigmoid16 *t, double in_scale, bool tanh);
void mote_qsigmoid16_run(const mote_qsigmoid16 *t, const int16_t *in, int16_t *out, size_t count);

// Softmax of 16-bit codes through tables of exp and 1/(1 + x); results in units of 2^-15.
typedef struct mote_qsoftmax16_table {
  int16_t exp[MOTE_QTABLE16], reciprocal[MOTE_QTABLE16];
  mote_qfix scale;
} mote_qsoftmax16_table;
void mote_qsoftmax16_fill(mote_qsoftmax16_table *t, double scale_beta);
// Rows [r0, r1) of `depth` codes, depth <= 65535; `out` may be `in`.
void mote_qsoftmax16(const mote_qsoftmax16_table *t, const int16_t *in, int16_t *out, size_t depth, size_t r0,
                     size_t r1);

#endif
