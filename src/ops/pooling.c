// Pooling over windows of images: maximum, average, root of mean squares. Tests:
// tests/models/{tflite/cnn_*,tflite/decoder_*,torch/averages}
#include "ops/pooling.h"

#include "kernels/pool_f32.h"
#include "kernels/qpool.h"

typedef struct pool_geo {
  int64_t n, ih, iw, ch, oh, ow, pad_top, pad_left, pad_bottom, pad_right;
  int64_t in_n, in_h, in_w, in_c, out_n, out_h, out_w, out_c;
} pool_geo;

static int64_t pool_extent(const mote_pool_attr *a, int64_t in, int64_t k, int64_t stride, int64_t dilation,
                           int64_t *before, int64_t after) {
  int64_t reach = (k - 1) * dilation + 1;
  if (a->pad_mode == MOTE_PAD_SAME) {
    int64_t out = mote_ceil_div(in, stride), total = (out - 1) * stride + reach - in;
    *before = total > 0 ? total / 2 : 0;
    return out;
  }
  if (a->pad_mode == MOTE_PAD_VALID)
    *before = after = 0;
  int64_t span = in + *before + after - reach;
  if (span < 0)
    return 0;
  int64_t out = (a->ceil_mode ? mote_ceil_div(span, stride) : span / stride) + 1;
  return a->ceil_mode && (out - 1) * stride >= in + *before ? out - 1 : out; // the last window starts inside
}

static mote_status pool_geometry(const mote_opctx *c, pool_geo *g) {
  const mote_pool_attr *a = c->attr;
  MOTE_TRY(mote_want_rank(c, 0, 4, 4));
  MOTE_TRY(mote_act_check(c, &a->act));
  if (a->stride_h < 1 || a->stride_w < 1 || a->kernel_h < 1 || a->kernel_w < 1 || a->dilation_h < 1 ||
      a->dilation_w < 1)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "window %lldx%lld, stride %lldx%lld", (long long)a->kernel_h,
                        (long long)a->kernel_w, (long long)a->stride_h, (long long)a->stride_w);
  if (a->stride_h > INT16_MAX || a->stride_w > INT16_MAX || a->kernel_h > INT16_MAX || a->kernel_w > INT16_MAX ||
      a->dilation_h > INT16_MAX || a->dilation_w > INT16_MAX)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "window or stride beyond %d", INT16_MAX);
  if (a->pad_mode != MOTE_PAD_SAME && a->pad_mode != MOTE_PAD_VALID && a->pad_mode != MOTE_PAD_EXPLICIT)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "unknown padding %lld", (long long)a->pad_mode);
  const mote_tensor *x = c->in[0], *o = c->out[0];
  bool nhwc = a->data_format == MOTE_NHWC;
  int H = nhwc ? 1 : 2, W = nhwc ? 2 : 3, C = nhwc ? 3 : 1;
  *g = (pool_geo){.n = x->dim[0],
                  .ih = x->dim[H],
                  .iw = x->dim[W],
                  .ch = x->dim[C],
                  .pad_top = a->pad_top,
                  .pad_left = a->pad_left,
                  .pad_bottom = a->pad_bottom,
                  .pad_right = a->pad_right,
                  .in_n = x->stride[0],
                  .in_h = x->stride[H],
                  .in_w = x->stride[W],
                  .in_c = x->stride[C],
                  .out_n = o->stride[0],
                  .out_h = o->stride[H],
                  .out_w = o->stride[W],
                  .out_c = o->stride[C]};
  if (g->ih > INT32_MAX / 4 || g->iw > INT32_MAX / 4 || g->ch > INT32_MAX || g->n > INT32_MAX)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "the image is too large");
  g->oh = pool_extent(a, g->ih, a->kernel_h, a->stride_h, a->dilation_h, &g->pad_top, a->pad_bottom);
  g->ow = pool_extent(a, g->iw, a->kernel_w, a->stride_w, a->dilation_w, &g->pad_left, a->pad_right);
  return MOTE_OK;
}

static mote_status pool_infer(mote_opctx *c) {
  const mote_pool_attr *a = c->attr;
  pool_geo g;
  MOTE_TRY(pool_geometry(c, &g));
  const mote_tensor *x = c->in[0];
  if (!mote_dtype_is_float(x->dtype) && (!mote_is_quant(x) || a->kind == MOTE_POOL_L2) &&
      !(a->kind == MOTE_POOL_KIND_MAX && mote_dtype_is_int(x->dtype) && mote_dtype_size(x->dtype) > 0))
    return mote_bad_dtype(c, 0);
  int64_t nhwc[4] = {g.n, g.oh, g.ow, g.ch}, nchw[4] = {g.n, g.ch, g.oh, g.ow};
  mote_out(c, 0, x->dtype, 4, a->data_format == MOTE_NHWC ? nhwc : nchw);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = x->quant;
  return MOTE_OK;
}

static mote_layout pool_layout(const mote_opctx *c, int32_t operand) {
  (void)operand;
  return ((const mote_pool_attr *)c->attr)->data_format == MOTE_NCHW ? MOTE_LAYOUT_CHANNELS_LAST : MOTE_LAYOUT_DENSE;
}

// ------------------------------------------------------------------------------------------------ reference

static double window_value(const mote_opctx *c, const pool_geo *g, int64_t n, int64_t y, int64_t x, int64_t ch) {
  const mote_pool_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  bool real = mote_dtype_is_float(in->dtype);
  double acc = a->kind == MOTE_POOL_KIND_MAX ? -HUGE_VAL : 0;
  int64_t count = 0, padded = 0;
  for (int64_t i = 0; i < a->kernel_h; i++)
    for (int64_t j = 0; j < a->kernel_w; j++) {
      int64_t iy = y * a->stride_h - g->pad_top + i * a->dilation_h,
              ix = x * a->stride_w - g->pad_left + j * a->dilation_w;
      padded += iy < g->ih + g->pad_bottom && ix < g->iw + g->pad_right;
      if (iy < 0 || ix < 0 || iy >= g->ih || ix >= g->iw)
        continue;
      int64_t at = n * g->in_n + iy * g->in_h + ix * g->in_w + ch * g->in_c;
      double v = real ? mote_load_f64(in->data, in->dtype, at)
                      : (double)mote_load_i64(in->data, mote_code_type(in->dtype), at);
      acc = a->kind == MOTE_POOL_KIND_MAX ? (v > acc || v != v ? v : acc)
            : a->kind == MOTE_POOL_L2     ? acc + v * v
                                          : acc + v;
      count++;
    }
  if (a->kind == MOTE_POOL_KIND_MAX)
    return acc;
  double by = a->divisor > 0 ? (double)a->divisor : a->count_pad ? (double)padded : (double)count;
  return a->kind == MOTE_POOL_L2 ? sqrt(acc / by) : by > 0 ? acc / by : 0;
}

static mote_status pool_eval(mote_opctx *c) {
  const mote_pool_attr *a = c->attr;
  const mote_tensor *out = c->out[0];
  pool_geo g;
  float lo, hi;
  int32_t qlo, qhi;
  MOTE_TRY(pool_geometry(c, &g));
  mote_act_range(&a->act, &lo, &hi);
  bool real = mote_dtype_is_float(out->dtype);
  if (!real)
    mote_act_codes(&a->act, out, &qlo, &qhi);
  for (int64_t n = 0; n < g.n; n++)
    for (int64_t y = 0; y < g.oh; y++)
      for (int64_t x = 0; x < g.ow; x++)
        for (int64_t ch = 0; ch < g.ch; ch++) {
          double v = window_value(c, &g, n, y, x, ch);
          int64_t at = n * g.out_n + y * g.out_h + x * g.out_w + ch * g.out_c;
          if (real)
            mote_store_f64(out->data, out->dtype, at, v < (double)lo ? (double)lo : v > (double)hi ? (double)hi : v);
          else
            mote_store_i64(out->data, mote_code_type(out->dtype), at, mote_quantise(v, 1, 0, qlo, qhi));
        }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ kernels

typedef struct pool_f32_state {
  const mote_pool_f32 *row;
  mote_pool_f32_args args;
} pool_f32_state;
typedef struct pool_q_state {
  const mote_qpool_row *row;
  bool max;
  mote_qpool_args args;
} pool_q_state;

static mote_status pool_f32_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const pool_f32_state *s = state;
  mote_pool_f32_args a = s->args;
  a.in.data = c->in[0]->data;
  a.out.data = c->out[0]->data;
  s->row->run(&a, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}
static mote_status pool_q_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const pool_q_state *s = state;
  mote_qpool_args a = s->args;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  (s->max ? s->row->max : s->row->average)(&a, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}

static mote_status prepare_f32(mote_opctx *c, const pool_geo *g) {
  const mote_pool_attr *a = c->attr;
  pool_f32_state s = {.row = mote_pool_f32_select(c->env->cpu)};
  mote_pool_f32_args *p = &s.args;
  p->kind = a->kind == MOTE_POOL_KIND_MAX ? MOTE_POOL_MAX
            : a->divisor > 0              ? MOTE_POOL_AVERAGE_FIXED
            : a->count_pad                ? MOTE_POOL_AVERAGE_PADDED
                                          : MOTE_POOL_AVERAGE;
  p->slide = (mote_slide){(size_t)a->kernel_h,   (size_t)a->kernel_w,   (size_t)a->stride_h, (size_t)a->stride_w,
                          (size_t)a->dilation_h, (size_t)a->dilation_w, g->pad_top,          g->pad_left};
  p->channels = (size_t)g->ch;
  p->in = (mote_f32_in){NULL, (size_t)g->n, (size_t)g->ih, (size_t)g->iw, g->in_n, g->in_h, g->in_w};
  p->out = (mote_f32_out){NULL, (size_t)g->n, (size_t)g->oh, (size_t)g->ow, g->out_n, g->out_h, g->out_w};
  p->pad_bottom = g->pad_bottom, p->pad_right = g->pad_right, p->divisor = (float)a->divisor;
  mote_act_range(&a->act, &p->lo, &p->hi);
  return mote_add_step(c, pool_f32_run, &s, sizeof s, (int64_t)mote_pool_f32_tiles(p), 0, s.row->name, s.row->isa);
}

static mote_status pool_prepare(mote_opctx *c) {
  const mote_pool_attr *a = c->attr;
  pool_geo g;
  MOTE_TRY(pool_geometry(c, &g));
  const mote_tensor *x = c->in[0], *o = c->out[0];
  mote_dtype d = mote_code_type(x->dtype);
  if (mote_tensor_numel(o) == 0 || a->kind == MOTE_POOL_L2)
    return MOTE_OK;
  if (d == MOTE_F32)
    return prepare_f32(c, &g);
  bool plain =
      a->divisor <= 0 && !a->count_pad && (a->kind == MOTE_POOL_KIND_MAX || (a->dilation_h == 1 && a->dilation_w == 1));
  if (!mote_is_quant(x) || !plain || x->quant.scale != o->quant.scale || x->quant.zero_point != o->quant.zero_point)
    return MOTE_OK;
  pool_q_state s = {mote_qpool_select(c->env->cpu),
                    a->kind == MOTE_POOL_KIND_MAX,
                    {.type = d,
                     .n = (uint32_t)g.n,
                     .ih = (uint32_t)g.ih,
                     .iw = (uint32_t)g.iw,
                     .oh = (uint32_t)g.oh,
                     .ow = (uint32_t)g.ow,
                     .channels = (uint32_t)g.ch,
                     .kh = (uint32_t)a->kernel_h,
                     .kw = (uint32_t)a->kernel_w,
                     .sh = (uint32_t)a->stride_h,
                     .sw = (uint32_t)a->stride_w,
                     .dh = (uint32_t)a->dilation_h,
                     .dw = (uint32_t)a->dilation_w,
                     .pad_top = (int32_t)g.pad_top,
                     .pad_left = (int32_t)g.pad_left,
                     .in_n = g.in_n,
                     .in_y = g.in_h,
                     .in_x = g.in_w,
                     .out_n = g.out_n,
                     .out_y = g.out_h,
                     .out_x = g.out_w}};
  mote_act_codes(&a->act, o, &s.args.lo, &s.args.hi);
  return mote_add_step(c, pool_q_run, &s, sizeof s, g.n * g.oh, 0, s.row->name, NULL);
}

#define POOL_NUM(m, d) MOTE_ATTR(mote_pool_attr, m, MOTE_ATTR_INT, d)
static const mote_attr_field fields[] = {POOL_NUM(kind, 0),
                                         POOL_NUM(kernel_h, 1),
                                         POOL_NUM(kernel_w, 1),
                                         POOL_NUM(stride_h, 1),
                                         POOL_NUM(stride_w, 1),
                                         POOL_NUM(dilation_h, 1),
                                         POOL_NUM(dilation_w, 1),
                                         POOL_NUM(pad_mode, MOTE_PAD_EXPLICIT),
                                         POOL_NUM(pad_top, 0),
                                         POOL_NUM(pad_left, 0),
                                         POOL_NUM(pad_bottom, 0),
                                         POOL_NUM(pad_right, 0),
                                         POOL_NUM(divisor, 0),
                                         POOL_NUM(data_format, 0),
                                         MOTE_ATTR(mote_pool_attr, ceil_mode, MOTE_ATTR_BOOL, 0),
                                         MOTE_ATTR(mote_pool_attr, count_pad, MOTE_ATTR_BOOL, 0),
                                         MOTE_ACT_FIELDS(mote_pool_attr, act)};
static const mote_op_rules rules = {.flags = MOTE_OP_CHANNELS_LAST,
                                    .min_in = 1,
                                    .max_in = 1,
                                    .n_out = 1,
                                    .attr_size = sizeof(mote_pool_attr),
                                    MOTE_FIELDS(fields),
                                    .infer = pool_infer,
                                    .prepare = pool_prepare,
                                    .eval = pool_eval,
                                    .more = MOTE_MORE(.layout = pool_layout)};
const mote_op mote_op_max_pool2d = {"max_pool2d", &rules, MOTE_POOL_KIND_MAX};
const mote_op mote_op_avg_pool2d = {"avg_pool2d", &rules, MOTE_POOL_KIND_AVERAGE};
const mote_op mote_op_l2_pool2d = {"l2_pool2d", &rules, MOTE_POOL_L2};

#define OPTIONS "pad_mode:i8 stride_w:i32 stride_h:i32 kernel_w:i32 kernel_h:i32 activation:i8 data_format=1"
static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(1, 3, "AVERAGE_POOL_2D " OPTIONS, mote_op_avg_pool2d),
    MOTE_TFLITE_OP(12, 1, "L2_POOL_2D " OPTIONS, mote_op_l2_pool2d),
    MOTE_TFLITE_OP(17, 3, "MAX_POOL_2D " OPTIONS, mote_op_max_pool2d),
};
const mote_op_family mote_family_pool = {MOTE_ROWS(tflite, tflite_rows)};
