// Convolution over images: what it means, and which kernel does it. Transposed: conv_transpose.c. Tests:
// tests/models/tflite/cnn_*
#include "ops/conv.h"

#include "base/map.h"
#include "kernels/conv_f32.h"
#include "kernels/dwconv_f32.h"
#include "kernels/qconv.h"
#include "kernels/qconv16.h"
#include "kernels/qdwconv.h"
#include "kernels/winograd_f32.h"

// ------------------------------------------------------------------------------------------------ geometry

mote_status mote_conv_extent(const mote_opctx *c, int64_t mode, int64_t in, int64_t kernel, int64_t stride,
                             int64_t dilation, int64_t *before, int64_t after, int64_t *out) {
  int64_t reach = (kernel - 1) * dilation + 1; // bounded: all factors were checked to be below 2^31
  if (mode == MOTE_PAD_SAME) {
    *out = mote_ceil_div(in, stride);
    int64_t total = (*out - 1) * stride + reach - in;
    *before = total > 0 ? total / 2 : 0;
    return MOTE_OK;
  }
  if (mode == MOTE_PAD_VALID)
    *before = after = 0;
  int64_t padded = in + *before + after;
  *out = padded < reach ? 0 : (padded - reach) / stride + 1;
  if (padded < reach && in > 0 && mode == MOTE_PAD_EXPLICIT)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "a kernel of %lld does not fit %lld", (long long)reach, (long long)padded);
  return MOTE_OK;
}

static mote_status attr_check(const mote_opctx *c, const mote_conv_attr *a) {
  if (a->stride_h < 1 || a->stride_w < 1 || a->dilation_h < 1 || a->dilation_w < 1)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "stride %lldx%lld, dilation %lldx%lld", (long long)a->stride_h,
                        (long long)a->stride_w, (long long)a->dilation_h, (long long)a->dilation_w);
  if (a->stride_h > INT16_MAX || a->stride_w > INT16_MAX || a->dilation_h > INT16_MAX || a->dilation_w > INT16_MAX)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "stride or dilation beyond %d", INT16_MAX);
  if (a->pad_mode != MOTE_PAD_SAME && a->pad_mode != MOTE_PAD_VALID && a->pad_mode != MOTE_PAD_EXPLICIT)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "unknown padding %lld", (long long)a->pad_mode);
  return mote_act_check(c, &a->act);
}

// Strides of the weights' axes in elements; `o` counts all output channels.
static void weight_strides(const mote_conv_attr *a, const mote_tensor *w, mote_conv_geo *g) {
  if (a->weight_format == MOTE_WEIGHT_OIHW) {
    g->w_i = g->kh * g->kw, g->w_h = g->kw, g->w_w = 1, g->w_o = g->wic * g->kh * g->kw;
  } else if (a->weight_format == MOTE_WEIGHT_OHWI) {
    g->w_i = 1, g->w_w = w->dim[3], g->w_h = g->kw * g->w_w, g->w_o = g->kh * g->w_h;
  } else {
    g->w_i = 0, g->w_o = 1, g->w_w = w->dim[3], g->w_h = g->kw * g->w_w;
  }
}

mote_status mote_conv_geometry(const mote_opctx *c, bool transposed, mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  MOTE_TRY(attr_check(c, a));
  MOTE_TRY(mote_want_rank(c, 0, 4, 4));
  MOTE_TRY(mote_want_rank(c, 1, 4, 4));
  const mote_tensor *x = c->in[0], *w = c->in[1];
  memset(g, 0, sizeof *g);
  bool nhwc = a->data_format == MOTE_NHWC;
  int H = nhwc ? 1 : 2, W = nhwc ? 2 : 3, C = nhwc ? 3 : 1;
  bool oihw = a->weight_format == MOTE_WEIGHT_OIHW;
  g->n = x->dim[0], g->ih = x->dim[H], g->iw = x->dim[W], g->ic = x->dim[C];
  g->kh = w->dim[oihw ? 2 : 1], g->kw = w->dim[oihw ? 3 : 2];
  g->sh = a->stride_h, g->sw = a->stride_w, g->dh = a->dilation_h, g->dw = a->dilation_w;
  g->pad_top = a->pad_top, g->pad_left = a->pad_left, g->pad_bottom = a->pad_bottom, g->pad_right = a->pad_right;
  if (a->weight_format == MOTE_WEIGHT_1HWC) {
    g->oc = w->dim[3], g->wic = 1, g->groups = g->ic;
    if (w->dim[0] != 1)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "a depthwise filter begins with 1, not %lld", (long long)w->dim[0]);
  } else {
    g->oc = w->dim[0], g->wic = w->dim[oihw ? 1 : 3];
    g->groups = a->groups > 0 ? a->groups : g->wic > 0 ? g->ic / g->wic : 1;
  }
  if (transposed && !oihw) // OHWI with all input channels
    g->groups = 1;
  if (g->kh < 1 || g->kw < 1 || g->oc < 1 || g->wic < 1 || g->ic < 1 || g->kh > INT16_MAX || g->kw > INT16_MAX)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "filter %lldx%lld with %lld of %lld input and %lld output channels",
                        (long long)g->kh, (long long)g->kw, (long long)g->wic, (long long)g->ic, (long long)g->oc);
  if (!transposed && (g->groups < 1 || g->ic != g->groups * g->wic || g->oc % g->groups != 0))
    return mote_op_fail(c, MOTE_ERR_SHAPE,
                        "the input has %lld channels, the filter takes %lld in %lld groups and gives %lld",
                        (long long)g->ic, (long long)g->wic, (long long)g->groups, (long long)g->oc);
  if (g->ic > INT32_MAX || g->oc > INT32_MAX || g->ih > INT32_MAX / 4 || g->iw > INT32_MAX / 4 || g->n > INT32_MAX)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "the image is too large");
  g->depthwise = g->wic == 1 && g->groups > 1;
  weight_strides(a, w, g);
  g->in_n = x->stride[0], g->in_h = x->stride[H], g->in_w = x->stride[W];
  g->out_n = c->out[0]->stride[0], g->out_h = c->out[0]->stride[H], g->out_w = c->out[0]->stride[W];
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ quantised operands

mote_status mote_product_check(const mote_opctx *c, int64_t channels, int32_t channel_axis) {
  const mote_tensor *x = c->in[0], *w = c->in[1], *o = c->out[0];
  mote_dtype xd = mote_code_type(x->dtype), wd = mote_code_type(w->dtype);
  bool narrow = wd == MOTE_I8 || wd == MOTE_I4 || wd == MOTE_I2;
  if (!((xd == MOTE_I8 && narrow) || (xd == MOTE_U8 && wd == MOTE_U8) || (xd == MOTE_I16 && narrow) ||
        (xd == MOTE_U8 && narrow)))
    return mote_op_fail(c, MOTE_ERR_TYPE, "%s input with %s weights", mote_dtype_name(x->dtype),
                        mote_dtype_name(w->dtype));
  if (x->quant.count != 1 || w->quant.count < 1 || o->quant.count != 1)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "input, weights and output need quantisation parameters");
  if (!(x->quant.scale > 0) || !(o->quant.scale > 0))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "a scale is 0");
  if (w->quant.count > 1 && (w->quant.count != channels || w->quant.axis != channel_axis))
    return mote_op_fail(c, MOTE_ERR_FORMAT, "%d weight scales along dimension %d for %lld channels", w->quant.count,
                        w->quant.axis, (long long)channels);
  if (w->quant.count > 1 && w->quant.zero_points != NULL)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "per-channel zero points differ");
  if (xd == MOTE_I16 && (x->quant.zero_point != 0 || w->quant.zero_point != 0))
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "16-bit activations with a zero point");
  return MOTE_OK;
}

// PyTorch computes with float32: fbgemm divides, and QNNPACK, for which weights have one scale, multiplies.
static double product_scale(const mote_tensor *in, double weight, bool channels, double out) {
  float unit = (float)in->quant.scale * (float)weight;
  if (!mote_dtype_is_quantized(in->dtype))
    return in->quant.scale * weight / out;
  return (double)(channels ? unit / (float)out : unit * (1.0f / (float)out));
}

double *mote_product_scales(mote_opctx *c, const mote_tensor *in, const mote_tensor *weight, const mote_tensor *out,
                            uint32_t *count) {
  int32_t n = weight->quant.count > 1 ? weight->quant.count : 1;
  double *s = mote_prepare_alloc(c, (size_t)n * sizeof *s);
  for (int32_t i = 0; s != NULL && i < n; i++)
    s[i] = product_scale(in, mote_scale_at(&weight->quant, i), n > 1, out->quant.scale);
  *count = (uint32_t)n;
  return s;
}

// A float bias in units of the sum.
static double bias_units(const mote_opctx *c, int32_t i, int64_t channel) {
  const mote_quant *w = &c->in[1]->quant;
  double in = c->in[0]->quant.scale, weight = mote_scale_at(w, channel);
  float bias = (float)mote_load_f64(c->in[i]->data, c->in[i]->dtype, channel);
  return (double)(w->count > 1 ? bias / ((float)in * (float)weight) : bias * (1.0f / (float)(in * weight)));
}
int64_t mote_bias_code(const mote_opctx *c, int32_t i, int64_t channel) {
  const mote_tensor *b = c->in[i];
  if (!mote_dtype_is_float(b->dtype))
    return mote_load_i64(b->data, b->dtype, channel);
  double v = rint(bias_units(c, i, channel));
  return v >= INT32_MAX ? INT32_MAX : v > INT32_MIN ? (int64_t)v : INT32_MIN;
}

// What a whole number of units leaves of the bias. QNNPACK drops it; fbgemm and oneDNN, for which weights have one
// scale a channel, do not.
static bool keeps_rest(const mote_opctx *c) {
  return mote_has(c, 2) && mote_dtype_is_float(c->in[2]->dtype) && c->in[1]->quant.count > 1;
}
static float bias_rest(const mote_opctx *c, int64_t channel) {
  if (!keeps_rest(c))
    return 0;
  double v = bias_units(c, 2, channel);
  return fabs(v) < INT32_MAX ? (float)(v - rint(v)) : 0;
}

// ------------------------------------------------------------------------------------------------ shape rule

static mote_status bias_check(const mote_opctx *c, int64_t oc) {
  if (mote_has(c, 2) && mote_tensor_numel(c->in[2]) != oc)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the bias has %lld values for %lld channels",
                        (long long)mote_tensor_numel(c->in[2]), (long long)oc);
  if (!mote_has(c, 2))
    return MOTE_OK;
  mote_dtype b = c->in[2]->dtype, x = c->in[0]->dtype;
  bool codes = mote_dtype_is_quantized(x) && b == MOTE_F32;
  bool ok = mote_dtype_is_float(x) ? mote_dtype_is_float(b) : b == MOTE_I32 || b == MOTE_I64 || codes;
  return ok ? MOTE_OK : mote_bad_dtype(c, 2);
}

static bool is_hybrid(const mote_opctx *c) {
  return c->in[0]->dtype == MOTE_F32 && !mote_dtype_is_float(c->in[1]->dtype);
}

static mote_status type_check(const mote_opctx *c, const mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  mote_dtype x = c->in[0]->dtype, w = c->in[1]->dtype;
  MOTE_TRY(bias_check(c, g->oc));
  if (mote_dtype_is_float(x)) {
    if (w == x ||
        (x == MOTE_F32 && c->in[1]->quant.count > 0 && (w == MOTE_I8 || w == MOTE_U8 || w == MOTE_I4 || w == MOTE_I2)))
      return MOTE_OK;
    return mote_op_fail(c, MOTE_ERR_TYPE, "%s input with %s weights", mote_dtype_name(x), mote_dtype_name(w));
  }
  if (mote_has(c, 3))
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "residual input of a quantised convolution");
  return mote_product_check(c, g->oc, a->weight_format == MOTE_WEIGHT_1HWC ? 3 : 0);
}

// Geometry with output size; after inference with strides too.
static mote_status geometry(const mote_opctx *c, mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  MOTE_TRY(mote_conv_geometry(c, false, g));
  MOTE_TRY(mote_conv_extent(c, a->pad_mode, g->ih, g->kh, g->sh, g->dh, &g->pad_top, g->pad_bottom, &g->oh));
  return mote_conv_extent(c, a->pad_mode, g->iw, g->kw, g->sw, g->dw, &g->pad_left, g->pad_right, &g->ow);
}

static mote_status conv_infer(mote_opctx *c) {
  const mote_conv_attr *a = c->attr;
  mote_conv_geo g;
  MOTE_TRY(geometry(c, &g));
  MOTE_TRY(mote_out_declare(c, &a->quant, c->in[0]->dtype));
  MOTE_TRY(type_check(c, &g));
  int64_t nhwc[4] = {g.n, g.oh, g.ow, g.oc}, nchw[4] = {g.n, g.oc, g.oh, g.ow};
  mote_out(c, 0, c->in[0]->dtype, 4, a->data_format == MOTE_NHWC ? nhwc : nchw);
  if (mote_has(c, 3) && !mote_tensor_same_shape(c->in[3], c->out[0]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the residual's shape is not the output's");
  return MOTE_OK;
}

static mote_layout conv_layout(const mote_opctx *c, int32_t operand) {
  const mote_conv_attr *a = c->attr;
  bool image = operand == 0 || operand == -1 || operand == 3;
  return image && a->data_format == MOTE_NCHW ? MOTE_LAYOUT_CHANNELS_LAST : MOTE_LAYOUT_DENSE;
}

// ------------------------------------------------------------------------------------------------ reference

// Any type, any strides: the sum in double (exact for integers up to 2^53).
static double tap_sum(const mote_opctx *c, const mote_conv_geo *g, int64_t n, int64_t y, int64_t x, int64_t o) {
  const mote_tensor *in = c->in[0], *w = c->in[1];
  bool real = mote_dtype_is_float(in->dtype);
  int64_t group = o / (g->oc / g->groups);
  int32_t xz = real ? 0 : in->quant.zero_point;
  int64_t wch = w->quant.count > 1 ? o : 0;
  double wz = w->quant.count > 0 ? mote_zero_at(&w->quant, wch) : 0;
  double sum = 0;
  int64_t c_stride = in->stride[((const mote_conv_attr *)c->attr)->data_format == MOTE_NHWC ? 3 : 1];
  for (int64_t i = 0; i < g->kh; i++)
    for (int64_t j = 0; j < g->kw; j++) {
      int64_t iy = y * g->sh - g->pad_top + i * g->dh, ix = x * g->sw - g->pad_left + j * g->dw;
      if (iy < 0 || ix < 0 || iy >= g->ih || ix >= g->iw)
        continue;
      for (int64_t k = 0; k < g->wic; k++) {
        int64_t xi = n * g->in_n + iy * g->in_h + ix * g->in_w + (group * g->wic + k) * c_stride;
        int64_t wi = o * g->w_o + i * g->w_h + j * g->w_w + k * g->w_i;
        double xv = real ? mote_load_f64(in->data, in->dtype, xi) : (double)(mote_code_at(in, xi) - xz);
        double wv =
            mote_dtype_is_float(w->dtype) ? mote_load_f64(w->data, w->dtype, wi) : (double)mote_code_at(w, wi) - wz;
        sum += xv * wv;
      }
    }
  return sum;
}

void mote_product_store(const mote_opctx *c, const mote_act_attr *act, double sum, int64_t channel, int64_t at) {
  const mote_tensor *in = c->in[0], *w = c->in[1], *out = c->out[0];
  double ws = w->quant.count > 0 ? mote_scale_at(&w->quant, channel) : 1;
  float lo, hi;
  if (mote_dtype_is_float(in->dtype)) {
    double v = sum * (is_hybrid(c) ? ws : 1);
    v += mote_has(c, 2) ? mote_load_f64(c->in[2]->data, c->in[2]->dtype, channel) : 0;
    v += c->op == &mote_op_conv2d && mote_has(c, 3) ? mote_load_f64(c->in[3]->data, c->in[3]->dtype, at) : 0;
    mote_act_range(act, &lo, &hi);
    mote_store_f64(out->data, out->dtype, at, v < (double)lo ? (double)lo : v > (double)hi ? (double)hi : v);
    return;
  }
  int32_t qlo, qhi;
  mote_act_codes(act, out, &qlo, &qhi);
  sum += mote_has(c, 2) ? (double)mote_bias_code(c, 2, channel) + (double)bias_rest(c, channel) : 0;
  double v = sum * (in->quant.scale * ws / out->quant.scale);
  mote_store_i64(out->data, mote_code_type(out->dtype), at, mote_quantise(v, 1, out->quant.zero_point, qlo, qhi));
}

static mote_status conv_eval(mote_opctx *c) {
  const mote_conv_attr *a = c->attr;
  mote_conv_geo g;
  MOTE_TRY(geometry(c, &g));
  int64_t c_stride = c->out[0]->stride[a->data_format == MOTE_NHWC ? 3 : 1];
  for (int64_t n = 0; n < g.n; n++)
    for (int64_t y = 0; y < g.oh; y++)
      for (int64_t x = 0; x < g.ow; x++)
        for (int64_t o = 0; o < g.oc; o++)
          mote_product_store(c, &a->act, tap_sum(c, &g, n, y, x, o), o,
                             n * g.out_n + y * g.out_h + x * g.out_w + o * c_stride);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ float32

typedef struct conv_f32_state {
  const mote_conv_f32 *row;
  const mote_winograd_f32 *winograd; // used when not NULL
  mote_conv_f32_args args;
} conv_f32_state;
typedef struct dw_f32_state {
  const mote_dwconv_f32 *row;
  mote_dwconv_f32_args args;
} dw_f32_state;

static MOTE_NOINLINE void fill_f32(const mote_conv_geo *g, mote_slide *s, mote_f32_in *in, mote_f32_out *out) {
  *in = (mote_f32_in){NULL, (size_t)g->n, (size_t)g->ih, (size_t)g->iw, g->in_n, g->in_h, g->in_w};
  *out = (mote_f32_out){NULL, (size_t)g->n, (size_t)g->oh, (size_t)g->ow, g->out_n, g->out_h, g->out_w};
  *s = (mote_slide){(size_t)g->kh, (size_t)g->kw, (size_t)g->sh, (size_t)g->sw,
                    (size_t)g->dh, (size_t)g->dw, g->pad_top,    g->pad_left};
}

static mote_status conv_f32_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const conv_f32_state *s = state;
  mote_conv_f32_args a = s->args;
  a.in.data = c->in[0]->data;
  a.out.data = c->out[0]->data;
  if (mote_has(c, 3))
    a.residual.data = c->in[3]->data;
  if (s->winograd != NULL)
    mote_winograd_f32_run(s->winograd, &a, c->scratch, (size_t)t0, (size_t)t1);
  else
    mote_conv_f32_run(s->row, &a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}
static mote_status dw_f32_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const dw_f32_state *s = state;
  mote_dwconv_f32_args a = s->args;
  a.in.data = c->in[0]->data;
  a.out.data = c->out[0]->data;
  s->row->run(&a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}

typedef struct pack_arg { // one row of three is set
  const mote_conv_f32 *row;
  const mote_dwconv_f32 *depthwise;
  const mote_winograd_f32 *winograd;
  const mote_conv_geo *g;
  mote_conv_f32_shape shape;
} pack_arg;

// Weights and bias as float32; `temp` is to be freed.
static mote_status float_weights(const mote_opctx *c, const float **w, const float **bias, float **temp) {
  *temp = NULL;
  *bias = mote_has(c, 2) ? c->in[2]->data : NULL;
  *w = c->in[1]->data;
  if (c->in[1]->dtype == MOTE_F32)
    return MOTE_OK;
  *temp = MOTE_NEW_ARRAY(c->env->al, float, mote_tensor_numel(c->in[1]));
  if (*temp == NULL)
    return mote_fail_nomem(c->err);
  mote_to_float(c->in[1], *temp);
  *w = *temp;
  return MOTE_OK;
}

static mote_status pack_f32(void *dst, const mote_opctx *c, const void *arg) {
  const pack_arg *p = arg;
  const mote_conv_geo *g = p->g;
  const float *w, *bias;
  float *temp;
  MOTE_TRY(float_weights(c, &w, &bias, &temp));
  if (p->row != NULL)
    mote_conv_f32_pack(p->row, &p->shape, w, g->w_o, g->w_h, g->w_w, g->w_i, bias, dst);
  else if (p->winograd != NULL)
    mote_winograd_f32_pack(p->winograd, &p->shape, w, g->w_o, g->w_h, g->w_w, g->w_i, bias, dst);
  else
    mote_dwconv_f32_pack(p->depthwise, (size_t)g->kh, (size_t)g->kw, (size_t)g->ic, (size_t)(g->oc / g->ic), w, g->w_h,
                         g->w_w, g->w_o, bias, dst);
  mote_free(c->env->al, temp);
  return MOTE_OK;
}

// `row` is the one that packs; `size` 0: it overflows.
static mote_status packed_f32(mote_opctx *c, const pack_arg *p, const void *row, uint64_t salt, size_t size,
                              const void **out) {
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "the packed weights are too large");
  return mote_prepare_pack(c, 1, row, mote_hash_u64(mote_const_key(c, 2), salt), size, pack_f32, p, out);
}

static mote_status prepare_f32(mote_opctx *c, const mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  conv_f32_state s = {.row = mote_conv_f32_select(c->env->cpu)};
  fill_f32(g, &s.args.slide, &s.args.in, &s.args.out);
  s.args.shape = (mote_conv_f32_shape){(size_t)g->kh, (size_t)g->kw, (size_t)g->ic, (size_t)g->oc, (size_t)g->groups};
  mote_act_range(&a->act, &s.args.lo, &s.args.hi);
  if (mote_has(c, 3)) {
    int H = a->data_format == MOTE_NHWC ? 1 : 2;
    s.args.residual = (mote_f32_in){NULL, 0, 0, 0, c->in[3]->stride[0], c->in[3]->stride[H], c->in[3]->stride[H + 1]};
  }
  pack_arg p = {.row = s.row, .g = g, .shape = s.args.shape};
  if (c->env->precision != MOTE_PRECISION_STRICT && mote_winograd_f32_fits(&s.args)) {
    s.winograd = p.winograd = mote_winograd_f32_select(c->env->cpu);
    p.row = NULL;
    MOTE_TRY(packed_f32(c, &p, s.winograd, 0, mote_winograd_f32_packed_size(s.winograd, &p.shape), &s.args.packed));
    return mote_add_step(c, conv_f32_run, &s, sizeof s, (int64_t)mote_winograd_f32_tiles(&s.args),
                         mote_winograd_f32_scratch_size(&p.shape), s.winograd->name, s.winograd->isa);
  }
  MOTE_TRY(packed_f32(c, &p, s.row, (uint64_t)g->groups, mote_conv_f32_packed_size(s.row, &p.shape), &s.args.packed));
  return mote_add_step(c, conv_f32_run, &s, sizeof s, (int64_t)mote_conv_f32_tiles(s.row, &s.args), 0, s.row->name,
                       s.row->isa);
}

static mote_status prepare_dw_f32(mote_opctx *c, const mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  dw_f32_state s = {mote_dwconv_f32_select(c->env->cpu),
                    {.channels = (size_t)g->ic, .multiplier = (size_t)(g->oc / g->ic)}};
  fill_f32(g, &s.args.slide, &s.args.in, &s.args.out);
  mote_act_range(&a->act, &s.args.lo, &s.args.hi);
  pack_arg p = {.depthwise = s.row, .g = g};
  size_t size = mote_dwconv_f32_packed_size(s.row, (size_t)g->kh, (size_t)g->kw, s.args.channels, s.args.multiplier);
  MOTE_TRY(packed_f32(c, &p, s.row, 0, size, &s.args.packed));
  return mote_add_step(c, dw_f32_run, &s, sizeof s, (int64_t)mote_dwconv_f32_tiles(&s.args), 0, s.row->name,
                       s.row->isa);
}

// ------------------------------------------------------------------------------------------------ 8 bits

typedef struct qconv_state {
  const mote_qconv_row *row;
  const void *packed;
  mote_qconv_args args;
} qconv_state;
typedef struct qdw_state {
  const mote_qdwconv_row *row;
  const void *packed;
  mote_qdwconv_args args;
} qdw_state;
typedef struct qconv16_state {
  const void *packed;
  mote_qconv16_args args;
} qconv16_state;

static mote_status qconv_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const qconv_state *s = state;
  mote_qconv_args a = s->args;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  a.scratch = c->scratch;
  s->row->run(&a, s->packed, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}
static mote_status qdw_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const qdw_state *s = state;
  mote_qdwconv_args a = s->args;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  s->row->run(&a, s->packed, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}
static mote_status qconv16_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const qconv16_state *s = state;
  mote_qconv16_args a = s->args;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  mote_qconv16_run(&a, s->packed, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}

// A product of codes on its way into the plan: what its kernels' weights are made of, and the weights of the one
// chosen.
typedef struct product {
  const mote_conv_geo *g;
  const void *bias;  // int64_t for 16-bit codes, else int32_t
  const float *rest; // of the bias, for 8-bit codes; NULL: none
  const double *scales;
  uint32_t n_scales;
  int32_t lo, hi;
  const mote_qconv_row *full; // both rows NULL: 16 bits
  const mote_qdwconv_row *depthwise;
  mote_qconv_weights w;
  mote_qdwconv_weights w_dw;
  mote_qconv16_weights w_16;
} product;

// The weights a byte each; `temp` is to be freed.
static mote_status byte_weights(const mote_opctx *c, const void **w, int8_t **temp) {
  *temp = NULL;
  *w = c->in[1]->data;
  if (mote_dtype_size(c->in[1]->dtype) == 1)
    return MOTE_OK;
  *temp = mote_alloc(c->env->al, (size_t)mote_tensor_numel(c->in[1]));
  if (*temp == NULL)
    return mote_fail_nomem(c->err);
  mote_to_i8(c->in[1], *temp);
  *w = *temp;
  return MOTE_OK;
}

static mote_status pack_q(void *dst, const mote_opctx *c, const void *arg) {
  product p = *(const product *)arg;
  const void *w;
  int8_t *temp;
  MOTE_TRY(byte_weights(c, &w, &temp));
  p.w.w = p.w_dw.w = p.w_16.w = w;
  if (p.full != NULL)
    p.full->pack(&p.w, dst);
  else if (p.depthwise != NULL)
    p.depthwise->pack(&p.w_dw, dst);
  else
    mote_qconv16_pack(&p.w_16, dst);
  mote_free(c->env->al, temp);
  return MOTE_OK;
}

// The bias as int64 for 16-bit codes, else as int32 (values that do not fit cannot stand in a file that a converter
// wrote), and what that leaves of a float bias; NULL: none.
static const void *biases(mote_opctx *c, int64_t n, bool wide, const float **rest, bool *ok) {
  bool parts = !wide && keeps_rest(c);
  size_t size = wide ? sizeof(int64_t) : sizeof(int32_t);
  char *b = mote_has(c, 2) ? mote_prepare_alloc(c, (size_t)n * (size + (parts ? sizeof(float) : 0))) : NULL;
  *ok = b != NULL || !mote_has(c, 2);
  float *r = b != NULL && parts ? (float *)(void *)(b + (size_t)n * size) : NULL;
  *rest = r;
  for (int64_t i = 0; b != NULL && i < n; i++) {
    int64_t v = mote_bias_code(c, 2, i);
    v = wide ? v : MOTE_MAX(MOTE_MIN(v, INT32_MAX), INT32_MIN);
    mote_store_i64(b, wide ? MOTE_I64 : MOTE_I32, i, v);
    if (r != NULL)
      r[i] = bias_rest(c, i);
  }
  return b;
}

static mote_status packed_q(mote_opctx *c, const product *p, const void *row, size_t size, const void **out) {
  double parts[4] = {c->in[0]->quant.scale, c->out[0]->quant.scale, c->in[0]->quant.zero_point, (double)p->g->groups};
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "the packed weights are too large");
  return mote_prepare_pack(c, 1, row, mote_hash_u64(mote_const_key(c, 2), mote_hash(parts, sizeof parts, 11)), size,
                           pack_q, p, out);
}

static mote_dtype byte_type(const mote_tensor *weights) {
  return mote_code_type(weights->dtype) == MOTE_U8 ? MOTE_U8 : MOTE_I8;
}

static MOTE_NOINLINE void fill_window(const mote_conv_geo *g, mote_qwindow *w) {
  w->n = (uint32_t)g->n, w->ih = (uint32_t)g->ih, w->iw = (uint32_t)g->iw;
  w->oh = (uint32_t)g->oh, w->ow = (uint32_t)g->ow;
  w->kh = (uint32_t)g->kh, w->kw = (uint32_t)g->kw;
  w->sh = (uint32_t)g->sh, w->sw = (uint32_t)g->sw, w->dh = (uint32_t)g->dh, w->dw = (uint32_t)g->dw;
  w->pad_top = (int32_t)g->pad_top, w->pad_left = (int32_t)g->pad_left;
  w->in_n = g->in_n, w->in_y = g->in_h, w->in_x = g->in_w;
  w->out_n = g->out_n, w->out_y = g->out_h, w->out_x = g->out_w;
}
// For weights of less than 8 bits there is TensorFlow Lite's reference alone, which rounds twice.
static mote_qround product_round(const mote_opctx *c) {
  mote_dtype w = c->in[1]->dtype;
  if (mote_dtype_is_quantized(c->in[0]->dtype)) // PyTorch
    return MOTE_QROUND_EVEN;
  return c->env->precision == MOTE_PRECISION_STRICT || w == MOTE_I4 || w == MOTE_I2 ? MOTE_QROUND_FIXED
                                                                                    : MOTE_QROUND_EVEN;
}
static MOTE_NOINLINE void fill_codes(const mote_opctx *c, const product *p, mote_qcodes *q) {
  *q = (mote_qcodes){.in_type = mote_code_type(c->in[0]->dtype),
                     .out_type = mote_code_type(c->out[0]->dtype),
                     .in_zp = c->in[0]->quant.zero_point,
                     .out_zp = c->out[0]->quant.zero_point,
                     .lo = p->lo,
                     .hi = p->hi,
                     .round = product_round(c),
                     .rest = p->rest != NULL,
                     .flo = -INFINITY,
                     .fhi = INFINITY};
}

static mote_status prepare_q8(mote_opctx *c, product *p) {
  const mote_conv_geo *g = p->g;
  const mote_tensor *w = c->in[1];
  uint32_t groups = (uint32_t)g->groups, oc = (uint32_t)(g->oc / g->groups), ic = (uint32_t)g->wic;
  qconv_state s = {.row = mote_qconv_select(c->env->cpu), .args = {.groups = groups, .oc = oc, .ic = ic}};
  fill_window(g, &s.args.window);
  fill_codes(c, p, &s.args.codes);
  p->full = s.row;
  p->w = (mote_qconv_weights){groups,  oc,      ic,        (uint32_t)g->kh, (uint32_t)g->kw, byte_type(w),
                              NULL,    g->w_o,  g->w_h,    g->w_w,          g->w_i,          w->quant.zero_point,
                              p->bias, p->rest, p->scales, p->n_scales};
  MOTE_TRY(packed_q(c, p, s.row, s.row->packed_size(&p->w), &s.packed));
  return mote_add_step(c, qconv_run, &s, sizeof s, s.row->tiles(&s.args), s.row->scratch_size(&s.args), s.row->name,
                       NULL);
}

static mote_status prepare_qdw(mote_opctx *c, product *p) {
  const mote_conv_geo *g = p->g;
  const mote_tensor *w = c->in[1];
  uint32_t channels = (uint32_t)g->ic, mult = (uint32_t)(g->oc / g->ic);
  qdw_state s = {.row = mote_qdwconv_select(c->env->cpu), .args = {.channels = channels, .multiplier = mult}};
  fill_window(g, &s.args.window);
  fill_codes(c, p, &s.args.codes);
  p->depthwise = s.row;
  p->w_dw = (mote_qdwconv_weights){channels, mult,    (uint32_t)g->kh, (uint32_t)g->kw, byte_type(w),
                                   NULL,     g->w_o,  g->w_h,          g->w_w,          w->quant.zero_point,
                                   p->bias,  p->rest, p->scales,       p->n_scales};
  MOTE_TRY(packed_q(c, p, s.row, s.row->packed_size(&p->w_dw), &s.packed));
  return mote_add_step(c, qdw_run, &s, sizeof s, s.row->tiles(&s.args), 0, s.row->name, NULL);
}

static mote_status prepare_q16(mote_opctx *c, product *p, mote_qround round) {
  const mote_conv_geo *g = p->g;
  uint32_t groups = (uint32_t)g->groups, oc = (uint32_t)(g->oc / g->groups), ic = (uint32_t)g->wic;
  qconv16_state s = {.args = {.groups = groups, .oc = oc, .ic = ic, .lo = p->lo, .hi = p->hi, .round = round}};
  fill_window(g, &s.args.window);
  p->w_16 = (mote_qconv16_weights){groups, oc,     ic,     (uint32_t)g->kh, (uint32_t)g->kw, NULL,       g->w_o,
                                   g->w_h, g->w_w, g->w_i, p->bias,         p->scales,       p->n_scales};
  MOTE_TRY(packed_q(c, p, &mote_op_conv2d, mote_qconv16_packed_size(&p->w_16), &s.packed));
  return mote_add_step(c, qconv16_run, &s, sizeof s, mote_qconv16_tiles(&s.args), 0, "qconv16", NULL);
}

mote_status mote_product_prepare(mote_opctx *c, const mote_conv_geo *g, const mote_act_attr *act, mote_qround round16) {
  product p = {.g = g};
  bool ok, wide = c->in[0]->dtype == MOTE_I16;
  p.bias = biases(c, g->oc, wide, &p.rest, &ok);
  p.scales = mote_product_scales(c, c->in[0], c->in[1], c->out[0], &p.n_scales);
  if (!ok || p.scales == NULL)
    return mote_fail_nomem(c->err);
  mote_act_codes(act, c->out[0], &p.lo, &p.hi);
  return wide ? prepare_q16(c, &p, round16) : g->depthwise ? prepare_qdw(c, &p) : prepare_q8(c, &p);
}

// Weights that only running gives, other float types and empty images take the reference path.
static mote_status conv_prepare(mote_opctx *c) {
  mote_conv_geo g;
  MOTE_TRY(geometry(c, &g));
  mote_dtype x = mote_code_type(c->in[0]->dtype);
  bool fixed = mote_is_const(c, 1) && (!mote_has(c, 2) || mote_is_const(c, 2));
  if (!fixed || mote_tensor_numel(c->out[0]) == 0 || mote_tensor_numel(c->in[0]) == 0)
    return MOTE_OK;
  if (x == MOTE_F32)
    return g.depthwise && !mote_has(c, 3) ? prepare_dw_f32(c, &g) : prepare_f32(c, &g);
  if (x != MOTE_I16 && x != MOTE_I8 && x != MOTE_U8)
    return MOTE_OK;
  // With a 64-bit bias every runtime keeps 15 bits of the multiplier; a 32-bit one keeps 31, which rounding once
  // matches.
  bool bits15 = !(mote_has(c, 2) && c->in[2]->dtype == MOTE_I32);
  return mote_product_prepare(c, &g, &((const mote_conv_attr *)c->attr)->act,
                              bits15 ? MOTE_QROUND_FIXED : MOTE_QROUND_AWAY);
}

#define CONV_NUM(m, d) MOTE_ATTR(mote_conv_attr, m, MOTE_ATTR_INT, d)
static const mote_attr_field conv_fields[] = {CONV_NUM(stride_h, 1),
                                              CONV_NUM(stride_w, 1),
                                              CONV_NUM(dilation_h, 1),
                                              CONV_NUM(dilation_w, 1),
                                              CONV_NUM(stride_d, 1),
                                              CONV_NUM(dilation_d, 1),
                                              CONV_NUM(pad_mode, MOTE_PAD_EXPLICIT),
                                              CONV_NUM(pad_top, 0),
                                              CONV_NUM(pad_left, 0),
                                              CONV_NUM(pad_bottom, 0),
                                              CONV_NUM(pad_right, 0),
                                              CONV_NUM(pad_front, 0),
                                              CONV_NUM(pad_back, 0),
                                              CONV_NUM(groups, 0),
                                              CONV_NUM(data_format, 0),
                                              CONV_NUM(weight_format, 0),
                                              MOTE_ACT_FIELDS(mote_conv_attr, act),
                                              MOTE_OUT_QUANT_FIELDS(mote_conv_attr, quant)};

const mote_op mote_op_conv2d = {
    "conv2d", MOTE_RULES(.flags = MOTE_OP_CHANNELS_LAST | MOTE_OP_TAKES_LAST, .min_in = 2, .max_in = 4, .n_out = 1,
                         .attr_size = sizeof(mote_conv_attr), MOTE_FIELDS(conv_fields), .infer = conv_infer,
                         .prepare = conv_prepare, .eval = conv_eval, .more = MOTE_MORE(.layout = conv_layout))};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(
        3, 8,
        "CONV_2D pad_mode:i8 stride_w:i32 stride_h:i32 activation:i8 dilation_w:i32=1 dilation_h:i32=1 data_format=1 "
        "weight_format=1",
        mote_op_conv2d),
    MOTE_TFLITE_OP(
        4, 7,
        "DEPTHWISE_CONV_2D pad_mode:i8 stride_w:i32 stride_h:i32 - activation:i8 dilation_w:i32=1 dilation_h:i32=1 "
        "data_format=1 weight_format=2",
        mote_op_conv2d),
};
const mote_op_family mote_family_conv = {MOTE_ROWS(tflite, tflite_rows)};
