// Tests of wire/zip and wire/crc32: archives written here, with and without zip64, then broken in one place each.
#include "support/fail_alloc.h"

#include "base/compiler.h"
#include "base/prim.h"
#include "wire/zip.h"

// ------------------------------------------------------------------------------------------- writer

typedef struct record {
  const char *name, *text; // name of the entry, what it holds
  bool deflate;            // as one stored block, which any inflater must take
} record;

typedef struct archive {
  uint8_t bytes[4096];
  size_t size;
  size_t local[8], central[8]; // where each record's headers are
  size_t end64, locator, end;
} archive;

static void put16(archive *a, uint32_t v) {
  a->bytes[a->size++] = (uint8_t)v;
  a->bytes[a->size++] = (uint8_t)(v >> 8);
}

static void put32(archive *a, uint32_t v) { put16(a, v), put16(a, v >> 16); }
static void put64(archive *a, uint64_t v) { put32(a, (uint32_t)v), put32(a, (uint32_t)(v >> 32)); }

static void put_bytes(archive *a, const void *p, size_t n) {
  memcpy(a->bytes + a->size, p, n);
  a->size += n;
}

static uint32_t crc_of(const char *text) {
  mote_crc32_table t;
  mote_crc32_init(&t);
  return mote_crc32(&t, 0, (const uint8_t *)text, strlen(text));
}

enum { ZIP64_END = 1, ZIP64_FIELDS = 2, DESCRIPTOR = 4 };

static void put_entry_fields(archive *a, const record *r, uint32_t packed, int flavour, bool local) {
  bool hidden = (flavour & DESCRIPTOR) && local;
  put16(a, flavour & DESCRIPTOR ? 0x808 : 0);
  put16(a, r->deflate ? 8 : 0);
  put32(a, 0); // time and date
  put32(a, hidden ? 0 : crc_of(r->text));
  put32(a, hidden ? 0 : !local && (flavour & ZIP64_FIELDS) ? 0xFFFFFFFFu : packed);
  put32(a, hidden ? 0 : !local && (flavour & ZIP64_FIELDS) ? 0xFFFFFFFFu : (uint32_t)strlen(r->text));
  put16(a, (uint32_t)strlen(r->name));
}

static void put_local(archive *a, const record *r, uint32_t packed, int flavour) {
  put32(a, 0x04034b50);
  put16(a, 20);
  put_entry_fields(a, r, packed, flavour, true);
  put16(a, 6); // an extra field that pads, as model files have
  put_bytes(a, r->name, strlen(r->name));
  put16(a, 0x4246), put16(a, 2), put16(a, 0);
  size_t len = strlen(r->text);
  if (r->deflate) {
    a->bytes[a->size++] = 1;
    put16(a, (uint32_t)len), put16(a, ~(uint32_t)len);
  }
  put_bytes(a, r->text, len);
}

static void put_central(archive *a, const record *r, uint32_t packed, size_t local, int flavour) {
  put32(a, 0x02014b50);
  put16(a, 20), put16(a, 20);
  put_entry_fields(a, r, packed, flavour, false);
  put16(a, flavour & ZIP64_FIELDS ? 28 : 0);
  put16(a, 3), put16(a, 0), put16(a, 0), put32(a, 0); // comment of 3 bytes
  put32(a, flavour & ZIP64_FIELDS ? 0xFFFFFFFFu : (uint32_t)local);
  put_bytes(a, r->name, strlen(r->name));
  if (flavour & ZIP64_FIELDS) {
    put16(a, 1), put16(a, 24);
    put64(a, strlen(r->text)), put64(a, packed), put64(a, local);
  }
  put_bytes(a, "abc", 3);
}

static void write_archive(archive *a, const record *records, size_t n, int flavour) {
  memset(a, 0, sizeof(*a));
  uint32_t packed[8];
  for (size_t i = 0; i < n; i++) {
    packed[i] = (uint32_t)strlen(records[i].text) + (records[i].deflate ? 5 : 0);
    a->local[i] = a->size;
    put_local(a, &records[i], packed[i], flavour);
  }
  size_t begin = a->size;
  for (size_t i = 0; i < n; i++) {
    a->central[i] = a->size;
    put_central(a, &records[i], packed[i], a->local[i], flavour);
  }
  size_t size = a->size - begin;
  if (flavour & ZIP64_END) {
    a->end64 = a->size;
    put32(a, 0x06064b50), put64(a, 44), put16(a, 45), put16(a, 45), put32(a, 0), put32(a, 0);
    put64(a, n), put64(a, n), put64(a, size), put64(a, begin);
    a->locator = a->size;
    put32(a, 0x07064b50), put32(a, 0), put64(a, a->end64), put32(a, 1);
  }
  a->end = a->size;
  put32(a, 0x06054b50), put16(a, 0), put16(a, 0), put16(a, (uint32_t)n), put16(a, (uint32_t)n);
  put32(a, (uint32_t)size), put32(a, (uint32_t)begin), put16(a, 0);
}

static const record two[] = {{"root/version", "3\n", false}, {"root/code/a.py", "def f(x):\n  return x\n", true}};

// ------------------------------------------------------------------------------------------- reading

static mote_status open_copy(const uint8_t *bytes, size_t size, const mote_allocator *al, mote_error *err) {
  uint8_t *copy = malloc(size ? size : 1);
  mote_zip zip;
  memcpy(copy, bytes, size);
  mote_status status = mote_zip_open(&zip, al, (mote_span){copy, size}, NULL, err);
  if (status == MOTE_OK) {
    for (size_t i = 0; i < zip.count && status == MOTE_OK; i++) {
      mote_zip_record r = {{NULL, 0}, NULL};
      status = mote_zip_read(&zip, &zip.entries[i], &r, err);
      if (status == MOTE_OK)
        mote_zip_record_free(&zip, &r);
    }
    mote_zip_close(&zip);
    mote_zip_close(&zip); // harmless
  }
  free(copy);
  return status;
}

static void reads_all_flavours(void **state) {
  (void)state;
  for (int flavour = 0; flavour < 8; flavour++) {
    archive a;
    write_archive(&a, two, 2, flavour);
    mote_zip zip;
    mote_span file = {a.bytes, a.size};
    assert_true(mote_zip_looks_like(file));
    assert_int_equal(mote_zip_open(&zip, mote_prim_allocator(), file, NULL, NULL), MOTE_OK);
    assert_int_equal(zip.count, 2);
    for (size_t i = 0; i < 2; i++) {
      const mote_zip_entry *e = mote_zip_find(&zip, two[i].name, strlen(two[i].name));
      assert_ptr_equal(e, &zip.entries[i]);
      mote_zip_record r;
      assert_int_equal(mote_zip_read(&zip, e, &r, NULL), MOTE_OK);
      assert_int_equal(r.bytes.size, strlen(two[i].text));
      assert_memory_equal(r.bytes.data, two[i].text, r.bytes.size);
      assert_int_equal(r.owned != NULL, two[i].deflate);
      assert_int_equal(mote_zip_verify(&zip, e, r.bytes, NULL), MOTE_OK);
      mote_zip_record_free(&zip, &r);
    }
    assert_null(mote_zip_find(&zip, "root", 4));
    mote_zip_close(&zip);
  }
}

static void empty_archive(void **state) {
  (void)state;
  archive a;
  write_archive(&a, NULL, 0, 0);
  assert_true(mote_zip_looks_like((mote_span){a.bytes, a.size}));
  assert_int_equal(open_copy(a.bytes, a.size, mote_prim_allocator(), NULL), MOTE_OK);
  assert_false(mote_zip_looks_like((mote_span){a.bytes, 3}));
}

static void every_cut_fails(void **state) {
  (void)state;
  for (int flavour = 0; flavour < 8; flavour++) {
    archive a;
    write_archive(&a, two, 2, flavour);
    for (size_t n = 0; n < a.size; n++)
      assert_int_equal(open_copy(a.bytes, n, mote_prim_allocator(), NULL), MOTE_ERR_FORMAT);
    for (size_t n = 1; n < a.size; n++) // the head cut off: offsets no longer fit
      assert_int_equal(open_copy(a.bytes + n, a.size - n, mote_prim_allocator(), NULL), MOTE_ERR_FORMAT);
  }
}

static void every_byte_flipped_is_harmless(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  for (int flavour = 0; flavour < 8; flavour++) {
    archive a;
    write_archive(&a, two, 2, flavour);
    for (size_t n = 0; n < a.size; n++)
      for (int k = 0; k < 3; k++) {
        uint8_t keep = a.bytes[n];
        a.bytes[n] = (uint8_t)(k == 0 ? keep ^ 1 : k == 1 ? 0xFF : 0);
        mote_status status = open_copy(a.bytes, a.size, &fa.allocator, NULL);
        assert_true(status != MOTE_ERR_NOMEM && status != MOTE_ERR_INTERNAL);
        a.bytes[n] = keep;
        fail_alloc_no_leak(&fa);
      }
  }
  assert_true(fa.peak_bytes < (1 << 20) + 64 * 1024); // what a small record may claim without being a bomb
}

static void memory_short(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  archive a;
  write_archive(&a, two, 2, ZIP64_END);
  FAIL_ALLOC_EACH(&fa) {
    mote_error e;
    mote_error_init(&e);
    fail_alloc_check(&fa, open_copy(a.bytes, a.size, &fa.allocator, &e));
  }
}

// ------------------------------------------------------------------------------------------- refusals

static void expect(const archive *a, mote_status want, const char *message) {
  mote_error e;
  mote_error_init(&e);
  assert_int_equal(open_copy(a->bytes, a->size, mote_prim_allocator(), &e), want);
  if (!strstr(mote_error_message(&e), message))
    fail_msg("\"%s\" does not say \"%s\"", mote_error_message(&e), message);
}

static void poke(archive *a, size_t at, uint32_t v, int bytes) {
  for (int i = 0; i < bytes; i++)
    a->bytes[at + (size_t)i] = (uint8_t)(v >> (8 * i));
}

// Where a change is made: in the directory entry of record 0, its local header, or the end record.
enum { IN_CENTRAL, IN_LOCAL, IN_END };

static void broken_fields(void **state) {
  (void)state;
  static const struct {
    int where;
    size_t field;
    uint32_t value;
    int bytes;
    mote_status status;
    const char *message;
  } cases[] = {
      {IN_CENTRAL, 0, 0, 4, MOTE_ERR_FORMAT, "directory entry expected"},
      {IN_CENTRAL, 8, 1, 2, MOTE_ERR_UNSUPPORTED, "encrypted"},
      {IN_CENTRAL, 8, 64, 2, MOTE_ERR_UNSUPPORTED, "encrypted"},
      {IN_CENTRAL, 10, 12, 2, MOTE_ERR_UNSUPPORTED, "method"},
      {IN_CENTRAL, 10, 8, 2, MOTE_ERR_FORMAT, "contradicts"},
      {IN_CENTRAL, 16, 1, 4, MOTE_ERR_FORMAT, "other sizes"},
      {IN_CENTRAL, 20, 1000, 4, MOTE_ERR_FORMAT, "other sizes"},
      {IN_CENTRAL, 24, 0xFFFFFFFE, 4, MOTE_ERR_FORMAT, "other sizes"},
      {IN_CENTRAL, 28, 0xFFFF, 2, MOTE_ERR_FORMAT, "runs past"},
      {IN_CENTRAL, 30, 0xFFFF, 2, MOTE_ERR_FORMAT, "runs past"},
      {IN_CENTRAL, 32, 0xFFFF, 2, MOTE_ERR_FORMAT, "runs past"},
      {IN_CENTRAL, 42, 0xFFFFFFFF, 4, MOTE_ERR_FORMAT, "local header"},
      {IN_CENTRAL, 42, 1, 4, MOTE_ERR_FORMAT, "local header"},
      {IN_CENTRAL, 46, '/', 1, MOTE_ERR_FORMAT, "unsafe name"},
      {IN_CENTRAL, 50, '\\', 1, MOTE_ERR_FORMAT, "unsafe name"},
      {IN_CENTRAL, 50, 0, 1, MOTE_ERR_FORMAT, "unsafe name"},
      {IN_CENTRAL, 47, ':', 1, MOTE_ERR_FORMAT, "unsafe name"},
      {IN_CENTRAL, 47, 'X', 1, MOTE_ERR_FORMAT, "another name"},
      {IN_LOCAL, 0, 0, 4, MOTE_ERR_FORMAT, "no local header"},
      {IN_LOCAL, 6, 1, 2, MOTE_ERR_FORMAT, "contradicts"},
      {IN_LOCAL, 8, 8, 2, MOTE_ERR_FORMAT, "contradicts"},
      {IN_LOCAL, 14, 1, 4, MOTE_ERR_FORMAT, "other sizes"},
      {IN_LOCAL, 18, 1, 4, MOTE_ERR_FORMAT, "other sizes"},
      {IN_LOCAL, 26, 5, 2, MOTE_ERR_FORMAT, "another name"},
      {IN_LOCAL, 28, 0xFFFF, 2, MOTE_ERR_FORMAT, "another name"},
      {IN_END, 4, 1, 2, MOTE_ERR_FORMAT, "several parts"},
      {IN_END, 8, 1, 2, MOTE_ERR_FORMAT, "several parts"},
      {IN_END, 12, 0xFFFFFF, 4, MOTE_ERR_FORMAT, "outside the file"},
      {IN_END, 16, 0xFFFFFF, 4, MOTE_ERR_FORMAT, "outside the file"},
      {IN_END, 20, 1, 2, MOTE_ERR_FORMAT, "end record is missing"},
  };
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    archive a;
    write_archive(&a, two, 2, 0);
    size_t base = cases[i].where == IN_CENTRAL ? a.central[0] : cases[i].where == IN_LOCAL ? a.local[0] : a.end;
    poke(&a, base + cases[i].field, cases[i].value, cases[i].bytes);
    expect(&a, cases[i].status, cases[i].message);
  }
}

static void broken_counts(void **state) {
  (void)state;
  archive a;
  write_archive(&a, two, 2, 0);
  poke(&a, a.end + 8, 1, 2), poke(&a, a.end + 10, 1, 2);
  expect(&a, MOTE_ERR_FORMAT, "more than the records promised");
  poke(&a, a.end + 8, 3, 2), poke(&a, a.end + 10, 3, 2);
  expect(&a, MOTE_ERR_FORMAT, "can hold"); // or "entry expected" for longer names
  write_archive(&a, two, 2, ZIP64_END);
  poke(&a, a.end64 + 32, 3, 4);
  expect(&a, MOTE_ERR_FORMAT, "contradict");
  write_archive(&a, two, 2, ZIP64_END);
  poke(&a, a.locator + 8, 0xFFFFFFF0, 4);
  expect(&a, MOTE_ERR_FORMAT, "64-bit end record");
  write_archive(&a, two, 2, ZIP64_END);
  poke(&a, a.locator + 12, 0xFFFFFFFF, 4); // offset near 2^64
  expect(&a, MOTE_ERR_FORMAT, "64-bit end record");
  write_archive(&a, two, 2, ZIP64_END | ZIP64_FIELDS);
  poke(&a, a.central[0] + 46 + 12 + 4 + 8 + 4, 1, 4); // packed size of 4 GiB
  expect(&a, MOTE_ERR_FORMAT, "other sizes");
  write_archive(&a, two, 2, ZIP64_FIELDS | DESCRIPTOR);
  poke(&a, a.central[0] + 46 + 12 + 4 + 8 + 4, 1, 4);
  expect(&a, MOTE_ERR_FORMAT, "past the end");
  write_archive(&a, two, 2, ZIP64_FIELDS);
  poke(&a, a.central[0] + 46 + 12 + 2, 8, 2); // extra field too short for what is saturated
  expect(&a, MOTE_ERR_FORMAT, "extra field");
}

static void unsafe_names(void **state) {
  (void)state;
  static const char *const bad[] = {"..", "../a", "a/..", "a/../b", "/a", "C:x", "a\\b", ""};
  static const char *const good[] = {"a..", "..a", "a/...", ".data/version", "a/b/c", "a/.", "folder/"};
  archive a;
  for (size_t i = 0; i < MOTE_COUNT(bad); i++) {
    write_archive(&a, &(record){bad[i], "x", false}, 1, 0);
    expect(&a, MOTE_ERR_FORMAT, "unsafe name");
  }
  for (size_t i = 0; i < MOTE_COUNT(good); i++) {
    write_archive(&a, &(record){good[i], "x", false}, 1, 0);
    expect(&a, MOTE_OK, "");
  }
  static const record twice[] = {{"a", "x", false}, {"a", "y", false}};
  write_archive(&a, twice, 2, 0);
  expect(&a, MOTE_ERR_FORMAT, "occurs twice");
}

static void damaged_contents(void **state) {
  (void)state;
  archive a;
  write_archive(&a, two, 2, DESCRIPTOR);
  a.bytes[a.local[0] + 30 + 12 + 6] ^= 1;
  expect(&a, MOTE_ERR_FORMAT, "CRC-32");
  write_archive(&a, two, 2, DESCRIPTOR);
  a.bytes[a.local[1] + 30 + 14 + 6 + 5] ^= 1;
  expect(&a, MOTE_ERR_FORMAT, "CRC-32");
  write_archive(&a, two, 2, DESCRIPTOR);
  poke(&a, a.central[1] + 24, 19, 4); // promises one byte less
  expect(&a, MOTE_ERR_FORMAT, "more than the size promised");
  write_archive(&a, two, 2, DESCRIPTOR);
  poke(&a, a.central[0] + 24, 1, 4);
  expect(&a, MOTE_ERR_FORMAT, "two different sizes");
  write_archive(&a, two, 2, DESCRIPTOR);
  poke(&a, a.central[1] + 20, 24, 4); // compressed data cut by a byte
  expect(&a, MOTE_ERR_FORMAT, "deflated data");
  write_archive(&a, two, 2, DESCRIPTOR);
  poke(&a, a.central[0] + 20, 3, 4), poke(&a, a.central[0] + 24, 3, 4);
  expect(&a, MOTE_ERR_FORMAT, "CRC-32"); // one byte of the next header
}

static void bombs(void **state) {
  (void)state;
  archive a;
  write_archive(&a, two, 2, DESCRIPTOR);
  poke(&a, a.central[1] + 24, 0x10000000, 4);
  expect(&a, MOTE_ERR_LIMIT, "200 times");
  write_archive(&a, two, 2, DESCRIPTOR);
  mote_zip_options options = {.inflate_limit = 10};
  mote_zip zip;
  mote_error e;
  mote_error_init(&e);
  assert_int_equal(mote_zip_open(&zip, mote_prim_allocator(), (mote_span){a.bytes, a.size}, &options, &e),
                   MOTE_ERR_LIMIT);
  assert_non_null(strstr(mote_error_message(&e), "memory limit"));
}

// Stored records above the limit are not summed when read, but can be on request.
static void large_stored_records(void **state) {
  (void)state;
  archive a;
  write_archive(&a, two, 2, DESCRIPTOR);
  a.bytes[a.local[0] + 30 + 12 + 6] ^= 1;
  mote_zip_options options = {.crc_stored_limit = 1};
  mote_zip zip;
  mote_zip_record r;
  assert_int_equal(mote_zip_open(&zip, mote_prim_allocator(), (mote_span){a.bytes, a.size}, &options, NULL), MOTE_OK);
  assert_int_equal(mote_zip_read(&zip, &zip.entries[0], &r, NULL), MOTE_OK);
  assert_int_equal(mote_zip_verify(&zip, &zip.entries[0], r.bytes, NULL), MOTE_ERR_FORMAT);
  mote_zip_close(&zip);
}

static void crc_of_known_text(void **state) {
  (void)state;
  assert_int_equal(crc_of("123456789"), 0xCBF43926); // the check value of the CRC catalogue
  assert_int_equal(crc_of(""), 0);
  mote_crc32_table t;
  mote_crc32_init(&t);
  const uint8_t *s = (const uint8_t *)"The quick brown fox jumps over the lazy dog";
  for (size_t n = 0; n <= 43; n++)
    assert_int_equal(mote_crc32(&t, mote_crc32(&t, 0, s, n), s + n, 43 - n), 0x414FA339);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_all_flavours),   cmocka_unit_test(empty_archive),
      cmocka_unit_test(every_cut_fails),      cmocka_unit_test(every_byte_flipped_is_harmless),
      cmocka_unit_test(memory_short),         cmocka_unit_test(broken_fields),
      cmocka_unit_test(broken_counts),        cmocka_unit_test(unsafe_names),
      cmocka_unit_test(damaged_contents),     cmocka_unit_test(bombs),
      cmocka_unit_test(large_stored_records), cmocka_unit_test(crc_of_known_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
