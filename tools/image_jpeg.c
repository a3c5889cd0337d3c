// Owns: JPEG by way of libjpeg. Must not know: resizing. Tests: tests/models/cli_test.sh
#include "image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct jpeg_trap { // libjpeg's way out of an error is longjmp
  struct jpeg_error_mgr manager;
  jmp_buf back;
  char message[JMSG_LENGTH_MAX];
} jpeg_trap;

static void on_error(j_common_ptr info) {
  jpeg_trap *trap = (jpeg_trap *)(void *)info->err;
  info->err->format_message(info, trap->message);
  longjmp(trap->back, 1);
}

// libjpeg goes on with grey where data are missing or spoilt; a picture that is not there is an error here. Other
// warnings, such as bytes between segments, cost no pixel.
static void on_message(j_common_ptr info, int level) {
  int code = info->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
                    code == JWRN_ARITH_BAD_CODE || code == JWRN_MUST_RESYNC))
    on_error(info);
}

static bool read_lines(struct jpeg_decompress_struct *info, image *out, note *why) {
  jpeg_read_header(info, TRUE);
  if (!image_make(out, info->image_width, info->image_height, why)) // before the decoder makes room for it
    return false;
  info->out_color_space = JCS_RGB;
  jpeg_start_decompress(info);
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = out->rgb + (size_t)info->output_scanline * out->width * 3;
    jpeg_read_scanlines(info, &row, 1);
  }
  jpeg_finish_decompress(info);
  return true;
}

bool image_read_jpeg(const file_bytes *bytes, image *out, note *why) {
  struct jpeg_decompress_struct info;
  jpeg_trap trap;
  volatile bool ok = false;
  info.err = jpeg_std_error(&trap.manager);
  trap.manager.error_exit = on_error;
  trap.manager.emit_message = on_message;
  jpeg_create_decompress(&info);
  if (setjmp(trap.back) == 0) {
    jpeg_mem_src(&info, bytes->data, (unsigned long)bytes->size);
    ok = read_lines(&info, out, why);
  } else {
    note_set(why, "JPEG: %s", trap.message);
  }
  jpeg_destroy_decompress(&info);
  if (!ok)
    image_free(out);
  return ok;
}
