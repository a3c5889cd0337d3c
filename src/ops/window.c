// See window.h.
#include "ops/window.h"

#include <string.h>

#include "ops/opkit.h"

static const mote_attr_field fields[] = {MOTE_ATTR(mote_window_attr, size, MOTE_ATTR_INTS, -1),
                                         MOTE_ATTR(mote_window_attr, stride, MOTE_ATTR_INTS, -1),
                                         MOTE_ATTR(mote_window_attr, offset, MOTE_ATTR_INT, 0)};

// The window as a tensor without data; checked against the base's elements.
static mote_status window_of(const mote_opctx *c, mote_tensor *w) {
  const mote_window_attr *a = c->attr;
  const mote_tensor *base = c->in[0];
  int64_t lo = a->offset, hi = a->offset;
  if (a->size.count < 0 || a->size.count > MOTE_MAX_RANK || a->size.count != a->stride.count)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d sizes and %d strides", a->size.count, a->stride.count);
  mote_tensor_init(w, base->dtype, a->size.count, a->size.at);
  memcpy(w->stride, a->stride.at, (size_t)a->size.count * sizeof(int64_t));
  for (int32_t i = 0; i < w->rank; i++) {
    int64_t span;
    bool down = w->stride[i] < 0;
    if (w->dim[i] < 0 || w->stride[i] == INT64_MIN)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "size %lld of a window", (long long)w->dim[i]);
    if (w->dim[i] == 0)
      return MOTE_OK;
    if (!mote_mul_count(w->dim[i] - 1, down ? -w->stride[i] : w->stride[i], &span) ||
        !mote_add_i64(down ? lo : hi, down ? -span : span, down ? &lo : &hi))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "window is too large");
  }
  if (lo < 0 || hi >= mote_tensor_numel(base))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "window [%lld, %lld] outside %lld elements", (long long)lo, (long long)hi,
                        (long long)mote_tensor_numel(base));
  return MOTE_OK;
}

static mote_status as_strided_infer(mote_opctx *c) {
  mote_tensor w;
  MOTE_TRY(window_of(c, &w));
  mote_out(c, 0, w.dtype, w.rank, w.dim);
  if (c->out[0]->quant.count == 0 && c->in[0]->quant.count == 1)
    c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}

static bool as_strided_view(const mote_opctx *c, int64_t *offset) {
  const mote_window_attr *a = c->attr;
  if (!mote_tensor_is_dense(c->in[0]))
    return false;
  memcpy(c->out[0]->stride, a->stride.at, (size_t)c->out[0]->rank * sizeof(int64_t));
  *offset = mote_tensor_numel(c->out[0]) ? a->offset : 0;
  return true;
}

static void put_data(mote_tensor *w, const mote_opctx *c, void *data) {
  const mote_window_attr *a = c->attr;
  w->data = (char *)data + a->offset * (int64_t)mote_dtype_size(w->dtype);
}

static mote_status as_strided_eval(mote_opctx *c) {
  mote_tensor w;
  MOTE_TRY(window_of(c, &w));
  put_data(&w, c, c->in[0]->data);
  if (mote_tensor_numel(&w))
    mote_tensor_copy(&w, c->out[0]);
  return MOTE_OK;
}

static mote_status write_infer(mote_opctx *c) {
  mote_tensor w;
  int64_t strides[MOTE_MAX_RANK];
  MOTE_TRY(window_of(c, &w));
  if (!mote_broadcast_strides(c->in[1], w.rank, w.dim, strides))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the new elements do not fit the window");
  if (c->in[1]->dtype != c->in[0]->dtype)
    return mote_op_fail(c, MOTE_ERR_TYPE, "the new elements have another dtype");
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}

static mote_status write_eval(mote_opctx *c) {
  mote_tensor w;
  mote_tensor src = *c->in[1];
  MOTE_TRY(window_of(c, &w));
  if (c->out[0]->data != c->in[0]->data)
    mote_tensor_copy(c->in[0], c->out[0]);
  put_data(&w, c, c->out[0]->data);
  if (!mote_tensor_numel(&w))
    return MOTE_OK;
  if (!mote_broadcast_strides(c->in[1], w.rank, w.dim, src.stride))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the new elements do not fit the window");
  src.rank = w.rank;
  memcpy(src.dim, w.dim, sizeof src.dim);
  mote_tensor_copy(&src, &w);
  return MOTE_OK;
}

const mote_op mote_op_as_strided = {
    "as_strided", MOTE_RULES(.flags = MOTE_OP_VIEW, .min_in = 1, .max_in = 1, .n_out = 1,
                             .attr_size = sizeof(mote_window_attr), MOTE_FIELDS(fields), .infer = as_strided_infer,
                             .eval = as_strided_eval, .more = MOTE_MORE(.view = as_strided_view))};

const mote_op mote_op_window_write = {
    "window_write", MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1, .attr_size = sizeof(mote_window_attr),
                               MOTE_FIELDS(fields), .infer = write_infer, .eval = write_eval)};
