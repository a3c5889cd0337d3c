// PyTorch's quantised operators: float scales, rounding half to even. Convolutions, products, sums and tables run on
// codes in the shared operators; the rest turns codes into numbers, computes, and quantises again. Packed parameters
// arrive as lists: tensors (weight, bias), then integers (see script/packed.h). Tests: tests/unit/test_ops_aten.c
#include "ops/aten_quant.h"

#include "ops/aten_conv.h"
#include "ops/aten_rnn.h"
#include "ops/batch_norm.h"
#include "ops/binary.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/unary.h"

// ------------------------------------------------------------------------------------------------ numbers to codes

static mote_status codes_infer(mote_opctx *c) {
  const mote_codes_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  mote_quant *q = &c->out[0]->quant;
  mote_dtype d = (mote_dtype)a->dtype;
  if (!mote_dtype_is_float(x->dtype) || !mote_dtype_is_quantized(d))
    return mote_bad_dtype(c, 0);
  mote_out_as(c, 0, 0);
  c->out[0]->dtype = d;
  memset(q, 0, sizeof *q);
  q->axis = -1;
  q->count = 1;
  q->scale = a->scale;
  q->zero_point = (int32_t)a->zero;
  if (a->axis == -1)
    return a->scale > 0 ? MOTE_OK : mote_op_fail(c, MOTE_ERR_ARGUMENT, "quantization scale should be > 0");
  if (c->n_in < 3 || c->in[1]->dtype != MOTE_F64 || c->in[2]->dtype != MOTE_I32 || a->axis >= x->rank ||
      mote_tensor_numel(c->in[1]) != (a->axis < 0 ? 1 : x->dim[a->axis]) ||
      mote_tensor_numel(c->in[2]) != mote_tensor_numel(c->in[1]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "length of scales must equal to channel");
  if (mote_needs(c, 1) || mote_needs(c, 2))
    return MOTE_OK;
  if (a->axis < 0) {
    q->scale = *(const double *)c->in[1]->data;
    q->zero_point = *(const int32_t *)c->in[2]->data;
    return q->scale > 0 ? MOTE_OK : mote_op_fail(c, MOTE_ERR_ARGUMENT, "quantization scale should be > 0");
  }
  q->axis = (int32_t)a->axis;
  q->count = (int32_t)x->dim[a->axis];
  q->scales = c->in[1]->data;
  q->zero_points = c->in[2]->data;
  if (q->count < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "length of scales must equal to channel");
  q->scale = q->scales[0];
  q->zero_point = q->zero_points[0];
  bool equal = true; // then no array: convolutions want it so
  for (int32_t i = 0; i < q->count; i++) {
    equal = equal && q->zero_points[i] == q->zero_point;
    if (!(q->scales[i] > 0) || !(q->scales[i] < HUGE_VAL))
      return mote_op_fail(c, MOTE_ERR_ARGUMENT, "scale %g of channel %d", q->scales[i], i);
  }
  if (equal)
    q->zero_points = NULL;
  return MOTE_OK;
}
static void codes_span(const mote_opctx *c, int64_t from, int64_t to) {
  const mote_tensor *x = c->in[0], *o = c->out[0];
  const mote_quant *q = &o->quant;
  int32_t lo, hi;
  bool steps = ((const mote_codes_attr *)c->attr)->steps, raw = ((const mote_codes_attr *)c->attr)->raw;
  mote_code_range(o->dtype, &lo, &hi);
  int64_t channels = q->count > 1 ? q->count : 1, inner = channels > 1 ? mote_dims_product(o, q->axis + 1, o->rank) : 1;
  for (int64_t i = from; i < to; i++) {
    int64_t ch = channels > 1 ? i / inner % channels : 0;
    float inv = steps ? 1 : 1.0f / (float)mote_scale_at(q, ch);
    float v = x->dtype == MOTE_F32 ? ((const float *)x->data)[i] : (float)mote_load_f64(x->data, x->dtype, i);
    v *= inv;
    double zero = mote_zero_at(q, ch), r = raw ? rint((double)v + zero) : (double)rintf(v) + zero;
    mote_store_i64(o->data, mote_code_type(o->dtype), i, r >= hi ? hi : r > lo ? (int64_t)r : lo);
  }
}
enum { CODES_TILE = 16384 };
static mote_status codes_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state;
  codes_span(c, t0 * CODES_TILE, MOTE_MIN(t1 * CODES_TILE, mote_tensor_numel(c->in[0])));
  return MOTE_OK;
}
static mote_status codes_eval(mote_opctx *c) {
  codes_span(c, 0, mote_tensor_numel(c->in[0]));
  return MOTE_OK;
}
static mote_status codes_prepare(mote_opctx *c) {
  int64_t n = mote_tensor_numel(c->in[0]);
  return n > 0 ? mote_add_step(c, codes_run, NULL, 0, mote_ceil_div(n, CODES_TILE), 0, "quantise", NULL) : MOTE_OK;
}
static const mote_attr_field codes_fields[] = {
    MOTE_ATTR(mote_codes_attr, scale, MOTE_ATTR_FLOAT, 0), MOTE_ATTR(mote_codes_attr, zero, MOTE_ATTR_INT, 0),
    MOTE_ATTR(mote_codes_attr, axis, MOTE_ATTR_INT, -1),   MOTE_ATTR(mote_codes_attr, dtype, MOTE_ATTR_DTYPE, 0),
    MOTE_ATTR(mote_codes_attr, steps, MOTE_ATTR_BOOL, 0),  MOTE_ATTR(mote_codes_attr, raw, MOTE_ATTR_BOOL, 0)};
const mote_op mote_op_codes = {"quantize_per_tensor",
                               MOTE_RULES(.min_in = 1, .max_in = 3, .n_out = 1, .attr_size = sizeof(mote_codes_attr),
                                          MOTE_FIELDS(codes_fields), .infer = codes_infer, .prepare = codes_prepare,
                                          .eval = codes_eval)};

// Numbers rounded to the 8 bits that fit their own range, as dynamic quantisation does it to activations.
typedef struct round_attr {
  bool reduce_range; // 7 bits
} round_attr;

static void choose_range(double lo, double hi, int32_t top, double *scale, double *zero) {
  lo = fmin(lo, 0);
  hi = fmax(hi, 0);
  double s = (double)(float)((hi - lo) / top);
  if (s == 0 || isinf(1 / s))
    s = 0.1;
  double from_lo = -lo / s, from_hi = top - hi / s;
  double err_lo = fabs(lo / s), err_hi = top + fabs(hi / s);
  double z = err_lo < err_hi ? from_lo : from_hi;
  *zero = z < 0 ? 0 : z > top ? top : rint(z);
  *scale = s;
}
void mote_aten_round8(float *x, int64_t n, bool reduce_range) {
  double lo = 0, hi = 0, scale, zero;
  int32_t top = reduce_range ? 127 : 255;
  for (int64_t i = 0; i < n; i++) {
    lo = fmin(lo, x[i]);
    hi = fmax(hi, x[i]);
  }
  choose_range(lo, hi, top, &scale, &zero);
  float inv = 1.0f / (float)scale;
  for (int64_t i = 0; i < n; i++) {
    double q = rint((double)(x[i] * inv)) + zero;
    q = q < 0 ? 0 : q > 255 ? 255 : q;
    x[i] = (float)((q - zero) * scale);
  }
}
static mote_status round_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}
static mote_status round_eval(mote_opctx *c) {
  mote_copy_flat(c, 0, 0);
  mote_aten_round8(c->out[0]->data, mote_tensor_numel(c->out[0]), ((const round_attr *)c->attr)->reduce_range);
  return MOTE_OK;
}
static const mote_attr_field round_fields[] = {MOTE_ATTR(round_attr, reduce_range, MOTE_ATTR_BOOL, 0)};
static const mote_op round_op = {"round_to_range",
                                 MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(round_attr),
                                            MOTE_FIELDS(round_fields), .infer = round_infer, .eval = round_eval)};

// ------------------------------------------------------------------------------------------------ helpers

mote_vid mote_low_codes(mote_low *w, mote_vid x, double scale, int64_t zero, mote_dtype d) {
  mote_codes_attr a = {.scale = scale, .zero = zero, .axis = -1, .dtype = (int32_t)d};
  return mote_low_emit(w, &mote_op_codes, &a, &x, 1);
}
mote_vid mote_low_real(mote_low *w, mote_vid x) {
  mote_dtype d = mote_low_desc(w, x)->dtype;
  return x < 0 || d == MOTE_F32   ? x
         : mote_dtype_is_float(d) ? mote_low_cast(w, x, MOTE_F32)
                                  : mote_low_1(w, &mote_op_dequantize, x);
}
// The first operand, or the first of a list.
static const mote_tensor *first(mote_low *w) {
  const mote_arg *a = &w->args[0];
  return mote_low_desc(w, a->kind != MOTE_ARG_TENSORS ? a->ref : a->count > 0 ? a->refs[0] : -1);
}
// Scale and zero point that the call gives its result; else those of the first operand.
static mote_out_quant quant_args(mote_low *w) {
  static const char names[3][2][20] = {
      {"output_scale", "output_zero_point"}, {"Y_scale_i", "Y_zero_point_i"}, {"scale", "zero_point"}};
  const mote_quant *own = &first(w)->quant;
  mote_out_quant q = {own->scale, own->zero_point};
  for (int i = 2; i >= 0; i--) {
    q.scale = mote_lower_float(w, names[i][0], q.scale);
    q.zero = mote_lower_int(w, names[i][1], q.zero);
  }
  return q;
}
mote_status mote_low_give_codes(mote_low *w, mote_vid y, bool relu) {
  mote_out_quant q = quant_args(w);
  y = relu ? mote_low_1(w, &mote_op_relu, y) : y;
  return mote_low_done(w, mote_low_codes(w, y, q.scale, q.zero, first(w)->dtype));
}
static bool on_codes(mote_low *w, mote_vid x) {
  const mote_tensor *t = mote_low_desc(w, x);
  return (t->dtype == MOTE_QU8 || t->dtype == MOTE_QI8) && t->quant.count == 1;
}
static mote_act_attr relu_act(bool relu) {
  mote_act_attr a = {relu ? MOTE_ACT_RELU : MOTE_ACT_NONE, 0, 0};
  return a;
}

// ------------------------------------------------------------------------------------------------ quantising

// A number argument, or a tensor of one whose value is known.
static double number_arg(mote_low *w, const char *name, double def) {
  const mote_arg *a = mote_lower_arg(w, name);
  if (a == NULL || a->kind != MOTE_ARG_TENSOR)
    return mote_lower_float(w, name, def);
  const mote_tensor *t = mote_low_desc(w, a->ref);
  if (t->data == NULL || mote_tensor_numel(t) < 1) {
    mote_low_fail(w, MOTE_ERR_UNSUPPORTED, "%s is not known before running", name);
    return def;
  }
  return mote_load_f64(t->data, t->dtype, 0);
}
static mote_status lower_quantize(mote_lowering *l) {
  mote_dtype d = mote_low_dtype(l, MOTE_QU8);
  mote_vid scales = mote_low_tensor(l, "scale");
  if (scales >= 0 && (mote_low_desc(l, scales)->data == NULL)) {
    mote_codes_attr a = {.axis = -2, .dtype = (int32_t)d};
    mote_vid in[3] = {l->args[0].ref, mote_low_cast(l, scales, MOTE_F64),
                      mote_low_cast(l, mote_low_tensor(l, "zero_point"), MOTE_I32)};
    return mote_low_done(l, mote_low_emit(l, &mote_op_codes, &a, in, 3));
  }
  double scale = number_arg(l, "scale", 1), zero = number_arg(l, "zero_point", 0);
  int32_t lo = 0, hi = 0;
  mote_code_range(d, &lo, &hi);
  if (mote_low_desc(l, l->args[0].ref)->dtype != MOTE_F32)
    mote_low_fail(l, MOTE_ERR_TYPE, "Quantize only works on Float Tensor, got %s",
                  mote_aten_type_name(mote_low_desc(l, l->args[0].ref)->dtype));
  if (zero < lo || zero > hi)
    mote_low_fail(l, MOTE_ERR_ARGUMENT, "quantize_tensor_per_tensor_affine zero_point %lld is %s bound.",
                  (long long)zero, zero < lo ? "below lower" : "above upper");
  return mote_low_done(l, mote_low_codes(l, l->args[0].ref, scale, (int64_t)zero, d));
}
static mote_status lower_quantize_channel(mote_lowering *l) {
  mote_codes_attr a = {.scale = 1,
                       .axis = mote_low_axis_arg(l, "axis", 0, mote_low_desc(l, l->args[0].ref)->rank),
                       .dtype = (int32_t)mote_low_dtype(l, MOTE_QI8)};
  mote_vid in[3] = {l->args[0].ref, mote_low_cast(l, mote_low_tensor(l, "scales"), MOTE_F64),
                    mote_low_cast(l, mote_low_tensor(l, "zero_points"), MOTE_I32)};
  return mote_low_done(l, mote_low_emit(l, &mote_op_codes, &a, in, 3));
}
static mote_status lower_quantize_dynamic(mote_lowering *l) {
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  double lo = 0, hi = 0, scale, zero;
  int64_t n = mote_tensor_numel(t);
  bool reduce = mote_lower_bool(l, "reduce_range", false), is_signed = mote_low_dtype(l, MOTE_QU8) == MOTE_QI8;
  if (t->data == NULL && n > 0)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED,
                     "quantize_per_tensor_dynamic of values that are not known before running");
  for (int64_t i = 0; i < n; i++) {
    lo = fmin(lo, mote_load_f64(t->data, t->dtype, i));
    hi = fmax(hi, mote_load_f64(t->data, t->dtype, i));
  }
  choose_range(lo, hi, reduce ? 127 : 255, &scale, &zero);
  return mote_low_done(l,
                       mote_low_codes(l, l->args[0].ref, scale, (int64_t)zero - (is_signed ? (reduce ? 64 : 128) : 0),
                                      is_signed ? MOTE_QI8 : MOTE_QU8));
}
static mote_status lower_dequantize(mote_lowering *l) {
  const mote_arg *a = &l->args[0];
  if (a->kind == MOTE_ARG_TENSOR)
    return mote_low_done(l, mote_low_real(l, a->ref));
  for (int32_t i = 0; i < a->count; i++)
    mote_low_give(l, mote_low_real(l, a->refs[i]));
  return l->st;
}

// ------------------------------------------------------------------------------------------------ convolution

// Settings as packed: dims, strides, paddings, dilations, output paddings, groups, transposed.
static bool read_conv(const mote_arg *p, mote_aten_conv *a) {
  const int64_t *at = p->ints.at;
  int64_t n = p->kind == MOTE_ARG_TENSORS && p->count > 1 && p->ints.count > 0 ? at[0] : 0;
  if (n < 1 || n > 3 || p->ints.count < 3 + 4 * n)
    return false;
  memset(a, 0, sizeof *a);
  a->n = n;
  a->groups = at[1 + 4 * n];
  a->transposed = at[2 + 4 * n] != 0;
  for (int64_t i = 0; i < n; i++) {
    a->stride[i] = *++at;
    a->before[i] = a->after[i] = at[n];
    a->dilation[i] = at[2 * n];
    a->extra[i] = a->transposed ? at[3 * n] : 0;
  }
  return true;
}

static mote_status quant_conv(mote_lowering *l, bool relu) {
  const mote_arg *packed = &l->args[1];
  mote_aten_conv a;
  if (!read_conv(packed, &a))
    return mote_fail(l->err, MOTE_ERR_TYPE, "packed parameters of a convolution are needed");
  mote_vid x = l->args[0].ref, weight = packed->refs[0];
  bool codes = on_codes(l, x) && !a.transposed && a.n < 3;
  bool line = a.n == 2 && mote_low_desc(l, x)->rank == 3; // PyTorch packs one dim as two
  x = line ? mote_low_unsqueeze(l, x, 2) : x;
  if (codes) {
    a.relu = relu;
    a.quant = quant_args(l);
  } else {
    x = mote_low_real(l, x);
    weight = mote_low_real(l, weight);
  }
  x = mote_aten_convolve(l, x, weight, packed->refs[1], &a);
  x = line ? mote_low_squeeze(l, x, 2) : x;
  return codes ? mote_low_done(l, x) : mote_low_give_codes(l, x, relu);
}
static mote_status lower_conv(mote_lowering *l) { return quant_conv(l, false); }
static mote_status lower_conv_relu(mote_lowering *l) { return quant_conv(l, true); }

// ------------------------------------------------------------------------------------------------ linear

static mote_status quant_linear(mote_lowering *l, bool relu) {
  const mote_arg *packed = &l->args[1];
  if (packed->kind != MOTE_ARG_TENSORS || packed->count < 2)
    return mote_fail(l->err, MOTE_ERR_TYPE, "packed parameters of a linear layer are needed");
  mote_linear_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_linear, &a);
  a.keep_dims = true;
  a.act = relu_act(relu);
  a.quant = quant_args(l);
  mote_vid in[3] = {l->args[0].ref, packed->refs[0], packed->refs[1]};
  return mote_low_done(l, mote_low_emit(l, &mote_op_linear, &a, in, in[2] >= 0 ? 3 : 2));
}
static mote_status lower_linear(mote_lowering *l) { return quant_linear(l, false); }
static mote_status lower_linear_relu(mote_lowering *l) { return quant_linear(l, true); }

mote_vid mote_aten_rounded(mote_low *w, mote_vid x, bool reduce) {
  round_attr a = {reduce};
  return mote_low_emit(w, &round_op, &a, &x, 1);
}
static mote_status dynamic_linear(mote_lowering *l, bool relu, bool half) {
  const mote_arg *packed = &l->args[1];
  if (packed->kind != MOTE_ARG_TENSORS || packed->count < 2)
    return mote_fail(l->err, MOTE_ERR_TYPE, "packed parameters of a linear layer are needed");
  mote_vid x = l->args[0].ref, weight = mote_low_real(l, packed->refs[0]);
  if (!half && mote_low_desc(l, x)->rank < 2)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "The dimension of input tensor should be larger than or equal to 2");
  x = half ? x : mote_aten_rounded(l, x, mote_lower_bool(l, "reduce_range", false));
  mote_vid y = mote_aten_linear(l, x, weight, packed->refs[1]);
  return mote_low_done(l, relu ? mote_low_1(l, &mote_op_relu, y) : y);
}
static mote_status lower_dynamic(mote_lowering *l) { return dynamic_linear(l, false, false); }
static mote_status lower_dynamic_relu(mote_lowering *l) { return dynamic_linear(l, true, false); }
static mote_status lower_half(mote_lowering *l) { return dynamic_linear(l, false, true); }
static mote_status lower_half_relu(mote_lowering *l) { return dynamic_linear(l, true, true); }

// ------------------------------------------------------------------------------------------------ element-wise

static mote_status quant_binary(mote_lowering *l, const mote_op *op, bool relu) {
  mote_binary_attr a;
  mote_vid in[2] = {l->args[0].ref, l->args[1].ref};
  memset(&a, 0, sizeof a);
  mote_attr_defaults(op, &a);
  if (on_codes(l, in[0]) && on_codes(l, in[1])) {
    a.act = relu_act(relu);
    a.quant = quant_args(l);
    return mote_low_done(l, mote_low_emit(l, op, &a, in, 2));
  }
  for (int i = 0; i < 2; i++)
    in[i] = mote_low_real(l, in[i]);
  return mote_low_give_codes(l, mote_low_emit(l, op, &a, in, 2), relu);
}
static mote_status lower_add(mote_lowering *l) { return quant_binary(l, &mote_op_add, false); }
static mote_status lower_add_relu(mote_lowering *l) { return quant_binary(l, &mote_op_add, true); }
static mote_status lower_mul(mote_lowering *l) { return quant_binary(l, &mote_op_mul, false); }
static mote_status lower_mul_relu(mote_lowering *l) { return quant_binary(l, &mote_op_mul, true); }

// A number: only the scale and zero point change. Negative numbers turn the codes round.
static mote_status with_number(mote_lowering *l, bool add, bool relu) {
  mote_vid x = l->args[0].ref;
  const mote_tensor *t = mote_low_desc(l, x);
  const mote_quant q = t->quant;
  mote_dtype d = t->dtype;
  double c = l->args[1].kind == MOTE_ARG_TENSOR ? number_arg(l, l->args[1].name, 0) : l->args[1].scalar.f,
         scale = q.scale, zero = q.zero_point;
  int32_t lo, hi;
  mote_code_range(d, &lo, &hi);
  mote_vid v = mote_low_2(l, add ? &mote_op_add : &mote_op_mul, mote_low_real(l, x), mote_low_num(l, c, MOTE_F32));
  if (!add) {
    zero = c > 0 ? zero : c < 0 ? hi - (zero - lo) : 0;
    scale = c == 0 ? 1 : scale * fabs(c);
  } else {
    double shift = rint(c / scale);
    double z = zero - shift;
    if (z < lo || z > hi) { // the range moves and grows to hold the codes
      double edge = z < lo ? lo : hi;
      scale = z < lo ? (hi - z) / (hi - lo) * scale : (z - lo) / (hi - lo) * scale;
      zero = edge;
    } else {
      zero = z;
    }
  }
  if (relu)
    v = mote_low_1(l, &mote_op_relu, v);
  return mote_low_done(l, mote_low_codes(l, v, scale, (int64_t)zero, d));
}
static mote_status lower_add_number(mote_lowering *l) { return with_number(l, true, false); }
static mote_status lower_add_number_relu(mote_lowering *l) { return with_number(l, true, true); }
static mote_status lower_mul_number(mote_lowering *l) { return with_number(l, false, false); }
static mote_status lower_mul_number_relu(mote_lowering *l) { return with_number(l, false, true); }

static mote_status quant_cat(mote_lowering *l, bool relu) {
  const mote_arg *list = &l->args[0];
  mote_vid v[64];
  if (list->kind != MOTE_ARG_TENSORS || list->count < 1 || list->count > 64)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "quantized::cat expects 1 to 64 tensors");
  int32_t axis = mote_low_axis(l, mote_lower_int(l, "dim", 0), first(l)->rank);
  for (int32_t i = 0; i < list->count; i++)
    v[i] = mote_low_real(l, list->refs[i]);
  return mote_low_give_codes(l, mote_low_concat(l, v, list->count, axis), relu);
}
static mote_status lower_cat(mote_lowering *l) { return quant_cat(l, false); }
static mote_status lower_cat_relu(mote_lowering *l) { return quant_cat(l, true); }

// A function of one tensor in numbers, then codes with the given or the tensor's own parameters.
static mote_status function(mote_lowering *l, const mote_op *op, double a, double b) {
  mote_vid x = mote_low_real(l, l->args[0].ref);
  mote_unary_attr at;
  memset(&at, 0, sizeof at);
  mote_attr_defaults(op, &at);
  at.a = a;
  at.b = b;
  return mote_low_give_codes(l, mote_low_emit(l, op, &at, &x, 1), false);
}
static mote_status lower_leaky(mote_lowering *l) {
  return function(l, &mote_op_leaky_relu, mote_lower_float(l, "negative_slope", 0.01), 0);
}
static mote_status lower_hardswish(mote_lowering *l) { return function(l, &mote_op_hardswish, 0, 0); }
static mote_status lower_sigmoid(mote_lowering *l) { return function(l, &mote_op_sigmoid, 0, 0); }
static mote_status lower_relu6(mote_lowering *l) { return function(l, &mote_op_relu6, 0, 6); }
static mote_status lower_elu(mote_lowering *l) {
  return function(l, &mote_op_elu, mote_lower_float(l, "alpha", 1), mote_lower_float(l, "scale", 1));
}

// PReLU and batch normalisation in numbers.
static mote_status quant_batch_norm(mote_lowering *l, bool relu) {
  mote_batch_norm_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_batch_norm, &a);
  a.eps = mote_lower_float(l, "eps", 1e-5);
  mote_vid in[5] = {mote_low_real(l, l->args[0].ref), mote_low_tensor(l, "weight"), mote_low_tensor(l, "bias"),
                    mote_low_tensor(l, "mean"), mote_low_tensor(l, "var")};
  return mote_low_give_codes(l, mote_low_emit(l, &mote_op_batch_norm, &a, in, 5), relu);
}
static mote_status lower_batch_norm(mote_lowering *l) { return quant_batch_norm(l, false); }
static mote_status lower_batch_norm_relu(mote_lowering *l) { return quant_batch_norm(l, true); }

static mote_status lower_matmul(mote_lowering *l) {
  mote_vid a = mote_low_real(l, l->args[0].ref), b = mote_low_real(l, l->args[1].ref);
  return mote_low_give_codes(l, mote_aten_matmul(l, a, b), false);
}

// Codes of an integer tensor under given parameters.
static mote_status lower_make(mote_lowering *l) {
  mote_vid x = l->args[0].ref;
  mote_dtype d = mote_low_desc(l, x)->dtype, to = d == MOTE_U8 ? MOTE_QU8 : d == MOTE_I8 ? MOTE_QI8 : MOTE_QI32;
  double scale = mote_lower_float(l, "scale", 1), zero = (double)mote_lower_int(l, "zero_point", 0);
  x = mote_low_2(l, &mote_op_sub, mote_low_cast(l, x, MOTE_F32), mote_low_num(l, zero, MOTE_F32));
  x = mote_low_2(l, &mote_op_mul, x, mote_low_num(l, (double)(float)scale, MOTE_F32));
  return mote_low_done(l, mote_low_codes(l, x, scale, (int64_t)zero, to));
}

// ------------------------------------------------------------------------------------------------ recurrent layers

// Cells come as four tensors (w_ih, b_ih, w_hh, b_hh) and two integers (kind, reduce_range) each.
static mote_rnn_weights weights_at(mote_low *w, const mote_arg *params, int64_t i, int64_t cells) {
  enum { HALF_CELL = 2 };
  mote_rnn_weights p = {-1, -1, -1, -1, -1, false, false};
  const mote_vid *at = params->refs + 4 * i;
  if (params->count < 4 * cells || params->ints.count < 2 * cells) {
    mote_low_fail(w, MOTE_ERR_TYPE, "packed parameters of %lld recurrent cells are needed", (long long)cells);
    return p;
  }
  p = (mote_rnn_weights){
      mote_low_real(w, at[0]),        mote_low_real(w, at[2]), at[1], at[3], -1, params->ints.at[2 * i] != HALF_CELL,
      params->ints.at[2 * i + 1] != 0};
  return p;
}
static mote_status lower_lstm(mote_lowering *l) { return mote_aten_rnn_layers(l, MOTE_RNN_LSTM, weights_at); }
static mote_status lower_gru(mote_lowering *l) { return mote_aten_rnn_layers(l, MOTE_RNN_GRU, weights_at); }

static mote_status cell(mote_lowering *l, int64_t kind) {
  const mote_arg *ih = mote_lower_arg(l, "w_ih"), *hh = mote_lower_arg(l, "w_hh");
  if (ih == NULL || hh == NULL || ih->kind != MOTE_ARG_TENSORS || hh->kind != MOTE_ARG_TENSORS || ih->count < 2 ||
      hh->count < 2)
    return mote_fail(l->err, MOTE_ERR_TYPE, "packed parameters of a cell are needed");
  bool half = ih->ints.count > 0 && ih->ints.at[0] != 0;
  mote_rnn_weights p = {
      mote_low_real(l, ih->refs[0]), mote_low_real(l, hh->refs[0]), ih->refs[1], hh->refs[1], -1, !half, true};
  return mote_aten_rnn_cell(l, kind, &p);
}
static mote_status lower_lstm_cell(mote_lowering *l) { return cell(l, MOTE_RNN_LSTM); }
static mote_status lower_gru_cell(mote_lowering *l) { return cell(l, MOTE_RNN_GRU); }
static mote_status lower_relu_cell(mote_lowering *l) { return cell(l, MOTE_RNN_RELU); }
static mote_status lower_tanh_cell(mote_lowering *l) { return cell(l, MOTE_RNN_TANH); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("quantize_per_tensor", lower_quantize),
    MOTE_TORCH_LOWER("quantize_per_tensor.tensor_qparams | eager", lower_quantize),
    MOTE_TORCH_LOWER("quantize_per_channel | eager", lower_quantize_channel),
    MOTE_TORCH_LOWER("quantize_per_tensor_dynamic | eager", lower_quantize_dynamic),
    MOTE_TORCH_LOWER("dequantize.self .tensor .tensors", lower_dequantize),
    MOTE_TORCH_LOWER("_make_per_tensor_quantized_tensor", lower_make),
    MOTE_TORCH_LOWER(
        "quantized::conv1d quantized::conv2d.new quantized::conv2d quantized::conv3d.new quantized::conv3d "
        "quantized::conv_transpose1d quantized::conv_transpose2d quantized::conv_transpose3d",
        lower_conv),
    MOTE_TORCH_LOWER(
        "quantized::conv1d_relu quantized::conv2d_relu.new quantized::conv2d_relu quantized::conv3d_relu.new "
        "quantized::conv3d_relu",
        lower_conv_relu),
    MOTE_TORCH_LOWER("quantized::batch_norm_relu quantized::batch_norm1d_relu quantized::batch_norm2d_relu "
                     "quantized::batch_norm3d_relu",
                     lower_batch_norm_relu),
    MOTE_TORCH_LOWER("quantized::linear", lower_linear),
    MOTE_TORCH_LOWER("quantized::linear_relu", lower_linear_relu),
    MOTE_TORCH_LOWER("quantized::linear_dynamic", lower_dynamic),
    MOTE_TORCH_LOWER("quantized::linear_relu_dynamic", lower_dynamic_relu),
    MOTE_TORCH_LOWER("quantized::linear_dynamic_fp16", lower_half),
    MOTE_TORCH_LOWER("quantized::linear_relu_dynamic_fp16", lower_half_relu),
    MOTE_TORCH_LOWER("quantized::add", lower_add),
    MOTE_TORCH_LOWER("quantized::add_relu", lower_add_relu),
    MOTE_TORCH_LOWER("quantized::mul", lower_mul),
    MOTE_TORCH_LOWER("quantized::mul_relu", lower_mul_relu),
    MOTE_TORCH_LOWER("quantized::add_scalar quantized::add.Scalar", lower_add_number),
    MOTE_TORCH_LOWER("quantized::add_scalar_relu quantized::add_relu.Scalar", lower_add_number_relu),
    MOTE_TORCH_LOWER("quantized::mul_scalar quantized::mul.Scalar", lower_mul_number),
    MOTE_TORCH_LOWER("quantized::mul_scalar_relu quantized::mul_relu.Scalar", lower_mul_number_relu),
    MOTE_TORCH_LOWER("quantized::cat", lower_cat),
    MOTE_TORCH_LOWER("quantized::cat_relu", lower_cat_relu),
    MOTE_TORCH_LOWER("quantized::leaky_relu", lower_leaky),
    MOTE_TORCH_LOWER("quantized::hardswish", lower_hardswish),
    MOTE_TORCH_LOWER("quantized::sigmoid", lower_sigmoid),
    MOTE_TORCH_LOWER("quantized::relu6", lower_relu6),
    MOTE_TORCH_LOWER("quantized::elu", lower_elu),
    MOTE_TORCH_LOWER("quantized::batch_norm1d quantized::batch_norm2d quantized::batch_norm3d quantized::batch_norm",
                     lower_batch_norm),
    MOTE_TORCH_LOWER("quantized::matmul", lower_matmul),
    MOTE_TORCH_LOWER("quantized_lstm.input .data", lower_lstm),
    MOTE_TORCH_LOWER("quantized_gru.input .data", lower_gru),
    MOTE_TORCH_LOWER("quantized::quantized_lstm_cell_dynamic", lower_lstm_cell),
    MOTE_TORCH_LOWER("quantized::quantized_gru_cell_dynamic", lower_gru_cell),
    MOTE_TORCH_LOWER("quantized::quantized_rnn_relu_cell_dynamic", lower_relu_cell),
    MOTE_TORCH_LOWER("quantized::quantized_rnn_tanh_cell_dynamic", lower_tanh_cell),
};
const mote_op_family mote_family_aten_quant = {MOTE_ROWS(torch, rows)};
