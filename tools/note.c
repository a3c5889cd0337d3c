// Owns: the text of failures. Must not know: commands, models. Tests: tests/models/cli_test.sh
#include "note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool note_set(note *n, const char *format, ...) {
  va_list args;
  va_start(args, format);
  n->status = MOTE_OK;
  vsnprintf(n->text, sizeof n->text, format, args);
  va_end(args);
  return false;
}

bool note_prefix(note *n, const char *format, ...) {
  char text[sizeof n->text];
  va_list args;
  va_start(args, format);
  int used = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (used < 0 || (size_t)used >= sizeof text)
    return false;
  size_t room = sizeof text - (size_t)used;
  if (snprintf(text + used, room, ": %s", n->text) >= (int)room)
    text[sizeof text - 1] = 0; // a text this long loses its end
  memcpy(n->text, text, sizeof text);
  return false;
}

bool note_error(note *n, const mote_error *error) {
  snprintf(n->text, sizeof n->text, "%s", mote_error_message(error));
  if (!n->text[0])
    snprintf(n->text, sizeof n->text, "%s", mote_status_name(error->status));
  n->status = error->status;
  const char *item;
  for (uint32_t i = 0; (item = mote_error_item(error, i)) != NULL; i++) {
    size_t used = strlen(n->text);
    snprintf(n->text + used, sizeof n->text - used, "\n  %s", item);
  }
  return false;
}

void note_one_line(note *n) {
  char *to = n->text;
  for (const char *from = n->text; *from; from++) {
    if (*from == '\n' || *from == '\t' || *from == '\r') {
      if (to > n->text && to[-1] != ' ')
        *to++ = ' ';
    } else if (*from != ' ' || to == n->text || to[-1] != ' ') {
      *to++ = *from;
    }
  }
  *to = 0;
}
