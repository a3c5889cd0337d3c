// Public functions of the context. Tests: tests/unit/test_api.c
#include <string.h>

#include "api/api_impl.h"
#include "base/fail.h"

void mote_error_begin(mote_error *err) {
  if (err != NULL)
    mote_error_init(err);
}

void mote_context_options_init(mote_context_options *options) {
  memset(options, 0, sizeof *options);
  options->struct_size = sizeof *options;
}

static mote_status apply_options(mote_context *c, const mote_context_options *o, mote_error *err) {
  c->memory_limit = (size_t)4 << 30;
  c->step_limit = (uint64_t)1 << 40;
  if (o == NULL)
    return MOTE_OK;
  if (o->cpu_cap != NULL && !mote_cpu_cap(&c->cpu, o->cpu_cap))
    return mote_fail(err, MOTE_ERR_ARGUMENT, "unknown CPU level '%s'", o->cpu_cap);
  c->log = o->log;
  c->log_ctx = o->log_ctx;
  if (o->memory_limit != 0)
    c->memory_limit = o->memory_limit;
  if (o->step_limit != 0)
    c->step_limit = o->step_limit;
  return MOTE_OK;
}

mote_status mote_context_create(const mote_context_options *options, mote_context **out, mote_error *error) {
  mote_error_begin(error);
  if (options != NULL && options->struct_size != sizeof *options)
    return mote_fail(error, MOTE_ERR_ARGUMENT, "mote_context_options has size %zu, expected %zu: call its init",
                     options->struct_size, sizeof *options);
  const mote_allocator *al = options != NULL && options->allocator != NULL ? options->allocator : mote_prim_allocator();
  mote_context *c = MOTE_NEW(al, mote_context);
  if (c == NULL)
    return mote_fail_nomem(error);
  c->al = *al;
  mote_cpu_detect(&c->cpu);
  mote_status status = apply_options(c, options, error);
  if (status != MOTE_OK) {
    mote_free(&c->al, c);
    return status;
  }
  mote_cpu_text(&c->cpu, c->cpu_text, sizeof c->cpu_text);
  *out = c;
  return MOTE_OK;
}

void mote_context_destroy(mote_context *context) {
  if (context == NULL)
    return;
  mote_allocator al = context->al;
  mote_free(&al, context);
}

const char *mote_context_cpu(const mote_context *context) { return context->cpu_text; }
