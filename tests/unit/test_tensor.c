// Element conversion, strides, broadcasting, walking and copying of tensors.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/prim.h"
#include "core/tensor/tensor.h"

static uint32_t bits(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

static void half_round_trips_every_code(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 65536; h++) {
    float f = mote_f16_to_f32((uint16_t)h), b = mote_bf16_to_f32((uint16_t)h);
    if (isnan(f))
      assert_true(isnan(mote_f16_to_f32(mote_f32_to_f16(f))));
    else
      assert_int_equal(mote_f32_to_f16(f), h);
    if (isnan(b))
      assert_true(isnan(mote_bf16_to_f32(mote_f32_to_bf16(b))));
    else
      assert_int_equal(mote_f32_to_bf16(b), h);
  }
}

// Between each pair of neighbours: the middle goes to the even one, anything beside it to the nearer.
static void half_rounds_to_even(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 0x7BFF; h++) {
    float lo = mote_f16_to_f32((uint16_t)h), hi = mote_f16_to_f32((uint16_t)(h + 1)), middle = (lo + hi) / 2;
    assert_int_equal(mote_f32_to_f16(middle), h & 1 ? h + 1 : h);
    assert_int_equal(mote_f32_to_f16(nextafterf(middle, 0)), h);
    assert_int_equal(mote_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
    assert_int_equal(mote_f32_to_f16(-middle), 0x8000 | (h & 1 ? h + 1 : h));
  }
  assert_int_equal(mote_f32_to_f16(65520.0f), 0x7C00);
  assert_int_equal(mote_f32_to_bf16(mote_bf16_to_f32(0x3F80) + 0x1p-8f), 0x3F80);
  assert_int_equal(mote_f32_to_bf16(mote_bf16_to_f32(0x3F81) + 0x1p-8f), 0x3F82);
  assert_int_equal(bits(mote_bf16_to_f32(0x8000)), 0x80000000u);
}

static void numbers_go_through_every_type(void **state) {
  (void)state;
  static const mote_dtype types[] = {MOTE_F32, MOTE_F16, MOTE_BF16, MOTE_F64, MOTE_I8,  MOTE_U8, MOTE_I16,
                                     MOTE_U16, MOTE_I32, MOTE_U32,  MOTE_I64, MOTE_U64, MOTE_I4};
  for (size_t k = 0; k < MOTE_COUNT(types); k++) {
    uint64_t memory[8] = {0};
    for (int64_t i = 0; i < 4; i++) {
      mote_store_i64(memory, types[k], i, i + 1);
      assert_int_equal(mote_load_i64(memory, types[k], i), i + 1);
      assert_true(mote_load_f64(memory, types[k], i) == (double)(i + 1));
    }
    mote_store_f64(memory, types[k], 1, 5);
    assert_int_equal(mote_load_i64(memory, types[k], 0), 1);
    assert_int_equal(mote_load_i64(memory, types[k], 1), 5);
    assert_int_equal(mote_load_i64(memory, types[k], 2), 3);
  }
}

static void strides_and_formats(void **state) {
  (void)state;
  mote_tensor t;
  mote_tensor_init(&t, MOTE_F32, 4, (int64_t[]){2, 3, 4, 5});
  assert_true(mote_tensor_is_dense(&t) && mote_tensor_is_packed(&t) && !mote_tensor_is_channels_last(&t));
  assert_int_equal(t.stride[0], 60);
  mote_tensor_set_channels_last(&t);
  assert_true(!mote_tensor_is_dense(&t) && mote_tensor_is_packed(&t) && mote_tensor_is_channels_last(&t));
  assert_int_equal(t.stride[1], 1);
  assert_int_equal(t.stride[3], 3);
  t.stride[2] = 30;
  assert_false(mote_tensor_is_packed(&t));
  mote_tensor_init(&t, MOTE_F32, 4, (int64_t[]){1, 3, 1, 1});
  assert_true(mote_tensor_is_dense(&t) && mote_tensor_is_channels_last(&t));
  int32_t axis;
  assert_true(mote_axis_normalise(-1, 4, &axis) && axis == 3);
  assert_true(mote_axis_normalise(0, 0, &axis) && axis == 0);
  assert_false(mote_axis_normalise(4, 4, &axis));
  assert_false(mote_axis_normalise(-5, 4, &axis));
}

static void sizes_are_checked(void **state) {
  (void)state;
  mote_tensor t;
  size_t bytes;
  mote_tensor_init(&t, MOTE_I4, 1, (int64_t[]){5});
  assert_true(mote_tensor_bytes(&t, &bytes) && bytes == 3);
  memset(&t, 0, sizeof t);
  t.dtype = MOTE_F32;
  t.rank = 2;
  t.dim[0] = INT64_MAX / 2;
  t.dim[1] = 4;
  assert_false(mote_tensor_bytes(&t, &bytes));
  t.dim[1] = 0;
  assert_true(mote_tensor_bytes(&t, &bytes) && bytes == 0);
  t.dim[0] = -1;
  assert_false(mote_tensor_bytes(&t, &bytes));
}

static void broadcasting(void **state) {
  (void)state;
  mote_tensor a, b;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK], stride[MOTE_MAX_RANK];
  mote_tensor_init(&a, MOTE_F32, 3, (int64_t[]){4, 1, 3});
  mote_tensor_init(&b, MOTE_F32, 2, (int64_t[]){5, 1});
  assert_true(mote_broadcast_shape(&a, &b, &rank, dim));
  assert_int_equal(rank, 3);
  assert_true(dim[0] == 4 && dim[1] == 5 && dim[2] == 3);
  assert_true(mote_broadcast_strides(&b, rank, dim, stride));
  assert_true(stride[0] == 0 && stride[1] == 1 && stride[2] == 0);
  mote_tensor_init(&b, MOTE_F32, 1, (int64_t[]){2});
  assert_false(mote_broadcast_shape(&a, &b, &rank, dim));
  assert_false(mote_broadcast_strides(&b, 3, (int64_t[]){4, 5, 3}, stride));
}

// Every permutation of a 2x3x4 tensor, also flipped along one dim, for every element size.
static void copies_of_any_strides(void **state) {
  (void)state;
  static const mote_dtype types[] = {MOTE_I8, MOTE_I16, MOTE_F32, MOTE_F64, MOTE_C128};
  static const int order[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (size_t k = 0; k < MOTE_COUNT(types); k++)
    for (int p = 0; p < 12; p++) {
      unsigned char from[24 * 16], to[24 * 16];
      size_t size = mote_dtype_size(types[k]);
      for (size_t i = 0; i < sizeof from; i++)
        from[i] = (unsigned char)(i * 7);
      mote_tensor src, dst;
      mote_tensor_init(&src, types[k], 3, (int64_t[]){2, 3, 4});
      mote_tensor_init(&dst, types[k], 3, (int64_t[]){2, 3, 4});
      int64_t step = 1;
      for (int d = 2; d >= 0; d--) {
        src.stride[order[p % 6][d]] = step;
        step *= src.dim[order[p % 6][d]];
      }
      int64_t start = 0;
      if (p >= 6) {
        start = src.stride[1] * 2;
        src.stride[1] = -src.stride[1];
      }
      src.data = from + start * (int64_t)size;
      dst.data = to;
      mote_tensor_copy(&src, &dst);
      for (int64_t i = 0; i < 24; i++) {
        int64_t at = start + i / 12 * src.stride[0] + i / 4 % 3 * src.stride[1] + i % 4 * src.stride[2];
        assert_memory_equal(to + (size_t)i * size, from + (size_t)at * size, size);
      }
    }
}

static void dense_operands_walk_as_one_row(void **state) {
  (void)state;
  int64_t dim[3] = {2, 3, 4}, dense[3] = {12, 4, 1}, row[3] = {0, 0, 1}, offset[MOTE_ITER_OPERANDS];
  mote_iter it;
  mote_iter_init(&it, 3, dim, 2, (const int64_t *const[]){dense, dense});
  assert_true(it.rows == 1 && it.inner == 24 && it.inner_stride[1] == 1);
  mote_iter_init(&it, 3, dim, 2, (const int64_t *const[]){dense, row});
  assert_true(it.rows == 6 && it.inner == 4);
  mote_iter_row(&it, 5, offset);
  assert_true(offset[0] == 20 && offset[1] == 0);
  mote_iter_init(&it, 0, NULL, 1, (const int64_t *const[]){dense});
  assert_true(it.rows == 1 && it.inner == 1);
}

static int released;
static void on_release(void *owner) { *(int *)owner += 1; }

static void storages_count_references(void **state) {
  (void)state;
  char memory[8];
  mote_storage *s = mote_storage_wrap(mote_prim_allocator(), memory, sizeof memory, on_release, &released);
  assert_non_null(s);
  mote_storage_release(mote_storage_retain(s));
  assert_int_equal(released, 0);
  mote_storage_release(s);
  assert_int_equal(released, 1);
  mote_storage_release(NULL);
  s = mote_storage_create(mote_prim_allocator(), 16, true);
  assert_non_null(s);
  assert_true(((uintptr_t)s->data % MOTE_ALIGN) == 0 && ((char *)s->data)[15] == 0);
  mote_storage_release(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(half_round_trips_every_code),
      cmocka_unit_test(half_rounds_to_even),
      cmocka_unit_test(numbers_go_through_every_type),
      cmocka_unit_test(strides_and_formats),
      cmocka_unit_test(sizes_are_checked),
      cmocka_unit_test(broadcasting),
      cmocka_unit_test(copies_of_any_strides),
      cmocka_unit_test(dense_operands_walk_as_one_row),
      cmocka_unit_test(storages_count_references),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
