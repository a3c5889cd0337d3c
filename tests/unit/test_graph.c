// Building graphs and the verifier: what a reader could get wrong is told with the node and the value.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/prim.h"
#include "core/graph/graph.h"
#include "ops/binary.h"
#include "ops/unary.h"
#include "support/fail_alloc.h"

static const float two_numbers[2] = {1, 2};

static mote_tensor vector(const void *data) {
  mote_tensor t;
  mote_tensor_init(&t, MOTE_F32, 1, &(int64_t){2});
  t.data = (void *)(uintptr_t)data;
  return t;
}

typedef struct fixture {
  mote_graph g;
  mote_vid x, y, z, c; // input, relu(x), y + c, constant
  mote_error error;
} fixture;

// x -> relu -> y -> add c -> z
static mote_status build(fixture *f, const mote_allocator *al) {
  mote_tensor t = vector(NULL), c = vector(two_numbers);
  mote_error *e = &f->error;
  mote_error_init(e);
  mote_graph_init(&f->g, al);
  MOTE_TRY(mote_graph_value(&f->g, &t, MOTE_VALUE_INPUT, "x", &f->x, e));
  MOTE_TRY(mote_graph_value(&f->g, &t, 0, "y", &f->y, e));
  MOTE_TRY(mote_graph_value(&f->g, &t, MOTE_VALUE_OUTPUT, "z", &f->z, e));
  MOTE_TRY(mote_graph_const(&f->g, &c, NULL, 0, "c", &f->c, e));
  MOTE_TRY(mote_graph_node(&f->g, &mote_op_relu, NULL, &f->x, 1, &f->y, 1, 0, "RELU", e));
  MOTE_TRY(mote_graph_node(&f->g, &mote_op_add, NULL, (mote_vid[]){f->y, f->c}, 2, &f->z, 1, 1, "ADD", e));
  MOTE_TRY(MOTE_VEC_PUSH(al, &f->g.inputs, f->x, e));
  return MOTE_VEC_PUSH(al, &f->g.outputs, f->z, e);
}

static int setup(void **state) {
  static fixture f;
  *state = &f;
  return build(&f, mote_prim_allocator());
}
static int teardown(void **state) {
  mote_graph_destroy(&((fixture *)*state)->g);
  return 0;
}

static void refused(fixture *f, const char *why) {
  mote_error_init(&f->error);
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_ERR_FORMAT);
  if (strstr(mote_error_message(&f->error), why) == NULL)
    fail_msg("'%s' lacks '%s'", mote_error_message(&f->error), why);
}

static void a_sound_graph_passes(void **state) {
  fixture *f = *state;
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
  assert_int_equal(f->g.values.at[f->y].producer, 0);
  assert_int_equal(f->g.values.at[f->c].producer, -1);
  f->g.nodes.at[1].in[1] = f->y; // one value may be read twice
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
}

static void ids_outside_are_refused(void **state) {
  fixture *f = *state;
  mote_vid bad[] = {4, INT32_MAX, -2, INT32_MIN};
  for (size_t i = 0; i < MOTE_COUNT(bad); i++) {
    f->g.nodes.at[1].in[0] = bad[i];
    refused(f, "node 1: add: input 0 is value");
    assert_int_equal(f->error.node, 1);
    f->g.nodes.at[1].in[0] = f->y;
    f->g.nodes.at[0].out[0] = bad[i];
    refused(f, "node 0: relu: output 0 is value");
    f->g.nodes.at[0].out[0] = f->y;
    f->g.outputs.at[0] = bad[i];
    refused(f, "graph output 0");
    f->g.outputs.at[0] = f->z;
  }
  f->g.nodes.at[1].in[1] = -1;
  refused(f, "input 1 is missing");
}

static void use_before_definition_is_refused(void **state) {
  fixture *f = *state;
  mote_node first = f->g.nodes.at[0];
  f->g.nodes.at[0] = f->g.nodes.at[1]; // in the wrong order
  f->g.nodes.at[1] = first;
  f->g.values.at[f->z].producer = 0;
  f->g.values.at[f->y].producer = 1;
  refused(f, "used before it is computed");
}

static void a_cycle_is_refused(void **state) {
  fixture *f = *state;
  f->g.nodes.at[0].in[0] = f->z;
  refused(f, "node 0: relu: input 0");
}

static void two_producers_are_refused(void **state) {
  fixture *f = *state;
  f->g.nodes.at[0].out[0] = f->z;
  refused(f, "computed twice");
  f->g.nodes.at[0].out[0] = f->c;
  refused(f, "a constant");
  f->g.nodes.at[0].out[0] = f->x;
  refused(f, "an input");
}

static void counts_of_inputs_are_checked(void **state) {
  fixture *f = *state;
  mote_vid three[3] = {f->x, f->x, f->x};
  size_t before = f->g.nodes.len;
  assert_int_equal(mote_graph_node(&f->g, &mote_op_relu, NULL, three, 3, &f->y, 1, 2, NULL, &f->error),
                   MOTE_ERR_FORMAT);
  assert_int_equal(mote_graph_node(&f->g, &mote_op_add, NULL, three, 1, &f->y, 1, 2, NULL, &f->error), MOTE_ERR_FORMAT);
  assert_int_equal(f->g.nodes.len, before);
  f->g.nodes.at[1].n_in = 1;
  refused(f, "takes 2 to");
}

static void an_output_nobody_computes_is_refused(void **state) {
  fixture *f = *state;
  mote_tensor t = vector(NULL);
  mote_vid lost;
  assert_int_equal(mote_graph_value(&f->g, &t, 0, "lost", &lost, &f->error), MOTE_OK);
  f->g.outputs.at[0] = lost;
  refused(f, "never computed");
  f->g.values.at[lost].flags = MOTE_VALUE_STATE; // a variable has a value
  assert_int_equal(mote_graph_verify(&f->g, &f->error), MOTE_OK);
}

static void attributes_by_name(void **state) {
  fixture *f = *state;
  mote_binary_attr a;
  mote_attr_defaults(&mote_op_add, &a);
  assert_int_equal(a.act.activation, MOTE_ACT_NONE);
  assert_non_null(mote_attr_find(&mote_op_add, "activation"));
  assert_null(mote_attr_find(&mote_op_add, "colour"));
  assert_int_equal(mote_attr_fixed(&mote_op_add, &a, "activation=3 act_lo=-2", &f->error), MOTE_OK);
  assert_true(a.act.activation == 3 && a.act.act_lo == -2);
  assert_int_equal(mote_attr_fixed(&mote_op_add, &a, "colour=1", &f->error), MOTE_ERR_INTERNAL);
  assert_int_equal(mote_attr_fixed(&mote_op_add, &a, "activation", &f->error), MOTE_ERR_INTERNAL);
}

// The same contents have the same identity; a write to the storage changes it.
static void identity_of_constants(void **state) {
  fixture *f = *state;
  mote_storage *s = mote_storage_create(mote_prim_allocator(), 8, true);
  mote_tensor t = vector(s->data);
  mote_vid a, b;
  assert_int_equal(mote_graph_const(&f->g, &t, s, 0, "a", &a, &f->error), MOTE_OK);
  assert_int_equal(mote_graph_const(&f->g, &t, s, 0, "b", &b, &f->error), MOTE_OK);
  uint64_t before = mote_const_identity(&f->g.values.at[a]);
  assert_true(before != 0 && before == mote_const_identity(&f->g.values.at[b]));
  assert_true(before != mote_const_identity(&f->g.values.at[f->c]));
  s->version++;
  assert_true(before != mote_const_identity(&f->g.values.at[a]));
  mote_storage_release(s); // the graph holds it until it goes
}

// Scales per channel are the graph's own.
static void scales_are_copied(void **state) {
  fixture *f = *state;
  double scales[2] = {0.5, 0.25};
  int32_t zeros[2] = {1, 2};
  mote_tensor t = vector(NULL);
  t.quant = (mote_quant){.scale = 0.5, .count = 2, .axis = 0, .scales = scales, .zero_points = zeros};
  mote_vid v;
  assert_int_equal(mote_graph_value(&f->g, &t, MOTE_VALUE_INPUT, NULL, &v, &f->error), MOTE_OK);
  scales[1] = 9;
  zeros[1] = 9;
  const mote_quant *q = &f->g.values.at[v].t.quant;
  assert_true(q->scales[1] == 0.25 && q->zero_points[1] == 2);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  fail_alloc fa;
  fixture f;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_status status = build(&f, &fa.allocator);
    mote_graph_destroy(&f.g);
    mote_graph_destroy(&f.g); // once more does nothing
    fail_alloc_check(&fa, status);
  }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_sound_graph_passes),
      TEST(ids_outside_are_refused),
      TEST(use_before_definition_is_refused),
      TEST(a_cycle_is_refused),
      TEST(two_producers_are_refused),
      TEST(counts_of_inputs_are_checked),
      TEST(an_output_nobody_computes_is_refused),
      TEST(attributes_by_name),
      TEST(identity_of_constants),
      TEST(scales_are_copied),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
