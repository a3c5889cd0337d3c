// Tensor: a typed, strided window on memory. Storage: the memory itself, shared by views. Knows no graph and no kernel.
// Tests: tests/unit/test_tensor.c
#ifndef MOTE_CORE_TENSOR_H
#define MOTE_CORE_TENSOR_H

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/fail.h"

// One string of a MOTE_STRING tensor: elements are references to bytes that the model, an input or a storage keeps.
typedef struct mote_strref {
  const char *at;
  size_t len;
} mote_strref;

// Memory with a reference count. `version` grows with every in-place write, so that packed copies and recorded graphs
// notice. A storage's address is its identity in caches: whoever keeps such a key keeps a reference too.
typedef struct mote_storage {
  const mote_allocator *al;
  void *data;       // NULL while `lazy` is set
  size_t bytes;     // size of `data`
  atomic_uint refs; // changed with mote_storage_retain/release only
  uint32_t version;
  bool owned;                      // data is freed with the storage
  struct mote_lazy *lazy;          // the recorder's note that the data is yet to be computed (src/script/record.h)
  void (*on_release)(void *owner); // called when the last reference goes; for memory kept alive by others
  void *owner;
} mote_storage;

typedef struct mote_tensor {
  // Members stand so that instructions reach the frequent ones with a displacement of one byte.
  mote_dtype dtype;
  int32_t rank;
  void *data;       // element [0,...,0]; NULL while unknown
  mote_quant quant; // quant.count == 0: not quantised
  int64_t dim[MOTE_MAX_RANK];
  int64_t stride[MOTE_MAX_RANK]; // in elements; may be 0 (expanded) or negative (flipped views)
} mote_tensor;

// Bytes of one element in memory; 0 for sub-byte types (use mote_tensor_bytes).
size_t mote_dtype_size(mote_dtype dtype);
bool mote_dtype_is_float(mote_dtype dtype); // f16 bf16 f32 f64
bool mote_dtype_is_complex(mote_dtype dtype);
bool mote_dtype_is_int(mote_dtype dtype);       // signed and unsigned integers, not bool, not quantised
bool mote_dtype_is_quantized(mote_dtype dtype); // PyTorch's quantised types

int64_t mote_tensor_numel(const mote_tensor *t);
// Bytes of a dense tensor of this shape; false on overflow or a negative dimension.
bool mote_tensor_bytes(const mote_tensor *t, size_t *out);
// C-order strides for the dims.
void mote_tensor_set_dense(mote_tensor *t);
bool mote_tensor_is_dense(const mote_tensor *t); // C order without gaps (dims of size 1 are ignored)
// Memory format channels-last for rank 3..5 (channel = dim 1 varies fastest). Ignores dims of size 1.
void mote_tensor_set_channels_last(mote_tensor *t);
bool mote_tensor_is_channels_last(const mote_tensor *t);
// No two indices share an element and there are no gaps, in whatever order of dims.
bool mote_tensor_is_packed(const mote_tensor *t);
bool mote_tensor_same_shape(const mote_tensor *a, const mote_tensor *b);
bool mote_tensor_same_strides(const mote_tensor *a, const mote_tensor *b); // dims of size 1 are ignored
// Sets dtype, rank, dims and dense strides; data and quant are cleared.
void mote_tensor_init(mote_tensor *t, mote_dtype dtype, int32_t rank, const int64_t *dim);
// Text such as "float32[1, 3, 224, 224]".
void mote_tensor_text(const mote_tensor *t, char *out, size_t cap);
// Normalises an axis (negative counts from the end); false when outside [-rank, rank). A scalar counts as rank 1.
bool mote_axis_normalise(int64_t axis, int32_t rank, int32_t *out);

// Reads element `offset` (in elements from data) as a number, whatever the dtype; writes with the type's conversion.
double mote_load_f64(const void *data, mote_dtype dtype, int64_t offset);
int64_t mote_load_i64(const void *data, mote_dtype dtype, int64_t offset);
void mote_store_f64(void *data, mote_dtype dtype, int64_t offset, double v);
void mote_store_i64(void *data, mote_dtype dtype, int64_t offset, int64_t v);
float mote_f16_to_f32(uint16_t h);
uint16_t mote_f32_to_f16(float f); // round half to even
float mote_bf16_to_f32(uint16_t h);
uint16_t mote_f32_to_bf16(float f); // round half to even

// A storage of its own memory, uninitialised (zeroed with `zero`); refs = 1. NULL when memory is short.
mote_storage *mote_storage_create(const mote_allocator *al, size_t bytes, bool zero);
// A storage on somebody's memory; `on_release(owner)` may be NULL.
mote_storage *mote_storage_wrap(const mote_allocator *al, void *data, size_t bytes, void (*on_release)(void *),
                                void *owner);
mote_storage *mote_storage_retain(mote_storage *s);
void mote_storage_release(mote_storage *s); // NULL is fine

// Walks several tensors of one shape together: dims are sorted by stride of operand 0 and merged where all operands
// allow, so that dense operands become one long row. `inner` is the size of the last loop, with strides per operand.
#define MOTE_ITER_OPERANDS 6
typedef struct mote_iter {
  int32_t operands, rank; // rank of the outer loops (0..MOTE_MAX_RANK-1)
  int64_t inner;          // elements a row
  int64_t rows;           // product of outer dims
  int64_t inner_stride[MOTE_ITER_OPERANDS];
  int64_t dim[MOTE_MAX_RANK];
  int64_t stride[MOTE_ITER_OPERANDS][MOTE_MAX_RANK]; // elements
} mote_iter;
// Shape is `rank`,`dim`; `strides[k]` are operand k's strides over it (0 where it is broadcast).
void mote_iter_init(mote_iter *it, int32_t rank, const int64_t *dim, int32_t operands, const int64_t *const strides[]);
// Element offsets of row r for each operand.
void mote_iter_row(const mote_iter *it, int64_t row, int64_t offset[MOTE_ITER_OPERANDS]);
// Strides of `t` seen as shape (rank, dim) by NumPy's broadcasting; false when it does not fit.
bool mote_broadcast_strides(const mote_tensor *t, int32_t rank, const int64_t *dim, int64_t *stride);
// Broadcast shape of two shapes; false when they do not fit.
bool mote_broadcast_shape(const mote_tensor *a, const mote_tensor *b, int32_t *rank, int64_t *dim);

// Copies src to dst (same shape, any strides, sizes 1,2,4,8,16 bytes an element, same dtype).
void mote_tensor_copy(const mote_tensor *src, const mote_tensor *dst);
// Part [row0,row1) of the rows of that copy, for splitting over threads; see mote_iter.
#endif
