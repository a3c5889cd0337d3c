// How the fuzzer changes an archive: one record at a time, written back with the right CRC and directory, so that what
// it tries gets past the container. Source is changed by words and numbers, pickles by their small numbers, everything
// else by bytes. Linked into fuzz_torch only.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/prim.h"
#include "wire/zip.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { RECORD_MAX = 1 << 16, ROOM = 4096, WORD_MAX = 24 };

static uint32_t draw(unsigned *seed, size_t n) {
  *seed = *seed * 1664525u + 1013904223u;
  return n > 0 ? (*seed >> 8) % (uint32_t)n : 0;
}

// ------------------------------------------------------------------------------------------------ source

static bool in_word(uint8_t c) { return isalnum(c) || c == '_'; }

// The word at or after a random place; 0 when there is none.
static size_t some_word(const uint8_t *text, size_t size, unsigned *seed, size_t *at) {
  size_t begin = draw(seed, size), end;
  while (begin < size && !in_word(text[begin]))
    begin++;
  while (begin > 0 && in_word(text[begin - 1]))
    begin--;
  for (end = begin; end < size && in_word(text[end]); end++)
    ;
  *at = begin;
  return end - begin;
}

static size_t replace(uint8_t *text, size_t size, size_t at, size_t len, const char *with, size_t n) {
  memmove(text + at + n, text + at + len, size - at - len);
  memcpy(text + at, with, n);
  return size - len + n;
}

static size_t mutate_text(uint8_t *text, size_t size, size_t max_size, unsigned *seed) {
  static const char *const numbers[] = {"0",
                                        "1",
                                        "-1",
                                        "2",
                                        "-2",
                                        "7",
                                        "64",
                                        "1000",
                                        "2147483648",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "4294967296",
                                        "0.",
                                        "1e308",
                                        "True",
                                        "None",
                                        "[]"};
  char word[WORD_MAX];
  size_t at, from, len = some_word(text, size, seed, &at), n = some_word(text, size, seed, &from);
  if (len == 0 || n == 0 || n > WORD_MAX || size + WORD_MAX > max_size || draw(seed, 8) == 0)
    return LLVMFuzzerMutate(text, size, max_size);
  if (isdigit(text[at]) && draw(seed, 4) > 0) {
    const char *number = numbers[draw(seed, sizeof numbers / sizeof numbers[0])];
    return replace(text, size, at, len, number, strlen(number));
  }
  memcpy(word, text + from, n);
  return replace(text, size, at, len, word, n);
}

// ------------------------------------------------------------------------------------------------ pickles

// A small number ('K' and a byte) for another: what bytecode counts and points with.
static size_t mutate_pickle(uint8_t *bytes, size_t size, size_t max_size, unsigned *seed) {
  for (size_t at = draw(seed, size), tries = draw(seed, 4) > 0 ? 200 : 0; tries > 0 && at + 1 < size; at++, tries--)
    if (bytes[at] == 'K') {
      bytes[at + 1] = draw(seed, 2) ? (uint8_t)draw(seed, 9) : (uint8_t)draw(seed, 256);
      return size;
    }
  return LLVMFuzzerMutate(bytes, size, max_size);
}

// ------------------------------------------------------------------------------------------------ archive

typedef struct writer {
  uint8_t *at;
  size_t len, cap;
  bool full;
} writer;

static void put(writer *w, const void *bytes, size_t n) {
  w->full |= n > w->cap - w->len;
  if (w->full)
    return;
  if (n > 0)
    memcpy(w->at + w->len, bytes, n);
  w->len += n;
}

static void put_number(writer *w, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; i++, v >>= 8)
    put(w, &(uint8_t){(uint8_t)v}, 1);
}

// What local and central headers share, from the version needed to the length of the extra field.
static void put_header(writer *w, const mote_zip_entry *e, uint32_t crc, size_t size) {
  put_number(w, 20, 2);
  put_number(w, 0, 8); // flags, stored, time
  put_number(w, crc, 4);
  put_number(w, size, 4);
  put_number(w, size, 4);
  put_number(w, e->name_len, 2);
  put_number(w, 0, 2);
}

typedef struct record {
  mote_span bytes;
  size_t at;
  uint32_t crc;
} record;

static void write_archive(writer *w, const mote_zip *zip, record *records) {
  for (size_t i = 0; i < zip->count; i++) {
    record *r = &records[i];
    r->crc = mote_crc32(&zip->crc, 0, r->bytes.data, r->bytes.size);
    r->at = w->len;
    put_number(w, 0x04034b50, 4);
    put_header(w, &zip->entries[i], r->crc, r->bytes.size);
    put(w, zip->entries[i].name, zip->entries[i].name_len);
    put(w, r->bytes.data, r->bytes.size);
  }
  size_t directory = w->len;
  for (size_t i = 0; i < zip->count; i++) {
    put_number(w, 0x02014b50, 4);
    put_number(w, 20, 2);
    put_header(w, &zip->entries[i], records[i].crc, records[i].bytes.size);
    put_number(w, 0, 10); // comment, disk, attributes
    put_number(w, records[i].at, 4);
    put(w, zip->entries[i].name, zip->entries[i].name_len);
  }
  size_t bytes = w->len - directory;
  put_number(w, 0x06054b50, 4);
  put_number(w, 0, 4);
  put_number(w, zip->count, 2);
  put_number(w, zip->count, 2);
  put_number(w, bytes, 4);
  put_number(w, directory, 4);
  put_number(w, 0, 2);
}

static bool ends(const mote_zip_entry *e, const char *with) {
  size_t n = strlen(with);
  return e->name_len > n && memcmp(e->name + e->name_len - n, with, n) == 0;
}

// Changes record `n` in `copy`; false when it is not one to change.
static bool mutate_record(const mote_zip_entry *e, record *r, uint8_t *copy, unsigned *seed) {
  size_t size = r->bytes.size;
  if (size == 0 || size > RECORD_MAX)
    return false;
  memcpy(copy, r->bytes.data, size);
  for (uint32_t times = 1 + draw(seed, 3); times > 0 && size > 0; times--)
    size = ends(e, ".py")    ? mutate_text(copy, size, RECORD_MAX + ROOM, seed)
           : ends(e, ".pkl") ? mutate_pickle(copy, size, RECORD_MAX + ROOM, seed)
                             : LLVMFuzzerMutate(copy, size, RECORD_MAX + ROOM);
  r->bytes = (mote_span){copy, size};
  return true;
}

static bool mutate_archive(const mote_zip *zip, writer *w, unsigned *seed) {
  record *records = calloc(zip->count, sizeof *records);
  mote_zip_record *read = calloc(zip->count, sizeof *read);
  uint8_t *copy = malloc(RECORD_MAX + ROOM);
  size_t n = 0;
  bool done = false;
  while (records && read && copy && n < zip->count && mote_zip_read(zip, &zip->entries[n], &read[n], NULL) == MOTE_OK) {
    records[n].bytes = read[n].bytes;
    n++;
  }
  for (int tries = 0; n == zip->count && !done && tries < 8; tries++) {
    size_t i = draw(seed, n);
    bool dull = memmem(zip->entries[i].name, zip->entries[i].name_len, "debug_pkl", 9) != NULL;
    done = (!dull || draw(seed, 8) == 0) && mutate_record(&zip->entries[i], &records[i], copy, seed);
  }
  if (done)
    write_archive(w, zip, records);
  for (size_t i = 0; read && i < n; i++)
    mote_zip_record_free(zip, &read[i]);
  free(copy);
  free(read);
  free(records);
  return done && !w->full;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  mote_zip zip;
  writer w = {.at = malloc(max_size), .cap = max_size};
  bool done = false;
  if (w.at && draw(&seed, 16) > 0 &&
      mote_zip_open(&zip, mote_prim_allocator(), (mote_span){data, size}, NULL, NULL) == MOTE_OK) {
    done = zip.count > 0 && mutate_archive(&zip, &w, &seed);
    mote_zip_close(&zip);
  }
  if (done)
    memcpy(data, w.at, w.len);
  free(w.at);
  return done ? w.len : LLVMFuzzerMutate(data, size, max_size);
}
