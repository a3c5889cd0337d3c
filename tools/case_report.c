// Owns: writing what the calls of a case gave. Must not know: expected values. Tests: tests/models/cli_test.sh
#include "case_report.h"
#include "files.h"

#include <stdio.h>
#include <stdlib.h>

json_t *outputs_to_json(value_writer *writer, mote_value *const *outputs, size_t count, note *why) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    json_t *item = value_to_json(writer, outputs[i], why);
    if (!item) {
      json_decref(list);
      return NULL;
    }
    json_array_append_new(list, item);
  }
  return list;
}

static bool add_after(json_t *entry, value_writer *writer, const call_run *run, note *why) {
  json_t *after = json_object();
  for (size_t i = 0; i < run->input_count; i++) {
    char key[24];
    if (!input_changed(run, i))
      continue;
    json_t *item = value_to_json(writer, run->inputs[i], why);
    if (!item) {
      json_decref(after);
      return false;
    }
    snprintf(key, sizeof key, "%zu", i);
    json_object_set_new(after, key, item);
  }
  if (json_object_size(after))
    json_object_set(entry, "inputs_after", after);
  json_decref(after);
  return true;
}

static void add_pairs(json_t *list, const leaf_list *outs, size_t out, const leaf_list *others, size_t count,
                      const char *side) {
  for (size_t k = 0; k < count; k++)
    if (!tensor_empty(outs->items[out]) && !tensor_empty(others->items[k]) &&
        mote_value_shares_storage(outs->items[out], others->items[k]))
      json_array_append_new(list, json_pack("[s, I, s, I]", "out", (json_int_t)out, side, (json_int_t)k));
}

static bool add_alias(json_t *entry, const call_run *run, note *why) {
  leaf_list ins = {0}, outs = {0};
  bool ok = leaves_of_call(run, &ins, &outs);
  json_t *list = json_array();
  for (size_t i = 0; ok && i < outs.count; i++) {
    add_pairs(list, &outs, i, &ins, ins.count, "in");
    add_pairs(list, &outs, i, &outs, i, "out");
  }
  if (json_array_size(list))
    json_object_set(entry, "alias", list);
  json_decref(list);
  leaves_free(&ins);
  leaves_free(&outs);
  return ok ? true : note_set(why, "no memory");
}

static json_t *entry_of(const case_env *env, const call_run *run, const char *dir, size_t index, note *why) {
  char stem[40];
  snprintf(stem, sizeof stem, "call%zu_", index);
  value_writer writer = {dir, stem, 0, true};
  if (run->status != MOTE_OK)
    return json_pack("{s:s}", "raises", run->why.text);
  json_t *outputs = outputs_to_json(&writer, run->outputs, run->output_count, why);
  if (!outputs)
    return NULL;
  json_t *entry = json_pack("{s:o}", "outputs", outputs);
  bool program = mote_model_format(env->model) != MOTE_FORMAT_TFLITE;
  if (program && (!add_after(entry, &writer, run, why) || !add_alias(entry, run, why))) {
    json_decref(entry);
    return NULL;
  }
  return entry;
}

// True when the call gave an entry, a raise included.
static bool one_call(const case_env *env, const case_file *c, size_t index, const char *dir, json_t *calls, note *why) {
  call_run run;
  bool ok = call_start(env, c, &c->calls[index], &run, why);
  if (ok && run.status != MOTE_OK && !call_raised(env, run.status)) {
    *why = run.why;
    ok = false;
  }
  json_t *entry = ok ? entry_of(env, &run, dir, index, why) : NULL;
  call_end(&run);
  return entry && json_array_append_new(calls, entry) == 0;
}

bool case_report(const case_env *env, const case_file *c, const char *dir, progress *bar, note *why) {
  char *path = path_join(dir, "result.json");
  json_t *calls = json_array(), *document = json_pack("{s:O}", "calls", calls);
  bool ok = path && document && case_prelude(env, c, why);
  for (size_t i = 0; ok && i < c->call_count; i++) {
    ok = one_call(env, c, i, dir, calls, why);
    progress_set(bar, i + 1);
  }
  ok = ok && json_write(path, document, why);
  json_decref(document);
  json_decref(calls);
  free(path);
  return ok;
}
