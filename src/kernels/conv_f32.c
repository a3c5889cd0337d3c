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
  TAPS = MOTE_GEMM_F32_TAPS_MAX, // taps a strip takes at once; larger kernels pass their sums on through `partial`
  PATCH = 256,                   // floats of one output's inputs that may be copied at a border
  MERGE_BELOW = 16               // fewer input channels than this: a kernel row is read as one run
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
MOTE_SMALL static void pack_group(const mote_gemm_f32 *gemm, const mote_conv_f32_shape *shape, const float *w,
                                  ptrdiff_t o_stride, ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t c_stride,
                                  const float *bias, float *packed) {
  const size_t ci = shape->ci / shape->groups, co = shape->co / shape->groups, depth = shape->kh * shape->kw * ci;
  for (size_t n0 = 0; n0 < co; n0 += gemm->nr) {
    const size_t cols = MOTE_MIN(co - n0, gemm->nr), width = co - n0 <= gemm->nr_tail ? gemm->nr_tail : gemm->nr;
    float *to = packed + n0 * (depth + 1);
    for (size_t o = 0; o < width; o++)
      to[o] = bias != NULL && o < cols ? bias[n0 + o] : 0.0f;
    const float *from = w + (ptrdiff_t)n0 * o_stride;
    to += width;
    for (size_t i = 0; i < shape->kh; i++)
      for (size_t j = 0; j < shape->kw; j++, to += ci * width)
        mote_gemm_f32_pack_rows(gemm, to, width, cols, ci, from + (ptrdiff_t)i * i_stride + (ptrdiff_t)j * j_stride,
                                c_stride, o_stride);
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
  bool merged;             // kernel rows are contiguous in the input: a tap is a kernel row
  size_t inside0, inside1; // output columns all of whose taps have their column inside the input
  size_t n, y, x;          // output pixel of the next strip
  const float *a[TAPS * MOTE_GEMM_F32_MR_MAX];
  float *c[MOTE_GEMM_F32_MR_MAX];
  const float *residual[MOTE_GEMM_F32_MR_MAX];
  float patch[MOTE_GEMM_F32_MR_MAX * PATCH];
} walk;

// Outputs of one row that belong to the strip: strip rows [r, r+count), columns [x, x+count).
typedef struct run {
  size_t r, count, rows; // rows: of the strip
  size_t n, y, x;
} run;

MOTE_INLINE void find_outputs(walk *v, const run *s) {
  const mote_f32_out *out = &v->args->out;
  const mote_f32_in *res = &v->args->residual;
  float *c = out->data + (ptrdiff_t)s->n * out->n_stride + (ptrdiff_t)s->y * out->h_stride +
             (ptrdiff_t)s->x * out->w_stride + v->first_o;
  for (size_t i = 0; i < s->count; i++)
    v->c[s->r + i] = c + (ptrdiff_t)i * out->w_stride;
  if (res->data == NULL)
    return;
  const float *from = res->data + (ptrdiff_t)s->n * res->n_stride + (ptrdiff_t)s->y * res->h_stride +
                      (ptrdiff_t)s->x * res->w_stride + v->first_o;
  for (size_t i = 0; i < s->count; i++)
    v->residual[s->r + i] = from + (ptrdiff_t)i * res->w_stride;
}

// Pointers of one tap for a run: line + x*step inside the input, zeros outside. `line` NULL: a row of padding.
static MOTE_NOINLINE void find_tap(const walk *v, const run *s, const float **a, const float *line, ptrdiff_t offset) {
  const mote_f32_in *in = &v->args->in;
  const ptrdiff_t stride = (ptrdiff_t)v->args->slide.stride_w, x0 = (ptrdiff_t)s->x * stride + offset;
  if (line == NULL) {
    for (size_t i = 0; i < s->count; i++)
      a[i] = v->zeros;
  } else if (s->x >= v->inside0 && s->x + s->count <= v->inside1) {
    const float *p = line + x0 * in->w_stride;
    for (size_t i = 0; i < s->count; i++)
      a[i] = p + (ptrdiff_t)i * (stride * in->w_stride);
  } else {
    for (size_t i = 0; i < s->count; i++) {
      const ptrdiff_t x = x0 + (ptrdiff_t)i * stride;
      a[i] = (size_t)x < in->w ? line + x * in->w_stride : v->zeros;
    }
  }
}

// Input line that kernel row i of the run reads, NULL when it is padding.
MOTE_INLINE const float *find_line(const walk *v, const run *s, size_t i) {
  const mote_f32_in *in = &v->args->in;
  const ptrdiff_t y =
      (ptrdiff_t)(s->y * v->args->slide.stride_h + i * v->args->slide.dilation_h) - v->args->slide.pad_top;
  return (size_t)y < in->h ? in->data + (ptrdiff_t)s->n * in->n_stride + y * in->h_stride + v->first_c : NULL;
}

// Fills a[] for taps [tap0, tap1) of the kernel's kh*kw.
static void find_inputs(walk *v, const run *s, size_t tap0, size_t tap1) {
  const mote_slide *slide = &v->args->slide;
  size_t i = tap0 / slide->kw, j = tap0 % slide->kw;
  const float **a = v->a + s->r;
  for (size_t tap = tap0; tap < tap1; i++, j = 0) {
    const float *line = find_line(v, s, i);
    for (; j < slide->kw && tap < tap1; j++, tap++, a += s->rows)
      find_tap(v, s, a, line, (ptrdiff_t)(j * slide->dilation_w) - slide->pad_left);
  }
}

// Copies a kernel row of an output at the border, with zeros where there is padding.
MOTE_SMALL static void copy_border(const walk *v, float *to, const float *line, ptrdiff_t x0) {
  const mote_f32_in *in = &v->args->in;
  for (size_t j = 0; j < v->args->slide.kw; j++) {
    const ptrdiff_t x = x0 + (ptrdiff_t)j;
    const float *from = line != NULL && (size_t)x < in->w ? line + x * in->w_stride : v->zeros;
    memcpy(to + j * v->ci, from, v->ci * sizeof(float));
  }
}

// The same for kernel rows read as one run.
static void find_inputs_merged(walk *v, const run *s) {
  const mote_slide *slide = &v->args->slide;
  const size_t width = slide->kw * v->ci;
  for (size_t i = 0; i < slide->kh; i++) {
    const float *line = find_line(v, s, i);
    const float **a = v->a + i * s->rows + s->r;
    if (line != NULL && s->x >= v->inside0 && s->x + s->count <= v->inside1) {
      find_tap(v, s, a, line, -slide->pad_left);
      continue;
    }
    for (size_t k = 0; k < s->count; k++) {
      const size_t x = s->x + k;
      if (line != NULL && x >= v->inside0 && x < v->inside1) {
        a[k] = line + ((ptrdiff_t)(x * slide->stride_w) - slide->pad_left) * v->args->in.w_stride;
        continue;
      }
      float *to = v->patch + ((s->r + k) * slide->kh + i) * width;
      copy_border(v, to, line, (ptrdiff_t)(x * slide->stride_w) - slide->pad_left);
      a[k] = to;
    }
  }
}

// Points the strip's rows at their places, run by run, from the walk's pixel on; taps [tap0, tap1).
static void find_strip(walk *v, size_t rows, size_t tap0, size_t tap1) {
  const mote_f32_out *out = &v->args->out;
  run s = {.rows = rows, .n = v->n, .y = v->y, .x = v->x};
  while (s.r < rows) {
    s.count = MOTE_MIN(rows - s.r, out->w - s.x);
    find_outputs(v, &s);
    if (v->merged)
      find_inputs_merged(v, &s);
    else
      find_inputs(v, &s, tap0, tap1);
    s.r += s.count;
    s.x = 0;
    if (++s.y == out->h) {
      s.y = 0;
      s.n++;
    }
  }
}

static void advance(walk *v, size_t rows) {
  for (v->x += rows; v->x >= v->args->out.w; v->x -= v->args->out.w)
    if (++v->y == v->args->out.h) {
      v->y = 0;
      v->n++;
    }
}

// One strip of a kernel of more than TAPS taps: panel by panel, the sums carried from part to part.
MOTE_SMALL static void strip_in_parts(const mote_gemm_f32 *gemm, walk *v, const mote_gemm_f32_strip *whole) {
  float partial[MOTE_GEMM_F32_MR_MAX * MOTE_GEMM_F32_NR_MAX];
  const size_t taps = v->args->slide.kh * v->args->slide.kw;
  mote_gemm_f32_strip strip = *whole;
  strip.partial = partial;
  for (strip.n0 = whole->n0; strip.n0 < whole->n1; strip.n0 = strip.n1) {
    strip.n1 = MOTE_MIN(strip.n0 + gemm->nr, whole->n1);
    for (size_t tap = 0; tap < taps; tap += strip.taps) {
      strip.taps = MOTE_MIN((size_t)TAPS, taps - tap);
      strip.k_first = tap * v->ci;
      find_strip(v, strip.rows, tap, tap + strip.taps);
      gemm->strip(&strip);
    }
  }
}

static void run_rows(const mote_gemm_f32 *gemm, walk *v, mote_gemm_f32_strip *strip, size_t m0, size_t m1) {
  const size_t taps = v->args->slide.kh * v->args->slide.kw, w = v->args->out.w, h = v->args->out.h;
  v->x = m0 % w;
  v->y = m0 / w % h;
  v->n = m0 / w / h;
  for (size_t m = m0; m < m1; m += gemm->mr) {
    strip->rows = MOTE_MIN(gemm->mr, m1 - m);
    if (v->merged || taps <= TAPS) {
      find_strip(v, strip->rows, 0, taps);
      gemm->strip(strip);
    } else {
      strip_in_parts(gemm, v, strip);
    }
    advance(v, strip->rows);
  }
}

MOTE_SMALL static bool can_merge(const mote_conv_f32_args *args) {
  const mote_slide *s = &args->slide;
  return args->shape.groups == 1 && args->shape.ci < MERGE_BELOW && s->dilation_w == 1 && s->kh <= TAPS &&
         args->in.w_stride == (ptrdiff_t)args->shape.ci && s->kh * s->kw * args->shape.ci <= PATCH;
}

// Output columns x with x*stride_w - pad_left >= 0 and their last tap below in.w.
MOTE_SMALL static void find_inside(walk *v) {
  const mote_slide *s = &v->args->slide;
  const ptrdiff_t stride = (ptrdiff_t)s->stride_w, reach = (ptrdiff_t)((s->kw - 1) * s->dilation_w);
  const ptrdiff_t last = (ptrdiff_t)v->args->in.w - 1 - reach + s->pad_left; // largest x*stride_w
  v->inside0 = s->pad_left > 0 ? (size_t)((s->pad_left + stride - 1) / stride) : 0;
  v->inside1 = last < 0 ? 0 : (size_t)(last / stride) + 1;
}

// A pointwise convolution over dense pixels is the matrix product of all pixels.
MOTE_SMALL static bool is_product(const mote_conv_f32_args *args) {
  const mote_slide *s = &args->slide;
  const mote_f32_in *in = &args->in, *res = &args->residual;
  const mote_f32_out *out = &args->out;
  const ptrdiff_t w = (ptrdiff_t)out->w, h = (ptrdiff_t)out->h;
  const bool pointwise = s->kh == 1 && s->kw == 1 && s->stride_h == 1 && s->stride_w == 1 && s->pad_top == 0 &&
                         s->pad_left == 0 && args->shape.groups == 1 && in->h >= out->h && in->w >= out->w;
  const bool lines = out->h == 1 || (in->h_stride == w * in->w_stride && out->h_stride == w * out->w_stride &&
                                     (res->data == NULL || res->h_stride == w * res->w_stride));
  const bool images = out->n == 1 || (in->n_stride == h * in->h_stride && out->n_stride == h * out->h_stride &&
                                      (res->data == NULL || res->n_stride == h * res->h_stride));
  return pointwise && lines && images && (out->n == 1 || out->h > 1);
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
  if (is_product(args)) {
    const mote_gemm_f32_args product = {m,
                                        shape->co,
                                        shape->ci,
                                        args->in.data,
                                        args->in.w_stride,
                                        args->packed,
                                        args->out.data,
                                        args->out.w_stride,
                                        args->residual.data,
                                        args->residual.w_stride,
                                        args->lo,
                                        args->hi};
    mote_gemm_f32_run(row->gemm, &product, t0, t1);
    return;
  }
  walk v;
  v.args = args;
  v.zeros = (const float *)args->packed + floats * shape->groups;
  v.ci = shape->ci / shape->groups;
  v.co = shape->co / shape->groups;
  v.merged = can_merge(args);
  find_inside(&v);
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
