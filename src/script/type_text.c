// Types as text: printing for messages and listings, and reading the type tables of .ptl files.
// Knows no source and no bytecode. Tests: tests/script/test_types.c
#include "script/types.h"

#include <string.h>

#include "base/fail.h"

#define MAX_DEPTH 64
#define MAX_TEXT 400 // bytes after which printing gives up: nested tuples can share parts and print exponentially

static const struct {
  const char *name;
  mote_type_kind kind;
} names[] = {
    {"Tensor", MOTE_TYPE_TENSOR},
    {"int", MOTE_TYPE_INT},
    {"float", MOTE_TYPE_FLOAT},
    {"bool", MOTE_TYPE_BOOL},
    {"str", MOTE_TYPE_STR},
    {"complex", MOTE_TYPE_COMPLEX},
    {"NoneType", MOTE_TYPE_NONE},
    {"None", MOTE_TYPE_NONE},
    {"Any", MOTE_TYPE_ANY},
    {"number", MOTE_TYPE_NUMBER},
    {"Scalar", MOTE_TYPE_NUMBER},
    {"Device", MOTE_TYPE_DEVICE},
    {"Generator", MOTE_TYPE_GENERATOR},
    {"Stream", MOTE_TYPE_STREAM},
    {"Storage", MOTE_TYPE_STORAGE},
    {"list", MOTE_TYPE_ANY_LIST},
    {"AnyListType", MOTE_TYPE_ANY_LIST},
    {"tuple", MOTE_TYPE_ANY_TUPLE},
    {"AnyTupleType", MOTE_TYPE_ANY_TUPLE},
    {"AnyClassType", MOTE_TYPE_ANY_CLASS},
    {"AnyEnumType", MOTE_TYPE_ANY_ENUM},
    {"ScalarType", MOTE_TYPE_INT},
    {"Layout", MOTE_TYPE_INT},
    {"MemoryFormat", MOTE_TYPE_INT},
    {"QScheme", MOTE_TYPE_INT},
    {"SymInt", MOTE_TYPE_INT},
};

static const struct {
  const char *name;
  mote_type_kind kind;
} generics[] = {
    {"List", MOTE_TYPE_LIST},         {"Dict", MOTE_TYPE_DICT},   {"Tuple", MOTE_TYPE_TUPLE},
    {"Optional", MOTE_TYPE_OPTIONAL}, {"Union", MOTE_TYPE_UNION}, {"Future", MOTE_TYPE_FUTURE},
    {"Await", MOTE_TYPE_AWAIT},       {"RRef", MOTE_TYPE_RREF},
};

bool mote_type_basic_name(const char *name, size_t len, mote_type_kind *out) {
  for (size_t i = 0; i < MOTE_COUNT(names); i++)
    if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0) {
      *out = names[i].kind;
      return true;
    }
  return false;
}

bool mote_type_generic_name(const char *name, size_t len, mote_type_kind *out) {
  for (size_t i = 0; i < MOTE_COUNT(generics); i++)
    if (strlen(generics[i].name) == len && memcmp(generics[i].name, name, len) == 0) {
      *out = generics[i].kind;
      return true;
    }
  return false;
}

const mote_type *mote_type_generic(mote_types *types, mote_type_kind kind, const mote_type *const *args, uint32_t n) {
  switch (kind) {
  case MOTE_TYPE_TUPLE:
    return mote_type_make(types, kind, args, n);
  case MOTE_TYPE_UNION:
    return n ? mote_type_union(types, args, n) : NULL;
  case MOTE_TYPE_DICT:
    return n == 2 ? mote_type_dict(types, args[0], args[1]) : NULL;
  case MOTE_TYPE_OPTIONAL:
    return n == 1 ? mote_type_optional(types, args[0]) : NULL;
  default:
    return n == 1 ? mote_type_make(types, kind, args, 1) : NULL;
  }
}

// ---------------------------------------------------------------------------------------------------- printing

static void print(const mote_type *type, mote_text *out, size_t start) {
  if (out->len - start > MAX_TEXT) {
    if (out->len < 3 || memcmp(out->at + out->len - 3, "...", 3) != 0)
      mote_text_str(out, "...");
    return;
  }
  if (type->cls != NULL) {
    mote_text_str(out, type->cls->name);
    return;
  }
  if (type->kind == MOTE_TYPE_VAR || type->kind == MOTE_TYPE_UNKNOWN) {
    mote_text_str(out, type->kind == MOTE_TYPE_VAR ? type->name : "?");
    return;
  }
  for (size_t i = 0; i < MOTE_COUNT(names); i++)
    if (names[i].kind == type->kind) {
      mote_text_str(out, names[i].name);
      return;
    }
  for (size_t i = 0; i < MOTE_COUNT(generics); i++)
    if (generics[i].kind == type->kind)
      mote_text_str(out, generics[i].name);
  mote_text_str(out, "[");
  for (uint32_t i = 0; i < type->n_args; i++) {
    if (i)
      mote_text_str(out, ", ");
    print(type->args[i], out, start);
  }
  mote_text_str(out, type->kind == MOTE_TYPE_TUPLE && type->n_args == 0 ? "()]" : "]");
}

void mote_type_text(const mote_type *type, mote_text *out) { print(type, out, out->len); }

// ---------------------------------------------------------------------------------------------------- reading

typedef struct reader {
  mote_types *types;
  const char *at, *end;
  mote_error *err;
} reader;

static void skip_blanks(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\n'))
    r->at++;
}

static bool take(reader *r, char c) {
  skip_blanks(r);
  if (r->at == r->end || *r->at != c)
    return false;
  r->at++;
  return true;
}

static mote_status bad(reader *r, const char *what) {
  int left = (int)MOTE_MIN(r->end - r->at, 40);
  return mote_fail(r->err, MOTE_ERR_FORMAT, "type: %s at \"%.*s\"", what, left, r->at);
}

static size_t read_name(reader *r, const char **name) {
  skip_blanks(r);
  *name = r->at;
  while (r->at < r->end && (*r->at == '_' || *r->at == '.' || (*r->at >= '0' && *r->at <= '9') ||
                            (*r->at >= 'a' && *r->at <= 'z') || (*r->at >= 'A' && *r->at <= 'Z')))
    r->at++;
  return (size_t)(r->at - *name);
}

static mote_status read_type(reader *r, int depth, const mote_type **out);

static mote_status read_args(reader *r, mote_type_kind kind, int depth, const mote_type **out) {
  MOTE_VEC(const mote_type *) args = {0};
  mote_status status = MOTE_OK;
  const mote_allocator *al = r->types->arena->al;
  if (take(r, '(') && !take(r, ')'))
    status = bad(r, "expected ()");
  while (status == MOTE_OK && !take(r, ']')) {
    const mote_type *item = NULL;
    if (args.len && !take(r, ','))
      status = bad(r, "expected , or ]");
    else
      status = read_type(r, depth + 1, &item);
    if (status == MOTE_OK && MOTE_VEC_PUSH(al, &args, item, r->err) != MOTE_OK)
      status = MOTE_ERR_NOMEM;
  }
  if (status == MOTE_OK) {
    *out = mote_type_generic(r->types, kind, args.at, (uint32_t)args.len);
    if (*out == NULL)
      status = r->types->short_of_memory ? mote_fail_nomem(r->err) : bad(r, "wrong number of type arguments");
  }
  MOTE_VEC_FREE(al, &args);
  return status;
}

// "[NamedTuple, [[field, type], ...]]" after the name of the class.
static mote_status read_named_tuple(reader *r, mote_class *cls, int depth) {
  const char *word;
  size_t len = read_name(r, &word);
  if (len != 10 || memcmp(word, "NamedTuple", 10) != 0 || !take(r, ',') || !take(r, '['))
    return bad(r, "expected NamedTuple and its fields");
  MOTE_VEC(mote_attr) fields = {0};
  const mote_allocator *al = r->types->arena->al;
  mote_status status = MOTE_OK;
  while (status == MOTE_OK && !take(r, ']')) {
    mote_attr field = {0};
    if ((fields.len && !take(r, ',')) || !take(r, '[') || (len = read_name(r, &word)) == 0 || !take(r, ','))
      status = bad(r, "expected [field, type]");
    else
      status = read_type(r, depth + 1, &field.type);
    if (status == MOTE_OK && !take(r, ']'))
      status = bad(r, "expected ]");
    field.name = status == MOTE_OK ? mote_arena_str(r->types->arena, word, len) : NULL;
    if (status == MOTE_OK && (field.name == NULL || MOTE_VEC_PUSH(al, &fields, field, r->err) != MOTE_OK))
      status = MOTE_ERR_NOMEM;
  }
  if (status == MOTE_OK && !take(r, ']'))
    status = bad(r, "expected ]");
  if (status == MOTE_OK && cls->kind == MOTE_CLASS_UNKNOWN) {
    cls->attrs = MOTE_ARENA_ARRAY(r->types->arena, mote_attr, fields.len + 1);
    if (cls->attrs != NULL) {
      if (fields.len)
        memcpy(cls->attrs, fields.at, fields.len * sizeof(mote_attr));
      cls->n_attrs = (uint32_t)fields.len;
      status = mote_class_become_tuple(r->types, cls, r->err);
    } else
      status = mote_fail_nomem(r->err);
  }
  MOTE_VEC_FREE(al, &fields);
  return status;
}

static mote_status read_type(reader *r, int depth, const mote_type **out) {
  const char *name;
  size_t len = read_name(r, &name);
  mote_type_kind kind;
  if (len == 0)
    return bad(r, "expected a name");
  if (depth > MAX_DEPTH)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "type: nested deeper than %d", MAX_DEPTH);
  if (len > 9 && memcmp(name, "__torch__", 9) == 0) {
    mote_class *cls = mote_types_class(r->types, name, len);
    if (cls == NULL)
      return mote_fail_nomem(r->err);
    if (take(r, '['))
      MOTE_TRY(read_named_tuple(r, cls, depth));
    *out = cls->type;
  } else if (mote_type_generic_name(name, len, &kind) && take(r, '[')) {
    MOTE_TRY(read_args(r, kind, depth, out));
  } else if (mote_type_basic_name(name, len, &kind)) {
    *out = mote_type_basic(r->types, kind);
  } else {
    r->at = name;
    return bad(r, "unknown type");
  }
  if (take(r, '?'))
    *out = mote_type_optional(r->types, *out);
  return *out != NULL ? MOTE_OK : mote_fail_nomem(r->err);
}

mote_status mote_type_parse(mote_types *types, const char *text, size_t len, const mote_type **out, mote_error *err) {
  reader r = {types, text, text + len, err};
  const mote_type *type = NULL;
  MOTE_TRY(read_type(&r, 0, &type));
  skip_blanks(&r);
  if (r.at != r.end)
    return bad(&r, "text left over");
  *out = type;
  return MOTE_OK;
}
