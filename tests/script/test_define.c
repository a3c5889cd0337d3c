// Operators defined in TorchScript: the packed text is the plain one's, every definition compiles, fits its operator's
// schema and needs nothing that is missing.
#include "support/fail_alloc.h"

#include "base/prim.h"
#include "script/front.h"

#include <dirent.h>
#include <stdio.h>

// Of script/vm.h, which cannot stand beside front.h: graphs have nodes too.
typedef struct mote_dispatch mote_dispatch;
mote_status mote_dispatch_create(const mote_allocator *al, mote_dispatch **out, mote_error *err);
void mote_dispatch_destroy(mote_dispatch *d);
const struct mote_impl *mote_dispatch_find(mote_dispatch *d, const mote_schemas *schemas, int32_t schema,
                                           const char *name, const char *overload);

typedef struct fixture {
  mote_dispatch *dispatch;
  mote_program *program;
  mote_error err;
} fixture;

static mote_status no_source(void *ctx, const char *path, mote_span *text, bool *found, mote_error *err) {
  (void)ctx, (void)path, (void)text, (void)err;
  *found = false;
  return MOTE_OK;
}

static bool has_impl(void *ctx, int32_t schema, const char *name, const char *overload) {
  fixture *f = ctx;
  return mote_dispatch_find(f->dispatch, &f->program->schemas, schema, name, overload) != NULL;
}

static void open_program(fixture *f) {
  mote_script_host host = {.ctx = f, .source = no_source, .has_impl = has_impl};
  mote_error_init(&f->err);
  assert_int_equal(mote_dispatch_create(mote_prim_allocator(), &f->dispatch, &f->err), MOTE_OK);
  assert_int_equal(mote_program_create(mote_prim_allocator(), &host, 0, 64 << 20, &f->program, &f->err), MOTE_OK);
}

static void close_program(fixture *f) {
  mote_program_destroy(f->program);
  mote_dispatch_destroy(f->dispatch);
}

static bool compile_one(const char *name) {
  fixture f;
  mote_def *def;
  open_program(&f);
  mote_status s = mote_front_definition(f.program->front, name, &def, &f.err);
  if (s == MOTE_OK && def != NULL)
    s = mote_front_enqueue(f.program->front, def->fn, &f.err);
  if (s == MOTE_OK && def != NULL && def->unit->schema != NULL)
    assert_true(def->fn->n_params <= def->unit->schema->n_args);
  if (s == MOTE_OK)
    s = mote_program_compile(f.program, &f.err);
  bool good = s == MOTE_OK && def != NULL && f.program->missing.len == 0;
  if (s != MOTE_OK)
    print_error("%s: %s\n", name, mote_error_message(&f.err));
  else if (def == NULL)
    print_error("%s is not in the packed text: run scripts/pack_definitions.py\n", name);
  for (size_t i = 0; i < f.program->missing.len; i++)
    print_error("%s needs %s\n", name, f.program->missing.at[i].name);
  close_program(&f);
  return good;
}

static int compile_all(const char *path) {
  char line[1024], name[256];
  int bad = 0;
  FILE *text = fopen(path, "r");
  assert_non_null(text);
  while (fgets(line, sizeof line, text))
    if (sscanf(line, "def %255[A-Za-z0-9_](", name) == 1)
      bad += !compile_one(name);
  fclose(text);
  return bad;
}

static void test_every_definition_compiles(void **state) {
  static const char folder[] = MOTE_SOURCE_DIR "/src/script/definitions";
  char path[1024];
  int bad = 0, files = 0;
  DIR *dir = opendir(folder);
  (void)state;
  assert_non_null(dir);
  for (const struct dirent *e; (e = readdir(dir)) != NULL;)
    if (strstr(e->d_name, ".py") != NULL) {
      mote_snprint(path, sizeof path, "%s/%s", folder, e->d_name);
      bad += compile_all(path);
      files++;
    }
  closedir(dir);
  assert_true(files > 5);
  assert_int_equal(bad, 0);
}

static mote_op_ref define(fixture *f, const char *name, const char *overload) {
  mote_op_ref ref;
  assert_int_equal(mote_program_op_ref(f->program, name, overload, -1, &ref, &f->err), MOTE_OK);
  return ref;
}

static void test_forms(void **state) {
  fixture f;
  (void)state;
  open_program(&f);
  mote_op_ref plain = define(&f, "aten::renorm", ""), in_place = define(&f, "aten::renorm_", "");
  assert_true(plain.has_impl && plain.body != NULL && plain.form == MOTE_FORM_PLAIN);
  assert_true(in_place.body == plain.body && in_place.form == MOTE_FORM_IN_PLACE);
  mote_op_ref own = define(&f, "aten::relu", ""), none = define(&f, "aten::no_such_operator", "");
  assert_true(own.has_impl && own.body == NULL);
  assert_true(!none.has_impl && none.body == NULL);
  assert_true(define(&f, "aten::hsplit", "int").body != define(&f, "aten::hsplit", "array").body);
  close_program(&f);
}

static mote_status compile_cov(const mote_allocator *al, mote_error *err) {
  mote_script_host host = {.source = no_source};
  mote_program *program = NULL;
  mote_def *def = NULL;
  mote_status s = mote_program_create(al, &host, 0, 0, &program, err);
  if (s == MOTE_OK)
    s = mote_front_definition(program->front, "cov", &def, err);
  if (s == MOTE_OK)
    s = mote_front_enqueue(program->front, def->fn, err);
  if (s == MOTE_OK)
    s = mote_program_compile(program, err);
  mote_program_destroy(program);
  return s;
}

static void test_every_allocation_fails_once(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error err;
    mote_error_init(&err);
    fail_alloc_check(&fa, compile_cov(&fa.allocator, &err));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_definition_compiles),
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_every_allocation_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
