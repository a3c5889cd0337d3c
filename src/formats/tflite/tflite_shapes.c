// The shape rules run once over the shapes that the file states, so that operators which contradict each other are
// refused when the file is opened. What depends on open dimensions or on values is left to the plan.
// Tests: tests/unit/test_tflite.c
#include "formats/tflite/tflite_reader.h"

#define MAX_OPERANDS 64

typedef struct shape_check {
  const mote_graph *g;
  mote_tensor *t; // by value
  bool *known;
  mote_error *err;
} shape_check;

static bool closed(const mote_tensor *t) {
  for (int32_t i = 0; i < t->rank; i++)
    if (t->dim[i] < 0)
      return false;
  return t->dtype != MOTE_NONE;
}

static bool operands(shape_check *s, const mote_node *n, mote_tensor *in[], mote_tensor copies[], bool is_const[]) {
  for (int32_t i = 0; i < n->n_in; i++) {
    mote_vid v = n->in[i];
    in[i] = NULL;
    is_const[i] = false;
    if (v < 0)
      continue;
    if (!s->known[v])
      return false;
    copies[i] = s->t[v];
    in[i] = &copies[i];
    is_const[i] = (s->g->values.at[v].flags & MOTE_VALUE_CONST) != 0;
  }
  return true;
}

static mote_status check_node(shape_check *s, const mote_node *n) {
  mote_tensor *in[MAX_OPERANDS], copies[MAX_OPERANDS], *out[MAX_OPERANDS];
  bool is_const[MAX_OPERANDS];
  if (n->n_in > MAX_OPERANDS || n->n_out > MAX_OPERANDS || !operands(s, n, in, copies, is_const))
    return MOTE_OK;
  for (int32_t j = 0; j < n->n_out; j++)
    out[j] = &s->t[n->out[j]];
  mote_opctx c = {.op = n->op,
                  .attr = n->attr,
                  .n_in = n->n_in,
                  .n_out = n->n_out,
                  .in = in,
                  .out = out,
                  .in_const = is_const,
                  .err = s->err};
  MOTE_TRY(n->op->rules->infer(&c));
  for (int32_t j = 0; j < n->n_out && c.outcome == MOTE_KNOWN; j++) {
    size_t bytes;
    mote_tensor *t = &s->t[n->out[j]];
    if (!closed(t) || !mote_tensor_bytes(t, &bytes))
      return mote_op_fail(&c, MOTE_ERR_SHAPE, "output %d has no possible size", j);
    mote_tensor_set_dense(t);
    s->known[n->out[j]] = true;
  }
  return MOTE_OK;
}

mote_status tfl_shapes_check(tfl_reader *r) {
  const mote_graph *g = r->g;
  shape_check s = {g, MOTE_NEW_ARRAY(r->model->al, mote_tensor, g->values.len + 1),
                   MOTE_NEW_ARRAY(r->model->al, bool, g->values.len + 1), r->err};
  mote_status status = s.t == NULL || s.known == NULL ? mote_fail_nomem(r->err) : MOTE_OK;
  for (size_t i = 0; status == MOTE_OK && i < g->values.len; i++) {
    const mote_gvalue *v = &g->values.at[i];
    s.t[i] = v->t;
    s.known[i] = (v->flags & (MOTE_VALUE_CONST | MOTE_VALUE_INPUT | MOTE_VALUE_STATE)) && closed(&v->t);
  }
  for (size_t n = 0; status == MOTE_OK && n < g->nodes.len; n++) {
    const mote_node *node = &g->nodes.at[n];
    status = check_node(&s, node);
    if (status != MOTE_OK) {
      mote_fail_node(r->err, node->origin);
      mote_fail_place(r->err, "node %d %s", node->origin, node->source != NULL ? node->source : node->op->name);
    }
  }
  mote_free(r->model->al, s.t);
  mote_free(r->model->al, s.known);
  return status;
}
