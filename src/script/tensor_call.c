// Tensor operators through their rows: arguments -> inputs and attributes, type promotion, lowering callbacks, in-place
// and out= forms. Tests: tests/script/test_vm.c
#include "script/script_tensor.h"

#include <string.h>

#include "ops/aten_quant.h"
#include "ops/ops.h"
#include "ops/quantize.h"
#include "script/shared.h"

enum { ARGS_MAX = 64, WORDS_MAX = 16, VALUES_MAX = 4096, NATIVE_TENSORS = 64 };

// ------------------------------------------------------------------------------------------------ one operator at once

static mote_status eval_now(mote_vm *vm, const mote_op *op, const void *attr, mote_handle *const *in, int32_t n_in,
                            mote_val *out, int32_t *n_out) {
  mote_tensor views[MOTE_EMIT_MAX], outs[MOTE_EMIT_MAX];
  const mote_tensor *ins[MOTE_EMIT_MAX];
  mote_storage *fixed[MOTE_EMIT_MAX], *storages[MOTE_EMIT_MAX] = {NULL};
  for (int32_t i = 0; i < n_in; i++) {
    ins[i] = NULL;
    fixed[i] = NULL;
    if (!in[i])
      continue;
    MOTE_TRY(mote_vm_force(vm, in[i]));
    mote_handle_view(in[i], &views[i]);
    ins[i] = &views[i];
    fixed[i] = mote_shared_base(in[i]->storage);
  }
  vm->decided = true; // the result holds data, not a place in the graph
  if (!vm->engine)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "%s needs an engine", op->name);
  memset(outs, 0, sizeof outs);
  MOTE_TRY(mote_engine_eval(vm->engine, op, attr, ins, fixed, n_in, outs, storages, n_out, vm->err));
  mote_status s = MOTE_OK;
  int32_t made = 0;
  for (int32_t j = 0; j < *n_out; j++) {
    if (s == MOTE_OK && !storages[j])
      s = mote_fail(vm->err, MOTE_ERR_INTERNAL, "%s: output %d has no storage", op->name, j);
    if (s == MOTE_OK && (s = mote_handle_new(vm->al, &outs[j], storages[j], 0, &out[j], vm->err)) == MOTE_OK)
      made++;
    mote_storage_release(storages[j]);
  }
  for (int32_t j = 0; s != MOTE_OK && j < made; j++)
    mote_val_release(out[j]);
  return s;
}

mote_status mote_tensor_emit(mote_vm *vm, const mote_op *op, const void *attr, mote_handle *const *in, int32_t n_in,
                             bool eager, mote_val *out, int32_t *n_out) {
  bool done = false;
  if (n_in > MOTE_EMIT_MAX || *n_out > MOTE_EMIT_MAX)
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "%s: more than %d operands", op->name, MOTE_EMIT_MAX);
  for (int32_t i = 0; i < op->rules->min_in; i++)
    if (i >= n_in || !in[i])
      return mote_fail(vm->err, MOTE_ERR_TYPE, "%s: operand %d is no tensor", op->name, i);
  if (vm->rec && !eager) {
    MOTE_TRY(mote_recorder_emit(vm->rec, op, attr, in, n_in, out, n_out, &done, vm->err));
    if (done)
      return MOTE_OK;
  }
  return eval_now(vm, op, attr, in, n_in, out, n_out);
}

// ------------------------------------------------------------------------------------------------ building

typedef struct word {
  const char *at;
  size_t len;
} word;

typedef struct call {
  mote_vm *vm;
  const mote_impl *impl;
  const mote_schema *schema;
  // What the row's text says behind its names
  word words[WORDS_MAX];
  int32_t n_words;
  const char *constants; // NULL: none
  bool promotes, to_float, eager;
  mote_val *values; // handles; index = mote_vid
  int32_t n_values, cap;
  mote_vid *refs; // of list arguments
  int32_t n_refs;
  mote_lowering l;
  mote_tensor seen; // what desc() shows
  mote_arg args[ARGS_MAX];
} call;

static mote_status add_value(call *c, mote_val v, mote_vid *out) {
  if (c->n_values == c->cap) {
    int32_t cap = c->cap ? c->cap * 2 : 32;
    mote_val *more = cap <= VALUES_MAX ? mote_realloc(c->vm->al, c->values, (size_t)cap * sizeof *more) : NULL;
    if (!more) {
      mote_val_release(v);
      return mote_fail_nomem(c->vm->err);
    }
    c->values = more;
    c->cap = cap;
  }
  c->values[c->n_values] = v;
  *out = c->n_values++;
  return MOTE_OK;
}

static mote_handle *handle_at(call *c, mote_vid ref) {
  return ref >= 0 && ref < c->n_values ? c->values[ref].u.tensor : NULL;
}

static mote_status build_emit(mote_lowering *l, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                              mote_vid *out, int32_t n_out) {
  call *c = l->builder;
  mote_handle *handles[MOTE_EMIT_MAX];
  mote_val results[MOTE_EMIT_MAX];
  int32_t count = n_out;
  if (n_in > MOTE_EMIT_MAX || n_out > MOTE_EMIT_MAX)
    return mote_fail(l->err, MOTE_ERR_LIMIT, "%s: more than %d operands", op->name, MOTE_EMIT_MAX);
  for (int32_t i = 0; i < n_in; i++)
    handles[i] = handle_at(c, in[i]);
  MOTE_TRY(mote_tensor_emit(c->vm, op, attr, handles, n_in, c->eager, results, &count));
  mote_status s = MOTE_OK;
  for (int32_t j = 0; j < count; j++) {
    if (s == MOTE_OK)
      s = add_value(c, results[j], &out[j]);
    else
      mote_val_release(results[j]);
  }
  if (s == MOTE_OK && count != n_out)
    s = mote_fail(l->err, MOTE_ERR_INTERNAL, "%s gave %d results, %d wanted", op->name, count, n_out);
  return s;
}

static const mote_tensor *build_desc(mote_lowering *l, mote_vid ref) {
  call *c = l->builder;
  mote_handle *h = handle_at(c, ref);
  if (!h)
    return NULL;
  mote_handle_view(h, &h->t); // t.data shows the data of what never changes
  if (mote_is_lazy(h) || !(c->eager || h->is_literal || mote_shared_base(h->storage)))
    h->t.data = NULL;
  return &h->t;
}

static mote_status build_constant(mote_lowering *l, const mote_tensor *t, mote_vid *out) {
  call *c = l->builder;
  mote_val v;
  mote_tensor dst;
  MOTE_TRY(mote_handle_alloc(c->vm->al, t, false, &v, l->err));
  mote_handle_view(v.u.tensor, &dst);
  mote_tensor_copy(t, &dst);
  v.u.tensor->is_literal = true;
  return add_value(c, v, out);
}

// ------------------------------------------------------------------------------------------------ arguments

static mote_status scalar_of(call *c, mote_val v, mote_scalar *s) {
  if (v.tag == MOTE_TAG_TENSOR) {
    mote_val item;
    MOTE_TRY(mote_vm_item(c->vm, v.u.tensor, &item));
    mote_status st = scalar_of(c, item, s);
    mote_val_release(item);
    return st;
  }
  memset(s, 0, sizeof *s);
  s->kind = v.tag == MOTE_TAG_BOOL ? 'b' : v.tag == MOTE_TAG_FLOAT ? 'f' : v.tag == MOTE_TAG_COMPLEX ? 'c' : 'i';
  if (v.tag == MOTE_TAG_COMPLEX) {
    s->f = v.u.complex->re;
    s->im = v.u.complex->im;
  } else if (v.tag == MOTE_TAG_FLOAT) {
    s->f = v.u.f;
    s->i = v.u.f >= -9e18 && v.u.f <= 9e18 ? (int64_t)v.u.f : 0;
  } else {
    s->i = v.u.i;
    s->f = (double)v.u.i;
  }
  return MOTE_OK;
}

static bool is_dtype_arg(const char *name) { return strcmp(name, "dtype") == 0 || strcmp(name, "out_dtype") == 0; }

static mote_status list_arg(call *c, mote_val v, mote_arg *a) {
  const mote_list *list = v.u.list;
  bool tensors = false, floats = false;
  for (size_t i = 0; i < list->len; i++) {
    tensors = tensors || list->at[i].tag == MOTE_TAG_TENSOR;
    floats = floats || list->at[i].tag == MOTE_TAG_FLOAT;
  }
  if (tensors) {
    a->kind = MOTE_ARG_TENSORS;
    a->refs = c->refs + c->n_refs;
    a->count = (int32_t)list->len;
    for (size_t i = 0; i < list->len; i++) {
      c->refs[c->n_refs] = -1;
      if (list->at[i].tag == MOTE_TAG_TENSOR)
        MOTE_TRY(add_value(c, mote_val_retain(list->at[i]), &c->refs[c->n_refs]));
      c->n_refs++;
    }
    return MOTE_OK;
  }
  if (list->len > MOTE_MAX_INTS)
    return mote_fail(c->vm->err, MOTE_ERR_UNSUPPORTED, "list of %zu numbers; %d is the most", list->len, MOTE_MAX_INTS);
  a->kind = floats ? MOTE_ARG_FLOATS : MOTE_ARG_INTS;
  a->count = a->ints.count = a->floats.count = (int32_t)list->len;
  for (size_t i = 0; i < list->len; i++) {
    MOTE_WANT_NUM(c->vm, list->at[i]);
    a->floats.at[i] = mote_num(list->at[i]);
    a->ints.at[i] = mote_is_int(list->at[i]) ? list->at[i].u.i : 0;
  }
  return MOTE_OK;
}

static void repeat_int(mote_arg *a, int32_t n) {
  a->kind = MOTE_ARG_INTS;
  a->count = a->ints.count = MOTE_MIN(n, MOTE_MAX_INTS);
  for (int32_t i = 0; i < a->count; i++)
    a->ints.at[i] = a->scalar.i;
}

// Packed parameters: the tensors of their state in order (None: -1), its integers, its floats.
static mote_status native_arg(call *c, mote_val v, mote_arg *a, int depth) {
  const mote_val *at = NULL;
  size_t n = 0;
  if (v.tag == MOTE_TAG_LIST)
    at = v.u.list->at, n = v.u.list->len;
  else if (v.tag == MOTE_TAG_TUPLE)
    at = v.u.tuple->at, n = v.u.tuple->len;
  else if (v.tag == MOTE_TAG_NATIVE)
    at = &v.u.native->state, n = 1;
  for (size_t i = 0; i < n && depth < 8; i++)
    MOTE_TRY(native_arg(c, at[i], a, depth + 1));
  if (at)
    return MOTE_OK;
  if ((v.tag == MOTE_TAG_TENSOR || v.tag == MOTE_TAG_NONE) && a->count < NATIVE_TENSORS) {
    mote_vid *ref = &c->refs[c->n_refs++];
    *ref = -1;
    a->count++;
    return v.tag == MOTE_TAG_TENSOR ? add_value(c, mote_val_retain(v), ref) : MOTE_OK;
  }
  if (mote_is_int(v) && a->ints.count < MOTE_MAX_INTS)
    a->ints.at[a->ints.count++] = v.u.i;
  else if (v.tag == MOTE_TAG_FLOAT && a->floats.count < MOTE_MAX_INTS)
    a->floats.at[a->floats.count++] = v.u.f;
  return MOTE_OK;
}

// One object, or a list of them one after the other.
static mote_status packed_args(call *c, mote_val v, mote_arg *a) {
  a->kind = MOTE_ARG_TENSORS;
  a->refs = c->refs + c->n_refs;
  a->count = a->ints.count = a->floats.count = 0;
  return native_arg(c, v, a, 0);
}

static mote_status read_arg(call *c, const mote_schema_arg *s, mote_val v, mote_arg *a) {
  a->name = s ? s->name : "";
  a->ref = -1;
  a->ints.count = a->floats.count = -1;
  if (v.tag == MOTE_TAG_LIST && v.u.list->len && v.u.list->at[0].tag == MOTE_TAG_NATIVE)
    return packed_args(c, v, a);
  switch (v.tag) {
  case MOTE_TAG_NONE:
  case MOTE_TAG_GENERATOR:
    a->kind = MOTE_ARG_NONE;
    return MOTE_OK;
  case MOTE_TAG_TENSOR:
    a->kind = MOTE_ARG_TENSOR;
    return add_value(c, mote_val_retain(v), &a->ref);
  case MOTE_TAG_LIST:
    return list_arg(c, v, a);
  case MOTE_TAG_STR:
    a->kind = MOTE_ARG_STR;
    a->str = mote_vm_intern(c->vm, v.u.str->at);
    return a->str ? MOTE_OK : mote_fail_nomem(c->vm->err);
  case MOTE_TAG_DEVICE:
    a->kind = MOTE_ARG_NONE;
    return MOTE_OK;
  case MOTE_TAG_NATIVE:
    a->str = v.u.native->kind;
    return packed_args(c, v, a);
  case MOTE_TAG_BOOL:
  case MOTE_TAG_INT:
  case MOTE_TAG_FLOAT:
  case MOTE_TAG_COMPLEX:
    a->kind = MOTE_ARG_SCALAR;
    MOTE_TRY(scalar_of(c, v, &a->scalar));
    if (is_dtype_arg(a->name))
      a->scalar.i = mote_dtype_of_torch(a->scalar.i);
    if (c->vm->qnnpack && a->name && strcmp(a->name, "reduce_range") == 0)
      a->scalar.i = 0;
    if (s && s->list_size > 0)
      repeat_int(a, s->list_size);
    return MOTE_OK;
  default:
    return mote_vm_fail_type(c->vm, "a tensor, number, list or str", v);
  }
}

static mote_status read_args(call *c, uint32_t n, const mote_val *a) {
  size_t refs = 1;
  if (n > ARGS_MAX)
    return mote_fail(c->vm->err, MOTE_ERR_LIMIT, "operator with %u arguments", n);
  for (uint32_t i = 0; i < n; i++)
    refs += a[i].tag == MOTE_TAG_LIST     ? a[i].u.list->len + NATIVE_TENSORS
            : a[i].tag == MOTE_TAG_NATIVE ? NATIVE_TENSORS
                                          : 0;
  c->refs = MOTE_NEW_ARRAY(c->vm->al, mote_vid, refs);
  if (!c->refs)
    return mote_fail_nomem(c->vm->err);
  for (uint32_t i = 0; i < n; i++) {
    const mote_schema_arg *s = c->schema && i < c->schema->n_args ? &c->schema->args[i] : NULL;
    if (s && s->is_out)
      break;
    MOTE_TRY(read_arg(c, s, a[i], &c->args[i]));
    // A list of one number where a fixed size is wanted stands for all.
    mote_arg *arg = &c->args[i];
    if (s && s->list_size > 1 && arg->kind == MOTE_ARG_INTS && arg->count == 1) {
      arg->scalar.i = arg->ints.at[0];
      repeat_int(arg, s->list_size);
    }
    c->l.n_args = (int32_t)i + 1;
  }
  c->l.args = c->args;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ promotion

static bool is_word(word w, const char *text) { return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0; }

static void read_row(call *c) {
  const char *map = strchr(c->impl->row->text, '|');
  if (!map)
    return;
  const char *constants = strchr(++map, '|');
  c->constants = constants ? constants + 1 + strspn(constants + 1, " ") : NULL;
  for (const char *p = map; *p && *p != '|' && c->n_words < WORDS_MAX;) {
    word w = {p, strcspn(p, " |")};
    if (is_word(w, "promote"))
      c->promotes = true;
    else if (is_word(w, "float"))
      c->promotes = c->to_float = true;
    else if (is_word(w, "eager"))
      c->eager = true;
    else if (w.len > 0)
      c->words[c->n_words++] = w;
    p += w.len + (p[w.len] == ' ');
  }
}

// A word that names an input: "0".."9", with "?" or "*" in front. -1: none.
static int32_t input_of(word w) {
  size_t i = w.len > 1 && (w.at[0] == '?' || w.at[0] == '*') ? 1 : 0;
  if (i >= w.len || w.at[i] < '0' || w.at[i] > '9')
    return -1;
  int32_t n = 0;
  for (; i < w.len; i++)
    n = n * 10 + (w.at[i] - '0');
  return n;
}

static bool is_operand(const call *c, int32_t i) {
  if (c->n_words > 0)
    return i < c->n_words && input_of(c->words[i]) >= 0;
  return c->args[i].kind == MOTE_ARG_TENSOR || c->args[i].kind == MOTE_ARG_TENSORS;
}

static mote_status cast_value(call *c, mote_vid ref, mote_dtype dtype) {
  mote_val v;
  mote_handle *h = handle_at(c, ref);
  if (!h || h->t.dtype == dtype || mote_dtype_is_quantized(h->t.dtype))
    return MOTE_OK;
  MOTE_TRY(mote_tensor_cast(c->vm, h, dtype, &v));
  mote_val_set(&c->values[ref], v);
  return MOTE_OK;
}

static mote_dtype common_dtype(const call *c, const mote_val *a) {
  mote_promotion p = {MOTE_NONE, MOTE_NONE, MOTE_NONE};
  for (int32_t i = 0; i < c->l.n_args; i++) {
    if (!is_operand(c, i))
      continue;
    if (a[i].tag == MOTE_TAG_LIST) {
      for (size_t k = 0; k < a[i].u.list->len; k++)
        mote_promotion_add(&p, a[i].u.list->at[k]);
    } else if (a[i].tag != MOTE_TAG_NONE) {
      mote_promotion_add(&p, a[i]);
    }
  }
  mote_dtype t = mote_promotion_result(&p);
  bool ints = t == MOTE_BOOL || mote_dtype_is_int(t);
  return c->to_float && ints ? MOTE_F32 : t;
}

static mote_status promote(call *c, const mote_val *a) {
  if (!c->promotes)
    return MOTE_OK;
  mote_dtype dtype = common_dtype(c, a);
  if (dtype == MOTE_NONE)
    return MOTE_OK;
  if (c->impl->in_place && a[0].tag == MOTE_TAG_TENSOR && !mote_dtype_can_cast(dtype, a[0].u.tensor->t.dtype) &&
      !mote_dtype_is_quantized(a[0].u.tensor->t.dtype) && strncmp(c->vm->ref->name, "aten::logical", 13) != 0 &&
      strncmp(c->vm->ref->name, "aten::eq", 8) != 0)
    return mote_vm_raise(c->vm, "RuntimeError", "result type %s can't be cast to the desired output type %s",
                         mote_torch_dtype_name(dtype), mote_torch_dtype_name(a[0].u.tensor->t.dtype));
  for (int32_t i = 0; i < c->l.n_args; i++) {
    mote_arg *arg = &c->args[i];
    if (!is_operand(c, i))
      continue;
    if (arg->kind == MOTE_ARG_TENSOR)
      MOTE_TRY(cast_value(c, arg->ref, dtype));
    for (int32_t k = 0; arg->kind == MOTE_ARG_TENSORS && k < arg->count; k++)
      MOTE_TRY(cast_value(c, arg->refs[k], dtype));
    if (arg->kind == MOTE_ARG_SCALAR) { // a number among the operands: a late input
      mote_val v;
      MOTE_TRY(mote_vm_number_tensor(c->vm, a[i], dtype, &v));
      arg->kind = MOTE_ARG_TENSOR;
      MOTE_TRY(add_value(c, v, &arg->ref));
    }
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ rows

static mote_status set_attr(call *c, const mote_op *op, char *attr, word w, const mote_arg *a) {
  char name[64];
  if (w.len >= sizeof name)
    return mote_fail(c->vm->err, MOTE_ERR_INTERNAL, "row of %s", op->name);
  memcpy(name, w.at, w.len);
  name[w.len] = '\0';
  const mote_attr_field *f = mote_attr_find(op, name);
  if (!f)
    return mote_fail(c->vm->err, MOTE_ERR_INTERNAL, "%s has no attribute %s", op->name, name);
  void *at = attr + f->offset;
  if (a->kind == MOTE_ARG_NONE)
    return MOTE_OK;
  switch ((mote_attr_kind)f->kind) {
  case MOTE_ATTR_INT:
    *(int64_t *)at = a->kind == MOTE_ARG_INTS && a->count > 0 ? a->ints.at[0] : a->scalar.i;
    return MOTE_OK;
  case MOTE_ATTR_FLOAT:
    *(double *)at = a->scalar.f;
    return MOTE_OK;
  case MOTE_ATTR_BOOL:
    *(bool *)at = a->scalar.i != 0 || a->scalar.f != 0;
    return MOTE_OK;
  case MOTE_ATTR_INTS:
    if (a->kind == MOTE_ARG_SCALAR) {
      *(mote_ints *)at = (mote_ints){1, {a->scalar.i}};
      return MOTE_OK;
    }
    *(mote_ints *)at = a->ints;
    return MOTE_OK;
  case MOTE_ATTR_SCALAR:
    *(mote_scalar *)at = a->scalar;
    return MOTE_OK;
  case MOTE_ATTR_DTYPE:
    *(int32_t *)at = is_dtype_arg(a->name) ? (int32_t)a->scalar.i : (int32_t)mote_dtype_of_torch(a->scalar.i);
    return MOTE_OK;
  case MOTE_ATTR_STR:
    *(const char **)at = a->str;
    return MOTE_OK;
  case MOTE_ATTR_FLOATS:
    *(mote_floats *)at = a->floats;
    return MOTE_OK;
  case MOTE_ATTR_GRAPH:
    break;
  }
  return mote_fail(c->vm->err, MOTE_ERR_INTERNAL, "attribute %s of %s", name, op->name);
}

static mote_status put_input(call *c, mote_vid *in, int32_t *n_in, int32_t at, mote_vid ref) {
  if (at >= MOTE_EMIT_MAX)
    return mote_fail(c->vm->err, MOTE_ERR_LIMIT, "more than %d operands", MOTE_EMIT_MAX);
  while (*n_in <= at)
    in[(*n_in)++] = -1;
  in[at] = ref;
  return MOTE_OK;
}

static mote_status place_arg(call *c, const mote_op *op, char *attr, word w, mote_arg *a, mote_val v, mote_vid *in,
                             int32_t *n_in) {
  int32_t at = input_of(w);
  if (w.len == 1 && w.at[0] == '-')
    return MOTE_OK;
  if (at < 0)
    return set_attr(c, op, attr, w, a);
  if (a->kind == MOTE_ARG_NONE)
    return w.at[0] == '?' ? MOTE_OK : mote_vm_fail_type(c->vm, "Tensor", v);
  if (a->kind == MOTE_ARG_TENSOR)
    return put_input(c, in, n_in, at, a->ref);
  if (a->kind == MOTE_ARG_TENSORS) {
    for (int32_t k = 0; k < a->count; k++)
      MOTE_TRY(put_input(c, in, n_in, at + k, a->refs[k]));
    return MOTE_OK;
  }
  if (a->kind == MOTE_ARG_SCALAR) {
    mote_val number;
    mote_vid ref;
    MOTE_TRY(mote_vm_number_tensor(c->vm, v, MOTE_NONE, &number));
    MOTE_TRY(add_value(c, number, &ref));
    return put_input(c, in, n_in, at, ref);
  }
  return mote_vm_fail_type(c->vm, "Tensor", v);
}

static mote_status run_op(call *c, const mote_val *a) {
  const mote_op *op = c->l.op;
  mote_vid in[MOTE_EMIT_MAX], out[MOTE_EMIT_MAX];
  int32_t n_in = 0, n_out = op->rules->n_out;
  union {
    char bytes[2048];
    int64_t align;
    double align_f;
  } attr;
  if (op->rules->attr_size > sizeof attr)
    return mote_fail(c->vm->err, MOTE_ERR_INTERNAL, "%s has %u bytes of attributes", op->name, op->rules->attr_size);
  memset(&attr, 0, sizeof attr);
  mote_attr_defaults(op, &attr);
  MOTE_TRY(mote_attr_fixed(op, &attr, c->constants, c->vm->err));
  for (int32_t i = 0; i < c->n_words && i < c->l.n_args; i++)
    MOTE_TRY(place_arg(c, op, attr.bytes, c->words[i], &c->args[i], a[i], in, &n_in));
  if (n_in < op->rules->min_in)
    MOTE_TRY(put_input(c, in, &n_in, op->rules->min_in - 1, -1));
  if (n_out == 0)
    return mote_fail(c->vm->err, MOTE_ERR_UNSUPPORTED,
                     "%s: rows of operators with any number of outputs need a lowering", op->name);
  MOTE_TRY(build_emit(&c->l, op, &attr, in, n_in, out, n_out));
  for (int32_t j = 0; j < n_out && j < MOTE_LOWER_MAX_OUT; j++)
    c->l.result[c->l.n_out++] = out[j];
  return MOTE_OK;
}

static mote_status run_row(call *c, const mote_val *a) {
  mote_status (*lower)(mote_lowering *) = mote_torch_row_how(c->impl->row).lower;
  return lower ? lower(&c->l) : run_op(c, a);
}

// ------------------------------------------------------------------------------------------------ results

static mote_status pack_list(call *c, mote_val *out) {
  mote_val v;
  MOTE_TRY(mote_list_new(c->vm->al, (size_t)c->l.n_out, &v, c->vm->err));
  for (int32_t j = 0; j < c->l.n_out; j++)
    if (mote_list_push(v.u.list, mote_val_retain(c->values[c->l.result[j]]), c->vm->err) != MOTE_OK)
      return mote_val_release(v), MOTE_ERR_NOMEM;
  *out = v;
  return MOTE_OK;
}

// out= tensors take the result's shape when theirs differs.
mote_status mote_tensor_resize(mote_vm *vm, mote_handle *dst, const mote_handle *src) {
  mote_val fresh;
  if (mote_tensor_same_shape(&dst->t, &src->t))
    return MOTE_OK;
  mote_tensor t = src->t;
  t.dtype = dst->t.dtype;
  MOTE_TRY(mote_handle_alloc(vm->al, &t, false, &fresh, vm->err));
  mote_storage *old = dst->storage;
  dst->t = fresh.u.tensor->t;
  dst->storage = mote_storage_retain(fresh.u.tensor->storage);
  dst->offset = 0;
  dst->epoch = 0;
  mote_storage_release(old);
  mote_val_release(fresh);
  return MOTE_OK;
}

static mote_status give_written(call *c, uint32_t n, mote_val *a, mote_val *out) {
  for (int32_t j = 0, k = 0; j < c->l.n_out && k < c->vm->n_results; j++, k++) {
    uint32_t to = 0;
    if (c->impl->to_out) {
      uint32_t first = 0;
      while (first < n && !(c->schema && first < c->schema->n_args && c->schema->args[first].is_out))
        first++;
      to = first + (uint32_t)j;
    }
    if (to >= n || a[to].tag != MOTE_TAG_TENSOR)
      return mote_fail(c->vm->err, MOTE_ERR_TYPE, "no tensor to write to");
    mote_handle *src = c->values[c->l.result[j]].u.tensor;
    if (c->impl->to_out)
      MOTE_TRY(mote_tensor_resize(c->vm, a[to].u.tensor, src));
    MOTE_TRY(mote_tensor_write(c->vm, a[to].u.tensor, src));
    out[k] = mote_val_retain(a[to]);
  }
  return MOTE_OK;
}

static mote_status give_results(call *c, uint32_t n, mote_val *a, mote_val *out) {
  for (int32_t j = 0; j < c->l.n_written; j++)
    MOTE_TRY(mote_tensor_write(c->vm, handle_at(c, c->l.written[j].to), handle_at(c, c->l.written[j].value)));
  if (c->impl->in_place || c->impl->to_out)
    return give_written(c, n, a, out);
  if (c->schema && c->schema->n_results == 1 && c->schema->results[0]->kind == MOTE_TYPE_LIST)
    return pack_list(c, out);
  if (c->l.n_out < c->vm->n_results)
    return mote_fail(c->vm->err, MOTE_ERR_INTERNAL, "%d results, %d wanted", c->l.n_out, c->vm->n_results);
  for (int32_t j = 0; j < c->vm->n_results; j++)
    out[j] = mote_val_retain(c->values[c->l.result[j]]);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ codes

static bool is_codes(call *c, mote_vid ref) {
  const mote_handle *h = handle_at(c, ref);
  return h && mote_dtype_is_quantized(h->t.dtype) && h->t.quant.count == 1;
}

static word name_of(const mote_impl *impl) { return (word){impl->name, impl->name_len}; }

// Rows that compute on codes themselves. All others see numbers, and their results become codes again.
static bool takes_codes(const mote_impl *impl) {
  static const char *const names[] = {"relu", "relu6", "hardtanh",        "max_pool2d",
                                      "cat",  "pad",   "constant_pad_nd", "adaptive_avg_pool2d"};
  word name = name_of(impl);
  if (memchr(name.at, ':', name.len) || strncmp(name.at, "quantize", 8) == 0 || strncmp(name.at, "dequantize", 10) == 0)
    return true;
  for (size_t i = 0; i < MOTE_COUNT(names); i++)
    if (is_word(name, names[i]))
      return true;
  return false;
}

// First operand that holds codes; -1: none.
static mote_vid find_codes(call *c) {
  for (int32_t i = 0; i < c->l.n_args; i++) {
    const mote_arg *a = &c->args[i];
    if (a->kind == MOTE_ARG_TENSOR && is_codes(c, a->ref))
      return a->ref;
    for (int32_t k = 0; a->kind == MOTE_ARG_TENSORS && k < a->count; k++)
      if (is_codes(c, a->refs[k]))
        return a->refs[k];
  }
  return -1;
}

// Averages, bilinear images among them, are taken in units of the scale: sums are exact and halves stay halves.
static bool is_average(word name) {
  return is_word(name, "mean") || is_word(name, "upsample_bilinear2d") ||
         (name.len >= 10 && memcmp(name.at + name.len - 10, "avg_pool", 8) == 0);
}

static mote_status args_to_numbers(call *c) {
  mote_dequantize_attr attr = {is_average(name_of(c->impl))};
  for (int32_t i = 0; i < c->l.n_args; i++) {
    mote_arg *a = &c->args[i];
    if (a->kind == MOTE_ARG_TENSOR && is_codes(c, a->ref))
      MOTE_TRY(build_emit(&c->l, &mote_op_dequantize, &attr, &a->ref, 1, &a->ref, 1));
    for (int32_t k = 0; a->kind == MOTE_ARG_TENSORS && k < a->count; k++) {
      mote_vid *ref = &c->refs[a->refs - c->refs + k];
      if (is_codes(c, *ref))
        MOTE_TRY(build_emit(&c->l, &mote_op_dequantize, &attr, ref, 1, ref, 1));
    }
  }
  return MOTE_OK;
}

// Results have the operand's scale, but where the range is known beforehand.
static mote_codes_attr result_codes(word op, const mote_tensor *own) {
  static const struct {
    const char *name;
    double scale;
    int64_t zero; // of unsigned codes
  } known[] = {{"sigmoid", 1.0 / 256, 0}, {"tanh", 2.0 / 256, 128}, {"hardsigmoid", 1.0 / 256, 0}};
  mote_codes_attr a = {.scale = own->quant.scale,
                       .zero = own->quant.zero_point,
                       .axis = -1,
                       .dtype = (int32_t)own->dtype,
                       .steps = is_average(op),
                       .raw = strncmp(op.at, "adaptive_avg", 12) == 0 || is_word(op, "upsample_bilinear2d")};
  for (size_t i = 0; i < MOTE_COUNT(known); i++)
    if (is_word(op, known[i].name)) {
      a.scale = known[i].scale;
      a.zero = known[i].zero - (own->dtype == MOTE_QI8 ? 128 : 0);
    }
  return a;
}

static mote_status run_on_numbers(call *c, mote_vid codes, const mote_val *a) {
  mote_codes_attr attr = result_codes(name_of(c->impl), &handle_at(c, codes)->t);
  MOTE_TRY(args_to_numbers(c));
  MOTE_TRY(run_row(c, a));
  for (int32_t j = 0; j < c->l.n_out; j++) {
    const mote_handle *h = handle_at(c, c->l.result[j]);
    if (h && h->t.dtype == MOTE_F32)
      MOTE_TRY(build_emit(&c->l, &mote_op_codes, &attr, &c->l.result[j], 1, &c->l.result[j], 1));
  }
  return MOTE_OK;
}

// Rows that are never recorded may look at the data.
static mote_status force_args(call *c) {
  c->vm->decided = true;
  for (int32_t i = 0; i < c->n_values; i++)
    MOTE_TRY(mote_vm_force(c->vm, c->values[i].u.tensor));
  return MOTE_OK;
}

static mote_status run_call(call *c, uint32_t n, mote_val *a, mote_val *out) {
  read_row(c);
  MOTE_TRY(read_args(c, n, a));
  if (c->eager)
    MOTE_TRY(force_args(c));
  mote_vid codes = takes_codes(c->impl) ? -1 : find_codes(c);
  if (codes >= 0) {
    MOTE_TRY(run_on_numbers(c, codes, a));
    return give_results(c, n, a, out);
  }
  MOTE_TRY(promote(c, a));
  MOTE_TRY(run_row(c, a));
  return give_results(c, n, a, out);
}

mote_status mote_tensor_call(mote_vm *vm, const mote_impl *impl, const mote_op_ref *ref, uint32_t n, mote_val *a,
                             mote_val *out) {
  call *c = MOTE_NEW(vm->al, call);
  if (!c)
    return mote_fail_nomem(vm->err);
  c->vm = vm;
  c->impl = impl;
  c->schema = ref->schema;
  c->l.op = mote_torch_row_how(impl->row).op;
  c->l.builder = c;
  c->l.emit = build_emit;
  c->l.desc = build_desc;
  c->l.constant = build_constant;
  c->l.n_results = vm->n_results;
  c->l.err = vm->err;
  mote_status s = run_call(c, n, a, out);
  for (int32_t i = 0; i < c->n_values; i++)
    mote_val_release(c->values[i]);
  for (int32_t j = 0; s != MOTE_OK && j < vm->n_results && j < MOTE_MAX_RESULTS; j++)
    mote_val_clear(&out[j]);
  mote_free(vm->al, c->values);
  mote_free(vm->al, c->refs);
  mote_free(vm->al, c);
  return s;
}
