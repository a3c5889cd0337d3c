// The virtual machine: frames, the instruction loop, calls. Trusts what the verifier proved (indices, jumps, stack
// heights) and checks kinds of values itself. Knows no operator. Tests: tests/script/test_vm.c
#include "script/script_tensor.h"

#include <string.h>

enum { FRAMES_MAX = 10000, NESTED_MAX = 100 };

// ------------------------------------------------------------------------------------------------ life

mote_status mote_vm_init(mote_vm *vm) {
  mote_map_init(&vm->interned, vm->al);
  vm->n_consts = vm->program->functions.len;
  vm->consts = MOTE_NEW_ARRAY(vm->al, mote_val *, vm->n_consts + 1);
  for (int i = 0; i < 4; i++)
    vm->random[i] = 0x9E3779B97F4A7C15u * (uint64_t)(i + 1);
  if (vm->step_limit == 0)
    vm->step_limit = (uint64_t)1 << 40;
  return vm->consts ? MOTE_OK : MOTE_ERR_NOMEM;
}

static void drop_from(mote_vm *vm, size_t height) {
  while (vm->sp > height)
    mote_val_clear(&vm->stack[--vm->sp]);
}

void mote_vm_destroy(mote_vm *vm) {
  drop_from(vm, 0);
  for (size_t i = 0; i < vm->n_regs; i++)
    mote_val_clear(&vm->regs[i]);
  for (size_t i = 0; vm->consts && i < vm->n_consts; i++) {
    if (!vm->consts[i])
      continue;
    for (uint32_t k = 0; k < vm->program->functions.at[i]->n_consts; k++)
      mote_val_release(vm->consts[i][k]);
    mote_free(vm->al, vm->consts[i]);
  }
  mote_val_clear(&vm->text);
  for (size_t i = 0; i < vm->interned.count; i++)
    mote_free(vm->al, (void *)(uintptr_t)vm->interned.entries[i].key);
  mote_map_destroy(&vm->interned);
  mote_free(vm->al, vm->consts);
  mote_free(vm->al, vm->stack);
  mote_free(vm->al, vm->regs);
  MOTE_VEC_FREE(vm->al, &vm->frames);
  MOTE_VEC_FREE(vm->al, &vm->entered);
}

// ------------------------------------------------------------------------------------------------ constants

static mote_status literal_items(mote_vm *vm, const mote_literal *lit, mote_val *at, size_t *made) {
  for (*made = 0; *made < lit->u.list.count; ++*made)
    MOTE_TRY(mote_vm_literal(vm, &lit->u.list.items[*made], &at[*made]));
  return MOTE_OK;
}

static mote_status literal_list(mote_vm *vm, const mote_literal *lit, mote_val *out) {
  mote_val v;
  bool tuple = lit->kind == MOTE_LIT_TUPLE;
  size_t made = 0, n = lit->u.list.count;
  MOTE_TRY(tuple ? mote_tuple_new(vm->al, n, &v, vm->err) : mote_list_new(vm->al, n, &v, vm->err));
  mote_status s = literal_items(vm, lit, tuple ? v.u.tuple->at : v.u.list->at, &made);
  if (tuple) {
    v.u.tuple->type = lit->type;
  } else {
    v.u.list->len = made;
    v.u.list->type = lit->type;
  }
  if (s != MOTE_OK)
    mote_val_release(v);
  else
    *out = v;
  return s;
}

static mote_status literal_enum(mote_vm *vm, const mote_literal *lit, mote_val *out) {
  const mote_class *cls = lit->u.en.cls;
  if (lit->u.en.member >= cls->n_attrs)
    return mote_fail(vm->err, MOTE_ERR_FORMAT, "enum %s has no member %u", cls->name, lit->u.en.member);
  const mote_attr *member = &cls->attrs[lit->u.en.member];
  mote_val name, value;
  MOTE_TRY(mote_str_new(vm->al, member->name, strlen(member->name), &name, vm->err));
  mote_status s = mote_vm_literal(vm, &member->value, &value);
  if (s == MOTE_OK) {
    s = mote_enum_new(vm->al, cls, lit->u.en.member, name, value, out, vm->err);
    mote_val_release(value);
  }
  mote_val_release(name);
  return s;
}

mote_status mote_vm_literal(mote_vm *vm, const mote_literal *lit, mote_val *out) {
  switch (lit->kind) {
  case MOTE_LIT_NONE:
    *out = mote_val_none();
    return MOTE_OK;
  case MOTE_LIT_BOOL:
    *out = mote_val_bool(lit->u.b);
    return MOTE_OK;
  case MOTE_LIT_INT:
    *out = mote_val_int(lit->u.i);
    return MOTE_OK;
  case MOTE_LIT_FLOAT:
    *out = mote_val_float(lit->u.f);
    return MOTE_OK;
  case MOTE_LIT_COMPLEX:
    return mote_complex_new(vm->al, lit->u.c.re, lit->u.c.im, out, vm->err);
  case MOTE_LIT_STR:
    return mote_str_new(vm->al, lit->u.s.at, lit->u.s.len, out, vm->err);
  case MOTE_LIT_LIST:
  case MOTE_LIT_TUPLE:
    return literal_list(vm, lit, out);
  case MOTE_LIT_GLOBAL:
    if (!vm->host.constant)
      return mote_fail(vm->err, MOTE_ERR_FORMAT, "the program has no constants");
    return vm->host.constant(vm->host.ctx, lit->u.i, out, vm->err);
  case MOTE_LIT_ENUM:
    return literal_enum(vm, lit, out);
  case MOTE_LIT_VALUE: // index into the loader's table
    return vm->host.constant(vm->host.ctx, (int64_t)(intptr_t)lit->u.value, out, vm->err);
  }
  return mote_fail(vm->err, MOTE_ERR_INTERNAL, "literal of kind %d", (int)lit->kind);
}

static size_t function_index(const mote_function *fn) { return (size_t)(uintptr_t)fn->host; }

static mote_status make_consts(mote_vm *vm, const mote_function *fn) {
  mote_val *at = MOTE_NEW_ARRAY(vm->al, mote_val, fn->n_consts + 1);
  if (!at)
    return mote_fail_nomem(vm->err);
  for (uint32_t i = 0; i < fn->n_consts; i++) {
    mote_status s = mote_vm_literal(vm, &fn->consts[i], &at[i]);
    if (s == MOTE_OK)
      continue;
    while (i-- > 0)
      mote_val_release(at[i]);
    mote_free(vm->al, at);
    return s;
  }
  vm->consts[function_index(fn)] = at;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ frames

static mote_status reserve_values(mote_vm *vm, mote_val **at, size_t *cap, size_t want) {
  if (want <= *cap)
    return MOTE_OK;
  return mote_vec_reserve(vm->al, (void **)at, cap, *cap, want - *cap, sizeof **at, vm->err);
}

// The top fn->n_params values become the callee's arguments.
static mote_status enter(mote_vm *vm, const mote_function *fn) {
  if (!fn->code)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "function %s has no code", fn->name);
  if (vm->frames.len >= FRAMES_MAX)
    return mote_vm_raise(vm, "RecursionError", "maximum recursion depth (%d) exceeded", FRAMES_MAX);
  if (!vm->consts[function_index(fn)])
    MOTE_TRY(make_consts(vm, fn));
  mote_frame f = {fn, 0, vm->sp - fn->n_params, vm->n_regs, vm->entered.len};
  MOTE_TRY(reserve_values(vm, &vm->stack, &vm->stack_cap, f.base + fn->max_stack + 8));
  MOTE_TRY(reserve_values(vm, &vm->regs, &vm->regs_cap, vm->n_regs + fn->n_regs));
  MOTE_TRY(MOTE_VEC_PUSH(vm->al, &vm->frames, f, vm->err));
  for (uint32_t i = 0; i < fn->n_regs; i++)
    vm->regs[vm->n_regs + i] = mote_val_none();
  vm->n_regs += fn->n_regs;
  return MOTE_OK;
}

// Ends the top frame; `keep` values on top of the stack move to its base.
static void leave(mote_vm *vm, size_t keep) {
  mote_frame f = vm->frames.at[--vm->frames.len];
  while (vm->n_regs > f.regs)
    mote_val_clear(&vm->regs[--vm->n_regs]);
  while (vm->entered.len > f.entered)
    mote_val_clear(&vm->entered.at[--vm->entered.len]);
  size_t from = vm->sp - keep;
  for (size_t i = f.base; i < from; i++)
    mote_val_clear(&vm->stack[i]);
  if (from != f.base)
    memmove(&vm->stack[f.base], &vm->stack[from], keep * sizeof(mote_val));
  vm->sp = f.base + keep;
}

MOTE_INLINE void push(mote_vm *vm, mote_val v) { vm->stack[vm->sp++] = v; }
MOTE_INLINE mote_val pop(mote_vm *vm) { return vm->stack[--vm->sp]; }
MOTE_INLINE void pop_drop(mote_vm *vm) { mote_val_release(vm->stack[--vm->sp]); }

// ------------------------------------------------------------------------------------------------ operators

// Leaves out trailing defaults: the arguments between the given and the out ones come from the schema.
static mote_status fill_defaults(mote_vm *vm, const mote_schema *schema, uint32_t given, mote_val *a) {
  uint32_t n_out = 0, n = schema->n_args;
  while (n_out < n && schema->args[n - 1 - n_out].is_out)
    n_out++;
  uint32_t outs = given >= n_out ? n_out : 0, front = given - outs;
  for (uint32_t i = 0; i < outs; i++)
    a[n - 1 - i] = a[given - 1 - i];
  for (uint32_t i = front; i < n - outs; i++)
    a[i] = mote_val_none();
  for (uint32_t i = front; i < n - outs; i++)
    if (schema->args[i].has_default)
      MOTE_TRY(mote_vm_literal(vm, &schema->args[i].value, &a[i]));
  return MOTE_OK;
}

// In-place and out= forms of functions that only know how to give a new tensor.
static mote_status write_back(mote_vm *vm, mote_val *to, bool to_out, mote_val *out) {
  if (to->tag != MOTE_TAG_TENSOR || out->tag != MOTE_TAG_TENSOR)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "no tensor to write to");
  if (to_out)
    MOTE_TRY(mote_tensor_resize(vm, to->u.tensor, out->u.tensor));
  mote_status s = mote_tensor_write(vm, to->u.tensor, out->u.tensor);
  mote_val_set(out, s == MOTE_OK ? mote_val_retain(*to) : mote_val_none());
  return s;
}

// An operator that is defined in TorchScript. Its own frames and operators are not shown: who wrote the program knows
// the operator.
static mote_status run_body(mote_vm *vm, const mote_op_ref *ref, uint32_t n, mote_val *a, mote_val *out,
                            int32_t results) {
  const mote_function *fn = ref->body;
  mote_val v;
  if (n < fn->n_params || (ref->form != MOTE_FORM_PLAIN && n == 0) || results < 0)
    return mote_fail(vm->err, MOTE_ERR_ARGUMENT, "%s takes %u values, got %u", ref->name, fn->n_params, n);
  mote_status s = mote_vm_recall(vm, fn, a, fn->n_params, &v);
  if (s != MOTE_OK) {
    mote_fail_drop_items(vm->err);
    return s;
  }
  if (results == 1) {
    out[0] = v;
  } else if (results > 1 && (v.tag != MOTE_TAG_TUPLE || v.u.tuple->len != (size_t)results)) {
    s = mote_fail(vm->err, MOTE_ERR_INTERNAL, "%s does not give %d results", fn->name, results);
  }
  for (int32_t i = 0; s == MOTE_OK && results > 1 && i < results; i++)
    out[i] = mote_val_retain(v.u.tuple->at[i]);
  if (results != 1)
    mote_val_release(v);
  bool to_out = ref->form == MOTE_FORM_OUT;
  for (int32_t i = 0; s == MOTE_OK && ref->form != MOTE_FORM_PLAIN && i < results && i < (int32_t)n; i++)
    s = write_back(vm, to_out ? &a[(int32_t)n - results + i] : &a[i], to_out, &out[i]);
  for (int32_t i = 0; s != MOTE_OK && i < results; i++)
    mote_val_clear(&out[i]);
  return s;
}

// Bytecode says nothing of types: None where a tensor, a list or a number has to be.
static mote_status refuse_none(mote_vm *vm, const mote_schema *schema, uint32_t n, const mote_val *a) {
  for (uint32_t i = 0; schema && i < n && i < schema->n_args; i++) {
    mote_type_kind kind = schema->args[i].type->kind;
    bool needed = kind == MOTE_TYPE_TENSOR || kind == MOTE_TYPE_LIST || kind == MOTE_TYPE_INT ||
                  kind == MOTE_TYPE_FLOAT || kind == MOTE_TYPE_BOOL || kind == MOTE_TYPE_NUMBER;
    if (needed && a[i].tag == MOTE_TAG_NONE)
      return mote_vm_fail_type(vm, schema->args[i].name, a[i]);
  }
  return MOTE_OK;
}

static mote_status run_impl(mote_vm *vm, const mote_op_ref *ref, uint32_t n, mote_val *a, mote_val *out,
                            int32_t results) {
  const mote_impl *impl = ref->impl;
  if (!impl && !ref->body)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "operator %s%s%s is not supported", ref->name,
                     ref->overload[0] ? "." : "", ref->overload);
  const mote_op_ref *outer = vm->ref;
  vm->ref = ref;
  vm->n_results = results;
  MOTE_TRY(refuse_none(vm, ref->schema, n, a));
  mote_status s = !impl      ? run_body(vm, ref, n, a, out, results)
                  : impl->fn ? impl->fn(vm, n, a, out)
                             : mote_tensor_call(vm, impl, ref, n, a, out);
  if (s == MOTE_OK && impl && impl->fn && (impl->in_place || impl->to_out))
    s = n ? write_back(vm, impl->to_out ? &a[n - 1] : &a[0], impl->to_out, out)
          : mote_fail(vm->err, MOTE_ERR_TYPE, "no tensor to write to");
  if (s == MOTE_OK)
    vm->ref = outer; // else the traceback names it
  return s;
}

// Arguments are moved off the stack, so that an operator may call back into the machine.
static mote_status exec_op(mote_vm *vm, const mote_op_ref *ref, int32_t count, int32_t varied) {
  mote_val few[24], out[MOTE_MAX_RESULTS];
  mote_val *a = few;
  uint32_t given = count >= 0 ? (uint32_t)count : (uint32_t)ref->n_given, n = given;
  const mote_schema *schema = ref->schema;
  int32_t results = ref->n_results < 0 ? varied : ref->n_results;
  if (schema && !schema->is_vararg && n < schema->n_args)
    n = schema->n_args;
  if (n > MOTE_COUNT(few) && !(a = MOTE_NEW_ARRAY(vm->al, mote_val, n)))
    return mote_fail_nomem(vm->err);
  vm->sp -= given;
  memcpy(a, &vm->stack[vm->sp], given * sizeof *a);
  for (int32_t i = 0; i < MOTE_MAX_RESULTS && i < results; i++)
    out[i] = mote_val_none();
  mote_status s = results > MOTE_MAX_RESULTS ? mote_fail(vm->err, MOTE_ERR_LIMIT, "%d results", results) : MOTE_OK;
  if (s == MOTE_OK && n > given)
    s = fill_defaults(vm, schema, given, a);
  if (s == MOTE_OK)
    s = run_impl(vm, ref, n, a, out, results);
  if (s != MOTE_OK)
    mote_vm_traceback_op(vm, ref, n, a);
  for (uint32_t i = 0; i < n; i++)
    mote_val_release(a[i]);
  if (a != few)
    mote_free(vm->al, a);
  if (s != MOTE_OK)
    return s;
  for (int32_t i = 0; i < results; i++)
    push(vm, out[i]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ instructions

static mote_status want_object(mote_vm *vm, mote_val v, int32_t slot) {
  if (v.tag != MOTE_TAG_OBJECT)
    return mote_vm_fail_type(vm, "an object", v);
  if (slot < 0 || (uint32_t)slot >= v.u.object->n_slots)
    return mote_fail(vm->err, MOTE_ERR_FORMAT, "attribute %d of an object with %u", slot, v.u.object->n_slots);
  return MOTE_OK;
}

static mote_status get_attr(mote_vm *vm, int32_t slot) {
  mote_val *top = &vm->stack[vm->sp - 1];
  if (top->tag == MOTE_TAG_TUPLE && slot >= 0 && (size_t)slot < top->u.tuple->len) {
    mote_val_set(top, mote_val_retain(top->u.tuple->at[slot]));
    return MOTE_OK;
  }
  MOTE_TRY(want_object(vm, *top, slot));
  mote_val_set(top, mote_val_retain(top->u.object->slots[slot]));
  return MOTE_OK;
}

static mote_status set_attr(mote_vm *vm, int32_t slot) {
  mote_val object = vm->stack[vm->sp - 2];
  MOTE_TRY(want_object(vm, object, slot));
  mote_val_set(&object.u.object->slots[slot], pop(vm));
  mote_vm_touch(vm, object.u.object->born);
  pop_drop(vm);
  return MOTE_OK;
}

static mote_status list_unpack(mote_vm *vm, int32_t count) {
  mote_val v = pop(vm);
  mote_val *at = NULL;
  size_t len = 0;
  if (v.tag == MOTE_TAG_LIST) {
    at = v.u.list->at;
    len = v.u.list->len;
  } else if (v.tag == MOTE_TAG_TUPLE) {
    at = v.u.tuple->at;
    len = v.u.tuple->len;
  }
  mote_status s = MOTE_OK;
  if (len != (size_t)count)
    s = mote_vm_raise(vm, "RuntimeError", "Expected %d elements in a list but found %lld", count, (long long)len);
  for (int32_t i = 0; s == MOTE_OK && i < count; i++)
    push(vm, mote_val_retain(at[i]));
  mote_val_release(v);
  return s;
}

static mote_status make_names(mote_vm *vm, const mote_class *cls, mote_tuple *tuple) {
  mote_val names;
  MOTE_TRY(mote_str_new(vm->al, cls->name, strlen(cls->name), &tuple->class_name, vm->err));
  MOTE_TRY(mote_tuple_new(vm->al, cls->n_attrs, &names, vm->err));
  tuple->names = names.u.tuple;
  for (uint32_t i = 0; i < cls->n_attrs; i++)
    MOTE_TRY(mote_str_new(vm->al, cls->attrs[i].name, strlen(cls->attrs[i].name), &names.u.tuple->at[i], vm->err));
  return MOTE_OK;
}

static mote_status tuple_construct(mote_vm *vm, const mote_type *type, int32_t count) {
  mote_val v;
  MOTE_TRY(mote_tuple_new(vm->al, (size_t)count, &v, vm->err));
  vm->sp -= (size_t)count;
  memcpy(v.u.tuple->at, &vm->stack[vm->sp], (size_t)count * sizeof(mote_val));
  push(vm, v);
  v.u.tuple->type = type;
  return type && type->cls ? make_names(vm, type->cls, v.u.tuple) : MOTE_OK;
}

static mote_status list_construct(mote_vm *vm, const mote_type *type, int32_t count) {
  mote_val v;
  MOTE_TRY(mote_list_new(vm->al, (size_t)count, &v, vm->err));
  vm->sp -= (size_t)count;
  if (count)
    memcpy(v.u.list->at, &vm->stack[vm->sp], (size_t)count * sizeof(mote_val));
  v.u.list->len = (size_t)count;
  v.u.list->type = type;
  v.u.list->born = vm->call;
  push(vm, v);
  return MOTE_OK;
}

static mote_status dict_construct(mote_vm *vm, const mote_type *type, int32_t count) {
  mote_val v;
  MOTE_TRY(mote_dict_new(vm->al, &v, vm->err));
  v.u.dict->type = type;
  v.u.dict->born = vm->call;
  mote_status s = MOTE_OK;
  for (int32_t i = 0; s == MOTE_OK && i + 1 < count; i += 2)
    s = mote_dict_put(v.u.dict, vm->stack[vm->sp - (size_t)(count - i)], vm->stack[vm->sp - (size_t)(count - i) + 1],
                      vm->err);
  drop_from(vm, vm->sp - (size_t)count);
  push(vm, v);
  return s;
}

static mote_status create_object(mote_vm *vm, const mote_type *type) {
  const mote_class *cls = type->cls;
  mote_val v;
  if (type->kind != MOTE_TYPE_CLASS || !cls || cls->kind == MOTE_CLASS_OPAQUE || cls->kind == MOTE_CLASS_UNKNOWN)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "objects of class %s cannot be made", cls ? cls->name : "?");
  MOTE_TRY(mote_object_new(vm->al, &vm->objects, cls, cls->n_attrs, &v, vm->err));
  v.u.object->born = vm->call;
  push(vm, v);
  return MOTE_OK;
}

static bool is_any_of(mote_vm *vm, mote_val v, const mote_function *fn, mote_insn in) {
  for (uint32_t i = 0; i < in.n; i++)
    if (mote_val_is_a(vm, v, fn->types[(uint32_t)in.x + i]))
      return true;
  return false;
}

static mote_status tuple_slice(mote_vm *vm, int32_t from, int32_t count) {
  mote_val v = pop(vm), out;
  if (v.tag != MOTE_TAG_TUPLE || from < 0 || (size_t)from > v.u.tuple->len ||
      (size_t)count > v.u.tuple->len - (size_t)from) {
    mote_val_release(v);
    return mote_fail(vm->err, MOTE_ERR_FORMAT, "slice [%d, %d+%d) outside a tuple", from, from, count);
  }
  mote_status s = mote_tuple_new(vm->al, (size_t)count, &out, vm->err);
  for (int32_t i = 0; s == MOTE_OK && i < count; i++)
    out.u.tuple->at[i] = mote_val_retain(v.u.tuple->at[from + i]);
  mote_val_release(v);
  if (s == MOTE_OK)
    push(vm, out);
  return s;
}

static mote_status tuple_index(mote_vm *vm) {
  mote_val index = vm->stack[vm->sp - 1], v = vm->stack[vm->sp - 2];
  MOTE_WANT_INT(vm, index);
  MOTE_WANT(vm, v, MOTE_TAG_TUPLE);
  int64_t i = index.u.i, n = (int64_t)v.u.tuple->len;
  if (i < -n || i >= n)
    return mote_vm_raise(vm, "IndexError", "Tuple index out of range");
  vm->sp--;
  mote_val_set(&vm->stack[vm->sp - 1], mote_val_retain(v.u.tuple->at[i < 0 ? i + n : i]));
  return MOTE_OK;
}

static mote_status raise_exception(mote_vm *vm) {
  mote_val msg = vm->stack[vm->sp - 2], cls = vm->stack[vm->sp - 1];
  const char *name = NULL;
  MOTE_WANT(vm, msg, MOTE_TAG_STR);
  if (cls.tag == MOTE_TAG_STR) {
    const char *dot = strrchr(cls.u.str->at, '.');
    name = dot ? dot + 1 : cls.u.str->at;
  }
  return mote_vm_raise(vm, name, "%s", msg.u.str->at);
}

static mote_status dict_index(mote_vm *vm) {
  mote_val dict = vm->stack[vm->sp - 2], key = vm->stack[vm->sp - 1];
  MOTE_WANT(vm, dict, MOTE_TAG_DICT);
  const mote_val *v = mote_dict_find(dict.u.dict, key);
  if (!v) {
    mote_text t;
    mote_text_init(&t, vm->al);
    mote_status s = mote_vm_repr(vm, key, &t);
    if (s == MOTE_OK)
      s = mote_vm_raise(vm, "KeyError", "%s", t.at ? t.at : "");
    mote_text_destroy(&t);
    return s;
  }
  mote_val_set(&vm->stack[vm->sp - 2], mote_val_retain(*v));
  pop_drop(vm);
  return MOTE_OK;
}

static mote_status do_format(mote_vm *vm, int32_t count) {
  mote_val out;
  MOTE_TRY(mote_vm_format(vm, &vm->stack[vm->sp - (size_t)count], (uint32_t)count, &out));
  drop_from(vm, vm->sp - (size_t)count);
  push(vm, out);
  return MOTE_OK;
}

static mote_status tensor_fact(mote_vm *vm, mote_opcode op) {
  mote_val *top = &vm->stack[vm->sp - 1];
  MOTE_WANT(vm, *top, MOTE_TAG_TENSOR);
  const mote_handle *h = top->u.tensor;
  mote_val v = mote_val_bool(false);
  if (op == MOTE_OPC_DEVICE)
    v = mote_val_device(h->is_meta ? 1 : 0);
  else if (op == MOTE_OPC_DTYPE)
    v = mote_val_int(mote_dtype_to_torch(h->t.dtype));
  else if (op == MOTE_OPC_DIM)
    v = mote_val_int(h->t.rank);
  mote_val_set(top, v);
  return MOTE_OK;
}

static mote_status to_list(mote_vm *vm) {
  mote_val *a = &vm->stack[vm->sp - 3], out;
  MOTE_WANT_INT(vm, a[1]);
  MOTE_WANT_INT(vm, a[2]);
  if (a[0].tag == MOTE_TAG_TENSOR) {
    MOTE_TRY(mote_vm_tolist(vm, a[0].u.tensor, a[1].u.i, a[2].u.i, &out));
  } else {
    return mote_vm_fail_type(vm, "Tensor", a[0]);
  }
  drop_from(vm, vm->sp - 3);
  push(vm, out);
  return MOTE_OK;
}

// Function to run and its N arguments -> future that holds the result.
static mote_status fork(mote_vm *vm, const mote_function *fn, uint32_t n) {
  mote_val future;
  MOTE_TRY(mote_future_new(vm->al, &future, vm->err));
  mote_status s = mote_vm_recall(vm, fn, &vm->stack[vm->sp - n], n, &future.u.future->value);
  if (s != MOTE_OK) {
    mote_val_release(future);
    return s;
  }
  future.u.future->done = true;
  drop_from(vm, vm->sp - n);
  push(vm, future);
  return MOTE_OK;
}

static mote_status wait_future(mote_vm *vm) {
  mote_val *top = &vm->stack[vm->sp - 1];
  if (top->tag == MOTE_TAG_FUTURE)
    mote_val_set(top, mote_val_retain(top->u.future->value));
  return MOTE_OK;
}

static mote_status interface_call(mote_vm *vm, const mote_literal *name, uint32_t n) {
  mote_val object = vm->stack[vm->sp - n];
  if (n == 0 || object.tag != MOTE_TAG_OBJECT || name->kind != MOTE_LIT_STR)
    return mote_vm_fail_type(vm, "an object", object);
  const mote_function *fn = mote_class_method(object.u.object->cls, name->u.s.at);
  if (!fn || fn->n_params != n)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "%s has no method %s of %u arguments",
                     ((const mote_class *)object.u.object->cls)->name, name->u.s.at, n);
  return enter(vm, fn);
}

static mote_status exit_object(mote_vm *vm) {
  if (vm->entered.len <= vm->frames.at[vm->frames.len - 1].entered)
    return mote_fail(vm->err, MOTE_ERR_FORMAT, "EXIT without ENTER");
  mote_val object = vm->entered.at[--vm->entered.len];
  const mote_function *fn = NULL;
  if (object.tag == MOTE_TAG_OBJECT)
    fn = mote_class_method(object.u.object->cls, "__exit__");
  if (!fn || fn->n_params != 4) {
    mote_val_release(object);
    return mote_fail(vm->err, MOTE_ERR_TYPE, "object has no __exit__ of four arguments");
  }
  mote_status s = reserve_values(vm, &vm->stack, &vm->stack_cap, vm->sp + 8);
  if (s != MOTE_OK) {
    mote_val_release(object);
    return s;
  }
  push(vm, object);
  for (int i = 0; i < 3; i++)
    push(vm, mote_val_none());
  return enter(vm, fn);
}

static mote_status warn(mote_vm *vm) {
  mote_val msg = vm->stack[vm->sp - 2];
  if (vm->log && msg.tag == MOTE_TAG_STR)
    vm->log(vm->log_ctx, msg.u.str->at);
  vm->wrote = true;
  drop_from(vm, vm->sp - 2);
  return MOTE_OK;
}

static mote_status identity(mote_vm *vm, bool want) {
  mote_val b = pop(vm), a = pop(vm);
  bool same = mote_val_same(a, b);
  mote_val_release(a);
  mote_val_release(b);
  push(vm, mote_val_bool(same == want));
  return MOTE_OK;
}

static mote_status num_to_tensor(mote_vm *vm) {
  mote_val *top = &vm->stack[vm->sp - 1], out;
  MOTE_TRY(mote_vm_number_tensor(vm, *top, MOTE_NONE, &out));
  mote_val_set(top, out);
  return MOTE_OK;
}

// trip, max, cond, carried...: see opcodes.def.
static bool loop_step(mote_vm *vm, uint32_t n) {
  mote_val *a = &vm->stack[vm->sp - n - 1]; // trip, max, cond, n - 2 carried
  if (a[0].u.i < a[1].u.i && a[2].u.i) {
    a[2] = mote_val_int(a[0].u.i++);
    return true;
  }
  memmove(&a[0], &a[3], (n - 2) * sizeof *a);
  vm->sp -= 3;
  return false;
}

// Instructions that are neither control flow nor hot.
static mote_status exec_other(mote_vm *vm, const mote_function *fn, mote_insn in) {
  switch (in.op) {
  case MOTE_OPC_WAIT:
    return wait_future(vm);
  case MOTE_OPC_GET_ATTR:
    return get_attr(vm, in.x);
  case MOTE_OPC_SET_ATTR:
    return set_attr(vm, in.x);
  case MOTE_OPC_LIST_UNPACK:
    return list_unpack(vm, in.x);
  case MOTE_OPC_TUPLE_CONSTRUCT:
    return tuple_construct(vm, NULL, in.x);
  case MOTE_OPC_NAMED_TUPLE_CONSTRUCT:
    return tuple_construct(vm, fn->types[in.x], in.n);
  case MOTE_OPC_LIST_CONSTRUCT:
    return list_construct(vm, fn->types[in.x], in.n);
  case MOTE_OPC_DICT_CONSTRUCT:
    return dict_construct(vm, fn->types[in.x], in.n);
  case MOTE_OPC_CREATE_OBJECT:
    return create_object(vm, fn->types[in.x]);
  case MOTE_OPC_ISINSTANCE: {
    mote_val *top = &vm->stack[vm->sp - 1];
    mote_val_set(top, mote_val_bool(is_any_of(vm, *top, fn, in)));
    return MOTE_OK;
  }
  case MOTE_OPC_TUPLE_SLICE:
    return tuple_slice(vm, in.x, in.n);
  case MOTE_OPC_TUPLE_INDEX:
    return tuple_index(vm);
  case MOTE_OPC_RAISE_EXCEPTION:
    return raise_exception(vm);
  case MOTE_OPC_DICT_INDEX:
    return dict_index(vm);
  case MOTE_OPC___IS__:
    return identity(vm, true);
  case MOTE_OPC___ISNOT__:
    return identity(vm, false);
  case MOTE_OPC_FORMAT:
    return do_format(vm, in.x);
  case MOTE_OPC_DEVICE:
  case MOTE_OPC_DTYPE:
  case MOTE_OPC_DIM:
  case MOTE_OPC_IS_CUDA:
    return tensor_fact(vm, (mote_opcode)in.op);
  case MOTE_OPC_TO_LIST:
    return to_list(vm);
  case MOTE_OPC_NUM_TO_TENSOR:
    return num_to_tensor(vm);
  case MOTE_OPC_FORK:
  case MOTE_OPC_AWAITABLE:
    return fork(vm, fn->callees[in.x], in.n);
  case MOTE_OPC_WARN:
    return warn(vm);
  case MOTE_OPC_ENTER:
    return MOTE_VEC_PUSH(vm->al, &vm->entered, mote_val_retain(vm->stack[vm->sp - 1]), vm->err);
  case MOTE_OPC_EXIT:
    return exit_object(vm);
  default:
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "instruction %s", mote_opcode_name((mote_opcode)in.op));
  }
}

// ------------------------------------------------------------------------------------------------ the loop

static mote_status check_limits(mote_vm *vm) {
  if (atomic_load_explicit(&vm->cancelled, memory_order_relaxed))
    return mote_fail(vm->err, MOTE_ERR_CANCELLED, "cancelled");
  if (vm->steps >= vm->step_limit)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "program ran %llu instructions, the limit",
                     (unsigned long long)vm->steps);
  return MOTE_OK;
}

static mote_status run(mote_vm *vm, size_t stop) {
  while (vm->frames.len > stop) {
    mote_frame *f = &vm->frames.at[vm->frames.len - 1];
    const mote_function *fn = f->fn;
    mote_val *regs = vm->regs + f->regs - 1; // registers count from 1
    uint32_t pc = f->pc;
    mote_insn in = fn->code[pc];
    f->pc = pc + 1;
    if (MOTE_UNLIKELY((++vm->steps & 1023) == 0 || vm->steps >= vm->step_limit))
      MOTE_TRY(check_limits(vm));
    switch (in.op) {
    case MOTE_OPC_OP:
      MOTE_TRY(exec_op(vm, &fn->ops[in.x], -1, in.n));
      break;
    case MOTE_OPC_OPN:
      MOTE_TRY(exec_op(vm, &fn->ops[in.x], in.n, 1));
      break;
    case MOTE_OPC_LOAD:
      push(vm, mote_val_retain(regs[in.x]));
      break;
    case MOTE_OPC_MOVE:
      push(vm, regs[in.x]);
      regs[in.x] = mote_val_none();
      break;
    case MOTE_OPC_STOREN:
      for (uint32_t i = in.n; i > 0; i--)
        mote_val_set(&regs[in.x + (int32_t)i - 1], pop(vm));
      break;
    case MOTE_OPC_STORE:
      mote_val_set(&regs[in.x], pop(vm));
      break;
    case MOTE_OPC_DROP:
      pop_drop(vm);
      break;
    case MOTE_OPC_DROPR:
      mote_val_clear(&regs[in.x]);
      break;
    case MOTE_OPC_LOADC:
      push(vm, mote_val_retain(vm->consts[function_index(fn)][in.x]));
      break;
    case MOTE_OPC_JF: {
      mote_val cond = pop(vm);
      if (!mote_is_int(cond)) {
        mote_val_release(cond);
        return mote_vm_fail_type(vm, "bool", cond);
      }
      if (!cond.u.i)
        f->pc = (uint32_t)((int64_t)pc + in.x);
      break;
    }
    case MOTE_OPC_JMP:
      f->pc = (uint32_t)((int64_t)pc + in.x);
      break;
    case MOTE_OPC_LOOP: {
      mote_val *a = &vm->stack[vm->sp - in.n - 1];
      if (!mote_is_int(a[0]) || !mote_is_int(a[1]) || !mote_is_int(a[2]))
        return mote_fail(vm->err, MOTE_ERR_TYPE, "loop counters are no integers");
      if (!loop_step(vm, in.n))
        f->pc = (uint32_t)((int64_t)pc + in.x);
      break;
    }
    case MOTE_OPC_RET:
      leave(vm, vm->sp - f->base);
      break;
    case MOTE_OPC_CALL:
      MOTE_TRY(enter(vm, fn->callees[in.x]));
      break;
    case MOTE_OPC_INTERFACE_CALL:
      MOTE_TRY(interface_call(vm, &fn->consts[in.x], in.n));
      break;
    case MOTE_OPC_UNCHECKED_CAST:
      break;
    case MOTE_OPC_UN_INITIALIZED:
      push(vm, mote_val_none());
      break;
    case MOTE_OPC___NOT__: {
      mote_val *top = &vm->stack[vm->sp - 1];
      if (!mote_is_int(*top))
        return mote_vm_fail_type(vm, "bool", *top);
      *top = mote_val_bool(top->u.i == 0);
      break;
    }
    default:
      MOTE_TRY(exec_other(vm, fn, in));
    }
  }
  return MOTE_OK;
}

// After a failure: the frames above `stop` go, objects that were entered get their __exit__.
static void unwind(mote_vm *vm, size_t stop) {
  mote_error *err = vm->err;
  while (vm->frames.len > stop) {
    size_t mark = vm->frames.at[vm->frames.len - 1].entered;
    while (vm->entered.len > mark && vm->nested < NESTED_MAX) {
      mote_val object = vm->entered.at[--vm->entered.len], result;
      const mote_function *fn =
          object.tag == MOTE_TAG_OBJECT ? mote_class_method(object.u.object->cls, "__exit__") : NULL;
      mote_val args[4] = {object, mote_val_none(), mote_val_none(), mote_val_none()};
      vm->err = NULL;
      if (fn && fn->n_params == 4 && mote_vm_recall(vm, fn, args, 4, &result) == MOTE_OK)
        mote_val_release(result);
      mote_val_release(object);
      vm->err = err;
    }
    leave(vm, 0);
  }
}

mote_status mote_vm_recall(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result) {
  size_t stop = vm->frames.len, base = vm->sp;
  if (n != fn->n_params)
    return mote_fail(vm->err, MOTE_ERR_ARGUMENT, "%s takes %u values, got %u", fn->name, fn->n_params, n);
  if (vm->nested >= NESTED_MAX)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "calls within operators are nested deeper than %d", NESTED_MAX);
  // `args` may lie on the stack, which moves when it grows.
  bool inside = vm->stack && args >= vm->stack && args < vm->stack + vm->stack_cap;
  size_t at = inside ? (size_t)(args - vm->stack) : 0;
  MOTE_TRY(reserve_values(vm, &vm->stack, &vm->stack_cap, vm->sp + n + 8));
  if (inside)
    args = vm->stack + at;
  for (uint32_t i = 0; i < n; i++)
    push(vm, mote_val_retain(args[i]));
  vm->nested++;
  mote_status s = enter(vm, fn);
  if (s == MOTE_OK)
    s = run(vm, stop);
  if (s == MOTE_OK) {
    *result = vm->sp > base ? pop(vm) : mote_val_none();
  } else {
    if (vm->frames.len > stop)
      mote_vm_traceback(vm, stop);
    unwind(vm, stop);
  }
  drop_from(vm, base);
  vm->nested--;
  return s;
}

mote_status mote_vm_call(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result,
                         mote_error *err) {
  vm->err = err;
  vm->ref = NULL;
  vm->steps = 0;
  vm->decided = vm->wrote = false;
  vm->call = mote_hash_u64(++vm->calls, (uint64_t)(uintptr_t)vm) | 1;
  atomic_store(&vm->cancelled, false);
  return mote_vm_recall(vm, fn, args, n, result);
}

mote_status mote_vm_resolve(mote_dispatch *d, const mote_schemas *schemas, mote_function *fn, mote_error *err) {
  (void)err;
  for (uint32_t i = 0; i < fn->n_ops; i++) {
    mote_op_ref *ref = &fn->ops[i];
    ref->impl =
        (void *)(uintptr_t)mote_dispatch_find(d, schemas, ref->schema ? ref->schema->id : -1, ref->name, ref->overload);
    ref->has_impl = ref->impl != NULL || ref->body != NULL;
  }
  return MOTE_OK;
}
