// The verifier: what it lets through and sets, and what it refuses. Also every opcode's name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/prim.h"
#include "script/bytecode.h"

typedef struct fixture {
  mote_arena arena;
  mote_types types;
  mote_error err;
  mote_function fn, callee;
  mote_literal consts[2];
  const mote_type *type_table[3];
  mote_op_ref ops[3];
  mote_function *callees[1];
} fixture;

static void open_fixture(fixture *f) {
  memset(f, 0, sizeof *f);
  mote_error_init(&f->err);
  mote_arena_init(&f->arena, mote_prim_allocator(), 1 << 20);
  assert_int_equal(mote_types_init(&f->types, &f->arena, &f->err), MOTE_OK);
  f->type_table[0] = mote_type_list(&f->types, mote_type_basic(&f->types, MOTE_TYPE_INT));
  f->type_table[1] = mote_type_dict(&f->types, mote_type_basic(&f->types, MOTE_TYPE_INT), f->type_table[0]);
  f->type_table[2] = mote_types_class(&f->types, "__torch__.C", 11)->type;
  f->consts[1].kind = MOTE_LIT_STR;
  f->ops[0] = (mote_op_ref){.name = "two", .overload = "", .n_given = 2, .n_results = 1};
  f->ops[1] = (mote_op_ref){.name = "any", .overload = "", .n_given = -1, .n_results = 1};
  f->ops[2] = (mote_op_ref){.name = "unpack", .overload = "", .n_given = 1, .n_results = -1};
  f->callee.n_params = 3;
  f->callees[0] = &f->callee;
  f->fn = (mote_function){.name = "f",
                          .n_params = 1,
                          .n_regs = 4,
                          .consts = f->consts,
                          .n_consts = 2,
                          .types = f->type_table,
                          .n_types = 3,
                          .ops = f->ops,
                          .n_ops = 3,
                          .callees = f->callees,
                          .n_callees = 1};
}

static void close_fixture(fixture *f) {
  mote_types_destroy(&f->types);
  mote_arena_destroy(&f->arena);
}

static mote_status verify(fixture *f, mote_insn *code, size_t n) {
  f->fn.code = code;
  f->fn.n_code = (uint32_t)n;
  mote_error_init(&f->err);
  return mote_function_verify(&f->fn, mote_prim_allocator(), &f->err);
}

#define I(op, x, n)                                                                                                    \
  { MOTE_OPC_##op, n, x }
#define ACCEPT(...)                                                                                                    \
  do {                                                                                                                 \
    mote_insn code[] = {__VA_ARGS__};                                                                                  \
    if (verify(&f, code, MOTE_COUNT(code)) != MOTE_OK)                                                                 \
      fail_msg("%s", mote_error_message(&f.err));                                                                      \
  } while (0)
#define REFUSE(what, ...)                                                                                              \
  do {                                                                                                                 \
    mote_insn code[] = {__VA_ARGS__};                                                                                  \
    assert_int_equal(verify(&f, code, MOTE_COUNT(code)), MOTE_ERR_FORMAT);                                             \
    if (strstr(mote_error_message(&f.err), what) == NULL)                                                              \
      fail_msg("%s", mote_error_message(&f.err));                                                                      \
  } while (0)

static void test_accepts(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  ACCEPT(I(RET, 0, 0));
  ACCEPT(I(STOREN, 1, 1), I(LOADC, 0, 0), I(LOADC, 0, 0), I(LIST_CONSTRUCT, 0, 2), I(RET, 0, 0));
  assert_int_equal(f.fn.max_stack, 2);
  ACCEPT(I(DROP, 0, 0), I(LOADC, 0, 0), I(LOADC, 0, 0), I(LOADC, 0, 0), I(CALL, 0, 0), I(RET, 0, 0));
  assert_int_equal(f.fn.max_stack, 3);
  // trip, max, cond on the stack; the body takes the trip number and brings a condition.
  ACCEPT(I(LOADC, 0, 0), I(LOADC, 0, 0), I(LOOP, 4, 2), I(DROP, 0, 0), I(LOADC, 0, 0), I(JMP, -3, 0), I(LOADC, 0, 0),
         I(RET, 0, 0));
  // One carried value stays after the loop.
  ACCEPT(I(LOADC, 0, 0), I(LOADC, 0, 0), I(LOADC, 0, 0), I(LOOP, 4, 3), I(STOREN, 2, 2), I(LOADC, 0, 0), I(JMP, 2, 0),
         I(RET, 0, 0), I(LOADC, 0, 0), I(JMP, -6, 0));
  ACCEPT(I(LOADC, 0, 0), I(RAISE_EXCEPTION, 0, 0));
  close_fixture(&f);
}

static void test_unpack_takes_its_count_from_the_store(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  mote_insn code[] = {I(OP, 2, 0), I(STOREN, 1, 3), I(LOAD, 2, 0), I(RET, 0, 0)};
  assert_int_equal(verify(&f, code, MOTE_COUNT(code)), MOTE_OK);
  assert_int_equal(code[0].n, 3);
  close_fixture(&f);
}

static void test_refuses(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  REFUSE("stack runs empty", I(DROP, 0, 0), I(DROP, 0, 0), I(RET, 0, 0));
  REFUSE("stack runs empty", I(OP, 0, 0), I(RET, 0, 0));
  REFUSE("exactly the result", I(LOADC, 0, 0), I(RET, 0, 0));
  REFUSE("runs past the end", I(DROP, 0, 0));
  REFUSE("depends on the way", I(LOAD, 1, 0), I(JF, 2, 0), I(LOADC, 0, 0), I(RET, 0, 0));
  REFUSE("depends on the way", I(LOADC, 0, 0), I(JMP, -1, 0));
  REFUSE("jump out", I(JMP, 2, 0), I(RET, 0, 0));
  REFUSE("jump out", I(JMP, -1, 0));
  REFUSE("jump out", I(JMP, INT32_MIN, 0));
  REFUSE("register", I(STORE, 0, 0), I(RET, 0, 0));
  REFUSE("register", I(STORE, 5, 0), I(RET, 0, 0));
  REFUSE("register", I(STOREN, 4, 2), I(RET, 0, 0));
  REFUSE("register", I(STOREN, INT32_MAX, 2), I(RET, 0, 0));
  REFUSE("register", I(LOAD, -1, 0), I(RET, 0, 0));
  REFUSE("constant", I(LOADC, 2, 0), I(RET, 0, 0));
  REFUSE("constant", I(LOADC, -1, 0), I(RET, 0, 0));
  REFUSE("operator outside", I(OP, 3, 0), I(RET, 0, 0));
  REFUSE("any number", I(OP, 1, 0), I(RET, 0, 0));
  REFUSE("function outside", I(CALL, 1, 0), I(RET, 0, 0));
  REFUSE("number of arguments", I(FORK, 0, 1), I(RET, 0, 0));
  REFUSE("type outside", I(LIST_CONSTRUCT, 3, 1), I(RET, 0, 0));
  REFUSE("type outside", I(ISINSTANCE, 2, 2), I(RET, 0, 0));
  REFUSE("another kind", I(LIST_CONSTRUCT, 1, 1), I(RET, 0, 0));
  REFUSE("another kind", I(NAMED_TUPLE_CONSTRUCT, 0, 1), I(RET, 0, 0));
  REFUSE("without a value", I(DICT_CONSTRUCT, 1, 1), I(RET, 0, 0));
  REFUSE("no string", I(INTERFACE_CALL, 0, 1), I(RET, 0, 0));
  REFUSE("no object", I(INTERFACE_CALL, 1, 0), I(RET, 0, 0));
  REFUSE("without counters", I(LOOP, 1, 1), I(RET, 0, 0));
  REFUSE("profiling", I(GUARD, 0, 0), I(RET, 0, 0));
  REFUSE("unknown instruction", {999, 0, 0}, I(RET, 0, 0));
  REFUSE("out of range", I(LIST_UNPACK, INT32_MAX, 0), I(RET, 0, 0));
  REFUSE("out of range", I(TUPLE_CONSTRUCT, -1, 0), I(RET, 0, 0));
  REFUSE("no template", I(FORMAT, 0, 0), I(RET, 0, 0));
  // Operands are checked in unreachable code too.
  REFUSE("constant", I(RET, 0, 0), I(LOADC, 77, 0));
  f.fn.n_code = 0;
  assert_int_equal(mote_function_verify(&f.fn, mote_prim_allocator(), NULL), MOTE_ERR_FORMAT);
  close_fixture(&f);
}

static void test_opcode_names(void **state) {
  (void)state;
  mote_opcode op;
  for (int i = 0; i < MOTE_OPC_COUNT; i++) {
    const char *name = mote_opcode_name((mote_opcode)i);
    assert_true(mote_opcode_find(name, strlen(name), &op));
    assert_int_equal(op, i);
  }
  assert_false(mote_opcode_find("LOADX", 5, &op));
  assert_string_equal(mote_opcode_name(MOTE_OPC_LOOP), "LOOP");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accepts),
      cmocka_unit_test(test_unpack_takes_its_count_from_the_store),
      cmocka_unit_test(test_refuses),
      cmocka_unit_test(test_opcode_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
