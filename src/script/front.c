// A program's life, and its definitions: which record holds a name, parsed once. Bodies are compiled from a queue, so
// that neither recursive classes nor recursive functions recurse here. Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"

#define DEFAULT_LIMIT ((size_t)1 << 30)

mote_status mote_unit_at(const mote_unit *unit, uint32_t offset, mote_error *err, mote_status status) {
  return mote_lexer_at(&unit->lexer, offset, err, status);
}

static mote_status define_class(void *ctx, mote_class *cls, mote_error *err) {
  mote_front *front = ctx;
  mote_def *def;
  MOTE_TRY(mote_front_find(front, cls->name, strlen(cls->name), &def, err));
  if (def == NULL || def->cls != cls)
    return mote_fail(err, MOTE_ERR_FORMAT, "class %s is defined nowhere in the file", cls->name);
  return cls->kind == MOTE_CLASS_UNKNOWN ? mote_declare_class(front, def, err) : MOTE_OK;
}

mote_status mote_program_create(const mote_allocator *al, const mote_script_host *host, uint64_t version, size_t limit,
                                mote_program **out, mote_error *err) {
  mote_program *program = MOTE_NEW(al, mote_program);
  mote_front *front = MOTE_NEW(al, mote_front);
  if (program == NULL || front == NULL) {
    mote_free(al, program);
    mote_free(al, front);
    return mote_fail_nomem(err);
  }
  limit = limit ? limit : DEFAULT_LIMIT;
  program->al = al;
  program->host = *host;
  program->version = version;
  program->front = front;
  mote_arena_init(&program->arena, al, limit);
  mote_arena_init(&front->scratch, al, limit);
  mote_map_init(&front->names, al);
  mote_map_init(&front->units, al);
  mote_map_init(&front->defs, al);
  mote_map_init(&front->missing, al);
  front->program = program;
  mote_status status = mote_types_init(&program->types, &program->arena, err);
  if (status == MOTE_OK)
    status = mote_schemas_init(&program->schemas, &program->types, err);
  if (status != MOTE_OK) {
    mote_program_destroy(program);
    return status;
  }
  program->types.define = define_class;
  program->types.define_ctx = front;
  *out = program;
  return MOTE_OK;
}

static void end_phase(mote_program *program) {
  mote_front *front = program->front;
  if (front == NULL)
    return;
  program->types.define = NULL;
  MOTE_VEC_FREE(program->al, &front->queue);
  mote_map_destroy(&front->defs);
  mote_map_destroy(&front->missing);
  mote_map_destroy(&front->units);
  mote_map_destroy(&front->names);
  mote_arena_destroy(&front->scratch);
  mote_free(program->al, front);
  program->front = NULL;
}

void mote_program_destroy(mote_program *program) {
  if (program == NULL)
    return;
  const mote_allocator *al = program->al;
  end_phase(program);
  mote_schemas_close(&program->schemas);
  mote_types_destroy(&program->types);
  mote_arena_destroy(&program->arena);
  MOTE_VEC_FREE(al, &program->functions);
  MOTE_VEC_FREE(al, &program->sources);
  MOTE_VEC_FREE(al, &program->missing);
  mote_free(al, program);
}

// ---------------------------------------------------------------------------------------------------- records

static mote_status note_lines(mote_program *program, const char *path, mote_span text, uint32_t *index,
                              mote_error *err) {
  uint32_t n = 1;
  for (size_t i = 0; i < text.size; i++)
    n += text.data[i] == '\n';
  uint32_t *lines = MOTE_ARENA_ARRAY(&program->arena, uint32_t, n);
  if (lines == NULL)
    return mote_fail_nomem(err);
  uint32_t line = 1;
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] == '\n')
      lines[line++] = (uint32_t)i + 1;
  mote_script_source source = {path, lines, n};
  *index = (uint32_t)program->sources.len;
  return MOTE_VEC_PUSH(program->al, &program->sources, source, err);
}

static mote_status add_definition(mote_front *front, mote_unit *unit, mote_node *node, mote_error *err) {
  mote_program *program = front->program;
  size_t prefix = strlen(unit->prefix), name = strlen(node->u.name);
  char *full = mote_arena_alloc(&program->arena, prefix + name + 2);
  mote_def *def = MOTE_ARENA_NEW(&front->scratch, mote_def);
  if (full == NULL || def == NULL)
    return mote_fail_nomem(err);
  memcpy(full, unit->prefix, prefix);
  full[prefix] = '.';
  memcpy(full + prefix + 1, node->u.name, name);
  mote_map_entry *entry = mote_map_put(&front->defs, full, prefix + name + 1);
  if (entry == NULL)
    return mote_fail_nomem(err);
  if (entry->value.ptr != NULL)
    return mote_unit_at(unit, node->offset, err, mote_fail(err, MOTE_ERR_FORMAT, "%s is defined twice", full));
  entry->value.ptr = def;
  def->unit = unit;
  def->node = node;
  if (node->kind == MOTE_NODE_DEF)
    return mote_declare_function(front, def, NULL, full, err);
  def->cls = mote_types_class(&program->types, full, prefix + name + 1);
  return def->cls ? MOTE_OK : mote_fail_nomem(err);
}

mote_status mote_front_add_unit(mote_front *front, mote_unit *unit, const char *path, mote_span text, mote_error *err) {
  mote_program *program = front->program;
  mote_node *root;
  unit->found = true;
  MOTE_TRY(mote_parse_source(&unit->lexer, text, path, &front->scratch, &program->arena, &front->names, &root, err));
  MOTE_TRY(note_lines(program, path, text, &unit->source, err));
  for (uint32_t i = 0; i < root->n; i++)
    if (root->kids[i]->kind == MOTE_NODE_DEF || root->kids[i]->kind == MOTE_NODE_CLASS)
      MOTE_TRY(add_definition(front, unit, root->kids[i], err));
    else if (root->kids[i]->kind != MOTE_NODE_PASS && root->kids[i]->kind != MOTE_NODE_ASSIGN)
      return mote_unit_at(unit, root->kids[i]->offset, err,
                          mote_fail(err, MOTE_ERR_FORMAT, "only definitions may stand at the top of a record"));
  return MOTE_OK;
}

// "__torch__.a.b" -> "__torch__/a/b.py"
static char *record_path(mote_front *front, const char *prefix, size_t len) {
  char *path = mote_arena_alloc(&front->program->arena, len + 4);
  if (path == NULL)
    return NULL;
  for (size_t i = 0; i < len; i++)
    path[i] = prefix[i] == '.' ? '/' : prefix[i];
  memcpy(path + len, ".py", 4);
  return path;
}

static mote_status load_unit(mote_front *front, const char *prefix, size_t len, mote_error *err) {
  if (mote_map_find(&front->units, prefix, len) != NULL)
    return MOTE_OK;
  mote_unit *unit = MOTE_ARENA_NEW(&front->scratch, mote_unit);
  char *path = record_path(front, prefix, len);
  char *own = mote_arena_str(&front->program->arena, prefix, len);
  mote_map_entry *entry = own ? mote_map_put(&front->units, own, len) : NULL;
  if (unit == NULL || path == NULL || entry == NULL)
    return mote_fail_nomem(err);
  entry->value.ptr = unit;
  unit->prefix = own;
  mote_span text = {0};
  bool found = false;
  MOTE_TRY(front->program->host.source(front->program->host.ctx, path, &text, &found, err));
  return found ? mote_front_add_unit(front, unit, path, text, err) : MOTE_OK;
}

mote_status mote_front_find(mote_front *front, const char *qualified, size_t len, mote_def **out, mote_error *err) {
  *out = NULL;
  mote_map_entry *entry = mote_map_find(&front->defs, qualified, len);
  if (entry == NULL) {
    size_t dot = len;
    while (dot > 0 && qualified[dot - 1] != '.')
      dot--;
    if (dot < 2)
      return MOTE_OK;
    MOTE_TRY(load_unit(front, qualified, dot - 1, err));
    entry = mote_map_find(&front->defs, qualified, len);
  }
  *out = entry ? entry->value.ptr : NULL;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- compiling

mote_status mote_front_enqueue(mote_front *front, mote_function *fn, mote_error *err) {
  mote_def *def = fn->def;
  if (def == NULL || def->queued)
    return MOTE_OK;
  def->queued = true;
  return MOTE_VEC_PUSH(front->program->al, &front->queue, fn, err);
}

static mote_status need_front(const mote_program *program, mote_error *err) {
  return program->front ? MOTE_OK : mote_fail(err, MOTE_ERR_INTERNAL, "the program is compiled already");
}

mote_status mote_program_class(mote_program *program, const char *name, mote_class **out, mote_error *err) {
  MOTE_TRY(need_front(program, err));
  mote_class *cls = mote_types_class(&program->types, name, strlen(name));
  if (cls == NULL)
    return mote_fail_nomem(err);
  MOTE_TRY(mote_class_define(&program->types, cls, err));
  *out = cls;
  return MOTE_OK;
}

mote_status mote_program_compile(mote_program *program, mote_error *err) {
  MOTE_TRY(need_front(program, err));
  mote_front *front = program->front;
  while (front->queue_head < front->queue.len)
    MOTE_TRY(mote_compile_function(front, front->queue.at[front->queue_head++], err));
  end_phase(program);
  return MOTE_OK;
}

mote_status mote_program_upgrader(mote_program *program, const char *name, const char *overload, mote_function **out,
                                  mote_error *err) {
  const char *upgrader = mote_upgrader_name(program->version, name, overload);
  mote_def *def;
  *out = NULL;
  if (upgrader == NULL)
    return MOTE_OK;
  MOTE_TRY(need_front(program, err));
  MOTE_TRY(mote_front_definition(program->front, upgrader, &def, err));
  if (def == NULL)
    return mote_fail(err, MOTE_ERR_INTERNAL, "definition %s is missing", upgrader);
  *out = def->fn;
  return mote_front_enqueue(program->front, def->fn, err);
}

mote_status mote_program_op_ref(mote_program *program, const char *name, const char *overload, int32_t n_given,
                                mote_op_ref *out, mote_error *err) {
  mote_op_ref ref = {.n_given = n_given};
  int32_t id = mote_schema_id(&program->schemas, name, overload);
  ref.name = mote_arena_str(&program->arena, name, strlen(name));
  ref.overload = mote_arena_str(&program->arena, overload, strlen(overload));
  if (ref.name == NULL || ref.overload == NULL)
    return mote_fail_nomem(err);
  ref.n_results = -1;
  if (id >= 0) {
    MOTE_TRY(mote_schema_get(&program->schemas, (uint32_t)id, &ref.schema, err));
    ref.n_results = ref.schema->is_varret ? -1 : (int32_t)ref.schema->n_results;
    if (n_given < 0 && !ref.schema->is_vararg)
      ref.n_given = (int32_t)ref.schema->n_args;
    if (ref.n_given > (int32_t)ref.schema->n_args && !ref.schema->is_vararg)
      return mote_fail(err, MOTE_ERR_FORMAT, "%s.%s is given %d arguments and takes %u", name, overload, ref.n_given,
                       ref.schema->n_args);
  }
  ref.has_impl =
      program->host.has_impl ? program->host.has_impl(program->host.ctx, id, ref.name, ref.overload) : id >= 0;
  if (!ref.has_impl && program->front != NULL)
    MOTE_TRY(mote_front_define(program->front, &ref, err));
  *out = ref;
  return MOTE_OK;
}

bool mote_program_place(const mote_program *program, mote_insn_place place, const char **path, uint32_t *line) {
  if (place.source >= program->sources.len)
    return false;
  const mote_script_source *source = &program->sources.at[place.source];
  uint32_t low = 0, high = source->n_lines; // the last line that begins at or before the offset
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    if (source->lines[mid] <= place.offset)
      low = mid;
    else
      high = mid;
  }
  *path = source->path;
  *line = low + 1;
  return true;
}
