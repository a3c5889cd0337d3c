// Syntax tree of saved TorchScript source, and its parser.
// The typing pass (check.c) writes its results into `type` and `res`. Tests: tests/script/test_parser.c
#ifndef MOTE_SCRIPT_AST_H
#define MOTE_SCRIPT_AST_H

#include "script/lexer.h"
#include "script/types.h"

typedef enum mote_node_kind {
  // expressions
  MOTE_NODE_NAME,      // name
  MOTE_NODE_ATTR,      // kid 0 . name
  MOTE_NODE_CALL,      // kid 0 ( kids 1.. ), keyword arguments last
  MOTE_NODE_KEYWORD,   // name = kid 0, in a call
  MOTE_NODE_SUBSCRIPT, // kid 0 [ kid 1 ]
  MOTE_NODE_SLICE,     // kids 0 1 2, each may be NULL
  MOTE_NODE_TUPLE,
  MOTE_NODE_LIST,
  MOTE_NODE_DICT, // key, value, ...
  MOTE_NODE_INT,
  MOTE_NODE_FLOAT,
  MOTE_NODE_COMPLEX, // imaginary part in f
  MOTE_NODE_STR,
  MOTE_NODE_TRUE,
  MOTE_NODE_FALSE,
  MOTE_NODE_NONE,
  MOTE_NODE_ELLIPSIS,
  MOTE_NODE_UNARY,   // op kid 0: - + ~
  MOTE_NODE_BINARY,  // kid 0 op kid 1: arithmetic, comparison, bits
  MOTE_NODE_IS,      // kid 0 is kid 1; `negated`
  MOTE_NODE_IN,      // kid 0 in kid 1; `negated`
  MOTE_NODE_AND,     // kids 0 1
  MOTE_NODE_OR,      // kids 0 1
  MOTE_NODE_NOT,     // kid 0
  MOTE_NODE_TERNARY, // kid 0 if kid 1 else kid 2
  // statements
  MOTE_NODE_ASSIGN, // kid 0 = kid 1, kid 2 the annotation or NULL; kid 1 NULL for a bare declaration
  MOTE_NODE_EXPR,   // kid 0
  MOTE_NODE_RETURN, // kid 0 or NULL
  MOTE_NODE_PASS,
  MOTE_NODE_IF,    // kid 0, then kid 1, else kid 2 or NULL (blocks)
  MOTE_NODE_WHILE, // kid 0, kid 1 (block)
  MOTE_NODE_FOR,   // target kid 0, iterable kid 1, kid 2 (block)
  MOTE_NODE_WITH,  // context kid 0, target kid 1 or NULL, kid 2 (block or the next WITH)
  MOTE_NODE_BLOCK, // statements
  MOTE_NODE_DEF,   // name; kid 0 body, kid 1 result annotation or NULL, kids 2.. parameters
  MOTE_NODE_PARAM, // name; kid 0 annotation or NULL, kid 1 default or NULL
  MOTE_NODE_CLASS  // name; kid 0 body, kids 1.. bases
} mote_node_kind;

typedef struct mote_node {
  uint8_t kind; // mote_node_kind
  bool negated;
  uint16_t depth; // longest way down: bounds the recursion of later passes
  uint32_t offset;
  uint32_t n;  // kids
  uint32_t op; // MOTE_OP1/2 of UNARY, BINARY
  struct mote_node **kids;
  union {
    const char *name; // interned
    int64_t i;
    double f;
    struct {
      const char *at;
      size_t len;
    } s;
  } u;
  const mote_type *type; // set by the typing pass
  void *res;             // what it resolved to, set by the typing pass
} mote_node;

#define MOTE_MAX_NODE_DEPTH                                                                                            \
  600 // blocks and expressions together, real programs reach 40; keeps later passes below 1 MiB of C stack

// Parses a whole record. `out` is a BLOCK of DEF, CLASS and other top-level statements. Nodes come from `nodes`, names
// and string literals from `strings`. `lexer` stays usable for places in messages while the text lives.
mote_status mote_parse_source(mote_lexer *lexer, mote_span text, const char *path, mote_arena *nodes,
                              mote_arena *strings, mote_map *names, mote_node **out, mote_error *err) MOTE_MUST_USE;

#endif
