// Quantised depthwise convolution on 16-bit words, 8 channels at a time (contract: qdwconv.h).
// Tests: tests/kernels/check_qdwconv.c
#include "kernels/tmpl/qwords_neon.h"

#define UNPACK_LO(a, b) OF_WORDS(vzip1q_s16(AS_WORDS(a), AS_WORDS(b)))
#define UNPACK_HI(a, b) OF_WORDS(vzip2q_s16(AS_WORDS(a), AS_WORDS(b)))
#define PACKED(x, y, q, out) bytes_of(x, y, q, out)
#define FALLBACK mote_q8_dwconv_1x16__c
#define ROW_NAME mote_q8_dwconv_1x8__neon
#define ROW_TEXT "mote_q8_dwconv_1x8__neon"
#define ROW_NEEDS MOTE_CPU_NEON
#include "kernels/tmpl/qdwconv_words_body.h"
