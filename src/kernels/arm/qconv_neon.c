// Quantised convolution on 16-bit words for processors without sdot, tiles of up to 6 rows by 8 columns (contract:
// qconv_frame.h). Tests: tests/kernels/check_qconv.c
#include "kernels/tmpl/qwords_neon.h"

#define MOST_ROWS 6
#define HEIGHTS 1, 2, 4, 6
#define TILES TILE(1) TILE(2) TILE(4) TILE(6)
#define NAMES tile_1, tile_2, tile_4, tile_6
#define BYTES(x, y, q, out) bytes_of(x, y, q, out)
#define ROW_NAME mote_q8_conv_6x8__neon
#define ROW_TEXT "mote_q8_conv_6x8__neon"
#define ROW_NEEDS MOTE_CPU_NEON
#include "kernels/tmpl/qconv_words_body.h"
