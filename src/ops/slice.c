// Windows on tensors: slices, parts, single indices, reversal. Most are views. Tests: tests/unit/test_ops_basic.c
#include "ops/slice.h"

#include "ops/opkit.h"

// What a slicing operator looks at: per input dim where it begins and how it steps, per output dim where it comes from.
typedef struct window {
  int32_t rank; // of the output
  int64_t dim[MOTE_MAX_RANK];
  int32_t from[MOTE_MAX_RANK];  // input dim, -1: new axis
  int64_t step[MOTE_MAX_RANK];  // by output dim
  int64_t begin[MOTE_MAX_RANK]; // by input dim
} window;

typedef mote_status window_fn(const mote_opctx *c, window *w);

static void window_whole(const mote_tensor *in, window *w) {
  memset(w, 0, sizeof *w);
  w->rank = in->rank;
  for (int32_t i = 0; i < in->rank; i++) {
    w->dim[i] = in->dim[i];
    w->from[i] = i;
    w->step[i] = 1;
  }
}

static bool values_known(const mote_opctx *c, int32_t from) {
  for (int32_t i = from; i < c->n_in; i++)
    if (mote_has(c, i) && c->in[i]->data == NULL && mote_tensor_numel(c->in[i]) > 0)
      return false;
  return true;
}

// The inputs from `from` on decide the shape.
static mote_status window_infer(mote_opctx *c, window_fn *fn, int32_t from) {
  window w;
  for (int32_t i = from; i < c->n_in; i++)
    if (mote_has(c, i) && mote_needs(c, i))
      return MOTE_OK;
  MOTE_TRY(fn(c, &w));
  mote_out(c, 0, c->in[0]->dtype, w.rank, w.dim);
  if (c->out[0]->quant.count == 0 && c->in[0]->quant.count == 1)
    c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}

static bool window_view(const mote_opctx *c, window_fn *fn, int32_t from, int64_t *offset) {
  window w;
  const mote_tensor *in = c->in[0];
  if (!values_known(c, from) || fn(c, &w) != MOTE_OK)
    return false;
  *offset = 0;
  for (int32_t i = 0; i < in->rank; i++)
    *offset += w.begin[i] * in->stride[i];
  for (int32_t o = 0; o < w.rank; o++)
    c->out[0]->stride[o] = w.from[o] < 0 ? 0 : w.step[o] * in->stride[w.from[o]];
  if (mote_tensor_numel(c->out[0]) == 0)
    *offset = 0;
  return true;
}

#define WINDOW_OP(ident, text, fn, first, attr_type, fields_, min, max)                                                \
  static mote_status ident##_infer(mote_opctx *c) { return window_infer(c, fn, first); }                               \
  static bool ident##_view(const mote_opctx *c, int64_t *offset) { return window_view(c, fn, first, offset); }         \
  const mote_op mote_op_##ident = {text, MOTE_RULES(.flags = MOTE_OP_VIEW | MOTE_OP_STRIDED_IN, .min_in = min,         \
                                                    .max_in = max, .n_out = 1, .attr_size = sizeof(attr_type),         \
                                                    fields_, .infer = ident##_infer, .eval = mote_view_eval,           \
                                                    .more = MOTE_MORE(.view = ident##_view))}

// ------------------------------------------------------------------------------------------------ slice

static mote_status slice_window(const mote_opctx *c, window *w) {
  const mote_tensor *in = c->in[0];
  mote_ints begin, size;
  MOTE_TRY(mote_ints_of(c, 1, &begin));
  MOTE_TRY(mote_ints_of(c, 2, &size));
  if (begin.count != in->rank || size.count != in->rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d begins and %d sizes for rank %d", begin.count, size.count, in->rank);
  window_whole(in, w);
  for (int32_t i = 0; i < in->rank; i++) {
    int64_t n = size.at[i] == -1 ? in->dim[i] - begin.at[i] : size.at[i];
    if (begin.at[i] < 0 || n < 0 || begin.at[i] > in->dim[i] || n > in->dim[i] - begin.at[i])
      return mote_op_fail(c, MOTE_ERR_DATA, "begin %lld, size %lld of dimension %d, which has %lld",
                          (long long)begin.at[i], (long long)n, i, (long long)in->dim[i]);
    w->begin[i] = begin.at[i];
    w->dim[i] = n;
  }
  return MOTE_OK;
}
typedef struct no_attr {
  char none;
} no_attr;
WINDOW_OP(slice, "slice", slice_window, 1, no_attr, .n_fields = 0, 3, 3);

// ------------------------------------------------------------------------------------------------ strided slice

static int64_t clamp_index(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

// One sliced dim: begin and number of elements, by Python's rules.
static mote_status slice_dim(const mote_opctx *c, int64_t dim, int64_t b, int64_t e, int64_t s, int which,
                             int64_t *begin, int64_t *count) {
  const mote_strided_slice_attr *a = c->attr;
  if (s == 0 || s < -INT32_MAX || s > INT32_MAX)
    return mote_op_fail(c, MOTE_ERR_DATA, "stride %lld", (long long)s);
  bool begin_open = a->begin_mask >> which & 1, end_open = a->end_mask >> which & 1;
  if (a->shrink_mask >> which & 1) {
    int64_t at = b < 0 ? b + dim : b;
    if (begin_open)
      at = 0;
    if (at < 0 || at >= dim)
      return mote_op_fail(c, MOTE_ERR_DATA, "index %lld of a dimension of %lld", (long long)b, (long long)dim);
    *begin = at;
    *count = 1;
    return MOTE_OK;
  }
  int64_t lo = s > 0 ? 0 : -1, hi = s > 0 ? dim : dim - 1;
  int64_t from = begin_open ? (s > 0 ? lo : hi) : clamp_index(b < 0 ? b + dim : b, lo, hi);
  if (a->offset)
    e = from + e;
  int64_t to = end_open ? (s > 0 ? hi : lo) : clamp_index(!a->offset && e < 0 ? e + dim : e, lo, hi);
  int64_t span = s > 0 ? to - from : from - to, step = s > 0 ? s : -s;
  *begin = from;
  *count = span <= 0 ? 0 : (span + step - 1) / step;
  return MOTE_OK;
}

static mote_status strided_window(const mote_opctx *c, window *w) {
  const mote_strided_slice_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  mote_ints begin, end, stride;
  MOTE_TRY(mote_ints_of(c, 1, &begin));
  MOTE_TRY(mote_ints_of(c, 2, &end));
  MOTE_TRY(mote_ints_of(c, 3, &stride));
  if (begin.count != end.count || begin.count != stride.count)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "begin, end and strides have %d, %d and %d entries", begin.count, end.count,
                        stride.count);
  int32_t named = 0; // entries that consume an input dim
  for (int32_t k = 0; k < begin.count; k++)
    named += !(a->new_axis_mask >> k & 1) && !(a->ellipsis_mask >> k & 1);
  if (named > in->rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d entries for rank %d", named, in->rank);
  memset(w, 0, sizeof *w);
  int32_t dim = 0;
  bool ellipsis = false;
  for (int32_t k = 0; k <= begin.count; k++) {
    bool tail = k == begin.count, dots = !tail && (a->ellipsis_mask >> k & 1);
    int32_t whole = 0; // dims taken as they are
    if ((dots && !ellipsis) || tail)
      whole = dots ? in->rank - named : in->rank - dim;
    ellipsis = ellipsis || dots;
    if (tail || dots || (a->new_axis_mask >> k & 1)) {
      bool fresh = !tail && !dots;
      for (int32_t i = 0; i < whole || fresh; i++) {
        if (w->rank == MOTE_MAX_RANK)
          return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "more than %d dimensions", MOTE_MAX_RANK);
        w->from[w->rank] = fresh ? -1 : dim;
        w->dim[w->rank] = fresh ? 1 : in->dim[dim];
        w->step[w->rank++] = 1;
        dim += !fresh;
        if (fresh)
          break;
      }
      continue;
    }
    int64_t count = 0;
    MOTE_TRY(slice_dim(c, in->dim[dim], begin.at[k], end.at[k], stride.at[k], k, &w->begin[dim], &count));
    if (!(a->shrink_mask >> k & 1)) {
      if (w->rank == MOTE_MAX_RANK)
        return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "more than %d dimensions", MOTE_MAX_RANK);
      w->from[w->rank] = dim;
      w->dim[w->rank] = count;
      w->step[w->rank++] = stride.at[k];
    }
    dim++;
  }
  return MOTE_OK;
}
static const mote_attr_field strided_fields[] = {MOTE_ATTR(mote_strided_slice_attr, begin_mask, MOTE_ATTR_INT, 0),
                                                 MOTE_ATTR(mote_strided_slice_attr, end_mask, MOTE_ATTR_INT, 0),
                                                 MOTE_ATTR(mote_strided_slice_attr, ellipsis_mask, MOTE_ATTR_INT, 0),
                                                 MOTE_ATTR(mote_strided_slice_attr, new_axis_mask, MOTE_ATTR_INT, 0),
                                                 MOTE_ATTR(mote_strided_slice_attr, shrink_mask, MOTE_ATTR_INT, 0),
                                                 MOTE_ATTR(mote_strided_slice_attr, offset, MOTE_ATTR_BOOL, 0)};
WINDOW_OP(strided_slice, "strided_slice", strided_window, 1, mote_strided_slice_attr, MOTE_FIELDS(strided_fields), 4,
          4);

// ------------------------------------------------------------------------------------------------ parts

static mote_status axis_value(const mote_opctx *c, int32_t input, int64_t fallback, int32_t *out) {
  int64_t axis = fallback;
  if (mote_has(c, input))
    MOTE_TRY(mote_int_of(c, input, &axis));
  MOTE_TRY(mote_axis_of(c, axis, c->in[0]->rank, out));
  return *out < c->in[0]->rank ? MOTE_OK : mote_op_fail(c, MOTE_ERR_SHAPE, "a scalar has no parts");
}

static mote_status part_window(const mote_opctx *c, window *w) {
  const mote_part_attr *a = c->attr;
  int32_t axis;
  MOTE_TRY(axis_value(c, 1, a->axis, &axis));
  int64_t n = c->in[0]->dim[axis];
  if (a->count < 1 || n % a->count != 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d of %lld is not divisible by %lld", axis, (long long)n,
                        (long long)a->count);
  window_whole(c->in[0], w);
  w->dim[axis] = n / a->count;
  w->begin[axis] = a->index * w->dim[axis];
  return MOTE_OK;
}

static mote_status part_sized_window(const mote_opctx *c, window *w) {
  const mote_part_attr *a = c->attr;
  const mote_tensor *sizes = c->in[1];
  int32_t axis;
  MOTE_TRY(axis_value(c, 2, a->axis, &axis));
  int64_t n = c->in[0]->dim[axis], known = 0, begin = 0, free = -1, count = mote_tensor_numel(sizes);
  if (count != a->count || sizes->rank > 1 || !mote_dtype_is_int(sizes->dtype))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld sizes for %lld outputs", (long long)count, (long long)a->count);
  for (int64_t i = 0; i < count; i++) {
    int64_t s = mote_load_i64(sizes->data, sizes->dtype, i);
    if (s < -1 || s > n || (s == -1 && free >= 0))
      return mote_op_fail(c, MOTE_ERR_DATA, "size %lld", (long long)s);
    if (s == -1)
      free = i;
    else
      known += s;
  }
  if (known > n || (free < 0 && known != n))
    return mote_op_fail(c, MOTE_ERR_DATA, "the sizes sum to %lld, the dimension has %lld", (long long)known,
                        (long long)n);
  window_whole(c->in[0], w);
  for (int64_t i = 0; i <= a->index; i++) {
    int64_t s = i == free ? n - known : mote_load_i64(sizes->data, sizes->dtype, i);
    w->begin[axis] = begin;
    w->dim[axis] = s;
    begin += s;
  }
  return MOTE_OK;
}

static mote_status select_window(const mote_opctx *c, window *w) {
  const mote_part_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  int32_t axis;
  MOTE_TRY(axis_value(c, 1, a->axis, &axis));
  int64_t index = a->index < 0 ? a->index + in->dim[axis] : a->index;
  if (index < 0 || index >= in->dim[axis] || (a->count > 0 && a->count != in->dim[axis]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "index %lld (of %lld) of a dimension of %lld", (long long)a->index,
                        (long long)a->count, (long long)in->dim[axis]);
  memset(w, 0, sizeof *w);
  w->begin[axis] = index;
  for (int32_t i = 0; i < in->rank; i++) {
    if (i == axis)
      continue;
    w->dim[w->rank] = in->dim[i];
    w->from[w->rank] = i;
    w->step[w->rank++] = 1;
  }
  return MOTE_OK;
}
static const mote_attr_field part_fields[] = {MOTE_ATTR(mote_part_attr, axis, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(mote_part_attr, index, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(mote_part_attr, count, MOTE_ATTR_INT, 0)};
WINDOW_OP(part, "part", part_window, 1, mote_part_attr, MOTE_FIELDS(part_fields), 1, 2);
WINDOW_OP(part_sized, "part_sized", part_sized_window, 1, mote_part_attr, MOTE_FIELDS(part_fields), 2, 3);
WINDOW_OP(select_index, "select_index", select_window, 1, mote_part_attr, MOTE_FIELDS(part_fields), 1, 1);

// Input 1: the axes to turn round.
static mote_status reverse_window(const mote_opctx *c, window *w) {
  mote_ints axes;
  bool seen[MOTE_MAX_RANK] = {false};
  MOTE_TRY(mote_ints_of(c, 1, &axes));
  window_whole(c->in[0], w);
  for (int32_t i = 0; i < axes.count; i++) {
    int32_t axis;
    MOTE_TRY(mote_axis_of(c, axes.at[i], c->in[0]->rank, &axis));
    if (axis >= c->in[0]->rank || seen[axis])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "axis %d", axis);
    seen[axis] = true;
    w->step[axis] = -1;
    w->begin[axis] = MOTE_MAX(c->in[0]->dim[axis] - 1, 0);
  }
  return MOTE_OK;
}
WINDOW_OP(reverse, "reverse", reverse_window, 1, no_attr, .n_fields = 0, 2, 2);

// ------------------------------------------------------------------------------------------------ update

// A copy of x with `update` written at `starts`, which are moved so that it fits.
static mote_status update_slice_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *u = c->in[1];
  MOTE_TRY(mote_want_same(c, 0, 1));
  MOTE_TRY(mote_want_int(c, 2));
  if (u->rank != x->rank || mote_tensor_numel(c->in[2]) != x->rank)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "operand of rank %d, update of rank %d, %lld starts", x->rank, u->rank,
                        (long long)mote_tensor_numel(c->in[2]));
  for (int32_t i = 0; i < x->rank; i++)
    if (u->dim[i] > x->dim[i])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "the update is larger than the operand in dimension %d", i);
  mote_out_pass(c, 0, 0);
  return MOTE_OK;
}
static mote_status update_slice_eval(mote_opctx *c) {
  const mote_tensor *u = c->in[1], *starts = c->in[2];
  mote_copy_flat(c, 0, 0);
  mote_tensor window = *c->out[0];
  for (int32_t i = 0; i < u->rank; i++) {
    int64_t at = mote_load_i64(starts->data, starts->dtype, i);
    at = clamp_index(at, 0, window.dim[i] - u->dim[i]);
    window.data = (char *)window.data + at * window.stride[i] * (int64_t)mote_dtype_size(window.dtype);
    window.dim[i] = u->dim[i];
  }
  if (mote_tensor_numel(u) > 0)
    mote_tensor_copy(u, &window);
  return MOTE_OK;
}
const mote_op mote_op_update_slice = {
    "update_slice",
    MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 1, .infer = update_slice_infer, .eval = update_slice_eval)};

// ------------------------------------------------------------------------------------------------ rows of files

// One view a part.
static mote_status lower_parts(mote_lowering *l, const mote_op *op, const mote_vid *in, int32_t n_in, int64_t axis) {
  if (l->n_results > MOTE_LOWER_MAX_OUT || l->n_results < 1)
    return mote_fail(l->err, MOTE_ERR_LIMIT, "%d parts, the most is %d", l->n_results, MOTE_LOWER_MAX_OUT);
  for (int32_t i = 0; i < l->n_results; i++) {
    mote_part_attr attr = {axis, i, l->n_results};
    MOTE_TRY(mote_lower_emit1(l, op, &attr, in, n_in, &l->result[l->n_out++]));
  }
  return MOTE_OK;
}

static mote_status want_tensors(mote_lowering *l, int32_t n) {
  for (int32_t i = 0; i < n; i++)
    if (i >= l->n_args || l->args[i].kind != MOTE_ARG_TENSOR)
      return mote_fail(l->err, MOTE_ERR_FORMAT, "input %d is missing", i);
  return MOTE_OK;
}

static mote_status lower_split(mote_lowering *l) {
  MOTE_TRY(want_tensors(l, 2));
  if (mote_lower_int(l, "num", l->n_results) != l->n_results)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "%d outputs for %lld parts", l->n_results,
                     (long long)mote_lower_int(l, "num", 0));
  mote_vid in[2] = {l->args[1].ref, l->args[0].ref};
  return lower_parts(l, &mote_op_part, in, 2, 0);
}
static mote_status lower_split_v(mote_lowering *l) {
  MOTE_TRY(want_tensors(l, 3));
  mote_vid in[3] = {l->args[0].ref, l->args[1].ref, l->args[2].ref};
  return lower_parts(l, &mote_op_part_sized, in, 3, 0);
}
static mote_status lower_unpack(mote_lowering *l) {
  MOTE_TRY(want_tensors(l, 1));
  return lower_parts(l, &mote_op_select_index, &l->args[0].ref, 1, mote_lower_int(l, "axis", 0));
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(
        45, 8,
        "STRIDED_SLICE begin_mask:i32 end_mask:i32 ellipsis_mask:i32 new_axis_mask:i32 shrink_mask:i32 offset:bool",
        mote_op_strided_slice),
    MOTE_TFLITE_LOWER(49, 4, "SPLIT num:i32", mote_op_part, lower_split),
    MOTE_TFLITE_OP(65, 6, "SLICE", mote_op_slice),
    MOTE_TFLITE_LOWER(88, 4, "UNPACK num:i32 axis:i32", mote_op_select_index, lower_unpack),
    MOTE_TFLITE_LOWER(102, 2, "SPLIT_V num:i32", mote_op_part_sized, lower_split_v),
    MOTE_TFLITE_OP(105, 3, "REVERSE_V2", mote_op_reverse),
    MOTE_TFLITE_OP(151, 2, "DYNAMIC_UPDATE_SLICE", mote_op_update_slice),
};
const mote_op_family mote_family_slice = {MOTE_ROWS(tflite, tflite_rows)};
