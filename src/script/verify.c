// Load-time verifier: indices, jumps and stack heights of one function, by abstract interpretation over heights. After
// it the VM needs no such checks. Input may be hostile. Tests: tests/script/test_verify.c
#include "script/bytecode.h"

#include <string.h>

#include "base/fail.h"

#define MAX_STACK 100000 // values of one frame; LIST_CONSTRUCT takes at most 65535
#define MAX_REGS 1000000

typedef struct verifier {
  mote_function *fn;
  const mote_allocator *al;
  mote_error *err;
  int32_t *height; // before each instruction; -1: not reached yet
  uint32_t *work;  // instructions to look at
  size_t n_work;
  uint32_t max;
} verifier;

static mote_status bad(verifier *v, uint32_t at, const char *what) {
  mote_insn insn = at < v->fn->n_code ? v->fn->code[at] : (mote_insn){0};
  return mote_fail(v->err, MOTE_ERR_FORMAT, "%s: instruction %u %s %d %u: %s", v->fn->name ? v->fn->name : "?", at,
                   insn.op < MOTE_OPC_COUNT ? mote_opcode_name((mote_opcode)insn.op) : "?", insn.x, insn.n, what);
}

// How an instruction changes the stack.
typedef struct effect {
  int64_t pops, pushes;
} effect;

// An operator with any number of results must be followed by the store of them all: that tells how many.
static int64_t wanted_results(verifier *v, uint32_t at) {
  mote_insn *insn = &v->fn->code[at];
  const mote_insn *next = at + 1 < v->fn->n_code ? insn + 1 : NULL;
  if (insn->n == 0 && next != NULL)
    insn->n = next->op == MOTE_OPC_STOREN ? next->n : 1;
  return insn->n;
}

static mote_status operator_effect(verifier *v, uint32_t at, effect *out) {
  const mote_op_ref *ref = &v->fn->ops[v->fn->code[at].x];
  bool counted = v->fn->code[at].op == MOTE_OPC_OPN;
  if (!counted && ref->n_given < 0)
    return bad(v, at, "operator takes any number of arguments and none is told");
  out->pops = counted ? v->fn->code[at].n : ref->n_given;
  out->pushes = ref->n_results;
  if (ref->n_results < 0)
    out->pushes = counted ? 1 : wanted_results(v, at);
  return MOTE_OK;
}

static mote_status callee_effect(verifier *v, uint32_t at, effect *out) {
  const mote_insn *insn = &v->fn->code[at];
  const mote_function *callee = v->fn->callees[insn->x];
  out->pops = callee->n_params;
  out->pushes = 1;
  if (insn->op != MOTE_OPC_CALL && insn->n != callee->n_params)
    return bad(v, at, "number of arguments is not the function's");
  return MOTE_OK;
}

static mote_status find_effect(verifier *v, uint32_t at, effect *out) {
#define V (-1)
  static const int8_t pops[] = {
#define MOTE_OPCODE(name, x, n, pops, pushes, text) pops,
#include "script/opcodes.def"
#undef MOTE_OPCODE
  };
  static const int8_t pushes[] = {
#define MOTE_OPCODE(name, x, n, pops, pushes, text) pushes,
#include "script/opcodes.def"
#undef MOTE_OPCODE
  };
#undef V
  const mote_insn *insn = &v->fn->code[at];
  *out = (effect){pops[insn->op], pushes[insn->op]};
  switch (insn->op) {
  case MOTE_OPC_OP:
  case MOTE_OPC_OPN:
    return operator_effect(v, at, out);
  case MOTE_OPC_CALL:
  case MOTE_OPC_FORK:
  case MOTE_OPC_AWAITABLE:
    return callee_effect(v, at, out);
  case MOTE_OPC_RET:
    out->pops = 1;
    return MOTE_OK;
  case MOTE_OPC_LIST_UNPACK:
    out->pushes = insn->x;
    return MOTE_OK;
  case MOTE_OPC_TUPLE_CONSTRUCT:
  case MOTE_OPC_FORMAT:
    out->pops = insn->x;
    return insn->op == MOTE_OPC_FORMAT && insn->x == 0 ? bad(v, at, "no template") : MOTE_OK;
  case MOTE_OPC_DICT_CONSTRUCT:
    out->pops = insn->n;
    return insn->n % 2 ? bad(v, at, "a key without a value") : MOTE_OK;
  case MOTE_OPC_INTERFACE_CALL:
    out->pops = insn->n;
    return insn->n == 0 ? bad(v, at, "no object") : MOTE_OK;
  default:
    if (out->pops < 0) // STOREN, the other constructors, LOOP (which goes both ways, see follow)
      out->pops = insn->n;
    return MOTE_OK;
  }
}

// ---------------------------------------------------------------------------------------------------- operands

typedef enum operand { NONE, REG, CONST, TYPE, OP, FUNC, SLOT, JUMP, COUNT } operand;

static mote_status check_x(verifier *v, uint32_t at, operand kind) {
  const mote_function *fn = v->fn;
  const mote_insn *insn = &fn->code[at];
  int64_t x = insn->x, target = (int64_t)at + x;
  switch (kind) {
  case REG: {
    int64_t n = insn->op == MOTE_OPC_STOREN ? insn->n : 1;
    return x >= 1 && x + n - 1 <= fn->n_regs ? MOTE_OK : bad(v, at, "register outside the frame");
  }
  case CONST:
    return x >= 0 && x < fn->n_consts ? MOTE_OK : bad(v, at, "constant outside the table");
  case TYPE: {
    int64_t n = insn->op == MOTE_OPC_ISINSTANCE ? insn->n : 1;
    return x >= 0 && n >= 1 && x + n <= fn->n_types ? MOTE_OK : bad(v, at, "type outside the table");
  }
  case OP:
    return x >= 0 && x < fn->n_ops ? MOTE_OK : bad(v, at, "operator outside the table");
  case FUNC:
    return x >= 0 && x < fn->n_callees ? MOTE_OK : bad(v, at, "function outside the table");
  case JUMP:
    return target >= 0 && target < fn->n_code ? MOTE_OK : bad(v, at, "jump out of the function");
  case SLOT:
  case COUNT:
    return x >= 0 && x <= MAX_STACK ? MOTE_OK : bad(v, at, "number out of range");
  default:
    return MOTE_OK;
  }
}

static mote_status check_type_operand(verifier *v, uint32_t at) {
  const mote_insn *insn = &v->fn->code[at];
  const mote_type *type = v->fn->types[insn->x];
  mote_type_kind want = insn->op == MOTE_OPC_LIST_CONSTRUCT          ? MOTE_TYPE_LIST
                        : insn->op == MOTE_OPC_DICT_CONSTRUCT        ? MOTE_TYPE_DICT
                        : insn->op == MOTE_OPC_NAMED_TUPLE_CONSTRUCT ? MOTE_TYPE_TUPLE
                        : insn->op == MOTE_OPC_CREATE_OBJECT         ? MOTE_TYPE_CLASS
                                                                     : MOTE_TYPE_ANY;
  if (type == NULL || (want != MOTE_TYPE_ANY && type->kind != want))
    return bad(v, at, "type of another kind");
  if (insn->op == MOTE_OPC_NAMED_TUPLE_CONSTRUCT && type->n_args != insn->n)
    return bad(v, at, "number of fields is not the type's");
  return MOTE_OK;
}

static mote_status check_operands(verifier *v, uint32_t at) {
  static const uint8_t kinds[] = {
#define MOTE_OPCODE(name, x, n, pops, pushes, text) x,
#include "script/opcodes.def"
#undef MOTE_OPCODE
  };
  const mote_insn *insn = &v->fn->code[at];
  if (insn->op >= MOTE_OPC_COUNT)
    return bad(v, at, "unknown instruction");
  if (insn->op >= MOTE_OPC_GUARD && insn->op <= MOTE_OPC_TAIL_CALL)
    return bad(v, at, "instruction of the profiling executor");
  if (insn->op == MOTE_OPC_LOOP && insn->n < 2)
    return bad(v, at, "loop without counters");
  MOTE_TRY(check_x(v, at, (operand)kinds[insn->op]));
  if (kinds[insn->op] == TYPE)
    MOTE_TRY(check_type_operand(v, at));
  if (insn->op == MOTE_OPC_INTERFACE_CALL && v->fn->consts[insn->x].kind != MOTE_LIT_STR &&
      v->fn->consts[insn->x].kind != MOTE_LIT_VALUE)
    return bad(v, at, "method name is no string");
  if (kinds[insn->op] == FUNC && v->fn->callees[insn->x] == NULL)
    return bad(v, at, "function is missing");
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- heights

static mote_status go(verifier *v, uint32_t from, int64_t to, int64_t height) {
  if (to >= v->fn->n_code)
    return bad(v, from, "runs past the end");
  if (height > MAX_STACK)
    return bad(v, from, "stack grows too high");
  if (v->height[to] < 0) {
    v->height[to] = (int32_t)height;
    v->work[v->n_work++] = (uint32_t)to; // each instruction once
    v->max = MOTE_MAX(v->max, (uint32_t)height);
    return MOTE_OK;
  }
  return v->height[to] == height ? MOTE_OK : bad(v, (uint32_t)to, "stack height depends on the way here");
}

static mote_status follow(verifier *v, uint32_t at) {
  const mote_insn *insn = &v->fn->code[at];
  int64_t height = v->height[at];
  effect e;
  if (insn->op == MOTE_OPC_LOOP) {
    // trip, max, cond and n - 2 carried values: n + 1 in all, n - 2 when the loop is left
    if (height < (int64_t)insn->n + 1)
      return bad(v, at, "stack runs empty");
    MOTE_TRY(go(v, at, (int64_t)at + insn->x, height - 3));
    return go(v, at, (int64_t)at + 1, height);
  }
  MOTE_TRY(find_effect(v, at, &e));
  if (height < e.pops)
    return bad(v, at, "stack runs empty");
  if (insn->op == MOTE_OPC_ENTER && height < 1)
    return bad(v, at, "stack runs empty");
  if (insn->op == MOTE_OPC_RET)
    return height == 1 ? MOTE_OK : bad(v, at, "the stack does not hold exactly the result");
  if (insn->op == MOTE_OPC_RAISE_EXCEPTION)
    return MOTE_OK;
  height += e.pushes - e.pops;
  if (insn->op == MOTE_OPC_JF || insn->op == MOTE_OPC_JMP)
    MOTE_TRY(go(v, at, (int64_t)at + insn->x, height));
  return insn->op == MOTE_OPC_JMP ? MOTE_OK : go(v, at, (int64_t)at + 1, height);
}

static mote_status run(verifier *v) {
  mote_function *fn = v->fn;
  for (uint32_t i = 0; i < fn->n_code; i++)
    MOTE_TRY(check_operands(v, i));
  memset(v->height, 0xff, fn->n_code * sizeof *v->height);
  v->height[0] = (int32_t)fn->n_params;
  v->max = fn->n_params;
  v->work[v->n_work++] = 0;
  while (v->n_work > 0)
    MOTE_TRY(follow(v, v->work[--v->n_work]));
  fn->max_stack = v->max;
  return MOTE_OK;
}

mote_status mote_function_verify(mote_function *fn, const mote_allocator *al, mote_error *err) {
  verifier v = {.fn = fn, .al = al, .err = err};
  if (fn->n_code == 0 || fn->code == NULL)
    return mote_fail(err, MOTE_ERR_FORMAT, "%s has no code", fn->name ? fn->name : "?");
  if (fn->n_regs > MAX_REGS || fn->n_params > UINT16_MAX || fn->n_code > INT32_MAX / 2)
    return mote_fail(err, MOTE_ERR_LIMIT, "%s is too large", fn->name ? fn->name : "?");
  v.height = mote_alloc_array(al, fn->n_code, sizeof *v.height);
  v.work = mote_alloc_array(al, (size_t)fn->n_code + 1, sizeof *v.work);
  mote_status status = v.height && v.work ? run(&v) : mote_fail_nomem(err);
  mote_free(al, v.height);
  mote_free(al, v.work);
  return status;
}
