// The table of operator families and the look-up of rows. Knows no operator. Tests: tests/unit/test_ops_basic.c
#include "ops/ops.h"

#include <string.h>

#define MOTE_FAMILY(name) extern const mote_op_family mote_family_##name;
#include "ops/ops.def"
#undef MOTE_FAMILY

static const mote_op_family *const families[] = {
#define MOTE_FAMILY(name) &mote_family_##name,
#include "ops/ops.def"
#undef MOTE_FAMILY
    NULL,
};

const mote_op_family *const *mote_op_families(void) { return families; }

const mote_tflite_row *mote_tflite_row_find(uint16_t builtin, const char *custom) {
  for (size_t i = 0; families[i] != NULL; i++)
    for (const mote_tflite_row *row = families[i]->tflite; row != NULL && row->name != NULL; row++)
      if (row->builtin == builtin && (custom == NULL) == (row->custom == NULL) &&
          (custom == NULL || strcmp(custom, row->custom) == 0))
        return row;
  return NULL;
}
