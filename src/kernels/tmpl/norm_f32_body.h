// Body of the float32 normalisation rows; a file per instruction set includes its vf_<isa>.h, then this.
// Knows no graph. Tests: tests/kernels/check_rows_f32.c
#include "kernels/norm_f32.h"
#include "kernels/row_tiles.h"
#include "kernels/tmpl/lanes.h"

// Sum of x, or of (x - shift)^2.
static float row_sum(const float *x, size_t n, bool squares, float shift) {
  const vf s = vf_set1(shift);
  lanes sum = lanes_set1(0.0f);
  for (size_t i = 0; i < n; i += LANES) {
    const lanes a = lanes_load_some(x + i, n - i, squares ? shift : 0.0f);
    VF_UNROLL
    for (size_t k = 0; k < LANE_VECTORS; k++) {
      const vf d = vf_sub(a.v[k], s);
      sum.v[k] = squares ? vf_fma(d, d, sum.v[k]) : vf_add(sum.v[k], a.v[k]);
    }
  }
  return lanes_sum(sum);
}

MOTE_INLINE vf normalised(vf x, vf mean, vf scale, const float *gamma, const float *beta) {
  vf v = vf_mul(vf_sub(x, mean), scale);
  if (gamma != NULL)
    v = vf_mul(v, vf_load(gamma));
  return beta != NULL ? vf_add(v, vf_load(beta)) : v;
}

static void row_write(const mote_norm_f32_args *args, const float *x, float *y, float shift, float factor) {
  const vf mean = vf_set1(shift), scale = vf_set1(factor);
  const size_t whole = args->cols / VF_W * VF_W, rest = args->cols - whole;
  const float *gamma = args->gamma, *beta = args->beta;
  for (size_t i = 0; i < whole; i += VF_W)
    vf_store(y + i,
             normalised(vf_load(x + i), mean, scale, gamma != NULL ? gamma + i : NULL, beta != NULL ? beta + i : NULL));
  if (rest == 0)
    return;
  float part[VF_W] = {0}, gamma_part[VF_W] = {0}, beta_part[VF_W] = {0};
  memcpy(part, x + whole, rest * sizeof(float));
  if (gamma != NULL)
    gamma = memcpy(gamma_part, gamma + whole, rest * sizeof(float));
  if (beta != NULL)
    beta = memcpy(beta_part, beta + whole, rest * sizeof(float));
  vf_store(part, normalised(vf_load(part), mean, scale, gamma, beta));
  memcpy(y + whole, part, rest * sizeof(float));
}

static void run(const mote_norm_f32_args *args, size_t t0, size_t t1) {
  const size_t height = mote_row_tile(args->cols), end = MOTE_MIN(t1 * height, args->rows);
  const float count = (float)args->cols;
  for (size_t r = t0 * height; r < end; r++) {
    const float *x = args->x + (ptrdiff_t)r * args->x_row;
    const float mean = args->rms ? 0.0f : row_sum(x, args->cols, false, 0.0f) / count;
    const float variance = row_sum(x, args->cols, true, mean) / count;
    row_write(args, x, args->y + (ptrdiff_t)r * args->y_row, mean, 1.0f / sqrtf(variance + args->eps));
  }
}

#define NORM_TEXT2(x) #x
#define NORM_TEXT(x) NORM_TEXT2(x)
const mote_norm_f32 VF_NAME(norm_) = {
    .name = NORM_TEXT(VF_NAME(norm_)), .isa = VF_ISA, .features = VF_FEATURES, .run = run};
