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
