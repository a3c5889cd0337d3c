// Multiply-add chains for check_peak_f32, one function an instruction set: runs `rounds`, returns the operations done.
#ifndef MOTE_TESTS_KERNELS_CHECK_PEAK_H
#define MOTE_TESTS_KERNELS_CHECK_PEAK_H

#include "base/cpu.h"

double check_peak_chains_c(size_t rounds, float *sink);
double check_peak_chains_avx2(size_t rounds, float *sink);
double check_peak_chains_avx512(size_t rounds, float *sink);
double check_peak_chains_neon(size_t rounds, float *sink);

#endif
