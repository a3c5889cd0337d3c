// The virtual machine's inside: state of one session, what builtin operators see, and the doors between its files.
// Knows values, programs and the engine; knows no container. Tests: tests/script/test_vm.c
#ifndef MOTE_SCRIPT_VM_H
#define MOTE_SCRIPT_VM_H

#include <stdatomic.h>

#include "core/value/value.h"
#include "engine/engine.h"
#include "script/bytecode.h"
#include "script/compile.h"

struct mote_vm;
struct mote_recorder;

// A builtin operator: all arguments of its schema in a[0..n), results into out[] (one reference each). Arguments stay
// with the caller; a function may take one over by setting it to None. It may not keep pointers into `a` over a call
// back into the machine.
typedef mote_status mote_builtin_fn(struct mote_vm *vm, uint32_t n, mote_val *a, mote_val *out);

typedef struct mote_builtin {
  // The overloads that it serves, as a mote_torch_row lists them: "len.t .any"; "sub.=" has those of the last row above
  // that lists its own. Ended by NULL.
  const char *text;
  mote_builtin_fn *fn;
} mote_builtin;

// What an operator of a program resolved to. Found at load, then constant and shared by all sessions.
typedef struct mote_impl {
  mote_builtin_fn *fn;              // or
  const struct mote_torch_row *row; // a tensor operator
  const char *name;                 // as the table lists it, name_len long: "add"
  uint32_t name_len;
  bool in_place;    // result is written to argument 0
  bool to_out;      // results are written to the arguments marked as out
  bool is_resolved; // the rest is known
} mote_impl;

typedef struct mote_dispatch {
  const mote_allocator *al;
  mote_impl *impls; // by schema number; found when first asked for
  uint32_t count, n_sources;
  struct mote_source *sources; // all builtins and rows
  mote_map names;              // "add" -> chain of sources
} mote_dispatch;

mote_status mote_dispatch_create(const mote_allocator *al, mote_dispatch **out, mote_error *err) MOTE_MUST_USE;
void mote_dispatch_destroy(mote_dispatch *d);
// At load only: what it finds is kept. NULL: not implemented.
const mote_impl *mote_dispatch_find(mote_dispatch *d, const mote_schemas *schemas, int32_t schema, const char *name,
                                    const char *overload);
// The row of a family, whatever builtins there are; NULL: none. Changes nothing, so that running programs may ask.
const mote_impl *mote_dispatch_row(const mote_dispatch *d, const char *name, const char *overload);

#define MOTE_MAX_RESULTS 64

typedef struct mote_frame {
  const mote_function *fn;
  uint32_t pc;
  size_t base, regs;
  size_t entered; // height of vm->entered at the start
} mote_frame;

// A line of the Python program that a place in the code was made from; texts are borrowed, without NUL.
typedef struct mote_python_line {
  const char *file, *text, *where; // `where`: the Python function, NULL: as the code's function is called
  size_t file_len, text_len, where_len;
  uint32_t line;
} mote_python_line;

// What the container supplies to a running program.
typedef struct mote_vm_host {
  void *ctx;
  // Entry `index` of the archive's constants, as a new reference.
  mote_status (*constant)(void *ctx, int64_t index, mote_val *out, mote_error *err);
  // False when the line is unknown.
  bool (*python_line)(void *ctx, const mote_function *fn, uint32_t pc, mote_python_line *out);
} mote_vm_host;

typedef struct mote_vm { // what is read most comes first, where instructions reach it with one byte
  const mote_allocator *al;
  mote_program *program;
  const mote_dispatch *dispatch;
  mote_engine *engine;
  struct mote_recorder *rec;
  // the running call
  mote_error *err;
  const mote_op_ref *ref; // operator being executed
  int32_t n_results;      // values it is to give
  bool decided;           // data of a tensor was needed before the end
  bool wrote;             // something that outlives the call was changed
  bool no_grad;
  mote_val *stack;
  size_t sp;
  mote_val *regs;
  size_t n_regs;
  MOTE_VEC(mote_frame) frames;
  uint64_t steps;
  size_t stack_cap, regs_cap;
  uint32_t nested; // runs within runs (fork, comparison methods)
  uint64_t call;   // number of the running call, unlike any other session's
  uint64_t calls;
  MOTE_VEC(mote_val) entered;
  mote_val **consts; // [functions], each [n_consts]; made at first use
  size_t n_consts;
  mote_val text; // print's unfinished line
  uint64_t random[4];
  mote_map interned; // strings of attributes
  // how it was set up
  mote_vm_host host;
  mote_objects objects;
  mote_record mode;
  // QNNPACK quantises to 8 bits whatever reduce_range says. Files for phones were made for it; a recurrent cell shows
  // it.
  bool qnnpack;
  void (*log)(void *ctx, const char *line);
  void *log_ctx;
  uint64_t step_limit;
  size_t memory_limit;
  atomic_bool cancelled;
} mote_vm;

// ------------------------------------------------------------------------------------------------ vm.c
mote_status mote_vm_init(mote_vm *vm) MOTE_MUST_USE; // after the configuration members are set
void mote_vm_destroy(mote_vm *vm);
// Runs `fn` with args[0..n) (retained); *result gets one reference. Errors come with a traceback.
mote_status mote_vm_call(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result,
                         mote_error *err) MOTE_MUST_USE;
// The same from inside a builtin operator.
mote_status mote_vm_recall(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n,
                           mote_val *result) MOTE_MUST_USE;
// The implementations of all operators of the program's functions are looked up and stored.
mote_status mote_vm_resolve(mote_dispatch *d, const mote_schemas *schemas, mote_function *fn,
                            mote_error *err) MOTE_MUST_USE;
mote_status mote_vm_literal(mote_vm *vm, const mote_literal *lit, mote_val *out) MOTE_MUST_USE;

// ------------------------------------------------------------------------------------------------ vm_fail.c
mote_status mote_vm_raise(mote_vm *vm, const char *cls, const char *fmt, ...) MOTE_PRINTF(3, 4);
// "aten::f() expected int but got str": `want` in words, or as a tag (MOTE_TAG_COUNT: a number).
mote_status mote_vm_fail_type(mote_vm *vm, const char *want, mote_val got);
mote_status mote_vm_fail_tag(mote_vm *vm, uint8_t want, uint8_t got);
// Adds the frames above `stop`, outermost first, to the error; nothing if it has a traceback already.
void mote_vm_traceback(mote_vm *vm, size_t stop);
// Adds the operator and what it got.
void mote_vm_traceback_op(mote_vm *vm, const mote_op_ref *ref, uint32_t n, const mote_val *a);

// ------------------------------------------------------------------------------------------------ vm_types.c
bool mote_val_is_a(mote_vm *vm, mote_val v, const mote_type *type);
// Gives containers inside `v` their static types.
void mote_val_stamp(mote_vm *vm, mote_val v, const mote_type *type);

// ------------------------------------------------------------------------------------------------ vm_text.c
// Python's str() and repr() of a value.
mote_status mote_vm_str(mote_vm *vm, mote_val v, mote_text *out) MOTE_MUST_USE;
mote_status mote_vm_repr(mote_vm *vm, mote_val v, mote_text *out) MOTE_MUST_USE;
mote_status mote_vm_format(mote_vm *vm, const mote_val *a, uint32_t n, mote_val *out) MOTE_MUST_USE; // str.format
mote_status mote_vm_text_val(mote_vm *vm, mote_text *text, mote_val *out) MOTE_MUST_USE; // takes the text over

// ------------------------------------------------------------------------------------------------ builtin_*.c
extern const mote_builtin mote_builtin_scalar[], mote_builtin_math[], mote_builtin_str[], mote_builtin_text[],
    mote_builtin_list[], mote_builtin_dict[], mote_builtin_misc[], mote_builtin_tensor[], mote_builtin_make[],
    mote_builtin_view[], mote_builtin_native[], mote_builtin_prepacked[];

// ------------------------------------------------------------------------------------------------ dispatch.c
// Runs a tensor operator through its row.
mote_status mote_tensor_call(mote_vm *vm, const mote_impl *impl, const mote_op_ref *ref, uint32_t n, mote_val *a,
                             mote_val *out) MOTE_MUST_USE;
// Tensor services for builtins (tensor_access.c): data ready to read, dense copy, number of a one-element tensor.
mote_status mote_vm_force(mote_vm *vm, mote_handle *h) MOTE_MUST_USE;
mote_status mote_vm_item(mote_vm *vm, mote_handle *h, mote_val *out) MOTE_MUST_USE;
mote_status mote_vm_element(mote_vm *vm, const mote_tensor *t, int64_t offset, mote_val *out) MOTE_MUST_USE;
mote_status mote_vm_tolist(mote_vm *vm, mote_handle *h, int64_t rank, int64_t kind, mote_val *out) MOTE_MUST_USE;
// 0-dim tensor of a number, marked as made from a number.
mote_status mote_vm_number_tensor(mote_vm *vm, mote_val number, mote_dtype dtype, mote_val *out) MOTE_MUST_USE;

// PyTorch's numbers of dtypes; MOTE_NONE and -1 when there is none.
mote_dtype mote_dtype_of_torch(int64_t scalar_type);
int64_t mote_dtype_to_torch(mote_dtype dtype);

// ------------------------------------------------------------------------------------------------ small helpers

// Before a container is changed: one made in this call does not outlive it unless it is returned.
MOTE_INLINE void mote_vm_touch(mote_vm *vm, uint64_t born) { vm->wrote = vm->wrote || born != vm->call; }
MOTE_INLINE bool mote_is_int(mote_val v) { return v.tag == MOTE_TAG_INT || v.tag == MOTE_TAG_BOOL; }
MOTE_INLINE bool mote_is_number(mote_val v) { return v.tag >= MOTE_TAG_BOOL && v.tag <= MOTE_TAG_FLOAT; }
MOTE_INLINE double mote_num(mote_val v) { return v.tag == MOTE_TAG_FLOAT ? v.u.f : (double)v.u.i; }
#define MOTE_WANT(vm, v, t)                                                                                            \
  do {                                                                                                                 \
    if ((v).tag != (t))                                                                                                \
      return mote_vm_fail_tag((vm), (t), (v).tag);                                                                     \
  } while (0)
#define MOTE_WANT_INT(vm, v)                                                                                           \
  do {                                                                                                                 \
    if (!mote_is_int(v))                                                                                               \
      return mote_vm_fail_tag((vm), MOTE_TAG_INT, (v).tag);                                                            \
  } while (0)
#define MOTE_WANT_NUM(vm, v)                                                                                           \
  do {                                                                                                                 \
    if (!mote_is_number(v))                                                                                            \
      return mote_vm_fail_tag((vm), MOTE_TAG_COUNT, (v).tag);                                                          \
  } while (0)

#endif
