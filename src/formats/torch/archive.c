// Records of a TorchScript archive: root folder, version, byte order, pickles. Tests: tests/models/torch,
// fuzz/fuzz_torch.c
#include "formats/torch/torch_file.h"

#include <string.h>

enum { VERSION_MAX = 20, PATH_CAP = 4096 };

static mote_status find_root(mote_script_model *m, mote_error *err) {
  const char *root = NULL;
  size_t len = 0;
  for (size_t i = 0; i < m->zip.count; i++) {
    const mote_zip_entry *e = &m->zip.entries[i];
    const char *slash = memchr(e->name, '/', e->name_len);
    if (!slash || slash == e->name)
      return mote_fail(err, MOTE_ERR_FORMAT, "record \"%.*s\" stands outside the archive's folder",
                       (int)MOTE_MIN(e->name_len, 200), e->name);
    size_t n = (size_t)(slash - e->name);
    if (root && (n != len || memcmp(root, e->name, n) != 0))
      return mote_fail(err, MOTE_ERR_FORMAT, "the archive has two root folders, \"%.*s\" and \"%.*s\"", (int)len, root,
                       (int)n, e->name);
    root = e->name;
    len = n;
  }
  if (!root)
    return mote_fail(err, MOTE_ERR_FORMAT, "the archive is empty");
  m->root = mote_strdup(m->al, root, len);
  return m->root ? MOTE_OK : mote_fail_nomem(err);
}

mote_status mote_torch_read(mote_script_model *m, const char *path, mote_span *out, bool *found, mote_error *err) {
  char full[PATH_CAP];
  int len = mote_snprint(full, sizeof full, "%s/%s", m->root, path);
  const mote_zip_entry *e = len < PATH_CAP ? mote_zip_find(&m->zip, full, (size_t)len) : NULL;
  if (found)
    *found = e != NULL;
  if (!e)
    return found ? MOTE_OK : mote_fail(err, MOTE_ERR_FORMAT, "the archive has no record %s", path);
  for (size_t i = 0; i < m->records.len; i++)
    if (m->records.at[i].entry == e) {
      *out = m->records.at[i].bytes.bytes;
      return MOTE_OK;
    }
  mote_torch_record r = {e, {{NULL, 0}, NULL}};
  MOTE_TRY(MOTE_VEC_RESERVE(m->al, &m->records, 1, err));
  mote_status s = mote_zip_read(&m->zip, e, &r.bytes, err);
  if (s != MOTE_OK) {
    mote_fail_place(err, "%s", path);
    return s;
  }
  m->records.at[m->records.len++] = r;
  *out = r.bytes.bytes;
  return MOTE_OK;
}

static mote_status read_version(mote_script_model *m, mote_error *err) {
  mote_span text;
  bool found;
  int64_t version;
  MOTE_TRY(mote_torch_read(m, "version", &text, &found, err));
  if (!found)
    MOTE_TRY(mote_torch_read(m, ".data/version", &text, &found, err));
  if (!found)
    return mote_fail(err, MOTE_ERR_FORMAT, "the archive has no version record");
  size_t len = text.size;
  while (len && (text.data[len - 1] == '\n' || text.data[len - 1] == '\r' || text.data[len - 1] == ' '))
    len--;
  if (len == 0 || len > 9 || !mote_parse_i64((const char *)text.data, len, 10, &version))
    return mote_fail(err, MOTE_ERR_FORMAT, "version record \"%.*s\" is no number", (int)MOTE_MIN(len, 40), text.data);
  if (version < 1 || version > VERSION_MAX)
    return mote_fail(err, MOTE_ERR_UNSUPPORTED, "archive version %lld; 1 to %d can be read", (long long)version,
                     VERSION_MAX);
  m->version = (uint64_t)version;
  return MOTE_OK;
}

static mote_status check_byteorder(mote_script_model *m, mote_error *err) {
  mote_span text;
  bool found;
  MOTE_TRY(mote_torch_read(m, "byteorder", &text, &found, err));
  if (found && (text.size != 6 || memcmp(text.data, "little", 6) != 0))
    return mote_fail(err, MOTE_ERR_UNSUPPORTED, "byte order \"%.*s\"; only little can be read",
                     (int)MOTE_MIN(text.size, 20), text.data);
  return MOTE_OK;
}

static mote_status list_extra(mote_script_model *m, mote_error *err) {
  size_t root = strlen(m->root);
  for (size_t i = 0; i < m->zip.count; i++) {
    const mote_zip_entry *e = &m->zip.entries[i];
    if (e->name_len > root + 7 && memcmp(e->name + root, "/extra/", 7) == 0)
      MOTE_TRY(MOTE_VEC_PUSH(m->al, &m->extra, e, err));
  }
  return MOTE_OK;
}

mote_status mote_torch_open_archive(mote_script_model *m, mote_span bytes, mote_error *err) {
  mote_zip_options options = {.inflate_limit = m->limit};
  MOTE_TRY(mote_zip_open(&m->zip, m->al, bytes, &options, err));
  m->zip_open = true;
  MOTE_TRY(find_root(m, err));
  MOTE_TRY(read_version(m, err));
  MOTE_TRY(check_byteorder(m, err));
  return list_extra(m, err);
}

void mote_torch_close_archive(mote_script_model *m) {
  for (size_t i = 0; i < m->records.len; i++)
    mote_zip_record_free(&m->zip, &m->records.at[i].bytes);
  MOTE_VEC_FREE(m->al, &m->records);
  MOTE_VEC_FREE(m->al, &m->extra);
  if (m->zip_open)
    mote_zip_close(&m->zip);
  mote_free(m->al, m->root);
}

mote_status mote_torch_read_pickle(mote_script_model *m, const char *path, const char *tensors, bool required,
                                   mote_torch_pickle *out, mote_error *err) {
  mote_span bytes;
  MOTE_TRY(mote_torch_read(m, path, &bytes, required ? NULL : &out->present, err));
  if (!required && !out->present)
    return MOTE_OK;
  out->present = true;
  out->tensors = tensors;
  mote_status s = mote_pickle_read(bytes, &m->arena, NULL, &out->tree, err);
  if (s != MOTE_OK)
    mote_fail_place(err, "%s", path);
  return s;
}
