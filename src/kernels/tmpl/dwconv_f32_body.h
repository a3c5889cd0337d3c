// Body of the float32 depthwise rows; a file per instruction set includes its vf_<isa>.h, then this.
//
// Square kernels of 3 and 5, strides 1 and 2, without dilation: a patch of outputs (2 rows by 4 columns) at once, so
// that a weight serves all of them and an input vector all of a row that use it. The pixels of the patch's inputs are
// found first (padding points at the packed zeros), then the channels are walked. Other kernels, and a last row without
// a second, take a list of taps for each output. Both add the taps in the same order. Knows no graph. Tests:
// tests/kernels/check_dwconv_f32.c
#include "kernels/dwconv_f32_any.h"

enum {
  PATCH_ROWS = MOTE_DWCONV_F32_BAND,
  PATCH_COLS = 4,
  TAPS_MAX = 128, // more taps than this: one output and channel at a time
  GROUP = 4       // outputs that share a weight in the list form
};

typedef struct dw_job {
  const mote_dwconv_f32_args *args;
  const float *image, *zeros;
  float *out; // of the image
  size_t c0, c1;
} dw_job;

static const float *dw_pixel(const dw_job *job, ptrdiff_t y, ptrdiff_t x) {
  const mote_f32_in *in = &job->args->in;
  return (size_t)y < in->h && (size_t)x < in->w ? job->image + y * in->h_stride + x * in->w_stride : job->zeros;
}

static float *dw_output(const dw_job *job, size_t y, size_t x) {
  return job->out + (ptrdiff_t)y * job->args->out.h_stride + (ptrdiff_t)x * job->args->out.w_stride;
}

// Weights of the block that begins at channel c, and where its channels lie.
static const float *dw_weights(const dw_job *job, size_t c) {
  return (const float *)job->args->packed + c * (job->args->slide.kh * job->args->slide.kw + 1);
}

static size_t dw_channel(const dw_job *job, size_t c) { return mote_dw_first(job->args->channels, VF_W, c); }

// ---- any kernel: a list of taps

MOTE_INLINE void dw_list_vector(const dw_job *job, const float *const *taps, float *const *out, size_t c,
                                size_t count) {
  const float *w = dw_weights(job, c);
  const size_t at = dw_channel(job, c), n = job->args->slide.kh * job->args->slide.kw;
  const vf lo = vf_set1(job->args->lo), hi = vf_set1(job->args->hi), bias = vf_load(w);
  vf sum[GROUP];
  VF_UNROLL
  for (size_t o = 0; o < GROUP; o++)
    sum[o] = bias;
  for (size_t t = 0; t < n; t++, taps += GROUP) {
    w += VF_W;
    const vf weight = vf_load(w);
    VF_UNROLL
    for (size_t o = 0; o < GROUP; o++)
      sum[o] = vf_fma(count == VF_W ? vf_load(taps[o] + at) : vf_load_n(taps[o] + at, count), weight, sum[o]);
  }
  VF_UNROLL
  for (size_t o = 0; o < GROUP; o++) {
    const vf v = vf_min(hi, vf_max(lo, sum[o]));
    if (count == VF_W)
      vf_store(out[o] + at, v);
    else
      vf_store_n(out[o] + at, v, count);
  }
}

// Outputs of row y.
static void dw_list_row(const dw_job *job, size_t y) {
  const mote_slide *s = &job->args->slide;
  const float *taps[TAPS_MAX * GROUP];
  float *out[GROUP];
  for (size_t x = 0; x < job->args->out.w; x += GROUP) {
    for (size_t o = 0; o < GROUP; o++) {
      const float **tap = taps + o;
      const size_t at = MOTE_MIN(x + o, job->args->out.w - 1); // the last output fills up the group
      out[o] = dw_output(job, y, at);
      for (size_t i = 0; i < s->kh; i++)
        for (size_t j = 0; j < s->kw; j++, tap += GROUP)
          *tap = dw_pixel(job, (ptrdiff_t)(y * s->stride_h + i * s->dilation_h) - s->pad_top,
                          (ptrdiff_t)(at * s->stride_w + j * s->dilation_w) - s->pad_left);
    }
    if (job->args->channels < VF_W)
      dw_list_vector(job, taps, out, 0, job->args->channels);
    else
      for (size_t c = job->c0; c < job->c1; c += VF_W)
        dw_list_vector(job, taps, out, c, VF_W);
  }
}

// ---- square kernels: patches of two rows. size and stride are constants where these are inlined.

// A turn of the loop adds one kernel row to all outputs of the patch: its weights stay in registers.
MOTE_INLINE void dw_patch_vector(const dw_job *job, const float *const *in, float *const *out, size_t c, size_t size,
                                 size_t stride) {
  const size_t in_cols = (PATCH_COLS - 1) * stride + size;
  const float *w = dw_weights(job, c);
  const size_t at = dw_channel(job, c);
  const vf lo = vf_set1(job->args->lo), hi = vf_set1(job->args->hi), bias = vf_load(w);
  vf sum[PATCH_ROWS][PATCH_COLS];
  VF_UNROLL
  for (size_t o = 0; o < PATCH_ROWS * PATCH_COLS; o++)
    sum[o / PATCH_COLS][o % PATCH_COLS] = bias;
  w += VF_W;
  for (size_t i = 0; i < size; i++, in += in_cols) {
    vf weight[5];
    MOTE_FORGET(in); // else the second row's inputs are kept for the next turn, in registers that the sums need
    VF_UNROLL
    for (size_t j = 0; j < size; j++, w += VF_W)
      weight[j] = vf_load(w);
    VF_UNROLL
    for (size_t r = 0; r < PATCH_ROWS; r++) {
      VF_UNROLL
      for (size_t x = 0; x < in_cols; x++) {
        const vf v = vf_load(in[r * stride * in_cols + x] + at);
        VF_UNROLL
        for (size_t o = 0; o < PATCH_COLS; o++) {
          const size_t j = x - o * stride; // wraps past size when the output does not use it
          if (j < size)
            sum[r][o] = vf_fma(v, weight[j], sum[r][o]);
        }
        MOTE_KEEP(v);
      }
    }
    VF_UNROLL
    for (size_t j = 0; j < size; j++)
      MOTE_KEEP(weight[j]);
  }
  VF_UNROLL
  for (size_t o = 0; o < PATCH_ROWS * PATCH_COLS; o++)
    vf_store(out[o] + at, vf_min(hi, vf_max(lo, sum[o / PATCH_COLS][o % PATCH_COLS])));
}

// Pointers to the patch's inputs, whose first pixel is (y, x) of the input.
static void dw_patch_inputs(const dw_job *job, const float **in, ptrdiff_t y, ptrdiff_t x, size_t in_rows,
                            size_t in_cols) {
  const mote_f32_in *from = &job->args->in;
  if (y >= 0 && x >= 0 && (size_t)y + in_rows <= from->h && (size_t)x + in_cols <= from->w) {
    const float *line = job->image + y * from->h_stride + x * from->w_stride;
    for (size_t i = 0; i < in_rows; i++, line += from->h_stride)
      for (size_t j = 0; j < in_cols; j++)
        *in++ = line + (ptrdiff_t)j * from->w_stride;
    return;
  }
  for (size_t i = 0; i < in_rows; i++)
    for (size_t j = 0; j < in_cols; j++)
      *in++ = dw_pixel(job, y + (ptrdiff_t)i, x + (ptrdiff_t)j);
}

// Output rows y and y + 1, all columns. The last patch of a row is moved left to end with it.
MOTE_INLINE void dw_patch_rows(const dw_job *job, size_t y, size_t size, size_t stride) {
  const size_t in_rows = (PATCH_ROWS - 1) * stride + size, in_cols = (PATCH_COLS - 1) * stride + size;
  const size_t width = job->args->out.w;
  const float *in[7 * 11]; // of stride 2, size 5
  float *out[PATCH_ROWS * PATCH_COLS];
  for (size_t x0 = 0; x0 < width; x0 += PATCH_COLS) {
    const size_t x = MOTE_MIN(x0, width - PATCH_COLS);
    dw_patch_inputs(job, in, (ptrdiff_t)(y * stride) - job->args->slide.pad_top,
                    (ptrdiff_t)(x * stride) - job->args->slide.pad_left, in_rows, in_cols);
    for (size_t r = 0; r < PATCH_ROWS; r++) {
      float *line = dw_output(job, y + r, x);
      VF_UNROLL
      for (size_t o = 0; o < PATCH_COLS; o++, line += job->args->out.w_stride)
        out[r * PATCH_COLS + o] = line;
    }
    for (size_t c = job->c0; c < job->c1; c += VF_W)
      dw_patch_vector(job, in, out, c, size, stride);
  }
}

static void dw_3x3s1(const dw_job *job, size_t y) { dw_patch_rows(job, y, 3, 1); }
static void dw_3x3s2(const dw_job *job, size_t y) { dw_patch_rows(job, y, 3, 2); }
static void dw_5x5s1(const dw_job *job, size_t y) { dw_patch_rows(job, y, 5, 1); }
static void dw_5x5s2(const dw_job *job, size_t y) { dw_patch_rows(job, y, 5, 2); }

typedef void (*dw_patch_fn)(const dw_job *job, size_t y);

// NULL: no patch form.
static dw_patch_fn dw_patch_of(const mote_dwconv_f32_args *args) {
  const mote_slide *s = &args->slide;
  if (s->kh != s->kw || (s->kh != 3 && s->kh != 5) || s->stride_h != s->stride_w || s->stride_h > 2 ||
      s->dilation_h != 1 || s->dilation_w != 1 || args->out.w < PATCH_COLS || args->channels < VF_W)
    return NULL;
  if (s->kh == 3)
    return s->stride_h == 1 ? dw_3x3s1 : dw_3x3s2;
  return s->stride_h == 1 ? dw_5x5s1 : dw_5x5s2;
}

static void run(const mote_dwconv_f32_args *args, size_t t0, size_t t1) {
  const mote_slide *s = &args->slide;
  const size_t blocks = (args->channels * args->multiplier + VF_W - 1) / VF_W;
  const dw_patch_fn patch = dw_patch_of(args);
  dw_job job = {.args = args, .zeros = (const float *)args->packed + blocks * VF_W * (s->kh * s->kw + 1)};
  for (size_t t = t0; t < t1; t++) {
    const mote_dw_tile tile = mote_dw_tile_at(args, t);
    job.image = args->in.data + (ptrdiff_t)tile.n * args->in.n_stride;
    job.out = args->out.data + (ptrdiff_t)tile.n * args->out.n_stride;
    job.c0 = tile.c0;
    job.c1 = tile.c1;
    if (args->multiplier != 1 || s->kh * s->kw > TAPS_MAX) {
      mote_dw_any(args, VF_W, &tile);
      continue;
    }
    if (patch != NULL && tile.y1 - tile.y0 == PATCH_ROWS) {
      patch(&job, tile.y0);
      continue;
    }
    for (size_t y = tile.y0; y < tile.y1; y++)
      dw_list_row(&job, y);
  }
}

#define DW_TEXT2(x) #x
#define DW_TEXT(x) DW_TEXT2(x)
const mote_dwconv_f32 VF_NAME(dwconv_c) = {
    .name = DW_TEXT(VF_NAME(dwconv_c)), .isa = VF_ISA, .features = VF_FEATURES, .block = VF_W, .run = run};
