# Definitions of operators, see ../define.c: losses.

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
def l1_loss(self, target, reduction):
  return torch._reduce(torch.abs(torch.sub(self, target)), reduction)
def mse_loss(self, target, reduction):
  d = torch.sub(self, target)
  return torch._reduce(torch.mul(d, d), reduction)
def smooth_l1_loss(self, target, reduction, beta):
  if beta < 0:
    torch._bad("smooth_l1_loss does not support negative values for beta.")
  if beta == 0:
    return torch.l1_loss(self, target, reduction)
  return torch.div(torch.huber_loss(self, target, reduction, beta), beta)
def huber_loss(self, target, reduction, delta):
  if delta <= 0:
    torch._bad("huber_loss does not support non-positive values for delta.")
  d = torch.abs(torch.sub(self, target))
  r = torch.where(torch.lt(d, delta), torch.mul(torch.mul(d, d), 0.5), torch.mul(torch.sub(d, 0.5 * delta), delta))
  return torch._reduce(r, reduction)
def _weighted(x: Tensor, weight: Optional[Tensor], reduction: int) -> Tensor:
  return torch._reduce(x if weight is None else torch.mul(x, unchecked_cast(Tensor, weight)), reduction)
def binary_cross_entropy(self, target, weight, reduction):
  if torch.size(self) != torch.size(target):
    torch._bad("Using a target size ({}) that is different to the input size ({}) is deprecated. Please ensure they have the same size.".format(torch.size(target), torch.size(self)))
  if not bool(torch.all(torch.logical_and(torch.ge(self, 0), torch.le(self, 1)))):
    torch._bad("all elements of input should be between 0 and 1")
  a = torch.clamp_min(torch.log(self), -100.)
  b = torch.clamp_min(torch.log1p(torch.neg(self)), -100.)
  return torch._weighted(torch.neg(torch.add(torch.mul(target, a), torch.mul(torch.rsub(target, 1), b))), weight, reduction)
def binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction):
  w = torch.tensor(1., dtype=self.dtype) if pos_weight is None else unchecked_cast(Tensor, pos_weight)
  w = torch.add(torch.mul(torch.sub(w, 1), target), 1)
  s = torch.add(torch.log1p(torch.exp(torch.neg(torch.abs(self)))), torch.clamp_min(torch.neg(self), 0))
  return torch._weighted(torch.add(torch.mul(torch.rsub(target, 1), self), torch.mul(w, s)), weight, reduction)
def kl_div(self, target, reduction, log_target):
  if log_target:
    return torch._reduce(torch.mul(torch.exp(target), torch.sub(target, self)), reduction)
  return torch._reduce(torch.sub(torch.xlogy(target, target), torch.mul(target, self)), reduction)
def poisson_nll_loss(input, target, log_input, full, eps, reduction):
  y = torch.mul(target, input if log_input else torch.log(torch.add(input, eps)))
  r = torch.sub(torch.exp(input) if log_input else input, y)
  if full:
    s = torch.add(torch.sub(torch.mul(target, torch.log(target)), target), torch.mul(torch.log(torch.mul(target, 6.283185307179586)), 0.5))
    r = torch.add(r, torch.where(torch.gt(target, 1), s, 0.))
  return torch._reduce(r, reduction)
def soft_margin_loss(self, target, reduction):
  return torch._reduce(torch.log1p(torch.exp(torch.neg(torch.mul(target, self)))), reduction)
def hinge_embedding_loss(self, target, margin, reduction):
  z = torch.zeros_like(self)
  a = torch.where(torch.ne(target, 1), torch.clamp_min(torch.rsub(self, margin), 0), z)
  return torch._reduce(torch.add(a, torch.where(torch.ne(target, -1), self, z)), reduction)
def margin_ranking_loss(input1, input2, target, margin, reduction):
  x = torch.mul(torch.neg(target), torch.sub(input1, input2))
  return torch._reduce(torch.clamp_min(torch.add(x, margin), 0), reduction)

# Of each place the class's weight (0 where the class is to be ignored), and a class that can be looked up.
def _classes(x: Tensor, target: Tensor, weight: Optional[Tensor], ignore: int, axis: int) -> Tuple[Tensor, Tensor]:
  s = torch.size(x)
  if torch.size(target) != s[:axis] + s[axis + 1:]:
    torch._bad("Expected target size {}, got {}".format(s[:axis] + s[axis + 1:], torch.size(target)))
  if not (torch.is_floating_point(x)):
    torch._bad("nll_loss not implemented for integers")
  keep = torch.ne(target, ignore)
  t = torch.to(torch.where(keep, target, torch.zeros_like(target)), 4)
  wrong = torch.logical_or(torch.lt(t, 0), torch.ge(t, s[axis]))
  if bool(torch.any(wrong)):
    torch._bad("Target {} is out of bounds.".format(int(torch.max(torch.where(wrong, t, torch.zeros_like(t))))))
  w = torch.to(keep, x.dtype)
  if weight is not None:
    if torch.numel(unchecked_cast(Tensor, weight)) != s[axis]:
      torch._bad("weight tensor should be defined either for all {} classes or no classes".format(s[axis]))
    w = torch.mul(w, torch.view_as(torch.index_select(unchecked_cast(Tensor, weight), 0, torch.flatten(t)), t))
  return t, w
def _shared(r: Tensor, w: Tensor, reduction: int) -> Tensor:
  return r if reduction == 0 else torch.div(torch.sum(r), torch.sum(w)) if reduction == 1 else torch.sum(r)
def _nll(x: Tensor, target: Tensor, weight: Optional[Tensor], reduction: int, ignore: int) -> Tuple[Tensor, Tensor]:
  axis = 1 if torch.dim(x) > 1 else 0
  t, w = torch._classes(x, target, weight, ignore, axis)
  v = torch.squeeze(torch.gather(x, axis, torch.unsqueeze(t, axis)), axis)
  r = torch.where(torch.ne(target, ignore), torch.neg(torch.mul(v, w)), torch.zeros_like(v))
  return torch._shared(r, w, reduction), torch.tensor(0., dtype=x.dtype) if reduction == 0 else torch.sum(w)
def nll_loss(self, target, weight, reduction, ignore_index):
  r, w = torch._nll(self, target, weight, reduction, ignore_index)
  return r
def nll_loss_nd(self, target, weight, reduction, ignore_index):
  return torch.nll_loss(self, target, weight, reduction, ignore_index)
def nll_loss2d(self, target, weight, reduction, ignore_index):
  return torch.nll_loss(self, target, weight, reduction, ignore_index)
def nll_loss_forward(self, target, weight, reduction, ignore_index):
  r, w = torch._nll(self, target, weight, reduction, ignore_index)
  return r, w
def nll_loss2d_forward(self, target, weight, reduction, ignore_index):
  r, w = torch._nll(self, target, weight, reduction, ignore_index)
  return r, w
def cross_entropy_loss(self, target, weight, reduction, ignore_index, label_smoothing):
  axis = 1 if torch.dim(self) > 1 else 0
  n = torch.size(self, axis)
  x = torch.log_softmax(self, axis)
  lw = x
  if weight is not None:
    lw = torch.mul(x, torch.reshape(unchecked_cast(Tensor, weight), [-1] + [1] * (torch.dim(x) - axis - 1)))
  if torch.is_floating_point(target):
    if torch.size(target) != torch.size(self):
      torch._bad("Expected floating point type for target with class probabilities, got {} for input {}".format(torch.size(target), torch.size(self)))
    t = torch.add(torch.mul(target, 1. - label_smoothing), label_smoothing / n)
    r = torch.neg(torch.sum(torch.mul(lw, t), [axis]))
    return torch._reduce(r, reduction)
  if label_smoothing == 0.:
    return torch.nll_loss(x, target, weight, reduction, ignore_index)
  t, w = torch._classes(x, target, weight, ignore_index, axis)
  v = torch.squeeze(torch.gather(lw, axis, torch.unsqueeze(t, axis)), axis)
  v = torch.add(torch.mul(v, 1. - label_smoothing), torch.mul(torch.sum(lw, [axis]), label_smoothing / n))
  return torch._shared(torch.where(torch.ne(target, ignore_index), torch.neg(v), torch.zeros_like(v)), w, reduction)
def pairwise_distance(x1, x2, p, eps, keepdim):
  return torch._norm(torch.add(torch.sub(x1, x2), eps), p, [-1], keepdim)
def triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction):
  near = torch.pairwise_distance(anchor, positive, p, eps)
  far = torch.pairwise_distance(anchor, negative, p, eps)
  far = torch.minimum(far, torch.pairwise_distance(positive, negative, p, eps)) if swap else far
  return torch._reduce(torch.clamp_min(torch.add(torch.sub(near, far), margin), 0), reduction)
def cosine_embedding_loss(input1, input2, target, margin, reduction):
  d = torch.dim(target)
  if d > 1 or torch.dim(input1) != d + 1 or torch.dim(input2) != d + 1:
    torch._bad("{}D target tensor expects {}D input tensors, but found inputs with sizes {} and {}.".format(d, d + 1, torch.size(input1), torch.size(input2)))
  a = torch.add(torch.sum(torch.mul(input1, input1), [d]), 1e-12)
  b = torch.add(torch.sum(torch.mul(input2, input2), [d]), 1e-12)
  cos = torch.div(torch.sum(torch.mul(input1, input2), [d]), torch.sqrt(torch.mul(a, b)))
  z = torch.zeros_like(cos)
  near = torch.where(torch.eq(target, 1), torch.rsub(cos, 1), z)
  far = torch.where(torch.eq(target, -1), torch.clamp_min(torch.sub(cos, margin), 0), z)
  return torch._reduce(torch.add(near, far), reduction)
