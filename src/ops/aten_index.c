// Indexing with tensors as PyTorch does it: reading and writing at index tensors and masks, rows of tables, places of
// what is not zero. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"
#include "ops/binary.h"
#include "ops/gather.h"
#include "ops/select.h"
#include "ops/shape.h"

// ------------------------------------------------------------------------------------------------ reading and writing

typedef struct pick_attr {
  int64_t dims;    // bit d: dim d of x has an index tensor, in order
  bool front;      // the indices' dims come first, else where the first indexed dim was
  bool accumulate; // writing: adds
} pick_attr;

typedef struct pick_geo {
  int32_t n, k;              // index tensors; dims that are kept
  int32_t at[MOTE_MAX_RANK]; // indexed dims
  int64_t kept[MOTE_MAX_RANK], kept_stride[MOTE_MAX_RANK], dim_stride[MOTE_MAX_RANK];
  int64_t places, before, after; // index tuples; kept elements before and after them
  int64_t run;                   // the last of them that lie together
} pick_geo;

static void pick_geometry(const mote_opctx *c, int32_t first, pick_geo *g) {
  const pick_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t stride = 1;
  memset(g, 0, sizeof *g);
  for (int32_t d = x->rank - 1; d >= 0; d--) {
    g->dim_stride[d] = stride;
    stride *= x->dim[d];
  }
  g->before = g->after = g->run = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    if (a->dims >> d & 1) {
      g->at[g->n++] = d;
      g->run = 1;
      continue;
    }
    g->run *= x->dim[d];
    g->kept[g->k] = x->dim[d];
    g->kept_stride[g->k++] = g->dim_stride[d];
    *(a->front || g->n > 0 ? &g->after : &g->before) *= x->dim[d];
  }
  g->places = c->n_in > first ? mote_tensor_numel(c->in[first]) : 1;
}

// Shape of x[indices]; index tensors are inputs `first`.., all of one shape.
static mote_status pick_shape(const mote_opctx *c, int32_t first, int32_t *rank, int64_t *dim) {
  const pick_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int32_t n = 0, seen = 0;
  bool put = false;
  for (int32_t d = 0; d < x->rank; d++)
    seen += a->dims >> d & 1;
  if (seen != c->n_in - first || seen < 1 || a->dims >> x->rank != 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "too many indices for tensor of dimension %d", x->rank);
  for (int32_t i = first; i < c->n_in; i++)
    if (c->in[i]->dtype != MOTE_I64 || !mote_tensor_same_shape(c->in[i], c->in[first]))
      return mote_op_fail(c, MOTE_ERR_TYPE, "tensors used as indices must be long, int, byte or bool tensors");
  if (x->rank - seen + c->in[first]->rank > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "a result of rank %d", x->rank - seen + c->in[first]->rank);
  for (int32_t d = -1; d < x->rank; d++) {
    bool here = d < 0 ? a->front : (a->dims >> d & 1) != 0;
    if (here && !put) {
      for (int32_t i = 0; i < c->in[first]->rank; i++)
        dim[n++] = c->in[first]->dim[i];
      put = true;
    }
    if (d >= 0 && !(a->dims >> d & 1))
      dim[n++] = x->dim[d];
  }
  *rank = n;
  return MOTE_OK;
}

// Offset of index tuple `p` in x, checked.
static mote_status place_of(const mote_opctx *c, const pick_geo *g, int32_t first, int64_t p, int64_t *out) {
  *out = 0;
  for (int32_t i = 0; i < g->n; i++) {
    int64_t v = ((const int64_t *)c->in[first + i]->data)[p], n = c->in[0]->dim[g->at[i]];
    if (v < -n || v >= n)
      return mote_op_fail(c, MOTE_ERR_DATA, "index %lld is out of bounds for dimension %d with size %lld", (long long)v,
                          g->at[i], (long long)n);
    *out += (v < 0 ? v + n : v) * g->dim_stride[g->at[i]];
  }
  return MOTE_OK;
}
// Offset of kept element `e` (counted over all kept dims).
static int64_t kept_offset(const pick_geo *g, int64_t e) {
  int64_t off = 0;
  for (int32_t d = g->k - 1; d >= 0; d--) {
    off += e % g->kept[d] * g->kept_stride[d];
    e /= g->kept[d];
  }
  return off;
}

static mote_status pick_infer(mote_opctx *c) {
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  if (mote_dtype_size(c->in[0]->dtype) == 0)
    return mote_bad_dtype(c, 0);
  MOTE_TRY(pick_shape(c, 1, &rank, dim));
  mote_out(c, 0, c->in[0]->dtype, rank, dim);
  if (c->in[0]->quant.count == 1)
    c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}
static mote_status pick_eval(mote_opctx *c) {
  pick_geo g;
  pick_geometry(c, 1, &g);
  size_t size = (size_t)g.run * mote_dtype_size(c->in[0]->dtype);
  for (int64_t p = 0; p < g.places; p++) {
    int64_t base;
    MOTE_TRY(place_of(c, &g, 1, p, &base));
    for (int64_t i = 0; i < g.before * g.after; i += g.run)
      memcpy(mote_ref_at(c->out[0], (i / g.after * g.places + p) * g.after + i % g.after),
             mote_ref_at(c->in[0], base + kept_offset(&g, i)), size);
  }
  return MOTE_OK;
}
static const mote_attr_field pick_fields[] = {MOTE_ATTR(pick_attr, dims, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(pick_attr, front, MOTE_ATTR_BOOL, 0),
                                              MOTE_ATTR(pick_attr, accumulate, MOTE_ATTR_BOOL, 0)};
static const mote_op pick_op = {"index",
                                MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 1 + MOTE_MAX_RANK,
                                           .n_out = 1, .attr_size = sizeof(pick_attr), MOTE_FIELDS(pick_fields),
                                           .infer = pick_infer, .eval = pick_eval)};

// inputs: x, values of the shape of x[indices], index tensors
static mote_status put_infer(mote_opctx *c) {
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK], stride[MOTE_MAX_RANK];
  if (mote_dtype_size(c->in[0]->dtype) == 0)
    return mote_bad_dtype(c, 0);
  if (c->in[0]->dtype != c->in[1]->dtype)
    return mote_op_fail(
        c, MOTE_ERR_TYPE,
        "Index put requires the source and destination dtypes match, got %s for the destination and %s for the source.",
        mote_aten_type_name(c->in[0]->dtype), mote_aten_type_name(c->in[1]->dtype));
  MOTE_TRY(pick_shape(c, 2, &rank, dim));
  if (!mote_broadcast_strides(c->in[1], rank, dim, stride))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "shape mismatch: value tensor cannot be broadcast to indexing result");
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}

static mote_status put_eval(mote_opctx *c) {
  const pick_attr *a = c->attr;
  const mote_tensor *v = c->in[1];
  pick_geo g;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK], stride[MOTE_MAX_RANK];
  pick_geometry(c, 2, &g);
  MOTE_TRY(pick_shape(c, 2, &rank, dim));
  if (!mote_broadcast_strides(v, rank, dim, stride))
    return MOTE_ERR_INTERNAL;
  mote_copy_flat(c, 0, 0);
  for (int64_t p = 0; p < g.places; p++) {
    int64_t base;
    MOTE_TRY(place_of(c, &g, 2, p, &base));
    for (int64_t i = 0; i < g.before * g.after; i++) {
      int64_t e = (i / g.after * g.places + p) * g.after + i % g.after, from = 0, to = base + kept_offset(&g, i);
      for (int32_t d = rank - 1; d >= 0; d--) {
        from += e % dim[d] * stride[d];
        e /= dim[d];
      }
      if (a->accumulate)
        mote_ref_add(c->out[0], to, v, from);
      else
        memcpy(mote_ref_at(c->out[0], to), mote_ref_at(v, from), mote_dtype_size(v->dtype));
    }
  }
  return MOTE_OK;
}
static const mote_op put_op = {"index_put",
                               MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 3, .max_in = 2 + MOTE_MAX_RANK,
                                          .n_out = 1, .attr_size = sizeof(pick_attr), MOTE_FIELDS(pick_fields),
                                          .infer = put_infer, .eval = put_eval)};

// ------------------------------------------------------------------------------------------------ index lists

typedef struct index_list {
  mote_vid at[MOTE_MAX_RANK]; // one a dim of x, -1: whole
  int32_t n;
} index_list;

// Column `k` of the coordinates that nonzero gave.
static mote_vid column(mote_low *w, mote_vid places, int32_t k) {
  const mote_tensor *t = mote_low_desc(w, places);
  int64_t n = t->dim[0];
  return mote_low_cast(w, mote_low_reshape(w, mote_low_narrow(w, places, 1, k, 1), 1, &n), MOTE_I64);
}
static mote_vid truth(mote_low *w, mote_vid v) {
  mote_dtype d = mote_low_desc(w, v)->dtype;
  return d == MOTE_BOOL ? v : mote_low_2(w, &mote_op_not_equal, v, mote_low_num(w, 0, d));
}
static mote_vid places_of(mote_low *w, mote_vid mask) {
  int64_t one = 1;
  if (mote_low_desc(w, mask)->rank == 0)
    mask = mote_low_reshape(w, mask, 1, &one);
  return mote_low_cast(w, mote_low_1(w, &mote_op_nonzero, truth(w, mask)), MOTE_I64);
}

static void add_mask(mote_low *w, index_list *list, mote_vid mask, const mote_tensor *x) {
  const mote_tensor *m = mote_low_desc(w, mask);
  int32_t rank = m->rank;
  for (int32_t i = 0; i < rank; i++)
    if (list->n + i >= x->rank || m->dim[i] != x->dim[list->n + i]) {
      mote_low_fail(w, MOTE_ERR_SHAPE,
                    "The shape of the mask at index %d does not match the shape of the indexed tensor at index %d", i,
                    list->n + i);
      return;
    }
  mote_vid places = places_of(w, mask);
  for (int32_t i = 0; i < rank; i++)
    list->at[list->n++] = column(w, places, i);
}

static void read_list(mote_low *w, const mote_arg *arg, const mote_tensor *x, index_list *list) {
  list->n = 0;
  for (int32_t i = 0; arg != NULL && arg->kind == MOTE_ARG_TENSORS && i < arg->count && w->st == MOTE_OK; i++) {
    mote_vid v = arg->refs[i];
    mote_dtype d = v >= 0 ? mote_low_desc(w, v)->dtype : MOTE_I64;
    if (list->n >= x->rank) {
      mote_low_fail(w, MOTE_ERR_SHAPE, "too many indices for tensor of dimension %d", x->rank);
      return;
    }
    if (v >= 0 && (d == MOTE_BOOL || d == MOTE_U8))
      add_mask(w, list, v, x);
    else if (!mote_aten_is_integral(d))
      mote_low_fail(w, MOTE_ERR_TYPE, "tensors used as indices must be long, int, byte or bool tensors");
    else
      list->at[list->n++] = v >= 0 ? mote_low_cast(w, v, MOTE_I64) : -1;
  }
}

// All index tensors broadcast to one shape; which dims have one, and where the result's dims go.
static int32_t settle(mote_low *w, const index_list *list, mote_vid *in, pick_attr *a) {
  int32_t rank = 0, n = 0, last = -1, gaps = 0;
  int64_t dim[MOTE_MAX_RANK];
  for (int32_t i = 0; i < list->n; i++) {
    if (list->at[i] < 0)
      continue;
    mote_tensor wide = {.rank = rank};
    memcpy(wide.dim, dim, sizeof dim);
    if (!mote_broadcast_shape(&wide, mote_low_desc(w, list->at[i]), &rank, dim))
      mote_low_fail(w, MOTE_ERR_SHAPE, "shape mismatch: indexing tensors could not be broadcast together");
    gaps += last >= 0 && i != last + 1;
    last = i;
    a->dims |= (int64_t)1 << i;
    in[n++] = list->at[i];
  }
  a->front = gaps > 0;
  for (int32_t i = 0; i < n; i++)
    in[i] = mote_low_expand(w, in[i], rank, dim);
  return n;
}

static mote_vid pick(mote_low *w, mote_vid x, const index_list *list) {
  pick_attr a = {0};
  mote_vid in[1 + MOTE_MAX_RANK] = {x};
  int32_t n = settle(w, list, in + 1, &a);
  return n == 0 ? mote_low_1(w, &mote_op_identity, x) : mote_low_emit(w, &pick_op, &a, in, n + 1);
}
static mote_vid put(mote_low *w, mote_vid x, const index_list *list, mote_vid values, bool accumulate) {
  pick_attr a = {.accumulate = accumulate};
  mote_vid in[2 + MOTE_MAX_RANK] = {x, values};
  int32_t n = settle(w, list, in + 2, &a);
  return mote_low_emit(w, &put_op, &a, in, n + 2);
}

static mote_status lower_index(mote_lowering *l) {
  index_list list;
  read_list(l, mote_lower_arg(l, "indices"), mote_low_desc(l, l->args[0].ref), &list);
  return mote_low_done(l, pick(l, l->args[0].ref, &list));
}
static mote_status lower_put(mote_lowering *l) {
  index_list list;
  read_list(l, mote_lower_arg(l, "indices"), mote_low_desc(l, l->args[0].ref), &list);
  return mote_low_done(
      l, put(l, l->args[0].ref, &list, mote_low_tensor(l, "values"), mote_lower_bool(l, "accumulate", false)));
}

// Rows of a table; the shared operator takes 32-bit numbers in tables of floats.
static mote_status lower_embedding(mote_lowering *l) {
  mote_vid table = mote_low_tensor(l, "weight"), index = mote_low_tensor(l, "indices");
  mote_dtype d = mote_low_desc(l, index)->dtype;
  if (mote_low_desc(l, table)->rank != 2)
    mote_low_fail(l, MOTE_ERR_SHAPE, "'weight' must be 2-D");
  if (d != MOTE_I64 && d != MOTE_I32)
    mote_low_fail(l, MOTE_ERR_TYPE,
                  "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but "
                  "got %s instead",
                  mote_aten_type_name(d));
  mote_gather_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_gather, &a);
  mote_vid in[2] = {table, index};
  return mote_low_done(l, mote_low_emit(l, &mote_op_gather, &a, in, 2));
}

// ------------------------------------------------------------------------------------------------ places

static mote_status lower_nonzero(mote_lowering *l) {
  mote_vid x = l->args[0].ref, v = places_of(l, x);
  int64_t dim[2] = {mote_low_desc(l, v)->dim[0], 0};
  return mote_low_done(l, mote_low_desc(l, x)->rank == 0 ? mote_low_reshape(l, mote_low_narrow(l, v, 1, 0, 0), 2, dim)
                                                         : v);
}
static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("index.Tensor .Tensor_hacked_twin _unsafe_index.Tensor", lower_index),
    MOTE_TORCH_LOWER("index_put .hacked_twin _unsafe_index_put", lower_put),
    MOTE_TORCH_LOWER("embedding", lower_embedding),
    MOTE_TORCH_LOWER("nonzero argwhere", lower_nonzero),
};
const mote_op_family mote_family_aten_index = {MOTE_ROWS(torch, rows)};
