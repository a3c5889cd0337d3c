// Reading whole files and writing them so that a failure leaves nothing half-written. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_FILES_H
#define MOTE_TOOLS_FILES_H

#include "note.h"

typedef struct file_bytes {
  unsigned char *data; // one zero byte follows, so that text is a C string
  size_t size;
} file_bytes;

// Refuses directories, devices and files above `limit` bytes. Release with file_free.
bool file_read(const char *path, size_t limit, file_bytes *out, note *why);
void file_free(file_bytes *bytes);

typedef struct file_part {
  const void *data;
  size_t size;
} file_part;

// Writes to a temporary name beside `path` and renames: the file is whole or not there.
bool file_write(const char *path, const file_part *parts, size_t count, note *why);
// Makes the folder and those above it; fine when it is there.
bool folder_make(const char *path, note *why);
bool file_exists(const char *path);
// "DIR/NAME" from malloc; NULL when memory is short.
char *path_join(const char *dir, const char *name);
// The part before the last '/', or "."; from malloc.
char *path_folder(const char *path);

#endif
