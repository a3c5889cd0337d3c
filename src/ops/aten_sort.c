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

// Stable merge sort of order[0..n) by their keys; spare has n places.
static void sort_order(int64_t *order, int64_t *spare, int64_t n, const int64_t *key, bool down) {
  for (int64_t i = 0; i < n; i++)
    order[i] = i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t from = 0; from < n; from += 2 * width) {
      int64_t a = from, mid = MOTE_MIN(from + width, n), b = mid, end = MOTE_MIN(from + 2 * width, n);
      for (int64_t k = from; k < end; k++) {
        bool first = a < mid && (b >= end || (down ? key[order[a]] >= key[order[b]] : key[order[a]] <= key[order[b]]));
        spare[k] = first ? order[a++] : order[b++];
      }
    }
    memcpy(order, spare, (size_t)n * sizeof *order);
  }
}

static void swap(int64_t *order, int64_t i, int64_t j) {
  int64_t t = order[i];
  order[i] = order[j];
  order[j] = t;
}
static void swap_if_more(int64_t *order, const int64_t *key, int64_t i, int64_t j) {
  if (key[order[i]] > key[order[j]])
    swap(order, i, j);
}
// Puts the element of rank k in its place by quickselect with PyTorch's pivots: of equal elements it decides which.
static void select_order(int64_t *order, int64_t n, int64_t k, const int64_t *key) {
  int64_t from = 0, to = n - 1;
  for (int64_t i = 0; i < n; i++)
    order[i] = i;
  while (to > from + 1) {
    int64_t i = from + 1, j = to;
    swap(order, from + (to - from) / 2, i);
    swap_if_more(order, key, i, to);
    swap_if_more(order, key, from, to);
    swap_if_more(order, key, i, from);
    for (int64_t pivot = key[order[from]];; swap(order, i, j)) {
      do
        i++;
      while (key[order[i]] < pivot);
      do
        j--;
      while (key[order[j]] > pivot);
      if (j < i)
        break;
    }
    swap(order, from, j);
    from = j <= k ? i : from;
    to = j >= k ? j - 1 : to;
  }
  if (to == from + 1)
    swap_if_more(order, key, from, to);
}

// ------------------------------------------------------------------------------------------------ along an axis

enum { O_AXIS, O_DOWN, O_COUNT, O_RANK }; // O_COUNT: results a line; O_RANK: 1 and up: that element alone

static mote_status order_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  mote_ref_axis s = mote_ref_axis_of(x, a->n[O_AXIS]);
  int64_t count = a->n[O_COUNT], *key = s.n > INT64_MAX / 3 ? NULL : mote_ref_alloc(c, 3 * s.n, sizeof *key);
  size_t size = mote_dtype_size(x->dtype);
  if (key == NULL)
    return mote_fail_nomem(c->err);
  for (int64_t line = 0; s.n > 0 && line < s.outer * s.inner; line++) {
    int64_t base = line / s.inner * s.n * s.inner + line % s.inner, *order = key + s.n,
            to = line / s.inner * count * s.inner + line % s.inner;
    for (int64_t i = 0; i < s.n; i++)
      key[i] = key_of(x, base + i * s.inner);
    if (a->n[O_RANK] > 0) {
      select_order(order, s.n, a->n[O_RANK] - 1, key);
      order[0] = order[a->n[O_RANK] - 1];
    } else {
      sort_order(order, order + s.n, s.n, key, a->n[O_DOWN] != 0);
    }
    for (int64_t i = 0; i < count; i++, to += s.inner) {
      memcpy(mote_ref_at(c->out[0], to), mote_ref_at(x, base + order[i] * s.inner), size);
      ((int64_t *)c->out[1]->data)[to] = order[i];
    }
  }
  mote_ref_free(c, key);
  return MOTE_OK;
}
MOTE_REF_OP(order_op, "aten_order", 1, 1, 2, 0, order_eval);

// The first k of each line.
static void order(mote_low *w, mote_vid x, int32_t axis, int64_t k, bool down, int64_t rank, mote_vid out[2]) {
  const mote_tensor *t = mote_low_desc(w, x);
  mote_ref_attr a = mote_ref_attr_of(0);
  a.n[O_AXIS] = axis;
  a.n[O_DOWN] = down;
  a.n[O_COUNT] = k;
  a.n[O_RANK] = rank;
  if (mote_dtype_is_complex(t->dtype))
    mote_low_fail(w, MOTE_ERR_TYPE, "Sort does not support complex dtypes on CPU");
  mote_ref_like(&a, 0, t->dtype, t);
  mote_ref_like(&a, 1, MOTE_I64, t);
  a.out[0].dim[axis] = a.out[1].dim[axis] = k;
  mote_ref_emit(w, &order_op, &a, &x, 1, out);
}

static mote_status sorted(mote_lowering *l, bool values) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t axis = mote_low_axis_arg(l, "dim", -1, t->rank);
  order(l, x, axis, t->rank > 0 ? t->dim[axis] : 1, mote_lower_bool(l, "descending", false), 0, out);
  if (values)
    mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}
static mote_status lower_sort(mote_lowering *l) { return sorted(l, true); }
static mote_status lower_argsort(mote_lowering *l) { return sorted(l, false); }

static mote_status lower_topk(mote_lowering *l) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t axis = mote_low_axis_arg(l, "dim", -1, t->rank);
  int64_t k = mote_lower_int(l, "k", 1);
  if (k < 0 || k > (t->rank > 0 ? t->dim[axis] : 1))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "selected index k out of range");
  order(l, x, axis, k, mote_lower_bool(l, "largest", true), 0, out);
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}

static mote_status lower_kth(mote_lowering *l) {
  mote_vid x = l->args[0].ref, out[2];
  const mote_tensor *t = mote_low_desc(l, x);
  int32_t axis = mote_low_axis_arg(l, "dim", -1, t->rank);
  int64_t k = mote_lower_int(l, "k", 1), n = t->rank > 0 ? t->dim[axis] : 1;
  bool keep = mote_lower_bool(l, "keepdim", false) || t->rank == 0;
  if (n == 0 || k < 1 || k > n)
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     n == 0 ? "kthvalue(): Expected reduction dim %d to have non-zero size."
                            : "kthvalue(): selected number k out of range for dimension %d",
                     axis);
  order(l, x, axis, 1, false, k, out);
  for (int i = 0; i < 2; i++)
    mote_low_give(l, keep ? out[i] : mote_low_squeeze(l, out[i], axis));
  return l->st;
}

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
    MOTE_TORCH_LOWER("sort .stable", lower_sort),
    MOTE_TORCH_LOWER("argsort .stable", lower_argsort),
    MOTE_TORCH_LOWER("topk", lower_topk),
    MOTE_TORCH_LOWER("kthvalue", lower_kth),
    MOTE_TORCH_LOWER("searchsorted.Tensor .Scalar", lower_searchsorted),
    MOTE_TORCH_LOWER("bucketize.Tensor .Scalar", lower_bucketize),
};
const mote_op_family mote_family_aten_sort = {MOTE_ROWS(torch, rows)};
