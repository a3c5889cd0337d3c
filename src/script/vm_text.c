// Text of values as TorchScript prints them (its C++ printing, not Python's: 1.0 is "1."), and str.format.
// Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 64, ELEMENTS_MAX = 1000 };

static void float_text(double d, mote_text *out) {
  if (isnan(d)) {
    mote_text_str(out, "nan");
  } else if (isinf(d)) {
    mote_text_str(out, d < 0 ? "-inf" : "inf");
  } else if (fabs(d) < 9.2e18 && d == (double)(int64_t)d) {
    mote_text_fmt(out, "%s%lld.", d == 0 && signbit(d) ? "-" : "", (long long)d);
  } else {
    mote_text_fmt(out, "%.17g", d);
  }
}

static mote_status add(mote_vm *vm, mote_val v, mote_text *out, bool quote, int depth);

static mote_status add_items(mote_vm *vm, const mote_val *at, size_t n, mote_text *out, bool quote, int depth) {
  for (size_t i = 0; i < n; i++) {
    if (i)
      mote_text_str(out, ", ");
    MOTE_TRY(add(vm, at[i], out, quote, depth));
  }
  return MOTE_OK;
}

static mote_status add_dict(mote_vm *vm, const mote_dict *dict, mote_text *out, bool quote, int depth) {
  size_t at = 0, n = 0;
  mote_text_str(out, "{");
  for (mote_dict_entry *e; (e = mote_dict_next(dict, &at)); n++) {
    if (n)
      mote_text_str(out, ", ");
    MOTE_TRY(add(vm, e->key, out, quote, depth));
    mote_text_str(out, ": ");
    MOTE_TRY(add(vm, e->value, out, quote, depth));
  }
  mote_text_str(out, "}");
  return MOTE_OK;
}

static void quoted(const mote_str *s, mote_text *out) {
  mote_text_str(out, "'");
  for (size_t i = 0; i < s->len; i++) {
    char c = s->at[i];
    if (c == '\n')
      mote_text_str(out, "\\n");
    else if (c == '\'' || c == '\\')
      mote_text_fmt(out, "\\%c", c);
    else
      mote_text_add(out, &c, 1);
  }
  mote_text_str(out, "'");
}

static void element_text(const mote_val *v, mote_text *out) {
  if (v->tag == MOTE_TAG_FLOAT)
    mote_text_fmt(out, "%.4f", v->u.f);
  else if (v->tag == MOTE_TAG_COMPLEX)
    mote_text_fmt(out, "%.4f%+.4fj", v->u.complex->re, v->u.complex->im);
  else
    mote_text_fmt(out, "%lld", (long long)v->u.i);
}

static mote_status add_elements(mote_vm *vm, const mote_tensor *t, int32_t dim, int64_t offset, int64_t *left,
                                mote_text *out) {
  if (dim == t->rank) {
    mote_val v;
    MOTE_TRY(mote_vm_element(vm, t, offset, &v));
    element_text(&v, out);
    mote_val_release(v);
    --*left;
    return MOTE_OK;
  }
  mote_text_str(out, "[");
  for (int64_t i = 0; i < t->dim[dim] && *left > 0; i++) {
    if (i)
      mote_text_str(out, ", ");
    MOTE_TRY(add_elements(vm, t, dim + 1, offset + i * t->stride[dim], left, out));
  }
  mote_text_str(out, "]");
  return MOTE_OK;
}

static mote_status add_tensor(mote_vm *vm, mote_handle *h, mote_text *out) {
  mote_tensor t;
  int64_t left = ELEMENTS_MAX;
  MOTE_TRY(mote_vm_force(vm, h));
  mote_handle_view(h, &t);
  mote_text_str(out, "tensor(");
  MOTE_TRY(add_elements(vm, &t, 0, 0, &left, out));
  mote_text_fmt(out, ", dtype=%s)", mote_dtype_name(t.dtype));
  return MOTE_OK;
}

static mote_status add_cell(mote_vm *vm, mote_val v, mote_text *out, bool quote, int depth) {
  switch (v.tag) {
  case MOTE_TAG_COMPLEX:
    float_text(v.u.complex->re, out);
    mote_text_str(out, v.u.complex->im < 0 ? "-" : "+");
    float_text(fabs(v.u.complex->im), out);
    mote_text_str(out, "j");
    return MOTE_OK;
  case MOTE_TAG_TENSOR:
    return add_tensor(vm, v.u.tensor, out);
  case MOTE_TAG_LIST:
    mote_text_str(out, "[");
    MOTE_TRY(add_items(vm, v.u.list->at, v.u.list->len, out, quote, depth));
    mote_text_str(out, "]");
    return MOTE_OK;
  case MOTE_TAG_TUPLE:
    mote_text_str(out, "(");
    MOTE_TRY(add_items(vm, v.u.tuple->at, v.u.tuple->len, out, quote, depth));
    mote_text_str(out, v.u.tuple->len == 1 ? ",)" : ")");
    return MOTE_OK;
  case MOTE_TAG_DICT:
    return add_dict(vm, v.u.dict, out, quote, depth);
  case MOTE_TAG_ENUM:
    mote_text_fmt(out, "Enum<%s.", ((const mote_class *)v.u.en->cls)->name);
    mote_text_fmt(out, "%s>", v.u.en->name.u.str->at);
    return MOTE_OK;
  default:
    mote_text_fmt(out, "<%s object>", mote_tag_name(v.tag));
    return MOTE_OK;
  }
}

static mote_status add(mote_vm *vm, mote_val v, mote_text *out, bool quote, int depth) {
  if (depth > DEPTH_MAX || out->len > vm->memory_limit / 4 + 1024)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "text of a value is too long or nested too deep");
  switch (v.tag) {
  case MOTE_TAG_NONE:
    mote_text_str(out, "None");
    return MOTE_OK;
  case MOTE_TAG_BOOL:
    mote_text_str(out, v.u.i ? "True" : "False");
    return MOTE_OK;
  case MOTE_TAG_INT:
    mote_text_fmt(out, "%lld", (long long)v.u.i);
    return MOTE_OK;
  case MOTE_TAG_FLOAT:
    float_text(v.u.f, out);
    return MOTE_OK;
  case MOTE_TAG_STR:
    if (quote)
      quoted(v.u.str, out);
    else
      mote_text_add(out, v.u.str->at, v.u.str->len);
    return MOTE_OK;
  case MOTE_TAG_DEVICE:
    mote_text_str(out, v.u.i == 1 ? "meta" : "cpu");
    return MOTE_OK;
  default:
    return add_cell(vm, v, out, quote, depth + 1);
  }
}

mote_status mote_vm_str(mote_vm *vm, mote_val v, mote_text *out) { return add(vm, v, out, false, 0); }
mote_status mote_vm_repr(mote_vm *vm, mote_val v, mote_text *out) { return add(vm, v, out, true, 0); }

mote_status mote_vm_text_val(mote_vm *vm, mote_text *text, mote_val *out) {
  mote_status s =
      text->failed ? mote_fail_nomem(vm->err) : mote_str_new(vm->al, text->at ? text->at : "", text->len, out, vm->err);
  mote_text_destroy(text);
  return s;
}

// The template's "{}" take the arguments in order; everything else stands for itself, as in TorchScript.
mote_status mote_vm_format(mote_vm *vm, const mote_val *a, uint32_t n, mote_val *out) {
  if (n == 0)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "format without a template");
  MOTE_WANT(vm, a[0], MOTE_TAG_STR);
  const char *s = a[0].u.str->at, *end = s + a[0].u.str->len;
  mote_text t;
  uint32_t used = 1;
  mote_status st = MOTE_OK;
  mote_text_init(&t, vm->al);
  while (st == MOTE_OK && s < end) {
    if (end - s >= 2 && s[0] == '{' && s[1] == '}') {
      if (used >= n)
        st = mote_vm_raise(vm, "RuntimeError", "Too few arguments for format string: %s", a[0].u.str->at);
      else
        st = mote_vm_str(vm, a[used++], &t);
      s += 2;
    } else {
      mote_text_add(&t, s++, 1);
    }
  }
  if (st == MOTE_OK && used < n)
    st = mote_vm_raise(vm, "RuntimeError", "Too many arguments for format string: %s", a[0].u.str->at);
  if (st == MOTE_OK)
    return mote_vm_text_val(vm, &t, out);
  mote_text_destroy(&t);
  return st;
}
