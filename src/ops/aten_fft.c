// PyTorch's Fourier transforms: of an axis (any length), over several, and of short windows of a signal.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"

// ------------------------------------------------------------------------------------------------ one transform

// Sums x[k] * exp(sign * 2 pi i j k / n). Lengths that are no power of two go by Bluestein's chirps.
typedef struct dft {
  int64_t n, m; // m: power of two used inside
  bool plain;   // n is m
  mote_z *turn; // [m]: exp(-2 pi i k / m)
  mote_z *chirp, *filter, *work;
} dft;

static const double TWO_PI = 6.283185307179586;

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

static bool dft_begin(const mote_opctx *c, dft *d, int64_t n) {
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
    d->turn[k] = unit(-TWO_PI * (double)k / (double)d->m);
  for (int64_t k = 0, square = 0; !d->plain && k < n; k++) { // square: k*k mod 2n
    d->chirp[k] = unit(-TWO_PI * (double)square / (double)(2 * n));
    d->filter[k] = mote_z_conj(d->chirp[k]);
    if (k > 0)
      d->filter[d->m - k] = d->filter[k];
    square = (square + 2 * k + 1) % (2 * n);
  }
  if (!d->plain)
    radix2(d->turn, d->m, d->filter, false);
  return true;
}

// x[0..n) in place.
static void dft_run(dft *d, mote_z *x, bool inverse) {
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

// ------------------------------------------------------------------------------------------------ along an axis

enum { FULL, TO_HALF, FROM_HALF }; // real signals have symmetric transforms: half of them is enough
enum { F_AXIS, F_LENGTH, F_INVERSE };

static mote_status dft_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  mote_ref_axis s = mote_ref_axis_of(x, a->n[F_AXIS]);
  int64_t n = a->n[F_LENGTH], out = o->dim[a->n[F_AXIS]], given = MOTE_MIN(a->kind == FROM_HALF ? n / 2 + 1 : n, s.n);
  dft d;
  mote_z *line = mote_ref_alloc(c, n, sizeof *line);
  bool fine = line != NULL && dft_begin(c, &d, n);
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
    dft_run(&d, line, a->n[F_INVERSE] != 0);
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

typedef struct many {
  int32_t count, axis[MOTE_MAX_RANK];
  int64_t n[MOTE_MAX_RANK];
} many;
static many axes_of(mote_low *w, int32_t rank, bool two) {
  const mote_arg *s = mote_lower_arg(w, "s"), *dim = mote_lower_arg(w, "dim"), *n = mote_lower_arg(w, "n");
  bool sizes = s != NULL && s->kind == MOTE_ARG_INTS, dims = dim != NULL && dim->kind == MOTE_ARG_INTS;
  many m = {0, {0}, {0}};
  m.count = dims ? dim->ints.count : sizes ? s->ints.count : two ? 2 : rank;
  if (s == NULL)
    m.count = 1;
  if (m.count < 1 || m.count > rank || (sizes && s->ints.count != m.count)) {
    mote_low_fail(
        w, MOTE_ERR_ARGUMENT,
        "When given, dim and shape arguments must have the same length, no longer than the input has dims (%d)", rank);
    m.count = 0;
  }
  for (int32_t i = 0; i < m.count; i++) {
    int64_t at = s == NULL ? mote_lower_int(w, "dim", -1) : dims ? dim->ints.at[i] : i - m.count;
    m.axis[i] = mote_low_axis(w, at, rank);
    m.n[i] = sizes ? s->ints.at[i] : n != NULL && n->kind == MOTE_ARG_SCALAR ? n->scalar.i : -1;
    if (m.n[i] == 0 || m.n[i] < -1 || (n != NULL && n->kind == MOTE_ARG_SCALAR && m.n[i] < 1))
      mote_low_fail(w, MOTE_ERR_SHAPE, "Invalid number of data points (%lld) specified", (long long)m.n[i]);
    for (int32_t k = 0; k < i; k++)
      if (m.axis[k] == m.axis[i])
        mote_low_fail(w, MOTE_ERR_ARGUMENT, "FFT dims must be unique");
  }
  return m;
}

static mote_status lower_dft(mote_lowering *l, int64_t kind, bool inverse, bool two) {
  mote_vid x = l->args[0].ref;
  mote_dtype d = mote_low_desc(l, x)->dtype;
  many m = axes_of(l, mote_low_desc(l, x)->rank, two);
  int32_t last = m.count - 1;
  if (mote_aten_is_integral(d))
    x = mote_low_cast(l, x, MOTE_F32);
  else if (d == MOTE_F16 || d == MOTE_BF16)
    mote_low_fail(l, MOTE_ERR_TYPE, "Unsupported dtype %s", mote_aten_type_name(d));
  if (kind == TO_HALF && mote_dtype_is_complex(d))
    mote_low_fail(l, MOTE_ERR_TYPE, "expects a real input tensor, but got %s", mote_aten_type_name(d));
  if (kind == TO_HALF && l->st == MOTE_OK)
    x = transform(l, x, kind, m.axis[last], m.n[last], inverse);
  for (int32_t i = m.count - 1 - (kind != FULL); i >= 0 && l->st == MOTE_OK; i--)
    x = transform(l, x, FULL, m.axis[i], m.n[i], inverse);
  if (kind == FROM_HALF && l->st == MOTE_OK)
    x = transform(l, x, kind, m.axis[last], m.n[last], inverse);
  return mote_low_done(l, x);
}
#define TRANSFORM(name, kind, inverse)                                                                                 \
  static mote_status lower_##name(mote_lowering *l) { return lower_dft(l, kind, inverse, false); }                     \
  static mote_status lower_##name##2(mote_lowering * l) { return lower_dft(l, kind, inverse, true); }
TRANSFORM(fft, FULL, false)
TRANSFORM(ifft, FULL, true)
TRANSFORM(rfft, TO_HALF, false)
TRANSFORM(ihfft, TO_HALF, true)
TRANSFORM(irfft, FROM_HALF, true)
TRANSFORM(hfft, FROM_HALF, false)

static mote_status shift(mote_lowering *l, bool back) {
  mote_vid x = l->args[0].ref;
  const mote_arg *dim = mote_lower_arg(l, "dim");
  int32_t rank = mote_low_desc(l, x)->rank, n = dim != NULL && dim->kind == MOTE_ARG_INTS ? dim->ints.count : rank;
  for (int32_t i = 0; i < n; i++) {
    int32_t axis = dim != NULL && dim->kind == MOTE_ARG_INTS ? mote_low_axis(l, dim->ints.at[i], rank) : i;
    int64_t size = rank > 0 ? mote_low_desc(l, x)->dim[axis] : 1, at = back ? size / 2 : (size + 1) / 2;
    if (size < 2 || l->st != MOTE_OK)
      continue;
    mote_vid parts[2] = {mote_low_narrow(l, x, axis, at, size - at), mote_low_narrow(l, x, axis, 0, at)};
    x = mote_low_concat(l, parts, 2, axis);
  }
  return mote_low_done(l, x);
}
static mote_status lower_shift(mote_lowering *l) { return shift(l, false); }
static mote_status lower_unshift(mote_lowering *l) { return shift(l, true); }

// ------------------------------------------------------------------------------------------------ short windows

enum { S_FFT, S_HOP, S_PAD, S_MODE, S_HALF, S_FRAMES, S_WINDOW, S_START };
enum { PAD_ZERO, PAD_REFLECT, PAD_REPLICATE, PAD_CIRCULAR };

static double window_at(const mote_opctx *c, int64_t i) { // in the middle of the transform's length
  const mote_ref_attr *a = c->attr;
  i -= (a->n[S_FFT] - a->n[S_WINDOW]) / 2;
  if (i < 0 || i >= a->n[S_WINDOW])
    return 0;
  return mote_has(c, 1) ? mote_ref_real(c->in[1], i) : 1;
}
static mote_z sample_at(const mote_opctx *c, int64_t row, int64_t i) {
  const mote_ref_attr *a = c->attr;
  int64_t n = c->in[0]->dim[c->in[0]->rank - 1];
  if (i < 0 || i >= n) {
    if (a->n[S_MODE] == PAD_ZERO)
      return mote_z_real(0);
    i = a->n[S_MODE] == PAD_REFLECT    ? (i < 0 ? -i : 2 * (n - 1) - i)
        : a->n[S_MODE] == PAD_CIRCULAR ? (i + n) % n
        : i < 0                        ? 0
                                       : n - 1;
  }
  return mote_ref_get(c->in[0], row * n + i);
}
static mote_status stft_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int64_t n = a->n[S_FFT], frames = a->n[S_FRAMES], bins = a->n[S_HALF] ? n / 2 + 1 : n,
          rows = x->rank > 1 ? x->dim[0] : 1;
  dft d;
  mote_z *line = mote_ref_alloc(c, n, sizeof *line);
  bool fine = line != NULL && dft_begin(c, &d, n);
  for (int64_t r = 0; fine && r < rows * frames; r++) {
    for (int64_t k = 0; k < n; k++)
      line[k] = mote_z_mul(sample_at(c, r / frames, r % frames * a->n[S_HOP] + k - a->n[S_PAD]),
                           mote_z_real(window_at(c, k)));
    dft_run(&d, line, false);
    for (int64_t k = 0; k < bins; k++) {
      mote_z v = {line[k].re * a->f[0], line[k].im * a->f[0]};
      int64_t to = (r / frames * bins + k) * frames + r % frames;
      if (mote_dtype_is_complex(o->dtype)) {
        mote_ref_put(o, to, v);
        continue;
      }
      mote_store_f64(o->data, o->dtype, 2 * to, v.re);
      mote_store_f64(o->data, o->dtype, 2 * to + 1, v.im);
    }
  }
  if (fine)
    mote_ref_free(c, d.turn);
  mote_ref_free(c, line);
  return fine ? MOTE_OK : mote_fail_nomem(c->err);
}
MOTE_REF_OP(stft_op, "stft", 1, 2, 1, 0, stft_eval);

static mote_status window_geometry(mote_low *w, mote_ref_attr *a, mote_vid window) {
  mote_lowering *l = w;
  const mote_tensor *t = mote_low_desc(w, window);
  int64_t n = a->n[S_FFT] = mote_lower_int(l, "n_fft", 0);
  a->n[S_HOP] = mote_lower_int(l, "hop_length", n / 4);
  a->n[S_WINDOW] = mote_lower_int(l, "win_length", n);
  if (n < 1 || n > (1 << 24) || a->n[S_HOP] < 1 || a->n[S_HOP] > INT32_MAX || a->n[S_WINDOW] < 1 || a->n[S_WINDOW] > n)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT,
                     "expected 0 < n_fft, hop_length > 0, 0 < win_length <= n_fft, but got n_fft=%lld, "
                     "hop_length=%lld, win_length=%lld",
                     (long long)n, (long long)a->n[S_HOP], (long long)a->n[S_WINDOW]);
  if (window >= 0 && (t->rank != 1 || t->dim[0] != a->n[S_WINDOW]))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "expected a 1D window tensor of size equal to win_length=%lld",
                     (long long)a->n[S_WINDOW]);
  return MOTE_OK;
}

static mote_status lower_stft(mote_lowering *l) {
  static const char *const modes[] = {"constant", "reflect", "replicate", "circular"};
  mote_vid in[2] = {l->args[0].ref, mote_low_tensor(l, "window")};
  mote_ref_attr a = mote_ref_attr_of(0);
  MOTE_TRY(window_geometry(l, &a, in[1]));
  const mote_tensor *t = mote_low_desc(l, in[0]);
  const char *mode = mote_low_str(l, "pad_mode", "reflect");
  int64_t n = a.n[S_FFT], size = t->rank > 0 ? t->dim[t->rank - 1] : 0;
  bool complex = mote_dtype_is_complex(t->dtype),
       center = mote_lower_arg(l, "center") != NULL && mote_lower_bool(l, "center", true);
  bool as_complex = mote_lower_bool(l, "return_complex", complex);
  if (t->rank < 1 || t->rank > 2 || (!complex && t->dtype != MOTE_F32 && t->dtype != MOTE_F64))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "stft: expected a 1D or 2D tensor of floating point or complex values");
  if (!mote_low_given(l, "return_complex") && !complex)
    return mote_fail(l->err, MOTE_ERR_ARGUMENT,
                     "stft requires the return_complex parameter be given for real inputs, and will further require "
                     "that return_complex=True in a future PyTorch release.");
  while (a.n[S_MODE] < 4 && strcmp(modes[a.n[S_MODE]], mode) != 0)
    a.n[S_MODE]++;
  a.n[S_PAD] = center ? n / 2 : 0;
  if (center && (a.n[S_MODE] == 4 || size == 0 || (a.n[S_MODE] == PAD_REFLECT && a.n[S_PAD] >= size) ||
                 (a.n[S_MODE] == PAD_CIRCULAR && a.n[S_PAD] > size)))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "stft: padding of %lld of mode %s does not fit an input of %lld",
                     (long long)a.n[S_PAD], mode, (long long)size);
  if (n > size + 2 * a.n[S_PAD])
    return mote_fail(l->err, MOTE_ERR_SHAPE, "stft: expected 0 < n_fft <= %lld, but got n_fft=%lld",
                     (long long)(size + 2 * a.n[S_PAD]), (long long)n);
  a.n[S_HALF] = mote_lower_bool(l, "onesided", !complex);
  a.n[S_FRAMES] = (size + 2 * a.n[S_PAD] - n) / a.n[S_HOP] + 1;
  a.f[0] = mote_lower_bool(l, "normalized", false) ? 1 / sqrt((double)n) : 1;
  int64_t dim[4] = {t->dim[0], a.n[S_HALF] ? n / 2 + 1 : n, a.n[S_FRAMES], 2};
  mote_dtype d = as_complex ? mote_complex_of(t->dtype) : mote_real_part(t->dtype);
  mote_ref_shape(&a, 0, d, t->rank + 1 + !as_complex, t->rank == 2 ? dim : dim + 1);
  return mote_low_done(l, mote_ref_emit(l, &stft_op, &a, in, in[1] < 0 ? 1 : 2, NULL));
}

// Overlapping windows are added and divided by the sum of the windows' squares.
static void add_frames(const mote_opctx *c, dft *d, int64_t row, mote_z *line, mote_z *sum, double *power,
                       int64_t length) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0];
  int64_t n = a->n[S_FFT], frames = a->n[S_FRAMES], bins = a->n[S_HALF] ? n / 2 + 1 : n;
  memset(sum, 0, (size_t)length * sizeof *sum);
  memset(power, 0, (size_t)length * sizeof *power);
  for (int64_t f = 0; f < frames; f++) {
    for (int64_t k = 0; k < bins; k++)
      line[k] = mote_ref_get(x, (row * bins + k) * frames + f);
    for (int64_t k = bins; k < n; k++)
      line[k] = mote_z_conj(line[n - k]);
    if (a->n[S_HALF]) {
      line[0].im = 0;
      line[n / 2].im = n % 2 == 0 ? 0 : line[n / 2].im;
    }
    dft_run(d, line, true);
    for (int64_t k = 0; k < n; k++) {
      double v = window_at(c, k);
      sum[f * a->n[S_HOP] + k] =
          mote_z_add(sum[f * a->n[S_HOP] + k], (mote_z){line[k].re * v * a->f[0], line[k].im * v * a->f[0]});
      power[f * a->n[S_HOP] + k] += v * v;
    }
  }
}
static mote_status istft_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int64_t n = a->n[S_FFT], length = n + a->n[S_HOP] * (a->n[S_FRAMES] - 1), size = o->dim[o->rank - 1],
          rows = x->rank > 2 ? x->dim[0] : 1;
  dft d;
  mote_z *line = mote_ref_alloc(c, n + length, sizeof *line), *sum = line + n;
  double *power = mote_ref_alloc(c, length, sizeof *power);
  bool fine = line != NULL && power != NULL && dft_begin(c, &d, n);
  mote_status s = fine ? MOTE_OK : mote_fail_nomem(c->err);
  for (int64_t r = 0; s == MOTE_OK && r < rows; r++) {
    add_frames(c, &d, r, line, sum, power, length);
    for (int64_t i = 0; s == MOTE_OK && i < size; i++) {
      int64_t at = i + a->n[S_START];
      mote_z v = at < length ? sum[at] : mote_z_real(0);
      if (at < length && power[at] < 1e-11)
        s = mote_op_fail(c, MOTE_ERR_DATA, "window overlap add min: %g", power[at]);
      else
        mote_ref_put(o, r * size + i, at < length ? (mote_z){v.re / power[at], v.im / power[at]} : v);
    }
  }
  if (fine)
    mote_ref_free(c, d.turn);
  mote_ref_free(c, line);
  mote_ref_free(c, power);
  return s;
}
MOTE_REF_OP(istft_op, "istft", 1, 2, 1, MOTE_OP_CHECKS_DATA, istft_eval);

static mote_status lower_istft(mote_lowering *l) {
  mote_vid in[2] = {l->args[0].ref, mote_low_tensor(l, "window")};
  mote_ref_attr a = mote_ref_attr_of(0);
  MOTE_TRY(window_geometry(l, &a, in[1]));
  const mote_tensor *t = mote_low_desc(l, in[0]);
  int64_t n = a.n[S_FFT], bins = t->rank > 1 ? t->dim[t->rank - 2] : 0;
  bool center = mote_lower_bool(l, "center", true), complex = mote_lower_bool(l, "return_complex", false);
  if (!mote_dtype_is_complex(t->dtype) || t->rank < 2 || t->rank > 3 || t->dim[t->rank - 1] < 1)
    return mote_fail(
        l->err, MOTE_ERR_SHAPE,
        "istft requires a complex-valued input tensor matching the output from stft with return_complex=True.");
  a.n[S_HALF] = mote_lower_bool(l, "onesided", bins != n);
  if (bins != (a.n[S_HALF] ? n / 2 + 1 : n) || (complex && a.n[S_HALF]))
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "istft expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 "
                     "+ 1 when onesided=True, or n_fft, but got %lld",
                     (long long)bins);
  a.n[S_FRAMES] = t->dim[t->rank - 1];
  a.n[S_START] = center ? n / 2 : 0;
  a.f[0] = (mote_lower_bool(l, "normalized", false) ? sqrt((double)n) : 1) / (double)n;
  int64_t full = n + a.n[S_HOP] * (a.n[S_FRAMES] - 1), size = mote_lower_int(l, "length", full - 2 * a.n[S_START]),
          dim[2] = {t->dim[0], size};
  if (size < 1)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "istft(): a result of %lld samples", (long long)size);
  mote_ref_shape(&a, 0, complex ? t->dtype : mote_real_part(t->dtype), t->rank - 1, t->rank == 3 ? dim : dim + 1);
  return mote_low_done(l, mote_ref_emit(l, &istft_op, &a, in, in[1] < 0 ? 1 : 2, NULL));
}

static const mote_torch_row rows[] = {
    {"fft_fft fft_fftn", .lower = lower_fft},
    {"fft_fft2", .lower = lower_fft2},
    {"fft_ifft fft_ifftn", .lower = lower_ifft},
    {"fft_ifft2", .lower = lower_ifft2},
    {"fft_rfft fft_rfftn", .lower = lower_rfft},
    {"fft_rfft2", .lower = lower_rfft2},
    {"fft_irfft fft_irfftn", .lower = lower_irfft},
    {"fft_irfft2", .lower = lower_irfft2},
    {"fft_hfft fft_hfftn", .lower = lower_hfft},
    {"fft_hfft2", .lower = lower_hfft2},
    {"fft_ihfft fft_ihfftn", .lower = lower_ihfft},
    {"fft_ihfft2", .lower = lower_ihfft2},
    {"fft_fftshift", .lower = lower_shift},
    {"fft_ifftshift", .lower = lower_unshift},
    {"stft .center", .lower = lower_stft},
    {"istft", .lower = lower_istft},
    {NULL},
};
const mote_op_family mote_family_aten_fft = {NULL, rows};
