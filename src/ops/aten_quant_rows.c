// Quantised operators that have a float twin: codes become numbers, the twin's row runs, its result becomes codes
// again. Also fake quantisation. Tests: the quantised programs of the corpus
#include <string.h>

#include "ops/aten_quant.h"
#include "ops/unary.h"

enum { ARGS_MOST = 16 };

mote_vid mote_low_row(mote_low *w, const char *overload, const mote_arg *args, int32_t n) {
  const mote_torch_row *row = mote_torch_row_find(overload);
  mote_lowering inner = *w;
  if (w->st != MOTE_OK)
    return -1;
  mote_torch_how how = {NULL, NULL};
  if (row != NULL)
    how = mote_torch_row_how(row);
  if (how.lower == NULL)
    return mote_low_fail(w, MOTE_ERR_UNSUPPORTED, "aten::%s is not supported", overload);
  inner.args = args;
  inner.n_args = n;
  inner.n_out = 0;
  inner.op = how.op;
  w->st = how.lower(&inner);
  return w->st == MOTE_OK && inner.n_out > 0 ? inner.result[0] : -1;
}

// The call as it is, but on numbers.
static mote_status twin(mote_lowering *l, const char *overload) {
  mote_arg args[ARGS_MOST];
  int32_t n = MOTE_MIN(l->n_args, ARGS_MOST);
  for (int32_t i = 0; i < n; i++) {
    args[i] = l->args[i];
    if (args[i].kind == MOTE_ARG_TENSOR)
      args[i].ref = mote_low_real(l, args[i].ref);
  }
  return mote_low_give_codes(l, mote_low_row(l, overload, args, n), false);
}
#define TWIN(fn, overload)                                                                                             \
  static mote_status fn(mote_lowering *l) { return twin(l, overload); }
TWIN(lower_instance_norm, "instance_norm")
TWIN(lower_group_norm, "group_norm")
TWIN(lower_layer_norm, "layer_norm")
TWIN(lower_celu, "celu")
TWIN(lower_prelu, "prelu")
TWIN(lower_softmax, "softmax.int")
TWIN(lower_threshold, "threshold")
TWIN(lower_clamp, "clamp")

static mote_status lower_dropout(mote_lowering *l) { return mote_low_done(l, l->args[0].ref); }

// A linear layer with another activation.
static mote_status linear_act(mote_lowering *l, const mote_op *op) {
  const mote_arg *packed = &l->args[1];
  mote_unary_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(op, &a);
  if (op == &mote_op_leaky_relu)
    a.a = mote_lower_float(l, "negative_slope", 0.01);
  if (packed->kind != MOTE_ARG_TENSORS || packed->count < 2)
    return mote_fail(l->err, MOTE_ERR_TYPE, "packed parameters of a linear layer are needed");
  mote_vid y =
      mote_aten_linear(l, mote_low_real(l, l->args[0].ref), mote_low_real(l, packed->refs[0]), packed->refs[1]);
  return mote_low_give_codes(l, mote_low_emit(l, op, &a, &y, 1), false);
}
static mote_status lower_linear_leaky(mote_lowering *l) { return linear_act(l, &mote_op_leaky_relu); }
static mote_status lower_linear_tanh(mote_lowering *l) { return linear_act(l, &mote_op_tanh); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("quantized::instance_norm", lower_instance_norm),
    MOTE_TORCH_LOWER("quantized::group_norm", lower_group_norm),
    MOTE_TORCH_LOWER("quantized::layer_norm", lower_layer_norm),
    MOTE_TORCH_LOWER("quantized::celu", lower_celu),
    MOTE_TORCH_LOWER("quantized::prelu", lower_prelu),
    MOTE_TORCH_LOWER("quantized::softmax", lower_softmax),
    MOTE_TORCH_LOWER("quantized::threshold", lower_threshold),
    MOTE_TORCH_LOWER("quantized::clamp", lower_clamp),
    MOTE_TORCH_LOWER("quantized::dropout", lower_dropout),
    MOTE_TORCH_LOWER("quantized::linear_leaky_relu", lower_linear_leaky),
    MOTE_TORCH_LOWER("quantized::linear_tanh", lower_linear_tanh),
};
const mote_op_family mote_family_aten_quant_rows = {MOTE_ROWS(torch, rows)};
