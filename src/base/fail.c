// Filling and reading mote_error. Text layout: [place][message]NUL[item]NUL[item]NUL...; text_len counts all of it.
// Knows only the public error struct. Tests: tests/unit/test_base.c
#include "base/fail.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

// A message may not use up the room that place and traceback need.
enum { MESSAGE_MAX = 2048, PLACE_MAX = 512 };

void mote_error_init(mote_error *error) {
  if (!error)
    return;
  error->struct_size = sizeof(*error);
  mote_fail_clear(error);
}

void mote_fail_clear(mote_error *err) {
  if (!err)
    return;
  err->status = MOTE_OK;
  err->node = -1;
  err->offset = UINT64_MAX;
  err->item_count = 0;
  err->text_len = 0;
  err->place_len = 0;
  err->text[0] = '\0';
}

// Names in a message come from files: control characters must not reach a terminal or break the line.
static void one_line(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7F)
      *text = '?';
}

mote_status mote_fail(mote_error *err, mote_status status, const char *fmt, ...) {
  if (!err || err->status != MOTE_OK)
    return status;
  mote_fail_clear(err);
  err->status = status;
  va_list args;
  va_start(args, fmt);
  mote_vsnprint(err->text, MESSAGE_MAX, fmt, args);
  va_end(args);
  if (status != MOTE_ERR_RAISED) // the program's own text keeps its lines
    one_line(err->text);
  err->text_len = (uint32_t)strlen(err->text) + 1;
  return status;
}

mote_status mote_fail_nomem(mote_error *err) { return mote_fail(err, MOTE_ERR_NOMEM, "out of memory"); }

void mote_fail_place(mote_error *err, const char *fmt, ...) {
  if (!err || err->status == MOTE_OK)
    return;
  char place[PLACE_MAX + 3];
  va_list args;
  va_start(args, fmt);
  mote_vsnprint(place, PLACE_MAX, fmt, args);
  va_end(args);
  one_line(place);
  size_t len = strlen(place);
  place[len++] = ':';
  place[len++] = ' ';
  if (len > sizeof(err->text) - err->text_len)
    return;
  memmove(err->text + len, err->text, err->text_len);
  memcpy(err->text, place, len);
  err->text_len += (uint32_t)len;
  err->place_len += (uint32_t)len;
}

void mote_fail_offset(mote_error *err, uint64_t offset) {
  if (err && err->status != MOTE_OK && err->offset == UINT64_MAX)
    err->offset = offset;
}

void mote_fail_node(mote_error *err, int32_t node) {
  if (err && err->status != MOTE_OK && err->node < 0)
    err->node = node;
}

void mote_fail_item(mote_error *err, const char *fmt, ...) {
  if (!err || err->status == MOTE_OK)
    return;
  size_t room = sizeof(err->text) - err->text_len;
  va_list args;
  va_start(args, fmt);
  int len = room > 0 ? mote_vsnprint(err->text + err->text_len, room, fmt, args) : -1;
  va_end(args);
  if (len < 0 || (size_t)len >= room)
    return; // an item that does not fit whole is left out
  err->text_len += (uint32_t)len + 1;
  err->item_count++;
}

void mote_fail_drop_items(mote_error *err) {
  if (!err || err->status == MOTE_OK)
    return;
  err->item_count = 0;
  err->text_len = (uint32_t)strlen(err->text) + 1;
}

const char *mote_error_message(const mote_error *error) { return error && error->status != MOTE_OK ? error->text : ""; }

const char *mote_error_item(const mote_error *error, uint32_t index) {
  if (!error || index >= error->item_count)
    return NULL;
  const char *at = error->text;
  for (uint32_t i = 0; i <= index; i++)
    at += strlen(at) + 1;
  return at;
}

const char *mote_status_name(mote_status status) {
  // ORDER mote_status
  static const char *const names[] = {
      "MOTE_OK",           "MOTE_ERR_NOMEM",       "MOTE_ERR_ARGUMENT", "MOTE_ERR_IO",
      "MOTE_ERR_FORMAT",   "MOTE_ERR_UNSUPPORTED", "MOTE_ERR_SHAPE",    "MOTE_ERR_TYPE",
      "MOTE_ERR_LIMIT",    "MOTE_ERR_DATA",        "MOTE_ERR_RAISED",   "MOTE_ERR_CANCELLED",
      "MOTE_ERR_INTERNAL",
  };
  _Static_assert(MOTE_COUNT(names) == MOTE_ERR_INTERNAL + 1, "a name for every status");
  return (unsigned)status < MOTE_COUNT(names) ? names[status] : "MOTE_ERR_UNKNOWN";
}

#define VERSION_TEXT_(a, b, c) #a "." #b "." #c
#define VERSION_TEXT(a, b, c) VERSION_TEXT_(a, b, c)
const char *mote_version(void) { return VERSION_TEXT(MOTE_VERSION_MAJOR, MOTE_VERSION_MINOR, MOTE_VERSION_PATCH); }
