// float32 convolution by the packed kernels: full and depthwise, bias, residual and clamp fused. Weights constant.
// Tests: tests/unit/test_ops_conv.c
#include "kernels/conv_f32.h"
#include "kernels/dwconv_f32.h"
#include "ops/conv.h"

static const float zero_weight = 0; // stands in for the filter of a phase that no tap falls on

typedef struct conv_f32_state {
  const mote_conv_f32 *row;
  mote_conv_f32_args args; // data pointers filled in at run time
  int64_t out_offset;
} conv_f32_state;

typedef struct dwconv_f32_state {
  const mote_dwconv_f32 *row;
  mote_dwconv_f32_args args;
  int64_t out_offset;
} dwconv_f32_state;

static mote_f32_in image_in(const mote_tensor *t, bool channels_first, const mote_conv_geo *g) {
  mote_image m = mote_image_of(t, channels_first);
  return (mote_f32_in){.n = (size_t)g->n,
                       .h = (size_t)g->in[1],
                       .w = (size_t)g->in[2],
                       .n_stride = m.n,
                       .h_stride = m.s[1],
                       .w_stride = m.s[2]};
}

static mote_f32_out image_out(const mote_conv_part *part) {
  const mote_conv_geo *g = &part->g;
  return (mote_f32_out){.n = (size_t)g->n,
                        .h = (size_t)g->out[1],
                        .w = (size_t)g->out[2],
                        .n_stride = part->out.n,
                        .h_stride = part->out.s[1],
                        .w_stride = part->out.s[2]};
}

static mote_slide slide_of(const mote_conv_geo *g) {
  return (mote_slide){.kh = (size_t)g->k[1],
                      .kw = (size_t)g->k[2],
                      .stride_h = (size_t)g->stride[1],
                      .stride_w = (size_t)g->stride[2],
                      .dilation_h = (size_t)g->dilation[1],
                      .dilation_w = (size_t)g->dilation[2],
                      .pad_top = g->pad[1],
                      .pad_left = g->pad[2]};
}

typedef struct pack_arg {
  const mote_conv_part *part;
  const void *row;
  mote_conv_f32_shape shape;
} pack_arg;

static const float *filter_of(const mote_opctx *c, const mote_conv_part *part) {
  return part->empty ? &zero_weight : (const float *)c->in[1]->data + part->w_offset;
}
static ptrdiff_t filter_stride(const mote_conv_part *part, int64_t stride) {
  return part->empty ? 0 : (ptrdiff_t)stride;
}

static const float *bias_of(const mote_opctx *c) {
  const mote_tensor *bias = mote_conv_bias(c);
  return bias != NULL ? bias->data : NULL;
}

static mote_status pack_conv(void *dst, const mote_opctx *c, const void *arg) {
  const pack_arg *p = arg;
  const mote_conv_geo *g = &p->part->g;
  mote_conv_f32_pack(p->row, &p->shape, filter_of(c, p->part), filter_stride(p->part, g->w_o),
                     filter_stride(p->part, g->w_k[1]), filter_stride(p->part, g->w_k[2]),
                     filter_stride(p->part, g->w_i), bias_of(c), dst);
  return MOTE_OK;
}

static mote_status pack_dwconv(void *dst, const mote_opctx *c, const void *arg) {
  const pack_arg *p = arg;
  const mote_conv_geo *g = &p->part->g;
  mote_dwconv_f32_pack(p->row, (size_t)g->k[1], (size_t)g->k[2], (size_t)g->ic, (size_t)(g->oc / g->ic),
                       filter_of(c, p->part), g->w_k[1], g->w_k[2], g->w_o, bias_of(c), dst);
  return MOTE_OK;
}

// What the packed bytes depend on beside the filter's own values and strides.
static uint64_t pack_salt(const mote_opctx *c, const mote_conv_part *part) {
  uint64_t h = (uint64_t)part->g.groups * 2 + part->empty;
  h = h * 1000003u + (uint64_t)part->w_offset;
  h = h * 1000003u + (uint64_t)part->g.k[1] * 4096 + (uint64_t)part->g.k[2];
  h = h * 1000003u + (uint64_t)(part->g.w_k[1] - 7 * part->g.w_k[2]);
  return h * 1000003u ^ mote_const_key(c, 2);
}

static mote_status run_conv(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const conv_f32_state *s = state;
  mote_conv_f32_args args = s->args;
  args.in.data = c->in[0]->data;
  args.out.data = (float *)c->out[0]->data + s->out_offset;
  const mote_tensor *r = mote_conv_residual(c);
  if (r != NULL)
    args.residual.data = r->data;
  mote_conv_f32_run(s->row, &args, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}

static mote_status run_dwconv(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const dwconv_f32_state *s = state;
  mote_dwconv_f32_args args = s->args;
  args.in.data = c->in[0]->data;
  args.out.data = (float *)c->out[0]->data + s->out_offset;
  s->row->run(&args, (size_t)t0, (size_t)t1);
  return MOTE_OK;
}

static mote_status prepare_dwconv(mote_opctx *c, const mote_conv_part *part) {
  const mote_conv_attr *a = c->attr;
  const mote_conv_geo *g = &part->g;
  dwconv_f32_state s = {.row = mote_dwconv_f32_select(c->env->cpu), .out_offset = part->out_offset};
  pack_arg p = {.part = part, .row = s.row};
  size_t size =
      mote_dwconv_f32_packed_size(s.row, (size_t)g->k[1], (size_t)g->k[2], (size_t)g->ic, (size_t)(g->oc / g->ic));
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "packed filter is too large");
  MOTE_TRY(mote_prepare_pack(c, 1, s.row, pack_salt(c, part), size, pack_dwconv, &p, &s.args.packed));
  s.args.slide = slide_of(g);
  s.args.channels = (size_t)g->ic;
  s.args.multiplier = (size_t)(g->oc / g->ic);
  s.args.in = image_in(c->in[0], a->channels_first != 0, g);
  s.args.out = image_out(part);
  mote_act_range(&a->act, &s.args.lo, &s.args.hi);
  return mote_add_step(c, run_dwconv, &s, sizeof s, (int64_t)mote_dwconv_f32_tiles(&s.args), 0, s.row->name,
                       s.row->isa);
}

static mote_status prepare_conv(mote_opctx *c, const mote_conv_part *part) {
  const mote_conv_attr *a = c->attr;
  const mote_conv_geo *g = &part->g;
  conv_f32_state s = {.row = mote_conv_f32_select(c->env->cpu), .out_offset = part->out_offset};
  mote_conv_f32_shape shape = {(size_t)g->k[1], (size_t)g->k[2], (size_t)g->ic, (size_t)g->oc, (size_t)g->groups};
  pack_arg p = {.part = part, .row = s.row, .shape = shape};
  size_t size = mote_conv_f32_packed_size(s.row, &shape);
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "packed filter is too large");
  MOTE_TRY(mote_prepare_pack(c, 1, s.row, pack_salt(c, part), size, pack_conv, &p, &s.args.packed));
  s.args.shape = shape;
  s.args.slide = slide_of(g);
  s.args.in = image_in(c->in[0], a->channels_first != 0, g);
  s.args.out = image_out(part);
  const mote_tensor *r = mote_conv_residual(c);
  if (r != NULL)
    s.args.residual = image_in(r, a->channels_first != 0, g);
  mote_act_range(&a->act, &s.args.lo, &s.args.hi);
  return mote_add_step(c, run_conv, &s, sizeof s, (int64_t)mote_conv_f32_tiles(s.row, &s.args), 0, s.row->name,
                       s.row->isa);
}

mote_status mote_conv_prepare_f32(mote_opctx *c, const mote_conv_part *part, bool *done) {
  *done = true;
  return part->g.depthwise && !part->empty && mote_conv_residual(c) == NULL ? prepare_dwconv(c, part)
                                                                            : prepare_conv(c, part);
}
