// Small questions to the machine that only base asks: formatting of one number by libc, CPU identification, cores.
// Implemented under base/prim/{posix,win32,wasm}. Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_PRIM_HOST_H
#define MOTE_BASE_PRIM_HOST_H

#include "base/compiler.h"

// libc's snprintf of one conversion. `spec` is a format that the caller built: it must fit the one argument.
// A float may come out with the locale's decimal point.
int mote_prim_print_f64(char *out, size_t cap, const char *spec, double v);
int mote_prim_print_i64(char *out, size_t cap, const char *spec, int64_t v);  // conversion with the "ll" length
int mote_prim_print_u64(char *out, size_t cap, const char *spec, uint64_t v); // conversion with the "ll" length

// "<digits>e<exponent>" without decimal point (so the locale has no say), correctly rounded.
double mote_prim_strtod(const char *text);

// Logical processors this process may use, at least 1.
uint32_t mote_prim_cores(void);

// Bits of the Linux auxiliary vector's hardware capabilities; 0 where the OS has none.
void mote_prim_hwcap(uint64_t *hwcap, uint64_t *hwcap2);

// Bytes of the data or unified cache at `level` (1..3) seen by one core; 0 when unknown.
uint32_t mote_prim_cache_size(int level);

#endif
