// Batch normalisation with known statistics. Tests: tests/unit/test_passes.c
#ifndef MOTE_OPS_BATCH_NORM_H
#define MOTE_OPS_BATCH_NORM_H

#include "core/op.h"

typedef struct mote_batch_norm_attr {
  double eps;
  bool training; // statistics of the batch itself; running ones are not updated
} mote_batch_norm_attr;

// inputs: x [n, c, ...], weight, bias, mean, variance (each [c] and optional; mean and variance needed unless training)
// y = (x - mean) / sqrt(variance + eps) * weight + bias, channel = dim 1
extern const mote_op mote_op_batch_norm;
// Factor and term of channel i: y = x * factor + term.
void mote_batch_norm_affine(const mote_opctx *c, double mean, double variance, int64_t i, double *factor, double *term);

#endif
