// Normalisation from the metadata that TensorFlow Lite's tools attach to a model. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_TFLITE_META_H
#define MOTE_TOOLS_TFLITE_META_H

#include <mote/mote.h>

typedef struct meta_norm { // real = (pixel code - mean) / deviation, a channel or one for all
  double mean[3], deviation[3];
} meta_norm;

// Finds the NormalizationOptions of input 0 of subgraph 0. False when there are none, or when the metadata is damaged:
// it is advice, and the model runs without it.
bool meta_find_norm(const mote_model *model, meta_norm *out);

#endif
