// Convolutions over depth, height and width of channels-last float32 tensors, plain and transposed: the reference path.
// Tests: the TensorFlow Lite operator cases
#include "ops/conv.h"

typedef struct conv3d_attr {
  int64_t pad_mode, stride_d, stride_h, stride_w, dilation_d, dilation_h, dilation_w;
  bool transposed;
  mote_act_attr act;
} conv3d_attr;

// Inputs: x [N, D, H, W, I], weights [d, h, w, I, O], bias; transposed: output shape, weights [d, h, w, O, I], x, bias.
typedef struct geo {
  const mote_tensor *x, *w, *bias;
  int64_t stride[3], dilation[3], before[3], big[3], small[3]; // the transposed one has its output as the big side
  int64_t ic, oc;
} geo;

static mote_status geo_of(const mote_opctx *c, const int64_t *dims, geo *g) {
  const conv3d_attr *a = c->attr;
  bool t = a->transposed;
  int32_t ix = t ? 2 : 0, ib = t ? 3 : 2;
  MOTE_TRY(mote_want_rank(c, ix, 5, 5));
  MOTE_TRY(mote_want_rank(c, 1, 5, 5));
  MOTE_TRY(mote_want_dtype(c, ix, MOTE_F32));
  MOTE_TRY(mote_want_dtype(c, 1, MOTE_F32));
  *g = (geo){c->in[ix],
             c->in[1],
             mote_has(c, ib) ? c->in[ib] : NULL,
             {a->stride_d, a->stride_h, a->stride_w},
             {a->dilation_d, a->dilation_h, a->dilation_w}};
  g->ic = g->w->dim[t ? 4 : 3];
  g->oc = g->w->dim[t ? 3 : 4];
  if (g->ic != g->x->dim[4] || g->ic < 1 || (t && dims[4] != g->oc) || (t && dims[0] != g->x->dim[0]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld channels, the filter has %lld", (long long)g->x->dim[4],
                        (long long)g->ic);
  if (g->bias != NULL && (g->bias->dtype != MOTE_F32 || mote_tensor_numel(g->bias) != g->oc))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "a bias of %lld for %lld channels", (long long)mote_tensor_numel(g->bias),
                        (long long)g->oc);
  for (int i = 0; i < 3; i++) {
    int64_t out;
    g->big[i] = t ? dims[1 + i] : g->x->dim[1 + i];
    if (g->stride[i] < 1 || g->dilation[i] < 1 || g->w->dim[i] < 1)
      return mote_op_fail(c, MOTE_ERR_FORMAT, "stride %lld, dilation %lld", (long long)g->stride[i],
                          (long long)g->dilation[i]);
    MOTE_TRY(mote_conv_extent(c, a->pad_mode, g->big[i], g->w->dim[i], g->stride[i], g->dilation[i], &g->before[i], 0,
                              &out));
    g->small[i] = t ? g->x->dim[1 + i] : out;
    if (t && out != g->small[i])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "an output of %lld does not come from %lld", (long long)g->big[i],
                          (long long)g->small[i]);
  }
  return MOTE_OK;
}

static mote_status conv3d_infer(mote_opctx *c) {
  const conv3d_attr *a = c->attr;
  mote_ints dims = {0};
  geo g;
  MOTE_TRY(mote_act_check(c, &a->act));
  if (a->transposed) {
    if (mote_needs(c, 0))
      return MOTE_OK;
    MOTE_TRY(mote_want_int(c, 0));
    MOTE_TRY(mote_ints_of(c, 0, &dims));
    for (int32_t i = 0; i < dims.count; i++)
      if (dims.at[i] < 0)
        return mote_op_fail(c, MOTE_ERR_DATA, "dimension %lld", (long long)dims.at[i]);
    if (dims.count != 5)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "an output of rank %d", dims.count);
  }
  MOTE_TRY(geo_of(c, dims.at, &g));
  int64_t out[5] = {g.x->dim[0], g.small[0], g.small[1], g.small[2], g.oc};
  mote_out(c, 0, MOTE_F32, 5, a->transposed ? dims.at : out);
  return MOTE_OK;
}

// Adds the product of one place of the small side with one filter cell at one place of the big side.
static void cell_add(const geo *g, bool transposed, const float *in, const float *w, float *out) {
  for (int64_t o = 0; transposed && o < g->oc; o++)
    for (int64_t i = 0; i < g->ic; i++)
      out[o] += in[i] * w[o * g->ic + i];
  for (int64_t i = 0; !transposed && i < g->ic; i++)
    for (int64_t o = 0; o < g->oc; o++)
      out[o] += in[i] * w[i * g->oc + o];
}

// `s`: place on the small side. Walks the filter's cells.
static void place_run(const geo *g, bool transposed, const int64_t s[3], const float *x, float *out) {
  int64_t at = (s[0] * g->small[1] + s[1]) * g->small[2] + s[2];
  const int64_t *k = g->w->dim;
  for (int64_t n = 0; n < k[0] * k[1] * k[2]; n++) {
    int64_t cell[3] = {n / (k[1] * k[2]), n / k[2] % k[1], n % k[2]}, b[3];
    bool inside = true;
    for (int i = 0; i < 3; i++) {
      b[i] = s[i] * g->stride[i] - g->before[i] + cell[i] * g->dilation[i];
      inside = inside && b[i] >= 0 && b[i] < g->big[i];
    }
    if (!inside)
      continue;
    int64_t to = (b[0] * g->big[1] + b[1]) * g->big[2] + b[2];
    const float *w = (const float *)g->w->data + n * g->ic * g->oc;
    cell_add(g, transposed, x + (transposed ? at : to) * g->ic, w, out + (transposed ? to : at) * g->oc);
  }
}

static mote_status conv3d_eval(mote_opctx *c) {
  const conv3d_attr *a = c->attr;
  geo g;
  float lo, hi, *out = c->out[0]->data;
  MOTE_TRY(geo_of(c, c->out[0]->dim, &g));
  mote_act_range(&a->act, &lo, &hi);
  int64_t n = mote_tensor_numel(c->out[0]), places = g.small[0] * g.small[1] * g.small[2];
  for (int64_t i = 0; i < n; i++)
    out[i] = g.bias != NULL ? ((const float *)g.bias->data)[i % g.oc] : 0;
  for (int64_t p = 0; n > 0 && p < g.x->dim[0] * places; p++) {
    int64_t b = p / places, r = p % places;
    int64_t s[3] = {r / (g.small[1] * g.small[2]), r / g.small[2] % g.small[1], r % g.small[2]};
    place_run(&g, a->transposed, s, (const float *)g.x->data + b * (mote_tensor_numel(g.x) / g.x->dim[0]),
              out + b * (n / c->out[0]->dim[0]));
  }
  for (int64_t i = 0; i < n; i++)
    out[i] = out[i] < lo ? lo : out[i] > hi ? hi : out[i];
  return MOTE_OK;
}

static const mote_attr_field conv3d_fields[] = {MOTE_ATTR(conv3d_attr, pad_mode, MOTE_ATTR_INT, 0),
                                                MOTE_ATTR(conv3d_attr, stride_d, MOTE_ATTR_INT, 1),
                                                MOTE_ATTR(conv3d_attr, stride_h, MOTE_ATTR_INT, 1),
                                                MOTE_ATTR(conv3d_attr, stride_w, MOTE_ATTR_INT, 1),
                                                MOTE_ATTR(conv3d_attr, dilation_d, MOTE_ATTR_INT, 1),
                                                MOTE_ATTR(conv3d_attr, dilation_h, MOTE_ATTR_INT, 1),
                                                MOTE_ATTR(conv3d_attr, dilation_w, MOTE_ATTR_INT, 1),
                                                MOTE_ATTR(conv3d_attr, transposed, MOTE_ATTR_BOOL, 0),
                                                MOTE_ACT_FIELDS(conv3d_attr, act)};
static const mote_op op_conv3d = {"conv3d_nhwc",
                                  MOTE_RULES(.min_in = 2, .max_in = 4, .n_out = 1, .attr_size = sizeof(conv3d_attr),
                                             MOTE_FIELDS(conv3d_fields), .infer = conv3d_infer, .eval = conv3d_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(
        132, 1,
        "CONV_3D pad_mode:i8 stride_d:i32 stride_w:i32 stride_h:i32 activation:i8 dilation_d:i32=1 dilation_w:i32=1 "
        "dilation_h:i32=1",
        op_conv3d),
    MOTE_TFLITE_OP(
        141, 1,
        "CONV_3D_TRANSPOSE pad_mode:i8 stride_d:i32 stride_w:i32 stride_h:i32 activation:i8 dilation_d:i32=1 "
        "dilation_w:i32=1 dilation_h:i32=1 transposed=1",
        op_conv3d),
};
const mote_op_family mote_family_conv3d = {MOTE_ROWS(tflite, tflite_rows)};
