// Graph: pure tensor dataflow, the IR that readers and the recorder build, passes rewrite and plans are made from.
// Logical shapes only: no memory format ever appears here. Everything lives in the graph's arena.
// Nodes stand in an order in which they may run. Tests: tests/unit/test_graph.c
#ifndef MOTE_CORE_GRAPH_H
#define MOTE_CORE_GRAPH_H

#include "core/op.h"

typedef int32_t mote_vid; // index of a value; -1: absent optional input

enum mote_gvalue_flags {
  MOTE_VALUE_CONST = 1 << 0,  // t.data is known and never changes; `storage` keeps it alive when not NULL
  MOTE_VALUE_INPUT = 1 << 1,  // given by the caller
  MOTE_VALUE_OUTPUT = 1 << 2, // wanted by the caller
  MOTE_VALUE_STATE = 1 << 3,  // variable tensor of a .tflite (is_variable): keeps its bytes between runs
  MOTE_VALUE_SHAPED = 1 << 4, // inputs: the file fixes rank and dims (a dim -1 may take any size)
};

typedef struct mote_gvalue {
  uint32_t flags;
  int32_t producer;      // node, -1: none
  const char *name;      // from the file, for messages and profiles; may be NULL
  mote_storage *storage; // constants: identity for packing (NULL: the address of the data serves)
  uint64_t key;          // constants: identity in caches (see mote_graph_const), stable for the model's life
  mote_tensor t;         // dim -1: unknown until planned. Constants: data set, strides valid
} mote_gvalue;

typedef struct mote_node {
  const mote_op *op;
  void *attr; // op->rules->attr_size bytes
  int32_t n_in, n_out;
  mote_vid *in;
  mote_vid *out;
  int32_t origin;     // node number in the file or position in the recording, -1: made by a pass
  const char *source; // operator's name in the file ("CONV_2D") or Python source line ("net.py:31"); may be NULL
} mote_node;

typedef struct mote_graph {
  MOTE_VEC(mote_gvalue) values;
  MOTE_VEC(mote_node) nodes;
  MOTE_VEC(mote_vid) inputs;
  MOTE_VEC(mote_vid) outputs;
  struct mote_graph *const *siblings; // graphs that MOTE_ATTR_GRAPH attributes index (subgraphs of the file)
  int32_t n_siblings;
  const char *name;
  mote_arena arena;
} mote_graph;

void mote_graph_init(mote_graph *g, const mote_allocator *al);
// Releases the storages of constants, then everything.
void mote_graph_destroy(mote_graph *g);

// Adds a value; `t` is copied (quant arrays are not: they must live as long as the graph). Sets *out.
mote_status mote_graph_value(mote_graph *g, const mote_tensor *t, uint32_t flags, const char *name, mote_vid *out,
                             mote_error *err) MOTE_MUST_USE;
// Adds a constant: t->data must stay valid; `storage` (may be NULL) is retained. `key` identifies the contents in the
// model's caches: 0 = derive it from the data's address.
mote_status mote_graph_const(mote_graph *g, const mote_tensor *t, mote_storage *storage, uint64_t key, const char *name,
                             mote_vid *out, mote_error *err) MOTE_MUST_USE;
// Appends a node: attributes are copied (NULL: zeroed), `in`/`out` are copied. Checks the count of inputs.
mote_status mote_graph_node(mote_graph *g, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                            const mote_vid *out, int32_t n_out, int32_t origin, const char *source,
                            mote_error *err) MOTE_MUST_USE;
// All invariants: indices in range, defined before use, one producer, attributes present, no use of undefined values.
mote_status mote_graph_verify(const mote_graph *g, mote_error *err) MOTE_MUST_USE;
// Identity of a constant's contents in the model's caches; never 0.
uint64_t mote_const_identity(const mote_gvalue *v);
// Fills attributes with the fields' defaults.
void mote_attr_defaults(const mote_op *op, void *attr);
// Finds a field; NULL when there is none.
const mote_attr_field *mote_attr_find(const mote_op *op, const char *name);
// "data_format=1 axis=-1" sets numbers by name. MOTE_ERR_INTERNAL for an unknown name.
mote_status mote_attr_fixed(const mote_op *op, void *attr, const char *fixed, mote_error *err) MOTE_MUST_USE;

#endif
