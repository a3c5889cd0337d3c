// Pickled values -> values of a session: plain data, tensors, objects of the program's classes, enums, packed
// parameters. Nothing is looked up by the file's word: the callables are a fixed list. Tests: tests/models/torch,
// fuzz/fuzz_torch.c
#include "formats/torch/torch_file.h"

#include <string.h>

#include "script/packed.h"

static mote_status build(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out);

const char *mote_torch_class_name(mote_arena *arena, const mote_pickle_value *global) {
  size_t a = strlen(global->as.global.module), c = strlen(global->as.global.name);
  char *name = mote_arena_array(arena, a + c + 2, 1);
  if (!name)
    return NULL;
  memcpy(name, global->as.global.module, a);
  name[a] = '.';
  memcpy(name + a + 1, global->as.global.name, c);
  return name;
}

static bool is_program_class(const mote_pickle_value *g) {
  return mote_pickle_is(g, MOTE_PICKLE_GLOBAL) && strncmp(g->as.global.module, "__torch__", 9) == 0 &&
         (g->as.global.module[9] == '.' || g->as.global.module[9] == '\0');
}

static bool is_opaque_class(const mote_pickle_value *g) {
  return mote_pickle_is(g, MOTE_PICKLE_GLOBAL) && strncmp(g->as.global.module, "__torch__.torch.classes", 23) == 0;
}

// ------------------------------------------------------------------------------------------------ classes in the tree

static mote_status name_items(mote_script_model *m, const mote_pickle_items *items, mote_error *err) {
  for (uint32_t i = 0; i < items->count; i++)
    MOTE_TRY(mote_torch_name_classes(m, items->at[i], err));
  return MOTE_OK;
}

mote_status mote_torch_name_classes(mote_script_model *m, const mote_pickle_value *v, mote_error *err) {
  if (!v)
    return MOTE_OK;
  switch (v->kind) {
  case MOTE_PICKLE_TUPLE:
  case MOTE_PICKLE_LIST:
  case MOTE_PICKLE_DICT:
    return name_items(m, &v->as.items, err);
  case MOTE_PICKLE_REDUCE:
  case MOTE_PICKLE_OBJECT:
    MOTE_TRY(mote_torch_name_classes(m, v->as.call.callable, err));
    MOTE_TRY(mote_torch_name_classes(m, v->as.call.args, err));
    MOTE_TRY(mote_torch_name_classes(m, v->as.call.state, err));
    return name_items(m, &v->as.call.items, err);
  case MOTE_PICKLE_GLOBAL: {
    mote_class *cls;
    if (!is_program_class(v))
      return MOTE_OK;
    const char *name = mote_torch_class_name(&m->arena, v);
    if (!name)
      return mote_fail_nomem(err);
    if (is_opaque_class(v))
      return mote_types_class(&m->program->types, name, strlen(name)) ? MOTE_OK : mote_fail_nomem(err);
    return mote_program_class(m->program, name, &cls, err);
  }
  default:
    return MOTE_OK;
  }
}

// ------------------------------------------------------------------------------------------------ containers

static const mote_allocator *alloc_of(const mote_torch_builder *b) {
  return b->session ? b->session->al : b->model->al;
}

static mote_status build_tuple(mote_torch_builder *b, const mote_pickle_items *items, mote_val *out) {
  mote_val v;
  MOTE_TRY(mote_tuple_new(alloc_of(b), items->count, &v, b->err));
  for (uint32_t i = 0; i < items->count; i++) {
    mote_status s = build(b, items->at[i], &v.u.tuple->at[i]);
    if (s != MOTE_OK)
      return mote_val_release(v), s;
  }
  *out = v;
  return MOTE_OK;
}

static mote_status build_list(mote_torch_builder *b, const mote_pickle_items *items, mote_val *out) {
  mote_val v, item;
  MOTE_TRY(mote_list_new(alloc_of(b), items->count, &v, b->err));
  for (uint32_t i = 0; i < items->count; i++) {
    mote_status s = build(b, items->at[i], &item);
    if (s == MOTE_OK)
      s = mote_list_push(v.u.list, item, b->err);
    if (s != MOTE_OK)
      return mote_val_release(v), s;
  }
  *out = v;
  return MOTE_OK;
}

static mote_status put_pair(mote_torch_builder *b, mote_dict *dict, const mote_pickle_value *k,
                            const mote_pickle_value *v) {
  mote_val key, value;
  MOTE_TRY(build(b, k, &key));
  mote_status s = build(b, v, &value);
  if (s == MOTE_OK) {
    s = mote_dict_put(dict, key, value, b->err);
    mote_val_release(value);
  }
  mote_val_release(key);
  return s;
}

static mote_status build_dict(mote_torch_builder *b, const mote_pickle_items *items, mote_val *out) {
  mote_val v;
  MOTE_TRY(mote_dict_new(alloc_of(b), &v, b->err));
  for (uint32_t i = 0; i + 1 < items->count; i += 2) {
    mote_status s = put_pair(b, v.u.dict, items->at[i], items->at[i + 1]);
    if (s != MOTE_OK)
      return mote_val_release(v), s;
  }
  *out = v;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ objects

static mote_status fill_slots(mote_torch_builder *b, const mote_class *cls, const mote_pickle_value *state,
                              mote_object *object) {
  if (!mote_pickle_is(state, MOTE_PICKLE_DICT))
    return mote_fail(b->err, MOTE_ERR_FORMAT, "state of an object of %s is %s, not a dict", cls->name,
                     mote_pickle_kind_name(state));
  for (uint32_t i = 0; i + 1 < state->as.items.count; i += 2) {
    const mote_pickle_value *key = state->as.items.at[i];
    uint32_t slot;
    mote_val v;
    if (!mote_pickle_is(key, MOTE_PICKLE_STR))
      return mote_fail(b->err, MOTE_ERR_FORMAT, "attribute of %s whose name is no string", cls->name);
    const mote_attr *attr = mote_class_attr(cls, key->as.text.data, &slot);
    if (!attr || slot >= object->n_slots)
      continue; // older files keep values that the class no longer declares
    MOTE_TRY(build(b, state->as.items.at[i + 1], &v));
    mote_val_set(&object->slots[slot], v);
    if (b->session)
      mote_val_stamp(&b->session->vm, v, attr->type);
  }
  return MOTE_OK;
}

static mote_status run_setstate(mote_torch_builder *b, const mote_function *fn, const mote_pickle_value *state,
                                mote_val object) {
  mote_val args[2] = {object, mote_val_none()}, result;
  MOTE_TRY(build(b, state, &args[1]));
  mote_status s = MOTE_OK;
  if (b->session) {
    if (fn->n_params == 2)
      mote_val_stamp(&b->session->vm, args[1], fn->params[1].type);
    s = mote_vm_call(&b->session->vm, fn, args, 2, &result, b->err);
    if (s == MOTE_OK)
      mote_val_release(result);
  }
  mote_val_release(args[1]);
  return s;
}

// The class with its name is the program's; as a rule it was met when the file was opened.
static mote_class *native_class(mote_torch_builder *b, const mote_pickle_value *global) {
  const char *name = mote_torch_class_name(&b->scratch, global);
  mote_mutex_lock(&b->model->lock);
  mote_class *cls = name ? mote_types_class(&b->model->program->types, name, strlen(name)) : NULL;
  mote_mutex_unlock(&b->model->lock);
  return cls;
}

static mote_status build_native(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  mote_val state = mote_val_none();
  mote_class *cls = native_class(b, v->as.call.callable);
  if (!cls)
    return mote_fail_nomem(b->err);
  if (v->as.call.state)
    MOTE_TRY(build(b, v->as.call.state, &state));
  bool none = false, *qnnpack = b->session ? &b->session->vm.qnnpack : &none;
  mote_status s = mote_packed_from_state(alloc_of(b), cls->name, state, qnnpack, out, b->err);
  if (s == MOTE_OK)
    out->u.native->cls = cls;
  mote_val_release(state);
  return s;
}

static mote_status build_object(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  const mote_pickle_value *g = v->as.call.callable;
  if (is_opaque_class(g))
    return build_native(b, v, out);
  const char *name = is_program_class(g) ? mote_torch_class_name(&b->scratch, g) : NULL;
  if (!name && is_program_class(g))
    return mote_fail_nomem(b->err);
  const mote_class *cls = name ? mote_types_find_class(&b->model->program->types, name) : NULL;
  if (!cls || (cls->kind != MOTE_CLASS_MODULE && cls->kind != MOTE_CLASS_PLAIN))
    return mote_fail(b->err, MOTE_ERR_FORMAT, "object of class %s.%s, which the program does not define",
                     mote_pickle_is(g, MOTE_PICKLE_GLOBAL) ? g->as.global.module : "?",
                     mote_pickle_is(g, MOTE_PICKLE_GLOBAL) ? g->as.global.name : "?");
  mote_val object;
  MOTE_TRY(
      mote_object_new(alloc_of(b), b->session ? &b->session->vm.objects : NULL, cls, cls->n_attrs, &object, b->err));
  const mote_function *setstate = mote_class_method(cls, "__setstate__");
  mote_status s = MOTE_OK;
  if (v->as.call.state)
    s = setstate && setstate->code ? run_setstate(b, setstate, v->as.call.state, object)
                                   : fill_slots(b, cls, v->as.call.state, object.u.object);
  if (s != MOTE_OK)
    return mote_val_release(object), s;
  *out = object;
  return MOTE_OK;
}

static mote_status build_enum(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  const char *name = mote_torch_class_name(&b->scratch, v->as.call.callable);
  if (!name)
    return mote_fail_nomem(b->err);
  const mote_class *cls = mote_types_find_class(&b->model->program->types, name);
  const mote_pickle_items *args = &v->as.call.args->as.items;
  if (!cls || cls->kind != MOTE_CLASS_ENUM || args->count != 1)
    return mote_fail(b->err, MOTE_ERR_FORMAT, "call of %s, which is no enum", name);
  mote_val value;
  MOTE_TRY(build(b, args->at[0], &value));
  mote_status s = mote_fail(NULL, MOTE_ERR_FORMAT, "no member");
  for (uint32_t i = 0; s != MOTE_OK && i < cls->n_attrs && b->session; i++) {
    mote_literal lit = {.kind = MOTE_LIT_ENUM};
    mote_val member;
    lit.u.en.cls = cls;
    lit.u.en.member = i;
    b->session->vm.err = b->err;
    mote_status made = mote_vm_literal(&b->session->vm, &lit, &member);
    if (made != MOTE_OK) {
      mote_val_release(value);
      return made;
    }
    if (mote_val_equal(member.u.en->value, value)) {
      *out = member;
      s = MOTE_OK;
    } else {
      mote_val_release(member);
    }
  }
  mote_val_release(value);
  if (!b->session) {
    *out = mote_val_none();
    return MOTE_OK;
  }
  return s == MOTE_OK ? s : mote_fail(b->err, MOTE_ERR_FORMAT, "enum %s has no member of that value", name);
}

// ------------------------------------------------------------------------------------------------ calls

static bool is_list_maker(const mote_pickle_value *g) {
  static const char *const names[] = {"build_intlist", "build_doublelist", "build_boollist", "build_tensorlist"};
  for (size_t i = 0; i < MOTE_COUNT(names); i++)
    if (mote_pickle_is_global(g, "torch.jit._pickle", names[i]))
      return true;
  return false;
}

static mote_status restore_type(mote_torch_builder *b, const mote_pickle_items *args, mote_val *out) {
  const mote_type *type;
  MOTE_TRY(build(b, args->at[0], out));
  if (!b->session || !mote_pickle_is(args->at[1], MOTE_PICKLE_STR))
    return MOTE_OK;
  const mote_pickle_value *text = args->at[1];
  mote_mutex_lock(&b->model->lock);
  mote_status s = mote_type_parse(&b->model->program->types, text->as.text.data, text->as.text.len, &type, b->err);
  mote_mutex_unlock(&b->model->lock);
  if (s != MOTE_OK)
    return mote_val_clear(out), s;
  mote_val_stamp(&b->session->vm, *out, type);
  return MOTE_OK;
}

static mote_status build_complex(mote_torch_builder *b, const mote_pickle_items *args, mote_val *out) {
  mote_val re, im;
  MOTE_TRY(build(b, args->at[0], &re));
  mote_status s = build(b, args->at[1], &im);
  if (s != MOTE_OK)
    return mote_val_release(re), s;
  if (mote_is_number(re) && mote_is_number(im))
    s = mote_complex_new(alloc_of(b), mote_num(re), mote_num(im), out, b->err);
  else
    s = mote_fail(b->err, MOTE_ERR_FORMAT, "complex number of parts that are no numbers");
  mote_val_release(re);
  mote_val_release(im);
  return s;
}

static mote_status build_call(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  const mote_pickle_value *g = v->as.call.callable;
  if (mote_torch_is_tensor(v))
    return mote_torch_tensor(b, v, out);
  if (!mote_pickle_is(g, MOTE_PICKLE_GLOBAL) || !mote_pickle_is(v->as.call.args, MOTE_PICKLE_TUPLE))
    return mote_fail(b->err, MOTE_ERR_FORMAT, "a call of something that is no name");
  const mote_pickle_items *args = &v->as.call.args->as.items;
  if (mote_pickle_is_global(g, "collections", "OrderedDict"))
    return build_dict(b, &v->as.call.items, out);
  if (is_list_maker(g) && args->count == 1)
    return build(b, args->at[0], out);
  if (mote_pickle_is_global(g, "torch.jit._pickle", "restore_type_tag") && args->count == 2)
    return restore_type(b, args, out);
  if (mote_pickle_is_global(g, "torch", "device") && args->count >= 1) {
    *out = mote_val_device(0);
    return MOTE_OK;
  }
  if (args->count == 2 &&
      (mote_pickle_is_global(g, "builtins", "complex") || mote_pickle_is_global(g, "__builtin__", "complex")))
    return build_complex(b, args, out);
  if (is_program_class(g))
    return build_enum(b, v, out);
  return mote_fail(b->err, MOTE_ERR_UNSUPPORTED, "pickled call of %s.%s", g->as.global.module, g->as.global.name);
}

static mote_status build_plain(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  switch (v->kind) {
  case MOTE_PICKLE_NONE:
    *out = mote_val_none();
    return MOTE_OK;
  case MOTE_PICKLE_BOOL:
    *out = mote_val_bool(v->as.boolean);
    return MOTE_OK;
  case MOTE_PICKLE_INT:
    *out = mote_val_int(v->as.integer);
    return MOTE_OK;
  case MOTE_PICKLE_FLOAT:
    *out = mote_val_float(v->as.real);
    return MOTE_OK;
  case MOTE_PICKLE_STR:
  case MOTE_PICKLE_BYTES:
    return mote_str_new(alloc_of(b), v->as.text.data, v->as.text.len, out, b->err);
  case MOTE_PICKLE_GLOBAL: // quantisation schemes
    if (mote_pickle_is_global(v, "torch", "per_tensor_affine") ||
        mote_pickle_is_global(v, "torch", "per_channel_affine")) {
      *out = mote_val_int(mote_pickle_is_global(v, "torch", "per_channel_affine") ? 1 : 0);
      return MOTE_OK;
    }
    return mote_fail(b->err, MOTE_ERR_UNSUPPORTED, "pickled name %s.%s", v->as.global.module, v->as.global.name);
  default:
    return mote_fail(b->err, MOTE_ERR_FORMAT, "pickled %s where a value is expected", mote_pickle_kind_name(v));
  }
}

static mote_status build(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  mote_val made;
  mote_status s;
  if (!v)
    return mote_fail(b->err, MOTE_ERR_FORMAT, "a pickled value is missing");
  if (b->done[v->id]) {
    *out = mote_val_retain(b->made[v->id]);
    return MOTE_OK;
  }
  switch (v->kind) {
  case MOTE_PICKLE_TUPLE:
    s = build_tuple(b, &v->as.items, &made);
    break;
  case MOTE_PICKLE_LIST:
    s = build_list(b, &v->as.items, &made);
    break;
  case MOTE_PICKLE_DICT:
    s = build_dict(b, &v->as.items, &made);
    break;
  case MOTE_PICKLE_REDUCE:
    s = build_call(b, v, &made);
    break;
  case MOTE_PICKLE_OBJECT:
    s = build_object(b, v, &made);
    break;
  default:
    s = build_plain(b, v, &made);
  }
  if (s != MOTE_OK) {
    mote_fail_offset(b->err, v->offset);
    return s;
  }
  b->done[v->id] = true;
  b->made[v->id] = mote_val_retain(made);
  *out = made;
  return MOTE_OK;
}

mote_status mote_torch_build(mote_script_session *s, const mote_torch_pickle *p, const mote_pickle_value *v,
                             mote_val *out, mote_error *err) {
  mote_torch_builder b = {.model = s->model, .session = s, .pickle = p, .err = err};
  mote_arena_init(&b.scratch, s->al, 0);
  size_t count = (size_t)p->tree.count + 1;
  b.made = MOTE_NEW_ARRAY(s->al, mote_val, count);
  b.done = MOTE_NEW_ARRAY(s->al, bool, count);
  mote_status st = b.made && b.done ? build(&b, v, out) : mote_fail_nomem(err);
  for (size_t i = 0; b.made && i < count; i++)
    mote_val_release(b.made[i]);
  mote_free(s->al, b.made);
  mote_free(s->al, b.done);
  mote_arena_destroy(&b.scratch);
  return st;
}

// ------------------------------------------------------------------------------------------------ static types

static const mote_type *type_of_tuple(mote_script_model *m, mote_types *types, const mote_pickle_items *items) {
  const mote_type **args = mote_arena_array(&m->arena, (size_t)items->count + 1, sizeof *args);
  if (!args)
    return NULL;
  for (uint32_t i = 0; i < items->count; i++)
    if (!(args[i] = mote_torch_type_of(m, types, items->at[i])))
      return NULL;
  return mote_type_make(types, MOTE_TYPE_TUPLE, args, items->count);
}

static const mote_type *type_of_call(mote_types *types, const mote_pickle_value *v) {
  const mote_pickle_value *g = v->as.call.callable;
  const mote_type *type = NULL;
  mote_error err;
  if (mote_torch_is_tensor(v))
    return mote_type_basic(types, MOTE_TYPE_TENSOR);
  if (mote_pickle_is_global(g, "torch", "device"))
    return mote_type_basic(types, MOTE_TYPE_DEVICE);
  if (mote_pickle_is_call(v, "torch.jit._pickle", "restore_type_tag", 2)) {
    const mote_pickle_value *text = v->as.call.args->as.items.at[1];
    mote_error_init(&err);
    if (mote_pickle_is(text, MOTE_PICKLE_STR) &&
        mote_type_parse(types, text->as.text.data, text->as.text.len, &type, &err) == MOTE_OK)
      return type;
    return NULL;
  }
  if (mote_pickle_is_call(v, "torch.jit._pickle", "build_intlist", 1))
    return mote_type_list(types, mote_type_basic(types, MOTE_TYPE_INT));
  if (mote_pickle_is_call(v, "torch.jit._pickle", "build_doublelist", 1))
    return mote_type_list(types, mote_type_basic(types, MOTE_TYPE_FLOAT));
  if (mote_pickle_is_call(v, "torch.jit._pickle", "build_boollist", 1))
    return mote_type_list(types, mote_type_basic(types, MOTE_TYPE_BOOL));
  if (mote_pickle_is_call(v, "torch.jit._pickle", "build_tensorlist", 1))
    return mote_type_list(types, mote_type_basic(types, MOTE_TYPE_TENSOR));
  if (mote_pickle_is(g, MOTE_PICKLE_GLOBAL) && strcmp(g->as.global.name, "complex") == 0)
    return mote_type_basic(types, MOTE_TYPE_COMPLEX);
  return NULL;
}

static const mote_type *type_of_object(mote_script_model *m, mote_types *types, const mote_pickle_value *v) {
  const char *name = mote_pickle_is(v->as.call.callable, MOTE_PICKLE_GLOBAL)
                         ? mote_torch_class_name(&m->arena, v->as.call.callable)
                         : NULL;
  mote_class *cls = name ? mote_types_class(types, name, strlen(name)) : NULL;
  return cls ? cls->type : NULL;
}

const mote_type *mote_torch_type_of(mote_script_model *m, mote_types *types, const mote_pickle_value *v) {
  switch (v->kind) {
  case MOTE_PICKLE_NONE:
    return mote_type_basic(types, MOTE_TYPE_NONE);
  case MOTE_PICKLE_BOOL:
    return mote_type_basic(types, MOTE_TYPE_BOOL);
  case MOTE_PICKLE_INT:
    return mote_type_basic(types, MOTE_TYPE_INT);
  case MOTE_PICKLE_FLOAT:
    return mote_type_basic(types, MOTE_TYPE_FLOAT);
  case MOTE_PICKLE_STR:
    return mote_type_basic(types, MOTE_TYPE_STR);
  case MOTE_PICKLE_TUPLE:
    return type_of_tuple(m, types, &v->as.items);
  case MOTE_PICKLE_LIST: {
    const mote_type *item =
        v->as.items.count ? mote_torch_type_of(m, types, v->as.items.at[0]) : mote_type_basic(types, MOTE_TYPE_TENSOR);
    return item ? mote_type_list(types, item) : NULL;
  }
  case MOTE_PICKLE_REDUCE:
    return type_of_call(types, v);
  case MOTE_PICKLE_OBJECT:
    return type_of_object(m, types, v);
  default:
    return NULL;
  }
}
