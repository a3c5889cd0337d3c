// CPU features and cache sizes, read once per context. A feature counts only when the OS saves its registers (XCR0).
// Tests: tests/unit/test_base.c
#ifndef MOTE_BASE_CPU_H
#define MOTE_BASE_CPU_H

#include "base/compiler.h"

// Bits of mote_cpu.features. Levels of the MOTE_CPU cap name cumulative sets (see mote_cpu_cap).
enum {
  MOTE_CPU_AVX2 = 1u << 0,       // AVX2 + FMA + F16C + BMI2
  MOTE_CPU_AVX512 = 1u << 1,     // F, BW, DQ, VL
  MOTE_CPU_AVX512VNNI = 1u << 2, // with MOTE_CPU_AVX512
  MOTE_CPU_AVX512BF16 = 1u << 3,
  MOTE_CPU_AVXVNNI = 1u << 5,
  MOTE_CPU_NEON = 1u << 8,
  MOTE_CPU_DOTPROD = 1u << 9,
  MOTE_CPU_I8MM = 1u << 10,
  MOTE_CPU_FP16 = 1u << 11,
  MOTE_CPU_BF16 = 1u << 12,
  MOTE_CPU_SVE = 1u << 13,
};

typedef struct mote_cpu {
  uint32_t features;
  uint32_t l1d, l2, l3; // bytes seen by one core; sensible defaults when unknown
  uint32_t cores;       // usable by this process
} mote_cpu;

void mote_cpu_detect(mote_cpu *cpu);
// Clears features above `level`: "c", "avx2", "avx512", "avx512vnni", "avx512bf16", "neon", "dotprod", "i8mm".
// False for an unknown name; NULL means no cap.
bool mote_cpu_cap(mote_cpu *cpu, const char *level);
// Short text such as "avx2 avx512 avx512vnni"; `cap` at least 128.
void mote_cpu_text(const mote_cpu *cpu, char *out, size_t cap);

#endif
