// Peak chains of one instruction set; built with its flags. Knows no family.

#include "kernels/tmpl/vf_c.h"

#define CHECK_PEAK_NAME check_peak_chains_c
#include "kernels/check_peak_body.h"
