// mote inspect: what is in a model file. Must not know: running. Tests: tests/models/cli_test.sh
#include "array.h"
#include "commands.h"
#include "files.h"
#include "json_value.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct inspect_options {
  arg_list places;
  const char *html;
  bool json, verbose;
} inspect_options;

static const arg_spec specs[] = {
    {"--json", NULL, ARG_FLAG, offsetof(inspect_options, json), NULL, "print one JSON document"},
    {"--html", NULL, ARG_TEXT, offsetof(inspect_options, html), "FILE", "not in this version"},
    {"--verbose", "-v", ARG_FLAG, offsetof(inspect_options, verbose), NULL, "print every operator or instruction too"},
    {NULL}};

// ------------------------------------------------------------------------------------------- ports

static const char *const kinds[] = {"none",   "bool", "int",   "float", "complex", "str",
                                    "tensor", "list", "tuple", "dict",  "object"};

static json_t *quant_json(const mote_quant *q) {
  json_t *out = json_pack("{s:f, s:i}", "scale", q->scale, "zero_point", (int)q->zero_point);
  if (q->count > 1) {
    json_object_set_new(out, "scales", json_integer(q->count));
    json_object_set_new(out, "axis", json_integer(q->axis));
  }
  return out;
}

static json_t *port_json(const mote_port *port) {
  json_t *out = json_pack("{s:s, s:s}", "name", port->name ? port->name : "", "kind", kinds[port->kind]);
  if (port->dtype != MOTE_NONE)
    json_object_set_new(out, "dtype", json_string(mote_dtype_name(port->dtype)));
  if (port->rank >= 0) {
    json_t *shape = json_array();
    for (int32_t i = 0; i < port->rank; i++)
      json_array_append_new(shape, json_integer(port->dim[i]));
    json_object_set_new(out, "shape", shape);
  }
  if (port->quant.count)
    json_object_set_new(out, "quantization", quant_json(&port->quant));
  if (port->optional)
    json_object_set_new(out, "optional", json_true());
  return out;
}

static json_t *ports_json(const mote_model *model, size_t method, bool outputs) {
  json_t *list = json_array();
  size_t count = outputs ? mote_model_output_count(model, method) : mote_model_input_count(model, method);
  for (size_t i = 0; i < count; i++) {
    mote_port port;
    mote_port_init(&port);
    if (outputs ? mote_model_output(model, method, i, &port) : mote_model_input(model, method, i, &port))
      json_array_append_new(list, port_json(&port));
  }
  return list;
}

static json_t *methods_json(const mote_model *model) {
  json_t *list = json_array();
  for (size_t i = 0; i < mote_model_method_count(model); i++)
    json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name", mote_model_method_name(model, i), "inputs",
                                          ports_json(model, i, false), "outputs", ports_json(model, i, true)));
  return list;
}

// ------------------------------------------------------------------------------------------- operators

static void count_operator(json_t *operators, const char *name, size_t len) {
  char key[200];
  snprintf(key, sizeof key, "%.*s", (int)(len < sizeof key ? len : sizeof key - 1), name);
  json_t *have = json_object_get(operators, key);
  json_object_set_new(operators, key, json_integer(json_integer_value(have) + 1));
}

// A line of a graph's description is "  NUMBER OPERATOR types".
static void count_node(json_t *operators, const char *line, size_t len) {
  size_t at = 0;
  while (at < len && line[at] == ' ')
    at++;
  size_t digits = at;
  while (digits < len && line[digits] >= '0' && line[digits] <= '9')
    digits++;
  if (at == 0 || digits == at || digits >= len || line[digits] != ' ')
    return;
  while (digits < len && line[digits] == ' ')
    digits++;
  size_t end = digits;
  while (end < len && line[end] != ' ')
    end++;
  count_operator(operators, line + digits, end - digits);
}

// A line of a program's description that runs an operator is "  NUMBER OP x n  aten::add.Tensor", or OPN.
static void count_instruction(json_t *operators, const char *line, size_t len) {
  char opcode[8] = "", operator_name[160] = "", copy[400];
  if (len >= sizeof copy)
    return;
  memcpy(copy, line, len);
  copy[len] = 0;
  int got = sscanf(copy, "%*u %7s %*d %*u %159s", opcode, operator_name);
  if (got == 2 && (strcmp(opcode, "OP") == 0 || strcmp(opcode, "OPN") == 0))
    count_operator(operators, operator_name, strlen(operator_name));
}

static json_t *operators_json(const mote_model *model, const char *text) {
  json_t *operators = json_object();
  for (const char *line = text; *line;) {
    size_t len = strcspn(line, "\n");
    if (mote_model_format(model) == MOTE_FORMAT_TFLITE)
      count_node(operators, line, len);
    else
      count_instruction(operators, line, len);
    line += len + (line[len] != 0);
  }
  return operators;
}

static json_t *missing_json(const mote_model *model) {
  json_t *list = json_array();
  const char *name;
  for (size_t i = 0; (name = mote_model_missing(model, i)) != NULL; i++)
    json_array_append_new(list, json_string(name));
  return list;
}

static json_t *metadata_json(const mote_model *model) {
  json_t *list = json_array();
  const void *data;
  size_t size;
  const char *key;
  for (size_t i = 0; (key = mote_model_metadata(model, i, &data, &size)) != NULL; i++)
    json_array_append_new(list, json_pack("{s:s, s:I}", "name", key, "bytes", (json_int_t)size));
  return list;
}

// ------------------------------------------------------------------------------------------- report

static const char *format_word(mote_format format) {
  return format == MOTE_FORMAT_TFLITE ? "tflite" : format == MOTE_FORMAT_TORCHSCRIPT ? "torchscript" : "torch-lite";
}

// Memory of the primary graph for the shapes of the file, where a size that may vary counts as 1. A graph that cannot
// be planned is no failure of inspecting it; the reason is told.
static void add_memory(json_t *r, mote_model *model) {
  enum { PORTS = 32 };
  mote_view views[PORTS];
  mote_session *session = NULL;
  mote_error error;
  mote_stats stats;
  size_t count = mote_model_input_count(model, 0);
  mote_error_init(&error);
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  for (size_t i = 0; i < count && i < PORTS; i++) {
    mote_port port;
    mote_port_init(&port);
    mote_view_init(&views[i]);
    mote_model_input(model, 0, i, &port);
    views[i].dtype = port.dtype;
    views[i].rank = port.rank < 0 ? 0 : port.rank;
    int64_t stride = 1;
    for (int32_t k = views[i].rank - 1; k >= 0; k--) {
      views[i].dim[k] = port.dim[k] < 0 ? 1 : port.dim[k];
      views[i].stride[k] = stride;
      stride *= views[i].dim[k];
    }
  }
  if (count <= PORTS && mote_session_create(model, NULL, &session, &error) == MOTE_OK &&
      mote_session_prepare(session, NULL, views, count, &error) == MOTE_OK) {
    mote_session_stats(session, &stats);
    json_object_set_new(r, "arena_bytes", json_integer((json_int_t)stats.arena_bytes));
    json_object_set_new(r, "weights_bytes", json_integer((json_int_t)stats.weights_bytes));
  } else {
    json_object_set_new(r, "plan_error", json_string(count <= PORTS ? mote_error_message(&error) : "too many inputs"));
  }
  mote_session_destroy(session);
}

static json_int_t file_bytes_of(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 ? (json_int_t)info.st_size : 0;
}

// Everything but the description's text. Opening a program compiles all its methods, so that `compiled` tells of all.
static json_t *make_report(const char *path, mote_model *model, const char *text) {
  json_t *missing = missing_json(model);
  json_t *r = json_object();
  json_object_set_new(r, "model", json_string(path));
  json_object_set_new(r, "format", json_string(format_word(mote_model_format(model))));
  json_object_set_new(r, "file_bytes", json_integer(file_bytes_of(path)));
  json_object_set_new(r, "compiled", json_true());
  json_object_set_new(r, "methods", methods_json(model));
  json_object_set_new(r, "operators", operators_json(model, text));
  json_object_set_new(r, "missing", missing);
  json_object_set_new(r, "metadata", metadata_json(model));
  if (mote_model_format(model) == MOTE_FORMAT_TFLITE)
    add_memory(r, model);
  return r;
}

static void print_ports(const json_t *ports, const char *title) {
  for (size_t i = 0; i < json_array_size(ports); i++) {
    const json_t *port = json_array_get(ports, i), *shape = json_object_get(port, "shape");
    const json_t *quant = json_object_get(port, "quantization");
    const char *dtype = json_string_value(json_object_get(port, "dtype"));
    char dims[160] = "";
    int64_t dim[MOTE_MAX_RANK] = {0};
    for (size_t k = 0; k < json_array_size(shape) && k < MOTE_MAX_RANK; k++)
      dim[k] = json_integer_value(json_array_get(shape, k));
    if (shape)
      shape_text((int32_t)json_array_size(shape), dim, dims, sizeof dims);
    printf("    %-7s %s: %s%s%s", title, json_string_value(json_object_get(port, "name")),
           dtype ? dtype : json_string_value(json_object_get(port, "kind")), dims,
           json_object_get(port, "optional") ? " (has a default)" : "");
    if (quant)
      printf(" scale %g zero point %lld", json_number_value(json_object_get(quant, "scale")),
             (long long)json_integer_value(json_object_get(quant, "zero_point")));
    printf("\n");
  }
}

static void print_report(const json_t *r, const char *text, bool verbose) {
  const char *key;
  json_t *item;
  const json_t *methods = json_object_get(r, "methods"), *missing = json_object_get(r, "missing");
  printf("%s: %s, %lld bytes\n", json_string_value(json_object_get(r, "model")),
         json_string_value(json_object_get(r, "format")),
         (long long)json_integer_value(json_object_get(r, "file_bytes")));
  for (size_t i = 0; i < json_array_size(methods); i++) {
    const json_t *method = json_array_get(methods, i);
    printf("  method %s\n", json_string_value(json_object_get(method, "name")));
    print_ports(json_object_get(method, "inputs"), "input");
    print_ports(json_object_get(method, "outputs"), "output");
  }
  printf("  operators:\n");
  json_object_foreach(json_object_get(r, "operators"), key, item)
      printf("    %6lld  %s\n", (long long)json_integer_value(item), key);
  for (size_t i = 0; i < json_array_size(missing); i++)
    printf("  missing: %s\n", json_string_value(json_array_get(missing, i)));
  if (json_object_get(r, "arena_bytes"))
    printf("  memory for the shapes above: arena %lld bytes, packed weights %lld bytes\n",
           (long long)json_integer_value(json_object_get(r, "arena_bytes")),
           (long long)json_integer_value(json_object_get(r, "weights_bytes")));
  if (json_object_get(r, "plan_error"))
    printf("  cannot be planned: %s\n", json_string_value(json_object_get(r, "plan_error")));
  if (verbose)
    printf("\n%s", text);
}

static bool inspect(const inspect_options *options, mote_context *context, note *why) {
  const char *path = options->places.items[0];
  mote_model *model = NULL;
  mote_value *text = NULL;
  mote_error error;
  mote_error_init(&error);
  bool ok =
      mote_model_open(context, path, &model, &error) == MOTE_OK && mote_model_describe(model, &text, &error) == MOTE_OK;
  if (!ok)
    note_error(why, &error);
  if (ok) {
    const char *description = mote_value_as_string(text, NULL);
    json_t *r = make_report(path, model, description ? description : "");
    if (options->json) {
      json_dumpf(r, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
      printf("\n");
    } else {
      print_report(r, description ? description : "", options->verbose);
    }
    json_decref(r);
  }
  mote_value_release(text);
  mote_model_destroy(model);
  return ok;
}

static int run(const command *self, int argc, char **argv) {
  inspect_options options = {0};
  setup common = {.threads = 1};
  mote_context *context = NULL;
  int code;
  note why = {0};
  if (args_parse(self, argc, argv, &options, &code)) {
    if (options.html)
      code = args_refuse(self, "--html is not in this version; use --json");
    else if ((code = setup_context(self, &common, &context)) == EXIT_OK && !inspect(&options, context, &why))
      code = setup_fail(&why);
  }
  mote_context_destroy(context);
  args_free(self, &options);
  return code;
}

const command command_inspect = {
    .name = "inspect",
    .usage = "mote inspect MODEL [--json]",
    .summary = "Shows methods, inputs, outputs, operators and what is missing of a model file.",
    .specs = specs,
    .places_offset = offsetof(inspect_options, places),
    .places_min = 1,
    .places_max = 1,
    .run = run,
};
