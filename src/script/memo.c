// Calls from the host: run in the machine, or answered by the plan of an earlier call of the same kind. A call is
// remembered when it needed no data on its way, changed nothing that outlives it and ran its graph once, at the end.
// Tests: tests/script/test_record.c
#include "script/record_impl.h"

#include <string.h>

enum { DEPTH_MAX = 16, LEAVES_MAX = 256, MEMOS_MAX = 16 };

typedef struct leaf { // a tensor among the arguments
  mote_handle *h;
  int32_t same; // earlier leaf on the same storage, else its own number
} leaf;

typedef struct source { // where a tensor comes from
  int32_t leaf;         // argument; -1: none
  int32_t result;       // output of the graph; -1: none
  int64_t offset;       // from the argument's own offset, or in the result
  mote_tensor t;        // the window
  mote_val kept;        // a handle that is neither
  uint32_t version;
} source;

// The result's tree in prefix order.
typedef struct shape {
  uint8_t tag;
  uint32_t count; // items of a container; index of the source of a tensor
  const void *type;
  mote_val kept; // a plain value; a named tuple's names and class
} shape;

typedef struct mote_memo {
  struct mote_memo *next;
  uint64_t sign[2];
  const mote_function *fn;
  bool has_graph;
  uint64_t key;
  MOTE_VEC(source) inputs, tensors;
  MOTE_VEC(shape) tree;
  size_t n_out;
  mote_graph g;
} mote_memo;

// ------------------------------------------------------------------------------------------------ signatures

typedef struct signature {
  uint64_t h[2];
  leaf *leaves;
  size_t n;
  bool good; // holds only what can be remembered
} signature;

static void mix(signature *s, const void *data, size_t len) {
  s->h[0] = mote_hash(data, len, s->h[0]);
  s->h[1] = mote_hash(data, len, s->h[1] ^ 0x5bd1e995);
}
static void mix_u64(signature *s, uint64_t v) { mix(s, &v, sizeof v); }

static void sign_tensor(signature *s, mote_handle *h) {
  if (s->n == LEAVES_MAX || h->storage->lazy || h->t.quant.count > 1) {
    s->good = false;
    return;
  }
  leaf *l = &s->leaves[s->n];
  l->h = h;
  l->same = (int32_t)s->n;
  for (size_t i = 0; i < s->n && l->same == (int32_t)s->n; i++)
    if (s->leaves[i].h->storage == h->storage)
      l->same = (int32_t)i;
  mix_u64(s, (uint64_t)l->same);
  mix_u64(s, l->same == (int32_t)s->n ? 0 : (uint64_t)(h->offset - s->leaves[l->same].h->offset));
  mix_u64(s, (uint64_t)h->t.dtype * 64 + (uint64_t)h->t.rank * 4 + h->is_number * 2 + h->requires_grad);
  mix(s, h->t.dim, (size_t)h->t.rank * sizeof(int64_t));
  mix(s, h->t.stride, (size_t)h->t.rank * sizeof(int64_t));
  mix_u64(s, (uint64_t)h->t.quant.count);
  if (h->t.quant.count) {
    mix(s, &h->t.quant.scale, sizeof(double));
    mix_u64(s, (uint64_t)(uint32_t)h->t.quant.zero_point);
  }
  s->n++;
}

static void sign(signature *s, mote_val v, int depth);

static void sign_items(signature *s, const mote_val *at, size_t n, int depth) {
  mix_u64(s, n);
  for (size_t i = 0; s->good && i < n; i++)
    sign(s, at[i], depth + 1);
}

static void sign(signature *s, mote_val v, int depth) {
  mix_u64(s, v.tag);
  if (depth > DEPTH_MAX)
    s->good = false;
  if (!s->good)
    return;
  switch (v.tag) {
  case MOTE_TAG_NONE:
    break;
  case MOTE_TAG_BOOL:
  case MOTE_TAG_INT:
  case MOTE_TAG_FLOAT:
  case MOTE_TAG_DEVICE:
    mix_u64(s, (uint64_t)v.u.i);
    break;
  case MOTE_TAG_STR:
    mix_u64(s, v.u.str->len);
    mix(s, v.u.str->at, v.u.str->len);
    break;
  case MOTE_TAG_TENSOR:
    sign_tensor(s, v.u.tensor);
    break;
  case MOTE_TAG_LIST:
    mix_u64(s, (uint64_t)(uintptr_t)v.u.list->type);
    sign_items(s, v.u.list->at, v.u.list->len, depth);
    break;
  case MOTE_TAG_TUPLE:
    sign_items(s, v.u.tuple->at, v.u.tuple->len, depth);
    break;
  default:
    s->good = false;
  }
}

static void sign_call(signature *s, const mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n) {
  s->h[0] = 1;
  s->h[1] = 2;
  s->n = 0;
  s->good = true;
  mix_u64(s, (uint64_t)(uintptr_t)fn);
  mix_u64(s, vm->no_grad);
  for (uint32_t i = 1; i < n; i++) // argument 0 is the module
    sign(s, args[i], 0);
}

// ------------------------------------------------------------------------------------------------ remembering

static void memo_free(mote_recorder *r, mote_memo *m) {
  for (size_t i = 0; i < m->inputs.len; i++)
    mote_val_release(m->inputs.at[i].kept);
  for (size_t i = 0; i < m->tensors.len; i++)
    mote_val_release(m->tensors.at[i].kept);
  for (size_t i = 0; i < m->tree.len; i++)
    mote_val_release(m->tree.at[i].kept);
  MOTE_VEC_FREE(r->al, &m->inputs);
  MOTE_VEC_FREE(r->al, &m->tensors);
  MOTE_VEC_FREE(r->al, &m->tree);
  if (m->has_graph)
    mote_graph_destroy(&m->g);
  mote_free(r->al, m);
}

void mote_memo_clear(mote_recorder *r) {
  while (r->memos) {
    mote_memo *m = r->memos;
    r->memos = m->next;
    memo_free(r, m);
  }
}

static source source_of(const mote_recorder *r, const signature *s, mote_handle *h) {
  source from = {-1, -1, h->offset, h->t, mote_val_none(), h->storage->version};
  from.t.data = NULL;
  for (size_t i = 0; i < s->n && from.leaf < 0; i++)
    if (s->leaves[i].h->storage == h->storage)
      from.leaf = (int32_t)i;
  if (from.leaf >= 0) {
    from.offset -= s->leaves[from.leaf].h->offset;
    return from;
  }
  for (size_t i = 0; i < r->lazies.len; i++)
    if (h->storage->lazy == r->lazies.at[i])
      from.result = (int32_t)i;
  if (from.result < 0)
    from.kept = mote_val_retain(mote_val_cell(&h->cell));
  return from;
}

static mote_status note_shape(mote_recorder *r, mote_memo *m, const signature *s, mote_val v, int depth, bool *good) {
  shape one = {v.tag, 0, NULL, mote_val_none()};
  const mote_val *items = NULL;
  *good = *good && depth <= DEPTH_MAX;
  if (!*good)
    return MOTE_OK;
  switch (v.tag) {
  case MOTE_TAG_TENSOR:
    if (v.u.tensor->t.quant.count > 1)
      *good = false;
    one.count = (uint32_t)m->tensors.len;
    MOTE_TRY(MOTE_VEC_RESERVE(r->al, &m->tensors, 1, NULL));
    m->tensors.at[m->tensors.len++] = source_of(r, s, v.u.tensor);
    break;
  case MOTE_TAG_LIST:
    *good = *good && v.u.cell->refs == 1; // nobody else holds it: each call makes a new one
    one.type = v.u.list->type;
    items = v.u.list->at;
    one.count = (uint32_t)v.u.list->len;
    break;
  case MOTE_TAG_TUPLE:
    one.type = v.u.tuple->type;
    items = v.u.tuple->at;
    one.count = (uint32_t)v.u.tuple->len;
    *good = *good && !v.u.tuple->names;
    break;
  case MOTE_TAG_NONE:
  case MOTE_TAG_BOOL:
  case MOTE_TAG_INT:
  case MOTE_TAG_FLOAT:
  case MOTE_TAG_STR:
  case MOTE_TAG_DEVICE:
    one.kept = mote_val_retain(v);
    break;
  default:
    *good = false;
    return MOTE_OK;
  }
  MOTE_TRY(MOTE_VEC_PUSH(r->al, &m->tree, one, NULL));
  for (uint32_t i = 0; items && i < one.count; i++)
    MOTE_TRY(note_shape(r, m, s, items[i], depth + 1, good));
  return MOTE_OK;
}

// The finished call as a memory without its graph, which is still to run; NULL when it cannot be one.
static mote_memo *draft(mote_recorder *r, const mote_function *fn, const signature *s, mote_val result) {
  mote_memo *m = MOTE_NEW(r->al, mote_memo);
  bool good = m != NULL;
  if (!m)
    return NULL;
  m->fn = fn;
  memcpy(m->sign, s->h, sizeof m->sign);
  m->n_out = r->lazies.len;
  for (size_t i = 0; good && i < r->lazies.len; i++)
    good = !r->lazies.at[i]->keep;
  if (good && note_shape(r, m, s, result, 0, &good) != MOTE_OK)
    good = false;
  for (size_t i = 0; good && i < r->inputs.len; i++) {
    good = MOTE_VEC_RESERVE(r->al, &m->inputs, 1, NULL) == MOTE_OK;
    if (good)
      m->inputs.at[m->inputs.len++] = source_of(r, s, r->inputs.at[i].u.tensor);
  }
  if (good)
    return m;
  memo_free(r, m);
  return NULL;
}

static void keep_memo(mote_recorder *r, mote_memo *m) {
  m->next = r->memos;
  r->memos = m;
  size_t n = 0;
  for (mote_memo **link = &r->memos; *link; link = &(*link)->next)
    if (++n == MEMOS_MAX && (*link)->next) {
      mote_memo *last = (*link)->next;
      (*link)->next = last->next;
      memo_free(r, last);
      return;
    }
}

// Called by the flush: the graph that just ran belongs to the waiting memory.
void mote_memo_flushed(mote_recorder *r, uint64_t key) {
  mote_memo *m = r->waiting;
  if (!m)
    return;
  r->waiting = NULL;
  m->g = r->g;
  m->has_graph = true;
  m->key = key;
  r->open = false; // the graph moved
  keep_memo(r, m);
}

// ------------------------------------------------------------------------------------------------ answering

typedef struct answer {
  mote_recorder *r;
  mote_memo *m;
  const signature *s;
  mote_storage **made; // results of the graph
  size_t at;           // in the tree
  mote_error *err;
} answer;

static bool still_true(const mote_memo *m) {
  for (size_t i = 0; i < m->inputs.len; i++)
    if (m->inputs.at[i].kept.tag == MOTE_TAG_TENSOR &&
        m->inputs.at[i].kept.u.tensor->storage->version != m->inputs.at[i].version)
      return false;
  return true;
}

static void view_of(const answer *a, const source *from, mote_tensor *t) {
  if (from->leaf < 0) {
    mote_handle_view(from->kept.u.tensor, t);
    return;
  }
  const mote_handle *h = a->s->leaves[from->leaf].h;
  *t = from->t;
  t->data = h->storage->data
                ? (char *)h->storage->data + (h->offset + from->offset) * (int64_t)mote_dtype_size(t->dtype)
                : NULL;
}

static mote_status give_tensor(answer *a, const source *from, mote_val *out) {
  const mote_allocator *al = a->r->al;
  if (from->result >= 0)
    return mote_handle_new(al, &from->t, a->made[from->result], from->offset, out, a->err);
  if (from->leaf >= 0) {
    mote_handle *h = a->s->leaves[from->leaf].h;
    return mote_handle_new(al, &from->t, h->storage, h->offset + from->offset, out, a->err);
  }
  *out = mote_val_retain(from->kept);
  return MOTE_OK;
}

static mote_status give(answer *a, mote_val *out) {
  const shape *one = &a->m->tree.at[a->at++];
  mote_val v;
  if (one->tag == MOTE_TAG_TENSOR)
    return give_tensor(a, &a->m->tensors.at[one->count], out);
  if (one->tag != MOTE_TAG_LIST && one->tag != MOTE_TAG_TUPLE) {
    *out = mote_val_retain(one->kept);
    return MOTE_OK;
  }
  bool list = one->tag == MOTE_TAG_LIST;
  MOTE_TRY(list ? mote_list_new(a->r->al, one->count, &v, a->err) : mote_tuple_new(a->r->al, one->count, &v, a->err));
  for (uint32_t i = 0; i < one->count; i++) {
    mote_status s = give(a, list ? &v.u.list->at[i] : &v.u.tuple->at[i]);
    if (s != MOTE_OK)
      return mote_val_release(v), s;
    if (list)
      v.u.list->len++;
  }
  if (list)
    v.u.list->type = one->type;
  else
    v.u.tuple->type = one->type;
  *out = v;
  return MOTE_OK;
}

// A result is wanted dense at the start of memory of its own.
static mote_status settle(answer *a, mote_engine_out *out, mote_storage **made) {
  size_t bytes;
  mote_tensor dense = out->t;
  if (mote_tensor_is_dense(&out->t) && out->t.data == (*made)->data)
    return MOTE_OK;
  mote_tensor_set_dense(&dense);
  mote_storage *own = mote_tensor_bytes(&dense, &bytes) ? mote_storage_create(a->r->al, bytes, false) : NULL;
  if (!own)
    return mote_fail_nomem(a->err);
  dense.data = own->data;
  mote_tensor_copy(&out->t, &dense);
  mote_storage_release(*made);
  *made = own;
  return MOTE_OK;
}

static mote_status run_memo(answer *a, mote_tensor *in, mote_engine_out *out, mote_val *result) {
  mote_memo *m = a->m;
  for (size_t i = 0; i < m->inputs.len; i++)
    view_of(a, &m->inputs.at[i], &in[i]);
  for (size_t i = 0; i < m->n_out; i++)
    out[i].storage = &a->made[i];
  MOTE_TRY(mote_engine_run(a->r->vm->engine, &m->g, m->key, in, m->inputs.len, out, m->n_out, a->err));
  for (size_t i = 0; i < m->n_out; i++)
    MOTE_TRY(settle(a, &out[i], &a->made[i]));
  return give(a, result);
}

static mote_status answer_call(mote_recorder *r, mote_memo *m, const signature *s, mote_val *result, mote_error *err) {
  mote_tensor *in = MOTE_NEW_ARRAY(r->al, mote_tensor, m->inputs.len + 1);
  mote_engine_out *out = MOTE_NEW_ARRAY(r->al, mote_engine_out, m->n_out + 1);
  answer a = {r, m, s, MOTE_NEW_ARRAY(r->al, mote_storage *, m->n_out + 1), 0, err};
  mote_status st = in && out && a.made ? run_memo(&a, in, out, result) : mote_fail_nomem(err);
  for (size_t i = 0; a.made && i < m->n_out; i++)
    mote_storage_release(a.made[i]);
  mote_free(r->al, in);
  mote_free(r->al, out);
  mote_free(r->al, a.made);
  return st;
}

static mote_memo *find_memo(mote_recorder *r, const mote_function *fn, const signature *s) {
  for (mote_memo **link = &r->memos, *m; s->good && (m = *link); link = &m->next)
    if (m->fn == fn && m->sign[0] == s->h[0] && m->sign[1] == s->h[1] && still_true(m)) {
      *link = m->next; // to the front
      m->next = r->memos;
      r->memos = m;
      return m;
    }
  return NULL;
}

// ------------------------------------------------------------------------------------------------ calls

static mote_status finish(mote_recorder *r, const mote_function *fn, const signature *s, uint64_t flushes, mote_val *v,
                          mote_error *err) {
  mote_vm *vm = r->vm;
  if (vm->wrote)
    mote_memo_clear(r);
  if (!vm->wrote && !vm->decided && s->good && r->flushes == flushes && r->lazies.len && vm->mode == MOTE_RECORD_ON)
    r->waiting = draft(r, fn, s, *v);
  mote_status st = mote_recorder_flush(r, err);
  if (r->waiting)
    memo_free(r, r->waiting);
  r->waiting = NULL;
  if (st != MOTE_OK)
    mote_val_clear(v);
  return st;
}

static mote_status call_recorded(mote_recorder *r, const mote_function *fn, const mote_val *args, uint32_t n,
                                 signature *s, mote_val *result, mote_error *err) {
  mote_vm *vm = r->vm;
  sign_call(s, vm, fn, args, n);
  mote_memo *m = find_memo(r, fn, s);
  if (m) {
    vm->steps = 0;
    return answer_call(r, m, s, result, err);
  }
  uint64_t flushes = r->flushes;
  mote_status st = mote_vm_call(vm, fn, args, n, result, err);
  if (st == MOTE_OK)
    return finish(r, fn, s, flushes, result, err);
  // What was written before the failure stays written.
  mote_memo_clear(r);
  if (mote_recorder_flush(r, NULL) != MOTE_OK)
    mote_recorder_forget(r);
  return st;
}

mote_status mote_recorder_call(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result,
                               mote_error *err) {
  if (!vm->rec)
    return mote_vm_call(vm, fn, args, n, result, err);
  signature s = {{0, 0}, MOTE_NEW_ARRAY(vm->al, leaf, LEAVES_MAX), 0, true};
  mote_status st = s.leaves ? call_recorded(vm->rec, fn, args, n, &s, result, err) : mote_fail_nomem(err);
  mote_free(vm->al, s.leaves);
  return st;
}
