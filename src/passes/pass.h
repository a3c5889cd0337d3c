// Passes: rewrites of a working graph whose shapes are all known. Each has a name and can be left out. Verified before
// and after in debug builds. A file per pass; passes.c lists them in the order they run.
#ifndef MOTE_PASSES_PASS_H
#define MOTE_PASSES_PASS_H

#include "core/graph/graph.h"

typedef mote_status mote_pass_fill(void *dst, void *arg);

typedef struct mote_pass_ctx {
  const mote_env *env;
  mote_graph *g;
  const char *const *no_passes;
  // Makes a constant of type and dims `t`, kept once per model under (key, maker): fill(dst, arg) computes its dense
  // elements.
  mote_status (*constant)(struct mote_pass_ctx *ctx, uint64_t key, const void *maker, const mote_tensor *t,
                          mote_pass_fill *fill, void *arg, mote_vid *out);
  void *planner; // of the engine; opaque to passes
  mote_error *err;
} mote_pass_ctx;

typedef struct mote_pass {
  const char *name;
  mote_status (*run)(mote_pass_ctx *ctx); // NULL: done elsewhere (folding, layout), listed for --no-pass
} mote_pass;

extern const mote_pass mote_pass_fuse_pad, mote_pass_fuse_batch_norm, mote_pass_fuse_residual,
    mote_pass_fuse_activation, mote_pass_remove_dead;

size_t mote_pass_count(void);
const mote_pass *mote_pass_at(size_t index);
bool mote_pass_enabled(const char *const *no_passes, const char *name);
mote_status mote_passes_run(mote_pass_ctx *ctx) MOTE_MUST_USE;

#endif
