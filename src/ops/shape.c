// Operators that change a tensor's shape and not its elements, and those that answer questions about shapes.
// Tests: tests/unit/test_ops_basic.c
#include "ops/shape.h"

#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ views

// Strides for another shape of the same elements: groups of input dims that follow each other without a jump are split
// and merged; false when the new shape cuts across a jump.
static bool reshape_view(const mote_opctx *c, int64_t *offset) {
  const mote_tensor *in = c->in[0];
  mote_tensor *out = c->out[0];
  *offset = 0;
  if (mote_tensor_numel(in) == 0 || mote_tensor_is_dense(in)) {
    mote_tensor_set_dense(out);
    return true;
  }
  int32_t o = out->rank - 1;
  int64_t run = 1, left = 1, base = in->rank > 0 ? in->stride[in->rank - 1] : 1;
  for (int32_t i = in->rank - 1; i >= 0; i--) {
    run *= in->dim[i];
    if (i > 0 && (in->dim[i - 1] == 1 || in->stride[i - 1] == run * base))
      continue;
    for (; o >= 0 && (left < run || out->dim[o] == 1); o--) {
      out->stride[o] = left * base;
      left *= out->dim[o];
    }
    if (left != run)
      return false;
    if (i > 0)
      base = in->stride[i - 1];
    run = left = 1;
  }
  return o < 0;
}

static mote_status flat_eval(mote_opctx *c) {
  mote_copy_flat(c, 0, 0);
  return MOTE_OK;
}

// One dim may be -1: what is left.
static mote_status reshape_to(mote_opctx *c, const mote_ints *want) {
  const mote_tensor *in = c->in[0];
  int64_t known = 1, total = mote_tensor_numel(in), dim[MOTE_MAX_RANK];
  int32_t free = -1;
  if (want->count > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d, the most is %d", want->count, MOTE_MAX_RANK);
  for (int32_t i = 0; i < want->count; i++) {
    dim[i] = want->at[i];
    if (dim[i] == -1 && free >= 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "two dimensions of the new shape are -1");
    if (dim[i] < -1)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %lld in the new shape", (long long)dim[i]);
    if (dim[i] == -1)
      free = i;
    else if (!mote_mul_count(known, dim[i], &known))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "the new shape overflows");
  }
  if (free >= 0)
    dim[free] = known > 0 ? total / known : 0;
  if ((free >= 0 ? known * dim[free] : known) != total) {
    char text[160];
    mote_tensor_text(in, text, sizeof text);
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%s has %lld elements, the new shape %s%lld", text, (long long)total,
                        free >= 0 ? "a multiple of " : "", (long long)known);
  }
  mote_out(c, 0, in->dtype, want->count, dim);
  if (c->out[0]->quant.count == 0 && in->quant.count <= 1)
    c->out[0]->quant = in->quant;
  return MOTE_OK;
}

static mote_status reshape_infer(mote_opctx *c) {
  const mote_reshape_attr *a = c->attr;
  mote_ints want = a->shape;
  // The shape as input wins. Old files give it a wrong rank and mean the option.
  if (mote_has(c, 1) && !(c->in[1]->rank != 1 && want.count >= 0)) {
    if (mote_needs(c, 1))
      return MOTE_OK;
    MOTE_TRY(mote_ints_of(c, 1, &want));
  }
  if (want.count < 0)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "no new shape");
  if (want.count == 1 && want.at[0] == 0 && mote_tensor_numel(c->in[0]) == 1)
    want.count = 0; // how old writers spelt a scalar
  return reshape_to(c, &want);
}

static const mote_attr_field reshape_fields[] = {MOTE_ATTR(mote_reshape_attr, shape, MOTE_ATTR_INTS, -1)};
const mote_op mote_op_reshape = {"reshape", MOTE_RULES(.flags = MOTE_OP_VIEW, .min_in = 1, .max_in = 2, .n_out = 1,
                                                       .attr_size = sizeof(mote_reshape_attr),
                                                       MOTE_FIELDS(reshape_fields), .infer = reshape_infer,
                                                       .eval = flat_eval, .more = MOTE_MORE(.view = reshape_view))};

// Removes dims of size 1: those named, or all.
static mote_status squeeze_infer(mote_opctx *c) {
  const mote_reshape_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  bool drop[MOTE_MAX_RANK] = {false};
  for (int32_t i = 0; i < in->rank && a->shape.count <= 0; i++)
    drop[i] = in->dim[i] == 1;
  for (int32_t i = 0; i < a->shape.count; i++) {
    int32_t axis;
    MOTE_TRY(mote_axis_of(c, a->shape.at[i], in->rank, &axis));
    if (axis >= in->rank || in->dim[axis] != 1)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d is not 1", axis);
    drop[axis] = true;
  }
  int64_t dim[MOTE_MAX_RANK];
  int32_t rank = 0;
  for (int32_t i = 0; i < in->rank; i++)
    if (!drop[i])
      dim[rank++] = in->dim[i];
  mote_out(c, 0, in->dtype, rank, dim);
  if (c->out[0]->quant.count == 0 && in->quant.count == 1)
    c->out[0]->quant = in->quant;
  return MOTE_OK;
}
const mote_op mote_op_squeeze = {"squeeze", MOTE_RULES(.flags = MOTE_OP_VIEW, .min_in = 1, .max_in = 1, .n_out = 1,
                                                       .attr_size = sizeof(mote_reshape_attr),
                                                       MOTE_FIELDS(reshape_fields), .infer = squeeze_infer,
                                                       .eval = flat_eval, .more = MOTE_MORE(.view = reshape_view))};

// A dim of size 1 in front of `axis` (attribute, or input 1).
static mote_status expand_dims_infer(mote_opctx *c) {
  const mote_axis_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  int64_t axis = a->axis, dim[MOTE_MAX_RANK];
  if (mote_has(c, 1)) {
    if (mote_needs(c, 1))
      return MOTE_OK;
    MOTE_TRY(mote_int_of(c, 1, &axis));
  }
  if (in->rank + 1 > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d, the most is %d", in->rank + 1, MOTE_MAX_RANK);
  int32_t at;
  MOTE_TRY(mote_axis_of(c, axis, in->rank + 1, &at));
  for (int32_t i = 0; i <= in->rank; i++)
    dim[i] = i < at ? in->dim[i] : i == at ? 1 : in->dim[i - 1];
  mote_out(c, 0, in->dtype, in->rank + 1, dim);
  if (c->out[0]->quant.count == 0) {
    c->out[0]->quant = in->quant;
    c->out[0]->quant.axis += in->quant.count > 1 && in->quant.axis >= at ? 1 : 0;
  }
  return MOTE_OK;
}
static const mote_attr_field axis_fields[] = {MOTE_ATTR(mote_axis_attr, axis, MOTE_ATTR_INT, 0)};
const mote_op mote_op_expand_dims = {
    "expand_dims", MOTE_RULES(.flags = MOTE_OP_VIEW, .min_in = 1, .max_in = 2, .n_out = 1,
                              .attr_size = sizeof(mote_axis_attr), MOTE_FIELDS(axis_fields), .infer = expand_dims_infer,
                              .eval = flat_eval, .more = MOTE_MORE(.view = reshape_view))};

// Order of dims: attribute `perm`, or input 1.
static mote_status permute_order(const mote_opctx *c, int32_t order[MOTE_MAX_RANK]) {
  const mote_permute_attr *a = c->attr;
  mote_ints perm = a->perm;
  int32_t rank = c->in[0]->rank;
  bool seen[MOTE_MAX_RANK] = {false};
  if (mote_has(c, 1))
    MOTE_TRY(mote_ints_of(c, 1, &perm));
  if (perm.count != rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d axes for a tensor of rank %d", perm.count, rank);
  for (int32_t i = 0; i < rank; i++) {
    MOTE_TRY(mote_axis_of(c, perm.at[i], rank, &order[i]));
    if (seen[order[i]])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "axis %d stands twice", order[i]);
    seen[order[i]] = true;
  }
  return MOTE_OK;
}

static mote_status permute_infer(mote_opctx *c) {
  const mote_tensor *in = c->in[0];
  int32_t order[MOTE_MAX_RANK];
  int64_t dim[MOTE_MAX_RANK];
  if (mote_has(c, 1) && mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(permute_order(c, order));
  for (int32_t i = 0; i < in->rank; i++)
    dim[i] = in->dim[order[i]];
  mote_out(c, 0, in->dtype, in->rank, dim);
  if (c->out[0]->quant.count == 0 && in->quant.count == 1)
    c->out[0]->quant = in->quant;
  return MOTE_OK;
}

static bool permute_view(const mote_opctx *c, int64_t *offset) {
  int32_t order[MOTE_MAX_RANK];
  if ((mote_has(c, 1) && c->in[1]->data == NULL && c->in[0]->rank > 0) || permute_order(c, order) != MOTE_OK)
    return false;
  for (int32_t i = 0; i < c->in[0]->rank; i++)
    c->out[0]->stride[i] = c->in[0]->stride[order[i]];
  *offset = 0;
  return true;
}
static const mote_attr_field permute_fields[] = {MOTE_ATTR(mote_permute_attr, perm, MOTE_ATTR_INTS, -1)};
const mote_op mote_op_permute = {
    "permute", MOTE_RULES(.flags = MOTE_OP_VIEW | MOTE_OP_STRIDED_IN, .min_in = 1, .max_in = 2, .n_out = 1,
                          .attr_size = sizeof(mote_permute_attr), MOTE_FIELDS(permute_fields), .infer = permute_infer,
                          .eval = mote_view_eval, .more = MOTE_MORE(.view = permute_view))};

// Repeats dims of size 1, in front too: to the attribute `shape`, or input 1.
static mote_status broadcast_to_infer(mote_opctx *c) {
  const mote_reshape_attr *a = c->attr;
  mote_ints want = a->shape;
  int64_t strides[MOTE_MAX_RANK];
  if (mote_has(c, 1)) {
    if (mote_needs(c, 1))
      return MOTE_OK;
    MOTE_TRY(mote_ints_of(c, 1, &want));
  }
  if (want.count < 0 || want.count > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d", want.count);
  for (int32_t i = 0; i < want.count; i++) // -1 keeps the input's
    if (want.at[i] == -1 && c->in[0]->rank - want.count + i >= 0)
      want.at[i] = c->in[0]->dim[c->in[0]->rank - want.count + i];
  if (!mote_broadcast_strides(c->in[0], want.count, want.at, strides))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the input does not broadcast to the shape");
  mote_out(c, 0, c->in[0]->dtype, want.count, want.at);
  if (c->out[0]->quant.count == 0 && c->in[0]->quant.count == 1)
    c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}
static bool broadcast_to_view(const mote_opctx *c, int64_t *offset) {
  *offset = 0;
  return mote_broadcast_strides(c->in[0], c->out[0]->rank, c->out[0]->dim, c->out[0]->stride);
}
const mote_op mote_op_broadcast_to = {
    "broadcast_to",
    MOTE_RULES(.flags = MOTE_OP_VIEW | MOTE_OP_STRIDED_IN | MOTE_OP_NO_FOLD, .min_in = 1, .max_in = 2, .n_out = 1,
               .attr_size = sizeof(mote_reshape_attr), MOTE_FIELDS(reshape_fields), .infer = broadcast_to_infer,
               .eval = mote_view_eval, .more = MOTE_MORE(.view = broadcast_to_view))};

static mote_status identity_infer(mote_opctx *c) {
  mote_out_pass(c, 0, 0);
  return MOTE_OK;
}
const mote_op mote_op_identity = {"identity", MOTE_RULES(.flags = MOTE_OP_VIEW | MOTE_OP_IDENTITY, .min_in = 1,
                                                         .max_in = 1, .n_out = 1, .infer = identity_infer,
                                                         .eval = flat_eval, .more = MOTE_MORE(.view = reshape_view))};

// The same bytes as another type: a last dim of the ratio of the sizes comes or goes.
static mote_status bitcast_infer(mote_opctx *c) {
  const mote_dtype_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  mote_dtype to = a->dtype != MOTE_NONE ? (mote_dtype)a->dtype : c->out[0]->dtype;
  size_t from_size = mote_dtype_size(in->dtype), to_size = mote_dtype_size(to);
  int64_t dim[MOTE_MAX_RANK + 1];
  int32_t rank = in->rank;
  if (from_size == 0 || to_size == 0 || in->dtype == MOTE_STRING || to == MOTE_STRING)
    return mote_bad_dtype(c, 0);
  memcpy(dim, in->dim, sizeof in->dim);
  if (from_size > to_size)
    dim[rank++] = (int64_t)(from_size / to_size);
  else if (from_size < to_size && (rank == 0 || dim[--rank] * (int64_t)from_size != (int64_t)to_size))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the last dimension does not make up one element");
  if (rank > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d", rank);
  mote_out(c, 0, to, rank, dim);
  return MOTE_OK;
}
static const mote_attr_field dtype_fields[] = {MOTE_ATTR(mote_dtype_attr, dtype, MOTE_ATTR_DTYPE, 0)};
const mote_op mote_op_bitcast = {"bitcast",
                                 MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(mote_dtype_attr),
                                            MOTE_FIELDS(dtype_fields), .infer = bitcast_infer, .eval = flat_eval)};

// ------------------------------------------------------------------------------------------------ questions

static mote_status shape_infer(mote_opctx *c) {
  const mote_dtype_attr *a = c->attr;
  int64_t rank = c->in[0]->rank;
  mote_out(c, 0, a->dtype == MOTE_I64 ? MOTE_I64 : MOTE_I32, 1, &rank);
  return MOTE_OK;
}
static mote_status shape_eval(mote_opctx *c) {
  for (int32_t i = 0; i < c->in[0]->rank; i++)
    mote_store_i64(c->out[0]->data, c->out[0]->dtype, i, c->in[0]->dim[i]);
  return MOTE_OK;
}
const mote_op mote_op_shape = {"shape", MOTE_RULES(.flags = MOTE_OP_SHAPE_ONLY | MOTE_OP_STRIDED_IN, .min_in = 1,
                                                   .max_in = 1, .n_out = 1, .attr_size = sizeof(mote_dtype_attr),
                                                   MOTE_FIELDS(dtype_fields), .infer = shape_infer, .eval = shape_eval,
                                                   .more = MOTE_MORE(.layout = mote_layout_any))};

static mote_status rank_infer(mote_opctx *c) {
  mote_out(c, 0, MOTE_I32, 0, NULL);
  return MOTE_OK;
}
static mote_status rank_eval(mote_opctx *c) {
  *(int32_t *)c->out[0]->data = c->in[0]->rank;
  return MOTE_OK;
}
const mote_op mote_op_rank = {"rank", MOTE_RULES(.flags = MOTE_OP_SHAPE_ONLY | MOTE_OP_STRIDED_IN, .min_in = 1,
                                                 .max_in = 1, .n_out = 1, .infer = rank_infer, .eval = rank_eval,
                                                 .more = MOTE_MORE(.layout = mote_layout_any))};

// The shape that two shapes (given as values) broadcast to.
static mote_status broadcast_args_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_rank(c, 0, 1, 1));
  MOTE_TRY(mote_want_rank(c, 1, 1, 1));
  MOTE_TRY(mote_want_same(c, 0, 1));
  MOTE_TRY(mote_want_int(c, 0));
  int64_t n = MOTE_MAX(c->in[0]->dim[0], c->in[1]->dim[0]);
  mote_out(c, 0, c->in[0]->dtype, 1, &n);
  return MOTE_OK;
}
static mote_status broadcast_args_eval(mote_opctx *c) {
  int64_t n = c->out[0]->dim[0];
  for (int64_t i = 0; i < n; i++) {
    int64_t d[2];
    for (int k = 0; k < 2; k++) {
      int64_t at = i - (n - c->in[k]->dim[0]);
      d[k] = at < 0 ? 1 : mote_load_i64(c->in[k]->data, c->in[k]->dtype, at);
    }
    if (d[0] != d[1] && d[0] != 1 && d[1] != 1)
      return mote_op_fail(c, MOTE_ERR_DATA, "sizes %lld and %lld do not broadcast", (long long)d[0], (long long)d[1]);
    mote_store_i64(c->out[0]->data, c->out[0]->dtype, i, d[0] == 1 ? d[1] : d[0]);
  }
  return MOTE_OK;
}
const mote_op mote_op_broadcast_args = {"broadcast_args",
                                        MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 1,
                                                   .infer = broadcast_args_infer, .eval = broadcast_args_eval)};

// ------------------------------------------------------------------------------------------------ rows of files

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(22, 2, "RESHAPE shape:i32s", mote_op_reshape),
    MOTE_TFLITE_OP(39, 7, "TRANSPOSE", mote_op_permute),
    MOTE_TFLITE_OP(43, 2, "SQUEEZE shape:i32s", mote_op_squeeze),
    MOTE_TFLITE_OP(70, 2, "EXPAND_DIMS", mote_op_expand_dims),
    MOTE_TFLITE_OP(77, 1, "SHAPE dtype:dtype", mote_op_shape),
    MOTE_TFLITE_OP(110, 1, "RANK", mote_op_rank),
    MOTE_TFLITE_OP(124, 1, "DENSIFY", mote_op_identity), // the reader has made the constant dense
    MOTE_TFLITE_OP(130, 3, "BROADCAST_TO", mote_op_broadcast_to),
    MOTE_TFLITE_OP(145, 1, "BROADCAST_ARGS", mote_op_broadcast_args),
    MOTE_TFLITE_OP(159, 1, "BITCAST", mote_op_bitcast),
};
const mote_op_family mote_family_shape = {MOTE_ROWS(tflite, tflite_rows)};
