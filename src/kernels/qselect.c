// The tables of the quantised families and the choice of a row by processor features. Tests:
// tests/kernels/check_qconv.c
#include "kernels/qconv.h"
#include "kernels/qdwconv.h"
#include "kernels/qeltwise.h"
#include "kernels/qpool.h"

#define FAMILY(family)                                                                                                 \
  const size_t mote_##family##_row_count = MOTE_COUNT(mote_##family##_rows);                                           \
  const mote_##family##_row *mote_##family##_select(const mote_cpu *cpu) {                                             \
    size_t i = 0;                                                                                                      \
    while (i + 1 < mote_##family##_row_count && (mote_##family##_rows[i]->needs & ~cpu->features) != 0)                \
      i++;                                                                                                             \
    return mote_##family##_rows[i];                                                                                    \
  }

#define MOTE_ROW(row) extern const mote_qconv_row row;
#include "kernels/list/qconv.def"
#undef MOTE_ROW
#define MOTE_ROW(row) &row,
const mote_qconv_row *const mote_qconv_rows[] = {
#include "kernels/list/qconv.def"
};
#undef MOTE_ROW
FAMILY(qconv)

#define MOTE_ROW(row) extern const mote_qdwconv_row row;
#include "kernels/list/qdwconv.def"
#undef MOTE_ROW
#define MOTE_ROW(row) &row,
const mote_qdwconv_row *const mote_qdwconv_rows[] = {
#include "kernels/list/qdwconv.def"
};
#undef MOTE_ROW
FAMILY(qdwconv)

#define MOTE_ROW(row) extern const mote_qeltwise_row row;
#include "kernels/list/qeltwise.def"
#undef MOTE_ROW
#define MOTE_ROW(row) &row,
const mote_qeltwise_row *const mote_qeltwise_rows[] = {
#include "kernels/list/qeltwise.def"
};
#undef MOTE_ROW
FAMILY(qeltwise)

#define MOTE_ROW(row) extern const mote_qpool_row row;
#include "kernels/list/qpool.def"
#undef MOTE_ROW
#define MOTE_ROW(row) &row,
const mote_qpool_row *const mote_qpool_rows[] = {
#include "kernels/list/qpool.def"
};
#undef MOTE_ROW
FAMILY(qpool)
