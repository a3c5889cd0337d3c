# Definitions of operators, see ../define.c: methods of strings.

def partition(self, separator):
  i = torch.find(self, separator)
  return (self, "", "") if i < 0 else (self[:i], separator, self[i + len(separator):])
def rpartition(self, separator):
  i = torch.rfind(self, separator)
  return ("", "", self) if i < 0 else (self[:i], separator, self[i + len(separator):])
def rsplit(self, separator, max):
  if len(separator) == 0:
    ops.prim.RaiseException("empty separator", "ValueError")
  parts = annotate(List[str], [])
  rest, i = self, torch.rfind(self, separator)
  while i >= 0 and len(parts) != max:
    torch.append(parts, rest[i + len(separator):])
    rest = rest[:i]
    i = torch.rfind(rest, separator)
  torch.append(parts, rest)
  torch.reverse(parts)
  return parts
# "\r\n" ends two lines, and an end that is kept is an item of its own, as in PyTorch.
def splitlines(self, keepends):
  parts, start, ends = annotate(List[str], []), 0, "\n\r\f" + torch.chr(11)
  for i in range(len(self)):
    if torch.find(ends, self[i]) >= 0:
      torch.append(parts, self[start:i])
      if keepends:
        torch.append(parts, self[i])
      start = i + 1
  if start < len(self):
    torch.append(parts, self[start:])
  return parts
# A new line begins no new column, as in PyTorch.
def expandtabs(self, tabsize):
  parts, column, tab = annotate(List[str], []), 0, ops.prim.min(tabsize, 1000)
  for i in range(len(self)):
    c = self[i]
    if c == "\t":
      c = torch._times(" ", tab - column % tab if tab > 0 else 0)
      column = 0
    else:
      column += 1
    torch.append(parts, c)
  return torch.join("", parts)
def _times(text: str, n: int) -> str:
  return torch.join(text, [""] * (n + 1))
def _fill(fill: str, n: int) -> str:
  if len(fill) != 1:
    ops.prim.RaiseException("The fill character must be exactly one character long", "TypeError")
  return torch._times(fill, n)
def ljust(self, width, fillchar):
  return self + torch._fill(fillchar, width - len(self))
def rjust(self, width, fillchar):
  return torch._fill(fillchar, width - len(self)) + self
# The odd blank is on the left when the width is odd too.
def center(self, width, fillchar):
  n = ops.prim.max(width - len(self), 0)
  left = n // 2 + n % 2 * (width % 2)
  return torch._fill(fillchar, left) + self + torch._fill(fillchar, n - left)
# A sign stays behind the zeros, as in PyTorch.
def zfill(self, width):
  return torch._times("0", width - len(self)) + self
# Digits of -|x|, which every number has.
def _digits(x: int, base: int, prefix: str) -> str:
  v, text = x if x < 0 else -x, ""
  while v != 0 or text == "":
    d = (base - v % base) % base
    text = "0123456789abcdef"[d] + text
    v = (v + d) // base
  return ("-" if x < 0 else "") + prefix + text
def bin(i):
  return torch._digits(i, 2, "0b")
def oct(i):
  return torch._digits(i, 8, "0o")
def hex(i):
  return torch._digits(i, 16, "0x")
