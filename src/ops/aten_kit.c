// Helpers of the rows of PyTorch's operators, see aten_kit.h. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_kit.h"

#include <stdarg.h>

#include "base/text.h"
#include "ops/concat.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/shape.h"
#include "ops/window.h"

mote_vid mote_low_tensor(mote_low *w, const char *name) {
  const mote_arg *a = mote_lower_arg(w, name);
  return a != NULL && a->kind == MOTE_ARG_TENSOR ? a->ref : -1;
}

const mote_tensor *mote_low_desc(mote_low *w, mote_vid v) {
  static const mote_tensor nothing = {0};
  const mote_tensor *t = w->st == MOTE_OK && v >= 0 ? w->desc(w, v) : NULL;
  return t != NULL ? t : &nothing;
}

mote_vid mote_low_fail(mote_low *w, mote_status s, const char *fmt, ...) {
  char text[256];
  va_list args;
  if (w->st != MOTE_OK)
    return -1;
  va_start(args, fmt);
  mote_vsnprint(text, sizeof text, fmt, args);
  va_end(args);
  w->st = mote_fail(w->err, s, "%s", text);
  return -1;
}

mote_vid mote_low_emit(mote_low *w, const mote_op *op, const void *attr, const mote_vid *in, int32_t n) {
  mote_vid out = -1;
  if (w->st == MOTE_OK)
    w->st = mote_lower_emit1(w, op, attr, in, n, &out);
  return w->st == MOTE_OK ? out : -1;
}

typedef union attr_space {
  char bytes[1024];
  int64_t align;
  double align_f;
} attr_space;

static mote_vid emit_default(mote_low *w, const mote_op *op, const mote_vid *in, int32_t n) {
  attr_space attr;
  memset(&attr, 0, sizeof attr);
  if (op->rules->attr_size > sizeof attr)
    return mote_low_fail(w, MOTE_ERR_INTERNAL, "attributes of %s", op->name);
  mote_attr_defaults(op, &attr);
  return mote_low_emit(w, op, &attr, in, n);
}
mote_vid mote_low_1(mote_low *w, const mote_op *op, mote_vid a) { return emit_default(w, op, &a, 1); }
mote_vid mote_low_2(mote_low *w, const mote_op *op, mote_vid a, mote_vid b) {
  mote_vid in[2] = {a, b};
  return emit_default(w, op, in, 2);
}
mote_vid mote_low_3(mote_low *w, const mote_op *op, mote_vid a, mote_vid b, mote_vid c) {
  mote_vid in[3] = {a, b, c};
  return emit_default(w, op, in, 3);
}

mote_vid mote_low_set(mote_low *w, const mote_op *op, const char *fixed, mote_vid a) {
  attr_space attr;
  memset(&attr, 0, sizeof attr);
  if (w->st != MOTE_OK || op->rules->attr_size > sizeof attr)
    return mote_low_fail(w, MOTE_ERR_INTERNAL, "attributes of %s", op->name);
  mote_attr_defaults(op, &attr);
  w->st = mote_attr_fixed(op, &attr, fixed, w->err);
  return mote_low_emit(w, op, &attr, &a, 1);
}

mote_vid mote_low_scalar(mote_low *w, const mote_scalar *v, mote_dtype dtype) {
  mote_vid out = -1;
  if (w->st == MOTE_OK)
    w->st = mote_lower_scalar(w, v, dtype, &out);
  return w->st == MOTE_OK ? out : -1;
}
mote_vid mote_low_num(mote_low *w, double v, mote_dtype dtype) {
  mote_scalar s = {.kind = 'f', .f = v};
  return mote_low_scalar(w, &s, dtype);
}

mote_vid mote_low_cast(mote_low *w, mote_vid v, mote_dtype dtype) {
  mote_cast_attr a = {(int32_t)dtype};
  if (v < 0 || mote_low_desc(w, v)->dtype == dtype)
    return v;
  return mote_low_emit(w, &mote_op_cast, &a, &v, 1);
}

mote_vid mote_low_reshape(mote_low *w, mote_vid v, int32_t rank, const int64_t *dim) {
  mote_reshape_attr a;
  memset(&a, 0, sizeof a);
  if (rank > MOTE_MAX_RANK)
    return mote_low_fail(w, MOTE_ERR_UNSUPPORTED, "rank %d, the most is %d", rank, MOTE_MAX_RANK);
  a.shape.count = rank;
  for (int32_t i = 0; i < rank; i++)
    a.shape.at[i] = dim[i];
  return mote_low_emit(w, &mote_op_reshape, &a, &v, 1);
}

mote_vid mote_low_unsqueeze(mote_low *w, mote_vid v, int64_t axis) {
  mote_axis_attr a = {axis};
  return mote_low_emit(w, &mote_op_expand_dims, &a, &v, 1);
}
mote_vid mote_low_squeeze(mote_low *w, mote_vid v, int64_t axis) {
  mote_reshape_attr a;
  memset(&a, 0, sizeof a);
  a.shape.count = 1;
  a.shape.at[0] = axis;
  return mote_low_emit(w, &mote_op_squeeze, &a, &v, 1);
}

mote_vid mote_low_permute(mote_low *w, mote_vid v, const int32_t *perm) {
  mote_permute_attr a;
  memset(&a, 0, sizeof a);
  a.perm.count = mote_low_desc(w, v)->rank;
  for (int32_t i = 0; i < a.perm.count; i++)
    a.perm.at[i] = perm[i];
  return mote_low_emit(w, &mote_op_permute, &a, &v, 1);
}
mote_vid mote_low_swap(mote_low *w, mote_vid v, int32_t a, int32_t b) {
  int32_t perm[MOTE_MAX_RANK];
  for (int32_t i = 0; i < MOTE_MAX_RANK; i++)
    perm[i] = i == a ? b : i == b ? a : i;
  return mote_low_permute(w, v, perm);
}

mote_vid mote_low_expand(mote_low *w, mote_vid v, int32_t rank, const int64_t *dim) {
  mote_reshape_attr a;
  memset(&a, 0, sizeof a);
  a.shape.count = rank;
  for (int32_t i = 0; i < rank; i++)
    a.shape.at[i] = dim[i];
  return mote_low_emit(w, &mote_op_broadcast_to, &a, &v, 1);
}

mote_vid mote_low_narrow(mote_low *w, mote_vid v, int32_t axis, int64_t from, int64_t len) {
  const mote_tensor *t = mote_low_desc(w, v);
  mote_window_attr a;
  mote_tensor dense = *t;
  memset(&a, 0, sizeof a);
  if (w->st == MOTE_OK && (axis < 0 || axis >= t->rank || from < 0 || len < 0 || from + len > t->dim[axis]))
    return mote_low_fail(w, MOTE_ERR_SHAPE, "start (%lld) + length (%lld) exceeds dimension size (%lld).",
                         (long long)from, (long long)len, (long long)(axis >= 0 && axis < t->rank ? t->dim[axis] : 0));
  mote_tensor_set_dense(&dense);
  a.size.count = a.stride.count = t->rank;
  for (int32_t i = 0; i < t->rank; i++) {
    a.size.at[i] = i == axis ? len : t->dim[i];
    a.stride.at[i] = dense.stride[i];
  }
  a.offset = t->rank > 0 ? from * dense.stride[axis] : 0;
  return mote_low_emit(w, &mote_op_as_strided, &a, &v, 1);
}

mote_vid mote_low_concat(mote_low *w, const mote_vid *v, int32_t n, int32_t axis) {
  mote_concat_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(&mote_op_concat, &a);
  a.axis = axis;
  return n == 1 ? v[0] : mote_low_emit(w, &mote_op_concat, &a, v, n);
}

mote_vid mote_low_reduce(mote_low *w, const mote_op *op, mote_vid v, const int64_t *axes, int32_t n, bool keep) {
  mote_reduce_attr a;
  memset(&a, 0, sizeof a);
  mote_attr_defaults(op, &a);
  a.keep_dims = keep;
  a.axes.count = n > 0 ? n : -1;
  for (int32_t i = 0; i < n; i++)
    a.axes.at[i] = axes[i];
  return mote_low_emit(w, op, &a, &v, 1);
}

void mote_low_give(mote_low *w, mote_vid v) {
  if (w->st == MOTE_OK && w->n_out < MOTE_LOWER_MAX_OUT)
    w->result[w->n_out++] = v;
}
mote_status mote_low_done(mote_low *w, mote_vid v) {
  mote_low_give(w, v);
  return w->st;
}

// ------------------------------------------------------------------------------------------------ arguments

int32_t mote_low_axis(mote_low *w, int64_t axis, int32_t rank) {
  int32_t at = 0, span = rank > 0 ? rank : 1;
  if (!mote_axis_normalise(axis, rank, &at))
    mote_low_fail(w, MOTE_ERR_SHAPE, "Dimension out of range (expected to be in range of [%d, %d], but got %lld)",
                  -span, span - 1, (long long)axis);
  return at;
}
int32_t mote_low_axis_arg(mote_low *w, const char *name, int64_t def, int32_t rank) {
  return mote_low_axis(w, mote_low_at(w, name, 1, 0, def), rank);
}

int64_t mote_low_at(const mote_lowering *l, const char *name, int32_t n, int32_t k, int64_t def) {
  const mote_arg *a = mote_lower_arg(l, name);
  if (a != NULL && a->kind == MOTE_ARG_SCALAR)
    return a->scalar.i;
  if (a == NULL || a->kind != MOTE_ARG_INTS || a->ints.count < 1)
    return def;
  return a->ints.at[a->ints.count == n ? k : 0];
}

bool mote_low_given(const mote_lowering *l, const char *name) {
  const mote_arg *a = mote_lower_arg(l, name);
  return a != NULL && a->kind != MOTE_ARG_NONE;
}
const char *mote_low_str(const mote_lowering *l, const char *name, const char *def) {
  const mote_arg *a = mote_lower_arg(l, name);
  return a != NULL && a->kind == MOTE_ARG_STR ? a->str : def;
}
mote_dtype mote_low_dtype(const mote_lowering *l, mote_dtype def) {
  const mote_arg *a = mote_lower_arg(l, "dtype");
  return a != NULL && a->kind == MOTE_ARG_SCALAR ? (mote_dtype)a->scalar.i : def;
}

// ------------------------------------------------------------------------------------------------ dtypes

static int category(mote_dtype d) {
  return d == MOTE_BOOL ? 0 : mote_dtype_is_complex(d) ? 3 : mote_dtype_is_float(d) ? 2 : 1;
}

static mote_dtype wider_int(mote_dtype a, mote_dtype b) {
  if ((a == MOTE_U8 && b == MOTE_I8) || (a == MOTE_I8 && b == MOTE_U8))
    return MOTE_I16;
  return mote_dtype_size(a) == mote_dtype_size(b)  ? (a == MOTE_U8 ? b : a)
         : mote_dtype_size(a) > mote_dtype_size(b) ? a
                                                   : b;
}

mote_dtype mote_aten_promote(mote_dtype a, mote_dtype b) {
  int ca = category(a), cb = category(b);
  if (a == b)
    return a;
  if (ca == 3 || cb == 3)
    return a == MOTE_F64 || a == MOTE_C128 || b == MOTE_F64 || b == MOTE_C128 ? MOTE_C128 : MOTE_C64;
  if (ca != cb)
    return ca > cb ? a : b;
  if (ca == 2)
    return a == MOTE_F64 || b == MOTE_F64 ? MOTE_F64 : MOTE_F32;
  return wider_int(a, b);
}

mote_dtype mote_aten_result(const mote_tensor *a, const mote_tensor *b) {
  int ca = category(a->dtype), cb = category(b->dtype);
  bool za = a->rank == 0, zb = b->rank == 0;
  if (za != zb && ca != 3 && cb != 3) {
    if (zb && ca >= cb)
      return a->dtype;
    if (za && cb >= ca)
      return b->dtype;
  }
  return mote_aten_promote(a->dtype, b->dtype);
}

const char *mote_aten_type_name(mote_dtype d) {
  switch (d) {
  case MOTE_U8:
    return "Byte";
  case MOTE_I8:
    return "Char";
  case MOTE_I16:
    return "Short";
  case MOTE_I32:
    return "Int";
  case MOTE_I64:
    return "Long";
  case MOTE_F16:
    return "Half";
  case MOTE_F32:
    return "Float";
  case MOTE_F64:
    return "Double";
  case MOTE_C64:
    return "ComplexFloat";
  case MOTE_C128:
    return "ComplexDouble";
  case MOTE_BOOL:
    return "Bool";
  case MOTE_BF16:
    return "BFloat16";
  case MOTE_QI8:
    return "QInt8";
  case MOTE_QU8:
    return "QUInt8";
  case MOTE_QI32:
    return "QInt32";
  default:
    return mote_dtype_name(d);
  }
}
