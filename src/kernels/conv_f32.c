// The convolution driver: finds for each strip of output pixels where their input pixels lie and hands pointers to the
// matrix strips. Knows no graph. Tests: tests/kernels/check_conv_f32.c
#include "kernels/conv_f32.h"

#include <string.h>

#include "base/checked.h"
#include "kernels/gemm_f32_block.h"
#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_conv_f32 symbol;
#include "kernels/list/conv_f32.def"
#undef MOTE_ROW
static const mote_conv_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/conv_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_conv_f32)

enum {
  TAPS = 64,       // taps a strip takes at once; larger kernels pass their sums on through `partial`
  PATCH = 256,     // floats of one output's inputs that may be copied at a border
  MERGE_BELOW = 16 // fewer input channels than this: a kernel row is read as one run
};

// Floats of one group's packed matrix, 0 on overflow.
static size_t group_floats(const mote_conv_f32 *row, const mote_conv_f32_shape *shape) {
  size_t taps, depth;
  if (!mote_mul_size(shape->kh, shape->kw, &taps) || !mote_mul_size(taps, shape->ci / shape->groups, &depth))
    return 0;
  const size_t bytes = mote_gemm_f32_packed_size(row->gemm, shape->co / shape->groups, depth);
  return (bytes / sizeof(float) + 15) / 16 * 16; // each group starts on a cache line
}

// Layout: the groups' matrices, then a pixel of zeros that padding points at.
size_t mote_conv_f32_packed_size(const mote_conv_f32 *row, const mote_conv_f32_shape *shape) {
  size_t floats = group_floats(row, shape), bytes;
  if (floats == 0 || !mote_mul_size(floats, shape->groups, &floats) ||
      !mote_add_size(floats, shape->ci / shape->groups, &floats) || !mote_mul_size(floats, sizeof(float), &bytes))
    return 0;
  return bytes;
}

// The packed matrix has one row for each (i, j, c). It is packed panel by panel through a strided copy of one tap's
// rows, since (i, j, c) has no single stride.
static void pack_group(const mote_gemm_f32 *gemm, const mote_conv_f32_shape *shape, const float *w, ptrdiff_t o_stride,
                       ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t c_stride, const float *bias, float *packed) {
  const size_t ci = shape->ci / shape->groups, co = shape->co / shape->groups, depth = shape->kh * shape->kw * ci;
  for (size_t n0 = 0; n0 < co; n0 += gemm->nr) {
    const size_t cols = MOTE_MIN(co - n0, gemm->nr), width = co - n0 <= gemm->nr_tail ? gemm->nr_tail : gemm->nr;
    float *to = packed + n0 * (depth + 1);
    for (size_t o = 0; o < width; o++)
      to[o] = bias != NULL && o < cols ? bias[n0 + o] : 0.0f;
    const float *from = w + (ptrdiff_t)n0 * o_stride;
    to += width;
    for (size_t i = 0; i < shape->kh; i++)
      for (size_t j = 0; j < shape->kw; j++) {
        const float *tap = from + (ptrdiff_t)i * i_stride + (ptrdiff_t)j * j_stride;
        for (size_t c = 0; c < ci; c++, to += width)
          for (size_t o = 0; o < width; o++)
            to[o] = o < cols ? tap[(ptrdiff_t)o * o_stride + (ptrdiff_t)c * c_stride] : 0.0f;
      }
  }
}

void mote_conv_f32_pack(const mote_conv_f32 *row, const mote_conv_f32_shape *shape, const float *w, ptrdiff_t o_stride,
                        ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t c_stride, const float *bias, void *packed) {
  const size_t floats = group_floats(row, shape), co = shape->co / shape->groups;
  float *to = packed;
  for (size_t g = 0; g < shape->groups; g++, to += floats)
    pack_group(row->gemm, shape, w + (ptrdiff_t)(g * co) * o_stride, o_stride, i_stride, j_stride, c_stride,
               bias != NULL ? bias + g * co : NULL, to);
  memset(to, 0, shape->ci / shape->groups * sizeof(float));
}

// A tile's view of the call, and the pointers of the strip under way.
typedef struct walk {
  const mote_conv_f32_args *args;
  const float *zeros;
  size_t ci, co; // of one group
  size_t first_c, first_o;
  bool merged; // kernel rows are contiguous in the input: a tap is a kernel row
  size_t x[MOTE_GEMM_F32_MR_MAX], y[MOTE_GEMM_F32_MR_MAX];
  const float *image[MOTE_GEMM_F32_MR_MAX];
  const float *a[TAPS * MOTE_GEMM_F32_MR_MAX];
  float *c[MOTE_GEMM_F32_MR_MAX];
  const float *residual[MOTE_GEMM_F32_MR_MAX];
  float patch[MOTE_GEMM_F32_MR_MAX * PATCH];
} walk;

// Output pixels [m, m+rows) in the order n, y, x.
static void find_outputs(walk *v, size_t m, size_t rows) {
  const mote_conv_f32_args *args = v->args;
  size_t x = m % args->out.w, y = m / args->out.w % args->out.h, n = m / args->out.w / args->out.h;
  for (size_t i = 0; i < rows; i++) {
    v->x[i] = x;
    v->y[i] = y;
    v->image[i] = args->in.data + (ptrdiff_t)n * args->in.n_stride + v->first_c;
    v->c[i] = args->out.data + (ptrdiff_t)n * args->out.n_stride + (ptrdiff_t)y * args->out.h_stride +
              (ptrdiff_t)x * args->out.w_stride + v->first_o;
    if (args->residual.data != NULL)
      v->residual[i] = args->residual.data + (ptrdiff_t)n * args->residual.n_stride +
                       (ptrdiff_t)y * args->residual.h_stride + (ptrdiff_t)x * args->residual.w_stride + v->first_o;
    if (++x == args->out.w) {
      x = 0;
      if (++y == args->out.h) {
        y = 0;
        n++;
      }
    }
  }
}

// Fills a[] for taps [tap0, tap1) of the kernel's kh*kw.
static void find_inputs(walk *v, size_t rows, size_t tap0, size_t tap1) {
  const mote_slide *s = &v->args->slide;
  const mote_f32_in *in = &v->args->in;
  for (size_t r = 0; r < rows; r++) {
    const ptrdiff_t y0 = (ptrdiff_t)(v->y[r] * s->stride_h) - s->pad_top;
    const ptrdiff_t x0 = (ptrdiff_t)(v->x[r] * s->stride_w) - s->pad_left;
    size_t i = tap0 / s->kw, j = tap0 % s->kw;
    const float **a = v->a + r;
    for (size_t tap = tap0; tap < tap1; i++, j = 0) {
      const ptrdiff_t y = y0 + (ptrdiff_t)(i * s->dilation_h);
      const bool row_inside = (size_t)y < in->h;
      const float *line = v->image[r] + (row_inside ? y : 0) * in->h_stride;
      const size_t columns = row_inside ? in->w : 0;
      for (; j < s->kw && tap < tap1; j++, tap++, a += rows) {
        const ptrdiff_t x = x0 + (ptrdiff_t)(j * s->dilation_w);
        *a = (size_t)x < columns ? line + x * in->w_stride : v->zeros;
      }
    }
  }
}

// Copies kernel row `i` of an output at the border, with zeros where there is padding.
static const float *copy_border(walk *v, size_t r, size_t i, ptrdiff_t y, ptrdiff_t x0) {
  const mote_slide *s = &v->args->slide;
  const mote_f32_in *in = &v->args->in;
  float *to = v->patch + (r * s->kh + i) * s->kw * v->ci;
  for (size_t j = 0; j < s->kw; j++) {
    const ptrdiff_t x = x0 + (ptrdiff_t)j;
    const bool inside = (size_t)y < in->h && (size_t)x < in->w;
    const float *from = inside ? v->image[r] + y * in->h_stride + x * in->w_stride : v->zeros;
    memcpy(to + j * v->ci, from, v->ci * sizeof(float));
  }
  return to;
}

// The same for kernel rows read as one run.
static void find_inputs_merged(walk *v, size_t rows) {
  const mote_slide *s = &v->args->slide;
  const mote_f32_in *in = &v->args->in;
  for (size_t r = 0; r < rows; r++) {
    const ptrdiff_t y0 = (ptrdiff_t)(v->y[r] * s->stride_h) - s->pad_top;
    const ptrdiff_t x0 = (ptrdiff_t)(v->x[r] * s->stride_w) - s->pad_left;
    const bool columns_inside = x0 >= 0 && (size_t)x0 + s->kw <= in->w;
    for (size_t i = 0; i < s->kh; i++) {
      const ptrdiff_t y = y0 + (ptrdiff_t)(i * s->dilation_h);
      v->a[i * rows + r] = columns_inside && (size_t)y < in->h ? v->image[r] + y * in->h_stride + x0 * in->w_stride
                                                               : copy_border(v, r, i, y, x0);
    }
  }
}

// One strip of a kernel of more than TAPS taps: panel by panel, the sums carried from part to part.
static void strip_in_parts(const mote_gemm_f32 *gemm, walk *v, const mote_gemm_f32_strip *whole) {
  float partial[MOTE_GEMM_F32_MR_MAX * MOTE_GEMM_F32_NR_MAX];
  const size_t taps = v->args->slide.kh * v->args->slide.kw;
  mote_gemm_f32_strip strip = *whole;
  strip.partial = partial;
  for (strip.n0 = whole->n0; strip.n0 < whole->n1; strip.n0 = strip.n1) {
    strip.n1 = MOTE_MIN(strip.n0 + gemm->nr, whole->n1);
    for (size_t tap = 0; tap < taps; tap += strip.taps) {
      strip.taps = MOTE_MIN((size_t)TAPS, taps - tap);
      strip.k_first = tap * v->ci;
      find_inputs(v, strip.rows, tap, tap + strip.taps);
      gemm->strip(&strip);
    }
  }
}

static void run_rows(const mote_gemm_f32 *gemm, walk *v, mote_gemm_f32_strip *strip, size_t m0, size_t m1) {
  const mote_slide *s = &v->args->slide;
  for (size_t m = m0; m < m1; m += gemm->mr) {
    strip->rows = MOTE_MIN(gemm->mr, m1 - m);
    find_outputs(v, m, strip->rows);
    if (v->merged)
      find_inputs_merged(v, strip->rows);
    else if (s->kh * s->kw <= TAPS)
      find_inputs(v, strip->rows, 0, s->kh * s->kw);
    else {
      strip_in_parts(gemm, v, strip);
      continue;
    }
    gemm->strip(strip);
  }
}

static bool can_merge(const mote_conv_f32_args *args) {
  const mote_slide *s = &args->slide;
  return args->shape.groups == 1 && args->shape.ci < MERGE_BELOW && s->dilation_w == 1 && s->kh <= TAPS &&
         args->in.w_stride == (ptrdiff_t)args->shape.ci && s->kh * s->kw * args->shape.ci <= PATCH;
}

size_t mote_conv_f32_tiles(const mote_conv_f32 *row, const mote_conv_f32_args *args) {
  const mote_conv_f32_shape *shape = &args->shape;
  return shape->groups * mote_gemm_f32_tiles(row->gemm, args->out.n * args->out.h * args->out.w,
                                             shape->co / shape->groups,
                                             shape->kh * shape->kw * (shape->ci / shape->groups));
}

void mote_conv_f32_run(const mote_conv_f32 *row, const mote_conv_f32_args *args, size_t t0, size_t t1) {
  const mote_conv_f32_shape *shape = &args->shape;
  const size_t floats = group_floats(row, shape), m = args->out.n * args->out.h * args->out.w;
  walk v;
  v.args = args;
  v.zeros = (const float *)args->packed + floats * shape->groups;
  v.ci = shape->ci / shape->groups;
  v.co = shape->co / shape->groups;
  v.merged = can_merge(args);
  const size_t depth = shape->kh * shape->kw * v.ci;
  const mote_gemm_f32_blocking block = mote_gemm_f32_block(row->gemm, m, v.co, depth);
  mote_gemm_f32_strip strip = {.a = v.a,
                               .taps = v.merged ? shape->kh : shape->kh * shape->kw,
                               .k = v.merged ? shape->kw * v.ci : v.ci,
                               .k_total = depth,
                               .n = v.co,
                               .c = v.c,
                               .residual = args->residual.data != NULL ? v.residual : NULL,
                               .lo = args->lo,
                               .hi = args->hi};
  for (size_t t = t0; t < t1; t++) {
    const size_t group = t / (block.m_tiles * block.n_tiles), tile = t % (block.m_tiles * block.n_tiles);
    const size_t m0 = tile % block.m_tiles * block.m;
    v.first_c = group * v.ci;
    v.first_o = group * v.co;
    strip.packed = (const float *)args->packed + group * floats;
    strip.n0 = tile / block.m_tiles * block.n;
    strip.n1 = MOTE_MIN(strip.n0 + block.n, v.co);
    run_rows(row->gemm, &v, &strip, m0, MOTE_MIN(m0 + block.m, m));
  }
}
