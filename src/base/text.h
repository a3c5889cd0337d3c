// Growing text buffer and number formatting, independent of the locale. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_TEXT_H
#define MOTE_BASE_TEXT_H

#include <stdarg.h>

#include "base/alloc.h"

typedef struct mote_text {
  const mote_allocator *al;
  char *at; // NUL terminated once anything was added
  size_t len, cap;
  bool failed; // sticky: memory was short
} mote_text;

void mote_text_init(mote_text *t, const mote_allocator *al);
void mote_text_add(mote_text *t, const char *s, size_t len);
void mote_text_str(mote_text *t, const char *s);
void mote_text_fmt(mote_text *t, const char *fmt, ...) MOTE_PRINTF(2, 3);
void mote_text_destroy(mote_text *t);

// snprintf with '.' as decimal point whatever the locale; always terminates. Returns the length wanted.
// Conversions: d i u x X o c s p f F e E g G a A %, with flags, width, precision, * and the length letters.
int mote_snprint(char *out, size_t cap, const char *fmt, ...) MOTE_PRINTF(3, 4);
int mote_vsnprint(char *out, size_t cap, const char *fmt, va_list args);
// Shortest decimal that reads back as the same double, in Python's repr form ("1.0", "1e-05", "inf", "nan").
// Returns the length; `out` holds at least 32 bytes.
int mote_format_f64(char *out, double v);
// Parses Python's float grammar (leading/trailing blanks already removed); false when it is not a number.
bool mote_parse_f64(const char *s, size_t len, double *out);
bool mote_parse_i64(const char *s, size_t len, int base, int64_t *out);

#endif
