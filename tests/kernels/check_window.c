// NHWC windows for the checks: see check_window.h.
#include "kernels/check_window.h"

check_window check_window_random(checker *c, size_t kernel) {
  check_window w = {.n = 1 + check_random_below(c, 2)};
  mote_slide *s = &w.slide;
  const bool square = check_random_below(c, 2) == 0;
  s->kh = 1 + check_random_below(c, kernel);
  s->kw = square ? s->kh : 1 + check_random_below(c, kernel);
  s->stride_h = 1 + check_random_below(c, 3);
  s->stride_w = square ? s->stride_h : 1 + check_random_below(c, 3);
  s->dilation_h = check_random_below(c, 4) == 0 ? 2 : 1;
  s->dilation_w = check_random_below(c, 4) == 0 ? 2 : 1;
  s->pad_top = (ptrdiff_t)check_random_below(c, s->kh + 2) - 1;
  s->pad_left = (ptrdiff_t)check_random_below(c, s->kw + 2) - 1;
  w.in_h = 1 + check_random_below(c, 12);
  w.in_w = 1 + check_random_below(c, 12);
  w.out_h = 1 + check_random_below(c, 8);
  w.out_w = 1 + check_random_below(c, 11);
  w.w_gap = check_random_below(c, 3) == 0 ? check_random_below(c, 6) : 0;
  w.h_gap = check_random_below(c, 3) == 0 ? check_random_below(c, 6) : 0;
  w.place = (check_place)check_random_below(c, 3);
  return w;
}

static size_t window_size(size_t n, size_t h, size_t w, size_t channels, const check_window *g) {
  const size_t pixel = channels + g->w_gap, row = w * pixel + g->h_gap;
  return n * h * row - g->h_gap - g->w_gap; // nothing behind the last pixel
}

size_t check_window_in_size(const check_window *w, size_t channels) {
  return window_size(w->n, w->in_h, w->in_w, channels, w);
}

size_t check_window_out_size(const check_window *w, size_t channels) {
  return window_size(w->n, w->out_h, w->out_w, channels, w);
}

mote_f32_in check_window_in(checker *c, const check_window *w, size_t channels) {
  const size_t size = check_window_in_size(w, channels);
  float *data = check_buffer(c, size * sizeof(float), w->place);
  check_fill_f32(c, data, size, -1, 1);
  const ptrdiff_t pixel = (ptrdiff_t)(channels + w->w_gap), row = (ptrdiff_t)w->in_w * pixel + (ptrdiff_t)w->h_gap;
  return (mote_f32_in){data, w->n, w->in_h, w->in_w, (ptrdiff_t)w->in_h * row, row, pixel};
}

mote_f32_out check_window_out(checker *c, const check_window *w, size_t channels) {
  float *data = check_buffer(c, check_window_out_size(w, channels) * sizeof(float), w->place);
  const ptrdiff_t pixel = (ptrdiff_t)(channels + w->w_gap), row = (ptrdiff_t)w->out_w * pixel + (ptrdiff_t)w->h_gap;
  return (mote_f32_out){data, w->n, w->out_h, w->out_w, (ptrdiff_t)w->out_h * row, row, pixel};
}

const float *check_window_pixel(const mote_f32_in *in, const mote_slide *s, size_t n, size_t y, size_t x, size_t i,
                                size_t j) {
  const ptrdiff_t iy = (ptrdiff_t)(y * s->stride_h + i * s->dilation_h) - s->pad_top;
  const ptrdiff_t ix = (ptrdiff_t)(x * s->stride_w + j * s->dilation_w) - s->pad_left;
  if (iy < 0 || ix < 0 || iy >= (ptrdiff_t)in->h || ix >= (ptrdiff_t)in->w)
    return NULL;
  return in->data + (ptrdiff_t)n * in->n_stride + iy * in->h_stride + ix * in->w_stride;
}
