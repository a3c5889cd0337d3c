// Row table of the 16-bit float conversions. Knows no graph. Tests: tests/kernels/check_half.c
#include "kernels/half.h"

#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_half symbol;
#include "kernels/list/half.def"
#undef MOTE_ROW
static const mote_half *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/half.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_half)
