// Fourier transforms: PyTorch's of one axis of any length (those over several and of short windows of a signal are
// written in TorchScript, src/script/definitions/fourier.py), TensorFlow Lite's of real images, and of sound.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"
#include "ops/flex.h"

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
static void image_lines(dft *d, mote_z *at, int64_t lines, int64_t next, int64_t step, mote_z *line) {
  for (int64_t r = 0; r < lines; r++) {
    for (int64_t k = 0; k < d->n; k++)
      line[k] = at[r * next + k * step];
    dft_run(d, line, false);
    for (int64_t k = 0; k < d->n; k++)
      at[r * next + k * step] = line[k];
  }
}

static mote_status image_eval(mote_opctx *c) {
  const mote_tensor *x = c->in[0], *o = c->out[0];
  mote_ints n;
  MOTE_TRY(mote_ints_of(c, 1, &n));
  int64_t h = n.at[0], w = n.at[1], half = w / 2 + 1, xh = x->dim[x->rank - 2], xw = x->dim[x->rank - 1], area;
  dft rows, columns;
  mote_z *z = mote_mul_count(h, w, &area) ? mote_ref_alloc(c, area + MOTE_MAX(h, w), sizeof *z) : NULL;
  bool fine = z != NULL && dft_begin(c, &rows, w), both = fine && dft_begin(c, &columns, h);
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

// ------------------------------------------------------------------------------------------------ sound

// Options in this order; frequencies in Hertz, bands of the mel scale and numbers that are made of them.
enum { WINDOW, STRIDE, SQUARED, HIGH, LOW, BANDS, COEFFICIENTS, SOUND_OPTIONS };
typedef struct sound_attr {
  int64_t of[SOUND_OPTIONS];
} sound_attr;

// Input: samples [n, channels]. Output: magnitudes [channels, frames, half of the next power of two, and one more] of
// windows under a Hann curve.
static mote_status spectrogram_infer(mote_opctx *c) {
  const sound_attr *a = c->attr;
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_rank(c, 0, 2, 2));
  int64_t n = c->in[0]->dim[0], m = 2;
  while (m < a->of[WINDOW])
    m *= 2;
  int64_t dim[3] = {c->in[0]->dim[1], n < a->of[WINDOW] ? 0 : 1 + (n - a->of[WINDOW]) / a->of[STRIDE], m / 2 + 1};
  mote_out(c, 0, MOTE_F32, 3, dim);
  return MOTE_OK;
}
static mote_status spectrogram_eval(mote_opctx *c) {
  const sound_attr *a = c->attr;
  const mote_tensor *o = c->out[0];
  const float *x = c->in[0]->data;
  int64_t frames = o->dim[1], half = o->dim[2], m = 2 * (half - 1);
  dft d;
  mote_z *line = c->scratch;
  if (!dft_begin(c, &d, m))
    return mote_fail_nomem(c->err);
  for (int64_t r = 0; r < o->dim[0] * frames; r++) {
    for (int64_t k = 0; k < m; k++)
      line[k] = mote_z_real(k < a->of[WINDOW] ? (double)x[(r % frames * a->of[STRIDE] + k) * o->dim[0] + r / frames] *
                                                    (0.5 - 0.5 * cos(TWO_PI * (double)k / (double)a->of[WINDOW]))
                                              : 0);
    dft_run(&d, line, false);
    for (int64_t k = 0; k < half; k++) {
      float square = (float)(line[k].re * line[k].re + line[k].im * line[k].im);
      ((float *)o->data)[r * half + k] = a->of[SQUARED] != 0 ? square : sqrtf(square);
    }
  }
  mote_ref_free(c, d.turn);
  return MOTE_OK;
}
static size_t spectrogram_scratch(const mote_opctx *c) { return 2 * (size_t)(c->out[0]->dim[2] - 1) * sizeof(mote_z); }

static double mel_of(double hertz) { return 1127 * log1p(hertz / 700); }

// Inputs: squared magnitudes [channels, frames, n] from 0 to half the rate, the rate. Output: the first coefficients of
// the cosine transform of the logarithms of triangular bands, each with its peak at the next one's foot.
static mote_status mfcc_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_dtype(c, 1, MOTE_I32));
  MOTE_TRY(mote_want_rank(c, 0, 3, 3));
  if (mote_tensor_numel(c->in[1]) != 1 || c->in[0]->dim[2] < 2)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "one rate, and two magnitudes or more are needed");
  int64_t dim[3] = {c->in[0]->dim[0], c->in[0]->dim[1], ((const sound_attr *)c->attr)->of[COEFFICIENTS]};
  mote_out(c, 0, MOTE_F32, 3, dim);
  return MOTE_OK;
}
// Sums of the bands of one frame. Spectra that end below the highest frequency have none: `step` is in Hertz.
static void mfcc_bands(const sound_attr *a, const float *x, int64_t n, double step, double *band) {
  double foot = mel_of((double)a->of[LOW]), wide = (mel_of((double)a->of[HIGH]) - foot) / (double)(a->of[BANDS] + 1);
  double last = (double)a->of[HIGH] / step;
  int64_t at = -1; // the band that falls
  memset(band, 0, (size_t)a->of[BANDS] * sizeof *band);
  for (int64_t i = (int64_t)(1.5 + (double)a->of[LOW] / step); last < (double)n && i <= (int64_t)last; i++) {
    double mel = mel_of((double)i * step), root = sqrt((double)x[i]);
    while (at + 1 < a->of[BANDS] && foot + wide * (double)(at + 2) < mel)
      at++;
    double share = (foot + wide * (double)(at + 2) - mel) / wide * root;
    if (at >= 0)
      band[at] += share;
    if (at + 1 < a->of[BANDS])
      band[at + 1] += root - share;
  }
  for (int64_t k = 0; k < a->of[BANDS]; k++)
    band[k] = last < (double)n ? log(fmax(band[k], 1e-12)) : 0;
}
static size_t mfcc_scratch(const mote_opctx *c) {
  return (size_t)((const sound_attr *)c->attr)->of[BANDS] * sizeof(double);
}
static mote_status mfcc_eval(mote_opctx *c) {
  const sound_attr *a = c->attr;
  int64_t n = c->in[0]->dim[2], bands = a->of[BANDS];
  int32_t rate = *(const int32_t *)c->in[1]->data;
  double *band = c->scratch;
  float *out = c->out[0]->data;
  if (rate < 1)
    return mote_op_fail(c, MOTE_ERR_DATA, "rate %d", rate);
  for (int64_t r = 0; r < c->in[0]->dim[0] * c->in[0]->dim[1]; r++) {
    mfcc_bands(a, (const float *)c->in[0]->data + r * n, n, 0.5 * rate / (double)(n - 1), band);
    for (int64_t i = 0; i < a->of[COEFFICIENTS]; i++) {
      double sum = 0;
      for (int64_t k = 0; k < bands; k++)
        sum += cos((double)i * TWO_PI / 2 / (double)bands * ((double)k + 0.5)) * band[k];
      *out++ = (float)(sqrt(2.0 / (double)bands) * sum);
    }
  }
  return MOTE_OK;
}
static const mote_op spectrogram_op = {"audio_spectrogram",
                                       MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(sound_attr),
                                                  .infer = spectrogram_infer, .eval = spectrogram_eval,
                                                  .more = MOTE_MORE(.scratch = spectrogram_scratch))};
static const mote_op mfcc_op = {"mfcc", MOTE_RULES(.flags = MOTE_OP_CHECKS_DATA, .min_in = 2, .max_in = 2, .n_out = 1,
                                                   .attr_size = sizeof(sound_attr), .infer = mfcc_infer,
                                                   .eval = mfcc_eval, .more = MOTE_MORE(.scratch = mfcc_scratch))};

static mote_status lower_sound(mote_lowering *l) {
  static const char *const keys[] = {"window_size",           "stride",
                                     "magnitude_squared",     "upper_frequency_limit",
                                     "lower_frequency_limit", "filterbank_channel_count",
                                     "dct_coefficient_count"};
  sound_attr a;
  const int64_t *of = a.of;
  int32_t n = l->op->rules->min_in;
  for (int i = 0; i < SOUND_OPTIONS; i++)
    a.of[i] = (int64_t)fmax(fmin(mote_flex_number(l, keys[i], 0), 1 << 20), -1);
  bool good = n == 1 ? of[WINDOW] > 1 && of[STRIDE] > 0
                     : of[LOW] >= 0 && of[HIGH] > of[LOW] && of[COEFFICIENTS] > 0 && of[BANDS] >= of[COEFFICIENTS];
  if (!good || l->n_args < n)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "an option is missing or out of range");
  mote_vid in[2] = {l->args[0].ref, l->args[n - 1].ref};
  return mote_lower_emit1(l, l->op, &a, in, n, &l->result[l->n_out++]);
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(131, 1, "RFFT2D", image_op),
    MOTE_TFLITE_LOWER(MOTE_TFLITE_CUSTOM, 100, "AudioSpectrogram", spectrogram_op, lower_sound),
    MOTE_TFLITE_LOWER(MOTE_TFLITE_CUSTOM, 100, "Mfcc", mfcc_op, lower_sound),
};

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("fft_fft", lower_fft),   MOTE_TORCH_LOWER("fft_ifft", lower_ifft),
    MOTE_TORCH_LOWER("fft_rfft", lower_rfft), MOTE_TORCH_LOWER("fft_irfft", lower_irfft),
    MOTE_TORCH_LOWER("fft_hfft", lower_hfft), MOTE_TORCH_LOWER("fft_ihfft", lower_ihfft),
};
const mote_op_family mote_family_aten_fft = {MOTE_ROWS(tflite, tflite_rows), MOTE_ROWS(torch, rows)};
