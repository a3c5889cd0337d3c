// Type promotion of PyTorch and its numbers for dtypes. Tests: tests/script/test_vm.c
#include "script/script_tensor.h"

// ORDER: PyTorch's ScalarType.
static const mote_dtype torch_dtypes[] = {MOTE_U8,  MOTE_I8,  MOTE_I16,  MOTE_I32, MOTE_I64,  MOTE_F16,
                                          MOTE_F32, MOTE_F64, MOTE_NONE, MOTE_C64, MOTE_C128, MOTE_BOOL,
                                          MOTE_QI8, MOTE_QU8, MOTE_QI32, MOTE_BF16};
static const char *const torch_names[] = {"Byte",  "Char",   "Short",       "Int",          "Long",          "Half",
                                          "Float", "Double", "ComplexHalf", "ComplexFloat", "ComplexDouble", "Bool",
                                          "QInt8", "QUInt8", "QInt32",      "BFloat16"};
enum { TORCH_U16 = 27, TORCH_U32 = 28, TORCH_U64 = 29 };

mote_dtype mote_dtype_of_torch(int64_t t) {
  if (t >= TORCH_U16 && t <= TORCH_U64)
    return t == TORCH_U16 ? MOTE_U16 : t == TORCH_U32 ? MOTE_U32 : MOTE_U64;
  return t >= 0 && t < (int64_t)MOTE_COUNT(torch_dtypes) ? torch_dtypes[t] : MOTE_NONE;
}

int64_t mote_dtype_to_torch(mote_dtype dtype) {
  for (size_t i = 0; i < MOTE_COUNT(torch_dtypes); i++)
    if (torch_dtypes[i] == dtype)
      return (int64_t)i;
  return dtype == MOTE_U16 ? TORCH_U16 : dtype == MOTE_U32 ? TORCH_U32 : dtype == MOTE_U64 ? TORCH_U64 : -1;
}

const char *mote_torch_dtype_name(mote_dtype dtype) {
  int64_t t = mote_dtype_to_torch(dtype);
  return t >= 0 && t < (int64_t)MOTE_COUNT(torch_names) ? torch_names[t] : mote_dtype_name(dtype);
}

// 0 bool, 1 integer, 2 float, 3 complex
static int category(mote_dtype d) {
  if (mote_dtype_is_complex(d))
    return 3;
  if (mote_dtype_is_float(d))
    return 2;
  return d == MOTE_BOOL ? 0 : 1;
}

static mote_dtype promote_ints(mote_dtype a, mote_dtype b) {
  static const mote_dtype order[] = {MOTE_I8, MOTE_I16, MOTE_I32, MOTE_I64};
  if (a == MOTE_U8 || b == MOTE_U8) {
    mote_dtype other = a == MOTE_U8 ? b : a;
    return other == MOTE_I8 ? MOTE_I16 : other;
  }
  int ia = 3, ib = 3;
  for (int i = 0; i < 4; i++) {
    ia = order[i] == a ? i : ia;
    ib = order[i] == b ? i : ib;
  }
  return order[ia > ib ? ia : ib];
}

static mote_dtype to_complex(mote_dtype d) { return d == MOTE_F64 || d == MOTE_C128 ? MOTE_C128 : MOTE_C64; }

mote_dtype mote_promote_types(mote_dtype a, mote_dtype b) {
  if (a == b || b == MOTE_NONE)
    return a;
  if (a == MOTE_NONE)
    return b;
  int ca = category(a), cb = category(b);
  if (ca == 3 || cb == 3)
    return (ca >= 2 && to_complex(a) == MOTE_C128) || (cb >= 2 && to_complex(b) == MOTE_C128) ? MOTE_C128 : MOTE_C64;
  if (ca != cb)
    return ca > cb ? a : b;
  if (ca == 2) {
    if (a == MOTE_F64 || b == MOTE_F64)
      return MOTE_F64;
    return MOTE_F32; // f32 with a half, or the two halves
  }
  return promote_ints(a, b);
}

mote_dtype mote_number_dtype(mote_val v) {
  switch (v.tag) {
  case MOTE_TAG_BOOL:
    return MOTE_BOOL;
  case MOTE_TAG_INT:
    return MOTE_I64;
  case MOTE_TAG_FLOAT:
    return MOTE_F32; // the default dtype
  case MOTE_TAG_COMPLEX:
    return MOTE_C64;
  default:
    return MOTE_NONE;
  }
}

void mote_promotion_add(mote_promotion *p, mote_val v) {
  if (v.tag != MOTE_TAG_TENSOR) {
    p->number = mote_promote_types(p->number, mote_number_dtype(v));
    return;
  }
  const mote_handle *h = v.u.tensor;
  mote_dtype dtype = h->t.dtype;
  if (h->is_number && dtype == MOTE_F64)
    dtype = MOTE_F32;
  mote_dtype *slot = h->t.rank > 0 ? &p->dims : h->is_number ? &p->number : &p->zero;
  *slot = mote_promote_types(*slot, dtype);
}

// The lower rank's type counts only when it is of a higher category.
static mote_dtype combine(mote_dtype higher, mote_dtype lower) {
  if (higher == MOTE_NONE || lower == MOTE_NONE)
    return higher == MOTE_NONE ? lower : higher;
  int h = category(higher), l = category(lower);
  if (h == 3)
    return higher;
  if (h == 2)
    return l == 3 ? to_complex(higher) : higher;
  if (h == 0 || l >= 2)
    return mote_promote_types(higher, lower);
  return higher;
}

mote_dtype mote_promotion_result(const mote_promotion *p) { return combine(p->dims, combine(p->zero, p->number)); }

bool mote_dtype_can_cast(mote_dtype from, mote_dtype to) {
  if (category(from) == 3 && category(to) != 3)
    return false;
  if (category(from) == 2 && category(to) < 2)
    return false;
  return category(from) == 0 || category(to) != 0;
}
