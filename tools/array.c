// Owns: element access and C-order copies. Must not know: files, JSON. Tests: tests/unit/test_tools_npy.c
#include "array.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void array_free(array *a) {
  free(a->data);
  memset(a, 0, sizeof *a);
}

static size_t item_bytes(mote_dtype dtype) {
  uint32_t bits = mote_dtype_bits(dtype);
  return bits < 8 ? (bits ? 1 : 0) : bits / 8;
}

bool array_make(array *a, mote_dtype dtype, int32_t rank, const int64_t *dim, size_t item, note *why) {
  memset(a, 0, sizeof *a);
  if (rank < 0 || rank > MOTE_MAX_RANK)
    return note_set(why, "%d dimensions; at most %d are supported", (int)rank, MOTE_MAX_RANK);
  a->dtype = dtype;
  a->rank = rank;
  a->item = item ? item : item_bytes(dtype);
  uint64_t count = 1, most = (uint64_t)(SIZE_MAX / 4) / (a->item ? a->item : 1);
  bool empty = false;
  for (int32_t i = 0; i < rank; i++) {
    if (dim[i] < 0)
      return note_set(why, "dimension %d is %lld", (int)i, (long long)dim[i]);
    a->dim[i] = dim[i];
    empty = empty || dim[i] == 0;
    if (dim[i] > 0 && count > most / (uint64_t)dim[i])
      return note_set(why, "the shape has too many elements");
    count *= dim[i] > 0 ? (uint64_t)dim[i] : 1;
  }
  a->count = empty ? 0 : (int64_t)count;
  a->data = calloc((size_t)a->count * a->item + 1, 1);
  return a->data ? true : note_set(why, "no memory for %llu elements", (unsigned long long)count);
}

// ------------------------------------------------------------------------------------------- strings

static size_t utf8_put(uint32_t code, char *out) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xC0 | code >> 6);
    out[1] = (char)(0x80 | (code & 63));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 63));
    out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xF0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63));
  out[3] = (char)(0x80 | (code & 63));
  return 4;
}

static char *wide_string(const unsigned char *at, size_t codes, size_t *len) {
  char *out = malloc(codes * 4 + 1);
  size_t used = 0;
  for (size_t i = 0; out && i < codes; i++) {
    uint32_t code;
    memcpy(&code, at + 4 * i, 4);
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
      free(out);
      return NULL;
    }
    used += utf8_put(code, out + used);
  }
  if (out)
    out[used] = 0;
  *len = used;
  return out;
}

char *array_string(const array *a, int64_t index, size_t *len) {
  const unsigned char *at = a->data + (size_t)index * a->item;
  size_t unit = a->wide ? 4 : 1, units = a->item / unit;
  static const unsigned char zero[4] = {0};
  while (units && memcmp(at + (units - 1) * unit, zero, unit) == 0)
    units--;
  if (a->wide)
    return wide_string(at, units, len);
  char *out = malloc(units + 1);
  if (!out)
    return NULL;
  memcpy(out, at, units);
  out[units] = 0;
  *len = units;
  return out;
}

// ------------------------------------------------------------------------------------------- elements

static double from_f16(uint16_t h) {
  int exponent = h >> 10 & 31, fraction = h & 1023;
  double v = exponent == 0    ? ldexp(fraction, -24)
             : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                              : ldexp(1024 + fraction, exponent - 25);
  return h >> 15 ? -v : v;
}

static float from_bits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

element_kind element_kind_of(mote_dtype dtype) {
  switch (dtype) {
  case MOTE_F32:
  case MOTE_F16:
  case MOTE_BF16:
  case MOTE_F64:
    return ELEMENT_REAL;
  case MOTE_C64:
  case MOTE_C128:
    return ELEMENT_COMPLEX;
  case MOTE_U8:
  case MOTE_U16:
  case MOTE_U32:
  case MOTE_U64:
  case MOTE_BOOL:
  case MOTE_QU8:
    return ELEMENT_UINT;
  case MOTE_I8:
  case MOTE_I16:
  case MOTE_I32:
  case MOTE_I64:
  case MOTE_I4:
  case MOTE_I2:
  case MOTE_QI8:
  case MOTE_QI32:
    return ELEMENT_INT;
  default:
    return ELEMENT_OTHER;
  }
}

static element real(double re, double im, element_kind kind) { return (element){.kind = kind, .re = re, .im = im}; }
static element whole(int64_t i) { return (element){.kind = ELEMENT_INT, .re = (double)i, .i = i}; }
static element natural(uint64_t u) { return (element){.kind = ELEMENT_UINT, .re = (double)u, .u = u}; }

#define LOAD(type, name)                                                                                               \
  type name;                                                                                                           \
  memcpy(&name, (const char *)data + (size_t)index * sizeof name, sizeof name)

static element read_real(mote_dtype dtype, const void *data, int64_t index) {
  if (dtype == MOTE_F64) {
    LOAD(double, v);
    return real(v, 0, ELEMENT_REAL);
  }
  if (dtype == MOTE_F32) {
    LOAD(float, v);
    return real((double)v, 0, ELEMENT_REAL);
  }
  LOAD(uint16_t, h);
  return real(dtype == MOTE_F16 ? from_f16(h) : (double)from_bits((uint32_t)h << 16), 0, ELEMENT_REAL);
}

static element read_complex(mote_dtype dtype, const void *data, int64_t index) {
  if (dtype == MOTE_C64) {
    float v[2];
    memcpy(v, (const char *)data + (size_t)index * sizeof v, sizeof v);
    return real((double)v[0], (double)v[1], ELEMENT_COMPLEX);
  }
  double v[2];
  memcpy(v, (const char *)data + (size_t)index * sizeof v, sizeof v);
  return real(v[0], v[1], ELEMENT_COMPLEX);
}

static element read_packed(uint32_t bits, const void *data, int64_t index) {
  uint32_t per = 8 / bits, shift = (uint32_t)(index % per) * bits, half = 1u << (bits - 1);
  uint32_t code = (uint32_t)((const unsigned char *)data)[index / per] >> shift & ((1u << bits) - 1);
  return whole((int64_t)(code ^ half) - (int64_t)half); // sign extension
}

element element_read(mote_dtype dtype, const void *data, int64_t index) {
  switch (dtype) {
  case MOTE_F32:
  case MOTE_F16:
  case MOTE_BF16:
  case MOTE_F64:
    return read_real(dtype, data, index);
  case MOTE_C64:
  case MOTE_C128:
    return read_complex(dtype, data, index);
  case MOTE_I4:
  case MOTE_I2:
    return read_packed(mote_dtype_bits(dtype), data, index);
  case MOTE_I8:
  case MOTE_QI8:
    return whole(((const int8_t *)data)[index]);
  case MOTE_U8:
  case MOTE_QU8:
  case MOTE_BOOL:
    return natural(((const uint8_t *)data)[index]);
  case MOTE_I16: {
    LOAD(int16_t, v);
    return whole(v);
  }
  case MOTE_U16: {
    LOAD(uint16_t, v);
    return natural(v);
  }
  case MOTE_I32:
  case MOTE_QI32: {
    LOAD(int32_t, v);
    return whole(v);
  }
  case MOTE_U32: {
    LOAD(uint32_t, v);
    return natural(v);
  }
  case MOTE_I64: {
    LOAD(int64_t, v);
    return whole(v);
  }
  case MOTE_U64: {
    LOAD(uint64_t, v);
    return natural(v);
  }
  default:
    return (element){.kind = ELEMENT_OTHER};
  }
}

static int64_t rounded(double v, double low, double high) {
  double r = round(v);
  return (int64_t)(r < low ? low : r > high ? high : r == r ? r : 0);
}

#define STORE(type, value)                                                                                             \
  do {                                                                                                                 \
    type stored = (type)(value);                                                                                       \
    memcpy((char *)data + (size_t)index * sizeof stored, &stored, sizeof stored);                                      \
    return true;                                                                                                       \
  } while (0)

bool element_write(mote_dtype dtype, void *data, int64_t index, double value) {
  switch (dtype) {
  case MOTE_F32:
    STORE(float, value);
  case MOTE_F64:
    STORE(double, value);
  case MOTE_I8:
  case MOTE_QI8:
    STORE(int8_t, rounded(value, INT8_MIN, INT8_MAX));
  case MOTE_U8:
  case MOTE_QU8:
    STORE(uint8_t, rounded(value, 0, UINT8_MAX));
  case MOTE_BOOL:
    STORE(uint8_t, value != 0);
  case MOTE_I16:
    STORE(int16_t, rounded(value, INT16_MIN, INT16_MAX));
  case MOTE_U16:
    STORE(uint16_t, rounded(value, 0, UINT16_MAX));
  case MOTE_I32:
  case MOTE_QI32:
    STORE(int32_t, rounded(value, INT32_MIN, INT32_MAX));
  case MOTE_U32:
    STORE(uint32_t, rounded(value, 0, UINT32_MAX));
  case MOTE_I64:
    STORE(int64_t, rounded(value, -9e15, 9e15)); // whole numbers that a double holds
  case MOTE_U64:
    STORE(uint64_t, rounded(value, 0, 9e15));
  default:
    return false;
  }
}

// ------------------------------------------------------------------------------------------- views

int64_t view_count(const mote_view *view) {
  int64_t count = 1;
  if (view->rank < 0 || view->rank > MOTE_MAX_RANK)
    return 0;
  for (int32_t i = 0; i < view->rank; i++)
    count *= view->dim[i];
  return count;
}

void shape_text(int32_t rank, const int64_t *dim, char *out, size_t room) {
  size_t used = (size_t)snprintf(out, room, "[");
  for (int32_t i = 0; i < rank && used < room; i++) {
    char one[24];
    snprintf(one, sizeof one, dim[i] < 0 ? "?" : "%lld", (long long)dim[i]);
    used += (size_t)snprintf(out + used, room - used, "%s%s", i ? ", " : "", one);
  }
  if (used < room)
    snprintf(out + used, room - used, "]");
}

int64_t view_offset(const mote_view *view, int64_t index) {
  if (mote_dtype_bits(view->dtype) < 8)
    return index; // sub-byte tensors and strings have no strides
  int64_t offset = 0;
  for (int32_t i = view->rank - 1; i >= 0; i--) {
    offset += index % view->dim[i] * view->stride[i];
    index /= view->dim[i];
  }
  return offset;
}

bool array_from_view(array *a, const mote_view *view, note *why) {
  static const mote_dtype plain[] = {
      [MOTE_I4] = MOTE_I8, [MOTE_I2] = MOTE_I8, [MOTE_QI8] = MOTE_I8, [MOTE_QU8] = MOTE_U8, [MOTE_QI32] = MOTE_I32};
  mote_dtype dtype = view->dtype >= MOTE_I4 && plain[view->dtype] ? plain[view->dtype] : view->dtype;
  if (element_kind_of(view->dtype) == ELEMENT_OTHER)
    return note_set(why, "a %s tensor has no elements to write", mote_dtype_name(view->dtype));
  if (!array_make(a, dtype, view->rank, view->dim, 0, why))
    return false;
  for (int64_t i = 0; i < a->count; i++) {
    int64_t from = view_offset(view, i);
    if (mote_dtype_bits(view->dtype) < 8)
      a->data[i] = (unsigned char)element_read(view->dtype, view->data, from).i;
    else
      memcpy(a->data + (size_t)i * a->item, (const char *)view->data + (size_t)from * a->item, a->item);
  }
  return true;
}
