// Time and memory of this process. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_CLOCKS_H
#define MOTE_TOOLS_CLOCKS_H

#include <stdint.h>

uint64_t clock_wall_ns(void);
uint64_t clock_cpu_ns(void); // of all threads of the process

// Peak memory from a moment on, in KiB. Linux can start the peak anew; elsewhere the process's own peak is what there
// is.
typedef struct memory_mark {
  uint64_t before;
  int renewed; // the peak was started anew
} memory_mark;
void memory_start(memory_mark *mark);
uint64_t memory_peak_kib(const memory_mark *mark);

#endif
