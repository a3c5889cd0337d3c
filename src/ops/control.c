// Control flow between subgraphs and variables that outlive a run. Tests:
// tests/models/tflite/{if_*,while_loop,variable}
#include "ops/control.h"

#include "ops/opkit.h"

#define MAX_VALUES 64 // what a subgraph may take or give
// A loop that a file asks for must end some day: far above any model's, seconds for one that does nothing.
#define MAX_ITERATIONS 10000000

// Shapes are known only when the subgraphs have run.
static mote_status after_run(mote_opctx *c) {
  if (c->n_in > MAX_VALUES || c->n_out > MAX_VALUES)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "%d inputs and %d outputs, the most is %d", c->n_in, c->n_out, MAX_VALUES);
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}

// Results become the node's outputs: copies in the outputs' own memory.
static mote_status give(mote_opctx *c, const mote_tensor *results) {
  for (int32_t j = 0; j < c->n_out; j++) {
    mote_quant declared = c->out[j]->quant;
    mote_out(c, j, results[j].dtype, results[j].rank, results[j].dim);
    c->out[j]->quant = results[j].quant.count > 0 ? results[j].quant : declared;
    MOTE_TRY(mote_op_output(c, j));
    if (mote_tensor_numel(&results[j]) > 0)
      mote_tensor_copy(&results[j], c->out[j]);
  }
  return MOTE_OK;
}

static mote_status truth_of(const mote_opctx *c, const mote_tensor *t, bool *out) {
  if (t->dtype != MOTE_BOOL || mote_tensor_numel(t) != 1)
    return mote_op_fail(c, MOTE_ERR_TYPE, "the condition must be one bool, not %lld of %s",
                        (long long)mote_tensor_numel(t), mote_dtype_name(t->dtype));
  *out = *(const uint8_t *)t->data != 0;
  return MOTE_OK;
}

static mote_status call_and_give(mote_opctx *c, int32_t graph, int32_t first) {
  mote_tensor results[MAX_VALUES];
  memset(results, 0, sizeof results);
  for (int32_t i = first; i < c->n_in; i++)
    if (c->in[i] == NULL)
      return mote_op_fail(c, MOTE_ERR_FORMAT, "input %d is missing", i);
  MOTE_TRY(mote_op_call(c, graph, (const mote_tensor *const *)c->in + first, c->n_in - first, results, c->n_out));
  return give(c, results);
}

// ------------------------------------------------------------------------------------------------ branches

typedef struct branch_attr {
  int32_t then_graph, else_graph; // also: condition and body of a loop
} branch_attr;

static mote_status if_infer(mote_opctx *c) {
  if (c->in[0]->dtype != MOTE_BOOL || mote_tensor_numel(c->in[0]) != 1)
    return mote_op_fail(c, MOTE_ERR_TYPE, "the condition must be one bool, not %s", mote_dtype_name(c->in[0]->dtype));
  return after_run(c);
}
static mote_status if_eval(mote_opctx *c) {
  const branch_attr *a = c->attr;
  bool truth;
  MOTE_TRY(truth_of(c, c->in[0], &truth));
  return call_and_give(c, truth ? a->then_graph : a->else_graph, 1);
}
static const mote_attr_field branch_fields[] = {MOTE_ATTR(branch_attr, then_graph, MOTE_ATTR_GRAPH, -1),
                                                MOTE_ATTR(branch_attr, else_graph, MOTE_ATTR_GRAPH, -1)};
#define CONTROL_FLAGS (MOTE_OP_CONTROL | MOTE_OP_EFFECT | MOTE_OP_LIST_OUT | MOTE_OP_NO_FOLD)
const mote_op mote_op_if = {"if", MOTE_RULES(.flags = CONTROL_FLAGS, .min_in = 1, .max_in = -1,
                                             .attr_size = sizeof(branch_attr), MOTE_FIELDS(branch_fields),
                                             .infer = if_infer, .eval = if_eval)};

typedef struct switch_attr {
  mote_ints graphs;
} switch_attr;
static mote_status switch_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_I32));
  if (((const switch_attr *)c->attr)->graphs.count < 1)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "no branches");
  return after_run(c);
}
// An index outside the branches takes the last.
static mote_status switch_eval(mote_opctx *c) {
  const switch_attr *a = c->attr;
  int64_t index;
  MOTE_TRY(mote_int_of(c, 0, &index));
  index = index < 0 || index >= a->graphs.count ? a->graphs.count - 1 : index;
  return call_and_give(c, (int32_t)a->graphs.at[index], 1);
}
static const mote_attr_field switch_fields[] = {MOTE_ATTR(switch_attr, graphs, MOTE_ATTR_INTS, -1)};
const mote_op mote_op_switch = {"switch", MOTE_RULES(.flags = CONTROL_FLAGS, .min_in = 1, .max_in = -1,
                                                     .attr_size = sizeof(switch_attr), MOTE_FIELDS(switch_fields),
                                                     .infer = switch_infer, .eval = switch_eval)};

typedef struct call_attr {
  int32_t graph;
} call_attr;
static mote_status call_eval(mote_opctx *c) { return call_and_give(c, ((const call_attr *)c->attr)->graph, 0); }
static const mote_attr_field call_fields[] = {MOTE_ATTR(call_attr, graph, MOTE_ATTR_GRAPH, -1)};
const mote_op mote_op_call_graph = {"call", MOTE_RULES(.flags = CONTROL_FLAGS, .min_in = 0, .max_in = -1,
                                                       .attr_size = sizeof(call_attr), MOTE_FIELDS(call_fields),
                                                       .infer = after_run, .eval = call_eval)};

// ------------------------------------------------------------------------------------------------ loop

static mote_status while_infer(mote_opctx *c) {
  if (c->n_in != c->n_out)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "%d values enter the loop, %d leave", c->n_in, c->n_out);
  return after_run(c);
}

// The loop's values between iterations, in memory of its own: a subgraph's results live only until it runs again, and
// they may be its inputs in another order. So the values of one iteration and the next never share a block.
typedef struct loop {
  mote_tensor t[2][MAX_VALUES];
  void *block[2][MAX_VALUES];
  size_t size[2][MAX_VALUES];
} loop;

static mote_status loop_take(mote_opctx *c, loop *l, int side, int32_t i, const mote_tensor *from) {
  size_t bytes;
  mote_tensor *t = &l->t[side][i];
  void **block = &l->block[side][i];
  if (!mote_tensor_bytes(from, &bytes))
    return mote_op_fail(c, MOTE_ERR_LIMIT, "value %d is too large", i);
  if (bytes > l->size[side][i] || *block == NULL) {
    mote_free(c->env->al, *block);
    *block = mote_alloc(c->env->al, bytes);
    l->size[side][i] = *block != NULL ? bytes : 0;
    if (*block == NULL)
      return mote_fail_nomem(c->err);
  }
  *t = *from;
  mote_tensor_set_dense(t);
  t->data = *block;
  if (mote_tensor_numel(from) > 0)
    mote_tensor_copy(from, t);
  return MOTE_OK;
}

static mote_status while_run(mote_opctx *c, loop *l) {
  const branch_attr *a = c->attr;
  const mote_tensor *in[2][MAX_VALUES];
  for (int32_t i = 0; i < c->n_in; i++) {
    if (c->in[i] == NULL)
      return mote_op_fail(c, MOTE_ERR_FORMAT, "input %d is missing", i);
    MOTE_TRY(loop_take(c, l, 0, i, c->in[i]));
    in[0][i] = &l->t[0][i];
    in[1][i] = &l->t[1][i];
  }
  for (int64_t n = 0, side = 0;; n++, side = 1 - side) {
    mote_tensor results[MAX_VALUES];
    if (n >= MAX_ITERATIONS)
      return mote_op_fail(c, MOTE_ERR_LIMIT, "the loop did not end within %d iterations", MAX_ITERATIONS);
    bool truth;
    memset(results, 0, sizeof results);
    MOTE_TRY(mote_op_call(c, a->then_graph, in[side], c->n_in, results, 1));
    MOTE_TRY(truth_of(c, &results[0], &truth));
    if (!truth)
      return give(c, l->t[side]);
    MOTE_TRY(mote_op_call(c, a->else_graph, in[side], c->n_in, results, c->n_in));
    for (int32_t i = 0; i < c->n_in; i++)
      MOTE_TRY(loop_take(c, l, 1 - side, i, &results[i]));
  }
}
static mote_status while_eval(mote_opctx *c) {
  loop *l = MOTE_NEW(c->env->al, loop);
  if (l == NULL)
    return mote_fail_nomem(c->err);
  mote_status s = while_run(c, l);
  for (int32_t i = 0; i < 2 * MAX_VALUES; i++)
    mote_free(c->env->al, l->block[i % 2][i / 2]);
  mote_free(c->env->al, l);
  return s;
}
const mote_op mote_op_while = {"while", MOTE_RULES(.flags = CONTROL_FLAGS, .min_in = 1, .max_in = -1,
                                                   .attr_size = sizeof(branch_attr), MOTE_FIELDS(branch_fields),
                                                   .infer = while_infer, .eval = while_eval)};

// ------------------------------------------------------------------------------------------------ once

// Slots of variables are numbered by kind in the high bits, so that files' own numbers cannot meet them.
#define SLOT_ONCE ((int64_t)1 << 40)
#define SLOT_NAMED ((int64_t)1 << 41)

static mote_status once_infer(mote_opctx *c) {
  if (c->n_in != 0 || c->n_out != 0)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "takes and gives nothing");
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}
static mote_status once_eval(mote_opctx *c) {
  const call_attr *a = c->attr;
  mote_variable *v = mote_op_variable(c, SLOT_ONCE + a->graph);
  if (v == NULL)
    return mote_fail_nomem(c->err);
  if (v->assigned)
    return MOTE_OK;
  MOTE_TRY(mote_op_call(c, a->graph, NULL, 0, NULL, 0));
  v->assigned = true;
  return MOTE_OK;
}
const mote_op mote_op_call_once = {"call_once", MOTE_RULES(.flags = CONTROL_FLAGS, .min_in = 0, .max_in = 0,
                                                           .attr_size = sizeof(call_attr), MOTE_FIELDS(call_fields),
                                                           .infer = once_infer, .eval = once_eval)};

// ------------------------------------------------------------------------------------------------ variables

typedef struct handle_attr {
  int64_t id; // from the names
} handle_attr;
static mote_status handle_infer(mote_opctx *c) {
  int64_t dim = 1;
  mote_out(c, 0, MOTE_RESOURCE, 1, &dim);
  return MOTE_OK;
}
static mote_status handle_eval(mote_opctx *c) {
  int32_t id = (int32_t)((const handle_attr *)c->attr)->id;
  memcpy(c->out[0]->data, &id, sizeof id);
  return MOTE_OK;
}
static const mote_attr_field handle_fields[] = {MOTE_ATTR(handle_attr, id, MOTE_ATTR_INT, 0)};
const mote_op mote_op_var_handle = {"var_handle",
                                    MOTE_RULES(.min_in = 0, .max_in = 0, .n_out = 1, .attr_size = sizeof(handle_attr),
                                               MOTE_FIELDS(handle_fields), .infer = handle_infer, .eval = handle_eval)};

static mote_variable *variable_of(mote_opctx *c) {
  int32_t id;
  memcpy(&id, c->in[0]->data, sizeof id);
  return mote_op_variable(c, SLOT_NAMED + id);
}
static mote_status read_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_RESOURCE));
  return after_run(c);
}
static mote_status read_eval(mote_opctx *c) {
  mote_variable *v = variable_of(c);
  if (v == NULL)
    return mote_fail_nomem(c->err);
  if (!v->assigned)
    return mote_op_fail(c, MOTE_ERR_DATA, "the variable was never assigned");
  return give(c, &v->t);
}
const mote_op mote_op_read_variable = {"read_variable",
                                       MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_NO_FOLD, .min_in = 1, .max_in = 1,
                                                  .n_out = 1, .infer = read_infer, .eval = read_eval)};

static mote_status assign_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_RESOURCE));
  return after_run(c);
}
static mote_status assign_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[1];
  mote_variable *v = variable_of(c);
  size_t bytes;
  if (v == NULL || !mote_tensor_bytes(x, &bytes))
    return mote_fail_nomem(c->err);
  if (bytes > v->bytes || v->data == NULL) {
    void *data = mote_alloc(c->env->al, bytes);
    if (data == NULL)
      return mote_fail_nomem(c->err);
    mote_free(c->env->al, v->data);
    v->data = data;
    v->bytes = bytes;
  }
  v->t = *x;
  mote_tensor_set_dense(&v->t);
  v->t.data = v->data;
  if (mote_tensor_numel(x) > 0)
    mote_tensor_copy(x, &v->t);
  v->assigned = true;
  return MOTE_OK;
}
const mote_op mote_op_assign_variable = {"assign_variable",
                                         MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_NO_FOLD, .min_in = 2, .max_in = 2,
                                                    .n_out = 0, .infer = assign_infer, .eval = assign_eval)};

// ------------------------------------------------------------------------------------------------ rows of files

// Equal names mean equal variables: the number is a hash of both.
static mote_status lower_handle(mote_lowering *l) {
  handle_attr attr = {0};
  uint32_t h = 2166136261u;
  static const char *const names[] = {"container", "shared_name"};
  for (int k = 0; k < 2; k++) {
    const mote_arg *a = mote_lower_arg(l, names[k]);
    for (int32_t i = 0; a != NULL && a->str != NULL && i < a->count; i++)
      h = (h ^ (uint8_t)a->str[i]) * 16777619u;
    h = (h ^ 0xffu) * 16777619u;
  }
  attr.id = (int64_t)(h & 0x7fffffff);
  return mote_lower_emit1(l, &mote_op_var_handle, &attr, NULL, 0, &l->result[l->n_out++]);
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(118, 1, "IF then_graph:i32 else_graph:i32", mote_op_if),
    MOTE_TFLITE_OP(119, 1, "WHILE then_graph:i32 else_graph:i32", mote_op_while),
    MOTE_TFLITE_OP(129, 1, "CALL_ONCE graph:i32", mote_op_call_once),
    MOTE_TFLITE_LOWER(142, 1, "VAR_HANDLE container:str shared_name:str", mote_op_var_handle, lower_handle),
    MOTE_TFLITE_OP(143, 1, "READ_VARIABLE", mote_op_read_variable),
    MOTE_TFLITE_OP(144, 1, "ASSIGN_VARIABLE", mote_op_assign_variable),
    MOTE_TFLITE_OP(206, 1, "STABLEHLO_COMPOSITE - graph:i32", mote_op_call_graph),
    MOTE_TFLITE_OP(209, 1, "STABLEHLO_CASE graphs:i32s", mote_op_switch),
};
const mote_op_family mote_family_control = {MOTE_ROWS(tflite, tflite_rows)};
