// PyTorch's operators that order, count and look up elements. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"

// ------------------------------------------------------------------------------------------------ keys and order

// A number whose order is the element's; NaN is the largest.
static int64_t key_of(const mote_tensor *t, int64_t i) {
  mote_dtype d = mote_code_type(t->dtype);
  if (d == MOTE_BOOL || mote_dtype_is_int(d))
    return mote_load_i64(t->data, d, i);
  double v = mote_load_f64(t->data, d, i) + 0.0;
  int64_t bits;
  if (v != v)
    return INT64_MAX;
  memcpy(&bits, &v, sizeof bits);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

typedef int compare_fn(const void *state, int64_t a, int64_t b);
// Stable merge sort of order[0..n); spare has n places.
static void sort_order(int64_t *order, int64_t *spare, int64_t n, compare_fn *cmp, const void *state) {
  for (int64_t i = 0; i < n; i++)
    order[i] = i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t from = 0; from < n; from += 2 * width) {
      int64_t a = from, mid = MOTE_MIN(from + width, n), b = mid, end = MOTE_MIN(from + 2 * width, n);
      for (int64_t k = from; k < end; k++)
        spare[k] = a < mid && (b >= end || cmp(state, order[a], order[b]) <= 0) ? order[a++] : order[b++];
    }
    memcpy(order, spare, (size_t)n * sizeof *order);
  }
}
static int rising(const void *state, int64_t a, int64_t b) {
  const int64_t *key = state;
  return (key[a] > key[b]) - (key[a] < key[b]);
}
static int falling(const void *state, int64_t a, int64_t b) { return rising(state, b, a); }
// Three numbers for each of n elements; NULL when short.
static int64_t *order_space(const mote_opctx *c, int64_t n) {
  return n > INT64_MAX / 3 ? NULL : mote_ref_alloc(c, 3 * n, sizeof(int64_t));
}

// ------------------------------------------------------------------------------------------------ along an axis

typedef enum order_kind { ORDER_FIRST, ORDER_KTH, ORDER_MEDIAN, ORDER_NAN_MEDIAN, ORDER_MODE } order_kind;
enum { O_AXIS, O_DOWN, O_COUNT }; // O_COUNT: results a line, or k of ORDER_KTH

static int64_t pick_mode(const int64_t *order, const int64_t *key, int64_t n) {
  int64_t best = 0, most = 0, run = 0;
  for (int64_t i = 0; i < n; i++) {
    run = i > 0 && key[order[i]] == key[order[i - 1]] ? run + 1 : 1;
    bool last = i + 1 == n || key[order[i + 1]] != key[order[i]];
    if (last && run > most)
      most = run, best = order[i];
  }
  return best;
}
static int64_t pick(const mote_ref_attr *a, const int64_t *order, const int64_t *key, int64_t n, bool real) {
  int64_t numbers = n;
  while (real && numbers > 0 && key[order[numbers - 1]] == INT64_MAX)
    numbers--;
  if (a->kind == ORDER_KTH)
    return order[a->n[O_COUNT] - 1];
  if (a->kind == ORDER_MODE)
    return pick_mode(order, key, n);
  if (a->kind == ORDER_MEDIAN && numbers < n)
    return order[numbers];
  return order[numbers > 0 ? (numbers - 1) / 2 : 0];
}
static mote_status order_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  mote_ref_axis s = mote_ref_axis_of(x, a->n[O_AXIS]);
  int64_t *key = order_space(c, s.n), *order = key != NULL ? key + s.n : NULL,
          count = a->kind == ORDER_FIRST ? a->n[O_COUNT] : 1;
  size_t size = mote_dtype_size(x->dtype);
  bool real = mote_dtype_is_float(x->dtype);
  if (key == NULL)
    return mote_fail_nomem(c->err);
  for (int64_t line = 0; s.n > 0 && line < s.outer * s.inner; line++) {
    int64_t base = line / s.inner * s.n * s.inner + line % s.inner,
            to = line / s.inner * count * s.inner + line % s.inner;
    for (int64_t i = 0; i < s.n; i++)
      key[i] = key_of(x, base + i * s.inner);
    sort_order(order, order + s.n, s.n, a->n[O_DOWN] ? falling : rising, key);
    for (int64_t i = 0; i < count; i++) {
      int64_t from = a->kind == ORDER_FIRST ? order[i] : pick(a, order, key, s.n, real);
      memcpy(mote_ref_at(o, to + i * s.inner), mote_ref_at(x, base + from * s.inner), size);
      ((int64_t *)c->out[1]->data)[to + i * s.inner] = from;
    }
  }
  mote_ref_free(c, key);
  return MOTE_OK;
}
MOTE_REF_OP(order_op, "aten_order", 1, 1, 2, 0, order_eval);

// The first k of each line; of other kinds one, whose dim stays with `keep`.
static void order(mote_low *w, mote_vid x, int64_t kind, int32_t axis, bool keep, int64_t k, bool down,
                  mote_vid out[2]) {
  const mote_tensor *t = mote_low_desc(w, x);
  mote_ref_attr a = mote_ref_attr_of(kind);
  int64_t dim[MOTE_MAX_RANK];
  int32_t rank = 0;
  for (int32_t i = 0; i < t->rank; i++)
    if (i != axis || keep || kind == ORDER_FIRST)
      dim[rank++] = i != axis ? t->dim[i] : kind == ORDER_FIRST ? k : 1;
  a.n[O_AXIS] = axis;
  a.n[O_DOWN] = down;
  a.n[O_COUNT] = k;
  if (mote_dtype_is_complex(t->dtype))
    mote_low_fail(w, MOTE_ERR_TYPE, "Sort does not support complex dtypes on CPU");
  mote_ref_shape(&a, 0, t->dtype, rank, dim);
  mote_ref_shape(&a, 1, MOTE_I64, rank, dim);
  mote_ref_emit(w, &order_op, &a, &x, 1, out);
}

static mote_status sorted(mote_lowering *l, bool values, bool indices) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t axis = mote_low_axis_arg(l, "dim", values && !indices ? 0 : -1, t->rank);
  order(l, x, ORDER_FIRST, axis, true, t->rank > 0 ? t->dim[axis] : 1, mote_lower_bool(l, "descending", false), out);
  if (values)
    mote_low_give(l, out[0]);
  if (indices)
    mote_low_give(l, out[1]);
  return l->st;
}
static mote_status lower_sort(mote_lowering *l) { return sorted(l, true, true); }
static mote_status lower_argsort(mote_lowering *l) { return sorted(l, false, true); }
static mote_status lower_msort(mote_lowering *l) { return sorted(l, true, false); }

static mote_status lower_topk(mote_lowering *l) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t axis = mote_low_axis_arg(l, "dim", -1, t->rank);
  int64_t k = mote_lower_int(l, "k", 1), n = t->rank > 0 ? t->dim[axis] : 1;
  if (k < 0 || k > n)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "selected index k out of range");
  order(l, x, ORDER_FIRST, axis, true, k, mote_lower_bool(l, "largest", true), out);
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}

static mote_status picked(mote_lowering *l, int64_t kind, const char *name) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t axis = mote_low_axis_arg(l, "dim", -1, t->rank);
  int64_t n = t->rank > 0 ? t->dim[axis] : 1, k = mote_lower_int(l, "k", 1);
  if (n == 0)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "%s(): Expected reduction dim %d to have non-zero size.", name, axis);
  if (kind == ORDER_KTH && (k < 1 || k > n))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "kthvalue(): selected number k out of range for dimension %d", axis);
  order(l, x, kind, axis, mote_lower_bool(l, "keepdim", false), k, false, out);
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}
static mote_status lower_kth(mote_lowering *l) { return picked(l, ORDER_KTH, "kthvalue"); }
static mote_status lower_mode(mote_lowering *l) { return picked(l, ORDER_MODE, "mode"); }
static mote_status lower_median_dim(mote_lowering *l) { return picked(l, ORDER_MEDIAN, "median"); }
static mote_status lower_nanmedian_dim(mote_lowering *l) { return picked(l, ORDER_NAN_MEDIAN, "nanmedian"); }
static mote_status median_of(mote_lowering *l, int64_t kind) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int64_t n = mote_tensor_numel(t);
  if (n == 0)
    return mote_low_done(l, mote_low_num(l, mote_dtype_is_float(t->dtype) ? (double)NAN : (double)INT64_MIN, t->dtype));
  order(l, mote_low_reshape(l, x, 1, &n), kind, 0, false, 1, false, out);
  return mote_low_done(l, out[0]);
}
static mote_status lower_median(mote_lowering *l) { return median_of(l, ORDER_MEDIAN); }
static mote_status lower_nanmedian(mote_lowering *l) { return median_of(l, ORDER_NAN_MEDIAN); }

// ------------------------------------------------------------------------------------------------ quantiles

enum { Q_LINEAR, Q_LOWER, Q_HIGHER, Q_MIDPOINT, Q_NEAREST };
static double quantile_at(const mote_tensor *x, int64_t base, int64_t step, const int64_t *order, int64_t n, double q,
                          int64_t mode) {
  double at = q * (double)(n - 1), low = floor(at), part = at - low;
  if (x->dtype == MOTE_F32) {
    float f = (float)q * (float)(n - 1);
    low = floorf(f);
    part = f - (float)low;
  }
  if (mode == Q_NEAREST)
    low = rint(low + part), part = 0;
  part = mode == Q_LOWER ? 0 : mode == Q_HIGHER ? part > 0 : mode == Q_MIDPOINT ? (part > 0 ? 0.5 : 0) : part;
  int64_t i = (int64_t)low, j = MOTE_MIN(i + 1, n - 1);
  double a = mote_ref_real(x, base + order[i] * step), b = mote_ref_real(x, base + order[j] * step);
  return part == 0 ? a : part < 0.5 ? a + part * (b - a) : b - (b - a) * (1 - part);
}
static mote_status quantile_eval(mote_opctx *c) { // n: axis, mode, skip NaN
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *q = c->in[1], *o = c->out[0];
  mote_ref_axis s = mote_ref_axis_of(x, a->n[0]);
  int64_t lines = s.outer * s.inner, n_q = mote_tensor_numel(q), *key = order_space(c, s.n),
          *at = key != NULL ? key + s.n : NULL;
  mote_status st = key == NULL ? mote_fail_nomem(c->err) : MOTE_OK;
  if (st == MOTE_OK && mote_tensor_numel(o) != n_q * lines)
    st = mote_op_fail(c, MOTE_ERR_SHAPE, "%lld quantiles of %lld lines do not fit the result", (long long)n_q,
                      (long long)lines);
  for (int64_t line = 0; st == MOTE_OK && line < lines; line++) {
    int64_t base = line / s.inner * s.n * s.inner + line % s.inner, n = s.n;
    for (int64_t i = 0; i < s.n; i++)
      key[i] = key_of(x, base + i * s.inner);
    sort_order(at, at + s.n, s.n, rising, key);
    while (n > 0 && key[at[n - 1]] == INT64_MAX)
      n--;
    for (int64_t k = 0; st == MOTE_OK && k < n_q; k++) {
      double p = mote_ref_real(q, k);
      if (!(p >= 0 && p <= 1))
        st = mote_op_fail(c, MOTE_ERR_DATA, "quantile() q values must be in the range [0, 1]");
      else
        mote_store_f64(o->data, o->dtype, k * lines + line,
                       n == 0 || (n < s.n && !a->n[2]) ? (double)NAN
                                                       : quantile_at(x, base, s.inner, at, n, p, a->n[1]));
    }
  }
  mote_ref_free(c, key);
  return st;
}
MOTE_REF_OP(quantile_op, "quantile", 2, 2, 1, MOTE_OP_CHECKS_DATA, quantile_eval);
static mote_status quantiles(mote_lowering *l, bool skip) {
  static const char *const modes[] = {"linear", "lower", "higher", "midpoint", "nearest"};
  mote_vid in[2] = {l->args[0].ref, l->args[1].ref};
  const mote_tensor *t = mote_low_desc(l, in[0]);
  mote_ref_attr a = mote_ref_attr_of(0);
  const char *mode = mote_low_str(l, "interpolation", "linear");
  int64_t n = mote_tensor_numel(t), dim[MOTE_MAX_RANK + 1];
  int32_t rank = 0, full = t->rank, axis = mote_low_axis_arg(l, "dim", 0, t->rank);
  bool all = !mote_low_given(l, "dim"), keep = mote_lower_bool(l, "keepdim", false);
  if (n == 0 || (t->dtype != MOTE_F32 && t->dtype != MOTE_F64))
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     n == 0 ? "quantile() input tensor must be non-empty"
                            : "quantile() input tensor must be either float or double dtype");
  if (l->args[1].kind != MOTE_ARG_SCALAR && mote_low_desc(l, in[1])->rank > 1)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "quantile() q must be a scalar or 1D tensor");
  while (a.n[1] < 5 && strcmp(modes[a.n[1]], mode) != 0)
    a.n[1]++;
  if (a.n[1] == 5)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT,
                     "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got %s",
                     mode);
  if (l->args[1].kind == MOTE_ARG_SCALAR)
    in[1] = mote_low_scalar(l, &l->args[1].scalar, MOTE_F64);
  else if (mote_low_desc(l, in[1])->rank == 1)
    dim[rank++] = mote_low_desc(l, in[1])->dim[0];
  t = mote_low_desc(l, in[0]);
  for (int32_t i = 0; i < full; i++) {
    bool gone = all || i == axis;
    if (!gone || keep)
      dim[rank++] = gone ? 1 : t->dim[i];
  }
  a.n[0] = all ? 0 : axis;
  a.n[2] = skip;
  mote_ref_shape(&a, 0, t->dtype, rank, dim);
  if (all)
    in[0] = mote_low_reshape(l, in[0], 1, &n);
  return mote_low_done(l, mote_ref_emit(l, &quantile_op, &a, in, 2, NULL));
}
static mote_status lower_quantile(mote_lowering *l) { return quantiles(l, false); }
static mote_status lower_nanquantile(mote_lowering *l) { return quantiles(l, true); }

// ------------------------------------------------------------------------------------------------ distinct

typedef struct rows_state {
  const mote_tensor *x;
  mote_ref_axis s;
} rows_state;
static int compare_rows(const void *state, int64_t a, int64_t b) {
  const rows_state *r = state;
  for (int64_t o = 0; o < r->s.outer; o++)
    for (int64_t i = 0; i < r->s.inner; i++) {
      int v = mote_ref_compare(r->x, (o * r->s.n + a) * r->s.inner + i, r->x, (o * r->s.n + b) * r->s.inner + i);
      if (v != 0)
        return v;
    }
  return 0;
}
static bool same_rows(const rows_state *r, int64_t a, int64_t b) { // NaN differs from itself
  int64_t i = a * r->s.inner;
  return compare_rows(r, a, b) == 0 &&
         (r->s.outer * r->s.inner != 1 || mote_ref_real(r->x, i) == mote_ref_real(r->x, i));
}

enum { U_AXIS, U_SORTED, U_INVERSE, U_COUNTS }; // U_AXIS -1: elements
static mote_status unique_results(mote_opctx *c, const rows_state *r, const int64_t *order, const int64_t *group,
                                  int64_t groups) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t dim[MOTE_MAX_RANK], none = 0, inverse = r->s.n;
  memcpy(dim, x->dim, sizeof dim);
  dim[a->n[U_AXIS] < 0 ? 0 : a->n[U_AXIS]] = groups;
  mote_out(c, 0, x->dtype, a->n[U_AXIS] < 0 ? 1 : x->rank, dim);
  bool flat = a->n[U_AXIS] < 0;
  if (a->n[U_INVERSE])
    mote_out(c, 1, MOTE_I64, flat ? x->rank : 1, flat ? x->dim : &inverse);
  else
    mote_out(c, 1, MOTE_I64, 1, &none);
  mote_out(c, 2, MOTE_I64, 1, a->n[U_COUNTS] ? &groups : &none);
  for (int32_t j = 0; j < 3; j++)
    MOTE_TRY(mote_op_output(c, j));
  size_t bytes = (size_t)r->s.inner * mote_dtype_size(x->dtype);
  int64_t *counts = a->n[U_COUNTS] ? c->out[2]->data : NULL, *to = a->n[U_INVERSE] ? c->out[1]->data : NULL;
  if (counts != NULL)
    memset(counts, 0, (size_t)groups * sizeof *counts);
  for (int64_t i = 0; i < r->s.n; i++) {
    if (counts != NULL)
      counts[group[i]]++;
    if (to != NULL)
      to[order[i]] = group[i];
    for (int64_t o = 0; (i == 0 || group[i] != group[i - 1]) && o < r->s.outer; o++)
      memcpy(mote_ref_at(c->out[0], (o * groups + group[i]) * r->s.inner),
             mote_ref_at(x, (o * r->s.n + order[i]) * r->s.inner), bytes);
  }
  return MOTE_OK;
}
static mote_status unique_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  rows_state r = {x, {1, mote_tensor_numel(x), 1}};
  if (a->n[U_AXIS] >= 0)
    r.s = mote_ref_axis_of(x, a->n[U_AXIS]);
  int64_t *order = order_space(c, r.s.n), *group = order != NULL ? order + r.s.n : NULL, groups = 0;
  if (order == NULL)
    return mote_fail_nomem(c->err);
  if (a->n[U_SORTED])
    sort_order(order, group, r.s.n, compare_rows, &r);
  for (int64_t i = 0; i < r.s.n; i++) {
    order[i] = a->n[U_SORTED] ? order[i] : i;
    groups += i == 0 || !same_rows(&r, order[i - 1], order[i]);
    group[i] = groups - 1;
  }
  mote_status st = unique_results(c, &r, order, group, groups);
  mote_ref_free(c, order);
  return st;
}
MOTE_REF_OP(unique_op, "aten_unique", 1, 1, 3, 0, unique_eval);
static mote_status unique(mote_lowering *l, bool sort, bool always) {
  mote_vid x = l->args[0].ref, out[3];
  const mote_tensor *t = mote_low_desc(l, x);
  mote_ref_attr a = mote_ref_attr_of(0);
  a.n[U_AXIS] = mote_low_given(l, "dim") && t->rank > 0 ? mote_low_axis_arg(l, "dim", 0, t->rank) : -1;
  a.n[U_SORTED] = sort;
  a.n[U_INVERSE] = always || mote_lower_bool(l, "return_inverse", false);
  a.n[U_COUNTS] = always || mote_lower_bool(l, "return_counts", false);
  for (int32_t j = 0; j < 3; j++) {
    a.out[j].rank = -1;
    a.out[j].dtype = (int32_t)(j == 0 ? t->dtype : MOTE_I64);
  }
  mote_ref_emit(l, &unique_op, &a, &x, 1, out);
  for (int32_t j = 0; j < 3; j++)
    mote_low_give(l, out[j]);
  return l->st;
}
static mote_status lower_unique(mote_lowering *l) { return unique(l, true, false); }
static mote_status lower_unique_dim(mote_lowering *l) { return unique(l, true, true); }
static mote_status lower_consecutive(mote_lowering *l) { return unique(l, false, false); }
static mote_status lower_consecutive_dim(mote_lowering *l) { return unique(l, false, true); }

// ------------------------------------------------------------------------------------------------ looking up

// inputs: sorted rows, values, order of the rows (optional); n[0]: after equal ones
static mote_status search_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *s = c->in[0], *v = c->in[1], *o = c->out[0];
  int64_t n = s->rank > 0 ? s->dim[s->rank - 1] : 1, total = mote_tensor_numel(v),
          each = s->rank > 1 ? v->dim[v->rank - 1] : total;
  for (int64_t i = 0; i < total; i++) {
    int64_t base = s->rank > 1 ? i / each * n : 0, low = 0, high = n;
    while (low < high) {
      int64_t mid = low + (high - low) / 2, at = mid;
      if (mote_has(c, 2)) {
        at = mote_load_i64(c->in[2]->data, MOTE_I64, base + mid);
        if (at < 0 || at >= n)
          return mote_op_fail(c, MOTE_ERR_DATA, "torch.searchsorted(): sorter index out of range");
      }
      int order = mote_ref_compare(s, base + at, v, i);
      if (a->n[0] ? order > 0 : order >= 0)
        high = mid;
      else
        low = mid + 1;
    }
    mote_store_i64(o->data, o->dtype, i, low);
  }
  return MOTE_OK;
}
MOTE_REF_OP(search_op, "searchsorted", 2, 3, 1, MOTE_OP_CHECKS_DATA, search_eval);
static mote_status search_in(mote_lowering *l, int32_t rows, int32_t values) {
  mote_vid in[3] = {l->args[rows].ref, l->args[values].ref, mote_low_tensor(l, "sorter")};
  mote_ref_attr a = mote_ref_attr_of(0);
  const char *side = mote_low_str(l, "side", NULL);
  if (l->args[values].kind == MOTE_ARG_SCALAR)
    in[1] = mote_low_scalar(l, &l->args[values].scalar, l->args[values].scalar.kind == 'f' ? MOTE_F64 : MOTE_I64);
  const mote_tensor *s = mote_low_desc(l, in[0]), *v = mote_low_desc(l, in[1]);
  bool fits =
      s->rank <= 1 || (s->rank == v->rank && memcmp(s->dim, v->dim, (size_t)(s->rank - 1) * sizeof *s->dim) == 0);
  if (!fits)
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
                     "boundaries tensor and input value tensor must match");
  if (in[2] >= 0 && (!mote_tensor_same_shape(s, mote_low_desc(l, in[2])) || mote_low_desc(l, in[2])->dtype != MOTE_I64))
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "torch.searchsorted(): boundary and sorter must have the same size, and the sorter be Long");
  a.n[0] = mote_lower_bool(l, "right", false) || (side != NULL && strcmp(side, "right") == 0);
  mote_ref_like(&a, 0, mote_lower_bool(l, "out_int32", false) ? MOTE_I32 : MOTE_I64, v);
  return mote_low_done(l, mote_ref_emit(l, &search_op, &a, in, in[2] < 0 ? 2 : 3, NULL));
}
static mote_status lower_searchsorted(mote_lowering *l) { return search_in(l, 0, 1); }
static mote_status lower_bucketize(mote_lowering *l) { return search_in(l, 1, 0); }

static mote_status isin_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  int64_t n = mote_tensor_numel(c->in[0]), m = mote_tensor_numel(c->in[1]);
  for (int64_t i = 0; i < n; i++) {
    bool in = false;
    for (int64_t k = 0; !in && k < m; k++) {
      mote_z x = mote_ref_get(c->in[0], i);
      in = x.re == x.re && mote_ref_compare(c->in[0], i, c->in[1], k) == 0;
    }
    ((uint8_t *)c->out[0]->data)[i] = in != (a->n[0] != 0);
  }
  return MOTE_OK;
}
MOTE_REF_OP(isin_op, "isin", 2, 2, 1, 0, isin_eval);
static mote_status lower_isin(mote_lowering *l) {
  mote_vid in[2];
  mote_ref_attr a = mote_ref_attr_of(0);
  for (int i = 0; i < 2; i++)
    in[i] = l->args[i].kind == MOTE_ARG_SCALAR
                ? mote_low_scalar(l, &l->args[i].scalar, l->args[i].scalar.kind == 'f' ? MOTE_F64 : MOTE_I64)
                : l->args[i].ref;
  a.n[0] = mote_lower_bool(l, "invert", false);
  mote_ref_like(&a, 0, MOTE_BOOL, mote_low_desc(l, in[0]));
  return mote_low_done(l, mote_ref_emit(l, &isin_op, &a, in, 2, NULL));
}

// ------------------------------------------------------------------------------------------------ counting

static mote_status bincount_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t n = x->dim[0], top = a->n[0];
  for (int64_t i = 0; i < n; i++) {
    int64_t v = mote_load_i64(x->data, x->dtype, i);
    if (v < 0)
      return mote_op_fail(c, MOTE_ERR_DATA, "bincount only supports 1-d non-negative integral inputs.");
    if (v == INT64_MAX)
      return mote_op_fail(c, MOTE_ERR_LIMIT, "maximum value of input overflowed");
    top = MOTE_MAX(top, v + 1);
  }
  mote_out(c, 0, (mote_dtype)a->out[0].dtype, 1, &top);
  MOTE_TRY(mote_op_output(c, 0));
  const mote_tensor *o = c->out[0];
  memset(o->data, 0, (size_t)top * mote_dtype_size(o->dtype));
  for (int64_t i = 0; i < n; i++) {
    int64_t v = mote_load_i64(x->data, x->dtype, i);
    if (mote_has(c, 1))
      mote_store_f64(o->data, o->dtype, v, mote_ref_real(o, v) + mote_ref_real(c->in[1], i));
    else
      ((int64_t *)o->data)[v]++;
  }
  return MOTE_OK;
}
MOTE_REF_OP(bincount_op, "bincount", 1, 2, 1, MOTE_OP_CHECKS_DATA, bincount_eval);
static mote_status lower_bincount(mote_lowering *l) {
  mote_vid in[2] = {l->args[0].ref, mote_low_tensor(l, "weights")};
  const mote_tensor *t = mote_low_desc(l, in[0]), *u = mote_low_desc(l, in[1]);
  mote_ref_attr a = mote_ref_attr_of(0);
  a.n[0] = mote_lower_int(l, "minlength", 0);
  if (t->rank != 1 || !mote_dtype_is_int(t->dtype))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "bincount only supports 1-d non-negative integral inputs.");
  if (a.n[0] < 0)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "minlength should be >= 0");
  if (in[1] >= 0 && (u->rank != 1 || u->dim[0] != t->dim[0] || mote_dtype_is_complex(u->dtype)))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "weights should be 1-d and have the same length as input");
  a.out[0].rank = -1;
  a.out[0].dtype = (int32_t)(in[1] < 0 ? MOTE_I64 : u->dtype == MOTE_F32 ? MOTE_F32 : MOTE_F64);
  return mote_low_done(l, mote_ref_emit(l, &bincount_op, &a, in, in[1] < 0 ? 1 : 2, NULL));
}

// n[0]: 1: the edges are input 1. f: low, high; equal ones: of the data. Inputs: x, edges, weights (optional).
enum { H_EDGES, H_DENSITY, H_WEIGHTS };
static mote_status data_range(const mote_opctx *c, double *low, double *high) {
  const mote_tensor *x = c->in[0];
  int64_t n = mote_tensor_numel(x);
  for (int64_t i = 0; *low == *high && n > 0 && i == 0;) {
    *low = HUGE_VAL, *high = -HUGE_VAL;
    for (; i < n; i++) {
      double v = mote_ref_real(x, i);
      *low = v < *low || v != v ? v : *low;
      *high = v > *high || v != v ? v : *high;
    }
  }
  if (*low == *high)
    *low -= n > 0 || c->n_out == 1 ? 1 : 0, *high += 1;
  if (!isfinite(*low) || !isfinite(*high) || !isfinite(*high - *low))
    return mote_op_fail(c, MOTE_ERR_DATA, "range of [%g, %g] is not finite", *low, *high);
  return *low < *high ? MOTE_OK : mote_op_fail(c, MOTE_ERR_DATA, "max must be larger than min");
}
static int64_t bin_of(const double *edge, int64_t bins, double v) { // -1: outside
  int64_t low = 0, high = bins;
  if (!(v >= edge[0] && v <= edge[bins]))
    return -1;
  while (high - low > 1) {
    int64_t mid = low + (high - low) / 2;
    *(edge[mid] <= v ? &low : &high) = mid;
  }
  return low;
}
static mote_status histogram_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int64_t bins = o->dim[0], n = mote_tensor_numel(x);
  double low = a->f[0], high = a->f[1], sum = 0, *edge, *count;
  if (!a->n[H_EDGES])
    MOTE_TRY(data_range(c, &low, &high));
  edge = mote_ref_alloc(c, 2 * bins + 1, sizeof *edge);
  if (edge == NULL)
    return mote_fail_nomem(c->err);
  count = edge + bins + 1;
  for (int64_t i = 0; i <= bins; i++)
    edge[i] = a->n[H_EDGES] ? mote_ref_real(c->in[1], i)
              : i == bins   ? high
                            : low + (high - low) * (double)i / (double)bins;
  for (int64_t i = 0; i < n; i++) {
    double v = mote_ref_real(x, i);
    int64_t b = bin_of(edge, bins, v);
    if (!a->n[H_EDGES] && b >= 0) // evenly spaced: by arithmetic
      b = MOTE_MIN((int64_t)((v - low) / (high - low) * (double)bins), bins - 1);
    if (b >= 0)
      count[b] += a->n[H_WEIGHTS] ? mote_ref_real(c->in[2], i) : 1;
  }
  for (int64_t b = 0; b < bins; b++)
    sum += count[b];
  for (int64_t b = 0; b < bins; b++)
    mote_store_f64(o->data, o->dtype, b, a->n[H_DENSITY] ? count[b] / sum / (edge[b + 1] - edge[b]) : count[b]);
  for (int64_t b = 0; c->n_out > 1 && b <= bins; b++)
    mote_store_f64(c->out[1]->data, c->out[1]->dtype, b, edge[b]);
  mote_ref_free(c, edge);
  return MOTE_OK;
}
MOTE_REF_OP(histc_op, "histc", 1, 1, 1, MOTE_OP_CHECKS_DATA, histogram_eval);
MOTE_REF_OP(histogram_op, "histogram", 1, 3, 2, MOTE_OP_CHECKS_DATA, histogram_eval);
static mote_status lower_histc(mote_lowering *l) {
  mote_ref_attr a = mote_ref_attr_of(0);
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  int64_t bins = mote_lower_int(l, "bins", 100);
  a.f[0] = mote_lower_float(l, "min", 0);
  a.f[1] = mote_lower_float(l, "max", 0);
  if (bins < 1)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "torch.histc(): bins must be > 0, but got %lld", (long long)bins);
  if (a.f[0] > a.f[1])
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "torch.histc: max must be larger than min");
  mote_ref_shape(&a, 0, t->dtype, 1, &bins);
  return mote_low_done(l, mote_ref_emit(l, &histc_op, &a, &l->args[0].ref, 1, NULL));
}
static mote_status lower_histogram(mote_lowering *l) {
  mote_ref_attr a = mote_ref_attr_of(0);
  const mote_arg *range = mote_lower_arg(l, "range");
  mote_vid in[3] = {l->args[0].ref, -1, mote_low_tensor(l, "weight")}, out[2];
  mote_dtype d = mote_low_desc(l, in[0])->dtype;
  bool edges = l->args[1].kind == MOTE_ARG_TENSOR;
  int64_t bins = edges ? mote_tensor_numel(mote_low_desc(l, l->args[1].ref)) - 1 : l->args[1].scalar.i, n = bins + 1;
  if (bins < 1 || bins > INT32_MAX || (edges && mote_low_desc(l, l->args[1].ref)->rank != 1))
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "torch.histogram(): bins must be > 0 and its edges of one dim");
  if (in[2] >= 0 && mote_tensor_numel(mote_low_desc(l, in[2])) != mote_tensor_numel(mote_low_desc(l, in[0])))
    return mote_fail(
        l->err, MOTE_ERR_SHAPE,
        "torch.histogramdd(): if weight tensor is provided it should have the same shape as the input tensor");
  in[1] = edges ? l->args[1].ref : -1;
  for (int i = 0; range != NULL && range->kind == MOTE_ARG_FLOATS && range->floats.count == 2 && i < 2; i++)
    a.f[i] = range->floats.at[i];
  a.n[H_EDGES] = edges;
  a.n[H_DENSITY] = mote_lower_bool(l, "density", false);
  a.n[H_WEIGHTS] = in[2] >= 0;
  mote_ref_shape(&a, 0, d, 1, &bins);
  mote_ref_shape(&a, 1, d, 1, &n);
  mote_ref_emit(l, &histogram_op, &a, in, 3, out);
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}

// ------------------------------------------------------------------------------------------------ one hot

static mote_status one_hot_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t n = mote_tensor_numel(x), classes = a->n[0], dim[MOTE_MAX_RANK];
  for (int64_t i = 0; i < n; i++) {
    int64_t v = ((const int64_t *)x->data)[i];
    if (v < 0 || (a->n[0] >= 0 && v >= a->n[0]))
      return mote_op_fail(c, MOTE_ERR_DATA,
                          v < 0 ? "Class values must be non-negative."
                                : "Class values must be smaller than num_classes.");
    classes = MOTE_MAX(classes, v == INT64_MAX ? v : v + 1);
  }
  memcpy(dim, x->dim, sizeof dim);
  dim[x->rank] = classes;
  mote_out(c, 0, MOTE_I64, x->rank + 1, dim);
  MOTE_TRY(mote_op_output(c, 0));
  memset(c->out[0]->data, 0, (size_t)(n * classes) * sizeof(int64_t));
  for (int64_t i = 0; i < n; i++)
    ((int64_t *)c->out[0]->data)[i * classes + ((const int64_t *)x->data)[i]] = 1;
  return MOTE_OK;
}
MOTE_REF_OP(one_hot_op, "aten_one_hot", 1, 1, 1, MOTE_OP_CHECKS_DATA, one_hot_eval);
static mote_status lower_one_hot(mote_lowering *l) {
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  mote_ref_attr a = mote_ref_attr_of(0);
  a.n[0] = mote_lower_int(l, "num_classes", -1);
  if (t->dtype != MOTE_I64 || t->rank >= MOTE_MAX_RANK)
    return mote_fail(l->err, MOTE_ERR_TYPE, "one_hot is only applicable to index tensor of type LongTensor.");
  a.out[0].dtype = MOTE_I64;
  a.out[0].rank = -1;
  return mote_low_done(l, mote_ref_emit(l, &one_hot_op, &a, &l->args[0].ref, 1, NULL));
}

static const mote_torch_row rows[] = {
    {"sort .stable", .lower = lower_sort},
    {"argsort .stable", .lower = lower_argsort},
    {"msort", .lower = lower_msort},
    {"topk", .lower = lower_topk},
    {"kthvalue", .lower = lower_kth},
    {"mode", .lower = lower_mode},
    {"median", .lower = lower_median},
    {"median.dim", .lower = lower_median_dim},
    {"nanmedian", .lower = lower_nanmedian},
    {"nanmedian.dim", .lower = lower_nanmedian_dim},
    {"quantile .scalar", .lower = lower_quantile},
    {"nanquantile .scalar", .lower = lower_nanquantile},
    {"_unique2 _unique", .lower = lower_unique},
    {"unique_dim", .lower = lower_unique_dim},
    {"unique_consecutive", .lower = lower_consecutive},
    {"unique_dim_consecutive", .lower = lower_consecutive_dim},
    {"searchsorted.Tensor .Scalar", .lower = lower_searchsorted},
    {"bucketize.Tensor .Scalar", .lower = lower_bucketize},
    {"isin.Tensor_Tensor .Tensor_Scalar .Scalar_Tensor", .lower = lower_isin},
    {"bincount", .lower = lower_bincount},
    {"histc", .lower = lower_histc},
    {"histogram.bin_ct .bins_tensor", .lower = lower_histogram},
    {"one_hot", .lower = lower_one_hot},
    {NULL},
};
const mote_op_family mote_family_aten_sort = {"aten_sort", NULL, rows};
