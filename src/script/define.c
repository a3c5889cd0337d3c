// Operators written in TorchScript itself: those that no file of src/ops has, and the old meanings of those that
// changed between archive versions. The text is in definitions/; the library holds it deflated and expands it when a
// program first names an operator that has no other implementation. A function is named after its operator, with "__"
// and the overload behind it; types that are left out are those of the schema. A name that no schema has is a helper,
// called as torch.<name>. Tests: tests/script/test_define.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"
#include "wire/inflate.h"

#include "script/definitions_packed.def"

#define PREFIX "<operators>."

enum { NAME_MAX_LEN = 160 };

// ---------------------------------------------------------------------------------------------------- old meanings

// Overloads are listed in the order of the schemas, so that resolution tries them in the same order.
static const struct {
  const char *op, *overload;
  uint32_t last_version; // archives up to this one mean the old operator
  const char *definition;
} rows[] = {
    {"aten::div", "Tensor", 3, "old_div_tensor"},
    {"aten::div", "Scalar", 3, "old_div_scalar"},
    {"aten::div", "Tensor_mode", 3, "old_div_tensor_mode"},
    {"aten::div", "Scalar_mode", 3, "old_div_scalar_mode"},
    {"aten::div_", "Tensor", 3, "old_div_tensor_inplace"},
    {"aten::div_", "Scalar", 3, "old_div_scalar_inplace"},
    {"aten::div_", "Tensor_mode", 3, "old_div_tensor_mode_inplace"},
    {"aten::div_", "Scalar_mode", 3, "old_div_scalar_mode_inplace"},
    {"aten::full", "", 4, "old_full"},
    {"aten::linspace", "", 7, "old_linspace"},
    {"aten::logspace", "", 8, "old_logspace"},
    {"aten::gelu", "", 9, "old_gelu"},
};

static bool applies(size_t row, uint64_t version) { return version != 0 && version <= rows[row].last_version; }

const char *mote_upgrader_name(uint64_t version, const char *name, const char *overload) {
  for (size_t i = 0; i < MOTE_COUNT(rows); i++)
    if (applies(i, version) && strcmp(rows[i].op, name) == 0 && strcmp(rows[i].overload, overload) == 0)
      return rows[i].definition;
  return NULL;
}

const char *mote_upgrader_next(uint64_t version, const char *name, size_t *at) {
  while (*at < MOTE_COUNT(rows)) {
    size_t row = (*at)++;
    if (applies(row, version) && strcmp(rows[row].op, name) == 0)
      return rows[row].definition;
  }
  return NULL;
}

// ---------------------------------------------------------------------------------------------------- the text

// The text belongs to the compile phase.
static mote_status expand(mote_front *front, mote_error *err) {
  if (front->definitions != NULL)
    return MOTE_OK;
  char *text = mote_arena_alloc(&front->scratch, DEFINITIONS_SIZE + 1);
  if (text == NULL)
    return mote_fail_nomem(err);
  mote_span packed = {definitions_packed, sizeof definitions_packed};
  MOTE_TRY(mote_inflate(packed, (uint8_t *)text, DEFINITIONS_SIZE, NULL, err));
  front->definitions = text;
  return MOTE_OK;
}

// "def name(" at the start of a line, up to the next one.
static bool find_text(const char *text, const char *name, mote_span *out) {
  size_t len = strlen(name);
  for (const char *at = text, *next; *at; at = next) {
    next = strstr(at + 1, "\ndef ");
    next = next ? next + 1 : at + strlen(at);
    if (strncmp(at + 4, name, len) == 0 && at[4 + len] == '(') {
      *out = (mote_span){(const uint8_t *)at, (size_t)(next - at)};
      return true;
    }
  }
  return false;
}

// The namespaces whose operators may have definitions; no name is in both.
static const char *const spaces[] = {"aten::", "torchvision::"};

// Length of the namespace that a name begins with; 0: another.
static size_t space_of(const char *name) {
  for (size_t i = 0; i < MOTE_COUNT(spaces); i++)
    if (strncmp(name, spaces[i], strlen(spaces[i])) == 0)
      return strlen(spaces[i]);
  return 0;
}

// "linalg_norm__ord_str" -> the schema of aten::linalg_norm.ord_str; NULL for one that is no operator's.
static mote_status find_schema(mote_front *front, const char *name, const mote_schema **out, mote_error *err) {
  char full[NAME_MAX_LEN];
  const char *cut = strstr(name + 1, "__");
  *out = NULL;
  int32_t id = -1;
  for (size_t i = 0; i < MOTE_COUNT(spaces) && id < 0; i++) {
    mote_snprint(full, sizeof full, "%s%.*s", spaces[i], (int)(cut ? (size_t)(cut - name) : strlen(name)), name);
    id = mote_schema_id(&front->program->schemas, full, cut ? cut + 2 : "");
  }
  return id >= 0 ? mote_schema_get(&front->program->schemas, (uint32_t)id, out, err) : MOTE_OK;
}

// A definition is a record of its own, so that only those that are used are parsed.
static mote_status load(mote_front *front, const char *name, mote_span text, mote_error *err) {
  char full[NAME_MAX_LEN + sizeof PREFIX];
  mote_unit *unit = MOTE_ARENA_NEW(&front->scratch, mote_unit);
  int len = mote_snprint(full, sizeof full, PREFIX "%s", name);
  char *own = mote_arena_str(&front->program->arena, full, (size_t)len);
  mote_map_entry *entry = own ? mote_map_put(&front->units, own, (size_t)len) : NULL;
  if (unit == NULL || entry == NULL)
    return mote_fail_nomem(err);
  entry->value.ptr = unit;
  unit->prefix = own;
  unit->is_definition = true;
  MOTE_TRY(find_schema(front, name, &unit->schema, err));
  return mote_front_add_unit(front, unit, own, text, err);
}

mote_status mote_front_definition(mote_front *front, const char *name, mote_def **out, mote_error *err) {
  char full[2 * NAME_MAX_LEN + sizeof PREFIX];
  mote_span text;
  *out = NULL;
  if (strlen(name) >= NAME_MAX_LEN)
    return MOTE_OK;
  MOTE_TRY(expand(front, err));
  size_t len = (size_t)mote_snprint(full, sizeof full, PREFIX "%s.%s", name, name);
  if (mote_map_find(&front->defs, full, len) == NULL) {
    if (!find_text(front->definitions, name, &text))
      return MOTE_OK;
    MOTE_TRY(load(front, name, text, err));
  }
  MOTE_TRY(mote_front_find(front, full, len, out, err));
  if (*out != NULL && (!(*out)->unit->is_definition || (*out)->fn == NULL)) // a file's own, of the same name
    *out = NULL;
  return MOTE_OK;
}

// ---------------------------------------------------------------------------------------------------- operators

static bool ends_with(const char *text, size_t len, const char *end) {
  size_t n = strlen(end);
  return len >= n && memcmp(text + len - n, end, n) == 0;
}

// The operator's own definition, or that of the function whose form in place or with out= it is.
mote_status mote_front_define(mote_front *front, mote_op_ref *ref, mote_error *err) {
  const char *name = ref->name, *overload = ref->overload;
  mote_def *def;
  char full[NAME_MAX_LEN];
  size_t skip = space_of(name);
  if (ref->schema == NULL || skip == 0 || strlen(name) + strlen(overload) + 8 > sizeof full)
    return MOTE_OK;
  size_t n = strlen(name += skip), o = strlen(overload);
  mote_snprint(full, sizeof full, "%s%s%s", name, o ? "__" : "", overload);
  MOTE_TRY(mote_front_definition(front, full, &def, err));
  ref->form = MOTE_FORM_PLAIN;
  if (def == NULL && n > 1 && ends_with(name, n, "_")) {
    mote_snprint(full, sizeof full, "%.*s%s%s", (int)n - 1, name, o ? "__" : "", overload);
    MOTE_TRY(mote_front_definition(front, full, &def, err));
    ref->form = MOTE_FORM_IN_PLACE;
  } else if (def == NULL && ends_with(overload, o, "out")) {
    o -= o > 3 && overload[o - 4] == '_' ? 4 : 3;
    mote_snprint(full, sizeof full, "%s%s%.*s", name, o ? "__" : "", (int)o, overload);
    MOTE_TRY(mote_front_definition(front, full, &def, err));
    ref->form = MOTE_FORM_OUT;
  }
  if (def == NULL || def->fn->n_params > ref->schema->n_args)
    return MOTE_OK;
  ref->body = def->fn;
  ref->has_impl = true;
  return mote_front_enqueue(front, def->fn, err);
}
