// Which implementation an operator of a program has: builtin functions, rows of the operator families, and what follows
// from them (in-place and out= forms). Tests: tests/script/test_vm.c
#include "script/script_tensor.h"

#include <string.h>

#include "ops/ops.h"

static const mote_builtin *const tables[] = {mote_builtin_scalar, mote_builtin_math,   mote_builtin_str,
                                             mote_builtin_text,   mote_builtin_list,   mote_builtin_dict,
                                             mote_builtin_misc,   mote_builtin_tensor, mote_builtin_make,
                                             mote_builtin_view,   mote_builtin_native, mote_builtin_prepacked};

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

// ------------------------------------------------------------------------------------------------ by name

// An implementation as its table gives it. Those of one name are chained, in the tables' order.
typedef struct mote_source {
  mote_impl impl;
  const char *overload;
  uint32_t overload_len;
  uint32_t next; // index + 1 of the next of this name; 0: none
} mote_source;

static const char *short_name(const char *name) { return strncmp(name, "aten::", 6) == 0 ? name + 6 : name; }

static mote_status add_source(mote_dispatch *d, const mote_source *source, mote_error *err) {
  mote_map_entry *e = mote_map_put(&d->names, source->impl.name, source->impl.name_len);
  if (!e)
    return mote_fail_nomem(err);
  // The value is the index + 1 of the chain's first source, and above it that of its last.
  uint64_t chain = (uint64_t)e->value.num;
  uint32_t number = ++d->n_sources;
  d->sources[number - 1] = *source;
  if (chain)
    d->sources[(chain >> 32) - 1].next = number;
  e->value.num = (int64_t)((uint64_t)number << 32 | (chain ? (uint32_t)chain : number));
  return MOTE_OK;
}

// With no table to add to, counts.
static mote_status add_overload(mote_dispatch *d, const mote_overload *named, const mote_overload *o,
                                const mote_impl *impl, size_t *count, mote_error *err) {
  mote_source source = {.impl = *impl, .overload = o->overload, .overload_len = (uint32_t)o->overload_len};
  source.impl.name = named->name;
  source.impl.name_len = (uint32_t)named->name_len;
  ++*count;
  return d->sources ? add_source(d, &source, err) : MOTE_OK;
}

// All overloads of a text; ".=" are those of `same`.
static mote_status add_text(mote_dispatch *d, const char *text, const char *same, const mote_impl *impl, size_t *count,
                            mote_error *err) {
  mote_overload o = {NULL, NULL, 0, 0};
  while (mote_overload_next(&text, &o)) {
    mote_overload each = {NULL, NULL, 0, 0};
    if (o.overload_len != 1 || *o.overload != '=')
      MOTE_TRY(add_overload(d, &o, &o, impl, count, err));
    else
      for (const char *at = same; mote_overload_next(&at, &each);)
        MOTE_TRY(add_overload(d, &o, &each, impl, count, err));
  }
  return MOTE_OK;
}

static mote_status add_tables(mote_dispatch *d, size_t *count, mote_error *err) {
  const mote_op_family *const *families = mote_op_families();
  *count = 0;
  for (size_t i = 0; i < MOTE_COUNT(tables); i++) {
    const char *same = tables[i]->text;
    for (const mote_builtin *b = tables[i]; b->text; b++) {
      same = strchr(b->text, '=') ? same : b->text;
      MOTE_TRY(add_text(d, b->text, same, &(mote_impl){.fn = b->fn}, count, err));
    }
  }
  for (size_t i = 0; families[i]; i++)
    for (size_t k = 0; k < families[i]->n_torch; k++) {
      const mote_torch_row *row = &families[i]->torch[k];
      MOTE_TRY(add_text(d, row->text, row->text, &(mote_impl){.row = row}, count, err));
    }
  return MOTE_OK;
}

static mote_status add_all(mote_dispatch *d, mote_error *err) {
  size_t n;
  MOTE_TRY(add_tables(d, &n, err));
  d->sources = MOTE_NEW_ARRAY(d->al, mote_source, n + 1);
  return d->sources ? add_tables(d, &n, err) : mote_fail_nomem(err);
}

// What the tables give for a name and overload: a builtin before a row; of builtins the last, of rows the first.
// `known`: the operator has a schema, which builtins need. NULL: nothing.
static const mote_impl *direct(const mote_dispatch *d, const char *name, const char *overload, bool known) {
  const mote_impl *row = NULL, *builtin = NULL;
  const mote_map_entry *e = mote_map_find_str(&d->names, short_name(name));
  size_t want = strlen(overload);
  for (uint32_t i = e ? (uint32_t)e->value.num : 0; i; i = d->sources[i - 1].next) {
    const mote_source *source = &d->sources[i - 1];
    if (source->overload_len != want || memcmp(source->overload, overload, want) != 0)
      continue;
    if (source->impl.fn && known)
      builtin = &source->impl;
    else if (source->impl.row && !row)
      row = &source->impl;
  }
  return builtin ? builtin : row;
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

// An argument's type and name without its default. What is written has another name in some functional forms:
// "Tensor(!) self" is the same as "Tensor input".
static bool same_arg(const char *a, size_t na, const char *b, size_t nb) {
  size_t i = 0, j = 0;
  for (;;) {
    if (na - i >= 3 && memcmp(a + i, "(!)", 3) == 0)
      return j < nb && b[j] == ' ';
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

// The functional overload that `text`, in place or with out, is a form of.
static bool functional_of(const mote_dispatch *d, const mote_schemas *schemas, const char *text, const char *base,
                          size_t len, bool out, mote_impl *impl) {
  char other[MOTE_SCHEMA_TEXT_MAX], name[200], overload[200];
  uint32_t first, count;
  if (!mote_schema_range(schemas, base, len, &first, &count))
    return false;
  for (uint32_t i = first; i < first + count; i++) {
    mote_schema_text(schemas, i, other);
    if (!same_args(text, other, out) || !split_schema(other, name, overload, sizeof name))
      continue;
    const mote_impl *found = direct(d, name, overload, true);
    if (found) {
      *impl = *found;
      return true;
    }
  }
  return false;
}

static void resolve(mote_dispatch *d, const mote_schemas *schemas, uint32_t id, mote_impl *impl) {
  char name[200], overload[200], row[MOTE_SCHEMA_TEXT_MAX];
  const char *text = mote_schema_text(schemas, id, row);
  if (!split_schema(text, name, overload, sizeof name))
    return;
  const mote_impl *found = direct(d, name, overload, true);
  if (found) {
    *impl = *found;
    return;
  }
  size_t len = strlen(name);
  bool out = strstr(text, "(!) out") != NULL || strstr(overload, "out") != NULL;
  if (out)
    impl->to_out = functional_of(d, schemas, text, name, len, true, impl);
  else if (len > 7 && name[len - 1] == '_' && name[len - 2] != '_')
    impl->in_place = functional_of(d, schemas, text, name, len - 1, false, impl);
}

// ------------------------------------------------------------------------------------------------ the table

mote_status mote_dispatch_create(const mote_allocator *al, mote_dispatch **out, mote_error *err) {
  mote_dispatch *d = MOTE_NEW(al, mote_dispatch);
  if (!d)
    return mote_fail_nomem(err);
  d->al = al;
  mote_map_init(&d->names, al);
  d->count = mote_schema_count();
  d->impls = MOTE_NEW_ARRAY(al, mote_impl, d->count);
  mote_status s = d->impls ? add_all(d, err) : mote_fail_nomem(err);
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
  mote_map_destroy(&d->names);
  mote_free(d->al, d->sources);
  mote_free(d->al, d->impls);
  mote_free(d->al, d);
}

const mote_impl *mote_dispatch_find(mote_dispatch *d, const mote_schemas *schemas, int32_t schema, const char *name,
                                    const char *overload) {
  if (schema < 0 || (uint32_t)schema >= d->count)
    return direct(d, name, overload ? overload : "", false);
  mote_impl *impl = &d->impls[schema];
  if (!impl->is_resolved) {
    resolve(d, schemas, (uint32_t)schema, impl);
    impl->is_resolved = true;
  }
  return impl->fn || impl->row ? impl : NULL;
}

const mote_impl *mote_dispatch_row(const mote_dispatch *d, const char *name, const char *overload) {
  return direct(d, name, overload, false);
}
