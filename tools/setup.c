// Owns: turning common options into contexts and sessions; the only reader of the environment (MOTE_CPU).
// Must not know: what a command does with them. Tests: tests/models/cli_test.sh
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const setup_precisions[] = {"f32", "strict", "fast", NULL};
const char *const setup_records[] = {"on", "off", "each", NULL};

static bool pass_exists(const char *name) {
  const char *known;
  for (size_t i = 0; (known = mote_pass_name(i)) != NULL; i++)
    if (strcmp(known, name) == 0)
      return true;
  return false;
}

static int refuse_pass(const command *cmd, const char *name) {
  char known[1024] = "";
  size_t used = 0;
  const char *pass;
  for (size_t i = 0; (pass = mote_pass_name(i)) != NULL && used < sizeof known; i++)
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", pass);
  return args_refuse(cmd, "no pass \"%s\"; the passes are: %s", name, known);
}

int setup_check(const command *cmd, const setup *options) {
  for (size_t i = 0; i < options->no_pass.count; i++)
    if (!pass_exists(options->no_pass.items[i]))
      return refuse_pass(cmd, options->no_pass.items[i]);
  if (options->delegate)
    return args_refuse(cmd, "no delegate \"%s\" in this build, which has none; leave --delegate out",
                       options->delegate);
  return EXIT_OK;
}

static void log_line(void *ctx, const char *line) {
  (void)ctx;
  fprintf(stderr, "%s\n", line);
}

int setup_context(const command *cmd, const setup *options, mote_context **out) {
  mote_context_options context;
  mote_error error;
  mote_error_init(&error);
  mote_context_options_init(&context);
  context.cpu_cap = getenv("MOTE_CPU");
  if (context.cpu_cap && !context.cpu_cap[0])
    context.cpu_cap = NULL;
  if (options->verbose)
    context.log = log_line;
  mote_status status = mote_context_create(&context, out, &error);
  if (status == MOTE_OK)
    return EXIT_OK;
  if (status == MOTE_ERR_ARGUMENT && context.cpu_cap)
    return args_refuse(cmd, "MOTE_CPU is \"%s\": %s", context.cpu_cap, mote_error_message(&error));
  note why;
  note_error(&why, &error);
  return setup_fail(&why);
}

bool setup_session(mote_model *model, const setup *options, bool profile, mote_session **out, note *why) {
  mote_session_options session;
  mote_error error;
  mote_error_init(&error);
  mote_session_options_init(&session);
  size_t count = options->no_pass.count;
  const char **passes = calloc(count + 1, sizeof *passes); // NULL-ended
  if (!passes)
    return note_set(why, "no memory");
  if (count)
    memcpy(passes, options->no_pass.items, count * sizeof *passes);
  session.threads = options->threads;
  session.precision = (mote_precision)options->precision;
  session.record = (mote_record)options->record;
  session.no_passes = count ? passes : NULL;
  session.profile = profile;
  mote_status status = mote_session_create(model, &session, out, &error);
  free(passes);
  return status == MOTE_OK ? true : note_error(why, &error);
}

bool setup_method(const mote_model *model, const char *name, size_t *out, note *why) {
  if (mote_model_find_method(model, name, out))
    return true;
  char known[1024] = "";
  size_t used = 0, count = mote_model_method_count(model);
  for (size_t i = 0; i < count && used < sizeof known; i++)
    used +=
        (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", mote_model_method_name(model, i));
  const char *what = mote_model_format(model) == MOTE_FORMAT_TFLITE ? "signature" : "method";
  if (!name)
    return note_set(why, "the model has no method \"forward\"; choose one with --method: %s", known);
  return note_set(why, "the model has no %s \"%s\"; it has: %s", what, name, count ? known : "none");
}

int setup_fail(const note *why) {
  fflush(stdout);
  fprintf(stderr, "mote: %s\n", why->text);
  return EXIT_FAILED;
}

int setup_finish(int code) {
  if (fflush(stdout) == 0 && !ferror(stdout))
    return code;
  fprintf(stderr, "mote: cannot write to standard output: %s\n", strerror(errno));
  return EXIT_FAILED;
}
