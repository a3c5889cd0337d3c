// The parser: shapes of trees, what it refuses with which line, and its bounds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/prim.h"
#include "base/text.h"
#include "script/ast.h"

typedef struct fixture {
  mote_arena arena;
  mote_map names;
  mote_lexer lexer;
  mote_error err;
  mote_node *root;
} fixture;

static mote_status parse(fixture *f, const char *text) {
  mote_error_init(&f->err);
  mote_arena_init(&f->arena, mote_prim_allocator(), 8 << 20);
  mote_map_init(&f->names, mote_prim_allocator());
  mote_span span = {(const uint8_t *)text, strlen(text)};
  return mote_parse_source(&f->lexer, span, "m.py", &f->arena, &f->arena, &f->names, &f->root, &f->err);
}

static void close_tree(fixture *f) {
  mote_map_destroy(&f->names);
  mote_arena_destroy(&f->arena);
}

// The tree in prefix form: enough to see how things group.
static void show(const mote_node *n, mote_text *out) {
  static const char *const kinds[] = {"",      ".",   "call", "kw",  "[]",  ":",     "tuple", "list",   "dict", "",
                                      "",      "",    "",     "T",   "F",   "None",  "...",   "u",      "b",    "is",
                                      "in",    "and", "or",   "not", "?:",  "=",     "expr",  "return", "pass", "if",
                                      "while", "for", "with", "do",  "def", "param", "class"};
  if (n == NULL) {
    mote_text_str(out, "_");
    return;
  }
  if (n->kind == MOTE_NODE_NAME)
    mote_text_str(out, n->u.name);
  else if (n->kind == MOTE_NODE_INT)
    mote_text_fmt(out, "%d", (int)n->u.i);
  else if (n->kind == MOTE_NODE_FLOAT)
    mote_text_fmt(out, "%g", n->u.f);
  else if (n->kind == MOTE_NODE_STR)
    mote_text_fmt(out, "'%s'", n->u.s.at);
  else
    mote_text_fmt(out, "(%s", kinds[n->kind]);
  if (n->kind == MOTE_NODE_ATTR || n->kind == MOTE_NODE_KEYWORD || n->kind == MOTE_NODE_DEF ||
      n->kind == MOTE_NODE_PARAM || n->kind == MOTE_NODE_CLASS)
    mote_text_str(out, n->u.name);
  if (n->op != 0)
    mote_text_fmt(out, "%s%c%c", n->negated ? "!" : "", n->op >> 8 ? (char)(n->op >> 8) : ' ', (char)n->op);
  for (uint32_t i = 0; i < n->n; i++) {
    mote_text_str(out, " ");
    show(n->kids[i], out);
  }
  if (n->n > 0 || *kinds[n->kind] != 0)
    mote_text_str(out, ")");
}

static void check(const char *source, const char *tree) {
  fixture f;
  mote_text text;
  assert_int_equal(parse(&f, source), MOTE_OK);
  mote_text_init(&text, mote_prim_allocator());
  for (uint32_t i = 0; i < f.root->n; i++)
    show(f.root->kids[i], &text);
  assert_string_equal(text.at, tree);
  mote_text_destroy(&text);
  close_tree(&f);
}

static void test_expressions(void **state) {
  (void)state;
  check("a + b * -c ** 2", "(expr (b + a (b * b (u - (b** c 2)))))");
  check("a if b else c or d and not e", "(expr (?: a b (or c (and d (not e)))))");
  check("(x).f(1, k=2, ).g", "(expr (.g (call (.f x) 1 (kwk 2))))");
  check("x[1:2]", "(expr ([] x (: 1 2 _)))");
  check("[a, b, ], {\"k\": 1, }, (), (a,), (a)", "(expr (tuple (list a b) (dict 'k' 1) (tuple) (tuple a) a))");
  check("a is not b", "(expr (is a b))");
  check("\"a\" 'b'", "(expr 'ab')");
}

static void test_statements(void **state) {
  (void)state;
  check("x : List[int] = annotate(List[int], [])", "(= x (call annotate ([] List int) (list)) ([] List int))");
  check("a, b, = c, d", "(= (tuple a b) (tuple c d) _)");
  check("a, = c", "(= (tuple a) c _)");
  check("if a:\n  pass\nelif b:\n  pass\nelse:\n  x = 1\n", "(if a (do (pass)) (if b (do (pass)) (do (= x 1 _))))");
  check("while a:\n  b\n", "(while a (do (expr b)))");
  check("for i in range(3):\n  pass\n", "(for i (call range 3) (do (pass)))");
  check("with a as b, c:\n  pass\n", "(with a b (with c _ (do (pass))))");
  check("class C(Module):\n  x : int\n  def f(self: C, k: int=2) -> int:\n    return k\n",
        "(classC (do (= x _ int) (deff (do (return k)) int (paramself C _) (paramk int 2))) Module)");
  check("op_version_set = 1\nimport a.b\n", "(= op_version_set 1 _)(pass)");
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"a = (1, 2\n", "m.py:2: the text ends inside brackets"},
      {"x = 1\ny = = 2\n", "m.py:2: an expression expected, found '='"},
      {"if a\n  b\n", "m.py:1: ':' expected, found the end of the line"},
      {"def f(x):\nreturn x\n", "m.py:2: an indented block expected, found 'return'"},
      {"f(a=1, 2)\n", "m.py:1: positional argument after a keyword argument"},
      {"lambda x: x\n", "m.py:1: an expression expected, found 'lambda'"},
      {"a b\n", "m.py:1: the end of the line expected, found 'b'"},
  };
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    fixture f;
    assert_int_equal(parse(&f, cases[i].text), MOTE_ERR_FORMAT);
    assert_string_equal(mote_error_message(&f.err), cases[i].message);
    close_tree(&f);
  }
}

// Each unit many times over must end in the bound, not in the C stack.
static void test_depth_is_bounded(void **state) {
  (void)state;
  static const struct {
    const char *start, *unit;
  } cases[] = {{"", "("},   {"", "-"},   {"", "not "}, {"x", "[x"},           {"x", " ** x"},
               {"x", "(x"}, {"", "["},   {"x", ".a"},  {"x", " if x else x"}, {"", "while x: "},
               {"x", "()"}, {"x", "+x"}, {"", "{"},    {"x", "[0]"},          {"", "if x: "}};
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    fixture f;
    mote_text text;
    mote_text_init(&text, mote_prim_allocator());
    mote_text_str(&text, cases[i].start);
    for (int k = 0; k < 20000; k++)
      mote_text_str(&text, cases[i].unit);
    assert_int_equal(parse(&f, text.at), MOTE_ERR_LIMIT);
    mote_text_destroy(&text);
    close_tree(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_expressions),
      cmocka_unit_test(test_statements),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_depth_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
