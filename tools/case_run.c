// Owns: calling methods with a case's inputs. Must not know: expected values. Tests: tests/models/cli_test.sh
#include "case_run.h"

#include <stdlib.h>
#include <string.h>

enum { LEAF_DEPTH = 100 };

static bool is_graph(const case_env *env) { return mote_model_format(env->model) == MOTE_FORMAT_TFLITE; }

bool call_raised(const case_env *env, mote_status status) {
  return !is_graph(env) && (status == MOTE_ERR_RAISED || status == MOTE_ERR_SHAPE || status == MOTE_ERR_TYPE ||
                            status == MOTE_ERR_DATA || status == MOTE_ERR_ARGUMENT);
}

static const char *name_of(const json_t *list, size_t index) {
  return json_string_value(json_object_get(json_array_get(list, index), "name"));
}

// Where the case's port `index` stands among the model's: by name under a signature, else the same place.
static bool port_place(const case_env *env, const case_file *c, size_t method, const json_t *list, size_t index,
                       bool output, size_t *place, note *why) {
  const char *name = name_of(list, index);
  *place = index;
  if (!is_graph(env) || !c->named || !name)
    return true;
  size_t count = output ? mote_model_output_count(env->model, method) : mote_model_input_count(env->model, method);
  for (size_t i = 0; i < count; i++) {
    mote_port port;
    mote_port_init(&port);
    bool there =
        output ? mote_model_output(env->model, method, i, &port) : mote_model_input(env->model, method, i, &port);
    if (there && port.name && strcmp(port.name, name) == 0) {
      *place = i;
      return true;
    }
  }
  return note_set(why, "the signature has no %s \"%s\"", output ? "output" : "input", name);
}

static bool find_method(const case_env *env, const char *name, size_t *out, note *why) {
  if (mote_model_find_method(env->model, name, out))
    return true;
  return note_set(why, "the model has no method \"%s\"", name ? name : "forward");
}

static bool read_input(const case_env *env, const case_file *c, const case_call *call, size_t method, size_t index,
                       mote_value **out, note *why) {
  const json_t *item = json_array_get(call->inputs, index);
  size_t place;
  mote_port port;
  mote_port_init(&port);
  if (!port_place(env, c, method, call->inputs, index, false, &place, why))
    return false;
  if (place >= json_array_size(call->inputs) || out[place])
    return note_set(why, "input \"%s\" is given twice or inputs are missing", name_of(call->inputs, index));
  if (is_graph(env) && json_is_tensor(item) && mote_model_input(env->model, method, place, &port))
    return value_from_json_as(env->context, item, c->dir, port.dtype, &out[place], why);
  return value_from_json(env->context, item, c->dir, &out[place], why);
}

static bool read_inputs(const case_env *env, const case_file *c, const case_call *call, size_t method,
                        mote_value ***out, size_t *count, note *why) {
  size_t n = json_array_size(call->inputs);
  *out = calloc(n + 1, sizeof **out);
  *count = n;
  if (!*out)
    return note_set(why, "no memory");
  for (size_t i = 0; i < n; i++)
    if (!read_input(env, c, call, method, i, *out, why))
      return note_prefix(why, "input %zu", i);
  return true;
}

// A graph gives one tensor or a tuple; a program gives one value, or a plain tuple whose elements are the outputs.
static bool split_result(const case_env *env, const case_file *c, const case_call *call, size_t method, call_run *run,
                         note *why) {
  const mote_value *result = run->result;
  bool items = mote_value_kind(result) == MOTE_KIND_TUPLE && !mote_value_field(result, 0);
  size_t count = items ? mote_value_count(result) : 1;
  run->tuple = items;
  run->outputs = calloc(count + 1, sizeof *run->outputs);
  if (!run->outputs)
    return note_set(why, "no memory");
  run->output_count = count;
  bool ordered = is_graph(env) && c->named && json_array_size(call->outputs) == count;
  for (size_t i = 0; i < count; i++) {
    size_t place = i;
    if (ordered && !port_place(env, c, method, call->outputs, i, true, &place, why))
      return false;
    run->outputs[i] = items ? mote_value_item(result, place < count ? place : i) : run->result;
  }
  return true;
}

static void invoke(const case_env *env, const char *method, call_run *run) {
  mote_error error;
  mote_error_init(&error);
  mote_value_release(run->result);
  run->result = NULL;
  run->status = mote_session_call(env->session, method, run->inputs, run->input_count, &run->result, &error);
  if (run->status != MOTE_OK)
    note_error(&run->why, &error);
}

bool call_start(const case_env *env, const case_file *c, const case_call *call, call_run *out, note *why) {
  size_t method, before;
  memset(out, 0, sizeof *out);
  if (!find_method(env, call->method, &method, &out->why)) {
    out->status = MOTE_ERR_FORMAT; // the file lacks what its case names
    return true;
  }
  if (!read_inputs(env, c, call, method, &out->inputs, &out->input_count, why) ||
      !read_inputs(env, c, call, method, &out->before, &before, why))
    return false;
  out->leaves = calloc(out->input_count + 1, sizeof *out->leaves);
  if (!out->leaves)
    return note_set(why, "no memory");
  for (size_t i = 0; i < out->input_count; i++)
    if (!leaves_add(&out->leaves[i], out->inputs[i], 0))
      return note_set(why, "no memory");
  for (uint32_t i = 0; i < c->repeat && out->status == MOTE_OK; i++)
    invoke(env, call->method, out);
  return out->status != MOTE_OK || split_result(env, c, call, method, out, why);
}

static void release_all(mote_value **values, size_t count) {
  for (size_t i = 0; values && i < count; i++)
    mote_value_release(values[i]);
  free(values);
}

void call_end(call_run *run) {
  mote_value_release(run->result);
  for (size_t i = 0; run->leaves && i < run->input_count; i++)
    leaves_free(&run->leaves[i]);
  free(run->leaves);
  release_all(run->inputs, run->input_count);
  release_all(run->before, run->input_count);
  free(run->outputs);
  memset(run, 0, sizeof *run);
}

bool case_prelude(const case_env *env, const case_file *c, note *why) {
  case_file once = *c;
  once.repeat = 1;
  once.named = true;
  for (size_t i = 0; i < c->prelude_count; i++) {
    call_run run;
    bool ok = call_start(env, &once, &c->preludes[i], &run, why);
    if (ok && run.status != MOTE_OK) {
      *why = run.why;
      ok = false;
    }
    call_end(&run);
    if (!ok)
      return note_prefix(why, "prelude %zu", i);
  }
  return true;
}

static bool leaf_add(leaf_list *list, mote_value *tensor) {
  if (list->count == list->room) {
    size_t room = list->room ? 2 * list->room : 16;
    mote_value **items = realloc(list->items, room * sizeof *items);
    if (!items)
      return false;
    list->items = items;
    list->room = room;
  }
  list->items[list->count++] = mote_value_retain(tensor);
  return true;
}

bool leaves_add(leaf_list *list, mote_value *value, int depth) {
  mote_kind kind = mote_value_kind(value);
  if (kind == MOTE_KIND_TENSOR)
    return leaf_add(list, value);
  if (kind != MOTE_KIND_LIST && kind != MOTE_KIND_TUPLE && kind != MOTE_KIND_DICT)
    return true;
  for (size_t i = 0; depth < LEAF_DEPTH && i < mote_value_count(value); i++)
    if (!leaves_add(list, mote_value_item(value, i), depth + 1))
      return false;
  return true;
}

bool tensor_empty(const mote_value *tensor) {
  mote_view view;
  mote_view_init(&view);
  return !mote_value_view(tensor, &view) || view_count(&view) == 0;
}

void leaves_free(leaf_list *list) {
  while (list->count)
    mote_value_release(list->items[--list->count]);
  free(list->items);
  memset(list, 0, sizeof *list);
}

// ------------------------------------------------------------------------------------------- sameness

static bool strings_same(const mote_value *a, const mote_value *b, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    size_t la = 0, lb = 0;
    const char *ta = mote_value_get_string(a, i, &la), *tb = mote_value_get_string(b, i, &lb);
    if (la != lb || (la && memcmp(ta, tb, la) != 0))
      return false;
  }
  return true;
}

static bool tensors_same(const mote_value *a, const mote_value *b) {
  mote_view va, vb;
  mote_view_init(&va);
  mote_view_init(&vb);
  if (!mote_value_view(a, &va) || !mote_value_view(b, &vb))
    return false;
  if (va.dtype != vb.dtype || va.rank != vb.rank || memcmp(va.dim, vb.dim, (size_t)va.rank * sizeof va.dim[0]) != 0)
    return false;
  int64_t count = view_count(&va);
  if (va.dtype == MOTE_STRING)
    return strings_same(a, b, count);
  uint32_t bits = mote_dtype_bits(va.dtype);
  if (bits < 8)
    return memcmp(va.data, vb.data, ((size_t)count * bits + 7) / 8) == 0;
  size_t item = bits / 8;
  for (int64_t i = 0; i < count; i++)
    if (memcmp((const char *)va.data + (size_t)view_offset(&va, i) * item,
               (const char *)vb.data + (size_t)view_offset(&vb, i) * item, item) != 0)
      return false;
  return true;
}

bool leaves_of_call(const call_run *run, leaf_list *ins, leaf_list *outs) {
  bool ok = true;
  for (size_t i = 0; i < run->input_count; i++)
    for (size_t k = 0; ok && k < run->leaves[i].count; k++)
      ok = leaf_add(ins, run->leaves[i].items[k]);
  for (size_t i = 0; ok && i < run->output_count; i++)
    ok = leaves_add(outs, run->outputs[i], 0);
  return ok;
}

bool input_changed(const call_run *run, size_t index) {
  leaf_list was = {0};
  const leaf_list *now = &run->leaves[index];
  bool changed = !leaves_add(&was, run->before[index], 0) || was.count != now->count;
  for (size_t i = 0; !changed && i < was.count; i++)
    changed = !tensors_same(was.items[i], now->items[i]);
  leaves_free(&was);
  return changed;
}
