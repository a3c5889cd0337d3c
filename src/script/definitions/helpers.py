# Definitions of operators, see ../define.c: helpers.

def _bad(why: str) -> NoneType:
  ops.prim.RaiseException(why, "RuntimeError")
def _dim(dim: int, rank: int) -> int:
  n = ops.prim.max(rank, 1)
  if dim < -n or dim >= n:
    ops.prim.RaiseException("Dimension out of range (expected to be in range of [{}, {}], but got {})".format(-n, n - 1, dim), "IndexError")
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
