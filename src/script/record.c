// The growing graph: operators become nodes, storages that are yet to be computed are lazy, data that is needed makes
// the graph run. Calls that are answered from memory are in memo.c. See record.h.
#include "script/record_impl.h"

#include <string.h>

#include "base/prim.h"
#include "ops/copy.h"
#include "ops/ops.h"
#include "ops/shape.h"
#include "ops/window.h"
#include "script/shared.h"

enum { NODES_MAX = 20000 };

mote_status mote_recorder_create(mote_vm *vm, mote_recorder **out, mote_error *err) {
  mote_recorder *r = MOTE_NEW(vm->al, mote_recorder);
  if (!r)
    return mote_fail_nomem(err);
  r->vm = vm;
  r->al = vm->al;
  r->epoch = mote_prim_random_seed(); // unlike that of any other session that may have seen the same handles
  *out = r;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ lazy storages

static void unlink_lazy(mote_recorder *r, mote_lazy *lz) {
  size_t last = r->lazies.len - 1;
  r->lazies.at[lz->index] = r->lazies.at[last];
  r->lazies.at[lz->index]->index = lz->index;
  r->lazies.len = last;
}

// The last handle of a lazy storage went: nobody wants its data.
static void lazy_dropped(void *owner) {
  mote_lazy *lz = owner;
  unlink_lazy(lz->recorder, lz);
  mote_free(lz->recorder->al, lz);
}

static mote_status add_lazy(mote_recorder *r, mote_storage *s, mote_vid vid, const mote_tensor *base, bool keep,
                            mote_error *err) {
  mote_lazy *lz = MOTE_NEW(r->al, mote_lazy);
  if (!lz)
    return mote_fail_nomem(err);
  lz->recorder = r;
  lz->storage = keep ? mote_storage_retain(s) : s;
  lz->vid = vid;
  lz->base = *base;
  lz->base.data = NULL;
  lz->keep = keep;
  lz->index = r->lazies.len;
  mote_status st = MOTE_VEC_PUSH(r->al, &r->lazies, lz, err);
  if (st != MOTE_OK) {
    if (keep)
      mote_storage_release(s);
    mote_free(r->al, lz);
    return st;
  }
  s->lazy = lz;
  if (!keep) {
    s->on_release = lazy_dropped;
    s->owner = lz;
  }
  return MOTE_OK;
}

static void end_lazy(mote_recorder *r, mote_lazy *lz) {
  mote_storage *s = lz->storage;
  s->lazy = NULL;
  if (lz->keep) {
    mote_free(r->al, lz);
    mote_storage_release(s);
    return;
  }
  s->on_release = NULL;
  s->owner = NULL;
  mote_free(r->al, lz);
}

// ------------------------------------------------------------------------------------------------ the graph

static mote_status begin(mote_recorder *r) {
  if (r->open)
    return MOTE_OK;
  mote_graph_init(&r->g, r->al);
  r->open = true;
  r->key = 0x6d6f7465;
  r->epoch++;
  return MOTE_OK;
}

static void close_graph(mote_recorder *r) {
  for (size_t i = 0; i < r->inputs.len; i++)
    mote_val_release(r->inputs.at[i]);
  r->inputs.len = 0;
  if (r->open)
    mote_graph_destroy(&r->g);
  r->open = false;
  r->epoch++;
}

void mote_recorder_forget(mote_recorder *r) {
  if (!r)
    return;
  while (r->lazies.len) {
    mote_lazy *lz = r->lazies.at[r->lazies.len - 1];
    unlink_lazy(r, lz);
    end_lazy(r, lz);
  }
  close_graph(r);
  mote_memo_clear(r);
}

void mote_recorder_destroy(mote_recorder *r) {
  if (!r)
    return;
  mote_recorder_forget(r);
  MOTE_VEC_FREE(r->al, &r->lazies);
  MOTE_VEC_FREE(r->al, &r->inputs);
  mote_free(r->al, r);
}

static uint64_t hash_dims(const mote_tensor *t, uint64_t h) {
  h = mote_hash_u64((uint64_t)t->dtype * 32 + (uint64_t)t->rank, h);
  h = mote_hash(t->dim, (size_t)t->rank * sizeof(int64_t), h);
  h = mote_hash(t->stride, (size_t)t->rank * sizeof(int64_t), h);
  if (t->quant.count) {
    h = mote_hash(&t->quant.scale, sizeof(double), h);
    h = mote_hash_u64((uint64_t)(uint32_t)t->quant.zero_point, h);
  }
  if (t->quant.count > 1 && t->quant.scales)
    h = mote_hash(t->quant.scales, (size_t)t->quant.count * sizeof(double), h);
  if (t->quant.count > 1 && t->quant.zero_points)
    h = mote_hash(t->quant.zero_points, (size_t)t->quant.count * sizeof(int32_t), h);
  return h;
}

static uint64_t hash_field(const mote_attr_field *f, const void *at, uint64_t h) {
  switch ((mote_attr_kind)f->kind) {
  case MOTE_ATTR_INT:
  case MOTE_ATTR_FLOAT:
    return mote_hash(at, 8, h);
  case MOTE_ATTR_BOOL:
    return mote_hash_u64(*(const bool *)at, h);
  case MOTE_ATTR_INTS: {
    const mote_ints *v = at;
    h = mote_hash_u64((uint64_t)(int64_t)v->count, h);
    return v->count > 0 ? mote_hash(v->at, (size_t)v->count * sizeof(int64_t), h) : h;
  }
  case MOTE_ATTR_SCALAR: {
    const mote_scalar *s = at;
    h = mote_hash_u64((uint64_t)s->kind ^ (uint64_t)s->i << 8, h);
    h = mote_hash(&s->f, sizeof s->f, h);
    return mote_hash(&s->im, sizeof s->im, h);
  }
  case MOTE_ATTR_DTYPE:
  case MOTE_ATTR_GRAPH:
    return mote_hash(at, 4, h);
  case MOTE_ATTR_STR: {
    const char *s = *(const char *const *)at;
    return s ? mote_hash(s, strlen(s), h) : mote_hash_u64(17, h);
  }
  case MOTE_ATTR_FLOATS: {
    const mote_floats *v = at;
    h = mote_hash_u64((uint64_t)(int64_t)v->count, h);
    return v->count > 0 ? mote_hash(v->at, (size_t)v->count * sizeof(double), h) : h;
  }
  }
  return h;
}

static uint64_t hash_attr(const mote_op *op, const void *attr, uint64_t h) {
  if (op->rules->n_fields == 0 && attr && op->rules->attr_size) // plain numbers, zeroed before they were set
    return mote_hash(attr, op->rules->attr_size, h);
  for (uint8_t i = 0; attr && i < op->rules->n_fields; i++)
    h = hash_field(&op->rules->field[i], (const char *)attr + op->rules->field[i].offset, h);
  return h;
}

static const char *source_line(mote_recorder *r) { return r->vm->ref ? r->vm->ref->name : NULL; }

static mote_status add_node(mote_recorder *r, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                            const mote_tensor *outs, int32_t n_out, mote_vid *out, mote_error *err) {
  if (r->g.nodes.len >= NODES_MAX)
    return mote_fail(err, MOTE_ERR_LIMIT, "recording of more than %d operators", NODES_MAX);
  for (int32_t j = 0; j < n_out; j++)
    MOTE_TRY(mote_graph_value(&r->g, &outs[j], 0, NULL, &out[j], err));
  MOTE_TRY(mote_graph_node(&r->g, op, attr, in, n_in, out, n_out, (int32_t)r->g.nodes.len, source_line(r), err));
  uint64_t h = mote_hash_u64((uint64_t)(uintptr_t)op, r->key);
  h = hash_attr(op, attr, h);
  h = mote_hash(in, (size_t)n_in * sizeof *in, h);
  r->key = mote_hash_u64((uint64_t)n_in * 64 + (uint64_t)n_out, h);
  return MOTE_OK;
}

// One operator inside the graph with a single result.
static mote_status add_simple(mote_recorder *r, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                              mote_vid *out, mote_error *err) {
  mote_tensor t;
  const mote_tensor *ins[MOTE_EMIT_MAX];
  int32_t n_out = 1;
  mote_outcome outcome;
  memset(&t, 0, sizeof t);
  for (int32_t i = 0; i < n_in; i++)
    ins[i] = &r->g.values.at[in[i]].t;
  MOTE_TRY(mote_engine_infer(r->vm->engine, op, attr, ins, n_in, &t, &n_out, &outcome, err));
  t.data = NULL;
  return add_node(r, op, attr, in, n_in, &t, 1, out, err);
}

// ------------------------------------------------------------------------------------------------ handles -> values

static void remember(mote_recorder *r, mote_handle *h, mote_vid vid) {
  h->epoch = r->epoch;
  h->version = h->storage->version;
  h->vid = vid;
}

static bool covers(const mote_handle *h, const mote_tensor *base) {
  return h->offset == 0 && h->t.dtype == base->dtype && mote_tensor_numel(&h->t) == mote_tensor_numel(base) &&
         mote_tensor_is_dense(&h->t);
}

static void window_attr(const mote_handle *h, mote_window_attr *attr) {
  memset(attr, 0, sizeof *attr);
  attr->size.count = attr->stride.count = h->t.rank;
  for (int32_t i = 0; i < h->t.rank; i++) {
    attr->size.at[i] = h->t.dim[i];
    attr->stride.at[i] = h->t.stride[i];
  }
  attr->offset = h->offset;
}

static mote_status window_of_lazy(mote_recorder *r, const mote_handle *h, mote_vid *out, mote_error *err) {
  const mote_lazy *lz = h->storage->lazy;
  if (covers(h, &lz->base)) {
    mote_reshape_attr attr;
    *out = lz->vid;
    if (mote_tensor_same_shape(&h->t, &lz->base))
      return MOTE_OK;
    memset(&attr, 0, sizeof attr);
    attr.shape.count = h->t.rank;
    memcpy(attr.shape.at, h->t.dim, (size_t)h->t.rank * sizeof(int64_t));
    return add_simple(r, &mote_op_reshape, &attr, &lz->vid, 1, out, err);
  }
  mote_window_attr attr;
  window_attr(h, &attr);
  return add_simple(r, &mote_op_as_strided, &attr, &lz->vid, 1, out, err);
}

static mote_status import_data(mote_recorder *r, mote_handle *h, mote_vid *out, mote_error *err) {
  mote_tensor t;
  mote_storage *base = mote_shared_base(h->storage);
  mote_handle_view(h, &t);
  if (base || h->is_literal) {
    uint64_t key = hash_dims(&t, 5);
    size_t bytes = h->storage->bytes;
    key = base ? mote_hash_u64((uint64_t)(uintptr_t)t.data, key) : mote_hash(h->storage->data, bytes, key);
    MOTE_TRY(mote_graph_const(&r->g, &t, base ? base : h->storage, key | 1, NULL, out, err));
    r->key = mote_hash_u64(key, r->key);
    return MOTE_OK;
  }
  MOTE_TRY(MOTE_VEC_RESERVE(r->al, &r->inputs, 1, err));
  MOTE_TRY(MOTE_VEC_RESERVE(r->al, &r->g.inputs, 1, err));
  t.data = NULL;
  MOTE_TRY(mote_graph_value(&r->g, &t, MOTE_VALUE_INPUT, NULL, out, err));
  r->g.inputs.at[r->g.inputs.len++] = *out;
  // The window as it is now: the handle itself may take another one later.
  mote_val copy;
  MOTE_TRY(mote_handle_new(r->al, &h->t, h->storage, h->offset, &copy, err));
  copy.u.tensor->is_number = h->is_number;
  r->inputs.at[r->inputs.len++] = copy;
  r->key = mote_hash_u64(hash_dims(&t, 9), r->key);
  return MOTE_OK;
}

static mote_status value_of(mote_recorder *r, mote_handle *h, mote_vid *out, mote_error *err) {
  if (h->epoch == r->epoch && h->version == h->storage->version) {
    *out = h->vid;
    return MOTE_OK;
  }
  MOTE_TRY(mote_is_lazy(h) ? window_of_lazy(r, h, out, err) : import_data(r, h, out, err));
  remember(r, h, *out);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ emitting

static mote_status new_lazy_handle(mote_recorder *r, const mote_tensor *t, mote_vid vid, mote_val *out,
                                   mote_error *err) {
  mote_tensor dense = *t;
  mote_tensor_set_dense(&dense);
  mote_storage *s = mote_storage_wrap(r->al, NULL, 0, NULL, NULL);
  if (!s)
    return mote_fail_nomem(err);
  mote_status st = mote_handle_new(r->al, &dense, s, 0, out, err);
  if (st == MOTE_OK && (st = add_lazy(r, s, vid, &dense, false, err)) != MOTE_OK)
    mote_val_clear(out);
  mote_storage_release(s);
  if (st == MOTE_OK)
    remember(r, out->u.tensor, vid);
  return st;
}

static mote_status infer(mote_recorder *r, const mote_op *op, const void *attr, mote_handle *const *in, int32_t n_in,
                         mote_tensor *outs, int32_t *n_out, mote_outcome *outcome, mote_error *err) {
  mote_tensor views[MOTE_EMIT_MAX];
  const mote_tensor *ins[MOTE_EMIT_MAX];
  for (int32_t i = 0; i < n_in; i++) {
    ins[i] = NULL;
    if (!in[i])
      continue;
    mote_handle_view(in[i], &views[i]);
    if (mote_is_lazy(in[i]) || !(in[i]->is_literal || mote_shared_base(in[i]->storage)))
      views[i].data = NULL; // only what never changes may decide about shapes
    ins[i] = &views[i];
  }
  memset(outs, 0, (size_t)*n_out * sizeof *outs);
  return mote_engine_infer(r->vm->engine, op, attr, ins, n_in, outs, n_out, outcome, err);
}

static bool recordable(const mote_op *op, mote_handle *const *in, int32_t n_in) {
  if (op->rules->flags & (MOTE_OP_CONTROL | MOTE_OP_EFFECT | MOTE_OP_RANDOM))
    return false;
  for (int32_t i = 0; i < n_in; i++)
    if (in[i] && in[i]->t.quant.count > 1 && mote_is_lazy(in[i]))
      return false;
  return true;
}

mote_status mote_recorder_emit(mote_recorder *r, const mote_op *op, const void *attr, mote_handle *const *in,
                               int32_t n_in, mote_val *out, int32_t *n_out, bool *done, mote_error *err) {
  mote_tensor outs[MOTE_EMIT_MAX];
  mote_vid vin[MOTE_EMIT_MAX], vout[MOTE_EMIT_MAX];
  mote_outcome outcome = MOTE_KNOWN;
  *done = false;
  if (!recordable(op, in, n_in))
    return MOTE_OK;
  MOTE_TRY(infer(r, op, attr, in, n_in, outs, n_out, &outcome, err));
  if (outcome != MOTE_KNOWN)
    return MOTE_OK;
  MOTE_TRY(begin(r));
  for (int32_t i = 0; i < n_in; i++) {
    vin[i] = -1;
    if (in[i])
      MOTE_TRY(value_of(r, in[i], &vin[i], err));
  }
  for (int32_t j = 0; j < *n_out; j++)
    outs[j].data = NULL;
  MOTE_TRY(add_node(r, op, attr, vin, n_in, outs, *n_out, vout, err));
  for (int32_t j = 0; j < *n_out; j++) {
    mote_status s = new_lazy_handle(r, &outs[j], vout[j], &out[j], err);
    if (s != MOTE_OK) {
      while (j-- > 0)
        mote_val_clear(&out[j]);
      return s;
    }
  }
  *done = true;
  return r->vm->mode == MOTE_RECORD_EACH ? mote_recorder_flush(r, err) : MOTE_OK;
}

mote_status mote_recorder_view(mote_recorder *r, mote_handle *h, const mote_op *op, const void *attr, mote_handle *view,
                               mote_error *err) {
  mote_vid in, out;
  MOTE_TRY(value_of(r, h, &in, err));
  MOTE_TRY(add_simple(r, op, attr, &in, 1, &out, err));
  if (mote_tensor_same_shape(&r->g.values.at[out].t, &view->t))
    remember(r, view, out);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ writing

// The new elements as a value of the window's dims and dtype.
static mote_status shaped_source(mote_recorder *r, mote_handle *dst, mote_handle *src, mote_vid *out, mote_error *err) {
  mote_val cast;
  int64_t strides[MOTE_MAX_RANK];
  if (!mote_broadcast_strides(&src->t, dst->t.rank, dst->t.dim, strides)) {
    char a[96], b[96];
    mote_tensor_text(&src->t, a, sizeof a);
    mote_tensor_text(&dst->t, b, sizeof b);
    return mote_fail(err, MOTE_ERR_SHAPE, "output with shape %s doesn't match the broadcast shape %s", b, a);
  }
  MOTE_TRY(mote_tensor_cast(r->vm, src, dst->t.dtype, &cast));
  mote_status s = begin(r);
  if (s == MOTE_OK)
    s = value_of(r, cast.u.tensor, out, err);
  mote_val_release(cast);
  return s;
}

static bool storage_base(const mote_handle *h, mote_tensor *base) {
  const mote_lazy *lz = h->storage->lazy;
  size_t size = mote_dtype_size(h->t.dtype);
  if (lz) {
    *base = lz->base;
    return lz->base.dtype == h->t.dtype;
  }
  if (!size || h->storage->bytes % size || h->t.quant.count > 1)
    return false;
  int64_t n = (int64_t)(h->storage->bytes / size);
  mote_tensor_init(base, h->t.dtype, 1, &n);
  base->quant = h->t.quant;
  if (mote_tensor_is_dense(&h->t) && h->offset == 0 && mote_tensor_numel(&h->t) == n) {
    *base = h->t;
    base->data = NULL;
    mote_tensor_set_dense(base);
  }
  return true;
}

// Value of the storage as a whole before the write.
static mote_status base_value(mote_recorder *r, mote_handle *dst, const mote_tensor *base, mote_vid *out,
                              mote_error *err) {
  mote_val whole;
  if (dst->storage->lazy) {
    *out = dst->storage->lazy->vid;
    return MOTE_OK;
  }
  MOTE_TRY(mote_handle_new(r->al, base, dst->storage, 0, &whole, err));
  mote_status s = value_of(r, whole.u.tensor, out, err);
  mote_val_release(whole);
  return s;
}

static bool meets_twice(const mote_handle *h) {
  for (int32_t i = 0; i < h->t.rank; i++)
    if (h->t.stride[i] == 0 && h->t.dim[i] > 1)
      return true;
  return false;
}

mote_status mote_recorder_write(mote_recorder *r, mote_handle *dst, mote_handle *src, bool *done) {
  mote_error *err = r->vm->err;
  mote_tensor base;
  mote_vid value, whole;
  *done = false;
  if (mote_dtype_is_quantized(dst->t.dtype) || dst->t.dtype == MOTE_STRING || meets_twice(dst) ||
      !storage_base(dst, &base))
    return MOTE_OK;
  MOTE_TRY(shaped_source(r, dst, src, &value, err));
  if (!dst->storage->lazy)
    MOTE_TRY(mote_shared_make_private(dst->storage, err));
  bool all = covers(dst, &base) && mote_tensor_same_shape(&dst->t, &base);
  if (!all || !mote_tensor_same_shape(&r->g.values.at[value].t, &dst->t)) {
    mote_window_attr attr;
    window_attr(dst, &attr);
    MOTE_TRY(base_value(r, dst, &base, &whole, err));
    mote_vid in[2] = {whole, value};
    MOTE_TRY(add_simple(r, &mote_op_window_write, &attr, in, 2, &value, err));
  } else if (r->g.values.at[value].producer < 0) {
    whole = value;
    MOTE_TRY(add_simple(r, &mote_op_copy, NULL, &whole, 1, &value, err)); // its own memory
  }
  if (!dst->storage->lazy) {
    r->vm->wrote = true; // memory that outlives the recording changes
    MOTE_TRY(add_lazy(r, dst->storage, value, &base, true, err));
  }
  dst->storage->lazy->vid = value;
  dst->storage->version++;
  if (all)
    remember(r, dst, value);
  *done = true;
  return r->vm->mode == MOTE_RECORD_EACH ? mote_recorder_flush(r, err) : MOTE_OK;
}

mote_status mote_recorder_before_write(mote_recorder *r, mote_storage *s, mote_error *err) {
  for (size_t i = 0; i < r->inputs.len; i++)
    if (r->inputs.at[i].u.tensor->storage == s)
      return mote_recorder_flush(r, err);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ running

mote_status mote_recorder_inputs(mote_recorder *r, const mote_val *inputs, size_t n, mote_tensor *at) {
  (void)r;
  for (size_t i = 0; i < n; i++)
    mote_handle_view(inputs[i].u.tensor, &at[i]);
  return MOTE_OK;
}

// The result's memory becomes the storage's; what the host or the module holds is written into instead.
static mote_status fill_storage(mote_lazy *lz, mote_engine_out *out, mote_storage *made, mote_error *err) {
  mote_storage *s = lz->storage;
  mote_tensor dst = lz->base;
  size_t bytes;
  if (!mote_tensor_bytes(&dst, &bytes))
    return mote_fail(err, MOTE_ERR_INTERNAL, "size of a recorded tensor");
  bool whole = mote_tensor_is_dense(&out->t) && out->t.data == made->data && made->bytes >= bytes && made->owned;
  if (!lz->keep && whole && atomic_load(&made->refs) == 1) {
    s->data = made->data;
    s->bytes = bytes;
    s->owned = true;
    made->data = NULL;
    made->owned = false;
    return MOTE_OK;
  }
  if (!lz->keep) {
    s->data = mote_alloc(s->al, bytes);
    if (!s->data)
      return mote_fail_nomem(err);
    s->bytes = bytes;
    s->owned = true;
  }
  if (s->bytes < bytes)
    return mote_fail(err, MOTE_ERR_INTERNAL, "a recorded write reaches outside its storage");
  mote_tensor_set_dense(&dst);
  dst.data = s->data;
  mote_tensor_copy(&out->t, &dst);
  return MOTE_OK;
}

static mote_status list_outputs(mote_recorder *r, uint64_t *key, mote_error *err) {
  r->g.outputs.len = 0;
  for (size_t i = 0; i < r->lazies.len; i++) {
    mote_vid v = r->lazies.at[i]->vid;
    MOTE_TRY(MOTE_VEC_PUSH(r->al, &r->g.outputs, v, err));
    r->g.values.at[v].flags |= MOTE_VALUE_OUTPUT;
    *key = mote_hash_u64((uint64_t)v, *key);
  }
  return MOTE_OK;
}

static mote_status run_graph(mote_recorder *r, uint64_t key, mote_tensor *in, mote_engine_out *out, mote_storage **made,
                             mote_error *err) {
  size_t n = r->lazies.len;
  MOTE_TRY(mote_recorder_inputs(r, r->inputs.at, r->inputs.len, in));
  for (size_t i = 0; i < n; i++)
    out[i].storage = &made[i];
  MOTE_TRY(mote_engine_run(r->vm->engine, &r->g, key, in, r->inputs.len, out, n, err));
  r->flushes++;
  for (size_t i = 0; i < n; i++)
    MOTE_TRY(fill_storage(r->lazies.at[i], &out[i], made[i], err));
  return MOTE_OK;
}

mote_status mote_recorder_flush(mote_recorder *r, mote_error *err) {
  if (!r || r->lazies.len == 0) {
    if (r)
      close_graph(r);
    return MOTE_OK;
  }
  uint64_t key = r->key;
  size_t n = r->lazies.len;
  mote_tensor *in = MOTE_NEW_ARRAY(r->al, mote_tensor, r->inputs.len + 1);
  mote_engine_out *out = MOTE_NEW_ARRAY(r->al, mote_engine_out, n);
  mote_storage **made = MOTE_NEW_ARRAY(r->al, mote_storage *, n);
  mote_status s = in && out && made ? list_outputs(r, &key, err) : mote_fail_nomem(err);
  if (s == MOTE_OK)
    s = run_graph(r, key | 1, in, out, made, err);
  for (size_t i = 0; made && i < n; i++)
    mote_storage_release(made[i]);
  if (s == MOTE_OK)
    mote_memo_flushed(r, key | 1);
  while (r->lazies.len) {
    mote_lazy *lz = r->lazies.at[r->lazies.len - 1];
    r->lazies.len--;
    end_lazy(r, lz);
  }
  mote_free(r->al, in);
  mote_free(r->al, out);
  mote_free(r->al, made);
  close_graph(r);
  return s;
}
