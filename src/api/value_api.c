// Public functions of values: boxes around core/value. Tests: tests/unit/test_api.c
#include <string.h>

#include "api/api_impl.h"
#include "base/fail.h"

mote_status mote_value_box(mote_context *context, mote_val v, mote_value **out, mote_error *err) {
  mote_value *box = MOTE_NEW(&context->al, mote_value);
  if (box == NULL) {
    mote_val_release(v);
    return mote_fail_nomem(err);
  }
  box->context = context;
  box->v = v;
  box->refs = 1;
  *out = box;
  return MOTE_OK;
}

mote_value *mote_value_retain(mote_value *value) {
  value->refs++;
  return value;
}

void mote_value_release(mote_value *value) {
  if (value == NULL || --value->refs != 0)
    return;
  for (size_t i = 0; i < value->n_items; i++)
    mote_value_release(value->items[i]);
  mote_free(&value->context->al, value->items);
  mote_val_release(value->v);
  mote_model *model = value->model;
  mote_free(&value->context->al, value);
  mote_model_destroy(model);
}

void mote_value_keep(mote_value *box, mote_model *model) {
  if (box->model != NULL || model == NULL)
    return;
  atomic_fetch_add(&model->refs, 1);
  box->model = model;
}

mote_status mote_value_none(mote_context *c, mote_value **out, mote_error *error) {
  mote_error_begin(error);
  return mote_value_box(c, mote_val_none(), out, error);
}
mote_status mote_value_bool(mote_context *c, bool v, mote_value **out, mote_error *error) {
  mote_error_begin(error);
  return mote_value_box(c, mote_val_bool(v), out, error);
}
mote_status mote_value_int(mote_context *c, int64_t v, mote_value **out, mote_error *error) {
  mote_error_begin(error);
  return mote_value_box(c, mote_val_int(v), out, error);
}
mote_status mote_value_float(mote_context *c, double v, mote_value **out, mote_error *error) {
  mote_error_begin(error);
  return mote_value_box(c, mote_val_float(v), out, error);
}
mote_status mote_value_complex(mote_context *c, double re, double im, mote_value **out, mote_error *error) {
  mote_val v;
  mote_error_begin(error);
  MOTE_TRY(mote_complex_new(&c->al, re, im, &v, error));
  return mote_value_box(c, v, out, error);
}
mote_status mote_value_string(mote_context *c, const char *text, size_t len, mote_value **out, mote_error *error) {
  mote_val v;
  mote_error_begin(error);
  MOTE_TRY(mote_str_new(&c->al, text, len, &v, error));
  return mote_value_box(c, v, out, error);
}
mote_status mote_value_list(mote_context *c, mote_value **out, mote_error *error) {
  mote_val v;
  mote_error_begin(error);
  MOTE_TRY(mote_list_new(&c->al, 0, &v, error));
  return mote_value_box(c, v, out, error);
}
mote_status mote_value_dict(mote_context *c, mote_value **out, mote_error *error) {
  mote_val v;
  mote_error_begin(error);
  MOTE_TRY(mote_dict_new(&c->al, &v, error));
  return mote_value_box(c, v, out, error);
}
mote_status mote_value_tuple(mote_context *c, mote_value *const *items, size_t count, mote_value **out,
                             mote_error *error) {
  mote_val v;
  mote_error_begin(error);
  for (size_t i = 0; i < count; i++)
    if (items[i] == NULL)
      return mote_fail(error, MOTE_ERR_ARGUMENT, "item %zu is NULL", i);
  MOTE_TRY(mote_tuple_new(&c->al, count, &v, error));
  for (size_t i = 0; i < count; i++)
    v.u.tuple->at[i] = mote_val_retain(items[i]->v);
  MOTE_TRY(mote_value_box(c, v, out, error));
  for (size_t i = 0; i < count; i++)
    mote_value_keep(*out, items[i]->model);
  return MOTE_OK;
}

mote_status mote_value_append(mote_value *list, mote_value *item, mote_error *error) {
  mote_error_begin(error);
  if (list == NULL || item == NULL)
    return mote_fail(error, MOTE_ERR_ARGUMENT, "mote_value_append needs a list and an item");
  if (list->v.tag != MOTE_TAG_LIST)
    return mote_fail(error, MOTE_ERR_TYPE, "append to a %s", mote_tag_name(list->v.tag));
  mote_value_keep(list, item->model);
  return mote_list_push(list->v.u.list, mote_val_retain(item->v), error);
}

mote_status mote_value_put(mote_value *dict, mote_value *key, mote_value *item, mote_error *error) {
  mote_error_begin(error);
  if (dict == NULL || key == NULL || item == NULL)
    return mote_fail(error, MOTE_ERR_ARGUMENT, "mote_value_put needs a dict, a key and an item");
  if (dict->v.tag != MOTE_TAG_DICT)
    return mote_fail(error, MOTE_ERR_TYPE, "put into a %s", mote_tag_name(dict->v.tag));
  mote_value_keep(dict, item->model);
  return mote_dict_put(dict->v.u.dict, key->v, item->v, error);
}

// ------------------------------------------------------------------------------------------------ string tensors

typedef struct string_bag {
  mote_allocator al;
  mote_arena bytes;
} string_bag;

static void release_bag(void *owner) {
  string_bag *bag = owner;
  mote_allocator al = bag->al;
  mote_arena_destroy(&bag->bytes);
  mote_free(&al, bag);
}

mote_status mote_strings_new(const mote_allocator *al, int64_t count, mote_storage **out, mote_error *err) {
  string_bag *bag = MOTE_NEW(al, string_bag);
  if (bag == NULL)
    return mote_fail_nomem(err);
  bag->al = *al;
  mote_arena_init(&bag->bytes, &bag->al, 0);
  size_t n = count > 0 ? (size_t)count : 1;
  mote_strref *refs = mote_arena_array(&bag->bytes, n, sizeof *refs);
  mote_storage *s = refs == NULL ? NULL : mote_storage_wrap(al, refs, n * sizeof *refs, release_bag, bag);
  if (s == NULL) {
    release_bag(bag);
    return mote_fail_nomem(err);
  }
  for (size_t i = 0; i < n; i++)
    refs[i] = (mote_strref){"", 0};
  *out = s;
  return MOTE_OK;
}

mote_status mote_strings_put(mote_storage *s, int64_t index, const char *text, size_t len, mote_error *err) {
  string_bag *bag = s->owner;
  char *copy = mote_arena_str(&bag->bytes, text, len);
  if (copy == NULL)
    return mote_fail_nomem(err);
  ((mote_strref *)s->data)[index] = (mote_strref){copy, len};
  return MOTE_OK;
}

static bool is_string_tensor(const mote_value *v, int64_t index) {
  return v->v.tag == MOTE_TAG_TENSOR && v->v.u.tensor->t.dtype == MOTE_STRING && index >= 0 &&
         index < mote_tensor_numel(&v->v.u.tensor->t);
}

mote_status mote_value_set_string(mote_value *tensor, int64_t index, const char *text, size_t len, mote_error *error) {
  mote_error_begin(error);
  if (!is_string_tensor(tensor, index) || tensor->v.u.tensor->storage->on_release != release_bag)
    return mote_fail(error, MOTE_ERR_ARGUMENT, "element %lld of a value that is no string tensor of that size",
                     (long long)index);
  return mote_strings_put(tensor->v.u.tensor->storage, index, text, len, error);
}

const char *mote_value_get_string(const mote_value *tensor, int64_t index, size_t *len) {
  if (!is_string_tensor(tensor, index))
    return NULL;
  mote_tensor t;
  mote_handle_view(tensor->v.u.tensor, &t);
  const mote_strref *s = (const mote_strref *)t.data + index;
  if (len != NULL)
    *len = s->len;
  return s->at;
}

// ------------------------------------------------------------------------------------------------ tensors

void mote_view_init(mote_view *view) {
  memset(view, 0, sizeof *view);
  view->struct_size = sizeof *view;
  view->quant.axis = -1;
}

// Bytes from `data` that the elements reach; false when a stride leads outside what int64 can say or below `data`.
static bool reach(const mote_tensor *t, size_t *bytes) {
  int64_t last = 0;
  for (int32_t i = 0; i < t->rank; i++) {
    int64_t span;
    if (t->dim[i] == 0) {
      *bytes = 0;
      return true;
    }
    if (t->stride[i] < 0 || !mote_mul_count(t->dim[i] - 1, t->stride[i], &span) || !mote_add_i64(last, span, &last))
      return false;
  }
  size_t elements = (size_t)last + 1;
  if (mote_dtype_size(t->dtype) == 0)
    return mote_tensor_bytes(t, bytes);
  return mote_mul_size(elements, mote_dtype_size(t->dtype), bytes);
}

mote_status mote_view_to_tensor(const mote_view *v, bool need_data, mote_tensor *out, mote_error *err) {
  if (v->struct_size != sizeof *v)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "mote_view has size %zu, expected %zu: call mote_view_init",
                     v->struct_size, sizeof *v);
  if (v->dtype <= MOTE_NONE || v->dtype >= MOTE_DTYPE_COUNT || v->rank < 0 || v->rank > MOTE_MAX_RANK)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "view with dtype %d and rank %d", (int)v->dtype, v->rank);
  const mote_quant *q = &v->quant;
  bool per_channel = q->count > 1;
  if (q->count < 0 ||
      (per_channel && (q->scales == NULL || q->axis < 0 || q->axis >= v->rank || v->dim[q->axis] != q->count)))
    return mote_fail(err, MOTE_ERR_ARGUMENT, "view with %d scales along axis %d", q->count, q->axis);
  mote_tensor_init(out, v->dtype, v->rank, v->dim);
  bool strided = false;
  for (int32_t i = 0; i < v->rank; i++)
    strided |= v->stride[i] != 0;
  if (strided && mote_dtype_size(v->dtype) > 0)
    memcpy(out->stride, v->stride, sizeof v->stride);
  size_t dense, bytes;
  if (!mote_tensor_bytes(out, &dense) || !reach(out, &bytes))
    return mote_fail(err, MOTE_ERR_SHAPE, "view has a negative dimension or stride, or is too large");
  if (need_data && (bytes > v->bytes || (v->data == NULL && bytes > 0)))
    return mote_fail(err, MOTE_ERR_ARGUMENT, "view reaches over %zu bytes, its memory has %zu", bytes, v->bytes);
  out->data = v->data;
  out->quant = v->quant;
  return MOTE_OK;
}

void mote_tensor_to_view(const mote_tensor *t, size_t bytes, mote_view *view) {
  mote_view_init(view);
  view->dtype = t->dtype;
  view->rank = t->rank;
  memcpy(view->dim, t->dim, sizeof view->dim);
  memcpy(view->stride, t->stride, sizeof view->stride);
  view->data = t->data;
  view->bytes = bytes;
  view->quant = t->quant;
}

static mote_status tensor_storage(mote_context *c, const mote_view *view, bool borrow, mote_tensor *t,
                                  mote_storage **out, mote_error *err) {
  if (t->dtype == MOTE_STRING)
    return mote_strings_new(&c->al, mote_tensor_numel(t), out, err);
  size_t bytes;
  if (borrow && view->data != NULL) {
    *out = mote_storage_wrap(&c->al, view->data, view->bytes, NULL, NULL);
    return *out != NULL ? MOTE_OK : mote_fail_nomem(err);
  }
  mote_tensor from = *t;
  mote_tensor_set_dense(t);
  if (!mote_tensor_bytes(t, &bytes) || bytes > c->memory_limit)
    return mote_fail(err, MOTE_ERR_LIMIT, "tensor exceeds the memory limit of %zu bytes", c->memory_limit);
  *out = mote_storage_create(&c->al, bytes, view->data == NULL);
  if (*out == NULL)
    return mote_fail_nomem(err);
  t->data = (*out)->data;
  if (view->data != NULL)
    mote_tensor_copy(&from, t);
  return MOTE_OK;
}

mote_status mote_value_tensor(mote_context *context, const mote_view *view, bool borrow, mote_value **out,
                              mote_error *error) {
  mote_error_begin(error);
  mote_tensor t;
  mote_storage *storage = NULL;
  mote_val v;
  MOTE_TRY(mote_view_to_tensor(view, view->data != NULL, &t, error));
  MOTE_TRY(tensor_storage(context, view, borrow, &t, &storage, error));
  mote_status status = mote_handle_new(&context->al, &t, storage, 0, &v, error);
  mote_storage_release(storage);
  return status == MOTE_OK ? mote_value_box(context, v, out, error) : status;
}

bool mote_value_view(const mote_value *value, mote_view *view) {
  if (value->v.tag != MOTE_TAG_TENSOR)
    return false;
  const mote_handle *h = value->v.u.tensor;
  mote_tensor t;
  mote_handle_view(h, &t);
  size_t before = (size_t)((char *)t.data - (char *)h->storage->data);
  mote_tensor_to_view(&t, h->storage->bytes - before, view);
  return true;
}

bool mote_value_shares_storage(const mote_value *a, const mote_value *b) {
  return a->v.tag == MOTE_TAG_TENSOR && b->v.tag == MOTE_TAG_TENSOR && a->v.u.tensor->storage == b->v.u.tensor->storage;
}

// ------------------------------------------------------------------------------------------------ reading

mote_kind mote_value_kind(const mote_value *value) {
  switch (value->v.tag) {
  case MOTE_TAG_ENUM:
  case MOTE_TAG_FUTURE:
  case MOTE_TAG_GENERATOR:
  case MOTE_TAG_NATIVE:
  case MOTE_TAG_DEVICE:
    return MOTE_KIND_OBJECT;
  default:
    return (mote_kind)value->v.tag;
  }
}

bool mote_value_as_bool(const mote_value *v) { return mote_value_as_int(v) != 0; }

int64_t mote_value_as_int(const mote_value *v) {
  if (v->v.tag == MOTE_TAG_FLOAT)
    return v->v.u.f >= -0x1p63 && v->v.u.f < 0x1p63 ? (int64_t)v->v.u.f : 0;
  return v->v.tag == MOTE_TAG_INT || v->v.tag == MOTE_TAG_BOOL ? v->v.u.i : 0;
}

double mote_value_as_float(const mote_value *v) {
  return v->v.tag == MOTE_TAG_FLOAT ? v->v.u.f : (double)mote_value_as_int(v);
}

void mote_value_as_complex(const mote_value *v, double *re, double *im) {
  bool is = v->v.tag == MOTE_TAG_COMPLEX;
  *re = is ? v->v.u.complex->re : mote_value_as_float(v);
  *im = is ? v->v.u.complex->im : 0;
}

const char *mote_value_as_string(const mote_value *v, size_t *len) {
  bool is = v->v.tag == MOTE_TAG_STR;
  if (len != NULL)
    *len = is ? v->v.u.str->len : 0;
  return is ? v->v.u.str->at : NULL;
}

size_t mote_value_count(const mote_value *v) {
  switch (v->v.tag) {
  case MOTE_TAG_LIST:
    return v->v.u.list->len;
  case MOTE_TAG_TUPLE:
    return v->v.u.tuple->len;
  case MOTE_TAG_DICT:
    return v->v.u.dict->count;
  default:
    return 0;
  }
}

static mote_val item_of(const mote_val *v, size_t index, bool key) {
  if (v->tag == MOTE_TAG_LIST)
    return v->u.list->at[index];
  if (v->tag == MOTE_TAG_TUPLE)
    return v->u.tuple->at[index];
  size_t at = 0;
  mote_dict_entry *entry = mote_dict_next(v->u.dict, &at);
  while (index-- > 0 && entry != NULL)
    entry = mote_dict_next(v->u.dict, &at);
  return entry == NULL ? mote_val_none() : key ? entry->key : entry->value;
}

// The box of an item, made when first asked for; a new one when the container has changed since.
static mote_value *item_box(const mote_value *value, size_t slot, mote_val item) {
  mote_value *v = (mote_value *)value; // boxes are a cache, not part of the value
  if (slot >= v->n_items) {
    size_t n = 2 * mote_value_count(value) + 2;
    mote_value **grown = mote_alloc_array(&v->context->al, n > slot ? n : slot + 1, sizeof *grown);
    if (grown == NULL)
      return NULL;
    if (v->n_items > 0)
      memcpy(grown, v->items, v->n_items * sizeof *grown);
    mote_free(&v->context->al, v->items);
    v->items = grown;
    v->n_items = n > slot ? n : slot + 1;
  }
  mote_value *box = v->items[slot];
  if (box != NULL && box->v.tag == item.tag && box->v.u.i == item.u.i)
    return box;
  mote_value *fresh;
  if (mote_value_box(v->context, mote_val_retain(item), &fresh, NULL) != MOTE_OK)
    return NULL;
  mote_value_keep(fresh, v->model);
  mote_value_release(box);
  v->items[slot] = fresh;
  return fresh;
}

mote_value *mote_value_item(const mote_value *value, size_t index) {
  if (index >= mote_value_count(value))
    return NULL;
  return item_box(value, 2 * index, item_of(&value->v, index, false));
}

mote_value *mote_value_item_key(const mote_value *value, size_t index) {
  if (value->v.tag != MOTE_TAG_DICT || index >= mote_value_count(value))
    return NULL;
  return item_box(value, 2 * index + 1, item_of(&value->v, index, true));
}

const char *mote_value_field(const mote_value *value, size_t index) {
  if (value->v.tag != MOTE_TAG_TUPLE || value->v.u.tuple->names == NULL || index >= value->v.u.tuple->names->len)
    return NULL;
  return value->v.u.tuple->names->at[index].u.str->at;
}
