// NHWC windows for the checks of convolution, depthwise and pooling: shapes, random cases, plain addressing.
#ifndef MOTE_TESTS_KERNELS_CHECK_WINDOW_H
#define MOTE_TESTS_KERNELS_CHECK_WINDOW_H

#include "kernels/checker.h"
#include "kernels/nhwc.h"

typedef struct check_window {
  mote_slide slide;
  size_t n, in_h, in_w, out_h, out_w;
  size_t w_gap, h_gap; // elements added to the pixel stride and to the row stride
  check_place place;
} check_window;

// Kernels up to `kernel`, strides to 3, dilations to 2, pads that reach outside or lie inside.
check_window check_window_random(checker *c, size_t kernel);

// Elements of the buffers, and the buffers: the input filled with [-1, 1), the output poisoned.
size_t check_window_in_size(const check_window *w, size_t channels);
size_t check_window_out_size(const check_window *w, size_t channels);
mote_f32_in check_window_in(checker *c, const check_window *w, size_t channels);
mote_f32_out check_window_out(checker *c, const check_window *w, size_t channels);

// The pixel that tap (i, j) of output (n, y, x) reads; NULL: padding.
const float *check_window_pixel(const mote_f32_in *in, const mote_slide *s, size_t n, size_t y, size_t x, size_t i,
                                size_t j);

#endif
