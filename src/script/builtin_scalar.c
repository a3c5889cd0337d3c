// Builtin operators on numbers: arithmetic, comparison, bits, conversions. One function serves all overloads of a name:
// the kinds of the values decide, as the overload did. Integers wrap around. Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <math.h>
#include <string.h>

typedef struct pair {
  double re, im;
} pair;

static bool complex_of(mote_val v, pair *out) {
  if (v.tag == MOTE_TAG_COMPLEX) {
    *out = (pair){v.u.complex->re, v.u.complex->im};
    return true;
  }
  *out = (pair){mote_is_number(v) ? mote_num(v) : 0, 0};
  return mote_is_number(v);
}

static mote_status arith_complex(mote_vm *vm, char op, mote_val x, mote_val y, mote_val *out) {
  pair a, b;
  if (!complex_of(x, &a) || !complex_of(y, &b))
    return mote_vm_fail_type(vm, "a number", mote_is_number(x) || x.tag == MOTE_TAG_COMPLEX ? y : x);
  double d = b.re * b.re + b.im * b.im;
  switch (op) {
  case '+':
    return mote_complex_new(vm->al, a.re + b.re, a.im + b.im, out, vm->err);
  case '-':
    return mote_complex_new(vm->al, a.re - b.re, a.im - b.im, out, vm->err);
  case '*':
    return mote_complex_new(vm->al, a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re, out, vm->err);
  default:
    return mote_complex_new(vm->al, (a.re * b.re + a.im * b.im) / d, (a.im * b.re - a.re * b.im) / d, out, vm->err);
  }
}

static mote_status arith(mote_vm *vm, char op, const mote_val *a, mote_val *out) {
  if (!mote_is_number(a[0]) || !mote_is_number(a[1]))
    return arith_complex(vm, op, a[0], a[1], out);
  if (op != '/' && mote_is_int(a[0]) && mote_is_int(a[1])) {
    uint64_t x = (uint64_t)a[0].u.i, y = (uint64_t)a[1].u.i;
    *out = mote_val_int((int64_t)(op == '+' ? x + y : op == '-' ? x - y : x * y));
    return MOTE_OK;
  }
  double x = mote_num(a[0]), y = mote_num(a[1]);
  *out = mote_val_float(op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y);
  return MOTE_OK;
}

static mote_status b_add(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, arith(vm, '+', a, out);
}
static mote_status b_sub(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, arith(vm, '-', a, out);
}
static mote_status b_mul(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, arith(vm, '*', a, out);
}
static mote_status b_div(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, arith(vm, '/', a, out);
}

static int64_t floor_div(int64_t a, int64_t b) {
  if (b == -1)
    return (int64_t)(0 - (uint64_t)a);
  int64_t q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t floor_mod(int64_t a, int64_t b) {
  if (b == -1)
    return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static double float_mod(double a, double b) { return fmod(b + fmod(a, b), b); }

static mote_status floor_parts(mote_vm *vm, bool mod, const mote_val *a, mote_val *out) {
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_NUM(vm, a[1]);
  if (!mote_is_int(a[0]) || !mote_is_int(a[1])) {
    double x = mote_num(a[0]), y = mote_num(a[1]);
    *out = mote_val_float(mod ? float_mod(x, y) : floor(x / y));
    return MOTE_OK;
  }
  int64_t x = a[0].u.i, y = a[1].u.i;
  if (y == 0)
    return mote_vm_raise(vm, "RuntimeError", "division by 0");
  *out = mote_val_int(mod ? floor_mod(x, y) : floor_div(x, y));
  return MOTE_OK;
}
static mote_status b_floordiv(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, floor_parts(vm, false, a, out);
}
static mote_status b_remainder(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, floor_parts(vm, true, a, out);
}

static mote_status b_trunc_div(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  if (a[1].u.i == 0)
    return mote_vm_raise(vm, "RuntimeError", "division by 0");
  *out = mote_val_int(a[1].u.i == -1 ? (int64_t)(0 - (uint64_t)a[0].u.i) : a[0].u.i / a[1].u.i);
  return MOTE_OK;
}

static mote_status b_divmod(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_NUM(vm, a[1]);
  if (mote_num(a[1]) == 0)
    return mote_vm_raise(vm, "ZeroDivisionError", "integer division or modulo by zero");
  if (mote_is_int(a[0]) && mote_is_int(a[1])) {
    out[0] = mote_val_int(floor_div(a[0].u.i, a[1].u.i));
    out[1] = mote_val_int(floor_mod(a[0].u.i, a[1].u.i));
    return MOTE_OK;
  }
  double x = mote_num(a[0]), y = mote_num(a[1]), r = fmod(x, y);
  if (r != 0 && (r < 0) != (y < 0))
    r += y;
  out[0] = mote_val_float((x - r) / y);
  out[1] = mote_val_float(r);
  return MOTE_OK;
}

static mote_status b_neg(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  if (a[0].tag == MOTE_TAG_COMPLEX)
    return mote_complex_new(vm->al, -a[0].u.complex->re, -a[0].u.complex->im, out, vm->err);
  MOTE_WANT_NUM(vm, a[0]);
  *out = a[0].tag == MOTE_TAG_FLOAT ? mote_val_float(-a[0].u.f) : mote_val_int((int64_t)(0 - (uint64_t)a[0].u.i));
  return MOTE_OK;
}

static mote_status b_abs(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  if (a[0].tag == MOTE_TAG_COMPLEX) {
    *out = mote_val_float(hypot(a[0].u.complex->re, a[0].u.complex->im));
    return MOTE_OK;
  }
  MOTE_WANT_NUM(vm, a[0]);
  if (a[0].tag == MOTE_TAG_FLOAT)
    *out = mote_val_float(fabs(a[0].u.f));
  else
    *out = mote_val_int(a[0].u.i < 0 ? (int64_t)(0 - (uint64_t)a[0].u.i) : a[0].u.i);
  return MOTE_OK;
}

static mote_status b_pow(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_NUM(vm, a[1]);
  *out = mote_val_float(pow(mote_num(a[0]), mote_num(a[1])));
  return MOTE_OK;
}

static mote_status b_pow_int(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  uint64_t base = (uint64_t)a[0].u.i, r = 1;
  int64_t e = a[1].u.i;
  if (e < 0)
    r = base == 1 ? 1 : base == UINT64_MAX ? (e & 1 ? UINT64_MAX : 1) : 0;
  for (; e > 0; e >>= 1, base *= base)
    if (e & 1)
      r *= base;
  *out = mote_val_int((int64_t)r);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ comparison

static mote_status compare(mote_vm *vm, const mote_val *a, int *order) {
  if (a[0].tag == MOTE_TAG_STR && a[1].tag == MOTE_TAG_STR) {
    const mote_str *x = a[0].u.str, *y = a[1].u.str;
    int c = memcmp(x->at, y->at, MOTE_MIN(x->len, y->len));
    *order = c ? (c < 0 ? -1 : 1) : (x->len > y->len) - (x->len < y->len);
    return MOTE_OK;
  }
  MOTE_WANT_NUM(vm, a[0]);
  MOTE_WANT_NUM(vm, a[1]);
  if (mote_is_int(a[0]) && mote_is_int(a[1])) {
    *order = (a[0].u.i > a[1].u.i) - (a[0].u.i < a[1].u.i);
    return MOTE_OK;
  }
  double x = mote_num(a[0]), y = mote_num(a[1]);
  *order = isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
  return MOTE_OK;
}

// `orders`: those that make the comparison true, a bit each of less, equal, more.
static mote_status ordered(mote_vm *vm, const mote_val *a, unsigned orders, mote_val *out) {
  int c;
  MOTE_TRY(compare(vm, a, &c));
  *out = mote_val_bool(orders >> (c + 1) & 1);
  return MOTE_OK;
}

#define COMPARISON(name, orders)                                                                                       \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {                                       \
    return (void)n, ordered(vm, a, orders, out);                                                                       \
  }
COMPARISON(b_lt, 1)
COMPARISON(b_le, 1 | 2)
COMPARISON(b_gt, 4)
COMPARISON(b_ge, 2 | 4)

static mote_status b_eq(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  *out = mote_val_bool(mote_val_equal(a[0], a[1]));
  return MOTE_OK;
}
static mote_status b_ne(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  *out = mote_val_bool(!mote_val_equal(a[0], a[1]));
  return MOTE_OK;
}

static mote_status extreme(mote_vm *vm, const mote_val *a, int want, mote_val *out) {
  int c;
  bool mixed = (a[0].tag == MOTE_TAG_FLOAT) != (a[1].tag == MOTE_TAG_FLOAT);
  MOTE_TRY(compare(vm, a, &c));
  mote_val v = c == want ? a[0] : a[1];
  *out = mixed ? mote_val_float(mote_num(v)) : v;
  return MOTE_OK;
}
static mote_status b_max(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, extreme(vm, a, 1, out);
}
static mote_status b_min(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, extreme(vm, a, -1, out);
}

// ------------------------------------------------------------------------------------------------ bits

static int64_t shift_left(int64_t x, int64_t y) { return y < 0 || y > 63 ? 0 : (int64_t)((uint64_t)x << y); }
static int64_t shift_right(int64_t x, int64_t y) { return y < 0 || y > 63 ? (x < 0 ? -1 : 0) : x >> y; }

static mote_status bits(mote_vm *vm, char op, const mote_val *a, mote_val *out) {
  MOTE_WANT_INT(vm, a[0]);
  MOTE_WANT_INT(vm, a[1]);
  int64_t x = a[0].u.i, y = a[1].u.i;
  int64_t r = op == '&'   ? x & y
              : op == '|' ? x | y
              : op == '^' ? x ^ y
              : op == '<' ? shift_left(x, y)
                          : shift_right(x, y);
  bool both = a[0].tag == MOTE_TAG_BOOL && a[1].tag == MOTE_TAG_BOOL;
  *out = both ? mote_val_bool(r != 0) : mote_val_int(r);
  return MOTE_OK;
}

#define BITS(name, op)                                                                                                 \
  static mote_status name(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) { return (void)n, bits(vm, op, a, out); }
BITS(b_and, '&')
BITS(b_or, '|')
BITS(b_xor, '^')
BITS(b_lshift, '<')
BITS(b_rshift, '>')

static mote_status b_not(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  *out = mote_val_bool(a[0].u.i == 0);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ conversions

static mote_status float_to_int(mote_vm *vm, double f, mote_val *out) {
  if (!(f > -9223372036854775809.0 && f < 9223372036854775808.0))
    return mote_vm_raise(vm, "RuntimeError", "cannot convert float %g to integer", f);
  *out = mote_val_int((int64_t)f);
  return MOTE_OK;
}

static void trim(const mote_str *s, const char **from, size_t *len) {
  const char *at = s->at, *end = s->at + s->len;
  while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
    at++;
  while (end > at && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
    end--;
  *from = at;
  *len = (size_t)(end - at);
}

static mote_status b_int(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  if (a[0].tag == MOTE_TAG_FLOAT)
    return float_to_int(vm, a[0].u.f, out);
  if (a[0].tag == MOTE_TAG_STR) {
    const char *s;
    size_t len;
    int64_t i;
    trim(a[0].u.str, &s, &len);
    if (!mote_parse_i64(s, len, 10, &i))
      return mote_vm_raise(vm, "ValueError", "invalid literal for int(): '%s'", a[0].u.str->at);
    *out = mote_val_int(i);
    return MOTE_OK;
  }
  MOTE_WANT_INT(vm, a[0]);
  *out = mote_val_int(a[0].u.i);
  return MOTE_OK;
}

static mote_status b_float(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  if (a[0].tag == MOTE_TAG_STR) {
    const char *s;
    size_t len;
    double f;
    trim(a[0].u.str, &s, &len);
    if (!mote_parse_f64(s, len, &f))
      return mote_vm_raise(vm, "ValueError", "could not convert string to float: '%s'", a[0].u.str->at);
    *out = mote_val_float(f);
    return MOTE_OK;
  }
  MOTE_WANT_NUM(vm, a[0]);
  *out = mote_val_float(mote_num(a[0]));
  return MOTE_OK;
}

static mote_status b_bool(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_NUM(vm, a[0]);
  *out = mote_val_bool(mote_num(a[0]) != 0);
  return MOTE_OK;
}

static mote_status b_complex(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  pair re, im = {0, 0};
  if (!complex_of(a[0], &re) || (n > 1 && !complex_of(a[1], &im)))
    return mote_vm_fail_type(vm, "a number", a[0]);
  return mote_complex_new(vm->al, re.re, n > 1 ? im.re : re.im, out, vm->err);
}

static mote_status b_isnan(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  pair p;
  complex_of(a[0], &p);
  *out = mote_val_bool(isnan(p.re) || isnan(p.im));
  return MOTE_OK;
}
static mote_status b_isinf(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  pair p;
  complex_of(a[0], &p);
  *out = mote_val_bool(isinf(p.re) || isinf(p.im));
  return MOTE_OK;
}
static mote_status b_isfinite(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  pair p;
  complex_of(a[0], &p);
  *out = mote_val_bool(isfinite(p.re) && isfinite(p.im));
  return MOTE_OK;
}

static mote_status b_real(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)vm, (void)n;
  pair p;
  complex_of(a[0], &p);
  *out = mote_val_float(p.re);
  return MOTE_OK;
}

const mote_builtin mote_builtin_scalar[] = {
    {"add .int .float .complex .int_float .float_int .int_complex .complex_int .float_complex .complex_float .bool",
     b_add},
    {"sub.=", b_sub},
    {"mul.=", b_mul},
    {"div.=", b_div},
    {"floordiv.=", b_floordiv},
    {"remainder.=", b_remainder},
    {"divmod.=", b_divmod},
    {"lt.= .str", b_lt},
    {"le.= .str", b_le},
    {"gt.= .str", b_gt},
    {"ge.= .str", b_ge},
    {"eq.= .str .enum .device .int_list .float_list .bool_list .str_list", b_eq},
    {"ne.= .str .enum .device .int_list .float_list .bool_list .str_list", b_ne},
    {"__round_to_zero_floordiv.int", b_trunc_div},
    {"neg.int .float .complex .Scalar", b_neg},
    {"prim::abs.int .float .complex .Scalar", b_abs},
    {"pow.int .float .int_float .float_int .Scalar_Scalar", b_pow},
    {"pow.int_to_int", b_pow_int},
    {"prim::max.int .float .int_float .float_int prim::max", b_max},
    {"prim::min.int .float .int_float .float_int prim::min", b_min},
    {"__and__.int .bool", b_and},
    {"__or__.int .bool", b_or},
    {"__xor__.int .bool", b_xor},
    {"__lshift__.int", b_lshift},
    {"__rshift__.int", b_rshift},
    {"__not__", b_not},
    {"Int.int .bool .float .Scalar .str", b_int},
    {"Float.int .bool .Scalar .str .float", b_float},
    {"Bool.int .float", b_bool},
    {"Complex.Scalar .int_bool .bool_int .float_bool .bool_float .float_int .int_float .int_int "
     ".bool_bool .float_float",
     b_complex},
    {"isnan.float .complex", b_isnan},
    {"isinf.float .complex", b_isinf},
    {"isfinite.float .complex", b_isfinite},
    {"real.complex", b_real},
    {NULL, NULL},
};
