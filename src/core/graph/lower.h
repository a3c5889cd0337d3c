// Lowering: turns one call of a file's operator (with a neutral bag of arguments) into nodes. Readers and the recorder
// supply the builder behind it, so that an irregular operator is written once. Knows no file format and no script.
#ifndef MOTE_CORE_LOWER_H
#define MOTE_CORE_LOWER_H

#include "core/graph/graph.h"

typedef enum mote_arg_kind {
  MOTE_ARG_NONE,
  MOTE_ARG_TENSOR,  // ref
  MOTE_ARG_TENSORS, // refs[count] (a list; -1 = None inside)
  MOTE_ARG_SCALAR,  // scalar (int, float, bool, complex)
  MOTE_ARG_INTS,    // ints (also of bools)
  MOTE_ARG_FLOATS,  // floats
  MOTE_ARG_STR,     // str
} mote_arg_kind;

typedef struct mote_arg {
  const char *name; // PyTorch: the schema's argument; TensorFlow Lite: the row's field
  uint8_t kind;
  mote_vid ref;
  const mote_vid *refs;
  int32_t count;
  mote_scalar scalar; // TensorFlow Lite numbers come as scalars too; PyTorch dtypes as mote_dtype in scalar.i
  mote_ints ints;
  mote_floats floats;
  const char *str;
} mote_arg;

#define MOTE_LOWER_MAX_OUT 64
typedef struct mote_lowering {
  // what is lowered
  const mote_arg
      *args; // PyTorch: in the schema's order. TensorFlow Lite: inputs as MOTE_ARG_TENSOR (in order), then fields
  int32_t n_args;
  int32_t n_results; // outputs the file gives the call (TensorFlow Lite), 0: not known
  const mote_op *op; // the row's operator (may be NULL for pure lowerings)
  // the builder
  void *builder;
  // Appends a node computing n_out new values; attr is copied. Shapes are inferred at once when known.
  mote_status (*emit)(struct mote_lowering *l, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                      mote_vid *out, int32_t n_out);
  // What is known of a value: dtype always; dims may be -1 at load time, never while recording; data when constant.
  const mote_tensor *(*desc)(struct mote_lowering *l, mote_vid ref);
  // A constant made of a copy of t's elements (small).
  mote_status (*constant)(struct mote_lowering *l, const mote_tensor *t, mote_vid *out);
  mote_error *err;
  mote_status st; // of lowerings that go on after a failure (src/ops/aten_kit.h)
  // results
  int32_t n_out;
  // PyTorch: arguments that take a new value in place (running statistics)
  int32_t n_written;
  struct {
    mote_vid to, value;
  } written[2];
  mote_vid result[MOTE_LOWER_MAX_OUT];
} mote_lowering;

// Argument by name; NULL when absent. Typed getters give `def` when the argument is absent or None.
const mote_arg *mote_lower_arg(const mote_lowering *l, const char *name);
int64_t mote_lower_int(const mote_lowering *l, const char *name, int64_t def);
double mote_lower_float(const mote_lowering *l, const char *name, double def);
bool mote_lower_bool(const mote_lowering *l, const char *name, bool def);
// Scalar constant tensor (rank 0) of a dtype.
mote_status mote_lower_scalar(mote_lowering *l, const mote_scalar *v, mote_dtype dtype, mote_vid *out);
// One-output convenience: emits and returns the value.
mote_status mote_lower_emit1(mote_lowering *l, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                             mote_vid *out);

#endif
