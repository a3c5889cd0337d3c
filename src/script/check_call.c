// The typing pass over calls: special forms, functions, methods, classes, operators.
// Makes no code. Tests: tests/script/test_compile.c
#include "script/check.h"

#include <string.h>

#include "base/fail.h"

typedef enum entity_kind {
  ENTITY_FORM,     // a name with a meaning of its own: annotate, isinstance, ...
  ENTITY_OPERATOR, // name: "aten::add"
  ENTITY_FUNCTION,
  ENTITY_CLASS,
  ENTITY_NEW,    // C.__new__
  ENTITY_METHOD, // base . name
  ENTITY_VALUE   // any other expression
} entity_kind;

typedef struct entity {
  entity_kind kind;
  const char *name;
  mote_function *fn;
  mote_class *cls;
  mote_node *base;
} entity;

// ---------------------------------------------------------------------------------------------------- names

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

// "__torch__.m.f", "__torch__.m.C", "__torch__.m.C.__new__"
static mote_status resolve_definition(mote_emit *e, mote_node *node, const char *name, size_t len, entity *out) {
  mote_def *def;
  MOTE_TRY(mote_front_find(e->front, name, len, &def, e->err));
  if (def != NULL) {
    *out = (entity){.kind = def->fn ? ENTITY_FUNCTION : ENTITY_CLASS, .fn = def->fn, .cls = def->cls};
    return MOTE_OK;
  }
  size_t parent = len - strlen(node->u.name) - 1;
  MOTE_TRY(mote_front_find(e->front, name, parent, &def, e->err));
  if (def != NULL && def->cls != NULL && strcmp(node->u.name, "__new__") == 0) {
    *out = (entity){.kind = ENTITY_NEW, .cls = def->cls};
    return MOTE_OK;
  }
  if (node->kids[0]->kind == MOTE_NODE_ATTR && def == NULL) { // Color.RED.name
    mote_literal lit;
    bool ok;
    MOTE_TRY(mote_read_literal(e->front, e->unit, node->kids[0], NULL, &lit, &ok, e->err));
    if (ok) {
      *out = (entity){.kind = ENTITY_METHOD, .base = node->kids[0], .name = node->u.name};
      return MOTE_OK;
    }
  }
  return mote_fail(e->err, MOTE_ERR_FORMAT, "%.200s is defined nowhere in the file", name);
}

// torch.add -> aten::add, ops.prim.min -> prim::min
static mote_status resolve_operator(mote_emit *e, const char *name, entity *out) {
  bool torch = starts_with(name, "torch.");
  const char *rest = name + (torch ? 6 : 4), *dot = torch ? NULL : strchr(rest, '.');
  char full[600];
  if (torch)
    mote_snprint(full, sizeof full, "aten::%s", rest);
  else if (dot != NULL)
    mote_snprint(full, sizeof full, "%.*s::%s", (int)(dot - rest), rest, dot + 1);
  else
    return mote_fail(e->err, MOTE_ERR_FORMAT, "%.200s is no operator", name);
  *out = (entity){.kind = ENTITY_OPERATOR, .name = mote_arena_str(&e->front->scratch, full, strlen(full))};
  return out->name ? MOTE_OK : mote_fail_nomem(e->err);
}

static mote_status resolve(mote_emit *e, mote_node *node, entity *out) {
  const mote_node *root = node;
  while (root->kind == MOTE_NODE_ATTR)
    root = root->kids[0];
  mote_var *var = root->kind == MOTE_NODE_NAME ? mote_emit_var(e, root->u.name) : NULL;
  *out = (entity){.kind = ENTITY_VALUE};
  if (node->kind == MOTE_NODE_NAME) {
    if (var == NULL)
      *out = (entity){.kind = ENTITY_FORM, .name = node->u.name};
    else if (var->kind == MOTE_VAR_FUNCTION)
      *out = (entity){.kind = ENTITY_FUNCTION, .fn = var->fn};
    else if (var->kind == MOTE_VAR_CLASS)
      *out = (entity){.kind = ENTITY_CLASS, .cls = var->cls};
    return MOTE_OK;
  }
  if (node->kind != MOTE_NODE_ATTR)
    return MOTE_OK;
  char name[512];
  size_t len;
  if (root->kind == MOTE_NODE_NAME && var == NULL && mote_dotted_name(node, name, sizeof name, &len)) {
    if (starts_with(name, "__torch__."))
      return resolve_definition(e, node, name, len, out);
    if (starts_with(name, "torch.") || starts_with(name, "ops."))
      return resolve_operator(e, name, out);
  }
  *out = (entity){.kind = ENTITY_METHOD, .base = node->kids[0], .name = node->u.name};
  return MOTE_OK;
}

mote_status mote_check_alias(mote_emit *e, mote_node *node, mote_function **fn, mote_class **cls) {
  *fn = NULL;
  *cls = NULL;
  char name[512];
  size_t len;
  if (node->kind != MOTE_NODE_ATTR || !mote_dotted_name(node, name, sizeof name, &len) ||
      !starts_with(name, "__torch__."))
    return MOTE_OK;
  mote_def *def;
  MOTE_TRY(mote_front_find(e->front, name, len, &def, e->err));
  if (def == NULL)
    return MOTE_OK;
  *fn = def->fn;
  *cls = def->cls;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- special forms

static mote_status arity(mote_emit *e, mote_node *node, const char *name, uint32_t n) {
  if (node->n == n + 1)
    return MOTE_OK;
  return mote_check_fail(e, node,
                         mote_fail(e->err, MOTE_ERR_FORMAT, "%s takes %u arguments, given %u", name, n, node->n - 1));
}

static mote_status form_annotate(mote_emit *e, mote_node *node, const mote_type *hint) {
  const mote_type *type;
  mote_use *use;
  mote_fit fit;
  (void)hint;
  MOTE_TRY(arity(e, node, "annotate", 2));
  MOTE_TRY(mote_read_type(e->front, e->unit, node->kids[1], &type, e->err));
  MOTE_TRY(mote_check_convert(e, node->kids[2], type, "annotated value", &fit));
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_SAME, type, &use));
  MOTE_TRY(mote_check_fits(e, use, &node->kids[2], 1));
  use->fits[0] = fit;
  return MOTE_OK;
}

static mote_status form_unchecked_cast(mote_emit *e, mote_node *node, const mote_type *hint) {
  const mote_type *type;
  mote_use *use;
  (void)hint;
  MOTE_TRY(arity(e, node, "unchecked_cast", 2));
  MOTE_TRY(mote_read_type(e->front, e->unit, node->kids[1], &type, e->err));
  MOTE_TRY(mote_check(e, node->kids[2], type));
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_SAME, type, &use));
  return mote_check_fits(e, use, &node->kids[2], 1);
}

static mote_status form_uninitialized(mote_emit *e, mote_node *node, const mote_type *hint) {
  const mote_type *type;
  mote_use *use;
  (void)hint;
  MOTE_TRY(arity(e, node, "uninitialized", 1));
  MOTE_TRY(mote_read_type(e->front, e->unit, node->kids[1], &type, e->err));
  return mote_check_use(e, node, MOTE_USE_NOTHING, type, &use);
}

static mote_status form_isinstance(mote_emit *e, mote_node *node, const mote_type *hint) {
  mote_use *use;
  (void)hint;
  MOTE_TRY(arity(e, node, "isinstance", 2));
  MOTE_TRY(mote_check(e, node->kids[1], NULL));
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_ISA, mote_type_basic(e->types, MOTE_TYPE_BOOL), &use));
  MOTE_TRY(mote_check_fits(e, use, &node->kids[1], 1));
  mote_node *list = node->kids[2];
  bool many = list->kind == MOTE_NODE_TUPLE || list->kind == MOTE_NODE_LIST;
  use->n = many ? list->n : 1;
  use->types = MOTE_ARENA_ARRAY(&e->front->scratch, const mote_type *, use->n + 1);
  if (use->types == NULL)
    return mote_fail_nomem(e->err);
  for (uint32_t i = 0; i < use->n; i++)
    MOTE_TRY(mote_read_type(e->front, e->unit, many ? list->kids[i] : list, &use->types[i], e->err));
  return MOTE_OK;
}

static mote_status form_getattr(mote_emit *e, mote_node *node, const mote_type *hint) {
  (void)hint;
  MOTE_TRY(arity(e, node, "getattr", 2));
  if (node->kids[2]->kind != MOTE_NODE_STR)
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "getattr needs a constant name"));
  MOTE_TRY(mote_check(e, node->kids[1], NULL));
  return mote_check_attr(e, node, node->kids[1], node->kids[2]->u.s.at);
}

static mote_status form_fork(mote_emit *e, mote_node *node, const mote_type *hint) {
  (void)hint;
  MOTE_TRY(arity(e, node, "fork", 1));
  mote_node *target = node->kids[1];
  mote_var *var = target->kind == MOTE_NODE_NAME ? mote_emit_var(e, target->u.name) : NULL;
  if (var == NULL || var->kind != MOTE_VAR_CLOSURE)
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "fork needs a function defined here"));
  mote_use *use;
  bool later = strcmp(node->kids[0]->u.name, "awaitable") == 0;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_FORK, mote_type_basic(e->types, MOTE_TYPE_ANY), &use));
  MOTE_TRY(mote_compile_fork(e, var->closure, use));
  const mote_type *result = use->fn->result;
  use->n = later;
  use->type = node->type = mote_type_make(e->types, later ? MOTE_TYPE_AWAIT : MOTE_TYPE_FUTURE, &result, 1);
  return use->type ? MOTE_OK : mote_fail_nomem(e->err);
}

// int(x), float(x), bool(x), str(x): nothing to do where the type is that already.
static mote_status check_cast(mote_emit *e, mote_node *node, const char *op, mote_type_kind kind) {
  mote_use *use;
  mote_literal lit;
  bool ok;
  MOTE_TRY(mote_read_literal(e->front, e->unit, node, NULL, &lit, &ok, e->err));
  if (ok) { // float("inf")
    MOTE_TRY(mote_check_use(e, node, MOTE_USE_LITERAL, lit.type, &use));
    use->lit = lit;
    return MOTE_OK;
  }
  MOTE_TRY(arity(e, node, op, 1));
  MOTE_TRY(mote_check(e, node->kids[1], NULL));
  if (node->kids[1]->type->kind == kind) {
    MOTE_TRY(mote_check_use(e, node, MOTE_USE_SAME, node->kids[1]->type, &use));
    return mote_check_fits(e, use, &node->kids[1], 1);
  }
  mote_actual actual = {.node = node->kids[1]};
  return mote_check_operator(e, node, op, &actual, 1);
}

static mote_status read_actuals(mote_emit *e, mote_node *node, mote_actual *actuals, uint32_t *n) {
  *n = 0;
  for (uint32_t i = 1; i < node->n; i++) {
    mote_node *kid = node->kids[i];
    bool keyword = kid->kind == MOTE_NODE_KEYWORD;
    mote_node *value = keyword ? kid->kids[0] : kid;
    MOTE_TRY(mote_check(e, value, NULL));
    actuals[*n] = (mote_actual){keyword ? kid->u.name : NULL, value};
    for (uint32_t k = 0; keyword && k < *n; k++)
      if (actuals[k].name == kid->u.name)
        return mote_check_fail(e, kid,
                               mote_fail(e->err, MOTE_ERR_FORMAT, "argument %.80s is given twice", kid->u.name));
    ++*n;
  }
  return MOTE_OK;
}

static mote_status check_form(mote_emit *e, mote_node *node, const char *name, const mote_type *hint) {
  static const struct {
    const char *name;
    mote_status (*check)(mote_emit *e, mote_node *node, const mote_type *hint);
  } forms[] = {{"annotate", form_annotate},
               {"unchecked_cast", form_unchecked_cast},
               {"uninitialized", form_uninitialized},
               {"isinstance", form_isinstance},
               {"getattr", form_getattr},
               {"fork", form_fork},
               {"awaitable", form_fork}};
  static const struct {
    const char *name, *op;
    mote_type_kind kind;
  } casts[] = {{"int", "aten::Int", MOTE_TYPE_INT},
               {"float", "aten::Float", MOTE_TYPE_FLOAT},
               {"bool", "aten::Bool", MOTE_TYPE_BOOL},
               {"str", "aten::str", MOTE_TYPE_STR},
               {"complex", "aten::Complex", MOTE_TYPE_COMPLEX}};
  for (size_t i = 0; i < MOTE_COUNT(forms); i++)
    if (strcmp(name, forms[i].name) == 0)
      return forms[i].check(e, node, hint);
  for (size_t i = 0; i < MOTE_COUNT(casts); i++)
    if (strcmp(name, casts[i].name) == 0 && (node->n == 2 || i + 1 < MOTE_COUNT(casts)))
      return check_cast(e, node, casts[i].op, casts[i].kind);
  const char *op = strcmp(name, "print") == 0     ? "prim::Print"
                   : strcmp(name, "complex") == 0 ? "aten::Complex"
                   : strcmp(name, "device") == 0  ? "aten::device"
                                                  : NULL;
  char full[100];
  uint32_t first, count;
  if (op == NULL) { // sorted and others are written without torch., all that definitions call too
    int len = mote_snprint(full, sizeof full, "aten::%.80s", name);
    if (!e->front->defining_ops && !mote_schema_range(&e->front->program->schemas, full, (size_t)len, &first, &count))
      return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "function %.80s is not defined", name));
    op = full;
  }
  mote_actual *actuals = MOTE_ARENA_ARRAY(&e->front->scratch, mote_actual, node->n);
  uint32_t n;
  if (actuals == NULL)
    return mote_fail_nomem(e->err);
  MOTE_TRY(read_actuals(e, node, actuals, &n));
  return mote_check_operator(e, node, op, actuals, n);
}

// ---------------------------------------------------------------------------------------------------- functions

static mote_status match_function(mote_emit *e, mote_node *node, const mote_signature *sig, const mote_actual *actuals,
                                  uint32_t n, mote_use *use) {
  mote_type_env env = {0};
  if (mote_match(e->front, sig, actuals, n, true, &env, &use->fits, NULL)) {
    use->n_fits = sig->n_args;
    return MOTE_OK;
  }
  mote_text why;
  mote_text_init(&why, e->al);
  mote_match(e->front, sig, actuals, n, true, &env, &use->fits, &why);
  mote_status status = mote_fail(e->err, MOTE_ERR_FORMAT, "call of %.160s: %.600s", sig->name,
                                 why.failed || !why.at ? "arguments do not fit" : why.at);
  mote_text_destroy(&why);
  return mote_check_fail(e, node, status);
}

static mote_status check_function(mote_emit *e, mote_node *node, mote_function *fn, const mote_actual *actuals,
                                  uint32_t n) {
  mote_signature sig = {.name = fn->name, .n_args = fn->n_params, .fn = fn};
  mote_use *use;
  MOTE_TRY(mote_function_formals(e->front, fn, &sig.args, e->err));
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_FUNCTION, fn->result, &use));
  use->fn = fn;
  MOTE_TRY(match_function(e, node, &sig, actuals, n, use));
  return mote_front_enqueue(e->front, fn, e->err);
}

// Named tuples are made by calling their class.
static mote_status check_class_call(mote_emit *e, mote_node *node, mote_class *cls, const mote_actual *actuals,
                                    uint32_t n) {
  MOTE_TRY(mote_class_define(e->types, cls, e->err));
  if (cls->kind != MOTE_CLASS_NAMEDTUPLE)
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "%s can not be called", cls->name));
  mote_schema_arg *args = MOTE_ARENA_ARRAY(&e->front->scratch, mote_schema_arg, cls->n_attrs + 1);
  if (args == NULL)
    return mote_fail_nomem(e->err);
  for (uint32_t i = 0; i < cls->n_attrs; i++)
    args[i] = (mote_schema_arg){.name = cls->attrs[i].name,
                                .type = cls->attrs[i].type,
                                .value = cls->attrs[i].value,
                                .has_default = cls->attrs[i].has_value};
  mote_signature sig = {.name = cls->name, .args = args, .n_args = cls->n_attrs};
  mote_use *use;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_TUPLE, cls->type, &use));
  return match_function(e, node, &sig, actuals, n, use);
}

static mote_status check_new(mote_emit *e, mote_node *node, mote_class *cls) {
  mote_use *use;
  MOTE_TRY(mote_class_define(e->types, cls, e->err));
  if (cls->kind != MOTE_CLASS_PLAIN && cls->kind != MOTE_CLASS_MODULE)
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "%s has no instances to make", cls->name));
  return mote_check_use(e, node, MOTE_USE_NEW, cls->type, &use);
}

// ---------------------------------------------------------------------------------------------------- methods

// Results of the methods of torch's own classes; they take the object alone.
static const char *opaque_result(const char *method) {
  static const struct {
    const char *method, *type;
  } rows[] = {{"unpack", "Tuple[Tensor, Optional[Tensor]]"},
              {"bias", "Optional[Tensor]"},
              {"stride", "List[int]"},
              {"padding", "List[int]"},
              {"output_padding", "List[int]"},
              {"dilation", "List[int]"},
              {"groups", "int"},
              {"transpose", "bool"},
              {"bit_rate", "int"},
              {"version", "int"}};
  for (size_t i = 0; i < MOTE_COUNT(rows); i++)
    if (strcmp(rows[i].method, method) == 0)
      return rows[i].type;
  return NULL;
}

static mote_status check_dynamic_method(mote_emit *e, mote_node *node, const char *name, const mote_type *result,
                                        const mote_actual *actuals, uint32_t n) {
  mote_use *use;
  mote_node **nodes = MOTE_ARENA_ARRAY(&e->front->scratch, mote_node *, n + 1);
  if (nodes == NULL)
    return mote_fail_nomem(e->err);
  for (uint32_t i = 0; i < n; i++)
    nodes[i] = actuals[i].node;
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_METHOD, result, &use));
  use->name = name;
  return mote_check_fits(e, use, nodes, n);
}

mote_status mote_check_method(mote_emit *e, mote_node *node, mote_node *base, const char *name,
                              const mote_actual *actuals, uint32_t n) {
  const mote_class *cls = base->type->cls;
  mote_function *fn = mote_class_method(cls, name);
  if (cls->kind == MOTE_CLASS_OPAQUE) {
    const char *text = opaque_result(name);
    const mote_type *result = mote_type_basic(e->types, MOTE_TYPE_UNKNOWN);
    if (text != NULL)
      MOTE_TRY(mote_type_parse(e->types, text, strlen(text), &result, e->err));
    return check_dynamic_method(e, node, name, result, actuals, n);
  }
  if (fn == NULL)
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "%s has no method %.80s", cls->name, name));
  if (cls->kind != MOTE_CLASS_INTERFACE)
    return check_function(e, node, fn, actuals, n);
  mote_signature sig = {.name = fn->name, .n_args = fn->n_params, .fn = fn};
  mote_use *use;
  MOTE_TRY(mote_function_formals(e->front, fn, &sig.args, e->err));
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_METHOD, fn->result, &use));
  use->name = name;
  return match_function(e, node, &sig, actuals, n, use);
}

static mote_status check_tolist(mote_emit *e, mote_node *node, mote_node *base, const mote_type *hint) {
  mote_use *use;
  int rank = 0;
  const mote_type *item = hint ? mote_type_unwrap(hint) : NULL;
  for (; item != NULL && item->kind == MOTE_TYPE_LIST; rank++)
    item = item->args[0];
  if (item == NULL || (item->kind != MOTE_TYPE_INT && item->kind != MOTE_TYPE_FLOAT && item->kind != MOTE_TYPE_BOOL &&
                       item->kind != MOTE_TYPE_COMPLEX))
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "tolist() needs an annotation with its type"));
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_TO_LIST, hint, &use));
  use->n = (uint32_t)rank;
  use->n2 = item->kind == MOTE_TYPE_INT ? 0 : item->kind == MOTE_TYPE_FLOAT ? 1 : item->kind == MOTE_TYPE_BOOL ? 2 : 3;
  return mote_check_fits(e, use, &base, 1);
}

static mote_status check_method_call(mote_emit *e, mote_node *node, const entity *what, mote_actual *actuals,
                                     uint32_t n, const mote_type *hint) {
  mote_node *base = what->base;
  MOTE_TRY(mote_check(e, base, NULL));
  if (base->type->kind == MOTE_TYPE_UNKNOWN) {
    actuals[0] = (mote_actual){.node = base};
    return check_dynamic_method(e, node, what->name, base->type, actuals, n + 1);
  }
  if (strcmp(what->name, "tolist") == 0 && base->type->kind == MOTE_TYPE_TENSOR)
    return check_tolist(e, node, base, hint);
  actuals[0] = (mote_actual){.node = base};
  if (base->type->kind == MOTE_TYPE_CLASS && base->type->cls->kind != MOTE_CLASS_ENUM)
    return mote_check_method(e, node, base, what->name, actuals, n + 1);
  return mote_check_builtin_method(e, node, what->name, actuals, n + 1);
}

// ---------------------------------------------------------------------------------------------------- calls

// A checked value's type with None taken away; the operator does nothing, so none is called.
static mote_status check_unwrap(mote_emit *e, mote_node *node, mote_node *value) {
  mote_use *use;
  const mote_type *type = mote_type_unwrap(value->type);
  if (type->kind == MOTE_TYPE_NONE) // only in branches that are never taken
    type = mote_type_basic(e->types, MOTE_TYPE_UNKNOWN);
  MOTE_TRY(mote_check_use(e, node, MOTE_USE_SAME, type, &use));
  return mote_check_fits(e, use, &value, 1);
}

mote_status mote_check_call(mote_emit *e, mote_node *node, const mote_type *hint) {
  entity what;
  mote_status status = resolve(e, node->kids[0], &what);
  if (status != MOTE_OK)
    return mote_check_fail(e, node, status);
  if (what.kind == ENTITY_FORM)
    return check_form(e, node, what.name, hint);
  if (what.kind == ENTITY_NEW)
    return check_new(e, node, what.cls);
  mote_actual *actuals = MOTE_ARENA_ARRAY(&e->front->scratch, mote_actual, node->n + 1);
  uint32_t n;
  if (actuals == NULL)
    return mote_fail_nomem(e->err);
  MOTE_TRY(read_actuals(e, node, actuals + 1, &n)); // [0] is kept for the object of a method
  switch (what.kind) {
  case ENTITY_OPERATOR:
    if (strcmp(what.name, "prim::unchecked_unwrap_optional") == 0 && n == 1)
      return check_unwrap(e, node, actuals[1].node);
    return mote_check_operator(e, node, what.name, actuals + 1, n);
  case ENTITY_FUNCTION:
    return check_function(e, node, what.fn, actuals + 1, n);
  case ENTITY_CLASS:
    return check_class_call(e, node, what.cls, actuals + 1, n);
  case ENTITY_METHOD:
    return check_method_call(e, node, &what, actuals, n, hint);
  default:
    return mote_check_fail(e, node, mote_fail(e->err, MOTE_ERR_FORMAT, "this value can not be called"));
  }
}
