// Convolution by plain loops for every element type, ordinary and transposed: the meaning. Tests:
// tests/unit/test_ops_conv.c
#include "kernels/qhybrid.h"
#include "ops/conv.h"

// One output element's sum. Integers exact in 64 bits; everything else in float64.
typedef struct sum {
  double real, imag;
  int64_t whole;
} sum;

typedef struct ref {
  const mote_opctx *c;
  const mote_conv_geo *g;
  mote_image in, out;
  mote_dtype xt, wt;
  int32_t x_zero;
  bool quantised, complex_;
  const float *hybrid_scale; // an image; NULL: not hybrid
  const int32_t *hybrid_zero;
  const int8_t *hybrid_in; // dense copy of the input in codes
} ref;

static void add_tap(const ref *r, int64_t x, int64_t w, int64_t o, int64_t image, sum *s) {
  const mote_tensor *wt = r->c->in[1];
  if (r->hybrid_scale != NULL) {
    s->whole +=
        (int64_t)(r->hybrid_in[x] - r->hybrid_zero[image]) * (mote_code_at(wt, w) - mote_zero_at(&wt->quant, o));
  } else if (r->quantised) {
    int64_t code = mote_load_i64(r->c->in[0]->data, r->xt, x) - r->x_zero;
    s->whole += code * (mote_code_at(wt, w) - mote_zero_at(&wt->quant, o));
  } else if (r->complex_) {
    double a = mote_load_f64(r->c->in[0]->data, r->xt, x), b = mote_load_f64(wt->data, r->wt, w);
    mote_dtype half = r->xt == MOTE_C64 ? MOTE_F32 : MOTE_F64;
    double ai = mote_load_f64(r->c->in[0]->data, half, 2 * x + 1), bi = mote_load_f64(wt->data, half, 2 * w + 1);
    s->real += a * b - ai * bi;
    s->imag += a * bi + ai * b;
  } else if (mote_dtype_is_float(r->xt)) {
    s->real += mote_load_f64(r->c->in[0]->data, r->xt, x) * mote_load_f64(wt->data, r->wt, w);
  } else {
    s->whole += mote_load_i64(r->c->in[0]->data, r->xt, x) * mote_load_i64(wt->data, r->wt, w);
  }
}

// Input position under tap k of output y; false when it falls on padding.
static bool source(const mote_conv_geo *g, bool transposed, int32_t axis, int64_t y, int64_t k, int64_t *x) {
  if (!transposed) {
    *x = y * g->stride[axis] - g->pad[axis] + k * g->dilation[axis];
    return *x >= 0 && *x < g->in[axis];
  }
  int64_t from = y + g->pad[axis] - k * g->dilation[axis];
  *x = from / g->stride[axis];
  return from >= 0 && from % g->stride[axis] == 0 && *x < g->in[axis];
}

static void sum_at(const ref *r, bool transposed, const int64_t at[5], sum *s) {
  const mote_conv_geo *g = r->g;
  int64_t o = at[4], per_group = g->oc / g->groups, ic = g->ic / g->groups, group = o / per_group;
  // In an ordinary filter o counts over all groups; in a transposed one (IOS) it counts within, and i over all.
  int64_t w_o = transposed ? (o % per_group) * g->w_o + group * ic * g->w_i : o * g->w_o;
  int64_t x[3], k[3];
  for (k[0] = 0; k[0] < g->k[0]; k[0]++)
    for (k[1] = 0; k[1] < g->k[1]; k[1]++)
      for (k[2] = 0; k[2] < g->k[2]; k[2]++) {
        bool inside = true;
        for (int32_t a = 0; a < 3; a++)
          inside &= source(g, transposed, a, at[1 + a], k[a], &x[a]);
        if (!inside)
          continue;
        int64_t px = at[0] * r->in.n + x[0] * r->in.s[0] + x[1] * r->in.s[1] + x[2] * r->in.s[2];
        int64_t pw = w_o + k[0] * g->w_k[0] + k[1] * g->w_k[1] + k[2] * g->w_k[2];
        for (int64_t i = 0; i < ic; i++)
          add_tap(r, px + (group * ic + i) * r->in.c, pw + i * g->w_i, o, at[0], s);
      }
}

static int64_t clamp_code(double v, const mote_conv_attr *a, const mote_tensor *out) {
  int32_t lo, hi;
  mote_act_codes(&a->act, out, &lo, &hi);
  double q = round(v) + out->quant.zero_point;
  return q < lo ? lo : q > hi ? hi : (int64_t)q;
}

static double clamp_real(double v, const mote_conv_attr *a) {
  float lo, hi;
  mote_act_range(&a->act, &lo, &hi);
  return v < (double)lo ? (double)lo : v > (double)hi ? (double)hi : v;
}

static void store(const ref *r, int64_t p, int64_t o, int64_t image, const sum *s) {
  const mote_opctx *c = r->c;
  const mote_conv_attr *a = c->attr;
  const mote_tensor *bias = mote_conv_bias(c), *out = c->out[0], *res = mote_conv_residual(c), *w = c->in[1];
  if (r->quantised && r->hybrid_scale == NULL) {
    double scale = c->in[0]->quant.scale * mote_scale_at(&w->quant, o) / out->quant.scale;
    int64_t whole = s->whole + (bias != NULL ? mote_load_i64(bias->data, bias->dtype, o) : 0);
    mote_store_i64(out->data, mote_code_type(out->dtype), p, clamp_code((double)whole * scale, a, out));
    return;
  }
  if (!mote_dtype_is_float(r->xt) && !r->complex_) {
    int64_t whole = s->whole + (bias != NULL ? mote_load_i64(bias->data, bias->dtype, o) : 0);
    mote_store_i64(out->data, out->dtype, p, whole);
    return;
  }
  double v = s->real;
  if (r->hybrid_scale != NULL)
    v = (double)s->whole * (double)r->hybrid_scale[image] * mote_scale_at(&w->quant, o);
  v += bias != NULL ? mote_load_f64(bias->data, bias->dtype, o) : 0;
  v += res != NULL ? mote_load_f64(res->data, res->dtype, p) : 0; // same strides as the output
  if (r->complex_) {
    mote_dtype half = r->xt == MOTE_C64 ? MOTE_F32 : MOTE_F64;
    mote_store_f64(out->data, half, 2 * p, v);
    mote_store_f64(out->data, half, 2 * p + 1,
                   s->imag + (bias != NULL ? mote_load_f64(bias->data, half, 2 * o + 1) : 0));
    return;
  }
  mote_store_f64(out->data, out->dtype, p, clamp_real(v, a));
}

static void run(const ref *r, bool transposed) {
  const mote_conv_geo *g = r->g;
  int64_t at[5];
  for (at[0] = 0; at[0] < g->n; at[0]++)
    for (at[1] = 0; at[1] < g->out[0]; at[1]++)
      for (at[2] = 0; at[2] < g->out[1]; at[2]++)
        for (at[3] = 0; at[3] < g->out[2]; at[3]++)
          for (at[4] = 0; at[4] < g->oc; at[4]++) {
            sum s = {0, 0, 0};
            sum_at(r, transposed, at, &s);
            int64_t p =
                at[0] * r->out.n + at[1] * r->out.s[0] + at[2] * r->out.s[1] + at[3] * r->out.s[2] + at[4] * r->out.c;
            store(r, p, at[4], at[0], &s);
          }
}

// Hybrid: each image quantised on its own, as TensorFlow Lite does; per-channel filters take an asymmetric input.
static mote_status run_hybrid(ref *r, bool transposed) {
  const mote_allocator *al = r->c->env->al;
  int64_t per_image = mote_tensor_numel(r->c->in[0]) / MOTE_MAX(r->g->n, 1);
  int8_t *codes = mote_alloc(al, (size_t)mote_tensor_numel(r->c->in[0]) + 1);
  float *scale = MOTE_NEW_ARRAY(al, float, r->g->n + 1);
  int32_t *zero = MOTE_NEW_ARRAY(al, int32_t, r->g->n + 1);
  mote_status status = codes == NULL || scale == NULL || zero == NULL ? mote_fail_nomem(r->c->err) : MOTE_OK;
  if (status == MOTE_OK) {
    for (int64_t i = 0; i < r->g->n; i++) {
      const float *x = (const float *)r->c->in[0]->data + i * per_image;
      if (r->c->in[1]->quant.count > 1)
        mote_qrow_asymmetric(x, codes + i * per_image, (size_t)per_image, &scale[i], &zero[i]);
      else
        mote_qrow_symmetric(x, codes + i * per_image, (size_t)per_image, &scale[i]);
    }
    r->hybrid_in = codes;
    r->hybrid_scale = scale;
    r->hybrid_zero = zero;
    run(r, transposed);
  }
  mote_free(al, codes);
  mote_free(al, scale);
  mote_free(al, zero);
  return status;
}

mote_status mote_conv_reference(const mote_opctx *c, const mote_conv_geo *g, bool transposed) {
  const mote_tensor *x = c->in[0], *w = c->in[1];
  ref r = {.c = c, .g = g, .xt = mote_code_type(x->dtype), .wt = w->dtype, .x_zero = x->quant.zero_point};
  r.in = mote_conv_image(c, x);
  r.out = mote_conv_image(c, c->out[0]);
  r.complex_ = mote_dtype_is_complex(x->dtype);
  bool hybrid = x->dtype == MOTE_F32 && w->dtype != MOTE_F32;
  r.quantised = hybrid || (mote_is_quant(x) && w->quant.count > 0);
  if (hybrid && w->dtype != MOTE_F16 && w->dtype != MOTE_BF16)
    return run_hybrid(&r, transposed);
  run(&r, transposed);
  return MOTE_OK;
}
