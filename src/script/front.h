// Inside of the front end: parsed records, what names mean, typing results. Private to the compiler's files.
// Tests: tests/script/test_compile.c
#ifndef MOTE_SCRIPT_FRONT_H
#define MOTE_SCRIPT_FRONT_H

#include "script/ast.h"
#include "script/compile.h"

typedef struct mote_unit {   // a code record
  const char *prefix;        // "__torch__.torch.nn.functional"
  uint32_t source;           // index into program->sources
  mote_lexer lexer;          // for places in messages
  const mote_schema *schema; // of the operator that a definition defines: gives the types that it leaves out
  bool found, is_definition; // is_definition: of define.c
} mote_unit;

typedef struct mote_def { // a top-level def or class of a record, or a method
  mote_unit *unit;
  mote_node *node;
  mote_class *cls;          // CLASS
  mote_function *fn;        // DEF
  mote_schema_arg *formals; // of fn, made when it is first called
  bool queued;
} mote_def;

typedef struct mote_front {
  mote_program *program;
  bool defining_ops;       // a definition of define.c is being compiled: operators have today's meaning in it
  const char *definitions; // text of define.c, NULL until it is needed
  uint32_t defining;       // classes being declared inside one another
  uint32_t closures;       // number of fork bodies so far: names them
  mote_arena scratch;      // trees, names, typing results
  MOTE_VEC(mote_function *) queue;
  size_t queue_head;
  mote_map names;   // interned words
  mote_map units;   // prefix -> mote_unit
  mote_map defs;    // qualified name -> mote_def
  mote_map missing; // operators already in program->missing
} mote_front;

// Puts the place in front of the failure in `err` and returns `status`.
mote_status mote_unit_at(const mote_unit *unit, uint32_t offset, mote_error *err, mote_status status);

// --- front.c: records and definitions
// *out NULL when the record or the definition in it does not exist.
mote_status mote_front_find(mote_front *front, const char *qualified, size_t len, mote_def **out,
                            mote_error *err) MOTE_MUST_USE;
mote_status mote_front_add_unit(mote_front *front, mote_unit *unit, const char *path, mote_span text,
                                mote_error *err) MOTE_MUST_USE;
mote_status mote_front_enqueue(mote_front *front, mote_function *fn, mote_error *err) MOTE_MUST_USE;
// --- declare.c: signatures of functions and insides of classes
mote_status mote_declare_function(mote_front *front, mote_def *def, mote_class *owner, const char *qualified,
                                  mote_error *err) MOTE_MUST_USE;
mote_status mote_declare_class(mote_front *front, mote_def *def, mote_error *err) MOTE_MUST_USE;
// Defaults are read when first needed: they may name enums of other records.
mote_status mote_function_formals(mote_front *front, mote_function *fn, const mote_schema_arg **out,
                                  mote_error *err) MOTE_MUST_USE;
// --- annotation.c: types and literals written in source
mote_status mote_read_type(mote_front *front, const mote_unit *unit, const mote_node *node, const mote_type **out,
                           mote_error *err) MOTE_MUST_USE;
// The literal that an expression of constants denotes, fitted to `want` (may be NULL); *ok false when it is none.
mote_status mote_read_literal(mote_front *front, const mote_unit *unit, const mote_node *node, const mote_type *want,
                              mote_literal *out, bool *ok, mote_error *err) MOTE_MUST_USE;
// Text of a chain of names a.b.c; false when the node is no such chain or the text is too long.
bool mote_dotted_name(const mote_node *node, char *out, size_t cap, size_t *len);

// --- define.c: operators written in TorchScript
// A function of the built-in text, parsed when first asked for; *out NULL when there is none of that name.
mote_status mote_front_definition(mote_front *front, const char *name, mote_def **out, mote_error *err) MOTE_MUST_USE;
// Gives a reference without implementation the function that defines it, if there is one, and queues that.
mote_status mote_front_define(mote_front *front, mote_op_ref *ref, mote_error *err) MOTE_MUST_USE;
// The definition that stands for an operator of an archive of that version, or NULL.
const char *mote_upgrader_name(uint64_t version, const char *name, const char *overload);
// Those of `name` in order of overloads: call with *at 0 first; NULL when there are no more.
const char *mote_upgrader_next(uint64_t version, const char *name, size_t *at);

// ---------------------------------------------------------------------------------------------------- typing results

typedef enum mote_fit_kind {
  MOTE_FIT_NODE,    // the value of `node`
  MOTE_FIT_LITERAL, // `lit`
  MOTE_FIT_CONVERT, // operator `op`.`overload` on items[0]
  MOTE_FIT_REPEAT,  // list of `type` with n times items[0]: one int for int[2]
  MOTE_FIT_LIST,    // list of `type` of items: torch.zeros(2, 3)
  MOTE_FIT_UNPACK   // list of `type` of the n items of tuple `node`
} mote_fit_kind;

typedef struct mote_fit { // how an argument is made
  mote_fit_kind kind;
  mote_node *node;
  const mote_literal *lit;
  const char *op, *overload;
  const mote_type *type; // static type of the result
  uint32_t n;
  struct mote_fit *items;
} mote_fit;

typedef enum mote_use_kind {
  MOTE_USE_OP,       // schema (NULL: unknown operator `name`)
  MOTE_USE_FUNCTION, // fn
  MOTE_USE_METHOD,   // by name on a value whose class is known when running: interfaces, torch's own classes
  MOTE_USE_NEW,      // CREATE_OBJECT of type
  MOTE_USE_TUPLE,    // named tuple of type
  MOTE_USE_LIST,     // list of type
  MOTE_USE_DICT,     // dict of type
  MOTE_USE_ATTR,     // attribute n of fits[0]
  MOTE_USE_ITEM,     // item n of tuple fits[0]
  MOTE_USE_SLICE,    // items [n, n + n2) of tuple fits[0]
  MOTE_USE_LITERAL,  // lit
  MOTE_USE_SAME,     // fits[0] as it is: annotate, unchecked_cast
  MOTE_USE_NOTHING,  // uninitialized(T)
  MOTE_USE_ISA,      // is fits[0] of one of types
  MOTE_USE_TO_LIST,  // tensor fits[0] to the list type
  MOTE_USE_FORK,     // fn with captured variables
  MOTE_USE_VAR       // register n
} mote_use_kind;

typedef struct mote_use { // what an expression node stands for
  mote_use_kind kind;
  const char *name, *overload;
  const mote_schema *schema;
  mote_function *fn;
  const mote_type *type;
  const mote_type **types; // ISA
  mote_literal lit;
  mote_fit *fits;
  uint32_t n_fits, n, n2;
  bool is_vararg;
} mote_use;

// An argument as written.
typedef struct mote_actual {
  const char *name; // keyword, or NULL
  mote_node *node;
} mote_actual;

// --- overload.c
// Can the typed node stand where `formal` is wanted? Fills *fit. `env` binds type variables.
typedef struct mote_type_env {
  uint32_t n;
  const char *names[8];
  const mote_type *types[8];
} mote_type_env;
typedef struct mote_signature { // what overload resolution chooses among
  const char *name, *overload;
  const mote_schema_arg *args;
  uint32_t n_args;
  const mote_schema *schema; // or
  mote_function *fn;
} mote_signature;
bool mote_fit_value(mote_front *front, mote_node *node, const mote_type *want, bool convert, mote_fit *fit);
// Fits are made in scratch memory; false when the arguments do not fit. `why` explains (may be NULL).
bool mote_match(mote_front *front, const mote_signature *sig, const mote_actual *actuals, uint32_t n, bool convert,
                mote_type_env *env, mote_fit **fits, mote_text *why);
const mote_type *mote_type_eval(mote_types *types, const mote_type_env *env, const mote_type *type);
// Chooses among all overloads of an operator. *found false: no operator of that name.
mote_status mote_pick_operator(mote_front *front, const char *name, const mote_actual *actuals, uint32_t n,
                               mote_use *use, bool *found, mote_error *err) MOTE_MUST_USE;

// --- emit.c and after: one function being compiled
typedef enum mote_var_kind {
  MOTE_VAR_NONE,
  MOTE_VAR_VALUE,
  MOTE_VAR_FUNCTION,
  MOTE_VAR_CLOSURE,
  MOTE_VAR_CLASS
} mote_var_kind;
typedef struct mote_var {
  const char *name; // interned
  mote_var_kind kind;
  uint32_t reg;
  const mote_type *type;
  mote_function *fn;
  mote_class *cls;
  mote_node *closure;
  bool conflict;                                    // two branches gave it types that do not fit
  const struct mote_trail *then_state, *else_state; // while two branches are joined
} mote_var;
typedef struct mote_trail {
  uint32_t var;
  mote_var state;
} mote_trail;

typedef struct mote_emit {
  mote_front *front;
  mote_types *types; // the program's
  mote_unit *unit;
  mote_function *fn;
  mote_error *err;
  const mote_allocator *al;
  uint32_t n_regs;
  uint32_t at;             // offset of the source being compiled
  uint32_t residue;        // values that enclosing loops keep on the stack
  uint32_t entered;        // enclosing with statements
  bool terminated;         // what follows in this block is not reached
  const mote_type *result; // declared, or of the first return of a fork body
  MOTE_VEC(mote_var) vars;
  MOTE_VEC(mote_trail) trail;
  MOTE_VEC(mote_insn) code;
  MOTE_VEC(mote_insn_place) places;
  MOTE_VEC(mote_literal) consts;
  MOTE_VEC(const mote_type *) type_list;
  MOTE_VEC(mote_op_ref) ops;
  MOTE_VEC(mote_function *) callees;
  mote_map var_index, tables; // name -> vars index; table keys -> index
} mote_emit;

// check.c: types an expression; node->type and node->res are set. `hint` guides empty lists and dicts, may be NULL.
mote_status mote_check(mote_emit *e, mote_node *node, const mote_type *hint) MOTE_MUST_USE;
mote_status mote_check_convert(mote_emit *e, mote_node *node, const mote_type *want, const char *what,
                               mote_fit *fit) MOTE_MUST_USE;
// check_call.c: `name = __torch__.m.f`: what the chain names, both NULL when it is no function and no class.
mote_status mote_check_alias(mote_emit *e, mote_node *node, mote_function **fn, mote_class **cls) MOTE_MUST_USE;
// The value of the node as a bool.
mote_status mote_check_condition(mote_emit *e, mote_node *node, mote_fit *fit) MOTE_MUST_USE;
mote_status mote_check_fail(mote_emit *e, const mote_node *node, mote_status status); // adds the place

// emit.c
mote_var *mote_emit_var(mote_emit *e, const char *name); // NULL: never assigned
mote_status mote_emit_insn(mote_emit *e, mote_opcode op, int32_t x, uint32_t n) MOTE_MUST_USE;
mote_status mote_emit_const(mote_emit *e, const mote_literal *lit) MOTE_MUST_USE; // LOADC
mote_status mote_emit_const_index(mote_emit *e, const mote_literal *lit, int32_t *index) MOTE_MUST_USE;
mote_status mote_emit_unpack(mote_emit *e, uint32_t n) MOTE_MUST_USE; // the tuple on top into n values
mote_status mote_emit_none(mote_emit *e) MOTE_MUST_USE;               // LOADC None
size_t mote_emit_here(const mote_emit *e);                            // index of the next instruction
void mote_emit_patch(mote_emit *e, size_t jump);                      // makes the jump at that index come here
mote_status mote_emit_jump_back(mote_emit *e, size_t target) MOTE_MUST_USE;
mote_status mote_emit_type(mote_emit *e, const mote_type *const *types, uint32_t n, int32_t *index) MOTE_MUST_USE;
mote_status mote_emit_callee(mote_emit *e, mote_function *fn, int32_t *index) MOTE_MUST_USE;
// OP or the instruction that stands for it; pushes n_results values (reported in *pushed).
mote_status mote_emit_op(mote_emit *e, const char *name, const char *overload, const mote_schema *schema,
                         uint32_t n_args, uint32_t *pushed) MOTE_MUST_USE;
uint32_t mote_emit_reg(mote_emit *e);
// emit_expr.c: code that pushes the value of a checked expression.
mote_status mote_emit_expr(mote_emit *e, mote_node *node) MOTE_MUST_USE;
// The same, but several results of an operator, or the items of a tuple display, may stay apart: then *parts tells how
// many were pushed; 0: one value.
mote_status mote_emit_parts(mote_emit *e, mote_node *node, uint32_t *parts) MOTE_MUST_USE;
// For its effect alone: leaves nothing.
mote_status mote_emit_effect(mote_emit *e, mote_node *node) MOTE_MUST_USE;
mote_status mote_emit_fit(mote_emit *e, const mote_fit *fit) MOTE_MUST_USE;
// emit_stmt.c
mote_status mote_compile_function(mote_front *front, mote_function *fn, mote_error *err) MOTE_MUST_USE;
mote_status mote_compile_fork(mote_emit *outer, mote_node *def, mote_use *use) MOTE_MUST_USE;
// moves.c: LOAD becomes MOVE at the last use, dead stores become DROP, registers that die on a branch are cleared,
// unreachable code goes. Works on e->code and e->places.
mote_status mote_emit_moves(mote_emit *e) MOTE_MUST_USE;

#endif
