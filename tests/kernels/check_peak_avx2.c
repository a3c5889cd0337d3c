// Peak chains of one instruction set; built with its flags. Knows no family.
#ifdef MOTE_HAVE_AVX2
#include "kernels/tmpl/vf_avx2.h"

#define CHECK_PEAK_NAME check_peak_chains_avx2
#include "kernels/check_peak_body.h"
#else
typedef int check_peak_empty;
#endif
