// Operator schemas: the library's rows, found by binary search, and the parser that gives them structure.
// Knows types, no implementations. Tests: tests/script/test_types.c
#include "script/schema.h"

#include <string.h>

#include "base/fail.h"
#include "wire/inflate.h"

// The rows are packed (scripts/pack_schemas.py): a tenth of the text's size.
#include "script/schemas_packed.def"

#define MAX_ARGS 64  // the longest row has 25
#define MAX_DEPTH 16 // of types in a schema

_Static_assert(PACKED_LONGEST < MOTE_SCHEMA_TEXT_MAX, "a row fits its buffer");
_Static_assert(PACKED_NAMES_FULL <= UINT16_MAX && PACKED_RESTS_SIZE <= UINT16_MAX, "places of two bytes");
_Static_assert(PACKED_NAMES_SIZE <= PACKED_RESTS_SIZE, "names are unpacked where the rests come later");

struct mote_schema_book {
  char names[PACKED_NAMES_FULL];    // each ended by NUL
  uint8_t rests[PACKED_RESTS_SIZE]; // words, then what stands behind the rows' names; each ended by a newline
  uint16_t name_at[PACKED_NAMES], first_row[PACKED_NAMES + 1];
  uint16_t word_at[PACKED_WORDS], rest_at[PACKED_ROWS];
};

uint32_t mote_schema_count(void) { return PACKED_ROWS; }

// "\x85bc\x86": a byte of 128 and above tells how many characters a name shares with the one before.
static mote_status open_names(mote_schema_book *book, mote_error *err) {
  MOTE_TRY(mote_inflate((mote_span){packed_names, sizeof packed_names}, book->rests, PACKED_NAMES_SIZE, NULL, err));
  char *to = book->names;
  for (size_t i = 0, n = 0; i < PACKED_NAMES_SIZE; n++) {
    size_t same = book->rests[i++] - 128u;
    book->name_at[n] = (uint16_t)(to - book->names);
    if (same)
      memcpy(to, book->names + book->name_at[n - 1], same);
    for (to += same; i < PACKED_NAMES_SIZE && book->rests[i] < 128; i++)
      *to++ = (char)book->rests[i];
    *to++ = '\0';
  }
  return MOTE_OK;
}

static mote_status open_rests(mote_schema_book *book, mote_error *err) {
  MOTE_TRY(mote_inflate((mote_span){packed_rests, sizeof packed_rests}, book->rests, PACKED_RESTS_SIZE, NULL, err));
  size_t at = 0, name = 0;
  for (size_t line = 0; line < PACKED_WORDS + PACKED_ROWS; line++) {
    if (line < PACKED_WORDS) {
      book->word_at[line] = (uint16_t)at;
    } else {
      if (book->rests[at] == PACKED_NEW_NAME) {
        at++;
        book->first_row[name++] = (uint16_t)(line - PACKED_WORDS);
      }
      book->rest_at[line - PACKED_WORDS] = (uint16_t)at;
    }
    while (book->rests[at++] != '\n')
      ;
  }
  book->first_row[name] = PACKED_ROWS;
  return MOTE_OK;
}

mote_status mote_schemas_init(mote_schemas *schemas, mote_types *types, mote_error *err) {
  const mote_allocator *al = types->arena->al;
  schemas->types = types;
  schemas->rows = MOTE_ARENA_ARRAY(types->arena, mote_schema *, PACKED_ROWS);
  schemas->book = MOTE_NEW(al, mote_schema_book);
  if (schemas->rows == NULL || schemas->book == NULL)
    return mote_fail_nomem(err);
  MOTE_TRY(open_names(schemas->book, err));
  return open_rests(schemas->book, err);
}

void mote_schemas_close(mote_schemas *schemas) {
  if (schemas->book != NULL)
    mote_free(schemas->types->arena->al, schemas->book);
  schemas->book = NULL;
}

// Appends a rest's characters to `to`, shortened as they are: ">" is ") -> ", and a comma has a blank behind it.
static char *expand_rest(const mote_schema_book *book, const uint8_t *from, char *to) {
  for (; *from != '\n'; from++) {
    if (*from >= 128) {
      to = expand_rest(book, book->rests + book->word_at[*from - 128], to);
      continue;
    }
    const char *text = *from == ',' ? ", " : *from == '>' ? ") -> " : (const char[]){(char)*from, '\0'};
    while (*text)
      *to++ = *text++;
  }
  return to;
}

const char *mote_schema_text(const mote_schemas *schemas, uint32_t id, char text[MOTE_SCHEMA_TEXT_MAX]) {
  const mote_schema_book *book = schemas->book;
  uint32_t low = 0, high = PACKED_NAMES; // the name of the row: the last that begins at or before it
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    *(book->first_row[mid] <= id ? &low : &high) = mid;
  }
  const char *name = book->names + book->name_at[low];
  size_t len = strlen(name);
  memcpy(text, name, len);
  text[len] = '.';
  char *rest = text + len + 1, *end = expand_rest(book, book->rests + book->rest_at[id], rest);
  if (*rest == '(') { // no overload
    memmove(text + len, rest, (size_t)(end - rest));
    end--;
  }
  *end = '\0';
  if (strstr(text, ") -> ") == NULL)
    strcpy(end, ") -> Tensor");
  return text;
}

static size_t name_length(const char *row) { return strcspn(row, ".("); }

bool mote_schema_range(const mote_schemas *schemas, const char *name, size_t len, uint32_t *first, uint32_t *count) {
  const mote_schema_book *book = schemas->book;
  uint32_t low = 0, high = PACKED_NAMES;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    const char *other = book->names + book->name_at[mid];
    int order = strncmp(other, name, len);
    if (order == 0 && other[len] == '\0') {
      *first = book->first_row[mid];
      *count = book->first_row[mid + 1] - *first;
      return true;
    }
    *(order < 0 ? &low : &high) = order < 0 ? mid + 1 : mid;
  }
  *first = *count = 0;
  return false;
}

int32_t mote_schema_id(const mote_schemas *schemas, const char *name, const char *overload) {
  char row[MOTE_SCHEMA_TEXT_MAX];
  uint32_t first, count;
  size_t len = strlen(name), want = strlen(overload);
  if (!mote_schema_range(schemas, name, len, &first, &count))
    return -1;
  for (uint32_t i = first; i < first + count; i++) {
    const char *rest = mote_schema_text(schemas, i, row) + len;
    rest += *rest == '.';
    if (strncmp(rest, overload, want) == 0 && rest[want] == '(')
      return (int32_t)i;
  }
  return -1;
}

mote_status mote_schema_get(mote_schemas *schemas, uint32_t id, const mote_schema **out, mote_error *err) {
  if (schemas->rows[id] == NULL) {
    mote_schema *schema = MOTE_ARENA_NEW(schemas->types->arena, mote_schema);
    if (schema == NULL)
      return mote_fail_nomem(err);
    char text[MOTE_SCHEMA_TEXT_MAX];
    MOTE_TRY(mote_schema_parse(schemas->types, mote_schema_text(schemas, id, text), (int32_t)id, schema, err));
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
