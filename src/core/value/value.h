// Values of programs and of the public interface: a 16-byte tagged word, with reference-counted cells behind it for
// everything that does not fit. Knows tensors and storages; knows no types of a program, no VM, no graph.
// One thread at a time. Tests: tests/script/test_value.c
#ifndef MOTE_CORE_VALUE_H
#define MOTE_CORE_VALUE_H

#include "core/tensor/tensor.h"

// The first eleven are the numbers of the public mote_kind.
typedef enum mote_tag {
  MOTE_TAG_NONE,
  MOTE_TAG_BOOL,
  MOTE_TAG_INT,
  MOTE_TAG_FLOAT,
  MOTE_TAG_COMPLEX,
  MOTE_TAG_STR,
  MOTE_TAG_TENSOR,
  MOTE_TAG_LIST,
  MOTE_TAG_TUPLE,
  MOTE_TAG_DICT,
  MOTE_TAG_OBJECT,
  MOTE_TAG_FUTURE,    // cell with one value, or a pending call
  MOTE_TAG_ENUM,      // member of an enum class
  MOTE_TAG_GENERATOR, // random numbers
  MOTE_TAG_NATIVE,    // what only operators look into: packed parameters
  MOTE_TAG_DEVICE,    // u.i: 0 cpu, 1 meta, ...; index in the upper half; a word again, as those up to float
  MOTE_TAG_COUNT
} mote_tag;

// What every heap object starts with. `refs` 0 only while it is being freed.
typedef struct mote_cell {
  uint32_t refs;
  uint8_t tag;
  const mote_allocator *al;
  struct mote_cell *next; // freeing is done with a chain, not by recursion: a long linked list costs no stack
} mote_cell;

typedef struct mote_val {
  uint8_t tag;
  union {
    int64_t i; // int; bool as 0 or 1; device
    double f;
    mote_cell *cell;
    struct mote_complex *complex;
    struct mote_str *str;
    struct mote_handle *tensor;
    struct mote_list *list;
    struct mote_tuple *tuple;
    struct mote_dict *dict;
    struct mote_object *object;
    struct mote_future *future;
    struct mote_enum *en;
    struct mote_native *native;
  } u;
} mote_val;

typedef struct mote_complex {
  mote_cell cell;
  double re, im;
} mote_complex;

typedef struct mote_str {
  mote_cell cell;
  size_t len; // bytes; a NUL follows
  char at[];
} mote_str;

// `type` of containers: the program's static type, for isinstance and for printing; opaque here, NULL when unknown.
typedef struct mote_list {
  mote_cell cell;
  const void *type;
  uint64_t born; // the call that made it, 0: unknown; free for the machine
  mote_val *at;
  size_t len, cap;
} mote_list;

typedef struct mote_tuple {
  mote_cell cell;
  const void *type;
  struct mote_tuple *names; // strings, of a NamedTuple; owned; NULL for plain ones
  mote_val class_name;      // string of a NamedTuple's class, else None
  size_t len;
  mote_val at[];
} mote_tuple;

typedef struct mote_dict_entry {
  mote_val key, value;
  uint64_t hash;
  bool live;
} mote_dict_entry;

typedef struct mote_dict { // insertion ordered
  mote_cell cell;
  const void *type;
  uint64_t born;            // as in mote_list
  mote_dict_entry *entries; // deleted ones stay as holes until the table grows
  uint32_t *slots;          // entry index + 1; 0 free; open addressing
  size_t count, used, entry_cap, slot_cap;
} mote_dict;

// Objects of one session, so that cycles end with the session.
typedef struct mote_objects {
  struct mote_object *first;
} mote_objects;

typedef struct mote_object {
  mote_cell cell;
  const void *cls; // program's class
  uint64_t born;   // as in mote_list
  mote_objects *home;
  struct mote_object *prev_object, *next_object;
  uint32_t n_slots;
  mote_val slots[];
} mote_object;

typedef struct mote_future {
  mote_cell cell;
  mote_val value; // when done
  bool done;
  const void *call; // pending: function of the program
  mote_val args;    // pending: tuple
} mote_future;

typedef struct mote_enum {
  mote_cell cell;
  const void *cls;
  uint32_t member;
  mote_val name, value;
} mote_enum;

// An object that only operators look into. `drop` frees what `data` points to.
typedef struct mote_native {
  mote_cell cell;
  const char *kind; // static name, "LinearPackedParams"
  mote_val state;   // tuple of values it was made from
  const void *cls;  // program's class, may be NULL
} mote_native;

// A tensor of a program: dims and strides as the program sees them, on shared storage. t.data is not kept up to date:
// use mote_handle_view, because a storage may be computed late or become private at its first write.
typedef struct mote_handle {
  mote_cell cell;
  mote_tensor t;
  mote_storage *storage;   // retained
  int64_t offset;          // elements from the storage's start
  mote_storage *quant_mem; // retained: holds the arrays of t.quant; may be NULL
  bool requires_grad, is_conj, is_neg, is_meta;
  bool is_literal; // contents are part of a recording's identity: nobody writes to it
  bool is_number;  // made from a Python number: takes part in type promotion as one
  uint8_t layout;
  // The recorder's note: value `vid` of recording `epoch` when the storage was at `version`.
  uint64_t epoch;
  uint32_t version;
  int32_t vid;
} mote_handle;

// ------------------------------------------------------------------------------------------------ plain values

MOTE_INLINE mote_val mote_val_none(void) {
  mote_val v = {MOTE_TAG_NONE, {.i = 0}};
  return v;
}
MOTE_INLINE mote_val mote_val_bool(bool b) {
  mote_val v = {MOTE_TAG_BOOL, {.i = b ? 1 : 0}};
  return v;
}
MOTE_INLINE mote_val mote_val_int(int64_t i) {
  mote_val v = {MOTE_TAG_INT, {.i = i}};
  return v;
}
MOTE_INLINE mote_val mote_val_float(double f) {
  mote_val v = {MOTE_TAG_FLOAT, {.f = f}};
  return v;
}
MOTE_INLINE mote_val mote_val_device(int64_t i) {
  mote_val v = {MOTE_TAG_DEVICE, {.i = i}};
  return v;
}
// Takes over the caller's reference.
MOTE_INLINE mote_val mote_val_cell(mote_cell *cell) {
  mote_val v = {cell->tag, {.cell = cell}};
  return v;
}
MOTE_INLINE bool mote_tag_has_cell(uint8_t tag) {
  return (uint8_t)(tag - MOTE_TAG_COMPLEX) < MOTE_TAG_DEVICE - MOTE_TAG_COMPLEX; // one comparison: it is everywhere
}

void mote_cell_free(mote_cell *cell); // refs fell to 0
MOTE_INLINE mote_val mote_val_retain(mote_val v) {
  if (mote_tag_has_cell(v.tag))
    v.u.cell->refs++;
  return v;
}
void mote_val_release(mote_val v);
// Releases what stood in *slot and sets it to None.
MOTE_INLINE void mote_val_clear(mote_val *slot) {
  mote_val old = *slot;
  *slot = mote_val_none();
  mote_val_release(old);
}
// Puts `v` (its reference is taken over) where another value stood.
MOTE_INLINE void mote_val_set(mote_val *slot, mote_val v) {
  mote_val old = *slot;
  *slot = v;
  mote_val_release(old);
}

// ------------------------------------------------------------------------------------------------ making cells
// All give one reference in *out, set on success only. Failures: MOTE_ERR_NOMEM.

mote_status mote_complex_new(const mote_allocator *al, double re, double im, mote_val *out,
                             mote_error *err) MOTE_MUST_USE;
mote_status mote_str_new(const mote_allocator *al, const char *text, size_t len, mote_val *out,
                         mote_error *err) MOTE_MUST_USE;
// Uninitialised bytes that the caller fills.
mote_status mote_str_alloc(const mote_allocator *al, size_t len, mote_val *out, mote_error *err) MOTE_MUST_USE;
mote_status mote_list_new(const mote_allocator *al, size_t cap, mote_val *out, mote_error *err) MOTE_MUST_USE;
// Items are None at first; the caller puts values into at[i].
mote_status mote_tuple_new(const mote_allocator *al, size_t len, mote_val *out, mote_error *err) MOTE_MUST_USE;
mote_status mote_dict_new(const mote_allocator *al, mote_val *out, mote_error *err) MOTE_MUST_USE;
// `home` may be NULL.
mote_status mote_object_new(const mote_allocator *al, mote_objects *home, const void *cls, uint32_t n_slots,
                            mote_val *out, mote_error *err) MOTE_MUST_USE;
// Empties the slots of all objects that still live and forgets them (end of a session).
void mote_objects_clear(mote_objects *home);
mote_status mote_future_new(const mote_allocator *al, mote_val *out, mote_error *err) MOTE_MUST_USE;
mote_status mote_enum_new(const mote_allocator *al, const void *cls, uint32_t member, mote_val name, mote_val value,
                          mote_val *out, mote_error *err) MOTE_MUST_USE; // name and value are retained
mote_status mote_native_new(const mote_allocator *al, const char *kind, mote_val state, mote_val *out,
                            mote_error *err) MOTE_MUST_USE; // state is retained

// ------------------------------------------------------------------------------------------------ containers

// Appends; takes over the reference of `v` (also when it fails).
mote_status mote_list_push(mote_list *list, mote_val v, mote_error *err) MOTE_MUST_USE;
mote_status mote_list_insert(mote_list *list, size_t at, mote_val v, mote_error *err) MOTE_MUST_USE; // the same
void mote_list_remove(mote_list *list, size_t at, size_t count); // at + count <= len

// Keys: str, int, float, bool, tensors (by identity), enums, complex, tuples of these, devices.
mote_val *mote_dict_find(const mote_dict *dict, mote_val key); // NULL when missing; valid until the next put
// Retains key and value; replaces an older value.
mote_status mote_dict_put(mote_dict *dict, mote_val key, mote_val value, mote_error *err) MOTE_MUST_USE;
bool mote_dict_delete(mote_dict *dict, mote_val key);
void mote_dict_clear(mote_dict *dict);
// Walks in insertion order: start with *at = 0; NULL at the end.
mote_dict_entry *mote_dict_next(const mote_dict *dict, size_t *at);

// Python's == on all but tensors (identity). Bounded depth: deeper values are unequal.
bool mote_val_equal(mote_val a, mote_val b);
bool mote_val_same(mote_val a, mote_val b); // identity ("is")
uint64_t mote_val_hash(mote_val v);
const char *mote_tag_name(uint8_t tag); // "int", "Tensor", ...

// ------------------------------------------------------------------------------------------------ tensors

// A tensor on `storage` (retained) from element `offset`: `t` gives dtype, dims, strides, quant. Quant arrays, if any,
// are copied. No bounds are checked here: see mote_handle_fits.
mote_status mote_handle_new(const mote_allocator *al, const mote_tensor *t, mote_storage *storage, int64_t offset,
                            mote_val *out, mote_error *err) MOTE_MUST_USE;
// A dense tensor with memory of its own (zeroed with `zero`) for dims and dtype of `t`.
mote_status mote_handle_alloc(const mote_allocator *al, const mote_tensor *t, bool zero, mote_val *out,
                              mote_error *err) MOTE_MUST_USE;
// True when every element lies inside the storage's `bytes`.
bool mote_handle_fits(const mote_tensor *t, int64_t offset, size_t bytes);
// The tensor with its data pointer. The storage must not be lazy.
void mote_handle_view(const mote_handle *h, mote_tensor *out);

#endif
