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

// ------------------------------------------------------------------------------------------------ stripping

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

const mote_builtin mote_builtin_text[] = {
    {"add.str", s_add},
    {"upper", s_upper},
    {"lower", s_lower},
    {"swapcase", s_swapcase},
    {"capitalize", s_capitalize},
    {"title", s_title},
    {"strip", s_strip},
    {"lstrip", s_lstrip},
    {"rstrip", s_rstrip},
    {"join", s_join},
    {"replace", s_replace},
    {"str", s_str},
    {"chr", s_chr},
    {"ord", s_ord},
    {"format", s_format},
    {"percentFormat", s_percent},
    {NULL, NULL},
};
