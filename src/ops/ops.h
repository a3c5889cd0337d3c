// The list of operators and the rows that map both worlds onto them. A file per operator family defines its operators
// and its row tables; ops.def lists the tables once. Handed to readers and recorder through the context (no global
// registration).
#ifndef MOTE_OPS_OPS_H
#define MOTE_OPS_OPS_H

#include "core/graph/lower.h"

// Row tables of a family, ended by a row whose name/schema is NULL.
typedef struct mote_op_family {
  const char *name;
  const mote_tflite_row *tflite; // may be NULL
  const mote_torch_row *torch;   // may be NULL
} mote_op_family;

// NULL-terminated list of all families (from ops.def).
const mote_op_family *const *mote_op_families(void);
// Row for a builtin number or custom name; NULL when missing.
const mote_tflite_row *mote_tflite_row_find(uint16_t builtin, const char *custom);
// Operator by name, for passes that create nodes. All operators that passes need are declared in the family headers
// instead.

#endif
