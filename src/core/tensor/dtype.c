// Element types: sizes, names, and reading or writing one element as a number. Knows no shapes.
// Tests: tests/unit/test_tensor.c
#include <math.h>
#include <string.h>

#include "core/tensor/tensor.h"

// ORDER: mote_dtype in mote.h.
static const struct {
  const char *name;
  uint8_t bits;
} dtype_rows[MOTE_DTYPE_COUNT] = {
    {"none", 0},    {"float32", 32}, {"float16", 16},   {"bfloat16", 16},    {"float64", 64}, {"int8", 8},
    {"uint8", 8},   {"int16", 16},   {"uint16", 16},    {"int32", 32},       {"uint32", 32},  {"int64", 64},
    {"uint64", 64}, {"bool", 8},     {"complex64", 64}, {"complex128", 128}, {"int4", 4},     {"int2", 2},
    {"string", 0},  {"resource", 0}, {"qint8", 8},      {"quint8", 8},       {"qint32", 32},
};

const char *mote_dtype_name(mote_dtype dtype) {
  return (unsigned)dtype < MOTE_DTYPE_COUNT ? dtype_rows[dtype].name : "unknown";
}

uint32_t mote_dtype_bits(mote_dtype dtype) { return (unsigned)dtype < MOTE_DTYPE_COUNT ? dtype_rows[dtype].bits : 0; }

size_t mote_dtype_size(mote_dtype dtype) {
  if (dtype == MOTE_STRING)
    return sizeof(mote_strref);
  if (dtype == MOTE_RESOURCE)
    return sizeof(int32_t);
  return mote_dtype_bits(dtype) / 8;
}

bool mote_dtype_is_float(mote_dtype d) { return d == MOTE_F32 || d == MOTE_F16 || d == MOTE_BF16 || d == MOTE_F64; }
bool mote_dtype_is_complex(mote_dtype d) { return d == MOTE_C64 || d == MOTE_C128; }
bool mote_dtype_is_int(mote_dtype d) { return (d >= MOTE_I8 && d <= MOTE_U64) || d == MOTE_I4 || d == MOTE_I2; }
bool mote_dtype_is_quantized(mote_dtype d) { return d == MOTE_QI8 || d == MOTE_QU8 || d == MOTE_QI32; }

float mote_f16_to_f32(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023, bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000 | mantissa << 13;
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
  } else { // subnormal: mantissa * 2^-24 is exact in float
    float v = (float)mantissa * 0x1p-24f;
    memcpy(&bits, &v, 4);
    bits |= sign;
  }
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

uint16_t mote_f32_to_f16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) // NaN: keep it quiet
    return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x1ff));
  if (bits >= 0x477ff000) // rounds to 65520 or more: infinity
    return (uint16_t)(sign | 0x7c00);
  if (bits < 0x38800000) { // subnormal: adding 0.5 puts the 2^-24 grid at the float's last bit, rounding half to even
    float v;
    memcpy(&v, &bits, 4);
    v += 0.5f;
    memcpy(&bits, &v, 4);
    return (uint16_t)(sign | (bits - 0x3f000000));
  }
  bits += 0xfff + (bits >> 13 & 1) - (112u << 23);
  return (uint16_t)(sign | bits >> 13);
}

float mote_bf16_to_f32(uint16_t h) {
  uint32_t bits = (uint32_t)h << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

uint16_t mote_f32_to_bf16(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static int sub_byte(const void *data, int bits, int64_t offset) {
  int per = 8 / bits;
  int raw = ((const uint8_t *)data)[offset / per] >> (offset % per * bits) & ((1 << bits) - 1);
  return raw >= 1 << (bits - 1) ? raw - (1 << bits) : raw;
}

double mote_load_f64(const void *data, mote_dtype dtype, int64_t i) {
  switch (dtype) {
  case MOTE_F32:
    return ((const float *)data)[i];
  case MOTE_F64:
    return ((const double *)data)[i];
  case MOTE_F16:
    return mote_f16_to_f32(((const uint16_t *)data)[i]);
  case MOTE_BF16:
    return mote_bf16_to_f32(((const uint16_t *)data)[i]);
  case MOTE_C64:
    return ((const float *)data)[2 * i];
  case MOTE_C128:
    return ((const double *)data)[2 * i];
  case MOTE_U64:
    return (double)((const uint64_t *)data)[i];
  default:
    return (double)mote_load_i64(data, dtype, i);
  }
}

int64_t mote_load_i64(const void *data, mote_dtype dtype, int64_t i) {
  switch (dtype) {
  case MOTE_I8:
  case MOTE_QI8:
    return ((const int8_t *)data)[i];
  case MOTE_U8:
  case MOTE_QU8:
  case MOTE_BOOL:
    return ((const uint8_t *)data)[i];
  case MOTE_I16:
    return ((const int16_t *)data)[i];
  case MOTE_U16:
    return ((const uint16_t *)data)[i];
  case MOTE_I32:
  case MOTE_QI32:
  case MOTE_RESOURCE:
    return ((const int32_t *)data)[i];
  case MOTE_U32:
    return ((const uint32_t *)data)[i];
  case MOTE_I64:
    return ((const int64_t *)data)[i];
  case MOTE_U64:
    return (int64_t)((const uint64_t *)data)[i];
  case MOTE_I4:
    return sub_byte(data, 4, i);
  case MOTE_I2:
    return sub_byte(data, 2, i);
  case MOTE_NONE:
  case MOTE_STRING:
    return 0;
  default: {
    // Out-of-range floats give what x86's cvttsd2si gives, so that every architecture agrees.
    double v = mote_load_f64(data, dtype, i);
    return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
  }
  }
}

void mote_store_f64(void *data, mote_dtype dtype, int64_t i, double v) {
  switch (dtype) {
  case MOTE_F32:
    ((float *)data)[i] = (float)v;
    return;
  case MOTE_F64:
    ((double *)data)[i] = v;
    return;
  case MOTE_F16:
    ((uint16_t *)data)[i] = mote_f32_to_f16((float)v);
    return;
  case MOTE_BF16:
    ((uint16_t *)data)[i] = mote_f32_to_bf16((float)v);
    return;
  case MOTE_C64:
    ((float *)data)[2 * i] = (float)v;
    ((float *)data)[2 * i + 1] = 0;
    return;
  case MOTE_C128:
    ((double *)data)[2 * i] = v;
    ((double *)data)[2 * i + 1] = 0;
    return;
  case MOTE_BOOL:
    ((uint8_t *)data)[i] = v != 0;
    return;
  case MOTE_U64:
    if (v >= 0x1p63 && v < 0x1p64) {
      ((uint64_t *)data)[i] = (uint64_t)v;
      return;
    }
    break;
  default:
    break;
  }
  mote_store_i64(data, dtype, i, v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN);
}

static void store_sub_byte(void *data, int bits, int64_t offset, int64_t v) {
  int per = 8 / bits, shift = (int)(offset % per) * bits, mask = (1 << bits) - 1;
  uint8_t *byte = (uint8_t *)data + offset / per;
  *byte = (uint8_t)((*byte & ~(mask << shift)) | ((int)v & mask) << shift);
}

void mote_store_i64(void *data, mote_dtype dtype, int64_t i, int64_t v) {
  switch (dtype) {
  case MOTE_I8:
  case MOTE_U8:
  case MOTE_QI8:
  case MOTE_QU8:
    ((uint8_t *)data)[i] = (uint8_t)v;
    return;
  case MOTE_BOOL:
    ((uint8_t *)data)[i] = v != 0;
    return;
  case MOTE_I16:
  case MOTE_U16:
    ((uint16_t *)data)[i] = (uint16_t)v;
    return;
  case MOTE_I32:
  case MOTE_U32:
  case MOTE_QI32:
  case MOTE_RESOURCE:
    ((uint32_t *)data)[i] = (uint32_t)v;
    return;
  case MOTE_I64:
  case MOTE_U64:
    ((uint64_t *)data)[i] = (uint64_t)v;
    return;
  case MOTE_I4:
    store_sub_byte(data, 4, i, v);
    return;
  case MOTE_I2:
    store_sub_byte(data, 2, i, v);
    return;
  case MOTE_NONE:
  case MOTE_STRING:
    return;
  default:
    mote_store_f64(data, dtype, i, (double)v);
  }
}
