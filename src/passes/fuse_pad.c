// Zero padding of the spatial dims in front of a convolution becomes the convolution's own padding.
// Tests: tests/unit/test_passes.c
#include "ops/conv.h"
#include "ops/pad.h"
#include "passes/rewrite.h"

// Pads of the four dims from the constant second input; false when they are not the spatial ones alone.
static bool spatial_pads(const mote_graph *g, const mote_node *pad, bool channels_first, int64_t p[4][2]) {
  const mote_tensor *t = mote_rewrite_tensor(g, pad->in[1]);
  if (!mote_rewrite_is_const(g, pad->in[1]) || t->rank != 2 || t->dim[0] != 4 || t->dim[1] != 2)
    return false;
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 2; k++) {
      p[i][k] = mote_load_i64(t->data, t->dtype, i * t->stride[0] + k * t->stride[1]);
      if (p[i][k] < 0)
        return false;
    }
  int channel = channels_first ? 1 : 3;
  return p[0][0] == 0 && p[0][1] == 0 && p[channel][0] == 0 && p[channel][1] == 0;
}

// The pad value must be what the convolution pads with: zero, or the zero point (the pad operator's default).
static bool pads_with_zero(const mote_graph *g, const mote_node *pad) {
  if (pad->n_in < 3 || pad->in[2] < 0)
    return true;
  const mote_tensor *v = mote_rewrite_tensor(g, pad->in[2]);
  return mote_rewrite_is_const(g, pad->in[2]) && v->dtype == MOTE_F32 && mote_load_f64(v->data, v->dtype, 0) == 0;
}

static mote_status fuse(mote_pass_ctx *ctx, mote_node *pad, mote_node *conv, int64_t p[4][2]) {
  MOTE_TRY(mote_rewrite_own(ctx, conv, conv->n_in));
  mote_conv_attr *a = conv->attr;
  int h = a->data_format == MOTE_NCHW ? 2 : 1;
  if (a->pad_mode == MOTE_PAD_VALID)
    a->pad_top = a->pad_bottom = a->pad_left = a->pad_right = 0;
  a->pad_mode = MOTE_PAD_EXPLICIT;
  a->pad_top += p[h][0];
  a->pad_bottom += p[h][1];
  a->pad_left += p[h + 1][0];
  a->pad_right += p[h + 1][1];
  conv->in[0] = pad->in[0];
  mote_rewrite_kill(pad);
  return MOTE_OK;
}

static mote_status run(mote_pass_ctx *ctx) {
  mote_graph *g = ctx->g;
  int32_t *uses;
  MOTE_TRY(mote_rewrite_uses(ctx, &uses));
  for (size_t k = 0; k < g->nodes.len; k++) {
    mote_node *conv = &g->nodes.at[k];
    if (mote_rewrite_gone(conv) || conv->op != &mote_op_conv2d)
      continue;
    const mote_conv_attr *a = conv->attr;
    int32_t p = mote_rewrite_sole_producer(g, uses, conv, 0);
    int64_t pads[4][2];
    if (p < 0 || g->nodes.at[p].op != &mote_op_pad || a->pad_mode == MOTE_PAD_SAME ||
        g->values.at[conv->in[0]].t.rank != 4 || !pads_with_zero(g, &g->nodes.at[p]) ||
        !spatial_pads(g, &g->nodes.at[p], a->data_format == MOTE_NCHW, pads))
      continue;
    MOTE_TRY(fuse(ctx, &g->nodes.at[p], conv, pads));
  }
  mote_rewrite_compact(g);
  return MOTE_OK;
}

const mote_pass mote_pass_fuse_pad = {"fuse-pad", run};
