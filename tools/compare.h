// Holds what a call gave against what its case expects. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_COMPARE_H
#define MOTE_TOOLS_COMPARE_H

#include "case_run.h"

// True when the call did what the case says; else the first difference is in `why`.
bool compare_call(const case_env *env, const case_file *c, const case_call *call, const call_run *run, note *why);

// A value against a VALUE with tolerances. `detections` is the VALUE that compare_detections judges instead, or NULL.
typedef struct comparison {
  const char *dir;
  const json_t *match;
  const json_t *detections;
} comparison;
bool compare_value(const comparison *how, const json_t *want, const mote_value *got, const char *where, note *why);

// Finds the VALUE that match's "where" names, such as "outputs[1][0] boxes/labels/scores". NULL when it is not there.
const json_t *match_find(const json_t *match, const json_t *outputs);
// Boxes with scores above min_score must pair up by label, overlap and score.
bool compare_detections(const comparison *how, const json_t *want, const mote_value *got, const char *where, note *why);

#endif
