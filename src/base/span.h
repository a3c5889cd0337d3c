// Span reader: the one way bytes of a file are read. A read past the end sets a sticky error and yields zeros, so a
// decoder may read a whole record and check once. Little endian, any alignment. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_SPAN_H
#define MOTE_BASE_SPAN_H

#include "base/compiler.h"

typedef struct mote_span { // a window on bytes that somebody else keeps alive
  const uint8_t *data;
  size_t size;
} mote_span;

typedef struct mote_reader {
  const uint8_t *base;
  size_t size, pos;
  bool bad; // a read went past the end
} mote_reader;

MOTE_INLINE mote_reader mote_reader_make(mote_span s) {
  mote_reader r = {s.data, s.size, 0, false};
  return r;
}
MOTE_INLINE size_t mote_reader_left(const mote_reader *r) { return r->size - r->pos; }

// True when [pos, pos+n) lies inside; else marks the reader bad.
MOTE_INLINE bool mote_reader_has(mote_reader *r, size_t n) {
  if (!r->bad && n <= r->size - r->pos)
    return true;
  r->bad = true;
  return false;
}
uint8_t mote_read_u8(mote_reader *r);
uint16_t mote_read_u16(mote_reader *r);
uint32_t mote_read_u32(mote_reader *r);
uint64_t mote_read_u64(mote_reader *r);
const uint8_t *mote_read_bytes(mote_reader *r, size_t n); // NULL when short

// True and *out set when [offset, offset+size) lies inside `s`.
bool mote_span_slice(mote_span s, uint64_t offset, uint64_t size, mote_span *out);

// Endian-safe loads for readers that checked the range themselves.
MOTE_TINY uint16_t mote_load_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
MOTE_TINY uint32_t mote_load_u32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
MOTE_TINY uint64_t mote_load_u64(const uint8_t *p) {
  return (uint64_t)mote_load_u32(p) | (uint64_t)mote_load_u32(p + 4) << 32;
}

#endif
