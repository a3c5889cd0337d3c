// Options of custom operators: a map of numbers in FlexBuffers' encoding. Every offset is checked.
// Tests: the cases detections_*, sound and refused_* of tests/models
#ifndef MOTE_OPS_FLEX_H
#define MOTE_OPS_FLEX_H

#include "core/graph/lower.h"

// The number under `key` in the argument "custom_options"; `def` when there is none.
double mote_flex_number(const mote_lowering *l, const char *key, double def);

#endif
