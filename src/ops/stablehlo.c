// StableHLO's gather, scatter and windows: slices that start where indices say, and functions that are subgraphs.
// Tests: the cases hlo_* of tests/models
#include "ops/gather.h"
#include "ops/opkit.h"

typedef struct hlo_attr {
  mote_ints window;   // dims of the result (gather) or of the updates (scatter) that count within a slice
  mote_ints dropped;  // dims of the operand that a slice has not
  mote_ints starts;   // dims of the operand that the numbers of an index start at
  int64_t vector_dim; // of the indices
  mote_ints sizes;    // of a slice
  int32_t graph;      // scatter's function
} hlo_attr;

static const mote_attr_field hlo_fields[] = {
    MOTE_ATTR(hlo_attr, window, MOTE_ATTR_INTS, 0), MOTE_ATTR(hlo_attr, dropped, MOTE_ATTR_INTS, 0),
    MOTE_ATTR(hlo_attr, starts, MOTE_ATTR_INTS, 0), MOTE_ATTR(hlo_attr, vector_dim, MOTE_ATTR_INT, 0),
    MOTE_ATTR(hlo_attr, sizes, MOTE_ATTR_INTS, 0),  MOTE_ATTR(hlo_attr, graph, MOTE_ATTR_GRAPH, -1)};

static bool among(const mote_ints *list, int64_t v) {
  for (int32_t i = 0; i < list->count; i++)
    if (list->at[i] == v)
      return true;
  return false;
}
// Different numbers from 0 on, below n.
static bool are_dims(const mote_ints *list, int64_t n) {
  for (int32_t i = 0; i < list->count; i++) {
    mote_ints before = {i, {0}};
    memcpy(before.at, list->at, sizeof before.at);
    if (list->at[i] < 0 || list->at[i] >= n || among(&before, list->at[i]))
      return false;
  }
  return true;
}

// `rank`: of the tensor that has both the dims of the indices and those of a slice.
static mote_status hlo_check(const mote_opctx *c, int32_t rank) {
  const hlo_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int64_t v = a->vector_dim, numbers = v >= 0 && v < ids->rank ? ids->dim[v] : 1;
  MOTE_TRY(mote_want_int(c, 1));
  if (v < 0 || v > ids->rank || numbers != a->starts.count || !are_dims(&a->starts, x->rank) ||
      !are_dims(&a->dropped, x->rank) || !are_dims(&a->window, rank) || a->window.count + a->dropped.count != x->rank ||
      rank > MOTE_MAX_RANK || rank != ids->rank - (v < ids->rank) + a->window.count)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "numbers of dimensions do not fit an operand of rank %d, indices of rank %d",
                        x->rank, ids->rank);
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING)
    return mote_bad_dtype(c, 0);
  return MOTE_OK;
}

// Where element `place` of that tensor stands in the operand: start[] of its index, within[] of its slice.
static void hlo_place(const mote_opctx *c, const int64_t *place, int32_t rank, int64_t *start, int64_t *within) {
  const hlo_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int64_t at = 0, step = 1;
  for (int32_t d = 0, k = 0; d < ids->rank; d++) {
    while (d != a->vector_dim && k < rank && among(&a->window, k))
      k++;
    at += d == a->vector_dim ? 0 : place[k++] * ids->stride[d];
    step = d == a->vector_dim ? ids->stride[d] : step;
  }
  for (int32_t d = 0, k = 0; d < x->rank; d++) {
    start[d] = 0;
    within[d] = among(&a->dropped, d) ? 0 : place[a->window.at[k++]];
  }
  for (int32_t i = 0; i < a->starts.count; i++)
    start[a->starts.at[i]] = mote_load_i64(ids->data, ids->dtype, at + i * step);
}

static void unravel(int64_t i, const mote_tensor *t, int64_t *place) {
  for (int32_t d = t->rank - 1; d >= 0; d--) {
    place[d] = i % t->dim[d];
    i /= t->dim[d];
  }
}

// ------------------------------------------------------------------------------------------------ gather

static mote_status gather_infer(mote_opctx *c) {
  const hlo_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *ids = c->in[1];
  int32_t rank = ids->rank - (a->vector_dim < ids->rank) + a->window.count;
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(hlo_check(c, rank));
  for (int32_t d = 0; d < x->rank; d++)
    if (a->sizes.count != x->rank || a->sizes.at[d] < 0 || a->sizes.at[d] > x->dim[d] ||
        (a->sizes.at[d] != 1 && among(&a->dropped, d)))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "slices do not fit dimension %d of %lld", d, (long long)x->dim[d]);
  for (int32_t d = 0, from = 0; d < rank; d++)
    if (!among(&a->window, d)) {
      from += from == a->vector_dim;
      dim[d] = ids->dim[from++];
    }
  for (int32_t d = 0, k = 0; d < x->rank; d++)
    if (!among(&a->dropped, d))
      dim[a->window.at[k++]] = a->sizes.at[d];
  mote_out(c, 0, x->dtype, rank, dim);
  if (c->out[0]->quant.count == 0 && x->quant.count == 1)
    c->out[0]->quant = x->quant;
  return MOTE_OK;
}

static mote_status gather_eval(mote_opctx *c) {
  const hlo_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  size_t size = mote_dtype_size(x->dtype);
  int64_t n = mote_tensor_numel(o), place[MOTE_MAX_RANK], start[MOTE_MAX_RANK], within[MOTE_MAX_RANK];
  for (int64_t i = 0; i < n; i++) {
    int64_t at = 0;
    unravel(i, o, place);
    hlo_place(c, place, o->rank, start, within);
    for (int32_t d = 0; d < x->rank; d++) // a slice that would stick out is moved inside
      at += (MOTE_MAX(MOTE_MIN(start[d], x->dim[d] - a->sizes.at[d]), 0) + within[d]) * x->stride[d];
    memcpy((char *)o->data + (size_t)i * size, (const char *)x->data + (size_t)at * size, size);
  }
  return MOTE_OK;
}
static const mote_op gather_op = {"stablehlo_gather",
                                  MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1, .attr_size = sizeof(hlo_attr),
                                             MOTE_FIELDS(hlo_fields), .infer = gather_infer, .eval = gather_eval)};

// ------------------------------------------------------------------------------------------------ scatter

static mote_status after_run(mote_opctx *c) {
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}
static mote_status scatter_infer(mote_opctx *c) {
  MOTE_TRY(hlo_check(c, c->in[2]->rank));
  MOTE_TRY(mote_want_same(c, 0, 2));
  const hlo_attr *a = c->attr;
  const mote_tensor *ids = c->in[1], *u = c->in[2];
  for (int32_t d = 0, from = 0; d < u->rank; d++)
    if (!among(&a->window, d)) {
      from += from == a->vector_dim;
      if (u->dim[d] != ids->dim[from++])
        return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d of the updates is none of the indices'", d);
    }
  return after_run(c);
}

// One call of a function of two tensors of `t`'s type and shape; its result, of the same, goes to `to`.
static mote_status combine(mote_opctx *c, int32_t graph, const mote_tensor *a, const mote_tensor *b,
                           const mote_tensor *to) {
  const mote_tensor *in[2] = {a, b};
  mote_tensor result;
  memset(&result, 0, sizeof result);
  MOTE_TRY(mote_op_call(c, graph, in, 2, &result, 1));
  if (result.dtype != to->dtype || mote_tensor_numel(&result) != mote_tensor_numel(to))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the function gives another shape or type");
  result.rank = to->rank;
  memcpy(result.dim, to->dim, sizeof result.dim);
  memcpy(result.stride, to->stride, sizeof result.stride);
  mote_tensor_copy(&result, to);
  return MOTE_OK;
}

static mote_tensor scalar_at(const mote_tensor *t, int64_t at) {
  mote_tensor s = *t;
  s.rank = 0;
  s.data = (char *)t->data + (size_t)at * mote_dtype_size(t->dtype);
  return s;
}

// Updates that would fall outside are left out.
static mote_status scatter_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *u = c->in[2], *o = c->out[0];
  int64_t n = mote_tensor_numel(u), place[MOTE_MAX_RANK], start[MOTE_MAX_RANK], within[MOTE_MAX_RANK];
  mote_out_as(c, 0, 0);
  MOTE_TRY(mote_op_output(c, 0));
  if (mote_tensor_numel(x) > 0)
    mote_tensor_copy(x, o);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = 0;
    bool inside = true;
    unravel(i, u, place);
    hlo_place(c, place, u->rank, start, within);
    for (int32_t d = 0; d < x->rank; d++) {
      inside = inside && start[d] >= -within[d] && start[d] < x->dim[d] - within[d];
      at += inside ? (start[d] + within[d]) * o->stride[d] : 0;
    }
    mote_tensor old = scalar_at(o, at), update = scalar_at(u, i);
    if (inside)
      MOTE_TRY(combine(c, ((const hlo_attr *)c->attr)->graph, &old, &update, &old));
  }
  return MOTE_OK;
}
#define CALLS (MOTE_OP_CONTROL | MOTE_OP_EFFECT | MOTE_OP_NO_FOLD)
static const mote_op scatter_op = {
    "stablehlo_scatter", MOTE_RULES(.flags = CALLS, .min_in = 3, .max_in = 3, .n_out = 1, .attr_size = sizeof(hlo_attr),
                                    MOTE_FIELDS(hlo_fields), .infer = scatter_infer, .eval = scatter_eval)};

// ------------------------------------------------------------------------------------------------ windows

enum { MAX_CELLS = 1 << 20 }; // of a window: the function is called for each

typedef struct window_attr {
  mote_ints size, stride, base, dilation, padding; // base: cells between the input's elements; padding: low, high, ...
  int32_t graph;
} window_attr;

static mote_status window_infer(mote_opctx *c) {
  const window_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  const mote_ints *lists[] = {&a->size, &a->stride, &a->base, &a->dilation};
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (mote_tensor_numel(c->in[1]) != 1 || a->padding.count != 2 * x->rank || mote_dtype_size(x->dtype) == 0 ||
      x->dtype == MOTE_STRING)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "start value or padding");
  for (int32_t d = 0; d < x->rank; d++)
    for (size_t k = 0; k < MOTE_COUNT(lists); k++)
      if (lists[k]->count != x->rank || lists[k]->at[d] < 1 || lists[k]->at[d] > INT32_MAX || x->dim[d] > INT32_MAX ||
          a->padding.at[2 * d + k % 2] > INT32_MAX || a->padding.at[2 * d + k % 2] < -INT32_MAX)
        return mote_op_fail(c, MOTE_ERR_ARGUMENT, "a window along dimension %d", d);
  return after_run(c);
}

// The cell of every window that `cell` counts: elements of x, the start value where there is none.
static void window_cell(const mote_opctx *c, int64_t cell, const mote_tensor *to) {
  const window_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  size_t size = mote_dtype_size(x->dtype);
  int64_t n = mote_tensor_numel(to), offset[MOTE_MAX_RANK], place[MOTE_MAX_RANK];
  for (int32_t d = x->rank - 1; d >= 0; d--) {
    offset[d] = cell % a->size.at[d] * a->dilation.at[d] - a->padding.at[2 * d];
    cell /= a->size.at[d];
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t at = 0;
    bool inside = true;
    unravel(i, to, place);
    for (int32_t d = 0; d < x->rank; d++) {
      int64_t p = place[d] * a->stride.at[d] + offset[d], q = p / a->base.at[d];
      inside = inside && p >= 0 && p % a->base.at[d] == 0 && q < x->dim[d];
      at += inside ? q * x->stride[d] : 0;
    }
    memcpy((char *)to->data + (size_t)i * size,
           inside ? (const char *)x->data + (size_t)at * size : (const char *)c->in[1]->data, size);
  }
}

static mote_status window_eval(mote_opctx *c) {
  const window_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int64_t dim[MOTE_MAX_RANK], cells = 1;
  for (int32_t d = 0; d < x->rank; d++) {
    int64_t wide = x->dim[d] > 0 ? (x->dim[d] - 1) * a->base.at[d] + 1 : 0,
            room = wide + a->padding.at[2 * d] + a->padding.at[2 * d + 1] - (a->size.at[d] - 1) * a->dilation.at[d] - 1;
    dim[d] = room < 0 ? 0 : room / a->stride.at[d] + 1;
    if (!mote_mul_count(cells, a->size.at[d], &cells) || cells > MAX_CELLS)
      return mote_op_fail(c, MOTE_ERR_LIMIT, "the window is too large");
  }
  mote_out(c, 0, x->dtype, x->rank, dim);
  MOTE_TRY(mote_op_output(c, 0));
  int64_t n = mote_tensor_numel(o);
  size_t size = mote_dtype_size(x->dtype);
  mote_tensor cell = *o;
  if (n == 0)
    return MOTE_OK;
  cell.data = mote_alloc(c->env->al, (size_t)n * size);
  mote_status s = cell.data == NULL ? mote_fail_nomem(c->err) : MOTE_OK;
  for (int64_t i = 0; i < n; i++)
    memcpy((char *)o->data + (size_t)i * size, c->in[1]->data, size);
  for (int64_t k = 0; k < cells && s == MOTE_OK; k++) {
    window_cell(c, k, &cell);
    s = combine(c, a->graph, o, &cell, o);
  }
  mote_free(c->env->al, cell.data);
  return s;
}
static const mote_attr_field window_fields[] = {
    MOTE_ATTR(window_attr, size, MOTE_ATTR_INTS, 0),    MOTE_ATTR(window_attr, stride, MOTE_ATTR_INTS, 0),
    MOTE_ATTR(window_attr, base, MOTE_ATTR_INTS, 0),    MOTE_ATTR(window_attr, dilation, MOTE_ATTR_INTS, 0),
    MOTE_ATTR(window_attr, padding, MOTE_ATTR_INTS, 0), MOTE_ATTR(window_attr, graph, MOTE_ATTR_GRAPH, -1)};
static const mote_op window_op = {"stablehlo_reduce_window",
                                  MOTE_RULES(.flags = CALLS, .min_in = 2, .max_in = 2, .n_out = 1,
                                             .attr_size = sizeof(window_attr), MOTE_FIELDS(window_fields),
                                             .infer = window_infer, .eval = window_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(190, 1, "STABLEHLO_SCATTER - window:i64s dropped:i64s starts:i64s vector_dim:i64 - graph:i32",
                   scatter_op),
    MOTE_TFLITE_OP(198, 1,
                   "STABLEHLO_REDUCE_WINDOW size:i64s stride:i64s base:i64s dilation:i64s padding:i64s graph:i32",
                   window_op),
    MOTE_TFLITE_OP(201, 1, "STABLEHLO_GATHER window:i64s dropped:i64s starts:i64s vector_dim:i64 sizes:i64s -",
                   gather_op),
};
const mote_op_family mote_family_stablehlo = {MOTE_ROWS(tflite, tflite_rows)};
