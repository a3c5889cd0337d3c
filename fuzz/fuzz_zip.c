// Fuzz target: opens the input as a zip archive, reads every record (inflating it) and looks its name up. The first
// bytes are also fed to inflate alone, so that the fuzzer reaches it without building an archive.
#include <stdlib.h>

#include "base/fail.h"
#include "base/prim.h"
#include "wire/inflate.h"
#include "wire/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool fine) {
  if (!fine)
    abort();
}

static void read_all(const mote_zip *zip) {
  for (size_t i = 0; i < zip->count; i++) {
    const mote_zip_entry *e = &zip->entries[i];
    mote_zip_record r;
    mote_error err;
    mote_error_init(&err);
    check(mote_zip_find(zip, e->name, e->name_len) == e);
    mote_status status = mote_zip_read(zip, e, &r, &err);
    check((status == MOTE_OK) == (err.status == MOTE_OK));
    if (status != MOTE_OK)
      continue;
    check(r.bytes.size == e->size);
    status = mote_zip_verify(zip, e, r.bytes, NULL);
    check(status == MOTE_OK || !r.owned); // an expanded record was verified
    mote_zip_record_free(zip, &r);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t out[1 << 16];
  mote_zip zip;
  mote_zip_options options = {.inflate_limit = 1 << 24, .crc_stored_limit = 1 << 10};
  mote_error err;
  mote_error_init(&err);
  mote_span file = {data, size};
  size_t used = 0;
  if (size >= 2) {
    size_t promised = mote_load_u16(data);
    if (mote_inflate((mote_span){data + 2, size - 2}, out, promised, &used, NULL) == MOTE_OK)
      check(used <= size - 2);
  }
  if (mote_zip_open(&zip, mote_prim_allocator(), file, &options, &err) == MOTE_OK) {
    read_all(&zip);
    mote_zip_close(&zip);
  } else {
    check(err.status != MOTE_OK && mote_error_message(&err)[0] != '\0');
  }
  return 0;
}
