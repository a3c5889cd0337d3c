// Owns: the few tables of TensorFlow Lite's metadata schema that say how a picture is normalised. The bytes are
// hostile: every position is compared with the length. Must not know: pictures. Tests: tests/models/cli_test.sh
#include "tflite_meta.h"

#include <math.h>
#include <string.h>

typedef struct meta {
  const unsigned char *data;
  size_t size;
} meta;

// Positions are offsets into the buffer; 0 means "not there", as no table can stand at the root offset.
static uint32_t word(const meta *m, uint64_t at, uint32_t bytes) {
  uint32_t v = 0;
  if (at + bytes > m->size)
    return 0;
  for (uint32_t i = 0; i < bytes; i++)
    v |= (uint32_t)m->data[at + i] << 8 * i;
  return v;
}

static uint64_t follow(const meta *m, uint64_t at) {
  uint32_t offset = at ? word(m, at, 4) : 0;
  return offset && at + offset < m->size ? at + offset : 0;
}

// Where field `index` of the table stands.
static uint64_t field(const meta *m, uint64_t table, uint32_t index) {
  int64_t vtable = table ? (int64_t)table - (int32_t)word(m, table, 4) : -1;
  if (vtable < 0 || (uint64_t)vtable + 4 > m->size || word(m, (uint64_t)vtable, 2) < 4 + 2 * (index + 1))
    return 0;
  uint32_t offset = word(m, (uint64_t)vtable + 4 + 2 * (uint64_t)index, 2);
  return offset ? table + offset : 0;
}

// Length of the vector that field `index` points to, and its first element.
static uint32_t vector(const meta *m, uint64_t table, uint32_t index, uint64_t *first) {
  uint64_t at = follow(m, field(m, table, index));
  uint32_t count = at ? word(m, at, 4) : 0;
  *first = at + 4;
  return count <= (m->size - at) / 4 ? count : 0;
}

static bool floats(const meta *m, uint64_t table, uint32_t index, double out[3]) {
  uint64_t first;
  uint32_t count = vector(m, table, index, &first);
  if (count != 1 && count != 3)
    return false;
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t bits = word(m, first + 4 * (uint64_t)(count == 3 ? i : 0), 4);
    float v;
    memcpy(&v, &bits, 4);
    out[i] = (double)v;
  }
  return isfinite(out[0]) && isfinite(out[1]) && isfinite(out[2]);
}

// Field numbers of the schema: ModelMetadata.subgraph_metadata 3, SubGraphMetadata.input_tensor_metadata 2,
// TensorMetadata.process_units 4, ProcessUnit.options_type 0 (1: NormalizationOptions) and options 1,
// NormalizationOptions.mean 0 and std 1.
static bool find(const meta *m, meta_norm *out) {
  uint64_t first, root = word(m, 0, 4);
  if (!root || root >= m->size || !vector(m, root, 3, &first))
    return false;
  if (!vector(m, follow(m, first), 2, &first))
    return false;
  uint64_t tensor = follow(m, first);
  uint32_t units = vector(m, tensor, 4, &first);
  for (uint32_t i = 0; i < units; i++) {
    uint64_t unit = follow(m, first + 4 * (uint64_t)i), type = field(m, unit, 0);
    uint64_t options = follow(m, field(m, unit, 1));
    if (type && word(m, type, 1) == 1 && floats(m, options, 0, out->mean) && floats(m, options, 1, out->deviation))
      return out->deviation[0] > 0 && out->deviation[1] > 0 && out->deviation[2] > 0;
  }
  return false;
}

bool meta_find_norm(const mote_model *model, meta_norm *out) {
  const void *data;
  size_t size;
  const char *key;
  for (size_t i = 0; (key = mote_model_metadata(model, i, &data, &size)) != NULL; i++)
    if (strcmp(key, "TFLITE_METADATA") == 0) {
      meta m = {data, size};
      return find(&m, out);
    }
  return false;
}
