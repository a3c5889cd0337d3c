// The decompositions that PyTorch's linear algebra is made of, on batches of real or complex matrices: LU, Cholesky
// and singular values, and solving with triangles. The rest is written in TorchScript (src/script/definitions). Signs
// and pivots are LAPACK's. Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"

enum { LA_LU, LA_CHOLESKY };
enum { SIDE_MAX = 1 << 14 };

// A matrix in rows.
typedef struct matrix {
  mote_z *at;
  int64_t m, n;
} matrix;
#define AT(a, i, j) (a).at[(i) * (a).n + (j)]

static mote_z z_scale(mote_z a, double s) { return (mote_z){a.re * s, a.im * s}; }
// a -= b c
static void z_subtract(mote_z *a, mote_z b, mote_z c) { *a = mote_z_sub(*a, mote_z_mul(b, c)); }
static void z_swap(mote_z *a, mote_z *b) {
  mote_z t = *a;
  *a = *b;
  *b = t;
}
static double z_square(mote_z a) { return a.re * a.re + a.im * a.im; }
static double z_size(mote_z a) { return fabs(a.re) + fabs(a.im); } // by which LAPACK chooses pivots
static void swap_rows(matrix a, int64_t i, int64_t k) {
  for (int64_t j = 0; i != k && j < a.n; j++)
    z_swap(&AT(a, i, j), &AT(a, k, j));
}

// ------------------------------------------------------------------------------------------------ factors

// Each gives 0, or the number (from 1) of the first pivot that is no good.
static int64_t factor_lu(matrix a, bool pivot, int32_t *p) {
  int64_t info = 0;
  for (int64_t k = 0; k < MOTE_MIN(a.m, a.n); k++) {
    int64_t best = k;
    for (int64_t r = k + 1; pivot && r < a.m; r++)
      if (z_size(AT(a, r, k)) > z_size(AT(a, best, k)))
        best = r;
    p[k] = (int32_t)best + 1;
    swap_rows(a, k, best);
    if (z_size(AT(a, k, k)) == 0) {
      info = info ? info : k + 1;
      continue;
    }
    for (int64_t r = k + 1; r < a.m; r++) {
      mote_z f = AT(a, r, k) = mote_z_div(AT(a, r, k), AT(a, k, k));
      for (int64_t j = k + 1; j < a.n; j++)
        z_subtract(&AT(a, r, j), f, AT(a, k, j));
    }
  }
  return info;
}

static int64_t factor_cholesky(matrix a) {
  for (int64_t i = 0; i < a.n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      mote_z v = AT(a, i, j);
      for (int64_t k = 0; k < j; k++)
        z_subtract(&v, AT(a, i, k), mote_z_conj(AT(a, j, k)));
      if (i == j && !(v.re > 0))
        return i + 1;
      AT(a, i, j) = i == j ? mote_z_real(sqrt(v.re)) : z_scale(v, 1 / AT(a, j, j).re);
    }
    for (int64_t j = i + 1; j < a.n; j++)
      AT(a, i, j) = mote_z_real(0);
  }
  return 0;
}

// ------------------------------------------------------------------------------------------------ singular values

static mote_z row_product(const mote_z *a, const mote_z *b, int64_t n) { // a^H b
  mote_z sum = mote_z_real(0);
  for (int64_t i = 0; i < n; i++)
    sum = mote_z_add(sum, mote_z_mul(mote_z_conj(a[i]), b[i]));
  return sum;
}

// (a, b) -> (c a - s b', s a + c b') with b' = phase b
static void rotate(mote_z *a, mote_z *b, int64_t n, mote_z phase, double c, double s) {
  for (int64_t i = 0; i < n; i++) {
    mote_z x = a[i], y = mote_z_mul(phase, b[i]);
    a[i] = mote_z_sub(z_scale(x, c), z_scale(y, s));
    b[i] = mote_z_add(z_scale(x, s), z_scale(y, c));
  }
}

// One sweep of Jacobi's method on one side: the rows of `a` become orthogonal; `v` takes the same turns.
static bool sweep(matrix a, matrix v) {
  bool turned = false;
  for (int64_t i = 0; i < a.m; i++)
    for (int64_t j = i + 1; j < a.m; j++) {
      mote_z *x = &AT(a, i, 0), *y = &AT(a, j, 0), xy = row_product(x, y, a.n);
      double xx = row_product(x, x, a.n).re, yy = row_product(y, y, a.n).re, size = sqrt(z_square(xy));
      if (!(size > 1e-16 * sqrt(xx) * sqrt(yy)) || size < 1e-300)
        continue;
      double zeta = (yy - xx) / (2 * size), t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
      double c = 1 / sqrt(1 + t * t);
      mote_z phase = {xy.re / size, -xy.im / size};
      rotate(x, y, a.n, phase, c, t * c);
      rotate(&AT(v, i, 0), &AT(v, j, 0), v.n, phase, c, t * c);
      turned = turned || size > 1e-15 * sqrt(xx) * sqrt(yy);
    }
  return turned;
}

// Row k becomes of length 1 and orthogonal to those before it, starting from unit vectors while nothing is left.
static void complete_row(matrix u, int64_t k) {
  for (int64_t e = 0; e < u.n; e++) {
    double size = 0;
    for (int64_t j = 0; j < u.n; j++)
      AT(u, k, j) = mote_z_real(j == (k + e) % u.n);
    for (int64_t i = 0; i < 2 * k; i++) { // twice, for what rounding leaves
      mote_z f = row_product(&AT(u, i % k, 0), &AT(u, k, 0), u.n);
      for (int64_t j = 0; j < u.n; j++)
        z_subtract(&AT(u, k, j), AT(u, i % k, j), f);
    }
    size = sqrt(row_product(&AT(u, k, 0), &AT(u, k, 0), u.n).re);
    for (int64_t j = 0; j < u.n; j++)
      AT(u, k, j) = z_scale(AT(u, k, j), 1 / size);
    if (size > 0.5 / sqrt((double)u.n))
      return;
  }
}

// Rows of `a` (m <= n; the matrix on its side) = s[i] times rows of `u` (n x n) after the turns `v` (m x m).
static void factor_svd(matrix a, matrix u, matrix v, double *s) {
  for (int64_t i = 0; i < v.m * v.m; i++)
    v.at[i] = mote_z_real(i / v.m == i % v.m);
  for (int rounds = 0; rounds < 60 && sweep(a, v); rounds++) {
  }
  for (int64_t i = 0; i < a.m; i++)
    s[i] = sqrt(row_product(&AT(a, i, 0), &AT(a, i, 0), a.n).re);
  for (int64_t i = 0; i < a.m; i++) { // largest first
    int64_t best = i;
    for (int64_t k = i + 1; k < a.m; k++)
      if (s[k] > s[best])
        best = k;
    double t = s[i];
    s[i] = s[best];
    s[best] = t;
    swap_rows(a, i, best);
    swap_rows(v, i, best);
  }
  for (int64_t i = 0; i < a.n; i++) {
    if (i >= a.m || !(s[i] > s[0] * 1e-300)) {
      complete_row(u, i);
      continue;
    }
    for (int64_t j = 0; j < a.n; j++)
      AT(u, i, j) = z_scale(AT(a, i, j), 1 / s[i]);
  }
}

// ------------------------------------------------------------------------------------------------ solving

static void solve_triangular(matrix a, matrix b, bool upper, bool turn, bool unit) {
  bool up = upper != turn;
  for (int64_t k = 0; k < a.n; k++) {
    int64_t i = up ? a.n - 1 - k : k;
    for (int64_t c = 0; c < b.n; c++) {
      mote_z v = AT(b, i, c);
      for (int64_t j = up ? i + 1 : 0; j < (up ? a.n : i); j++)
        z_subtract(&v, turn ? AT(a, j, i) : AT(a, i, j), AT(b, j, c));
      AT(b, i, c) = unit ? v : mote_z_div(v, AT(a, i, i));
    }
  }
}

// ------------------------------------------------------------------------------------------------ operators

static matrix load(const mote_tensor *t, int64_t b, mote_z *at) {
  matrix a = {at, t->dim[t->rank - 2], t->dim[t->rank - 1]};
  for (int64_t i = 0; i < a.m * a.n; i++)
    at[i] = mote_ref_get(t, b * a.m * a.n + i);
  return a;
}
static void store(const mote_tensor *t, int64_t b, const mote_z *at, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    mote_ref_put(t, b * n + i, at[i]);
}
static int64_t batches(const mote_tensor *t) { return mote_dims_product(t, 0, t->rank - 2); }

// Results: LU (n[0]: pivot): factors, pivots, info. CHOLESKY (n[0]: upper): factor, info.
static void factor_one(const mote_opctx *c, matrix a, int64_t b) {
  const mote_ref_attr *attr = c->attr;
  bool flag = attr->n[0] != 0;
  ((int32_t *)c->out[c->n_out - 1]->data)[b] =
      (int32_t)(attr->kind == LA_CHOLESKY ? factor_cholesky(a)
                                          : factor_lu(a, flag, (int32_t *)c->out[1]->data + b * MOTE_MIN(a.m, a.n)));
  for (int64_t i = 0; attr->kind == LA_CHOLESKY && flag && i < a.n; i++)
    for (int64_t j = 0; j <= i; j++) {
      mote_z t = AT(a, i, j);
      AT(a, i, j) = mote_z_conj(AT(a, j, i));
      AT(a, j, i) = mote_z_conj(t);
    }
  store(c->out[0], b, a.at, a.m * a.n);
}

static mote_status factor_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  mote_z *m = mote_ref_alloc(c, x->dim[x->rank - 2] * x->dim[x->rank - 1], sizeof *m);
  if (m == NULL)
    return mote_fail_nomem(c->err);
  for (int64_t b = 0; b < batches(x); b++)
    factor_one(c, load(x, b, m), b);
  mote_ref_free(c, m);
  return MOTE_OK;
}
MOTE_REF_OP(three_op, "linalg_factor", 1, 1, 3, 0, factor_eval);
MOTE_REF_OP(two_op, "linalg_factor_of_two", 1, 1, 2, 0, factor_eval);

// A = U diag(s) V^H; the longer side lies along the rows that are turned.
static mote_status svd_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t m = x->dim[x->rank - 2], n = x->dim[x->rank - 1], k = MOTE_MIN(m, n), big = MOTE_MAX(m, n);
  mote_z *at = mote_ref_alloc(c, 2 * m * n + big * big + k * k + k, sizeof *at);
  if (at == NULL)
    return mote_fail_nomem(c->err);
  matrix a = {at + m * n, k, big}, u = {a.at + m * n, big, big}, v = {u.at + big * big, k, k};
  double *s = (double *)(v.at + k * k);
  bool tall = m >= n;
  for (int64_t b = 0; b < batches(x); b++) {
    matrix in = load(x, b, at);
    for (int64_t i = 0; i < k; i++)
      for (int64_t j = 0; j < big; j++)
        AT(a, i, j) = tall ? AT(in, j, i) : mote_z_conj(AT(in, i, j));
    factor_svd(a, u, v, s);
    matrix left = tall ? u : v, right = tall ? v : u;
    for (int64_t i = 0; i < k; i++)
      mote_ref_put(c->out[1], b * k + i, mote_z_real(s[i]));
    for (int64_t i = 0; i < m * m; i++)
      mote_ref_put(c->out[0], b * m * m + i, AT(left, i % m, i / m));
    for (int64_t i = 0; i < n * n; i++)
      mote_ref_put(c->out[2], b * n * n + i, mote_z_conj(right.at[i]));
  }
  mote_ref_free(c, at);
  return MOTE_OK;
}
MOTE_REF_OP(svd_op, "linalg_svd", 1, 1, 3, 0, svd_eval);

// Inputs: B, A.
static mote_status solve_eval(mote_opctx *c) {
  const mote_ref_attr *attr = c->attr;
  const mote_tensor *y = c->in[0], *x = c->in[1];
  int64_t n = x->dim[x->rank - 1], width = y->dim[y->rank - 1];
  mote_z *m = mote_ref_alloc(c, n * n + n * width, sizeof *m);
  if (m == NULL)
    return mote_fail_nomem(c->err);
  for (int64_t i = 0; i < batches(x); i++) {
    matrix a = load(x, i, m), b = load(y, i, m + n * n);
    solve_triangular(a, b, attr->n[0], attr->n[1], attr->n[2]);
    store(c->out[0], i, b.at, n * width);
  }
  mote_ref_free(c, m);
  return MOTE_OK;
}
MOTE_REF_OP(solve_op, "triangular_solve", 2, 2, 1, 0, solve_eval);

// ------------------------------------------------------------------------------------------------ lowering

static const mote_tensor *matrices(mote_low *l, mote_vid v, bool square) {
  const mote_tensor *t = mote_low_desc(l, v);
  if (t->dtype != MOTE_F32 && t->dtype != MOTE_F64 && !mote_dtype_is_complex(t->dtype))
    mote_low_fail(l, MOTE_ERR_TYPE, "linalg: Expected a floating point or complex tensor as input. Got %s",
                  mote_aten_type_name(t->dtype));
  else if (t->rank < 2)
    mote_low_fail(l, MOTE_ERR_SHAPE, "linalg: The input tensor A must have at least 2 dimensions.");
  else if (square && t->dim[t->rank - 1] != t->dim[t->rank - 2])
    mote_low_fail(l, MOTE_ERR_SHAPE, "linalg: A must be batches of square matrices, but they are %lld by %lld matrices",
                  (long long)t->dim[t->rank - 2], (long long)t->dim[t->rank - 1]);
  else if (t->dim[t->rank - 1] > SIDE_MAX || t->dim[t->rank - 2] > SIDE_MAX)
    mote_low_fail(l, MOTE_ERR_LIMIT, "linalg: matrices of more than %d rows or columns", SIDE_MAX);
  return t;
}

static mote_status factor(mote_low *l, int64_t kind, const char *flag, bool otherwise) {
  mote_vid v[3], x = l->args[0].ref;
  const mote_tensor *t = matrices(l, x, kind == LA_CHOLESKY);
  mote_ref_attr a = mote_ref_attr_of(kind);
  if (l->st != MOTE_OK)
    return l->st;
  int64_t dim[MOTE_MAX_RANK], k = MOTE_MIN(t->dim[t->rank - 1], t->dim[t->rank - 2]);
  bool three = kind == LA_LU;
  memcpy(dim, t->dim, sizeof dim);
  dim[t->rank - 2] = k;
  a.n[0] = mote_lower_bool(l, flag, otherwise);
  mote_ref_like(&a, 0, t->dtype, t);
  mote_ref_shape(&a, 1, MOTE_I32, t->rank - (kind == LA_CHOLESKY ? 2 : 1), dim);
  mote_ref_shape(&a, 2, MOTE_I32, t->rank - 2, dim);
  mote_ref_emit(l, three ? &three_op : &two_op, &a, &x, 1, v);
  for (int32_t i = 0; i < (three ? 3 : 2); i++)
    mote_low_give(l, v[i]);
  return l->st;
}
static mote_status lower_lu(mote_lowering *l) { return factor(l, LA_LU, "pivot", true); }
static mote_status lower_cholesky(mote_lowering *l) { return factor(l, LA_CHOLESKY, "upper", false); }

static mote_status lower_svd(mote_lowering *l) {
  mote_vid v[3], x = l->args[0].ref;
  const mote_tensor *t = matrices(l, x, false);
  mote_ref_attr a = mote_ref_attr_of(0);
  if (l->st != MOTE_OK)
    return l->st;
  int32_t r = t->rank;
  int64_t dim[MOTE_MAX_RANK], m = t->dim[r - 2], n = t->dim[r - 1], k = MOTE_MIN(m, n);
  memcpy(dim, t->dim, sizeof dim);
  dim[r - 1] = m;
  mote_ref_shape(&a, 0, t->dtype, r, dim);
  dim[r - 2] = k;
  mote_ref_shape(&a, 1, mote_real_part(t->dtype), r - 1, dim);
  dim[r - 2] = dim[r - 1] = n;
  mote_ref_shape(&a, 2, t->dtype, r, dim);
  mote_ref_emit(l, &svd_op, &a, &x, 1, v);
  bool full = mote_lower_bool(l, "full_matrices", true);
  mote_low_give(l, full || m == k ? v[0] : mote_low_narrow(l, v[0], r - 1, 0, k));
  mote_low_give(l, v[1]);
  mote_low_give(l, full || n == k ? v[2] : mote_low_narrow(l, v[2], r - 2, 0, k));
  return l->st;
}

// Both with the batches of both.
static void spread(mote_low *l, mote_vid *a, mote_vid *b) {
  const mote_tensor *x = mote_low_desc(l, *a), *y = mote_low_desc(l, *b);
  int32_t rank = MOTE_MAX(x->rank, y->rank);
  int64_t dim[MOTE_MAX_RANK], other[MOTE_MAX_RANK];
  for (int32_t i = 0; i < rank - 2; i++) {
    int64_t p = i + x->rank >= rank ? x->dim[i + x->rank - rank] : 1,
            q = i + y->rank >= rank ? y->dim[i + y->rank - rank] : 1;
    if (p != q && p != 1 && q != 1)
      mote_low_fail(l, MOTE_ERR_SHAPE, "linalg: the batches cannot be broadcast together");
    dim[i] = other[i] = p == 1 ? q : p;
  }
  for (int32_t i = 1; i <= 2; i++) {
    dim[rank - i] = x->dim[x->rank - i];
    other[rank - i] = y->dim[y->rank - i];
  }
  if (l->st == MOTE_OK) {
    *a = mote_low_expand(l, *a, rank, dim);
    *b = mote_low_expand(l, *b, rank, other);
  }
}

static mote_status lower_triangular(mote_lowering *l) {
  mote_ref_attr attr = mote_ref_attr_of(0);
  mote_vid b = mote_low_tensor(l, "self"), a = mote_low_tensor(l, "A"), out;
  const mote_tensor *x = matrices(l, a, true), *y = matrices(l, b, false);
  attr.n[0] = mote_lower_bool(l, "upper", true);
  attr.n[1] = mote_lower_bool(l, "transpose", false);
  attr.n[2] = mote_lower_bool(l, "unitriangular", false);
  if (l->st == MOTE_OK && (x->dim[x->rank - 1] != y->dim[y->rank - 2] || x->dtype != y->dtype))
    mote_low_fail(l, MOTE_ERR_SHAPE,
                  "linalg: Incompatible shapes or types of A and B: A has %lld columns and B %lld rows",
                  (long long)x->dim[x->rank - 1], (long long)y->dim[y->rank - 2]);
  if (l->st == MOTE_OK)
    spread(l, &a, &b);
  y = mote_low_desc(l, b);
  mote_ref_like(&attr, 0, y->dtype, y);
  mote_ref_emit(l, &solve_op, &attr, (mote_vid[]){b, a}, 2, &out);
  mote_low_give(l, out);
  return mote_low_done(l, a);
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("linalg_lu_factor_ex", lower_lu),
    MOTE_TORCH_LOWER("linalg_cholesky_ex", lower_cholesky),
    MOTE_TORCH_LOWER("linalg_svd", lower_svd),
    MOTE_TORCH_LOWER("triangular_solve", lower_triangular),
};
const mote_op_family mote_family_aten_linalg = {MOTE_ROWS(torch, rows)};
