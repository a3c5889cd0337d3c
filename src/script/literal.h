// Constant values as the front end knows them: in source, in defaults of schemas and functions. The VM turns them into
// values once. Knows types, no values. Tests: tests/script/test_compile.c
#ifndef MOTE_SCRIPT_LITERAL_H
#define MOTE_SCRIPT_LITERAL_H

#include "base/compiler.h"

struct mote_type;
struct mote_class;

typedef enum mote_literal_kind {
  MOTE_LIT_NONE,
  MOTE_LIT_BOOL,
  MOTE_LIT_INT,
  MOTE_LIT_FLOAT,
  MOTE_LIT_COMPLEX,
  MOTE_LIT_STR,
  MOTE_LIT_LIST,   // homogeneous; `type` is the list type
  MOTE_LIT_TUPLE,  // `type` is the tuple type
  MOTE_LIT_GLOBAL, // entry u.i of the archive's constants
  MOTE_LIT_ENUM,   // member u.en.member of enum class u.en.cls
  MOTE_LIT_VALUE   // u.value: a value that the container's loader made (bytecode files)
} mote_literal_kind;

typedef struct mote_literal {
  mote_literal_kind kind;
  const struct mote_type *type; // static type; may be NULL for MOTE_LIT_VALUE
  union {
    bool b;
    int64_t i;
    double f;
    struct {
      double re, im;
    } c;
    struct {
      const char *at; // may hold zero bytes; a NUL follows
      size_t len;
    } s;
    struct {
      const struct mote_literal *items;
      size_t count;
    } list; // lists and tuples
    struct {
      const struct mote_class *cls;
      uint32_t member;
    } en;
    void *value;
  } u;
} mote_literal;

#endif
