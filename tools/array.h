// Plain arrays of the command: what an .npy file holds, and elements as numbers. Tests: tests/unit/test_tools_npy.c
#ifndef MOTE_TOOLS_ARRAY_H
#define MOTE_TOOLS_ARRAY_H

#include "note.h"

// C order, contiguous. Strings are fixed-width items padded with zeros, as in .npy.
typedef struct array {
  mote_dtype dtype;
  int32_t rank;
  int64_t dim[MOTE_MAX_RANK];
  int64_t count; // product of dim
  size_t item;   // bytes of one element
  bool wide;     // strings: items are UTF-32 code points, else bytes
  unsigned char *data;
} array;

void array_free(array *a);
// Fills dtype, rank, dim, count, item and zeroed data. `item` only for strings, else 0. Checked against overflow.
bool array_make(array *a, mote_dtype dtype, int32_t rank, const int64_t *dim, size_t item, note *why);
// The string at `index` as UTF-8 in malloc'ed memory; NULL when memory is short or a code point is none.
char *array_string(const array *a, int64_t index, size_t *len);

typedef enum element_kind { ELEMENT_REAL, ELEMENT_INT, ELEMENT_UINT, ELEMENT_COMPLEX, ELEMENT_OTHER } element_kind;

typedef struct element {
  element_kind kind;
  double re, im; // always filled
  int64_t i;     // ELEMENT_INT
  uint64_t u;    // ELEMENT_UINT
} element;

element_kind element_kind_of(mote_dtype dtype); // BOOL counts as UINT, quantised codes as INT or UINT
// Element `index` of contiguous memory at `data`; sub-byte types are unpacked.
element element_read(mote_dtype dtype, const void *data, int64_t index);
// Rounds half away from zero and clamps into integer types; false for types that hold no number.
bool element_write(mote_dtype dtype, void *data, int64_t index, double value);

// Elements of a view; 0 for a rank that is out of range.
int64_t view_count(const mote_view *view);
// "[1, 224, 224, 3]" into `out`.
void shape_text(int32_t rank, const int64_t *dim, char *out, size_t room);
// Offset, in elements, of the element with C-order number `index`.
int64_t view_offset(const mote_view *view, int64_t index);
// Copies a view to C order; sub-byte elements become one byte each, quantised codes their integer type.
bool array_from_view(array *a, const mote_view *view, note *why);

#endif
