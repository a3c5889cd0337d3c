// Threads and locks of the OS, for base/pool.c alone. Objects are plain storage: nothing is allocated through them.
// Tests: tests/unit/test_pool.c
#ifndef MOTE_BASE_PRIM_THREADS_H
#define MOTE_BASE_PRIM_THREADS_H

#include "base/compiler.h"

// Room for the OS's object; the implementation asserts that it suffices.
typedef union mote_mutex {
  void *align_pointer;
  uint64_t align_word;
  unsigned char room[64];
} mote_mutex;
typedef mote_mutex mote_cond;
typedef mote_mutex mote_thread;

bool mote_mutex_init(mote_mutex *m); // false: the OS is out of resources
void mote_mutex_destroy(mote_mutex *m);
void mote_mutex_lock(mote_mutex *m);
void mote_mutex_unlock(mote_mutex *m);

bool mote_cond_init(mote_cond *c);
void mote_cond_destroy(mote_cond *c);
void mote_cond_wait(mote_cond *c, mote_mutex *m); // may wake for no reason
void mote_cond_wake_all(mote_cond *c);

// Starts fn(arg); false when the OS refuses. Every started thread is joined once.
bool mote_thread_start(mote_thread *t, void (*fn)(void *arg), void *arg);
void mote_thread_join(mote_thread *t);
void mote_thread_yield(void);

#endif
