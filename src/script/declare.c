// Signatures of functions and insides of classes: everything but bodies.
// Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"

#define MAX_NESTED_CLASSES 50 // a default that is another class's enum member defines that class
#define MAX_ATTRS 16384       // names are compared one by one

static mote_status fail_at(const mote_def *def, const mote_node *node, mote_error *err, mote_status status) {
  return mote_unit_at(def->unit, node->offset, err, status);
}

// ---------------------------------------------------------------------------------------------------- functions

// What a parameter without annotation holds: a method's object, what the schema of a defined operator says, a tensor.
static const mote_type *plain_param_type(mote_front *front, const mote_def *def, const mote_function *fn, uint32_t i) {
  const mote_schema *schema = def->unit->schema;
  if (i == 0 && fn->owner)
    return fn->owner->type;
  if (schema != NULL && i < schema->n_args)
    return schema->args[i].type;
  return mote_type_basic(&front->program->types, MOTE_TYPE_TENSOR);
}

static const mote_type *plain_result_type(mote_front *front, const mote_def *def) {
  mote_types *types = &front->program->types;
  const mote_schema *schema = def->unit->schema;
  if (schema == NULL || schema->n_results == 0)
    return mote_type_basic(types, MOTE_TYPE_NONE);
  return schema->n_results == 1 ? schema->results[0]
                                : mote_type_make(types, MOTE_TYPE_TUPLE, schema->results, schema->n_results);
}

static mote_status declare_params(mote_front *front, mote_def *def, mote_function *fn, mote_error *err) {
  const mote_node *node = def->node;
  fn->n_params = node->n - 2;
  fn->params = MOTE_ARENA_ARRAY(&front->program->arena, mote_param, fn->n_params + 1);
  if (fn->params == NULL)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < fn->n_params; i++) {
    const mote_node *param = node->kids[i + 2];
    fn->params[i].name = param->u.name;
    fn->params[i].has_default = param->kids[1] != NULL;
    for (uint32_t k = 0; k < i; k++)
      if (fn->params[k].name == param->u.name)
        return fail_at(def, param, err, mote_fail(err, MOTE_ERR_FORMAT, "parameter %s occurs twice", param->u.name));
    if (param->kids[0] != NULL)
      MOTE_TRY(mote_read_type(front, def->unit, param->kids[0], &fn->params[i].type, err));
    else
      fn->params[i].type = plain_param_type(front, def, fn, i);
  }
  return MOTE_OK;
}

mote_status mote_declare_function(mote_front *front, mote_def *def, mote_class *owner, const char *qualified,
                                  mote_error *err) {
  mote_function *fn = MOTE_ARENA_NEW(&front->program->arena, mote_function);
  if (fn == NULL)
    return mote_fail_nomem(err);
  fn->name = qualified;
  fn->owner = owner;
  fn->def = def;
  def->fn = fn;
  if (def->node->n - 2 > UINT16_MAX)
    return fail_at(def, def->node, err, mote_fail(err, MOTE_ERR_LIMIT, "too many parameters"));
  MOTE_TRY(declare_params(front, def, fn, err));
  if (def->node->kids[1] != NULL)
    MOTE_TRY(mote_read_type(front, def->unit, def->node->kids[1], &fn->result, err));
  else
    fn->result = plain_result_type(front, def);
  if (fn->result == NULL)
    return mote_fail_nomem(err);
  return MOTE_VEC_PUSH(front->program->al, &front->program->functions, fn, err);
}

mote_status mote_function_formals(mote_front *front, mote_function *fn, const mote_schema_arg **out, mote_error *err) {
  mote_def *def = fn->def;
  if (def->formals == NULL) {
    mote_schema_arg *formals = MOTE_ARENA_ARRAY(&front->scratch, mote_schema_arg, fn->n_params + 1);
    if (formals == NULL)
      return mote_fail_nomem(err);
    for (uint32_t i = 0; i < fn->n_params; i++) {
      mote_param *param = &fn->params[i];
      if (param->has_default) {
        const mote_node *value = def->node->kids[i + 2]->kids[1];
        bool ok;
        MOTE_TRY(mote_read_literal(front, def->unit, value, param->type, &param->value, &ok, err));
        if (!ok)
          return fail_at(def, value, err, mote_fail(err, MOTE_ERR_FORMAT, "default of %s is no constant", param->name));
      }
      formals[i] = (mote_schema_arg){
          .name = param->name, .type = param->type, .value = param->value, .has_default = param->has_default};
    }
    def->formals = formals;
  }
  *out = def->formals;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- classes

typedef struct members {
  MOTE_VEC(mote_attr) attrs;
  MOTE_VEC(mote_attr) consts;
  MOTE_VEC(mote_function *) methods;
} members;

static bool is_named(const mote_node *node, const char *name) {
  return node->kind == MOTE_NODE_NAME && strcmp(node->u.name, name) == 0;
}

static mote_class_kind class_kind(const mote_node *node) {
  static const struct {
    const char *base;
    mote_class_kind kind;
  } bases[] = {{"Module", MOTE_CLASS_MODULE},
               {"NamedTuple", MOTE_CLASS_NAMEDTUPLE},
               {"Enum", MOTE_CLASS_ENUM},
               {"ModuleInterface", MOTE_CLASS_INTERFACE},
               {"Interface", MOTE_CLASS_INTERFACE}};
  for (uint32_t i = 1; i < node->n; i++)
    for (size_t k = 0; k < MOTE_COUNT(bases); k++)
      if (is_named(node->kids[i], bases[k].base))
        return bases[k].kind;
  return MOTE_CLASS_PLAIN;
}

static mote_status add_attr(mote_front *front, mote_def *def, members *m, const char *name, const mote_node *type,
                            const mote_node *value, mote_error *err) {
  const mote_allocator *al = front->program->al;
  mote_attr attr = {.name = name};
  bool is_final = type->kind == MOTE_NODE_SUBSCRIPT && is_named(type->kids[0], "Final");
  MOTE_TRY(mote_read_type(front, def->unit, type, &attr.type, err));
  if (value != NULL) {
    MOTE_TRY(mote_read_literal(front, def->unit, value, attr.type, &attr.value, &attr.has_value, err));
    if (!attr.has_value)
      return fail_at(def, value, err, mote_fail(err, MOTE_ERR_FORMAT, "value of %s is no constant", name));
  }
  if (is_final && value != NULL)
    return MOTE_VEC_PUSH(al, &m->consts, attr, err);
  if (m->attrs.len >= MAX_ATTRS)
    return fail_at(def, type, err, mote_fail(err, MOTE_ERR_LIMIT, "class of more than %d attributes", MAX_ATTRS));
  for (size_t i = 0; i < m->attrs.len; i++)
    if (strcmp(m->attrs.at[i].name, name) == 0)
      return fail_at(def, type, err, mote_fail(err, MOTE_ERR_FORMAT, "attribute %s occurs twice", name));
  return MOTE_VEC_PUSH(al, &m->attrs, attr, err);
}

static mote_status add_enum_member(mote_front *front, mote_def *def, members *m, const mote_node *assign,
                                   mote_error *err) {
  mote_attr attr = {.name = assign->kids[0]->u.name};
  MOTE_TRY(mote_read_literal(front, def->unit, assign->kids[1], NULL, &attr.value, &attr.has_value, err));
  if (!attr.has_value)
    return fail_at(def, assign, err, mote_fail(err, MOTE_ERR_FORMAT, "value of %s is no constant", attr.name));
  attr.type = attr.value.type;
  return MOTE_VEC_PUSH(front->program->al, &m->attrs, attr, err);
}

// ["a", "b", ]
static mote_status read_names(mote_front *front, const mote_node *list, const char *const **out, uint32_t *n,
                              mote_error *err) {
  const char **names = MOTE_ARENA_ARRAY(&front->program->arena, const char *, list->n + 1);
  if (names == NULL)
    return mote_fail_nomem(err);
  *n = 0;
  for (uint32_t i = 0; i < list->n; i++)
    if (list->kids[i]->kind == MOTE_NODE_STR)
      names[(*n)++] = list->kids[i]->u.s.at;
  *out = names;
  return MOTE_OK;
}

typedef struct name_list {
  const char *const *at;
  uint32_t n;
} name_list;

static bool holds(const name_list *list, const char *name) {
  for (uint32_t i = 0; i < list->n; i++)
    if (strcmp(list->at[i], name) == 0)
      return true;
  return false;
}

typedef struct class_body {
  mote_front *front;
  mote_def *def;
  members m;
  name_list parameters, buffers;
} class_body;

static mote_status read_assign(class_body *b, const mote_node *s, mote_error *err) {
  const mote_node *target = s->kids[0];
  mote_class *cls = b->def->cls;
  if (target->kind == MOTE_NODE_NAME && s->kids[2] != NULL)
    return add_attr(b->front, b->def, &b->m, target->u.name, s->kids[2], s->kids[1], err);
  if (target->kind == MOTE_NODE_SUBSCRIPT && is_named(target->kids[0], "__annotations__") &&
      target->kids[1]->kind == MOTE_NODE_STR && s->kids[1] != NULL)
    return add_attr(b->front, b->def, &b->m, target->kids[1]->u.s.at, s->kids[1], NULL, err);
  if (target->kind != MOTE_NODE_NAME)
    return fail_at(b->def, s, err, mote_fail(err, MOTE_ERR_FORMAT, "statement has no meaning in a class"));
  if (is_named(target, "__parameters__"))
    return read_names(b->front, s->kids[1], &b->parameters.at, &b->parameters.n, err);
  if (is_named(target, "__buffers__"))
    return read_names(b->front, s->kids[1], &b->buffers.at, &b->buffers.n, err);
  if (is_named(target, "__forward_hooks__"))
    return read_names(b->front, s->kids[1], &cls->forward_hooks, &cls->n_forward_hooks, err);
  if (is_named(target, "__forward_pre_hooks__"))
    return read_names(b->front, s->kids[1], &cls->forward_pre_hooks, &cls->n_forward_pre_hooks, err);
  return cls->kind == MOTE_CLASS_ENUM ? add_enum_member(b->front, b->def, &b->m, s, err) : MOTE_OK;
}

static mote_status read_method(class_body *b, mote_node *node, mote_error *err) {
  mote_program *program = b->front->program;
  mote_class *cls = b->def->cls;
  mote_def *def = MOTE_ARENA_NEW(&b->front->scratch, mote_def);
  size_t cls_len = strlen(cls->name), len = strlen(node->u.name);
  char *full = mote_arena_alloc(&program->arena, cls_len + len + 2);
  if (def == NULL || full == NULL)
    return mote_fail_nomem(err);
  memcpy(full, cls->name, cls_len);
  full[cls_len] = '.';
  memcpy(full + cls_len + 1, node->u.name, len);
  def->unit = b->def->unit;
  def->node = node;
  MOTE_TRY(mote_declare_function(b->front, def, cls, full, err));
  if (def->fn->n_params == 0)
    return fail_at(b->def, node, err, mote_fail(err, MOTE_ERR_FORMAT, "method %s has no self", node->u.name));
  MOTE_TRY(MOTE_VEC_PUSH(program->al, &b->m.methods, def->fn, err));
  return cls->kind == MOTE_CLASS_INTERFACE ? MOTE_OK : mote_front_enqueue(b->front, def->fn, err);
}

static mote_status read_body(class_body *b, mote_error *err) {
  const mote_node *body = b->def->node->kids[0];
  for (uint32_t i = 0; i < body->n; i++) {
    mote_node *s = body->kids[i];
    if (s->kind == MOTE_NODE_ASSIGN)
      MOTE_TRY(read_assign(b, s, err));
    else if (s->kind == MOTE_NODE_DEF)
      MOTE_TRY(read_method(b, s, err));
    else if (s->kind != MOTE_NODE_PASS && s->kind != MOTE_NODE_EXPR)
      return fail_at(b->def, s, err, mote_fail(err, MOTE_ERR_FORMAT, "statement has no meaning in a class"));
  }
  return MOTE_OK;
}

static mote_status keep_members(class_body *b, mote_error *err) {
  mote_class *cls = b->def->cls;
  mote_arena *arena = &b->front->program->arena;
  members *m = &b->m;
  cls->attrs = MOTE_ARENA_ARRAY(arena, mote_attr, m->attrs.len + 1);
  cls->consts = MOTE_ARENA_ARRAY(arena, mote_attr, m->consts.len + 1);
  cls->methods = MOTE_ARENA_ARRAY(arena, mote_function *, m->methods.len + 1);
  if (cls->attrs == NULL || cls->consts == NULL || cls->methods == NULL)
    return mote_fail_nomem(err);
  for (size_t i = 0; i < m->attrs.len; i++) {
    cls->attrs[i] = m->attrs.at[i];
    cls->attrs[i].is_parameter = holds(&b->parameters, m->attrs.at[i].name);
    cls->attrs[i].is_buffer = holds(&b->buffers, m->attrs.at[i].name);
  }
  for (size_t i = 0; i < m->consts.len; i++)
    cls->consts[i] = m->consts.at[i];
  for (size_t i = 0; i < m->methods.len; i++)
    cls->methods[i] = m->methods.at[i];
  cls->n_attrs = (uint32_t)m->attrs.len;
  cls->n_consts = (uint32_t)m->consts.len;
  cls->n_methods = (uint32_t)m->methods.len;
  return MOTE_OK;
}

mote_status mote_declare_class(mote_front *front, mote_def *def, mote_error *err) {
  const mote_allocator *al = front->program->al;
  class_body b = {.front = front, .def = def};
  if (front->defining >= MAX_NESTED_CLASSES)
    return fail_at(
        def, def->node, err,
        mote_fail(err, MOTE_ERR_LIMIT, "constants of classes name one another deeper than %d", MAX_NESTED_CLASSES));
  front->defining++;
  def->cls->kind = class_kind(def->node);
  def->cls->def = def;
  mote_status status = read_body(&b, err);
  if (status == MOTE_OK)
    status = keep_members(&b, err);
  if (status == MOTE_OK && def->cls->kind == MOTE_CLASS_NAMEDTUPLE)
    status = mote_class_become_tuple(&front->program->types, def->cls, err);
  front->defining--;
  MOTE_VEC_FREE(al, &b.m.attrs);
  MOTE_VEC_FREE(al, &b.m.consts);
  MOTE_VEC_FREE(al, &b.m.methods);
  return status;
}
