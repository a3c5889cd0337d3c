// CRC-32, eight bytes at a time over eight tables. Tests: tests/unit/test_zip.c
#include "wire/crc32.h"

#include "base/span.h"

void mote_crc32_init(mote_crc32_table *table) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++)
      c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
    table->step[0][i] = c;
  }
  // step[k][i]: byte i followed by k zero bytes.
  for (uint32_t i = 0; i < 256; i++)
    for (int k = 1; k < 8; k++)
      table->step[k][i] = table->step[k - 1][i] >> 8 ^ table->step[0][table->step[k - 1][i] & 255];
}

uint32_t mote_crc32(const mote_crc32_table *table, uint32_t crc, const uint8_t *data, size_t size) {
  crc = ~crc;
  for (; size >= 8; data += 8, size -= 8) {
    uint32_t lo = mote_load_u32(data) ^ crc, hi = mote_load_u32(data + 4);
    crc = table->step[7][lo & 255] ^ table->step[6][lo >> 8 & 255] ^ table->step[5][lo >> 16 & 255] ^
          table->step[4][lo >> 24] ^ table->step[3][hi & 255] ^ table->step[2][hi >> 8 & 255] ^
          table->step[1][hi >> 16 & 255] ^ table->step[0][hi >> 24];
  }
  for (; size; data++, size--)
    crc = crc >> 8 ^ table->step[0][(crc ^ *data) & 255];
  return ~crc;
}
