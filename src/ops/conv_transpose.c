// Transposed convolution: each input pixel adds a filter's worth of output. Computed from the output's side, so that
// rows are independent. Tests: tests/models/torch/weight_norm
#include "base/span.h"
#include "kernels/gemm_f32.h"
#include "ops/conv.h"

// Output channels a group and strides of the weights: [ic, oc/groups, kh, kw] or [oc, kh, kw, ic].
static mote_status trans_geometry(const mote_opctx *c, mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  const mote_tensor *w = c->in[1];
  MOTE_TRY(mote_conv_geometry(c, true, g));
  if (a->weight_format == MOTE_WEIGHT_OIHW) {
    g->groups = a->groups > 0 ? a->groups : 1;
    g->oc = w->dim[1] * g->groups;
    g->w_o = g->kh * g->kw, g->w_i = w->dim[1] * g->kh * g->kw;
    g->wic = g->ic / g->groups;
    if (w->dim[0] != g->ic || g->ic % g->groups != 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "the input has %lld channels, the filter takes %lld", (long long)g->ic,
                          (long long)w->dim[0]);
    return MOTE_OK;
  }
  if (a->weight_format != MOTE_WEIGHT_OHWI || g->wic != g->ic)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the input has %lld channels, the filter takes %lld", (long long)g->ic,
                        (long long)g->wic);
  return MOTE_OK;
}

// Without a wanted size: what the pads give.
static int64_t full_extent(int64_t mode, int64_t in, int64_t k, int64_t stride, int64_t dilation, int64_t pads) {
  if (mode == MOTE_PAD_SAME)
    return in * stride;
  return (in - 1) * stride + (k - 1) * dilation + 1 - (mode == MOTE_PAD_EXPLICIT ? pads : 0);
}

static int64_t same_pad(int64_t out, int64_t k, int64_t stride, int64_t dilation) {
  int64_t total = (mote_ceil_div(out, stride) - 1) * stride + (k - 1) * dilation + 1 - out;
  return total > 0 ? total / 2 : 0;
}

static void trans_pads(const mote_conv_attr *a, mote_conv_geo *g) {
  if (a->pad_mode == MOTE_PAD_EXPLICIT)
    return;
  g->pad_top = a->pad_mode == MOTE_PAD_SAME ? same_pad(g->oh, g->kh, g->sh, g->dh) : 0;
  g->pad_left = a->pad_mode == MOTE_PAD_SAME ? same_pad(g->ow, g->kw, g->sw, g->dw) : 0;
}

static mote_status trans_types(const mote_opctx *c, const mote_conv_geo *g) {
  mote_dtype x = c->in[0]->dtype, w = c->in[1]->dtype;
  if (mote_has(c, 2) && mote_tensor_numel(c->in[2]) != g->oc)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the bias has %lld values for %lld channels",
                        (long long)mote_tensor_numel(c->in[2]), (long long)g->oc);
  if (mote_has(c, 2) && mote_dtype_is_float(x) != mote_dtype_is_float(c->in[2]->dtype))
    return mote_bad_dtype(c, 2);
  if (!mote_dtype_is_float(x))
    return mote_product_check(c, g->oc, 0);
  if (x == w || (x == MOTE_F32 && c->in[1]->quant.count > 0 && !mote_dtype_is_float(w)))
    return MOTE_OK;
  return mote_op_fail(c, MOTE_ERR_TYPE, "%s input with %s weights", mote_dtype_name(x), mote_dtype_name(w));
}

static mote_status trans_infer(mote_opctx *c) {
  const mote_conv_attr *a = c->attr;
  mote_conv_geo g;
  mote_ints want = {.count = -1};
  MOTE_TRY(trans_geometry(c, &g));
  if (mote_has(c, 3)) {
    if (mote_needs(c, 3))
      return MOTE_OK;
    MOTE_TRY(mote_ints_of(c, 3, &want));
    if (want.count != 4 || want.at[0] != g.n || want.at[3] != g.oc || want.at[1] < 1 || want.at[2] < 1 ||
        want.at[1] > INT32_MAX / 4 || want.at[2] > INT32_MAX / 4)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "the wanted output shape does not fit the input and filter");
  }
  g.oh = want.count == 4 ? want.at[1] : full_extent(a->pad_mode, g.ih, g.kh, g.sh, g.dh, g.pad_top + g.pad_bottom);
  g.ow = want.count == 4 ? want.at[2] : full_extent(a->pad_mode, g.iw, g.kw, g.sw, g.dw, g.pad_left + g.pad_right);
  if (g.oh < 0 || g.ow < 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the output would be %lldx%lld", (long long)g.oh, (long long)g.ow);
  int64_t nhwc[4] = {g.n, g.oh, g.ow, g.oc}, nchw[4] = {g.n, g.oc, g.oh, g.ow};
  mote_out(c, 0, c->in[0]->dtype, 4, a->data_format == MOTE_NHWC ? nhwc : nchw);
  return trans_types(c, &g);
}

static mote_layout trans_layout(const mote_opctx *c, int32_t operand) {
  return (operand == 0 || operand == -1) && ((const mote_conv_attr *)c->attr)->data_format == MOTE_NCHW
             ? MOTE_LAYOUT_CHANNELS_LAST
             : MOTE_LAYOUT_DENSE;
}

static mote_status trans_setup(const mote_opctx *c, mote_conv_geo *g) {
  const mote_conv_attr *a = c->attr;
  bool nhwc = a->data_format == MOTE_NHWC;
  MOTE_TRY(trans_geometry(c, g));
  g->oh = c->out[0]->dim[nhwc ? 1 : 2], g->ow = c->out[0]->dim[nhwc ? 2 : 3];
  trans_pads(a, g);
  return MOTE_OK;
}

// Input coordinate that tap `k` of output `o` reads; -1: none.
static int64_t source(int64_t o, int64_t pad, int64_t k, int64_t dilation, int64_t stride, int64_t size) {
  int64_t at = o + pad - k * dilation;
  return at < 0 || at % stride != 0 || at / stride >= size ? -1 : at / stride;
}

// ------------------------------------------------------------------------------------------------ reference

static double trans_sum(const mote_opctx *c, const mote_conv_geo *g, int64_t n, int64_t y, int64_t x, int64_t o) {
  const mote_tensor *in = c->in[0], *w = c->in[1];
  bool real = mote_dtype_is_float(in->dtype), wreal = mote_dtype_is_float(w->dtype);
  int64_t per = g->oc / g->groups, group = o / per, wch = w->quant.count > 1 ? o : 0;
  int32_t wz = wreal || w->quant.count == 0 ? 0 : mote_zero_at(&w->quant, wch), xz = real ? 0 : in->quant.zero_point;
  int64_t c_stride = in->stride[((const mote_conv_attr *)c->attr)->data_format == MOTE_NHWC ? 3 : 1];
  double sum = 0;
  for (int64_t i = 0; i < g->kh; i++)
    for (int64_t j = 0; j < g->kw; j++) {
      int64_t iy = source(y, g->pad_top, i, g->dh, g->sh, g->ih), ix = source(x, g->pad_left, j, g->dw, g->sw, g->iw);
      if (iy < 0 || ix < 0)
        continue;
      for (int64_t k = 0; k < g->wic; k++) {
        int64_t ch = group * g->wic + k, xi = n * g->in_n + iy * g->in_h + ix * g->in_w + ch * c_stride;
        int64_t wi = g->groups > 1 ? ch * g->w_i + (o % per) * g->w_o : o * g->w_o + ch * g->w_i;
        wi += i * g->w_h + j * g->w_w;
        double xv = real ? mote_load_f64(in->data, in->dtype, xi)
                         : (double)(mote_load_i64(in->data, mote_code_type(in->dtype), xi) - xz);
        sum += xv * (wreal ? mote_load_f64(w->data, w->dtype, wi) : (double)(mote_code_at(w, wi) - wz));
      }
    }
  return sum;
}

// A tile is an output row of an image.
static mote_status trans_rows(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const mote_conv_attr *a = c->attr;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  (void)state;
  mote_conv_geo g;
  int32_t lo, hi;
  MOTE_TRY(trans_setup(c, &g));
  mote_act_codes(&a->act, out, &lo, &hi);
  bool bits15 = in->dtype == MOTE_I16 && !(mote_has(c, 2) && c->in[2]->dtype == MOTE_I32); // see conv.c
  int64_t c_stride = out->stride[a->data_format == MOTE_NHWC ? 3 : 1];
  for (int64_t t = t0; t < t1; t++)
    for (int64_t x = 0; x < g.ow; x++)
      for (int64_t o = 0; o < g.oc; o++) {
        int64_t n = t / g.oh, y = t % g.oh, at = n * g.out_n + y * g.out_h + x * g.out_w + o * c_stride;
        double v = trans_sum(c, &g, n, y, x, o);
        if (!bits15) {
          mote_product_store(c, &a->act, v, o, at);
          continue;
        }
        double scale =
            in->quant.scale * mote_scale_at(&c->in[1]->quant, c->in[1]->quant.count > 1 ? o : 0) / out->quant.scale;
        int32_t q = mote_qfix_mul64((int64_t)v + (mote_has(c, 2) ? mote_bias_code(c, 2, o) : 0), mote_qfix_from(scale));
        mote_store_i64(out->data, out->dtype, at, q < lo ? lo : q > hi ? hi : q);
      }
  return MOTE_OK;
}
static mote_status trans_eval(mote_opctx *c) {
  mote_conv_geo g;
  MOTE_TRY(trans_setup(c, &g));
  return trans_rows(c, NULL, 0, g.n * g.oh);
}

// ------------------------------------------------------------------------------------------------ float32

// A filter row at a time: input row x [ic] * W_i [ic, kw*oc], then each of the kw pieces is added where it belongs.
typedef struct trans_f32 {
  const mote_gemm_f32 *row;
  const char *packed;
  size_t packed_row; // bytes of one filter row
  mote_conv_geo g;
  float lo, hi;
} trans_f32;

static mote_status trans_pack(void *dst, const mote_opctx *c, const void *arg) {
  const trans_f32 *s = arg;
  const mote_conv_geo *g = &s->g;
  size_t n = (size_t)(g->kw * g->oc), k = (size_t)g->ic, total = (size_t)mote_tensor_numel(c->in[1]);
  float *all = MOTE_NEW_ARRAY(c->env->al, float, total), *rows = MOTE_NEW_ARRAY(c->env->al, float, n *k);
  mote_status status = all == NULL || rows == NULL ? mote_fail_nomem(c->err) : MOTE_OK;
  if (status == MOTE_OK)
    mote_to_float(c->in[1], all);
  for (int64_t i = 0; status == MOTE_OK && i < g->kh; i++) {
    for (int64_t ch = 0; ch < g->ic; ch++)
      for (int64_t j = 0; j < g->kw; j++)
        for (int64_t o = 0; o < g->oc; o++)
          rows[(ch * g->kw + j) * g->oc + o] = all[o * g->w_o + ch * g->w_i + i * g->w_h + j * g->w_w];
    mote_gemm_f32_pack(s->row, n, k, rows, (ptrdiff_t)n, 1, NULL, (char *)dst + (size_t)i * s->packed_row, 0,
                       mote_gemm_f32_pack_tiles(s->row, n));
  }
  mote_free(c->env->al, rows);
  mote_free(c->env->al, all);
  return status;
}

static void trans_row(const trans_f32 *s, const mote_opctx *c, int64_t n, int64_t y) {
  const mote_conv_geo *g = &s->g;
  float *out = (float *)c->out[0]->data + n * g->out_n + y * g->out_h, *piece = c->scratch;
  const float *bias = mote_has(c, 2) ? c->in[2]->data : NULL;
  for (int64_t x = 0; x < g->ow; x++)
    for (int64_t o = 0; o < g->oc; o++)
      out[x * g->out_w + o] = bias != NULL ? bias[o] : 0;
  for (int64_t i = 0; i < g->kh; i++) {
    int64_t iy = source(y, g->pad_top, i, g->dh, g->sh, g->ih), wide = g->kw * g->oc;
    if (iy < 0)
      continue;
    mote_gemm_f32_args a = {.m = (size_t)g->iw,
                            .n = (size_t)wide,
                            .k = (size_t)g->ic,
                            .a = (const float *)c->in[0]->data + n * g->in_n + iy * g->in_h,
                            .a_stride = g->in_w,
                            .packed = s->packed + (size_t)i * s->packed_row,
                            .c = piece,
                            .c_stride = wide,
                            .lo = -INFINITY,
                            .hi = INFINITY};
    mote_gemm_f32_run(s->row, &a, 0, mote_gemm_f32_tiles(s->row, a.m, a.n, a.k));
    for (int64_t ix = 0; ix < g->iw; ix++)
      for (int64_t j = 0; j < g->kw; j++) {
        int64_t x = ix * g->sw + j * g->dw - g->pad_left;
        if (x < 0 || x >= g->ow)
          continue;
        const float *from = piece + ix * wide + j * g->oc;
        for (int64_t o = 0; o < g->oc; o++)
          out[x * g->out_w + o] += from[o];
      }
  }
  for (int64_t x = 0; x < g->ow; x++)
    for (int64_t o = 0; o < g->oc; o++) {
      float v = out[x * g->out_w + o];
      out[x * g->out_w + o] = v < s->lo ? s->lo : v > s->hi ? s->hi : v;
    }
}
static mote_status trans_f32_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const trans_f32 *s = state;
  for (int64_t t = t0; t < t1; t++)
    trans_row(s, c, t / s->g.oh, t % s->g.oh);
  return MOTE_OK;
}

static mote_status trans_prepare(mote_opctx *c) {
  const mote_conv_attr *a = c->attr;
  trans_f32 s = {.row = mote_gemm_f32_select(c->env->cpu)};
  const void *packed;
  MOTE_TRY(trans_setup(c, &s.g));
  const mote_conv_geo *g = &s.g;
  if (c->in[0]->dtype != MOTE_F32 || !mote_is_const(c, 1) || g->groups != 1 || mote_tensor_numel(c->out[0]) == 0 ||
      g->iw == 0)
    return mote_tensor_numel(c->out[0]) == 0
               ? MOTE_OK
               : mote_add_step(c, trans_rows, NULL, 0, g->n * g->oh, 0, "reference", NULL);
  mote_act_range(&a->act, &s.lo, &s.hi);
  size_t bytes, scratch;
  s.packed_row = (mote_gemm_f32_packed_size(s.row, (size_t)(g->kw * g->oc), (size_t)g->ic) + 63) & ~(size_t)63;
  if (s.packed_row == 0 || !mote_mul_size(s.packed_row, (size_t)g->kh, &bytes) ||
      !mote_mul_size((size_t)(g->iw * 4), (size_t)(g->kw * g->oc), &scratch))
    return mote_op_fail(c, MOTE_ERR_LIMIT, "the packed weights are too large");
  MOTE_TRY(mote_prepare_pack(c, 1, s.row, 77, bytes, trans_pack, &s, &packed));
  s.packed = packed;
  return mote_add_step(c, trans_f32_run, &s, sizeof s, g->n * g->oh, scratch, s.row->name, s.row->isa);
}

#define CONV_NUM(m, d) MOTE_ATTR(mote_conv_attr, m, MOTE_ATTR_INT, d)
static const mote_attr_field trans_fields[] = {CONV_NUM(stride_h, 1),
                                               CONV_NUM(stride_w, 1),
                                               CONV_NUM(dilation_h, 1),
                                               CONV_NUM(dilation_w, 1),
                                               CONV_NUM(pad_mode, MOTE_PAD_EXPLICIT),
                                               CONV_NUM(pad_top, 0),
                                               CONV_NUM(pad_left, 0),
                                               CONV_NUM(pad_bottom, 0),
                                               CONV_NUM(pad_right, 0),
                                               CONV_NUM(groups, 0),
                                               CONV_NUM(data_format, 0),
                                               CONV_NUM(weight_format, 0),
                                               MOTE_ACT_FIELDS(mote_conv_attr, act)};
const mote_op mote_op_conv_transpose2d = {
    "conv_transpose2d",
    MOTE_RULES(.flags = MOTE_OP_CHANNELS_LAST, .min_in = 2, .max_in = 4, .n_out = 1,
               .attr_size = sizeof(mote_conv_attr), MOTE_FIELDS(trans_fields), .infer = trans_infer,
               .prepare = trans_prepare, .eval = trans_eval, .more = MOTE_MORE(.layout = trans_layout))};

// MediaPipe's custom operator: its options are three 32-bit numbers, padding (1 same, 2 valid) and the strides.
static mote_status lower_mediapipe(mote_lowering *l) {
  mote_conv_attr attr;
  const mote_arg *o = mote_lower_arg(l, "custom_options");
  mote_vid in[3];
  mote_attr_defaults(&mote_op_conv_transpose2d, &attr);
  if (o == NULL || o->count < 12 || l->n_args < 3)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "its options or inputs are missing");
  const uint8_t *b = (const uint8_t *)o->str;
  attr.pad_mode = mote_load_u32(b) == 1 ? MOTE_PAD_SAME : MOTE_PAD_VALID;
  attr.stride_w = mote_load_u32(b + 4);
  attr.stride_h = mote_load_u32(b + 8);
  attr.data_format = MOTE_NHWC;
  attr.weight_format = MOTE_WEIGHT_OHWI;
  for (int i = 0; i < 3; i++) {
    if (l->args[i].kind != MOTE_ARG_TENSOR)
      return mote_fail(l->err, MOTE_ERR_FORMAT, "input %d is missing", i);
    in[i] = l->args[i].ref;
  }
  return mote_lower_emit1(l, &mote_op_conv_transpose2d, &attr, in, 3, &l->result[l->n_out++]);
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(
        67, 5,
        "TRANSPOSE_CONV pad_mode:i8 stride_w:i32 stride_h:i32 activation:i8 data_format=1 weight_format=1 | 2 1 3 0",
        mote_op_conv_transpose2d),
    MOTE_TFLITE_LOWER(MOTE_TFLITE_CUSTOM, 100, "Convolution2DTransposeBias", mote_op_conv_transpose2d, lower_mediapipe),
};
const mote_op_family mote_family_conv_transpose = {MOTE_ROWS(tflite, tflite_rows)};
