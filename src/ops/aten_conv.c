// PyTorch's convolutions: the two-dimensional ones are conv.c's, those over one and three dims are made
// two-dimensional, and the rest (complex numbers, integers, odd transposed forms) has a plain reference here.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_conv.h"

#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/pad.h"
#include "ops/unary.h"
#include "ops/window.h"

// ------------------------------------------------------------------------------------------------ reference

static mote_status nd_infer(mote_opctx *c) {
  const mote_aten_conv *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1];
  MOTE_TRY(mote_want_rank(c, 0, 3, 5));
  MOTE_TRY(mote_want_rank(c, 1, x->rank, x->rank));
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING || a->groups < 1 || a->n != x->rank - 2)
    return mote_bad_dtype(c, 0);
  int64_t takes = a->transposed ? w->dim[0] : w->dim[1] * a->groups;
  if (x->dim[1] != takes || w->dim[0] % a->groups != 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "expected input to have %lld channels, but got %lld channels instead",
                        (long long)takes, (long long)x->dim[1]);
  int64_t dim[MOTE_MAX_RANK] = {x->dim[0], a->transposed ? w->dim[1] * a->groups : w->dim[0]};
  for (int32_t i = 0; i < a->n; i++) {
    int64_t in = x->dim[i + 2], kernel = w->dim[i + 2], most = MOTE_MAX(MOTE_MAX(in, a->before[i]), a->extra[i]);
    if (a->stride[i] < 1 || a->dilation[i] < 1 || a->before[i] < 0 || most > INT32_MAX || a->after[i] > INT32_MAX ||
        a->after[i] < 0 || MOTE_MAX(MOTE_MAX(a->stride[i], a->dilation[i]), kernel) > INT16_MAX)
      return mote_op_fail(c, MOTE_ERR_ARGUMENT, "non-positive stride is not supported");
    int64_t span = (kernel - 1) * a->dilation[i] + 1 - a->before[i] - a->after[i];
    span = a->transposed ? (in - 1) * a->stride[i] + span + a->extra[i] : in - span;
    if (span < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE,
                          "Calculated padded input size per channel is smaller than the kernel: Kernel size can't be "
                          "greater than actual input size");
    dim[2 + i] = a->transposed ? span : span / a->stride[i] + 1;
  }
  mote_out(c, 0, x->dtype, x->rank, dim);
  return MOTE_OK;
}

// Input offset that output pixel `p` meets at kernel tap `t`; -1 when it lies outside.
static int64_t meets(const mote_opctx *c, int64_t p, int64_t t) {
  const mote_aten_conv *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1], *o = c->out[0];
  int64_t offset = 0, size = 1;
  for (int32_t i = x->rank - 1; i >= 2; i--) {
    int64_t stride = a->stride[i - 2], at = p % o->dim[i], tap = t % w->dim[i] * a->dilation[i - 2] - a->before[i - 2];
    p /= o->dim[i];
    t /= w->dim[i];
    if (a->transposed) {
      at -= tap;
      if (at % stride != 0)
        return -1;
      at /= stride;
    } else {
      at = at * stride + tap;
    }
    if (at < 0 || at >= x->dim[i])
      return -1;
    offset += at * size;
    size *= x->dim[i];
  }
  return offset;
}

typedef struct nd_sum {
  mote_z z;
  uint64_t whole;
} nd_sum;

static void add_product(nd_sum *s, const mote_tensor *x, int64_t i, const mote_tensor *w, int64_t j) {
  if (mote_dtype_is_complex(x->dtype)) {
    mote_z a = mote_ref_get(x, i), b = mote_ref_get(w, j);
    s->z.re += a.re * b.re - a.im * b.im;
    s->z.im += a.re * b.im + a.im * b.re;
  } else if (mote_dtype_is_float(x->dtype)) {
    s->z.re += mote_ref_real(x, i) * mote_ref_real(w, j);
  } else {
    s->whole += (uint64_t)mote_load_i64(x->data, x->dtype, i) * (uint64_t)mote_load_i64(w->data, w->dtype, j);
  }
}

static void nd_plane(const mote_opctx *c, int64_t image, int64_t oc) {
  const mote_aten_conv *a = c->attr;
  const mote_tensor *x = c->in[0], *w = c->in[1], *o = c->out[0];
  int64_t pixels = mote_dims_product(o, 2, o->rank), taps = mote_dims_product(w, 2, w->rank);
  int64_t area = mote_dims_product(x, 2, x->rank), per_out = o->dim[1] / a->groups, per_in = x->dim[1] / a->groups;
  int64_t first = oc / per_out * per_in, to = (image * o->dim[1] + oc) * pixels; // first input channel of the group
  for (int64_t p = 0; p < pixels; p++, to++) {
    nd_sum sum = {{0, 0}, 0};
    for (int64_t t = 0; t < taps; t++) {
      int64_t from = meets(c, p, t);
      for (int64_t i = 0; from >= 0 && i < per_in; i++) {
        int64_t row = a->transposed ? (first + i) * per_out + oc % per_out : oc * per_in + i;
        add_product(&sum, x, (image * x->dim[1] + first + i) * area + from, w, row * taps + t);
      }
    }
    if (mote_aten_is_integral(o->dtype))
      mote_store_i64(o->data, o->dtype, to, (int64_t)sum.whole);
    else
      mote_ref_put(o, to, sum.z);
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
static const mote_op conv_nd = {"conv_nd",
                                MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1, .attr_size = sizeof(mote_aten_conv),
                                           .infer = nd_infer, .prepare = nd_prepare, .eval = nd_eval)};

// ------------------------------------------------------------------------------------------------ lowering

// PyTorch's 'same' pads for stride 1, the odd element at the end.
static void read_args(mote_low *w, const mote_tensor *weight, mote_aten_conv *a) {
  const char *mode = mote_low_str(w, "padding", NULL);
  bool same = mode != NULL && strcmp(mode, "same") == 0;
  int32_t n = (int32_t)a->n;
  a->groups = mote_lower_int(w, "groups", 1);
  if (mode != NULL && !same && strcmp(mode, "valid") != 0)
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "Invalid padding string: '%s'", mode);
  if (a->groups < 1)
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "non-positive groups is not supported");
  for (int32_t i = 0; i < n; i++) {
    int64_t stride = a->stride[i] = mote_low_at(w, "stride", n, i, 1),
            dilation = a->dilation[i] = mote_low_at(w, "dilation", n, i, 1);
    int64_t before = mode != NULL ? 0 : mote_low_at(w, "padding", n, i, 0), after = before;
    a->extra[i] = a->transposed ? mote_low_at(w, "output_padding", n, i, 0) : 0;
    const char *wrong = stride < 1           ? "non-positive stride is not supported"
                        : before < 0         ? "negative padding is not supported"
                        : dilation < 1       ? "dilation should be greater than zero"
                        : same && stride > 1 ? "padding='same' is not supported for strided convolutions"
                                             : NULL;
    if (wrong != NULL)
      mote_low_fail(w, MOTE_ERR_ARGUMENT, "%s", wrong);
    if (same) {
      after = (weight->dim[2 + i] - 1) * dilation;
      before = after / 2;
      after -= before;
    }
    a->before[i] = before;
    a->after[i] = after;
  }
}

static const char *sizes_of(const mote_tensor *t, char text[160]) {
  mote_tensor_text(t, text, 160);
  return strchr(text, '[');
}
static void check_operands(mote_low *w, const mote_tensor *x, const mote_tensor *f, const mote_tensor *bias,
                           const mote_aten_conv *a) {
  char text[2][160];
  int32_t n = (int32_t)a->n;
  int64_t outer = f->dim[0], inner = f->dim[1] * a->groups;
  int64_t takes = a->transposed ? outer : inner, gives = a->transposed ? inner : outer;
  const char *sizes = sizes_of(f, text[0]), *shapes = sizes_of(x, text[1]);
  if (x->rank != n + 2 && x->rank != n + 1)
    mote_low_fail(w, MOTE_ERR_SHAPE,
                  "Expected %dD (unbatched) or %dD (batched) input to conv%dd, but got input of size: %s", n + 1, n + 2,
                  n, shapes);
  const int64_t *dim = x->dim + (x->rank == n + 2); // from the channels on
  if (dim[0] != takes)
    mote_low_fail(
        w, MOTE_ERR_SHAPE,
        "Given %sgroups=%lld, weight of size %s, expected input%s to have %lld channels, but got %lld channels instead",
        a->transposed ? "transposed=1, " : "", (long long)a->groups, sizes, shapes, (long long)takes,
        (long long)dim[0]);
  if (bias->dtype != MOTE_NONE && bias->rank > 0 && bias->dim[0] != gives)
    mote_low_fail(w, MOTE_ERR_SHAPE, "Given weight of size %s, expected bias to be 1-dimensional with %lld elements",
                  sizes, (long long)gives);
  if (x->dtype != f->dtype)
    mote_low_fail(w, MOTE_ERR_TYPE, "Input type (%s) and weight type (%s) should be the same",
                  mote_aten_type_name(x->dtype), mote_aten_type_name(f->dtype));
  for (int32_t i = 0; i < n && !a->transposed; i++) {
    int64_t size = dim[1 + i] + a->before[i] + a->after[i], kernel = f->dim[2 + i];
    if (size < (kernel - 1) * a->dilation[i] + 1)
      mote_low_fail(w, MOTE_ERR_SHAPE,
                    "Calculated padded input size per channel: (%lld). Kernel size: (%lld). Kernel size can't be "
                    "greater than actual input size",
                    (long long)size, (long long)kernel);
  }
}

static mote_vid conv_2d(mote_low *w, mote_vid in[3], const mote_aten_conv *s) {
  const mote_op *op = s->transposed ? &mote_op_conv_transpose2d : &mote_op_conv2d;
  mote_conv_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(op, &a);
  int64_t k = s->n - 1; // the last axis is x
  a.pad_mode = MOTE_PAD_EXPLICIT;
  a.groups = s->groups;
  a.stride_w = s->stride[k];
  a.dilation_w = s->dilation[k];
  a.pad_left = s->before[k];
  a.pad_right = s->after[k] - s->extra[k];
  a.act.activation = s->relu ? MOTE_ACT_RELU : MOTE_ACT_NONE;
  a.quant = s->quant;
  if (k > 0) {
    a.stride_h = s->stride[k - 1];
    a.dilation_h = s->dilation[k - 1];
    a.pad_top = s->before[k - 1];
    a.pad_bottom = s->after[k - 1] - s->extra[k - 1];
  }
  a.data_format = k == 2 ? MOTE_NHWC : MOTE_NCHW;
  a.weight_format = k == 2 ? MOTE_WEIGHT_OHWI : MOTE_WEIGHT_OIHW;
  for (int i = 0; i < 2 && k == 0; i++)
    if (mote_low_desc(w, in[i])->rank == 3)
      in[i] = mote_low_unsqueeze(w, in[i], 2);
  mote_vid out = mote_low_emit(w, op, &a, in, in[2] >= 0 ? 3 : 2);
  return k == 0 ? mote_low_squeeze(w, out, 2) : out;
}

// The slices that a slice of output meets stand side by side as channels of one image.
static mote_vid conv_3d(mote_low *w, mote_vid in[3], const mote_aten_conv *s) {
  static const int32_t last[5] = {0, 2, 3, 4, 1}, first[5] = {0, 4, 1, 2, 3}, filter[5] = {0, 3, 4, 2, 1};
  const mote_tensor *f = mote_low_desc(w, in[1]);
  int64_t deep = f->dim[2], inner = f->dim[1], weights[4] = {f->dim[0], f->dim[3], f->dim[4], deep * inner};
  in[1] = mote_low_reshape(w, mote_low_permute(w, in[1], filter), 4, weights);

  int64_t amounts[10] = {0, 0, s->before[0], s->after[0]}, two[2] = {5, 2};
  mote_vid padded[2] = {mote_low_permute(w, in[0], last), -1};
  mote_tensor pads;
  mote_tensor_init(&pads, MOTE_I64, 2, two);
  pads.data = amounts;
  if (w->st == MOTE_OK && s->before[0] + s->after[0] > 0) {
    w->st = w->constant(w, &pads, &padded[1]);
    padded[0] = mote_low_emit(w, &mote_op_pad, NULL, padded, 2);
  }
  const int64_t *x = mote_low_desc(w, padded[0])->dim; // [n, depth, height, width, channels]
  int64_t row = x[3] * x[4], slice = x[2] * row, n = x[0], channels = x[4];
  int64_t depth = (x[1] - (deep - 1) * s->dilation[0] - 1) / s->stride[0] + 1;
  int64_t images[4] = {n * depth, x[2], x[3], deep * channels};
  mote_window_attr a = {
      .size = {7, {n, depth, x[2], x[3], s->groups, deep, inner}},
      .stride = {7, {x[1] * slice, s->stride[0] * slice, row, channels, inner, s->dilation[0] * slice, 1}}};
  in[0] = mote_low_reshape(w, mote_low_emit(w, &mote_op_as_strided, &a, padded, 1), 4, images);
  mote_vid out = conv_2d(w, in, s);
  const int64_t *y = mote_low_desc(w, out)->dim;
  int64_t result[5] = {n, depth, y[1], y[2], y[3]};
  return mote_low_permute(w, mote_low_reshape(w, out, 5, result), first);
}

static mote_vid conv_any(mote_low *w, mote_vid in[3], const mote_aten_conv *a) {
  if (mote_low_desc(w, in[1])->rank == a->n + 3) // quantised weights are packed for one dim more
    in[1] = mote_low_squeeze(w, in[1], 2);
  mote_vid out = mote_low_emit(w, &conv_nd, a, in, 2);
  int64_t dim[MOTE_MAX_RANK] = {-1, 1, 1, 1};
  if (in[2] >= 0) // [c] -> [c, 1, ...]: added to every pixel
    out = mote_low_2(w, &mote_op_add, out, mote_low_reshape(w, in[2], (int32_t)a->n + 1, dim));
  return a->relu ? mote_low_1(w, &mote_op_relu, out) : out;
}

mote_vid mote_aten_convolve(mote_low *w, mote_vid x, mote_vid f, mote_vid bias, const mote_aten_conv *a) {
  bool single = mote_low_desc(w, x)->rank == a->n + 1;
  mote_vid in[3] = {single ? mote_low_unsqueeze(w, x, 0) : x, f, bias};
  const mote_tensor *t = mote_low_desc(w, in[0]);
  bool flat = a->n <= 2, deep = !flat && !a->transposed && mote_low_desc(w, f)->rank == 5;
  bool fast = (flat || deep) && mote_tensor_numel(t) > 0 &&
              (deep || a->transposed ? t->dtype == MOTE_F32 : a->quant.scale != 0 || mote_dtype_is_float(t->dtype));
  for (int32_t i = 0; i < a->n; i++) // a row more of output is a row less of padding behind
    fast = fast && a->after[i] >= a->extra[i] &&
           (flat || MOTE_MAX(MOTE_MAX(a->before[i], a->after[i]), MOTE_MAX(a->stride[i], a->dilation[i])) <= INT16_MAX);
  x = !fast ? conv_any(w, in, a) : flat ? conv_2d(w, in, a) : conv_3d(w, in, a);
  return single ? mote_low_squeeze(w, x, 0) : x;
}

static mote_status conv_of(mote_lowering *l, bool transposed) {
  mote_vid x = l->args[0].ref, f = l->args[1].ref, bias = l->args[2].kind == MOTE_ARG_TENSOR ? l->args[2].ref : -1;
  const mote_tensor *weight = mote_low_desc(l, f);
  mote_aten_conv a;
  memset(&a, 0, sizeof a);
  a.n = weight->rank - 2;
  a.transposed = transposed;
  if (a.n < 1 || a.n > 3)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "weight should have at least three dimensions");
  read_args(l, weight, &a);
  check_operands(l, mote_low_desc(l, x), weight, mote_low_desc(l, bias), &a);
  return mote_low_done(l, mote_aten_convolve(l, x, f, bias, &a));
}
static mote_status lower_conv(mote_lowering *l) { return conv_of(l, mote_lower_bool(l, "transposed", false)); }
static mote_status lower_transposed(mote_lowering *l) { return conv_of(l, true); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("conv1d .padding conv2d .padding conv3d .padding convolution _convolution .deprecated "
                     "_convolution_mode thnn_conv2d _slow_conv2d_forward conv_depthwise3d mkldnn_convolution",
                     lower_conv),
    MOTE_TORCH_LOWER("conv_transpose1d conv_transpose2d.input conv_transpose3d.input", lower_transposed),
};
const mote_op_family mote_family_aten_conv = {MOTE_ROWS(torch, rows)};
