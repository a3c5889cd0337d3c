// Zip directory and records. Format: PKWARE APPNOTE 6.3, sections 4.3 (records) and 4.5.3 (zip64).
// Tests: tests/unit/test_zip.c, fuzz/fuzz_zip.c
#include "wire/zip.h"

#include <string.h>

#include "base/fail.h"
#include "wire/inflate.h"

enum {
  END_SIZE = 22,     // end of central directory
  LOCATOR_SIZE = 20, // zip64 locator, right in front of it
  END64_SIZE = 56,   // zip64 end of central directory, without its extension
  CENTRAL_SIZE = 46, // directory entry without name, extra field and comment
  LOCAL_SIZE = 30,   // local header without name and extra field
  COMMENT_MAX = 65535,
  ENTRIES_MAX = 1 << 20,
  STORED = 0,
  DEFLATED = 8,
  FLAG_ENCRYPTED = 1,
  FLAG_DESCRIPTOR = 8, // sizes and CRC follow the data: the local header's may be zero
  FLAG_STRONG_ENCRYPTION = 64,
  FLAG_MASKED_HEADERS = 8192, // directory encrypted
};
#define SIGNATURE_END 0x06054b50u
#define SIGNATURE_LOCATOR 0x07064b50u
#define SIGNATURE_END64 0x06064b50u
#define SIGNATURE_CENTRAL 0x02014b50u
#define SIGNATURE_LOCAL 0x04034b50u

// Text and pickles shrink 5 to 25 times. Above this, and above a harmless size, a record is a bomb.
#define RATIO_MAX 200u
#define RATIO_FREE (1u << 20)

static mote_status broken(mote_error *err, uint64_t at, const char *what) {
  mote_fail(err, MOTE_ERR_FORMAT, "zip: %s at byte %llu", what, (unsigned long long)at);
  mote_fail_offset(err, at);
  return MOTE_ERR_FORMAT;
}

static mote_status refuse(mote_error *err, mote_status status, const mote_zip_entry *e, const char *what) {
  mote_fail(err, status, "zip: record %.*s %s", (int)MOTE_MIN(e->name_len, (size_t)200), e->name, what);
  mote_fail_offset(err, e->header_offset);
  return status;
}

bool mote_zip_looks_like(mote_span file) {
  if (file.size < 4)
    return false;
  uint32_t s = mote_load_u32(file.data);
  return s == SIGNATURE_LOCAL || s == SIGNATURE_END;
}

// ------------------------------------------------------------------------------------------- directory

typedef struct directory {
  uint64_t offset, size, count;
} directory;

// The record stands at the very end; only its comment follows.
static bool find_end(mote_span file, size_t *at) {
  if (file.size < END_SIZE)
    return false;
  size_t last = file.size - END_SIZE, first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
  for (size_t pos = last;; pos--) {
    const uint8_t *p = file.data + pos;
    if (mote_load_u32(p) == SIGNATURE_END && mote_load_u16(p + 20) == last - pos) {
      *at = pos;
      return true;
    }
    if (pos == first)
      return false;
  }
}

// The small record's fields must agree with the large one's, or be saturated.
static bool agrees(uint64_t small, uint64_t saturated, uint64_t large) { return small == saturated || small == large; }

static mote_status read_end64(mote_span file, size_t locator, const uint8_t *end, directory *dir, mote_error *err) {
  mote_span s;
  uint64_t at = mote_load_u64(file.data + locator + 8);
  if (!mote_span_slice(file, at, END64_SIZE, &s) || at > locator - END64_SIZE ||
      mote_load_u32(s.data) != SIGNATURE_END64)
    return broken(err, locator, "64-bit end record is missing");
  if (mote_load_u32(s.data + 16) != 0 || mote_load_u32(s.data + 20) != 0)
    return broken(err, at, "archive in several parts");
  *dir = (directory){mote_load_u64(s.data + 48), mote_load_u64(s.data + 40), mote_load_u64(s.data + 32)};
  if (mote_load_u64(s.data + 24) != dir->count || !agrees(mote_load_u16(end + 10), 0xFFFF, dir->count) ||
      !agrees(mote_load_u32(end + 12), 0xFFFFFFFFu, dir->size) ||
      !agrees(mote_load_u32(end + 16), 0xFFFFFFFFu, dir->offset))
    return broken(err, at, "end records contradict each other");
  return MOTE_OK;
}

static mote_status read_end(mote_span file, directory *dir, mote_error *err) {
  size_t at;
  if (!find_end(file, &at))
    return broken(err, file.size, "the end record is missing: not a zip archive, or cut short");
  const uint8_t *end = file.data + at;
  if (at >= LOCATOR_SIZE + END64_SIZE && mote_load_u32(end - LOCATOR_SIZE) == SIGNATURE_LOCATOR) {
    MOTE_TRY(read_end64(file, at - LOCATOR_SIZE, end, dir, err));
  } else {
    if (mote_load_u16(end + 4) != 0 || mote_load_u16(end + 6) != 0)
      return broken(err, at, "archive in several parts");
    *dir = (directory){mote_load_u32(end + 16), mote_load_u32(end + 12), mote_load_u16(end + 10)};
    if (mote_load_u16(end + 8) != dir->count)
      return broken(err, at, "archive in several parts");
  }
  mote_span whole;
  if (!mote_span_slice(file, dir->offset, dir->size, &whole) || dir->offset + dir->size > at)
    return broken(err, at, "the directory lies outside the file");
  if (dir->count > dir->size / CENTRAL_SIZE)
    return broken(err, at, "more records are promised than the directory can hold");
  if (dir->count > ENTRIES_MAX)
    return mote_fail(err, MOTE_ERR_LIMIT, "zip: %llu records, at most %d are read", (unsigned long long)dir->count,
                     (int)ENTRIES_MAX);
  return MOTE_OK;
}

// Replaces saturated fields by those of the zip64 extra field (id 1), which holds only them, in this order.
static bool read_extra64(mote_span extra, uint64_t *size, uint64_t *packed, uint64_t *offset) {
  mote_reader r = mote_reader_make(extra);
  while (mote_reader_left(&r) >= 4) {
    uint16_t id = mote_read_u16(&r), len = mote_read_u16(&r);
    const uint8_t *body = mote_read_bytes(&r, len);
    if (!body)
      return false;
    if (id != 1)
      continue;
    mote_reader field = mote_reader_make((mote_span){body, len});
    if (*size == 0xFFFFFFFFu)
      *size = mote_read_u64(&field);
    if (*packed == 0xFFFFFFFFu)
      *packed = mote_read_u64(&field);
    if (*offset == 0xFFFFFFFFu)
      *offset = mote_read_u64(&field);
    return !field.bad;
  }
  return true;
}

// A name that is safe to use as a path below a folder.
static bool name_is_safe(const char *name, size_t len) {
  if (len == 0 || name[0] == '/' || memchr(name, '\\', len) || memchr(name, 0, len))
    return false;
  if (len >= 2 && name[1] == ':')
    return false;
  for (size_t begin = 0, i = 0; i <= len; i++) {
    if (i < len && name[i] != '/')
      continue;
    if (i - begin == 2 && name[begin] == '.' && name[begin + 1] == '.')
      return false;
    begin = i + 1;
  }
  return true;
}

static mote_status check_size(const mote_zip_entry *e, mote_error *err) {
  if (e->method == STORED && e->size != e->packed.size)
    return refuse(err, MOTE_ERR_FORMAT, e, "is stored with two different sizes");
  if (e->method == DEFLATED && e->size > RATIO_FREE && e->size / RATIO_MAX > e->packed.size)
    return refuse(err, MOTE_ERR_LIMIT, e, "would expand more than 200 times");
  return MOTE_OK;
}

// Compares the local header with the directory and finds the data behind it. `limit`: where the directory begins.
static mote_status read_local(mote_span file, uint64_t limit, uint64_t packed_size, uint16_t flags, mote_zip_entry *e,
                              mote_error *err) {
  mote_span head, data;
  if (!mote_span_slice(file, e->header_offset, LOCAL_SIZE, &head) || mote_load_u32(head.data) != SIGNATURE_LOCAL)
    return refuse(err, MOTE_ERR_FORMAT, e, "has no local header");
  const uint8_t *p = head.data;
  uint16_t local_flags = mote_load_u16(p + 6), name_len = mote_load_u16(p + 26), extra_len = mote_load_u16(p + 28);
  if (mote_load_u16(p + 8) != e->method || ((local_flags ^ flags) & FLAG_ENCRYPTED))
    return refuse(err, MOTE_ERR_FORMAT, e, "has a local header that contradicts the directory");
  if (!mote_span_slice(file, e->header_offset + LOCAL_SIZE, (uint64_t)name_len + extra_len, &data) ||
      name_len != e->name_len || memcmp(data.data, e->name, name_len) != 0)
    return refuse(err, MOTE_ERR_FORMAT, e, "has another name in its local header");
  if (!(local_flags & FLAG_DESCRIPTOR) &&
      (mote_load_u32(p + 14) != e->crc || !agrees(mote_load_u32(p + 18), 0xFFFFFFFFu, packed_size) ||
       !agrees(mote_load_u32(p + 22), 0xFFFFFFFFu, e->size)))
    return refuse(err, MOTE_ERR_FORMAT, e, "has other sizes in its local header");
  uint64_t begin = e->header_offset + LOCAL_SIZE + name_len + extra_len;
  if (!mote_span_slice(file, begin, packed_size, &e->packed) || begin + packed_size > limit)
    return refuse(err, MOTE_ERR_FORMAT, e, "reaches past the end of the data");
  return MOTE_OK;
}

// One directory entry and its local header.
static mote_status read_entry(mote_reader *r, mote_span file, const directory *dir, mote_zip_entry *e,
                              mote_error *err) {
  uint64_t at = dir->offset + r->pos;
  const uint8_t *p = mote_read_bytes(r, CENTRAL_SIZE);
  if (!p || mote_load_u32(p) != SIGNATURE_CENTRAL)
    return broken(err, at, "directory entry expected");
  uint16_t flags = mote_load_u16(p + 8), name_len = mote_load_u16(p + 28), extra_len = mote_load_u16(p + 30);
  const uint8_t *name = mote_read_bytes(r, name_len), *extra = mote_read_bytes(r, extra_len);
  mote_read_bytes(r, mote_load_u16(p + 32)); // comment
  if (r->bad)
    return broken(err, at, "directory entry runs past the directory");
  uint64_t packed = mote_load_u32(p + 20);
  *e = (mote_zip_entry){.name = (const char *)name, .name_len = name_len};
  e->size = mote_load_u32(p + 24);
  e->header_offset = mote_load_u32(p + 42);
  e->crc = mote_load_u32(p + 16);
  e->method = mote_load_u16(p + 10);
  if (!read_extra64((mote_span){extra, extra_len}, &e->size, &packed, &e->header_offset))
    return broken(err, at, "directory entry's extra field is broken");
  if (!name_is_safe(e->name, name_len))
    return refuse(err, MOTE_ERR_FORMAT, e, "has an unsafe name (absolute, with '..' or a backslash)");
  if (flags & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED_HEADERS))
    return refuse(err, MOTE_ERR_UNSUPPORTED, e, "is encrypted");
  if (e->method != STORED && e->method != DEFLATED)
    return refuse(err, MOTE_ERR_UNSUPPORTED, e, "is compressed by a method other than deflate");
  MOTE_TRY(read_local(file, dir->offset, packed, flags, e, err));
  return check_size(e, err);
}

static mote_status add_name(mote_zip *zip, const mote_zip_entry *e, mote_error *err) {
  size_t before = zip->names.count;
  mote_map_entry *slot = mote_map_put(&zip->names, e->name, e->name_len);
  if (!slot)
    return mote_fail_nomem(err);
  if (zip->names.count == before)
    return refuse(err, MOTE_ERR_FORMAT, e, "occurs twice");
  slot->value.num = e - zip->entries;
  return MOTE_OK;
}

static mote_status read_directory(mote_zip *zip, const directory *dir, mote_error *err) {
  mote_reader r = mote_reader_make((mote_span){zip->file.data + dir->offset, (size_t)dir->size});
  uint64_t left = zip->options.inflate_limit;
  for (; zip->count < dir->count; zip->count++) {
    mote_zip_entry *e = &zip->entries[zip->count];
    MOTE_TRY(read_entry(&r, zip->file, dir, e, err));
    if (e->method == DEFLATED && e->size > left)
      return refuse(err, MOTE_ERR_LIMIT, e, "would expand the archive beyond the memory limit");
    left -= e->method == DEFLATED ? e->size : 0;
    MOTE_TRY(add_name(zip, e, err));
  }
  if (mote_reader_left(&r) != 0)
    return broken(err, dir->offset + r.pos, "directory holds more than the records promised");
  return MOTE_OK;
}

mote_status mote_zip_open(mote_zip *zip, const mote_allocator *al, mote_span file, const mote_zip_options *options,
                          mote_error *err) {
  directory dir = {0};
  MOTE_TRY(read_end(file, &dir, err));
  memset(zip, 0, sizeof(*zip));
  zip->al = al;
  zip->file = file;
  zip->options = options ? *options : (mote_zip_options){0};
  if (!zip->options.inflate_limit)
    zip->options.inflate_limit = (uint64_t)1 << 30;
  if (!zip->options.crc_stored_limit)
    zip->options.crc_stored_limit = (uint64_t)1 << 16;
  mote_map_init(&zip->names, al);
  mote_crc32_init(&zip->crc);
  zip->entries = MOTE_NEW_ARRAY(al, mote_zip_entry, dir.count);
  mote_status status = zip->entries ? read_directory(zip, &dir, err) : mote_fail_nomem(err);
  if (status != MOTE_OK)
    mote_zip_close(zip);
  return status;
}

void mote_zip_close(mote_zip *zip) {
  if (!zip || !zip->al)
    return;
  mote_map_destroy(&zip->names);
  mote_free(zip->al, zip->entries);
  zip->entries = NULL;
  zip->count = 0;
}

const mote_zip_entry *mote_zip_find(const mote_zip *zip, const char *name, size_t len) {
  const mote_map_entry *slot = mote_map_find(&zip->names, name, len);
  return slot ? &zip->entries[slot->value.num] : NULL;
}

// ------------------------------------------------------------------------------------------- records

mote_status mote_zip_verify(const mote_zip *zip, const mote_zip_entry *entry, mote_span bytes, mote_error *err) {
  if (mote_crc32(&zip->crc, 0, bytes.data, bytes.size) != entry->crc)
    return refuse(err, MOTE_ERR_FORMAT, entry, "is damaged: its CRC-32 differs from the directory's");
  return MOTE_OK;
}

static mote_status inflate_record(const mote_zip *zip, const mote_zip_entry *e, mote_zip_record *out, mote_error *err) {
  size_t used = 0;
  uint8_t *bytes = e->size <= SIZE_MAX ? mote_alloc(zip->al, (size_t)e->size) : NULL;
  if (!bytes)
    return mote_fail_nomem(err);
  mote_span whole = {bytes, (size_t)e->size};
  mote_status status = mote_inflate(e->packed, bytes, whole.size, &used, err);
  if (status == MOTE_OK && used != e->packed.size)
    status = refuse(err, MOTE_ERR_FORMAT, e, "has bytes left over behind its deflated data");
  if (status == MOTE_OK)
    status = mote_zip_verify(zip, e, whole, err);
  if (status != MOTE_OK) {
    mote_fail_place(err, "%.*s", (int)MOTE_MIN(e->name_len, (size_t)200), e->name);
    mote_free(zip->al, bytes);
    return status;
  }
  *out = (mote_zip_record){whole, bytes};
  return MOTE_OK;
}

mote_status mote_zip_read(const mote_zip *zip, const mote_zip_entry *entry, mote_zip_record *out, mote_error *err) {
  if (entry->method == DEFLATED)
    return inflate_record(zip, entry, out, err);
  if (entry->size <= zip->options.crc_stored_limit)
    MOTE_TRY(mote_zip_verify(zip, entry, entry->packed, err));
  *out = (mote_zip_record){entry->packed, NULL};
  return MOTE_OK;
}

void mote_zip_record_free(const mote_zip *zip, mote_zip_record *record) {
  if (!record)
    return;
  mote_free(zip->al, record->owned);
  *record = (mote_zip_record){{NULL, 0}, NULL};
}
