// PyTorch's convolutions: the two-dimensional ones are conv.c's, one-dimensional ones are made two-dimensional, and the
// rest (three dimensions, complex numbers, integers, odd transposed forms) has a plain reference here.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_kit.h"
#include "ops/binary.h"
#include "ops/conv.h"

typedef struct conv_nd_attr {
  mote_ints stride, pad, dilation, extra; // one an axis
  int64_t groups;
  bool transposed;
} conv_nd_attr;

// ------------------------------------------------------------------------------------------------ reference

static mote_status nd_out(const mote_opctx *c, int64_t *dim) {
  const conv_nd_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1];
  int32_t n = x->rank - 2;
  dim[0] = x->dim[0];
  dim[1] = a->transposed ? w->dim[1] * a->groups : w->dim[0];
  for (int32_t i = 0; i < n; i++) {
    int64_t in = x->dim[2 + i], reach = (w->dim[2 + i] - 1) * a->dilation.at[i] + 1;
    int64_t span = a->transposed ? (in - 1) * a->stride.at[i] + reach - 2 * a->pad.at[i] + a->extra.at[i]
                                 : in + 2 * a->pad.at[i] - reach;
    dim[2 + i] = a->transposed ? span : span < 0 ? 0 : span / a->stride.at[i] + 1;
    if (span < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE,
                          "Calculated padded input size per channel is smaller than the kernel: Kernel size can't be "
                          "greater than actual input size");
  }
  return MOTE_OK;
}

static mote_status nd_infer(mote_opctx *c) {
  const conv_nd_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1];
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_want_rank(c, 0, 3, 5));
  MOTE_TRY(mote_want_rank(c, 1, x->rank, x->rank));
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING || a->groups < 1)
    return mote_bad_dtype(c, 0);
  for (int32_t i = 0; i < x->rank - 2; i++)
    if (a->stride.at[i] < 1 || a->dilation.at[i] < 1 || a->pad.at[i] < 0 || a->stride.at[i] > INT16_MAX ||
        a->dilation.at[i] > INT16_MAX || a->pad.at[i] > INT32_MAX || a->extra.at[i] > INT32_MAX ||
        x->dim[i + 2] > INT32_MAX || w->dim[i + 2] > INT16_MAX)
      return mote_op_fail(c, MOTE_ERR_ARGUMENT, "non-positive stride is not supported");
  int64_t takes = a->transposed ? w->dim[0] : w->dim[1] * a->groups;
  if (x->dim[1] != takes || w->dim[0] % a->groups != 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "expected input to have %lld channels, but got %lld channels instead",
                        (long long)takes, (long long)x->dim[1]);
  MOTE_TRY(nd_out(c, dim));
  mote_out(c, 0, x->dtype, x->rank, dim);
  return MOTE_OK;
}

typedef struct place {
  int64_t at[3];
} place;
static place place_of(int64_t index, const int64_t *dim, int32_t n) {
  place p;
  for (int32_t i = n - 1; i >= 0; i--) {
    p.at[i] = index % dim[i];
    index /= dim[i];
  }
  return p;
}

// Input offset that output place `o` meets at kernel place `k`; false when it lies outside.
static bool meets(const conv_nd_attr *a, const mote_tensor *x, place o, place k, int32_t n, int64_t *at) {
  *at = 0;
  for (int32_t i = 0; i < n; i++) {
    int64_t p = a->transposed ? o.at[i] + a->pad.at[i] - k.at[i] * a->dilation.at[i]
                              : o.at[i] * a->stride.at[i] - a->pad.at[i] + k.at[i] * a->dilation.at[i];
    if (a->transposed && (p < 0 || p % a->stride.at[i] != 0))
      return false;
    p = a->transposed ? p / a->stride.at[i] : p;
    if (p < 0 || p >= x->dim[2 + i])
      return false;
    *at = *at * x->dim[2 + i] + p;
  }
  return true;
}

typedef struct nd_sum {
  double re, im;
  int64_t whole;
} nd_sum;

static void add_product(nd_sum *s, const mote_tensor *x, int64_t i, const mote_tensor *w, int64_t j) {
  if (mote_dtype_is_complex(x->dtype)) {
    mote_dtype d = x->dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
    double a = mote_load_f64(x->data, d, 2 * i), b = mote_load_f64(x->data, d, 2 * i + 1);
    double e = mote_load_f64(w->data, d, 2 * j), f = mote_load_f64(w->data, d, 2 * j + 1);
    s->re += a * e - b * f;
    s->im += a * f + b * e;
  } else if (mote_dtype_is_float(x->dtype)) {
    s->re += mote_load_f64(x->data, x->dtype, i) * mote_load_f64(w->data, w->dtype, j);
  } else {
    s->whole = (int64_t)((uint64_t)s->whole +
                         (uint64_t)mote_load_i64(x->data, x->dtype, i) * (uint64_t)mote_load_i64(w->data, w->dtype, j));
  }
}
static void put_sum(const nd_sum *s, const mote_tensor *o, int64_t at) {
  if (mote_dtype_is_complex(o->dtype)) {
    mote_dtype d = o->dtype == MOTE_C64 ? MOTE_F32 : MOTE_F64;
    mote_store_f64(o->data, d, 2 * at, s->re);
    mote_store_f64(o->data, d, 2 * at + 1, s->im);
  } else if (mote_dtype_is_float(o->dtype)) {
    mote_store_f64(o->data, o->dtype, at, s->re);
  } else {
    mote_store_i64(o->data, o->dtype, at, s->whole);
  }
}

static void nd_plane(const mote_opctx *c, int64_t image, int64_t oc) {
  const conv_nd_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1], *o = c->out[0];
  int32_t n = x->rank - 2;
  int64_t pixels = mote_dims_product(o, 2, o->rank), taps = mote_dims_product(w, 2, w->rank);
  int64_t area = mote_dims_product(x, 2, x->rank), per_out = o->dim[1] / a->groups, per_in = x->dim[1] / a->groups;
  int64_t g = oc / per_out;
  for (int64_t p = 0; p < pixels; p++) {
    place at = place_of(p, o->dim + 2, n);
    nd_sum sum = {0, 0, 0};
    for (int64_t t = 0; t < taps; t++) {
      int64_t from;
      if (!meets(a, x, at, place_of(t, w->dim + 2, n), n, &from))
        continue;
      for (int64_t i = 0; i < per_in; i++) {
        int64_t row = a->transposed ? (g * per_in + i) * per_out + oc % per_out : oc * per_in + i;
        add_product(&sum, x, (image * x->dim[1] + g * per_in + i) * area + from, w, row * taps + t);
      }
    }
    put_sum(&sum, o, (image * o->dim[1] + oc) * pixels + p);
  }
}

static mote_status nd_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state;
  int64_t channels = c->out[0]->dim[1];
  for (int64_t t = t0; t < t1 && channels > 0; t++)
    nd_plane(c, t / channels, t % channels);
  return MOTE_OK;
}
static mote_status nd_eval(mote_opctx *c) { return nd_run(c, NULL, 0, c->out[0]->dim[0] * c->out[0]->dim[1]); }
static mote_status nd_prepare(mote_opctx *c) {
  int64_t planes = c->out[0]->dim[0] * c->out[0]->dim[1];
  return planes > 0 ? mote_add_step(c, nd_run, NULL, 0, planes, 0, "reference", NULL) : MOTE_OK;
}
static const mote_attr_field nd_fields[] = {MOTE_ATTR(conv_nd_attr, stride, MOTE_ATTR_INTS, -1),
                                            MOTE_ATTR(conv_nd_attr, pad, MOTE_ATTR_INTS, -1),
                                            MOTE_ATTR(conv_nd_attr, dilation, MOTE_ATTR_INTS, -1),
                                            MOTE_ATTR(conv_nd_attr, extra, MOTE_ATTR_INTS, -1),
                                            MOTE_ATTR(conv_nd_attr, groups, MOTE_ATTR_INT, 1),
                                            MOTE_ATTR(conv_nd_attr, transposed, MOTE_ATTR_BOOL, 0),
                                            {NULL}};
static const mote_op conv_nd = {"conv_nd", MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1,
                                                      .attr_size = sizeof(conv_nd_attr), .fields = nd_fields,
                                                      .infer = nd_infer, .prepare = nd_prepare, .eval = nd_eval)};

// ------------------------------------------------------------------------------------------------ lowering

// PyTorch's 'same' pads for stride 1, the odd element at the end.
typedef struct spans {
  int64_t stride[3], dilation[3], before[3], after[3], extra[3];
} spans;

static void read_spans(mote_low *w, int32_t n, const mote_tensor *weight, spans *s) {
  const char *mode = mote_low_str(w, "padding", NULL);
  if (mode != NULL && strcmp(mode, "same") != 0 && strcmp(mode, "valid") != 0)
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "Invalid padding string: '%s'", mode);
  for (int32_t i = 0; i < n; i++) {
    s->stride[i] = mote_low_at(w, "stride", n, i, 1);
    s->dilation[i] = mote_low_at(w, "dilation", n, i, 1);
    s->before[i] = s->after[i] = mode != NULL ? 0 : mote_low_at(w, "padding", n, i, 0);
    s->extra[i] = mote_low_at(w, "output_padding", n, i, 0);
    if (s->stride[i] < 1)
      mote_low_fail(w, MOTE_ERR_ARGUMENT, "non-positive stride is not supported");
    if (s->before[i] < 0)
      mote_low_fail(w, MOTE_ERR_ARGUMENT, "negative padding is not supported");
    if (s->dilation[i] < 1)
      mote_low_fail(w, MOTE_ERR_ARGUMENT, "dilation should be greater than zero");
    if (mode == NULL || strcmp(mode, "same") != 0 || weight->rank < i + 3)
      continue;
    if (s->stride[i] != 1)
      mote_low_fail(w, MOTE_ERR_ARGUMENT, "padding='same' is not supported for strided convolutions");
    int64_t total = (weight->dim[2 + i] - 1) * s->dilation[i];
    s->before[i] = total / 2;
    s->after[i] = total - total / 2;
  }
}

static void check_operands(mote_low *w, const mote_tensor *x, const mote_tensor *f, const mote_tensor *bias,
                           bool transposed, int64_t groups, const spans *s) {
  char size[160], shape[160];
  int32_t n = f->rank - 2;
  int64_t takes = transposed ? f->dim[0] : f->dim[1] * groups;
  mote_tensor_text(f, size, sizeof size);
  mote_tensor_text(x, shape, sizeof shape);
  const char *sizes = strchr(size, '['), *shapes = strchr(shape, '[');
  if (x->rank != f->rank)
    mote_low_fail(w, MOTE_ERR_SHAPE,
                  "Expected %dD (unbatched) or %dD (batched) input to conv%dd, but got input of size: %s", n + 1, n + 2,
                  n, shapes);
  if (groups < 1)
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "non-positive groups is not supported");
  if (x->dim[1] != takes)
    mote_low_fail(
        w, MOTE_ERR_SHAPE,
        "Given %sgroups=%lld, weight of size %s, expected input%s to have %lld channels, but got %lld channels instead",
        transposed ? "transposed=1, " : "", (long long)groups, sizes, shapes, (long long)takes, (long long)x->dim[1]);
  if (bias->dtype != MOTE_NONE && bias->rank > 0 && bias->dim[0] != (transposed ? f->dim[1] * groups : f->dim[0]))
    mote_low_fail(w, MOTE_ERR_SHAPE, "Given weight of size %s, expected bias to be 1-dimensional with %lld elements",
                  sizes, (long long)(transposed ? f->dim[1] * groups : f->dim[0]));
  if (x->dtype != f->dtype)
    mote_low_fail(w, MOTE_ERR_TYPE, "Input type (%s) and weight type (%s) should be the same",
                  mote_aten_type_name(x->dtype), mote_aten_type_name(f->dtype));
  for (int32_t i = 0; i < n && !transposed; i++)
    if (x->dim[2 + i] + s->before[i] + s->after[i] < (f->dim[2 + i] - 1) * s->dilation[i] + 1)
      mote_low_fail(w, MOTE_ERR_SHAPE,
                    "Calculated padded input size per channel: (%lld). Kernel size: (%lld). Kernel size can't be "
                    "greater than actual input size",
                    (long long)(x->dim[2 + i] + s->before[i] + s->after[i]), (long long)f->dim[2 + i]);
}

static mote_vid conv_2d(mote_low *w, const mote_op *op, mote_vid x, mote_vid f, mote_vid bias, int64_t groups,
                        const spans *s, int32_t n) {
  mote_conv_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(op, &a);
  int32_t y = n - 2, k = n - 1; // n = 1: the only axis is x
  a.data_format = MOTE_NCHW;
  a.weight_format = MOTE_WEIGHT_OIHW;
  a.pad_mode = MOTE_PAD_EXPLICIT;
  a.groups = groups;
  a.stride_h = n > 1 ? s->stride[y] : 1;
  a.dilation_h = n > 1 ? s->dilation[y] : 1;
  a.pad_top = n > 1 ? s->before[y] : 0;
  a.pad_bottom = n > 1 ? s->after[y] : 0;
  a.stride_w = s->stride[k];
  a.dilation_w = s->dilation[k];
  a.pad_left = s->before[k];
  a.pad_right = s->after[k];
  mote_vid in[3] = {x, f, bias};
  if (n == 1) {
    in[0] = mote_low_unsqueeze(w, x, 2);
    in[1] = mote_low_unsqueeze(w, f, 2);
  }
  mote_vid out = mote_low_emit(w, op, &a, in, bias >= 0 ? 3 : 2);
  return n == 1 ? mote_low_squeeze(w, out, 2) : out;
}

// [c] -> [c, 1, ...]: added to every pixel.
static mote_vid add_bias(mote_low *w, mote_vid x, mote_vid bias) {
  int64_t dim[MOTE_MAX_RANK] = {-1, 1, 1, 1};
  if (bias < 0)
    return x;
  return mote_low_2(w, &mote_op_add, x, mote_low_reshape(w, bias, mote_low_desc(w, x)->rank - 1, dim));
}

static mote_vid conv_any(mote_low *w, mote_vid x, mote_vid f, mote_vid bias, bool transposed, int64_t groups,
                         const spans *s) {
  conv_nd_attr a;
  memset(&a, 0, sizeof a);
  int32_t n = mote_low_desc(w, f)->rank - 2;
  a.groups = groups;
  a.transposed = transposed;
  a.stride.count = a.pad.count = a.dilation.count = a.extra.count = n;
  for (int32_t i = 0; i < n; i++) {
    a.stride.at[i] = s->stride[i];
    a.pad.at[i] = s->before[i];
    a.dilation.at[i] = s->dilation[i];
    a.extra.at[i] = transposed ? s->extra[i] : 0;
  }
  mote_vid in[2] = {x, f};
  mote_vid out = mote_low_emit(w, &conv_nd, &a, in, 2);
  for (int32_t i = 0; i < n; i++) // 'same' with an even kernel: one more element at the end
    if (s->after[i] != s->before[i])
      return mote_low_fail(w, MOTE_ERR_UNSUPPORTED, "padding='same' of an even kernel in %d dimensions", n);
  return add_bias(w, out, bias);
}

static mote_status conv_of(mote_lowering *l, bool transposed) {
  mote_vid x = l->args[0].ref, f = l->args[1].ref, bias = l->args[2].kind == MOTE_ARG_TENSOR ? l->args[2].ref : -1;
  const mote_tensor *weight = mote_low_desc(l, f);
  int32_t n = weight->rank - 2;
  int64_t groups = mote_lower_int(l, "groups", 1);
  spans s;
  memset(&s, 0, sizeof s);
  if (n < 1 || n > 3)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "weight should have at least three dimensions");
  read_spans(l, n, weight, &s);
  bool single = mote_low_desc(l, x)->rank == weight->rank - 1;
  x = single ? mote_low_unsqueeze(l, x, 0) : x;
  const mote_tensor *t = mote_low_desc(l, x);
  check_operands(l, t, weight, mote_low_desc(l, bias), transposed, groups, &s);
  bool fast = n <= 2 && mote_dtype_is_float(t->dtype) && mote_tensor_numel(t) > 0;
  for (int32_t i = 0; i < n && transposed; i++) { // a row more of output is a row less of padding behind
    fast = fast && s.after[i] >= s.extra[i] && t->dtype == MOTE_F32;
    s.after[i] -= fast ? s.extra[i] : 0;
  }
  const mote_op *op = transposed ? &mote_op_conv_transpose2d : &mote_op_conv2d;
  mote_vid out = fast ? conv_2d(l, op, x, f, bias, groups, &s, n) : conv_any(l, x, f, bias, transposed, groups, &s);
  return mote_low_done(l, single ? mote_low_squeeze(l, out, 0) : out);
}
static mote_status lower_conv(mote_lowering *l) { return conv_of(l, mote_lower_bool(l, "transposed", false)); }
static mote_status lower_transposed(mote_lowering *l) { return conv_of(l, true); }

static const mote_torch_row rows[] = {
    {"conv1d .padding conv2d .padding conv3d .padding convolution _convolution .deprecated "
     "_convolution_mode thnn_conv2d _slow_conv2d_forward conv_depthwise3d mkldnn_convolution",
     .lower = lower_conv},
    {"conv_transpose1d conv_transpose2d.input conv_transpose3d.input", .lower = lower_transposed},
    {NULL},
};
const mote_op_family mote_family_aten_conv = {"aten_conv", NULL, rows};
