// Tests of wire/pickle: values of every kind, sharing, and streams that break one rule each.
#include "support/fail_alloc.h"

#include "base/compiler.h"
#include "base/prim.h"
#include "wire/pickle.h"

// A stream given as a C string (with embedded NULs) behind PROTO 2.
#define STREAM(text) ((mote_span){(const uint8_t *)"\x80\x02" text, sizeof("\x80\x02" text) - 1})

static mote_status read_copy(mote_span s, mote_arena *arena, const mote_pickle_options *options, mote_pickle *out,
                             mote_error *err) {
  uint8_t *copy = malloc(s.size ? s.size : 1);
  memcpy(copy, s.data, s.size);
  mote_status status = mote_pickle_read((mote_span){copy, s.size}, arena, options, out, err);
  free(copy); // nothing may point into the input
  return status;
}

static mote_pickle_value *read_ok(mote_span s, mote_arena *arena) {
  mote_pickle p = {NULL, 0};
  mote_error e;
  mote_error_init(&e);
  mote_arena_init(arena, mote_prim_allocator(), 1 << 20);
  if (read_copy(s, arena, NULL, &p, &e) != MOTE_OK)
    fail_msg("%s", mote_error_message(&e));
  assert_non_null(p.root);
  assert_true(p.root->id < p.count);
  return p.root;
}

static void expect(mote_span s, mote_status want, const char *message) {
  mote_arena arena;
  mote_pickle p;
  mote_error e;
  mote_error_init(&e);
  mote_arena_init(&arena, mote_prim_allocator(), 1 << 20);
  assert_int_equal(read_copy(s, &arena, NULL, &p, &e), want);
  if (!strstr(mote_error_message(&e), message))
    fail_msg("\"%s\" does not say \"%s\"", mote_error_message(&e), message);
  mote_arena_destroy(&arena);
}

// ------------------------------------------------------------------------------------------- values

static void integer_is(mote_span s, int64_t want) {
  mote_arena arena;
  mote_pickle_value *v = read_ok(s, &arena);
  assert_true(mote_pickle_is(v, MOTE_PICKLE_INT));
  assert_true(v->as.integer == want);
  mote_arena_destroy(&arena);
}

static void integers(void **state) {
  (void)state;
  integer_is(STREAM("K\xFF."), 255);
  integer_is(STREAM("M\x01\x02."), 513);
  integer_is(STREAM("J\xFE\xFF\xFF\xFF."), -2);
  integer_is(STREAM("\x8a\0."), 0);
  integer_is(STREAM("\x8a\x01\x80."), -128);
  integer_is(STREAM("\x8a\x02\x80\0."), 128);
  integer_is(STREAM("\x8a\x05\0\0\0\0\x01."), (int64_t)1 << 32);
  integer_is(STREAM("\x8a\x08\0\0\0\0\0\0\0\x80."), INT64_MIN);
  integer_is(STREAM("\x8a\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F."), INT64_MAX);
  integer_is(STREAM("\x8b\x0A\0\0\0\x05\0\0\0\0\0\0\0\0\0."), 5); // more bytes than needed
  integer_is(STREAM("\x8a\x09\xFB\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF."), -5);
}

static void big_integers(void **state) {
  (void)state;
  mote_arena arena;
  mote_pickle_value *v = read_ok(STREAM("\x8a\x09\0\0\0\0\0\0\0\x80\0."), &arena); // 2^63
  assert_true(mote_pickle_is(v, MOTE_PICKLE_BIGINT));
  assert_int_equal(v->as.text.len, 9);
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("\x8a\x09\0\0\0\0\0\0\0\0\x01."), &arena); // 2^64
  assert_true(mote_pickle_is(v, MOTE_PICKLE_BIGINT));
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("\x8a\x09\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\xFF."), &arena); // -2^63-1
  assert_true(mote_pickle_is(v, MOTE_PICKLE_BIGINT));
  assert_string_equal(mote_pickle_kind_name(v), "int");
  mote_arena_destroy(&arena);
}

static void scalars(void **state) {
  (void)state;
  mote_arena arena;
  mote_pickle_value *v = read_ok(STREAM("(N\x88\x89G\x3F\xF8\0\0\0\0\0\0X\x03\0\0\0a\0bU\x02hiC\x01zt."), &arena);
  assert_true(mote_pickle_is(v, MOTE_PICKLE_TUPLE));
  mote_pickle_value **at = v->as.items.at;
  assert_int_equal(v->as.items.count, 7);
  assert_true(mote_pickle_is(at[0], MOTE_PICKLE_NONE));
  assert_true(mote_pickle_is(at[1], MOTE_PICKLE_BOOL) && at[1]->as.boolean);
  assert_true(mote_pickle_is(at[2], MOTE_PICKLE_BOOL) && !at[2]->as.boolean);
  assert_true(mote_pickle_is(at[3], MOTE_PICKLE_FLOAT) && at[3]->as.real == 1.5);
  assert_int_equal(at[4]->as.text.len, 3);
  assert_memory_equal(at[4]->as.text.data, "a\0b\0", 4);
  assert_true(mote_pickle_is_str(at[5], "hi"));
  assert_false(mote_pickle_is_str(at[5], "h"));
  assert_true(mote_pickle_is(at[6], MOTE_PICKLE_BYTES));
  assert_false(mote_pickle_is(NULL, MOTE_PICKLE_NONE));
  mote_arena_destroy(&arena);
}

static void containers(void **state) {
  (void)state;
  mote_arena arena;
  mote_pickle_value *v = read_ok(STREAM("]q\0(K\1K\2e(K\3K\4eK\5a."), &arena); // in three batches
  assert_true(mote_pickle_is(v, MOTE_PICKLE_LIST));
  assert_int_equal(v->as.items.count, 5);
  for (uint32_t i = 0; i < 5; i++)
    assert_int_equal(v->as.items.at[i]->as.integer, i + 1);
  assert_int_equal(v->depth, 2);
  assert_int_equal(v->tree, 6);
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("}q\0(X\1\0\0\0aK\1X\1\0\0\0bK\2X\1\0\0\0aK\3u."), &arena);
  assert_true(mote_pickle_is(v, MOTE_PICKLE_DICT));
  assert_int_equal(v->as.items.count, 6);
  assert_int_equal(mote_pickle_get(v, "a")->as.integer, 3); // the last of equal keys
  assert_int_equal(mote_pickle_get(v, "b")->as.integer, 2);
  assert_null(mote_pickle_get(v, "c"));
  assert_null(mote_pickle_get(v->as.items.at[0], "a"));
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("K\1\x85K\2K\3\x86K\4K\5K\6\x87\x87."), &arena);
  assert_int_equal(v->as.items.count, 3);
  for (uint32_t i = 0; i < 3; i++)
    assert_int_equal(v->as.items.at[i]->as.items.count, i + 1);
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("(K\1l(K\2K\3d\x86."), &arena); // made at once from a mark
  assert_int_equal(v->as.items.at[0]->as.items.count, 1);
  assert_true(mote_pickle_is(v->as.items.at[1], MOTE_PICKLE_DICT));
  mote_arena_destroy(&arena);
}

static void calls_and_objects(void **state) {
  (void)state;
  mote_arena arena;
  mote_pickle_value *v = read_ok(STREAM("ctorch.jit._pickle\nbuild_intlist\nq\0](K\1K\2e\x85R."), &arena);
  assert_true(mote_pickle_is_call(v, "torch.jit._pickle", "build_intlist", 1));
  assert_false(mote_pickle_is_call(v, "torch.jit._pickle", "build_intlist", 2));
  assert_false(mote_pickle_is_call(v, "torch", "build_intlist", 1));
  assert_int_equal(v->as.call.args->as.items.at[0]->as.items.count, 2);
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("c__torch__\nM\n)\x81q\1}(X\1\0\0\0wK\7ub."), &arena);
  assert_true(mote_pickle_is(v, MOTE_PICKLE_OBJECT));
  assert_true(mote_pickle_is_global(v->as.call.callable, "__torch__", "M"));
  assert_int_equal(mote_pickle_get(v->as.call.state, "w")->as.integer, 7);
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("ccollections\nOrderedDict\n)RX\1\0\0\0kK\1s."), &arena); // items added to a call
  assert_true(mote_pickle_is_call(v, "collections", "OrderedDict", 0));
  assert_int_equal(v->as.call.items.count, 2);
  mote_arena_destroy(&arena);
  v = read_ok(STREAM("(X\7\0\0\0storageX\1\0\0\0"
                     "0tQ."),
              &arena);
  assert_true(mote_pickle_is(v, MOTE_PICKLE_PERSID));
  assert_int_equal(v->as.ref->as.items.count, 2);
  mote_arena_destroy(&arena);
}

// The memo gives the same object again, and ids tell objects apart.
static void sharing(void **state) {
  (void)state;
  mote_arena arena;
  mote_pickle_value *v = read_ok(STREAM("(K\1\x85q\0h\0K\1\x85r\x05\0\0\0j\x05\0\0\0t."), &arena);
  mote_pickle_value **at = v->as.items.at;
  assert_int_equal(v->as.items.count, 4);
  assert_ptr_equal(at[0], at[1]);
  assert_ptr_equal(at[2], at[3]);
  assert_true(at[0] != at[2] && at[0]->id != at[2]->id);
  assert_int_equal(v->tree, 9);
  mote_arena_destroy(&arena);
}

// ------------------------------------------------------------------------------------------- refusals

static void broken_streams(void **state) {
  (void)state;
  expect((mote_span){(const uint8_t *)"", 0}, MOTE_ERR_FORMAT, "ends inside");
  expect((mote_span){(const uint8_t *)"N.", 2}, MOTE_ERR_FORMAT, "protocol 2");
  expect((mote_span){(const uint8_t *)"\x80\x04N.", 4}, MOTE_ERR_FORMAT, "protocol 4");
  expect(STREAM(""), MOTE_ERR_FORMAT, "without STOP");
  expect(STREAM("N"), MOTE_ERR_FORMAT, "without STOP");
  expect(STREAM("."), MOTE_ERR_FORMAT, "other than one value");
  expect(STREAM("NN."), MOTE_ERR_FORMAT, "other than one value");
  expect(STREAM("(N."), MOTE_ERR_FORMAT, "other than one value");
  expect(STREAM("N.N"), MOTE_ERR_FORMAT, "follow STOP");
  expect(STREAM("K"), MOTE_ERR_FORMAT, "ends inside");
  expect(STREAM("X\xFF\xFF\xFF\xFFx."), MOTE_ERR_FORMAT, "longer than the stream");
  expect(STREAM("\x8b\xFF\xFF\xFF\xFFx."), MOTE_ERR_FORMAT, "longer than the stream");
  expect(STREAM("G\0\0\0."), MOTE_ERR_FORMAT, "ends inside");
  expect(STREAM("cos\nsystem"), MOTE_ERR_FORMAT, "ends inside");
  expect(STREAM("c\nsystem\n."), MOTE_ERR_FORMAT, "name is empty");
  expect(STREAM("co\0s\nsystem\n."), MOTE_ERR_FORMAT, "holds a NUL");
  expect(STREAM("h\0."), MOTE_ERR_FORMAT, "never set");
  expect(STREAM("q\0."), MOTE_ERR_FORMAT, "empty stack");
  expect(STREAM("Nr\xFF\xFF\xFF\x7F."), MOTE_ERR_LIMIT, "memo index");
  expect(STREAM("(q\0t."), MOTE_ERR_FORMAT, "empty stack"); // a mark is no value
}

static void broken_containers(void **state) {
  (void)state;
  expect(STREAM("\x85."), MOTE_ERR_FORMAT, "empty stack");
  expect(STREAM("N(\x85."), MOTE_ERR_FORMAT, "empty stack"); // may not reach below a mark
  expect(STREAM("Nt."), MOTE_ERR_FORMAT, "mark");
  expect(STREAM("](Ke"), MOTE_ERR_FORMAT, "without STOP");
  expect(STREAM("N(Ne."), MOTE_ERR_FORMAT, "takes none");
  expect(STREAM("(Ne."), MOTE_ERR_FORMAT, "not there");
  expect(STREAM("Na."), MOTE_ERR_FORMAT, "not there");
  expect(STREAM("}(Nu."), MOTE_ERR_FORMAT, "without value");
  expect(STREAM("(Nd."), MOTE_ERR_FORMAT, "without value");
  expect(STREAM("}]Ns."), MOTE_ERR_FORMAT, "cannot be a key");
  expect(STREAM("]NNs."), MOTE_ERR_FORMAT, "takes none");
  expect(STREAM("]q\0h\0a."), MOTE_ERR_FORMAT, "contain itself");
  expect(STREAM("]q\0\x85h\0\x86h\0Na."), MOTE_ERR_FORMAT, "already holds");
  expect(STREAM("N)R."), MOTE_ERR_FORMAT, "not a name");
  expect(STREAM("ca\nb\nNR."), MOTE_ERR_FORMAT, "not a tuple");
  expect(STREAM("K\1Nb."), MOTE_ERR_FORMAT, "no object");
  expect(STREAM("ca\nb\n)\x81NbNb."), MOTE_ERR_FORMAT, "finished");
  expect(STREAM("ca\nb\n)\x81q\0h\0b."), MOTE_ERR_FORMAT, "contain itself");
}

// Opcodes that run code, fetch extensions or belong to other protocols.
static void refused_opcodes(void **state) {
  (void)state;
  for (int op = 0; op < 256; op++) {
    if (op && strchr("(.JKMNQRTUXabcdehjlqrstu}])GBC", op))
      continue;
    if (op == 0x81 || (op >= 0x85 && op <= 0x8b))
      continue;
    uint8_t bytes[] = {0x80, 2, 'N', (uint8_t)op, '0', '\n', '.'};
    expect((mote_span){bytes, sizeof(bytes)}, MOTE_ERR_FORMAT, "not one that a model uses");
  }
}

static void deep_nesting(void **state) {
  (void)state;
  uint8_t bytes[3000] = {0x80, 2};
  memset(bytes + 2, ']', 1000);
  memset(bytes + 1002, 'a', 999);
  bytes[2001] = '.';
  expect((mote_span){bytes, 2002}, MOTE_ERR_LIMIT, "nested too deeply");
  memset(bytes + 2, '(', 1000);
  expect((mote_span){bytes, 2002}, MOTE_ERR_LIMIT, "marks are nested too deeply");
  bytes[2] = 'N';
  memset(bytes + 3, 0x85, 198); // 199 values deep: fine
  bytes[201] = '.';
  expect((mote_span){bytes, 202}, MOTE_OK, "");
}

// Each level holds the one below twice: 60 levels would be 2^60 values to walk.
static void laughter(void **state) {
  (void)state;
  uint8_t bytes[400] = {0x80, 2, 'N'};
  size_t n = 3;
  for (int i = 0; i < 60; i++) {
    bytes[n++] = 'q', bytes[n++] = 0;
    bytes[n++] = 'h', bytes[n++] = 0;
    bytes[n++] = 0x86;
  }
  bytes[n++] = '.';
  expect((mote_span){bytes, n}, MOTE_ERR_LIMIT, "walking them would not end");
}

static void memory_limit(void **state) {
  (void)state;
  mote_arena arena;
  mote_pickle p;
  mote_error e;
  mote_error_init(&e);
  mote_arena_init(&arena, mote_prim_allocator(), 200);
  assert_int_equal(read_copy(STREAM("(NNNNNNNNNNt."), &arena, NULL, &p, &e), MOTE_ERR_LIMIT);
  assert_int_equal(e.offset, 6);
  mote_arena_destroy(&arena);
}

static bool only_collections(void *ctx, const char *module, const char *name) {
  ++*(int *)ctx;
  return strcmp(module, "collections") == 0 && name[0] == 'O';
}

static void names_can_be_refused(void **state) {
  (void)state;
  int asked = 0;
  mote_pickle_options options = {.allow_global = only_collections, .ctx = &asked};
  mote_arena arena;
  mote_pickle p;
  mote_error e;
  mote_error_init(&e);
  mote_arena_init(&arena, mote_prim_allocator(), 0);
  assert_int_equal(read_copy(STREAM("ccollections\nOrderedDict\n)R."), &arena, &options, &p, &e), MOTE_OK);
  assert_int_equal(read_copy(STREAM("Ncos\nsystem\n)R."), &arena, &options, &p, &e), MOTE_ERR_UNSUPPORTED);
  assert_int_equal(asked, 2);
  assert_int_equal(e.offset, 3);
  assert_non_null(strstr(mote_error_message(&e), "os.system"));
  mote_arena_destroy(&arena);
}

static const char sample[] = "\x80\x02"
                             "(c__torch__\nM\nq\0)\x81}(X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storage"
                             "ctorch\nFloatStorage\nX\1\0\0\0"
                             "0X\3\0\0\0cpuK\5tQK\0(K\1t(K\1t\x89"
                             "ccollections\nOrderedDict\n)Rtq\1R"
                             "X\1\0\0\0l](K\1K\2K\3eX\1\0\0\0fG\x3F\xF8\0\0\0\0\0\0ubt.";

static void every_cut_fails(void **state) {
  (void)state;
  for (size_t n = 0; n < sizeof(sample) - 1; n++) {
    mote_arena arena;
    mote_pickle p;
    mote_arena_init(&arena, mote_prim_allocator(), 0);
    assert_int_equal(read_copy((mote_span){(const uint8_t *)sample, n}, &arena, NULL, &p, NULL), MOTE_ERR_FORMAT);
    mote_arena_destroy(&arena);
  }
}

static void every_byte_replaced_is_harmless(void **state) {
  (void)state;
  uint8_t bytes[sizeof(sample) - 1];
  memcpy(bytes, sample, sizeof(bytes));
  for (size_t n = 0; n < sizeof(bytes); n++)
    for (int v = 0; v < 256; v++) {
      mote_arena arena;
      mote_pickle p;
      bytes[n] = (uint8_t)v;
      mote_arena_init(&arena, mote_prim_allocator(), 1 << 16);
      mote_status status = mote_pickle_read((mote_span){bytes, sizeof(bytes)}, &arena, NULL, &p, NULL);
      assert_true(status != MOTE_ERR_INTERNAL);
      mote_arena_destroy(&arena);
      bytes[n] = (uint8_t)sample[n];
    }
}

static mote_status read_and_free(const mote_allocator *al, mote_error *err) {
  mote_arena arena;
  mote_pickle p;
  mote_arena_init(&arena, al, 0);
  mote_status status =
      mote_pickle_read((mote_span){(const uint8_t *)sample, sizeof(sample) - 1}, &arena, NULL, &p, err);
  mote_arena_destroy(&arena);
  return status;
}

static void memory_short(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error e;
    mote_error_init(&e);
    fail_alloc_check(&fa, read_and_free(&fa.allocator, &e));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers),
      cmocka_unit_test(big_integers),
      cmocka_unit_test(scalars),
      cmocka_unit_test(containers),
      cmocka_unit_test(calls_and_objects),
      cmocka_unit_test(sharing),
      cmocka_unit_test(broken_streams),
      cmocka_unit_test(broken_containers),
      cmocka_unit_test(refused_opcodes),
      cmocka_unit_test(deep_nesting),
      cmocka_unit_test(laughter),
      cmocka_unit_test(memory_limit),
      cmocka_unit_test(names_can_be_refused),
      cmocka_unit_test(every_cut_fails),
      cmocka_unit_test(every_byte_replaced_is_harmless),
      cmocka_unit_test(memory_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
