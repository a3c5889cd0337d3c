// Tables from keys to values: those of the session (hash tables) and those given as tensors. Tests: the TensorFlow Lite
// operator cases
#include "ops/opkit.h"

#define SLOT_TABLE ((int64_t)1 << 42) // slots of variables: keys at twice the number, values next to it

typedef struct table_attr {
  int64_t table;
  int32_t key, value;
} table_attr;
static mote_status table_infer(mote_opctx *c) {
  int64_t dim = 1;
  mote_out(c, 0, MOTE_RESOURCE, 1, &dim);
  return MOTE_OK;
}
static mote_status table_eval(mote_opctx *c) {
  int32_t id = (int32_t)((const table_attr *)c->attr)->table;
  memcpy(c->out[0]->data, &id, sizeof id);
  return MOTE_OK;
}
static const mote_attr_field table_fields[] = {MOTE_ATTR(table_attr, table, MOTE_ATTR_INT, 0),
                                               MOTE_ATTR(table_attr, key, MOTE_ATTR_DTYPE, 0),
                                               MOTE_ATTR(table_attr, value, MOTE_ATTR_DTYPE, 0)};
static const mote_op op_table = {"hash_table",
                                 MOTE_RULES(.min_in = 0, .max_in = 0, .n_out = 1, .attr_size = sizeof(table_attr),
                                            MOTE_FIELDS(table_fields), .infer = table_infer, .eval = table_eval)};

static mote_status table_slots(mote_opctx *c, mote_variable **keys, mote_variable **values) {
  int32_t id;
  memcpy(&id, c->in[0]->data, sizeof id);
  *keys = mote_op_variable(c, SLOT_TABLE + 2 * (int64_t)id);
  *values = mote_op_variable(c, SLOT_TABLE + 2 * (int64_t)id + 1);
  return *keys != NULL && *values != NULL ? MOTE_OK : mote_fail_nomem(c->err);
}

static mote_status table_use_infer(mote_opctx *c) {
  MOTE_TRY(mote_want_dtype(c, 0, MOTE_RESOURCE));
  c->outcome = MOTE_AFTER_RUN;
  return MOTE_OK;
}

static mote_status keep(mote_opctx *c, mote_variable *v, const mote_tensor *t) {
  size_t bytes;
  if (!mote_tensor_bytes(t, &bytes) || (v->data = mote_alloc(c->env->al, bytes)) == NULL)
    return mote_fail_nomem(c->err);
  v->bytes = bytes;
  v->t = *t;
  v->t.data = v->data;
  mote_tensor_set_dense(&v->t);
  if (bytes > 0)
    mote_tensor_copy(t, &v->t);
  v->assigned = true;
  return MOTE_OK;
}
// Inputs: table, keys, values. What a table holds stays: filling it again changes nothing.
static mote_status import_eval(mote_opctx *c) {
  mote_variable *keys, *values;
  if (mote_tensor_numel(c->in[1]) != mote_tensor_numel(c->in[2]))
    return mote_op_fail(c, MOTE_ERR_SHAPE, "keys and values differ in number");
  MOTE_TRY(table_slots(c, &keys, &values));
  if (keys->assigned)
    return MOTE_OK;
  MOTE_TRY(keep(c, keys, c->in[1]));
  return keep(c, values, c->in[2]);
}

static bool same_key(const mote_tensor *a, int64_t i, const mote_tensor *b, int64_t k) {
  if (a->dtype == MOTE_STRING) {
    const mote_strref *x = (const mote_strref *)a->data + i, *y = (const mote_strref *)b->data + k;
    return x->len == y->len && (x->len == 0 || memcmp(x->at, y->at, x->len) == 0);
  }
  size_t size = mote_dtype_size(a->dtype);
  return memcmp((const char *)a->data + (size_t)i * size, (const char *)b->data + (size_t)k * size, size) == 0;
}

// Inputs: table, keys, default value.
static mote_status find_eval(mote_opctx *c) {
  mote_variable *keys, *values;
  const mote_tensor *q = c->in[1], *def = c->in[2];
  MOTE_TRY(table_slots(c, &keys, &values));
  if (!keys->assigned || keys->t.dtype != q->dtype || values->t.dtype != def->dtype || mote_tensor_numel(def) < 1)
    return mote_op_fail(c, MOTE_ERR_TYPE, "the table is empty or holds other types");
  mote_out(c, 0, def->dtype, q->rank, q->dim);
  MOTE_TRY(mote_op_output(c, 0));
  size_t size = mote_dtype_size(def->dtype);
  int64_t n = mote_tensor_numel(q), held = mote_tensor_numel(&keys->t);
  for (int64_t i = 0; i < n; i++) {
    const char *from = def->data;
    for (int64_t k = 0; k < held; k++)
      if (same_key(q, i, &keys->t, k)) {
        from = (const char *)values->t.data + (size_t)k * size;
        break;
      }
    memcpy((char *)c->out[0]->data + (size_t)i * size, from, size);
  }
  return MOTE_OK;
}
static mote_status size_eval(mote_opctx *c) {
  mote_variable *keys, *values;
  int64_t dim = 1;
  MOTE_TRY(table_slots(c, &keys, &values));
  mote_out(c, 0, MOTE_I64, 1, &dim);
  MOTE_TRY(mote_op_output(c, 0));
  *(int64_t *)c->out[0]->data = keys->assigned ? mote_tensor_numel(&keys->t) : 0;
  return MOTE_OK;
}
#define TABLE_FLAGS (MOTE_OP_EFFECT | MOTE_OP_NO_FOLD)
static const mote_op op_table_import = {"hash_table_import",
                                        MOTE_RULES(.flags = TABLE_FLAGS, .min_in = 3, .max_in = 3, .n_out = 0,
                                                   .infer = table_use_infer, .eval = import_eval)};
static const mote_op op_table_find = {"hash_table_find",
                                      MOTE_RULES(.flags = TABLE_FLAGS, .min_in = 3, .max_in = 3, .n_out = 1,
                                                 .infer = table_use_infer, .eval = find_eval)};
static const mote_op op_table_size = {"hash_table_size",
                                      MOTE_RULES(.flags = TABLE_FLAGS, .min_in = 1, .max_in = 1, .n_out = 1,
                                                 .infer = table_use_infer, .eval = size_eval)};

// Inputs: queries [n], keys [m] sorted, values [m, ...]. Outputs: values (0 or "" where the key is missing) and hits.
static mote_status lookup_infer(mote_opctx *c) {
  const mote_tensor *q = c->in[0], *v = c->in[2];
  int64_t dim[MOTE_MAX_RANK];
  MOTE_TRY(mote_want_rank(c, 0, 1, 1));
  MOTE_TRY(mote_want_rank(c, 1, 1, 1));
  MOTE_TRY(mote_want_rank(c, 2, 1, MOTE_MAX_RANK));
  MOTE_TRY(mote_want_same(c, 0, 1));
  if (v->dim[0] != c->in[1]->dim[0] || mote_dtype_size(v->dtype) == 0 || mote_dtype_size(q->dtype) == 0)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "keys and values differ in number");
  memcpy(dim, v->dim, sizeof dim);
  dim[0] = q->dim[0];
  mote_out(c, 0, v->dtype, v->rank, dim);
  mote_out(c, 1, MOTE_U8, 1, q->dim);
  return MOTE_OK;
}
static mote_status lookup_eval(mote_opctx *c) {
  const mote_tensor *q = c->in[0], *keys = c->in[1], *v = c->in[2];
  size_t row = (size_t)mote_dims_product(v, 1, v->rank) * mote_dtype_size(v->dtype);
  for (int64_t i = 0; i < q->dim[0]; i++) {
    char *to = (char *)c->out[0]->data + (size_t)i * row;
    uint8_t hit = 0;
    memset(to, 0, row);
    for (int64_t k = 0; k < keys->dim[0] && !hit; k++)
      if (same_key(q, i, keys, k)) {
        memcpy(to, (const char *)v->data + (size_t)k * row, row);
        hit = 1;
      }
    ((uint8_t *)c->out[1]->data)[i] = hit;
  }
  return MOTE_OK;
}
static const mote_op op_lookup = {
    "table_lookup", MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 2, .infer = lookup_infer, .eval = lookup_eval)};

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_OP(10, 1, "HASHTABLE_LOOKUP", op_lookup),
    MOTE_TFLITE_OP(136, 1, "HASHTABLE table:i32 key:dtype value:dtype", op_table),
    MOTE_TFLITE_OP(137, 1, "HASHTABLE_FIND", op_table_find),
    MOTE_TFLITE_OP(138, 1, "HASHTABLE_IMPORT", op_table_import),
    MOTE_TFLITE_OP(139, 1, "HASHTABLE_SIZE", op_table_size),
};
const mote_op_family mote_family_table = {MOTE_ROWS(tflite, tflite_rows)};
