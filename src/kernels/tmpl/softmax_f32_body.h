// Body of the float32 softmax rows; a file per instruction set includes its vf_<isa>.h, then this.
// Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/row_tiles.h"
#include "kernels/softmax_f32.h"
#include "kernels/tmpl/lanes.h"
#include "kernels/tmpl/vmath.h"

// The largest element, or for a negative `sign` the smallest; NaN if there is one.
static float row_top(const float *x, size_t n, float sign) {
  const vf s = vf_set1(sign);
  lanes best = lanes_set1(-INFINITY);
  for (size_t i = 0; i < n; i += LANES) {
    const lanes part = lanes_load_some(x + i, n - i, sign * -INFINITY);
    VF_UNROLL
    for (size_t k = 0; k < LANE_VECTORS; k++)
      best.v[k] = vf_max_nan(best.v[k], vf_mul(part.v[k], s));
  }
  return sign * lanes_max(best);
}

// Sum of exp((x - top)*beta); with `y`, the exponentials are left there.
static float row_exp(const float *x, float *y, size_t n, float top, float beta) {
  const vf t = vf_set1(top), b = vf_set1(beta);
  lanes sum = lanes_set1(0.0f);
  for (size_t i = 0; i < n; i += LANES) {
    lanes e = lanes_load_some(x + i, n - i, top);
    VF_UNROLL
    for (size_t k = 0; k < LANE_VECTORS; k++)
      e.v[k] = vm_exp(vf_mul(vf_sub(e.v[k], t), b));
    if (n - i < LANES) { // lanes behind the end hold exp(0)
      float part[LANES];
      lanes_store(part, e);
      e = lanes_load_some(part, n - i, 0.0f);
    }
    VF_UNROLL
    for (size_t k = 0; k < LANE_VECTORS; k++)
      sum.v[k] = vf_add(sum.v[k], e.v[k]);
    if (y != NULL)
      lanes_store_some(y + i, e, n - i);
  }
  return lanes_sum(sum);
}

// y = (x - sub)*mul - sub2
static void row_affine(const float *x, float *y, size_t n, float sub, float mul, float sub2) {
  const vf s = vf_set1(sub), m = vf_set1(mul), s2 = vf_set1(sub2);
  for (size_t i = 0; i < n; i += LANES) {
    lanes a = lanes_load_some(x + i, n - i, 0.0f);
    VF_UNROLL
    for (size_t k = 0; k < LANE_VECTORS; k++)
      a.v[k] = vf_sub(vf_mul(vf_sub(a.v[k], s), m), s2);
    lanes_store_some(y + i, a, n - i);
  }
}

// The logarithm of one number by the template's own polynomial, so that libm has no say in the bits.
static float scalar_log(float x) {
  float out[VF_W];
  vf_store(out, vm_log(vf_set1(x)));
  return out[0];
}

static void run(const mote_softmax_f32_args *args, size_t t0, size_t t1) {
  const size_t height = mote_row_tile(args->cols), end = MOTE_MIN(t1 * height, args->rows);
  for (size_t r = t0 * height; r < end; r++) {
    const float *x = args->x + (ptrdiff_t)r * args->x_row;
    float *y = args->y + (ptrdiff_t)r * args->y_row;
    // The exponent's largest value is at the largest x, or the smallest for a negative beta.
    const float top = row_top(x, args->cols, args->beta >= 0 ? 1.0f : -1.0f);
    const float sum = row_exp(x, args->log ? NULL : y, args->cols, top, args->beta);
    if (args->log)
      row_affine(x, y, args->cols, top, args->beta, scalar_log(sum));
    else
      row_affine(y, y, args->cols, 0.0f, 1.0f / sum, 0.0f);
  }
}

#define SOFTMAX_TEXT2(x) #x
#define SOFTMAX_TEXT(x) SOFTMAX_TEXT2(x)
const mote_softmax_f32 VF_NAME(softmax_) = {
    .name = SOFTMAX_TEXT(VF_NAME(softmax_)), .isa = VF_ISA, .features = VF_FEATURES, .run = run};
