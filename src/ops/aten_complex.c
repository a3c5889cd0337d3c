// Functions of complex numbers, and of their parts. Complex arithmetic is in binary.c.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_complex.h"

#include "ops/binary.h"
#include "ops/shape.h"

typedef struct cx {
  double re, im;
} cx;

static cx cx_of(double re, double im) {
  cx z = {re, im};
  return z;
}
static cx cx_mul(cx a, cx b) { return cx_of(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re); }
static cx cx_add(cx a, cx b) { return cx_of(a.re + b.re, a.im + b.im); }
static cx cx_sub(cx a, cx b) { return cx_of(a.re - b.re, a.im - b.im); }
static cx cx_div(cx a, cx b) {
  double d = b.re * b.re + b.im * b.im;
  return cx_of((a.re * b.re + a.im * b.im) / d, (a.im * b.re - a.re * b.im) / d);
}
static cx cx_exp(cx z) {
  double e = exp(z.re);
  return cx_of(e * cos(z.im), z.im == 0 ? z.im : e * sin(z.im));
}
static cx cx_log(cx z) { return cx_of(log(hypot(z.re, z.im)), atan2(z.im, z.re)); }
static cx cx_sqrt(cx z) {
  double r = hypot(z.re, z.im), a = sqrt((r + fabs(z.re)) / 2);
  if (r == 0)
    return cx_of(0, z.im);
  double b = fabs(z.im) / (2 * a);
  return z.re >= 0 ? cx_of(a, copysign(b, z.im)) : cx_of(b, copysign(a, z.im));
}
static cx cx_sinh(cx z) { return cx_of(sinh(z.re) * cos(z.im), cosh(z.re) * sin(z.im)); }
static cx cx_cosh(cx z) { return cx_of(cosh(z.re) * cos(z.im), sinh(z.re) * sin(z.im)); }
// Bounded for large real parts, where sinh and cosh overflow.
static cx cx_tanh(cx z) {
  if (fabs(z.re) > 20)
    return cx_of(z.re > 0 ? 1 : -1, 4 * sin(z.im) * cos(z.im) * exp(-2 * fabs(z.re)));
  return cx_div(cx_sinh(z), cx_cosh(z));
}
static cx turn(cx z) { return cx_of(-z.im, z.re); }   // i z
static cx unturn(cx z) { return cx_of(z.im, -z.re); } // -i z
static cx cx_asinh(cx z) {
  bool flip = z.re < 0 || (z.re == 0 && signbit(z.re)); // the other half plane cancels
  cx w = flip ? cx_of(-z.re, -z.im) : z;
  w = cx_log(cx_add(w, cx_sqrt(cx_add(cx_mul(w, w), cx_of(1, 0)))));
  return flip ? cx_of(-w.re, -w.im) : w;
}
static cx cx_asin(cx z) { return unturn(cx_asinh(turn(z))); }
static cx cx_acos(cx z) { return cx_sub(cx_of(1.5707963267948966, 0), cx_asin(z)); } // pi/2
static cx cx_acosh(cx z) {
  cx s = cx_mul(cx_sqrt(cx_add(z, cx_of(1, 0))), cx_sqrt(cx_sub(z, cx_of(1, 0))));
  return cx_log(cx_add(z, s));
}
static cx cx_atanh(cx z) {
  cx a = cx_log(cx_add(cx_of(1, 0), z)), b = cx_log(cx_sub(cx_of(1, 0), z));
  return cx_of((a.re - b.re) / 2, (a.im - b.im) / 2);
}

void mote_complex_pow(double *re, double *im, double yr, double yi) {
  cx z = {*re, *im}, r;
  if (yr == 0 && yi == 0)
    r = cx_of(1, 0);
  else if (z.re == 0 && z.im == 0)
    r = cx_of(0, 0);
  else
    r = cx_exp(cx_mul(cx_of(yr, yi), cx_log(z)));
  *re = r.re;
  *im = r.im;
}

// name, function of z; those with real results come last
#define FUNCTIONS(X)                                                                                                   \
  X(exp, cx_exp(z))                                                                                                    \
  X(log, cx_log(z))                                                                                                    \
  X(sqrt, cx_sqrt(z))                                                                                                  \
  X(rsqrt, cx_div(cx_of(1, 0), cx_sqrt(z)))                                                                            \
  X(sin, unturn(cx_sinh(turn(z))))                                                                                     \
  X(cos, cx_cosh(turn(z)))                                                                                             \
  X(tan, unturn(cx_tanh(turn(z))))                                                                                     \
  X(sinh, cx_sinh(z))                                                                                                  \
  X(cosh, cx_cosh(z))                                                                                                  \
  X(tanh, cx_tanh(z))                                                                                                  \
  X(asin, cx_asin(z))                                                                                                  \
  X(acos, cx_acos(z))                                                                                                  \
  X(atan, unturn(cx_atanh(turn(z))))                                                                                   \
  X(asinh, cx_asinh(z))                                                                                                \
  X(acosh, cx_acosh(z))                                                                                                \
  X(atanh, cx_atanh(z))                                                                                                \
  X(sigmoid, cx_div(cx_of(1, 0), cx_add(cx_of(1, 0), cx_exp(cx_of(-z.re, -z.im)))))                                    \
  X(silu, cx_div(z, cx_add(cx_of(1, 0), cx_exp(cx_of(-z.re, -z.im)))))                                                 \
  X(log2, cx_mul(cx_log(z), cx_of(1.4426950408889634, 0)))                                                             \
  X(log10, cx_mul(cx_log(z), cx_of(0.4342944819032518, 0)))                                                            \
  X(log1p, cx_log(cx_add(cx_of(1, 0), z)))                                                                             \
  X(expm1, cx_of(expm1(z.re) * cos(z.im) - 2 * sin(z.im / 2) * sin(z.im / 2), exp(z.re) * sin(z.im)))                  \
  X(exp2, cx_exp(cx_mul(z, cx_of(0.6931471805599453, 0))))                                                             \
  X(sinc, z.re == 0 && z.im == 0 ? cx_of(1, 0)                                                                         \
                                 : cx_div(unturn(cx_sinh(turn(cx_mul(z, cx_of(3.141592653589793, 0))))),               \
                                          cx_mul(z, cx_of(3.141592653589793, 0))))                                     \
  X(sign, z.re == 0 && z.im == 0 ? z : cx_of(z.re / hypot(z.re, z.im), z.im / hypot(z.re, z.im)))                      \
  X(conj, cx_of(z.re, -z.im))                                                                                          \
  X(abs, cx_of(hypot(z.re, z.im), 0))                                                                                  \
  X(angle, cx_of(atan2(z.im, z.re), 0))                                                                                \
  X(real, cx_of(z.re, 0))                                                                                              \
  X(imag, cx_of(z.im, 0))                                                                                              \
  X(isnan, cx_of(z.re != z.re || z.im != z.im, 0))                                                                     \
  X(isinf, cx_of(isinf(z.re) || isinf(z.im), 0))                                                                       \
  X(isfinite, cx_of(isfinite(z.re) && isfinite(z.im), 0))                                                              \
  X(isreal, cx_of(z.im == 0, 0))

#define X(name, value) FN_##name,
enum { FUNCTIONS(X) FN_COUNT };
#undef X
#define X(name, value)                                                                                                 \
  static cx fn_##name(cx z) { return value; }
FUNCTIONS(X)
#undef X
#define X(name, value) {#name, fn_##name},
static const struct {
  const char *name;
  cx (*fn)(cx);
} functions[] = {FUNCTIONS(X)};
#undef X

typedef struct complex_attr {
  int64_t fn;
} complex_attr;

static mote_dtype part_of(mote_dtype d) { return d == MOTE_C64 ? MOTE_F32 : MOTE_F64; }

static mote_status complex_infer(mote_opctx *c) {
  const complex_attr *a = c->attr;
  mote_dtype d = c->in[0]->dtype;
  if (!mote_dtype_is_complex(d) || a->fn < 0 || a->fn >= FN_COUNT)
    return mote_bad_dtype(c, 0);
  mote_out(c, 0, a->fn >= FN_isnan ? MOTE_BOOL : a->fn >= FN_abs ? part_of(d) : d, c->in[0]->rank, c->in[0]->dim);
  return MOTE_OK;
}

static void complex_row(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  int64_t fn = ((const complex_attr *)state)->fn;
  mote_dtype part = part_of(c->in[0]->dtype), out = c->out[0]->dtype;
  for (int64_t i = 0; i < n; i++) {
    const char *x = p[1] + i * s[1];
    cx r = functions[fn].fn(cx_of(mote_load_f64(x, part, 0), mote_load_f64(x, part, 1)));
    if (fn < FN_abs) {
      mote_store_f64(p[0] + i * s[0], part, 0, r.re);
      mote_store_f64(p[0] + i * s[0], part, 1, r.im);
    } else {
      mote_store_f64(p[0] + i * s[0], out, 0, r.re);
    }
  }
}
static mote_status complex_eval(mote_opctx *c) {
  mote_walk_plan plan = {complex_row, 1, "complex", NULL};
  return mote_walk_eval(c, &plan, c->attr);
}
static const mote_attr_field complex_fields[] = {MOTE_ATTR(complex_attr, fn, MOTE_ATTR_INT, 0)};
static const mote_op complex_op = {"aten_complex",
                                   MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 1, .max_in = 1, .n_out = 1,
                                              .attr_size = sizeof(complex_attr), MOTE_FIELDS(complex_fields),
                                              .infer = complex_infer, .eval = complex_eval)};

static int64_t function_named(const char *name) {
  if (strncmp(name, "aten_", 5) == 0)
    name += 5;
  for (int64_t i = 0; i < FN_COUNT; i++)
    if (strcmp(functions[i].name, name) == 0)
      return i;
  return -1;
}

static mote_vid apply(mote_low *w, int64_t fn, mote_vid v) {
  complex_attr a = {fn};
  return mote_low_emit(w, &complex_op, &a, &v, 1);
}

mote_status mote_aten_lower_unary(mote_lowering *l) {
  if (!mote_dtype_is_complex(mote_low_desc(l, l->args[0].ref)->dtype))
    return mote_low_done(l, mote_low_1(l, l->op, l->args[0].ref));
  int64_t fn = function_named(l->op->name);
  if (fn < 0)
    return mote_fail(l->err, MOTE_ERR_TYPE, "\"%s\" not implemented for 'ComplexFloat'", l->op->name);
  return mote_low_done(l, apply(l, fn, l->args[0].ref));
}

// ------------------------------------------------------------------------------------------------ parts

// Pairs of reals and complex numbers have the same bytes.
static mote_status pair_infer(mote_opctx *c) {
  const mote_tensor *in = c->in[0];
  mote_dtype d = in->dtype;
  bool split = mote_dtype_is_complex(d);
  int64_t dim[MOTE_MAX_RANK + 1];
  memcpy(dim, in->dim, sizeof in->dim);
  if (!split && d != MOTE_F32 && d != MOTE_F64)
    return mote_bad_dtype(c, 0);
  if (!split && (in->rank < 1 || in->dim[in->rank - 1] != 2))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "Tensor must have a last dimension of size 2");
  if (split && in->rank == MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_UNSUPPORTED, "rank %d", in->rank + 1);
  dim[in->rank] = 2;
  mote_out(c, 0, split ? part_of(d) : d == MOTE_F32 ? MOTE_C64 : MOTE_C128, split ? in->rank + 1 : in->rank - 1, dim);
  return MOTE_OK;
}
static mote_status pair_eval(mote_opctx *c) {
  mote_copy_flat(c, 0, 0);
  return MOTE_OK;
}
static const mote_op pair_op = {
    "aten_view_as_pairs", MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .infer = pair_infer, .eval = pair_eval)};

// Two real tensors to one complex: parts, or size and angle.
typedef struct join_attr {
  int64_t polar;
} join_attr;
static mote_status join_infer(mote_opctx *c) {
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  mote_dtype d = c->in[0]->dtype;
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (d != MOTE_F32 && d != MOTE_F64)
    return mote_op_fail(c, MOTE_ERR_TYPE, "Expected both inputs to be Half, Float or Double tensors but got %s and %s",
                        mote_aten_type_name(d), mote_aten_type_name(c->in[1]->dtype));
  if (!mote_broadcast_shape(c->in[0], c->in[1], &rank, dim))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "the shapes cannot be broadcast together");
  mote_out(c, 0, d == MOTE_F32 ? MOTE_C64 : MOTE_C128, rank, dim);
  return MOTE_OK;
}
static void join_row(const mote_opctx *c, const void *state, int64_t n, char *const p[], const ptrdiff_t s[]) {
  bool polar = ((const join_attr *)state)->polar != 0;
  mote_dtype d = c->in[0]->dtype;
  for (int64_t i = 0; i < n; i++) {
    double a = mote_load_f64(p[1] + i * s[1], d, 0), b = mote_load_f64(p[2] + i * s[2], d, 0);
    mote_store_f64(p[0] + i * s[0], d, 0, polar ? a * cos(b) : a);
    mote_store_f64(p[0] + i * s[0], d, 1, polar ? a * sin(b) : b);
  }
}
static mote_status join_eval(mote_opctx *c) {
  mote_walk_plan plan = {join_row, 2, "complex", NULL};
  return mote_walk_eval(c, &plan, c->attr);
}
static const mote_attr_field join_fields[] = {MOTE_ATTR(join_attr, polar, MOTE_ATTR_INT, 0)};
static const mote_op join_op = {"aten_complex_join",
                                MOTE_RULES(.flags = MOTE_OP_STRIDED_IN, .min_in = 2, .max_in = 2, .n_out = 1,
                                           .attr_size = sizeof(join_attr), MOTE_FIELDS(join_fields),
                                           .infer = join_infer, .eval = join_eval)};

static const mote_torch_row rows[] = {
    MOTE_TORCH_OP("view_as_real view_as_complex | 0", pair_op),
    MOTE_TORCH_OP("complex | 0 1", join_op),
    MOTE_TORCH_OP("polar | 0 1 | polar=1", join_op),
};
const mote_op_family mote_family_aten_complex = {MOTE_ROWS(torch, rows)};
