# Operators defined in TorchScript: text that scripts/pack_definitions.py packs into the library (define.c).
# A function is named after its operator, with "__" and the overload behind it. Types that are left out are those of the
# operator's schema. A name that no schema has is a helper, called as torch.<name>; "old_" are meanings of old archives.


# ---------------------------------------------------------------------------------------------- old meanings

# Once truncated integers.
def old_div_tensor(self: Tensor, other: Tensor) -> Tensor:
  if torch.is_floating_point(self) or torch.is_floating_point(other):
    return torch.true_divide(self, other)
  return torch.divide(self, other, rounding_mode="trunc")
def old_div_scalar(self: Tensor, other: number) -> Tensor:
  if torch.is_floating_point(self) or isinstance(other, float):
    return torch.true_divide(self, other)
  return torch.divide(self, other, rounding_mode="trunc")
def old_div_tensor_mode(self: Tensor, other: Tensor, *, rounding_mode: Optional[str]) -> Tensor:
  return torch.divide(self, other, rounding_mode=rounding_mode)
def old_div_scalar_mode(self: Tensor, other: number, *, rounding_mode: Optional[str]) -> Tensor:
  return torch.divide(self, other, rounding_mode=rounding_mode)
def old_div_tensor_inplace(self: Tensor, other: Tensor) -> Tensor:
  if torch.is_floating_point(self) or torch.is_floating_point(other):
    return torch.true_divide_(self, other)
  return torch.divide_(self, other, rounding_mode="trunc")
def old_div_scalar_inplace(self: Tensor, other: number) -> Tensor:
  if torch.is_floating_point(self) or isinstance(other, float):
    return torch.true_divide_(self, other)
  return torch.divide_(self, other, rounding_mode="trunc")
def old_div_tensor_mode_inplace(self: Tensor, other: Tensor, *, rounding_mode: Optional[str]) -> Tensor:
  return torch.divide_(self, other, rounding_mode=rounding_mode)
def old_div_scalar_mode_inplace(self: Tensor, other: number, *, rounding_mode: Optional[str]) -> Tensor:
  return torch.divide_(self, other, rounding_mode=rounding_mode)
# Gave floats for integers.
def old_full(size: List[int], fill_value: number, *, dtype: Optional[int]=None, layout: Optional[int]=None, device: Optional[Device]=None, pin_memory: Optional[bool]=None) -> Tensor:
  if dtype is None:
    return torch.full(size, float(fill_value), dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)
  return torch.full(size, fill_value, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)
# Steps could be None (100).
def old_linspace(start: number, end: number, steps: Optional[int]=None, *, dtype: Optional[int]=None, layout: Optional[int]=None, device: Optional[Device]=None, pin_memory: Optional[bool]=None) -> Tensor:
  n = 100 if steps is None else unchecked_cast(int, steps)
  return torch.linspace(start, end, n, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)
def old_logspace(start: number, end: number, steps: Optional[int]=None, base: float=10., *, dtype: Optional[int]=None, layout: Optional[int]=None, device: Optional[Device]=None, pin_memory: Optional[bool]=None) -> Tensor:
  n = 100 if steps is None else unchecked_cast(int, steps)
  return torch.logspace(start, end, n, base, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)
# Had no choice of approximation.
def old_gelu(self: Tensor) -> Tensor:
  return torch.gelu(self, approximate="none")


# ---------------------------------------------------------------------------------------------- helpers

def _bad(why: str) -> NoneType:
  ops.prim.RaiseException(why, "RuntimeError")
def _dim(dim: int, rank: int) -> int:
  n = ops.prim.max(rank, 1)
  if dim < -n or dim >= n:
    torch._bad("Dimension out of range (expected to be in range of [{}, {}], but got {})".format(-n, n - 1, dim))
  return dim + n if dim < 0 else dim
def _reduce(x: Tensor, reduction: int) -> Tensor:
  return x if reduction == 0 else torch.mean(x) if reduction == 1 else torch.sum(x)
# The type that products of matrices are made in: twice as wide.
def _wide(x: Tensor) -> Tensor:
  return torch.to(x, 10 if torch.is_complex(x) else 7)
# Halves are computed in float32.
def _single(x: Tensor) -> Tensor:
  return torch.to(x, 6) if x.dtype == 5 or x.dtype == 15 else x
def _norm(x: Tensor, p: number, dim: Optional[List[int]], keepdim: bool) -> Tensor:
  return torch.linalg_vector_norm(x, p, dim, keepdim)
def _eps(x: Tensor) -> float:
  return 2.220446049250313e-16 if x.dtype == 7 or x.dtype == 10 else 1.1920928955078125e-07


# ---------------------------------------------------------------------------------------------- shapes and windows

def select_scatter(self, src, dim, index):
  r = torch.clone(self)
  torch.copy_(torch.select(r, dim, index), src)
  return r
def slice_scatter(self, src, dim, start, end, step):
  r = torch.clone(self)
  torch.copy_(torch.slice(r, dim, start, end, step), src)
  return r
def diagonal_scatter(self, src, offset, dim1, dim2):
  r = torch.clone(self)
  torch.copy_(torch.diagonal(r, offset, dim1, dim2), src)
  return r
def as_strided_scatter(self, src, size, stride, storage_offset):
  r = torch.clone(self)
  torch.copy_(torch.as_strided(r, size, stride, storage_offset), src)
  return r
def copy(self, src, non_blocking):
  return torch.copy_(torch.clone(self), src)
def fill__Scalar(self, value):
  return torch.fill_(torch.clone(self), value)
def fill__Tensor(self, value):
  return torch.fill_(torch.clone(self), value)
def zero(self):
  return torch.zeros_like(self)
def zeros__out(size, out):
  z = torch.zeros(size)
  return torch.mul(z, z, out=out)
def diag(self, diagonal):
  n = torch.dim(self)
  if n != 1 and n != 2:
    torch._bad("diag(): Supports 1D or 2D tensors. Got {}D".format(n))
  return torch.diag_embed(self, diagonal) if n == 1 else torch.clone(torch.diagonal(self, diagonal))
def diag_embed(self, offset, dim1, dim2):
  n = torch.size(self, -1) + ops.prim.abs(offset)
  r = torch.new_zeros(self, torch.size(self)[:-1] + [n, n])
  torch.copy_(torch.diagonal(r, offset, -2, -1), self)
  return torch.movedim(r, [-2, -1], [dim1, dim2])
def diagflat(self, offset):
  return torch.diag_embed(torch.reshape(self, [-1]), offset)
def fill_diagonal_(self, fill_value, wrap):
  n = torch.dim(self)
  if n < 2:
    torch._bad("dimensions must larger than 1")
  s = torch.size(self)
  if n > 2 and ops.prim.min(s) != ops.prim.max(s):
    torch._bad("all dimensions of input must be of equal length")
  step = 0
  for d in range(n):
    step += torch.stride(self, d)
  k = ops.prim.min(s)
  torch.fill_(torch.as_strided(self, [k], [step], torch.storage_offset(self)), fill_value)
  if wrap and n == 2 and s[0] > s[1] + 1:
    for i in range(s[1] + 1, s[0], s[1] + 1):
      torch.fill_(torch.diagonal(torch.slice(self, 0, i)), fill_value)
  return self
def trace(self):
  if torch.dim(self) != 2:
    torch._bad("trace: expected a matrix, but got tensor with dim {}".format(torch.dim(self)))
  return torch.sum(torch.diagonal(self))
def tril_indices(row, col, offset, dtype, layout, device, pin_memory):
  return torch.to(torch.contiguous(torch.t(torch.nonzero(torch.tril(torch.ones([row, col]), offset)))), 4 if dtype is None else unchecked_cast(int, dtype))
def triu_indices(row, col, offset, dtype, layout, device, pin_memory):
  return torch.to(torch.contiguous(torch.t(torch.nonzero(torch.triu(torch.ones([row, col]), offset)))), 4 if dtype is None else unchecked_cast(int, dtype))
def block_diag(tensors):
  n = 0
  for t in tensors:
    if torch.dim(t) > 2:
      torch._bad("torch.block_diag: Input tensors must have 2 or fewer dimensions. Input has {} dimensions".format(torch.dim(t)))
    n += 1 if torch.dim(t) == 0 else torch.size(t, -1)
  rows = annotate(List[Tensor], [])
  at = 0
  for t in tensors:
    m = t if torch.dim(t) == 2 else torch.reshape(t, [1, -1])
    w = torch.size(m, 1)
    torch.append(rows, torch.constant_pad_nd(m, [at, n - at - w], 0))
    at += w
  return torch.cat(rows) if len(rows) > 0 else torch.zeros([1, 0])
def _chunk_cat(tensors, dim, num_chunks):
  if len(tensors) == 0 or num_chunks < 1:
    torch._bad("_chunk_cat expects a non-empty input tensor list and num_chunks >= 1")
  d = torch._dim(dim, torch.dim(tensors[0]))
  parts = annotate(List[Tensor], [])
  for t in tensors:
    n = torch.size(t, d)
    more = (n + num_chunks - 1) // num_chunks * num_chunks - n
    pad = [0, 0] * (torch.dim(t) - 1 - d) + [0, more]
    torch.append(parts, torch.reshape(torch.constant_pad_nd(t, pad, 0), torch.size(t)[:d] + [num_chunks, -1]))
  return torch.cat(parts, d + 1)
def _nsplit(x: Tensor, name: str, least: int) -> int:
  if torch.dim(x) < least:
    torch._bad("torch.{} requires a tensor with at least {} dimension, but got a tensor with {} dimensions!".format(name, least, torch.dim(x)))
  return 0 if torch.dim(x) == 1 else ops.prim.max(least - 1, 0)
def _sections(x: Tensor, dim: int, n: int, name: str) -> List[Tensor]:
  if n <= 0 or torch.size(x, dim) % n != 0:
    torch._bad("torch.{} attempted to split along dimension {}, but the size of the dimension {} is not divisible by the split_size {}!".format(name, dim, torch.size(x, dim), n))
  return torch.tensor_split(x, n, dim)
def hsplit__int(self, sections):
  d = torch._nsplit(self, "hsplit", 1)
  return torch._sections(self, 0 if torch.dim(self) == 1 else 1, sections, "hsplit")
def hsplit__array(self, indices):
  d = torch._nsplit(self, "hsplit", 1)
  return torch.tensor_split(self, indices, 0 if torch.dim(self) == 1 else 1)
def vsplit__int(self, sections):
  d = torch._nsplit(self, "vsplit", 2)
  return torch._sections(self, 0, sections, "vsplit")
def vsplit__array(self, indices):
  d = torch._nsplit(self, "vsplit", 2)
  return torch.tensor_split(self, indices, 0)
def dsplit__int(self, sections):
  return torch._sections(self, torch._nsplit(self, "dsplit", 3), sections, "dsplit")
def dsplit__array(self, indices):
  return torch.tensor_split(self, indices, torch._nsplit(self, "dsplit", 3))
def split(self, split_sizes, dim):
  return torch.split_with_sizes(self, split_sizes, dim)
def unsafe_split_with_sizes(self, split_sizes, dim):
  return torch.split_with_sizes(self, split_sizes, dim)
def atleast_1d(self):
  return torch.reshape(self, [1]) if torch.dim(self) == 0 else self
def atleast_2d(self):
  return torch.reshape(self, [1, -1]) if torch.dim(self) < 2 else self
def atleast_3d(self):
  return torch.reshape(self, [1, -1, 1]) if torch.dim(self) < 2 else torch.unsqueeze(self, -1) if torch.dim(self) == 2 else self
def atleast_1d__Sequence(tensors):
  return [torch.atleast_1d(t) for t in tensors]
def atleast_2d__Sequence(tensors):
  return [torch.atleast_2d(t) for t in tensors]
def atleast_3d__Sequence(tensors):
  return [torch.atleast_3d(t) for t in tensors]
def meshgrid(tensors):
  return torch.meshgrid(tensors, indexing="ij")
def meshgrid__indexing(tensors, indexing):
  n = len(tensors)
  swap = indexing == "xy" and n > 1
  if n == 0:
    torch._bad("meshgrid expects a non-empty TensorList")
  if indexing != "xy" and indexing != "ij":
    torch._bad("torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: " + indexing)
  size = annotate(List[int], [])
  for t in tensors:
    if torch.dim(t) > 1:
      torch._bad("torch.meshgrid: Expected 0D or 1D tensor in the tensor list")
    torch.append(size, torch.numel(t))
  if swap:
    size[0], size[1] = size[1], size[0]
  r = annotate(List[Tensor], [])
  for i in range(n):
    d = 1 - i if swap and i < 2 else i
    shape = [1] * n
    shape[d] = torch.numel(tensors[i])
    torch.append(r, torch.expand(torch.view(tensors[i], shape), size))
  return r
def cartesian_prod(tensors):
  for t in tensors:
    if torch.dim(t) != 1:
      torch._bad("Expect a 1D vector, but got shape {}".format(torch.size(t)))
  if len(tensors) == 1:
    return tensors[0]
  return torch.stack([torch.flatten(t) for t in torch.meshgrid(tensors, indexing="ij")], 1)
def combinations(self, r, with_replacement):
  if torch.dim(self) != 1:
    torch._bad("Expect a 1D vector, but got shape {}".format(torch.size(self)))
  if r < 0:
    torch._bad("Expect a non-negative number, but got {}".format(r))
  if r == 0:
    return torch.new_empty(self, [0])
  n = torch.numel(self)
  if n == 0:
    return torch.new_empty(self, [0, r])
  at = torch.meshgrid([torch.arange(n)] * r, indexing="ij")
  keep = torch.ones_like(at[0], dtype=11)
  for i in range(1, r):
    keep = torch.logical_and(keep, torch.le(at[i - 1], at[i]) if with_replacement else torch.lt(at[i - 1], at[i]))
  return torch.stack([torch.index_select(self, 0, torch.masked_select(t, keep)) for t in at], 1)
def rot90(self, k, dims):
  if len(dims) != 2:
    torch._bad("expected total rotation dims == 2, but got dims = {}".format(len(dims)))
  if torch.dim(self) < 2:
    torch._bad("expected total dims >= 2, but got total dims = {}".format(torch.dim(self)))
  a, b = dims[0], dims[1]
  if torch._dim(a, torch.dim(self)) == torch._dim(b, torch.dim(self)):
    torch._bad("expected rotation dims to be different, but got dim0 = {} and dim1 = {}".format(a, b))
  k = k % 4
  if k == 0:
    return torch.clone(self)
  if k == 2:
    return torch.flip(self, dims)
  return torch.transpose(torch.flip(self, [b if k == 1 else a]), a, b)
def repeat_interleave__Tensor(repeats, output_size):
  if torch.dim(repeats) != 1:
    torch._bad("repeat_interleave only accept 1D vector as repeat")
  if repeats.dtype != 4 and repeats.dtype != 3:
    torch._bad("repeats has to be Long or Int tensor")
  if bool(torch.any(torch.lt(repeats, 0))):
    torch._bad("repeats can not be negative")
  ends = torch.cumsum(repeats, 0)
  n = int(torch.select(ends, 0, -1)) if torch.numel(ends) > 0 else 0
  return torch.to(torch.searchsorted(ends, torch.arange(n, dtype=ends.dtype), right=True), repeats.dtype)
def repeat_interleave__self_Tensor(self, repeats, dim, output_size):
  x = torch.flatten(self) if dim is None else self
  d = 0 if dim is None else torch._dim(unchecked_cast(int, dim), torch.dim(self))
  x = torch.reshape(x, [1]) if torch.dim(x) == 0 else x
  if torch.dim(repeats) == 0 or torch.numel(repeats) == 1:
    repeats = torch.expand(torch.reshape(repeats, [1]), [torch.size(x, d)])
  elif torch.dim(repeats) == 1:
    if torch.numel(repeats) != torch.size(x, d):
      torch._bad("repeats must have the same size as input along dim, but got repeats.size(0) = {} and input.size({}) = {}".format(torch.numel(repeats), d, torch.size(x, d)))
  else:
    torch._bad("repeats must be 0-dim or 1-dim tensor")
  return torch.index_select(x, d, torch.repeat_interleave(torch.contiguous(repeats), output_size=output_size))
def repeat_interleave__self_int(self, repeats, dim, output_size):
  if repeats < 0:
    torch._bad("Repeats must be non-negative")
  x = torch.flatten(self) if dim is None else self
  d = 0 if dim is None else torch._dim(unchecked_cast(int, dim), torch.dim(self))
  x = torch.reshape(x, [1]) if torch.dim(x) == 0 else x
  n = torch.size(x)
  r = torch.clone(torch.expand(torch.unsqueeze(x, d + 1), n[:d + 1] + [repeats] + n[d + 1:]))
  return torch.reshape(r, n[:d] + [n[d] * repeats] + n[d + 1:])
def pad_sequence(sequences, batch_first, padding_value, padding_side):
  if len(sequences) == 0:
    torch._bad("received an empty list of sequences")
  n = 0
  for t in sequences:
    n = ops.prim.max(n, torch.size(t, 0))
  parts = annotate(List[Tensor], [])
  for t in sequences:
    more = n - torch.size(t, 0)
    torch.append(parts, torch.constant_pad_nd(t, [0, 0] * (torch.dim(t) - 1) + ([more, 0] if padding_side == "left" else [0, more]), padding_value))
  return torch.stack(parts, 0 if batch_first else 1)
def _shape_as_tensor(self):
  return torch.tensor(torch.size(self), dtype=4)
def _reshape_from_tensor(self, shape):
  n = annotate(List[int], shape.tolist())
  return torch.reshape(self, n)
def range__step(start, end, step, dtype, layout, device, pin_memory):
  n = int((float(end) - float(start)) / float(step)) + 1
  return torch.to(torch.add(torch.mul(torch.arange(n, dtype=7), step), start), 6 if dtype is None else unchecked_cast(int, dtype))
def range(start, end, dtype, layout, device, pin_memory):
  return torch.range(start, end, 1, dtype=dtype)
def view_as_real_copy(self):
  return torch.clone(torch.view_as_real(self))
def view_as_complex_copy(self):
  return torch.clone(torch.view_as_complex(self))
def mH(self):
  if torch.dim(self) < 2:
    torch._bad("tensor.adjoint() is only supported on matrices or batches of matrices. Got {}-D tensor.".format(torch.dim(self)))
  return torch.conj(torch.transpose(self, -2, -1))
def matrix_H(self):
  return torch.mH(self)
def adjoint(self):
  return torch.mH(self)
def real(self):
  return torch.select(torch.view_as_real(self), -1, 0) if torch.is_complex(self) else self
def imag(self):
  if not torch.is_complex(self):
    torch._bad("imag is not implemented for tensors with non-complex dtypes.")
  return torch.select(torch.view_as_real(self), -1, 1)
def conj_physical(self):
  if not torch.is_complex(self):
    return self
  return torch.view_as_complex(torch.mul(torch.view_as_real(self), torch.tensor([1., -1.])))
def conj(self):
  return torch.conj_physical(self)


# ---------------------------------------------------------------------------------------------- arithmetic

def cov(self, correction, fweights, aweights):
  if torch.dim(self) > 2:
    torch._bad("cov(): expected input to have two or fewer dimensions but got an input with {} dimensions".format(torch.dim(self)))
  if self.dtype == 11:
    torch._bad("cov(): bool dtype is not supported for input")
  x = self if torch.dim(self) == 2 else torch.reshape(self, [1, -1])
  n = torch.size(x, 1)
  w = torch.new_ones(x, annotate(List[int], []), dtype=4)
  total = torch.tensor(n)
  spread = torch.tensor(correction)
  if fweights is not None:
    w = unchecked_cast(Tensor, fweights)
    torch._weights(w, n, "fweights")
    total = torch.sum(w)
  if aweights is not None:
    a = unchecked_cast(Tensor, aweights)
    torch._weights(a, n, "aweights")
    w = torch.mul(w, a)
    total = torch.sum(w)
    spread = torch.div(torch.mul(torch.sum(torch.mul(w, a)), correction), total) if correction != 0 else spread
  xw = torch.mul(x, w)
  mean = torch.div(torch.sum(xw, [1]), total)
  x = torch.sub(x, torch.unsqueeze(mean, 1))
  left = torch.clamp_min(torch.sub(total, spread), 0)
  m = torch.matmul(x, torch.conj(torch.t(torch.mul(x, w))))
  return torch.squeeze(torch.div(m, left))
def _weights(w: Tensor, n: int, name: str) -> NoneType:
  if torch.dim(w) > 1:
    torch._bad("cov(): expected {} to have one or fewer dimensions but got {} with {} dimensions".format(name, name, torch.dim(w)))
  if torch.is_floating_point(w) != (name == "aweights"):
    torch._bad("cov(): expected {} to have {} dtype".format(name, "floating point" if name == "aweights" else "integral"))
  if torch.numel(w) != n:
    torch._bad("cov(): expected {} to have the same numel as there are observations in the input but got {} != {}".format(name, torch.numel(w), n))
  if n > 0 and bool(torch.any(torch.lt(w, 0))):
    torch._bad("cov(): {} cannot be negative".format(name))
def corrcoef(self):
  if torch.dim(self) > 2:
    torch._bad("corrcoef(): expected input to have two or fewer dimensions but got an input with {} dimensions".format(torch.dim(self)))
  c = torch.cov(self)
  if torch.dim(c) == 0:
    return torch.div(c, c)
  d = torch.sqrt(torch.real(torch.diagonal(c)))
  c = torch.div(torch.div(c, torch.unsqueeze(d, 1)), torch.unsqueeze(d, 0))
  if torch.is_complex(c):
    return torch.view_as_complex(torch.clamp(torch.view_as_real(c), -1, 1))
  return torch.clamp(c, -1, 1)
def dist(self, other, p):
  return torch._norm(torch.sub(self, other), p, None, False)
def diff(self, n, dim, prepend, append):
  if torch.dim(self) == 0:
    torch._bad("diff expects input to be at least one-dimensional")
  if n < 0:
    torch._bad("order must be non-negative but got {}".format(n))
  parts = annotate(List[Tensor], [])
  if prepend is not None:
    torch.append(parts, unchecked_cast(Tensor, prepend))
  torch.append(parts, self)
  if append is not None:
    torch.append(parts, unchecked_cast(Tensor, append))
  x = torch.cat(parts, dim) if len(parts) > 1 else self
  if n == 0:
    return torch.clone(x)
  for i in range(ops.prim.min(n, torch.size(x, dim))):
    a, b = torch.slice(x, dim, 1), torch.slice(x, dim, 0, -1)
    x = torch.logical_xor(a, b) if x.dtype == 11 else torch.sub(a, b)
  return x
def _trapezoids(y: Tensor, dim: int) -> Tensor:
  return torch.add(torch.slice(y, dim, 0, -1), torch.slice(y, dim, 1))
def _steps(y: Tensor, x: Tensor, dim: int) -> Tensor:
  n, d = torch.dim(y), torch._dim(dim, torch.dim(y))
  if torch.dim(x) == 1:
    if torch.numel(x) != torch.size(y, d):
      torch._bad("trapezoid: There must be one `x` value for each sample point")
    return torch.reshape(torch.diff(x), [1] * d + [-1] + [1] * (n - 1 - d))
  if torch.dim(x) < n:
    x = torch.reshape(x, [1] * (n - torch.dim(x)) + torch.size(x))
  return torch.diff(x, 1, dim)
def trapezoid__x(y, x, dim):
  if torch.size(y, dim) == 0:
    return torch.sum(y, [dim])
  if y.dtype == 11 or x.dtype == 11:
    torch._bad("trapezoid: received a bool input for `x` or `y`, but bool is not supported")
  return torch.div(torch.sum(torch.mul(torch._trapezoids(y, dim), torch._steps(y, x, dim)), [dim]), 2.)
def trapezoid__dx(y, dx, dim):
  if torch.size(y, dim) == 0:
    return torch.sum(y, [dim])
  if y.dtype == 11:
    torch._bad("trapezoid: received a bool input for `y`, but bool is not supported")
  return torch.mul(torch.sum(torch._trapezoids(y, dim), [dim]), float(dx) / 2.)
def trapz__x(y, x, dim):
  return torch.trapezoid(y, x, dim=dim)
def trapz__dx(y, dx, dim):
  return torch.trapezoid(y, dx=dx, dim=dim)
def cumulative_trapezoid__x(y, x, dim):
  return torch.div(torch.cumsum(torch.mul(torch._trapezoids(y, dim), torch._steps(y, x, dim)), dim), 2.)
def cumulative_trapezoid__dx(y, dx, dim):
  return torch.mul(torch.cumsum(torch._trapezoids(y, dim), dim), float(dx) / 2.)
def kron(self, other):
  n = ops.prim.max(torch.dim(self), torch.dim(other))
  s = [1] * (n - torch.dim(self)) + torch.size(self)
  t = [1] * (n - torch.dim(other)) + torch.size(other)
  a, b, r = annotate(List[int], []), annotate(List[int], []), annotate(List[int], [])
  for i in range(n):
    a += [s[i], 1]
    b += [1, t[i]]
    r += [s[i] * t[i]]
  return torch.reshape(torch.mul(torch.reshape(self, a), torch.reshape(other, b)), r)
def renorm(self, p, dim, maxnorm):
  n = torch.dim(self)
  if n < 2:
    torch._bad("renorm: input needs at least 2 dimensions, got {} dimensions".format(n))
  if float(p) <= 0. or float(maxnorm) < 0.:
    torch._bad("renorm: expected p to be positive and maxnorm to be >= 0")
  d = torch._dim(dim, n)
  size = torch._norm(self, p, [i for i in range(n) if i != d], True)
  return torch.mul(self, torch.where(torch.gt(size, maxnorm), torch.mul(torch.reciprocal(torch.add(size, 1e-07)), maxnorm), 1.))
def embedding_renorm_(self, indices, max_norm, norm_type):
  at, b, c = torch._unique2(torch.flatten(indices))
  rows = torch.index_select(self, 0, at)
  size = torch._norm(rows, norm_type, [1], True)
  scale = torch.where(torch.gt(size, max_norm), torch.mul(torch.reciprocal(torch.add(size, 1e-07)), max_norm), 1.)
  return torch.index_copy_(self, 0, at, torch.mul(rows, scale))
def cdist(x1, x2, p, compute_mode):
  return torch._norm(torch.sub(torch.unsqueeze(x1, -2), torch.unsqueeze(x2, -3)), p, [-1], False)
def pdist(self, p):
  if torch.dim(self) != 2:
    torch._bad("pdist only supports 2D tensors, got: {}D".format(torch.dim(self)))
  if p < 0.:
    torch._bad("pdist only supports non-negative p values")
  n = torch.size(self, 0)
  at = torch.triu_indices(n, n, 1)
  return torch._norm(torch.sub(torch.index_select(self, 0, torch.select(at, 0, 0)), torch.index_select(self, 0, torch.select(at, 0, 1))), p, [-1], False)
def cosine_similarity(x1, x2, dim, eps):
  s = torch.sum(torch.mul(x1, x2), [dim])
  a = torch.clamp_min(torch._norm(torch.expand_as(x1, torch.add(x1, x2)), 2, [dim], False), eps)
  b = torch.clamp_min(torch._norm(torch.expand_as(x2, torch.add(x1, x2)), 2, [dim], False), eps)
  return torch.div(s, torch.mul(a, b))
def cross(self, other, dim):
  if dim is not None:
    return torch.linalg_cross(self, other, dim=unchecked_cast(int, dim))
  for i in range(torch.dim(self)):
    if torch.size(self, i) == 3:
      return torch.linalg_cross(self, other, dim=i)
  torch._bad("no dimension of size 3 in input")
  return self
def linalg_cross(self, other, dim):
  if torch.dim(self) != torch.dim(other):
    torch._bad("linalg.cross: inputs must have the same number of dimensions.")
  if torch.size(self, dim) != 3 or torch.size(other, dim) != 3:
    torch._bad("linalg.cross: inputs dimension {} must have length 3. Got {} and {}".format(dim, torch.size(self, dim), torch.size(other, dim)))
  a, b = torch.broadcast_tensors([self, other])
  return torch.sub(torch.mul(torch.roll(a, [-1], [dim]), torch.roll(b, [-2], [dim])), torch.mul(torch.roll(a, [-2], [dim]), torch.roll(b, [-1], [dim])))
def tensordot(self, other, dims_self, dims_other):
  n = len(dims_self)
  if n != len(dims_other):
    torch._bad("both dimension lists should have same length")
  a, b = torch.movedim(self, dims_self, [i - n for i in range(n)]), torch.movedim(other, dims_other, [i for i in range(n)])
  s, t = torch.size(a), torch.size(b)
  for i in range(n):
    j = torch.dim(a) - n + i
    if s[j] != t[i]:
      if s[j] == 1:
        b = torch.sum(b, [i], True)
      elif t[i] == 1:
        a = torch.sum(a, [j], True)
      else:
        torch._bad("contracted dimensions need to match, but first has size {} and second has size {}".format(s[j], t[i]))
  left, right = torch.size(a)[:torch.dim(a) - n], torch.size(b)[n:]
  k = 1
  for i in torch.size(b)[:n]:
    k *= i
  p, q = 1, 1
  for i in left:
    p *= i
  for i in right:
    q *= i
  return torch.reshape(torch.matmul(torch.reshape(a, [p, k]), torch.reshape(b, [k, q])), left + right)
def bilinear(input1, input2, weight, bias):
  a, b = torch.size(input1), torch.size(input2)
  x, y = torch.reshape(input1, [-1, a[-1]]), torch.reshape(input2, [-1, b[-1]])
  r = torch.t(torch.sum(torch.mul(torch.matmul(x, weight), y), [-1]))
  r = r if bias is None else torch.add(r, unchecked_cast(Tensor, bias))
  return torch.reshape(r, a[:-1] + [torch.size(weight, 0)])
def frexp__Tensor(self):
  if not torch.is_floating_point(self):
    torch._bad("torch.frexp() only supports floating-point dtypes")
  x = torch.to(self, 7)
  plain = torch.logical_and(torch.isfinite(x), torch.ne(x, 0))
  y = torch.where(plain, x, 1.)
  e = torch.floor(torch.log2(torch.abs(y)))
  h = torch.floor(torch.div(e, 2))
  m = torch.mul(torch.mul(y, torch.exp2(torch.neg(h))), torch.exp2(torch.sub(h, e)))
  big = torch.ge(torch.abs(m), 1.)
  small = torch.lt(torch.abs(m), 0.5)
  m = torch.where(big, torch.div(m, 2), torch.where(small, torch.mul(m, 2), m))
  e = torch.where(big, torch.add(e, 1), torch.where(small, torch.sub(e, 1), e))
  return torch.to(torch.where(plain, m, x), self.dtype), torch.to(torch.where(plain, e, 0.), 3)
def _softmax_backward_data(grad_output, output, dim, input_dtype):
  y = torch._single(output)
  g = torch.mul(torch._single(grad_output), y)
  return torch.to(torch.sub(g, torch.mul(y, torch.sum(g, [dim], True))), input_dtype)
def native_dropout_backward(grad_output, mask, scale):
  return torch.mul(grad_output, torch.mul(torch.to(mask, grad_output.dtype), scale))
def native_dropout(input, p, train):
  if train is None or unchecked_cast(bool, train):
    if p != 0.:
      torch._bad("dropout in training")
  return torch.clone(input), torch.ones_like(input, dtype=11)
def mm__dtype(self, mat2, out_dtype):
  return torch.mm(torch.to(self, out_dtype), torch.to(mat2, out_dtype))
def bmm__dtype(self, mat2, out_dtype):
  return torch.bmm(torch.to(self, out_dtype), torch.to(mat2, out_dtype))
def vander(x, N, increasing):
  if torch.dim(x) != 1:
    torch._bad("x must be a one-dimensional tensor.")
  r = torch.linalg_vander(torch.to(x, 4) if x.dtype == 11 else x, N=torch.numel(x) if N is None else N)
  return r if increasing else torch.flip(r, [-1])
def linalg_vander(x, N):
  n = torch.size(x, -1) if N is None else unchecked_cast(int, N)
  if n < 0:
    torch._bad("N must be greater than 1.")
  x = torch.to(x, 4) if not (torch.is_floating_point(x) or torch.is_complex(x)) else x
  s = torch.size(x)
  rest = torch.cumprod(torch.expand(torch.unsqueeze(x, -1), s + [ops.prim.max(n - 1, 0)]), -1)
  return torch.slice(torch.cat([torch.new_ones(x, s + [1]), rest], -1), -1, 0, n)


# ---------------------------------------------------------------------------------------------- losses

def multi_margin_loss(self, target, p, margin, weight, reduction):
  if int(p) != 1 and int(p) != 2:
    torch._bad("only p == 1 and p == 2 supported")
  x = self if torch.dim(self) > 1 else torch.reshape(self, [1, -1])
  t = torch.reshape(target, [-1, 1])
  if torch.dim(self) > 2 or torch.numel(x) == 0 or torch.numel(t) != torch.size(x, 0):
    torch._bad("inconsistent target size, expected {} but got {}".format(torch.size(x, 0), torch.size(target)))
  z = torch.clamp_min(torch.add(torch.sub(x, torch.gather(x, 1, t)), margin), 0)
  z = z if int(p) == 1 else torch.mul(z, z)
  z = z if weight is None else torch.mul(z, torch.unsqueeze(torch.index_select(unchecked_cast(Tensor, weight), 0, torch.flatten(t)), 1))
  z = torch.div(torch.sum(torch.scatter(z, 1, t, 0.), [1]), torch.size(x, 1))
  return torch._reduce(torch.reshape(z, torch.size(target)) if torch.dim(self) < 2 else z, reduction)
def multilabel_margin_loss(self, target, reduction):
  r, mask = torch.multilabel_margin_loss_forward(self, target, reduction)
  return r
def multilabel_margin_loss_forward(self, target, reduction):
  if torch.dim(self) > 2 or torch.size(target) != torch.size(self):
    torch._bad("inconsistent target size: {} for input of size: {}".format(torch.size(target), torch.size(self)))
  x = self if torch.dim(self) > 1 else torch.reshape(self, [1, -1])
  t = torch.view_as(target, x)
  n = torch.size(x, 1)
  listed = torch.cumprod(torch.to(torch.ge(t, 0), x.dtype), 1)
  t = torch.clamp_min(t, 0)
  mask = torch.to(torch.gt(torch.scatter_add(torch.zeros_like(x), 1, t, listed), 0), x.dtype)
  z = torch.clamp_min(torch.add(torch.sub(torch.unsqueeze(x, 1), torch.unsqueeze(torch.gather(x, 1, t), 2)), 1), 0)
  z = torch.mul(torch.mul(z, torch.unsqueeze(listed, 2)), torch.unsqueeze(torch.rsub(mask, 1), 1))
  z = torch.div(torch.sum(z, [1, 2]), ops.prim.max(n, 1))
  return torch._reduce(torch.squeeze(z) if torch.dim(self) < 2 else z, reduction), torch.view_as(mask, target)
def ctc_loss__Tensor(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity):
  a = annotate(List[int], torch.reshape(torch.to(input_lengths, 4), [-1]).tolist())
  b = annotate(List[int], torch.reshape(torch.to(target_lengths, 4), [-1]).tolist())
  return torch.ctc_loss(log_probs, targets, a, b, blank, reduction, zero_infinity)
def ctc_loss__IntList(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity):
  flat = torch.dim(log_probs) == 2
  lp = torch.unsqueeze(log_probs, 1) if flat else log_probs
  if torch.dim(lp) != 3:
    torch._bad("log_probs tensor must be 2-D or 3-D")
  T, N, C = torch.size(lp)
  if blank < 0 or blank >= C:
    torch._bad("blank must be in label range")
  if len(input_lengths) != N or len(target_lengths) != N:
    torch._bad("input_lengths and target_lengths must be of size batch_size")
  if N == 0 or ops.prim.max(input_lengths) > T or ops.prim.min(input_lengths) < 0 or ops.prim.min(target_lengths) < 0:
    torch._bad("Expected input_lengths to have value at most {}".format(T))
  S = ops.prim.max(target_lengths)
  if torch.dim(targets) == 1 and not flat:
    rows = annotate(List[Tensor], [])
    at = 0
    for n in target_lengths:
      torch.append(rows, torch.constant_pad_nd(torch.narrow(targets, 0, at, n), [0, S - n], blank))
      at += n
    t = torch.stack(rows)
  else:
    t = torch.narrow(torch.reshape(targets, [N, -1]), 1, 0, S)
  t = torch.to(t, 4)
  labels = torch.reshape(torch.stack([torch.full_like(t, blank), t], 2), [N, 2 * S])
  labels = torch.constant_pad_nd(labels, [0, 1], blank)
  none = float("-inf")
  skip = torch.logical_and(torch.ne(labels, blank), torch.ne(labels, torch.slice(torch.constant_pad_nd(labels, [2, 0], blank), 1, 0, 2 * S + 1)))
  skip = torch.where(skip, 0., none)
  a = torch.new_full(lp, [N, 2 * S + 1], none)
  steps = torch.tensor(input_lengths)
  first = torch.constant_pad_nd(torch.new_zeros(lp, [N, 1]), [0, 2 * S], none)
  for i in range(T):
    p = torch.gather(torch.select(lp, 0, i), 1, labels)
    if i == 0:
      b = torch.where(torch.lt(torch.arange(2 * S + 1), 2), 0., none)
    else:
      b = torch.logaddexp(a, torch.slice(torch.constant_pad_nd(a, [1, 0], none), 1, 0, 2 * S + 1))
      b = torch.logaddexp(b, torch.add(torch.slice(torch.constant_pad_nd(a, [2, 0], none), 1, 0, 2 * S + 1), skip))
    a = torch.where(torch.unsqueeze(torch.gt(steps, i), 1), torch.add(b, p), a)
  end = torch.unsqueeze(torch.tensor(target_lengths), 1)
  last = torch.gather(a, 1, torch.mul(end, 2))
  also = torch.gather(a, 1, torch.clamp_min(torch.sub(torch.mul(end, 2), 1), 0))
  r = torch.neg(torch.squeeze(torch.where(torch.eq(end, 0), last, torch.logaddexp(last, also)), 1))
  r = torch.where(torch.isinf(r), 0., r) if zero_infinity else r
  if reduction == 1:
    return torch.mean(torch.div(r, torch.clamp_min(torch.squeeze(end, 1), 1)))
  return torch.sum(r) if reduction == 2 else torch.squeeze(r, 0) if flat else r


# ---------------------------------------------------------------------------------------------- linear algebra

def _check(info: Tensor, why: str) -> NoneType:
  if bool(torch.any(torch.ne(info, 0))):
    torch._bad(why)
def _square(x: Tensor, name: str) -> int:
  n = torch.dim(x)
  if n < 2:
    torch._bad("linalg.{}: The input tensor A must have at least 2 dimensions.".format(name))
  if torch.size(x, -1) != torch.size(x, -2):
    torch._bad("linalg.{}: A must be batches of square matrices, but they are {} by {} matrices".format(name, torch.size(x, -2), torch.size(x, -1)))
  if not (torch.is_floating_point(x) or torch.is_complex(x)):
    torch._bad("linalg.{}: Expected a floating point or complex tensor as input. Got {}".format(name, x.dtype))
  return torch.size(x, -1)
def _eye(x: Tensor, n: int) -> Tensor:
  return torch.expand(torch.eye(n, dtype=x.dtype), torch.size(x)[:-2] + [n, n])
def linalg_lu_factor(A, pivot):
  lu, p, info = torch.linalg_lu_factor_ex(A, pivot=pivot)
  return lu, p
def _lu_with_info(self, pivot, check_errors):
  lu, p, info = torch.linalg_lu_factor_ex(self, pivot=pivot)
  if check_errors:
    torch._check(info, "lu_factor: a diagonal element of the U factor is zero, the input matrix is singular.")
  return lu, p, info
# Row r of P^T A is row _order[r] of A.
def _order(pivots: Tensor, m: int) -> Tensor:
  r = torch.clone(torch.expand(torch.arange(m), torch.size(pivots)[:-1] + [m]))
  for i in range(torch.size(pivots, -1)):
    j = torch.sub(torch.to(torch.narrow(pivots, -1, i, 1), 4), 1)
    a, b = torch.gather(r, -1, j), torch.clone(torch.narrow(r, -1, i, 1))
    r = torch.scatter(r, -1, j, b)
    torch.copy_(torch.narrow(r, -1, i, 1), a)
  return r
def lu_unpack(LU_data, LU_pivots, unpack_data, unpack_pivots):
  m, n = torch.size(LU_data, -2), torch.size(LU_data, -1)
  none = torch.new_empty(LU_data, [0])
  k = ops.prim.min(m, n)
  p, l, u = none, none, none
  if unpack_pivots:
    at = torch.unsqueeze(torch._order(LU_pivots, m), -2)
    p = torch.scatter(torch.new_zeros(LU_data, torch.size(LU_data)[:-2] + [m, m]), -2, at, 1.)
  if unpack_data:
    a = torch.narrow(LU_data, -1, 0, k)
    l = torch.add(torch.tril(a, -1), torch.eye(m, k, dtype=LU_data.dtype))
    u = torch.triu(torch.narrow(LU_data, -2, 0, k))
  return p, l, u
def linalg_lu(A, pivot):
  lu, p, info = torch.linalg_lu_factor_ex(A, pivot=pivot)
  a, l, u = torch.lu_unpack(lu, p, True, pivot)
  return a, l, u
# op(A)^-1 B from the factors of A; `order` as above.
def _lu_apply(lu: Tensor, order: Tensor, B: Tensor, adjoint: bool) -> Tensor:
  n = torch.size(B)
  s = torch.size(torch.matmul(torch.slice(lu, -1, 0, 0), torch.slice(B, -2, 0, 0)))
  b = torch.expand(B, s)
  if adjoint:
    b, c = torch.triangular_solve(b, torch.mH(lu), False, False, False)
    b, c = torch.triangular_solve(b, torch.mH(lu), True, False, True)
    order = torch.argsort(order, -1)
  b = torch.gather(b, -2, torch.expand(torch.unsqueeze(order, -1), s))
  if not adjoint:
    b, c = torch.triangular_solve(b, lu, False, False, True)
    b, c = torch.triangular_solve(b, lu, True, False, False)
  return b
def linalg_lu_solve(LU, pivots, B, left, adjoint):
  n = torch._square(LU, "lu_solve")
  if torch.size(pivots) != torch.size(LU)[:-1]:
    torch._bad("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
  order = torch._order(pivots, n)
  if left:
    return torch._lu_apply(LU, order, B, adjoint)
  return torch.mH(torch._lu_apply(LU, order, torch.mH(B), not adjoint))
def lu_solve(self, LU_data, LU_pivots):
  return torch.linalg_lu_solve(LU_data, LU_pivots, self)
def linalg_solve_ex(A, B, left, check_errors):
  n = torch._square(A, "solve")
  flat = torch.dim(B) == 1 or (torch.dim(A) - 1 == torch.dim(B) and torch.size(B) == torch.size(A)[:-1])
  if flat and not left:
    torch._bad("linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)")
  b = torch.unsqueeze(B, -1) if flat else B
  if torch.size(b, -2 if left else -1) != n:
    torch._bad("linalg.solve: Incompatible shapes of A and B for the equation AX = B: A has {} columns and B {} rows".format(n, torch.size(b, -2 if left else -1)))
  lu, p, info = torch.linalg_lu_factor_ex(A)
  if check_errors:
    torch._check(info, "torch.linalg.solve: The solver failed because the input matrix is singular.")
  r = torch.linalg_lu_solve(lu, p, b, left=left)
  return torch.squeeze(r, -1) if flat else r, info
def linalg_solve(A, B, left):
  r, info = torch.linalg_solve_ex(A, B, left=left, check_errors=True)
  return r
def linalg_solve_triangular(self, B, upper, left, unitriangular):
  if left:
    r, a = torch.triangular_solve(B, self, upper, False, unitriangular)
    return r
  r, a = torch.triangular_solve(torch.mT(B), torch.mT(self), not upper, False, unitriangular)
  return torch.mT(r)
def linalg_inv_ex(A, check_errors):
  n = torch._square(A, "inv")
  lu, p, info = torch.linalg_lu_factor_ex(A)
  if check_errors:
    torch._check(info, "linalg.inv: The diagonal element is zero, the inversion could not be completed because the input matrix is singular.")
  return torch.linalg_lu_solve(lu, p, torch._eye(A, n)), info
def linalg_inv(A):
  r, info = torch.linalg_inv_ex(A, check_errors=True)
  return r
def inverse(self):
  return torch.linalg_inv(self)
def linalg_slogdet(A):
  n = torch._square(A, "slogdet")
  lu, p, info = torch.linalg_lu_factor_ex(A)
  d = torch.diagonal(lu, 0, -2, -1)
  same = torch.eq(p, torch.add(torch.arange(n), 1))
  sign = torch.mul(torch.prod(torch.sgn(d), -1), torch.prod(torch.where(same, 1., -1.), -1))
  return torch.to(sign, A.dtype), torch.sum(torch.log(torch.abs(d)), [-1])
def slogdet(self):
  a, b = torch.linalg_slogdet(self)
  return a, b
def linalg_det(A):
  n = torch._square(A, "det")
  lu, p, info = torch.linalg_lu_factor_ex(A)
  same = torch.eq(p, torch.add(torch.arange(n), 1))
  d = torch.prod(torch._wide(torch.diagonal(lu, 0, -2, -1)), -1)
  return torch.to(torch.mul(d, torch.prod(torch.where(same, 1., -1.), -1)), A.dtype)
def det(self):
  return torch.linalg_det(self)
def logdet(self):
  sign, size = torch.linalg_slogdet(self)
  if torch.is_complex(self):
    return torch.add(torch.log(sign), size)
  return torch.where(torch.eq(sign, -1), float("nan"), size)
def linalg_cholesky(self, upper):
  r, info = torch.linalg_cholesky_ex(self, upper=upper)
  torch._check(info, "linalg.cholesky: The factorization could not be completed because the input is not positive-definite.")
  return r
def cholesky(self, upper):
  return torch.linalg_cholesky(self, upper=upper)
def cholesky_solve(self, input2, upper):
  n = torch._square(input2, "cholesky_solve")
  l = torch.mH(input2) if upper else input2
  r, a = torch.triangular_solve(self, l, False, False, False)
  r, a = torch.triangular_solve(r, torch.mH(l), True, False, False)
  return r
def cholesky_inverse(self, upper):
  return torch.cholesky_solve(torch._eye(self, torch._square(self, "cholesky_inverse")), self, upper)
def linalg_ldl_factor(self, hermitian):
  a, p, info = torch.linalg_ldl_factor_ex(self, hermitian=hermitian)
  torch._check(info, "torch.linalg.ldl_factor_ex: the diagonal block of D is singular.")
  return a, p
def linalg_householder_product(input, tau):
  m, n = torch.size(input, -2), torch.size(input, -1)
  if m < n or torch.size(tau, -1) > n:
    torch._bad("torch.linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1]")
  one = torch.eye(m, n, dtype=input.dtype)
  v = torch._wide(torch.add(torch.tril(input, -1), one))
  q = torch.expand(torch._wide(one), torch.size(input))
  for i in range(torch.size(tau, -1)):
    j = torch.size(tau, -1) - 1 - i
    a = torch.narrow(v, -1, j, 1)
    t = torch.unsqueeze(torch.narrow(tau, -1, j, 1), -1)
    q = torch.sub(q, torch.mul(t, torch.matmul(a, torch.matmul(torch.mH(a), q))))
  return torch.to(q, input.dtype)
def orgqr(self, input2):
  return torch.linalg_householder_product(self, input2)
def ormqr(self, input2, input3, left, transpose):
  more = torch.size(self, -2) - torch.size(self, -1)
  q = torch.linalg_householder_product(torch.constant_pad_nd(self, [0, more], 0), input2)
  q = torch.mH(q) if transpose else q
  return torch.matmul(q, input3) if left else torch.matmul(input3, q)
def linalg_qr(A, mode):
  if mode != "reduced" and mode != "complete" and mode != "r":
    torch._bad("qr received unrecognized mode '{}' but expected one of 'reduced' (default), 'r', or 'complete'".format(mode))
  a, tau = torch.geqrf(A)
  m, n = torch.size(A, -2), torch.size(A, -1)
  k = ops.prim.min(m, n)
  r = torch.triu(a if mode == "complete" else torch.narrow(a, -2, 0, k))
  if mode == "r":
    return torch.new_empty(A, [0]), r
  w = m if mode == "complete" else k
  a = torch.constant_pad_nd(a, [0, w - n], 0) if w > n else torch.narrow(a, -1, 0, w)
  return torch.linalg_householder_product(a, tau), r
def qr(self, some):
  q, r = torch.linalg_qr(self, "reduced" if some else "complete")
  return q, r
def linalg_svdvals(A, driver):
  u, s, v = torch.linalg_svd(A, False)
  return s
def svd(self, some, compute_uv):
  u, s, v = torch.linalg_svd(self, not some)
  if not compute_uv:
    return torch.zeros_like(u), s, torch.zeros_like(v)
  return u, s, torch.mH(v)
# A plus c has the singular values l + c, all of them positive.
def linalg_eigh(self, UPLO):
  n = torch._square(self, "eigh")
  low = UPLO == "L" or UPLO == "l"
  if not low and UPLO != "U" and UPLO != "u":
    torch._bad("Expected UPLO argument to be 'L' or 'U', but got " + UPLO)
  x = torch._wide(self)
  a = torch.tril(x, -1) if low else torch.triu(x, 1)
  a = torch.add(torch.add(a, torch.mH(a)), torch.diag_embed(torch.real(torch.diagonal(x, 0, -2, -1))))
  c = torch._norm(a, 2, [-2, -1], True)
  u, s, v = torch.linalg_svd(torch.add(a, torch.mul(c, torch.eye(n, dtype=a.dtype))))
  l = torch.flip(torch.sub(s, torch.squeeze(c, -1)), [-1])
  real = 6 if self.dtype == 9 or self.dtype == 6 else 7
  return torch.to(l, real), torch.to(torch.flip(u, [-1]), self.dtype)
def linalg_eigvalsh(self, UPLO):
  l, v = torch.linalg_eigh(self, UPLO)
  return l
def _spectrum(x: Tensor, hermitian: bool) -> Tensor:
  if not hermitian:
    return torch.linalg_svdvals(x)
  s, i = torch.sort(torch.abs(torch.linalg_eigvalsh(x)), -1, True)
  return s
def _matrix_norm(self: Tensor, ord: number, dim: List[int], keepdim: bool) -> Tensor:
  n = torch.dim(self)
  if len(dim) != 2:
    torch._bad("linalg.matrix_norm: dim must be a 2-tuple. Got {}".format(dim))
  a, b = torch._dim(dim[0], n), torch._dim(dim[1], n)
  if a == b:
    torch._bad("linalg.matrix_norm: dims must be different. Got ({}, {})".format(dim[0], dim[1]))
  p = float(ord)
  size = float(torch.abs(torch.tensor(p)))
  if size != 1. and size != 2. and size != float("inf"):
    torch._bad("linalg.matrix_norm: Order {} not supported.".format(p))
  if size == 2.:
    s = torch.linalg_svdvals(torch.movedim(self, [a, b], [-2, -1]))
    r = torch._extreme(s, -1, p, False)
    return torch.unsqueeze(torch.unsqueeze(r, ops.prim.min(a, b)), ops.prim.max(a, b)) if keepdim else r
  if size != 1.:
    a, b = b, a
  r = torch._extreme(torch._norm(self, 1, [a], True), b, p, True)
  return r if keepdim else torch.squeeze(torch.squeeze(r, ops.prim.max(a, b)), ops.prim.min(a, b))
def _extreme(s: Tensor, dim: int, p: float, keepdim: bool) -> Tensor:
  if torch.size(s, dim) == 0 and p > 0:
    return torch.sum(s, [dim], keepdim)
  return torch.amax(s, [dim], keepdim) if p > 0 else torch.amin(s, [dim], keepdim)
def _typed(x: Tensor, dtype: Optional[int]) -> Tensor:
  return x if dtype is None else torch.to(x, unchecked_cast(int, dtype))
def _matrices(x: Tensor) -> NoneType:
  if torch.dim(x) < 2:
    torch._bad("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
  if not (torch.is_floating_point(x) or torch.is_complex(x)):
    torch._bad("linalg.matrix_norm: Expected a floating point or complex tensor as input. Got {}".format(x.dtype))
def linalg_matrix_norm(self, ord, dim, keepdim, dtype):
  torch._matrices(self)
  return torch._matrix_norm(torch._typed(self, dtype), ord, dim, keepdim)
def linalg_matrix_norm__str_ord(self, ord, dim, keepdim, dtype):
  torch._matrices(self)
  x = torch._typed(self, dtype)
  if ord != "fro" and ord != "nuc":
    torch._bad("linalg.matrix_norm: Order {} not supported.".format(ord))
  if len(dim) != 2:
    torch._bad("linalg.matrix_norm: dim must be a 2-tuple. Got {}".format(dim))
  return torch._norm(x, 2, dim, keepdim) if ord == "fro" else torch.nuclear_norm(x, dim, keepdim)
def nuclear_norm__dim(self, dim, keepdim):
  n = torch.dim(self)
  if len(dim) != 2:
    torch._bad("nuclear norm requires a 'dim' argument of size 2")
  a, b = torch._dim(dim[0], n), torch._dim(dim[1], n)
  r = torch.sum(torch.linalg_svdvals(torch.movedim(self, [a, b], [-2, -1])), [-1])
  return torch.unsqueeze(torch.unsqueeze(r, ops.prim.min(a, b)), ops.prim.max(a, b)) if keepdim else r
def nuclear_norm(self, keepdim):
  if torch.dim(self) != 2:
    torch._bad("Expected a tensor with 2 dimensions, but got a tensor with {} dimensions instead.".format(torch.dim(self)))
  return torch.nuclear_norm(self, [0, 1], keepdim)
def linalg_norm(self, ord, dim, keepdim, dtype):
  x = torch._typed(self, dtype)
  if ord is None:
    return torch._norm(x, 2, dim, keepdim)
  p = unchecked_cast(number, ord)
  if dim is None:
    n = torch.dim(x)
    if n != 1 and n != 2:
      torch._bad("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {}D.".format(n))
    return torch._norm(x, p, dim, keepdim) if n == 1 else torch.linalg_matrix_norm(x, p, [0, 1], keepdim)
  d = unchecked_cast(List[int], dim)
  if len(d) != 1 and len(d) != 2:
    torch._bad("linalg.norm: If dim is specified, it must be of length 1 or 2. Got {}".format(d))
  return torch._norm(x, p, d, keepdim) if len(d) == 1 else torch.linalg_matrix_norm(x, p, d, keepdim)
def linalg_norm__ord_str(self, ord, dim, keepdim, dtype):
  if dim is None:
    if torch.dim(self) != 2:
      torch._bad("linalg.norm: If dim is not specified but ord is, the input must be 2D. Got {}D.".format(torch.dim(self)))
    return torch.linalg_matrix_norm(self, ord, [0, 1], keepdim, dtype=dtype)
  return torch.linalg_matrix_norm(self, ord, unchecked_cast(List[int], dim), keepdim, dtype=dtype)
def linalg_cond(self, p):
  n = torch.dim(self)
  if n < 2:
    torch._bad("linalg.cond: The input tensor must have at least 2 dimensions.")
  q = 2. if p is None else float(unchecked_cast(number, p))
  if torch.numel(self) == 0:
    return torch.sum(torch.abs(self), [-2, -1])
  if q == 2. or q == -2.:
    s = torch.linalg_svdvals(self)
    a, b = torch.select(s, -1, 0), torch.select(s, -1, -1)
    return torch.div(a, b) if q > 0 else torch.div(b, a)
  i, info = torch.linalg_inv_ex(self)
  r = torch.mul(torch.linalg_matrix_norm(self, q), torch.linalg_matrix_norm(i, q))
  return torch.where(torch.eq(info, 0), r, float("inf"))
def linalg_cond__p_str(self, p):
  i, info = torch.linalg_inv_ex(self)
  r = torch.mul(torch.linalg_matrix_norm(self, p), torch.linalg_matrix_norm(i, p))
  return torch.where(torch.eq(info, 0), r, float("inf"))
def linalg_matrix_power(self, n):
  m = torch._square(self, "matrix_power")
  x = torch.linalg_inv(self) if n < 0 else self
  k = ops.prim.abs(n)
  if k == 0:
    return torch.clone(torch._eye(self, m))
  r, some = x, False
  while k > 0:
    if k % 2 == 1:
      r = torch.matmul(r, x) if some else x
      some = True
    k = k // 2
    if k > 0:
      x = torch.matmul(x, x)
  return r if ops.prim.abs(n) != 1 or n < 0 else torch.clone(r)
def matrix_power(self, n):
  return torch.linalg_matrix_power(self, n)
def linalg_matrix_exp(self):
  n = torch._square(self, "matrix_exp")
  x = torch._wide(self)
  if torch.numel(x) == 0:
    return torch.clone(self)
  size = float(torch.max(torch.sum(torch.abs(x), [-1])))
  k = 0
  while size > 0.25 and k < 1100:
    size = size / 2
    k += 1
  x = torch.mul(x, 0.5 ** k)
  r = torch.add(torch.eye(n, dtype=x.dtype), torch.div(x, 13))
  for i in range(12):
    r = torch.add(torch.eye(n, dtype=x.dtype), torch.div(torch.matmul(x, r), 12 - i))
  for i in range(k):
    r = torch.matmul(r, r)
  return torch.to(r, self.dtype)
def matrix_exp(self):
  return torch.linalg_matrix_exp(self)
# The bound below which singular values count as none.
def _bound(x: Tensor, s: Tensor, atol: Optional[Tensor], rtol: Optional[Tensor]) -> Tensor:
  top = torch.slice(s, -1, 0, 1)
  if rtol is not None:
    r = torch.unsqueeze(unchecked_cast(Tensor, rtol), -1)
  else:
    r = torch.tensor(torch._eps(x) * ops.prim.max(torch.size(x, -1), torch.size(x, -2)), dtype=7)
    if atol is not None:
      r = torch.where(torch.gt(torch.unsqueeze(unchecked_cast(Tensor, atol), -1), 0), 0., r)
  b = torch.mul(r, top)
  return b if atol is None else torch.maximum(torch.unsqueeze(unchecked_cast(Tensor, atol), -1), b)
def _number(x: Optional[float]) -> Optional[Tensor]:
  if x is None:
    return None
  return torch.tensor(unchecked_cast(float, x), dtype=7)
def linalg_matrix_rank__atol_rtol_tensor(input, atol, rtol, hermitian):
  if torch.dim(input) < 2:
    torch._bad("linalg.matrix_rank: The input tensor input must have at least 2 dimensions.")
  if torch.numel(input) == 0:
    return torch.zeros(torch.size(input)[:-2], dtype=4)
  s = torch._spectrum(input, hermitian)
  return torch.sum(torch.gt(s, torch._bound(input, s, atol, rtol)), [-1])
def linalg_matrix_rank__atol_rtol_float(self, atol, rtol, hermitian):
  return torch.linalg_matrix_rank(self, atol=torch._number(atol), rtol=torch._number(rtol), hermitian=hermitian)
def linalg_matrix_rank__tol_tensor(input, tol, hermitian):
  return torch.linalg_matrix_rank(input, atol=tol, rtol=torch.tensor(0., dtype=7), hermitian=hermitian)
def linalg_matrix_rank(self, tol, hermitian):
  return torch.linalg_matrix_rank(self, torch.tensor(tol, dtype=7), hermitian)
def linalg_pinv__atol_rtol_tensor(self, atol, rtol, hermitian):
  if torch.dim(self) < 2:
    torch._bad("linalg.pinv: Expected a tensor with 2 or more dimensions, but got dimensions {}".format(torch.dim(self)))
  if torch.numel(self) == 0:
    return torch.new_empty(self, torch.size(self)[:-2] + [torch.size(self, -1), torch.size(self, -2)])
  x = torch._wide(self)
  if hermitian:
    s, u = torch.linalg_eigh(x)
    t, i = torch.sort(torch.abs(s), -1, True)
    v = torch.mH(u)
  else:
    u, s, v = torch.linalg_svd(x, False)
    t = s
  keep = torch.gt(torch.abs(s), torch._bound(self, t, atol, rtol))
  r = torch.where(keep, torch.reciprocal(s), 0.)
  return torch.to(torch.matmul(torch.mul(torch.mH(v), torch.unsqueeze(r, -2)), torch.mH(u)), self.dtype)
def linalg_pinv__atol_rtol_float(self, atol, rtol, hermitian):
  return torch.linalg_pinv(self, atol=torch._number(atol), rtol=torch._number(rtol), hermitian=hermitian)
def linalg_pinv__rcond_tensor(self, rcond, hermitian):
  return torch.linalg_pinv(self, atol=torch.tensor(0., dtype=7), rtol=rcond, hermitian=hermitian)
def linalg_pinv(self, rcond, hermitian):
  return torch.linalg_pinv(self, torch.tensor(rcond, dtype=7), hermitian)
def pinverse(self, rcond):
  return torch.linalg_pinv(self, rcond)
def linalg_lstsq(self, b, rcond, driver):
  d = "gelsy" if driver is None else unchecked_cast(str, driver)
  m, n = torch.size(self, -2), torch.size(self, -1)
  flat = torch.dim(b) == 1 or (torch.dim(self) - 1 == torch.dim(b) and torch.size(b) == torch.size(self)[:-1])
  y = torch.unsqueeze(b, -1) if flat else b
  if torch.size(y, -2) != m:
    torch._bad("torch.linalg.lstsq: input.size(-2) should match other.size(-{})".format(1 if flat else 2))
  c = torch._eps(self) * ops.prim.max(m, n) if rcond is None else unchecked_cast(float, rcond)
  u, s, v = torch.linalg_svd(self, False)
  keep = torch.gt(s, torch.mul(torch.slice(s, -1, 0, 1), 0. if d == "gels" else c))
  r = torch.to(torch.where(keep, torch.reciprocal(s), 0.), s.dtype)
  x = torch.matmul(torch.mH(v), torch.mul(torch.unsqueeze(r, -1), torch.matmul(torch.mH(u), y)))
  rank = torch.sum(keep, [-1])
  left = torch.new_empty(s, [0])
  if m > n and d != "gelsy" and (d == "gels" or bool(torch.all(torch.eq(rank, n)))):
    e = torch.abs(torch.sub(torch.matmul(self, x), y))
    left = torch.sum(torch.mul(e, e), [-2])
  if d == "gels":
    rank = torch.empty([0], dtype=4)
  return torch.squeeze(x, -1) if flat else x, left, rank, s if d == "gelss" or d == "gelsd" else torch.new_empty(s, [0])
def linalg_tensorinv(self, ind):
  if ind <= 0:
    torch._bad("Expected a strictly positive integer for 'ind'")
  s = torch.size(self)
  a, b = 1, 1
  for i in range(len(s)):
    if i < ind:
      a *= s[i]
    else:
      b *= s[i]
  if a != b:
    torch._bad("Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {} != {}".format(b, a))
  return torch.reshape(torch.linalg_inv(torch.reshape(self, [a, b])), s[ind:] + s[:ind])
def linalg_tensorsolve(self, other, dims):
  x = self
  if dims is not None:
    d = unchecked_cast(List[int], dims)
    x = torch.movedim(self, d, [i - len(d) for i in range(len(d))])
  rest = torch.size(x)[torch.dim(other):]
  n = 1
  for i in rest:
    n *= i
  if n * n != torch.numel(x) or n != torch.numel(other):
    torch._bad("Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got {} != {}".format(n, torch.numel(other)))
  return torch.reshape(torch.linalg_solve(torch.reshape(x, [n, n]), torch.reshape(other, [n])), rest)
