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

static const mote_torch_row rows[] = {
    {"scaled_dot_product_attention", .lower = lower_sdpa},
    {"_scaled_dot_product_attention_math", .lower = lower_sdpa_math},
    {NULL},
};
const mote_op_family mote_family_aten_attention = {NULL, rows};
