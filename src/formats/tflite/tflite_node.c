// Operators of a .tflite: opcodes, the list of what is missing, options by the rows' field data, nodes of the graph.
// Knows no operator by name. Tests: tests/unit/test_tflite.c
#include <string.h>

#include "formats/tflite/tflite_reader.h"

enum { CUSTOM = MOTE_TFLITE_CUSTOM };
#define MAX_FIELDS 16  // of an options table
#define MAX_ARGS 192   // inputs and fields of one call
#define MAX_PORTS 1024 // inputs or outputs of one node

// ------------------------------------------------------------------------------------------------ opcodes

static mote_status opcode_read(tfl_reader *r, tfl_opcode *o, mote_fb_table t) {
  int32_t old = mote_fb_i8(&r->fb, t, FB_OPCODE_OLD, 0), now = mote_fb_i32(&r->fb, t, FB_OPCODE_BUILTIN, 0);
  o->builtin = old > now ? old : now; // writers fill one of them or both
  o->version = mote_fb_i32(&r->fb, t, FB_OPCODE_VERSION, 1);
  o->custom = tfl_string(r, mote_fb_string(&r->fb, t, FB_OPCODE_CUSTOM), NULL);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (o->builtin >= 0 && o->builtin <= UINT16_MAX && (o->builtin != CUSTOM || o->custom != NULL))
    o->row = mote_tflite_row_find((uint16_t)o->builtin, o->custom);
  if (o->row == NULL)
    return MOTE_OK;
  o->words = o->row->text + strcspn(o->row->text, " ");
  o->name = tfl_string(r, (mote_span){(const uint8_t *)o->row->text, (size_t)(o->words - o->row->text)}, NULL);
  return o->name != NULL ? MOTE_OK : mote_fail_nomem(r->err);
}

mote_status tfl_opcodes_read(tfl_reader *r, mote_fb_table model) {
  mote_fb_vec v = mote_fb_vector(&r->fb, model, FB_MODEL_OPCODES, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  r->n_opcodes = v.count;
  r->opcodes = MOTE_ARENA_ARRAY(&r->model->arena, tfl_opcode, v.count);
  if (r->opcodes == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < v.count; i++)
    MOTE_TRY(opcode_read(r, &r->opcodes[i], mote_fb_vec_table(&r->fb, v, i)));
  return MOTE_OK;
}

// Adds what an opcode lacks to the error; the message is the first one's.
static void report_missing(tfl_reader *r, tfl_opcode *o, uint32_t graph, uint32_t node) {
  int known = o->row != NULL ? o->row->version & ~MOTE_TFLITE_LOWERED : 0;
  if (o->reported || (o->row != NULL && o->version <= known))
    return;
  o->reported = true;
  mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "operators are missing");
  if (o->builtin == CUSTOM)
    mote_fail_item(r->err, "custom operator %s (subgraph %u node %u)", o->custom != NULL ? o->custom : "without a name",
                   graph, node);
  else if (o->row == NULL)
    mote_fail_item(r->err, "builtin operator %d (subgraph %u node %u)", o->builtin, graph, node);
  else
    mote_fail_item(r->err, "%s version %d, known up to %d (subgraph %u node %u)", o->name, o->version, known, graph,
                   node);
}

mote_status tfl_missing(tfl_reader *r, mote_fb_vec subgraphs) {
  bool any = false;
  for (uint32_t g = 0; g < subgraphs.count; g++) {
    mote_fb_vec ops = mote_fb_vector(&r->fb, mote_fb_vec_table(&r->fb, subgraphs, g), FB_GRAPH_OPERATORS, 4);
    for (uint32_t n = 0; n < ops.count; n++) {
      uint32_t code = mote_fb_u32(&r->fb, mote_fb_vec_table(&r->fb, ops, n), FB_NODE_OPCODE, 0);
      MOTE_TRY(mote_fb_check(&r->fb, r->err));
      if (code >= r->n_opcodes)
        return mote_fail(r->err, MOTE_ERR_FORMAT,
                         "subgraph %u node %u: operator code %u is not among the %u of the file", g, n, code,
                         r->n_opcodes);
      report_missing(r, &r->opcodes[code], g, n);
      any = any || r->opcodes[code].reported;
    }
  }
  return any ? MOTE_ERR_UNSUPPORTED : mote_fb_check(&r->fb, r->err);
}

// ------------------------------------------------------------------------------------------------ options

typedef enum fb_kind { FB_BOOL, FB_I8, FB_I32, FB_I64, FB_F32, FB_DTYPE, FB_STR, FB_I32S, FB_I64S, FB_F32S } fb_kind;
static const char *const fb_kinds[] = {"bool", "i8", "i32", "i64", "f32", "dtype", "str", "i32s", "i64s", "f32s"};

// A field of an options table, as a word of a row tells it.
typedef struct tfl_field {
  char name[24];
  uint16_t number;
  uint8_t kind; // fb_kind
  int8_t def;
} tfl_field;

// The row's next field, number `f->number` or above; false when there are no more: *at is behind them.
static bool field_next(const char **at, tfl_field *f) {
  for (const char *word = *at; word != NULL; f->number++) {
    word += strspn(word, " ");
    size_t len = strcspn(word, " "), name = strcspn(word, ":"), kind = strcspn(word, " =");
    *at = word;
    if (len == 1 && *word == '-') {
      word += len;
      continue;
    }
    if (name >= len || name >= sizeof f->name)
      return false;
    memcpy(f->name, word, name);
    f->name[name] = 0;
    for (f->kind = 0; f->kind < FB_F32S && (strlen(fb_kinds[f->kind]) != kind - name - 1 ||
                                            memcmp(fb_kinds[f->kind], word + name + 1, kind - name - 1) != 0);)
      f->kind++;
    f->def = (int8_t)(word[kind] == '=' ? word[kind + 1] - '0' : 0);
    *at = word + len;
    return true;
  }
  return false;
}

// A vector of integers or floats; a->kind says which, and becomes MOTE_ARG_NONE where the file has none.
static mote_status field_items(tfl_reader *r, mote_fb_table t, const tfl_field *f, uint32_t item, mote_arg *a) {
  mote_fb_vec v = mote_fb_vector(&r->fb, t, f->number, item);
  int32_t *count = a->kind == MOTE_ARG_INTS ? &a->ints.count : &a->floats.count;
  if (v.count > MOTE_MAX_INTS)
    return mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "option %s has %u items", f->name, v.count);
  *count = v.data != NULL ? (int32_t)v.count : -1;
  for (uint32_t i = 0; i < v.count; i++)
    if (a->kind == MOTE_ARG_FLOATS)
      a->floats.at[i] = mote_fb_vec_f32(v, i);
    else
      a->ints.at[i] = item == 4 ? mote_fb_vec_i32(v, i) : mote_fb_vec_i64(v, i);
  if (v.data == NULL)
    a->kind = MOTE_ARG_NONE;
  return MOTE_OK;
}

// The field as a neutral argument.
static mote_status field_read(tfl_reader *r, mote_fb_table t, const tfl_field *f, mote_arg *a) {
  memset(a, 0, sizeof *a);
  a->name = f->name;
  a->kind = MOTE_ARG_SCALAR;
  a->scalar.kind = 'i';
  mote_fb *fb = &r->fb;
  switch ((fb_kind)f->kind) {
  case FB_BOOL:
    a->scalar.kind = 'b', a->scalar.i = mote_fb_bool(fb, t, f->number, f->def != 0);
    break;
  case FB_I8:
    a->scalar.i = mote_fb_i8(fb, t, f->number, f->def);
    break;
  case FB_I32:
    a->scalar.i = mote_fb_i32(fb, t, f->number, f->def);
    break;
  case FB_I64:
    a->scalar.i = mote_fb_i64(fb, t, f->number, f->def);
    break;
  case FB_F32:
    a->scalar.kind = 'f';
    a->scalar.f = mote_fb_f32(fb, t, f->number, f->def);
    break;
  case FB_DTYPE: {
    mote_dtype d = MOTE_NONE;
    int8_t type = mote_fb_i8(fb, t, f->number, f->def);
    if (!tfl_dtype(type, &d))
      return mote_fail(r->err, MOTE_ERR_FORMAT, "option %s: element type %d", f->name, type);
    a->scalar.i = d;
    break;
  }
  case FB_I32S:
  case FB_I64S:
  case FB_F32S:
    a->kind = f->kind == FB_F32S ? MOTE_ARG_FLOATS : MOTE_ARG_INTS;
    MOTE_TRY(field_items(r, t, f, f->kind == FB_I64S ? 8 : 4, a));
    break;
  case FB_STR: {
    mote_span s = mote_fb_string(fb, t, f->number);
    a->kind = s.data != NULL ? MOTE_ARG_STR : MOTE_ARG_NONE;
    a->str = tfl_string(r, s, NULL);
    a->count = (int32_t)s.size;
    break;
  }
  }
  if (a->scalar.kind != 'f')
    a->scalar.f = (double)a->scalar.i;
  else
    a->scalar.i = 0;
  return mote_fb_check(fb, r->err);
}

static mote_status attr_graph(tfl_reader *r, const mote_arg *a, int32_t *out) {
  if (a->scalar.i < 0 || a->scalar.i >= r->model->n_graphs)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "%s: subgraph %lld is not among the %d of the file", a->name,
                     (long long)a->scalar.i, r->model->n_graphs);
  *out = (int32_t)a->scalar.i;
  return MOTE_OK;
}

// Puts an argument into the attribute of the same name, where the operator has one.
static mote_status attr_set(tfl_reader *r, const mote_op *op, void *attr, const mote_arg *a) {
  const mote_attr_field *f = mote_attr_find(op, a->name);
  if (f == NULL || a->kind == MOTE_ARG_NONE)
    return MOTE_OK;
  void *m = (char *)attr + f->offset;
  switch ((mote_attr_kind)f->kind) {
  case MOTE_ATTR_INT:
    *(int64_t *)m = a->scalar.i;
    break;
  case MOTE_ATTR_FLOAT:
    *(double *)m = a->scalar.f;
    break;
  case MOTE_ATTR_BOOL:
    *(bool *)m = a->scalar.i != 0;
    break;
  case MOTE_ATTR_DTYPE:
    *(int32_t *)m = (int32_t)a->scalar.i;
    break;
  case MOTE_ATTR_INTS:
    *(mote_ints *)m = a->ints;
    break;
  case MOTE_ATTR_FLOATS:
    *(mote_floats *)m = a->floats;
    break;
  case MOTE_ATTR_STR:
    *(const char **)m = a->str;
    break;
  case MOTE_ATTR_SCALAR:
    *(mote_scalar *)m = a->scalar;
    break;
  case MOTE_ATTR_GRAPH:
    return attr_graph(r, a, m);
  }
  return MOTE_OK;
}

// The options table, checked to be the one that this operator takes.
static mote_status options_find(tfl_reader *r, mote_fb_table node, const tfl_opcode *o, mote_fb_table *out) {
  bool second;
  uint8_t want = tfl_options_type(o->builtin, &second);
  uint8_t type = mote_fb_u8(&r->fb, node, second ? FB_NODE_OPTIONS2_TYPE : FB_NODE_OPTIONS_TYPE, 0);
  memset(out, 0, sizeof *out);
  if (type == 0 || want == 0)
    return mote_fb_check(&r->fb, r->err);
  if (type != want)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "its options are of kind %u, %u is needed", type, want);
  *out = mote_fb_sub(&r->fb, node, second ? FB_NODE_OPTIONS2 : FB_NODE_OPTIONS);
  return mote_fb_check(&r->fb, r->err);
}

// ------------------------------------------------------------------------------------------------ nodes

typedef struct tfl_call {
  const tfl_opcode *code;
  int32_t n_in, n_out;
  mote_vid in[MAX_PORTS];
  int32_t out[MAX_PORTS]; // tensors
} tfl_call;

static mote_status call_ports(tfl_reader *r, mote_fb_table node, tfl_call *call) {
  mote_fb_vec in = mote_fb_vector(&r->fb, node, FB_NODE_INPUTS, 4),
              out = mote_fb_vector(&r->fb, node, FB_NODE_OUTPUTS, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (in.count > MAX_PORTS || out.count > MAX_PORTS)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "%u inputs and %u outputs, the most is %d", in.count, out.count,
                     MAX_PORTS);
  call->n_in = (int32_t)in.count;
  call->n_out = (int32_t)out.count;
  for (uint32_t i = 0; i < in.count; i++) {
    int32_t t = mote_fb_vec_i32(in, i);
    call->in[i] = -1;
    if (t == -1)
      continue;
    mote_status s = tfl_value_of(r, t, &call->in[i]);
    if (s != MOTE_OK) {
      mote_fail_place(r->err, "input %u", i);
      return s;
    }
  }
  for (uint32_t i = 0; i < out.count; i++) {
    int32_t t = call->out[i] = mote_fb_vec_i32(out, i);
    if (t < 0 || (uint32_t)t >= r->n_tensors)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "output %u: tensor %d is not among the %u of the subgraph", i, t,
                       r->n_tensors);
    if (r->tensors[t].vid >= 0 || r->tensors[t].bytes.size > 0)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "output %u: tensor %d is a constant, an input or computed twice", i, t);
  }
  return MOTE_OK;
}

// Values for the outputs that the file names, and nameless ones for those it leaves out.
static mote_status call_outputs(tfl_reader *r, const tfl_call *call, int32_t n, mote_vid *out) {
  for (int32_t i = 0; i < n; i++) {
    if (i >= call->n_out) {
      mote_tensor none = {.quant = {.axis = -1}};
      MOTE_TRY(mote_graph_value(r->g, &none, 0, NULL, &out[i], r->err));
      continue;
    }
    tfl_tensor *t = &r->tensors[call->out[i]];
    if (t->vid >= 0)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "output %d: tensor %d stands twice", i, call->out[i]);
    MOTE_TRY(mote_graph_value(r->g, &t->t, 0, t->name, &t->vid, r->err));
    out[i] = t->vid;
  }
  return MOTE_OK;
}

// Inputs in the operator's own order, which a bar in the row's options announces.
static int32_t call_inputs(const tfl_call *call, const char *options, mote_vid *in) {
  const char *order = strchr(options, '|');
  if (order == NULL) {
    memcpy(in, call->in, (size_t)call->n_in * sizeof *in);
    return call->n_in;
  }
  int32_t n = 0;
  for (const char *s = order + 1 + strspn(order + 1, " "); *s != 0;) {
    int32_t k = 0;
    for (; *s >= '0' && *s <= '9'; s++)
      k = k * 10 + (*s - '0');
    in[n++] = k < call->n_in ? call->in[k] : -1;
    for (; *s == ' '; s++)
      ;
  }
  return n;
}

// Optional inputs that the file leaves out at the end need no place.
static int32_t trim_inputs(const mote_op *op, const mote_vid *in, int32_t n) {
  while (n > op->rules->min_in && in[n - 1] < 0)
    n--;
  return n;
}

static mote_status plain_node(tfl_reader *r, mote_fb_table options, const tfl_call *call) {
  const mote_op *op = call->code->row->op;
  void *attr = mote_arena_alloc(&r->g->arena, op->rules->attr_size + 1u);
  if (attr == NULL)
    return mote_fail_nomem(r->err);
  mote_attr_defaults(op, attr);
  const char *words = call->code->words;
  for (tfl_field f = {.number = 0}; field_next(&words, &f); f.number++) {
    mote_arg a;
    MOTE_TRY(field_read(r, options, &f, &a));
    MOTE_TRY(attr_set(r, op, attr, &a));
  }
  MOTE_TRY(mote_attr_fixed(op, attr, words, r->err));
  mote_vid in[MAX_PORTS], out[MAX_PORTS];
  int32_t n_in = trim_inputs(op, in, call_inputs(call, call->code->words, in));
  int32_t n_out = op->rules->flags & MOTE_OP_LIST_OUT ? call->n_out : op->rules->n_out;
  if (call->n_out > n_out)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "%d outputs, the operator has %d", call->n_out, n_out);
  MOTE_TRY(call_outputs(r, call, n_out, out));
  return mote_graph_node(r->g, op, attr, in, n_in, out, n_out, r->node, call->code->name, r->err);
}

// ------------------------------------------------------------------------------------------------ irregular operators

static mote_status builder_emit(mote_lowering *l, const mote_op *op, const void *attr, const mote_vid *in, int32_t n_in,
                                mote_vid *out, int32_t n_out) {
  tfl_reader *r = l->builder;
  mote_tensor none = {.quant = {.axis = -1}};
  for (int32_t i = 0; i < n_out; i++)
    MOTE_TRY(mote_graph_value(r->g, &none, 0, NULL, &out[i], r->err));
  return mote_graph_node(r->g, op, attr, in, n_in, out, n_out, r->node, r->opcodes != NULL ? op->name : NULL, r->err);
}

static const mote_tensor *builder_desc(mote_lowering *l, mote_vid ref) {
  tfl_reader *r = l->builder;
  return &r->g->values.at[ref].t;
}

static mote_status builder_constant(mote_lowering *l, const mote_tensor *t, mote_vid *out) {
  tfl_reader *r = l->builder;
  size_t bytes;
  mote_storage *s;
  if (!mote_tensor_bytes(t, &bytes))
    return mote_fail(r->err, MOTE_ERR_INTERNAL, "constant too large");
  MOTE_TRY(tfl_storage(r, bytes, &s));
  memcpy(s->data, t->data, bytes);
  mote_tensor copy = *t;
  copy.data = s->data;
  mote_tensor_set_dense(&copy);
  mote_status status = mote_graph_const(r->g, &copy, s, 0, NULL, out, r->err);
  mote_storage_release(s);
  return status;
}

// The results take the places, names and declared quantisation of the file's output tensors.
static mote_status bind_results(tfl_reader *r, const tfl_call *call, const mote_lowering *l) {
  if (l->n_out < call->n_out)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "%d outputs, the operator has %d", call->n_out, l->n_out);
  for (int32_t i = 0; i < call->n_out; i++) {
    tfl_tensor *t = &r->tensors[call->out[i]];
    mote_gvalue *v = &r->g->values.at[l->result[i]];
    t->vid = l->result[i];
    if (v->producer >= 0 && v->name == NULL) {
      v->name = t->name;
      v->t = t->t;
    }
  }
  return MOTE_OK;
}

static mote_status lowered_node(tfl_reader *r, mote_fb_table node, mote_fb_table options, const tfl_call *call) {
  const mote_tflite_lowered *how = call->code->row->lowered;
  mote_arg *args = MOTE_ARENA_ARRAY(&r->g->arena, mote_arg, MAX_ARGS);
  mote_lowering *l = MOTE_ARENA_NEW(&r->g->arena, mote_lowering);
  if (args == NULL || l == NULL)
    return mote_fail_nomem(r->err);
  int32_t n = 0;
  if (call->n_in > MAX_ARGS / 2)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "%d inputs", call->n_in);
  for (; n < call->n_in; n++) {
    args[n].kind = call->in[n] >= 0 ? MOTE_ARG_TENSOR : MOTE_ARG_NONE;
    args[n].ref = call->in[n];
  }
  const char *words = call->code->words;
  tfl_field *fields = MOTE_ARENA_ARRAY(&r->g->arena, tfl_field, MAX_FIELDS + 1); // arguments have their names there
  if (fields == NULL)
    return mote_fail_nomem(r->err);
  for (int32_t k = 0; k < MAX_FIELDS && field_next(&words, &fields[k]); k++, n++) {
    MOTE_TRY(field_read(r, options, &fields[k], &args[n]));
    fields[k + 1].number = fields[k].number + 1;
  }
  mote_fb_vec custom = mote_fb_vector(&r->fb, node, FB_NODE_CUSTOM_OPTIONS, 1);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (custom.data != NULL) {
    args[n].name = "custom_options";
    args[n].kind = MOTE_ARG_STR;
    args[n].str = (const char *)custom.data;
    args[n++].count = (int32_t)custom.count;
  }
  *l = (mote_lowering){.args = args,
                       .n_args = n,
                       .n_results = call->n_out,
                       .op = how->op,
                       .builder = r,
                       .emit = builder_emit,
                       .desc = builder_desc,
                       .constant = builder_constant,
                       .err = r->err};
  MOTE_TRY(how->lower(l));
  return bind_results(r, call, l);
}

static mote_status node_read(tfl_reader *r, mote_fb_table node) {
  tfl_call *call = MOTE_NEW(r->model->al, tfl_call);
  if (call == NULL)
    return mote_fail_nomem(r->err);
  mote_fb_table options;
  call->code = &r->opcodes[mote_fb_u32(&r->fb, node, FB_NODE_OPCODE, 0)]; // in range: tfl_missing saw it
  mote_status s = call_ports(r, node, call);
  if (s == MOTE_OK)
    s = options_find(r, node, call->code, &options);
  if (s == MOTE_OK)
    s = mote_tflite_row_lowered(call->code->row) != NULL ? lowered_node(r, node, options, call)
                                                         : plain_node(r, options, call);
  if (s != MOTE_OK) {
    mote_fail_node(r->err, r->node);
    mote_fail_place(r->err, "node %d %s", r->node, call->code->name);
  }
  mote_free(r->model->al, call);
  return s;
}

mote_status tfl_nodes_read(tfl_reader *r, mote_fb_table graph) {
  mote_fb_vec ops = mote_fb_vector(&r->fb, graph, FB_GRAPH_OPERATORS, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  for (uint32_t i = 0; i < ops.count; i++) {
    r->node = (int32_t)i;
    MOTE_TRY(node_read(r, mote_fb_vec_table(&r->fb, ops, i)));
  }
  return MOTE_OK;
}
