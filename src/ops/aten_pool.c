// PyTorch's pooling over one to three dims, adaptive windows, positions of maxima and unpooling. float32 images take
// pooling.c's kernels where these mean the same. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_kit.h"
#include "ops/pooling.h"
#include "ops/reduce.h"

typedef enum kind { K_MAX, K_AVERAGE, K_ADAPTIVE_MAX, K_ADAPTIVE_AVERAGE, K_LP } kind;

typedef struct win_attr {
  int64_t kind;
  mote_ints kernel, stride, pad, dilation, size; // size: of the outputs
  int64_t divisor;
  bool count_pad;
  double p; // K_LP
} win_attr;

static int32_t spatial(const mote_tensor *x) { return x->rank - 2; }

static mote_status win_infer(mote_opctx *c) {
  const win_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t dim[MOTE_MAX_RANK];
  int32_t n = spatial(x);
  if (n < 1 || n > 3 || a->size.count != n || mote_dtype_size(x->dtype) == 0 || mote_dtype_is_complex(x->dtype) ||
      x->dtype == MOTE_BOOL)
    return mote_bad_dtype(c, 0);
  dim[0] = x->dim[0];
  dim[1] = x->dim[1];
  for (int32_t i = 0; i < n; i++) {
    dim[2 + i] = a->size.at[i];
    if (a->size.at[i] < 0 || a->size.at[i] > INT32_MAX || x->dim[2 + i] > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "Output size is too small");
  }
  mote_out(c, 0, x->dtype, x->rank, dim);
  c->out[0]->quant = x->quant;
  if (c->n_out > 1)
    mote_out(c, 1, MOTE_I64, x->rank, dim);
  return MOTE_OK;
}

typedef struct span {
  int64_t from, step, count, padded; // sources; how many count for an average with its padding
} span;

static span span_of(const win_attr *a, int32_t k, int64_t in, int64_t o) {
  span s = {0, 1, 0, 0};
  if (a->kind == K_ADAPTIVE_MAX || a->kind == K_ADAPTIVE_AVERAGE) {
    int64_t out = a->size.at[k];
    s.from = o * in / out;
    s.count = s.padded = mote_ceil_div((o + 1) * in, out) - s.from;
    return s;
  }
  int64_t from = o * a->stride.at[k] - a->pad.at[k];
  s.step = a->dilation.at[k];
  int64_t end = from + (a->kernel.at[k] - 1) * s.step + 1, skip = from < 0 ? mote_ceil_div(-from, s.step) : 0;
  s.padded = MOTE_MIN(end, in + a->pad.at[k]) - from;
  s.from = from + skip * s.step;
  int64_t stop = MOTE_MIN(end, in);
  s.count = s.from < stop ? mote_ceil_div(stop - s.from, s.step) : 0;
  return s;
}

typedef struct found {
  double value;
  int64_t at, count;
} found;

static void visit(const mote_opctx *c, const span *s, int32_t k, int64_t plane, int64_t base, found *f) {
  const win_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  for (int64_t i = 0; i < s[k].count; i++) {
    int64_t at = base * x->dim[2 + k] + s[k].from + i * s[k].step;
    if (k + 1 < spatial(x)) {
      visit(c, s, k + 1, plane, at, f);
      continue;
    }
    double v = mote_load_f64(x->data, mote_code_type(x->dtype), plane + at);
    bool max = a->kind == K_MAX || a->kind == K_ADAPTIVE_MAX;
    if (!max)
      f->value += a->kind == K_LP ? pow(fabs(v), a->p) : v;
    else if (f->count == 0 || v > f->value || v != v) {
      f->value = v;
      f->at = at;
    }
    f->count++;
  }
}

static void put(const mote_tensor *o, int64_t at, double v, double n) {
  if (mote_dtype_is_float(o->dtype)) {
    mote_store_f64(o->data, o->dtype, at, v / n);
    return;
  }
  mote_store_i64(o->data, mote_code_type(o->dtype), at,
                 (int64_t)(mote_dtype_is_quantized(o->dtype) ? rint(v / n) : trunc(v / n)));
}

static void window(const mote_opctx *c, int64_t plane, int64_t pixel, int64_t area, int64_t pixels) {
  const win_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  span s[3];
  found f = {0, 0, 0};
  int64_t rest = pixel, padded = 1;
  for (int32_t k = spatial(x) - 1; k >= 0; k--) {
    s[k] = span_of(a, k, x->dim[2 + k], rest % o->dim[2 + k]);
    rest /= o->dim[2 + k];
    padded *= s[k].padded;
  }
  visit(c, s, 0, plane * area, 0, &f);
  int64_t at = plane * pixels + pixel;
  if (a->kind == K_MAX || a->kind == K_ADAPTIVE_MAX) {
    put(o, at, f.count > 0 ? f.value : -HUGE_VAL, 1);
    if (c->n_out > 1)
      mote_store_i64(c->out[1]->data, MOTE_I64, at, f.at);
    return;
  }
  int64_t n = a->divisor != 0 ? a->divisor : a->kind == K_ADAPTIVE_AVERAGE || !a->count_pad ? f.count : padded;
  put(o, at, f.value, n != 0 ? (double)n : 1);
}

static mote_status win_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  (void)state;
  int64_t area = mote_dims_product(c->in[0], 2, c->in[0]->rank),
          pixels = mote_dims_product(c->out[0], 2, c->out[0]->rank);
  for (int64_t t = t0; t < t1; t++)
    for (int64_t p = 0; p < pixels; p++)
      window(c, t, p, area, pixels);
  return MOTE_OK;
}
static mote_status win_eval(mote_opctx *c) { return win_run(c, NULL, 0, c->out[0]->dim[0] * c->out[0]->dim[1]); }
static mote_status win_prepare(mote_opctx *c) {
  int64_t planes = c->out[0]->dim[0] * c->out[0]->dim[1];
  return planes > 0 ? mote_add_step(c, win_run, NULL, 0, planes, 0, "reference", NULL) : MOTE_OK;
}
static const mote_attr_field win_fields[] = {
    MOTE_ATTR(win_attr, kind, MOTE_ATTR_INT, 0),       MOTE_ATTR(win_attr, kernel, MOTE_ATTR_INTS, -1),
    MOTE_ATTR(win_attr, stride, MOTE_ATTR_INTS, -1),   MOTE_ATTR(win_attr, pad, MOTE_ATTR_INTS, -1),
    MOTE_ATTR(win_attr, dilation, MOTE_ATTR_INTS, -1), MOTE_ATTR(win_attr, size, MOTE_ATTR_INTS, -1),
    MOTE_ATTR(win_attr, divisor, MOTE_ATTR_INT, 0),    MOTE_ATTR(win_attr, count_pad, MOTE_ATTR_BOOL, 1),
    MOTE_ATTR(win_attr, p, MOTE_ATTR_FLOAT, 2)};
static const mote_op win_op = {"pool_nd", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1,
                                                     .attr_size = sizeof(win_attr), MOTE_FIELDS(win_fields),
                                                     .infer = win_infer, .prepare = win_prepare, .eval = win_eval)};
static const mote_op win2_op = {"pool_nd_indices",
                                MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 2, .attr_size = sizeof(win_attr),
                                           MOTE_FIELDS(win_fields), .infer = win_infer, .prepare = win_prepare,
                                           .eval = win_eval)};

// ------------------------------------------------------------------------------------------------ lowering

static void window_args(mote_low *w, int32_t n, const mote_tensor *t, win_attr *a) {
  mote_lowering *l = w;
  bool ceil_mode = mote_lower_bool(l, "ceil_mode", false);
  const mote_arg *stride = mote_lower_arg(l, "stride");
  bool strided =
      stride != NULL && (stride->kind == MOTE_ARG_SCALAR || (stride->kind == MOTE_ARG_INTS && stride->count > 0));
  a->kernel.count = a->stride.count = a->pad.count = a->dilation.count = a->size.count = n;
  for (int32_t i = 0; i < n; i++) {
    int64_t k = a->kernel.at[i] = mote_low_at(l, "kernel_size", n, i, 1),
            s = a->stride.at[i] = strided ? mote_low_at(l, "stride", n, i, k) : k;
    int64_t p = a->pad.at[i] = mote_low_at(l, "padding", n, i, 0),
            d = a->dilation.at[i] = mote_low_at(l, "dilation", n, i, 1), in = t->dim[2 + i];
    if (k < 1 || s < 1 || d < 1 || k > INT32_MAX || s > INT32_MAX || d > INT32_MAX || p > INT32_MAX) {
      mote_low_fail(w, MOTE_ERR_ARGUMENT,
                    s < 1 ? "stride should not be zero" : "kernel size should be greater than zero");
      return;
    }
    if (p < 0 || p > ((k - 1) * d + 1) / 2) {
      mote_low_fail(
          w, MOTE_ERR_ARGUMENT,
          "pad should be at most half of effective kernel size, but got pad=%lld, kernel_size=%lld and dilation=%lld",
          (long long)p, (long long)k, (long long)d);
      return;
    }
    int64_t range = in + 2 * p - d * (k - 1) - 1;
    int64_t out = range < 0 ? 0 : (ceil_mode ? mote_ceil_div(range, s) : range / s) + 1;
    if (ceil_mode && (out - 1) * s >= in + p)
      out--;
    if (out < 1 && w->st == MOTE_OK)
      mote_low_fail(w, MOTE_ERR_SHAPE,
                    "Given input size: (%lld) Calculated output size: (%lld). Output size is too small", (long long)in,
                    (long long)out);
    a->size.at[i] = out;
  }
}

// The window has its height at `k` of the lists, its width behind it.
static mote_vid image_pool(mote_low *w, mote_vid x, const win_attr *p, int32_t k) {
  const mote_op *op = p->kind == K_MAX ? &mote_op_max_pool2d : &mote_op_avg_pool2d;
  mote_pool_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(op, &a);
  a.kernel_h = p->kernel.at[k], a.kernel_w = p->kernel.at[k + 1];
  a.stride_h = p->stride.at[k], a.stride_w = p->stride.at[k + 1];
  a.dilation_h = p->dilation.at[k], a.dilation_w = p->dilation.at[k + 1];
  a.pad_mode = MOTE_PAD_EXPLICIT;
  a.pad_top = a.pad_bottom = p->pad.at[k];
  a.pad_left = a.pad_right = p->pad.at[k + 1];
  a.ceil_mode = mote_lower_bool(w, "ceil_mode", false);
  a.count_pad = p->count_pad;
  a.divisor = p->divisor;
  a.data_format = MOTE_NCHW;
  return mote_low_emit(w, op, &a, &x, 1);
}

// Maxima over height and width, then over depth: of images whose channels are slices, then whose rows are slices.
static mote_vid deep_max(mote_low *w, mote_vid x, const win_attr *p) {
  const int64_t *in = mote_low_desc(w, x)->dim, *size = p->size.at;
  int64_t slices[4] = {in[0], in[1] * in[2], in[3], in[4]}, rows[4] = {in[0], in[1], in[2], size[1] * size[2]};
  int64_t result[5] = {in[0], in[1], size[0], size[1], size[2]};
  win_attr deep = *p;
  deep.kernel.at[1] = deep.stride.at[1] = deep.dilation.at[1] = 1;
  deep.pad.at[1] = 0;
  x = image_pool(w, mote_low_reshape(w, x, 4, slices), p, 1);
  return mote_low_reshape(w, image_pool(w, mote_low_reshape(w, x, 4, rows), &deep, 0), 5, result);
}

// One image without its batch gets one.
static mote_vid batched(mote_low *w, mote_vid x, int32_t n, bool *single) {
  int32_t rank = mote_low_desc(w, x)->rank;
  if (rank != n + 1 && rank != n + 2)
    return mote_low_fail(w, MOTE_ERR_SHAPE, "Expected %dD or %dD (batch mode) tensor for input, but got %dD", n + 1,
                         n + 2, rank);
  *single = rank == n + 1;
  return *single ? mote_low_unsqueeze(w, x, 0) : x;
}

static mote_status give_pool(mote_low *w, const mote_op *op, const win_attr *a, mote_vid x, bool single) {
  mote_vid out[2] = {-1, -1};
  if (w->st == MOTE_OK)
    w->st = w->emit(w, op, a, &x, 1, out, op->rules->n_out);
  for (int32_t j = 0; j < op->rules->n_out; j++)
    mote_low_give(w, single ? mote_low_squeeze(w, out[j], 0) : out[j]);
  return w->st;
}

static mote_status pool(mote_lowering *l, int64_t kind, int32_t n, const mote_op *op) {
  win_attr a = {.kind = kind,
                .count_pad = mote_lower_bool(l, "count_include_pad", true),
                .divisor = mote_lower_int(l, "divisor_override", 0)};
  bool single = false;
  mote_vid x = batched(l, l->args[0].ref, n, &single);
  const mote_tensor *t = mote_low_desc(l, x);
  if (mote_low_given(l, "divisor_override") && a.divisor == 0)
    mote_low_fail(l, MOTE_ERR_ARGUMENT, "divisor must be not zero");
  if (l->st == MOTE_OK)
    window_args(l, n, t, &a);
  if (n == 2 && op == &win_op && (t->dtype == MOTE_F32 || t->quant.count == 1) && mote_tensor_numel(t) > 0 &&
      a.divisor >= 0) {
    x = image_pool(l, x, &a, 0);
    return mote_low_done(l, single ? mote_low_squeeze(l, x, 0) : x);
  }
  if (n == 3 && op == &win_op && kind == K_MAX && t->dtype == MOTE_F32 && mote_tensor_numel(t) > 0) {
    x = deep_max(l, x, &a);
    return mote_low_done(l, single ? mote_low_squeeze(l, x, 0) : x);
  }
  return give_pool(l, op, &a, x, single);
}
#define POOL(n)                                                                                                        \
  static mote_status lower_max##n(mote_lowering *l) { return pool(l, K_MAX, n, &win_op); }                             \
  static mote_status lower_max_at##n(mote_lowering *l) { return pool(l, K_MAX, n, &win2_op); }                         \
  static mote_status lower_avg##n(mote_lowering *l) { return pool(l, K_AVERAGE, n, &win_op); }
POOL(1)
POOL(2)
POOL(3)

static mote_status adaptive(mote_lowering *l, int64_t kind, int32_t n, const mote_op *op) {
  win_attr a = {.kind = kind, .size = {n, {0}}};
  bool single = false;
  mote_vid x = batched(l, l->args[0].ref, n, &single);
  const mote_tensor *t = mote_low_desc(l, x);
  bool whole = kind == K_ADAPTIVE_AVERAGE && (t->dtype == MOTE_F32 || t->quant.count == 1);
  for (int32_t i = 0; i < n; i++) {
    a.size.at[i] = mote_low_at(l, "output_size", n, i, 1);
    whole = whole && a.size.at[i] == 1;
    if (a.size.at[i] < 0)
      mote_low_fail(l, MOTE_ERR_ARGUMENT, "elements of output_size must be greater than or equal to 0");
    if (l->st == MOTE_OK && t->dim[2 + i] < 1)
      mote_low_fail(
          l, MOTE_ERR_SHAPE,
          "Expected input to have non-zero size for non-batch dimensions, but input has dimension %d being empty",
          2 + i);
  }
  if (whole && mote_tensor_numel(t) > 0) {
    const int64_t axes[3] = {2, 3, 4};
    x = mote_low_reduce(l, &mote_op_reduce_mean, x, axes, n, true);
    return mote_low_done(l, single ? mote_low_squeeze(l, x, 0) : x);
  }
  return give_pool(l, op, &a, x, single);
}
#define ADAPTIVE(n)                                                                                                    \
  static mote_status lower_adaptive_avg##n(mote_lowering *l) { return adaptive(l, K_ADAPTIVE_AVERAGE, n, &win_op); }   \
  static mote_status lower_adaptive_max##n(mote_lowering *l) { return adaptive(l, K_ADAPTIVE_MAX, n, &win2_op); }
ADAPTIVE(1)
ADAPTIVE(2)
ADAPTIVE(3)

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("max_pool1d quantized_max_pool1d", lower_max1),
    MOTE_TORCH_LOWER("quantized::max_pool1d", lower_max1),
    MOTE_TORCH_LOWER("max_pool2d quantized_max_pool2d", lower_max2),
    MOTE_TORCH_LOWER("quantized::max_pool2d", lower_max2),
    MOTE_TORCH_LOWER("max_pool3d", lower_max3),
    MOTE_TORCH_LOWER("max_pool1d_with_indices", lower_max_at1),
    MOTE_TORCH_LOWER("max_pool2d_with_indices", lower_max_at2),
    MOTE_TORCH_LOWER("max_pool3d_with_indices", lower_max_at3),
    MOTE_TORCH_LOWER("avg_pool1d", lower_avg1),
    MOTE_TORCH_LOWER("avg_pool2d", lower_avg2),
    MOTE_TORCH_LOWER("avg_pool3d", lower_avg3),
    MOTE_TORCH_LOWER("adaptive_avg_pool1d", lower_adaptive_avg1),
    MOTE_TORCH_LOWER("adaptive_avg_pool2d _adaptive_avg_pool2d", lower_adaptive_avg2),
    MOTE_TORCH_LOWER("adaptive_avg_pool3d _adaptive_avg_pool3d", lower_adaptive_avg3),
    MOTE_TORCH_LOWER("adaptive_max_pool1d", lower_adaptive_max1),
    MOTE_TORCH_LOWER("adaptive_max_pool2d", lower_adaptive_max2),
    MOTE_TORCH_LOWER("adaptive_max_pool3d", lower_adaptive_max3),
};
const mote_op_family mote_family_aten_pool = {MOTE_ROWS(torch, rows)};
