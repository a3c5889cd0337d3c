# Definitions of operators, see ../define.c: Fourier transforms over several axes and of short windows of a signal.

def _fft_dims(x: Tensor, s: Optional[List[int]], dim: Optional[List[int]]) -> List[int]:
  rank = torch.dim(x)
  n = rank
  if s is not None:
    n = len(unchecked_cast(List[int], s))
  d = [i - n for i in range(n)]
  if dim is not None:
    d = unchecked_cast(List[int], dim)
  if len(d) < 1 or len(d) > rank or (s is not None and n != len(d)):
    torch._bad("When given, dim and shape arguments must have the same length, no longer than the input has dims ({})".format(rank))
  r = [torch._dim(d[i], rank) for i in range(len(d))]
  for i in range(len(r)):
    for j in range(i):
      if r[i] == r[j]:
        torch._bad("FFT dims must be unique")
  return r
def _fft_size(s: Optional[List[int]], i: int) -> Optional[int]:
  if s is None:
    return None
  n = unchecked_cast(List[int], s)[i]
  if n == -1:
    return None
  return n
# Over the first `count` of the axes.
def _fft_some(x: Tensor, s: Optional[List[int]], d: List[int], count: int, norm: Optional[str], inverse: bool) -> Tensor:
  for k in range(count):
    i = count - 1 - k
    x = torch.fft_ifft(x, torch._fft_size(s, i), d[i], norm) if inverse else torch.fft_fft(x, torch._fft_size(s, i), d[i], norm)
  return x
def fft_fftn(self, s, dim, norm):
  d = torch._fft_dims(self, s, dim)
  return torch._fft_some(self, s, d, len(d), norm, False)
def fft_fft2(self, s, dim, norm):
  return torch.fft_fftn(self, s, dim, norm)
def fft_ifftn(self, s, dim, norm):
  d = torch._fft_dims(self, s, dim)
  return torch._fft_some(self, s, d, len(d), norm, True)
def fft_ifft2(self, s, dim, norm):
  return torch.fft_ifftn(self, s, dim, norm)
def fft_rfftn(self, s, dim, norm):
  d = torch._fft_dims(self, s, dim)
  n = len(d) - 1
  return torch._fft_some(torch.fft_rfft(self, torch._fft_size(s, n), d[n], norm), s, d, n, norm, False)
def fft_rfft2(self, s, dim, norm):
  return torch.fft_rfftn(self, s, dim, norm)
def fft_ihfftn(self, s, dim, norm):
  d = torch._fft_dims(self, s, dim)
  n = len(d) - 1
  return torch._fft_some(torch.fft_ihfft(self, torch._fft_size(s, n), d[n], norm), s, d, n, norm, True)
def fft_ihfft2(self, s, dim, norm):
  return torch.fft_ihfftn(self, s, dim, norm)
def fft_irfftn(self, s, dim, norm):
  d = torch._fft_dims(self, s, dim)
  n = len(d) - 1
  return torch.fft_irfft(torch._fft_some(self, s, d, n, norm, True), torch._fft_size(s, n), d[n], norm)
def fft_irfft2(self, s, dim, norm):
  return torch.fft_irfftn(self, s, dim, norm)
def fft_hfftn(self, s, dim, norm):
  d = torch._fft_dims(self, s, dim)
  n = len(d) - 1
  return torch.fft_hfft(torch._fft_some(self, s, d, n, norm, False), torch._fft_size(s, n), d[n], norm)
def fft_hfft2(self, s, dim, norm):
  return torch.fft_hfftn(self, s, dim, norm)
def _shifted(x: Tensor, dim: Optional[List[int]], more: int) -> Tensor:
  d = [i for i in range(torch.dim(x))]
  if dim is not None:
    d = unchecked_cast(List[int], dim)
  by = [(torch.size(x, d[i]) + more) // 2 for i in range(len(d))]
  return torch.roll(x, by, d) if len(d) > 0 else torch.clone(x)
def fft_fftshift(self, dim):
  return torch._shifted(self, dim, 0)
def fft_ifftshift(self, dim):
  return torch._shifted(self, dim, 1)

# The step, and the window in the middle of n_fft places.
def _frame(n_fft: int, hop_length: Optional[int], win_length: Optional[int], window: Optional[Tensor], like: int) -> Tuple[int, Tensor]:
  hop = n_fft // 4 if hop_length is None else unchecked_cast(int, hop_length)
  n = n_fft if win_length is None else unchecked_cast(int, win_length)
  if n_fft < 1 or hop < 1 or n < 1 or n > n_fft:
    torch._bad("stft: expected 0 < win_length <= n_fft and hop_length > 0, but got n_fft={}, win_length={}, hop_length={}".format(n_fft, n, hop))
  w = torch.ones([n], dtype=like)
  if window is not None:
    w = unchecked_cast(Tensor, window)
  if torch.dim(w) != 1 or torch.numel(w) != n:
    torch._bad("expected a 1D window tensor of size equal to win_length={}, but got window with size {}".format(n, torch.size(w)))
  left = (n_fft - n) // 2
  return hop, torch.constant_pad_nd(w, [left, n_fft - n - left], 0)
def stft(self, n_fft, hop_length, win_length, window, normalized, onesided, return_complex, align_to_window):
  return torch.stft(self, n_fft, hop_length, win_length, window, False, "reflect", normalized, onesided, return_complex)
def stft__center(self, n_fft, hop_length, win_length, window, center, pad_mode, normalized, onesided, return_complex, align_to_window):
  real = self.dtype == 6 or self.dtype == 7
  if torch.dim(self) < 1 or torch.dim(self) > 2 or not (real or torch.is_complex(self)):
    torch._bad("stft: expected a 1D or 2D tensor of floating point or complex values")
  hop, w = torch._frame(n_fft, hop_length, win_length, window, 7 if self.dtype == 7 or self.dtype == 10 else 6)
  real = real and not torch.is_complex(w)
  if return_complex is None and real:
    torch._bad("stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in a future PyTorch release.")
  half = real if onesided is None else unchecked_cast(bool, onesided)
  if half and not real:
    torch._bad("Cannot have onesided output if window or input is complex")
  x = self if torch.dim(self) == 2 else torch.unsqueeze(self, 0)
  n, p = torch.size(x, 1), n_fft // 2 if center else 0
  if center:
    if n < 1 or (pad_mode == "reflect" and p >= n) or (pad_mode == "circular" and p > n):
      torch._bad("stft: padding of {} of mode {} does not fit an input of {}".format(p, pad_mode, n))
    at = torch.arange(-p, n + p)
    if pad_mode == "constant":
      x = torch.constant_pad_nd(x, [p, p], 0)
    elif pad_mode == "reflect":
      x = torch.index_select(x, 1, torch.rsub(torch.abs(torch.rsub(torch.abs(at), n - 1)), n - 1))
    elif pad_mode == "replicate":
      x = torch.index_select(x, 1, torch.clamp(at, 0, n - 1))
    elif pad_mode == "circular":
      x = torch.index_select(x, 1, torch.remainder(at, n))
    else:
      torch._bad("stft: padding of {} of mode {} does not fit an input of {}".format(p, pad_mode, n))
  if n_fft > n + 2 * p:
    torch._bad("stft: expected 0 < n_fft <= {}, but got n_fft={}".format(n + 2 * p, n_fft))
  x = torch.mul(torch.unfold(x, 1, n_fft, hop), w)
  norm = "ortho" if normalized else "backward"
  x = torch.fft_rfft(x, None, -1, norm) if half else torch.fft_fft(x, None, -1, norm)
  x = torch.transpose(x, 1, 2)
  x = torch.squeeze(x, 0) if torch.dim(self) == 1 else x
  if not real:
    return x if return_complex is None or unchecked_cast(bool, return_complex) else torch.view_as_real(x)
  return x if unchecked_cast(bool, return_complex) else torch.view_as_real(x)
def istft(self, n_fft, hop_length, win_length, window, center, normalized, onesided, length, return_complex):
  if not torch.is_complex(self) or torch.dim(self) < 2 or torch.dim(self) > 3 or torch.numel(self) == 0:
    torch._bad("istft requires a complex-valued input tensor matching the output from stft with return_complex=True.")
  hop, w = torch._frame(n_fft, hop_length, win_length, window, 7 if self.dtype == 10 else 6)
  x = self if torch.dim(self) == 3 else torch.unsqueeze(self, 0)
  bins, frames = torch.size(x, 1), torch.size(x, 2)
  half = bins != n_fft if onesided is None else unchecked_cast(bool, onesided)
  if bins != (n_fft // 2 + 1 if half else n_fft):
    torch._bad("istft expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when onesided=True, or n_fft, but got {}".format(bins))
  if return_complex and half:
    torch._bad("Cannot have onesided output if window or input is complex")
  x = torch.transpose(x, 1, 2)
  norm = "ortho" if normalized else "backward"
  x = torch.fft_irfft(x, n_fft, -1, norm) if half else torch.fft_ifft(x, n_fft, -1, norm)
  x = torch.mul(x if half or return_complex else torch.real(x), w)
  size = n_fft + hop * (frames - 1)
  at = torch.flatten(torch.add(torch.unsqueeze(torch.mul(torch.arange(frames), hop), 1), torch.arange(n_fft)))
  power = torch.flatten(torch.expand(torch.mul(w, w), [frames, n_fft]))
  power = torch.index_add(torch.new_zeros(power, [size]), 0, at, power)
  x = torch.reshape(x, [torch.size(x, 0), -1])
  x = torch.index_add(torch.new_zeros(x, [torch.size(x, 0), size]), 1, at, x)
  start = n_fft // 2 if center else 0
  end = size - start if length is None else start + unchecked_cast(int, length)
  if end <= start:
    torch._bad("istft(): a result of {} samples".format(end - start))
  x, power = torch.slice(x, 1, start, end), torch.slice(power, 0, start, end)
  least = float(torch.min(torch.abs(power)))
  if not (least > 1e-11):
    torch._bad("window overlap add min: {}".format(least))
  x = torch.div(x, power)
  x = torch.constant_pad_nd(x, [0, end - size], 0) if end > size else x
  return torch.squeeze(x, 0) if torch.dim(self) == 2 else x
