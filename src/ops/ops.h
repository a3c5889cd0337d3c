// The list of operators and the rows that map both worlds onto them. A file per operator family defines its operators
// and its row tables; ops.def lists the tables once. Handed to readers and recorder through the context (no global
// registration).
#ifndef MOTE_OPS_OPS_H
#define MOTE_OPS_OPS_H

#include "core/graph/lower.h"

// Row tables of a family: mote_op_family mote_family_unary = {MOTE_ROWS(tflite, tflite_rows)};
typedef struct mote_op_family {
  uint16_t n_tflite, n_torch;
  const mote_tflite_row *tflite;
  const mote_torch_row *torch;
} mote_op_family;
#define MOTE_ROWS(format, table) .format = table, .n_##format = MOTE_COUNT(table)

// NULL-terminated list of all families (from ops.def).
const mote_op_family *const *mote_op_families(void);
// Row for a builtin number or custom name; NULL when missing.
const mote_tflite_row *mote_tflite_row_find(uint16_t builtin, const char *custom);
// Row for an overload of PyTorch, "softmax.int"; NULL when missing. Slow.
const mote_torch_row *mote_torch_row_find(const char *overload);

// What a row's text says of the rest; of & lower is NULL.
mote_torch_how mote_torch_row_how(const mote_torch_row *row);

// An overload among those that a row's text lists: "max.other" has name "max".
typedef struct mote_overload {
  const char *name, *overload;
  size_t name_len, overload_len; // overload_len 0: the one without a name
} mote_overload;
// The next of a list, which ends with the text or at a bar; false at the end. `*at` starts at the text, `o` zeroed.
bool mote_overload_next(const char **at, mote_overload *o);

#endif
