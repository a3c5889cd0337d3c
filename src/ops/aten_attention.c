// Attention of PyTorch: scaled dot products, heads, the encoder layer, as graphs of shared operators.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_kit.h"
#include "ops/aten_math.h"
#include "ops/binary.h"
#include "ops/reduce.h"
#include "ops/shape.h"
#include "ops/unary.h"

// Keys and values of fewer heads serve several query heads.
static mote_vid repeat_heads(mote_low *w, mote_vid x, int64_t heads) {
  const mote_tensor *t = mote_low_desc(w, x);
  int32_t rank = t->rank;
  if (rank < 3 || rank >= MOTE_MAX_RANK || t->dim[rank - 3] < 1 || heads % t->dim[rank - 3] != 0)
    return mote_low_fail(w, MOTE_ERR_SHAPE,
                         "Number of heads in key and value must divide the number of heads in query");
  int64_t dim[MOTE_MAX_RANK], out[MOTE_MAX_RANK], times = heads / t->dim[rank - 3];
  for (int32_t i = 0; i < rank; i++) {
    out[i] = i == rank - 3 ? heads : t->dim[i];
    dim[i < rank - 2 ? i : i + 1] = t->dim[i];
  }
  dim[rank - 2] = times;
  x = mote_low_expand(w, mote_low_unsqueeze(w, x, rank - 2), rank + 1, dim);
  return mote_low_reshape(w, x, rank, out);
}

// Scores with a mask: bool keeps what is true, numbers are added.
static mote_vid masked(mote_low *w, mote_vid scores, mote_vid mask) {
  mote_dtype d = mote_low_desc(w, scores)->dtype;
  if (mask < 0)
    return scores;
  if (mote_low_desc(w, mask)->dtype == MOTE_BOOL)
    return mote_low_3(w, &mote_op_aten_where, mask, scores, mote_low_num(w, -HUGE_VAL, d));
  return mote_low_2(w, &mote_op_add, scores, mote_low_cast(w, mask, d));
}

static mote_vid causal(mote_low *w, int64_t rows, int64_t cols) {
  int64_t dim[2] = {rows, cols};
  return mote_aten_tril(w, mote_low_expand(w, mote_low_num(w, 1, MOTE_BOOL), 2, dim), 0);
}

typedef struct attention {
  mote_vid out, weights;
} attention;

static attention attend(mote_low *w, mote_vid q, mote_vid k, mote_vid v, mote_vid mask, double scale) {
  const mote_tensor *t = mote_low_desc(w, q);
  int32_t rank = mote_low_desc(w, k)->rank;
  q = mote_low_2(w, &mote_op_mul, q, mote_low_num(w, scale, t->dtype));
  mote_vid scores = masked(w, mote_aten_matmul(w, q, mote_low_swap(w, k, rank - 2, rank - 1)), mask);
  int64_t axis = mote_low_desc(w, scores)->rank - 1;
  mote_vid p = mask >= 0 ? mote_aten_safe_softmax(w, scores, axis) : mote_aten_softmax(w, scores, axis, false);
  attention a = {mote_aten_matmul(w, p, v), p};
  return a;
}

static mote_status sdpa(mote_lowering *l, bool with_weights) {
  mote_vid q = mote_low_tensor(l, "query"), k = mote_low_tensor(l, "key"), v = mote_low_tensor(l, "value");
  mote_vid mask = mote_low_tensor(l, "attn_mask");
  const mote_tensor *t = mote_low_desc(l, q), *u = mote_low_desc(l, k);
  if (t->rank < 2 || u->rank < 2 || mote_low_desc(l, v)->rank < 2)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "scaled_dot_product_attention: expected tensors of at least 2 dims");
  double width = (double)t->dim[t->rank - 1], scale = mote_lower_float(l, "scale", width > 0 ? 1 / sqrt(width) : 1);
  if (mote_lower_float(l, "dropout_p", 0) > 0)
    return mote_fail(l->err, MOTE_ERR_UNSUPPORTED, "scaled_dot_product_attention with dropout");
  if (mote_lower_bool(l, "is_causal", false)) {
    if (mask >= 0)
      return mote_fail(l->err, MOTE_ERR_ARGUMENT,
                       "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True");
    mask = causal(l, t->dim[t->rank - 2], u->dim[u->rank - 2]);
  }
  if (mote_lower_bool(l, "enable_gqa", false) && t->rank > 2) {
    int64_t heads = t->dim[t->rank - 3];
    k = repeat_heads(l, k, heads);
    v = repeat_heads(l, v, heads);
  }
  attention a = attend(l, q, k, v, mask, scale);
  mote_low_give(l, a.out);
  if (with_weights)
    mote_low_give(l, a.weights);
  return l->st;
}
static mote_status lower_sdpa(mote_lowering *l) { return sdpa(l, false); }
static mote_status lower_sdpa_math(mote_lowering *l) { return sdpa(l, true); }

// ------------------------------------------------------------------------------------------------ heads

// [b, t, e] -> [b, heads, t, e/heads]
static mote_vid to_heads(mote_low *w, mote_vid x, int64_t heads) {
  const mote_tensor *t = mote_low_desc(w, x);
  int64_t dim[4] = {t->dim[0], t->dim[1], heads, heads > 0 ? t->dim[2] / heads : 0};
  return mote_low_swap(w, mote_low_reshape(w, x, 4, dim), 1, 2);
}
static mote_vid from_heads(mote_low *w, mote_vid x) {
  const mote_tensor *t = mote_low_desc(w, x);
  int64_t dim[3] = {t->dim[0], t->dim[2], t->dim[1] * t->dim[3]};
  return mote_low_reshape(w, mote_low_swap(w, x, 1, 2), 3, dim);
}

// True in the mask hides; type 1: [b, s] hides keys, else [t, s].
static mote_vid hiding(mote_low *w, mote_vid mask, int64_t type) {
  if (mask < 0)
    return -1;
  const mote_tensor *t = mote_low_desc(w, mask);
  int64_t dim[4] = {t->dim[0], 1, 1, t->rank > 1 ? t->dim[1] : 1};
  if (type == 1 && t->rank == 2)
    mask = mote_low_reshape(w, mask, 4, dim);
  if (mote_low_desc(w, mask)->dtype != MOTE_BOOL)
    mask = mote_low_2(w, &mote_op_not_equal, mask, mote_low_num(w, 0, mote_low_desc(w, mask)->dtype));
  return mote_low_1(w, &mote_op_not, mask);
}

typedef struct heads_args {
  mote_vid q, k, v, in_w, in_b, out_w, out_b, mask;
  int64_t width, heads, mask_type;
} heads_args;

static attention multi_head(mote_low *w, const heads_args *h) {
  attention none = {-1, -1};
  const mote_vid from[3] = {h->q, h->k, h->v};
  mote_vid part[3];
  if (h->heads < 1 || h->width % h->heads != 0 || mote_low_desc(w, h->q)->rank != 3) {
    mote_low_fail(w, MOTE_ERR_SHAPE, "expected 3-D `query` and embed_dim divisible by num_heads");
    return none;
  }
  bool self = h->q == h->k && h->k == h->v;
  mote_vid all = self ? mote_aten_linear(w, h->q, h->in_w, h->in_b) : -1;
  for (int i = 0; i < 3; i++) {
    part[i] = self ? mote_low_narrow(w, all, 2, i * h->width, h->width)
                   : mote_aten_linear(w, from[i], mote_low_narrow(w, h->in_w, 0, i * h->width, h->width),
                                      mote_low_narrow(w, h->in_b, 0, i * h->width, h->width));
    part[i] = to_heads(w, part[i], h->heads);
  }
  attention a = attend(w, part[0], part[1], part[2], hiding(w, h->mask, h->mask_type),
                       1 / sqrt((double)h->width / (double)h->heads));
  a.out = mote_aten_linear(w, from_heads(w, a.out), h->out_w, h->out_b);
  return a;
}

static mote_status lower_mha(mote_lowering *l) {
  heads_args h = {.q = mote_low_tensor(l, "query"),
                  .k = mote_low_tensor(l, "key"),
                  .v = mote_low_tensor(l, "value"),
                  .in_w = mote_low_tensor(l, "qkv_weight"),
                  .in_b = mote_low_tensor(l, "qkv_bias"),
                  .out_w = mote_low_tensor(l, "proj_weight"),
                  .out_b = mote_low_tensor(l, "proj_bias"),
                  .mask = mote_low_tensor(l, "mask"),
                  .width = mote_lower_int(l, "embed_dim", 0),
                  .heads = mote_lower_int(l, "num_head", 1),
                  .mask_type = mote_lower_int(l, "mask_type", 2)};
  attention a = multi_head(l, &h);
  int64_t axis = 1, none = 0;
  mote_low_give(l, a.out);
  if (!mote_lower_bool(l, "need_weights", true))
    a.weights = mote_low_expand(l, mote_low_num(l, 0, MOTE_F32), 1, &none);
  else if (mote_lower_bool(l, "average_attn_weights", true))
    a.weights = mote_low_reduce(l, &mote_op_reduce_mean, a.weights, &axis, 1, false);
  mote_low_give(l, a.weights);
  return l->st;
}

static mote_status lower_encoder(mote_lowering *l) {
  mote_vid x = mote_low_tensor(l, "src");
  heads_args h = {.in_w = mote_low_tensor(l, "qkv_weight"),
                  .in_b = mote_low_tensor(l, "qkv_bias"),
                  .out_w = mote_low_tensor(l, "proj_weight"),
                  .out_b = mote_low_tensor(l, "proj_bias"),
                  .mask = mote_low_tensor(l, "mask"),
                  .width = mote_lower_int(l, "embed_dim", 0),
                  .heads = mote_lower_int(l, "num_heads", 1),
                  .mask_type = mote_lower_int(l, "mask_type", 2)};
  double eps = mote_lower_float(l, "eps", 1e-5);
  bool first = mote_lower_bool(l, "norm_first", false);
  mote_vid w1 = mote_low_tensor(l, "norm_weight_1"), b1 = mote_low_tensor(l, "norm_bias_1");
  mote_vid w2 = mote_low_tensor(l, "norm_weight_2"), b2 = mote_low_tensor(l, "norm_bias_2");
  h.q = h.k = h.v = first ? mote_aten_layer_norm(l, x, w1, b1, eps) : x;
  x = mote_low_2(l, &mote_op_add, multi_head(l, &h).out, x);
  x = first ? x : mote_aten_layer_norm(l, x, w1, b1, eps);
  mote_vid y = first ? mote_aten_layer_norm(l, x, w2, b2, eps) : x;
  y = mote_aten_linear(l, y, mote_low_tensor(l, "ffn_weight_1"), mote_low_tensor(l, "ffn_bias_1"));
  y = mote_low_1(l, mote_lower_bool(l, "use_gelu", false) ? &mote_op_gelu : &mote_op_relu, y);
  y = mote_aten_linear(l, y, mote_low_tensor(l, "ffn_weight_2"), mote_low_tensor(l, "ffn_bias_2"));
  x = mote_low_2(l, &mote_op_add, x, y);
  return mote_low_done(l, first ? x : mote_aten_layer_norm(l, x, w2, b2, eps));
}

static const mote_torch_row rows[] = {
    {"scaled_dot_product_attention", .lower = lower_sdpa},
    {"_scaled_dot_product_attention_math", .lower = lower_sdpa_math},
    {"_native_multi_head_attention", .lower = lower_mha},
    {"_transformer_encoder_layer_fwd", .lower = lower_encoder},
    {NULL},
};
const mote_op_family mote_family_aten_attention = {"aten_attention", NULL, rows};
