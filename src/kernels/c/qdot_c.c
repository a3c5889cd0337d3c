// Product of a row of weights and a row of activations, both codes (contract: qhybrid.h). It stands alone to be built
// for speed. Tests: tests/kernels/check_qhybrid.c
#include "kernels/qhybrid.h"

int32_t mote_qdot(const int8_t *a, const int16_t *b, size_t count) {
  uint32_t sum = 0;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) // a length that the compiler knows, so that it makes vectors of it
    for (size_t k = 0; k < 16; k++)
      sum += (uint32_t)(a[i + k] * b[i + k]);
  for (; i < count; i++)
    sum += (uint32_t)(a[i] * b[i]);
  return (int32_t)sum;
}
