// Builtin methods of str that look inside or take apart; see builtin_text.c for those that make new text.
// Strings are bytes, as in TorchScript. Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <string.h>

#define STR(i)                                                                                                         \
  do {                                                                                                                 \
    MOTE_WANT(vm, a[i], MOTE_TAG_STR);                                                                                 \
  } while (0)

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
static bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
static bool is_print(char c) { return c >= ' ' && c <= '~'; }

static mote_status text(mote_vm *vm, const char *s, size_t len, mote_val *out) {
  return mote_str_new(vm->al, s, len, out, vm->err);
}

static mote_status s_len(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  *out = mote_val_int((int64_t)a[0].u.str->len);
  return MOTE_OK;
}

static mote_status s_get(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  MOTE_WANT_INT(vm, a[1]);
  int64_t len = (int64_t)a[0].u.str->len, i = a[1].u.i;
  if (i < -len || i >= len)
    return mote_vm_raise(vm, "IndexError", "string index out of range");
  return text(vm, a[0].u.str->at + (i < 0 ? i + len : i), 1, out);
}

static mote_status s_list(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  mote_val v, c;
  MOTE_TRY(mote_list_new(vm->al, a[0].u.str->len, &v, vm->err));
  for (size_t i = 0; i < a[0].u.str->len; i++) {
    mote_status s = text(vm, a[0].u.str->at + i, 1, &c);
    if (s == MOTE_OK)
      s = mote_list_push(v.u.list, c, vm->err);
    if (s != MOTE_OK)
      return mote_val_release(v), s;
  }
  *out = v;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ searching

// Window [start, end) as find and count take it: end -1 (the default) is the end of the text.
static void window(const mote_val *a, uint32_t n, int64_t *lo, int64_t *hi) {
  int64_t len = (int64_t)a[0].u.str->len;
  *lo = n > 2 && mote_is_int(a[2]) ? a[2].u.i : 0;
  *hi = n > 3 && mote_is_int(a[3]) ? a[3].u.i : -1;
  *lo = *lo < 0 ? MOTE_MAX(*lo + len, 0) : MOTE_MIN(*lo, len);
  *hi = *hi == -1 ? len : *hi < 0 ? MOTE_MAX(*hi + len, 0) : MOTE_MIN(*hi, len);
}

static int64_t find(const char *s, int64_t lo, int64_t hi, const mote_str *what, bool last) {
  int64_t w = (int64_t)what->len, at = -1;
  for (int64_t i = lo; i + w <= hi; i++)
    if (memcmp(s + i, what->at, what->len) == 0) {
      at = i;
      if (!last)
        break;
    }
  return at;
}

static mote_status search(mote_vm *vm, uint32_t n, const mote_val *a, bool last, int64_t *at) {
  int64_t lo, hi;
  STR(0);
  STR(1);
  window(a, n, &lo, &hi);
  *at = find(a[0].u.str->at, lo, hi, a[1].u.str, last);
  return MOTE_OK;
}

static mote_status s_find(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t at;
  MOTE_TRY(search(vm, n, a, false, &at));
  *out = mote_val_int(at);
  return MOTE_OK;
}
static mote_status s_rfind(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t at;
  MOTE_TRY(search(vm, n, a, true, &at));
  *out = mote_val_int(at);
  return MOTE_OK;
}
static mote_status s_index(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_TRY(s_find(vm, n, a, out));
  return out->u.i < 0 ? mote_vm_raise(vm, "ValueError", "substring not found") : MOTE_OK;
}
static mote_status s_rindex(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  MOTE_TRY(s_rfind(vm, n, a, out));
  return out->u.i < 0 ? mote_vm_raise(vm, "ValueError", "substring not found") : MOTE_OK;
}

static mote_status s_count(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t lo, hi, count = 0;
  STR(0);
  STR(1);
  window(a, n, &lo, &hi);
  if (a[1].u.str->len == 0) {
    *out = mote_val_int(hi >= lo ? hi - lo + 1 : 0);
    return MOTE_OK;
  }
  for (int64_t at; (at = find(a[0].u.str->at, lo, hi, a[1].u.str, false)) >= 0; count++)
    lo = at + (int64_t)a[1].u.str->len;
  *out = mote_val_int(count);
  return MOTE_OK;
}

static mote_status borders(mote_vm *vm, uint32_t n, const mote_val *a, bool at_end, mote_val *out) {
  int64_t lo, hi;
  STR(0);
  STR(1);
  window(a, n, &lo, &hi);
  int64_t w = (int64_t)a[1].u.str->len, at = at_end ? hi - w : lo;
  *out = mote_val_bool(lo + w <= hi && memcmp(a[0].u.str->at + at, a[1].u.str->at, (size_t)w) == 0);
  return MOTE_OK;
}
static mote_status s_startswith(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return borders(vm, n, a, false, out);
}
static mote_status s_endswith(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return borders(vm, n, a, true, out);
}

static mote_status s_contains(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  STR(1);
  *out = mote_val_bool(find(a[0].u.str->at, 0, (int64_t)a[0].u.str->len, a[1].u.str, false) >= 0);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ classes of
// characters

static mote_status every(mote_vm *vm, const mote_val *a, bool (*test)(char), bool empty, mote_val *out) {
  STR(0);
  bool r = a[0].u.str->len > 0 || empty;
  for (size_t i = 0; i < a[0].u.str->len; i++)
    r = r && test(a[0].u.str->at[i]);
  *out = mote_val_bool(r);
  return MOTE_OK;
}

// Cased characters exist and all are of the wanted case.
static mote_status cased(mote_vm *vm, const mote_val *a, bool upper, mote_val *out) {
  STR(0);
  bool some = false, other = false;
  for (size_t i = 0; i < a[0].u.str->len; i++) {
    char c = a[0].u.str->at[i];
    some = some || (upper ? is_upper(c) : is_lower(c));
    other = other || (upper ? is_lower(c) : is_upper(c));
  }
  *out = mote_val_bool(some && !other);
  return MOTE_OK;
}

#define EVERY(name, test, empty)                                                                                       \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    return (void)n, every(vm, a, test, empty, out);                                                                    \
  }
EVERY(s_isdigit, is_digit, false)
EVERY(s_isalpha, is_alpha, false)
EVERY(s_isalnum, is_alnum, false)
EVERY(s_isspace, is_space, false)
EVERY(s_isprintable, is_print, true)

static mote_status s_isupper(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, cased(vm, a, true, out);
}
static mote_status s_islower(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, cased(vm, a, false, out);
}

static mote_status s_istitle(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  bool some = false, good = true, inside = false;
  for (size_t i = 0; i < a[0].u.str->len; i++) {
    char c = a[0].u.str->at[i];
    if (is_alpha(c)) {
      good = good && is_upper(c) == !inside;
      some = true;
    }
    inside = is_alpha(c);
  }
  *out = mote_val_bool(some && good);
  return MOTE_OK;
}

static mote_status s_isidentifier(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  const mote_str *s = a[0].u.str;
  bool r = s->len > 0 && !is_digit(s->at[0]);
  for (size_t i = 0; i < s->len; i++)
    r = r && (is_alnum(s->at[i]) || s->at[i] == '_');
  *out = mote_val_bool(r);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ taking apart

static mote_status push_text(mote_vm *vm, mote_list *list, const char *s, size_t len) {
  mote_val v;
  MOTE_TRY(text(vm, s, len, &v));
  return mote_list_push(list, v, vm->err);
}

static mote_status split_blank(mote_vm *vm, const mote_str *s, int64_t max, mote_list *list) {
  size_t i = 0;
  while (i < s->len) {
    while (i < s->len && is_space(s->at[i]))
      i++;
    size_t from = i;
    if (max == 0)
      i = s->len;
    while (i < s->len && !is_space(s->at[i]))
      i++;
    if (i > from)
      MOTE_TRY(push_text(vm, list, s->at + from, i - from));
    max--;
  }
  return MOTE_OK;
}

static mote_status split_on(mote_vm *vm, const mote_str *s, const mote_str *by, int64_t max, mote_list *list) {
  int64_t at = 0, hit;
  while (max-- != 0 && (hit = find(s->at, at, (int64_t)s->len, by, false)) >= 0) {
    MOTE_TRY(push_text(vm, list, s->at + at, (size_t)(hit - at)));
    at = hit + (int64_t)by->len;
  }
  return push_text(vm, list, s->at + at, s->len - (size_t)at);
}

static mote_status s_split(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  STR(0);
  int64_t max = mote_is_int(a[2]) ? a[2].u.i : -1;
  mote_val v;
  if (a[1].tag == MOTE_TAG_STR && a[1].u.str->len == 0)
    return mote_vm_raise(vm, "ValueError", "empty separator");
  MOTE_TRY(mote_list_new(vm->al, 0, &v, vm->err));
  mote_status s = a[1].tag == MOTE_TAG_STR ? split_on(vm, a[0].u.str, a[1].u.str, max, v.u.list)
                                           : split_blank(vm, a[0].u.str, max, v.u.list);
  if (s != MOTE_OK)
    return mote_val_release(v), s;
  *out = v;
  return MOTE_OK;
}

const mote_builtin mote_builtin_str[] = {
    {"len.str", s_len},
    {"__getitem__.str prim::StringIndex", s_get},
    {"list", s_list},
    {"find", s_find},
    {"rfind", s_rfind},
    {"index.str", s_index},
    {"rindex", s_rindex},
    {"count", s_count},
    {"startswith", s_startswith},
    {"endswith", s_endswith},
    {"__contains__.str_str", s_contains},
    {"isdigit isdecimal isnumeric", s_isdigit},
    {"isalpha", s_isalpha},
    {"isalnum", s_isalnum},
    {"isspace", s_isspace},
    {"isprintable", s_isprintable},
    {"isupper", s_isupper},
    {"islower", s_islower},
    {"istitle", s_istitle},
    {"isidentifier", s_isidentifier},
    {"split.str", s_split},
    {NULL, NULL},
};
