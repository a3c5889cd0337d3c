// Recursive-descent parser of saved TorchScript source. Depth is bounded, memory comes from an arena with a limit.
// Knows no types. Tests: tests/script/test_parser.c
#include "script/ast.h"

#include <string.h>

#include "base/fail.h"

#define MAX_NESTING 200 // brackets and operators inside one another; the serialiser breaks lines long before

typedef MOTE_VEC(mote_node *) node_list;

typedef struct parser {
  mote_lexer *lx;
  mote_token tok; // the token not yet taken
  mote_arena *arena;
  mote_error *err;
  int nesting;
} parser;

typedef mote_status parse_fn(parser *p, mote_node **out);
static parse_fn parse_expr, parse_unary, parse_block, parse_statement;

static mote_status advance(parser *p) { return mote_lexer_next(p->lx, &p->tok, p->err); }

static mote_status at_token(parser *p, mote_status status) {
  return mote_lexer_at(p->lx, p->tok.offset, p->err, status);
}

static mote_status unexpected(parser *p, const char *wanted) {
  const mote_token *t = &p->tok;
  static const char *const kinds[] = {"the end of the text",
                                      "the end of the line",
                                      "indentation",
                                      "the end of a block",
                                      "a name",
                                      "a number",
                                      "a number",
                                      "a number",
                                      "a string",
                                      "an operator"};
  if (t->kind == MOTE_TOK_NAME)
    return at_token(p, mote_fail(p->err, MOTE_ERR_FORMAT, "%s expected, found '%.40s'", wanted, t->u.s.at));
  if (t->kind == MOTE_TOK_OP && t->op < 256)
    return at_token(p, mote_fail(p->err, MOTE_ERR_FORMAT, "%s expected, found '%c'", wanted, (char)t->op));
  return at_token(p, mote_fail(p->err, MOTE_ERR_FORMAT, "%s expected, found %s", wanted, kinds[t->kind]));
}

static bool is_op(const parser *p, uint32_t op) { return p->tok.kind == MOTE_TOK_OP && p->tok.op == op; }

static bool is_word(const parser *p, const char *word) {
  return p->tok.kind == MOTE_TOK_NAME && strcmp(p->tok.u.s.at, word) == 0;
}

static mote_status expect_op(parser *p, uint32_t op, const char *wanted) {
  return is_op(p, op) ? advance(p) : unexpected(p, wanted);
}

static mote_status expect_newline(parser *p) {
  if (p->tok.kind == MOTE_TOK_END)
    return MOTE_OK;
  return p->tok.kind == MOTE_TOK_NEWLINE ? advance(p) : unexpected(p, "the end of the line");
}

static mote_status make(parser *p, mote_node_kind kind, uint32_t offset, mote_node *const *kids, size_t n,
                        mote_node **out) {
  mote_node *node = MOTE_ARENA_NEW(p->arena, mote_node);
  if (node == NULL || (n > 0 && (node->kids = MOTE_ARENA_ARRAY(p->arena, mote_node *, n)) == NULL))
    return at_token(p, mote_fail_nomem(p->err));
  uint32_t depth = 0;
  for (size_t i = 0; i < n; i++) {
    node->kids[i] = kids[i];
    if (kids[i] != NULL)
      depth = MOTE_MAX(depth, kids[i]->depth);
  }
  if (depth >= MOTE_MAX_NODE_DEPTH)
    return at_token(p, mote_fail(p->err, MOTE_ERR_LIMIT, "nested deeper than %d", MOTE_MAX_NODE_DEPTH));
  node->kind = (uint8_t)kind;
  node->depth = (uint16_t)(depth + 1);
  node->offset = offset;
  node->n = (uint32_t)n;
  *out = node;
  return MOTE_OK;
}

static mote_status make_list(parser *p, mote_node_kind kind, uint32_t offset, node_list *items, mote_status status,
                             mote_node **out) {
  if (status == MOTE_OK)
    status = make(p, kind, offset, items->at, items->len, out);
  MOTE_VEC_FREE(p->arena->al, items);
  return status;
}

static mote_status push(parser *p, node_list *items, mote_node *node) {
  return MOTE_VEC_PUSH(p->arena->al, items, node, p->err);
}

static mote_status enter(parser *p) {
  if (++p->nesting > MAX_NESTING)
    return at_token(p, mote_fail(p->err, MOTE_ERR_LIMIT, "expression nested deeper than %d", MAX_NESTING));
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- expressions

// expr {, expr} [,] up to `close`, which is taken. *commas tells whether a comma stood there at all.
static mote_status parse_items(parser *p, uint32_t close, node_list *items, bool *commas) {
  *commas = false;
  while (!is_op(p, close)) {
    mote_node *item;
    MOTE_TRY(parse_expr(p, &item));
    MOTE_TRY(push(p, items, item));
    if (is_op(p, close))
      break;
    MOTE_TRY(expect_op(p, ',', "',' or a closing bracket"));
    *commas = true;
  }
  return advance(p);
}

static mote_status parse_paren(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  node_list items = {0};
  bool commas;
  MOTE_TRY(advance(p));
  mote_status status = parse_items(p, ')', &items, &commas);
  if (status == MOTE_OK && items.len == 1 && !commas) {
    *out = items.at[0];
    MOTE_VEC_FREE(p->arena->al, &items);
    return MOTE_OK;
  }
  return make_list(p, MOTE_NODE_TUPLE, offset, &items, status, out);
}

static mote_status parse_bracket(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  node_list items = {0};
  bool commas;
  MOTE_TRY(advance(p));
  return make_list(p, MOTE_NODE_LIST, offset, &items, parse_items(p, ']', &items, &commas), out);
}

static mote_status parse_dict_items(parser *p, node_list *items) {
  while (!is_op(p, '}')) {
    mote_node *key, *value;
    MOTE_TRY(parse_expr(p, &key));
    MOTE_TRY(expect_op(p, ':', "':'"));
    MOTE_TRY(parse_expr(p, &value));
    MOTE_TRY(push(p, items, key));
    MOTE_TRY(push(p, items, value));
    if (!is_op(p, '}'))
      MOTE_TRY(expect_op(p, ',', "',' or '}'"));
  }
  return advance(p);
}

static mote_status parse_dict(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  node_list items = {0};
  MOTE_TRY(advance(p));
  return make_list(p, MOTE_NODE_DICT, offset, &items, parse_dict_items(p, &items), out);
}

static mote_status parse_name(parser *p, mote_node **out) {
  static const struct {
    const char *word;
    mote_node_kind kind;
  } words[] = {{"True", MOTE_NODE_TRUE}, {"False", MOTE_NODE_FALSE}, {"None", MOTE_NODE_NONE}};
  static const char *const reserved[] = {"if",     "else",     "elif",  "while",  "for",    "in",    "is",
                                         "and",    "or",       "not",   "def",    "return", "pass",  "class",
                                         "with",   "lambda",   "try",   "except", "yield",  "await", "async",
                                         "global", "nonlocal", "raise", "assert", "del"};
  const char *word = p->tok.u.s.at;
  for (size_t i = 0; i < MOTE_COUNT(reserved); i++)
    if (strcmp(word, reserved[i]) == 0)
      return unexpected(p, "an expression");
  mote_node_kind kind = MOTE_NODE_NAME;
  for (size_t i = 0; i < MOTE_COUNT(words); i++)
    if (strcmp(word, words[i].word) == 0)
      kind = words[i].kind;
  MOTE_TRY(make(p, kind, p->tok.offset, NULL, 0, out));
  (*out)->u.name = word;
  return advance(p);
}

// Neighbouring string literals are one.
static mote_status parse_string(parser *p, mote_node **out) {
  MOTE_TRY(make(p, MOTE_NODE_STR, p->tok.offset, NULL, 0, out));
  (*out)->u.s.at = p->tok.u.s.at;
  (*out)->u.s.len = p->tok.u.s.len;
  MOTE_TRY(advance(p));
  while (p->tok.kind == MOTE_TOK_STR) {
    size_t a = (*out)->u.s.len, b = p->tok.u.s.len;
    char *both = mote_arena_alloc(p->lx->arena, a + b + 1); // strings outlive the tree
    if (both == NULL)
      return mote_fail_nomem(p->err);
    memcpy(both, (*out)->u.s.at, a);
    memcpy(both + a, p->tok.u.s.at, b);
    (*out)->u.s.at = both;
    (*out)->u.s.len = a + b;
    MOTE_TRY(advance(p));
  }
  return MOTE_OK;
}

static mote_status parse_atom(parser *p, mote_node **out) {
  const mote_token tok = p->tok;
  switch (tok.kind) {
  case MOTE_TOK_NAME:
    return parse_name(p, out);
  case MOTE_TOK_STR:
    return parse_string(p, out);
  case MOTE_TOK_INT:
    MOTE_TRY(make(p, MOTE_NODE_INT, tok.offset, NULL, 0, out));
    (*out)->u.i = tok.u.i;
    return advance(p);
  case MOTE_TOK_FLOAT:
  case MOTE_TOK_COMPLEX:
    MOTE_TRY(make(p, tok.kind == MOTE_TOK_FLOAT ? MOTE_NODE_FLOAT : MOTE_NODE_COMPLEX, tok.offset, NULL, 0, out));
    (*out)->u.f = tok.u.f;
    return advance(p);
  case MOTE_TOK_OP:
    if (tok.op == '(')
      return parse_paren(p, out);
    if (tok.op == '[')
      return parse_bracket(p, out);
    if (tok.op == '{')
      return parse_dict(p, out);
    if (tok.op == MOTE_OP3('.', '.', '.')) {
      MOTE_TRY(make(p, MOTE_NODE_ELLIPSIS, tok.offset, NULL, 0, out));
      return advance(p);
    }
    break;
  default:
    break;
  }
  return unexpected(p, "an expression");
}

static mote_status parse_args(parser *p, node_list *kids) {
  bool keywords = false;
  while (!is_op(p, ')')) {
    mote_node *arg;
    uint32_t offset = p->tok.offset;
    MOTE_TRY(parse_expr(p, &arg));
    if (is_op(p, '=')) {
      if (arg->kind != MOTE_NODE_NAME)
        return unexpected(p, "a keyword argument's name");
      const char *name = arg->u.name;
      MOTE_TRY(advance(p));
      MOTE_TRY(parse_expr(p, &arg));
      MOTE_TRY(make(p, MOTE_NODE_KEYWORD, offset, &arg, 1, &arg));
      arg->u.name = name;
      keywords = true;
    } else if (keywords) {
      return at_token(p, mote_fail(p->err, MOTE_ERR_FORMAT, "positional argument after a keyword argument"));
    }
    MOTE_TRY(push(p, kids, arg));
    if (!is_op(p, ')'))
      MOTE_TRY(expect_op(p, ',', "',' or ')'"));
  }
  return advance(p);
}

static mote_status parse_call(parser *p, mote_node **node) {
  node_list kids = {0};
  uint32_t offset = (*node)->offset;
  MOTE_TRY(advance(p));
  mote_status status = push(p, &kids, *node);
  if (status == MOTE_OK)
    status = parse_args(p, &kids);
  return make_list(p, MOTE_NODE_CALL, offset, &kids, status, node);
}

static mote_status parse_slice_part(parser *p, mote_node **out) {
  *out = NULL;
  return is_op(p, ':') || is_op(p, ']') || is_op(p, ',') ? MOTE_OK : parse_expr(p, out);
}

// x, a:b, a:b:c
static mote_status parse_index(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *parts[3] = {NULL};
  MOTE_TRY(parse_slice_part(p, &parts[0]));
  if (!is_op(p, ':')) {
    *out = parts[0];
    return *out != NULL ? MOTE_OK : unexpected(p, "an index");
  }
  for (int i = 1; i < 3 && is_op(p, ':'); i++) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_slice_part(p, &parts[i]));
  }
  return make(p, MOTE_NODE_SLICE, offset, parts, 3, out);
}

static mote_status parse_subscript(parser *p, mote_node **node) {
  uint32_t offset = p->tok.offset;
  MOTE_TRY(advance(p));
  mote_node *index;
  MOTE_TRY(parse_index(p, &index));
  if (is_op(p, ',')) {
    node_list items = {0};
    mote_status status = push(p, &items, index);
    while (status == MOTE_OK && is_op(p, ',')) {
      status = advance(p);
      if (status != MOTE_OK || is_op(p, ']'))
        break;
      status = parse_index(p, &index);
      if (status == MOTE_OK)
        status = push(p, &items, index);
    }
    MOTE_TRY(make_list(p, MOTE_NODE_TUPLE, offset, &items, status, &index));
  }
  MOTE_TRY(expect_op(p, ']', "']'"));
  mote_node *kids[2] = {*node, index};
  return make(p, MOTE_NODE_SUBSCRIPT, kids[0]->offset, kids, 2, node);
}

static mote_status parse_postfix(parser *p, mote_node **out) {
  MOTE_TRY(parse_atom(p, out));
  for (;;) {
    if (is_op(p, '(')) {
      MOTE_TRY(parse_call(p, out));
    } else if (is_op(p, '[')) {
      MOTE_TRY(parse_subscript(p, out));
    } else if (is_op(p, '.')) {
      MOTE_TRY(advance(p));
      if (p->tok.kind != MOTE_TOK_NAME)
        return unexpected(p, "an attribute name");
      const char *name = p->tok.u.s.at;
      MOTE_TRY(make(p, MOTE_NODE_ATTR, (*out)->offset, out, 1, out));
      (*out)->u.name = name;
      MOTE_TRY(advance(p));
    } else {
      return MOTE_OK;
    }
  }
}

static mote_status parse_power(parser *p, mote_node **out) {
  MOTE_TRY(parse_postfix(p, out));
  if (!is_op(p, MOTE_OP2('*', '*')))
    return MOTE_OK;
  mote_node *kids[2] = {*out, NULL};
  uint32_t offset = p->tok.offset;
  MOTE_TRY(enter(p));
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_unary(p, &kids[1]));
  p->nesting--;
  MOTE_TRY(make(p, MOTE_NODE_BINARY, offset, kids, 2, out));
  (*out)->op = MOTE_OP2('*', '*');
  return MOTE_OK;
}

static mote_status parse_unary(parser *p, mote_node **out) {
  if (!is_op(p, '-') && !is_op(p, '+') && !is_op(p, '~'))
    return parse_power(p, out);
  const mote_token tok = p->tok;
  mote_node *kid;
  MOTE_TRY(enter(p));
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_unary(p, &kid));
  p->nesting--;
  MOTE_TRY(make(p, MOTE_NODE_UNARY, tok.offset, &kid, 1, out));
  (*out)->op = tok.op;
  return MOTE_OK;
}

// Binding strength of a binary operator token, 0 when it is none.
static int strength(const parser *p) {
  if (is_word(p, "in") || is_word(p, "is") || is_word(p, "not"))
    return 1;
  if (p->tok.kind != MOTE_TOK_OP)
    return 0;
  switch (p->tok.op) {
  case '<':
  case '>':
  case MOTE_OP2('=', '='):
  case MOTE_OP2('!', '='):
  case MOTE_OP2('<', '='):
  case MOTE_OP2('>', '='):
    return 1;
  case '|':
    return 2;
  case '^':
    return 3;
  case '&':
    return 4;
  case MOTE_OP2('<', '<'):
  case MOTE_OP2('>', '>'):
    return 5;
  case '+':
  case '-':
    return 6;
  case '*':
  case '/':
  case '%':
  case '@':
  case MOTE_OP2('/', '/'):
    return 7;
  default:
    return 0;
  }
}

// Takes the operator: a symbol, "in", "not in", "is", "is not".
static mote_status take_binary(parser *p, mote_node_kind *kind, uint32_t *op, bool *negated) {
  *kind = MOTE_NODE_BINARY;
  *op = p->tok.op;
  *negated = false;
  bool is = is_word(p, "is");
  if (p->tok.kind == MOTE_TOK_NAME) {
    *kind = is ? MOTE_NODE_IS : MOTE_NODE_IN;
    *negated = is_word(p, "not");
  }
  MOTE_TRY(advance(p));
  if (*negated && !is_word(p, "in"))
    return unexpected(p, "'in'");
  if (*negated)
    return advance(p);
  if (is && is_word(p, "not")) {
    *negated = true;
    return advance(p);
  }
  return MOTE_OK;
}

static mote_status parse_binary(parser *p, int floor, mote_node **out) {
  MOTE_TRY(parse_unary(p, out));
  for (int level = strength(p); level > floor; level = strength(p)) {
    mote_node *kids[2] = {*out, NULL};
    uint32_t offset = p->tok.offset, op;
    mote_node_kind kind;
    bool negated;
    MOTE_TRY(take_binary(p, &kind, &op, &negated));
    MOTE_TRY(parse_binary(p, level, &kids[1]));
    MOTE_TRY(make(p, kind, offset, kids, 2, out));
    (*out)->op = op;
    (*out)->negated = negated;
  }
  return MOTE_OK;
}

static mote_status parse_not(parser *p, mote_node **out) {
  if (!is_word(p, "not"))
    return parse_binary(p, 0, out);
  uint32_t offset = p->tok.offset;
  mote_node *kid;
  MOTE_TRY(enter(p));
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_not(p, &kid));
  p->nesting--;
  return make(p, MOTE_NODE_NOT, offset, &kid, 1, out);
}

static mote_status parse_logic(parser *p, const char *word, mote_node_kind kind, parse_fn *inner, mote_node **out) {
  MOTE_TRY(inner(p, out));
  while (is_word(p, word)) {
    mote_node *kids[2] = {*out, NULL};
    uint32_t offset = p->tok.offset;
    MOTE_TRY(advance(p));
    MOTE_TRY(inner(p, &kids[1]));
    MOTE_TRY(make(p, kind, offset, kids, 2, out));
  }
  return MOTE_OK;
}

static mote_status parse_and(parser *p, mote_node **out) {
  return parse_logic(p, "and", MOTE_NODE_AND, parse_not, out);
}
static mote_status parse_or(parser *p, mote_node **out) { return parse_logic(p, "or", MOTE_NODE_OR, parse_and, out); }

static mote_status parse_expr(parser *p, mote_node **out) {
  MOTE_TRY(enter(p));
  MOTE_TRY(parse_or(p, out));
  if (is_word(p, "if")) {
    mote_node *kids[3] = {*out, NULL, NULL};
    uint32_t offset = p->tok.offset;
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_or(p, &kids[1]));
    if (!is_word(p, "else"))
      return unexpected(p, "'else'");
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_expr(p, &kids[2]));
    MOTE_TRY(make(p, MOTE_NODE_TERNARY, offset, kids, 3, out));
  }
  p->nesting--;
  return MOTE_OK;
}

// expr or a tuple without brackets: a, b,
static mote_status parse_expr_list(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  MOTE_TRY(parse_expr(p, out));
  if (!is_op(p, ','))
    return MOTE_OK;
  node_list items = {0};
  mote_status status = push(p, &items, *out);
  while (status == MOTE_OK && is_op(p, ',')) {
    mote_node *item;
    status = advance(p);
    if (status != MOTE_OK || is_op(p, '=') || p->tok.kind == MOTE_TOK_NEWLINE)
      break;
    status = parse_expr(p, &item);
    if (status == MOTE_OK)
      status = push(p, &items, item);
  }
  return make_list(p, MOTE_NODE_TUPLE, offset, &items, status, out);
}

// ---------------------------------------------------------------------------------------------------- statements

static mote_status parse_simple(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *kids[3] = {NULL};
  MOTE_TRY(parse_expr_list(p, &kids[0]));
  if (is_op(p, ':')) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_expr(p, &kids[2]));
  }
  if (is_op(p, '=')) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_expr_list(p, &kids[1]));
  }
  MOTE_TRY(expect_newline(p));
  if (kids[1] == NULL && kids[2] == NULL)
    return make(p, MOTE_NODE_EXPR, offset, kids, 1, out);
  return make(p, MOTE_NODE_ASSIGN, offset, kids, 3, out);
}

static mote_status parse_return(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *value = NULL;
  MOTE_TRY(advance(p));
  if (p->tok.kind != MOTE_TOK_NEWLINE && p->tok.kind != MOTE_TOK_END)
    MOTE_TRY(parse_expr_list(p, &value));
  MOTE_TRY(expect_newline(p));
  return make(p, MOTE_NODE_RETURN, offset, &value, 1, out);
}

// After `if` or `elif`, which is still the current token. A chain of elifs nests, so it is bounded like nesting.
static mote_status parse_if(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *kids[3] = {NULL};
  MOTE_TRY(enter(p));
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_expr(p, &kids[0]));
  MOTE_TRY(parse_block(p, &kids[1]));
  if (is_word(p, "elif")) {
    MOTE_TRY(parse_if(p, &kids[2]));
  } else if (is_word(p, "else")) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_block(p, &kids[2]));
  }
  p->nesting--;
  return make(p, MOTE_NODE_IF, offset, kids, 3, out);
}

static mote_status parse_while(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *kids[2];
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_expr(p, &kids[0]));
  MOTE_TRY(parse_block(p, &kids[1]));
  return make(p, MOTE_NODE_WHILE, offset, kids, 2, out);
}

static mote_status parse_for(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *kids[3];
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_postfix(p, &kids[0])); // not parse_expr, which would take "in" as an operator
  if (!is_word(p, "in"))
    return unexpected(p, "'in'");
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_expr_list(p, &kids[1]));
  MOTE_TRY(parse_block(p, &kids[2]));
  return make(p, MOTE_NODE_FOR, offset, kids, 3, out);
}

// with a as x, b: ...   is   with a as x: with b: ...
static mote_status parse_with(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *kids[3] = {NULL};
  MOTE_TRY(enter(p));
  MOTE_TRY(advance(p)); // "with" or ","
  MOTE_TRY(parse_expr(p, &kids[0]));
  if (is_word(p, "as")) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_postfix(p, &kids[1]));
  }
  MOTE_TRY(is_op(p, ',') ? parse_with(p, &kids[2]) : parse_block(p, &kids[2]));
  p->nesting--;
  return make(p, MOTE_NODE_WITH, offset, kids, 3, out);
}

static mote_status parse_param(parser *p, mote_node **out) {
  const mote_token tok = p->tok;
  mote_node *kids[2] = {NULL};
  if (tok.kind != MOTE_TOK_NAME)
    return unexpected(p, "a parameter");
  MOTE_TRY(advance(p));
  if (is_op(p, ':')) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_expr(p, &kids[0]));
  }
  if (is_op(p, '=')) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_expr(p, &kids[1]));
  }
  MOTE_TRY(make(p, MOTE_NODE_PARAM, tok.offset, kids, 2, out));
  (*out)->u.name = tok.u.s.at;
  return MOTE_OK;
}

static mote_status parse_params(parser *p, node_list *kids) {
  while (!is_op(p, ')')) {
    if (is_op(p, '*')) { // keyword-only marker: nothing follows from it here
      MOTE_TRY(advance(p));
    } else {
      mote_node *param;
      MOTE_TRY(parse_param(p, &param));
      MOTE_TRY(push(p, kids, param));
    }
    if (!is_op(p, ')'))
      MOTE_TRY(expect_op(p, ',', "',' or ')'"));
  }
  return advance(p);
}

static mote_status parse_def_rest(parser *p, node_list *kids) {
  MOTE_TRY(push(p, kids, NULL)); // body and result, known later
  MOTE_TRY(push(p, kids, NULL));
  MOTE_TRY(expect_op(p, '(', "'('"));
  MOTE_TRY(parse_params(p, kids));
  if (is_op(p, MOTE_OP2('-', '>'))) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_expr(p, &kids->at[1]));
  }
  return parse_block(p, &kids->at[0]);
}

static mote_status parse_def(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  node_list kids = {0};
  MOTE_TRY(advance(p));
  if (p->tok.kind != MOTE_TOK_NAME)
    return unexpected(p, "a function's name");
  const char *name = p->tok.u.s.at;
  MOTE_TRY(advance(p));
  MOTE_TRY(make_list(p, MOTE_NODE_DEF, offset, &kids, parse_def_rest(p, &kids), out));
  (*out)->u.name = name;
  return MOTE_OK;
}

static mote_status parse_class_rest(parser *p, node_list *kids) {
  bool commas;
  MOTE_TRY(push(p, kids, NULL));
  if (is_op(p, '(')) {
    MOTE_TRY(advance(p));
    MOTE_TRY(parse_items(p, ')', kids, &commas));
  }
  return parse_block(p, &kids->at[0]);
}

static mote_status parse_class(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  node_list kids = {0};
  MOTE_TRY(advance(p));
  if (p->tok.kind != MOTE_TOK_NAME)
    return unexpected(p, "a class's name");
  const char *name = p->tok.u.s.at;
  MOTE_TRY(advance(p));
  MOTE_TRY(make_list(p, MOTE_NODE_CLASS, offset, &kids, parse_class_rest(p, &kids), out));
  (*out)->u.name = name;
  return MOTE_OK;
}

// Old records list the records they need; the resolver finds them anyway.
static mote_status parse_import(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  mote_node *what;
  MOTE_TRY(advance(p));
  MOTE_TRY(parse_postfix(p, &what));
  MOTE_TRY(expect_newline(p));
  return make(p, MOTE_NODE_PASS, offset, NULL, 0, out);
}

static mote_status parse_pass(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  MOTE_TRY(advance(p));
  MOTE_TRY(expect_newline(p));
  return make(p, MOTE_NODE_PASS, offset, NULL, 0, out);
}

static mote_status parse_statement(parser *p, mote_node **out) {
  static const struct {
    const char *word;
    parse_fn *parse;
  } keywords[] = {
      {"if", parse_if},     {"while", parse_while},   {"for", parse_for},
      {"with", parse_with}, {"def", parse_def},       {"class", parse_class},
      {"pass", parse_pass}, {"return", parse_return}, {"import", parse_import},
  };
  for (size_t i = 0; i < MOTE_COUNT(keywords); i++)
    if (is_word(p, keywords[i].word))
      return keywords[i].parse(p, out);
  return parse_simple(p, out);
}

static mote_status parse_statements(parser *p, mote_token_kind end, node_list *items) {
  while (p->tok.kind != end) {
    mote_node *statement;
    if (p->tok.kind == MOTE_TOK_NEWLINE) {
      MOTE_TRY(advance(p));
      continue;
    }
    MOTE_TRY(parse_statement(p, &statement));
    MOTE_TRY(push(p, items, statement));
  }
  return advance(p);
}

// ":" then an indented block, or simple statements on the same line.
static mote_status parse_block(parser *p, mote_node **out) {
  uint32_t offset = p->tok.offset;
  node_list items = {0};
  MOTE_TRY(expect_op(p, ':', "':'"));
  if (p->tok.kind != MOTE_TOK_NEWLINE) {
    mote_node *statement;
    MOTE_TRY(enter(p));
    MOTE_TRY(parse_statement(p, &statement));
    p->nesting--;
    return make(p, MOTE_NODE_BLOCK, offset, &statement, 1, out);
  }
  MOTE_TRY(advance(p));
  if (p->tok.kind != MOTE_TOK_INDENT)
    return unexpected(p, "an indented block");
  MOTE_TRY(enter(p));
  MOTE_TRY(advance(p));
  mote_status status = parse_statements(p, MOTE_TOK_DEDENT, &items);
  p->nesting--;
  return make_list(p, MOTE_NODE_BLOCK, offset, &items, status, out);
}

mote_status mote_parse_source(mote_lexer *lexer, mote_span text, const char *path, mote_arena *nodes,
                              mote_arena *strings, mote_map *names, mote_node **out, mote_error *err) {
  parser p = {.arena = nodes, .err = err, .lx = lexer};
  node_list items = {0};
  MOTE_TRY(mote_lexer_init(lexer, text, path, strings, names, err));
  MOTE_TRY(advance(&p));
  return make_list(&p, MOTE_NODE_BLOCK, 0, &items, parse_statements(&p, MOTE_TOK_END, &items), out);
}
