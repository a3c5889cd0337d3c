// Batch normalisation over dim 1, with given statistics or those of the batch. A convolution in front of it takes it up
// (see passes/fuse_batch_norm.c). Tests: tests/unit/test_passes.c
#include "ops/batch_norm.h"

#include <math.h>
#include <string.h>

#include "ops/opkit.h"

static double param(const mote_opctx *c, int32_t i, int64_t k, double def) {
  return mote_has(c, i) ? mote_load_f64(c->in[i]->data, c->in[i]->dtype, k * c->in[i]->stride[0]) : def;
}

void mote_batch_norm_affine(const mote_opctx *c, double mean, double variance, int64_t i, double *factor,
                            double *term) {
  const mote_batch_norm_attr *a = c->attr;
  *factor = param(c, 1, i, 1) / sqrt(variance + a->eps);
  *term = param(c, 2, i, 0) - mean * *factor;
}

static mote_status bn_infer(mote_opctx *c) {
  const mote_batch_norm_attr *a = c->attr;
  MOTE_TRY(mote_want_rank(c, 0, 2, MOTE_MAX_RANK));
  if (!mote_dtype_is_float(c->in[0]->dtype))
    return mote_bad_dtype(c, 0);
  for (int32_t i = 1; i < c->n_in; i++) {
    if (!mote_has(c, i))
      continue;
    if (c->in[i]->rank != 1 || c->in[i]->dim[0] != c->in[0]->dim[1])
      return mote_op_fail(c, MOTE_ERR_SHAPE, "input %d should contain %lld elements not %lld", i,
                          (long long)c->in[0]->dim[1], (long long)mote_tensor_numel(c->in[i]));
    if (!mote_dtype_is_float(c->in[i]->dtype))
      return mote_bad_dtype(c, i);
  }
  if (!a->training && (!mote_has(c, 3) || !mote_has(c, 4)))
    return mote_op_fail(c, MOTE_ERR_ARGUMENT,
                        "Expected running_mean and running_var to be defined when training=False");
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}

static mote_layout bn_layout(const mote_opctx *c, int32_t operand) {
  (void)c;
  return operand == 0 || operand == -1 ? MOTE_LAYOUT_SAME : MOTE_LAYOUT_ANY;
}

// One channel seen as images x positions.
typedef struct channel_walk {
  mote_iter it;
  int64_t in, out; // element offsets of the channel
} channel_walk;

static channel_walk walk_channel(const mote_opctx *c, int64_t channel) {
  const mote_tensor *x = c->in[0], *y = c->out[0];
  channel_walk w;
  int64_t dim[MOTE_MAX_RANK], sx[MOTE_MAX_RANK], sy[MOTE_MAX_RANK];
  int32_t n = 0;
  for (int32_t i = 0; i < x->rank; i++) {
    if (i == 1)
      continue;
    dim[n] = x->dim[i];
    sx[n] = x->stride[i];
    sy[n++] = y->stride[i];
  }
  const int64_t *strides[2] = {sy, sx};
  mote_iter_init(&w.it, n, dim, 2, strides);
  w.in = channel * x->stride[1];
  w.out = channel * y->stride[1];
  return w;
}

static void batch_statistics(const mote_opctx *c, const channel_walk *w, double *mean, double *variance) {
  const mote_tensor *x = c->in[0];
  int64_t offset[MOTE_ITER_OPERANDS], n = w->it.rows * w->it.inner;
  double sum = 0, squares = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t r = 0; r < w->it.rows; r++) {
      mote_iter_row(&w->it, r, offset);
      for (int64_t i = 0; i < w->it.inner; i++) {
        double v = mote_load_f64(x->data, x->dtype, w->in + offset[1] + i * w->it.inner_stride[1]);
        if (pass == 0)
          sum += v;
        else
          squares += (v - *mean) * (v - *mean);
      }
    }
    *mean = n > 0 ? sum / (double)n : 0;
  }
  *variance = n > 0 ? squares / (double)n : 0;
}

static void scale_channel(const mote_opctx *c, const channel_walk *w, double factor, double term) {
  const mote_tensor *x = c->in[0], *y = c->out[0];
  int64_t offset[MOTE_ITER_OPERANDS], sx = w->it.inner_stride[1], sy = w->it.inner_stride[0];
  for (int64_t r = 0; r < w->it.rows; r++) {
    mote_iter_row(&w->it, r, offset);
    int64_t from = w->in + offset[1], to = w->out + offset[0];
    if (x->dtype == MOTE_F32) {
      const float *src = (const float *)x->data + from;
      float *dst = (float *)y->data + to, f = (float)factor, t = (float)term;
      for (int64_t i = 0; i < w->it.inner; i++)
        dst[i * sy] = src[i * sx] * f + t;
      continue;
    }
    for (int64_t i = 0; i < w->it.inner; i++)
      mote_store_f64(y->data, y->dtype, to + i * sy, mote_load_f64(x->data, x->dtype, from + i * sx) * factor + term);
  }
}

static mote_status bn_channels(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const mote_batch_norm_attr *a = c->attr;
  (void)state;
  if (mote_tensor_numel(c->in[0]) == 0)
    return MOTE_OK;
  for (int64_t i = t0; i < t1; i++) {
    channel_walk w = walk_channel(c, i);
    double mean = param(c, 3, i, 0), variance = param(c, 4, i, 1), factor, term;
    if (a->training)
      batch_statistics(c, &w, &mean, &variance);
    mote_batch_norm_affine(c, mean, variance, i, &factor, &term);
    scale_channel(c, &w, factor, term);
  }
  return MOTE_OK;
}

static mote_status bn_eval(mote_opctx *c) { return bn_channels(c, NULL, 0, c->in[0]->dim[1]); }

static mote_status bn_prepare(mote_opctx *c) {
  return mote_add_step(c, bn_channels, NULL, 0, mote_tensor_numel(c->in[0]) > 0 ? c->in[0]->dim[1] : 1, 0, "batch_norm",
                       NULL);
}

static const mote_attr_field fields[] = {MOTE_ATTR_POWER(mote_batch_norm_attr, eps, MOTE_ATTR_FLOAT, 1, -5),
                                         MOTE_ATTR(mote_batch_norm_attr, training, MOTE_ATTR_BOOL, 0)};

const mote_op mote_op_batch_norm = {
    "batch_norm",
    MOTE_RULES(.min_in = 1, .max_in = 5, .n_out = 1, .attr_size = sizeof(mote_batch_norm_attr), MOTE_FIELDS(fields),
               .infer = bn_infer, .prepare = bn_prepare, .eval = bn_eval, .more = MOTE_MORE(.layout = bn_layout))};
