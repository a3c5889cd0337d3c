# Definitions of operators, see ../define.c: elements by position and mask, segments, counts, order statistics.

def take(self, index):
  if index.dtype != 4:
    torch._bad("take(): Expected a long tensor for index")
  return torch.index(torch.flatten(self), [index])
def take_along_dim(self, indices, dim):
  if indices.dtype != 4:
    torch._bad("torch.take_along_dim(): dtype of indices should be Long")
  if dim is None:
    return torch.gather(torch.flatten(self), 0, torch.flatten(indices))
  n = torch.dim(self)
  if n != torch.dim(indices):
    torch._bad("torch.take_along_dim(): input and indices should have the same number of dimensions, but got {} dimensions for input, and {} dimensions for indices".format(n, torch.dim(indices)))
  d = torch._dim(unchecked_cast(int, dim), n)
  s, t = torch.size(self), torch.size(indices)
  for i in range(n):
    if i != d:
      s[i] = s[i] if t[i] == 1 else t[i]
      t[i] = s[i]
  return torch.gather(torch.expand(self, s), d, torch.expand(indices, t))
def put(self, index, source, accumulate):
  if torch.numel(index) != torch.numel(source):
    torch._bad("put_(): Expected source and index to have the same number of elements")
  return torch.view(torch.index_put(torch.flatten(self), [torch.flatten(index)], torch.flatten(source), accumulate), torch.size(self))
def _masked(x: Tensor, mask: Tensor, name: str) -> List[Tensor]:
  if mask.dtype != 11:
    torch._bad(name + ": expected BoolTensor for mask")
  return torch.broadcast_tensors([x, mask])
def masked_select(self, mask):
  x, m = torch._masked(self, mask, "masked_select")
  return torch.index(torch.flatten(x), [torch.flatten(m)])
def masked_scatter(self, mask, source):
  x, m = torch._masked(self, mask, "masked_scatter")
  if self.dtype != source.dtype:
    torch._bad("masked_scatter: expected self and source to have same dtypes")
  if torch.numel(source) == 0:
    if bool(torch.any(m)):
      torch._bad("Number of elements of source < number of ones in mask")
    return torch.clone(x)
  at = torch.mul(torch.sub(torch.cumsum(torch.flatten(m), 0), 1), torch.flatten(m))
  return torch.where(m, torch.view(torch.index_select(torch.flatten(source), 0, at), torch.size(m)), x)
def one_hot(self, num_classes):
  if self.dtype != 4:
    torch._bad("one_hot is only applicable to index tensor of type LongTensor.")
  n = num_classes
  if torch.numel(self) > 0:
    top = int(torch.max(self))
    if int(torch.min(self)) < 0:
      torch._bad("Class values must be non-negative.")
    n = top + 1 if n < 0 else n
    if top >= n:
      torch._bad("Class values must be smaller than num_classes.")
  return torch.to(torch.eq(torch.unsqueeze(self, -1), torch.arange(ops.prim.max(n, 0))), 4)
def isin__Tensor_Tensor(elements, test_elements, assume_unique, invert):
  r = torch.any(torch.eq(torch.unsqueeze(elements, -1), torch.flatten(test_elements)), -1)
  return torch.logical_not(r) if invert else r
def isin__Tensor_Scalar(elements, test_element, assume_unique, invert):
  return torch.ne(elements, test_element) if invert else torch.eq(elements, test_element)
def isin__Scalar_Tensor(element, test_elements, assume_unique, invert):
  r = torch.any(torch.eq(test_elements, element))
  return torch.logical_not(r) if invert else r
def nonzero_static(self, size, fill_value):
  r = torch.nonzero(self)
  more = ops.prim.max(size - torch.size(r, 0), 0)
  return torch.slice(torch.cat([r, torch.full([more, torch.dim(self)], fill_value, dtype=4)]), 0, 0, size)
def _unpool(x: Tensor, indices: Tensor, size: List[int]) -> Tensor:
  n = torch.dim(x) - len(size)
  if n < 1 or n > 2 or torch.size(x) != torch.size(indices):
    torch._bad("Expected shape of indices to be same as that of the input tensor ({}) but got indices tensor with shape: {}".format(torch.size(x), torch.size(indices)))
  m = 1
  for s in size:
    m *= s
  lead = torch.size(x)[:n]
  r = torch.scatter(torch.new_zeros(x, lead + [m]), -1, torch.flatten(indices, n), torch.flatten(x, n))
  return torch.reshape(r, lead + size)
def max_unpool2d(self, indices, output_size):
  return torch._unpool(self, indices, output_size)
def max_unpool3d(self, indices, output_size, stride, padding):
  return torch._unpool(self, indices, output_size)
def _segment(x: Tensor, reduce: str, initial: Optional[number]) -> Tensor:
  n = torch.size(x, 0)
  v = float("-inf") if reduce == "max" else float("inf") if reduce == "min" else 1. if reduce == "prod" else 0.
  if initial is not None:
    v = float(unchecked_cast(number, initial))
  y = torch.cat([torch.new_full(x, [1] + torch.size(x)[1:], v), x])
  if reduce == "max":
    return torch.amax(y, [0])
  if reduce == "min":
    return torch.amin(y, [0])
  if reduce == "prod":
    return torch.prod(y, 0)
  y = torch.sum(y, [0])
  return torch.div(y, n) if reduce == "mean" and (n > 0 or initial is None) else y
def segment_reduce(data, reduce, lengths, indices, offsets, axis, unsafe, initial):
  if reduce != "max" and reduce != "min" and reduce != "sum" and reduce != "mean" and reduce != "prod":
    torch._bad("segment_reduce(): unsupported reduction " + reduce)
  d = torch._dim(axis, torch.dim(data))
  n = torch.size(data)
  if offsets is not None:
    t = unchecked_cast(Tensor, offsets)
  else:
    if lengths is None:
      torch._bad("segment_reduce(): Either lengths or offsets must be defined.")
    t = torch.constant_pad_nd(torch.cumsum(unchecked_cast(Tensor, lengths), -1), [1, 0], 0)
  if torch.dim(t) != d + 1 or torch.size(t)[:d] != n[:d] or torch.size(t, d) < 1:
    torch._bad("segment_reduce(): Expected lengths or offsets of {} dims like those of data".format(d + 1))
  m = torch.size(t, d) - 1
  x, ends = torch.reshape(data, [-1] + n[d:]), torch.reshape(t, [-1, m + 1])
  parts = annotate(List[Tensor], [])
  for r in range(torch.size(ends, 0)):
    e = annotate(List[int], torch.to(torch.select(ends, 0, r), 4).tolist())
    for k in range(m):
      if e[k] < 0 or e[k + 1] < e[k] or e[k + 1] > n[d]:
        torch._bad("segment_reduce(): segment {} does not fit an axis of {}".format(k, n[d]))
      torch.append(parts, torch._segment(torch.slice(torch.select(x, 0, r), 0, e[k], e[k + 1]), reduce, initial))
  size = n[:d] + [m] + n[d + 1:]
  return torch.reshape(torch.stack(parts), size) if len(parts) > 0 else torch.new_empty(data, size)
def bincount(self, weights, minlength):
  if torch.dim(self) != 1 or torch.is_floating_point(self):
    torch._bad("bincount only supports 1-d non-negative integral inputs.")
  if minlength < 0:
    torch._bad("minlength should be >= 0")
  n = minlength
  if torch.numel(self) > 0:
    if int(torch.min(self)) < 0:
      torch._bad("bincount only supports 1-d non-negative integral inputs.")
    n = ops.prim.max(n, int(torch.max(self)) + 1)
  x = torch.to(self, 4)
  w = torch.ones_like(x)
  if weights is not None:
    w = unchecked_cast(Tensor, weights)
    if torch.size(w) != torch.size(self):
      torch._bad("weights should be 1-d and have the same length as input")
    w = w if w.dtype == 6 else torch.to(w, 7)
  return torch.scatter_add(torch.new_zeros(w, [n]), 0, x, w)
# Edges of bins over the data's range where low is high.
def _edges(x: Tensor, low: float, high: float, bins: int, single: bool) -> List[float]:
  n = torch.numel(x)
  if low == high and n > 0:
    low, high = float(torch.min(x)), float(torch.max(x))
  if low == high:
    low = low - 1. if n > 0 or single else low
    high = high + 1.
  if not (high - low < float("inf")):
    torch._bad("range of [{}, {}] is not finite".format(low, high))
  if bins < 1:
    torch._bad("bins must be > 0, but got {}".format(bins))
  if low > high:
    torch._bad("max must be larger than min")
  return [low, high]
def _bins(x: Tensor, low: float, high: float, bins: int) -> Tensor:
  at = torch.clamp_max(torch.to(torch.mul(torch.div(torch.sub(torch.to(x, 7), low), high - low), bins), 4), bins - 1)
  return torch.where(torch.logical_and(torch.ge(x, low), torch.le(x, high)), at, bins)
def _counts(at: Tensor, weight: Optional[Tensor], bins: int, dtype: int) -> Tensor:
  w = torch.ones_like(at, dtype=7)
  if weight is not None:
    w = torch.to(torch.flatten(unchecked_cast(Tensor, weight)), 7)
    if torch.numel(w) != torch.numel(at):
      torch._bad("torch.histogramdd(): if weight tensor is provided it should have the same shape as the input tensor")
  return torch.slice(torch.to(torch.scatter_add(torch.new_zeros(w, [bins + 1]), 0, at, w), dtype), 0, 0, bins)
def histc(self, bins, min, max):
  x = torch.flatten(self)
  low, high = torch._edges(x, float(min), float(max), bins, True)
  return torch._counts(torch._bins(x, low, high, bins), None, bins, self.dtype)
def _density(h: Tensor, edges: Tensor, density: bool) -> Tensor:
  return torch.div(torch.div(h, torch.sum(h)), torch.diff(edges)) if density else h
def histogram__bin_ct(self, bins, range, weight, density):
  x = torch.flatten(self)
  low, high = 0., 0.
  if range is not None:
    low, high = unchecked_cast(List[float], range)
  low, high = torch._edges(x, low, high, bins, False)
  edges = torch.linspace(low, high, bins + 1, dtype=self.dtype)
  h = torch._counts(torch._bins(x, low, high, bins), weight, bins, self.dtype)
  return torch._density(h, edges, density), edges
def histogram__bins_tensor(self, bins, weight, density):
  n, x = torch.numel(bins) - 1, torch.flatten(self)
  if n < 1 or torch.dim(bins) != 1:
    torch._bad("torch.histogram(): bins must be > 0 and its edges of one dim")
  top = torch.select(bins, 0, -1)
  at = torch.sub(torch.searchsorted(bins, x, right=True), 1)
  at = torch.where(torch.eq(x, top), n - 1, at)
  at = torch.where(torch.logical_and(torch.ge(x, torch.select(bins, 0, 0)), torch.le(x, top)), at, n)
  return torch._density(torch._counts(at, weight, n, self.dtype), bins, density), torch.clone(bins)
def _quantile(x: Tensor, q: Tensor, dim: Optional[int], keepdim: bool, how: str, skip: bool) -> Tensor:
  if torch.numel(x) == 0:
    torch._bad("quantile() input tensor must be non-empty")
  if x.dtype != 6 and x.dtype != 7:
    torch._bad("quantile() input tensor must be either float or double dtype")
  if torch.dim(q) > 1:
    torch._bad("quantile() q must be a scalar or 1D tensor")
  if q.dtype != x.dtype:
    torch._bad("quantile() q tensor must be same dtype as the input tensor")
  if how != "linear" and how != "lower" and how != "higher" and how != "midpoint" and how != "nearest":
    torch._bad("quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got " + how)
  if torch.numel(q) > 0 and not bool(torch.all(torch.logical_and(torch.ge(q, 0), torch.le(q, 1)))):
    torch._bad("quantile() q values must be in the range [0, 1]")
  n = torch.dim(x)
  d = 0 if dim is None else torch._dim(unchecked_cast(int, dim), n)
  y = torch.flatten(x) if dim is None or n == 0 else torch.movedim(x, d, -1)
  y, order = torch.sort(y, -1)
  p = torch.reshape(q, [-1])
  if skip:
    at = torch.mul(torch.clamp_min(torch.sub(torch.sum(torch.logical_not(torch.isnan(y)), [-1], True), 1), 0), p)
  else:
    at = torch.where(torch.isnan(torch.slice(y, -1, -1)), torch.size(y, -1) - 1, torch.mul(p, torch.size(y, -1) - 1))
  at = torch.floor(at) if how == "lower" else torch.ceil(at) if how == "higher" else torch.round(at) if how == "nearest" else at
  low = torch.to(at, 4)
  r = torch.gather(y, -1, low)
  if how == "linear" or how == "midpoint":
    more = torch.sub(at, low) if how == "linear" else torch.full_like(at, .5)
    r = torch.lerp(r, torch.gather(y, -1, torch.to(torch.ceil(at), 4)), more)
  r = torch.movedim(r, -1, 0)
  if keepdim:
    r = torch.reshape(r, [-1] + [1] * n) if dim is None else torch.unsqueeze(r, d + 1) if n > 0 else r
  return torch.select(r, 0, 0) if torch.dim(q) == 0 else r
def quantile(self, q, dim, keepdim, interpolation):
  return torch._quantile(self, q, dim, keepdim, interpolation, False)
def quantile__scalar(self, q, dim, keepdim, interpolation):
  return torch._quantile(self, torch.scalar_tensor(q, dtype=self.dtype), dim, keepdim, interpolation, False)
def nanquantile(self, q, dim, keepdim, interpolation):
  return torch._quantile(self, q, dim, keepdim, interpolation, True)
def nanquantile__scalar(self, q, dim, keepdim, interpolation):
  return torch._quantile(self, torch.scalar_tensor(q, dtype=self.dtype), dim, keepdim, interpolation, True)
def aminmax(self, dim, keepdim):
  if dim is not None:
    return torch.amin(self, [unchecked_cast(int, dim)], keepdim), torch.amax(self, [unchecked_cast(int, dim)], keepdim)
  return torch.amin(self, annotate(List[int], []), keepdim), torch.amax(self, annotate(List[int], []), keepdim)
def _aminmax(self):
  return torch.amin(self), torch.amax(self)
def sum_to_size(self, size):
  n, s = torch.dim(self) - len(size), torch.size(self)
  axes = annotate(List[int], [])
  for i in range(torch.dim(self)):
    if i < n or (size[i - n] == 1 and s[i] != 1):
      torch.append(axes, i)
    elif size[i - n] != s[i]:
      torch._bad("size {{{}}} is not expandable to size {{{}}}.".format(size, s))
  if n < 0:
    torch._bad("size {{{}}} is not expandable to size {{{}}}.".format(size, s))
  return torch.view(torch.sum(self, axes, True), size) if len(axes) > 0 else self
# Positions along a dim, spread over the other dims of x.
def _spread(self: Tensor, dim: int, index: Tensor, x: Tensor, name: str) -> Tensor:
  n, m = torch.size(self), [1] * torch.dim(self)
  n[dim], m[dim] = torch.numel(index), -1
  if torch.dim(index) > 1 or torch.size(x) != n:
    torch._bad("{}: expected an index of one dim and a source of sizes {}, got {} and {}".format(name, n, torch.size(index), torch.size(x)))
  return torch.expand(torch.reshape(torch.to(index, 4), m), n)
def _wrapped(index: Tensor, n: int) -> Tensor:
  return torch.where(torch.lt(index, 0), torch.add(index, n), index)
def _row(x: Tensor) -> Tensor:
  return torch.reshape(x, [1]) if torch.dim(x) == 0 else x
def index_add(self, dim, index, source, alpha):
  x, s, d = torch._row(self), torch._row(source), torch._dim(dim, torch.dim(self))
  s = s if alpha == 1 else torch.mul(s, torch.scalar_tensor(alpha, dtype=s.dtype))
  return torch.view(torch.scatter_add(x, d, torch._spread(x, d, index, s, "index_add()"), s), torch.size(self))
def index_copy(self, dim, index, source):
  x, s, d = torch._row(self), torch._row(source), torch._dim(dim, torch.dim(self))
  return torch.view(torch.scatter(x, d, torch._spread(x, d, torch._wrapped(index, torch.size(x, d)), s, "index_copy()"), s), torch.size(self))
def index_fill__int_Tensor(self, dim, index, value):
  if torch.dim(value) != 0:
    torch._bad("index_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).".format(torch.dim(value)))
  x, d = torch._row(self), torch._dim(dim, torch.dim(self))
  n = torch.size(x)
  n[d] = torch.numel(index)
  s = torch.expand(torch.to(value, self.dtype), n)
  return torch.view(torch.scatter(x, d, torch._spread(x, d, torch._wrapped(index, torch.size(x, d)), s, "index_fill()"), s), torch.size(self))
def index_fill__int_Scalar(self, dim, index, value):
  return torch.index_fill(self, dim, index, torch.scalar_tensor(value, dtype=self.dtype))
def index_reduce(self, dim, index, source, reduce, include_self):
  x, s, d = torch._row(self), torch._row(source), torch._dim(dim, torch.dim(self))
  r = torch.scatter_reduce(x, d, torch._spread(x, d, index, s, "index_reduce()"), s, reduce, include_self=include_self)
  return torch.view(r, torch.size(self))
# Indices with 0 where the mask is false.
def _masked_places(mask: Tensor, indices: List[Optional[Tensor]]) -> List[Optional[Tensor]]:
  at = annotate(List[Optional[Tensor]], [])
  for i in range(len(indices)):
    t = indices[i]
    if t is None:
      torch.append(at, t)
    else:
      torch.append(at, torch.where(mask, unchecked_cast(Tensor, t), 0))
  return at
def _unsafe_masked_index(self, mask, indices, fill):
  return torch.where(mask, torch.index(self, torch._masked_places(mask, indices)), torch.scalar_tensor(fill, dtype=self.dtype))
def _unsafe_masked_index_put_accumulate(self, mask, indices, values):
  return torch.index_put(self, torch._masked_places(mask, indices), torch.where(mask, values, torch.scalar_tensor(0, dtype=values.dtype)), True)
# What is new in rows that stand in order, the number of each row's group, and how many each group has.
def _groups(fresh: Tensor) -> Tuple[Tensor, Tensor]:
  at = torch.flatten(torch.nonzero(fresh))
  return torch.sub(torch.cumsum(fresh, 0), 1), torch.diff(torch.cat([at, torch.full([1], torch.numel(fresh), dtype=4)]))
def _starts(x: Tensor) -> Tensor:
  n = torch.size(x, 0)
  if n == 0:
    return torch.zeros([0], dtype=11)
  y = torch.reshape(x, [n, -1])
  return torch.cat([torch.ones([1], dtype=11), torch.any(torch.ne(torch.slice(y, 0, 1), torch.slice(y, 0, 0, -1)), 1)])
def _unique2(self, sorted, return_inverse, return_counts):
  x, order = torch.sort(torch.flatten(self))
  fresh = torch._starts(x)
  group, counts = torch._groups(fresh)
  inverse = torch.view(torch.scatter(torch.zeros_like(order), 0, order, group), torch.size(self))
  return torch.index(x, [fresh]), inverse if return_inverse or return_counts else torch.zeros([0], dtype=4), counts if return_counts else torch.zeros([0], dtype=4)
def _rows(x: Tensor, dim: int) -> Tensor:
  if torch.dim(x) == 0:
    torch._bad("There are 0 dimensions, so unique cannot be applied along dim {}".format(dim))
  return torch.movedim(x, dim, 0)
def unique_dim(self, dim, sorted, return_inverse, return_counts):
  x = torch._rows(self, dim)
  n = torch.size(x, 0)
  y = torch.reshape(x, [n, torch.numel(x) // ops.prim.max(n, 1)])
  order = torch.arange(n)
  for i in range(torch.size(y, 1)):
    key = torch.index_select(torch.select(y, 1, torch.size(y, 1) - 1 - i), 0, order)
    order = torch.index_select(order, 0, torch.argsort(key, stable=True))
  x = torch.index_select(x, 0, order)
  fresh = torch._starts(x)
  group, counts = torch._groups(fresh)
  return torch.movedim(torch.index(x, [fresh]), 0, dim), torch.scatter(torch.zeros_like(order), 0, order, group), counts
def unique_dim_consecutive(self, dim, return_inverse, return_counts):
  x = torch._rows(self, dim)
  fresh = torch._starts(x)
  group, counts = torch._groups(fresh)
  return torch.movedim(torch.index(x, [fresh]), 0, dim), group, counts
def unique_consecutive(self, return_inverse, return_counts, dim):
  if dim is None:
    x, group, counts = torch.unique_dim_consecutive(torch.flatten(self), 0)
    group = torch.view(group, torch.size(self))
  else:
    x, group, counts = torch.unique_dim_consecutive(self, unchecked_cast(int, dim))
  none = torch.zeros([0], dtype=4)
  return x, group if return_inverse else none, counts if return_counts else none
def msort(self):
  x, order = torch.sort(self, 0)
  return x
def _sorted(x: Tensor, dim: int, name: str) -> Tuple[Tensor, Tensor]:
  if torch.dim(x) > 0 and torch.size(x, dim) == 0:
    torch._bad("{}(): Expected reduction dim {} to have non-zero size.".format(name, dim))
  return torch.sort(x, stable=True, dim=dim, descending=False)
def _nth(x: Tensor, order: Tensor, at: Tensor, dim: int, keepdim: bool) -> Tuple[Tensor, Tensor]:
  if torch.dim(x) == 0:
    return x, order
  x, order = torch.gather(x, dim, at), torch.gather(order, dim, at)
  return x if keepdim else torch.squeeze(x, dim), order if keepdim else torch.squeeze(order, dim)
def median__dim(self, dim, keepdim):
  x, order = torch._sorted(self, dim, "median")
  if torch.dim(x) == 0:
    return x, order
  n, m = torch.size(x, dim), torch.sum(torch.logical_not(torch.isnan(x)), [dim], True)
  return torch._nth(x, order, torch.where(torch.eq(m, n), (n - 1) // 2, m), dim, keepdim)
def nanmedian__dim(self, dim, keepdim):
  x, order = torch._sorted(self, dim, "nanmedian")
  m = torch.sum(torch.logical_not(torch.isnan(x)), [dim], True)
  return torch._nth(x, order, torch.clamp_min(torch.floor_divide(torch.sub(m, 1), 2), 0), dim, keepdim)
def _nothing(x: Tensor) -> Tensor:
  return torch.scalar_tensor(float("nan"), dtype=x.dtype) if torch.is_floating_point(x) else torch.scalar_tensor(-9223372036854775807 - 1, dtype=x.dtype)
def median(self):
  if torch.numel(self) == 0:
    return torch._nothing(self)
  x, order = torch.median(torch.flatten(self), 0)
  return x
def nanmedian(self):
  if torch.numel(self) == 0:
    return torch._nothing(self)
  x, order = torch.nanmedian(torch.flatten(self), 0)
  return x
def mode(self, dim, keepdim):
  x, order = torch._sorted(self, dim, "mode")
  if torch.dim(x) == 0:
    return x, order
  y = torch.movedim(x, dim, -1)
  n = torch.size(y, -1)
  at = torch.expand(torch.arange(n), torch.size(y))
  same = torch.eq(torch.slice(y, -1, 1), torch.slice(y, -1, 0, -1))
  start = torch.where(torch.constant_pad_nd(same, [1, 0], 0), 0, at)
  first, i = torch.cummax(start, -1)
  best = torch.argmax(torch.sub(at, first), -1, True)
  return torch._nth(x, order, torch.movedim(best, -1, dim), dim, keepdim)
def index_select(self, dim, index):
  if torch.dim(index) > 1:
    torch._bad("index_select(): Index is supposed to be a vector")
  if index.dtype != 3 and index.dtype != 4:
    torch._bad("index_select(): Expected dtype int32 or int64 for index")
  at = annotate(List[Optional[Tensor]], [])
  for i in range(torch._dim(dim, torch.dim(self))):
    torch.append(at, None)
  torch.append(at, torch.reshape(index, [-1]))
  r = torch.index(torch._row(self), at)
  return torch.reshape(r, torch.size(self)) if torch.dim(self) == 0 and torch.numel(r) == 1 else r
def nonzero_numpy(self):
  return torch.unbind(torch.nonzero(torch._row(self)), 1)
def where(condition):
  return torch.nonzero_numpy(condition)
