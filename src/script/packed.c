// See packed.h. Knows the shapes of pickled states; computes nothing. Tests:
// tests/models/torch/{cnn_quantised,layers_fbgemm,line_quantised,speech_*}
#include "script/packed.h"

#include <string.h>

mote_status mote_packed_new(const mote_allocator *al, const char *name, const mote_val *tensors, int32_t n,
                            const mote_ints *ints, mote_val *out, mote_error *err) {
  mote_val state, list;
  MOTE_TRY(mote_tuple_new(al, (size_t)n + 1, &state, err));
  mote_status s = mote_list_new(al, MOTE_MAX_INTS, &list, err);
  if (s == MOTE_OK) {
    state.u.tuple->at[n] = list;
    for (int32_t i = 0; i < n; i++)
      state.u.tuple->at[i] = mote_val_retain(tensors[i]);
    for (int32_t i = 0; s == MOTE_OK && i < ints->count; i++)
      s = mote_list_push(list.u.list, mote_val_int(ints->at[i]), err);
  }
  if (s == MOTE_OK)
    s = mote_native_new(al, name, state, out, err);
  mote_val_release(state);
  return s;
}

bool mote_packed_parts(const mote_native *p, mote_val tensors[MOTE_PACKED_TENSORS], int32_t *n, mote_ints *ints) {
  if (p->state.tag != MOTE_TAG_TUPLE || p->state.u.tuple->len < 2 || p->state.u.tuple->len > MOTE_PACKED_TENSORS + 1)
    return false;
  const mote_tuple *t = p->state.u.tuple;
  *n = (int32_t)t->len - 1;
  for (int32_t i = 0; i < *n; i++) {
    if (t->at[i].tag != MOTE_TAG_TENSOR && t->at[i].tag != MOTE_TAG_NONE)
      return false;
    tensors[i] = t->at[i];
  }
  const mote_val list = t->at[*n];
  if (list.tag != MOTE_TAG_LIST || list.u.list->len > MOTE_MAX_INTS)
    return false;
  ints->count = (int32_t)list.u.list->len;
  for (int32_t i = 0; i < ints->count; i++)
    ints->at[i] = list.u.list->at[i].tag == MOTE_TAG_INT ? list.u.list->at[i].u.i : 0;
  return true;
}

// ------------------------------------------------------------------------------------------------ pickled states

typedef struct state_reader {
  const mote_allocator *al;
  const char *name;
  bool *qnnpack;
  mote_error *err;
} state_reader;

static mote_status bad(const state_reader *r, const char *what) {
  return mote_fail(r->err, MOTE_ERR_FORMAT, "state of %s: %s", r->name, what);
}

// Item `i` of a tuple or list.
static mote_val item(mote_val v, size_t i) {
  if (v.tag == MOTE_TAG_TUPLE && i < v.u.tuple->len)
    return v.u.tuple->at[i];
  if (v.tag == MOTE_TAG_LIST && i < v.u.list->len)
    return v.u.list->at[i];
  return mote_val_none();
}

static size_t count_of(mote_val v) {
  return v.tag == MOTE_TAG_TUPLE ? v.u.tuple->len : v.tag == MOTE_TAG_LIST ? v.u.list->len : 0;
}

static bool add_int(mote_ints *to, int64_t v) {
  if (to->count >= MOTE_MAX_INTS)
    return false;
  to->at[to->count++] = v;
  return true;
}

// Appends the numbers of a list of integers, of a tensor of them, or of a list of such tensors.
static bool add_ints(mote_ints *to, mote_val v) {
  mote_tensor t;
  bool ok = true;
  if (v.tag == MOTE_TAG_INT || v.tag == MOTE_TAG_BOOL)
    return add_int(to, v.u.i);
  if (v.tag == MOTE_TAG_LIST) {
    for (size_t i = 0; ok && i < v.u.list->len; i++)
      ok = v.u.list->at[i].tag != MOTE_TAG_LIST && add_ints(to, v.u.list->at[i]);
    return ok;
  }
  if (v.tag != MOTE_TAG_TENSOR)
    return false;
  mote_handle_view(v.u.tensor, &t);
  if (t.data == NULL || t.rank > 1 || !mote_dtype_is_int(t.dtype) || mote_tensor_numel(&t) > MOTE_MAX_INTS)
    return false;
  for (int64_t i = 0; ok && i < mote_tensor_numel(&t); i++)
    ok = add_int(to, mote_load_i64(t.data, t.dtype, t.rank ? i * t.stride[0] : 0));
  return ok;
}

// A settings list fits its number of dims: [d, 4 * d numbers, groups, flags].
static bool conv_ints_fit(const mote_ints *v) {
  return v->count >= 1 && v->at[0] >= 1 && v->at[0] <= 3 && v->count == 3 + 4 * v->at[0];
}

static mote_status conv_state(const state_reader *r, mote_val s, mote_val *out) {
  mote_val version = item(s, 0), parts[2];
  mote_ints ints = {0, {0}};
  bool ok;
  if (version.tag == MOTE_TAG_TENSOR) { // 1: weight, bias, strides, paddings, dilations, groups
    parts[0] = version, parts[1] = item(s, 1);
    size_t dims = count_of(item(s, 2));
    ok = dims >= 1 && dims <= 3 && add_int(&ints, (int64_t)dims);
    for (size_t i = 2; ok && i < 5; i++)
      ok = add_ints(&ints, item(s, i));
    for (size_t i = 0; ok && i < dims; i++)
      ok = add_int(&ints, 0);
    ok = ok && add_ints(&ints, item(s, 5)) && add_int(&ints, 0);
  } else if (version.tag == MOTE_TAG_STR) { // 2: "2", [settings, weight], [bias]
    parts[0] = item(item(s, 1), 1), parts[1] = item(item(s, 2), 0);
    ok = add_ints(&ints, item(item(s, 1), 0));
  } else { // 3: 3, settings, [None, weight, bias]
    parts[0] = item(item(s, 2), 1), parts[1] = item(item(s, 2), 2);
    ok = add_ints(&ints, item(s, 1));
  }
  if (!ok || !conv_ints_fit(&ints) || parts[0].tag != MOTE_TAG_TENSOR)
    return bad(r, "the layer's settings cannot be read");
  return mote_packed_new(r->al, r->name, parts, 2, &ints, out, r->err);
}

static mote_status linear_state(const state_reader *r, mote_val s, mote_val *out) {
  mote_val parts[2] = {item(s, 0), item(s, 1)};
  mote_ints ints = {1, {0}};
  if (count_of(s) != 2 || parts[0].tag != MOTE_TAG_TENSOR)
    return bad(r, "weight and bias are expected");
  ints.at[0] = !mote_dtype_is_quantized(parts[0].u.tensor->t.dtype);
  return mote_packed_new(r->al, r->name, parts, 2, &ints, out, r->err);
}

static mote_status embedding_state(const state_reader *r, mote_val s, mote_val *out) {
  mote_val weight = item(item(s, 1), 0), bits = item(item(s, 3), 0);
  if (weight.tag != MOTE_TAG_TENSOR || bits.tag != MOTE_TAG_INT)
    return bad(r, "weight and width are expected");
  mote_ints ints = {1, {bits.u.i}};
  return mote_packed_new(r->al, r->name, &weight, 1, &ints, out, r->err);
}

// A dynamic cell holds its biases beside its packed weights, which hold them once more: fbgemm the same tensors,
// QNNPACK copies in memory that it may read past.
static bool is_copy(mote_val own, mote_val packed) {
  return own.tag == MOTE_TAG_TENSOR && own.u.tensor->storage != packed.u.tensor->storage;
}

// (kind, [tensors], [floats], [integers], [linear parameters])
static mote_status cell_state(const state_reader *r, mote_val s, mote_val *out) {
  mote_val kind = item(s, 0), cells = item(s, 4), parts[4], two[MOTE_PACKED_TENSORS];
  mote_ints ints = {2, {MOTE_CELL_INT8, 0}}, unused;
  int32_t n;
  if (kind.tag != MOTE_TAG_STR)
    return bad(r, "no kind");
  if (strcmp(kind.u.str->at, "quantized") == 0) {
    mote_val all = item(s, 1);
    parts[0] = item(all, 0), parts[2] = item(all, 1), parts[1] = item(all, 2), parts[3] = item(all, 3);
    return mote_packed_new(r->al, r->name, parts, 4, &ints, out, r->err);
  }
  ints.at[0] = strcmp(kind.u.str->at, "quantized_fp16") == 0 ? MOTE_CELL_FP16 : MOTE_CELL_DYNAMIC;
  if (item(item(s, 3), 0).tag == MOTE_TAG_INT)
    ints.at[1] = item(item(s, 3), 0).u.i;
  for (size_t i = 0; i < 2; i++) {
    mote_val p = item(cells, i);
    if (p.tag != MOTE_TAG_NATIVE || !mote_packed_parts(p.u.native, two, &n, &unused) || n != 2)
      return bad(r, "two packed weights are expected");
    parts[i * 2] = two[0], parts[i * 2 + 1] = two[1];
    if (ints.at[0] == MOTE_CELL_DYNAMIC && two[1].tag == MOTE_TAG_TENSOR)
      *r->qnnpack = is_copy(item(item(s, 1), i), two[1]);
  }
  if (*r->qnnpack)
    ints.at[1] = 0;
  return mote_packed_new(r->al, r->name, parts, 4, &ints, out, r->err);
}

mote_status mote_packed_from_state(const mote_allocator *al, const char *name, mote_val state, bool *qnnpack,
                                   mote_val *out, mote_error *err) {
  state_reader r = {al, name, qnnpack, err};
  if (strstr(name, ".LinearPackedParamsBase"))
    return linear_state(&r, state, out);
  if (strstr(name, ".Conv2dPackedParamsBase") || strstr(name, ".Conv3dPackedParamsBase"))
    return conv_state(&r, state, out);
  if (strstr(name, ".EmbeddingPackedParamsBase"))
    return embedding_state(&r, state, out);
  if (strstr(name, ".CellParamsBase"))
    return cell_state(&r, state, out);
  return mote_native_new(al, name, state, out, err);
}
