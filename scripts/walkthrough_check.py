#!/usr/bin/env python3
"""Does what docs/walkthroughs.md says with the frameworks on the spot, and compares mote's numbers with theirs.

    scripts/walkthrough_check.py torch       (in an environment with torch; torchvision is used when it is there)
    scripts/walkthrough_check.py tensorflow  (in an environment with tensorflow)

torch: ResNet18 at full width, traced. tensorflow: MobileNetV2 from a SavedModel and from Keras, float32 and int8. Weights are
random, with batch statistics away from 0 and 1, because trained ones have to be downloaded. float32 must be within 1e-5 of
the output's largest magnitude: of what PyTorch gives for the file, of what TensorFlow Lite gives for the file, and of Keras or as
close to it as TensorFlow Lite is, because 50 layers of random weights carry each rounding far. int8 must be within 2 codes of
TensorFlow Lite's optimised kernels, which round once as mote does.
Files are kept in the folder that --keep names. Ends with "N passed, N failed".
"""
import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
results = []


def mote(args, model, inputs):
    """Runs `mote run` on arrays; returns the first output."""
    with tempfile.TemporaryDirectory() as work:
        command = [args.mote, "run", model, "--out", work]
        for i, x in enumerate(inputs):
            np.save(os.path.join(work, f"in{i}.npy"), x)
            command += ["--in", os.path.join(work, f"in{i}.npy")]
        done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(f"mote run: exit status {done.returncode}: {done.stderr.strip()}")
            return None
        return np.load(os.path.join(work, "out0.npy"))


def judge(name, ok, text):
    results.append(ok)
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {text}")


def same_float(name, got, want, bound=1e-5):
    if got is None or got.shape != want.shape:
        judge(name, False, f"shape {None if got is None else got.shape}, expected {want.shape}")
        return
    scale = np.abs(want).max()
    apart = np.abs(got.astype(np.float64) - want).max() / scale
    judge(name, apart <= bound, f"largest difference {apart:.2g} of the output's scale {scale:.4g}, bound {bound:g}")


def same_codes(name, got, want, steps):
    if got is None or got.shape != want.shape or got.dtype != want.dtype:
        judge(name, False, f"{None if got is None else (got.dtype, got.shape)}, expected {(want.dtype, want.shape)}")
        return
    apart = np.abs(got.astype(int) - want.astype(int))
    judge(name, apart.max() <= steps, f"{(apart > 0).mean():.2%} of the codes differ, the largest by {apart.max()}, "
                                      f"bound {steps}")


# ------------------------------------------------------------------------------------------------------ torch

def resnet18(torch):
    """torchvision's when it is installed, else the same network written out."""
    try:
        from torchvision.models import resnet18 as build
        return build(weights=None)
    except ImportError:
        pass
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, cin, cout, stride):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
            self.conv2, self.bn2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
            self.relu = nn.ReLU(inplace=True)
            self.downsample = None
            if stride != 1 or cin != cout:
                self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + (x if self.downsample is None else self.downsample(x)))

    stages = [nn.Sequential(Block(cin, cout, stride), Block(cout, cout, 1))
              for cin, cout, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))]
    return nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
                         nn.MaxPool2d(3, 2, 1), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(512, 1000))


def check_torch(args, work):
    import torch
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    net = resnet18(torch)
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2)
            m.running_var.uniform_(0.5, 1.5)
    net.eval()
    x = torch.randn(1, 3, 224, 224)
    path = os.path.join(work, "resnet18.pt")
    torch.jit.trace(net, x).save(path)
    loaded = torch.jit.load(path)
    same_float("ResNet18, traced", mote(args, path, [x.numpy()]), loaded(x).numpy())
    x = torch.randn(2, 3, 160, 192)
    same_float("ResNet18, two pictures of 160 x 192", mote(args, path, [x.numpy()]), loaded(x).numpy())
    path = os.path.join(work, "resnet18_scripted.pt")
    torch.jit.script(net).save(path)
    same_float("ResNet18, scripted", mote(args, path, [x.numpy()]), torch.jit.load(path)(x).numpy())


# ------------------------------------------------------------------------------------------------------ tensorflow

def reference(tf, model, x, kernels):
    interpreter = tf.lite.Interpreter(model_content=model, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def check_tensorflow(args, work):
    import keras
    import tensorflow as tf
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    net = keras.applications.MobileNetV2(weights=None, classifier_activation=None)  # probabilities of random weights are all alike

    def pictures(n):  # smooth, as pictures are
        return tf.image.resize(rng.uniform(-1, 1, (n, 14, 14, 3)), (224, 224)).numpy().astype(np.float32)

    for layer in net.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # one training step then sets the statistics to the batch's
    net(pictures(8), training=True)
    x = pictures(1)
    want = net(x, training=False).numpy()
    saved = os.path.join(work, "saved_model")
    net.export(saved, verbose=False)

    def write(name, converter):
        path = os.path.join(work, name)
        with open(path, "wb") as f:
            f.write(converter.convert())
        return path

    def float_file(name, path):
        with open(path, "rb") as f:
            lite = reference(tf, f.read(), x, kinds.BUILTIN_REF)
        got, apart = mote(args, path, [x]), np.abs(lite - want).max() / np.abs(want).max()
        same_float(f"{name} beside TensorFlow Lite", got, lite)
        same_float(f"{name} beside Keras", got, want, max(1e-5, apart))

    kinds = tf.lite.experimental.OpResolverType
    float_file("MobileNetV2, SavedModel, float32,", write("mobilenet_v2.tflite", tf.lite.TFLiteConverter.from_saved_model(saved)))
    with contextlib.redirect_stdout(io.StringIO()):  # lists every variable
        path = write("mobilenet_v2_keras.tflite", tf.lite.TFLiteConverter.from_keras_model(net))
    float_file("MobileNetV2, Keras, float32,", path)
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([pictures(1)] for _ in range(20))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path = write("mobilenet_v2_int8.tflite", converter)
    with open(path, "rb") as f:
        model = f.read()
    codes = np.round(x * 127.5 - 0.5).astype(np.int8)
    exact, peer = (reference(tf, model, codes, kind) for kind in (kinds.BUILTIN_REF, kinds.AUTO))
    spread = int(np.abs(exact.astype(int) - peer.astype(int)).max())
    print(f"     reference and optimised kernels differ by {spread}; {len(np.unique(exact))} different codes in the output")
    same_codes("MobileNetV2, int8, beside TensorFlow Lite", mote(args, path, [codes]), peer, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", choices=["torch", "tensorflow"])
    parser.add_argument("--mote", default=os.path.join(ROOT, "build", "mote"))
    parser.add_argument("--keep", help="folder for the models")
    args = parser.parse_args()
    check = check_torch if args.framework == "torch" else check_tensorflow
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
        check(args, args.keep)
    else:
        with tempfile.TemporaryDirectory() as work:
            check(args, work)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
