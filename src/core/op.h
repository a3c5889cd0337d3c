// The operator interface: what every operator defines, once, for both worlds, and what it is handed.
// An operator knows tensors, its attributes and the kernels; it knows no graph, no file format, no script.
// Guide: docs/add-an-operator.md. Operators live in src/ops and are listed in src/ops/ops.def.
#ifndef MOTE_CORE_OP_H
#define MOTE_CORE_OP_H

#include "base/arena.h"
#include "base/cpu.h"
#include "core/tensor/tensor.h"

// ------------------------------------------------------------------------------------------------ attributes

// A number as a program writes it: int, float or bool keep their kind, because type promotion depends on it.
typedef struct mote_scalar {
  uint8_t kind; // 'i', 'f', 'b', 'c', or 0 when absent (None)
  int64_t i;
  double f;  // value as float (real part for 'c')
  double im; // imaginary part for 'c'
} mote_scalar;

#define MOTE_MAX_INTS 16
typedef struct mote_ints { // a short list of integers (sizes, axes, pads)
  int32_t count;           // -1: absent (None)
  int64_t at[MOTE_MAX_INTS];
} mote_ints;

typedef enum mote_attr_kind {
  MOTE_ATTR_INT,    // int64_t
  MOTE_ATTR_FLOAT,  // double
  MOTE_ATTR_BOOL,   // bool
  MOTE_ATTR_INTS,   // mote_ints
  MOTE_ATTR_SCALAR, // mote_scalar
  MOTE_ATTR_DTYPE,  // int32_t mote_dtype; MOTE_NONE: absent
  MOTE_ATTR_STR,    // const char *, NULL: absent
  MOTE_ATTR_FLOATS, // mote_floats
  MOTE_ATTR_GRAPH,  // int32_t index of a subgraph, -1: none
} mote_attr_kind;

typedef struct mote_floats {
  int32_t count; // -1: absent
  double at[MOTE_MAX_INTS];
} mote_floats;

// Describes a member of the operator's attribute struct. The default of a number is def * 10^power, exactly as a
// decimal constant would be; of INTS and FLOATS it is the count, -1: absent.
typedef struct mote_attr_field {
  const char *name;
  uint16_t offset;
  uint8_t kind; // mote_attr_kind
  int8_t power; // MOTE_ATTR_INFINITE: infinity with def's sign
  int16_t def;
} mote_attr_field;
#define MOTE_ATTR_INFINITE INT8_MAX
#define MOTE_ATTR_POWER(type, member, kind, def, power)                                                                \
  { #member, (uint16_t)offsetof(type, member), kind, power, def }
#define MOTE_ATTR(type, member, kind, def) MOTE_ATTR_POWER(type, member, kind, def, 0)

// ------------------------------------------------------------------------------------------------ environment

// What an operator may ask of its surroundings; constant during a plan's life.
typedef struct mote_env {
  const mote_allocator *al;
  const mote_cpu *cpu;
  mote_precision precision;
  uint32_t threads;
  size_t memory_limit;
  void *engine; // opaque to operators
} mote_env;

// ------------------------------------------------------------------------------------------------ call context

typedef enum mote_outcome {
  MOTE_KNOWN = 0,       // dtypes, dims and quant of all outputs are set
  MOTE_NEEDS_VALUE = 1, // the shape depends on the value of input `need`, which is not known yet
  MOTE_AFTER_RUN = 2,   // only eval knows; it calls mote_op_output for each output
} mote_outcome;

struct mote_step;
typedef struct mote_opctx {
  const struct mote_op *op;
  const void *attr; // op->rules->attr_size bytes
  int32_t n_in, n_out;
  mote_tensor *const *in; // in[i] is NULL when an optional input is absent
  mote_tensor *const *out;
  const bool *in_const; // in[i]'s data is known and never changes (weights); may be NULL: none
  const mote_env *env;
  mote_error *err;
  // infer
  mote_outcome outcome;
  int32_t need;
  // eval and steps
  void *scratch; // the bytes asked for, of this worker; 64-byte aligned
  // prepare: filled through mote_step_add
  void *planner;
  // engine's private handle of the node (subgraph calls, dynamic outputs, packing)
  void *node;
} mote_opctx;

// ------------------------------------------------------------------------------------------------ steps

// Work on tiles [t0, t1) of the step's tiles. Data pointers are read from c->in[i]->data, c->out[i]->data at run time
// (they may change between runs); strides and dims are final since prepare. c->scratch is this worker's own.
typedef mote_status mote_step_fn(const mote_opctx *c, const void *state, int64_t t0, int64_t t1);

typedef struct mote_step_desc {
  mote_step_fn *run;
  const void *state;  // from mote_prepare_alloc, or NULL
  int64_t tiles;      // >= 1; depends on shapes only, never on the number of threads
  size_t scratch;     // bytes a worker needs
  const char *kernel; // kernel's name for profiles, static
  const char *isa;    // static, such as "avx512"; NULL: "c"
} mote_step_desc;

// ------------------------------------------------------------------------------------------------ operator

enum mote_op_flags {
  MOTE_OP_VIEW = 1 << 0, // output 0 is a window on input 0 when `view` succeeds
  MOTE_OP_ELEMENTWISE =
      1 << 1,              // out[0] = f(in...) per element after broadcasting: any common strides, may run in place
  MOTE_OP_EFFECT = 1 << 2, // reads or writes state outside its tensors: never moved, folded or removed
  MOTE_OP_CHECKS_DATA = 1 << 3, // can fail on the data (index out of range)
  MOTE_OP_RANDOM = 1 << 4,
  MOTE_OP_CHANNELS_LAST = 1 << 5, // wants rank >= 3 activations channels-last when attr `data_format`... see layout()
  MOTE_OP_STRIDED_IN = 1 << 6,    // accepts any strides on all inputs (else the planner makes them dense)
  MOTE_OP_STRIDED_OUT = 1 << 7,   // accepts any strides on outputs
  MOTE_OP_LIST_OUT = 1 << 8,      // number of outputs depends on attributes and shapes (split, chunk, unbind)
  MOTE_OP_CONTROL = 1 << 9,       // runs subgraphs (if, while, call)
  MOTE_OP_NO_FOLD = 1 << 10,      // do not evaluate at plan time though all inputs are constant (would grow memory)
  MOTE_OP_IDENTITY = 1 << 11,     // output equals input 0 (dropout in inference, identity)
  MOTE_OP_TAKES_LAST = 1 << 13,   // out[0] may use the memory of the last of four inputs (a residual of the same shape)
  MOTE_OP_SHAPE_ONLY = 1 << 12,   // eval reads only dims and types of its inputs (shape, rank, zeros_like): folds early
};

// What an operator wants of an operand's memory format (see mote_op_more.layout).
typedef enum mote_layout {
  MOTE_LAYOUT_DENSE = 0,     // C order
  MOTE_LAYOUT_CHANNELS_LAST, // dim 1 fastest (rank 3..5)
  MOTE_LAYOUT_ANY,           // whatever the strides are
  MOTE_LAYOUT_SAME,          // follow input 0 (element-wise)
} mote_layout;

// What few operators have.
typedef struct mote_op_more {
  // For MOTE_OP_VIEW: from input 0's dims and strides and the inferred output dims, sets out[0]'s strides and *offset
  // (elements) when the output can be a window on the input; returns false when a copy is needed.
  bool (*view)(const mote_opctx *c, int64_t *offset);
  // Memory format wanted for input `i` (i >= 0) or output `-1 - i`. NULL: MOTE_OP_ELEMENTWISE -> SAME, else DENSE.
  mote_layout (*layout)(const mote_opctx *c, int32_t operand);
  // Scratch bytes that eval needs (c->scratch); NULL: none.
  size_t (*scratch)(const mote_opctx *c);
} mote_op_more;

// How an operator works. Operators that differ in a number only, as the functions of one variable do, share their
// rules.
typedef struct mote_op_rules {
  uint16_t flags;
  uint16_t attr_size;
  int8_t min_in, max_in; // max_in -1: any number
  int8_t n_out;          // 0 with MOTE_OP_LIST_OUT
  uint8_t n_fields;
  const mote_attr_field *field; // see MOTE_FIELDS
  // Shape and type rule. Sees dims, dtypes, quant of inputs (data too when constant); checks everything that can be
  // checked before running; sets dtype, rank, dim, quant of outputs (strides are the planner's). Sets c->outcome.
  // Outputs come in holding what the file declared (quant, dims; zero when nothing was declared). MOTE_OP_LIST_OUT:
  // lowers c->n_out to the number of outputs that there are.
  mote_status (*infer)(mote_opctx *c);
  // Chooses kernels and adds steps with mote_step_add. NULL: one step that calls eval.
  mote_status (*prepare)(mote_opctx *c);
  // Computes all outputs in one go, on one thread. Inputs and outputs are as `layout` said. The reference path; NULL
  // only when prepare is given.
  mote_status (*eval)(mote_opctx *c);
  const mote_op_more *more; // NULL: nothing of that
} mote_op_rules;

typedef struct mote_op {
  const char *name; // unique, "conv2d"
  const mote_op_rules *rules;
  int32_t variant; // is added to the default of the first attribute: what tells operators of the same rules apart
} mote_op;
// In an operator's rules: the table of its attributes' fields.
#define MOTE_FIELDS(table) .field = table, .n_fields = MOTE_COUNT(table)
// Rules of one operator: mote_op mote_op_shape = {"shape", MOTE_RULES(.min_in = 1, ...)};
#define MOTE_RULES(...)                                                                                                \
  &(const mote_op_rules) { __VA_ARGS__ }
#define MOTE_MORE(...)                                                                                                 \
  &(const mote_op_more) { __VA_ARGS__ }

// The operator's `view`, where it has one that succeeds.
MOTE_INLINE bool mote_op_view(const mote_opctx *c, int64_t *offset) {
  const mote_op_rules *r = c->op->rules;
  return (r->flags & MOTE_OP_VIEW) && r->more != NULL && r->more->view != NULL && r->more->view(c, offset);
}
MOTE_INLINE size_t mote_op_scratch(const mote_opctx *c) {
  const mote_op_more *more = c->op->rules->more;
  return more != NULL && more->scratch != NULL ? more->scratch(c) : 0;
}
// The operator's `layout`; `otherwise` where it has none.
MOTE_INLINE mote_layout mote_op_layout(const mote_opctx *c, int32_t operand, mote_layout otherwise) {
  const mote_op_more *more = c->op->rules->more;
  return more != NULL && more->layout != NULL ? more->layout(c, operand) : otherwise;
}

// ------------------------------------------------------------------------------------------------ services (engine)

// prepare: adds a step that runs after those added before.
mote_status mote_step_add(mote_opctx *c, const mote_step_desc *step) MOTE_MUST_USE;
// prepare: zeroed memory that lives as long as the plan. NULL when short.
void *mote_prepare_alloc(mote_opctx *c, size_t size);
// prepare: bytes packed once per model for constant input `i`. The key is the input's storage, version and window,
// `row` (the kernel row's address) and `salt` (whatever else the packing depends on, such as stride or a second
// constant's identity). `pack` fills `size` bytes at dst, 64-byte aligned. *out stays valid as long as the plan.
typedef mote_status mote_pack_fn(void *dst, const mote_opctx *c, const void *arg);
mote_status mote_prepare_pack(mote_opctx *c, int32_t i, const void *row, uint64_t salt, size_t size, mote_pack_fn *pack,
                              const void *arg, const void **out) MOTE_MUST_USE;
// Identity of constant input `i` for `salt`; 0 when it is absent.
uint64_t mote_const_key(const mote_opctx *c, int32_t i);
// eval of a MOTE_AFTER_RUN operator: after setting dtype, rank, dim of out[j], gets its memory (dense).
mote_status mote_op_output(mote_opctx *c, int32_t j) MOTE_MUST_USE;
// eval of a MOTE_OP_CONTROL operator: runs subgraph `graph` with tensors `in`; `out[j]` receive tensors whose memory
// lives until the node's eval returns or the subgraph runs again.
mote_status mote_op_call(mote_opctx *c, int32_t graph, const mote_tensor *const *in, int32_t n_in, mote_tensor *out,
                         int32_t n_out) MOTE_MUST_USE;
// State that outlives a run (variables, tables): session's slot by number, zeroed at first use; NULL when memory is
// short.
typedef struct mote_variable {
  mote_tensor t; // t.data owned by `bytes`
  void *data;
  size_t bytes;
  bool assigned;
} mote_variable;
mote_variable *mote_op_variable(mote_opctx *c, int64_t id);

// Helpers for messages: "input 1 (weight)" failures with shapes; returns the status.
mote_status mote_op_fail(const mote_opctx *c, mote_status status, const char *fmt, ...) MOTE_PRINTF(3, 4);
// Copies shape and strides of `from` to out[j] with dtype; quant cleared.
void mote_op_out_like(const mote_opctx *c, int32_t j, const mote_tensor *from, mote_dtype dtype);

// ------------------------------------------------------------------------------------------------ mapping rows

struct mote_lowering; // neutral attribute bag + graph builder; see core/graph/lower.h

// How a builtin operator of TensorFlow Lite maps. `text` is its name (of MOTE_TFLITE_CUSTOM the custom code), then one
// word for each field of the options table, in order:
//   name:kind     the attribute of that name, or what `lower` asks for; kinds: bool i8 i32 i64 f32 dtype str i32s i64s
//   f32s name:kind=1   its default in the file's format, where that is not 0
//   -             a field that nobody reads
// then constants, "data_format=1", and after a bar the file's inputs in the operator's order:
//   "CONV_2D pad_mode:i8 stride_w:i32 stride_h:i32 data_format=1 | 2 1 3 0"
enum { MOTE_TFLITE_CUSTOM = 32, MOTE_TFLITE_LOWERED = 1 << 15 };
typedef struct mote_tflite_lowered { // irregular cases, of which the row does not say all
  const mote_op *op;
  mote_status (*lower)(struct mote_lowering *l);
} mote_tflite_lowered;
typedef struct mote_tflite_row {
  uint16_t builtin; // BuiltinOperator's number
  uint16_t version; // the highest that is known, and MOTE_TFLITE_LOWERED
  const char *text;
  union {
    const mote_op *op;
    const mote_tflite_lowered *lowered; // where the version says so
  };
} mote_tflite_row;
// Rows are written by these, which keep the pointer and what says its kind together.
#define MOTE_TFLITE_OP(builtin, version, text, operator)                                                               \
  { builtin, version, text, .op = &(operator) }
#define MOTE_TFLITE_LOWER(builtin, version, text, operator, f)                                                         \
  {                                                                                                                    \
    builtin, (version) | MOTE_TFLITE_LOWERED, text, .lowered = &(const mote_tflite_lowered) { &(operator), f }         \
  }
MOTE_INLINE const mote_tflite_lowered *mote_tflite_row_lowered(const mote_tflite_row *row) {
  return row->version & MOTE_TFLITE_LOWERED ? row->lowered : NULL;
}

// How operators of PyTorch map. `text` lists the overloads that the row serves, without "aten::"; ".Scalar" alone is
// another overload of the name before it. In-place and out= forms follow from PyTorch's schemas. After a bar stand what
// is done first, then one word for each argument, and after another bar constants:
//   "maximum max.other | promote 0 1"     "polar | 0 1 | polar=1"
//   promote  operands become their common type, numbers included     eager  never recorded
//   float    and integers become the default float
//   0..9     input of that number     *0  tensor list: inputs from 0 on     ?2  may be None
//   name     the attribute of that name     -  ignored
// What makes the result is said by a character in front of the text, which these macros write beside the pointer: no
// row is written without one. Types are promoted before.
#define MOTE_TORCH_LOWER(text, f) /* a lowering */                                                                     \
  { text, .lower = f }
#define MOTE_TORCH_OP(text, operator) /* the operator, as the words say */                                             \
  { "&" text, .op = &(operator) }
#define MOTE_TORCH_UNARY(text, operator) /* the operator, a function of one variable */                                \
  { "~" text, .op = &(operator) }
#define MOTE_TORCH_HOW(text, operator, f) /* a lowering that looks at the operator */                                  \
  {                                                                                                                    \
    "+" text, .how = &(const mote_torch_how) { &(operator), f }                                                        \
  }
typedef struct mote_torch_how {
  const mote_op *op; // may be NULL
  mote_status (*lower)(struct mote_lowering *l);
} mote_torch_how;
typedef struct mote_torch_row {
  const char *text;
  union {
    const mote_op *op;
    mote_status (*lower)(struct mote_lowering *l);
    const mote_torch_how *how;
  };
} mote_torch_row;

#endif
