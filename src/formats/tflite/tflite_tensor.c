// Tensors of a .tflite: type, shape, quantisation, buffers; constants become values of the graph when they are used.
// Knows no operator. Tests: tests/unit/test_tflite.c
#include <float.h>
#include <string.h>

#include "formats/tflite/tflite_reader.h"

// ORDER: the schema's TensorType.
static const uint8_t dtypes[] = {
    MOTE_F32, MOTE_F16,  MOTE_I32, MOTE_U8,       MOTE_I64,  MOTE_STRING, MOTE_BOOL, MOTE_I16, MOTE_C64,  MOTE_I8,
    MOTE_F64, MOTE_C128, MOTE_U64, MOTE_RESOURCE, MOTE_NONE, MOTE_U32,    MOTE_U16,  MOTE_I4,  MOTE_BF16, MOTE_I2,
};

bool tfl_dtype(int8_t type, mote_dtype *out) {
  if (type < 0 || (size_t)type >= MOTE_COUNT(dtypes) || dtypes[type] == MOTE_NONE)
    return false;
  *out = (mote_dtype)dtypes[type];
  return true;
}

const char *tfl_string(tfl_reader *r, mote_span s, const char *fallback) {
  if (s.data == NULL)
    return fallback;
  return mote_arena_str(&r->model->arena, (const char *)s.data, s.size); // NULL when memory is short: checked by users
}

mote_status tfl_buffer(tfl_reader *r, uint32_t index, mote_span *out) {
  out->data = NULL;
  out->size = 0;
  if (index == 0)
    return MOTE_OK;
  if (index >= r->buffers.count)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "buffer %u is not among the %u of the file", index, r->buffers.count);
  mote_fb_table b = mote_fb_vec_table(&r->fb, r->buffers, index);
  mote_fb_vec data = mote_fb_vector(&r->fb, b, 0, 1);
  uint64_t offset = mote_fb_u64(&r->fb, b, 1, 0), size = mote_fb_u64(&r->fb, b, 2, 0);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (offset > 1) { // bytes behind the flatbuffer; offsets 0 and 1 are the writers' "not used"
    if (!mote_span_slice(r->file, offset, size, out))
      return mote_fail(r->err, MOTE_ERR_FORMAT, "buffer %u: %llu bytes at %llu lie outside the file", index,
                       (unsigned long long)size, (unsigned long long)offset);
    return MOTE_OK;
  }
  out->data = data.data;
  out->size = data.count;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ quantisation

// The zero points that codes of a type may have.
static void zero_range(mote_dtype type, int64_t *lo, int64_t *hi) {
  *lo = type == MOTE_U8 ? 0 : type == MOTE_I16 ? INT16_MIN : type == MOTE_I32 || type == MOTE_I64 ? INT32_MIN : -128;
  *hi = type == MOTE_I8 ? 127 : type == MOTE_I16 ? INT16_MAX : type == MOTE_I32 || type == MOTE_I64 ? INT32_MAX : 255;
}

static mote_status scales_read(tfl_reader *r, mote_quant *q, mote_fb_vec from) {
  double *scales = MOTE_ARENA_ARRAY(&r->model->arena, double, from.count);
  if (scales == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < from.count; i++) {
    scales[i] = mote_fb_vec_f32(from, i);
    if (!(scales[i] >= 0 && scales[i] <= FLT_MAX))
      return mote_fail(r->err, MOTE_ERR_FORMAT, "scale %u is %g", i, scales[i]);
  }
  q->count = (int32_t)from.count;
  q->scale = scales[0];
  q->scales = from.count > 1 ? scales : NULL;
  return MOTE_OK;
}

// Zero points that are all the same are kept as one.
static mote_status zeros_read(tfl_reader *r, mote_dtype type, mote_quant *q, mote_fb_vec from) {
  int64_t lo, hi, first = from.count ? mote_fb_vec_i64(from, 0) : 0;
  bool equal = true;
  zero_range(type, &lo, &hi);
  for (uint32_t i = 0; i < from.count; i++) {
    int64_t z = mote_fb_vec_i64(from, i);
    if (z < lo || z > hi)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "zero point %lld is outside %s", (long long)z, mote_dtype_name(type));
    equal = equal && z == first;
  }
  q->zero_point = (int32_t)first;
  if (equal)
    return MOTE_OK;
  int32_t *zeros = MOTE_ARENA_ARRAY(&r->model->arena, int32_t, from.count);
  if (zeros == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < from.count; i++)
    zeros[i] = (int32_t)mote_fb_vec_i64(from, i);
  q->zero_points = zeros;
  return MOTE_OK;
}

static mote_status blockwise_read(tfl_reader *r, tfl_tensor *t, mote_fb_table q) {
  mote_fb_table b = mote_fb_sub(&r->fb, q, 5);
  t->blockwise = true;
  t->block_scales = mote_fb_i32(&r->fb, b, 0, -1);
  t->block = mote_fb_i32(&r->fb, b, 2, 0);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (t->block <= 0 || t->block_scales < 0 || (uint32_t)t->block_scales >= r->n_tensors)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "blockwise quantisation names scale tensor %d, block size %d",
                     t->block_scales, t->block);
  return MOTE_OK;
}

static mote_status quant_read(tfl_reader *r, tfl_tensor *t) {
  mote_quant *quant = &t->t.quant;
  quant->axis = -1;
  mote_fb_table q = mote_fb_sub(&r->fb, t->table, FB_TENSOR_QUANT);
  mote_fb_vec scale = mote_fb_vector(&r->fb, q, 2, 4), zero = mote_fb_vector(&r->fb, q, 3, 8);
  int32_t axis = mote_fb_i32(&r->fb, q, 6, 0);
  uint8_t details = mote_fb_u8(&r->fb, q, 4, 0);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (details == 2)
    return blockwise_read(r, t, q);
  if (scale.count == 0 || mote_dtype_is_float(t->t.dtype) || !mote_dtype_is_int(t->t.dtype))
    return MOTE_OK; // nothing, min/max only, or a leftover on a float tensor
  if (zero.count > 1 && zero.count != scale.count)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "%u scales but %u zero points", scale.count, zero.count);
  if (scale.count > 1) {
    if (t->t.rank == 1 && axis != 0 && mote_fb_vec_f32(scale, 0) >= 0 &&
        (t->t.dtype == MOTE_I32 || t->t.dtype == MOTE_I64))
      axis = 0; // biases of some writers repeat the weights' axis
    if (axis < 0 || axis >= t->t.rank)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "quantised dimension %d of a tensor of rank %d", axis, t->t.rank);
    if ((int64_t)scale.count != t->t.dim[axis])
      return mote_fail(r->err, MOTE_ERR_FORMAT, "%u scales for %lld channels", scale.count, (long long)t->t.dim[axis]);
    quant->axis = axis;
  }
  MOTE_TRY(scales_read(r, quant, scale));
  return zeros_read(r, t->t.dtype, quant, zero);
}

// ------------------------------------------------------------------------------------------------ description

static mote_status shape_read(tfl_reader *r, tfl_tensor *t) {
  mote_fb_vec shape = mote_fb_vector(&r->fb, t->table, FB_TENSOR_SHAPE, 4);
  mote_fb_vec sign = mote_fb_vector(&r->fb, t->table, FB_TENSOR_SIGNATURE, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (shape.count > MOTE_MAX_RANK)
    return mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "rank %u, the most is %d", shape.count, MOTE_MAX_RANK);
  t->t.rank = (int32_t)shape.count;
  for (uint32_t i = 0; i < shape.count; i++) {
    t->t.dim[i] = mote_fb_vec_i32(shape, i);
    if (t->t.dim[i] < 0)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "dimension %u is %lld", i, (long long)t->t.dim[i]);
  }
  size_t bytes;
  if (!mote_tensor_bytes(&t->t, &bytes))
    return mote_fail(r->err, MOTE_ERR_FORMAT, "the size overflows");
  mote_tensor_set_dense(&t->t);
  if (t->bytes.size == 0 && sign.count == shape.count)
    for (uint32_t i = 0; i < sign.count; i++)
      if (mote_fb_vec_i32(sign, i) == -1)
        t->t.dim[i] = -1;
  return MOTE_OK;
}

static mote_status tensor_read(tfl_reader *r, tfl_tensor *t, mote_fb_table table) {
  t->table = table;
  t->vid = -1;
  t->name = tfl_string(r, mote_fb_string(&r->fb, table, FB_TENSOR_NAME), NULL);
  t->variable = mote_fb_bool(&r->fb, table, FB_TENSOR_VARIABLE, false);
  int8_t type = mote_fb_i8(&r->fb, table, FB_TENSOR_TYPE, 0);
  uint32_t buffer = mote_fb_u32(&r->fb, table, FB_TENSOR_BUFFER, 0);
  uint32_t external = mote_fb_u32(&r->fb, table, FB_TENSOR_EXTERNAL, 0);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (external != 0)
    return mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "its contents are in another file (external buffer %u)", external);
  if (!tfl_dtype(type, &t->t.dtype))
    return mote_fail(r->err, type < 0 || type > 20 ? MOTE_ERR_FORMAT : MOTE_ERR_UNSUPPORTED, "element type %d", type);
  MOTE_TRY(tfl_buffer(r, buffer, &t->bytes));
  MOTE_TRY(shape_read(r, t));
  return quant_read(r, t);
}

mote_status tfl_tensors_read(tfl_reader *r, mote_fb_table graph) {
  mote_fb_vec v = mote_fb_vector(&r->fb, graph, FB_GRAPH_TENSORS, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  r->n_tensors = v.count;
  r->tensors = MOTE_ARENA_ARRAY(&r->model->arena, tfl_tensor, v.count);
  if (r->tensors == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < v.count; i++) {
    mote_status s = tensor_read(r, &r->tensors[i], mote_fb_vec_table(&r->fb, v, i));
    if (s != MOTE_OK) {
      mote_fail_place(r->err, "tensor %u%s%s", i, r->tensors[i].name != NULL ? " " : "",
                      r->tensors[i].name != NULL ? r->tensors[i].name : "");
      return s;
    }
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ values

mote_status tfl_storage(tfl_reader *r, size_t bytes, mote_storage **out) {
  if (bytes > r->budget)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "constants need more memory than is allowed");
  r->budget -= bytes;
  *out = mote_storage_create(r->model->al, bytes, true);
  return *out != NULL ? MOTE_OK : mote_fail_nomem(r->err);
}

// Constants are used in place unless their elements would be misaligned.
static mote_status plain_const(tfl_reader *r, tfl_tensor *t, mote_storage **storage) {
  size_t bytes;
  if (!mote_tensor_bytes(&t->t, &bytes) || bytes != t->bytes.size)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "the buffer holds %zu bytes, the shape needs %zu", t->bytes.size, bytes);
  size_t align = mote_dtype_size(t->t.dtype);
  align = align > 8 ? 8 : align;
  if (align > 1 && (uintptr_t)t->bytes.data % align != 0) {
    MOTE_TRY(tfl_storage(r, bytes, storage));
    memcpy((*storage)->data, t->bytes.data, bytes);
    t->t.data = (*storage)->data;
    return MOTE_OK;
  }
  t->t.data = (void *)(uintptr_t)t->bytes.data;
  return MOTE_OK;
}

static mote_status make_const(tfl_reader *r, tfl_tensor *t) {
  static const char nothing[16] = {0}; // what a tensor without elements points to
  mote_storage *storage = NULL;
  mote_status s = MOTE_OK;
  if (t->bytes.size == 0)
    t->t.data = (void *)(uintptr_t)nothing;
  else if (t->t.dtype == MOTE_STRING)
    s = tfl_strings(r, t, &storage);
  else if (mote_fb_has(&r->fb, t->table, FB_TENSOR_SPARSITY))
    s = tfl_densify(r, t, &storage);
  else if (t->blockwise)
    s = tfl_blockwise(r, t, &storage);
  else
    s = plain_const(r, t, &storage);
  if (storage != NULL)
    t->t.data = storage->data;
  if (s == MOTE_OK) {
    mote_tensor_set_dense(&t->t);
    s = mote_graph_const(r->g, &t->t, storage, 0, t->name, &t->vid, r->err);
  }
  mote_storage_release(storage);
  return s;
}

mote_status tfl_value_of(tfl_reader *r, int32_t tensor, mote_vid *out) {
  if (tensor < 0 || (uint32_t)tensor >= r->n_tensors)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "tensor %d is not among the %u of the subgraph", tensor, r->n_tensors);
  tfl_tensor *t = &r->tensors[tensor];
  mote_status s = MOTE_OK;
  if (t->vid < 0) {
    if (t->bytes.size > 0 || mote_tensor_numel(&t->t) == 0)
      s = make_const(r, t);
    else if (t->variable)
      s = mote_graph_value(r->g, &t->t, MOTE_VALUE_STATE, t->name, &t->vid, r->err);
    else
      s = mote_fail(r->err, MOTE_ERR_FORMAT, "it is used but nothing computes it");
    if (s != MOTE_OK)
      mote_fail_place(r->err, "tensor %d%s%s", tensor, t->name != NULL ? " " : "", t->name != NULL ? t->name : "");
  }
  *out = t->vid;
  return s;
}
