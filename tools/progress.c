// Owns: the progress bar and the thread that draws it, as work inside the library does not call back.
// Must not know: what is being done. Tests: tests/models/cli_test.sh
#include "progress.h"
#include "clocks.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 30 };

struct progress {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  const char *label;
  uint64_t total, done, start;
  bool ended, drawn;
};

static void put(const char *text, int len) {
  if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0)
    return; // a bar that cannot be drawn is no error
}

static void draw(progress *bar) {
  char text[200], cells[BAR + 1];
  double seconds = (double)(clock_wall_ns() - bar->start) * 1e-9;
  int len;
  if (bar->total) {
    uint64_t filled = bar->done >= bar->total ? BAR : bar->done * BAR / bar->total;
    for (uint64_t i = 0; i < BAR; i++)
      cells[i] = i < filled ? '#' : '.';
    cells[BAR] = 0;
    len = snprintf(text, sizeof text, "\r%s [%s] %llu of %llu, %.0f s", bar->label, cells,
                   (unsigned long long)bar->done, (unsigned long long)bar->total, seconds);
  } else {
    len = snprintf(text, sizeof text, "\r%s, %.0f s", bar->label, seconds);
  }
  put(text, len);
  bar->drawn = true;
}

// Draws once a second, first after one second.
static void *watch(void *arg) {
  progress *bar = arg;
  pthread_mutex_lock(&bar->lock);
  while (!bar->ended) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_cond_timedwait(&bar->wake, &bar->lock, &until);
    if (!bar->ended)
      draw(bar);
  }
  pthread_mutex_unlock(&bar->lock);
  return NULL;
}

progress *progress_start(const char *label, uint64_t total) {
  if (!isatty(STDERR_FILENO))
    return NULL;
  progress *bar = calloc(1, sizeof *bar);
  if (!bar)
    return NULL;
  bar->label = label;
  bar->total = total;
  bar->start = clock_wall_ns();
  pthread_mutex_init(&bar->lock, NULL);
  pthread_cond_init(&bar->wake, NULL);
  if (pthread_create(&bar->thread, NULL, watch, bar) == 0)
    return bar;
  pthread_cond_destroy(&bar->wake);
  pthread_mutex_destroy(&bar->lock);
  free(bar);
  return NULL;
}

void progress_set(progress *bar, uint64_t done) {
  if (!bar)
    return;
  pthread_mutex_lock(&bar->lock);
  bar->done = done;
  pthread_mutex_unlock(&bar->lock);
}

void progress_end(progress *bar) {
  if (!bar)
    return;
  pthread_mutex_lock(&bar->lock);
  bar->ended = true;
  pthread_cond_signal(&bar->wake);
  pthread_mutex_unlock(&bar->lock);
  pthread_join(bar->thread, NULL);
  if (bar->drawn)
    put("\r\033[K", 4);
  pthread_cond_destroy(&bar->wake);
  pthread_mutex_destroy(&bar->lock);
  free(bar);
}
