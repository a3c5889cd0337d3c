// Body of the float32 reduction rows; a file per instruction set includes its vf_<isa>.h, then this.
// Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/reduce_f32.h"
#include "kernels/row_tiles.h"
#include "kernels/tmpl/lanes.h"

static float neutral(mote_reduce_kind kind) {
  switch (kind) {
  case MOTE_REDUCE_MAX:
    return -INFINITY;
  case MOTE_REDUCE_MIN:
    return INFINITY;
  case MOTE_REDUCE_PROD:
    return 1.0f;
  default:
    return 0.0f;
  }
}

MOTE_INLINE vf combine(mote_reduce_kind kind, vf sum, vf x) {
  switch (kind) {
  case MOTE_REDUCE_MAX:
    return vf_max_nan(sum, x);
  case MOTE_REDUCE_MIN:
    return vf_min_nan(sum, x);
  case MOTE_REDUCE_PROD:
    return vf_mul(sum, x);
  case MOTE_REDUCE_SUM_SQUARES:
    return vf_fma(x, x, sum);
  default:
    return vf_add(sum, x);
  }
}

// Two partial results.
static float fold(mote_reduce_kind kind, float a, float b) {
  switch (kind) {
  case MOTE_REDUCE_MAX:
    return a != a || a > b ? a : b;
  case MOTE_REDUCE_MIN:
    return a != a || a < b ? a : b;
  case MOTE_REDUCE_PROD:
    return a * b;
  default:
    return a + b;
  }
}

MOTE_INLINE lanes row_lanes(mote_reduce_kind kind, const float *x, size_t n) {
  lanes sum = lanes_set1(neutral(kind));
  for (size_t i = 0; i < n; i += LANES) {
    const lanes a = lanes_load_some(x + i, n - i, neutral(kind));
    VF_UNROLL
    for (size_t k = 0; k < LANE_VECTORS; k++)
      sum.v[k] = combine(kind, sum.v[k], a.v[k]);
  }
  return sum;
}

MOTE_INLINE vf column(mote_reduce_kind kind, const float *x, ptrdiff_t step, size_t n, size_t count) {
  vf sum = vf_set1(neutral(kind));
  for (size_t k = 0; k < n; k++, x += step)
    sum = combine(kind, sum, count == VF_W ? vf_load(x) : vf_load_n(x, count));
  return sum;
}

static float row(mote_reduce_kind kind, const float *x, size_t n) {
  float part[LANES];
#define REDUCE_CASE(k)                                                                                                 \
  case k:                                                                                                              \
    lanes_store(part, row_lanes(k, x, n));                                                                             \
    break;
  switch (kind) {
    REDUCE_CASE(MOTE_REDUCE_MAX)
    REDUCE_CASE(MOTE_REDUCE_MIN)
    REDUCE_CASE(MOTE_REDUCE_PROD)
    REDUCE_CASE(MOTE_REDUCE_SUM_SQUARES)
  default:
    lanes_store(part, row_lanes(MOTE_REDUCE_SUM, x, n));
    break;
  }
#undef REDUCE_CASE
  for (size_t half = LANES / 2; half != 0; half /= 2)
    for (size_t i = 0; i < half; i++)
      part[i] = fold(kind, part[i], part[i + half]);
  return kind == MOTE_REDUCE_MEAN ? part[0] / (float)n : part[0];
}

static vf any_column(mote_reduce_kind kind, const float *x, ptrdiff_t step, size_t n, size_t count) {
#define REDUCE_CASE(k)                                                                                                 \
  case k:                                                                                                              \
    return column(k, x, step, n, count);
  switch (kind) {
    REDUCE_CASE(MOTE_REDUCE_MAX)
    REDUCE_CASE(MOTE_REDUCE_MIN)
    REDUCE_CASE(MOTE_REDUCE_PROD)
    REDUCE_CASE(MOTE_REDUCE_SUM_SQUARES)
  default:
    return column(MOTE_REDUCE_SUM, x, step, n, count);
  }
#undef REDUCE_CASE
}

static void run_columns(const mote_reduce_f32_args *args, const float *x, float *y, size_t n) {
  for (size_t i = 0; i < n; i += VF_W) {
    const size_t count = MOTE_MIN(n - i, (size_t)VF_W);
    vf sum = any_column(args->kind, x + i, args->count_stride, args->count, count);
    if (args->kind == MOTE_REDUCE_MEAN)
      sum = vf_div(sum, vf_set1((float)args->count));
    if (count == VF_W)
      vf_store(y + i, sum);
    else
      vf_store_n(y + i, sum, count);
  }
}

static void run(const mote_reduce_f32_args *args, size_t t0, size_t t1) {
  if (args->inner == 1) {
    const size_t height = mote_row_tile(args->count), end = MOTE_MIN(t1 * height, args->outer);
    for (size_t o = t0 * height; o < end; o++)
      args->y[o] = row(args->kind, args->x + (ptrdiff_t)o * args->outer_stride, args->count);
    return;
  }
  const size_t chunks = (args->inner + MOTE_REDUCE_F32_CHUNK - 1) / MOTE_REDUCE_F32_CHUNK;
  for (size_t t = t0; t < t1; t++) {
    const size_t o = t / chunks, i = t % chunks * MOTE_REDUCE_F32_CHUNK;
    run_columns(args, args->x + (ptrdiff_t)o * args->outer_stride + i, args->y + o * args->inner + i,
                MOTE_MIN(args->inner - i, (size_t)MOTE_REDUCE_F32_CHUNK));
  }
}

#define REDUCE_TEXT2(x) #x
#define REDUCE_TEXT(x) REDUCE_TEXT2(x)
const mote_reduce_f32 VF_NAME(reduce_) = {
    .name = REDUCE_TEXT(VF_NAME(reduce_)), .isa = VF_ISA, .features = VF_FEATURES, .run = run};
