// Owns: whole-file reading and atomic writing. Must not know: what the bytes mean. Tests: tests/models/cli_test.sh
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, file_bytes *out) {
  size_t done = 0;
  while (done < out->size) {
    ssize_t got = read(fd, out->data + done, out->size - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return false;
    if (got == 0) {
      out->size = done; // shrunk while being read: what is there is what counts
      break;
    }
    done += (size_t)got;
  }
  out->data[out->size] = 0;
  return true;
}

static bool read_open(int fd, const char *path, size_t limit, file_bytes *out, note *why) {
  struct stat info;
  if (fstat(fd, &info) != 0)
    return note_set(why, "%s: %s", path, strerror(errno));
  if (S_ISDIR(info.st_mode))
    return note_set(why, "%s: is a folder, not a file", path);
  if (!S_ISREG(info.st_mode))
    return note_set(why, "%s: not an ordinary file", path);
  if ((uint64_t)info.st_size > limit)
    return note_set(why, "%s: %lld bytes, more than the %zu allowed here", path, (long long)info.st_size, limit);
  out->size = (size_t)info.st_size;
  out->data = malloc(out->size + 1);
  if (!out->data)
    return note_set(why, "%s: no memory for %zu bytes", path, out->size);
  if (read_all(fd, out))
    return true;
  note_set(why, "%s: %s", path, strerror(errno));
  file_free(out);
  return false;
}

bool file_read(const char *path, size_t limit, file_bytes *out, note *why) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return note_set(why, "%s: %s", path, strerror(errno));
  bool ok = read_open(fd, path, limit, out, why);
  close(fd);
  return ok;
}

void file_free(file_bytes *bytes) {
  free(bytes->data);
  bytes->data = NULL;
  bytes->size = 0;
}

static bool write_all(int fd, const void *data, size_t size) {
  const char *at = data;
  while (size) {
    ssize_t put = write(fd, at, size);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0) {
      errno = put == 0 ? ENOSPC : errno;
      return false;
    }
    at += put;
    size -= (size_t)put;
  }
  return true;
}

static bool write_parts(int fd, const file_part *parts, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!write_all(fd, parts[i].data, parts[i].size))
      return false;
  return true;
}

// Some file systems report a full disk only when the file is closed.
static bool write_temporary(const char *temporary, const file_part *parts, size_t count) {
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return false;
  bool ok = write_parts(fd, parts, count);
  int reason = errno;
  if (close(fd) != 0 && ok)
    return false;
  errno = reason;
  return ok;
}

bool file_write(const char *path, const file_part *parts, size_t count, note *why) {
  size_t room = strlen(path) + 32;
  char *temporary = malloc(room);
  if (!temporary)
    return note_set(why, "%s: no memory", path);
  snprintf(temporary, room, "%s.%ld.tmp", path, (long)getpid());
  bool ok = write_temporary(temporary, parts, count) && rename(temporary, path) == 0;
  if (!ok) {
    note_set(why, "%s: cannot write: %s", path, strerror(errno));
    unlink(temporary);
  }
  free(temporary);
  return ok;
}

static bool folder_is(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool folder_make(const char *path, note *why) {
  char *part = malloc(strlen(path) + 1);
  if (!part)
    return note_set(why, "%s: no memory", path);
  strcpy(part, path);
  bool ok = true;
  for (char *at = part + 1; ok && *part; at++) {
    char held = *at;
    if (held != '/' && held != 0)
      continue;
    *at = 0;
    if (mkdir(part, 0777) != 0 && !folder_is(part))
      ok = note_set(why, "%s: cannot make the folder: %s", part, strerror(errno));
    *at = held;
    if (!held)
      break;
  }
  free(part);
  return ok;
}

bool file_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

char *path_join(const char *dir, const char *name) {
  size_t room = strlen(dir) + strlen(name) + 2;
  char *out = malloc(room);
  if (out)
    snprintf(out, room, "%s/%s", dir, name);
  return out;
}

char *path_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t len = slash ? (size_t)(slash - path) : 1;
  if (slash == path)
    len = 1;
  char *out = malloc(len + 1);
  if (!out)
    return NULL;
  memcpy(out, slash ? path : ".", len);
  out[len] = 0;
  return out;
}
