// Values of case files and result.json, both ways. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_JSON_VALUE_H
#define MOTE_TOOLS_JSON_VALUE_H

#include "array.h"

#include <jansson.h>

// Parses a JSON file; numbers out of range and repeated keys are errors.
json_t *json_read(const char *path, note *why);
bool json_write(const char *path, const json_t *document, note *why);
// A number, or one of the words inf, -inf and nan.
bool json_number_read(const json_t *item, double *out);

// The tensor a VALUE names: its .npy with the "dtype" applied, or strings written out in the JSON. An array's quantiser
// is kept in `quant`; its lists belong to the struct.
typedef struct json_tensor {
  array values;        // unused for strings that stand in the JSON
  mote_dtype dtype;    // as the tensor has it: BF16 where values are U16
  const json_t *texts; // list of strings, or NULL
  mote_quant quant;
  double *scales;
  int32_t *zero_points;
} json_tensor;

bool json_tensor_read(const json_t *item, const char *dir, json_tensor *out, note *why);
void json_tensor_free(json_tensor *t);
// True when the VALUE is a tensor in either spelling ({"tensor":..}, {"file":..}, {"dtype":"string",..}).
bool json_is_tensor(const json_t *item);

// New value; relative files are looked up in `dir`.
bool value_from_json(mote_context *context, const json_t *item, const char *dir, mote_value **out, note *why);
// A tensor VALUE for an input of type `want`: codes of int4 and int2 and bits of bfloat16 stand in wider types in .npy.
bool value_from_json_as(mote_context *context, const json_t *item, const char *dir, mote_dtype want, mote_value **out,
                        note *why);
// The type that an array of `have` becomes for an input of type `want`.
mote_dtype value_dtype_for(mote_dtype have, mote_dtype want);
bool value_from_array(mote_context *context, const array *a, mote_dtype dtype, const mote_quant *quant,
                      mote_value **out, note *why);

typedef struct value_writer {
  const char *dir;
  const char *stem; // files are STEM0.npy, STEM1.npy, ...
  unsigned next;
  bool plain; // stays true while .npy alone tells everything
} value_writer;

// New JSON of a value; tensors are written to files. NULL with the reason.
json_t *value_to_json(value_writer *writer, const mote_value *value, note *why);

#endif
