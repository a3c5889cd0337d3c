// Quantised element-wise work, eight codes at a time (contract: qeltwise.h). Tests: tests/kernels/check_qeltwise.c
#include <arm_neon.h>

#include "base/compiler.h"

// Two registers make one vector of eight lanes.
#define LANES 8
#define vf float32x4x2_t
#define vi int32x4x2_t

MOTE_INLINE int32x4x2_t widened(int16x8_t w) {
  int32x4x2_t v = {{vmovl_s16(vget_low_s16(w)), vmovl_s16(vget_high_s16(w))}};
  return v;
}

MOTE_INLINE int16x8_t narrowed(int32x4x2_t v) { return vcombine_s16(vqmovn_s32(v.val[0]), vqmovn_s32(v.val[1])); }

#define PAIR_F(name, op)                                                                                               \
  MOTE_INLINE float32x4x2_t name(float32x4x2_t a, float32x4x2_t b) {                                                   \
    float32x4x2_t v = {{op(a.val[0], b.val[0]), op(a.val[1], b.val[1])}};                                              \
    return v;                                                                                                          \
  }
#define PAIR_I(name, op)                                                                                               \
  MOTE_INLINE int32x4x2_t name(int32x4x2_t a, int32x4x2_t b) {                                                         \
    int32x4x2_t v = {{op(a.val[0], b.val[0]), op(a.val[1], b.val[1])}};                                                \
    return v;                                                                                                          \
  }
PAIR_F(add2, vaddq_f32)
PAIR_F(mul2, vmulq_f32)
PAIR_F(div2, vdivq_f32)
PAIR_I(add2i, vaddq_s32)
PAIR_I(sub2i, vsubq_s32)
PAIR_I(mul2i, vmulq_s32)
PAIR_I(min2i, vminq_s32)
PAIR_I(max2i, vmaxq_s32)
PAIR_I(shift2i, vshlq_s32)

// The x86 instructions' choice when an operand is NaN: the second.
MOTE_INLINE float32x4_t min_second(float32x4_t a, float32x4_t b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
MOTE_INLINE float32x4_t max_second(float32x4_t a, float32x4_t b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
PAIR_F(min2, min_second)
PAIR_F(max2, max_second)

MOTE_INLINE float32x4_t and_bits(float32x4_t a, float32x4_t b) {
  return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
MOTE_INLINE float32x4_t or_bits(float32x4_t a, float32x4_t b) {
  return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
PAIR_F(and2, and_bits)
PAIR_F(or2, or_bits)

MOTE_INLINE int32x4x2_t load_i8(const int8_t *p) { return widened(vmovl_s8(vld1_s8(p))); }
MOTE_INLINE int32x4x2_t load_u8(const uint8_t *p) { return widened(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(p)))); }
MOTE_INLINE int32x4x2_t set_i(int32_t x) {
  int32x4x2_t v = {{vdupq_n_s32(x), vdupq_n_s32(x)}};
  return v;
}
MOTE_INLINE float32x4x2_t set_f(float x) {
  float32x4x2_t v = {{vdupq_n_f32(x), vdupq_n_f32(x)}};
  return v;
}
MOTE_INLINE float32x4x2_t load_f32(const float *p) {
  float32x4x2_t v = {{vld1q_f32(p), vld1q_f32(p + 4)}};
  return v;
}
MOTE_INLINE void store_f32(float *p, float32x4x2_t v) {
  vst1q_f32(p, v.val[0]);
  vst1q_f32(p + 4, v.val[1]);
}
MOTE_INLINE float32x4x2_t to_f(int32x4x2_t v) {
  float32x4x2_t f = {{vcvtq_f32_s32(v.val[0]), vcvtq_f32_s32(v.val[1])}};
  return f;
}
MOTE_INLINE int32x4x2_t round_even(float32x4x2_t f) {
  int32x4x2_t v = {{vcvtnq_s32_f32(f.val[0]), vcvtnq_s32_f32(f.val[1])}};
  return v;
}
MOTE_INLINE int32x4x2_t truncated(float32x4x2_t f) {
  int32x4x2_t v = {{vcvtq_s32_f32(f.val[0]), vcvtq_s32_f32(f.val[1])}};
  return v;
}

#define LOAD_I8(p) load_i8(p)
#define LOAD_U8(p) load_u8(p)
#define LOAD_I16(p) widened(vld1q_s16(p))
#define LOAD_F32(p) load_f32(p)
#define STORE_I8(p, v) vst1_s8(p, vqmovn_s16(narrowed(v)))
#define STORE_U8(p, v) vst1_u8(p, vqmovun_s16(narrowed(v)))
#define STORE_I16(p, v) vst1q_s16(p, narrowed(v))
#define STORE_F32(p, v) store_f32(p, v)
#define SET_I(x) set_i(x)
#define SET_F(x) set_f(x)
#define SUB_I(a, b) sub2i(a, b)
#define ADD_I(a, b) add2i(a, b)
#define MUL_I(a, b) mul2i(a, b)
#define SHIFT_I(v, n) shift2i(v, set_i(-(n))) // left by a negative count is right, keeping the sign
#define MIN_I(a, b) min2i(a, b)
#define MAX_I(a, b) max2i(a, b)
#define TO_F(v) to_f(v)
#define ADD(a, b) add2(a, b)
#define MUL(a, b) mul2(a, b)
#define DIV(a, b) div2(a, b)
#define MIN(a, b) min2(a, b)
#define MAX(a, b) max2(a, b)
#define AND_F(a, b) and2(a, b)
#define OR_F(a, b) or2(a, b)
#define ROUND(v) round_even(v)
#define TRUNCATE(v) truncated(v)

#define ROW_NAME mote_q_eltwise_8__neon
#define ROW_TEXT "mote_q_eltwise_8__neon"
#define ROW_NEEDS MOTE_CPU_NEON
#include "kernels/tmpl/qeltwise_body.h"
