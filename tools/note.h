// The reason why something failed, carried up to whoever prints it (a child process sends it to its parent).
// Functions that take a note return false, or NULL, after filling it. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_NOTE_H
#define MOTE_TOOLS_NOTE_H

#include <mote/mote.h>

#if defined(__GNUC__)
#define NOTE_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define NOTE_PRINTF(a, b)
#endif

typedef struct note {
  mote_status status; // what the library answered; MOTE_OK when the failure is the command's own finding
  char text[6000];    // room for a mote_error and what the command puts in front
} note;

// Always false, so that `return note_set(...)` reads as the failure it is.
bool note_set(note *n, const char *format, ...) NOTE_PRINTF(2, 3);
// Puts "PREFIX: " in front of what the note says.
bool note_prefix(note *n, const char *format, ...) NOTE_PRINTF(2, 3);
// Message and items of a library error, an item a line.
bool note_error(note *n, const mote_error *error);
// Joins the lines of the note to one.
void note_one_line(note *n);

#endif
