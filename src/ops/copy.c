// Copying a tensor between any strides, split over rows. Planner and recorder insert it where memory formats differ.
// Tests: tests/unit/test_engine.c
#include "ops/copy.h"

#include "kernels/transpose.h"

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

// A matrix whose rows become columns (channels-first to channels-last and back), image by image: to[p][r] = from[r][p].
typedef struct flip {
  const mote_transpose *row;
  int64_t images, rows, cols; // rows, cols of the source
  int64_t image_in, image_out, row_in, row_out;
  int64_t step; // columns of the source a tile
} flip;

static bool find_flip(const mote_tensor *in, const mote_tensor *out, flip *f) {
  const int64_t *strides[2] = {out->stride, in->stride};
  mote_iter it;
  mote_iter_init(&it, out->rank, out->dim, 2, strides);
  int32_t p = it.rank - 1; // dims: [image] p, inner = r
  if (mote_dtype_size(in->dtype) != 4 || it.rank < 1 || it.rank > 2 || it.inner < 8 || it.inner_stride[0] != 1 ||
      it.stride[1][p] != 1)
    return false;
  f->images = it.rank == 2 ? it.dim[0] : 1;
  f->image_out = it.rank == 2 ? it.stride[0][0] : 0;
  f->image_in = it.rank == 2 ? it.stride[1][0] : 0;
  f->rows = it.inner;
  f->cols = it.dim[p];
  f->row_in = it.inner_stride[1];
  f->row_out = it.stride[0][p];
  return true;
}

static mote_status flip_run(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const flip *f = state;
  int64_t per_image = (f->cols + f->step - 1) / f->step;
  for (int64_t t = t0; t < t1; t++) {
    int64_t image = t / per_image, from = t % per_image * f->step, n = MOTE_MIN(f->step, f->cols - from);
    const uint32_t *src = (const uint32_t *)c->in[0]->data + image * f->image_in + from;
    uint32_t *dst = (uint32_t *)c->out[0]->data + image * f->image_out + from * f->row_out;
    f->row->b4((size_t)f->rows, (size_t)n, src, f->row_in, dst, f->row_out);
  }
  return MOTE_OK;
}

static mote_status prepare_flip(mote_opctx *c, const flip *found) {
  flip *f = mote_prepare_alloc(c, sizeof *f);
  if (f == NULL)
    return mote_fail_nomem(c->err);
  *f = *found;
  f->row = mote_transpose_select(c->env->cpu);
  f->step = MOTE_MAX(TILE_BYTES / 4 / f->rows, 16);
  mote_step_desc step = {.run = flip_run,
                         .state = f,
                         .tiles = f->images * ((f->cols + f->step - 1) / f->step),
                         .kernel = f->row->name,
                         .isa = f->row->isa};
  return mote_step_add(c, &step);
}

static mote_status copy_prepare(mote_opctx *c) {
  flip f;
  if (mote_tensor_numel(c->out[0]) > 0 && find_flip(c->in[0], c->out[0], &f))
    return prepare_flip(c, &f);
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

const mote_op mote_op_copy = {"copy", MOTE_RULES(.flags = MOTE_OP_STRIDED_IN | MOTE_OP_STRIDED_OUT, .min_in = 1,
                                                 .max_in = 1, .n_out = 1, .infer = copy_infer, .prepare = copy_prepare,
                                                 .eval = copy_eval, .more = MOTE_MORE(.layout = copy_layout))};
