// The default allocator and whole files in memory, on POSIX. Tests: tests/unit/test_base.c
#define _DEFAULT_SOURCE // madvise, MAP_ANONYMOUS
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/prim.h"

static void *libc_alloc(void *ctx, size_t size, size_t align) {
  (void)ctx;
  void *p = NULL;
  return posix_memalign(&p, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1) == 0 ? p : NULL;
}

static void libc_free(void *ctx, void *ptr, size_t size) {
  (void)ctx;
  (void)size;
  free(ptr);
}

const mote_allocator *mote_prim_allocator(void) {
  static const mote_allocator libc = {NULL, libc_alloc, libc_free};
  return &libc;
}

bool mote_prim_is_default(const mote_allocator *al) { return mote_meter_inner(al)->alloc == libc_alloc; }

#define LARGE_PAGE ((size_t)2 << 20) // x86-64 and arm64 with 4 KiB base pages

// Up to whole large pages where that adds less than a third of one: it is there sooner than the small ones would be.
static size_t mapped_size(size_t size) {
  size_t large = (size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
  return large - size < LARGE_PAGE / 3 ? large : (size + 4095) & ~(size_t)4095;
}

// Aligned to a large page when at least one fits: the part before and after goes back.
static char *map_aligned(size_t size) {
  char *raw = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED)
    return NULL;
  size_t skip = (LARGE_PAGE - (size_t)((uintptr_t)raw & (LARGE_PAGE - 1))) & (LARGE_PAGE - 1);
  if (skip > 0)
    munmap(raw, skip);
  munmap(raw + skip + size, LARGE_PAGE - skip);
  return raw + skip;
}

void *mote_prim_map(size_t size) {
  if (size == 0 || size > SIZE_MAX / 2)
    return NULL;
  char *p = map_aligned(mapped_size(size));
  if (p == NULL)
    return NULL;
#ifdef MADV_HUGEPAGE
  madvise(p, mapped_size(size) & ~(LARGE_PAGE - 1), MADV_HUGEPAGE); // advice: a refusal changes nothing
#endif
#ifdef MADV_POPULATE_WRITE
  madvise(p, mapped_size(size), MADV_POPULATE_WRITE);
#endif
  return p;
}

void mote_prim_unmap(void *ptr, size_t size) {
  if (ptr != NULL)
    munmap(ptr, mapped_size(size));
}

void mote_prim_forget(const void *data, size_t size) {
  uintptr_t from = ((uintptr_t)data + 4095) & ~(uintptr_t)4095, to = ((uintptr_t)data + size) & ~(uintptr_t)4095;
#ifdef MADV_DONTNEED
  if (to > from)
    madvise((void *)from, to - from, MADV_DONTNEED);
#endif
}

static mote_status fail_errno(mote_error *err, const char *path, const char *what) {
  char reason[128];
  int code = errno;
  if (strerror_r(code, reason, sizeof(reason)) != 0)
    return mote_fail(err, MOTE_ERR_IO, "%s: %s (system error %d)", path, what, code);
  return mote_fail(err, MOTE_ERR_IO, "%s: %s: %s", path, what, reason);
}

// Files that cannot be mapped (pipes, some file systems) are read whole.
static mote_status read_whole(int fd, const mote_allocator *al, const char *path, mote_file *out, mote_error *err) {
  MOTE_VEC(uint8_t) bytes = {0};
  mote_status status = MOTE_OK;
  for (;;) {
    status = MOTE_VEC_RESERVE(al, &bytes, bytes.len / 2 + 65536, err);
    if (status != MOTE_OK)
      break;
    ssize_t n = read(fd, bytes.at + bytes.len, bytes.cap - bytes.len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      status = fail_errno(err, path, "cannot be read");
    if (n <= 0)
      break;
    bytes.len += (size_t)n;
  }
  if (status != MOTE_OK) {
    MOTE_VEC_FREE(al, &bytes);
    return status;
  }
  *out = (mote_file){.bytes = {bytes.at, bytes.len}, .impl = bytes.at, .al = al};
  return MOTE_OK;
}

static mote_status open_descriptor(int fd, const mote_allocator *al, const char *path, mote_file *out,
                                   mote_error *err) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return fail_errno(err, path, "cannot be examined");
  if (S_ISDIR(st.st_mode))
    return mote_fail(err, MOTE_ERR_IO, "%s: is a directory, not a model file", path);
  if (!S_ISREG(st.st_mode) || st.st_size == 0)
    return read_whole(fd, al, path, out, err);
  if ((uint64_t)st.st_size > SIZE_MAX / 2)
    return mote_fail(err, MOTE_ERR_IO, "%s: %llu bytes do not fit in the address space", path,
                     (unsigned long long)st.st_size);
  void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED)
    return read_whole(fd, al, path, out, err);
  *out = (mote_file){.bytes = {map, (size_t)st.st_size}, .impl = NULL, .al = al};
  return MOTE_OK;
}

mote_status mote_file_open(const mote_allocator *al, const char *path, mote_file *out, mote_error *err) {
  int fd;
  do
    fd = open(path, O_RDONLY | O_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    return fail_errno(err, path, "cannot be opened");
  mote_status status = open_descriptor(fd, al, path, out, err);
  close(fd);
  return status;
}

void mote_file_close(mote_file *file) {
  if (!file || !file->al)
    return;
  if (file->impl)
    mote_free(file->al, file->impl);
  else
    munmap((void *)(uintptr_t)file->bytes.data, file->bytes.size);
  *file = (mote_file){.bytes = {NULL, 0}};
}
