# Definitions of operators, see ../define.c: old meanings.

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
