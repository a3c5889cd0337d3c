// A bar on a terminal for work that takes longer than a second; nothing elsewhere. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_PROGRESS_H
#define MOTE_TOOLS_PROGRESS_H

#include <stdint.h>

typedef struct progress progress;

// NULL when standard error is no terminal (or memory is short); the other calls take NULL. With `total` 0 only the time
// is shown.
progress *progress_start(const char *label, uint64_t total);
void progress_set(progress *bar, uint64_t done);
// Wipes the bar.
void progress_end(progress *bar);

#endif
