// Case files: what to run, and what must come out. The grammar is in docs/case-files.md.
// Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_CASE_FILE_H
#define MOTE_TOOLS_CASE_FILE_H

#include "json_value.h"

typedef enum case_expect { EXPECT_RESULT, EXPECT_ERROR, EXPECT_UNSUPPORTED } case_expect;

typedef struct case_call {               // all borrowed from the document
  const char *method;                    // NULL: the default one
  const json_t *inputs;                  // never NULL
  const json_t *outputs, *after, *alias; // may be NULL
  const char *raises;                    // NULL unless the call must raise
  bool returns_tuple;
} case_call;

typedef struct case_file {
  json_t *document;
  char *dir;
  case_expect expect;
  bool optional;
  const char *file;         // model named by the case, or NULL
  bool named;               // inputs and outputs go by signature name
  uint32_t repeat;          // invocations, the last one counts
  const json_t *custom_ops; // operators that a refusal must name
  const json_t *match;      // how detections are compared, or NULL
  case_call *preludes;
  size_t prelude_count;
  case_call *calls;
  size_t call_count;
} case_file;

// `strict`: an unknown key anywhere is an error. Release with case_close.
bool case_open(const char *path, bool strict, case_file *out, note *why);
void case_close(case_file *c);

// The model files of the case that are there, as names in its folder: the first that counts, or, with `all`, every one.
// Writes up to `room` names (static or the case's) and returns their number.
size_t case_models(const case_file *c, bool all, const char **names, size_t room);

#endif
