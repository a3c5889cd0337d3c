// From a picture to a model's input, and from its output to class scores. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_CLASSIFY_H
#define MOTE_TOOLS_CLASSIFY_H

#include "array.h"
#include "image.h"

typedef struct picture_options { // as given on the command line
  const char *mean, *deviation;  // "127.5" or three numbers with commas; NULL: not given
  int layout;                    // 0 by the model, 1 NHWC, 2 NCHW
  const char *size;              // "HxW", for inputs of unknown size; NULL: 224x224
} picture_options;

typedef struct picture_plan { // how pixels become the input's elements
  mote_dtype dtype;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  uint32_t width, height, channels;
  bool nchw;
  bool raw;                     // the pixel code itself, shifted for signed types
  double mean[3], deviation[3]; // else (code - mean) / deviation
  double scale;                 // and, for quantised inputs, that over scale plus zero point
  int32_t zero_point;
  const char *reason; // where the normalisation comes from
} picture_plan;

// Whether the words can be read at all, before any file is opened.
bool picture_options_check(const picture_options *options, note *why);
bool picture_plan_make(const mote_model *model, size_t method, const picture_options *options, picture_plan *out,
                       note *why);
// One line for people: size, layout, normalisation.
void picture_plan_text(const picture_plan *plan, char *out, size_t room);
// The elements of the input; release with array_free.
bool picture_fill(const picture_plan *plan, const image *picture, array *out, note *why);

typedef struct score {
  double value;
  size_t index;
} score;

typedef struct score_list { // best first
  score *items;
  size_t count;
  bool softmax; // applied, as the model gives logits
} score_list;

// From the first tensor of a result, dequantised. Logits become probabilities; values that lie in [0, 1] are taken as
// they are.
bool scores_make(const mote_value *result, score_list *out, note *why);

typedef struct label_list {
  char **items;
  size_t count;
} label_list;
// A name a line.
bool labels_read(const char *path, label_list *out, note *why);
void labels_free(label_list *labels);

#endif
