// Quantised convolution with vpmaddwd, tiles of up to 6 rows by 16 columns (contract: qconv_frame.h). vpmaddubsw would
// halve the work but saturates. Tests: tests/kernels/check_qconv.c
#include "base/compiler.h"
#include "kernels/tmpl/qwords_avx2.h"

#define MOST_ROWS 6
#define HEIGHTS 1, 4, 6
#define TILES TILE(1) TILE(4) TILE(6)
#define NAMES tile_1, tile_4, tile_6
// The packs interleave the halves of x and y.
#define BYTES(x, y, q, out) bytes_of(_mm256_permute4x64_epi64(_mm256_packs_epi32(x, y), 0xd8), q, out)
#define ROW_NAME mote_q8_conv_6x16__avx2
#define ROW_TEXT "mote_q8_conv_6x16__avx2"
#define ROW_NEEDS MOTE_CPU_AVX2
#include "kernels/tmpl/qconv_words_body.h"
