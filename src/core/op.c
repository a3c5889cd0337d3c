// Small services for operators that need no engine. Tests: tests/unit/test_engine.c
#include "core/op.h"

#include <stdarg.h>
#include <string.h>

#include "base/prim.h"
#include "base/text.h"

mote_status mote_op_fail(const mote_opctx *c, mote_status status, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  mote_vsnprint(text, sizeof text, fmt, args);
  va_end(args);
  return mote_fail(c->err, status, "%s: %s", c->op->name, text);
}

void mote_op_out_like(const mote_opctx *c, int32_t j, const mote_tensor *from, mote_dtype dtype) {
  mote_tensor *out = c->out[j];
  void *data = out->data;
  *out = *from;
  out->dtype = dtype;
  out->data = data;
  memset(&out->quant, 0, sizeof out->quant);
  out->quant.axis = -1;
}
