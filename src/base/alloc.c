// Blocks with their size in front, over the caller's allocator. The header takes one MOTE_ALIGN unit so that the bytes
// behind it stay aligned. Tests: tests/unit/test_base.c
#include "base/alloc.h"

#include <string.h>

#include "base/checked.h"
#include "base/fail.h"

typedef struct block_header {
  size_t size;  // bytes the caller asked for
  size_t check; // ~size: catches a pointer that is no block of ours
} block_header;
_Static_assert(sizeof(block_header) <= MOTE_ALIGN, "header fits in front of the block");

static block_header *header_of(void *ptr) {
  block_header *h = (block_header *)(void *)((unsigned char *)ptr - MOTE_ALIGN);
  assert(h->check == ~h->size);
  return h;
}

void *mote_alloc(const mote_allocator *al, size_t size) {
  size_t total;
  if (!mote_add_size(size, MOTE_ALIGN, &total))
    return NULL;
  unsigned char *base = al->alloc(al->ctx, total, MOTE_ALIGN);
  if (!base)
    return NULL;
  block_header *h = (block_header *)(void *)base;
  h->size = size;
  h->check = ~size;
  return base + MOTE_ALIGN;
}

void *mote_alloc_zero(const mote_allocator *al, size_t size) {
  void *p = mote_alloc(al, size);
  if (p)
    memset(p, 0, size);
  return p;
}

void *mote_alloc_array(const mote_allocator *al, size_t count, size_t size) {
  size_t total;
  return mote_mul_size(count, size, &total) ? mote_alloc_zero(al, total) : NULL;
}

void *mote_realloc(const mote_allocator *al, void *ptr, size_t size) {
  void *fresh = mote_alloc(al, size);
  if (!fresh || !ptr)
    return fresh;
  size_t old = header_of(ptr)->size;
  memcpy(fresh, ptr, MOTE_MIN(old, size));
  mote_free(al, ptr);
  return fresh;
}

void mote_free(const mote_allocator *al, void *ptr) {
  if (!ptr)
    return;
  block_header *h = header_of(ptr);
  size_t total = h->size + MOTE_ALIGN;
  h->check = h->size; // a second free of the same block is caught while the memory lasts
  al->free(al->ctx, h, total);
}

char *mote_strdup(const mote_allocator *al, const char *text, size_t len) {
  size_t total;
  if (!mote_add_size(len, 1, &total))
    return NULL;
  char *copy = mote_alloc(al, total);
  if (!copy)
    return NULL;
  if (len)
    memcpy(copy, text, len);
  copy[len] = '\0';
  return copy;
}

mote_status mote_vec_reserve(const mote_allocator *al, void **at, size_t *cap, size_t len, size_t extra,
                             size_t item_size, mote_error *err) {
  size_t want, grown, bytes;
  if (!mote_add_size(len, extra, &want))
    return mote_fail_nomem(err);
  if (want <= *cap)
    return MOTE_OK;
  grown = MOTE_MAX(want, (size_t)8);
  if (*cap < SIZE_MAX / 2 && grown < *cap + *cap / 2)
    grown = *cap + *cap / 2;
  if (!mote_mul_size(grown, item_size, &bytes))
    return mote_fail_nomem(err);
  // The caller's pointer has its own type: it is copied as bytes, never accessed as a void pointer.
  void *old, *fresh;
  memcpy(&old, at, sizeof(old));
  fresh = mote_realloc(al, old, bytes);
  if (!fresh)
    return mote_fail_nomem(err);
  memcpy(at, &fresh, sizeof(fresh));
  *cap = grown;
  return MOTE_OK;
}

mote_status mote_vec_extend(const mote_allocator *al, void *vec, size_t extra, size_t item_size, mote_error *err) {
  typedef MOTE_VEC(char) any; // all of them are laid out alike
  size_t *len = (size_t *)(void *)((char *)vec + offsetof(any, len));
  size_t *cap = (size_t *)(void *)((char *)vec + offsetof(any, cap));
  return mote_vec_reserve(al, vec, cap, *len, extra, item_size, err);
}
