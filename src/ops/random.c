// Counter-based random bits and what is drawn from them. The bits are a function of the state alone, so a program's
// draws repeat. Source: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (2011).
// Tests: the TensorFlow Lite operator cases
#include <float.h>

#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ generators

// Ten rounds on four words.
static void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
  uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3], k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t p = (uint64_t)a * 0xD2511F53u, q = (uint64_t)c * 0xCD9E8D57u;
    a = (uint32_t)(q >> 32) ^ b ^ k0;
    b = (uint32_t)q;
    c = (uint32_t)(p >> 32) ^ d ^ k1;
    d = (uint32_t)p;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

// Twenty rounds on two words; a part of the key comes in after every four.
static void threefry(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
  static const uint8_t turns[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  uint32_t part[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAu};
  uint32_t a = counter[0] + part[0], b = counter[1] + part[1];
  for (uint32_t round = 0; round < 20; round++) {
    a += b;
    b = (b << turns[round % 8] | b >> (32 - turns[round % 8])) ^ a;
    if (round % 4 == 3) {
      uint32_t n = round / 4 + 1;
      a += part[n % 3];
      b += part[(n + 1) % 3] + n;
    }
  }
  out[0] = a, out[1] = b;
}

// ------------------------------------------------------------------------------------------------ bits

typedef struct bits_attr {
  int64_t algorithm; // 0 and 1 philox, 2 threefry: the schema's numbers
} bits_attr;

// Input: state as u64 [key, counter] or, for philox, [key, counter, more]. Outputs: the state afterwards, the bits. The
// shape and type of the second are what the file declares.
static mote_status bits_infer(mote_opctx *c) {
  const bits_attr *a = c->attr;
  const mote_tensor *state = c->in[0], *out = c->out[1];
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_U64));
  MOTE_TRY(mote_want_rank(c, 0, 1, 1));
  if (a->algorithm < 0 || a->algorithm > 2)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "algorithm %lld", (long long)a->algorithm);
  if (state->dim[0] != 2 && (state->dim[0] != 3 || a->algorithm == 2))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "a state of %lld words", (long long)state->dim[0]);
  if (out->dtype != MOTE_I32 && out->dtype != MOTE_U32 && out->dtype != MOTE_I64 && out->dtype != MOTE_U64)
    return mote_op_fail(c, MOTE_ERR_TYPE, "bits of %s", mote_dtype_name(out->dtype));
  for (int32_t i = 0; i < out->rank; i++)
    if (out->dim[i] < 0)
      return mote_op_fail(c, MOTE_ERR_SHAPE, "output 1 needs its shape in the file");
  mote_out_as(c, 0, 0);
  return MOTE_OK;
}

static mote_status bits_eval(mote_opctx *c) {
  bool fry = ((const bits_attr *)c->attr)->algorithm == 2;
  uint64_t state[3] = {0}, *next = c->out[0]->data;
  size_t words = (size_t)c->in[0]->dim[0], bytes;
  memcpy(state, c->in[0]->data, words * sizeof *state);
  if (!mote_tensor_bytes(c->out[1], &bytes))
    return mote_op_fail(c, MOTE_ERR_LIMIT, "output 1 is too large");
  uint64_t more = words == 3 ? state[2] : state[0];
  for (size_t at = 0, step = fry ? 8 : 16; at < bytes; at += step, state[1]++) {
    uint32_t key[2] = {(uint32_t)state[0], (uint32_t)(state[0] >> 32)}, out[4];
    uint32_t counter[4] = {(uint32_t)state[1], (uint32_t)(state[1] >> 32), (uint32_t)more, (uint32_t)(more >> 32)};
    (fry ? threefry : philox)(key, counter, out);
    memcpy((char *)c->out[1]->data + at, out, MOTE_MIN(step, bytes - at));
  }
  memcpy(next, state, words * sizeof *state);
  return MOTE_OK;
}

static const mote_attr_field bits_fields[] = {MOTE_ATTR(bits_attr, algorithm, MOTE_ATTR_INT, 0)};
static const mote_op op_random_bits = {"random_bits",
                                       MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 2, .attr_size = sizeof(bits_attr),
                                                  MOTE_FIELDS(bits_fields), .infer = bits_infer, .eval = bits_eval)};

// ------------------------------------------------------------------------------------------------ draws

typedef struct draw_attr {
  int64_t seed, seed2;
  bool normal;
} draw_attr;

// Input: the shape.
static mote_status draw_infer(mote_opctx *c) {
  mote_ints dim;
  if (mote_needs(c, 0))
    return MOTE_OK;
  MOTE_TRY(mote_want_int(c, 0));
  MOTE_TRY(mote_ints_of(c, 0, &dim));
  if (dim.count > MOTE_MAX_RANK)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "rank %d", dim.count);
  for (int32_t i = 0; i < dim.count; i++)
    if (dim.at[i] < 0)
      return mote_op_fail(c, MOTE_ERR_DATA, "dimension %lld", (long long)dim.at[i]);
  mote_out(c, 0, MOTE_F32, dim.count, dim.at);
  return MOTE_OK;
}

// 23 bits as the fraction of a float in [1, 2).
static float unit_of(uint32_t bits) {
  uint32_t u = 0x3f800000u | (bits & 0x7fffffu);
  float f;
  memcpy(&f, &u, sizeof f);
  return f - 1.0f;
}

// Four numbers of one block; normal ones by pairs after Box and Muller.
static void draw_block(const draw_attr *a, const uint32_t bits[4], float out[4]) {
  for (int i = 0; i < 4; i++)
    out[i] = unit_of(bits[i]);
  for (int i = 0; a->normal && i < 4; i += 2) {
    float u = out[i] < 1e-7f ? 1e-7f : out[i], angle = 6.2831855f * out[i + 1], r = sqrtf(-2.0f * logf(u));
    out[i] = sinf(angle) * r;
    out[i + 1] = cosf(angle) * r;
  }
}

// The generator's place in its sequence is kept between runs.
#define SLOT_DRAW ((int64_t)1 << 42)
static mote_status draw_place(mote_opctx *c, mote_variable **place, uint64_t *counter) {
  const draw_attr *a = c->attr;
  *place = mote_op_variable(c, SLOT_DRAW ^ a->seed ^ (int64_t)((uint64_t)a->seed2 << 20));
  if (*place == NULL)
    return mote_fail_nomem(c->err);
  *counter = (*place)->assigned ? (uint64_t)(*place)->t.dim[0] : 0;
  return MOTE_OK;
}
static void draw_leave(mote_variable *place, uint64_t counter) {
  place->t.dim[0] = (int64_t)counter;
  place->assigned = true;
}
// The files' runtimes keep 32 bits of a seed, with its sign.
static void draw_bits(const draw_attr *a, uint64_t counter, uint32_t bits[4]) {
  uint32_t key[2] = {(uint32_t)a->seed, (int32_t)a->seed < 0 ? UINT32_MAX : 0};
  uint32_t at[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)a->seed2,
                    (int32_t)a->seed2 < 0 ? UINT32_MAX : 0};
  philox(key, at, bits);
}

static mote_status draw_eval(mote_opctx *c) {
  const draw_attr *a = c->attr;
  mote_variable *place;
  uint64_t counter;
  MOTE_TRY(draw_place(c, &place, &counter));
  int64_t n = mote_tensor_numel(c->out[0]);
  float *out = c->out[0]->data;
  for (int64_t i = 0; i < n; i += 4, counter++) {
    uint32_t bits[4];
    float four[4];
    draw_bits(a, counter, bits);
    draw_block(a, bits, four);
    memcpy(out + i, four, (size_t)MOTE_MIN(4, n - i) * sizeof *out);
  }
  draw_leave(place, counter);
  return MOTE_OK;
}

static const mote_attr_field draw_fields[] = {MOTE_ATTR(draw_attr, seed, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(draw_attr, seed2, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(draw_attr, normal, MOTE_ATTR_BOOL, 0)};
static const mote_op op_random_draw = {"random_draw",
                                       MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_RANDOM | MOTE_OP_NO_FOLD,
                                                  .min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(draw_attr),
                                                  MOTE_FIELDS(draw_fields), .infer = draw_infer, .eval = draw_eval)};

// Inputs: logarithms of weights [batch, classes], the number of draws from each row. Output: classes.
static mote_status pick_infer(mote_opctx *c) {
  int64_t n, dim[2];
  mote_dtype to = c->out[0]->dtype == MOTE_I32 ? MOTE_I32 : MOTE_I64;
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_rank(c, 0, 2, 2));
  if (mote_needs(c, 1))
    return MOTE_OK;
  MOTE_TRY(mote_want_int(c, 1));
  MOTE_TRY(mote_int_of(c, 1, &n));
  if (n < 0 || c->in[0]->dim[1] < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld draws from %lld classes", (long long)n, (long long)c->in[0]->dim[1]);
  dim[0] = c->in[0]->dim[0];
  dim[1] = n;
  mote_out(c, 0, to, 2, dim);
  return MOTE_OK;
}
static size_t pick_scratch(const mote_opctx *c) { return (size_t)c->in[0]->dim[1] * sizeof(double); }

// Running sums of the weights over the largest one. What is not finite weighs nothing.
static void pick_sums(const float *x, int64_t classes, double *sum) {
  float top = -FLT_MAX;
  double total = 0;
  for (int64_t i = 0; i < classes; i++)
    top = isfinite(x[i]) && x[i] > top ? x[i] : top;
  for (int64_t i = 0; i < classes; i++)
    sum[i] = total += isfinite(x[i]) ? exp((double)x[i] - (double)top) : 0;
}
// The first class whose sum lies above a number of 52 random bits in [0, the last sum).
static int64_t pick_one(const uint32_t bits[2], const double *sum, int64_t classes) {
  double u = ldexp((double)((uint64_t)(bits[0] & 0xfffff) << 32 | bits[1]), -52) * sum[classes - 1];
  int64_t k = 0;
  while (k < classes && sum[k] <= u)
    k++;
  return k;
}
// A draw takes two words; a run uses up 512 blocks for every draw, rounded up to four a row, as TensorFlow does it.
static mote_status pick_eval(mote_opctx *c) {
  const mote_tensor *in = c->in[0], *out = c->out[0];
  int64_t classes = in->dim[1], n = out->dim[1], used = 4;
  double *sum = c->scratch;
  mote_variable *place;
  uint64_t counter;
  uint32_t bits[4];
  MOTE_TRY(draw_place(c, &place, &counter));
  draw_leave(place, counter + (uint64_t)(in->dim[0] * mote_ceil_div(n, 4)) * 4 * 512);
  for (int64_t i = 0; i < in->dim[0] * n; i++, used += 2) {
    if (i % n == 0)
      pick_sums((const float *)in->data + i / n * classes, classes, sum);
    if (used == 4) {
      draw_bits(c->attr, counter++, bits);
      used = 0;
    }
    mote_store_i64(out->data, out->dtype, i, pick_one(bits + used, sum, classes));
  }
  return MOTE_OK;
}
static const mote_op op_random_pick = {
    "random_pick", MOTE_RULES(.flags = MOTE_OP_EFFECT | MOTE_OP_RANDOM | MOTE_OP_NO_FOLD, .min_in = 2, .max_in = 2,
                              .n_out = 1, .attr_size = sizeof(draw_attr), MOTE_FIELDS(draw_fields), .infer = pick_infer,
                              .eval = pick_eval, .more = MOTE_MORE(.scratch = pick_scratch))};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(146, 1, "RANDOM_STANDARD_NORMAL seed:i64 seed2:i64 normal=1", op_random_draw),
    MOTE_TFLITE_OP(148, 1, "RANDOM_UNIFORM seed:i64 seed2:i64", op_random_draw),
    MOTE_TFLITE_OP(149, 1, "MULTINOMIAL seed:i64 seed2:i64", op_random_pick),
    MOTE_TFLITE_OP(204, 1, "STABLEHLO_RNG_BIT_GENERATOR algorithm:i8", op_random_bits),
};
const mote_op_family mote_family_random = {MOTE_ROWS(tflite, tflite_rows)};
