// PyTorch's upsampling: nearest, linear, cubic and their antialiased forms over one to three dims. An output element is
// a weighted sum over taps of each axis; float32 images take resize.c's kernels where these mean the same. Tests:
// tests/unit/test_ops_aten.c
#include "ops/aten_kit.h"
#include "ops/resize.h"

typedef enum kind { K_NEAREST, K_EXACT, K_LINEAR, K_CUBIC, K_LANCZOS } kind;

typedef struct sample_attr {
  int64_t kind;
  bool align, antialias;
  mote_ints size;     // of the outputs, one a spatial dim
  mote_floats scales; // factors of the call; 0: sizes decide
} sample_attr;

typedef struct taps {
  int64_t count;  // for each output
  int64_t *from;  // first source [out]
  double *weight; // [out][count]
  int bits;       // of the fraction, when weights are whole numbers; 0: they are not
} taps;

static int32_t spatial(const mote_tensor *x) { return x->rank - 2; }

// Linear and cubic images of bytes are made as Pillow makes them: along the width and then the height, with weights of
// 16 bits, rounded to bytes in between.
static bool is_fixed(const sample_attr *a, const mote_tensor *x) {
  return x->dtype == MOTE_U8 && spatial(x) == 2 && a->kind >= K_LINEAR;
}
static mote_dtype weight_type(const sample_attr *a, const mote_tensor *x) {
  return is_fixed(a, x) ? MOTE_F64 : x->dtype;
}

static double step_of(const sample_attr *a, int32_t k, int64_t in, int64_t out, mote_dtype d) {
  double s;
  if (a->align && a->kind >= K_LINEAR)
    s = out > 1 ? (double)(in - 1) / (double)(out - 1) : 0;
  else
    s = k < a->scales.count && a->scales.at[k] > 0 ? 1 / a->scales.at[k] : (double)in / (double)out;
  return d == MOTE_F64 ? s : (double)(float)s;
}
static double reach_of(const sample_attr *a) { return a->kind == K_LINEAR ? 1 : a->kind == K_CUBIC ? 2 : 3; }

static int64_t tap_count(const sample_attr *a, double step) {
  if (a->antialias)
    return (int64_t)ceil(reach_of(a) * fmax(step, 1)) * 2 + 1;
  return a->kind <= K_EXACT ? 1 : a->kind == K_LINEAR ? 2 : 4;
}

static double cubic(double x, double a) {
  x = fabs(x);
  return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}
static double sinc(double x) { return x == 0 ? 1 : sin(3.141592653589793 * x) / (3.141592653589793 * x); }
static double filter(int64_t kind, double x) {
  x = fabs(x);
  if (kind == K_LINEAR)
    return x < 1 ? 1 - x : 0;
  return kind == K_CUBIC ? cubic(x, -0.5) : x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static void smooth_taps(const sample_attr *a, double step, int64_t in, int64_t i, const taps *t) {
  double support = reach_of(a) * fmax(step, 1), shrink = step >= 1 ? 1 / step : 1, sum = 0;
  double centre = step * ((double)i + 0.5);
  int64_t lo = MOTE_MAX((int64_t)(centre - support + 0.5), 0), hi = MOTE_MIN((int64_t)(centre + support + 0.5), in);
  t->from[i] = lo;
  for (int64_t k = 0; k < t->count; k++) {
    double w = lo + k < hi ? filter(a->kind, ((double)(lo + k) - centre + 0.5) * shrink) : 0;
    t->weight[i * t->count + k] = w;
    sum += w;
  }
  for (int64_t k = 0; k < t->count && sum != 0; k++)
    t->weight[i * t->count + k] /= sum;
}

static void plain_taps(const sample_attr *a, double step, int64_t in, int64_t i, const taps *t, bool wide) {
  double *w = t->weight + i * t->count;
  double at = a->align ? step * (double)i : step * ((double)i + 0.5) - 0.5;
  if (!wide)
    at = a->align ? (double)((float)step * (float)i) : (double)((float)step * ((float)i + 0.5f) - 0.5f);
  if (a->kind <= K_EXACT) {
    float p = a->kind == K_EXACT ? ((float)i + 0.5f) * (float)step : (float)i * (float)step;
    t->from[i] = MOTE_MAX(MOTE_MIN((int64_t)floorf(p), in - 1), 0);
    w[0] = 1;
    return;
  }
  if (a->kind == K_LINEAR) {
    at = at < 0 ? 0 : at;
    int64_t lo = MOTE_MIN((int64_t)at, in - 1);
    t->from[i] = lo;
    w[1] = lo + 1 < in ? at - (double)lo : 0;
    w[0] = 1 - w[1];
    return;
  }
  double whole = floor(at), part = at - whole;
  t->from[i] = (int64_t)whole - 1;
  for (int k = 0; k < 4; k++)
    w[k] = cubic(part - (k - 1), -0.75);
}

// ------------------------------------------------------------------------------------------------ operator

static mote_status sample_infer(mote_opctx *c) {
  const sample_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t dim[MOTE_MAX_RANK];
  int32_t n = spatial(x);
  if (n < 1 || n > 3 || a->size.count != n || mote_dtype_size(x->dtype) == 0 || mote_dtype_is_complex(x->dtype) ||
      x->dtype == MOTE_STRING)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "It is expected input to have %d dims and sizes for %d", x->rank,
                        a->size.count);
  dim[0] = x->dim[0];
  dim[1] = x->dim[1];
  for (int32_t i = 0; i < n; i++) {
    dim[2 + i] = a->size.at[i];
    if (x->dim[2 + i] < 1 || dim[2 + i] < 1 || dim[2 + i] > INT32_MAX || x->dim[2 + i] > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_SHAPE,
                          "Input and output sizes should be greater than 0, but got input of %lld and output of %lld",
                          (long long)x->dim[2 + i], (long long)dim[2 + i]);
  }
  mote_out(c, 0, x->dtype, x->rank, dim);
  c->out[0]->quant = x->quant;
  return MOTE_OK;
}

static size_t sample_scratch(const mote_opctx *c) {
  const sample_attr *a = c->attr;
  size_t n = 0;
  for (int32_t i = 0; i < spatial(c->in[0]); i++) {
    int64_t out = a->size.at[i];
    n += (size_t)out * (size_t)(1 + tap_count(a, step_of(a, i, c->in[0]->dim[2 + i], out, weight_type(a, c->in[0]))));
  }
  return n * 8 + 64;
}

// Taps outside the image join those at its edge; the fraction is as wide as the largest weight leaves it.
static void fix_weights(taps *t, int64_t in, int64_t out) {
  int64_t n = t->count;
  double most = 0;
  for (int64_t i = 0; i < out * n; i++) {
    int64_t from = t->from[i / n], at = MOTE_MAX(MOTE_MIN(from + i % n, in - 1), 0);
    double w = t->weight[i];
    t->weight[i] = 0;
    t->weight[i / n * n + MOTE_MAX(MOTE_MIN(at - from, n - 1), 0)] += w;
  }
  for (int64_t i = 0; i < out * n; i++)
    most = fmax(most, t->weight[i]);
  while (t->bits < 22 && (int64_t)(0.5 + ldexp(most, t->bits + 1)) < 1 << 15)
    t->bits++;
  for (int64_t i = 0; i < out * n; i++)
    t->weight[i] = round(ldexp(t->weight[i], t->bits));
}

static void fill_taps(const mote_opctx *c, taps t[3]) {
  const sample_attr *a = c->attr;
  char *at = c->scratch;
  for (int32_t k = 0; k < spatial(c->in[0]); k++) {
    int64_t in = c->in[0]->dim[2 + k], out = a->size.at[k];
    double step = step_of(a, k, in, out, weight_type(a, c->in[0]));
    t[k].bits = 0;
    t[k].count = tap_count(a, step);
    t[k].from = (int64_t *)(void *)at;
    at += out * 8;
    t[k].weight = (double *)(void *)at;
    at += out * t[k].count * 8;
    for (int64_t i = 0; i < out; i++) {
      if (a->antialias)
        smooth_taps(a, step, in, i, &t[k]);
      else
        plain_taps(a, step, in, i, &t[k], weight_type(a, c->in[0]) == MOTE_F64);
    }
    if (is_fixed(a, c->in[0]))
      fix_weights(&t[k], in, out);
  }
}

static double sum_taps(const mote_opctx *c, const taps *t, int32_t k, int64_t base, const int64_t *place) {
  const mote_tensor *x = c->in[0];
  int32_t n = spatial(x);
  int64_t size = x->dim[2 + k], i = place[k];
  double sum = 0;
  for (int64_t j = 0; j < t[k].count; j++) {
    double w = t[k].weight[i * t[k].count + j];
    int64_t at = MOTE_MAX(MOTE_MIN(t[k].from[i] + j, size - 1), 0);
    if (w == 0)
      continue;
    at += base * size;
    sum += w * (k + 1 < n ? sum_taps(c, t, k + 1, at, place) : mote_load_f64(x->data, mote_code_type(x->dtype), at));
  }
  if (t[k].bits == 0)
    return sum;
  sum = floor(ldexp(sum, -t[k].bits) + 0.5);
  return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

static void put(const mote_tensor *o, int64_t at, double v) {
  if (mote_dtype_is_float(o->dtype)) {
    mote_store_f64(o->data, o->dtype, at, v);
    return;
  }
  int32_t lo, hi;
  v = rint(v);
  if (mote_code_range(o->dtype, &lo, &hi))
    v = v < lo ? lo : v > hi ? hi : v;
  mote_store_i64(o->data, mote_code_type(o->dtype), at, (int64_t)v);
}

static mote_status sample_eval(mote_opctx *c) {
  const mote_tensor *o = c->out[0];
  taps t[3];
  int32_t n = spatial(o);
  int64_t pixels = mote_dims_product(o, 2, o->rank), planes = o->dim[0] * o->dim[1], place[3];
  fill_taps(c, t);
  for (int64_t p = 0; p < planes; p++)
    for (int64_t i = 0; i < pixels; i++) {
      int64_t rest = i;
      for (int32_t k = n - 1; k >= 0; k--) {
        place[k] = rest % o->dim[2 + k];
        rest /= o->dim[2 + k];
      }
      put(o, p * pixels + i, sum_taps(c, t, 0, p, place));
    }
  return MOTE_OK;
}
static const mote_attr_field sample_fields[] = {
    MOTE_ATTR(sample_attr, kind, MOTE_ATTR_INT, 0), MOTE_ATTR(sample_attr, align, MOTE_ATTR_BOOL, 0),
    MOTE_ATTR(sample_attr, antialias, MOTE_ATTR_BOOL, 0), MOTE_ATTR(sample_attr, size, MOTE_ATTR_INTS, -1),
    MOTE_ATTR(sample_attr, scales, MOTE_ATTR_FLOATS, -1)};
static const mote_op sample_op = {"upsample",
                                  MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(sample_attr),
                                             MOTE_FIELDS(sample_fields), .infer = sample_infer, .eval = sample_eval,
                                             .more = MOTE_MORE(.scratch = sample_scratch))};

// ------------------------------------------------------------------------------------------------ lowering

// Scales: a list "scale_factors", or "scales"/"scales_d", "scales_h", "scales_w".
static void read_scales(const mote_lowering *l, int32_t n, sample_attr *a) {
  static const char *const names[] = {"scales_d", "scales_h", "scales_w"};
  const mote_arg *list = mote_lower_arg(l, "scale_factors");
  a->scales.count = n;
  for (int32_t i = 0; i < n; i++) {
    a->scales.at[i] = list != NULL && (list->kind == MOTE_ARG_FLOATS || list->kind == MOTE_ARG_INTS) && list->count == n
                          ? (list->kind == MOTE_ARG_FLOATS ? list->floats.at[i] : (double)list->ints.at[i])
                          : mote_lower_float(l, n == 1 ? "scales" : names[3 - n + i], 0);
  }
}

static bool plain_image(const mote_tensor *t, const sample_attr *a) {
  bool fits = t->dtype == MOTE_F32 && t->rank == 4 && !a->antialias && mote_tensor_numel(t) > 0 &&
              (a->kind == K_LINEAR || a->kind == K_NEAREST);
  for (int32_t i = 0; fits && i < 2; i++)
    fits = a->scales.at[i] == 0 || a->scales.at[i] * (double)t->dim[2 + i] == (double)a->size.at[i];
  return fits;
}

static mote_status upsample(mote_lowering *l, int64_t kind, bool antialias) {
  mote_vid x = l->args[0].ref;
  const mote_tensor *t = mote_low_desc(l, x);
  const mote_arg *size = mote_lower_arg(l, "output_size");
  sample_attr a = {.kind = kind, .antialias = antialias, .align = mote_lower_bool(l, "align_corners", false)};
  int32_t n = spatial(t);
  if (n < 1 || n > 3)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "It is expected input_size equals to 3, 4 or 5, but got size %d", t->rank);
  read_scales(l, n, &a);
  a.size.count = n;
  bool given = size != NULL && size->kind == MOTE_ARG_INTS;
  if (given && size->count != n)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "It is expected output_size equals to %d, but got size %d", n,
                     size->count);
  for (int32_t i = 0; i < n; i++) {
    double wanted = (double)t->dim[2 + i] * a.scales.at[i];
    if (!given && !(wanted >= 0 && wanted < INT32_MAX))
      return mote_fail(l->err, MOTE_ERR_ARGUMENT, "Must specify exactly one of output_size and scale_factors");
    a.size.at[i] = given ? size->ints.at[i] : (int64_t)wanted;
  }
  if (!plain_image(t, &a))
    return mote_low_done(l, mote_low_emit(l, &sample_op, &a, &x, 1));
  const mote_op *op = kind == K_LINEAR ? &mote_op_resize_bilinear : &mote_op_resize_nearest;
  mote_resize_attr r;
  memset(&r, 0, sizeof r);
  mote_attr_defaults(op, &r);
  r.align_corners = kind == K_LINEAR && a.align;
  r.half_pixel = kind == K_LINEAR && !a.align;
  r.data_format = MOTE_NCHW;
  r.size = a.size;
  return mote_low_done(l, mote_low_emit(l, op, &r, &x, 1));
}
static mote_status lower_nearest(mote_lowering *l) { return upsample(l, K_NEAREST, false); }
static mote_status lower_exact(mote_lowering *l) { return upsample(l, K_EXACT, false); }
static mote_status lower_linear(mote_lowering *l) { return upsample(l, K_LINEAR, false); }
static mote_status lower_cubic(mote_lowering *l) { return upsample(l, K_CUBIC, false); }
static mote_status lower_linear_aa(mote_lowering *l) { return upsample(l, K_LINEAR, true); }
static mote_status lower_cubic_aa(mote_lowering *l) { return upsample(l, K_CUBIC, true); }
static mote_status lower_lanczos_aa(mote_lowering *l) { return upsample(l, K_LANCZOS, true); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("upsample_nearest1d .vec upsample_nearest2d .vec upsample_nearest3d .vec", lower_nearest),
    MOTE_TORCH_LOWER("_upsample_nearest_exact1d .vec _upsample_nearest_exact2d .vec _upsample_nearest_exact3d .vec",
                     lower_exact),
    MOTE_TORCH_LOWER("upsample_linear1d .vec upsample_bilinear2d .vec upsample_trilinear3d .vec", lower_linear),
    MOTE_TORCH_LOWER("upsample_bicubic2d .vec", lower_cubic),
    MOTE_TORCH_LOWER("_upsample_bilinear2d_aa .vec", lower_linear_aa),
    MOTE_TORCH_LOWER("_upsample_bicubic2d_aa .vec", lower_cubic_aa),
    MOTE_TORCH_LOWER("_upsample_lanczos2d_aa .vec", lower_lanczos_aa),
};
const mote_op_family mote_family_aten_resize = {MOTE_ROWS(torch, rows)};
