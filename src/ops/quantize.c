// Changing the element type: quantise, dequantise, requantise, cast, fake quantisation. Tests:
// tests/unit/test_ops_basic.c
#include "ops/quantize.h"

#include "kernels/qeltwise.h"

typedef struct convert_state {
  const mote_qeltwise_row *q;
  mote_qconvert p;
  mote_qfix fix; // of 16-bit codes
} convert_state;

static void row_convert(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const convert_state *v = state;
  size_t from = mote_dtype_size(c->in[0]->dtype), to = mote_dtype_size(c->out[0]->dtype);
  if (s[0] == (ptrdiff_t)to && s[1] == (ptrdiff_t)from) {
    v->q->convert(&v->p, p[1], p[0], (size_t)n);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    v->q->convert(&v->p, p[1] + i * s[1], p[0] + i * s[0], 1);
}

// From 16-bit codes in fixed point.
static void row_requant16(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  const convert_state *v = state;
  (void)c;
  for (int64_t i = 0; i < n; i++)
    mote_store_i64(
        p[0] + i * s[0], v->p.to, 0,
        mote_qfix_code(*(const int16_t *)(p[1] + i * s[1]) - v->p.in_zp, v->fix, v->p.out_zp, v->p.lo, v->p.hi));
}

static bool kernel_type(mote_dtype d) {
  return d == MOTE_I8 || d == MOTE_U8 || d == MOTE_I16 || d == MOTE_I32 || d == MOTE_F32;
}

static mote_walk_plan convert_setup(const mote_opctx *c, convert_state *v) {
  const mote_tensor *in = c->in[0], *out = c->out[0];
  memset(v, 0, sizeof *v);
  v->q = mote_qeltwise_select(c->env->cpu);
  v->p.from = mote_code_type(in->dtype), v->p.to = mote_code_type(out->dtype);
  v->p.in_zp = in->quant.zero_point, v->p.out_zp = out->quant.zero_point;
  v->p.round = MOTE_QROUND_AWAY;
  mote_code_range(out->dtype, &v->p.lo, &v->p.hi);
  if (v->p.from == MOTE_F32) {
    v->p.scale = (float)out->quant.scale;
    v->p.divide = true;
  } else {
    v->p.scale = (float)(v->p.to == MOTE_F32 ? in->quant.scale : in->quant.scale / out->quant.scale);
  }
  mote_walk_plan w = {row_convert, 1, v->q->name, NULL};
  if (v->p.from == MOTE_I16 && v->p.to != MOTE_F32) {
    v->fix = mote_qfix_from(in->quant.scale / out->quant.scale);
    w.fn = row_requant16;
  }
  return w;
}

// ------------------------------------------------------------------------------------------------ quantise

static mote_status quantize_infer(mote_opctx *c) {
  const mote_tensor *in = c->in[0];
  mote_dtype to = c->out[0]->dtype;
  const mote_quant *q = &c->out[0]->quant;
  if (!mote_dtype_is_int(to) && !mote_dtype_is_quantized(to))
    return mote_op_fail(c, MOTE_ERR_TYPE, "cannot quantise to %s", mote_dtype_name(to));
  if (q->count < 1 || !(q->scale > 0))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "the output needs quantisation parameters");
  if (!mote_dtype_is_float(in->dtype) &&
      (in->quant.count < 1 || !(in->quant.scale > 0) || !kernel_type(mote_code_type(in->dtype))))
    return mote_bad_dtype(c, 0);
  if (mote_dtype_size(to) == 0)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "output of %s", mote_dtype_name(to));
  mote_out(c, 0, to, in->rank, in->dim);
  return MOTE_OK;
}

static bool quantize_fast(const mote_opctx *c) {
  mote_dtype from = mote_code_type(c->in[0]->dtype), to = mote_code_type(c->out[0]->dtype);
  bool narrow = to == MOTE_I8 || to == MOTE_U8 || to == MOTE_I16;
  return kernel_type(from) && narrow && c->out[0]->quant.count == 1 && c->in[0]->quant.count <= 1;
}

// Element by element: any types, scales per channel.
static mote_status quantize_eval(mote_opctx *c) {
  const mote_tensor *in = c->in[0], *out = c->out[0];
  if (quantize_fast(c)) {
    convert_state v;
    mote_walk_plan w = convert_setup(c, &v);
    return mote_walk_eval(c, &w, &v);
  }
  int64_t n = mote_tensor_numel(in), channels = out->quant.count;
  int64_t inner = channels > 1 ? mote_dims_product(out, out->quant.axis + 1, out->rank) : 1;
  int32_t lo, hi;
  mote_code_range(out->dtype, &lo, &hi);
  for (int64_t i = 0; i < n; i++) {
    int64_t ch = channels > 1 ? i / inner % channels : 0;
    double v = mote_dtype_is_float(in->dtype) ? mote_load_f64(in->data, in->dtype, i)
                                              : (double)(mote_code_at(in, i) - in->quant.zero_point) * in->quant.scale;
    mote_store_i64(out->data, mote_code_type(out->dtype), i,
                   mote_quantise(v, mote_scale_at(&out->quant, ch), mote_zero_at(&out->quant, ch), lo, hi));
  }
  return MOTE_OK;
}
static mote_status quantize_prepare(mote_opctx *c) {
  if (!quantize_fast(c))
    return MOTE_OK;
  convert_state v;
  mote_walk_plan w = convert_setup(c, &v);
  return mote_walk_prepare(c, &w, &v, sizeof v);
}
const mote_op mote_op_quantize = {"quantize", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .infer = quantize_infer,
                                                         .prepare = quantize_prepare, .eval = quantize_eval)};

// ------------------------------------------------------------------------------------------------ dequantise

static mote_status dequantize_infer(mote_opctx *c) {
  const mote_tensor *in = c->in[0];
  if (!mote_dtype_is_float(in->dtype) &&
      (in->quant.count < 1 || (!mote_dtype_is_int(in->dtype) && !mote_dtype_is_quantized(in->dtype))))
    return mote_op_fail(c, MOTE_ERR_TYPE, "%s without a scale", mote_dtype_name(in->dtype));
  mote_out(c, 0, MOTE_F32, in->rank, in->dim);
  memset(&c->out[0]->quant, 0, sizeof c->out[0]->quant);
  c->out[0]->quant.axis = -1;
  return MOTE_OK;
}
static bool in_steps(const mote_opctx *c) { return ((const mote_dequantize_attr *)c->attr)->steps; }
static mote_status dequantize_eval(mote_opctx *c) {
  mote_tensor in = *c->in[0];
  if (in_steps(c) && in.quant.count == 1)
    in.quant.scale = 1;
  mote_to_float(&in, c->out[0]->data);
  return MOTE_OK;
}
static mote_status dequantize_prepare(mote_opctx *c) {
  if (!kernel_type(mote_code_type(c->in[0]->dtype)) || c->in[0]->quant.count > 1 || c->in[0]->dtype == MOTE_F32)
    return MOTE_OK;
  convert_state v;
  mote_walk_plan w = convert_setup(c, &v);
  if (in_steps(c))
    v.p.scale = 1;
  return mote_walk_prepare(c, &w, &v, sizeof v);
}
static const mote_attr_field dequantize_fields[] = {MOTE_ATTR(mote_dequantize_attr, steps, MOTE_ATTR_BOOL, 0)};
const mote_op mote_op_dequantize = {"dequantize", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1,
                                                             .attr_size = sizeof(mote_dequantize_attr),
                                                             MOTE_FIELDS(dequantize_fields), .infer = dequantize_infer,
                                                             .prepare = dequantize_prepare, .eval = dequantize_eval)};

// ------------------------------------------------------------------------------------------------ cast

static mote_status cast_infer(mote_opctx *c) {
  const mote_cast_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  mote_dtype to = a->dtype != MOTE_NONE ? (mote_dtype)a->dtype : c->out[0]->dtype;
  bool bad = mote_dtype_size(to) == 0 || to == MOTE_STRING || to == MOTE_RESOURCE || mote_dtype_is_quantized(to);
  bool from_bad = in->dtype == MOTE_STRING || in->dtype == MOTE_RESOURCE || mote_dtype_bits(in->dtype) == 0;
  if (bad || from_bad)
    return mote_op_fail(c, MOTE_ERR_TYPE, "cannot cast %s to %s", mote_dtype_name(in->dtype), mote_dtype_name(to));
  mote_out(c, 0, to, in->rank, in->dim);
  return MOTE_OK;
}

// Out of range and NaN have no meaning in C: floats are cut to the type's range first, NaN gives 0.
static int64_t real_to_int(double v) {
  return v != v ? 0 : v >= 9223372036854775807.0 ? INT64_MAX : v <= -9223372036854775808.0 ? INT64_MIN : (int64_t)v;
}

static void cast_one(const mote_tensor *in, const mote_tensor *out, int64_t i) {
  mote_dtype from = mote_code_type(in->dtype), to = out->dtype;
  mote_dtype half = from == MOTE_C64 ? MOTE_F32 : MOTE_F64, out_half = to == MOTE_C64 ? MOTE_F32 : MOTE_F64;
  bool real = mote_dtype_is_float(from) || mote_dtype_is_complex(from);
  double v = mote_dtype_is_complex(from) ? mote_load_f64(in->data, half, 2 * i)
             : real                      ? mote_load_f64(in->data, from, i)
                                         : 0;
  int64_t k = real ? 0 : mote_code_at(in, i);
  if (mote_dtype_is_complex(to)) {
    mote_store_f64(out->data, out_half, 2 * i, real ? v : (double)k);
    mote_store_f64(out->data, out_half, 2 * i + 1,
                   mote_dtype_is_complex(from) ? mote_load_f64(in->data, half, 2 * i + 1) : 0);
  } else if (to == MOTE_BOOL) {
    ((uint8_t *)out->data)[i] = real ? v != 0 : k != 0;
  } else if (mote_dtype_is_float(to)) {
    mote_store_f64(out->data, to, i, real ? v : (double)k);
  } else if (real && to == MOTE_U64) {
    ((uint64_t *)out->data)[i] =
        v >= 9223372036854775808.0 && v < 18446744073709551616.0 ? (uint64_t)v : (uint64_t)real_to_int(v);
  } else {
    mote_store_i64(out->data, to, i, real ? real_to_int(v) : k);
  }
}
static mote_status cast_eval(mote_opctx *c) {
  int64_t n = mote_tensor_numel(c->in[0]);
  if (c->in[0]->dtype == c->out[0]->dtype) {
    mote_copy_flat(c, 0, 0);
    return MOTE_OK;
  }
  for (int64_t i = 0; i < n; i++)
    cast_one(c->in[0], c->out[0], i);
  return MOTE_OK;
}
static const mote_attr_field cast_fields[] = {MOTE_ATTR(mote_cast_attr, dtype, MOTE_ATTR_DTYPE, 0)};
const mote_op mote_op_cast = {"cast",
                              MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(mote_cast_attr),
                                         MOTE_FIELDS(cast_fields), .infer = cast_infer, .eval = cast_eval)};

// ------------------------------------------------------------------------------------------------ fake quantisation

typedef struct fake_attr {
  double min, max;
  int64_t bits;
  bool narrow;
} fake_attr;

static mote_status fake_infer(mote_opctx *c) {
  const fake_attr *a = c->attr;
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  if (a->bits < 2 || a->bits > 16 || !(a->max > a->min))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "%lld bits over %g to %g", (long long)a->bits, a->min, a->max);
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}
static mote_status fake_eval(mote_opctx *c) {
  const fake_attr *a = c->attr;
  float lo = a->narrow ? 1 : 0, hi = (float)((1 << a->bits) - 1);
  float min = (float)a->min, max = (float)a->max, scale = (max - min) / (hi - lo), inv = 1 / scale;
  float zero = lo - min / scale, nudged = zero < lo ? lo : zero > hi ? hi : roundf(zero);
  float nmin = (lo - nudged) * scale, nmax = (hi - nudged) * scale;
  const float *x = c->in[0]->data;
  float *y = c->out[0]->data;
  int64_t n = mote_tensor_numel(c->in[0]);
  for (int64_t i = 0; i < n; i++) {
    float v = x[i] < nmin ? nmin : x[i] > nmax ? nmax : x[i];
    y[i] = floorf((v - nmin) * inv + 0.5f) * scale + nmin;
  }
  return MOTE_OK;
}
static const mote_attr_field fake_fields[] = {
    MOTE_ATTR(fake_attr, min, MOTE_ATTR_FLOAT, 0), MOTE_ATTR(fake_attr, max, MOTE_ATTR_FLOAT, 0),
    MOTE_ATTR(fake_attr, bits, MOTE_ATTR_INT, 8), MOTE_ATTR(fake_attr, narrow, MOTE_ATTR_BOOL, 0)};
static const mote_op mote_op_fake_quantize = {
    "fake_quantize", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(fake_attr),
                                MOTE_FIELDS(fake_fields), .infer = fake_infer, .eval = fake_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(6, 6, "DEQUANTIZE", mote_op_dequantize),
    MOTE_TFLITE_OP(53, 7, "CAST", mote_op_cast), // the output's declared type decides, as the file's field may be stale
    MOTE_TFLITE_OP(80, 2, "FAKE_QUANT min:f32 max:f32 bits:i32 narrow:bool", mote_op_fake_quantize),
    MOTE_TFLITE_OP(114, 4, "QUANTIZE", mote_op_quantize),
};
const mote_op_family mote_family_quantize = {MOTE_ROWS(tflite, tflite_rows)};
