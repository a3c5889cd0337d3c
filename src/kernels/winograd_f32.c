// The Winograd driver: blocks of outputs in groups, transformed, multiplied, transformed back; and the packing of the
// transformed weights. Knows no graph. Tests: tests/kernels/check_winograd_f32.c
#include "kernels/winograd_f32.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_winograd_f32 symbol;
#include "kernels/list/winograd_f32.def"
#undef MOTE_ROW
static const mote_winograd_f32 *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/winograd_f32.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_winograd_f32)

enum {
  BLOCK = 4, // outputs a block side
  PATCH = 6, // inputs a block side
  PLANES = PATCH * PATCH,
  GROUP = 28,        // blocks that share a pass over the weights: two strips of 14 rows
  COLUMNS = 128,     // output channels a tile
  FEWEST_BLOCKS = 12 // below this the fourfold weights cost more than the arithmetic saved
};

static size_t blocks_of(size_t n) { return (n + BLOCK - 1) / BLOCK; }
static size_t block_count(const mote_conv_f32_args *args) {
  return args->out.n * blocks_of(args->out.h) * blocks_of(args->out.w);
}

// Blocks a tile. Weights that stay in a second-level cache (1 MiB) need not be shared by many, and smaller groups give
// the threads more to share.
static size_t group_of(const mote_conv_f32_shape *shape) {
  return shape->ci * shape->co <= ((size_t)1 << 18) / PLANES ? GROUP / 2 : GROUP;
}

MOTE_SMALL bool mote_winograd_f32_fits(const mote_conv_f32_args *args) {
  const mote_slide *s = &args->slide;
  const mote_conv_f32_shape *shape = &args->shape;
  return s->kh == 3 && s->kw == 3 && s->stride_h == 1 && s->stride_w == 1 && s->dilation_h == 1 && s->dilation_w == 1 &&
         shape->groups == 1 && shape->ci % 16 == 0 && shape->co % 16 == 0 && shape->ci >= 32 && shape->co >= 32 &&
         block_count(args) >= FEWEST_BLOCKS;
}

// Floats of one plane's packed matrix, 0 on overflow.
static size_t plane_floats(const mote_winograd_f32 *row, const mote_conv_f32_shape *shape) {
  const size_t bytes = mote_gemm_f32_packed_size(row->gemm, shape->co, shape->ci);
  return (bytes / sizeof(float) + 15) / 16 * 16;
}

// Layout: 36 packed matrices with zero bias, the biases, a pixel of zeros for padding.
size_t mote_winograd_f32_packed_size(const mote_winograd_f32 *row, const mote_conv_f32_shape *shape) {
  size_t floats = plane_floats(row, shape), bytes;
  if (floats == 0 || !mote_mul_size(floats, PLANES, &floats) || !mote_add_size(floats, shape->co, &floats) ||
      !mote_add_size(floats, shape->ci, &floats) || !mote_mul_size(floats, sizeof(float), &bytes))
    return 0;
  return bytes;
}

// The 6x3 weight transform G times (a, b, c). Five divisions would take most of the time of packing; the products are
// off by far less than half of a float's last place.
static void weight_line(double t[PATCH], double a, double b, double c) {
  const double sixth = 1.0 / 6, twelfth = 1.0 / 12;
  const double outer = (a + c) * -sixth, near = b * sixth, far = (a * 0.25 + c) * sixth, middle = b * twelfth;
  t[0] = a * 0.25;
  t[1] = outer - near;
  t[2] = outer + near;
  t[3] = far + middle;
  t[4] = far - middle;
  t[5] = c;
}

// G g G^T for one pair of channels, in double and rounded once, to to[plane*floats].
static void transform_weight(const float *g, ptrdiff_t i_stride, ptrdiff_t j_stride, float *to, size_t floats) {
  double half[3][PATCH], line[PATCH];
  for (ptrdiff_t j = 0; j < 3; j++, g += j_stride)
    weight_line(half[j], g[0], g[i_stride], g[2 * i_stride]);
  for (size_t y = 0; y < PATCH; y++) {
    weight_line(line, half[0][y], half[1][y], half[2][y]);
    for (size_t x = 0; x < PATCH; x++)
      to[(y * PATCH + x) * floats] = (float)line[x];
  }
}

void mote_winograd_f32_pack(const mote_winograd_f32 *row, const mote_conv_f32_shape *shape, const float *w,
                            ptrdiff_t o_stride, ptrdiff_t i_stride, ptrdiff_t j_stride, ptrdiff_t c_stride,
                            const float *bias, void *packed) {
  const size_t floats = plane_floats(row, shape), nr = row->gemm->nr, depth = shape->ci + 1;
  float *to = packed;
  memset(to, 0, PLANES * floats * sizeof(float));
  for (size_t n0 = 0; n0 < shape->co; n0 += nr) {
    const size_t left = shape->co - n0, width = left <= row->gemm->nr_tail ? row->gemm->nr_tail : nr;
    float *panel = to + n0 * depth + width; // behind the zero bias
    for (size_t c = 0; c < shape->ci; c++, panel += width)
      for (size_t o = 0; o < MOTE_MIN(left, width); o++)
        transform_weight(w + (ptrdiff_t)(n0 + o) * o_stride + (ptrdiff_t)c * c_stride, i_stride, j_stride, panel + o,
                         floats);
  }
  to += PLANES * floats;
  for (size_t o = 0; o < shape->co; o++)
    to[o] = bias != NULL ? bias[o] : 0.0f;
  memset(to + shape->co, 0, shape->ci * sizeof(float));
}

size_t mote_winograd_f32_scratch_size(const mote_conv_f32_shape *shape) {
  return PLANES * group_of(shape) * (shape->ci + shape->co) * sizeof(float);
}

static size_t column_tiles(const mote_conv_f32_args *args) { return (args->shape.co + COLUMNS - 1) / COLUMNS; }

size_t mote_winograd_f32_tiles(const mote_conv_f32_args *args) {
  const size_t group = group_of(&args->shape);
  return (block_count(args) + group - 1) / group * column_tiles(args);
}

typedef struct block_place {
  size_t n, y, x; // first output
} block_place;

static block_place place_of(const mote_conv_f32_args *args, size_t block) {
  const size_t across = blocks_of(args->out.w), down = blocks_of(args->out.h);
  return (block_place){block / across / down, block / across % down * BLOCK, block % across * BLOCK};
}

static void transform_input(const mote_winograd_f32 *row, const mote_conv_f32_args *args, const float *zeros,
                            size_t block, float *v) {
  const mote_f32_in *in = &args->in;
  const block_place at = place_of(args, block);
  const float *pixels[PLANES];
  for (size_t i = 0; i < PATCH; i++) {
    const ptrdiff_t y = (ptrdiff_t)(at.y + i) - args->slide.pad_top;
    for (size_t j = 0; j < PATCH; j++) {
      const ptrdiff_t x = (ptrdiff_t)(at.x + j) - args->slide.pad_left;
      const bool inside = (size_t)y < in->h && (size_t)x < in->w;
      pixels[i * PATCH + j] =
          inside ? in->data + (ptrdiff_t)at.n * in->n_stride + y * in->h_stride + x * in->w_stride : zeros;
    }
  }
  row->input(pixels, args->shape.ci, v, group_of(&args->shape) * args->shape.ci);
}

static void transform_output(const mote_winograd_f32 *row, const mote_conv_f32_args *args, const float *bias,
                             size_t block, const float *m, size_t n0, size_t n1) {
  const mote_f32_out *out = &args->out;
  const mote_f32_in *res = &args->residual;
  const block_place at = place_of(args, block);
  float *to[BLOCK * BLOCK];
  const float *residual[BLOCK * BLOCK];
  for (size_t k = 0; k < BLOCK * BLOCK; k++) {
    const size_t y = at.y + k / BLOCK, x = at.x + k % BLOCK;
    const bool inside = y < out->h && x < out->w;
    to[k] = inside ? out->data + (ptrdiff_t)at.n * out->n_stride + (ptrdiff_t)y * out->h_stride +
                         (ptrdiff_t)x * out->w_stride
                   : NULL;
    residual[k] = inside && res->data != NULL ? res->data + (ptrdiff_t)at.n * res->n_stride +
                                                    (ptrdiff_t)y * res->h_stride + (ptrdiff_t)x * res->w_stride
                                              : NULL;
  }
  const mote_winograd_f32_output job = {
      m,       group_of(&args->shape) * args->shape.co, bias, to, res->data != NULL ? residual : NULL, n0, n1, args->lo,
      args->hi};
  row->output(&job);
}

// The 36 products of `count` blocks, columns [n0, n1): panel by panel, so that a panel serves all strips from the
// cache.
static void multiply(const mote_gemm_f32 *gemm, const mote_conv_f32_args *args, size_t floats, const float *v, float *m,
                     size_t count, size_t n0, size_t n1) {
  const size_t ci = args->shape.ci, co = args->shape.co, group = group_of(&args->shape);
  const float *a[GROUP];
  float *c[GROUP];
  mote_gemm_f32_strip strip = {
      .taps = 1, .k = ci, .k_total = ci, .packed = args->packed, .n = co, .lo = -INFINITY, .hi = INFINITY};
  for (size_t plane = 0; plane < PLANES; plane++, strip.packed += floats, v += group * ci, m += group * co) {
    for (size_t i = 0; i < count; i++) {
      a[i] = v + i * ci;
      c[i] = m + i * co;
    }
    for (strip.n0 = n0; strip.n0 < n1; strip.n0 = strip.n1) {
      strip.n1 = MOTE_MIN(strip.n0 + gemm->nr, n1);
      for (size_t i = 0; i < count; i += strip.rows) {
        strip.rows = MOTE_MIN(count - i, gemm->mr);
        strip.a = a + i;
        strip.c = c + i;
        gemm->strip(&strip);
      }
    }
  }
}

void mote_winograd_f32_run(const mote_winograd_f32 *row, const mote_conv_f32_args *args, void *scratch, size_t t0,
                           size_t t1) {
  const size_t floats = plane_floats(row, &args->shape), ci = args->shape.ci, co = args->shape.co;
  const size_t group = group_of(&args->shape);
  const float *bias = (const float *)args->packed + PLANES * floats;
  float *v = scratch, *m = v + PLANES * group * ci;
  const size_t across = column_tiles(args), blocks = block_count(args);
  for (size_t t = t0; t < t1; t++) {
    const size_t first = t / across * group, count = MOTE_MIN(group, blocks - first);
    const size_t n0 = t % across * COLUMNS, n1 = MOTE_MIN(n0 + COLUMNS, co);
    if (t == t0 || n0 == 0) // the next columns of the same blocks find them transformed
      for (size_t i = 0; i < count; i++)
        transform_input(row, args, bias + co, first + i, v + i * ci);
    multiply(row->gemm, args, floats, v, m, count, n0, n1);
    for (size_t i = 0; i < count; i++)
      transform_output(row, args, bias, first + i, m + i * co, n0, n1);
  }
}
