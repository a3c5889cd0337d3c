// Tests of wire/flatbuffer: a hand-laid file read field by field, then each of its offsets broken in turn.
#include "support/fail_alloc.h"

#include "base/compiler.h"
#include "base/fail.h"
#include "wire/flatbuffer.h"

enum { FILE_SIZE = 164, ROOT = 32 };

static void put16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8); }
static void put32(uint8_t *p, uint32_t v) { put16(p, v), put16(p + 2, v >> 16); }

// Layout, by byte:
//   0 root offset, 4 "TEST", 8 vtable of the root (24 bytes, 10 fields), 32 root table (44 bytes), 76 string,
//   88 vector of 3 int32, 104 vtable and 108 table "sub" (without fields), 112 vector of 2 tables,
//   124 vector of 1 string, 132 struct of 8 bytes, 140 int64 vector of 1, 152 double vector of 1
static void lay_file(uint8_t f[FILE_SIZE]) {
  memset(f, 0, FILE_SIZE);
  put32(f, ROOT);
  memcpy(f + 4, "TEST", 4);
  static const uint16_t vtable[12] = {24, 44, 4, 5, 6, 8, 12, 16, 20, 24, 28, 0};
  for (int i = 0; i < 12; i++)
    put16(f + 8 + 2 * i, vtable[i]);
  uint8_t *t = f + ROOT;
  put32(t, ROOT - 8);       // vtable lies 24 bytes before
  t[4] = 0xFE;              // field 0: int8 -2
  t[5] = 1;                 // field 1: bool
  put16(t + 6, 0xFFFF);     // field 2: int16 -1
  put32(t + 8, 0x80000000); // field 3: int32 minimum
  put32(t + 12, 76 - 44);   // field 4: string
  put32(t + 16, 88 - 48);   // field 5: int32 vector
  put32(t + 20, 108 - 52);  // field 6: table
  put32(t + 24, 112 - 56);  // field 7: vector of tables
  put32(t + 28, 124 - 60);  // field 8: vector of strings; field 9 is absent
  put32(t + 32, 132 - 64);  // reached by tests that re-aim a field
  put32(f + 76, 5);
  memcpy(f + 80, "hello", 6);
  put32(f + 88, 3);
  put32(f + 92, 10), put32(f + 96, 0xFFFFFFFF), put32(f + 100, 30);
  put16(f + 104, 4), put16(f + 106, 4); // vtable without fields
  put32(f + 108, 4);
  put32(f + 112, 2);
  put32(f + 116, 160 - 116), put32(f + 120, 160 - 120);
  put32(f + 124, 1);
  put32(f + 128, 136 - 128);
  put32(f + 132, 0x01020304); // struct, and at 136 an empty string
  put32(f + 140, 1);
  put32(f + 144, 5), put32(f + 148, 1);
  put32(f + 152, 1);
  put32(f + 160, 160 - 104); // a second table that shares the vtable at 104
}

static uint8_t *file_copy(size_t size) {
  uint8_t whole[FILE_SIZE], *p = malloc(size ? size : 1);
  lay_file(whole);
  assert_non_null(p);
  memcpy(p, whole, MOTE_MIN(size, sizeof(whole)));
  return p;
}

static void reads_every_kind(void **state) {
  (void)state;
  uint8_t *f = file_copy(FILE_SIZE);
  mote_fb fb;
  mote_fb_init(&fb, (mote_span){f, FILE_SIZE});
  assert_true(mote_fb_identifier(&fb, "TEST"));
  assert_false(mote_fb_identifier(&fb, "TFL3"));
  mote_fb_table t = mote_fb_root(&fb);
  assert_true(mote_fb_present(t));
  assert_int_equal(mote_fb_i8(&fb, t, 0, 0), -2);
  assert_true(mote_fb_bool(&fb, t, 1, false));
  assert_int_equal(mote_fb_i16(&fb, t, 2, 0), -1);
  assert_int_equal(mote_fb_u16(&fb, t, 2, 0), 65535);
  assert_int_equal(mote_fb_i32(&fb, t, 3, 0), INT32_MIN);
  mote_span s = mote_fb_string(&fb, t, 4);
  assert_int_equal(s.size, 5);
  assert_memory_equal(s.data, "hello", 5);
  mote_fb_vec v = mote_fb_vector(&fb, t, 5, 4);
  assert_int_equal(v.count, 3);
  assert_int_equal(mote_fb_vec_i32(v, 1), -1);
  assert_int_equal(mote_fb_vec_u32(v, 2), 30);
  assert_int_equal(mote_fb_vec_offset(&fb, v, 2), 100);
  assert_int_equal(mote_load_u32(mote_fb_vec_struct(v, 0)), 10);
  mote_fb_table sub = mote_fb_sub(&fb, t, 6);
  assert_true(mote_fb_present(sub));
  assert_false(mote_fb_has(&fb, sub, 0));
  mote_fb_vec tables = mote_fb_vector(&fb, t, 7, 4);
  assert_int_equal(tables.count, 2);
  assert_int_equal(mote_fb_vec_table(&fb, tables, 1).pos, 160);
  mote_fb_vec strings = mote_fb_vector(&fb, t, 8, 4);
  mote_span empty = mote_fb_vec_string(&fb, strings, 0);
  assert_non_null(empty.data);
  assert_int_equal(empty.size, 0);
  assert_int_equal(mote_fb_check(&fb, NULL), MOTE_OK);
  free(f);
}

static void absent_fields_give_defaults(void **state) {
  (void)state;
  uint8_t *f = file_copy(FILE_SIZE);
  mote_fb fb;
  mote_fb_init(&fb, (mote_span){f, FILE_SIZE});
  mote_fb_table root = mote_fb_root(&fb), none = {0};
  static const unsigned fields[] = {9, 10, 1000, 0x7FFFFFFF};
  for (size_t i = 0; i < MOTE_COUNT(fields); i++) {
    for (int k = 0; k < 2; k++) {
      mote_fb_table t = k ? none : root;
      assert_false(mote_fb_has(&fb, t, fields[i]));
      assert_int_equal(mote_fb_u8(&fb, t, fields[i], 7), 7);
      assert_int_equal(mote_fb_i64(&fb, t, fields[i], -7), -7);
      assert_true(mote_fb_f32(&fb, t, fields[i], 1.5f) == 1.5f);
      assert_true(mote_fb_f64(&fb, t, fields[i], 2.5) == 2.5);
      assert_null(mote_fb_string(&fb, t, fields[i]).data);
      assert_null(mote_fb_vector(&fb, t, fields[i], 4).data);
      assert_null(mote_fb_struct(&fb, t, fields[i], 4));
      assert_false(mote_fb_present(mote_fb_sub(&fb, t, fields[i])));
    }
  }
  assert_int_equal(mote_fb_check(&fb, NULL), MOTE_OK);
  free(f);
}

static void wide_scalars(void **state) {
  (void)state;
  uint8_t *f = file_copy(FILE_SIZE);
  put32(f + ROOT + 16, 140 - (ROOT + 16));
  double d = -0.125;
  memcpy(f + 156, &d, 8);
  put32(f + ROOT + 24, 152 - (ROOT + 24));
  mote_fb fb;
  mote_fb_init(&fb, (mote_span){f, FILE_SIZE});
  mote_fb_table t = mote_fb_root(&fb);
  mote_fb_vec v = mote_fb_vector(&fb, t, 5, 8);
  assert_int_equal(v.count, 1);
  assert_true(mote_fb_vec_i64(v, 0) == ((int64_t)1 << 32) + 5);
  assert_true(mote_fb_vec_f64(mote_fb_vector(&fb, t, 7, 8), 0) == d);
  assert_true(mote_fb_u64(&fb, t, 3, 0) == (((uint64_t)76 - 44) << 32 | 0x80000000u));
  put32(f + ROOT + 20, 132 - (ROOT + 20));
  const uint8_t *s = mote_fb_struct(&fb, t, 6, 8);
  assert_non_null(s);
  assert_int_equal(s[0], 4);
  assert_int_equal(mote_fb_check(&fb, NULL), MOTE_OK);
  free(f);
}

// Visits everything the file offers, whatever it says.
static mote_status visit(uint8_t *f, size_t size, mote_error *err) {
  mote_fb fb;
  mote_fb_init(&fb, (mote_span){f, size});
  mote_fb_table t = mote_fb_root(&fb);
  for (unsigned field = 0; field < 12; field++) {
    mote_fb_u8(&fb, t, field, 0);
    mote_fb_i64(&fb, t, field, 0);
  }
  mote_fb_init(&fb, (mote_span){f, size}); // wide reads of narrow fields may fail: start again
  t = mote_fb_root(&fb);
  mote_fb_string(&fb, t, 4);
  mote_fb_vec v = mote_fb_vector(&fb, t, 5, 4);
  for (uint32_t i = 0; i < v.count; i++)
    mote_fb_vec_i32(v, i);
  mote_fb_has(&fb, mote_fb_sub(&fb, t, 6), 3);
  v = mote_fb_vector(&fb, t, 7, 4);
  for (uint32_t i = 0; i < v.count; i++)
    mote_fb_i32(&fb, mote_fb_vec_table(&fb, v, i), 0, 0);
  v = mote_fb_vector(&fb, t, 8, 4);
  for (uint32_t i = 0; i < v.count; i++)
    mote_fb_vec_string(&fb, v, i);
  return mote_fb_check(&fb, err);
}

static void every_cut_fails(void **state) {
  (void)state;
  for (size_t size = 0; size < FILE_SIZE; size++) {
    uint8_t *f = file_copy(size);
    mote_error e;
    mote_error_init(&e);
    assert_int_equal(visit(f, size, &e), MOTE_ERR_FORMAT);
    assert_true(e.offset <= size);
    free(f);
  }
  uint8_t *f = file_copy(FILE_SIZE);
  assert_int_equal(visit(f, FILE_SIZE, NULL), MOTE_OK);
  free(f);
}

static void every_word_replaced_is_harmless(void **state) {
  (void)state;
  static const uint32_t evil[] = {0,      1,          2,          4,          0x7F,       0xFF,
                                  0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF, FILE_SIZE};
  for (size_t at = 0; at + 4 <= FILE_SIZE; at += 2)
    for (size_t i = 0; i < MOTE_COUNT(evil); i++) {
      uint8_t *f = file_copy(FILE_SIZE);
      put32(f + at, evil[i]);
      visit(f, FILE_SIZE, NULL);
      free(f);
    }
}

static mote_status break_and_visit(size_t at, int bytes, uint32_t v, uint64_t *offset) {
  uint8_t *f = file_copy(FILE_SIZE);
  bytes == 2 ? put16(f + at, v) : put32(f + at, v);
  mote_error e;
  mote_error_init(&e);
  mote_status status = visit(f, FILE_SIZE, &e);
  *offset = e.offset;
  free(f);
  return status;
}

static void broken_places_are_named(void **state) {
  (void)state;
  static const struct {
    size_t at;
    int bytes;
    uint32_t value;
    uint64_t offset;
  } cases[] = {
      {0, 4, 0, 0},                 // root offset zero
      {0, 4, FILE_SIZE, 0},         // root outside
      {0, 4, 0xFFFFFFFF, 0},        // root far outside
      {ROOT, 4, 33, ROOT},          // field list before the file
      {ROOT, 4, 0x80000000, ROOT},  // field list far behind the file
      {8, 2, 2, 8},                 // field list shorter than its head
      {8, 2, 25, 8},                // odd size
      {8, 2, 0xFFFE, 8},            // longer than the file
      {10, 2, 3, ROOT},             // table shorter than its head
      {10, 2, 0xFFFF, ROOT},        // table longer than the file
      {20, 2, 0xFFF0, ROOT},        // field outside its table
      {20, 2, 41, ROOT},            // field half outside its table
      {20, 2, 2, ROOT},             // field in the table's head
      {ROOT + 12, 4, 0, ROOT + 12}, // string offset zero
      {76, 4, 0xFFFFFFFF, 76},      // string longer than the file
      {88, 4, 19, 88},              // vector a little longer than the file
      {88, 4, 0x40000001, 88},      // vector whose size in 32 bits would wrap
      {116, 4, 0xFFFFFF00, 116},    // table outside
      {128, 4, 0, 128},             // string in a vector: zero
  };
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    uint64_t offset = 0;
    assert_int_equal(break_and_visit(cases[i].at, cases[i].bytes, cases[i].value, &offset), MOTE_ERR_FORMAT);
    assert_int_equal(offset, cases[i].offset);
  }
}

static void first_failure_stays(void **state) {
  (void)state;
  uint8_t *f = file_copy(FILE_SIZE);
  put32(f + 76, 0xFFFFFFFF);
  mote_fb fb;
  mote_fb_init(&fb, (mote_span){f, FILE_SIZE});
  mote_fb_table t = mote_fb_root(&fb);
  assert_null(mote_fb_string(&fb, t, 4).data);
  assert_int_equal(mote_fb_i8(&fb, t, 0, 9), 9); // all later reads are defaults
  assert_null(mote_fb_vector(&fb, t, 5, 4).data);
  mote_fb_break(&fb, MOTE_ERR_LIMIT, 1, "later");
  mote_error e;
  mote_error_init(&e);
  assert_int_equal(mote_fb_check(&fb, &e), MOTE_ERR_FORMAT);
  assert_int_equal(e.offset, 76);
  assert_non_null(strstr(mote_error_message(&e), "vector is longer than the file"));
  free(f);
}

// A file of a vector whose offsets all lead to one table: visiting it again and again ends in an error.
static void sharing_is_bounded(void **state) {
  (void)state;
  uint8_t *f = file_copy(FILE_SIZE);
  mote_fb fb;
  mote_fb_init(&fb, (mote_span){f, FILE_SIZE});
  mote_fb_table t = mote_fb_root(&fb);
  uint64_t visits = 0;
  while (fb.status == MOTE_OK && visits < (uint64_t)1 << 24) {
    mote_fb_sub(&fb, t, 6);
    visits++;
  }
  assert_int_equal(mote_fb_check(&fb, NULL), MOTE_ERR_LIMIT);
  assert_true(visits > 100000);
  free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_kind),
      cmocka_unit_test(absent_fields_give_defaults),
      cmocka_unit_test(wide_scalars),
      cmocka_unit_test(every_cut_fails),
      cmocka_unit_test(every_word_replaced_is_harmless),
      cmocka_unit_test(broken_places_are_named),
      cmocka_unit_test(first_failure_stays),
      cmocka_unit_test(sharing_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
