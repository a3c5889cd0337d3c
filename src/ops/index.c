// Less common operators on positions: sparse to dense, reversed sequences, diagonals, segments, buckets, boxes that
// overlap. Tests: the TensorFlow Lite operator cases
#include "ops/opkit.h"

typedef struct index_attr {
  int64_t seq_axis, batch_axis, kind;
} index_attr;
#define INDEX_NUM(m, d) MOTE_ATTR(index_attr, m, MOTE_ATTR_INT, d)
static const mote_attr_field index_fields[] = {INDEX_NUM(seq_axis, 0), INDEX_NUM(batch_axis, 0), INDEX_NUM(kind, 0)};
#define INDEX_OP(ident, text, flags_, min, max, outs, infer_, eval_)                                                   \
  static const mote_op ident = {text, MOTE_RULES(.flags = flags_, .min_in = min, .max_in = max, .n_out = outs,         \
                                                 .attr_size = sizeof(index_attr), MOTE_FIELDS(index_fields),           \
                                                 .infer = infer_, .eval = eval_)}

static int64_t int_at(const mote_tensor *t, int64_t i) { return mote_load_i64(t->data, t->dtype, i); }
static mote_status plain_type(const mote_opctx *c, int32_t i) {
  return mote_dtype_size(c->in[i]->dtype) > 0 && c->in[i]->dtype != MOTE_STRING ? MOTE_OK : mote_bad_dtype(c, i);
}
static void fill_with(const mote_tensor *t, const void *value) {
  size_t size = mote_dtype_size(t->dtype);
  int64_t n = mote_tensor_numel(t);
  for (int64_t i = 0; i < n; i++)
    memcpy((char *)t->data + (size_t)i * size, value, size);
}
static void copy_block(const mote_tensor *out, int64_t to, const mote_tensor *in, int64_t from, int64_t n) {
  size_t size = mote_dtype_size(in->dtype);
  memcpy((char *)out->data + (size_t)to * size, (const char *)in->data + (size_t)from * size, (size_t)n * size);
}

// ------------------------------------------------------------------------------------------------ sparse to dense

// Inputs: indices (scalar, [n] or [n, rank]), shape, values (one, or n), default.
static mote_status sparse_infer(mote_opctx *c) {
  mote_ints shape;
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_ints_of(c, 1, &shape));
  MOTE_TRY(mote_want_int(c, 0));
  MOTE_TRY(mote_want_rank(c, 0, 0, 2));
  MOTE_TRY(mote_want_same(c, 2, 3));
  MOTE_TRY(plain_type(c, 2));
  const mote_tensor *ids = c->in[0];
  int64_t n = ids->rank > 0 ? ids->dim[0] : 1, depth = ids->rank == 2 ? ids->dim[1] : 1,
          values = mote_tensor_numel(c->in[2]);
  if (shape.count > MOTE_MAX_RANK || depth != shape.count || (values != 1 && values != n) ||
      mote_tensor_numel(c->in[3]) != 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "indices of %lld numbers for rank %d, %lld values", (long long)depth,
                        shape.count, (long long)values);
  mote_out(c, 0, c->in[2]->dtype, shape.count, shape.at);
  return MOTE_OK;
}
static mote_status sparse_eval(mote_opctx *c) {
  const mote_tensor *ids = c->in[0], *out = c->out[0];
  int64_t n = ids->rank > 0 ? ids->dim[0] : 1, depth = out->rank, one = mote_tensor_numel(c->in[2]) == 1;
  fill_with(out, c->in[3]->data);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = 0;
    for (int64_t k = 0; k < depth; k++) {
      int64_t x = int_at(ids, i * depth + k);
      if (x < 0 || x >= out->dim[k])
        return mote_op_fail(c, MOTE_ERR_DATA, "index %lld of a dimension of %lld", (long long)x,
                            (long long)out->dim[k]);
      at = at * out->dim[k] + x;
    }
    copy_block(out, at, c->in[2], one ? 0 : i, 1);
  }
  return MOTE_OK;
}
INDEX_OP(op_sparse_to_dense, "sparse_to_dense", MOTE_OP_CHECKS_DATA, 4, 4, 1, sparse_infer, sparse_eval);

// ------------------------------------------------------------------------------------------------ reversed sequences

// Inputs: x, lengths: the first lengths[b] entries along seq_axis are turned round.
static mote_status reverse_seq_infer(mote_opctx *c) {
  const index_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  MOTE_TRY(plain_type(c, 0));
  MOTE_TRY(mote_want_int(c, 1));
  MOTE_TRY(mote_want_rank(c, 1, 1, 1));
  if (a->seq_axis < 0 || a->batch_axis < 0 || a->seq_axis >= x->rank || a->batch_axis >= x->rank ||
      a->seq_axis == a->batch_axis || c->in[1]->dim[0] != x->dim[a->batch_axis])
    return mote_op_fail(c, MOTE_ERR_SHAPE, "axes %lld and %lld of rank %d", (long long)a->seq_axis,
                        (long long)a->batch_axis, x->rank);
  mote_out_pass(c, 0, 0);
  return MOTE_OK;
}
static mote_status reverse_seq_eval(mote_opctx *c) {
  const index_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int32_t last = (int32_t)MOTE_MAX(a->seq_axis, a->batch_axis);
  int64_t inner = mote_dims_product(x, last + 1, x->rank), n = inner > 0 ? mote_tensor_numel(x) / inner : 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t left = i, pos[MOTE_MAX_RANK], at = 0;
    for (int32_t d = last; d >= 0; d--) {
      pos[d] = left % x->dim[d];
      left /= x->dim[d];
    }
    int64_t len = int_at(c->in[1], pos[a->batch_axis]);
    if (len < 0 || len > x->dim[a->seq_axis])
      return mote_op_fail(c, MOTE_ERR_DATA, "length %lld of a dimension of %lld", (long long)len,
                          (long long)x->dim[a->seq_axis]);
    if (pos[a->seq_axis] < len)
      pos[a->seq_axis] = len - 1 - pos[a->seq_axis];
    for (int32_t d = 0; d <= last; d++)
      at = at * x->dim[d] + pos[d];
    copy_block(c->out[0], i * inner, x, at * inner, inner);
  }
  return MOTE_OK;
}
INDEX_OP(op_reverse_sequence, "reverse_sequence", MOTE_OP_CHECKS_DATA, 2, 2, 1, reverse_seq_infer, reverse_seq_eval);

// ------------------------------------------------------------------------------------------------ diagonals

static mote_status diag_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(plain_type(c, 0));
  MOTE_TRY(mote_want_rank(c, 0, 1, MOTE_MAX_RANK - 1));
  memcpy(dim, x->dim, sizeof dim);
  dim[x->rank] = x->dim[x->rank - 1];
  mote_out_pass(c, 0, 0);
  mote_out(c, 0, x->dtype, x->rank + 1, dim);
  return MOTE_OK;
}
static mote_status diag_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t n = x->dim[x->rank - 1], total = mote_tensor_numel(x);
  size_t bytes;
  if (mote_tensor_bytes(c->out[0], &bytes))
    memset(c->out[0]->data, 0, bytes); // zero codes, also where the zero point is another
  for (int64_t i = 0; i < total; i++)
    copy_block(c->out[0], i * n + i % n, x, i, 1);
  return MOTE_OK;
}
INDEX_OP(op_matrix_diag, "matrix_diag", 0, 1, 1, 1, diag_infer, diag_eval);

static mote_status set_diag_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *d = c->in[1];
  MOTE_TRY(plain_type(c, 0));
  MOTE_TRY(mote_want_same(c, 0, 1));
  MOTE_TRY(mote_want_rank(c, 0, 2, MOTE_MAX_RANK));
  MOTE_TRY(mote_want_rank(c, 1, x->rank - 1, x->rank - 1));
  for (int32_t i = 0; i < d->rank; i++)
    if (d->dim[i] != (i < d->rank - 1 ? x->dim[i] : MOTE_MIN(x->dim[i], x->dim[i + 1])))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d of the diagonal is %lld", i, (long long)d->dim[i]);
  mote_out_pass(c, 0, 0);
  return MOTE_OK;
}
static mote_status set_diag_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *d = c->in[1];
  int64_t rows = x->dim[x->rank - 2], cols = x->dim[x->rank - 1], n = d->dim[d->rank - 1], total = mote_tensor_numel(d);
  mote_copy_flat(c, 0, 0);
  for (int64_t i = 0; i < total; i++)
    copy_block(c->out[0], i / n * rows * cols + i % n * (cols + 1), d, i, 1);
  return MOTE_OK;
}
INDEX_OP(op_matrix_set_diag, "matrix_set_diag", 0, 2, 2, 1, set_diag_infer, set_diag_eval);

// ------------------------------------------------------------------------------------------------ segments

enum { SEG_SUM, SEG_PROD, SEG_MAX, SEG_MIN };

// Inputs: x, ids, and the number of segments (absent: ids are sorted, the last one + 1). Negative ids are left out.
static mote_status segment_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int64_t n = 0, dim[MOTE_MAX_RANK];
  int32_t which = c->n_in > 2 ? 2 : 1, rank = 1;
  if (x->dtype != MOTE_F32 && x->dtype != MOTE_I32 && x->dtype != MOTE_I64)
    return mote_bad_dtype(c, 0);
  MOTE_TRY(mote_want_int(c, 1));
  if (mote_needs(c, which))
    return MOTE_OK;
  if (ids->rank > x->rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "ids of rank %d for rank %d", ids->rank, x->rank);
  for (int32_t i = 0; i < ids->rank; i++)
    if (ids->dim[i] != x->dim[i])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d: %lld ids for %lld", i, (long long)ids->dim[i],
                          (long long)x->dim[i]);
  if (which == 2)
    MOTE_TRY(mote_int_of(c, 2, &n));
  else if (mote_tensor_numel(ids) > 0)
    n = int_at(ids, mote_tensor_numel(ids) - 1) + 1;
  dim[0] = n;
  for (int32_t i = ids->rank; i < x->rank; i++)
    dim[rank++] = x->dim[i];
  mote_out(c, 0, x->dtype, rank, dim);
  return n >= 0 ? MOTE_OK : mote_op_fail(c, MOTE_ERR_DATA, "%lld segments", (long long)n);
}
static double segment_start(int64_t kind, mote_dtype d) {
  bool real = mote_dtype_is_float(d);
  switch (kind) {
  case SEG_PROD:
    return 1;
  case SEG_MAX:
    return real ? -3.4028234663852886e38 : d == MOTE_I32 ? INT32_MIN : (double)INT64_MIN;
  case SEG_MIN:
    return real ? 3.4028234663852886e38 : d == MOTE_I32 ? INT32_MAX : (double)INT64_MAX;
  default:
    return 0;
  }
}
static void segment_add(int64_t kind, const mote_tensor *out, int64_t at, const mote_tensor *x, int64_t from) {
  if (mote_dtype_is_float(out->dtype)) {
    float *y = (float *)out->data + at, v = ((const float *)x->data)[from];
    *y = kind == SEG_SUM ? *y + v : kind == SEG_PROD ? *y * v : kind == SEG_MAX ? (v > *y ? v : *y) : v < *y ? v : *y;
    return;
  }
  int64_t y = int_at(out, at), v = int_at(x, from);
  y = kind == SEG_SUM    ? (int64_t)((uint64_t)y + (uint64_t)v)
      : kind == SEG_PROD ? (int64_t)((uint64_t)y * (uint64_t)v)
      : kind == SEG_MAX  ? MOTE_MAX(y, v)
                         : MOTE_MIN(y, v);
  mote_store_i64(out->data, out->dtype, at, y);
}
static mote_status segment_eval(mote_opctx *c) {
  const index_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *ids = c->in[1], *out = c->out[0];
  int64_t n = mote_tensor_numel(ids), inner = mote_dims_product(x, ids->rank, x->rank), total = mote_tensor_numel(out);
  for (int64_t i = 0; i < total; i++)
    mote_store_f64(out->data, out->dtype, i, segment_start(a->kind, out->dtype));
  for (int64_t i = 0; i < n; i++) {
    int64_t id = int_at(ids, i);
    if (id < 0 && c->n_in > 2)
      continue;
    if (id < 0 || id >= out->dim[0] || (c->n_in == 2 && i > 0 && id < int_at(ids, i - 1)))
      return mote_op_fail(c, MOTE_ERR_DATA, "segment %lld of %lld", (long long)id, (long long)out->dim[0]);
    for (int64_t k = 0; k < inner; k++)
      segment_add(a->kind, out, id * inner + k, x, i * inner + k);
  }
  return MOTE_OK;
}
INDEX_OP(op_segment, "segment_reduce", MOTE_OP_CHECKS_DATA, 2, 3, 1, segment_infer, segment_eval);

// ------------------------------------------------------------------------------------------------ buckets, complex
// parts

typedef struct bucket_attr {
  mote_floats boundaries;
} bucket_attr;
static mote_status bucket_infer(mote_opctx *c) {
  MOTE_TRY(plain_type(c, 0));
  mote_out(c, 0, MOTE_I32, c->in[0]->rank, c->in[0]->dim);
  return MOTE_OK;
}
static mote_status bucket_eval(mote_opctx *c) {
  const bucket_attr *a = c->attr;
  int64_t n = mote_tensor_numel(c->in[0]);
  for (int64_t i = 0; i < n; i++) {
    double v = mote_load_f64(c->in[0]->data, c->in[0]->dtype, i);
    int32_t k = 0;
    while (k < a->boundaries.count && v >= a->boundaries.at[k])
      k++;
    ((int32_t *)c->out[0]->data)[i] = k;
  }
  return MOTE_OK;
}
static const mote_attr_field bucket_fields[] = {MOTE_ATTR(bucket_attr, boundaries, MOTE_ATTR_FLOATS, -1)};
static const mote_op op_bucketize = {
    "bucketize", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(bucket_attr),
                            MOTE_FIELDS(bucket_fields), .infer = bucket_infer, .eval = bucket_eval)};

enum { PART_REAL, PART_IMAG, PART_ABS };
static mote_status part_infer(mote_opctx *c) {
  mote_dtype d = c->in[0]->dtype;
  if (!mote_dtype_is_complex(d))
    return mote_bad_dtype(c, 0);
  mote_out(c, 0, d == MOTE_C64 ? MOTE_F32 : MOTE_F64, c->in[0]->rank, c->in[0]->dim);
  return MOTE_OK;
}
static mote_status part_eval(mote_opctx *c) {
  const index_attr *a = c->attr;
  mote_dtype d = c->out[0]->dtype;
  int64_t n = mote_tensor_numel(c->out[0]);
  for (int64_t i = 0; i < n; i++) {
    double re = mote_load_f64(c->in[0]->data, d, 2 * i), im = mote_load_f64(c->in[0]->data, d, 2 * i + 1);
    mote_store_f64(c->out[0]->data, d, i, a->kind == PART_REAL ? re : a->kind == PART_IMAG ? im : hypot(re, im));
  }
  return MOTE_OK;
}
INDEX_OP(op_complex_part, "complex_part", 0, 1, 1, 1, part_infer, part_eval);

// ------------------------------------------------------------------------------------------------ boxes that overlap

// Inputs: boxes [n, 4] (y1, x1, y2, x2), scores [n], most, overlap limit, score limit, sigma (soft suppression).
// Outputs: chosen, their scores (with sigma), their number. What is not chosen is 0.
static mote_status nms_infer(mote_opctx *c) {
  int64_t most;
  MOTE_TRY(mote_want_rank(c, 0, 2, 2));
  MOTE_TRY(mote_want_rank(c, 1, 1, 1));
  for (int32_t i = 0; i < c->n_in; i++)
    if (i != 2) {
      MOTE_TRY(mote_want_dtype(c, i, MOTE_F32));
      if (i > 2 && mote_tensor_numel(c->in[i]) != 1)
        return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d must be one number", i);
    }
  if (c->in[0]->dim[1] != 4 || c->in[0]->dim[0] != c->in[1]->dim[0])
    return mote_op_fail(c, MOTE_ERR_SHAPE, "boxes must be [n, 4], scores [n]");
  if (mote_needs(c, 2))
    return MOTE_OK;
  MOTE_TRY(mote_int_of(c, 2, &most));
  if (most < 0)
    return mote_op_fail(c, MOTE_ERR_DATA, "%lld boxes wanted", (long long)most);
  mote_out(c, 0, MOTE_I32, 1, &most);
  if (c->n_in > 5)
    mote_out(c, 1, MOTE_F32, 1, &most);
  mote_out(c, c->n_in > 5 ? 2 : 1, MOTE_I32, 0, NULL);
  return MOTE_OK;
}
static float overlap(const float *a, const float *b) {
  float ay1 = fminf(a[0], a[2]), ax1 = fminf(a[1], a[3]), ay2 = fmaxf(a[0], a[2]), ax2 = fmaxf(a[1], a[3]);
  float by1 = fminf(b[0], b[2]), bx1 = fminf(b[1], b[3]), by2 = fmaxf(b[0], b[2]), bx2 = fmaxf(b[1], b[3]);
  float area = (ay2 - ay1) * (ax2 - ax1), other = (by2 - by1) * (bx2 - bx1);
  if (area <= 0 || other <= 0)
    return 0;
  float both = fmaxf(fminf(ay2, by2) - fmaxf(ay1, by1), 0) * fmaxf(fminf(ax2, bx2) - fmaxf(ax1, bx1), 0);
  return both / (area + other - both);
}
static size_t nms_scratch(const mote_opctx *c) { return (size_t)(mote_tensor_numel(c->in[1]) + 1) * sizeof(float); }
static mote_status nms_eval(mote_opctx *c) {
  const float *boxes = c->in[0]->data;
  bool soft = c->n_in > 5;
  float limit = *(float *)c->in[3]->data, floor_score = *(float *)c->in[4]->data,
        sigma = soft ? *(float *)c->in[5]->data : 0, *score = c->scratch;
  int64_t n = c->in[1]->dim[0], most = c->out[0]->dim[0], found = 0;
  int32_t *chosen = c->out[0]->data;
  memcpy(score, c->in[1]->data, (size_t)n * sizeof *score);
  memset(chosen, 0, (size_t)most * sizeof *chosen);
  if (soft)
    memset(c->out[1]->data, 0, (size_t)most * sizeof(float));
  while (found < most) {
    int64_t best = -1;
    for (int64_t i = 0; i < n; i++)
      if (score[i] > floor_score && (best < 0 || score[i] > score[best]))
        best = i;
    if (best < 0)
      break;
    if (soft)
      ((float *)c->out[1]->data)[found] = score[best];
    chosen[found++] = (int32_t)best;
    score[best] = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
      float o = overlap(boxes + best * 4, boxes + i * 4);
      if (score[i] > -INFINITY && sigma > 0)
        score[i] = o <= limit ? score[i] * expf(-0.5f * o * o / sigma) : -INFINITY;
      else if (o > limit)
        score[i] = -INFINITY;
    }
  }
  *(int32_t *)c->out[soft ? 2 : 1]->data = (int32_t)found;
  return MOTE_OK;
}
static const mote_op op_nms4 = {"non_max_suppression",
                                MOTE_RULES(.min_in = 5, .max_in = 5, .n_out = 2, .infer = nms_infer, .eval = nms_eval,
                                           .more = MOTE_MORE(.scratch = nms_scratch))};
static const mote_op op_nms5 = {"soft_non_max_suppression",
                                MOTE_RULES(.min_in = 6, .max_in = 6, .n_out = 3, .infer = nms_infer, .eval = nms_eval,
                                           .more = MOTE_MORE(.scratch = nms_scratch))};

// ------------------------------------------------------------------------------------------------ rows of files

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(68, 3, "SPARSE_TO_DENSE", op_sparse_to_dense),
    MOTE_TFLITE_OP(112, 1, "REVERSE_SEQUENCE seq_axis:i32 batch_axis:i32", op_reverse_sequence),
    MOTE_TFLITE_OP(113, 1, "MATRIX_DIAG", op_matrix_diag),
    MOTE_TFLITE_OP(115, 1, "MATRIX_SET_DIAG", op_matrix_set_diag),
    MOTE_TFLITE_OP(120, 1, "NON_MAX_SUPPRESSION_V4", op_nms4),
    MOTE_TFLITE_OP(121, 1, "NON_MAX_SUPPRESSION_V5", op_nms5),
    MOTE_TFLITE_OP(125, 1, "SEGMENT_SUM", op_segment),
    MOTE_TFLITE_OP(133, 1, "IMAG kind=1", op_complex_part),
    MOTE_TFLITE_OP(134, 1, "REAL kind=0", op_complex_part),
    MOTE_TFLITE_OP(135, 1, "COMPLEX_ABS kind=2", op_complex_part),
    MOTE_TFLITE_OP(147, 1, "BUCKETIZE boundaries:f32s", op_bucketize),
    MOTE_TFLITE_OP(153, 1, "UNSORTED_SEGMENT_PROD kind=1", op_segment),
    MOTE_TFLITE_OP(154, 1, "UNSORTED_SEGMENT_MAX kind=2", op_segment),
    MOTE_TFLITE_OP(155, 1, "UNSORTED_SEGMENT_SUM kind=0", op_segment),
    MOTE_TFLITE_OP(157, 1, "UNSORTED_SEGMENT_MIN kind=3", op_segment),
};
const mote_op_family mote_family_index = {MOTE_ROWS(tflite, tflite_rows)};
