// Packed sequences: padded batches to rows step by step and back. Lengths decide about shapes, so these look at data.
// Tests: the case x_packed_rnn of the corpus
#include <string.h>

#include "ops/aten_kit.h"

typedef struct packing_attr {
  bool batch_first;
  int64_t total; // least number of steps of the padded result
  double fill;
} packing_attr;

static const mote_attr_field packing_fields[] = {MOTE_ATTR(packing_attr, batch_first, MOTE_ATTR_BOOL, 0),
                                                 MOTE_ATTR(packing_attr, total, MOTE_ATTR_INT, 0),
                                                 MOTE_ATTR(packing_attr, fill, MOTE_ATTR_FLOAT, 0),
                                                 {NULL}};

static int64_t inner_of(const mote_tensor *t, int32_t from) { return mote_dims_product(t, from, t->rank); }

// ------------------------------------------------------------------------------------------------ padded -> rows

// x [time, batch, ...] (or batch first), lengths [batch], falling; results: rows [sum of lengths, ...], batch sizes.
static mote_status pack_infer(mote_opctx *c) {
  const packing_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *len = c->in[1];
  int64_t dim[MOTE_MAX_RANK], total = 0;
  MOTE_TRY(mote_want_rank(c, 0, 2, MOTE_MAX_RANK));
  MOTE_TRY(mote_want_rank(c, 1, 1, 1));
  MOTE_TRY(mote_want_dtype(c, 1, MOTE_I64));
  int64_t time = x->dim[a->batch_first ? 1 : 0], batch = x->dim[a->batch_first ? 0 : 1];
  if (len->dim[0] != batch || batch < 1 || mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING)
    return mote_op_fail(c, MOTE_ERR_SHAPE,
                        "Expected `len(lengths)` to be equal to batch_size, but got %lld (batch_size=%lld)",
                        (long long)len->dim[0], (long long)batch);
  if (mote_needs(c, 1))
    return MOTE_OK;
  const int64_t *n = len->data;
  for (int64_t b = 0; b < batch; b++) {
    if (n[b] < 1)
      return mote_op_fail(c, MOTE_ERR_ARGUMENT,
                          "Length of all samples has to be greater than 0, but found an element in "
                          "'lengths' that is <= 0");
    if (b > 0 && n[b] > n[b - 1])
      return mote_op_fail(c, MOTE_ERR_ARGUMENT,
                          "`lengths` array must be sorted in decreasing order when "
                          "`enforce_sorted` is True.");
    if (n[b] > time)
      return mote_op_fail(c, MOTE_ERR_ARGUMENT, "Expected `lengths` up to %lld, got %lld", (long long)time,
                          (long long)n[b]);
    total += n[b];
  }
  dim[0] = total;
  for (int32_t i = 2; i < x->rank; i++)
    dim[i - 1] = x->dim[i];
  mote_out(c, 0, x->dtype, x->rank - 1, dim);
  mote_out(c, 1, MOTE_I64, 1, &n[0]); // as many steps as the longest has
  return MOTE_OK;
}

static mote_status pack_eval(mote_opctx *c) {
  const packing_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  const int64_t *n = c->in[1]->data;
  int64_t batch = c->in[1]->dim[0], time = x->dim[a->batch_first ? 1 : 0], row = 0, *sizes = c->out[1]->data;
  size_t bytes = (size_t)inner_of(x, 2) * mote_dtype_size(x->dtype);
  for (int64_t t = 0; t < c->out[1]->dim[0]; t++) {
    sizes[t] = 0;
    for (int64_t b = 0; b < batch && n[b] > t; b++, row++) {
      int64_t from = a->batch_first ? b * time + t : t * batch + b;
      memcpy((char *)c->out[0]->data + (size_t)row * bytes, (const char *)x->data + (size_t)from * bytes, bytes);
      sizes[t]++;
    }
  }
  return MOTE_OK;
}
static const mote_op pack_op = {"pack_padded",
                                MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 2,
                                           .attr_size = sizeof(packing_attr), .fields = packing_fields,
                                           .infer = pack_infer, .eval = pack_eval)};

// ------------------------------------------------------------------------------------------------ rows -> padded

static mote_status pad_infer(mote_opctx *c) {
  const packing_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *sizes = c->in[1];
  int64_t dim[MOTE_MAX_RANK], total = 0;
  MOTE_TRY(mote_want_rank(c, 0, 1, MOTE_MAX_RANK - 1));
  MOTE_TRY(mote_want_rank(c, 1, 1, 1));
  MOTE_TRY(mote_want_dtype(c, 1, MOTE_I64));
  if (mote_dtype_size(x->dtype) == 0 || x->dtype == MOTE_STRING || sizes->dim[0] < 1)
    return mote_bad_dtype(c, 0);
  if (mote_needs(c, 1))
    return MOTE_OK;
  const int64_t *n = sizes->data;
  for (int64_t t = 0; t < sizes->dim[0]; t++) {
    if (n[t] < 1 || (t > 0 && n[t] > n[t - 1]) || n[t] > x->dim[0] - total)
      return mote_op_fail(c, MOTE_ERR_DATA, "batch size %lld of step %lld", (long long)n[t], (long long)t);
    total += n[t];
  }
  if (total != x->dim[0])
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld rows for batch sizes of %lld", (long long)x->dim[0], (long long)total);
  if (a->total > 0 && a->total < sizes->dim[0])
    return mote_op_fail(c, MOTE_ERR_ARGUMENT,
                        "Expected total_length to be at least the length of the longest sequence in "
                        "input, but got total_length=%lld and max sequence length being %lld",
                        (long long)a->total, (long long)sizes->dim[0]);
  int64_t time = a->total > 0 ? a->total : sizes->dim[0];
  dim[a->batch_first ? 1 : 0] = time;
  dim[a->batch_first ? 0 : 1] = n[0];
  for (int32_t i = 1; i < x->rank; i++)
    dim[i + 1] = x->dim[i];
  mote_out(c, 0, x->dtype, x->rank + 1, dim);
  mote_out(c, 1, MOTE_I64, 1, &n[0]); // the first step has all sequences
  return MOTE_OK;
}

static mote_status pad_eval(mote_opctx *c) {
  const packing_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  const int64_t *n = c->in[1]->data;
  int64_t steps = c->in[1]->dim[0], batch = n[0], time = o->dim[a->batch_first ? 1 : 0], row = 0;
  int64_t inner = inner_of(x, 1), all = mote_tensor_numel(o), *lengths = c->out[1]->data;
  size_t bytes = (size_t)inner * mote_dtype_size(x->dtype);
  for (int64_t i = 0; i < all; i++)
    mote_store_f64(o->data, o->dtype, i, a->fill);
  memset(lengths, 0, (size_t)batch * sizeof *lengths);
  for (int64_t t = 0; t < steps; t++)
    for (int64_t b = 0; b < n[t]; b++, row++) {
      int64_t to = a->batch_first ? b * time + t : t * batch + b;
      memcpy((char *)o->data + (size_t)to * bytes, (const char *)x->data + (size_t)row * bytes, bytes);
      lengths[b]++;
    }
  return MOTE_OK;
}
static const mote_op pad_op = {"pad_packed",
                               MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 2,
                                          .attr_size = sizeof(packing_attr), .fields = packing_fields,
                                          .infer = pad_infer, .eval = pad_eval)};

// ------------------------------------------------------------------------------------------------ rows

static mote_status give_two(mote_lowering *l, const mote_op *op, const char *second, const packing_attr *a) {
  mote_vid in[2] = {l->args[0].ref, mote_low_cast(l, mote_low_tensor(l, second), MOTE_I64)}, out[2] = {-1, -1};
  if (l->st == MOTE_OK)
    l->st = l->emit(l, op, a, in, 2, out, 2);
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}
static mote_status lower_pack(mote_lowering *l) {
  packing_attr a;
  memset(&a, 0, sizeof a);
  a.batch_first = mote_lower_bool(l, "batch_first", false);
  return give_two(l, &pack_op, "lengths", &a);
}
static mote_status lower_pad(mote_lowering *l) {
  packing_attr a;
  memset(&a, 0, sizeof a);
  a.batch_first = mote_lower_bool(l, "batch_first", false);
  a.total = mote_lower_int(l, "total_length", 0);
  a.fill = mote_lower_float(l, "padding_value", 0);
  return give_two(l, &pad_op, "batch_sizes", &a);
}

static const mote_torch_row rows[] = {
    {"_pack_padded_sequence | eager", .lower = lower_pack},
    {"_pad_packed_sequence | eager", .lower = lower_pad},
    {NULL},
};
const mote_op_family mote_family_aten_packed = {"aten_packed", NULL, rows};
