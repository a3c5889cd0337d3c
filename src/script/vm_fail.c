// Failures of a running program: exceptions and tracebacks. Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <string.h>

mote_status mote_vm_raise(mote_vm *vm, const char *cls, const char *fmt, ...) {
  char message[1600];
  va_list args;
  va_start(args, fmt);
  mote_vsnprint(message, sizeof message, fmt, args);
  va_end(args);
  if (!cls)
    return mote_fail(vm->err, MOTE_ERR_RAISED, "%s", message);
  return mote_fail(vm->err, MOTE_ERR_RAISED, "%s%s%s", cls, message[0] ? ": " : "", message);
}

mote_status mote_vm_fail_type(mote_vm *vm, const char *want, mote_val got) {
  return mote_fail(vm->err, MOTE_ERR_TYPE, "%s%s expected %s but got %s", vm->ref ? vm->ref->name : "",
                   vm->ref ? "()" : "", want, mote_tag_name(got.tag));
}

mote_status mote_vm_fail_tag(mote_vm *vm, uint8_t want, uint8_t got) {
  return mote_vm_fail_type(vm, want == MOTE_TAG_COUNT ? "a number" : mote_tag_name(want), (mote_val){.tag = got});
}

// Bytes of a line that a message shows.
static int shown(size_t len) { return (int)MOTE_MIN(len, 200); }

static void frame_item(mote_vm *vm, const mote_frame *f) {
  const char *file = NULL, *name = f->fn->name;
  mote_python_line at;
  uint32_t line = 0, pc = f->pc ? f->pc - 1 : 0;
  if (vm->host.python_line && vm->host.python_line(vm->host.ctx, f->fn, pc, &at)) {
    const char *dot = strrchr(name, '.');
    name = at.where ? at.where : dot ? dot + 1 : name;
    mote_fail_item(vm->err, "File \"%.*s\", line %u, in %.*s%s%.*s", shown(at.file_len), at.file, at.line,
                   shown(at.where ? at.where_len : strlen(name)), name, at.text_len ? ": " : "", shown(at.text_len),
                   at.text_len ? at.text : "");
    return;
  }
  if (f->fn->places && mote_program_place(vm->program, f->fn->places[pc], &file, &line))
    mote_fail_item(vm->err, "%s:%u in %s", file, line, name);
  else
    mote_fail_item(vm->err, "%s, instruction %u", name, pc);
}

void mote_vm_traceback(mote_vm *vm, size_t stop) {
  for (size_t i = stop; vm->err && i < vm->frames.len; i++)
    frame_item(vm, &vm->frames.at[i]);
}

static void argument_text(mote_val v, char *out, size_t cap) {
  if (v.tag == MOTE_TAG_TENSOR)
    mote_tensor_text(&v.u.tensor->t, out, cap);
  else if (v.tag == MOTE_TAG_INT)
    mote_snprint(out, cap, "%lld", (long long)v.u.i);
  else if (v.tag == MOTE_TAG_FLOAT)
    mote_snprint(out, cap, "%g", v.u.f);
  else if (v.tag == MOTE_TAG_BOOL)
    mote_snprint(out, cap, "%s", v.u.i ? "True" : "False");
  else if (v.tag == MOTE_TAG_LIST)
    mote_snprint(out, cap, "list of %zu", v.u.list->len);
  else
    mote_snprint(out, cap, "%s", v.tag == MOTE_TAG_NONE ? "None" : mote_tag_name(v.tag));
}

void mote_vm_traceback_op(mote_vm *vm, const mote_op_ref *ref, uint32_t n, const mote_val *a) {
  if (!vm->err || vm->err->item_count)
    return;
  char line[700], one[96];
  size_t at = 0;
  for (uint32_t i = 0; i < n && at + sizeof one + 4 < sizeof line; i++) {
    argument_text(a[i], one, sizeof one);
    at += (size_t)mote_snprint(line + at, sizeof line - at, "%s%s", i ? ", " : "", one);
  }
  line[at] = '\0';
  mote_fail_item(vm->err, "operator %s%s%s(%s)", ref->name, ref->overload[0] ? "." : "", ref->overload, line);
}
