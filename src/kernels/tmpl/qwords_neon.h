// NEON operations for qconv_words_body.h and qdwconv_words_body.h. A vector is held as int32x4_t, its words too.
// Private to the rows that include it.
#ifndef MOTE_KERNELS_QWORDS_NEON_H
#define MOTE_KERNELS_QWORDS_NEON_H

#include <arm_neon.h>

#include "base/compiler.h"
#include "mote/mote.h"

#define LANES 4
#define vi int32x4_t
#define vf float32x4_t
#define AS_WORDS(v) vreinterpretq_s16_s32(v)
#define OF_WORDS(w) vreinterpretq_s32_s16(w)
#define LOAD(p) vld1q_s32((const int32_t *)(p))
#define SAVE(p, v) vst1q_s32((int32_t *)(p), v)
#define SET_I(x) vdupq_n_s32(x)
#define SET_F(x) vdupq_n_f32(x)
#define ADD_I(a, b) vaddq_s32(a, b)
#define MADD(a, b) multiplied_pairs(AS_WORDS(a), AS_WORDS(b))
#define TO_F(v) vcvtq_f32_s32(v)
#define LOAD_F(p) vld1q_f32(p)
#define ADD(a, b) vaddq_f32(a, b)
#define MUL(a, b) vmulq_f32(a, b)
#define MIN(a, b) vminq_f32(a, b)
#define ROUND(v) vcvtnq_s32_f32(v)
#define SET_W(x) OF_WORDS(vdupq_n_s16((int16_t)(x)))
#define SUB_W(a, b) OF_WORDS(vsubq_s16(AS_WORDS(a), AS_WORDS(b)))
#define WORDS_I8(p) OF_WORDS(vmovl_s8(vld1_s8((const int8_t *)(p))))
#define WORDS_U8(p) vreinterpretq_s32_u16(vmovl_u8(vld1_u8((const uint8_t *)(p))))
#define ZERO vdupq_n_s32(0)

MOTE_INLINE int32x4_t multiplied_pairs(int16x8_t a, int16x8_t b) {
  return vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b));
}

typedef struct requant {
  float32x4_t hi; // hi - zp
  int16x8_t zp, lo;
  bool u8;
} requant;

#define REQUANT(a)                                                                                                     \
  {                                                                                                                    \
    SET_F((float)((a)->hi - (a)->out_zp)), vdupq_n_s16((int16_t)(a)->out_zp), vdupq_n_s16((int16_t)(a)->lo),           \
        (a)->out_type == MOTE_U8                                                                                       \
  }

// Eight rounded integers to bytes; all narrowing saturates.
MOTE_INLINE void bytes_of(int32x4_t x, int32x4_t y, const requant *q, char *out) {
  int16x8_t words = vcombine_s16(vqmovn_s32(x), vqmovn_s32(y));
  words = vmaxq_s16(vqaddq_s16(words, q->zp), q->lo);
  if (q->u8)
    vst1_u8((uint8_t *)out, vqmovun_s16(words));
  else
    vst1_s8((int8_t *)out, vqmovn_s16(words));
}

#endif
