// Operator schemas: static rows, found by binary search, and the parser that gives them structure.
// Knows types, no implementations. Tests: tests/script/test_types.c
#include "script/schema.h"

#include <string.h>

#include "base/fail.h"

// The rows are packed (scripts/pack_schemas.py): a fifth of the text's size. A code is a character or two codes.
#include "script/schemas_packed.def"

#define MAX_ARGS 64  // the longest row has 25
#define MAX_DEPTH 16 // of types in a schema

_Static_assert(PACKED_LONGEST < MOTE_SCHEMA_TEXT_MAX, "a row fits its buffer");

uint32_t mote_schema_count(void) { return (uint32_t)MOTE_COUNT(packed_starts) - 1; }

// Writes the characters of `code` up to one of `stop`; *n counts them. False: a stop was met.
static bool expand_code(uint16_t code, const char *stop, char *text, size_t *n) {
  uint16_t waiting[PACKED_DEPTH];
  size_t depth = 0;
  waiting[depth++] = code;
  while (depth > 0) {
    const uint16_t *symbol = packed_symbols + (size_t)waiting[--depth] * 2;
    if (symbol[1] != PACKED_LEAF) {
      waiting[depth++] = symbol[1];
      waiting[depth++] = symbol[0];
    } else if (strchr(stop, symbol[0]) != NULL) {
      return false;
    } else {
      text[(*n)++] = (char)symbol[0];
    }
  }
  return true;
}

static size_t expand(uint32_t id, const char *stop, char text[MOTE_SCHEMA_TEXT_MAX]) {
  size_t n = 0;
  for (size_t at = packed_starts[id]; at < packed_starts[id + 1]; at++) {
    uint16_t code = packed_rows[at];
    if (code >= PACKED_ONE_BYTE)
      code = (uint16_t)(PACKED_ONE_BYTE + (code - PACKED_ONE_BYTE) * 256 + packed_rows[++at]);
    if (!expand_code(code, stop, text, &n))
      break;
  }
  text[n] = '\0';
  return n;
}

const char *mote_schema_text(uint32_t id, char text[MOTE_SCHEMA_TEXT_MAX]) {
  expand(id, "", text);
  return text;
}

static size_t name_length(const char *row) { return strcspn(row, ".("); }

static int compare_name(uint32_t id, const char *name, size_t len) {
  char row[MOTE_SCHEMA_TEXT_MAX];
  size_t row_len = expand(id, ".(", row);
  int order = memcmp(row, name, MOTE_MIN(row_len, len));
  return order != 0 ? order : (row_len > len) - (row_len < len);
}

// First row whose name is not below `name` (`above`: first row whose name is above it).
static uint32_t search(const char *name, size_t len, bool above) {
  uint32_t low = 0, high = mote_schema_count();
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int order = compare_name(mid, name, len);
    if (order < 0 || (above && order == 0))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

bool mote_schema_range(const char *name, size_t len, uint32_t *first, uint32_t *count) {
  *first = search(name, len, false);
  *count = search(name, len, true) - *first;
  return *count > 0;
}

int32_t mote_schema_id(const char *name, const char *overload) {
  char row[MOTE_SCHEMA_TEXT_MAX];
  uint32_t first, count;
  size_t len = strlen(name);
  if (!mote_schema_range(name, len, &first, &count))
    return -1;
  for (uint32_t i = first; i < first + count; i++) {
    expand(i, "(", row);
    if (strcmp(row + len + (row[len] == '.'), overload) == 0)
      return (int32_t)i;
  }
  return -1;
}

mote_status mote_schemas_init(mote_schemas *schemas, mote_types *types, mote_error *err) {
  schemas->types = types;
  schemas->rows = MOTE_ARENA_ARRAY(types->arena, mote_schema *, mote_schema_count());
  return schemas->rows != NULL ? MOTE_OK : mote_fail_nomem(err);
}

mote_status mote_schema_get(mote_schemas *schemas, uint32_t id, const mote_schema **out, mote_error *err) {
  if (schemas->rows[id] == NULL) {
    mote_schema *schema = MOTE_ARENA_NEW(schemas->types->arena, mote_schema);
    if (schema == NULL)
      return mote_fail_nomem(err);
    char text[MOTE_SCHEMA_TEXT_MAX];
    MOTE_TRY(mote_schema_parse(schemas->types, mote_schema_text(id, text), (int32_t)id, schema, err));
    schemas->rows[id] = schema;
  }
  *out = schemas->rows[id];
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- parser

typedef struct reader {
  mote_types *types;
  const char *start, *at;
  mote_error *err;
} reader;

static mote_status bad(reader *r, const char *what) {
  return mote_fail(r->err, MOTE_ERR_FORMAT, "schema \"%.120s\": %s at \"%.20s\"", r->start, what, r->at);
}

static void skip_blanks(reader *r) {
  while (*r->at == ' ')
    r->at++;
}

static bool take(reader *r, const char *word) {
  skip_blanks(r);
  size_t len = strlen(word);
  if (strncmp(r->at, word, len) != 0)
    return false;
  r->at += len;
  return true;
}

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t word_length(const char *at, bool dots) {
  size_t n = 0;
  while (is_word(at[n]) || (dots && at[n] == '.'))
    n++;
  return n;
}

static mote_status read_word(reader *r, const char **out) {
  skip_blanks(r);
  size_t n = word_length(r->at, false);
  if (n == 0)
    return bad(r, "a name is expected");
  *out = mote_arena_str(r->types->arena, r->at, n);
  r->at += n;
  return *out ? MOTE_OK : mote_fail_nomem(r->err);
}

typedef struct type_facts {
  int32_t list_size;
  bool is_written;
} type_facts;

static mote_status read_type(reader *r, int depth, type_facts *facts, const mote_type **out);

// Types up to the closing parenthesis, which is taken.
static mote_status read_type_list(reader *r, int depth, const mote_type **items, uint32_t *n) {
  type_facts ignored;
  for (*n = 0; !take(r, ")"); *n += 1) {
    if (*n == MAX_ARGS)
      return bad(r, "too many types");
    if (*n > 0 && !take(r, ","))
      return bad(r, "',' is expected");
    MOTE_TRY(read_type(r, depth, &ignored, &items[*n]));
  }
  return MOTE_OK;
}

// "t", "t1", "tVal": a lower case letter alone or before a digit or capital.
static bool is_variable(const char *name, size_t len) {
  bool letter = len >= 1 && len < 8 && *name >= 'a' && *name <= 'z';
  return letter && (len == 1 || (name[1] >= '0' && name[1] <= '9') || (name[1] >= 'A' && name[1] <= 'Z'));
}

static mote_status read_plain_type(reader *r, int depth, const mote_type **out) {
  const mote_type *items[MAX_ARGS];
  uint32_t n = 0;
  if (take(r, "(")) {
    MOTE_TRY(read_type_list(r, depth + 1, items, &n));
    *out = mote_type_make(r->types, MOTE_TYPE_TUPLE, items, n);
    return MOTE_OK;
  }
  skip_blanks(r);
  const char *name = r->at;
  size_t len = word_length(name, true);
  mote_type_kind kind;
  r->at += len;
  if (is_variable(name, len)) {
    char var[8] = {0};
    memcpy(var, name, len);
    *out = mote_type_var(r->types, var);
  } else if (len > 9 && strncmp(name, "__torch__", 9) == 0) {
    mote_class *cls = mote_types_class(r->types, name, len);
    *out = cls ? cls->type : NULL;
  } else if (mote_type_generic_name(name, len, &kind) && take(r, "(")) {
    MOTE_TRY(read_type_list(r, depth + 1, items, &n));
    *out = mote_type_generic(r->types, kind, items, n);
  } else if (mote_type_basic_name(name, len, &kind)) {
    *out = mote_type_basic(r->types, kind);
  } else {
    return bad(r, "unknown type before");
  }
  return MOTE_OK;
}

static mote_status read_type(reader *r, int depth, type_facts *facts, const mote_type **out) {
  *facts = (type_facts){0};
  if (depth > MAX_DEPTH)
    return bad(r, "types nested too deeply");
  MOTE_TRY(read_plain_type(r, depth, out));
  for (;;) {
    if (*out == NULL)
      return mote_fail_nomem(r->err);
    if (*r->at == '[') {
      r->at++;
      while (*r->at >= '0' && *r->at <= '9' && facts->list_size < 1000)
        facts->list_size = facts->list_size * 10 + (*r->at++ - '0');
      if (!take(r, "]"))
        return bad(r, "']' is expected");
      *out = mote_type_list(r->types, *out);
    } else if (*r->at == '?') {
      r->at++;
      *out = mote_type_optional(r->types, *out);
    } else if (strncmp(r->at, "(!)", 3) == 0) {
      r->at += 3;
      facts->is_written = true;
    } else {
      return MOTE_OK;
    }
  }
}

static mote_status read_string(reader *r, mote_literal *out) {
  const char *from = ++r->at;
  size_t n = strcspn(from, "\"");
  if (from[n] == 0)
    return bad(r, "string without end");
  char *text = mote_arena_str(r->types->arena, from, n);
  if (text == NULL)
    return mote_fail_nomem(r->err);
  size_t len = 0;
  for (size_t i = 0; i < n; i++, len++) {
    text[len] = from[i];
    if (from[i] != '\\' || i + 1 == n)
      continue;
    static const char from_c[] = "ntfvr", to_c[] = "\n\t\f\v\r";
    const char *which = strchr(from_c, from[++i]);
    text[len] = which ? to_c[which - from_c] : from[i];
  }
  text[len] = 0;
  r->at += n + 1;
  out->kind = MOTE_LIT_STR;
  out->u.s.at = text;
  out->u.s.len = len;
  return MOTE_OK;
}

// "-1", "1.", "None", "True", "\"none\"". The kind follows the text; fit_default() adapts it to the argument's type.
static mote_status read_scalar(reader *r, mote_literal *out) {
  skip_blanks(r);
  if (*r->at == '"')
    return read_string(r, out);
  size_t n = strcspn(r->at, ",)] ");
  if (n == 4 && strncmp(r->at, "None", 4) == 0) {
    out->kind = MOTE_LIT_NONE;
  } else if ((n == 4 && strncmp(r->at, "True", 4) == 0) || (n == 5 && strncmp(r->at, "False", 5) == 0)) {
    out->kind = MOTE_LIT_BOOL;
    out->u.b = n == 4;
  } else if (mote_parse_i64(r->at, n, 10, &out->u.i)) {
    out->kind = MOTE_LIT_INT;
  } else if (mote_parse_f64(r->at, n, &out->u.f)) {
    out->kind = MOTE_LIT_FLOAT;
  } else {
    return bad(r, "default is not understood");
  }
  r->at += n;
  return MOTE_OK;
}

static mote_status read_default(reader *r, mote_literal *out) {
  if (!take(r, "["))
    return read_scalar(r, out);
  mote_literal items[MAX_ARGS];
  size_t n = 0;
  while (!take(r, "]")) {
    if (n == MAX_ARGS || (n > 0 && !take(r, ",")))
      return bad(r, "list is not understood");
    memset(&items[n], 0, sizeof items[n]);
    MOTE_TRY(read_scalar(r, &items[n++]));
  }
  mote_literal *own = MOTE_ARENA_ARRAY(r->types->arena, mote_literal, n + 1);
  if (own == NULL)
    return mote_fail_nomem(r->err);
  memcpy(own, items, n * sizeof *own);
  out->kind = MOTE_LIT_LIST;
  out->u.list.items = own;
  out->u.list.count = n;
  return MOTE_OK;
}

// "int[2] x=0" means [0, 0]; "float x=1" means 1.0.
static mote_status fit_default(reader *r, const mote_schema_arg *arg, const mote_type *type, mote_literal *value) {
  type = mote_type_unwrap(type);
  value->type = value->kind == MOTE_LIT_NONE ? mote_type_basic(r->types, MOTE_TYPE_NONE) : type;
  if (type->kind == MOTE_TYPE_FLOAT && value->kind == MOTE_LIT_INT) {
    value->kind = MOTE_LIT_FLOAT;
    value->u.f = (double)value->u.i;
  }
  if (type->kind == MOTE_TYPE_NUMBER && value->kind != MOTE_LIT_NONE)
    value->type = mote_type_basic(r->types, value->kind == MOTE_LIT_FLOAT  ? MOTE_TYPE_FLOAT
                                            : value->kind == MOTE_LIT_BOOL ? MOTE_TYPE_BOOL
                                                                           : MOTE_TYPE_INT);
  if (type->kind != MOTE_TYPE_LIST || value->kind == MOTE_LIT_NONE)
    return MOTE_OK;
  if (value->kind != MOTE_LIT_LIST) {
    mote_literal *items = MOTE_ARENA_ARRAY(r->types->arena, mote_literal, (size_t)arg->list_size + 1);
    if (items == NULL)
      return mote_fail_nomem(r->err);
    for (int32_t i = 0; i < arg->list_size; i++)
      items[i] = *value;
    value->kind = MOTE_LIT_LIST;
    value->u.list.items = items;
    value->u.list.count = (size_t)arg->list_size;
  }
  for (size_t i = 0; i < value->u.list.count; i++)
    MOTE_TRY(fit_default(r, arg, type->args[0], (mote_literal *)(uintptr_t)&value->u.list.items[i]));
  return MOTE_OK;
}

static mote_status read_arg(reader *r, bool keyword_only, mote_schema_arg *arg) {
  type_facts facts;
  MOTE_TRY(read_type(r, 0, &facts, &arg->type));
  MOTE_TRY(read_word(r, &arg->name));
  arg->keyword_only = keyword_only;
  arg->list_size = facts.list_size;
  arg->is_written = facts.is_written;
  arg->is_out = facts.is_written && keyword_only;
  arg->has_default = take(r, "=");
  if (!arg->has_default)
    return MOTE_OK;
  MOTE_TRY(read_default(r, &arg->value));
  return fit_default(r, arg, arg->type, &arg->value);
}

static mote_status read_args(reader *r, mote_schema *out) {
  mote_schema_arg args[MAX_ARGS];
  uint32_t n = 0;
  bool keyword_only = false, first = true;
  for (; !take(r, ")"); first = false) {
    if (!first && !take(r, ","))
      return bad(r, "',' is expected");
    if (take(r, "...")) {
      out->is_vararg = true;
    } else if (take(r, "*")) {
      keyword_only = true;
    } else {
      if (n == MAX_ARGS)
        return bad(r, "too many arguments");
      memset(&args[n], 0, sizeof args[n]);
      MOTE_TRY(read_arg(r, keyword_only, &args[n++]));
    }
  }
  mote_schema_arg *own = MOTE_ARENA_ARRAY(r->types->arena, mote_schema_arg, n + 1);
  if (own == NULL)
    return mote_fail_nomem(r->err);
  memcpy(own, args, n * sizeof *own);
  out->args = own;
  out->n_args = n;
  return MOTE_OK;
}

static mote_status read_results(reader *r, mote_schema *out) {
  const mote_type *results[MAX_ARGS];
  uint32_t n = 0;
  type_facts ignored;
  if (!take(r, "->"))
    return bad(r, "'->' is expected");
  out->is_varret = take(r, "...");
  if (!out->is_varret && take(r, "(")) {
    for (; !take(r, ")"); n++) {
      if (n == MAX_ARGS || (n > 0 && !take(r, ",")))
        return bad(r, "results are not understood");
      MOTE_TRY(read_type(r, 1, &ignored, &results[n]));
      skip_blanks(r);
      r->at += word_length(r->at, false); // the name of a result
    }
  } else if (!out->is_varret) {
    MOTE_TRY(read_type(r, 0, &ignored, &results[n++]));
  }
  const mote_type **own = MOTE_ARENA_ARRAY(r->types->arena, const mote_type *, n + 1);
  if (own == NULL)
    return mote_fail_nomem(r->err);
  memcpy(own, results, n * sizeof *own);
  out->results = own;
  out->n_results = n;
  return MOTE_OK;
}

mote_status mote_schema_parse(mote_types *types, const char *text, int32_t id, mote_schema *out, mote_error *err) {
  reader r = {types, text, text, err};
  mote_schema schema = {.id = id};
  size_t name = name_length(text);
  size_t overload = text[name] == '.' ? strcspn(text + name + 1, "(") : 0;
  schema.name = mote_arena_str(types->arena, text, name);
  schema.overload = mote_arena_str(types->arena, text + name + (text[name] == '.'), overload);
  if (schema.name == NULL || schema.overload == NULL)
    return mote_fail_nomem(err);
  r.at += name + overload + (text[name] == '.');
  if (strstr(schema.name, "::") == NULL || !take(&r, "("))
    return bad(&r, "expected ns::name.overload(");
  MOTE_TRY(read_args(&r, &schema));
  MOTE_TRY(read_results(&r, &schema));
  *out = schema;
  return MOTE_OK;
}
