// Pictures: JPEG, PNG and BMP to RGB, and resizing. Tests: tests/models/cli_test.sh
#ifndef MOTE_TOOLS_IMAGE_H
#define MOTE_TOOLS_IMAGE_H

#include "files.h"

typedef struct image {
  uint32_t width, height;
  unsigned char *rgb; // height * width * 3, rows from the top
} image;

// The kind is found from the content. Release with image_free.
bool image_read(const char *path, image *out, note *why);
void image_free(image *picture);
// Pixels for a size from a file; at most 2^28 of them.
bool image_make(image *out, uint64_t width, uint64_t height, note *why);
// Bilinear with half-pixel centres; when shrinking, the triangle widens to the source area of a pixel so that nothing
// is skipped. Rows first, then columns, each rounded to 8 bits: Pillow's BILINEAR.
bool image_resize(const image *from, uint32_t width, uint32_t height, image *out, note *why);

bool image_read_jpeg(const file_bytes *bytes, image *out, note *why);
bool image_read_png(const file_bytes *bytes, image *out, note *why);
bool image_read_bmp(const file_bytes *bytes, image *out, note *why);

#endif
