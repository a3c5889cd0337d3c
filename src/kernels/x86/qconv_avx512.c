// Quantised convolution with vpmaddwd for processors without VNNI, tiles of up to 12 rows by 32 columns (contract:
// qconv_frame.h). Tests: tests/kernels/check_qconv.c
#include "base/compiler.h"
#include "kernels/tmpl/qwords_avx512.h"

#define MOST_ROWS 12
#define HEIGHTS 1, 2, 4, 8, 12
#define TILES TILE(1) TILE(2) TILE(4) TILE(8) TILE(12)
#define NAMES tile_1, tile_2, tile_4, tile_8, tile_12
// The packs alternate quarters of x and y.
#define BYTES(x, y, q, out)                                                                                            \
  bytes_of(_mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), _mm512_packs_epi32(x, y)), q, out)
#define ROW_NAME mote_q8_conv_12x32__avx512
#define ROW_TEXT "mote_q8_conv_12x32__avx512"
#define ROW_NEEDS MOTE_CPU_AVX512
#include "kernels/tmpl/qconv_words_body.h"
