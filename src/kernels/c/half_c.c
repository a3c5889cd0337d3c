// Portable row of the 16-bit float conversions. Knows no graph. Tests: tests/kernels/check_half.c
#include "kernels/half.h"
#include "kernels/half_bits.h"

static void f16_to_f32(const uint16_t *x, float *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = mote_half_to_float(x[i]);
}

static void f32_to_f16(const float *x, uint16_t *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = mote_half_of_float(x[i]);
}

static void bf16_to_f32(const uint16_t *x, float *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = mote_bf16_to_float(x[i]);
}

static void f32_to_bf16(const float *x, uint16_t *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = mote_bf16_of_float(x[i]);
}

const mote_half mote_f16_f32_half_1__c = {.name = "mote_f16_f32_half_1__c",
                                          .isa = "c",
                                          .f16_to_f32 = f16_to_f32,
                                          .f32_to_f16 = f32_to_f16,
                                          .bf16_to_f32 = bf16_to_f32,
                                          .f32_to_bf16 = f32_to_bf16};
