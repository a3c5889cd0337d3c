// The subcommands, one file each. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_COMMANDS_H
#define MOTE_TOOLS_COMMANDS_H

#include "args.h"

extern const command command_run;
extern const command command_check;
extern const command command_bench;
extern const command command_inspect;

#endif
