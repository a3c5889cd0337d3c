// tools/npy.c and tools/array.c: what NumPy writes is read, damaged files are refused, what is written is read back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// The command is no library: its files are compiled into this test.
#include "../../tools/array.c"
#include "../../tools/files.c"
#include "../../tools/note.c"
#include "../../tools/npy.c"

enum { FILE_MAX = 4096 };

typedef struct made {
  unsigned char bytes[FILE_MAX];
  size_t size;
} made;

static void make(made *m, int major, const char *dictionary, const void *data, size_t size) {
  size_t start = major == 1 ? 10 : 12, length = strlen(dictionary);
  memcpy(m->bytes, "\x93NUMPY", 6);
  m->bytes[6] = (unsigned char)major;
  m->bytes[7] = 0;
  for (size_t i = 0; i < start - 8; i++)
    m->bytes[8 + i] = (unsigned char)(length >> 8 * i);
  memcpy(m->bytes + start, dictionary, length);
  memcpy(m->bytes + start + length, data, size);
  m->size = start + length + size;
}

static bool reads(const made *m, array *out) {
  note why;
  return npy_parse(m->bytes, m->size, "test", out, &why);
}

static void test_versions_and_orders(void **state) {
  (void)state;
  static const char *const dictionaries[] = {
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
      "{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
      "{\"shape\": (2L, 3L), \"fortran_order\": False, \"descr\": \"<f4\"}   \n"};
  const float data[6] = {1, 2, 3, 4, 5, 6};
  for (int major = 1; major <= 3; major++)
    for (int d = 0; d < 3; d++) {
      made m;
      array a;
      make(&m, major, dictionaries[d], data, sizeof data);
      assert_true(reads(&m, &a));
      assert_int_equal(a.rank, 2);
      assert_int_equal(a.count, 6);
      assert_memory_equal(a.data, data, sizeof data);
      array_free(&a);
    }
}

static void test_fortran_and_swapped(void **state) {
  (void)state;
  const unsigned char data[12] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6}; // big-endian 1..6, columns first
  const int16_t want[6] = {1, 3, 5, 2, 4, 6};
  made m;
  array a;
  make(&m, 1, "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", data, sizeof data);
  assert_true(reads(&m, &a));
  assert_memory_equal(a.data, want, sizeof want);
  array_free(&a);
}

static void test_types(void **state) {
  (void)state;
  static const struct {
    const char *descr;
    mote_dtype dtype;
  } rows[] = {{"<f2", MOTE_F16}, {"<f4", MOTE_F32},  {"<f8", MOTE_F64}, {"|i1", MOTE_I8},   {"<i2", MOTE_I16},
              {"<i4", MOTE_I32}, {"<i8", MOTE_I64},  {"|u1", MOTE_U8},  {"<u2", MOTE_U16},  {"<u4", MOTE_U32},
              {"<u8", MOTE_U64}, {"|b1", MOTE_BOOL}, {"<c8", MOTE_C64}, {"<c16", MOTE_C128}};
  unsigned char data[32];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (unsigned char)(i + 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char dictionary[100];
    made m;
    array a;
    snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", rows[i].descr);
    make(&m, 1, dictionary, data, sizeof data);
    assert_true(reads(&m, &a));
    assert_int_equal(a.dtype, rows[i].dtype);
    if (rows[i].dtype == MOTE_BOOL)
      assert_int_equal(a.data[1], 1); // any byte but 0 is true
    array_free(&a);
  }
}

static void test_strings(void **state) {
  (void)state;
  const unsigned char wide[16] = {'z', 0, 0, 0, 0xFC, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, 0};
  made m;
  array a;
  size_t len;
  make(&m, 1, "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }", wide, sizeof wide);
  assert_true(reads(&m, &a));
  char *first = array_string(&a, 0, &len), *second = array_string(&a, 1, &len);
  assert_string_equal(first, "z\xC3\xBC");
  assert_string_equal(second, "a");
  free(first);
  free(second);
  array_free(&a);
}

static void test_scalar_and_empty(void **state) {
  (void)state;
  const double one = 1.5;
  made m;
  array a;
  make(&m, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", &one, sizeof one);
  assert_true(reads(&m, &a));
  assert_int_equal(a.rank, 0);
  assert_true(element_read(a.dtype, a.data, 0).re == 1.5);
  array_free(&a);
  make(&m, 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 5), }", &one, 0);
  assert_true(reads(&m, &a));
  assert_int_equal(a.count, 0);
  array_free(&a);
}

static void test_refusals(void **state) {
  (void)state;
  static const char *const dictionaries[] = {
      "",
      "{",
      "{}",
      "[]",
      "{'descr': '<f4'}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (9,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
      "{'descr': '<U99999999', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<U0', 'fortran_order': False, 'shape': (4000000000,)}"};
  const float data[8] = {0};
  for (size_t i = 0; i < sizeof dictionaries / sizeof dictionaries[0]; i++) {
    made m;
    array a;
    make(&m, 1, dictionaries[i], data, sizeof data);
    if (reads(&m, &a))
      fail_msg("accepted: %s", dictionaries[i]);
  }
}

// Every prefix of a good file but the whole is refused, and any byte may be wrong.
static void test_damage(void **state) {
  (void)state;
  const float data[6] = {0};
  made m, hurt;
  array a;
  make(&m, 2, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", data, sizeof data);
  for (size_t size = 0; size < m.size; size++) {
    note why;
    unsigned char *copy = malloc(size ? size : 1); // exact, so that a sanitizer sees a read past the end
    memcpy(copy, m.bytes, size);
    assert_false(npy_parse(copy, size, "test", &a, &why));
    free(copy);
  }
  for (size_t at = 0; at < m.size; at++)
    for (int value = 0; value < 256; value += 5) {
      hurt = m;
      hurt.bytes[at] = (unsigned char)value;
      if (reads(&hurt, &a))
        array_free(&a);
    }
}

static void test_written_is_read(void **state) {
  (void)state;
  char path[64];
  snprintf(path, sizeof path, "/tmp/mote_npy_%ld.npy", (long)getpid());
  const int64_t dim[3] = {2, 1, 3};
  array a, b;
  note why;
  assert_true(array_make(&a, MOTE_I32, 3, dim, 0, &why));
  for (int i = 0; i < 6; i++)
    element_write(MOTE_I32, a.data, i, i * 1000 - 3);
  assert_true(npy_write(path, &a, &why));
  assert_true(npy_read(path, &b, &why));
  unlink(path);
  assert_int_equal(b.rank, 3);
  assert_memory_equal(a.dim, b.dim, sizeof dim);
  assert_memory_equal(a.data, b.data, 24);
  array_free(&a);
  array_free(&b);
}

static void test_elements(void **state) {
  (void)state;
  const uint16_t half[4] = {0x3C00, 0xC000, 0x0001, 0x7C00}; // 1, -2, 2^-24, inf
  assert_true(element_read(MOTE_F16, half, 0).re == 1);
  assert_true(element_read(MOTE_F16, half, 1).re == -2);
  assert_true(element_read(MOTE_F16, half, 2).re == ldexp(1, -24));
  assert_true(isinf(element_read(MOTE_F16, half, 3).re));
  const uint16_t brain = 0xBF80;
  assert_true(element_read(MOTE_BF16, &brain, 0).re == -1);
  const unsigned char packed[2] = {0x8F, 0x71}; // int4: -1, -8, 1, 7
  const int64_t four[4] = {-1, -8, 1, 7}, two[4] = {-1, -1, 0, -2};
  for (int i = 0; i < 4; i++) {
    assert_int_equal(element_read(MOTE_I4, packed, i).i, four[i]);
    assert_int_equal(element_read(MOTE_I2, packed, i).i, two[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_versions_and_orders),
      cmocka_unit_test(test_fortran_and_swapped),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_scalar_and_empty),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_written_is_read),
      cmocka_unit_test(test_elements),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
