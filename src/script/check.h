// Shared by the two files of the typing pass. Tests: tests/script/test_compile.c
#ifndef MOTE_SCRIPT_CHECK_H
#define MOTE_SCRIPT_CHECK_H

#include "script/front.h"

// "what is T, given U" at the node's place.
mote_status mote_check_mismatch(mote_emit *e, const mote_node *node, const char *what, const mote_type *want,
                                const mote_type *have);
// Gives the node its meaning and type.
mote_status mote_check_use(mote_emit *e, mote_node *node, mote_use_kind kind, const mote_type *type,
                           mote_use **out) MOTE_MUST_USE;
mote_status mote_check_fits(mote_emit *e, mote_use *use, mote_node *const *nodes, uint32_t n) MOTE_MUST_USE;
mote_status mote_check_operator(mote_emit *e, mote_node *node, const char *name, const mote_actual *actuals,
                                uint32_t n) MOTE_MUST_USE;
mote_status mote_check_builtin_method(mote_emit *e, mote_node *node, const char *name, const mote_actual *actuals,
                                      uint32_t n) MOTE_MUST_USE;
mote_status mote_check_attr(mote_emit *e, mote_node *node, mote_node *base, const char *name) MOTE_MUST_USE;
// check_call.c. actuals[0] is the object.
mote_status mote_check_method(mote_emit *e, mote_node *node, mote_node *base, const char *name,
                              const mote_actual *actuals, uint32_t n) MOTE_MUST_USE;
mote_status mote_check_call(mote_emit *e, mote_node *node, const mote_type *hint) MOTE_MUST_USE;

#endif
