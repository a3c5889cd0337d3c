// Functions of complex numbers. Tests: tests/unit/test_ops_aten.c
#ifndef MOTE_OPS_ATEN_COMPLEX_H
#define MOTE_OPS_ATEN_COMPLEX_H

#include "ops/aten_kit.h"

// Lowering of a function of one variable: complex inputs take the function of the operator's name, others the operator.
mote_status mote_aten_lower_unary(mote_lowering *l);
// x^y of complex numbers, parts in place of x.
void mote_complex_pow(double *re, double *im, double yr, double yi);

#endif
