// State of one decoding run, shared by the files of this folder only.
#ifndef MOTE_FORMATS_TFLITE_READER_H
#define MOTE_FORMATS_TFLITE_READER_H

#include "formats/tflite/tflite_model.h"
#include "ops/ops.h"
#include "wire/flatbuffer.h"

// Field numbers of the schema's tables (Model, SubGraph, ...).
enum {
  FB_MODEL_VERSION,
  FB_MODEL_OPCODES,
  FB_MODEL_SUBGRAPHS,
  FB_MODEL_DESCRIPTION,
  FB_MODEL_BUFFERS,
  FB_MODEL_METADATA = 6,
  FB_MODEL_SIGNATURES = 7
};
enum { FB_OPCODE_OLD, FB_OPCODE_CUSTOM, FB_OPCODE_VERSION, FB_OPCODE_BUILTIN };
enum { FB_GRAPH_TENSORS, FB_GRAPH_INPUTS, FB_GRAPH_OUTPUTS, FB_GRAPH_OPERATORS, FB_GRAPH_NAME };
enum {
  FB_TENSOR_SHAPE,
  FB_TENSOR_TYPE,
  FB_TENSOR_BUFFER,
  FB_TENSOR_NAME,
  FB_TENSOR_QUANT,
  FB_TENSOR_VARIABLE,
  FB_TENSOR_SPARSITY,
  FB_TENSOR_SIGNATURE,
  FB_TENSOR_HAS_RANK,
  FB_TENSOR_VARIANT,
  FB_TENSOR_EXTERNAL
};
enum {
  FB_NODE_OPCODE,
  FB_NODE_INPUTS,
  FB_NODE_OUTPUTS,
  FB_NODE_OPTIONS_TYPE,
  FB_NODE_OPTIONS,
  FB_NODE_CUSTOM_OPTIONS,
  FB_NODE_INTERMEDIATES = 8,
  FB_NODE_LARGE_OFFSET = 9,
  FB_NODE_LARGE_SIZE = 10,
  FB_NODE_OPTIONS2_TYPE = 11,
  FB_NODE_OPTIONS2 = 12
};

typedef struct tfl_opcode {
  int32_t builtin;
  int32_t version;
  const char *custom; // NULL: no name
  const mote_tflite_row *row;
  const char *name, *words; // of the row's text
  bool reported;            // already in the list of missing operators
} tfl_opcode;

// A tensor as the file describes it.
typedef struct tfl_tensor {
  mote_tensor t; // dims -1 where the signature says so; data NULL
  const char *name;
  mote_fb_table table;
  mote_span bytes; // of its buffer; size 0: none
  bool variable;
  bool blockwise; // scales stand in tensor `block_scales`, a block of `block` elements each
  int32_t block_scales, block;
  mote_vid vid; // value in the graph, -1: none yet
} tfl_tensor;

typedef struct tfl_reader {
  mote_tflite_model *model;
  mote_fb fb;
  mote_span file;
  mote_error *err;
  size_t budget; // bytes that constants may still be expanded to
  mote_fb_vec buffers;
  tfl_opcode *opcodes;
  uint32_t n_opcodes;
  // the subgraph being read
  mote_graph *g;
  tfl_tensor *tensors;
  uint32_t n_tensors;
  int32_t node;
} tfl_reader;

// tflite_tensor.c
mote_status tfl_tensors_read(tfl_reader *r, mote_fb_table graph);
// The value of a tensor that is used: constants and variables come into being here.
mote_status tfl_value_of(tfl_reader *r, int32_t tensor, mote_vid *out);
mote_status tfl_buffer(tfl_reader *r, uint32_t index, mote_span *out);
bool tfl_dtype(int8_t type, mote_dtype *out);
const char *tfl_string(tfl_reader *r, mote_span s, const char *fallback);
// tflite_const.c: contents that need unpacking. `out` is a storage with one reference.
mote_status tfl_strings(tfl_reader *r, const tfl_tensor *t, mote_storage **out);
mote_status tfl_densify(tfl_reader *r, const tfl_tensor *t, mote_storage **out);
mote_status tfl_blockwise(tfl_reader *r, tfl_tensor *t, mote_storage **out);
mote_status tfl_storage(tfl_reader *r, size_t bytes, mote_storage **out);
// tflite_node.c
mote_status tfl_opcodes_read(tfl_reader *r, mote_fb_table model);
mote_status tfl_missing(tfl_reader *r, mote_fb_vec subgraphs);
mote_status tfl_nodes_read(tfl_reader *r, mote_fb_table graph);
// tflite_shapes.c
mote_status tfl_shapes_check(tfl_reader *r);
// tflite_options.c
// Type number of the options table that a builtin operator takes; *second: in builtin_options_2. 0: none.
uint8_t tfl_options_type(int32_t builtin, bool *second);

#endif
