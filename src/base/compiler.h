// Compiler attributes and small macros. The only place where C extensions are used.
// Knows nothing else. Exercised by every file.
#ifndef MOTE_BASE_COMPILER_H
#define MOTE_BASE_COMPILER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define MOTE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MOTE_MUST_USE __attribute__((warn_unused_result))
#define MOTE_LIKELY(x) __builtin_expect(!!(x), 1)
#define MOTE_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MOTE_NOINLINE __attribute__((noinline))
#define MOTE_SMALL __attribute__((cold, noinline))             // built for size, and apart from the loops around it
#define MOTE_UNUSED __attribute__((unused))                    // a function of a header that some files do not call
#define MOTE_TINY static inline __attribute__((always_inline)) // an instruction or two: shorter than a call
#if defined(__OPTIMIZE_SIZE__)                                 // where code is built for size, the compiler decides
#define MOTE_INLINE static inline
#else
#define MOTE_INLINE static inline __attribute__((always_inline))
#endif
// In front of a loop of a constant, small count (at most 64) whose body must stay in registers. clang does so unasked.
#if defined(__clang__)
#define MOTE_UNROLL
#else
#define MOTE_UNROLL _Pragma("GCC unroll 64")
#endif
// Asks for the cache line at p; p need not be mapped.
#define MOTE_PREFETCH(p) __builtin_prefetch(p)
// Says that vector x is still needed here, so that no instruction before this may use its register as destination.
// Without it compilers let the multiplicand of a fused multiply-add take the sum's place and run out of registers.
#if defined(__x86_64__)
#define MOTE_KEEP(x) __asm__ volatile("" : : "v"(x))
#elif defined(__aarch64__)
#define MOTE_KEEP(x) __asm__ volatile("" : : "w"(x))
#else
#define MOTE_KEEP(x) ((void)(x))
#endif
// The compiler no longer knows where pointer p came from, and so what was loaded through it before.
#define MOTE_FORGET(p) __asm__("" : "+r"(p))
#else
#define MOTE_PRINTF(fmt, args)
#define MOTE_MUST_USE
#define MOTE_LIKELY(x) (x)
#define MOTE_UNLIKELY(x) (x)
#define MOTE_NOINLINE
#define MOTE_SMALL
#define MOTE_UNUSED
#define MOTE_TINY static inline
#define MOTE_INLINE static inline
#define MOTE_UNROLL
#define MOTE_PREFETCH(p) ((void)(p))
#define MOTE_KEEP(x) ((void)(x))
#define MOTE_FORGET(p) ((void)(p))
#endif

// Tells the core that this is a spin loop.
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
#define MOTE_RELAX() __builtin_ia32_pause()
#elif (defined(__GNUC__) || defined(__clang__)) && defined(__aarch64__)
#define MOTE_RELAX() __asm__ volatile("yield")
#else
#define MOTE_RELAX() ((void)0)
#endif

#define MOTE_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MOTE_MIN(a, b) ((a) < (b) ? (a) : (b))
#define MOTE_MAX(a, b) ((a) > (b) ? (a) : (b))

// Leaves the function with a failing status. The one early-return macro of the project.
#define MOTE_TRY(expr)                                                                                                 \
  do {                                                                                                                 \
    mote_status mote_try_status_ = (expr);                                                                             \
    if (MOTE_UNLIKELY(mote_try_status_ != MOTE_OK))                                                                    \
      return mote_try_status_;                                                                                         \
  } while (0)

#endif
