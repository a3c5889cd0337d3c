// The two x86 instructions that tell what the CPU and the OS support. Knows nothing of what the bits mean.
// Used by base/cpu.c alone.
#ifndef MOTE_BASE_PRIM_CPUID_H
#define MOTE_BASE_PRIM_CPUID_H

#include "base/compiler.h"

#if defined(__x86_64__) || defined(__i386__)
#define MOTE_HAVE_CPUID 1
#include <cpuid.h>

typedef struct mote_cpuid {
  uint32_t a, b, c, d;
} mote_cpuid;

// All zero for a leaf the CPU does not have.
MOTE_INLINE mote_cpuid mote_cpuid_read(uint32_t leaf, uint32_t sub) {
  mote_cpuid r = {0, 0, 0, 0};
  if (!__get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d))
    return (mote_cpuid){0, 0, 0, 0};
  return r;
}

// Register state that the OS saves. Only valid when CPUID says OSXSAVE.
MOTE_INLINE uint64_t mote_xcr0_read(void) {
  uint32_t lo, hi;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return (uint64_t)hi << 32 | lo;
}
#else
#define MOTE_HAVE_CPUID 0
#endif

#endif
