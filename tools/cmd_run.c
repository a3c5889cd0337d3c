// mote run: classify a picture, run a model on .npy files, or run the calls of a case file.
// Must not know: expected outputs. Tests: tests/models/cli_test.sh
#include "case_report.h"
#include "classify.h"
#include "clocks.h"
#include "commands.h"
#include "npy.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct run_options {
  setup common;
  arg_list places, in;
  const char *out, *case_path, *labels;
  uint32_t top;
  picture_options picture;
} run_options;

static const char *const layouts[] = {"auto", "nhwc", "nchw", NULL};

static const arg_spec specs[] = {
    {"--in", NULL, ARG_LIST, offsetof(run_options, in), "[NAME=]FILE.npy",
     "an input, by name or in order (may repeat)"},
    {"--out", "-o", ARG_TEXT, offsetof(run_options, out), "DIR", "folder for out0.npy, out1.npy, ... or result.json"},
    {"--case", NULL, ARG_TEXT, offsetof(run_options, case_path), "case.json", "inputs as a case file describes them"},
    {"--labels", NULL, ARG_TEXT, offsetof(run_options, labels), "FILE", "class names, one a line"},
    {"--top", NULL, ARG_COUNT, offsetof(run_options, top), "K", "how many classes are shown (5)", 1, 1000000},
    {"--mean", NULL, ARG_TEXT, offsetof(run_options, picture.mean), "M[,M,M]",
     "subtracted from pixels: above 1 in codes 0..255, else of full scale"},
    {"--std", NULL, ARG_TEXT, offsetof(run_options, picture.deviation), "S[,S,S]", "divides pixels after --mean"},
    {"--layout", NULL, ARG_WORD, offsetof(run_options, picture.layout), "WORD",
     "nhwc or nchw when the model does not tell", 0, 0, layouts},
    {"--size", NULL, ARG_TEXT, offsetof(run_options, picture.size), "HxW",
     "of pictures when the model does not tell (224x224)"},
    SETUP_ARGS(run_options),
    {NULL}};

typedef struct run_state {
  const command *cmd;
  run_options options;
  mote_context *context;
  mote_model *model;
  mote_session *session;
  size_t method;
  uint64_t load_ns, run_ns;
  json_t *report; // of --json
} run_state;

// ------------------------------------------------------------------------------------------- the command line

static int check_mode(const run_state *s) {
  const run_options *o = &s->options;
  bool picture = o->places.count == 2;
  if (o->case_path && (picture || o->in.count))
    return args_refuse(s->cmd, "--case brings its own inputs; leave out the picture and --in");
  if (picture && o->in.count)
    return args_refuse(s->cmd, "give a picture or --in, not both");
  if (!picture && !o->out)
    return args_refuse(s->cmd, "say where the outputs go with --out DIR, or name a picture to classify");
  if (o->out && !*o->out)
    return args_refuse(s->cmd, "--out takes a folder, not \"\"");
  if (!picture && (o->labels || o->picture.mean || o->picture.deviation || o->picture.layout || o->picture.size))
    return args_refuse(s->cmd, "--labels, --mean, --std, --layout and --size are for pictures, and none is named");
  return setup_check(s->cmd, &o->common);
}

static int check_picture(const run_state *s) {
  note why;
  return picture_options_check(&s->options.picture, &why) ? EXIT_OK : args_refuse(s->cmd, "%s", why.text);
}

// ------------------------------------------------------------------------------------------- model and session

static bool open_model(run_state *s, note *why) {
  mote_error error;
  mote_error_init(&error);
  uint64_t start = clock_wall_ns();
  if (mote_model_open(s->context, s->options.places.items[0], &s->model, &error) != MOTE_OK)
    return note_error(why, &error);
  if (!s->options.case_path && !setup_method(s->model, s->options.common.method, &s->method, why))
    return note_prefix(why, "%s", s->options.places.items[0]);
  bool ok = setup_session(s->model, &s->options.common, false, &s->session, why);
  s->load_ns = clock_wall_ns() - start;
  return ok;
}

static bool call(run_state *s, mote_value *const *inputs, size_t count, mote_value **result, note *why) {
  mote_error error;
  mote_error_init(&error);
  uint64_t start = clock_wall_ns();
  const char *method = s->options.common.method;
  bool ok = mote_session_call(s->session, method, inputs, count, result, &error) == MOTE_OK;
  s->run_ns = clock_wall_ns() - start;
  return ok ? true : note_error(why, &error);
}

// ------------------------------------------------------------------------------------------- .npy inputs

static bool input_named(const run_state *s, const char *name, size_t len, size_t *index) {
  size_t count = mote_model_input_count(s->model, s->method);
  for (size_t i = 0; i < count; i++) {
    mote_port port;
    mote_port_init(&port);
    if (mote_model_input(s->model, s->method, i, &port) && port.name && strlen(port.name) == len &&
        memcmp(port.name, name, len) == 0) {
      *index = i;
      return true;
    }
  }
  return false;
}

static void input_names(const run_state *s, char *out, size_t room) {
  size_t used = 0, count = mote_model_input_count(s->model, s->method);
  out[0] = 0;
  for (size_t i = 0; i < count && used < room; i++) {
    mote_port port;
    mote_port_init(&port);
    if (mote_model_input(s->model, s->method, i, &port))
      used += (size_t)snprintf(out + used, room - used, "%s%s", i ? ", " : "", port.name ? port.name : "?");
  }
}

// Splits "NAME=FILE"; a file whose own name holds '=' is taken as it is. `*index` is SIZE_MAX without a name.
static bool split_input(const run_state *s, const char *word, size_t *index, const char **path, note *why) {
  char names[1000];
  const char *equals = NULL;
  for (const char *at = strchr(word, '='); at && !equals; at = strchr(at + 1, '='))
    if (input_named(s, word, (size_t)(at - word), index))
      equals = at;
  *path = equals ? equals + 1 : word;
  if (equals)
    return true;
  *index = SIZE_MAX;
  if (!strchr(word, '=') || file_exists(word))
    return true;
  input_names(s, names, sizeof names);
  return note_set(why, "the model has no input \"%.*s\"; its inputs are: %s", (int)strcspn(word, "="), word, names);
}

// A program's int, float or bool from an array of one element.
static bool scalar_value(const run_state *s, const array *a, mote_kind kind, mote_value **out, note *why) {
  mote_error error;
  mote_error_init(&error);
  element e = element_read(a->dtype, a->data, 0);
  mote_status status;
  if (kind == MOTE_KIND_INT)
    status = mote_value_int(s->context, e.kind == ELEMENT_INT ? e.i : (int64_t)e.u, out, &error);
  else if (kind == MOTE_KIND_BOOL)
    status = mote_value_bool(s->context, e.re != 0, out, &error);
  else
    status = mote_value_float(s->context, e.re, out, &error);
  return status == MOTE_OK ? true : note_error(why, &error);
}

static bool is_scalar(const array *a, const mote_port *port) {
  element_kind kind = element_kind_of(a->dtype);
  bool whole = kind == ELEMENT_INT || kind == ELEMENT_UINT;
  if (a->count != 1)
    return false;
  return ((port->kind == MOTE_KIND_INT || port->kind == MOTE_KIND_BOOL) && whole) ||
         (port->kind == MOTE_KIND_FLOAT && (whole || kind == ELEMENT_REAL));
}

static bool input_value(const run_state *s, size_t index, const char *path, mote_value **out, note *why) {
  array a;
  mote_port port;
  mote_port_init(&port);
  bool known = mote_model_input(s->model, s->method, index, &port);
  if (!npy_read(path, &a, why))
    return false;
  mote_dtype dtype = known ? value_dtype_for(a.dtype, port.dtype) : a.dtype;
  bool ok;
  if (known && port.dtype != MOTE_NONE && mote_model_format(s->model) == MOTE_FORMAT_TFLITE && dtype != port.dtype)
    ok = note_set(why, "%s holds %s, input %zu \"%s\" takes %s", path, mote_dtype_name(dtype), index, port.name,
                  mote_dtype_name(port.dtype));
  else if (known && is_scalar(&a, &port))
    ok = scalar_value(s, &a, port.kind, out, why);
  else
    ok = value_from_array(s->context, &a, dtype, NULL, out, why);
  array_free(&a);
  return ok;
}

static bool place_input(const run_state *s, const char *word, mote_value **values, size_t count, note *why) {
  size_t index;
  const char *path;
  char names[1000];
  if (!split_input(s, word, &index, &path, why))
    return false;
  for (size_t i = 0; index == SIZE_MAX && i < count; i++)
    if (!values[i])
      index = i;
  if (index == SIZE_MAX) {
    input_names(s, names, sizeof names);
    return note_set(why, "%zu inputs given, the method takes %zu: %s", s->options.in.count, count, names);
  }
  if (values[index])
    return note_set(why, "input %zu is given twice", index);
  return input_value(s, index, path, &values[index], why);
}

// Inputs must be there from the first to the last one given; the method may have defaults for the rest.
static bool count_inputs(const run_state *s, mote_value **values, size_t count, size_t *given, note *why) {
  *given = count;
  while (*given && !values[*given - 1])
    (*given)--;
  for (size_t i = 0; i < count; i++) {
    mote_port port;
    mote_port_init(&port);
    bool optional = mote_model_input(s->model, s->method, i, &port) && port.optional && i >= *given;
    if (!values[i] && !optional)
      return note_set(why, "input %zu \"%s\" is missing: %zu inputs given, the method takes %zu", i,
                      port.name ? port.name : "?", s->options.in.count, count);
  }
  return true;
}

static bool read_inputs(const run_state *s, mote_value **values, size_t count, size_t *given, note *why) {
  const arg_list *in = &s->options.in;
  // Names first, so that unnamed files fill the places that are left.
  for (int named = 1; named >= 0; named--)
    for (size_t i = 0; i < in->count; i++) {
      size_t index;
      const char *path;
      if (!split_input(s, in->items[i], &index, &path, why))
        return false;
      if ((index != SIZE_MAX) == (named == 1) && !place_input(s, in->items[i], values, count, why))
        return false;
    }
  return count_inputs(s, values, count, given, why);
}

static bool write_outputs(run_state *s, mote_value *result, note *why) {
  value_writer writer = {s->options.out, "out", 0, true};
  bool items = mote_value_kind(result) == MOTE_KIND_TUPLE;
  size_t count = items ? mote_value_count(result) : 1;
  mote_value **outputs = calloc(count + 1, sizeof *outputs);
  if (!outputs)
    return note_set(why, "no memory");
  for (size_t i = 0; i < count; i++)
    outputs[i] = items ? mote_value_item(result, i) : result;
  json_t *list = outputs_to_json(&writer, outputs, count, why);
  free(outputs);
  if (!list)
    return false;
  json_object_set(s->report, "outputs", list);
  json_t *document = json_pack("{s:[{s:o}]}", "calls", "outputs", list);
  char *path = path_join(s->options.out, "result.json");
  bool ok = writer.plain || (path && json_write(path, document, why));
  json_decref(document);
  free(path);
  return ok;
}

static bool run_files(run_state *s, note *why) {
  size_t count = mote_model_input_count(s->model, s->method), given = 0;
  mote_value *result = NULL, **values = calloc(count + 1, sizeof *values);
  if (!values)
    return note_set(why, "no memory");
  bool ok = folder_make(s->options.out, why) && read_inputs(s, values, count, &given, why) &&
            call(s, values, given, &result, why) && write_outputs(s, result, why);
  mote_value_release(result);
  for (size_t i = 0; i < count; i++)
    mote_value_release(values[i]);
  free(values);
  return ok;
}

// ------------------------------------------------------------------------------------------- pictures

static bool run_picture(run_state *s, mote_value **result, note *why) {
  picture_plan plan;
  image picture;
  array filled = {0};
  char text[300];
  mote_value *input = NULL;
  if (!picture_plan_make(s->model, s->method, &s->options.picture, &plan, why))
    return false;
  picture_plan_text(&plan, text, sizeof text);
  if (s->options.common.verbose)
    fprintf(stderr, "%s\n", text);
  if (!image_read(s->options.places.items[1], &picture, why))
    return false;
  bool ok = picture_fill(&plan, &picture, &filled, why) &&
            value_from_array(s->context, &filled, plan.dtype, NULL, &input, why) && call(s, &input, 1, result, why);
  mote_value_release(input);
  array_free(&filled);
  image_free(&picture);
  return ok;
}

static void show_scores(run_state *s, const score_list *scores, const label_list *labels) {
  size_t top = s->options.top < scores->count ? s->options.top : scores->count;
  json_t *list = json_array();
  for (size_t i = 0; i < top; i++) {
    const score *best = &scores->items[i];
    const char *label = labels->count ? labels->items[best->index] : NULL;
    json_t *row = json_pack("{s:I, s:f}", "index", (json_int_t)best->index, "score", best->value);
    if (label)
      json_object_set_new(row, "label", json_string(label));
    json_array_append_new(list, row);
    if (!s->options.common.json)
      printf("%8.4f  %4zu%s%s\n", best->value, best->index, label ? "  " : "", label ? label : "");
  }
  json_object_set_new(s->report, "top", list);
  json_object_set_new(s->report, "softmax", json_boolean(scores->softmax));
}

static bool classify(run_state *s, note *why) {
  label_list labels = {0};
  score_list scores = {0};
  mote_value *result = NULL;
  bool ok = (!s->options.labels || labels_read(s->options.labels, &labels, why)) && run_picture(s, &result, why) &&
            scores_make(result, &scores, why);
  if (ok && s->options.labels && labels.count != scores.count)
    ok = note_set(why, "%s: %zu labels, the model has %zu classes; give the label file made for this model",
                  s->options.labels, labels.count, scores.count);
  if (ok && s->options.out)
    ok = folder_make(s->options.out, why) && write_outputs(s, result, why);
  if (ok)
    show_scores(s, &scores, &labels);
  mote_value_release(result);
  free(scores.items);
  labels_free(&labels);
  return ok;
}

// ------------------------------------------------------------------------------------------- cases

static bool run_case(run_state *s, note *why) {
  case_file c;
  if (!case_open(s->options.case_path, false, &c, why))
    return false;
  if (s->options.common.method)
    for (size_t i = 0; i < c.call_count; i++)
      c.calls[i].method = s->options.common.method;
  case_env env = {s->context, s->model, s->session};
  progress *bar = progress_start("running", c.call_count > 1 ? c.call_count : 0);
  uint64_t start = clock_wall_ns();
  bool ok = folder_make(s->options.out, why) && case_report(&env, &c, s->options.out, bar, why);
  s->run_ns = clock_wall_ns() - start;
  progress_end(bar);
  case_close(&c);
  return ok;
}

// ------------------------------------------------------------------------------------------- all together

static const char *format_name(mote_format format) {
  return format == MOTE_FORMAT_TFLITE        ? "TensorFlow Lite"
         : format == MOTE_FORMAT_TORCHSCRIPT ? "TorchScript"
                                             : "TorchScript, lite interpreter";
}

static void add_stats(run_state *s) {
  mote_stats stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  mote_session_stats(s->session, &stats);
  json_t *r = s->report;
  json_object_set_new(r, "plan_us", json_real((double)stats.plan_ns * 1e-3));
  json_object_set_new(r, "pack_us", json_real((double)stats.pack_ns * 1e-3));
  json_object_set_new(r, "plans", json_integer((json_int_t)stats.plans));
  json_object_set_new(r, "plan_hits", json_integer((json_int_t)stats.plan_hits));
  json_object_set_new(r, "vm_instructions", json_integer((json_int_t)stats.vm_instructions));
  json_object_set_new(r, "arena_bytes", json_integer((json_int_t)stats.arena_bytes));
  json_object_set_new(r, "weights_bytes", json_integer((json_int_t)stats.weights_bytes));
}

static void show_report(run_state *s) {
  const setup *common = &s->options.common;
  json_object_set_new(s->report, "load_us", json_real((double)s->load_ns * 1e-3));
  json_object_set_new(s->report, "run_us", json_real((double)s->run_ns * 1e-3));
  json_object_set_new(s->report, "format", json_string(format_name(mote_model_format(s->model))));
  json_object_set_new(s->report, "cpu", json_string(mote_context_cpu(s->context)));
  if (common->verbose)
    add_stats(s);
  if (common->verbose)
    fprintf(stderr, "%s: %s, loaded in %.1f ms, ran in %.1f ms on %s\n", s->options.places.items[0],
            format_name(mote_model_format(s->model)), (double)s->load_ns * 1e-6, (double)s->run_ns * 1e-6,
            mote_context_cpu(s->context));
  if (common->json) {
    json_dumpf(s->report, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    printf("\n");
  }
}

static bool work(run_state *s, note *why) {
  if (!open_model(s, why))
    return false;
  if (s->options.case_path)
    return run_case(s, why);
  progress *bar = progress_start("running", 0);
  bool ok = s->options.places.count == 2 ? classify(s, why) : run_files(s, why);
  progress_end(bar);
  return ok;
}

static int run(const command *self, int argc, char **argv) {
  run_state s = {.cmd = self, .options = {.top = 5, .common = {.threads = 1}}};
  int code;
  note why = {0};
  if (args_parse(self, argc, argv, &s.options, &code) && (code = check_mode(&s)) == EXIT_OK &&
      (code = check_picture(&s)) == EXIT_OK && (code = setup_context(self, &s.options.common, &s.context)) == EXIT_OK) {
    s.report = json_pack("{s:s}", "model", s.options.places.items[0]);
    if (work(&s, &why))
      show_report(&s);
    else
      code = setup_fail(&why);
  }
  json_decref(s.report);
  mote_session_destroy(s.session);
  mote_model_destroy(s.model);
  mote_context_destroy(s.context);
  args_free(self, &s.options);
  return code;
}

const command command_run = {
    .name = "run",
    .usage = "mote run MODEL IMAGE [--labels FILE] [--top K]\n"
             "       mote run MODEL [--in [NAME=]FILE.npy]... --out DIR\n"
             "       mote run MODEL --case case.json --out DIR",
    .summary = "Runs a model on a picture, on .npy files or on the inputs of a case file.",
    .specs = specs,
    .places_offset = offsetof(run_options, places),
    .places_min = 1,
    .places_max = 2,
    .run = run,
};
