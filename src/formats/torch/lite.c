// Lite interpreter files (.ptl): bytecode.pkl, versions 4 to 8 -> functions of the same machine. Classes have no source
// here: their attributes are what data.pkl holds, in its order. Tests: tests/models/torch/*_lite
#include "formats/torch/torch_file.h"

#include <string.h>

enum { VERSION_MIN = 4, VERSION_LAST = 8, SLOTS_MAX = 4096, CODE_MAX = 1 << 22 };

static mote_status broken(mote_error *err, const char *what) {
  return mote_fail(err, MOTE_ERR_FORMAT, "bytecode.pkl: %s", what);
}

static bool sequence(const mote_pickle_value *v) {
  return mote_pickle_is(v, MOTE_PICKLE_TUPLE) || mote_pickle_is(v, MOTE_PICKLE_LIST);
}

// The value beside a name in (("name", value), ...); NULL when there is none.
static const mote_pickle_value *field(const mote_pickle_value *table, const char *name) {
  for (uint32_t i = 0; sequence(table) && i < table->as.items.count; i++) {
    const mote_pickle_value *pair = table->as.items.at[i];
    if (sequence(pair) && pair->as.items.count == 2 && mote_pickle_is_str(pair->as.items.at[0], name))
      return pair->as.items.at[1];
  }
  return NULL;
}

// ------------------------------------------------------------------------------------------------ classes

static mote_class *lite_class(mote_script_model *m, const char *name) {
  mote_class *cls = mote_types_class(&m->program->types, name, strlen(name));
  if (cls && cls->kind == MOTE_CLASS_UNKNOWN)
    cls->kind = MOTE_CLASS_PLAIN;
  return cls;
}

static mote_status add_attr(mote_script_model *m, mote_class *cls, const char *name, mote_error *err) {
  if (name && mote_class_attr(cls, name, NULL))
    return MOTE_OK;
  if (cls->n_attrs >= SLOTS_MAX)
    return broken(err, "class with too many attributes");
  mote_attr *more = MOTE_ARENA_ARRAY(&m->arena, mote_attr, cls->n_attrs + 1);
  if (!more)
    return mote_fail_nomem(err);
  if (cls->n_attrs)
    memcpy(more, cls->attrs, cls->n_attrs * sizeof *more);
  more[cls->n_attrs].name = name ? name : "";
  more[cls->n_attrs].type = mote_type_basic(&m->program->types, MOTE_TYPE_ANY);
  cls->attrs = more;
  cls->n_attrs++;
  return MOTE_OK;
}

static mote_status scan_classes(mote_script_model *m, const mote_pickle_value *v, mote_error *err);

static mote_status scan_items(mote_script_model *m, const mote_pickle_items *items, mote_error *err) {
  for (uint32_t i = 0; i < items->count; i++)
    MOTE_TRY(scan_classes(m, items->at[i], err));
  return MOTE_OK;
}

static mote_status scan_object(mote_script_model *m, const mote_pickle_value *v, mote_error *err) {
  const mote_pickle_value *g = v->as.call.callable, *state = v->as.call.state;
  if (!mote_pickle_is(g, MOTE_PICKLE_GLOBAL) || strncmp(g->as.global.module, "__torch__", 9) != 0)
    return MOTE_OK;
  bool opaque = strncmp(g->as.global.module, "__torch__.torch.classes", 23) == 0;
  const char *name = mote_torch_class_name(&m->arena, g);
  mote_class *cls = name ? lite_class(m, name) : NULL;
  if (!cls)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; !opaque && mote_pickle_is(state, MOTE_PICKLE_DICT) && i + 1 < state->as.items.count; i += 2)
    if (mote_pickle_is(state->as.items.at[i], MOTE_PICKLE_STR))
      MOTE_TRY(add_attr(m, cls, state->as.items.at[i]->as.text.data, err));
  return MOTE_OK;
}

static mote_status scan_classes(mote_script_model *m, const mote_pickle_value *v, mote_error *err) {
  if (!v)
    return MOTE_OK;
  if (sequence(v) || mote_pickle_is(v, MOTE_PICKLE_DICT))
    return scan_items(m, &v->as.items, err);
  if (!mote_pickle_is(v, MOTE_PICKLE_OBJECT) && !mote_pickle_is(v, MOTE_PICKLE_REDUCE))
    return MOTE_OK;
  if (mote_pickle_is(v, MOTE_PICKLE_OBJECT))
    MOTE_TRY(scan_object(m, v, err));
  MOTE_TRY(scan_classes(m, v->as.call.args, err));
  MOTE_TRY(scan_classes(m, v->as.call.state, err));
  return scan_items(m, &v->as.call.items, err);
}

// ------------------------------------------------------------------------------------------------ tables of a function

static mote_status read_code(mote_script_model *m, const mote_pickle_value *list, mote_function *fn, mote_error *err) {
  if (!sequence(list) || list->as.items.count == 0 || list->as.items.count > CODE_MAX)
    return broken(err, "a function's instructions are missing");
  fn->n_code = list->as.items.count;
  fn->code = MOTE_ARENA_ARRAY(&m->program->arena, mote_insn, fn->n_code);
  if (!fn->code)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < fn->n_code; i++) {
    const mote_pickle_value *t = list->as.items.at[i];
    mote_opcode op;
    if (!sequence(t) || t->as.items.count != 3 || !mote_pickle_is(t->as.items.at[0], MOTE_PICKLE_STR) ||
        !mote_pickle_is(t->as.items.at[1], MOTE_PICKLE_INT) || !mote_pickle_is(t->as.items.at[2], MOTE_PICKLE_INT))
      return broken(err, "an instruction is not (name, X, N)");
    const mote_pickle_value *name = t->as.items.at[0];
    int64_t x = t->as.items.at[1]->as.integer, n = t->as.items.at[2]->as.integer;
    if (!mote_opcode_find(name->as.text.data, name->as.text.len, &op))
      return mote_fail(err, MOTE_ERR_UNSUPPORTED, "instruction %s", name->as.text.data);
    if (x < INT32_MIN || x > INT32_MAX || n < 0 || n > UINT16_MAX)
      return broken(err, "an instruction's operand is out of range");
    fn->code[i] = (mote_insn){(uint16_t)op, (uint16_t)n, (int32_t)x};
  }
  return MOTE_OK;
}

static mote_status read_constant(mote_script_model *m, const mote_pickle_value *v, mote_literal *lit, mote_error *err) {
  switch (v->kind) {
  case MOTE_PICKLE_NONE:
    lit->kind = MOTE_LIT_NONE;
    return MOTE_OK;
  case MOTE_PICKLE_BOOL:
    lit->kind = MOTE_LIT_BOOL;
    lit->u.b = v->as.boolean;
    return MOTE_OK;
  case MOTE_PICKLE_INT:
    lit->kind = MOTE_LIT_INT;
    lit->u.i = v->as.integer;
    return MOTE_OK;
  case MOTE_PICKLE_FLOAT:
    lit->kind = MOTE_LIT_FLOAT;
    lit->u.f = v->as.real;
    return MOTE_OK;
  case MOTE_PICKLE_STR:
    lit->kind = MOTE_LIT_STR;
    lit->u.s.at = v->as.text.data;
    lit->u.s.len = v->as.text.len;
    return MOTE_OK;
  default:
    lit->kind = MOTE_LIT_VALUE;
    lit->u.value = (void *)(uintptr_t)m->lite_constants.len;
    return MOTE_VEC_PUSH(m->al, &m->lite_constants, v, err);
  }
}

static mote_status read_constants(mote_script_model *m, const mote_pickle_value *list, mote_function *fn,
                                  mote_error *err) {
  if (!sequence(list))
    return broken(err, "a function's constants are missing");
  fn->n_consts = list->as.items.count;
  fn->consts = MOTE_ARENA_ARRAY(&m->program->arena, mote_literal, fn->n_consts + 1);
  if (!fn->consts)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < fn->n_consts; i++)
    MOTE_TRY(read_constant(m, list->as.items.at[i], &fn->consts[i], err));
  return MOTE_OK;
}

// Classes named inside a type have no source: they are known by name from here on.
static void know_classes(mote_script_model *m, const mote_type *t, int depth) {
  if (!t || depth > 64)
    return;
  if (t->kind == MOTE_TYPE_CLASS && t->cls && t->cls->kind == MOTE_CLASS_UNKNOWN)
    t->cls->kind = MOTE_CLASS_PLAIN;
  for (uint32_t i = 0; i < t->n_args; i++)
    know_classes(m, t->args[i], depth + 1);
}

static mote_status read_type(mote_script_model *m, const mote_pickle_value *v, const mote_type **out, mote_error *err) {
  if (!mote_pickle_is(v, MOTE_PICKLE_STR))
    return broken(err, "a type is no string");
  MOTE_TRY(mote_type_parse(&m->program->types, v->as.text.data, v->as.text.len, out, err));
  know_classes(m, *out, 0);
  return MOTE_OK;
}

static mote_status read_types(mote_script_model *m, const mote_pickle_value *list, mote_function *fn, mote_error *err) {
  if (!sequence(list))
    return broken(err, "a function's types are missing");
  fn->n_types = list->as.items.count;
  fn->types = mote_arena_array(&m->program->arena, (size_t)fn->n_types + 1, sizeof *fn->types);
  if (!fn->types)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < fn->n_types; i++)
    MOTE_TRY(read_type(m, list->as.items.at[i], &fn->types[i], err));
  return MOTE_OK;
}

static mote_status note_missing(mote_script_model *m, const mote_op_ref *ref, mote_error *err) {
  char line[256];
  int len = mote_snprint(line, sizeof line, "%s%s%s", ref->name, ref->overload[0] ? "." : "", ref->overload);
  for (size_t i = 0; i < m->missing.len; i++)
    if (strcmp(m->missing.at[i], line) == 0)
      return MOTE_OK;
  char *copy = mote_strdup(m->al, line, (size_t)MOTE_MIN(len, (int)sizeof line - 1));
  if (!copy)
    return mote_fail_nomem(err);
  mote_status s = MOTE_VEC_PUSH(m->al, &m->missing, copy, err);
  if (s != MOTE_OK)
    mote_free(m->al, copy);
  return s;
}

// (name, overload) in versions 4 and 5, (name, overload, count of arguments) later.
static mote_status read_op(mote_script_model *m, const mote_pickle_value *t, mote_function *fn, uint32_t i,
                           mote_error *err) {
  int32_t given = -1;
  if (!sequence(t) || t->as.items.count < 2 || !mote_pickle_is(t->as.items.at[0], MOTE_PICKLE_STR) ||
      !mote_pickle_is(t->as.items.at[1], MOTE_PICKLE_STR))
    return broken(err, "an operator is not (name, overload, count)");
  if (t->as.items.count > 2 && mote_pickle_is(t->as.items.at[2], MOTE_PICKLE_INT)) {
    int64_t n = t->as.items.at[2]->as.integer;
    if (n < -1 || n > 1024)
      return broken(err, "an operator's count of arguments is out of range");
    given = (int32_t)n;
  }
  const char *name = t->as.items.at[0]->as.text.data, *overload = t->as.items.at[1]->as.text.data;
  mote_op_ref *ref = &fn->ops[i];
  MOTE_TRY(mote_program_op_ref(m->program, name, overload, given, ref, err));
  MOTE_TRY(mote_program_upgrader(m->program, name, overload, &fn->callees[i], err));
  if (fn->callees[i] && ref->n_given != (int32_t)fn->callees[i]->n_params)
    fn->callees[i] = NULL;
  if (!ref->has_impl && !fn->callees[i])
    MOTE_TRY(note_missing(m, ref, err));
  return MOTE_OK;
}

static mote_status read_ops(mote_script_model *m, const mote_pickle_value *list, mote_function *fn, mote_error *err) {
  if (!sequence(list))
    return broken(err, "a function's operators are missing");
  fn->n_ops = fn->n_callees = list->as.items.count;
  fn->ops = MOTE_ARENA_ARRAY(&m->program->arena, mote_op_ref, fn->n_ops + 1);
  fn->callees = mote_arena_array(&m->program->arena, (size_t)fn->n_ops + 1, sizeof *fn->callees);
  if (!fn->ops || !fn->callees)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < fn->n_ops; i++)
    MOTE_TRY(read_op(m, list->as.items.at[i], fn, i, err));
  return MOTE_OK;
}

// Operators whose meaning changed since the file was written become calls of their upgraders.
static mote_status use_upgraders(mote_function *fn, mote_error *err) {
  for (uint32_t i = 0; i < fn->n_code; i++) {
    mote_insn *in = &fn->code[i];
    if (in->op == MOTE_OPC_CALL || in->op == MOTE_OPC_FORK || in->op == MOTE_OPC_AWAITABLE)
      return mote_fail(err, MOTE_ERR_UNSUPPORTED, "instruction %s in a lite file",
                       mote_opcode_name((mote_opcode)in->op));
    if (in->op == MOTE_OPC_OP && in->x >= 0 && (uint32_t)in->x < fn->n_ops && fn->callees[in->x])
      in->op = MOTE_OPC_CALL;
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ functions

static mote_status read_param(mote_script_model *m, const mote_pickle_value *arg, mote_param *p, mote_error *err) {
  const mote_pickle_value *name = field(arg, "name"), *type = field(arg, "type"), *def = field(arg, "default_value");
  p->name = mote_pickle_is(name, MOTE_PICKLE_STR) ? name->as.text.data : "";
  MOTE_TRY(read_type(m, type, &p->type, err));
  // No default is written as None as well, which is one for an optional argument only.
  p->has_default = def && (!mote_pickle_is(def, MOTE_PICKLE_NONE) || p->type->kind == MOTE_TYPE_OPTIONAL);
  return p->has_default ? read_constant(m, def, &p->value, err) : MOTE_OK;
}

static mote_status read_schema(mote_script_model *m, const mote_pickle_value *schema, mote_function *fn,
                               mote_error *err) {
  const mote_pickle_value *args = field(schema, "arguments"), *returns = field(schema, "returns");
  fn->result = mote_type_basic(&m->program->types, MOTE_TYPE_ANY);
  if (!sequence(args)) { // version 4 has no schemas: the first instruction stores the arguments
    fn->n_params = fn->code[0].op == MOTE_OPC_STOREN ? fn->code[0].n : 0;
    fn->params = MOTE_ARENA_ARRAY(&m->program->arena, mote_param, fn->n_params + 1);
    for (uint32_t i = 0; fn->params && i < fn->n_params; i++) {
      fn->params[i].name = i ? "" : "self";
      fn->params[i].type = fn->result;
    }
    return fn->params ? MOTE_OK : mote_fail_nomem(err);
  }
  fn->n_params = args->as.items.count;
  fn->params = MOTE_ARENA_ARRAY(&m->program->arena, mote_param, fn->n_params + 1);
  if (!fn->params)
    return mote_fail_nomem(err);
  for (uint32_t i = 0; i < fn->n_params; i++)
    MOTE_TRY(read_param(m, args->as.items.at[i], &fn->params[i], err));
  if (sequence(returns) && returns->as.items.count == 1)
    MOTE_TRY(read_type(m, field(returns->as.items.at[0], "type"), &fn->result, err));
  return MOTE_OK;
}

static mote_status add_method(mote_script_model *m, mote_function *fn, mote_error *err) {
  const char *dot = strrchr(fn->name, '.');
  if (!dot)
    return MOTE_OK;
  char *name = mote_arena_str(&m->arena, fn->name, (size_t)(dot - fn->name));
  mote_class *cls = name ? lite_class(m, name) : NULL;
  struct mote_function **more = cls ? mote_arena_array(&m->arena, cls->n_methods + 1, sizeof *more) : NULL;
  if (!more)
    return mote_fail_nomem(err);
  if (cls->n_methods)
    memcpy(more, cls->methods, cls->n_methods * sizeof *more);
  more[cls->n_methods++] = fn;
  cls->methods = more;
  fn->owner = cls;
  return MOTE_OK;
}

static mote_status read_function(mote_script_model *m, const mote_pickle_value *t, mote_error *err) {
  if (!sequence(t) || t->as.items.count < 2 || !mote_pickle_is(t->as.items.at[0], MOTE_PICKLE_STR))
    return broken(err, "a function is not (name, tables, schema)");
  const mote_pickle_value *tables = t->as.items.at[1], *regs = field(tables, "register_size");
  mote_function *fn = MOTE_ARENA_NEW(&m->program->arena, mote_function);
  if (!fn)
    return mote_fail_nomem(err);
  fn->name = t->as.items.at[0]->as.text.data;
  if (!mote_pickle_is(regs, MOTE_PICKLE_INT) || regs->as.integer < 0 || regs->as.integer > INT32_MAX)
    return broken(err, "a function's register_size is missing");
  fn->n_regs = (uint32_t)regs->as.integer;
  MOTE_TRY(read_code(m, field(tables, "instructions"), fn, err));
  MOTE_TRY(read_ops(m, field(tables, "operators"), fn, err));
  MOTE_TRY(read_constants(m, field(tables, "constants"), fn, err));
  MOTE_TRY(read_types(m, field(tables, "types"), fn, err));
  MOTE_TRY(use_upgraders(fn, err));
  MOTE_TRY(read_schema(m, t->as.items.count > 2 ? t->as.items.at[2] : NULL, fn, err));
  MOTE_TRY(add_method(m, fn, err));
  return MOTE_VEC_PUSH(m->al, &m->program->functions, fn, err);
}

// Attributes that only code knows (set by __setstate__ or in objects made while running) get slots too.
static mote_status make_slots(mote_script_model *m, uint32_t slots, mote_error *err) {
  for (size_t i = 0; i < m->program->types.classes.count; i++) {
    mote_class *cls = m->program->types.classes.entries[i].value.ptr;
    bool grows = mote_class_method(cls, "__setstate__") || cls->n_attrs == 0;
    while (cls->kind == MOTE_CLASS_PLAIN && grows && cls->n_attrs < slots)
      MOTE_TRY(add_attr(m, cls, NULL, err));
  }
  return MOTE_OK;
}

static mote_status verify_all(mote_script_model *m, size_t first, mote_error *err) {
  uint32_t slots = 0;
  for (size_t i = first; i < m->program->functions.len; i++) {
    mote_function *fn = m->program->functions.at[i];
    if (!fn->code) // declared beside an upgrader, not used
      continue;
    for (uint32_t k = 0; k < fn->n_code; k++)
      if ((fn->code[k].op == MOTE_OPC_SET_ATTR || fn->code[k].op == MOTE_OPC_GET_ATTR) && fn->code[k].x >= 0 &&
          fn->code[k].x < SLOTS_MAX)
        slots = MOTE_MAX(slots, (uint32_t)fn->code[k].x + 1);
    mote_status s = mote_function_verify(fn, m->al, err);
    if (s != MOTE_OK) {
      mote_fail_place(err, "%s", fn->name);
      return s;
    }
  }
  return make_slots(m, slots, err);
}

mote_status mote_torch_load_lite(mote_script_model *m, mote_error *err) {
  MOTE_TRY(mote_torch_read_pickle(m, "bytecode.pkl", "constants", true, &m->bytecode, err));
  const mote_pickle_value *root = m->bytecode.tree.root;
  if (!sequence(root) || root->as.items.count < 1 || !mote_pickle_is(root->as.items.at[0], MOTE_PICKLE_INT))
    return broken(err, "it is not (version, functions)");
  int64_t version = root->as.items.at[0]->as.integer;
  if (version < VERSION_MIN || version > VERSION_LAST)
    return mote_fail(err, MOTE_ERR_UNSUPPORTED, "bytecode version %lld; %d to %d can be read", (long long)version,
                     VERSION_MIN, VERSION_LAST);
  MOTE_TRY(scan_classes(m, m->data.tree.root, err));
  size_t first = m->program->functions.len;
  for (uint32_t i = 1; i < root->as.items.count; i++)
    MOTE_TRY(read_function(m, root->as.items.at[i], err));
  MOTE_TRY(mote_program_compile(m->program, err));
  MOTE_TRY(verify_all(m, first, err));
  m->cls = lite_class(m, mote_torch_class_name(&m->arena, m->data.tree.root->as.call.callable));
  for (uint32_t i = 0; m->cls && i < m->cls->n_methods; i++)
    MOTE_TRY(MOTE_VEC_PUSH(m->al, &m->methods, m->cls->methods[i], err));
  return m->cls ? MOTE_OK : mote_fail_nomem(err);
}
