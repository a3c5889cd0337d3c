// Runs pieces of work in processes of their own, so that a crash, a hang or a memory blow-up ends that piece only.
// Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_CHILDREN_H
#define MOTE_TOOLS_CHILDREN_H

#include "note.h"

typedef struct verdict { // what a child says of itself; goes through a pipe in one piece, so it stays under PIPE_BUF
  int kind;              // the caller's
  int exit_code;         // that the child leaves with
  uint64_t ns;           // time the work took, as the child saw it
  uint64_t base_kib;     // resident memory when the child began; set by children_run
  char text[1800];
} verdict;

typedef struct outcome {
  bool spoke; // the verdict arrived
  verdict said;
  int exit_code;     // -1: ended by a signal
  int signal;        // 0: none
  bool timed_out;    // killed for time
  uint64_t peak_kib; // above base_kib
} outcome;

typedef struct child_job {
  void *context;
  void (*work)(void *context, size_t index, verdict *out);        // in the child
  void (*done)(void *context, size_t index, const outcome *what); // in the parent, in the order they end
  size_t count;
  unsigned jobs;
  double timeout_s;
} child_job;

bool children_run(const child_job *job, note *why);
// True when this build measures memory and time in a way that tells nothing about an ordinary build.
bool children_sanitized(void);

#endif
