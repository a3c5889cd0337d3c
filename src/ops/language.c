// Operators of language models on devices: skip-grams of a sentence, and projections by hashes that keep what is alike
// together. Must not know files. Tests: the cases skip_gram*, lsh_* and refused_* of tests/models
#include "ops/opkit.h"

// ------------------------------------------------------------------------------------------------ skip-grams

#define MOST_WORDS 64 // of a gram
typedef struct gram_attr {
  int64_t size, skip;
  bool all; // shorter grams too
} gram_attr;

// The words' places in grams are enumerated twice: to count, then to write.
typedef struct grams {
  gram_attr a;
  const mote_strref *word;
  int64_t n, at[MOST_WORDS], count;
  size_t bytes, limit;
  mote_strref *out; // NULL while counting
  char *text;
} grams;

static mote_status gram_infer(mote_opctx *c) {
  const gram_attr *a = c->attr;
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_STRING));
  if (mote_tensor_numel(c->in[0]) < 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "no sentence");
  if (a->size < 1 || a->size > MOST_WORDS || a->skip < 0)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "grams of %lld words, %lld skipped", (long long)a->size,
                        (long long)a->skip);
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Words between white space. What begins with white space is no word, unless it is the last: so do the files' runtimes.
static int64_t split(const mote_strref *s, mote_strref *word) {
  int64_t n = 0;
  size_t from = 0;
  for (size_t i = 1; i < s->len; i++)
    if (is_space(s->at[i])) {
      if (i > from && !is_space(s->at[from]))
        word[n++] = (mote_strref){s->at + from, i - from};
      from = i + 1;
    }
  if (s->len > from)
    word[n++] = (mote_strref){s->at + from, s->len - from};
  return n;
}

static void gram_put(grams *g, int64_t words) {
  char *start = g->text;
  size_t bytes = (size_t)words - 1;
  for (int64_t i = 0; i < words; i++) {
    const mote_strref *w = &g->word[g->at[i]];
    bytes += w->len;
    if (g->out == NULL)
      continue;
    if (i > 0)
      *g->text++ = ' ';
    memcpy(g->text, w->at, w->len);
    g->text += w->len;
  }
  if (g->out != NULL)
    g->out[g->count] = (mote_strref){start, bytes};
  g->count++;
  g->bytes += bytes + sizeof(mote_strref);
}

// All grams that begin with the first `words` words; longer ones come first. False: they are too many. Only beginnings
// that can become long enough are looked at.
static bool gram_extend(grams *g, int64_t words) {
  int64_t last = g->at[words - 1];
  for (int64_t next = last + 1; words < g->a.size && next < g->n && next - last - 1 <= g->a.skip; next++) {
    if (!g->a.all && g->n - next < g->a.size - words)
      break;
    g->at[words] = next;
    if (!gram_extend(g, words + 1))
      return false;
  }
  if (g->a.all || words == g->a.size)
    gram_put(g, words);
  return g->bytes <= g->limit;
}
static bool gram_list(grams *g) {
  g->count = 0;
  g->bytes = 0;
  for (g->at[0] = 0; g->n >= g->a.size && g->at[0] < g->n; g->at[0]++)
    if (!gram_extend(g, 1))
      return false;
  return true;
}

// The characters stand behind the references, in the output's memory.
static mote_status gram_write(mote_opctx *c, grams *g) {
  if (!gram_list(g))
    return mote_op_fail(c, MOTE_ERR_LIMIT, "too many grams");
  int64_t count = g->count, room = count + mote_ceil_div((int64_t)g->bytes, (int64_t)sizeof(mote_strref));
  mote_out(c, 0, MOTE_STRING, 1, &room);
  MOTE_TRY(mote_op_output(c, 0));
  g->out = c->out[0]->data;
  g->text = (char *)(g->out + count);
  gram_list(g);
  mote_out(c, 0, MOTE_STRING, 1, &count);
  return MOTE_OK;
}
static mote_status gram_eval(mote_opctx *c) {
  const mote_strref *s = c->in[0]->data;
  mote_strref *word = mote_alloc(c->env->al, (s->len / 2 + 1) * sizeof *word);
  if (word == NULL)
    return mote_fail_nomem(c->err);
  grams g = {.a = *(const gram_attr *)c->attr, .word = word, .n = split(s, word), .limit = c->env->memory_limit};
  mote_status status = gram_write(c, &g);
  mote_free(c->env->al, word);
  return status;
}
static const mote_attr_field gram_fields[] = {MOTE_ATTR(gram_attr, size, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(gram_attr, skip, MOTE_ATTR_INT, 0),
                                              MOTE_ATTR(gram_attr, all, MOTE_ATTR_BOOL, 0)};
static const mote_op op_grams = {"skip_gram",
                                 MOTE_RULES(.min_in = 1, .max_in = 1, .n_out = 1, .attr_size = sizeof(gram_attr),
                                            MOTE_FIELDS(gram_fields), .infer = gram_infer, .eval = gram_eval)};

// ------------------------------------------------------------------------------------------------ hashes

// FarmHash's 64-bit fingerprint (Pike, 2014; its "na" family) of 4 to 64 bytes. All arithmetic wraps.
static const uint64_t K1 = 0xb492b66fbe98f273, K2 = 0x9ae16a3b2f90404f;

static uint64_t load(const uint8_t *p, int bytes) {
  uint64_t v = 0;
  while (bytes-- > 0)
    v = v << 8 | p[bytes];
  return v;
}
static uint64_t load64(const uint8_t *p) { return load(p, 8); }
static uint64_t rotate(uint64_t v, int by) { return v >> by | v << (64 - by); }
static uint64_t mix(uint64_t v) { return v ^ v >> 47; }
static uint64_t two(uint64_t u, uint64_t v, uint64_t mul) { return mix((v ^ mix((u ^ v) * mul)) * mul) * mul; }

// 4 to 16 bytes.
static uint64_t hash_short(const uint8_t *s, size_t n) {
  uint64_t mul = K2 + n * 2;
  if (n >= 8) {
    uint64_t a = load64(s) + K2, b = load64(s + n - 8);
    return two(rotate(b, 37) * mul + a, (rotate(a, 25) + b) * mul, mul);
  }
  return two(n + (load(s, 4) << 3), load(s + n - 4, 4), mul);
}
// 17 to 64 bytes.
static uint64_t hash_middle(const uint8_t *s, size_t n) {
  bool wide = n > 32;
  uint64_t mul = K2 + n * 2, a = load64(s) * (wide ? K2 : K1), b = load64(s + 8), c = load64(s + n - 8) * mul,
           d = load64(s + n - 16) * K2;
  uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d, z = two(y, a + rotate(b + K2, 18) + c, mul);
  if (!wide)
    return z;
  uint64_t e = load64(s + 16) * mul, f = load64(s + 24), g = (y + load64(s + n - 32)) * mul,
           h = (z + load64(s + n - 24)) * mul;
  return two(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, mul);
}

// ------------------------------------------------------------------------------------------------ projection

// A key is a seed and a row's bytes, as many as the hash takes; a function's bits fit the output's type.
enum { SPARSE = 1, DENSE, SEED_BYTES = sizeof(float), MOST_KEY = 64, MOST_BITS = 32 };
typedef struct lsh_attr {
  int64_t kind;
} lsh_attr;

static size_t lsh_row(const mote_opctx *c) {
  return (size_t)mote_dims_product(c->in[1], 1, c->in[1]->rank) * mote_dtype_size(c->in[1]->dtype);
}
// Inputs: seeds of hash functions [functions, bits], rows of any type of numbers [n, ...], maybe a weight for each row.
// Output: a number of so many bits for each function, or the bits.
static mote_status lsh_infer(mote_opctx *c) {
  const lsh_attr *a = c->attr;
  const mote_tensor *seed = c->in[0], *x = c->in[1];
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_F32));
  MOTE_TRY(mote_want_rank(c, 0, 2, 2));
  MOTE_TRY(mote_want_rank(c, 1, 1, MOTE_MAX_RANK));
  if (x->dtype == MOTE_STRING || mote_dtype_size(x->dtype) == 0)
    return mote_bad_dtype(c, 1);
  if (mote_has(c, 2))
    MOTE_TRY(mote_want_dtype(c, 2, MOTE_F32));
  if (a->kind != SPARSE && a->kind != DENSE)
    return mote_op_fail(c, MOTE_ERR_FORMAT, "kind %lld", (long long)a->kind);
  if (lsh_row(c) > MOST_KEY - SEED_BYTES)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "rows of %zu bytes", lsh_row(c));
  if (seed->dim[1] > MOST_BITS)
    return mote_op_fail(c, MOTE_ERR_LIMIT, "%lld bits", (long long)seed->dim[1]);
  if (x->dim[0] < 1 || (mote_has(c, 2) && mote_tensor_numel(c->in[2]) != x->dim[0]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "no rows, or another number of weights");
  int64_t n = a->kind == SPARSE ? seed->dim[0] : mote_tensor_numel(seed);
  mote_out(c, 0, MOTE_I32, 1, &n);
  return MOTE_OK;
}

// The sign of the weighted sum of the rows' hashes; a hash is of the seed and the row's bytes.
static uint32_t lsh_bit(const mote_opctx *c, int64_t i) {
  size_t row = lsh_row(c);
  uint8_t key[MOST_KEY];
  double score = 0;
  memcpy(key, (const float *)c->in[0]->data + i, SEED_BYTES);
  for (int64_t k = 0; k < c->in[1]->dim[0]; k++) {
    memcpy(key + SEED_BYTES, (const uint8_t *)c->in[1]->data + (size_t)k * row, row);
    double hash = (double)(int64_t)(SEED_BYTES + row > 16 ? hash_middle : hash_short)(key, SEED_BYTES + row);
    score += mote_has(c, 2) ? (double)((const float *)c->in[2]->data)[k] * hash : hash;
  }
  return score > 0;
}
static mote_status lsh_eval(mote_opctx *c) {
  bool sparse = ((const lsh_attr *)c->attr)->kind == SPARSE;
  int64_t bits = c->in[0]->dim[1];
  uint32_t *out = c->out[0]->data;
  for (int64_t i = 0; i < c->in[0]->dim[0]; i++) {
    uint32_t code = 0;
    for (int64_t k = i * bits; k < (i + 1) * bits; k++) {
      code = code << 1 | lsh_bit(c, k);
      if (!sparse)
        out[k] = code & 1;
    }
    if (sparse) // numbers of different functions differ
      out[i] = code + (uint32_t)i * (1u << (bits & 31));
  }
  return MOTE_OK;
}
static const mote_attr_field lsh_fields[] = {MOTE_ATTR(lsh_attr, kind, MOTE_ATTR_INT, 0)};
static const mote_op op_lsh = {"lsh_projection",
                               MOTE_RULES(.min_in = 2, .max_in = 3, .n_out = 1, .attr_size = sizeof(lsh_attr),
                                          MOTE_FIELDS(lsh_fields), .infer = lsh_infer, .eval = lsh_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(15, 1, "LSH_PROJECTION kind:i8", op_lsh),
    MOTE_TFLITE_OP(30, 1, "SKIP_GRAM size:i32 skip:i32 all:bool", op_grams),
};
const mote_op_family mote_family_language = {MOTE_ROWS(tflite, tflite_rows)};
