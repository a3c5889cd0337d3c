// The inside of a TorchScript file: records of its zip archive, storages, pickled values. Private to src/formats/torch.
// Tests: tests/models/torch, fuzz/fuzz_torch.c
#ifndef MOTE_FORMATS_TORCH_FILE_H
#define MOTE_FORMATS_TORCH_FILE_H

#include "base/prim/threads.h"
#include "script/script_model.h"
#include "script/shared.h"
#include "script/vm.h"
#include "wire/pickle.h"
#include "wire/zip.h"

typedef struct mote_torch_record { // a record that was read: its bytes stay until the file is closed
  const mote_zip_entry *entry;
  mote_zip_record bytes;
} mote_torch_record;

typedef struct mote_torch_pickle {
  mote_pickle tree;
  const char *tensors; // folder of its storages: "data"
  bool present;
} mote_torch_pickle;

typedef struct mote_script_model {
  const mote_allocator *al;
  char *name;
  mote_format format;
  size_t limit;
  bool zip_open;
  char *root; // folder in front of all records, without the slash
  uint64_t version;
  mote_arena arena; // pickles, tables of this file
  mote_mutex lock;  // sessions of several threads find storages and types, and files are asked for, at any time
  bool lock_ready;
  MOTE_VEC(mote_torch_record) records;
  mote_map storages; // "data/0" -> mote_storage
  mote_torch_pickle data, constants;
  mote_dispatch *dispatch;
  mote_program *program;
  mote_class *cls; // of the root module
  MOTE_VEC(mote_function *) methods;
  MOTE_VEC(char *) missing;
  MOTE_VEC(const mote_zip_entry *) extra;
  // of a .ptl: values of its functions' constants
  MOTE_VEC(const mote_pickle_value *) lite_constants;
  mote_torch_pickle bytecode;
  mote_zip zip; // large
} mote_script_model;

typedef struct mote_torch_lines mote_torch_lines; // Python lines of a code record (debug.c)

typedef struct mote_script_session {
  mote_script_model *model;
  const mote_allocator *al;
  mote_vm vm;
  bool vm_ready;
  mote_val root;       // the module
  mote_val *constants; // [count of the archive's constants], made when first asked for
  size_t n_constants;
  mote_map storages;        // "data/0" -> the session's mote_storage
  mote_torch_lines **lines; // [program's sources], NULL until an error asks
  mote_arena debug_arena;
} mote_script_session;

// archive.c
mote_status mote_torch_open_archive(mote_script_model *m, mote_span bytes, mote_error *err) MOTE_MUST_USE;
void mote_torch_close_archive(mote_script_model *m);
// Bytes of the record below the root folder; *found false when there is none (`found` NULL: a failure).
mote_status mote_torch_read(mote_script_model *m, const char *path, mote_span *out, bool *found,
                            mote_error *err) MOTE_MUST_USE;
mote_status mote_torch_read_pickle(mote_script_model *m, const char *path, const char *tensors, bool required,
                                   mote_torch_pickle *out, mote_error *err) MOTE_MUST_USE;

// tensors.c
// The dtype of "FloatStorage"; MOTE_NONE when it is none.
mote_dtype mote_torch_storage_dtype(const char *name);
// Reads and checks every storage that the tree names, for the model.
mote_status mote_torch_load_storages(mote_script_model *m, const mote_torch_pickle *p, mote_error *err) MOTE_MUST_USE;

// What values are made for. `session` NULL: only checks are wanted.
typedef struct mote_torch_builder {
  mote_script_model *model;
  mote_script_session *session;
  const mote_torch_pickle *pickle;
  mote_val *made; // [tree.count]
  bool *done;
  mote_arena scratch; // names and quantisers, until all is made
  mote_error *err;
} mote_torch_builder;
mote_status mote_torch_tensor(mote_torch_builder *b, const mote_pickle_value *v, mote_val *out) MOTE_MUST_USE;
bool mote_torch_is_tensor(const mote_pickle_value *v);

// values.c
mote_status mote_torch_build(mote_script_session *s, const mote_torch_pickle *p, const mote_pickle_value *v,
                             mote_val *out, mote_error *err) MOTE_MUST_USE;
// Static type of a pickled constant.
const mote_type *mote_torch_type_of(mote_script_model *m, mote_types *types, const mote_pickle_value *v);
// Names every class that occurs in the tree, so that its record is compiled.
mote_status mote_torch_name_classes(mote_script_model *m, const mote_pickle_value *v, mote_error *err) MOTE_MUST_USE;
// "__torch__.m.N" of a global; NULL when memory is short.
const char *mote_torch_class_name(mote_arena *arena, const mote_pickle_value *global);

// lite.c
mote_status mote_torch_load_lite(mote_script_model *m, mote_error *err) MOTE_MUST_USE;
// debug.c
bool mote_torch_python_line(void *ctx, const mote_function *fn, uint32_t pc, mote_python_line *out);
void mote_torch_free_lines(mote_script_session *s);

#endif
