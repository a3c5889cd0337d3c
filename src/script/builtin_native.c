// Builtin operators on packed parameters: objects that only operators look into. Tests: tests/script/test_vm.c
#include "script/vm.h"

const mote_builtin mote_builtin_native[] = {{NULL, NULL, NULL}};
