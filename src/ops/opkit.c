// Shared helpers of operator files, see opkit.h. Knows no particular operator. Tests: tests/unit/test_ops_basic.c
#include "ops/opkit.h"

bool mote_is_quant(const mote_tensor *t) {
  return t->quant.count > 0 && (t->dtype == MOTE_I8 || t->dtype == MOTE_U8 || t->dtype == MOTE_I16 ||
                                t->dtype == MOTE_QI8 || t->dtype == MOTE_QU8);
}

mote_status mote_act_check(const mote_opctx *c, const mote_act_attr *a) {
  if (a->activation == MOTE_ACT_TANH || a->activation == MOTE_ACT_SIGN)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "fused activation %d is not a clamp", (int)a->activation);
  if (a->activation < 0 || (a->activation > MOTE_ACT_SIGN && a->activation != MOTE_ACT_CLAMP))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "unknown fused activation %lld", (long long)a->activation);
  return MOTE_OK;
}

void mote_act_range(const mote_act_attr *a, float *lo, float *hi) {
  *lo = -INFINITY;
  *hi = INFINITY;
  switch (a->activation) {
  case MOTE_ACT_RELU:
    *lo = 0;
    break;
  case MOTE_ACT_RELU_N1:
    *lo = -1, *hi = 1;
    break;
  case MOTE_ACT_RELU6:
    *lo = 0, *hi = 6;
    break;
  case MOTE_ACT_CLAMP:
    *lo = (float)a->act_lo, *hi = (float)a->act_hi;
    break;
  default:
    break;
  }
}

void mote_act_codes(const mote_act_attr *a, const mote_tensor *out, int32_t *lo, int32_t *hi) {
  float flo, fhi;
  mote_act_range(a, &flo, &fhi);
  int32_t tlo = 0, thi = 0;
  mote_code_range(out->dtype, &tlo, &thi);
  *lo = flo > -INFINITY ? mote_quantise(flo, out->quant.scale, out->quant.zero_point, tlo, thi) : tlo;
  *hi = fhi < INFINITY ? mote_quantise(fhi, out->quant.scale, out->quant.zero_point, tlo, thi) : thi;
}

mote_status mote_out_declare(const mote_opctx *c, const mote_out_quant *q, mote_dtype dtype) {
  int32_t lo, hi;
  if (q->scale == 0)
    return MOTE_OK;
  if (!(q->scale > 0) || !(q->scale < HUGE_VAL))
    return mote_op_fail(c, MOTE_ERR_ARGUMENT, "output scale %g", q->scale);
  if (!mote_code_range(dtype, &lo, &hi) || q->zero < lo || q->zero > hi)
    return mote_op_fail(c, MOTE_ERR_ARGUMENT, "output zero point %lld of %s", (long long)q->zero,
                        mote_dtype_name(dtype));
  c->out[0]->quant = (mote_quant){q->scale, (int32_t)q->zero, -1, 1, NULL, NULL};
  return MOTE_OK;
}

void mote_out(const mote_opctx *c, int32_t j, mote_dtype dtype, int32_t rank, const int64_t *dim) {
  mote_tensor *t = c->out[j];
  t->dtype = dtype;
  t->rank = rank;
  for (int32_t i = 0; i < rank; i++)
    t->dim[i] = dim[i];
}

void mote_out_as(const mote_opctx *c, int32_t j, int32_t i) {
  mote_out(c, j, c->in[i]->dtype, c->in[i]->rank, c->in[i]->dim);
}

void mote_out_pass(const mote_opctx *c, int32_t j, int32_t i) {
  mote_out_as(c, j, i);
  if (c->out[j]->quant.count == 0)
    c->out[j]->quant = c->in[i]->quant;
}

bool mote_needs(mote_opctx *c, int32_t i) {
  if (c->in[i]->data != NULL || mote_tensor_numel(c->in[i]) == 0)
    return false;
  c->outcome = MOTE_NEEDS_VALUE;
  c->need = i;
  return true;
}

mote_status mote_ints_of(const mote_opctx *c, int32_t i, mote_ints *out) {
  const mote_tensor *t = c->in[i];
  int64_t n = mote_tensor_numel(t);
  if (t->rank > 1 || n > MOTE_MAX_INTS)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d must be a short list of integers", i);
  if (!mote_dtype_is_int(t->dtype))
    return mote_bad_dtype(c, i);
  out->count = (int32_t)n;
  for (int64_t k = 0; k < n; k++)
    out->at[k] = mote_load_i64(t->data, t->dtype, t->rank == 1 ? k * t->stride[0] : 0);
  return MOTE_OK;
}

mote_status mote_int_of(const mote_opctx *c, int32_t i, int64_t *out) {
  const mote_tensor *t = c->in[i];
  if (!mote_dtype_is_int(t->dtype) && t->dtype != MOTE_BOOL)
    return mote_bad_dtype(c, i);
  if (mote_tensor_numel(t) < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d is empty, one integer is needed", i);
  *out = mote_load_i64(t->data, t->dtype, 0);
  return MOTE_OK;
}

mote_status mote_axis_of(const mote_opctx *c, int64_t axis, int32_t rank, int32_t *out) {
  if (!mote_axis_normalise(axis, rank, out))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "axis %lld is outside a tensor of rank %d", (long long)axis, rank);
  return MOTE_OK;
}

mote_status mote_want_rank(const mote_opctx *c, int32_t i, int32_t lo, int32_t hi) {
  if (!mote_has(c, i))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "input %d is missing", i);
  int32_t rank = c->in[i]->rank;
  if (rank >= lo && rank <= hi)
    return MOTE_OK;
  if (lo == hi)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d has rank %d, %d is needed", i, rank, lo);
  return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d has rank %d, %d to %d are possible", i, rank, lo, hi);
}

mote_status mote_want_dtype(const mote_opctx *c, int32_t i, mote_dtype dtype) {
  if (c->in[i]->dtype == dtype)
    return MOTE_OK;
  return mote_op_fail(c, MOTE_ERR_TYPE, "input %d is %s, %s is needed", i, mote_dtype_name(c->in[i]->dtype),
                      mote_dtype_name(dtype));
}

mote_status mote_want_same(const mote_opctx *c, int32_t i, int32_t j) {
  if (c->in[i]->dtype == c->in[j]->dtype)
    return MOTE_OK;
  return mote_op_fail(c, MOTE_ERR_TYPE, "inputs %d and %d differ in type: %s and %s", i, j,
                      mote_dtype_name(c->in[i]->dtype), mote_dtype_name(c->in[j]->dtype));
}

mote_status mote_want_int(const mote_opctx *c, int32_t i) {
  return c->in[i]->dtype == MOTE_I32 || c->in[i]->dtype == MOTE_I64 ? MOTE_OK : mote_bad_dtype(c, i);
}

mote_status mote_bad_dtype(const mote_opctx *c, int32_t i) {
  return mote_op_fail(c, MOTE_ERR_TYPE, "input %d cannot be %s", i, mote_dtype_name(c->in[i]->dtype));
}

int64_t mote_dims_product(const mote_tensor *t, int32_t from, int32_t to) {
  int64_t n = 1;
  for (int32_t i = from; i < to; i++)
    n *= t->dim[i];
  return n;
}

bool mote_code_range(mote_dtype dtype, int32_t *lo, int32_t *hi) {
  switch (mote_code_type(dtype)) {
  case MOTE_I8:
    *lo = -128, *hi = 127;
    return true;
  case MOTE_U8:
    *lo = 0, *hi = 255;
    return true;
  case MOTE_I16:
    *lo = -32768, *hi = 32767;
    return true;
  case MOTE_U16:
    *lo = 0, *hi = 65535;
    return true;
  case MOTE_I32:
    *lo = INT32_MIN, *hi = INT32_MAX;
    return true;
  case MOTE_I4:
    *lo = -8, *hi = 7;
    return true;
  case MOTE_I2:
    *lo = -2, *hi = 1;
    return true;
  default:
    *lo = *hi = 0;
    return false;
  }
}

void mote_lut8(const mote_tensor *in, const mote_tensor *out, mote_real_fn *fn, const void *arg, uint8_t table[256]) {
  int32_t lo, hi;
  mote_code_range(out->dtype, &lo, &hi);
  bool is_signed = mote_code_type(in->dtype) == MOTE_I8;
  for (int b = 0; b < 256; b++) {
    int code = is_signed ? (int8_t)b : b;
    double real = in->quant.scale * (code - in->quant.zero_point);
    table[b] = (uint8_t)mote_quantise(fn(real, arg), out->quant.scale, out->quant.zero_point, lo, hi);
  }
}

int64_t mote_code_at(const mote_tensor *t, int64_t i) {
  const uint8_t *p = t->data;
  if (t->dtype == MOTE_I4)
    return (int8_t)((uint8_t)(p[i / 2] >> (i % 2 * 4)) << 4) >> 4;
  if (t->dtype == MOTE_I2)
    return (int8_t)((uint8_t)(p[i / 4] >> (i % 4 * 2)) << 6) >> 6;
  return mote_load_i64(t->data, mote_code_type(t->dtype), i);
}

void mote_to_i8(const mote_tensor *t, int8_t *out) {
  int64_t n = mote_tensor_numel(t);
  for (int64_t i = 0; i < n; i++)
    out[i] = (int8_t)mote_code_at(t, i);
}

void mote_to_float(const mote_tensor *t, float *out) {
  int64_t n = mote_tensor_numel(t);
  if (t->dtype == MOTE_F32) {
    memcpy(out, t->data, (size_t)n * 4);
    return;
  }
  if (mote_dtype_is_float(t->dtype)) {
    for (int64_t i = 0; i < n; i++)
      out[i] = (float)mote_load_f64(t->data, t->dtype, i);
    return;
  }
  const mote_quant *q = &t->quant;
  int64_t inner = q->count > 1 ? mote_dims_product(t, q->axis + 1, t->rank) : 1;
  int64_t channels = q->count > 1 ? q->count : 1;
  for (int64_t i = 0; i < n; i++) {
    int64_t ch = channels > 1 ? i / inner % channels : 0;
    double scale = q->count > 0 ? mote_scale_at(q, ch) : 1;
    out[i] = (float)((double)(mote_code_at(t, i) - mote_zero_at(q, ch)) * scale);
  }
}

// ------------------------------------------------------------------------------------------------ walking

#define WALK_TILE 16384 // elements: a few dozen microseconds of the cheapest row function

bool mote_walk_init(mote_walk *w, const mote_opctx *c, int32_t in, mote_row_fn *fn, const void *state) {
  const mote_tensor *out = c->out[0];
  int64_t strides[MOTE_WALK_MAX][MOTE_MAX_RANK];
  const int64_t *at[MOTE_WALK_MAX];
  w->n = in + 1;
  w->fn = fn;
  w->state = state;
  for (int32_t k = 0; k < w->n; k++) {
    const mote_tensor *t = k == 0 ? out : c->in[k - 1];
    if (!mote_broadcast_strides(t, out->rank, out->dim, strides[k]))
      return false;
    at[k] = strides[k];
    w->size[k] = mote_dtype_size(t->dtype);
    w->from[k] = (int8_t)(k == 0 ? -1 : k - 1);
  }
  mote_iter_init(&w->it, out->rank, out->dim, w->n, at);
  w->segment = MOTE_MIN(w->it.inner, (int64_t)WALK_TILE);
  w->segments = w->segment > 0 ? mote_ceil_div(w->it.inner, w->segment) : 0;
  w->rows_tile = w->segments == 1 ? MOTE_MAX((int64_t)1, WALK_TILE / w->segment) : 1;
  return true;
}

int64_t mote_walk_tiles(const mote_walk *w) {
  if (w->segments == 0 || w->it.rows == 0)
    return 1;
  return w->segments > 1 ? w->it.rows * w->segments : mote_ceil_div(w->it.rows, w->rows_tile);
}

static void walk_piece(const mote_walk *w, const mote_opctx *c, int64_t row, int64_t from, int64_t n) {
  int64_t offset[MOTE_ITER_OPERANDS];
  char *p[MOTE_WALK_MAX];
  ptrdiff_t s[MOTE_WALK_MAX];
  mote_iter_row(&w->it, row, offset);
  for (int32_t k = 0; k < w->n; k++) {
    const mote_tensor *t = w->from[k] < 0 ? c->out[-1 - w->from[k]] : c->in[w->from[k]];
    int64_t e = offset[k] + from * w->it.inner_stride[k];
    p[k] = (char *)t->data + e * (int64_t)w->size[k];
    s[k] = (ptrdiff_t)(w->it.inner_stride[k] * (int64_t)w->size[k]);
  }
  w->fn(c, w->state, n, p, s);
}

void mote_walk_run(const mote_walk *w, const mote_opctx *c, int64_t t0, int64_t t1) {
  if (w->segments == 0 || w->it.rows == 0)
    return;
  if (w->segments > 1) {
    for (int64_t t = t0; t < t1; t++) {
      int64_t from = t % w->segments * w->segment;
      walk_piece(w, c, t / w->segments, from, MOTE_MIN(w->segment, w->it.inner - from));
    }
    return;
  }
  int64_t end = MOTE_MIN(w->it.rows, t1 * w->rows_tile);
  for (int64_t row = t0 * w->rows_tile; row < end; row++)
    walk_piece(w, c, row, 0, w->it.inner);
}

static mote_status walk_step(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  mote_walk_run(state, c, t0, t1);
  return MOTE_OK;
}

mote_status mote_walk_step(mote_opctx *c, int32_t in, mote_row_fn *fn, const void *state, const char *kernel) {
  mote_walk w = {0};
  if (!mote_walk_init(&w, c, in, fn, state))
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "operands do not fit the output");
  return mote_add_step(c, walk_step, &w, sizeof w, mote_walk_tiles(&w), 0, kernel, NULL);
}

mote_status mote_walk_prepare(mote_opctx *c, const mote_walk_plan *plan, const void *state, size_t size) {
  void *kept = mote_keep(c, state, size);
  if (kept == NULL)
    return mote_fail_nomem(c->err);
  return mote_walk_step(c, plan->in, plan->fn, kept, plan->kernel);
}

mote_status mote_walk_eval(mote_opctx *c, const mote_walk_plan *plan, const void *state) {
  mote_walk w = {0};
  if (!mote_walk_init(&w, c, plan->in, plan->fn, state))
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "operands do not fit the output");
  mote_walk_run(&w, c, 0, mote_walk_tiles(&w));
  return MOTE_OK;
}

void *mote_keep(mote_opctx *c, const void *state, size_t size) {
  void *kept = mote_prepare_alloc(c, size);
  if (kept != NULL)
    memcpy(kept, state, size);
  return kept;
}

mote_status mote_add_step(mote_opctx *c, mote_step_fn *run, const void *state, size_t size, int64_t tiles,
                          size_t scratch, const char *kernel, const char *isa) {
  void *kept = size > 0 ? mote_keep(c, state, size) : NULL;
  if (size > 0 && kept == NULL)
    return mote_fail_nomem(c->err);
  mote_step_desc d = {.run = run, .state = kept, .tiles = tiles, .scratch = scratch, .kernel = kernel, .isa = isa};
  return mote_step_add(c, &d);
}

// ------------------------------------------------------------------------------------------------ views

mote_layout mote_layout_any(const mote_opctx *c, int32_t operand) {
  (void)c, (void)operand;
  return MOTE_LAYOUT_ANY;
}

mote_status mote_view_eval(mote_opctx *c) {
  mote_tensor window = *c->out[0];
  mote_tensor *outs[1] = {&window};
  mote_opctx call = *c;
  int64_t offset = 0;
  call.out = outs;
  if (!mote_op_view(&call, &offset))
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "no window");
  window.data = (char *)c->in[0]->data + offset * (int64_t)mote_dtype_size(c->in[0]->dtype);
  mote_tensor_copy(&window, c->out[0]);
  return MOTE_OK;
}

void mote_copy_flat(const mote_opctx *c, int32_t i, int32_t j) {
  size_t bytes;
  if (mote_tensor_bytes(c->out[j], &bytes) && bytes > 0 && c->out[j]->data != c->in[i]->data)
    memcpy(c->out[j]->data, c->in[i]->data, bytes);
}
