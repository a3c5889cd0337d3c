// Owns: clocks and memory counters of the process. Must not know: models. Tests: tests/models/cli_test.sh
#include "clocks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t which) {
  struct timespec t;
  clock_gettime(which, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_wall_ns(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t clock_cpu_ns(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

// "VmHWM:  1234 kB" of /proc/self/status; 0 when there is none.
static uint64_t status_kib(const char *key) {
  char text[4096];
  int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    close(fd);
  text[got > 0 ? got : 0] = 0;
  const char *at = strstr(text, key);
  return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static int renew_peak(void) {
  int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  int ok = write(fd, "5", 1) == 1;
  close(fd);
  return ok;
}

static uint64_t usage_kib(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
}

void memory_start(memory_mark *mark) {
  mark->renewed = renew_peak();
  mark->before = mark->renewed ? status_kib("VmRSS:") : usage_kib();
}

uint64_t memory_peak_kib(const memory_mark *mark) {
  uint64_t peak = mark->renewed ? status_kib("VmHWM:") : usage_kib();
  return peak > mark->before ? peak - mark->before : 0;
}
