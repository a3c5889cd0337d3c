// qconv16: 16-bit convolution, full and depthwise, against a plain loop over the definition in qconv16.h.
#include "kernels/qconv16.h"

#include <math.h>
#include <string.h>

#include "kernels/check_codes.h"

typedef struct conv16_case {
  mote_qconv16_weights w;
  mote_qconv16_args a;
  void *packed;
} conv16_case;

static void random_shape(checker *c, mote_qconv16_weights *w) {
  const int kind = check_between(c, 0, 2); // depthwise, grouped, plain
  w->groups = kind == 0 ? (uint32_t)check_between(c, 2, 20) : kind == 1 ? (uint32_t)check_between(c, 2, 3) : 1;
  w->ic = kind == 0 ? 1 : (uint32_t)(check_between(c, 0, 9) ? check_between(c, 1, 20) : 700);
  w->oc = kind == 0 ? (uint32_t)check_between(c, 1, 2) : (uint32_t)check_between(c, 1, 20);
  w->kh = (uint32_t)check_between(c, 1, 3);
  w->kw = (uint32_t)check_between(c, 1, 3);
}

static conv16_case random_case(checker *c) {
  conv16_case q = {0};
  mote_qconv16_weights *w = &q.w;
  mote_qconv16_args *a = &q.a;
  random_shape(c, w);
  const size_t columns = (size_t)w->groups * w->oc, taps = (size_t)w->ic * w->kh * w->kw;
  w->w_i = 1;
  w->w_x = (ptrdiff_t)w->ic;
  w->w_y = w->w_x * w->kw;
  w->w_o = w->w_y * w->kh;
  int8_t *codes = check_buffer(c, columns * taps, CHECK_END);
  int64_t *bias = check_buffer(c, columns * 8, CHECK_END);
  double *scale = check_buffer(c, columns * 8, CHECK_END);
  check_fill_bytes(c, codes, columns * taps);
  for (size_t i = 0; i < columns; i++) {
    bias[i] = (int64_t)check_between(c, -1000000, 1000000) * 100;
    scale[i] = check_between(c, 1, 1000) * 1e-7;
  }
  w->w = codes;
  w->bias = check_between(c, 0, 2) ? bias : NULL;
  w->scale = scale;
  w->scale_count = check_between(c, 0, 1) ? 1 : (uint32_t)columns;
  *a = (mote_qconv16_args){.n = (uint32_t)check_between(c, 1, 2),
                           .ih = (uint32_t)check_between(c, 1, 6),
                           .iw = (uint32_t)check_between(c, 1, 6),
                           .oh = (uint32_t)check_between(c, 1, 4),
                           .ow = (uint32_t)check_between(c, 1, 4),
                           .groups = w->groups,
                           .oc = w->oc,
                           .ic = w->ic,
                           .kh = w->kh,
                           .kw = w->kw,
                           .sh = (uint32_t)check_between(c, 1, 2),
                           .sw = (uint32_t)check_between(c, 1, 2),
                           .dh = 1,
                           .dw = (uint32_t)check_between(c, 1, 2),
                           .pad_top = check_between(c, -1, 1),
                           .pad_left = check_between(c, -1, 1),
                           .lo = -32768,
                           .hi = 32767,
                           .round = check_between(c, 0, 1) ? MOTE_QROUND_AWAY : MOTE_QROUND_FIXED,
                           .sum32 = check_between(c, 0, 2) == 0};
  a->in_x = (ptrdiff_t)(w->groups * w->ic);
  a->in_y = a->in_x * a->iw;
  a->in_n = a->in_y * a->ih;
  a->out_x = (ptrdiff_t)columns + check_between(c, 0, 2);
  a->out_y = a->out_x * a->ow;
  a->out_n = a->out_y * a->oh;
  const size_t in_size = (size_t)a->in_n * a->n * 2;
  int16_t *in = check_buffer(c, in_size, CHECK_END);
  check_fill_bytes(c, in, in_size);
  a->in = in;
  a->out = check_buffer(c, (size_t)(a->out_n * a->n - a->out_x + (ptrdiff_t)columns) * 2, CHECK_END);
  q.packed = check_buffer(c, mote_qconv16_packed_size(w), CHECK_ALIGNED);
  return q;
}

static int32_t expected(const conv16_case *q, uint32_t n, uint32_t oy, uint32_t ox, uint32_t channel) {
  const mote_qconv16_args *a = &q->a;
  const mote_qconv16_weights *w = &q->w;
  int64_t sum = w->bias ? w->bias[channel] : 0;
  for (uint32_t y = 0; y < a->kh; y++)
    for (uint32_t x = 0; x < a->kw; x++)
      for (uint32_t i = 0; i < a->ic; i++) {
        const int64_t iy = (int64_t)oy * a->sh - a->pad_top + (int64_t)y * a->dh;
        const int64_t ix = (int64_t)ox * a->sw - a->pad_left + (int64_t)x * a->dw;
        if (iy < 0 || iy >= a->ih || ix < 0 || ix >= a->iw)
          continue;
        const ptrdiff_t at = n * a->in_n + iy * a->in_y + ix * a->in_x + (ptrdiff_t)(channel / a->oc * a->ic + i);
        sum += (int64_t)a->in[at] * w->w[(ptrdiff_t)channel * w->w_o + y * w->w_y + x * w->w_x + i * w->w_i];
      }
  const double scale = w->scale[w->scale_count == 1 ? 0 : channel];
  if (a->round == MOTE_QROUND_FIXED && a->sum32)
    return (int32_t)fmax(fmin(mote_qfix_mul((int32_t)(uint32_t)(uint64_t)sum, mote_qfix_from(scale)), a->hi), a->lo);
  const double q64 =
      a->round == MOTE_QROUND_FIXED ? mote_qfix_mul64(sum, mote_qfix_from(scale)) : round((double)sum * scale);
  return (int32_t)fmax(fmin(q64, a->hi), a->lo);
}

static void pack_and_run_backwards(void *arg) {
  conv16_case *q = arg;
  mote_qconv16_pack(&q->w, q->packed);
  for (uint32_t t = mote_qconv16_tiles(&q->a); t-- > 0;)
    mote_qconv16_run(&q->a, q->packed, t, t + 1);
}

static void test(checker *c) {
  for (int i = 0; i < 400; i++) {
    check_reset(c);
    conv16_case q = random_case(c);
    const mote_qconv16_args *a = &q.a;
    if (!check_guarded_call(c, "mote_qconv16", pack_and_run_backwards, &q))
      continue;
    bool right = true;
    for (uint32_t n = 0; n < a->n; n++)
      for (uint32_t y = 0; y < a->oh; y++)
        for (uint32_t x = 0; x < a->ow; x++)
          for (uint32_t k = 0; k < a->groups * a->oc; k++)
            right &= a->out[n * a->out_n + y * a->out_y + x * a->out_x + (ptrdiff_t)k] == expected(&q, n, y, x, k);
    check_case(c, right, "mote_qconv16", "groups %u oc %u ic %u kernel %ux%u round %d", a->groups, a->oc, a->ic, a->kh,
               a->kw, a->round);
  }
}

const check_family check_family_qconv16 = {"qconv16", test, NULL};
