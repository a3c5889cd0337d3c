#!/usr/bin/env python3
"""Makes the small cases of tests/models: own networks and programs with random weights, goldens by the frameworks.

    python tests/models/make_models.py torch     (in an environment with torch 2.13)
    python tests/models/make_models.py tflite    (in an environment with tensorflow 2.21)

Each case is a folder with model.tflite, model.pt or model.ptl, the .npy files and case.json; docs/architecture.md names the
keys. A .tflite golden is the reference interpreter's; integers may be apart by `qsteps`, floats by atol + rtol * |golden|. A
TorchScript golden is what the saved file gives when it is loaded again. Running this twice gives the same cases.
"""
import json
import os
import shutil
import sys

import numpy as np

from author import author, name_twice, options

HERE = os.path.dirname(os.path.abspath(__file__))


def case_folder(kind, name):
    path = os.path.join(HERE, kind, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def write_case(path, case):
    with open(os.path.join(path, "case.json"), "w", encoding="utf-8") as f:
        json.dump(case, f, indent=1)
        f.write("\n")


# ------------------------------------------------------------------------------------------------------ TorchScript

def torch_value(value, path, counter, golden):
    """A value in the case files' grammar; tensors are saved beside it as in*.npy and out*.npy."""
    import torch
    if isinstance(value, torch.Tensor):
        kind = "out" if golden else "in"
        name = f"{kind}{counter[kind]}.npy"
        counter[kind] += 1
        np.save(os.path.join(path, name), value.detach().contiguous().numpy())
        entry = {"tensor": name}
        if golden:
            if value.is_floating_point():
                scale = float(value.abs().nan_to_num(0).max()) if value.numel() else 1.0
                entry.update(atol=max(1e-5 * scale, 1e-7), rtol=1e-5)
            else:
                entry["exact"] = True
        return entry
    if value is None:
        return {"none": True}
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": value}
    if isinstance(value, float):
        return {"float": value, "atol": 1e-6, "rtol": 1e-6} if golden else {"float": value}
    if isinstance(value, str):
        return {"str": value}
    if isinstance(value, (list, tuple)):
        items = [torch_value(v, path, counter, golden) for v in value]
        entry = {"list" if isinstance(value, list) else "tuple": items}
        if hasattr(value, "_fields"):
            entry["fields"] = list(value._fields)
        return entry
    if isinstance(value, dict):
        return {"dict": [[torch_value(k, path, counter, golden), torch_value(v, path, counter, golden)]
                         for k, v in value.items()]}
    raise TypeError(type(value))


def torch_case(name, module, calls, lite=False, quantised=False):
    """Saves `module` and what `calls`, a list of (method, arguments), give on one loaded instance, in order."""
    import torch
    from torch.jit.mobile import _load_for_lite_interpreter
    path = case_folder("torch", name)
    file = os.path.join(path, "model.ptl" if lite else "model.pt")
    if lite:
        module._save_for_lite_interpreter(file)
        loaded = _load_for_lite_interpreter(file)
    else:
        torch.jit.save(module, file)
        loaded = torch.jit.load(file)
    counter, out = {"in": 0, "out": 0}, []
    for method, arguments in calls:
        inputs = [torch_value(a, path, counter, False) for a in arguments]
        entry = {"method": method, "inputs": inputs}
        try:
            result = loaded.run_method(method, *arguments) if lite else getattr(loaded, method)(*arguments)
        except Exception as e:  # noqa: BLE001: whatever the program raises is what mote has to raise
            entry["raises"] = str(e).strip().splitlines()[-1].split(": ", 1)[-1]
            out.append(entry)
            continue
        several = isinstance(result, tuple)
        entry["outputs"] = [torch_value(v, path, counter, True) for v in (result if several else (result,))]
        if several:
            entry["returns_tuple"] = True
            owners = [v.untyped_storage().data_ptr() if hasattr(v, "untyped_storage") else None for v in result]
            shared = [["out", i, "out", owners.index(o)] for i, o in enumerate(owners) if o and owners.index(o) < i]
            if shared:
                entry["alias"] = shared
        if quantised:
            for o in entry["outputs"]:
                o.update(atol=quantised)
        out.append(entry)
    write_case(path, {"name": name, "origin": "tests/models/make_models.py", "license": "Apache-2.0", "method": "forward",
                      "calls": out})


def make_torch():
    import torch
    import torch.nn.functional as F
    from torch import nn, Tensor
    from collections import OrderedDict
    from typing import Dict, List, Optional, Tuple
    torch.manual_seed(3)
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)

    def settled(module):
        """Batch statistics away from 0 and 1, as after training."""
        for m in module.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_(0, 0.3)
                m.running_var.uniform_(0.5, 2.0)
                m.weight.uniform_(0.5, 1.5)
                m.bias.normal_(0, 0.2)
        return module.eval()

    def block(cin, cout, stride=1, groups=1, kernel=3):
        return nn.Sequential(nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
                             nn.BatchNorm2d(cout), nn.ReLU6())

    class Cnn(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.wide = block(3, 8, 2), block(8, 24, kernel=1)
            self.depthwise, self.narrow = block(24, 24, groups=24), nn.Conv2d(24, 8, 1)
            self.pool, self.head = nn.MaxPool2d(3, 2, 1), nn.Linear(8, 10)

        def forward(self, x):
            x = self.stem(x)
            x = x + self.narrow(self.depthwise(self.wide(x)))
            return torch.softmax(self.head(self.pool(x).mean((2, 3))), 1)

    cnn = settled(Cnn())
    image = torch.randn(1, 3, 17, 15)
    torch_case("cnn_traced", torch.jit.trace(cnn, image), [("forward", [image]), ("forward", [torch.randn(1, 3, 17, 15)])])
    frozen = torch.jit.freeze(torch.jit.script(cnn))
    torch_case("cnn_frozen_shapes", frozen,
               [("forward", [image]), ("forward", [torch.randn(2, 3, 9, 12)]), ("forward", [image])])
    torch_case("cnn_lite", frozen, [("forward", [image])], lite=True)

    mlp = nn.Sequential(nn.Linear(12, 20), nn.GELU(), nn.LayerNorm(20), nn.Linear(20, 7), nn.Tanh()).eval()
    torch_case("mlp_traced", torch.jit.trace(mlp, torch.randn(3, 12)), [("forward", [torch.randn(3, 12)])])

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.rnn = nn.Embedding(11, 6), nn.LSTM(6, 5, batch_first=True, bidirectional=True)
            self.head = nn.Linear(10, 4)

        def forward(self, tokens: Tensor, state: Optional[Tuple[Tensor, Tensor]] = None) -> Tuple[Tensor, Tensor]:
            y, state = self.rnn(self.embed(tokens), state)
            return self.head(y), state[0]

    tagger = torch.jit.script(Tagger().eval())
    state = (torch.randn(2, 2, 5), torch.randn(2, 2, 5))
    tokens = torch.randint(0, 11, (2, 7))
    torch_case("lstm_scripted", tagger, [("forward", [tokens, None]), ("forward", [tokens, state])])

    class Upsample(nn.Module):
        def __init__(self):
            super().__init__()
            self.down, self.up = nn.Conv2d(2, 6, 3, 2, 1), nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1)
            self.out = nn.Conv2d(6, 2, 3, padding=2, dilation=2)

        def forward(self, x):
            y = torch.relu(self.up(torch.relu(self.down(x))))
            y = torch.cat([y, x], 1)
            z = nn.functional.interpolate(self.out(y), scale_factor=2.0, mode="bilinear", align_corners=False)
            return torch.sigmoid(z), nn.functional.interpolate(z, size=[5, 3], mode="nearest")

    torch_case("upsample_traced", torch.jit.trace(Upsample().eval(), torch.randn(1, 2, 8, 6)),
               [("forward", [torch.randn(1, 2, 8, 6)])])

    class Greedy(nn.Module):
        """Decodes token by token: data-dependent loop, a list that grows, early exit."""

        def __init__(self):
            super().__init__()
            self.embed, self.cell, self.head = nn.Embedding(9, 8), nn.GRUCell(8, 8), nn.Linear(8, 9)

        def forward(self, hidden: Tensor, limit: int) -> Tuple[List[int], Tensor]:
            token, out = 1, torch.jit.annotate(List[int], [])
            for _ in range(limit):
                hidden = self.cell(self.embed(torch.tensor([token])), hidden)
                token = int(self.head(hidden).argmax(1).item())
                out.append(token)
                if token == 0:
                    break
            return out, hidden

    torch_case("greedy_decode", torch.jit.script(Greedy().eval()),
               [("forward", [torch.randn(1, 8), 12]), ("forward", [torch.randn(1, 8), 12])])

    class Language(nn.Module):
        """Control flow, containers, strings and errors."""

        def __init__(self):
            super().__init__()
            self.register_buffer("total", torch.zeros(3))
            self.calls = 0

        def forward(self, x: Tensor, names: List[str], options: Dict[str, float]) -> Tuple[Dict[str, Tensor], str]:
            found = torch.jit.annotate(Dict[str, Tensor], {})
            for i, name in enumerate(names):
                if name.startswith("skip"):
                    continue
                y = x * options.get(name, 0.5) + i
                if bool(y.sum() > 4.0):
                    y = y - y.mean()
                found[name] = y
            text = ",".join([f"{k}:{int(v.numel())}" for k, v in found.items()])
            return found, text

        @torch.jit.export
        def count(self, x: Tensor) -> Tuple[Tensor, int]:
            self.total += x
            self.calls += 1
            return self.total.clone(), self.calls

        @torch.jit.export
        def collatz(self, n: int) -> int:
            if n <= 0:
                raise ValueError("n must be positive")
            steps = 0
            while n != 1:
                n = n // 2 if n % 2 == 0 else 3 * n + 1
                steps += 1
            return steps

        @torch.jit.export
        def views(self, x: Tensor) -> Tuple[Tensor, Tensor]:
            y = x.clone()
            row = y[1]
            row.mul_(2)
            y[:, 0] = -1.0
            y.t()[2].add_(row.sum())
            return y, row

    v = torch.tensor([1.0, 2.0, 3.0])
    torch_case("language", torch.jit.script(Language()), [
        ("forward", [torch.randn(4), ["a", "skip me", "b"], {"a": 2.0}]), ("forward", [torch.ones(4), ["x", "y"], {"y": 3.0}]),
        ("count", [v]), ("count", [v]), ("collatz", [27]), ("collatz", [0]), ("views", [torch.randn(3, 4)])])

    class Quantised(nn.Module):
        def __init__(self):
            super().__init__()
            self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
            self.a, self.b, self.relu = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.ReLU()
            self.add, self.fc = torch.ao.nn.quantized.FloatFunctional(), nn.Linear(8, 5)

        def forward(self, x):
            y = self.relu(self.a(self.quant(x)))
            y = self.add.add(y, self.b(y))
            return self.dequant(self.fc(nn.functional.adaptive_avg_pool2d(y, 1).flatten(1)))

    torch.backends.quantized.engine = "qnnpack"
    q = Quantised().eval()
    qconfig = q.qconfig = torch.ao.quantization.QConfig(
        activation=torch.ao.quantization.HistogramObserver.with_args(reduce_range=False),
        weight=torch.ao.quantization.default_per_channel_weight_observer)
    torch.ao.quantization.fuse_modules(q, ["a", "relu"], inplace=True)
    torch.ao.quantization.prepare(q, inplace=True)
    for _ in range(8):
        q(torch.randn(4, 3, 12, 12))
    torch.ao.quantization.convert(q, inplace=True)
    x = torch.randn(1, 3, 12, 12)
    # One code of the output: what an input on the edge between two codes may move.
    torch_case("cnn_quantised", torch.jit.trace(q, x, _store_inputs=False), [("forward", [x])],
               quantised=float(q.fc.scale) * 1.01)

    class Residual(nn.Module):
        def __init__(self, cin, cout, stride):
            super().__init__()
            self.a, self.b = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
            self.norm_a, self.norm_b = nn.BatchNorm2d(cout), nn.BatchNorm2d(cout)
            self.down = nn.Identity() if stride == 1 else nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False),
                                                                        nn.BatchNorm2d(cout))

        def forward(self, x):
            y = torch.relu(self.norm_a(self.a(x)))
            return torch.relu(self.norm_b(self.b(y)) + self.down(x))

    resnet = settled(nn.Sequential(nn.Conv2d(3, 6, 7, 2, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
                                   Residual(6, 6, 1), Residual(6, 8, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)))
    x = torch.randn(1, 3, 29, 26)
    torch_case("resnet_traced", torch.jit.trace(resnet, x), [("forward", [x]), ("forward", [x]), ("forward", [x])])

    class Translator(nn.Module):
        """Encodes a sequence, then decodes greedily with attention until the end token."""

        def __init__(self):
            super().__init__()
            self.embed, self.encoder = nn.Embedding(13, 6), nn.GRU(6, 8, batch_first=True)
            self.cell, self.mix, self.head = nn.GRUCell(6, 8), nn.Linear(16, 8), nn.Linear(8, 13)

        def forward(self, source: Tensor, limit: int) -> Tuple[List[int], Tensor]:
            memory, state = self.encoder(self.embed(source))
            hidden, token, out = state[0], 1, torch.jit.annotate(List[int], [])
            for _ in range(limit):
                hidden = self.cell(self.embed(torch.tensor([token])), hidden)
                weights = torch.softmax(torch.matmul(memory, hidden.unsqueeze(2)).squeeze(2), 1)
                context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
                hidden = torch.tanh(self.mix(torch.cat([hidden, context], 1)))
                token = int(self.head(hidden).argmax(1).item())
                out.append(token)
                if token == 0:
                    break
            return out, hidden

    translator = Translator().eval()
    translator.head.bias[0] = -9.0  # never the end: all the steps are taken
    torch_case("attention_decode", torch.jit.script(translator), [("forward", [torch.randint(0, 13, (1, 9)), 24]),
                                                                  ("forward", [torch.randint(0, 13, (1, 9)), 24])])

    class Line(nn.Module):  # one dim, weights with a scale a channel; a product of codes
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv1d(4, 8, 3, padding=1), nn.Conv1d(8, 6, 3, groups=2)

        def forward(self, x):
            y = self.b(torch.relu(self.a(x)))
            return torch.matmul(y, y.transpose(1, 2))

    from torch.ao.quantization import quantize_fx
    q = quantize_fx.prepare_fx(Line().eval(), torch.ao.quantization.QConfigMapping().set_global(qconfig), x)
    for _ in range(8):
        q(torch.randn(2, 4, 20))
    q = quantize_fx.convert_fx(q)
    x = torch.randn(2, 4, 20)
    scale = max(float(v) for n, v in q.named_buffers() if "scale" in n)
    torch_case("line_quantised", torch.jit.trace(q, x, _store_inputs=False), [("forward", [x])], quantised=scale * 1.01)

    class Volume(nn.Module):  # three dims as images, folded weights, groups; mirrored edges and norms of groups
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv3d(3, 8, 3, padding=(0, 1, 1)), nn.Conv3d(8, 8, (2, 3, 3), (2, 1, 1), dilation=(2, 1, 1), groups=4)
            self.pool, self.norm = nn.MaxPool3d((2, 3, 2), (1, 2, 2), (1, 1, 0)), nn.GroupNorm(2, 8)
            self.codes = nn.MaxPool2d(3, 2, 1)

        def forward(self, x):
            y = self.pool(torch.relu(self.a(torch.nn.functional.pad(x, (2, 1, 0, 3, 1, 1), "reflect"))))
            y = self.norm(self.b(y))
            z = torch.quantize_per_tensor(torch.nn.functional.pad(x[0], (1, 2, 2, 0), "replicate"), 0.05, 7, torch.quint8)
            return y, self.codes(z).dequantize()

    volume, x = Volume().eval(), torch.randn(2, 3, 5, 9, 8)
    nn.init.uniform_(volume.norm.weight)
    nn.init.uniform_(volume.norm.bias)
    torch_case("volume", torch.jit.trace(volume, x), [("forward", [x])])

    class Defaults(nn.Module):  # a lite file writes None for "no default" and for a default of None
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, x, more: Optional[Tensor] = None, k: int = 2):
            return self.fc(x) * k if more is None else self.fc(x) * k + more

    x = torch.randn(2, 4)
    torch_case("lite_defaults", torch.jit.script(Defaults().eval()),
               [("forward", [x]), ("forward", [x, torch.randn(2, 3)]), ("forward", [x, None, 3])], lite=True)

    class Owner(nn.Module):
        """Gives out its own weights: they lie in the file."""

        def __init__(self):
            super().__init__()
            self.table = nn.Parameter(torch.arange(3000.0).reshape(3, 1000))

        def forward(self, row: int) -> Tuple[Tensor, List[Tensor]]:
            return self.table, [self.table[row] * 2]

    torch_case("own_weights", torch.jit.script(Owner()), [("forward", [2])])

    class Defined(nn.Module):
        """Operators that src/script/definitions defines: plain, as methods, in place, with several results and lists."""

        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(4)  # stays in training: follows the statistics

        def forward(self, x: Tensor, k: int) -> Tuple[Tensor, Tensor, List[Tensor], Tensor]:
            a = torch.relu(x @ x.t())
            b = torch.relu(a + a.t()) * 2  # a window on the buffer that the sum would take over
            y = x.clone()
            y.renorm_(2., 0, 0.5)
            sign, size = torch.linalg.slogdet(b + 9 * torch.eye(3))
            c = x.cov() if k > 0 else torch.corrcoef(x)
            z = torch.select_scatter(self.norm(x), c[0, :1].repeat(4) * sign, 0, k) + size
            return b, y, [t.clone() for t in torch.hsplit(z, 2)], torch.linalg.solve(b, y)

    calls = [("forward", [torch.randn(3, 4), 1]), ("forward", [torch.randn(3, 4), 0]), ("forward", [torch.zeros(3, 4), 1])]
    torch_case("defined", torch.jit.script(Defined().train()), calls)

    class Pivots(nn.Module):
        @torch.jit.export
        def factor(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
            return torch.linalg.ldl_factor_ex(x)

        def forward(self, x: Tensor, p: Tensor) -> Tensor:
            return torch.linalg.ldl_solve(x, p, x)

    wrong = torch.tensor([-1, -9, -1], dtype=torch.int32)  # not looked at by PyTorch
    torch_case("pivots", torch.jit.script(Pivots()), [("factor", [torch.zeros(3, 3)])])
    folder, counter = os.path.join(HERE, "torch", "pivots"), {"in": 1, "out": 3}
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as f:
        case = json.load(f)
    case["calls"].append({"method": "forward", "raises": "a pivot is out of range",
                          "inputs": [torch_value(v, folder, counter, False) for v in (torch.eye(3), wrong)]})
    write_case(folder, case)
    torch_case("defined_lite", torch.jit.script(Defined().train()), calls[:2], lite=True)

    torch.manual_seed(5)

    class Positions(nn.Module):
        """Operators defined in TorchScript that pick, count, join and multiply."""

        def forward(self, x: Tensor, at: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
            empty = torch.triu_indices(1, 1, 1)[0].reshape([-1])  # an empty tensor takes the shape [-1]
            a = torch.einsum("bij,bkj->bik", x, torch.index_select(x, 1, at))
            b = torch.stack([x.index_add(1, at, x), torch.roll(x, [1, -1], [1, 2])], -1)
            c = torch.quantile(x, torch.tensor([0.25, 0.5]), dim=2, keepdim=True)
            values, inverse, counts = torch.unique(torch.cat([at, empty, at[:1]]), return_inverse=True, return_counts=True)
            d = F.scaled_dot_product_attention(x, x, x, is_causal=True).masked_select(x > 0)
            return a, b, torch.cat([c.flatten(), x.median(dim=1)[0].flatten(), torch.histc(x, 4)]), \
                torch.cat([values, inverse, counts, F.one_hot(at, 4).flatten()]), d

    torch_case("positions", torch.jit.script(Positions()), [("forward", [torch.randn(2, 3, 3), torch.tensor([2, 0, 1])])])

    torch.manual_seed(6)

    class Normed(nn.Module):
        """Weights as a direction and a length, the older way: traced, its operator is in the file."""

        def __init__(self):
            super().__init__()
            norm = nn.utils.weight_norm
            self.conv, self.up = norm(nn.Conv1d(2, 3, 3)), norm(nn.ConvTranspose1d(3, 2, 2, 2))
            self.linear, self.last = norm(nn.Linear(8, 3), dim=1), norm(nn.Linear(3, 2), dim=None)

        def forward(self, x):
            return self.last(self.linear(self.up(F.relu(self.conv(x)))))

    x = torch.randn(2, 2, 6)
    torch_case("weight_norm", torch.jit.trace(Normed().eval(), x, check_trace=False), [("forward", [x])])

    class Texts(nn.Module):
        """Methods of strings that are defined in TorchScript, with what PyTorch does otherwise than Python."""

        def forward(self, s: str, i: int) -> Tuple[List[str], List[str], List[str]]:
            padded = [s.ljust(6, "."), s.rjust(7), s.center(6), s.center(7, "*"), s.zfill(6), s.expandtabs(4)]
            return padded + [hex(i), oct(i), bin(i)], s.rsplit(",", 1) + s.rsplit("a"), s.splitlines() + s.splitlines(True)

    calls = [("forward", [s, i]) for s, i in (("-12", -2**63), ("a,b,\tc\nda\r\n\tx", 2**63 - 1), ("", 0), ("x\n\n", -255))]
    torch_case("texts", torch.jit.script(Texts()), calls)

    torch.manual_seed(7)

    class Windows(nn.Module):
        def forward(self, x: Tensor, angle: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
            a = F.unfold(x, (2, 3), (1, 2), (1, 0), (2, 1))
            b = F.fold(a, (7, 8), (2, 3), (1, 2), (1, 0), (2, 1))
            return a, b, F.grid_sample(b, F.affine_grid(angle, [2, 3, 4, 1], True), align_corners=True)

    torch_case("windows", torch.jit.script(Windows()), [("forward", [torch.randn(2, 3, 7, 8), torch.randn(2, 2, 3)])])

    torch.manual_seed(7)

    class Features(nn.Module):
        """What detectors and classifiers of images are made of: layers by name in an ordered dict, dropout in place."""

        def __init__(self):
            super().__init__()
            drop = {"drop": nn.Dropout(0.2, inplace=True), "drop2": nn.Dropout2d(0.2, inplace=True)}
            self.body = nn.ModuleDict({"low": nn.Conv2d(2, 3, 1), **drop, "high": nn.Conv2d(3, 2, 2)})

        def forward(self, x: Tensor) -> Tuple[Dict[str, Tensor], Dict[str, Tensor]]:
            found = OrderedDict()
            for name, layer in self.body.items():
                x = layer(x)
                if name != "drop":
                    found[name] = 2 * x
            return found, OrderedDict([(k, v + 1) for k, v in found.items()])

    torch_case("features", torch.jit.script(Features().eval()), [("forward", [torch.randn(1, 2, 3, 3)])])

    class Averages(nn.Module):
        """Averages of codes: many are halves. Engines agree on those of windows, channels last, and of even zero points."""

        def forward(self, x: Tensor) -> List[Tensor]:
            x = x.contiguous(memory_format=torch.channels_last)
            odd = torch.quantize_per_tensor(x, 0.02, 117, torch.quint8)
            even = torch.quantize_per_tensor(x, 0.02, 118, torch.quint8)
            pools = [F.avg_pool2d(odd, 2), F.avg_pool2d(odd, [3, 2], 2, 1), F.avg_pool2d(odd, 4, 4, 2, True, False)]
            return [q.int_repr() for q in pools + [F.adaptive_avg_pool2d(even, 1), even.mean([2, 3])]]

    torch_case("averages", torch.jit.script(Averages()), [("forward", [torch.randn(1, 40, 6, 6)])])

    # torchvision's operator by its schema alone, computed point by point
    library = torch.library.Library("torchvision", "DEF")
    library.define("deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, int stride_h, int stride_w, "
                   "int pad_h, int pad_w, int dilation_h, int dilation_w, int groups, int offset_groups, bool use_mask) -> Tensor")

    def deform_conv2d(x, weight, offset, mask, bias, sh, sw, ph, pw, dh, dw, groups, offset_groups, use_mask):
        (n, c, h, w), (o, cg, kh, kw), (oh, ow) = x.shape, weight.shape, offset.shape[2:]
        out = bias.double().reshape(1, -1, 1, 1).repeat(n, 1, oh, ow)

        def pixel(b, i, y, x_):
            return float(x[b, i, y, x_]) if 0 <= y < h and 0 <= x_ < w else 0.0

        for b, j, oy, ox, i, ky, kx in np.ndindex(n, o, oh, ow, cg, kh, kw):
            channel, tap = j // (o // groups) * cg + i, ky * kw + kx
            k = channel // (c // offset_groups) * kh * kw + tap
            y = oy * sh - ph + ky * dh + float(offset[b, 2 * k, oy, ox])
            x_ = ox * sw - pw + kx * dw + float(offset[b, 2 * k + 1, oy, ox])
            y0, x0 = int(np.floor(y)), int(np.floor(x_))
            v = sum(pixel(b, channel, y0 + u, x0 + v) * (1 - abs(y - y0 - u)) * (1 - abs(x_ - x0 - v)) for u in (0, 1) for v in (0, 1))
            out[b, j, oy, ox] += v * float(weight[j, i, ky, kx]) * (float(mask[b, k, oy, ox]) if use_mask else 1.0)
        return out.float()

    library.impl("deform_conv2d", deform_conv2d, "CPU")

    class Deformed(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.randn(4, 2, 3, 2)), nn.Parameter(torch.randn(4))

        def forward(self, x: Tensor, offset: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
            a = torch.ops.torchvision.deform_conv2d(x, self.weight, offset, mask, self.bias, 2, 1, 1, 1, 1, 2, 2, 2, True)
            b = torch.ops.torchvision.deform_conv2d(x, self.weight, offset, mask, self.bias, 2, 1, 1, 1, 1, 2, 2, 2, False)
            return a, b

    torch_case("deformed", torch.jit.script(Deformed()),
               [("forward", [torch.randn(2, 4, 5, 4), 2 * torch.randn(2, 24, 3, 4), torch.rand(2, 12, 3, 4)])])


# ------------------------------------------------------------------------------------------------------ TensorFlow Lite

def tflite_run(model, inputs, signature, repeat, resolver):
    """[(name, array)] of the inputs and of the outputs of the last of `repeat` invocations."""
    import tensorflow as tf
    interpreter = tf.lite.Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    if signature:
        runner = interpreter.get_signature_runner(signature)
        for _ in range(repeat):
            result = runner(**inputs)
        return list(inputs.items()), list(result.items())
    details = interpreter.get_input_details()
    for d, x in zip(details, inputs):
        interpreter.resize_tensor_input(d["index"], x.shape)
    interpreter.allocate_tensors()
    for _ in range(repeat):
        for d, x in zip(details, inputs):
            interpreter.set_tensor(d["index"], x)
        interpreter.invoke()
    return ([(d["name"], x) for d, x in zip(details, inputs)],
            [(d["name"], interpreter.get_tensor(d["index"])) for d in interpreter.get_output_details()])


def tflite_case(name, model, inputs, qsteps=1, atol=None, signature=None, repeat=1):
    """`inputs`: arrays by the order of the inputs, or by name with a signature."""
    import tensorflow as tf
    kernels = tf.lite.experimental.OpResolverType
    path = case_folder("tflite", name)
    with open(os.path.join(path, "model.tflite"), "wb") as f:
        f.write(model)
    named, outputs = tflite_run(model, inputs, signature, repeat, kernels.BUILTIN_REF)
    # Integers: a second implementation that rounds once, as mote does, shows how far a rounding may carry.
    _, peer = tflite_run(model, inputs, signature, repeat, kernels.AUTO)
    apart = max((int(np.abs(y.astype(np.int64) - p.astype(np.int64)).max()) for (_, y), (_, p) in zip(outputs, peer)
                 if y.dtype != object), default=0)
    if apart > qsteps:
        sys.exit(f"{name}: reference and optimised kernels are {apart} steps apart")
    case = {"name": name, "origin": "tests/models/make_models.py", "license": "Apache-2.0", "signature": signature,
            "inputs": [], "outputs": []}
    if repeat > 1:
        case["repeat"] = repeat

    def saved(array, file):
        if array.dtype == object:
            return {"dtype": "string", "shape": list(array.shape), "value": [v.decode() for v in array.ravel()]}
        np.save(os.path.join(path, file), array)
        return {"file": file}

    for i, (n, x) in enumerate(named):
        case["inputs"].append({"name": n, **saved(x, f"in{i}.npy")})
    for i, (n, y) in enumerate(outputs):
        integer = not np.issubdtype(y.dtype, np.floating)
        tolerance = 0 if integer else (atol or 1e-5) * max(float(np.abs(y).max()), 1e-3)
        case["outputs"].append({"name": n, **saved(y, f"out{i}.npy"), "atol": tolerance, "rtol": 0 if integer else 1e-5,
                                "qsteps": qsteps if y.dtype in (np.int8, np.uint8, np.int16) else 0})
    write_case(path, case)


def make_tflite():
    import keras
    import tensorflow as tf
    from keras import layers as kl
    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    images = rng.normal(size=(16, 17, 15, 3)).astype(np.float32)

    def settled(model):
        for layer in model.layers:
            if isinstance(layer, kl.BatchNormalization):
                n = layer.get_weights()[0].shape
                layer.set_weights([rng.uniform(0.5, 1.5, n), rng.normal(0, 0.2, n), rng.normal(0, 0.3, n),
                                   rng.uniform(0.5, 2, n)])
        return model

    def converted(model, kind, shape, calibration=None):
        saved = os.path.join(HERE, "saved_model.tmp")
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", lambda x: model(x, training=False), [tf.TensorSpec(shape, tf.float32, name="x")])
        archive.write_out(saved, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        if kind != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if kind in ("int8", "uint8", "int16x8"):
            converter.representative_dataset = lambda: ([c[None]] for c in calibration)
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 if kind == "int16x8"
                else tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            io = {"int8": tf.int8, "uint8": tf.uint8, "int16x8": tf.int16}[kind]
            converter.inference_input_type = converter.inference_output_type = io
        result = converter.convert()
        shutil.rmtree(saved)
        return result

    def codes(model, x):
        """x as the codes that the model's input takes."""
        d = tf.lite.Interpreter(model_content=model).get_input_details()[0]
        scale, zero = d["quantization"]
        limits = np.iinfo(d["dtype"])
        return np.clip(np.round(x / scale) + zero, limits.min, limits.max).astype(d["dtype"])

    x = inputs = keras.Input((17, 15, 3))
    x = kl.ReLU(6.0)(kl.BatchNormalization()(kl.Conv2D(8, 3, 2, "same", use_bias=False)(x)))
    y = kl.ReLU(6.0)(kl.BatchNormalization()(kl.Conv2D(24, 1, use_bias=False)(x)))
    y = kl.ReLU(6.0)(kl.BatchNormalization()(kl.DepthwiseConv2D(3, 1, "same", use_bias=False)(y)))
    x = kl.Add()([x, kl.Conv2D(8, 1)(y)])
    x = kl.GlobalAveragePooling2D()(kl.MaxPooling2D(3, 2, "same")(x))
    cnn = settled(keras.Model(inputs, kl.Dense(10, activation="softmax")(x)))
    shape, one = (1, 17, 15, 3), rng.normal(size=(1, 17, 15, 3)).astype(np.float32)
    tflite_case("cnn_float16", converted(cnn, "float16", shape), [one])
    for kind in ("int8", "uint8", "int16x8"):
        model = converted(cnn, kind, shape, images)
        tflite_case("cnn_" + kind, model, [codes(model, one)], qsteps=16 if kind == "int16x8" else 1)
    batched = converted(cnn, "float32", (None, 17, 15, 3))
    tflite_case("cnn_any_batch", batched, [rng.normal(size=(2, 17, 15, 3)).astype(np.float32)])

    x = inputs = keras.Input((8, 7, 4))
    a = kl.Conv2D(6, 3, dilation_rate=2, activation="relu")(kl.ZeroPadding2D(((2, 1), (0, 3)))(x))
    b = kl.UpSampling2D(2, interpolation="bilinear")(a)
    c = kl.AveragePooling2D(3, 2, "same")(b)
    d = kl.Concatenate()([a, kl.Activation("sigmoid")(c[:, : a.shape[1], : a.shape[2]])])
    decoder = keras.Model(inputs, [kl.PReLU(shared_axes=[1, 2], alpha_initializer="random_uniform")(d), kl.Reshape((-1,))(c)])
    picture = rng.normal(size=(1, 8, 7, 4)).astype(np.float32)
    tflite_case("decoder_float32", converted(decoder, "float32", (1, 8, 7, 4)), [picture])
    model = converted(decoder, "int8", (1, 8, 7, 4), rng.normal(size=(16, 8, 7, 4)).astype(np.float32))
    tflite_case("decoder_int8", model, [codes(model, picture)], qsteps=2)

    mlp = keras.Sequential([keras.Input((20,)), kl.Dense(64, "tanh"), kl.LayerNormalization(), kl.Dense(9, "relu"),
                            kl.Dense(7)])
    rows = rng.normal(size=(3, 20)).astype(np.float32)
    tflite_case("mlp_float32", converted(mlp, "float32", (3, 20)), [rows])
    # Hybrid: int8 weights (those of 1,024 elements and more), and each row of the activations rounded to 8 bits.
    tflite_case("mlp_dynamic", converted(mlp, "dynamic", (3, 20)), [rows], atol=1e-2)

    class Program(tf.Module):
        """Control flow, a variable and two signatures in one file."""

        def __init__(self):
            super().__init__()
            self.total = tf.Variable(tf.zeros(3))

        @tf.function(input_signature=[tf.TensorSpec([3], tf.float32), tf.TensorSpec([], tf.int32)])
        def loop(self, x, n):
            i = tf.constant(0)
            while i < n:
                x = tf.tanh(x * 1.5) + tf.cast(i, tf.float32)
                i += 1
            return {"y": x, "steps": i}

        @tf.function(input_signature=[tf.TensorSpec([3], tf.float32), tf.TensorSpec([3], tf.float32)])
        def choose(self, b, a):
            if tf.reduce_sum(a) > tf.reduce_sum(b):
                return {"difference": a - b}
            return {"difference": b * 2.0 - a}

        @tf.function(input_signature=[tf.TensorSpec([3], tf.float32)])
        def accumulate(self, x):
            self.total.assign_add(x)
            return {"total": self.total.read_value()}

    program = Program()

    def functions(*names):
        saved = os.path.join(HERE, "saved_model.tmp")
        tf.saved_model.save(program, saved, signatures={n: getattr(program, n) for n in names})
        converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=list(names))
        converter.experimental_enable_resource_variables = True
        model = converter.convert()
        shutil.rmtree(saved)
        return model

    a, b = np.array([1, 2, 3], np.float32), np.array([3, 2, -4], np.float32)
    flow = functions("loop", "choose")
    tflite_case("while_loop", flow, {"x": a / 4, "n": np.array(5, np.int32)}, signature="loop")
    tflite_case("if_then", flow, {"a": a, "b": b}, signature="choose")
    tflite_case("if_else", flow, {"a": b, "b": a}, signature="choose")
    tflite_case("variable", functions("accumulate"), {"x": a}, signature="accumulate", repeat=3)


def make_broken():
    """Files that must be refused: the start of a good one."""
    for kind, good, file in (("tflite", "cnn_int8", "model.tflite"), ("torch", "mlp_traced", "model.pt")):
        source = os.path.join(HERE, kind, good, file)
        if not os.path.exists(source):
            continue
        with open(source, "rb") as f:
            data = f.read()
        path = case_folder(kind, "truncated")
        with open(os.path.join(path, file), "wb") as f:
            f.write(data[: len(data) * 2 // 3])
        case = {"name": "truncated", "origin": "tests/models/make_models.py", "license": "Apache-2.0", "expect": "error",
                "inputs": [], "outputs": []}
        write_case(path, dict(case, file=file) if kind == "torch" else case)


def make_rounded():
    """Operators on codes that the reference alone runs: the same codes are expected."""
    import tensorflow as tf
    rng = np.random.default_rng(8)
    table = tf.constant(rng.normal(size=(7,)).astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec((6, 5, 7), tf.float32, name="x")])
    def reduced(x):
        return tf.reduce_prod(x, [0]), tf.math.squared_difference(x, table)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([reduced.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([rng.normal(size=(6, 5, 7)).astype(np.float32)] for _ in range(8))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    tflite_case("rounded_int8", converter.convert(), [rng.integers(-128, 128, (6, 5, 7)).astype(np.int8)], qsteps=0)


def make_codes():
    """Operators on codes whose roundings the reference defines: the same codes are expected."""
    rng = np.random.default_rng(9)
    types = {"INT8": np.int8, "UINT8": np.uint8, "INT16": np.int16}
    tensors, nodes, inputs = {}, [], {}

    def node(code, dtype, quants, values, table=None, to=None):
        takes = []
        for v, q in zip(values, quants):
            name = f"x{len(inputs)}"
            inputs[name] = np.asarray(v).astype(types[dtype])
            tensors[name] = (dtype, list(inputs[name].shape), None, q)
            takes.append(name)
        gives = f"y{len(nodes)}"
        tensors[gives] = (to or dtype, list(inputs[takes[0]].shape), None, quants[-1])
        nodes.append((code, takes, [gives], table))

    wide = rng.integers(-32768, 32768, (2, 40))
    node(117, "INT8", [(0.06, 3), (0.04, -118)], [np.arange(-128, 128)])
    node(117, "UINT8", [(0.031, 120), (0.033, 11)], [np.arange(256)])
    node(11, "UINT8", [(0.1, 121), (1 / 128, 128)], [rng.integers(0, 256, (4, 9))], options("L2NormOptions"))
    node(73, "INT16", [(1e-4, 0), (3e-4, 0)], [wide])
    node(76, "INT16", [(1e-4, 0), (4e-3, 0)], [np.abs(wide) + 1])
    node(75, "INT16", [(1e-3, 0), (2e-4, 0)], [np.abs(wide)])
    node(101, "INT16", [(1.3e-4, 0), (3e-4, 0)], [wide], options("AbsOptions"))
    node(98, "INT16", [(1.3e-4, 0), (3e-4, 0)], [wide], options("LeakyReluOptions", alpha=0.3))
    node(21, "INT8", [(0.04, 5), (0.11, -128)], [np.arange(-128, 128)])
    node(114, "INT16", [(1.3e-4, 0), (0.02, 7)], [wide], options("QuantizeOptions"), "INT8")
    node(0, "INT16", [(2**-12, 0), (2**-9, 0), (2**-9, 0)], [wide, wide // 5], options("AddOptions", potScaleInt16=True))
    names = [n for _, _, (n,), _ in nodes]
    tflite_case("rounded_codes", author([(tensors, list(inputs), names, nodes)]), list(inputs.values()), qsteps=0)

    byte, sum_ = (1 / 128, 128), 0.008 / 128
    tflite_case("lstm_codes", author([(
        {"x": ("UINT8", [2, 8], None, byte), "h": ("UINT8", [2, 8], None, byte),
         "w": ("UINT8", [32, 16], rng.integers(0, 256, (32, 16)).astype(np.uint8), (0.008, 127)),
         "b": ("INT32", [32], rng.integers(-9999, 9999, 32).astype(np.int32), (sum_, 0)),
         "c": ("INT16", [2, 8], None, (2**-11, 0)), "y": ("UINT8", [2, 8], None, byte),
         "d": ("INT16", [2, 8], None, (2**-11, 0)), "t": ("UINT8", [2, 16], None, byte),
         "g": ("INT16", [2, 32], None, (2**-12, 0))}, "xhc", "ydtg",
        (16, "xhwbc", "ydtg", options("LSTMOptions", kernelType=1, fusedActivationFunction=4)))]),
        [rng.integers(0, 256, (2, 8)).astype(np.uint8), rng.integers(0, 256, (2, 8)).astype(np.uint8),
         rng.integers(-32768, 32768, (2, 8)).astype(np.int16)], qsteps=0)


def make_hybrid():
    """Recurrent cells with weights of bytes and activations of floats, which are quantised row by row."""
    rng = np.random.default_rng(10)
    tensors, nodes = {"x": ("FLOAT32", [2, 7], None), "s": ("FLOAT32", [2, 3, 7], None)}, []

    def add(dtype, *shape):
        name, w = f"t{len(tensors)}", rng.normal(0, 0.5, shape).astype(np.float32)
        if dtype == "variable":
            tensors[name] = ("FLOAT32", list(shape), None, "variable")
        elif dtype == "FLOAT32":
            tensors[name] = (dtype, list(shape), w)
        else:
            scale = float(np.abs(w).max() / 127)
            tensors[name] = (dtype, list(shape), np.round(w / scale).astype(np.int8), (scale, 0))
        return name

    def node(code, takes, shape, table):
        gives = f"y{len(nodes)}"
        tensors[gives] = ("FLOAT32", shape, None)
        nodes.append((code, takes, [gives], table))

    for asymmetric, byte in ((True, "INT8"), (False, "UINT8")):
        more = {"asymmetricQuantizeInputs": asymmetric}
        cell = [add(byte, 5, 7) for _ in range(4)] + [add(byte, 5, 4) for _ in range(4)] + [add(byte, 5) for _ in range(3)] \
            + [add("FLOAT32", 5) for _ in range(4)] + [add(byte, 4, 5), add("FLOAT32", 4)] \
            + [add("variable", 2, 4), add("variable", 2, 5)]
        norm = [add("FLOAT32", 5) for _ in range(4)]
        node(16, ["x"] + cell + norm, [2, 4], options("LSTMOptions", fusedActivationFunction=4, cellClip=0.8, **more))
        node(44, ["s"] + cell[:-2] + [add("variable", 2, 4), add("variable", 2, 5)], [2, 3, 4],
             options("UnidirectionalSequenceLSTMOptions", fusedActivationFunction=4, projClip=0.4, **more))
        node(35, ["s", add(byte, 6, 7), add(byte, 6, 6), add("FLOAT32", 6), add("variable", 2, 6)], [2, 3, 6],
             options("SequenceRNNOptions", fusedActivationFunction=3, **more))
        node(27, ["x", add(byte, 6, 7), add(byte, 6, 4), None, add("variable", 2, 24)], [2, 3],
             options("SVDFOptions", rank=2, **more))
    names = [n for _, _, (n,), _ in nodes]
    tflite_case("hybrid_cells", author([(tensors, ["x", "s"], names, nodes)]),
                [rng.normal(size=(2, 7)).astype(np.float32), rng.normal(size=(2, 3, 7)).astype(np.float32)], repeat=3)


def make_authored():
    """Operators that the converter does not write."""
    from flatbuffers import flexbuffers
    rng = np.random.default_rng(6)
    real = lambda *shape: rng.normal(size=shape).astype(np.float32)  # noqa: E731

    scalar = ("FLOAT32", [], None)
    add, most = (({"a": scalar, "b": scalar, "y": scalar}, "ab", "y", (code, "ab", "y", None)) for code in (163, 166))
    tflite_case("hlo_scatter", author([
        ({"x": ("FLOAT32", [4, 3], None), "i": ("INT32", [3, 1], np.int32([[2], [0], [2]])), "u": ("FLOAT32", [3, 3], None),
          "y": ("FLOAT32", [4, 3], None)}, "xu", "y",
         (190, "xiu", "y", options("StablehloScatterOptions", updateWindowDims=[1], insertedWindowDims=[0],
                                   scatterDimsToOperandDims=[0], indexVectorDim=1, updateComputationSubgraphIndex=1))),
        add]), [real(4, 3), real(3, 3)])
    tflite_case("hlo_window", author([
        ({"x": ("FLOAT32", [5, 6], None), "z": ("FLOAT32", [], np.float32(-9)), "y": ("FLOAT32", [3, 6], None)}, "x", "y",
         (198, "xz", "y", options("StablehloReduceWindowOptions", windowDimensions=[2, 3], windowStrides=[2, 1],
                                  baseDilations=[1, 1], windowDilations=[1, 1], padding=[0, 1, 1, 1], bodySubgraphIndex=1))),
        most]), [real(5, 6)])
    tflite_case("hlo_gather", author([
        ({"x": ("FLOAT32", [4, 5, 2], None), "i": ("INT32", [3, 2], np.int32([[1, 0], [3, 4], [0, 2]])),
          "y": ("FLOAT32", [3, 2, 2], None)}, "x", "y",
         (201, "xi", "y", options("StablehloGatherOptions", offsetDims=[1, 2], collapsedSliceDims=[0], startIndexMap=[0, 1],
                                  indexVectorDim=1, sliceSizes=[1, 2, 2])))]), [real(4, 5, 2)])
    for combiner, name in enumerate(("sum", "mean", "sqrtn")):
        tflite_case(f"embedding_{name}", author([
            ({"i": ("INT32", [4], np.int32([1, 3, 0, 2])), "p": ("INT32", [4, 2], np.int32([[0, 0], [0, 2], [2, 0], [2, 1]])),
              "n": ("INT32", [2], np.int32([4, 3])), "w": ("FLOAT32", [4], None), "t": ("FLOAT32", [4, 5], real(4, 5)),
              "y": ("FLOAT32", [4, 5], None)}, "w", "y",
             (33, "ipnwt", "y", options("EmbeddingLookupSparseOptions", combiner=combiner)))]), [np.abs(real(4)) + 0.5])
    tflite_case("rfft2d", author([
        ({"x": ("FLOAT32", [2, 4, 7], None), "n": ("INT32", [2], np.int32([4, 8])), "y": ("COMPLEX64", [2, 4, 5], None)},
         "x", "y", (131, "xn", "y", options("Rfft2dOptions")))]), [real(2, 4, 7)])
    for regular in (False, True):
        flex = flexbuffers.Dumps({
            "max_detections": 5, "max_classes_per_detection": 1 if regular else 2, "detections_per_class": 3,
            "use_regular_nms": regular, "nms_score_threshold": 0.3, "nms_iou_threshold": 0.4, "num_classes": 3,
            "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0})
        n = 5 if regular else 10
        anchors = np.abs(real(12, 4)) * np.float32([0.3, 0.3, 0.1, 0.1]) + np.float32([0, 0, 0.3, 0.3])
        tflite_case("detections_regular" if regular else "detections_fast", author([
            ({"b": ("FLOAT32", [1, 12, 4], None), "s": ("FLOAT32", [1, 12, 4], None), "a": ("FLOAT32", [12, 4], anchors),
              "p": ("FLOAT32", [1, n, 4], None), "q": ("FLOAT32", [1, n], None), "r": ("FLOAT32", [1, n], None),
              "k": ("FLOAT32", [1], None)}, "bs", "pqrk", ("TFLite_Detection_PostProcess", "bsa", "pqrk", bytes(flex)))]),
            [real(1, 12, 4), rng.uniform(size=(1, 12, 4)).astype(np.float32)])


def make_language():
    """Operators on words, hashes, draws and sound."""
    from flatbuffers import flexbuffers
    rng = np.random.default_rng(11)
    real = lambda *shape: rng.normal(size=shape).astype(np.float32)  # noqa: E731
    for all_ in (False, True):
        tflite_case("skip_gram_all" if all_ else "skip_gram", author([
            ({"x": ("STRING", [1], None), "y": ("STRING", [0], None)}, "x", "y",
             (30, "x", "y", options("SkipGramOptions", ngramSize=3, maxSkipSize=1, includeAllNgrams=all_)))]),
            [np.array([b"the  quick brown\tfox jumps\nover"], object)])
    seeds = real(3, 4)
    for shape in ([6], [6, 3], [6, 6], [6, 12]):  # keys of 8, 16, 28 and 52 bytes
        tflite_case(f"lsh_{4 * int(np.prod(shape[1:])) + 4}", author([
            ({"h": ("FLOAT32", [3, 4], seeds), "x": ("INT32", shape, None), "w": ("FLOAT32", [6], None),
              "y": ("INT32", [3], None), "z": ("INT32", [12], None)}, "xw", "yz",
             [(15, "hx", "y", options("LSHProjectionOptions", type=1)),
              (15, "hxw", "z", options("LSHProjectionOptions", type=2))])]),
            [rng.integers(-99, 99, shape).astype(np.int32), real(6)])
    tflite_case("multinomial", author([
        ({"x": ("FLOAT32", [3, 9], None), "n": ("INT32", [], np.int32(5)), "y": ("INT64", [3, 5], None)}, "x", "y",
         (149, "xn", "y", options("RandomOptions", seed=2**31 + 5, seed2=7)))]),
        [np.where(real(3, 9) > 1.3, -np.inf, real(3, 9)).astype(np.float32)], repeat=2)
    tflite_case("sound", author([({"x": ("FLOAT32", [300, 2], None), "s": ("FLOAT32", [2, 5, 65], None), "r": ("INT32", [1], np.int32([16000])),
          "y": ("FLOAT32", [2, 5, 6], None)}, "x", "sy",
         [("AudioSpectrogram", "x", "s", bytes(flexbuffers.Dumps({"window_size": 100, "stride": 50, "magnitude_squared": True}))),
          ("Mfcc", "sr", "y", bytes(flexbuffers.Dumps({"upper_frequency_limit": 4000, "lower_frequency_limit": 20,
                                                       "filterbank_channel_count": 12, "dct_coefficient_count": 6})))])]), [real(300, 2)])


def make_refused():
    """Operators whose options or shapes cannot be: refused with a message."""
    from flatbuffers import flexbuffers
    real = lambda *shape: ("FLOAT32", list(shape), None)  # noqa: E731
    cases = {
        "refused_skip_gram": ({"x": ("STRING", [1], None), "y": ("STRING", [0], None)}, "x",
                              (30, "x", "y", options("SkipGramOptions", ngramSize=0, maxSkipSize=1))),
        "refused_lsh": ({"h": real(2, 33), "x": ("INT32", [4], None), "y": ("INT32", [2], None)}, "hx",
                        (15, "hx", "y", options("LSHProjectionOptions", type=1))),
        "refused_multinomial": ({"x": real(3, 0), "n": ("INT32", [], np.int32(5)), "y": ("INT64", [3, 5], None)}, "x",
                                (149, "xn", "y", options("RandomOptions", seed=1))),
        "refused_spectrogram": ({"x": real(30, 1), "y": real(1, 2, 9)}, "x",
                                ("AudioSpectrogram", "x", "y", bytes(flexbuffers.Dumps({"window_size": 16}))))}
    for name, (tensors, inputs, node) in cases.items():
        path = case_folder("tflite", name)
        with open(os.path.join(path, "model.tflite"), "wb") as f:
            f.write(author([(tensors, inputs, "y", node)]))
        write_case(path, {"name": name, "origin": "tests/models/make_models.py", "license": "Apache-2.0",
                          "expect": "error", "inputs": [], "outputs": []})


def make_named_twice():
    """Two names for one input must be refused, since another has none; two names for one output give it twice."""
    for good, name, side in (("while_loop", "input_named_twice", 0), ("decoder_float32", "output_named_twice", 1)):
        source = os.path.join(HERE, "tflite", good)
        with open(os.path.join(source, "model.tflite"), "rb") as f:
            data = name_twice(f.read(), 0, side)
        with open(os.path.join(source, "case.json"), encoding="utf-8") as f:
            case = json.load(f)
        path = case_folder("tflite", name)
        with open(os.path.join(path, "model.tflite"), "wb") as f:
            f.write(data)
        case["name"] = name
        if side == 0:
            case.update(expect="error", signature=None, inputs=[], outputs=[])
        else:
            shutil.copy(os.path.join(source, "in0.npy"), path)
            shutil.copy(os.path.join(source, "out1.npy"), os.path.join(path, "out0.npy"))
            case["signature"], case["inputs"][0]["name"] = "serving_default", "x"
            case["outputs"] = [dict(case["outputs"][1], name=f"output_{i}", file="out0.npy") for i in (0, 1)]
        write_case(path, case)


if __name__ == "__main__":
    what = sys.argv[1:]
    if not what or set(what) - {"torch", "tflite"}:
        sys.exit(__doc__)
    if "torch" in what:
        make_torch()
    if "tflite" in what:
        make_tflite()
        make_authored()
        make_rounded()
        make_codes()
        make_hybrid()
        make_language()
        make_refused()
        make_named_twice()
    make_broken()
