// Names of instructions and listings of functions, and the look-up of methods by name.
// Tests: tests/script/test_compile.c
#include "script/bytecode.h"

#include <string.h>

static const char *const opcode_names[] = {
#define MOTE_OPCODE(name, x, n, pops, pushes, text) #name,
#include "script/opcodes.def"
#undef MOTE_OPCODE
};

const char *mote_opcode_name(mote_opcode op) { return opcode_names[op]; }

bool mote_opcode_find(const char *name, size_t len, mote_opcode *out) {
  for (size_t i = 0; i < MOTE_COUNT(opcode_names); i++)
    if (strlen(opcode_names[i]) == len && memcmp(opcode_names[i], name, len) == 0) {
      *out = (mote_opcode)i;
      return true;
    }
  return false;
}

struct mote_function *mote_class_method(const mote_class *cls, const char *name) {
  size_t prefix = strlen(cls->name) + 1; // methods are named "Class.method"
  for (uint32_t i = 0; i < cls->n_methods; i++)
    if (strcmp(cls->methods[i]->name + prefix, name) == 0)
      return cls->methods[i];
  return NULL;
}

static void literal_text(const mote_literal *lit, mote_text *out) {
  char number[32];
  switch (lit->kind) {
  case MOTE_LIT_NONE:
    mote_text_str(out, "None");
    break;
  case MOTE_LIT_BOOL:
    mote_text_str(out, lit->u.b ? "True" : "False");
    break;
  case MOTE_LIT_INT:
    mote_text_fmt(out, "%lld", (long long)lit->u.i);
    break;
  case MOTE_LIT_FLOAT:
    mote_text_add(out, number, (size_t)mote_format_f64(number, lit->u.f));
    break;
  case MOTE_LIT_COMPLEX:
    mote_text_add(out, number, (size_t)mote_format_f64(number, lit->u.c.re));
    mote_text_str(out, lit->u.c.im < 0 ? "" : "+");
    mote_text_add(out, number, (size_t)mote_format_f64(number, lit->u.c.im));
    mote_text_str(out, "j");
    break;
  case MOTE_LIT_STR:
    mote_text_fmt(out, "\"%.*s\"", (int)MOTE_MIN(lit->u.s.len, (size_t)60), lit->u.s.at);
    break;
  case MOTE_LIT_LIST:
  case MOTE_LIT_TUPLE:
    mote_text_fmt(out, "%s of %zu", lit->kind == MOTE_LIT_LIST ? "list" : "tuple", lit->u.list.count);
    break;
  case MOTE_LIT_GLOBAL:
    mote_text_fmt(out, "CONSTANTS.c%lld", (long long)lit->u.i);
    break;
  case MOTE_LIT_ENUM:
    mote_text_fmt(out, "%s.%s", lit->u.en.cls->name, lit->u.en.cls->attrs[lit->u.en.member].name);
    break;
  case MOTE_LIT_VALUE:
    mote_text_str(out, "value");
    break;
  }
}

static void operand_text(const mote_function *fn, const mote_insn *insn, mote_text *out) {
  switch (insn->op) {
  case MOTE_OPC_OP:
  case MOTE_OPC_OPN: {
    const mote_op_ref *ref = &fn->ops[insn->x];
    mote_text_fmt(out, "  %s%s%s%s", ref->name, *ref->overload ? "." : "", ref->overload,
                  ref->has_impl ? "" : " (missing)");
    break;
  }
  case MOTE_OPC_LOADC:
  case MOTE_OPC_INTERFACE_CALL:
    mote_text_str(out, "  ");
    literal_text(&fn->consts[insn->x], out);
    break;
  case MOTE_OPC_CALL:
  case MOTE_OPC_FORK:
  case MOTE_OPC_AWAITABLE:
    mote_text_fmt(out, "  %s", fn->callees[insn->x]->name);
    break;
  case MOTE_OPC_LIST_CONSTRUCT:
  case MOTE_OPC_DICT_CONSTRUCT:
  case MOTE_OPC_NAMED_TUPLE_CONSTRUCT:
  case MOTE_OPC_CREATE_OBJECT:
  case MOTE_OPC_ISINSTANCE:
    mote_text_str(out, "  ");
    mote_type_text(fn->types[insn->x], out);
    break;
  default:
    break;
  }
}

void mote_function_text(const mote_function *fn, mote_text *out) {
  mote_text_fmt(out, "%s(", fn->name);
  for (uint32_t i = 0; i < fn->n_params; i++) {
    mote_text_fmt(out, "%s%s: ", i ? ", " : "", fn->params[i].name);
    mote_type_text(fn->params[i].type, out);
  }
  mote_text_str(out, ") -> ");
  if (fn->result != NULL)
    mote_type_text(fn->result, out);
  mote_text_fmt(out, "  # %u registers, stack %u\n", fn->n_regs, fn->max_stack);
  for (uint32_t i = 0; i < fn->n_code; i++) {
    const mote_insn *insn = &fn->code[i];
    mote_text_fmt(out, "%5u %s %d %u", i, opcode_names[insn->op], insn->x, insn->n);
    operand_text(fn, insn, out);
    mote_text_str(out, "\n");
  }
}
