// Control flow between subgraphs, variables and tables. Tests: tests/models/tflite/{if_*,while_loop,variable}
#ifndef MOTE_OPS_CONTROL_H
#define MOTE_OPS_CONTROL_H

#include "core/op.h"

extern const mote_op mote_op_if, mote_op_while, mote_op_call_once, mote_op_switch, mote_op_call_graph;
extern const mote_op mote_op_var_handle, mote_op_read_variable, mote_op_assign_variable;

#endif
