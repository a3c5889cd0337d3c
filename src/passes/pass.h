// Passes: rewrites of a working graph whose shapes are all known. Each has a name and can be left out. Verified before
// and after in debug builds. A file per pass; passes.c lists them in the order they run.
#ifndef MOTE_PASSES_PASS_H
#define MOTE_PASSES_PASS_H

#include "core/graph/graph.h"

typedef struct mote_pass_ctx {
  const mote_env *env;
  mote_graph *g;
  const char *const *no_passes;
  void *weights;     // the model's cache, for folded constants; opaque to passes
  uint64_t *pack_ns; // time spent on filling them
  mote_error *err;
} mote_pass_ctx;

typedef struct mote_pass {
  const char *name;
  mote_status (*run)(mote_pass_ctx *ctx); // NULL: done elsewhere (folding, layout), listed for --no-pass
} mote_pass;

size_t mote_pass_count(void);
const mote_pass *mote_pass_at(size_t index);
bool mote_pass_enabled(const char *const *no_passes, const char *name);
mote_status mote_passes_run(mote_pass_ctx *ctx) MOTE_MUST_USE;

#endif
