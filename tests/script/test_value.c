// Values: references, lists, dicts, chains of objects, windows on storages.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/prim.h"
#include "core/value/value.h"
#include "script/shared.h"

static const mote_allocator *al(void) { return mote_prim_allocator(); }

static mote_val text(const char *s) {
  mote_val v;
  assert_int_equal(mote_str_new(al(), s, strlen(s), &v, NULL), MOTE_OK);
  return v;
}

static void dict_keeps_order_and_counts(void **state) {
  (void)state;
  mote_val d;
  char name[16];
  assert_int_equal(mote_dict_new(al(), &d, NULL), MOTE_OK);
  for (int i = 0; i < 1000; i++) {
    snprintf(name, sizeof name, "k%d", i);
    mote_val k = text(name);
    assert_int_equal(mote_dict_put(d.u.dict, k, mote_val_int(i), NULL), MOTE_OK);
    mote_val_release(k);
  }
  for (int i = 0; i < 1000; i += 2) {
    snprintf(name, sizeof name, "k%d", i);
    mote_val k = text(name);
    assert_true(mote_dict_delete(d.u.dict, k));
    assert_false(mote_dict_delete(d.u.dict, k));
    mote_val_release(k);
  }
  size_t at = 0;
  int64_t want = 1;
  for (mote_dict_entry *e; (e = mote_dict_next(d.u.dict, &at)); want += 2)
    assert_int_equal(e->value.u.i, want);
  assert_int_equal(want, 1001);
  assert_int_equal(d.u.dict->count, 500);
  mote_val_release(d);
}

static void numbers_of_one_value_are_one_key(void **state) {
  (void)state;
  mote_val d;
  assert_int_equal(mote_dict_new(al(), &d, NULL), MOTE_OK);
  assert_int_equal(mote_dict_put(d.u.dict, mote_val_int(1), mote_val_int(5), NULL), MOTE_OK);
  assert_non_null(mote_dict_find(d.u.dict, mote_val_float(1.0)));
  assert_non_null(mote_dict_find(d.u.dict, mote_val_bool(true)));
  assert_null(mote_dict_find(d.u.dict, mote_val_float(1.5)));
  mote_val_release(d);
}

// A list a million deep is freed without using the stack for it.
static void long_chains_are_freed(void **state) {
  (void)state;
  mote_val head = mote_val_none();
  for (int i = 0; i < 300000; i++) {
    mote_val object;
    assert_int_equal(mote_object_new(al(), NULL, NULL, 1, &object, NULL), MOTE_OK);
    object.u.object->slots[0] = head;
    head = object;
  }
  mote_val_release(head);
}

static void cycles_end_with_their_home(void **state) {
  (void)state;
  mote_objects home = {NULL};
  mote_val a, b;
  assert_int_equal(mote_object_new(al(), &home, NULL, 1, &a, NULL), MOTE_OK);
  assert_int_equal(mote_object_new(al(), &home, NULL, 1, &b, NULL), MOTE_OK);
  a.u.object->slots[0] = b; // both references move into the cycle
  b.u.object->slots[0] = a;
  mote_objects_clear(&home);
  assert_null(home.first);
}

static void windows_are_held_to_their_storage(void **state) {
  (void)state;
  mote_tensor t;
  int64_t dim[2] = {3, 4};
  mote_tensor_init(&t, MOTE_F32, 2, dim);
  assert_true(mote_handle_fits(&t, 0, 48));
  assert_false(mote_handle_fits(&t, 1, 48));
  assert_false(mote_handle_fits(&t, 0, 47));
  t.stride[0] = -4;
  assert_false(mote_handle_fits(&t, 0, 48));
  assert_true(mote_handle_fits(&t, 8, 48));
  t.stride[0] = INT64_MAX / 2;
  assert_false(mote_handle_fits(&t, 0, 48));
}

static void shared_storage_is_copied_before_a_write(void **state) {
  (void)state;
  mote_storage *base = mote_storage_create(al(), 8, true), *mine = mote_shared_storage(al(), base);
  assert_ptr_equal(mote_shared_base(mine), base);
  assert_int_equal(mote_shared_make_private(mine, NULL), MOTE_OK);
  assert_null(mote_shared_base(mine));
  ((char *)mine->data)[0] = 7;
  assert_int_equal(((char *)base->data)[0], 0);
  mote_storage_release(mine);
  mote_storage_release(base);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dict_keeps_order_and_counts),
      cmocka_unit_test(numbers_of_one_value_are_one_key),
      cmocka_unit_test(long_chains_are_freed),
      cmocka_unit_test(cycles_end_with_their_home),
      cmocka_unit_test(windows_are_held_to_their_storage),
      cmocka_unit_test(shared_storage_is_copied_before_a_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
