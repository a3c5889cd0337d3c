// Owns: the .npy format. Must not know: models. A file is hostile: every length is compared with the bytes there are.
// Tests: tests/unit/test_tools_npy.c
#include "npy.h"
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t NPY_LIMIT = (size_t)4 << 30;

typedef struct npy_type {
  char letter;
  uint32_t size;
  mote_dtype dtype;
} npy_type;

static const npy_type types[] = {{'f', 4, MOTE_F32}, {'f', 2, MOTE_F16},  {'f', 8, MOTE_F64}, {'i', 1, MOTE_I8},
                                 {'i', 2, MOTE_I16}, {'i', 4, MOTE_I32},  {'i', 8, MOTE_I64}, {'u', 1, MOTE_U8},
                                 {'u', 2, MOTE_U16}, {'u', 4, MOTE_U32},  {'u', 8, MOTE_U64}, {'b', 1, MOTE_BOOL},
                                 {'c', 8, MOTE_C64}, {'c', 16, MOTE_C128}};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

typedef struct header {
  mote_dtype dtype;
  size_t item;
  bool wide, swapped, fortran;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  bool seen_descr, seen_order, seen_shape;
} header;

// ------------------------------------------------------------------------------------------- header

typedef struct cursor { // the header's text: a Python dictionary of three entries
  const char *at, *end;
} cursor;

static void skip_space(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
    c->at++;
}

static bool take(cursor *c, char wanted) {
  skip_space(c);
  if (c->at >= c->end || *c->at != wanted)
    return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  size_t len = strlen(word);
  skip_space(c);
  if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
    return false;
  c->at += len;
  return true;
}

static bool take_quoted(cursor *c, char *out, size_t room) {
  skip_space(c);
  if (c->at >= c->end || (*c->at != '\'' && *c->at != '"'))
    return false;
  char quote = *c->at++;
  size_t used = 0;
  while (c->at < c->end && *c->at != quote && used + 1 < room)
    out[used++] = *c->at++;
  out[used] = 0;
  return take(c, quote);
}

static bool take_integer(cursor *c, int64_t *out) {
  skip_space(c);
  int64_t v = 0;
  const char *start = c->at;
  while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
    if (v > (INT64_MAX - 9) / 10)
      return false;
    v = v * 10 + (*c->at++ - '0');
  }
  if (c->at == start)
    return false;
  if (c->at < c->end && *c->at == 'L') // written by Python 2
    c->at++;
  *out = v;
  return true;
}

static bool take_shape(cursor *c, header *h, note *why) {
  if (!take(c, '('))
    return note_set(why, "the header's shape is not a tuple");
  while (!take(c, ')')) {
    int64_t dim;
    if (!take_integer(c, &dim))
      return note_set(why, "the header's shape holds something that is not a size");
    if (h->rank == MOTE_MAX_RANK)
      return note_set(why, "more than %d dimensions", MOTE_MAX_RANK);
    h->dim[h->rank++] = dim;
    if (!take(c, ',') && (c->at >= c->end || *c->at != ')'))
      return note_set(why, "the header's shape is not a tuple");
  }
  h->seen_shape = true;
  return true;
}

static bool machine_is_little(void) {
  uint16_t one = 1;
  unsigned char first;
  memcpy(&first, &one, 1);
  return first == 1;
}

static bool set_strings(header *h, char letter, uint64_t length, note *why) {
  if (length > 1u << 20)
    return note_set(why, "strings of %llu characters", (unsigned long long)length);
  h->dtype = MOTE_STRING;
  h->wide = letter == 'U';
  h->item = (size_t)length * (h->wide ? 4 : 1);
  return true;
}

// "<f4": byte order, kind, bytes of an item (of a character for 'U').
static bool set_descr(header *h, const char *descr, note *why) {
  char order = descr[0], letter = order ? descr[1] : 0;
  char *end = NULL;
  unsigned long long size = letter && descr[2] >= '0' && descr[2] <= '9' ? strtoull(descr + 2, &end, 10) : 0;
  if (!strchr("<>=|", order) || !end || *end)
    return note_set(why, "data type \"%s\" is not supported", descr);
  h->swapped = (order == '<' && !machine_is_little()) || (order == '>' && machine_is_little());
  h->seen_descr = true;
  if (letter == 'S' || letter == 'U')
    return set_strings(h, letter, size, why);
  for (int i = 0; i < TYPE_COUNT; i++)
    if (types[i].letter == letter && types[i].size == size) {
      h->dtype = types[i].dtype;
      h->item = (size_t)size;
      return true;
    }
  return note_set(why, "data type \"%s\" is not supported", descr);
}

static bool take_entry(cursor *c, header *h, note *why) {
  char key[32], descr[32];
  if (!take_quoted(c, key, sizeof key) || !take(c, ':'))
    return note_set(why, "the header is not a dictionary");
  if (strcmp(key, "shape") == 0 && !h->seen_shape)
    return take_shape(c, h, why);
  if (strcmp(key, "descr") == 0 && !h->seen_descr)
    return take_quoted(c, descr, sizeof descr) ? set_descr(h, descr, why)
                                               : note_set(why, "structured data types are not supported");
  if (strcmp(key, "fortran_order") != 0 || h->seen_order)
    return note_set(why, "unknown or repeated header entry \"%s\"", key);
  h->seen_order = true;
  h->fortran = take_word(c, "True");
  return h->fortran || take_word(c, "False") ? true : note_set(why, "fortran_order is neither True nor False");
}

static bool parse_header(cursor c, header *h, note *why) {
  if (!take(&c, '{'))
    return note_set(why, "the header is not a dictionary");
  while (!take(&c, '}')) {
    if (!take_entry(&c, h, why))
      return false;
    if (!take(&c, ',') && (c.at >= c.end || *c.at != '}'))
      return note_set(why, "the header is not a dictionary");
  }
  if (!h->seen_descr || !h->seen_order || !h->seen_shape)
    return note_set(why, "the header lacks descr, fortran_order or shape");
  return true;
}

// ------------------------------------------------------------------------------------------- data

static void swap_bytes(unsigned char *data, size_t unit, size_t units) {
  for (size_t i = 0; i < units; i++, data += unit)
    for (size_t k = 0; k < unit / 2; k++) {
      unsigned char held = data[k];
      data[k] = data[unit - 1 - k];
      data[unit - 1 - k] = held;
    }
}

// Bytes that are swapped as one: a component of a complex number, a character of a wide string.
static size_t swap_unit(const header *h) {
  if (h->dtype == MOTE_STRING)
    return h->wide ? 4 : 1;
  return h->dtype == MOTE_C64 || h->dtype == MOTE_C128 ? h->item / 2 : h->item;
}

// C order from Fortran order: the first index runs fastest in the source.
static void copy_fortran(array *a, const unsigned char *from) {
  int64_t at[MOTE_MAX_RANK] = {0};
  for (int64_t i = 0; i < a->count; i++) {
    int64_t source = 0;
    for (int32_t k = a->rank - 1; k >= 0; k--)
      source = source * a->dim[k] + at[k];
    memcpy(a->data + (size_t)i * a->item, from + (size_t)source * a->item, a->item);
    for (int32_t k = a->rank - 1; k >= 0 && ++at[k] == a->dim[k]; k--)
      at[k] = 0;
  }
}

static bool read_data(const header *h, const unsigned char *data, size_t size, array *out, note *why) {
  uint64_t count = 1;
  for (int32_t i = 0; i < h->rank; i++) {
    if (h->dim[i] && count > (uint64_t)NPY_LIMIT / (uint64_t)h->dim[i])
      return note_set(why, "the shape has too many elements");
    count *= (uint64_t)h->dim[i];
  }
  if (count > (h->item ? size / h->item : 65536))
    return note_set(why, "%zu bytes of data, the shape needs %llu elements of %zu bytes", size,
                    (unsigned long long)count, h->item);
  if (!array_make(out, h->dtype, h->rank, h->dim, h->item, why))
    return false;
  out->wide = h->wide;
  out->item = h->item;
  size_t bytes = (size_t)count * h->item;
  if (h->fortran && h->rank > 1)
    copy_fortran(out, data);
  else
    memcpy(out->data, data, bytes);
  if (h->swapped && h->item)
    swap_bytes(out->data, swap_unit(h), bytes / swap_unit(h));
  for (size_t i = 0; h->dtype == MOTE_BOOL && i < bytes; i++)
    out->data[i] = out->data[i] != 0;
  return true;
}

static bool parse(const unsigned char *data, size_t size, array *out, note *why) {
  if (size < 10 || memcmp(data, "\x93NUMPY", 6) != 0)
    return note_set(why, "not an .npy file");
  unsigned major = data[6];
  if (major < 1 || major > 3 || data[7] != 0)
    return note_set(why, ".npy version %u.%u is not supported", major, (unsigned)data[7]);
  size_t start = major == 1 ? 10 : 12;
  if (size < start)
    return note_set(why, "the header is cut off");
  size_t length = data[8] | (size_t)data[9] << 8;
  if (major > 1)
    length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
  if (length > size - start)
    return note_set(why, "the header is cut off");
  header h = {0};
  cursor c = {(const char *)data + start, (const char *)data + start + length};
  return parse_header(c, &h, why) && read_data(&h, data + start + length, size - start - length, out, why);
}

bool npy_parse(const unsigned char *data, size_t size, const char *name, array *out, note *why) {
  memset(out, 0, sizeof *out);
  return parse(data, size, out, why) ? true : note_prefix(why, "%s", name);
}

bool npy_read(const char *path, array *out, note *why) {
  file_bytes bytes = {0};
  memset(out, 0, sizeof *out);
  if (!file_read(path, NPY_LIMIT, &bytes, why))
    return false;
  bool ok = npy_parse(bytes.data, bytes.size, path, out, why);
  file_free(&bytes);
  return ok;
}

// ------------------------------------------------------------------------------------------- writing

static bool descr_text(const array *a, char *out, size_t room) {
  if (a->dtype == MOTE_STRING) {
    snprintf(out, room, a->wide ? "<U%zu" : "|S%zu", a->wide ? a->item / 4 : a->item);
    return true;
  }
  mote_dtype dtype = a->dtype == MOTE_BF16 ? MOTE_U16 : a->dtype;
  for (int i = 0; i < TYPE_COUNT; i++)
    if (types[i].dtype == dtype) {
      snprintf(out, room, "%c%c%u", types[i].size == 1 ? '|' : '<', types[i].letter, types[i].size);
      return true;
    }
  return false;
}

// The data starts at a multiple of 64 bytes, as NumPy lays it out.
static size_t header_text(const array *a, const char *descr, char *out, size_t room) {
  char shape[200];
  size_t used = 0;
  for (int32_t i = 0; i < a->rank; i++)
    used += (size_t)snprintf(shape + used, sizeof shape - used, i ? ", %lld" : "%lld", (long long)a->dim[i]);
  snprintf(shape + used, sizeof shape - used, a->rank == 1 ? "," : "");
  int len = snprintf(out + 10, room - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape);
  size_t total = (10 + (size_t)len + 1 + 63) / 64 * 64;
  memset(out + 10 + len, ' ', total - 10 - (size_t)len);
  out[total - 1] = '\n';
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  out[8] = (char)((total - 10) & 255);
  out[9] = (char)((total - 10) >> 8);
  return total;
}

bool npy_write(const char *path, const array *a, note *why) {
  char descr[24], head[512];
  if (!descr_text(a, descr, sizeof descr))
    return note_set(why, "%s: .npy has no type for %s", path, mote_dtype_name(a->dtype));
  size_t bytes = (size_t)a->count * a->item, unit = a->item;
  if (!machine_is_little() && a->dtype != MOTE_STRING) {
    header h = {.dtype = a->dtype, .item = a->item};
    unit = swap_unit(&h);
    swap_bytes(a->data, unit, bytes / unit);
  }
  file_part parts[2] = {{head, header_text(a, descr, head, sizeof head)}, {a->data, bytes}};
  bool ok = file_write(path, parts, 2, why);
  if (!machine_is_little() && a->dtype != MOTE_STRING)
    swap_bytes(a->data, unit, bytes / unit);
  return ok;
}
