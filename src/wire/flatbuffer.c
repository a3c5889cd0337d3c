// Checked FlatBuffers access. All positions are size_t byte offsets from the file's start; an offset read from the file
// is added in 64 bits, so it cannot wrap. Tests: tests/unit/test_flatbuffer.c, fuzz/fuzz_flatbuffer.c
#include "wire/flatbuffer.h"

#include <string.h>

#include "base/fail.h"

// Real files share little (quantisation tables, strings). Each visit costs 4 units plus the bytes of its vector.
enum { WORK_PER_BYTE = 64, WORK_FREE = 1 << 20, WORK_VISIT = 4 };

void mote_fb_init(mote_fb *fb, mote_span bytes) {
  *fb = (mote_fb){.bytes = bytes, .status = MOTE_OK, .problem = "", .offset = 0};
  fb->work_left = bytes.size > (UINT64_MAX - WORK_FREE) / WORK_PER_BYTE
                      ? UINT64_MAX
                      : (uint64_t)bytes.size * WORK_PER_BYTE + WORK_FREE;
}

bool mote_fb_identifier(const mote_fb *fb, const char *id) {
  return fb->bytes.size >= 8 && memcmp(fb->bytes.data + 4, id, 4) == 0;
}

void mote_fb_break(mote_fb *fb, mote_status status, uint64_t at, const char *problem) {
  if (fb->status != MOTE_OK)
    return;
  fb->status = status;
  fb->problem = problem;
  fb->offset = at;
}

mote_status mote_fb_check(const mote_fb *fb, mote_error *err) {
  if (MOTE_LIKELY(fb->status == MOTE_OK))
    return MOTE_OK;
  mote_status status =
      mote_fail(err, fb->status, "%s at byte %llu of %zu", fb->problem, (unsigned long long)fb->offset, fb->bytes.size);
  mote_fail_offset(err, fb->offset);
  return status;
}

static bool broken(mote_fb *fb, uint64_t at, const char *problem) {
  mote_fb_break(fb, MOTE_ERR_FORMAT, at, problem);
  return false;
}

static bool inside(const mote_fb *fb, uint64_t pos, uint64_t size) {
  return pos <= fb->bytes.size && size <= fb->bytes.size - pos;
}

static bool spend(mote_fb *fb, uint64_t pos, uint64_t units) {
  if (fb->work_left < units) {
    mote_fb_break(fb, MOTE_ERR_LIMIT, pos, "tables are shared so often that reading would not end");
    return false;
  }
  fb->work_left -= units;
  return true;
}

// Follows the unsigned offset stored at `at` (known to be inside) to a target of at least `need` bytes.
static bool follow(mote_fb *fb, uint64_t at, uint32_t need, uint64_t *target) {
  uint32_t offset = mote_load_u32(fb->bytes.data + at);
  if (offset == 0)
    return broken(fb, at, "offset is zero");
  if (!inside(fb, at + offset, need))
    return broken(fb, at, "offset leads outside the file");
  *target = at + offset;
  return true;
}

// Checks that vtable and table lie in the file; after this only field offsets need a check.
static mote_fb_table table_at(mote_fb *fb, uint64_t pos) {
  const mote_fb_table absent = {0};
  if (!spend(fb, pos, WORK_VISIT))
    return absent;
  int64_t vtable = (int64_t)pos - (int32_t)mote_load_u32(fb->bytes.data + pos);
  if (vtable < 0 || !inside(fb, (uint64_t)vtable, 4)) {
    broken(fb, pos, "table's field list lies outside the file");
    return absent;
  }
  const uint8_t *v = fb->bytes.data + vtable;
  mote_fb_table t = {(size_t)pos, (size_t)vtable, mote_load_u16(v), mote_load_u16(v + 2)};
  if (t.vtable_size < 4 || t.vtable_size % 2 != 0 || !inside(fb, (uint64_t)vtable, t.vtable_size)) {
    broken(fb, (uint64_t)vtable, "table's field list has an impossible size");
    return absent;
  }
  if (t.size < 4 || !inside(fb, pos, t.size)) {
    broken(fb, pos, "table does not fit in the file");
    return absent;
  }
  return t;
}

mote_fb_table mote_fb_root(mote_fb *fb) {
  uint64_t pos;
  if (fb->status != MOTE_OK)
    return (mote_fb_table){0};
  if (!inside(fb, 0, 8)) {
    broken(fb, 0, "file is too short for a root table");
    return (mote_fb_table){0};
  }
  return follow(fb, 0, 4, &pos) ? table_at(fb, pos) : (mote_fb_table){0};
}

// Offset of the field inside its table; 0 when absent.
static uint16_t field_offset(const mote_fb *fb, mote_fb_table t, unsigned field) {
  size_t slot = 4 + 2 * (size_t)field;
  if (t.pos == 0 || slot + 2 > t.vtable_size)
    return 0;
  return mote_load_u16(fb->bytes.data + t.vtable + slot);
}

bool mote_fb_has(const mote_fb *fb, mote_fb_table t, unsigned field) { return field_offset(fb, t, field) != 0; }

const uint8_t *mote_fb_inline(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t size) {
  uint32_t offset = field_offset(fb, t, field);
  if (offset == 0 || fb->status != MOTE_OK)
    return NULL;
  if (offset < 4 || size > t.size || offset > t.size - size) {
    broken(fb, t.pos, "field lies outside its table");
    return NULL;
  }
  return fb->bytes.data + t.pos + offset;
}

uint8_t mote_fb_u8(mote_fb *fb, mote_fb_table t, unsigned field, uint8_t fallback) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 1);
  return p ? *p : fallback;
}

uint16_t mote_fb_u16(mote_fb *fb, mote_fb_table t, unsigned field, uint16_t fallback) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 2);
  return p ? mote_load_u16(p) : fallback;
}

uint32_t mote_fb_u32(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t fallback) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 4);
  return p ? mote_load_u32(p) : fallback;
}

uint64_t mote_fb_u64(mote_fb *fb, mote_fb_table t, unsigned field, uint64_t fallback) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 8);
  return p ? mote_load_u64(p) : fallback;
}

int8_t mote_fb_i8(mote_fb *fb, mote_fb_table t, unsigned field, int8_t fallback) {
  return (int8_t)mote_fb_u8(fb, t, field, (uint8_t)fallback);
}

int16_t mote_fb_i16(mote_fb *fb, mote_fb_table t, unsigned field, int16_t fallback) {
  return (int16_t)mote_fb_u16(fb, t, field, (uint16_t)fallback);
}

int32_t mote_fb_i32(mote_fb *fb, mote_fb_table t, unsigned field, int32_t fallback) {
  return (int32_t)mote_fb_u32(fb, t, field, (uint32_t)fallback);
}

int64_t mote_fb_i64(mote_fb *fb, mote_fb_table t, unsigned field, int64_t fallback) {
  return (int64_t)mote_fb_u64(fb, t, field, (uint64_t)fallback);
}

static float f32_of(uint32_t bits) {
  float v;
  memcpy(&v, &bits, sizeof(v));
  return v;
}

static double f64_of(uint64_t bits) {
  double v;
  memcpy(&v, &bits, sizeof(v));
  return v;
}

float mote_fb_f32(mote_fb *fb, mote_fb_table t, unsigned field, float fallback) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 4);
  return p ? f32_of(mote_load_u32(p)) : fallback;
}

double mote_fb_f64(mote_fb *fb, mote_fb_table t, unsigned field, double fallback) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 8);
  return p ? f64_of(mote_load_u64(p)) : fallback;
}

// Position that the offset in a field leads to; false when absent or broken.
static bool field_target(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t need, uint64_t *target) {
  const uint8_t *p = mote_fb_inline(fb, t, field, 4);
  return p && follow(fb, (uint64_t)(p - fb->bytes.data), need, target);
}

const uint8_t *mote_fb_struct(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t size) {
  uint64_t pos;
  return field_target(fb, t, field, size, &pos) ? fb->bytes.data + pos : NULL;
}

mote_fb_table mote_fb_sub(mote_fb *fb, mote_fb_table t, unsigned field) {
  uint64_t pos;
  return field_target(fb, t, field, 4, &pos) ? table_at(fb, pos) : (mote_fb_table){0};
}

static mote_fb_vec vector_at(mote_fb *fb, uint64_t pos, uint32_t item_size) {
  uint32_t count = mote_load_u32(fb->bytes.data + pos);
  uint64_t bytes = (uint64_t)count * item_size; // below 2^64: both are 32 bits
  if (!inside(fb, pos + 4, bytes)) {
    broken(fb, pos, "vector is longer than the file");
    return (mote_fb_vec){0};
  }
  // Bytes are handed on as a whole, items of more than a byte are visited one by one.
  if (!spend(fb, pos, WORK_VISIT + (item_size > 1 ? bytes : 0)))
    return (mote_fb_vec){0};
  return (mote_fb_vec){fb->bytes.data + pos + 4, count, item_size};
}

mote_fb_vec mote_fb_vector(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t item_size) {
  uint64_t pos;
  return field_target(fb, t, field, 4, &pos) ? vector_at(fb, pos, item_size) : (mote_fb_vec){0};
}

mote_span mote_fb_string(mote_fb *fb, mote_fb_table t, unsigned field) {
  mote_fb_vec v = mote_fb_vector(fb, t, field, 1);
  return (mote_span){v.data, v.count};
}

uint64_t mote_fb_vec_offset(const mote_fb *fb, mote_fb_vec v, uint32_t i) {
  return v.data ? (uint64_t)(v.data - fb->bytes.data) + (uint64_t)i * v.item_size : 0;
}

static const uint8_t zeros[8];

// The item's bytes; zeros where the caller broke its duty, so that no access leaves the vector.
static const uint8_t *item_at(mote_fb_vec v, uint32_t i, uint32_t size) {
  bool fits = i < v.count && v.item_size == size;
  assert(fits);
  return fits ? v.data + (size_t)i * size : zeros;
}

uint8_t mote_fb_vec_u8(mote_fb_vec v, uint32_t i) { return *item_at(v, i, 1); }
uint32_t mote_fb_vec_u32(mote_fb_vec v, uint32_t i) { return mote_load_u32(item_at(v, i, 4)); }
int32_t mote_fb_vec_i32(mote_fb_vec v, uint32_t i) { return (int32_t)mote_load_u32(item_at(v, i, 4)); }
int64_t mote_fb_vec_i64(mote_fb_vec v, uint32_t i) { return (int64_t)mote_load_u64(item_at(v, i, 8)); }
float mote_fb_vec_f32(mote_fb_vec v, uint32_t i) { return f32_of(mote_load_u32(item_at(v, i, 4))); }
double mote_fb_vec_f64(mote_fb_vec v, uint32_t i) { return f64_of(mote_load_u64(item_at(v, i, 8))); }

const uint8_t *mote_fb_vec_struct(mote_fb_vec v, uint32_t i) {
  assert(i < v.count);
  return i < v.count ? v.data + (size_t)i * v.item_size : NULL;
}

// Position that the offset stored as item `i` leads to.
static bool item_target(mote_fb *fb, mote_fb_vec v, uint32_t i, uint64_t *target) {
  assert(i < v.count && v.item_size == 4);
  if (fb->status != MOTE_OK || i >= v.count || v.item_size != 4)
    return false;
  return follow(fb, (uint64_t)(v.data - fb->bytes.data) + (uint64_t)i * 4, 4, target);
}

mote_fb_table mote_fb_vec_table(mote_fb *fb, mote_fb_vec v, uint32_t i) {
  uint64_t pos;
  return item_target(fb, v, i, &pos) ? table_at(fb, pos) : (mote_fb_table){0};
}

mote_span mote_fb_vec_string(mote_fb *fb, mote_fb_vec v, uint32_t i) {
  uint64_t pos;
  if (!item_target(fb, v, i, &pos))
    return (mote_span){NULL, 0};
  mote_fb_vec s = vector_at(fb, pos, 1);
  return (mote_span){s.data, s.count};
}
