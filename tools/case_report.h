// result.json of `mote run --case`. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_CASE_REPORT_H
#define MOTE_TOOLS_CASE_REPORT_H

#include "case_run.h"
#include "progress.h"

// Runs the calls of a case and writes DIR/result.json with the tensors beside it. A call that raises is recorded; any
// other failure ends the run.
bool case_report(const case_env *env, const case_file *c, const char *dir, progress *bar, note *why);

// Elements of a plain tuple, or the one value, as JSON; tensors go to files. NULL with the reason.
json_t *outputs_to_json(value_writer *writer, mote_value *const *outputs, size_t count, note *why);

#endif
