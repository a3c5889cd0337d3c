// Tests of wire/inflate: every block kind against contents computed here, every cut and every flipped byte of the
// streams, and the rules of RFC 1951 that broken streams violate.
#include "support/fail_alloc.h"

#include "base/compiler.h"
#include "wire/inflate.h"

typedef struct inflate_case {
  const char *name;
  void (*content)(uint8_t *out, size_t size);
  size_t size;
  const uint8_t *data;
  size_t data_size;
} inflate_case;

static uint32_t next_random(uint32_t *state) { return (*state = (*state * 1103515245u + 12345u) & 0x7FFFFFFF) >> 16; }

// ORDER make_inflate_cases.py
static void words(uint8_t *out, size_t size) {
  static const char *const table[] = {"tensor ", "graph ", "plan ", "kernel ", "arena ", "view\n", "x", "0123456789"};
  uint32_t state = 1;
  for (size_t n = 0; n < size;)
    for (const char *w = table[next_random(&state) & 7]; *w && n < size; w++)
      out[n++] = (uint8_t)*w;
}

static void noise(uint8_t *out, size_t size) {
  uint32_t state = 1;
  for (size_t n = 0; n < size; n++)
    out[n] = (uint8_t)(next_random(&state) & 127);
}

static void zeros(uint8_t *out, size_t size) { memset(out, 0, size); }

#include "data/inflate_cases.h"

// Exact copies on the heap, so that a sanitizer sees any access outside.
static uint8_t *exact(const void *data, size_t size) {
  uint8_t *p = malloc(size ? size : 1);
  assert_non_null(p);
  if (size)
    memcpy(p, data, size);
  return p;
}

static mote_status inflate_copy(const uint8_t *data, size_t n, uint8_t *out, size_t size, size_t *used,
                                mote_error *err) {
  uint8_t *in = exact(data, n);
  mote_status status = mote_inflate((mote_span){in, n}, out, size, used, err);
  free(in);
  return status;
}

static void streams_of_zlib(void **state) {
  (void)state;
  for (size_t i = 0; i < MOTE_COUNT(inflate_cases); i++) {
    const inflate_case *c = &inflate_cases[i];
    uint8_t *want = malloc(c->size + 1), *got = malloc(c->size ? c->size : 1);
    c->content(want, c->size);
    size_t used = 0;
    assert_int_equal(inflate_copy(c->data, c->data_size, got, c->size, &used, NULL), MOTE_OK);
    assert_int_equal(used, c->data_size);
    assert_memory_equal(got, want, c->size);
    free(want);
    free(got);
  }
}

static void wrong_sizes(void **state) {
  (void)state;
  for (size_t i = 0; i < MOTE_COUNT(inflate_cases); i++) {
    const inflate_case *c = &inflate_cases[i];
    mote_error e;
    mote_error_init(&e);
    uint8_t *more = malloc(c->size + 1);
    assert_int_equal(inflate_copy(c->data, c->data_size, more, c->size + 1, NULL, &e), MOTE_ERR_FORMAT);
    assert_non_null(strstr(mote_error_message(&e), "less than the size promised"));
    free(more);
    if (!c->size)
      continue;
    mote_error_init(&e);
    uint8_t *less = malloc(c->size - 1 ? c->size - 1 : 1);
    assert_int_equal(inflate_copy(c->data, c->data_size, less, c->size - 1, NULL, &e), MOTE_ERR_FORMAT);
    assert_non_null(strstr(mote_error_message(&e), "more than the size promised"));
    assert_true(e.offset <= c->data_size);
    free(less);
  }
}

static void every_cut_fails(void **state) {
  (void)state;
  for (size_t i = 0; i < MOTE_COUNT(inflate_cases); i++) {
    const inflate_case *c = &inflate_cases[i];
    uint8_t *out = malloc(c->size ? c->size : 1);
    for (size_t n = 0; n < c->data_size; n++)
      assert_int_equal(inflate_copy(c->data, n, out, c->size, NULL, NULL), MOTE_ERR_FORMAT);
    free(out);
  }
}

// A flipped byte may give another valid stream; it must never reach outside the buffers.
static void flipped_bytes_are_harmless(void **state) {
  (void)state;
  for (size_t i = 0; i < MOTE_COUNT(inflate_cases); i++) {
    const inflate_case *c = &inflate_cases[i];
    uint8_t *out = malloc(c->size ? c->size : 1), *in = exact(c->data, c->data_size);
    for (size_t n = 0; n < c->data_size; n++)
      for (int k = 0; k < 3; k++) {
        uint8_t keep = in[n];
        in[n] ^= (uint8_t)(k == 0 ? 1 : k == 1 ? 0x80 : 0xFF);
        mote_status status = mote_inflate((mote_span){in, c->data_size}, out, c->size, NULL, NULL);
        assert_true(status == MOTE_OK || status == MOTE_ERR_FORMAT);
        in[n] = keep;
      }
    free(out);
    free(in);
  }
}

// Writes bits lowest first, as the format packs them; codes of Huffman alphabets go highest bit first.
typedef struct bit_writer {
  uint8_t bytes[256];
  size_t count;
} bit_writer;

static void put_bits(bit_writer *w, uint32_t v, int n) {
  for (int i = 0; i < n; i++, w->count++)
    w->bytes[w->count / 8] |= (uint8_t)((v >> i & 1) << (w->count % 8));
}

static void put_code(bit_writer *w, uint32_t code, int n) {
  for (int i = n - 1; i >= 0; i--)
    put_bits(w, code >> i & 1, 1);
}

static void expect(const bit_writer *w, size_t size, mote_status want, const char *message) {
  mote_error e;
  mote_error_init(&e);
  uint8_t *out = malloc(size ? size : 1);
  assert_int_equal(inflate_copy(w->bytes, (w->count + 7) / 8, out, size, NULL, &e), want);
  if (message)
    assert_non_null(strstr(mote_error_message(&e), message));
  free(out);
}

static void block_kinds(void **state) {
  (void)state;
  bit_writer w = {{0}, 0};
  put_bits(&w, 1, 1);
  put_bits(&w, 3, 2);
  expect(&w, 0, MOTE_ERR_FORMAT, "block type");
  w = (bit_writer){{0}, 0};
  put_bits(&w, 1, 3); // last, stored, nothing behind
  expect(&w, 0, MOTE_ERR_FORMAT, "stored block");
  put_bits(&w, 0, 5);
  put_bits(&w, 2, 16);
  put_bits(&w, 0xFFFE, 16); // complement is wrong
  expect(&w, 0, MOTE_ERR_FORMAT, "complement");
}

static void fixed_code_errors(void **state) {
  (void)state;
  bit_writer w = {{0}, 0};
  put_bits(&w, 3, 3);          // last, fixed
  put_code(&w, 0x30 + 'a', 8); // literal a
  put_code(&w, 1, 7);          // length 3
  put_code(&w, 1, 5);          // distance 2, but only one byte is there
  put_code(&w, 0, 7);
  expect(&w, 4, MOTE_ERR_FORMAT, "before its beginning");
  w = (bit_writer){{0}, 0};
  put_bits(&w, 3, 3);
  put_code(&w, 0x30 + 'a', 8);
  put_code(&w, 1, 7);
  put_code(&w, 30, 5); // distance codes 30 and 31 do not exist
  put_code(&w, 0, 7);
  expect(&w, 4, MOTE_ERR_FORMAT, "distance code");
  w = (bit_writer){{0}, 0};
  put_bits(&w, 3, 3);
  put_code(&w, 0xC6, 8); // literal 286 does not exist
  put_code(&w, 0, 7);
  expect(&w, 4, MOTE_ERR_FORMAT, "literal code");
  w = (bit_writer){{0}, 0};
  put_bits(&w, 3, 3);
  put_code(&w, 0x30 + 'a', 8);
  put_code(&w, 1, 7); // length 3, distance 1: the byte repeats
  put_code(&w, 0, 5);
  put_code(&w, 0, 7);
  expect(&w, 4, MOTE_OK, NULL);
}

// A dynamic block whose code-length alphabet gives symbols `a` and `b` one bit each.
static void dynamic_head(bit_writer *w, int literals, int distances, int a, int b) {
  static const int order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  *w = (bit_writer){{0}, 0};
  put_bits(w, 5, 3);
  put_bits(w, (uint32_t)literals - 257, 5);
  put_bits(w, (uint32_t)distances - 1, 5);
  put_bits(w, 15, 4);
  for (int i = 0; i < 19; i++)
    put_bits(w, order[i] == a || order[i] == b, 3);
}

static void dynamic_code_errors(void **state) {
  (void)state;
  bit_writer w;
  dynamic_head(&w, 257, 1, 1, 16);
  put_code(&w, 1, 1); // repeat before the first length
  put_bits(&w, 0, 2);
  expect(&w, 0, MOTE_ERR_FORMAT, "before the first");
  dynamic_head(&w, 257, 1, 0, 18);
  for (int i = 0; i < 3; i++) { // 3 * 138 lengths are more than 258
    put_code(&w, 1, 1);
    put_bits(&w, 127, 7);
  }
  expect(&w, 0, MOTE_ERR_FORMAT, "too many code lengths");
  dynamic_head(&w, 257, 1, 0, 18); // all lengths zero
  put_code(&w, 1, 1);
  put_bits(&w, 127, 7);
  put_code(&w, 1, 1);
  put_bits(&w, 258 - 138 - 11, 7);
  expect(&w, 0, MOTE_ERR_FORMAT, "no code for the end");
  dynamic_head(&w, 257, 1, 1, 18); // 257 and one codes of one bit each: far too many
  for (int i = 0; i < 258; i++)
    put_code(&w, 0, 1);
  expect(&w, 0, MOTE_ERR_FORMAT, "contradict");
  dynamic_head(&w, 288, 1, 1, 18);
  expect(&w, 0, MOTE_ERR_FORMAT, "more codes");
  dynamic_head(&w, 257, 1, 3, 3); // a lone code of one bit in the code-length alphabet is fine, its other half is not
  put_code(&w, 1, 1);
  expect(&w, 0, MOTE_ERR_FORMAT, "code length code");
}

// One literal code of one bit (end of block) and no distance codes: valid as long as no distance is used.
static void lone_end_code(void **state) {
  (void)state;
  bit_writer w;
  dynamic_head(&w, 257, 1, 1, 18);
  put_code(&w, 1, 1);
  put_bits(&w, 127, 7); // 138 zeros
  put_code(&w, 1, 1);
  put_bits(&w, 256 - 138 - 11, 7);
  put_code(&w, 0, 1); // symbol 256 has one bit
  put_code(&w, 0, 1); // so has the one distance
  put_code(&w, 0, 1); // end
  expect(&w, 0, MOTE_OK, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(streams_of_zlib),     cmocka_unit_test(wrong_sizes),
      cmocka_unit_test(every_cut_fails),     cmocka_unit_test(flipped_bytes_are_harmless),
      cmocka_unit_test(block_kinds),         cmocka_unit_test(fixed_code_errors),
      cmocka_unit_test(dynamic_code_errors), cmocka_unit_test(lone_end_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
