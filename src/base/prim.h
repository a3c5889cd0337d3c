// Everything that is asked of the operating system. Implemented under base/prim/{posix,win32,wasm}; nothing else in
// src/ may call the OS, stdio, clocks or threads.
#ifndef MOTE_BASE_PRIM_H
#define MOTE_BASE_PRIM_H

#include "base/alloc.h"
#include "base/span.h"

// The default allocator: libc. MOTE_ALIGN-aligned blocks.
const mote_allocator *mote_prim_allocator(void);

// Large, long-lived memory (packed weights, arenas) straight from the OS, in large pages where it has them, all pages
// present: first touches cost nothing later. NULL when the OS has none to give. Only for the default allocator's users:
// what a caller's allocator supplies is never mixed with it (mote_prim_is_default).
void *mote_prim_map(size_t size);
void mote_prim_unmap(void *ptr, size_t size);
// Pages of a mapped file that hold nothing but these bytes leave memory; reading brings them back. Never for other
// memory: its contents would be lost.
void mote_prim_forget(const void *data, size_t size);
bool mote_prim_is_default(const mote_allocator *al);

typedef struct mote_file { // a whole file in memory: mapped when the OS can, else read
  mote_span bytes;
  void *impl;
  const mote_allocator *al;
} mote_file;
// MOTE_ERR_IO with the OS's reason and the path: missing, directory, unreadable, changed size. An empty file is fine.
mote_status mote_file_open(const mote_allocator *al, const char *path, mote_file *out, mote_error *err) MOTE_MUST_USE;
void mote_file_close(mote_file *file);

uint64_t mote_prim_time_ns(void);     // monotonic
uint64_t mote_prim_random_seed(void); // differs from call to call

#endif
