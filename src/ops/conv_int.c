// Quantised convolution by the integer kernels: int8 and uint8, 16-bit activations, and float activations with integer
// weights (hybrid). Weights constant. Tests: tests/unit/test_ops_conv.c
#include "base/map.h"
#include "kernels/qconv.h"
#include "kernels/qconv16.h"
#include "kernels/qdwconv.h"
#include "kernels/qhybrid.h"
#include "ops/conv.h"

// Scales and widened weights that packing needs; freed after it.
typedef struct filter {
  const mote_allocator *al;
  int8_t *bytes;      // unpacked int4/int2, NULL when the filter is 8 bits
  double *scale;      // [oc]
  int64_t *wide_bias; // int16: bias in 64 bits
  const void *w;      // first element of the part
  int64_t w_o, w_i, w_y, w_x;
  int32_t zp;
  mote_dtype type;
} filter;

static const uint8_t zero_u8[2] = {0, 0};

static void filter_free(filter *f) {
  mote_free(f->al, f->bytes);
  mote_free(f->al, f->scale);
  mote_free(f->al, f->wide_bias);
}

static mote_status filter_open(filter *f, const mote_opctx *c, const mote_conv_part *part) {
  const mote_conv_geo *g = &part->g;
  const mote_tensor *w = c->in[1];
  const void *data = w->data;
  *f = (filter){.al = c->env->al, .w_o = g->w_o, .w_i = g->w_i, .w_y = g->w_k[1], .w_x = g->w_k[2], .type = MOTE_I8};
  f->scale = MOTE_NEW_ARRAY(f->al, double, g->oc);
  if (f->scale == NULL)
    return mote_fail_nomem(c->err);
  bool real = c->out[0]->dtype == MOTE_F32; // hybrid: the input's scale comes at run time
  double common = real ? 1 : c->in[0]->quant.scale / c->out[0]->quant.scale;
  for (int64_t o = 0; o < g->oc; o++)
    f->scale[o] = common * mote_scale_at(&w->quant, o);
  if (w->dtype == MOTE_I4 || w->dtype == MOTE_I2) {
    size_t n = (size_t)mote_tensor_numel(w);
    if ((f->bytes = mote_alloc(f->al, n + 1)) == NULL)
      return mote_fail_nomem(c->err);
    mote_to_i8(w, f->bytes);
    data = f->bytes;
  }
  if (w->dtype == MOTE_U8) {
    f->type = MOTE_U8;
    f->zp = w->quant.zero_point;
  }
  f->w = (const uint8_t *)data + part->w_offset;
  if (part->empty) { // codes 0 with zero point 0 count as nothing
    f->w = zero_u8;
    f->zp = 0;
    f->w_o = f->w_i = f->w_y = f->w_x = 0;
  }
  return MOTE_OK;
}

static uint64_t salt_of(const mote_opctx *c, const mote_conv_part *part) {
  const mote_quant *x = &c->in[0]->quant, *out = &c->out[0]->quant, *w = &c->in[1]->quant;
  uint64_t h = mote_hash(&part->g, sizeof part->g, (uint64_t)part->w_offset * 2 + part->empty);
  h = mote_hash_u64(mote_const_key(c, 2), h);
  double scales[3] = {x->count > 0 ? x->scale : 0, out->count > 0 ? out->scale : 0, w->scale};
  h = mote_hash(scales, sizeof scales, h);
  return mote_hash_u64((uint64_t)(uint32_t)x->zero_point << 32 | (uint32_t)w->zero_point, h);
}

// The kernels take the input's zero point at run time; the residue of the geometry is not part of the packed bytes, but
// salting with it costs only a second copy when one filter serves several shapes of image, so image sizes are cleared.
static mote_conv_part part_key(const mote_conv_part *part) {
  mote_conv_part k = *part;
  k.g.n = 0;
  memset(k.g.in, 0, sizeof k.g.in);
  memset(k.g.out, 0, sizeof k.g.out);
  memset(k.g.pad, 0, sizeof k.g.pad);
  return k;
}

// ------------------------------------------------------------------------------------------------ full, 8 bits

typedef struct qconv_state {
  const mote_qconv_row *row;
  mote_qconv_args args;
  const void *packed;
  int64_t out_offset;
  size_t scratch;
  bool hybrid, asymmetric;
  int64_t per_image; // hybrid: elements
} qconv_state;

static mote_qconv_weights qconv_weights(const mote_opctx *c, const mote_conv_part *part, const filter *f) {
  const mote_conv_geo *g = &part->g;
  const mote_tensor *bias = mote_conv_bias(c);
  mote_qconv_weights w = {.groups = (uint32_t)g->groups,
                          .oc = (uint32_t)(g->oc / g->groups),
                          .ic = (uint32_t)(g->ic / g->groups),
                          .kh = (uint32_t)g->k[1],
                          .kw = (uint32_t)g->k[2],
                          .type = f->type,
                          .w = f->w,
                          .w_o = (ptrdiff_t)f->w_o,
                          .w_y = (ptrdiff_t)f->w_y,
                          .w_x = (ptrdiff_t)f->w_x,
                          .w_i = (ptrdiff_t)f->w_i,
                          .zp = f->zp,
                          .scale = f->scale,
                          .scale_count = (uint32_t)g->oc};
  if (bias != NULL && bias->dtype == MOTE_I32)
    w.bias = bias->data;
  if (bias != NULL && bias->dtype == MOTE_F32)
    w.float_bias = bias->data;
  return w;
}

typedef struct pack_arg {
  const mote_conv_part *part;
  const void *row;
} pack_arg;

static mote_status pack_qconv(void *dst, const mote_opctx *c, const void *arg) {
  const pack_arg *p = arg;
  filter f;
  mote_status status = filter_open(&f, c, p->part);
  if (status == MOTE_OK) {
    mote_qconv_weights w = qconv_weights(c, p->part, &f);
    ((const mote_qconv_row *)p->row)->pack(&w, dst);
  }
  filter_free(&f);
  return status;
}

static void fill_args(const mote_opctx *c, const mote_conv_part *part, mote_qconv_args *q) {
  const mote_conv_attr *a = c->attr;
  const mote_conv_geo *g = &part->g;
  mote_image in = mote_image_of(c->in[0], a->channels_first != 0);
  *q = (mote_qconv_args){.n = (uint32_t)g->n,
                         .ih = (uint32_t)g->in[1],
                         .iw = (uint32_t)g->in[2],
                         .oh = (uint32_t)g->out[1],
                         .ow = (uint32_t)g->out[2],
                         .groups = (uint32_t)g->groups,
                         .oc = (uint32_t)(g->oc / g->groups),
                         .ic = (uint32_t)(g->ic / g->groups),
                         .kh = (uint32_t)g->k[1],
                         .kw = (uint32_t)g->k[2],
                         .sh = (uint32_t)g->stride[1],
                         .sw = (uint32_t)g->stride[2],
                         .dh = (uint32_t)g->dilation[1],
                         .dw = (uint32_t)g->dilation[2],
                         .pad_top = (int32_t)g->pad[1],
                         .pad_left = (int32_t)g->pad[2],
                         .in_type = mote_code_type(c->in[0]->dtype),
                         .out_type = mote_code_type(c->out[0]->dtype),
                         .in_n = (ptrdiff_t)in.n,
                         .in_y = (ptrdiff_t)in.s[1],
                         .in_x = (ptrdiff_t)in.s[2],
                         .out_n = (ptrdiff_t)part->out.n,
                         .out_y = (ptrdiff_t)part->out.s[1],
                         .out_x = (ptrdiff_t)part->out.s[2],
                         .in_zp = c->in[0]->quant.zero_point,
                         .out_zp = c->out[0]->quant.zero_point,
                         .round = c->env->precision == MOTE_PRECISION_STRICT ? MOTE_QROUND_FIXED : MOTE_QROUND_EVEN};
  mote_act_range(&a->act, &q->flo, &q->fhi);
  if (c->out[0]->quant.count > 0)
    mote_act_codes(&a->act, c->out[0], &q->lo, &q->hi);
}

static mote_status run_qconv(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const qconv_state *s = state;
  mote_qconv_args a = s->args;
  a.in = c->in[0]->data;
  a.out = (char *)c->out[0]->data + s->out_offset * (int64_t)mote_dtype_size(c->out[0]->dtype);
  a.scratch = c->scratch;
  s->row->run(&a, s->packed, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}

// Hybrid: quantises the images into scratch, then runs all tiles; one piece, because the codes are this worker's.
static mote_status run_hybrid(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const qconv_state *s = state;
  mote_qconv_args a = s->args;
  char *at = (char *)c->scratch + s->scratch;
  float *scale = (float *)(void *)at;
  int32_t *zero = (int32_t *)(void *)(at + (((size_t)a.n * 4 + 63) & ~(size_t)63));
  int8_t *codes = (int8_t *)zero + (((size_t)a.n * 4 + 63) & ~(size_t)63);
  (void)t0;
  (void)t1;
  for (uint32_t i = 0; i < a.n; i++) {
    const float *x = (const float *)c->in[0]->data + i * s->per_image;
    zero[i] = 0;
    if (s->asymmetric)
      mote_qrow_asymmetric(x, codes + i * s->per_image, (size_t)s->per_image, &scale[i], &zero[i]);
    else
      mote_qrow_symmetric(x, codes + i * s->per_image, (size_t)s->per_image, &scale[i]);
  }
  a.in = codes;
  a.out = (float *)c->out[0]->data + s->out_offset;
  a.image_zp = zero;
  a.image_scale = scale;
  a.scratch = c->scratch;
  s->row->run(&a, s->packed, 0, s->row->tiles(&a));
  return MOTE_OK;
}

static mote_status prepare_qconv(mote_opctx *c, const mote_conv_part *part, bool hybrid) {
  qconv_state s = {.row = mote_qconv_select(c->env->cpu), .out_offset = part->out_offset, .hybrid = hybrid};
  filter f;
  mote_status status = filter_open(&f, c, part);
  size_t size = 0;
  if (status == MOTE_OK) {
    mote_qconv_weights w = qconv_weights(c, part, &f);
    size = s.row->packed_size(&w);
  }
  filter_free(&f);
  MOTE_TRY(status);
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "packed filter is too large");
  pack_arg p = {part, s.row};
  mote_conv_part key = part_key(part);
  MOTE_TRY(mote_prepare_pack(c, 1, s.row, salt_of(c, &key), size, pack_qconv, &p, &s.packed));
  fill_args(c, part, &s.args);
  if (hybrid) {
    s.args.in_type = MOTE_I8;
    s.args.out_type = MOTE_F32;
    s.args.in_zp = 0;
    s.asymmetric = c->in[1]->quant.count > 1;
    s.per_image = mote_tensor_numel(c->in[0]) / part->g.n;
  }
  s.scratch = (s.row->scratch_size(&s.args) + 63) & ~(size_t)63;
  if (!hybrid)
    return mote_add_step(c, run_qconv, &s, sizeof s, s.row->tiles(&s.args), s.scratch, s.row->name, NULL);
  size_t room = s.scratch + 2 * (((size_t)part->g.n * 4 + 63) & ~(size_t)63) + (size_t)mote_tensor_numel(c->in[0]);
  return mote_add_step(c, run_hybrid, &s, sizeof s, 1, room, s.row->name, NULL);
}

// ------------------------------------------------------------------------------------------------ depthwise, 8 bits

typedef struct qdw_state {
  const mote_qdwconv_row *row;
  mote_qdwconv_args args;
  const void *packed;
} qdw_state;

static mote_qdwconv_weights qdw_weights(const mote_opctx *c, const mote_conv_part *part, const filter *f) {
  const mote_conv_geo *g = &part->g;
  const mote_tensor *bias = mote_conv_bias(c);
  return (mote_qdwconv_weights){.channels = (uint32_t)g->ic,
                                .multiplier = (uint32_t)(g->oc / g->ic),
                                .kh = (uint32_t)g->k[1],
                                .kw = (uint32_t)g->k[2],
                                .type = f->type,
                                .w = f->w,
                                .w_c = (ptrdiff_t)f->w_o,
                                .w_y = (ptrdiff_t)f->w_y,
                                .w_x = (ptrdiff_t)f->w_x,
                                .zp = f->zp,
                                .bias = bias != NULL ? bias->data : NULL,
                                .scale = f->scale,
                                .scale_count = (uint32_t)g->oc};
}

static mote_status pack_qdw(void *dst, const mote_opctx *c, const void *arg) {
  const pack_arg *p = arg;
  filter f;
  mote_status status = filter_open(&f, c, p->part);
  if (status == MOTE_OK) {
    mote_qdwconv_weights w = qdw_weights(c, p->part, &f);
    ((const mote_qdwconv_row *)p->row)->pack(&w, dst);
  }
  filter_free(&f);
  return status;
}

static mote_status run_qdw(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const qdw_state *s = state;
  mote_qdwconv_args a = s->args;
  a.in = c->in[0]->data;
  a.out = c->out[0]->data;
  s->row->run(&a, s->packed, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}

static mote_status prepare_qdw(mote_opctx *c, const mote_conv_part *part) {
  qdw_state s = {.row = mote_qdwconv_select(c->env->cpu)};
  filter f;
  mote_qconv_args q;
  mote_status status = filter_open(&f, c, part);
  size_t size = 0;
  if (status == MOTE_OK) {
    mote_qdwconv_weights w = qdw_weights(c, part, &f);
    size = s.row->packed_size(&w);
  }
  filter_free(&f);
  MOTE_TRY(status);
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "packed filter is too large");
  pack_arg p = {part, s.row};
  mote_conv_part key = part_key(part);
  MOTE_TRY(mote_prepare_pack(c, 1, s.row, salt_of(c, &key), size, pack_qdw, &p, &s.packed));
  fill_args(c, part, &q);
  s.args = (mote_qdwconv_args){.n = q.n,
                               .ih = q.ih,
                               .iw = q.iw,
                               .oh = q.oh,
                               .ow = q.ow,
                               .channels = (uint32_t)part->g.ic,
                               .multiplier = (uint32_t)(part->g.oc / part->g.ic),
                               .kh = q.kh,
                               .kw = q.kw,
                               .sh = q.sh,
                               .sw = q.sw,
                               .dh = q.dh,
                               .dw = q.dw,
                               .pad_top = q.pad_top,
                               .pad_left = q.pad_left,
                               .in_type = q.in_type,
                               .out_type = q.out_type,
                               .in_n = q.in_n,
                               .in_y = q.in_y,
                               .in_x = q.in_x,
                               .out_n = q.out_n,
                               .out_y = q.out_y,
                               .out_x = q.out_x,
                               .in_zp = q.in_zp,
                               .out_zp = q.out_zp,
                               .lo = q.lo,
                               .hi = q.hi,
                               .round = q.round};
  return mote_add_step(c, run_qdw, &s, sizeof s, s.row->tiles(&s.args), 0, s.row->name, NULL);
}

// ------------------------------------------------------------------------------------------------ 16-bit activations

typedef struct q16_state {
  mote_qconv16_args args;
  const void *packed;
  int64_t out_offset;
} q16_state;

static mote_status q16_weights(const mote_opctx *c, const mote_conv_part *part, filter *f, mote_qconv16_weights *w) {
  const mote_conv_geo *g = &part->g;
  const mote_tensor *bias = mote_conv_bias(c);
  *w = (mote_qconv16_weights){.groups = (uint32_t)g->groups,
                              .oc = (uint32_t)(g->oc / g->groups),
                              .ic = (uint32_t)(g->ic / g->groups),
                              .kh = (uint32_t)g->k[1],
                              .kw = (uint32_t)g->k[2],
                              .w = f->w,
                              .w_o = (ptrdiff_t)f->w_o,
                              .w_y = (ptrdiff_t)f->w_y,
                              .w_x = (ptrdiff_t)f->w_x,
                              .w_i = (ptrdiff_t)f->w_i,
                              .scale = f->scale,
                              .scale_count = (uint32_t)g->oc};
  if (bias == NULL)
    return MOTE_OK;
  if ((f->wide_bias = MOTE_NEW_ARRAY(f->al, int64_t, g->oc)) == NULL)
    return mote_fail_nomem(c->err);
  for (int64_t o = 0; o < g->oc; o++)
    f->wide_bias[o] = mote_load_i64(bias->data, bias->dtype, o);
  w->bias = f->wide_bias;
  return MOTE_OK;
}

static mote_status pack_q16(void *dst, const mote_opctx *c, const void *arg) {
  const pack_arg *p = arg;
  filter f;
  mote_qconv16_weights w;
  mote_status status = filter_open(&f, c, p->part);
  if (status == MOTE_OK)
    status = q16_weights(c, p->part, &f, &w);
  if (status == MOTE_OK)
    mote_qconv16_pack(&w, dst);
  filter_free(&f);
  return status;
}

static mote_status run_q16(const mote_opctx *c, const void *state, int64_t t0, int64_t t1) {
  const q16_state *s = state;
  mote_qconv16_args a = s->args;
  a.in = c->in[0]->data;
  a.out = (int16_t *)c->out[0]->data + s->out_offset;
  mote_qconv16_run(&a, s->packed, (uint32_t)t0, (uint32_t)t1);
  return MOTE_OK;
}

static mote_status prepare_q16(mote_opctx *c, const mote_conv_part *part) {
  static const char row; // its address is the packing's key
  q16_state s = {.out_offset = part->out_offset};
  filter f;
  mote_qconv16_weights w;
  mote_qconv_args q;
  size_t size = 0;
  mote_status status = filter_open(&f, c, part);
  if (status == MOTE_OK)
    status = q16_weights(c, part, &f, &w);
  if (status == MOTE_OK)
    size = mote_qconv16_packed_size(&w);
  filter_free(&f);
  MOTE_TRY(status);
  if (size == 0)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "packed filter is too large");
  pack_arg p = {part, &row};
  mote_conv_part key = part_key(part);
  MOTE_TRY(mote_prepare_pack(c, 1, &row, salt_of(c, &key), size, pack_q16, &p, &s.packed));
  fill_args(c, part, &q);
  s.args =
      (mote_qconv16_args){.n = q.n,
                          .ih = q.ih,
                          .iw = q.iw,
                          .oh = q.oh,
                          .ow = q.ow,
                          .groups = q.groups,
                          .oc = q.oc,
                          .ic = q.ic,
                          .kh = q.kh,
                          .kw = q.kw,
                          .sh = q.sh,
                          .sw = q.sw,
                          .dh = q.dh,
                          .dw = q.dw,
                          .pad_top = q.pad_top,
                          .pad_left = q.pad_left,
                          .in_n = q.in_n,
                          .in_y = q.in_y,
                          .in_x = q.in_x,
                          .out_n = q.out_n,
                          .out_y = q.out_y,
                          .out_x = q.out_x,
                          .lo = q.lo,
                          .hi = q.hi,
                          .round = c->env->precision == MOTE_PRECISION_STRICT ? MOTE_QROUND_FIXED : MOTE_QROUND_AWAY};
  return mote_add_step(c, run_q16, &s, sizeof s, mote_qconv16_tiles(&s.args), 0, "mote_q16_conv__c", NULL);
}

// ------------------------------------------------------------------------------------------------ choice

mote_status mote_conv_prepare_int(mote_opctx *c, const mote_conv_part *part, bool *done) {
  const mote_tensor *x = c->in[0], *w = c->in[1];
  bool eight = x->dtype == MOTE_I8 || x->dtype == MOTE_U8;
  bool narrow = w->dtype == MOTE_I8 || w->dtype == MOTE_I4 || w->dtype == MOTE_I2;
  bool zeros = w->quant.zero_points == NULL && (w->quant.zero_point == 0 || w->dtype == MOTE_U8);
  *done = false;
  if (mote_conv_residual(c) != NULL || !zeros)
    return MOTE_OK;
  *done = true;
  if (eight && (narrow || w->dtype == MOTE_U8))
    return part->g.depthwise && !part->empty ? prepare_qdw(c, part) : prepare_qconv(c, part, false);
  if (x->dtype == MOTE_I16 && narrow)
    return prepare_q16(c, part);
  if (x->dtype == MOTE_F32 && narrow && w->quant.count > 0)
    return prepare_qconv(c, part, true);
  *done = false;
  return MOTE_OK;
}
