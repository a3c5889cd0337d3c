// Overload resolution: which schema takes these arguments, and what each argument has to become for it.
// PyTorch's order: every overload without implicit conversions, then every one with. Tests: tests/script/test_compile.c
#include "script/front.h"

#include <string.h>

#include "base/fail.h"

#define MAX_CANDIDATES 64 // the largest family has 26 overloads
#define LOCAL_FITS 64

// ---------------------------------------------------------------------------------------------------- type variables

static const mote_type **env_slot(mote_type_env *env, const char *name) {
  for (uint32_t i = 0; i < env->n; i++)
    if (strcmp(env->names[i], name) == 0)
      return &env->types[i];
  if (env->n == MOTE_COUNT(env->names))
    return NULL;
  env->names[env->n] = name;
  env->types[env->n] = NULL;
  return &env->types[env->n++];
}

static bool bind_tuple_items(mote_types *types, mote_type_env *env, const mote_type *formal, const mote_type *actual);

// Binds the variables of `formal` so that `actual` may fit. True also where nothing can be learnt (None for t?).
static bool bind(mote_types *types, mote_type_env *env, const mote_type *formal, const mote_type *actual) {
  if (!formal->has_var || actual->kind == MOTE_TYPE_UNKNOWN)
    return true;
  if (formal->kind == MOTE_TYPE_VAR) {
    const mote_type **slot = env_slot(env, formal->name);
    if (slot == NULL)
      return false;
    if (*slot == NULL)
      *slot = actual;
    return mote_type_unify(types, *slot, actual) != NULL;
  }
  if (formal->kind == MOTE_TYPE_OPTIONAL) {
    if (actual->kind == MOTE_TYPE_NONE)
      return true;
    return bind(types, env, formal->args[0], mote_type_unwrap(actual));
  }
  if (formal->kind == MOTE_TYPE_LIST && actual->kind == MOTE_TYPE_TUPLE)
    return bind_tuple_items(types, env, formal, actual);
  if (formal->kind != actual->kind || formal->n_args != actual->n_args)
    return false;
  for (uint32_t i = 0; i < formal->n_args; i++)
    if (!bind(types, env, formal->args[i], actual->args[i]))
      return false;
  return true;
}

static bool bind_tuple_items(mote_types *types, mote_type_env *env, const mote_type *formal, const mote_type *actual) {
  if (actual->n_args == 0)
    return false;
  const mote_type *item = actual->args[0];
  for (uint32_t i = 1; i < actual->n_args && item; i++)
    item = mote_type_unify(types, item, actual->args[i]);
  return item && bind(types, env, formal->args[0], item);
}

const mote_type *mote_type_eval(mote_types *types, const mote_type_env *env, const mote_type *type) {
  if (!type->has_var)
    return type;
  if (type->kind == MOTE_TYPE_VAR) {
    for (uint32_t i = 0; i < env->n; i++)
      if (strcmp(env->names[i], type->name) == 0 && env->types[i])
        return env->types[i];
    return mote_type_basic(types, MOTE_TYPE_UNKNOWN);
  }
  const mote_type *args[8];
  if (type->n_args > MOTE_COUNT(args))
    return NULL;
  for (uint32_t i = 0; i < type->n_args; i++)
    if ((args[i] = mote_type_eval(types, env, type->args[i])) == NULL)
      return NULL;
  return mote_type_generic(types, type->kind, args, type->n_args);
}

// ---------------------------------------------------------------------------------------------------- one argument

static bool tuple_fits_list(mote_types *types, const mote_type *tuple, const mote_type *list) {
  if (tuple->kind != MOTE_TYPE_TUPLE || list->kind != MOTE_TYPE_LIST)
    return false;
  for (uint32_t i = 0; i < tuple->n_args; i++)
    if (!mote_type_is_subtype(types, tuple->args[i], list->args[0]))
      return false;
  return true;
}

// The operator that turns `have` into `want` without being asked, or NULL.
static const char *implicit_conversion(mote_types *types, const mote_type *have, const mote_type *want,
                                       const char **overload) {
  *overload = "";
  bool tensor = have->kind == MOTE_TYPE_TENSOR, number = have->kind == MOTE_TYPE_NUMBER;
  (void)types;
  switch (want->kind) {
  case MOTE_TYPE_FLOAT:
    *overload = number ? "Scalar" : "";
    return tensor ? "aten::FloatImplicit" : number ? "aten::Float" : NULL;
  case MOTE_TYPE_INT:
    *overload = number ? "Scalar" : "";
    return tensor ? "aten::IntImplicit" : number ? "aten::Int" : NULL;
  case MOTE_TYPE_COMPLEX:
    *overload = number ? "Scalar" : "";
    return tensor ? "aten::ComplexImplicit" : number ? "aten::Complex" : NULL;
  case MOTE_TYPE_NUMBER:
    return tensor ? "aten::ScalarImplicit" : NULL;
  case MOTE_TYPE_DEVICE:
    return have->kind == MOTE_TYPE_STR ? "aten::device" : NULL;
  default:
    return NULL;
  }
}

static bool make_items(mote_front *front, mote_fit *fit, uint32_t n) {
  fit->items = MOTE_ARENA_ARRAY(&front->scratch, mote_fit, n + 1);
  fit->n = n;
  front->program->types.short_of_memory |= fit->items == NULL;
  return fit->items != NULL;
}

bool mote_fit_value(mote_front *front, mote_node *node, const mote_type *want, bool convert, mote_fit *fit) {
  mote_types *types = &front->program->types;
  const mote_type *have = node->type;
  memset(fit, 0, sizeof *fit);
  fit->kind = MOTE_FIT_NODE;
  fit->node = node;
  fit->type = have;
  if (mote_type_is_subtype(types, have, want))
    return true;
  // What fits T fits Optional[T]; an Optional itself is never unwrapped unasked.
  const mote_type *inner = have->kind == MOTE_TYPE_OPTIONAL ? want : mote_type_unwrap(want);
  if (tuple_fits_list(types, have, inner)) {
    fit->kind = MOTE_FIT_UNPACK;
    fit->type = inner;
    fit->n = have->n_args;
    return true;
  }
  if (!convert)
    return false;
  fit->op = implicit_conversion(types, have, inner, &fit->overload);
  if (fit->op == NULL || !make_items(front, fit, 1))
    return false;
  fit->kind = MOTE_FIT_CONVERT;
  fit->type = inner;
  fit->items[0] = (mote_fit){.kind = MOTE_FIT_NODE, .node = node, .type = have};
  return true;
}

static bool is_repeated(const mote_schema_arg *arg, const mote_type *have) {
  const mote_type *list = mote_type_unwrap(arg->type);
  return arg->list_size > 0 && list->kind == MOTE_TYPE_LIST && list->args[0] == have &&
         (have->kind == MOTE_TYPE_INT || have->kind == MOTE_TYPE_FLOAT);
}

static bool fit_argument(mote_front *front, const mote_schema_arg *arg, mote_node *node, bool convert,
                         mote_type_env *env, mote_fit *fit) {
  mote_types *types = &front->program->types;
  if (is_repeated(arg, node->type)) {
    *fit = (mote_fit){.kind = MOTE_FIT_REPEAT, .type = mote_type_unwrap(arg->type)};
    if (!make_items(front, fit, 1))
      return false;
    fit->items[0] = (mote_fit){.kind = MOTE_FIT_NODE, .node = node, .type = node->type};
    fit->n = (uint32_t)arg->list_size;
    return true;
  }
  if (!bind(types, env, arg->type, node->type))
    return false;
  const mote_type *want = mote_type_eval(types, env, arg->type);
  return want && mote_fit_value(front, node, want, convert, fit);
}

// ---------------------------------------------------------------------------------------------------- all arguments

typedef struct matching {
  mote_front *front;
  const mote_signature *sig;
  const mote_actual *actuals;
  uint32_t n, next; // next: positional actuals used so far
  bool convert;
  mote_type_env *env;
  mote_fit *fits;
  uint32_t keywords_used;
  mote_text *why;
} matching;

static bool mismatch(matching *m, const mote_schema_arg *arg, const mote_type *have) {
  if (m->why == NULL)
    return false;
  mote_text_str(m->why, "argument ");
  mote_text_str(m->why, arg->name);
  if (have == NULL) {
    mote_text_str(m->why, " is missing");
    return false;
  }
  mote_text_str(m->why, " is ");
  mote_type_text(arg->type, m->why);
  mote_text_str(m->why, ", given ");
  mote_type_text(have, m->why);
  return false;
}

static const mote_actual *find_keyword(const matching *m, const char *name) {
  for (uint32_t i = 0; i < m->n; i++)
    if (m->actuals[i].name != NULL && strcmp(m->actuals[i].name, name) == 0)
      return &m->actuals[i];
  return NULL;
}

// torch.zeros(2, 3): the last positional argument is a list and its items are given one by one.
static bool takes_rest(const matching *m, uint32_t i) {
  const mote_schema_arg *arg = &m->sig->args[i];
  const mote_type *list = mote_type_unwrap(arg->type);
  bool last = i + 1 == m->sig->n_args || m->sig->args[i + 1].keyword_only;
  if (!m->convert || m->sig->schema == NULL || !last || list->kind != MOTE_TYPE_LIST || arg->list_size || list->has_var)
    return false;
  const mote_type *have = m->actuals[m->next].node->type;
  return have->kind != MOTE_TYPE_LIST && have->kind != MOTE_TYPE_NONE && have->kind != MOTE_TYPE_UNKNOWN &&
         have->kind != MOTE_TYPE_OPTIONAL && !tuple_fits_list(&m->front->program->types, have, list);
}

static bool fit_rest(matching *m, uint32_t i) {
  const mote_type *list = mote_type_unwrap(m->sig->args[i].type);
  uint32_t from = m->next, n = 0;
  while (from + n < m->n && m->actuals[from + n].name == NULL)
    n++;
  m->fits[i] = (mote_fit){.kind = MOTE_FIT_LIST, .type = list};
  if (!make_items(m->front, &m->fits[i], n))
    return false;
  m->next = from + n;
  for (uint32_t k = 0; k < n; k++)
    if (!mote_fit_value(m->front, m->actuals[from + k].node, list->args[0], true, &m->fits[i].items[k]))
      return mismatch(m, &m->sig->args[i], m->actuals[from + k].node->type);
  return true;
}

static bool fit_formal(matching *m, uint32_t i) {
  const mote_schema_arg *arg = &m->sig->args[i];
  const mote_actual *actual = NULL;
  if (!arg->keyword_only && m->next < m->n && m->actuals[m->next].name == NULL) {
    if (takes_rest(m, i))
      return fit_rest(m, i);
    actual = &m->actuals[m->next++];
  } else if ((actual = find_keyword(m, arg->name)) != NULL) {
    m->keywords_used++;
  }
  if (actual != NULL)
    return fit_argument(m->front, arg, actual->node, m->convert, m->env, &m->fits[i]) ||
           mismatch(m, arg, actual->node->type);
  if (!arg->has_default)
    return mismatch(m, arg, NULL);
  m->fits[i] = (mote_fit){.kind = MOTE_FIT_LITERAL, .lit = &arg->value, .type = arg->value.type};
  return true;
}

bool mote_match(mote_front *front, const mote_signature *sig, const mote_actual *actuals, uint32_t n, bool convert,
                mote_type_env *env, mote_fit **fits, mote_text *why) {
  matching m = {front, sig, actuals, n, 0, convert, env, NULL, 0, why};
  mote_fit local[LOCAL_FITS]; // most attempts fail: only the one that succeeds takes arena memory
  size_t n_fits = (size_t)sig->n_args + n + 1;
  m.fits = n_fits <= LOCAL_FITS ? local : MOTE_ARENA_ARRAY(&front->scratch, mote_fit, n_fits);
  bool *short_of_memory = &front->program->types.short_of_memory;
  *short_of_memory |= m.fits == NULL;
  if (m.fits == NULL)
    return false;
  uint32_t keywords = 0;
  for (uint32_t i = 0; i < n; i++)
    keywords += actuals[i].name != NULL;
  for (uint32_t i = 0; i < sig->n_args; i++)
    if (!fit_formal(&m, i))
      return false;
  bool vararg = sig->schema && sig->schema->is_vararg;
  for (uint32_t i = sig->n_args; vararg && m.next < n && actuals[m.next].name == NULL; i++, m.next++)
    m.fits[i] = (mote_fit){.kind = MOTE_FIT_NODE, .node = actuals[m.next].node, .type = actuals[m.next].node->type};
  if (m.next + keywords == n && m.keywords_used == keywords) {
    *fits = m.fits == local ? MOTE_ARENA_ARRAY(&front->scratch, mote_fit, n_fits) : m.fits;
    if (*fits != NULL && m.fits == local)
      memcpy(*fits, local, (n_fits - 1) * sizeof *local);
    *short_of_memory |= *fits == NULL;
    return *fits != NULL;
  }
  if (why != NULL)
    mote_text_fmt(why, "%u arguments are given, of which %u fit", n, m.next + m.keywords_used);
  return false;
}

// ---------------------------------------------------------------------------------------------------- candidates

static mote_status definition_candidate(mote_front *front, const char *name, mote_signature *out, uint32_t *n,
                                        bool *found, mote_error *err) {
  mote_def *def;
  MOTE_TRY(mote_front_definition(front, name, &def, err));
  *found = def != NULL;
  if (!*found)
    return MOTE_OK;
  mote_signature *sig = &out[(*n)++];
  *sig = (mote_signature){.name = def->fn->name, .overload = "", .n_args = def->fn->n_params, .fn = def->fn};
  return mote_function_formals(front, def->fn, &sig->args, err);
}

static mote_status list_candidates(mote_front *front, const char *name, mote_signature *out, uint32_t *n,
                                   mote_error *err) {
  mote_program *program = front->program;
  uint64_t version = front->defining_ops ? 0 : program->version;
  size_t at = 0;
  *n = 0;
  for (const char *up; (up = mote_upgrader_next(version, name, &at)) != NULL && *n < MAX_CANDIDATES / 2;) {
    bool found;
    MOTE_TRY(definition_candidate(front, up, out, n, &found, err));
    if (!found)
      return mote_fail(err, MOTE_ERR_INTERNAL, "definition %s is missing", up);
  }
  uint32_t first, count;
  if (!mote_schema_range(&program->schemas, name, strlen(name), &first, &count)) {
    bool helper = front->defining_ops && strncmp(name, "aten::", 6) == 0; // definitions call one another
    return helper ? definition_candidate(front, name + 6, out, n, &helper, err) : MOTE_OK;
  }
  for (uint32_t i = first; i < first + count && *n < MAX_CANDIDATES; i++) {
    const mote_schema *schema;
    MOTE_TRY(mote_schema_get(&program->schemas, i, &schema, err));
    out[(*n)++] = (mote_signature){.name = schema->name,
                                   .overload = schema->overload,
                                   .args = schema->args,
                                   .n_args = schema->n_args,
                                   .schema = schema};
  }
  return MOTE_OK;
}

static const mote_type *result_type(mote_front *front, const mote_signature *sig, const mote_type_env *env) {
  mote_types *types = &front->program->types;
  if (sig->fn != NULL)
    return sig->fn->result;
  const mote_schema *s = sig->schema;
  if (s->is_varret)
    return mote_type_basic(types, MOTE_TYPE_UNKNOWN);
  if (s->n_results == 0)
    return mote_type_basic(types, MOTE_TYPE_NONE);
  if (s->n_results == 1)
    return mote_type_eval(types, env, s->results[0]);
  const mote_type *items[64]; // schema.c bounds results by the same number
  for (uint32_t i = 0; i < s->n_results; i++)
    items[i] = mote_type_eval(types, env, s->results[i]);
  return mote_type_make(types, MOTE_TYPE_TUPLE, items, s->n_results);
}

static mote_status use_candidate(mote_front *front, const mote_signature *sig, const mote_type_env *env, mote_fit *fits,
                                 uint32_t n_actuals, mote_use *use, mote_error *err) {
  use->kind = sig->fn ? MOTE_USE_FUNCTION : MOTE_USE_OP;
  use->name = sig->name;
  use->overload = sig->overload;
  use->schema = sig->schema;
  use->fn = sig->fn;
  use->fits = fits;
  use->is_vararg = sig->schema && sig->schema->is_vararg;
  use->n_fits = use->is_vararg ? MOTE_MAX(n_actuals, sig->n_args) : sig->n_args;
  use->type = result_type(front, sig, env);
  if (use->type == NULL)
    return mote_fail_nomem(err);
  return sig->fn ? mote_front_enqueue(front, sig->fn, err) : MOTE_OK;
}

static mote_status nothing_fits(mote_front *front, const char *name, const mote_signature *sigs, uint32_t n_sigs,
                                const mote_actual *actuals, uint32_t n, mote_error *err) {
  mote_text text;
  mote_text_init(&text, front->program->al);
  if (n_sigs == 1) {
    mote_type_env env = {0};
    mote_fit *fits;
    mote_match(front, &sigs[0], actuals, n, true, &env, &fits, &text);
  } else {
    mote_text_str(&text, "none of its overloads takes (");
    for (uint32_t i = 0; i < n; i++) {
      mote_text_str(&text, i ? ", " : "");
      if (actuals[i].name)
        mote_text_fmt(&text, "%s=", actuals[i].name);
      mote_type_text(actuals[i].node->type, &text);
    }
    mote_text_str(&text, ")");
  }
  mote_status status = mote_fail(err, MOTE_ERR_FORMAT, "%s: %.600s", name, text.failed || !text.at ? "" : text.at);
  mote_text_destroy(&text);
  return status;
}

mote_status mote_pick_operator(mote_front *front, const char *name, const mote_actual *actuals, uint32_t n,
                               mote_use *use, bool *found, mote_error *err) {
  mote_signature sigs[MAX_CANDIDATES];
  uint32_t n_sigs;
  MOTE_TRY(list_candidates(front, name, sigs, &n_sigs, err));
  *found = n_sigs > 0;
  if (!*found)
    return MOTE_OK;
  for (int convert = n_sigs == 1; convert < 2; convert++)
    for (uint32_t i = 0; i < n_sigs; i++) {
      mote_type_env env = {0};
      mote_fit *fits;
      if (mote_match(front, &sigs[i], actuals, n, convert != 0, &env, &fits, NULL))
        return use_candidate(front, &sigs[i], &env, fits, n, use, err);
    }
  // The table leaves out most out= overloads: such a call is a missing operator, not a wrong program.
  for (uint32_t i = 0; i < n; i++)
    if (actuals[i].name && strcmp(actuals[i].name, "out") == 0) {
      *found = false;
      return MOTE_OK;
    }
  return nothing_fits(front, name, sigs, n_sigs, actuals, n, err);
}
