// Lite interpreter files (.ptl): bytecode.pkl -> functions. Tests: tests/script/test_model.c
#include "formats/torch/torch_file.h"

mote_status mote_torch_load_lite(mote_script_model *m, mote_error *err) {
  return mote_fail(err, MOTE_ERR_UNSUPPORTED, "lite interpreter files of archive version %llu are not supported yet",
                   (unsigned long long)m->version);
}
