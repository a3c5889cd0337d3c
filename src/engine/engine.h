// Engine: runs graphs for one session. Makes plans for the shapes it meets, keeps them in a bounded cache, shares
// packed weights through the model's cache. Used by the tflite session and by the script recorder alike. One thread at
// a time. Tests: tests/unit/test_engine.c
#ifndef MOTE_ENGINE_ENGINE_H
#define MOTE_ENGINE_ENGINE_H

#include "base/pool.h"
#include "base/span.h"
#include "core/graph/graph.h"

// What belongs to a model and is shared by its sessions: packed weights and folded constants. Thread safe.
typedef struct mote_weights mote_weights;
mote_status mote_weights_create(const mote_allocator *al, mote_weights **out, mote_error *err) MOTE_MUST_USE;
void mote_weights_destroy(mote_weights *w);
size_t mote_weights_bytes(const mote_weights *w);
// The file that constants lie in, when it is mapped: pages that were packed are given back (they can be read again).
void mote_weights_set_file(mote_weights *w, mote_span file);

typedef struct mote_engine mote_engine;
typedef struct mote_engine_config {
  const mote_allocator *al;
  const mote_cpu *cpu;
  mote_weights *weights; // not owned
  uint32_t threads;
  const mote_threads *host_pool;
  mote_precision precision;
  const char *const *no_passes; // NULL terminated, may be NULL; strings must outlive the engine
  bool profile;
  size_t memory_limit;
} mote_engine_config;
mote_status mote_engine_create(const mote_engine_config *config, mote_engine **out, mote_error *err) MOTE_MUST_USE;
void mote_engine_destroy(mote_engine *e);
void mote_engine_cancel(mote_engine *e);      // from any thread
void mote_engine_reset_state(mote_engine *e); // forgets variables and state tensors

// How an output is wanted and given.
typedef struct mote_engine_out {
  // in: NULL: memory of the engine, valid until its next run (zero copy). Else the storage that receives the result is
  // created and stored here with one reference (data dense unless `strides_from_graph`).
  mote_storage **storage;
  mote_tensor t; // out: what it is, with data
} mote_engine_out;

// Runs `g` with its inputs. `key` names the graph: equal keys mean equal graphs (structure, attributes, constants); the
// plan cache is keyed by it and by dtypes, dims and strides of the inputs. For graphs that live as long as the
// engine (tflite) pass the graph's address as number. `in[i]` has any strides. out[i] in the order of g->outputs.
mote_status mote_engine_run(mote_engine *e, const mote_graph *g, uint64_t key, const mote_tensor *in, size_t n_in,
                            mote_engine_out *out, size_t n_out, mote_error *err) MOTE_MUST_USE;
// Makes the plan without running (data of `in` is ignored).
mote_status mote_engine_prepare(mote_engine *e, const mote_graph *g, uint64_t key, const mote_tensor *in, size_t n_in,
                                mote_error *err) MOTE_MUST_USE;

// One operator at once, without a plan kept: infers, obtains outputs (new storages with one reference each, dense),
// runs.
// `*n_out` is the capacity on entry and the count on return. const_storage[i] not NULL says that input i lies in that
// storage and is a weight: its packed form is kept with the model (const_storage itself may be NULL).
mote_status mote_engine_eval(mote_engine *e, const mote_op *op, const void *attr, const mote_tensor *const *in,
                             mote_storage *const *const_storage, int32_t n_in, mote_tensor *out,
                             mote_storage **out_storage, int32_t *n_out, mote_error *err) MOTE_MUST_USE;
// The shape rule alone, as the recorder needs it: fills out[0..*n_out) (strides dense) and the outcome.
mote_status mote_engine_infer(mote_engine *e, const mote_op *op, const void *attr, const mote_tensor *const *in,
                              int32_t n_in, mote_tensor *out, int32_t *n_out, mote_outcome *outcome,
                              mote_error *err) MOTE_MUST_USE;

void mote_engine_stats(const mote_engine *e, mote_stats *stats); // adds its numbers to *stats
bool mote_engine_profile(const mote_engine *e, size_t index, mote_profile_row *row);
const char *mote_engine_pass_name(size_t index);

#endif
