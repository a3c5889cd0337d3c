// Zip archives in memory, read through their central directory: zip64, stored and deflated records.
// Must not know what the records mean. Tests: tests/unit/test_zip.c, fuzz/fuzz_zip.c
//
// How to use it:
//   mote_zip zip;
//   MOTE_TRY(mote_zip_open(&zip, al, file, NULL, err));       // the file's bytes stay with the caller
//   const mote_zip_entry *e = mote_zip_find(&zip, "root/data.pkl", 13);
//   mote_zip_record r;
//   MOTE_TRY(mote_zip_read(&zip, e, &r, err));                // r.bytes: in the file if stored, else expanded
//   ...
//   mote_zip_record_free(&zip, &r);
//   mote_zip_close(&zip);
//
// Opening checks the whole directory and every local header: names are relative, free of "..", backslashes and
// duplicates; sizes and offsets lie in the file; nothing is encrypted; what expanding everything would take is within
// the limits. A zip is not changed after it was opened: threads may find and read at the same time.
#ifndef MOTE_WIRE_ZIP_H
#define MOTE_WIRE_ZIP_H

#include "base/map.h"
#include "base/span.h"
#include "wire/crc32.h"

typedef struct mote_zip_entry {
  const char *name; // inside the file, not NUL terminated
  size_t name_len;
  mote_span packed; // the record's bytes in the file, compressed or not
  uint64_t size;    // expanded
  uint32_t crc;
  uint16_t method;        // 0 stored, 8 deflated
  uint64_t header_offset; // of the local header, for messages
} mote_zip_entry;

typedef struct mote_zip_options {
  uint64_t inflate_limit;    // bytes that all deflated records may expand to; 0: 1 GiB
  uint64_t crc_stored_limit; // stored records up to this size have their CRC checked when read; 0: 64 KiB: weights
                             // above that would make opening wait for the disk
} mote_zip_options;

typedef struct mote_zip {
  const mote_allocator *al;
  mote_span file;
  mote_zip_entry *entries; // in directory order
  size_t count;
  mote_map names;
  mote_zip_options options;
  mote_crc32_table crc;
} mote_zip;

typedef struct mote_zip_record {
  mote_span bytes;
  void *owned; // memory of an expanded record, NULL when `bytes` lies in the file
} mote_zip_record;

// True when the file begins like a zip archive ("PK\3\4", or "PK\5\6" for an empty one).
bool mote_zip_looks_like(mote_span file);

// `options` may be NULL. On failure nothing needs closing.
mote_status mote_zip_open(mote_zip *zip, const mote_allocator *al, mote_span file, const mote_zip_options *options,
                          mote_error *err) MOTE_MUST_USE;
void mote_zip_close(mote_zip *zip);

// NULL when there is none.
const mote_zip_entry *mote_zip_find(const mote_zip *zip, const char *name, size_t len);

mote_status mote_zip_read(const mote_zip *zip, const mote_zip_entry *entry, mote_zip_record *out,
                          mote_error *err) MOTE_MUST_USE;
void mote_zip_record_free(const mote_zip *zip, mote_zip_record *record);
// Checks a record's CRC whatever its size; `bytes` as mote_zip_read gave them.
mote_status mote_zip_verify(const mote_zip *zip, const mote_zip_entry *entry, mote_span bytes,
                            mote_error *err) MOTE_MUST_USE;

#endif
