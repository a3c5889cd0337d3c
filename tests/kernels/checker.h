// The kernel checker: walks every row of every kernel family against the portable row and a plain reference, and times
// it.
//
// A family is a `const check_family check_family_<family>`, as a rule in a file check_<family>.c, and one line in
// families.def. Its `test` walks the rows; it skips those that check_can_run refuses, takes buffers from check_buffer,
// reports each case with check_case. A crash in a case (a read or write on a guard page) is caught and counted as a
// failure of the case being run, then the family goes on with its next row: see check_guarded_call.
#ifndef MOTE_TESTS_KERNELS_CHECKER_H
#define MOTE_TESTS_KERNELS_CHECKER_H

#include "base/compiler.h"
#include "base/cpu.h"

typedef struct checker checker;

typedef struct check_family {
  const char *name;
  void (*test)(checker *c);
  void (*bench)(checker *c); // may be NULL
} check_family;

// The CPU after --cpu; whether a row of these features may run on it.
const mote_cpu *check_cpu(const checker *c);
bool check_can_run(const checker *c, uint32_t features);
// Fault to plant (--plant N), 0: none. A family that can plant it wraps its row so that the result is wrong; the
// checker must then report a failure.
int check_plant(const checker *c);

// Counts one case; prints the message when it failed (the first failures of each name only). `name`: of the row.
void check_case(checker *c, bool ok, const char *name, const char *fmt, ...) MOTE_PRINTF(4, 5);
// Runs fn(arg); false, and a failed case of `name`, when it touched memory that is not mapped.
bool check_guarded_call(checker *c, const char *name, void (*fn)(void *arg), void *arg);

// Memory between two unmapped pages. END: the last byte lies directly before an unmapped page, so that a read or write
// past the end crashes, and the alignment of the start follows from the size. START: the first byte lies directly
// behind one. ALIGNED: starts on 64 bytes, the end as near to the page as that allows. Valid until check_reset;
// poisoned.
typedef enum check_place { CHECK_END, CHECK_START, CHECK_ALIGNED } check_place;
void *check_buffer(checker *c, size_t bytes, check_place place);
void check_reset(checker *c); // gives all buffers back; call between cases

// Fills with the poison pattern; true when all bytes still hold it.
void check_poison(void *p, size_t bytes);
bool check_is_poison(const void *p, size_t bytes);

uint32_t check_random(checker *c);
size_t check_random_below(checker *c, size_t bound); // 0 <= result < bound
float check_random_f32(checker *c, float lo, float hi);
void check_fill_f32(checker *c, float *p, size_t n, float lo, float hi);
// Sprinkles NaN, infinities, denormals, zeros of both signs and large numbers, about one in `every`.
void check_sprinkle_f32(checker *c, float *p, size_t n, size_t every);
void check_fill_bytes(checker *c, void *p, size_t bytes);
// Same bits, or both NaN. Returns the first index that differs, n when none does.
size_t check_diff_f32(const float *a, const float *b, size_t n);

// Timing. Calls fn(arg) until the time is up; the smallest time of one call in seconds.
double check_time(checker *c, void (*fn)(void *arg), void *arg);
// One line: row, shape, time, work/s ("GFLOP/s", "GB/s", "GOP/s") and, when peak > 0, the share of it. `work` in units.
void check_report(checker *c, const char *row, const char *shape, double seconds, double work, const char *unit,
                  double peak);
// Measured float32 multiply-add peak of one core at this level of features, FLOP/s.
double check_peak_f32(checker *c, uint32_t features);

#endif
