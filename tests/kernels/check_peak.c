// The float32 peak of one core at a level of features. Knows no family.
#include "kernels/check_peak.h"
#include "kernels/checker.h"

typedef struct peak_run {
  double (*chains)(size_t rounds, float *sink);
  double work;
  float sink;
} peak_run;

static void run_chains(void *arg) {
  peak_run *run = arg;
  run->work = run->chains(20000, &run->sink);
}

double check_peak_f32(checker *c, uint32_t features) {
  peak_run run = {.chains = check_peak_chains_c};
  (void)features;
#ifdef MOTE_HAVE_NEON
  if (features & MOTE_CPU_NEON)
    run.chains = check_peak_chains_neon;
#endif
#ifdef MOTE_HAVE_AVX2
  if (features & MOTE_CPU_AVX2)
    run.chains = check_peak_chains_avx2;
#endif
#ifdef MOTE_HAVE_AVX512
  if (features & MOTE_CPU_AVX512)
    run.chains = check_peak_chains_avx512;
#endif
  const double seconds = check_time(c, run_chains, &run);
  return run.work / seconds;
}
