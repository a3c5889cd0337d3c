// Builtin operators on lists. Tests: tests/script/test_vm.c
#include "script/vm.h"

#include <math.h>
#include <string.h>

static mote_status out_of_range(mote_vm *vm) { return mote_vm_raise(vm, "IndexError", "list index out of range"); }

static mote_status position(mote_vm *vm, mote_val list, mote_val index, size_t *out) {
  MOTE_WANT(vm, list, MOTE_TAG_LIST);
  MOTE_WANT_INT(vm, index);
  int64_t n = (int64_t)list.u.list->len, i = index.u.i;
  if (i < -n || i >= n)
    return out_of_range(vm);
  *out = (size_t)(i < 0 ? i + n : i);
  return MOTE_OK;
}

static mote_status l_len(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  *out = mote_val_int((int64_t)a[0].u.list->len);
  return MOTE_OK;
}

static mote_status l_get(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  size_t i;
  (void)n;
  MOTE_TRY(position(vm, a[0], a[1], &i));
  *out = mote_val_retain(a[0].u.list->at[i]);
  return MOTE_OK;
}

static mote_status l_set(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  size_t i;
  (void)n;
  MOTE_TRY(position(vm, a[0], a[1], &i));
  mote_val_set(&a[0].u.list->at[i], mote_val_retain(a[2]));
  mote_vm_touch(vm, a[0].u.list->born);
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status l_delete(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  size_t i;
  (void)n, (void)out;
  MOTE_TRY(position(vm, a[0], a[1], &i));
  mote_list_remove(a[0].u.list, i, 1);
  mote_vm_touch(vm, a[0].u.list->born);
  return MOTE_OK;
}

static mote_status l_append(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_TRY(mote_list_push(a[0].u.list, mote_val_retain(a[1]), vm->err));
  mote_vm_touch(vm, a[0].u.list->born);
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status l_insert(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_WANT_INT(vm, a[1]);
  int64_t len = (int64_t)a[0].u.list->len, i = a[1].u.i;
  i = i < 0 ? MOTE_MAX(i + len, 0) : MOTE_MIN(i, len);
  mote_vm_touch(vm, a[0].u.list->born);
  return mote_list_insert(a[0].u.list, (size_t)i, mote_val_retain(a[2]), vm->err);
}

static mote_status l_pop(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  size_t i;
  (void)n;
  if (a[0].tag == MOTE_TAG_LIST && a[0].u.list->len == 0)
    return mote_vm_raise(vm, "IndexError", "pop from empty list");
  MOTE_TRY(position(vm, a[0], a[1], &i));
  *out = mote_val_retain(a[0].u.list->at[i]);
  mote_list_remove(a[0].u.list, i, 1);
  mote_vm_touch(vm, a[0].u.list->born);
  return MOTE_OK;
}

static mote_status l_clear(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  mote_list_remove(a[0].u.list, 0, a[0].u.list->len);
  mote_vm_touch(vm, a[0].u.list->born);
  return MOTE_OK;
}

static mote_status push_range(mote_vm *vm, mote_list *to, const mote_list *from) {
  size_t count = from->len; // `from` may be `to`
  for (size_t i = 0; i < count; i++)
    MOTE_TRY(mote_list_push(to, mote_val_retain(from->at[i]), vm->err));
  return MOTE_OK;
}

static mote_status l_extend(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_WANT(vm, a[1], MOTE_TAG_LIST);
  mote_vm_touch(vm, a[0].u.list->born);
  MOTE_TRY(push_range(vm, a[0].u.list, a[1].u.list));
  if (vm->n_results)
    *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

static mote_status new_like(mote_vm *vm, const mote_list *list, size_t cap, mote_val *out) {
  MOTE_TRY(mote_list_new(vm->al, cap, out, vm->err));
  out->u.list->type = list->type;
  out->u.list->born = vm->call;
  return MOTE_OK;
}

static mote_status l_copy(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_TRY(new_like(vm, a[0].u.list, a[0].u.list->len, out));
  return push_range(vm, out->u.list, a[0].u.list);
}

static mote_status l_add(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_WANT(vm, a[1], MOTE_TAG_LIST);
  mote_val v;
  MOTE_TRY(new_like(vm, a[0].u.list, a[0].u.list->len + a[1].u.list->len, &v));
  mote_status s = push_range(vm, v.u.list, a[0].u.list);
  if (s == MOTE_OK)
    s = push_range(vm, v.u.list, a[1].u.list);
  if (s != MOTE_OK)
    mote_val_release(v);
  else
    *out = v;
  return s;
}

static mote_status repeat(mote_vm *vm, mote_val list, mote_val times, mote_val *out) {
  MOTE_WANT(vm, list, MOTE_TAG_LIST);
  MOTE_WANT_INT(vm, times);
  int64_t total = 0, count = MOTE_MAX(times.u.i, 0);
  if (!mote_mul_count((int64_t)list.u.list->len, count, &total) ||
      (uint64_t)total > vm->memory_limit / sizeof(mote_val))
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "list of %lld items does not fit the memory limit", (long long)total);
  mote_val v;
  MOTE_TRY(new_like(vm, list.u.list, (size_t)total, &v));
  for (int64_t i = 0; i < total; i++)
    v.u.list->at[v.u.list->len++] = mote_val_retain(list.u.list->at[(size_t)i % list.u.list->len]);
  *out = v;
  return MOTE_OK;
}
static mote_status l_mul(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, repeat(vm, a[0], a[1], out);
}
static mote_status l_rmul(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, repeat(vm, a[1], a[0], out);
}
static mote_status l_imul(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  mote_val v;
  (void)n;
  MOTE_TRY(repeat(vm, a[0], a[1], &v));
  mote_list *x = a[0].u.list, *y = v.u.list;
  mote_list t = *x;
  x->at = y->at, x->len = y->len, x->cap = y->cap;
  y->at = t.at, y->len = t.len, y->cap = t.cap;
  mote_val_release(v);
  mote_vm_touch(vm, a[0].u.list->born);
  *out = mote_val_retain(a[0]);
  return MOTE_OK;
}

// Python's slice of a sequence of `len`: first index, count and step.
static mote_status slice_range(mote_vm *vm, const mote_val *a, int64_t len, int64_t *start, int64_t *count,
                               int64_t *step) {
  *step = a[3].tag == MOTE_TAG_NONE ? 1 : a[3].u.i;
  if (*step == 0)
    return mote_vm_raise(vm, "ValueError", "slice step cannot be zero");
  bool down = *step < 0;
  int64_t lo = down ? len - 1 : 0, hi = down ? -1 : len;
  if (a[1].tag != MOTE_TAG_NONE) {
    lo = a[1].u.i < 0 ? MOTE_MAX(a[1].u.i + len, down ? -1 : 0) : MOTE_MIN(a[1].u.i, down ? len - 1 : len);
  }
  if (a[2].tag != MOTE_TAG_NONE)
    hi = a[2].u.i < 0 ? MOTE_MAX(a[2].u.i + len, down ? -1 : 0) : MOTE_MIN(a[2].u.i, down ? len - 1 : len);
  int64_t span = down ? lo - hi : hi - lo;
  uint64_t by = down ? 0 - (uint64_t)*step : (uint64_t)*step;
  *start = lo;
  *count = span > 0 ? (int64_t)(((uint64_t)span - 1) / by + 1) : 0;
  return MOTE_OK;
}

static mote_status l_slice(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t start, count, step;
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_TRY(slice_range(vm, a, (int64_t)a[0].u.list->len, &start, &count, &step));
  MOTE_TRY(new_like(vm, a[0].u.list, (size_t)count, out));
  for (int64_t i = 0; i < count; i++)
    out->u.list->at[out->u.list->len++] = mote_val_retain(a[0].u.list->at[start + i * step]);
  return MOTE_OK;
}

static mote_status l_slice_str(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t start, count, step;
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_STR);
  MOTE_TRY(slice_range(vm, a, (int64_t)a[0].u.str->len, &start, &count, &step));
  MOTE_TRY(mote_str_alloc(vm->al, (size_t)count, out, vm->err));
  for (int64_t i = 0; i < count; i++)
    out->u.str->at[i] = a[0].u.str->at[start + i * step];
  return MOTE_OK;
}

static mote_status find(mote_vm *vm, const mote_val *a, int64_t *at) {
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  *at = -1;
  for (size_t i = 0; *at < 0 && i < a[0].u.list->len; i++)
    if (mote_val_equal(a[0].u.list->at[i], a[1]))
      *at = (int64_t)i;
  return MOTE_OK;
}

static mote_status l_contains(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t at;
  (void)n;
  MOTE_TRY(find(vm, a, &at));
  *out = mote_val_bool(at >= 0);
  return MOTE_OK;
}

static mote_status l_index(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t at;
  (void)n;
  MOTE_TRY(find(vm, a, &at));
  if (at < 0) {
    mote_text t;
    mote_text_init(&t, vm->al);
    mote_status s = mote_vm_repr(vm, a[1], &t);
    if (s == MOTE_OK)
      s = mote_vm_raise(vm, "ValueError", "'%s' is not in list", t.at ? t.at : "");
    mote_text_destroy(&t);
    return s;
  }
  *out = mote_val_int(at);
  return MOTE_OK;
}

static mote_status l_remove(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  int64_t at;
  (void)n, (void)out;
  MOTE_TRY(find(vm, a, &at));
  if (at < 0)
    return mote_vm_raise(vm, "ValueError", "list.remove(x): x not in list");
  mote_list_remove(a[0].u.list, (size_t)at, 1);
  mote_vm_touch(vm, a[0].u.list->born);
  return MOTE_OK;
}

static mote_status l_count(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  int64_t count = 0;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  for (size_t i = 0; i < a[0].u.list->len; i++)
    count += mote_val_equal(a[0].u.list->at[i], a[1]);
  *out = mote_val_int(count);
  return MOTE_OK;
}

static mote_status l_reverse(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n, (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  mote_list *l = a[0].u.list;
  for (size_t i = 0; i < l->len / 2; i++) {
    mote_val t = l->at[i];
    l->at[i] = l->at[l->len - 1 - i];
    l->at[l->len - 1 - i] = t;
  }
  mote_vm_touch(vm, a[0].u.list->born);
  return MOTE_OK;
}

// ------------------------------------------------------------------------------------------------ sorting

static mote_status less(mote_vm *vm, mote_val x, mote_val y, bool *out);

static mote_status less_tuple(mote_vm *vm, const mote_tuple *x, const mote_tuple *y, bool *out) {
  for (size_t i = 0; i < x->len && i < y->len; i++)
    if (!mote_val_equal(x->at[i], y->at[i]))
      return less(vm, x->at[i], y->at[i], out);
  *out = x->len < y->len;
  return MOTE_OK;
}

static mote_status less_object(mote_vm *vm, mote_val x, mote_val y, bool *out) {
  const mote_function *fn = mote_class_method(x.u.object->cls, "__lt__");
  if (!fn)
    return mote_fail(vm->err, MOTE_ERR_TYPE, "sort: class has no __lt__");
  mote_val args[2] = {x, y}, r;
  MOTE_TRY(mote_vm_recall(vm, fn, args, 2, &r));
  *out = r.u.i != 0;
  mote_val_release(r);
  return MOTE_OK;
}

static mote_status less(mote_vm *vm, mote_val x, mote_val y, bool *out) {
  if (x.tag == MOTE_TAG_OBJECT)
    return less_object(vm, x, y, out);
  if (x.tag == MOTE_TAG_TUPLE && y.tag == MOTE_TAG_TUPLE)
    return less_tuple(vm, x.u.tuple, y.u.tuple, out);
  if (x.tag == MOTE_TAG_STR && y.tag == MOTE_TAG_STR) {
    int c = memcmp(x.u.str->at, y.u.str->at, MOTE_MIN(x.u.str->len, y.u.str->len));
    *out = c < 0 || (c == 0 && x.u.str->len < y.u.str->len);
    return MOTE_OK;
  }
  MOTE_WANT_NUM(vm, x);
  MOTE_WANT_NUM(vm, y);
  *out = mote_is_int(x) && mote_is_int(y) ? x.u.i < y.u.i : mote_num(x) < mote_num(y);
  return MOTE_OK;
}

// Stable merge of a[0, half) and a[half, n) through `t`.
static mote_status merge(mote_vm *vm, mote_val *a, size_t half, size_t n, bool reverse, mote_val *t) {
  size_t i = 0, j = half, k = 0;
  memcpy(t, a, n * sizeof *a);
  while (i < half && j < n) {
    bool second;
    mote_status s = reverse ? less(vm, t[i], t[j], &second) : less(vm, t[j], t[i], &second);
    if (s != MOTE_OK) {
      memcpy(a, t, n * sizeof *a);
      return s;
    }
    a[k++] = second ? t[j++] : t[i++];
  }
  memcpy(&a[k], &t[i], (half - i) * sizeof *a);
  memcpy(&a[k + half - i], &t[j], (n - j) * sizeof *a);
  return MOTE_OK;
}

static mote_status sort(mote_vm *vm, mote_val *a, size_t n, bool reverse) {
  mote_val *t = MOTE_NEW_ARRAY(vm->al, mote_val, n + 1);
  if (!t)
    return mote_fail_nomem(vm->err);
  mote_status s = MOTE_OK;
  for (size_t width = 1; s == MOTE_OK && width < n; width *= 2)
    for (size_t at = 0; s == MOTE_OK && at + width < n; at += 2 * width)
      s = merge(vm, a + at, width, MOTE_MIN(2 * width, n - at), reverse, t);
  mote_free(vm->al, t);
  return s;
}

static mote_status l_sort(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)out;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  mote_vm_touch(vm, a[0].u.list->born);
  // A comparison method may change the list: work on a copy.
  mote_list *l = a[0].u.list;
  mote_val copy;
  MOTE_TRY(l_copy(vm, 1, a, &copy));
  mote_status s = sort(vm, copy.u.list->at, copy.u.list->len, n > 1 && a[1].tag == MOTE_TAG_BOOL && a[1].u.i);
  if (s == MOTE_OK && l->len == copy.u.list->len) {
    mote_val *t = l->at;
    size_t cap = l->cap;
    l->at = copy.u.list->at, l->cap = copy.u.list->cap;
    copy.u.list->at = t, copy.u.list->cap = cap;
  }
  mote_val_release(copy);
  return s;
}

static mote_status l_sorted(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_TRY(l_copy(vm, 1, a, out));
  mote_status s = sort(vm, out->u.list->at, out->u.list->len, false);
  if (s != MOTE_OK)
    mote_val_clear(out);
  return s;
}

// ------------------------------------------------------------------------------------------------ reductions

static mote_status l_any(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  bool r = false;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  for (size_t i = 0; i < a[0].u.list->len; i++) {
    mote_val v = a[0].u.list->at[i];
    r = r || (v.tag == MOTE_TAG_STR ? v.u.str->len > 0 : mote_is_number(v) && mote_num(v) != 0);
  }
  *out = mote_val_bool(r);
  return MOTE_OK;
}

static mote_status l_all(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  bool r = true;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  for (size_t i = 0; i < a[0].u.list->len; i++)
    r = r && mote_is_number(a[0].u.list->at[i]) && mote_num(a[0].u.list->at[i]) != 0;
  *out = mote_val_bool(r);
  return MOTE_OK;
}

static mote_status l_sum(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  double f = 0;
  uint64_t sum = 0;
  bool floats = vm->ref->overload[0] == 'f';
  for (size_t i = 0; i < a[0].u.list->len; i++) {
    mote_val v = a[0].u.list->at[i];
    MOTE_WANT_NUM(vm, v);
    floats = floats || v.tag == MOTE_TAG_FLOAT;
    f += mote_num(v);
    sum += mote_is_int(v) ? (uint64_t)v.u.i : 0;
  }
  *out = floats ? mote_val_float(f) : mote_val_int((int64_t)sum);
  return MOTE_OK;
}

static mote_status extreme(mote_vm *vm, mote_val list, bool max, mote_val *out) {
  MOTE_WANT(vm, list, MOTE_TAG_LIST);
  if (list.u.list->len == 0)
    return mote_vm_raise(vm, "ValueError", "%s() arg is an empty sequence", max ? "max" : "min");
  *out = list.u.list->at[0];
  for (size_t i = 1; i < list.u.list->len; i++) {
    bool take;
    mote_val v = list.u.list->at[i];
    MOTE_TRY(max ? less(vm, *out, v, &take) : less(vm, v, *out, &take));
    if (take)
      *out = v;
  }
  mote_val_retain(*out);
  return MOTE_OK;
}
static mote_status l_max(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, extreme(vm, a[0], true, out);
}
static mote_status l_min(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, extreme(vm, a[0], false, out);
}

static mote_status pick_list(mote_vm *vm, const mote_val *a, bool max, mote_val *out) {
  MOTE_WANT(vm, a[0], MOTE_TAG_LIST);
  MOTE_WANT(vm, a[1], MOTE_TAG_LIST);
  const mote_list *x = a[0].u.list, *y = a[1].u.list;
  bool x_less = x->len < y->len;
  for (size_t i = 0; i < x->len && i < y->len; i++)
    if (!mote_val_equal(x->at[i], y->at[i])) {
      MOTE_TRY(less(vm, x->at[i], y->at[i], &x_less));
      break;
    }
  *out = mote_val_retain(x_less == max ? a[1] : a[0]);
  return MOTE_OK;
}
static mote_status l_max_list(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, pick_list(vm, a, true, out);
}
static mote_status l_min_list(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  return (void)n, pick_list(vm, a, false, out);
}

static mote_status l_rangelist(mote_vm *vm, uint32_t n, mote_val *a, mote_val *out) {
  (void)n;
  MOTE_WANT_INT(vm, a[0]);
  int64_t count = MOTE_MAX(a[0].u.i, 0);
  if ((uint64_t)count > vm->memory_limit / sizeof(mote_val))
    return mote_fail(vm->err, MOTE_ERR_LIMIT, "list of %lld items does not fit the memory limit", (long long)count);
  MOTE_TRY(mote_list_new(vm->al, (size_t)count, out, vm->err));
  for (int64_t i = 0; i < count; i++)
    out->u.list->at[out->u.list->len++] = mote_val_int(i);
  return MOTE_OK;
}

const mote_builtin mote_builtin_list[] = {
    {"len.t .any", l_len},
    {"__getitem__.t select.t", l_get},
    {"_set_item.t", l_set},
    {"Delete.t", l_delete},
    {"append.t", l_append},
    {"insert.t", l_insert},
    {"pop.t", l_pop},
    {"clear.t", l_clear},
    {"extend.t add_.t", l_extend},
    {"copy.t list.t", l_copy},
    {"add.t", l_add},
    {"mul.left_t", l_mul},
    {"mul.right_", l_rmul},
    {"mul_.t", l_imul},
    {"slice.t", l_slice},
    {"slice.str", l_slice_str},
    {"__contains__.int_list .str_list .float_list .bool_list", l_contains},
    {"index.list_int .list_float .list_bool .list_str", l_index},
    {"remove.int .float .bool .str", l_remove},
    {"count.int .float .bool .str", l_count},
    {"reverse.t", l_reverse},
    {"sort.int .float .bool .str .any", l_sort},
    {"sorted.int .float .bool .str .any", l_sorted},
    {"any.int .float .bool .str", l_any},
    {"all.int .float .bool", l_all},
    {"sum.int .float .bool .complex", l_sum},
    {"prim::max.self_int .self_float .self_bool", l_max},
    {"prim::min.self_int .self_float .self_bool", l_min},
    {"prim::max.int_list .float_list .bool_list", l_max_list},
    {"prim::min.int_list .float_list .bool_list", l_min_list},
    {"prim::rangelist", l_rangelist},
    {NULL, NULL},
};
