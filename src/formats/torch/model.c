// Opening a TorchScript file: archive, pickles, program; what the public interface asks about it.
// Tests: tests/models/torch, fuzz/fuzz_torch.c
#include "formats/torch/torch_file.h"

#include <string.h>

// ------------------------------------------------------------------------------------------------ the front end's host

static mote_status host_source(void *ctx, const char *path, mote_span *text, bool *found, mote_error *err) {
  char full[4096];
  if (mote_snprint(full, sizeof full, "code/%s", path) >= (int)sizeof full) {
    *found = false;
    return MOTE_OK;
  }
  return mote_torch_read(ctx, full, text, found, err);
}

static const mote_type *host_constant_type(void *ctx, mote_types *types, int64_t index) {
  mote_script_model *m = ctx;
  const mote_pickle_value *root = m->constants.tree.root;
  if (!m->constants.present || index < 0 || (uint64_t)index >= root->as.items.count)
    return NULL;
  return mote_torch_type_of(m, types, root->as.items.at[index]);
}

static bool host_has_impl(void *ctx, int32_t schema, const char *name, const char *overload) {
  mote_script_model *m = ctx;
  return mote_dispatch_find(m->dispatch, &m->program->schemas, schema, name, overload) != NULL;
}

// ------------------------------------------------------------------------------------------------ opening

static mote_status read_constants(mote_script_model *m, mote_error *err) {
  MOTE_TRY(mote_torch_read_pickle(m, "constants.pkl", "constants", m->format == MOTE_FORMAT_TORCHSCRIPT, &m->constants,
                                  err));
  if (m->constants.present && !mote_pickle_is(m->constants.tree.root, MOTE_PICKLE_TUPLE) &&
      !mote_pickle_is(m->constants.tree.root, MOTE_PICKLE_LIST))
    return mote_fail(err, MOTE_ERR_FORMAT, "constants.pkl holds %s, not a tuple",
                     mote_pickle_kind_name(m->constants.tree.root));
  return MOTE_OK;
}

static mote_status collect_methods(mote_script_model *m, mote_error *err) {
  for (uint32_t i = 0; i < m->cls->n_methods; i++)
    if (m->cls->methods[i]->code)
      MOTE_TRY(MOTE_VEC_PUSH(m->al, &m->methods, m->cls->methods[i], err));
  return MOTE_OK;
}

static mote_status collect_missing(mote_script_model *m, mote_error *err) {
  for (size_t i = 0; i < m->program->missing.len; i++) {
    char line[512];
    const char *path = NULL;
    uint32_t number = 0;
    const mote_missing *miss = &m->program->missing.at[i];
    bool known = mote_program_place(m->program, miss->place, &path, &number);
    int len = known ? mote_snprint(line, sizeof line, "%s (%s:%u)", miss->name, path, number)
                    : mote_snprint(line, sizeof line, "%s", miss->name);
    char *copy = mote_strdup(m->al, line, (size_t)MOTE_MIN(len, (int)sizeof line - 1));
    if (!copy)
      return mote_fail_nomem(err);
    mote_status s = MOTE_VEC_PUSH(m->al, &m->missing, copy, err);
    if (s != MOTE_OK)
      return mote_free(m->al, copy), s;
  }
  return MOTE_OK;
}

// Functions know their number (the machine keeps their constants by it) and their operators' implementations.
static mote_status prepare_functions(mote_script_model *m, mote_error *err) {
  for (size_t i = 0; i < m->program->functions.len; i++) {
    m->program->functions.at[i]->host = (void *)(uintptr_t)i;
    MOTE_TRY(mote_vm_resolve(m->dispatch, &m->program->schemas, m->program->functions.at[i], err));
  }
  return MOTE_OK;
}

static mote_status load_program(mote_script_model *m, mote_error *err) {
  const mote_pickle_value *root = m->data.tree.root;
  if (!mote_pickle_is(root, MOTE_PICKLE_OBJECT) || !mote_pickle_is(root->as.call.callable, MOTE_PICKLE_GLOBAL))
    return mote_fail(err, MOTE_ERR_FORMAT, "data.pkl holds %s, not a module", mote_pickle_kind_name(root));
  mote_script_host host = {m, host_source, host_constant_type, host_has_impl};
  MOTE_TRY(mote_program_create(m->al, &host, m->version, m->limit, &m->program, err));
  const char *name = mote_torch_class_name(&m->arena, root->as.call.callable);
  if (!name)
    return mote_fail_nomem(err);
  if (m->format == MOTE_FORMAT_TORCH_LITE)
    return mote_torch_load_lite(m, err);
  MOTE_TRY(mote_program_class(m->program, name, &m->cls, err));
  MOTE_TRY(mote_torch_name_classes(m, root, err));
  MOTE_TRY(mote_torch_name_classes(m, m->constants.tree.root, err));
  MOTE_TRY(mote_program_compile(m->program, err));
  if (m->cls->kind != MOTE_CLASS_MODULE && m->cls->kind != MOTE_CLASS_PLAIN)
    return mote_fail(err, MOTE_ERR_FORMAT, "%s is no module", name);
  return collect_methods(m, err);
}

// Makes the attributes once, so that a bad file is refused here and not in a session.
static mote_status try_attributes(mote_script_model *m, mote_error *err) {
  mote_script_session *s;
  mote_script_config config = {.al = m->al, .record = MOTE_RECORD_OFF};
  mote_error local;
  mote_error_init(&local);
  mote_status st = mote_script_session_create(m, &config, &s, &local);
  if (st == MOTE_OK)
    mote_script_session_destroy(s);
  if (st == MOTE_OK || st == MOTE_ERR_UNSUPPORTED ||
      st == MOTE_ERR_RAISED) // attributes that code makes wait for a session
    return MOTE_OK;
  if (err)
    *err = local;
  return st;
}

static mote_status open_parts(mote_script_model *m, mote_span bytes, mote_error *err) {
  bool lite;
  mote_span unused;
  MOTE_TRY(mote_torch_open_archive(m, bytes, err));
  MOTE_TRY(mote_torch_read(m, "bytecode.pkl", &unused, &lite, err));
  size_t len = strlen(m->name);
  if (!lite && len > 4 && strcmp(m->name + len - 4, ".ptl") == 0) // the ending promises bytecode: the file lost it
    return mote_fail(err, MOTE_ERR_FORMAT, "lite interpreter file without bytecode.pkl");
  m->format = lite ? MOTE_FORMAT_TORCH_LITE : MOTE_FORMAT_TORCHSCRIPT;
  MOTE_TRY(mote_torch_read_pickle(m, "data.pkl", "data", true, &m->data, err));
  MOTE_TRY(read_constants(m, err));
  MOTE_TRY(mote_dispatch_create(m->al, &m->dispatch, err));
  MOTE_TRY(load_program(m, err));
  MOTE_TRY(prepare_functions(m, err));
  mote_schemas_close(&m->program->schemas);
  MOTE_TRY(collect_missing(m, err));
  return try_attributes(m, err);
}

mote_status mote_script_open(const mote_allocator *al, mote_span bytes, const char *name, size_t memory_limit,
                             mote_script_model **out, mote_error *err) {
  if (bytes.size >= 8 && memcmp(bytes.data + 4, "PTMF", 4) == 0)
    return mote_fail(err, MOTE_ERR_UNSUPPORTED, "lite interpreter file in flatbuffer form is not supported yet");
  mote_script_model *m = MOTE_NEW(al, mote_script_model);
  if (!m)
    return mote_fail_nomem(err);
  m->al = al;
  m->limit = memory_limit ? memory_limit : (size_t)4 << 30;
  mote_arena_init(&m->arena, al, MOTE_MIN(m->limit, (size_t)1 << 30));
  mote_map_init(&m->storages, al);
  m->name = mote_strdup(al, name ? name : "", name ? strlen(name) : 0);
  m->lock_ready = m->name && mote_mutex_init(&m->lock);
  mote_status s = m->lock_ready ? open_parts(m, bytes, err) : mote_fail_nomem(err);
  if (s != MOTE_OK) { // the public interface puts the model's name in front
    mote_script_destroy(m);
    return s;
  }
  *out = m;
  return MOTE_OK;
}

void mote_script_destroy(mote_script_model *m) {
  if (!m)
    return;
  for (size_t i = 0; i < m->missing.len; i++)
    mote_free(m->al, m->missing.at[i]);
  MOTE_VEC_FREE(m->al, &m->missing);
  MOTE_VEC_FREE(m->al, &m->methods);
  MOTE_VEC_FREE(m->al, &m->lite_constants);
  if (m->program)
    mote_program_destroy(m->program);
  mote_dispatch_destroy(m->dispatch);
  for (size_t i = 0; i < m->storages.count; i++)
    mote_storage_release(m->storages.entries[i].value.ptr);
  mote_map_destroy(&m->storages);
  mote_torch_close_archive(m);
  mote_arena_destroy(&m->arena);
  mote_free(m->al, m->name);
  if (m->lock_ready)
    mote_mutex_destroy(&m->lock);
  mote_free(m->al, m);
}

// ------------------------------------------------------------------------------------------------ questions

mote_format mote_script_format(const mote_script_model *m) { return m->format; }
size_t mote_script_method_count(const mote_script_model *m) { return m->methods.len; }

const char *mote_script_method_name(const mote_script_model *m, size_t method) {
  if (method >= m->methods.len)
    return NULL;
  const char *dot = strrchr(m->methods.at[method]->name, '.');
  return dot ? dot + 1 : m->methods.at[method]->name;
}

static mote_kind kind_of(const mote_type *t) {
  switch (mote_type_unwrap(t)->kind) {
  case MOTE_TYPE_TENSOR:
    return MOTE_KIND_TENSOR;
  case MOTE_TYPE_BOOL:
    return MOTE_KIND_BOOL;
  case MOTE_TYPE_INT:
    return MOTE_KIND_INT;
  case MOTE_TYPE_FLOAT:
  case MOTE_TYPE_NUMBER:
    return MOTE_KIND_FLOAT;
  case MOTE_TYPE_COMPLEX:
    return MOTE_KIND_COMPLEX;
  case MOTE_TYPE_STR:
    return MOTE_KIND_STRING;
  case MOTE_TYPE_LIST:
    return MOTE_KIND_LIST;
  case MOTE_TYPE_TUPLE:
    return MOTE_KIND_TUPLE;
  case MOTE_TYPE_DICT:
    return MOTE_KIND_DICT;
  case MOTE_TYPE_NONE:
    return MOTE_KIND_NONE;
  default:
    return MOTE_KIND_OBJECT;
  }
}

static void fill_port(mote_port *port, const char *name, const mote_type *type, bool optional) {
  port->name = name;
  port->kind = type ? kind_of(type) : MOTE_KIND_OBJECT;
  port->dtype = MOTE_NONE;
  port->rank = -1;
  port->optional = optional;
  memset(&port->quant, 0, sizeof port->quant);
}

size_t mote_script_input_count(const mote_script_model *m, size_t method) {
  if (method >= m->methods.len || m->methods.at[method]->n_params == 0)
    return 0;
  return m->methods.at[method]->n_params - 1;
}

bool mote_script_input(const mote_script_model *m, size_t method, size_t index, mote_port *port) {
  if (index >= mote_script_input_count(m, method))
    return false;
  const mote_param *p = &m->methods.at[method]->params[index + 1];
  fill_port(port, p->name, p->type, p->has_default);
  return true;
}

bool mote_script_output(const mote_script_model *m, size_t method, mote_port *port) {
  if (method >= m->methods.len)
    return false;
  fill_port(port, "result", m->methods.at[method]->result, false);
  return true;
}

const char *mote_script_missing(const mote_script_model *m, size_t index) {
  return index < m->missing.len ? m->missing.at[index] : NULL;
}

const char *mote_script_metadata(const mote_script_model *m, size_t index, const void **data, size_t *size) {
  mote_span bytes;
  mote_script_model *writable = (mote_script_model *)(uintptr_t)m;
  if (index >= m->extra.len)
    return NULL;
  const mote_zip_entry *e = m->extra.at[index];
  size_t root = strlen(m->root);
  mote_mutex_lock(&writable->lock);
  char *name = mote_arena_str(&writable->arena, e->name + root + 1, e->name_len - root - 1);
  bool ok = name && mote_torch_read(writable, name, &bytes, NULL, NULL) == MOTE_OK;
  mote_mutex_unlock(&writable->lock);
  if (!ok)
    return NULL;
  *data = bytes.data;
  *size = bytes.size;
  return name + 6;
}

mote_status mote_script_describe(const mote_script_model *m, mote_text *out, mote_error *err) {
  mote_text_fmt(out, "TorchScript %s, archive version %llu\n", m->format == MOTE_FORMAT_TORCH_LITE ? "lite" : "program",
                (unsigned long long)m->version);
  for (size_t i = 0; i < m->program->functions.len; i++)
    if (m->program->functions.at[i]->code)
      mote_function_text(m->program->functions.at[i], out);
  return out->failed ? mote_fail_nomem(err) : MOTE_OK;
}
