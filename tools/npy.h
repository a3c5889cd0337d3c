// NumPy's .npy files: versions 1.0 to 3.0, C and Fortran order, either byte order. Tests: tests/unit/test_tools_npy.c
#ifndef MOTE_TOOLS_NPY_H
#define MOTE_TOOLS_NPY_H

#include "array.h"

// Reads a whole file; the array is in C order and this machine's byte order. Release with array_free.
bool npy_read(const char *path, array *out, note *why);
// The same from memory; `name` is used in messages.
bool npy_parse(const unsigned char *data, size_t size, const char *name, array *out, note *why);
// Version 1.0, C order, little endian. BF16 is written as uint16 bits.
bool npy_write(const char *path, const array *a, note *why);

#endif
