// The table of operator families and the look-up of rows. Knows no operator. Tests: tests/unit/test_ops_basic.c
#include "ops/ops.h"

#include <string.h>

#include "ops/aten_complex.h"

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
  size_t len = builtin == MOTE_TFLITE_CUSTOM ? strlen(custom) : 0;
  for (size_t i = 0; families[i] != NULL; i++)
    for (size_t k = 0; k < families[i]->n_tflite; k++) {
      const mote_tflite_row *row = &families[i]->tflite[k];
      if (row->builtin == builtin &&
          (builtin != MOTE_TFLITE_CUSTOM || (strcspn(row->text, " ") == len && memcmp(custom, row->text, len) == 0)))
        return row;
    }
  return NULL;
}

bool mote_overload_next(const char **at, mote_overload *o) {
  const char *word = *at + strspn(*at, " &~+"), *dot = NULL, *end;
  for (end = word; *end != ' ' && *end != '|' && *end != '\0'; end++)
    dot = dot == NULL && *end == '.' ? end : dot;
  if (end == word)
    return false;
  if (dot != word)
    o->name = word, o->name_len = (size_t)((dot != NULL ? dot : end) - word);
  o->overload = dot != NULL ? dot + 1 : end;
  o->overload_len = (size_t)(end - o->overload);
  *at = end;
  return true;
}

mote_torch_how mote_torch_row_how(const mote_torch_row *row) {
  switch (row->text[0]) {
  case '&':
    return (mote_torch_how){row->op, NULL};
  case '~':
    return (mote_torch_how){row->op, mote_aten_lower_unary};
  case '+':
    return *row->how;
  default:
    return (mote_torch_how){NULL, row->lower};
  }
}

const mote_torch_row *mote_torch_row_find(const char *overload) {
  size_t name = strcspn(overload, "."), len = strlen(overload);
  size_t rest = len > name ? len - name - 1 : 0;
  for (size_t i = 0; families[i] != NULL; i++)
    for (size_t k = 0; k < families[i]->n_torch; k++) {
      const mote_torch_row *row = &families[i]->torch[k];
      const char *at = row->text;
      for (mote_overload o = {NULL, NULL, 0, 0}; mote_overload_next(&at, &o);)
        if (o.name_len == name && o.overload_len == rest && memcmp(o.name, overload, name) == 0 &&
            memcmp(o.overload, overload + len - rest, rest) == 0)
          return row;
    }
  return NULL;
}
