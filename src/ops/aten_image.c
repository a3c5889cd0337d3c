// PyTorch's operators on images: sampling at a grid, boxes and regions.
// Tests: tests/unit/test_ops_aten.c
#include "ops/aten_ref.h"
#include "ops/shape.h"

// ------------------------------------------------------------------------------------------------ sampling at a grid

enum { GRID_LINEAR, GRID_NEAREST, GRID_CUBIC };
enum { OUTSIDE_ZERO, OUTSIDE_BORDER, OUTSIDE_REFLECT };

static double cubic_at(double x) {
  const double a = -0.75;
  x = fabs(x);
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}
static double reflected(double x, double low, double high) { // the bounds are doubled
  double span = (high - low) / 2, from = low / 2, in;
  if (high == low)
    return 0;
  x = fabs(x - from);
  in = fmod(x, span);
  return fmod(floor(x / span), 2) == 0 ? in + from : span - in + from;
}
static double inside(double x, int64_t size, int64_t outside, bool align) {
  double n = (double)size;
  if (outside == OUTSIDE_REFLECT)
    x = align ? reflected(x, 0, 2 * (n - 1)) : reflected(x, -1, 2 * n - 1);
  if (outside != OUTSIDE_ZERO)
    x = x < 0 ? 0 : x > n - 1 ? n - 1 : x;
  return x == x ? x : outside == OUTSIDE_ZERO ? -2 : 0;
}
// Taps of one axis: n indices (-1: outside) with weights.
static int32_t axis_taps(const mote_ref_attr *a, double x, int64_t size, int64_t *at, double *w) {
  bool align = a->n[1] != 0, cubic = a->kind == GRID_CUBIC;
  x = align ? (x + 1) / 2 * ((double)size - 1) : ((x + 1) * (double)size - 1) / 2;
  if (!cubic)
    x = inside(x, size, a->n[0], align);
  x = x > 1e15 ? 1e15 : x < -1e15 ? -1e15 : x == x ? x : -1e15;
  double low = a->kind == GRID_NEAREST ? rint(x) : floor(x), part = x - low;
  int32_t n = cubic ? 4 : a->kind == GRID_NEAREST ? 1 : 2;
  for (int32_t k = 0; k < n; k++) {
    double i = low + (cubic ? k - 1 : k);
    i = cubic ? inside(i, size, a->n[0], align) : i;
    at[k] = i >= 0 && i < (double)size ? (int64_t)i : -1;
    w[k] = cubic ? cubic_at(part + 1 - k) : n == 1 ? 1 : k ? part : 1 - part;
  }
  return n;
}
static mote_status grid_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *g = c->in[1], *o = c->out[0];
  int32_t dims = x->rank - 2, n = 1;
  int64_t places = mote_dims_product(o, 2, o->rank), area = mote_dims_product(x, 2, x->rank), at[3][4];
  double w[3][4];
  for (int64_t p = 0; p < x->dim[0] * places; p++) {
    int32_t combos = 1;
    for (int32_t d = 0; d < dims; d++) { // the grid's first number is the last axis
      n = axis_taps(a, mote_ref_real(g, p * dims + dims - 1 - d), x->dim[2 + d], at[d], w[d]);
      combos *= n;
    }
    for (int64_t ch = 0; ch < x->dim[1]; ch++) {
      int64_t image = (p / places * x->dim[1] + ch) * area, to = (p / places * x->dim[1] + ch) * places + p % places;
      double v = 0;
      for (int32_t k = 0; k < combos; k++) {
        int64_t from = 0;
        double weight = 1;
        for (int32_t d = 0, r = k; d < dims; d++, r /= n) {
          from = at[d][r % n] < 0 || from < 0 ? -1 : from * x->dim[2 + d] + at[d][r % n];
          weight *= w[d][r % n];
        }
        v += from < 0 ? 0 : weight * mote_ref_real(x, image + from);
      }
      mote_store_f64(o->data, o->dtype, to, v);
    }
  }
  return MOTE_OK;
}
MOTE_REF_OP(grid_op, "grid_sampler", 2, 2, 1, 0, grid_eval);

static mote_status lower_grid(mote_lowering *l) {
  mote_vid in[2] = {l->args[0].ref, l->args[1].ref};
  const mote_tensor *x = mote_low_desc(l, in[0]), *g = mote_low_desc(l, in[1]);
  mote_ref_attr a = mote_ref_attr_of(mote_lower_int(l, "interpolation_mode", 0));
  if ((x->rank != 4 && x->rank != 5) || g->rank != x->rank || g->dim[0] != x->dim[0] ||
      g->dim[g->rank - 1] != x->rank - 2)
    return mote_fail(l->err, MOTE_ERR_SHAPE,
                     "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions and batch, and a "
                     "grid of %d numbers a place",
                     x->rank - 2);
  if (a.kind < 0 || a.kind > GRID_CUBIC || (a.kind == GRID_CUBIC && x->rank != 4) || g->dtype != x->dtype ||
      !mote_dtype_is_float(x->dtype))
    return mote_fail(l->err, MOTE_ERR_ARGUMENT,
                     "grid_sampler(): bicubic interpolation only supports 4D input, and input and grid have one "
                     "floating point type");
  mote_ref_like(&a, 0, x->dtype, x);
  for (int32_t i = 2; i < x->rank; i++) {
    if (x->dim[i] < 1)
      return mote_fail(l->err, MOTE_ERR_SHAPE, "grid_sampler(): expected input to have non-empty spatial dimensions");
    a.out[0].dim[i] = g->dim[i - 1];
  }
  a.n[0] = mote_lower_int(l, "padding_mode", 0);
  a.n[1] = mote_lower_bool(l, "align_corners", false);
  return mote_low_done(l, mote_ref_emit(l, &grid_op, &a, in, 2, NULL));
}

// ------------------------------------------------------------------------------------------------ boxes

static float box_area(const float *b) { return (b[2] - b[0]) * (b[3] - b[1]); }
static bool overlaps(const float *a, const float *b, float limit) {
  float w = MOTE_MIN(a[2], b[2]) - MOTE_MAX(a[0], b[0]), h = MOTE_MIN(a[3], b[3]) - MOTE_MAX(a[1], b[1]);
  float both = MOTE_MAX(w, 0.0f) * MOTE_MAX(h, 0.0f);
  return both / (box_area(a) + box_area(b) - both) > limit;
}
// order: indices by falling score (merge sort, stable)
static void sort_by_score(const mote_tensor *s, int64_t *order, int64_t *spare, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    order[i] = i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t from = 0; from < n; from += 2 * width) {
      int64_t a = from, mid = MOTE_MIN(from + width, n), b = mid, end = MOTE_MIN(from + 2 * width, n);
      for (int64_t k = from; k < end; k++)
        spare[k] = a < mid && (b >= end || mote_ref_compare(s, order[a], s, order[b]) >= 0) ? order[a++] : order[b++];
    }
    memcpy(order, spare, (size_t)n * sizeof *order);
  }
}
static mote_status nms_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *boxes = c->in[0], *scores = c->in[1];
  int64_t n = boxes->dim[0], kept = 0;
  int64_t *order = mote_ref_alloc(c, 2 * n, sizeof *order);
  float *b = mote_ref_alloc(c, 4 * n, sizeof *b);
  bool short_of = order == NULL || b == NULL;
  if (!short_of) {
    sort_by_score(scores, order, order + n, n);
    for (int64_t i = 0; i < 4 * n; i++)
      b[i] = (float)mote_ref_real(boxes, i);
  }
  for (int64_t i = 0; !short_of && i < n; i++) { // kept boxes gather at the front of `order`
    bool keep = true;
    for (int64_t k = 0; keep && k < kept; k++)
      keep = !overlaps(b + 4 * order[k], b + 4 * order[i], (float)a->f[0]);
    if (keep)
      order[kept++] = order[i];
  }
  mote_out(c, 0, MOTE_I64, 1, &kept);
  mote_status s = short_of ? mote_fail_nomem(c->err) : mote_op_output(c, 0);
  if (s == MOTE_OK)
    memcpy(c->out[0]->data, order, (size_t)kept * sizeof *order);
  mote_ref_free(c, order);
  mote_ref_free(c, b);
  return s;
}
MOTE_REF_OP(nms_op, "nms", 2, 2, 1, 0, nms_eval);
static mote_status lower_nms(mote_lowering *l) {
  mote_vid in[2] = {l->args[0].ref, l->args[1].ref};
  const mote_tensor *b = mote_low_desc(l, in[0]), *s = mote_low_desc(l, in[1]);
  mote_ref_attr a = mote_ref_attr_of(0);
  if (b->rank != 2 || b->dim[1] != 4 || s->rank != 1 || s->dim[0] != b->dim[0] || !mote_dtype_is_float(b->dtype))
    return mote_fail(l->err, MOTE_ERR_SHAPE, "boxes should be a 2d tensor of 4 numbers a box and scores 1d of as many");
  a.f[0] = mote_lower_float(l, "iou_threshold", 0.5);
  a.out[0].dtype = MOTE_I64;
  a.out[0].rank = -1;
  return mote_low_done(l, mote_ref_emit(l, &nms_op, &a, in, 2, NULL));
}

// ------------------------------------------------------------------------------------------------ regions

// Bilinear value of a plane at (y, x); 0 beyond one pixel outside.
static double plane_at(const mote_tensor *t, int64_t base, int64_t h, int64_t w, double y, double x) {
  if (!(y >= -1 && y <= (double)h && x >= -1 && x <= (double)w))
    return 0;
  y = y > 0 ? y : 0;
  x = x > 0 ? x : 0;
  int64_t y0 = (int64_t)y, x0 = (int64_t)x, y1 = y0 + 1, x1 = x0 + 1;
  if (y0 >= h - 1)
    y0 = y1 = h - 1, y = (double)y0;
  if (x0 >= w - 1)
    x0 = x1 = w - 1, x = (double)x0;
  double ly = y - (double)y0, lx = x - (double)x0;
  return (1 - ly) * ((1 - lx) * mote_ref_real(t, base + y0 * w + x0) + lx * mote_ref_real(t, base + y0 * w + x1)) +
         ly * ((1 - lx) * mote_ref_real(t, base + y1 * w + x0) + lx * mote_ref_real(t, base + y1 * w + x1));
}
typedef struct region {
  int64_t image, nx, ny; // samples a cell
  double x, y, cell_w, cell_h;
} region;
static mote_status region_of(const mote_opctx *c, int64_t i, region *r) {
  enum { SAMPLES_MOST = 1 << 12 };
  const mote_ref_attr *a = c->attr;
  const mote_tensor *rois = c->in[1];
  double v[5], shift = a->n[3] ? 0.5 : 0;
  for (int k = 0; k < 5; k++)
    v[k] = mote_ref_real(rois, i * 5 + k);
  if (!(v[0] >= 0 && v[0] < (double)c->in[0]->dim[0]))
    return mote_op_fail(c, MOTE_ERR_DATA, "region %lld is of image %g of %lld", (long long)i, v[0],
                        (long long)c->in[0]->dim[0]);
  r->image = (int64_t)v[0];
  r->x = v[1] * a->f[0] - shift;
  r->y = v[2] * a->f[0] - shift;
  double w = v[3] * a->f[0] - shift - r->x, h = v[4] * a->f[0] - shift - r->y;
  w = a->n[3] ? w : MOTE_MAX(w, 1.0);
  h = a->n[3] ? h : MOTE_MAX(h, 1.0);
  r->cell_w = w / (double)a->n[1];
  r->cell_h = h / (double)a->n[0];
  if (!(fabs(r->cell_w) < SAMPLES_MOST && fabs(r->cell_h) < SAMPLES_MOST))
    return mote_op_fail(c, MOTE_ERR_DATA, "region %lld is %g by %g", (long long)i, w, h);
  r->nx = a->n[2] > 0 ? a->n[2] : (int64_t)ceil(r->cell_w);
  r->ny = a->n[2] > 0 ? a->n[2] : (int64_t)ceil(r->cell_h);
  return MOTE_OK;
}
static mote_status roi_eval(mote_opctx *c) {
  const mote_ref_attr *a = c->attr;
  const mote_tensor *x = c->in[0], *o = c->out[0];
  int64_t cells = a->n[0] * a->n[1], total = mote_tensor_numel(o), ch = x->dim[1], h = x->dim[2], v = x->dim[3];
  region r = {0, 0, 0, 0, 0, 0, 0};
  for (int64_t i = 0; i < total; i++) {
    int64_t cell = i % cells, plane = i / cells % ch;
    double sum = 0;
    if (i % (cells * ch) == 0)
      MOTE_TRY(region_of(c, i / (cells * ch), &r));
    for (int64_t k = 0; k < r.nx * r.ny; k++) {
      double y = r.y + (double)(cell / a->n[1]) * r.cell_h + ((double)(k / r.nx) + 0.5) * r.cell_h / (double)r.ny;
      double z = r.x + (double)(cell % a->n[1]) * r.cell_w + ((double)(k % r.nx) + 0.5) * r.cell_w / (double)r.nx;
      sum += plane_at(x, (r.image * ch + plane) * h * v, h, v, y, z);
    }
    mote_store_f64(o->data, o->dtype, i, sum / (double)MOTE_MAX(r.nx * r.ny, 1));
  }
  return MOTE_OK;
}
MOTE_REF_OP(roi_op, "roi_align", 2, 2, 1, MOTE_OP_CHECKS_DATA, roi_eval);
static mote_status lower_roi(mote_lowering *l) {
  mote_vid in[2] = {l->args[0].ref, l->args[1].ref};
  const mote_tensor *x = mote_low_desc(l, in[0]), *r = mote_low_desc(l, in[1]);
  mote_ref_attr a = mote_ref_attr_of(0);
  a.n[0] = mote_lower_int(l, "pooled_height", 1);
  a.n[1] = mote_lower_int(l, "pooled_width", 1);
  a.n[2] = mote_lower_int(l, "sampling_ratio", -1);
  a.n[3] = mote_lower_bool(l, "aligned", false);
  a.f[0] = mote_lower_float(l, "spatial_scale", 1);
  if (x->rank != 4 || r->rank != 2 || r->dim[1] != 5 || x->dim[2] < 1 || x->dim[3] < 1 || a.n[0] < 1 || a.n[1] < 1 ||
      a.n[2] > 4096)
    return mote_fail(l->err, MOTE_ERR_SHAPE, "roi_align expects images of rank 4 and rois of 5 numbers");
  int64_t dim[4] = {r->dim[0], x->dim[1], a.n[0], a.n[1]};
  mote_ref_shape(&a, 0, x->dtype, 4, dim);
  return mote_low_done(l, mote_ref_emit(l, &roi_op, &a, in, 2, NULL));
}

static const mote_torch_row rows[] = {
    MOTE_TORCH_LOWER("grid_sampler grid_sampler_2d grid_sampler_3d", lower_grid),
    MOTE_TORCH_LOWER("torchvision::nms", lower_nms),
    MOTE_TORCH_LOWER("torchvision::roi_align", lower_roi),
};
const mote_op_family mote_family_aten_image = {MOTE_ROWS(torch, rows)};
