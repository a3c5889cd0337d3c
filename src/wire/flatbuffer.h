// Reading FlatBuffers without generated code and without a verifier pass: every access checks what it touches.
// Must not know any schema: field numbers are the caller's. Tests: tests/unit/test_flatbuffer.c, fuzz/fuzz_flatbuffer.c
//
// How to use it:
//   mote_fb fb;
//   mote_fb_init(&fb, file_bytes);
//   mote_fb_table model = mote_fb_root(&fb);
//   uint32_t version = mote_fb_u32(&fb, model, 0, 0);           // table, field number, default
//   mote_fb_vec codes = mote_fb_vector(&fb, model, 1, 4);       // vector of offsets: item size 4
//   for (uint32_t i = 0; i < codes.count; i++) {
//     mote_fb_table code = mote_fb_vec_table(&fb, codes, i);
//     ...
//   }
//   MOTE_TRY(mote_fb_check(&fb, err));                            // once a record, not once a field
//
// The first broken access is remembered with its byte offset (sticky); it and all later ones yield absent tables, empty
// vectors and defaults, so a decoder may read on to the end of a record and check once. Check before allocating or
// acting on what was read, and after each loop.
//
// A field number is the field's position in its schema table, counting from 0; a union takes two (its type, then its
// value). An absent table (a field left out) reads as a table without fields.
//
// Offsets may share: a small file can point at one table from a thousand places. The total of table and vector visits
// is therefore bounded in proportion to the file size (MOTE_ERR_LIMIT). Depth is the caller's: tables can contain
// themselves where the schema recurses.
#ifndef MOTE_WIRE_FLATBUFFER_H
#define MOTE_WIRE_FLATBUFFER_H

#include "base/compiler.h"
#include "base/span.h"
#include "mote/mote.h"

typedef struct mote_fb {
  mote_span bytes;
  uint64_t work_left;  // visits that remain, see above
  mote_status status;  // MOTE_OK until the first broken access
  const char *problem; // what was broken, static text
  uint64_t offset;     // where
} mote_fb;

typedef struct mote_fb_table { // by value; all zero: absent
  size_t pos, vtable;          // byte offsets in the file
  uint16_t vtable_size, size;  // bytes; both checked to lie in the file
} mote_fb_table;

typedef struct mote_fb_vec { // by value; all zero: absent or empty
  const uint8_t *data;       // count * item_size checked bytes inside the file
  uint32_t count, item_size;
} mote_fb_vec;

void mote_fb_init(mote_fb *fb, mote_span bytes);

// True when bytes 4..8 hold the four characters of `id`. Needs no root and never sets the error.
bool mote_fb_identifier(const mote_fb *fb, const char *id);

// MOTE_OK, or records the first broken access in `err` (message and byte offset) and returns its status.
mote_status mote_fb_check(const mote_fb *fb, mote_error *err) MOTE_MUST_USE;
// For a reader that finds content impossible (a count that contradicts another): sticky like the reader's own.
// `at` is the byte offset, `problem` static text.
void mote_fb_break(mote_fb *fb, mote_status status, uint64_t at, const char *problem);

mote_fb_table mote_fb_root(mote_fb *fb);

// Present in the file (a scalar may still equal its default).
bool mote_fb_has(const mote_fb *fb, mote_fb_table t, unsigned field);
MOTE_INLINE bool mote_fb_present(mote_fb_table t) { return t.pos != 0; }

// Scalars. Enums and bools are i8 or u8 or i32 as their schema type says.
uint8_t mote_fb_u8(mote_fb *fb, mote_fb_table t, unsigned field, uint8_t fallback);
int8_t mote_fb_i8(mote_fb *fb, mote_fb_table t, unsigned field, int8_t fallback);
uint16_t mote_fb_u16(mote_fb *fb, mote_fb_table t, unsigned field, uint16_t fallback);
int16_t mote_fb_i16(mote_fb *fb, mote_fb_table t, unsigned field, int16_t fallback);
uint32_t mote_fb_u32(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t fallback);
int32_t mote_fb_i32(mote_fb *fb, mote_fb_table t, unsigned field, int32_t fallback);
uint64_t mote_fb_u64(mote_fb *fb, mote_fb_table t, unsigned field, uint64_t fallback);
int64_t mote_fb_i64(mote_fb *fb, mote_fb_table t, unsigned field, int64_t fallback);
float mote_fb_f32(mote_fb *fb, mote_fb_table t, unsigned field, float fallback);
double mote_fb_f64(mote_fb *fb, mote_fb_table t, unsigned field, double fallback);
MOTE_INLINE bool mote_fb_bool(mote_fb *fb, mote_fb_table t, unsigned field, bool fallback) {
  return mote_fb_u8(fb, t, field, fallback) != 0;
}

// A struct stored in the table itself: `size` checked bytes, NULL when absent or broken.
const uint8_t *mote_fb_inline(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t size);
// A struct behind an offset, as unions hold it: `size` checked bytes, NULL when absent or broken.
const uint8_t *mote_fb_struct(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t size);

// A table behind an offset; also the value of a union whose type says that it is a table.
mote_fb_table mote_fb_sub(mote_fb *fb, mote_fb_table t, unsigned field);

// A string's bytes, without the NUL that follows them (which is not relied on; content is not checked as UTF-8).
// Absent: data NULL, size 0. Present but empty: data not NULL.
mote_span mote_fb_string(mote_fb *fb, mote_fb_table t, unsigned field);

// A vector. item_size: 1, 2, 4, 8 for scalars, the struct's size, 4 for tables and strings. Absent: data NULL, count 0.
mote_fb_vec mote_fb_vector(mote_fb *fb, mote_fb_table t, unsigned field, uint32_t item_size);
// Byte offset of item `i`, for messages.
uint64_t mote_fb_vec_offset(const mote_fb *fb, mote_fb_vec v, uint32_t i);

// Items; `i` < count is the caller's duty (asserted; 0 or absent otherwise). The item size must be the one asked for.
uint8_t mote_fb_vec_u8(mote_fb_vec v, uint32_t i);
uint32_t mote_fb_vec_u32(mote_fb_vec v, uint32_t i);
int32_t mote_fb_vec_i32(mote_fb_vec v, uint32_t i);
int64_t mote_fb_vec_i64(mote_fb_vec v, uint32_t i);
float mote_fb_vec_f32(mote_fb_vec v, uint32_t i);
double mote_fb_vec_f64(mote_fb_vec v, uint32_t i);
const uint8_t *mote_fb_vec_struct(mote_fb_vec v, uint32_t i);
mote_fb_table mote_fb_vec_table(mote_fb *fb, mote_fb_vec v, uint32_t i);
mote_span mote_fb_vec_string(mote_fb *fb, mote_fb_vec v, uint32_t i);

#endif
