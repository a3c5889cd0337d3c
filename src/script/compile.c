// One function from its tree to verified bytecode; fork bodies, which capture variables, as well.
// Tests: tests/script/test_compile.c
#include "script/emit_stmt.h"

#include <string.h>

#include "base/fail.h"

static void start(mote_emit *e, mote_front *front, mote_unit *unit, mote_function *fn, mote_error *err) {
  memset(e, 0, sizeof *e);
  e->front = front;
  e->types = &front->program->types;
  e->unit = unit;
  e->fn = fn;
  e->err = err;
  e->al = front->program->al;
  mote_map_init(&e->var_index, e->al);
  mote_map_init(&e->tables, e->al);
}

static void finish(mote_emit *e) {
  mote_map_destroy(&e->var_index);
  mote_map_destroy(&e->tables);
  MOTE_VEC_FREE(e->al, &e->vars);
  MOTE_VEC_FREE(e->al, &e->trail);
  MOTE_VEC_FREE(e->al, &e->code);
  MOTE_VEC_FREE(e->al, &e->places);
  MOTE_VEC_FREE(e->al, &e->consts);
  MOTE_VEC_FREE(e->al, &e->type_list);
  MOTE_VEC_FREE(e->al, &e->ops);
  MOTE_VEC_FREE(e->al, &e->callees);
}

static mote_status emit_prologue(mote_emit *e) {
  uint32_t reg;
  e->at = e->fn->def ? ((mote_def *)e->fn->def)->node->offset : 0;
  for (uint32_t i = 0; i < e->fn->n_params; i++)
    MOTE_TRY(mote_emit_bind(e, e->fn->params[i].name, e->fn->params[i].type, &reg));
  return e->fn->n_params ? mote_emit_insn(e, MOTE_OPC_STOREN, 1, e->fn->n_params) : MOTE_OK;
}

static void *keep(mote_arena *arena, const void *at, size_t count, size_t size) {
  void *own = mote_arena_array(arena, count + 1, size);
  if (own != NULL && count > 0)
    memcpy(own, at, count * size);
  return own;
}

static mote_status keep_code(mote_emit *e) {
  mote_arena *arena = &e->front->program->arena;
  mote_function *fn = e->fn;
  fn->n_code = (uint32_t)e->code.len;
  fn->n_consts = (uint32_t)e->consts.len;
  fn->n_types = (uint32_t)e->type_list.len;
  fn->n_ops = (uint32_t)e->ops.len;
  fn->n_callees = (uint32_t)e->callees.len;
  fn->n_regs = e->n_regs;
  fn->places = keep(arena, e->places.at, e->places.len, sizeof *e->places.at);
  fn->consts = keep(arena, e->consts.at, e->consts.len, sizeof *e->consts.at);
  fn->types = keep(arena, e->type_list.at, e->type_list.len, sizeof *e->type_list.at);
  fn->ops = keep(arena, e->ops.at, e->ops.len, sizeof *e->ops.at);
  fn->callees = keep(arena, e->callees.at, e->callees.len, sizeof *e->callees.at);
  fn->code = keep(arena, e->code.at, e->code.len, sizeof *e->code.at);
  if (fn->places && fn->consts && fn->types && fn->ops && fn->callees && fn->code)
    return MOTE_OK;
  fn->code = NULL;
  return mote_fail_nomem(e->err);
}

static mote_status emit_function(mote_emit *e, mote_node *body) {
  MOTE_TRY(emit_prologue(e));
  MOTE_TRY(mote_emit_body(e, body));
  MOTE_TRY(mote_emit_moves(e));
  MOTE_TRY(keep_code(e));
  return mote_function_verify(e->fn, e->al, e->err);
}

mote_status mote_compile_function(mote_front *front, mote_function *fn, mote_error *err) {
  mote_def *def = fn->def;
  mote_emit e;
  const mote_schema_arg *formals;
  MOTE_TRY(mote_function_formals(front, fn, &formals, err));
  start(&e, front, def->unit, fn, err);
  e.result = fn->result;
  front->defining_ops = def->unit->is_definition;
  mote_status status = emit_function(&e, def->node->kids[0]);
  front->defining_ops = false;
  finish(&e);
  return status;
}

// ---------------------------------------------------------------------------------------------------- fork

typedef struct captures {
  mote_emit *outer;
  MOTE_VEC(mote_var) vars;
} captures;

static mote_status find_captures(captures *c, const mote_node *node) {
  if (node->kind == MOTE_NODE_NAME) {
    const mote_var *var = mote_emit_var(c->outer, node->u.name);
    if (var == NULL || var->kind == MOTE_VAR_NONE)
      return MOTE_OK;
    for (size_t i = 0; i < c->vars.len; i++)
      if (c->vars.at[i].name == var->name)
        return MOTE_OK;
    return MOTE_VEC_PUSH(c->outer->al, &c->vars, *var, c->outer->err);
  }
  for (uint32_t i = 0; i < node->n; i++)
    if (node->kids[i] != NULL)
      MOTE_TRY(find_captures(c, node->kids[i]));
  return MOTE_OK;
}

// Captured values become parameters; captured functions are known inside by the same names.
static mote_status bind_captures(const captures *c, mote_function *fn, mote_emit *inner, mote_use *use) {
  mote_front *front = c->outer->front;
  size_t n = c->vars.len;
  fn->params = MOTE_ARENA_ARRAY(&front->program->arena, mote_param, n + 1);
  use->fits = MOTE_ARENA_ARRAY(&front->scratch, mote_fit, n + 1);
  if (fn->params == NULL || use->fits == NULL)
    return mote_fail_nomem(c->outer->err);
  for (size_t i = 0; i < n; i++) {
    const mote_var *var = &c->vars.at[i];
    if (var->kind != MOTE_VAR_VALUE)
      continue;
    mote_node *node = MOTE_ARENA_NEW(&front->scratch, mote_node);
    if (node == NULL)
      return mote_fail_nomem(c->outer->err);
    node->kind = MOTE_NODE_NAME;
    node->offset = c->outer->at;
    node->u.name = var->name;
    MOTE_TRY(mote_check(c->outer, node, NULL));
    use->fits[fn->n_params] = (mote_fit){.kind = MOTE_FIT_NODE, .node = node, .type = var->type};
    fn->params[fn->n_params++] = (mote_param){.name = var->name, .type = var->type};
  }
  use->n_fits = fn->n_params;
  MOTE_TRY(emit_prologue(inner));
  for (size_t i = 0; i < n; i++)
    if (c->vars.at[i].kind != MOTE_VAR_VALUE)
      MOTE_TRY(mote_emit_bind_other(inner, &c->vars.at[i]));
  return MOTE_OK;
}

static mote_status compile_captured(captures *c, mote_node *def, mote_function *fn, mote_emit *inner, mote_use *use) {
  MOTE_TRY(find_captures(c, def->kids[0]));
  MOTE_TRY(bind_captures(c, fn, inner, use));
  if (def->kids[1] != NULL)
    MOTE_TRY(mote_read_type(inner->front, inner->unit, def->kids[1], &inner->result, inner->err));
  MOTE_TRY(mote_emit_body(inner, def->kids[0]));
  fn->result = inner->result;
  MOTE_TRY(mote_emit_moves(inner));
  MOTE_TRY(keep_code(inner));
  return mote_function_verify(fn, inner->al, inner->err);
}

mote_status mote_compile_fork(mote_emit *outer, mote_node *def, mote_use *use) {
  mote_front *front = outer->front;
  mote_function *fn = MOTE_ARENA_NEW(&front->program->arena, mote_function);
  char name[300];
  int len = mote_snprint(name, sizeof name, "%.250s.fork_%u", outer->fn->name, front->closures++);
  if (fn == NULL || (fn->name = mote_arena_str(&front->program->arena, name, (size_t)len)) == NULL)
    return mote_fail_nomem(outer->err);
  if (def->n > 2)
    return mote_check_fail(outer, def, mote_fail(outer->err, MOTE_ERR_FORMAT, "a forked function takes no parameters"));
  use->fn = fn;
  captures c = {.outer = outer};
  mote_emit inner;
  start(&inner, front, outer->unit, fn, outer->err);
  inner.at = def->offset;
  mote_status status = compile_captured(&c, def, fn, &inner, use);
  finish(&inner);
  MOTE_VEC_FREE(outer->al, &c.vars);
  return status == MOTE_OK ? MOTE_VEC_PUSH(outer->al, &front->program->functions, fn, outer->err) : status;
}
