// Copying a tensor between any strides, split over rows. Planner and recorder insert it where memory formats differ.
// Tests: tests/unit/test_engine.c
#include "ops/copy.h"

#include <string.h>

#define TILE_BYTES (64 << 10)

static mote_status copy_infer(mote_opctx *c) {
  mote_op_out_like(c, 0, c->in[0], c->in[0]->dtype);
  c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}

static mote_status copy_eval(mote_opctx *c) {
  mote_tensor_copy(c->in[0], c->out[0]);
  return MOTE_OK;
}

// Slices of the outermost dimension that the strides leave; each slice is a tensor copy of its own.
typedef struct copy_state {
  int32_t axis;
  int64_t step; // indices of the axis a tile
} copy_state;

static mote_status copy_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const copy_state *s = state;
  mote_tensor in = *c->in[0], out = *c->out[0];
  int64_t from = t0 * s->step, to = MOTE_MIN(t1 * s->step, in.dim[s->axis]);
  int64_t size = (int64_t)mote_dtype_size(in.dtype);
  in.dim[s->axis] = out.dim[s->axis] = to - from;
  in.data = (char *)in.data + from * in.stride[s->axis] * size;
  out.data = (char *)out.data + from * out.stride[s->axis] * size;
  mote_tensor_copy(&in, &out);
  return MOTE_OK;
}

static mote_status copy_prepare(mote_opctx *c) {
  const mote_tensor *t = c->out[0];
  copy_state s = {0, 0};
  size_t bytes;
  for (int32_t i = 1; i < t->rank; i++) // the slowest dimension of the output
    if (t->dim[i] > 1 && (t->dim[s.axis] <= 1 || t->stride[i] > t->stride[s.axis]))
      s.axis = i;
  if (t->rank == 0 || !mote_tensor_bytes(t, &bytes) || bytes < 2 * TILE_BYTES || mote_dtype_size(t->dtype) == 0)
    return MOTE_OK; // one piece: eval
  int64_t tiles = MOTE_MIN(t->dim[s.axis], (int64_t)(bytes / TILE_BYTES));
  s.step = (t->dim[s.axis] + tiles - 1) / tiles;
  copy_state *kept = mote_prepare_alloc(c, sizeof s);
  if (kept == NULL)
    return mote_fail_nomem(c->err);
  *kept = s;
  mote_step_desc step = {
      .run = copy_run, .state = kept, .tiles = (t->dim[s.axis] + s.step - 1) / s.step, .kernel = "copy"};
  return mote_step_add(c, &step);
}

static mote_layout copy_layout(const mote_opctx *c, int32_t operand) {
  (void)c;
  (void)operand;
  return MOTE_LAYOUT_ANY;
}

const mote_op mote_op_copy = {
    .name = "copy",
    .flags = MOTE_OP_STRIDED_IN | MOTE_OP_STRIDED_OUT,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .infer = copy_infer,
    .layout = copy_layout,
    .prepare = copy_prepare,
    .eval = copy_eval,
};
