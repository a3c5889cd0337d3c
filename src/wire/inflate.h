// Inflate: expands the DEFLATE format of RFC 1951 into a buffer of known size. Allocates nothing, keeps no state.
// Must not know containers (zip, zlib, gzip). Tests: tests/unit/test_inflate.c, fuzz/fuzz_zip.c
#ifndef MOTE_WIRE_INFLATE_H
#define MOTE_WIRE_INFLATE_H

#include "base/compiler.h"
#include "base/span.h"
#include "mote/mote.h"

// Expands `in` to exactly out[0, size). MOTE_ERR_FORMAT, with the byte offset inside `in`, when the stream is broken,
// ends early, or holds more or less than `size` bytes. `used`, if not NULL, receives the bytes of `in` that the stream
// took. What was written to `out` before a failure means nothing.
mote_status mote_inflate(mote_span in, uint8_t *out, size_t size, size_t *used, mote_error *err) MOTE_MUST_USE;

#endif
