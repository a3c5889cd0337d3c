// Sessions of a TorchScript model: the module's attributes, the machine, calls. Tests: tests/models/torch,
// tests/unit/test_plans_torch.c
#include "formats/torch/torch_file.h"

#include <string.h>

#include "script/record.h"

#define DEBUG_BYTES ((size_t)64 << 20) // records of source lines, once expanded

static mote_status constant(void *ctx, int64_t index, mote_val *out, mote_error *err) {
  mote_script_session *s = ctx;
  mote_script_model *m = s->model;
  if (m->format == MOTE_FORMAT_TORCH_LITE) {
    if (index < 0 || (uint64_t)index >= m->lite_constants.len)
      return mote_fail(err, MOTE_ERR_FORMAT, "constant %lld of %zu", (long long)index, m->lite_constants.len);
    return mote_torch_build(s, &m->bytecode, m->lite_constants.at[index], out, err);
  }
  if (index < 0 || (uint64_t)index >= s->n_constants)
    return mote_fail(err, MOTE_ERR_FORMAT, "constant %lld of %zu", (long long)index, s->n_constants);
  *out = mote_val_retain(s->constants[index]);
  return MOTE_OK;
}

static mote_status make_constants(mote_script_session *s, mote_error *err) {
  const mote_script_model *m = s->model;
  if (!m->constants.present)
    return MOTE_OK;
  const mote_pickle_items *items = &m->constants.tree.root->as.items;
  s->constants = MOTE_NEW_ARRAY(s->al, mote_val, items->count + 1);
  if (!s->constants)
    return mote_fail_nomem(err);
  s->n_constants = items->count;
  for (uint32_t i = 0; i < items->count; i++)
    MOTE_TRY(mote_torch_build(s, &m->constants, items->at[i], &s->constants[i], err));
  return MOTE_OK;
}

static mote_status make_attributes(mote_script_session *s, mote_error *err) {
  MOTE_TRY(make_constants(s, err));
  return mote_torch_build(s, &s->model->data, s->model->data.tree.root, &s->root, err);
}

static void drop_attributes(mote_script_session *s) {
  for (size_t i = 0; i < s->n_constants; i++)
    mote_val_release(s->constants[i]);
  mote_free(s->al, s->constants);
  s->constants = NULL;
  s->n_constants = 0;
  mote_val_clear(&s->root);
  mote_objects_clear(&s->vm.objects);
  for (size_t i = 0; i < s->storages.count; i++)
    mote_storage_release(s->storages.entries[i].value.ptr);
  mote_map_destroy(&s->storages);
  mote_map_init(&s->storages, s->al);
}

static mote_status start(mote_script_session *s, const mote_script_config *config, mote_error *err) {
  mote_vm *vm = &s->vm;
  vm->al = config->al;
  vm->program = s->model->program;
  vm->dispatch = s->model->dispatch;
  vm->engine = config->engine;
  vm->host.ctx = s;
  vm->host.constant = constant;
  vm->host.python_line = mote_torch_python_line;
  vm->qnnpack = mote_script_format(s->model) == MOTE_FORMAT_TORCH_LITE;
  vm->mode = config->engine ? config->record : MOTE_RECORD_OFF;
  vm->log = config->log;
  vm->log_ctx = config->log_ctx;
  vm->step_limit = config->step_limit;
  vm->memory_limit = config->memory_limit ? config->memory_limit : (size_t)4 << 30;
  vm->err = err;
  MOTE_TRY(mote_vm_init(vm));
  s->vm_ready = true;
  if (vm->mode != MOTE_RECORD_OFF)
    MOTE_TRY(mote_recorder_create(vm, &vm->rec, err));
  return make_attributes(s, err);
}

mote_status mote_script_session_create(mote_script_model *model, const mote_script_config *config,
                                       mote_script_session **out, mote_error *err) {
  mote_script_session *s = MOTE_NEW(config->al, mote_script_session);
  if (!s)
    return mote_fail_nomem(err);
  s->model = model;
  s->al = config->al;
  mote_map_init(&s->storages, s->al);
  mote_arena_init(&s->debug_arena, s->al, DEBUG_BYTES);
  mote_status st = start(s, config, err);
  if (st != MOTE_OK) {
    mote_script_session_destroy(s);
    return st;
  }
  *out = s;
  return MOTE_OK;
}

void mote_script_session_destroy(mote_script_session *s) {
  if (!s)
    return;
  mote_recorder_forget(s->vm.rec);
  if (s->vm_ready)
    mote_vm_destroy(&s->vm);
  drop_attributes(s);
  mote_recorder_destroy(s->vm.rec);
  mote_map_destroy(&s->storages);
  mote_torch_free_lines(s);
  mote_free(s->al, s);
}

mote_status mote_script_session_reset(mote_script_session *s, mote_error *err) {
  mote_recorder_forget(s->vm.rec);
  drop_attributes(s);
  s->vm.err = err;
  return make_attributes(s, err);
}

void mote_script_session_cancel(mote_script_session *s) { atomic_store(&s->vm.cancelled, true); }
uint64_t mote_script_instructions(const mote_script_session *s) { return s->vm.steps; }

static mote_status check_argument(mote_script_session *s, const mote_param *p, mote_val v, mote_error *err) {
  if (mote_val_is_a(&s->vm, v, p->type))
    return MOTE_OK;
  const mote_type *t = mote_type_unwrap(p->type);
  if (t->kind == MOTE_TYPE_FLOAT && v.tag == MOTE_TAG_INT)
    return MOTE_OK;
  mote_text text;
  mote_text_init(&text, s->al);
  mote_type_text(p->type, &text);
  mote_status st = mote_fail(err, MOTE_ERR_TYPE, "argument %s takes %s, got %s", p->name, text.at ? text.at : "?",
                             mote_tag_name(v.tag));
  mote_text_destroy(&text);
  return st;
}

static mote_status gather(mote_script_session *s, const mote_function *fn, const mote_val *args, size_t n, mote_val *at,
                          mote_error *err) {
  at[0] = mote_val_retain(s->root);
  for (uint32_t i = 1; i < fn->n_params; i++) {
    const mote_param *p = &fn->params[i];
    if (i - 1 >= n) {
      if (!p->has_default)
        return mote_fail(err, MOTE_ERR_ARGUMENT, "%s: argument %s is missing", fn->name, p->name);
      MOTE_TRY(mote_vm_literal(&s->vm, &p->value, &at[i]));
      continue;
    }
    if (p->type) {
      mote_val_stamp(&s->vm, args[i - 1], p->type);
      MOTE_TRY(check_argument(s, p, args[i - 1], err));
    }
    at[i] = mote_val_retain(args[i - 1]);
    if (p->type && mote_type_unwrap(p->type)->kind == MOTE_TYPE_FLOAT && at[i].tag == MOTE_TAG_INT)
      at[i] = mote_val_float((double)at[i].u.i);
  }
  return MOTE_OK;
}

static mote_status call(mote_script_session *s, const mote_function *fn, const mote_val *args, size_t n,
                        mote_val *result, mote_error *err) {
  mote_val *at = MOTE_NEW_ARRAY(s->al, mote_val, fn->n_params + 1);
  if (!at)
    return mote_fail_nomem(err);
  s->vm.err = err;
  mote_status st = gather(s, fn, args, n, at, err);
  if (st == MOTE_OK)
    st = mote_recorder_call(&s->vm, fn, at, fn->n_params, result, err);
  for (uint32_t i = 0; i < fn->n_params; i++)
    mote_val_release(at[i]);
  mote_free(s->al, at);
  return st;
}

mote_status mote_script_call(mote_script_session *s, size_t method, const mote_val *args, size_t n, mote_val *result,
                             mote_error *err) {
  if (method >= s->model->methods.len)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "method %zu of %zu", method, s->model->methods.len);
  const mote_function *fn = s->model->methods.at[method];
  if (n + 1 > fn->n_params)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "%s takes %u values, got %zu", mote_script_method_name(s->model, method),
                     fn->n_params - 1, n);
  mote_error local;
  mote_error_init(&local);
  return call(s, fn, args, n, result, err ? err : &local);
}
