// PyTorch's linear algebra of square matrices, one after another, real or complex: determinants, inverses, Cholesky
// factors. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"

enum { SQ_DET, SQ_INVERSE, SQ_CHOLESKY };

static void load_matrix(const mote_tensor *t, int64_t base, int64_t n, int64_t width, mote_z *m) {
  for (int64_t i = 0; i < n * n; i++)
    m[i / n * width + i % n] = mote_ref_get(t, base + i);
}

// Elimination with row exchanges of n rows of `width`; columns from n on take part. Gives the determinant's sign (of
// unit size) and log of its size; a pivot of 0 ends it.
static bool eliminate(mote_z *m, int64_t n, int64_t width, mote_z *sign, double *log_size) {
  *sign = mote_z_real(1);
  *log_size = 0;
  for (int64_t k = 0; k < n; k++) {
    int64_t best = k;
    for (int64_t r = k + 1; r < n; r++)
      if (mote_z_abs(m[r * width + k]) > mote_z_abs(m[best * width + k]))
        best = r;
    for (int64_t j = 0; best != k && j < width; j++) {
      mote_z t = m[k * width + j];
      m[k * width + j] = m[best * width + j];
      m[best * width + j] = t;
    }
    mote_z p = m[k * width + k];
    double size = mote_z_abs(p);
    if (size == 0)
      return false;
    *sign = mote_z_mul(*sign, (mote_z){(best == k ? p.re : -p.re) / size, (best == k ? p.im : -p.im) / size});
    *log_size += log(size);
    for (int64_t r = width > n ? 0 : k + 1; r < n; r++) {
      if (r == k)
        continue;
      mote_z f = mote_z_div(m[r * width + k], p);
      for (int64_t j = k; j < width; j++)
        m[r * width + j] = mote_z_sub(m[r * width + j], mote_z_mul(f, m[k * width + j]));
    }
  }
  return true;
}

// Lower factor in place; false when the matrix is not positive definite.
static bool factorise(mote_z *m, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      mote_z v = m[i * n + j];
      for (int64_t k = 0; k < j; k++)
        v = mote_z_sub(v, mote_z_mul(m[i * n + k], mote_z_conj(m[j * n + k])));
      if (i == j && !(v.re > 0))
        return false;
      m[i * n + j] = i == j ? mote_z_real(sqrt(v.re)) : (mote_z){v.re / m[j * n + j].re, v.im / m[j * n + j].re};
    }
    for (int64_t j = i + 1; j < n; j++)
      m[i * n + j] = mote_z_real(0);
  }
  return true;
}

// Results: DET: sign, log of the size, determinant. INVERSE and CHOLESKY (n[0]: upper): matrix, info.
static mote_status one_matrix(const mote_opctx *c, mote_z *m, int64_t b, int64_t n) {
  const mote_ref_attr *a = c->attr;
  int64_t width = a->kind == SQ_INVERSE ? 2 * n : n;
  mote_z sign;
  double size = 0;
  load_matrix(c->in[0], b * n * n, n, width, m);
  for (int64_t i = 0; a->kind == SQ_INVERSE && i < n * n; i++)
    m[i / n * width + n + i % n] = mote_z_real(i / n == i % n);
  bool fine = a->kind == SQ_CHOLESKY ? factorise(m, n) : eliminate(m, n, width, &sign, &size);
  if (a->kind == SQ_DET) {
    double whole = fine ? exp(size) : 0;
    mote_ref_put(c->out[0], b, fine ? sign : mote_z_real(0));
    mote_ref_put(c->out[1], b, mote_z_real(fine ? size : -HUGE_VAL));
    mote_ref_put(c->out[2], b, fine ? (mote_z){sign.re * whole, sign.im * whole} : mote_z_real(0));
    return MOTE_OK;
  }
  ((int32_t *)c->out[1]->data)[b] = !fine;
  if (!fine && a->n[1])
    return mote_op_fail(
        c, MOTE_ERR_DATA,
        a->kind == SQ_INVERSE
            ? "linalg.inv: The diagonal element is zero, the inversion could not be completed because the input matrix "
              "is singular."
            : "linalg.cholesky: The factorization could not be completed because the input is not positive-definite.");
  for (int64_t i = 0; i < n * n; i++) {
    int64_t row = i / n, col = i % n;
    mote_z v = a->kind == SQ_INVERSE
                   ? (fine ? mote_z_div(m[row * width + n + col], m[row * width + row]) : mote_z_real((double)NAN))
               : a->n[0] ? mote_z_conj(m[col * n + row])
                         : m[i];
    mote_ref_put(c->out[0], b * n * n + i, v);
  }
  return MOTE_OK;
}
static mote_status square_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t n = x->dim[x->rank - 1], batches = mote_dims_product(x, 0, x->rank - 2);
  mote_z *m = mote_ref_alloc(c, 2 * n * n, sizeof *m);
  mote_status s = m == NULL ? mote_fail_nomem(c->err) : MOTE_OK;
  for (int64_t b = 0; s == MOTE_OK && b < batches; b++)
    s = one_matrix(c, m, b, n);
  mote_ref_free(c, m);
  return s;
}
MOTE_REF_OP(det_op, "determinant", 1, 1, 3, 0, square_eval);
MOTE_REF_OP(square_op, "square_matrix", 1, 1, 2, MOTE_OP_CHECKS_DATA, square_eval);

static mote_status square(mote_lowering *l, int64_t kind, bool raise, mote_vid out[3]) {
  const mote_tensor *t = mote_low_desc(l, l->args[0].ref);
  mote_ref_attr a = mote_ref_attr_of(kind);
  if (t->rank < 2 || t->dim[t->rank - 1] != t->dim[t->rank - 2] || t->dim[t->rank - 1] > (1 << 14))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "linalg: A must be batches of square matrices");
  if (t->dtype != MOTE_F32 && t->dtype != MOTE_F64 && !mote_dtype_is_complex(t->dtype))
    return mote_fail(l->err, MOTE_ERR_TYPE, "linalg: Expected a floating point or complex tensor as input. Got %s",
                     mote_aten_type_name(t->dtype));
  a.n[0] = mote_lower_bool(l, "upper", false);
  a.n[1] = raise;
  mote_ref_shape(&a, 0, t->dtype, kind == SQ_DET ? t->rank - 2 : t->rank, t->dim);
  mote_ref_shape(&a, 1, kind == SQ_DET ? mote_real_part(t->dtype) : MOTE_I32, t->rank - 2, t->dim);
  mote_ref_shape(&a, 2, t->dtype, t->rank - 2, t->dim);
  mote_ref_emit(l, kind == SQ_DET ? &det_op : &square_op, &a, &l->args[0].ref, 1, out);
  return l->st;
}
static mote_status lower_det(mote_lowering *l) {
  mote_vid out[3];
  MOTE_TRY(square(l, SQ_DET, false, out));
  return mote_low_done(l, out[2]);
}
static mote_status lower_slogdet(mote_lowering *l) {
  mote_vid out[3];
  MOTE_TRY(square(l, SQ_DET, false, out));
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}
static mote_status lower_inverse(mote_lowering *l) {
  mote_vid out[3];
  MOTE_TRY(square(l, SQ_INVERSE, true, out));
  return mote_low_done(l, out[0]);
}
static mote_status lower_inverse_ex(mote_lowering *l) {
  mote_vid out[3];
  MOTE_TRY(square(l, SQ_INVERSE, mote_lower_bool(l, "check_errors", false), out));
  mote_low_give(l, out[0]);
  return mote_low_done(l, out[1]);
}
static mote_status lower_cholesky(mote_lowering *l) {
  mote_vid out[3];
  MOTE_TRY(square(l, SQ_CHOLESKY, true, out));
  return mote_low_done(l, out[0]);
}

static const mote_torch_row rows[] = {
    {"det linalg_det", .lower = lower_det},
    {"slogdet linalg_slogdet", .lower = lower_slogdet},
    {"inverse linalg_inv", .lower = lower_inverse},
    {"linalg_inv_ex", .lower = lower_inverse_ex},
    {"cholesky linalg_cholesky", .lower = lower_cholesky},
    {NULL},
};
const mote_op_family mote_family_aten_linalg = {"aten_linalg", NULL, rows};
