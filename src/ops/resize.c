// Resizing images: nearest and bilinear, TensorFlow's three ways of laying the grids. Tests:
// tests/models/{tflite/decoder_*,torch/edges}
#include "ops/resize.h"

#include "kernels/qpool.h"

typedef struct resize_geo {
  int64_t n, ih, iw, ch, oh, ow;
  int64_t in_n, in_h, in_w, in_c, out_n, out_h, out_w, out_c;
} resize_geo;

static mote_status resize_size(const mote_opctx *c, mote_ints *size) {
  const mote_resize_attr *a = c->attr;
  *size = a->size;
  if (mote_has(c, 1))
    MOTE_TRY(mote_ints_of(c, 1, size));
  if (size->count != 2 || size->at[0] < 1 || size->at[1] < 1 || size->at[0] > INT32_MAX || size->at[1] > INT32_MAX)
    return mote_op_fail(c, MOTE_ERR_DATA, "the new size must be two positive numbers");
  return MOTE_OK;
}

static void resize_geometry(const mote_opctx *c, resize_geo *g) {
  const mote_tensor *x = c->in[0], *o = c->out[0];
  bool nhwc = ((const mote_resize_attr *)c->attr)->data_format == MOTE_NHWC;
  int H = nhwc ? 1 : 2, W = nhwc ? 2 : 3, C = nhwc ? 3 : 1;
  *g = (resize_geo){x->dim[0],    x->dim[H],    x->dim[W],    x->dim[C],    o->dim[H],    o->dim[W],    x->stride[0],
                    x->stride[H], x->stride[W], x->stride[C], o->stride[0], o->stride[H], o->stride[W], o->stride[C]};
}

static mote_status resize_infer(mote_opctx *c) {
  const mote_resize_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  mote_ints size;
  MOTE_TRY(mote_want_rank(c, 0, 4, 4));
  if (mote_has(c, 1) && mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(resize_size(c, &size));
  bool nhwc = a->data_format == MOTE_NHWC;
  if (x->dim[nhwc ? 1 : 2] < 1 || x->dim[nhwc ? 2 : 3] < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "an empty image");
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING || mote_dtype_is_complex(x->dtype))
    return mote_bad_dtype(c, 0);
  int64_t hwc[4] = {x->dim[0], size.at[0], size.at[1], x->dim[3]},
          chw[4] = {x->dim[0], x->dim[1], size.at[0], size.at[1]};
  mote_out_pass(c, 0, 0);
  mote_out(c, 0, x->dtype, 4, nhwc ? hwc : chw);
  return MOTE_OK;
}
static mote_layout resize_layout(const mote_opctx *c, int32_t operand) {
  return operand <= 0 && ((const mote_resize_attr *)c->attr)->data_format == MOTE_NCHW ? MOTE_LAYOUT_CHANNELS_LAST
                                                                                       : MOTE_LAYOUT_DENSE;
}

static float grid_scale(const mote_resize_attr *a, int64_t in, int64_t out) {
  return a->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
}

// ------------------------------------------------------------------------------------------------ nearest

static int64_t nearest(const mote_resize_attr *a, int64_t out, int64_t in_size, int64_t out_size) {
  float scale = grid_scale(a, in_size, out_size), offset = a->half_pixel ? 0.5f : 0.0f;
  float at = ((float)out + offset) * scale;
  int64_t i = a->align_corners ? (int64_t)roundf(at) : (int64_t)floorf(at);
  i = MOTE_MIN(i, in_size - 1);
  return MOTE_MAX(i, 0);
}

// A tile is one output row of one image.
static mote_status nearest_rows(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const mote_resize_attr *a = c->attr;
  (void)state;
  resize_geo g;
  resize_geometry(c, &g);
  size_t size = mote_dtype_size(c->in[0]->dtype);
  bool run = (g.in_c == 1 && g.out_c == 1) || g.ch == 1;
  for (int64_t t = t0; t < t1; t++) {
    int64_t n = t / g.oh, y = t % g.oh, iy = nearest(a, y, g.ih, g.oh);
    for (int64_t x = 0; x < g.ow; x++) {
      const char *from = (const char *)c->in[0]->data +
                         (n * g.in_n + iy * g.in_h + nearest(a, x, g.iw, g.ow) * g.in_w) * (int64_t)size;
      char *to = (char *)c->out[0]->data + (n * g.out_n + y * g.out_h + x * g.out_w) * (int64_t)size;
      if (run) {
        memcpy(to, from, (size_t)g.ch * size);
        continue;
      }
      for (int64_t k = 0; k < g.ch; k++)
        memcpy(to + k * g.out_c * (int64_t)size, from + k * g.in_c * (int64_t)size, size);
    }
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ bilinear

typedef struct blend {
  int64_t lo, hi;
  float part;
} blend;

static blend blend_at(const mote_resize_attr *a, int64_t out, int64_t in_size, int64_t out_size) {
  float scale = grid_scale(a, in_size, out_size);
  float at = a->half_pixel ? ((float)out + 0.5f) * scale - 0.5f : (float)out * scale, floor_at = floorf(at);
  blend b = {MOTE_MAX((int64_t)floor_at, 0), MOTE_MIN((int64_t)ceilf(at), in_size - 1), at - floor_at};
  if (at < 0) // left of the first pixel's centre
    b.part = at, b.hi = 0;
  b.lo = MOTE_MIN(b.lo, in_size - 1);
  if (b.lo == b.hi)
    b.part = 0;
  return b;
}

static void blend_pixel(const mote_opctx *c, const resize_geo *g, const int64_t at[4], const float w[4], int64_t to) {
  const mote_tensor *in = c->in[0], *out = c->out[0];
  if (in->dtype == MOTE_F32 && g->in_c == 1 && g->out_c == 1) {
    const float *x = in->data;
    float *y = (float *)out->data + to;
    for (int64_t k = 0; k < g->ch; k++)
      y[k] = x[at[0] + k] * w[0] + x[at[1] + k] * w[1] + x[at[2] + k] * w[2] + x[at[3] + k] * w[3];
    return;
  }
  bool real = mote_dtype_is_float(in->dtype);
  for (int64_t k = 0; k < g->ch; k++) {
    double v = 0;
    for (int i = 0; i < 4; i++)
      v += (double)w[i] * mote_load_f64(in->data, mote_code_type(in->dtype), at[i] + k * g->in_c);
    if (real)
      mote_store_f64(out->data, out->dtype, to + k * g->out_c, v);
    else
      mote_store_i64(out->data, mote_code_type(out->dtype), to + k * g->out_c, (int64_t)round(v));
  }
}

static mote_status bilinear_rows(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const mote_resize_attr *a = c->attr;
  (void)state;
  resize_geo g;
  resize_geometry(c, &g);
  for (int64_t t = t0; t < t1; t++) {
    int64_t n = t / g.oh, y = t % g.oh;
    blend by = blend_at(a, y, g.ih, g.oh);
    for (int64_t x = 0; x < g.ow; x++) {
      blend bx = blend_at(a, x, g.iw, g.ow);
      int64_t base = n * g.in_n;
      int64_t at[4] = {base + by.lo * g.in_h + bx.lo * g.in_w, base + by.lo * g.in_h + bx.hi * g.in_w,
                       base + by.hi * g.in_h + bx.lo * g.in_w, base + by.hi * g.in_h + bx.hi * g.in_w};
      float w[4] = {(1 - by.part) * (1 - bx.part), (1 - by.part) * bx.part, by.part * (1 - bx.part), by.part * bx.part};
      blend_pixel(c, &g, at, w, n * g.out_n + y * g.out_h + x * g.out_w);
    }
  }
  return MOTE_OK;
}

static mote_status q_rows(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  mote_qresize_args a = *(const mote_qresize_args *)state;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  mote_qresize_bilinear(&a, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}

static mote_status resize_eval(mote_opctx *c) {
  const mote_resize_attr *a = c->attr;
  resize_geo g;
  resize_geometry(c, &g);
  return (a->bilinear ? bilinear_rows : nearest_rows)(c, NULL, 0, g.n * g.oh);
}
static mote_status resize_prepare(mote_opctx *c) {
  const mote_resize_attr *a = c->attr;
  resize_geo g;
  resize_geometry(c, &g);
  mote_dtype d = mote_code_type(c->in[0]->dtype);
  bool q = a->bilinear && (d == MOTE_I8 || d == MOTE_U8 || d == MOTE_I16) && (g.in_c == 1 || g.ch == 1);
  if (q) {
    mote_qresize_args s = {.type = d,
                           .n = (uint32_t)g.n,
                           .ih = (uint32_t)g.ih,
                           .iw = (uint32_t)g.iw,
                           .oh = (uint32_t)g.oh,
                           .ow = (uint32_t)g.ow,
                           .channels = (uint32_t)g.ch,
                           .align_corners = a->align_corners,
                           .half_pixel_centers = a->half_pixel,
                           .in_n = g.in_n,
                           .in_y = g.in_h,
                           .in_x = g.in_w,
                           .out_n = g.out_n,
                           .out_y = g.out_h,
                           .out_x = g.out_w};
    return mote_add_step(c, q_rows, &s, sizeof s, g.n * g.oh, 0, "q_resize", NULL);
  }
  return mote_add_step(c, a->bilinear ? bilinear_rows : nearest_rows, NULL, 0, g.n * g.oh, 0,
                       a->bilinear ? "resize_bilinear" : "resize_nearest", NULL);
}

static const mote_attr_field fields[] = {MOTE_ATTR(mote_resize_attr, bilinear, MOTE_ATTR_BOOL, 0),
                                         MOTE_ATTR(mote_resize_attr, align_corners, MOTE_ATTR_BOOL, 0),
                                         MOTE_ATTR(mote_resize_attr, half_pixel, MOTE_ATTR_BOOL, 0),
                                         MOTE_ATTR(mote_resize_attr, data_format, MOTE_ATTR_INT, 0),
                                         MOTE_ATTR(mote_resize_attr, size, MOTE_ATTR_INTS, -1)};
static const mote_op_rules rules = {.flags = MOTE_OP_CHANNELS_LAST,
                                    .min_in = 1,
                                    .max_in = 2,
                                    .n_out = 1,
                                    .attr_size = sizeof(mote_resize_attr),
                                    MOTE_FIELDS(fields),
                                    .infer = resize_infer,
                                    .prepare = resize_prepare,
                                    .eval = resize_eval,
                                    .more = MOTE_MORE(.layout = resize_layout)};
const mote_op mote_op_resize_bilinear = {"resize_bilinear", &rules, 1};
const mote_op mote_op_resize_nearest = {"resize_nearest", &rules, 0};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(23, 4, "RESIZE_BILINEAR - - align_corners:bool half_pixel:bool data_format=1",
                   mote_op_resize_bilinear),
    MOTE_TFLITE_OP(97, 4, "RESIZE_NEAREST_NEIGHBOR align_corners:bool half_pixel:bool data_format=1",
                   mote_op_resize_nearest),
};
const mote_op_family mote_family_resize = {MOTE_ROWS(tflite, tflite_rows)};
