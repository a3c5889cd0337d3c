// Building and checking graphs. Knows no operator's meaning. Tests: tests/unit/test_graph.c
#include "core/graph/graph.h"

#include <math.h>
#include <string.h>

#include "base/map.h"

void mote_graph_init(mote_graph *g, const mote_allocator *al) {
  memset(g, 0, sizeof *g);
  mote_arena_init(&g->arena, al, 0);
}

void mote_graph_destroy(mote_graph *g) {
  const mote_allocator *al = g->arena.al;
  if (al == NULL)
    return;
  for (size_t i = 0; i < g->values.len; i++)
    mote_storage_release(g->values.at[i].storage);
  MOTE_VEC_FREE(al, &g->values);
  MOTE_VEC_FREE(al, &g->nodes);
  MOTE_VEC_FREE(al, &g->inputs);
  MOTE_VEC_FREE(al, &g->outputs);
  mote_arena_destroy(&g->arena);
  memset(g, 0, sizeof *g);
}

// The graph may outlive the tensor that it was told of: scales per channel are its own.
static mote_status keep_quant(mote_graph *g, mote_quant *q, mote_error *err) {
  if (q->count <= 1)
    return MOTE_OK;
  size_t n = (size_t)q->count;
  double *scales = MOTE_ARENA_ARRAY(&g->arena, double, n);
  int32_t *zeros = q->zero_points != NULL ? MOTE_ARENA_ARRAY(&g->arena, int32_t, n) : NULL;
  if (scales == NULL || (q->zero_points != NULL && zeros == NULL))
    return mote_fail_nomem(err);
  for (size_t i = 0; i < n; i++) {
    scales[i] = q->scales != NULL ? q->scales[i] : q->scale;
    if (zeros != NULL)
      zeros[i] = q->zero_points[i];
  }
  q->scales = scales;
  q->zero_points = zeros;
  return MOTE_OK;
}

mote_status mote_graph_value(mote_graph *g, const mote_tensor *t, uint32_t flags, const char *name, mote_vid *out,
                             mote_error *err) {
  mote_gvalue v = {.t = *t, .flags = flags, .producer = -1, .name = name};
  if (g->values.len >= INT32_MAX / 2)
    return mote_fail(err, MOTE_ERR_LIMIT, "graph has too many values");
  MOTE_TRY(keep_quant(g, &v.t.quant, err));
  MOTE_TRY(MOTE_VEC_PUSH(g->arena.al, &g->values, v, err));
  *out = (mote_vid)(g->values.len - 1);
  return MOTE_OK;
}

mote_status mote_graph_const(mote_graph *g, const mote_tensor *t, mote_storage *storage, uint64_t key, const char *name,
                             mote_vid *out, mote_error *err) {
  MOTE_TRY(mote_graph_value(g, t, MOTE_VALUE_CONST, name, out, err));
  mote_gvalue *v = &g->values.at[*out];
  v->storage = storage != NULL ? mote_storage_retain(storage) : NULL;
  v->key = key != 0 ? key : (uint64_t)(uintptr_t)t->data;
  return MOTE_OK;
}

static mote_status check_arity(const mote_op *op, int32_t n_in, mote_error *err) {
  if (n_in < op->rules->min_in || (op->rules->max_in >= 0 && n_in > op->rules->max_in))
    return mote_fail(err, MOTE_ERR_FORMAT, "%s takes %d to %d inputs, got %d", op->name, op->rules->min_in,
                     op->rules->max_in, n_in);
  return MOTE_OK;
}

static mote_vid *copy_ids(mote_arena *arena, const mote_vid *ids, int32_t n) {
  mote_vid *copy = MOTE_ARENA_ARRAY(arena, mote_vid, n > 0 ? n : 1);
  if (copy != NULL && n > 0)
    memcpy(copy, ids, (size_t)n * sizeof *ids);
  return copy;
}

mote_status mote_graph_node(mote_graph *g, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                            const mote_vid *out, int32_t n_out, int32_t origin, const char *source, mote_error *err) {
  MOTE_TRY(check_arity(op, n_in, err));
  mote_node node = {.op = op, .n_in = n_in, .n_out = n_out, .origin = origin, .source = source};
  node.attr = mote_arena_alloc(&g->arena, op->rules->attr_size + 1u);
  node.in = copy_ids(&g->arena, in, n_in);
  node.out = copy_ids(&g->arena, out, n_out);
  if (node.attr == NULL || node.in == NULL || node.out == NULL)
    return mote_fail_nomem(err);
  if (attr != NULL && op->rules->attr_size > 0)
    memcpy(node.attr, attr, op->rules->attr_size);
  MOTE_TRY(MOTE_VEC_PUSH(g->arena.al, &g->nodes, node, err));
  for (int32_t i = 0; i < n_out; i++)
    if (out[i] >= 0 && (size_t)out[i] < g->values.len)
      g->values.at[out[i]].producer = (int32_t)g->nodes.len - 1;
  return MOTE_OK;
}

uint64_t mote_const_identity(const mote_gvalue *v) {
  uint64_t h = mote_hash_u64(v->key, v->storage != NULL ? v->storage->version + 1u : 1u);
  return h != 0 ? h : 1;
}

static bool defined(const mote_graph *g, mote_vid id, int32_t before) {
  const mote_gvalue *v = &g->values.at[id];
  if (v->flags & (MOTE_VALUE_CONST | MOTE_VALUE_INPUT | MOTE_VALUE_STATE))
    return true;
  return v->producer >= 0 && v->producer < before;
}

static mote_status verify_node(const mote_graph *g, int32_t n, mote_error *err) {
  const mote_node *node = &g->nodes.at[n];
  MOTE_TRY(check_arity(node->op, node->n_in, err));
  for (int32_t i = 0; i < node->n_in; i++) {
    mote_vid id = node->in[i];
    if (id < -1 || id >= (mote_vid)g->values.len)
      return mote_fail(err, MOTE_ERR_FORMAT, "%s: input %d is value %d of %zu", node->op->name, i, id, g->values.len);
    if (id < 0 && i < node->op->rules->min_in)
      return mote_fail(err, MOTE_ERR_FORMAT, "%s: input %d is missing", node->op->name, i);
    if (id >= 0 && !defined(g, id, n))
      return mote_fail(err, MOTE_ERR_FORMAT, "%s: input %d (value %d) is used before it is computed", node->op->name, i,
                       id);
  }
  for (int32_t i = 0; i < node->n_out; i++) {
    mote_vid id = node->out[i];
    if (id < 0 || id >= (mote_vid)g->values.len)
      return mote_fail(err, MOTE_ERR_FORMAT, "%s: output %d is value %d of %zu", node->op->name, i, id, g->values.len);
    const mote_gvalue *v = &g->values.at[id];
    if ((v->flags & (MOTE_VALUE_CONST | MOTE_VALUE_INPUT)) || v->producer != n)
      return mote_fail(err, MOTE_ERR_FORMAT, "%s: output %d (value %d) is a constant, an input or computed twice",
                       node->op->name, i, id);
  }
  return MOTE_OK;
}

mote_status mote_graph_verify(const mote_graph *g, mote_error *err) {
  for (size_t n = 0; n < g->nodes.len; n++) {
    mote_status s = verify_node(g, (int32_t)n, err);
    if (s != MOTE_OK) {
      mote_fail_node(err, (int32_t)n);
      mote_fail_place(err, "node %zu", n);
      return s;
    }
  }
  for (size_t i = 0; i < g->outputs.len; i++) {
    mote_vid id = g->outputs.at[i];
    if (id < 0 || id >= (mote_vid)g->values.len || !defined(g, id, (int32_t)g->nodes.len))
      return mote_fail(err, MOTE_ERR_FORMAT, "graph output %zu (value %d) is never computed", i, id);
  }
  return MOTE_OK;
}

static void set_number(void *member, uint8_t kind, double v) {
  switch ((mote_attr_kind)kind) {
  case MOTE_ATTR_INT:
    *(int64_t *)member = (int64_t)v;
    break;
  case MOTE_ATTR_FLOAT:
    *(double *)member = v;
    break;
  case MOTE_ATTR_BOOL:
    *(bool *)member = v != 0;
    break;
  case MOTE_ATTR_DTYPE:
  case MOTE_ATTR_GRAPH:
    *(int32_t *)member = (int32_t)v;
    break;
  case MOTE_ATTR_INTS:
    ((mote_ints *)member)->count = (int32_t)v;
    break;
  case MOTE_ATTR_FLOATS:
    ((mote_floats *)member)->count = (int32_t)v;
    break;
  case MOTE_ATTR_SCALAR:
    *(mote_scalar *)member = (mote_scalar){.kind = 0, .i = (int64_t)v, .f = v};
    break;
  case MOTE_ATTR_STR:
    break;
  }
}

// A power of ten is exact, so that the quotient is rounded once, as a decimal constant is.
static double field_default(const mote_attr_field *f, int32_t variant) {
  double power = 1, def = (double)f->def + variant;
  if (f->power == MOTE_ATTR_INFINITE)
    return def * HUGE_VAL;
  for (int i = f->power; i < 0; i++)
    power *= 10;
  return def / power;
}

void mote_attr_defaults(const mote_op *op, void *attr) {
  memset(attr, 0, op->rules->attr_size);
  for (uint8_t i = 0; i < op->rules->n_fields; i++) {
    const mote_attr_field *f = &op->rules->field[i];
    set_number((char *)attr + f->offset, f->kind, field_default(f, i == 0 ? op->variant : 0));
  }
}

const mote_attr_field *mote_attr_find(const mote_op *op, const char *name) {
  for (uint8_t i = 0; i < op->rules->n_fields; i++)
    if (strcmp(op->rules->field[i].name, name) == 0)
      return &op->rules->field[i];
  return NULL;
}

static const char *fixed_word(const mote_op *op, const char *s, const mote_attr_field **field, int64_t *value) {
  char name[48];
  size_t n = 0;
  while (*s != '=' && *s != 0 && n + 1 < sizeof name)
    name[n++] = *s++;
  name[n] = 0;
  if (*s != '=')
    return NULL;
  s++;
  bool negative = *s == '-';
  s += negative;
  int64_t v = 0;
  while (*s >= '0' && *s <= '9')
    v = v * 10 + (*s++ - '0');
  *value = negative ? -v : v;
  *field = mote_attr_find(op, name);
  return *field != NULL ? s : NULL;
}

mote_status mote_attr_fixed(const mote_op *op, void *attr, const char *fixed, mote_error *err) {
  for (const char *s = fixed; s != NULL && *s != 0 && *s != '|';) {
    const mote_attr_field *field;
    int64_t value;
    const char *next = fixed_word(op, s, &field, &value);
    if (next == NULL)
      return mote_fail(err, MOTE_ERR_INTERNAL, "operator %s: bad constants '%s'", op->name, fixed);
    void *member = (char *)attr + field->offset;
    if (field->kind == MOTE_ATTR_INTS) // one number stands for a list of one
      *(mote_ints *)member = (mote_ints){.count = 1, .at = {value}};
    else
      set_number(member, field->kind, (double)value);
    if (field->kind == MOTE_ATTR_SCALAR)
      ((mote_scalar *)member)->kind = 'i';
    for (s = next; *s == ' '; s++)
      ;
  }
  return MOTE_OK;
}
