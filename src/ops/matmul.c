// Matrix products: with weights (linear) and of two activations (batch_matmul); float, 8-bit, 16-bit and hybrid.
// Tests: tests/models/{tflite/mlp_*,torch/mlp_traced}
#include "ops/matmul.h"

#include "base/map.h"
#include "kernels/gemm_f32.h"
#include "ops/conv.h"

// ------------------------------------------------------------------------------------------------ linear: shape rule

static bool narrow_weights(const mote_tensor *w) {
  mote_dtype d = mote_code_type(w->dtype);
  return w->quant.count > 0 && (d == MOTE_I8 || d == MOTE_U8 || d == MOTE_I4 || d == MOTE_I2);
}

static mote_status linear_types(const mote_opctx *c, int64_t n) {
  mote_dtype x = c->in[0]->dtype, w = c->in[1]->dtype;
  if (mote_has(c, 2)) {
    mote_dtype b = c->in[2]->dtype;
    if (mote_tensor_numel(c->in[2]) != n)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "the bias has %lld values for %lld outputs",
                          (long long)mote_tensor_numel(c->in[2]), (long long)n);
    bool codes = mote_dtype_is_quantized(x) && b == MOTE_F32;
    if (mote_dtype_is_float(x) ? !mote_dtype_is_float(b) : b != MOTE_I32 && b != MOTE_I64 && !codes)
      return mote_bad_dtype(c, 2);
  }
  if (mote_dtype_is_float(x)) {
    if (x == w || (x == MOTE_F32 && narrow_weights(c->in[1])))
      return MOTE_OK;
    return mote_op_fail(c, MOTE_ERR_TYPE, "%s input with %s weights", mote_dtype_name(x), mote_dtype_name(w));
  }
  return mote_product_check(c, n, 0);
}

static mote_status linear_infer(mote_opctx *c) {
  const mote_linear_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1];
  MOTE_TRY(mote_act_check(c, &a->act));
  MOTE_TRY(mote_want_rank(c, 1, 2, 2));
  if (a->weights_format != 0)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "weights format %lld", (long long)a->weights_format);
  int64_t n = w->dim[0], k = w->dim[1], total = mote_tensor_numel(x);
  if (k < 1 || n < 1 || total % k != 0 || (a->keep_dims && (x->rank < 1 || x->dim[x->rank - 1] != k))) {
    char text[160];
    mote_tensor_text(x, text, sizeof text);
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%s with weights [%lld, %lld]", text, (long long)n, (long long)k);
  }
  int64_t dim[MOTE_MAX_RANK] = {total / k, n};
  int32_t rank = 2;
  if (a->keep_dims) {
    memcpy(dim, x->dim, sizeof x->dim);
    rank = x->rank;
    dim[rank - 1] = n;
  }
  MOTE_TRY(mote_out_declare(c, &a->quant, x->dtype));
  bool codes = mote_is_quant(x) && mote_is_quant(c->out[0]); // the output may have wider codes
  mote_out(c, 0, codes ? c->out[0]->dtype : x->dtype, rank, dim);
  return linear_types(c, n);
}

// ------------------------------------------------------------------------------------------------ linear: reference

static double code_or_value(const mote_tensor *t, int64_t i, int64_t channel) {
  if (mote_dtype_is_float(t->dtype))
    return mote_load_f64(t->data, t->dtype, i);
  return (double)(mote_code_at(t, i) - (t->quant.count > 0 ? mote_zero_at(&t->quant, channel) : 0));
}

static mote_status linear_eval(mote_opctx *c) {
  const mote_linear_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1];
  int64_t n = w->dim[0], k = w->dim[1], m = mote_tensor_numel(x) / k;
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      double sum = 0;
      int64_t ch = w->quant.count > 1 ? j : 0;
      for (int64_t t = 0; t < k; t++)
        sum += code_or_value(x, i * k + t, 0) * code_or_value(w, j * k + t, ch);
      mote_product_store(c, &a->act, sum, j, i * n + j);
    }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ linear: kernels

typedef struct linear_f32 {
  const mote_gemm_f32 *row;
  mote_gemm_f32_args args;
} linear_f32;

static mote_status f32_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const linear_f32 *s = state;
  mote_gemm_f32_args a = s->args;
  a.a = c->in[0]->data;
  a.c = c->out[0]->data;
  mote_gemm_f32_run(s->row, &a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}
static mote_status pack_f32(void *dst, const mote_opctx *c, const void *arg) {
  const mote_gemm_f32 *row = arg;
  const mote_tensor *w = c->in[1];
  size_t n = (size_t)w->dim[0], k = (size_t)w->dim[1];
  float *temp = NULL;
  if (w->dtype != MOTE_F32) {
    temp = MOTE_NEW_ARRAY(c->env->al, float, n *k);
    if (temp == NULL)
      return mote_fail_nomem(c->err);
    mote_to_float(w, temp);
  }
  mote_gemm_f32_pack(row, n, k, temp != NULL ? temp : w->data, 1, (ptrdiff_t)k, mote_has(c, 2) ? c->in[2]->data : NULL,
                     dst, 0, mote_gemm_f32_pack_tiles(row, n));
  mote_free(c->env->al, temp);
  return MOTE_OK;
}

static mote_status prepare_f32(mote_opctx *c, size_t m, size_t n, size_t k) {
  const mote_linear_attr *a = c->attr;
  linear_f32 s = {mote_gemm_f32_select(c->env->cpu),
                  {.m = m, .n = n, .k = k, .a_stride = (ptrdiff_t)k, .c_stride = (ptrdiff_t)n}};
  mote_act_range(&a->act, &s.args.lo, &s.args.hi);
  size_t size = mote_gemm_f32_packed_size(s.row, n, k);
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "the packed weights are too large");
  MOTE_TRY(mote_prepare_pack(c, 1, s.row, mote_const_key(c, 2), size, pack_f32, s.row, &s.args.packed));
  return mote_add_step(c, f32_run, &s, sizeof s, (int64_t)mote_gemm_f32_tiles(s.row, m, n, k), 0, s.row->name,
                       s.row->isa);
}

// A row of m pixels with k channels.
static mote_status prepare_q(mote_opctx *c, int64_t m, int64_t n, int64_t k) {
  mote_conv_geo g = {.n = 1,
                     .ih = 1,
                     .iw = m,
                     .ic = k,
                     .oh = 1,
                     .ow = m,
                     .oc = n,
                     .kh = 1,
                     .kw = 1,
                     .groups = 1,
                     .wic = k,
                     .sh = 1,
                     .sw = 1,
                     .dh = 1,
                     .dw = 1,
                     .in_n = m * k,
                     .in_h = m * k,
                     .in_w = k,
                     .out_n = m * n,
                     .out_h = m * n,
                     .out_w = n,
                     .w_o = k,
                     .w_i = 1};
  return mote_product_prepare(c, &g, &((const mote_linear_attr *)c->attr)->act, MOTE_QROUND_AWAY);
}

static mote_status linear_prepare(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *w = c->in[1];
  int64_t n = w->dim[0], k = w->dim[1], m = mote_tensor_numel(x) / k;
  mote_dtype d = mote_code_type(x->dtype);
  bool fixed = mote_is_const(c, 1) && (!mote_has(c, 2) || mote_is_const(c, 2));
  if (!fixed || m == 0 || m > INT32_MAX || n > INT32_MAX || k > INT32_MAX)
    return MOTE_OK; // the reference path
  if (d == MOTE_F32 && (!mote_has(c, 2) || c->in[2]->dtype == MOTE_F32))
    return prepare_f32(c, (size_t)m, (size_t)n, (size_t)k);
  if ((d == MOTE_I8 || d == MOTE_U8 || d == MOTE_I16) && d == mote_code_type(c->out[0]->dtype))
    return prepare_q(c, m, n, k);
  return MOTE_OK;
}

static const mote_attr_field linear_fields[] = {
    MOTE_ACT_FIELDS(mote_linear_attr, act), MOTE_ATTR(mote_linear_attr, weights_format, MOTE_ATTR_INT, 0),
    MOTE_ATTR(mote_linear_attr, keep_dims, MOTE_ATTR_BOOL, 0), MOTE_OUT_QUANT_FIELDS(mote_linear_attr, quant)};
const mote_op mote_op_linear = {"linear",
                                MOTE_RULES(.min_in = 2, .max_in = 3, .n_out = 1, .attr_size = sizeof(mote_linear_attr),
                                           MOTE_FIELDS(linear_fields), .infer = linear_infer, .prepare = linear_prepare,
                                           .eval = linear_eval)};

// ------------------------------------------------------------------------------------------------ batch matmul

typedef struct bmm_geo {
  int64_t m, n, k, batches;
  int32_t rank; // of the leading dims
  int64_t dim[MOTE_MAX_RANK], a_stride[MOTE_MAX_RANK], b_stride[MOTE_MAX_RANK];
  int64_t a_m, a_k, b_k, b_n; // strides inside a matrix
} bmm_geo;

static bool bmm_geometry(const mote_opctx *c, bmm_geo *g) {
  const mote_matmul_attr *at = c->attr;
  mote_tensor a = *c->in[0], b = *c->in[1];
  if (a.rank < 2 || b.rank < 2)
    return false;
  int64_t ar = a.dim[a.rank - 2], ac = a.dim[a.rank - 1], br = b.dim[b.rank - 2], bc = b.dim[b.rank - 1];
  g->m = at->transpose_a ? ac : ar, g->k = at->transpose_a ? ar : ac, g->n = at->transpose_b ? br : bc;
  if (g->k != (at->transpose_b ? bc : br))
    return false;
  g->a_m = at->transpose_a ? 1 : ac, g->a_k = at->transpose_a ? ac : 1;
  g->b_k = at->transpose_b ? 1 : bc, g->b_n = at->transpose_b ? bc : 1;
  mote_tensor_set_dense(&a); // the operator's inputs are dense
  mote_tensor_set_dense(&b);
  a.rank -= 2, b.rank -= 2;
  if (!mote_broadcast_shape(&a, &b, &g->rank, g->dim) || !mote_broadcast_strides(&a, g->rank, g->dim, g->a_stride) ||
      !mote_broadcast_strides(&b, g->rank, g->dim, g->b_stride))
    return false;
  g->batches = 1;
  for (int32_t i = 0; i < g->rank; i++)
    g->batches *= g->dim[i];
  return true;
}

static void bmm_offsets(const bmm_geo *g, int64_t batch, int64_t *a, int64_t *b) {
  *a = *b = 0;
  for (int32_t i = g->rank - 1; i >= 0; i--) {
    *a += batch % g->dim[i] * g->a_stride[i];
    *b += batch % g->dim[i] * g->b_stride[i];
    batch /= g->dim[i];
  }
}

static mote_status bmm_infer(mote_opctx *c) {
  bmm_geo g;
  const mote_tensor *a = c->in[0], *b = c->in[1];
  if (!bmm_geometry(c, &g)) {
    char x[160], y[160];
    mote_tensor_text(a, x, sizeof x);
    mote_tensor_text(b, y, sizeof y);
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%s and %s cannot be multiplied", x, y);
  }
  bool hybrid = a->dtype == MOTE_F32 && narrow_weights(b);
  if (!hybrid)
    MOTE_TRY(mote_want_same(c, 0, 1));
  if (mote_dtype_size(a->dtype) == 0 || a->dtype == MOTE_STRING || a->dtype == MOTE_BOOL ||
      mote_dtype_is_complex(a->dtype))
    return mote_bad_dtype(c, 0);
  if (g.rank + 2 > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d", g.rank + 2);
  int64_t dim[MOTE_MAX_RANK];
  memcpy(dim, g.dim, sizeof(int64_t) * (size_t)g.rank);
  dim[g.rank] = g.m, dim[g.rank + 1] = g.n;
  bool raw = c->out[0]->dtype == MOTE_I32 && a->dtype == MOTE_I8; // 8-bit codes summed as they are
  mote_out(c, 0, raw ? MOTE_I32 : a->dtype, g.rank + 2, dim);
  if (mote_is_quant(a) && !raw && c->out[0]->quant.count == 0)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "the output needs quantisation parameters");
  return MOTE_OK;
}

static void bmm_store(const mote_opctx *c, double sum, int64_t at, int64_t column) {
  const mote_tensor *a = c->in[0], *b = c->in[1], *o = c->out[0];
  if (mote_dtype_is_float(a->dtype)) {
    bool hybrid = !mote_dtype_is_float(b->dtype);
    mote_store_f64(o->data, o->dtype, at,
                   hybrid ? sum * mote_scale_at(&b->quant, b->quant.count > 1 ? column : 0) : sum);
    return;
  }
  int32_t lo, hi;
  if (!mote_is_quant(a) || o->quant.count == 0 || o->dtype == MOTE_I32) {
    mote_store_i64(o->data, o->dtype, at, (int64_t)sum);
    return;
  }
  mote_code_range(o->dtype, &lo, &hi);
  double scale = a->quant.scale * b->quant.scale / o->quant.scale;
  // As the reference does it: 15 bits of the multiplier, or two roundings, which no other runtime does otherwise.
  mote_qfix fix = mote_qfix_from(scale);
  int64_t v = a->dtype == MOTE_I16 ? mote_qfix_mul64((int64_t)sum, fix) : mote_qfix_times((int32_t)(int64_t)sum, fix);
  v += o->quant.zero_point;
  mote_store_i64(o->data, mote_code_type(o->dtype), at, v < lo ? lo : v > hi ? hi : v);
}

// One row of one product a tile.
static mote_status bmm_rows(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state;
  bmm_geo g;
  if (!bmm_geometry(c, &g))
    return MOTE_ERR_INTERNAL;
  for (int64_t t = t0; t < t1; t++) {
    int64_t ao, bo, batch = t / MOTE_MAX(g.m, 1), i = t % MOTE_MAX(g.m, 1);
    bmm_offsets(&g, batch, &ao, &bo);
    for (int64_t j = 0; j < g.n; j++) {
      double sum = 0;
      int64_t ch = c->in[1]->quant.count > 1 ? j : 0;
      for (int64_t k = 0; k < g.k; k++)
        sum += code_or_value(c->in[0], ao + i * g.a_m + k * g.a_k, 0) *
               code_or_value(c->in[1], bo + k * g.b_k + j * g.b_n, ch);
      bmm_store(c, sum, (batch * g.m + i) * g.n + j, j);
    }
  }
  return MOTE_OK;
}
static mote_status bmm_eval(mote_opctx *c) {
  bmm_geo g;
  return bmm_geometry(c, &g) ? bmm_rows(c, NULL, 0, g.batches * g.m) : MOTE_ERR_INTERNAL;
}

// float32: a tile packs one right matrix, turns the left one round if need be, and multiplies.
typedef struct bmm_f32 {
  const mote_gemm_f32 *row;
  size_t packed, left; // bytes of the scratch's two parts
  bmm_geo g;
} bmm_f32;

static mote_status bmm_f32_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const bmm_f32 *s = state;
  const bmm_geo *g = &s->g;
  size_t m = (size_t)g->m, n = (size_t)g->n, k = (size_t)g->k;
  float *left = (float *)(void *)((char *)c->scratch + s->packed);
  for (int64_t t = t0; t < t1; t++) {
    int64_t ao, bo;
    bmm_offsets(g, t, &ao, &bo);
    const float *a = (const float *)c->in[0]->data + ao, *b = (const float *)c->in[1]->data + bo;
    mote_gemm_f32_pack(s->row, n, k, b, g->b_k, g->b_n, NULL, c->scratch, 0, mote_gemm_f32_pack_tiles(s->row, n));
    if (s->left > 0) {
      for (size_t i = 0; i < m; i++)
        for (size_t x = 0; x < k; x++)
          left[i * k + x] = a[(int64_t)i * g->a_m + (int64_t)x * g->a_k];
      a = left;
    }
    mote_gemm_f32_args args = {.m = m,
                               .n = n,
                               .k = k,
                               .a = a,
                               .a_stride = (ptrdiff_t)k,
                               .packed = c->scratch,
                               .c = (float *)c->out[0]->data + t * g->m * g->n,
                               .c_stride = (ptrdiff_t)n,
                               .lo = -INFINITY,
                               .hi = INFINITY};
    mote_gemm_f32_run(s->row, &args, 0, mote_gemm_f32_tiles(s->row, m, n, k));
  }
  return MOTE_OK;
}

static mote_status bmm_prepare(mote_opctx *c) {
  bmm_f32 s = {mote_gemm_f32_select(c->env->cpu)};
  if (!bmm_geometry(c, &s.g) || mote_tensor_numel(c->out[0]) == 0 || s.g.k == 0)
    return MOTE_OK;
  if (c->in[0]->dtype != MOTE_F32 || c->in[1]->dtype != MOTE_F32)
    return mote_add_step(c, bmm_rows, NULL, 0, s.g.batches * s.g.m, 0, "reference", NULL);
  s.packed = (mote_gemm_f32_packed_size(s.row, (size_t)s.g.n, (size_t)s.g.k) + 63) & ~(size_t)63;
  s.left = s.g.a_k != 1 ? (size_t)(s.g.m * s.g.k) * 4 : 0;
  return mote_add_step(c, bmm_f32_run, &s, sizeof s, s.g.batches, s.packed + s.left, s.row->name, s.row->isa);
}

static const mote_attr_field matmul_fields[] = {MOTE_ATTR(mote_matmul_attr, transpose_a, MOTE_ATTR_BOOL, 0),
                                                MOTE_ATTR(mote_matmul_attr, transpose_b, MOTE_ATTR_BOOL, 0)};
const mote_op mote_op_batch_matmul = {"batch_matmul",
                                      MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1,
                                                 .attr_size = sizeof(mote_matmul_attr), MOTE_FIELDS(matmul_fields),
                                                 .infer = bmm_infer, .prepare = bmm_prepare, .eval = bmm_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(9, 14, "FULLY_CONNECTED activation:i8 weights_format:i8 keep_dims:bool", mote_op_linear),
    MOTE_TFLITE_OP(126, 5, "BATCH_MATMUL transpose_a:bool transpose_b:bool", mote_op_batch_matmul),
};
const mote_op_family mote_family_matmul = {MOTE_ROWS(tflite, tflite_rows)};
