// Sound: spectrograms under a moving window, and their mel-frequency cepstral coefficients; TensorFlow Lite's custom
// operators of that kind. Tests: the cases sound and refused_spectrogram of tests/models
#include "ops/flex.h"
#include "ops/fourier.h"

// Options in this order; frequencies in Hertz, bands of the mel scale and numbers that are made of them.
enum { WINDOW, STRIDE, SQUARED, HIGH, LOW, BANDS, COEFFICIENTS, SOUND_OPTIONS };
typedef struct sound_attr {
  int64_t of[SOUND_OPTIONS];
} sound_attr;

static mote_status bad_options(const mote_opctx *c) {
  return mote_op_fail(c, MOTE_ERR_FORMAT, "an option is missing or out of range");
}

// Input: samples [n, channels]. Output: magnitudes [channels, frames, half of the next power of two, and one more] of
// windows under a Hann curve.
static mote_status spectrogram_infer(mote_opctx *c) {
  const sound_attr *a = c->attr;
  if (a->of[WINDOW] < 2 || a->of[STRIDE] < 1)
    return bad_options(c);
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
  mote_dft d;
  mote_z *line = c->scratch;
  double *window = (double *)(line + m);
  if (!mote_dft_begin(c, &d, m))
    return mote_fail_nomem(c->err);
  for (int64_t k = 0; k < a->of[WINDOW]; k++)
    window[k] = 0.5 - 0.5 * cos(MOTE_TWO_PI * (double)k / (double)a->of[WINDOW]);
  for (int64_t r = 0; r < o->dim[0] * frames; r++) {
    const float *from = x + r % frames * a->of[STRIDE] * o->dim[0] + r / frames;
    for (int64_t k = 0; k < m; k++)
      line[k] = mote_z_real(k < a->of[WINDOW] ? (double)from[k * o->dim[0]] * window[k] : 0);
    mote_dft_run(&d, line, false);
    for (int64_t k = 0; k < half; k++) {
      float square = (float)(line[k].re * line[k].re + line[k].im * line[k].im);
      ((float *)o->data)[r * half + k] = a->of[SQUARED] != 0 ? square : sqrtf(square);
    }
  }
  mote_ref_free(c, d.turn);
  return MOTE_OK;
}
// A line of the transform, and the window, which is no longer.
static size_t spectrogram_scratch(const mote_opctx *c) {
  return 2 * (size_t)(c->out[0]->dim[2] - 1) * (sizeof(mote_z) + sizeof(double));
}

static double mel_of(double hertz) { return 1127 * log1p(hertz / 700); }

// Inputs: squared magnitudes [channels, frames, n] from 0 to half the rate, the rate. Output: the first coefficients of
// the cosine transform of the logarithms of triangular bands, each with its peak at the next one's foot.
static mote_status mfcc_infer(mote_opctx *c) {
  const sound_attr *a = c->attr;
  if (a->of[LOW] < 0 || a->of[HIGH] <= a->of[LOW] || a->of[COEFFICIENTS] < 1 || a->of[BANDS] < a->of[COEFFICIENTS])
    return bad_options(c);
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_dtype(c, 1, MOTE_I32));
  MOTE_TRY(mote_want_rank(c, 0, 3, 3));
  if (mote_tensor_numel(c->in[1]) != 1 || c->in[0]->dim[2] < 2)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "one rate, and two magnitudes or more are needed");
  int64_t dim[3] = {c->in[0]->dim[0], c->in[0]->dim[1], a->of[COEFFICIENTS]};
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
        sum += cos((double)i * MOTE_TWO_PI / 2 / (double)bands * ((double)k + 0.5)) * band[k];
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
  int32_t n = l->op->rules->min_in;
  for (int i = 0; i < SOUND_OPTIONS; i++)
    a.of[i] = (int64_t)fmax(fmin(mote_flex_number(l, keys[i], 0), 1 << 20), -1);
  if (l->n_args < n)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "%d inputs", l->n_args);
  mote_vid in[2] = {l->args[0].ref, l->args[n - 1].ref};
  return mote_lower_emit1(l, l->op, &a, in, n, &l->result[l->n_out++]);
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_LOWER(MOTE_TFLITE_CUSTOM, 100, "AudioSpectrogram", spectrogram_op, lower_sound),
    MOTE_TFLITE_LOWER(MOTE_TFLITE_CUSTOM, 100, "Mfcc", mfcc_op, lower_sound),
};
const mote_op_family mote_family_sound = {MOTE_ROWS(tflite, tflite_rows)};
