// Command lines as tables: a command lists its options once; parsing, checking, help and "did you mean" follow from it.
// Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_ARGS_H
#define MOTE_TOOLS_ARGS_H

#include "note.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct arg_list { // words in the order given
  const char **items;
  size_t count;
} arg_list;

typedef enum arg_kind {
  ARG_FLAG,   // bool
  ARG_TEXT,   // const char *
  ARG_COUNT,  // uint32_t in [min, max]
  ARG_NUMBER, // double in [min, max]
  ARG_WORD,   // int: index into words
  ARG_LIST    // arg_list, may be given often
} arg_kind;

typedef struct arg_spec {
  const char *name;   // "--threads"
  const char *letter; // "-v", or NULL
  arg_kind kind;
  size_t offset;     // of the field in the command's options
  const char *value; // how help names the value
  const char *help;
  double min, max;
  const char *const *words; // NULL-ended
} arg_spec;

typedef struct command {
  const char *name;
  const char *usage; // lines after "usage: "
  const char *summary;
  const arg_spec *specs; // ended by a row without a name
  size_t places_offset;  // arg_list of the words that are no options
  size_t places_min, places_max;
  int (*run)(const struct command *self, int argc, char **argv);
} command;

// Fills `options`. True to go on; else *exit_code says how to leave (help was asked for, or a usage error was printed).
// Lists are released by args_free.
bool args_parse(const command *cmd, int argc, char **argv, void *options, int *exit_code);
void args_free(const command *cmd, void *options);
void args_help(const command *cmd);
// Prints "mote NAME: ..." and where help is; returns EXIT_USAGE.
int args_refuse(const command *cmd, const char *format, ...) NOTE_PRINTF(2, 3);
// The candidate nearest to `word`, or NULL when none is near.
const char *args_nearest(const char *word, const char *const *candidates);
// Whole text as a number; false for anything else, out of range or not finite.
bool args_number(const char *text, double min, double max, double *out);
bool args_count(const char *text, double min, double max, uint32_t *out);

#endif
