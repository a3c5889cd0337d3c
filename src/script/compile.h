// A TorchScript program: classes and functions compiled from the code records of an archive.
// Source text comes through a callback, values never do: constants stay literals. One thread.
// Tests: tests/script/test_compile.c
#ifndef MOTE_SCRIPT_COMPILE_H
#define MOTE_SCRIPT_COMPILE_H

#include "base/span.h"
#include "script/bytecode.h"

// What the front end asks of the container and of the VM.
typedef struct mote_script_host {
  void *ctx;
  // Text of a code record, asked by the path below "code/": "__torch__/torch/nn/functional.py". *found false: no such
  // record. The text must stay until the program's compile phase ends (mote_program_compile).
  mote_status (*source)(void *ctx, const char *path, mote_span *text, bool *found, mote_error *err);
  // Static type of entry `index` of the archive's constants; NULL when there is none.
  const mote_type *(*constant_type)(void *ctx, mote_types *types, int64_t index);
  // Is there an implementation? `schema` -1 for unknown names. NULL: everything with a schema has one.
  bool (*has_impl)(void *ctx, int32_t schema, const char *name, const char *overload);
} mote_script_host;

typedef struct mote_script_source {
  const char *path;      // "__torch__/torch/nn/functional.py"
  const uint32_t *lines; // offset of the first byte of each line
  uint32_t n_lines;
} mote_script_source;

typedef struct mote_missing {
  const char *name; // "aten::foo.bar"; overload left out when unknown
  mote_insn_place place;
} mote_missing;

typedef struct mote_program {
  const mote_allocator *al;
  mote_arena arena; // types, classes, functions
  mote_types types;
  mote_schemas schemas;
  mote_script_host host;
  uint64_t version;                    // of the archive: chooses operator upgraders
  MOTE_VEC(mote_function *) functions; // all, also methods
  MOTE_VEC(mote_script_source) sources;
  MOTE_VEC(mote_missing) missing; // each operator once, first place
  struct mote_front *front;       // only while compiling
} mote_program;

// `limit`: bytes of memory that types and code may take (0: 1 GiB). `version` 0: today's meaning of every operator.
mote_status mote_program_create(const mote_allocator *al, const mote_script_host *host, uint64_t version, size_t limit,
                                mote_program **out, mote_error *err) MOTE_MUST_USE;
void mote_program_destroy(mote_program *program);

// The class, defined from its record; its methods, and all that they use, are queued for compilation.
mote_status mote_program_class(mote_program *program, const char *name, mote_class **out,
                               mote_error *err) MOTE_MUST_USE;
// Compiles and verifies everything queued. Syntax and type errors are MOTE_ERR_FORMAT with record and line.
// Operators without implementation are no errors: see program->missing.
mote_status mote_program_compile(mote_program *program, mote_error *err) MOTE_MUST_USE;

// For the .ptl reader: the upgrader to call instead of an operator of an archive of this program's version, or NULL.
mote_status mote_program_upgrader(mote_program *program, const char *name, const char *overload, mote_function **out,
                                  mote_error *err) MOTE_MUST_USE;
// For the .ptl reader: fills schema, n_results and has_impl of a reference from name, overload and n_given (-1: all).
mote_status mote_program_op_ref(mote_program *program, const char *name, const char *overload, int32_t n_given,
                                mote_op_ref *out, mote_error *err) MOTE_MUST_USE;

// "__torch__/m.py:12"; false when the place is unknown.
bool mote_program_place(const mote_program *program, mote_insn_place place, const char **path, uint32_t *line);

#endif
