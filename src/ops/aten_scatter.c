// PyTorch's operators that read and write at positions which a tensor names, or a mask, or segments.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"
#include "ops/copy.h"

enum { SET, ADD, PROD, MEAN, AMAX, AMIN };
enum { S_AXIS, S_FRESH }; // S_FRESH: what self holds at a target does not count

// ------------------------------------------------------------------------------------------------ targets

// Where index element i points in `t`.
static mote_status target_of(const mote_opctx *c, const mote_tensor *t, int64_t i, int64_t *at) {
  const mote_tensor *index = c->in[1];
  int64_t axis = ((const mote_ref_attr *)c->attr)->n[S_AXIS], v = mote_load_i64(index->data, index->dtype, i);
  int64_t n = t->rank > 0 ? t->dim[axis] : 1, stride = 1;
  if (v < 0 || v >= n)
    return mote_op_fail(c, MOTE_ERR_DATA, "index %lld is out of bounds for dimension %lld with size %lld", (long long)v,
                        (long long)axis, (long long)n);
  *at = 0;
  for (int32_t k = t->rank - 1; k >= 0; k--) {
    int64_t d = k < index->rank ? index->dim[k] : 1;
    *at += (k == axis ? v : i % d) * stride;
    i /= d;
    stride *= t->dim[k];
  }
  return MOTE_OK;
}
// Element of `t` at the coordinates of index element i.
static int64_t same_place(const mote_tensor *index, const mote_tensor *t, int64_t i) {
  int64_t stride = 1, at = 0;
  for (int32_t k = t->rank - 1; k >= 0; k--) {
    int64_t d = k < index->rank ? index->dim[k] : 1;
    at += i % d * stride;
    i /= d;
    stride *= t->dim[k];
  }
  return at;
}

static mote_status gather_eval(mote_opctx *c) {
  int64_t n = mote_tensor_numel(c->in[1]), at;
  size_t size = mote_dtype_size(c->in[0]->dtype);
  for (int64_t i = 0; i < n; i++) {
    MOTE_TRY(target_of(c, c->in[0], i, &at));
    memcpy(mote_ref_at(c->out[0], i), mote_ref_at(c->in[0], at), size);
  }
  return MOTE_OK;
}
MOTE_REF_OP(gather_op, "gather_elements", 2, 2, 1, MOTE_OP_CHECKS_DATA, gather_eval);

// ------------------------------------------------------------------------------------------------ writing

// s[from] takes the place of o[at]: it is larger, or smaller, or NaN.
static bool beyond(const mote_tensor *o, int64_t at, const mote_tensor *s, int64_t from, int64_t kind) {
  double have = mote_ref_real(o, at), next = mote_ref_real(s, from);
  int order = mote_ref_compare(s, from, o, at);
  return have == have && (next != next || (kind == AMAX ? order > 0 : order < 0));
}
static void combine(const mote_tensor *o, int64_t at, const mote_tensor *s, int64_t from, int64_t kind) {
  if (kind == ADD || kind == MEAN) {
    mote_ref_add(o, at, s, from);
  } else if (kind != PROD) {
    if (kind == SET || beyond(o, at, s, from, kind))
      memcpy(mote_ref_at(o, at), mote_ref_at(s, from), mote_dtype_size(o->dtype));
  } else if (mote_dtype_is_int(o->dtype)) {
    uint64_t x = (uint64_t)mote_load_i64(o->data, o->dtype, at), y = (uint64_t)mote_load_i64(s->data, s->dtype, from);
    mote_store_i64(o->data, o->dtype, at, (int64_t)(x * y));
  } else {
    mote_ref_put(o, at, mote_z_mul(mote_ref_get(o, at), mote_ref_get(s, from)));
  }
}
static void divide_counts(const mote_tensor *o, const int64_t *count, int64_t self) {
  int64_t n = mote_tensor_numel(o);
  for (int64_t i = 0; i < n; i++) {
    int64_t k = count[i] + self;
    if (count[i] == 0 || k == 0)
      continue;
    mote_z v = mote_ref_get(o, i);
    bool whole = mote_dtype_is_int(o->dtype);
    v.re = whole ? floor(v.re / (double)k) : v.re / (double)k;
    v.im /= (double)k;
    mote_ref_put(o, i, v);
  }
}
static mote_status scatter_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *index = c->in[1], *s = c->in[2], *o = c->out[0];
  int64_t picks = mote_tensor_numel(index), at;
  int64_t *count = mote_ref_alloc(c, mote_tensor_numel(o), sizeof *count);
  bool one = mote_tensor_numel(s) == 1;
  mote_status st = count != NULL ? MOTE_OK : mote_fail_nomem(c->err);
  if (st == MOTE_OK)
    mote_copy_flat(c, 0, 0);
  for (int64_t i = 0; st == MOTE_OK && i < picks; i++) {
    st = target_of(c, o, i, &at);
    if (st == MOTE_OK)
      combine(o, at, s, one ? 0 : same_place(index, s, i), count[at]++ == 0 && a->n[S_FRESH] ? SET : a->kind);
  }
  if (st == MOTE_OK && a->kind == MEAN)
    divide_counts(o, count, !a->n[S_FRESH]);
  mote_ref_free(c, count);
  return st;
}
MOTE_REF_OP(scatter_op, "scatter_elements", 3, 3, 1, MOTE_OP_CHECKS_DATA, scatter_eval);

static int64_t reduction(mote_low *w, const char *name) {
  static const struct {
    const char *name;
    int64_t kind;
  } all[] = {{"sum", ADD},   {"add", ADD},   {"prod", PROD}, {"multiply", PROD}, {"mean", MEAN},
             {"amax", AMAX}, {"amin", AMIN}, {"max", AMAX},  {"min", AMIN}};
  for (size_t i = 0; i < MOTE_COUNT(all); i++)
    if (strcmp(all[i].name, name) == 0)
      return all[i].kind;
  mote_low_fail(w, MOTE_ERR_ARGUMENT, "reduce argument must be either sum, prod, mean, amax or amin, got %s.", name);
  return SET;
}

static int64_t dim_of(const mote_tensor *t, int32_t k) { return k < t->rank ? t->dim[k] : 1; } // a scalar is a vector
// Shapes of index and source: of the same rank as self, nowhere larger but along the axis.
static void check_elements(mote_low *w, mote_vid self, int32_t axis, mote_vid index, mote_vid src) {
  const mote_tensor *t = mote_low_desc(w, self), *i = mote_low_desc(w, index), *s = mote_low_desc(w, src);
  bool fits = MOTE_MAX(i->rank, 1) == MOTE_MAX(t->rank, 1) &&
              (src < 0 || mote_tensor_numel(s) == 1 || MOTE_MAX(s->rank, 1) == MOTE_MAX(i->rank, 1));
  if (i->dtype != MOTE_I64 && i->dtype != MOTE_I32 && mote_tensor_numel(i) > 0)
    mote_low_fail(w, MOTE_ERR_TYPE, "scatter(): Expected dtype int64 for index");
  if (!fits && mote_tensor_numel(i) > 0)
    mote_low_fail(w, MOTE_ERR_SHAPE, "Index tensor must have the same number of dimensions as self tensor");
  bool each = src >= 0 && mote_tensor_numel(s) != 1;
  for (int32_t k = 0; fits && k < MOTE_MAX(i->rank, 1) && mote_tensor_numel(i) > 0; k++)
    if ((k != axis && dim_of(i, k) > dim_of(t, k)) || (each && dim_of(i, k) > dim_of(s, k)))
      mote_low_fail(w, MOTE_ERR_SHAPE,
                    "Size does not match at dimension %d expected index to be no larger than self and src apart from "
                    "dimension %d",
                    k, axis);
}

static mote_vid scatter(mote_low *w, mote_vid self, mote_ref_attr *a, mote_vid index, mote_vid src) {
  const mote_tensor *t = mote_low_desc(w, self);
  mote_vid in[3] = {self, index, src};
  if (mote_tensor_numel(mote_low_desc(w, index)) == 0)
    return mote_low_1(w, &mote_op_copy, self);
  if (mote_low_desc(w, src)->dtype != t->dtype)
    return mote_low_fail(w, MOTE_ERR_TYPE, "scatter(): Expected self.dtype to be equal to src.dtype");
  mote_ref_like(a, 0, t->dtype, t);
  return mote_ref_emit(w, &scatter_op, a, in, 3, NULL);
}

static mote_status scatter_with(mote_lowering *l, const char *reduce) {
  mote_vid self = l->args[0].ref, index = mote_low_tensor(l, "index"), src = mote_low_tensor(l, "src");
  const mote_tensor *t = mote_low_desc(l, self);
  const mote_arg *value = mote_lower_arg(l, "value");
  mote_ref_attr a = mote_ref_attr_of(reduce == NULL ? SET : reduction(l, reduce));
  a.n[S_AXIS] = mote_low_axis_arg(l, "dim", 0, t->rank);
  a.n[S_FRESH] = !mote_lower_bool(l, "include_self", true);
  if (src < 0)
    src = value->kind == MOTE_ARG_SCALAR ? mote_low_scalar(l, &value->scalar, t->dtype)
                                         : mote_low_cast(l, value->ref, t->dtype);
  check_elements(l, self, (int32_t)a.n[S_AXIS], index, src);
  return mote_low_done(l, scatter(l, self, &a, index, src));
}
static mote_status lower_scatter(mote_lowering *l) { return scatter_with(l, mote_low_str(l, "reduce", NULL)); }
static mote_status lower_scatter_add(mote_lowering *l) { return scatter_with(l, "sum"); }

// ------------------------------------------------------------------------------------------------ reading

static mote_status lower_gather(mote_lowering *l) {
  mote_vid in[2] = {l->args[0].ref, mote_low_tensor(l, "index")};
  const mote_tensor *t = mote_low_desc(l, in[0]);
  mote_ref_attr a = mote_ref_attr_of(0);
  a.n[S_AXIS] = mote_low_axis_arg(l, "dim", 0, t->rank);
  check_elements(l, in[0], (int32_t)a.n[S_AXIS], in[1], -1);
  mote_ref_like(&a, 0, mote_low_desc(l, in[0])->dtype, mote_low_desc(l, in[1]));
  return mote_low_done(l, mote_ref_emit(l, &gather_op, &a, in, 2, NULL));
}
// Sums, means or maxima of rows of a table. n: mode, include_last_offset, padding row. Outputs: bags, the bag of each
// index, indices a bag.
static mote_status bag_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *table = c->in[0], *index = c->in[1], *offset = c->in[2], *o = c->out[0];
  int64_t bags = o->dim[0], width = o->dim[1], n = mote_tensor_numel(index), rows = table->dim[0];
  for (int64_t b = 0; b < bags; b++) {
    int64_t from = mote_load_i64(offset->data, offset->dtype, b),
            to = b + 1 < offset->dim[0] ? mote_load_i64(offset->data, offset->dtype, b + 1) : n, used = 0;
    if (from < 0 || to < from || to > n)
      return mote_op_fail(c, MOTE_ERR_DATA, "embedding_bag: offsets must rise from 0 to at most %lld", (long long)n);
    for (int64_t k = 0; k < width; k++) {
      double v = 0;
      used = 0;
      for (int64_t i = from; i < to; i++) {
        int64_t r = mote_load_i64(index->data, index->dtype, i);
        if (r < 0 || r >= rows)
          return mote_op_fail(c, MOTE_ERR_DATA,
                              "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be %lld",
                              (long long)r);
        ((int64_t *)c->out[1]->data)[i] = b;
        if (r == a->n[2])
          continue;
        double y = mote_ref_real(table, r * width + k) * (mote_has(c, 3) ? mote_ref_real(c->in[3], i) : 1);
        v = a->kind < 2 ? v + y : used == 0 || y > v ? y : v;
        used++;
      }
      mote_store_f64(o->data, o->dtype, b * width + k, a->kind == 1 && used > 0 ? v / (double)used : v);
    }
    ((int64_t *)c->out[2]->data)[b] = used;
  }
  return MOTE_OK;
}
MOTE_REF_OP(bag_op, "embedding_bag", 3, 4, 3, MOTE_OP_CHECKS_DATA, bag_eval);
static mote_status lower_bag(mote_lowering *l) {
  mote_vid in[4] = {l->args[0].ref, l->args[1].ref, l->args[2].ref, mote_low_tensor(l, "per_sample_weights")}, out[3];
  const mote_tensor *t = mote_low_desc(l, in[0]), *i = mote_low_desc(l, in[1]), *f = mote_low_desc(l, in[2]);
  mote_ref_attr a = mote_ref_attr_of(mote_lower_int(l, "mode", 0));
  bool last = mote_lower_bool(l, "include_last_offset", false);
  if (t->rank != 2 || i->rank != 1 || f->rank != 1 || (last && f->dim[0] < 1) || !mote_dtype_is_int(i->dtype) ||
      !mote_dtype_is_int(f->dtype) || a.kind < 0 || a.kind > 2)
    return mote_fail(
        l->err, MOTE_ERR_SHAPE,
        "embedding_bag: expected a matrix of weights, vectors of indices and offsets, and a mode of 0 to 2");
  if (in[3] >= 0 && mote_tensor_numel(mote_low_desc(l, in[3])) != i->dim[0])
    return mote_fail(l->err, MOTE_ERR_SHAPE, "embedding_bag: expected as many per_sample_weights as indices");
  a.n[2] = mote_lower_int(l, "padding_idx", -1);
  a.n[2] = mote_low_given(l, "padding_idx") && a.n[2] < 0 ? a.n[2] + t->dim[0] : a.n[2];
  int64_t dim[2] = {f->dim[0] - last, t->dim[1]}, none = 0;
  mote_ref_shape(&a, 0, t->dtype, 2, dim);
  mote_ref_shape(&a, 1, MOTE_I64, 1, i->dim);
  mote_ref_shape(&a, 2, MOTE_I64, 1, dim);
  mote_ref_emit(l, &bag_op, &a, in, in[3] < 0 ? 3 : 4, out);
  for (int j = 0; j < 3; j++)
    mote_low_give(l, out[j]);
  return mote_low_done(l, mote_low_expand(l, mote_low_num(l, 0, MOTE_I64), 1, &none));
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("gather", lower_gather),
    MOTE_TORCH_LOWER("scatter.value .src .reduce .value_reduce scatter_reduce.two", lower_scatter),
    MOTE_TORCH_LOWER("scatter_add", lower_scatter_add),
    MOTE_TORCH_LOWER("embedding_bag .padding_idx", lower_bag),
};
const mote_op_family mote_family_aten_scatter = {MOTE_ROWS(torch, rows)};
