// Storages and tensors of a TorchScript file: persistent ids, windows on them, quantisers. Everything is checked
// against the record's real size. Tests: tests/models/torch, fuzz/fuzz_torch.c
#include "formats/torch/torch_file.h"

#include <string.h>

mote_dtype mote_torch_storage_dtype(const char *name) {
  static const struct {
    const char *name;
    mote_dtype dtype;
  } rows[] = {{"FloatStorage", MOTE_F32},     {"DoubleStorage", MOTE_F64},       {"HalfStorage", MOTE_F16},
              {"BFloat16Storage", MOTE_BF16}, {"LongStorage", MOTE_I64},         {"IntStorage", MOTE_I32},
              {"ShortStorage", MOTE_I16},     {"CharStorage", MOTE_I8},          {"ByteStorage", MOTE_U8},
              {"BoolStorage", MOTE_BOOL},     {"ComplexFloatStorage", MOTE_C64}, {"ComplexDoubleStorage", MOTE_C128},
              {"QInt8Storage", MOTE_QI8},     {"QUInt8Storage", MOTE_QU8},       {"QInt32Storage", MOTE_QI32},
              {"UInt16Storage", MOTE_U16},    {"UInt32Storage", MOTE_U32},       {"UInt64Storage", MOTE_U64}};
  for (size_t i = 0; i < MOTE_COUNT(rows); i++)
    if (strcmp(rows[i].name, name) == 0)
      return rows[i].dtype;
  return MOTE_NONE;
}

typedef struct storage_ref {
  mote_dtype dtype;
  const char *path; // "data/0", in the builder's scratch memory
  size_t path_len;
  int64_t numel;
} storage_ref;

static mote_status read_ref(mote_arena *scratch, const char *folder, const mote_pickle_value *v, storage_ref *out,
                            mote_error *err) {
  const mote_pickle_value *t = mote_pickle_is(v, MOTE_PICKLE_PERSID) ? v->as.ref : NULL;
  if (!mote_pickle_is(t, MOTE_PICKLE_TUPLE) || t->as.items.count < 5 ||
      !mote_pickle_is_str(t->as.items.at[0], "storage") || !mote_pickle_is(t->as.items.at[1], MOTE_PICKLE_GLOBAL) ||
      !mote_pickle_is(t->as.items.at[2], MOTE_PICKLE_STR) || !mote_pickle_is(t->as.items.at[4], MOTE_PICKLE_INT))
    return mote_fail(err, MOTE_ERR_FORMAT, "persistent id is not ('storage', type, key, device, count)");
  const mote_pickle_value *type = t->as.items.at[1], *key = t->as.items.at[2];
  out->dtype =
      strcmp(type->as.global.module, "torch") == 0 ? mote_torch_storage_dtype(type->as.global.name) : MOTE_NONE;
  if (out->dtype == MOTE_NONE)
    return mote_fail(err, MOTE_ERR_UNSUPPORTED, "storage type %s.%s", type->as.global.module, type->as.global.name);
  out->numel = t->as.items.at[4]->as.integer;
  if (memchr(key->as.text.data, '\0', key->as.text.len))
    return mote_fail(err, MOTE_ERR_FORMAT, "storage key with a zero byte");
  size_t folder_len = strlen(folder);
  char *path = mote_arena_array(scratch, folder_len + key->as.text.len + 2, 1);
  if (!path)
    return mote_fail_nomem(err);
  memcpy(path, folder, folder_len);
  path[folder_len] = '/';
  memcpy(path + folder_len + 1, key->as.text.data, key->as.text.len);
  out->path = path;
  out->path_len = folder_len + 1 + key->as.text.len;
  return MOTE_OK;
}

static mote_status add_storage(mote_script_model *m, const storage_ref *ref, mote_map_entry *out, mote_error *err) {
  mote_span bytes;
  MOTE_TRY(mote_torch_read(m, ref->path, &bytes, NULL, err));
  mote_storage *s;
  if ((uintptr_t)bytes.data % 16 == 0) {
    s = mote_storage_wrap(m->al, (void *)(uintptr_t)bytes.data, bytes.size, NULL, NULL);
  } else { // kernels want aligned elements
    s = mote_storage_create(m->al, bytes.size, false);
    if (s && bytes.size)
      memcpy(s->data, bytes.data, bytes.size);
  }
  const char *key = s ? mote_arena_str(&m->arena, ref->path, ref->path_len) : NULL;
  mote_map_entry *e = key ? mote_map_put(&m->storages, key, ref->path_len) : NULL;
  if (!e) {
    mote_storage_release(s);
    return mote_fail_nomem(err);
  }
  e->value.ptr = s;
  *out = *e;
  return MOTE_OK;
}

// The model's storage of a record, and its name; made when first asked for.
static mote_status model_storage(mote_script_model *m, const storage_ref *ref, mote_map_entry *out, mote_error *err) {
  mote_status status = MOTE_OK;
  mote_mutex_lock(&m->lock);
  const mote_map_entry *known = mote_map_find(&m->storages, ref->path, ref->path_len);
  if (known)
    *out = *known;
  else
    status = add_storage(m, ref, out, err);
  mote_mutex_unlock(&m->lock);
  return status;
}

static mote_status session_storage(mote_torch_builder *b, const storage_ref *ref, mote_storage **out) {
  mote_map_entry base;
  MOTE_TRY(model_storage(b->model, ref, &base, b->err));
  if (!b->session) {
    *out = base.value.ptr;
    return MOTE_OK;
  }
  mote_map_entry *e = mote_map_find(&b->session->storages, ref->path, ref->path_len);
  if (e) {
    *out = e->value.ptr;
    return MOTE_OK;
  }
  mote_storage *s = mote_shared_storage(b->session->al, base.value.ptr);
  e = s ? mote_map_put(&b->session->storages, base.key, base.len) : NULL;
  if (!e) {
    mote_storage_release(s);
    return mote_fail_nomem(b->err);
  }
  e->value.ptr = s;
  *out = s;
  return MOTE_OK;
}

static mote_status read_dims(const mote_pickle_value *sizes, const mote_pickle_value *strides, mote_tensor *t,
                             mote_error *err) {
  if (!mote_pickle_is(sizes, MOTE_PICKLE_TUPLE) || !mote_pickle_is(strides, MOTE_PICKLE_TUPLE) ||
      sizes->as.items.count != strides->as.items.count)
    return mote_fail(err, MOTE_ERR_FORMAT, "a tensor's sizes and strides are not tuples of one length");
  if (sizes->as.items.count > MOTE_MAX_RANK)
    return mote_fail(err, MOTE_ERR_UNSUPPORTED, "tensor of rank %u; %d is the most", sizes->as.items.count,
                     MOTE_MAX_RANK);
  t->rank = (int32_t)sizes->as.items.count;
  for (int32_t i = 0; i < t->rank; i++) {
    const mote_pickle_value *d = sizes->as.items.at[i], *s = strides->as.items.at[i];
    if (!mote_pickle_is(d, MOTE_PICKLE_INT) || !mote_pickle_is(s, MOTE_PICKLE_INT) || d->as.integer < 0 ||
        s->as.integer < 0)
      return mote_fail(err, MOTE_ERR_FORMAT, "a tensor's sizes or strides are negative or no integers");
    t->dim[i] = d->as.integer;
    t->stride[i] = s->as.integer;
  }
  return MOTE_OK;
}

static const mote_tensor *dense_1d(mote_val v, mote_dtype dtype, mote_tensor *t) {
  if (v.tag != MOTE_TAG_TENSOR)
    return NULL;
  mote_handle_view(v.u.tensor, t);
  return t->dtype == dtype && t->rank == 1 && t->data && (t->dim[0] <= 1 || t->stride[0] == 1) ? t : NULL;
}

// (torch.per_channel_affine, scales, zero points, axis): the arrays are copied by the tensor value.
static mote_status per_channel(mote_torch_builder *b, const mote_pickle_value *q, mote_tensor *t, mote_val *keep) {
  mote_tensor scales, zero;
  const mote_pickle_value *axis = q->as.items.at[3];
  MOTE_TRY(mote_torch_tensor(b, q->as.items.at[1], &keep[0]));
  MOTE_TRY(mote_torch_tensor(b, q->as.items.at[2], &keep[1]));
  if (!mote_pickle_is(axis, MOTE_PICKLE_INT) || axis->as.integer < 0 || axis->as.integer >= t->rank ||
      !dense_1d(keep[0], MOTE_F64, &scales) || !dense_1d(keep[1], MOTE_I64, &zero) || scales.dim[0] != zero.dim[0] ||
      scales.dim[0] != t->dim[axis->as.integer] || scales.dim[0] > INT32_MAX || scales.dim[0] == 0)
    return mote_fail(b->err, MOTE_ERR_FORMAT, "per-channel quantiser does not fit its tensor");
  int32_t *z = mote_arena_array(&b->scratch, (size_t)zero.dim[0], sizeof *z);
  if (!z)
    return mote_fail_nomem(b->err);
  for (int64_t i = 0; i < zero.dim[0]; i++)
    z[i] = (int32_t)((const int64_t *)zero.data)[i];
  bool equal = true;
  for (int64_t i = 1; i < zero.dim[0]; i++)
    equal = equal && z[i] == z[0];
  t->quant = (mote_quant){((const double *)scales.data)[0], z[0],        (int32_t)axis->as.integer,
                          (int32_t)scales.dim[0],           scales.data, equal ? NULL : z};
  return MOTE_OK;
}

static mote_status read_quantizer(mote_torch_builder *b, const mote_pickle_value *q, mote_tensor *t, mote_val *keep) {
  if (!mote_pickle_is(q, MOTE_PICKLE_TUPLE) || q->as.items.count < 3)
    return mote_fail(b->err, MOTE_ERR_FORMAT, "quantiser is no tuple");
  const mote_pickle_value *kind = q->as.items.at[0], *scale = q->as.items.at[1], *zero = q->as.items.at[2];
  if (mote_pickle_is_global(kind, "torch", "per_tensor_affine")) {
    if (!mote_pickle_is(scale, MOTE_PICKLE_FLOAT) || !mote_pickle_is(zero, MOTE_PICKLE_INT))
      return mote_fail(b->err, MOTE_ERR_FORMAT, "quantiser's scale or zero point is no number");
    t->quant = (mote_quant){scale->as.real, (int32_t)zero->as.integer, -1, 1, NULL, NULL};
    return MOTE_OK;
  }
  if (mote_pickle_is_global(kind, "torch", "per_channel_affine") && q->as.items.count >= 4)
    return per_channel(b, q, t, keep);
  return mote_fail(b->err, MOTE_ERR_UNSUPPORTED, "quantisation scheme %s",
                   mote_pickle_is(kind, MOTE_PICKLE_GLOBAL) ? kind->as.global.name : "?");
}

static mote_status rebuild(mote_torch_builder *b, const mote_pickle_value *v, bool quantized, mote_val *keep,
                           mote_val *out) {
  const mote_pickle_items *a = &v->as.call.args->as.items;
  storage_ref ref = {MOTE_NONE, NULL, 0, 0};
  mote_storage *storage = NULL;
  mote_tensor t;
  memset(&t, 0, sizeof t);
  if (a->count < (quantized ? 5u : 4u) || !mote_pickle_is(a->at[1], MOTE_PICKLE_INT))
    return mote_fail(b->err, MOTE_ERR_FORMAT, "a tensor's description is incomplete");
  MOTE_TRY(read_ref(&b->scratch, b->pickle->tensors, a->at[0], &ref, b->err));
  MOTE_TRY(read_dims(a->at[2], a->at[3], &t, b->err));
  t.dtype = ref.dtype;
  if (quantized)
    MOTE_TRY(read_quantizer(b, a->at[4], &t, keep));
  MOTE_TRY(session_storage(b, &ref, &storage));
  if (a->at[1]->as.integer < 0 || !mote_handle_fits(&t, a->at[1]->as.integer, storage->bytes))
    return mote_fail(b->err, MOTE_ERR_FORMAT, "tensor reaches outside its storage %s of %zu bytes", ref.path,
                     storage->bytes);
  MOTE_TRY(mote_handle_new(b->session ? b->session->al : b->model->al, &t, storage, a->at[1]->as.integer, out, b->err));
  uint32_t grad = quantized ? 5 : 4;
  out->u.tensor->requires_grad =
      grad < a->count && mote_pickle_is(a->at[grad], MOTE_PICKLE_BOOL) && a->at[grad]->as.boolean;
  return MOTE_OK;
}

static bool is_call_of(const mote_pickle_value *v, const char *name) {
  return mote_pickle_is(v, MOTE_PICKLE_REDUCE) && mote_pickle_is_global(v->as.call.callable, "torch._utils", name) &&
         mote_pickle_is(v->as.call.args, MOTE_PICKLE_TUPLE);
}

bool mote_torch_is_tensor(const mote_pickle_value *v) {
  return is_call_of(v, "_rebuild_tensor_v2") || is_call_of(v, "_rebuild_tensor") || is_call_of(v, "_rebuild_qtensor") ||
         is_call_of(v, "_rebuild_parameter");
}

mote_status mote_torch_tensor(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) {
  if (is_call_of(v, "_rebuild_parameter") && v->as.call.args->as.items.count >= 1 &&
      !is_call_of(v->as.call.args->as.items.at[0], "_rebuild_parameter"))
    return mote_torch_tensor(b, v->as.call.args->as.items.at[0], out);
  bool quantized = is_call_of(v, "_rebuild_qtensor");
  if (!quantized && !is_call_of(v, "_rebuild_tensor_v2") && !is_call_of(v, "_rebuild_tensor"))
    return mote_fail(b->err, MOTE_ERR_FORMAT, "a tensor is expected, found %s", mote_pickle_kind_name(v));
  mote_val keep[2] = {mote_val_none(), mote_val_none()};
  mote_status s = rebuild(b, v, quantized, keep, out);
  mote_val_release(keep[0]);
  mote_val_release(keep[1]);
  return s;
}
