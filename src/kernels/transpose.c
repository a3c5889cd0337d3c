// Row table of the block transposes. Knows no graph. Tests: tests/kernels/check_half.c
#include "kernels/transpose.h"

#include "kernels/rows.h"

#define MOTE_ROW(symbol) extern const mote_transpose symbol;
#include "kernels/list/transpose.def"
#undef MOTE_ROW
static const mote_transpose *const table[] = {
#define MOTE_ROW(symbol) &symbol,
#include "kernels/list/transpose.def"
#undef MOTE_ROW
};
MOTE_ROWS_ACCESSORS(mote_transpose)
