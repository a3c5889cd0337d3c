// The pickle machine: a stack of values, marks on it, and a memo. Protocol 2 and the harmless rest of protocol 3.
// Tests: tests/unit/test_pickle.c, fuzz/fuzz_pickle.c
#include "wire/pickle.h"

#include <string.h>

#include "base/checked.h"
#include "base/fail.h"

enum { DEFAULT_DEPTH = 200, DEFAULT_TREE = 1 << 26 };

typedef MOTE_VEC(mote_pickle_value *) value_vec;

typedef struct machine {
  mote_reader in;
  mote_arena *arena;
  mote_pickle_options options;
  value_vec stack, memo;
  MOTE_VEC(size_t) marks; // stack heights
  uint32_t count;         // values made
  size_t at;              // byte of the current opcode
  uint8_t opcode;
  mote_error *err;
} machine;

static mote_status fail_with(machine *m, mote_status status, const char *what) {
  mote_fail(m->err, status, "pickle: %s (opcode 0x%02x at byte %zu of %zu)", what, m->opcode, m->at, m->in.size);
  mote_fail_offset(m->err, m->at);
  return status;
}

static mote_status broken(machine *m, const char *what) { return fail_with(m, MOTE_ERR_FORMAT, what); }
static mote_status cut_short(machine *m) { return broken(m, "the stream ends inside an opcode"); }

static mote_status no_memory(machine *m) {
  if (m->arena->limited)
    return fail_with(m, MOTE_ERR_LIMIT, "its values need more memory than the limit");
  return mote_fail_nomem(m->err);
}

// ------------------------------------------------------------------------------------------- values and stack

static mote_pickle_value *new_value(machine *m, mote_pickle_kind kind) {
  mote_pickle_value *v = MOTE_ARENA_NEW(m->arena, mote_pickle_value);
  if (!v)
    return NULL;
  v->kind = (uint8_t)kind;
  v->depth = 1;
  v->tree = 1;
  v->id = m->count++; // below 2^32: each value takes a byte of input
  v->offset = (uint32_t)m->at;
  return v;
}

static mote_status push(machine *m, mote_pickle_value *v) { return MOTE_VEC_PUSH(m->arena->al, &m->stack, v, m->err); }

// What the innermost mark protects.
static size_t floor_of(const machine *m) { return m->marks.len ? m->marks.at[m->marks.len - 1] : 0; }

static mote_status pop(machine *m, mote_pickle_value **out) {
  if (m->stack.len <= floor_of(m))
    return broken(m, "takes a value from an empty stack");
  *out = m->stack.at[--m->stack.len];
  return MOTE_OK;
}

static mote_status top(machine *m, mote_pickle_value **out) {
  MOTE_TRY(pop(m, out));
  m->stack.len++;
  return MOTE_OK;
}

// Removes the innermost mark; the values above it are stack[*first, len).
static mote_status pop_mark(machine *m, size_t *first) {
  if (!m->marks.len)
    return broken(m, "needs a mark and there is none");
  *first = m->marks.at[--m->marks.len];
  return MOTE_OK;
}

// `part` becomes part of `whole`: it is final from now on, and depth and tree size add up.
static mote_status hold(machine *m, mote_pickle_value *whole, mote_pickle_value *part) {
  if (part == whole)
    return broken(m, "a value would contain itself");
  if (part->depth >= m->options.max_depth)
    return fail_with(m, MOTE_ERR_LIMIT, "values are nested too deeply");
  if (part->tree > m->options.max_tree - whole->tree)
    return fail_with(m, MOTE_ERR_LIMIT, "values are shared so often that walking them would not end");
  part->held = true;
  whole->depth = (uint16_t)MOTE_MAX(whole->depth, part->depth + 1);
  whole->tree += part->tree;
  return MOTE_OK;
}

static mote_status reserve_items(machine *m, mote_pickle_items *items, size_t extra) {
  size_t want = items->count + extra;
  if (want <= items->cap)
    return MOTE_OK;
  size_t cap = items->count ? MOTE_MAX(want, (size_t)items->cap + items->cap / 2) : want;
  mote_pickle_value **at = MOTE_ARENA_ARRAY(m->arena, mote_pickle_value *, cap);
  if (!at || cap > UINT32_MAX)
    return no_memory(m);
  if (items->count)
    memcpy(at, items->at, items->count * sizeof(*at));
  items->at = at;
  items->cap = (uint32_t)cap;
  return MOTE_OK;
}

// Moves stack[first, len) into `whole`.
static mote_status move_items(machine *m, size_t first, mote_pickle_value *whole, mote_pickle_items *items) {
  size_t n = m->stack.len - first;
  MOTE_TRY(reserve_items(m, items, n));
  for (size_t i = 0; i < n; i++) {
    MOTE_TRY(hold(m, whole, m->stack.at[first + i]));
    items->at[items->count++] = m->stack.at[first + i];
  }
  m->stack.len = first;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------- scalars and text

static mote_status push_int(machine *m, int64_t i) {
  mote_pickle_value *v = new_value(m, MOTE_PICKLE_INT);
  if (!v)
    return no_memory(m);
  v->as.integer = i;
  return push(m, v);
}

static mote_status push_bool(machine *m, bool b) {
  mote_pickle_value *v = new_value(m, MOTE_PICKLE_BOOL);
  if (!v)
    return no_memory(m);
  v->as.boolean = b;
  return push(m, v);
}

static mote_status push_empty(machine *m, mote_pickle_kind kind) {
  mote_pickle_value *v = new_value(m, kind);
  if (!v)
    return no_memory(m);
  return push(m, v);
}

static mote_status push_text(machine *m, mote_pickle_kind kind, uint64_t len) {
  if (len > mote_reader_left(&m->in))
    return broken(m, "text is longer than the stream");
  mote_pickle_value *v = new_value(m, kind);
  if (!v)
    return no_memory(m);
  const char *bytes = (const char *)mote_read_bytes(&m->in, (size_t)len);
  v->as.text.data = mote_arena_str(m->arena, bytes, (size_t)len);
  v->as.text.len = (size_t)len;
  return v->as.text.data ? push(m, v) : no_memory(m);
}

static mote_status push_float(machine *m) {
  const uint8_t *p = mote_read_bytes(&m->in, 8);
  if (!p)
    return cut_short(m);
  uint64_t bits = 0;
  for (int i = 0; i < 8; i++) // big endian
    bits = bits << 8 | p[i];
  mote_pickle_value *v = new_value(m, MOTE_PICKLE_FLOAT);
  if (!v)
    return no_memory(m);
  memcpy(&v->as.real, &bits, sizeof(bits));
  return push(m, v);
}

// Two's complement of `len` bytes, lowest first; none means 0.
static mote_status push_long(machine *m, uint64_t len) {
  if (len > mote_reader_left(&m->in))
    return broken(m, "integer is longer than the stream");
  const uint8_t *p = m->in.base + m->in.pos;
  uint8_t sign = len && p[len - 1] & 0x80 ? 0xFF : 0;
  uint64_t bits = sign ? UINT64_MAX : 0;
  for (uint64_t i = 0; i < len; i++) {
    bool fits = i < 8 || (p[i] == sign && (uint8_t)(bits >> 56 & 0x80) == (sign & 0x80));
    if (!fits)
      return push_text(m, MOTE_PICKLE_BIGINT, len);
    if (i < 8)
      bits = (bits & ~((uint64_t)0xFF << (8 * i))) | (uint64_t)p[i] << (8 * i);
  }
  m->in.pos += (size_t)len;
  return push_int(m, (int64_t)bits);
}

static mote_status read_line(machine *m, const char **out) {
  const uint8_t *p = m->in.base + m->in.pos;
  const uint8_t *end = mote_reader_left(&m->in) ? memchr(p, '\n', mote_reader_left(&m->in)) : NULL;
  if (!end)
    return cut_short(m);
  size_t len = (size_t)(end - p);
  if (len == 0 || memchr(p, 0, len))
    return broken(m, "a name is empty or holds a NUL");
  m->in.pos += len + 1;
  *out = mote_arena_str(m->arena, (const char *)p, len);
  return *out ? MOTE_OK : no_memory(m);
}

static mote_status push_global(machine *m) {
  mote_pickle_value *v = new_value(m, MOTE_PICKLE_GLOBAL);
  if (!v)
    return no_memory(m);
  MOTE_TRY(read_line(m, &v->as.global.module));
  MOTE_TRY(read_line(m, &v->as.global.name));
  const mote_pickle_options *o = &m->options;
  if (o->allow_global && !o->allow_global(o->ctx, v->as.global.module, v->as.global.name)) {
    mote_fail(m->err, MOTE_ERR_UNSUPPORTED, "pickle: the name %s.%s is not allowed here (byte %zu)",
              v->as.global.module, v->as.global.name, m->at);
    return fail_with(m, MOTE_ERR_UNSUPPORTED, "name"); // the first message stays; adds the offset
  }
  return push(m, v);
}

// ------------------------------------------------------------------------------------------- containers

// A sequence of stack[first, len).
static mote_status make_sequence(machine *m, mote_pickle_kind kind, size_t first) {
  mote_pickle_value *v = new_value(m, kind);
  if (!v)
    return no_memory(m);
  MOTE_TRY(move_items(m, first, v, &v->as.items));
  return push(m, v);
}

static mote_status make_short_tuple(machine *m, size_t n) {
  if (m->stack.len - floor_of(m) < n)
    return broken(m, "takes values from an empty stack");
  return make_sequence(m, MOTE_PICKLE_TUPLE, m->stack.len - n);
}

static mote_status make_marked(machine *m, mote_pickle_kind kind) {
  size_t first;
  MOTE_TRY(pop_mark(m, &first));
  if (kind == MOTE_PICKLE_DICT && (m->stack.len - first) % 2)
    return broken(m, "a key without value");
  return make_sequence(m, kind, first);
}

static bool hashable(const mote_pickle_value *v) { return v->kind != MOTE_PICKLE_LIST && v->kind != MOTE_PICKLE_DICT; }

// Where APPEND or SETITEM may add to `v`; NULL when it takes no such thing. Calls take both: an OrderedDict is a call.
static mote_pickle_items *growing_items(mote_pickle_value *v, mote_pickle_kind kind) {
  if (v->kind == kind)
    return &v->as.items;
  return v->kind == MOTE_PICKLE_REDUCE || v->kind == MOTE_PICKLE_OBJECT ? &v->as.call.items : NULL;
}

// Adds stack[first, len) to the value below it.
static mote_status add_items(machine *m, mote_pickle_kind kind, size_t first) {
  if (first <= floor_of(m))
    return broken(m, "adds to a value that is not there");
  mote_pickle_value *whole = m->stack.at[first - 1];
  mote_pickle_items *items = growing_items(whole, kind);
  if (!items)
    return broken(m, "adds items to a value that takes none");
  if (whole->held)
    return broken(m, "changes a value that another one already holds");
  if (kind == MOTE_PICKLE_DICT) {
    if ((m->stack.len - first) % 2)
      return broken(m, "a key without value");
    for (size_t i = first; i < m->stack.len; i += 2)
      if (!hashable(m->stack.at[i]))
        return broken(m, "a list or dict cannot be a key");
  }
  return move_items(m, first, whole, items);
}

static mote_status add_marked(machine *m, mote_pickle_kind kind) {
  size_t first;
  MOTE_TRY(pop_mark(m, &first));
  return add_items(m, kind, first);
}

static mote_status add_single(machine *m, mote_pickle_kind kind, size_t n) {
  if (m->stack.len - floor_of(m) < n)
    return broken(m, "takes values from an empty stack");
  return add_items(m, kind, m->stack.len - n);
}

static mote_status make_call(machine *m, mote_pickle_kind kind) {
  mote_pickle_value *args, *callable;
  MOTE_TRY(pop(m, &args));
  MOTE_TRY(pop(m, &callable));
  if (callable->kind != MOTE_PICKLE_GLOBAL)
    return broken(m, "calls something that is not a name");
  if (args->kind != MOTE_PICKLE_TUPLE)
    return broken(m, "arguments are not a tuple");
  mote_pickle_value *v = new_value(m, kind);
  if (!v)
    return no_memory(m);
  v->as.call.callable = callable;
  v->as.call.args = args;
  MOTE_TRY(hold(m, v, callable));
  MOTE_TRY(hold(m, v, args));
  return push(m, v);
}

static mote_status build(machine *m) {
  mote_pickle_value *state, *v;
  MOTE_TRY(pop(m, &state));
  MOTE_TRY(top(m, &v));
  if (v->kind != MOTE_PICKLE_OBJECT && v->kind != MOTE_PICKLE_REDUCE)
    return broken(m, "gives a state to a value that is no object");
  if (v->held || v->as.call.state)
    return broken(m, "changes an object that is finished");
  MOTE_TRY(hold(m, v, state));
  v->as.call.state = state;
  return MOTE_OK;
}

static mote_status make_persid(machine *m) {
  mote_pickle_value *id;
  MOTE_TRY(pop(m, &id));
  mote_pickle_value *v = new_value(m, MOTE_PICKLE_PERSID);
  if (!v)
    return no_memory(m);
  MOTE_TRY(hold(m, v, id));
  v->as.ref = id;
  return push(m, v);
}

// ------------------------------------------------------------------------------------------- memo and marks

static mote_status memo_put(machine *m, uint32_t index) {
  mote_pickle_value *v;
  MOTE_TRY(top(m, &v));
  // Writers number in order, so an index can never pass the bytes read. This bounds the memo by the input.
  if (index > m->at)
    return fail_with(m, MOTE_ERR_LIMIT, "memo index is far beyond any value");
  if (index >= m->memo.len) {
    size_t extra = index + 1 - m->memo.len;
    MOTE_TRY(MOTE_VEC_RESERVE(m->arena->al, &m->memo, extra, m->err));
    memset(m->memo.at + m->memo.len, 0, extra * sizeof(*m->memo.at));
    m->memo.len += extra;
  }
  m->memo.at[index] = v;
  return MOTE_OK;
}

static mote_status memo_get(machine *m, uint32_t index) {
  if (index >= m->memo.len || !m->memo.at[index])
    return broken(m, "memo index was never set");
  return push(m, m->memo.at[index]);
}

static mote_status mark(machine *m) {
  // Each open mark is a container being built, so marks nest like values do.
  if (m->marks.len >= m->options.max_depth)
    return fail_with(m, MOTE_ERR_LIMIT, "marks are nested too deeply");
  return MOTE_VEC_PUSH(m->arena->al, &m->marks, m->stack.len, m->err);
}

// ------------------------------------------------------------------------------------------- opcodes

enum { // names of Python's pickletools
  OP_MARK = '(',
  OP_STOP = '.',
  OP_BININT = 'J',
  OP_BININT1 = 'K',
  OP_BININT2 = 'M',
  OP_NONE = 'N',
  OP_BINPERSID = 'Q',
  OP_REDUCE = 'R',
  OP_BINSTRING = 'T',
  OP_SHORT_BINSTRING = 'U',
  OP_BINUNICODE = 'X',
  OP_APPEND = 'a',
  OP_BUILD = 'b',
  OP_GLOBAL = 'c',
  OP_DICT = 'd',
  OP_APPENDS = 'e',
  OP_BINGET = 'h',
  OP_LONG_BINGET = 'j',
  OP_LIST = 'l',
  OP_BINPUT = 'q',
  OP_LONG_BINPUT = 'r',
  OP_SETITEM = 's',
  OP_TUPLE = 't',
  OP_SETITEMS = 'u',
  OP_EMPTY_DICT = '}',
  OP_EMPTY_LIST = ']',
  OP_EMPTY_TUPLE = ')',
  OP_BINFLOAT = 'G',
  OP_BINBYTES = 'B',
  OP_SHORT_BINBYTES = 'C',
  OP_PROTO = 0x80,
  OP_NEWOBJ = 0x81,
  OP_TUPLE1 = 0x85,
  OP_TUPLE2 = 0x86,
  OP_TUPLE3 = 0x87,
  OP_NEWTRUE = 0x88,
  OP_NEWFALSE = 0x89,
  OP_LONG1 = 0x8a,
  OP_LONG4 = 0x8b,
};

// Opcodes with a number of `width` bytes behind them, and what it is.
static mote_status run_sized(machine *m, int width) {
  uint32_t n = width == 1 ? mote_read_u8(&m->in) : width == 2 ? mote_read_u16(&m->in) : mote_read_u32(&m->in);
  if (m->in.bad)
    return cut_short(m);
  switch (m->opcode) {
  case OP_BININT:
    return push_int(m, (int32_t)n);
  case OP_BININT1:
  case OP_BININT2:
    return push_int(m, n);
  case OP_BINUNICODE:
    return push_text(m, MOTE_PICKLE_STR, n);
  case OP_BINSTRING:
  case OP_SHORT_BINSTRING:
    return push_text(m, MOTE_PICKLE_STR, n);
  case OP_BINBYTES:
  case OP_SHORT_BINBYTES:
    return push_text(m, MOTE_PICKLE_BYTES, n);
  case OP_BINPUT:
  case OP_LONG_BINPUT:
    return memo_put(m, n);
  case OP_BINGET:
  case OP_LONG_BINGET:
    return memo_get(m, n);
  case OP_LONG1:
  case OP_LONG4:
    return push_long(m, n);
  default:
    return fail_with(m, MOTE_ERR_INTERNAL, "opcode without meaning");
  }
}

static mote_status run_opcode(machine *m) {
  switch (m->opcode) {
  case OP_BININT1:
  case OP_SHORT_BINSTRING:
  case OP_SHORT_BINBYTES:
  case OP_BINPUT:
  case OP_BINGET:
  case OP_LONG1:
    return run_sized(m, 1);
  case OP_BININT2:
    return run_sized(m, 2);
  case OP_BININT:
  case OP_BINUNICODE:
  case OP_BINSTRING:
  case OP_BINBYTES:
  case OP_LONG_BINPUT:
  case OP_LONG_BINGET:
  case OP_LONG4:
    return run_sized(m, 4);
  case OP_MARK:
    return mark(m);
  case OP_NONE:
    return push_empty(m, MOTE_PICKLE_NONE);
  case OP_NEWTRUE:
    return push_bool(m, true);
  case OP_NEWFALSE:
    return push_bool(m, false);
  case OP_BINFLOAT:
    return push_float(m);
  case OP_EMPTY_TUPLE:
    return push_empty(m, MOTE_PICKLE_TUPLE);
  case OP_EMPTY_LIST:
    return push_empty(m, MOTE_PICKLE_LIST);
  case OP_EMPTY_DICT:
    return push_empty(m, MOTE_PICKLE_DICT);
  case OP_TUPLE1:
  case OP_TUPLE2:
  case OP_TUPLE3:
    return make_short_tuple(m, (size_t)(m->opcode - OP_TUPLE1) + 1);
  case OP_TUPLE:
    return make_marked(m, MOTE_PICKLE_TUPLE);
  case OP_LIST:
    return make_marked(m, MOTE_PICKLE_LIST);
  case OP_DICT:
    return make_marked(m, MOTE_PICKLE_DICT);
  case OP_APPEND:
    return add_single(m, MOTE_PICKLE_LIST, 1);
  case OP_APPENDS:
    return add_marked(m, MOTE_PICKLE_LIST);
  case OP_SETITEM:
    return add_single(m, MOTE_PICKLE_DICT, 2);
  case OP_SETITEMS:
    return add_marked(m, MOTE_PICKLE_DICT);
  case OP_GLOBAL:
    return push_global(m);
  case OP_REDUCE:
    return make_call(m, MOTE_PICKLE_REDUCE);
  case OP_NEWOBJ:
    return make_call(m, MOTE_PICKLE_OBJECT);
  case OP_BUILD:
    return build(m);
  case OP_BINPERSID:
    return make_persid(m);
  default:
    return broken(m, "opcode is not one that a model uses");
  }
}

static mote_status read_protocol(machine *m) {
  uint8_t opcode = mote_read_u8(&m->in), protocol = mote_read_u8(&m->in);
  m->opcode = opcode;
  if (m->in.bad)
    return cut_short(m);
  if (opcode != OP_PROTO)
    return broken(m, "is no pickle of protocol 2");
  if (protocol != 2 && protocol != 3)
    return mote_fail(m->err, MOTE_ERR_FORMAT, "pickle: protocol %u, models use 2", protocol);
  return MOTE_OK;
}

static mote_status run(machine *m, mote_pickle *out) {
  if (m->in.size > UINT32_MAX)
    return fail_with(m, MOTE_ERR_LIMIT, "stream is longer than 4 GiB");
  MOTE_TRY(read_protocol(m));
  for (;;) {
    m->at = m->in.pos;
    m->opcode = mote_read_u8(&m->in);
    if (m->in.bad)
      return broken(m, "the stream ends without STOP");
    if (m->opcode == OP_STOP)
      break;
    MOTE_TRY(run_opcode(m));
  }
  if (m->marks.len || m->stack.len != 1)
    return broken(m, "STOP with other than one value");
  if (mote_reader_left(&m->in))
    return broken(m, "bytes follow STOP");
  *out = (mote_pickle){m->stack.at[0], m->count};
  return MOTE_OK;
}

mote_status mote_pickle_read(mote_span bytes, mote_arena *arena, const mote_pickle_options *options, mote_pickle *out,
                             mote_error *err) {
  machine m = {.in = mote_reader_make(bytes), .arena = arena, .err = err};
  m.options = options ? *options : (mote_pickle_options){0};
  if (!m.options.max_depth)
    m.options.max_depth = DEFAULT_DEPTH;
  m.options.max_depth = MOTE_MIN(m.options.max_depth, (uint32_t)UINT16_MAX - 1);
  if (!m.options.max_tree)
    m.options.max_tree = DEFAULT_TREE;
  mote_status status = run(&m, out);
  MOTE_VEC_FREE(arena->al, &m.stack);
  MOTE_VEC_FREE(arena->al, &m.memo);
  MOTE_VEC_FREE(arena->al, &m.marks);
  return status;
}

// ------------------------------------------------------------------------------------------- questions

bool mote_pickle_is(const mote_pickle_value *v, mote_pickle_kind kind) { return v && v->kind == kind; }

bool mote_pickle_is_global(const mote_pickle_value *v, const char *module, const char *name) {
  return mote_pickle_is(v, MOTE_PICKLE_GLOBAL) && strcmp(v->as.global.module, module) == 0 &&
         strcmp(v->as.global.name, name) == 0;
}

bool mote_pickle_is_str(const mote_pickle_value *v, const char *text) {
  return mote_pickle_is(v, MOTE_PICKLE_STR) && v->as.text.len == strlen(text) &&
         memcmp(v->as.text.data, text, v->as.text.len) == 0;
}

bool mote_pickle_is_call(const mote_pickle_value *v, const char *module, const char *name, uint32_t args) {
  return mote_pickle_is(v, MOTE_PICKLE_REDUCE) && mote_pickle_is_global(v->as.call.callable, module, name) &&
         v->as.call.args->as.items.count == args;
}

mote_pickle_value *mote_pickle_get(const mote_pickle_value *v, const char *key) {
  if (!mote_pickle_is(v, MOTE_PICKLE_DICT))
    return NULL;
  for (uint32_t i = v->as.items.count; i >= 2; i -= 2)
    if (mote_pickle_is_str(v->as.items.at[i - 2], key))
      return v->as.items.at[i - 1];
  return NULL;
}

const char *mote_pickle_kind_name(const mote_pickle_value *v) {
  // ORDER mote_pickle_kind
  static const char *const names[] = {"None",  "bool", "int",  "int",  "float", "str",    "bytes",
                                      "tuple", "list", "dict", "name", "call",  "object", "persistent id"};
  _Static_assert(MOTE_COUNT(names) == MOTE_PICKLE_PERSID + 1, "a name for every kind");
  return v ? names[v->kind] : "nothing";
}
