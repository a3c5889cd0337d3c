// Fuzz target: walks the input as a FlatBuffer without a schema. What each field is taken for is drawn from the input's
// own bytes, so that the fuzzer can steer to every accessor.
#include <stdlib.h>

#include "base/fail.h"
#include "wire/flatbuffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = 6, FIELDS = 12, ITEMS_MAX = 16 };

static void check(bool fine) {
  if (!fine)
    abort();
}

typedef struct walker {
  mote_fb fb;
  uint32_t choice; // draws the accessor
  uint64_t sum;    // of all bytes read: makes the reads happen
} walker;

static uint32_t draw(walker *w, uint32_t n) {
  w->choice = w->choice * 1664525u + 1013904223u;
  return (w->choice >> 16) % n;
}

static void touch(walker *w, const uint8_t *p, size_t size) {
  for (size_t i = 0; p && i < size; i++)
    w->sum += p[i];
}

static void walk_table(walker *w, mote_fb_table t, int depth);

static void walk_vector(walker *w, mote_fb_table t, unsigned field, int depth) {
  static const uint32_t sizes[] = {1, 2, 4, 8, 12};
  mote_fb_vec v = mote_fb_vector(&w->fb, t, field, sizes[draw(w, 5)]);
  touch(w, v.data, (size_t)v.count * v.item_size);
  bool strings = draw(w, 2);
  for (uint32_t i = 0; v.item_size == 4 && i < v.count && i < ITEMS_MAX; i++) {
    check(mote_fb_vec_offset(&w->fb, v, i) < w->fb.bytes.size);
    if (strings) {
      mote_span s = mote_fb_vec_string(&w->fb, v, i);
      touch(w, s.data, s.size);
    } else {
      walk_table(w, mote_fb_vec_table(&w->fb, v, i), depth + 1);
    }
  }
}

static void walk_field(walker *w, mote_fb_table t, unsigned field, int depth) {
  mote_span s;
  switch (draw(w, 8)) {
  case 0:
    w->sum += (uint64_t)mote_fb_i64(&w->fb, t, field, 1);
    break;
  case 1:
    w->sum += mote_fb_u32(&w->fb, t, field, 1);
    break;
  case 2:
    w->sum += mote_fb_u8(&w->fb, t, field, 1) + mote_fb_u16(&w->fb, t, field, 1);
    break;
  case 3:
    s = mote_fb_string(&w->fb, t, field);
    touch(w, s.data, s.size);
    break;
  case 4:
    touch(w, mote_fb_inline(&w->fb, t, field, 12), 12);
    break;
  case 5:
    touch(w, mote_fb_struct(&w->fb, t, field, 12), 12);
    break;
  case 6:
    walk_table(w, mote_fb_sub(&w->fb, t, field), depth + 1);
    break;
  default:
    walk_vector(w, t, field, depth);
    break;
  }
}

static void walk_table(walker *w, mote_fb_table t, int depth) {
  if (!mote_fb_present(t) || depth > DEPTH_MAX)
    return;
  for (unsigned field = 0; field < FIELDS && w->fb.status == MOTE_OK; field++)
    if (mote_fb_has(&w->fb, t, field))
      walk_field(w, t, field, depth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  walker w = {.sum = 0};
  w.choice = size >= 8 ? mote_load_u32(data + 4) : 0; // where real files have their four letters
  mote_fb_init(&w.fb, (mote_span){data, size});
  walk_table(&w, mote_fb_root(&w.fb), 0);
  mote_error err;
  mote_error_init(&err);
  mote_status status = mote_fb_check(&w.fb, &err);
  check(status == w.fb.status && (status == MOTE_OK || err.offset == w.fb.offset));
  return w.sum == 0x123456789ABCDEF ? 1 : 0;
}
