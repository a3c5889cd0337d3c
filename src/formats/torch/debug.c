// Python lines of a program's code, from the .debug_pkl records beside it. Tests: tests/script/test_model.c
#include "formats/torch/torch_file.h"

bool mote_torch_python_line(void *ctx, const mote_function *fn, uint32_t pc, const char **file, uint32_t *line,
                            const char **text, size_t *text_len) {
  (void)ctx, (void)fn, (void)pc, (void)file, (void)line, (void)text, (void)text_len;
  return false;
}
