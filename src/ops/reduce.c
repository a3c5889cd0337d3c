// Reductions over axes, positions of extremes, running sums. Tests: tests/models/tflite/{cnn_*,if_*,rounded_int8}
#include "ops/reduce.h"

#include "kernels/qpool.h"
#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ axes

static mote_status reduced_axes(const mote_opctx *c, bool reduced[MOTE_MAX_RANK]) {
  const mote_reduce_attr *a = c->attr;
  mote_ints axes = a->axes;
  int32_t rank = c->in[0]->rank;
  bool given = mote_has(c, 1);
  if (given)
    MOTE_TRY(mote_ints_of(c, 1, &axes));
  memset(reduced, 0, MOTE_MAX_RANK * sizeof(bool));
  for (int32_t i = 0; i < rank && axes.count < 0; i++)
    reduced[i] = true;
  for (int32_t i = 0; i < axes.count; i++) {
    int32_t axis;
    MOTE_TRY(mote_axis_of(c, axes.at[i], rank, &axis));
    reduced[axis] = true;
  }
  return MOTE_OK;
}

static bool reduce_takes(int64_t kind, const mote_tensor *t) {
  bool logical = kind == MOTE_REDUCE_ANY || kind == MOTE_REDUCE_ALL;
  if (t->dtype == MOTE_BOOL)
    return logical || kind == MOTE_REDUCE_MAX || kind == MOTE_REDUCE_MIN;
  return mote_dtype_size(t->dtype) > 0 && t->dtype != MOTE_STRING && t->dtype != MOTE_RESOURCE && !logical &&
         !mote_dtype_is_complex(t->dtype);
}

static mote_status reduce_infer(mote_opctx *c) {
  const mote_reduce_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  bool reduced[MOTE_MAX_RANK];
  int64_t dim[MOTE_MAX_RANK];
  int32_t rank = 0;
  if (mote_has(c, 1) && mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(reduced_axes(c, reduced));
  if (!reduce_takes(a->kind, in))
    return mote_bad_dtype(c, 0);
  for (int32_t i = 0; i < in->rank; i++) {
    if (!reduced[i])
      dim[rank++] = in->dim[i];
    else if (a->keep_dims)
      dim[rank++] = 1;
  }
  mote_out(c, 0, in->dtype, rank, dim);
  if (mote_is_quant(in) && c->out[0]->quant.count == 0)
    c->out[0]->quant = in->quant;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ evaluation

typedef struct reducer {
  const mote_opctx *c;
  int64_t kind, count;
  mote_iter inner; // over the reduced dims
  bool real, quant;
  double scale; // of codes: in/out, with 1/count for means
} reducer;

static double reduce_real(const reducer *r, int64_t base) {
  const mote_tensor *in = r->c->in[0];
  mote_dtype d = in->dtype;
  double acc = r->kind == MOTE_REDUCE_PROD  ? 1
               : r->kind == MOTE_REDUCE_MAX ? -HUGE_VAL
               : r->kind == MOTE_REDUCE_MIN ? HUGE_VAL
                                            : 0;
  for (int64_t row = 0; row < r->inner.rows; row++) {
    int64_t off[MOTE_ITER_OPERANDS];
    mote_iter_row(&r->inner, row, off);
    for (int64_t i = 0; i < r->inner.inner; i++) {
      double v = mote_load_f64(in->data, d, base + off[0] + i * r->inner.inner_stride[0]);
      switch (r->kind) {
      case MOTE_REDUCE_PROD:
        acc *= v;
        break;
      case MOTE_REDUCE_MAX:
        acc = v > acc || v != v ? v : acc;
        break;
      case MOTE_REDUCE_MIN:
        acc = v < acc || v != v ? v : acc;
        break;
      default:
        acc += v;
        break;
      }
    }
  }
  return r->kind == MOTE_REDUCE_MEAN ? acc / (double)r->count : acc;
}

static int64_t reduce_int(const reducer *r, int64_t base) {
  const mote_tensor *in = r->c->in[0];
  mote_dtype d = mote_code_type(in->dtype);
  int64_t acc = r->kind == MOTE_REDUCE_PROD || r->kind == MOTE_REDUCE_ALL ? 1
                : r->kind == MOTE_REDUCE_MAX                              ? INT64_MIN
                : r->kind == MOTE_REDUCE_MIN                              ? INT64_MAX
                                                                          : 0;
  for (int64_t row = 0; row < r->inner.rows; row++) {
    int64_t off[MOTE_ITER_OPERANDS];
    mote_iter_row(&r->inner, row, off);
    for (int64_t i = 0; i < r->inner.inner; i++) {
      int64_t v = mote_load_i64(in->data, d, base + off[0] + i * r->inner.inner_stride[0]);
      switch (r->kind) {
      case MOTE_REDUCE_PROD:
        acc = (int64_t)((uint64_t)acc * (uint64_t)v);
        break;
      case MOTE_REDUCE_MAX:
        acc = v > acc ? v : acc;
        break;
      case MOTE_REDUCE_MIN:
        acc = v < acc ? v : acc;
        break;
      case MOTE_REDUCE_ANY:
        acc = acc || v;
        break;
      case MOTE_REDUCE_ALL:
        acc = acc && v;
        break;
      default:
        acc = (int64_t)((uint64_t)acc + (uint64_t)v);
        break;
      }
    }
  }
  return acc;
}

// A product of codes is scaled and rounded with each factor but the first, and at the end, as the reference does it
// lest it overflow.
static double reduce_code_product(const reducer *r, int64_t base) {
  const mote_tensor *in = r->c->in[0];
  mote_qfix fix = mote_qfix_from(in->quant.scale / pow(r->c->out[0]->quant.scale, 1 / (double)r->count));
  int64_t acc = 1;
  for (int64_t row = 0; row < r->inner.rows; row++) {
    int64_t off[MOTE_ITER_OPERANDS];
    mote_iter_row(&r->inner, row, off);
    for (int64_t i = 0; i < r->inner.inner; i++) {
      int64_t at = base + off[0] + i * r->inner.inner_stride[0];
      acc *= mote_load_i64(in->data, mote_code_type(in->dtype), at) - in->quant.zero_point;
      acc = row + i > 0 ? mote_qfix_mul64(acc, fix) : acc;
    }
  }
  return mote_qfix_mul64(acc, fix);
}

static void reduce_one(const reducer *r, int64_t base, int64_t at) {
  const mote_tensor *in = r->c->in[0], *out = r->c->out[0];
  mote_dtype d = mote_code_type(out->dtype);
  if (r->real) {
    mote_store_f64(out->data, d, at, reduce_real(r, base));
    return;
  }
  if (!r->quant) {
    int64_t v = reduce_int(r, base);
    mote_store_i64(out->data, d, at, r->kind == MOTE_REDUCE_MEAN ? (r->count > 0 ? v / r->count : 0) : v);
    return;
  }
  int32_t lo, hi;
  mote_code_range(out->dtype, &lo, &hi);
  double v;
  if (r->kind == MOTE_REDUCE_PROD)
    v = reduce_code_product(r, base);
  else if (r->kind == MOTE_REDUCE_MAX || r->kind == MOTE_REDUCE_MIN)
    v = (double)(reduce_int(r, base) - in->quant.zero_point) * (in->quant.scale / out->quant.scale);
  else
    v = (double)(reduce_int(r, base) - r->count * in->quant.zero_point) * r->scale;
  mote_store_i64(out->data, d, at, mote_quantise(v, 1, out->quant.zero_point, lo, hi));
}

static mote_status reduce_setup(const mote_opctx *c, reducer *r, mote_iter *outer) {
  const mote_reduce_attr *a = c->attr;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  bool reduced[MOTE_MAX_RANK];
  int64_t dims[2][MOTE_MAX_RANK], strides[2][MOTE_MAX_RANK];
  int32_t rank[2] = {0, 0};
  MOTE_TRY(reduced_axes(c, reduced));
  *r = (reducer){.c = c,
                 .kind = a->kind,
                 .count = 1,
                 .real = mote_dtype_is_float(in->dtype),
                 .quant = mote_is_quant(in) && mote_is_quant(out)};
  for (int32_t i = 0; i < in->rank; i++) {
    int k = reduced[i];
    dims[k][rank[k]] = in->dim[i];
    strides[k][rank[k]++] = in->stride[i];
    r->count *= k ? in->dim[i] : 1;
  }
  const int64_t *in_strides[1] = {strides[1]};
  mote_iter_init(&r->inner, rank[1], dims[1], 1, in_strides);
  mote_tensor dense = {.rank = rank[0]};
  memcpy(dense.dim, dims[0], sizeof dense.dim);
  mote_tensor_set_dense(&dense);
  const int64_t *outs[2] = {dense.stride, strides[0]};
  mote_iter_init(outer, rank[0], dims[0], 2, outs);
  if (r->quant)
    r->scale = in->quant.scale / out->quant.scale / (a->kind == MOTE_REDUCE_MEAN ? (double)MOTE_MAX(r->count, 1) : 1);
  return MOTE_OK;
}

static mote_status reduce_rows(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state;
  reducer r;
  mote_iter outer;
  MOTE_TRY(reduce_setup(c, &r, &outer));
  for (int64_t row = t0; row < MOTE_MIN(t1, outer.rows); row++) {
    int64_t off[MOTE_ITER_OPERANDS];
    mote_iter_row(&outer, row, off);
    for (int64_t i = 0; i < outer.inner; i++)
      reduce_one(&r, off[1] + i * outer.inner_stride[1], off[0] + i * outer.inner_stride[0]);
  }
  return MOTE_OK;
}

static mote_status reduce_eval(mote_opctx *c) {
  reducer r;
  mote_iter outer;
  MOTE_TRY(reduce_setup(c, &r, &outer));
  return reduce_rows(c, NULL, 0, outer.rows);
}

// ------------------------------------------------------------------------------------------------ the common case

// Sums and means whose reduced dims are neighbours in memory without gaps: [outer][reduce][inner].
typedef struct middle {
  size_t outer, reduce, inner;
  mote_qmean_args q;
  const mote_qpool_row *row;
  bool mean;
} middle;

// Dims larger than 1, slowest in memory first.
static int32_t stride_order(const mote_tensor *t, int32_t order[MOTE_MAX_RANK]) {
  int32_t n = 0;
  for (int32_t i = 0; i < t->rank; i++) {
    if (t->dim[i] == 1)
      continue;
    int32_t at = n++;
    for (; at > 0 && t->stride[order[at - 1]] < t->stride[i]; at--)
      order[at] = order[at - 1];
    order[at] = i;
  }
  return n;
}

static bool find_middle(const mote_opctx *c, middle *m) {
  const mote_reduce_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  bool reduced[MOTE_MAX_RANK];
  if ((a->kind != MOTE_REDUCE_SUM && a->kind != MOTE_REDUCE_MEAN) || (mote_has(c, 1) && !mote_is_const(c, 1)) ||
      reduced_axes(c, reduced) != MOTE_OK)
    return false;
  int32_t order[MOTE_MAX_RANK], n = stride_order(in, order), first = -1, last = -1, before = -1;
  m->outer = m->reduce = m->inner = 1;
  for (int32_t k = 0; k < n; k++)
    if (reduced[order[k]]) {
      first = first < 0 ? k : first;
      last = k;
    }
  for (int32_t k = 0; k < n; k++) {
    int32_t i = order[k];
    bool between = k > first && k < last && first >= 0;
    // The result is dense: what is kept must stand in memory in the order of the dims.
    if (!reduced[i] && (between || i < before))
      return false;
    before = reduced[i] ? before : i;
    size_t *part = reduced[i] ? &m->reduce : first < 0 || k < first ? &m->outer : &m->inner;
    *part *= (size_t)in->dim[i];
  }
  if (first < 0 || mote_tensor_numel(in) == 0 || !mote_tensor_is_packed(in))
    return false;
  m->mean = a->kind == MOTE_REDUCE_MEAN;
  return true;
}

// Four partial sums when the reduced elements are adjacent; row after row when they are not. Order depends on shape
// only.
static mote_status middle_f32(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const middle *m = state;
  float inv = m->mean ? (float)m->reduce : 1;
  for (size_t o = (size_t)t0; o < (size_t)t1; o++) {
    const float *x = (const float *)c->in[0]->data + o * m->reduce * m->inner;
    float *y = (float *)c->out[0]->data + o * m->inner;
    if (m->inner == 1) {
      float s[8] = {0};
      size_t i = 0;
      for (; i + 8 <= m->reduce; i += 8) {
        MOTE_UNROLL
        for (size_t k = 0; k < 8; k++)
          s[k] += x[i + k];
      }
      for (size_t k = 0; i + k < m->reduce; k++)
        s[k] += x[i + k];
      y[0] = (((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))) / inv;
      continue;
    }
    memset(y, 0, m->inner * sizeof *y);
    for (size_t i = 0; i < m->reduce; i++)
      for (size_t k = 0; k < m->inner; k++)
        y[k] += x[i * m->inner + k];
    for (size_t k = 0; k < m->inner; k++)
      y[k] /= inv;
  }
  return MOTE_OK;
}

static mote_status middle_q(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const middle *m = state;
  mote_qmean_args a = m->q;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  m->row->mean(&a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}

static mote_status reduce_prepare(mote_opctx *c) {
  middle m = {0};
  const mote_tensor *in = c->in[0], *out = c->out[0];
  mote_dtype d = mote_code_type(in->dtype);
  if (!find_middle(c, &m))
    return MOTE_OK;
  if (d == MOTE_F32)
    return mote_add_step(c, middle_f32, &m, sizeof m, (int64_t)m.outer, 0, "f32_reduce", NULL);
  if (!mote_is_quant(in) || !mote_is_quant(out) || m.reduce > (d == MOTE_I16 ? 1u << 15 : 1u << 22))
    return MOTE_OK;
  m.row = mote_qpool_select(c->env->cpu);
  m.q = (mote_qmean_args){.type = d,
                          .outer = m.outer,
                          .reduce = m.reduce,
                          .inner = m.inner,
                          .in_zp = in->quant.zero_point,
                          .out_zp = out->quant.zero_point,
                          .round = mote_dtype_is_quantized(in->dtype) ? MOTE_QROUND_EVEN : MOTE_QROUND_AWAY,
                          .scale = (float)(in->quant.scale / out->quant.scale / (m.mean ? (double)m.reduce : 1))};
  mote_code_range(d, &m.q.lo, &m.q.hi);
  return mote_add_step(c, middle_q, &m, sizeof m, (int64_t)m.outer, 0, m.row->name, NULL);
}

static const mote_attr_field reduce_fields[] = {MOTE_ATTR(mote_reduce_attr, kind, MOTE_ATTR_INT, 0),
                                                MOTE_ATTR(mote_reduce_attr, axes, MOTE_ATTR_INTS, -1),
                                                MOTE_ATTR(mote_reduce_attr, keep_dims, MOTE_ATTR_BOOL, 0)};
static const mote_op_rules reduce_rules = {.flags = MOTE_OP_STRIDED_IN,
                                           .min_in = 1,
                                           .max_in = 2,
                                           .n_out = 1,
                                           .attr_size = sizeof(mote_reduce_attr),
                                           MOTE_FIELDS(reduce_fields),
                                           .infer = reduce_infer,
                                           .prepare = reduce_prepare,
                                           .eval = reduce_eval};
const mote_op mote_op_reduce_sum = {"reduce_sum", &reduce_rules, MOTE_REDUCE_SUM};
const mote_op mote_op_reduce_mean = {"reduce_mean", &reduce_rules, MOTE_REDUCE_MEAN};
const mote_op mote_op_reduce_prod = {"reduce_prod", &reduce_rules, MOTE_REDUCE_PROD};
const mote_op mote_op_reduce_max = {"reduce_max", &reduce_rules, MOTE_REDUCE_MAX};
const mote_op mote_op_reduce_min = {"reduce_min", &reduce_rules, MOTE_REDUCE_MIN};
const mote_op mote_op_reduce_any = {"reduce_any", &reduce_rules, MOTE_REDUCE_ANY};
const mote_op mote_op_reduce_all = {"reduce_all", &reduce_rules, MOTE_REDUCE_ALL};

// ------------------------------------------------------------------------------------------------ extremes

static mote_status arg_axis(const mote_opctx *c, int32_t *axis) {
  int64_t a = ((const mote_arg_attr *)c->attr)->axis;
  if (mote_has(c, 1))
    MOTE_TRY(mote_int_of(c, 1, &a));
  return mote_axis_of(c, a, c->in[0]->rank, axis);
}
static mote_status arg_infer(mote_opctx *c) {
  const mote_arg_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  int32_t axis, rank = 0;
  int64_t dim[MOTE_MAX_RANK];
  if (mote_has(c, 1) && mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(arg_axis(c, &axis));
  if (in->rank == 0 || in->dim[axis] == 0 || mote_dtype_size(in->dtype) == 0 || in->dtype == MOTE_STRING)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "no elements to choose from");
  for (int32_t i = 0; i < in->rank; i++)
    if (i != axis || a->keep_dims)
      dim[rank++] = i == axis ? 1 : in->dim[i];
  mote_out(c, 0, a->dtype == MOTE_I32 ? MOTE_I32 : MOTE_I64, rank, dim);
  return MOTE_OK;
}
static mote_status arg_eval(mote_opctx *c) {
  const mote_arg_attr *a = c->attr;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  mote_dtype d = mote_code_type(in->dtype);
  int32_t axis;
  MOTE_TRY(arg_axis(c, &axis));
  int64_t inner = mote_dims_product(in, axis + 1, in->rank), n = in->dim[axis], total = mote_tensor_numel(out);
  for (int64_t i = 0; i < total; i++) {
    int64_t base = i / inner * n * inner + i % inner, best = 0;
    double top = mote_load_f64(in->data, d, base);
    for (int64_t k = 1; k < n && top == top; k++) {
      double v = mote_load_f64(in->data, d, base + k * inner);
      if (v != v || (a->min ? v < top : v > top)) {
        top = v;
        best = k;
      }
    }
    mote_store_i64(out->data, out->dtype, i, best);
  }
  return MOTE_OK;
}
static const mote_attr_field arg_fields[] = {
    MOTE_ATTR(mote_arg_attr, min, MOTE_ATTR_BOOL, 0), MOTE_ATTR(mote_arg_attr, axis, MOTE_ATTR_INT, 0),
    MOTE_ATTR(mote_arg_attr, dtype, MOTE_ATTR_DTYPE, MOTE_I64), MOTE_ATTR(mote_arg_attr, keep_dims, MOTE_ATTR_BOOL, 0)};
static const mote_op_rules arg_rules = {.min_in = 1,
                                        .max_in = 2,
                                        .n_out = 1,
                                        .attr_size = sizeof(mote_arg_attr),
                                        MOTE_FIELDS(arg_fields),
                                        .infer = arg_infer,
                                        .eval = arg_eval};
const mote_op mote_op_argmax = {"argmax", &arg_rules, 0};
const mote_op mote_op_argmin = {"argmin", &arg_rules, 1};

// ------------------------------------------------------------------------------------------------ running sums

typedef struct cumsum_attr {
  bool exclusive, reverse;
} cumsum_attr;

static mote_status cumsum_infer(mote_opctx *c) {
  int64_t axis;
  int32_t at;
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_int_of(c, 1, &axis));
  MOTE_TRY(mote_axis_of(c, axis, c->in[0]->rank, &at));
  if (c->in[0]->rank == 0 || (!mote_dtype_is_float(c->in[0]->dtype) && !mote_dtype_is_int(c->in[0]->dtype)))
    return mote_bad_dtype(c, 0);
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}
static mote_status cumsum_eval(mote_opctx *c) {
  const cumsum_attr *a = c->attr;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  int64_t axis;
  int32_t at;
  MOTE_TRY(mote_int_of(c, 1, &axis));
  MOTE_TRY(mote_axis_of(c, axis, in->rank, &at));
  int64_t inner = mote_dims_product(in, at + 1, in->rank), n = in->dim[at],
          lines = n > 0 ? mote_tensor_numel(in) / n : 0;
  bool real = mote_dtype_is_float(in->dtype);
  for (int64_t line = 0; line < lines; line++) {
    int64_t base = line / inner * n * inner + line % inner;
    float fsum = 0;
    uint64_t isum = 0;
    for (int64_t k = 0; k < n; k++) {
      int64_t i = base + (a->reverse ? n - 1 - k : k) * inner;
      float before = fsum;
      uint64_t ibefore = isum;
      if (real) {
        fsum += (float)mote_load_f64(in->data, in->dtype, i);
        mote_store_f64(out->data, out->dtype, i, a->exclusive ? before : fsum);
      } else {
        isum += (uint64_t)mote_load_i64(in->data, in->dtype, i);
        mote_store_i64(out->data, out->dtype, i, (int64_t)(a->exclusive ? ibefore : isum));
      }
    }
  }
  return MOTE_OK;
}
static const mote_attr_field cumsum_fields[] = {MOTE_ATTR(cumsum_attr, exclusive, MOTE_ATTR_BOOL, 0),
                                                MOTE_ATTR(cumsum_attr, reverse, MOTE_ATTR_BOOL, 0)};
const mote_op mote_op_cumsum = {"cumsum",
                                MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1, .attr_size = sizeof(cumsum_attr),
                                           MOTE_FIELDS(cumsum_fields), .infer = cumsum_infer, .eval = cumsum_eval)};

// ------------------------------------------------------------------------------------------------ rows of files

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(40, 3, "MEAN keep_dims:bool", mote_op_reduce_mean),
    MOTE_TFLITE_OP(56, 3, "ARG_MAX dtype:dtype", mote_op_argmax),
    MOTE_TFLITE_OP(74, 3, "SUM keep_dims:bool", mote_op_reduce_sum),
    MOTE_TFLITE_OP(79, 3, "ARG_MIN dtype:dtype", mote_op_argmin),
    MOTE_TFLITE_OP(81, 2, "REDUCE_PROD keep_dims:bool", mote_op_reduce_prod),
    MOTE_TFLITE_OP(82, 3, "REDUCE_MAX keep_dims:bool", mote_op_reduce_max),
    MOTE_TFLITE_OP(89, 3, "REDUCE_MIN keep_dims:bool", mote_op_reduce_min),
    MOTE_TFLITE_OP(91, 1, "REDUCE_ANY keep_dims:bool", mote_op_reduce_any),
    MOTE_TFLITE_OP(128, 1, "CUMSUM exclusive:bool reverse:bool", mote_op_cumsum),
    MOTE_TFLITE_OP(140, 1, "REDUCE_ALL keep_dims:bool", mote_op_reduce_all),
};
const mote_op_family mote_family_reduce = {MOTE_ROWS(tflite, tflite_rows)};
