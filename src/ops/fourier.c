// The Fourier transform of one line, and TensorFlow Lite's of real images. Must not know PyTorch.
// Tests: tests/unit/test_ops_aten.c, the case rfft2d of tests/models
#include "ops/fourier.h"

// ------------------------------------------------------------------------------------------------ one transform

static void radix2(const mote_z *turn, int64_t m, mote_z *x, bool inverse) {
  for (int64_t i = 1, j = 0; i < m; i++) {
    int64_t bit = m >> 1;
    for (; j & bit; bit >>= 1)
      j ^= bit;
    j ^= bit;
    if (i < j) {
      mote_z t = x[i];
      x[i] = x[j];
      x[j] = t;
    }
  }
  for (int64_t len = 2; len <= m; len *= 2) {
    int64_t half = len / 2, step = m / len;
    for (int64_t i = 0; i < m; i += len) {
      for (int64_t k = 0; k < half; k++) {
        mote_z w = turn[k * step], a = x[i + k], b = x[i + k + half];
        if (inverse)
          w.im = -w.im;
        mote_z t = {b.re * w.re - b.im * w.im, b.re * w.im + b.im * w.re};
        x[i + k] = mote_z_add(a, t);
        x[i + k + half] = mote_z_sub(a, t);
      }
    }
  }
}

static mote_z unit(double angle) { return (mote_z){cos(angle), sin(angle)}; }

bool mote_dft_begin(const mote_opctx *c, mote_dft *d, int64_t n) {
  d->n = n;
  d->m = 1;
  while (d->m < n)
    d->m *= 2;
  d->plain = d->m == n;
  while (!d->plain && d->m < 2 * n - 1)
    d->m *= 2;
  d->turn = mote_ref_alloc(c, 3 * d->m + n, sizeof(mote_z));
  if (d->turn == NULL)
    return false;
  d->filter = d->turn + d->m;
  d->work = d->filter + d->m;
  d->chirp = d->work + d->m;
  for (int64_t k = 0; k < d->m; k++)
    d->turn[k] = unit(-MOTE_TWO_PI * (double)k / (double)d->m);
  for (int64_t k = 0, square = 0; !d->plain && k < n; k++) { // square: k*k mod 2n
    d->chirp[k] = unit(-MOTE_TWO_PI * (double)square / (double)(2 * n));
    d->filter[k] = mote_z_conj(d->chirp[k]);
    if (k > 0)
      d->filter[d->m - k] = d->filter[k];
    square = (square + 2 * k + 1) % (2 * n);
  }
  if (!d->plain)
    radix2(d->turn, d->m, d->filter, false);
  return true;
}

void mote_dft_run(mote_dft *d, mote_z *x, bool inverse) {
  if (d->plain) {
    radix2(d->turn, d->m, x, inverse);
    return;
  }
  for (int64_t k = 0; k < d->m; k++)
    d->work[k] = k < d->n ? mote_z_mul(inverse ? mote_z_conj(x[k]) : x[k], d->chirp[k]) : mote_z_real(0);
  radix2(d->turn, d->m, d->work, false);
  for (int64_t k = 0; k < d->m; k++)
    d->work[k] = mote_z_mul(d->work[k], d->filter[k]);
  radix2(d->turn, d->m, d->work, true);
  for (int64_t k = 0; k < d->n; k++) {
    mote_z v = mote_z_mul(d->work[k], d->chirp[k]);
    v.re /= (double)d->m;
    v.im /= (double)d->m;
    x[k] = inverse ? mote_z_conj(v) : v;
  }
}

// ------------------------------------------------------------------------------------------------ real images

// Input 1 has the sizes of the transform, powers of two: images are cut or filled up with zeros.
static mote_status image_infer(mote_opctx *c) {
  const mote_tensor *x = c->in[0];
  int64_t dim[MOTE_MAX_RANK];
  mote_ints n;
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_rank(c, 0, 2, MOTE_MAX_RANK));
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_ints_of(c, 1, &n));
  for (int32_t i = 0; i < 2; i++)
    if (n.count != 2 || n.at[i] < 1 || n.at[i] > INT32_MAX || (n.at[i] & (n.at[i] - 1)) != 0)
      return mote_op_fail(c, MOTE_ERR_ARGUMENT, "the sizes of the transform must be two powers of two");
  memcpy(dim, x->dim, sizeof dim);
  dim[x->rank - 2] = n.at[0];
  dim[x->rank - 1] = n.at[1] / 2 + 1;
  mote_out(c, 0, MOTE_C64, x->rank, dim);
  return MOTE_OK;
}

// Lines of `n` numbers `step` apart, `lines` of them `next` apart, in place.
static void image_lines(mote_dft *d, mote_z *at, int64_t lines, int64_t next, int64_t step, mote_z *line) {
  for (int64_t r = 0; r < lines; r++) {
    for (int64_t k = 0; k < d->n; k++)
      line[k] = at[r * next + k * step];
    mote_dft_run(d, line, false);
    for (int64_t k = 0; k < d->n; k++)
      at[r * next + k * step] = line[k];
  }
}

static mote_status image_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *o = c->out[0];
  mote_ints n;
  MOTE_TRY(mote_ints_of(c, 1, &n));
  int64_t h = n.at[0], w = n.at[1], half = w / 2 + 1, xh = x->dim[x->rank - 2], xw = x->dim[x->rank - 1], area;
  mote_dft rows, columns;
  mote_z *z = mote_mul_count(h, w, &area) ? mote_ref_alloc(c, area + MOTE_MAX(h, w), sizeof *z) : NULL;
  bool fine = z != NULL && mote_dft_begin(c, &rows, w), both = fine && mote_dft_begin(c, &columns, h);
  for (int64_t image = 0; both && image < mote_dims_product(x, 0, x->rank - 2); image++) {
    const float *from = (const float *)x->data + image * xh * xw;
    for (int64_t i = 0; i < area; i++)
      z[i] = mote_z_real(i / w < xh && i % w < xw ? (double)from[i / w * xw + i % w] : 0);
    image_lines(&rows, z, h, w, 1, z + area);
    image_lines(&columns, z, half, 1, w, z + area);
    for (int64_t i = 0; i < h * half; i++)
      mote_ref_put(o, image * h * half + i, z[i / half * w + i % half]);
  }
  if (fine)
    mote_ref_free(c, rows.turn);
  if (both)
    mote_ref_free(c, columns.turn);
  mote_ref_free(c, z);
  return both ? MOTE_OK : mote_fail_nomem(c->err);
}
static const mote_op image_op = {
    "rfft2d", MOTE_RULES(.min_in = 2, .max_in = 2, .n_out = 1, .infer = image_infer, .eval = image_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(131, 1, "RFFT2D", image_op),
};
const mote_op_family mote_family_fourier = {MOTE_ROWS(tflite, tflite_rows)};
