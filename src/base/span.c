// Bounds-checked little-endian reads. Tests: tests/unit/test_base.c
#include "base/span.h"

const uint8_t *mote_read_bytes(mote_reader *r, size_t n) {
  if (!mote_reader_has(r, n))
    return NULL;
  const uint8_t *p = r->base + r->pos;
  r->pos += n;
  return p;
}

uint8_t mote_read_u8(mote_reader *r) {
  const uint8_t *p = mote_read_bytes(r, 1);
  return p ? *p : 0;
}

uint16_t mote_read_u16(mote_reader *r) {
  const uint8_t *p = mote_read_bytes(r, 2);
  return p ? mote_load_u16(p) : 0;
}

uint32_t mote_read_u32(mote_reader *r) {
  const uint8_t *p = mote_read_bytes(r, 4);
  return p ? mote_load_u32(p) : 0;
}

uint64_t mote_read_u64(mote_reader *r) {
  const uint8_t *p = mote_read_bytes(r, 8);
  return p ? mote_load_u64(p) : 0;
}

bool mote_span_slice(mote_span s, uint64_t offset, uint64_t size, mote_span *out) {
  if (offset > s.size || size > s.size - offset)
    return false;
  *out = (mote_span){s.data + offset, (size_t)size};
  return true;
}
