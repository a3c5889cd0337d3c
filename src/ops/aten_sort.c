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
    {"_unique2 _unique", .lower = lower_unique},
    {"unique_dim", .lower = lower_unique_dim},
    {"unique_consecutive", .lower = lower_consecutive},
    {"unique_dim_consecutive", .lower = lower_consecutive_dim},
    {"searchsorted.Tensor .Scalar", .lower = lower_searchsorted},
    {"bucketize.Tensor .Scalar", .lower = lower_bucketize},
    {NULL},
};
const mote_op_family mote_family_aten_sort = {"aten_sort", NULL, rows};
