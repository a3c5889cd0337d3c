// mote check: runs cases, each in a process of its own, and compares within their tolerances.
// Must not know: how values are compared (compare.h). Tests: tests/models/cli_test.sh
#define _DEFAULT_SOURCE // DIR entries' order is sorted here; scandir
#include "children.h"
#include "clocks.h"
#include "commands.h"
#include "compare.h"
#include "files.h"
#include "progress.h"
#include "setup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODELS_MAX = 8, FOLDER_DEPTH = 64 };
static const double CASE_SECONDS = 60;
static const double REFUSAL_SECONDS = 1;        // a bad file must be refused in this time
static const uint64_t REFUSAL_KIB = 256 * 1024; // and in this memory

typedef struct check_options {
  setup common;
  arg_list places;
  uint32_t jobs;
  bool all_files;
} check_options;

static const arg_spec specs[] = {
    {"--jobs", "-j", ARG_COUNT, offsetof(check_options, jobs), "N", "cases run at a time (as many as CPUs)", 1, 256},
    {"--all-files", NULL, ARG_FLAG, offsetof(check_options, all_files), NULL,
     "every model file of a case, not the first"},
    SETUP_ARGS(check_options),
    {NULL}};

typedef enum task_state { TASK_OPEN, TASK_PASSED, TASK_FAILED, TASK_OPTIONAL } task_state;

typedef struct task { // one model file of one case
  char *path;         // of case.json
  char *title;
  char *model;  // file name; NULL when the case could not be read
  char *reason; // why it failed
  case_expect expect;
  bool optional;
  task_state state;
  double ms;
} task;

typedef struct check {
  const check_options *options;
  task *tasks;
  size_t count, room, printed, ended;
  size_t passed, failed, optional_failed;
  progress *bar;
} check;

// ------------------------------------------------------------------------------------------- finding cases

static char *copy_text(const char *text) {
  char *out = malloc(strlen(text) + 1);
  if (out)
    strcpy(out, text);
  return out;
}

static task *add_task(check *k) {
  if (k->count == k->room) {
    size_t room = k->room ? 2 * k->room : 256;
    task *tasks = realloc(k->tasks, room * sizeof *tasks);
    if (!tasks)
      return NULL;
    k->tasks = tasks;
    k->room = room;
  }
  task *t = &k->tasks[k->count];
  memset(t, 0, sizeof *t);
  k->count++;
  return t;
}

static bool add_broken(check *k, const char *path, const char *dir, const char *reason) {
  task *t = add_task(k);
  if (!t)
    return false;
  t->path = copy_text(path);
  t->title = copy_text(dir);
  t->reason = copy_text(reason);
  t->state = TASK_FAILED;
  return t->path && t->title && t->reason;
}

static bool add_model(check *k, const char *path, const case_file *c, const char *model, bool several) {
  task *t = add_task(k);
  if (!t)
    return false;
  size_t room = strlen(c->dir) + strlen(model) + 2;
  t->path = copy_text(path);
  t->model = copy_text(model);
  t->title = malloc(room);
  if (!t->path || !t->model || !t->title)
    return false;
  snprintf(t->title, room, several ? "%s/%s" : "%s", c->dir, model);
  t->expect = c->expect;
  t->optional = c->optional;
  return true;
}

static bool add_case(check *k, const char *path, const char *dir, note *why) {
  case_file c;
  note broken = {0};
  if (!case_open(path, true, &c, &broken)) {
    note_one_line(&broken);
    return add_broken(k, path, dir, broken.text) ? true : note_set(why, "no memory");
  }
  const char *names[MODELS_MAX];
  size_t count = case_models(&c, k->options->all_files, names, MODELS_MAX);
  bool ok = count || add_broken(k, path, dir, "no model file beside case.json");
  for (size_t i = 0; ok && i < count; i++)
    ok = add_model(k, path, &c, names[i], k->options->all_files);
  case_close(&c);
  return ok ? true : note_set(why, "no memory");
}

static bool find_cases(check *k, const char *dir, int depth, note *why);

static bool visit_entry(check *k, const char *dir, const char *name, int depth, note *why) {
  struct stat info;
  char *path = path_join(dir, name);
  bool ok = path || note_set(why, "no memory");
  if (ok && strcmp(name, "case.json") == 0)
    ok = add_case(k, path, dir, why);
  else if (ok && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
    ok = find_cases(k, path, depth + 1, why);
  free(path);
  return ok;
}

static bool find_cases(check *k, const char *dir, int depth, note *why) {
  struct dirent **entries = NULL;
  if (depth > FOLDER_DEPTH)
    return note_set(why, "%s: folders nest deeper than %d", dir, FOLDER_DEPTH);
  int count = scandir(dir, &entries, NULL, alphasort);
  if (count < 0)
    return note_set(why, "%s: %s", dir, strerror(errno));
  bool ok = true;
  for (int i = 0; i < count; i++) {
    if (ok && entries[i]->d_name[0] != '.')
      ok = visit_entry(k, dir, entries[i]->d_name, depth, why);
    free(entries[i]);
  }
  free(entries);
  return ok;
}

static bool find_all(check *k, note *why) {
  for (size_t i = 0; i < k->options->places.count; i++) {
    char *dir = copy_text(k->options->places.items[i]);
    for (size_t len = dir ? strlen(dir) : 0; len > 1 && dir[len - 1] == '/'; len--)
      dir[len - 1] = 0;
    size_t before = k->count;
    bool ok = dir ? find_cases(k, dir, 0, why) : note_set(why, "no memory");
    if (ok && k->count == before)
      ok = note_set(why, "%s: no case.json in it", dir);
    free(dir);
    if (!ok)
      return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------------- in the child

enum { SAID_PASSED, SAID_FAILED, SAID_REFUSED };

typedef struct attempt { // one case being run
  case_env env;
  case_file file;
  mote_status status; // of the model's failure
  note why;
  bool refused; // the model failed, as against the case
} attempt;

static bool refuse(attempt *a, const mote_error *error) {
  a->refused = true;
  a->status = error->status;
  return note_error(&a->why, error);
}

static bool open_model(attempt *a, const check_options *options, const char *model) {
  mote_error error;
  mote_error_init(&error);
  char *path = path_join(a->file.dir, model);
  if (!path)
    return note_set(&a->why, "no memory");
  mote_status status = mote_model_open(a->env.context, path, &a->env.model, &error);
  free(path);
  if (status != MOTE_OK)
    return refuse(a, &error);
  if (setup_session(a->env.model, &options->common, false, &a->env.session, &a->why))
    return true;
  a->refused = true;
  a->status = a->why.status;
  return false;
}

// Runs one call; true when it did what the case asks.
static bool run_call(attempt *a, const case_call *call) {
  call_run run;
  bool ok = call_start(&a->env, &a->file, call, &run, &a->why);
  if (ok && a->file.expect != EXPECT_RESULT && run.status != MOTE_OK) {
    a->why = run.why;
    a->refused = true;
    a->status = run.status;
    ok = false;
  } else if (ok && a->file.expect == EXPECT_RESULT) {
    ok = compare_call(&a->env, &a->file, call, &run, &a->why);
  }
  call_end(&run);
  return ok;
}

static bool run_calls(attempt *a) {
  if (!case_prelude(&a->env, &a->file, &a->why)) {
    a->refused = a->why.status != MOTE_OK;
    a->status = a->why.status;
    return false;
  }
  for (size_t i = 0; i < a->file.call_count; i++)
    if (!run_call(a, &a->file.calls[i])) {
      if (a->file.call_count > 1)
        note_prefix(&a->why, "call %zu", i);
      return false;
    }
  return true;
}

static bool names_all(const json_t *operators, const char *text) {
  for (size_t i = 0; i < json_array_size(operators); i++) {
    const char *name = json_string_value(json_array_get(operators, i));
    if (name && !strstr(text, name))
      return false;
  }
  return true;
}

static int judge(attempt *a, bool ran) {
  if (a->file.expect == EXPECT_RESULT)
    return ran ? SAID_PASSED : SAID_FAILED;
  if (ran) {
    note_set(&a->why, "ran, though an error is expected");
    return SAID_FAILED;
  }
  if (!a->refused || !a->why.text[0])
    return SAID_FAILED;
  if (a->status == MOTE_ERR_INTERNAL) {
    note_prefix(&a->why, "refused by an internal error");
    return SAID_FAILED;
  }
  if (a->env.model && call_raised(&a->env, a->status)) { // `mote run --case` ends with status 0 here
    note_prefix(&a->why, "raised as if the program were sound");
    return SAID_FAILED;
  }
  if (a->file.expect == EXPECT_UNSUPPORTED &&
      (a->status != MOTE_ERR_UNSUPPORTED || !names_all(a->file.custom_ops, a->why.text))) {
    note_prefix(&a->why, "the refusal does not name the missing operators");
    return SAID_FAILED;
  }
  return SAID_REFUSED;
}

// The library's log is not for the parent's terminal unless asked.
static void run_task(void *context, size_t index, verdict *out) {
  const check *k = context;
  const task *t = &k->tasks[index];
  attempt a;
  memset(&a, 0, sizeof a);
  out->kind = SAID_FAILED;
  if (t->model && case_open(t->path, true, &a.file, &a.why)) {
    setup quiet = k->options->common;
    quiet.verbose = false;
    if (setup_context(&command_check, &quiet, &a.env.context) == EXIT_OK) {
      uint64_t start = clock_wall_ns();
      bool ran = open_model(&a, k->options, t->model) && run_calls(&a);
      out->ns = clock_wall_ns() - start;
      out->kind = judge(&a, ran);
    }
    mote_session_destroy(a.env.session);
    mote_model_destroy(a.env.model);
    mote_context_destroy(a.env.context);
    case_close(&a.file);
  }
  out->exit_code = out->kind == SAID_PASSED ? EXIT_OK : EXIT_FAILED;
  note_one_line(&a.why);
  snprintf(out->text, sizeof out->text, "%.*s", (int)sizeof out->text - 1, a.why.text);
}

// ------------------------------------------------------------------------------------------- in the parent

static bool clean_end(const outcome *what, note *why) {
  if (what->timed_out)
    return note_set(why, "no end after %.0f s", CASE_SECONDS);
  if (what->signal)
    return note_set(why, "crashed with signal %d%s", what->signal, what->spoke ? " while closing" : "");
  if (!what->spoke)
    return note_set(why, "ended with exit status %d and no word", what->exit_code);
  if (what->exit_code != what->said.exit_code)
    return note_set(why, "ended with exit status %d%s", what->exit_code,
                    children_sanitized() ? " (a sanitizer's report)" : "");
  return true;
}

static bool passes(const task *t, const outcome *what, note *why) {
  if (!clean_end(what, why))
    return false;
  if (what->said.kind == SAID_FAILED)
    return note_set(why, "%s", what->said.text);
  if (t->expect == EXPECT_RESULT)
    return true;
  if ((double)what->said.ns > REFUSAL_SECONDS * 1e9)
    return note_set(why, "refused after %.2f s, more than %.0f s", (double)what->said.ns * 1e-9, REFUSAL_SECONDS);
  if (!children_sanitized() && what->peak_kib > REFUSAL_KIB)
    return note_set(why, "refused after taking %llu MiB, more than %llu", (unsigned long long)what->peak_kib / 1024,
                    (unsigned long long)REFUSAL_KIB / 1024);
  return true;
}

static void count_task(check *k, const task *t) {
  k->passed += t->state == TASK_PASSED;
  k->failed += t->state == TASK_FAILED;
  k->optional_failed += t->state == TASK_OPTIONAL;
}

// Lines come in the order of the cases, whatever ends first.
static void print_ready(check *k) {
  while (k->printed < k->count && k->tasks[k->printed].state != TASK_OPEN) {
    const task *t = &k->tasks[k->printed++];
    count_task(k, t);
    if (t->state == TASK_FAILED)
      printf("FAIL %s: %s\n", t->title, t->reason ? t->reason : "no memory");
    else if (t->state == TASK_OPTIONAL)
      printf("optional %s: %s\n", t->title, t->reason ? t->reason : "no memory");
    else if (k->options->common.verbose)
      printf("ok   %s (%.1f ms)%s%s\n", t->title, t->ms, t->reason ? ": " : "", t->reason ? t->reason : "");
  }
}

// The library puts the model's path in front of its messages; the line names the case already.
static const char *without_path(const task *t, const char *text) {
  char path[1200];
  size_t folder = strlen(t->path) - strlen("case.json");
  int len = snprintf(path, sizeof path, "%.*s%s: ", (int)folder, t->path, t->model);
  return len > 0 && (size_t)len < sizeof path && strncmp(text, path, (size_t)len) == 0 ? text + len : text;
}

static void task_done(void *context, size_t index, const outcome *what) {
  check *k = context;
  task *t = &k->tasks[index];
  note why = {0};
  progress_set(k->bar, ++k->ended);
  if (!t->model) { // found broken while searching
    t->state = TASK_FAILED;
  } else if (passes(t, what, &why)) {
    t->state = TASK_PASSED;
    t->reason = t->expect == EXPECT_RESULT ? NULL : copy_text(without_path(t, what->said.text));
  } else {
    t->state = t->optional ? TASK_OPTIONAL : TASK_FAILED;
    t->reason = copy_text(without_path(t, why.text));
  }
  t->ms = (double)what->said.ns * 1e-6;
  if (!k->bar)
    print_ready(k);
}

static int check_all(check *k, note *why) {
  if (!find_all(k, why))
    return setup_fail(why);
  k->bar = progress_start("checking", k->count);
  child_job job = {k, run_task, task_done, k->count, k->options->jobs, CASE_SECONDS};
  bool ok = children_run(&job, why);
  progress_end(k->bar);
  if (!ok)
    return setup_fail(why);
  print_ready(k);
  printf("%zu optional failed\n%zu passed, %zu failed\n", k->optional_failed, k->passed, k->failed);
  return k->failed ? EXIT_FAILED : EXIT_OK;
}

static void free_check(check *k) {
  for (size_t i = 0; i < k->count; i++) {
    free(k->tasks[i].path);
    free(k->tasks[i].title);
    free(k->tasks[i].model);
    free(k->tasks[i].reason);
  }
  free(k->tasks);
}

static int run(const command *self, int argc, char **argv) {
  check_options options = {.common = {.threads = 1}};
  check k = {.options = &options};
  mote_context *probe = NULL;
  int code;
  note why = {0};
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  options.jobs = cpus < 1 ? 1 : cpus > 16 ? 16 : (uint32_t)cpus;
  if (args_parse(self, argc, argv, &options, &code) && (code = setup_check(self, &options.common)) == EXIT_OK &&
      (code = setup_context(self, &options.common, &probe)) == EXIT_OK) {
    mote_context_destroy(probe); // only to judge MOTE_CPU before hundreds of children do
    code = check_all(&k, &why);
  }
  free_check(&k);
  args_free(self, &options);
  return code;
}

const command command_check = {
    .name = "check",
    .usage = "mote check [--jobs N] [-v] CASE_DIR...",
    .summary = "Runs the cases (case.json) in folders and compares results within their tolerances.",
    .specs = specs,
    .places_offset = offsetof(check_options, places),
    .places_min = 1,
    .places_max = 1024,
    .run = run,
};
