// PyTorch's loss functions: sums or means of a number for each element or each row. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"

enum { REDUCE_NONE, REDUCE_MEAN, REDUCE_SUM };
enum { L_REDUCE, L_COUNT, L_IGNORE, L_FLAG, L_CLASSES };

// ------------------------------------------------------------------------------------------------ element by element

typedef enum loss {
  LOSS_L1,
  LOSS_MSE,
  LOSS_SMOOTH,
  LOSS_HUBER,
  LOSS_BCE,
  LOSS_BCE_LOGITS,
  LOSS_KL,
  LOSS_POISSON,
  LOSS_SOFT_MARGIN,
  LOSS_HINGE,
  LOSS_RANKING,
} loss;

// x, y: prediction and target; z: a third operand; f: the loss's parameters.
static double element_loss(const mote_ref_attr *a, double x, double y, double z) {
  double d = fabs(x - y), beta = a->f[0];
  switch ((loss)a->kind) {
  case LOSS_L1:
    return d;
  case LOSS_MSE:
    return d * d;
  case LOSS_SMOOTH:
    return d < beta ? 0.5 * d * d / beta : d - 0.5 * beta;
  case LOSS_HUBER:
    return d < beta ? 0.5 * d * d : beta * (d - 0.5 * beta);
  case LOSS_BCE:
    return -(y * fmax(log(x), -100) + (1 - y) * fmax(log1p(-x), -100));
  case LOSS_BCE_LOGITS: // z: weight of positive targets
    return (1 - y) * x + (1 + (z - 1) * y) * (log1p(exp(-fabs(x))) + fmax(-x, 0));
  case LOSS_KL:
    return a->n[L_FLAG] ? exp(y) * (y - x) : y > 0 ? y * (log(y) - x) : y == 0 ? 0 : (double)NAN;
  case LOSS_POISSON: {
    double v = a->n[L_FLAG] & 1 ? exp(x) - y * x : x - y * log(x + beta);
    return (a->n[L_FLAG] & 2) && y > 1 ? v + y * log(y) - y + 0.5 * log(6.283185307179586 * y) : v;
  }
  case LOSS_SOFT_MARGIN:
    return log1p(exp(-y * x));
  case LOSS_HINGE:
    return (y != 1 ? fmax(beta - x, 0) : 0) + (y != -1 ? x : 0);
  case LOSS_RANKING: // z: which of x and y should be larger
    return fmax(-z * (x - y) + beta, 0);
  }
  return 0;
}

// Inputs of the output's elements: x, y, z, weight (the last two optional).
static mote_status element_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *o = c->out[0];
  int64_t n = mote_tensor_numel(c->in[0]);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    double x = mote_ref_real(c->in[0], i), y = mote_ref_real(c->in[1], i);
    mote_z p = mote_ref_get(c->in[0], i), q = mote_ref_get(c->in[1], i);
    double v = p.im != 0 || q.im != 0 ? hypot(p.re - q.re, p.im - q.im) : 0;
    if (a->kind == LOSS_BCE && !(x >= 0 && x <= 1))
      return mote_op_fail(c, MOTE_ERR_DATA, "all elements of input should be between 0 and 1");
    if (!mote_dtype_is_complex(c->in[0]->dtype))
      v = element_loss(a, x, y, mote_has(c, 2) ? mote_ref_real(c->in[2], i) : 1);
    v *= mote_has(c, 3) ? mote_ref_real(c->in[3], i) : 1;
    if (a->n[L_REDUCE] == REDUCE_NONE)
      mote_store_f64(o->data, o->dtype, i, v);
    sum += v;
  }
  if (a->n[L_REDUCE] != REDUCE_NONE)
    mote_store_f64(o->data, o->dtype, 0, a->n[L_REDUCE] == REDUCE_MEAN ? sum / (double)n : sum);
  return MOTE_OK;
}
MOTE_REF_OP(element_op, "loss", 2, 4, 1, MOTE_OP_CHECKS_DATA, element_eval);

static mote_vid element(mote_low *w, mote_ref_attr *a, const mote_vid *operand, int32_t n) {
  mote_vid in[4] = {-1, -1, -1, -1};
  mote_tensor all = *mote_low_desc(w, operand[0]);
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  mote_dtype d = all.dtype;
  for (int32_t i = 1; i < n; i++) {
    const mote_tensor *t = mote_low_desc(w, operand[i]);
    if (operand[i] < 0)
      continue;
    if (!mote_broadcast_shape(&all, t, &rank, dim))
      return mote_low_fail(w, MOTE_ERR_SHAPE,
                           "The size of the input must match the size of the target, or broadcast to it");
    d = i < 2 ? mote_aten_result(&all, t) : d;
    mote_tensor_init(&all, d, rank, dim);
  }
  for (int32_t i = 0; i < n; i++)
    if (operand[i] >= 0)
      in[i] = mote_tensor_same_shape(mote_low_desc(w, operand[i]), &all)
                  ? operand[i]
                  : mote_low_expand(w, operand[i], all.rank, all.dim);
  a->n[L_REDUCE] = mote_lower_int(w, "reduction", REDUCE_MEAN);
  d = mote_real_part(d);
  mote_ref_shape(a, 0, d, a->n[L_REDUCE] == REDUCE_NONE ? all.rank : 0, all.dim);
  return mote_ref_emit(w, &element_op, a, in, 4, NULL);
}

static mote_status pair(mote_lowering *l, loss kind, double f, int64_t flag) {
  mote_ref_attr a = mote_ref_attr_of((int64_t)kind);
  mote_vid in[4] = {l->args[0].ref, l->args[1].ref,
                    kind == LOSS_RANKING ? mote_low_tensor(l, "target") : mote_low_tensor(l, "pos_weight"),
                    mote_low_tensor(l, "weight")};
  a.f[0] = f;
  a.n[L_FLAG] = flag;
  return mote_low_done(l, element(l, &a, in, 4));
}
static mote_status lower_l1(mote_lowering *l) { return pair(l, LOSS_L1, 0, 0); }
static mote_status lower_mse(mote_lowering *l) { return pair(l, LOSS_MSE, 0, 0); }
static mote_status lower_smooth(mote_lowering *l) {
  double beta = mote_lower_float(l, "beta", 1);
  return beta < 0 ? mote_fail(l->err, MOTE_ERR_ARGUMENT, "smooth_l1_loss does not support negative values for beta.")
                  : pair(l, beta == 0 ? LOSS_L1 : LOSS_SMOOTH, beta, 0);
}
static mote_status lower_huber(mote_lowering *l) {
  double delta = mote_lower_float(l, "delta", 1);
  return delta > 0 ? pair(l, LOSS_HUBER, delta, 0)
                   : mote_fail(l->err, MOTE_ERR_ARGUMENT, "huber_loss does not support non-positive values for delta.");
}
static mote_status lower_bce(mote_lowering *l) { return pair(l, LOSS_BCE, 0, 0); }
static mote_status lower_bce_logits(mote_lowering *l) { return pair(l, LOSS_BCE_LOGITS, 0, 0); }
static mote_status lower_kl(mote_lowering *l) { return pair(l, LOSS_KL, 0, mote_lower_bool(l, "log_target", false)); }
static mote_status lower_poisson(mote_lowering *l) {
  return pair(l, LOSS_POISSON, mote_lower_float(l, "eps", 1e-8),
              mote_lower_bool(l, "log_input", true) + 2 * mote_lower_bool(l, "full", false));
}
static mote_status lower_soft_margin(mote_lowering *l) { return pair(l, LOSS_SOFT_MARGIN, 0, 0); }
static mote_status lower_hinge(mote_lowering *l) { return pair(l, LOSS_HINGE, mote_lower_float(l, "margin", 1), 0); }
static mote_status lower_ranking(mote_lowering *l) {
  return pair(l, LOSS_RANKING, mote_lower_float(l, "margin", 0), 0);
}

// ------------------------------------------------------------------------------------------------ classes

// x [n, classes, places]: log probabilities, or scores (L_FLAG); targets: class numbers [n, places] or probabilities as
// x. f[0]: label smoothing. Inputs: x, target, weight (optional). Outputs: loss, sum of weights.
static double row_offset(const mote_ref_attr *a, const mote_tensor *x, int64_t base, int64_t step) {
  double top = -HUGE_VAL, sum = 0;
  for (int64_t k = 0; k < a->n[L_CLASSES]; k++)
    top = fmax(top, mote_ref_real(x, base + k * step));
  for (int64_t k = 0; k < a->n[L_CLASSES]; k++)
    sum += exp(mote_ref_real(x, base + k * step) - top);
  return top + log(sum);
}
static mote_status class_loss(const mote_opctx *c, int64_t i, int64_t base, int64_t step, double *value,
                              double *weight) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *t = c->in[1];
  double shift = a->n[L_FLAG] ? row_offset(a, x, base, step) : 0, smooth = a->f[0], classes = (double)a->n[L_CLASSES];
  bool numbers = mote_dtype_is_float(t->dtype);
  int64_t target = numbers ? -1 : mote_load_i64(t->data, t->dtype, i);
  *value = *weight = 0;
  if (!numbers && target == a->n[L_IGNORE])
    return MOTE_OK;
  if (!numbers && (target < 0 || target >= a->n[L_CLASSES]))
    return mote_op_fail(c, MOTE_ERR_DATA, "Target %lld is out of bounds.", (long long)target);
  for (int64_t k = 0; k < a->n[L_CLASSES]; k++) {
    double p = numbers ? mote_ref_real(t, base + k * step) : k == target,
           w = mote_has(c, 2) ? mote_ref_real(c->in[2], k) : 1;
    double part = p * (1 - smooth) + smooth / classes;
    if (part != 0)
      *value -= w * part * (mote_ref_real(x, base + k * step) - shift);
    *weight += k == target ? w : 0;
  }
  *weight = numbers ? 1 : *weight;
  return MOTE_OK;
}
static mote_status class_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *o = c->out[0];
  double sum = 0, weights = 0, value, weight;
  int64_t step = a->n[L_COUNT], n = mote_tensor_numel(c->in[0]) / MOTE_MAX(a->n[L_CLASSES], 1);
  for (int64_t i = 0; i < n; i++) {
    MOTE_TRY(class_loss(c, i, i / step * step * a->n[L_CLASSES] + i % step, step, &value, &weight));
    sum += value;
    weights += weight;
    if (a->n[L_REDUCE] == REDUCE_NONE)
      mote_store_f64(o->data, o->dtype, i, value);
  }
  if (a->n[L_REDUCE] != REDUCE_NONE)
    mote_store_f64(o->data, o->dtype, 0, a->n[L_REDUCE] == REDUCE_MEAN ? sum / weights : sum);
  mote_store_f64(c->out[1]->data, c->out[1]->dtype, 0, a->n[L_REDUCE] == REDUCE_NONE ? 0 : weights);
  return MOTE_OK;
}
MOTE_REF_OP(class_op, "class_loss", 2, 3, 2, MOTE_OP_CHECKS_DATA, class_eval);

static mote_status classes(mote_lowering *l, bool scores, bool pair_out) {
  mote_vid in[3] = {l->args[0].ref, l->args[1].ref, mote_low_tensor(l, "weight")}, out[2];
  const mote_tensor *x = mote_low_desc(l, in[0]), *t = mote_low_desc(l, in[1]);
  mote_ref_attr a = mote_ref_attr_of(0);
  int32_t axis = x->rank > 1 ? 1 : 0, rank = 0;
  int64_t dim[MOTE_MAX_RANK];
  for (int32_t i = 0; i < x->rank; i++)
    if (i != axis)
      dim[rank++] = x->dim[i];
  mote_tensor want;
  mote_tensor_init(&want, MOTE_I64, rank, dim);
  bool numbers = mote_dtype_is_float(t->dtype);
  if (x->rank < 1 || !(numbers ? mote_tensor_same_shape(x, t) && scores : mote_tensor_same_shape(&want, t)))
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "Expected target of the input's size without its class dimension, or (cross entropy) of its size");
  a.n[L_CLASSES] = x->dim[axis];
  if (in[2] >= 0 && mote_tensor_numel(mote_low_desc(l, in[2])) != a.n[L_CLASSES])
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "weight tensor should be defined either for all %lld classes or no classes",
                     (long long)a.n[L_CLASSES]);
  a.n[L_COUNT] = MOTE_MAX(mote_dims_product(x, axis + 1, x->rank), 1);
  a.n[L_IGNORE] = mote_lower_int(l, "ignore_index", -100);
  a.n[L_REDUCE] = mote_lower_int(l, "reduction", REDUCE_MEAN);
  a.n[L_FLAG] = scores;
  a.f[0] = mote_lower_float(l, "label_smoothing", 0);
  if (!mote_dtype_is_float(x->dtype))
    return mote_fail(l->err, MOTE_ERR_TYPE, "nll_loss not implemented for '%s'", mote_aten_type_name(x->dtype));
  mote_ref_shape(&a, 0, x->dtype, a.n[L_REDUCE] == REDUCE_NONE ? rank : 0, dim);
  mote_ref_shape(&a, 1, x->dtype, 0, dim);
  mote_ref_emit(l, &class_op, &a, in, in[2] < 0 ? 2 : 3, out);
  mote_low_give(l, out[0]);
  if (pair_out)
    mote_low_give(l, out[1]);
  return l->st;
}
static mote_status lower_cross_entropy(mote_lowering *l) { return classes(l, true, false); }
static mote_status lower_nll(mote_lowering *l) { return classes(l, false, false); }
static mote_status lower_nll_forward(mote_lowering *l) { return classes(l, false, true); }

// ------------------------------------------------------------------------------------------------ row by row

enum { ROW_DISTANCE, ROW_TRIPLET, ROW_COSINE };
static double distance(const mote_tensor *a, int64_t ra, const mote_tensor *b, int64_t rb, int64_t n, double p,
                       double eps) {
  double sum = 0, top = 0;
  for (int64_t k = 0; k < n; k++) {
    double d = fabs(mote_ref_real(a, ra * n + k) - mote_ref_real(b, rb * n + k) + eps);
    top = fmax(top, d);
    sum += p == 2 ? d * d : p == 1 ? d : p == 0 ? d != 0 : pow(d, p);
  }
  return isinf(p) ? top : p == 2 ? sqrt(sum) : p == 1 || p == 0 ? sum : pow(sum, 1 / p);
}
static double cosine(const mote_tensor *a, const mote_tensor *b, int64_t r, int64_t n) {
  double ab = 0, aa = 1e-12, bb = 1e-12;
  for (int64_t k = 0; k < n; k++) {
    double x = mote_ref_real(a, r * n + k), y = mote_ref_real(b, r * n + k);
    ab += x * y, aa += x * x, bb += y * y;
  }
  return ab / sqrt(aa * bb);
}
static mote_status row_eval(mote_opctx *c) { // f: margin or eps, p, eps
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *y = c->in[1], *o = c->out[0];
  int64_t n = x->rank > 0 ? x->dim[x->rank - 1] : 1, rows = n > 0 ? mote_tensor_numel(x) / n : 0;
  double sum = 0;
  for (int64_t r = 0; r < rows; r++) {
    double v = a->kind == ROW_COSINE ? cosine(x, y, r, n) : distance(x, r, y, r, n, a->f[1], a->f[2]);
    if (a->kind == ROW_TRIPLET) {
      double far = distance(x, r, c->in[2], r, n, a->f[1], a->f[2]);
      if (a->n[L_FLAG])
        far = fmin(far, distance(y, r, c->in[2], r, n, a->f[1], a->f[2]));
      v = fmax(a->f[0] + v - far, 0);
    } else if (a->kind == ROW_COSINE) {
      v = mote_ref_real(c->in[2], r) > 0 ? 1 - v : fmax(v - a->f[0], 0);
    }
    if (a->n[L_REDUCE] == REDUCE_NONE)
      mote_store_f64(o->data, o->dtype, r, v);
    sum += v;
  }
  if (a->n[L_REDUCE] != REDUCE_NONE)
    mote_store_f64(o->data, o->dtype, 0, a->n[L_REDUCE] == REDUCE_MEAN ? sum / (double)rows : sum);
  return MOTE_OK;
}
MOTE_REF_OP(row_op, "row_loss", 2, 3, 1, 0, row_eval);
static mote_status rows_of(mote_lowering *l, int64_t kind, const char *third) {
  mote_vid in[3] = {l->args[0].ref, l->args[1].ref, third != NULL ? mote_low_tensor(l, third) : -1};
  mote_ref_attr a = mote_ref_attr_of(kind);
  int32_t rank = 0, n = kind == ROW_TRIPLET ? 3 : 2;
  int64_t dim[MOTE_MAX_RANK];
  mote_tensor all = *mote_low_desc(l, in[0]);
  for (int32_t i = 1; i < n; i++) {
    mote_dtype d = mote_aten_result(&all, mote_low_desc(l, in[i]));
    if (!mote_broadcast_shape(&all, mote_low_desc(l, in[i]), &rank, dim))
      return mote_fail(l->err, MOTE_ERR_SHAPE, "the sizes of the inputs do not broadcast");
    mote_tensor_init(&all, d, rank, dim);
  }
  for (int32_t i = 0; i < n; i++)
    in[i] = mote_low_expand(l, in[i], all.rank, all.dim);
  bool keep = mote_lower_bool(l, "keepdim", false);
  if (mote_dtype_is_complex(all.dtype) || all.rank < 1)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "distances of %s of rank %d", mote_aten_type_name(all.dtype),
                     all.rank);
  if (kind == ROW_COSINE &&
      mote_tensor_numel(mote_low_desc(l, in[2])) != mote_tensor_numel(&all) / MOTE_MAX(all.dim[all.rank - 1], 1))
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "cosine_embedding_loss: 0D or 1D target tensor expected, one number a row");
  a.n[L_REDUCE] = mote_lower_int(l, "reduction", kind == ROW_DISTANCE ? REDUCE_NONE : REDUCE_MEAN);
  a.n[L_FLAG] = mote_lower_bool(l, "swap", false);
  a.f[0] = mote_lower_float(l, "margin", kind == ROW_TRIPLET ? 1 : 0);
  a.f[1] = mote_lower_float(l, "p", 2);
  a.f[2] = mote_lower_float(l, "eps", 1e-6);
  if (keep)
    all.dim[all.rank - 1] = 1;
  mote_ref_shape(&a, 0, mote_aten_is_integral(all.dtype) ? MOTE_F32 : all.dtype,
                 a.n[L_REDUCE] == REDUCE_NONE ? all.rank - !keep : 0, all.dim);
  return mote_low_done(l, mote_ref_emit(l, &row_op, &a, in, in[2] < 0 ? 2 : 3, NULL));
}
static mote_status lower_pairwise(mote_lowering *l) { return rows_of(l, ROW_DISTANCE, NULL); }
static mote_status lower_triplet(mote_lowering *l) { return rows_of(l, ROW_TRIPLET, "negative"); }
static mote_status lower_cosine(mote_lowering *l) { return rows_of(l, ROW_COSINE, "target"); }

static const mote_torch_row rows[] = {
    {"l1_loss", .lower = lower_l1},
    {"mse_loss", .lower = lower_mse},
    {"smooth_l1_loss", .lower = lower_smooth},
    {"huber_loss", .lower = lower_huber},
    {"binary_cross_entropy", .lower = lower_bce},
    {"binary_cross_entropy_with_logits", .lower = lower_bce_logits},
    {"kl_div", .lower = lower_kl},
    {"poisson_nll_loss", .lower = lower_poisson},
    {"soft_margin_loss", .lower = lower_soft_margin},
    {"hinge_embedding_loss", .lower = lower_hinge},
    {"margin_ranking_loss", .lower = lower_ranking},
    {"cross_entropy_loss", .lower = lower_cross_entropy},
    {"nll_loss_nd nll_loss nll_loss2d", .lower = lower_nll},
    {"nll_loss_forward nll_loss2d_forward", .lower = lower_nll_forward},
    {"pairwise_distance", .lower = lower_pairwise},
    {"triplet_margin_loss", .lower = lower_triplet},
    {"cosine_embedding_loss", .lower = lower_cosine},
    {NULL},
};
const mote_op_family mote_family_aten_loss = {NULL, rows};
