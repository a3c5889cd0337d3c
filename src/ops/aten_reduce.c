// PyTorch's reductions and scans that the shared ones do not give: one reduction operator in float64 (sums of any type,
// variance, norms, logarithmic sums, extremes with positions) and one scan operator. Plain float32 sums, means and
// extremes go to reduce.c. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"
#include "ops/binary.h"
#include "ops/reduce.h"

typedef enum kind {
  K_SUM,
  K_MEAN,
  K_PROD,
  K_MAX,
  K_MIN,
  K_ANY,
  K_ALL,
  K_VAR, // p: correction
  K_STD,
  K_NORM, // p: exponent
  K_NANSUM,
  K_NANMEAN,
  K_COUNT_NONZERO,
} kind;

typedef struct red_attr {
  int64_t kind;
  mote_ints axes; // count -1: all
  bool keep;
  int32_t dtype; // of the result
  double p;
} red_attr;

// ------------------------------------------------------------------------------------------------ over sets of axes

static mote_status axes_of(const mote_opctx *c, bool reduced[MOTE_MAX_RANK]) {
  const red_attr *a = c->attr;
  int32_t rank = c->in[0]->rank, axis;
  for (int32_t i = 0; i < MOTE_MAX_RANK; i++)
    reduced[i] = a->axes.count < 0;
  for (int32_t i = 0; i < a->axes.count; i++) {
    MOTE_TRY(mote_axis_of(c, a->axes.at[i], rank, &axis));
    if (rank > 0 && reduced[axis])
      return mote_op_fail(c, MOTE_ERR_ARGUMENT, "dim %d appears multiple times in the list of dims", axis);
    reduced[axis] = true;
  }
  return MOTE_OK;
}

static mote_status red_infer(mote_opctx *c) {
  const red_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  bool reduced[MOTE_MAX_RANK], empty = false;
  int64_t dim[MOTE_MAX_RANK];
  int32_t rank = 0;
  MOTE_TRY(axes_of(c, reduced));
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING)
    return mote_bad_dtype(c, 0);
  for (int32_t i = 0; i < x->rank; i++) {
    empty = empty || (reduced[i] && x->dim[i] == 0);
    if (!reduced[i] || a->keep)
      dim[rank++] = reduced[i] ? 1 : x->dim[i];
  }
  if (empty && (a->kind == K_MAX || a->kind == K_MIN))
    return mote_op_fail(c, MOTE_ERR_SHAPE,
                        "Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
                        "the 'dim' argument.");
  mote_out(c, 0, a->dtype != MOTE_NONE ? (mote_dtype)a->dtype : x->dtype, rank, dim);
  if (a->kind == K_MAX || a->kind == K_MIN)
    c->out[0]->quant = x->quant;
  return MOTE_OK;
}

typedef struct sums {
  double a, b, top; // running value; second moment or imaginary part; the mean's imaginary part
  uint64_t whole;
  int64_t n;
} sums;

static void start(const red_attr *at, sums *s, bool integral) {
  memset(s, 0, sizeof *s);
  s->a = at->kind == K_PROD ? 1 : at->kind == K_MAX ? -HUGE_VAL : at->kind == K_MIN ? HUGE_VAL : 0;
  if (at->kind == K_NORM && at->p == -HUGE_VAL)
    s->a = HUGE_VAL;
  if (integral)
    s->whole = at->kind == K_PROD || at->kind == K_ALL ? 1
               : at->kind == K_MAX                     ? (uint64_t)INT64_MIN
               : at->kind == K_MIN                     ? (uint64_t)INT64_MAX
                                                       : 0;
}

static void add_real(const red_attr *at, sums *s, double v) {
  double d;
  s->n++;
  switch (at->kind) {
  case K_PROD:
    s->a *= v;
    break;
  case K_MAX:
    s->a = v > s->a || v != v ? v : s->a;
    break;
  case K_MIN:
    s->a = v < s->a || v != v ? v : s->a;
    break;
  case K_ANY:
  case K_COUNT_NONZERO:
    s->whole += v != 0;
    break;
  case K_ALL:
    s->whole = s->whole && v != 0;
    break;
  case K_VAR:
  case K_STD: // Welford
    d = v - s->a;
    s->a += d / (double)s->n;
    s->b += d * (v - s->a);
    break;
  case K_NORM:
    v = fabs(v);
    s->a = at->p == HUGE_VAL    ? (v > s->a || v != v ? v : s->a)
           : at->p == -HUGE_VAL ? (v < s->a || v != v ? v : s->a)
           : at->p == 0         ? s->a + (v != 0)
           : at->p == 1         ? s->a + v
           : at->p == 2         ? s->a + v * v
                                : s->a + pow(v, at->p);
    break;
  case K_NANSUM:
  case K_NANMEAN:
    s->n -= v != v;
    s->a += v != v ? 0 : v;
    break;
  default:
    s->a += v;
    break;
  }
}
static void add_whole(const red_attr *at, sums *s, int64_t v) {
  s->n++;
  switch (at->kind) {
  case K_PROD:
    s->whole *= (uint64_t)v;
    break;
  case K_MAX:
    s->whole = v > (int64_t)s->whole ? (uint64_t)v : s->whole;
    break;
  case K_MIN:
    s->whole = v < (int64_t)s->whole ? (uint64_t)v : s->whole;
    break;
  case K_ANY:
  case K_COUNT_NONZERO:
    s->whole += v != 0;
    break;
  case K_ALL:
    s->whole = s->whole && v != 0;
    break;
  default:
    s->whole += (uint64_t)v;
    break;
  }
}

static void add_complex(const red_attr *at, sums *s, mote_z v) {
  mote_z acc = {s->a, s->b};
  bool sum = at->kind == K_SUM || at->kind == K_MEAN, truth = at->kind >= K_ANY && at->kind <= K_ALL;
  if (at->kind == K_VAR || at->kind == K_STD) { // `top`: the mean's imaginary part
    double re = v.re - s->a, im = v.im - s->top;
    s->n++;
    s->a += re / (double)s->n;
    s->top += im / (double)s->n;
    s->b += re * (v.re - s->a) + im * (v.im - s->top);
    return;
  }
  if (!sum && at->kind != K_PROD) {
    add_real(at, s, truth || at->kind == K_COUNT_NONZERO ? v.re != 0 || v.im != 0 : mote_z_abs(v));
    return;
  }
  acc = sum ? mote_z_add(acc, v) : mote_z_mul(acc, v);
  s->a = acc.re;
  s->b = acc.im;
  s->n++;
}

static double finish(const red_attr *at, const sums *s) {
  double v;
  switch (at->kind) {
  case K_MEAN:
  case K_NANMEAN:
    return s->a / (double)s->n;
  case K_VAR:
  case K_STD:
    v = s->n == 0 ? NAN : (double)s->n - at->p;
    v = v <= 0 ? (s->b == 0 ? NAN : HUGE_VAL) : s->b / v;
    return at->kind == K_STD ? sqrt(v) : v;
  case K_NORM:
    return at->p == 2 ? sqrt(s->a) : at->p == 0 || at->p == 1 || isinf(at->p) ? s->a : pow(s->a, 1 / at->p);
  default:
    return s->a;
  }
}

static void red_one(const mote_opctx *c, const mote_iter *it, int64_t base, int64_t at) {
  const red_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  bool complex = mote_dtype_is_complex(x->dtype),
       count = a->kind == K_ANY || a->kind == K_ALL || a->kind == K_COUNT_NONZERO;
  mote_dtype d = mote_code_type(x->dtype);
  bool integral =
      (mote_aten_is_integral(x->dtype) || mote_dtype_is_quantized(x->dtype)) && !mote_dtype_is_float(o->dtype);
  sums s;
  start(a, &s, integral || count);
  for (int64_t r = 0; r < it->rows; r++) {
    int64_t off[MOTE_ITER_OPERANDS];
    mote_iter_row(it, r, off);
    for (int64_t i = 0; i < it->inner; i++) {
      int64_t k = base + off[0] + i * it->inner_stride[0];
      if (complex)
        add_complex(a, &s, mote_ref_get(x, k));
      else if (integral)
        add_whole(a, &s, mote_load_i64(x->data, d, k));
      else
        add_real(a, &s, mote_load_f64(x->data, d, k));
    }
  }
  if (count)
    mote_store_i64(o->data, o->dtype, at, o->dtype == MOTE_BOOL ? s.whole != 0 : (int64_t)s.whole);
  else if (integral)
    mote_store_i64(o->data, mote_code_type(o->dtype), at, (int64_t)s.whole);
  else if (mote_dtype_is_complex(o->dtype) && a->kind == K_MEAN)
    mote_ref_put(o, at, (mote_z){s.a / (double)s.n, s.b / (double)s.n});
  else
    mote_ref_put(o, at, (mote_z){finish(a, &s), s.b});
}

static mote_status red_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  bool reduced[MOTE_MAX_RANK];
  int64_t dims[2][MOTE_MAX_RANK], strides[2][MOTE_MAX_RANK], one[1] = {1};
  int32_t n[2] = {0, 0};
  mote_iter it;
  MOTE_TRY(axes_of(c, reduced));
  for (int32_t i = 0; i < x->rank; i++) {
    int k = reduced[i];
    dims[k][n[k]] = x->dim[i];
    strides[k][n[k]++] = x->stride[i];
  }
  const int64_t *inner[1] = {n[1] > 0 ? strides[1] : one};
  mote_iter_init(&it, n[1], dims[1], 1, inner);
  int64_t total = mote_tensor_numel(c->out[0]);
  for (int64_t at = 0; at < total; at++) {
    int64_t base = 0, k = at;
    for (int32_t i = n[0] - 1; i >= 0; i--) {
      base += k % dims[0][i] * strides[0][i];
      k /= dims[0][i];
    }
    red_one(c, &it, base, at);
  }
  return MOTE_OK;
}
static const mote_attr_field red_fields[] = {
    MOTE_ATTR(red_attr, kind, MOTE_ATTR_INT, 0), MOTE_ATTR(red_attr, axes, MOTE_ATTR_INTS, -1),
    MOTE_ATTR(red_attr, keep, MOTE_ATTR_BOOL, 0), MOTE_ATTR(red_attr, dtype, MOTE_ATTR_DTYPE, 0),
    MOTE_ATTR(red_attr, p, MOTE_ATTR_FLOAT, 0)};
static const mote_op red_op = {"aten_reduce",
                               MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 1, .max_in = 1, .n_out = 1,
                                          .attr_size = sizeof(red_attr), MOTE_FIELDS(red_fields), .infer = red_infer,
                                          .eval = red_eval)};

// ------------------------------------------------------------------------------------------------ lines along one axis

typedef enum line_kind { L_ARG_MAX, L_ARG_MIN, L_CUMSUM, L_CUMPROD, L_LOGCUMSUMEXP, L_CUMMAX, L_CUMMIN } line_kind;
typedef struct line_attr {
  int64_t kind, axis;
  bool keep;
  int32_t dtype;
} line_attr;

// extremes: values and positions; scans: one output, cummax and cummin two
static mote_status line_infer(mote_opctx *c) {
  const line_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int32_t axis, rank = 0;
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_axis_of(c, a->axis, x->rank, &axis));
  bool arg = a->kind <= L_ARG_MIN;
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING ||
      (mote_dtype_is_complex(x->dtype) && a->kind != L_CUMSUM && a->kind != L_CUMPROD))
    return mote_bad_dtype(c, 0);
  if (arg && x->rank > 0 && x->dim[axis] == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "Expected reduction dim %d to have non-zero size.", axis);
  for (int32_t i = 0; i < x->rank; i++)
    if (!arg || i != axis || a->keep)
      dim[rank++] = arg && i == axis ? 1 : x->dim[i];
  mote_out(c, 0, a->dtype != MOTE_NONE ? (mote_dtype)a->dtype : x->dtype, rank, dim);
  if (arg)
    c->out[0]->quant = x->quant;
  if (c->n_out > 1)
    mote_out(c, 1, MOTE_I64, rank, dim);
  return MOTE_OK;
}

// Element p comes after `best` in the search; NaN is beyond everything. Later equals win in running extremes.
static bool beats(int64_t kind, const mote_tensor *x, int64_t p, int64_t q) {
  mote_dtype d = mote_code_type(x->dtype);
  bool max = kind == L_ARG_MAX || kind == L_CUMMAX, run = kind >= L_CUMMAX;
  if (d == MOTE_I64) {
    int64_t v = mote_load_i64(x->data, d, p), best = mote_load_i64(x->data, d, q);
    return v == best ? run : (v > best) == max;
  }
  double v = mote_load_f64(x->data, d, p), best = mote_load_f64(x->data, d, q);
  if (v != v || best != best)
    return v != v && (best == best || run);
  return v == best ? run : (v > best) == max;
}

// The extreme and its place to `at`; running ones to where they stand.
static void extremes(const mote_opctx *c, int64_t base, int64_t step, int64_t n, int64_t at) {
  const line_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  bool run = a->kind >= L_CUMMAX;
  int64_t best = base, place = 0;
  for (int64_t k = 0; k < n; k++) {
    int64_t p = base + k * step;
    if (k > 0 && beats(a->kind, x, p, best))
      best = p, place = k;
    if (!run && k + 1 < n)
      continue;
    at = run ? p : at;
    memcpy(mote_ref_at(c->out[0], at), mote_ref_at(x, best), mote_dtype_size(x->dtype));
    if (c->n_out > 1)
      ((int64_t *)c->out[1]->data)[at] = place;
  }
}

static mote_z next_sum(int64_t kind, mote_z acc, mote_z v) {
  if (kind != L_LOGCUMSUMEXP)
    return kind == L_CUMPROD ? mote_z_mul(acc, v) : mote_z_add(acc, v);
  double top = fmax(acc.re, v.re);
  return mote_z_real(isinf(top) ? top : top + log1p(exp(-fabs(acc.re - v.re))));
}
static void running_sum(const mote_opctx *c, int64_t base, int64_t step, int64_t n) {
  int64_t kind = ((const line_attr *)c->attr)->kind;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  bool prod = kind == L_CUMPROD, integral = mote_aten_is_integral(o->dtype);
  mote_z acc = mote_z_real(prod ? 1 : kind == L_LOGCUMSUMEXP ? -HUGE_VAL : 0);
  uint64_t whole = prod;
  for (int64_t k = 0; k < n; k++, base += step) {
    if (integral) {
      uint64_t v = (uint64_t)mote_load_i64(x->data, x->dtype, base);
      whole = prod ? whole * v : whole + v;
      mote_store_i64(o->data, o->dtype, base, (int64_t)whole);
    } else {
      acc = next_sum(kind, acc, mote_ref_get(x, base));
      mote_ref_put(o, base, acc);
    }
  }
}

static mote_status line_eval(mote_opctx *c) {
  const line_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int32_t axis;
  MOTE_TRY(mote_axis_of(c, a->axis, x->rank, &axis));
  int64_t n = x->rank > 0 ? x->dim[axis] : 1, inner = mote_dims_product(x, axis + 1, x->rank),
          total = mote_tensor_numel(x);
  for (int64_t i = 0; n > 0 && i < total / n; i++) {
    int64_t base = i / inner * n * inner + i % inner;
    if (a->kind == L_CUMSUM || a->kind == L_CUMPROD || a->kind == L_LOGCUMSUMEXP)
      running_sum(c, base, inner, n);
    else
      extremes(c, base, inner, n, i);
  }
  return MOTE_OK;
}
static const mote_attr_field line_fields[] = {
    MOTE_ATTR(line_attr, kind, MOTE_ATTR_INT, 0), MOTE_ATTR(line_attr, axis, MOTE_ATTR_INT, 0),
    MOTE_ATTR(line_attr, keep, MOTE_ATTR_BOOL, 0), MOTE_ATTR(line_attr, dtype, MOTE_ATTR_DTYPE, 0)};
static const mote_op line1_op = {"aten_line",
                                 MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(line_attr),
                                            MOTE_FIELDS(line_fields), .infer = line_infer, .eval = line_eval)};
static const mote_op line2_op = {"aten_line2",
                                 MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 2, .attr_size = sizeof(line_attr),
                                            MOTE_FIELDS(line_fields), .infer = line_infer, .eval = line_eval)};

// ------------------------------------------------------------------------------------------------ lowering

static void axes_arg(mote_low *w, int32_t rank, red_attr *a) {
  const mote_arg *dim = mote_lower_arg(w, "dim");
  a->axes.count = -1;
  if (dim == NULL || dim->kind == MOTE_ARG_NONE)
    return;
  if (dim->kind == MOTE_ARG_SCALAR) {
    a->axes = (mote_ints){1, {dim->scalar.i}};
  } else if (dim->kind == MOTE_ARG_INTS) {
    a->axes = dim->ints;
    a->axes.count = dim->count > 0 ? dim->count : -1;
  }
  for (int32_t i = 0; i < a->axes.count; i++)
    a->axes.at[i] = mote_low_axis(w, a->axes.at[i], rank);
}

// float32 on the vector kernels where there is one.
static mote_vid reduce(mote_low *w, mote_vid x, red_attr *a) {
  const mote_tensor *t = mote_low_desc(w, x);
  static const mote_op *const fast[] = {[K_SUM] = &mote_op_reduce_sum,
                                        [K_MEAN] = &mote_op_reduce_mean,
                                        [K_MAX] = &mote_op_reduce_max,
                                        [K_MIN] = &mote_op_reduce_min};
  bool plain =
      t->dtype == MOTE_F32 && (a->dtype == MOTE_NONE || a->dtype == MOTE_F32) && a->kind <= K_MIN && a->kind != K_PROD;
  if (plain && mote_tensor_numel(t) > 0 && t->rank > 0)
    return mote_low_reduce(w, fast[a->kind], x, a->axes.at, MOTE_MAX(a->axes.count, 0), a->keep);
  return mote_low_emit(w, &red_op, a, &x, 1);
}

mote_vid mote_aten_sum(mote_low *w, mote_vid v, const int64_t *axes, int32_t n, bool keep) {
  red_attr a = {.kind = K_SUM, .keep = keep, .axes = {n > 0 ? n : -1, {0}}};
  for (int32_t i = 0; i < n; i++)
    a.axes.at[i] = axes[i];
  return reduce(w, v, &a);
}

static mote_status lower_kind(mote_lowering *l, int64_t kind, bool widen) {
  red_attr a = {.kind = kind, .keep = mote_lower_bool(l, "keepdim", false)};
  mote_vid x = l->args[0].ref;
  const mote_tensor *t = mote_low_desc(l, x);
  mote_dtype want = mote_low_dtype(l, widen ? mote_aten_sum_type(t->dtype) : t->dtype);
  axes_arg(l, t->rank, &a);
  bool floats = kind == K_MEAN || kind == K_VAR || kind == K_STD;
  if (floats && mote_aten_is_integral(want))
    mote_low_fail(
        l, MOTE_ERR_TYPE,
        "%s(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: %s",
        kind == K_MEAN  ? "mean"
        : kind == K_VAR ? "var"
                        : "std",
        mote_aten_type_name(want));
  if ((kind == K_MAX || kind == K_MIN) && mote_dtype_is_complex(t->dtype))
    mote_low_fail(l, MOTE_ERR_TYPE, "max, min: does not support complex input");
  x = mote_low_cast(l, x, want);
  a.dtype = (int32_t)want;
  if (kind == K_MAX || kind == K_MIN)
    a.dtype = MOTE_NONE;
  return mote_low_done(l, reduce(l, x, &a));
}
static mote_status lower_sum(mote_lowering *l) { return lower_kind(l, K_SUM, true); }
static mote_status lower_nansum(mote_lowering *l) { return lower_kind(l, K_NANSUM, true); }
static mote_status lower_nanmean(mote_lowering *l) { return lower_kind(l, K_NANMEAN, false); }
static mote_status lower_prod(mote_lowering *l) { return lower_kind(l, K_PROD, true); }
static mote_status lower_mean(mote_lowering *l) { return lower_kind(l, K_MEAN, false); }
static mote_status lower_amax(mote_lowering *l) { return lower_kind(l, K_MAX, false); }
static mote_status lower_amin(mote_lowering *l) { return lower_kind(l, K_MIN, false); }

static mote_status lower_truth(mote_lowering *l, int64_t kind) {
  red_attr a = {.kind = kind, .keep = mote_lower_bool(l, "keepdim", false)};
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  axes_arg(l, t->rank, &a);
  a.dtype = kind == K_COUNT_NONZERO ? MOTE_I64 : t->dtype == MOTE_U8 ? MOTE_U8 : MOTE_BOOL;
  mote_vid v = mote_low_emit(l, &red_op, &a, &l->args[0].ref, 1);
  if (a.dtype == MOTE_U8 && kind == K_ANY)
    v = mote_low_cast(l, mote_low_2(l, &mote_op_not_equal, v, mote_low_num(l, 0, MOTE_U8)), MOTE_U8);
  return mote_low_done(l, v);
}
static mote_status lower_any(mote_lowering *l) { return lower_truth(l, K_ANY); }
static mote_status lower_all(mote_lowering *l) { return lower_truth(l, K_ALL); }
static mote_status lower_count(mote_lowering *l) { return lower_truth(l, K_COUNT_NONZERO); }

static mote_status spread(mote_lowering *l, int64_t kind) {
  red_attr a = {.kind = kind, .keep = mote_lower_bool(l, "keepdim", false)};
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  axes_arg(l, t->rank, &a);
  if (mote_aten_is_integral(t->dtype))
    mote_low_fail(l, MOTE_ERR_TYPE, "std and var only support floating point and complex dtypes");
  a.p = mote_lower_float(l, "correction", mote_lower_bool(l, "unbiased", true));
  a.dtype = (int32_t)mote_real_part(t->dtype);
  return mote_low_done(l, mote_low_emit(l, &red_op, &a, &l->args[0].ref, 1));
}
static mote_status lower_var(mote_lowering *l) { return spread(l, K_VAR); }
static mote_status lower_std(mote_lowering *l) { return spread(l, K_STD); }

static mote_status norm_of(mote_lowering *l, const char *ord, double def) {
  red_attr a = {.kind = K_NORM, .keep = mote_lower_bool(l, "keepdim", false)};
  mote_vid x = l->args[0].ref;
  mote_dtype d = mote_low_dtype(l, mote_low_desc(l, x)->dtype);
  const mote_arg *p = mote_lower_arg(l, ord);
  if (p != NULL && p->kind == MOTE_ARG_STR)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "norm of order %s", p->str);
  if (mote_aten_is_integral(d))
    mote_low_fail(l, MOTE_ERR_TYPE, "linalg.vector_norm: Expected a floating point or complex tensor as input. Got %s",
                  mote_aten_type_name(d));
  x = mote_low_cast(l, x, d);
  a.p = mote_lower_float(l, ord, def);
  a.dtype = (int32_t)mote_real_part(d);
  axes_arg(l, mote_low_desc(l, x)->rank, &a);
  return mote_low_done(l, mote_low_emit(l, &red_op, &a, &x, 1));
}
static mote_status lower_vector_norm(mote_lowering *l) { return norm_of(l, "ord", 2); }
static mote_status lower_norm(mote_lowering *l) { return norm_of(l, "p", 2); }

// ------------------------------------------------------------------------------------------------ extremes and scans

static mote_status line_of(mote_lowering *l, int64_t kind, const mote_op *op, bool only_index) {
  mote_vid x = l->args[0].ref, out[2] = {-1, -1};
  bool flat = mote_lower_arg(l, "dim") != NULL && !mote_low_given(l, "dim"),
       sum = kind == L_CUMSUM || kind == L_CUMPROD;
  int64_t all = mote_tensor_numel(mote_low_desc(l, x));
  int32_t rank = mote_low_desc(l, x)->rank;
  line_attr a = {.kind = kind, .keep = mote_lower_bool(l, "keepdim", false)};
  if (flat && all == 0)
    mote_low_fail(l, MOTE_ERR_SHAPE,
                  "argmax(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
                  "with the 'dim' argument.");
  if (flat)
    x = mote_low_reshape(l, x, 1, &all);
  else
    a.axis = mote_low_axis(l, mote_lower_int(l, "dim", 0), rank);
  if (sum)
    x = mote_low_cast(l, x, mote_low_dtype(l, mote_aten_sum_type(mote_low_desc(l, x)->dtype)));
  if (l->st == MOTE_OK)
    l->st = l->emit(l, op, &a, &x, 1, out, op->rules->n_out);
  if (flat && a.keep && l->st == MOTE_OK) {
    int64_t ones[MOTE_MAX_RANK];
    for (int32_t i = 0; i < rank; i++)
      ones[i] = 1;
    out[1] = mote_low_reshape(l, out[1], rank, ones);
  }
  for (int32_t j = only_index ? 1 : 0; j < op->rules->n_out; j++)
    mote_low_give(l, out[j]);
  return l->st;
}
static mote_status lower_argmax(mote_lowering *l) { return line_of(l, L_ARG_MAX, &line2_op, true); }
static mote_status lower_argmin(mote_lowering *l) { return line_of(l, L_ARG_MIN, &line2_op, true); }
static mote_status lower_max_dim(mote_lowering *l) { return line_of(l, L_ARG_MAX, &line2_op, false); }
static mote_status lower_min_dim(mote_lowering *l) { return line_of(l, L_ARG_MIN, &line2_op, false); }
static mote_status lower_cumsum(mote_lowering *l) { return line_of(l, L_CUMSUM, &line1_op, false); }
static mote_status lower_cumprod(mote_lowering *l) { return line_of(l, L_CUMPROD, &line1_op, false); }
static mote_status lower_cummax(mote_lowering *l) { return line_of(l, L_CUMMAX, &line2_op, false); }
static mote_status lower_cummin(mote_lowering *l) { return line_of(l, L_CUMMIN, &line2_op, false); }
static mote_status lower_logcumsumexp(mote_lowering *l) { return line_of(l, L_LOGCUMSUMEXP, &line1_op, false); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("sum .dim_IntList", lower_sum),
    MOTE_TORCH_LOWER("nansum", lower_nansum),
    MOTE_TORCH_LOWER("nanmean", lower_nanmean),
    MOTE_TORCH_LOWER("prod .dim_int", lower_prod),
    MOTE_TORCH_LOWER("mean .dim", lower_mean),
    MOTE_TORCH_LOWER("amax max", lower_amax),
    MOTE_TORCH_LOWER("amin min", lower_amin),
    MOTE_TORCH_LOWER("any .dim .dims", lower_any),
    MOTE_TORCH_LOWER("all .dim .dims", lower_all),
    MOTE_TORCH_LOWER("count_nonzero .dim_IntList", lower_count),
    MOTE_TORCH_LOWER("var .dim .correction", lower_var),
    MOTE_TORCH_LOWER("std .dim .correction", lower_std),
    MOTE_TORCH_LOWER("linalg_vector_norm", lower_vector_norm),
    MOTE_TORCH_LOWER("norm.Scalar .ScalarOpt_dim .ScalarOpt_dtype .ScalarOpt_dim_dtype frobenius_norm.dim", lower_norm),
    MOTE_TORCH_LOWER("argmax", lower_argmax),
    MOTE_TORCH_LOWER("argmin", lower_argmin),
    MOTE_TORCH_LOWER("max.dim", lower_max_dim),
    MOTE_TORCH_LOWER("min.dim", lower_min_dim),
    MOTE_TORCH_LOWER("cumsum", lower_cumsum),
    MOTE_TORCH_LOWER("cumprod", lower_cumprod),
    MOTE_TORCH_LOWER("cummax", lower_cummax),
    MOTE_TORCH_LOWER("cummin", lower_cummin),
    MOTE_TORCH_LOWER("logcumsumexp", lower_logcumsumexp),
};
const mote_op_family mote_family_aten_reduce = {MOTE_ROWS(torch, rows)};
