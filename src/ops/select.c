// Choosing, filling, counting up, and operators whose result's size is data. Tests: tests/models/torch/positions
#include "ops/select.h"

#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ where

static mote_status where_infer(mote_opctx *c) {
  const mote_tensor *m = c->in[0], *x = c->in[1], *y = c->in[2];
  mote_tensor both;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_BOOL));
  MOTE_TRY(mote_want_same(c, 1, 2));
  if (!mote_broadcast_shape(x, y, &rank, dim))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the two sides do not broadcast together");
  mote_tensor_init(&both, x->dtype, rank, dim);
  if (!mote_broadcast_shape(m, &both, &rank, dim) || mote_dtype_size(x->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the condition does not broadcast to the values");
  mote_out(c, 0, x->dtype, rank, dim);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = x->quant;
  return MOTE_OK;
}
static void row_where(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  (void)state;
  size_t size = mote_dtype_size(c->out[0]->dtype);
  for (int64_t i = 0; i < n; i++)
    memcpy(p[0] + i * s[0], *(const uint8_t *)(p[1] + i * s[1]) ? p[2] + i * s[2] : p[3] + i * s[3], size);
}
static const mote_walk_plan where_plan = {row_where, 3, "where", NULL};
static mote_status where_prepare(mote_opctx *c) { return mote_walk_prepare(c, &where_plan, "", 1); }
static mote_status where_eval(mote_opctx *c) { return mote_walk_eval(c, &where_plan, NULL); }
const mote_op mote_op_where = {
    "where", MOTE_RULES(.flags = MOTE_OP_ELEMENTWISE | MOTE_OP_STRIDED_IN | MOTE_OP_STRIDED_OUT, .min_in = 3,
                        .max_in = 3, .n_out = 1, .infer = where_infer, .prepare = where_prepare, .eval = where_eval)};

// SELECT's condition may be one truth a row: it then has rank 1 and goes with the first dim.
static mote_status select_rows_infer(mote_opctx *c) {
  const mote_tensor *m = c->in[0], *x = c->in[1];
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_BOOL));
  MOTE_TRY(mote_want_same(c, 1, 2));
  if (!mote_tensor_same_shape(x, c->in[2]) || mote_dtype_size(x->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the two sides differ in shape");
  if (mote_tensor_numel(m) != 1 && !mote_tensor_same_shape(m, x) &&
      !(m->rank == 1 && x->rank > 0 && m->dim[0] == x->dim[0]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the condition fits neither the values nor their rows");
  mote_out_pass(c, 0, 1);
  return MOTE_OK;
}
static mote_status select_rows_eval(mote_opctx *c) {
  const mote_tensor *m = c->in[0], *x = c->in[1];
  int64_t n = mote_tensor_numel(x), truths = mote_tensor_numel(m), each = truths > 0 ? n / truths : 0;
  size_t bytes = (size_t)each * mote_dtype_size(x->dtype);
  for (int64_t i = 0; i < truths && n > 0; i++)
    memcpy((char *)c->out[0]->data + (size_t)i * bytes,
           (const char *)c->in[((const uint8_t *)m->data)[i] ? 1 : 2]->data + (size_t)i * bytes, bytes);
  return MOTE_OK;
}
static const mote_op mote_op_select_rows = {
    "select_rows",
    MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 1, .infer = select_rows_infer, .eval = select_rows_eval)};

// ------------------------------------------------------------------------------------------------ nonzero

static mote_status nonzero_infer(mote_opctx *c) {
  if (mote_dtype_size(c->in[0]->dtype) == 0 || c->in[0]->dtype == MOTE_STRING)
    return mote_bad_dtype(c, 0);
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}
static mote_status nonzero_eval(mote_opctx *c) {
  const mote_tensor *in = c->in[0];
  int64_t n = mote_tensor_numel(in), count = 0;
  for (int64_t i = 0; i < n; i++)
    count += mote_load_f64(in->data, in->dtype, i) != 0;
  int64_t dim[2] = {count, in->rank};
  mote_out(c, 0, MOTE_I64, 2, dim);
  MOTE_TRY(mote_op_output(c, 0));
  int64_t *out = c->out[0]->data;
  for (int64_t i = 0; i < n; i++) {
    if (mote_load_f64(in->data, in->dtype, i) == 0)
      continue;
    int64_t left = i;
    for (int32_t d = in->rank - 1; d >= 0; d--) {
      out[d] = left % in->dim[d];
      left /= in->dim[d];
    }
    out += in->rank;
  }
  return MOTE_OK;
}
const mote_op mote_op_nonzero = {
    "nonzero", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .infer = nonzero_infer, .eval = nonzero_eval)};

// ------------------------------------------------------------------------------------------------ fill, range

static mote_status fill_infer(mote_opctx *c) {
  mote_ints shape;
  if (mote_needs(c, 0))
    return MOTE_OK;
  MOTE_TRY(mote_ints_of(c, 0, &shape));
  if (shape.count > MOTE_MAX_RANK || mote_dtype_size(c->in[1]->dtype) == 0 || mote_tensor_numel(c->in[1]) != 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "rank %d or a value that is no scalar", shape.count);
  mote_out(c, 0, c->in[1]->dtype, shape.count, shape.at);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = c->in[1]->quant;
  return MOTE_OK;
}
static mote_status fill_eval(mote_opctx *c) {
  size_t size = mote_dtype_size(c->out[0]->dtype);
  int64_t n = mote_tensor_numel(c->out[0]);
  for (int64_t i = 0; i < n; i++)
    memcpy((char *)c->out[0]->data + (size_t)i * size, c->in[1]->data, size);
  return MOTE_OK;
}
const mote_op mote_op_fill = {"fill", MOTE_RULES(.flags = MOTE_OP_NO_FOLD, .min_in = 2, .max_in = 2, .n_out = 1,
                                                 .infer = fill_infer, .eval = fill_eval)};

static mote_status zeros_like_infer(mote_opctx *c) {
  mote_out_as(c, 0, 0);
  return mote_dtype_size(c->in[0]->dtype) > 0 && c->in[0]->dtype != MOTE_STRING ? MOTE_OK : mote_bad_dtype(c, 0);
}
static mote_status zeros_like_eval(mote_opctx *c) {
  size_t bytes;
  if (mote_tensor_bytes(c->out[0], &bytes))
    memset(c->out[0]->data, 0, bytes);
  return MOTE_OK;
}
const mote_op mote_op_zeros_like = {"zeros_like",
                                    MOTE_RULES(.flags = MOTE_OP_SHAPE_ONLY | MOTE_OP_NO_FOLD, .min_in = 1, .max_in = 1,
                                               .n_out = 1, .infer = zeros_like_infer, .eval = zeros_like_eval)};

static mote_status range_count(const mote_opctx *c, int64_t *n) {
  mote_dtype d = c->in[0]->dtype;
  if (mote_dtype_is_float(d)) {
    double a = mote_load_f64(c->in[0]->data, d, 0), b = mote_load_f64(c->in[1]->data, d, 0),
           s = mote_load_f64(c->in[2]->data, d, 0);
    double count = ceil((b - a) / s);
    if (s == 0 || !(count < 1e15))
      return mote_op_fail(c, MOTE_ERR_DATA, "from %g to %g in steps of %g", a, b, s);
    *n = count > 0 ? (int64_t)count : 0;
    return MOTE_OK;
  }
  int64_t a = mote_load_i64(c->in[0]->data, d, 0), b = mote_load_i64(c->in[1]->data, d, 0),
          s = mote_load_i64(c->in[2]->data, d, 0), span;
  if (s == 0 || s == INT64_MIN || a == INT64_MIN || !mote_add_i64(b, -a, &span))
    return mote_op_fail(c, MOTE_ERR_DATA, "from %lld to %lld in steps of %lld", (long long)a, (long long)b,
                        (long long)s);
  if ((s > 0) != (span > 0) || span == INT64_MIN)
    span = 0;
  span = span < 0 ? -span : span;
  s = s < 0 ? -s : s;
  *n = span / s + (span % s != 0);
  return MOTE_OK;
}
static mote_status range_infer(mote_opctx *c) {
  int64_t n;
  MOTE_TRY(mote_want_same(c, 0, 1));
  MOTE_TRY(mote_want_same(c, 0, 2));
  for (int32_t i = 0; i < 3; i++) {
    if (mote_tensor_numel(c->in[i]) != 1 ||
        (!mote_dtype_is_float(c->in[i]->dtype) && !mote_dtype_is_int(c->in[i]->dtype)))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d must be one number", i);
    if (mote_needs(c, i))
      return MOTE_OK;
  }
  MOTE_TRY(range_count(c, &n));
  mote_out(c, 0, c->in[0]->dtype, 1, &n);
  return MOTE_OK;
}
static mote_status range_eval(mote_opctx *c) {
  const mote_tensor *out = c->out[0];
  mote_dtype d = out->dtype;
  for (int64_t i = 0; i < out->dim[0]; i++) {
    if (mote_dtype_is_float(d))
      mote_store_f64(out->data, d, i,
                     mote_load_f64(c->in[0]->data, d, 0) + (double)i * mote_load_f64(c->in[2]->data, d, 0));
    else
      mote_store_i64(out->data, d, i,
                     (int64_t)((uint64_t)mote_load_i64(c->in[0]->data, d, 0) +
                               (uint64_t)i * (uint64_t)mote_load_i64(c->in[2]->data, d, 0)));
  }
  return MOTE_OK;
}
const mote_op mote_op_range = {
    "range", MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 1, .infer = range_infer, .eval = range_eval)};

// ------------------------------------------------------------------------------------------------ one hot

typedef struct axis_attr {
  int64_t axis;
} axis_attr;
static const mote_attr_field axis_fields[] = {MOTE_ATTR(axis_attr, axis, MOTE_ATTR_INT, 0)};

// Inputs: indices, depth, on value, off value.
static mote_status one_hot_infer(mote_opctx *c) {
  const mote_tensor *ids = c->in[0];
  int64_t depth, dim[MOTE_MAX_RANK], axis = ((const axis_attr *)c->attr)->axis;
  int32_t at;
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_int_of(c, 1, &depth));
  MOTE_TRY(mote_want_same(c, 2, 3));
  if (depth < 0 || ids->rank + 1 > MOTE_MAX_RANK || !mote_dtype_is_int(ids->dtype) || mote_tensor_numel(c->in[2]) < 1 ||
      mote_tensor_numel(c->in[3]) < 1 || mote_dtype_size(c->in[2]->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "depth %lld of rank %d", (long long)depth, ids->rank);
  MOTE_TRY(mote_axis_of(c, axis, ids->rank + 1, &at));
  for (int32_t i = 0; i <= ids->rank; i++)
    dim[i] = i < at ? ids->dim[i] : i == at ? depth : ids->dim[i - 1];
  mote_out(c, 0, c->in[2]->dtype, ids->rank + 1, dim);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = c->in[2]->quant;
  return MOTE_OK;
}
static mote_status one_hot_eval(mote_opctx *c) {
  const mote_tensor *ids = c->in[0], *out = c->out[0];
  int32_t at;
  MOTE_TRY(mote_axis_of(c, ((const axis_attr *)c->attr)->axis, out->rank, &at));
  int64_t depth = out->dim[at], inner = mote_dims_product(out, at + 1, out->rank), n = mote_tensor_numel(out);
  size_t size = mote_dtype_size(out->dtype);
  for (int64_t i = 0; i < n; i++) {
    int64_t which = i / inner % depth,
            id = mote_load_i64(ids->data, ids->dtype, i / (inner * depth) * inner + i % inner);
    memcpy((char *)out->data + (size_t)i * size, c->in[id == which ? 2 : 3]->data, size);
  }
  return MOTE_OK;
}
const mote_op mote_op_one_hot = {"one_hot",
                                 MOTE_RULES(.min_in = 4, .max_in = 4, .n_out = 1, .attr_size = sizeof(axis_attr),
                                            MOTE_FIELDS(axis_fields), .infer = one_hot_infer, .eval = one_hot_eval)};

// ------------------------------------------------------------------------------------------------ topk, unique

// Inputs: x, k. Outputs: values and positions along the last dim, largest first, earlier first among equals.
static mote_status topk_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t k, dim[MOTE_MAX_RANK];
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_int_of(c, 1, &k));
  MOTE_TRY(mote_want_rank(c, 0, 1, MOTE_MAX_RANK));
  if (k < 0 || k > x->dim[x->rank - 1] || mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the %lld largest of %lld", (long long)k, (long long)x->dim[x->rank - 1]);
  memcpy(dim, x->dim, sizeof dim);
  dim[x->rank - 1] = k;
  mote_out_pass(c, 0, 0);
  mote_out(c, 0, x->dtype, x->rank, dim);
  mote_out(c, 1,
           c->out[1]->dtype == MOTE_I16   ? MOTE_I16
           : c->out[1]->dtype == MOTE_I64 ? MOTE_I64
                                          : MOTE_I32,
           x->rank, dim);
  return MOTE_OK;
}
// A heap of the k best so far, the worst on top; then drawn off from the end. n log k.
static bool worse(const mote_tensor *x, int64_t base, int64_t i, int64_t j) {
  double a = mote_load_f64(x->data, mote_code_type(x->dtype), base + i),
         b = mote_load_f64(x->data, mote_code_type(x->dtype), base + j);
  if (x->dtype == MOTE_I64) {
    int64_t u = mote_load_i64(x->data, x->dtype, base + i), v = mote_load_i64(x->data, x->dtype, base + j);
    return u < v || (u == v && i > j);
  }
  return a < b || (a == b && i > j);
}
static void sift(const mote_tensor *x, int64_t base, int64_t *heap, int64_t n, int64_t i) {
  for (;;) {
    int64_t least = i;
    for (int64_t k = 2 * i + 1; k <= 2 * i + 2; k++)
      if (k < n && worse(x, base, heap[k], heap[least]))
        least = k;
    if (least == i)
      return;
    int64_t t = heap[i];
    heap[i] = heap[least];
    heap[least] = t;
    i = least;
  }
}
static size_t topk_scratch(const mote_opctx *c) {
  return (size_t)c->out[0]->dim[c->out[0]->rank - 1] * sizeof(int64_t);
}
static mote_status topk_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t n = x->dim[x->rank - 1], k = c->out[0]->dim[x->rank - 1], rows = n > 0 ? mote_tensor_numel(x) / n : 0,
          *heap = c->scratch;
  size_t size = mote_dtype_size(x->dtype);
  for (int64_t r = 0; r < rows && k > 0; r++) {
    for (int64_t i = 0; i < k; i++)
      heap[i] = i;
    for (int64_t i = k / 2; i >= 0; i--)
      sift(x, r * n, heap, k, i);
    for (int64_t i = k; i < n; i++)
      if (worse(x, r * n, heap[0], i)) {
        heap[0] = i;
        sift(x, r * n, heap, k, 0);
      }
    for (int64_t left = k; left > 0; left--) {
      int64_t at = heap[0], to = r * k + left - 1;
      memcpy((char *)c->out[0]->data + (size_t)to * size, (const char *)x->data + (size_t)(r * n + at) * size, size);
      mote_store_i64(c->out[1]->data, c->out[1]->dtype, to, at);
      heap[0] = heap[left - 1];
      sift(x, r * n, heap, left - 1, 0);
    }
  }
  return MOTE_OK;
}
const mote_op mote_op_topk = {"topk", MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 2, .infer = topk_infer,
                                                 .eval = topk_eval, .more = MOTE_MORE(.scratch = topk_scratch))};

// Different values in the order of their first appearance, and for each element which of them it is.
typedef struct unique_attr {
  int32_t dtype;
} unique_attr;
static mote_status unique_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_rank(c, 0, 1, 1));
  if (mote_dtype_size(c->in[0]->dtype) == 0 || c->in[0]->dtype == MOTE_STRING)
    return mote_bad_dtype(c, 0);
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}
// Open addressing on the elements' bytes: `slots` holds the number of a distinct value + 1.
static size_t unique_scratch(const mote_opctx *c) {
  return (size_t)(mote_tensor_numel(c->in[0]) * 3 + 4) * sizeof(int64_t);
}
static mote_status unique_eval(mote_opctx *c) {
  const unique_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  size_t size = mote_dtype_size(x->dtype);
  int64_t n = x->dim[0], cap = 2 * n + 3, count = 0, *first = c->scratch, *slots = first + n + 1;
  memset(slots, 0, (size_t)cap * sizeof *slots);
  mote_out(c, 1, a->dtype == MOTE_I64 ? MOTE_I64 : MOTE_I32, 1, &n);
  MOTE_TRY(mote_op_output(c, 1));
  for (int64_t i = 0; i < n; i++) {
    const char *at = (const char *)x->data + (size_t)i * size;
    uint64_t h = 1469598103934665603u;
    for (size_t k = 0; k < size; k++)
      h = (h ^ (uint8_t)at[k]) * 1099511628211u;
    int64_t s = (int64_t)(h % (uint64_t)cap);
    while (slots[s] != 0 && memcmp((const char *)x->data + (size_t)first[slots[s] - 1] * size, at, size) != 0)
      s = (s + 1) % cap;
    if (slots[s] == 0) {
      first[count] = i;
      slots[s] = ++count;
    }
    mote_store_i64(c->out[1]->data, c->out[1]->dtype, i, slots[s] - 1);
  }
  mote_out(c, 0, x->dtype, 1, &count);
  MOTE_TRY(mote_op_output(c, 0));
  for (int64_t i = 0; i < count; i++)
    memcpy((char *)c->out[0]->data + (size_t)i * size, (const char *)x->data + (size_t)first[i] * size, size);
  return MOTE_OK;
}
static const mote_attr_field unique_fields[] = {MOTE_ATTR(unique_attr, dtype, MOTE_ATTR_DTYPE, MOTE_I32)};
const mote_op mote_op_unique = {"unique",
                                MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 2, .attr_size = sizeof(unique_attr),
                                           MOTE_FIELDS(unique_fields), .infer = unique_infer, .eval = unique_eval,
                                           .more = MOTE_MORE(.scratch = unique_scratch))};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(48, 3, "TOPK_V2", mote_op_topk),
    MOTE_TFLITE_OP(64, 4, "SELECT", mote_op_select_rows),
    MOTE_TFLITE_OP(85, 1, "ONE_HOT axis:i32", mote_op_one_hot),
    MOTE_TFLITE_OP(93, 1, "ZEROS_LIKE", mote_op_zeros_like),
    MOTE_TFLITE_OP(94, 4, "FILL", mote_op_fill),
    MOTE_TFLITE_OP(96, 2, "RANGE", mote_op_range),
    MOTE_TFLITE_OP(103, 1, "UNIQUE dtype:dtype=2", mote_op_unique),
    MOTE_TFLITE_OP(109, 1, "WHERE", mote_op_nonzero),
    MOTE_TFLITE_OP(123, 3, "SELECT_V2", mote_op_where),
};
const mote_op_family mote_family_select = {MOTE_ROWS(tflite, tflite_rows)};
