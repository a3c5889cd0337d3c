// PyTorch's Fourier transforms of one axis; those over several and of short windows of a signal are written in
// TorchScript, src/script/definitions/fourier.py. Tests: tests/unit/test_ops_aten.c
#include "ops/fourier.h"

// ------------------------------------------------------------------------------------------------ along an axis

enum { FULL, TO_HALF, FROM_HALF }; // real signals have symmetric transforms: half of them is enough
enum { F_AXIS, F_LENGTH, F_INVERSE };

static mote_status dft_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  mote_ref_axis s = mote_ref_axis_of(x, a->n[F_AXIS]);
  int64_t n = a->n[F_LENGTH], out = o->dim[a->n[F_AXIS]], given = MOTE_MIN(a->kind == FROM_HALF ? n / 2 + 1 : n, s.n);
  mote_dft d;
  mote_z *line = mote_ref_alloc(c, n, sizeof *line);
  bool fine = line != NULL && mote_dft_begin(c, &d, n);
  for (int64_t r = 0; fine && r < s.outer * s.inner; r++) {
    int64_t from = r / s.inner * s.n * s.inner + r % s.inner, to = r / s.inner * out * s.inner + r % s.inner;
    memset(line, 0, (size_t)n * sizeof *line);
    for (int64_t k = 0; k < given; k++)
      line[k] = mote_ref_get(x, from + k * s.inner);
    if (a->kind == FROM_HALF) {
      line[0].im = 0;
      if (n % 2 == 0)
        line[n / 2].im = 0;
      for (int64_t k = 1; k < (n + 1) / 2; k++)
        line[n - k] = mote_z_conj(line[k]);
    }
    mote_dft_run(&d, line, a->n[F_INVERSE] != 0);
    for (int64_t k = 0; k < out; k++)
      mote_ref_put(o, to + k * s.inner, (mote_z){line[k].re * a->f[0], line[k].im * a->f[0]});
  }
  if (fine)
    mote_ref_free(c, d.turn);
  mote_ref_free(c, line);
  return fine ? MOTE_OK : mote_fail_nomem(c->err);
}
MOTE_REF_OP(dft_op, "dft", 1, 1, 1, 0, dft_eval);

// norm: what the whole transform is scaled by, of n elements
static double scale_of(mote_low *w, bool inverse, double n) {
  const char *norm = mote_low_str(w, "norm", "backward");
  if (strcmp(norm, "ortho") == 0)
    return 1 / sqrt(n);
  if (strcmp(norm, "forward") != 0 && strcmp(norm, "backward") != 0)
    mote_low_fail(w, MOTE_ERR_ARGUMENT, "Invalid normalization mode: \"%s\"", norm);
  return (strcmp(norm, "forward") == 0) != inverse ? 1 / n : 1;
}

// n < 0: as long as the axis is.
static mote_vid transform(mote_low *w, mote_vid x, int64_t kind, int32_t axis, int64_t n, bool inverse) {
  const mote_tensor *t = mote_low_desc(w, x);
  mote_ref_attr a = mote_ref_attr_of(kind);
  int64_t size = t->rank > 0 ? t->dim[axis] : 0;
  n = n >= 0 ? n : kind == FROM_HALF ? 2 * (size - 1) : size;
  if (w->st != MOTE_OK || n < 1 || n > (1 << 26) || size < 1)
    return mote_low_fail(w, MOTE_ERR_SHAPE, "Invalid number of data points (%lld) specified", (long long)n);
  mote_ref_like(&a, 0, kind == FROM_HALF ? mote_real_part(mote_complex_of(t->dtype)) : mote_complex_of(t->dtype), t);
  a.out[0].dim[axis] = kind == TO_HALF ? n / 2 + 1 : n;
  a.n[F_AXIS] = axis;
  a.n[F_LENGTH] = n;
  a.n[F_INVERSE] = inverse;
  a.f[0] = scale_of(w, inverse, (double)n);
  return mote_ref_emit(w, &dft_op, &a, &x, 1, NULL);
}

static mote_status lower_dft(mote_lowering *l, int64_t kind, bool inverse) {
  mote_vid x = l->args[0].ref;
  const mote_tensor *t = mote_low_desc(l, x);
  mote_dtype d = t->dtype;
  const mote_arg *n = mote_lower_arg(l, "n");
  int64_t size = n != NULL && n->kind == MOTE_ARG_SCALAR ? n->scalar.i : -1;
  int32_t axis = mote_low_axis(l, mote_lower_int(l, "dim", -1), t->rank);
  if (size < 1 && n != NULL && n->kind == MOTE_ARG_SCALAR)
    mote_low_fail(l, MOTE_ERR_SHAPE, "Invalid number of data points (%lld) specified", (long long)size);
  if (mote_aten_is_integral(d))
    x = mote_low_cast(l, x, MOTE_F32);
  else if (d == MOTE_F16 || d == MOTE_BF16)
    mote_low_fail(l, MOTE_ERR_TYPE, "Unsupported dtype %s", mote_aten_type_name(d));
  if (kind == TO_HALF && mote_dtype_is_complex(d))
    mote_low_fail(l, MOTE_ERR_TYPE, "expects a real input tensor, but got %s", mote_aten_type_name(d));
  return l->st != MOTE_OK ? l->st : mote_low_done(l, transform(l, x, kind, axis, size, inverse));
}
static mote_status lower_fft(mote_lowering *l) { return lower_dft(l, FULL, false); }
static mote_status lower_ifft(mote_lowering *l) { return lower_dft(l, FULL, true); }
static mote_status lower_rfft(mote_lowering *l) { return lower_dft(l, TO_HALF, false); }
static mote_status lower_ihfft(mote_lowering *l) { return lower_dft(l, TO_HALF, true); }
static mote_status lower_irfft(mote_lowering *l) { return lower_dft(l, FROM_HALF, true); }
static mote_status lower_hfft(mote_lowering *l) { return lower_dft(l, FROM_HALF, false); }

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("fft_fft", lower_fft),   MOTE_TORCH_LOWER("fft_ifft", lower_ifft),
    MOTE_TORCH_LOWER("fft_rfft", lower_rfft), MOTE_TORCH_LOWER("fft_irfft", lower_irfft),
    MOTE_TORCH_LOWER("fft_hfft", lower_hfft), MOTE_TORCH_LOWER("fft_ihfft", lower_ihfft),
};
const mote_op_family mote_family_aten_fft = {MOTE_ROWS(torch, rows)};
