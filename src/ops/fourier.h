// The Fourier transform of one line of numbers, of any length; for PyTorch's transforms, images and sound.
// Tests: tests/unit/test_ops_aten.c, the cases rfft2d and sound of tests/models
#ifndef MOTE_OPS_FOURIER_H
#define MOTE_OPS_FOURIER_H

#include "ops/aten_ref.h"

#define MOTE_TWO_PI 6.283185307179586

// Sums x[k] * exp(sign * 2 pi i j k / n). Lengths that are no power of two go by Bluestein's chirps.
typedef struct mote_dft {
  int64_t n, m; // m: power of two used inside
  bool plain;   // n is m
  mote_z *turn; // [m]: exp(-2 pi i k / m)
  mote_z *chirp, *filter, *work;
} mote_dft;

// False when memory is short. What it takes is freed by mote_ref_free(c, d->turn).
bool mote_dft_begin(const mote_opctx *c, mote_dft *d, int64_t n) MOTE_MUST_USE;
// x[0..n) in place; the inverse is not divided by n.
void mote_dft_run(mote_dft *d, mote_z *x, bool inverse);

#endif
