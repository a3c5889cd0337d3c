// Reader of TensorFlow Lite files: bytes -> one graph a subgraph, methods from the signatures, metadata. Knows the file
// format and, through mapping rows, the operators; knows no engine. Untrusted input: everything in `file`.
// Tests: tests/unit/test_tflite.c, fuzz/fuzz_tflite.c
#ifndef MOTE_FORMATS_TFLITE_MODEL_H
#define MOTE_FORMATS_TFLITE_MODEL_H

#include "base/span.h"
#include "core/graph/graph.h"

typedef struct mote_tflite_port {
  const char *name;
  int32_t index; // position in the graph's inputs or outputs
} mote_tflite_port;

// A signature, or the primary subgraph when the file names none for it. Ports stand in the subgraph's order; a
// signature gives them its names.
typedef struct mote_tflite_method {
  const char *name;
  int32_t graph;
  size_t n_in, n_out;
  const mote_tflite_port *in, *out;
} mote_tflite_method;

typedef struct mote_tflite_meta {
  const char *name;
  mote_span bytes;
} mote_tflite_meta;

typedef struct mote_tflite_model {
  const mote_allocator *al;
  mote_arena arena;
  mote_graph **graphs; // each sees all as siblings
  int32_t n_graphs;
  const mote_tflite_method *methods; // method 0 is the primary subgraph
  size_t n_methods;
  const mote_tflite_meta *metadata;
  size_t n_metadata;
  const char *description; // may be NULL
} mote_tflite_model;

// True when the bytes look like a .tflite (identifier "TFL3").
bool mote_tflite_is(mote_span file);
// `file` must stay, unchanged, as long as the model: constants point into it. `memory_limit` bounds what decoding may
// take beyond the file (0: no bound). A refusal for missing operators lists all of them as items of the error.
mote_status mote_tflite_parse(const mote_allocator *al, mote_span file, size_t memory_limit, mote_tflite_model **out,
                              mote_error *err) MOTE_MUST_USE;
void mote_tflite_destroy(mote_tflite_model *model); // NULL is fine

#endif
