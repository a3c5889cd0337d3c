// Tokens of saved TorchScript source: Python's lexical rules, indentation included, as far as the serialiser uses them.
// Knows no grammar. Tests: tests/script/test_lexer.c
#ifndef MOTE_SCRIPT_LEXER_H
#define MOTE_SCRIPT_LEXER_H

#include "base/arena.h"
#include "base/map.h"
#include "base/span.h"

typedef enum mote_token_kind {
  MOTE_TOK_END,
  MOTE_TOK_NEWLINE, // end of a logical line
  MOTE_TOK_INDENT,
  MOTE_TOK_DEDENT,
  MOTE_TOK_NAME,
  MOTE_TOK_INT,
  MOTE_TOK_FLOAT,
  MOTE_TOK_COMPLEX, // imaginary literal
  MOTE_TOK_STR,
  MOTE_TOK_OP // one of the operators; `op` holds up to three of its characters, see MOTE_OP2
} mote_token_kind;

// Code of an operator token: its characters in one number.
#define MOTE_OP1(a) ((uint32_t)(a))
#define MOTE_OP2(a, b) ((uint32_t)(a) << 8 | (uint32_t)(b))
#define MOTE_OP3(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

typedef struct mote_token {
  mote_token_kind kind;
  uint32_t offset; // of the first byte in the record
  uint32_t op;
  union {
    int64_t i;
    double f;
    struct {
      const char *at; // NAME: interned, compare pointers. STR: unescaped
      size_t len;
    } s;
  } u;
} mote_token;

#define MOTE_MAX_INDENT 256 // nested blocks; if/else chains of real programs reach about 40

typedef struct mote_lexer {
  mote_span text;
  size_t pos;
  const char *path;  // for messages
  mote_arena *arena; // strings
  mote_map *names;   // interned names
  int brackets;      // open ( [ {: inside, line ends and indentation mean nothing
  int pending_dedents;
  bool line_start;
  uint32_t indents[MOTE_MAX_INDENT];
  uint32_t depth; // of `indents`
} mote_lexer;

// Records of at most 4 GiB - 1 are read: offsets are 32 bits.
mote_status mote_lexer_init(mote_lexer *lexer, mote_span text, const char *path, mote_arena *arena, mote_map *names,
                            mote_error *err) MOTE_MUST_USE;
mote_status mote_lexer_next(mote_lexer *lexer, mote_token *out, mote_error *err) MOTE_MUST_USE;
// Puts "path:line" in front of the failure in `err`; returns `status`: `return mote_lexer_at(lx, at, err,
// mote_fail(...))`.
mote_status mote_lexer_at(const mote_lexer *lexer, uint32_t offset, mote_error *err, mote_status status);
// The one copy of a name; NULL when memory is short.
const char *mote_intern(mote_map *names, mote_arena *arena, const char *name, size_t len);

#endif
