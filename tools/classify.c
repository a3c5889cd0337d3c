// Owns: normalisation rules, scores, labels. Must not know: decoding of pictures. Tests: tests/models/cli_test.sh
#include "classify.h"
#include "args.h"
#include "tflite_meta.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ------------------------------------------------------------------------------------------- shape of the input

static bool parse_size(const char *text, picture_plan *plan) {
  char left[16];
  const char *cross = strchr(text, 'x');
  if (!cross || cross == text || (size_t)(cross - text) >= sizeof left)
    return false;
  memcpy(left, text, (size_t)(cross - text));
  left[cross - text] = 0;
  return args_count(left, 1, 1 << 14, &plan->height) && args_count(cross + 1, 1, 1 << 14, &plan->width);
}

static bool take_size(const picture_options *options, picture_plan *plan, note *why) {
  if (options->size && !parse_size(options->size, plan))
    return note_set(why, "--size takes HEIGHTxWIDTH, not \"%s\"", options->size);
  return true;
}

static bool picture_channels(int64_t dim) { return dim == 3 || dim == 1; }

// Without a word from the user: channels stand where the shape has 3 or 1; else as the format's makers do.
static bool find_layout(const mote_port *port, int asked, bool program) {
  int32_t first = port->rank - 3;
  if (asked)
    return asked == 2;
  if (port->rank != 3 && port->rank != 4)
    return program;
  bool last = picture_channels(port->dim[port->rank - 1]), front = picture_channels(port->dim[first]);
  return last == front ? program : front;
}

static bool set_shape(const mote_port *port, const picture_options *options, bool program, picture_plan *plan,
                      note *why) {
  plan->nchw = find_layout(port, options->layout, program);
  plan->rank = port->rank < 0 ? 4 : port->rank;
  plan->width = plan->height = 224;
  plan->channels = 3;
  if (!take_size(options, plan, why))
    return false;
  if (plan->rank != 3 && plan->rank != 4)
    return note_set(why, "input \"%s\" has %d dimensions; a picture needs 3 or 4", port->name, (int)plan->rank);
  int32_t first = plan->rank - 3, channel = plan->nchw ? first : first + 2, row = plan->nchw ? first + 1 : first;
  const int64_t *have = port->rank < 0 ? NULL : port->dim;
  if (have && have[channel] > 0)
    plan->channels = picture_channels(have[channel]) ? (uint32_t)have[channel] : 0;
  if (have && have[row] > 0 && have[row] <= 1 << 14)
    plan->height = (uint32_t)have[row];
  if (have && have[row + 1] > 0 && have[row + 1] <= 1 << 14)
    plan->width = (uint32_t)have[row + 1];
  if (!plan->channels)
    return note_set(why, "input \"%s\" has %lld channels; a picture has 3 or 1 (see --layout)", port->name,
                    (long long)have[channel]);
  plan->dim[0] = 1;
  plan->dim[channel] = plan->channels;
  plan->dim[row] = plan->height;
  plan->dim[row + 1] = plan->width;
  return true;
}

// ------------------------------------------------------------------------------------------- normalisation

static bool parse_triple(const char *name, const char *text, double out[3], note *why) {
  char part[48];
  size_t count = 0;
  for (const char *at = text;; count++) {
    size_t len = strcspn(at, ",");
    if (count == 3 || len >= sizeof part)
      break;
    memcpy(part, at, len);
    part[len] = 0;
    if (!args_number(part, -1e6, 1e6, &out[count]))
      break;
    if (!at[len]) {
      if (count == 0)
        out[1] = out[2] = out[0];
      return count != 1 ? true : note_set(why, "%s takes one number or three, not \"%s\"", name, text);
    }
    at += len + 1;
  }
  return note_set(why, "%s takes one number or three, not \"%s\"", name, text);
}

// Numbers above 1 count pixel codes, 0 to 255; a deviation below 1 counts parts of full scale; with neither, the
// format's custom decides: codes for .tflite, full scale for TorchScript.
static bool counts_codes(const picture_plan *plan, bool program) {
  for (int c = 0; c < 3; c++)
    if (fabs(plan->mean[c]) > 1 || plan->deviation[c] > 1)
      return true;
  return plan->deviation[0] >= 1 && !program;
}

static void to_codes(picture_plan *plan) {
  for (int c = 0; c < 3; c++) {
    plan->mean[c] *= 255;
    plan->deviation[c] *= 255;
  }
}

static bool take_numbers(const picture_options *options, picture_plan *plan, note *why) {
  for (int c = 0; c < 3; c++) {
    plan->mean[c] = 0;
    plan->deviation[c] = 1;
  }
  if (options->mean && !parse_triple("--mean", options->mean, plan->mean, why))
    return false;
  if (options->deviation && !parse_triple("--std", options->deviation, plan->deviation, why))
    return false;
  for (int c = 0; c < 3; c++)
    if (!(plan->deviation[c] > 0))
      return note_set(why, "--std takes numbers above 0, not \"%s\"", options->deviation);
  return true;
}

bool picture_options_check(const picture_options *options, note *why) {
  picture_plan plan;
  return take_size(options, &plan, why) && take_numbers(options, &plan, why);
}

static bool set_given(const picture_options *options, bool program, picture_plan *plan, note *why) {
  if (!take_numbers(options, plan, why))
    return false;
  if (!counts_codes(plan, program))
    to_codes(plan);
  plan->reason = "as asked";
  return true;
}

static bool near(double a, double b) { return fabs(a - b) <= 0.02 * b; }

static bool takes_raw(const mote_port *port) {
  if (port->dtype != MOTE_U8 && port->dtype != MOTE_I8)
    return false;
  double scale = port->quant.scale;
  return !port->quant.count || near(scale, 1 / 127.5) || near(scale, 1 / 255.0) || near(scale, 1);
}

static void set_rule(const mote_port *port, bool program, picture_plan *plan) {
  static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
  if (program) {
    memcpy(plan->mean, mean, sizeof mean);
    memcpy(plan->deviation, deviation, sizeof deviation);
    to_codes(plan);
    plan->reason = "ImageNet's mean and deviation, the rule for TorchScript";
    return;
  }
  plan->raw = takes_raw(port);
  for (int c = 0; c < 3; c++)
    plan->mean[c] = plan->deviation[c] = 127.5;
  plan->reason = plan->raw ? "pixel codes, the rule for this quantised input" : "x/127.5-1, the rule for .tflite";
}

static bool set_norm(const mote_model *model, const mote_port *port, const picture_options *options, bool program,
                     picture_plan *plan, note *why) {
  meta_norm meta;
  if (options->mean || options->deviation)
    return set_given(options, program, plan, why);
  set_rule(port, program, plan);
  if (plan->raw || program || !meta_find_norm(model, &meta))
    return true;
  memcpy(plan->mean, meta.mean, sizeof meta.mean);
  memcpy(plan->deviation, meta.deviation, sizeof meta.deviation);
  plan->reason = "the model's metadata";
  return true;
}

bool picture_plan_make(const mote_model *model, size_t method, const picture_options *options, picture_plan *out,
                       note *why) {
  mote_port port;
  bool program = mote_model_format(model) != MOTE_FORMAT_TFLITE;
  size_t inputs = mote_model_input_count(model, method);
  memset(out, 0, sizeof *out);
  mote_port_init(&port);
  if (!mote_model_input(model, method, 0, &port) || (inputs > 1 && !program))
    return note_set(why, "the model takes %zu inputs; a picture fills exactly one (use --in)", inputs);
  out->dtype = program || port.dtype == MOTE_NONE ? MOTE_F32 : port.dtype;
  if (out->dtype != MOTE_F32 && out->dtype != MOTE_U8 && out->dtype != MOTE_I8 && out->dtype != MOTE_I16)
    return note_set(why, "input \"%s\" is %s; a picture fills float32, uint8, int8 or int16", port.name,
                    mote_dtype_name(out->dtype));
  out->scale = port.quant.count ? port.quant.scale : 1;
  out->zero_point = port.quant.count ? port.quant.zero_point : 0;
  if (!program && out->dtype == MOTE_F32)
    out->scale = 1;
  return set_shape(&port, options, program, out, why) && set_norm(model, &port, options, program, out, why);
}

void picture_plan_text(const picture_plan *plan, char *out, size_t room) {
  int used = snprintf(out, room, "picture: %u x %u, %s, %s, %s", plan->width, plan->height,
                      plan->nchw ? "NCHW" : "NHWC", mote_dtype_name(plan->dtype), plan->reason);
  if (!plan->raw && used > 0 && (size_t)used < room)
    snprintf(out + used, room - (size_t)used, ": (code - [%g, %g, %g]) / [%g, %g, %g]", plan->mean[0], plan->mean[1],
             plan->mean[2], plan->deviation[0], plan->deviation[1], plan->deviation[2]);
}

static double input_value(const picture_plan *plan, unsigned char code, uint32_t channel) {
  if (plan->raw)
    return plan->dtype == MOTE_I8 ? code - 128 : code;
  double real = (code - plan->mean[channel]) / plan->deviation[channel];
  return plan->dtype == MOTE_F32 ? real : real / plan->scale + plan->zero_point;
}

// Luma of ITU-R BT.601 for inputs of one channel.
static unsigned char grey(const unsigned char *rgb) {
  return (unsigned char)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

bool picture_fill(const picture_plan *plan, const image *picture, array *out, note *why) {
  image fitted;
  if (!image_resize(picture, plan->width, plan->height, &fitted, why))
    return false;
  bool ok = array_make(out, plan->dtype, plan->rank, plan->dim, 0, why);
  size_t pixels = (size_t)plan->width * plan->height;
  for (size_t i = 0; ok && i < pixels; i++)
    for (uint32_t c = 0; c < plan->channels; c++) {
      unsigned char code = plan->channels == 1 ? grey(fitted.rgb + 3 * i) : fitted.rgb[3 * i + c];
      size_t at = plan->nchw ? c * pixels + i : i * plan->channels + c;
      element_write(plan->dtype, out->data, (int64_t)at, input_value(plan, code, c));
    }
  image_free(&fitted);
  return ok;
}

// ------------------------------------------------------------------------------------------- scores

static const mote_value *first_tensor(const mote_value *value, int depth) {
  mote_kind kind = mote_value_kind(value);
  if (kind == MOTE_KIND_TENSOR)
    return value;
  if (depth > 8 || (kind != MOTE_KIND_TUPLE && kind != MOTE_KIND_LIST && kind != MOTE_KIND_DICT))
    return NULL;
  for (size_t i = 0; i < mote_value_count(value); i++) {
    const mote_value *found = first_tensor(mote_value_item(value, i), depth + 1);
    if (found)
      return found;
  }
  return NULL;
}

static bool in_unit_range(const score_list *list) {
  for (size_t i = 0; i < list->count; i++)
    if (!(list->items[i].value >= -1e-6 && list->items[i].value <= 1 + 1e-6))
      return false;
  return true;
}

static void softmax(score_list *list) {
  double most = -INFINITY, sum = 0;
  for (size_t i = 0; i < list->count; i++)
    most = fmax(most, list->items[i].value);
  for (size_t i = 0; i < list->count; i++)
    sum += list->items[i].value = exp(list->items[i].value - most);
  for (size_t i = 0; i < list->count; i++)
    list->items[i].value /= sum;
  list->softmax = true;
}

static int by_score(const void *a, const void *b) {
  const score *sa = a, *sb = b;
  if (sa->value != sb->value)
    return sa->value > sb->value ? -1 : 1;
  return sa->index < sb->index ? -1 : sa->index > sb->index;
}

bool scores_make(const mote_value *result, score_list *out, note *why) {
  mote_view view;
  mote_view_init(&view);
  memset(out, 0, sizeof *out);
  const mote_value *tensor = first_tensor(result, 0);
  if (!tensor || !mote_value_view(tensor, &view))
    return note_set(why, "the model gave no tensor, so there are no class scores");
  element_kind kind = element_kind_of(view.dtype);
  int64_t count = view_count(&view);
  if (kind == ELEMENT_OTHER || kind == ELEMENT_COMPLEX || count < 1)
    return note_set(why, "the first output is %s with %lld elements: not class scores", mote_dtype_name(view.dtype),
                    (long long)count);
  out->items = calloc((size_t)count, sizeof *out->items);
  if (!out->items)
    return note_set(why, "no memory");
  out->count = (size_t)count;
  for (int64_t i = 0; i < count; i++) {
    double v = element_read(view.dtype, view.data, view_offset(&view, i)).re;
    if (view.quant.count && kind != ELEMENT_REAL)
      v = view.quant.scale * (v - view.quant.zero_point);
    out->items[i] = (score){v, (size_t)i};
  }
  if (!in_unit_range(out))
    softmax(out);
  qsort(out->items, out->count, sizeof *out->items, by_score);
  return true;
}

// ------------------------------------------------------------------------------------------- labels

static bool labels_split(char *text, label_list *out) {
  size_t lines = 0;
  for (char *at = text; *at; at++)
    lines += *at == '\n';
  out->items = calloc(lines + 2, sizeof *out->items);
  if (!out->items)
    return false;
  for (char *line = text; *line;) {
    size_t len = strcspn(line, "\n"), keep = len;
    bool last = !line[len];
    while (keep && (line[keep - 1] == '\r' || line[keep - 1] == ' '))
      keep--;
    char *copy = malloc(keep + 1);
    if (!copy)
      return false;
    memcpy(copy, line, keep);
    copy[keep] = 0;
    out->items[out->count++] = copy;
    line += len + !last;
  }
  while (out->count && !out->items[out->count - 1][0])
    free(out->items[--out->count]); // blank lines at the end
  return true;
}

bool labels_read(const char *path, label_list *out, note *why) {
  file_bytes bytes = {0};
  memset(out, 0, sizeof *out);
  if (!file_read(path, (size_t)64 << 20, &bytes, why))
    return false;
  bool ok = memchr(bytes.data, 0, bytes.size) == NULL;
  if (!ok)
    note_set(why, "%s: not a text file of labels", path);
  else if (!labels_split((char *)bytes.data, out))
    ok = note_set(why, "%s: no memory", path);
  file_free(&bytes);
  if (!ok)
    labels_free(out);
  return ok;
}

void labels_free(label_list *labels) {
  for (size_t i = 0; i < labels->count; i++)
    free(labels->items[i]);
  free(labels->items);
  memset(labels, 0, sizeof *labels);
}
