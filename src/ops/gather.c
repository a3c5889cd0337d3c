// Reading and writing at indices that are data: every index is checked where it is used.
// Tests: tests/unit/test_ops_basic.c, tests/models/tflite/embedding_*
#include "ops/gather.h"

#include "ops/opkit.h"

static mote_status index_fail(const mote_opctx *c, int64_t index, int64_t size) {
  return mote_op_fail(c, MOTE_ERR_DATA, "index %lld of a dimension of %lld", (long long)index, (long long)size);
}
static bool is_index_type(mote_dtype d) { return mote_dtype_is_int(d) && mote_dtype_size(d) > 0; }
static int64_t index_of(const mote_tensor *t, int64_t i) { return mote_load_i64(t->data, t->dtype, i); }

// ------------------------------------------------------------------------------------------------ gather

static mote_status gather_axes(const mote_opctx *c, int32_t *axis, int32_t *batch) {
  const mote_gather_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  MOTE_TRY(mote_axis_of(c, a->axis, x->rank, axis));
  int64_t b = a->batch_dims < 0 ? a->batch_dims + ids->rank : a->batch_dims;
  if (b < 0 || b > ids->rank || b > *axis)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld batch dimensions, axis %d", (long long)a->batch_dims, *axis);
  *batch = (int32_t)b;
  return MOTE_OK;
}
static mote_status gather_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int32_t axis, batch, rank = 0;
  int64_t dim[3 * MOTE_MAX_RANK];
  MOTE_TRY(gather_axes(c, &axis, &batch));
  if (!is_index_type(ids->dtype))
    return mote_bad_dtype(c, 1);
  if (x->rank < 1 || mote_dtype_size(x->dtype) == 0 || x->rank + ids->rank - 1 - batch > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d by rank %d of %s", x->rank, ids->rank,
                        mote_dtype_name(x->dtype));
  for (int32_t i = 0; i < batch; i++)
    if (x->dim[i] != ids->dim[i])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "batch dimension %d: %lld and %lld", i, (long long)x->dim[i],
                          (long long)ids->dim[i]);
  for (int32_t i = 0; i < axis; i++)
    dim[rank++] = x->dim[i];
  for (int32_t i = batch; i < ids->rank; i++)
    dim[rank++] = ids->dim[i];
  for (int32_t i = axis + 1; i < x->rank; i++)
    dim[rank++] = x->dim[i];
  mote_out(c, 0, x->dtype, rank, dim);
  if (c->out[0]->quant.count == 0 && x->quant.count == 1)
    c->out[0]->quant = x->quant;
  return MOTE_OK;
}
static mote_status gather_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int32_t axis, batch;
  MOTE_TRY(gather_axes(c, &axis, &batch));
  size_t size = mote_dtype_size(x->dtype);
  int64_t batches = mote_dims_product(x, 0, batch), outer = mote_dims_product(x, batch, axis), n = x->dim[axis];
  int64_t inner = mote_dims_product(x, axis + 1, x->rank), count = mote_dims_product(ids, batch, ids->rank);
  size_t bytes = (size_t)inner * size;
  char *to = c->out[0]->data;
  for (int64_t b = 0; b < batches; b++)
    for (int64_t o = 0; o < outer; o++)
      for (int64_t i = 0; i < count; i++, to += bytes) {
        int64_t at = index_of(ids, b * count + i);
        if (at < 0 || at >= n)
          return index_fail(c, at, n);
        memcpy(to, (const char *)x->data + (size_t)(((b * outer + o) * n + at) * inner) * size, bytes);
      }
  return MOTE_OK;
}
static const mote_attr_field gather_fields[] = {MOTE_ATTR(mote_gather_attr, axis, MOTE_ATTR_INT, 0),
                                                MOTE_ATTR(mote_gather_attr, batch_dims, MOTE_ATTR_INT, 0)};
const mote_op mote_op_gather = {"gather", MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 1,
                                                     .attr_size = sizeof(mote_gather_attr), MOTE_FIELDS(gather_fields),
                                                     .infer = gather_infer, .eval = gather_eval)};

// ------------------------------------------------------------------------------------------------ gather_nd,
// scatter_nd

static mote_status gather_nd_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  if (!is_index_type(ids->dtype))
    return mote_bad_dtype(c, 1);
  MOTE_TRY(mote_want_rank(c, 1, 1, MOTE_MAX_RANK));
  int64_t depth = ids->dim[ids->rank - 1], dim[2 * MOTE_MAX_RANK];
  if (depth > x->rank || mote_dtype_size(x->dtype) == 0 || ids->rank - 1 + x->rank - depth > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "indices of %lld numbers into rank %d", (long long)depth, x->rank);
  int32_t rank = 0;
  for (int32_t i = 0; i < ids->rank - 1; i++)
    dim[rank++] = ids->dim[i];
  for (int32_t i = (int32_t)depth; i < x->rank; i++)
    dim[rank++] = x->dim[i];
  mote_out(c, 0, x->dtype, rank, dim);
  if (c->out[0]->quant.count == 0 && x->quant.count == 1)
    c->out[0]->quant = x->quant;
  return MOTE_OK;
}
// Offset in elements of the block that index tuple `i` names in a dense tensor.
static mote_status tuple_offset(const mote_opctx *c, const mote_tensor *ids, int64_t i, int64_t depth,
                                const mote_tensor *x, int64_t *out) {
  int64_t at = 0;
  for (int64_t k = 0; k < depth; k++) {
    int64_t index = index_of(ids, i * depth + k);
    if (index < 0 || index >= x->dim[k])
      return index_fail(c, index, x->dim[k]);
    at = at * x->dim[k] + index;
  }
  *out = at * mote_dims_product(x, (int32_t)depth, x->rank);
  return MOTE_OK;
}
static mote_status gather_nd_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int64_t depth = ids->dim[ids->rank - 1], count = mote_dims_product(ids, 0, ids->rank - 1);
  size_t size = mote_dtype_size(x->dtype), bytes = (size_t)mote_dims_product(x, (int32_t)depth, x->rank) * size;
  for (int64_t i = 0; i < count; i++) {
    int64_t at;
    MOTE_TRY(tuple_offset(c, ids, i, depth, x, &at));
    memcpy((char *)c->out[0]->data + (size_t)i * bytes, (const char *)x->data + (size_t)at * size, bytes);
  }
  return MOTE_OK;
}
const mote_op mote_op_gather_nd = {"gather_nd",
                                   MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 1,
                                              .infer = gather_nd_infer, .eval = gather_nd_eval)};

static mote_status scatter_nd_infer(mote_opctx *c) {
  const mote_tensor *ids = c->in[0], *up = c->in[1];
  mote_ints shape;
  if (mote_needs(c, 2))
    return MOTE_OK;
  if (!is_index_type(ids->dtype))
    return mote_bad_dtype(c, 0);
  MOTE_TRY(mote_ints_of(c, 2, &shape));
  MOTE_TRY(mote_want_rank(c, 0, 1, MOTE_MAX_RANK));
  int64_t depth = ids->dim[ids->rank - 1];
  int32_t outer = ids->rank - 1;
  if (shape.count > MOTE_MAX_RANK || depth > shape.count || up->rank != outer + shape.count - depth ||
      mote_dtype_size(up->dtype) == 0 || up->dtype == MOTE_STRING)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "updates of rank %d at indices of %lld numbers into rank %d", up->rank,
                        (long long)depth, shape.count);
  for (int32_t i = 0; i < up->rank; i++)
    if (up->dim[i] != (i < outer ? ids->dim[i] : shape.at[i - outer + depth]))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d of the updates is %lld", i, (long long)up->dim[i]);
  mote_out(c, 0, up->dtype, shape.count, shape.at);
  return MOTE_OK;
}
static mote_status scatter_nd_eval(mote_opctx *c) {
  const mote_tensor *ids = c->in[0], *up = c->in[1], *out = c->out[0];
  int64_t depth = ids->dim[ids->rank - 1], count = mote_dims_product(ids, 0, ids->rank - 1),
          n = mote_dims_product(out, (int32_t)depth, out->rank);
  bool real = mote_dtype_is_float(out->dtype);
  size_t bytes;
  if (mote_tensor_bytes(out, &bytes))
    memset(out->data, 0, bytes);
  for (int64_t i = 0; i < count; i++) {
    int64_t at;
    MOTE_TRY(tuple_offset(c, ids, i, depth, out, &at));
    for (int64_t k = 0; k < n; k++) {
      if (real)
        mote_store_f64(out->data, out->dtype, at + k,
                       mote_load_f64(out->data, out->dtype, at + k) + mote_load_f64(up->data, up->dtype, i * n + k));
      else
        mote_store_i64(out->data, out->dtype, at + k,
                       (int64_t)((uint64_t)index_of(out, at + k) + (uint64_t)index_of(up, i * n + k)));
    }
  }
  return MOTE_OK;
}
const mote_op mote_op_scatter_nd = {"scatter_nd",
                                    MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 3, .max_in = 3, .n_out = 1,
                                               .infer = scatter_nd_infer, .eval = scatter_nd_eval)};

// ------------------------------------------------------------------------------------------------ embedding

static bool gives_float(const mote_opctx *c) { return c->in[0]->quant.count > 0 && c->out[0]->dtype == MOTE_F32; }
static mote_status embedding_infer(mote_opctx *c) {
  const mote_tensor *t = c->in[0], *ids = c->in[1];
  int64_t dim[2 * MOTE_MAX_RANK];
  int32_t rank = 0;
  if (!is_index_type(ids->dtype))
    return mote_bad_dtype(c, 1);
  MOTE_TRY(mote_want_rank(c, 0, 1, MOTE_MAX_RANK));
  if (ids->rank + t->rank - 1 > MOTE_MAX_RANK || (mote_dtype_size(t->dtype) == 0 && !gives_float(c)))
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d or type %s", ids->rank + t->rank - 1,
                        mote_dtype_name(t->dtype));
  for (int32_t i = 0; i < ids->rank; i++)
    dim[rank++] = ids->dim[i];
  for (int32_t i = 1; i < t->rank; i++)
    dim[rank++] = t->dim[i];
  mote_out(c, 0, gives_float(c) ? MOTE_F32 : t->dtype, rank, dim);
  return MOTE_OK;
}
static mote_status embedding_eval(mote_opctx *c) {
  const mote_tensor *t = c->in[0], *ids = c->in[1], *out = c->out[0];
  int64_t n = mote_tensor_numel(ids), row = mote_dims_product(t, 1, t->rank);
  size_t size = mote_dtype_size(t->dtype);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = index_of(ids, i);
    if (at < 0 || at >= t->dim[0])
      return index_fail(c, at, t->dim[0]);
    if (!gives_float(c)) {
      memcpy((char *)out->data + (size_t)(i * row) * size, (const char *)t->data + (size_t)(at * row) * size,
             (size_t)row * size);
      continue;
    }
    int64_t ch = t->quant.count > 1 ? at : 0;
    for (int64_t k = 0; k < row; k++)
      ((float *)out->data)[i * row + k] =
          (float)((double)(mote_code_at(t, at * row + k) - mote_zero_at(&t->quant, ch)) * mote_scale_at(&t->quant, ch));
  }
  return MOTE_OK;
}
const mote_op mote_op_embedding = {"embedding",
                                   MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 1,
                                              .infer = embedding_infer, .eval = embedding_eval)};

// ------------------------------------------------------------------------------------------------ sums of table rows

enum { COMBINE_SUM, COMBINE_MEAN, COMBINE_SQRTN }; // the schema's numbers
typedef struct sparse_attr {
  int64_t combiner;
} sparse_attr;

// Inputs: ids [n], places [n, rank], dims of the places [rank], weights [n], table [rows, ...]. The last number of a
// place only counts; ids of equal places stand together.
static mote_status sparse_infer(mote_opctx *c) {
  const mote_tensor *ids = c->in[0], *at = c->in[1], *table = c->in[4];
  int64_t dim[2 * MOTE_MAX_RANK];
  mote_ints size;
  for (int32_t i = 0; i < 3; i++)
    MOTE_TRY(mote_want_dtype(c, i, MOTE_I32));
  for (int32_t i = 3; i < 5; i++)
    MOTE_TRY(mote_want_dtype(c, i, MOTE_F32));
  MOTE_TRY(mote_want_rank(c, 1, 2, 2));
  MOTE_TRY(mote_want_rank(c, 4, 2, MOTE_MAX_RANK));
  if (ids->rank != 1 || at->dim[0] != ids->dim[0] || mote_tensor_numel(c->in[3]) != ids->dim[0] || at->dim[1] < 1 ||
      mote_tensor_numel(c->in[2]) != at->dim[1] || at->dim[1] + table->rank - 2 > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld ids, %lld places of %lld numbers", (long long)mote_tensor_numel(ids),
                        (long long)at->dim[0], (long long)at->dim[1]);
  if (mote_needs(c, 2))
    return MOTE_OK;
  MOTE_TRY(mote_ints_of(c, 2, &size));
  int32_t rank = size.count - 1;
  memcpy(dim, size.at, (size_t)rank * sizeof *dim);
  for (int32_t i = 0; i < rank; i++)
    if (dim[i] < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %lld", (long long)dim[i]);
  for (int32_t i = 1; i < table->rank; i++)
    dim[rank++] = table->dim[i];
  mote_out(c, 0, MOTE_F32, rank, dim);
  return MOTE_OK;
}

static void sparse_finish(int64_t combiner, float total, float squares, float *row, int64_t n) {
  float by = combiner == COMBINE_MEAN ? total : combiner == COMBINE_SQRTN ? sqrtf(squares) : 1;
  for (int64_t k = 0; k < n; k++)
    row[k] /= by;
}

static mote_status sparse_eval(mote_opctx *c) {
  int64_t combiner = ((const sparse_attr *)c->attr)->combiner;
  const mote_tensor *ids = c->in[0], *at = c->in[1], *table = c->in[4], *o = c->out[0];
  const float *weight = c->in[3]->data;
  float *out = o->data, total = 0, squares = 0;
  int64_t rank = at->dim[1], n = mote_dims_product(table, 1, table->rank), last = -1;
  memset(out, 0, (size_t)mote_tensor_numel(o) * sizeof *out);
  for (int64_t i = 0; i < ids->dim[0]; i++) {
    int64_t id = index_of(ids, i), place = 0;
    for (int32_t k = 0; k < rank - 1; k++) {
      int64_t p = index_of(at, i * rank + k);
      if (p < 0 || p >= o->dim[k])
        return index_fail(c, p, o->dim[k]);
      place = place * o->dim[k] + p;
    }
    if (id < 0 || id >= table->dim[0])
      return index_fail(c, id, table->dim[0]);
    if (place != last && last >= 0)
      sparse_finish(combiner, total, squares, out + last * n, n);
    total = (place == last ? total : 0) + weight[i];
    squares = (place == last ? squares : 0) + weight[i] * weight[i];
    last = place;
    for (int64_t k = 0; k < n; k++)
      out[place * n + k] += ((const float *)table->data)[id * n + k] * weight[i];
  }
  if (last >= 0)
    sparse_finish(combiner, total, squares, out + last * n, n);
  return MOTE_OK;
}
static const mote_attr_field sparse_fields[] = {MOTE_ATTR(sparse_attr, combiner, MOTE_ATTR_INT, 0)};
static const mote_op sparse_op = {"embedding_sparse",
                                  MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 5, .max_in = 5, .n_out = 1,
                                             .attr_size = sizeof(sparse_attr), MOTE_FIELDS(sparse_fields),
                                             .infer = sparse_infer, .eval = sparse_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(7, 5, "EMBEDDING_LOOKUP | 1 0", mote_op_embedding),
    MOTE_TFLITE_OP(33, 1, "EMBEDDING_LOOKUP_SPARSE combiner:i8", sparse_op),
    MOTE_TFLITE_OP(36, 7, "GATHER axis:i32 batch_dims:i32", mote_op_gather),
    MOTE_TFLITE_OP(107, 5, "GATHER_ND", mote_op_gather_nd),
    MOTE_TFLITE_OP(122, 1, "SCATTER_ND", mote_op_scatter_nd),
};
const mote_op_family mote_family_gather = {MOTE_ROWS(tflite, tflite_rows)};
