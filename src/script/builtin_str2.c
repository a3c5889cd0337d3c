// Builtin methods of str that make new text, and the functions that turn values into text.
// Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <string.h>

#define STR(i) MOTE_WANT(vm, a[i], MOTE_TAG_STR)

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static char to_upper(char c) { return is_lower(c) ? (char)(c - 32) : c; }
static char to_lower(char c) { return is_upper(c) ? (char)(c + 32) : c; }

static mote_status s_add(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  STR(1);
  size_t x = a[0].u.str->len, y = a[1].u.str->len;
  MOTE_TRY(mote_str_alloc(vm->al, x + y, out, vm->err));
  memcpy(out->u.str->at, a[0].u.str->at, x);
  memcpy(out->u.str->at + x, a[1].u.str->at, y);
  return MOTE_OK;
}

static mote_status s_mul(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  MOTE_WANT_INT(vm, a[1]);
  int64_t total, len = (int64_t)a[0].u.str->len;
  if (!mote_mul_count(len, MOTE_MAX(a[1].u.i, 0), &total) || (uint64_t)total > vm->memory_limit)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "text does not fit the memory limit");
  MOTE_TRY(mote_str_alloc(vm->al, (size_t)total, out, vm->err));
  for (int64_t i = 0; len && i < total; i += len)
    memcpy(out->u.str->at + i, a[0].u.str->at, (size_t)len);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ case

enum { UPPER, LOWER, SWAP, CAPITAL, TITLE };

static mote_status change_case(mote_vm *vm, const mote_val *a, int how, mote_val *out) {
  STR(0);
  MOTE_TRY(mote_str_new(vm->al, a[0].u.str->at, a[0].u.str->len, out, vm->err));
  bool inside = false;
  for (size_t i = 0; i < out->u.str->len; i++) {
    char *c = &out->u.str->at[i];
    bool up = how == UPPER || (how == SWAP && is_lower(*c)) || (how == CAPITAL && i == 0) || (how == TITLE && !inside);
    inside = is_upper(*c) || is_lower(*c);
    *c = up ? to_upper(*c) : to_lower(*c);
  }
  return MOTE_OK;
}

#define CASE(name, how)                                                                                                \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    return (void)n, change_case(vm, a, how, out);                                                                      \
  }
CASE(s_upper, UPPER)
CASE(s_lower, LOWER)
CASE(s_swapcase, SWAP)
CASE(s_capitalize, CAPITAL)
CASE(s_title, TITLE)

// ------------------------------------------------------------------------------------------------ padding and
// stripping

static mote_status pad(mote_vm *vm, const mote_val *a, uint32_t n, int where, mote_val *out) {
  STR(0);
  MOTE_WANT_INT(vm, a[1]);
  if (n > 2 && (a[2].tag != MOTE_TAG_STR || a[2].u.str->len != 1))
    return mote_vm_raise(vm, "TypeError", "The fill character must be exactly one character long");
  char fill = n > 2 ? a[2].u.str->at[0] : ' ';
  size_t len = a[0].u.str->len;
  if (a[1].u.i > 0 && (uint64_t)a[1].u.i > vm->memory_limit)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "text does not fit the memory limit");
  size_t width = a[1].u.i > (int64_t)len ? (size_t)a[1].u.i : len, gap = width - len;
  // Python puts the odd blank of center on the left when the width is odd too.
  size_t left = where < 0 ? 0 : where > 0 ? gap : gap / 2 + (gap & width & 1);
  MOTE_TRY(mote_str_alloc(vm->al, width, out, vm->err));
  memset(out->u.str->at, fill, width);
  memcpy(out->u.str->at + left, a[0].u.str->at, len);
  return MOTE_OK;
}
static mote_status s_ljust(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) { return pad(vm, a, n, -1, out); }
static mote_status s_rjust(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) { return pad(vm, a, n, 1, out); }
static mote_status s_center(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) { return pad(vm, a, n, 0, out); }

static mote_status s_zfill(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(pad(vm, a, 2, 1, out));
  mote_str *s = out->u.str;
  size_t gap = s->len - a[0].u.str->len;
  memset(s->at, '0', gap);
  if (gap && gap < s->len && (s->at[gap] == '-' || s->at[gap] == '+')) {
    s->at[0] = s->at[gap];
    s->at[gap] = '0';
  }
  return MOTE_OK;
}

static mote_status strip(mote_vm *vm, const mote_val *a, uint32_t n, bool left, bool right, mote_val *out) {
  STR(0);
  const char *chars = " \n\t\f\v\r";
  size_t n_chars = 6, lo = 0, hi = a[0].u.str->len;
  if (n > 1 && a[1].tag == MOTE_TAG_STR) {
    chars = a[1].u.str->at;
    n_chars = a[1].u.str->len;
  }
  while (left && lo < hi && memchr(chars, a[0].u.str->at[lo], n_chars))
    lo++;
  while (right && hi > lo && memchr(chars, a[0].u.str->at[hi - 1], n_chars))
    hi--;
  return mote_str_new(vm->al, a[0].u.str->at + lo, hi - lo, out, vm->err);
}
static mote_status s_strip(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return strip(vm, a, n, true, true, out);
}
static mote_status s_lstrip(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return strip(vm, a, n, true, false, out);
}
static mote_status s_rstrip(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return strip(vm, a, n, false, true, out);
}

// ------------------------------------------------------------------------------------------------ joining, replacing

static mote_status s_join(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  MOTE_WANT(vm, a[1], MOTE_TAG_LIST);
  mote_text t;
  mote_text_init(&t, vm->al);
  for (size_t i = 0; i < a[1].u.list->len; i++) {
    mote_val v = a[1].u.list->at[i];
    if (i)
      mote_text_add(&t, a[0].u.str->at, a[0].u.str->len);
    if (v.tag == MOTE_TAG_STR)
      mote_text_add(&t, v.u.str->at, v.u.str->len);
  }
  return mote_vm_text_val(vm, &t, out);
}

static mote_status s_replace(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  STR(1);
  STR(2);
  const mote_str *s = a[0].u.str, *old = a[1].u.str, *by = a[2].u.str;
  int64_t max = mote_is_int(a[3]) && a[3].u.i >= 0 ? a[3].u.i : INT64_MAX;
  mote_text t;
  mote_text_init(&t, vm->al);
  for (size_t i = 0; i < s->len || (old->len == 0 && i == s->len);) {
    bool hit = max > 0 && old->len <= s->len - i && memcmp(s->at + i, old->at, old->len) == 0;
    if (hit) {
      mote_text_add(&t, by->at, by->len);
      max--;
      i += old->len;
    }
    if (!hit || old->len == 0) {
      if (i < s->len)
        mote_text_add(&t, s->at + i, 1);
      i++;
    }
    if (t.failed || t.len > vm->memory_limit)
      break;
  }
  return mote_vm_text_val(vm, &t, out);
}

static mote_status s_expandtabs(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  MOTE_WANT_INT(vm, a[1]);
  mote_text t;
  int64_t column = 0, tab = MOTE_MIN(a[1].u.i, 1000);
  mote_text_init(&t, vm->al);
  for (size_t i = 0; i < a[0].u.str->len; i++) {
    char c = a[0].u.str->at[i];
    if (c != '\t') {
      mote_text_add(&t, &c, 1);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    } else if (tab > 0) {
      do
        mote_text_str(&t, " ");
      while (++column % tab);
    }
  }
  return mote_vm_text_val(vm, &t, out);
}

// ------------------------------------------------------------------------------------------------ text of values

static mote_status s_str(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  mote_text t;
  mote_text_init(&t, vm->al);
  mote_status s = mote_vm_str(vm, a[0], &t);
  if (s == MOTE_OK)
    return mote_vm_text_val(vm, &t, out);
  mote_text_destroy(&t);
  return s;
}

static mote_status s_chr(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  char c = (char)a[0].u.i;
  if (a[0].u.i < 0 || a[0].u.i > 127)
    return mote_vm_raise(vm, "ValueError", "chr() arg not in range(128): %lld", (long long)a[0].u.i);
  return mote_str_new(vm->al, &c, 1, out, vm->err);
}

static mote_status s_ord(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  if (a[0].u.str->len != 1)
    return mote_vm_raise(vm, "TypeError", "String for ord() must be 1 character, found %zu", a[0].u.str->len);
  *out = mote_val_int((unsigned char)a[0].u.str->at[0]);
  return MOTE_OK;
}

static mote_status in_base(mote_vm *vm, const mote_val *a, unsigned base, const char *prefix, mote_val *out) {
  char digits[80];
  size_t at = sizeof digits;
  MOTE_WANT_INT(vm, a[0]);
  uint64_t v = a[0].u.i < 0 ? 0 - (uint64_t)a[0].u.i : (uint64_t)a[0].u.i;
  do
    digits[--at] = "0123456789abcdef"[v % base];
  while ((v /= base) != 0);
  digits[--at] = prefix[1];
  digits[--at] = prefix[0];
  if (a[0].u.i < 0)
    digits[--at] = '-';
  return mote_str_new(vm->al, digits + at, sizeof digits - at, out, vm->err);
}
static mote_status s_bin(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, in_base(vm, a, 2, "0b", out);
}
static mote_status s_oct(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, in_base(vm, a, 8, "0o", out);
}
static mote_status s_hex(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, in_base(vm, a, 16, "0x", out);
}

static mote_status s_format(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return mote_vm_format(vm, a, n, out);
}

// One conversion of "%" formatting; `spec` ends before the letter.
static mote_status percent_one(mote_vm *vm, char letter, mote_val v, mote_text *t) {
  switch (letter) {
  case 's':
    return mote_vm_str(vm, v, t);
  case 'r':
    return mote_vm_repr(vm, v, t);
  case 'd':
  case 'i':
    MOTE_WANT_NUM(vm, v);
    if (v.tag == MOTE_TAG_FLOAT)
      mote_text_fmt(t, "%.0f", v.u.f);
    else
      mote_text_fmt(t, "%lld", (long long)v.u.i);
    return MOTE_OK;
  case 'f':
  case 'F':
    MOTE_WANT_NUM(vm, v);
    mote_text_fmt(t, "%f", mote_num(v));
    return MOTE_OK;
  case 'e':
  case 'E':
    MOTE_WANT_NUM(vm, v);
    mote_text_fmt(t, letter == 'e' ? "%e" : "%E", mote_num(v));
    return MOTE_OK;
  case 'g':
  case 'G':
    MOTE_WANT_NUM(vm, v);
    mote_text_fmt(t, letter == 'g' ? "%g" : "%G", mote_num(v));
    return MOTE_OK;
  case 'x':
  case 'X':
    MOTE_WANT_INT(vm, v);
    mote_text_fmt(t, letter == 'x' ? "%llx" : "%llX", (unsigned long long)v.u.i);
    return MOTE_OK;
  case 'c':
    if (v.tag == MOTE_TAG_STR)
      return mote_vm_str(vm, v, t);
    MOTE_WANT_INT(vm, v);
    mote_text_fmt(t, "%c", (char)v.u.i);
    return MOTE_OK;
  default:
    return mote_vm_raise(vm, "ValueError", "The specifier %%%c is not supported in TorchScript format strings", letter);
  }
}

static mote_status percent(mote_vm *vm, const mote_str *s, const mote_val *at, size_t count, mote_text *t) {
  size_t used = 0;
  for (size_t i = 0; i < s->len; i++) {
    if (s->at[i] != '%') {
      mote_text_add(t, s->at + i, 1);
      continue;
    }
    if (++i >= s->len)
      return mote_vm_raise(vm, "ValueError", "Incomplete format specifier");
    if (s->at[i] == '%') {
      mote_text_str(t, "%");
      continue;
    }
    if (used >= count)
      return mote_vm_raise(vm, "TypeError", "Too few arguments for format string");
    MOTE_TRY(percent_one(vm, s->at[i], at[used++], t));
  }
  return used == count ? MOTE_OK : mote_vm_raise(vm, "TypeError", "Too many arguments for format string");
}

static mote_status s_percent(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  STR(0);
  const mote_val *at = a + 1;
  size_t count = n - 1;
  if (n == 2 && a[1].tag == MOTE_TAG_TUPLE) {
    at = a[1].u.tuple->at;
    count = a[1].u.tuple->len;
  }
  mote_text t;
  mote_text_init(&t, vm->al);
  mote_status s = percent(vm, a[0].u.str, at, count, &t);
  if (s == MOTE_OK)
    return mote_vm_text_val(vm, &t, out);
  mote_text_destroy(&t);
  return s;
}

const mote_builtin mote_builtin_str2[] = {
    {"add.str", s_add},
    {"mul.str", s_mul},
    {"upper", s_upper},
    {"lower", s_lower},
    {"swapcase", s_swapcase},
    {"capitalize", s_capitalize},
    {"title", s_title},
    {"ljust", s_ljust},
    {"rjust", s_rjust},
    {"center", s_center},
    {"zfill", s_zfill},
    {"strip", s_strip},
    {"lstrip", s_lstrip},
    {"rstrip", s_rstrip},
    {"join", s_join},
    {"replace", s_replace},
    {"expandtabs", s_expandtabs},
    {"str", s_str},
    {"chr", s_chr},
    {"ord", s_ord},
    {"bin", s_bin},
    {"oct", s_oct},
    {"hex", s_hex},
    {"format", s_format},
    {"percentFormat", s_percent},
    {NULL, NULL},
};
