// The typing pass over expressions: what each one means and what its static type is. Calls are in check_call.c.
// Makes no code. Tests: tests/script/test_compile.c
#include "script/check.h"

#include <string.h>

#include "base/fail.h"

mote_status mote_check_fail(mote_emit *e, const mote_node *node, mote_status status) {
  if (e->types->short_of_memory) { // then "does not fit" may only mean that nothing could be compared
    if (e->err != NULL)
      mote_fail_clear(e->err);
    return mote_fail_nomem(e->err);
  }
  return mote_unit_at(e->unit, node->offset, e->err, status);
}

mote_status mote_check_mismatch(mote_emit *e, const mote_node *node, const char *what, const mote_type *want,
                                const mote_type *have) {
  mote_text text;
  mote_text_init(&text, e->al);
  mote_type_text(want, &text);
  mote_text_str(&text, ", given ");
  mote_type_text(have, &text);
  mote_status status =
      mote_fail(e->err, MOTE_ERR_FORMAT, "%s is %.600s", what, text.failed || !text.at ? "of another type" : text.at);
  mote_text_destroy(&text);
  return mote_check_fail(e, node, status);
}

mote_status mote_check_use(mote_emit *e, mote_node *node, mote_use_kind kind, const mote_type *type, mote_use **out) {
  mote_use *use = MOTE_ARENA_NEW(&e->front->scratch, mote_use);
  if (use == NULL || type == NULL)
    return mote_fail_nomem(e->err);
  use->kind = kind;
  use->type = type;
  node->res = use;
  node->type = type;
  *out = use;
  return MOTE_OK;
}

mote_status mote_check_fits(mote_emit *e, mote_use *use, mote_node *const *nodes, uint32_t n) {
  use->fits = MOTE_ARENA_ARRAY(&e->front->scratch, mote_fit, n + 1);
  if (use->fits == NULL)
    return mote_fail_nomem(e->err);
  use->n_fits = n;
  for (uint32_t i = 0; i < n; i++)
    use->fits[i] = (mote_fit){.kind = MOTE_FIT_NODE, .node = nodes[i], .type = nodes[i]->type};
  return MOTE_OK;
}

mote_status mote_check_convert(mote_emit *e, mote_node *node, const mote_type *want, const char *what, mote_fit *fit) {
  MOTE_TRY(mote_check(e, node, want));
  if (!mote_fit_value(e->front, node, want, true, fit))
    return mote_check_mismatch(e, node, what, want, node->type);
  return MOTE_OK;
}

mote_status mote_check_operator(mote_emit *e, mote_node *node, const char *name, const mote_actual *actuals,
                                uint32_t n) {
  mote_use *use;
  bool found;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_OP, mote_type_basic(e->types, MOTE_TYPE_UNKNOWN), &use));
  mote_status status = mote_pick_operator(e->front, name, actuals, n, use, &found, e->err);
  if (status != MOTE_OK)
    return mote_check_fail(e, node, status);
  if (!found) { // it raises when it is reached; until then its result fits everywhere
    mote_node **nodes = MOTE_ARENA_ARRAY(&e->front->scratch, mote_node *, n + 1);
    use->name = mote_arena_str(&e->front->program->arena, name, strlen(name));
    use->overload = "";
    if (nodes == NULL || use->name == NULL)
      return mote_fail_nomem(e->err);
    for (uint32_t i = 0; i < n; i++)
      nodes[i] = actuals[i].node;
    MOTE_TRY(mote_check_fits(e, use, nodes, n));
  }
  node->type = use->type;
  return MOTE_OK;
}

static mote_status check_literal(mote_emit *e, mote_node *node, const mote_type *hint, bool *ok) {
  mote_literal lit;
  mote_use *use;
  // No fitting to the hint here: 1 stays an int, as it does in PyTorch.
  (void)hint;
  mote_status status = mote_read_literal(e->front, e->unit, node, NULL, &lit, ok, e->err);
  if (status != MOTE_OK || !*ok)
    return status;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_LITERAL, lit.type, &use));
  use->lit = lit;
  return MOTE_OK;
}

static mote_status check_name(mote_emit *e, mote_node *node) {
  mote_var *var = mote_emit_var(e, node->u.name);
  mote_use *use;
  bool ok = false;
  if (var != NULL && var->kind == MOTE_VAR_VALUE) {
    MOTE_TRY(mote_check_use(e, node, MOTE_USE_VAR, var->type, &use));
    use->n = var->reg;
    return MOTE_OK;
  }
  if (var == NULL)
    MOTE_TRY(check_literal(e, node, NULL, &ok));
  if (ok)
    return MOTE_OK;
  const char *why = var == NULL                  ? "is not defined"
                    : var->conflict              ? "has different types in two branches"
                    : var->kind == MOTE_VAR_NONE ? "is not defined on every way here"
                                                 : "is a function, not a value";
  return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "%.80s %s", node->u.name, why));
}

// ---------------------------------------------------------------------------------------------------- displays

static mote_status check_list(mote_emit *e, mote_node *node, const mote_type *hint) {
  mote_types *types = e->types;
  hint = hint ? mote_type_unwrap(hint) : NULL;
  const mote_type *item = hint && hint->kind == MOTE_TYPE_LIST ? hint->args[0] : NULL;
  const mote_type *unified = NULL;
  for (uint32_t i = 0; i < node->n; i++) {
    MOTE_TRY(mote_check(e, node->kids[i], item));
    const mote_type *have = node->kids[i]->type;
    const mote_type *both = unified ? mote_type_unify(types, unified, have) : have;
    if (both == NULL && item == NULL)
      return mote_check_mismatch(e, node->kids[i], "list item", unified, have);
    unified = both ? both : unified;
  }
  mote_use *use;
  if (item == NULL)
    item = unified ? unified : mote_type_basic(types, MOTE_TYPE_TENSOR);
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_LIST, mote_type_list(types, item), &use));
  MOTE_TRY(mote_check_fits(e, use, node->kids, node->n));
  for (uint32_t i = 0; i < node->n; i++)
    if (!mote_fit_value(e->front, node->kids[i], item, true, &use->fits[i]))
      return mote_check_mismatch(e, node->kids[i], "list item", item, node->kids[i]->type);
  return MOTE_OK;
}

static mote_status check_dict(mote_emit *e, mote_node *node, const mote_type *hint) {
  mote_types *types = e->types;
  hint = hint ? mote_type_unwrap(hint) : NULL;
  bool hinted = hint && hint->kind == MOTE_TYPE_DICT;
  const mote_type *part[2] = {hinted ? hint->args[0] : NULL, hinted ? hint->args[1] : NULL};
  for (uint32_t i = 0; i < node->n; i++) {
    mote_node *kid = node->kids[i];
    const mote_type **slot = &part[i & 1];
    MOTE_TRY(mote_check(e, kid, hinted ? *slot : NULL));
    const mote_type *both = hinted ? *slot : *slot ? mote_type_unify(types, *slot, kid->type) : kid->type;
    if (both == NULL)
      return mote_check_mismatch(e, kid, "dict item", *slot, kid->type);
    *slot = both;
  }
  if (node->n == 0 && !hinted) {
    part[0] = mote_type_basic(types, MOTE_TYPE_STR);
    part[1] = mote_type_basic(types, MOTE_TYPE_TENSOR);
  }
  mote_use *use;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_DICT, mote_type_dict(types, part[0], part[1]), &use));
  MOTE_TRY(mote_check_fits(e, use, node->kids, node->n));
  for (uint32_t i = 0; i < node->n; i++)
    if (!mote_fit_value(e->front, node->kids[i], part[i & 1], true, &use->fits[i]))
      return mote_check_mismatch(e, node->kids[i], "dict item", part[i & 1], node->kids[i]->type);
  return MOTE_OK;
}

static mote_status check_tuple(mote_emit *e, mote_node *node, const mote_type *hint) {
  hint = hint ? mote_type_unwrap(hint) : NULL;
  bool hinted = hint && hint->kind == MOTE_TYPE_TUPLE && hint->cls == NULL && hint->n_args == node->n;
  const mote_type **items = MOTE_ARENA_ARRAY(&e->front->scratch, const mote_type *, node->n + 1);
  mote_fit *fits = MOTE_ARENA_ARRAY(&e->front->scratch, mote_fit, node->n + 1);
  if (items == NULL || fits == NULL)
    return mote_fail_nomem(e->err);
  for (uint32_t i = 0; i < node->n; i++) {
    mote_node *kid = node->kids[i];
    MOTE_TRY(mote_check(e, kid, hinted ? hint->args[i] : NULL));
    fits[i] = (mote_fit){.kind = MOTE_FIT_NODE, .node = kid, .type = kid->type};
    if (hinted && !mote_fit_value(e->front, kid, hint->args[i], true, &fits[i]))
      return mote_check_mismatch(e, kid, "tuple item", hint->args[i], kid->type);
    items[i] = fits[i].type;
  }
  mote_use *use;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_TUPLE, mote_type_make(e->types, MOTE_TYPE_TUPLE, items, node->n), &use));
  use->fits = fits;
  use->n_fits = node->n;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- attributes

mote_status mote_check_attr(mote_emit *e, mote_node *node, mote_node *base, const char *name) {
  const mote_type *type = base->type;
  mote_use *use;
  uint32_t slot;
  if (type->cls != NULL && (type->kind == MOTE_TYPE_TUPLE || type->kind == MOTE_TYPE_CLASS) &&
      type->cls->kind != MOTE_CLASS_ENUM) {
    const mote_attr *attr = mote_class_attr(type->cls, name, &slot);
    if (attr != NULL) {
      mote_use_kind kind = type->kind == MOTE_TYPE_TUPLE ? MOTE_USE_ITEM : MOTE_USE_ATTR;
      MOTE_TRY(mote_check_use(e, node, kind, attr->type, &use));
      use->n = slot;
      return mote_check_fits(e, use, &base, 1);
    }
    if ((attr = mote_class_const(type->cls, name)) != NULL) {
      MOTE_TRY(mote_check_use(e, node, MOTE_USE_LITERAL, attr->type, &use));
      use->lit = attr->value;
      return MOTE_OK;
    }
    return mote_check_fail(e, node,
                           mote_fail(e->err, MOTE_ERR_FORMAT, "%s has no attribute %.80s", type->cls->name, name));
  }
  mote_actual self = {.node = base};
  if (type->kind == MOTE_TYPE_CLASS && strcmp(name, "name") == 0)
    return mote_check_operator(e, node, "prim::EnumName", &self, 1);
  if (type->kind == MOTE_TYPE_CLASS && strcmp(name, "value") == 0) {
    MOTE_TRY(mote_check_operator(e, node, "prim::EnumValue", &self, 1));
    const mote_type *value = type->cls->n_attrs ? type->cls->attrs[0].type : mote_type_basic(e->types, MOTE_TYPE_INT);
    use = node->res;
    use->overload = value->kind == MOTE_TYPE_FLOAT ? "float" : value->kind == MOTE_TYPE_STR ? "str" : "int";
    use->type = node->type = value;
    mote_schemas *schemas = &e->front->program->schemas;
    return mote_schema_get(schemas, (uint32_t)mote_schema_id(schemas, "prim::EnumValue", use->overload), &use->schema,
                           e->err);
  }
  return mote_check_builtin_method(e, node, name, &self, 1);
}

// x.name(...) on a value without class: aten::name or prim::name with x as the first argument.
mote_status mote_check_builtin_method(mote_emit *e, mote_node *node, const char *name, const mote_actual *actuals,
                                      uint32_t n) {
  char full[128];
  uint32_t first, count;
  const char *space = "prim";
  for (int i = 0; i < 2; i++) {
    space = i ? "aten" : "prim";
    int len = mote_snprint(full, sizeof full, "%s::%s", space, name);
    if (len < (int)sizeof full && mote_schema_range(&e->front->program->schemas, full, (size_t)len, &first, &count))
      break;
  }
  return mote_check_operator(e, node, full, actuals, n);
}

// ---------------------------------------------------------------------------------------------------- subscripts

static bool constant_index(const mote_node *node, int64_t *out) {
  bool minus = node->kind == MOTE_NODE_UNARY && node->op == '-';
  const mote_node *number = minus ? node->kids[0] : node;
  if (number->kind != MOTE_NODE_INT)
    return false;
  *out = minus ? (int64_t)(0 - (uint64_t)number->u.i) : number->u.i; // -2^63 is a number as it stands
  return number->u.i >= 0;
}

static mote_status check_tuple_index(mote_emit *e, mote_node *node, mote_node *base, mote_node *index) {
  const mote_type *tuple = base->type;
  int64_t at, n = tuple->n_args;
  mote_use *use;
  if (constant_index(index, &at)) {
    at += at < 0 ? n : 0;
    if (at < 0 || at >= n)
      return mote_check_fail(e, index,
                             mote_fail(e->err, MOTE_ERR_FORMAT, "index is outside a tuple of %u", tuple->n_args));
    MOTE_TRY(mote_check_use(e, node, MOTE_USE_ITEM, tuple->args[at], &use));
    use->n = (uint32_t)at;
    return mote_check_fits(e, use, &base, 1);
  }
  const mote_type *item = n ? tuple->args[0] : NULL;
  for (uint32_t i = 1; i < tuple->n_args && item; i++)
    item = mote_type_unify(e->types, item, tuple->args[i]);
  MOTE_TRY(mote_check(e, index, NULL));
  if (item == NULL)
    return mote_check_fail(e, index,
                           mote_fail(e->err, MOTE_ERR_FORMAT, "index of a tuple of mixed types is no constant"));
  mote_actual actuals[2] = {{.node = base}, {.node = index}};
  MOTE_TRY(mote_check_operator(e, node, "prim::TupleIndex", actuals, 2));
  ((mote_use *)node->res)->type = node->type = item;
  return MOTE_OK;
}

static int64_t clamp_index(const mote_node *part, int64_t missing, int64_t n, bool *ok) {
  int64_t at = missing;
  if (part != NULL && part->kind != MOTE_NODE_NONE && !constant_index(part, &at))
    *ok = false;
  at += at < 0 ? n : 0;
  return at < 0 ? 0 : at > n ? n : at;
}

static mote_status check_tuple_slice(mote_emit *e, mote_node *node, mote_node *base, mote_node *slice) {
  const mote_type *tuple = base->type;
  bool ok = slice->kids[2] == NULL;
  int64_t from = clamp_index(slice->kids[0], 0, tuple->n_args, &ok);
  int64_t to = clamp_index(slice->kids[1], tuple->n_args, tuple->n_args, &ok);
  mote_use *use;
  if (!ok)
    return mote_check_fail(e, slice, mote_fail(e->err, MOTE_ERR_FORMAT, "slice of a tuple needs constant bounds"));
  uint32_t n = to > from ? (uint32_t)(to - from) : 0;
  MOTE_TRY(
      mote_check_use(e, node, MOTE_USE_SLICE, mote_type_make(e->types, MOTE_TYPE_TUPLE, tuple->args + from, n), &use));
  use->n = (uint32_t)from;
  use->n2 = n;
  return mote_check_fits(e, use, &base, 1);
}

static mote_status check_slice(mote_emit *e, mote_node *node, mote_node *base, mote_node *slice) {
  static const char *const names[3] = {"start", "end", "step"};
  mote_actual actuals[4] = {{.node = base}};
  uint32_t n = 1;
  for (int i = 0; i < 3; i++)
    if (slice->kids[i] != NULL) {
      MOTE_TRY(mote_check(e, slice->kids[i], NULL));
      actuals[n++] = (mote_actual){names[i], slice->kids[i]};
    }
  return mote_check_operator(e, node, "aten::slice", actuals, n);
}

static mote_status check_subscript(mote_emit *e, mote_node *node, const mote_type *hint) {
  mote_node *base = node->kids[0], *index = node->kids[1];
  MOTE_TRY(mote_check(e, base, NULL));
  bool is_slice = index->kind == MOTE_NODE_SLICE;
  if (base->type->kind == MOTE_TYPE_TUPLE)
    return is_slice ? check_tuple_slice(e, node, base, index) : check_tuple_index(e, node, base, index);
  if (is_slice)
    return check_slice(e, node, base, index);
  MOTE_TRY(mote_check(e, index, NULL));
  mote_actual actuals[2] = {{.node = base}, {.node = index}};
  if (base->type->kind != MOTE_TYPE_CLASS)
    return mote_check_operator(e, node, "aten::__getitem__", actuals, 2);
  if (mote_class_method(base->type->cls, "__getitem__") != NULL)
    return mote_check_method(e, node, base, "__getitem__", actuals, 2);
  // A module list or dict indexed by a variable: the annotation names the interface all items have.
  MOTE_TRY(mote_check_operator(e, node, "prim::ModuleContainerIndex", actuals, 2));
  if (hint != NULL)
    ((mote_use *)node->res)->type = node->type = hint;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- operators

static const char *operator_name(uint32_t op) {
  static const struct {
    uint32_t op;
    const char *name;
  } ops[] = {{'+', "aten::add"},
             {'-', "aten::sub"},
             {'*', "aten::mul"},
             {'/', "aten::div"},
             {'%', "aten::remainder"},
             {'@', "aten::matmul"},
             {'&', "aten::__and__"},
             {'|', "aten::__or__"},
             {'^', "aten::__xor__"},
             {'<', "aten::lt"},
             {'>', "aten::gt"},
             {MOTE_OP2('/', '/'), "aten::floordiv"},
             {MOTE_OP2('*', '*'), "aten::pow"},
             {MOTE_OP2('=', '='), "aten::eq"},
             {MOTE_OP2('!', '='), "aten::ne"},
             {MOTE_OP2('<', '='), "aten::le"},
             {MOTE_OP2('>', '='), "aten::ge"},
             {MOTE_OP2('<', '<'), "aten::__lshift__"},
             {MOTE_OP2('>', '>'), "aten::__rshift__"}};
  for (size_t i = 0; i < MOTE_COUNT(ops); i++)
    if (ops[i].op == op)
      return ops[i].name;
  return "aten::?";
}

static mote_status check_pair(mote_emit *e, mote_node *node, const char *name, mote_node *a, mote_node *b) {
  mote_actual actuals[2] = {{.node = a}, {.node = b}};
  MOTE_TRY(mote_check(e, node->kids[0], NULL));
  MOTE_TRY(mote_check(e, node->kids[1], NULL));
  return mote_check_operator(e, node, name, actuals, 2);
}

static mote_status check_unary(mote_emit *e, mote_node *node) {
  mote_actual self = {.node = node->kids[0]};
  bool ok;
  MOTE_TRY(check_literal(e, node, NULL, &ok));
  if (ok)
    return MOTE_OK;
  MOTE_TRY(mote_check(e, node->kids[0], NULL));
  return mote_check_operator(e, node,
                             node->op == '-'   ? "aten::neg"
                             : node->op == '~' ? "aten::bitwise_not"
                                               : "aten::pos",
                             &self, 1);
}

mote_status mote_check_condition(mote_emit *e, mote_node *node, mote_fit *fit) {
  MOTE_TRY(mote_check(e, node, NULL));
  *fit = (mote_fit){.kind = MOTE_FIT_NODE, .node = node, .type = node->type};
  if (node->type->kind == MOTE_TYPE_BOOL || node->type->kind == MOTE_TYPE_UNKNOWN)
    return MOTE_OK;
  const char *overload = node->type->kind == MOTE_TYPE_TENSOR  ? "Tensor"
                         : node->type->kind == MOTE_TYPE_INT   ? "int"
                         : node->type->kind == MOTE_TYPE_FLOAT ? "float"
                                                               : NULL;
  if (overload == NULL)
    return mote_check_mismatch(e, node, "condition", mote_type_basic(e->types, MOTE_TYPE_BOOL), node->type);
  mote_fit *inner = MOTE_ARENA_NEW(&e->front->scratch, mote_fit);
  if (inner == NULL)
    return mote_fail_nomem(e->err);
  *inner = *fit;
  *fit = (mote_fit){.kind = MOTE_FIT_CONVERT,
                    .op = "aten::Bool",
                    .overload = overload,
                    .items = inner,
                    .n = 1,
                    .type = mote_type_basic(e->types, MOTE_TYPE_BOOL)};
  return MOTE_OK;
}

// and, or, not: conditions in, bool out. The node's kind tells emit_expr.c what to do.
static mote_status check_logic(mote_emit *e, mote_node *node) {
  mote_use *use;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_SAME, mote_type_basic(e->types, MOTE_TYPE_BOOL), &use));
  use->fits = MOTE_ARENA_ARRAY(&e->front->scratch, mote_fit, node->n);
  if (use->fits == NULL)
    return mote_fail_nomem(e->err);
  use->n_fits = node->n;
  for (uint32_t i = 0; i < node->n; i++)
    MOTE_TRY(mote_check_condition(e, node->kids[i], &use->fits[i]));
  return MOTE_OK;
}

static mote_status check_ternary(mote_emit *e, mote_node *node, const mote_type *hint) {
  mote_fit condition;
  mote_use *use;
  MOTE_TRY(mote_check_condition(e, node->kids[1], &condition));
  MOTE_TRY(mote_check(e, node->kids[0], hint));
  MOTE_TRY(mote_check(e, node->kids[2], hint));
  const mote_type *type = mote_type_unify(e->types, node->kids[0]->type, node->kids[2]->type);
  if (type == NULL)
    return mote_check_mismatch(e, node->kids[2], "second branch", node->kids[0]->type, node->kids[2]->type);
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_SAME, type, &use));
  MOTE_TRY(mote_check_fits(e, use, node->kids, 3));
  use->fits[1] = condition;
  return MOTE_OK;
}

static mote_status check_is(mote_emit *e, mote_node *node) {
  return check_pair(e, node, node->negated ? "aten::__isnot__" : "aten::__is__", node->kids[0], node->kids[1]);
}

static mote_status check_in(mote_emit *e, mote_node *node) {
  if (node->negated)
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_UNSUPPORTED, "'not in' does not occur in saved source"));
  return check_pair(e, node, "aten::__contains__", node->kids[1], node->kids[0]);
}

static mote_status check_binary(mote_emit *e, mote_node *node) {
  bool ok;
  MOTE_TRY(check_literal(e, node, NULL, &ok));
  return ok ? MOTE_OK : check_pair(e, node, operator_name(node->op), node->kids[0], node->kids[1]);
}

static mote_status check_attr_node(mote_emit *e, mote_node *node) {
  bool ok;
  const mote_node *root = node;
  while (root->kind == MOTE_NODE_ATTR)
    root = root->kids[0];
  if (root->kind != MOTE_NODE_NAME || mote_emit_var(e, root->u.name) == NULL) {
    MOTE_TRY(check_literal(e, node, NULL, &ok));
    if (ok)
      return MOTE_OK;
  }
  MOTE_TRY(mote_check(e, node->kids[0], NULL));
  return mote_check_attr(e, node, node->kids[0], node->u.name);
}

static mote_status check_kind(mote_emit *e, mote_node *node, const mote_type *hint) {
  bool ok;
  switch (node->kind) {
  case MOTE_NODE_NAME:
    return check_name(e, node);
  case MOTE_NODE_ATTR:
    return check_attr_node(e, node);
  case MOTE_NODE_CALL:
    return mote_check_call(e, node, hint);
  case MOTE_NODE_SUBSCRIPT:
    return check_subscript(e, node, hint);
  case MOTE_NODE_TUPLE:
    return check_tuple(e, node, hint);
  case MOTE_NODE_LIST:
    return check_list(e, node, hint);
  case MOTE_NODE_DICT:
    return check_dict(e, node, hint);
  case MOTE_NODE_UNARY:
    return check_unary(e, node);
  case MOTE_NODE_BINARY:
    return check_binary(e, node);
  case MOTE_NODE_IS:
    return check_is(e, node);
  case MOTE_NODE_IN:
    return check_in(e, node);
  case MOTE_NODE_AND:
  case MOTE_NODE_OR:
  case MOTE_NODE_NOT:
    return check_logic(e, node);
  case MOTE_NODE_TERNARY:
    return check_ternary(e, node, hint);
  default:
    MOTE_TRY(check_literal(e, node, hint, &ok));
    if (!ok)
      return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "expression is not understood"));
    return MOTE_OK;
  }
}

mote_status mote_check(mote_emit *e, mote_node *node, const mote_type *hint) {
  MOTE_TRY(check_kind(e, node, hint));
  if (node->type->kind == MOTE_TYPE_CLASS && node->type->cls->kind == MOTE_CLASS_UNKNOWN) {
    mote_status status = mote_class_define(e->types, node->type->cls, e->err);
    if (status != MOTE_OK)
      return mote_check_fail(e, node, status);
  }
  return MOTE_OK;
}
