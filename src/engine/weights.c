// See weights.h. Tests: tests/unit/test_engine.c
#include "engine/weights.h"

#include <string.h>

#include "base/map.h"
#include "base/prim.h"
#include "base/prim/threads.h"

#define BUCKETS 512 // a model has a few hundred weights

// A piece of mapped memory that entries are cut from: they all live as long as the model, and a fault a page for each
// weight would cost as much as packing it.
typedef struct slab {
  struct slab *next;
  char *at;
  size_t size, used;
} slab;
#define SLAB_MAX ((size_t)2 << 20) // a large page

struct mote_weights {
  const mote_allocator *al;
  mote_mutex lock;
  mote_packed *buckets[BUCKETS];
  size_t bytes;
  slab *slabs;    // newest first; with the default allocator only
  mote_span file; // the mapped model file, or empty
};

mote_status mote_weights_create(const mote_allocator *al, mote_weights **out, mote_error *err) {
  mote_weights *w = MOTE_NEW(al, mote_weights);
  if (w == NULL)
    return mote_fail_nomem(err);
  w->al = al;
  if (!mote_mutex_init(&w->lock)) {
    mote_free(al, w);
    return mote_fail(err, MOTE_ERR_NOMEM, "the operating system gave no lock");
  }
  *out = w;
  return MOTE_OK;
}

void mote_weights_destroy(mote_weights *w) {
  if (w == NULL)
    return;
  for (size_t i = 0; i < BUCKETS; i++)
    for (mote_packed *p = w->buckets[i], *next; p != NULL; p = next) {
      next = p->next;
      mote_storage_release(p->bytes);
      mote_storage_release(p->source);
      mote_free(w->al, p);
    }
  for (slab *s = w->slabs, *next; s != NULL; s = next) {
    next = s->next;
    mote_prim_unmap(s->at, s->size);
    mote_free(w->al, s);
  }
  mote_mutex_destroy(&w->lock);
  mote_free(w->al, w);
}

size_t mote_weights_bytes(const mote_weights *w) {
  mote_weights *mutable_w = (mote_weights *)w; // the lock is not part of the value
  mote_mutex_lock(&mutable_w->lock);
  size_t bytes = w->bytes;
  mote_mutex_unlock(&mutable_w->lock);
  return bytes;
}

void mote_weights_set_file(mote_weights *w, mote_span file) { w->file = file; }

void mote_weights_read(mote_weights *w, const void *data, size_t bytes) {
  const uint8_t *at = data;
  if (w->file.size == 0 || at < w->file.data || at >= w->file.data + w->file.size)
    return;
  mote_prim_forget(at, MOTE_MIN(bytes, (size_t)(w->file.data + w->file.size - at)));
}

static mote_packed **bucket(mote_weights *w, const mote_weights_key *key) {
  uint64_t h = mote_hash_u64(key->value, mote_hash_u64(key->maker, mote_hash_u64(key->salt, 1)));
  return &w->buckets[h % BUCKETS];
}

static mote_packed *find(mote_weights *w, const mote_weights_key *key) {
  for (mote_packed *p = *bucket(w, key); p != NULL; p = p->next)
    if (p->key.value == key->value && p->key.maker == key->maker && p->key.salt == key->salt)
      return p;
  return NULL;
}

// Slabs grow with the model, so that a small one stays small: with its file, where one is mapped, as a large page costs
// a fifth of its small ones. A large entry gets a slab of its own.
static slab *new_slab(mote_weights *w, size_t size) {
  size_t known = MOTE_MAX(w->bytes, w->file.size), wanted = MOTE_MIN(MOTE_MAX(known, 64 << 10), SLAB_MAX);
  slab *s = MOTE_NEW(w->al, slab);
  if (s == NULL)
    return NULL;
  s->size = MOTE_MAX(size, wanted);
  s->at = mote_prim_map(s->size);
  if (s->at == NULL) {
    mote_free(w->al, s);
    return NULL;
  }
  slab **at = size >= SLAB_MAX && w->slabs != NULL ? &w->slabs->next : &w->slabs; // the open slab stays first
  s->next = *at;
  *at = s;
  return s;
}

static mote_storage *new_bytes(mote_weights *w, size_t size) {
  if (!mote_prim_is_default(w->al) || size > SIZE_MAX / 4)
    return mote_storage_create(w->al, size, false);
  size_t rounded = (size + MOTE_ALIGN - 1) & ~(size_t)(MOTE_ALIGN - 1);
  slab *s = w->slabs;
  if (s == NULL || s->size - s->used < rounded)
    s = new_slab(w, rounded);
  if (s == NULL)
    return mote_storage_create(w->al, size, false);
  mote_storage *bytes = mote_storage_wrap(w->al, s->at + s->used, size, NULL, NULL);
  if (bytes != NULL)
    s->used += rounded;
  return bytes;
}

static mote_status make(mote_weights *w, mote_weights_key key, size_t size, const mote_tensor *t, mote_storage *source,
                        mote_weights_fill *fill, void *arg, mote_packed **out, mote_error *err) {
  mote_packed *p = MOTE_NEW(w->al, mote_packed);
  mote_storage *bytes = new_bytes(w, size);
  if (p == NULL || bytes == NULL) {
    mote_free(w->al, p);
    mote_storage_release(bytes);
    return mote_fail_nomem(err);
  }
  mote_status status = fill(bytes->data, arg);
  if (status != MOTE_OK) {
    mote_free(w->al, p);
    mote_storage_release(bytes);
    return status;
  }
  p->key = key;
  p->bytes = bytes;
  p->source = source != NULL ? mote_storage_retain(source) : NULL;
  if (t != NULL) {
    p->t = *t;
    p->t.data = bytes->data;
  }
  mote_packed **head = bucket(w, &key);
  p->next = *head;
  *head = p;
  w->bytes += size;
  *out = p;
  return MOTE_OK;
}

mote_status mote_weights_get(mote_weights *w, mote_weights_key key, size_t size, const mote_tensor *t,
                             mote_storage *source, mote_weights_fill *fill, void *arg, const mote_packed **out,
                             uint64_t *ns, mote_error *err) {
  mote_mutex_lock(&w->lock);
  mote_packed *p = find(w, &key);
  mote_status status = MOTE_OK;
  if (p == NULL) {
    uint64_t start = mote_prim_time_ns();
    status = make(w, key, size, t, source, fill, arg, &p, err);
    *ns += mote_prim_time_ns() - start;
  }
  mote_mutex_unlock(&w->lock);
  if (status == MOTE_OK)
    *out = p;
  return status;
}
