// Owns: the keys of case files. Must not know: running, comparing. Tests: tests/models/cli_test.sh
#include "case_file.h"
#include "files.h"

#include <stdlib.h>
#include <string.h>

// Keys of the document; those after the gap only inform.
static const char *const case_keys[] = {"expect",
                                        "optional",
                                        "file",
                                        "signature",
                                        "method",
                                        "inputs",
                                        "outputs",
                                        "calls",
                                        "inputs_after",
                                        "alias",
                                        "raises",
                                        "returns_tuple",
                                        "repeat",
                                        "prelude",
                                        "match",
                                        "custom_ops",
                                        "name",
                                        "origin",
                                        "license",
                                        "note",
                                        "why",
                                        "when",
                                        "torch",
                                        "tflite_does",
                                        "ptl",
                                        "ptl_flatbuffer",
                                        "dtype",
                                        "golden_from",
                                        "golden_steps_from_float",
                                        "image",
                                        "ops",
                                        "peer_error",
                                        "peer_notes",
                                        "top1",
                                        NULL};
static const char *const call_keys[] = {"method", "inputs", "outputs",       "inputs_after",
                                        "alias",  "raises", "returns_tuple", NULL};
static const char *const prelude_keys[] = {"signature", "method", "inputs", NULL};
static const char *const value_keys[] = {
    "tensor", "file",  "name",  "dtype", "shape", "value",  "scale",        "zero_point", "scales", "zero_points",
    "axis",   "int",   "float", "bool",  "str",   "none",   "complex",      "list",       "tuple",  "fields",
    "dict",   "exact", "atol",  "rtol",  "unit",  "qsteps", "max_mismatch", NULL};
static const char *const match_keys[] = {"kind", "min_score", "iou", "score_tol", "where", NULL};

static bool known(const char *key, const char *const *keys) {
  while (*keys && strcmp(*keys, key) != 0)
    keys++;
  return *keys != NULL;
}

static bool keys_known(const json_t *object, const char *const *keys, const char *where, note *why) {
  const char *key;
  json_t *item;
  if (!json_is_object(object))
    return note_set(why, "%s is not an object", where);
  json_object_foreach((json_t *)object, key,
                      item) if (!known(key, keys)) return note_set(why, "unknown key \"%s\" in %s", key, where);
  return true;
}

static bool values_known(const json_t *items, const char *where, note *why, int depth);

static bool value_known(const json_t *item, const char *where, note *why, int depth) {
  static const char *const holders[] = {"list", "tuple", NULL};
  if (depth > 64)
    return note_set(why, "%s nests too deep", where);
  if (!keys_known(item, value_keys, where, why))
    return false;
  for (int i = 0; holders[i]; i++)
    if (json_object_get(item, holders[i]) && !values_known(json_object_get(item, holders[i]), where, why, depth + 1))
      return false;
  const json_t *pairs = json_object_get(item, "dict");
  for (size_t i = 0; i < json_array_size(pairs); i++)
    if (!values_known(json_array_get(pairs, i), where, why, depth + 1))
      return false;
  return true;
}

static bool values_known(const json_t *items, const char *where, note *why, int depth) {
  if (!json_is_array(items))
    return note_set(why, "%s is not a list", where);
  for (size_t i = 0; i < json_array_size(items); i++)
    if (!value_known(json_array_get(items, i), where, why, depth))
      return false;
  return true;
}

static bool call_known(const case_call *call, note *why) {
  const char *key;
  json_t *item;
  if (!values_known(call->inputs, "inputs", why, 0) ||
      (call->outputs && !values_known(call->outputs, "outputs", why, 0)))
    return false;
  json_object_foreach((json_t *)call->after, key, item) if (!value_known(item, "inputs_after", why, 0)) return false;
  if (call->alias && !json_is_array(call->alias))
    return note_set(why, "alias is not a list");
  return true;
}

// ------------------------------------------------------------------------------------------- reading

static bool read_call(const json_t *from, const char *default_method, case_call *call, note *why) {
  const json_t *method = json_object_get(from, "signature");
  if (!json_is_string(method))
    method = json_object_get(from, "method");
  call->method = json_is_string(method) ? json_string_value(method) : default_method;
  call->inputs = json_object_get(from, "inputs");
  call->outputs = json_object_get(from, "outputs");
  call->after = json_object_get(from, "inputs_after");
  call->alias = json_object_get(from, "alias");
  call->raises = json_string_value(json_object_get(from, "raises"));
  call->returns_tuple = json_is_true(json_object_get(from, "returns_tuple"));
  return json_is_array(call->inputs) ? true : note_set(why, "a call has no list of inputs");
}

static bool read_calls(const json_t *list, const char *const *keys, const char *where, bool strict, case_call **out,
                       size_t *count, note *why) {
  size_t n = json_array_size(list);
  *out = calloc(n + 1, sizeof **out);
  if (!*out)
    return note_set(why, "no memory");
  for (size_t i = 0; i < n; i++) {
    const json_t *from = json_array_get(list, i);
    if ((strict && !keys_known(from, keys, where, why)) || !read_call(from, NULL, *out + i, why))
      return false;
    (*count)++;
  }
  return true;
}

static bool read_expect(const json_t *document, case_file *c, note *why) {
  const json_t *expect = json_object_get(document, "expect");
  const char *word = json_string_value(expect);
  if (!expect)
    c->expect = EXPECT_RESULT;
  else if (word && strcmp(word, "error") == 0)
    c->expect = EXPECT_ERROR;
  else if (word && strcmp(word, "unsupported") == 0)
    c->expect = EXPECT_UNSUPPORTED;
  else
    return note_set(why, "\"expect\" is neither error nor unsupported");
  return true;
}

static bool read_repeat(const json_t *document, case_file *c, note *why) {
  const json_t *repeat = json_object_get(document, "repeat");
  c->repeat = 1;
  if (!repeat)
    return true;
  json_int_t n = json_integer_value(repeat);
  if (n < 1 || n > 1000000)
    return note_set(why, "\"repeat\" is not a number of invocations");
  c->repeat = (uint32_t)n;
  return true;
}

static bool read_document(case_file *c, bool strict, note *why) {
  const json_t *document = c->document, *calls = json_object_get(document, "calls");
  if (!json_is_object(document))
    return note_set(why, "the case is not an object");
  if (strict && !keys_known(document, case_keys, "the case", why))
    return false;
  if (!read_expect(document, c, why) || !read_repeat(document, c, why))
    return false;
  c->optional = json_is_true(json_object_get(document, "optional"));
  c->file = json_string_value(json_object_get(document, "file"));
  c->named = json_is_string(json_object_get(document, "signature"));
  c->custom_ops = json_object_get(document, "custom_ops");
  c->match = json_object_get(document, "match");
  if (strict && c->match && !keys_known(c->match, match_keys, "match", why))
    return false;
  if (!read_calls(json_object_get(document, "prelude"), prelude_keys, "prelude", strict, &c->preludes,
                  &c->prelude_count, why))
    return false;
  if (json_is_array(calls))
    return read_calls(calls, call_keys, "a call", strict, &c->calls, &c->call_count, why);
  c->calls = calloc(1, sizeof *c->calls);
  c->call_count = 1;
  return c->calls ? read_call(document, NULL, c->calls, why) : note_set(why, "no memory");
}

static bool check_calls(const case_file *c, note *why) {
  for (size_t i = 0; i < c->prelude_count; i++)
    if (!call_known(&c->preludes[i], why))
      return false;
  for (size_t i = 0; i < c->call_count; i++) {
    const case_call *call = &c->calls[i];
    if (!call_known(call, why))
      return false;
    if (c->expect == EXPECT_RESULT && !call->outputs && !call->raises)
      return note_set(why, "call %zu has neither outputs nor raises", i);
  }
  return true;
}

bool case_open(const char *path, bool strict, case_file *out, note *why) {
  memset(out, 0, sizeof *out);
  out->document = json_read(path, why);
  if (!out->document)
    return false;
  out->dir = path_folder(path);
  if (out->dir && read_document(out, strict, why) && (!strict || check_calls(out, why)))
    return true;
  note_prefix(why, "%s", path);
  case_close(out);
  return false;
}

void case_close(case_file *c) {
  free(c->preludes);
  free(c->calls);
  free(c->dir);
  json_decref(c->document);
  memset(c, 0, sizeof *c);
}

size_t case_models(const case_file *c, bool all, const char **names, size_t room) {
  static const char *const candidates[] = {"model.tflite", "model.pt", "model.ptl", "model_fb.ptl", NULL};
  size_t count = 0;
  if (c->file && room) {
    names[count++] = c->file;
    return count;
  }
  for (int i = 0; candidates[i] && count < room && (all || !count); i++) {
    char *path = path_join(c->dir, candidates[i]);
    if (path && file_exists(path))
      names[count++] = candidates[i];
    free(path);
  }
  return count;
}
