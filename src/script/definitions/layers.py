# Definitions of operators, see ../define.c: attention, packed sequences, fake quantisation.

def _fake(x: Tensor, scale: Tensor, zero: Tensor, low: int, high: int) -> Tensor:
  s, z = torch.to(scale, 6), torch.to(zero, 6)
  q = torch.clamp(torch.add(torch.round(torch.mul(x, torch.reciprocal(s))), z), low, high)
  return torch.mul(torch.sub(q, z), s)
def fake_quantize_per_tensor_affine(self, scale, zero_point, quant_min, quant_max):
  return torch._fake(self, torch.scalar_tensor(scale), torch.scalar_tensor(zero_point), quant_min, quant_max)
def fake_quantize_per_channel_affine(self, scale, zero_point, axis, quant_min, quant_max):
  n = [1] * torch.dim(self)
  n[axis] = -1
  return torch._fake(self, torch.reshape(scale, n), torch.reshape(zero_point, n), quant_min, quant_max)
def _pack_padded_sequence(input, lengths, batch_first):
  x = torch.transpose(input, 0, 1) if batch_first else input
  n = annotate(List[int], torch.to(lengths, 4).tolist())
  if len(n) != torch.size(x, 1):
    torch._bad("Expected `len(lengths)` to be equal to batch_size, but got {} (batch_size={})".format(len(n), torch.size(x, 1)))
  for i in range(len(n)):
    if n[i] < 1:
      torch._bad("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    if i > 0 and n[i] > n[i - 1]:
      torch._bad("`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.")
  if n[0] > torch.size(x, 0):
    torch._bad("Expected `lengths` up to {}, got {}".format(torch.size(x, 0), n[0]))
  keep = torch.lt(torch.unsqueeze(torch.arange(n[0]), 1), lengths)
  return torch.index(torch.slice(x, 0, 0, n[0]), [keep]), torch.sum(keep, [1])
def _pad_packed_sequence(data, batch_sizes, batch_first, padding_value, total_length):
  n = annotate(List[int], batch_sizes.tolist())
  rows, steps = 0, len(n)
  for i in range(len(n)):
    if n[i] < 1 or (i > 0 and n[i] > n[i - 1]):
      torch._bad("batch size {} of step {}".format(n[i], i))
    rows += n[i]
  if rows != torch.size(data, 0) or rows == 0:
    torch._bad("{} rows for batch sizes of {}".format(torch.size(data, 0), rows))
  if total_length > 0:
    if total_length < steps:
      torch._bad("Expected total_length to be at least the length of the longest sequence in input, but got total_length={} and max sequence length being {}".format(total_length, steps))
    steps = total_length
  sizes = torch.constant_pad_nd(batch_sizes, [0, steps - len(n)], 0)
  keep = torch.lt(torch.arange(n[0]), torch.unsqueeze(sizes, 1))
  r = torch.index_put(torch.full([steps, n[0]] + torch.size(data)[1:], padding_value, dtype=data.dtype), [keep], data)
  return torch.transpose(r, 0, 1) if batch_first else r, torch.sum(keep, [0])
def _native_multi_head_attention(query, key, value, embed_dim, num_head, qkv_weight, qkv_bias, proj_weight, proj_bias, mask, need_weights, average_attn_weights, mask_type):
  if num_head < 1 or embed_dim % num_head != 0 or torch.dim(query) != 3:
    torch._bad("expected 3-D `query` and embed_dim divisible by num_heads")
  b, n = torch.size(query, 0), embed_dim
  parts = annotate(List[Tensor], [])
  if query is key and key is value:
    parts = torch.split(torch.linear(query, qkv_weight, qkv_bias), n, 2)
  else:
    parts = [query, key, value]
    for i in range(3):
      parts[i] = torch.linear(parts[i], torch.narrow(qkv_weight, 0, i * n, n), torch.narrow(qkv_bias, 0, i * n, n))
  q, k, v = [torch.transpose(torch.reshape(x, [b, torch.size(x, 1), num_head, -1]), 1, 2) for x in parts]
  keep = mask
  if mask is not None:
    m = unchecked_cast(Tensor, mask)
    if torch.dim(m) == 2 and mask_type is not None and unchecked_cast(int, mask_type) == 1:
      m = torch.reshape(m, [b, 1, 1, -1])
    keep = torch.logical_not(m)
  r, w = torch._attend(q, k, v, keep, 0., False, None, False)
  r = torch.linear(torch.reshape(torch.transpose(r, 1, 2), [b, -1, n]), proj_weight, proj_bias)
  if not need_weights:
    return r, torch.zeros([0])
  return r, torch.mean(w, [1]) if average_attn_weights else w
def _transformer_encoder_layer_fwd(src, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight, proj_bias, use_gelu, norm_first, eps, norm_weight_1, norm_bias_1, norm_weight_2, norm_bias_2, ffn_weight_1, ffn_bias_1, ffn_weight_2, ffn_bias_2, mask, mask_type):
  n = [embed_dim]
  x = torch.layer_norm(src, n, norm_weight_1, norm_bias_1, eps) if norm_first else src
  y, w = torch._native_multi_head_attention(x, x, x, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight, proj_bias, mask, False, True, mask_type)
  x = torch.add(y, src)
  x = x if norm_first else torch.layer_norm(x, n, norm_weight_1, norm_bias_1, eps)
  y = torch.layer_norm(x, n, norm_weight_2, norm_bias_2, eps) if norm_first else x
  y = torch.linear(y, ffn_weight_1, ffn_bias_1)
  y = torch.linear(torch.gelu(y) if use_gelu else torch.relu(y), ffn_weight_2, ffn_bias_2)
  x = torch.add(x, y)
  return x if norm_first else torch.layer_norm(x, n, norm_weight_2, norm_bias_2, eps)
def _attend(query: Tensor, key: Tensor, value: Tensor, attn_mask: Optional[Tensor], dropout_p: float, is_causal: bool, scale: Optional[float], enable_gqa: bool) -> Tuple[Tensor, Tensor]:
  if torch.dim(query) < 2 or torch.dim(key) < 2 or torch.dim(value) < 2:
    torch._bad("scaled_dot_product_attention: expected tensors of at least 2 dims")
  if dropout_p > 0.:
    torch._bad("scaled_dot_product_attention with dropout")
  f = float(ops.prim.max(torch.size(query, -1), 1)) ** -.5 if scale is None else unchecked_cast(float, scale)
  mask = attn_mask
  if is_causal:
    if attn_mask is not None:
      torch._bad("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    mask = torch.tril(torch.ones([torch.size(query, -2), torch.size(key, -2)], dtype=11))
  k, v = key, value
  if enable_gqa and torch.dim(query) > 2:
    n = torch.size(query, -3)
    if torch.size(k, -3) < 1 or n % torch.size(k, -3) != 0 or torch.size(v, -3) != torch.size(k, -3):
      torch._bad("Number of heads in key and value must divide the number of heads in query")
    n = n // torch.size(k, -3)
    if n > 1:
      k, v = torch.repeat_interleave(k, n, -3), torch.repeat_interleave(v, n, -3)
  p = torch.matmul(torch.mul(query, f), torch.transpose(k, -2, -1))
  if mask is None:
    p = torch.softmax(p, -1)
  else:
    m = unchecked_cast(Tensor, mask)
    p = torch._safe_softmax(torch.where(m, p, float("-inf")) if m.dtype == 11 else torch.add(p, torch.to(m, p.dtype)), -1)
  return torch.matmul(p, v), p
def scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa):
  r, p = torch._attend(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)
  return r
def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
  r = torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True)
  if not training:
    none = torch.new_zeros(input, [0])
    return r, none, none
  v, m = torch.var_mean(input, [i for i in range(torch.dim(input)) if i != 1], correction=0)
  return r, m, torch.rsqrt(torch.add(v, eps))
def _native_batch_norm_legit(input, weight, bias, running_mean, running_var, training, momentum, eps):
  return torch.native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
def _safe_softmax(self, dim, dtype):
  x = self if dtype is None else torch.to(self, unchecked_cast(int, dtype))
  return torch.where(torch.eq(torch.amax(x, [dim], True), float("-inf")), 0., torch.softmax(x, dim))
