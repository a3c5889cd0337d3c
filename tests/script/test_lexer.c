// The lexer: tokens, indentation, literals, and what it refuses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/prim.h"
#include "script/lexer.h"

typedef struct fixture {
  mote_arena arena;
  mote_map names;
  mote_lexer lexer;
  mote_error err;
} fixture;

static void open_text(fixture *f, const char *text) {
  mote_error_init(&f->err);
  mote_arena_init(&f->arena, mote_prim_allocator(), 1 << 20);
  mote_map_init(&f->names, mote_prim_allocator());
  mote_span span = {(const uint8_t *)text, strlen(text)};
  assert_int_equal(mote_lexer_init(&f->lexer, span, "m.py", &f->arena, &f->names, &f->err), MOTE_OK);
}

static void close_text(fixture *f) {
  mote_map_destroy(&f->names);
  mote_arena_destroy(&f->arena);
}

static mote_token next(fixture *f) {
  mote_token t;
  assert_int_equal(mote_lexer_next(&f->lexer, &t, &f->err), MOTE_OK);
  return t;
}

static void test_indentation(void **state) {
  (void)state;
  static const mote_token_kind want[] = {MOTE_TOK_NAME,    MOTE_TOK_NEWLINE, MOTE_TOK_INDENT, MOTE_TOK_NAME,
                                         MOTE_TOK_NEWLINE, MOTE_TOK_INDENT,  MOTE_TOK_NAME,   MOTE_TOK_NEWLINE,
                                         MOTE_TOK_DEDENT,  MOTE_TOK_DEDENT,  MOTE_TOK_NAME,   MOTE_TOK_NEWLINE,
                                         MOTE_TOK_END,     MOTE_TOK_END};
  fixture f;
  open_text(&f, "a\n  b\n\n  # remark\n    c # remark\nd\n");
  for (size_t i = 0; i < MOTE_COUNT(want); i++)
    assert_int_equal(next(&f).kind, want[i]);
  close_text(&f);
}

static void test_open_blocks_close_without_last_newline(void **state) {
  (void)state;
  static const mote_token_kind want[] = {MOTE_TOK_NAME,    MOTE_TOK_NEWLINE, MOTE_TOK_INDENT, MOTE_TOK_NAME,
                                         MOTE_TOK_NEWLINE, MOTE_TOK_DEDENT,  MOTE_TOK_END};
  fixture f;
  open_text(&f, "a\n  b");
  for (size_t i = 0; i < MOTE_COUNT(want); i++)
    assert_int_equal(next(&f).kind, want[i]);
  close_text(&f);
}

static void test_brackets_join_lines(void **state) {
  (void)state;
  fixture f;
  open_text(&f, "(a,\n      b)\n");
  static const mote_token_kind want[] = {MOTE_TOK_OP, MOTE_TOK_NAME,    MOTE_TOK_OP, MOTE_TOK_NAME,
                                         MOTE_TOK_OP, MOTE_TOK_NEWLINE, MOTE_TOK_END};
  for (size_t i = 0; i < MOTE_COUNT(want); i++)
    assert_int_equal(next(&f).kind, want[i]);
  close_text(&f);
}

static void test_numbers(void **state) {
  (void)state;
  fixture f;
  open_text(&f, "0 9223372036854775807 9223372036854775808 1. .5 1e-05 2.5E3 3j 1.5j");
  assert_int_equal(next(&f).u.i, 0);
  assert_int_equal(next(&f).u.i, INT64_MAX);
  assert_true(next(&f).u.i == INT64_MIN);
  assert_true(next(&f).u.f == 1.0);
  assert_true(next(&f).u.f == 0.5);
  assert_true(next(&f).u.f == 1e-05);
  assert_true(next(&f).u.f == 2500.0);
  mote_token t = next(&f);
  assert_int_equal(t.kind, MOTE_TOK_COMPLEX);
  assert_true(t.u.f == 3.0);
  assert_true(next(&f).u.f == 1.5);
  close_text(&f);
}

static void test_strings(void **state) {
  (void)state;
  fixture f;
  open_text(&f, "\"a\\n\\\"\\101\\x41\\q\" 'b\"\\000c'");
  mote_token t = next(&f);
  assert_int_equal(t.u.s.len, 7);
  assert_memory_equal(t.u.s.at, "a\n\"AA\\q", 8);
  t = next(&f);
  assert_int_equal(t.u.s.len, 4);
  assert_memory_equal(t.u.s.at, "b\"\0c", 5);
  close_text(&f);
}

static void test_names_are_interned(void **state) {
  (void)state;
  fixture f;
  open_text(&f, "abc x abc");
  const char *first = next(&f).u.s.at;
  assert_ptr_not_equal(first, next(&f).u.s.at);
  assert_ptr_equal(first, next(&f).u.s.at);
  close_text(&f);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"x\n\"abc\n", "m.py:2: string without end"},
      {"\"abc\\", "m.py:1: string without end"},
      {"99999999999999999999", "m.py:1: integer does not fit in 64 bits"},
      {"1x", "m.py:1: number is not understood"},
      {"a\n    b\n  c\n", "m.py:3: indentation fits no outer block"},
      {"(a", "m.py:1: the text ends inside brackets"},
      {")", "m.py:1: ')' without its opening"},
      {"a $", "m.py:1: character 0x24 is not understood"},
  };
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    fixture f;
    mote_token t;
    mote_status status = MOTE_OK;
    open_text(&f, cases[i].text);
    for (int k = 0; k < 20 && status == MOTE_OK; k++)
      status = mote_lexer_next(&f.lexer, &t, &f.err);
    assert_int_equal(status, MOTE_ERR_FORMAT);
    assert_string_equal(mote_error_message(&f.err), cases[i].message);
    close_text(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_indentation),
      cmocka_unit_test(test_open_blocks_close_without_last_newline),
      cmocka_unit_test(test_brackets_join_lines),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_names_are_interned),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
