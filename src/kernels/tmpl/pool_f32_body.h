// Body of the float32 pooling rows; a file per instruction set includes its vf_<isa>.h, then this.
// Knows no graph. Tests: tests/kernels/check_pool_f32.c
#include <math.h>

#include "kernels/pool_f32.h"

// The part of one output's window that is no padding: taps [i0, i1) x [j0, j1).
typedef struct pool_window {
  const float *first; // tap (i0, j0), channel 0 of the image
  size_t rows, cols;
  ptrdiff_t row_step, col_step;
  float divisor; // 0: the window holds padding only
} pool_window;

// Taps k of [0, taps) with 0 <= start + k*dilation < size, as a first and a count.
static void clip_taps(ptrdiff_t start, size_t taps, size_t dilation, size_t size, size_t *first, size_t *count) {
  size_t lo = 0, hi = 0;
  if (start < 0)
    lo = MOTE_MIN(((size_t)-start + dilation - 1) / dilation, taps);
  if (start < (ptrdiff_t)size)
    hi = MOTE_MIN((size_t)((ptrdiff_t)size - start - 1) / dilation + 1, taps);
  *first = lo;
  *count = hi > lo ? hi - lo : 0;
}

static float pool_divisor(const mote_pool_f32_args *args, const pool_window *window, ptrdiff_t y, ptrdiff_t x) {
  const mote_slide *s = &args->slide;
  size_t first, rows, cols;
  switch (args->kind) {
  case MOTE_POOL_AVERAGE:
    return (float)(window->rows * window->cols);
  case MOTE_POOL_AVERAGE_FIXED:
    return args->divisor;
  case MOTE_POOL_AVERAGE_PADDED: // padding in front always counts
    clip_taps(y < 0 ? 0 : y, s->kh, s->dilation_h, (size_t)((ptrdiff_t)args->in.h + args->pad_bottom - (y < 0 ? y : 0)),
              &first, &rows);
    clip_taps(x < 0 ? 0 : x, s->kw, s->dilation_w, (size_t)((ptrdiff_t)args->in.w + args->pad_right - (x < 0 ? x : 0)),
              &first, &cols);
    return (float)(rows * cols);
  default:
    return 1.0f;
  }
}

static pool_window pool_place(const mote_pool_f32_args *args, size_t n, size_t oy, size_t ox) {
  const mote_slide *s = &args->slide;
  const ptrdiff_t y = (ptrdiff_t)(oy * s->stride_h) - s->pad_top, x = (ptrdiff_t)(ox * s->stride_w) - s->pad_left;
  size_t i0, j0;
  pool_window window;
  clip_taps(y, s->kh, s->dilation_h, args->in.h, &i0, &window.rows);
  clip_taps(x, s->kw, s->dilation_w, args->in.w, &j0, &window.cols);
  window.row_step = (ptrdiff_t)s->dilation_h * args->in.h_stride;
  window.col_step = (ptrdiff_t)s->dilation_w * args->in.w_stride;
  window.first = args->in.data;
  window.divisor = 0.0f;
  if (window.rows != 0 && window.cols != 0) {
    window.first += (ptrdiff_t)n * args->in.n_stride + (y + (ptrdiff_t)(i0 * s->dilation_h)) * args->in.h_stride +
                    (x + (ptrdiff_t)(j0 * s->dilation_w)) * args->in.w_stride;
    window.divisor = pool_divisor(args, &window, y, x);
  }
  return window;
}

MOTE_INLINE vf pool_keep_nan_max(vf best, vf x) { return vf_sel(vf_nan(best), best, vf_max(best, x)); }

// `count` is VF_W, or less in the tail.
MOTE_INLINE vf pool_reduce(const pool_window *window, size_t c, size_t count, bool maximum) {
  vf best = vf_set1(maximum ? -INFINITY : 0.0f);
  for (size_t i = 0; i < window->rows; i++) {
    const float *p = window->first + (ptrdiff_t)i * window->row_step + c;
    for (size_t j = 0; j < window->cols; j++, p += window->col_step) {
      const vf x = count == VF_W ? vf_load(p) : vf_load_n(p, count);
      best = maximum ? pool_keep_nan_max(best, x) : vf_add(best, x);
    }
  }
  return best;
}

static void pool_pixel(const mote_pool_f32_args *args, const pool_window *window, float *out, size_t c0, size_t c1) {
  const bool maximum = args->kind == MOTE_POOL_MAX;
  const vf lo = vf_set1(args->lo), hi = vf_set1(args->hi);
  // A window of padding only keeps its start value, an average of nothing is 0.
  const vf divisor = vf_set1(window->divisor == 0.0f ? 1.0f : window->divisor);
  const bool divide = !maximum && args->kind != MOTE_POOL_SUM;
  size_t c = c0;
  for (; c + VF_W <= c1; c += VF_W) {
    vf v = maximum ? pool_reduce(window, c, VF_W, true) : pool_reduce(window, c, VF_W, false);
    if (divide)
      v = vf_div(v, divisor);
    vf_store(out + c, vf_min(hi, vf_max(lo, v)));
  }
  if (c < c1) {
    vf v = maximum ? pool_reduce(window, c, c1 - c, true) : pool_reduce(window, c, c1 - c, false);
    if (divide)
      v = vf_div(v, divisor);
    vf_store_n(out + c, vf_min(hi, vf_max(lo, v)), c1 - c);
  }
}

static void run(const mote_pool_f32_args *args, size_t t0, size_t t1) {
  const size_t chunks = (args->channels + MOTE_POOL_F32_CHUNK - 1) / MOTE_POOL_F32_CHUNK;
  for (size_t t = t0; t < t1; t++) {
    const size_t c0 = t % chunks * MOTE_POOL_F32_CHUNK, c1 = MOTE_MIN(c0 + MOTE_POOL_F32_CHUNK, args->channels);
    const size_t y = t / chunks % args->out.h, n = t / chunks / args->out.h;
    float *out = args->out.data + (ptrdiff_t)n * args->out.n_stride + (ptrdiff_t)y * args->out.h_stride;
    for (size_t x = 0; x < args->out.w; x++, out += args->out.w_stride) {
      const pool_window window = pool_place(args, n, y, x);
      pool_pixel(args, &window, out, c0, c1);
    }
  }
}

#define POOL_TEXT2(x) #x
#define POOL_TEXT(x) POOL_TEXT2(x)
const mote_pool_f32 VF_NAME(pool_c) = {
    .name = POOL_TEXT(VF_NAME(pool_c)), .isa = VF_ISA, .features = VF_FEATURES, .run = run};
