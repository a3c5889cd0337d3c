// Stands in for CMocka where it does not exist for the target, as in a cross build: the assertions and the group runner
// that mote's tests use, with CMocka's meaning, results in TAP. Owns nothing else; native builds take the real CMocka.
#ifndef MOTE_TESTS_CROSS_CMOCKA_H
#define MOTE_TESTS_CROSS_CMOCKA_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
  const char *name;
  CMUnitTestFunction test_func;
  CMFixtureFunction setup_func;
  CMFixtureFunction teardown_func;
  void *initial_state;
};

#define cmocka_unit_test(f)                                                                                            \
  { #f, f, NULL, NULL, NULL }
#define cmocka_unit_test_setup(f, setup)                                                                               \
  { #f, f, setup, NULL, NULL }
#define cmocka_unit_test_teardown(f, teardown)                                                                         \
  { #f, f, NULL, teardown, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                                                            \
  { #f, f, setup, teardown, NULL }
#define cmocka_unit_test_prestate(f, state)                                                                            \
  { #f, f, NULL, NULL, state }
#define cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, state)                                            \
  { #f, f, setup, teardown, state }

static jmp_buf cm_shim_back;

enum { CM_SHIM_FAILED = 1, CM_SHIM_SKIPPED = 2 };

__attribute__((noreturn, unused)) static void cm_shim_skip(void) { longjmp(cm_shim_back, CM_SHIM_SKIPPED); }

__attribute__((noreturn, unused, format(printf, 3, 4))) static void cm_shim_fail(const char *file, int line,
                                                                                 const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("# %s:%d: ", file, line);
  vprintf(format, args);
  printf("\n");
  va_end(args);
  longjmp(cm_shim_back, CM_SHIM_FAILED);
}

#define CM_SHIM_CHECK(ok, ...)                                                                                         \
  do {                                                                                                                 \
    if (!(ok))                                                                                                         \
      cm_shim_fail(__FILE__, __LINE__, __VA_ARGS__);                                                                   \
  } while (0)

#define CM_SHIM_COMPARE(a, op, b)                                                                                      \
  do {                                                                                                                 \
    intmax_t cm_a = (intmax_t)(a), cm_b = (intmax_t)(b);                                                               \
    CM_SHIM_CHECK(cm_a op cm_b, "%s (%" PRIdMAX ") " #op " %s (%" PRIdMAX ") does not hold", #a, cm_a, #b, cm_b);      \
  } while (0)

#define skip() cm_shim_skip()
#define fail() cm_shim_fail(__FILE__, __LINE__, "failed")
#define fail_msg(...) cm_shim_fail(__FILE__, __LINE__, __VA_ARGS__)
#define assert_true(c) CM_SHIM_CHECK((c), "%s is false", #c)
#define assert_false(c) CM_SHIM_CHECK(!(c), "%s is true", #c)
#define assert_non_null(p) CM_SHIM_CHECK((p) != NULL, "%s is NULL", #p)
#define assert_null(p) CM_SHIM_CHECK((p) == NULL, "%s is not NULL", #p)
#define assert_ptr_equal(a, b) CM_SHIM_CHECK((const void *)(a) == (const void *)(b), "%s is not %s", #a, #b)
#define assert_ptr_not_equal(a, b) CM_SHIM_CHECK((const void *)(a) != (const void *)(b), "%s is %s", #a, #b)
#define assert_int_equal(a, b) CM_SHIM_COMPARE(a, ==, b)
#define assert_int_not_equal(a, b) CM_SHIM_COMPARE(a, !=, b)
#define assert_in_range(v, low, high)                                                                                  \
  CM_SHIM_CHECK((uintmax_t)(v) >= (uintmax_t)(low) && (uintmax_t)(v) <= (uintmax_t)(high), "%s is out of range", #v)
#define assert_not_in_range(v, low, high)                                                                              \
  CM_SHIM_CHECK((uintmax_t)(v) < (uintmax_t)(low) || (uintmax_t)(v) > (uintmax_t)(high), "%s is in the range", #v)
#define assert_return_code(rc, error) CM_SHIM_CHECK((rc) >= 0, "%s is negative", #rc)
#define assert_string_equal(a, b)                                                                                      \
  do {                                                                                                                 \
    const char *cm_a = (a), *cm_b = (b);                                                                               \
    CM_SHIM_CHECK(strcmp(cm_a, cm_b) == 0, "\"%s\" is not \"%s\"", cm_a, cm_b);                                        \
  } while (0)
#define assert_string_not_equal(a, b) CM_SHIM_CHECK(strcmp((a), (b)) != 0, "%s is %s", #a, #b)
#define assert_memory_equal(a, b, n) CM_SHIM_CHECK(memcmp((a), (b), (n)) == 0, "%s and %s differ", #a, #b)
#define assert_memory_not_equal(a, b, n) CM_SHIM_CHECK(memcmp((a), (b), (n)) != 0, "%s and %s are equal", #a, #b)
#define assert_float_equal(a, b, eps)                                                                                  \
  CM_SHIM_CHECK((a) - (b) <= (eps) && (b) - (a) <= (eps), "%s (%g) is not %s (%g)", #a, (double)(a), #b, (double)(b))
#define assert_float_not_equal(a, b, eps)                                                                              \
  CM_SHIM_CHECK(!((a) - (b) <= (eps) && (b) - (a) <= (eps)), "%s equals %s", #a, #b)
#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) printf(__VA_ARGS__)

// One test with its fixtures: 0, CM_SHIM_FAILED or CM_SHIM_SKIPPED.
static inline int cm_shim_run(const struct CMUnitTest *test, void *state) {
  void *volatile kept = test->initial_state ? test->initial_state : state;
  int result = setjmp(cm_shim_back);
  if (result == 0) {
    void *current = kept;
    if (test->setup_func && test->setup_func(&current) != 0)
      return CM_SHIM_FAILED;
    kept = current;
    test->test_func(&current);
    kept = current;
  }
  void *current = kept;
  if (test->teardown_func && test->teardown_func(&current) != 0)
    return CM_SHIM_FAILED;
  return result;
}

static inline int cm_shim_group(const char *name, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                                CMFixtureFunction teardown) {
  int failed = 0;
  void *state = NULL;
  printf("1..%zu\n# %s\n", count, name);
  int ready = setup ? setup(&state) : 0;
  for (size_t i = 0; i < count; i++) {
    int result = ready == 0 ? cm_shim_run(&tests[i], state) : CM_SHIM_FAILED;
    failed += result == CM_SHIM_FAILED;
    printf("%s %zu - %s%s\n", result == CM_SHIM_FAILED ? "not ok" : "ok", i + 1, tests[i].name,
           result == CM_SHIM_SKIPPED ? " # SKIP" : "");
    fflush(stdout);
  }
  if (teardown && teardown(&state) != 0)
    failed++;
  return failed;
}

#define cmocka_run_group_tests(tests, setup, teardown)                                                                 \
  cm_shim_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)
#define _cmocka_run_group_tests(name, tests, n, setup, teardown) cm_shim_group(name, tests, n, setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                                      \
  cm_shim_group(name, tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

#endif
