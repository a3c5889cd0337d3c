// Allocation through the context's allocator. The only way memory is obtained in src/.
// Blocks remember their size, so freeing needs only the pointer. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_ALLOC_H
#define MOTE_BASE_ALLOC_H

#include "base/compiler.h"
#include "mote/mote.h"

#define MOTE_ALIGN 64 // every block starts on a cache line: vector loads never split one

// All return NULL when memory is short or size overflows. Size 0 gives a valid unique pointer.
void *mote_alloc(const mote_allocator *al, size_t size);
void *mote_alloc_zero(const mote_allocator *al, size_t size);
void *mote_alloc_array(const mote_allocator *al, size_t count, size_t size); // checked multiply, zeroed
void *mote_realloc(const mote_allocator *al, void *ptr, size_t size);        // keeps contents; NULL keeps `ptr` alive
void mote_free(const mote_allocator *al, void *ptr);                         // NULL is fine
char *mote_strdup(const mote_allocator *al, const char *text, size_t len);   // adds the NUL

// An allocator that refuses what would bring its blocks over `limit` bytes together. It stays until it is closed and
// its last block is freed, so that results may outlive the session they come from.
typedef struct mote_meter mote_meter;
mote_meter *mote_meter_open(const mote_allocator *inner, size_t limit); // NULL when memory is short
void mote_meter_close(mote_meter *meter);                               // NULL is fine
const mote_allocator *mote_meter_allocator(mote_meter *meter);
bool mote_meter_refused(mote_meter *meter);                       // since it was asked last
const mote_allocator *mote_meter_inner(const mote_allocator *al); // of a meter's allocator; else `al`

#define MOTE_NEW(al, type) ((type *)mote_alloc_zero((al), sizeof(type)))
#define MOTE_NEW_ARRAY(al, type, n) ((type *)mote_alloc_array((al), (size_t)(n), sizeof(type)))

// Growable array: `MOTE_VEC(int) v = {0}; MOTE_TRY(MOTE_VEC_PUSH(al, &v, 3, err));` items in v.at[0..v.len).
#define MOTE_VEC(type)                                                                                                 \
  struct {                                                                                                             \
    type *at;                                                                                                          \
    size_t len, cap;                                                                                                   \
  }

// Makes room for `extra` more items of `item_size`; grows by half. Internal to MOTE_VEC_*.
mote_status mote_vec_reserve(const mote_allocator *al, void **at, size_t *cap, size_t len, size_t extra,
                             size_t item_size, mote_error *err) MOTE_MUST_USE;
mote_status mote_vec_extend(const mote_allocator *al, void *vec, size_t extra, size_t item_size,
                            mote_error *err) MOTE_MUST_USE; // the same for a whole MOTE_VEC
#define MOTE_VEC_RESERVE(al, v, extra, err) mote_vec_extend((al), (v), (extra), sizeof(*(v)->at), (err))
#define MOTE_VEC_PUSH(al, v, item, err)                                                                                \
  (MOTE_VEC_RESERVE(al, v, 1, err) == MOTE_OK ? ((v)->at[(v)->len++] = (item), MOTE_OK) : MOTE_ERR_NOMEM)
#define MOTE_VEC_FREE(al, v) (mote_free((al), (v)->at), (v)->at = NULL, (v)->len = (v)->cap = 0)

#endif
