// Owns: forking, time limits, memory accounting. Must not know: models. Tests: tests/models/cli_test.sh
#define _DEFAULT_SOURCE // wait4
#include "children.h"
#include "clocks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool children_sanitized(void) { return SANITIZED; }

typedef struct slot {
  pid_t pid; // 0: free
  int fd;
  size_t index;
  uint64_t deadline;
  size_t got;
  verdict said;
} slot;

static uint64_t self_peak_kib(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
}

// A runaway child meets this bound before the machine runs out; sanitizers reserve far more on purpose.
static void limit_child(void) {
  struct rlimit none = {0, 0}, most = {(rlim_t)24 << 30, (rlim_t)24 << 30};
  setrlimit(RLIMIT_CORE, &none);
  if (!SANITIZED)
    setrlimit(RLIMIT_AS, &most);
}

static void be_child(const child_job *job, size_t index, int fd) {
  verdict said;
  memset(&said, 0, sizeof said);
  limit_child();
  uint64_t base = self_peak_kib();
  job->work(job->context, index, &said);
  said.base_kib = base;
  ssize_t put = write(fd, &said, sizeof said);
  close(fd);
  exit(put == (ssize_t)sizeof said ? said.exit_code : 127); // exit, so that a leak checker has its say
}

static bool start(const child_job *job, slot *s, size_t index, note *why) {
  int ends[2];
  if (pipe(ends) != 0)
    return note_set(why, "cannot make a pipe: %s", strerror(errno));
  fflush(NULL); // what is buffered must not be written twice
  pid_t pid = fork();
  if (pid < 0) {
    close(ends[0]);
    close(ends[1]);
    return note_set(why, "cannot start a process: %s", strerror(errno));
  }
  if (pid == 0) {
    close(ends[0]);
    be_child(job, index, ends[1]);
  }
  close(ends[1]);
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  *s = (slot){.pid = pid, .fd = ends[0], .index = index};
  s->deadline = clock_wall_ns() + (uint64_t)(job->timeout_s * 1e9);
  return true;
}

static void finish(const child_job *job, slot *s, bool timed_out) {
  int status = 0;
  struct rusage usage;
  memset(&usage, 0, sizeof usage);
  close(s->fd);
  while (wait4(s->pid, &status, 0, &usage) < 0 && errno == EINTR)
    ;
  outcome what = {.spoke = s->got == sizeof s->said, .said = s->said, .timed_out = timed_out};
  what.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  what.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  what.said.text[sizeof what.said.text - 1] = 0;
  uint64_t peak = (uint64_t)usage.ru_maxrss;
  what.peak_kib = peak > what.said.base_kib ? peak - what.said.base_kib : 0;
  s->pid = 0;
  job->done(job->context, s->index, &what);
}

// Takes what the child wrote; true at the end of its pipe.
static bool listen_to(slot *s) {
  char spare[64];
  size_t left = sizeof s->said - s->got;
  ssize_t got = left ? read(s->fd, (char *)&s->said + s->got, left) : read(s->fd, spare, sizeof spare);
  if (got < 0)
    return errno != EINTR && errno != EAGAIN;
  s->got += left ? (size_t)got : 0;
  return got == 0;
}

static int poll_ms(const slot *slots, unsigned count) {
  uint64_t now = clock_wall_ns(), first = UINT64_MAX;
  for (unsigned i = 0; i < count; i++)
    if (slots[i].pid && slots[i].deadline < first)
      first = slots[i].deadline;
  return first <= now ? 0 : (int)((first - now) / 1000000 + 1);
}

static void attend(const child_job *job, slot *slots, struct pollfd *polls, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    polls[i] = (struct pollfd){.fd = slots[i].pid ? slots[i].fd : -1, .events = POLLIN};
  poll(polls, count, poll_ms(slots, count));
  uint64_t now = clock_wall_ns();
  for (unsigned i = 0; i < count; i++) {
    if (!slots[i].pid)
      continue;
    if (polls[i].revents && listen_to(&slots[i])) {
      finish(job, &slots[i], false);
    } else if (now >= slots[i].deadline) {
      kill(slots[i].pid, SIGKILL);
      finish(job, &slots[i], true);
    }
  }
}

static bool drive(const child_job *job, slot *slots, struct pollfd *polls, note *why) {
  size_t next = 0, running;
  bool ok = true;
  do {
    running = 0;
    for (unsigned i = 0; i < job->jobs; i++) {
      if (ok && !slots[i].pid && next < job->count)
        ok = start(job, &slots[i], next++, why);
      running += slots[i].pid != 0;
    }
    if (running)
      attend(job, slots, polls, job->jobs);
  } while (running);
  return ok;
}

bool children_run(const child_job *job, note *why) {
  slot *slots = calloc(job->jobs, sizeof *slots);
  struct pollfd *polls = calloc(job->jobs, sizeof *polls);
  bool ok = slots && polls ? drive(job, slots, polls, why) : note_set(why, "no memory");
  free(slots);
  free(polls);
  return ok;
}
