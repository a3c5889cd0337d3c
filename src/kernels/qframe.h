// What the arguments of kernels that slide over codes have in common. They hold these members as their own and as one
// struct, so that whoever prepares a call fills them once for all. Knows no kernel. Tests: through
// tests/kernels/check_q*conv*.c
#ifndef MOTE_KERNELS_QFRAME_H
#define MOTE_KERNELS_QFRAME_H

#include "kernels/qround.h"
#include "mote/mote.h"

#define MOTE_QWINDOW_MEMBERS                                                                                           \
  uint32_t n, ih, iw, oh, ow; /* the input and output windows */                                                       \
  uint32_t kh, kw;                                                                                                     \
  uint32_t sh, sw, dh, dw; /* stride and dilation, >= 1 */                                                             \
  /* Input row of output row 0 is -pad_top. A window into a larger image shifts the pads (they may be negative): rows  \
     and columns outside 0..ih-1, 0..iw-1 count as padding. */                                                         \
  int32_t pad_top, pad_left;                                                                                           \
  ptrdiff_t in_n, in_y, in_x; /* elements from an image, a row, a pixel to the next */                                 \
  ptrdiff_t out_n, out_y, out_x;
typedef struct mote_qwindow {
  MOTE_QWINDOW_MEMBERS
} mote_qwindow;

#define MOTE_QCODES_MEMBERS                                                                                            \
  mote_dtype in_type;     /* MOTE_I8 or MOTE_U8 */                                                                     \
  mote_dtype out_type;    /* MOTE_I8, MOTE_U8, MOTE_I16, MOTE_I32 or MOTE_F32 */                                       \
  int32_t in_zp;          /* within the range of in_type */                                                            \
  int32_t out_zp, lo, hi; /* 8- and 16-bit outputs; within the range of out_type */                                    \
  mote_qround round;                                                                                                   \
  bool rest;      /* whether the weights were packed with a float_bias for codes */                                    \
  float flo, fhi; /* F32: clamp; -INFINITY, INFINITY for none */
typedef struct mote_qcodes {
  MOTE_QCODES_MEMBERS
} mote_qcodes;

#define MOTE_QWINDOW                                                                                                   \
  union {                                                                                                              \
    mote_qwindow window;                                                                                               \
    struct {                                                                                                           \
      MOTE_QWINDOW_MEMBERS                                                                                             \
    };                                                                                                                 \
  }
#define MOTE_QCODES                                                                                                    \
  union {                                                                                                              \
    mote_qcodes codes;                                                                                                 \
    struct {                                                                                                           \
      MOTE_QCODES_MEMBERS                                                                                              \
    };                                                                                                                 \
  }

#endif
