// Tests of src/base without the pool: errors, memory, spans, maps, numbers as text, files, CPU.
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fail_alloc.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/checked.h"
#include "base/cpu.h"
#include "base/fail.h"
#include "base/map.h"
#include "base/prim.h"
#include "base/span.h"
#include "base/text.h"

// ------------------------------------------------------------------------------------------- errors

static void error_first_wins(void **state) {
  (void)state;
  mote_error e;
  mote_error_init(&e);
  assert_string_equal(mote_error_message(&e), "");
  mote_fail_place(&e, "ignored");
  assert_int_equal(mote_fail(&e, MOTE_ERR_SHAPE, "has %d, not %d", 3, 4), MOTE_ERR_SHAPE);
  assert_int_equal(mote_fail(&e, MOTE_ERR_TYPE, "later"), MOTE_ERR_TYPE);
  assert_int_equal(e.status, MOTE_ERR_SHAPE);
  mote_fail_item(&e, "item %s", "one");
  mote_fail_place(&e, "node %d", 7);
  mote_fail_item(&e, "two");
  mote_fail_place(&e, "a.tflite");
  mote_fail_offset(&e, 12);
  mote_fail_offset(&e, 13);
  mote_fail_node(&e, 5);
  mote_fail_node(&e, 6);
  assert_string_equal(mote_error_message(&e), "a.tflite: node 7: has 3, not 4");
  assert_string_equal(mote_error_item(&e, 0), "item one");
  assert_string_equal(mote_error_item(&e, 1), "two");
  assert_null(mote_error_item(&e, 2));
  assert_int_equal(e.offset, 12);
  assert_int_equal(e.node, 5);
  mote_fail_clear(&e);
  assert_string_equal(mote_error_message(&e), "");
  assert_int_equal(mote_fail(NULL, MOTE_ERR_IO, "no error object"), MOTE_ERR_IO);
}

static void error_full_buffer(void **state) {
  (void)state;
  mote_error e;
  mote_error_init(&e);
  char long_text[5000];
  memset(long_text, 'x', sizeof(long_text) - 1);
  long_text[sizeof(long_text) - 1] = '\0';
  mote_fail(&e, MOTE_ERR_DATA, "%s", long_text);
  assert_int_equal(strlen(mote_error_message(&e)), 2047);
  for (int i = 0; i < 100; i++)
    mote_fail_place(&e, "%s", long_text);
  for (int i = 0; i < 5000; i++)
    mote_fail_item(&e, "%d", i);
  assert_true(e.text_len <= sizeof(e.text));
  assert_true(e.item_count > 0);
  for (uint32_t i = 0; i < e.item_count; i++)
    assert_int_equal(atoi(mote_error_item(&e, i)), i);
  assert_null(mote_error_item(&e, e.item_count));
}

static void error_stays_one_line(void **state) {
  (void)state;
  mote_error e;
  mote_error_init(&e);
  mote_fail(&e, MOTE_ERR_FORMAT, "name a\nb\033[2Jc");
  mote_fail_place(&e, "x\ty");
  assert_string_equal(mote_error_message(&e), "x?y: name a?b?[2Jc");
  mote_fail_clear(&e);
  mote_fail(&e, MOTE_ERR_RAISED, "two\nlines");
  assert_string_equal(mote_error_message(&e), "two\nlines");
}

static void status_names(void **state) {
  (void)state;
  assert_string_equal(mote_status_name(MOTE_OK), "MOTE_OK");
  assert_string_equal(mote_status_name(MOTE_ERR_SHAPE), "MOTE_ERR_SHAPE");
  assert_string_equal(mote_status_name(MOTE_ERR_INTERNAL), "MOTE_ERR_INTERNAL");
  assert_string_equal(mote_status_name((mote_status)99), "MOTE_ERR_UNKNOWN");
  char version[32];
  snprintf(version, sizeof(version), "%d.%d.%d", MOTE_VERSION_MAJOR, MOTE_VERSION_MINOR, MOTE_VERSION_PATCH);
  assert_string_equal(mote_version(), version);
}

// ------------------------------------------------------------------------------------------- memory

static void blocks_know_their_size(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  const mote_allocator *al = &fa.allocator;
  for (size_t n = 0; n < 300; n += 7) {
    unsigned char *p = mote_alloc(al, n);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % MOTE_ALIGN, 0);
    memset(p, 1, n);
    mote_free(al, p);
  }
  int *a = MOTE_NEW_ARRAY(al, int, 10);
  assert_int_equal(a[9], 0);
  a[9] = 5;
  a = mote_realloc(al, a, 100 * sizeof(int));
  assert_int_equal(a[9], 5);
  mote_free(al, a);
  mote_free(al, NULL);
  char *s = mote_strdup(al, "abcdef", 3);
  assert_string_equal(s, "abc");
  mote_free(al, s);
  assert_null(mote_alloc(al, SIZE_MAX - 3));
  assert_null(mote_alloc_array(al, SIZE_MAX / 2, 3));
  assert_null(mote_strdup(al, "", SIZE_MAX));
  fail_alloc_no_leak(&fa);
}

static mote_status fill_vector(const mote_allocator *al, mote_error *err) {
  MOTE_VEC(int) v = {0};
  mote_status status = MOTE_OK;
  for (int i = 0; i < 1000 && status == MOTE_OK; i++)
    status = MOTE_VEC_PUSH(al, &v, i, err);
  for (size_t i = 0; i < v.len; i++)
    assert_int_equal(v.at[i], i);
  MOTE_VEC_FREE(al, &v);
  assert_null(v.at);
  return status;
}

static void vector_grows_or_fails(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error e;
    mote_error_init(&e);
    fail_alloc_check(&fa, fill_vector(&fa.allocator, &e));
  }
}

static mote_status fill_arena(const mote_allocator *al, mote_error *err) {
  mote_arena arena;
  mote_arena_init(&arena, al, 0);
  mote_status status = MOTE_OK;
  size_t size = 1;
  for (int i = 0; i < 200; i++, size = size * 7 % 9001) {
    unsigned char *p = mote_arena_alloc(&arena, size);
    if (!p) {
      status = mote_fail_nomem(err);
      break;
    }
    assert_int_equal((uintptr_t)p % 16, 0);
    for (size_t k = 0; k < size; k++)
      assert_int_equal(p[k], 0);
    memset(p, 0xFF, size);
  }
  mote_arena_destroy(&arena);
  return status;
}

static void arena_zeroes_and_frees(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error e;
    mote_error_init(&e);
    fail_alloc_check(&fa, fill_arena(&fa.allocator, &e));
  }
}

static void arena_limit(void **state) {
  (void)state;
  mote_arena arena;
  mote_arena_init(&arena, mote_prim_allocator(), 100);
  assert_non_null(mote_arena_alloc(&arena, 64));
  assert_false(arena.limited);
  assert_null(mote_arena_alloc(&arena, 64));
  assert_true(arena.limited);
  assert_string_equal(mote_arena_str(&arena, "abc", 2), "ab");
  assert_null(mote_arena_array(&arena, SIZE_MAX / 2, 4));
  assert_null(mote_arena_alloc(&arena, SIZE_MAX));
  assert_null(mote_arena_str(&arena, "", SIZE_MAX));
  mote_arena_destroy(&arena);
}

static void checked_arithmetic(void **state) {
  (void)state;
  size_t s = 7;
  int64_t i = 7;
  assert_false(mote_add_size(SIZE_MAX, 1, &s));
  assert_int_equal(s, 7);
  assert_true(mote_add_size(SIZE_MAX - 1, 1, &s));
  assert_false(mote_mul_size(SIZE_MAX / 2, 3, &s));
  assert_true(mote_mul_size(SIZE_MAX, 0, &s));
  assert_false(mote_add_i64(INT64_MAX, 1, &i));
  assert_false(mote_add_i64(INT64_MIN, -1, &i));
  assert_true(mote_add_i64(INT64_MIN, INT64_MAX, &i));
  assert_int_equal(i, -1);
  assert_false(mote_mul_count(INT64_MAX, 2, &i));
  assert_false(mote_mul_count(-1, 0, &i));
  assert_true(mote_mul_count(1 << 20, 1 << 20, &i));
}

static void reader_is_sticky(void **state) {
  (void)state;
  const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  mote_reader r = mote_reader_make((mote_span){bytes, sizeof(bytes)});
  assert_int_equal(mote_read_u8(&r), 1);
  assert_int_equal(mote_read_u16(&r), 0x0302);
  assert_int_equal(mote_read_u32(&r), 0x07060504);
  assert_true(mote_read_u64(&r) == 0x0F0E0D0C0B0A0908u);
  assert_false(r.bad);
  assert_int_equal(mote_reader_left(&r), 0);
  assert_int_equal(mote_read_u8(&r), 0);
  assert_true(r.bad);
  assert_null(mote_read_bytes(&r, 0));
  mote_span out;
  assert_true(mote_span_slice((mote_span){bytes, 15}, 15, 0, &out));
  assert_false(mote_span_slice((mote_span){bytes, 15}, 16, 0, &out));
  assert_false(mote_span_slice((mote_span){bytes, 15}, 1, UINT64_MAX, &out));
  assert_false(mote_span_slice((mote_span){bytes, 15}, UINT64_MAX, 1, &out));
}

// ------------------------------------------------------------------------------------------- map

static mote_status fill_map(const mote_allocator *al, mote_error *err) {
  static char keys[3000][12];
  mote_map map;
  mote_map_init(&map, al);
  mote_status status = MOTE_OK;
  for (int i = 0; i < 3000; i++) {
    int len = snprintf(keys[i], sizeof(keys[i]), "key%d", i);
    mote_map_entry *e = mote_map_put(&map, keys[i], (size_t)len);
    if (!e) {
      status = mote_fail_nomem(err);
      break;
    }
    assert_int_equal(e->value.num, 0);
    e->value.num = i;
  }
  for (size_t i = 0; i < map.count; i++) { // insertion order, and each found again
    assert_int_equal(map.entries[i].value.num, i);
    assert_ptr_equal(mote_map_find_str(&map, keys[i]), &map.entries[i]);
  }
  assert_null(mote_map_find_str(&map, "key"));
  assert_null(mote_map_find(&map, NULL, 0));
  if (map.count) {
    size_t count = map.count;
    assert_int_equal(mote_map_put(&map, "key0", 4)->value.num, 0);
    assert_int_equal(map.count, count);
  }
  mote_map_destroy(&map);
  return status;
}

static void map_finds_everything(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error e;
    mote_error_init(&e);
    fail_alloc_check(&fa, fill_map(&fa.allocator, &e));
  }
}

static void hash_separates(void **state) {
  (void)state;
  assert_true(mote_hash("a", 1, 0) != mote_hash("b", 1, 0));
  assert_true(mote_hash("a", 1, 0) != mote_hash("a", 1, 1));
  assert_true(mote_hash("a\0", 2, 0) != mote_hash("a", 1, 0));
  assert_true(mote_hash("", 0, 0) != mote_hash("\0", 1, 0));
  assert_true(mote_hash("12345678abc", 11, 5) == mote_hash("12345678abc", 11, 5));
}

// ------------------------------------------------------------------------------------------- text

static void format_like_python(void **state) {
  (void)state;
  static const struct {
    double v;
    const char *text;
  } cases[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {1e16, "1e+16"},
      {1e15, "1000000000000000.0"},
      {123456789012345680.0, "1.2345678901234568e+17"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {1e100, "1e+100"},
      {1e-100, "1e-100"},
      {1.0 / 3, "0.3333333333333333"},
      {2.0 / 3, "0.6666666666666666"},
      {5e-324, "5e-324"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {DBL_MAX, "1.7976931348623157e+308"},
      {9007199254740993.0, "9007199254740992.0"},
      {5.684341886080802e-14, "5.684341886080802e-14"}, // 2^-44: the digits nearest to it do not read back
      {9.5367431640625e-07, "9.5367431640625e-07"},
      {100.0, "100.0"},
      {INFINITY, "inf"},
      {-INFINITY, "-inf"},
      {NAN, "nan"},
      {3.14159, "3.14159"},
  };
  char out[32];
  for (size_t i = 0; i < MOTE_COUNT(cases); i++) {
    assert_int_equal(mote_format_f64(out, cases[i].v), strlen(cases[i].text));
    assert_string_equal(out, cases[i].text);
  }
}

static void format_reads_back(void **state) {
  (void)state;
  uint64_t x = 88172645463325252u;
  for (int i = 0; i < 20000; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    double v, back = 0;
    memcpy(&v, &x, sizeof(v));
    if (isnan(v))
      continue;
    char out[32];
    int len = mote_format_f64(out, v);
    assert_true(len < 32 && mote_parse_f64(out, (size_t)len, &back));
    assert_memory_equal(&v, &back, sizeof(v));
  }
}

static void parse_like_python(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double v;
  } good[] = {
      {"1", 1},
      {"+1.", 1},
      {".5", 0.5},
      {"1e3", 1000},
      {"1E-2", 0.01},
      {"1_000.5", 1000.5},
      {"1_0e1_0", 1e11},
      {"inf", INFINITY},
      {"-Infinity", -INFINITY},
      {"1e400", INFINITY},
      {"1e-400", 0},
      {"0e999999999999", 0},
      {"0.0000001", 1e-7},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"9007199254740993", 9007199254740992.0},
      {"9007199254740993.0000000000000000000000000000000001", 9007199254740994.0},
  };
  static const char *const bad[] = {"",     "+",    ".",  "e5", "1e",  "1e+",  "1__0", "_1",  "1_",    "1_.5", "1._5",
                                    "1e5_", "0x10", "1 ", " 1", "1,5", "infi", "nano", "--1", "1.2.3", "1f"};
  double v;
  for (size_t i = 0; i < MOTE_COUNT(good); i++) {
    assert_true(mote_parse_f64(good[i].text, strlen(good[i].text), &v));
    assert_true(v == good[i].v);
  }
  for (size_t i = 0; i < MOTE_COUNT(bad); i++)
    assert_false(mote_parse_f64(bad[i], strlen(bad[i]), &v));
  assert_true(mote_parse_f64("nan", 3, &v) && isnan(v));
  assert_true(mote_parse_f64("-0", 2, &v) && v == 0 && signbit(v));
}

static void parse_long_digits(void **state) {
  (void)state;
  char text[4000];
  memset(text, '0', sizeof(text));
  text[0] = '1';
  text[1] = '.';
  double v;
  assert_true(mote_parse_f64(text, sizeof(text), &v) && v == 1);
  // Exactly between 1 and the next double, then a nonzero digit far behind: rounds up.
  static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
  assert_true(mote_parse_f64(half, sizeof(half) - 1, &v) && v == 1);
  memcpy(text, half, sizeof(half) - 1);
  text[sizeof(text) - 1] = '1';
  assert_true(mote_parse_f64(text, sizeof(text), &v) && v == 1 + DBL_EPSILON);
}

static void parse_integers(void **state) {
  (void)state;
  int64_t v = 0;
  assert_true(mote_parse_i64("-9223372036854775808", 20, 10, &v) && v == INT64_MIN);
  assert_true(mote_parse_i64("9223372036854775807", 19, 10, &v) && v == INT64_MAX);
  assert_false(mote_parse_i64("9223372036854775808", 19, 10, &v));
  assert_false(mote_parse_i64("-9223372036854775809", 20, 10, &v));
  assert_true(mote_parse_i64("fF", 2, 16, &v) && v == 255);
  assert_false(mote_parse_i64("12", 2, 2, &v));
  assert_false(mote_parse_i64("", 0, 10, &v));
  assert_false(mote_parse_i64("-", 1, 10, &v));
  assert_false(mote_parse_i64("1 ", 2, 10, &v));
}

static void print_like_libc(void **state) {
  (void)state;
  char ours[1000], libc[1000];
#define SAME(...)                                                                                                      \
  do {                                                                                                                 \
    int a = mote_snprint(ours, sizeof(ours), __VA_ARGS__), b = snprintf(libc, sizeof(libc), __VA_ARGS__);              \
    assert_string_equal(ours, libc);                                                                                   \
    assert_int_equal(a, b);                                                                                            \
  } while (0)
  SAME("plain");
  SAME("%d %5d|%-5d|%05d|%+d|% d|%.3d", 1, 2, 3, 4, 5, 6, 7);
  SAME("%u %x %X %o %#x", 1u, 255u, 255u, 8u, 16u);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat" // wider arguments on purpose: they are cut
  SAME("%hhd %hd %ld %lld %zu %td %jd", 300, 70000, 5L, -6LL, (size_t)7, (ptrdiff_t)-8, (intmax_t)9);
  SAME("%hhu %hu %lu %llu", 300, 70000, 5UL, UINT64_MAX + 0ULL);
#pragma GCC diagnostic pop
  SAME("%s|%5s|%-5s|%.2s|%*s|%-*s|", "a", "b", "c", "defg", 4, "h", 4, "i");
  SAME("%*d|%*d|", 6, 4, -6, 5);
  SAME("%c%c %%", 'x', 'y');
  SAME("%f %.2f %e %g %G %a %10.3f|%-10.1e|", 1.5, 2.345, 12345.678, 1e-7, 1e20, 0.5, 3.14159, 2.5);
  SAME("%f %f %f", (double)INFINITY, -(double)INFINITY, DBL_MAX);
  SAME("%.*f", 3, 1.0);
#undef SAME
  assert_int_equal(mote_snprint(ours, 4, "%s", "abcdef"), 6);
  assert_string_equal(ours, "abc");
  assert_int_equal(mote_snprint(NULL, 0, "%d", 12345), 5);
}

// Under a locale whose decimal point is a comma, numbers still have a point.
static void print_ignores_locale(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  bool found = false;
  for (size_t i = 0; i < MOTE_COUNT(names) && !found; i++)
    found = setlocale(LC_NUMERIC, names[i]) != NULL;
  if (!found)
    skip();
  char out[64];
  double v = 0;
  mote_snprint(out, sizeof(out), "%.2f|%d,%s|%e|%8.1f", 1.5, 3, "1,2", 2.5, -1.5);
  mote_format_f64(out + 40, 1.25);
  bool parsed = mote_parse_f64("1.25", 4, &v);
  setlocale(LC_NUMERIC, "C");
  assert_string_equal(out, "1.50|3,1,2|2.500000e+00|    -1.5");
  assert_string_equal(out + 40, "1.25");
  assert_true(parsed && v == 1.25);
}

static mote_status grow_text(const mote_allocator *al, mote_error *err) {
  mote_text t;
  mote_text_init(&t, al);
  for (int i = 0; i < 500; i++) {
    mote_text_str(&t, "ab");
    mote_text_fmt(&t, "%d,", i);
  }
  mote_text_add(&t, NULL, 0);
  mote_status status = t.failed ? mote_fail_nomem(err) : MOTE_OK;
  if (!t.failed) {
    assert_int_equal(strlen(t.at), t.len);
    assert_memory_equal(t.at, "ab0,ab1,ab2,", 12);
  }
  mote_text_destroy(&t);
  return status;
}

static void text_grows_or_fails(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  FAIL_ALLOC_EACH(&fa) {
    mote_error e;
    mote_error_init(&e);
    fail_alloc_check(&fa, grow_text(&fa.allocator, &e));
  }
}

// ------------------------------------------------------------------------------------------- system

static void write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fwrite(text, 1, strlen(text), f);
  fclose(f);
}

static void files_open(void **state) {
  (void)state;
  fail_alloc fa;
  fail_alloc_init(&fa);
  char dir[] = "/tmp/mote_base_XXXXXX", path[64];
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof(path), "%s/f", dir);
  mote_file file;
  mote_error e;
  mote_error_init(&e);
  assert_int_equal(mote_file_open(&fa.allocator, path, &file, &e), MOTE_ERR_IO);
  assert_non_null(strstr(mote_error_message(&e), path));
  assert_non_null(strstr(mote_error_message(&e), "No such file"));
  mote_error_init(&e);
  assert_int_equal(mote_file_open(&fa.allocator, dir, &file, &e), MOTE_ERR_IO);
  assert_non_null(strstr(mote_error_message(&e), "directory"));
  mote_error_init(&e);
  write_file(path, "hello");
  assert_int_equal(mote_file_open(&fa.allocator, path, &file, &e), MOTE_OK);
  assert_int_equal(file.bytes.size, 5);
  assert_memory_equal(file.bytes.data, "hello", 5);
  mote_file_close(&file);
  mote_file_close(&file);
  write_file(path, "");
  assert_int_equal(mote_file_open(&fa.allocator, path, &file, &e), MOTE_OK);
  assert_int_equal(file.bytes.size, 0);
  mote_file_close(&file);
  if (geteuid() != 0) { // root reads everything
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(mote_file_open(&fa.allocator, path, &file, &e), MOTE_ERR_IO);
    assert_non_null(strstr(mote_error_message(&e), "denied"));
  }
  fail_alloc_no_leak(&fa);
  unlink(path);
  rmdir(dir);
}

// What cannot be mapped is read: a pipe through /dev/fd.
static void pipes_open(void **state) {
  (void)state;
  int ends[2];
  char path[32];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], "piped", 5), 5);
  close(ends[1]);
  snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
  if (access(path, R_OK) != 0)
    skip();
  mote_file file;
  assert_int_equal(mote_file_open(mote_prim_allocator(), path, &file, NULL), MOTE_OK);
  assert_int_equal(file.bytes.size, 5);
  assert_memory_equal(file.bytes.data, "piped", 5);
  mote_file_close(&file);
  close(ends[0]);
}

static void clock_and_seed(void **state) {
  (void)state;
  uint64_t a = mote_prim_time_ns(), b = mote_prim_time_ns();
  assert_true(b >= a);
  assert_true(mote_prim_random_seed() != mote_prim_random_seed());
}

static void cpu_caps_are_cumulative(void **state) {
  (void)state;
  mote_cpu cpu, capped;
  char text[128];
  mote_cpu_detect(&cpu);
  assert_true(cpu.cores >= 1 && cpu.l1d >= 4096 && cpu.l2 >= cpu.l1d);
  mote_cpu_text(&cpu, text, sizeof(text));
  assert_true(strlen(text) > 0);
  capped = cpu;
  assert_true(mote_cpu_cap(&capped, NULL));
  assert_int_equal(capped.features, cpu.features);
  assert_true(mote_cpu_cap(&capped, "c"));
  assert_int_equal(capped.features, 0);
  mote_cpu_text(&capped, text, sizeof(text));
  assert_string_equal(text, "c");
  assert_false(mote_cpu_cap(&capped, "pentium"));
  cpu.features = UINT32_MAX;
  static const char *const x86[] = {"c", "avx2", "avx512", "avx512vnni", "avx512bf16"};
  static const char *const arm[] = {"c", "neon", "dotprod", "i8mm"};
  for (size_t i = 1; i < MOTE_COUNT(x86); i++) {
    mote_cpu low = cpu, high = cpu;
    assert_true(mote_cpu_cap(&low, x86[i - 1]) && mote_cpu_cap(&high, x86[i]));
    assert_int_equal(low.features & ~high.features, 0);
    assert_true(high.features != low.features);
  }
  for (size_t i = 1; i < MOTE_COUNT(arm); i++) {
    mote_cpu low = cpu, high = cpu;
    assert_true(mote_cpu_cap(&low, arm[i - 1]) && mote_cpu_cap(&high, arm[i]));
    assert_int_equal(low.features & ~high.features, 0);
    assert_true(high.features != low.features);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_first_wins),
      cmocka_unit_test(error_full_buffer),
      cmocka_unit_test(error_stays_one_line),
      cmocka_unit_test(status_names),
      cmocka_unit_test(blocks_know_their_size),
      cmocka_unit_test(vector_grows_or_fails),
      cmocka_unit_test(arena_zeroes_and_frees),
      cmocka_unit_test(arena_limit),
      cmocka_unit_test(checked_arithmetic),
      cmocka_unit_test(reader_is_sticky),
      cmocka_unit_test(map_finds_everything),
      cmocka_unit_test(hash_separates),
      cmocka_unit_test(format_like_python),
      cmocka_unit_test(format_reads_back),
      cmocka_unit_test(parse_like_python),
      cmocka_unit_test(parse_long_digits),
      cmocka_unit_test(parse_integers),
      cmocka_unit_test(print_like_libc),
      cmocka_unit_test(print_ignores_locale),
      cmocka_unit_test(text_grows_or_fails),
      cmocka_unit_test(files_open),
      cmocka_unit_test(pipes_open),
      cmocka_unit_test(clock_and_seed),
      cmocka_unit_test(cpu_caps_are_cumulative),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
