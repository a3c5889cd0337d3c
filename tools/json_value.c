// Owns: the grammar of values (docs/case-files.md). Must not know: cases, tolerances.
// Tests: tests/models/cli_test.sh
#include "json_value.h"
#include "files.h"
#include "npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_DEPTH = 64 };
static const size_t JSON_LIMIT = (size_t)256 << 20;

json_t *json_read(const char *path, note *why) {
  file_bytes bytes = {0};
  if (!file_read(path, JSON_LIMIT, &bytes, why))
    return NULL;
  json_error_t error;
  json_t *document = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
  if (!document)
    note_set(why, "%s: line %d, column %d: %s", path, error.line, error.column, error.text);
  file_free(&bytes);
  return document;
}

bool json_write(const char *path, const json_t *document, note *why) {
  char *text = json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(17));
  if (!text)
    return note_set(why, "%s: no memory", path);
  file_part parts[2] = {{text, strlen(text)}, {"\n", 1}};
  bool ok = file_write(path, parts, 2, why);
  free(text);
  return ok;
}

bool json_number_read(const json_t *item, double *out) {
  static const char *const words[] = {"inf", "-inf", "nan"};
  const double values[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
  if (json_is_number(item)) {
    *out = json_number_value(item);
    return true;
  }
  for (int i = 0; json_is_string(item) && i < 3; i++)
    if (strcmp(json_string_value(item), words[i]) == 0) {
      *out = values[i];
      return true;
    }
  return false;
}

// ------------------------------------------------------------------------------------------- tensors in

bool json_is_tensor(const json_t *item) {
  return json_object_get(item, "tensor") || json_object_get(item, "file") ||
         (json_object_get(item, "value") && json_object_get(item, "shape"));
}

void json_tensor_free(json_tensor *t) {
  array_free(&t->values);
  free(t->scales);
  free(t->zero_points);
  t->scales = NULL;
  t->zero_points = NULL;
}

typedef struct dtype_hint {
  const char *name;
  mote_dtype stored, meant;
} dtype_hint;

// Names that a case gives where .npy has no type of its own, and what stands in the file.
static const dtype_hint hints[] = {{"bfloat16", MOTE_U16, MOTE_BF16},    {"complex64", MOTE_C64, MOTE_C64},
                                   {"complex128", MOTE_C128, MOTE_C128}, {"quint8", MOTE_U8, MOTE_QU8},
                                   {"qint8", MOTE_I8, MOTE_QI8},         {"qint32", MOTE_I32, MOTE_QI32},
                                   {"int4", MOTE_I8, MOTE_I4},           {"int2", MOTE_I8, MOTE_I2}};
enum { HINT_COUNT = sizeof hints / sizeof hints[0] };

static bool apply_hint(const json_t *item, json_tensor *t, note *why) {
  const char *name = json_string_value(json_object_get(item, "dtype"));
  t->dtype = t->values.dtype;
  if (!name || strcmp(name, mote_dtype_name(t->values.dtype)) == 0)
    return true;
  for (int i = 0; i < HINT_COUNT; i++)
    if (strcmp(hints[i].name, name) == 0) {
      if (hints[i].stored != t->values.dtype)
        return note_set(why, "dtype %s needs a file of %s, not %s", name, mote_dtype_name(hints[i].stored),
                        mote_dtype_name(t->values.dtype));
      t->dtype = hints[i].meant;
      return true;
    }
  return note_set(why, "dtype \"%s\" is not known", name);
}

static bool read_scales(const json_t *item, json_tensor *t, note *why) {
  const json_t *scales = json_object_get(item, "scales"), *zeros = json_object_get(item, "zero_points");
  size_t count = json_array_size(scales);
  if (!count || count > 1u << 24 || json_array_size(zeros) != count)
    return note_set(why, "scales and zero_points are not lists of one length");
  t->scales = calloc(count, sizeof *t->scales);
  t->zero_points = calloc(count, sizeof *t->zero_points);
  if (!t->scales || !t->zero_points)
    return note_set(why, "no memory for %zu scales", count);
  for (size_t i = 0; i < count; i++) {
    if (!json_number_read(json_array_get(scales, i), &t->scales[i]))
      return note_set(why, "scales[%zu] is not a number", i);
    t->zero_points[i] = (int32_t)json_number_value(json_array_get(zeros, i));
  }
  t->quant = (mote_quant){.scale = t->scales[0],
                          .zero_point = t->zero_points[0],
                          .axis = (int32_t)json_integer_value(json_object_get(item, "axis")),
                          .count = (int32_t)count,
                          .scales = t->scales,
                          .zero_points = t->zero_points};
  return true;
}

static bool read_quant(const json_t *item, json_tensor *t, note *why) {
  if (json_object_get(item, "scales"))
    return read_scales(item, t, why);
  const json_t *scale = json_object_get(item, "scale"), *zero = json_object_get(item, "zero_point");
  if (!scale && !zero)
    return true;
  t->quant.axis = -1;
  t->quant.count = 1;
  t->quant.zero_point = (int32_t)json_number_value(zero);
  return json_number_read(scale, &t->quant.scale) ? true : note_set(why, "scale is not a number");
}

// {"dtype":"string","shape":[..],"value":[..]}
static bool read_texts(const json_t *item, json_tensor *t, note *why) {
  const json_t *shape = json_object_get(item, "shape"), *texts = json_object_get(item, "value");
  int64_t dim[MOTE_MAX_RANK] = {0};
  if (!json_is_array(shape) || !json_is_array(texts) || json_array_size(shape) > MOTE_MAX_RANK)
    return note_set(why, "a string tensor needs the lists shape and value");
  for (size_t i = 0; i < json_array_size(shape); i++)
    dim[i] = json_integer_value(json_array_get(shape, i));
  if (!array_make(&t->values, MOTE_U8, (int32_t)json_array_size(shape), dim, 0, why))
    return false;
  if ((size_t)t->values.count != json_array_size(texts))
    return note_set(why, "a string tensor has %zu strings, its shape asks for %lld", json_array_size(texts),
                    (long long)t->values.count);
  t->dtype = MOTE_STRING;
  t->texts = texts;
  return true;
}

bool json_tensor_read(const json_t *item, const char *dir, json_tensor *out, note *why) {
  memset(out, 0, sizeof *out);
  const json_t *name = json_object_get(item, "tensor");
  if (!name)
    name = json_object_get(item, "file");
  if (!name)
    return read_texts(item, out, why) || (json_tensor_free(out), false);
  if (!json_is_string(name))
    return note_set(why, "a tensor's file name is not a string");
  char *path = path_join(dir, json_string_value(name));
  bool ok = path && npy_read(path, &out->values, why) && apply_hint(item, out, why) && read_quant(item, out, why);
  free(path);
  if (!ok)
    json_tensor_free(out);
  return ok;
}

static void array_view(const array *a, mote_dtype dtype, mote_view *view) {
  mote_view_init(view);
  view->dtype = dtype;
  view->rank = a->rank;
  int64_t stride = 1;
  for (int32_t i = a->rank - 1; i >= 0; i--) {
    view->dim[i] = a->dim[i];
    view->stride[i] = stride;
    stride *= a->dim[i];
  }
  view->data = a->data;
  view->bytes = (size_t)a->count * a->item;
}

// One code a byte to `bits` a code, low bits first.
static void pack_codes(array *a, uint32_t bits) {
  uint32_t per = 8 / bits, mask = (1u << bits) - 1;
  for (int64_t i = 0; i < a->count; i++) {
    uint32_t code = a->data[i] & mask;
    unsigned char *to = a->data + i / per;
    *to = i % per ? (unsigned char)(*to | code << (uint32_t)(i % per) * bits) : (unsigned char)code;
  }
}

static bool fill_strings(const array *a, mote_value *tensor, note *why) {
  mote_error error;
  mote_error_init(&error);
  for (int64_t i = 0; i < a->count; i++) {
    size_t len;
    char *text = array_string(a, i, &len);
    if (!text)
      return note_set(why, "string %lld is not text", (long long)i);
    mote_status status = mote_value_set_string(tensor, i, text, len, &error);
    free(text);
    if (status != MOTE_OK)
      return note_error(why, &error);
  }
  return true;
}

static bool make_strings(mote_context *context, const array *a, mote_value **out, note *why) {
  mote_view view;
  mote_error error;
  mote_error_init(&error);
  array_view(a, MOTE_STRING, &view);
  view.data = NULL;
  view.bytes = 0;
  return mote_value_tensor(context, &view, false, out, &error) == MOTE_OK ? true : note_error(why, &error);
}

bool value_from_array(mote_context *context, const array *a, mote_dtype dtype, const mote_quant *quant,
                      mote_value **out, note *why) {
  mote_error error;
  mote_error_init(&error);
  if (dtype == MOTE_STRING) {
    mote_value *made = NULL;
    if (!make_strings(context, a, &made, why))
      return false;
    if (!fill_strings(a, made, why)) {
      mote_value_release(made);
      return false;
    }
    *out = made;
    return true;
  }
  mote_view view;
  array_view(a, dtype, &view);
  if (quant)
    view.quant = *quant;
  array packed = {0};
  if (dtype == MOTE_I4 || dtype == MOTE_I2) {
    if (!array_make(&packed, MOTE_I8, a->rank, a->dim, 0, why))
      return false;
    memcpy(packed.data, a->data, (size_t)a->count);
    uint32_t bits = mote_dtype_bits(dtype);
    pack_codes(&packed, bits);
    view.data = packed.data;
    view.bytes = ((size_t)a->count * bits + 7) / 8;
  }
  mote_status status = mote_value_tensor(context, &view, false, out, &error);
  array_free(&packed);
  return status == MOTE_OK ? true : note_error(why, &error);
}

static bool texts_value(mote_context *context, const json_tensor *t, mote_value **out, note *why) {
  mote_error error;
  mote_error_init(&error);
  mote_value *made = NULL;
  if (!make_strings(context, &t->values, &made, why))
    return false;
  for (int64_t i = 0; i < t->values.count; i++) {
    const json_t *text = json_array_get(t->texts, (size_t)i);
    const char *bytes = json_is_string(text) ? json_string_value(text) : "";
    if (mote_value_set_string(made, i, bytes, json_string_length(text), &error) != MOTE_OK) {
      mote_value_release(made);
      return note_error(why, &error);
    }
  }
  *out = made;
  return true;
}

mote_dtype value_dtype_for(mote_dtype have, mote_dtype want) {
  bool codes = have == MOTE_I8 && (want == MOTE_I4 || want == MOTE_I2);
  return codes || (have == MOTE_U16 && want == MOTE_BF16) ? want : have;
}

bool value_from_json_as(mote_context *context, const json_t *item, const char *dir, mote_dtype want, mote_value **out,
                        note *why) {
  json_tensor t;
  if (!json_tensor_read(item, dir, &t, why))
    return false;
  t.dtype = value_dtype_for(t.dtype, want);
  bool ok =
      t.texts ? texts_value(context, &t, out, why) : value_from_array(context, &t.values, t.dtype, &t.quant, out, why);
  json_tensor_free(&t);
  return ok;
}

// ------------------------------------------------------------------------------------------- other values in

typedef struct reader {
  mote_context *context;
  const char *dir;
  note *why;
  int depth;
} reader;

static bool read_value(reader *r, const json_t *item, mote_value **out);

static bool done(reader *r, mote_status status, const mote_error *error) {
  return status == MOTE_OK ? true : note_error(r->why, error);
}

static bool read_list(reader *r, const json_t *items, mote_value **out) {
  mote_error error;
  mote_error_init(&error);
  mote_value *list = NULL;
  bool ok = done(r, mote_value_list(r->context, &list, &error), &error);
  for (size_t i = 0; ok && i < json_array_size(items); i++) {
    mote_value *item = NULL;
    ok = read_value(r, json_array_get(items, i), &item) && done(r, mote_value_append(list, item, &error), &error);
    mote_value_release(item);
  }
  if (ok)
    *out = list;
  else
    mote_value_release(list);
  return ok;
}

static bool read_tuple(reader *r, const json_t *items, mote_value **out) {
  mote_error error;
  mote_error_init(&error);
  size_t count = json_array_size(items), have = 0;
  mote_value **parts = calloc(count + 1, sizeof *parts);
  if (!parts)
    return note_set(r->why, "no memory");
  while (have < count && read_value(r, json_array_get(items, have), &parts[have]))
    have++;
  bool ok = have == count && done(r, mote_value_tuple(r->context, parts, count, out, &error), &error);
  while (have)
    mote_value_release(parts[--have]);
  free(parts);
  return ok;
}

static bool read_pair(reader *r, const json_t *pair, mote_value *dict) {
  mote_error error;
  mote_error_init(&error);
  mote_value *key = NULL, *item = NULL;
  if (json_array_size(pair) != 2)
    return note_set(r->why, "a dict's pair is not a list of two");
  bool ok = read_value(r, json_array_get(pair, 0), &key) && read_value(r, json_array_get(pair, 1), &item) &&
            done(r, mote_value_put(dict, key, item, &error), &error);
  mote_value_release(key);
  mote_value_release(item);
  return ok;
}

static bool read_dict(reader *r, const json_t *pairs, mote_value **out) {
  mote_error error;
  mote_error_init(&error);
  mote_value *dict = NULL;
  bool ok = done(r, mote_value_dict(r->context, &dict, &error), &error);
  for (size_t i = 0; ok && i < json_array_size(pairs); i++)
    ok = read_pair(r, json_array_get(pairs, i), dict);
  if (ok)
    *out = dict;
  else
    mote_value_release(dict);
  return ok;
}

static bool read_complex(reader *r, const json_t *parts, mote_value **out) {
  mote_error error;
  mote_error_init(&error);
  double re, im;
  if (json_array_size(parts) != 2 || !json_number_read(json_array_get(parts, 0), &re) ||
      !json_number_read(json_array_get(parts, 1), &im))
    return note_set(r->why, "complex is not a list of two numbers");
  return done(r, mote_value_complex(r->context, re, im, out, &error), &error);
}

static bool read_scalar(reader *r, const json_t *item, mote_value **out) {
  mote_error error;
  mote_error_init(&error);
  const json_t *v;
  double real;
  if ((v = json_object_get(item, "int")) != NULL && json_is_integer(v))
    return done(r, mote_value_int(r->context, json_integer_value(v), out, &error), &error);
  if ((v = json_object_get(item, "float")) != NULL && json_number_read(v, &real))
    return done(r, mote_value_float(r->context, real, out, &error), &error);
  if ((v = json_object_get(item, "bool")) != NULL && json_is_boolean(v))
    return done(r, mote_value_bool(r->context, json_is_true(v), out, &error), &error);
  if ((v = json_object_get(item, "str")) != NULL && json_is_string(v))
    return done(r, mote_value_string(r->context, json_string_value(v), json_string_length(v), out, &error), &error);
  if (json_object_get(item, "none"))
    return done(r, mote_value_none(r->context, out, &error), &error);
  char *text = json_dumps(item, JSON_COMPACT | JSON_ENCODE_ANY);
  note_set(r->why, "not a value: %.200s", text ? text : "?");
  free(text);
  return false;
}

static bool read_value(reader *r, const json_t *item, mote_value **out) {
  const json_t *v;
  if (r->depth == VALUE_DEPTH)
    return note_set(r->why, "values nest deeper than %d", VALUE_DEPTH);
  r->depth++;
  bool ok;
  if (json_is_tensor(item))
    ok = value_from_json_as(r->context, item, r->dir, MOTE_NONE, out, r->why);
  else if (json_is_array(v = json_object_get(item, "list")))
    ok = read_list(r, v, out);
  else if (json_is_array(v = json_object_get(item, "tuple")))
    ok = read_tuple(r, v, out);
  else if (json_is_array(v = json_object_get(item, "dict")))
    ok = read_dict(r, v, out);
  else if (json_is_array(v = json_object_get(item, "complex")))
    ok = read_complex(r, v, out);
  else
    ok = read_scalar(r, item, out);
  r->depth--;
  return ok;
}

bool value_from_json(mote_context *context, const json_t *item, const char *dir, mote_value **out, note *why) {
  reader r = {context, dir, why, 0};
  return read_value(&r, item, out);
}

// ------------------------------------------------------------------------------------------- out

// JSON text must be UTF-8; other bytes of a string become U+FFFD.
static json_t *text_json(const char *text, size_t len) {
  json_t *out = json_stringn(text, len);
  if (out)
    return out;
  char *clean = malloc(len * 3 + 1);
  size_t used = 0;
  for (size_t i = 0; clean && i < len; i++) {
    if ((unsigned char)text[i] < 0x80) {
      clean[used++] = text[i];
    } else {
      memcpy(clean + used, "\xEF\xBF\xBD", 3);
      used += 3;
    }
  }
  out = clean ? json_stringn(clean, used) : NULL;
  free(clean);
  return out;
}

static json_t *real_json(double v) {
  if (isfinite(v))
    return json_real(v);
  return json_string(v > 0 ? "inf" : v < 0 ? "-inf" : "nan");
}

static json_t *strings_json(const mote_value *value, const mote_view *view) {
  json_t *shape = json_array(), *texts = json_array();
  for (int32_t i = 0; i < view->rank; i++)
    json_array_append_new(shape, json_integer(view->dim[i]));
  int64_t count = view_count(view);
  for (int64_t i = 0; i < count; i++) {
    size_t len = 0;
    const char *text = mote_value_get_string(value, i, &len);
    json_array_append_new(texts, text_json(text ? text : "", text ? len : 0));
  }
  return json_pack("{s:s, s:o, s:o}", "dtype", "string", "shape", shape, "value", texts);
}

static const char *dtype_label(mote_dtype dtype) {
  if (dtype == MOTE_C64 || dtype == MOTE_C128)
    return dtype == MOTE_C64 ? "complex64" : "complex128";
  for (int i = 0; i < HINT_COUNT; i++)
    if (hints[i].meant == dtype)
      return hints[i].name;
  return NULL;
}

static void add_quant(json_t *out, const mote_quant *quant) {
  if (quant->count == 1 || (quant->count > 1 && !quant->scales)) {
    json_object_set_new(out, "scale", real_json(quant->scale));
    json_object_set_new(out, "zero_point", json_integer(quant->zero_point));
    return;
  }
  json_t *scales = json_array(), *zeros = json_array();
  for (int32_t i = 0; i < quant->count; i++) {
    json_array_append_new(scales, real_json(quant->scales[i]));
    json_array_append_new(zeros, json_integer(quant->zero_points ? quant->zero_points[i] : quant->zero_point));
  }
  json_object_set_new(out, "scales", scales);
  json_object_set_new(out, "zero_points", zeros);
  json_object_set_new(out, "axis", json_integer(quant->axis));
}

static bool is_torch_quantised(mote_dtype dtype) {
  return dtype == MOTE_QI8 || dtype == MOTE_QU8 || dtype == MOTE_QI32;
}

static json_t *array_json(value_writer *writer, const mote_view *view, note *why) {
  array a = {0};
  char name[64];
  snprintf(name, sizeof name, "%s%u.npy", writer->stem, writer->next++);
  char *path = path_join(writer->dir, name);
  bool ok = path && array_from_view(&a, view, why) && npy_write(path, &a, why);
  free(path);
  array_free(&a);
  if (!ok)
    return NULL;
  json_t *out = json_pack("{s:s}", "tensor", name);
  const char *label = dtype_label(view->dtype);
  if (label)
    json_object_set_new(out, "dtype", json_string(label));
  if (is_torch_quantised(view->dtype))
    add_quant(out, &view->quant);
  if (label && view->dtype != MOTE_C64 && view->dtype != MOTE_C128)
    writer->plain = false;
  return out;
}

static json_t *items_json(value_writer *writer, const mote_value *value, const char *kind, note *why);

static json_t *dict_json(value_writer *writer, const mote_value *value, note *why) {
  json_t *pairs = json_array();
  for (size_t i = 0; i < mote_value_count(value); i++) {
    json_t *key = value_to_json(writer, mote_value_item_key(value, i), why);
    json_t *item = key ? value_to_json(writer, mote_value_item(value, i), why) : NULL;
    if (!item) {
      json_decref(key);
      json_decref(pairs);
      return NULL;
    }
    json_array_append_new(pairs, json_pack("[o, o]", key, item));
  }
  return json_pack("{s:o}", "dict", pairs);
}

static json_t *items_json(value_writer *writer, const mote_value *value, const char *kind, note *why) {
  json_t *items = json_array(), *fields = json_array();
  for (size_t i = 0; i < mote_value_count(value); i++) {
    json_t *item = value_to_json(writer, mote_value_item(value, i), why);
    if (!item) {
      json_decref(items);
      json_decref(fields);
      return NULL;
    }
    json_array_append_new(items, item);
    if (mote_value_field(value, i))
      json_array_append_new(fields, json_string(mote_value_field(value, i)));
  }
  json_t *out = json_pack("{s:o}", kind, items);
  if (json_array_size(fields))
    json_object_set(out, "fields", fields);
  json_decref(fields);
  return out;
}

static json_t *tensor_json(value_writer *writer, const mote_value *value, note *why) {
  mote_view view;
  mote_view_init(&view);
  if (!mote_value_view(value, &view)) {
    note_set(why, "a tensor without data cannot be written");
    return NULL;
  }
  if (view.dtype != MOTE_STRING)
    return array_json(writer, &view, why);
  writer->plain = false;
  return strings_json(value, &view);
}

json_t *value_to_json(value_writer *writer, const mote_value *value, note *why) {
  mote_kind kind = mote_value_kind(value);
  double re, im;
  size_t len;
  if (kind == MOTE_KIND_TENSOR)
    return tensor_json(writer, value, why);
  writer->plain = false;
  switch (kind) {
  case MOTE_KIND_NONE:
    return json_pack("{s:b}", "none", 1);
  case MOTE_KIND_BOOL:
    return json_pack("{s:b}", "bool", (int)mote_value_as_bool(value));
  case MOTE_KIND_INT:
    return json_pack("{s:I}", "int", (json_int_t)mote_value_as_int(value));
  case MOTE_KIND_FLOAT:
    return json_pack("{s:o}", "float", real_json(mote_value_as_float(value)));
  case MOTE_KIND_COMPLEX:
    mote_value_as_complex(value, &re, &im);
    return json_pack("{s:[o, o]}", "complex", real_json(re), real_json(im));
  case MOTE_KIND_STRING: {
    const char *text = mote_value_as_string(value, &len);
    return json_pack("{s:o}", "str", text_json(text, len));
  }
  case MOTE_KIND_LIST:
    return items_json(writer, value, "list", why);
  case MOTE_KIND_TUPLE:
    return items_json(writer, value, "tuple", why);
  case MOTE_KIND_DICT:
    return dict_json(writer, value, why);
  default:
    note_set(why, "an object of a script class cannot be written");
    return NULL;
  }
}
