// The compiler from source to bytecode: listings of small programs, what is refused with which place, what is only
// missing, upgraders, fork, bounds, and every allocation failing once.
#include "support/fail_alloc.h"

#include "base/prim.h"
#include "script/compile.h"

typedef struct record {
  const char *path, *text;
} record;

typedef struct archive {
  const record *records; // ends with path NULL
} archive;

static mote_status find_source(void *ctx, const char *path, mote_span *text, bool *found, mote_error *err) {
  (void)err;
  *found = false;
  for (const record *r = ((archive *)ctx)->records; r->path != NULL; r++)
    if (strcmp(r->path, path) == 0) {
      *text = (mote_span){(const uint8_t *)r->text, strlen(r->text)};
      *found = true;
    }
  return MOTE_OK;
}

static const mote_type *constant_type(void *ctx, mote_types *types, int64_t index) {
  (void)ctx;
  return index == 0 ? mote_type_basic(types, MOTE_TYPE_TENSOR) : NULL;
}

static mote_status compile_with(const mote_allocator *al, const record *records, uint64_t version, mote_program **out,
                                mote_error *err) {
  archive a = {records};
  mote_script_host host = {.ctx = &a, .source = find_source, .constant_type = constant_type};
  mote_program *program;
  mote_class *cls;
  mote_status status = mote_program_create(al, &host, version, 64 << 20, &program, err);
  if (status != MOTE_OK)
    return status;
  status = mote_program_class(program, "__torch__.M", &cls, err);
  if (status == MOTE_OK)
    status = mote_program_compile(program, err);
  if (status == MOTE_OK)
    *out = program;
  else
    mote_program_destroy(program);
  return status;
}

static mote_program *compile(const char *text, uint64_t version) {
  record records[] = {{"__torch__.py", text}, {NULL, NULL}};
  mote_error err;
  mote_program *program = NULL;
  mote_error_init(&err);
  if (compile_with(mote_prim_allocator(), records, version, &program, &err) != MOTE_OK)
    fail_msg("%s", mote_error_message(&err));
  return program;
}

static const mote_function *function(const mote_program *program, const char *name) {
  for (size_t i = 0; i < program->functions.len; i++)
    if (strcmp(program->functions.at[i]->name, name) == 0)
      return program->functions.at[i];
  fail_msg("no function %s", name);
  return NULL;
}

// Body of `forward` in a module with an int attribute and a tensor, and the code that it must give (without the
// prologue).
static void check_code(const char *params, const char *body, const char *code) {
  mote_text source, listing;
  mote_text_init(&source, mote_prim_allocator());
  mote_text_init(&listing, mote_prim_allocator());
  mote_text_fmt(&source,
                "class M(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = []\n  w : Tensor\n  k : int\n"
                "  c : Final[int] = 3\n  def forward(self: __torch__.M%s:\n%s",
                params, body);
  mote_program *program = compile(source.at, 0);
  mote_function_text(function(program, "__torch__.M.forward"), &listing);
  // Lines as "OP 3 0  name" without the instruction's number.
  mote_text plain;
  mote_text_init(&plain, mote_prim_allocator());
  for (const char *line = strchr(listing.at, '\n') + 1; *line; line = strchr(line, '\n') + 1)
    mote_text_add(&plain, line + 6, (size_t)(strchr(line, '\n') + 1 - line - 6));
  assert_string_equal(plain.at, code);
  mote_text_destroy(&plain);
  mote_text_destroy(&listing);
  mote_text_destroy(&source);
  mote_program_destroy(program);
}

static void test_straight_code(void **state) {
  (void)state;
  check_code(", x: Tensor) -> Tensor", "    w = self.w\n    y = torch.mul(x, w)\n    return torch.relu(y)\n",
             "STOREN 1 2\nMOVE 1 0\nGET_ATTR 0 0\nSTORE 3 0\nMOVE 2 0\nMOVE 3 0\nOP 0 0  aten::mul.Tensor\n"
             "OP 1 0  aten::relu\nRET 0 0\n");
}

static void test_constants_and_attributes(void **state) {
  (void)state;
  check_code(") -> int", "    k = self.k\n    c = self.c\n    self.k = torch.add(k, c)\n    return c\n",
             "STOREN 1 1\nLOAD 1 0\nGET_ATTR 1 0\nSTORE 2 0\nLOADC 0 0  3\nSTORE 3 0\nMOVE 1 0\nMOVE 2 0\nLOAD 3 0\n"
             "OP 0 0  aten::add.int\nSET_ATTR 1 0\nMOVE 3 0\nRET 0 0\n");
}

static void test_branches_clear_registers(void **state) {
  (void)state;
  // x lives on in one branch only: the other clears it.
  check_code(", x: Tensor, b: bool) -> Tensor",
             "    if b:\n      y = torch.neg(x)\n    else:\n      y = torch.zeros([2])\n    return y\n",
             "STOREN 1 3\nDROPR 1 0\nMOVE 3 0\nJF 5 0\nMOVE 2 0\nOP 0 0  aten::neg\nSTORE 4 0\nJMP 10 0\n"
             "DROPR 2 0\nLOADC 0 0  2\nLIST_CONSTRUCT 0 1  List[int]\nLOADC 1 0  None\nLOADC 1 0  None\n"
             "LOADC 1 0  None\nLOADC 1 0  None\nOP 1 0  aten::zeros\nSTORE 4 0\nMOVE 4 0\nRET 0 0\n");
}

static void test_loops(void **state) {
  (void)state;
  check_code(", n: int) -> int", "    s = 0\n    for i in range(n):\n      s = torch.add(s, i)\n    return s\n",
             "STOREN 1 2\nDROPR 1 0\nLOADC 0 0  0\nSTORE 3 0\nLOADC 0 0  0\nMOVE 2 0\nLOADC 1 0  True\nLOOP 8 2\n"
             "STORE 4 0\nMOVE 3 0\nMOVE 4 0\nOP 0 0  aten::add.int\nSTORE 3 0\nLOADC 1 0  True\nJMP -7 0\n"
             "MOVE 3 0\nRET 0 0\n");
  check_code(", n: int) -> int", "    while torch.gt(n, 0):\n      n = torch.sub(n, 2)\n    return n\n",
             "STOREN 1 2\nDROPR 1 0\nLOAD 2 0\nLOADC 0 0  0\nOP 0 0  aten::gt.int\nJF 6 0\nMOVE 2 0\nLOADC 1 0  2\n"
             "OP 1 0  aten::sub.int\nSTORE 2 0\nJMP -8 0\nMOVE 2 0\nRET 0 0\n");
}

static void test_return_inside_a_loop(void **state) {
  (void)state; // the loop's counters go before the result comes back
  check_code(", n: int) -> int", "    for i in range(n):\n      return i\n    return n\n",
             "STOREN 1 2\nDROPR 1 0\nLOADC 0 0  0\nLOAD 2 0\nLOADC 1 0  True\nLOOP 7 2\nDROPR 2 0\nSTORE 4 0\n"
             "DROP 0 0\nDROP 0 0\nMOVE 4 0\nRET 0 0\nMOVE 2 0\nRET 0 0\n");
}

static void test_several_results(void **state) {
  (void)state;
  check_code(", x: Tensor) -> Tensor", "    v, i, = torch.max(x, 1)\n    return i\n",
             "STOREN 1 2\nDROPR 1 0\nMOVE 2 0\nLOADC 0 0  1\nLOADC 1 0  False\nOP 0 0  aten::max.dim\nSTORE 3 0\n"
             "DROP 0 0\nMOVE 3 0\nRET 0 0\n");
  check_code(", t: Tuple[int, str]) -> int", "    a, b, = t\n    return a\n",
             "STOREN 1 2\nDROPR 1 0\nMOVE 2 0\nOP 0 2  prim::TupleUnpack\nDROP 0 0\nRET 0 0\n");
}

static void test_conversions(void **state) {
  (void)state;
  check_code(", x: Tensor) -> float", "    return annotate(float, x)\n",
             "STOREN 1 2\nDROPR 1 0\nMOVE 2 0\nOP 0 0  aten::FloatImplicit\nRET 0 0\n");
  check_code(", x: Tensor) -> Tensor", "    return torch.sum(x, 1)\n", // int for int[1]
             "STOREN 1 2\nDROPR 1 0\nMOVE 2 0\nLOADC 0 0  1\nLIST_CONSTRUCT 0 1  List[int]\nLOADC 1 0  False\n"
             "LOADC 2 0  None\nOP 0 0  aten::sum.dim_IntList\nRET 0 0\n");
  check_code(", a: int, b: float) -> float", "    return torch.add(a, b)\n",
             "STOREN 1 3\nDROPR 1 0\nMOVE 2 0\nMOVE 3 0\nOP 0 0  aten::add.int_float\nRET 0 0\n");
}

static void test_logic(void **state) {
  (void)state;
  check_code(", a: bool, b: bool) -> bool", "    return a and not b\n",
             "STOREN 1 3\nDROPR 1 0\nMOVE 2 0\nJF 4 0\nMOVE 3 0\n__NOT__ 0 0\nJMP 3 0\nDROPR 3 0\nLOADC 0 0  False\n"
             "RET 0 0\n");
}

static void test_forks_capture(void **state) {
  (void)state;
  mote_program *p = compile("class M(Module):\n"
                            "  def forward(self: __torch__.M, x: Tensor, n: int) -> Tensor:\n"
                            "    def __forked_function():\n"
                            "      return torch.mul(x, n)\n"
                            "    f = fork(__forked_function)\n"
                            "    return torch.wait(f)\n",
                            0);
  const mote_function *body = function(p, "__torch__.M.forward.fork_0");
  assert_int_equal(body->n_params, 2);
  assert_int_equal(body->result->kind, MOTE_TYPE_TENSOR);
  mote_program_destroy(p);
}

static void test_upgraders(void **state) {
  (void)state;
  const char *text = "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
                     "    return torch.div(x, x)\n";
  mote_program *old = compile(text, 3), *new = compile(text, 4);
  assert_string_equal(function(old, "__torch__.M.forward")->callees[0]->name,
                      "<operators>.old_div_tensor.old_div_tensor");
  assert_int_equal(function(new, "__torch__.M.forward")->n_callees, 0);
  mote_program_destroy(old);
  mote_program_destroy(new);
  // All of them compile, and with today's operators inside.
  mote_program *all = compile("class M(Module):\n"
                              "  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
                              "    a = torch.div(x, 2)\n    b = torch.div_(a, x)\n    c = torch.div_(b, 2.)\n"
                              "    d = torch.div(x, c, rounding_mode=\"floor\")\n"
                              "    e = torch.div(d, 2, rounding_mode=\"floor\")\n"
                              "    f = torch.div_(e, d, rounding_mode=\"floor\")\n"
                              "    g = torch.div_(f, 2, rounding_mode=\"floor\")\n"
                              "    h = torch.full([2], 1)\n    i = torch.linspace(0, 1)\n"
                              "    j = torch.logspace(0, 1, 5)\n    return torch.gelu(g)\n",
                              2);
  assert_int_equal(all->missing.len, 0);
  assert_int_equal(function(all, "__torch__.M.forward")->n_callees, 11);
  mote_program_destroy(all);
}

static void test_missing_operators_load(void **state) {
  (void)state;
  mote_program *p = compile("class M(Module):\n"
                            "  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
                            "    a, b, = ops.my.op(x, 1)\n"
                            "    c = ops.my.op(x, 2)\n"
                            "    return torch.add(a, torch.frobnicate(b))\n",
                            0);
  const char *path;
  uint32_t line;
  assert_int_equal(p->missing.len, 2);
  assert_string_equal(p->missing.at[0].name, "my::op");
  assert_string_equal(p->missing.at[1].name, "aten::frobnicate");
  assert_true(mote_program_place(p, p->missing.at[1].place, &path, &line));
  assert_string_equal(path, "__torch__.py");
  assert_int_equal(line, 5);
  mote_program_destroy(p);
}

static void check_refused(const char *text, mote_status want, const char *message) {
  record records[] = {{"__torch__.py", text}, {NULL, NULL}};
  mote_error err;
  mote_program *program = NULL;
  mote_error_init(&err);
  assert_int_equal(compile_with(mote_prim_allocator(), records, 0, &program, &err), want);
  assert_string_equal(mote_error_message(&err), message);
}

#define FORWARD "class M(Module):\n  k : int\n  def forward(self: __torch__.M, x: Tensor, b: bool) -> Tensor:\n"

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"", "class __torch__.M is defined nowhere in the file"},
      {"class M(Module):\n  w : Tensr\n", "__torch__.py:2: unknown type Tensr"},
      {"class M(Module):\n  w : int\n  w : int\n", "__torch__.py:3: attribute w occurs twice"},
      {"class M(Module):\n  pass\nclass M(Module):\n  pass\n", "__torch__.py:3: __torch__.M is defined twice"},
      {FORWARD "    return y\n", "__torch__.py:4: y is not defined"},
      {FORWARD "    if b:\n      y = x\n    return y\n", "__torch__.py:6: y is not defined on every way here"},
      {FORWARD "    if b:\n      y = 1\n    else:\n      y = x\n    return y\n",
       "__torch__.py:8: y has different types in two branches"},
      {FORWARD "    y = 1\n    while b:\n      y = x\n    return x\n",
       "__torch__.py:5: y changes its type in the loop"},
      {FORWARD "    return 1\n", "__torch__.py:4: returned value is Tensor, given int"},
      {FORWARD "    y = 1\n", "__torch__.py:3: value at the end of the function is Tensor, given NoneType"},
      {FORWARD "    return torch.add(x, \"a\")\n",
       "__torch__.py:4: aten::add: none of its overloads takes (Tensor, str)"},
      {FORWARD "    return torch.relu(1)\n", "__torch__.py:4: aten::relu: argument self is Tensor, given int"},
      {FORWARD "    return torch.relu(x, 1)\n", "__torch__.py:4: aten::relu: 2 arguments are given, of which 1 fit"},
      {FORWARD "    return (self).forward(x)\n", "__torch__.py:4: call of __torch__.M.forward: argument b is missing"},
      {FORWARD "    return (self).nope(x)\n", "__torch__.py:4: __torch__.M has no method nope"},
      {FORWARD "    return self.nope\n", "__torch__.py:4: __torch__.M has no attribute nope"},
      {FORWARD "    self.k = x\n    self.nope = 2\n    return x\n",
       "__torch__.py:5: attribute nope does not exist and can not be set"},
      {FORWARD "    return __torch__.f(x)\n", "__torch__.py:4: __torch__.f is defined nowhere in the file"},
      {FORWARD "    return CONSTANTS.c7\n", "__torch__.py:4: the file has no constant CONSTANTS.c7"},
      {FORWARD "    a, b2, = (x, )\n    return x\n", "__torch__.py:4: 1 values for 2 variables"},
      {FORWARD "    return (x, x)[2]\n", "__torch__.py:4: index is outside a tuple of 2"},
      {FORWARD "    os.system(\"x\")\n    return x\n", "__torch__.py:4: os is not defined"},
      {"import os\nx()\n", "__torch__.py:2: only definitions may stand at the top of a record"},
  };
  for (size_t i = 0; i < MOTE_COUNT(cases); i++)
    check_refused(cases[i].text, MOTE_ERR_FORMAT, cases[i].message);
}

static void test_recursion_is_fine(void **state) {
  (void)state;
  mote_program *p = compile("class M(Module):\n  m : __torch__.M\n  n : List[__torch__.N]\n"
                            "  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
                            "    m = self.m\n    y = (m).forward(x, )\n    return __torch__.f(y, 3, )\n"
                            "class N(Module):\n  m : __torch__.M\n"
                            "def f(x: Tensor, k: int=1) -> Tensor:\n"
                            "  if torch.gt(k, 0):\n    y = __torch__.f(x, torch.sub(k, 1), )\n  else:\n    y = x\n"
                            "  return y\n",
                            0);
  assert_true(function(p, "__torch__.f")->n_code > 0);
  mote_program_destroy(p);
}

// Types that grow statement by statement, or hold themselves, end every walk over them.
static void test_deep_and_recursive_types(void **state) {
  (void)state;
  mote_text text;
  mote_text_init(&text, mote_prim_allocator());
  mote_text_str(&text, FORWARD "    t0 = (x, )\n");
  for (int i = 1; i < 5000; i++)
    mote_text_fmt(&text, "    t%d = (t%d, )\n", i, i - 1);
  mote_text_str(&text, "    return x\n");
  mote_program_destroy(compile(text.at, 0));
  mote_text_destroy(&text);
  check_refused(FORWARD "    if b:\n      y = __torch__.A(None, )\n    else:\n      y = __torch__.B(None, )\n"
                        "    return y\n"
                        "class A(NamedTuple):\n  a : Optional[__torch__.A]\n"
                        "class B(NamedTuple):\n  b : Optional[__torch__.B]\n",
                MOTE_ERR_FORMAT, "__torch__.py:8: y has different types in two branches");
  mote_text_init(&text, mote_prim_allocator());
  mote_text_str(&text, "class M(Module):\n  c : Final[int] = __torch__.E0.A\n");
  for (int i = 0; i < 5000; i++)
    mote_text_fmt(&text, "class E%d(Enum):\n  A = __torch__.E%d.A\n", i, i + 1);
  record records[] = {{"__torch__.py", text.at}, {NULL, NULL}};
  mote_error err;
  mote_program *program;
  mote_error_init(&err);
  assert_int_equal(compile_with(mote_prim_allocator(), records, 0, &program, &err), MOTE_ERR_LIMIT);
  mote_text_destroy(&text);
}

static const record rich[] = {
    {"__torch__.py", "class M(Module):\n"
                     "  __parameters__ = [\"w\", ]\n"
                     "  w : Tensor\n"
                     "  p : __torch__.lib.P\n"
                     "  e : __torch__.lib.E\n"
                     "  i : __torch__.lib.I\n"
                     "  def forward(self: __torch__.M, x: Tensor, n: int=2, o: Optional[Tensor]=None) -> Tensor:\n"
                     "    d = annotate(Dict[str, List[int]], {\"a\": [1, 2], })\n"
                     "    p = __torch__.lib.P(n, [1.5], )\n"
                     "    if torch.__is__(o, None):\n"
                     "      y = x\n"
                     "    else:\n"
                     "      y = unchecked_cast(Tensor, o)\n"
                     "    for k in range(n):\n"
                     "      q = torch.add(y, d[\"a\"][k])\n"
                     "      y = torch.mul(q, p.f[0])\n"
                     "    i = self.i\n"
                     "    g = (i).go(y, )\n"
                     "    ctx = __torch__.lib.C.__new__(__torch__.lib.C)\n"
                     "    _0 = (ctx).__init__()\n"
                     "    with ctx:\n"
                     "      z = torch.add(g, CONSTANTS.c0)\n"
                     "    if torch.eq(__torch__.lib.E.A, self.e):\n"
                     "      ops.prim.RaiseException(torch.format(\"bad {}\", n), \"builtins.ValueError\")\n"
                     "    return z if isinstance(n, (int, float)) else x\n"},
    {"__torch__/lib.py",
     "class P(NamedTuple):\n  n : int\n  f : List[float]\n"
     "class E(Enum):\n  A = 1\n  B = 2\n"
     "class I(ModuleInterface):\n  def go(self, x: Tensor) -> Tensor:\n    pass\n"
     "class C:\n  v : int\n"
     "  def __init__(self: __torch__.lib.C) -> NoneType:\n    self.v = 0\n    return None\n"
     "  def __enter__(self: __torch__.lib.C) -> NoneType:\n    return None\n"
     "  def __exit__(self: __torch__.lib.C, a: Any, b: Any, c: Any) -> NoneType:\n    return None\n"},
    {NULL, NULL},
};

static void test_every_allocation_fails_once(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error err;
    mote_program *program = NULL;
    mote_error_init(&err);
    mote_status status = compile_with(&fa.allocator, rich, 0, &program, &err);
    if (status == MOTE_OK)
      mote_program_destroy(program);
    fail_alloc_check(&fa, status);
  }
}

static void test_memory_limit_holds(void **state) {
  (void)state;
  mote_text text;
  mote_text_init(&text, mote_prim_allocator());
  mote_text_str(&text, FORWARD);
  for (int i = 0; i < 200000; i++)
    mote_text_fmt(&text, "    y%d = torch.relu(x)\n", i);
  mote_text_str(&text, "    return x\n");
  record records[] = {{"__torch__.py", text.at}, {NULL, NULL}};
  mote_error err;
  mote_program *program = NULL;
  mote_error_init(&err);
  assert_int_equal(compile_with(mote_prim_allocator(), records, 0, &program, &err), MOTE_ERR_NOMEM);
  mote_text_destroy(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_straight_code),
      cmocka_unit_test(test_constants_and_attributes),
      cmocka_unit_test(test_branches_clear_registers),
      cmocka_unit_test(test_loops),
      cmocka_unit_test(test_return_inside_a_loop),
      cmocka_unit_test(test_several_results),
      cmocka_unit_test(test_conversions),
      cmocka_unit_test(test_logic),
      cmocka_unit_test(test_forks_capture),
      cmocka_unit_test(test_upgraders),
      cmocka_unit_test(test_missing_operators_load),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_recursion_is_fine),
      cmocka_unit_test(test_deep_and_recursive_types),
      cmocka_unit_test(test_every_allocation_fails_once),
      cmocka_unit_test(test_memory_limit_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
