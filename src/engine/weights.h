// Packed weights and folded constants of one model, shared by all its sessions and plans. Thread safe.
#ifndef MOTE_ENGINE_WEIGHTS_H
#define MOTE_ENGINE_WEIGHTS_H

#include "core/op.h"
#include "engine/engine.h"

// What bytes were made from and how: value identity, maker (kernel row or operator), and the rest.
typedef struct mote_weights_key {
  uint64_t value, maker, salt;
} mote_weights_key;

typedef struct mote_packed {
  struct mote_packed *next;
  mote_weights_key key;
  mote_storage *bytes;  // what was made
  mote_storage *source; // keeps the source's address from being reused; may be NULL
  mote_tensor t;        // of folded constants: what the bytes are
} mote_packed;

typedef mote_status mote_weights_fill(void *dst, void *arg);

// Finds the entry or makes it: `size` bytes filled by fill(dst, arg). `t` (may be NULL) is kept with it, data set.
// Other sessions wait meanwhile. *ns grows by the time that filling took. The entry lives as long as the model.
mote_status mote_weights_get(mote_weights *w, mote_weights_key key, size_t size, const mote_tensor *t,
                             mote_storage *source, mote_weights_fill *fill, void *arg, const mote_packed **out,
                             uint64_t *ns, mote_error *err) MOTE_MUST_USE;

// `data` was packed and will hardly be read again.
void mote_weights_read(mote_weights *w, const void *data, size_t bytes);

#endif
