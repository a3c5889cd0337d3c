// Joining tensors along an axis, old or new, and repeating them. Tests: tests/unit/test_ops_basic.c
#include "ops/concat.h"

#include "ops/opkit.h"

// The window of `t` that starts at `from` of `axis` and has `n` entries there.
static mote_tensor window_of(const mote_tensor *t, int32_t axis, int64_t from, int64_t n) {
  mote_tensor w = *t;
  w.dim[axis] = n;
  w.data = (char *)t->data + from * t->stride[axis] * (int64_t)mote_dtype_size(t->dtype);
  return w;
}

// ------------------------------------------------------------------------------------------------ concat

static mote_status concat_infer(mote_opctx *c) {
  const mote_concat_attr *a = c->attr;
  const mote_tensor *first = c->in[0];
  int32_t axis;
  MOTE_TRY(mote_act_check(c, &a->act));
  MOTE_TRY(mote_axis_of(c, a->axis, first->rank, &axis));
  if (first->rank == 0 || mote_dtype_size(first->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "scalars or packed types cannot be joined");
  int64_t dim[MOTE_MAX_RANK];
  memcpy(dim, first->dim, sizeof dim);
  for (int32_t i = 1; i < c->n_in; i++) {
    MOTE_TRY(mote_want_same(c, 0, i));
    MOTE_TRY(mote_want_rank(c, i, first->rank, first->rank));
    for (int32_t d = 0; d < first->rank; d++)
      if (d != axis && c->in[i]->dim[d] != dim[d])
        return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d has %lld in dimension %d, input 0 has %lld", i,
                            (long long)c->in[i]->dim[d], d, (long long)dim[d]);
    if (!mote_add_i64(dim[axis], c->in[i]->dim[axis], &dim[axis]))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d overflows", axis);
  }
  mote_out(c, 0, first->dtype, first->rank, dim);
  MOTE_TRY(mote_out_declare(c, &a->quant, first->dtype));
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = first->quant;
  return MOTE_OK;
}

// Codes of another scale are converted on the way.
static void rescale_into(const mote_tensor *in, mote_tensor *to) {
  int32_t lo, hi;
  mote_code_range(to->dtype, &lo, &hi);
  mote_iter it;
  const int64_t *strides[2] = {to->stride, in->stride};
  mote_iter_init(&it, to->rank, to->dim, 2, strides);
  double scale = in->quant.scale / to->quant.scale;
  for (int64_t r = 0; r < it.rows; r++) {
    int64_t off[MOTE_ITER_OPERANDS];
    mote_iter_row(&it, r, off);
    for (int64_t i = 0; i < it.inner; i++) {
      int64_t code = mote_load_i64(in->data, mote_code_type(in->dtype), off[1] + i * it.inner_stride[1]);
      mote_store_i64(to->data, mote_code_type(to->dtype), off[0] + i * it.inner_stride[0],
                     mote_quantise((double)(code - in->quant.zero_point) * scale, 1, to->quant.zero_point, lo, hi));
    }
  }
}

static bool same_codes(const mote_tensor *a, const mote_tensor *b) {
  return !mote_is_quant(a) || !mote_is_quant(b) ||
         (a->quant.scale == b->quant.scale && a->quant.zero_point == b->quant.zero_point);
}

static void clamp_all(const mote_concat_attr *a, mote_tensor *t) {
  float lo, hi;
  int64_t n = mote_tensor_numel(t);
  mote_act_range(&a->act, &lo, &hi);
  for (int64_t i = 0; i < n; i++) {
    double v = mote_load_f64(t->data, t->dtype, i);
    mote_store_f64(t->data, t->dtype, i, v < (double)lo ? (double)lo : v > (double)hi ? (double)hi : v);
  }
}

static mote_status concat_eval(mote_opctx *c) {
  const mote_concat_attr *a = c->attr;
  int32_t axis;
  int64_t at = 0;
  MOTE_TRY(mote_axis_of(c, a->axis, c->in[0]->rank, &axis));
  for (int32_t i = 0; i < c->n_in; i++) {
    const mote_tensor *in = c->in[i];
    mote_tensor to = window_of(c->out[0], axis, at, in->dim[axis]);
    at += in->dim[axis];
    if (mote_tensor_numel(in) == 0)
      continue;
    if (same_codes(in, c->out[0]))
      mote_tensor_copy(in, &to);
    else
      rescale_into(in, &to);
  }
  if (a->act.activation != MOTE_ACT_NONE && mote_dtype_is_float(c->out[0]->dtype))
    clamp_all(a, c->out[0]);
  return MOTE_OK;
}
static const mote_attr_field concat_fields[] = {MOTE_ATTR(mote_concat_attr, axis, MOTE_ATTR_INT, 0),
                                                MOTE_ACT_FIELDS(mote_concat_attr, act),
                                                MOTE_OUT_QUANT_FIELDS(mote_concat_attr, quant)};
const mote_op mote_op_concat = {"concat", MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 1, .max_in = -1, .n_out = 1,
                                                     .attr_size = sizeof(mote_concat_attr), MOTE_FIELDS(concat_fields),
                                                     .infer = concat_infer, .eval = concat_eval)};

// ------------------------------------------------------------------------------------------------ stack

static mote_status stack_infer(mote_opctx *c) {
  const mote_concat_attr *a = c->attr;
  const mote_tensor *first = c->in[0];
  int32_t axis;
  int64_t dim[MOTE_MAX_RANK];
  if (first->rank + 1 > MOTE_MAX_RANK || mote_dtype_size(first->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d of %s", first->rank + 1, mote_dtype_name(first->dtype));
  MOTE_TRY(mote_axis_of(c, a->axis, first->rank + 1, &axis));
  for (int32_t i = 1; i < c->n_in; i++) {
    MOTE_TRY(mote_want_same(c, 0, i));
    if (!mote_tensor_same_shape(first, c->in[i]))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d has another shape than input 0", i);
  }
  for (int32_t i = 0; i <= first->rank; i++)
    dim[i] = i < axis ? first->dim[i] : i == axis ? c->n_in : first->dim[i - 1];
  mote_out(c, 0, first->dtype, first->rank + 1, dim);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = first->quant;
  return MOTE_OK;
}
static mote_status stack_eval(mote_opctx *c) {
  const mote_concat_attr *a = c->attr;
  const mote_tensor *out = c->out[0];
  int32_t axis;
  MOTE_TRY(mote_axis_of(c, a->axis, out->rank, &axis));
  for (int32_t i = 0; i < c->n_in; i++) {
    mote_tensor to = *c->in[i];
    for (int32_t d = 0; d < to.rank; d++)
      to.stride[d] = out->stride[d < axis ? d : d + 1];
    to.data = (char *)out->data + i * out->stride[axis] * (int64_t)mote_dtype_size(out->dtype);
    if (mote_tensor_numel(&to) > 0)
      mote_tensor_copy(c->in[i], &to);
  }
  return MOTE_OK;
}
const mote_op mote_op_stack = {"stack", MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 1, .max_in = -1, .n_out = 1,
                                                   .attr_size = sizeof(mote_concat_attr), MOTE_FIELDS(concat_fields),
                                                   .infer = stack_infer, .eval = stack_eval)};

// ------------------------------------------------------------------------------------------------ tile

// Input 1: how often each dim is repeated.
static mote_status tile_infer(mote_opctx *c) {
  mote_ints times;
  int64_t dim[MOTE_MAX_RANK];
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_ints_of(c, 1, &times));
  if (times.count != c->in[0]->rank || mote_dtype_size(c->in[0]->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d multiples for rank %d", times.count, c->in[0]->rank);
  for (int32_t i = 0; i < times.count; i++)
    if (!mote_mul_count(c->in[0]->dim[i], times.at[i], &dim[i]))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "multiple %lld", (long long)times.at[i]);
  mote_out(c, 0, c->in[0]->dtype, times.count, dim);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}
// The output seen as [times, dim] per axis reads the input with stride 0 over the times; one element at a time.
static mote_status tile_eval(mote_opctx *c) {
  const mote_tensor *in = c->in[0], *out = c->out[0];
  size_t size = mote_dtype_size(in->dtype);
  int64_t n = mote_tensor_numel(out);
  for (int64_t i = 0; i < n; i++) {
    int64_t left = i, at = 0;
    for (int32_t d = out->rank - 1; d >= 0; d--) {
      at += left % out->dim[d] % in->dim[d] * in->stride[d];
      left /= out->dim[d];
    }
    memcpy((char *)out->data + (size_t)i * size, (const char *)in->data + at * (int64_t)size, size);
  }
  return MOTE_OK;
}
const mote_op mote_op_tile = {"tile", MOTE_RULES(.flags = MOTE_OP_STRIDED_IN | MOTE_OP_NO_FOLD, .min_in = 2,
                                                 .max_in = 2, .n_out = 1, .infer = tile_infer, .eval = tile_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(2, 4, "CONCATENATION axis:i32 activation:i8", mote_op_concat),
    MOTE_TFLITE_OP(69, 3, "TILE", mote_op_tile),
    MOTE_TFLITE_OP(83, 4, "PACK - axis:i32", mote_op_stack),
};
const mote_op_family mote_family_concat = {MOTE_ROWS(tflite, tflite_rows)};
