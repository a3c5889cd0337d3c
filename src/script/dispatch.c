// Which implementation an operator of a program has: builtin functions, rows of the operator families, and what follows
// from them (in-place and out= forms). Tests: tests/script/test_vm.c
#include "script/tensor.h"

#include <string.h>

#include "ops/ops.h"

static const mote_builtin *const tables[] = {mote_builtin_scalar, mote_builtin_math,   mote_builtin_str,
                                             mote_builtin_str2,   mote_builtin_list,   mote_builtin_dict,
                                             mote_builtin_misc,   mote_builtin_tensor, mote_builtin_make,
                                             mote_builtin_view,   mote_builtin_native};

static mote_impl *slot_of(mote_dispatch *d, const char *name, const char *overload) {
  char key[256];
  int32_t id = mote_schema_id(name, overload);
  if (id >= 0 && (uint32_t)id < d->count)
    return &d->impls[id];
  int len = mote_snprint(key, sizeof key, "%s.%s", name, overload);
  if (len >= (int)sizeof key)
    return NULL;
  mote_map_entry *e = mote_map_find(&d->extra, key, (size_t)len);
  if (e)
    return e->value.ptr;
  char *kept = mote_strdup(d->al, key, (size_t)len);
  mote_impl *impl = MOTE_NEW(d->al, mote_impl);
  e = kept && impl ? mote_map_put(&d->extra, kept, (size_t)len) : NULL;
  if (!e) {
    mote_free(d->al, kept);
    mote_free(d->al, impl);
    return NULL;
  }
  e->value.ptr = impl;
  return impl;
}

static void add_builtin(mote_dispatch *d, const mote_builtin *b) {
  char overload[64];
  const char *at = b->overloads;
  while (*at) {
    const char *end = strchr(at, ' ');
    size_t len = end ? (size_t)(end - at) : strlen(at);
    assert(len < sizeof overload);
    memcpy(overload, at, len);
    overload[len] = '\0';
    const char *name = strcmp(overload, "-") == 0 ? "" : overload;
    int32_t id = mote_schema_id(b->name, name);
    mote_impl *impl = id >= 0 ? &d->impls[id] : b->old ? slot_of(d, b->name, name) : NULL;
    if (impl)
      impl->fn = b->fn;
    at += len + (end ? 1 : 0);
  }
}

// "aten::add.Tensor(..." -> name and overload.
static bool split_schema(const char *text, char *name, char *overload, size_t cap) {
  const char *paren = strchr(text, '('), *dot = NULL;
  if (!paren || (size_t)(paren - text) >= cap)
    return false;
  for (const char *p = text; p < paren; p++)
    if (*p == '.')
      dot = p;
  size_t n = (size_t)((dot ? dot : paren) - text), o = dot ? (size_t)(paren - dot - 1) : 0;
  memcpy(name, text, n);
  name[n] = '\0';
  if (o)
    memcpy(overload, dot + 1, o);
  overload[o] = '\0';
  return true;
}

static mote_status add_rows(mote_dispatch *d, const mote_torch_row *row, mote_error *err) {
  char name[200], overload[200];
  for (; row && row->schema; row++) {
    if (!split_schema(row->schema, name, overload, sizeof name))
      return mote_fail(err, MOTE_ERR_INTERNAL, "row %s", row->schema);
    mote_impl *impl = slot_of(d, name, overload);
    if (!impl)
      return mote_fail_nomem(err);
    if (!impl->fn && !impl->row) // the first family wins
      impl->row = row;
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ derived forms

// Next argument of a schema's text that is neither "*" nor written to; false at the end.
static bool next_arg(const char **at, const char **from, size_t *len, bool skip_written) {
  for (;;) {
    const char *p = *at;
    int depth = 0;
    while (*p == ' ' || *p == ',')
      p++;
    if (*p == ')' || *p == '\0')
      return false;
    *from = p;
    for (; *p; p++) {
      depth += (*p == '(') + (*p == '[');
      if (depth == 0 && (*p == ',' || *p == ')'))
        break;
      depth -= (*p == ')') + (*p == ']');
    }
    *len = (size_t)(p - *from);
    *at = p;
    bool written = false;
    for (const char *c = *from; c + 3 <= p; c++)
      written = written || memcmp(c, "(!)", 3) == 0;
    if ((*len == 1 && **from == '*') || (skip_written && written))
      continue;
    return true;
  }
}

// An argument's type and name without its default; "Tensor(!) self" compares as "Tensor self".
static bool same_arg(const char *a, size_t na, const char *b, size_t nb) {
  size_t i = 0, j = 0;
  for (;;) {
    if (na - i >= 3 && memcmp(a + i, "(!)", 3) == 0)
      i += 3;
    if (nb - j >= 3 && memcmp(b + j, "(!)", 3) == 0)
      j += 3;
    bool ea = i >= na || a[i] == '=', eb = j >= nb || b[j] == '=';
    if (ea || eb)
      return ea && eb;
    if (a[i++] != b[j++])
      return false;
  }
}

static bool same_args(const char *a, const char *b, bool out) {
  const char *x, *y;
  size_t nx, ny;
  a = strchr(a, '(') + 1;
  b = strchr(b, '(') + 1;
  for (;;) {
    bool more_a = next_arg(&a, &x, &nx, out), more_b = next_arg(&b, &y, &ny, false);
    if (!more_a || !more_b)
      return more_a == more_b;
    if (!same_arg(x, nx, y, ny))
      return false;
  }
}

static const mote_impl *functional_of(const mote_dispatch *d, const char *text, const char *base, size_t len,
                                      bool out) {
  char other[MOTE_SCHEMA_TEXT_MAX];
  uint32_t first, count;
  if (!mote_schema_range(base, len, &first, &count))
    return NULL;
  for (uint32_t i = first; i < first + count && i < d->count; i++)
    if ((d->impls[i].row || d->impls[i].fn) && !d->impls[i].in_place && !d->impls[i].to_out &&
        same_args(text, mote_schema_text(i, other), out))
      return &d->impls[i];
  return NULL;
}

static void derive(mote_dispatch *d, uint32_t id) {
  char name[200], overload[200], row[MOTE_SCHEMA_TEXT_MAX];
  const char *text = mote_schema_text(id, row);
  if (!split_schema(text, name, overload, sizeof name))
    return;
  size_t len = strlen(name);
  const mote_impl *base = NULL;
  bool out = strstr(text, "(!) out") != NULL || strstr(overload, "out") != NULL;
  if (out)
    base = functional_of(d, text, name, len, true);
  else if (len > 7 && name[len - 1] == '_' && name[len - 2] != '_')
    base = functional_of(d, text, name, len - 1, false);
  if (!base)
    return;
  d->impls[id] = *base;
  d->impls[id].in_place = !out;
  d->impls[id].to_out = out;
}

// ------------------------------------------------------------------------------------------------ the table

static const mote_op *find_in(const mote_op_family *f, const char *name) {
  for (const mote_tflite_row *r = f->tflite; r && r->name; r++)
    if (r->op && strcmp(r->op->name, name) == 0)
      return r->op;
  for (const mote_torch_row *r = f->torch; r && r->schema; r++)
    if (r->op && strcmp(r->op->name, name) == 0)
      return r->op;
  return NULL;
}

const mote_op *mote_dispatch_op(const char *name) {
  const mote_op_family *const *families = mote_op_families();
  const mote_op *op = NULL;
  for (size_t i = 0; !op && families[i]; i++)
    op = find_in(families[i], name);
  return op;
}

static mote_status fill(mote_dispatch *d, mote_error *err) {
  const mote_op_family *const *families = mote_op_families();
  for (size_t i = 0; i < MOTE_COUNT(tables); i++)
    for (const mote_builtin *b = tables[i]; b->name; b++)
      add_builtin(d, b);
  for (size_t i = 0; families[i]; i++)
    MOTE_TRY(add_rows(d, families[i]->torch, err));
  for (uint32_t i = 0; i < d->count; i++)
    if (!d->impls[i].fn && !d->impls[i].row)
      derive(d, i);
  d->cast = mote_dispatch_op("cast");
  return MOTE_OK;
}

mote_status mote_dispatch_create(const mote_allocator *al, mote_dispatch **out, mote_error *err) {
  mote_dispatch *d = MOTE_NEW(al, mote_dispatch);
  if (!d)
    return mote_fail_nomem(err);
  d->al = al;
  mote_map_init(&d->extra, al);
  d->count = mote_schema_count();
  d->impls = MOTE_NEW_ARRAY(al, mote_impl, d->count + 1);
  mote_status s = d->impls ? fill(d, err) : mote_fail_nomem(err);
  if (s != MOTE_OK) {
    mote_dispatch_destroy(d);
    return s;
  }
  *out = d;
  return MOTE_OK;
}

void mote_dispatch_destroy(mote_dispatch *d) {
  if (!d)
    return;
  for (size_t i = 0; i < d->extra.count; i++) {
    mote_free(d->al, (void *)(uintptr_t)d->extra.entries[i].key);
    mote_free(d->al, d->extra.entries[i].value.ptr);
  }
  mote_map_destroy(&d->extra);
  mote_free(d->al, d->impls);
  mote_free(d->al, d);
}

const mote_impl *mote_dispatch_find(const mote_dispatch *d, int32_t schema, const char *name, const char *overload) {
  const mote_impl *impl = NULL;
  char key[256];
  if (schema >= 0 && (uint32_t)schema < d->count) {
    impl = &d->impls[schema];
  } else {
    int len = mote_snprint(key, sizeof key, "%s.%s", name, overload ? overload : "");
    mote_map_entry *e = len < (int)sizeof key ? mote_map_find(&d->extra, key, (size_t)len) : NULL;
    impl = e ? e->value.ptr : NULL;
  }
  return impl && (impl->fn || impl->row) ? impl : NULL;
}
