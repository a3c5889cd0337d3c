// Arithmetic on untrusted numbers: false means overflow and *out is untouched. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_CHECKED_H
#define MOTE_BASE_CHECKED_H

#include "base/compiler.h"

MOTE_INLINE bool mote_add_size(size_t a, size_t b, size_t *out) {
  if (a > SIZE_MAX - b)
    return false;
  *out = a + b;
  return true;
}

MOTE_INLINE bool mote_mul_size(size_t a, size_t b, size_t *out) {
  if (b != 0 && a > SIZE_MAX / b)
    return false;
  *out = a * b;
  return true;
}

MOTE_INLINE bool mote_add_i64(int64_t a, int64_t b, int64_t *out) {
  if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b))
    return false;
  *out = a + b;
  return true;
}

// Both factors must be >= 0 (dimensions, counts).
MOTE_INLINE bool mote_mul_count(int64_t a, int64_t b, int64_t *out) {
  if (a < 0 || b < 0 || (b != 0 && a > INT64_MAX / b))
    return false;
  *out = a * b;
  return true;
}

#endif
