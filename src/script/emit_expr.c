// Code of expressions that the typing pass has checked: pushes their values. Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"

static mote_status emit_fits(mote_emit *e, const mote_fit *fits, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    MOTE_TRY(mote_emit_fit(e, &fits[i]));
  return MOTE_OK;
}

static mote_status emit_int(mote_emit *e, int64_t v) {
  mote_literal lit = {.kind = MOTE_LIT_INT, .type = mote_type_basic(e->types, MOTE_TYPE_INT)};
  lit.u.i = v;
  return mote_emit_const(e, &lit);
}

static mote_status emit_bool(mote_emit *e, bool v) {
  mote_literal lit = {.kind = MOTE_LIT_BOOL, .type = mote_type_basic(e->types, MOTE_TYPE_BOOL)};
  lit.u.b = v;
  return mote_emit_const(e, &lit);
}

static mote_status emit_typed(mote_emit *e, mote_opcode op, const mote_type *type, uint32_t n) {
  int32_t index;
  MOTE_TRY(mote_emit_type(e, &type, 1, &index));
  return mote_emit_insn(e, op, index, n);
}

static mote_status emit_conversion(mote_emit *e, const mote_fit *fit) {
  const mote_schema *schema;
  uint32_t pushed;
  mote_schemas *schemas = &e->front->program->schemas;
  int32_t id = mote_schema_id(schemas, fit->op, fit->overload);
  MOTE_TRY(mote_emit_fit(e, &fit->items[0]));
  if (id < 0)
    return mote_fail(e->err, MOTE_ERR_INTERNAL, "%s.%s has no schema", fit->op, fit->overload);
  MOTE_TRY(mote_schema_get(schemas, (uint32_t)id, &schema, e->err));
  return mote_emit_op(e, schema->name, schema->overload, schema, schema->n_args, &pushed);
}

// The item n times on the stack, computed once.
static mote_status emit_repeated(mote_emit *e, const mote_fit *fit) {
  MOTE_TRY(mote_emit_fit(e, &fit->items[0]));
  if (fit->n == 1)
    return MOTE_OK;
  uint32_t reg = mote_emit_reg(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_STORE, (int32_t)reg, 0));
  for (uint32_t i = 0; i < fit->n; i++)
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_LOAD, (int32_t)reg, 0));
  return MOTE_OK;
}

mote_status mote_emit_fit(mote_emit *e, const mote_fit *fit) {
  uint32_t parts;
  switch (fit->kind) {
  case MOTE_FIT_NODE:
    return mote_emit_expr(e, fit->node);
  case MOTE_FIT_LITERAL:
    return mote_emit_const(e, fit->lit);
  case MOTE_FIT_CONVERT:
    return emit_conversion(e, fit);
  case MOTE_FIT_REPEAT:
    MOTE_TRY(emit_repeated(e, fit));
    return emit_typed(e, MOTE_OPC_LIST_CONSTRUCT, fit->type, fit->n);
  case MOTE_FIT_LIST:
    MOTE_TRY(emit_fits(e, fit->items, fit->n));
    return emit_typed(e, MOTE_OPC_LIST_CONSTRUCT, fit->type, fit->n);
  case MOTE_FIT_UNPACK:
    MOTE_TRY(mote_emit_parts(e, fit->node, &parts));
    if (parts == 0)
      MOTE_TRY(mote_emit_unpack(e, fit->n));
    return emit_typed(e, MOTE_OPC_LIST_CONSTRUCT, fit->type, fit->n);
  }
  return mote_fail(e->err, MOTE_ERR_INTERNAL, "fit of kind %d", (int)fit->kind);
}

// a and b: a, if false then False, else b. `or` the other way round.
static mote_status emit_and_or(mote_emit *e, const mote_node *node, const mote_use *use) {
  bool is_and = node->kind == MOTE_NODE_AND;
  MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
  size_t skip = mote_emit_here(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JF, 0, 0));
  MOTE_TRY(is_and ? mote_emit_fit(e, &use->fits[1]) : emit_bool(e, true));
  size_t end = mote_emit_here(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JMP, 0, 0));
  mote_emit_patch(e, skip);
  MOTE_TRY(is_and ? emit_bool(e, false) : mote_emit_fit(e, &use->fits[1]));
  mote_emit_patch(e, end);
  return MOTE_OK;
}

static mote_status emit_ternary(mote_emit *e, const mote_use *use) {
  MOTE_TRY(mote_emit_fit(e, &use->fits[1]));
  size_t skip = mote_emit_here(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JF, 0, 0));
  MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
  size_t end = mote_emit_here(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JMP, 0, 0));
  mote_emit_patch(e, skip);
  MOTE_TRY(mote_emit_fit(e, &use->fits[2]));
  mote_emit_patch(e, end);
  return MOTE_OK;
}

// Operator results stay apart: *pushed tells how many.
static mote_status emit_operator(mote_emit *e, const mote_node *node, const mote_use *use, uint32_t *pushed) {
  MOTE_TRY(emit_fits(e, use->fits, use->n_fits));
  e->at = node->offset;
  return mote_emit_op(e, use->name, use->overload, use->schema, use->n_fits, pushed);
}

static mote_status emit_operator_value(mote_emit *e, const mote_node *node, const mote_use *use) {
  uint32_t pushed;
  MOTE_TRY(emit_operator(e, node, use, &pushed));
  if (pushed == 0)
    return mote_emit_none(e);
  return pushed == 1 ? MOTE_OK : mote_emit_insn(e, MOTE_OPC_TUPLE_CONSTRUCT, (int32_t)pushed, 0);
}

static mote_status emit_method(mote_emit *e, const mote_node *node, const mote_use *use) {
  mote_literal name = {.kind = MOTE_LIT_STR, .type = mote_type_basic(e->types, MOTE_TYPE_STR)};
  int32_t index;
  name.u.s.at = use->name;
  name.u.s.len = strlen(use->name);
  MOTE_TRY(emit_fits(e, use->fits, use->n_fits));
  MOTE_TRY(mote_emit_const_index(e, &name, &index));
  e->at = node->offset;
  return mote_emit_insn(e, MOTE_OPC_INTERFACE_CALL, index, use->n_fits);
}

static mote_status emit_call(mote_emit *e, const mote_node *node, const mote_use *use) {
  int32_t index;
  MOTE_TRY(emit_fits(e, use->fits, use->n_fits));
  MOTE_TRY(mote_emit_callee(e, use->fn, &index));
  e->at = node->offset;
  if (use->kind == MOTE_USE_FUNCTION)
    return mote_emit_insn(e, MOTE_OPC_CALL, index, 0);
  return mote_emit_insn(e, use->n ? MOTE_OPC_AWAITABLE : MOTE_OPC_FORK, index, use->n_fits);
}

static mote_status emit_tuple(mote_emit *e, const mote_use *use) {
  MOTE_TRY(emit_fits(e, use->fits, use->n_fits));
  if (use->type->cls != NULL)
    return emit_typed(e, MOTE_OPC_NAMED_TUPLE_CONSTRUCT, use->type, use->n_fits);
  return mote_emit_insn(e, MOTE_OPC_TUPLE_CONSTRUCT, (int32_t)use->n_fits, 0);
}

static mote_status emit_to_list(mote_emit *e, const mote_use *use) {
  MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
  MOTE_TRY(emit_int(e, use->n));
  MOTE_TRY(emit_int(e, use->n2));
  return mote_emit_insn(e, MOTE_OPC_TO_LIST, 0, 0);
}

static mote_status emit_use(mote_emit *e, const mote_node *node, const mote_use *use) {
  int32_t index;
  switch (use->kind) {
  case MOTE_USE_OP:
    return emit_operator_value(e, node, use);
  case MOTE_USE_FUNCTION:
  case MOTE_USE_FORK:
    return emit_call(e, node, use);
  case MOTE_USE_METHOD:
    return emit_method(e, node, use);
  case MOTE_USE_NEW:
    return emit_typed(e, MOTE_OPC_CREATE_OBJECT, use->type, 0);
  case MOTE_USE_TUPLE:
    return emit_tuple(e, use);
  case MOTE_USE_LIST:
  case MOTE_USE_DICT:
    MOTE_TRY(emit_fits(e, use->fits, use->n_fits));
    return emit_typed(e, use->kind == MOTE_USE_LIST ? MOTE_OPC_LIST_CONSTRUCT : MOTE_OPC_DICT_CONSTRUCT, use->type,
                      use->n_fits);
  case MOTE_USE_ATTR:
    MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
    e->at = node->offset;
    return mote_emit_insn(e, MOTE_OPC_GET_ATTR, (int32_t)use->n, 0);
  case MOTE_USE_ITEM:
    MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
    MOTE_TRY(emit_int(e, use->n));
    return mote_emit_insn(e, MOTE_OPC_TUPLE_INDEX, 0, 0);
  case MOTE_USE_SLICE:
    MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
    return mote_emit_insn(e, MOTE_OPC_TUPLE_SLICE, (int32_t)use->n, use->n2);
  case MOTE_USE_LITERAL:
    return mote_emit_const(e, &use->lit);
  case MOTE_USE_SAME:
    return mote_emit_fit(e, &use->fits[0]);
  case MOTE_USE_NOTHING:
    return mote_emit_insn(e, MOTE_OPC_UN_INITIALIZED, 0, 0);
  case MOTE_USE_ISA:
    MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
    if (use->n == 0) { // of no type at all
      MOTE_TRY(mote_emit_insn(e, MOTE_OPC_DROP, 0, 0));
      return emit_bool(e, false);
    }
    MOTE_TRY(mote_emit_type(e, use->types, use->n, &index));
    return mote_emit_insn(e, MOTE_OPC_ISINSTANCE, index, use->n);
  case MOTE_USE_TO_LIST:
    return emit_to_list(e, use);
  case MOTE_USE_VAR:
    return mote_emit_insn(e, MOTE_OPC_LOAD, (int32_t)use->n, 0);
  }
  return mote_fail(e->err, MOTE_ERR_INTERNAL, "use of kind %d", (int)use->kind);
}

mote_status mote_emit_expr(mote_emit *e, mote_node *node) {
  const mote_use *use = node->res;
  switch (node->kind) {
  case MOTE_NODE_AND:
  case MOTE_NODE_OR:
    return emit_and_or(e, node, use);
  case MOTE_NODE_NOT:
    MOTE_TRY(mote_emit_fit(e, &use->fits[0]));
    return mote_emit_insn(e, MOTE_OPC___NOT__, 0, 0);
  case MOTE_NODE_TERNARY:
    return emit_ternary(e, use);
  default:
    return emit_use(e, node, use);
  }
}

mote_status mote_emit_parts(mote_emit *e, mote_node *node, uint32_t *parts) {
  const mote_use *use = node->res;
  *parts = 0;
  if (node->kind == MOTE_NODE_TUPLE && use->n_fits > 0) {
    *parts = use->n_fits;
    return emit_fits(e, use->fits, use->n_fits);
  }
  if (use->kind == MOTE_USE_OP && use->schema != NULL && use->schema->n_results > 1)
    return emit_operator(e, node, use, parts);
  return mote_emit_expr(e, node);
}

mote_status mote_emit_effect(mote_emit *e, mote_node *node) {
  const mote_use *use = node->res;
  uint32_t pushed = 1;
  if (use->kind == MOTE_USE_LITERAL || use->kind == MOTE_USE_VAR)
    return MOTE_OK;
  if (use->kind == MOTE_USE_OP)
    MOTE_TRY(emit_operator(e, node, use, &pushed));
  else
    MOTE_TRY(mote_emit_expr(e, node));
  for (uint32_t i = 0; i < pushed; i++)
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_DROP, 0, 0));
  return MOTE_OK;
}
