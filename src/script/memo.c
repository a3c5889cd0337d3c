// Calls from the host: run in the machine, or answered by the plan of an earlier call of the same kind.
// Tests: tests/script/test_record.c
#include "script/record_impl.h"

enum { DEPTH_MAX = 64 };

void mote_memo_clear(mote_recorder *r) { (void)r; }
void mote_memo_flushed(mote_recorder *r, uint64_t key) { (void)r, (void)key; }

mote_status mote_recorder_call(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result,
                               mote_error *err) {
  mote_val v;
  mote_status s = mote_vm_call(vm, fn, args, n, &v, err);
  if (s != MOTE_OK) { // what was written before the failure stays written
    if (mote_recorder_flush(vm->rec, NULL) != MOTE_OK)
      mote_recorder_forget(vm->rec);
    return s;
  }
  s = vm->rec ? mote_recorder_flush(vm->rec, err) : MOTE_OK;
  if (s != MOTE_OK) {
    mote_val_release(v);
    return s;
  }
  *result = v;
  return MOTE_OK;
}
