// A reader of FlexBuffers' maps of numbers; what it cannot read it takes for absent.
// Tests: the cases detections_*, sound and refused_* of tests/models
#include "ops/flex.h"

#include <string.h>

typedef struct flex {
  const uint8_t *data;
  uint64_t size;
  bool bad;
} flex;

enum { TYPE_INT = 1, TYPE_UINT, TYPE_FLOAT, INDIRECT_INT = 6, INDIRECT_FLOAT = 8, TYPE_MAP, TYPE_BOOL = 26 };

// Little-endian number of `width` bytes.
static uint64_t take(flex *f, uint64_t at, uint64_t width) {
  uint64_t v = 0;
  if (at >= f->size || width > f->size - at || width > 8) {
    f->bad = true;
    return 0;
  }
  for (uint64_t i = 0; i < width; i++)
    v |= (uint64_t)f->data[at + i] << (8 * i);
  return v;
}
// What the offset at `at` points to: offsets count backwards from where they stand.
static uint64_t follow(flex *f, uint64_t at, uint64_t width) { return at - take(f, at, width); }

static double number(flex *f, uint64_t at, uint64_t width, uint32_t type) {
  uint64_t bits = take(f, at, width);
  if (type == TYPE_FLOAT && width == 4) {
    float v;
    uint32_t low = (uint32_t)bits;
    memcpy(&v, &low, sizeof v);
    return (double)v;
  }
  if (type == TYPE_FLOAT) {
    double v;
    memcpy(&v, &bits, sizeof v);
    f->bad |= width != 8;
    return v;
  }
  f->bad |= type != TYPE_INT && type != TYPE_UINT && type != TYPE_BOOL;
  if (type == TYPE_INT && width > 0 && width < 8 && bits >> (8 * width - 1))
    bits |= ~(uint64_t)0 << (8 * width);
  return type == TYPE_INT ? (double)(int64_t)bits : (double)bits;
}

static bool is_key(flex *f, uint64_t at, const char *key) {
  uint64_t n = strlen(key) + 1;
  return at < f->size && n <= f->size - at && memcmp(f->data + at, key, n) == 0;
}

// The end of the buffer: root value, its packed type, the width of the value.
double mote_flex_number(const mote_lowering *l, const char *key, double def) {
  const mote_arg *a = mote_lower_arg(l, "custom_options");
  if (a == NULL || a->str == NULL || a->count < 3)
    return def;
  flex f = {(const uint8_t *)a->str, (uint64_t)a->count, false};
  uint64_t end = f.size, root_width = f.data[end - 1], width = (uint64_t)1 << (f.data[end - 2] & 3);
  if (f.data[end - 2] >> 2 != TYPE_MAP || root_width > end - 2)
    return def;
  uint64_t map = follow(&f, end - 2 - root_width, root_width);
  if (f.bad || map < 3 * width)
    return def;
  uint64_t keys = follow(&f, map - 3 * width, width), key_width = take(&f, map - 2 * width, width),
           n = take(&f, map - width, width);
  if (f.bad || n > f.size / width || key_width < 1 || key_width > 8)
    return def;
  for (uint64_t i = 0; i < n && !f.bad; i++)
    if (is_key(&f, follow(&f, keys + i * key_width, key_width), key)) {
      uint64_t packed = take(&f, map + n * width + i, 1), at = map + i * width;
      uint32_t type = (uint32_t)(packed >> 2);
      bool indirect = type >= INDIRECT_INT && type <= INDIRECT_FLOAT;
      double v = indirect
                     ? number(&f, follow(&f, at, width), (uint64_t)1 << (packed & 3), type - INDIRECT_INT + TYPE_INT)
                     : number(&f, at, width, type);
      return f.bad ? def : v;
    }
  return def;
}
