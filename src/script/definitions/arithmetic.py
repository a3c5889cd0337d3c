# Definitions of operators, see ../define.c: arithmetic.

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
def norm_except_dim(v, pow, dim):
  return torch._norm(v, pow, None, False) if dim == -1 else torch._norm(v, pow, [i for i in range(torch.dim(v)) if i != torch._dim(dim, torch.dim(v))], True)
def _weight_norm(v, g, dim):
  return torch.mul(v, torch.div(g, torch.norm_except_dim(v, 2, dim)))
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
def inner(self, other):
  if torch.dim(self) == 0 or torch.dim(other) == 0:
    return torch.mul(self, other)
  if torch.size(self, -1) != torch.size(other, -1):
    torch._bad("inner() the last dimension must match on both input tensors but got shapes {} and {}".format(torch.size(self), torch.size(other)))
  return torch.tensordot(self, other, [-1], [-1])
def linalg_vecdot(x, y, dim):
  return torch.sum(torch.mul(torch.conj(x), y), [dim])
def linalg_multi_dot(tensors):
  r = tensors[0]
  for i in range(1, len(tensors)):
    r = torch.matmul(r, tensors[i])
  return r
def chain_matmul(matrices):
  return torch.linalg_multi_dot(matrices)
def outer(self, vec2):
  if torch.dim(self) != 1 or torch.dim(vec2) != 1:
    torch._bad("outer: Expected 1-D arguments")
  return torch.mul(torch.unsqueeze(self, 1), vec2)
def ger(self, vec2):
  return torch.outer(self, vec2)
def _added(self: Tensor, x: Tensor, beta: number, alpha: number) -> Tensor:
  x = x if alpha == 1 else torch.mul(x, torch.scalar_tensor(alpha, dtype=x.dtype))
  return x if beta == 0 else torch.add(self if beta == 1 else torch.mul(self, torch.scalar_tensor(beta, dtype=self.dtype)), x)
def addr(self, vec1, vec2, beta, alpha):
  return torch._added(self, torch.outer(vec1, vec2), beta, alpha)
def addbmm(self, batch1, batch2, beta, alpha):
  return torch._added(self, torch.sum(torch.bmm(batch1, batch2), [0]), beta, alpha)
# Einstein sums: a letter a dim; the dims of "..." are digits.
def _drop(x: Tensor, a: str, keep: str) -> Tuple[Tensor, str]:
  n = len(a)
  for k in range(n):
    i = n - 1 - k
    first = torch.find(a, a[i])
    if first < i:
      if torch.size(x, i) != torch.size(x, first):
        torch._bad("einsum(): subscript {} is repeated but the sizes don't match, {} != {}".format(a[i], torch.size(x, i), torch.size(x, first)))
      x = torch.movedim(torch.diagonal(x, 0, first, i), -1, first)
      a = a[:i] + a[i + 1:]
    elif torch.find(keep, a[i]) < 0:
      x = torch.sum(x, [i])
      a = a[:i] + a[i + 1:]
  return x, a
def _places(a: str, want: str) -> List[int]:
  return [torch.find(a, want[i]) for i in range(len(want))]
def _product(n: List[int]) -> int:
  r = 1
  for i in n:
    r *= i
  return r
def _contract(x: Tensor, a: str, y: Tensor, b: str, keep: str) -> Tuple[Tensor, str]:
  x, a = torch._drop(x, a, b + keep)
  y, b = torch._drop(y, b, a + keep)
  both, left, summed, right = "", "", "", ""
  for i in range(len(a)):
    if torch.find(b, a[i]) < 0:
      left += a[i]
    elif torch.find(keep, a[i]) < 0:
      summed += a[i]
    else:
      both += a[i]
  for i in range(len(b)):
    if torch.find(a, b[i]) < 0:
      right += b[i]
  x = torch.permute(x, torch._places(a, both + left + summed))
  y = torch.permute(y, torch._places(b, both + summed + right))
  s, t, n, l, k = torch.size(x), torch.size(y), len(both), len(left), len(summed)
  if s[n + l:] != t[n:n + k]:
    torch._bad("einsum(): operands do not broadcast with remapped shapes [original->remapped]: {} {}".format(s, t))
  m, o = s[n:n + l], t[n + k:]
  r = torch.matmul(torch.reshape(x, s[:n] + [torch._product(m), torch._product(s[n + l:])]), torch.reshape(y, t[:n] + [torch._product(t[n:n + k]), torch._product(o)]))
  return torch.reshape(r, torch.size(r)[:n] + m + o), both + left + right
def einsum(equation, tensors, path):
  sides = torch.split(torch.replace(equation, " ", ""), "->")
  terms = torch.split(sides[0], ",")
  n, dots, all = len(tensors), 0, ""
  if n == 0:
    torch._bad("einsum(): must provide at least one operand")
  if len(terms) != n:
    torch._bad("einsum(): {} operands were provided than specified in the equation".format("more" if n > len(terms) else "fewer"))
  for i in range(n):
    if torch.find(terms[i], "...") >= 0:
      k = torch.dim(tensors[i]) - len(terms[i]) + 3
      dots = ops.prim.max(dots, k)
      terms[i] = torch.replace(terms[i], "...", "01234567"[8 - k:])
    if len(terms[i]) != torch.dim(tensors[i]):
      torch._bad("einsum(): the number of subscripts in the equation ({}) does not match the number of dimensions ({}) for operand {}".format(len(terms[i]), torch.dim(tensors[i]), i))
    all += terms[i]
  out = "01234567"[8 - dots:]
  if len(sides) > 1:
    out = torch.replace(sides[1], "...", out)
  else:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for i in range(52):
      if torch.count(all, letters[i]) == 1:
        out += letters[i]
  for i in range(len(all)):
    if not (torch.isalpha(all[i]) or torch.isdigit(all[i])):
      torch._bad("einsum(): invalid subscript given in the equation string, subscripts must be in [a-zA-Z]")
  x, a = tensors[0], terms[0]
  for i in range(1, n):
    keep = out
    for j in range(i + 1, n):
      keep += terms[j]
    x, a = torch._contract(x, a, tensors[i], terms[i], keep)
  x, a = torch._drop(x, a, out)
  for i in range(len(out)):
    if torch.find(a, out[i]) < 0 or torch.find(out, out[i]) < i:
      torch._bad("einsum(): output subscript {} does not appear in the equation for any input operand, or appears twice".format(out[i]))
  return torch.permute(x, torch._places(a, out))
def equal(self, other):
  return torch.size(self) == torch.size(other) and bool(torch.all(torch.eq(self, other)))
def allclose(self, other, rtol, atol, equal_nan):
  return bool(torch.all(torch.isclose(self, other, rtol, atol, equal_nan)))
def isclose(self, other, rtol, atol, equal_nan):
  close = torch.eq(self, other)
  if equal_nan:
    close = torch.logical_or(close, torch.logical_and(torch.ne(self, self), torch.ne(other, other)))
  if rtol == 0. and atol == 0.:
    return close
  d = torch.abs(torch.sub(torch._real(self), torch._real(other)))
  return torch.logical_or(close, torch.logical_and(torch.isfinite(d), torch.le(d, torch.add(torch.abs(torch.mul(torch._real(other), rtol)), atol))))
def _real(x: Tensor) -> Tensor:
  return x if torch.is_floating_point(x) or torch.is_complex(x) else torch.to(x, 7)
def _double(x: Tensor) -> Tensor:
  return torch.to(x, 10 if torch.is_complex(x) else 7)
def float_power__Tensor_Tensor(self, exponent):
  return torch.pow(torch._double(self), torch._double(exponent))
def float_power__Tensor_Scalar(self, exponent):
  return torch.pow(torch._double(self), exponent)
def float_power__Scalar(self, exponent):
  return torch.pow(self, torch._double(exponent))
def glu(self, dim):
  if torch.dim(self) == 0:
    torch._bad("glu does not support 0-dimensional tensors")
  n = torch.size(self, dim)
  if n % 2 != 0:
    torch._bad("Halving dimension must be even, but dimension {} is size {}".format(dim, n))
  return torch.mul(torch.narrow(self, dim, 0, n // 2), torch.sigmoid(torch.narrow(self, dim, n // 2, n // 2)))
def rrelu(self, lower, upper, training, generator):
  if training:
    torch._bad("rrelu in training")
  return torch.leaky_relu(self, (float(lower) + float(upper)) / 2.)
def _ranks(x: Tensor, y: Tensor, m: int, n: int, what: str) -> NoneType:
  if torch.dim(x) != m or torch.dim(y) != n:
    torch._bad("{}: expected tensors of {} and {} dims, got {} and {}".format(what, m, n, torch.dim(x), torch.dim(y)))
def mm(self, mat2):
  torch._ranks(self, mat2, 2, 2, "mm")
  return torch.matmul(self, mat2)
def bmm(self, mat2):
  torch._ranks(self, mat2, 3, 3, "batch1 must be a 3D tensor")
  s, t = torch.size(self), torch.size(mat2)
  if s[0] != t[0] or s[2] != t[1]:
    torch._bad("Expected size for first two dimensions of batch2 tensor to be: [{}, {}] but got: [{}, {}].".format(s[0], s[2], t[0], t[1]))
  return torch.matmul(self, mat2)
def mv(self, vec):
  torch._ranks(self, vec, 2, 1, "mv")
  return torch.matmul(self, vec)
def dot(self, tensor):
  torch._ranks(self, tensor, 1, 1, "1D tensors expected, but got")
  return torch.matmul(self, tensor)
def vdot(self, other):
  return torch.dot(torch.conj(self), other)
def addmm(self, mat1, mat2, beta, alpha):
  torch._ranks(mat1, mat2, 2, 2, "addmm")
  if beta == 1 and alpha == 1 and torch.dim(self) == 1 and torch.size(self, 0) == torch.size(mat2, 1):
    return torch.linear(mat1, torch.t(mat2), self)
  return torch._added(self, torch.mm(mat1, mat2), beta, alpha)
def addmv(self, mat, vec, beta, alpha):
  return torch._added(self, torch.mv(mat, vec), beta, alpha)
def baddbmm(self, batch1, batch2, beta, alpha):
  return torch._added(self, torch.bmm(batch1, batch2), beta, alpha)
def addcmul(self, tensor1, tensor2, value):
  return torch.add(self, torch.mul(tensor1, tensor2), alpha=value)
def addcdiv(self, tensor1, tensor2, value):
  if not (torch.is_floating_point(tensor1) or torch.is_complex(tensor1) or torch.is_floating_point(tensor2) or torch.is_complex(tensor2)):
    torch._bad("Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a true division of tensor1 and tensor2.")
  return torch.add(self, torch.div(tensor1, tensor2), alpha=value)
def var_mean(self, unbiased):
  return torch.var(self, unbiased), torch.mean(self)
def var_mean__dim(self, dim, unbiased, keepdim):
  return torch.var(self, dim, unbiased, keepdim), torch.mean(self, dim, keepdim)
def var_mean__correction(self, dim, correction, keepdim):
  return torch.var(self, dim, correction=correction, keepdim=keepdim), torch.mean(self, dim, keepdim)
def std_mean(self, unbiased):
  return torch.std(self, unbiased), torch.mean(self)
def std_mean__dim(self, dim, unbiased, keepdim):
  return torch.std(self, dim, unbiased, keepdim), torch.mean(self, dim, keepdim)
def std_mean__correction(self, dim, correction, keepdim):
  return torch.std(self, dim, correction=correction, keepdim=keepdim), torch.mean(self, dim, keepdim)
def polygamma_(self, n):
  return torch.copy_(self, torch.polygamma(n, self))
def logsumexp(self, dim, keepdim):
  x = self if torch.is_floating_point(self) or torch.is_complex(self) else torch.to(self, 6)
  if torch.numel(x) == 0:
    return torch.log(torch.sum(torch.exp(x), dim, keepdim))
  top = torch.amax(torch.real(x), dim, True)
  top = torch.where(torch.isinf(top), torch.zeros_like(top), top)
  r = torch.log(torch.sum(torch.exp(torch.sub(x, top)), dim, keepdim))
  return torch.add(r, top if keepdim else torch.sum(top, dim))
def special_logsumexp(self, dim, keepdim):
  return torch.logsumexp(self, dim, keepdim)
