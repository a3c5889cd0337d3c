// Quantised depthwise convolution with vpmaddwd, 32 channels at a time, for processors without VNNI (contract:
// qdwconv.h). Tests: tests/kernels/check_qdwconv.c
#include "base/compiler.h"
#include "kernels/tmpl/qwords_avx512.h"

#define UNPACK_LO(a, b) _mm512_unpacklo_epi16(a, b)
#define UNPACK_HI(a, b) _mm512_unpackhi_epi16(a, b)
#define PACKED(x, y, q, out) bytes_of(_mm512_packs_epi32(x, y), q, out)
#define FALLBACK mote_q8_dwconv_1x16__c
#define ROW_NAME mote_q8_dwconv_1x32__avx512
#define ROW_TEXT "mote_q8_dwconv_1x32__avx512"
#define ROW_NEEDS MOTE_CPU_AVX512
#include "kernels/tmpl/qdwconv_words_body.h"
