// The container of a .tflite: header, subgraphs, signatures, metadata; the life of a decoded model.
// Knows no operator. Tests: tests/unit/test_tflite.c
#include "formats/tflite/tflite_model.h"

#include <string.h>

#include "formats/tflite/tflite_reader.h"

#define MAX_SUBGRAPHS 4096
#define MAX_PORTS 4096 // named inputs or outputs of a signature

bool mote_tflite_is(mote_span file) {
  mote_fb fb;
  mote_fb_init(&fb, file);
  return mote_fb_identifier(&fb, "TFL3");
}

void mote_tflite_destroy(mote_tflite_model *m) {
  if (m == NULL)
    return;
  for (int32_t i = 0; m->graphs != NULL && i < m->n_graphs; i++)
    if (m->graphs[i] != NULL)
      mote_graph_destroy(m->graphs[i]);
  mote_arena_destroy(&m->arena);
  mote_free(m->al, m);
}

// ------------------------------------------------------------------------------------------------ subgraphs

static mote_status graph_inputs(tfl_reader *r, mote_fb_table table) {
  mote_fb_vec in = mote_fb_vector(&r->fb, table, FB_GRAPH_INPUTS, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  for (uint32_t i = 0; i < in.count; i++) {
    int32_t t = mote_fb_vec_i32(in, i);
    if (t < 0 || (uint32_t)t >= r->n_tensors)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "input %u: tensor %d is not among the %u of the subgraph", i, t,
                       r->n_tensors);
    tfl_tensor *d = &r->tensors[t];
    if (d->vid >= 0)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "input %u: tensor %d stands twice", i, t);
    MOTE_TRY(mote_graph_value(r->g, &d->t, MOTE_VALUE_INPUT, d->name, &d->vid, r->err));
    MOTE_TRY(MOTE_VEC_PUSH(r->g->arena.al, &r->g->inputs, d->vid, r->err));
  }
  return MOTE_OK;
}

static mote_status graph_outputs(tfl_reader *r, mote_fb_table table) {
  mote_fb_vec out = mote_fb_vector(&r->fb, table, FB_GRAPH_OUTPUTS, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  for (uint32_t i = 0; i < out.count; i++) {
    mote_vid vid;
    mote_status s = tfl_value_of(r, mote_fb_vec_i32(out, i), &vid);
    if (s != MOTE_OK) {
      mote_fail_place(r->err, "output %u", i);
      return s;
    }
    r->g->values.at[vid].flags |= MOTE_VALUE_OUTPUT;
    MOTE_TRY(MOTE_VEC_PUSH(r->g->arena.al, &r->g->outputs, vid, r->err));
  }
  return MOTE_OK;
}

static mote_status graph_read(tfl_reader *r, mote_fb_table table, int32_t index) {
  mote_tflite_model *m = r->model;
  r->g = m->graphs[index];
  r->g->name = tfl_string(r, mote_fb_string(&r->fb, table, FB_GRAPH_NAME), "main");
  r->g->siblings = m->graphs;
  r->g->n_siblings = m->n_graphs;
  MOTE_TRY(tfl_tensors_read(r, table));
  MOTE_TRY(graph_inputs(r, table));
  MOTE_TRY(tfl_nodes_read(r, table));
  MOTE_TRY(graph_outputs(r, table));
  MOTE_TRY(mote_graph_verify(r->g, r->err));
  return index == 0 ? tfl_shapes_check(r) : MOTE_OK; // callers give the others their shapes
}

// Subgraphs call each other through attributes; a cycle would never end.
static mote_status calls_end(const mote_tflite_model *m, int32_t g, uint8_t *state, int depth, mote_error *err) {
  if (state[g] == 2)
    return MOTE_OK;
  if (state[g] == 1 || depth > 64)
    return mote_fail(err, MOTE_ERR_FORMAT, "subgraph %d calls itself", g);
  state[g] = 1;
  for (size_t n = 0; n < m->graphs[g]->nodes.len; n++) {
    const mote_node *node = &m->graphs[g]->nodes.at[n];
    for (uint8_t k = 0; k < node->op->rules->n_fields; k++) {
      const mote_attr_field *f = &node->op->rules->field[k];
      int32_t callee = f->kind == MOTE_ATTR_GRAPH ? *(const int32_t *)((const char *)node->attr + f->offset) : -1;
      if (callee >= 0 && callee < m->n_graphs)
        MOTE_TRY(calls_end(m, callee, state, depth + 1, err));
      if (f->kind == MOTE_ATTR_INTS && strcmp(f->name, "graphs") == 0) {
        const mote_ints *list = (const void *)((const char *)node->attr + f->offset);
        for (int32_t i = 0; i < list->count; i++) {
          if (list->at[i] < 0 || list->at[i] >= m->n_graphs)
            return mote_fail(err, MOTE_ERR_FORMAT, "node %zu calls subgraph %lld of %d", n, (long long)list->at[i],
                             m->n_graphs);
          MOTE_TRY(calls_end(m, (int32_t)list->at[i], state, depth + 1, err));
        }
      }
    }
  }
  state[g] = 2;
  return MOTE_OK;
}

static mote_status graphs_read(tfl_reader *r, mote_fb_vec v) {
  mote_tflite_model *m = r->model;
  if (v.count == 0)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "the file has no subgraph");
  if (v.count > MAX_SUBGRAPHS)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "%u subgraphs, the most is %d", v.count, MAX_SUBGRAPHS);
  m->n_graphs = (int32_t)v.count;
  m->graphs = MOTE_ARENA_ARRAY(&m->arena, mote_graph *, v.count);
  uint8_t *state = mote_arena_alloc(&m->arena, v.count);
  if (m->graphs == NULL || state == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < v.count; i++) {
    m->graphs[i] = MOTE_ARENA_NEW(&m->arena, mote_graph);
    if (m->graphs[i] == NULL)
      return mote_fail_nomem(r->err);
    mote_graph_init(m->graphs[i], m->al);
  }
  for (uint32_t i = 0; i < v.count; i++) {
    mote_status s = graph_read(r, mote_fb_vec_table(&r->fb, v, i), (int32_t)i);
    if (s != MOTE_OK) {
      if (v.count > 1)
        mote_fail_place(r->err, "subgraph %u", i);
      return s;
    }
  }
  for (int32_t i = 0; i < m->n_graphs; i++)
    MOTE_TRY(calls_end(m, i, state, 0, r->err));
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ signatures

// Position of tensor `t` of the subgraph among its inputs or outputs. One that stands there several times has a place
// for each of its names: those taken by the `n` ports before this one are left out while there are others.
static int32_t port_index(mote_fb_vec list, uint32_t t, const mote_tflite_port *before, uint32_t n) {
  int32_t found = -1;
  for (uint32_t i = 0; i < list.count; i++) {
    bool taken = false;
    if ((uint32_t)mote_fb_vec_i32(list, i) != t)
      continue;
    for (uint32_t k = 0; k < n; k++)
      taken = taken || before[k].index == (int32_t)i;
    if (!taken)
      return (int32_t)i;
    found = (int32_t)i;
  }
  return found;
}

// By position in the subgraph, so that a signature's ports stand in the same order as the subgraph's own.
static void sort_ports(mote_tflite_port *p, uint32_t n) {
  for (uint32_t i = 1; i < n; i++)
    for (uint32_t k = i; k > 0 && p[k - 1].index > p[k].index; k--) {
      mote_tflite_port t = p[k];
      p[k] = p[k - 1];
      p[k - 1] = t;
    }
}

static mote_status signature_ports(tfl_reader *r, mote_fb_vec maps, mote_fb_vec list, size_t *n,
                                   const mote_tflite_port **out) {
  if (maps.count > MAX_PORTS || list.count > MAX_PORTS)
    return mote_fail(r->err, MOTE_ERR_LIMIT, "%u names, the most is %d", maps.count, MAX_PORTS);
  mote_tflite_port *p = MOTE_ARENA_ARRAY(&r->model->arena, mote_tflite_port, maps.count);
  if (p == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < maps.count; i++) {
    mote_fb_table map = mote_fb_vec_table(&r->fb, maps, i);
    p[i].name = tfl_string(r, mote_fb_string(&r->fb, map, 0), "");
    p[i].index = port_index(list, mote_fb_u32(&r->fb, map, 1, 0), p, i);
    MOTE_TRY(mote_fb_check(&r->fb, r->err));
    if (p[i].name == NULL)
      return mote_fail_nomem(r->err);
    if (p[i].index < 0)
      return mote_fail(r->err, MOTE_ERR_FORMAT, "'%s' is no input or output of its subgraph", p[i].name);
  }
  sort_ports(p, maps.count);
  *n = maps.count;
  *out = p;
  return MOTE_OK;
}

static mote_status signature_read(tfl_reader *r, mote_fb_table t, mote_fb_vec subgraphs, mote_tflite_method *out) {
  uint32_t g = mote_fb_u32(&r->fb, t, 4, 0);
  out->name = tfl_string(r, mote_fb_string(&r->fb, t, 2), "");
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (out->name == NULL)
    return mote_fail_nomem(r->err);
  if (g >= subgraphs.count)
    return mote_fail(r->err, MOTE_ERR_FORMAT, "signature '%s': subgraph %u of %u", out->name, g, subgraphs.count);
  out->graph = (int32_t)g;
  mote_fb_table graph = mote_fb_vec_table(&r->fb, subgraphs, g);
  mote_fb_vec in = mote_fb_vector(&r->fb, graph, FB_GRAPH_INPUTS, 4),
              outs = mote_fb_vector(&r->fb, graph, FB_GRAPH_OUTPUTS, 4);
  mote_status s = signature_ports(r, mote_fb_vector(&r->fb, t, 0, 4), in, &out->n_in, &out->in);
  if (s == MOTE_OK)
    s = signature_ports(r, mote_fb_vector(&r->fb, t, 1, 4), outs, &out->n_out, &out->out);
  if (s == MOTE_OK && out->n_in != in.count)
    s = mote_fail(r->err, MOTE_ERR_FORMAT, "%zu of the subgraph's %u inputs are named", out->n_in, in.count);
  for (size_t i = 0; s == MOTE_OK && i < out->n_in; i++) // each once, or an argument would have no value
    if (out->in[i].index != (int32_t)i)
      s = mote_fail(r->err, MOTE_ERR_FORMAT, "input %zu of the subgraph has no name, another has two", i);
  if (s != MOTE_OK)
    mote_fail_place(r->err, "signature '%s'", out->name);
  return s;
}

static mote_status plain_ports(tfl_reader *r, const mote_graph *g, const mote_vid *ids, size_t n,
                               const mote_tflite_port **out) {
  mote_tflite_port *p = MOTE_ARENA_ARRAY(&r->model->arena, mote_tflite_port, n);
  if (p == NULL)
    return mote_fail_nomem(r->err);
  for (size_t i = 0; i < n; i++) {
    const char *name = g->values.at[ids[i]].name;
    p[i].name = name != NULL ? name : "";
    p[i].index = (int32_t)i;
  }
  *out = p;
  return MOTE_OK;
}

// The primary subgraph in its own order and with the tensors' names.
static mote_status primary_method(tfl_reader *r, mote_tflite_method *out) {
  const mote_graph *g = r->model->graphs[0];
  out->name = "main";
  out->graph = 0;
  out->n_in = g->inputs.len;
  out->n_out = g->outputs.len;
  MOTE_TRY(plain_ports(r, g, g->inputs.at, g->inputs.len, &out->in));
  return plain_ports(r, g, g->outputs.at, g->outputs.len, &out->out);
}

static mote_status methods_read(tfl_reader *r, mote_fb_table model, mote_fb_vec subgraphs) {
  mote_fb_vec v = mote_fb_vector(&r->fb, model, FB_MODEL_SIGNATURES, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  mote_tflite_method *m = MOTE_ARENA_ARRAY(&r->model->arena, mote_tflite_method, (size_t)v.count + 1);
  if (m == NULL)
    return mote_fail_nomem(r->err);
  size_t n = 1;
  MOTE_TRY(primary_method(r, &m[0]));
  bool primary_named = false;
  for (uint32_t i = 0; i < v.count; i++) {
    mote_tflite_method *at = &m[n];
    MOTE_TRY(signature_read(r, mote_fb_vec_table(&r->fb, v, i), subgraphs, at));
    if (at->graph == 0 && !primary_named && at->n_out == r->model->graphs[0]->outputs.len) {
      primary_named = true; // method 0 is the primary subgraph under its signature's name
      m[0] = *at;
      continue;
    }
    n++;
  }
  r->model->methods = m;
  r->model->n_methods = n;
  return MOTE_OK;
}

static mote_status metadata_read(tfl_reader *r, mote_fb_table model) {
  mote_fb_vec v = mote_fb_vector(&r->fb, model, FB_MODEL_METADATA, 4);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  mote_tflite_meta *m = MOTE_ARENA_ARRAY(&r->model->arena, mote_tflite_meta, v.count);
  if (m == NULL)
    return mote_fail_nomem(r->err);
  for (uint32_t i = 0; i < v.count; i++) {
    mote_fb_table t = mote_fb_vec_table(&r->fb, v, i);
    m[i].name = tfl_string(r, mote_fb_string(&r->fb, t, 0), "");
    mote_status s = tfl_buffer(r, mote_fb_u32(&r->fb, t, 1, 0), &m[i].bytes);
    if (s == MOTE_OK)
      s = mote_fb_check(&r->fb, r->err);
    if (s != MOTE_OK) {
      mote_fail_place(r->err, "metadata %u", i);
      return s;
    }
    if (m[i].name == NULL)
      return mote_fail_nomem(r->err);
  }
  r->model->metadata = m;
  r->model->n_metadata = v.count;
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ model

static mote_status model_read(tfl_reader *r) {
  if (!mote_fb_identifier(&r->fb, "TFL3"))
    return mote_fail(r->err, MOTE_ERR_FORMAT, "no TensorFlow Lite file: the identifier TFL3 is missing");
  mote_fb_table root = mote_fb_root(&r->fb);
  uint32_t version = mote_fb_u32(&r->fb, root, FB_MODEL_VERSION, 0);
  MOTE_TRY(mote_fb_check(&r->fb, r->err));
  if (version != 3)
    return mote_fail(r->err, MOTE_ERR_UNSUPPORTED, "schema version %u, 3 is known", version);
  r->model->description = tfl_string(r, mote_fb_string(&r->fb, root, FB_MODEL_DESCRIPTION), NULL);
  r->buffers = mote_fb_vector(&r->fb, root, FB_MODEL_BUFFERS, 4);
  mote_fb_vec subgraphs = mote_fb_vector(&r->fb, root, FB_MODEL_SUBGRAPHS, 4);
  MOTE_TRY(tfl_opcodes_read(r, root));
  MOTE_TRY(tfl_missing(r, subgraphs));
  MOTE_TRY(graphs_read(r, subgraphs));
  MOTE_TRY(methods_read(r, root, subgraphs));
  return metadata_read(r, root);
}

mote_status mote_tflite_parse(const mote_allocator *al, mote_span file, size_t memory_limit, mote_tflite_model **out,
                              mote_error *err) {
  mote_tflite_model *m = MOTE_NEW(al, mote_tflite_model);
  if (m == NULL)
    return mote_fail_nomem(err);
  m->al = al;
  mote_arena_init(&m->arena, al, memory_limit);
  tfl_reader r = {.model = m, .file = file, .err = err, .budget = memory_limit != 0 ? memory_limit : SIZE_MAX};
  mote_fb_init(&r.fb, file);
  mote_status s = model_read(&r);
  if (s != MOTE_OK) {
    mote_tflite_destroy(m);
    return s;
  }
  *out = m;
  return MOTE_OK;
}
