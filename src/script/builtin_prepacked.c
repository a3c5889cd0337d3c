// What mobile optimisation writes: layers with XNNPACK's prepacked parameters (the plain layer, then a clamp), fused
// sums. Tests: the mobile programs of the corpus
#include "script/script_tensor.h"

#include <string.h>

// Parameters hold what they were made from: weight, bias, the layer's settings, lower and upper bound.
enum { SETTINGS_MAX = 8 };

typedef struct layer {
  const char *op;   // whose row runs
  const char *args; // their names; a digit in front: a list of so many, for which one number may stand
} layer;

static const layer linear = {"aten::linear", "input weight bias"};
static const layer conv = {"aten::conv2d", "input weight bias 2stride 2padding 2dilation groups"};
// In the order that the parameters have; the row finds its arguments by name.
static const layer transposed = {"aten::conv_transpose2d.input",
                                 "input weight bias 2stride 2padding 2output_padding 2dilation groups"};
static const layer clamp = {"aten::clamp", "self min max"};

static uint32_t count_args(const layer *l) {
  uint32_t n = 1;
  for (const char *at = l->args; (at = strchr(at, ' ')) != NULL; at++)
    n++;
  return n;
}

static mote_status call(mote_vm *vm, const layer *l, mote_val *a, mote_val *out) {
  char name[64], words[128], *at = words;
  mote_schema_arg args[SETTINGS_MAX] = {{0}};
  uint32_t n = count_args(l);
  mote_snprint(name, sizeof name, "%s", l->op);
  mote_snprint(words, sizeof words, "%s", l->args);
  char *dot = strchr(name, '.');
  if (dot)
    *dot++ = '\0';
  for (uint32_t i = 0; i < n; i++) {
    if (*at <= '9')
      args[i].list_size = *at++ - '0';
    args[i].name = at;
    at += strcspn(at, " ");
    *at++ = '\0';
  }
  const mote_impl *impl = mote_dispatch_row(vm->dispatch, name, dot ? dot : "");
  if (!impl)
    return mote_fail(vm->err, MOTE_ERR_UNSUPPORTED, "operator %s is not supported", l->op);
  mote_schema schema = {.id = -1, .name = name, .overload = "", .args = args, .n_args = n};
  mote_op_ref ref = {.name = name, .overload = "", .schema = &schema, .n_given = (int32_t)n, .n_results = 1};
  return mote_tensor_call(vm, impl, &ref, n, a, out);
}

// The parameters' kind is XNNPACK's class or, made by the program, the operator that made them.
static mote_status run_layer(mote_vm *vm, const layer *l, const char *cls, const char *maker, mote_val *a,
                             mote_val *out) {
  mote_val in[SETTINGS_MAX], bounds[3];
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  MOTE_WANT(vm, a[1], MOTE_TAG_NATIVE);
  const mote_native *p = a[1].u.native;
  uint32_t n = count_args(l) - 1; // then the bounds
  if ((!strstr(p->kind, cls) && !strstr(p->kind, maker)) || p->state.tag != MOTE_TAG_TUPLE || p->state.u.tuple->len < n)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "%s() cannot work on %s", vm->ref->name, p->kind);
  const mote_tuple *state = p->state.u.tuple;
  in[0] = a[0];
  for (uint32_t i = 0; i < n; i++)
    in[i + 1] = state->at[i];
  MOTE_WANT(vm, in[1], MOTE_TAG_TENSOR);
  MOTE_TRY(call(vm, l, in, &bounds[0]));
  bounds[1] = n < state->len ? state->at[n] : mote_val_none();
  bounds[2] = n + 1 < state->len ? state->at[n + 1] : mote_val_none();
  if (bounds[1].tag == MOTE_TAG_NONE && bounds[2].tag == MOTE_TAG_NONE) {
    *out = bounds[0];
    return MOTE_OK;
  }
  mote_status s = call(vm, &clamp, bounds, out);
  mote_val_release(bounds[0]);
  return s;
}

#define RUN(name, layer, cls, maker)                                                                                   \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    (void)n;                                                                                                           \
    return run_layer(vm, layer, cls, maker, a, out);                                                                   \
  }
RUN(run_linear, &linear, ".LinearOpContext", "::linear_clamp_prepack")
RUN(run_conv, &conv, ".Conv2dOpContext", "::conv2d_clamp_prepack")
RUN(run_transposed, &transposed, ".TransposeConv2dOpContext", "::conv2d_transpose_clamp_prepack")

// self = relu(self + alpha * other), which mobile optimisation makes of the two.
static mote_status add_relu(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  static const layer add = {"aten::add.Tensor", "self other alpha"};
  static const layer relu = {"aten::relu", "self"};
  mote_val sum, result, in[3] = {a[0], a[1], n > 2 ? a[2] : mote_val_int(1)};
  MOTE_WANT(vm, a[0], MOTE_TAG_TENSOR);
  MOTE_TRY(call(vm, &add, in, &sum));
  mote_status s = call(vm, &relu, &sum, &result);
  mote_val_release(sum);
  MOTE_TRY(s);
  s = mote_tensor_write(vm, a[0].u.tensor, result.u.tensor);
  mote_val_release(result);
  if (s == MOTE_OK)
    *out = mote_val_retain(a[0]);
  return s;
}

const mote_builtin mote_builtin_prepacked[] = {
    {"_add_relu_.Tensor", add_relu},
    {"prepacked::conv2d_clamp_run", run_conv},
    {"prepacked::conv2d_transpose_clamp_run", run_transposed},
    {"prepacked::linear_clamp_run", run_linear},
    {NULL, NULL},
};
