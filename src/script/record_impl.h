// The recorder's inside, shared by record.c and memo.c.
#ifndef MOTE_SCRIPT_RECORD_IMPL_H
#define MOTE_SCRIPT_RECORD_IMPL_H

#include "script/script_tensor.h"

// A storage whose contents are a value of the growing graph.
typedef struct mote_lazy {
  mote_recorder *recorder;
  mote_storage *storage; // retained when `keep`
  mote_vid vid;          // the storage's current contents as a whole
  mote_tensor base;      // dense tensor over the whole storage
  bool keep;             // it had memory before: the result is written there
  size_t index;          // in recorder->lazies
} mote_lazy;

struct mote_memo;
struct mote_recorder {
  mote_vm *vm;
  const mote_allocator *al;
  bool open;
  uint64_t epoch, key, flushes;
  MOTE_VEC(mote_val) inputs; // windows of the graph's inputs, in its order
  MOTE_VEC(mote_lazy *) lazies;
  struct mote_memo *memos;
  struct mote_memo *waiting; // for the graph of the call that just ended
  mote_graph g;
};

void mote_memo_clear(mote_recorder *r);
// The graph ran: its key, for the memory of the call.
void mote_memo_flushed(mote_recorder *r, uint64_t key);
mote_status mote_recorder_inputs(mote_recorder *r, const mote_val *inputs, size_t n, mote_tensor *at);

#endif
