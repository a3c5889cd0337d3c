// Types and constant values as they are written in source. Tests: tests/script/test_compile.c
#include "script/front.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"

static mote_status fail_at(const mote_unit *unit, const mote_node *node, mote_error *err, mote_status status) {
  return mote_unit_at(unit, node->offset, err, status);
}

bool mote_dotted_name(const mote_node *node, char *out, size_t cap, size_t *len) {
  const mote_node *part = node;
  size_t need = 0;
  for (; part->kind == MOTE_NODE_ATTR; part = part->kids[0])
    need += strlen(part->u.name) + 1;
  if (part->kind != MOTE_NODE_NAME || (need += strlen(part->u.name)) >= cap)
    return false;
  size_t at = need;
  for (part = node;; part = part->kids[0]) {
    size_t n = strlen(part->u.name);
    at -= n;
    memcpy(out + at, part->u.name, n);
    if (part->kind == MOTE_NODE_NAME)
      break;
    out[--at] = '.';
  }
  out[need] = 0;
  *len = need;
  return true;
}

// ---------------------------------------------------------------------------------------------------- types

static mote_status read_generic(mote_front *front, const mote_unit *unit, const mote_node *node, const mote_type **out,
                                mote_error *err) {
  const mote_node *head = node->kids[0], *index = node->kids[1];
  const mote_node *const *items = index->kind == MOTE_NODE_TUPLE ? (const mote_node *const *)index->kids : &index;
  uint32_t n = index->kind == MOTE_NODE_TUPLE ? index->n : 1;
  mote_type_kind kind;
  if (head->kind != MOTE_NODE_NAME)
    return fail_at(unit, node, err, mote_fail(err, MOTE_ERR_FORMAT, "type is not understood"));
  if (strcmp(head->u.name, "Final") == 0 && n == 1)
    return mote_read_type(front, unit, items[0], out, err);
  if (!mote_type_generic_name(head->u.name, strlen(head->u.name), &kind))
    return fail_at(unit, node, err, mote_fail(err, MOTE_ERR_FORMAT, "unknown type %.60s", head->u.name));
  const mote_type **args = MOTE_ARENA_ARRAY(&front->scratch, const mote_type *, n + 1);
  if (args == NULL)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < n; i++)
    MOTE_TRY(mote_read_type(front, unit, items[i], &args[i], err));
  *out = mote_type_generic(&front->program->types, kind, args, n);
  if (*out == NULL && front->program->types.short_of_memory)
    return mote_fail_nomem(err);
  if (*out == NULL)
    return fail_at(unit, node, err, mote_fail(err, MOTE_ERR_FORMAT, "%s takes other arguments", head->u.name));
  return MOTE_OK;
}

mote_status mote_read_type(mote_front *front, const mote_unit *unit, const mote_node *node, const mote_type **out,
                           mote_error *err) {
  mote_types *types = &front->program->types;
  char name[512];
  size_t len;
  mote_type_kind kind;
  if (node->kind == MOTE_NODE_SUBSCRIPT)
    return read_generic(front, unit, node, out, err);
  if (node->kind == MOTE_NODE_NONE) {
    *out = mote_type_basic(types, MOTE_TYPE_NONE);
    return MOTE_OK;
  }
  if (!mote_dotted_name(node, name, sizeof name, &len))
    return fail_at(unit, node, err, mote_fail(err, MOTE_ERR_FORMAT, "type is not understood"));
  if (len > 10 && memcmp(name, "__torch__.", 10) == 0) {
    mote_class *cls = mote_types_class(types, name, len);
    if (cls == NULL)
      return mote_fail_nomem(err);
    *out = cls->type;
  } else if (mote_type_basic_name(name, len, &kind)) {
    *out = mote_type_basic(types, kind);
  } else {
    return fail_at(unit, node, err, mote_fail(err, MOTE_ERR_FORMAT, "unknown type %.100s", name));
  }
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- literals

typedef struct reader {
  mote_front *front;
  const mote_unit *unit;
  mote_error *err;
} reader;

static mote_status read_value(reader *r, const mote_node *node, const mote_type *want, mote_literal *out, bool *ok);

static mote_status set_kind(reader *r, mote_literal *out, mote_literal_kind kind, mote_type_kind type) {
  out->kind = kind;
  out->type = mote_type_basic(&r->front->program->types, type);
  return MOTE_OK;
}

static void negate(mote_literal *v, bool *ok) {
  if (v->kind == MOTE_LIT_INT)
    v->u.i = (int64_t)(0 - (uint64_t)v->u.i);
  else if (v->kind == MOTE_LIT_FLOAT)
    v->u.f = -v->u.f;
  else if (v->kind == MOTE_LIT_COMPLEX)
    v->u.c.re = -v->u.c.re, v->u.c.im = -v->u.c.im;
  else
    *ok = false;
}

// 1 + 2j, the only sum that counts as a literal
static mote_status read_complex_sum(reader *r, const mote_node *node, mote_literal *out, bool *ok) {
  mote_literal a = {0}, b = {0};
  *ok = node->op == '+' || node->op == '-';
  if (*ok)
    MOTE_TRY(read_value(r, node->kids[0], NULL, &a, ok));
  if (*ok)
    MOTE_TRY(read_value(r, node->kids[1], NULL, &b, ok));
  if (!*ok || b.kind != MOTE_LIT_COMPLEX || (a.kind != MOTE_LIT_INT && a.kind != MOTE_LIT_FLOAT)) {
    *ok = false;
    return MOTE_OK;
  }
  if (node->op == '-')
    negate(&b, ok);
  out->u.c.re = b.u.c.re + (a.kind == MOTE_LIT_INT ? (double)a.u.i : a.u.f);
  out->u.c.im = b.u.c.im;
  return set_kind(r, out, MOTE_LIT_COMPLEX, MOTE_TYPE_COMPLEX);
}

static mote_status read_sequence(reader *r, const mote_node *node, const mote_type *want, mote_literal *out, bool *ok) {
  mote_types *types = &r->front->program->types;
  bool is_list = node->kind == MOTE_NODE_LIST;
  mote_literal *items = MOTE_ARENA_ARRAY(&r->front->program->arena, mote_literal, node->n + 1);
  const mote_type **item_types = MOTE_ARENA_ARRAY(&r->front->scratch, const mote_type *, node->n + 1);
  if (items == NULL || item_types == NULL)
    return mote_fail_nomem(r->err);
  bool fits =
      want && want->kind == (is_list ? MOTE_TYPE_LIST : MOTE_TYPE_TUPLE) && (is_list || want->n_args == node->n);
  for (uint32_t i = 0; i < node->n && *ok; i++) {
    const mote_type *item = fits ? want->args[is_list ? 0 : i] : is_list && i > 0 ? item_types[0] : NULL;
    MOTE_TRY(read_value(r, node->kids[i], item, &items[i], ok));
    item_types[i] = items[i].type;
  }
  out->kind = is_list ? MOTE_LIT_LIST : MOTE_LIT_TUPLE;
  out->u.list.items = items;
  out->u.list.count = node->n;
  if (fits)
    out->type = want;
  else if (*ok && !is_list)
    out->type = mote_type_make(types, MOTE_TYPE_TUPLE, item_types, node->n);
  else if (*ok)
    out->type = mote_type_list(types, node->n ? item_types[0] : mote_type_basic(types, MOTE_TYPE_TENSOR));
  return !*ok || out->type ? MOTE_OK : mote_fail_nomem(r->err);
}

// CONSTANTS.c3, __torch__.m.Color.RED
static mote_status read_name_chain(reader *r, const mote_node *node, mote_literal *out, bool *ok) {
  mote_program *program = r->front->program;
  char name[512];
  size_t len;
  int64_t index;
  *ok = false;
  if (!mote_dotted_name(node, name, sizeof name, &len) || node->kind != MOTE_NODE_ATTR)
    return MOTE_OK;
  if (strncmp(name, "CONSTANTS.c", 11) == 0) {
    if (!mote_parse_i64(name + 11, len - 11, 10, &index) || index < 0)
      return MOTE_OK;
    out->kind = MOTE_LIT_GLOBAL;
    out->u.i = index;
    out->type =
        program->host.constant_type ? program->host.constant_type(program->host.ctx, &program->types, index) : NULL;
    *ok = out->type != NULL;
    if (!*ok)
      return fail_at(r->unit, node, r->err, mote_fail(r->err, MOTE_ERR_FORMAT, "the file has no constant %s", name));
    return MOTE_OK;
  }
  if (strncmp(name, "__torch__.", 10) != 0)
    return MOTE_OK;
  mote_def *def;
  MOTE_TRY(mote_front_find(r->front, name, len - strlen(node->u.name) - 1, &def, r->err));
  if (def == NULL || def->cls == NULL)
    return MOTE_OK;
  MOTE_TRY(mote_class_define(&program->types, def->cls, r->err));
  uint32_t member;
  if (def->cls->kind != MOTE_CLASS_ENUM || mote_class_attr(def->cls, node->u.name, &member) == NULL)
    return MOTE_OK;
  out->kind = MOTE_LIT_ENUM;
  out->type = def->cls->type;
  out->u.en.cls = def->cls;
  out->u.en.member = member;
  *ok = true;
  return MOTE_OK;
}

// annotate(T, v), float("inf")
static mote_status read_call(reader *r, const mote_node *node, mote_literal *out, bool *ok) {
  const char *name = node->kids[0]->kind == MOTE_NODE_NAME ? node->kids[0]->u.name : "";
  if (strcmp(name, "annotate") == 0 && node->n == 3) {
    const mote_type *type;
    MOTE_TRY(mote_read_type(r->front, r->unit, node->kids[1], &type, r->err));
    MOTE_TRY(read_value(r, node->kids[2], type, out, ok));
    if (*ok && out->kind != MOTE_LIT_NONE)
      return MOTE_OK;
    out->type = type;
    return MOTE_OK;
  }
  *ok = strcmp(name, "float") == 0 && node->n == 2 && node->kids[1]->kind == MOTE_NODE_STR &&
        mote_parse_f64(node->kids[1]->u.s.at, node->kids[1]->u.s.len, &out->u.f);
  return set_kind(r, out, MOTE_LIT_FLOAT, MOTE_TYPE_FLOAT);
}

static void fit(mote_types *types, const mote_type *want, mote_literal *v) {
  want = want ? mote_type_unwrap(want) : NULL;
  if (want && v->kind == MOTE_LIT_INT && want->kind == MOTE_TYPE_FLOAT) {
    v->kind = MOTE_LIT_FLOAT;
    v->u.f = (double)v->u.i;
    v->type = mote_type_basic(types, MOTE_TYPE_FLOAT);
  }
}

static mote_status read_value(reader *r, const mote_node *node, const mote_type *want, mote_literal *out, bool *ok) {
  *ok = true;
  switch (node->kind) {
  case MOTE_NODE_INT:
    out->u.i = node->u.i;
    MOTE_TRY(set_kind(r, out, MOTE_LIT_INT, MOTE_TYPE_INT));
    break;
  case MOTE_NODE_FLOAT:
    out->u.f = node->u.f;
    return set_kind(r, out, MOTE_LIT_FLOAT, MOTE_TYPE_FLOAT);
  case MOTE_NODE_COMPLEX:
    out->u.c.re = 0;
    out->u.c.im = node->u.f;
    return set_kind(r, out, MOTE_LIT_COMPLEX, MOTE_TYPE_COMPLEX);
  case MOTE_NODE_STR:
    out->u.s.at = node->u.s.at;
    out->u.s.len = node->u.s.len;
    return set_kind(r, out, MOTE_LIT_STR, MOTE_TYPE_STR);
  case MOTE_NODE_TRUE:
  case MOTE_NODE_FALSE:
    out->u.b = node->kind == MOTE_NODE_TRUE;
    return set_kind(r, out, MOTE_LIT_BOOL, MOTE_TYPE_BOOL);
  case MOTE_NODE_NONE:
    return set_kind(r, out, MOTE_LIT_NONE, MOTE_TYPE_NONE);
  case MOTE_NODE_NAME:
    *ok = strcmp(node->u.name, "inf") == 0 || strcmp(node->u.name, "nan") == 0;
    out->u.f = node->u.name[0] == 'i' ? (double)INFINITY : (double)NAN;
    return set_kind(r, out, MOTE_LIT_FLOAT, MOTE_TYPE_FLOAT);
  case MOTE_NODE_UNARY:
    MOTE_TRY(read_value(r, node->kids[0], NULL, out, ok));
    if (node->op == '-' && *ok)
      negate(out, ok);
    *ok = *ok && node->op != '~';
    break;
  case MOTE_NODE_BINARY:
    return read_complex_sum(r, node, out, ok);
  case MOTE_NODE_LIST:
  case MOTE_NODE_TUPLE:
    return read_sequence(r, node, want ? mote_type_unwrap(want) : NULL, out, ok);
  case MOTE_NODE_ATTR:
    return read_name_chain(r, node, out, ok);
  case MOTE_NODE_CALL:
    return read_call(r, node, out, ok);
  default:
    *ok = false;
    return MOTE_OK;
  }
  if (*ok)
    fit(&r->front->program->types, want, out);
  return MOTE_OK;
}

mote_status mote_read_literal(mote_front *front, const mote_unit *unit, const mote_node *node, const mote_type *want,
                              mote_literal *out, bool *ok, mote_error *err) {
  reader r = {front, unit, err};
  mote_literal v = {0};
  MOTE_TRY(read_value(&r, node, want, &v, ok));
  if (*ok)
    *out = v;
  return MOTE_OK;
}
