// CRC-32 as zip uses it (polynomial 0xEDB88320, reflected). Tests: tests/unit/test_zip.c
#ifndef MOTE_WIRE_CRC32_H
#define MOTE_WIRE_CRC32_H

#include "base/compiler.h"

typedef struct mote_crc32_table { // eight bytes a step
  uint32_t step[8][256];
} mote_crc32_table;

void mote_crc32_init(mote_crc32_table *table);
// CRC of the bytes that gave `crc` followed by data[0, size); start with 0.
uint32_t mote_crc32(const mote_crc32_table *table, uint32_t crc, const uint8_t *data, size_t size);

#endif
