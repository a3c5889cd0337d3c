// Padding, spreading, and rearranging blocks of space. Tests: tests/models/tflite/decoder_*
#include "ops/pad.h"

#include <stdlib.h>

#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ pads

typedef struct pads {
  int64_t before[MOTE_MAX_RANK], after[MOTE_MAX_RANK];
} pads;

// Input 1, [rank, 2].
static mote_status pads_of(const mote_opctx *c, pads *p) {
  const mote_tensor *t = c->in[1];
  int32_t rank = c->in[0]->rank;
  MOTE_TRY(mote_want_int(c, 1));
  if (t->rank != 2 || t->dim[0] != rank || t->dim[1] != 2)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the pads must be [%d, 2]", rank);
  for (int32_t i = 0; i < rank; i++) {
    p->before[i] = mote_load_i64(t->data, t->dtype, i * 2);
    p->after[i] = mote_load_i64(t->data, t->dtype, i * 2 + 1);
    if (p->before[i] < 0 || p->after[i] < 0 || p->before[i] > INT32_MAX || p->after[i] > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_DATA, "pads %lld and %lld of dimension %d", (long long)p->before[i],
                          (long long)p->after[i], i);
  }
  return MOTE_OK;
}

static mote_status pad_dims(mote_opctx *c, pads *p) {
  int64_t dim[MOTE_MAX_RANK];
  const mote_tensor *in = c->in[0];
  if (mote_dtype_size(in->dtype) == 0)
    return mote_bad_dtype(c, 0);
  MOTE_TRY(pads_of(c, p));
  for (int32_t i = 0; i < in->rank; i++)
    dim[i] = in->dim[i] + p->before[i] + p->after[i];
  mote_out(c, 0, in->dtype, in->rank, dim);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = in->quant;
  return MOTE_OK;
}

static mote_status pad_infer(mote_opctx *c) {
  pads p;
  if (mote_needs(c, 1))
    return MOTE_OK;
  if (mote_has(c, 2)) {
    MOTE_TRY(mote_want_same(c, 0, 2));
    if (mote_tensor_numel(c->in[2]) < 1)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "no pad value");
  }
  return pad_dims(c, &p);
}

static void fill_bytes(void *data, size_t n, const void *value, size_t size) {
  bool zero = true;
  for (size_t i = 0; i < size; i++)
    zero = zero && ((const uint8_t *)value)[i] == ((const uint8_t *)value)[0];
  if (zero) {
    memset(data, ((const uint8_t *)value)[0], n * size);
    return;
  }
  for (size_t i = 0; i < n; i++)
    memcpy((char *)data + i * size, value, size);
}

static mote_status pad_eval(mote_opctx *c) {
  pads p;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  size_t size = mote_dtype_size(in->dtype);
  uint8_t value[16] = {0};
  MOTE_TRY(pads_of(c, &p));
  if (mote_has(c, 2))
    memcpy(value, c->in[2]->data, size);
  else if (mote_is_quant(out))
    mote_store_i64(value, mote_code_type(out->dtype), 0, out->quant.zero_point);
  fill_bytes(out->data, (size_t)mote_tensor_numel(out), value, size);
  mote_tensor window = *out;
  for (int32_t i = 0; i < in->rank; i++) {
    window.dim[i] = in->dim[i];
    window.data = (char *)window.data + p.before[i] * out->stride[i] * (int64_t)size;
  }
  if (mote_tensor_numel(in) > 0)
    mote_tensor_copy(in, &window);
  return MOTE_OK;
}
const mote_op mote_op_pad = {"pad", MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 2, .max_in = 3, .n_out = 1,
                                               .infer = pad_infer, .eval = pad_eval)};

typedef struct mirror_attr {
  int64_t mode;
} mirror_attr;
static mote_status mirror_infer(mote_opctx *c) {
  const mirror_attr *a = c->attr;
  pads p;
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(pad_dims(c, &p));
  for (int32_t i = 0; i < c->in[0]->rank; i++) {
    int64_t most = c->in[0]->dim[i] - (a->mode == MOTE_PAD_REFLECT);
    if (p.before[i] > most || p.after[i] > most)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d of %lld cannot mirror %lld", i, (long long)c->in[0]->dim[i],
                          (long long)MOTE_MAX(p.before[i], p.after[i]));
  }
  return MOTE_OK;
}
static mote_status mirror_eval(mote_opctx *c) {
  const mirror_attr *a = c->attr;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  size_t size = mote_dtype_size(in->dtype);
  int64_t n = mote_tensor_numel(out), skip = a->mode == MOTE_PAD_REFLECT;
  pads p;
  MOTE_TRY(pads_of(c, &p));
  for (int64_t i = 0; i < n; i++) {
    int64_t left = i, at = 0;
    for (int32_t d = out->rank - 1; d >= 0; d--) {
      int64_t x = left % out->dim[d] - p.before[d], m = in->dim[d];
      left /= out->dim[d];
      x = x < 0 ? -x - 1 + skip : x >= m ? 2 * m - 1 - x - skip : x;
      at += x * in->stride[d];
    }
    memcpy((char *)out->data + (size_t)i * size, (const char *)in->data + at * (int64_t)size, size);
  }
  return MOTE_OK;
}
static const mote_attr_field mirror_fields[] = {MOTE_ATTR(mirror_attr, mode, MOTE_ATTR_INT, 0)};
const mote_op mote_op_mirror_pad = {"mirror_pad",
                                    MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 2, .max_in = 2, .n_out = 1,
                                               .attr_size = sizeof(mirror_attr), MOTE_FIELDS(mirror_fields),
                                               .infer = mirror_infer, .eval = mirror_eval)};

// Inputs: x, dilations, value: that many steps between neighbours, the gaps filled.
static mote_status dilate_infer(mote_opctx *c) {
  mote_ints d;
  int64_t dim[MOTE_MAX_RANK];
  const mote_tensor *in = c->in[0];
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_ints_of(c, 1, &d));
  MOTE_TRY(mote_want_same(c, 0, 2));
  if (d.count != in->rank || mote_dtype_size(in->dtype) == 0 || mote_tensor_numel(c->in[2]) != 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d dilations for rank %d", d.count, in->rank);
  for (int32_t i = 0; i < d.count; i++) {
    if (d.at[i] < 1 || d.at[i] > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_DATA, "dilation %lld", (long long)d.at[i]);
    dim[i] = in->dim[i] > 0 ? (in->dim[i] - 1) * d.at[i] + 1 : 0;
  }
  mote_out_pass(c, 0, 0);
  mote_out(c, 0, in->dtype, in->rank, dim);
  return MOTE_OK;
}
static mote_status dilate_eval(mote_opctx *c) {
  mote_ints d;
  MOTE_TRY(mote_ints_of(c, 1, &d));
  mote_tensor window = *c->out[0];
  fill_bytes(window.data, (size_t)mote_tensor_numel(&window), c->in[2]->data, mote_dtype_size(window.dtype));
  for (int32_t i = 0; i < d.count; i++) {
    window.stride[i] *= d.at[i];
    window.dim[i] = c->in[0]->dim[i];
  }
  if (mote_tensor_numel(c->in[0]) > 0)
    mote_tensor_copy(c->in[0], &window);
  return MOTE_OK;
}
static const mote_op mote_op_dilate = {
    "dilate", MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 1, .infer = dilate_infer, .eval = dilate_eval)};

// x, value; edges may be negative (cut), interior pads spread.
typedef struct edge_attr {
  mote_ints low, high, interior;
} edge_attr;
static mote_status edge_infer(mote_opctx *c) {
  const edge_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (a->low.count != in->rank || a->high.count != in->rank || a->interior.count != in->rank ||
      mote_tensor_numel(c->in[1]) != 1 || mote_dtype_size(in->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "pads of %d dimensions for rank %d", a->low.count, in->rank);
  for (int32_t i = 0; i < in->rank; i++) {
    if (a->interior.at[i] < 0 || a->interior.at[i] > INT32_MAX || llabs(a->low.at[i]) > INT32_MAX ||
        llabs(a->high.at[i]) > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_FORMAT, "pads of dimension %d", i);
    int64_t spread = in->dim[i] > 0 ? (in->dim[i] - 1) * (a->interior.at[i] + 1) + 1 : 0;
    dim[i] = MOTE_MAX(spread + a->low.at[i] + a->high.at[i], 0);
  }
  mote_out(c, 0, in->dtype, in->rank, dim);
  return MOTE_OK;
}
static mote_status edge_eval(mote_opctx *c) {
  const edge_attr *a = c->attr;
  const mote_tensor *in = c->in[0], *out = c->out[0];
  size_t size = mote_dtype_size(in->dtype);
  fill_bytes(out->data, (size_t)mote_tensor_numel(out), c->in[1]->data, size);
  int64_t n = mote_tensor_numel(in);
  for (int64_t i = 0; i < n; i++) {
    int64_t left = i, at = 0;
    bool inside = true;
    for (int32_t d = in->rank - 1; d >= 0; d--) {
      int64_t x = left % in->dim[d] * (a->interior.at[d] + 1) + a->low.at[d];
      left /= in->dim[d];
      inside = inside && x >= 0 && x < out->dim[d];
      at += x * out->stride[d];
    }
    if (inside)
      memcpy((char *)out->data + at * (int64_t)size, (const char *)in->data + (size_t)i * size, size);
  }
  return MOTE_OK;
}
static const mote_attr_field edge_fields[] = {MOTE_ATTR(edge_attr, low, MOTE_ATTR_INTS, -1),
                                              MOTE_ATTR(edge_attr, high, MOTE_ATTR_INTS, -1),
                                              MOTE_ATTR(edge_attr, interior, MOTE_ATTR_INTS, -1)};
static const mote_op mote_op_edge_pad = {
    "edge_pad", MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1, .attr_size = sizeof(edge_attr),
                           MOTE_FIELDS(edge_fields), .infer = edge_infer, .eval = edge_eval)};

// ------------------------------------------------------------------------------------------------ depth

typedef struct block_attr {
  int64_t block;
} block_attr;
static mote_status depth_infer(mote_opctx *c) {
  const block_attr *a = c->attr;
  const mote_tensor *in = c->in[0];
  bool to_depth = c->op == &mote_op_space_to_depth;
  int64_t b = a->block;
  MOTE_TRY(mote_want_rank(c, 0, 4, 4));
  if (b < 1 || b > 65536 || mote_dtype_size(in->dtype) == 0 ||
      (to_depth ? in->dim[1] % b != 0 || in->dim[2] % b != 0 : in->dim[3] % (b * b) != 0))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "block size %lld does not divide the image", (long long)b);
  int64_t dim[4] = {in->dim[0], to_depth ? in->dim[1] / b : in->dim[1] * b, to_depth ? in->dim[2] / b : in->dim[2] * b,
                    to_depth ? in->dim[3] * b * b : in->dim[3] / (b * b)};
  mote_out_pass(c, 0, 0);
  mote_out(c, 0, in->dtype, 4, dim);
  return MOTE_OK;
}
// Both directions see the shallow image as [n, h, b, w, b, ch] and the deep one as [n, h, w, b, b, ch].
static mote_status depth_eval(mote_opctx *c) {
  const block_attr *a = c->attr;
  bool to_depth = c->op == &mote_op_space_to_depth;
  const mote_tensor *deep = to_depth ? c->out[0] : c->in[0], *flat = to_depth ? c->in[0] : c->out[0];
  int64_t b = a->block, h = deep->dim[1], w = deep->dim[2], ch = flat->dim[3];
  mote_tensor x, y; // the shallow side and the deep side with the same order of dims
  int64_t dims[6] = {deep->dim[0], h, b, w, b, ch};
  mote_tensor_init(&x, flat->dtype, 6, dims);
  x.data = flat->data;
  y = x;
  y.data = deep->data;
  int64_t pixel = b * b * ch;
  int64_t strides[6] = {h * w * pixel, w * pixel, b * ch, pixel, ch, 1};
  memcpy(y.stride, strides, sizeof strides);
  if (mote_tensor_numel(flat) > 0)
    mote_tensor_copy(to_depth ? &x : &y, to_depth ? &y : &x);
  return MOTE_OK;
}
static const mote_attr_field block_fields[] = {MOTE_ATTR(block_attr, block, MOTE_ATTR_INT, 0)};
const mote_op mote_op_space_to_depth = {
    "space_to_depth", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(block_attr),
                                 MOTE_FIELDS(block_fields), .infer = depth_infer, .eval = depth_eval)};
const mote_op mote_op_depth_to_space = {
    "depth_to_space", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(block_attr),
                                 MOTE_FIELDS(block_fields), .infer = depth_infer, .eval = depth_eval)};

// ------------------------------------------------------------------------------------------------ batches

// Inputs: x, block [m], pads or crops [m, 2].
static mote_status batch_blocks(const mote_opctx *c, mote_ints *block, pads *p) {
  const mote_tensor *t = c->in[2];
  MOTE_TRY(mote_ints_of(c, 1, block));
  if (t->rank != 2 || t->dim[0] != block->count || t->dim[1] != 2 || block->count + 1 > c->in[0]->rank ||
      !mote_dtype_is_int(t->dtype))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%d blocks for rank %d", block->count, c->in[0]->rank);
  for (int32_t i = 0; i < block->count; i++) {
    p->before[i] = mote_load_i64(t->data, t->dtype, i * 2);
    p->after[i] = mote_load_i64(t->data, t->dtype, i * 2 + 1);
    if (block->at[i] < 1 || block->at[i] > INT32_MAX || p->before[i] < 0 || p->after[i] < 0 ||
        p->before[i] > INT32_MAX || p->after[i] > INT32_MAX)
      return mote_op_fail(c, MOTE_ERR_DATA, "block %lld, pads %lld and %lld", (long long)block->at[i],
                          (long long)p->before[i], (long long)p->after[i]);
  }
  return MOTE_OK;
}
static mote_status batch_infer(mote_opctx *c) {
  bool to_batch = c->op == &mote_op_space_to_batch;
  const mote_tensor *in = c->in[0];
  mote_ints block;
  pads p;
  int64_t dim[MOTE_MAX_RANK], all = 1;
  if (mote_needs(c, 1) || mote_needs(c, 2))
    return MOTE_OK;
  MOTE_TRY(batch_blocks(c, &block, &p));
  memcpy(dim, in->dim, sizeof dim);
  for (int32_t i = 0; i < block.count; i++) {
    int64_t b = block.at[i], n = in->dim[i + 1];
    if (!mote_mul_count(all, b, &all))
      return mote_op_fail(c, MOTE_ERR_LIMIT, "blocks overflow");
    dim[i + 1] = to_batch ? (n + p.before[i] + p.after[i]) / b : n * b - p.before[i] - p.after[i];
    if ((to_batch && (n + p.before[i] + p.after[i]) % b != 0) || dim[i + 1] < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "dimension %d of %lld with block %lld", i + 1, (long long)n, (long long)b);
  }
  if (!to_batch && in->dim[0] % all != 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld batches are no multiple of %lld", (long long)in->dim[0],
                        (long long)all);
  if (to_batch && !mote_mul_count(dim[0], all, &dim[0]))
    return mote_op_fail(c, MOTE_ERR_LIMIT, "blocks overflow");
  if (!to_batch)
    dim[0] /= all;
  mote_out_pass(c, 0, 0);
  mote_out(c, 0, in->dtype, in->rank, dim);
  return mote_dtype_size(in->dtype) > 0 ? MOTE_OK : mote_bad_dtype(c, 0);
}
// Walks the batched side; element (phase*n + b, y, ...) is pixel (b, y*block + phase - pad, ...) of the other.
static mote_status batch_eval(mote_opctx *c) {
  bool to_batch = c->op == &mote_op_space_to_batch;
  const mote_tensor *many = to_batch ? c->out[0] : c->in[0], *one = to_batch ? c->in[0] : c->out[0];
  size_t size = mote_dtype_size(many->dtype);
  mote_ints block;
  pads p;
  MOTE_TRY(batch_blocks(c, &block, &p));
  if (to_batch) {
    uint8_t zero[16] = {0};
    if (mote_is_quant(many))
      mote_store_i64(zero, mote_code_type(many->dtype), 0, many->quant.zero_point);
    fill_bytes(many->data, (size_t)mote_tensor_numel(many), zero, size);
  }
  int64_t inner = mote_dims_product(many, block.count + 1, many->rank),
          n = inner > 0 ? mote_tensor_numel(many) / inner : 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t left = i, at = 0, y[MOTE_MAX_RANK];
    bool inside = true;
    for (int32_t d = block.count; d >= 1; d--) {
      y[d] = left % many->dim[d];
      left /= many->dim[d];
    }
    int64_t phase = left / one->dim[0];
    at = left % one->dim[0] * one->stride[0];
    for (int32_t d = block.count; d >= 1; d--) {
      int64_t x = y[d] * block.at[d - 1] + phase % block.at[d - 1] - p.before[d - 1];
      phase /= block.at[d - 1];
      inside = inside && x >= 0 && x < one->dim[d];
      at += x * one->stride[d];
    }
    char *m = (char *)many->data + (size_t)(i * inner) * size, *o = (char *)one->data + at * (int64_t)size;
    if (inside)
      memcpy(to_batch ? m : o, to_batch ? o : m, (size_t)inner * size);
  }
  return MOTE_OK;
}
const mote_op mote_op_space_to_batch = {
    "space_to_batch", MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 1, .infer = batch_infer, .eval = batch_eval)};
const mote_op mote_op_batch_to_space = {
    "batch_to_space", MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 1, .infer = batch_infer, .eval = batch_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(5, 2, "DEPTH_TO_SPACE block:i32", mote_op_depth_to_space),
    MOTE_TFLITE_OP(26, 2, "SPACE_TO_DEPTH block:i32", mote_op_space_to_depth),
    MOTE_TFLITE_OP(34, 5, "PAD", mote_op_pad),
    MOTE_TFLITE_OP(37, 4, "BATCH_TO_SPACE_ND", mote_op_batch_to_space),
    MOTE_TFLITE_OP(38, 4, "SPACE_TO_BATCH_ND", mote_op_space_to_batch),
    MOTE_TFLITE_OP(60, 5, "PADV2", mote_op_pad),
    MOTE_TFLITE_OP(100, 3, "MIRROR_PAD mode:i8", mote_op_mirror_pad),
    MOTE_TFLITE_OP(195, 1, "STABLEHLO_PAD low:i64s high:i64s interior:i64s", mote_op_edge_pad),
    MOTE_TFLITE_OP(203, 1, "DILATE", mote_op_dilate),
};
const mote_op_family mote_family_pad = {MOTE_ROWS(tflite, tflite_rows)};
