// Fuzz target: compiles the input as the code record of a module. What compiles has passed the verifier, so its listing
// must print and its instructions have places. The first byte chooses the archive's version (upgraders).
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/prim.h"
#include "script/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mote_status find_source(void *ctx, const char *path, mote_span *text, bool *found, mote_error *err) {
  (void)err;
  *found = strcmp(path, "__torch__.py") == 0;
  *text = *(mote_span *)ctx;
  return MOTE_OK;
}

static const mote_type *constant_type(void *ctx, mote_types *types, int64_t index) {
  (void)ctx;
  return index < 2 ? mote_type_basic(types, index ? MOTE_TYPE_STR : MOTE_TYPE_TENSOR) : NULL;
}

static void check(bool fine) {
  if (!fine)
    abort();
}

static void look_at(const mote_program *program) {
  for (size_t i = 0; i < program->functions.len; i++) {
    const mote_function *fn = program->functions.at[i];
    mote_text text;
    const char *path;
    uint32_t line;
    mote_text_init(&text, mote_prim_allocator());
    mote_function_text(fn, &text);
    check(text.failed || text.len > 0);
    mote_text_destroy(&text);
    for (uint32_t k = 0; k < fn->n_code; k++)
      check(mote_program_place(program, fn->places[k], &path, &line) && line > 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  mote_span text = {data + 1, size - 1};
  mote_script_host host = {.ctx = &text, .source = find_source, .constant_type = constant_type};
  mote_program *program;
  mote_class *cls;
  mote_error err;
  mote_error_init(&err);
  check(mote_program_create(mote_prim_allocator(), &host, data[0] % 12, 32 << 20, &program, &err) == MOTE_OK);
  mote_status status = mote_program_class(program, "__torch__.M", &cls, &err);
  if (status == MOTE_OK)
    status = mote_program_compile(program, &err);
  check(status != MOTE_ERR_INTERNAL);
  if (status == MOTE_OK)
    look_at(program);
  else
    check(mote_error_message(&err)[0] != 0);
  mote_program_destroy(program);
  return 0;
}
