// TensorFlow Lite's custom operator that turns an SSD's raw boxes and scores into detections.
// Tests: the cases detections_* of tests/models
#include "core/graph/lower.h"
#include "ops/flex.h"
#include "ops/opkit.h"

typedef struct detect_attr {
  int64_t most, per_box, per_class, classes; // detections in all, classes a box (fast), detections a class (regular)
  bool regular;
  double least_score, most_overlap, scale[4]; // of y, x, height, width
} detect_attr;

static const mote_attr_field detect_fields[] = {
    MOTE_ATTR(detect_attr, most, MOTE_ATTR_INT, 0),          MOTE_ATTR(detect_attr, per_box, MOTE_ATTR_INT, 0),
    MOTE_ATTR(detect_attr, per_class, MOTE_ATTR_INT, 100),   MOTE_ATTR(detect_attr, classes, MOTE_ATTR_INT, 0),
    MOTE_ATTR(detect_attr, regular, MOTE_ATTR_BOOL, 0),      MOTE_ATTR(detect_attr, least_score, MOTE_ATTR_FLOAT, 0),
    MOTE_ATTR(detect_attr, most_overlap, MOTE_ATTR_FLOAT, 0)};

enum { LIMIT = 1 << 20 }; // of each count

// Inputs: boxes [1, n, 4 or more], scores [1, n, classes, a background class before them perhaps], anchors [n, 4].
static mote_status detect_infer(mote_opctx *c) {
  const detect_attr *a = c->attr;
  const mote_tensor *box = c->in[0], *score = c->in[1], *anchor = c->in[2];
  for (int32_t i = 0; i < 3; i++) {
    MOTE_TRY(mote_want_rank(c, i, i < 2 ? 3 : 2, i < 2 ? 3 : 2));
    if (c->in[i]->dtype != MOTE_F32 && !mote_is_quant(c->in[i]))
      return mote_bad_dtype(c, i);
  }
  int64_t n = box->dim[1], extra = score->dim[2] - a->classes;
  if (box->dim[0] != 1 || score->dim[0] != 1 || box->dim[2] < 4 || score->dim[1] != n || anchor->dim[0] != n ||
      anchor->dim[1] != 4 || n > LIMIT || extra < 0 || extra > 1)
    return mote_op_fail(c, MOTE_ERR_SHAPE, "%lld boxes, %lld scores, %lld anchors, %lld classes", (long long)n,
                        (long long)score->dim[1], (long long)anchor->dim[0], (long long)a->classes);
  if (a->classes < 1 || a->classes > LIMIT || a->most < 1 || a->most > LIMIT || a->per_box < 1 || a->per_box > LIMIT ||
      a->per_class < 1)
    return mote_op_fail(c, MOTE_ERR_ARGUMENT, "%lld classes, %lld detections, %lld classes a detection",
                        (long long)a->classes, (long long)a->most, (long long)a->per_box);
  int64_t dim[3] = {1, a->most * a->per_box, 4}, one = 1;
  mote_out(c, 0, MOTE_F32, 3, dim);
  mote_out(c, 1, MOTE_F32, 2, dim);
  mote_out(c, 2, MOTE_F32, 2, dim);
  mote_out(c, 3, MOTE_F32, 1, &one);
  return MOTE_OK;
}

typedef struct boxes {
  const detect_attr *a;
  int64_t n, stride, first; // stride: scores a box; first: column of the first class
  float *box, *score;       // [n, 4] as top, left, bottom, right
  float *key, *found_score; // [n] at least, what a choice goes by; [most + n], of detections so far
  int64_t *order, *found;   // [n]; [most + n]: box * stride + column
  int64_t n_found;
} boxes;

// Stable: of equal keys the first comes first.
static void sort_by(const float *key, int64_t *order, int64_t *spare, int64_t n) {
  if (n < 2)
    return;
  int64_t half = n / 2, i = 0, j = half, k = 0;
  sort_by(key, order, spare, half);
  sort_by(key, order + half, spare, n - half);
  while (k < n)
    spare[k++] = j >= n || (i < half && !(key[order[j]] > key[order[i]])) ? order[i++] : order[j++];
  memcpy(order, spare, (size_t)n * sizeof *order);
}

static void decode(const mote_opctx *c, boxes *b) {
  int64_t wide = c->in[0]->dim[2];
  const float *raw = b->key; // free until boxes are chosen
  float *anchor = b->box;
  mote_to_float(c->in[2], anchor);
  for (int64_t i = 0; i < b->n; i++) {
    const float *e = raw + i * wide;
    float *p = anchor + 4 * i, ay = p[0], ax = p[1], ah = p[2], aw = p[3];
    float y = e[0] / (float)b->a->scale[0] * ah + ay, x = e[1] / (float)b->a->scale[1] * aw + ax;
    float h = 0.5f * expf(e[2] / (float)b->a->scale[2]) * ah, w = 0.5f * expf(e[3] / (float)b->a->scale[3]) * aw;
    p[0] = y - h;
    p[1] = x - w;
    p[2] = y + h;
    p[3] = x + w;
  }
}

static float overlap(const float *a, const float *b) {
  float area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
  if (area_a <= 0 || area_b <= 0)
    return 0;
  float h = fmaxf(fminf(a[2], b[2]) - fmaxf(a[0], b[0]), 0), w = fmaxf(fminf(a[3], b[3]) - fmaxf(a[1], b[1]), 0);
  return h * w / (area_a + area_b - h * w);
}

// Boxes by falling key, without those that a chosen one covers too much; how many: order[0..) has them.
static int64_t choose(boxes *b, int64_t *spare, int64_t most) {
  int64_t n = 0, chosen = 0;
  for (int64_t i = 0; i < b->n; i++)
    if (b->key[i] >= (float)b->a->least_score)
      b->order[n++] = i;
  sort_by(b->key, b->order, spare, n);
  for (int64_t i = 0; i < n && chosen < most; i++) {
    bool covered = false;
    for (int64_t k = 0; k < chosen && !covered; k++)
      covered = overlap(b->box + 4 * b->order[k], b->box + 4 * b->order[i]) > (float)b->a->most_overlap;
    if (!covered)
      b->order[chosen++] = b->order[i];
  }
  return chosen;
}

static void put(const mote_opctx *c, const boxes *b, int64_t at, int64_t box, int64_t column) {
  memcpy((float *)c->out[0]->data + 4 * at, b->box + 4 * box, 4 * sizeof(float));
  ((float *)c->out[1]->data)[at] = (float)(column - b->first);
  ((float *)c->out[2]->data)[at] = b->score[box * b->stride + column];
}

// A box stands for its best classes.
static int64_t fast(const mote_opctx *c, boxes *b, int64_t *spare) {
  for (int64_t i = 0; i < b->n; i++) {
    b->key[i] = b->score[i * b->stride + b->first];
    for (int64_t k = b->first + 1; k < b->stride; k++)
      b->key[i] = fmaxf(b->key[i], b->score[i * b->stride + k]);
  }
  int64_t n = choose(b, spare, b->a->most), per = MOTE_MIN(b->a->per_box, b->a->classes);
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0, last = -1; k < per; k++) { // the next in falling order, of equal scores the first
      const float *s = b->score + b->order[i] * b->stride;
      int64_t best = -1;
      for (int64_t q = b->first; q < b->stride; q++)
        if ((last < 0 || s[q] < s[last] || (s[q] == s[last] && q > last)) && (best < 0 || s[q] > s[best]))
          best = q;
      last = best < 0 ? last : best;
      if (best >= 0)
        put(c, b, i * b->a->per_box + k, b->order[i], best);
    }
  return n;
}

// Every class chooses for itself; the best of all classes stay.
static int64_t regular(const mote_opctx *c, boxes *b, int64_t *spare) {
  for (int64_t column = b->first; column < b->stride; column++) {
    for (int64_t i = 0; i < b->n; i++)
      b->key[i] = b->score[i * b->stride + column];
    int64_t n = choose(b, spare, MOTE_MIN(b->a->per_class, b->n)), total = b->n_found + n, i = b->n_found - 1,
            j = n - 1;
    for (int64_t k = total - 1; k >= 0; k--) { // from the end; of equal scores the earlier class comes first
      bool old = j < 0 || (i >= 0 && b->found_score[i] < b->key[b->order[j]]);
      b->found_score[k] = old ? b->found_score[i] : b->key[b->order[j]];
      b->found[k] = old ? b->found[i] : b->order[j] * b->stride + column;
      i -= old;
      j -= !old;
    }
    b->n_found = MOTE_MIN(total, b->a->most);
  }
  for (int64_t k = 0; k < b->n_found; k++)
    put(c, b, k, b->found[k] / b->stride, b->found[k] % b->stride);
  return b->n_found;
}

static mote_status detect_eval(mote_opctx *c) {
  boxes b = {.a = c->attr, .n = c->in[0]->dim[1], .stride = c->in[1]->dim[2]};
  b.first = b.stride - b.a->classes;
  int64_t raw = mote_tensor_numel(c->in[0]), scores = mote_tensor_numel(c->in[1]), kept = b.a->most + b.n;
  float *f = MOTE_NEW_ARRAY(c->env->al, float, (size_t)(raw + scores + 4 * b.n + kept) + 1);
  int64_t *i = MOTE_NEW_ARRAY(c->env->al, int64_t, (size_t)(2 * b.n + kept) + 1), *spare;
  mote_status s = f == NULL || i == NULL ? mote_fail_nomem(c->err) : MOTE_OK;
  if (s == MOTE_OK) {
    b.key = f;
    b.score = f + raw;
    b.box = b.score + scores;
    b.found_score = b.box + 4 * b.n;
    b.order = i;
    spare = i + b.n;
    b.found = spare + b.n;
    for (int32_t j = 0; j < 3; j++)
      memset(c->out[j]->data, 0, (size_t)mote_tensor_numel(c->out[j]) * sizeof(float));
    mote_to_float(c->in[0], b.key);
    mote_to_float(c->in[1], b.score);
    decode(c, &b);
    *(float *)c->out[3]->data = (float)(b.a->regular ? regular(c, &b, spare) : fast(c, &b, spare));
  }
  mote_free(c->env->al, f);
  mote_free(c->env->al, i);
  return s;
}
static const mote_op detect_op = {"detection_postprocess",
                                  MOTE_RULES(.min_in = 3, .max_in = 3, .n_out = 4, .attr_size = sizeof(detect_attr),
                                             MOTE_FIELDS(detect_fields), .infer = detect_infer, .eval = detect_eval)};

static mote_status lower_detect(mote_lowering *l) {
  static const char *const scales[] = {"y_scale", "x_scale", "h_scale", "w_scale"};
  detect_attr a;
  memset(&a, 0, sizeof a);
  double most = mote_flex_number(l, "max_detections", 0), per_box = mote_flex_number(l, "max_classes_per_detection", 0),
         per_class = mote_flex_number(l, "detections_per_class", 100), classes = mote_flex_number(l, "num_classes", 0);
  const double counts[] = {most, per_box, per_class, classes};
  for (size_t i = 0; i < MOTE_COUNT(counts); i++)
    if (!(counts[i] >= 1) || !(counts[i] <= LIMIT))
      return mote_fail(l->err, MOTE_ERR_FORMAT, "a count of %g among the options", counts[i]);
  a.most = (int64_t)most;
  a.per_box = (int64_t)per_box;
  a.per_class = (int64_t)per_class;
  a.classes = (int64_t)classes;
  a.regular = mote_flex_number(l, "use_regular_nms", 0) != 0;
  a.least_score = mote_flex_number(l, "nms_score_threshold", 0);
  a.most_overlap = mote_flex_number(l, "nms_iou_threshold", 0);
  for (int i = 0; i < 4; i++)
    if (!((a.scale[i] = mote_flex_number(l, scales[i], 0)) > 0))
      return mote_fail(l->err, MOTE_ERR_FORMAT, "%s is missing or not above 0", scales[i]);
  mote_vid in[3], out[4];
  for (int32_t i = 0; i < 3; i++)
    in[i] = i < l->n_args ? l->args[i].ref : -1;
  if (in[0] < 0 || in[1] < 0 || in[2] < 0)
    return mote_fail(l->err, MOTE_ERR_FORMAT, "boxes, scores and anchors are needed");
  MOTE_TRY(l->emit(l, &detect_op, &a, in, 3, out, 4));
  for (int32_t j = 0; j < 4; j++)
    l->result[l->n_out++] = out[j];
  return MOTE_OK;
}

static const mote_tflite_row tflite_rows[] = {
    MOTE_TFLITE_LOWER(MOTE_TFLITE_CUSTOM, 100, "TFLite_Detection_PostProcess", detect_op, lower_detect),
};
const mote_op_family mote_family_detection = {MOTE_ROWS(tflite, tflite_rows)};
