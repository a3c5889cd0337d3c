// The code buffer of one function: instructions, their places, and the tables that they index. No typing here.
// Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"

typedef struct table_key { // entries of a function's tables are made once
  uint64_t tag, a, b;
} table_key;

enum { TAG_TYPES = 100, TAG_OP, TAG_CALLEE }; // below: mote_literal_kind

// Index remembered for `key`, or -1 and a place for the new one.
static mote_status find_slot(mote_emit *e, const table_key *key, int64_t **slot, bool *found) {
  mote_map_entry *entry = mote_map_find(&e->tables, key, sizeof *key);
  *found = entry != NULL;
  if (entry == NULL) {
    table_key *own = MOTE_ARENA_NEW(&e->front->scratch, table_key);
    if (own == NULL)
      return mote_fail_nomem(e->err);
    *own = *key;
    entry = mote_map_put(&e->tables, own, sizeof *own);
    if (entry == NULL)
      return mote_fail_nomem(e->err);
  }
  *slot = &entry->value.num;
  return MOTE_OK;
}

mote_status mote_emit_insn(mote_emit *e, mote_opcode op, int32_t x, uint32_t n) {
  if (n > UINT16_MAX || e->code.len >= INT32_MAX)
    return mote_fail(e->err, MOTE_ERR_LIMIT, "%s takes %u items, the most is 65535", mote_opcode_name(op), n);
  mote_insn insn = {(uint16_t)op, (uint16_t)n, x};
  mote_insn_place place = {e->unit->source, e->at};
  MOTE_TRY(MOTE_VEC_PUSH(e->al, &e->code, insn, e->err));
  return MOTE_VEC_PUSH(e->al, &e->places, place, e->err);
}

size_t mote_emit_here(const mote_emit *e) { return e->code.len; }

void mote_emit_patch(mote_emit *e, size_t jump) { e->code.at[jump].x = (int32_t)(e->code.len - jump); }

mote_status mote_emit_jump_back(mote_emit *e, size_t target) {
  return mote_emit_insn(e, MOTE_OPC_JMP, (int32_t)((int64_t)target - (int64_t)e->code.len), 0);
}

uint32_t mote_emit_reg(mote_emit *e) { return ++e->n_regs; }

mote_var *mote_emit_var(mote_emit *e, const char *name) {
  mote_map_entry *entry = mote_map_find(&e->var_index, &name, sizeof name);
  return entry ? &e->vars.at[entry->value.num] : NULL;
}

// ---------------------------------------------------------------------------------------------------- tables

static bool literal_key(const mote_literal *lit, table_key *key) {
  *key = (table_key){.tag = (uint64_t)lit->kind};
  switch (lit->kind) {
  case MOTE_LIT_NONE:
    return true;
  case MOTE_LIT_BOOL:
    key->a = lit->u.b;
    return true;
  case MOTE_LIT_INT:
  case MOTE_LIT_GLOBAL:
    key->a = (uint64_t)lit->u.i;
    return true;
  case MOTE_LIT_FLOAT:
    memcpy(&key->a, &lit->u.f, sizeof key->a);
    return true;
  case MOTE_LIT_COMPLEX:
    memcpy(&key->a, &lit->u.c.re, sizeof key->a);
    memcpy(&key->b, &lit->u.c.im, sizeof key->b);
    return true;
  case MOTE_LIT_STR:
    key->a = (uint64_t)(uintptr_t)lit->u.s.at;
    key->b = lit->u.s.len;
    return true;
  case MOTE_LIT_LIST:
  case MOTE_LIT_TUPLE:
    key->a = (uint64_t)(uintptr_t)lit->u.list.items;
    key->b = (uint64_t)(uintptr_t)lit->type;
    return true;
  case MOTE_LIT_ENUM:
    key->a = (uint64_t)(uintptr_t)lit->u.en.cls;
    key->b = lit->u.en.member;
    return true;
  default:
    return false;
  }
}

mote_status mote_emit_const_index(mote_emit *e, const mote_literal *lit, int32_t *index) {
  table_key key;
  int64_t *slot = NULL, ignored;
  bool found = false;
  if (literal_key(lit, &key))
    MOTE_TRY(find_slot(e, &key, &slot, &found));
  else
    slot = &ignored;
  if (!found) {
    *slot = (int64_t)e->consts.len;
    MOTE_TRY(MOTE_VEC_PUSH(e->al, &e->consts, *lit, e->err));
  }
  *index = (int32_t)*slot;
  return MOTE_OK;
}

mote_status mote_emit_const(mote_emit *e, const mote_literal *lit) {
  int32_t index;
  MOTE_TRY(mote_emit_const_index(e, lit, &index));
  return mote_emit_insn(e, MOTE_OPC_LOADC, index, 0);
}

mote_status mote_emit_none(mote_emit *e) {
  mote_literal none = {.kind = MOTE_LIT_NONE, .type = mote_type_basic(e->types, MOTE_TYPE_NONE)};
  return mote_emit_const(e, &none);
}

// Neighbouring entries, for ISINSTANCE; single types are shared.
mote_status mote_emit_type(mote_emit *e, const mote_type *const *types, uint32_t n, int32_t *index) {
  table_key key = {TAG_TYPES, (uint64_t)(uintptr_t)types[0], 0};
  int64_t *slot = NULL, ignored;
  bool found = false;
  if (n == 1)
    MOTE_TRY(find_slot(e, &key, &slot, &found));
  else
    slot = &ignored;
  if (!found) {
    *slot = (int64_t)e->type_list.len;
    for (uint32_t i = 0; i < n; i++)
      MOTE_TRY(MOTE_VEC_PUSH(e->al, &e->type_list, types[i], e->err));
  }
  *index = (int32_t)*slot;
  return MOTE_OK;
}

mote_status mote_emit_callee(mote_emit *e, mote_function *fn, int32_t *index) {
  table_key key = {TAG_CALLEE, (uint64_t)(uintptr_t)fn, 0};
  int64_t *slot;
  bool found;
  MOTE_TRY(find_slot(e, &key, &slot, &found));
  if (!found) {
    *slot = (int64_t)e->callees.len;
    MOTE_TRY(MOTE_VEC_PUSH(e->al, &e->callees, fn, e->err));
  }
  *index = (int32_t)*slot;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- operators

static mote_status note_missing(mote_emit *e, const mote_op_ref *ref) {
  size_t name = strlen(ref->name), overload = strlen(ref->overload);
  char *full = mote_arena_alloc(&e->front->program->arena, name + overload + 2);
  if (full == NULL)
    return mote_fail_nomem(e->err);
  memcpy(full, ref->name, name);
  if (overload) {
    full[name] = '.';
    memcpy(full + name + 1, ref->overload, overload);
  }
  size_t before = e->front->missing.count;
  if (mote_map_put(&e->front->missing, full, strlen(full)) == NULL)
    return mote_fail_nomem(e->err);
  if (e->front->missing.count == before)
    return MOTE_OK;
  mote_missing missing = {full, {e->unit->source, e->at}};
  return MOTE_VEC_PUSH(e->al, &e->front->program->missing, missing, e->err);
}

static mote_status add_op(mote_emit *e, const char *name, const char *overload, const mote_schema *schema,
                          uint32_t n_args, int32_t *index) {
  bool vararg = schema != NULL && schema->is_vararg;
  uint64_t n_key = schema == NULL ? n_args + 1 : 0;
  table_key key = {TAG_OP, schema ? (uint64_t)(uintptr_t)schema : mote_hash(name, strlen(name), 1), n_key};
  int64_t *slot;
  bool found;
  MOTE_TRY(find_slot(e, &key, &slot, &found));
  if (found && strcmp(e->ops.at[*slot].name, name) == 0) {
    *index = (int32_t)*slot;
    return MOTE_OK;
  }
  const mote_script_host *host = &e->front->program->host;
  mote_op_ref ref = {.name = name, .overload = overload, .schema = schema, .n_given = vararg ? -1 : (int32_t)n_args};
  ref.n_results = schema == NULL ? 1 : schema->is_varret ? -1 : (int32_t)schema->n_results;
  ref.has_impl = host->has_impl ? host->has_impl(host->ctx, schema ? schema->id : -1, name, overload) : schema != NULL;
  if (!ref.has_impl)
    MOTE_TRY(mote_front_define(e->front, &ref, e->err));
  if (!ref.has_impl)
    MOTE_TRY(note_missing(e, &ref));
  *slot = (int64_t)e->ops.len;
  *index = (int32_t)*slot;
  return MOTE_VEC_PUSH(e->al, &e->ops, ref, e->err);
}

// Operators that are instructions of their own.
static bool find_instruction(const char *name, const char *overload, uint32_t n_args, mote_opcode *op, int32_t *x,
                             uint32_t *pushed) {
  static const struct {
    const char *name;
    mote_opcode op;
    uint8_t args, pushed;
  } rows[] = {{"aten::__is__", MOTE_OPC___IS__, 2, 1},
              {"aten::__isnot__", MOTE_OPC___ISNOT__, 2, 1},
              {"aten::__not__", MOTE_OPC___NOT__, 1, 1},
              {"aten::dim", MOTE_OPC_DIM, 1, 1},
              {"aten::wait", MOTE_OPC_WAIT, 1, 1},
              {"aten::warn", MOTE_OPC_WARN, 2, 0},
              {"prim::dtype", MOTE_OPC_DTYPE, 1, 1},
              {"prim::device", MOTE_OPC_DEVICE, 1, 1},
              {"prim::is_cuda", MOTE_OPC_IS_CUDA, 1, 1},
              {"prim::TupleIndex", MOTE_OPC_TUPLE_INDEX, 2, 1},
              {"prim::RaiseException", MOTE_OPC_RAISE_EXCEPTION, 2, 0}};
  *x = 0;
  *pushed = 1;
  for (size_t i = 0; i < MOTE_COUNT(rows); i++)
    if (rows[i].args == n_args && strcmp(rows[i].name, name) == 0) {
      *op = rows[i].op;
      *pushed = rows[i].pushed;
      return true;
    }
  if (strcmp(name, "aten::format") == 0 && n_args > 0) {
    *op = MOTE_OPC_FORMAT;
    *x = (int32_t)n_args;
    return true;
  }
  *op = strcmp(name, "prim::NumToTensor") == 0 ? MOTE_OPC_NUM_TO_TENSOR : MOTE_OPC_DICT_INDEX;
  return strcmp(name, "prim::NumToTensor") == 0 ||
         (strcmp(name, "aten::__getitem__") == 0 && strncmp(overload, "Dict_", 5) == 0);
}

mote_status mote_emit_op(mote_emit *e, const char *name, const char *overload, const mote_schema *schema,
                         uint32_t n_args, uint32_t *pushed) {
  mote_opcode op;
  int32_t x;
  if (schema != NULL && find_instruction(name, overload, n_args, &op, &x, pushed)) {
    e->terminated |= op == MOTE_OPC_RAISE_EXCEPTION;
    return mote_emit_insn(e, op, x, 0);
  }
  MOTE_TRY(add_op(e, name, overload, schema, n_args, &x));
  const mote_op_ref *ref = &e->ops.at[x];
  *pushed = ref->n_results < 0 ? 1 : (uint32_t)ref->n_results;
  if (ref->n_given < 0)
    return mote_emit_insn(e, MOTE_OPC_OPN, x, n_args);
  return mote_emit_insn(e, MOTE_OPC_OP, x, ref->n_results < 0 ? 1 : 0);
}

mote_status mote_emit_unpack(mote_emit *e, uint32_t n) {
  const mote_schema *schema;
  uint32_t pushed;
  mote_schemas *schemas = &e->front->program->schemas;
  MOTE_TRY(mote_schema_get(schemas, (uint32_t)mote_schema_id(schemas, "prim::TupleUnpack", ""), &schema, e->err));
  MOTE_TRY(mote_emit_op(e, "prim::TupleUnpack", "", schema, 1, &pushed));
  if (n > UINT16_MAX)
    return mote_fail(e->err, MOTE_ERR_LIMIT, "tuple of %u items", n);
  e->code.at[e->code.len - 1].n = (uint16_t)n;
  return MOTE_OK;
}
