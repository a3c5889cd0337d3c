// Plan: a graph made concrete for one set of input shapes: steps with their kernels, packed weights, and one block of
// memory in which every intermediate has its place. Data only; the engine builds and runs it (src/engine/plan_*.c).
#ifndef MOTE_CORE_PLAN_H
#define MOTE_CORE_PLAN_H

#include "core/graph/graph.h"

typedef enum mote_place {
  MOTE_PLACE_NONE,  // not used
  MOTE_PLACE_CONST, // data of the model or folded
  MOTE_PLACE_INPUT, // the caller's memory, set at each run
  MOTE_PLACE_ARENA, // offset in the session's arena
  MOTE_PLACE_OUT,   // memory of an output, set at each run
  MOTE_PLACE_ALIAS, // a window on another value
  MOTE_PLACE_STATE, // variable of the session
} mote_place;

typedef struct mote_plan_value {
  uint8_t place;
  int32_t base;         // ALIAS: the value looked into (never itself an alias)
  int64_t base_offset;  // ALIAS: bytes from the base's data
  int32_t index;        // INPUT, OUT: which one
  size_t bytes, offset; // ARENA
  int32_t first, last;  // steps between which it lives
  mote_tensor t;
} mote_plan_value;

typedef struct mote_plan_step {
  mote_step_fn *run;
  const void *state;
  int64_t tiles;
  size_t scratch;
  const mote_opctx *ctx;
  const char *op, *name, *kernel, *isa;
  uint64_t ns, calls;
} mote_plan_step;

// A value whose contents shaped the plan: the plan fits only while it holds the same.
typedef struct mote_plan_dep {
  mote_vid source;
  const void *bytes; // what it held
  size_t size;
} mote_plan_dep;

typedef struct mote_plan_port { // a live value on the border of the planned range of nodes
  mote_vid source;              // value of the source graph
  mote_vid value;               // value of the plan
} mote_plan_port;

typedef struct mote_plan {
  mote_plan_value *values;
  int32_t n_values;
  MOTE_VEC(mote_plan_step) steps;
  MOTE_VEC(mote_plan_dep) deps;
  mote_plan_port *inputs, *outputs;
  int32_t n_inputs, n_outputs;
  int32_t first_node, end_node;      // range of the source graph's nodes it covers
  size_t arena_bytes, scratch_bytes; // scratch of one worker
  size_t out_bytes;                  // memory for outputs when the engine keeps them
  void *out_block;
  const void *bound_arena; // arena that the data pointers were computed for
  bool parallel;           // some step has more than one tile
  uint64_t key;
  uint64_t shape_hash;
  uint64_t used; // tick of the last use
  struct mote_plan *next;
  mote_graph graph; // working copy: owns storages of constants, attributes, names
} mote_plan;

#endif
