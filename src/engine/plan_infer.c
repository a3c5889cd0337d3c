// Shape rules and evaluation of single nodes at plan time. Tests: tests/unit/test_engine.c
#include <string.h>

#include "engine/engine_impl.h"

bool mote_call_init(mote_engine *e, mote_arena *arena, const mote_node *node, mote_error *err, mote_opctx *c,
                    mote_operands *o) {
  o->in = MOTE_ARENA_ARRAY(arena, mote_tensor *, node->n_in + 1);
  o->out = MOTE_ARENA_ARRAY(arena, mote_tensor *, node->n_out + 1);
  o->is_const = MOTE_ARENA_ARRAY(arena, bool, node->n_in + 1);
  *c = (mote_opctx){.op = node->op,
                    .attr = node->attr,
                    .n_in = node->n_in,
                    .n_out = node->n_out,
                    .in = o->in,
                    .out = o->out,
                    .in_const = o->is_const,
                    .env = &e->env,
                    .err = err};
  return o->in != NULL && o->out != NULL && o->is_const != NULL;
}

static mote_status check_output(mote_engine *e, mote_opctx *c, int32_t j) {
  mote_tensor *t = c->out[j];
  size_t bytes;
  if (t->rank < 0 || t->rank > MOTE_MAX_RANK || t->dtype == MOTE_NONE)
    return mote_op_fail(c, MOTE_ERR_INTERNAL, "output %d has no type or rank", j);
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dim[i] < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "output %d would have dimension %lld", j, (long long)t->dim[i]);
  if (!mote_tensor_bytes(t, &bytes) || bytes > e->memory_limit) {
    char text[160];
    mote_tensor_text(t, text, sizeof text);
    return mote_op_fail(c, MOTE_ERR_LIMIT, "output %d, %s, exceeds the memory limit of %zu bytes", j, text,
                        e->memory_limit);
  }
  mote_tensor_set_dense(t);
  return MOTE_OK;
}

mote_status mote_infer_checked(mote_engine *e, mote_opctx *c) {
  c->outcome = MOTE_KNOWN;
  c->env = &e->env;
  MOTE_TRY(c->op->rules->infer(c));
  if (c->outcome != MOTE_KNOWN)
    return MOTE_OK;
  for (int32_t j = 0; j < c->n_out; j++)
    MOTE_TRY(check_output(e, c, j));
  return MOTE_OK;
}

// Dense copies of inputs that the operator cannot read strided; `copies` is freed by the caller.
static mote_status densify(mote_engine *e, const mote_opctx *c, mote_tensor *tensors, mote_tensor **in, void **copies) {
  bool strided = c->op->rules->flags & MOTE_OP_STRIDED_IN;
  for (int32_t i = 0; i < c->n_in; i++) {
    in[i] = c->in[i];
    mote_layout want = mote_op_layout(c, i, MOTE_LAYOUT_DENSE);
    if (in[i] == NULL || in[i]->data == NULL || strided || want == MOTE_LAYOUT_ANY)
      continue;
    bool last = want == MOTE_LAYOUT_CHANNELS_LAST;
    if (last ? mote_tensor_is_channels_last(in[i]) : mote_tensor_is_dense(in[i]))
      continue;
    size_t bytes;
    if (!mote_tensor_bytes(in[i], &bytes) || (copies[i] = mote_alloc(e->al, bytes)) == NULL)
      return mote_fail_nomem(c->err);
    tensors[i] = *in[i];
    if (last)
      mote_tensor_set_channels_last(&tensors[i]);
    else
      mote_tensor_set_dense(&tensors[i]);
    tensors[i].data = copies[i];
    mote_tensor_copy(in[i], &tensors[i]);
    in[i] = &tensors[i];
  }
  return MOTE_OK;
}

mote_status mote_eval_known(mote_engine *e, mote_opctx *c) {
  int32_t n = c->n_in;
  mote_status status;
  mote_tensor *tensors = MOTE_NEW_ARRAY(e->al, mote_tensor, n + 1);
  mote_tensor **in = MOTE_NEW_ARRAY(e->al, mote_tensor *, n + 1);
  void **copies = MOTE_NEW_ARRAY(e->al, void *, n + 1);
  void *scratch = NULL;
  if (tensors == NULL || in == NULL || copies == NULL) {
    status = mote_fail_nomem(c->err);
    goto out;
  }
  if ((status = densify(e, c, tensors, in, copies)) != MOTE_OK)
    goto out;
  mote_opctx call = *c;
  call.in = in;
  size_t need = mote_op_scratch(&call);
  if (need > 0 && (need > e->memory_limit || (scratch = mote_alloc(e->al, need)) == NULL)) {
    status = mote_fail_nomem(c->err);
    goto out;
  }
  call.scratch = scratch;
  status = c->op->rules->eval(&call);
out:
  for (int32_t i = 0; copies != NULL && i < n; i++)
    mote_free(e->al, copies[i]);
  mote_free(e->al, copies);
  mote_free(e->al, in);
  mote_free(e->al, tensors);
  mote_free(e->al, scratch);
  return status;
}
