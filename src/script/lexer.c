// Lexer of saved TorchScript source. Input is hostile: every step is bounded by the record's size.
// Knows no grammar. Tests: tests/script/test_lexer.c
#include "script/lexer.h"

#include <string.h>

#include "base/fail.h"
#include "base/text.h"

const char *mote_intern(mote_map *names, mote_arena *arena, const char *name, size_t len) {
  mote_map_entry *entry = mote_map_find(names, name, len);
  if (entry != NULL)
    return entry->key;
  char *own = mote_arena_str(arena, name, len);
  return own != NULL && mote_map_put(names, own, len) != NULL ? own : NULL;
}

mote_status mote_lexer_init(mote_lexer *lexer, mote_span text, const char *path, mote_arena *arena, mote_map *names,
                            mote_error *err) {
  memset(lexer, 0, sizeof *lexer);
  if (text.size >= UINT32_MAX)
    return mote_fail(err, MOTE_ERR_LIMIT, "%s: source of 4 GiB or more", path);
  lexer->text = text;
  lexer->path = path;
  lexer->arena = arena;
  lexer->names = names;
  lexer->line_start = true;
  return MOTE_OK;
}

mote_status mote_lexer_at(const mote_lexer *lexer, uint32_t offset, mote_error *err, mote_status status) {
  uint32_t line = 1;
  for (uint32_t i = 0; i < offset && i < lexer->text.size; i++)
    line += lexer->text.data[i] == '\n';
  mote_fail_offset(err, offset);
  mote_fail_place(err, "%s:%u", lexer->path, line);
  return status;
}

static int peek(const mote_lexer *lx, size_t ahead) {
  return lx->pos + ahead < lx->text.size ? lx->text.data[lx->pos + ahead] : -1;
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_name_start(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 128; }

static void skip_comment(mote_lexer *lx) {
  while (peek(lx, 0) != '\n' && peek(lx, 0) != -1)
    lx->pos++;
}

// At the start of a line: measures its indentation, passing blank and comment lines. Sets INDENT or pending dedents.
static mote_status read_indent(mote_lexer *lx, mote_token *out, bool *made, mote_error *err) {
  *made = false;
  uint32_t width = 0;
  for (;; lx->pos++) {
    int c = peek(lx, 0);
    if (c == '#')
      skip_comment(lx), c = peek(lx, 0);
    if (c == ' ')
      width++;
    else if (c == '\t')
      width = (width / 8 + 1) * 8;
    else if (c == '\n' || c == '\r')
      width = 0;
    else
      break;
  }
  lx->line_start = false;
  out->offset = (uint32_t)lx->pos;
  uint32_t now = lx->depth ? lx->indents[lx->depth - 1] : 0;
  if (peek(lx, 0) == -1)
    width = 0;
  if (width > now) {
    if (lx->depth == MOTE_MAX_INDENT)
      return mote_lexer_at(lx, out->offset, err,
                           mote_fail(err, MOTE_ERR_LIMIT, "blocks nested deeper than %d", MOTE_MAX_INDENT));
    lx->indents[lx->depth++] = width;
    out->kind = MOTE_TOK_INDENT;
    *made = true;
    return MOTE_OK;
  }
  while (lx->depth > 0 && lx->indents[lx->depth - 1] > width) {
    lx->depth--;
    lx->pending_dedents++;
  }
  if (width != (lx->depth ? lx->indents[lx->depth - 1] : 0))
    return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "indentation fits no outer block"));
  return MOTE_OK;
}

static mote_status read_number(mote_lexer *lx, mote_token *out, mote_error *err) {
  const char *from = (const char *)lx->text.data + lx->pos;
  size_t start = lx->pos;
  bool is_float = false;
  while (is_digit(peek(lx, 0)))
    lx->pos++;
  if (peek(lx, 0) == '.') {
    is_float = true;
    for (lx->pos++; is_digit(peek(lx, 0));)
      lx->pos++;
  }
  int c = peek(lx, 0), sign = peek(lx, 1);
  if ((c == 'e' || c == 'E') && (is_digit(sign) || ((sign == '-' || sign == '+') && is_digit(peek(lx, 2))))) {
    is_float = true;
    for (lx->pos += 2; is_digit(peek(lx, 0));)
      lx->pos++;
  }
  size_t len = lx->pos - start;
  out->kind = MOTE_TOK_INT;
  if (peek(lx, 0) == 'j') {
    lx->pos++;
    out->kind = MOTE_TOK_COMPLEX;
  } else if (is_float) {
    out->kind = MOTE_TOK_FLOAT;
  }
  if (is_name_start(peek(lx, 0)) || is_digit(peek(lx, 0)))
    return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "number is not understood"));
  if (out->kind == MOTE_TOK_INT) {
    // -9223372036854775808 is written with a minus in front, so 2^63 itself wraps to it.
    if (len == 19 && memcmp(from, "9223372036854775808", 19) == 0)
      out->u.i = INT64_MIN;
    else if (!mote_parse_i64(from, len, 10, &out->u.i))
      return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "integer does not fit in 64 bits"));
    return MOTE_OK;
  }
  if (!mote_parse_f64(from, len, &out->u.f))
    return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "number is not understood"));
  return MOTE_OK;
}

static int hex_digit(int c) {
  if (is_digit(c))
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// After a backslash. Returns the byte meant, or -1 for an unknown escape (both characters stay, as in Python).
static int read_escape(mote_lexer *lx) {
  static const char from[] = "ntrabfv\\'\"", to[] = "\n\t\r\a\b\f\v\\'\"";
  int c = peek(lx, 0);
  const char *which = c > 0 ? strchr(from, c) : NULL;
  if (which != NULL) {
    lx->pos++;
    return (unsigned char)to[which - from];
  }
  if (c >= '0' && c <= '7') {
    int value = 0;
    for (int i = 0; i < 3 && peek(lx, 0) >= '0' && peek(lx, 0) <= '7'; i++, lx->pos++)
      value = value * 8 + (peek(lx, 0) - '0');
    return value & 255;
  }
  if (c == 'x' && hex_digit(peek(lx, 1)) >= 0 && hex_digit(peek(lx, 2)) >= 0) {
    int value = hex_digit(peek(lx, 1)) * 16 + hex_digit(peek(lx, 2));
    lx->pos += 3;
    return value;
  }
  return -1;
}

static mote_status read_string(mote_lexer *lx, mote_token *out, mote_error *err) {
  int quote = peek(lx, 0);
  size_t end = lx->pos + 1;
  for (; end < lx->text.size && lx->text.data[end] != quote && lx->text.data[end] != '\n'; end++)
    if (lx->text.data[end] == '\\')
      end++;
  if (end >= lx->text.size || lx->text.data[end] != quote)
    return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "string without end"));
  char *text = mote_arena_alloc(lx->arena, end - lx->pos);
  if (text == NULL)
    return mote_fail_nomem(err);
  size_t len = 0;
  for (lx->pos++; lx->pos < end;) {
    int c = lx->text.data[lx->pos++];
    if (c == '\\') {
      int byte = read_escape(lx);
      c = byte >= 0 ? byte : c;
    }
    text[len++] = (char)c;
  }
  lx->pos = end + 1;
  out->kind = MOTE_TOK_STR;
  out->u.s.at = text;
  out->u.s.len = len;
  return MOTE_OK;
}

static mote_status read_name(mote_lexer *lx, mote_token *out, mote_error *err) {
  size_t start = lx->pos;
  while (is_name_start(peek(lx, 0)) || is_digit(peek(lx, 0)))
    lx->pos++;
  out->kind = MOTE_TOK_NAME;
  out->u.s.len = lx->pos - start;
  out->u.s.at = mote_intern(lx->names, lx->arena, (const char *)lx->text.data + start, out->u.s.len);
  return out->u.s.at ? MOTE_OK : mote_fail_nomem(err);
}

static mote_status read_operator(mote_lexer *lx, mote_token *out, mote_error *err) {
  static const char *const doubles[] = {"==", "!=", "<=", ">=", "->", "//", "**", "<<", ">>",
                                        "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="};
  int c = peek(lx, 0), d = peek(lx, 1);
  out->kind = MOTE_TOK_OP;
  if (c == '.' && d == '.' && peek(lx, 2) == '.') {
    out->op = MOTE_OP3('.', '.', '.');
    lx->pos += 3;
    return MOTE_OK;
  }
  for (size_t i = 0; i < MOTE_COUNT(doubles); i++)
    if (c == doubles[i][0] && d == doubles[i][1]) {
      out->op = MOTE_OP2(c, d);
      lx->pos += 2;
      return MOTE_OK;
    }
  if (c <= 0 || strchr("+-*/%@&|^~<>=.,:;()[]{}", c) == NULL)
    return mote_lexer_at(lx, out->offset, err,
                         mote_fail(err, MOTE_ERR_FORMAT, "character 0x%02x is not understood", (unsigned)c));
  lx->brackets += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
  if (lx->brackets < 0)
    return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "'%c' without its opening", c));
  out->op = MOTE_OP1(c);
  lx->pos++;
  return MOTE_OK;
}

static void skip_blanks(mote_lexer *lx) {
  for (;; lx->pos++) {
    int c = peek(lx, 0);
    if (c == '#')
      skip_comment(lx), c = peek(lx, 0);
    if (c == '\\' && peek(lx, 1) == '\n')
      lx->pos++;
    else if (c != ' ' && c != '\t' && c != '\r' && !(lx->brackets > 0 && c == '\n'))
      return;
  }
}

mote_status mote_lexer_next(mote_lexer *lx, mote_token *out, mote_error *err) {
  memset(out, 0, sizeof *out);
  if (lx->line_start && lx->pending_dedents == 0) {
    bool made;
    MOTE_TRY(read_indent(lx, out, &made, err));
    if (made)
      return MOTE_OK;
  }
  out->offset = (uint32_t)lx->pos;
  if (lx->pending_dedents > 0) {
    lx->pending_dedents--;
    out->kind = MOTE_TOK_DEDENT;
    return MOTE_OK;
  }
  skip_blanks(lx);
  out->offset = (uint32_t)lx->pos;
  int c = peek(lx, 0);
  if (c == -1) {
    if (lx->brackets > 0)
      return mote_lexer_at(lx, out->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "the text ends inside brackets"));
    // Without a last line end the open blocks still have to be closed.
    lx->line_start = lx->depth > 0;
    out->kind = lx->depth > 0 ? MOTE_TOK_NEWLINE : MOTE_TOK_END;
    return MOTE_OK;
  }
  if (c == '\n') {
    lx->pos++;
    lx->line_start = true;
    out->kind = MOTE_TOK_NEWLINE;
    return MOTE_OK;
  }
  if (is_digit(c) || (c == '.' && is_digit(peek(lx, 1))))
    return read_number(lx, out, err);
  if (c == '"' || c == '\'')
    return read_string(lx, out, err);
  if (is_name_start(c))
    return read_name(lx, out, err);
  return read_operator(lx, out, err);
}
