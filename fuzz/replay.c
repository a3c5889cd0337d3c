// Runs a fuzz target over files, and over all files below folders, given as arguments; prints how many. The same code
// that a fuzzer drives thus runs in the ordinary tests over the inputs once found.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = 8 };

static int run_file(const char *path, long size) {
  FILE *f = fopen(path, "rb");
  uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1); // exact, so that a sanitizer sees any read behind the end
  if (!f || !bytes || fread(bytes, 1, (size_t)size, f) != (size_t)size) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  fclose(f);
  LLVMFuzzerTestOneInput(bytes, (size_t)size);
  free(bytes);
  return 1;
}

static int run_path(const char *path, int depth) {
  struct stat st;
  if (stat(path, &st) != 0) {
    perror(path);
    exit(1);
  }
  if (!S_ISDIR(st.st_mode))
    return run_file(path, (long)st.st_size);
  int count = 0;
  DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
  for (struct dirent *e; dir && (e = readdir(dir));) {
    char inner[4096];
    if (e->d_name[0] != '.' && (size_t)snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name) < sizeof(inner))
      count += run_path(inner, depth + 1);
  }
  if (dir)
    closedir(dir);
  return count;
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++)
    count += run_path(argv[i], 0);
  printf("%d inputs\n", count);
  return argc < 2 ? 2 : 0;
}
