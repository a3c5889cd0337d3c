// MOTE_ROWS_ACCESSORS(type), such as mote_gemm_f32: the functions type_rows and type_select over `table`, which
// <family>.c makes of list/<family>.def. Every list ends with a portable row, so a selection always succeeds. Knows no
// family. Tests: tests/kernels
#ifndef MOTE_KERNELS_ROWS_H
#define MOTE_KERNELS_ROWS_H

#define MOTE_ROWS_JOIN2(a, b) a##b
#define MOTE_ROWS_JOIN(a, b) MOTE_ROWS_JOIN2(a, b)

#define MOTE_ROWS_ACCESSORS(type)                                                                                      \
  const type *const *MOTE_ROWS_JOIN(type, _rows)(size_t * count) {                                                     \
    *count = MOTE_COUNT(table);                                                                                        \
    return table;                                                                                                      \
  }                                                                                                                    \
  const type *MOTE_ROWS_JOIN(type, _select)(const mote_cpu *cpu) {                                                     \
    size_t i = 0;                                                                                                      \
    while (i + 1 < MOTE_COUNT(table) && (table[i]->features & ~cpu->features) != 0)                                    \
      i++;                                                                                                             \
    return table[i];                                                                                                   \
  }

#endif
