// Python lines of a program's code, from the .debug_pkl records beside it: read when an error is reported, kept with
// the session. Whatever is wrong with such a record only means that no line is known. Tests: fuzz/fuzz_torch.c,
// tests/models/torch/language
#include "formats/torch/torch_file.h"

#include <string.h>

// A record is a tuple of (offset in the code, range, ...), by ascending offset; range = (source, start, end) and source
// = (text, file name, number of its first line). Newer records stand in ("FORMAT_WITH_STRING_TABLE", texts, records),
// where the text of a source is a list of indices into texts and the file name such an index.
#define TABLE_MARK "FORMAT_WITH_STRING_TABLE"

struct mote_torch_lines {
  const mote_pickle_value *texts; // tuple of strings, NULL: the older form
  const mote_pickle_value *ranges;
};

static const mote_pickle_value *part(const mote_pickle_value *v, uint32_t index) {
  return mote_pickle_is(v, MOTE_PICKLE_TUPLE) && index < v->as.items.count ? v->as.items.at[index] : NULL;
}

static bool int_part(const mote_pickle_value *v, uint32_t index, int64_t *out) {
  const mote_pickle_value *p = part(v, index);
  if (!mote_pickle_is(p, MOTE_PICKLE_INT))
    return false;
  *out = p->as.integer;
  return true;
}

static const mote_pickle_value *text_at(const mote_torch_lines *t, const mote_pickle_value *index) {
  if (!mote_pickle_is(index, MOTE_PICKLE_INT) || index->as.integer < 0 ||
      (uint64_t)index->as.integer >= t->texts->as.items.count)
    return NULL;
  const mote_pickle_value *s = t->texts->as.items.at[index->as.integer];
  return mote_pickle_is(s, MOTE_PICKLE_STR) ? s : NULL;
}

// ------------------------------------------------------------------------------------------------ reading

static void find_tables(const mote_pickle_value *root, mote_torch_lines *out) {
  bool table = mote_pickle_is_str(part(root, 0), TABLE_MARK);
  out->texts = table ? part(root, 1) : NULL;
  out->ranges = table ? part(root, 2) : root;
  if (!mote_pickle_is(out->ranges, MOTE_PICKLE_TUPLE) || (table && !mote_pickle_is(out->texts, MOTE_PICKLE_TUPLE)))
    out->ranges = NULL;
}

static void read_lines(mote_script_session *s, const char *path, mote_torch_lines *out) {
  char full[4096];
  mote_pickle tree;
  mote_zip_record record;
  const mote_script_model *m = s->model;
  int len = mote_snprint(full, sizeof full, "%s/code/%s.debug_pkl", m->root, path);
  const mote_zip_entry *e = len < (int)sizeof full ? mote_zip_find(&m->zip, full, (size_t)len) : NULL;
  if (!e || mote_zip_read(&m->zip, e, &record, NULL) != MOTE_OK)
    return;
  if (mote_pickle_read(record.bytes, &s->debug_arena, NULL, &tree, NULL) == MOTE_OK)
    find_tables(tree.root, out);
  mote_zip_record_free(&m->zip, &record);
}

// Not known and not readable are kept too: a failing program asks once per code record.
static const mote_torch_lines *lines_of(mote_script_session *s, uint32_t source) {
  size_t n = s->model->program->sources.len;
  if (source >= n)
    return NULL;
  if (!s->lines)
    s->lines = MOTE_NEW_ARRAY(s->al, mote_torch_lines *, n);
  if (!s->lines)
    return NULL;
  if (!s->lines[source]) {
    s->lines[source] = MOTE_NEW(s->al, mote_torch_lines);
    if (s->lines[source])
      read_lines(s, s->model->program->sources.at[source].path, s->lines[source]);
  }
  return s->lines[source] && s->lines[source]->ranges ? s->lines[source] : NULL;
}

void mote_torch_free_lines(mote_script_session *s) {
  for (size_t i = 0; s->lines && i < s->model->program->sources.len; i++)
    mote_free(s->al, s->lines[i]);
  mote_free(s->al, s->lines);
  mote_arena_destroy(&s->debug_arena);
}

// ------------------------------------------------------------------------------------------------ one range

// Walks the pieces of a source's text up to byte `start` and keeps the line that holds it.
typedef struct line_scan {
  int64_t start, at;
  uint32_t newlines;
  const char *line, *end; // end of the piece with the line
  bool found;
} line_scan;

static void scan_piece(line_scan *s, const char *text, size_t len) {
  if (s->found)
    return;
  s->line = text;
  s->end = text + len;
  s->found = s->start - s->at < (int64_t)len;
  size_t stop = s->found ? (size_t)(s->start - s->at) : len;
  for (size_t i = 0; i < stop; i++)
    if (text[i] == '\n') {
      s->newlines++;
      s->line = text + i + 1;
    }
  s->at += (int64_t)len;
}

static bool scan_source(const mote_torch_lines *t, const mote_pickle_value *source, line_scan *s) {
  const mote_pickle_value *text = part(source, 0);
  if (!t->texts) {
    if (mote_pickle_is(text, MOTE_PICKLE_STR))
      scan_piece(s, text->as.text.data, text->as.text.len);
    return s->found;
  }
  if (mote_pickle_is_call(text, "torch.jit._pickle", "build_intlist", 1))
    text = part(text->as.call.args, 0);
  if (!mote_pickle_is(text, MOTE_PICKLE_LIST))
    return false;
  for (uint32_t i = 0; i < text->as.items.count && !s->found; i++) {
    const mote_pickle_value *piece = text_at(t, text->as.items.at[i]);
    if (!piece)
      return false;
    scan_piece(s, piece->as.text.data, piece->as.text.len);
  }
  return s->found;
}

static void trim(const char **text, size_t *len) {
  while (*len && ((*text)[0] == ' ' || (*text)[0] == '\t'))
    ++*text, --*len;
  const char *newline = memchr(*text, '\n', *len);
  if (newline)
    *len = (size_t)(newline - *text);
}

// A traced program has no text but Python's stack when it was traced, innermost first: "net.py(45): forward".
static bool traced_line(const line_scan *s, mote_python_line *out) {
  const char *text = s->line;
  size_t len = (size_t)(s->end - s->line);
  int64_t line;
  trim(&text, &len);
  for (size_t i = 1; i + 3 < len; i++) {
    size_t close = i + 1;
    while (close < len && text[close] >= '0' && text[close] <= '9')
      close++;
    if (text[i] != '(' || close + 2 >= len || text[close] != ')' || text[close + 1] != ':' ||
        !mote_parse_i64(text + i + 1, close - i - 1, 10, &line) || line < 0 || line > INT32_MAX)
      continue;
    *out = (mote_python_line){.file = text, .file_len = i, .line = (uint32_t)line};
    out->where = text + close + 3;
    out->where_len = len - close - 3;
    return out->where_len > 0;
  }
  return false;
}

static bool read_range(const mote_torch_lines *t, const mote_pickle_value *range, mote_python_line *out) {
  const mote_pickle_value *source = part(range, 0), *file = part(source, 1);
  line_scan s = {.start = 0};
  int64_t first;
  if (!int_part(range, 1, &s.start) || s.start < 0 || !int_part(source, 2, &first) || !scan_source(t, source, &s))
    return false;
  if (t->texts)
    file = text_at(t, file);
  if (!mote_pickle_is(file, MOTE_PICKLE_STR) || file->as.text.len == 0)
    return traced_line(&s, out);
  if (first < 0 || first > INT32_MAX)
    return false;
  *out = (mote_python_line){.file = file->as.text.data, .file_len = file->as.text.len, .text = s.line};
  out->line = (uint32_t)first + s.newlines;
  out->text_len = (size_t)(s.end - s.line);
  trim(&out->text, &out->text_len);
  return true;
}

// The last range that begins at or before `offset`; ranges without a text, as the printer adds them, are passed over
// back to the start of the code's line.
bool mote_torch_python_line(void *ctx, const mote_function *fn, uint32_t pc, mote_python_line *out) {
  mote_script_session *s = ctx;
  if (!fn->places || pc >= fn->n_code)
    return false;
  mote_insn_place place = fn->places[pc];
  const mote_torch_lines *t = lines_of(s, place.source);
  const char *path;
  uint32_t number;
  if (!t || !mote_program_place(s->model->program, place, &path, &number))
    return false;
  const mote_script_source *source = &s->model->program->sources.at[place.source];
  int64_t floor = number <= source->n_lines ? source->lines[number - 1] : 0, offset;
  uint32_t low = 0, high = t->ranges->as.items.count;
  while (low < high) { // first range behind the offset
    uint32_t mid = low + (high - low) / 2;
    if (!int_part(t->ranges->as.items.at[mid], 0, &offset))
      return false;
    if (offset <= (int64_t)place.offset)
      low = mid + 1;
    else
      high = mid;
  }
  for (; low > 0; low--) {
    const mote_pickle_value *item = t->ranges->as.items.at[low - 1];
    if (!int_part(item, 0, &offset) || offset < floor)
      return false;
    if (read_range(t, part(item, 1), out))
      return true;
  }
  return false;
}
