// Types: interning, relations, text both ways; and the schema rows.
#include "support/fail_alloc.h"

#include "base/prim.h"
#include "script/schema.h"

typedef struct fixture {
  mote_arena arena;
  mote_types types;
  mote_error err;
} fixture;

static void open_types(fixture *f) {
  mote_error_init(&f->err);
  mote_arena_init(&f->arena, mote_prim_allocator(), 8 << 20);
  assert_int_equal(mote_types_init(&f->types, &f->arena, &f->err), MOTE_OK);
}

static void close_types(fixture *f) {
  mote_types_destroy(&f->types);
  mote_arena_destroy(&f->arena);
}

static const mote_type *type(fixture *f, const char *text) {
  const mote_type *t = NULL;
  mote_error_init(&f->err);
  if (mote_type_parse(&f->types, text, strlen(text), &t, &f->err) != MOTE_OK)
    fail_msg("%s", mote_error_message(&f->err));
  return t;
}

static void test_equal_types_are_one(void **state) {
  (void)state;
  fixture f;
  open_types(&f);
  assert_ptr_equal(type(&f, "Dict[str, List[Tensor]]"), type(&f, "Dict[ str,List[Tensor] ]"));
  assert_ptr_equal(type(&f, "Optional[int]"), type(&f, "Union[None, int]"));
  assert_ptr_equal(type(&f, "Optional[Optional[int]]"), type(&f, "int?"));
  assert_ptr_equal(type(&f, "Union[int, float, int]"), type(&f, "Union[float, int]"));
  assert_ptr_equal(type(&f, "Union[int, Optional[str]]"), type(&f, "Union[str, None, int]"));
  assert_ptr_not_equal(type(&f, "Tuple[int]"), type(&f, "Tuple[int, int]"));
  assert_ptr_equal(type(&f, "__torch__.a.B"), type(&f, "__torch__.a.B"));
  close_types(&f);
}

static void test_text(void **state) {
  (void)state;
  static const char *const texts[] = {
      "Dict[str, List[Tensor]]", "Tuple[()]", "Optional[Device]", "Future[Tuple[int, float]]",
      "__torch__.a.B",           "number",    "NoneType"};
  fixture f;
  open_types(&f);
  for (size_t i = 0; i < MOTE_COUNT(texts); i++) {
    mote_text text;
    mote_text_init(&text, mote_prim_allocator());
    mote_type_text(type(&f, texts[i]), &text);
    assert_string_equal(text.at, texts[i]);
    mote_text_destroy(&text);
  }
  const mote_type *nt = type(&f, "__torch__.N[NamedTuple, [[a, int], [b, Optional[Tensor]]]]");
  assert_int_equal(nt->kind, MOTE_TYPE_TUPLE);
  assert_string_equal(nt->cls->attrs[1].name, "b");
  assert_ptr_equal(nt, type(&f, "__torch__.N"));
  close_types(&f);
}

static void test_bad_texts(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "Tensr",
                                      "List",
                                      "List[",
                                      "List[int",
                                      "List[int, int]",
                                      "Dict[str]",
                                      "int]",
                                      "Tuple[,]",
                                      "__torch__.N[NamedTuple, [[a]]]",
                                      "__torch__.N[X]",
                                      "Union[]"};
  fixture f;
  open_types(&f);
  for (size_t i = 0; i < MOTE_COUNT(texts); i++) {
    const mote_type *t;
    mote_error_init(&f.err);
    assert_int_equal(mote_type_parse(&f.types, texts[i], strlen(texts[i]), &t, &f.err), MOTE_ERR_FORMAT);
  }
  mote_text deep;
  mote_text_init(&deep, mote_prim_allocator());
  for (int i = 0; i < 100000; i++)
    mote_text_str(&deep, "List[");
  const mote_type *t;
  mote_error_init(&f.err);
  assert_int_equal(mote_type_parse(&f.types, deep.at, deep.len, &t, &f.err), MOTE_ERR_LIMIT);
  mote_text_destroy(&deep);
  close_types(&f);
}

static void test_subtypes(void **state) {
  (void)state;
  static const struct {
    const char *sub, *super;
    bool want;
  } cases[] = {
      {"int", "number", true},
      {"complex", "number", true},
      {"bool", "number", false},
      {"int", "float", false},
      {"int", "Optional[int]", true},
      {"NoneType", "Optional[int]", true},
      {"Optional[int]", "int", false},
      {"Optional[int]", "Optional[number]", true},
      {"List[int]", "List[number]", false},
      {"List[int]", "Any", true},
      {"List[int]", "list", true},
      {"Tuple[int, str]", "Tuple[number, str]", true},
      {"Tuple[int]", "Tuple[int, int]", false},
      {"Tuple[int]", "tuple", true},
      {"int", "Union[int, str]", true},
      {"Union[int, str]", "Union[int, str, float]", true},
      {"Union[int, str]", "int", false},
      {"__torch__.N[NamedTuple, [[a, int]]]", "Tuple[int]", true},
      {"Tuple[int]", "__torch__.N", false},
      {"__torch__.A", "__torch__.B", false},
      {"Future[int]", "Future[Optional[int]]", true},
  };
  fixture f;
  open_types(&f);
  for (size_t i = 0; i < MOTE_COUNT(cases); i++)
    if (mote_type_is_subtype(&f.types, type(&f, cases[i].sub), type(&f, cases[i].super)) != cases[i].want)
      fail_msg("%s <: %s", cases[i].sub, cases[i].super);
  close_types(&f);
}

static void test_unify(void **state) {
  (void)state;
  static const struct {
    const char *a, *b, *want;
  } cases[] = {
      {"int", "int", "int"},
      {"int", "NoneType", "Optional[int]"},
      {"Optional[int]", "int", "Optional[int]"},
      {"int", "float", NULL},
      {"Tuple[int, NoneType]", "Tuple[int, Tensor]", "Tuple[int, Optional[Tensor]]"},
      {"List[int]", "List[float]", NULL},
      {"int", "number", "number"},
  };
  fixture f;
  open_types(&f);
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    const mote_type *want = cases[i].want ? type(&f, cases[i].want) : NULL;
    assert_ptr_equal(mote_type_unify(&f.types, type(&f, cases[i].a), type(&f, cases[i].b)), want);
  }
  close_types(&f);
}

// t(n+1) = (t(n), t(n)) doubles the tree each step and costs one pointer: comparing two of them must not take 2^60
// steps.
static void test_shared_types_are_cheap(void **state) {
  (void)state;
  fixture f;
  open_types(&f);
  const mote_type *a = type(&f, "int"), *b = type(&f, "Optional[int]");
  for (int i = 0; i < 60; i++) {
    const mote_type *pair_a[2] = {a, a}, *pair_b[2] = {b, b};
    a = mote_type_make(&f.types, MOTE_TYPE_TUPLE, pair_a, 2);
    b = mote_type_make(&f.types, MOTE_TYPE_TUPLE, pair_b, 2);
  }
  mote_type_is_subtype(&f.types, b, a);
  mote_type_is_subtype(&f.types, a, b);
  mote_text text;
  mote_text_init(&text, mote_prim_allocator());
  mote_type_text(a, &text);
  assert_true(text.len < 5000);
  mote_text_destroy(&text);
  close_types(&f);
}

// Every row parses, is found by its name, and stands in order.
// The library holds the rows packed (scripts/pack_schemas.py).
static void test_packed_schemas(void **state) {
  static const char *const plain[] = {
#define MOTE_SCHEMA(text) text,
#include "script/schemas.def"
#undef MOTE_SCHEMA
  };
  char text[MOTE_SCHEMA_TEXT_MAX];
  (void)state;
  fixture f;
  open_types(&f);
  mote_schemas schemas;
  assert_int_equal(mote_schemas_init(&schemas, &f.types, &f.err), MOTE_OK);
  assert_int_equal(mote_schema_count(), MOTE_COUNT(plain));
  for (uint32_t i = 0; i < mote_schema_count(); i++)
    assert_string_equal(mote_schema_text(&schemas, i, text), plain[i]);
  mote_schemas_close(&schemas);
  close_types(&f);
}

static void test_all_schemas(void **state) {
  (void)state;
  fixture f;
  open_types(&f);
  mote_schemas schemas;
  assert_int_equal(mote_schemas_init(&schemas, &f.types, &f.err), MOTE_OK);
  for (uint32_t i = 0; i < mote_schema_count(); i++) {
    const mote_schema *s;
    if (mote_schema_get(&schemas, i, &s, &f.err) != MOTE_OK)
      fail_msg("%s", mote_error_message(&f.err));
    assert_int_equal(mote_schema_id(&schemas, s->name, s->overload), i);
  }
  assert_int_equal(mote_schema_id(&schemas, "aten::add", "nothing"), -1);
  assert_int_equal(mote_schema_id(&schemas, "aten::ad", ""), -1);
  assert_int_equal(mote_schema_id(&schemas, "", ""), -1);
  mote_schemas_close(&schemas);
  close_types(&f);
}

static void test_schema_details(void **state) {
  (void)state;
  fixture f;
  mote_schema s;
  open_types(&f);
  assert_int_equal(
      mote_schema_parse(&f.types,
                        "x::y.z(Tensor(!) self, int[2]? k=3, float f=1, str s=\"a\\nb\", *, Scalar? v=None, "
                        "Tensor(!) out) -> (Tensor a, t[] b)",
                        7, &s, &f.err),
      MOTE_OK);
  assert_string_equal(s.name, "x::y");
  assert_string_equal(s.overload, "z");
  assert_int_equal(s.n_args, 6);
  assert_int_equal(s.n_results, 2);
  assert_true(s.args[0].is_written && !s.args[0].is_out);
  assert_int_equal(s.args[1].list_size, 2);
  assert_int_equal(s.args[1].value.u.list.count, 2);
  assert_int_equal(s.args[1].value.u.list.items[1].u.i, 3);
  assert_int_equal(s.args[2].value.kind, MOTE_LIT_FLOAT);
  assert_string_equal(s.args[3].value.u.s.at, "a\nb");
  assert_true(s.args[4].keyword_only && s.args[4].value.kind == MOTE_LIT_NONE);
  assert_true(s.args[5].is_out);
  assert_true(s.results[1]->has_var);
  static const char *const bad[] = {"",
                                    "x",
                                    "x::y",
                                    "x::y(",
                                    "x::y(Tensor",
                                    "x::y(Tensor a",
                                    "x::y(Tensor a) ->",
                                    "x::y(Tensr a) -> int",
                                    "x::y(int a=) -> int",
                                    "x::y(int[ a) -> int",
                                    "x::y(str a=\"b) -> int"};
  for (size_t i = 0; i < MOTE_COUNT(bad); i++) {
    mote_error_init(&f.err);
    assert_int_equal(mote_schema_parse(&f.types, bad[i], 0, &s, &f.err), MOTE_ERR_FORMAT);
  }
  close_types(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_equal_types_are_one),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_bad_texts),
      cmocka_unit_test(test_subtypes),
      cmocka_unit_test(test_unify),
      cmocka_unit_test(test_shared_types_are_cheap),
      cmocka_unit_test(test_packed_schemas),
      cmocka_unit_test(test_all_schemas),
      cmocka_unit_test(test_schema_details),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
