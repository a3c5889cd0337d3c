# Definitions of operators, see ../define.c: windows over signals, samples along axes, histograms.

def _window(n: int, periodic: bool) -> Tensor:
  if n < 0:
    torch._bad("window_length must be non-negative")
  return torch.div(torch.arange(n, dtype=7), ops.prim.max(n if periodic else n - 1, 1))
def _windowed(w: Tensor, n: int, dtype: Optional[int]) -> Tensor:
  return torch.to(torch.ones_like(w) if n == 1 else w, 6 if dtype is None else unchecked_cast(int, dtype))
def _cosines(n: int, periodic: bool, a: float, b: float, c: float, dtype: Optional[int]) -> Tensor:
  x = torch.mul(torch._window(n, periodic), 6.283185307179586)
  w = torch.add(torch.mul(torch.cos(x), -b), a)
  return torch._windowed(torch.add(w, torch.mul(torch.cos(torch.mul(x, 2)), c)), n, dtype)
def hann_window(window_length, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, True, 0.5, 0.5, 0., dtype)
def hann_window__periodic(window_length, periodic, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, periodic, 0.5, 0.5, 0., dtype)
def hamming_window(window_length, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, True, 0.54, 0.46, 0., dtype)
def hamming_window__periodic(window_length, periodic, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, periodic, 0.54, 0.46, 0., dtype)
def hamming_window__periodic_alpha(window_length, periodic, alpha, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, periodic, alpha, 0.46, 0., dtype)
def hamming_window__periodic_alpha_beta(window_length, periodic, alpha, beta, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, periodic, alpha, beta, 0., dtype)
def blackman_window(window_length, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, True, 0.42, 0.5, 0.08, dtype)
def blackman_window__periodic(window_length, periodic, dtype, layout, device, pin_memory):
  return torch._cosines(window_length, periodic, 0.42, 0.5, 0.08, dtype)
def bartlett_window(window_length, dtype, layout, device, pin_memory):
  return torch.bartlett_window(window_length, True, dtype=dtype)
def bartlett_window__periodic(window_length, periodic, dtype, layout, device, pin_memory):
  x = torch.mul(torch._window(window_length, periodic), 2)
  return torch._windowed(torch.minimum(x, torch.rsub(x, 2)), window_length, dtype)
def kaiser_window(window_length, dtype, layout, device, pin_memory):
  return torch.kaiser_window(window_length, True, 12., dtype=dtype)
def kaiser_window__periodic(window_length, periodic, dtype, layout, device, pin_memory):
  return torch.kaiser_window(window_length, periodic, 12., dtype=dtype)
def kaiser_window__beta(window_length, periodic, beta, dtype, layout, device, pin_memory):
  x = torch.sub(torch.mul(torch._window(window_length, periodic), 2), 1)
  x = torch.mul(torch.sqrt(torch.clamp_min(torch.rsub(torch.mul(x, x), 1), 0)), beta)
  return torch._windowed(torch.div(torch.i0(x), torch.i0(torch.tensor(beta, dtype=7))), window_length, dtype)
def fft_fftfreq(n, d, dtype, layout, device, pin_memory):
  x = torch.arange(n, dtype=7)
  x = torch.where(torch.lt(x, (n + 1) // 2), x, torch.sub(x, n))
  return torch.to(torch.mul(x, 1. / (n * d)), 6 if dtype is None else unchecked_cast(int, dtype))
def fft_rfftfreq(n, d, dtype, layout, device, pin_memory):
  x = torch.mul(torch.arange(n // 2 + 1, dtype=7), 1. / (n * d))
  return torch.to(x, 6 if dtype is None else unchecked_cast(int, dtype))

# Differences over two steps, one-sided at the ends; `h` holds the places or, of one element, the step.
def _gradient(x: Tensor, dim: int, h: Tensor, edge: int) -> Tensor:
  n = torch.size(x, dim)
  if n < edge + 1:
    torch._bad("torch.gradient expected each dimension size to be at least edge_order+1")
  if torch.dim(h) > 0 and torch.numel(h) != n:
    torch._bad("torch.gradient expected each element of 'spacing' to have as many elements as the dimension")
  s = [1] * torch.dim(x)
  s[dim] = n - 1
  step = torch.sub(torch.slice(h, 0, 1), torch.slice(h, 0, 0, -1)) if torch.dim(h) > 0 else torch.expand(h, [n - 1])
  step = torch.reshape(step, s)
  d = torch.div(torch.sub(torch.slice(x, dim, 1), torch.slice(x, dim, 0, -1)), step)
  a, b = torch.slice(step, dim, 0, -1), torch.slice(step, dim, 1)
  p, q = torch.slice(d, dim, 0, -1), torch.slice(d, dim, 1)
  mid = torch.div(torch.add(torch.mul(p, b), torch.mul(q, a)), torch.add(a, b))
  first, last = torch.narrow(d, dim, 0, 1), torch.narrow(d, dim, n - 2, 1)
  if edge == 2:
    first = torch.sub(torch.mul(first, 2), torch.narrow(mid, dim, 0, 1)) if torch.dim(h) == 0 else torch.add(first, torch.div(torch.mul(torch.sub(first, torch.narrow(d, dim, 1, 1)), torch.narrow(step, dim, 0, 1)), torch.add(torch.narrow(step, dim, 0, 1), torch.narrow(step, dim, 1, 1))))
    last = torch.sub(torch.mul(last, 2), torch.narrow(mid, dim, n - 3, 1)) if torch.dim(h) == 0 else torch.add(last, torch.div(torch.mul(torch.sub(last, torch.narrow(d, dim, n - 3, 1)), torch.narrow(step, dim, n - 2, 1)), torch.add(torch.narrow(step, dim, n - 2, 1), torch.narrow(step, dim, n - 3, 1))))
  return torch.cat([first, mid, last], dim)
def _axes(x: Tensor, dim: Optional[int]) -> List[int]:
  if dim is not None:
    return [unchecked_cast(int, dim)]
  return [i for i in range(torch.dim(x))]
def _gradients(x: Tensor, dims: List[int], h: List[Tensor], edge: int) -> List[Tensor]:
  if edge != 1 and edge != 2:
    torch._bad("torch.gradient only supports edge_order=1 and edge_order=2.")
  if len(h) != 1 and len(h) != len(dims):
    torch._bad("torch.gradient expected spacing to be unspecified, a scalar or a list of {} elements, got {}".format(len(dims), len(h)))
  r = annotate(List[Tensor], [])
  for i in range(len(dims)):
    torch.append(r, torch._gradient(x, torch._dim(dims[i], torch.dim(x)), h[0 if len(h) == 1 else i], edge))
  return r
def _spaces(h: List[number]) -> List[Tensor]:
  r = annotate(List[Tensor], [])
  for i in range(len(h)):
    torch.append(r, torch.tensor(float(h[i])))
  return r
def gradient__scalarint(self, spacing, dim, edge_order):
  h = 1. if spacing is None else float(unchecked_cast(number, spacing))
  return torch._gradients(self, torch._axes(self, dim), [torch.tensor(h)], edge_order)
def gradient__scalararray(self, spacing, dim, edge_order):
  return torch._gradients(self, dim, [torch.tensor(float(spacing))], edge_order)
def gradient__array(self, dim, edge_order):
  return torch._gradients(self, dim, [torch.tensor(1.)], edge_order)
def gradient__scalarrayint(self, spacing, dim, edge_order):
  return torch._gradients(self, torch._axes(self, dim), torch._spaces(spacing), edge_order)
def gradient__scalarrayarray(self, spacing, dim, edge_order):
  return torch._gradients(self, dim, torch._spaces(spacing), edge_order)
def gradient__tensorarrayint(self, spacing, dim, edge_order):
  return torch._gradients(self, torch._axes(self, dim), spacing, edge_order)
def gradient__tensorarray(self, spacing, dim, edge_order):
  return torch._gradients(self, dim, spacing, edge_order)

def histogramdd(self, bins, range, weight, density):
  if torch.dim(self) < 2:
    torch._bad("torch.histogramdd: input tensor should have at least 2 dimensions, but got {}".format(torch.dim(self)))
  n = torch.size(self, -1)
  if len(bins) != n:
    torch._bad("torch.histogramdd: The size of bins must be equal to the innermost dimension of the input.")
  x = torch.reshape(self, [-1, n])
  edges = annotate(List[Tensor], [])
  for i in range(n):
    v = torch.select(x, 1, i)
    a, b = 0., 1.
    if range is not None:
      a, b = unchecked_cast(List[float], range)[2 * i], unchecked_cast(List[float], range)[2 * i + 1]
    elif torch.numel(v) > 0:
      a, b = float(torch.min(v)), float(torch.max(v))
    if a == b:
      a, b = a - 0.5, b + 0.5
    torch.append(edges, torch.linspace(a, b, bins[i] + 1, dtype=self.dtype))
  r, e = torch.histogramdd(self, edges, range, weight, density)
  return r, e
def histogramdd__int_bins(self, bins, range, weight, density):
  r, e = torch.histogramdd(self, [bins] * torch.size(self, -1), range, weight, density)
  return r, e
def histogramdd__TensorList_bins(self, bins, range, weight, density):
  n = torch.size(self, -1)
  x = torch.reshape(self, [-1, n])
  if torch.dim(self) < 2 or len(bins) != n:
    torch._bad("torch.histogramdd: The size of bins must be equal to the innermost dimension of the input.")
  size = annotate(List[int], [])
  total = 1
  at = torch.zeros([torch.size(x, 0)], dtype=4)
  inside = torch.ones([torch.size(x, 0)], dtype=11)
  for i in range(n):
    e, v = bins[i], torch.contiguous(torch.select(x, 1, i))
    k = torch.numel(e) - 1
    first, last = torch.select(e, 0, 0), torch.select(e, 0, -1)
    j = torch.clamp(torch.sub(torch.searchsorted(e, v, right=True), 1), 0, k - 1)
    inside = torch.logical_and(inside, torch.logical_and(torch.ge(v, first), torch.le(v, last)))
    at = torch.add(torch.mul(at, k), j)
    torch.append(size, k)
    total *= k
  w = torch.ones([torch.size(x, 0)], dtype=self.dtype)
  if weight is not None:
    w = torch.reshape(torch.to(unchecked_cast(Tensor, weight), self.dtype), [-1])
  w = torch.where(inside, w, torch.tensor(0., dtype=self.dtype))
  r = torch.reshape(torch.scatter_add(torch.zeros([total], dtype=self.dtype), 0, torch.where(inside, at, 0), w), size)
  if density:
    r = torch.div(r, torch.sum(r))
    for i in range(n):
      s = [1] * n
      s[i] = size[i]
      r = torch.div(r, torch.reshape(torch.diff(bins[i]), s))
  return r, bins
# One number may stand for both.
def _pair(x: List[int], least: int, name: str) -> List[int]:
  if ops.prim.min(x[0], x[-1]) < least:
    torch._bad("{} should be greater than zero, but got {}".format(name, x))
  return [x[0], x[-1]]
# [n, c, h, w] -> [n, c, rows and columns of a window, rows and columns of windows]
def _image_windows(x: Tensor, kernel: List[int], dilation: List[int], stride: List[int]) -> Tensor:
  for i in range(2):
    n = dilation[i] * (kernel[i] - 1) + 1
    if n > torch.size(x, i + 2):
      torch._bad("the calculated shape of the array of sliding blocks must be at least one, but windows of {} are larger than {}".format(n, torch.size(x, i + 2)))
    x = torch.slice(torch.unfold(x, i + 2, n, stride[i]), -1, 0, n, dilation[i])
  return torch.permute(x, [0, 1, 4, 5, 2, 3])
def im2col(self, kernel_size, dilation, padding, stride):
  k, d = torch._pair(kernel_size, 1, "kernel_size"), torch._pair(dilation, 1, "dilation")
  p, s = torch._pair(padding, 0, "padding"), torch._pair(stride, 1, "stride")
  r = torch.dim(self)
  if r != 3 and r != 4:
    torch._bad("im2col(): Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: {}".format(torch.size(self)))
  x = torch.constant_pad_nd(self if r == 4 else torch.unsqueeze(self, 0), [p[1], p[1], p[0], p[0]], 0)
  n = torch._image_windows(x, k, d, s)
  n = torch.reshape(n, [torch.size(n, 0), torch.size(n, 1) * k[0] * k[1], torch.size(n, 4) * torch.size(n, 5)])
  return n if r == 4 else torch.squeeze(n, 0)
def col2im(self, output_size, kernel_size, dilation, padding, stride):
  k, d = torch._pair(kernel_size, 1, "kernel_size"), torch._pair(dilation, 1, "dilation")
  p, s = torch._pair(padding, 0, "padding"), torch._pair(stride, 1, "stride")
  o = torch._pair(output_size, 1, "output_size")
  r = torch.dim(self)
  if r != 2 and r != 3:
    torch._bad("Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: {}".format(torch.size(self)))
  rows, area = torch.size(self, -2), k[0] * k[1]
  if rows % area != 0:
    torch._bad("Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)={} and kernel_size=({}, {}).".format(rows, k[0], k[1]))
  h, w = o[0] + 2 * p[0], o[1] + 2 * p[1]
  at = torch._image_windows(torch.reshape(torch.arange(h * w), [1, 1, h, w]), k, d, s)
  if torch.numel(at) != area * torch.size(self, -1):
    torch._bad("expected the size of the last dimension of input to be {}, but got {}".format(torch.numel(at) // area, torch.size(self, -1)))
  planes = rows // area * (torch.size(self, 0) if r == 3 else 1)
  x = torch.reshape(self, [planes, torch.numel(at)])
  x = torch.index_add(torch.new_zeros(x, [planes, h * w]), 1, torch.reshape(at, [-1]), x)
  x = torch.reshape(x, torch.size(self)[:r - 2] + [rows // area, h, w])
  return torch.contiguous(torch.narrow(torch.narrow(x, -2, p[0], o[0]), -1, p[1], o[1]))
def affine_grid_generator(theta, size, align_corners):
  d = len(size) - 2
  if d < 2 or d > 3 or torch.size(theta) != [size[0], d, d + 1]:
    torch._bad("Expected a batch of 2x3 or 3x4 affine matrices and a size of 4 or 5 numbers, but got {} for size {}".format(torch.size(theta), size))
  places = annotate(List[Tensor], [])
  for i in range(d):
    n = size[-1 - i]
    x = torch.linspace(-1, 1, n, dtype=theta.dtype) if n > 1 else torch.new_zeros(theta, [n])
    x = x if align_corners else torch.div(torch.mul(x, n - 1), n)
    torch.append(places, torch.expand(torch.reshape(x, [n] + [1] * i), size[2:]))
  torch.append(places, torch.new_ones(theta, size[2:]))
  x = torch.matmul(torch.reshape(torch.stack(places, -1), [-1, d + 1]), torch.transpose(theta, 1, 2))
  return torch.reshape(x, [size[0]] + size[2:] + [d])


# One corner of each sampled point of torchvision's deformable convolution, times its share: (n, groups, channels, points).
# Corners outside the image are 0.
def _corner(flat: Tensor, y: Tensor, x: Tensor, i: int, h: int, w: int) -> Tensor:
  a = torch.add(torch.floor(y), i // 2)
  b = torch.add(torch.floor(x), i % 2)
  share = torch.mul(torch.rsub(torch.abs(torch.sub(y, a)), 1), torch.rsub(torch.abs(torch.sub(x, b)), 1))
  p = torch.clamp(a, 0, h - 1)
  q = torch.clamp(b, 0, w - 1)
  share = torch.mul(torch.mul(share, torch.eq(a, p)), torch.eq(b, q))
  shape = [torch.size(y, 0), torch.size(y, 1), 1, -1]
  at = torch.reshape(torch.to(torch.add(torch.mul(p, w), q), 4), shape)
  return torch.mul(torch.gather(flat, 3, torch.expand(at, [-1, -1, torch.size(flat, 2), -1])), torch.reshape(share, shape))
def deform_conv2d(input, weight, offset, mask, bias, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups, offset_groups, use_mask):
  n = torch.size(input, 0)
  h = torch.size(input, 2)
  w = torch.size(input, 3)
  k = torch.size(weight, 3)
  row = torch.size(offset, 3)
  tap = torch.unsqueeze(torch.arange(torch.size(weight, 2) * k), 1)
  pixel = torch.arange(torch.size(offset, 2) * row)
  at = torch.reshape(offset, [n, offset_groups, torch.size(tap, 0), 2, -1])
  y = torch.add(torch.mul(torch.floor_divide(tap, k), dilation_h), torch.mul(torch.floor_divide(pixel, row), stride_h))
  x = torch.add(torch.mul(torch.remainder(tap, k), dilation_w), torch.mul(torch.remainder(pixel, row), stride_w))
  y = torch.add(torch.select(at, 3, 0), torch.sub(y, pad_h))
  x = torch.add(torch.select(at, 3, 1), torch.sub(x, pad_w))
  flat = torch.reshape(input, [n, offset_groups, -1, h * w])
  out = torch._corner(flat, y, x, 0, h, w)
  for i in range(3):
    out = torch.add(out, torch._corner(flat, y, x, i + 1, h, w))
  if use_mask:
    out = torch.mul(out, torch.reshape(mask, [n, offset_groups, 1, -1]))
  out = torch.matmul(torch.reshape(weight, [groups, torch.size(weight, 0) // groups, -1]), torch.reshape(out, [n, groups, -1, torch.size(pixel, 0)]))
  return torch.add(torch.reshape(out, [n, -1, torch.size(offset, 2), row]), torch.reshape(bias, [-1, 1, 1]))
