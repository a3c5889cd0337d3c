#!/usr/bin/env python3
"""More small TorchScript cases beside those of make_models.py: quantised layers of PyTorch's engines, edges of operators.

    python tests/models/make_engines.py     (in an environment with torch 2.13)
"""
import json
import os

from make_models import HERE, torch_case, write_case


def make_engines():
    """Quantised layers as PyTorch's engines compute them; a file shows by its weights which engine it was made for."""
    import torch
    import torch.ao.quantization as tq
    from torch import nn

    def layer(made, weight, scale, zero):
        """A scale a channel, as for fbgemm, which keeps the bias in float."""
        scales = torch.rand(12, dtype=torch.float64) * 0.06 + 0.02
        made.set_weight_bias(torch.quantize_per_channel(weight, scales, torch.zeros(12, dtype=torch.int64), 0, torch.qint8),
                             torch.randn(12))
        made.scale, made.zero_point = scale, zero
        return made

    class Layers(nn.Module):
        """Inputs of 7 bits, which fbgemm does not saturate."""

        def __init__(self):
            super().__init__()
            q, weights = torch.ao.nn.quantized, torch.randn(3, 12, 3, 3, 3) * 0.4
            self.full = layer(torch.ao.nn.intrinsic.quantized.ConvReLU2d(3, 12, 3, padding=1), weights[0], 0.05, 0)
            self.depth = layer(q.Conv2d(12, 12, 3, (2, 1), 1, groups=12), weights[1, :, :1], 0.11, 117)
            self.line = layer(q.Linear(9, 12), weights[2, :, 0].reshape(12, 9), 0.05, 121)

        def forward(self, x):
            y = self.full(torch.quantize_per_tensor(x, 0.037, 67, torch.quint8))
            z = self.depth(torch.quantize_per_tensor(y.dequantize(), 0.11, 3, torch.quint8))
            rows = torch.quantize_per_tensor(x.flatten()[:45].reshape(5, 9), 0.037, 67, torch.quint8)
            mean = torch.nn.functional.adaptive_avg_pool2d(y, [1, 1])
            return y.int_repr(), z.int_repr(), mean.int_repr(), self.line(rows).int_repr()

    class Speech(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = nn.LSTM(6, 10, 2), nn.Linear(10, 4)

        def forward(self, x):
            y, _ = self.lstm(x)
            return self.out(y)

    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.gru = nn.LSTM(5, 7, 2, bidirectional=True, proj_size=4), nn.GRU(8, 6)

        def forward(self, x):
            y, (h, c) = self.lstm(x)
            z, _ = self.gru(y)
            return y, h, c, z

    torch.manual_seed(7)
    torch.backends.quantized.engine = "fbgemm"
    torch_case("layers_fbgemm", torch.jit.script(Layers()), [("forward", [torch.randn(1, 3, 19, 16).clamp(-2.4, 2.1)])])
    for engine in ("fbgemm", "qnnpack"):
        torch.backends.quantized.engine = engine
        speech = tq.quantize_dynamic(Speech().eval(), {nn.LSTM, nn.Linear}, dtype=torch.qint8)
        torch_case("speech_" + engine, torch.jit.script(speech), [("forward", [torch.randn(8, 2, 6)])])
        torch_case(f"speech_{engine}_lite", torch.jit.script(speech), [("forward", [torch.randn(8, 2, 6)])], lite=True)
    x = torch.randn(6, 2, 5, dtype=torch.float64)
    torch_case("wide_recurrent", torch.jit.script(Wide().double().eval()), [("forward", [x])])
    path = os.path.join(HERE, "torch", "wide_recurrent", "case.json")
    with open(path, encoding="utf-8") as f:
        case = json.load(f)
    for out in case["calls"][0]["outputs"]:
        for value in out.get("tuple", [out]):
            value.update(atol=1e-9, rtol=1e-9)
    write_case(os.path.dirname(path), case)


def make_edges():
    import torch
    import torch.nn.functional as F
    from torch import nn

    class Edges(nn.Module):
        """Padding round what negative padding leaves, an index without elements, a copy for another memory format, which of
        equal elements is the k-th, images of bytes."""

        def forward(self, x, none, k: int, image):
            value, place = torch.kthvalue(x % 4, k, 3)
            return (value, place, F.interpolate(image, [9, 4], mode="bilinear"), F.interpolate(image, [5, 13], mode="bicubic"),
                    F.interpolate(image, [3, 3], mode="bicubic", align_corners=True),
                    F.interpolate(image, [4, 5], mode="bilinear", antialias=True), F.pad(x, [-1, 1, -2, 1], "circular"),
                    F.pad(x, [2, -1, -1, 3], "circular"), torch.gather(x, 0, none), x.to(memory_format=torch.channels_last))

    torch.manual_seed(8)
    torch_case("edges", torch.jit.script(Edges()), [
        ("forward", [torch.arange(60.0).reshape(1, 2, 5, 6), torch.zeros(0, 1, 2, 2, dtype=torch.uint8), 3,
                     torch.randint(0, 256, (1, 3, 6, 7), dtype=torch.uint8)])])


if __name__ == "__main__":
    import torch
    torch.set_grad_enabled(False)
    make_engines()
    make_edges()
