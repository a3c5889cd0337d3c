// See record.h.
#include "script/record.h"

struct mote_recorder {
  mote_vm *vm;
};

mote_status mote_recorder_create(mote_vm *vm, mote_recorder **out, mote_error *err) {
  (void)vm, (void)err;
  *out = NULL;
  return MOTE_OK;
}
void mote_recorder_forget(mote_recorder *r) { (void)r; }
void mote_recorder_destroy(mote_recorder *r) { (void)r; }
mote_status mote_recorder_call(mote_vm *vm, const mote_function *fn, const mote_val *args, uint32_t n, mote_val *result,
                               mote_error *err) {
  return mote_vm_call(vm, fn, args, n, result, err);
}
mote_status mote_recorder_flush(mote_recorder *r, mote_error *err) { return (void)r, (void)err, MOTE_OK; }
mote_status mote_recorder_before_write(mote_recorder *r, mote_storage *s, mote_error *err) {
  return (void)r, (void)s, (void)err, MOTE_OK;
}
mote_status mote_recorder_emit(mote_recorder *r, const mote_op *op, const void *attr, mote_handle *const *in, int32_t n_in,
                               mote_val *out, int32_t *n_out, bool *done, mote_error *err) {
  (void)r, (void)op, (void)attr, (void)in, (void)n_in, (void)out, (void)n_out, (void)err;
  *done = false;
  return MOTE_OK;
}
mote_status mote_recorder_write(mote_recorder *r, mote_handle *dst, mote_handle *src, bool *done) {
  (void)r, (void)dst, (void)src;
  *done = false;
  return MOTE_OK;
}
mote_status mote_recorder_view(mote_recorder *r, mote_handle *h, const mote_op *op, const void *attr, mote_handle *view,
                               mote_error *err) {
  return (void)r, (void)h, (void)op, (void)attr, (void)view, (void)err, MOTE_OK;
}
