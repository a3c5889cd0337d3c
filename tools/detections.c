// Owns: the "match" rule of detection networks, whose rows near a score threshold come and go with rounding.
// Must not know: models. Tests: tests/models/cli_test.sh
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct detection {
  double box[4]; // x1, y1, x2, y2
  double score;
  int64_t label;
  bool taken;
} detection;

typedef struct detection_list {
  detection *items;
  size_t count;
} detection_list;

typedef struct match_names { // of the dict's entries
  char boxes[64], labels[64], scores[64];
} match_names;

// "outputs[1][0] boxes/labels/scores": indices, then the three names.
static const char *match_path(const json_t *match) {
  const char *where = json_string_value(json_object_get(match, "where"));
  return where && strncmp(where, "outputs", 7) == 0 ? where + 7 : NULL;
}

const json_t *match_find(const json_t *match, const json_t *outputs) {
  const char *at = match_path(match);
  const json_t *found = outputs;
  while (at && *at == '[') {
    char *end;
    unsigned long index = strtoul(at + 1, &end, 10);
    if (end == at + 1 || *end != ']')
      return NULL;
    const json_t *items = json_is_array(found) ? found : json_object_get(found, "list");
    if (!items)
      items = json_object_get(found, "tuple");
    found = json_array_get(items, index);
    at = end + 1;
  }
  return at && json_object_get(found, "dict") ? found : NULL;
}

static bool read_names(const json_t *match, match_names *out) {
  const char *at = match_path(match);
  at = at ? strchr(at, ' ') : NULL;
  return at && sscanf(at, " %63[^/]/%63[^/]/%63s", out->boxes, out->labels, out->scores) == 3;
}

static const json_t *dict_wanted(const json_t *dict, const char *key) {
  const json_t *pairs = json_object_get(dict, "dict");
  for (size_t i = 0; i < json_array_size(pairs); i++) {
    const json_t *pair = json_array_get(pairs, i);
    const char *name = json_string_value(json_object_get(json_array_get(pair, 0), "str"));
    if (name && strcmp(name, key) == 0)
      return json_array_get(pair, 1);
  }
  return NULL;
}

static const mote_value *dict_got(const mote_value *dict, const char *key) {
  size_t len = strlen(key), have;
  for (size_t i = 0; mote_value_kind(dict) == MOTE_KIND_DICT && i < mote_value_count(dict); i++) {
    const mote_value *name = mote_value_item_key(dict, i);
    const char *text = mote_value_kind(name) == MOTE_KIND_STRING ? mote_value_as_string(name, &have) : NULL;
    if (text && have == len && memcmp(text, key, len) == 0)
      return mote_value_item(dict, i);
  }
  return NULL;
}

static bool make_list(const array *boxes, const array *labels, const array *scores, detection_list *out) {
  int64_t count = scores->count;
  if (boxes->count != 4 * count || labels->count != count)
    return false;
  out->items = calloc((size_t)count + 1, sizeof *out->items);
  out->count = (size_t)count;
  for (int64_t i = 0; out->items && i < count; i++) {
    detection *d = &out->items[i];
    for (int64_t k = 0; k < 4; k++)
      d->box[k] = element_read(boxes->dtype, boxes->data, 4 * i + k).re;
    d->score = element_read(scores->dtype, scores->data, i).re;
    d->label = (int64_t)element_read(labels->dtype, labels->data, i).re;
  }
  return out->items != NULL;
}

static bool load_wanted(const json_t *dict, const char *dir, const char *key, array *out, note *why) {
  json_tensor t;
  const json_t *item = dict_wanted(dict, key);
  if (!item || !json_tensor_read(item, dir, &t, why))
    return note_set(why, "the case's detections lack a readable \"%s\"", key);
  *out = t.values;
  memset(&t.values, 0, sizeof t.values);
  json_tensor_free(&t);
  return true;
}

static bool load_got(const mote_value *dict, const char *key, array *out, note *why) {
  mote_view view;
  mote_view_init(&view);
  const mote_value *item = dict_got(dict, key);
  if (!item || !mote_value_view(item, &view))
    return note_set(why, "the result has no tensor \"%s\"", key);
  return array_from_view(out, &view, why);
}

// Reads the three tensors of either side.
static bool load(const json_t *want, const mote_value *got, const char *dir, const match_names *names,
                 detection_list *out, note *why) {
  const char *keys[3] = {names->boxes, names->labels, names->scores};
  array parts[3] = {{0}, {0}, {0}};
  bool ok = true;
  for (int i = 0; ok && i < 3; i++)
    ok = want ? load_wanted(want, dir, keys[i], &parts[i], why) : load_got(got, keys[i], &parts[i], why);
  if (ok && !make_list(&parts[0], &parts[1], &parts[2], out))
    ok = note_set(why, "boxes, labels and scores have different lengths");
  for (int i = 0; i < 3; i++)
    array_free(&parts[i]);
  return ok;
}

static double overlap(const detection *a, const detection *b) {
  double w = fmin(a->box[2], b->box[2]) - fmax(a->box[0], b->box[0]);
  double h = fmin(a->box[3], b->box[3]) - fmax(a->box[1], b->box[1]);
  double both = w > 0 && h > 0 ? w * h : 0;
  double all = (a->box[2] - a->box[0]) * (a->box[3] - a->box[1]) + (b->box[2] - b->box[0]) * (b->box[3] - b->box[1]);
  return all - both > 0 ? both / (all - both) : 0;
}

static double number(const json_t *match, const char *key, double otherwise) {
  double v;
  const json_t *found = json_object_get(match, key);
  return found && json_number_read(found, &v) ? v : otherwise;
}

// Each row of `from` above the score takes a row of `to` of its own.
static bool pair_up(const json_t *match, const detection_list *from, detection_list *to, const char *which,
                    const char *where, note *why) {
  double least = number(match, "min_score", 0.5), iou = number(match, "iou", 0.5),
         off = number(match, "score_tol", 0.1);
  for (size_t k = 0; k < to->count; k++)
    to->items[k].taken = false;
  for (size_t i = 0; i < from->count; i++) {
    const detection *d = &from->items[i];
    detection *best = NULL;
    if (!(d->score > least))
      continue;
    for (size_t k = 0; k < to->count; k++) {
      detection *e = &to->items[k];
      if (!e->taken && e->label == d->label && overlap(d, e) >= iou && fabs(d->score - e->score) <= off &&
          (!best || overlap(d, e) > overlap(d, best)))
        best = e;
    }
    if (!best)
      return note_set(why, "%s: %s detection %zu (label %lld, score %.3f) has no partner", where, which, i,
                      (long long)d->label, d->score);
    best->taken = true;
  }
  return true;
}

bool compare_detections(const comparison *how, const json_t *want, const mote_value *got, const char *where,
                        note *why) {
  match_names names;
  detection_list expected = {0}, found = {0};
  const char *kind = json_string_value(json_object_get(how->match, "kind"));
  if (!kind || strcmp(kind, "detections") != 0 || !read_names(how->match, &names))
    return note_set(why, "the case's match is not understood");
  bool ok = load(want, NULL, how->dir, &names, &expected, why) && load(NULL, got, how->dir, &names, &found, why) &&
            pair_up(how->match, &expected, &found, "expected", where, why) &&
            pair_up(how->match, &found, &expected, "found", where, why);
  free(expected.items);
  free(found.items);
  return ok;
}
