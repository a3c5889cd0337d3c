# Definitions of operators, see ../define.c: linear algebra.

def _check(info: Tensor, why: str) -> NoneType:
  if bool(torch.any(torch.ne(info, 0))):
    torch._bad(why)
def _matrices(x: Tensor, name: str) -> NoneType:
  if torch.dim(x) < 2:
    torch._bad("linalg.{}: The input tensor A must have at least 2 dimensions.".format(name))
  if not (torch.is_floating_point(x) or torch.is_complex(x)):
    torch._bad("linalg.{}: Expected a floating point or complex tensor as input. Got {}".format(name, x.dtype))
def _square(x: Tensor, name: str) -> int:
  torch._matrices(x, name)
  if torch.size(x, -1) != torch.size(x, -2):
    torch._bad("linalg.{}: A must be batches of square matrices, but they are {} by {} matrices".format(name, torch.size(x, -2), torch.size(x, -1)))
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
def _turn(x: Tensor, conj: bool) -> Tensor:
  return torch.mH(x) if conj else torch.mT(x)
# The whole of a matrix that is the same when turned, from what lies on and below its diagonal.
def _whole(x: Tensor, conj: bool) -> Tensor:
  x = torch.mul(torch.add(torch.tril(x), torch.tril(x, -1)), 0.5)
  return torch.add(x, torch._turn(x, conj))
# Rows i and j change places.
def _swap(x: Tensor, i: int, j: int) -> Tensor:
  at = [k for k in range(torch.size(x, 0))]
  at[i] = j
  at[j] = i
  return torch.index_select(x, 0, torch.tensor(at))
# A = L D L^T, or L D L^H (`conj`), of one matrix; D has blocks of one or two columns, chosen as Bunch and Kaufman do. Two
# share a negative pivot. The pivots and the number (from 1) of the first block that is no good, or 0, go to the lists.
def _ldl(s: Tensor, conj: bool, pivots: List[int], info: List[int]) -> Tensor:
  n, k, bad = torch.size(s, 0), 0, 0
  parts = annotate(List[Tensor], [])
  while k < n:
    s = torch._whole(s, conj)
    size = torch.sum(torch.abs(torch.view_as_real(torch.to(s, 10))), [-1])
    most, at = torch.max(torch.add(torch.tril(size, -1), torch.triu(size, 1)), 0)
    size = torch.diagonal(size)
    here, column = float(torch.select(size, 0, 0)), float(torch.select(most, 0, 0))
    row, step = 0, 1
    if here < 0.6403882032022076 * column:
      j = int(torch.select(at, 0, 0))
      across = float(torch.select(most, 0, j))
      if here < 0.6403882032022076 * column * (column / across):
        row = j
        step = 1 if float(torch.select(size, 0, j)) >= 0.6403882032022076 * across else 2
    for i in range(step):
      torch.append(pivots, k + row + 1 if step == 1 else -(k + row + 1))
    s = torch._swap(torch.mT(torch._swap(torch.mT(s), row, step - 1)), row, step - 1)
    d, l = torch.slice(torch.slice(s, 0, 0, step), 1, 0, step), torch.slice(torch.slice(s, 0, step), 1, 0, step)
    s = torch.slice(torch.slice(s, 0, step), 1, step)
    if step == 2 or float(torch.select(size, 0, row)) > 0:
      turned = torch._turn(l, conj)
      inverse, b = torch.linalg_inv_ex(d)
      l = torch.matmul(l, inverse)
      s = torch.sub(s, torch.matmul(l, turned))
    elif bad == 0:
      bad = k + 1
    torch.append(parts, torch.constant_pad_nd(torch.cat([d, l]), [0, 0, k, 0]))
    k += step
  torch.append(info, bad)
  return torch.tril(torch.cat(parts, 1))
def linalg_ldl_factor_ex(self, hermitian, check_errors):
  n, s = torch._square(self, "ldl_factor_ex"), torch.size(self)
  p, info = annotate(List[int], []), annotate(List[int], [])
  if torch.numel(self) == 0:
    return torch.clone(self), torch.zeros(s[:-1], dtype=3), torch.zeros(s[:-2], dtype=3)
  a = torch.stack([torch._ldl(x, hermitian and torch.is_complex(self), p, info) for x in torch.unbind(torch.reshape(torch._wide(self), [-1, n, n]))])
  bad = torch.reshape(torch.tensor(info, dtype=3), s[:-2])
  if check_errors:
    torch._check(bad, "torch.linalg.ldl_factor_ex: the diagonal block of D is singular.")
  return torch.reshape(torch.to(a, self.dtype), s), torch.reshape(torch.tensor(p, dtype=3), s[:-1]), bad
def linalg_ldl_factor(self, hermitian):
  a, p, info = torch.linalg_ldl_factor_ex(self, hermitian=hermitian, check_errors=True)
  return a, p
# L D L^T x = b, or L D L^H x = b (`conj`).
def _ldl_solve(a: Tensor, b: Tensor, pivots: Tensor, conj: bool) -> Tensor:
  n, k = torch.size(a, 0), 0
  while k < n:
    p = int(torch.select(pivots, 0, k))
    end, row = k + 1 if p > 0 else k + 2, ops.prim.abs(p) - 1
    if row < 0 or row >= n or end > n or int(torch.select(pivots, 0, end - 1)) != p:
      torch._bad("torch.linalg.ldl_solve: a pivot is out of range")
    b = torch._swap(b, row, end - 1)
    l, x = torch.slice(a, 1, k, end), torch.slice(b, 0, k, end)
    inverse, i = torch.linalg_inv_ex(torch._whole(torch.slice(l, 0, k, end), conj))
    b = torch.cat([torch.slice(b, 0, 0, k), torch.matmul(inverse, x), torch.sub(torch.slice(b, 0, end), torch.matmul(torch.slice(l, 0, end), x))])
    k = end
  while k > 0:
    end = k
    p = int(torch.select(pivots, 0, k - 1))
    k -= 1 if p > 0 else 2
    c = torch.slice(b, 0, end)
    x = torch.sub(torch.slice(b, 0, k, end), torch.matmul(torch._turn(torch.slice(torch.slice(a, 1, k, end), 0, end), conj), c))
    b = torch._swap(torch.cat([torch.slice(b, 0, 0, k), x, c]), ops.prim.abs(p) - 1, end - 1)
  return b
def linalg_ldl_solve(LD, pivots, B, hermitian):
  n = torch._square(LD, "ldl_solve")
  if torch.size(pivots) != torch.size(LD)[:-1]:
    torch._bad("torch.linalg.ldl_solve: Expected LD.shape[:-1] and pivots.shape to be the same")
  if torch.dim(B) < 2:
    torch._bad("torch.linalg.ldl_solve: Expected B to have at least 2 dimensions")
  s = torch.size(torch.matmul(LD, B))
  b = torch.clone(torch.expand(B, s))
  if torch.numel(b) == 0:
    return b
  a = torch.unbind(torch.reshape(torch._wide(torch.expand(LD, s[:-1] + [n])), [-1, n, n]))
  x = torch.unbind(torch.reshape(torch._wide(b), [-1, n, s[-1]]))
  p = torch.unbind(torch.reshape(torch.expand(pivots, s[:-1]), [-1, n]))
  r = annotate(List[Tensor], [])
  for i in range(len(a)):
    torch.append(r, torch._ldl_solve(a[i], x[i], p[i], hermitian and torch.is_complex(B)))
  return torch.reshape(torch.to(torch.stack(r), B.dtype), s)
# R on and above the diagonal, below it the reflectors 1 - tau v v^H, whose first element is 1.
def geqrf(self):
  torch._matrices(self, "qr")
  a = torch.clone(torch._wide(self))
  taus = annotate(List[Tensor], [])
  for k in range(ops.prim.min(torch.size(a, -2), torch.size(a, -1))):
    c, r = torch.slice(torch.narrow(a, -1, k, 1), -2, k), torch.slice(torch.slice(a, -1, k + 1), -2, k)
    x, v = torch.slice(c, -2, 0, 1), torch.slice(c, -2, 1)
    re = torch.real(x) if torch.is_complex(x) else x
    none = torch.logical_and(torch.eq(torch._norm(v, 2, [-2], True), 0), torch.eq(x, re))
    b = torch.copysign(torch._norm(c, 2, [-2], True), torch.neg(re))
    tau = torch.where(none, 0., torch.div(torch.sub(b, x), b))
    v = torch.div(v, torch.where(none, 1., torch.sub(x, b)))
    one = torch.cat([torch.ones_like(x), v], -2)
    w = torch.mul(torch.conj(tau), torch.matmul(torch.mH(one), r))
    torch.copy_(r, torch.sub(r, torch.matmul(one, w)))
    torch.copy_(c, torch.cat([torch.where(none, x, b), v], -2))
    torch.append(taus, torch.squeeze(tau, -1))
  tau = torch.cat(taus, -1) if len(taus) > 0 else torch.new_empty(self, torch.size(self)[:-2] + [0])
  return torch.to(a, self.dtype), torch.to(tau, self.dtype)
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
def linalg_matrix_norm(self, ord, dim, keepdim, dtype):
  torch._matrices(self, "matrix_norm")
  return torch._matrix_norm(torch._typed(self, dtype), ord, dim, keepdim)
def linalg_matrix_norm__str_ord(self, ord, dim, keepdim, dtype):
  torch._matrices(self, "matrix_norm")
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
