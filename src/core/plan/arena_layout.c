// Greedy placing of buffers by size, see arena_layout.h. Knows only sizes and times. Tests:
// tests/unit/test_arena_layout.c
#include "core/plan/arena_layout.h"

#include "base/fail.h"

// Order of placing: larger first, then earlier. A heap sort keeps the library free of libc's qsort and is stable
// enough: ties are broken by index.
static bool before(const mote_lifetime *items, int32_t a, int32_t b) {
  if (items[a].bytes != items[b].bytes)
    return items[a].bytes > items[b].bytes;
  return a < b;
}

static void sift(const mote_lifetime *items, int32_t *heap, int32_t root, int32_t n) {
  for (int32_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && before(items, heap[child], heap[child + 1]))
      child++;
    if (!before(items, heap[root], heap[child]))
      return;
    int32_t t = heap[root];
    heap[root] = heap[child];
    heap[child] = t;
  }
}

static void sort(const mote_lifetime *items, int32_t *order, int32_t n) {
  for (int32_t i = n / 2 - 1; i >= 0; i--)
    sift(items, order, i, n);
  for (int32_t end = n - 1; end > 0; end--) {
    int32_t t = order[0];
    order[0] = order[end];
    order[end] = t;
    sift(items, order, 0, end);
  }
}

static bool alive_together(const mote_lifetime *a, const mote_lifetime *b) {
  return a->first <= b->last && b->first <= a->last;
}

// `placed` holds indices of placed items by ascending offset. Finds the lowest gap that fits.
static size_t lowest_gap(const mote_lifetime *items, const int32_t *placed, int32_t n, const mote_lifetime *item) {
  size_t at = 0;
  for (int32_t i = 0; i < n; i++) {
    const mote_lifetime *other = &items[placed[i]];
    if (!alive_together(other, item))
      continue;
    if (other->offset >= at && other->offset - at >= item->bytes)
      return at;
    size_t end = other->offset + ((other->bytes + MOTE_ALIGN - 1) & ~(size_t)(MOTE_ALIGN - 1));
    at = MOTE_MAX(at, end);
  }
  return at;
}

static void insert_by_offset(const mote_lifetime *items, int32_t *placed, int32_t n, int32_t item) {
  int32_t i = n;
  for (; i > 0 && items[placed[i - 1]].offset > items[item].offset; i--)
    placed[i] = placed[i - 1];
  placed[i] = item;
}

mote_status mote_arena_layout(const mote_allocator *al, mote_lifetime *items, int32_t count, size_t *total,
                              mote_error *err) {
  int32_t *order = MOTE_NEW_ARRAY(al, int32_t, count + 1), *placed = MOTE_NEW_ARRAY(al, int32_t, count + 1), n = 0;
  mote_status status = MOTE_OK;
  size_t end = 0;
  if (order == NULL || placed == NULL) {
    status = mote_fail_nomem(err);
    goto out;
  }
  for (int32_t i = 0; i < count; i++)
    if (items[i].bytes > 0)
      order[n++] = i;
  sort(items, order, n);
  for (int32_t i = 0; i < n; i++) {
    mote_lifetime *item = &items[order[i]];
    item->offset = lowest_gap(items, placed, i, item);
    if (item->bytes > SIZE_MAX / 4 || item->offset > SIZE_MAX / 4) {
      status = mote_fail(err, MOTE_ERR_LIMIT, "the plan needs more memory than can be addressed");
      goto out;
    }
    insert_by_offset(items, placed, i, order[i]);
    end = MOTE_MAX(end, item->offset + item->bytes);
  }
  *total = end;
  assert(!mote_arena_overlaps(items, count));
out:
  mote_free(al, order);
  mote_free(al, placed);
  return status;
}

bool mote_arena_overlaps(const mote_lifetime *items, int32_t count) {
  for (int32_t i = 0; i < count; i++)
    for (int32_t j = i + 1; j < count; j++) {
      const mote_lifetime *a = &items[i], *b = &items[j];
      if (a->bytes > 0 && b->bytes > 0 && alive_together(a, b) && a->offset < b->offset + b->bytes &&
          b->offset < a->offset + a->bytes)
        return true;
    }
  return false;
}
