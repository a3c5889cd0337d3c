// Each pass on a graph of a few nodes: what it makes of it, what it must leave alone, and that it can be left out. That
// results stay the same is held by tests/unit/test_engine.c and by the models under --no-pass.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/prim.h"
#include "ops/batch_norm.h"
#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/gather.h"
#include "ops/pad.h"
#include "ops/unary.h"
#include "passes/rewrite.h"

typedef struct fixture {
  mote_graph g;
  mote_pass_ctx ctx;
  mote_error error;
} fixture;

static mote_status constant(mote_pass_ctx *ctx, uint64_t key, const void *maker, const mote_tensor *t,
                            mote_pass_fill *fill, void *arg, mote_vid *out) {
  size_t bytes;
  mote_tensor made = *t;
  (void)maker;
  assert_true(mote_tensor_bytes(t, &bytes));
  made.data = mote_arena_alloc(&ctx->g->arena, bytes);
  assert_non_null(made.data);
  MOTE_TRY(fill(made.data, arg));
  return mote_graph_const(ctx->g, &made, NULL, key, NULL, out, ctx->err);
}

static int setup(void **state) {
  static fixture f;
  memset(&f, 0, sizeof f);
  mote_error_init(&f.error);
  mote_graph_init(&f.g, mote_prim_allocator());
  f.ctx = (mote_pass_ctx){.g = &f.g, .constant = constant, .err = &f.error};
  *state = &f;
  return 0;
}
static int teardown(void **state) {
  mote_graph_destroy(&((fixture *)*state)->g);
  return 0;
}

static mote_vid value(fixture *f, uint32_t flags, mote_dtype dtype, int32_t rank, const int64_t *dim,
                      const void *data) {
  mote_tensor t;
  mote_vid v;
  mote_tensor_init(&t, dtype, rank, dim);
  t.data = (void *)(uintptr_t)data;
  mote_status status = data != NULL ? mote_graph_const(&f->g, &t, NULL, 0, NULL, &v, &f->error)
                                    : mote_graph_value(&f->g, &t, flags, NULL, &v, &f->error);
  assert_int_equal(status, MOTE_OK);
  return v;
}

static const int64_t image[4] = {1, 2, 4, 4}, filter[4] = {2, 2, 1, 1}, channels[1] = {2};
static const float weights[4] = {1, 2, 3, 4}, mean[2] = {1, -1}, variance[2] = {4, 16};

static mote_vid picture(fixture *f, uint32_t flags) { return value(f, flags, MOTE_F32, 4, image, NULL); }

// Appends a node with one output like `like` and gives that output.
static mote_vid node(fixture *f, const mote_op *op, const void *attr, int32_t n, const mote_vid *in, mote_vid like) {
  uint8_t defaults[512];
  mote_vid out;
  assert_true(op->rules->attr_size <= sizeof defaults);
  mote_attr_defaults(op, defaults);
  assert_int_equal(mote_graph_value(&f->g, &f->g.values.at[like].t, 0, NULL, &out, &f->error), MOTE_OK);
  assert_int_equal(mote_graph_node(&f->g, op, attr != NULL ? attr : defaults, in, n, &out, 1, 0, NULL, &f->error),
                   MOTE_OK);
  return out;
}
#define NODE(f, op, attr, like, ...)                                                                                   \
  node(f, op, attr, (int32_t)(sizeof((mote_vid[]){__VA_ARGS__}) / sizeof(mote_vid)), (mote_vid[]){__VA_ARGS__}, like)

static mote_conv_attr conv_attr(void) {
  mote_conv_attr a;
  mote_attr_defaults(&mote_op_conv2d, &a);
  a.stride_h = a.stride_w = a.dilation_h = a.dilation_w = a.groups = 1;
  a.data_format = MOTE_NCHW;
  a.weight_format = MOTE_WEIGHT_OIHW;
  a.pad_mode = MOTE_PAD_EXPLICIT;
  return a;
}

static mote_vid conv(fixture *f, mote_vid x, mote_vid like) {
  mote_conv_attr a = conv_attr();
  return NODE(f, &mote_op_conv2d, &a, like, x, value(f, 0, MOTE_F32, 4, filter, weights));
}

static void output(fixture *f, mote_vid v) {
  f->g.values.at[v].flags |= MOTE_VALUE_OUTPUT;
  assert_int_equal(MOTE_VEC_PUSH(mote_prim_allocator(), &f->g.outputs, v, &f->error), MOTE_OK);
}

// Runs one pass, with the verifier before and after; gives the number of nodes left.
static size_t after(fixture *f, const mote_pass *pass) {
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
  assert_int_equal(pass->run(&f->ctx), MOTE_OK);
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
  return f->g.nodes.len;
}

static const mote_act_attr *act_of_conv(const mote_node *n) {
  assert_ptr_equal(n->op, &mote_op_conv2d);
  return &((const mote_conv_attr *)n->attr)->act;
}

// ------------------------------------------------------------------------------------------------ remove-dead

static void nodes_nobody_reads_go(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT), y = NODE(f, &mote_op_exp, NULL, x, x);
  mote_vid dead = NODE(f, &mote_op_neg, NULL, x, x);
  NODE(f, &mote_op_add, NULL, x, dead, y); // reads what is dead, and is dead
  output(f, y);
  assert_int_equal(after(f, &mote_pass_remove_dead), 1);
  assert_ptr_equal(f->g.nodes.at[0].op, &mote_op_exp);
  assert_int_equal(f->g.values.at[y].producer, 0);
}

// An index out of range must still be told, though nobody reads what was gathered.
static void checks_of_data_stay(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT), at = value(f, MOTE_VALUE_INPUT, MOTE_I32, 1, channels, NULL);
  NODE(f, &mote_op_gather, NULL, x, x, at);
  output(f, NODE(f, &mote_op_neg, NULL, x, x));
  assert_int_equal(after(f, &mote_pass_remove_dead), 2);
}

// ------------------------------------------------------------------------------------------------ fuse-pad

static mote_vid pad(fixture *f, mote_vid x, mote_vid like, const int32_t *pads, const float *with) {
  mote_vid p = value(f, 0, MOTE_I32, 2, (int64_t[]){4, 2}, pads);
  return with == NULL ? NODE(f, &mote_op_pad, NULL, like, x, p)
                      : NODE(f, &mote_op_pad, NULL, like, x, p, value(f, 0, MOTE_F32, 0, NULL, with));
}

static void padding_goes_into_the_convolution(void **state) {
  fixture *f = *state;
  static const int32_t pads[8] = {0, 0, 0, 0, 1, 2, 3, 4};
  static const float zero = 0;
  mote_vid x = picture(f, MOTE_VALUE_INPUT), wide = value(f, 0, MOTE_F32, 4, (int64_t[]){1, 2, 7, 11}, NULL);
  output(f, conv(f, pad(f, x, wide, pads, &zero), wide));
  assert_int_equal(after(f, &mote_pass_fuse_pad), 1);
  const mote_conv_attr *a = f->g.nodes.at[0].attr;
  assert_int_equal(f->g.nodes.at[0].in[0], x);
  assert_true(a->pad_top == 1 && a->pad_bottom == 2 && a->pad_left == 3 && a->pad_right == 4);
}

static void other_padding_stays(void **state) {
  fixture *f = *state;
  static const int32_t of_channels[8] = {0, 0, 1, 0}, cut[8] = {0, 0, 0, 0, -1, 0},
                       spatial[8] = {0, 0, 0, 0, 1, 1, 1, 1};
  static const float one = 1;
  mote_vid x = picture(f, MOTE_VALUE_INPUT);
  output(f, conv(f, pad(f, x, x, of_channels, NULL), x));
  output(f, conv(f, pad(f, x, x, cut, NULL), x));
  output(f, conv(f, pad(f, x, x, spatial, &one), x)); // not with zero
  mote_vid shared = pad(f, x, x, spatial, NULL);      // read twice
  output(f, conv(f, shared, x));
  output(f, shared);
  assert_int_equal(after(f, &mote_pass_fuse_pad), 8);
}

// ------------------------------------------------------------------------------------------------ fuse-batch-norm

static mote_vid norm(fixture *f, mote_vid x) {
  return NODE(f, &mote_op_batch_norm, NULL, x, x, -1, -1, value(f, 0, MOTE_F32, 1, channels, mean),
              value(f, 0, MOTE_F32, 1, channels, variance));
}

static void batch_norm_scales_the_weights(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT);
  output(f, norm(f, conv(f, x, x)));
  assert_int_equal(after(f, &mote_pass_fuse_batch_norm), 1);
  const mote_node *c = &f->g.nodes.at[0];
  assert_int_equal(c->n_in, 3);
  const float *w = f->g.values.at[c->in[1]].t.data, *b = f->g.values.at[c->in[2]].t.data;
  for (int o = 0; o < 2; o++) {
    double factor = 1 / sqrt(variance[o] + 1e-5);
    assert_float_equal(b[o], -mean[o] * factor, 1e-6);
    for (int i = 0; i < 2; i++)
      assert_float_equal(w[2 * o + i], weights[2 * o + i] * factor, 1e-6);
  }
  assert_true(weights[0] == 1); // the model's own are as they were
}

static void batch_norm_stays_apart(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT), read_twice = conv(f, x, x);
  output(f, norm(f, read_twice));
  output(f, read_twice);
  mote_batch_norm_attr training = {.eps = 1e-5, .training = true};
  output(f, NODE(f, &mote_op_batch_norm, &training, x, conv(f, x, x), -1, -1, value(f, 0, MOTE_F32, 1, channels, mean),
                 value(f, 0, MOTE_F32, 1, channels, variance)));
  output(f,
         NODE(f, &mote_op_batch_norm, NULL, x, conv(f, x, x), -1, -1, // statistics that may change
              value(f, MOTE_VALUE_INPUT, MOTE_F32, 1, channels, NULL), value(f, 0, MOTE_F32, 1, channels, variance)));
  assert_int_equal(after(f, &mote_pass_fuse_batch_norm), 6);
}

// ------------------------------------------------------------------------------------------------ fuse-residual

static void a_sum_becomes_the_residual(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT);
  mote_binary_attr relu;
  mote_attr_defaults(&mote_op_add, &relu);
  relu.act.activation = MOTE_ACT_RELU;
  mote_vid sum = NODE(f, &mote_op_add, &relu, x, x, conv(f, x, x));
  output(f, sum);
  assert_int_equal(after(f, &mote_pass_fuse_residual), 1);
  const mote_node *c = &f->g.nodes.at[0];
  assert_int_equal(act_of_conv(c)->activation, MOTE_ACT_RELU);
  assert_true(c->n_in == 4 && c->in[2] == -1 && c->in[3] == x && c->out[0] == sum);
}

// The residual may be computed after the convolution: the fused node stands where the sum stood.
static void the_residual_comes_first(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT), c = conv(f, x, x), late = NODE(f, &mote_op_exp, NULL, x, x);
  output(f, NODE(f, &mote_op_add, NULL, x, c, late));
  assert_int_equal(after(f, &mote_pass_fuse_residual), 2);
  assert_ptr_equal(f->g.nodes.at[1].op, &mote_op_conv2d);
  assert_int_equal(f->g.nodes.at[1].in[3], late);
}

static void other_sums_stay(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT), c = conv(f, x, x);
  output(f, NODE(f, &mote_op_add, NULL, x, c, c)); // with itself
  output(f, NODE(f, &mote_op_add, NULL, x, conv(f, x, x), value(f, 0, MOTE_F32, 1, (int64_t[]){1}, mean))); // broadcast
  output(f, NODE(f, &mote_op_mul, NULL, x, conv(f, x, x), x));
  output(f, NODE(f, &mote_op_add, NULL, x, conv(f, x, x), value(f, MOTE_VALUE_INPUT, MOTE_I32, 4, image, NULL)));
  assert_int_equal(after(f, &mote_pass_fuse_residual), 8);
}

// ------------------------------------------------------------------------------------------------ fuse-activation

static void a_clamp_goes_into_its_producer(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT);
  mote_unary_attr six = {.kind = MOTE_UNARY_CLAMP, .a = 0, .b = 6};
  output(f, NODE(f, &mote_op_relu6, &six, x, conv(f, x, x)));
  output(f, NODE(f, &mote_op_clamp, &six, x, NODE(f, &mote_op_add, NULL, x, x, x)));
  assert_int_equal(after(f, &mote_pass_fuse_activation), 2);
  const mote_act_attr *a = act_of_conv(&f->g.nodes.at[0]);
  assert_true(a->activation == MOTE_ACT_CLAMP && a->act_lo == 0 && a->act_hi == 6);
}

static void other_activations_stay(void **state) {
  fixture *f = *state;
  mote_vid x = picture(f, MOTE_VALUE_INPUT);
  mote_unary_attr six = {.kind = MOTE_UNARY_CLAMP, .a = 0, .b = 6};
  mote_conv_attr clamped = conv_attr();
  clamped.act.activation = MOTE_ACT_RELU_N1;
  mote_vid before = conv(f, x, x), w = value(f, 0, MOTE_F32, 4, filter, weights);
  output(f, before); // wanted without the clamp as well
  output(f, NODE(f, &mote_op_relu6, &six, x, before));
  output(f, NODE(f, &mote_op_tanh, NULL, x, conv(f, x, x)));
  output(f, NODE(f, &mote_op_relu6, &six, x, NODE(f, &mote_op_exp, NULL, x, x)));
  output(f, NODE(f, &mote_op_relu6, &six, x, NODE(f, &mote_op_conv2d, &clamped, x, x, w)));
  assert_int_equal(after(f, &mote_pass_fuse_activation), 8);
}

// ------------------------------------------------------------------------------------------------ all of them

static void a_block(fixture *f) {
  mote_vid x = picture(f, MOTE_VALUE_INPUT);
  mote_unary_attr relu = {.kind = MOTE_UNARY_CLAMP, .a = 0, .b = INFINITY};
  output(f, NODE(f, &mote_op_relu, &relu, x, NODE(f, &mote_op_add, NULL, x, norm(f, conv(f, x, x)), x)));
  NODE(f, &mote_op_neg, NULL, x, x);
}

static void together_they_leave_one_node(void **state) {
  fixture *f = *state;
  a_block(f);
  assert_int_equal(mote_passes_run(&f->ctx), MOTE_OK);
  assert_int_equal(f->g.nodes.len, 1);
  assert_int_equal(act_of_conv(&f->g.nodes.at[0])->activation, MOTE_ACT_CLAMP);
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
}

// Without a pass its own work is left undone, and what builds on it.
static void each_can_be_left_out(void **state) {
  static const struct {
    const char *name;
    size_t nodes;
  } without[] = {{"remove-dead", 2},     {"fuse-pad", 1},       {"fuse-batch-norm", 3}, {"fuse-residual", 2},
                 {"fuse-activation", 2}, {"fold-constants", 1}, {"layout", 1}};
  fixture *f = *state;
  assert_int_equal(MOTE_COUNT(without), mote_pass_count());
  for (size_t i = 0; i < MOTE_COUNT(without); i++) {
    const char *names[] = {without[i].name, NULL};
    teardown(state);
    setup(state);
    f->ctx.no_passes = names;
    a_block(f);
    assert_int_equal(mote_passes_run(&f->ctx), MOTE_OK);
    assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
    if (f->g.nodes.len != without[i].nodes)
      fail_msg("without %s: %zu nodes, not %zu", without[i].name, f->g.nodes.len, without[i].nodes);
    assert_false(mote_pass_enabled(names, without[i].name));
    assert_true(mote_pass_enabled(names, "another"));
  }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nodes_nobody_reads_go),
      TEST(checks_of_data_stay),
      TEST(padding_goes_into_the_convolution),
      TEST(other_padding_stays),
      TEST(batch_norm_scales_the_weights),
      TEST(batch_norm_stays_apart),
      TEST(a_sum_becomes_the_residual),
      TEST(the_residual_comes_first),
      TEST(other_sums_stay),
      TEST(a_clamp_goes_into_its_producer),
      TEST(other_activations_stay),
      TEST(together_they_leave_one_node),
      TEST(each_can_be_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
