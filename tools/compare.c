// Owns: tolerances. Must not know: how a call is run. Tests: tests/models/cli_test.sh
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tolerance {
  double atol, rtol;
  double steps;        // allowed difference of integers, or -1 when atol and rtol say it
  double max_mismatch; // fraction of elements that may be outside
  bool quantum;        // atol counts integer codes of a quantised tensor
} tolerance;

static double number_at(const json_t *item, const char *key, double otherwise) {
  double v;
  const json_t *found = json_object_get(item, key);
  return found && json_number_read(found, &v) ? v : otherwise;
}

static tolerance tolerance_of(const json_t *want) {
  tolerance t = {.atol = number_at(want, "atol", 0),
                 .rtol = number_at(want, "rtol", 0),
                 .steps = number_at(want, "qsteps", -1),
                 .max_mismatch = number_at(want, "max_mismatch", 0)};
  const char *unit = json_string_value(json_object_get(want, "unit"));
  t.quantum = unit && strcmp(unit, "quantum") == 0;
  if (json_is_true(json_object_get(want, "exact")))
    t.atol = t.rtol = 0;
  return t;
}

static bool real_close(double want, double got, double atol, double rtol) {
  if (want == got || (isnan(want) && isnan(got)))
    return true;
  return isfinite(want) && isfinite(got) && fabs(want - got) <= atol + rtol * fabs(want);
}

static bool complex_close(element want, element got, const tolerance *t) {
  if (isfinite(want.re) && isfinite(want.im) && isfinite(got.re) && isfinite(got.im))
    return hypot(want.re - got.re, want.im - got.im) <= t->atol + t->rtol * hypot(want.re, want.im);
  return real_close(want.re, got.re, t->atol, t->rtol) && real_close(want.im, got.im, t->atol, t->rtol);
}

// |a - b| without overflow.
static uint64_t distance(element a, element b) {
  if (a.kind == ELEMENT_UINT)
    return a.u > b.u ? a.u - b.u : b.u - a.u;
  return a.i > b.i ? (uint64_t)a.i - (uint64_t)b.i : (uint64_t)b.i - (uint64_t)a.i;
}

static bool whole_close(element want, element got, const tolerance *t, bool boolean) {
  uint64_t apart = distance(want, got);
  if (!apart || boolean)
    return !apart;
  return (double)apart <= (t->steps >= 0 ? t->steps : t->atol + t->rtol * fabs(want.re));
}

static bool element_close(element want, element got, const tolerance *t, mote_dtype dtype) {
  switch (want.kind) {
  case ELEMENT_REAL:
    return real_close(want.re, got.re, t->atol, t->rtol);
  case ELEMENT_COMPLEX:
    return complex_close(want, got, t);
  default:
    return whole_close(want, got, t, dtype == MOTE_BOOL);
  }
}

static void element_text(element e, int digits, char *out, size_t room) {
  if (e.kind == ELEMENT_COMPLEX)
    snprintf(out, room, "%.*g%+.*gi", digits, e.re, digits, e.im);
  else if (e.kind == ELEMENT_UINT)
    snprintf(out, room, "%llu", (unsigned long long)e.u);
  else if (e.kind == ELEMENT_INT)
    snprintf(out, room, "%lld", (long long)e.i);
  else
    snprintf(out, room, "%.*g", digits, e.re);
}

// ------------------------------------------------------------------------------------------- quantised tensors

static double scale_at(const mote_quant *q, int64_t channel) {
  return q->scales && channel < q->count ? q->scales[channel] : q->scale;
}

static int32_t zero_at(const mote_quant *q, int64_t channel) {
  return q->zero_points && channel < q->count ? q->zero_points[channel] : q->zero_point;
}

static int64_t channel_of(const mote_quant *q, const mote_view *view, int64_t index) {
  if (q->count <= 1 || q->axis < 0 || q->axis >= view->rank)
    return 0;
  for (int32_t i = view->rank - 1; i > q->axis; i--)
    index /= view->dim[i];
  return index % view->dim[q->axis];
}

static element dequantised(element code, const mote_quant *q, int64_t channel) {
  return (element){.kind = ELEMENT_REAL, .re = scale_at(q, channel) * (code.re - zero_at(q, channel))};
}

// Scales are stored as float64 but often pass through float32: 1e-6 of their size.
static bool quant_close(const mote_quant *want, const mote_quant *got, const char *where, note *why) {
  int32_t channels = want->count > 1 ? want->count : 1;
  if (!want->count)
    return true;
  if (channels > 1 && (got->count != want->count || got->axis != want->axis))
    return note_set(why, "%s: %d scales on axis %d, expected %d on axis %d", where, (int)got->count, (int)got->axis,
                    (int)want->count, (int)want->axis);
  for (int32_t i = 0; i < channels; i++) {
    if (!real_close(scale_at(want, i), scale_at(got, i), 0, 1e-6))
      return note_set(why, "%s: scale is %.9g, expected %.9g", where, scale_at(got, i), scale_at(want, i));
    if (zero_at(want, i) != zero_at(got, i))
      return note_set(why, "%s: zero point is %d, expected %d", where, (int)zero_at(got, i), (int)zero_at(want, i));
  }
  return true;
}

// ------------------------------------------------------------------------------------------- tensors

static bool texts_close(const json_tensor *want, const mote_value *got, const char *where, note *why) {
  for (int64_t i = 0; i < want->values.count; i++) {
    const json_t *text = json_array_get(want->texts, (size_t)i);
    size_t len = 0;
    const char *have = mote_value_get_string(got, i, &len);
    if (!have || len != json_string_length(text) || memcmp(have, json_string_value(text), len) != 0)
      return note_set(why, "%s: string %lld is \"%.*s\", expected \"%s\"", where, (long long)i, (int)(have ? len : 0),
                      have ? have : "", json_string_value(text) ? json_string_value(text) : "");
  }
  return true;
}

static void place_text(const mote_view *view, int64_t index, char *out, size_t room) {
  int64_t at[MOTE_MAX_RANK] = {0};
  for (int32_t i = view->rank - 1; i >= 0; i--) {
    at[i] = index % view->dim[i];
    index /= view->dim[i];
  }
  shape_text(view->rank, at, out, room);
}

static bool report(const mote_view *view, int64_t index, element want, element got, int64_t outside, int64_t count,
                   const char *where, note *why) {
  char place[120], have[64], need[64];
  place_text(view, index, place, sizeof place);
  int digits = view->dtype == MOTE_F64 || view->dtype == MOTE_C128 ? 17 : 9; // enough to tell any two apart
  element_text(got, digits, have, sizeof have);
  element_text(want, digits, need, sizeof need);
  return note_set(why, "%s: element %s is %s, expected %s; %lld of %lld outside the tolerance", where, place, have,
                  need, (long long)outside, (long long)count);
}

static bool elements_close(const json_tensor *want, const mote_view *view, const tolerance *t, const char *where,
                           note *why) {
  bool real_units = want->quant.count && !t->quantum && (t->atol > 0 || t->rtol > 0);
  int64_t outside = 0, first = 0, count = want->values.count;
  element first_want = {0}, first_got = {0};
  for (int64_t i = 0; i < count; i++) {
    element a = element_read(want->dtype == MOTE_BF16 ? MOTE_BF16 : want->values.dtype, want->values.data, i);
    element b = element_read(view->dtype, view->data, view_offset(view, i));
    if (real_units) {
      a = dequantised(a, &want->quant, channel_of(&want->quant, view, i));
      b = dequantised(b, &view->quant, channel_of(&view->quant, view, i));
    }
    if (element_close(a, b, t, view->dtype))
      continue;
    if (!outside++) {
      first = i;
      first_want = a;
      first_got = b;
    }
  }
  if ((double)outside <= t->max_mismatch * (double)count)
    return true;
  return report(view, first, first_want, first_got, outside, count, where, why);
}

// int4 and int2 stand as int8 in .npy.
static bool dtype_fits(mote_dtype want, mote_dtype got) {
  return want == got || (want == MOTE_I8 && (got == MOTE_I4 || got == MOTE_I2));
}

static bool shape_fits(const json_tensor *want, const mote_view *view, const char *where, note *why) {
  char have[120], need[120];
  if (!dtype_fits(want->dtype, view->dtype))
    return note_set(why, "%s: is %s, expected %s", where, mote_dtype_name(view->dtype), mote_dtype_name(want->dtype));
  size_t bytes = (size_t)want->values.rank * sizeof view->dim[0];
  if (want->values.rank == view->rank && memcmp(want->values.dim, view->dim, bytes) == 0)
    return true;
  shape_text(view->rank, view->dim, have, sizeof have);
  shape_text(want->values.rank, want->values.dim, need, sizeof need);
  return note_set(why, "%s: shape is %s, expected %s", where, have, need);
}

static bool compare_tensor(const comparison *how, const json_t *want, const mote_value *got, const char *where,
                           note *why) {
  json_tensor expected;
  mote_view view;
  mote_view_init(&view);
  if (!mote_value_view(got, &view))
    return note_set(why, "%s: is no tensor", where);
  if (!json_tensor_read(want, how->dir, &expected, why))
    return false;
  tolerance t = tolerance_of(want);
  bool ok = shape_fits(&expected, &view, where, why);
  if (ok && expected.texts)
    ok = texts_close(&expected, got, where, why);
  else if (ok)
    ok = elements_close(&expected, &view, &t, where, why) && quant_close(&expected.quant, &view.quant, where, why);
  json_tensor_free(&expected);
  return ok;
}

// ------------------------------------------------------------------------------------------- other values

static const char *const kind_keys[] = {"none", "bool",   "int",  "float", "complex",
                                        "str",  "tensor", "list", "tuple", "dict"};

static mote_kind kind_wanted(const json_t *want) {
  if (json_is_tensor(want))
    return MOTE_KIND_TENSOR;
  for (int i = 0; i < (int)(sizeof kind_keys / sizeof kind_keys[0]); i++)
    if (json_object_get(want, kind_keys[i]))
      return (mote_kind)i; // ORDER: mote_kind
  return MOTE_KIND_OBJECT;
}

static bool compare_float(const json_t *want, double got, const char *where, note *why) {
  double expected;
  if (!json_number_read(json_object_get(want, "float"), &expected))
    return note_set(why, "%s: the case's float is no number", where);
  if (real_close(expected, got, number_at(want, "atol", 0), number_at(want, "rtol", 0)))
    return true;
  return note_set(why, "%s: is %.17g, expected %.17g", where, got, expected);
}

static bool compare_complex(const json_t *want, const mote_value *got, const char *where, note *why) {
  const json_t *parts = json_object_get(want, "complex");
  element a = {.kind = ELEMENT_COMPLEX}, b = a;
  tolerance t = tolerance_of(want);
  mote_value_as_complex(got, &b.re, &b.im);
  if (!json_number_read(json_array_get(parts, 0), &a.re) || !json_number_read(json_array_get(parts, 1), &a.im))
    return note_set(why, "%s: the case's complex is not two numbers", where);
  if (complex_close(a, b, &t))
    return true;
  return note_set(why, "%s: is %.17g%+.17gi, expected %.17g%+.17gi", where, b.re, b.im, a.re, a.im);
}

static bool compare_scalar(const json_t *want, const mote_value *got, mote_kind kind, const char *where, note *why) {
  const json_t *v;
  size_t len = 0;
  const char *text;
  switch (kind) {
  case MOTE_KIND_BOOL:
    v = json_object_get(want, "bool");
    return json_is_true(v) == mote_value_as_bool(got)
               ? true
               : note_set(why, "%s: is %s", where, json_is_true(v) ? "False, expected True" : "True, expected False");
  case MOTE_KIND_INT:
    v = json_object_get(want, "int");
    return json_integer_value(v) == mote_value_as_int(got)
               ? true
               : note_set(why, "%s: is %lld, expected %lld", where, (long long)mote_value_as_int(got),
                          (long long)json_integer_value(v));
  case MOTE_KIND_FLOAT:
    return compare_float(want, mote_value_as_float(got), where, why);
  case MOTE_KIND_COMPLEX:
    return compare_complex(want, got, where, why);
  case MOTE_KIND_STRING:
    v = json_object_get(want, "str");
    text = mote_value_as_string(got, &len);
    return len == json_string_length(v) && memcmp(text, json_string_value(v), len) == 0
               ? true
               : note_set(why, "%s: is \"%.*s\", expected \"%s\"", where, (int)len, text, json_string_value(v));
  default:
    return true;
  }
}

static bool compare_fields(const json_t *want, const mote_value *got, const char *where, note *why) {
  const json_t *fields = json_object_get(want, "fields");
  for (size_t i = 0; i < json_array_size(fields); i++) {
    const char *name = json_string_value(json_array_get(fields, i)), *have = mote_value_field(got, i);
    if (!name || !have || strcmp(name, have) != 0)
      return note_set(why, "%s: field %zu is \"%s\", expected \"%s\"", where, i, have ? have : "(none)",
                      name ? name : "?");
  }
  return true;
}

static bool compare_items(const comparison *how, const json_t *items, const mote_value *got, const char *where,
                          note *why) {
  size_t count = json_array_size(items);
  if (count != mote_value_count(got))
    return note_set(why, "%s: has %zu items, expected %zu", where, mote_value_count(got), count);
  for (size_t i = 0; i < count; i++) {
    char inner[240];
    snprintf(inner, sizeof inner, "%.200s[%zu]", where, i);
    if (!compare_value(how, json_array_get(items, i), mote_value_item(got, i), inner, why))
      return false;
  }
  return true;
}

// Pairs in order, as Python keeps them.
static bool compare_pairs(const comparison *how, const json_t *pairs, const mote_value *got, const char *where,
                          note *why) {
  size_t count = json_array_size(pairs);
  if (count != mote_value_count(got))
    return note_set(why, "%s: has %zu pairs, expected %zu", where, mote_value_count(got), count);
  for (size_t i = 0; i < count; i++) {
    char inner[240];
    const json_t *pair = json_array_get(pairs, i);
    snprintf(inner, sizeof inner, "%.200s key %zu", where, i);
    if (!compare_value(how, json_array_get(pair, 0), mote_value_item_key(got, i), inner, why))
      return false;
    snprintf(inner, sizeof inner, "%.200s{%zu}", where, i);
    if (!compare_value(how, json_array_get(pair, 1), mote_value_item(got, i), inner, why))
      return false;
  }
  return true;
}

bool compare_value(const comparison *how, const json_t *want, const mote_value *got, const char *where, note *why) {
  mote_kind kind = kind_wanted(want), have = mote_value_kind(got);
  if (how->detections && want == how->detections)
    return compare_detections(how, want, got, where, why);
  if (kind == MOTE_KIND_OBJECT)
    return note_set(why, "%s: the case's value is of no known kind", where);
  if (kind != have)
    return note_set(why, "%s: is %s, expected %s", where, have < MOTE_KIND_OBJECT ? kind_keys[have] : "an object",
                    kind_keys[kind]);
  if (kind == MOTE_KIND_TENSOR)
    return compare_tensor(how, want, got, where, why);
  if (kind == MOTE_KIND_LIST)
    return compare_items(how, json_object_get(want, "list"), got, where, why);
  if (kind == MOTE_KIND_TUPLE)
    return compare_fields(want, got, where, why) && compare_items(how, json_object_get(want, "tuple"), got, where, why);
  if (kind == MOTE_KIND_DICT)
    return compare_pairs(how, json_object_get(want, "dict"), got, where, why);
  return compare_scalar(want, got, kind, where, why);
}

// ------------------------------------------------------------------------------------------- calls

static bool compare_raise(const case_env *env, const case_call *call, const call_run *run, note *why) {
  if (run->status == MOTE_OK)
    return note_set(why, "expected to raise \"%s\", gave a result", call->raises);
  if (!call_raised(env, run->status)) {
    *why = run->why;
    return note_prefix(why, "expected to raise \"%s\", failed with %s", call->raises, mote_status_name(run->status));
  }
  if (strstr(run->why.text, call->raises))
    return true;
  return note_set(why, "expected to raise \"%s\", raised \"%s\"", call->raises, run->why.text);
}

static bool compare_after(const comparison *how, const case_call *call, const call_run *run, note *why) {
  for (size_t i = 0; i < run->input_count; i++) {
    char key[24], where[40];
    snprintf(key, sizeof key, "%zu", i);
    snprintf(where, sizeof where, "inputs_after[%zu]", i);
    const json_t *want = json_object_get(call->after, key);
    if (want && !compare_value(how, want, run->inputs[i], where, why))
      return false;
    if (!want && input_changed(run, i))
      return note_set(why, "a tensor of input %zu was changed in place, expected to be left alone", i);
  }
  return true;
}

static bool wanted_alias(const json_t *list, size_t out, const char *side, size_t other) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *row = json_array_get(list, i);
    const char *name = json_string_value(json_array_get(row, 2));
    if (json_integer_value(json_array_get(row, 1)) == (json_int_t)out && name && strcmp(name, side) == 0 &&
        json_integer_value(json_array_get(row, 3)) == (json_int_t)other)
      return true;
  }
  return false;
}

// Sharing must be as the case says, both ways.
static bool alias_pair(const json_t *list, const leaf_list *outs, size_t out, const leaf_list *others, size_t other,
                       const char *side, note *why) {
  bool want = wanted_alias(list, out, side, other);
  bool have = mote_value_shares_storage(outs->items[out], others->items[other]);
  if (want == have || (!want && (tensor_empty(outs->items[out]) || tensor_empty(others->items[other]))))
    return true;
  return note_set(why, "output tensor %zu %s storage with %sput tensor %zu, %s", out,
                  have ? "shares" : "does not share", side, other, have ? "expected not to" : "expected to");
}

static bool compare_alias(const case_call *call, const leaf_list *ins, const leaf_list *outs, note *why) {
  for (size_t i = 0; i < outs->count; i++) {
    for (size_t k = 0; k < ins->count; k++)
      if (!alias_pair(call->alias, outs, i, ins, k, "in", why))
        return false;
    for (size_t k = 0; k < i; k++)
      if (!alias_pair(call->alias, outs, i, outs, k, "out", why))
        return false;
  }
  return true;
}

static bool compare_aliases(const case_call *call, const call_run *run, note *why) {
  leaf_list ins = {0}, outs = {0};
  bool ok = leaves_of_call(run, &ins, &outs);
  ok = ok ? compare_alias(call, &ins, &outs, why) : note_set(why, "no memory");
  leaves_free(&ins);
  leaves_free(&outs);
  return ok;
}

static bool compare_outputs(const comparison *how, const case_call *call, const call_run *run, note *why) {
  size_t count = json_array_size(call->outputs);
  if (count != run->output_count)
    return note_set(why, "%zu outputs, expected %zu", run->output_count, count);
  for (size_t i = 0; i < count; i++) {
    char where[40];
    snprintf(where, sizeof where, "outputs[%zu]", i);
    if (!compare_value(how, json_array_get(call->outputs, i), run->outputs[i], where, why))
      return false;
  }
  return true;
}

bool compare_call(const case_env *env, const case_file *c, const case_call *call, const call_run *run, note *why) {
  if (call->raises)
    return compare_raise(env, call, run, why);
  if (run->status != MOTE_OK) {
    *why = run->why;
    return false;
  }
  bool program = mote_model_format(env->model) != MOTE_FORMAT_TFLITE;
  if (program && run->tuple != call->returns_tuple)
    return note_set(why, "returned %s, expected %s", run->tuple ? "a tuple" : "one value",
                    call->returns_tuple ? "a tuple" : "one value");
  comparison how = {c->dir, c->match, c->match ? match_find(c->match, call->outputs) : NULL};
  if (c->match && !how.detections)
    return note_set(why, "the case's match names a place that its outputs do not have");
  if (!compare_outputs(&how, call, run, why))
    return false;
  return !program || (compare_after(&how, call, run, why) && compare_aliases(call, run, why));
}
