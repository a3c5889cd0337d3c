// Owns: PNG by way of libpng's simple reader. Must not know: resizing. Tests: tests/models/cli_test.sh
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

// Transparency is dropped, as an RGB picture has none.
static void drop_alpha(image *out, const unsigned char *rgba) {
  size_t count = (size_t)out->width * out->height;
  for (size_t i = 0; i < count; i++)
    memcpy(out->rgb + 3 * i, rgba + 4 * i, 3);
}

static bool read_pixels(png_image *png, image *out, note *why) {
  if (!image_make(out, png->width, png->height, why))
    return false;
  unsigned char *rgba = malloc((size_t)png->width * png->height * 4);
  if (!rgba)
    return note_set(why, "no memory for %u x %u pixels", png->width, png->height);
  png->format = PNG_FORMAT_RGBA;
  bool ok = png_image_finish_read(png, NULL, rgba, 0, NULL) != 0;
  if (ok)
    drop_alpha(out, rgba);
  else
    note_set(why, "PNG: %s", png->message);
  free(rgba);
  return ok;
}

bool image_read_png(const file_bytes *bytes, image *out, note *why) {
  png_image png;
  memset(&png, 0, sizeof png);
  png.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&png, bytes->data, bytes->size))
    return note_set(why, "PNG: %s", png.message);
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; // 16-bit files without a gamma are not linear
  bool ok = read_pixels(&png, out, why);
  png_image_free(&png);
  if (!ok)
    image_free(out);
  return ok;
}
