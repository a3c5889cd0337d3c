// Owns: BMP: 1, 4, 8, 16, 24 and 32 bits, not compressed. Must not know: resizing. A file is hostile: every offset is
// compared with the bytes there are. Tests: tests/models/cli_test.sh
#include "image.h"

#include <string.h>

enum { FILE_HEADER = 14, INFO_HEADER = 40, BI_RGB = 0, BI_BITFIELDS = 3, BI_ALPHABITFIELDS = 6 };

typedef struct bmp {
  const unsigned char *data;
  size_t size, pixels; // offset of the first row
  uint32_t width, height, bits, compression, colours;
  bool upward; // rows from the bottom
  size_t palette, palette_item;
  uint32_t mask[3]; // red, green, blue
} bmp;

static uint32_t u16(const unsigned char *at) { return at[0] | (uint32_t)at[1] << 8; }
static uint32_t u32(const unsigned char *at) { return u16(at) | u16(at + 2) << 16; }

static bool read_core(bmp *b, note *why) { // OS/2 1.x
  if (b->size < FILE_HEADER + 12)
    return note_set(why, "BMP: the header is cut off");
  b->width = u16(b->data + 18);
  b->height = u16(b->data + 20);
  b->bits = u16(b->data + 24);
  b->upward = true;
  b->palette = FILE_HEADER + 12;
  b->palette_item = 3;
  return true;
}

static void read_masks(bmp *b, uint32_t header) {
  static const uint32_t five[3] = {0x7C00, 0x3E0, 0x1F}, eight[3] = {0xFF0000, 0xFF00, 0xFF};
  memcpy(b->mask, b->bits == 16 ? five : eight, sizeof b->mask);
  if (b->compression == BI_RGB || b->size < FILE_HEADER + INFO_HEADER + 12)
    return;
  for (size_t i = 0; i < 3; i++) // behind the plain header, or part of a longer one: the same place
    b->mask[i] = u32(b->data + FILE_HEADER + INFO_HEADER + 4 * i);
  if (header == INFO_HEADER)
    b->palette += b->compression == BI_ALPHABITFIELDS ? 16 : 12;
}

static bool read_info(bmp *b, uint32_t header, note *why) {
  if (b->size < FILE_HEADER + INFO_HEADER)
    return note_set(why, "BMP: the header is cut off");
  int32_t height = (int32_t)u32(b->data + 22);
  b->width = u32(b->data + 18);
  b->upward = height > 0;
  b->height = height > 0 ? (uint32_t)height : 0u - (uint32_t)height;
  b->bits = u16(b->data + 28);
  b->compression = u32(b->data + 30);
  b->colours = u32(b->data + 46);
  b->palette = FILE_HEADER + (size_t)header;
  b->palette_item = 4;
  if (b->compression != BI_RGB && b->compression != BI_BITFIELDS && b->compression != BI_ALPHABITFIELDS)
    return note_set(why, "BMP: compression %u is not supported", b->compression);
  read_masks(b, header);
  return true;
}

static bool read_header(bmp *b, note *why) {
  if (b->size < FILE_HEADER + 12)
    return note_set(why, "BMP: the header is cut off");
  uint32_t header = u32(b->data + 14);
  b->pixels = u32(b->data + 10);
  if (header != 12 && (header < INFO_HEADER || header > 256))
    return note_set(why, "BMP: a header of %u bytes is not known", header);
  if (header == 12 ? !read_core(b, why) : !read_info(b, header, why))
    return false;
  if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 && b->bits != 32)
    return note_set(why, "BMP: %u bits a pixel are not supported", b->bits);
  return true;
}

static void paint_index(const bmp *b, uint32_t index, unsigned char *rgb) {
  uint32_t most = 1u << b->bits, count = b->colours && b->colours < most ? b->colours : most;
  size_t at = b->palette + (size_t)index * b->palette_item;
  if (index >= count || at + 3 > b->size)
    return; // black, as others show it
  rgb[0] = b->data[at + 2];
  rgb[1] = b->data[at + 1];
  rgb[2] = b->data[at];
}

// A field of up to 32 bits to 8.
static unsigned char field(uint32_t pixel, uint32_t mask) {
  if (!mask)
    return 0;
  uint32_t shift = 0;
  while (!(mask >> shift & 1))
    shift++;
  return (unsigned char)((uint64_t)((pixel & mask) >> shift) * 255 / (mask >> shift));
}

static void paint(const bmp *b, const unsigned char *row, uint32_t x, unsigned char *rgb) {
  if (b->bits <= 8) {
    uint32_t per = 8 / b->bits, shift = (per - 1 - x % per) * b->bits;
    paint_index(b, (uint32_t)row[x / per] >> shift & ((1u << b->bits) - 1), rgb);
  } else if (b->bits == 24) {
    rgb[0] = row[3 * (size_t)x + 2];
    rgb[1] = row[3 * (size_t)x + 1];
    rgb[2] = row[3 * (size_t)x];
  } else {
    uint32_t pixel = b->bits == 16 ? u16(row + 2 * (size_t)x) : u32(row + 4 * (size_t)x);
    for (int c = 0; c < 3; c++)
      rgb[c] = field(pixel, b->mask[c]);
  }
}

bool image_read_bmp(const file_bytes *bytes, image *out, note *why) {
  bmp b = {.data = bytes->data, .size = bytes->size};
  if (!read_header(&b, why))
    return false;
  uint64_t stride = ((uint64_t)b.width * b.bits + 31) / 32 * 4; // rows end at a multiple of four bytes
  if (b.pixels > b.size || (b.height && stride > (b.size - b.pixels) / b.height))
    return note_set(why, "BMP: %zu bytes, too few for %u x %u pixels of %u bits", b.size, b.width, b.height, b.bits);
  if (!image_make(out, b.width, b.height, why))
    return false;
  for (uint32_t y = 0; y < b.height; y++) {
    uint32_t line = b.upward ? b.height - 1 - y : y;
    for (uint32_t x = 0; x < b.width; x++)
      paint(&b, b.data + b.pixels + (size_t)stride * line, x, out->rgb + ((size_t)y * b.width + x) * 3);
  }
  return true;
}
