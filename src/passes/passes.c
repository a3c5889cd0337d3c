// The list of passes in the order they run. Tests: tests/unit/test_passes.c
#include "passes/pass.h"

#include <string.h>

// Done by the planner itself; listed so that they can be switched off.
static const mote_pass fold_constants = {"fold-constants", NULL};
static const mote_pass layout = {"layout", NULL};

static const mote_pass *const passes[] = {
    &fold_constants,
    &mote_pass_remove_dead,
    &mote_pass_fuse_pad,
    &mote_pass_fuse_batch_norm,
    &mote_pass_fuse_residual,
    &mote_pass_fuse_activation,
    &layout,
};

size_t mote_pass_count(void) { return MOTE_COUNT(passes); }
const mote_pass *mote_pass_at(size_t index) { return passes[index]; }

bool mote_pass_enabled(const char *const *no_passes, const char *name) {
  for (; no_passes != NULL && *no_passes != NULL; no_passes++)
    if (strcmp(*no_passes, name) == 0)
      return false;
  return true;
}

mote_status mote_passes_run(mote_pass_ctx *ctx) {
  for (size_t i = 0; i < MOTE_COUNT(passes); i++) {
    if (passes[i]->run == NULL || !mote_pass_enabled(ctx->no_passes, passes[i]->name))
      continue;
    MOTE_TRY(passes[i]->run(ctx));
#ifndef NDEBUG
    MOTE_TRY(mote_graph_verify(ctx->g, ctx->err));
#endif
  }
  return MOTE_OK;
}
