// The checker's frame: options, buffers with guard pages, crash catching, counting, timing.
// Knows no family; they are listed in families.def.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kernels/checker.h"

enum { SLOTS = 32, NAMES = 256, SHOWN = 5 };
static const size_t slot_bytes = (size_t)1 << 28; // address space, backed only where touched

struct checker {
  mote_cpu cpu;
  int plant;
  const char *only; // substring of family or row names, or NULL
  double seconds;   // a timing runs this long
  char *slot[SLOTS];
  size_t used;
  size_t page;
  uint64_t random;
  size_t passed, failed;
  struct {
    const char *name;
    size_t failed;
  } names[NAMES];
};

#define CHECK_FAMILY(name) extern const check_family check_family_##name;
#include "kernels/families.def"
#undef CHECK_FAMILY
static const check_family *const families[] = {
#define CHECK_FAMILY(name) &check_family_##name,
#include "kernels/families.def"
#undef CHECK_FAMILY
};

static sigjmp_buf crash_return;
static volatile sig_atomic_t crash_caught;

static void on_crash(int number) {
  if (crash_caught)
    siglongjmp(crash_return, number);
  _exit(99);
}

const mote_cpu *check_cpu(const checker *c) { return &c->cpu; }
bool check_can_run(const checker *c, uint32_t features) { return (features & ~c->cpu.features) == 0; }
int check_plant(const checker *c) { return c->plant; }

// Failures of this name so far; the last entry serves all names that found no place.
static size_t *failures_of(checker *c, const char *name) {
  size_t i = 0;
  while (i < NAMES - 1 && c->names[i].name != NULL && strcmp(c->names[i].name, name) != 0)
    i++;
  c->names[i].name = name;
  return &c->names[i].failed;
}

void check_case(checker *c, bool ok, const char *name, const char *fmt, ...) {
  if (ok) {
    c->passed++;
    return;
  }
  c->failed++;
  if ((*failures_of(c, name))++ >= SHOWN)
    return;
  va_list args;
  va_start(args, fmt);
  printf("FAIL %s: ", name);
  vprintf(fmt, args);
  printf("\n");
  va_end(args);
}

bool check_guarded_call(checker *c, const char *name, void (*fn)(void *arg), void *arg) {
  const int number = sigsetjmp(crash_return, 1);
  if (number != 0) {
    crash_caught = 0;
    check_case(c, false, name, "touched memory outside its buffers (signal %d)", number);
    return false;
  }
  crash_caught = 1;
  fn(arg);
  crash_caught = 0;
  return true;
}

static char *map_slot(const checker *c) {
  char *base = mmap(NULL, slot_bytes + 2 * c->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED || mprotect(base + c->page, slot_bytes, PROT_READ | PROT_WRITE) != 0) {
    fprintf(stderr, "kernel_checker: no address space for test buffers\n");
    exit(2);
  }
  return base + c->page;
}

void *check_buffer(checker *c, size_t bytes, check_place place) {
  if (c->used == SLOTS || bytes > slot_bytes) {
    fprintf(stderr, "kernel_checker: a case wants more than %d buffers, or %zu bytes in one\n", SLOTS, bytes);
    exit(2);
  }
  if (c->slot[c->used] == NULL)
    c->slot[c->used] = map_slot(c);
  char *start = c->slot[c->used++];
  if (place != CHECK_START)
    start += slot_bytes - (place == CHECK_ALIGNED ? (bytes + 63) / 64 * 64 : bytes);
  check_poison(start, bytes);
  return start;
}

void check_reset(checker *c) { c->used = 0; }

enum { POISON = 0xa5 };
void check_poison(void *p, size_t bytes) { memset(p, POISON, bytes); }

bool check_is_poison(const void *p, size_t bytes) {
  const unsigned char *b = p;
  for (size_t i = 0; i < bytes; i++)
    if (b[i] != POISON)
      return false;
  return true;
}

// xorshift64*, seeded the same each run.
uint32_t check_random(checker *c) {
  c->random ^= c->random >> 12;
  c->random ^= c->random << 25;
  c->random ^= c->random >> 27;
  return (uint32_t)((c->random * 2685821657736338717u) >> 32);
}

size_t check_random_below(checker *c, size_t bound) { return check_random(c) % bound; }

float check_random_f32(checker *c, float lo, float hi) {
  return lo + (hi - lo) * ((float)(check_random(c) >> 8) / 16777216.0f);
}

void check_fill_f32(checker *c, float *p, size_t n, float lo, float hi) {
  for (size_t i = 0; i < n; i++)
    p[i] = check_random_f32(c, lo, hi);
}

void check_sprinkle_f32(checker *c, float *p, size_t n, size_t every) {
  static const uint32_t special[] = {0x7fc00000, 0x7f800000, 0xff800000, 0x00000001, 0x80000001,
                                     0x007fffff, 0x00000000, 0x80000000, 0x7f7fffff, 0xff7fffff};
  for (size_t i = 0; i < n; i++)
    if (check_random_below(c, every) == 0)
      memcpy(&p[i], &special[check_random_below(c, MOTE_COUNT(special))], sizeof p[i]);
}

void check_fill_bytes(checker *c, void *p, size_t bytes) {
  unsigned char *b = p;
  for (size_t i = 0; i < bytes; i++)
    b[i] = (unsigned char)(check_random(c) >> 11);
}

size_t check_diff_f32(const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (memcmp(&a[i], &b[i], sizeof a[i]) != 0 && !(a[i] != a[i] && b[i] != b[i]))
      return i;
  return n;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double check_time(checker *c, void (*fn)(void *arg), void *arg) {
  double best = 1e30;
  fn(arg);
  for (double start = now(), t = start; t - start < c->seconds;) {
    fn(arg);
    const double end = now();
    best = MOTE_MIN(best, end - t);
    t = end;
  }
  return best;
}

void check_report(checker *c, const char *row, const char *shape, double seconds, double work, const char *unit,
                  double peak) {
  (void)c;
  printf("%-36s %-36s %10.1f us %8.1f %s", row, shape, seconds * 1e6, work / seconds * 1e-9, unit);
  if (peak > 0)
    printf(" %5.1f %%", 100.0 * work / seconds / peak);
  printf("\n");
}

static int usage(void) {
  fprintf(stderr, "usage: kernel_checker [--bench] [--cpu LEVEL] [--plant N] [--only NAME] [--seconds S]\n"
                  "  --bench    time the rows instead of checking them\n"
                  "  --cpu      highest CPU level used, such as c, avx2, avx512\n"
                  "  --plant    break a kernel on purpose in way N (1 to 10): the run must fail\n"
                  "  --only     families whose name contains NAME\n"
                  "  --seconds  a timing's length\n");
  return 2;
}

static bool parse(checker *c, int argc, char **argv, bool *bench) {
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--bench") == 0) {
      *bench = true;
      continue;
    }
    if (value == NULL)
      return false;
    if (strcmp(argv[i], "--cpu") == 0) {
      if (!mote_cpu_cap(&c->cpu, value))
        return false;
    } else if (strcmp(argv[i], "--plant") == 0)
      c->plant = atoi(value);
    else if (strcmp(argv[i], "--only") == 0)
      c->only = value;
    else if (strcmp(argv[i], "--seconds") == 0)
      c->seconds = atof(value);
    else
      return false;
    i++;
  }
  return true;
}

int main(int argc, char **argv) {
  static checker c = {.random = 0x9e3779b97f4a7c15u, .seconds = 0.1};
  bool bench = false;
  c.page = (size_t)sysconf(_SC_PAGESIZE);
  mote_cpu_detect(&c.cpu);
  if (!parse(&c, argc, argv, &bench))
    return usage();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_crash;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  for (size_t i = 0; i < MOTE_COUNT(families); i++) {
    if (c.only != NULL && strstr(families[i]->name, c.only) == NULL)
      continue;
    void (*fn)(checker *) = bench ? families[i]->bench : families[i]->test;
    const size_t passed = c.passed, failed = c.failed;
    if (fn == NULL)
      continue;
    check_reset(&c);
    fn(&c);
    if (!bench)
      printf("%-16s %zu passed, %zu failed\n", families[i]->name, c.passed - passed, c.failed - failed);
    fflush(stdout);
  }
  if (!bench)
    printf("%zu passed, %zu failed\n", c.passed, c.failed);
  return c.failed != 0 || (!bench && c.passed == 0);
}
