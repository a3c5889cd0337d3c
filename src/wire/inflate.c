// DEFLATE decoder: a 64-bit bit buffer and two-level lookup tables. Tests: tests/unit/test_inflate.c
#include "wire/inflate.h"

#include <string.h>

#include "base/fail.h"

// A table entry packs what a code means:
//   bits 0..4 length of the code in bits, 5..7 kind, 8..15 extra bits (or bits of the subtable), 16..31 value
enum { KIND_INVALID, KIND_LITERAL, KIND_BASE, KIND_END, KIND_SUBTABLE };
#define ENTRY(length, kind, extra, value)                                                                              \
  ((uint32_t)(length) | (uint32_t)(kind) << 5 | (uint32_t)(extra) << 8 | (uint32_t)(value) << 16)
#define ENTRY_LENGTH(e) ((e)&31)
#define ENTRY_KIND(e) ((e) >> 5 & 7)
#define ENTRY_EXTRA(e) ((e) >> 8 & 255)
#define ENTRY_VALUE(e) ((e) >> 16)

enum {
  LITERALS = 288,
  DISTANCES = 32,
  LENGTH_CODES = 19,
  CODE_MAX = 15,
  LITERAL_BITS = 11,
  DISTANCE_BITS = 8,
  LENGTH_BITS = 7,
  // Most entries that a complete code of CODE_MAX bits can need with these first-level sizes (the known maxima for 288
  // and 32 symbols). build_table checks the bound all the same.
  LITERAL_TABLE = 2342,
  DISTANCE_TABLE = 402,
  LENGTH_TABLE = 1 << LENGTH_BITS,
};

typedef struct inflate_state {
  const uint8_t *in, *in_end, *in_base;
  uint64_t bits; // the next bits of the stream, lowest first
  int count;     // how many of them are counted as read from `in`; negative: the stream ended inside a code
  uint8_t *out, *out_base, *out_end;
  uint32_t literals[LITERAL_TABLE];
  uint32_t distances[DISTANCE_TABLE];
  const char *problem;
} inflate_state;

static bool fail(inflate_state *s, const char *problem) {
  s->problem = problem;
  return false;
}

// Tops the bit buffer up to at least 56 bits while input lasts. Bits above `count` may already hold the bytes that come
// next: reading them again puts the same bits in the same place.
static void refill(inflate_state *s) {
  if (s->in_end - s->in >= 8) {
    s->bits |= mote_load_u64(s->in) << s->count;
    s->in += (63 - s->count) >> 3;
    s->count |= 56;
    return;
  }
  while (s->count <= 55 && s->in < s->in_end) {
    s->bits |= (uint64_t)*s->in++ << s->count;
    s->count += 8;
  }
}

static uint32_t take(inflate_state *s, uint32_t n) {
  uint32_t v = (uint32_t)(s->bits & (((uint64_t)1 << n) - 1));
  s->bits >>= n;
  s->count -= (int)n;
  return v;
}

// ------------------------------------------------------------------------------------------- code tables

// ORDER RFC 1951, 3.2.5
static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                           33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                           1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

static uint32_t literal_entry(uint32_t symbol, uint32_t length) {
  if (symbol < 256)
    return ENTRY(length, KIND_LITERAL, 0, symbol);
  if (symbol == 256)
    return ENTRY(length, KIND_END, 0, 0);
  if (symbol - 257 < 29)
    return ENTRY(length, KIND_BASE, length_extra[symbol - 257], length_base[symbol - 257]);
  return ENTRY(length, KIND_INVALID, 0, 0); // 286, 287: in the fixed code, never in a stream
}

static uint32_t distance_entry(uint32_t symbol, uint32_t length) {
  if (symbol >= 30)
    return ENTRY(length, KIND_INVALID, 0, 0);
  return ENTRY(length, KIND_BASE, symbol < 4 ? 0 : symbol / 2 - 1, distance_base[symbol]);
}

static uint32_t plain_entry(uint32_t symbol, uint32_t length) { return ENTRY(length, KIND_LITERAL, 0, symbol); }

// The lowest `length` bits the other way round: neighbours change places, then pairs, fours and bytes of 16 bits.
static uint32_t reverse_bits(uint32_t code, uint32_t length) {
  code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
  code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
  code = (code & 0x0F0F) << 4 | (code >> 4 & 0x0F0F);
  return ((code & 0x00FF) << 8 | code >> 8) >> (16 - length);
}

typedef struct code_plan {      // the canonical code of one alphabet
  uint16_t count[CODE_MAX + 1]; // codes of each length
  uint16_t next[CODE_MAX + 1];  // next code of each length
  uint32_t longest;
} code_plan;

// False when the lengths promise more codes than there are, or leave codes over. A single one-bit code may stand alone,
// and so may an alphabet without codes, which then must not be used.
static bool plan_code(code_plan *p, const uint8_t *lengths, uint32_t symbols) {
  memset(p, 0, sizeof(*p));
  for (uint32_t i = 0; i < symbols; i++)
    p->count[lengths[i]]++;
  p->count[0] = 0;
  int32_t left = 1;
  for (uint32_t n = 1; n <= CODE_MAX; n++) {
    left = left * 2 - p->count[n];
    if (left < 0)
      return false;
    p->next[n] = (uint16_t)((p->next[n - 1] + p->count[n - 1]) << 1);
    if (p->count[n])
      p->longest = n;
  }
  return left == 0 || p->longest <= 1;
}

// Places of subtables: for each value of the first `root` bits the longest code that begins with them.
static bool place_subtables(const code_plan *plan, const uint8_t *lengths, uint32_t symbols, uint32_t root,
                            uint32_t cap, uint32_t *table) {
  uint8_t longest[1 << LITERAL_BITS] = {0};
  uint16_t next[CODE_MAX + 1];
  memcpy(next, plan->next, sizeof(next));
  for (uint32_t i = 0; i < symbols; i++) {
    uint32_t n = lengths[i], code = next[n]++;
    if (n <= root)
      continue;
    uint32_t prefix = reverse_bits(code, n) & ((1u << root) - 1);
    longest[prefix] = (uint8_t)MOTE_MAX(longest[prefix], n);
  }
  uint32_t place = 1u << root;
  for (uint32_t prefix = 0; prefix < 1u << root; prefix++) {
    if (!longest[prefix])
      continue;
    uint32_t bits = longest[prefix] - root;
    if (place + (1u << bits) > cap)
      return false;
    table[prefix] = ENTRY(root, KIND_SUBTABLE, bits, place);
    place += 1u << bits;
  }
  return true;
}

static bool build_table(const uint8_t *lengths, uint32_t symbols, uint32_t root, uint32_t cap,
                        uint32_t (*entry)(uint32_t symbol, uint32_t length), uint32_t *table) {
  code_plan plan;
  if (!plan_code(&plan, lengths, symbols))
    return false;
  memset(table, 0, cap * sizeof(*table)); // KIND_INVALID
  if (plan.longest > root && !place_subtables(&plan, lengths, symbols, root, cap, table))
    return false;
  for (uint32_t i = 0; i < symbols; i++) {
    uint32_t n = lengths[i];
    if (!n)
      continue;
    uint32_t code = reverse_bits(plan.next[n]++, n), size = 1u << root, used = n;
    uint32_t *part = table;
    if (n > root) {
      uint32_t link = table[code & (size - 1)];
      part = table + ENTRY_VALUE(link);
      size = 1u << ENTRY_EXTRA(link);
      code >>= root;
      used = n - root;
    }
    uint32_t e = entry(i, used);
    for (uint32_t at = code; at < size; at += 1u << used)
      part[at] = e;
  }
  return true;
}

static bool build_codes(inflate_state *s, const uint8_t *lengths, uint32_t literals, uint32_t distances) {
  if (!build_table(lengths, literals, LITERAL_BITS, LITERAL_TABLE, literal_entry, s->literals))
    return fail(s, "literal codes contradict each other");
  if (!build_table(lengths + literals, distances, DISTANCE_BITS, DISTANCE_TABLE, distance_entry, s->distances))
    return fail(s, "distance codes contradict each other");
  return true;
}

static bool fixed_codes(inflate_state *s) {
  uint8_t lengths[LITERALS + DISTANCES];
  memset(lengths, 8, 144);
  memset(lengths + 144, 9, 112);
  memset(lengths + 256, 7, 24);
  memset(lengths + 280, 8, 8);
  memset(lengths + LITERALS, 5, DISTANCES);
  return build_codes(s, lengths, LITERALS, DISTANCES);
}

// Code lengths are themselves run-length coded: 16 repeats the last one, 17 and 18 are runs of zeros.
static bool read_lengths(inflate_state *s, const uint32_t *table, uint8_t *lengths, uint32_t total) {
  for (uint32_t n = 0; n < total;) {
    refill(s);
    uint32_t e = table[s->bits & (LENGTH_TABLE - 1)];
    take(s, ENTRY_LENGTH(e));
    uint32_t symbol = ENTRY_VALUE(e), repeat = 1;
    uint8_t value = (uint8_t)symbol;
    if (ENTRY_KIND(e) == KIND_INVALID)
      return fail(s, "unknown code length code");
    if (symbol == 16) {
      if (n == 0)
        return fail(s, "repeats a code length before the first");
      value = lengths[n - 1];
      repeat = 3 + take(s, 2);
    } else if (symbol > 16) {
      value = 0;
      repeat = symbol == 17 ? 3 + take(s, 3) : 11 + take(s, 7);
    }
    if (s->count < 0)
      return fail(s, "ends inside the code lengths");
    if (repeat > total - n)
      return fail(s, "too many code lengths");
    memset(lengths + n, value, repeat);
    n += repeat;
  }
  return true;
}

static bool dynamic_codes(inflate_state *s) {
  static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  uint8_t lengths[LITERALS + DISTANCES] = {0};
  uint32_t table[LENGTH_TABLE];
  refill(s);
  uint32_t literals = 257 + take(s, 5), distances = 1 + take(s, 5), codes = 4 + take(s, 4);
  if (literals > 286 || distances > 30)
    return fail(s, "more codes than there are symbols");
  for (uint32_t i = 0; i < codes; i++) {
    refill(s);
    lengths[order[i]] = (uint8_t)take(s, 3);
  }
  if (s->count < 0)
    return fail(s, "ends inside the code lengths");
  if (!build_table(lengths, LENGTH_CODES, LENGTH_BITS, LENGTH_TABLE, plain_entry, table))
    return fail(s, "code length codes contradict each other");
  memset(lengths, 0, sizeof(lengths));
  if (!read_lengths(s, table, lengths, literals + distances))
    return false;
  if (lengths[256] == 0)
    return fail(s, "has no code for the end of a block");
  return build_codes(s, lengths, literals, distances);
}

// ------------------------------------------------------------------------------------------- blocks

static bool stored_block(inflate_state *s) {
  s->in -= s->count >> 3; // whole bytes go back
  s->bits = 0;
  s->count = 0;
  if (s->in_end - s->in < 4)
    return fail(s, "ends inside a stored block");
  uint32_t size = mote_load_u16(s->in), check = mote_load_u16(s->in + 2);
  s->in += 4;
  if ((size ^ 0xFFFF) != check)
    return fail(s, "stored block's size and its complement differ");
  if (size > (size_t)(s->in_end - s->in))
    return fail(s, "ends inside a stored block");
  if (size > (size_t)(s->out_end - s->out))
    return fail(s, "holds more than the size promised");
  if (size)
    memcpy(s->out, s->in, size);
  s->in += size;
  s->out += size;
  return true;
}

// Copies `length` bytes from `distance` back; source and target may overlap, the bytes then repeat.
static void copy_match(uint8_t *out, const uint8_t *out_end, uint32_t distance, uint32_t length) {
  const uint8_t *from = out - distance;
  if (distance >= 8 && (size_t)(out_end - out) >= (size_t)length + 8) {
    uint8_t *end = out + length;
    for (; out < end; out += 8, from += 8)
      memcpy(out, from, 8);
  } else if (distance == 1) {
    memset(out, *from, length);
  } else {
    for (uint32_t i = 0; i < length; i++)
      out[i] = from[i];
  }
}

static uint32_t decode(inflate_state *s, const uint32_t *table, uint32_t root) {
  uint32_t e = table[s->bits & ((1u << root) - 1)];
  take(s, ENTRY_LENGTH(e));
  if (ENTRY_KIND(e) == KIND_SUBTABLE) {
    e = table[ENTRY_VALUE(e) + (s->bits & ((1u << ENTRY_EXTRA(e)) - 1))];
    take(s, ENTRY_LENGTH(e));
  }
  return e;
}

// One refill serves a whole match: 15 + 5 bits of length and 15 + 13 of distance are 48 of the 56 at hand.
static bool coded_block(inflate_state *s) {
  for (;;) {
    refill(s);
    uint32_t e = decode(s, s->literals, LITERAL_BITS);
    if (s->count < 0)
      return fail(s, "ends inside a block");
    if (ENTRY_KIND(e) == KIND_LITERAL) {
      if (s->out == s->out_end)
        return fail(s, "holds more than the size promised");
      *s->out++ = (uint8_t)ENTRY_VALUE(e);
      continue;
    }
    if (ENTRY_KIND(e) == KIND_END)
      return true;
    if (ENTRY_KIND(e) == KIND_INVALID)
      return fail(s, "unknown literal code");
    uint32_t length = ENTRY_VALUE(e) + take(s, ENTRY_EXTRA(e));
    uint32_t d = decode(s, s->distances, DISTANCE_BITS);
    if (ENTRY_KIND(d) == KIND_INVALID)
      return fail(s, "unknown distance code");
    uint32_t distance = ENTRY_VALUE(d) + take(s, ENTRY_EXTRA(d));
    if (s->count < 0)
      return fail(s, "ends inside a block");
    if (distance > (size_t)(s->out - s->out_base))
      return fail(s, "copies from before its beginning");
    if (length > (size_t)(s->out_end - s->out))
      return fail(s, "holds more than the size promised");
    copy_match(s->out, s->out_end, distance, length);
    s->out += length;
  }
}

static bool inflate_blocks(inflate_state *s) {
  for (bool last = false; !last;) {
    refill(s);
    last = take(s, 1);
    uint32_t type = take(s, 2);
    if (s->count < 0)
      return fail(s, "ends before its last block");
    bool fine = false;
    if (type == 0)
      fine = stored_block(s);
    else if (type == 1)
      fine = fixed_codes(s) && coded_block(s);
    else if (type == 2)
      fine = dynamic_codes(s) && coded_block(s);
    else
      fail(s, "unknown block type");
    if (!fine)
      return false;
  }
  return s->out == s->out_end ? true : fail(s, "holds less than the size promised");
}

mote_status mote_inflate(mote_span in, uint8_t *out, size_t size, size_t *used, mote_error *err) {
  inflate_state s; // tables are filled before they are read
  s.in = s.in_base = in.data;
  s.in_end = in.data + in.size;
  s.bits = 0;
  s.count = 0;
  s.out = s.out_base = out;
  s.out_end = out + size;
  s.problem = "";
  bool fine = inflate_blocks(&s);
  size_t at = (size_t)(s.in - s.in_base) - (size_t)(s.count > 0 ? s.count >> 3 : 0);
  if (!fine) {
    mote_status status = mote_fail(err, MOTE_ERR_FORMAT, "deflated data %s (byte %zu of %zu)", s.problem, at, in.size);
    mote_fail_offset(err, at);
    return status;
  }
  if (used)
    *used = at;
  return MOTE_OK;
}
