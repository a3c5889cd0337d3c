// PyTorch's operators that join, repeat, pad and rearrange elements. One operator moves elements by index (a gather
// whose source index is affine or mirrored); the rest is lowered to it and to shared ones.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_kit.h"
#include "ops/pad.h"
#include "ops/shape.h"

// ------------------------------------------------------------------------------------------------ moving by index

typedef enum move_kind {
  MOVE_PAD,    // a: pads before, one a dim (negative crops); `mode`
  MOVE_FLIP,   // a: 1 where reversed
  MOVE_REPEAT, // output index modulo input's
  MOVE_TRIU,   // a[0]: diagonal; 0 below
  MOVE_TRIL,
} move_kind;
enum { MODE_CONSTANT, MODE_REFLECT, MODE_REPLICATE, MODE_CIRCULAR };

typedef struct move_attr {
  int64_t kind, mode;
  mote_ints dim, a; // output dims; parameters
  mote_scalar value;
} move_attr;

static mote_status move_infer(mote_opctx *c) {
  const move_attr *a = c->attr;
  int64_t n = 1;
  if (mote_dtype_size(c->in[0]->dtype) == 0 || c->in[0]->dtype == MOTE_STRING || a->dim.count < 0 ||
      a->dim.count > MOTE_MAX_RANK)
    return mote_bad_dtype(c, 0);
  for (int32_t i = 0; i < a->dim.count; i++)
    if (a->dim.at[i] < 0 || !mote_mul_count(n, a->dim.at[i], &n))
      return mote_op_fail(c, MOTE_ERR_SHAPE, "The input size, plus padding, resulted in a negative output size");
  mote_out(c, 0, c->in[0]->dtype, a->dim.count, a->dim.at);
  if (c->out[0]->quant.count == 0)
    c->out[0]->quant = c->in[0]->quant;
  return MOTE_OK;
}

// Source index along a dim; -1: the fill value.
static int64_t source_index(const move_attr *a, int32_t d, int64_t at, int64_t n) {
  int64_t p = a->a.at[d];
  switch (a->kind) {
  case MOVE_FLIP:
    return p ? n - 1 - at : at;
  case MOVE_REPEAT:
    return at % n;
  default:
    break;
  }
  int64_t i = at - p;
  if (i >= 0 && i < n)
    return i;
  if (a->mode == MODE_REPLICATE)
    return i < 0 ? 0 : n - 1;
  if (a->mode == MODE_CIRCULAR) { // round what negative padding leaves, from..n
    int64_t from = MOTE_MAX(-p, 0), span = MOTE_MIN(n, a->dim.at[d] - p) - from;
    return span > 0 ? from + ((i - from) % span + span) % span : -1;
  }
  if (a->mode == MODE_REFLECT)
    return i < 0 ? -i : 2 * (n - 1) - i;
  return -1;
}

static void fill_value(const mote_scalar *v, mote_dtype d, char out[16]) {
  mote_dtype part = d == MOTE_C64 ? MOTE_F32 : d == MOTE_C128 ? MOTE_F64 : d;
  memset(out, 0, 16);
  if (v->kind == 'i' || v->kind == 'b')
    mote_store_i64(out, part, 0, v->i);
  else if (v->kind != 0)
    mote_store_f64(out, part, 0, v->f);
  if (part != d)
    mote_store_f64(out, part, 1, v->im);
}

// Elements from place `at` of the last dim on whose sources are neighbours too, or that are filled alike.
static int64_t run_length(const move_attr *a, int64_t at, int64_t from, int64_t in, int64_t out) {
  int64_t p = a->a.at[a->dim.count - 1];
  if (a->kind == MOVE_TRIU || a->kind == MOVE_TRIL || from < 0 || (a->kind == MOVE_FLIP && p != 0))
    return 1;
  int64_t i = a->kind == MOVE_REPEAT ? at % in : a->kind == MOVE_FLIP ? at : at - p;
  return i >= 0 && i < in ? MOTE_MIN(in - i, out - at) : 1;
}

static mote_status move_eval(mote_opctx *c) {
  const move_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int32_t rank = o->rank, lead = rank - x->rank;
  size_t size = mote_dtype_size(x->dtype);
  int64_t total = mote_tensor_numel(o), at[MOTE_MAX_RANK] = {0}, run = 1;
  char fill[16];
  fill_value(&a->value, x->dtype, fill);
  for (int64_t k = 0; k < total; k += run) {
    int64_t from = 0;
    if (a->kind == MOVE_TRIU || a->kind == MOVE_TRIL) {
      int64_t off = at[rank - 1] - at[rank - 2] - a->a.at[0];
      from = (a->kind == MOVE_TRIU ? off >= 0 : off <= 0) ? k : -1;
    } else {
      for (int32_t d = lead; d < rank && from >= 0; d++) {
        int64_t i = source_index(a, d, at[d], x->dim[d - lead]);
        from = i < 0 || i >= x->dim[d - lead] ? -1 : from * x->dim[d - lead] + i;
      }
    }
    if (x->rank > 0)
      run = run_length(a, at[rank - 1], from, x->dim[x->rank - 1], o->dim[rank - 1]);
    memcpy((char *)o->data + (size_t)k * size, from < 0 ? fill : (const char *)x->data + (size_t)from * size,
           (size_t)run * size);
    for (int32_t d = rank - 1; d >= 0 && (at[d] += d == rank - 1 ? run : 1) == o->dim[d]; d--)
      at[d] = 0;
  }
  return MOTE_OK;
}
static const mote_attr_field move_fields[] = {
    MOTE_ATTR(move_attr, kind, MOTE_ATTR_INT, 0), MOTE_ATTR(move_attr, mode, MOTE_ATTR_INT, 0),
    MOTE_ATTR(move_attr, dim, MOTE_ATTR_INTS, -1), MOTE_ATTR(move_attr, a, MOTE_ATTR_INTS, -1),
    MOTE_ATTR(move_attr, value, MOTE_ATTR_SCALAR, 0)};
static const mote_op move_op = {"aten_move",
                                MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(move_attr),
                                           MOTE_FIELDS(move_fields), .infer = move_infer, .eval = move_eval)};

static move_attr move_like(const mote_tensor *t, int64_t kind) {
  move_attr a;
  memset(&a, 0, sizeof a);
  a.kind = kind;
  a.dim.count = a.a.count = t->rank;
  memcpy(a.dim.at, t->dim, (size_t)t->rank * sizeof(int64_t));
  return a;
}
static mote_vid move(mote_low *w, const move_attr *a, mote_vid x) { return mote_low_emit(w, &move_op, a, &x, 1); }

// ------------------------------------------------------------------------------------------------ padding

// Zeros (zero points of codes) around, which a convolution behind can take up: the pad operator. -1 when it is not
// that.
static mote_vid zero_pad(mote_low *w, mote_vid x, const move_attr *a, const mote_scalar *value) {
  const mote_tensor *t = mote_low_desc(w, x);
  int64_t amounts[2 * MOTE_MAX_RANK];
  if (a->mode != MODE_CONSTANT || (value != NULL && (value->f != 0 || value->i != 0)) || t->rank == 0)
    return -1;
  for (int32_t d = 0; d < t->rank; d++) {
    amounts[2 * d] = a->a.at[d];
    amounts[2 * d + 1] = a->dim.at[d] - t->dim[d] - a->a.at[d];
    if (amounts[2 * d] < 0 || amounts[2 * d + 1] < 0)
      return -1;
  }
  mote_tensor pads;
  int64_t dim[2] = {t->rank, 2};
  mote_tensor_init(&pads, MOTE_I64, 2, dim);
  pads.data = amounts;
  mote_vid in[2] = {x, -1};
  w->st = w->constant(w, &pads, &in[1]);
  return w->st == MOTE_OK ? mote_low_emit(w, &mote_op_pad, NULL, in, 2) : -1;
}

static mote_vid pad(mote_low *w, mote_vid x, const mote_arg *pads, int64_t mode, const mote_scalar *value) {
  const mote_tensor *t = mote_low_desc(w, x);
  move_attr a = move_like(t, MOVE_PAD);
  int32_t n = pads != NULL && pads->kind == MOTE_ARG_INTS ? pads->count : 0;
  bool single = mode != MODE_CONSTANT && t->rank == n / 2 + 1;
  if (n % 2 != 0 || n / 2 > t->rank)
    return mote_low_fail(w, MOTE_ERR_SHAPE,
                         "Length of pad should be no more than twice the number of dimensions of the input. Pad length "
                         "is %d while the input has %d dimensions.",
                         n, t->rank);
  if (mode != MODE_CONSTANT && !single && t->rank != n / 2 + 2)
    return mote_low_fail(w, MOTE_ERR_UNSUPPORTED,
                         "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now");
  a.mode = mode;
  if (value != NULL)
    a.value = *value;
  for (int32_t i = 0; i < n / 2; i++) {
    int32_t d = t->rank - 1 - i;
    int64_t before = pads->ints.at[2 * i], after = pads->ints.at[2 * i + 1], size = t->dim[d];
    if (mode == MODE_REFLECT && (before >= size || after >= size))
      return mote_low_fail(w, MOTE_ERR_SHAPE,
                           "Padding size should be less than the corresponding input dimension, but got: padding "
                           "(%lld, %lld) at dimension %d of input of size %lld",
                           (long long)before, (long long)after, d, (long long)size);
    if (mode == MODE_CIRCULAR && (before > size || after > size))
      return mote_low_fail(w, MOTE_ERR_SHAPE, "Padding value causes wrapping around more than once.");
    a.a.at[d] = before;
    if (before > INT32_MAX || after > INT32_MAX || before < INT32_MIN || after < INT32_MIN || size + before + after < 0)
      return mote_low_fail(w, MOTE_ERR_SHAPE,
                           "The input size %lld, plus negative padding %lld and %lld, resulted in a negative output "
                           "size, which is invalid. Check dimension %d of your input.",
                           (long long)size, (long long)before, (long long)after, d);
    a.dim.at[d] = size + before + after;
    if (a.dim.at[d] > 0 && size == 0 && mode != MODE_CONSTANT)
      return mote_low_fail(w, MOTE_ERR_SHAPE, "Expected a non-empty dimension %d for padding", d);
  }
  mote_vid zeros = zero_pad(w, x, &a, value);
  if (zeros >= 0 || w->st != MOTE_OK)
    return zeros;
  if (mote_dtype_is_quantized(t->dtype) && mode == MODE_CONSTANT) { // the fill is a code
    int32_t lo, hi;
    mote_code_range(t->dtype, &lo, &hi);
    int32_t code = mote_quantise(value != NULL ? value->f : 0, t->quant.scale, t->quant.zero_point, lo, hi);
    a.value = (mote_scalar){.kind = 'i', .i = code, .f = code};
  }
  return move(w, &a, x);
}
static const mote_scalar *value_of(const mote_lowering *l) {
  const mote_arg *a = mote_lower_arg(l, "value");
  return a != NULL && a->kind == MOTE_ARG_SCALAR ? &a->scalar : NULL;
}
static mote_status lower_pad(mote_lowering *l) {
  static const char *const names[] = {"constant", "reflect", "replicate", "circular"};
  const char *name = mote_low_str(l, "mode", "constant");
  int64_t mode = 0;
  while (mode < 4 && strcmp(names[mode], name) != 0)
    mode++;
  if (mode == 4)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "Unrecognised padding mode %s", name);
  if (mode != MODE_CONSTANT && value_of(l) != NULL && value_of(l)->f != 0)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "Padding mode \"%s\" doesn't take in value argument", name);
  return mote_low_done(l, pad(l, l->args[0].ref, mote_lower_arg(l, "pad"), mode, value_of(l)));
}
static mote_status lower_constant_pad(mote_lowering *l) {
  return mote_low_done(l, pad(l, l->args[0].ref, mote_lower_arg(l, "pad"), MODE_CONSTANT, value_of(l)));
}
static mote_status lower_reflect(mote_lowering *l) {
  return mote_low_done(l, pad(l, l->args[0].ref, mote_lower_arg(l, "padding"), MODE_REFLECT, NULL));
}
static mote_status lower_replicate(mote_lowering *l) {
  return mote_low_done(l, pad(l, l->args[0].ref, mote_lower_arg(l, "padding"), MODE_REPLICATE, NULL));
}

// ------------------------------------------------------------------------------------------------ repeating, turning

static mote_status lower_repeat(mote_lowering *l) {
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  const mote_arg *r = &l->args[1];
  bool tile = mote_lower_arg(l, "dims") != NULL;
  int32_t given = r->kind == MOTE_ARG_INTS ? r->count : 0, n = MOTE_MAX(given, tile ? t->rank : 0);
  move_attr a = move_like(t, MOVE_REPEAT);
  if (n < t->rank || n > MOTE_MAX_RANK)
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
  a.dim.count = a.a.count = n;
  for (int32_t i = 0; i < n; i++) {
    int64_t times = i < n - given ? 1 : r->ints.at[i - (n - given)],
            size = i < n - t->rank ? 1 : t->dim[i - (n - t->rank)];
    if (times < 0 || !mote_mul_count(times, size, &a.dim.at[i]))
      return mote_fail(l->err, MOTE_ERR_SHAPE, "Trying to create tensor with negative dimension %lld",
                       (long long)times);
  }
  return mote_low_done(l, move(l, &a, l->args[0].ref));
}

static mote_status lower_flip(mote_lowering *l) {
  const mote_ints *axes = &l->args[1].ints;
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  move_attr a = move_like(t, MOVE_FLIP);
  for (int32_t i = 0; i < axes->count; i++) {
    int32_t d = mote_low_axis(l, axes->at[i], t->rank);
    if (a.a.at[d] != 0)
      mote_low_fail(l, MOTE_ERR_ARGUMENT, "dim %d appears multiple times in the list of dims", d);
    a.a.at[d] = 1;
  }
  return mote_low_done(l, move(l, &a, l->args[0].ref));
}

static mote_status triangle(mote_lowering *l, int64_t kind) {
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  if (t->rank < 2)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "%s: input tensor must have at least 2 dimensions",
                     kind == MOVE_TRIU ? "triu" : "tril");
  move_attr a = move_like(t, kind);
  a.a.at[0] = mote_lower_int(l, "diagonal", 0);
  return mote_low_done(l, move(l, &a, l->args[0].ref));
}
static mote_status lower_triu(mote_lowering *l) { return triangle(l, MOVE_TRIU); }
static mote_status lower_tril(mote_lowering *l) { return triangle(l, MOVE_TRIL); }

// ------------------------------------------------------------------------------------------------ joining

static mote_dtype common_type(mote_low *w, const mote_arg *list) {
  mote_tensor all = *mote_low_desc(w, list->refs[0]);
  for (int32_t i = 1; i < list->count; i++) {
    const mote_tensor *t = mote_low_desc(w, list->refs[i]);
    all.dtype = mote_aten_result(&all, t);
    all.rank = MOTE_MAX(all.rank, t->rank);
  }
  return all.dtype;
}

static bool is_nothing(const mote_tensor *t) { return t->rank == 1 && t->dim[0] == 0; } // joins with any rank

// Many tensors are joined in rounds of a bounded number of operands.
static mote_vid join(mote_low *w, mote_vid *v, int32_t n, int32_t axis) {
  enum { MOST = 48 };
  while (n > MOST) {
    int32_t out = 0;
    for (int32_t i = 0; i < n; i += MOST)
      v[out++] = mote_low_concat(w, v + i, MOTE_MIN(MOST, n - i), axis);
    n = out;
  }
  return n == 1 ? mote_low_1(w, &mote_op_identity, v[0]) : mote_low_concat(w, v, n, axis);
}

enum { LIST_MAX = 2048 };
static mote_status list_of(mote_lowering *l, const char *what) {
  const mote_arg *list = &l->args[0];
  if (list->kind != MOTE_ARG_TENSORS || list->count == 0)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT, "%s(): expected a non-empty list of Tensors", what);
  return list->count <= LIST_MAX ? MOTE_OK
                                 : mote_fail(l->err, MOTE_ERR_LIMIT, "more than %d tensors to join", LIST_MAX);
}

static mote_vid cat(mote_low *w, const mote_vid *refs, int32_t count, int64_t dim, mote_dtype d) {
  mote_vid v[LIST_MAX];
  const mote_tensor *first = NULL;
  int32_t n = 0;
  for (int32_t i = 0; i < count; i++) {
    const mote_tensor *t = mote_low_desc(w, refs[i]);
    if (t->rank == 0)
      return mote_low_fail(w, MOTE_ERR_SHAPE, "zero-dimensional tensor (at position %d) cannot be concatenated", i);
    if (is_nothing(t))
      continue;
    first = first == NULL ? t : first;
    if (t->rank != first->rank)
      return mote_low_fail(w, MOTE_ERR_SHAPE, "Tensors must have same number of dimensions: got %d and %d", first->rank,
                           t->rank);
    v[n++] = refs[i];
  }
  if (n == 0)
    return mote_low_cast(w, mote_low_1(w, &mote_op_identity, refs[0]), d);
  int32_t axis = mote_low_axis(w, dim, first->rank);
  for (int32_t i = 1; i < n; i++)
    for (int32_t k = 0; k < first->rank; k++)
      if (k != axis && mote_low_desc(w, v[i])->dim[k] != first->dim[k])
        return mote_low_fail(w, MOTE_ERR_SHAPE,
                             "Sizes of tensors must match except in dimension %d. Expected size %lld but got size %lld "
                             "for tensor number %d in the list.",
                             axis, (long long)first->dim[k], (long long)mote_low_desc(w, v[i])->dim[k], i);
  for (int32_t i = 0; i < n; i++)
    v[i] = mote_low_cast(w, v[i], d);
  return join(w, v, n, axis);
}

static mote_status lower_cat(mote_lowering *l) {
  MOTE_TRY(list_of(l, "torch.cat"));
  return mote_low_done(
      l, cat(l, l->args[0].refs, l->args[0].count, mote_lower_int(l, "dim", 0), common_type(l, &l->args[0])));
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("pad", lower_pad),
    MOTE_TORCH_LOWER("constant_pad_nd", lower_constant_pad),
    MOTE_TORCH_LOWER("reflection_pad1d reflection_pad2d reflection_pad3d", lower_reflect),
    MOTE_TORCH_LOWER("replication_pad1d replication_pad2d replication_pad3d", lower_replicate),
    MOTE_TORCH_LOWER("repeat tile", lower_repeat),
    MOTE_TORCH_LOWER("flip", lower_flip),
    MOTE_TORCH_LOWER("triu", lower_triu),
    MOTE_TORCH_LOWER("tril", lower_tril),
    MOTE_TORCH_LOWER("cat concat concatenate _cat", lower_cat),
    MOTE_TORCH_OP("lift lift_fresh | 0", mote_op_identity),
};
const mote_op_family mote_family_aten_shape = {MOTE_ROWS(torch, rows)};
