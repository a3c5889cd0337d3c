// Clock, seed, number formatting, cores and caches, on POSIX with what Linux adds. Tests: tests/unit/test_base.c
#define _GNU_SOURCE // sched_getaffinity
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#include "base/map.h"
#include "base/prim.h"
#include "base/prim/host.h"

uint64_t mote_prim_time_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// The clock moves between calls; the stack's address differs between processes and threads.
uint64_t mote_prim_random_seed(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  uint64_t seed = mote_hash_u64((uint64_t)t.tv_nsec << 32 ^ (uint64_t)t.tv_sec, (uint64_t)(uintptr_t)&t);
  return mote_hash_u64(mote_prim_time_ns(), seed);
}

// The specs are built in base/text.c from checked pieces.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#endif
int mote_prim_print_f64(char *out, size_t cap, const char *spec, double v) { return snprintf(out, cap, spec, v); }
int mote_prim_print_i64(char *out, size_t cap, const char *spec, int64_t v) {
  return snprintf(out, cap, spec, (long long)v);
}
int mote_prim_print_u64(char *out, size_t cap, const char *spec, uint64_t v) {
  return snprintf(out, cap, spec, (unsigned long long)v);
}

double mote_prim_strtod(const char *text) { return strtod(text, NULL); }

uint32_t mote_prim_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    return (uint32_t)CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (uint32_t)n : 1;
}

void mote_prim_hwcap(uint64_t *hwcap, uint64_t *hwcap2) {
#if defined(__linux__)
  *hwcap = getauxval(AT_HWCAP);
  *hwcap2 = getauxval(AT_HWCAP2);
#else
  *hwcap = *hwcap2 = 0;
#endif
}

uint32_t mote_prim_cache_size(int level) {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  static const int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
  long size = level >= 1 && level <= 3 ? sysconf(names[level - 1]) : 0;
  return size > 0 && size <= INT32_MAX ? (uint32_t)size : 0;
#else
  (void)level;
  return 0;
#endif
}
