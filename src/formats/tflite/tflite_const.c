// Contents of constants that are stored packed: strings, sparse tensors, blockwise quantised weights.
// Knows no operator. Tests: tests/unit/test_tflite.c
#include <string.h>

#include "formats/tflite/tflite_reader.h"

// Count, count + 1 offsets from the buffer's start, then the bytes.
mote_status tfl_strings(tfl_reader *r, const tfl_tensor *t, mote_storage **out) {
  mote_reader rd = mote_reader_make(t->bytes);
  uint32_t count = mote_read_u32(&rd);
  int64_t want = mote_tensor_numel(&t->t);
  if (rd.bad || (int64_t)count != want || mote_reader_left(&rd) / 4 < (size_t)count + 1)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "%u strings in a buffer of %zu bytes, the shape needs %lld", count,
                     t->bytes.size, (long long)want);
  MOTE_TRY(tfl_storage(r, (size_t)count * sizeof(mote_strref), out));
  mote_strref *refs = (*out)->data;
  uint32_t at = mote_read_u32(&rd);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t next = mote_read_u32(&rd);
    mote_span s;
    if (next < at || !mote_span_slice(t->bytes, at, next - at, &s))
      return mote_fail(r->err, MOTE_ERR_FORMAT, "string %u from %u to %u lies outside the buffer", i, at, next);
    refs[i].at = (const char *)s.data;
    refs[i].len = s.size;
    at = next;
  }
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ sparse

#define SPARSE_MAX (2 * MOTE_MAX_RANK)

typedef struct sparse_dim {
  bool csr;
  int64_t size; // dense levels: extent; CSR levels: extent of the dimension it stands for
  mote_fb_vec segments, indices;
} sparse_dim;

typedef struct sparse {
  tfl_reader *r;
  const tfl_tensor *t;
  int32_t levels, rank;
  int32_t order[SPARSE_MAX];
  int32_t block_map[MOTE_MAX_RANK];
  sparse_dim dim[SPARSE_MAX];
  int64_t extent[SPARSE_MAX]; // of original dimension or block dimension, in the order of numbering
  int64_t index[SPARSE_MAX];
  size_t size, n_values, next;
  uint8_t *dense;
} sparse;

static int64_t index_at(mote_fb_vec v, uint32_t i) {
  if (v.item_size == 1)
    return mote_fb_vec_u8(v, i);
  if (v.item_size == 2)
    return mote_load_u16(v.data + (size_t)i * 2);
  return mote_fb_vec_i32(v, i);
}

static mote_fb_vec index_vector(sparse *s, mote_fb_table d, unsigned type_field) {
  static const uint32_t item[] = {0, 4, 2, 1};
  mote_fb_vec none = {0};
  uint8_t type = mote_fb_u8(&s->r->fb, d, type_field, 0);
  if (type == 0 || type > 3)
    return none;
  return mote_fb_vector(&s->r->fb, mote_fb_sub(&s->r->fb, d, type_field + 1), 0, item[type]);
}

static mote_status sparse_broken(const sparse *s, const char *what) {
  return mote_fail(s->r->err, MOTE_ERR_FORMAT, "sparse tensor: %s", what);
}

static mote_status sparse_levels(sparse *s, mote_fb_vec order, mote_fb_vec dims) {
  bool seen[SPARSE_MAX] = {false};
  for (int32_t i = 0; i < s->levels; i++) {
    int64_t o = mote_fb_vec_i32(order, (uint32_t)i);
    if (o < 0 || o >= s->levels || seen[o])
      return sparse_broken(s, "the traversal order is no permutation");
    seen[o] = true;
    s->order[i] = (int32_t)o;
    mote_fb_table d = mote_fb_vec_table(&s->r->fb, dims, (uint32_t)i);
    s->dim[i].csr = mote_fb_i8(&s->r->fb, d, 0, 0) == 1;
    s->dim[i].size = mote_fb_i32(&s->r->fb, d, 1, 0);
    s->dim[i].segments = index_vector(s, d, 2);
    s->dim[i].indices = index_vector(s, d, 4);
    MOTE_TRY(mote_fb_check(&s->r->fb, s->r->err));
    if (s->dim[i].csr && s->dim[i].segments.count < 1)
      return sparse_broken(s, "a compressed dimension has no segments");
  }
  return MOTE_OK;
}

// Extents of the outer (blocked) dimensions and of the blocks.
static mote_status sparse_extents(sparse *s) {
  for (int32_t i = 0; i < s->rank; i++)
    s->extent[i] = s->t->t.dim[i];
  for (int32_t b = s->rank; b < s->levels; b++) {
    int32_t of = s->block_map[b - s->rank];
    int64_t size = 0;
    for (int32_t l = 0; l < s->levels; l++)
      if (s->order[l] == b)
        size = s->dim[l].csr ? 0 : s->dim[l].size;
    if (of < 0 || of >= s->rank || size <= 0 || s->extent[of] % size != 0)
      return sparse_broken(s, "a block does not divide its dimension");
    s->extent[b] = size;
    s->extent[of] /= size;
  }
  for (int32_t l = 0; l < s->levels; l++)
    if (!s->dim[l].csr && s->dim[l].size != s->extent[s->order[l]])
      return sparse_broken(s, "a dense dimension has another size than the shape says");
  return MOTE_OK;
}

static mote_status sparse_put(sparse *s) {
  if (s->next >= s->n_values)
    return sparse_broken(s, "more places than values");
  int64_t at = 0;
  for (int32_t i = 0; i < s->rank; i++) {
    int64_t x = s->index[i];
    for (int32_t b = s->rank; b < s->levels; b++)
      if (s->block_map[b - s->rank] == i)
        x = x * s->extent[b] + s->index[b];
    at = at * s->t->t.dim[i] + x;
  }
  memcpy(s->dense + (size_t)at * s->size, s->t->bytes.data + s->next * s->size, s->size);
  s->next++;
  return MOTE_OK;
}

// Level by level; `parent` is the position within the level above. Depth is at most SPARSE_MAX.
static mote_status sparse_walk(sparse *s, int32_t level, int64_t parent) {
  if (level == s->levels)
    return sparse_put(s);
  const sparse_dim *d = &s->dim[level];
  int32_t dim = s->order[level];
  if (!d->csr) {
    for (int64_t i = 0; i < d->size; i++) {
      s->index[dim] = i;
      MOTE_TRY(sparse_walk(s, level + 1, parent * d->size + i));
    }
    return MOTE_OK;
  }
  if (parent < 0 || parent + 1 >= (int64_t)d->segments.count)
    return sparse_broken(s, "segments are too short");
  int64_t from = index_at(d->segments, (uint32_t)parent), to = index_at(d->segments, (uint32_t)parent + 1);
  if (from < 0 || to < from || to > (int64_t)d->indices.count)
    return sparse_broken(s, "segments point outside the indices");
  for (int64_t i = from; i < to; i++) {
    int64_t x = index_at(d->indices, (uint32_t)i);
    if (x < 0 || x >= s->extent[dim])
      return sparse_broken(s, "an index is outside its dimension");
    s->index[dim] = x;
    MOTE_TRY(sparse_walk(s, level + 1, i));
  }
  return MOTE_OK;
}

mote_status tfl_densify(tfl_reader *r, const tfl_tensor *t, mote_storage **out) {
  sparse s = {.r = r, .t = t, .rank = t->t.rank, .size = mote_dtype_size(t->t.dtype)};
  mote_fb_table p = mote_fb_sub(&r->fb, t->table, FB_TENSOR_SPARSITY);
  mote_fb_vec order = mote_fb_vector(&r->fb, p, 0, 4), map = mote_fb_vector(&r->fb, p, 1, 4);
  mote_fb_vec dims = mote_fb_vector(&r->fb, p, 2, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (s.size == 0 || t->t.dtype == MOTE_STRING)
    return mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "sparse tensor of type %s", mote_dtype_name(t->t.dtype));
  if (order.count != dims.count || map.count > MOTE_MAX_RANK || order.count != (uint32_t)s.rank + map.count)
    return sparse_broken(&s, "the numbers of dimensions do not match");
  s.levels = (int32_t)order.count;
  for (uint32_t i = 0; i < map.count; i++)
    s.block_map[i] = mote_fb_vec_i32(map, i);
  MOTE_TRY(sparse_levels(&s, order, dims));
  MOTE_TRY(sparse_extents(&s));
  size_t bytes;
  if (!mote_tensor_bytes(&t->t, &bytes) || t->bytes.size % s.size != 0)
    return sparse_broken(&s, "the buffer's size is no multiple of the element's");
  s.n_values = t->bytes.size / s.size;
  MOTE_TRY(tfl_storage(r, bytes, out));
  s.dense = (*out)->data;
  MOTE_TRY(sparse_walk(&s, 0, 0));
  return s.next == s.n_values ? MOTE_OK : sparse_broken(&s, "values are left over");
}

// ------------------------------------------------------------------------------------------------ blockwise

// Blocks run along the last dimension. They become float32, since no operator's scale goes by blocks.
mote_status tfl_blockwise(tfl_reader *r, tfl_tensor *t, mote_storage **out) {
  const tfl_tensor *sc = &r->tensors[t->block_scales];
  int64_t n = mote_tensor_numel(&t->t), cols = t->t.rank > 0 ? t->t.dim[t->t.rank - 1] : 0;
  uint32_t bits = mote_dtype_bits(t->t.dtype);
  if (n <= 0 || cols % t->block != 0 || sc->t.dtype != MOTE_F16 || (bits != 4 && bits != 8 && bits != 2) ||
      mote_dtype_is_float(t->t.dtype))
    return mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "blockwise quantisation of %s with scales of %s",
                     mote_dtype_name(t->t.dtype), mote_dtype_name(sc->t.dtype));
  size_t bytes;
  if (!mote_tensor_bytes(&t->t, &bytes) || bytes != t->bytes.size || sc->bytes.size != (size_t)(n / t->block) * 2)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "blockwise weights or their scales have the wrong size");
  MOTE_TRY(tfl_storage(r, (size_t)n * 4, out));
  float *f = (*out)->data;
  for (int64_t i = 0; i < n; i++) {
    int shift = (int)(i * bits % 8);
    int8_t code = (int8_t)(uint8_t)(t->bytes.data[i * bits / 8] >> shift << (8 - bits));
    float scale = mote_f16_to_f32(mote_load_u16(sc->bytes.data + i / t->block * 2));
    f[i] = (float)(code >> (8 - bits)) * scale;
  }
  t->t.dtype = MOTE_F32;
  return MOTE_OK;
}
