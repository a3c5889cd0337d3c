// Shared by the files that turn bodies into code. Tests: tests/script/test_compile.c
#ifndef MOTE_SCRIPT_EMIT_STMT_H
#define MOTE_SCRIPT_EMIT_STMT_H

#include "script/check.h"

typedef MOTE_VEC(mote_trail) mote_states; // what variables hold at the end of a branch

// Makes `name` a variable of that type; its register.
mote_status mote_emit_bind(mote_emit *e, const char *name, const mote_type *type, uint32_t *reg) MOTE_MUST_USE;
// Takes over a name of an outer function that stands for a function or class.
mote_status mote_emit_bind_other(mote_emit *e, const mote_var *var) MOTE_MUST_USE;
mote_status mote_emit_statement(mote_emit *e, mote_node *node) MOTE_MUST_USE;
// The statements and, where they end without one, a return of None.
mote_status mote_emit_body(mote_emit *e, mote_node *block) MOTE_MUST_USE;

#endif
