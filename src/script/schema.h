// Operator schemas: the rows of schemas.def, expanded and parsed when first asked for. The index of a row is the
// operator's number in the VM's dispatch table. Knows types, no implementations. Tests: tests/script/test_types.c
#ifndef MOTE_SCRIPT_SCHEMA_H
#define MOTE_SCRIPT_SCHEMA_H

#include "script/types.h"

typedef struct mote_schema_arg {
  const char *name;
  const mote_type *type;
  mote_literal value; // default
  bool has_default, keyword_only;
  bool is_written, is_out; // changed in place; is_out: keyword-only and written, the out= of such variants
  int32_t list_size;       // N of int[N]: one int stands for N equal ones; 0: none
} mote_schema_arg;

typedef struct mote_schema {
  int32_t id;           // row in schemas.def
  const char *name;     // "aten::add"
  const char *overload; // "Tensor", "" for none
  const mote_schema_arg *args;
  uint32_t n_args, n_results;
  const mote_type *const *results;
  bool is_vararg, is_varret;
} mote_schema;

typedef struct mote_schema_book mote_schema_book; // the text of all rows

typedef struct mote_schemas { // belongs to a program
  mote_types *types;
  mote_schema **rows;     // [mote_schema_count()], NULL until parsed
  mote_schema_book *book; // while a file is read: 75 KB
} mote_schemas;

// Parsed rows live in the arena of `types`, and stay when the text is freed (mote_schemas_close). Between the two
// calls, the rows' text may be asked.
mote_status mote_schemas_init(mote_schemas *schemas, mote_types *types, mote_error *err) MOTE_MUST_USE;
void mote_schemas_close(mote_schemas *schemas);

uint32_t mote_schema_count(void);
#define MOTE_SCHEMA_TEXT_MAX 512
// The row's text; gives `text`.
const char *mote_schema_text(const mote_schemas *schemas, uint32_t id, char text[MOTE_SCHEMA_TEXT_MAX]);
// Rows of all overloads of "aten::add" are neighbours, in PyTorch's order: [*first, *first + *count). False: no such
// name.
bool mote_schema_range(const mote_schemas *schemas, const char *name, size_t len, uint32_t *first, uint32_t *count);
// Row of name and overload ("" for none); -1 when there is none.
int32_t mote_schema_id(const mote_schemas *schemas, const char *name, const char *overload);
// The parsed row.
mote_status mote_schema_get(mote_schemas *schemas, uint32_t id, const mote_schema **out, mote_error *err) MOTE_MUST_USE;
// Parses any schema text (custom operators); `id` is stored.
mote_status mote_schema_parse(mote_types *types, const char *text, int32_t id, mote_schema *out,
                              mote_error *err) MOTE_MUST_USE;

#endif
