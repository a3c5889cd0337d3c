// Owns: picking the decoder, resizing. Must not know: models. Tests: tests/models/cli_test.sh
#include "image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t IMAGE_LIMIT = (size_t)512 << 20;

void image_free(image *picture) {
  free(picture->rgb);
  memset(picture, 0, sizeof *picture);
}

bool image_make(image *out, uint64_t width, uint64_t height, note *why) {
  memset(out, 0, sizeof *out);
  if (!width || !height || width > 1u << 20 || height > 1u << 20 || width * height > 1u << 28)
    return note_set(why, "a picture of %llu x %llu pixels", (unsigned long long)width, (unsigned long long)height);
  out->rgb = calloc((size_t)(width * height), 3);
  if (!out->rgb)
    return note_set(why, "no memory for %llu x %llu pixels", (unsigned long long)width, (unsigned long long)height);
  out->width = (uint32_t)width;
  out->height = (uint32_t)height;
  return true;
}

bool image_read(const char *path, image *out, note *why) {
  file_bytes bytes = {0};
  bool ok;
  memset(out, 0, sizeof *out);
  if (!file_read(path, IMAGE_LIMIT, &bytes, why))
    return false;
  if (bytes.size >= 3 && memcmp(bytes.data, "\xFF\xD8\xFF", 3) == 0)
    ok = image_read_jpeg(&bytes, out, why);
  else if (bytes.size >= 8 && memcmp(bytes.data, "\x89PNG\r\n\x1A\n", 8) == 0)
    ok = image_read_png(&bytes, out, why);
  else if (bytes.size >= 2 && memcmp(bytes.data, "BM", 2) == 0)
    ok = image_read_bmp(&bytes, out, why);
  else
    ok = note_set(why, "not a JPEG, PNG or BMP picture");
  file_free(&bytes);
  return ok ? true : note_prefix(why, "%s", path);
}

// ------------------------------------------------------------------------------------------- resizing

typedef struct taps { // weights of the source pixels that make one destination pixel
  uint32_t first, count;
  double *weight;
} taps;

// A triangle around the pixel's centre, as wide as its source area but at least one source pixel.
static void make_taps(uint32_t from, uint32_t to, uint32_t at, taps *out) {
  double scale = (double)from / to, support = scale > 1 ? scale : 1, centre = (at + 0.5) * scale, sum = 0;
  double low = floor(centre - support + 0.5), high = floor(centre + support + 0.5);
  out->first = low < 0 ? 0 : (uint32_t)low;
  uint32_t end = high > from ? from : (uint32_t)high;
  out->count = end - out->first;
  for (uint32_t i = 0; i < out->count; i++) {
    double away = fabs((out->first + i + 0.5 - centre) / support);
    out->weight[i] = away < 1 ? 1 - away : 0;
    sum += out->weight[i];
  }
  for (uint32_t i = 0; i < out->count; i++)
    out->weight[i] /= sum;
}

static unsigned char blend(const taps *t, const unsigned char *from, size_t stride) {
  double sum = 0.5;
  for (uint32_t i = 0; i < t->count; i++)
    sum += t->weight[i] * from[(t->first + i) * stride];
  return sum >= 255 ? 255 : (unsigned char)sum;
}

static double *tap_room(uint32_t from, uint32_t to) {
  return calloc((size_t)(2 * fmax(1, (double)from / to)) + 3, sizeof(double));
}

static bool resize_rows(const image *from, image *to, note *why) {
  taps t = {.weight = tap_room(from->width, to->width)};
  if (!t.weight)
    return note_set(why, "no memory");
  for (uint32_t x = 0; x < to->width; x++) {
    make_taps(from->width, to->width, x, &t);
    for (uint32_t y = 0; y < to->height; y++)
      for (size_t c = 0; c < 3; c++)
        to->rgb[((size_t)y * to->width + x) * 3 + c] = blend(&t, from->rgb + (size_t)y * from->width * 3 + c, 3);
  }
  free(t.weight);
  return true;
}

static bool resize_columns(const image *from, image *to, note *why) {
  taps t = {.weight = tap_room(from->height, to->height)};
  size_t row = (size_t)from->width * 3;
  if (!t.weight)
    return note_set(why, "no memory");
  for (uint32_t y = 0; y < to->height; y++) {
    make_taps(from->height, to->height, y, &t);
    for (size_t i = 0; i < row; i++)
      to->rgb[(size_t)y * row + i] = blend(&t, from->rgb + i, row);
  }
  free(t.weight);
  return true;
}

bool image_resize(const image *from, uint32_t width, uint32_t height, image *out, note *why) {
  image half = {0};
  memset(out, 0, sizeof *out);
  bool ok = image_make(&half, width, from->height, why) && resize_rows(from, &half, why) &&
            image_make(out, width, height, why) && resize_columns(&half, out, why);
  image_free(&half);
  if (!ok)
    image_free(out);
  return ok;
}
