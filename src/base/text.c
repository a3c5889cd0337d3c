// Growing text and number formatting. The locale's decimal point never shows: floats are formatted one by one and
// repaired, and numbers are handed to libc without a point. Tests: tests/unit/test_base.c
#include "base/text.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/prim/host.h"

// ------------------------------------------------------------------------------------------- growing text

void mote_text_init(mote_text *t, const mote_allocator *al) { *t = (mote_text){.al = al}; }

static bool reserve(mote_text *t, size_t extra) {
  size_t want;
  if (t->failed || !mote_add_size(t->len, extra, &want) || !mote_add_size(want, 1, &want) ||
      mote_vec_reserve(t->al, (void **)&t->at, &t->cap, 0, want, 1, NULL) != MOTE_OK) {
    t->failed = true;
    return false;
  }
  return true;
}

void mote_text_add(mote_text *t, const char *s, size_t len) {
  if (!reserve(t, len))
    return;
  if (len)
    memcpy(t->at + t->len, s, len);
  t->len += len;
  t->at[t->len] = '\0';
}

void mote_text_str(mote_text *t, const char *s) { mote_text_add(t, s, strlen(s)); }

void mote_text_fmt(mote_text *t, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  int len = mote_vsnprint(NULL, 0, fmt, args);
  if (len >= 0 && reserve(t, (size_t)len)) {
    mote_vsnprint(t->at + t->len, (size_t)len + 1, fmt, again);
    t->len += (size_t)len;
  }
  va_end(again);
  va_end(args);
}

void mote_text_destroy(mote_text *t) {
  if (!t || !t->al)
    return;
  mote_free(t->al, t->at);
  *t = (mote_text){.al = t->al};
}

// ------------------------------------------------------------------------------------------- printing

typedef struct sink { // counts what does not fit
  char *out;
  size_t cap, len;
} sink;

static void put(sink *k, const char *s, size_t n) {
  if (k->len < k->cap) {
    size_t room = k->cap - k->len;
    memcpy(k->out + k->len, s, MOTE_MIN(n, room));
  }
  k->len += n;
}

static void put_fill(sink *k, char c, size_t n) {
  for (size_t i = 0; i < n; i++)
    put(k, &c, 1);
}

typedef struct spec { // one conversion of a format
  char flags[6];
  int width, precision; // -1: not given
  char length;          // 'H' hh, 'h', 'l', 'L' ll, 'z', 'j', 't' or 0
  char kind;
} spec;

static const char *parse_number(const char *f, int *out, va_list *args) {
  if (*f == '*') {
    *out = va_arg(*args, int);
    return f + 1;
  }
  int n = 0;
  for (; *f >= '0' && *f <= '9'; f++)
    n = MOTE_MIN(n * 10 + (*f - '0'), 1 << 20);
  *out = n;
  return f;
}

static const char *parse_spec(const char *f, spec *s, va_list *args) {
  *s = (spec){.width = -1, .precision = -1};
  for (size_t n = 0; *f && strchr("-+ #0", *f); f++)
    if (n < sizeof(s->flags) - 1 && !strchr(s->flags, *f))
      s->flags[n++] = *f;
  if (*f == '*' || (*f >= '1' && *f <= '9'))
    f = parse_number(f, &s->width, args);
  if (s->width < -1) { // a negative width from * means left aligned
    s->width = s->width == INT32_MIN ? INT32_MAX : -s->width;
    if (!strchr(s->flags, '-'))
      memcpy(s->flags, "-", 2);
  }
  if (*f == '.')
    f = parse_number(f + 1, &s->precision, args);
  if (*f && strchr("hlzjtL", *f)) {
    s->length = *f == 'L' ? 'L' : *f;
    if ((f[0] == 'h' || f[0] == 'l') && f[1] == f[0])
      s->length = *f++ == 'h' ? 'H' : 'L';
    f++;
  }
  s->kind = *f;
  return *f ? f + 1 : f;
}

static int64_t signed_arg(const spec *s, va_list *args) {
  switch (s->length) {
  case 'H':
    return (signed char)va_arg(*args, int);
  case 'h':
    return (short)va_arg(*args, int);
  case 'l':
    return va_arg(*args, long);
  case 'L':
    return va_arg(*args, long long);
  case 'j':
    return va_arg(*args, intmax_t);
  case 'z':
  case 't':
    return va_arg(*args, ptrdiff_t);
  default:
    return va_arg(*args, int);
  }
}

static uint64_t unsigned_arg(const spec *s, va_list *args) {
  switch (s->length) {
  case 'H':
    return (unsigned char)va_arg(*args, unsigned);
  case 'h':
    return (unsigned short)va_arg(*args, unsigned);
  case 'l':
    return va_arg(*args, unsigned long);
  case 'L':
    return va_arg(*args, unsigned long long);
  case 'j':
    return va_arg(*args, uintmax_t);
  case 'z':
  case 't':
    return va_arg(*args, size_t);
  default:
    return va_arg(*args, unsigned);
  }
}

enum { NUMBER_MAX = 512 }; // longest float: 309 digits, point, precision up to 100, sign

// Writes "%<flags>[width][.precision][length]<kind>" with bounds that keep the result inside NUMBER_MAX.
static void spec_text(const spec *s, const char *length, char out[32]) {
  size_t n = 0;
  out[n++] = '%';
  for (size_t i = 0; s->flags[i]; i++)
    out[n++] = s->flags[i];
  if (s->width > 0)
    n += (size_t)mote_prim_print_i64(out + n, 8, "%lld", MOTE_MIN(s->width, 100));
  if (s->precision >= 0) {
    out[n++] = '.';
    n += (size_t)mote_prim_print_i64(out + n, 8, "%lld", MOTE_MIN(s->precision, 100));
  }
  for (; *length; length++)
    out[n++] = *length;
  out[n++] = s->kind;
  out[n] = '\0';
}

// Puts '.' where the locale wrote its own point: the bytes after the first digit that belong to no number.
static size_t repair_point(char *text, size_t len) {
  size_t i = 0, end;
  while (i < len && !(text[i] >= '0' && text[i] <= '9'))
    i++;
  while (i < len && ((text[i] >= '0' && text[i] <= '9') || strchr("xXabcdfABCDF", text[i])))
    i++; // hexadecimal digits too; 'e' and 'p' end the run
  for (end = i; end < len && !strchr("0123456789abcdefABCDEFpP+- ", text[end]);)
    end++;
  if (end == i)
    return len;
  text[i] = '.';
  memmove(text + i + 1, text + end, len - end + 1);
  return len - (end - i) + 1;
}

static void put_f64(sink *k, const spec *s, double v) {
  char form[32], text[NUMBER_MAX];
  spec_text(s, "", form);
  int len = mote_prim_print_f64(text, sizeof(text), form, v);
  if (len < 0)
    return;
  size_t n = MOTE_MIN((size_t)len, sizeof(text) - 1);
  put(k, text, isfinite(v) ? repair_point(text, n) : n);
}

static void put_integer(sink *k, const spec *s, va_list *args) {
  char form[32], text[NUMBER_MAX];
  spec_text(s, "ll", form);
  bool is_signed = s->kind == 'd' || s->kind == 'i';
  int len = is_signed ? mote_prim_print_i64(text, sizeof(text), form, signed_arg(s, args))
                      : mote_prim_print_u64(text, sizeof(text), form, unsigned_arg(s, args));
  if (len > 0)
    put(k, text, (size_t)len);
}

static void put_text(sink *k, const spec *s, const char *text, size_t len) {
  size_t fill = s->width > 0 && (size_t)s->width > len ? (size_t)s->width - len : 0;
  bool left = strchr(s->flags, '-') != NULL;
  put_fill(k, ' ', left ? 0 : fill);
  put(k, text, len);
  put_fill(k, ' ', left ? fill : 0);
}

static void put_string(sink *k, const spec *s, const char *text) {
  if (!text)
    text = "(null)";
  const char *nul = s->precision >= 0 ? memchr(text, 0, (size_t)s->precision) : NULL;
  size_t len = s->precision < 0 ? strlen(text) : nul ? (size_t)(nul - text) : (size_t)s->precision;
  put_text(k, s, text, len);
}

static void put_pointer(sink *k, spec *s, void *p) {
  char form[32], text[NUMBER_MAX];
  memcpy(s->flags, "#", 2);
  s->kind = 'x';
  spec_text(s, "ll", form);
  int len = mote_prim_print_u64(text, sizeof(text), form, (uint64_t)(uintptr_t)p);
  if (len > 0)
    put(k, text, (size_t)len);
}

// The argument list travels in a struct: a va_list may be an array type, whose address a function parameter loses.
typedef struct arguments {
  va_list list;
} arguments;

static void put_conversion(sink *k, spec *s, arguments *a) {
  switch (s->kind) {
  case 'd':
  case 'i':
  case 'u':
  case 'x':
  case 'X':
  case 'o':
    put_integer(k, s, &a->list);
    break;
  case 'f':
  case 'F':
  case 'e':
  case 'E':
  case 'g':
  case 'G':
  case 'a':
  case 'A':
    put_f64(k, s, va_arg(a->list, double));
    break;
  case 's':
    put_string(k, s, va_arg(a->list, const char *));
    break;
  case 'c':
    put_text(k, s, (char[]){(char)va_arg(a->list, int)}, 1);
    break;
  case 'p':
    put_pointer(k, s, va_arg(a->list, void *));
    break;
  case '%':
    put(k, "%", 1);
    break;
  default:
    assert(!"conversion that mote_snprint does not have");
  }
}

int mote_vsnprint(char *out, size_t cap, const char *fmt, va_list args) {
  sink k = {out, cap ? cap - 1 : 0, 0};
  arguments a;
  va_copy(a.list, args);
  while (*fmt) {
    const char *percent = strchr(fmt, '%');
    size_t plain = percent ? (size_t)(percent - fmt) : strlen(fmt);
    put(&k, fmt, plain);
    fmt += plain;
    if (!percent)
      break;
    spec s;
    fmt = parse_spec(fmt + 1, &s, &a.list);
    put_conversion(&k, &s, &a);
  }
  va_end(a.list);
  if (cap)
    out[MOTE_MIN(k.len, cap - 1)] = '\0';
  return k.len > INT32_MAX ? INT32_MAX : (int)k.len;
}

int mote_snprint(char *out, size_t cap, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  int len = mote_vsnprint(out, cap, fmt, args);
  va_end(args);
  return len;
}

// ------------------------------------------------------------------------------------------- shortest decimal

typedef struct decimal { // 0.d1d2d3... * 10^point
  char digits[24];
  int count, point;
} decimal;

static double decimal_value(const decimal *d) {
  char text[48];
  memcpy(text, d->digits, (size_t)d->count);
  text[d->count] = 'e';
  mote_prim_print_i64(text + d->count + 1, 16, "%lld", d->point - d->count);
  return mote_prim_strtod(text);
}

// `v` > 0, correctly rounded to `count` digits.
static decimal decimal_round(double v, int count) {
  char text[64];
  spec s = {.width = -1, .precision = count - 1, .kind = 'e'};
  char form[32];
  spec_text(&s, "", form);
  int len = mote_prim_print_f64(text, sizeof(text), form, v);
  decimal d = {.count = count};
  int i = 0, n = 0;
  for (; i < len && text[i] != 'e'; i++)
    if (text[i] >= '0' && text[i] <= '9' && n < count)
      d.digits[n++] = text[i];
  int64_t exponent = 0;
  mote_parse_i64(text + i + 1, (size_t)(len - i - 1), 10, &exponent);
  d.point = (int)exponent + 1;
  return d;
}

static void decimal_next_up(decimal *d) {
  int i = d->count - 1;
  for (; i >= 0 && d->digits[i] == '9'; i--)
    d->digits[i] = '0';
  if (i >= 0) {
    d->digits[i]++;
    return;
  }
  d->digits[0] = '1'; // 99..9 became 10..0
  d->point++;
}

// Fewest digits that read back as `v` > 0, the nearest such.
// Below a power of two doubles lie half as far apart as above it, so there the neighbour upward may read back although
// the rounded digits do not. 15 digits survive any normal double, so a shorter form shows as zeros at their end.
static decimal decimal_shortest(double v) {
  int exponent;
  bool power_of_two = frexp(v, &exponent) == 0.5;
  for (int count = v < 2.2250738585072014e-308 ? 1 : 15; count < 17; count++) {
    decimal d = decimal_round(v, count);
    if (decimal_value(&d) == v)
      return d;
    if (power_of_two) {
      decimal_next_up(&d);
      if (decimal_value(&d) == v)
        return d;
    }
  }
  return decimal_round(v, 17);
}

static int copy_text(char *out, const char *text) {
  size_t len = strlen(text);
  memcpy(out, text, len + 1);
  return (int)len;
}

// Python writes exponents below -4 and from 16 on in scientific form.
static int write_decimal(char *out, const decimal *d) {
  int n = 0, count = d->count;
  while (count > 1 && d->digits[count - 1] == '0')
    count--;
  int exponent = d->point - 1;
  if (exponent < -4 || exponent >= 16) {
    out[n++] = d->digits[0];
    if (count > 1)
      out[n++] = '.';
    for (int i = 1; i < count; i++)
      out[n++] = d->digits[i];
    int magnitude = exponent < 0 ? -exponent : exponent;
    return n + mote_snprint(out + n, 8, "e%c%02d", exponent < 0 ? '-' : '+', magnitude);
  }
  int first = exponent < 0 ? exponent : 0, last = MOTE_MAX(count - 1, exponent + 1);
  for (int i = first; i <= last; i++) {
    out[n++] = i >= 0 && i < count ? d->digits[i] : '0';
    if (i == (exponent < 0 ? first : exponent))
      out[n++] = '.';
  }
  out[n] = '\0';
  return n;
}

int mote_format_f64(char *out, double v) {
  if (isnan(v))
    return copy_text(out, "nan");
  int n = 0;
  if (signbit(v))
    out[n++] = '-';
  if (isinf(v))
    return n + copy_text(out + n, "inf");
  if (v == 0)
    return n + copy_text(out + n, "0.0");
  decimal d = decimal_shortest(fabs(v));
  return n + write_decimal(out + n, &d);
}

// ------------------------------------------------------------------------------------------- parsing

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c; }

static bool word_is(const char *s, size_t len, const char *word) {
  size_t i = 0;
  for (; i < len && word[i]; i++)
    if (lower(s[i]) != word[i])
      return false;
  return i == len && !word[i];
}

static bool is_digit(const char *s, const char *end) { return s < end && *s >= '0' && *s <= '9'; }

// Digits in order without leading zeros. 800 digits decide every rounding of a double (the longest midpoint between two
// doubles has 768); what follows matters only by being nonzero.
enum { DIGITS_MAX = 800 };
typedef struct digit_run {
  char text[DIGITS_MAX + 32];
  int count;
  int64_t exponent; // power of ten of the last digit
} digit_run;

static void digit_add(digit_run *r, char c, bool fraction) {
  if (r->count == 0 && c == '0') {
    r->exponent -= fraction;
  } else if (r->count < DIGITS_MAX) {
    r->text[r->count++] = c;
    r->exponent -= fraction;
  } else {
    r->exponent += !fraction;
    if (c != '0')
      r->text[DIGITS_MAX - 1] = r->text[DIGITS_MAX - 1] == '0' ? '1' : r->text[DIGITS_MAX - 1];
  }
}

// Digits with single underscores between them. Returns how many digits, -1 for a misplaced underscore.
static int digit_group(const char **s, const char *end, digit_run *r, bool fraction) {
  int n = 0;
  while (is_digit(*s, end)) {
    digit_add(r, *(*s)++, fraction);
    n += n < INT32_MAX;
    if (*s < end && **s == '_' && !is_digit(++*s, end))
      return -1;
  }
  return n;
}

static bool parse_exponent(const char **s, const char *end, int64_t *out) {
  bool minus = false;
  if (*s < end && (**s == '+' || **s == '-'))
    minus = *(*s)++ == '-';
  if (!is_digit(*s, end))
    return false;
  int64_t e = 0;
  while (is_digit(*s, end)) {
    e = e * 10 + (*(*s)++ - '0');
    e = MOTE_MIN(e, (int64_t)1 << 40);
    if (*s < end && **s == '_' && !is_digit(++*s, end))
      return false;
  }
  *out = minus ? -e : e;
  return true;
}

static bool parse_finite(const char *s, const char *end, double *out) {
  digit_run r = {.count = 0, .exponent = 0};
  int whole = digit_group(&s, end, &r, false), part = 0;
  if (whole >= 0 && s < end && *s == '.') {
    s++;
    part = digit_group(&s, end, &r, true);
  }
  if (whole < 0 || part < 0 || whole + part == 0)
    return false;
  if (s < end && (*s == 'e' || *s == 'E')) {
    int64_t exponent = 0;
    s++;
    if (!parse_exponent(&s, end, &exponent))
      return false;
    r.exponent += exponent;
  }
  if (s != end)
    return false;
  if (r.count == 0) {
    *out = 0;
    return true;
  }
  // Anything beyond +-100000 is far outside a double even with 800 digits.
  int64_t exponent = MOTE_MAX(MOTE_MIN(r.exponent, (int64_t)100000), (int64_t)-100000);
  r.text[r.count] = 'e';
  mote_prim_print_i64(r.text + r.count + 1, 24, "%lld", exponent);
  *out = mote_prim_strtod(r.text);
  return true;
}

bool mote_parse_f64(const char *s, size_t len, double *out) {
  const char *end = s + len;
  bool minus = false;
  if (s < end && (*s == '+' || *s == '-'))
    minus = *s++ == '-';
  size_t rest = (size_t)(end - s);
  double v;
  if (word_is(s, rest, "inf") || word_is(s, rest, "infinity"))
    v = INFINITY;
  else if (word_is(s, rest, "nan"))
    v = NAN;
  else if (!parse_finite(s, end, &v))
    return false;
  *out = minus ? -v : v;
  return true;
}

bool mote_parse_i64(const char *s, size_t len, int base, int64_t *out) {
  const char *end = s + len;
  bool minus = false;
  if (s < end && (*s == '+' || *s == '-'))
    minus = *s++ == '-';
  if (s == end)
    return false;
  uint64_t v = 0, bound = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
  for (; s < end; s++) {
    int c = lower(*s), digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
    if (digit >= base || v > (bound - (uint64_t)digit) / (uint64_t)base)
      return false;
    v = v * (uint64_t)base + (uint64_t)digit;
  }
  *out = minus ? (int64_t)(0 - v) : (int64_t)v;
  return true;
}
