// Options shared by the commands that open models, and the context and session made from them.
// Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_SETUP_H
#define MOTE_TOOLS_SETUP_H

#include "args.h"

typedef struct setup {
  const char *method;
  uint32_t threads;
  int precision; // mote_precision
  int record;    // mote_record
  const char *delegate;
  arg_list no_pass;
  bool verbose, json;
} setup;

extern const char *const setup_precisions[]; // ORDER: mote_precision
extern const char *const setup_records[];    // ORDER: mote_record

// Rows of an arg_spec table for a struct `type` with a member `common` of type setup.
#define SETUP_ARGS(type)                                                                                               \
  {"--signature", NULL, ARG_TEXT, offsetof(type, common.method), "KEY", "signature of a .tflite to run"},              \
      {"--method", NULL, ARG_TEXT, offsetof(type, common.method), "NAME", "method of a TorchScript module to run"},    \
      {"--threads", NULL, ARG_COUNT, offsetof(type, common.threads), "N", "threads, the caller included (1)", 1, 256}, \
      {"--precision",                                                                                                  \
       NULL,                                                                                                           \
       ARG_WORD,                                                                                                       \
       offsetof(type, common.precision),                                                                               \
       "WORD",                                                                                                         \
       "f32 (the default), strict: no Winograd, the reference's roundings, fast: f32 for now",                         \
       0,                                                                                                              \
       0,                                                                                                              \
       setup_precisions},                                                                                              \
      {"--delegate", NULL, ARG_TEXT, offsetof(type, common.delegate), "NAME", "accelerator to use"},                   \
      {"--no-pass", NULL, ARG_LIST, offsetof(type, common.no_pass), "NAME", "leave out a graph pass (may repeat)"},    \
      {"--record",                                                                                                     \
       NULL,                                                                                                           \
       ARG_WORD,                                                                                                       \
       offsetof(type, common.record),                                                                                  \
       "WORD",                                                                                                         \
       "TorchScript: on (plans), off (eagerly), each (flush after each)",                                              \
       0,                                                                                                              \
       0,                                                                                                              \
       setup_records},                                                                                                 \
      {"--verbose", "-v", ARG_FLAG, offsetof(type, common.verbose), NULL, "say more"}, {                               \
    "--json", NULL, ARG_FLAG, offsetof(type, common.json), NULL, "print one JSON document"                             \
  }

// Words that only the library can judge: passes and delegates. EXIT_OK, or EXIT_USAGE after printing.
int setup_check(const command *cmd, const setup *options);
// A context as MOTE_CPU says. EXIT_OK, or the exit code after printing.
int setup_context(const command *cmd, const setup *options, mote_context **out);
bool setup_session(mote_model *model, const setup *options, bool profile, mote_session **out, note *why);
// The method that --signature, --method or `name` asks for; the message lists those there are.
bool setup_method(const mote_model *model, const char *name, size_t *out, note *why);
// Prints the note as "mote: ..." on standard error; returns EXIT_FAILED.
int setup_fail(const note *why);
// Flushes standard output; EXIT_FAILED with a message when it could not be written.
int setup_finish(int code);

#endif
