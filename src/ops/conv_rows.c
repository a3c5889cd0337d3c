// How both worlds name convolutions: rows of TensorFlow Lite's builtins and of PyTorch's schemas.
// Tests: tests/unit/test_ops_conv.c
#include "ops/conv.h"

// ------------------------------------------------------------------------------------------------ TensorFlow Lite

static const mote_tflite_field conv_options[] = {
    {"pad_mode", 0, MOTE_FB_I8, 0},
    {"stride_w", 1, MOTE_FB_I32, 0},
    {"stride_h", 2, MOTE_FB_I32, 0},
    {"activation", 3, MOTE_FB_I8, 0},
    {"dilation_w", 4, MOTE_FB_I32, 1},
    {"dilation_h", 5, MOTE_FB_I32, 1},
    {NULL},
};
static const mote_tflite_field depthwise_options[] = {
    {"pad_mode", 0, MOTE_FB_I8, 0},
    {"stride_w", 1, MOTE_FB_I32, 0},
    {"stride_h", 2, MOTE_FB_I32, 0},
    {"activation", 4, MOTE_FB_I8, 0},
    {"dilation_w", 5, MOTE_FB_I32, 1},
    {"dilation_h", 6, MOTE_FB_I32, 1},
    {NULL},
};
static const mote_tflite_field transpose_options[] = {
    {"pad_mode", 0, MOTE_FB_I8, 0},
    {"stride_w", 1, MOTE_FB_I32, 0},
    {"stride_h", 2, MOTE_FB_I32, 0},
    {"activation", 3, MOTE_FB_I8, 0},
    {NULL},
};

// MediaPipe's custom operator: inputs (activations, filter, bias); its options are three 32-bit numbers: padding
// (1 same, 2 valid), stride width, stride height (TensorFlow Lite's TfLiteTransposeConvParams).
static mote_status lower_transpose_bias(mote_lowering *l) {
  const mote_arg *options = mote_lower_arg(l, "custom_options");
  mote_conv_attr a;
  mote_attr_defaults(&mote_op_conv_transpose, &a);
  if (options == NULL || options->str == NULL || options->count < 12 || l->n_args < 3)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "Convolution2DTransposeBias without its options or inputs");
  int32_t v[3];
  memcpy(v, options->str, sizeof v);
  if (v[0] != 1 && v[0] != 2)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "Convolution2DTransposeBias has unknown padding %d", v[0]);
  a.pad_mode = v[0] == 1 ? MOTE_PAD_SAME : MOTE_PAD_VALID;
  a.stride_w = v[1];
  a.stride_h = v[2];
  mote_vid in[3] = {l->args[0].ref, l->args[1].ref, l->args[2].kind == MOTE_ARG_TENSOR ? l->args[2].ref : -1};
  MOTE_TRY(mote_lower_emit1(l, &mote_op_conv_transpose, &a, in, 3, &l->result[0]));
  l->n_out = 1;
  return MOTE_OK;
}

static const mote_tflite_row tflite_rows[] = {
    {3, 8, "CONV_2D", NULL, &mote_op_conv, conv_options},
    {4, 7, "DEPTHWISE_CONV_2D", NULL, &mote_op_conv, depthwise_options, "filter=2"},
    {67, 5, "TRANSPOSE_CONV", NULL, &mote_op_conv_transpose, transpose_options, NULL, "2 1 3 0"},
    {32, 1, "Convolution2DTransposeBias", "Convolution2DTransposeBias", &mote_op_conv_transpose, NULL, NULL, NULL,
     lower_transpose_bias},
    {.name = NULL},
};

// ------------------------------------------------------------------------------------------------ PyTorch

// Element `k` of a list argument that holds one number or one an axis; `def` when absent.
static int64_t axis_arg(const mote_lowering *l, const char *name, int32_t spatial, int32_t k, int64_t def) {
  const mote_arg *a = mote_lower_arg(l, name);
  if (a != NULL && a->kind == MOTE_ARG_SCALAR)
    return a->scalar.i;
  if (a == NULL || a->kind != MOTE_ARG_INTS || a->ints.count < 1)
    return def;
  return a->ints.at[a->ints.count == spatial ? k : 0];
}

static void spatial_args(const mote_lowering *l, int32_t spatial, mote_conv_attr *a) {
  int64_t *stride[3] = {&a->stride_d, &a->stride_h, &a->stride_w};
  int64_t *dilation[3] = {&a->dilation_d, &a->dilation_h, &a->dilation_w};
  int64_t *before[3] = {&a->pad_front, &a->pad_top, &a->pad_left};
  int64_t *after[3] = {&a->pad_back, &a->pad_bottom, &a->pad_right};
  int64_t *extra[3] = {&a->out_pad_d, &a->out_pad_h, &a->out_pad_w};
  for (int32_t i = 0; i < spatial; i++) {
    int32_t k = 3 - spatial + i;
    *stride[k] = axis_arg(l, "stride", spatial, i, 1);
    *dilation[k] = axis_arg(l, "dilation", spatial, i, 1);
    *before[k] = *after[k] = axis_arg(l, "padding", spatial, i, 0);
    *extra[k] = axis_arg(l, "output_padding", spatial, i, 0);
  }
}

// PyTorch's 'same' puts the odd element at the end, with the pads that stride 1 needs.
static mote_status named_padding(const mote_lowering *l, int32_t spatial, mote_conv_attr *a, const mote_tensor *w) {
  const mote_arg *p = mote_lower_arg(l, "padding");
  if (p == NULL || p->kind != MOTE_ARG_STR)
    return MOTE_OK;
  if (strcmp(p->str, "valid") == 0)
    return MOTE_OK;
  if (strcmp(p->str, "same") != 0)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "Invalid padding string: '%s'", p->str);
  int64_t *before[3] = {&a->pad_front, &a->pad_top, &a->pad_left};
  int64_t *after[3] = {&a->pad_back, &a->pad_bottom, &a->pad_right};
  const int64_t dilation[3] = {a->dilation_d, a->dilation_h, a->dilation_w};
  for (int32_t i = 0; i < spatial; i++) {
    int32_t k = 3 - spatial + i;
    int64_t total = (w->dim[2 + i] - 1) * dilation[k];
    *before[k] = total / 2;
    *after[k] = total - total / 2;
  }
  return MOTE_OK;
}

static mote_status lower_conv(mote_lowering *l) {
  const mote_tensor *x = l->desc(l, l->args[0].ref), *w = l->desc(l, l->args[1].ref);
  int32_t spatial = w->rank - 2;
  bool transposed = mote_lower_bool(l, "transposed", l->op == &mote_op_conv_transpose);
  const mote_op *op = transposed ? &mote_op_conv_transpose : &mote_op_conv;
  if (spatial < 1 || spatial > 3 || (x->rank != w->rank && x->rank != w->rank - 1))
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "Expected %dD (unbatched) or %dD (batched) input to conv%dd, but got input of rank %d",
                     w->rank - 1, w->rank, spatial, x->rank);
  mote_conv_attr a;
  mote_attr_defaults(op, &a);
  a.channels_first = 1;
  a.filter = transposed ? MOTE_FILTER_IOS : MOTE_FILTER_OIS;
  a.groups = mote_lower_int(l, "groups", 1);
  spatial_args(l, spatial, &a);
  MOTE_TRY(named_padding(l, spatial, &a, w));
  mote_vid in[3] = {l->args[0].ref, l->args[1].ref, l->args[2].kind == MOTE_ARG_TENSOR ? l->args[2].ref : -1};
  a.unbatched = x->rank == w->rank - 1;
  MOTE_TRY(mote_lower_emit1(l, op, &a, in, 3, &l->result[0]));
  l->n_out = 1;
  return MOTE_OK;
}

#define CONV_ROW(schema)                                                                                               \
  { schema, &mote_op_conv, "0 1 ?2", NULL, 0, lower_conv }
#define TRANSPOSE_ROW(schema)                                                                                          \
  { schema, &mote_op_conv_transpose, "0 1 ?2", NULL, 0, lower_conv }

static const mote_torch_row torch_rows[] = {
    CONV_ROW("aten::conv1d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=1, SymInt[1] padding=0, "
             "SymInt[1] dilation=1, SymInt groups=1) -> Tensor"),
    CONV_ROW("aten::conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, SymInt[2] padding=0, "
             "SymInt[2] dilation=1, SymInt groups=1) -> Tensor"),
    CONV_ROW("aten::conv3d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=1, SymInt[3] padding=0, "
             "SymInt[3] dilation=1, SymInt groups=1) -> Tensor"),
    CONV_ROW("aten::conv1d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=1, str "
             "padding=\"valid\", SymInt[1] dilation=1, SymInt groups=1) -> Tensor"),
    CONV_ROW("aten::conv2d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, str "
             "padding=\"valid\", SymInt[2] dilation=1, SymInt groups=1) -> Tensor"),
    CONV_ROW("aten::conv3d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=1, str "
             "padding=\"valid\", SymInt[3] dilation=1, SymInt groups=1) -> Tensor"),
    CONV_ROW(
        "aten::_convolution(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] "
        "dilation, bool transposed, SymInt[] output_padding, SymInt groups, bool benchmark, bool deterministic, "
        "bool cudnn_enabled, bool allow_tf32) -> Tensor"),
    CONV_ROW("aten::_convolution.deprecated(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] "
             "padding, SymInt[] dilation, bool transposed, int[] output_padding, SymInt groups, bool benchmark, bool "
             "deterministic, bool cudnn_enabled) -> Tensor"),
    CONV_ROW("aten::convolution(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] "
             "dilation, bool transposed, SymInt[] output_padding, SymInt groups) -> Tensor"),
    CONV_ROW(
        "aten::_convolution_mode(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, str padding, SymInt[] "
        "dilation, SymInt groups) -> Tensor"),
    TRANSPOSE_ROW(
        "aten::conv_transpose1d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=1, SymInt[1] "
        "padding=0, SymInt[1] output_padding=0, SymInt groups=1, SymInt[1] dilation=1) -> Tensor"),
    TRANSPOSE_ROW("aten::conv_transpose2d.input(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1, "
                  "SymInt[2] padding=0, SymInt[2] output_padding=0, SymInt groups=1, SymInt[2] dilation=1) -> Tensor"),
    TRANSPOSE_ROW("aten::conv_transpose3d.input(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=1, "
                  "SymInt[3] padding=0, SymInt[3] output_padding=0, SymInt groups=1, SymInt[3] dilation=1) -> Tensor"),
    {.schema = NULL},
};

const mote_op_family mote_family_conv = {"conv", tflite_rows, torch_rows};
