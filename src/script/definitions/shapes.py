# Definitions of operators, see ../define.c: shapes and windows.

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
def movedim__intlist(self, source, destination):
  rank = torch.dim(self)
  n = ops.prim.max(rank, 1)
  if len(source) != len(destination):
    torch._bad("movedim: Invalid source or destination dims")
  order, rest = [-1] * n, [i for i in range(n)]
  for i in range(len(source)):
    x, y = torch._dim(source[i], n), torch._dim(destination[i], n)
    if order[y] >= 0 or not torch.__contains__(rest, x):
      torch._bad("movedim: repeated dim")
    order[y] = x
    torch.remove(rest, x)
  for i in range(n):
    if order[i] < 0:
      order[i] = torch.pop(rest, 0)
  return torch.permute(self, order[:rank])
def movedim__int(self, source, destination):
  return torch.movedim(self, [source], [destination])
def moveaxis__intlist(self, source, destination):
  return torch.movedim(self, source, destination)
def moveaxis__int(self, source, destination):
  return torch.movedim(self, [source], [destination])
def unflatten__int(self, dim, sizes):
  d, s = torch._dim(dim, torch.dim(self)), torch.size(self)
  n = 1 if len(s) == 0 else s[d]
  known, hole = 1, False
  for v in sizes:
    if v == -1 and not hole:
      hole = True
    else:
      if v < 0:
        torch._bad("unflatten: size {}".format(v))
      known *= v
  if known != n and not (hole and known > 0 and n % known == 0):
    torch._bad("unflatten: Provided sizes don't multiply up to the size of dim {} ({}) in the input tensor".format(d, n))
  return torch.reshape(self, s[:d] + [n // known if sizes[i] == -1 else sizes[i] for i in range(len(sizes))] + s[d + 1:])
def broadcast_tensors(tensors):
  size = annotate(List[int], [])
  for t in tensors:
    size = torch.broadcast_shapes(size, torch.size(t))
  return [torch.expand(t, size) for t in tensors]
def tensor_split__sections(self, sections, dim):
  if sections <= 0:
    torch._bad("number of sections must be larger than 0, got {}".format(sections))
  n = 0 if torch.dim(self) == 0 else torch.size(self, dim)
  return torch.tensor_split(self, [n // sections * i + ops.prim.min(i, n % sections) for i in range(1, sections)], dim)
def tensor_split__indices(self, indices, dim):
  if torch.dim(self) == 0:
    torch._bad("tensor_split expected at least a 1-dimensional tensor")
  parts, start = annotate(List[Tensor], []), 0
  for end in indices + [torch.size(self, dim)]:
    torch.append(parts, torch.slice(self, dim, start, end))
    start = end
  return parts
def tensor_split__tensor_indices_or_sections(self, tensor_indices_or_sections, dim):
  t = tensor_indices_or_sections
  if t.dtype != 4 or torch.dim(t) > 1:
    torch._bad("tensor_split expected tensor_indices_or_sections to be an int64 tensor of at most one dimension")
  if torch.dim(t) == 0:
    return torch.tensor_split(self, int(t), dim)
  return torch.tensor_split(self, annotate(List[int], t.tolist()), dim)
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
def _conj(self):
  return torch.conj_physical(self)
def conj(self):
  return torch.conj_physical(self)
def hstack(tensors):
  parts = torch.atleast_1d(tensors)
  return torch.cat(parts, 0 if torch.dim(parts[0]) == 1 else 1)
def vstack(tensors):
  return torch.cat(torch.atleast_2d(tensors), 0)
def row_stack(tensors):
  return torch.vstack(tensors)
def dstack(tensors):
  return torch.cat(torch.atleast_3d(tensors), 2)
def column_stack(tensors):
  return torch.hstack([t if torch.dim(t) > 1 else torch.reshape(t, [-1, 1]) for t in tensors])
def fliplr(self):
  if torch.dim(self) < 2:
    torch._bad("Input must be >= 2-d.")
  return torch.flip(self, [1])
def flipud(self):
  if torch.dim(self) < 1:
    torch._bad("Input must be >= 1-d.")
  return torch.flip(self, [0])
def pixel_shuffle(self, upscale_factor):
  r, s = upscale_factor, torch.size(self)
  k = len(s) - 3
  if k < 0:
    torch._bad("pixel_shuffle expects input to have at least 3 dimensions, but got input with {} dimension(s)".format(len(s)))
  if r < 1:
    torch._bad("pixel_shuffle expects a positive upscale_factor, but got {}".format(r))
  c, h, w = s[k], s[k + 1], s[k + 2]
  if c % (r * r) != 0:
    torch._bad("pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)={} is not divisible by {}".format(c, r * r))
  c = c // (r * r)
  x = torch.reshape(self, s[:k] + [c, r, r, h, w])
  x = torch.permute(x, [i for i in range(k)] + [k, k + 3, k + 1, k + 4, k + 2])
  return torch.view(torch.clone(x, memory_format=0), s[:k] + [c, h * r, w * r])
def pixel_unshuffle(self, downscale_factor):
  r, s = downscale_factor, torch.size(self)
  k = len(s) - 3
  if k < 0:
    torch._bad("pixel_unshuffle expects input to have at least 3 dimensions, but got input with {} dimension(s)".format(len(s)))
  if r < 1:
    torch._bad("pixel_unshuffle expects a positive downscale_factor, but got {}".format(r))
  c, h, w = s[k], s[k + 1], s[k + 2]
  if h % r != 0 or w % r != 0:
    torch._bad("pixel_unshuffle expects {} to be divisible by downscale_factor, but input.size({})={} is not divisible by {}".format("height" if h % r != 0 else "width", -2 if h % r != 0 else -1, h if h % r != 0 else w, r))
  h, w = h // r, w // r
  x = torch.reshape(self, s[:k] + [c, h, r, w, r])
  x = torch.permute(x, [i for i in range(k)] + [k, k + 2, k + 4, k + 1, k + 3])
  return torch.view(torch.clone(x, memory_format=0), s[:k] + [c * r * r, h, w])
def channel_shuffle(self, groups):
  s = torch.size(self)
  if len(s) < 3:
    torch._bad("channel_shuffle expects input with > 2 dims, but got input with sizes {}".format(s))
  if groups < 1:
    torch._bad("Number of groups to divide channels in must be positive. Value of groups:{}".format(groups))
  if s[1] % groups != 0:
    torch._bad("Number of channels must be divisible by groups. Got {} channels and {} groups.".format(s[1], groups))
  return torch.reshape(torch.transpose(torch.reshape(self, [s[0], groups, s[1] // groups] + s[2:]), 1, 2), s)
def native_channel_shuffle(self, groups):
  return torch.channel_shuffle(self, groups)
def roll(self, shifts, dims):
  n = len(dims)
  if n == 0 and len(shifts) == 1:
    return torch.view(torch.roll(torch.flatten(self), shifts, [0]), torch.size(self))
  if n != len(shifts):
    torch._bad("shifts and dimensions must align. shifts: {}, dims:{}".format(len(shifts), n))
  x = self
  for i in range(n):
    d = torch._dim(dims[i], torch.dim(x))
    m = torch.size(x, d) if torch.dim(x) > 0 else 0
    k = shifts[i] % m if m > 0 else 0
    if k > 0:
      x = torch.cat([torch.slice(x, d, m - k), torch.slice(x, d, 0, m - k)], d)
  return torch.clone(self) if x is self else x
# What `self` is from now on; out= gives it the shape.
def _assign(self: Tensor, x: Tensor) -> Tensor:
  return torch.mul(x, torch.ones_like(x), out=self)
def resize_(self, size, memory_format):
  n = 1
  for i in size:
    n *= i
  if torch.size(self) == size:
    return self
  x = torch.flatten(self)
  more = n - torch.numel(x)
  x = torch.constant_pad_nd(x, [0, more], 0) if more > 0 else torch.narrow(x, 0, 0, n)
  return torch._assign(self, torch.reshape(x, size))
def resize_as_(self, the_template, memory_format):
  return torch.resize_(self, torch.size(the_template))
def resize(self, size, memory_format):
  return torch.resize_(torch.clone(self), size)
def resize_as(self, the_template, memory_format):
  return torch.resize_(torch.clone(self), torch.size(the_template))
def lift_fresh_copy(self):
  return torch.clone(self)
def stack(tensors, dim):
  if len(tensors) == 0:
    torch._bad("stack expects a non-empty TensorList")
  for i in range(1, len(tensors)):
    if torch.size(tensors[i]) != torch.size(tensors[0]):
      torch._bad("stack expects each tensor to be equal size, but got {} at entry 0 and {} at entry {}".format(torch.size(tensors[0]), torch.size(tensors[i]), i))
  return torch.cat([torch.unsqueeze(t, dim) for t in tensors], torch._dim(dim, torch.dim(tensors[0]) + 1))
# Steps from both ends, so that the last is exact.
def _points(x: float, y: float, n: int, dtype: Optional[int], base: Optional[float]) -> Tensor:
  if n < 0:
    torch._bad("number of steps must be non-negative")
  t = 6 if dtype is None else unchecked_cast(int, dtype)
  if t < 5:
    x, y = float(int(x)), float(int(y))
  step = (y - x) / ops.prim.max(n - 1, 1)
  i = torch.arange(n, dtype=6 if t < 5 else 7)
  up, down = torch.add(torch.mul(i, step), x), torch.rsub(torch.mul(torch.rsub(i, n - 1), step), y)
  r = torch.where(torch.lt(i, ops.prim.max(n // 2, 1)), up, down)
  return torch.to(r if base is None else torch.pow(unchecked_cast(float, base), r), t)
def linspace(start, end, steps, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, None)
def linspace__Tensor_Tensor(start, end, steps, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, None)
def linspace__Tensor_Scalar(start, end, steps, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, None)
def linspace__Scalar_Tensor(start, end, steps, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, None)
def logspace(start, end, steps, base, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, base)
def logspace__Tensor_Tensor(start, end, steps, base, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, base)
def logspace__Tensor_Scalar(start, end, steps, base, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, base)
def logspace__Scalar_Tensor(start, end, steps, base, dtype, layout, device, pin_memory):
  return torch._points(float(start), float(end), steps, dtype, base)
def eye__m(n, m, dtype, layout, device, pin_memory):
  r = torch.zeros([n, m], dtype=dtype)
  torch.fill_(torch.diagonal(r), 1)
  return r
def eye(n, dtype, layout, device, pin_memory):
  return torch.eye(n, n, dtype=dtype)
