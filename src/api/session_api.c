// Public functions of sessions. Tests: tests/unit/test_api.c
#include <string.h>

#include "api/api_impl.h"
#include "base/fail.h"

void mote_session_options_init(mote_session_options *options) {
  memset(options, 0, sizeof *options);
  options->struct_size = sizeof *options;
}

const char *mote_pass_name(size_t index) { return mote_engine_pass_name(index); }

static mote_status copy_passes(mote_session *s, const char *const *names, mote_error *err) {
  const mote_allocator *al = &s->model->context->al;
  size_t n = 0;
  while (names != NULL && names[n] != NULL)
    n++;
  s->no_passes = MOTE_NEW_ARRAY(al, char *, n + 1);
  if (s->no_passes == NULL)
    return mote_fail_nomem(err);
  for (size_t i = 0; i < n; i++) {
    bool known = false;
    for (size_t k = 0; !known && mote_pass_name(k) != NULL; k++)
      known = strcmp(mote_pass_name(k), names[i]) == 0;
    if (!known)
      return mote_fail(err, MOTE_ERR_ARGUMENT, "there is no pass named '%s'", names[i]);
    s->no_passes[i] = mote_strdup(al, names[i], strlen(names[i]));
    if (s->no_passes[i] == NULL)
      return mote_fail_nomem(err);
  }
  return MOTE_OK;
}

static mote_status make_engine(mote_session *s, mote_error *err) {
  const mote_context *c = s->model->context;
  mote_engine_config config = {.al = mote_meter_allocator(s->meter),
                               .cpu = &c->cpu,
                               .weights = s->model->weights,
                               .threads = s->options.threads,
                               .host_pool = s->options.pool,
                               .precision = s->options.precision,
                               .no_passes = (const char *const *)s->no_passes,
                               .profile = s->options.profile,
                               .memory_limit = c->memory_limit};
  return mote_engine_create(&config, &s->engine, err);
}

static mote_status check_options(const mote_session_options *o, mote_error *err) {
  if (o->struct_size != sizeof *o)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "mote_session_options has size %zu, expected %zu: call its init",
                     o->struct_size, sizeof *o);
  if (o->threads > 256)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "%u threads; at most 256", o->threads);
  if ((unsigned)o->precision > MOTE_PRECISION_FAST || (unsigned)o->record > MOTE_RECORD_EACH)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "precision %d, record %d", (int)o->precision, (int)o->record);
  return MOTE_OK;
}

mote_status mote_session_create(mote_model *model, const mote_session_options *options, mote_session **out,
                                mote_error *error) {
  mote_error_begin(error);
  mote_session_options defaults;
  mote_session_options_init(&defaults);
  if (options == NULL)
    options = &defaults;
  MOTE_TRY(check_options(options, error));
  mote_session *s = MOTE_NEW(&model->context->al, mote_session);
  if (s == NULL)
    return mote_fail_nomem(error);
  s->model = model;
  s->options = *options;
  atomic_fetch_add(&model->refs, 1);
  s->meter = mote_meter_open(&model->context->al, model->context->memory_limit);
  mote_status status = s->meter != NULL ? copy_passes(s, options->no_passes, error) : mote_fail_nomem(error);
  if (status == MOTE_OK)
    status = make_engine(s, error);
  if (status == MOTE_OK)
    status = model->backend->session(s, &s->state, error);
  if (status != MOTE_OK) {
    mote_session_destroy(s);
    return status;
  }
  *out = s;
  return MOTE_OK;
}

void mote_session_destroy(mote_session *s) {
  if (s == NULL)
    return;
  mote_model *model = s->model;
  const mote_allocator *al = &model->context->al;
  mote_value_release(s->kept);
  if (s->state != NULL)
    model->backend->session_destroy(s->state);
  mote_engine_destroy(s->engine);
  mote_meter_close(s->meter);
  for (size_t i = 0; s->no_passes != NULL && s->no_passes[i] != NULL; i++)
    mote_free(al, s->no_passes[i]);
  mote_free(al, s->no_passes);
  mote_free(al, s);
  mote_model_destroy(model);
}

static mote_status find_method(const mote_session *s, const char *name, size_t *out, mote_error *err) {
  if (mote_model_find_method(s->model, name, out))
    return MOTE_OK;
  mote_status status = mote_fail(err, MOTE_ERR_ARGUMENT, "the model has no method '%s'; it has %zu",
                                 name != NULL ? name : "forward", mote_model_method_count(s->model));
  for (size_t i = 0; i < mote_model_method_count(s->model); i++)
    mote_fail_item(err, "method %s", mote_model_method_name(s->model, i));
  return status;
}

#define FEW 32

mote_status mote_session_call(mote_session *session, const char *method, mote_value *const *inputs, size_t count,
                              mote_value **result, mote_error *error) {
  mote_error_begin(error);
  size_t index;
  mote_val few[FEW], value;
  const mote_allocator *al = &session->model->context->al;
  MOTE_TRY(find_method(session, method, &index, error));
  mote_val *in = count <= FEW ? few : MOTE_NEW_ARRAY(al, mote_val, count);
  if (in == NULL)
    return mote_fail_nomem(error);
  mote_status status = MOTE_OK;
  for (size_t i = 0; i < count && status == MOTE_OK; i++) {
    if (inputs[i] == NULL)
      status = mote_fail(error, MOTE_ERR_ARGUMENT, "input %zu is NULL", i);
    else
      in[i] = inputs[i]->v;
  }
  if (status == MOTE_OK)
    status = session->model->backend->call(session->state, index, in, count, &value, error);
  if (in != few)
    mote_free(al, in);
  if (status == MOTE_ERR_NOMEM && mote_meter_refused(session->meter)) {
    mote_fail_clear(error);
    status = mote_fail(error, MOTE_ERR_LIMIT, "the call needs more memory than the limit of %zu bytes",
                       session->model->context->memory_limit);
  }
  if (status != MOTE_OK) {
    mote_fail_place(error, "%s", session->model->name);
    return status;
  }
  MOTE_TRY(mote_value_box(session->model->context, value, result, error));
  mote_value_keep(*result, session->model);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ tensors to tensors

// Puts a result where the caller wants it, or tells where it lies.
static mote_status deliver(const mote_tensor *from, mote_view *to, mote_error *err) {
  size_t bytes;
  if (!mote_tensor_bytes(from, &bytes))
    return mote_fail(err, MOTE_ERR_LIMIT, "output is too large");
  if (to->data == NULL) {
    mote_tensor_to_view(from, bytes, to);
    return MOTE_OK;
  }
  if (to->bytes < bytes)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "output takes %zu bytes, its memory has %zu", bytes, to->bytes);
  mote_tensor dense = *from;
  mote_tensor_set_dense(&dense);
  dense.data = to->data;
  if (dense.data != from->data) // a view that an earlier call filled and nobody cleared
    mote_tensor_copy(from, &dense);
  mote_tensor_to_view(&dense, to->bytes, to);
  return MOTE_OK;
}

static mote_status invoke_values(mote_session *s, size_t method, const mote_tensor *in, size_t n_in, mote_view *out,
                                 size_t n_out, mote_error *err) {
  const mote_allocator *al = &s->model->context->al;
  mote_val values[FEW], result;
  mote_status status = MOTE_OK;
  size_t made = 0;
  for (; made < n_in && status == MOTE_OK; made++) {
    size_t bytes = 0;
    mote_storage *storage =
        mote_tensor_bytes(&in[made], &bytes) ? mote_storage_wrap(al, in[made].data, bytes, NULL, NULL) : NULL;
    values[made] = mote_val_none();
    status = storage == NULL ? mote_fail_nomem(err) : mote_handle_new(al, &in[made], storage, 0, &values[made], err);
    mote_storage_release(storage);
  }
  if (status == MOTE_OK)
    status = s->model->backend->call(s->state, method, values, n_in, &result, err);
  for (size_t i = 0; i < made; i++)
    mote_val_release(values[i]);
  MOTE_TRY(status);
  mote_value_release(s->kept);
  s->kept = NULL;
  MOTE_TRY(mote_value_box(s->model->context, result, &s->kept, err));
  bool tuple = result.tag == MOTE_TAG_TUPLE || result.tag == MOTE_TAG_LIST;
  size_t count = tuple ? mote_value_count(s->kept) : 1;
  if (count < n_out)
    return mote_fail(err, MOTE_ERR_ARGUMENT, "the method gives %zu outputs, asked for %zu", count, n_out);
  for (size_t i = 0; i < n_out; i++) {
    const mote_value *v = tuple ? mote_value_item(s->kept, i) : s->kept;
    if (v == NULL || v->v.tag != MOTE_TAG_TENSOR)
      return mote_fail(err, MOTE_ERR_TYPE, "output %zu is no tensor: use mote_session_call", i);
    mote_tensor t;
    mote_handle_view(v->v.u.tensor, &t);
    MOTE_TRY(deliver(&t, &out[i], err));
  }
  return MOTE_OK;
}

static mote_status invoke_tensors(mote_session *s, size_t method, const mote_tensor *in, size_t n_in, mote_view *out,
                                  size_t n_out, mote_error *err) {
  mote_engine_out results[FEW];
  memset(results, 0, n_out * sizeof *results);
  MOTE_TRY(s->model->backend->invoke(s->state, method, in, n_in, results, n_out, err));
  for (size_t i = 0; i < n_out; i++)
    MOTE_TRY(deliver(&results[i].t, &out[i], err));
  return MOTE_OK;
}

static mote_status take_views(const mote_view *in, size_t n_in, const mote_view *out, size_t n_out, bool need_data,
                              mote_tensor *t, mote_error *err) {
  if (n_in > FEW || n_out > FEW)
    return mote_fail(err, MOTE_ERR_LIMIT, "more than %d inputs or outputs: use mote_session_call", FEW);
  for (size_t i = 0; i < n_in; i++) {
    mote_status status = mote_view_to_tensor(&in[i], need_data, &t[i], err);
    if (status != MOTE_OK) {
      mote_fail_place(err, "input %zu", i);
      return status;
    }
  }
  for (size_t i = 0; i < n_out; i++)
    if (out[i].struct_size != sizeof out[i])
      return mote_fail(err, MOTE_ERR_ARGUMENT, "output %zu: mote_view has size %zu, expected %zu: call mote_view_init",
                       i, out[i].struct_size, sizeof out[i]);
  return MOTE_OK;
}

mote_status mote_session_invoke(mote_session *session, const char *method, const mote_view *in, size_t in_count,
                                mote_view *out, size_t out_count, mote_error *error) {
  mote_error_begin(error);
  size_t index;
  mote_tensor t[FEW];
  MOTE_TRY(find_method(session, method, &index, error));
  MOTE_TRY(take_views(in, in_count, out, out_count, true, t, error));
  mote_status status = session->model->backend->invoke != NULL
                           ? invoke_tensors(session, index, t, in_count, out, out_count, error)
                           : invoke_values(session, index, t, in_count, out, out_count, error);
  if (status != MOTE_OK)
    mote_fail_place(error, "%s", session->model->name);
  return status;
}

mote_status mote_session_prepare(mote_session *session, const char *method, const mote_view *in, size_t in_count,
                                 mote_error *error) {
  mote_error_begin(error);
  size_t index;
  mote_tensor t[FEW];
  MOTE_TRY(find_method(session, method, &index, error));
  MOTE_TRY(take_views(in, in_count, NULL, 0, false, t, error));
  return session->model->backend->prepare(session->state, index, t, in_count, error);
}

mote_status mote_session_reset(mote_session *session, mote_error *error) {
  mote_error_begin(error);
  mote_engine_reset_state(session->engine);
  return session->model->backend->reset != NULL ? session->model->backend->reset(session->state, error) : MOTE_OK;
}

void mote_session_cancel(mote_session *session) {
  mote_engine_cancel(session->engine);
  if (session->model->backend->cancel != NULL)
    session->model->backend->cancel(session->state);
}

void mote_session_stats(const mote_session *s, mote_stats *stats) {
  memset(stats, 0, sizeof *stats);
  stats->struct_size = sizeof *stats;
  mote_engine_stats(s->engine, stats);
  if (s->model->backend->vm_instructions != NULL)
    stats->vm_instructions = s->model->backend->vm_instructions(s->state);
}

bool mote_session_profile(const mote_session *session, size_t index, mote_profile_row *row) {
  row->struct_size = sizeof *row;
  return mote_engine_profile(session->engine, index, row);
}
