// mote bench: times a model. Eight runs warm up; then runs are counted for the time asked, at least five.
// Must not know: files other than the model and its inputs. Tests: tests/models/cli_test.sh
#include "clocks.h"
#include "commands.h"
#include "json_value.h"
#include "npy.h"
#include "progress.h"
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_RUNS = 8, LEAST_RUNS = 5, MOST_RUNS = 4000000, PROFILE_RUNS = 20, OUTPUTS_MAX = 32 };

typedef struct bench_options {
  setup common;
  arg_list places, in, shapes;
  double seconds;
  bool per_node;
} bench_options;

static const arg_spec specs[] = {
    {"--in", NULL, ARG_LIST, offsetof(bench_options, in), "FILE.npy", "an input, in order (may repeat)"},
    {"--shape", NULL, ARG_LIST, offsetof(bench_options, shapes), "1,3,224,224", "shape of a random input (may repeat)"},
    {"--seconds", NULL, ARG_NUMBER, offsetof(bench_options, seconds), "S", "time for counted runs (1)", 0, 86400},
    {"--per-node", NULL, ARG_FLAG, offsetof(bench_options, per_node), NULL, "time, kernel and ISA of each step"},
    SETUP_ARGS(bench_options),
    {NULL}};

typedef struct sample {
  uint64_t wall, cpu;
} sample;

typedef struct bench {
  const command *cmd;
  bench_options options;
  mote_context *context;
  mote_model *model;
  mote_session *session;
  size_t method;
  array *arrays; // inputs as read or made before the model counts
  size_t input_count;
  mote_value **inputs;
  mote_view *views;
  size_t output_count;
  bool direct; // tensors to tensors, without making values
  sample *samples;
  size_t runs, room;
  uint64_t load_ns, first_ns, peak_kib;
  mote_stats stats, first_stats;
  memory_mark memory;
} bench;

// ------------------------------------------------------------------------------------------- inputs

// xorshift: the same values on every machine.
static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

// Codes of 8 bits take their whole range; wider integers are often indices, so they stay 0 or 1.
static void fill_random(array *a, uint32_t seed) {
  uint32_t state = 0x9E3779B9u + seed;
  element_kind kind = element_kind_of(a->dtype);
  for (int64_t i = 0; i < a->count; i++) {
    uint32_t r = next_random(&state);
    if (kind == ELEMENT_REAL)
      element_write(a->dtype, a->data, i, (double)r / 2147483648.0 - 1);
    else if (a->item == 1 && a->dtype != MOTE_BOOL)
      a->data[i] = (unsigned char)(r >> 8);
    else
      element_write(a->dtype, a->data, i, r >> 31);
  }
}

static bool parse_shape(const char *text, int32_t *rank, int64_t *dim) {
  char part[16];
  for (const char *at = text; *rank < MOTE_MAX_RANK; at++) {
    size_t len = strcspn(at, ",");
    uint32_t v;
    if (len >= sizeof part)
      return false;
    memcpy(part, at, len);
    part[len] = 0;
    if (!args_count(part, 0, 1e9, &v))
      return false;
    dim[(*rank)++] = v;
    at += len;
    if (!*at)
      return true;
  }
  return false;
}

static int check_shapes(const bench *b) {
  for (size_t i = 0; i < b->options.shapes.count; i++) {
    int32_t rank = 0;
    int64_t dim[MOTE_MAX_RANK];
    if (!parse_shape(b->options.shapes.items[i], &rank, dim))
      return args_refuse(b->cmd, "--shape takes sizes with commas, such as 1,3,224,224, not \"%s\"",
                         b->options.shapes.items[i]);
  }
  if (b->options.shapes.count && b->options.in.count)
    return args_refuse(b->cmd, "give --in or --shape, not both");
  return setup_check(b->cmd, &b->options.common);
}

static bool read_files(bench *b, note *why) {
  b->input_count = b->options.in.count;
  b->arrays = calloc(b->input_count + 1, sizeof *b->arrays);
  if (!b->arrays)
    return note_set(why, "no memory");
  for (size_t i = 0; i < b->input_count; i++)
    if (!npy_read(b->options.in.items[i], &b->arrays[i], why))
      return false;
  return true;
}

static bool make_random(bench *b, size_t index, array *a, note *why) {
  mote_port port;
  mote_port_init(&port);
  mote_model_input(b->model, b->method, index, &port);
  int32_t rank = 0;
  int64_t dim[MOTE_MAX_RANK];
  if (index < b->options.shapes.count) {
    parse_shape(b->options.shapes.items[index], &rank, dim);
  } else if (port.rank >= 0) {
    rank = port.rank;
    for (int32_t i = 0; i < rank; i++)
      dim[i] = port.dim[i] < 0 ? 1 : port.dim[i];
  } else {
    return note_set(why, "input %zu \"%s\" has no shape of its own: give --in FILE.npy or --shape 1,3,224,224", index,
                    port.name ? port.name : "?");
  }
  mote_dtype dtype = port.dtype == MOTE_NONE ? MOTE_F32 : port.dtype;
  if (dtype == MOTE_I4 || dtype == MOTE_I2)
    dtype = MOTE_I8;
  if (!array_make(a, dtype, rank, dim, dtype == MOTE_STRING ? 1 : 0, why))
    return false;
  fill_random(a, (uint32_t)index);
  return true;
}

static bool make_inputs(bench *b, note *why) {
  size_t count = b->options.shapes.count, ports = mote_model_input_count(b->model, b->method);
  if (b->options.in.count)
    return true;
  free(b->arrays);
  b->input_count = count && mote_model_format(b->model) != MOTE_FORMAT_TFLITE ? count : ports;
  b->arrays = calloc(b->input_count + 1, sizeof *b->arrays);
  if (!b->arrays)
    return note_set(why, "no memory");
  for (size_t i = 0; i < b->input_count; i++)
    if (!make_random(b, i, &b->arrays[i], why))
      return false;
  return true;
}

static bool make_values(bench *b, note *why) {
  b->inputs = calloc(b->input_count + 1, sizeof *b->inputs);
  b->views = calloc(b->input_count + 1, sizeof *b->views);
  if (!b->inputs || !b->views)
    return note_set(why, "no memory");
  b->direct = true;
  for (size_t i = 0; i < b->input_count; i++) {
    const array *a = &b->arrays[i];
    mote_port port;
    mote_port_init(&port);
    mote_model_input(b->model, b->method, i, &port);
    if (!value_from_array(b->context, a, value_dtype_for(a->dtype, port.dtype), NULL, &b->inputs[i], why))
      return note_prefix(why, "input %zu", i);
    mote_view_init(&b->views[i]);
    b->direct = mote_value_view(b->inputs[i], &b->views[i]) && a->dtype != MOTE_STRING && b->direct;
  }
  b->output_count = mote_model_output_count(b->model, b->method);
  return true;
}

// Methods from tensors to tensors run without values; others are called.
static void choose_way(bench *b) {
  if (b->output_count > OUTPUTS_MAX || b->input_count > OUTPUTS_MAX)
    b->direct = false;
  for (size_t i = 0; i < b->output_count; i++) {
    mote_port port;
    mote_port_init(&port);
    if (!mote_model_output(b->model, b->method, i, &port) || port.kind != MOTE_KIND_TENSOR || port.dtype == MOTE_STRING)
      b->direct = false;
  }
}

// ------------------------------------------------------------------------------------------- runs

static mote_status run_once(bench *b, mote_session *session, mote_error *error) {
  const char *method = b->options.common.method;
  if (b->direct) {
    mote_view out[OUTPUTS_MAX];
    for (size_t i = 0; i < b->output_count; i++)
      mote_view_init(&out[i]);
    return mote_session_invoke(session, method, b->views, b->input_count, out, b->output_count, error);
  }
  mote_value *result = NULL;
  mote_status status = mote_session_call(session, method, b->inputs, b->input_count, &result, error);
  mote_value_release(result);
  return status;
}

static bool timed_run(bench *b, sample *out, note *why) {
  mote_error error;
  mote_error_init(&error);
  uint64_t cpu = clock_cpu_ns(), wall = clock_wall_ns();
  mote_status status = run_once(b, b->session, &error);
  out->wall = clock_wall_ns() - wall;
  out->cpu = clock_cpu_ns() - cpu;
  return status == MOTE_OK ? true : note_error(why, &error);
}

static void read_stats(const bench *b, mote_stats *out) {
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  mote_session_stats(b->session, out);
}

// A program may declare a tensor and give something else: then values are made after all.
static bool first_run(bench *b, sample *out, note *why) {
  if (timed_run(b, out, why))
    return true;
  if (!b->direct || mote_model_format(b->model) == MOTE_FORMAT_TFLITE || why->status != MOTE_ERR_TYPE)
    return false;
  b->direct = false;
  return timed_run(b, out, why);
}

static bool warm_up(bench *b, note *why) {
  sample s = {0};
  for (int i = 0; i < WARM_RUNS; i++) {
    if (!(i ? timed_run(b, &s, why) : first_run(b, &s, why)))
      return false;
    if (i == 0) {
      b->first_ns = s.wall;
      read_stats(b, &b->first_stats);
    }
  }
  return true;
}

static bool measure(bench *b, note *why) {
  progress *bar = progress_start("measuring", (uint64_t)(b->options.seconds * 10));
  uint64_t start = clock_wall_ns(), limit = (uint64_t)(b->options.seconds * 1e9), spent = 0;
  bool ok = true;
  while (ok && b->runs < b->room && (spent < limit || b->runs < LEAST_RUNS)) {
    ok = timed_run(b, &b->samples[b->runs], why);
    b->runs += ok;
    spent = clock_wall_ns() - start;
    progress_set(bar, spent / 100000000);
  }
  progress_end(bar);
  return ok;
}

static bool open_model(bench *b, note *why) {
  mote_error error;
  mote_error_init(&error);
  const char *path = b->options.places.items[0];
  uint64_t start = clock_wall_ns();
  if (mote_model_open(b->context, path, &b->model, &error) != MOTE_OK)
    return note_error(why, &error);
  if (!setup_session(b->model, &b->options.common, false, &b->session, why))
    return false;
  b->load_ns = clock_wall_ns() - start;
  return setup_method(b->model, b->options.common.method, &b->method, why) ? true : note_prefix(why, "%s", path);
}

static bool work(bench *b, note *why) {
  b->room = b->options.seconds * 1e6 + 1000 < MOST_RUNS ? (size_t)(b->options.seconds * 1e6) + 1000 : MOST_RUNS;
  b->samples = malloc(b->room * sizeof *b->samples);
  if (!b->samples)
    return note_set(why, "no memory for %zu samples", b->room);
  memset(b->samples, 1, b->room * sizeof *b->samples); // its pages are there before the model's memory is measured
  if (!read_files(b, why))
    return false;
  memory_start(&b->memory);
  if (!open_model(b, why) || !make_inputs(b, why) || !make_values(b, why))
    return false;
  choose_way(b);
  if (!warm_up(b, why) || !measure(b, why))
    return false;
  b->peak_kib = memory_peak_kib(&b->memory);
  read_stats(b, &b->stats);
  return true;
}

// ------------------------------------------------------------------------------------------- per node

enum { PROFILE_ROWS = 20000 };

typedef struct row_sum {
  uint64_t ns, calls;
} row_sum;

// The library's rows add up over a session's runs.
static size_t read_rows(mote_session *session, row_sum *sums) {
  size_t count = 0;
  mote_profile_row row;
  memset(&row, 0, sizeof row);
  row.struct_size = sizeof row;
  for (; count < PROFILE_ROWS && mote_session_profile(session, count, &row); count++)
    sums[count] = (row_sum){row.ns, row.calls};
  return count;
}

static json_t *row_json(const mote_profile_row *row, const row_sum *before, double runs) {
  return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f}", "op", row->op ? row->op : "", "name", row->name ? row->name : "",
                   "kernel", row->kernel ? row->kernel : "", "isa", row->isa ? row->isa : "", "us",
                   (double)(row->ns - before->ns) * 1e-3 / runs, "calls", (double)(row->calls - before->calls) / runs);
}

// What the counted runs added to each row.
static void add_rows(mote_session *session, const row_sum *before, size_t count, json_t *nodes) {
  mote_profile_row row;
  memset(&row, 0, sizeof row);
  row.struct_size = sizeof row;
  for (size_t i = 0; mote_session_profile(session, i, &row) && i < PROFILE_ROWS; i++) {
    row_sum none = {0, 0};
    const row_sum *from = i < count && before[i].calls <= row.calls ? &before[i] : &none;
    if (row.calls > from->calls)
      json_array_append_new(nodes, row_json(&row, from, PROFILE_RUNS));
  }
}

// A session of its own: profiling costs a little time at each step.
static bool profile(bench *b, json_t *nodes, note *why) {
  mote_session *session = NULL;
  mote_error error;
  mote_error_init(&error);
  row_sum *before = calloc(PROFILE_ROWS, sizeof *before);
  bool ok = before ? setup_session(b->model, &b->options.common, true, &session, why) : note_set(why, "no memory");
  size_t count = 0;
  for (int i = 0; ok && i < WARM_RUNS + PROFILE_RUNS; i++) {
    if (i == WARM_RUNS)
      count = read_rows(session, before);
    ok = run_once(b, session, &error) == MOTE_OK ? true : note_error(why, &error);
  }
  if (ok)
    add_rows(session, before, count, nodes);
  mote_session_destroy(session);
  free(before);
  return ok;
}

// ------------------------------------------------------------------------------------------- report

static int by_value(const void *a, const void *b) {
  uint64_t va = *(const uint64_t *)a, vb = *(const uint64_t *)b;
  return va < vb ? -1 : va > vb;
}

typedef struct spread { // microseconds
  double least, median, p90;
} spread;

static spread spread_of(const bench *b, bool cpu) {
  spread s = {0};
  uint64_t *sorted = malloc(b->runs * sizeof *sorted);
  if (!sorted)
    return s;
  for (size_t i = 0; i < b->runs; i++)
    sorted[i] = cpu ? b->samples[i].cpu : b->samples[i].wall;
  qsort(sorted, b->runs, sizeof *sorted, by_value);
  size_t half = b->runs / 2;
  s.least = (double)sorted[0] * 1e-3;
  s.median = (b->runs % 2 ? (double)sorted[half] : 0.5 * ((double)sorted[half - 1] + (double)sorted[half])) * 1e-3;
  s.p90 = (double)sorted[(b->runs - 1) * 9 / 10] * 1e-3;
  free(sorted);
  return s;
}

static json_t *make_report(const bench *b) {
  spread wall = spread_of(b, false), cpu = spread_of(b, true);
  const setup *common = &b->options.common;
  json_t *r = json_object();
  json_object_set_new(r, "model", json_string(b->options.places.items[0]));
  json_object_set_new(r, "threads", json_integer((json_int_t)common->threads));
  json_object_set_new(r, "precision", json_string(setup_precisions[common->precision]));
  json_object_set_new(r, "runs", json_integer((json_int_t)b->runs));
  json_object_set_new(r, "min_us", json_real(wall.least));
  json_object_set_new(r, "median_us", json_real(wall.median));
  json_object_set_new(r, "p90_us", json_real(wall.p90));
  json_object_set_new(r, "cpu_us", json_real(cpu.median));
  json_object_set_new(r, "plan_us", json_real((double)b->first_stats.plan_ns * 1e-3));
  json_object_set_new(r, "pack_us", json_real((double)b->first_stats.pack_ns * 1e-3));
  json_object_set_new(r, "load_us", json_real((double)b->load_ns * 1e-3));
  json_object_set_new(r, "first_us", json_real((double)b->first_ns * 1e-3));
  json_object_set_new(r, "arena_bytes", json_integer((json_int_t)b->stats.arena_bytes));
  json_object_set_new(r, "weights_bytes", json_integer((json_int_t)b->stats.weights_bytes));
  json_object_set_new(r, "peak_rss_kib", json_integer((json_int_t)b->peak_kib));
  json_object_set_new(r, "cpu", json_string(mote_context_cpu(b->context)));
  if (common->verbose) {
    json_object_set_new(r, "plans", json_integer((json_int_t)b->stats.plans));
    json_object_set_new(r, "plan_hits", json_integer((json_int_t)b->stats.plan_hits));
    json_object_set_new(r, "vm_instructions", json_integer((json_int_t)b->stats.vm_instructions));
  }
  return r;
}

static void print_nodes(const json_t *nodes) {
  double sum = 0;
  for (size_t i = 0; i < json_array_size(nodes); i++)
    sum += json_number_value(json_object_get(json_array_get(nodes, i), "us"));
  printf("\n%10s %6s  %-32s %-40s %s\n", "us", "%", "operators", "kernel", "value");
  for (size_t i = 0; i < json_array_size(nodes); i++) {
    const json_t *row = json_array_get(nodes, i);
    double us = json_number_value(json_object_get(row, "us"));
    printf("%10.1f %6.1f  %-32s %-40s %s\n", us, sum > 0 ? 100 * us / sum : 0,
           json_string_value(json_object_get(row, "op")), json_string_value(json_object_get(row, "kernel")),
           json_string_value(json_object_get(row, "name")));
  }
}

static void print_report(const bench *b) {
  spread wall = spread_of(b, false), cpu = spread_of(b, true);
  printf("%s: %u thread%s, %s, %s\n", b->options.places.items[0], b->options.common.threads,
         b->options.common.threads == 1 ? "" : "s", setup_precisions[b->options.common.precision],
         mote_context_cpu(b->context));
  printf("  median %.1f us, least %.1f, 90th percentile %.1f, CPU time %.1f (%zu runs)\n", wall.median, wall.least,
         wall.p90, cpu.median, b->runs);
  printf("  load %.1f us, first run %.1f (plan %.1f, packing %.1f)\n", (double)b->load_ns * 1e-3,
         (double)b->first_ns * 1e-3, (double)b->first_stats.plan_ns * 1e-3, (double)b->first_stats.pack_ns * 1e-3);
  printf("  arena %zu bytes, packed weights %zu bytes, peak memory %llu KiB\n", b->stats.arena_bytes,
         b->stats.weights_bytes, (unsigned long long)b->peak_kib);
}

static bool report(bench *b, note *why) {
  json_t *r = make_report(b), *nodes = json_array();
  bool ok = !b->options.per_node || profile(b, nodes, why);
  if (ok && b->options.per_node)
    json_object_set(r, "nodes", nodes);
  if (ok && b->options.common.json) {
    json_dumpf(r, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    printf("\n");
  } else if (ok) {
    print_report(b);
    if (b->options.per_node)
      print_nodes(nodes);
  }
  json_decref(nodes);
  json_decref(r);
  return ok;
}

static void release(bench *b) {
  for (size_t i = 0; i < b->input_count; i++) {
    if (b->inputs)
      mote_value_release(b->inputs[i]);
    if (b->arrays)
      array_free(&b->arrays[i]);
  }
  free(b->inputs);
  free(b->views);
  free(b->arrays);
  free(b->samples);
  mote_session_destroy(b->session);
  mote_model_destroy(b->model);
  mote_context_destroy(b->context);
}

static int run(const command *self, int argc, char **argv) {
  bench b = {.cmd = self, .options = {.seconds = 1, .common = {.threads = 1}}};
  int code;
  note why = {0};
  if (args_parse(self, argc, argv, &b.options, &code) && (code = check_shapes(&b)) == EXIT_OK &&
      (code = setup_context(self, &b.options.common, &b.context)) == EXIT_OK)
    if (!work(&b, &why) || !report(&b, &why))
      code = setup_fail(&why);
  release(&b);
  args_free(self, &b.options);
  return code;
}

const command command_bench = {
    .name = "bench",
    .usage = "mote bench MODEL [--in FILE.npy]... [--threads N] [--seconds S] [--json]",
    .summary = "Times a model: eight runs warm up, then at least five are counted.",
    .specs = specs,
    .places_offset = offsetof(bench_options, places),
    .places_min = 1,
    .places_max = 1,
    .run = run,
};
