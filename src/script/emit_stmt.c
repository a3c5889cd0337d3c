// Statements: code, and what each variable holds on every way through them. Tests: tests/script/test_compile.c
#include "script/emit_stmt.h"

#include <string.h>

#include "base/fail.h"

static mote_status emit_block(mote_emit *e, mote_node *block);

// ---------------------------------------------------------------------------------------------------- variables

// Every change is written to the trail with the old state, so that branches can be taken back.
static mote_status set_var(mote_emit *e, uint32_t index, mote_var state) {
  mote_trail entry = {index, e->vars.at[index]};
  state.then_state = state.else_state = NULL;
  e->vars.at[index] = state;
  return MOTE_VEC_PUSH(e->al, &e->trail, entry, e->err);
}

static mote_status find_var(mote_emit *e, const char *name, uint32_t *index) {
  mote_map_entry *entry = mote_map_find(&e->var_index, &name, sizeof name);
  if (entry != NULL) {
    *index = (uint32_t)entry->value.num;
    return MOTE_OK;
  }
  const char **key = mote_arena_alloc(&e->front->scratch, sizeof *key);
  mote_var var = {.name = name};
  if (key == NULL)
    return mote_fail_nomem(e->err);
  *key = name;
  *index = (uint32_t)e->vars.len;
  MOTE_TRY(MOTE_VEC_PUSH(e->al, &e->vars, var, e->err));
  entry = mote_map_put(&e->var_index, key, sizeof *key);
  if (entry == NULL)
    return mote_fail_nomem(e->err);
  entry->value.num = *index;
  return MOTE_OK;
}

mote_status mote_emit_bind(mote_emit *e, const char *name, const mote_type *type, uint32_t *reg) {
  uint32_t index;
  MOTE_TRY(find_var(e, name, &index));
  mote_var var = e->vars.at[index];
  if (var.reg == 0)
    e->vars.at[index].reg = var.reg = mote_emit_reg(e); // one register a name, kept when a branch is taken back
  var.kind = MOTE_VAR_VALUE;
  var.type = type;
  var.conflict = false;
  *reg = var.reg;
  return set_var(e, index, var);
}

static mote_status bind_other(mote_emit *e, const char *name, mote_var_kind kind, mote_function *fn, mote_class *cls,
                              mote_node *closure) {
  uint32_t index;
  MOTE_TRY(find_var(e, name, &index));
  mote_var var = {.name = name, .kind = kind, .reg = e->vars.at[index].reg, .fn = fn, .cls = cls, .closure = closure};
  return set_var(e, index, var);
}

mote_status mote_emit_bind_other(mote_emit *e, const mote_var *var) {
  return bind_other(e, var->name, var->kind, var->fn, var->cls, var->closure);
}

// Takes back everything since `mark`; what each changed variable held goes to `saved` (may be NULL).
static mote_status take_back(mote_emit *e, size_t mark, mote_states *saved) {
  for (size_t i = mark; saved != NULL && i < e->trail.len; i++) {
    mote_trail now = {e->trail.at[i].var, e->vars.at[e->trail.at[i].var]};
    MOTE_TRY(MOTE_VEC_PUSH(e->al, saved, now, e->err));
  }
  while (e->trail.len > mark) {
    const mote_trail *entry = &e->trail.at[--e->trail.len];
    uint32_t reg = e->vars.at[entry->var].reg;
    e->vars.at[entry->var] = entry->state;
    e->vars.at[entry->var].reg = reg;
  }
  return MOTE_OK;
}

static mote_var join_states(mote_emit *e, mote_var a, const mote_var *b) {
  if (a.kind == b->kind && a.kind == MOTE_VAR_VALUE) {
    const mote_type *type = mote_type_unify(e->types, a.type, b->type);
    if (type != NULL) {
      a.type = type;
      return a;
    }
    a.conflict = true;
  } else if (a.kind == b->kind && a.fn == b->fn && a.cls == b->cls && a.closure == b->closure) {
    return a;
  }
  a.kind = MOTE_VAR_NONE;
  return a;
}

static mote_status join_one(mote_emit *e, uint32_t index, bool then_ends, bool else_ends) {
  mote_var *var = &e->vars.at[index];
  if (var->then_state == NULL && var->else_state == NULL)
    return MOTE_OK; // done for an earlier entry
  mote_var a = var->then_state ? var->then_state->state : *var;
  mote_var b = var->else_state ? var->else_state->state : *var;
  uint32_t reg = var->reg;
  var->then_state = var->else_state = NULL;
  mote_var joined = then_ends && !else_ends ? b : else_ends && !then_ends ? a : join_states(e, a, &b);
  joined.reg = reg;
  return set_var(e, index, joined);
}

// After both branches were taken back: what each variable holds where they meet. A branch that ends in return or raise
// does not count.
static mote_status join(mote_emit *e, const mote_states *then_states, const mote_states *else_states, bool then_ends,
                        bool else_ends) {
  for (size_t i = 0; i < then_states->len; i++)
    e->vars.at[then_states->at[i].var].then_state = &then_states->at[i];
  for (size_t i = 0; i < else_states->len; i++)
    e->vars.at[else_states->at[i].var].else_state = &else_states->at[i];
  for (size_t i = 0; i < then_states->len; i++)
    MOTE_TRY(join_one(e, then_states->at[i].var, then_ends, else_ends));
  for (size_t i = 0; i < else_states->len; i++)
    MOTE_TRY(join_one(e, else_states->at[i].var, then_ends, else_ends));
  return MOTE_OK;
}

// A loop's body sees what the iteration before left: a variable from before the loop must keep its type.
static mote_status close_loop(mote_emit *e, const mote_node *loop, size_t mark, bool body_ends) {
  mote_states after = {0};
  mote_status status = take_back(e, mark, &after);
  for (size_t i = 0; status == MOTE_OK && i < after.len; i++) {
    const mote_var *was = &e->vars.at[after.at[i].var], *now = &after.at[i].state;
    bool same = was->kind != MOTE_VAR_VALUE ||
                (now->kind == MOTE_VAR_VALUE && mote_type_is_subtype(e->types, now->type, was->type));
    if (!same && !body_ends)
      status =
          mote_check_fail(e, loop, mote_fail(e->err, MOTE_ERR_FORMAT, "%.80s changes its type in the loop", was->name));
  }
  MOTE_VEC_FREE(e->al, &after);
  return status;
}

// ---------------------------------------------------------------------------------------------------- assignment

static mote_status store_top(mote_emit *e, mote_node *target, const mote_type *type);

static mote_status store_attr(mote_emit *e, mote_node *target, mote_fit *value) {
  mote_node *base = target->kids[0];
  uint32_t slot;
  MOTE_TRY(mote_check(e, base, NULL));
  const mote_attr *attr =
      base->type->kind == MOTE_TYPE_CLASS ? mote_class_attr(base->type->cls, target->u.name, &slot) : NULL;
  if (attr == NULL)
    return mote_check_fail(
        e, target,
        mote_fail(e->err, MOTE_ERR_FORMAT, "attribute %.80s does not exist and can not be set", target->u.name));
  MOTE_TRY(mote_check_convert(e, value->node, attr->type, "attribute", value));
  MOTE_TRY(mote_emit_expr(e, base));
  MOTE_TRY(mote_emit_fit(e, value));
  e->at = target->offset;
  return mote_emit_insn(e, MOTE_OPC_SET_ATTR, (int32_t)slot, 0);
}

// base[index] = value
static mote_status store_item(mote_emit *e, mote_node *target, mote_node *value) {
  mote_node *call = MOTE_ARENA_NEW(&e->front->scratch, mote_node);
  if (call == NULL)
    return mote_fail_nomem(e->err);
  for (int i = 0; i < 2; i++)
    MOTE_TRY(mote_check(e, target->kids[i], NULL));
  MOTE_TRY(mote_check(e, value, NULL));
  mote_actual actuals[3] = {{NULL, target->kids[0]}, {NULL, target->kids[1]}, {NULL, value}};
  call->kind = MOTE_NODE_CALL;
  call->offset = target->offset;
  MOTE_TRY(mote_check_operator(e, call, "aten::_set_item", actuals, 3));
  return mote_emit_effect(e, call);
}

// Takes the tuple or list of `type` on top apart into the targets.
static mote_status unpack_top(mote_emit *e, mote_node *targets, const mote_type *type) {
  uint32_t n = targets->n;
  if (type->kind == MOTE_TYPE_LIST) {
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_LIST_UNPACK, (int32_t)n, 0));
  } else if ((type->kind == MOTE_TYPE_TUPLE && type->n_args == n) || type->kind == MOTE_TYPE_UNKNOWN) {
    MOTE_TRY(mote_emit_unpack(e, n));
  } else {
    return mote_check_mismatch(e, targets, "unpacked value", mote_type_basic(e->types, MOTE_TYPE_ANY_TUPLE), type);
  }
  for (uint32_t i = n; i-- > 0;)
    MOTE_TRY(store_top(e, targets->kids[i],
                       type->kind == MOTE_TYPE_TUPLE ? type->args[i]
                       : type->n_args                ? type->args[0]
                                                     : type));
  return MOTE_OK;
}

// Stores what is on top of the stack.
static mote_status store_top(mote_emit *e, mote_node *target, const mote_type *type) {
  uint32_t reg;
  if (target->kind == MOTE_NODE_NAME) {
    MOTE_TRY(mote_emit_bind(e, target->u.name, type, &reg));
    return mote_emit_insn(e, MOTE_OPC_STORE, (int32_t)reg, 0);
  }
  if (target->kind == MOTE_NODE_TUPLE)
    return unpack_top(e, target, type);
  if (target->kind != MOTE_NODE_ATTR && target->kind != MOTE_NODE_SUBSCRIPT)
    return mote_check_fail(e, target, mote_fail(e->err, MOTE_ERR_FORMAT, "can not be assigned to"));
  // A nameless variable holds the value until the object is there.
  mote_node *name = MOTE_ARENA_NEW(&e->front->scratch, mote_node);
  const char *hidden = mote_intern(&e->front->names, &e->front->program->arena, " value", 6);
  if (name == NULL || hidden == NULL)
    return mote_fail_nomem(e->err);
  name->kind = MOTE_NODE_NAME;
  name->offset = target->offset;
  name->u.name = hidden;
  MOTE_TRY(store_top(e, name, type));
  mote_fit value = {.kind = MOTE_FIT_NODE, .node = name};
  return target->kind == MOTE_NODE_ATTR ? store_attr(e, target, &value) : store_item(e, target, name);
}

static mote_status assign_tuple(mote_emit *e, mote_node *target, mote_node *value) {
  uint32_t parts;
  MOTE_TRY(mote_check(e, value, NULL));
  const mote_type *type = value->type;
  MOTE_TRY(mote_emit_parts(e, value, &parts));
  if (parts == 0)
    return unpack_top(e, target, type);
  if (parts != target->n)
    return mote_check_fail(e, target,
                           mote_fail(e->err, MOTE_ERR_FORMAT, "%u values for %u variables", parts, target->n));
  for (uint32_t i = parts; i-- > 0;)
    MOTE_TRY(store_top(e, target->kids[i], type->args[i]));
  return MOTE_OK;
}

static mote_status assign_name(mote_emit *e, mote_node *target, mote_node *value) {
  mote_function *fn;
  mote_class *cls;
  if (value->kind == MOTE_NODE_ATTR) { // _0 = __torch__.torch.nn.functional.relu
    mote_status status = mote_check_alias(e, value, &fn, &cls);
    if (status != MOTE_OK)
      return mote_check_fail(e, value, status);
    if (fn != NULL || cls != NULL)
      return bind_other(e, target->u.name, fn ? MOTE_VAR_FUNCTION : MOTE_VAR_CLASS, fn, cls, NULL);
  }
  MOTE_TRY(mote_check(e, value, NULL));
  MOTE_TRY(mote_emit_expr(e, value));
  return store_top(e, target, value->type);
}

static mote_status emit_assign(mote_emit *e, mote_node *node) {
  mote_node *target = node->kids[0], *value = node->kids[1], *annotation = node->kids[2];
  mote_fit fit = {.kind = MOTE_FIT_NODE, .node = value};
  if (value == NULL)
    return MOTE_OK; // a declaration without value
  if (annotation != NULL) {
    const mote_type *type;
    MOTE_TRY(mote_read_type(e->front, e->unit, annotation, &type, e->err));
    MOTE_TRY(mote_check_convert(e, value, type, "annotated value", &fit));
    MOTE_TRY(mote_emit_fit(e, &fit));
    return store_top(e, target, type);
  }
  switch (target->kind) {
  case MOTE_NODE_NAME:
    return assign_name(e, target, value);
  case MOTE_NODE_TUPLE:
    return assign_tuple(e, target, value);
  case MOTE_NODE_ATTR:
    return store_attr(e, target, &fit);
  case MOTE_NODE_SUBSCRIPT:
    return store_item(e, target, value);
  default:
    return mote_check_fail(e, target, mote_fail(e->err, MOTE_ERR_FORMAT, "can not be assigned to"));
  }
}

// ---------------------------------------------------------------------------------------------------- control flow

static mote_status emit_branches(mote_emit *e, mote_node *node, mote_states *then_states, mote_states *else_states) {
  mote_fit condition;
  MOTE_TRY(mote_check_condition(e, node->kids[0], &condition));
  MOTE_TRY(mote_emit_fit(e, &condition));
  size_t skip = mote_emit_here(e), end = 0, mark = e->trail.len;
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JF, 0, 0));
  bool outer = e->terminated;
  e->terminated = false;
  MOTE_TRY(emit_block(e, node->kids[1]));
  bool then_ends = e->terminated;
  MOTE_TRY(take_back(e, mark, then_states));
  if (node->kids[2] != NULL && !then_ends) {
    end = mote_emit_here(e);
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JMP, 0, 0));
  }
  mote_emit_patch(e, skip);
  e->terminated = false;
  if (node->kids[2] != NULL)
    MOTE_TRY(node->kids[2]->kind == MOTE_NODE_IF ? mote_emit_statement(e, node->kids[2])
                                                 : emit_block(e, node->kids[2]));
  bool else_ends = e->terminated;
  if (end != 0)
    mote_emit_patch(e, end);
  MOTE_TRY(take_back(e, mark, else_states));
  e->terminated = outer || (then_ends && else_ends);
  return join(e, then_states, else_states, then_ends, else_ends);
}

static mote_status emit_if(mote_emit *e, mote_node *node) {
  // Scripts of a module's constants are full of `if False:`; what is never reached need not even be typed.
  if (node->kids[0]->kind == MOTE_NODE_TRUE)
    return emit_block(e, node->kids[1]);
  if (node->kids[0]->kind == MOTE_NODE_FALSE && node->kids[2] == NULL)
    return MOTE_OK;
  if (node->kids[0]->kind == MOTE_NODE_FALSE)
    return node->kids[2]->kind == MOTE_NODE_IF ? mote_emit_statement(e, node->kids[2]) : emit_block(e, node->kids[2]);
  mote_states then_states = {0}, else_states = {0};
  mote_status status = emit_branches(e, node, &then_states, &else_states);
  MOTE_VEC_FREE(e->al, &then_states);
  MOTE_VEC_FREE(e->al, &else_states);
  return status;
}

static mote_status emit_while(mote_emit *e, mote_node *node) {
  mote_fit condition;
  size_t start = mote_emit_here(e), mark = e->trail.len;
  bool outer = e->terminated;
  MOTE_TRY(mote_check_condition(e, node->kids[0], &condition));
  MOTE_TRY(mote_emit_fit(e, &condition));
  size_t exit = mote_emit_here(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_JF, 0, 0));
  e->terminated = false;
  MOTE_TRY(emit_block(e, node->kids[1]));
  bool ends = e->terminated;
  if (!ends)
    MOTE_TRY(mote_emit_jump_back(e, start));
  mote_emit_patch(e, exit);
  e->terminated = outer;
  return close_loop(e, node, mark, ends);
}

// for i in range(n): the trip counters stay on the stack below the body's values.
static mote_status emit_for_body(mote_emit *e, mote_node *node, const mote_fit *count) {
  mote_literal zero = {.kind = MOTE_LIT_INT, .type = mote_type_basic(e->types, MOTE_TYPE_INT)};
  mote_literal yes = {.kind = MOTE_LIT_BOOL, .type = mote_type_basic(e->types, MOTE_TYPE_BOOL)};
  yes.u.b = true;
  MOTE_TRY(mote_emit_const(e, &zero));
  MOTE_TRY(mote_emit_fit(e, count));
  MOTE_TRY(mote_emit_const(e, &yes));
  size_t start = mote_emit_here(e), mark = e->trail.len;
  bool outer = e->terminated;
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_LOOP, 0, 2));
  e->residue += 2;
  e->terminated = false;
  MOTE_TRY(store_top(e, node->kids[0], zero.type));
  MOTE_TRY(emit_block(e, node->kids[2]));
  bool ends = e->terminated;
  if (!ends) {
    MOTE_TRY(mote_emit_const(e, &yes));
    MOTE_TRY(mote_emit_jump_back(e, start));
  }
  e->residue -= 2;
  mote_emit_patch(e, start);
  e->terminated = outer;
  return close_loop(e, node, mark, ends);
}

static mote_status emit_for(mote_emit *e, mote_node *node) {
  mote_node *iterable = node->kids[1];
  mote_fit count;
  bool is_range = iterable->kind == MOTE_NODE_CALL && iterable->n == 2 && iterable->kids[0]->kind == MOTE_NODE_NAME &&
                  strcmp(iterable->kids[0]->u.name, "range") == 0;
  if (!is_range)
    return mote_check_fail(
        e, node, mote_fail(e->err, MOTE_ERR_UNSUPPORTED, "saved source loops over range(n) only; this loop does not"));
  MOTE_TRY(
      mote_check_convert(e, iterable->kids[1], mote_type_basic(e->types, MOTE_TYPE_INT), "number of rounds", &count));
  return emit_for_body(e, node, &count);
}

static mote_status call_enter(mote_emit *e, mote_node *context, const mote_type **result) {
  const mote_class *cls = context->type->cls;
  mote_function *enter = cls ? mote_class_method(cls, "__enter__") : NULL;
  mote_function *leave = cls ? mote_class_method(cls, "__exit__") : NULL;
  int32_t index;
  if (enter == NULL || leave == NULL || enter->n_params != 1 || leave->n_params != 4)
    return mote_check_fail(e, context, mote_fail(e->err, MOTE_ERR_FORMAT, "this is no context manager"));
  MOTE_TRY(mote_emit_callee(e, enter, &index));
  *result = enter->result;
  return mote_emit_insn(e, MOTE_OPC_CALL, index, 0);
}

static mote_status emit_with(mote_emit *e, mote_node *node) {
  const mote_type *entered;
  MOTE_TRY(mote_check(e, node->kids[0], NULL));
  MOTE_TRY(mote_emit_expr(e, node->kids[0]));
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_ENTER, 0, 0));
  MOTE_TRY(call_enter(e, node->kids[0], &entered));
  if (node->kids[1] != NULL)
    MOTE_TRY(store_top(e, node->kids[1], entered));
  else
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_DROP, 0, 0));
  e->entered++;
  MOTE_TRY(node->kids[2]->kind == MOTE_NODE_WITH ? mote_emit_statement(e, node->kids[2])
                                                 : emit_block(e, node->kids[2]));
  e->entered--;
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_EXIT, 0, 0));
  return mote_emit_insn(e, MOTE_OPC_DROP, 0, 0);
}

// The result waits in a register while loops' counters are dropped and contexts left.
static mote_status unwind(mote_emit *e) {
  if (e->residue == 0 && e->entered == 0)
    return MOTE_OK;
  uint32_t reg = mote_emit_reg(e);
  MOTE_TRY(mote_emit_insn(e, MOTE_OPC_STORE, (int32_t)reg, 0));
  for (uint32_t i = 0; i < e->entered; i++) {
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_EXIT, 0, 0));
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_DROP, 0, 0));
  }
  for (uint32_t i = 0; i < e->residue; i++)
    MOTE_TRY(mote_emit_insn(e, MOTE_OPC_DROP, 0, 0));
  return mote_emit_insn(e, MOTE_OPC_LOAD, (int32_t)reg, 0);
}

static mote_status emit_return(mote_emit *e, mote_node *node) {
  mote_node *value = node->kids[0];
  const mote_type *none = mote_type_basic(e->types, MOTE_TYPE_NONE);
  mote_fit fit;
  if (value == NULL) {
    if (e->result != NULL && !mote_type_is_subtype(e->types, none, e->result))
      return mote_check_mismatch(e, node, "returned value", e->result, none);
    MOTE_TRY(mote_emit_none(e));
  } else if (e->result != NULL) {
    MOTE_TRY(mote_check_convert(e, value, e->result, "returned value", &fit));
    MOTE_TRY(mote_emit_fit(e, &fit));
  } else {
    MOTE_TRY(mote_check(e, value, NULL));
    MOTE_TRY(mote_emit_expr(e, value));
  }
  e->result = e->result ? e->result : value ? value->type : none;
  MOTE_TRY(unwind(e));
  e->terminated = true;
  return mote_emit_insn(e, MOTE_OPC_RET, 0, 0);
}

mote_status mote_emit_statement(mote_emit *e, mote_node *node) {
  e->at = node->offset;
  switch (node->kind) {
  case MOTE_NODE_ASSIGN:
    return emit_assign(e, node);
  case MOTE_NODE_EXPR:
    MOTE_TRY(mote_check(e, node->kids[0], NULL));
    return mote_emit_effect(e, node->kids[0]);
  case MOTE_NODE_RETURN:
    return emit_return(e, node);
  case MOTE_NODE_PASS:
    return MOTE_OK;
  case MOTE_NODE_IF:
    return emit_if(e, node);
  case MOTE_NODE_WHILE:
    return emit_while(e, node);
  case MOTE_NODE_FOR:
    return emit_for(e, node);
  case MOTE_NODE_WITH:
    return emit_with(e, node);
  case MOTE_NODE_DEF:
    return bind_other(e, node->u.name, MOTE_VAR_CLOSURE, NULL, NULL, node);
  default:
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "statement has no meaning in a function"));
  }
}

static mote_status emit_block(mote_emit *e, mote_node *block) {
  for (uint32_t i = 0; i < block->n; i++)
    MOTE_TRY(mote_emit_statement(e, block->kids[i]));
  return MOTE_OK;
}

mote_status mote_emit_body(mote_emit *e, mote_node *block) {
  MOTE_TRY(emit_block(e, block));
  if (e->terminated)
    return MOTE_OK;
  const mote_type *none = mote_type_basic(e->types, MOTE_TYPE_NONE);
  if (e->result != NULL && !mote_type_is_subtype(e->types, none, e->result))
    return mote_check_mismatch(e, block, "value at the end of the function", e->result, none);
  e->result = e->result ? e->result : none;
  MOTE_TRY(mote_emit_none(e));
  return mote_emit_insn(e, MOTE_OPC_RET, 0, 0);
}
