// Static types of TorchScript: interned, so that equal types are the same pointer. Classes (modules, plain classes,
// named tuples, interfaces, enums) are known by name first and defined when first looked into.
// Knows no values and no bytecode. Tests: tests/script/test_types.c
#ifndef MOTE_SCRIPT_TYPES_H
#define MOTE_SCRIPT_TYPES_H

#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"
#include "script/literal.h"

typedef enum mote_type_kind {
  MOTE_TYPE_ANY,
  MOTE_TYPE_NONE,
  MOTE_TYPE_TENSOR,
  MOTE_TYPE_BOOL,
  MOTE_TYPE_INT, // also ScalarType, Layout, MemoryFormat and QScheme
  MOTE_TYPE_FLOAT,
  MOTE_TYPE_COMPLEX,
  MOTE_TYPE_NUMBER, // Scalar: int, float or complex (a bool passes where a schema says Scalar)
  MOTE_TYPE_STR,
  MOTE_TYPE_DEVICE,
  MOTE_TYPE_GENERATOR,
  MOTE_TYPE_STREAM,
  MOTE_TYPE_STORAGE,
  MOTE_TYPE_ANY_LIST,  // what isinstance(x, list) tests
  MOTE_TYPE_ANY_TUPLE, // what isinstance(x, tuple) tests
  MOTE_TYPE_ANY_CLASS,
  MOTE_TYPE_ANY_ENUM,
  MOTE_TYPE_UNKNOWN,  // result of an operator that has no schema: fits everywhere
  MOTE_TYPE_VAR,      // type variable of a schema, `name`
  MOTE_TYPE_LIST,     // args[0]
  MOTE_TYPE_DICT,     // args[0] key, args[1] value
  MOTE_TYPE_TUPLE,    // args; `cls` set for a named tuple
  MOTE_TYPE_OPTIONAL, // args[0], never optional, None or Any itself
  MOTE_TYPE_UNION,    // args, two or more, sorted by address; None may be one of them
  MOTE_TYPE_FUTURE,   // args[0]
  MOTE_TYPE_AWAIT,    // args[0]
  MOTE_TYPE_RREF,     // args[0]
  MOTE_TYPE_CLASS     // cls: module, class, interface, enum or torch's own (opaque) class
} mote_type_kind;

#define MOTE_MAX_TYPE_DEPTH 200 // bounds the recursion of every walk over types

typedef struct mote_type {
  mote_type_kind kind;
  uint32_t n_args;
  bool has_var;   // a type variable occurs in it
  uint16_t depth; // of nested arguments: at most MOTE_MAX_TYPE_DEPTH, what would be deeper is Any
  const struct mote_type *const *args;
  const char *name; // MOTE_TYPE_VAR
  struct mote_class *cls;
} mote_type;

typedef enum mote_class_kind {
  MOTE_CLASS_UNKNOWN, // named, not yet looked up
  MOTE_CLASS_MODULE,
  MOTE_CLASS_PLAIN,
  MOTE_CLASS_NAMEDTUPLE,
  MOTE_CLASS_INTERFACE,
  MOTE_CLASS_ENUM,
  MOTE_CLASS_OPAQUE // __torch__.torch.classes.*: made and used by operators only
} mote_class_kind;

typedef struct mote_attr {
  const char *name;
  const mote_type *type;
  mote_literal value; // enum members; defaults of named-tuple fields
  bool is_parameter, is_buffer, has_value;
} mote_attr;

struct mote_function;

typedef struct mote_class {
  const char *name; // qualified: "__torch__.torch.nn.modules.linear.Linear"
  mote_class_kind kind;
  const mote_type *type; // the type that names this class (MOTE_TYPE_TUPLE for a named tuple once defined)
  mote_attr *attrs;      // slots in this order; named-tuple fields; enum members
  uint32_t n_attrs;
  mote_attr *consts; // Final attributes: not stored in objects
  uint32_t n_consts;
  struct mote_function **methods; // of an interface: signatures without code
  uint32_t n_methods;
  const char *const *forward_hooks, *const *forward_pre_hooks; // method names
  uint32_t n_forward_hooks, n_forward_pre_hooks;
  void *def;  // front end only
  void *host; // free for the VM (loader), zero at first
} mote_class;

typedef struct mote_types {
  mote_arena *arena;
  mote_map interned; // key bytes -> mote_type
  mote_map classes;  // qualified name -> mote_class
  const mote_type *basic[MOTE_TYPE_VAR];
  // Defines a class that is still MOTE_CLASS_UNKNOWN when its inside is needed; set by the program. May be NULL.
  mote_status (*define)(void *ctx, mote_class *cls, mote_error *err);
  void *define_ctx;
  uint32_t work;        // comparisons made: bounds what deeply shared types may cost
  bool short_of_memory; // an allocation failed where only yes or no could be answered
} mote_types;

// The arena owns all types and classes.
mote_status mote_types_init(mote_types *types, mote_arena *arena, mote_error *err) MOTE_MUST_USE;
void mote_types_destroy(mote_types *types);

// Constructors return NULL when memory is short.
MOTE_INLINE const mote_type *mote_type_basic(const mote_types *types, mote_type_kind kind) {
  return types->basic[kind];
}
const mote_type *mote_type_make(mote_types *types, mote_type_kind kind, const mote_type *const *args, uint32_t n);
const mote_type *mote_type_list(mote_types *types, const mote_type *item);
const mote_type *mote_type_dict(mote_types *types, const mote_type *key, const mote_type *value);
const mote_type *mote_type_optional(mote_types *types, const mote_type *item); // of Optional, None, Any: the same again
const mote_type *mote_type_union(mote_types *types, const mote_type *const *args, uint32_t n); // flattened, made unique
const mote_type *mote_type_var(mote_types *types, const char *name);
// The class of that name, added as MOTE_CLASS_UNKNOWN when it is new (MOTE_CLASS_OPAQUE under __torch__.torch.classes).
mote_class *mote_types_class(mote_types *types, const char *name, size_t len);
mote_class *mote_types_find_class(const mote_types *types, const char *name); // NULL when nothing names it
mote_status mote_class_define(mote_types *types, mote_class *cls, mote_error *err) MOTE_MUST_USE;

// Makes a class whose attrs are set a named tuple. In place, for types made before already point to its type.
mote_status mote_class_become_tuple(mote_types *types, mote_class *cls, mote_error *err) MOTE_MUST_USE;

const mote_attr *mote_class_attr(const mote_class *cls, const char *name,
                                 uint32_t *slot); // NULL: none; slot may be NULL
const mote_attr *mote_class_const(const mote_class *cls, const char *name);
struct mote_function *mote_class_method(const mote_class *cls, const char *name); // in disasm.c

// May a value of type `sub` stand where `super` is wanted? Lists and dicts are invariant, tuples and Optional
// covariant. Classes met on the way are defined; one that cannot be is treated as related to nothing but itself.
bool mote_type_is_subtype(mote_types *types, const mote_type *sub, const mote_type *super);
// Smallest common supertype for branches and list items, or NULL.
const mote_type *mote_type_unify(mote_types *types, const mote_type *a, const mote_type *b);
// Optional[T] -> T, others as they are.
const mote_type *mote_type_unwrap(const mote_type *type);

// "Dict[str, List[Tensor]]", as PyTorch prints it; very long ones end in "...".
void mote_type_text(const mote_type *type, mote_text *out);
// The basic type called `name` in source: "int", "NoneType", "Device", ... False: none.
bool mote_type_basic_name(const char *name, size_t len, mote_type_kind *out);
// "List", "Tuple", ...: the generic's kind; and the type it makes of its arguments (NULL: wrong count or no memory).
bool mote_type_generic_name(const char *name, size_t len, mote_type_kind *out);
const mote_type *mote_type_generic(mote_types *types, mote_type_kind kind, const mote_type *const *args, uint32_t n);
// Reads such a text, also the forms of .ptl type tables ("__torch__.N[NamedTuple, [[a, int], [b, Tensor]]]").
mote_status mote_type_parse(mote_types *types, const char *text, size_t len, const mote_type **out,
                            mote_error *err) MOTE_MUST_USE;

#endif
