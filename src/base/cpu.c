// CPU features and caches: what the CPU says, cut down to what the OS lets a process use.
// Tests: tests/unit/test_base.c
#include "base/cpu.h"

#include <string.h>

#include "base/prim/cpuid.h"
#include "base/prim/host.h"
#include "base/text.h"

#if MOTE_HAVE_CPUID
enum {
  XCR0_AVX = 0x6,     // XMM, YMM
  XCR0_AVX512 = 0xE6, // and opmask, upper ZMM, ZMM16..31
  BIT_FMA = 1u << 12, // leaf 1 ecx
  BIT_OSXSAVE = 1u << 27,
  BIT_AVX = 1u << 28,
  BIT_F16C = 1u << 29,
};

static bool has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

static uint32_t detect_features(void) {
  mote_cpuid one = mote_cpuid_read(1, 0), seven = mote_cpuid_read(7, 0), seven1 = mote_cpuid_read(7, 1);
  if (!has(one.c, BIT_OSXSAVE))
    return 0;
  uint64_t xcr0 = mote_xcr0_read();
  uint32_t avx2 = 1u << 5 | 1u << 8 /* BMI2 */, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31 /* F DQ BW VL */;
  uint32_t f = 0;
  if ((xcr0 & XCR0_AVX) == XCR0_AVX && has(one.c, (uint32_t)BIT_FMA | BIT_AVX | BIT_F16C) && has(seven.b, avx2))
    f |= MOTE_CPU_AVX2;
  if ((f & MOTE_CPU_AVX2) && has(seven1.a, 1u << 4))
    f |= MOTE_CPU_AVXVNNI;
  if (!(f & MOTE_CPU_AVX2) || (xcr0 & XCR0_AVX512) != XCR0_AVX512 || !has(seven.b, avx512))
    return f;
  f |= MOTE_CPU_AVX512;
  if (has(seven.c, 1u << 11))
    f |= MOTE_CPU_AVX512VNNI;
  if (has(seven1.a, 1u << 5))
    f |= MOTE_CPU_AVX512BF16;
  return f;
}
#elif defined(__aarch64__)
// Bit numbers of the Linux arm64 ABI (hwcap, hwcap2).
static uint32_t detect_features(void) {
  uint64_t cap, cap2;
  mote_prim_hwcap(&cap, &cap2);
  uint32_t f = MOTE_CPU_NEON; // part of the base architecture
  f |= cap >> 20 & 1 ? MOTE_CPU_DOTPROD : 0;
  f |= (cap >> 9 & 1) && (cap >> 10 & 1) ? MOTE_CPU_FP16 : 0; // scalar and vector
  f |= cap >> 22 & 1 ? MOTE_CPU_SVE : 0;
  f |= cap2 >> 13 & 1 ? MOTE_CPU_I8MM : 0;
  f |= cap2 >> 14 & 1 ? MOTE_CPU_BF16 : 0;
  return f;
}
#else
static uint32_t detect_features(void) { return 0; }
#endif

static uint32_t or_default(uint32_t v, uint32_t fallback) { return v ? v : fallback; }

void mote_cpu_detect(mote_cpu *cpu) {
  cpu->features = detect_features();
  cpu->l1d = or_default(mote_prim_cache_size(1), 32u << 10);
  cpu->l2 = or_default(mote_prim_cache_size(2), 512u << 10);
  cpu->l3 = or_default(mote_prim_cache_size(3), 8u << 20);
  cpu->cores = mote_prim_cores();
}

typedef struct cpu_name {
  const char *name;
  uint32_t bit;  // what the name stands for in mote_cpu_text
  uint32_t keep; // features that remain under this cap
} cpu_name;

enum {
  KEEP_AVX2 = MOTE_CPU_AVX2,
  KEEP_AVXVNNI = KEEP_AVX2 | MOTE_CPU_AVXVNNI,
  KEEP_AVX512 = KEEP_AVX2 | MOTE_CPU_AVX512,
  KEEP_VNNI = KEEP_AVX512 | MOTE_CPU_AVX512VNNI | MOTE_CPU_AVXVNNI,
  KEEP_BF16 = KEEP_VNNI | MOTE_CPU_AVX512BF16,
  KEEP_NEON = MOTE_CPU_NEON,
  KEEP_DOTPROD = KEEP_NEON | MOTE_CPU_DOTPROD | MOTE_CPU_FP16,
  KEEP_I8MM = KEEP_DOTPROD | MOTE_CPU_I8MM | MOTE_CPU_BF16,
};

// Ascending within an architecture.
static const cpu_name names[] = {
    {"c", 0, 0},
    {"avx2", MOTE_CPU_AVX2, KEEP_AVX2},
    {"avxvnni", MOTE_CPU_AVXVNNI, KEEP_AVXVNNI},
    {"avx512", MOTE_CPU_AVX512, KEEP_AVX512},
    {"avx512vnni", MOTE_CPU_AVX512VNNI, KEEP_VNNI},
    {"avx512bf16", MOTE_CPU_AVX512BF16, KEEP_BF16},
    {"neon", MOTE_CPU_NEON, KEEP_NEON},
    {"dotprod", MOTE_CPU_DOTPROD, KEEP_DOTPROD},
    {"fp16", MOTE_CPU_FP16, KEEP_DOTPROD},
    {"i8mm", MOTE_CPU_I8MM, KEEP_I8MM},
    {"bf16", MOTE_CPU_BF16, KEEP_I8MM},
    {"sve", MOTE_CPU_SVE, KEEP_I8MM | MOTE_CPU_SVE},
};

bool mote_cpu_cap(mote_cpu *cpu, const char *level) {
  if (!level)
    return true;
  for (size_t i = 0; i < MOTE_COUNT(names); i++)
    if (strcmp(level, names[i].name) == 0) {
      cpu->features &= names[i].keep;
      return true;
    }
  return false;
}

void mote_cpu_text(const mote_cpu *cpu, char *out, size_t cap) {
  size_t len = 0;
  for (size_t i = 0; i < MOTE_COUNT(names) && len < cap; i++)
    if (cpu->features & names[i].bit)
      len += (size_t)mote_snprint(out + len, cap - len, "%s%s", len ? " " : "", names[i].name);
  if (len == 0)
    mote_snprint(out, cap, "c");
}
