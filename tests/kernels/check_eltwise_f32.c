// eltwise_f32: every row against the portable one bit for bit, and the portable one against libm in double within a
// bound in units in the last place, over all exponents and signs. Rows: src/kernels/list/eltwise_f32.def
#include "kernels/eltwise_f32.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/checker.h"

typedef struct unary_fact {
  const char *name;
  float a, b;
  double ulp;      // largest error in units in the last place of the result,
  double absolute; // or this much more, where cancellation is the function's own
} unary_fact;

// ORDER: mote_unary_op. Bounds: measured worst over 2^22 arguments, rounded up.
static const unary_fact facts[MOTE_UNARY_COUNT] = {
    [MOTE_UNARY_CLAMP] = {"clamp", 0.0f, 6.0f, 0, 0},
    [MOTE_UNARY_NEG] = {"neg", 0, 0, 0, 0},
    [MOTE_UNARY_ABS] = {"abs", 0, 0, 0, 0},
    [MOTE_UNARY_SQUARE] = {"square", 0, 0, 0.5, 0},
    [MOTE_UNARY_SQRT] = {"sqrt", 0, 0, 0.5, 0},
    [MOTE_UNARY_RSQRT] = {"rsqrt", 0, 0, 1.5, 0},
    [MOTE_UNARY_RECIPROCAL] = {"reciprocal", 0, 0, 0.5, 0},
    [MOTE_UNARY_FLOOR] = {"floor", 0, 0, 0, 0},
    [MOTE_UNARY_CEIL] = {"ceil", 0, 0, 0, 0},
    [MOTE_UNARY_ROUND] = {"round", 0, 0, 0, 0},
    [MOTE_UNARY_TRUNC] = {"trunc", 0, 0, 0, 0},
    [MOTE_UNARY_SIGN] = {"sign", 0, 0, 0, 0},
    [MOTE_UNARY_AFFINE] = {"affine", 1.5f, 0.25f, 1, 0x1p-24},
    [MOTE_UNARY_EXP] = {"exp", 0, 0, 1.5, 0},
    [MOTE_UNARY_EXPM1] = {"expm1", 0, 0, 2, 0},
    [MOTE_UNARY_LOG] = {"log", 0, 0, 1.5, 0},
    [MOTE_UNARY_LOG1P] = {"log1p", 0, 0, 3, 0},
    [MOTE_UNARY_SIGMOID] = {"sigmoid", 0, 0, 3, 0},
    [MOTE_UNARY_TANH] = {"tanh", 0, 0, 4, 0},
    [MOTE_UNARY_ERF] = {"erf", 0, 0, 2.5, 0},
    [MOTE_UNARY_SILU] = {"silu", 0, 0, 4, 0x1p-142}, // a denormal sigmoid (2^-149) times |x| <= 104
    [MOTE_UNARY_GELU] = {"gelu", 0, 0, 4, 0x1p-22},
    [MOTE_UNARY_GELU_TANH] = {"gelu_tanh", 0, 0, 8, 0x1p-22},
    [MOTE_UNARY_HARDSWISH] = {"hardswish", 0, 0, 3, 0x1p-22},
    [MOTE_UNARY_HARDSIGMOID] = {"hardsigmoid", 0, 0, 2, 0x1p-24},
    [MOTE_UNARY_ELU] = {"elu", 1.5f, 1.25f, 4, 0},
    [MOTE_UNARY_LEAKY_RELU] = {"leaky_relu", 0.01f, 0, 0.5, 0},
    [MOTE_UNARY_SOFTPLUS] = {"softplus", 1.5f, 20.0f, 5, 0},
};

static double exact_unary(mote_unary_op op, double x, double a, double b) {
  switch (op) {
  case MOTE_UNARY_CLAMP:
    return x < a ? a : x > b ? b : x;
  case MOTE_UNARY_NEG:
    return -x;
  case MOTE_UNARY_ABS:
    return fabs(x);
  case MOTE_UNARY_SQUARE:
    return x * x;
  case MOTE_UNARY_SQRT:
    return sqrt(x);
  case MOTE_UNARY_RSQRT:
    return 1 / sqrt(x);
  case MOTE_UNARY_RECIPROCAL:
    return 1 / x;
  case MOTE_UNARY_FLOOR:
    return floor(x);
  case MOTE_UNARY_CEIL:
    return ceil(x);
  case MOTE_UNARY_ROUND:
    return rint(x);
  case MOTE_UNARY_TRUNC:
    return trunc(x);
  case MOTE_UNARY_SIGN:
    return x > 0 ? 1 : x < 0 ? -1 : x;
  case MOTE_UNARY_AFFINE:
    return x * a + b;
  case MOTE_UNARY_EXP:
    return exp(x);
  case MOTE_UNARY_EXPM1:
    return expm1(x);
  case MOTE_UNARY_LOG:
    return log(x);
  case MOTE_UNARY_LOG1P:
    return log1p(x);
  case MOTE_UNARY_SIGMOID:
    return 1 / (1 + exp(-x));
  case MOTE_UNARY_TANH:
    return tanh(x);
  case MOTE_UNARY_ERF:
    return erf(x);
  case MOTE_UNARY_SILU:
    return x * (1 / (1 + exp(-x)));
  case MOTE_UNARY_GELU:
    return x * 0.5 * (1 + erf(x * sqrt(0.5)));
  case MOTE_UNARY_GELU_TANH:
    return x * 0.5 * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
  case MOTE_UNARY_HARDSWISH:
    return x * fmin(fmax(x + 3, 0), 6) / 6;
  case MOTE_UNARY_HARDSIGMOID:
    return x != x ? x : fmin(fmax(x + 3, 0), 6) / 6;
  case MOTE_UNARY_ELU:
    return x > 0 ? x * b : a * b * expm1(x);
  case MOTE_UNARY_LEAKY_RELU:
    return x >= 0 ? x : a * x;
  case MOTE_UNARY_SOFTPLUS:
    return a * x > b ? x : log1p(exp((double)(float)(a * x))) / a; // of the product as rounded
  case MOTE_UNARY_COUNT:
    break;
  }
  return 0;
}

// Distance in units in the last place of the exact value; 0 when both are NaN, or both overflow the same way.
static double ulp_distance(float got, double exact, double absolute) {
  if (exact != exact || got != got)
    return (exact != exact) == (got != got) ? 0 : INFINITY;
  if (isinf(got) || isinf(exact))
    return (double)got == exact || (fabs(exact) > 0x1.fffffep127 && isinf(got)) ? 0 : INFINITY;
  int exponent;
  frexp(exact, &exponent);
  const double unit = ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
  return fmax(fabs(got - exact) - absolute, 0) / unit;
}

typedef struct unary_run {
  const mote_eltwise_f32 *row;
  mote_unary_f32_args args;
} unary_run;

static void run_unary(void *arg) {
  unary_run *run = arg;
  for (size_t t = mote_unary_f32_tiles(run->args.n); t-- > 0;)
    run->row->unary(&run->args, t, t + 1);
}

static const mote_eltwise_f32 *portable(void) {
  size_t count;
  const mote_eltwise_f32 *const *rows = mote_eltwise_f32_rows(&count);
  return rows[count - 1];
}

// Half the arguments over all bit patterns, half in [-12, 12].
static void fill_arguments(checker *c, float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t bits = check_random(c);
    if (i % 2 == 0)
      memcpy(&x[i], &bits, sizeof bits);
    else
      x[i] = check_random_f32(c, -12, 12);
  }
  check_sprinkle_f32(c, x, n, 50);
}

static void check_accuracy(checker *c, mote_unary_op op) {
  const unary_fact *f = &facts[op];
  const size_t n = 20000;
  check_reset(c);
  float *x = check_buffer(c, n * sizeof(float), CHECK_ALIGNED), *y = check_buffer(c, n * sizeof(float), CHECK_ALIGNED);
  fill_arguments(c, x, n);
  unary_run run = {portable(), {op, f->a, f->b, n, x, y}};
  run_unary(&run);
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    const double d = ulp_distance(y[i], exact_unary(op, x[i], f->a, f->b), f->absolute);
    if (d > worst) {
      worst = d;
      at = i;
    }
  }
  check_case(c, worst <= f->ulp, f->name, "%.2f units off at %g (%a): %g, exactly %g", worst, x[at], x[at], y[at],
             exact_unary(op, x[at], f->a, f->b));
}

static void check_unary_case(checker *c, const mote_eltwise_f32 *row, mote_unary_op op, size_t n, bool in_place,
                             check_place place) {
  const unary_fact *f = &facts[op];
  check_reset(c);
  float *x = check_buffer(c, n * sizeof(float), place), *expect = check_buffer(c, n * sizeof(float), CHECK_ALIGNED);
  float *y = in_place ? x : check_buffer(c, n * sizeof(float), place);
  fill_arguments(c, x, n);
  unary_run run = {portable(), {op, f->a, f->b, n, x, expect}};
  run_unary(&run);
  run.row = row;
  run.args.y = y;
  if (!check_guarded_call(c, row->name, run_unary, &run))
    return;
  const size_t bad = check_diff_f32(y, expect, n);
  check_case(c, bad == n, row->name, "%s n=%zu: element %zu is %a, portable %a", f->name, n, bad,
             bad < n ? y[bad] : 0.0, bad < n ? expect[bad] : 0.0);
}

static float binary_exact(mote_binary_op op, float x, float y, float a) {
  switch (op) {
  case MOTE_BINARY_ADD:
    return x + y;
  case MOTE_BINARY_SUB:
    return x - y;
  case MOTE_BINARY_MUL:
    return x * y;
  case MOTE_BINARY_DIV:
    return x / y;
  case MOTE_BINARY_MIN:
    return x != x ? x : y != y ? y : x < y ? x : y;
  case MOTE_BINARY_MAX:
    return x != x ? x : y != y ? y : x > y ? x : y;
  case MOTE_BINARY_SQUARED_DIFFERENCE:
    return (x - y) * (x - y);
  case MOTE_BINARY_PRELU:
    return x < 0 ? x * y : x;
  case MOTE_BINARY_ADD_SCALED:
    return x + a * y;
  case MOTE_BINARY_COUNT:
    break;
  }
  return 0;
}

typedef struct binary_run {
  const mote_eltwise_f32 *row;
  mote_binary_f32_args args;
} binary_run;

static void run_binary(void *arg) {
  binary_run *run = arg;
  for (size_t t = mote_binary_f32_tiles(run->args.rows, run->args.cols); t-- > 0;)
    run->row->binary(&run->args, t, t + 1);
}

// Elements that an operand spans.
static size_t span(size_t rows, size_t cols, ptrdiff_t row, uint32_t col) {
  return (rows - 1) * (size_t)row + (col != 0 ? cols : 1);
}

static void check_binary_case(checker *c, const mote_eltwise_f32 *row, mote_binary_op op, size_t rows, size_t cols) {
  check_reset(c);
  const uint32_t r = check_random(c);
  binary_run run = {row, {.op = op, .a = 0.75f, .rows = rows, .cols = cols, .lo = -INFINITY, .hi = INFINITY}};
  mote_binary_f32_args *args = &run.args;
  args->x_col = (r & 7) != 0;
  args->y_col = (r >> 3 & 3) != 0;
  args->x_row = (r >> 5 & 3) == 0 ? 0 : (ptrdiff_t)(args->x_col != 0 ? cols : 1) + (ptrdiff_t)(r >> 7 & 1);
  args->y_row = (r >> 8 & 3) == 0 ? 0 : (ptrdiff_t)(args->y_col != 0 ? cols : 1) + (ptrdiff_t)(r >> 10 & 1);
  args->out_row = (ptrdiff_t)cols + (ptrdiff_t)(r >> 11 & 1);
  if (r >> 12 & 1) {
    args->lo = -1.0f;
    args->hi = 3.0f;
  }
  const check_place place = (check_place)((r >> 13) % 3);
  const size_t x_n = span(rows, cols, args->x_row, args->x_col), y_n = span(rows, cols, args->y_row, args->y_col);
  const size_t out_n = span(rows, cols, args->out_row, 1);
  float *x = check_buffer(c, x_n * sizeof(float), place), *y = check_buffer(c, y_n * sizeof(float), place);
  float *expect = check_buffer(c, out_n * sizeof(float), CHECK_ALIGNED);
  fill_arguments(c, x, x_n);
  fill_arguments(c, y, y_n);
  args->x = x;
  args->y = y;
  const bool in_place =
      (r >> 20 & 1) && args->x_col == 1 && args->x_row == args->out_row && args->x_row >= (ptrdiff_t)cols;
  args->out = in_place ? x : check_buffer(c, out_n * sizeof(float), place);
  memcpy(expect, args->out, out_n * sizeof(float));
  for (size_t i = 0; i < rows * cols; i++) {
    const size_t at = i / cols, col = i % cols;
    float v = binary_exact(op, x[at * (size_t)args->x_row + col * args->x_col],
                           y[at * (size_t)args->y_row + col * args->y_col], args->a);
    v = v < args->lo ? args->lo : v;
    expect[at * (size_t)args->out_row + col] = v > args->hi ? args->hi : v;
  }
  if (!check_guarded_call(c, row->name, run_binary, &run))
    return;
  const size_t bad = check_diff_f32(args->out, expect, out_n);
  check_case(c, bad == out_n, row->name, "binary %d, %zux%zu strides %td,%u %td,%u: element %zu is %a, expected %a",
             (int)op, rows, cols, args->x_row, args->x_col, args->y_row, args->y_col, bad,
             bad < out_n ? args->out[bad] : 0.0, bad < out_n ? expect[bad] : 0.0);
}

static void check_row(checker *c, const mote_eltwise_f32 *row) {
  static const size_t sizes[] = {37, 53, 101, 1009, 8191, 8192, 8193, 20011};
  for (int op = 0; op < MOTE_UNARY_COUNT; op++) {
    for (size_t n = 1; n <= 33; n++)
      check_unary_case(c, row, (mote_unary_op)op, n, n % 2 == 0, (check_place)(n % 3));
    for (size_t i = 0; i < MOTE_COUNT(sizes); i++)
      check_unary_case(c, row, (mote_unary_op)op, sizes[i], i % 2 == 0, (check_place)(i % 3));
  }
  for (int op = 0; op < MOTE_BINARY_COUNT; op++)
    for (size_t i = 0; i < 120; i++)
      check_binary_case(c, row, (mote_binary_op)op, i < 100 ? 1 + check_random_below(c, 7) : 300,
                        i % 30 == 0 ? 9001 : 1 + check_random_below(c, 70));
}

static void test(checker *c) {
  size_t count;
  const mote_eltwise_f32 *const *rows = mote_eltwise_f32_rows(&count);
  for (int op = 0; op < MOTE_UNARY_COUNT; op++)
    check_accuracy(c, (mote_unary_op)op);
  for (size_t i = 0; i < count; i++)
    if (check_can_run(c, rows[i]->features))
      check_row(c, rows[i]);
}

static void bench(checker *c) {
  size_t count;
  const mote_eltwise_f32 *const *rows = mote_eltwise_f32_rows(&count);
  const size_t n = 16384; // 64 KiB: in the second-level cache
  for (size_t i = 0; i < count; i++) {
    if (!check_can_run(c, rows[i]->features) || rows[i]->features == 0)
      continue;
    check_reset(c);
    float *x = check_buffer(c, n * sizeof(float), CHECK_ALIGNED),
          *y = check_buffer(c, n * sizeof(float), CHECK_ALIGNED);
    check_fill_f32(c, x, n, -8, 8);
    for (int op = 0; op < MOTE_UNARY_COUNT; op++) {
      unary_run run = {rows[i], {(mote_unary_op)op, facts[op].a, facts[op].b, n, x, y}};
      check_report(c, rows[i]->name, facts[op].name, check_time(c, run_unary, &run), (double)n, "Gelem/s", 0);
    }
    float *z = check_buffer(c, n * sizeof(float), CHECK_ALIGNED);
    check_fill_f32(c, z, n, -8, 8);
    binary_run run = {rows[i],
                      {.op = MOTE_BINARY_ADD,
                       .rows = 1,
                       .cols = n,
                       .x = x,
                       .y = z,
                       .x_col = 1,
                       .y_col = 1,
                       .out = y,
                       .lo = 0.0f,
                       .hi = INFINITY}};
    check_report(c, rows[i]->name, "add, relu", check_time(c, run_binary, &run), (double)n, "Gelem/s", 0);
    run.args = (mote_binary_f32_args){.op = MOTE_BINARY_MUL,
                                      .rows = n / 64,
                                      .cols = 64,
                                      .x = x,
                                      .y = z,
                                      .x_row = 64,
                                      .out_row = 64,
                                      .x_col = 1,
                                      .y_col = 1,
                                      .out = y,
                                      .lo = -INFINITY,
                                      .hi = INFINITY};
    check_report(c, rows[i]->name, "mul by a row of 64", check_time(c, run_binary, &run), (double)n, "Gelem/s", 0);
  }
}

const check_family check_family_eltwise_f32 = {"eltwise_f32", test, bench};
