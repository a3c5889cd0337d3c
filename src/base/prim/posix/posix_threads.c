// Threads and locks over pthreads. Tests: tests/unit/test_pool.c
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/prim/threads.h"

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(mote_mutex), "room for the mutex");
_Static_assert(sizeof(pthread_cond_t) <= sizeof(mote_cond), "room for the condition");

typedef struct thread_object {
  pthread_t id;
  void (*fn)(void *arg);
  void *arg;
} thread_object;
_Static_assert(sizeof(thread_object) <= sizeof(mote_thread), "room for the thread");

static pthread_mutex_t *mutex_of(mote_mutex *m) { return (pthread_mutex_t *)(void *)m->room; }
static pthread_cond_t *cond_of(mote_cond *c) { return (pthread_cond_t *)(void *)c->room; }
static thread_object *thread_of(mote_thread *t) { return (thread_object *)(void *)t->room; }

bool mote_mutex_init(mote_mutex *m) { return pthread_mutex_init(mutex_of(m), NULL) == 0; }
void mote_mutex_destroy(mote_mutex *m) { pthread_mutex_destroy(mutex_of(m)); }
void mote_mutex_lock(mote_mutex *m) { pthread_mutex_lock(mutex_of(m)); }
void mote_mutex_unlock(mote_mutex *m) { pthread_mutex_unlock(mutex_of(m)); }

bool mote_cond_init(mote_cond *c) { return pthread_cond_init(cond_of(c), NULL) == 0; }
void mote_cond_destroy(mote_cond *c) { pthread_cond_destroy(cond_of(c)); }
void mote_cond_wait(mote_cond *c, mote_mutex *m) { pthread_cond_wait(cond_of(c), mutex_of(m)); }
void mote_cond_wake_all(mote_cond *c) { pthread_cond_broadcast(cond_of(c)); }

static void *thread_entry(void *arg) {
  thread_object *t = arg;
  t->fn(t->arg);
  return NULL;
}

// Workers inherit a full signal mask: the application's handlers run on its own threads.
bool mote_thread_start(mote_thread *t, void (*fn)(void *arg), void *arg) {
  thread_object *o = thread_of(t);
  o->fn = fn;
  o->arg = arg;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int code = pthread_create(&o->id, NULL, thread_entry, o);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return code == 0;
}

void mote_thread_join(mote_thread *t) { pthread_join(thread_of(t)->id, NULL); }
void mote_thread_yield(void) { sched_yield(); }
