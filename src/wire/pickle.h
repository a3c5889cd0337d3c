// Reads a pickle as plain values. An allow-list of opcodes builds data; nothing is looked up, imported or called: a
// call in the stream becomes a value that says "callable, arguments". Must not know what the classes mean. Tests:
// tests/unit/test_pickle.c, fuzz/fuzz_pickle.c
//
// What the tree guarantees, so that a consumer may walk it by plain recursion:
// - it has no cycles: a value that something else already holds cannot be changed any more;
// - no path is longer than max_depth, and walking it as a tree, shared parts each time they occur, meets at most
// max_tree
//   values;
// - the same pointer is the same object in Python's sense: `id` numbers values densely from 0 to count-1, so a consumer
//   that must keep aliases converts each id once.
#ifndef MOTE_WIRE_PICKLE_H
#define MOTE_WIRE_PICKLE_H

#include "base/arena.h"
#include "base/span.h"

typedef enum mote_pickle_kind {
  MOTE_PICKLE_NONE,
  MOTE_PICKLE_BOOL,
  MOTE_PICKLE_INT,
  MOTE_PICKLE_BIGINT, // does not fit int64: `text` holds its two's complement, lowest byte first
  MOTE_PICKLE_FLOAT,
  MOTE_PICKLE_STR, // bytes as they stand in the file, not checked as UTF-8
  MOTE_PICKLE_BYTES,
  MOTE_PICKLE_TUPLE,  // `items`
  MOTE_PICKLE_LIST,   // `items`
  MOTE_PICKLE_DICT,   // `items`: key, value, key, value, ... in file order; keys may repeat, the last counts
  MOTE_PICKLE_GLOBAL, // a name: `global`
  MOTE_PICKLE_REDUCE, // `call`: callable(*args)
  MOTE_PICKLE_OBJECT, // `call`: cls.__new__(cls, *args)
  MOTE_PICKLE_PERSID  // `ref`: a persistent id
} mote_pickle_kind;

typedef struct mote_pickle_value mote_pickle_value;

typedef struct mote_pickle_items {
  mote_pickle_value **at;
  uint32_t count, cap;
} mote_pickle_items;

struct mote_pickle_value {
  uint8_t kind;   // mote_pickle_kind
  bool held;      // another value holds this one: it is final
  uint16_t depth; // 1 + the deepest part
  uint32_t id;
  uint32_t offset; // byte of the opcode that made it
  uint32_t tree;   // values met when this one is walked as a tree
  union {
    bool boolean;
    int64_t integer;
    double real;
    struct {
      const char *data; // NUL behind it
      size_t len;
    } text;
    mote_pickle_items items;
    struct {
      const char *module, *name; // NUL terminated
    } global;
    struct {
      mote_pickle_value *callable; // a GLOBAL
      mote_pickle_value *args;     // a TUPLE
      mote_pickle_value *state;    // given by BUILD, NULL when there was none
      mote_pickle_items items;     // added by APPENDS or SETITEMS (an OrderedDict's pairs)
    } call;
    mote_pickle_value *ref;
  } as;
};

typedef struct mote_pickle {
  mote_pickle_value *root;
  uint32_t count; // of values: ids are below it
} mote_pickle;

typedef struct mote_pickle_options {
  uint32_t max_depth; // 0: 200
  uint32_t max_tree;  // 0: 2^26
  // Tells whether a name may occur at all; NULL: any, as data. A refusal is MOTE_ERR_UNSUPPORTED.
  bool (*allow_global)(void *ctx, const char *module, const char *name);
  void *ctx;
} mote_pickle_options;

// Values and copies of all text live in `arena`, whose limit bounds the memory (give it one). `options` may be NULL.
// Errors: MOTE_ERR_FORMAT, MOTE_ERR_UNSUPPORTED, MOTE_ERR_LIMIT, MOTE_ERR_NOMEM, with the opcode's byte offset.
mote_status mote_pickle_read(mote_span bytes, mote_arena *arena, const mote_pickle_options *options, mote_pickle *out,
                             mote_error *err) MOTE_MUST_USE;

// Questions a consumer asks all the time. All take NULL and answer "no".
bool mote_pickle_is(const mote_pickle_value *v, mote_pickle_kind kind);
bool mote_pickle_is_global(const mote_pickle_value *v, const char *module, const char *name);
bool mote_pickle_is_str(const mote_pickle_value *v, const char *text);
// REDUCE of this callable with `args` arguments.
bool mote_pickle_is_call(const mote_pickle_value *v, const char *module, const char *name, uint32_t args);
// Value of the last pair whose key is this string; NULL when there is none or `v` is no DICT.
mote_pickle_value *mote_pickle_get(const mote_pickle_value *v, const char *key);
// "list", "tuple", ... for messages.
const char *mote_pickle_kind_name(const mote_pickle_value *v);

#endif
