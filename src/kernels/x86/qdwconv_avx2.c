// Quantised depthwise convolution with vpmaddwd, 16 channels at a time (contract: qdwconv.h).
// Tests: tests/kernels/check_qdwconv.c
#include "base/compiler.h"
#include "kernels/tmpl/qwords_avx2.h"

#define UNPACK_LO(a, b) _mm256_unpacklo_epi16(a, b)
#define UNPACK_HI(a, b) _mm256_unpackhi_epi16(a, b)
#define PACKED(x, y, q, out) bytes_of(_mm256_packs_epi32(x, y), q, out)
#define FALLBACK mote_q8_dwconv_1x16__c
#define ROW_NAME mote_q8_dwconv_1x16__avx2
#define ROW_TEXT "mote_q8_dwconv_1x16__avx2"
#define ROW_NEEDS MOTE_CPU_AVX2
#include "kernels/tmpl/qdwconv_words_body.h"
