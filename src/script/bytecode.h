// Bytecode: what the compiler and the .ptl reader make, the verifier checks and the VM runs.
// After mote_function_verify the VM may trust every index, jump and stack height; kinds of values it must check itself
// (GET_ATTR on an object, slot below the object's count, ...). Tests: tests/script/test_compile.c
#ifndef MOTE_SCRIPT_BYTECODE_H
#define MOTE_SCRIPT_BYTECODE_H

#include "script/schema.h"

typedef enum mote_opcode {
#define MOTE_OPCODE(name, x, n, pops, pushes, text) MOTE_OPC_##name,
#include "script/opcodes.def"
#undef MOTE_OPCODE
  MOTE_OPC_COUNT
} mote_opcode;

typedef struct mote_insn {
  uint16_t op; // mote_opcode
  uint16_t n;
  int32_t x;
} mote_insn;

// Where an instruction comes from: a byte of a code record. The container's .debug_pkl maps ranges of the same bytes to
// Python lines.
typedef struct mote_insn_place {
  uint32_t source; // index into program->sources, UINT32_MAX: unknown
  uint32_t offset;
} mote_insn_place;

typedef enum mote_op_form { MOTE_FORM_PLAIN, MOTE_FORM_IN_PLACE, MOTE_FORM_OUT } mote_op_form;

typedef struct mote_op_ref {
  const char *name;          // "aten::add"
  const char *overload;      // "Tensor"
  const mote_schema *schema; // NULL: unknown operator, raises when reached (id -1)
  int32_t n_given;   // arguments that the code pushes; fewer than the schema's when a .ptl leaves out trailing defaults
                     // (out= arguments come last even then); -1: the operand of OPN tells
  int32_t n_results; // values pushed: 0 or 1 for TorchScript functions, more for several results
  bool has_impl;
  uint8_t form;               // mote_op_form: where the results of `body` go
  struct mote_function *body; // of an operator that is defined in TorchScript
  void *impl;                 // free for the VM, zero at first
} mote_op_ref;

typedef struct mote_param {
  const char *name;
  const mote_type *type;
  mote_literal value; // default
  bool has_default;
} mote_param;

typedef struct mote_function {
  const char *name;   // qualified: "__torch__.M.forward"
  mote_class *owner;  // of a method, else NULL
  mote_param *params; // first is self in a method
  uint32_t n_params;
  const mote_type *result;

  mote_insn *code;         // NULL until compiled, and for interface methods. Starts with STOREN 1, n_params
  mote_insn_place *places; // [n_code], NULL: unknown
  uint32_t n_code;
  uint32_t n_regs;    // registers 1 .. n_regs
  uint32_t max_stack; // set by the verifier: values above the frame's base, arguments included
  mote_literal *consts;
  uint32_t n_consts;
  const mote_type **types;
  uint32_t n_types;
  mote_op_ref *ops;
  uint32_t n_ops;
  struct mote_function **callees; // CALL, FORK, AWAITABLE
  uint32_t n_callees;

  void *def;  // front end only
  void *host; // free for the VM (materialised constants), zero at first
} mote_function;

// Checks one function whose tables are filled in; sets max_stack. MOTE_ERR_FORMAT with the instruction's index when it
// is not well formed. Every op_ref needs n_given and n_results, with the schema's defaults counted in by the caller.
mote_status mote_function_verify(mote_function *fn, const mote_allocator *al, mote_error *err) MOTE_MUST_USE;

const char *mote_opcode_name(mote_opcode op);
bool mote_opcode_find(const char *name, size_t len, mote_opcode *out);
// The listing that `mote inspect` shows.
void mote_function_text(const mote_function *fn, mote_text *out);

#endif
